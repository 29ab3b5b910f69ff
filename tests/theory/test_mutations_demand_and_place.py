"""A wrong rule in the place of a right one makes the cases of demand and place fail.

Compiled rules can be replaced where they are plain Python, so those run with the JIT off (``make
test-jit-off``); where outlets stand and who is nearest is plain Python always.
"""

import numpy as np
import pytest

from channelsim import columns as c
from channelsim import members
from channelsim.engines import structural
from channelsim.mechanisms import best_response, demand
from channelsim.verification.cases import Laboratory
from channelsim.verification.demand_and_place import CASES
from compiled_code import replaces_rules
from judging import ShortRuns, judged

MONOPOLY = "monopoly, outside good: margin"
UNEQUAL = "unequal stores: margin of the store with three brands"
ONE_MARKUP = "one segment: margin over the short form"
SEGMENTS = "three segments in five zones: mean margin of the hall"
DIVERSION = "diversion ratio of a closing store"
SURPLUS = "consumer surplus is the inclusive value"
CLOSING = "surplus lost when a store closes"
SITES = "five outlets of one group"
COVERED = "share of buyers with one of two"


def until_rest(scenario, replications):
    """Weeks until prices come to rest."""
    return {"weeks": 60, "warm_up_weeks": 59}


def verdict(name, laboratory=None):
    return judged(name, CASES, laboratory or ShortRuns(until_rest)).verdict


def buyers_of_its_own_forgotten(monkeypatch):
    """Term left out: a lower price takes no buyers from the store's own shelves."""
    right = demand.choose_stores

    def wrong(world, state):
        right(world, state)
        state.store_square[:] = 0.0

    monkeypatch.setattr(demand, "choose_stores", wrong)


def one_mean_segment(monkeypatch):
    """Short form: the store takes its buyers for one segment, and asks 1/(α(1 − S)) on every shelf."""

    def wrong(second_pass, world, terms, state):
        first = demand.first_shelf_of(state)
        buyers = world.zone_buyers.sum(axis=1)
        alpha = buyers @ world.segments[c.PRICE_SENSITIVITY] / buyers.sum()
        store = world.holdings_index[c.STORE, first:]
        quantity = state.holdings[c.MEAN_DEMAND, first:]
        for i in range(quantity.size):
            share = quantity[store == store[i]].sum() / buyers.sum()
            cost = state.holdings[c.UNIT_COST, first + i]
            state.holdings[c.NEXT_PRICE, first + i] = cost + 1.0 / (alpha * (1.0 - share))

    monkeypatch.setattr(best_response, "respond_in_logit", wrong)


def cost_counted_with_the_wrong_sign(monkeypatch):
    """Sign: what a unit costs is added to the margin instead of subtracted from the price."""
    right = best_response.respond_in_logit

    def wrong(second_pass, world, terms, state):
        cost = state.holdings[c.MARGINAL_COST]
        cost *= -1.0
        right(second_pass, world, terms, state)
        cost *= -1.0

    monkeypatch.setattr(best_response, "respond_in_logit", wrong)


def no_outside_good(monkeypatch):
    """Term left out: buyers must buy; the outside good is missing from the denominator."""
    right = demand.choose_stores

    def wrong(world, state):
        right(world, state)
        for g in range(state.store_attraction.shape[0]):
            total, buyers = state.store_attraction[g].sum(), world.zone_buyers[g].sum()
            state.store_demand[g, :] = buyers / total
            state.store_square[g, :] = buyers / total**2

    monkeypatch.setattr(demand, "choose_stores", wrong)


def half_the_price_felt(monkeypatch):
    """Factor: buyers feel half of the price."""
    right = demand.attract

    def wrong(world, terms, state):
        held = state.holdings[c.PRICE].copy()
        state.holdings[c.PRICE] *= 0.5
        right(world, terms, state)
        state.holdings[c.PRICE] = held

    monkeypatch.setattr(demand, "attract", wrong)


def surplus_not_in_money(monkeypatch):
    """Factor: the inclusive value is not divided by the price sensitivity."""
    right = demand.choose_stores

    def wrong(world, state):
        right(world, state)
        alpha = world.segments[c.PRICE_SENSITIVITY]
        state.territories[c.BASE_SURPLUS] *= alpha.mean()

    monkeypatch.setattr(demand, "choose_stores", wrong)


RULES = [
    (buyers_of_its_own_forgotten, [MONOPOLY, UNEQUAL, ONE_MARKUP, SEGMENTS]),
    (one_mean_segment, [SEGMENTS]),
    (cost_counted_with_the_wrong_sign, [MONOPOLY, UNEQUAL]),
    (no_outside_good, [DIVERSION]),
    (half_the_price_felt, [DIVERSION, SURPLUS]),
    (surplus_not_in_money, [SURPLUS, CLOSING]),
]


@replaces_rules
@pytest.mark.parametrize("name", sorted({name for _, names in RULES for name in names}))
def test_the_rule_as_it_is_passes(name):
    assert verdict(name) == "pass"


@replaces_rules
@pytest.mark.parametrize(("mutate", "names"), RULES, ids=[mutate.__name__ for mutate, _ in RULES])
def test_a_wrong_rule_fails(monkeypatch, mutate, names):
    mutate(monkeypatch)
    assert [verdict(name) for name in names] == ["fail"] * len(names)


@replaces_rules
def test_a_mean_segment_is_right_where_there_is_one(monkeypatch):
    one_mean_segment(monkeypatch)
    assert [verdict(name) for name in (MONOPOLY, UNEQUAL)] == ["pass", "pass"]


# --- places ------------------------------------------------------------------------------------------


def crowded_in_the_middle(points, placement, radius, zone_offsets, zone_weights):
    """Factor: the radius is even, not its square, so that outlets crowd in the middle."""
    angle = 2.0 * np.pi * points[:, 1]
    return radius * points[:, :1] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def at_one_place(count, build_seed, *identity):
    """Draws: every outlet of a group stands at the first one's place."""
    return np.repeat(RIGHT_SITES(1, build_seed, *identity), count, axis=0)


RIGHT_SITES = members.sites


@pytest.fixture(scope="module")
def laboratory():
    """Runs that more than one test reads."""
    return Laboratory()


@pytest.mark.parametrize("name", [SITES, COVERED])
def test_places_as_they_are_pass(laboratory, name):
    assert verdict(name, laboratory) == "pass"


def test_crowded_outlets_fail(monkeypatch):
    monkeypatch.setattr(members, "place", crowded_in_the_middle)
    assert [verdict(name, Laboratory()) for name in (SITES, COVERED)] == ["fail", "fail"]


def test_outlets_on_one_place_fail(monkeypatch):
    monkeypatch.setattr(members, "sites", at_one_place)
    assert verdict(SITES, Laboratory()) == "fail"


def test_a_distance_without_edges_fails(monkeypatch):
    """Factor: without edges the way would be 1/(2√λ), some 9 % less."""
    right = structural.mean_distances

    def wrong(channel, terms):
        return {name: 0.914 * values for name, values in right(channel, terms).items()}

    monkeypatch.setattr(structural, "mean_distances", wrong)
    assert verdict(SITES, Laboratory()) == "fail"
