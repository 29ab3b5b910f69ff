"""Exact scalar functions and sums that every mechanism builds on.

The functions use ``+ - * /``, the square root, comparisons and bit operations on single numbers,
in a written order. IEEE 754 fixes the result of each of these to the last bit, so a value is the
same on every processor, in compiled code and with ``NUMBA_DISABLE_JIT=1``, in a loop that the
compiler turned into vector instructions and in one that it did not. The mathematical library of
the platform promises none of that, and its ``exp`` and ``log`` also stop a loop from vectorising.

Where a function has cases, it computes them all and selects (``a if condition else b`` on numbers
already at hand): a select vectorises, a branch does not.

Sources
-------
Logarithm: the reduction and the coefficients of FDLIBM ``e_log.c`` (Sun Microsystems, 1993).
Exponential: the same reduction; the polynomial interpolates (e^r - 1 - r) / r^2 at the Chebyshev
nodes of \\|r\\| <= ln(2)/2. Normal distribution function: J. F. Hart et al., Computer Approximations
(1968), algorithm 5666, as given by G. West, Better approximations to cumulative normal functions,
Wilmott (2005). Normal quantile: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477-484.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelsim.compiled import helper, wide

# Adding 1.5 * 2**52 rounds a number of modest size to an integer, which then stands in the low bits.
_ROUNDER = 6755399441055744.0
_ROUNDER_BITS = 0x4338000000000000
_LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first ends in 32 zero bits, so that its product with an exponent is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LN2 = 0.6931471805599453
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_TO_54 = 18014398509481984.0
_SQRT_TWO_PI = 2.5066282746310002

EXPONENTIAL_LIMIT = 700.0
"""The argument of `exponential` is clamped to this distance from zero."""


@helper
def exponential(x: float) -> float:
    """Exponential function of an argument clamped to [-700, 700].

    Parameters
    ----------
    x : float
        Exponent, dimensionless. NaN gives NaN.

    Returns
    -------
    float
        e**x with a relative error below 4e-16; exactly 1 at 0.

    Notes
    -----
    x = n ln 2 + r with integer n and \\|r\\| <= ln(2)/2; e**r by a polynomial of degree 11, and 2**n is
    written into the exponent bits. The clamp keeps n among the normal numbers: e**700 is about 1e304.
    """
    x = EXPONENTIAL_LIMIT if x > EXPONENTIAL_LIMIT else x
    x = -EXPONENTIAL_LIMIT if x < -EXPONENTIAL_LIMIT else x
    shifted = np.float64(x * _LOG2_E + _ROUNDER)
    n = shifted - _ROUNDER
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    # Pairs (Estrin's scheme) shorten the chain of dependent operations.
    p0 = 5.000000000000001e-01 + 1.6666666666666669e-01 * r
    p2 = 4.166666666662413e-02 + 8.333333333330062e-03 * r
    p4 = 1.3888888917213717e-03 + 1.9841269863053618e-04 * r
    p6 = 2.4801521295954376e-05 + 2.7557268459997064e-06 * r
    p8 = 2.7620088445409746e-07 + 2.510038549551032e-08 * r
    q = (p0 + r2 * p2) + r4 * ((p4 + r2 * p6) + r4 * p8)
    bits = np.int64((shifted.view(np.int64) + 1023) << 52)
    return (1.0 + (r + r2 * q)) * bits.view(np.float64)


@helper
def _logarithm_of_normal(x: float) -> float:
    """Logarithm of a positive, finite number that is not subnormal."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    f = np.int64(bits - (exponent << 52)).view(np.float64) - 1.0  # in [sqrt(1/2) - 1, sqrt(2) - 1)
    k = np.int64(exponent + _ROUNDER_BITS).view(np.float64) - _ROUNDER
    s = f / (2.0 + f)  # ln(1 + f) = 2 artanh(s)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    return k * _LN2 + s * (2.0 + (even + odd))


@helper
def logarithm(x: float) -> float:
    """Natural logarithm.

    Parameters
    ----------
    x : float
        Argument, dimensionless. Zero gives -inf, infinity inf; a negative number and NaN give NaN.

    Returns
    -------
    float
        ln(x) with a relative error below 1e-15, also next to 1 and for subnormal numbers.
    """
    inside = 0.0 < x < np.inf
    y = x if inside else 1.0
    subnormal = y < _SMALLEST_NORMAL
    result = _logarithm_of_normal(y * _TWO_TO_54 if subnormal else y)
    result = result - 54.0 * _LN2 if subnormal else result
    outside = -np.inf if x == 0.0 else (np.inf if x > 0.0 else np.nan)
    return result if inside else outside


@helper
def logistic(x: float) -> float:
    """Logistic function Λ(x) = 1/(1 + e^−x).

    Parameters
    ----------
    x : float
        Log odds, dimensionless; clamped as in `exponential`. NaN gives NaN.

    Returns
    -------
    float
        Probability in [0, 1]; exactly ½ at 0.
    """
    return 1.0 / (1.0 + exponential(-x))


@helper
def standard_normal_density(z: float) -> float:
    """Density of the standard normal distribution.

    Parameters
    ----------
    z : float
        Standard score.

    Returns
    -------
    float
        exp(-z**2 / 2) / sqrt(2 pi); 0 beyond 37 standard deviations, where it is below 1e-297.
    """
    a = abs(z)
    a = 38.0 if a > 38.0 else a
    density = exponential(-0.5 * a * a) / _SQRT_TWO_PI
    return 0.0 if a > 37.0 else density


@helper
def standard_normal_cdf(z: float) -> float:
    """Distribution function of the standard normal distribution.

    Parameters
    ----------
    z : float
        Standard score. NaN gives NaN.

    Returns
    -------
    float
        P(Z <= z), absolute error below 1e-15; in the lower tail the relative error stays below 1e-8
        down to z = -37, beyond which the result is 0.
    """
    a = abs(z)
    a = 38.0 if a > 38.0 else a
    upper = 3.52624965998911e-02
    upper = upper * a + 0.700383064443688
    upper = upper * a + 6.37396220353165
    upper = upper * a + 33.912866078383
    upper = upper * a + 112.079291497871
    upper = upper * a + 221.213596169931
    upper = upper * a + 220.206867912376
    lower = 8.83883476483184e-02
    lower = lower * a + 1.75566716318264
    lower = lower * a + 16.064177579207
    lower = lower * a + 86.7807322029461
    lower = lower * a + 296.564248779674
    lower = lower * a + 637.333633378831
    lower = lower * a + 793.826512519948
    lower = lower * a + 440.413735824752
    fraction = a + 1.0 / (a + 2.0 / (a + 3.0 / (a + 4.0 / (a + 0.65))))
    decay = exponential(-0.5 * a * a)
    near, far = decay * upper / lower, decay / (fraction * _SQRT_TWO_PI)
    tail = near if a < 7.07106781186547 else far
    tail = 0.0 if a > 37.0 else tail
    return 1.0 - tail if z > 0.0 else tail


@helper
def _central_quantile(q: float) -> float:
    """Quantile for u = q + 1/2 with |q| <= 0.425 (AS 241, first case)."""
    r = 0.180625 - q * q
    top = 2.5090809287301226727e3
    top = top * r + 3.3430575583588128105e4
    top = top * r + 6.7265770927008700853e4
    top = top * r + 4.5921953931549871457e4
    top = top * r + 1.3731693765509461125e4
    top = top * r + 1.9715909503065514427e3
    top = top * r + 1.3314166789178437745e2
    top = top * r + 3.3871328727963666080e0
    bottom = 5.2264952788528545610e3
    bottom = bottom * r + 2.8729085735721942674e4
    bottom = bottom * r + 3.9307895800092710610e4
    bottom = bottom * r + 2.1213794301586595867e4
    bottom = bottom * r + 5.3941960214247511077e3
    bottom = bottom * r + 6.8718700749205790830e2
    bottom = bottom * r + 4.2313330701600911252e1
    bottom = bottom * r + 1.0
    return q * top / bottom


@helper
def _tail_quantile(r: float) -> float:
    """Distance from zero for r = sqrt(-ln tail probability) <= 5 (AS 241, second case)."""
    r = r - 1.6
    top = 7.74545014278341407640e-4
    top = top * r + 2.27238449892691845833e-2
    top = top * r + 2.41780725177450611770e-1
    top = top * r + 1.27045825245236838258e0
    top = top * r + 3.64784832476320460504e0
    top = top * r + 5.76949722146069140550e0
    top = top * r + 4.63033784615654529590e0
    top = top * r + 1.42343711074968357734e0
    bottom = 1.05075007164441684324e-9
    bottom = bottom * r + 5.47593808499534494600e-4
    bottom = bottom * r + 1.51986665636164571966e-2
    bottom = bottom * r + 1.48103976427480074590e-1
    bottom = bottom * r + 6.89767334985100004550e-1
    bottom = bottom * r + 1.67638483018380384940e0
    bottom = bottom * r + 2.05319162663775882187e0
    bottom = bottom * r + 1.0
    return top / bottom


@helper
def _far_quantile(r: float) -> float:
    """Distance from zero for r = sqrt(-ln tail probability) > 5 (AS 241, third case)."""
    r = r - 5.0
    top = 2.01033439929228813265e-7
    top = top * r + 2.71155556874348757815e-5
    top = top * r + 1.24266094738807843860e-3
    top = top * r + 2.65321895265761230930e-2
    top = top * r + 2.96560571828504891230e-1
    top = top * r + 1.78482653991729133580e0
    top = top * r + 5.46378491116411436990e0
    top = top * r + 6.65790464350110377720e0
    bottom = 2.04426310338993978564e-15
    bottom = bottom * r + 1.42151175831644588870e-7
    bottom = bottom * r + 1.84631831751005468180e-5
    bottom = bottom * r + 7.86869131145613259100e-4
    bottom = bottom * r + 1.48753612908506148525e-2
    bottom = bottom * r + 1.36929880922735805310e-1
    bottom = bottom * r + 5.99832206555887937690e-1
    bottom = bottom * r + 1.0
    return top / bottom


@helper
def normal_quantile(u: float) -> float:
    """Quantile function of the standard normal distribution.

    Parameters
    ----------
    u : float
        Probability, strictly between 0 and 1. 0 gives -inf, 1 inf, anything outside [0, 1] NaN.

    Returns
    -------
    float
        Standard score z with P(Z <= z) = u, relative error about 1e-15 (AS 241, PPND16).
    """
    q = u - 0.5
    smaller = u if q < 0.0 else 1.0 - u
    inside = smaller > 0.0
    r = np.sqrt(-logarithm(smaller if inside else 0.5))
    near, far = _tail_quantile(r), _far_quantile(r)
    tail = far if r > 5.0 else near
    tail = tail if inside else (np.inf if smaller == 0.0 else np.nan)
    tail = -tail if q < 0.0 else tail
    central = _central_quantile(q)
    return central if abs(q) <= 0.425 else tail


@wide
def normal_quantiles(values: NDArray[np.float64], scratch: NDArray[np.float64]) -> None:
    """Replace probabilities by standard scores; bit for bit `normal_quantile` of each, several times as fast.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        C-contiguous probabilities between 1.4e-11 and 1 - 1.4e-11, which holds every 32-bit draw;
        overwritten by the standard scores. Values outside that range give a wrong result.
    scratch : ndarray of float64, shape (2, m)
        C-contiguous room to work in; m of about 1000 keeps a block in the nearest cache.

    Notes
    -----
    The tails, 15 % of all draws, take a logarithm and a square root: they are put on a list, so that the
    other 85 % do without. Block by block, in passes that vectorise.
    """
    tails, places, size = scratch[0], scratch[1].view(np.int64), scratch.shape[1]
    for block in range((values.size + size - 1) // size):
        part = values[block * size : min(values.size, (block + 1) * size)]
        count = 0
        for i in range(part.size):
            tails[count] = part[i]
            places[count] = i
            count += 1 if abs(part[i] - 0.5) > 0.425 else 0
        for i in range(part.size):
            part[i] = _central_quantile(part[i] - 0.5)
        for k in range(count):
            lower = tails[k] < 0.5
            smaller = tails[k] if lower else 1.0 - tails[k]
            distance = _tail_quantile(np.sqrt(-_logarithm_of_normal(smaller)))
            tails[k] = -distance if lower else distance
        for k in range(count):
            part[places[k]] = tails[k]


@helper
def total(values: NDArray[np.float64]) -> float:
    """Sum of an array in a fixed order.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        C-contiguous numbers.

    Returns
    -------
    float
        Partial sum j takes the elements j, j + 8, j + 16, ... of the whole blocks of eight; the eight are
        added in pairs, then the remainder in order. Eight chains instead of one are about three
        times as fast on long arrays and round less. The sum of no numbers is 0.
    """
    blocks = values.size // 8
    result = 0.0
    if blocks > 0:
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for block in range(blocks):  # not range(0, n, 8), with which each index is tested for its sign
            k = 8 * block
            s0 += values[k]
            s1 += values[k + 1]
            s2 += values[k + 2]
            s3 += values[k + 3]
            s4 += values[k + 4]
            s5 += values[k + 5]
            s6 += values[k + 6]
            s7 += values[k + 7]
        result = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for k in range(8 * blocks, values.size):
        result += values[k]
    return result


@helper
def product_total(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Sum of products in a fixed order.

    Parameters
    ----------
    values, weights : ndarray of float64, shape (n,)
        C-contiguous numbers.

    Returns
    -------
    float
        Partial sum j takes the elements j, j + 4, j + 8, ... of the whole blocks of four; the four are added
        in pairs, then the remainder in order. The sum of no numbers is 0.
    """
    blocks = values.size // 4
    s0 = s1 = s2 = s3 = 0.0
    for block in range(blocks):
        k = 4 * block
        s0 += values[k] * weights[k]
        s1 += values[k + 1] * weights[k + 1]
        s2 += values[k + 2] * weights[k + 2]
        s3 += values[k + 3] * weights[k + 3]
    result = (s0 + s1) + (s2 + s3)
    for k in range(4 * blocks, values.size):
        result += values[k] * weights[k]
    return result
