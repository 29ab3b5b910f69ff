"""Cooperative advertising against a retailer, a manufacturer and an owner that search what to spend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from channelsim.theory.cooperative_advertising import (
    AdvertisedChannel,
    at_the_same_time,
    best_participation_rate,
    manufacturer_leads,
    one_owner,
)
from refusals import refused_in_one_line

CASES = [
    (1000.0, 3000.0, 1.0, 1.0, 4.0, 1.0),
    (1000.0, 3000.0, 1.0, 1.0, 1.5, 1.0),  # the corner: nothing is paid for
    (500.0, 200.0, 0.4, 0.7, 3.0, 2.0),
    (500.0, 200.0, 0.4, 0.7, 6.0, 2.0),
]


def sales(case, local, brand):
    saturation, shortfall, gamma, delta = case[:4]
    return saturation - shortfall * local**-gamma * brand**-delta


def retailer_answers(case, brand, rate):
    """Return the local advertising that the retailer finds best."""
    found = minimize_scalar(
        lambda log: -(case[5] * sales(case, np.exp(log), brand) - (1.0 - rate) * np.exp(log)),
        bounds=(-5.0, 10.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return np.exp(found.x)


def climb(profit, start):
    found = minimize(
        lambda x: -profit(*x), start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}
    )
    return found.x, -found.fun


@pytest.mark.parametrize("case", CASES)
def test_the_leader_finds_no_better_rate_and_spending(case):
    def profit(rate, log_brand):
        if not 0.0 <= rate < 0.99:
            return -1e6
        brand = np.exp(log_brand)
        local = retailer_answers(case, brand, rate)
        return case[4] * sales(case, local, brand) - rate * local - brand

    found = manufacturer_leads(AdvertisedChannel(*case))
    (rate, log_brand), best = climb(profit, [0.3, np.log(20.0)])
    assert found.participation_rate == pytest.approx(rate, abs=2e-4)
    assert found.brand_advertising == pytest.approx(np.exp(log_brand), rel=2e-3)
    assert found.manufacturer_profit == pytest.approx(best, rel=1e-7)
    assert found.manufacturer_profit >= best * (1.0 - 2e-9)  # a search answers to half of the digits
    local = retailer_answers(case, found.brand_advertising, found.participation_rate)
    assert found.local_advertising == pytest.approx(local, rel=1e-4)
    retailer = case[5] * found.sales - (1.0 - found.participation_rate) * found.local_advertising
    assert found.retailer_profit == pytest.approx(retailer)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rate", [0.0, 0.35])
def test_at_a_given_rate_the_leaders_spending_is_best(case, rate):
    found = manufacturer_leads(AdvertisedChannel(*case), rate)

    def loss(log_brand):
        brand = np.exp(log_brand)
        local = retailer_answers(case, brand, rate)
        return -(case[4] * sales(case, local, brand) - rate * local - brand)

    best = minimize_scalar(loss, bounds=(-3.0, 8.0), method="bounded", options={"xatol": 1e-8})
    assert found.brand_advertising == pytest.approx(np.exp(best.x), rel=1e-3)
    assert found.manufacturer_profit == pytest.approx(-best.fun, rel=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_one_owner_and_the_nash_equilibrium(case):
    owner = one_owner(AdvertisedChannel(*case))
    (local, brand), best = climb(
        lambda a, q: (case[4] + case[5]) * sales(case, np.exp(a), np.exp(q)) - np.exp(a) - np.exp(q),
        [3.0, 3.0],
    )
    assert (owner.local_advertising, owner.brand_advertising) == pytest.approx(
        np.exp([local, brand]), rel=1e-4
    )
    assert owner.manufacturer_profit + owner.retailer_profit == pytest.approx(best, rel=1e-9)
    nash = at_the_same_time(AdvertisedChannel(*case))
    assert nash.local_advertising == pytest.approx(
        retailer_answers(case, nash.brand_advertising, 0.0), rel=1e-5
    )
    answer = minimize_scalar(
        lambda log: -(case[4] * sales(case, nash.local_advertising, np.exp(log)) - np.exp(log)),
        bounds=(-5.0, 10.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert nash.brand_advertising == pytest.approx(np.exp(answer.x), rel=1e-5)
    assert owner.local_advertising > nash.local_advertising


@given(st.floats(0.1, 20.0), st.floats(0.1, 5.0), st.floats(0.1, 2.0))
def test_the_corner_at_zero(manufacturer_margin, retailer_margin, elasticity):
    rate = best_participation_rate(manufacturer_margin, retailer_margin, elasticity)
    assert 0.0 <= rate < 1.0
    assert (rate > 0.0) == (manufacturer_margin > (elasticity + 1.0) * retailer_margin)
    channel = AdvertisedChannel(1e5, 100.0, elasticity, 0.5, manufacturer_margin, retailer_margin)
    best = manufacturer_leads(channel).manufacturer_profit
    for other in (0.0, 0.5 * rate, 0.5 * (1.0 + rate)):
        assert manufacturer_leads(channel, other).manufacturer_profit <= best + 1e-9 * abs(best)


def test_participating_raises_both_profits_but_not_to_the_owners():
    channel = AdvertisedChannel(1000.0, 3000.0, 1.0, 1.0, 4.0, 1.0)
    without, paid, owner = manufacturer_leads(channel, 0.0), manufacturer_leads(channel), one_owner(channel)
    assert paid.manufacturer_profit > without.manufacturer_profit
    assert paid.retailer_profit > without.retailer_profit
    together = paid.manufacturer_profit + paid.retailer_profit
    assert together < owner.manufacturer_profit + owner.retailer_profit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AdvertisedChannel(0.0, 1.0, 1.0, 1.0, 1.0, 1.0), "saturation = 0.0"),
        (lambda: AdvertisedChannel(1.0, 1.0, 1.0, -1.0, 1.0, 1.0), "brand_elasticity = -1.0"),
        (lambda: AdvertisedChannel(1.0, 1.0, 1.0, 1.0, 1.0, float("nan")), "retailer_margin = nan"),
        (lambda: one_owner(AdvertisedChannel(1.0, 3000.0, 1.0, 1.0, 4.0, 1.0)), "saturation = 1: too low"),
        (
            lambda: manufacturer_leads(AdvertisedChannel(1e4, 1.0, 1.0, 1.0, 4.0, 1.0), 1.0),
            "participation_rate",
        ),
        (lambda: best_participation_rate(1.0, 0.0, 1.0), "retailer_margin = 0.0"),
        (lambda: best_participation_rate(1.0, 1.0, 0.0), "local_elasticity = 0.0"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
