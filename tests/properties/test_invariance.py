"""Results depend on what is simulated alone: not on who else is there, nor on how the work is cut up."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from channelsim.decisions import Policy
from channelsim.engines import batch, workspace
from channelsim.scenario import Scenario
from channelsim.world import build

RECORD = ("demand by holding", "sales by holding", "stock by holding", "order by holding", "price by holding")
RECORD += ("profit by member", "cash by member")


def scenario(price_rule="best_response", **changes):
    """Return two territories, each with a distributor of its own, under logit demand with all draws."""
    data = {
        "scenario_format": 1,
        "name": "invariant",
        "weeks": 11,
        "demand": {"noise": "poisson", "shock_deviation": 0.1, "shock_persistence": 0.5},
        "territories": [{"name": "north", "buyers": 200.0}, {"name": "south", "buyers": 90.0}],
        "segments": [
            {"name": "all", "price_sensitivity": 0.2, "travel_cost": 0.05, "equity": {"A": 3.0, "B": 2.5}}
        ],
        "brands": [{"name": "A", "production_cost": 3.0}, {"name": "B", "production_cost": 2.0}],
        "members": [
            {"name": "maker", "role": "manufacturer", "count": 1},
            {"name": "wholesale", "role": "distributor", "per_territory": 1, "suppliers": ["maker"]},
            {
                "name": "shops",
                "role": "retailer",
                "per_territory": 3,
                "suppliers": ["wholesale"],
                "loyalty": {"distribution": "normal", "deviation": 0.4},
                "pricing": {"rule": price_rule},
            },
        ],
        "contracts": [
            {"supplier": "maker", "buyer": "wholesale", "wholesale_price": 6.0, "lead_time": 2},
            {"supplier": "wholesale", "buyer": "shops", "wholesale_price": 8.0, "lead_time": 1},
        ],
    }
    return Scenario.parse(data | changes)


def run(given, policies=(None,), replications=3, seed=11, workers=2, executor=None):
    """Return the totals of a run."""
    chosen = [policy or Policy(name="base") for policy in policies]
    return batch.run_batch(build(given), chosen, replications, seed, None, RECORD, workers, executor)


def rows(totals, policy=0):
    """Return {(trajectory, row): (replications, weeks)} of a run."""
    return {
        (name, label): series.values[policy, :, :, k]
        for name, series in totals.trajectories.items()
        for k, label in enumerate(series.labels)
    }


def same_rows(one, two, which=lambda label: True):
    """Check that rows are equal bit for bit, and that there are some that vary."""
    shared = [key for key in one if which(key[1])]
    assert len(shared) >= 5
    for key in shared:
        np.testing.assert_array_equal(one[key], two[key], err_msg=str(key))
    assert any(np.ptp(one[key]) > 0 for key in shared)


def same_totals(one, two, policies=slice(None), replications=slice(None)):
    for key, values in one.values.items():
        np.testing.assert_array_equal(values, two.values[key][policies, replications], err_msg=str(key))
    for name, series in one.trajectories.items():
        np.testing.assert_array_equal(series.values, two.trajectories[name].values[policies, replications])


# --- who else is there ------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["poisson", "normal", "gamma"])
def test_slots_that_stay_closed_change_nothing(noise):
    base = scenario().replace(**{"demand.noise": noise, "demand.variation": 0.3})
    larger = base.replace(members__shops__maximum_scale=5.0, members__wholesale__maximum_scale=3.0)
    one, two = run(base), run(larger)
    # a single distributor of a territory needs no number, one of several has
    numbered = {
        (name, label.replace("north ·", "north 1 ·").replace("south ·", "south 1 ·")): values
        for (name, label), values in rows(one).items()
    }
    same_rows(numbered, rows(two), lambda label: " · " in label and label.startswith("wholesale"))
    same_rows(rows(one), rows(two), lambda label: not label.startswith("wholesale"))


def test_more_stores_leave_the_draws_of_the_others_alone():
    given = scenario("fixed", demand={"system": "given", "mean": 6.0, "noise": "poisson"}).replace(
        members__shops__maximum_scale=3.0
    )
    dense = Policy(name="dense", density={"shops": {"scale": 3.0}})
    totals = run(given, [None, dense])
    base, more = rows(totals, 0), rows(totals, 1)
    old = {f"shops {t} {k}" for t in ("north", "south") for k in (1, 2, 3)}
    stores = {key: values for key, values in base.items() if key[1].split(" · ")[0] in old}
    demand = {key: values for key, values in stores.items() if key[0] == "demand_by_holding"}
    assert len(demand) == 12
    same_rows(demand, more)
    fresh = [more["demand_by_holding", f"shops north {k} · A"] for k in range(1, 10)]
    assert len({values.tobytes() for values in fresh}) == 9  # and each new store has draws of its own


def test_more_stores_in_one_territory_leave_the_other_alone():
    given = scenario().replace(members__shops__maximum_scale=3.0)
    dense = Policy(name="dense", density={"shops": {"per_territory": {"north": 9.0}}})
    totals = run(given, [None, dense])
    same_rows(rows(totals, 0), rows(totals, 1), lambda label: "south" in label)
    north = [key for key in rows(totals) if key[1].startswith("shops north 1")]
    assert any(np.any(rows(totals, 0)[key] != rows(totals, 1)[key]) for key in north)


def test_another_group_elsewhere_leaves_all_others_alone():
    plain = scenario()
    data = plain.to_dict()
    data["members"].insert(
        2, {"name": "chain", "role": "retailer", "per_territory": {"south": 2}, "suppliers": ["wholesale"]}
    )
    data["contracts"].append({"supplier": "wholesale", "buyer": "chain", "wholesale_price": 7.0})
    one, two = rows(run(plain)), rows(run(Scenario.parse(data)))
    same_rows(one, two, lambda label: "north" in label)
    assert any(np.any(one[key] != two[key]) for key in one if "shops south" in key[1])


def test_another_price_leaves_the_draws_alone():
    noisy = {"system": "given", "mean": 6.0, "noise": "gamma", "variation": 0.4}
    given = scenario("markup", demand=noisy)
    dearer = Policy(name="dearer", terms=[{"buyer": "shops", "wholesale_price_scale": 1.5}])
    totals = run(given, [None, dearer])
    base, other = rows(totals, 0), rows(totals, 1)
    same_rows({k: v for k, v in base.items() if k[0] == "demand_by_holding"}, other)
    assert np.all(
        base["price_by_holding", "shops north 1 · A"] < other["price_by_holding", "shops north 1 · A"]
    )


def test_policies_do_not_disturb_each_other():
    given = scenario().replace(members__shops__maximum_scale=2.0)
    others = [
        Policy(name="dense", density={"shops": {"scale": 2.0}}),
        Policy(name="cheap", terms=[{"supplier": "maker", "wholesale_price": 4.0}]),
    ]
    together = run(given, [others[0], None, others[1]])
    same_totals(run(given), together, slice(1, 2))
    same_totals(run(given, [others[1]]), together, slice(2, 3))


# --- how the work is cut up -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference():
    return run(scenario(), [None, Policy(name="cheap", terms=[{"wholesale_price_scale": 0.8}])], 7, workers=1)


def again(**named):
    return run(scenario(), [None, Policy(name="cheap", terms=[{"wholesale_price_scale": 0.8}])], **named)


def test_the_reference_differs_between_replications_policies_and_seeds(reference):
    sales = reference.trajectories["sales_by_holding"].values
    assert len({sales[p, r].tobytes() for p in range(2) for r in range(7)}) == 14
    other = again(replications=1, seed=12).trajectories["sales_by_holding"].values
    assert np.any(other[0, 0] != sales[0, 0])


@pytest.mark.parametrize("seconds", [1e-9, 1e-5, 1e3])
def test_chunks_do_not_matter(reference, monkeypatch, seconds):
    monkeypatch.setattr(batch, "TASK_SECONDS", seconds)
    sizes = {task.count for task in batch.plan_tasks(build(scenario()), 2, 7, 1)}
    assert max(sizes) == {1e-9: 1, 1e3: 7}.get(seconds, max(sizes))
    same_totals(reference, again(replications=7, workers=1))


@pytest.mark.parametrize("numbers", [1, 100, 10_000])
def test_blocks_of_draws_do_not_matter(reference, monkeypatch, numbers):
    monkeypatch.setattr(workspace, "DRAWS_A_BLOCK", numbers)
    same_totals(reference, again(replications=7))


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_threads_do_not_matter(reference, workers):
    same_totals(reference, again(replications=7, workers=workers))


def test_fewer_replications_are_the_first_of_more(reference):
    same_totals(again(replications=3), reference, replications=slice(0, 3))


def test_processes_do_not_matter(reference):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        same_totals(reference, again(replications=7, executor=pool))
