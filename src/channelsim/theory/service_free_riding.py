"""Service effort of stores on whose service others ride free, against the joint optimum.

Idea
----
A buyer informed in one store may buy in another, so that what a store's service seems worth to its buyers
is (1 − φ) e_j + φ ē: its own effort e_j, and the mean ē over the n stores with the brand in reach, itself
included. With demand linear in perceived service s,

    q_j = a + g s_j − h · (mean of the other stores' s) ,     0 ≤ h < g ,

g being what service wins and h the part of it that is won from the others, unit margin m of the store and M
of the manufacturer given, and costs κ e²/2, of which the manufacturer pays the share t,

    each store alone     (1 − t) κ e = m E ,      E = g (1 − φ + φ/n) − h φ/n
    all stores           κ e = m (g − h)
    whole channel        κ e = (m + M)(g − h)

since one more unit of effort anywhere adds g − h to the sales of all, whatever φ. Spillover makes the
stores serve too little (Telser 1960), winning buyers from each other makes them serve too much; for the
stores together the two cancel at φ = n h/[(n − 1) g + h]. Never do they take the manufacturer's margin into
account.

*Co-operative share.* t = 1 − m E/[(m + M)(g − h)] makes stores serve as the whole channel would. The share
that is best for the manufacturer, which pays it and sets nothing else, is less: (2 A − B)/(2 A + B) with A
= M (g − h), B = m E, and 0 if B ≥ 2 A.

With logit demand (M_c buyers, taste γ for service, every store the share σ) g = γ M_c σ(1 − σ) and h = γ
M_c (n − 1) σ² near equal efforts: m E is then a store's marginal profit of service at given prices.

Source: idea Telser (1960), *Journal of Law & Economics* 3; equations derived here. Where it holds: prices
and margins given, equal stores, effort known to the manufacturer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between, whole_number


class ServiceSlopes(NamedTuple):
    """What perceived service does to sales.

    Attributes
    ----------
    own_slope : float
        Units per week by which a store's sales rise per unit of its perceived service (g).
    rival_slope : float
        Units per week by which they fall per unit of the others' mean (h).
    """

    own_slope: float
    rival_slope: float


class ServiceOutcome(NamedTuple):
    """Effort and what it adds to profits over none, of a store and of the manufacturer at one store.

    Attributes
    ----------
    effort : float
        Service effort of every store.
    cooperative_share : float
        Share of the cost that the manufacturer pays (t).
    sales : float
        Units per week of a store that service adds.
    store_profit, manufacturer_profit : float
        Money per week and store that service adds, its cost deducted.
    """

    effort: float
    cooperative_share: float
    sales: float
    store_profit: float
    manufacturer_profit: float


@dataclass(frozen=True)
class ServiceMarket:
    """Equal stores with the same brand in reach of the same buyers.

    Parameters
    ----------
    stores : int
        Number of stores (n).
    own_slope, rival_slope : float
        Units per week per unit of perceived service, own and of the others' mean (g, h); 0 ≤ h < g.
    spillover : float
        Share of perceived service that is the mean of all stores (φ), from 0 to 1.
    effort_cost : float
        κ of the cost κ e²/2, money per week.
    store_margin, manufacturer_margin : float
        Money per unit (m, M).

    Raises
    ------
    ValueError
        If a number is out of range, or a single store has rivals.

    Examples
    --------
    >>> market = ServiceMarket(4, 10.0, 0.0, 0.5, 5.0, store_margin=2.0, manufacturer_margin=2.0)
    >>> each_store_alone(market).effort, all_stores(market).effort, whole_channel(market).effort
    (2.5, 4.0, 8.0)
    """

    stores: int
    own_slope: float
    rival_slope: float
    spillover: float
    effort_cost: float
    store_margin: float
    manufacturer_margin: float

    def __post_init__(self) -> None:
        whole_number(self.stores, 1, "stores")
        above(self.own_slope, 0.0, "own_slope")
        between(self.rival_slope, 0.0, self.own_slope, "rival_slope", "left", "from 0 to below own_slope")
        if self.stores == 1 and self.rival_slope > 0.0:
            raise ValueError(f"rival_slope = {self.rival_slope:g}: must be 0, a single store has no rivals")
        between(self.spillover, 0.0, 1.0, "spillover", "both")
        above(self.effort_cost, 0.0, "effort_cost")
        above(self.store_margin, 0.0, "store_margin")
        at_least(self.manufacturer_margin, 0.0, "manufacturer_margin")

    @property
    def own_response(self) -> float:
        """Units per week that a store wins per unit of its own effort (E)."""
        shared = self.spillover / self.stores
        return self.own_slope * (1.0 - self.spillover + shared) - self.rival_slope * shared

    @property
    def joint_response(self) -> float:
        """Units per week that all stores win per unit of effort anywhere (g − h)."""
        return self.own_slope - self.rival_slope

    def outcome(self, effort: float, cooperative_share: float = 0.0) -> ServiceOutcome:
        """Return what equal efforts add to sales and profits."""
        sales, cost = self.joint_response * effort, 0.5 * self.effort_cost * effort**2
        paid = cooperative_share * cost
        store = self.store_margin * sales - cost + paid
        return ServiceOutcome(
            effort, cooperative_share, sales, store, self.manufacturer_margin * sales - paid
        )


def logit_slopes(buyers: float, taste: float, share: float, stores: int) -> ServiceSlopes:
    """Return the slopes of logit demand at equal efforts.

    g = γ M_c σ (1 − σ), h = γ M_c (n − 1) σ².

    Parameters
    ----------
    buyers : float
        Buyers per week (M_c).
    taste : float
        Utility per unit of perceived service (γ).
    share : float
        Share of buyers that each store has (σ), n σ below 1.
    stores : int
        n.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> logit_slopes(1000.0, 0.5, 0.125, 4)
    ServiceSlopes(own_slope=54.6875, rival_slope=23.4375)
    """
    count = whole_number(stores, 1, "stores")
    above(buyers, 0.0, "buyers")
    above(taste, 0.0, "taste")
    between(share, 0.0, 1.0 / count, "share", note="the stores together must leave some buyers")
    won = taste * buyers * share
    return ServiceSlopes(won * (1.0 - share), won * (count - 1) * share)


def each_store_alone(market: ServiceMarket, cooperative_share: float = 0.0) -> ServiceOutcome:
    """Return the equilibrium in which every store chooses its own effort: e = m E/[(1 − t) κ].

    Parameters
    ----------
    market : ServiceMarket
    cooperative_share : float
        Share of the cost that the manufacturer pays, below 1; below 0: a charge (t).

    Raises
    ------
    ValueError
        If the share is out of range.

    Examples
    --------
    >>> market = ServiceMarket(4, 10.0, 0.0, 0.5, 5.0, store_margin=2.0, manufacturer_margin=2.0)
    >>> each_store_alone(market, 0.5).effort
    5.0
    """
    between(cooperative_share, -inf, 1.0, "cooperative_share")
    borne = (1.0 - cooperative_share) * market.effort_cost
    return market.outcome(market.store_margin * market.own_response / borne, cooperative_share)


def all_stores(market: ServiceMarket) -> ServiceOutcome:
    """Return what all stores would do together: e = m (g − h)/κ.

    Parameters
    ----------
    market : ServiceMarket

    Examples
    --------
    >>> market = ServiceMarket(4, 10.0, 5.0, 0.8, 5.0, store_margin=2.0, manufacturer_margin=2.0)
    >>> all_stores(market).effort
    2.0
    """
    return market.outcome(market.store_margin * market.joint_response / market.effort_cost)


def whole_channel(market: ServiceMarket) -> ServiceOutcome:
    """Return what one owner of manufacturer and stores would do: e = (m + M)(g − h)/κ.

    Parameters
    ----------
    market : ServiceMarket

    Examples
    --------
    >>> market = ServiceMarket(4, 10.0, 5.0, 0.8, 5.0, store_margin=2.0, manufacturer_margin=2.0)
    >>> whole_channel(market).effort
    4.0
    """
    both = market.store_margin + market.manufacturer_margin
    return market.outcome(both * market.joint_response / market.effort_cost)


def neutral_spillover(stores: int, own_slope: float, rival_slope: float) -> float:
    """Return the spillover at which stores that choose alone serve as much as all together would.

    φ = n h/[(n − 1) g + h]. With less spillover they serve too much, each to win the others' buyers.

    Parameters
    ----------
    stores : int
        At least 2 (n).
    own_slope, rival_slope : float
        g and h, 0 ≤ h < g.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> neutral_spillover(3, 10.0, 4.0)
    0.5
    """
    whole_number(stores, 2, "stores")
    above(own_slope, 0.0, "own_slope")
    between(rival_slope, 0.0, own_slope, "rival_slope", "left", "from 0 to below own_slope")
    return stores * rival_slope / ((stores - 1) * own_slope + rival_slope)


def coordinating_share(market: ServiceMarket) -> float:
    """Return the co-operative share with which stores that choose alone serve as the whole channel would.

    t = 1 − m E/[(m + M)(g − h)]; below zero (a charge on service) if the stores serve too much without it.

    Parameters
    ----------
    market : ServiceMarket

    Examples
    --------
    >>> market = ServiceMarket(4, 10.0, 0.0, 0.5, 5.0, store_margin=2.0, manufacturer_margin=2.0)
    >>> coordinating_share(market), each_store_alone(market, coordinating_share(market)).effort
    (0.6875, 8.0)
    """
    both = market.store_margin + market.manufacturer_margin
    return 1.0 - market.store_margin * market.own_response / (both * market.joint_response)


def manufacturers_best_share(market: ServiceMarket) -> float:
    """Return the co-operative share that is best for the manufacturer alone: (2 A − B)/(2 A + B), or 0.

    A = M (g − h) and B = m E, its and a store's marginal gain from service; 0 if B ≥ 2 A.

    Parameters
    ----------
    market : ServiceMarket

    Examples
    --------
    >>> market = ServiceMarket(1, 10.0, 0.0, 0.0, 5.0, store_margin=2.0, manufacturer_margin=3.0)
    >>> manufacturers_best_share(market), coordinating_share(market)
    (0.5, 0.6)
    """
    gain = 2.0 * market.manufacturer_margin * market.joint_response
    own = market.store_margin * market.own_response
    return max(0.0, (gain - own) / (gain + own))
