"""Service with spillover against stores that search their efforts, and against logit demand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from channelsim.theory.service_free_riding import (
    ServiceMarket,
    all_stores,
    coordinating_share,
    each_store_alone,
    logit_slopes,
    manufacturers_best_share,
    neutral_spillover,
    whole_channel,
)
from refusals import refused_in_one_line

MARKETS = [
    ServiceMarket(4, 10.0, 0.0, 0.8, 5.0, 2.0, 3.0),
    ServiceMarket(3, 10.0, 6.0, 0.25, 4.0, 2.0, 1.0),
    ServiceMarket(2, 8.0, 3.0, 0.0, 4.0, 1.0, 0.0),
    ServiceMarket(1, 8.0, 0.0, 0.7, 4.0, 1.0, 2.0),
]


def added_sales(market, efforts):
    """Return the sales that every store's service adds, straight from the model's words."""
    perceived = (1.0 - market.spillover) * efforts + market.spillover * efforts.mean()
    others = (perceived.sum() - perceived) / max(market.stores - 1, 1)
    return market.own_slope * perceived - market.rival_slope * others


def joint(market, margin):
    """Return the efforts of highest joint profit at a margin."""
    found = minimize(
        lambda e: -(margin * added_sales(market, e).sum() - 0.5 * market.effort_cost * (e**2).sum()),
        np.ones(market.stores),
    )
    return found.x, -found.fun / market.stores


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_no_store_gains_by_another_effort(market, share):
    found = each_store_alone(market, share)
    efforts = np.full(market.stores, found.effort)

    def profit(effort):
        efforts[0] = effort
        cost = (1.0 - share) * 0.5 * market.effort_cost * effort**2
        return market.store_margin * added_sales(market, efforts)[0] - cost

    best = minimize_scalar(
        lambda e: -profit(e), bounds=(0.0, 50.0), method="bounded", options={"xatol": 1e-9}
    )
    assert found.effort == pytest.approx(best.x, rel=1e-6)
    assert found.store_profit == pytest.approx(-best.fun, rel=1e-9)
    cost = 0.5 * market.effort_cost * found.effort**2
    assert found.manufacturer_profit == pytest.approx(market.manufacturer_margin * found.sales - share * cost)


@pytest.mark.parametrize("market", MARKETS)
def test_joint_optima(market):
    efforts, profit = joint(market, market.store_margin)
    assert efforts == pytest.approx(np.full(market.stores, all_stores(market).effort), rel=1e-4)
    assert all_stores(market).store_profit == pytest.approx(profit, rel=1e-7)
    efforts, profit = joint(market, market.store_margin + market.manufacturer_margin)
    owner = whole_channel(market)
    assert efforts == pytest.approx(np.full(market.stores, owner.effort), rel=1e-4)
    assert owner.store_profit + owner.manufacturer_profit == pytest.approx(profit, rel=1e-7)
    assert each_store_alone(market, coordinating_share(market)).effort == pytest.approx(owner.effort)


@pytest.mark.parametrize("market", MARKETS)
def test_the_manufacturers_best_share(market):
    tried = np.linspace(0.0, 0.98, 9801)
    profits = [each_store_alone(market, share).manufacturer_profit for share in tried]
    assert manufacturers_best_share(market) == pytest.approx(tried[np.argmax(profits)], abs=1e-4)


@given(st.integers(2, 9), st.floats(0.1, 20.0), st.floats(0.0, 0.95), st.floats(0.0, 1.0))
def test_free_riding_and_winning_from_each_other(stores, own, part, spillover):
    rival = part * own
    market = ServiceMarket(stores, own, rival, spillover, 3.0, 2.0, 1.0)
    alone, together = each_store_alone(market).effort, all_stores(market).effort
    neutral = neutral_spillover(stores, own, rival)
    assert 0.0 <= neutral < 1.0
    if abs(spillover - neutral) > 1e-6:
        assert (alone < together) == (spillover > neutral)
    at_neutral = ServiceMarket(stores, own, rival, neutral, 3.0, 2.0, 1.0)
    assert each_store_alone(at_neutral).effort == pytest.approx(all_stores(at_neutral).effort)
    assert all_stores(market).store_profit >= each_store_alone(market).store_profit - 1e-9
    assert manufacturers_best_share(market) <= max(0.0, coordinating_share(market)) + 1e-12


@pytest.mark.parametrize("stores", [1, 2, 5])
@pytest.mark.parametrize("spillover", [0.0, 0.4, 1.0])
def test_the_slopes_are_those_of_logit_demand(stores, spillover):
    buyers, taste, cost, margin = 1000.0, 0.7, 4.0, 1.5

    def sold(efforts):
        perceived = (1.0 - spillover) * efforts + spillover * efforts.mean()
        weight = np.exp(taste * perceived - 2.0)
        return buyers * weight / (1.0 + weight.sum())

    equal, step = np.full(stores, 0.3), np.zeros(stores)
    step[0] = 1e-5
    change = (sold(equal + step) - sold(equal - step)) / 2e-5
    slopes = logit_slopes(buyers, taste, sold(equal)[0] / buyers, stores)
    market = ServiceMarket(stores, *slopes, spillover, cost, margin, 0.0)
    assert market.own_response == pytest.approx(change[0], rel=1e-7)
    assert market.joint_response == pytest.approx(change.sum(), rel=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ServiceMarket(0, 10.0, 0.0, 0.5, 1.0, 1.0, 1.0), "stores = 0"),
        (lambda: ServiceMarket(2, 10.0, 10.0, 0.5, 1.0, 1.0, 1.0), "rival_slope = 10.0"),
        (lambda: ServiceMarket(1, 10.0, 2.0, 0.5, 1.0, 1.0, 1.0), "a single store has no rivals"),
        (lambda: ServiceMarket(2, 10.0, 0.0, 1.5, 1.0, 1.0, 1.0), "spillover = 1.5"),
        (lambda: ServiceMarket(2, 10.0, 0.0, 0.5, 0.0, 1.0, 1.0), "effort_cost = 0.0"),
        (lambda: ServiceMarket(2, 10.0, 0.0, 0.5, 1.0, 1.0, -1.0), "manufacturer_margin = -1.0"),
        (lambda: each_store_alone(MARKETS[0], 1.0), "cooperative_share = 1.0"),
        (lambda: logit_slopes(100.0, 1.0, 0.5, 2), "share = 0.5"),
        (lambda: logit_slopes(0.0, 1.0, 0.2, 2), "buyers = 0.0"),
        (lambda: neutral_spillover(1, 10.0, 0.0), "stores = 1"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
