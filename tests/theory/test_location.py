"""Stores at addresses against brute force: every buyer asked where he goes, every price tried."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.location import (
    circle_entry,
    circle_margin,
    circle_profit,
    line_prices,
    linear_line_prices,
)
from refusals import refused_in_one_line

BUYERS = (np.arange(40_000) + 0.5) / 40_000


def circle_costs(stores, transport_cost, transport):
    """Return transport cost of each buyer to each store on a circle of length 1."""
    gap = np.abs(BUYERS[:, None] - np.arange(stores) / stores)
    gap = np.minimum(gap, 1.0 - gap)
    return transport_cost * (gap**2 if transport == "quadratic" else gap)


def best_price(costs, prices, store, unit_cost, tried):
    """Return the most profitable of the tried prices of a store, and its profit, the others' given."""
    total = costs + prices
    rival = np.delete(total, store, axis=1).min(axis=1)
    # a buyer comes if the price is below his best other offer less his transport cost
    limit = np.sort(rival - costs[:, store])
    sold = 1.0 - np.searchsorted(limit, tried, side="right") / limit.size
    profit = (tried - unit_cost) * sold
    return tried[profit.argmax()], profit.max()


@pytest.mark.parametrize("transport", ["linear", "quadratic"])
@pytest.mark.parametrize("stores", [2, 3, 5])
def test_no_store_on_the_circle_gains_by_another_price(stores, transport):
    margin = circle_margin(stores, 6.0, transport)
    costs = circle_costs(stores, 6.0, transport)
    tried = 1.0 + margin * np.linspace(0.02, 3.0, 1500)
    best, profit = best_price(costs, np.full(stores, 1.0 + margin), 0, 1.0, tried)
    # flat at the top: the profit is at most a buyer's worth above, the price within the square root of that
    assert profit == pytest.approx(margin / stores, rel=2e-4)
    assert best == pytest.approx(1.0 + margin, rel=0.02)


@pytest.mark.parametrize("transport", ["linear", "quadratic"])
def test_best_responses_from_elsewhere_end_at_the_circles_margin(transport):
    margin, stores = circle_margin(4, 6.0, transport), 4
    costs, asked = circle_costs(stores, 6.0, transport), 1.0 + 2.0 * margin
    tried = 1.0 + margin * np.linspace(0.02, 3.0, 3000)
    for _ in range(12):
        asked, _ = best_price(costs, np.full(stores, asked), 0, 1.0, tried)
    assert asked - 1.0 == pytest.approx(margin, rel=0.02)


def test_entry_stops_where_profit_is_zero_and_costs_are_least_at_fewer():
    for transport in ("linear", "quadratic"):
        free, least = circle_entry(5.0, 2.0, 300.0, transport)
        stores = int(free)
        assert circle_profit(stores, 5.0, 2.0, 300.0, transport) >= 0.0
        assert circle_profit(stores + 1, 5.0, 2.0, 300.0, transport) < 0.0
        # the sum of transport and fixed cost, every buyer asked, is least at one of the whole numbers beside
        whole = [
            2.0 * n + 300.0 * circle_costs(n, 5.0, transport).min(axis=1).mean() for n in range(2, 2 * stores)
        ]
        assert abs(2 + int(np.argmin(whole)) - least) < 1.0
        assert least < free


def test_the_length_of_the_circle_counts():
    assert circle_margin(4, 6.0, circumference=2.0) == pytest.approx(2.0 * circle_margin(4, 6.0))
    assert circle_margin(4, 6.0, "quadratic", 2.0) == pytest.approx(4.0 * circle_margin(4, 6.0, "quadratic"))
    free = circle_entry(5.0, 2.0, 300.0, "quadratic", circumference=3.0).free
    margin = 5.0 * (3.0 / free) ** 2
    assert margin * 300.0 / free == pytest.approx(2.0)


@pytest.mark.parametrize(("a", "b", "cost"), [(0.0, 1.0, 0.0), (0.1, 0.8, 0.5), (0.3, 0.5, 0.1)])
def test_no_store_on_the_line_gains_by_another_price(a, b, cost):
    found = line_prices(a, b, 6.0, 1.0, 1.0 + cost)
    costs = 6.0 * (BUYERS[:, None] - np.array([a, b])) ** 2
    prices = np.array([found.first, found.second])
    for store, unit_cost in ((0, 1.0), (1, 1.0 + cost)):
        margin = prices[store] - unit_cost
        tried = unit_cost + margin * np.linspace(0.02, 3.0, 3000)
        best, profit = best_price(costs, prices, store, unit_cost, tried)
        share = found.first_share if store == 0 else 1.0 - found.first_share
        assert profit == pytest.approx(margin * share, rel=3e-4)
        assert best == pytest.approx(prices[store], rel=0.02)
    bought = (costs + prices).argmin(axis=1)
    assert (bought == 0).mean() == pytest.approx(found.first_share, abs=1e-4)


@given(st.floats(0.0, 0.45), st.floats(0.55, 1.0), st.floats(0.1, 20.0), st.floats(0.5, 4.0))
def test_the_line_seen_from_the_other_end_is_the_same(a, b, transport_cost, length):
    here = line_prices(a * length, b * length, transport_cost, 1.0, 1.0, length)
    there = line_prices((1 - b) * length, (1 - a) * length, transport_cost, 1.0, 1.0, length)
    assert (here.first, here.second) == pytest.approx((there.second, there.first))
    unit = line_prices(a, b, transport_cost * length**2)
    assert here.first - 1.0 == pytest.approx(unit.first)
    assert here.first_share == pytest.approx(unit.first_share)


def gain_on_the_linear_line(a, b):
    """Return how much the better of two stores could gain at the prices of the formula, whatever they are."""
    costs = 3.0 * np.abs(BUYERS[:, None] - np.array([a, 1.0 - b]))
    lean = (a - b) / 3.0
    prices = 3.0 * np.array([1.0 + lean, 1.0 - lean])
    gains = []
    for store, share in ((0, 0.5 * (1.0 + lean)), (1, 0.5 * (1.0 - lean))):
        tried = np.linspace(0.01, 9.0, 6000)
        _, profit = best_price(costs, prices, store, 0.0, tried)
        gains.append(profit / (prices[store] * share) - 1.0)
    return max(gains)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (0.2, 0.2), (0.1, 0.24), (0.24, 0.24)])
def test_linear_cost_has_an_equilibrium_far_apart(a, b):
    found = linear_line_prices(a, b, 3.0)
    assert found.first == pytest.approx(3.0 * (1.0 + (a - b) / 3.0))
    assert gain_on_the_linear_line(a, b) < 1e-3


@pytest.mark.parametrize(("a", "b"), [(0.27, 0.27), (0.4, 0.4), (0.1, 0.5), (0.5, 0.1)])
def test_linear_cost_has_no_equilibrium_nearby(a, b):
    assert gain_on_the_linear_line(a, b) > 1e-3  # the one takes all of the other's buyers
    with pytest.raises(ValueError, match="no equilibrium"):
        linear_line_prices(a, b, 3.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: circle_margin(1, 1.0), "stores"),
        (lambda: circle_margin(3, 0.0), "transport_cost"),
        (lambda: circle_margin(3, 1.0, "cubic"), "admissible: linear, quadratic"),
        (lambda: circle_profit(3, 1.0, 1.0, buyers=0.0), "buyers"),
        (lambda: circle_profit(2.5, 1.0, 1.0), "stores"),
        (lambda: circle_profit(3, 1.0, 1.0, circumference=-1.0), "circumference"),
        (lambda: circle_entry(1.0, 0.0), "fixed_cost"),
        (lambda: circle_entry(-1.0, 1.0), "transport_cost"),
        (lambda: circle_entry(1.0, 1.0, transport="round"), "admissible"),
        (lambda: line_prices(0.5, 0.5, 1.0), "first < second"),
        (lambda: line_prices(0.0, 2.0, 1.0), "places"),
        (lambda: line_prices(0.0, 1.0, 1.0, 0.0, 9.0), "one store would take all"),
        (lambda: linear_line_prices(0.6, 0.5, 1.0), "distances"),
        (lambda: linear_line_prices(-0.1, 0.5, 1.0), "distances"),
        (lambda: linear_line_prices(0.1, 0.1, 0.0), "transport_cost"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
