"""Target rebates against quadrature and members that try every quantity, price or order week by week."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm, poisson

from channelsim.theory.period_end import heaped_purchases, marginal_rebates_over_the_period, strongest_push
from channelsim.theory.target_rebates import (
    Rebate,
    best_sales,
    best_stock,
    expected_rebate,
    marginal_rebate,
)
from channelsim.theory.uncertain_demand import NormalDemand, PoissonDemand
from refusals import refused_in_one_line

MODES = ["incremental", "retroactive"]
PRICE, WHOLESALE, SALVAGE = 10.0, 6.0, 2.0


def paid(rebate, total):
    """Return the rebate on a period's total, from the words of the contract."""
    counted = total - rebate.target if rebate.mode == "incremental" else total
    return np.where(total >= rebate.target, rebate.reliability * rebate.rate * counted, 0.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sold", [0.0, 40.0, 75.0, 130.0])
def test_the_expected_rebate_is_an_integral_and_the_marginal_one_its_slope(mode, sold):
    rebate, mean, deviation = Rebate(100.0, 1.5, mode, 0.8), 30.0, 9.0
    integral = quad(
        lambda x: paid(rebate, sold + x) * norm.pdf(x, mean, deviation),
        mean - 9 * deviation,
        mean + 9 * deviation,
        points=[min(max(100.0 - sold, mean - 9 * deviation), mean + 9 * deviation)],
        limit=300,
        epsabs=1e-11,
    )[0]
    assert expected_rebate(rebate, sold, mean, deviation) == pytest.approx(integral, abs=1e-8)
    step = 1e-4
    slope = expected_rebate(rebate, sold, mean + step, deviation)
    slope = (slope - expected_rebate(rebate, sold, mean - step, deviation)) / (2.0 * step)
    assert marginal_rebate(rebate, sold, mean, deviation) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("mode", MODES)
def test_without_deviation_the_rebate_is_the_contract(mode):
    rebate = Rebate(100.0, 2.0, mode)
    for total in (0.0, 99.0, 100.0, 120.0):
        assert expected_rebate(rebate, 60.0, total - 60.0, 0.0) == pytest.approx(float(paid(rebate, total)))
        near = expected_rebate(rebate, 60.0, total - 60.0 + 1e-4, 1e-6)
        assert near == pytest.approx(float(paid(rebate, total + 1e-4)), abs=1e-3)
    assert marginal_rebate(rebate, 60.0, 39.0, 0.0) == 0.0
    assert marginal_rebate(rebate, 60.0, 41.0, 0.0) == 2.0


def test_one_unit_may_bring_the_rebate_on_all():
    assert marginal_rebate(Rebate(1000.0, 1.0, "retroactive"), 990.0, 10.0, 4.0) > 100.0
    assert marginal_rebate(Rebate(1000.0, 1.0), 990.0, 10.0, 4.0) == 0.5


def store_search(rebate, sold, basis, distribution, grid):
    """Return the best of a grid of stocks, its profit and every stock's; demands of equal probability."""
    demand = distribution.ppf((np.arange(2000) + 0.5) / 2000)
    sales = np.minimum(demand, grid[:, None])
    total = sold + (sales if basis == "sales" else grid[:, None])
    profit = (
        PRICE * sales + SALVAGE * (grid[:, None] - sales) - WHOLESALE * grid[:, None] + paid(rebate, total)
    )
    profit = profit.mean(axis=1)
    return grid[profit.argmax()], profit.max(), profit


@pytest.mark.parametrize("basis", ["sales", "purchases"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", [30.0, 75.0, 105.0, 112.0, 125.0, 160.0])
def test_no_stock_is_better(basis, mode, target):
    rebate, sold = Rebate(target, 1.0, mode, 0.9), 60.0
    found = best_stock(rebate, NormalDemand(50.0, 10.0), PRICE, WHOLESALE, SALVAGE, sold, basis)
    short = max(target - sold, 0.0)  # and a stock that only just misses it
    grid = np.unique(np.concatenate([np.linspace(0.0, 110.0, 1101), [short, max(short - 1e-6, 0.0)]]))
    quantity, most, profits = store_search(rebate, sold, basis, norm(50.0, 10.0), grid)
    assert found.profit == pytest.approx(most, abs=0.15)
    assert found.quantity == pytest.approx(quantity, abs=0.35)
    if target > sold:
        misses = grid < short - 1e-9
        assert found.missing_profit == pytest.approx(profits[misses].max(), abs=0.15)
        assert found.reaching_profit == pytest.approx(profits[~misses].max(), abs=0.15)
    else:
        assert np.isnan(found.missing)


@pytest.mark.parametrize("basis", ["sales", "purchases"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", [68, 80, 84, 90])
def test_no_stock_is_better_with_integer_demand(basis, mode, target):
    rebate = Rebate(float(target), 0.7, mode)
    found = best_stock(rebate, PoissonDemand(20.0), PRICE, WHOLESALE, SALVAGE, 60.0, basis)
    demand = np.arange(0, 200)
    weight = poisson(20.0).pmf(demand)
    profits = []
    for stock in range(80):
        sales = np.minimum(demand, stock)
        total = 60 + (sales if basis == "sales" else np.full_like(demand, stock))
        gain = PRICE * sales + SALVAGE * (stock - sales) - WHOLESALE * stock + paid(rebate, total)
        profits.append(weight @ gain)
    assert found.profit == pytest.approx(max(profits), rel=1e-9)
    assert found.quantity == np.argmax(profits)


def test_far_targets_are_let_go_and_near_ones_overshot():
    demand = NormalDemand(50.0, 10.0)
    stocks = [
        best_stock(
            Rebate(t, 0.5, "retroactive"), demand, PRICE, WHOLESALE, SALVAGE, 60.0, "purchases"
        ).quantity
        for t in (100.0, 120.0, 135.0)
    ]
    assert stocks[0] > 50.0  # every further unit brings the rate too
    assert stocks[1] == 60.0  # just the target
    assert stocks[2] == pytest.approx(50.0)  # too far


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("deviation", [0.0, 2.0, 8.0, 40.0])
@pytest.mark.parametrize("target", [50.0, 85.0, 95.0, 115.0, 140.0])
def test_no_price_is_better(mode, deviation, target):
    rebate, sold = Rebate(target, 3.0, mode, 0.9), 50.0
    found = best_sales(rebate, 100.0, 1.0, 20.0, sold, deviation)
    grid = np.unique(np.concatenate([np.linspace(0.0, 120.0, 6001), [max(target - sold, 0.0)]]))
    expected = [
        float(paid(rebate, sold + mean))
        if deviation == 0.0
        else expected_rebate(rebate, sold, mean, deviation)
        for mean in grid
    ]
    profit = (80.0 - grid) * grid + expected
    assert found.profit == pytest.approx(profit.max(), abs=1e-2)
    assert found.profit >= profit.max() - 1e-8
    assert found.quantity == pytest.approx(grid[profit.argmax()], abs=0.03)
    if deviation > 0.0 and 0.01 < found.quantity - (
        target - sold
    ):  # inside: marginal revenue + rebate = cost
        slope = 80.0 - 2.0 * found.quantity + marginal_rebate(rebate, sold, found.quantity, deviation)
        assert slope == pytest.approx(0.0, abs=1e-3)


@given(st.floats(0.0, 5.0), st.floats(60.0, 200.0), st.floats(1.0, 20.0))
def test_a_rebate_never_makes_a_member_sell_less_or_earn_less(rate, target, deviation):
    for mode in MODES:
        found = best_sales(Rebate(target, rate, mode), 100.0, 1.0, 20.0, 40.0, deviation)
        assert found.quantity >= 40.0 - 1e-6
        assert found.profit >= 1600.0 - 1e-9


def test_a_member_without_belief_is_not_moved():
    found = best_sales(Rebate(90.0, 3.0, "retroactive", 0.0), 100.0, 1.0, 20.0, 45.0, 5.0)
    assert found.quantity == pytest.approx(40.0, abs=1e-5)


@pytest.mark.parametrize(("gap", "deviation"), [(20.0, 10.0), (35.0, 9.0), (5.0, 2.0)])
def test_when_a_retroactive_rebate_pushes_most(gap, deviation):
    target = 400.0
    left = np.linspace(0.05, 60.0, 20_000)
    rebate = Rebate(target, 1.0, "retroactive")
    push = [marginal_rebate(rebate, 0.0, target - gap, deviation * np.sqrt(weeks)) for weeks in left]
    assert strongest_push(target, gap, deviation) == pytest.approx(left[np.argmax(push)], abs=0.01)


def test_the_hump_of_marginal_rebates():
    on_target = marginal_rebates_over_the_period(Rebate(130.0, 1.0, "retroactive"), 10.0, 3.0, 13)
    assert np.all(np.diff(on_target) > 0.0)
    short = marginal_rebates_over_the_period(Rebate(142.0, 1.0, "retroactive"), 10.0, 4.0, 13)
    peak = 13 - np.argmax(short)  # weeks left
    assert peak == pytest.approx(strongest_push(142.0, 12.0, 4.0), abs=1.0)
    assert 1 < peak < 13
    fading = marginal_rebates_over_the_period(Rebate(142.0, 1.0), 10.0, 4.0, 13)
    growing = marginal_rebates_over_the_period(Rebate(118.0, 1.0), 10.0, 4.0, 13)
    assert np.all(np.diff(fading) < 0.0)
    assert np.all(np.diff(growing) > 0.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("target", "rate", "holding"),
    [
        (6, 1.0, 2.5),
        (8, 1.0, 0.9),
        (8, 1.0, 3.0),
        (9, 1.0, 0.6),
        (9, 2.0, 1.9),
        (10, 1.3, 0.5),
        (11, 0.4, 1.0),
    ],
)
def test_no_plan_of_purchases_is_better(mode, target, rate, holding):
    rebate, weekly, weeks, after = Rebate(float(target), rate, mode), 2, 3, 5
    most = -np.inf
    for plan in product(range(13), repeat=weeks):
        stock, cost, feasible = 0, 0.0, True
        for bought in plan:
            stock += bought - weekly
            feasible = feasible and stock >= 0
            cost += holding * stock
        if not feasible or stock > weekly * after:
            continue
        while stock > weekly:  # after the period nobody buys before the stock is used up
            stock -= weekly
            cost += holding * stock
        most = max(most, float(paid(rebate, sum(plan))) - cost)
    found = heaped_purchases(rebate, float(weekly), weeks, holding)
    without = float(paid(rebate, weekly * weeks))
    assert without + found.gain == pytest.approx(most, abs=1e-9)
    assert sum(found.purchases) == pytest.approx(weekly * len(found.purchases))
    assert found.purchases[:2] == (2.0, 2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_rebate(Rebate(0.0, 1.0), 0.0, 1.0, 1.0), "target = 0.0"),
        (lambda: expected_rebate(Rebate(1.0, -1.0), 0.0, 1.0, 1.0), "rate = -1.0"),
        (lambda: marginal_rebate(Rebate(1.0, 1.0, "all"), 0.0, 1.0, 1.0), "mode = 'all'"),
        (lambda: marginal_rebate(Rebate(1.0, 1.0, "retroactive", 1.2), 0.0, 1.0, 1.0), "reliability = 1.2"),
        (lambda: marginal_rebate(Rebate(1.0, 1.0), -1.0, 1.0, 1.0), "sold = -1.0"),
        (lambda: marginal_rebate(Rebate(1.0, 1.0), 1.0, 1.0, -1.0), "deviation = -1.0"),
        (lambda: best_stock(Rebate(9.0, 1.0), NormalDemand(5.0, 1.0), 6.0, 6.0), "retail_price = 6.0"),
        (
            lambda: best_stock(Rebate(9.0, 1.0), NormalDemand(5.0, 1.0), 9.0, 6.0, basis="both"),
            "basis = 'both'",
        ),
        (
            lambda: best_stock(Rebate(9.0, 4.0), NormalDemand(5.0, 1.0), 9.0, 6.0, 2.0, basis="purchases"),
            "wholesale_price less rebate = 2.0",
        ),
        (lambda: best_sales(Rebate(9.0, 4.0), 20.0, 1.0, 20.0), "intercept = 20.0"),
        (lambda: marginal_rebates_over_the_period(Rebate(9.0, 1.0), 1.0, 0.0, 4), "weekly_deviation = 0.0"),
        (lambda: marginal_rebates_over_the_period(Rebate(9.0, 1.0), 1.0, 1.0, 0), "weeks = 0"),
        (lambda: strongest_push(100.0, 100.0, 5.0), "gap = 100.0"),
        (lambda: heaped_purchases(Rebate(9.0, 1.0), 1.0, 4, 0.0), "holding_cost = 0.0"),
        (lambda: heaped_purchases(Rebate(9.0, 1.0), 0.0, 4, 1.0), "weekly_demand = 0.0"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
