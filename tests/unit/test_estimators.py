"""Estimators: against scipy and published answers, and by how often their intervals cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from channelsim.analysis.estimators import (
    bootstrap,
    conditional_value_at_risk,
    mean,
    paired_difference,
    probability,
    quantile,
    tail_mean,
)

FIRST = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])  # Student 1908, sleep data
SECOND = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(SAMPLES, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_mean_agrees_with_scipy(values, level):
    result, size = mean(values, level), np.abs(values).max()
    half = stats.t.ppf(0.5 + 0.5 * level, len(values) - 1) * stats.sem(values)
    assert result.value == pytest.approx(np.mean(values), rel=1e-12, abs=1e-12 * size)
    assert result.standard_error == pytest.approx(stats.sem(values), rel=1e-8, abs=1e-12 * size)
    assert result.low == pytest.approx(np.mean(values) - half, rel=1e-8, abs=1e-10 * size)
    assert result.high == pytest.approx(np.mean(values) + half, rel=1e-8, abs=1e-10 * size)


def test_student_1908():
    result = paired_difference(SECOND, FIRST, 0.95)
    assert (result.value, result.replications) == (pytest.approx(1.58), 10)
    assert result.value / result.standard_error == pytest.approx(4.0621, abs=5e-5)  # the published t
    assert (result.low, result.high) == (pytest.approx(0.7001142), pytest.approx(2.4598858))


def test_equal_replications_have_no_error():
    result = mean(np.full((3, 7), 0.1), axis=1)
    for number in (result.value, result.low, result.high):
        assert (number == 0.1).all()
    assert (result.standard_error == 0.0).all()


def test_a_large_constant_does_not_cancel():
    assert mean(FIRST + 1e9).standard_error == pytest.approx(mean(FIRST).standard_error, rel=1e-6)


def test_common_noise_cancels_in_pairs():
    noise = np.random.default_rng(1).normal(0, 1000, 50)
    result = paired_difference(noise + 2.0, noise)
    assert result.value == pytest.approx(2.0)
    assert result.standard_error < 1e-9


def test_axes_and_shapes():
    values = np.random.default_rng(2).normal(size=(3, 8, 4))
    result = mean(values, axis=1)
    assert result.value.shape == result.low.shape == result.replications.shape == (3, 4)
    assert result.low[2, 1] == mean(values[2, :, 1]).low
    assert mean(np.zeros((3, 0, 4)), axis=1).value.shape == (3, 4)


def test_undefined_replications(recwarn):
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [np.nan, 5.0, np.nan], [1.0, 2.0, 3.0]])
    strict, lenient = mean(values), mean(values, omit_nan=True)
    assert np.isnan(strict.value).tolist() == [True, True, True, False]
    assert lenient.replications.tolist() == [2, 0, 1, 3]
    np.testing.assert_array_equal(lenient.value, [2.0, np.nan, 5.0, 2.0])
    assert np.isnan(lenient.low).tolist() == [False, True, True, False]
    assert (lenient.low[0], lenient.high[0]) == (mean([1.0, 3.0]).low, mean([1.0, 3.0]).high)
    paired = paired_difference([1.0, np.nan, 3.0], [0.0, 1.0, np.nan], omit_nan=True)
    assert (paired.value, paired.replications) == (1.0, 1)
    assert not recwarn.list


def test_one_replication_has_no_interval():
    result = mean([4.0])
    assert (result.value, result.replications) == (4.0, 1)
    assert np.isnan([result.standard_error, result.low, result.high]).all()


def test_student_interval_covers():
    """Of 4,000 normal samples of five the 90 % interval holds the mean in 90 %, within four deviations."""
    samples = np.random.default_rng(3).normal(10.0, 3.0, (4000, 5))
    result = mean(samples, 0.9)
    covered = np.mean((result.low <= 10.0) & (result.high >= 10.0))
    assert abs(covered - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 4000)


@pytest.mark.parametrize(("occurred", "n"), [(0, 7), (1, 1), (3, 10), (32, 64), (99, 100), (100, 100)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_probability_agrees_with_scipy(occurred, n, level):
    result = probability(np.arange(n) < occurred, level)
    reference = stats.binomtest(occurred, n).proportion_ci(level, method="wilson")
    assert result.value == occurred / n
    np.testing.assert_allclose(
        [result.low, result.high], [reference.low, reference.high], rtol=1e-12, atol=1e-15
    )
    assert 0.0 <= result.low <= result.value <= result.high <= 1.0


def test_wilson_interval_covers_on_average():
    """Exact coverage at n = 30, averaged over chances, is close to nominal (Agresti & Coull 1998)."""
    n, chances = 30, np.linspace(0.05, 0.95, 181)
    intervals = [probability(np.arange(n) < k) for k in range(n + 1)]
    coverage = np.zeros(chances.size)
    for k, interval in enumerate(intervals):
        inside = (interval.low <= chances) & (chances <= interval.high)
        coverage += inside * stats.binom.pmf(k, n, chances)
    assert abs(coverage.mean() - 0.95) < 0.01
    assert coverage.min() > 0.88


@pytest.mark.parametrize("n", [1, 5, 19, 64])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_quantile_interval_covers_exactly(n, share, level):
    """Coverage over continuous distributions is a binomial sum; it reaches the level, and no shorter
    interval on either side would leave at most half of the rest outside."""
    ordered = np.arange(1.0, n + 1)  # the k-th smallest value is k
    result = quantile(ordered, share, level)
    low = int(result.low) if np.isfinite(result.low) else 0
    high = int(result.high) if np.isfinite(result.high) else n + 1
    below, rest = stats.binom(n, share), (1 - level) / 2
    assert below.cdf(low - 1) <= rest
    assert below.sf(high - 1) <= rest
    assert low == n or below.cdf(low) > rest
    assert high == 1 or below.sf(high - 2) > rest
    assert result.value == pytest.approx(np.quantile(ordered, share))


def test_quantile_interval_agrees_with_scipy():
    values = np.random.default_rng(4).gamma(2.0, size=80)
    reference = stats.quantile_test(values, p=0.3).confidence_interval(0.95)
    result = quantile(values, 0.3)
    assert (result.low, result.high) == (reference.low, reference.high)


def test_bootstrap_agrees_with_scipy():
    values = np.random.default_rng(5).exponential(size=60)
    ours = bootstrap(values, np.median, resamples=4000, seed=6)
    reference = stats.bootstrap(
        (values,), np.median, n_resamples=4000, method="BCa", rng=np.random.Generator(np.random.PCG64(6))
    )
    assert ours.value == np.median(values)
    assert ours.standard_error == pytest.approx(reference.standard_error, rel=0.05)
    interval = reference.confidence_interval
    np.testing.assert_allclose([ours.low, ours.high], [interval.low, interval.high], rtol=0.03)


def test_bootstrap_of_a_mean_is_near_students():
    values = np.random.default_rng(7).normal(size=200)
    ours, student = bootstrap(values, np.mean), mean(values)
    assert ours.standard_error == pytest.approx(student.standard_error, rel=0.08)
    assert ours.low == pytest.approx(student.low, abs=0.2 * student.standard_error)
    assert ours.high == pytest.approx(student.high, abs=0.2 * student.standard_error)


def test_bootstrap_depends_on_the_seed_alone():
    def run(seed):
        return bootstrap(FIRST, np.mean, seed=seed)

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("values", [[3.0], [3.0] * 9])
def test_bootstrap_of_equal_values_is_a_point(values, recwarn):
    result = bootstrap(values, np.mean, resamples=50)
    assert (result.value, result.standard_error, result.low, result.high) == (3.0, 0.0, 3.0, 3.0)
    assert not recwarn.list


def test_tail_mean_of_known_samples():
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert tail_mean(values, 0.2) == 1.0
    assert tail_mean(values, 0.4, "upper") == 4.5
    assert tail_mean(values, 1.0) == 3.0
    assert tail_mean(values, 0.01) == 1.0
    assert tail_mean(values, 0.5) == pytest.approx((1 + 2 + 3 / 2) / 2.5)
    assert tail_mean(np.array([values, [-v for v in values]]), 0.2).tolist() == [1.0, -5.0]


@given(SAMPLES, st.floats(0.01, 1.0))
def test_tail_mean_solves_its_optimisation(values, share):
    """Rockafellar & Uryasev: upper CVaR = min over z of z + E[(x − z)+] / share, reached at a value."""
    x = np.array(values)
    minimum = min(z + np.maximum(x - z, 0.0).mean() / share for z in x)
    assert tail_mean(x, share, "upper") == pytest.approx(minimum, rel=1e-9, abs=1e-9 * np.abs(x).max())
    assert tail_mean(x, share) == pytest.approx(-tail_mean(-x, share, "upper"), rel=1e-12, abs=1e-12)


def test_tail_mean_of_the_normal_distribution():
    """The lower CVaR of a standard normal is −φ(z)/share."""
    share, n = 0.1, 200_000
    points = stats.norm.ppf((np.arange(n) + 0.5) / n)
    assert tail_mean(points, share) == pytest.approx(-stats.norm.pdf(stats.norm.ppf(share)) / share, rel=1e-4)


def test_conditional_value_at_risk_covers():
    """Bootstrap intervals of CVaR, 20 observations in the tail, cover near their nominal 90 %."""
    random = np.random.default_rng(8)
    truth = -stats.norm.pdf(stats.norm.ppf(0.2)) / 0.2
    covered = 0
    for seed in range(200):
        result = conditional_value_at_risk(random.normal(size=100), 0.2, level=0.9, resamples=300, seed=seed)
        covered += result.low <= truth <= result.high
    assert 0.83 <= covered / 200 <= 0.96


def test_conditional_value_at_risk_of_the_upper_tail():
    up = conditional_value_at_risk(FIRST, 0.3, "upper")
    assert up.value == pytest.approx((3.7 + 3.4 + 2.0) / 3)
    assert up.low <= up.value <= up.high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean([1.0, 2.0], level=95), "level 95"),
        (lambda: probability([0.5]), "other than true and false"),
        (lambda: probability([]), "at least one value"),
        (lambda: quantile([1.0, np.nan], 0.5), "1 of 2 values are NaN"),
        (lambda: quantile([1.0], 1.0), "share 1.0"),
        (lambda: bootstrap([[1.0]], np.mean), "one dimension"),
        (lambda: bootstrap([1.0], np.mean, resamples=1), "resamples is 1"),
        (lambda: tail_mean([1.0], 0.0), "share 0.0"),
        (lambda: tail_mean([1.0], 0.5, "left"), "'left'"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
