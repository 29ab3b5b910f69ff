"""Known answers of statistics against quadrature, enumeration and printed numbers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from channelsim.theory.reference_statistics import (
    bootstrap_error_of_mean,
    difference_variance,
    exponential_tail_mean,
    normal_tail_mean,
    order_statistics_coverage,
    score_interval_coverage,
    student_coverage_of_two_uniforms,
    uniform_tail_mean,
)
from channelsim.theory.sensitivity_indices import indices_by_quadrature, ishigami, ishigami_indices
from refusals import refused_in_one_line

SHARES = st.floats(0.001, 1.0)


def tail_by_quadrature(distribution, share, tail):
    """Mean of the quantile function over the share."""
    start = 0.0 if tail == "lower" else 1.0 - share
    found, _ = integrate.quad(distribution.ppf, start, start + share, limit=200)
    return found / share


@given(st.floats(-50, 50), st.floats(0.1, 30), SHARES, st.sampled_from(["lower", "upper"]))
def test_tail_of_normal(mean, deviation, share, tail):
    expected = tail_by_quadrature(stats.norm(mean, deviation), share, tail)
    found = normal_tail_mean(mean, deviation, share, tail)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-4 * deviation)


@given(st.floats(0.1, 30), SHARES, st.sampled_from(["lower", "upper"]))
def test_tail_of_exponential(mean, share, tail):
    expected = tail_by_quadrature(stats.expon(scale=mean), share, tail)
    assert exponential_tail_mean(mean, share, tail) == pytest.approx(expected, rel=1e-5)


@given(st.floats(-5, 5), st.floats(0.1, 9), SHARES, st.sampled_from(["lower", "upper"]))
def test_tail_of_uniform(low, width, share, tail):
    expected = tail_by_quadrature(stats.uniform(low, width), share, tail)
    assert uniform_tail_mean(low, low + width, share, tail) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_student_on_two_uniforms_by_quadrature(level):
    reach = stats.t(1).ppf(0.5 + level / 2)

    def chance_given_first(first):
        # |first + second| <= reach |first - second|, both uniform on (-1, 1): two linear bounds on second
        points = np.linspace(-1, 1, 20_001)[1:] - 1e-4 / 2
        return np.mean(np.abs(first + points) <= reach * np.abs(first - points))

    firsts = np.linspace(-1, 1, 801)[1:] - 1 / 800
    expected = np.mean([chance_given_first(first) for first in firsts])
    assert student_coverage_of_two_uniforms(level) == pytest.approx(expected, abs=2e-3)


@given(st.integers(1, 60), st.floats(0.02, 0.98), st.sampled_from([0.8, 0.95, 0.99]))
def test_score_interval_by_computing_every_interval(n, probability, level):
    z = stats.norm.ppf(0.5 + level / 2)
    total = 0.0
    for count in range(n + 1):
        share = count / n
        centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        if centre - half - 1e-12 <= probability <= centre + half + 1e-12:
            total += stats.binom.pmf(count, n, probability)
    assert score_interval_coverage(n, probability, level) == pytest.approx(total, abs=1e-9)


@given(st.integers(2, 40), st.floats(0.05, 0.95), st.data())
def test_order_statistics_by_their_beta_distributions(n, share, data):
    first = data.draw(st.integers(1, n - 1))
    last = data.draw(st.integers(first + 1, n))
    # the k-th smallest of n uniform values has a beta distribution
    expected = stats.beta(first, n - first + 1).cdf(share) - stats.beta(last, n - last + 1).cdf(share)
    assert order_statistics_coverage(n, share, first, last) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0.1, 20), st.floats(0.1, 20), st.floats(-1, 1))
def test_variance_of_a_difference_is_the_quadratic_form(first, second, correlation):
    covariance = np.array(
        [[first**2, correlation * first * second], [correlation * first * second, second**2]]
    )
    expected = np.array([1, -1]) @ covariance @ np.array([1, -1])
    assert difference_variance(first, second, correlation) == pytest.approx(expected, abs=1e-9)


def test_bootstrap_error_by_all_resamples():
    values = [1.0, 2.0, 7.0, 11.0]
    means = [np.mean(resample) for resample in product(values, repeat=4)]
    assert bootstrap_error_of_mean(values) == pytest.approx(np.std(means), rel=1e-12)
    # and not the usual standard error
    assert bootstrap_error_of_mean(values) == pytest.approx(stats.sem(values) * np.sqrt(3 / 4))


def test_ishigami_by_quadrature_and_as_printed():
    exact = ishigami_indices()
    found = indices_by_quadrature(ishigami, [(-np.pi, np.pi)] * 3, nodes=24)
    assert found.variance == pytest.approx(exact.variance)
    assert found.first_order == pytest.approx(exact.first_order, abs=1e-9)
    assert found.total == pytest.approx(exact.total, abs=1e-9)
    # as the literature prints them for a = 7, b = 0.1
    assert exact.first_order == pytest.approx((0.314, 0.442, 0.0), abs=5e-4)
    assert exact.total == pytest.approx((0.558, 0.442, 0.244), abs=5e-4)


@given(st.floats(-5, 5), st.floats(-0.5, 0.5))
def test_ishigami_for_other_weights(a, b):
    exact = ishigami_indices(a, b)
    found = indices_by_quadrature(lambda x, y, z: ishigami(x, y, z, a, b), [(-np.pi, np.pi)] * 3, nodes=20)
    assert found.variance == pytest.approx(exact.variance, rel=1e-6)
    assert found.total == pytest.approx(exact.total, abs=1e-6)


def test_quadrature_of_a_product():
    # x y on the unit square: V = 1/9 - 1/16 = 7/144, V_x = V_y = (1/4)(1/12) = 1/48
    found = indices_by_quadrature(lambda x, y: x * y, [(0.0, 1.0)] * 2)
    assert found.variance == pytest.approx(7 / 144)
    assert found.first_order == pytest.approx((3 / 7, 3 / 7))
    assert found.total == pytest.approx((4 / 7, 4 / 7))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_tail_mean(0, 0, 0.1), "standard_deviation = 0: must be above 0"),
        (lambda: normal_tail_mean(0, 1, 0.0), r"share = 0.0: must lie in \(0, 1\]"),
        (lambda: normal_tail_mean(0, 1, 0.1, "left"), "tail = 'left': admissible: lower, upper"),
        (lambda: exponential_tail_mean(-1, 0.1), "mean = -1"),
        (lambda: uniform_tail_mean(2, 1, 0.1), "high less low = -1: must be above 0"),
        (lambda: student_coverage_of_two_uniforms(1.0), "level = 1.0"),
        (lambda: score_interval_coverage(0, 0.5, 0.95), "replications = 0"),
        (lambda: score_interval_coverage(10, 0.0, 0.95), "probability = 0.0"),
        (lambda: order_statistics_coverage(10, 0.5, 6, 6), "first 6, last 6"),
        (lambda: order_statistics_coverage(10, 1.5, 1, 2), "share = 1.5"),
        (lambda: difference_variance(-1, 1), "first_deviation = -1: must be at least 0"),
        (lambda: difference_variance(1, 1, 1.1), r"correlation = 1.1: must lie in \[-1, 1\]"),
        (lambda: bootstrap_error_of_mean([1.0]), "at least two"),
        (lambda: ishigami_indices(float("nan")), "finite"),
        (lambda: indices_by_quadrature(np.add, [(0, 1), (1, 1)]), "low below high"),
        (lambda: indices_by_quadrature(np.add, [(0, 1), (0, 1)], 1), "nodes = 1"),
        (lambda: indices_by_quadrature(lambda x, y: 0 * x, [(0, 1), (0, 1)]), "does not vary"),
    ],
)
def test_wrong_inputs_get_one_clear_line(call, message):
    refused_in_one_line(call, message)
