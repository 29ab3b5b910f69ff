"""Searching: every method on a channel with a known answer, resuming, and what is refused."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import dual_annealing

import channelsim
from channelsim.errors import ScenarioError, SimulationError
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.problem import Problem
from channelsim.policy.solve import ALL_METHODS, solve

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

    def test_is_the_closed_form_under_any_linear_demand(self):
        from channelsim.theory.vertical_prices import linear_channel

        problem = bilateral(
            changes={
                "weeks": 60,
                "demand.intercept": 140.0,
                "demand.own_slope": 1.6,
                "brands.0.production_cost": 12.0,
            }
        )
        closed = linear_channel(140.0, 1.6, [12.0, 0.0])
        found = quick(problem, "surrogate", 80)
        assert found.best.values[0] == pytest.approx(closed.prices[0], abs=0.1)
        assert found.best.objective == pytest.approx(closed.profits[0], rel=1e-3)

    def test_under_a_constraint_on_the_store(self):
        # the store earns (100 - w)² / 4 a week, so 1.3 times its 400 at 60 need w = 100 - 2 √520
        constraint = {"outcome": 'profit(role="retailer")', "at_least": 1.3, "of_base": True}
        found = quick(bilateral(constraints=[constraint]), "cobyqa", 60)
        assert found.best.values[0] == pytest.approx(100.0 - 2.0 * np.sqrt(520.0), abs=0.02)
        assert found.best.slacks[0] >= 0.0


class TestResuming:
    def test_workers_change_nothing(self):
        one, four = (quick(noisy(), "surrogate", 40, workers=n) for n in (1, 4))
        assert one == four
        assert repr(one) == repr(four)

    @pytest.mark.parametrize("method", ["surrogate", "differential_evolution"])
    def test_an_interrupted_search_goes_on_where_it_was(self, method, tmp_path, monkeypatch):
        whole = quick(noisy(), method, 40)
        kept, ran = tmp_path / "kept.nc", []
        monkeypatch.setattr("channelsim.policy.evaluation.POLICIES_AT_A_TIME", 2)
        evaluator = Evaluator(noisy().channel, noisy().outcomes, archive=kept)

        def interrupted(self, done: int) -> None:
            ran.append(done)
            if sum(ran) > 20:
                raise KeyboardInterrupt

        with monkeypatch.context() as m:
            m.setattr("channelsim.policy.solve.Bar.advance", interrupted)
            with pytest.raises(KeyboardInterrupt):
                quick(noisy(), method, 40, evaluator=evaluator)
        assert kept.exists()
        assert 0 < evaluator.simulated < whole.simulated
        again = quick(noisy(), method, 40, archive=kept)
        assert again == whole
        assert again.simulated == whole.simulated - evaluator.simulated
        assert quick(noisy(), method, 40, archive=kept).simulated == 0

    def test_a_longer_search_pays_for_what_is_new_only(self, tmp_path):
        first = quick(noisy(), "random", 40, archive=tmp_path / "kept.nc")
        longer = quick(noisy(), "random", 60, archive=tmp_path / "kept.nc")
        assert longer.candidates[: first.evaluations] == first.candidates
        assert longer.simulated == longer.replications - first.replications


@pytest.fixture(scope="module")
def found():
    constraint = {"outcome": 'profit(group="dealers")', "at_least": 0.9, "of_base": True}
    return quick(noisy(constraints=[constraint]), "surrogate", 40)


class TestSolution:
    def test_every_policy_has_a_row(self, found):
        frame = found.to_frame()
        labels = [lever.label for lever in found.problem.levers]
        assert list(frame[labels].itertuples(index=False, name=None)) == [c.values for c in found.candidates]
        assert frame.replications.sum() == found.replications
        assert frame.loc[frame.feasible, f"slack of {found.problem.constraints[0].label}"].min() >= 0.0

    def test_finalists_differ_and_the_best_is_first(self, found):
        assert found.finalists[0] == found.best
        assert len({c.values for c in found.finalists}) == len(found.finalists) > 1

    def test_the_policy_is_what_was_simulated(self, found):
        policy = found.policy("ours")
        assert policy.name == "ours"
        result = channelsim.simulate(
            found.problem.channel, policy, found.best.replications, found.seed, progress=False
        )
        profit = result.by_group["profit"].sel(group="maker").values
        assert np.mean(profit) == pytest.approx(found.best.objective)

    def test_says_what_it_did(self, found):
        told = repr(found)
        assert "surrogate: asked for" in told
        assert f"{found.evaluations} policies, {found.replications} of 40 replications" in told
        assert found.agent_weeks_per_second > 0.0

    def test_is_a_start_of_another_search(self, found):
        again = quick(found.problem, "random", 80, start=found, population=2)
        assert {c.values for c in found.finalists} <= {c.values for c in again.candidates}
        labelled = quick(found.problem, "random", 80, start=[found.values])
        assert found.best.values in {c.values for c in labelled.candidates}


def test_progress_tells_best_value_and_time_left(capsys):
    solve(bilateral(), "random", 40, progress=True)
    shown = capsys.readouterr().err
    assert "best 7" in shown
    assert "policies" in shown
    assert "/40" in shown
    constraint = {"outcome": "channel_profit", "at_least": 1e9}
    solve(bilateral(constraints=[constraint]), "random", 40, progress=True)
    assert "none feasible yet" in capsys.readouterr().err


def test_an_undefined_outcome_stops_the_search_and_keeps_the_rest(tmp_path):
    shops = {"path": "density.store", "integer": True, "low": 0, "high": 1}
    problem = bilateral(levers=[PRICE, shops], objective={"outcome": "fill_rate"})
    with pytest.raises(
        SimulationError, match=r"fill_rate is undefined .*; levers: terms.wholesale_price = \d+.*, "
    ):
        quick(problem, "random", 40, archive=tmp_path / "kept.nc")
    assert (tmp_path / "kept.nc").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"method": "annealing"},
            "method = 'annealing': admissible: auto, surrogate, ",
        ),
        ({"method": "enumeration"}, "method 'enumeration': lever 'terms.wholesale_price' is real"),
        ({"replications": 0}, "replications = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"start": [[50.0, 3.0]]}, "start[0]: give a value for each lever: terms.wholesale_price"),
        ({"start": [{"price": 50.0}]}, "start[0]: give the levers terms.wholesale_price ('price' is amiss)"),
        ({"start": [[500.0]]}, "lever 'terms.wholesale_price' = 500.0: admissible: 30 to 80"),
        (
            {"method": "random", "size": 3},
            "method 'random': random_search() got an unexpected keyword",
        ),
    ],
)
def test_what_is_not_admissible_is_refused_in_one_line(given, said):
    given = {"method": "auto", "replications": 40} | given
    with pytest.raises(ScenarioError) as refused:
        solve(bilateral(), progress=False, **given)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_whole_levers_are_not_polished():
    with pytest.raises(ScenarioError, match="method 'cobyqa': moves real levers only"):
        quick(bilateral(levers=[PRICE | {"integer": True}]), "cobyqa")


def test_an_unfelt_lever_is_refused_before_anything_runs():
    evaluator = Evaluator(bilateral().channel, bilateral().outcomes)
    scaled = {"path": "density.store", "measure": "scale", "low": 0.99, "high": 1.01}
    with pytest.raises(ScenarioError, match="cannot feel it"):
        quick(bilateral(levers=[scaled]), evaluator=evaluator)
    assert evaluator.simulated == 0


def test_the_reference_names_every_method_and_option():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "search.md").read_text(encoding="utf-8")
    for name, method in ALL_METHODS.items():
        options = list(inspect.signature(method).parameters)[3:]
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert [option for option in options if option != "options" and f"`{option}`" not in row] == []
