"""Where buyers turn who find shelves gone, and how dependent on a partner that leaves a firm.

Idea
----
With the shelves L gone and prices held, part of their buyers go to the shelves that are left. What the firm
earns there comes back to it (R in `channelsim.theory.dependence`).

*Logit.* S = Σ_L s_l is the share of the lost shelves; each other share becomes s_k/(1 − S), so that
s_k/(1 − S) of the lost buyers go to k: the diversion ratio (Conlon & Mortimer 2021), here of a set of
shelves. Buyers of several kinds do so kind by kind. Among n equal shelves of a firm, k of them lost,

    D = (k/n) (1 − n s)/(1 − k s) ,

the share of buying nothing having to be shared by fewer. k shelves at once weigh more than k times one.

*Linear, q = a − B p.* A lost shelf stands at the price at which nobody would buy there, so that
q'_f = q_f − B_fL B_LL⁻¹ q_L. With n equal shelves, own slope b and cross slope g (units gained per unit of
another's price), k of them lost,

    D = (k/n) (b − (n − 1) g)/(b − (k − 1) g) .

Source: Conlon & Mortimer (2021), Empirical properties of diversion ratios, *RAND Journal of Economics* 52,
693-726, for the ratio. The closed forms are derived here.

Where it holds: prices, efforts and assortments held, no capacity, linear demand positive without L.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between, numbers, whole_number
from channelsim.theory.dependence import Dependence, lost_among, of_flows

Floats = NDArray[np.float64]


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
    gone = lost_among(lost, found.size)
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
    earned, gone = numbers(margins, shelves, "margins"), lost_among(lost, shelves)
    back = ratio @ earned * share[:, gone].sum(axis=1)
    return of_flows(count @ share, earned, gone, float(count @ back))


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
    earned, gone = numbers(margins, units.size, "margins"), lost_among(lost, units.size)
    try:
        raised = np.linalg.solve(b[np.ix_(gone, gone)], units[gone])  # by how much prices would rise
    except np.linalg.LinAlgError:
        raise ValueError("slopes: those of the lost shelves are singular") from None
    return of_flows(units, earned, gone, float(-earned[~gone] @ b[np.ix_(~gone, gone)] @ raised))


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


def _at_most(lost: int, shelves: int) -> None:
    if whole_number(lost, 1, "lost") > shelves:
        raise ValueError(f"lost = {lost}: there are {shelves} shelves")
