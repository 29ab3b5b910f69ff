r"""Prices along a channel of monopolists: double marginalisation, and what undoes it.

A unit passes n tiers: the first makes it, the last sells it to consumers. Tier i adds a cost c_i and a
margin m_i to every unit; the retail price is the sum, p = C + Σ m_i with C = Σ c_i. Whoever adds a margin
counts what the lost sales take from itself, not what they take from the others: the margins add up to more
than one owner of all tiers would ask, and all earn less (Cournot 1838 on complements; Spengler 1950 on
successive tiers). One owner of all tiers is a channel of one tier.

*Linear demand* q = a − b p, choke price A = a/b. Let H be the headroom: what all costs and the margins set so
far leave below A. If k tiers set their margins at the same time and the others follow, each faces a derived
demand that is linear in its margin with the same choke price; each takes H/(k + 1) and H/(k + 1) is
left. So only who moves when counts, not the place in the channel:

    one after the other    p = C + (A − C)(1 − 2⁻ⁿ) ,     efficiency 4 · 2⁻ⁿ (1 − 2⁻ⁿ)
    at the same time       p = C + (A − C) n/(n + 1) ,    efficiency 4n/(n + 1)²

(¾ and 8/9 for two tiers). Efficiency is the channel's profit over that of one owner of all tiers.

*Constant elasticity* q = k p^(−η), η > 1, prices posted one after the other from the first tier down: every
tier multiplies the cost accumulated so far by μ = η/(η − 1), so p = C μⁿ and every follower earns μ times
the profit of the tier that it follows. Margins at the same time: m = p/η each, p = C η/(η − n), which needs
η > n. Games in prices and games in margins differ here.

*In general* a leading supplier's condition D + (w − c) D'(p) dp/dw = 0 and the store's D + (p − w) D'(p) = 0
give (p − w)/(w − c) = dp/dw: the follower's margin over the leader's is the rate at which it passes on costs
(Bresnahan & Reiss 1985), 1/(2 − D D''/D'²): ½ if demand is linear, μ if its elasticity is constant.

Where it holds: one firm a tier, no uncertainty, constant unit costs, no stock, all of it known to all. A
two-part tariff or a quantity discount (`channelsim.theory.quantity_discount`) restores efficiency 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between, finite, whole_number


class ChannelPrices(NamedTuple):
    """What a channel of n tiers asks, sells and earns; tiers from the first to the store.

    Attributes
    ----------
    prices : tuple of float
        What each tier asks for a unit, money per unit; the last is the retail price.
    margins : tuple of float
        Price less the price paid and the tier's own cost, money per unit.
    quantity : float
        Units per week.
    profits : tuple of float
        Money per week.
    channel_profit : float
        Sum of the profits, money per week.
    efficiency : float
        Channel profit over that of one owner of all tiers.
    """

    prices: tuple[float, ...]
    margins: tuple[float, ...]
    quantity: float
    profits: tuple[float, ...]
    channel_profit: float
    efficiency: float


class TwoPartTariff(NamedTuple):
    """A price per unit and a fee per week.

    Attributes
    ----------
    wholesale_price : float
        Money per unit.
    fixed_fee : float
        What the retailer pays whatever it buys, money per week.
    retail_price : float
        What the retailer then asks, money per unit.
    quantity : float
        Units per week.
    manufacturer_profit, retailer_profit : float
        Money per week, fee included.
    efficiency : float
        Channel profit over that of one owner of all tiers.
    """

    wholesale_price: float
    fixed_fee: float
    retail_price: float
    quantity: float
    manufacturer_profit: float
    retailer_profit: float
    efficiency: float


def _costs(unit_costs: Sequence[float]) -> tuple[float, ...]:
    """Return the unit costs of the tiers, checked."""
    costs = tuple(float(cost) for cost in unit_costs)
    if not costs:
        raise ValueError("unit_costs: give one cost per tier, at least one")
    for number, cost in enumerate(costs):
        at_least(cost, 0.0, f"unit_costs[{number}]")
    return costs


def _headroom(intercept: float, own_slope: float, unit_cost: float) -> float:
    """Return A − C, the choke price less the cost of a unit, checked."""
    above(intercept, 0.0, "intercept")
    above(own_slope, 0.0, "own_slope")
    at_least(unit_cost, 0.0, "unit_cost")
    if intercept <= own_slope * unit_cost:
        choke = intercept / own_slope
        raise ValueError(f"unit_cost = {unit_cost:g}: not below the choke price {choke:g}: nothing is sold")
    return intercept / own_slope - unit_cost


def _check_constant_elasticity(scale: float, elasticity: float, unit_cost: float) -> None:
    """Check the numbers of a demand of constant elasticity."""
    above(scale, 0.0, "scale")
    above(elasticity, 1.0, "elasticity", "or no price is high enough")
    above(unit_cost, 0.0, "unit_cost of all tiers together")


def _channel(
    costs: tuple[float, ...], margins: Sequence[float], quantity: float, best: float
) -> ChannelPrices:
    """Return a channel's prices and profits from its margins."""
    prices = tuple(accumulate(cost + margin for cost, margin in zip(costs, margins, strict=True)))
    profits = tuple(margin * quantity for margin in margins)
    total = sum(profits)
    return ChannelPrices(prices, tuple(margins), quantity, profits, total, total / best)


def linear_channel(
    intercept: float, own_slope: float, unit_costs: Sequence[float], moves: Sequence[int] | None = None
) -> ChannelPrices:
    """Return the prices of n tiers under linear demand, moving in any order.

    Of the headroom H that earlier moves have left, each of the k tiers that move together takes H/(k + 1),
    knowing how all later ones will respond; H/(k + 1) is left. Source: Spengler (1950), "Vertical Integration
    and Antitrust Policy", *Journal of Political Economy* 58(4), for two tiers with the supplier leading;
    margins at the same time as in Jeuland & Shugan (1983), *Marketing Science* 2(3), and Choi (1991),
    *Marketing Science* 10(4).

    Parameters
    ----------
    intercept : float
        Demand at a price of zero, units per week (a).
    own_slope : float
        Units per week lost per unit of money (b).
    unit_costs : sequence of float
        What each tier adds to the cost of a unit, from the first tier to the store, money per unit (c_i).
    moves : sequence of int, optional
        When each tier sets its margin: lower numbers first, equal numbers at the same time. Default: from the
        first tier down, one after the other. (1, 0) lets the retailer lead, (0, 0) is vertical Nash.

    Raises
    ------
    ValueError
        If a number is out of range, the costs are not below the choke price, or moves do not fit the tiers.

    Examples
    --------
    Two tiers, the manufacturer leads, and one owner of both:

    >>> found = linear_channel(100.0, 1.0, [20.0, 0.0])
    >>> found.prices, found.profits, found.efficiency
    ((60.0, 80.0), (800.0, 400.0), 0.75)
    >>> owner = linear_channel(100.0, 1.0, [20.0])
    >>> owner.prices, owner.quantity, owner.channel_profit
    ((60.0,), 40.0, 1600.0)

    The retailer leads: the same retail price, the other way round.

    >>> linear_channel(100.0, 1.0, [20.0, 0.0], moves=(1, 0)).profits
    (400.0, 800.0)
    """
    costs = _costs(unit_costs)
    order = tuple(range(len(costs))) if moves is None else tuple(moves)
    if len(order) != len(costs):
        raise ValueError(f"moves = {order}: give one number for each of the {len(costs)} tiers")
    headroom = _headroom(intercept, own_slope, sum(costs))
    best = own_slope * headroom**2 / 4
    margins = [0.0] * len(costs)
    for move in sorted(set(order)):
        together = [tier for tier, its in enumerate(order) if its == move]
        headroom /= len(together) + 1
        for tier in together:
            margins[tier] = headroom
    return _channel(costs, margins, own_slope * headroom, best)


def linear_efficiency(tiers: int, *, simultaneous: bool = False) -> float:
    """Return the efficiency of n tiers under linear demand, whatever its numbers.

    One after the other 4 · 2⁻ⁿ(1 − 2⁻ⁿ), at the same time 4n/(n + 1)². Source: as `linear_channel`.

    Parameters
    ----------
    tiers : int
        Number of tiers, at least 1 (n).
    simultaneous : bool
        Whether all set their margins at the same time.

    Raises
    ------
    ValueError
        If there is no tier.

    Examples
    --------
    >>> linear_efficiency(1), linear_efficiency(2), linear_efficiency(3)
    (1.0, 0.75, 0.4375)
    >>> linear_efficiency(3, simultaneous=True)
    0.75
    """
    tiers = whole_number(tiers, 1, "tiers")
    if simultaneous:
        return 4 * tiers / (tiers + 1) ** 2
    return 4 * 0.5**tiers * (1 - 0.5**tiers)


def two_part_tariff(
    intercept: float,
    own_slope: float,
    manufacturer_cost: float,
    retailer_cost: float = 0.0,
    retailer_profit: float = 0.0,
) -> TwoPartTariff:
    """Return the two-part tariff with which the manufacturer earns most under linear demand.

    A wholesale price at the manufacturer's own unit cost makes the retailer ask what one owner would ask,
    (A + w + c_r)/2; the fee then leaves the retailer just what it could have elsewhere. Source: Oi (1971),
    "A Disneyland Dilemma", *Quarterly Journal of Economics* 85(1), for tariffs; Moorthy (1987), "Managing
    Channel Profits: Comment", *Marketing Science* 6(4), for channels.

    Parameters
    ----------
    intercept : float
        Demand at a price of zero, units per week (a).
    own_slope : float
        Units per week lost per unit of money (b).
    manufacturer_cost, retailer_cost : float
        What each adds to the cost of a unit, money per unit.
    retailer_profit : float
        What the retailer could earn elsewhere, money per week.

    Raises
    ------
    ValueError
        If a number is out of range, or the retailer asks for more than the channel can earn.

    Examples
    --------
    >>> tariff = two_part_tariff(100.0, 1.0, 20.0, retailer_profit=400.0)
    >>> tariff.wholesale_price, tariff.fixed_fee, tariff.efficiency
    (20.0, 1200.0, 1.0)
    """
    costs = _costs([manufacturer_cost, retailer_cost])
    best = linear_channel(intercept, own_slope, [sum(costs)])
    most = best.channel_profit
    between(retailer_profit, 0.0, most, "retailer_profit", "both", "from nothing to the channel's profit")
    retail_price = (intercept / own_slope + costs[0] + costs[1]) / 2
    quantity = intercept - own_slope * retail_price
    gross = (retail_price - costs[0] - costs[1]) * quantity
    fee = gross - retailer_profit
    return TwoPartTariff(costs[0], fee, retail_price, quantity, fee, gross - fee, gross / best.channel_profit)


def constant_elasticity_channel(
    scale: float, elasticity: float, unit_costs: Sequence[float], *, simultaneous: bool = False
) -> ChannelPrices:
    """Return the prices of n tiers under demand of constant elasticity.

    One after the other from the first tier, each posting its price: margin i is C μ^(i−1)/(η − 1), so p = C
    μⁿ, and each follower earns μ = η/(η − 1) times what the tier before it earns: the leader earns least.
    At the same time, each taking the others' margins as given: m = p/η and p = C η/(η − n). Source:
    Bresnahan & Reiss (1985), "Dealer and Manufacturer Margins", *RAND Journal of Economics* 16(2), for two
    tiers; one tier: Lerner (1934), *Review of Economic Studies* 1(3), margin over price 1/η.

    Parameters
    ----------
    scale : float
        Units per week at a price of 1 (k).
    elasticity : float
        Percentage of sales lost per per cent of price, above 1; simultaneous: above the number of tiers (η).
    unit_costs : sequence of float
        What each tier adds to the cost of a unit, from the first tier to the store, money per unit (c_i).
    simultaneous : bool
        Whether all set their margins at the same time.

    Raises
    ------
    ValueError
        If a number is out of range, or the elasticity is too low for an equilibrium.

    Examples
    --------
    >>> found = constant_elasticity_channel(1000.0, 2.0, [5.0, 0.0])
    >>> found.prices, found.profits, found.efficiency
    ((10.0, 20.0), (12.5, 25.0), 0.75)
    """
    costs = _costs(unit_costs)
    total, tiers = sum(costs), len(costs)
    _check_constant_elasticity(scale, elasticity, total)
    if simultaneous:
        above(elasticity, tiers, "elasticity", "the number of tiers")
    markup = elasticity / (elasticity - 1)
    if simultaneous:
        margins = [total / (elasticity - tiers)] * tiers
    else:
        margins = [total * (markup - 1) * markup**tier for tier in range(tiers)]
    quantity = scale * (total + sum(margins)) ** -elasticity
    best = total * (markup - 1) * scale * (total * markup) ** -elasticity
    return _channel(costs, margins, quantity, best)


def pass_through(curvature: float) -> float:
    """Return the rate at which a monopolist passes on its unit cost: dp/dc = 1/(2 − curvature).

    The curvature of demand is D D''/D'² at the price: 0 if it is linear, 1 + 1/η if its elasticity is η and
    constant. If a supplier leads, this rate is also the retailer's margin over the supplier's. Source:
    Bulow & Pfleiderer (1983), "A Note on the Effect of Cost Changes on Prices", *Journal of Political
    Economy* 91(1); Bresnahan & Reiss (1985).

    Parameters
    ----------
    curvature : float
        D D''/D'², below 2, where the second-order condition holds.

    Raises
    ------
    ValueError
        If the curvature is not a number below 2.

    Examples
    --------
    >>> pass_through(0.0), pass_through(1 + 1 / 2)
    (0.5, 2.0)
    """
    if not finite(curvature, "curvature") < 2:
        raise ValueError(f"curvature = {curvature!r}: must be below 2, or no price is the best")
    return 1 / (2 - curvature)
