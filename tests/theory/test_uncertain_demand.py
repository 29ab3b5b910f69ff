"""Distributions of demand against scipy's and against quadrature or sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from channelsim.theory.uncertain_demand import (
    ExponentialDemand,
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from refusals import refused_in_one_line

CONTINUOUS = [
    (NormalDemand(50.0, 8.0), stats.norm(50.0, 8.0)),
    (GammaDemand(20.0, 6.0), stats.gamma((20.0 / 6.0) ** 2, scale=1.8)),
    (GammaDemand(20.0, 30.0), stats.gamma((2.0 / 3.0) ** 2, scale=45.0)),
    (ExponentialDemand(12.0), stats.expon(scale=12.0)),
    (UniformDemand(5.0, 25.0), stats.uniform(5.0, 20.0)),
]


@pytest.mark.parametrize(("demand", "peer"), CONTINUOUS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("probability", [0.05, 0.5, 0.93])
def test_continuous_demand_agrees_with_scipy_and_with_quadrature(demand, peer, probability):
    quantity = float(peer.ppf(probability))
    assert demand.quantile(probability) == pytest.approx(quantity, rel=1e-10)
    assert demand.cumulative(quantity) == pytest.approx(probability, rel=1e-10)
    assert demand.density(quantity) == pytest.approx(float(peer.pdf(quantity)), rel=1e-10)
    assert demand.mean == pytest.approx(float(peer.mean()))
    assert demand.standard_deviation == pytest.approx(float(peer.std()))
    high = float(peer.isf(1e-16)) if np.isinf(peer.support()[1]) else peer.support()[1]
    shortage = quad(lambda x: float(peer.sf(x)), quantity, high, epsabs=1e-11, limit=200)[0]
    assert demand.expected_shortage(quantity) == pytest.approx(shortage, rel=1e-7)
    assert demand.expected_leftover(quantity) == pytest.approx(quantity - demand.mean + shortage, rel=1e-7)


@pytest.mark.parametrize("quantity", [-2.0, 0.0, 3.0, 4.0, 4.5, 11.0, 25.0])
@pytest.mark.parametrize("mean", [0.3, 4.0, 37.5])
def test_poisson_loss_is_the_sum_over_demands(mean, quantity):
    units = np.arange(200)
    mass = stats.poisson.pmf(units, mean)
    demand = PoissonDemand(mean)
    assert demand.expected_shortage(quantity) == pytest.approx(
        mass @ np.maximum(units - quantity, 0), rel=1e-9, abs=1e-15
    )
    assert demand.expected_leftover(quantity) == pytest.approx(
        mass @ np.maximum(quantity - units, 0), rel=1e-9, abs=1e-12
    )
    assert demand.cumulative(quantity) == pytest.approx(float(stats.poisson.cdf(quantity, mean)), abs=1e-14)


@given(st.floats(0.1, 200.0), st.floats(0.001, 0.999))
def test_poisson_quantile_is_the_smallest_number_that_suffices(mean, probability):
    assert PoissonDemand(mean).quantile(probability) == stats.poisson.ppf(probability, mean)


@pytest.mark.parametrize(
    "demand",
    [NormalDemand(5.0, 1.0), GammaDemand(5.0, 2.0), ExponentialDemand(5.0), PoissonDemand(5.0)],
    ids=lambda x: type(x).__name__,
)
def test_demand_over_weeks_is_a_sum_of_independent_weeks(demand):
    three = demand.over(3)
    assert three.mean == pytest.approx(3 * demand.mean)
    assert three.standard_deviation == pytest.approx(np.sqrt(3) * demand.standard_deviation)
    rng = np.random.default_rng(5)
    draws = np.array([demand.quantile(u) for u in rng.uniform(size=3 * 20_000)]).reshape(-1, 3).sum(axis=1)
    share = np.mean(draws <= 14.0)
    assert three.cumulative(14.0) == pytest.approx(share, abs=4 * np.sqrt(0.25 / 20_000))
    assert demand.over(0).expected_shortage(-3.0) == pytest.approx(3.0)


def test_certain_demand_is_normal_demand_without_deviation():
    certain = NormalDemand(7.0, 0.0)
    assert certain.expected_shortage(5.0) == 2.0
    assert certain.expected_leftover(9.0) == 2.0
    assert (certain.cumulative(6.9), certain.cumulative(7.0)) == (0.0, 1.0)
    assert certain.quantile(0.3) == 7.0
    with pytest.raises(ValueError, match="no density"):
        certain.density(7.0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: NormalDemand(5.0, -1.0), r"deviation = -1.0: must be at least 0"),
        (lambda: GammaDemand(0.0, 1.0), r"mean_demand = 0.0: must be above 0"),
        (lambda: UniformDemand(3.0, 3.0), r"high = 3.0: must be above 3"),
        (lambda: ExponentialDemand(float("nan")), "mean_demand = nan: must be a finite number"),
        (lambda: PoissonDemand(-2.0), r"mean_demand = -2.0: must be at least 0"),
        (lambda: PoissonDemand(2.0).quantile(1.0), r"probability = 1.0: must lie in \(0, 1\)"),
        (lambda: PoissonDemand(2.0).density(1.0), "integer demand has no density"),
        (lambda: UniformDemand(0.0, 1.0).over(2), "not of the same family"),
        (lambda: PoissonDemand(2.0).over(1.5), "weeks = 1.5: must be a whole number of weeks"),
    ],
)
def test_bad_input_is_one_clear_line(make, said):
    refused_in_one_line(make, said)
