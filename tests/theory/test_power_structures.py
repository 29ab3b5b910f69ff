"""Choi's games against brute force: every player's lever is searched for on its own profit, move by move.

The searches know demand and costs and nothing of the matrix form. All profits are quadratic in the lever
searched for, so that one Newton step on finite differences is exact but for rounding; one test searches with
scipy instead.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from channelsim.theory.power_structures import (
    Duopoly,
    manufacturers_lead,
    one_owner,
    retailer_leads,
    vertical_nash,
)

EQUAL = Duopoly(100.0, 2.0, 0.8, 10.0)
UNEQUAL = Duopoly((120.0, 100.0), (2.0, 1.5), 0.8, (15.0, 10.0))
GAMES = (manufacturers_lead, retailer_leads, vertical_nash)


def demand(duopoly, price):
    """Return demand as the paper writes it, brand by brand."""
    (a1, a2), (b1, b2) = np.broadcast_to(duopoly.intercept, 2), np.broadcast_to(duopoly.own_slope, 2)
    d = duopoly.cross_slope
    return np.array([a1 - b1 * price[0] + d * price[1], a2 - b2 * price[1] + d * price[0]])


def peak(profit, start, step=1.0):
    """Return where a concave quadratic of one or two levers peaks, by finite differences."""
    start = np.atleast_1d(np.asarray(start, dtype=float))
    units = step * np.eye(start.size)
    slope = np.array([(profit(start + e) - profit(start - e)) / (2 * step) for e in units])
    bend = np.array(
        [
            [
                (
                    profit(start + e + f)
                    - profit(start + e - f)
                    - profit(start - e + f)
                    + profit(start - e - f)
                )
                / (4 * step**2)
                for e in units
            ]
            for f in units
        ]
    )
    assert np.linalg.eigvalsh(bend).max() < 0
    return start - np.linalg.solve(bend, slope)


def best_retail_prices(duopoly, wholesale):
    """Return what the common store asks at given wholesale prices."""
    return peak(lambda p: (p - wholesale) @ demand(duopoly, p), [20.0, 20.0])


def at_rest(response, start, rounds=300):
    """Let two players answer one another until neither moves."""
    levers = np.array(start, dtype=float)
    for _ in range(rounds):
        before = levers.copy()
        for i in range(2):
            levers[i] = response(i, levers)
        if np.abs(levers - before).max() < 1e-12 * np.abs(levers).max():
            return levers
    raise AssertionError("the players do not come to rest")


def searched_manufacturers_lead(duopoly):
    def response(i, wholesale):
        def profit(own):
            tried = np.where(np.arange(2) == i, own, wholesale)
            return (own[0] - duopoly.costs[i]) * demand(duopoly, best_retail_prices(duopoly, tried))[i]

        return peak(profit, wholesale[i])[0]

    wholesale = at_rest(response, duopoly.costs + 1.0)
    return wholesale, best_retail_prices(duopoly, wholesale)


def answers_to_margins(duopoly, margin):
    """Return the wholesale prices at rest where the store's unit margins are given."""

    def response(i, wholesale):
        def profit(own):
            tried = np.where(np.arange(2) == i, own, wholesale)
            return (own[0] - duopoly.costs[i]) * demand(duopoly, tried + margin)[i]

        return peak(profit, wholesale[i])[0]

    return at_rest(response, duopoly.costs + 1.0)


def searched_retailer_leads(duopoly):
    def profit(margin):
        return margin @ demand(duopoly, answers_to_margins(duopoly, margin) + margin)

    margin = peak(profit, [5.0, 5.0])
    wholesale = answers_to_margins(duopoly, margin)
    return wholesale, wholesale + margin


def searched_vertical_nash(duopoly):
    margin = np.array([5.0, 5.0])
    for _ in range(300):
        wholesale = answers_to_margins(duopoly, margin)
        before, margin = margin, 0.5 * (margin + best_retail_prices(duopoly, wholesale) - wholesale)
        if np.abs(margin - before).max() < 1e-12:
            break
    wholesale = answers_to_margins(duopoly, margin)
    return wholesale, wholesale + margin


@pytest.mark.parametrize("duopoly", [EQUAL, UNEQUAL], ids=["equal", "unequal"])
@pytest.mark.parametrize(
    ("closed_form", "searched"),
    [
        (manufacturers_lead, searched_manufacturers_lead),
        (retailer_leads, searched_retailer_leads),
        (vertical_nash, searched_vertical_nash),
    ],
)
def test_equilibrium_is_where_the_players_come_to_rest(closed_form, searched, duopoly):
    found = closed_form(duopoly)
    wholesale, retail = searched(duopoly)
    quantity = demand(duopoly, retail)
    np.testing.assert_allclose(found.wholesale_price, wholesale, rtol=1e-9)
    np.testing.assert_allclose(found.retail_price, retail, rtol=1e-9)
    np.testing.assert_allclose(found.quantity, quantity, rtol=1e-9)
    np.testing.assert_allclose(found.manufacturer_profit, (wholesale - duopoly.costs) * quantity, rtol=1e-8)
    np.testing.assert_allclose(found.retailer_profit, (retail - wholesale) * quantity, rtol=1e-8)


def test_one_owner_earns_the_most_that_prices_can():
    best = minimize(lambda p: -(p - UNEQUAL.costs) @ demand(UNEQUAL, p), [30.0, 30.0], tol=1e-12)
    found = one_owner(UNEQUAL)
    np.testing.assert_allclose(found.retail_price, best.x, rtol=1e-6)
    assert found.channel_profit.sum() == pytest.approx(-best.fun, rel=1e-12)
    np.testing.assert_array_equal(found.manufacturer_profit, 0.0)


def test_nobody_gains_by_another_price_within_the_market():
    """A search by scipy over the whole range, not the neighbourhood: demand is cut off at zero."""
    found = vertical_nash(UNEQUAL)
    margin = found.retail_price - found.wholesale_price
    for i in range(2):

        def loss(own, i=i):
            tried = np.where(np.arange(2) == i, own, found.wholesale_price)
            return -(own - UNEQUAL.costs[i]) * max(demand(UNEQUAL, tried + margin)[i], 0.0)

        best = minimize_scalar(
            loss, bounds=(UNEQUAL.costs[i], 90.0), method="bounded", options={"xatol": 1e-9}
        )
        assert best.x == pytest.approx(found.wholesale_price[i], rel=1e-6)


def test_wholesale_prices_of_equal_brands_are_those_of_the_first_order_conditions():
    """By hand: q = a − (b − d)p, the store's p = ½[a/(b − d) + w], one condition a game."""
    a, b, d, c = 100.0, 2.0, 0.8, 10.0
    leading = (a + b * c) / (2 * b - d)
    together = (a + 2 * b * c) / (3 * b - d)
    assert manufacturers_lead(EQUAL).wholesale_price == pytest.approx([leading, leading], rel=1e-12)
    assert vertical_nash(EQUAL).wholesale_price == pytest.approx([together, together], rel=1e-12)
    retail = 0.5 * (a / (b - d) + leading)
    assert manufacturers_lead(EQUAL).retail_price == pytest.approx([retail, retail], rel=1e-12)


def test_without_substitution_each_brand_is_a_channel_of_its_own():
    alone = Duopoly((100.0, 60.0), (1.0, 2.0), 0.0, (20.0, 5.0))
    leading = manufacturers_lead(alone)
    np.testing.assert_allclose(leading.wholesale_price, [60.0, 17.5])
    np.testing.assert_allclose(leading.retail_price, [80.0, 23.75])
    np.testing.assert_allclose(leading.channel_profit / one_owner(alone).channel_profit, 0.75)
    np.testing.assert_allclose(vertical_nash(alone).channel_profit / one_owner(alone).channel_profit, 8 / 9)


@st.composite
def duopolies(draw):
    def number(low, high):
        return draw(st.floats(low, high))

    slopes = (number(0.5, 3.0), number(0.5, 3.0))
    costs = (number(0.0, 20.0), number(0.0, 20.0))
    cross = number(0.0, 0.95) * min(slopes)
    # as much as both sell at cost, the cross effects left out: they only add to it
    intercepts = tuple(b * c + number(1.0, 100.0) for b, c in zip(slopes, costs, strict=True))
    return Duopoly(intercepts, slopes, cross, costs)


def outcomes(duopoly):
    return [game(duopoly) for game in GAMES]


@given(duopolies())
def test_whoever_leads_consumers_pay_the_same_and_the_leader_earns_more(duopoly):
    makers, store, nobody = outcomes(duopoly)
    np.testing.assert_allclose(makers.retail_price, store.retail_price, rtol=1e-9)
    np.testing.assert_allclose(
        makers.wholesale_price - duopoly.costs, 2.0 * (store.wholesale_price - duopoly.costs), rtol=1e-7
    )
    assert np.all(makers.manufacturer_profit > store.manufacturer_profit)
    assert makers.retailer_profit.sum() < store.retailer_profit.sum()
    most = one_owner(duopoly).channel_profit.sum()
    assert makers.channel_profit.sum() < nobody.channel_profit.sum() < most * (1 + 1e-12)


@given(duopolies())
def test_demand_and_profit_agree_with_the_prices(duopoly):
    for found in outcomes(duopoly):
        assert found.quantity.min() > 0
        np.testing.assert_allclose(found.quantity, demand(duopoly, found.retail_price), rtol=1e-6, atol=1e-8)
        spread = (found.retail_price - duopoly.costs) * found.quantity
        np.testing.assert_allclose(found.channel_profit, spread, rtol=1e-9)


@given(st.floats(0.5, 3.0), st.floats(0.0, 0.9), st.floats(0.0, 15.0))
def test_closer_substitutes_raise_all_prices_and_profits(own_slope, ratio, cost):
    """Choi's counter-intuitive result: with intercepts held, a larger cross slope enlarges the market."""
    for game in GAMES:
        apart, close = (game(Duopoly(100.0, own_slope, r * own_slope, cost)) for r in (ratio, ratio + 0.05))
        for name in ("wholesale_price", "retail_price", "manufacturer_profit", "retailer_profit"):
            assert np.all(getattr(close, name) > getattr(apart, name)), name


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"own_slope": 0.0}, "own_slope"),
        ({"own_slope": (2.0, -1.0)}, "own_slope"),
        ({"cross_slope": 2.0}, "cross_slope"),
        ({"cross_slope": -0.1}, "cross_slope"),
        ({"cross_slope": (0.1, 0.2)}, "cross_slope"),
        ({"intercept": (1.0, 2.0, 3.0)}, "intercept"),
        ({"intercept": "many"}, "intercept"),
        ({"intercept": 5.0}, "intercept"),
        ({"unit_cost": -1.0}, "unit_cost"),
        ({"unit_cost": float("nan")}, "unit_cost"),
    ],
)
def test_wrong_numbers_are_refused_in_one_line(wrong, said):
    right = {"intercept": 100.0, "own_slope": 2.0, "cross_slope": 0.8, "unit_cost": 10.0}
    with pytest.raises(ValueError, match=said) as caught:
        Duopoly(**(right | wrong))
    assert "\n" not in str(caught.value)
