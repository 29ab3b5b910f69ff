"""Logit choice: shares, diversion ratios, inclusive value and the surplus of consumers.

Idea
----
A buyer takes the option of the highest utility, among several and the outside good (not buying), whose
utility is zero. Utilities have independent Gumbel parts of scale 1, so that (McFadden 1974) the share of
option k, with systematic utility V_k, is

    s_k = e^{V_k} / (1 + Σ_i e^{V_i}),        expected best utility  I = ln(1 + Σ_i e^{V_i}).

*Diversion.* If option j is taken away and all else is held, the share of its buyers who go to k is
D_jk = s_k / (1 − s_j): in proportion to shares (independence of irrelevant alternatives). Buyers of several
kinds c, M_c of each, differ in their shares, and the same holds kind by kind only:

    D_jk = Σ_c M_c s_cj s_ck / (1 − s_cj)  /  Σ_c M_c s_cj ,

which sends a store's buyers to the stores that *its* buyers like, not to those of the largest share.

*Surplus.* With α the utility of one unit of money, expected consumer surplus is Σ_c M_c I_c / α_c, up to a
constant, here fixed by zero if nothing is offered. Its loss when a price rises is the area under the demand
curve, because ∂I/∂p_k = −α s_k; the loss when option j goes is −M ln(1 − s_j)/α.

Where it holds: no income effects, Gumbel parts independent across options ("nested-free"). Sources:
McFadden (1974), in Zarembka, *Frontiers in Econometrics*; Williams (1977), *Environment and Planning A* 9;
Small & Rosen (1981), *Econometrica* 49; diversion ratio: Shapiro (1996), *Antitrust* 10.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least

Floats = NDArray[np.float64]


def _utilities(utility: ArrayLike) -> Floats:
    found = np.asarray(utility, dtype=np.float64)
    if found.ndim == 0 or found.shape[-1] == 0:
        raise ValueError("utility: at least one option is needed")
    if np.isnan(found).any():
        raise ValueError("utility: a value is not a number")
    return found


def logit_shares(utility: ArrayLike, outside_good: bool = True) -> Floats:
    """Return the shares of the options under logit choice.

    The share of an option is its e^V over the sum of all, s_k = e^{V_k} / ([1] + Σ_i e^{V_i}); the 1 is the
    outside good (McFadden 1974).

    Parameters
    ----------
    utility : array_like, shape (..., options)
        Systematic utility V of each option, price included; −inf for one that is not on offer.
    outside_good : bool
        Whether buyers may take nothing.

    Returns
    -------
    ndarray, shape (..., options)
        Shares of all buyers; without the outside good they sum to 1.

    Raises
    ------
    ValueError
        If there is no option or a utility is not a number.

    Examples
    --------
    >>> import numpy as np
    >>> print(logit_shares(np.log([1.0, 2.0])), logit_shares(np.log([1.0, 2.0]), outside_good=False))
    [0.25 0.5 ] [0.33333333 0.66666667]
    """
    v = _utilities(utility)
    top = v.max(axis=-1, keepdims=True)
    top = np.maximum(top, 0.0) if outside_good else top
    weight = np.exp(v - top)
    outside = np.exp(-top) if outside_good else 0.0
    return np.asarray(weight / (weight.sum(axis=-1, keepdims=True) + outside))


def inclusive_value(utility: ArrayLike) -> Floats:
    """Return the expected utility of the best option, the outside good's being zero.

    I = ln(1 + Σ_i e^{V_i}), dimensionless (Williams 1977; McFadden 1978 calls it inclusive value).

    Parameters
    ----------
    utility : array_like, shape (..., options)
        Systematic utility of each option.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If there is no option or a utility is not a number.

    Examples
    --------
    >>> print(inclusive_value([0.0, 0.0]))  # ln 3
    1.0986122886681098
    """
    v = _utilities(utility)
    top = np.maximum(v.max(axis=-1), 0.0)
    return np.asarray(top + np.log(np.exp(-top) + np.exp(v - top[..., None]).sum(axis=-1)))


def consumer_surplus(utility: ArrayLike, price_sensitivity: ArrayLike, buyers: ArrayLike = 1.0) -> float:
    """Return the expected consumer surplus, zero if nothing is offered.

    CS = Σ_c M_c ln(1 + Σ_i e^{V_ci}) / α_c over kinds of buyers c (Small & Rosen 1981).

    Parameters
    ----------
    utility : array_like, shape (options,) or (kinds, options)
        Systematic utility, price included.
    price_sensitivity : array_like, shape () or (kinds,)
        Utility lost per unit of price, α_c, per money.
    buyers : array_like, shape () or (kinds,)
        Buyers a week of each kind, M_c.

    Returns
    -------
    float
        Money per week.

    Raises
    ------
    ValueError
        If a price sensitivity is not positive or a number of buyers is negative.

    Examples
    --------
    >>> round(consumer_surplus([0.0, 0.0], price_sensitivity=0.5, buyers=100.0), 6)
    219.722458
    """
    sensitivity, size = np.asarray(price_sensitivity, dtype=np.float64), np.asarray(buyers, dtype=np.float64)
    above(sensitivity.min(), 0.0, "price_sensitivity")
    at_least(size.min(), 0.0, "buyers")
    return float(np.sum(size * inclusive_value(utility) / sensitivity))


def diversion_ratios(shares: ArrayLike, lost: int, buyers: ArrayLike = 1.0) -> Floats:
    """Return where the buyers of an option go when it is taken away and prices are held.

    D_jk = Σ_c M_c s_cj s_ck / (1 − s_cj) / Σ_c M_c s_cj; with one kind of buyers s_k / (1 − s_j). What the
    options do not catch goes to the outside good (Shapiro 1996).

    Parameters
    ----------
    shares : array_like, shape (options,) or (kinds, options)
        Shares of the buyers of each kind, the outside good left out.
    lost : int
        Position of the option that goes.
    buyers : array_like, shape () or (kinds,)
        Buyers a week of each kind.

    Returns
    -------
    ndarray, shape (options + 1,)
        Share of the lost option's buyers that each option gains (its own entry is 0), the outside good last;
        they sum to 1.

    Raises
    ------
    ValueError
        If shares are not shares, the option does not exist, or nobody buys it.

    Examples
    --------
    >>> print(diversion_ratios([0.5, 0.2, 0.1], lost=0))
    [0.  0.4 0.2 0.4]
    """
    s = np.atleast_2d(np.asarray(shares, dtype=np.float64))
    if not ((s >= 0.0).all() and (s.sum(axis=1) <= 1.0 + 1e-12).all()):
        raise ValueError("shares: must lie between 0 and 1 and sum to at most 1")
    if not 0 <= lost < s.shape[1]:
        raise ValueError(f"lost = {lost}: admissible: 0 to {s.shape[1] - 1}")
    size = np.broadcast_to(np.asarray(buyers, dtype=np.float64), s.shape[:1])
    leaving = size * s[:, lost]
    if not leaving.sum() > 0.0:
        raise ValueError(f"option {lost}: nobody buys it, so nobody is diverted")
    outside = np.maximum(1.0 - s.sum(axis=1, keepdims=True), 0.0)
    others = np.delete(np.hstack([s, outside]), lost, axis=1)
    # Of a kind that buys nothing else, the outside good included, nobody has anywhere to go.
    total = others.sum(axis=1, keepdims=True)
    if not (total[leaving > 0.0] > 0.0).all():
        raise ValueError(f"option {lost}: some buyers have no other option, not even the outside good")
    gained = leaving @ (others / np.where(total > 0.0, total, 1.0)) / leaving.sum()
    return np.insert(gained, lost, 0.0)
