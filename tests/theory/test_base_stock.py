"""Base stock under periodic review against a simulation written here, and lost sales against another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from channelsim.theory.base_stock import base_stock, base_stock_for_fill_rate, best_base_stock
from channelsim.theory.lost_sales import base_stock_with_lost_sales
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.uncertain_demand import ExponentialDemand, GammaDemand, NormalDemand, PoissonDemand
from refusals import refused_in_one_line


def kept_by_hand(demands, level, lead_time, lost=False):
    """Follow many stores week by week; return mean stock, owed, share met at once and share of short
    weeks."""
    stores, weeks = demands.shape
    stock, owed = np.full(stores, float(level)), np.zeros(stores)
    coming = np.zeros((lead_time + 1, stores))  # due at the start of the next week, the one after, ...
    sums = np.zeros(4)
    for week in range(weeks):
        stock = stock + coming[0]
        coming = np.vstack([coming[1:], np.zeros((1, stores))])
        served = np.minimum(stock, owed)
        stock, owed = stock - served, owed - served
        met = np.minimum(stock, demands[:, week])
        unmet = demands[:, week] - met
        stock = stock - met
        owed = owed + (0.0 if lost else unmet)
        coming[-1] = level - (stock + coming.sum(axis=0) - owed)
        if week >= 30:
            sums += stock.mean(), owed.mean(), met.mean(), (unmet + owed > 0).mean()
    sums /= weeks - 30
    return sums[0], sums[1], sums[2] / demands[:, 30:].mean(), sums[3]


@pytest.mark.parametrize(
    ("demand", "level", "lead_time"),
    [
        (PoissonDemand(4.0), 14, 2),
        (PoissonDemand(4.0), 5, 0),
        (PoissonDemand(0.7), 4, 4),
        (NormalDemand(20.0, 4.0), 63.0, 2),
        (GammaDemand(10.0, 7.0), 30.0, 1),
        (ExponentialDemand(10.0), 25.0, 1),
    ],
    ids=str,
)
def test_stock_backorders_and_fill_rate_are_those_of_a_store_followed_by_hand(demand, level, lead_time):
    rng = np.random.default_rng(3)
    draw = {
        PoissonDemand: lambda size: rng.poisson(demand.mean, size),
        NormalDemand: lambda size: rng.normal(demand.mean, demand.standard_deviation, size),
        GammaDemand: lambda size: rng.gamma(demand.shape, demand.scale, size),
        ExponentialDemand: lambda size: rng.exponential(demand.mean, size),
    }[type(demand)]
    found = np.array([kept_by_hand(draw((400, 230)), level, lead_time) for _ in range(8)])
    theory = base_stock(demand, level, lead_time)
    expected = theory[1:]
    error = found.std(axis=0, ddof=1) / np.sqrt(8)
    assert np.all(np.abs(found.mean(axis=0) - expected) < 5.4 * error)  # Student, 7 degrees: 99.9 %
    assert np.all(5.4 * error < 0.05 * np.array(expected))


def test_fill_rate_is_the_expectation_of_what_a_week_finds():
    # E[min(D, (S − D of the lead time)⁺)]/μ, summed over both
    d = np.arange(120)
    before, week = poisson.pmf(d, 8.0), poisson.pmf(d, 4.0)
    met = np.minimum(d[None, :], np.maximum(17 - d[:, None], 0))
    direct = before @ met @ week / 4.0
    assert base_stock(PoissonDemand(4.0), 17, 2).fill_rate == pytest.approx(direct, rel=1e-12)


def test_share_of_backorders_is_not_the_fill_rate_unless_the_lead_time_is_zero():
    long = base_stock(PoissonDemand(4.0), 10, 2)
    assert long.fill_rate - (1.0 - long.expected_backorders / 4.0) > 0.1
    none = base_stock(PoissonDemand(4.0), 5, 0)
    assert none.fill_rate == pytest.approx(1.0 - none.expected_backorders / 4.0, rel=1e-12)


def test_printed_number_of_a_base_stock_with_lead_time():
    # Φ⁻¹ of the fractile over L + 1 weeks, from tables: z(0.7954545) = 0.825494
    best = best_base_stock(NormalDemand(50.0, 8.0), 3, 0.18, 0.70)
    assert best.base_stock == pytest.approx(200.0 + 16.0 * norm.ppf(0.70 / 0.88), rel=1e-12)
    assert best.stockout_rate == pytest.approx(0.18 / 0.88, rel=1e-9)


@given(st.floats(0.5, 30.0), st.integers(0, 4), st.integers(0, 120))
def test_identities_of_the_base_stock(mean, lead_time, level):
    found = base_stock(PoissonDemand(mean), level, lead_time)
    net = level - mean * (lead_time + 1)
    assert found.expected_stock - found.expected_backorders == pytest.approx(net, abs=1e-9)
    assert -1e-12 <= found.fill_rate <= 1.0 + 1e-12
    assert base_stock(PoissonDemand(mean), level + 1, lead_time).fill_rate >= found.fill_rate - 1e-12
    # a unit that waits more than a week is counted more than once among the backorders
    assert found.fill_rate >= 1.0 - found.expected_backorders / mean - 1e-12


@given(st.floats(0.5, 30.0), st.integers(0, 4), st.floats(0.05, 0.999))
def test_base_stock_for_a_fill_rate_is_the_lowest(mean, lead_time, target):
    whole = base_stock_for_fill_rate(PoissonDemand(mean), lead_time, target)
    assert whole.fill_rate >= target
    assert base_stock(PoissonDemand(mean), whole.base_stock - 1, lead_time).fill_rate < target
    exact = base_stock_for_fill_rate(GammaDemand(mean, 0.6 * mean), lead_time, target)
    assert exact.fill_rate == pytest.approx(target, rel=1e-9)


def test_certain_demand_needs_no_safety_stock():
    found = base_stock(NormalDemand(4.0, 0.0), 12.0, 2)
    assert found[1:] == (0.0, 0.0, 1.0, 0.0)


# --- lost sales -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "level", "lead_time"), [(4.0, 14, 2), (5.0, 9, 1), (2.0, 8, 3)])
def test_lost_sales_are_those_of_a_store_followed_by_hand(mean, level, lead_time):
    rng = np.random.default_rng(4)
    found = np.array(
        [kept_by_hand(rng.poisson(mean, (400, 230)), level, lead_time, lost=True) for _ in range(8)]
    )
    theory = base_stock_with_lost_sales(PoissonDemand(mean), level, lead_time)
    error = found.std(axis=0, ddof=1) / np.sqrt(8)
    expected = (theory.expected_stock, 0.0, theory.fill_rate, theory.stockout_rate)
    assert np.all(np.abs(found.mean(axis=0) - expected) <= 5.4 * error)
    assert theory.expected_lost_sales == pytest.approx(mean * (1.0 - theory.fill_rate))


@given(st.floats(0.5, 12.0), st.integers(0, 25))
def test_lost_sales_without_a_lead_time_are_a_newsvendor_every_week(mean, level):
    found = base_stock_with_lost_sales(PoissonDemand(mean), level, 0)
    store = newsvendor_store(PoissonDemand(mean), 2.0, 1.0, quantity=float(level))
    assert found.expected_lost_sales == pytest.approx(store.expected_lost_sales, abs=1e-12)
    assert found.expected_stock == pytest.approx(store.expected_leftover, abs=1e-12)


@pytest.mark.parametrize("lead_time", [1, 2])
def test_units_are_conserved_in_the_chain(lead_time):
    # what is neither on the shelf at the end of a week nor sold is under way: S = stock + (L + 1) · sales
    found = base_stock_with_lost_sales(PoissonDemand(4.0), 13, lead_time)
    sales = 4.0 - found.expected_lost_sales
    assert found.expected_stock + (lead_time + 1) * sales == pytest.approx(13.0, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: base_stock(PoissonDemand(4.0), float("nan"), 1), "level = nan: must be a finite number"),
        (lambda: base_stock(PoissonDemand(4.0), 9, -1), "lead_time = -1: must be at least 0"),
        (lambda: base_stock(PoissonDemand(4.0), 9, 1.5), "lead_time = 1.5: must be a whole number of weeks"),
        (lambda: base_stock(PoissonDemand(0.0), 9, 1), "mean demand = 0.0: must be above 0"),
        (lambda: best_base_stock(PoissonDemand(4.0), 1, 0.0, 1.0), "overage_cost = 0.0: must be above 0"),
        (
            lambda: base_stock_for_fill_rate(PoissonDemand(4.0), 1, 1.0),
            r"fill_rate = 1.0: must lie in \(0, 1\)",
        ),
        (lambda: base_stock_with_lost_sales(NormalDemand(4.0, 1.0), 9, 1), "the chain needs Poisson demand"),
        (
            lambda: base_stock_with_lost_sales(PoissonDemand(4.0), 9.5, 1),
            "level = 9.5: must be a whole number",
        ),
        (lambda: base_stock_with_lost_sales(PoissonDemand(4.0), 80, 4), "the chain has 1929501 states"),
    ],
)
def test_bad_input_is_one_clear_line(make, said):
    refused_in_one_line(make, said)
