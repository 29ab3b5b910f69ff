"""Dependence: what a firm would lose without a partner, in markets where that has a closed form.

Idea
----
A depends on B in proportion to what it gains through B and in inverse proportion to what it could have
without B; the power of B over A is A's dependence on B (Emerson 1962). In money per week: the shelves lost
with the partner, L, are worth V = Σ_L μ_l q_l to the firm, μ its unit margin and q units per week; R of that
comes back by other ways; all its flows earn Π⁺ = Σ max(μ, 0) q. Then

    utility = max(V, 0)/Π⁺ ,   scarcity = 1 − R/V held within [0, 1] (0 if V ≤ 0) ,   D = utility × scarcity .

How much comes back by the firm's other shelves depends on where buyers of the lost ones turn. Prices held:

*Logit.* With the shelves L gone, share S = Σ_L s_l, each other share is
s_k/(1 − S): s_k/(1 − S) of the lost buyers go to k (diversion ratio, Conlon & Mortimer 2021; of a set of
shelves here). Buyers of several kinds do so kind by kind. Among n equal shelves of a firm, k of them lost,

    D = (k/n) (1 − n s)/(1 − k s) ,

the share of buying nothing having to be shared by fewer. k shelves at once weigh more than k times one.

*Linear, q = a − B p.* A lost shelf stands at the price at which nobody would buy there, so that
q'_f = q_f − B_fL B_LL⁻¹ q_L. With n equal shelves, own slope b and cross slope g (units gained per unit of
another's price), k of them lost,

    D = (k/n) (b − (n − 1) g)/(b − (k − 1) g) .

*Given demand.* Nobody turns elsewhere: only another supplier, at what it costs to change, brings flows back.

*Outside options.* What a share a of the lost buyers accepts at the present terms is worth a V, less a fixed
cost K spread over T weeks. A firm whose whole trade comes through the partner has D = 1 − a + K/(T V): equal
alternatives leave the small one the more dependent, because K weighs more on a small V.

Sources: Emerson (1962), *American Sociological Review* 27, 31-41; Conlon & Mortimer (2021), Empirical
properties of diversion ratios, *RAND Journal of Economics* 52, 693-726. The closed forms are derived here.

Where it holds: prices, efforts and assortments held, no capacity, linear demand positive without L.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between, finite, numbers, whole_number

Floats = NDArray[np.float64]


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


def diverted(shares: ArrayLike, lost: Sequence[int]) -> Floats:
    """Return where the buyers of several lost options go: s_k/(1 − S) of them to each option k that is left.

    Parameters
    ----------
    shares : array_like, shape (options,)
        Share s of the buyers who take each option; what is missing to 1 take none.
    lost : sequence of int
        Positions of the options that are lost together; S is their total share.

    Returns
    -------
    ndarray, shape (options,)
        Shares of the lost buyers; 0 for the lost options. What is missing to 1 buy nothing.

    Raises
    ------
    ValueError
        If a share is not positive, the shares are more than 1 together, or `lost` does not fit.

    Notes
    -----
    One logit segment: q'_k = M s_k/(1 − S), so that s_k S/(1 − S) is gained. One lost option: the usual
    diversion ratio (Conlon & Mortimer 2021).

    Examples
    --------
    >>> print(diverted([0.2, 0.3, 0.1], lost=[0]))
    [0.    0.375 0.125]
    >>> print(diverted([0.2, 0.3, 0.1], lost=[0, 1]))  # of twice as many, not twice as large
    [0.  0.  0.2]
    """
    found = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    found = numbers(found, found.size, "shares")
    above(float(found.min()), 0.0, "shares")
    if found.sum() > 1.0 + 1e-12:
        raise ValueError(f"shares: {found.sum():g} in all, more than 1")
    gone = _lost(lost, found.size)
    rest = 1.0 - found[gone].sum()
    if not rest > 0.0:
        raise ValueError(f"lost = {list(lost)}: nothing is left, not even buying nothing")
    return np.where(gone, 0.0, found / rest)


def logit_dependence(
    shares: ArrayLike, margins: ArrayLike, lost: Sequence[int], buyers: ArrayLike = 1.0
) -> Dependence:
    """Return dependence where buyers choose by logit: R = Σ_c M_c S_c/(1 − S_c) Σ_k μ_k s_ck over k left.

    Parameters
    ----------
    shares : array_like, shape (shelves,) or (kinds, shelves)
        Share of the buyers of each kind c at each shelf of the market.
    margins : array_like, shape (shelves,)
        The firm's unit margin on each shelf, money; 0 on those of others.
    lost : sequence of int
        Shelves that would be lost.
    buyers : array_like, shape () or (kinds,)
        M, buyers a week of each kind.

    Returns
    -------
    Dependence

    Raises
    ------
    ValueError
        As in `diverted` and `dependence`; if margins do not fit or there are no buyers.

    Notes
    -----
    Kinds of buyers differ in where they turn: what each kind brings is added, not their shares. Source: see
    the module.

    Examples
    --------
    A maker sells to two stores of share 0.3 at margins of 2 and 1. What the first one loses goes to the
    second for 3/7, at half the margin.

    >>> round(logit_dependence([0.3, 0.3], [2.0, 1.0], lost=[0]).scarcity, 9)  # 1 − 3/14
    0.785714286
    """
    share = np.atleast_2d(np.asarray(shares, dtype=np.float64))
    kinds, shelves = share.shape
    ratio = np.stack([diverted(of_kind, lost) for of_kind in share])
    count = numbers(buyers, kinds, "buyers")
    above(float(count.min()), 0.0, "buyers")
    earned, gone = numbers(margins, shelves, "margins"), _lost(lost, shelves)
    back = ratio @ earned * share[:, gone].sum(axis=1)
    return _of_flows(count @ share, earned, gone, float(count @ back))


def symmetric_logit(shelves: int, share: float, lost: int = 1) -> float:
    """Return a firm's dependence on k of its n equal shelves: D = (k/n)(1 − n s)/(1 − k s).

    Parameters
    ----------
    shelves : int
        n, all shelves in the market, equal, at the same margin of the firm.
    share : float
        s, share of the buyers at each; n s < 1.
    lost : int
        k, shelves that are lost together, 1 to n.

    Returns
    -------
    float
        In [0, 1]; 1 if all are lost.

    Raises
    ------
    ValueError
        If numbers of shelves are not whole and at least 1, or shares leave no room for buying nothing.

    Notes
    -----
    k lost: V = k μ s M, R = (n − k) μ M s · k s/(1 − k s), Π⁺ = n μ s M.

    Examples
    --------
    >>> symmetric_logit(4, 0.125), symmetric_logit(4, 0.125, lost=2)
    (0.14285714285714285, 0.3333333333333333)
    """
    whole_number(shelves, 1, "shelves")
    _at_most(lost, shelves)
    between(share, 0.0, 1.0 / shelves, "share", note="shares of all shelves stay below 1")
    return lost / shelves * (1.0 - shelves * share) / (1.0 - lost * share)


def linear_dependence(
    quantities: ArrayLike, slopes: ArrayLike, margins: ArrayLike, lost: Sequence[int]
) -> Dependence:
    """Return dependence under linear demand: the others gain −B_fL B_LL⁻¹ q_L.

    Parameters
    ----------
    quantities : array_like, shape (shelves,)
        Units per week as things are.
    slopes : array_like, shape (shelves, shelves)
        B in q = a − B p: units lost per unit of price, cross slopes negative.
    margins : array_like, shape (shelves,)
        The firm's unit margins, money; 0 on shelves of others.
    lost : sequence of int
        Shelves that would be lost.

    Returns
    -------
    Dependence

    Raises
    ------
    ValueError
        If shapes do not fit, a quantity or an own slope is not positive, or the lost shelves' slopes are
        singular.

    Notes
    -----
    A shelf is lost at the price at which nobody buys there; the others' prices are held. One lost shelf l:
    shelf f gains (−B_fl/B_ll) q_l, its diversion ratio.

    Examples
    --------
    A duopoly of a maker with slopes 2 and 1: half of what one store loses goes to the other.

    >>> linear_dependence([10.0, 10.0], [[2.0, -1.0], [-1.0, 2.0]], [3.0, 3.0], lost=[0]).dependence
    0.25
    """
    units = np.atleast_1d(np.asarray(quantities, dtype=np.float64))
    units = numbers(units, units.size, "quantities")
    above(float(units.min()), 0.0, "quantities")
    b = np.asarray(slopes, dtype=np.float64)
    if b.shape != (units.size, units.size):
        raise ValueError(f"slopes: shape {b.shape}, expected {units.size} × {units.size}")
    above(float(np.diag(b).min()), 0.0, "own slopes")
    earned, gone = numbers(margins, units.size, "margins"), _lost(lost, units.size)
    try:
        raised = np.linalg.solve(b[np.ix_(gone, gone)], units[gone])  # by how much prices would rise
    except np.linalg.LinAlgError:
        raise ValueError("slopes: those of the lost shelves are singular") from None
    return _of_flows(units, earned, gone, float(-earned[~gone] @ b[np.ix_(~gone, gone)] @ raised))


def symmetric_linear(shelves: int, own_slope: float, cross_slope: float, lost: int = 1) -> float:
    """Return dependence on k of n equal shelves under linear demand, D = (k/n)(b − (n−1)g)/(b − (k−1)g).

    Parameters
    ----------
    shelves : int
        n, all shelves in the market, equal, at the same margin of the firm.
    own_slope : float
        b, units lost per unit of own price.
    cross_slope : float
        g, units gained per unit of another shelf's price; (n − 1) g < b.
    lost : int
        k, shelves that are lost together, 1 to n.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If numbers of shelves are not whole and at least 1, or slopes are not admissible.

    Notes
    -----
    The k lost prices rise by q/(b − (k − 1) g) each; every other shelf gains k g times that.

    Examples
    --------
    >>> symmetric_linear(3, 2.0, 0.5), symmetric_linear(3, 2.0, 0.5, lost=2)
    (0.16666666666666666, 0.4444444444444444)
    """
    whole_number(shelves, 1, "shelves")
    _at_most(lost, shelves)
    above(own_slope, 0.0, "own_slope")
    at_least(cross_slope, 0.0, "cross_slope")
    if not (shelves - 1) * cross_slope < own_slope:
        raise ValueError(
            f"cross_slope = {cross_slope:g}: {shelves - 1} of them must be below own_slope = {own_slope:g}"
        )
    left = own_slope - (shelves - 1) * cross_slope
    return lost / shelves * left / (own_slope - (lost - 1) * cross_slope)


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
    earned, gone = numbers(margins, units.size, "margins"), _lost(lost, units.size)
    at_least(switching_cost, 0.0, "switching_cost")
    other = np.atleast_1d(np.asarray(margins_elsewhere, dtype=np.float64))
    if other.shape != (len(lost),):
        raise ValueError(f"margins_elsewhere: shape {other.shape}, expected one for each of {len(lost)}")
    back = np.where(np.isnan(other), 0.0, other * units[list(lost)] - switching_cost)
    return _of_flows(units, earned, gone, float(back.sum()))


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


def _lost(lost: Sequence[int], count: int) -> NDArray[np.bool_]:
    """Return which of several options are lost."""
    if len(lost) == 0 or len(set(lost)) < len(lost) or not all(0 <= k < count for k in lost):
        raise ValueError(f"lost = {list(lost)}: at least one position from 0 to {count - 1}, each once")
    gone = np.zeros(count, dtype=bool)
    gone[list(lost)] = True
    return gone


def _at_most(lost: int, shelves: int) -> None:
    if whole_number(lost, 1, "lost") > shelves:
        raise ValueError(f"lost = {lost}: there are {shelves} shelves")


def _of_flows(units: Floats, margins: Floats, gone: NDArray[np.bool_], recaptured: float) -> Dependence:
    value = float(margins[gone] @ units[gone])
    return dependence(value, recaptured, float(np.maximum(margins, 0.0) @ units))
