r"""Quantity discounts that coordinate a channel: one manufacturer, one retailer, one price schedule.

With one wholesale price for every unit the retailer asks too much (`channelsim.theory.vertical_prices`). Let
the price per unit depend on the quantity bought, w(q), such that what the retailer keeps is a share of the
channel's profit: whatever is best for the channel is then best for the retailer. With inverse demand P(q),
the manufacturer's unit cost c, the retailer's unit cost h and Π(q) = (P(q) − c − h) q,

    (P(q) − h − w(q)) q = θ Π(q) + κ     ⇔     w(q) = θ c + (1 − θ)(P(q) − h) − κ/q ,

for every share 0 < θ ≤ 1 and every sum κ. The retailer chooses the quantity q* that one owner would sell, and
the two keep θ Π + κ and (1 − θ) Π − κ: any split. Since P falls, w(q) falls with the quantity if κ ≤ 0 and
θ < 1: a quantity discount. The *last* unit costs the retailer d(w q)/dq = c at q*, just what it costs to
make. θ = 1 is the two-part tariff: w(q) = c − κ/q, with −κ as fee.

Two prices are enough if demand is known: an *all-units discount* charges the lower price on every unit once
the quantity reaches q*. The lower price may be anything from the unit cost (below, the retailer would buy
more than q*) to the price at which the retailer is as well off at the list price. An *incremental discount*
charges the lower price, the unit cost, on the units beyond a break B only: (w₀ − c) B is a fee, at most what
the retailer gains over the list price w₀ for all.

Source: Jeuland & Shugan (1983), "Managing Channel Profits", *Marketing Science* 2(3); a two-part tariff does
the same (Moorthy 1987, *Marketing Science* 6(4)); all-units discounts: Kolay, Shaffer & Ordover (2004),
"All-Units Discounts in Retail Contracts", *Journal of Economics & Management Strategy* 13(3). Where it holds:
as `channelsim.theory.vertical_prices`. The schedule is made for one retailer and its demand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between, finite
from channelsim.theory.vertical_prices import ChannelPrices, constant_elasticity_channel, linear_channel


class QuantityDiscount(NamedTuple):
    """A price schedule that coordinates, and what comes of it.

    Attributes
    ----------
    schedule : callable
        Wholesale price per unit, money per unit, at a quantity above 0, units per week.
    quantity : float
        What the retailer then buys and sells, units per week.
    wholesale_price : float
        Price per unit at that quantity, money per unit.
    retail_price : float
        Money per unit.
    manufacturer_profit, retailer_profit : float
        Money per week.
    efficiency : float
        Channel profit over that of one owner of both.
    """

    schedule: Callable[[float], float]
    quantity: float
    wholesale_price: float
    retail_price: float
    manufacturer_profit: float
    retailer_profit: float
    efficiency: float


class AllUnitsDiscount(NamedTuple):
    """A lower price on every unit from a quantity on.

    Attributes
    ----------
    break_quantity : float
        Quantity from which the lower price holds, units per week.
    lowest_price, highest_price : float
        Between them the discounted price coordinates the channel, money per unit; at the highest the
        retailer is as well off buying at the list price.
    list_price : float
        Price of every unit below the break, money per unit.
    """

    break_quantity: float
    lowest_price: float
    highest_price: float
    list_price: float


class IncrementalDiscount(NamedTuple):
    """A lower price on the units beyond a quantity.

    Attributes
    ----------
    break_quantity : float
        Units per week at the list price.
    list_price, further_price : float
        Price of units up to the break and of all further ones, money per unit.
    quantity : float
        What the retailer then buys and sells, units per week.
    manufacturer_profit, retailer_profit : float
        Money per week.
    highest_break : float
        Break from which on the retailer would rather buy less at the list price, units per week.
    """

    break_quantity: float
    list_price: float
    further_price: float
    quantity: float
    manufacturer_profit: float
    retailer_profit: float
    highest_break: float


def coordinating_schedule(
    inverse_demand: Callable[[float], float],
    manufacturer_cost: float,
    retailer_cost: float = 0.0,
    retailer_share: float = 0.5,
    side_payment: float = 0.0,
) -> Callable[[float], float]:
    """Return the wholesale price per unit as a function of the quantity, for any demand.

    w(q) = θ c + (1 − θ)(P(q) − h) − κ/q: the retailer keeps θ Π(q) + κ at every quantity. Source: Jeuland &
    Shugan (1983), *Marketing Science* 2(3).

    Parameters
    ----------
    inverse_demand : callable
        Retail price at which a quantity is sold, money per unit (P).
    manufacturer_cost, retailer_cost : float
        What each adds to the cost of a unit, money per unit (c, h).
    retailer_share : float
        Retailer's share of the channel's profit, above 0 and at most 1 (θ).
    side_payment : float
        What the retailer gets besides, money per week; negative: what it pays (κ).

    Raises
    ------
    ValueError
        If a number is out of range; from the schedule, if a quantity is not above 0.

    Examples
    --------
    >>> price = coordinating_schedule(lambda quantity: 100 - quantity, 20.0, retailer_share=0.25)
    >>> price(20.0), price(40.0)
    (65.0, 50.0)
    """
    at_least(manufacturer_cost, 0.0, "manufacturer_cost")
    at_least(retailer_cost, 0.0, "retailer_cost")
    between(retailer_share, 0.0, 1.0, "retailer_share", "right")
    finite(side_payment, "side_payment")

    def schedule(quantity: float) -> float:
        """Return the wholesale price per unit at a quantity."""
        above(quantity, 0.0, "quantity")
        net = inverse_demand(quantity) - retailer_cost
        return retailer_share * manufacturer_cost + (1 - retailer_share) * net - side_payment / quantity

    return schedule


def _discount(
    best: ChannelPrices,
    inverse_demand: Callable[[float], float],
    manufacturer_cost: float,
    retailer_cost: float,
    retailer_share: float,
    side_payment: float,
) -> QuantityDiscount:
    """Return a schedule and what comes of it at the quantity of one owner."""
    schedule = coordinating_schedule(
        inverse_demand, manufacturer_cost, retailer_cost, retailer_share, side_payment
    )
    quantity, wholesale = best.quantity, schedule(best.quantity)
    retail = inverse_demand(quantity)
    manufacturer = (wholesale - manufacturer_cost) * quantity
    retailer = (retail - retailer_cost - wholesale) * quantity
    efficiency = (manufacturer + retailer) / best.channel_profit
    return QuantityDiscount(schedule, quantity, wholesale, retail, manufacturer, retailer, efficiency)


def linear_quantity_discount(
    intercept: float,
    own_slope: float,
    manufacturer_cost: float,
    retailer_cost: float = 0.0,
    retailer_share: float = 0.5,
    side_payment: float = 0.0,
) -> QuantityDiscount:
    """Return the schedule that coordinates the channel under linear demand q = intercept − own_slope · p.

    w(q) = θ c + (1 − θ)(a/b − h − q/b) − κ/q; without side payment a straight line that falls (1 − θ)/b per
    unit. Source: Jeuland & Shugan (1983), *Marketing Science* 2(3).

    Parameters
    ----------
    intercept : float
        Demand at a price of zero, units per week (a).
    own_slope : float
        Units per week lost per unit of money (b).
    manufacturer_cost, retailer_cost : float
        What each adds to the cost of a unit, money per unit (c, h).
    retailer_share : float
        Retailer's share of the channel's profit, above 0 and at most 1 (θ).
    side_payment : float
        What the retailer gets besides, money per week; negative: what it pays (κ).

    Raises
    ------
    ValueError
        If a number is out of range, or the costs are not below the choke price.

    Examples
    --------
    Without a discount the two earn 800 and 400. Shared as before, two thirds and one third:

    >>> found = linear_quantity_discount(100.0, 1.0, 20.0, retailer_share=1 / 3)
    >>> round(found.manufacturer_profit, 6), round(found.retailer_profit, 6), round(found.efficiency, 9)
    (1066.666667, 533.333333, 1.0)
    >>> found.retail_price, round(found.wholesale_price, 6)
    (60.0, 46.666667)
    """
    owner = linear_channel(intercept, own_slope, [manufacturer_cost + retailer_cost])

    def inverse_demand(quantity: float) -> float:
        return (intercept - quantity) / own_slope

    return _discount(owner, inverse_demand, manufacturer_cost, retailer_cost, retailer_share, side_payment)


def constant_elasticity_quantity_discount(
    scale: float,
    elasticity: float,
    manufacturer_cost: float,
    retailer_cost: float = 0.0,
    retailer_share: float = 0.5,
    side_payment: float = 0.0,
) -> QuantityDiscount:
    """Return the schedule that coordinates the channel under demand q = scale · p^(−elasticity).

    w(q) = θ c + (1 − θ)((k/q)^(1/η) − h) − κ/q. Source: Jeuland & Shugan (1983), *Marketing Science* 2(3),
    whose schedule is not bound to a form of demand.

    Parameters
    ----------
    scale : float
        Units per week at a price of 1 (k).
    elasticity : float
        Percentage of sales lost per per cent of price, above 1 (η).
    manufacturer_cost, retailer_cost : float
        What each adds to the cost of a unit, money per unit (c, h).
    retailer_share : float
        Retailer's share of the channel's profit, above 0 and at most 1 (θ).
    side_payment : float
        What the retailer gets besides, money per week; negative: what it pays (κ).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> found = constant_elasticity_quantity_discount(1000.0, 2.0, 5.0, retailer_share=0.4)
    >>> found.retail_price, found.quantity, found.retailer_profit, found.wholesale_price
    (10.0, 10.0, 20.0, 8.0)
    """
    owner = constant_elasticity_channel(scale, elasticity, [manufacturer_cost + retailer_cost])

    def inverse_demand(quantity: float) -> float:
        return float((scale / quantity) ** (1 / elasticity))

    return _discount(owner, inverse_demand, manufacturer_cost, retailer_cost, retailer_share, side_payment)


def acceptable_shares(
    channel_profit: float, manufacturer_profit: float, retailer_profit: float
) -> tuple[float, float]:
    """Return the retailer's lowest and highest share with which nobody loses by the discount.

    θ from Π_r/Π to 1 − Π_m/Π, with Π_m and Π_r the profits without it, and no side payment. Follows from the
    split θ Π and (1 − θ) Π of Jeuland & Shugan (1983), *Marketing Science* 2(3).

    Parameters
    ----------
    channel_profit : float
        Profit of one owner of both, money per week (Π).
    manufacturer_profit, retailer_profit : float
        What each earns without the discount, money per week (Π_m, Π_r).

    Raises
    ------
    ValueError
        If a profit is negative, or the two together earn more than one owner would.

    Examples
    --------
    >>> acceptable_shares(1600.0, 800.0, 400.0)
    (0.25, 0.5)
    """
    above(channel_profit, 0.0, "channel_profit")
    both = at_least(manufacturer_profit, 0.0, "manufacturer_profit")
    both += at_least(retailer_profit, 0.0, "retailer_profit")
    if both > channel_profit * (1 + 1e-12):
        raise ValueError(f"channel_profit = {channel_profit:g}: below what the two earn apart, {both:g}")
    return retailer_profit / channel_profit, 1 - manufacturer_profit / channel_profit


def all_units_discount(
    intercept: float,
    own_slope: float,
    manufacturer_cost: float,
    list_price: float,
    retailer_cost: float = 0.0,
) -> AllUnitsDiscount:
    """Return the all-units discounts that coordinate the channel under linear demand.

    The break is at the quantity of one owner, q* = (a − b(c + h))/2. At the list price w₀ the retailer
    would earn (a − b(w₀ + h))²/(4b); it prefers the discounted price w₁ as long as (p* − h − w₁) q* is as
    much, and does not buy more than q* as long as w₁ ≥ c. Source: Kolay, Shaffer & Ordover (2004), *Journal
    of Economics & Management Strategy* 13(3), for the idea; the bounds follow from the retailer's two best
    choices.

    Parameters
    ----------
    intercept : float
        Demand at a price of zero, units per week (a).
    own_slope : float
        Units per week lost per unit of money (b).
    manufacturer_cost : float
        Money per unit (c).
    list_price : float
        Price of every unit below the break, money per unit, above the manufacturer's unit cost (w₀).
    retailer_cost : float
        Money per unit (h).

    Raises
    ------
    ValueError
        If a number is out of range, the costs are not below the choke price, or the list price is not above
        the unit cost.

    Examples
    --------
    The leader's price of 60 on the list; from 40 units a week on, anything from 20 to 50:

    >>> all_units_discount(100.0, 1.0, 20.0, list_price=60.0)
    AllUnitsDiscount(break_quantity=40.0, lowest_price=20.0, highest_price=50.0, list_price=60.0)
    """
    owner = linear_channel(intercept, own_slope, [manufacturer_cost + retailer_cost])
    above(list_price, manufacturer_cost, "list_price", "the unit cost")
    at_list = max(intercept - own_slope * (list_price + retailer_cost), 0.0) ** 2 / (4 * own_slope)
    highest = owner.prices[0] - retailer_cost - at_list / owner.quantity
    return AllUnitsDiscount(owner.quantity, manufacturer_cost, highest, list_price)


def incremental_discount(
    intercept: float,
    own_slope: float,
    manufacturer_cost: float,
    list_price: float,
    retailer_cost: float = 0.0,
    break_quantity: float | None = None,
) -> IncrementalDiscount:
    """Return an incremental discount that coordinates the channel under linear demand.

    Units beyond the break B cost the manufacturer's unit cost c, so the last unit costs the retailer what it
    costs to make and it sells q* = (a − b(c + h))/2. It earns Π − (w₀ − c) B, and would earn (a − b(w₀ +
    h))²/(4b) at the list price w₀ alone, which bounds the break. From the choke price on, less the retailer's
    cost, the list price lets the manufacturer have all. Source: derived here.

    Parameters
    ----------
    intercept : float
        Demand at a price of zero, units per week (a).
    own_slope : float
        Units per week lost per unit of money (b).
    manufacturer_cost : float
        Money per unit (c).
    list_price : float
        Price of every unit up to the break, money per unit, above the manufacturer's unit cost (w₀).
    retailer_cost : float
        Money per unit (h).
    break_quantity : float, optional
        Units per week at the list price (B), at most the highest; default the highest.

    Raises
    ------
    ValueError
        If a number is out of range, the costs are not below the choke price, the list price is not above the
        unit cost, or the retailer would not go beyond the break.

    Examples
    --------
    >>> found = incremental_discount(100.0, 1.0, 20.0, list_price=60.0)
    >>> found.break_quantity, found.manufacturer_profit, found.retailer_profit
    (30.0, 1200.0, 400.0)
    """
    bounds = all_units_discount(intercept, own_slope, manufacturer_cost, list_price, retailer_cost)
    quantity, premium = bounds.break_quantity, list_price - manufacturer_cost
    # The highest all-units price leaves the retailer what the list price does; so does the highest break.
    highest = (bounds.highest_price - manufacturer_cost) * quantity / premium
    units = highest if break_quantity is None else break_quantity
    between(units, 0.0, highest, "break_quantity", "both", "or the retailer would not go beyond it")
    most = quantity**2 / own_slope
    fee = premium * units
    return IncrementalDiscount(units, list_price, manufacturer_cost, quantity, fee, most - fee, highest)
