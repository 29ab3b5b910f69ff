"""Searching: every method on a channel with a known answer, resuming, and what is refused."""

import pytest
from scipy.optimize import dual_annealing

from channelsim.policy.problem import Problem
from channelsim.policy.solve import solve

PRICE = {"path": "terms.wholesale_price", "low": 30.0, "high": 80.0}
MAKER = {"outcome": 'profit(role="manufacturer")'}


def bilateral(**changes) -> Problem:
    given = {"scenario": "bilateral", "levers": [PRICE], "objective": MAKER, "changes": {"weeks": 60}}
    return Problem(**(given | changes))


def noisy(**changes) -> Problem:
    levers = [
        {"path": "terms.wholesale_price", "measure": "scale", "low": 0.9, "high": 1.2},
        {"path": "density.dealers", "integer": True, "low": 4, "high": 24},
    ]
    shorter = {"weeks": 30, "warm_up_weeks": 10, "power.measured": False}
    return Problem(
        **(
            {
                "scenario": "density",
                "levers": levers,
                "objective": {"outcome": 'profit(group="maker")'},
                "changes": shorter,
            }
            | changes
        )
    )


def quick(problem: Problem, method="auto", replications: int = 60, **given):
    return solve(problem, method, replications, progress=False, **given)


class TestMonopolyPrice:
    """Wholesale price of a monopolist before one retailer with linear demand: (intercept + cost) / 2 = 60."""

    @pytest.mark.parametrize("method", ["surrogate", "nelder_mead", "cobyqa", dual_annealing])
    def test_is_found(self, method):
        found = quick(bilateral(), method)
        assert found.best.values[0] == pytest.approx(60.0, abs=0.05)
        assert found.feasible
        assert found.replications <= 60

    @pytest.mark.parametrize("method", ["differential_evolution", "random", "auto"])
    def test_is_approached(self, method):
        found = quick(bilateral(), method, 120)
        assert found.best.values[0] == pytest.approx(60.0, abs=1.0)

    def test_by_enumeration(self):
        problem = bilateral(levers=[PRICE | {"integer": True}])
        found = quick(problem, replications=200)
        assert found.method == "enumeration"
        assert (found.best.values, found.evaluations, found.replications) == ((60,), 51, 51)
