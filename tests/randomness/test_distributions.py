"""Normal, Poisson and gamma draws: the inverse of the distribution function, checked against scipy."""

import sys
import warnings

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from channelsim import numerics
from channelsim.compiled import helper
from channelsim.distributions import (
    EXPANSION_FROM,
    fill_gamma,
    fill_normals,
    fill_poisson,
    gamma_from_table,
    gamma_quantile_table,
    poisson_quantile,
)
from channelsim.randomness import entity_keys, fill_uniforms
from compiled_code import compares_with_plain_python, output_without_jit

SEED = 2026


@helper
def poissons(u, mean, out):
    for i in range(u.size):
        out[i] = poisson_quantile(u[i], mean)


@helper
def gammas(z, table, out):
    for i in range(z.size):
        out[i] = gamma_from_table(z[i], table)


def poisson(u, mean):
    out = np.empty_like(u)
    poissons(u, mean, out)
    return out


def gamma(z, table):
    out = np.empty_like(z)
    gammas(z, table, out)
    return out


def uniforms(entities, weeks, decision=0):
    out = np.empty((weeks, entities))
    fill_uniforms(out, entity_keys("retailer", last=range(entities)), 0, 0, decision, SEED)
    return out


def gamma_reference(z, shape):
    upper = scipy.special.gammainccinv(shape, scipy.special.ndtr(-z))
    return np.where(z < 0.0, scipy.special.gammaincinv(shape, scipy.special.ndtr(z)), upper) / shape


@pytest.mark.jit_off
@pytest.mark.bounds
@pytest.mark.parametrize("shape", [(4, 1), (8, 23), (4, 600), (0, 5), (4, 0)])
def test_normals_are_the_quantiles_of_the_uniforms(shape):
    weeks, entities = shape
    u = uniforms(entities, weeks)
    z = u.copy()
    fill_normals(z, np.empty((2, 100)))
    expected = np.array([numerics.normal_quantile(x) for x in u.ravel()]).reshape(shape)
    assert z.tobytes() == expected.tobytes()
    np.testing.assert_allclose(z, scipy.special.ndtri(u), rtol=1e-14, atol=1e-15)


def test_normals_have_the_normal_distribution():
    z = uniforms(20_000, 8)
    fill_normals(z, np.empty((2, 100)))
    assert scipy.stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    assert abs(np.mean(z)) < 4.0 / np.sqrt(z.size)
    assert abs(np.mean(z * z) - 1.0) < 4.0 * np.sqrt(2.0 / z.size)
    assert np.max(np.abs(z)) < 6.4


LATTICE = 2.0**-32
MEANS = [
    1e-12,
    0.001,
    0.1,
    0.7,
    1.0,
    3.5,
    10.0,
    5.99,
    6.0,
    7.5,
    16.0,
    17.3,
    25.0,
    40.0,
    64.0,
    99.0,
    100.0,
    250.0,
    500.0,
]


def boundary_draws(mean):
    """Return the draws next to every step of the distribution function, and the counts they must give."""
    k = np.arange(int(mean + 9.0 * np.sqrt(mean)) + 25)
    cdf = scipy.special.pdtr(k, mean)
    word = np.floor(cdf * 2.0**32 - 0.5)  # the last draw that does not exceed F(k)
    below, above = (word + 0.5) * LATTICE, (word + 1.5) * LATTICE
    u = np.concatenate([below, above])
    steps = np.concatenate([cdf - below, above - cdf])
    u = u[(u > 0.0) & (u < 1.0) & (steps > 1e-12)]
    return u, np.searchsorted(cdf, u).astype(float)


@pytest.mark.parametrize("mean", MEANS)
def test_poisson_is_the_exact_inverse_at_every_step(mean):
    u, expected = boundary_draws(mean)
    np.testing.assert_array_equal(poisson(u, mean), expected)


@pytest.mark.parametrize("mean", MEANS)
def test_poisson_agrees_with_scipy(mean):
    u = np.concatenate([uniforms(5_000, 4).ravel(), [LATTICE / 2, 1.0 - LATTICE / 2]])
    np.testing.assert_array_equal(poisson(u, mean), scipy.stats.poisson.ppf(u, mean))


@pytest.mark.jit_off
@pytest.mark.bounds
@given(st.lists(st.floats(0.0, 600.0), min_size=1, max_size=40))
def test_a_row_of_poisson_draws_is_that_of_the_scalar_function(means):
    mean = np.array([*means, 0.0, EXPANSION_FROM, np.nan, -1.0])
    u = uniforms(mean.size, 4)[0].copy()
    out = np.empty(mean.size)
    fill_poisson(u, mean, out, np.empty((2, 7)))
    np.testing.assert_array_equal(out, [poisson_quantile(u[i], mean[i]) for i in range(mean.size)])


@given(st.floats(EXPANSION_FROM, 500.0))
def test_poisson_is_exact_between_the_listed_means(mean):
    u, expected = boundary_draws(mean)
    np.testing.assert_array_equal(poisson(u, mean), expected)


@given(st.floats(EXPANSION_FROM, 500.0))
def test_the_expansion_is_closer_than_the_bound_that_decides_about_the_search(mean):
    """At F(k) it should be k + 1 exactly; only its error there can mislead the integer part."""
    k = np.arange(int(mean + 9.0 * np.sqrt(mean)) + 25)
    lower, upper = scipy.special.gammaincc(k + 1.0, mean), scipy.special.gammainc(k + 1.0, mean)
    z = np.where(lower < 0.5, scipy.special.ndtri(lower), -scipy.special.ndtri(upper))
    k, z = k[np.abs(z) <= 6.4], z[np.abs(z) <= 6.4]
    root = np.sqrt(mean)
    expansion = (
        mean
        + root * z
        + (1 / 3 + z**2 / 6)
        - (z / 36 + z**3 / 72) / root
        + (-8 / 405 + 7 * z**2 / 810 + z**4 / 270) / mean
    )
    size = np.abs(z)
    bound = 4.0 * (0.02 + 0.0173 * size + 0.0035 * size**3 + 0.00133 * size**5) / mean**1.5
    assert np.max(np.abs(expansion - (k + 1)) / bound) < 0.7


@pytest.mark.parametrize("mean", [500.5, 1000.0, 1e4, 1e6])
def test_poisson_of_a_large_mean_is_off_by_at_most_one_at_the_steps(mean):
    u, expected = boundary_draws(mean)
    found = poisson(u, mean)
    assert np.max(np.abs(found - expected)) <= 1.0
    random = uniforms(10_000, 4).ravel()
    differing = np.sum(poisson(random, mean) != scipy.stats.poisson.ppf(random, mean))
    assert differing <= 1  # 0.05 expected at a mean of 500


@pytest.mark.jit_off
def test_poisson_at_special_means_and_probabilities():
    assert poisson_quantile(0.999, 0.0) == 0.0
    assert np.isnan(poisson_quantile(0.5, -1.0))
    assert np.isnan(poisson_quantile(0.5, np.nan))
    assert poisson_quantile(1e-300, 3.0) == 0.0
    for mean in (1e-5, 3.0, 20.0, 400.0):
        # Above all sums of rounded probabilities the search still ends, at a count that is hardly exceeded.
        found = poisson_quantile(np.nextafter(1.0, 0.0), mean)
        assert scipy.special.pdtrc(found, mean) < 1e-13
        assert found <= scipy.stats.poisson.ppf(np.nextafter(1.0, 0.0), mean) + 2.0


@given(st.floats(0.0, 2000.0), st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=50))
def test_poisson_rises_with_the_probability_and_the_mean(mean, words):
    u = (np.sort(np.array(words, float)) + 0.5) * LATTICE
    counts = poisson(u, mean)
    assert np.all(np.diff(counts) >= 0.0)
    assert np.all(poisson(u, mean * 1.01) >= counts)
    assert np.all(counts == np.floor(counts))


@pytest.mark.parametrize("mean", [0.4, 8.0, 60.0, 2000.0])
def test_poisson_draws_have_their_mean_and_variance(mean):
    counts = poisson(uniforms(10_000, 4).ravel(), mean)
    n = counts.size
    assert abs(np.mean(counts) - mean) < 4.0 * np.sqrt(mean / n)
    assert abs(np.var(counts) - mean) < 4.0 * np.sqrt((mean + 2.0 * mean**2) / n)


GAMMA_SHAPES = [0.25, 0.3, 0.5, 1.0, 2.0, 5.0, 30.0, 1000.0]


@pytest.mark.parametrize("shape", GAMMA_SHAPES)
def test_gamma_agrees_with_scipy(shape):
    z = np.linspace(-6.4, 6.4, 20_001)
    found = gamma(z, gamma_quantile_table(shape))
    np.testing.assert_allclose(found, gamma_reference(z, shape), rtol=2e-8)
    assert np.all(np.diff(found) > 0.0)


@given(st.floats(0.25, 500.0), st.floats(-6.4, 6.4))
def test_gamma_of_any_shape(shape, z):
    found = gamma_from_table(z, gamma_quantile_table(shape))
    assert found == pytest.approx(float(gamma_reference(np.array(z), shape)), rel=2e-8)


def test_a_gamma_of_shape_one_is_exponential():
    z = np.linspace(-6.0, 6.0, 1001)
    expected = -scipy.special.log_ndtr(-z)
    np.testing.assert_allclose(gamma(z, gamma_quantile_table(1.0)), expected, rtol=2e-9)


def test_the_error_of_the_gamma_table_falls_with_the_fourth_power_of_the_step():
    z = np.linspace(-6.4, 6.4, 20_001)
    reference = gamma_reference(z, 0.5)
    errors = [
        np.max(np.abs(gamma(z, gamma_quantile_table(0.5, 3 + n)) / reference - 1)) for n in (100, 200, 400)
    ]
    assert 12.0 < errors[0] / errors[1] < 20.0
    assert 12.0 < errors[1] / errors[2] < 20.0


@pytest.mark.jit_off
@pytest.mark.bounds
def test_a_row_of_gamma_draws_is_that_of_the_scalar_function():
    z, mean, table = np.linspace(-7.0, 7.0, 29), np.linspace(0.0, 30.0, 29), gamma_quantile_table(2.0, 64)
    out = np.empty(29)
    fill_gamma(z, mean, table, out)
    assert out.tolist() == [mean[i] * gamma_from_table(z[i], table) for i in range(29)]


@pytest.mark.jit_off
@pytest.mark.bounds
def test_gamma_beyond_the_table():
    table = gamma_quantile_table(2.0, 64)
    assert table.shape == (64,)
    assert gamma_from_table(7.0, table) == gamma_from_table(np.inf, table) == gamma_from_table(6.4, table)
    assert gamma_from_table(-7.0, table) == gamma_from_table(-np.inf, table) == gamma_from_table(-6.4, table)
    assert np.isnan(gamma_from_table(np.nan, table))


def test_gamma_draws_have_mean_one_and_their_variance():
    z = uniforms(20_000, 8)
    fill_normals(z, np.empty((2, 100)))
    factor = gamma(z.ravel(), gamma_quantile_table(4.0))
    assert abs(np.mean(factor) - 1.0) < 4.0 * np.sqrt(0.25 / factor.size)
    assert np.var(factor) == pytest.approx(0.25, rel=0.02)
    assert scipy.stats.kstest(factor, scipy.stats.gamma(4.0, scale=0.25).cdf).pvalue > 1e-4


@pytest.mark.parametrize("shape", [0.0, 0.2, -1.0, np.inf, np.nan])
def test_a_shape_out_of_range_is_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        gamma_quantile_table(shape)


def test_too_small_a_table_is_refused():
    with pytest.raises(ValueError, match="entries"):
        gamma_quantile_table(1.0, 7)


def sample():
    """Return the bytes of a few draws, for the comparison with plain Python."""
    z = uniforms(23, 8)
    u = z.ravel()[:60].copy()
    fill_normals(z, np.empty((2, 100)))
    counts = [poisson(u, mean) for mean in (0.0, 0.3, 5.0, 6.0, 16.0, 60.0, 499.0, 501.0, 1e5)]
    factors = gamma(z.ravel(), gamma_quantile_table(0.7))
    return b"".join(part.tobytes() for part in [z, *counts, factors])


@compares_with_plain_python
def test_plain_python_gives_the_same_bits_without_a_warning():
    assert output_without_jit(__file__) == sample()


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.stdout.buffer.write(sample())
