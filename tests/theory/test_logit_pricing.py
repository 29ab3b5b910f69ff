"""Logit prices against brute force: profits maximised, best responses repeated, a fixed point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from channelsim.theory.choice import logit_shares
from channelsim.theory.logit_pricing import (
    LogitMarket,
    bertrand_prices,
    common_markup,
    gain_from_deviating,
    monopoly_margin,
    symmetric_margin,
)
from refusals import refused_in_one_line

TWO_KINDS = LogitMarket.of(
    quality=[[5.0, 0.5, 4.0, 0.0], [6.0, 6.5, 5.5, 6.0], [0.0, 5.0, 0.0, 4.0]],
    price_sensitivity=[0.3, 1.2, 0.4],
    buyers=[300.0, 500.0, 200.0],
    unit_cost=[4.0, 4.2, 4.5, 4.5],
    store=[0, 0, 1, 1],
)


def best_margin(profit):
    """Return where a function of one margin is largest: a grid first, then Brent's method."""
    grid = np.linspace(0.01, 60.0, 3000)
    peak = grid[np.argmax([profit(m) for m in grid])]
    step = grid[1] - grid[0]
    return minimize_scalar(lambda m: -profit(m), bracket=(peak - step, peak, peak + step), tol=1e-10).x


@pytest.mark.parametrize(("quality", "cost", "alpha"), [(6.0, 4.0, 0.5), (-2.0, 1.0, 1.0), (20.0, 3.0, 0.4)])
def test_the_monopoly_margin_maximises_profit(quality, cost, alpha):
    def profit(m):
        weight = np.exp(quality - alpha * (cost + m))
        return m * weight / (1.0 + weight)

    assert monopoly_margin(quality, cost, alpha) == pytest.approx(best_margin(profit), rel=1e-6)


def test_lambert_w_is_found_for_qualities_beyond_the_range_of_floats():
    below, above = monopoly_margin(700.99, 0.0, 1.0), monopoly_margin(701.01, 0.0, 1.0)
    assert above - below == pytest.approx(0.02, rel=5e-3)
    m = monopoly_margin(5000.0, 0.0, 1.0)
    assert (m - 1.0) + np.log(m - 1.0) == pytest.approx(4999.0, rel=1e-14)


@given(st.floats(-5.0, 30.0), st.floats(0.0, 5.0), st.floats(0.05, 5.0))
def test_one_store_of_the_symmetric_game_is_the_monopoly(quality, cost, alpha):
    assert symmetric_margin(1, quality, cost, alpha) == pytest.approx(
        monopoly_margin(quality, cost, alpha), rel=1e-9
    )


@given(st.integers(2, 40), st.floats(-5.0, 10.0), st.floats(0.1, 3.0))
def test_an_outside_good_lowers_the_margin_and_vanishes_with_quality(stores, quality, alpha):
    without = symmetric_margin(stores, quality, 1.0, alpha, outside_good=False)
    assert 1.0 / alpha < symmetric_margin(stores, quality, 1.0, alpha) < without
    assert symmetric_margin(stores, 300.0, 1.0, alpha) == pytest.approx(without, rel=1e-9)


@pytest.mark.parametrize("outside", [1.0, 0.0])
def test_best_responses_to_one_another_end_at_the_symmetric_margin(outside):
    alpha, quality, cost, stores, others = 0.5, 2.0, 1.0, 4, 1.0
    for _ in range(40):

        def profit(m, others=others):
            own, rival = (np.exp(quality - alpha * (cost + x)) for x in (m, others))
            return m * own / (outside + own + (stores - 1) * rival)

        others = best_margin(profit)
    expected = symmetric_margin(stores, quality, cost, alpha, outside_good=bool(outside))
    assert others == pytest.approx(expected, rel=1e-6)


def fixed_point(market):
    """Repeat the first-order condition m = [Σ M s + Σ α M s H] / Σ α M s, H the store's Σ s m (damped)."""
    margin = np.full(market.unit_cost.size, 1.0)
    for _ in range(20_000):
        price = market.unit_cost + margin
        share = logit_shares(market.quality - market.price_sensitivity[:, None] * price)
        size, alpha = market.buyers[:, None], market.price_sensitivity[:, None]
        held = np.stack([(share * margin)[:, market.store == j].sum(axis=1) for j in market.store], axis=1)
        new = (size * share + alpha * size * share * held).sum(axis=0) / (alpha * size * share).sum(axis=0)
        if np.abs(new - margin).max() < 1e-13:
            break
        margin += 0.3 * (new - margin)
    return market.unit_cost + margin


@pytest.mark.parametrize(
    "market",
    [
        TWO_KINDS,
        LogitMarket.of([4.5, 3.5, 2.5, 4.0, 2.7], 0.4, 1000.0, [5.0, 4.0, 2.5, 5.5, 4.5], [0, 0, 0, 1, 2]),
    ],
    ids=["three cells", "one cell"],
)
def test_prices_are_an_equilibrium_and_the_fixed_point_of_the_first_order_condition(market):
    price = bertrand_prices(market)
    np.testing.assert_allclose(price, fixed_point(market), rtol=1e-9)
    assert gain_from_deviating(market, price) < 1e-8
    assert gain_from_deviating(market, price * 1.1) > 1e-4


def test_one_cell_gives_one_markup_per_store_and_several_do_not():
    market = LogitMarket.of([4.5, 3.5, 2.5, 4.0], 0.4, 1000.0, [5.0, 4.0, 2.5, 5.5], [0, 0, 0, 1])
    margin = bertrand_prices(market) - market.unit_cost
    share = market.demand(market.unit_cost + margin).real[:3].sum() / 1000.0
    np.testing.assert_allclose(margin[:3], common_markup(0.4, share), rtol=1e-9)
    several = bertrand_prices(TWO_KINDS) - TWO_KINDS.unit_cost
    assert np.ptp(several[:2]) > 0.1
    sold = TWO_KINDS.demand(several + TWO_KINDS.unit_cost).real
    alpha = TWO_KINDS.buyers @ TWO_KINDS.price_sensitivity / TWO_KINDS.buyers.sum()
    short = common_markup(alpha, sold[:2].sum() / TWO_KINDS.buyers.sum())
    assert abs(short / (sold[:2] @ several[:2] / sold[:2].sum()) - 1.0) > 0.1


def test_a_chain_that_owns_both_stores_asks_more():
    apart = LogitMarket.of([2.0, 2.5], 0.5, 1.0, 1.0)
    together = LogitMarket.of([2.0, 2.5], 0.5, 1.0, 1.0, [0, 0])
    assert (bertrand_prices(together) > bertrand_prices(apart)).all()


def test_the_complex_step_is_the_derivative():
    price, step = np.array([9.0, 8.0, 7.0, 10.0]), 1e-5
    for shelf, slope in enumerate(TWO_KINDS.profit_slopes(price)):
        up, down = price.copy(), price.copy()
        up[shelf] += step
        down[shelf] -= step
        store = int(TWO_KINDS.store[shelf])
        difference = (TWO_KINDS.profit(up, store) - TWO_KINDS.profit(down, store)).real / (2 * step)
        assert slope == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: monopoly_margin(1.0, 1.0, 0.0), "price_sensitivity"),
        (lambda: monopoly_margin(float("nan"), 1.0, 1.0), "quality"),
        (lambda: monopoly_margin(1.0, float("inf"), 1.0), "unit_cost"),
        (lambda: symmetric_margin(1, 1.0, 1.0, 1.0, outside_good=False), "at least 2"),
        (lambda: symmetric_margin(0, 1.0, 1.0, 1.0), "stores = 0"),
        (lambda: symmetric_margin(3, 1.0, 1.0, -1.0), "price_sensitivity"),
        (lambda: common_markup(1.0, 1.0), "store_share"),
        (lambda: common_markup(1.0, -0.1), "store_share"),
        (lambda: common_markup(-1.0, 0.1), "price_sensitivity"),
        (lambda: LogitMarket.of([1.0, 2.0], 1.0, 1.0, [1.0, 1.0, 1.0]), "unit_cost"),
        (lambda: LogitMarket.of([1.0, 2.0], -1.0, 1.0, 1.0), "price_sensitivity"),
        (lambda: LogitMarket.of([1.0, 2.0], 1.0, -1.0, 1.0), "buyers"),
        (lambda: LogitMarket.of([1.0, 2.0], 1.0, 1.0, 1.0, [0]), "store"),
        (lambda: LogitMarket.of([1.0, 2.0], 1.0, 1.0, float("nan")), "unit_cost = nan: must be a finite"),
        (lambda: gain_from_deviating(TWO_KINDS, [1.0]), "price"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
