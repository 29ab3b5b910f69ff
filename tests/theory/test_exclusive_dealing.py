"""The acceptance threshold of exclusive dealing against expected utility by quadrature and drawn profits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.exclusive_dealing import (
    ProfitRisk,
    acceptance_threshold,
    carrying_all,
    carrying_one,
    certainty_equivalent,
)
from refusals import refused_in_one_line

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def expected_utility(profit, risk_aversion, sure=0.0):
    """Return E[−exp(−A (profit + sure))] of a normal profit by Gauss–Hermite quadrature."""
    outcomes = profit.mean + sure + profit.deviation * NODES
    return (WEIGHTS @ -np.exp(-risk_aversion * outcomes)) / WEIGHTS.sum()


@given(
    st.floats(-5.0, 5.0), st.floats(0.0, 2.0), st.floats(-5.0, 5.0), st.floats(0.0, 2.0), st.floats(0.01, 1.5)
)
def test_at_the_threshold_expected_utility_is_the_same(
    mean, deviation, other_mean, other_deviation, aversion
):
    several, exclusive = ProfitRisk(mean, deviation), ProfitRisk(other_mean, other_deviation)
    found = acceptance_threshold(several, exclusive, aversion)
    without = expected_utility(several, aversion)
    assert expected_utility(exclusive, aversion, found.compensation) == pytest.approx(without, rel=1e-8)
    assert expected_utility(exclusive, aversion, found.compensation + 0.01) > without
    assert expected_utility(exclusive, aversion, found.compensation - 0.01) < without
    assert found.compensation == pytest.approx(found.profit_forgone + found.risk_premium, abs=1e-9)
    sure = certainty_equivalent(several, aversion)
    assert -np.exp(-aversion * sure) == pytest.approx(without, rel=1e-8)


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.6])
def test_profits_of_brands_carried_against_draws(correlation):
    means, deviations = np.array([60.0, 40.0, 30.0]), np.array([15.0, 20.0, 8.0])
    spread = np.outer(deviations, deviations) * (correlation + (1.0 - correlation) * np.eye(3))
    drawn = np.random.default_rng(5).multivariate_normal(means, spread, 400_000).sum(axis=1) - 25.0
    found = carrying_all(means, deviations, correlation, 25.0)
    assert found.mean == pytest.approx(drawn.mean(), abs=5.0 * found.deviation / np.sqrt(drawn.size))
    assert found.deviation == pytest.approx(drawn.std(), rel=0.006)


def test_where_the_risk_premium_comes_from():
    means, deviations = [60.0, 60.0], [20.0, 20.0]
    several = carrying_all(means, deviations)
    moved = acceptance_threshold(several, carrying_one(means, 20.0, won_back=1.0), 0.01)
    assert moved.profit_forgone == 0.0  # all buyers follow, so only risk is to be made up for
    assert moved.risk_premium == pytest.approx(0.005 * (40.0**2 - 2 * 20.0**2))
    lost = acceptance_threshold(several, carrying_one(means, 20.0), 0.01)
    assert lost.profit_forgone == 60.0
    assert lost.risk_premium < 0.0  # nothing won back: less profit, and less risk
    neutral = acceptance_threshold(several, carrying_one(means, 20.0, won_back=0.5), 0.0)
    assert neutral == (30.0, 30.0, 0.0)
    saving = acceptance_threshold(
        carrying_all(means, deviations, selling_cost=30.0),
        carrying_one(means, 20.0, won_back=0.5, selling_cost=30.0, saved=10.0),
        0.0,
    )
    assert saving.compensation == 20.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: certainty_equivalent(ProfitRisk(1.0, -1.0), 0.1), "deviation = -1.0"),
        (lambda: certainty_equivalent(ProfitRisk(1.0, 1.0), -0.1), "risk_aversion = -0.1"),
        (lambda: acceptance_threshold(ProfitRisk(np.nan, 1.0), ProfitRisk(1.0, 1.0), 0.1), "mean = nan"),
        (lambda: carrying_all([1.0, 2.0], [1.0, 2.0, 3.0]), "deviations: shape"),
        (lambda: carrying_all([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], -0.6), "correlation = -0.6"),
        (lambda: carrying_all([], []), "number of brands = 0"),
        (lambda: carrying_one([0.0, 2.0], 1.0), r"means\[0\] = 0.0"),
        (lambda: carrying_one([1.0, 2.0], 1.0, won_back=1.1), "won_back = 1.1"),
        (lambda: carrying_one([1.0, 2.0], 1.0, selling_cost=1.0, saved=2.0), "saved = 2.0"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
