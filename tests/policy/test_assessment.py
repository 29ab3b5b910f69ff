"""The honest report of a simulated market: its parts agree with each other and with the simulator."""

import numpy as np
import pytest

from channelsim import Scenario, simulate
from channelsim.policy.assess import assess
from channelsim.policy.evaluation import BLOCKS, Evaluator
from channelsim.policy.problem import Problem
from channelsim.policy.relations import relation_effects
from channelsim.policy.search import Search
from channelsim.policy.stakeholders import NEW, SIZES

REPLICATIONS = 8


@pytest.fixture(scope="module")
def problem():
    return Problem(
        scenario="density",
        changes={"weeks": 60, "members.dealers.maximum_scale": 1.5},
        levers=[
            {"path": "terms.wholesale_price", "low": 70.0, "high": 80.0},
            {"path": "density.dealers", "integer": True, "low": 8, "high": 30},
        ],
        objective={"outcome": 'profit(group="maker")'},
        constraints=[
            {"outcome": 'profit(group="dealers")', "at_least": 0.8, "of_base": True, "name": "dealers"},
            {"outcome": 'mean_distance(brand="A")', "at_most": 3.0},
        ],
    )


@pytest.fixture(scope="module")
def evaluator(problem):
    return Evaluator(problem.channel, problem.outcomes, workers=1)


@pytest.fixture(scope="module")
def searched(problem, evaluator):
    search = Search(problem, evaluator, 12)
    search.evaluate([[0.6, 0.99], [0.7, 0.4], [0.2, 0.3]], 4)
    return search


@pytest.fixture(scope="module")
def found(problem, evaluator, searched):
    recommended = searched.candidates[searched.values_at([0.6, 0.99])]
    return assess(
        problem, recommended, evaluator, others=searched.best(3), replications=REPLICATIONS,
        lever_replications=2, batches=2, batch_replications=1, relation_replications=2,
    )  # fmt: skip


def test_the_headline_is_what_simulate_finds_on_the_same_draws(problem, evaluator, found):
    sample, base = evaluator.sample([found.policy, problem.baseline], REPLICATIONS, "report")
    assert found.value.value == pytest.approx(sample[:, 0].mean())
    assert found.difference.value == pytest.approx((sample - base)[:, 0].mean())
    assert found.replications == REPLICATIONS
    assert list(found.to_frame()["what"])[1] == "dealers"


def test_stakeholders_add_up(found):
    by = {(e.kind, e.name, e.metric): e.difference.value for e in found.effects}

    def total(kind, metric="profit"):
        return sum(value for (k, _, m), value in by.items() if (k, m) == (kind, metric))

    channel = by["channel", "all members", "channel_profit"]
    assert total("role") == pytest.approx(channel)
    assert total("group") + by["focal firm", "maker", "profit"] == pytest.approx(channel)
    welfare = by["channel", "all members", "welfare"]
    assert welfare == pytest.approx(channel + by["consumers", "all consumers", "consumer_surplus"])
    assert by["focal firm", "maker", "profit"] == pytest.approx(found.difference.value)
    sizes = [e for e in found.effects if e.kind == "store size"]
    assert [e.name for e in sizes] == [*SIZES, NEW]
    assert total("store size") == pytest.approx(by["role", "retailer", "profit"])
    nearer = next(e for e in found.effects if e.metric == "mean_distance")
    assert nearer.difference.value < 0.0
    assert nearer.verdict == "wins"


def test_the_store_classes_leave_the_kept_outcomes_as_they_are(found, evaluator, problem):
    before = evaluator.simulated
    evaluator.sample([found.policy, problem.baseline], REPLICATIONS, "report")
    assert evaluator.simulated == before


def test_optimism_gap_and_levers_are_there(found, searched):
    assert found.optimism.search_value == searched.candidates[76.0, 30].objective
    assert found.optimism.value.value == pytest.approx(found.optimism.search_value - found.value.value)
    assert found.gap.policies == 1 + sum(c.feasible for c in searched.best(3) if c.values != (76.0, 30))
    assert [place.at for place in found.levers] == ["", "high"]
    assert "density.dealers at its high bound" in found.binds
    assert len(found.responses) == 2


def test_relations_are_measured_in_a_run_of_their_own(problem, found):
    names = {(e.relationships, e.variable) for e in found.relations}
    assert ("maker supplies", "dependence_of_supplier") in names
    assert ("maker supplies", "conflict") in names
    assert all(e.switched_on for e in found.relations)
    one = next(e for e in found.relations if e.variable == "dependence_of_supplier")
    # each of 30 dealers instead of 24 matters less
    assert one.difference.value < 0.0
    scenario = Scenario.from_library("density").replace(weeks=60, **{"relations.active": True})
    again = simulate(scenario, replications=1, metrics=["profit"], progress=False).relationships
    inside = again["supplier"].values == "maker"
    recorded = again["review_week"].values >= scenario.warm_up_weeks
    values = again["dependence_of_supplier"].values[0, 0][recorded][:, inside]
    assert one.baseline == pytest.approx(np.nanmean(values), rel=0.02)  # other draws


def test_one_replication_of_relations_has_no_interval():
    linear = Problem(
        scenario="bilateral",
        levers=[{"path": "terms.wholesale_price", "low": 30.0, "high": 60.0}],
        objective={"outcome": 'profit(role="manufacturer")'},
    )
    found = relation_effects(linear, linear.policy((50.0,)), replications=1)
    assert found
    assert all(np.isnan(e.difference.low) for e in found)


def test_blocks_are_far_enough_apart():
    starts = sorted(BLOCKS.values())
    assert min(np.diff(starts)) >= 1_000_000
