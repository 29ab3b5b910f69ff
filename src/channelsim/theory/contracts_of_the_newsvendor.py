"""Contracts that coordinate a supplier and a newsvendor whatever demand is: buyback, revenue sharing.

Idea
----
One owner of supplier and store stocks where (p − s)(1 − F(Q)) = c − s: retail price p, unit cost c, salvage
value s, demand's distribution F. A store that pays a price w above c stocks less (`theory.newsvendor`). A
contract *coordinates* if the store's best quantity is the owner's; it does so with *any split* if its terms
can give the store every share λ of the owner's profit Π. All contracts of this file leave the store an
underage cost u and an overage cost o; they coordinate if u = λ(p − c) and o = λ(c − s), for then its profit
is λ Π(Q) at every quantity Q.

*Buyback* (Pasternack 1985). A credit b for each leftover. With *gross* credit the supplier takes the
leftovers back and salvages them; with *net* credit they stay with the store, which gets their salvage value
besides:

    gross  o = w − b ,          w = (1 − λ) p + λ c ,   b = (1 − λ) p + λ s
    net    o = w − b − s ,      w the same ,            b = (1 − λ)(p − s)

the gross credit exceeds the net one by s. The pairs do not depend on demand. No credit and w > c stocks too
little, full credit (b = w) has no finite order.

*Revenue sharing* (Cachon & Lariviere 2005). The store pays w and keeps a share φ of its revenue. If salvage
is revenue and shared too, w = φ c coordinates and λ = φ. If the store keeps all of it, the price must be

    w = s + (φ p − s)(c − s)/(p − s) ,     λ = (φ p − s)/(p − s)

(derived here); w = φ c would make it stock too much, and without bound if φ c ≤ s. With p given, revenue
sharing at (w, φ) pays what a buyback at (w + (1 − φ) p, net credit (1 − φ)(p − s)) pays, salvage shared,
for every demand.

Source: Pasternack (1985), *Marketing Science* 4(2); Cachon & Lariviere (2005), *Management Science* 51(1);
both in Cachon (2003), "Supply Chain Coordination with Contracts", *Handbooks in OR & MS* 11. Where it
holds: one supplier, one store, one season, retail price given, no goodwill, both neutral to risk, salvage
worth the same to both, the supplier makes what is ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from channelsim.theory.admissible import above, between, finite, one_of
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.uncertain_demand import Demand

CREDITS = ("gross", "net")
SALVAGES = ("shared", "kept")


class ContractOutcome(NamedTuple):
    """What the store orders under a contract, and what both earn in expectation.

    Attributes
    ----------
    quantity : float
        The store's best order, units.
    store_profit, supplier_profit : float
        Money per season.
    integrated_quantity : float
        What one owner of both would stock, units.
    integrated_profit : float
        What that owner would earn, money per season.
    efficiency : float
        Profit of both over that of one owner.
    store_share : float
        The store's profit over that of one owner.
    """

    quantity: float
    store_profit: float
    supplier_profit: float
    integrated_quantity: float
    integrated_profit: float
    efficiency: float
    store_share: float


class BuybackTerms(NamedTuple):
    """A price and a credit.

    Attributes
    ----------
    wholesale_price : float
        Money per unit bought.
    credit : float
        Money per leftover.
    """

    wholesale_price: float
    credit: float


@dataclass(frozen=True)
class NewsvendorChannel:
    """A supplier, a store and a season of uncertain demand.

    Parameters
    ----------
    demand : Demand
        Demand of the season.
    retail_price, unit_cost, salvage_value : float
        p, c and s, money per unit; p > c > s.

    Raises
    ------
    ValueError
        If not p > c > s, or if one owner could earn nothing.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> channel.integrated_quantity, channel.integrated_profit
    (75.0, 225.0)
    """

    demand: Demand
    retail_price: float
    unit_cost: float
    salvage_value: float = 0.0

    def __post_init__(self) -> None:
        finite(self.salvage_value, "salvage_value")
        above(self.unit_cost, self.salvage_value, "unit_cost", "the salvage value")
        above(self.retail_price, self.unit_cost, "retail_price", "the unit cost")
        above(self.integrated_profit, 0.0, "integrated_profit", "or there is nothing to divide")

    @property
    def integrated_quantity(self) -> float:
        """What one owner of both stocks, units."""
        return newsvendor_store(self.demand, self.retail_price, self.unit_cost, self.salvage_value).quantity

    @property
    def integrated_profit(self) -> float:
        """What that owner earns in expectation, money per season."""
        return self.profit(self.integrated_quantity)

    def revenue(self, quantity: float) -> float:
        """Return expected sales at the retail price and leftovers at the salvage value, money per season."""
        sales = self.demand.mean - self.demand.expected_shortage(quantity)
        return self.retail_price * sales + self.salvage_value * self.demand.expected_leftover(quantity)

    def profit(self, quantity: float) -> float:
        """Return what supplier and store together expect to earn, money per season."""
        return self.revenue(quantity) - self.unit_cost * quantity

    def best_at_price(self, wholesale_price: float, most: float) -> tuple[float, float]:
        """Return the store's best order up to a bound at one price, and its profit; zeros if none pays."""
        if wholesale_price >= self.retail_price:
            return 0.0, 0.0
        terms = (self.demand, self.retail_price, wholesale_price, self.salvage_value)
        quantity = min(newsvendor_store(*terms).quantity, most)
        profit = newsvendor_store(*terms, quantity=quantity).expected_profit
        return (quantity, profit) if profit > 0.0 else (0.0, 0.0)

    def outcome(self, quantity: float, store_profit: float) -> ContractOutcome:
        """Return both profits at a quantity at which the store's is known."""
        total, best = self.profit(quantity), self.integrated_profit
        return ContractOutcome(
            quantity,
            store_profit,
            total - store_profit,
            self.integrated_quantity,
            best,
            total / best,
            store_profit / best,
        )


def _share(store_share: float) -> float:
    return between(store_share, 0.0, 1.0, "store_share", "right")


def buyback(
    channel: NewsvendorChannel, wholesale_price: float, credit: float, *, credit_is: str = "gross"
) -> ContractOutcome:
    """Return what any buyback contract brings about, coordinating or not.

    Parameters
    ----------
    channel : NewsvendorChannel
    wholesale_price : float
        Money per unit bought (w), below the retail price.
    credit : float
        Money per leftover (b).
    credit_is : {"gross", "net"}
        Whether the credit is gross of salvage (the supplier takes the leftover back and salvages it) or net
        of it (the leftover stays with the store, which salvages it besides).

    Raises
    ------
    ValueError
        If the store would not order at all or without bound: not p > w > what a leftover brings it.

    References
    ----------
    Pasternack (1985).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> terms = coordinating_buyback(channel, store_share=0.5)
    >>> terms
    BuybackTerms(wholesale_price=7.0, credit=6.0)
    >>> found = buyback(channel, *terms)
    >>> found.quantity, found.store_profit, found.efficiency
    (75.0, 112.5, 1.0)

    A credit that is net of salvage, paid as if it were gross, makes the store stock too little.

    >>> found = buyback(channel, *coordinating_buyback(channel, 0.5, credit_is="net"))
    >>> found.quantity, round(found.efficiency, 4)
    (50.0, 0.8889)
    """
    one_of(credit_is, CREDITS, "credit_is")
    leftover = finite(credit, "credit") + (channel.salvage_value if credit_is == "net" else 0.0)
    above(wholesale_price, leftover, "wholesale_price", "what a leftover brings the store")
    season = newsvendor_store(channel.demand, channel.retail_price, wholesale_price, leftover)
    return channel.outcome(season.quantity, season.expected_profit)


def coordinating_buyback(
    channel: NewsvendorChannel, store_share: float, *, credit_is: str = "gross"
) -> BuybackTerms:
    """Return the buyback contract that coordinates and leaves the store a share of the profit.

    w = (1 − λ) p + λ c; gross credit (1 − λ) p + λ s, net credit (1 − λ)(p − s). So to a price w belongs the
    gross credit p − (p − w)(p − s)/(p − c), whatever demand is.

    Parameters
    ----------
    channel : NewsvendorChannel
    store_share : float
        λ, above 0 and at most 1.
    credit_is : {"gross", "net"}
        As for `buyback`.

    Raises
    ------
    ValueError
        If the share is out of range or the kind of credit unknown.

    References
    ----------
    Pasternack (1985).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> coordinating_buyback(channel, 0.25, credit_is="net")
    BuybackTerms(wholesale_price=8.5, credit=6.0)
    """
    one_of(credit_is, CREDITS, "credit_is")
    share, price, worth = _share(store_share), channel.retail_price, channel.salvage_value
    gross = (1.0 - share) * price + share * worth
    wholesale = (1.0 - share) * price + share * channel.unit_cost
    return BuybackTerms(wholesale, gross if credit_is == "gross" else gross - worth)


def revenue_sharing(
    channel: NewsvendorChannel, wholesale_price: float, revenue_share: float, *, salvage: str = "shared"
) -> ContractOutcome:
    """Return what any revenue sharing contract brings about, coordinating or not.

    Parameters
    ----------
    channel : NewsvendorChannel
    wholesale_price : float
        Money per unit bought (w); may be below the unit cost.
    revenue_share : float
        Share of its revenue that the store keeps, above 0 and at most 1 (φ).
    salvage : {"shared", "kept"}
        Whether salvage counts as revenue or is all the store's.

    Raises
    ------
    ValueError
        If the store would not order at all or without bound: not φ p > w > what a leftover leaves it.

    References
    ----------
    Cachon & Lariviere (2005).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> found = revenue_sharing(channel, 0.75 * 4.0, 0.75)
    >>> found.quantity, found.store_share, found.efficiency
    (75.0, 0.75, 1.0)

    The same price where the store keeps all salvage: too much stock.

    >>> found = revenue_sharing(channel, 0.75 * 4.0, 0.75, salvage="kept")
    >>> round(found.quantity, 4), round(found.efficiency, 4)
    (81.8182, 0.9917)
    """
    one_of(salvage, SALVAGES, "salvage")
    between(revenue_share, 0.0, 1.0, "revenue_share", "right")
    leftover = channel.salvage_value * (revenue_share if salvage == "shared" else 1.0)
    above(wholesale_price, leftover, "wholesale_price", "what a leftover leaves the store")
    season = newsvendor_store(channel.demand, revenue_share * channel.retail_price, wholesale_price, leftover)
    return channel.outcome(season.quantity, season.expected_profit)


def coordinating_revenue_sharing(
    channel: NewsvendorChannel, revenue_share: float, *, salvage: str = "shared"
) -> float:
    """Return the wholesale price with which revenue sharing coordinates.

    φ c if salvage is shared; s + (φ p − s)(c − s)/(p − s) if the store keeps it.

    Parameters
    ----------
    channel : NewsvendorChannel
    revenue_share : float
        Share of its revenue that the store keeps (φ), above 0 and at most 1; with salvage kept φ p > s.
    salvage : {"shared", "kept"}
        As for `revenue_sharing`.

    Raises
    ------
    ValueError
        If the share is out of range or the treatment of salvage unknown.

    References
    ----------
    Cachon & Lariviere (2005) where salvage is shared; kept: derived here.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> coordinating_revenue_sharing(channel, 0.75)
    3.0
    >>> coordinating_revenue_sharing(channel, 0.6, salvage="kept")
    3.0
    >>> revenue_sharing(channel, 3.0, 0.6, salvage="kept").store_share
    0.5
    """
    one_of(salvage, SALVAGES, "salvage")
    share = between(revenue_share, 0.0, 1.0, "revenue_share", "right")
    if salvage == "shared":
        return share * channel.unit_cost
    price, cost, worth = channel.retail_price, channel.unit_cost, channel.salvage_value
    kept = above(share * price, worth, "revenue_share · retail_price", "the salvage value")
    return worth + (kept - worth) * (cost - worth) / (price - worth)
