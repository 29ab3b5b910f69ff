"""The bullwhip effect: how much more orders vary than the demand that they answer.

A tier that orders up to a forecast answers demand D_t with the order O_t = D_t + L (F_t − F_{t−1}), a linear
filter whose variance is known for every forecast and every autocorrelation of demand
(`channelsim.theory.linear_orders`). L is the number of weeks that an order has to last.

From this follow the closed forms of Chen, Drezner, Ryan & Simchi-Levi (2000), Management Science 46(3):
436-443 (moving average; several tiers), and of Chen, Ryan & Simchi-Levi (2000), Naval Research Logistics
47(4): 269-286 (exponential smoothing).

*L counts the review period* (`protection_weeks`). In the source an order placed at the end of week t arrives
at the start of week t + L; if goods are under way for T whole weeks and arrive at the start of week
t + 1 + T, then L = T + 1. With immediate delivery L is 1, not 0, and there is still a bullwhip.

Where it holds: orders may be negative (goods are returned), or the spread is so small beside the mean that
none would be; no safety stock that follows an estimated spread (z = 0; Chen's formulas are lower bounds
otherwise); no capacity, minimum order or case; stationary demand. Unmet demand waits, so that shortages do
not change the inventory position.

Several tiers. With *separate* information each tier forecasts the orders that it receives: the responses are
convolved. The product of the single ratios is a lower bound for equal moving averages, and exact if the
windows differ in such a way that no two sums of them coincide. With *shared* information on consumers' demand
every tier forecasts that: tier k orders as one tier would that had to cover L_1 + … + L_k weeks. The variance
then grows additively in the weeks, not multiplicatively in the tiers; it does not vanish. It vanishes where
the mean is known: F is constant, every tier orders what was ordered, and the ratio is exactly 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import between, whole_weeks
from channelsim.theory.linear_orders import check_persistence, check_weeks, order_response, variance_ratio

Floats = NDArray[np.float64]
_NEGLIGIBLE = 1e-17


def protection_weeks(lead_time: int) -> int:
    """Return the weeks that an order has to last: L = lead_time + 1.

    An order of the end of week t arrives at the start of week t + 1 + lead_time; the next one a week later.
    It is this sum, lead time plus review period, that enters the bullwhip formulas as L.

    Parameters
    ----------
    lead_time : int
        Whole weeks under way, at least 0.

    Raises
    ------
    ValueError
        If the lead time is negative or no whole number.

    Examples
    --------
    >>> protection_weeks(3)
    4
    """
    return whole_weeks(lead_time, "lead_time") + 1


def moving_average_ratio(protection_weeks: float, window: int, persistence: float = 0.0) -> float:
    """Return Var(orders)/Var(demand) of an order-up-to rule on a moving average.

    1 + (2L/p + 2L²/p²)(1 − ρ^p): longer windows calm, longer lead times excite, persistent demand calms.

    Parameters
    ----------
    protection_weeks : float
        L, lead time plus the review period, weeks.
    window : int
        p, weeks averaged.
    persistence : float
        ρ of D_t = c + ρ D_{t−1} + ε_t; 0 is independent demand.

    Returns
    -------
    float
        A ratio; exact without safety stock, a lower bound with one on the estimated spread.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Chen, Drezner, Ryan & Simchi-Levi (2000), Management Science 46(3), their first theorem.

    Examples
    --------
    >>> round(moving_average_ratio(4, 5), 12)
    3.88
    >>> moving_average_ratio(1, 4)  # immediate delivery: still a bullwhip
    1.625
    """
    share = check_weeks(protection_weeks) / whole_weeks(window, "window", 1)
    return float(1.0 + 2.0 * share * (1.0 + share) * (1.0 - check_persistence(persistence) ** int(window)))


def exponential_smoothing_ratio(protection_weeks: float, smoothing: float, persistence: float = 0.0) -> float:
    """Return Var(orders)/Var(demand) of an order-up-to rule on exponential smoothing.

    1 + (2Lα + 2L²α²/(2 − α)) (1 − ρ)/(1 − (1 − α)ρ).

    Parameters
    ----------
    protection_weeks : float
        L, lead time plus the review period, weeks.
    smoothing : float
        α, weight of the newest demand, above 0 and at most 1.
    persistence : float
        ρ of first-order autoregressive demand; 0 is independent demand.

    Returns
    -------
    float
        A ratio; exact without safety stock.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Chen, Ryan & Simchi-Levi (2000), Naval Research Logistics 47(4).

    Examples
    --------
    >>> round(exponential_smoothing_ratio(4, 0.2), 6)
    3.311111
    >>> exponential_smoothing_ratio(2, 1.0) == moving_average_ratio(2, 1)  # both: last week's demand
    True
    """
    weeks = check_weeks(protection_weeks)
    weight = between(smoothing, 0.0, 1.0, "smoothing", "right")
    rho = check_persistence(persistence)
    excess = 2.0 * weeks * weight + 2.0 * (weeks * weight) ** 2 / (2.0 - weight)
    return float(1.0 + excess * (1.0 - rho) / (1.0 - (1.0 - weight) * rho))


def forecast_weights(window: int | None = None, smoothing: float | None = None) -> Floats:
    """Return a forecast's weights on this week's and past demand: F_t = Σ_j w_j D_{t−j}.

    Parameters
    ----------
    window : int, optional
        Weeks of a moving average.
    smoothing : float, optional
        Weight of the newest demand under exponential smoothing; the tail is cut where it is below 1e-17.
        Neither of the two: the mean is known, and demand has no weight.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If both are given or one is out of its range.

    Examples
    --------
    >>> forecast_weights(window=4)
    array([0.25, 0.25, 0.25, 0.25])
    >>> forecast_weights(smoothing=0.5)[:3]
    array([0.5  , 0.25 , 0.125])
    >>> forecast_weights()
    array([0.])
    """
    if window is not None and smoothing is not None:
        raise ValueError("forecast: give a window or a smoothing weight, not both")
    if window is not None:
        return np.full(whole_weeks(window, "window", 1), 1.0 / int(window))
    if smoothing is None:
        return np.zeros(1)
    weight = between(smoothing, 0.0, 1.0, "smoothing", "right")
    terms = 1 if weight == 1.0 else int(np.ceil(np.log(_NEGLIGIBLE) / np.log1p(-weight)))
    return np.asarray(weight * (1.0 - weight) ** np.arange(terms))


def separate_ratios(
    protection_weeks: Sequence[float],
    weights: Sequence[ArrayLike],
    autocorrelation: ArrayLike = (1.0,),
) -> tuple[float, ...]:
    """Return Var(orders of tier k)/Var(consumers' demand), each tier forecasting the orders that it receives.

    Exact: the responses of the tiers up to k are convolved.

    Parameters
    ----------
    protection_weeks : sequence of float
        L of every tier, from the store upward, weeks.
    weights : sequence of array_like
        The tiers' forecasts, from `forecast_weights`.
    autocorrelation : array_like
        Of consumers' demand.

    Returns
    -------
    tuple of float
        One ratio per tier, from the store upward.

    Raises
    ------
    ValueError
        If the two sequences differ in length or are empty.

    Examples
    --------
    >>> separate_ratios([2, 2], [forecast_weights(window=4)] * 2)
    (2.5, 7.375)
    >>> separate_ratios([2, 2], [forecast_weights(window=4), forecast_weights(window=8)])
    (2.5, 4.0625)
    """
    if len(protection_weeks) != len(weights) or not len(weights):
        raise ValueError(
            f"{len(protection_weeks)} protection intervals, {len(weights)} forecasts: one each per tier"
        )
    response, ratios = np.ones(1), []
    for weeks, weight in zip(protection_weeks, weights, strict=True):
        response = np.convolve(response, order_response(weeks, weight))
        ratios.append(variance_ratio(response, autocorrelation))
    return tuple(ratios)


def separate_lower_bounds(protection_weeks: Sequence[float], windows: Sequence[int]) -> tuple[float, ...]:
    """Return the product of the tiers' single ratios under independent demand and moving averages.

    Π_k (1 + 2L_k/p_k + 2L_k²/p_k²). For tiers of the same window a *lower bound* (a tier's orders are not
    independent over time as its demand was), not the ratio.

    Parameters
    ----------
    protection_weeks : sequence of float
        L of every tier, from the store upward, weeks.
    windows : sequence of int
        Their moving averages, weeks.

    Returns
    -------
    tuple of float
        One bound per tier, from the store upward.

    Notes
    -----
    Chen, Drezner, Ryan & Simchi-Levi (2000), decentralised demand information; equality if no two sums of
    different sets of windows coincide, since then no two terms of the responses fall into the same week.

    Examples
    --------
    >>> separate_lower_bounds([2, 2], [4, 4])  # the exact ratio of the second tier is 7.375
    (2.5, 6.25)
    """
    if len(protection_weeks) != len(windows) or not len(windows):
        raise ValueError(
            f"{len(protection_weeks)} protection intervals, {len(windows)} windows: one each per tier"
        )
    single = [moving_average_ratio(weeks, p) for weeks, p in zip(protection_weeks, windows, strict=True)]
    return tuple(float(x) for x in np.cumprod(single))


def shared_ratios(
    protection_weeks: Sequence[float], weights: ArrayLike, autocorrelation: ArrayLike = (1.0,)
) -> tuple[float, ...]:
    """Return Var(orders of tier k)/Var(consumers' demand) when every tier forecasts consumers' demand.

    O^k_t = O^{k−1}_t + L_k (F_t − F_{t−1}) = D_t + (L_1 + … + L_k)(F_t − F_{t−1}): the ratio of one tier that
    has to cover the sum of the weeks, 1 + 2 ΣL/p + 2 (ΣL)²/p² for a moving average.

    Parameters
    ----------
    protection_weeks : sequence of float
        L of every tier, from the store upward, weeks.
    weights : array_like
        The common forecast, from `forecast_weights`.
    autocorrelation : array_like
        Of consumers' demand.

    Returns
    -------
    tuple of float
        One ratio per tier, from the store upward.

    Notes
    -----
    Chen, Drezner, Ryan & Simchi-Levi (2000), centralised demand information.

    Examples
    --------
    >>> shared_ratios([2, 2], forecast_weights(window=4))  # 7.375 with separate information
    (2.5, 5.0)
    """
    if not len(protection_weeks):
        raise ValueError("protection_weeks: one per tier, at least one tier")
    covered: Any = np.cumsum([check_weeks(weeks) for weeks in protection_weeks])
    return tuple(variance_ratio(order_response(weeks, weights), autocorrelation) for weeks in covered)
