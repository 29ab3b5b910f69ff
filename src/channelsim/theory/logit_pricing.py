"""Logit Bertrand competition: the retail prices of stores with one shelf or several.

Idea
----
Shelf l of store j sells to cells of buyers c (a segment, or a segment in one place), M_c buyers in each, with

    s_cl = e^{V_cl} / (1 + Σ_k e^{V_ck}),   V_cl = quality_cl − α_c p_l,   q_l = Σ_c M_c s_cl ,

and the store chooses all its prices at once to maximise π_j = Σ_{l∈j} (p_l − c_l) q_l given the others'. In
equilibrium every store does: ∂π_j/∂p_l = 0. With one cell the condition is a common markup on every shelf,

    p_l − c_l = 1 / (α (1 − S_j)),   S_j the store's share of all buyers, those of the outside good included,

which is the *short form*; with several cells it does not hold, whatever average share is put into it.

Closed cases: one store with a single shelf, m = [1 + W(e^{quality − αc − 1})] / α with W Lambert's function;
n equal stores without an outside good, m = n / (α (n − 1)), which no longer depends on the quality; with an
outside good the margin is smaller and solves α m (1 − s(m)) = 1.

Source: Anderson, de Palma & Thisse (1992), *Discrete Choice Theory of Product Differentiation*, ch. 7;
stores with several shelves in estimation: Besanko, Gupta & Jain (1998), *Management Science* 44.

Where it holds: an equilibrium of one cell exists and is unique (Caplin & Nalebuff 1991 for single-product
stores). With several cells profits need not be quasi-concave: `bertrand_prices` solves the first-order
conditions, and `gain_from_deviating` says whether any store could do better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between, finite, numbers, whole_number

Floats = NDArray[np.float64]


def monopoly_margin(quality: float, unit_cost: float, price_sensitivity: float) -> float:
    """Return the margin of a single store with a single shelf; buyers may take nothing.

    The condition α m (1 − s) = 1 with s = e^{quality − α(c + m)} / (1 + …) is, with y = αm − 1,
    y e^y = e^{quality − αc − 1}; so m = [1 + W(e^{quality − αc − 1})] / α.

    Parameters
    ----------
    quality : float
        Utility of the shelf at a price of zero.
    unit_cost : float
        Cost of a unit, money.
    price_sensitivity : float
        Utility lost per unit of price, α.

    Returns
    -------
    float
        Price less unit cost, money per unit.

    Raises
    ------
    ValueError
        If the price sensitivity is not positive or a number is not finite.

    Notes
    -----
    Source: the logit monopoly of Anderson, de Palma & Thisse (1992); W solves y e^y = x (Corless et al. 1996,
    *Advances in Computational Mathematics* 5). For large quality W is found from its logarithm.

    Examples
    --------
    >>> round(monopoly_margin(quality=3.0, unit_cost=1.0, price_sensitivity=1.0), 12)  # W(e) = 1
    2.0
    """
    from scipy.special import lambertw

    a = above(price_sensitivity, 0.0, "price_sensitivity")
    exponent = finite(quality, "quality") - a * finite(unit_cost, "unit_cost") - 1.0
    if exponent < 700.0:
        return float((1.0 + lambertw(np.exp(exponent)).real) / a)
    y = exponent - np.log(exponent)
    for _ in range(50):  # Newton on y + ln y = exponent
        y -= (y + np.log(y) - exponent) * y / (1.0 + y)
    return float((1.0 + y) / a)


def common_markup(price_sensitivity: float, store_share: float) -> float:
    """Return the short form of a store's margin, the same on all its shelves.

    m = 1 / (α (1 − S)): exact with one cell of buyers, not an approximation of any known quality with several
    (Anderson, de Palma & Thisse 1992).

    Parameters
    ----------
    price_sensitivity : float
        α, per money.
    store_share : float
        Share S of all buyers who take one of the store's shelves.

    Returns
    -------
    float
        Money per unit.

    Raises
    ------
    ValueError
        If the price sensitivity is not positive or the share not in [0, 1).

    Examples
    --------
    >>> common_markup(price_sensitivity=0.5, store_share=0.2)
    2.5
    """
    left = 1.0 - between(store_share, 0.0, 1.0, "store_share", "left")
    return 1.0 / (above(price_sensitivity, 0.0, "price_sensitivity") * left)


def symmetric_margin(
    stores: int, quality: float, unit_cost: float, price_sensitivity: float, outside_good: bool = True
) -> float:
    """Return the equilibrium margin of equal stores with one shelf each.

    Without the outside good each has the share 1/n whatever the price, so m = n / (α (n − 1)). With it the
    margin solves α m (1 − s(m)) = 1, s(m) = 1 / (n + e^{α(c + m) − quality}), and is smaller
    (Anderson, de Palma & Thisse 1992).

    Parameters
    ----------
    stores : int
        Number n of stores; without the outside good at least 2.
    quality, unit_cost, price_sensitivity : float
        As in `monopoly_margin`, the same for all.
    outside_good : bool
        Whether buyers may take nothing.

    Returns
    -------
    float
        Money per unit.

    Raises
    ------
    ValueError
        If there are too few stores, the price sensitivity is not positive or a number is not finite.

    Examples
    --------
    >>> symmetric_margin(3, quality=2.0, unit_cost=1.0, price_sensitivity=0.5, outside_good=False)
    3.0
    >>> round(symmetric_margin(3, quality=2.0, unit_cost=1.0, price_sensitivity=0.5), 6)
    2.699211
    """
    from scipy.optimize import brentq

    a = above(price_sensitivity, 0.0, "price_sensitivity")
    worth = finite(quality, "quality") - a * finite(unit_cost, "unit_cost")
    if not outside_good:
        alone = "as one alone has no best price without an outside good"
        stores = whole_number(stores, 2, "stores", note=alone)
        return float(stores / (a * (stores - 1)))
    stores = whole_number(stores, 1, "stores")

    def gap(y: float) -> float:
        # exp of the outside good's weight may overflow to infinity, which is a share of zero
        return y * (1.0 - 1.0 / (stores + float(np.exp(min(y - worth, 700.0))))) - 1.0

    high = 2.0 + max(worth, 1.0)
    return float(brentq(gap, 1.0, high, xtol=1e-15, rtol=8.9e-16) / a)


@dataclass(frozen=True)
class LogitMarket:
    """Cells of buyers and shelves of stores.

    Attributes
    ----------
    quality : ndarray, shape (cells, shelves)
        Utility of each shelf to each cell at a price of zero: equity, loyalty, travel.
    price_sensitivity : ndarray, shape (cells,)
        α_c, per money.
    buyers : ndarray, shape (cells,)
        M_c, buyers a week.
    unit_cost : ndarray, shape (shelves,)
        Money per unit.
    store : ndarray, shape (shelves,)
        Which store each shelf belongs to: any whole numbers.

    Raises
    ------
    ValueError
        If shapes do not fit together, a sensitivity is not positive or a number of buyers negative.
    """

    quality: Floats
    price_sensitivity: Floats
    buyers: Floats
    unit_cost: Floats
    store: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        quality: ArrayLike,
        price_sensitivity: ArrayLike,
        buyers: ArrayLike,
        unit_cost: ArrayLike,
        store: ArrayLike | None = None,
    ) -> LogitMarket:
        """Return a market from plain numbers; what is one number holds for all.

        Parameters
        ----------
        quality : array_like, shape (shelves,) or (cells, shelves)
        price_sensitivity, buyers : array_like, shape () or (cells,)
        unit_cost : array_like, shape () or (shelves,)
        store : array_like, shape (shelves,), optional
            Default: every shelf is a store of its own.
        """
        q = np.atleast_2d(np.asarray(quality, dtype=np.float64))
        cells, shelves = q.shape
        sensitivity = numbers(price_sensitivity, cells, "price_sensitivity")
        size = numbers(buyers, cells, "buyers")
        above(sensitivity.min(), 0.0, "price_sensitivity")
        at_least(size.min(), 0.0, "buyers")
        above(size.sum(), 0.0, "buyers of all cells")
        of_store = np.arange(shelves) if store is None else np.asarray(store)
        if of_store.shape != (shelves,):
            raise ValueError(f"store: {of_store.shape} does not fit quality's {shelves} shelves")
        return cls(q, sensitivity, size, numbers(unit_cost, shelves, "unit_cost"), of_store.astype(np.int64))

    def demand(self, price: ArrayLike) -> NDArray[np.inexact]:
        """Return units per week of each shelf; complex prices are admitted, for differentiation."""
        p = np.asarray(price)
        v = self.quality - self.price_sensitivity[:, None] * p
        top = np.maximum(v.real.max(axis=1, keepdims=True), 0.0)
        weight = np.exp(v - top)
        total = weight.sum(axis=1, keepdims=True) + np.exp(-top)
        return np.asarray(self.buyers @ (weight / total))

    def profit(self, price: ArrayLike, store: int) -> complex:
        """Return a store's gross profit, money per week."""
        own = self.store == store
        return complex((((np.asarray(price) - self.unit_cost) * self.demand(price))[own]).sum())

    def profit_slopes(self, price: ArrayLike) -> Floats:
        """Return the derivative of each shelf's store's profit by that shelf's price, units per week.

        By a complex step, f'(x) = Im f(x + ih)/h with h = 1e-30, which loses no digits (Squire & Trapp 1998,
        *SIAM Review* 40): no first-order condition is written down.
        """
        p, step = np.asarray(price, dtype=np.complex128), 1e-30
        slopes = np.empty(p.size)
        for shelf in range(p.size):
            moved = p.copy()
            moved[shelf] += 1j * step
            slopes[shelf] = self.profit(moved, int(self.store[shelf])).imag / step
        return slopes


def bertrand_prices(market: LogitMarket) -> Floats:
    """Return prices at which no store gains from a small change of any of its prices.

    Solves ∂π_j/∂p_l = 0 for all shelves at once, the profits differentiated numerically.

    Parameters
    ----------
    market : LogitMarket

    Returns
    -------
    ndarray, shape (shelves,)
        Money per unit.

    Raises
    ------
    ValueError
        If no such prices are found.

    Notes
    -----
    The slopes are divided by demand, so that shelves with few buyers count as much as others. Source of the
    game: Anderson, de Palma & Thisse (1992).

    Examples
    --------
    >>> market = LogitMarket.of([2.0, 2.0, 2.0], price_sensitivity=0.5, buyers=100.0, unit_cost=1.0)
    >>> print(bertrand_prices(market).round(6))  # three equal stores
    [3.699211 3.699211 3.699211]
    """
    from scipy.optimize import root

    start = market.unit_cost + 1.0 / market.price_sensitivity.min()

    def scaled(price: Floats) -> Floats:
        return np.asarray(market.profit_slopes(price) / market.demand(price).real)

    found = root(scaled, start, method="hybr", options={"xtol": 1e-13})
    if not np.abs(scaled(found.x)).max() < 1e-9:
        raise ValueError(f"no prices found at which every store's profit is flat: {found.message}")
    return np.asarray(found.x)


def gain_from_deviating(market: LogitMarket, price: ArrayLike) -> float:
    """Return the most that a store could gain by other prices while the others hold theirs.

    Every store's profit is maximised over all its prices from several starts (Nelder–Mead); zero, but for
    the precision of that, says that the prices are a Nash equilibrium.

    Parameters
    ----------
    market : LogitMarket
    price : array_like, shape (shelves,)

    Returns
    -------
    float
        Largest gain relative to the store's profit.

    Raises
    ------
    ValueError
        If there is not one price for each shelf.

    Examples
    --------
    >>> market = LogitMarket.of([2.0, 2.0], price_sensitivity=0.5, buyers=100.0, unit_cost=1.0)
    >>> gain_from_deviating(market, bertrand_prices(market)) < 1e-9
    True
    """
    from scipy.optimize import minimize

    p = np.asarray(price, dtype=np.float64)
    if p.shape != market.unit_cost.shape:
        raise ValueError(f"price: {p.shape} does not fit {market.unit_cost.size} shelves")
    most = 0.0
    for store in np.unique(market.store):
        own = market.store == store
        now = market.profit(p, int(store)).real

        def loss(asked: Floats, own: NDArray[np.bool_] = own, store: int = int(store)) -> float:
            tried = p.copy()
            tried[own] = asked
            return -market.profit(tried, store).real

        margin = p[own] - market.unit_cost[own]
        for factor in (0.4, 1.0, 2.5):
            start = market.unit_cost[own] + factor * margin
            best = minimize(
                loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13 * abs(now)}
            )
            most = max(most, (-best.fun - now) / abs(now))
    return float(most)
