"""Estimates from independent replications, each with an interval: means, differences, tails, chances.

Replications of one policy are independent and identically distributed; replications of the same number
under two policies share their random numbers, so that policies are compared by paired differences.

All raise `ValueError`, in one line, for a level, share or tail that is not admissible; all but the means
also for samples that are empty or hold NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """An estimate with its interval; scalars, or arrays of one shape.

    Attributes
    ----------
    value : float or ndarray
        The estimate, in the unit of the data.
    standard_error : float or ndarray
        Its estimated standard deviation; NaN where the method gives none.
    low, high : float or ndarray
        Ends of the interval.
    replications : int or ndarray
        Number of observations that it rests on.
    """

    value: Any
    standard_error: Any
    low: Any
    high: Any
    replications: Any


def check_level(level: float) -> None:
    """Refuse a coverage that is not strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level!r} is not strictly between 0 and 1")


def _sample(values: ArrayLike) -> Floats:
    """Return a one-dimensional sample without NaN, or refuse it."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"values have shape {sample.shape}; expected one dimension with at least one value")
    if np.isnan(sample).any():
        raise ValueError(f"{int(np.isnan(sample).sum())} of {sample.size} values are NaN")
    return sample


def mean(values: ArrayLike, level: float = 0.95, axis: int = -1, omit_nan: bool = False) -> Estimate:
    """Mean of replications with Student's interval.

    Parameters
    ----------
    values : array_like, shape (..., n, ...)
        One value per replication along ``axis``.
    level : float
        Coverage of the interval, in (0, 1).
    axis : int
        Axis of the replications.
    omit_nan : bool
        Whether replications in which the value is undefined are left out; they make the mean NaN otherwise.

    Returns
    -------
    Estimate
        Mean, s / √n, and mean ± t(n − 1) s / √n, each of the shape of ``values`` without ``axis``.
        Of one replication there is a mean, but its error and interval are NaN; of none all are NaN.

    Notes
    -----
    Sums are taken about the first value, so that equal replications give it exactly, with zero error.
    Source: Student (1908), The probable error of a mean, Biometrika 6, 1-25. Exact for normal values.

    Examples
    --------
    The first sample of Student's sleep data: mean 0.75, 95 % interval -0.53 to 2.03.

    >>> result = mean([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    >>> [round(float(number), 3) for number in result]
    [0.75, 0.566, -0.53, 2.03, 10.0]
    """
    from scipy.special import stdtrit

    check_level(level)
    data = np.moveaxis(np.asarray(values, dtype=np.float64), axis, -1)
    used = ~np.isnan(data) if omit_nan else np.ones(data.shape, dtype=bool)
    count = used.sum(axis=-1)
    if data.shape[-1] == 0:
        nothing = np.full(data.shape[:-1], np.nan)[()]
        return Estimate(nothing, nothing, nothing, nothing, count[()])
    origin = np.take_along_axis(data, used.argmax(axis=-1)[..., None], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = np.where(used, data - origin, 0.0)
        offset = shifted.sum(axis=-1) / count
        centre = origin[..., 0] + offset
        squares = np.where(used, (shifted - offset[..., None]) ** 2, 0.0).sum(axis=-1)
        freedom = np.where(count > 1, count - 1.0, np.nan)
        error = np.sqrt(squares / freedom / count)
        half = stdtrit(freedom, 0.5 + 0.5 * level) * error
    return Estimate(centre[()], error[()], (centre - half)[()], (centre + half)[()], count[()])


def paired_difference(
    values: ArrayLike, base: ArrayLike, level: float = 0.95, axis: int = -1, omit_nan: bool = False
) -> Estimate:
    """Mean of the differences between paired replications, with Student's interval.

    Parameters
    ----------
    values, base : array_like, shapes that broadcast
        Replication k of both ran on the same random numbers.
    level, axis, omit_nan
        As in `mean`; a pair is left out if either value is NaN.

    Returns
    -------
    Estimate
        Of values less base.

    Notes
    -----
    The variance is that of the difference: common random numbers that move both the same way cancel.
    Source: Law (2015), Simulation Modeling and Analysis, 5th ed., sections 10.2 and 11.2.

    Examples
    --------
    Student's sleep data, second drug against the first on the same ten patients: 1.58, interval 0.70 to
    2.46, although the intervals of the two means overlap.

    >>> first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    >>> second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    >>> result = paired_difference(second, first)
    >>> [round(float(number), 2) for number in result]
    [1.58, 0.39, 0.7, 2.46, 10.0]
    """
    difference = np.asarray(values, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    return mean(difference, level, axis, omit_nan)


def probability(occurred: ArrayLike, level: float = 0.95) -> Estimate:
    """Chance of an event, with Wilson's interval.

    Parameters
    ----------
    occurred : array_like of bool, shape (n,)
        Whether the event occurred in each replication.
    level : float
        Nominal coverage of the interval.

    Returns
    -------
    Estimate
        Share of the replications, its standard error √(p(1 − p)/n), and the score interval, which stays
        within [0, 1] and is informative also when the event never or always occurred.

    Notes
    -----
    Source: Wilson (1927), Probable inference, Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    An event that never occurred in 20 replications may still have a chance of 16 %.

    >>> result = probability([False] * 20)
    >>> float(result.value), float(result.low), round(float(result.high), 4)
    (0.0, 0.0, 0.1611)
    """
    from scipy.special import ndtri

    check_level(level)
    sample = _sample(occurred)
    if not np.isin(sample, (0.0, 1.0)).all():
        raise ValueError("occurred holds values other than true and false")
    n, share, z = sample.size, sample.mean(), ndtri(0.5 + 0.5 * level)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the bound is exactly 0 or 1; rounding would leave it a hair off.
    low = 0.0 if share == 0.0 else centre - half
    high = 1.0 if share == 1.0 else centre + half
    return Estimate(share, np.sqrt(share * (1 - share) / n), low, high, n)


def quantile(values: ArrayLike, share: float, level: float = 0.95) -> Estimate:
    """Quantile with a distribution-free interval between two order statistics.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per replication.
    share : float
        Probability below the quantile, in (0, 1).
    level : float
        Coverage, which the interval reaches or exceeds for any continuous distribution.

    Returns
    -------
    Estimate
        Sample quantile (linear between order statistics); the standard error is NaN. An end is infinite
        where there are too few replications to bound it.

    Notes
    -----
    The number of values below the quantile is binomial: the ends are the r-th and the s-th smallest value
    with P(B < r) <= (1 − level)/2 and P(B >= s) <= (1 − level)/2.
    Source: Conover (1999), Practical Nonparametric Statistics, 3rd ed., section 3.2.

    Examples
    --------
    The median of 1 … 20 lies between the 6th and the 15th value.

    >>> result = quantile(range(1, 21), 0.5)
    >>> float(result.value), float(result.low), float(result.high)
    (10.5, 6.0, 15.0)
    """
    from scipy.special import bdtr

    check_level(level)
    if not 0.0 < share < 1.0:
        raise ValueError(f"share {share!r} is not strictly between 0 and 1")
    ordered = np.sort(_sample(values))
    n = ordered.size
    below = bdtr(np.arange(n, dtype=np.float64), n, share)  # P(B <= k)
    first = int(np.count_nonzero(below <= 0.5 - 0.5 * level))  # largest r with P(B <= r - 1) small enough
    # smallest s with P(B <= s - 1) large enough; P(B <= n) = 1 would be s = n + 1, which bounds nothing
    last = int(np.count_nonzero(below < 0.5 + 0.5 * level)) + 1
    low = ordered[first - 1] if first >= 1 else -np.inf
    high = ordered[last - 1] if last <= n else np.inf
    return Estimate(np.quantile(ordered, share), np.nan, low, high, n)


def bootstrap(
    values: ArrayLike,
    statistic: Callable[..., Any],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Any statistic of a sample, with the bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per replication.
    statistic : callable
        ``statistic(array, axis=-1)`` reduces the last axis.
    level : float
        Nominal coverage; reached up to O(1/n).
    resamples : int
        Number of resamples; 2,000 or more for 95 % intervals.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    Estimate
        The statistic of the sample, standard deviation over resamples, and interval. Where all resamples
        agree the interval is the point; where the correction is undefined it is the percentile interval.

    Notes
    -----
    Source: Efron (1987), Better bootstrap confidence intervals, Journal of the American Statistical
    Association 82, 171-185.

    Examples
    --------
    >>> result = bootstrap(np.arange(1.0, 31.0), np.mean)
    >>> float(result.value), bool(result.low < 12.6), bool(result.high > 18.4)
    (15.5, True, True)
    """
    check_level(level)
    sample = _sample(values)
    if resamples < 2:
        raise ValueError(f"resamples is {resamples}; expected 2 or more")
    generator = np.random.Generator(np.random.PCG64(seed))
    replicates = np.empty(resamples)
    block = max(1, 2_000_000 // sample.size)  # resamples held in memory at a time
    for start in range(0, resamples, block):
        end = min(start + block, resamples)
        chosen = generator.integers(0, sample.size, (end - start, sample.size))
        replicates[start:end] = statistic(sample[chosen], axis=-1)
    value = np.float64(statistic(sample, axis=-1))
    low, high = np.quantile(replicates, _corrected_shares(sample, statistic, value, replicates, level))
    return Estimate(value, replicates.std(ddof=1), low, high, sample.size)


def _corrected_shares(
    sample: Floats, statistic: Callable[..., Any], value: np.float64, replicates: Floats, level: float
) -> Floats:
    """Return the shares of the bootstrap distribution at which the interval ends."""
    from scipy.special import ndtr, ndtri

    plain = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    below = (np.count_nonzero(replicates < value) + np.count_nonzero(replicates <= value)) / 2
    if sample.size < 2 or not 0 < below < replicates.size:
        return plain
    bias = ndtri(below / replicates.size)
    left_out = np.array([np.float64(statistic(np.delete(sample, k), axis=-1)) for k in range(sample.size)])
    influence = left_out.mean() - left_out
    spread = (influence**2).sum()
    if spread == 0.0:
        return plain
    acceleration = (influence**3).sum() / (6.0 * spread**1.5)
    z = bias + ndtri(plain)
    corrected: Floats = ndtr(bias + z / (1.0 - acceleration * z))
    return corrected


def tail_mean(values: ArrayLike, share: float, tail: str = "lower", axis: int = -1) -> Any:
    """Mean of the lowest or highest share of the values: conditional value at risk of the sample.

    Parameters
    ----------
    values : array_like, shape (..., n, ...)
    share : float
        Share of the values in the tail, in (0, 1]; the value at its edge counts in part.
    tail : {"lower", "upper"}
    axis : int

    Returns
    -------
    float or ndarray
        Shape of ``values`` without ``axis``.

    Examples
    --------
    The worst quarter of ten values: the lowest two and half of the third.

    >>> float(tail_mean(range(1, 11), 0.25))
    1.8
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share {share!r} is not in (0, 1]")
    if tail not in ("lower", "upper"):
        raise ValueError(f"tail {tail!r} is neither 'lower' nor 'upper'")
    ordered = np.sort(np.moveaxis(np.asarray(values, dtype=np.float64), axis, -1), axis=-1)
    n = ordered.shape[-1]
    if tail == "upper":
        ordered = ordered[..., ::-1]
    weight = np.clip(share * n - np.arange(n), 0.0, 1.0)
    return (ordered * weight).sum(axis=-1) / (share * n)


def conditional_value_at_risk(
    values: ArrayLike,
    share: float,
    tail: str = "lower",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Mean of the worst share of outcomes (CVaR, expected shortfall), with bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per replication.
    share : float
        Share of the outcomes in the tail: 0.1 for the worst tenth.
    tail : {"lower", "upper"}
        Which tail is the worst: "lower" for profit, "upper" for cost.
    level, resamples, seed
        As in `bootstrap`.

    Returns
    -------
    Estimate
        In the unit of the data. With fewer than about 10 observations in the tail the interval is too short.

    Notes
    -----
    Source: Rockafellar & Uryasev (2002), Conditional value-at-risk for general loss distributions, Journal
    of Banking & Finance 26, 1443-1471 (equation 25 splits the atom at the edge of the tail).

    Examples
    --------
    >>> result = conditional_value_at_risk(range(1, 101), 0.1)
    >>> float(result.value)
    5.5
    """

    def worst(sample: Floats, axis: int = -1) -> Any:
        return tail_mean(sample, share, tail, axis)

    return bootstrap(values, worst, level, resamples, seed)
