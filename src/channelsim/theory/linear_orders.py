"""Orders that are a linear filter of demand: their response to one more unit, and their variance.

A tier meets demand D_t, with mean μ and autocorrelations r_k. At the end of week t it knows D_t, forecasts
F_t = Σ_j w_j D_{t−j} and orders up to L·F_t, where L is the number of weeks that an order has to last. Its
inventory position was L·F_{t−1} − D_t before, so that its order is

    O_t = D_t + L (F_t − F_{t−1}),

a linear filter of demand with the response h_0 = 1 + L w_0, h_k = L (w_k − w_{k−1}), Σ h_k = 1. Hence

    Var O / Var D = Σ_i Σ_j h_i h_j r_|i−j| ,

whatever the demand's distribution. `channelsim.theory.bullwhip` has what follows from it for the usual
forecasts, its sources, and where it holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between

Floats = NDArray[np.float64]


def check_weeks(protection_weeks: float) -> float:
    """Return the weeks that an order has to last: at least 1.

    Raises
    ------
    ValueError
        If they are not.
    """
    return at_least(protection_weeks, 1.0, "protection_weeks", "lead time plus the review period")


def check_persistence(persistence: float) -> float:
    """Return the persistence of demand: between -1 and 1.

    Raises
    ------
    ValueError
        If it is not.
    """
    return between(persistence, -1.0, 1.0, "persistence", note="so that demand is stationary")


def order_response(protection_weeks: float, weights: ArrayLike) -> Floats:
    """Return what one more unit of demand in week 0 adds to the orders of week 0 and those after it.

    h_0 = 1 + L w_0, h_k = L (w_k − w_{k−1}): the unit is replaced, the target rises, and falls again.

    Parameters
    ----------
    protection_weeks : float
        L, weeks.
    weights : array_like
        Of the forecast, from `forecast_weights`.

    Returns
    -------
    ndarray
        Units per unit; sums to 1.

    Examples
    --------
    >>> order_response(4, [0.5, 0.5])
    array([ 3.,  0., -2.])
    """
    weeks, weight = check_weeks(protection_weeks), np.asarray(weights, dtype=np.float64)
    response = weeks * np.diff(weight, prepend=0.0, append=0.0)
    response[0] += 1.0
    return np.asarray(response)


def variance_ratio(response: ArrayLike, autocorrelation: ArrayLike = (1.0,)) -> float:
    """Return Var(orders)/Var(demand) of orders that respond linearly to demand.

    Parameters
    ----------
    response : array_like
        h_0, h_1, …
    autocorrelation : array_like
        r_0 = 1, r_1, … of demand; zero beyond its end.

    Raises
    ------
    ValueError
        If r_0 is not 1.

    Examples
    --------
    >>> variance_ratio([3.0, 0.0, -2.0])
    13.0
    >>> variance_ratio([3.0, 0.0, -2.0], [1.0, 0.5, 0.25])
    10.0
    """
    h, r = np.asarray(response, dtype=np.float64), np.asarray(autocorrelation, dtype=np.float64)
    if r.ndim != 1 or r.size == 0 or r[0] != 1.0:
        raise ValueError("autocorrelation: a list that begins with r_0 = 1")
    own = np.correlate(h, h, "full")[h.size - 1 :]
    lags = min(own.size, r.size)
    return float(own[0] + 2.0 * np.dot(own[1:lags], r[1:lags]))


def autoregressive_autocorrelation(persistence: float, lags: int) -> Floats:
    """Return r_k = ρ^k of first-order autoregressive demand, k = 0 … lags.

    Examples
    --------
    >>> autoregressive_autocorrelation(0.5, 2)
    array([1.  , 0.5 , 0.25])
    """
    return np.asarray(check_persistence(persistence) ** np.arange(lags + 1.0))


def lognormal_autocorrelation(persistence: float, deviation: float, lags: int) -> Floats:
    """Return the autocorrelations of demand whose logarithm is autoregressive, k = 0 … lags.

    ξ_t = ρ ξ_{t−1} + σ z_t has variance s² = σ²/(1 − ρ²), and D_t ∝ e^ξ has, by the moments of the bivariate
    lognormal, r_k = (e^{ρ^k s²} − 1)/(e^{s²} − 1). For small s this is ρ^k.

    Parameters
    ----------
    persistence : float
        ρ.
    deviation : float
        σ, of the week's shock to log demand, above 0.
    lags : int
        The largest k.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> lognormal_autocorrelation(0.5, 0.1, 2).round(5)
    array([1.     , 0.49833, 0.24875])
    """
    variance = above(deviation, 0.0, "deviation") ** 2 / (1.0 - check_persistence(persistence) ** 2)
    return np.asarray(np.expm1(variance * persistence ** np.arange(lags + 1.0)) / np.expm1(variance))
