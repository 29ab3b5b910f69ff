"""Vertical prices against games that are played out: every tier's profit maximised by search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from channelsim.theory.vertical_prices import (
    constant_elasticity_channel,
    linear_channel,
    linear_efficiency,
    pass_through,
    two_part_tariff,
)
from refusals import refused_in_one_line


def best(profit, highest):
    """Return the number between 0 and a highest one at which a profit is largest.

    The search stops where rounding hides the slope; a parabola through points a per cent apart sees more.
    """
    options = {"xatol": 1e-9}
    x = minimize_scalar(lambda x: -profit(x), bounds=(0.0, highest), method="bounded", options=options).x
    step = 0.01 * x
    left, middle, right = profit(x - step), profit(x), profit(x + step)
    return float(x + 0.5 * step * (left - right) / (left - 2 * middle + right))


def play(demand, unit_costs, moves, highest):
    """Return all margins of the game in which tiers set margins in the given order, by search.

    Each mover maximises its own profit, knowing how all later movers will respond; those that move together
    take each other's margin as given.
    """
    order = sorted(set(moves))

    def after(stage, margins):
        """Return the margins once all moves from a stage on are made."""
        margins = np.array(margins)
        if stage == len(order):
            return margins
        movers = [tier for tier, move in enumerate(moves) if move == order[stage]]

        def profit(tier, asked):
            tried = margins.copy()
            tried[tier] = asked
            tried = after(stage + 1, tried)
            return tried[tier] * demand(sum(unit_costs) + tried.sum())

        for _ in range(200 if len(movers) > 1 else 1):
            before = margins.copy()
            for tier in movers:
                wish = best(lambda asked, tier=tier: profit(tier, asked), highest)
                margins[tier] += (0.7 if len(movers) > 1 else 1.0) * (wish - margins[tier])
            if np.abs(margins - before).max() < 1e-8:
                break
        return after(stage + 1, margins)

    return after(0, np.zeros(len(unit_costs)))


LINEAR_GAMES = [(0, 1), (1, 0), (0, 0), (0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 0, 0), (0, 1, 1), (1, 1, 0)]


@pytest.mark.parametrize("moves", LINEAR_GAMES, ids=str)
def test_linear_margins_are_those_of_the_game_played_out(moves):
    intercept, own_slope, unit_costs = 90.0, 1.5, [9.0, 2.0, 1.0][: len(moves)]
    played = play(lambda p: intercept - own_slope * p, unit_costs, moves, intercept / own_slope)
    found = linear_channel(intercept, own_slope, unit_costs, moves)
    np.testing.assert_allclose(found.margins, played, rtol=1e-5)


@pytest.mark.parametrize(
    ("tiers", "simultaneous"), [(1, False), (2, False), (3, False), (2, True), (3, True)]
)
def test_margins_under_constant_elasticity_are_those_of_the_game_played_out(tiers, simultaneous):
    scale, elasticity, unit_costs = 5000.0, 4.5, [3.0, 0.5, 1.0][:tiers]
    moves = (0,) * tiers if simultaneous else tuple(range(tiers))
    played = play(lambda p: scale * p**-elasticity, unit_costs, moves, 3 * sum(unit_costs))
    found = constant_elasticity_channel(scale, elasticity, unit_costs, simultaneous=simultaneous)
    np.testing.assert_allclose(found.margins, played, rtol=2e-4)


def test_the_textbook_channel():
    """Demand 100 − p, unit cost 20: the retailer asks (100 + w)/2 and sells (100 − w)/2."""
    found = linear_channel(100.0, 1.0, [20.0, 0.0])
    wholesale = best(lambda w: (w - 20.0) * (100.0 - w) / 2, 100.0)
    assert found.prices[0] == pytest.approx(wholesale, rel=1e-6)
    assert found.prices[0] == 60.0
    assert found.prices[1] == (100.0 + 60.0) / 2
    assert (found.quantity, *found.profits, found.channel_profit) == (20.0, 800.0, 400.0, 1200.0)


@pytest.mark.parametrize("simultaneous", [False, True])
@pytest.mark.parametrize("tiers", [1, 2, 3, 4, 7])
def test_efficiency_does_not_depend_on_the_numbers(tiers, simultaneous):
    moves = [0] * tiers if simultaneous else None
    price = np.linspace(0, 60.0, 600_001)
    most = np.max((price - tiers) * (90.0 - 1.5 * price))
    found = linear_channel(90.0, 1.5, [1.0] * tiers, moves)
    assert found.channel_profit / most == pytest.approx(
        linear_efficiency(tiers, simultaneous=simultaneous), rel=1e-7
    )
    assert found.efficiency == pytest.approx(linear_efficiency(tiers, simultaneous=simultaneous), rel=1e-12)


markets = st.tuples(
    st.floats(10.0, 1000.0), st.floats(0.1, 10.0), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5)
).map(lambda m: (m[0], m[1], [share * m[0] / m[1] / (len(m[2]) + 1) for share in m[2]]))


@given(markets, st.lists(st.integers(0, 4), min_size=5, max_size=5))
def test_money_adds_up_and_no_channel_beats_one_owner(market, numbers):
    intercept, own_slope, unit_costs = market
    moves = numbers[: len(unit_costs)]
    found = linear_channel(intercept, own_slope, unit_costs, moves)
    assert found.quantity == pytest.approx(
        intercept - own_slope * found.prices[-1], rel=1e-9, abs=1e-9 * intercept
    )
    assert found.prices[-1] == pytest.approx(sum(unit_costs) + sum(found.margins))
    revenue_less_cost = (found.prices[-1] - sum(unit_costs)) * found.quantity
    assert found.channel_profit == pytest.approx(revenue_less_cost, rel=1e-9)
    assert found.efficiency <= 1 + 1e-12
    assert (found.efficiency == pytest.approx(1.0)) == (len(unit_costs) == 1)
    early, late = np.argmin(moves), np.argmax(moves)
    assert found.margins[early] >= found.margins[late]
    assert all(margin > 0 for margin in found.margins)


@given(st.floats(1.05, 8.0), st.lists(st.floats(0.1, 5.0), min_size=2, max_size=4))
def test_under_constant_elasticity_the_follower_earns_more_than_the_leader(elasticity, unit_costs):
    found = constant_elasticity_channel(1000.0, elasticity, unit_costs)
    ratios = np.divide(found.profits[1:], found.profits[:-1])
    np.testing.assert_allclose(ratios, pass_through(1 + 1 / elasticity), rtol=1e-9)
    assert ratios.min() > 1


@pytest.mark.parametrize(
    ("demand", "curvature"),
    [
        (lambda p: 10.0 - p, 0.0),
        (lambda p: (10.0 - p) ** 3, 2 / 3),
        (lambda p: np.sqrt(10.0 - p), -1.0),
        (lambda p: np.exp(-p), 1.0),
        (lambda p: p**-4.0, 1.25),
    ],
    ids=["linear", "cubic", "root", "exponential", "constant elasticity"],
)
def test_the_margins_of_follower_and_leader_stand_as_costs_are_passed_on(demand, curvature):
    def price(cost):
        # the condition D + (p − c) D' = 0 by bisection, D' as a central difference
        def slope(p):
            return demand(p) + (p - cost) * (demand(p + 1e-6) - demand(p - 1e-6)) / 2e-6

        low, high = cost, 9.999
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) > 0 else (low, middle)
        return low

    rate = (price(1.501) - price(1.499)) / 0.002
    assert rate == pytest.approx(pass_through(curvature), rel=1e-4)
    wholesale = best(lambda extra: extra * demand(price(1.0 + extra)), 7.0) + 1.0
    ratio = (price(wholesale) - wholesale) / (wholesale - 1.0)
    assert ratio == pytest.approx(pass_through(curvature), rel=1e-3)


def test_a_two_part_tariff_is_the_best_that_a_manufacturer_can_offer():
    intercept, own_slope, cost, retailer_cost, elsewhere = 90.0, 1.5, 9.0, 3.0, 100.0
    tariff = two_part_tariff(intercept, own_slope, cost, retailer_cost, elsewhere)

    def sold(wholesale):
        """Return the retailer's best gross profit and its quantity."""
        price = np.linspace(0.0, 60.0, 60_001)
        gross = (price - wholesale - retailer_cost) * (intercept - own_slope * price)
        return gross.max(), intercept - own_slope * price[gross.argmax()]

    def earned(wholesale):
        gross, quantity = sold(wholesale)
        return (wholesale - cost) * quantity + gross - elsewhere

    offers = np.linspace(0.0, 40.0, 401)
    earnings = [earned(wholesale) for wholesale in offers]
    assert offers[np.argmax(earnings)] == pytest.approx(tariff.wholesale_price)
    assert max(earnings) == pytest.approx(tariff.manufacturer_profit, rel=1e-6)
    assert tariff.retailer_profit == pytest.approx(elsewhere)
    assert sold(tariff.wholesale_price)[0] - tariff.fixed_fee == pytest.approx(elsewhere, rel=1e-6)
    assert tariff.efficiency == 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_channel(-1.0, 1.0, [0.0]), "intercept"),
        (lambda: linear_channel(100.0, 0.0, [20.0]), "own_slope"),
        (lambda: linear_channel(100.0, 1.0, [20.0, 80.0]), "choke price"),
        (lambda: linear_channel(100.0, 1.0, []), "one cost per tier"),
        (lambda: linear_channel(100.0, 1.0, [20.0, float("nan")]), "unit_costs"),
        (lambda: linear_channel(100.0, 1.0, [20.0, 0.0], [0]), "moves"),
        (lambda: linear_efficiency(0), "tiers"),
        (lambda: linear_efficiency(2.5), "tiers"),
        (lambda: linear_efficiency(True), "tiers"),
        (lambda: two_part_tariff(100.0, 1.0, 20.0, retailer_profit=1601.0), "retailer_profit"),
        (lambda: two_part_tariff(100.0, 1.0, 20.0, retailer_profit=float("nan")), "retailer_profit"),
        (lambda: two_part_tariff(100.0, 1.0, -20.0), "unit_costs"),
        (lambda: constant_elasticity_channel(1.0, 1.0, [1.0]), "elasticity"),
        (lambda: constant_elasticity_channel(0.0, 2.0, [1.0]), "scale"),
        (lambda: constant_elasticity_channel(1.0, 2.0, [0.0, 0.0]), "unit_cost"),
        (lambda: constant_elasticity_channel(1.0, 2.0, [1.0, 0.0], simultaneous=True), "number of tiers"),
        (lambda: pass_through(2.0), "curvature"),
        (lambda: pass_through(float("nan")), "curvature"),
        (lambda: pass_through(-float("inf")), "curvature"),
    ],
)
def test_wrong_input_is_told_in_one_line(call, words):
    refused_in_one_line(call, words)
