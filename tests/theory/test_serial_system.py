"""The serial system's decomposition against what its stages owe, a search over levels and a hand-kept
chain."""

from itertools import product

import numpy as np
import pytest
from scipy.signal import fftconvolve
from scipy.stats import norm

from channelsim.theory.base_stock import best_base_stock
from channelsim.theory.newsvendor import newsvendor
from channelsim.theory.serial_system import (
    local_base_stocks,
    serial_cost,
    serial_optimum,
    serial_performance,
)
from channelsim.theory.uncertain_demand import GammaDemand, NormalDemand, PoissonDemand
from refusals import refused_in_one_line

EXAMPLE = (NormalDemand(5.0, 1.0), (0, 0, 1), (3.0, 2.0, 2.0), 37.12)
"""Example 6.1 of Snyder & Shen (2019): lead times of 1, 1 and 2 periods of demand, the store's first."""


def cost_by_what_is_owed(demand, lead_times, holding, penalty, local_levels):
    """Return the cost of local levels from stocks and backorders, which know no echelons."""
    found = serial_performance(demand, lead_times, local_levels)
    local = np.cumsum(np.array(holding)[::-1])[::-1]
    transit = sum(local[j + 1] * found.in_transit[j] for j in range(len(lead_times) - 1))
    return float(local @ found.expected_stock) + transit + penalty * found.expected_backorders[0]


def cost_on_a_lattice(demand, lead_times, holding, penalty, echelon_levels, step):
    """Return the cost under normal demand, the distribution of what each stage owes kept on a lattice."""
    levels = np.diff(echelon_levels, prepend=0.0)
    local = np.cumsum(np.array(holding)[::-1])[::-1]
    owed, cost, backorders = np.ones(1), 0.0, 0.0
    for j in range(len(levels) - 1, -1, -1):
        over = demand.over(lead_times[j] + 1)
        low = round(min(0.0, over.mean - 9.0 * over.deviation) / step)
        high = round((over.mean + 9.0 * over.deviation) / step)
        d = np.arange(low, high + 1) * step
        edges = (d[:, None] + np.array([-0.5, 0.5]) * step - over.mean) / over.deviation
        short = np.maximum(fftconvolve(owed, np.diff(norm.cdf(edges), axis=1)[:, 0]), 0.0)
        beyond = (low + np.arange(len(short))) * step - levels[j]
        cost += local[j] * (short @ np.maximum(-beyond, 0.0))
        cost += local[j] * demand.mean * (lead_times[j - 1] + 1) if j else 0.0
        backorders = short @ np.maximum(beyond, 0.0)
        at = round(levels[j] / step) - low
        owed = np.append(short[: at + 1].sum(), short[at + 1 :])
    return cost + penalty * backorders


def test_the_example_is_what_a_lattice_says_and_near_what_the_peer_prints():
    best = serial_optimum(*EXAMPLE)
    step = 0.005
    levels = np.round(np.array(best.echelon_base_stocks) / (2 * step)) * 2 * step
    fine, coarse = (cost_on_a_lattice(*EXAMPLE, levels, s) for s in (step, 2 * step))
    extrapolated = fine + (fine - coarse) / 3.0
    assert serial_cost(*EXAMPLE, levels) == pytest.approx(extrapolated, rel=1e-7)
    # printed in stockpyl's documentation, from its own discretisation (1,000 positions, tails at 4
    # deviations)
    assert best.echelon_base_stocks == pytest.approx(
        (6.5144388073261155, 12.012332294949644, 22.700237234889784), rel=5e-3
    )
    assert best.cost == pytest.approx(47.668653127136345, rel=5e-4)
    assert best.cost < 47.668653127136345


def test_no_other_levels_are_better():
    best = serial_optimum(*EXAMPLE)
    for step in product((-0.05, 0.0, 0.05), repeat=3):
        if any(step):
            assert serial_cost(*EXAMPLE, np.array(best.echelon_base_stocks) + step) > best.cost
    assert serial_cost(*EXAMPLE, best.echelon_base_stocks) == pytest.approx(best.cost, rel=1e-12)


@pytest.mark.parametrize(
    ("lead_times", "holding", "levels"),
    [
        ((1, 2), (2.0, 1.0), (11, 11)),
        ((1, 2), (2.0, 1.0), (14, 6)),
        ((0, 0, 1), (3.0, 2.0, 2.0), (6, 3, 9)),
        ((2, 0, 1, 1), (1.0, 0.5, 0.5, 0.25), (13, 0, 8, 7)),
    ],
)
def test_echelon_costs_and_what_stages_owe_agree(lead_times, holding, levels):
    demand, penalty = PoissonDemand(3.5), 15.0
    expected = cost_by_what_is_owed(demand, lead_times, holding, penalty, levels)
    found = serial_cost(demand, lead_times, holding, penalty, np.cumsum(levels))
    assert found == pytest.approx(expected, rel=1e-10)


def test_the_optimum_is_that_of_a_search_over_all_levels():
    demand, lead_times, holding, penalty = PoissonDemand(4.0), (1, 2), (2.0, 1.0), 20.0
    costs = {
        levels: cost_by_what_is_owed(demand, lead_times, holding, penalty, levels)
        for levels in product(range(6, 18), range(6, 22))
    }
    cheapest = min(costs, key=costs.__getitem__)
    best = serial_optimum(demand, lead_times, holding, penalty)
    assert best.local_base_stocks == cheapest
    assert best.cost == pytest.approx(costs[cheapest], rel=1e-10)


def test_a_chain_followed_by_hand_has_the_stocks_and_backorders():
    rng, stores, weeks, warm = np.random.default_rng(8), 600, 330, 30
    lead_times, levels = (1, 2), (11, 11)
    stock = [np.full(stores, float(level)) for level in levels]
    owed = [np.zeros(stores), np.zeros(stores)]
    coming = [np.zeros((lead + 1, stores)) for lead in lead_times]
    sums = np.zeros((4, stores))
    for week in range(weeks):
        asked = rng.poisson(4.0, stores)
        for j in (0, 1):
            stock[j] = stock[j] + coming[j][0]
            coming[j] = np.vstack([coming[j][1:], np.zeros((1, stores))])
        shipped = []
        for j in (0, 1):  # under a base stock each stage orders what was asked of it
            wanted = owed[j] + asked
            shipped.append(np.minimum(stock[j], wanted))
            stock[j], owed[j] = stock[j] - shipped[j], wanted - shipped[j]
        coming[0][-1] += shipped[1]
        coming[1][-1] += asked
        if week >= warm:
            sums += stock[0], stock[1], owed[0], owed[1]
    found = sums / (weeks - warm)
    theory = serial_performance(PoissonDemand(4.0), lead_times, levels)
    expected = np.array([*theory.expected_stock, *theory.expected_backorders])
    error = found.std(axis=1, ddof=1) / np.sqrt(stores)
    assert np.all(np.abs(found.mean(axis=1) - expected) < 3.3 * error)
    assert np.all(3.3 * error < 0.06 * expected)


def test_a_single_stage_is_a_newsvendor_over_its_protection_interval():
    for demand in (NormalDemand(20.0, 4.0), PoissonDemand(4.0)):
        best = serial_optimum(demand, [2], [1.5], 12.0)
        alone = best_base_stock(demand, 2, 1.5, 12.0)
        assert best.echelon_base_stocks[0] == pytest.approx(alone.base_stock, rel=1e-9)
        assert best.cost == pytest.approx(newsvendor(demand.over(3), 12.0, 1.5).expected_cost, rel=1e-9)


def test_levels_lie_between_the_newsvendor_bounds_of_shang_and_song():
    # Shang & Song (2003), Management Science 49: newsvendors over the echelon's whole lead time, with a
    # holding cost of all stages below (upper cost, lower bound) and of the stage itself (upper bound)
    demand, lead_times, holding, penalty = EXAMPLE
    best = serial_optimum(*EXAMPLE)
    for j in range(3):
        over = demand.over(sum(lead_times[: j + 1]) + j + 1)
        above = sum(holding[j + 1 :])
        low = over.quantile((penalty + above) / (penalty + sum(holding)))
        high = over.quantile((penalty + above) / (penalty + above + holding[j]))
        assert low - 1e-9 <= best.echelon_base_stocks[j] <= high + 1e-9


def test_fine_poisson_demand_approaches_normal_demand():
    mean = 2500.0
    poisson = serial_optimum(PoissonDemand(mean), (0, 1), (2.0, 1.0), 20.0)
    normal = serial_optimum(NormalDemand(mean, np.sqrt(mean)), (0, 1), (2.0, 1.0), 20.0)
    assert poisson.echelon_base_stocks == pytest.approx(normal.echelon_base_stocks, abs=3.0)
    assert poisson.cost == pytest.approx(normal.cost, rel=1e-3)


def test_local_levels_of_echelon_levels():
    assert local_base_stocks([6.0, 11.0, 20.0]) == (6.0, 5.0, 9.0)
    assert local_base_stocks([12.0, 11.0, 20.0]) == (11.0, 0.0, 9.0)
    demand, lead_times, holding = PoissonDemand(4.0), (1, 2), (2.0, 1.0)
    above = serial_cost(demand, lead_times, holding, 20.0, (25.0, 22.0))
    assert above == pytest.approx(serial_cost(demand, lead_times, holding, 20.0, (22.0, 22.0)), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: serial_optimum(PoissonDemand(4.0), (1,), (1.0, 2.0), 9.0),
            "1 and 2 stages: must be as many",
        ),
        (
            lambda: serial_optimum(PoissonDemand(4.0), (1, 0), (1.0, 0.0), 9.0),
            r"echelon_holding_costs\[1\] = 0.0",
        ),
        (lambda: serial_optimum(GammaDemand(4.0, 2.0), (1, 0), (1.0, 1.0), 9.0), "must be normal or Poisson"),
        (
            lambda: serial_optimum(NormalDemand(4.0, 0.0), (1, 0), (1.0, 1.0), 9.0),
            "deviation = 0.0: must be above",
        ),
        (
            lambda: serial_cost(PoissonDemand(4.0), (1, 0), (1.0, 1.0), 9.0, (8.5, 9.0)),
            "base stock 8.5: must be a",
        ),
        (
            lambda: serial_cost(PoissonDemand(4.0), (1, 0), (1.0, 1.0), 9.0, (8.0,)),
            "1 given, must be one for eac",
        ),
        (
            lambda: serial_performance(NormalDemand(4.0, 1.0), (1,), (9,)),
            "the convolution needs Poisson demand",
        ),
        (
            lambda: serial_performance(PoissonDemand(4.0), (1, -1), (9, 9)),
            r"lead_times\[1\] = -1: must be at leas",
        ),
        (
            lambda: serial_performance(PoissonDemand(4.0), (1,), (-9,)),
            r"local_levels = \[-9\]: must be 0 or more",
        ),
    ],
)
def test_bad_input_is_one_clear_line(make, said):
    refused_in_one_line(make, said)
