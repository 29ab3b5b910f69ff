"""Satisfaction in plans: a condition, a chance, a trade-off; by rule and in the library's problem."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from channelsim import Scenario, cli, simulate
from channelsim.decisions import BASE
from channelsim.errors import ScenarioError
from channelsim.policy.defaults import SATISFACTIONS, downstream, problem_of
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.plan import Effort, make_plan
from channelsim.policy.problem import Problem
from related_market import attempt, related

TINY = Effort(
    search=60, selection=4, report=4, levers=0, batches=2, batch_replications=2, relations=0, trade_off=2,
    trade_off_search=0, variants=2, yardstick=0,
)  # fmt: skip
OF_SHOPS = 'social_satisfaction(group="shops")'


def asking(**changes) -> Problem:
    """How much of the asking is done by threats; shops have to stay content."""
    strategies = {"threat": 0.1, "recommendation": 0.9}
    asked = attempt("middle", "shops", "stock", strategies=strategies, sanction=40.0)
    given = {
        "scenario": related([asked], warm_up_weeks=6, **{"demand.noise": "poisson"}),
        "levers": [
            {
                "path": "influence.stock of shops.strategies.threat",
                "low": 0.01,
                "high": 2.0,
                "name": "threats",
            }
        ],
        "objective": {"outcome": OF_SHOPS, "sense": "minimise"},
        "constraints": [
            {"outcome": OF_SHOPS, "at_least": 0.95, "of_base": True},
            {"outcome": OF_SHOPS, "at_least": 0.5, "statistic": "probability", "probability": 0.9},
            {"outcome": 'min(trust(group="*")) - conflict / 2', "at_least": 0.0},
        ],
    }
    return Problem(**(given | changes))


class TestOutcomes:
    def test_condition_and_chance_are_those_of_the_metric(self):
        problem = asking(constraints=asking().constraints[:2])
        problem.check()
        policies = [BASE, problem.policy([2.0], "threats")]
        found = simulate(problem.channel, policies, 6, 3, metrics="social_satisfaction", progress=False)
        base, threats = found.by_group["social_satisfaction"].sel(group="shops").values
        sample = Evaluator(problem.channel, problem.outcomes, 3).sample(policies, 6)
        np.testing.assert_array_equal(sample[:, :, 0], [base, threats])
        kept, chance = problem.constraints
        assert kept.slack(threats, base) == pytest.approx((threats - 0.95 * base).mean())
        assert kept.slack(threats, base) < -0.01  # threats cost more than the condition allows
        assert kept.slack(base, base) == pytest.approx(0.05 * base.mean())
        assert chance.slack(threats, base) == np.mean(threats >= 0.5) - 0.9

    def test_a_search_stops_where_members_would_mind(self):
        with_it = asking(constraints=asking().constraints[:1])
        without = asking(constraints=[])
        plans = [make_plan(p, TINY, 1, workers=1, progress=False) for p in (with_it, without)]
        threats = [plan.values["threats"] for plan in plans]
        assert threats[1] == 2.0
        assert threats[0] < 0.9 * threats[1]
        # it ends within rounding of the bound, so that few replications cannot show on which side
        (check,) = plans[0].assessment.constraints
        assert check.verdict != "missed"
        assert abs(check.slack.value) < 1e-4 * check.scale

    @pytest.mark.parametrize(
        ("outcome", "said"),
        [
            (
                'trust(group="maker")',
                "trust by group: nobody of 'maker' buys within the channel; admissible: mid",
            ),
            ('trust_of_supplier(role="retailer")', "nobody of 'retailer' supplies within the channel"),
            ('min(trust(group="*"))', "nobody of 'maker' buys"),
            ('trust(brand="A")', "grouping of trust 'brand' is unknown"),
        ],
    )
    def test_labels_that_never_have_it_are_refused(self, outcome, said):
        with pytest.raises(ScenarioError, match=said):
            asking(objective={"outcome": outcome}, constraints=[]).check()

    def test_a_scenario_without_relations_is_refused_before_the_search(self):
        problem = Problem(
            scenario="pxy",
            levers=[{"path": "terms.wholesale_price", "low": 30.0, "high": 60.0}],
            objective={"outcome": "economic_satisfaction"},
        )
        said = (
            r"^outcome 'economic_satisfaction': metric 'economic_satisfaction': .* relations\.active = true$"
        )
        with pytest.raises(ScenarioError, match=said):
            problem.check()


class TestByRule:
    def test_members_stay_satisfied_where_relations_are_active(self):
        scenario = Scenario.from_library("diversion")
        problem = problem_of(scenario)
        problem.check()
        outcomes = [k.outcome for k in problem.constraints if k.at_least == 0.95 and k.of_base]
        for name in downstream(scenario):
            assert all(f'{metric}(group="{name}")' in outcomes for metric in SATISFACTIONS)
        (against,) = problem.trade_offs
        assert against.label == "members' satisfaction"
        found = simulate(scenario, None, 1, metrics=SATISFACTIONS, progress=False).by_group
        groups = found.sel(group=downstream(scenario))
        expected = np.mean([groups[metric].values for metric in SATISFACTIONS])
        sample = Evaluator(problem.channel, [against.outcome]).sample([BASE], 1)
        assert sample.item() == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("changes", [{"relations.active": False}, {"warm_up_weeks": 129}])
    def test_where_nothing_is_felt_or_reviewed_nothing_is_asked_for(self, changes):
        problem = problem_of(Scenario.from_library("diversion").replace(**changes))
        assert not problem.trade_offs
        assert not any("satisfaction" in k.outcome for k in problem.constraints)


class TestTheLibrarysProblem:
    changes = ("--set", "weeks=52", "--set", "warm_up_weeks=12")

    def test_from_end_to_end(self):
        scenario = Scenario.from_library("influence").replace(weeks=52, warm_up_weeks=12)
        problem = problem_of(scenario)
        assert problem.name == "The maker's way with its distributors"
        plan = make_plan(problem, TINY, 1, workers=1, progress=False)
        assert plan.assessment.feasible
        assert plan.assessment.better
        (frontier,) = plan.frontiers
        assert len(frontier.points) > 1
        assert plan.explored == ()

    def test_without_the_condition_distributors_would_be_worse_treated(self):
        """The condition can bind: asked for nothing and charged more, the maker earns more and they mind."""
        problem = problem_of(Scenario.from_library("influence").replace(weeks=52, warm_up_weeks=12))
        silent = problem.policy([1.01, 1.01, 0.0, 0.0, 0.5, 0.3, 0.3], "silent")
        sample = Evaluator(problem.channel, problem.outcomes).sample([BASE, silent], 2)
        assert (sample[1, :, 0] > sample[0, :, 0]).all()
        slack = {
            k.name: k.slack(*(sample[p, :, problem.outcomes.index(k.outcome)] for p in (1, 0)))
            for k in problem.constraints
        }
        missed = [name for name, value in slack.items() if value < 0.0]
        assert "East's social satisfaction at least 95 % of now" in missed

    def test_a_run_tells_it_in_json(self):
        done = CliRunner().invoke(
            cli.app,
            ["run", "influence", *self.changes, "--replications", "2", "--json"],
            catch_exceptions=False,
        )
        (found,) = (r for r in json.loads(done.stdout)["summary"]["overall"] if r["metric"] == "trust")
        assert 0.5 < found["mean"] < 1.0
        assert found["unit"] == "scale 0–1"
