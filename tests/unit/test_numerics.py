"""The elementary functions and sums: accurate, vectorised, and the same bits compiled and not."""

import re
import sys
import warnings

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from channelsim import numerics
from channelsim.compiled import helper
from compiled_code import JIT_OFF, compares_with_plain_python, output_without_jit, reads_vector_instructions

MANY = 200 if JIT_OFF else 40_001
# 64 bits of mantissa where the platform has them, so that the reference is better than what it judges.
LONG = np.longdouble


def over(function, values):
    """Apply a compiled function to each element, in a compiled loop."""

    @helper
    def loop(values, out):
        for i in range(values.size):
            out[i] = function(values[i])

    out = np.empty_like(values)
    loop(values, out)
    return out


def relative_error(found, reference):
    return float(np.max(np.abs(found.astype(LONG) / reference - 1)))


@pytest.mark.jit_off
def test_exponential_is_accurate():
    x = np.concatenate(
        [
            np.linspace(-700.0, 700.0, MANY),
            np.linspace(-1.0, 1.0, MANY),
            np.arange(-40, 41) * 0.5 * np.log(2.0),  # the edges between two powers of two
            np.array([1e-300, -1e-20, 5e-324, 0.0, -0.0]),
        ]
    )
    assert relative_error(over(numerics.exponential, x), np.exp(x.astype(LONG))) < 4e-16


@pytest.mark.jit_off
def test_exponential_at_special_arguments():
    assert numerics.exponential(0.0) == 1.0
    assert numerics.exponential(np.inf) == numerics.exponential(1e6) == numerics.exponential(700.0)
    assert numerics.exponential(-np.inf) == numerics.exponential(-1e6) == numerics.exponential(-700.0) > 0.0
    assert np.isnan(numerics.exponential(np.nan))


@pytest.mark.jit_off
def test_logarithm_is_accurate():
    x = np.concatenate(
        [
            np.geomspace(1e-307, 1e308, MANY),
            np.linspace(0.5, 2.0, MANY),
            1.0 + np.linspace(-1e-6, 1e-6, 2 * (MANY // 2)),  # an even number: without 1 itself
            2.0 ** np.arange(2.0, 1023.0, 40.0),
            np.array(
                [5e-324, 1e-310, 2.2250738585072014e-308, np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0)]
            ),
        ]
    )
    assert relative_error(over(numerics.logarithm, x), np.log(x.astype(LONG))) < 1e-15


@pytest.mark.jit_off
def test_logarithm_at_special_arguments():
    assert numerics.logarithm(1.0) == 0.0
    assert numerics.logarithm(0.0) == numerics.logarithm(-0.0) == -np.inf
    assert numerics.logarithm(np.inf) == np.inf
    for outside in (-1.0, -5e-324, -1e308, -np.inf, np.nan):
        assert np.isnan(numerics.logarithm(outside))


@given(st.floats(-690.0, 690.0))
def test_logarithm_undoes_the_exponential(x):
    assert numerics.logarithm(numerics.exponential(x)) == pytest.approx(x, rel=1e-14, abs=1e-15)


@pytest.mark.jit_off
def test_normal_distribution_function_and_density():
    z = np.linspace(-40.0, 40.0, MANY)
    cdf = over(numerics.standard_normal_cdf, z)
    np.testing.assert_allclose(cdf, scipy.special.ndtr(z), rtol=0.0, atol=1e-15)
    tail = (z < 0.0) & (z >= -37.0)
    np.testing.assert_allclose(cdf[tail], scipy.special.ndtr(z[tail]), rtol=1e-8)
    density = over(numerics.standard_normal_density, z)
    np.testing.assert_allclose(density, np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi), rtol=2e-13, atol=1e-297)
    assert numerics.standard_normal_cdf(0.0) == pytest.approx(0.5, abs=1e-16)
    assert numerics.standard_normal_cdf(1e200) == numerics.standard_normal_cdf(np.inf) == 1.0
    assert numerics.standard_normal_cdf(-1e200) == numerics.standard_normal_cdf(-np.inf) == 0.0
    assert numerics.standard_normal_density(1e200) == 0.0
    assert np.isnan(numerics.standard_normal_cdf(np.nan))
    assert np.isnan(numerics.standard_normal_density(np.nan))


@pytest.mark.jit_off
def test_normal_quantile():
    u = np.concatenate(
        [
            np.linspace(1e-4, 1.0 - 1e-4, MANY),
            np.geomspace(1e-300, 0.1, MANY),
            1.0 - np.geomspace(1e-15, 0.1, 99),
        ]
    )
    np.testing.assert_allclose(
        over(numerics.normal_quantile, u), scipy.special.ndtri(u), rtol=2e-14, atol=1e-15
    )
    # Published in AS 241 as a check of PPND16.
    assert numerics.normal_quantile(0.25) == pytest.approx(-0.6744897501960817, rel=1e-15)
    assert numerics.normal_quantile(0.001) == pytest.approx(-3.090232306167814, rel=1e-15)
    assert numerics.normal_quantile(1e-20) == pytest.approx(-9.262340089798408, rel=1e-15)
    assert numerics.normal_quantile(0.0) == -np.inf
    assert numerics.normal_quantile(1.0) == np.inf
    for outside in (-0.1, 1.1, np.nan):
        assert np.isnan(numerics.normal_quantile(outside))


@given(st.integers(0, 2**32 - 1))
def test_normal_quantile_is_odd_about_one_half(word):
    u = (word + 0.5) / 2.0**32
    assert numerics.normal_quantile(u) == -numerics.normal_quantile(1.0 - u)


@pytest.mark.jit_off
@pytest.mark.bounds
def test_normal_quantiles_are_those_of_the_scalar_function():
    words = np.concatenate([np.arange(20), np.linspace(0, 2**32 - 1, MANY // 4), 2**32 - 1 - np.arange(20)])
    u = np.concatenate([(np.floor(words) + 0.5) / 2.0**32, [0.075, 0.925, 1.4e-11, 1.0 - 1.4e-11]])
    z = u.copy()
    numerics.normal_quantiles(z, np.empty((2, 300)))
    assert z.tobytes() == over(numerics.normal_quantile, u).tobytes()


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.mark.jit_off
@pytest.mark.bounds
@given(hnp.arrays(np.float64, st.integers(0, 70), elements=NUMBERS))
def test_total_adds_in_the_documented_order(values):
    whole = values.size // 8 * 8
    partial = [0.0] * 8
    for i in range(whole):
        partial[i % 8] += values[i]
    expected = ((partial[0] + partial[1]) + (partial[2] + partial[3])) + (
        (partial[4] + partial[5]) + (partial[6] + partial[7])
    )
    for i in range(whole, values.size):
        expected += values[i]
    assert numerics.total(values) == expected


@pytest.mark.jit_off
@pytest.mark.bounds
@given(hnp.arrays(np.float64, st.integers(0, 40), elements=NUMBERS))
def test_product_total_adds_in_the_documented_order(values):
    weights, whole, partial = values[::-1].copy(), values.size // 4 * 4, [0.0] * 4
    for i in range(whole):
        partial[i % 4] += values[i] * weights[i]
    expected = (partial[0] + partial[1]) + (partial[2] + partial[3])
    for i in range(whole, values.size):
        expected += values[i] * weights[i]
    assert numerics.product_total(values, weights) == expected


def test_total_of_integers_is_exact():
    assert numerics.total(np.arange(100_003.0)) == 100_002 * 100_003 / 2
    assert numerics.total(np.empty(0)) == 0.0


def sample():
    """Return the bytes of everything here on a few arguments, for the comparison with plain Python."""
    x = np.concatenate([np.linspace(-720.0, 720.0, 301), np.linspace(-1.0, 1.0, 101), [0.0, np.inf, -np.inf]])
    positive = np.concatenate(
        [np.geomspace(5e-324, 1e308, 301), np.linspace(0.9, 1.1, 101), [0.0, -1.0, np.inf]]
    )
    u = np.concatenate([np.linspace(0.001, 0.999, 301), np.geomspace(1e-300, 0.1, 101), [0.0, 1.0, -1.0]])
    parts = [
        over(numerics.exponential, x),
        over(numerics.logarithm, positive),
        over(numerics.standard_normal_cdf, x / 20.0),
        over(numerics.standard_normal_density, x / 20.0),
        over(numerics.normal_quantile, u),
    ]
    z = np.linspace(1e-9, 1.0 - 1e-9, 301)
    numerics.normal_quantiles(z, np.empty((2, 300)))
    sums = np.array([numerics.total(positive[5 : 5 + n] ** 0.01) for n in range(40)])
    return b"".join(part.tobytes() for part in [*parts, z, sums])


@compares_with_plain_python
def test_plain_python_gives_the_same_bits_without_a_warning():
    assert output_without_jit(__file__) == sample()


@reads_vector_instructions
@pytest.mark.parametrize(
    "function",
    [numerics.exponential, numerics.logarithm, numerics.standard_normal_density],
    ids=lambda f: f.__name__,
)
def test_a_loop_becomes_vector_instructions(function):
    @helper
    def loop(values, out):
        for i in range(values.size):
            out[i] = function(values[i])

    loop(np.ones(4), np.ones(4))
    assert wide_products(loop) >= 8


@reads_vector_instructions
def test_normal_quantiles_become_vector_instructions():
    numerics.normal_quantiles(np.full(4, 0.5), np.empty((2, 4)))
    assert wide_products(numerics.normal_quantiles) >= 28


def wide_products(compiled):
    (assembly,) = compiled.inspect_asm().values()
    return len(re.findall(r"\bvmulpd\b.*%[yz]mm", assembly))


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.stdout.buffer.write(sample())
