"""Quantity discounts to a newsvendor: all units, two prices, or a price that falls with every unit.

Idea
----
As `channelsim.theory.contracts_of_the_newsvendor`: retail price p, unit cost c, salvage value s, demand's
distribution F, profit Π of one owner at its quantity Q*. The store buys more if the units that it hesitates
over are cheap.

*Incremental discount*. A first price w₁ up to B units, c for all further units. The store orders Q* if it
does not prefer less at w₁, and pays (w₁ − c) B, which works as a fee: for B up to [Π − π(w₁)]/(w₁ − c),
with π(w₁) its best profit at w₁ alone. As w₁ nears p the supplier can have all. With a price that falls all
the way, any share λ of any demand: `continuous_discount`, whose marginal price is (1 − λ)[p − (p − s) F(Q)]
+ λ c; it is the schedule of Jeuland & Shugan (1983) with expected revenue in place of revenue.

*All-unit discount*. A list price w₀ for every unit of an order below B, w₁ for every unit of one of B or
more. What an order costs falls at the threshold by (w₀ − w₁) B, where the price at the margin drops from w₀
to w₁; so nobody orders between (w₁/w₀) B and B. With B = Q* the store orders Q* if w₁ ≥ c (it would not
order more) and it does not prefer less at w₀: then it earns R(Q*) − w₁ Q*, R expected revenue, which is the
share λ at

    w₁ = c + (1 − λ) Π/Q* ,         π(w₀) ≤ λ Π .

So it splits as far as the incremental one does, at whatever w₀. The threshold *holds* demands apart: of
demands with one deviation σ and means μ, those from μ₁ to μ₂ order B and no others,

    normal:   μ₂ = B − σ Φ⁻¹((p − w₁)/(p − s)) ,      μ₁:  R(B) − w₁ B = max over Q of R(Q) − w₀ Q .

Below μ₁ the order is the critical fractile at w₀, above μ₂ that at w₁; at μ₁ it jumps.

Source: Jeuland & Shugan (1983), *Marketing Science* 2(3), for known demand; Cachon (2003), "Supply Chain
Coordination with Contracts", *Handbooks in OR & MS* 11, for the newsvendor; all units: Kolay, Shaffer &
Ordover (2004), *Journal of Economics & Management Strategy* 13(3), for the idea with known demand; two
prices, and all units to a newsvendor: derived here. Where it holds: as the file named above; the discount is
made for one store, and only two prices and all units bear integer demand.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between
from channelsim.theory.contracts_of_the_newsvendor import ContractOutcome, NewsvendorChannel
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.quantity_discount import coordinating_schedule
from channelsim.theory.uncertain_demand import NormalDemand


class TwoBlocks(NamedTuple):
    """A price up to a number of units and another for all further units.

    Attributes
    ----------
    first_price, further_price : float
        Money per unit.
    break_quantity : float
        Units at the first price.
    """

    first_price: float
    further_price: float
    break_quantity: float


def _share_at(channel: NewsvendorChannel, price: float, store_share: float, name: str) -> float:
    """Return a share of the profit to which a store can be held that may buy at a price without discount."""
    above(price, channel.unit_cost, name, "the unit cost")
    least = channel.best_at_price(price, channel.integrated_quantity)[1] / channel.integrated_profit
    return between(store_share, least, 1.0, "store_share", "both", f"what it would have at {name} to all")


def incremental_discount(
    channel: NewsvendorChannel, first_price: float, further_price: float, break_quantity: float
) -> ContractOutcome:
    """Return what any incremental discount of two prices brings about: the better of reaching and missing it.

    Parameters
    ----------
    channel : NewsvendorChannel
    first_price, further_price : float
        Price of units up to the break and of all further ones, money per unit; first above further above
        salvage.
    break_quantity : float
        Units at the first price.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> terms = coordinating_incremental_discount(channel, first_price=7.0, store_share=0.5)
    >>> terms
    TwoBlocks(first_price=7.0, further_price=4.0, break_quantity=37.5)
    >>> incremental_discount(channel, *terms).store_profit
    112.5
    """
    above(further_price, channel.salvage_value, "further_price", "the salvage value")
    above(first_price, further_price, "first_price", "the further price")
    at_least(break_quantity, 0.0, "break_quantity")
    missing, profit = channel.best_at_price(first_price, break_quantity)
    if further_price < channel.retail_price:
        terms = (channel.demand, channel.retail_price, further_price, channel.salvage_value)
        reaching = newsvendor_store(*terms)
        reached = reaching.expected_profit - (first_price - further_price) * break_quantity
        if reaching.quantity > break_quantity and reached >= profit:
            return channel.outcome(reaching.quantity, reached)
    return channel.outcome(missing, profit)


def coordinating_incremental_discount(
    channel: NewsvendorChannel, first_price: float, store_share: float
) -> TwoBlocks:
    """Return the incremental discount that coordinates and leaves the store a share of the profit.

    The further price is the unit cost, the break B = (1 − λ) Π/(w₁ − c).

    Parameters
    ----------
    channel : NewsvendorChannel
    first_price : float
        Above the unit cost (w₁); at the retail price or above, every share can be reached.
    store_share : float
        λ, at most 1 and at least what the store would earn at the first price alone over Π.

    Raises
    ------
    ValueError
        If the price is not above the unit cost, or with it the store cannot be held to that share.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> coordinating_incremental_discount(channel, first_price=10.0, store_share=0.2)
    TwoBlocks(first_price=10.0, further_price=4.0, break_quantity=30.0)
    """
    share, cost = _share_at(channel, first_price, store_share, "first_price"), channel.unit_cost
    return TwoBlocks(first_price, cost, (1.0 - share) * channel.integrated_profit / (first_price - cost))


class AllUnitTerms(NamedTuple):
    """A list price below a threshold and a lower price for every unit from it on.

    Attributes
    ----------
    list_price, discounted_price : float
        Money per unit.
    break_quantity : float
        Units from which every unit costs the discounted price.
    """

    list_price: float
    discounted_price: float
    break_quantity: float


def all_unit_discount(
    channel: NewsvendorChannel, list_price: float, discounted_price: float, break_quantity: float
) -> ContractOutcome:
    """Return what any all-unit discount brings about: the better of reaching and missing the threshold.

    Parameters
    ----------
    channel : NewsvendorChannel
    list_price, discounted_price : float
        Price of every unit of an order below the threshold, and of one that reaches it, money per unit; list
        above discounted above salvage.
    break_quantity : float
        The threshold, units.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> terms = coordinating_all_unit_discount(channel, list_price=7.0, store_share=0.5)
    >>> terms
    AllUnitTerms(list_price=7.0, discounted_price=5.5, break_quantity=75.0)
    >>> found = all_unit_discount(channel, *terms)
    >>> found.quantity, found.store_profit
    (75.0, 112.5)

    A threshold too far is let go.

    >>> all_unit_discount(channel, 7.0, 5.5, 100.0).quantity
    37.5
    """
    above(discounted_price, channel.salvage_value, "discounted_price", "the salvage value")
    above(list_price, discounted_price, "list_price", "the discounted price")
    at_least(break_quantity, 0.0, "break_quantity")
    missing, profit = channel.best_at_price(list_price, break_quantity)
    reaching = max(channel.best_at_price(discounted_price, inf)[0], break_quantity)
    reached = channel.revenue(reaching) - discounted_price * reaching
    return channel.outcome(reaching, reached) if reached >= profit else channel.outcome(missing, profit)


def coordinating_all_unit_discount(
    channel: NewsvendorChannel, list_price: float, store_share: float
) -> AllUnitTerms:
    """Return the all-unit discount that coordinates and leaves the store a share of the profit.

    The threshold is the owner's quantity Q*, the discounted price c + (1 − λ) Π/Q*.

    Parameters
    ----------
    channel : NewsvendorChannel
    list_price : float
        Above the unit cost (w₀); at the retail price or above, every share can be reached.
    store_share : float
        λ, at most 1 and at least what the store would earn at the list price alone over Π.

    Raises
    ------
    ValueError
        If the price is not above the unit cost, or with it the store cannot be held to that share.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> coordinating_all_unit_discount(channel, list_price=10.0, store_share=0.2)
    AllUnitTerms(list_price=10.0, discounted_price=6.4, break_quantity=75.0)
    """
    share = _share_at(channel, list_price, store_share, "list_price")
    quantity, cost = channel.integrated_quantity, channel.unit_cost
    return AllUnitTerms(list_price, cost + (1.0 - share) * channel.integrated_profit / quantity, quantity)


def means_held_at_threshold(
    channel: NewsvendorChannel, list_price: float, discounted_price: float, break_quantity: float
) -> tuple[float, float]:
    """Return the least and the greatest mean demand at which the store orders just the threshold.

    Of normal demands with the channel's deviation: from where reaching is worth as much as the best order at
    the list price to where the critical fractile at the discounted price is the threshold itself.

    Parameters
    ----------
    channel : NewsvendorChannel
        With normal demand, whose mean does not matter here.
    list_price, discounted_price, break_quantity : float
        As for `all_unit_discount`; the list price below the retail price.

    Returns
    -------
    tuple of float
        Units per season (μ₁, μ₂).

    Raises
    ------
    ValueError
        If demand is not normal, a number is out of range, or the store would reach the threshold whatever its
        mean demand.

    Examples
    --------
    >>> channel = NewsvendorChannel(NormalDemand(100.0, 20.0), 10.0, 4.0)
    >>> low, high = means_held_at_threshold(channel, 8.0, 7.0, 100.0)
    >>> round(low, 4), round(high, 4)
    (83.3337, 110.488)
    """
    from scipy.optimize import brentq

    demand = channel.demand
    if not isinstance(demand, NormalDemand):
        raise ValueError(f"demand = {type(demand).__name__}: must be normal")
    above(discounted_price, channel.salvage_value, "discounted_price", "the salvage value")
    between(list_price, discounted_price, channel.retail_price, "list_price", note="to the retail price")
    above(break_quantity, 0.0, "break_quantity")
    price, worth, deviation = channel.retail_price, channel.salvage_value, demand.deviation
    score = NormalDemand(0.0, 1.0).quantile((price - discounted_price) / (price - worth))
    highest = break_quantity - deviation * score

    def gain(mean: float) -> float:
        season = NormalDemand(mean, deviation)
        reached = newsvendor_store(season, price, discounted_price, worth, quantity=break_quantity)
        return reached.expected_profit - newsvendor_store(season, price, list_price, worth).expected_profit

    # below this mean nothing is ordered at the list price; normal demand is then negative too often to count
    nothing = max(0.0, -deviation * NormalDemand(0.0, 1.0).quantile((price - list_price) / (price - worth)))
    if gain(nothing) >= 0.0:
        raise ValueError(f"break_quantity = {break_quantity:g}: reached whatever the mean demand is")
    return float(brentq(gain, nothing, highest, xtol=1e-13 * break_quantity)), highest


def continuous_discount(channel: NewsvendorChannel, store_share: float) -> Callable[[float], float]:
    """Return the price per unit as a function of the order that leaves the store λ Π(Q) at every quantity.

    w(Q) = λ c + (1 − λ) E[revenue at Q]/Q, `quantity_discount.coordinating_schedule` with expected revenue.

    Parameters
    ----------
    channel : NewsvendorChannel
    store_share : float
        λ, above 0 and at most 1.

    Raises
    ------
    ValueError
        If the share is out of range; from the schedule, if a quantity is not above 0.

    References
    ----------
    Jeuland & Shugan (1983), *Marketing Science* 2(3); for the newsvendor Cachon (2003).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> price = continuous_discount(channel, 0.5)
    >>> price(25.0), price(75.0)
    (6.5, 5.5)
    """
    share = between(store_share, 0.0, 1.0, "store_share", "right")
    return coordinating_schedule(
        lambda quantity: channel.revenue(quantity) / quantity, channel.unit_cost, retailer_share=share
    )
