"""Dependence: what a firm would lose without a partner.

Idea
----
A depends on B in proportion to what it gains through B and in inverse proportion to what it could have
without B; the power of B over A is A's dependence on B (Emerson 1962). In money per week: the shelves lost
with the partner, L, are worth V = Σ_L μ_l q_l to the firm, μ its unit margin and q units per week; R of that
comes back by other ways; all its flows earn Π⁺ = Σ max(μ, 0) q. Then

    utility = max(V, 0)/Π⁺ ,   scarcity = 1 − R/V held within [0, 1] (0 if V ≤ 0) ,   D = utility × scarcity .

Here what comes back whatever buyers do; where they turn to is in `channelsim.theory.lost_shelves`.

*Another supplier.* Flows that a next supplier takes over come back at the margins that it leaves, less what
it costs to change.

*Outside options.* What a share a of the lost buyers accepts at the present terms is worth a V, less a fixed
cost K spread over T weeks. A firm whose whole trade comes through the partner has D = 1 − a + K/(T V): equal
alternatives leave the small one the more dependent, because K weighs more on a small V.

Source: Emerson (1962), Power-dependence relations, *American Sociological Review* 27, 31-41. The closed forms
are derived here.

Where it holds: prices, efforts and assortments held, no capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between, finite, numbers

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Dependence(NamedTuple):
    """A firm's dependence on a partner, and what it is made of.

    Attributes
    ----------
    value : float
        V, what the flows lost with the partner earn, money per week.
    recaptured : float
        R, what comes back by other ways, money per week.
    utility : float
        Share of the firm's margin that comes through the partner, in [0, 1].
    scarcity : float
        Share of it that nothing else would replace, in [0, 1].
    """

    value: float
    recaptured: float
    utility: float
    scarcity: float

    @property
    def gain(self) -> float:
        """What the firm would lose, V − R, money per week; below 0 where it would do better without."""
        return self.value - self.recaptured

    @property
    def dependence(self) -> float:
        """D = utility × scarcity."""
        return self.utility * self.scarcity


def dependence(value: float, recaptured: float, total: float) -> Dependence:
    """Return dependence from what is lost, what comes back and all that a firm earns.

    Parameters
    ----------
    value, recaptured : float
        V and R, money per week.
    total : float
        Π⁺, what all flows of positive margin earn, money per week; at least V.

    Returns
    -------
    Dependence

    Raises
    ------
    ValueError
        If a number is not finite, `total` is not positive or is less than the value.

    Notes
    -----
    Source: Emerson (1962), in money.

    Examples
    --------
    Half of a firm's margin, a quarter of which would come back:

    >>> dependence(50.0, 12.5, total=100.0).dependence
    0.375
    """
    finite(value, "value")
    finite(recaptured, "recaptured")
    above(total, 0.0, "total")
    if value > total * (1.0 + 1e-12):
        raise ValueError(f"value = {value:g}: more than total = {total:g}, of which it is a part")
    scarcity = min(max(1.0 - recaptured / value, 0.0), 1.0) if value > 0.0 else 0.0
    return Dependence(float(value), float(recaptured), max(value, 0.0) / total, scarcity)


def resupplied_dependence(
    quantities: ArrayLike,
    margins: ArrayLike,
    lost: Sequence[int],
    margins_elsewhere: ArrayLike,
    switching_cost: float = 0.0,
) -> Dependence:
    """Return dependence where demand is given and another supplier may step in: R = Σ (μ' q − κ).

    Parameters
    ----------
    quantities : array_like, shape (shelves,)
        Units per week, whatever happens.
    margins : array_like, shape (shelves,)
        The firm's unit margins now, money.
    lost : sequence of int
        Shelves that lose their supply.
    margins_elsewhere : array_like, shape (lost,)
        Its unit margins on these through the next supplier; NaN where there is none.
    switching_cost : float
        κ, what a shelf supplied by another costs the firm, money per week.

    Returns
    -------
    Dependence

    Raises
    ------
    ValueError
        If shapes do not fit, a quantity is not positive or the cost is negative.

    Notes
    -----
    Replacement at the same terms and no cost leaves no dependence at all, however large the utility: scarcity
    is what makes dependent.

    Examples
    --------
    The next supplier is dearer by 1 of a margin of 4, and changing costs 5 a week.

    >>> resupplied_dependence([10.0, 10.0], [4.0, 4.0], [0], [3.0], switching_cost=5.0).dependence
    0.1875
    """
    units = np.atleast_1d(np.asarray(quantities, dtype=np.float64))
    units = numbers(units, units.size, "quantities")
    above(float(units.min()), 0.0, "quantities")
    earned, gone = numbers(margins, units.size, "margins"), lost_among(lost, units.size)
    at_least(switching_cost, 0.0, "switching_cost")
    other = np.atleast_1d(np.asarray(margins_elsewhere, dtype=np.float64))
    if other.shape != (len(lost),):
        raise ValueError(f"margins_elsewhere: shape {other.shape}, expected one for each of {len(lost)}")
    back = np.where(np.isnan(other), 0.0, other * units[list(lost)] - switching_cost)
    return of_flows(units, earned, gone, float(back.sum()))


def dependence_with_option(
    value: float, acceptance: float, fixed_cost: float = 0.0, horizon_weeks: float = 52.0
) -> float:
    """Return the dependence of a firm that lives by one partner and has one option: D = 1 − a + K/(T V).

    Parameters
    ----------
    value : float
        V, all that it earns, money per week.
    acceptance : float
        a, share of the lost buyers who accept the option at the present terms, in [0, 1].
    fixed_cost : float
        K, what turning to the option costs once, money.
    horizon_weeks : float
        T, weeks over which that is spread.

    Returns
    -------
    float
        In [0, 1]; 1 where the option is not worth its cost.

    Raises
    ------
    ValueError
        If value or horizon is not positive, the acceptance is outside [0, 1] or the cost negative.

    Notes
    -----
    Two firms with equal alternatives differ only by K/(T V): the small one depends more.

    Examples
    --------
    >>> dependence_with_option(900.0, 0.8, fixed_cost=2600.0), dependence_with_option(100.0, 0.8, 2600.0)
    (0.25555555555555554, 0.7)
    """
    above(value, 0.0, "value")
    between(acceptance, 0.0, 1.0, "acceptance", "both")
    at_least(fixed_cost, 0.0, "fixed_cost")
    above(horizon_weeks, 0.0, "horizon_weeks")
    return min(1.0 - acceptance + fixed_cost / (horizon_weeks * value), 1.0)


def firm_wide(local_dependence: float, earned_here: float, earned_elsewhere: float) -> float:
    """Return dependence of the whole firm from that within the places that a partner serves.

    Scarcity is the same; utility is a share of all that the firm earns: D = D_local Π_here/(Π_here + Π_else).

    Parameters
    ----------
    local_dependence : float
        D within these places, in [0, 1].
    earned_here, earned_elsewhere : float
        Π⁺ there and in all other places, money per week.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the dependence is outside [0, 1], nothing is earned here or less than nothing elsewhere.

    Notes
    -----
    Source: see the module.

    Examples
    --------
    In its town a store matters; to a maker who serves ten such towns it hardly does.

    >>> firm_wide(0.5, 100.0, 900.0)
    0.05
    """
    between(local_dependence, 0.0, 1.0, "local_dependence", "both")
    above(earned_here, 0.0, "earned_here")
    at_least(earned_elsewhere, 0.0, "earned_elsewhere")
    return local_dependence * earned_here / (earned_here + earned_elsewhere)


def lost_among(lost: Sequence[int], count: int) -> Mask:
    """Return which of several options are lost.

    Parameters
    ----------
    lost : sequence of int
        Positions, each once.
    count : int
        Options in all.

    Raises
    ------
    ValueError
        If there is none, one twice, or one that is no position.
    """
    if len(lost) == 0 or len(set(lost)) < len(lost) or not all(0 <= k < count for k in lost):
        raise ValueError(f"lost = {list(lost)}: at least one position from 0 to {count - 1}, each once")
    gone = np.zeros(count, dtype=bool)
    gone[list(lost)] = True
    return gone


def of_flows(units: Floats, margins: Floats, gone: Mask, recaptured: float) -> Dependence:
    """Return dependence from flows, which of them are lost, and what comes back.

    Parameters
    ----------
    units, margins : ndarray, shape (flows,)
        Units per week, and what the firm earns on each, money.
    gone : ndarray of bool, shape (flows,)
        Which are lost.
    recaptured : float
        R, money per week.

    Raises
    ------
    ValueError
        If the firm earns nothing on any flow.
    """
    value = float(margins[gone] @ units[gone])
    return dependence(value, recaptured, float(np.maximum(margins, 0.0) @ units))
