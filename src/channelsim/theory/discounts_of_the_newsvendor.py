"""Quantity discounts to a newsvendor: two prices, or a price that falls with every unit.

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

Source: Jeuland & Shugan (1983), *Marketing Science* 2(3), for known demand; Cachon (2003), "Supply Chain
Coordination with Contracts", *Handbooks in OR & MS* 11, for the newsvendor; two prices: derived here. Where
it holds: as the file named above; the discount is made for one store, and only the two prices bear integer
demand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between
from channelsim.theory.contracts_of_the_newsvendor import ContractOutcome, NewsvendorChannel
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.quantity_discount import coordinating_schedule


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
    cost, most = channel.unit_cost, channel.integrated_profit
    above(first_price, cost, "first_price", "the unit cost")
    least = channel.best_at_price(first_price, channel.integrated_quantity)[1] / most
    between(store_share, least, 1.0, "store_share", "both", "what it would have at the first price to all")
    return TwoBlocks(first_price, cost, (1.0 - store_share) * most / (first_price - cost))


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
