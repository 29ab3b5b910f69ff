"""Members judge a policy by what they had before it: the first review under the scenario as it stands."""

from __future__ import annotations

import numpy as np
import pytest

from channelsim import Policy, Scenario, columns, simulate
from channelsim.engines.driver import Driver
from channelsim.engines.earlier import Earlier, earlier_of, looks_back
from channelsim.engines.groupings import Groupings
from channelsim.engines.mesa_model import ChannelModel
from channelsim.engines.reviews import Related
from channelsim.engines.workspace import Recording, Workspace
from channelsim.world import Channel, build

DEARER = Policy(name="dearer", terms=[{"wholesale_price_scale": 1.1}])
DEARER_IN_EAST = Policy(
    name="dearer", terms=[{"supplier": "maker", "buyer": "East", "wholesale_price_scale": 1.1}]
)
REMEMBERED = slice(columns.REMEMBERED_OUTCOME_OF_SUPPLIER, columns.REMEMBERED_OUTCOME_OF_BUYER + 1)


@pytest.fixture(scope="module")
def channel() -> Channel:
    scenario = Scenario.from_library("influence").replace(weeks=40, warm_up_weeks=0)
    return build(scenario.replace(**{"demand.shock_deviation": 0.2}))


def driver_of(channel: Channel, policy: Policy, replication: int, earlier=None) -> Driver:
    active, terms = channel.under(policy)
    room = Workspace(active, Recording.of((), (), active), Groupings.of(active), 1, Related.of(channel))
    return Driver(active, terms, room, 5, replication, np.zeros(2, dtype=np.int64), earlier)


def judged(channel: Channel, policy: Policy, replication: int, earlier=None) -> np.ndarray:
    """Return what both sides remember right after the first review, before it begins to move."""
    return driver_of(channel, policy, 0, earlier).first_review(replication)


def test_what_is_remembered_is_what_the_scenario_gave_in_the_same_market(channel):
    found = []
    for replication in (0, 3):
        was = judged(channel, Policy(), replication)
        assert np.array_equal(judged(channel, DEARER, replication, Earlier(channel)), was, equal_nan=True)
        assert not np.allclose(judged(channel, DEARER, replication), was)  # without it, the policy's own
        found.append(was)
    assert not np.allclose(*found)  # the market's draws count


def test_a_policy_that_changes_nothing_has_no_before(channel):
    assert not looks_back(channel, Policy(name="as it is"))
    assert earlier_of(channel, Policy()) is None
    assert looks_back(channel, DEARER)
    without = Scenario.from_library("bilateral")
    assert not looks_back(build(without), DEARER)


def test_being_asked_to_remember_the_same_changes_no_bit(channel):
    alone, reminded = driver_of(channel, Policy(), 2), driver_of(channel, Policy(), 2, Earlier(channel))
    for driver in (alone, reminded):
        driver.run(1)
    assert np.array_equal(alone.space.state.flat, reminded.space.state.flat)


def test_buyers_who_pay_more_than_before_are_less_content(channel):
    asked = {"metrics": ["economic_satisfaction", "profit"], "replications": 4, "seed": 5, "progress": False}
    result = simulate(channel, [Policy(name="base"), DEARER_IN_EAST], **asked)
    base, dearer = result.by_group["economic_satisfaction"].sel(group="East").values
    assert (dearer < base - 0.01).all()


def test_the_mesa_model_remembers_alike(channel):
    model = ChannelModel(channel, DEARER, replication=1, seed=5)
    model.run()
    driver = driver_of(channel, DEARER, 1, Earlier(channel))
    driver.run(1)
    assert np.array_equal(model.state.flat, driver.space.state.flat)


def test_who_had_nothing_before_compares_with_its_own_first_review():
    scenario = Scenario.from_library("pxy").replace(weeks=30, warm_up_weeks=0)
    built = build(scenario.replace(**{"power.measured": True, "relations.active": True}))
    without_y = Policy(name="without Y", ended=[{"supplier": "P", "buyer": "Y"}])
    was = judged(built, Policy(), 0)
    earlier = Earlier(built, without_y)  # before, Y was no customer of P
    now = judged(built, DEARER, 0, earlier)
    known = ~np.isnan(judged(built, without_y, 0))
    new = ~known & ~np.isnan(was)
    assert new.any()
    assert known.any()
    own = judged(built, DEARER, 0)
    assert np.array_equal(now[new], own[new])
    assert not np.allclose(now[known], own[known])


def test_a_first_review_is_kept_for_the_next_policy(channel, monkeypatch):
    earlier, first_review, runs = Earlier(channel), Driver.first_review, []

    def counted(driver, replication):
        runs.append(replication)
        return first_review(driver, replication)

    monkeypatch.setattr(Driver, "first_review", counted)
    found = [earlier.first_review(*key) for key in ((5, 0), (5, 0), (5, 1), (6, 0), (5, 0))]
    assert runs == [0, 1, 0]
    assert found[0] is found[1] is found[4]
    assert not np.array_equal(found[0], found[3], equal_nan=True)
    monkeypatch.setattr("channelsim.engines.earlier.MOST_KEPT", 0)
    earlier.first_review(5, 2)
    assert np.array_equal(earlier.first_review(5, 0), found[0], equal_nan=True)  # as it was, found again
    assert runs == [0, 1, 0, 2, 0]
