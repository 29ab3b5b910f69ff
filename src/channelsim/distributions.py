"""Normal, Poisson and gamma draws from uniform ones, by the inverse of the distribution function.

Each draw takes exactly one uniform (`channelsim.randomness`), so that draws stay aligned whatever the
parameters. Normal quantiles are those of `channelsim.numerics`; Poisson quantiles are expanded about the
normal score and searched where that leaves a doubt; gamma quantiles are interpolated in a table of their
logarithm.

Sources
-------
M. B. Giles, Algorithm 955: approximation of the inverse Poisson cumulative distribution function,
ACM Transactions on Mathematical Software 42 (2016), article 7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelsim.compiled import helper, rule, wide
from channelsim.numerics import exponential, normal_quantile, normal_quantiles

LARGEST_SCORE = 6.4
"""Bound on the size of a standard score drawn from 32 bits."""
EXPANSION_FROM = 6.0
"""Mean from which Poisson quantiles are expanded about the normal score; below it they are searched."""


@helper
def fill_normals(out: NDArray[np.float64], scratch: NDArray[np.float64]) -> None:
    """Turn uniform draws into standard normal ones, in place.

    Parameters
    ----------
    out : ndarray of float64, shape (weeks, entities)
        C-contiguous draws of `channelsim.randomness.fill_uniforms`, overwritten by `normal_quantile` of each.
    scratch : ndarray of float64, shape (2, m)
        As in `normal_quantiles`.
    """
    normal_quantiles(out.reshape(out.size), scratch)


@rule
def _poisson_by_search(u: float, mean: float) -> float:
    """Smallest k with F(k) >= u, adding the probabilities up from k = 0."""
    probability = exponential(-mean)
    cumulative = probability
    k = 0.0
    # Beyond the mean the terms shrink for good; one that no longer counts ends the search for u close to 1.
    while cumulative < u and (k < mean or probability > 1e-18):
        k += 1.0
        probability *= mean / k
        cumulative += probability
    return k


@helper
def poisson_quantile(u: float, mean: float) -> float:
    """Quantile function of the Poisson distribution.

    Parameters
    ----------
    u : float
        Probability, strictly between 0 and 1: a uniform draw.
    mean : float
        Mean of the distribution. 0 gives 0; a negative mean and NaN give NaN.

    Returns
    -------
    float
        A count. Up to a mean of 500 it is the exact inverse, the smallest k with F(k) >= u; F is added up
        in floating point, so where u lies within about 1e-13 of F(k) the result may be k or k + 1 (draws
        are 2.3e-10 apart). Above 500 it is the integer part of an expansion, off by one with a
        probability of 0.014 mean**-1.5 (1.2e-6 at a mean of 500).

    Notes
    -----
    The expansion (Giles 2016, the terms to order 1/mean) maps the normal score of u to a number whose
    integer part is the quantile, unless that number lies close to an integer. From a mean of 6 its error
    stays below 0.7 of the bound used here, for \\|z\\| <= 6.4; only draws within the bound are searched.
    """
    return poisson_from_score(u, normal_quantile(u), mean)


@helper
def poisson_expansion(z: float, mean: float) -> float:
    """Number whose integer part is the Poisson quantile at the normal score, unless it is near an integer."""
    zz = z * z
    root = np.sqrt(mean)
    return (
        mean
        + root * z
        + (1.0 / 3.0 + zz / 6.0)
        - z * (1.0 / 36.0 + zz / 72.0) / root
        + (zz * (7.0 / 810.0 + zz / 270.0) - 8.0 / 405.0) / mean
    )


@helper
def poisson_from_score(u: float, z: float, mean: float) -> float:
    """Poisson quantile at u, whose normal score z is known; see `poisson_quantile`."""
    if mean < EXPANSION_FROM:
        if mean > 0.0:
            return _poisson_by_search(u, mean)
        return 0.0 if mean == 0.0 else np.nan
    x = poisson_expansion(z, mean)
    if _in_doubt(z, mean, x):
        return _poisson_by_search(u, mean)
    return 0.0 if x <= 0.0 else np.floor(x)


@helper
def _in_doubt(z: float, mean: float, x: float) -> bool:
    """Whether the expansion x lies too close to an integer to tell the quantile."""
    size, zz = abs(z), z * z
    doubt = 4.0 * (0.02 + size * (0.0173 + zz * (0.0035 + zz * 0.00133))) / (mean * np.sqrt(mean))
    return (mean <= 500.0) & ((size > 6.4) | (abs(x - np.floor(x + 0.5)) <= doubt))


@wide
def fill_poisson(
    uniform: NDArray[np.float64],
    mean: NDArray[np.float64],
    out: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> None:
    """Fill a row with Poisson quantiles: `poisson_quantile` of each uniform number and mean, bit for bit.

    Parameters
    ----------
    uniform, mean, out : ndarray of float64, shape (n,)
        Contiguous and distinct. In passes that vectorise: scores, expansions, then the searches that remain.
    scratch : ndarray of float64, shape (2, m)
        As in `normal_quantiles`.
    """
    for i in range(out.size):
        out[i] = uniform[i]
    normal_quantiles(out, scratch)
    for i in range(out.size):
        expanded = mean[i] >= EXPANSION_FROM
        safe = mean[i] if expanded else EXPANSION_FROM
        x = poisson_expansion(out[i], safe)
        floor = 0.0 if x <= 0.0 else np.floor(x)
        out[i] = floor if expanded & (not _in_doubt(out[i], safe, x)) else -1.0
    for i in range(out.size):
        if out[i] < 0.0:
            known = mean[i] > 0.0
            out[i] = _poisson_by_search(uniform[i], mean[i]) if known else 0.0 if mean[i] == 0.0 else np.nan


def gamma_quantile_table(shape: float, size: int = 512) -> NDArray[np.float64]:
    """Table from which `gamma_from_table` reads quantiles of a gamma distribution with mean 1.

    Parameters
    ----------
    shape : float
        Shape parameter, at least 0.25; the coefficient of variation is ``shape ** -0.5``.
    size : int, default 512
        Number of entries, at least 8.

    Returns
    -------
    ndarray of float64, shape (size,)
        Logarithms of the quantile at equally spaced normal scores, from -6.4 to 6.4 and one beyond each end.

    Raises
    ------
    ValueError
        If the shape or the size is too small.

    Notes
    -----
    The logarithm is interpolated because it is smooth in the normal score: about ln(probability) / shape
    at the lower end, where the quantile itself falls to 1e-40 for the smallest shape.
    """
    if not (0.25 <= shape < np.inf):
        raise ValueError(f"the shape of a gamma table is finite and at least 0.25, not {shape}")
    if size < 8:
        raise ValueError(f"a table has at least 8 entries, not {size}")
    from scipy.special import gammainccinv, gammaincinv, ndtr

    step = 2.0 * LARGEST_SCORE / (size - 3)
    score = -LARGEST_SCORE + step * np.arange(-1, size - 1)
    # The smaller tail probability is the accurate one.
    quantile = np.where(score < 0.0, gammaincinv(shape, ndtr(score)), gammainccinv(shape, ndtr(-score)))
    return np.log(quantile / shape)


@helper
def gamma_from_table(z: float, table: NDArray[np.float64]) -> float:
    """Quantile of a gamma distribution with mean 1, by cubic interpolation.

    Parameters
    ----------
    z : float
        Standard score of the draw; clamped to [-6.4, 6.4]. NaN gives NaN.
    table : ndarray of float64, shape (size,)
        From `gamma_quantile_table`.

    Returns
    -------
    float
        Quantile at the probability P(Z <= z), positive; relative error below 2e-8 at the default size.
    """
    return exponential(_gamma_logarithm(z, table))


@helper
def _gamma_logarithm(z: float, table: NDArray[np.float64]) -> float:
    """Logarithm of the gamma quantile at a standard score; NaN of NaN."""
    cells = table.size - 3
    known = z == z
    z = z if known else 0.0
    z = LARGEST_SCORE if z > LARGEST_SCORE else z
    z = -LARGEST_SCORE if z < -LARGEST_SCORE else z
    position = (z + LARGEST_SCORE) * (cells / (2.0 * LARGEST_SCORE))
    cell = int(position)
    cell = cell if cell < cells else cells - 1
    f = position - cell
    # Lagrange's polynomial through the nodes at -1, 0, 1 and 2 cells.
    g, h, e = f - 1.0, f - 2.0, f + 1.0
    outer = f * g * (e * table[cell + 3] - h * table[cell])
    inner = h * e * (g * table[cell + 1] - f * table[cell + 2])
    logarithm = inner / 2.0 + outer / 6.0
    return logarithm if known else np.nan


@wide
def fill_gamma(
    normal: NDArray[np.float64],
    mean: NDArray[np.float64],
    table: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fill a row with gamma quantiles: each mean times `gamma_from_table` of its standard score.

    Parameters
    ----------
    normal, mean, out : ndarray of float64, shape (n,)
        Contiguous and distinct.
    table : ndarray of float64, shape (size,)
        From `gamma_quantile_table`.
    """
    for i in range(out.size):  # apart: reading here and there in the table keeps a loop from vectorising
        out[i] = _gamma_logarithm(normal[i], table)
    for i in range(out.size):
        out[i] = mean[i] * exponential(out[i])
