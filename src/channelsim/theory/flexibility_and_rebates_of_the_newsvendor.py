"""Contracts with a newsvendor that fit one distribution of demand: quantity flexibility, target sales rebate.

Idea
----
As `channelsim.theory.contracts_of_the_newsvendor` (p, c, s, F; Q* and Π of one owner; S(Q) = E[min(Q, D)]),
but what the store keeps is no longer a share of Π(Q) at every quantity: the terms fit one distribution of
demand.

*Quantity flexibility* (Tsay 1999). Of Q units the store may return up to δ Q at the price it paid. Then

    (p − w)(1 − F(Q)) = (w − s)(1 − δ) F((1 − δ) Q) ,

which has one solution; it is Q* at w(δ) = [p a + s k]/(a + k), a = 1 − F(Q*), k = (1 − δ) F((1 − δ) Q*).
From δ = 0 (w = c, the store earns Π) to where what must be kept always sells (w = p, it earns nothing)
every split is reached. It is a buyback at full credit with a cap. The store's profit is (p − s) S(Q) − (w −
s)[Q − ∫ F from (1 − δ)Q to Q].

*Target sales rebate* (Taylor 2002). The supplier pays r for every unit sold beyond t. Above t the store
orders where (p + r − s)(1 − F(Q)) = w − s; that is Q* if

    w = c + r (c − s)/(p − s) .

Its profit there is (1 + r/(p − s)) Π − r S(t). Below t there is a second best quantity, the newsvendor's at
w, and the store must prefer Q*: t is at most the highest target at which it does, which lies *below* Q*. A
target at Q* itself never coordinates: the units up to it earn no rebate and the price is above c. At t = 0
the store earns more than Π: the supplier would lose. If r ≥ (p − c)(p − s)/(c − s), the price is p or more,
nothing is worth ordering without the rebate, and every split is reached.

Source: Tsay (1999), *Management Science* 45(10); Taylor (2002), *Management Science* 48(8), without effort;
Cachon (2003), "Supply Chain Coordination with Contracts", *Handbooks in OR & MS* 11; the bound on
the rebate's split is derived here. Where it holds: as the file named above; the supplier delivers what is
ordered (with flexibility it might prefer to make less); continuous demand.
"""

from __future__ import annotations

from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between
from channelsim.theory.contracts_of_the_newsvendor import ContractOutcome, NewsvendorChannel
from channelsim.theory.newsvendor import newsvendor_store


class TargetRebate(NamedTuple):
    """A price, a rebate on every unit sold beyond a target, and the target.

    Attributes
    ----------
    wholesale_price, rebate : float
        Money per unit.
    target : float
        Units.
    """

    wholesale_price: float
    rebate: float
    target: float


def _sales(channel: NewsvendorChannel, quantity: float) -> float:
    """Return E[min(quantity, D)], units."""
    return channel.demand.mean - channel.demand.expected_shortage(quantity)


def quantity_flexibility(
    channel: NewsvendorChannel, wholesale_price: float, flexibility: float
) -> ContractOutcome:
    """Return what any contract of quantity flexibility brings about, coordinating or not.

    Parameters
    ----------
    channel : NewsvendorChannel
        Of continuous demand.
    wholesale_price : float
        Money per unit, paid and refunded (w); p > w > s.
    flexibility : float
        Share of the order that may be returned at the price paid, from 0 to below 1 (δ).

    Raises
    ------
    ValueError
        If a number is out of range or demand has no density.

    References
    ----------
    Tsay (1999), whose flexibility upward (1 + α) and downward (1 − ω) of a forecast is δ = (α + ω)/(1 + α)
    here.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> price = coordinating_flexibility_price(channel, 0.5)
    >>> found = quantity_flexibility(channel, price, 0.5)
    >>> round(price, 6), round(found.quantity, 6), round(found.store_share, 6), round(found.efficiency, 6)
    (6.571429, 75.0, 0.571429, 1.0)
    """
    from scipy.optimize import brentq

    demand, price, worth = channel.demand, channel.retail_price, channel.salvage_value
    between(flexibility, 0.0, 1.0, "flexibility", "left")
    between(wholesale_price, worth, price, "wholesale_price", note="between salvage value and retail price")
    demand.density(demand.mean)
    sure = 1.0 - flexibility

    def gain(quantity: float) -> float:
        more = (price - wholesale_price) * (1.0 - demand.cumulative(quantity))
        return more - (wholesale_price - worth) * sure * demand.cumulative(sure * quantity)

    if gain(0.0) <= 0.0:
        return channel.outcome(0.0, 0.0)
    high = channel.integrated_quantity
    while gain(high) > 0.0:
        high *= 2.0
    quantity = float(brentq(gain, 0.0, high, xtol=1e-13 * high))
    returned = demand.expected_leftover(quantity) - demand.expected_leftover(sure * quantity)
    store = channel.revenue(quantity) - wholesale_price * quantity + (wholesale_price - worth) * returned
    return channel.outcome(quantity, store)


def coordinating_flexibility_price(channel: NewsvendorChannel, flexibility: float) -> float:
    """Return the wholesale price with which a quantity flexibility δ coordinates.

    w = [p a + s k]/(a + k) with a = 1 − F(Q*) and k = (1 − δ) F((1 − δ) Q*).

    Parameters
    ----------
    channel : NewsvendorChannel
        Of continuous demand.
    flexibility : float
        Share of the order that may be returned at the price paid, from 0 to below 1 (δ).

    Raises
    ------
    ValueError
        If the flexibility is out of range or demand has no density, or if what must be kept always sells:
        then the price would have to be the retail price and the store would not care what it orders.

    References
    ----------
    Tsay (1999); Cachon (2003).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> coordinating_flexibility_price(NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0), 0.0)
    4.0
    """
    sure = 1.0 - between(flexibility, 0.0, 1.0, "flexibility", "left")
    demand, quantity = channel.demand, channel.integrated_quantity
    demand.density(demand.mean)
    short, kept = 1.0 - demand.cumulative(quantity), sure * demand.cumulative(sure * quantity)
    price = (channel.retail_price * short + channel.salvage_value * kept) / (short + kept)
    if price >= channel.retail_price * (1.0 - 1e-12):
        raise ValueError(
            f"flexibility = {flexibility:g}: what must be kept always sells, no price coordinates"
        )
    return price


def target_sales_rebate(
    channel: NewsvendorChannel, wholesale_price: float, rebate: float, target: float
) -> ContractOutcome:
    """Return what any rebate on sales beyond a target brings about: the better of reaching and missing it.

    Parameters
    ----------
    channel : NewsvendorChannel
    wholesale_price : float
        Money per unit (w), between the salvage value and retail price plus rebate.
    rebate : float
        Money for every unit sold beyond the target (r).
    target : float
        Units (t).

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Taylor (2002).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> terms = coordinating_target_rebate(channel, rebate=8.0, store_share=0.7)
    >>> terms.wholesale_price, round(terms.target, 4)
    (6.0, 48.1589)
    >>> found = target_sales_rebate(channel, *terms)
    >>> found.quantity, round(found.store_share, 9), round(found.efficiency, 9)
    (75.0, 0.7, 1.0)

    With the target at the best quantity itself the store does not go for it.

    >>> target_sales_rebate(channel, 6.0, 8.0, 75.0).quantity
    50.0
    """
    worth = channel.salvage_value
    at_least(rebate, 0.0, "rebate")
    at_least(target, 0.0, "target")
    most = channel.retail_price + rebate
    between(wholesale_price, worth, most, "wholesale_price", note="up to retail price plus rebate")
    missing, profit = channel.best_at_price(wholesale_price, target)
    reaching = newsvendor_store(channel.demand, most, wholesale_price, worth).quantity
    if reaching > target:
        rebated = rebate * (_sales(channel, reaching) - _sales(channel, target))
        reached = channel.revenue(reaching) - wholesale_price * reaching + rebated
        if reached >= profit:
            return channel.outcome(reaching, reached)
    return channel.outcome(missing, profit)


def _rebate_price(channel: NewsvendorChannel, rebate: float) -> float:
    """Return w = c + r (c − s)/(p − s)."""
    slack = channel.unit_cost - channel.salvage_value
    extra = rebate * slack / (channel.retail_price - channel.salvage_value)
    return channel.unit_cost + extra


def _target(channel: NewsvendorChannel, rebate: float, store_profit: float) -> float:
    """Return the target that leaves the store a profit: r S(t) = (1 + r/(p − s)) Π − profit."""
    from scipy.optimize import brentq

    spread = channel.retail_price - channel.salvage_value
    sales = ((1.0 + rebate / spread) * channel.integrated_profit - store_profit) / rebate
    high = channel.integrated_quantity
    return float(brentq(lambda target: _sales(channel, target) - sales, 0.0, high, xtol=1e-14 * high))


def lowest_rebate_share(channel: NewsvendorChannel, rebate: float) -> float:
    """Return the least share of the profit that a coordinating rebate leaves the store.

    It is what the store would earn at the rebate's wholesale price alone, missing the target; 0 for rebates
    from (p − c)(p − s)/(c − s) on.

    Parameters
    ----------
    channel : NewsvendorChannel
    rebate : float
        Money per unit beyond the target, above 0 (r).

    Raises
    ------
    ValueError
        If the rebate is not above 0.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> round(lowest_rebate_share(channel, 8.0), 6), lowest_rebate_share(channel, 24.0)
    (0.444444, 0.0)
    """
    price = _rebate_price(channel, above(rebate, 0.0, "rebate"))
    return channel.best_at_price(price, channel.integrated_quantity)[1] / channel.integrated_profit


def coordinating_target_rebate(channel: NewsvendorChannel, rebate: float, store_share: float) -> TargetRebate:
    """Return the target rebate that coordinates and leaves the store a share of the profit.

    w = c + r (c − s)/(p − s), and the target t solves r S(t) = (1 + r/(p − s) − λ) Π.

    Parameters
    ----------
    channel : NewsvendorChannel
    rebate : float
        Money for every unit sold beyond the target, above 0 (r).
    store_share : float
        λ, from `lowest_rebate_share` (left out if it is 0) to 1.

    Raises
    ------
    ValueError
        If the rebate is not above 0, or with it the store cannot be held to that share.

    References
    ----------
    Taylor (2002).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> terms = coordinating_target_rebate(channel, rebate=24.0, store_share=0.25)
    >>> terms.wholesale_price, round(terms.target, 4)
    (10.0, 45.5138)
    """
    least = lowest_rebate_share(channel, rebate)
    ends = "both" if least > 0.0 else "right"
    between(store_share, least, 1.0, "store_share", ends, "what it would have without the rebate to all")
    target = _target(channel, rebate, store_share * channel.integrated_profit)
    return TargetRebate(_rebate_price(channel, rebate), rebate, target)
