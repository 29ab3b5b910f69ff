"""Known answers against which estimators are judged: tails, intervals, variances, sensitivity indices.

An estimator is right if it finds a number that is known by other means. Here are such numbers (those of
sensitivity indices are in `channelsim.theory.sensitivity_indices`):

* **conditional value at risk** of normal, exponential and uniform outcomes: the mean of their worst share;
* the **coverage** that an interval must have: Student's on normal values has its level, on two uniform values
  it has less, and intervals from counts or order statistics have a coverage that is a finite sum;
* the **variance of a difference**: σ₁² + σ₂² − 2ρσ₁σ₂, which is what common random numbers make small;
* the **bootstrap's standard error** of a mean: over all resamples it has divisor n, not n − 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from channelsim.theory.admissible import above, at_least, between, one_of, whole_number


def normal_tail_mean(mean: float, standard_deviation: float, share: float, tail: str = "lower") -> float:
    """Mean of the lowest or highest share of a normal outcome: μ ∓ σ φ(z_share) / share.

    Parameters
    ----------
    mean, standard_deviation : float
        Of the outcome.
    share : float
        Share of outcomes in the tail, in (0, 1].
    tail : {"lower", "upper"}

    Returns
    -------
    float
        In the unit of the outcome.

    Raises
    ------
    ValueError
        If the standard deviation is not positive, the share not in (0, 1], or the tail neither.

    Notes
    -----
    Source: Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2, 21-41.

    Examples
    --------
    The worst 5 % of a normal outcome lie 2.063 standard deviations below its mean, on average.

    >>> round(normal_tail_mean(0.0, 1.0, 0.05), 4)
    -2.0627
    """
    from scipy.special import ndtri

    _check_tail(share, tail)
    above(standard_deviation, 0.0, "standard_deviation")
    edge = float(ndtri(share))
    distance = standard_deviation * math.exp(-edge * edge / 2) / math.sqrt(2 * math.pi) / share
    return mean - distance if tail == "lower" else mean + distance


def exponential_tail_mean(mean: float, share: float, tail: str = "lower") -> float:
    """Mean of the lowest or highest share of an exponential outcome.

    Upper: μ (1 − ln share). Lower: μ (1 + (1 − share) ln(1 − share) / share).

    Parameters, errors as in `normal_tail_mean`.

    Examples
    --------
    >>> round(exponential_tail_mean(1.0, 0.1, "upper"), 4), round(exponential_tail_mean(1.0, 0.1), 4)
    (3.3026, 0.0518)
    """
    _check_tail(share, tail)
    above(mean, 0.0, "mean")
    if tail == "upper":
        return mean * (1.0 - math.log(share))
    return mean * (1.0 + (1.0 - share) * math.log1p(-share) / share) if share < 1.0 else mean


def uniform_tail_mean(low: float, high: float, share: float, tail: str = "lower") -> float:
    """Mean of the lowest or highest share of a uniform outcome: half the share's width from the end.

    Parameters, errors as in `normal_tail_mean`; `low` is below `high`.

    Examples
    --------
    >>> uniform_tail_mean(0.0, 10.0, 0.5), uniform_tail_mean(0.0, 10.0, 0.5, "upper")
    (2.5, 7.5)
    """
    _check_tail(share, tail)
    above(high - low, 0.0, "high less low")
    half = share * (high - low) / 2
    return low + half if tail == "lower" else high - half


def student_coverage_of_two_uniforms(level: float) -> float:
    """Coverage of Student's interval for the mean of two uniform values: t / (1 + t).

    With two values the interval is x̄ ± t d / 2, d their distance and t the quantile of one degree of freedom.
    About the mean, distance d and sum s (counted without its sign) of the two are uniform on the triangle
    s + d ≤ 2 (half-width 1); the mean is covered where s ≤ t d, a share t / (1 + t) of it. Student's
    interval, exact for normal values, falls short of its level here, by an amount that is known.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.

    Notes
    -----
    Derived here; checked in the tests by quadrature.

    Examples
    --------
    >>> round(student_coverage_of_two_uniforms(0.95), 4)
    0.927
    """
    between(level, 0.0, 1.0, "level")
    # one degree of freedom is Cauchy's distribution
    quantile = math.tan(math.pi * level / 2)
    return quantile / (1.0 + quantile)


def score_interval_coverage(replications: int, probability: float, level: float) -> float:
    """Coverage of the score interval of a probability (Wilson 1927): a sum of binomial chances.

    The interval holds p if and only if the count k is within z √(n p (1 − p)) of n p: no interval needs to be
    computed.

    Parameters
    ----------
    replications : int
        n, at least 1.
    probability : float
        p, strictly between 0 and 1.
    level : float
        Nominal coverage.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> round(score_interval_coverage(20, 0.1, 0.95), 4)
    0.9568
    """
    from scipy.special import ndtri
    from scipy.stats import binom

    between(level, 0.0, 1.0, "level")
    whole_number(replications, 1, "replications")
    between(probability, 0.0, 1.0, "probability")
    counts = np.arange(replications + 1)
    reach = ndtri(0.5 + level / 2) * math.sqrt(replications * probability * (1 - probability))
    inside = np.abs(counts - replications * probability) <= reach
    return float(binom.pmf(counts[inside], replications, probability).sum())


def order_statistics_coverage(replications: int, share: float, first: int, last: int) -> float:
    """Chance that a quantile lies between two order statistics of a continuous sample.

    P(x_(r) < q ≤ x_(s)) = Σ_{k=r}^{s−1} C(n, k) share^k (1 − share)^(n−k), whatever the distribution.

    Parameters
    ----------
    replications : int
        n.
    share : float
        Probability below the quantile.
    first, last : int
        r < s, from 1 to n, counted from the smallest value.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Source: Thompson (1936), On confidence ranges for the median and other expectation distributions, Annals
    of Mathematical Statistics 7, 122-128.

    Examples
    --------
    The 6th and the 15th of twenty values hold the median with 95.9 %.

    >>> round(order_statistics_coverage(20, 0.5, 6, 15), 4)
    0.9586
    """
    from scipy.stats import binom

    whole_number(replications, 1, "replications")
    between(share, 0.0, 1.0, "share")
    if not 1 <= first < last <= replications:
        raise ValueError(f"first {first}, last {last}: expected 1 <= first < last <= {replications}")
    return float(binom.pmf(np.arange(first, last), replications, share).sum())


def difference_variance(first_deviation: float, second_deviation: float, correlation: float = 0.0) -> float:
    """Variance of the difference of two outcomes: σ₁² + σ₂² − 2 ρ σ₁ σ₂.

    Common random numbers make the outcomes of two policies move together: the nearer ρ to 1, the fewer
    replications tell them apart. With independent numbers ρ = 0; with ρ < 0 common numbers would do harm.

    Parameters
    ----------
    first_deviation, second_deviation : float
        Standard deviations of the two outcomes, not negative.
    correlation : float
        ρ, −1 to 1.

    Returns
    -------
    float
        In the outcomes' unit squared.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Source: Law (2015), Simulation Modeling and Analysis, 5th ed., section 11.2.

    Examples
    --------
    >>> difference_variance(10.0, 10.0), round(difference_variance(10.0, 10.0, 0.99), 9)
    (200.0, 2.0)
    """
    at_least(first_deviation, 0.0, "first_deviation")
    at_least(second_deviation, 0.0, "second_deviation")
    between(correlation, -1.0, 1.0, "correlation", "both")
    return first_deviation**2 + second_deviation**2 - 2 * correlation * first_deviation * second_deviation


def bootstrap_error_of_mean(values: ArrayLike) -> float:
    """Standard deviation of the mean over all resamples of a sample: √(Σ (x − x̄)²) / n.

    A resample's mean averages n independent draws from the sample, whose variance has divisor n: the ideal
    bootstrap's error is √((n − 1) / n) times the usual s / √n.

    Raises
    ------
    ValueError
        If there are not at least two finite values in one dimension.

    Notes
    -----
    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 5.3 and chapter 6.

    Examples
    --------
    >>> round(bootstrap_error_of_mean([0.0, 2.0]), 6)  # usual: 1
    0.707107
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size < 2 or not np.isfinite(sample).all():
        raise ValueError(
            f"values have shape {sample.shape}; expected at least two finite ones in one dimension"
        )
    return float(np.sqrt(((sample - sample.mean()) ** 2).sum()) / sample.size)


def _check_tail(share: float, tail: str) -> None:
    between(share, 0.0, 1.0, "share", "right")
    one_of(tail, ("lower", "upper"), "tail")
