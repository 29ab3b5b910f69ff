"""The newsvendor: one quantity for one season of uncertain demand, and the contract that sells it to him.

Idea
----
A unit too few costs the underage cost (margin lost, and goodwill), a unit too many the overage cost (what was
paid less what the leftover brings). Raising the quantity by one is worth it as long as
underage · P(D > Q) > overage · P(D ≤ Q), so that the best quantity is a quantile of demand,

    F(Q*) = critical fractile = underage / (underage + overage),
    expected cost(Q) = overage · E[(Q − D)⁺] + underage · E[(D − Q)⁺].

For a store that buys at the wholesale price w, sells at p, salvages leftovers at s and loses goodwill g:
underage = p − w + g, overage = w − s, and its expected profit is

    π(Q) = p E[min(Q, D)] + s E[(Q − D)⁺] − g E[(D − Q)⁺] − w Q = (p − w) μ − expected cost(Q).

*Wholesale contract* (the supplier leads, unit cost c): the store's order Q answers to w by w(Q) = s + (p − s)
(1 − F(Q)), so the supplier maximises (w(Q) − c) Q. With salvage the first-order condition is

    (p − s) [1 − F(Q) − Q f(Q)] = c − s,

not that of no salvage with w net of s; the owner of both would set (p − s)(1 − F(Q)) = c − s and order
more. The order's price elasticity is w/[(w − s) g(Q)], with the generalised failure rate g(Q) = Q f(Q)/(1 −
F(Q)); at the supplier's best price it is w/(w − c): that of any monopolist. With uniform demand on [0, b]
the contract sells half of the owner's quantity and earns ¾ of its profit, whatever p, s and c.

Source: Arrow, Harris & Marschak (1951), *Econometrica* 19; wholesale contract: Lariviere & Porteus (2001),
*Manufacturing & Service Operations Management* 3 (without salvage; with it derived here).

Where it holds: price given, one season, leftovers worth s each. The supplier's condition has one solution if
demand has an increasing generalised failure rate: normal, gamma, exponential, uniform do.
"""

from __future__ import annotations

from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, finite
from channelsim.theory.uncertain_demand import Demand


class Newsvendor(NamedTuple):
    """The best quantity and what it costs.

    Attributes
    ----------
    quantity : float
        Units for the season.
    critical_fractile : float
        Probability that demand does not exceed it (of continuous demand).
    expected_cost : float
        Expected overage and underage cost of the season, money.
    """

    quantity: float
    critical_fractile: float
    expected_cost: float


class NewsvendorStore(NamedTuple):
    """A store's season in expectation.

    Attributes
    ----------
    quantity : float
        Units bought.
    expected_sales, expected_leftover, expected_lost_sales : float
        Units.
    expected_profit : float
        Money per season.
    """

    quantity: float
    expected_sales: float
    expected_leftover: float
    expected_lost_sales: float
    expected_profit: float


class WholesaleContract(NamedTuple):
    """The supplier's best wholesale price to a newsvendor.

    Attributes
    ----------
    wholesale_price : float
        Money per unit.
    quantity : float
        The store's order, units.
    integrated_quantity : float
        What one owner of both would stock, units.
    supplier_profit, store_profit, integrated_profit : float
        Money per season; the supplier's is certain.
    efficiency : float
        Profit of supplier and store together over that of one owner.
    """

    wholesale_price: float
    quantity: float
    integrated_quantity: float
    supplier_profit: float
    store_profit: float
    integrated_profit: float
    efficiency: float


def critical_fractile(underage_cost: float, overage_cost: float) -> float:
    """Return underage / (underage + overage).

    Parameters
    ----------
    underage_cost, overage_cost : float
        Cost of a unit too few and of a unit too many, money per unit.

    Raises
    ------
    ValueError
        If one of them is not above zero.

    Examples
    --------
    >>> round(critical_fractile(0.70, 0.18), 6)
    0.795455
    """
    above(underage_cost, 0.0, "underage_cost")
    above(overage_cost, 0.0, "overage_cost")
    return underage_cost / (underage_cost + overage_cost)


def expected_cost(demand: Demand, quantity: float, underage_cost: float, overage_cost: float) -> float:
    """Return overage · E[(Q − D)⁺] + underage · E[(D − Q)⁺], money per season.

    Parameters
    ----------
    demand : Demand
        Demand of the season.
    quantity : float
        Q, units.
    underage_cost, overage_cost : float
        Money per unit.

    Raises
    ------
    ValueError
        If a cost is not above zero or the quantity not finite.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> expected_cost(UniformDemand(0.0, 10.0), 5.0, underage_cost=1.0, overage_cost=1.0)
    2.5
    """
    critical_fractile(underage_cost, overage_cost)
    finite(quantity, "quantity")
    return overage_cost * demand.expected_leftover(quantity) + underage_cost * demand.expected_shortage(
        quantity
    )


def newsvendor(demand: Demand, underage_cost: float, overage_cost: float) -> Newsvendor:
    """Return the quantity of least expected cost, the critical fractile's quantile of demand.

    For integer demand that is the smallest quantity whose probability of sufficing reaches the fractile.

    Parameters
    ----------
    demand : Demand
        Demand of the season, or of the weeks that an order has to last.
    underage_cost, overage_cost : float
        Cost of a unit too few and of a unit too many, money per unit.

    Raises
    ------
    ValueError
        If a cost is not above zero.

    References
    ----------
    Arrow, Harris & Marschak (1951). The numbers of the example are those of example 4.3 of Snyder & Shen
    (2019), *Fundamentals of Supply Chain Theory*, as the package stockpyl prints them.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import NormalDemand
    >>> best = newsvendor(NormalDemand(50.0, 8.0), underage_cost=0.70, overage_cost=0.18)
    >>> round(best.quantity, 4), round(best.expected_cost, 4)
    (56.604, 1.9976)
    """
    fractile = critical_fractile(underage_cost, overage_cost)
    quantity = demand.quantile(fractile)
    return Newsvendor(quantity, fractile, expected_cost(demand, quantity, underage_cost, overage_cost))


def newsvendor_store(
    demand: Demand,
    retail_price: float,
    wholesale_price: float,
    salvage_value: float = 0.0,
    goodwill: float = 0.0,
    quantity: float | None = None,
) -> NewsvendorStore:
    """Return a store's best season, or its season at a given quantity.

    Parameters
    ----------
    demand : Demand
        Demand of the season.
    retail_price, wholesale_price : float
        Money per unit; retail above wholesale, less goodwill.
    salvage_value : float
        What a leftover brings, money per unit; below the wholesale price.
    goodwill : float
        Cost of a lost sale beyond the margin, money per unit.
    quantity : float, optional
        Units; default the best.

    Raises
    ------
    ValueError
        If selling or ordering could not be worth anything: retail price plus goodwill not above the
        wholesale price, salvage value not below it, goodwill below zero.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> season = newsvendor_store(UniformDemand(0.0, 100.0), retail_price=10.0, wholesale_price=5.0)
    >>> season.quantity, season.expected_sales, season.expected_profit
    (50.0, 37.5, 125.0)
    """
    finite(salvage_value, "salvage_value")
    above(wholesale_price, salvage_value, "wholesale_price")
    above(retail_price + at_least(goodwill, 0.0, "goodwill"), wholesale_price, "retail_price plus goodwill")
    if quantity is None:
        underage, overage = retail_price - wholesale_price + goodwill, wholesale_price - salvage_value
        quantity = newsvendor(demand, underage, overage).quantity
    at_least(quantity, 0.0, "quantity")
    lost, leftover = demand.expected_shortage(quantity), demand.expected_leftover(quantity)
    sales = demand.mean - lost
    profit = retail_price * sales + salvage_value * leftover - goodwill * lost - wholesale_price * quantity
    return NewsvendorStore(quantity, sales, leftover, lost, profit)


def wholesale_contract(
    demand: Demand, retail_price: float, unit_cost: float, salvage_value: float = 0.0
) -> WholesaleContract:
    """Return the supplier's best wholesale price when the store answers as a newsvendor.

    The order solves (p − s)[1 − F(Q) − Q f(Q)] = c − s between zero and the owner's quantity, and the price
    that calls it forth is w = s + (p − s)(1 − F(Q)).

    Parameters
    ----------
    demand : Demand
        Continuous demand of the season with an increasing generalised failure rate.
    retail_price, unit_cost, salvage_value : float
        p, c and s, money per unit; p > c > s.

    Raises
    ------
    ValueError
        If not p > c > s, or if demand has no density.

    References
    ----------
    Lariviere & Porteus (2001).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> contract = wholesale_contract(UniformDemand(0.0, 100.0), 10.0, 4.0, salvage_value=2.0)
    >>> round(contract.wholesale_price, 6), round(contract.quantity, 6), round(contract.efficiency, 6)
    (7.0, 37.5, 0.75)
    """
    finite(salvage_value, "salvage_value")
    above(unit_cost, salvage_value, "unit_cost")
    above(retail_price, unit_cost, "retail_price")
    from scipy.optimize import brentq

    spread = retail_price - salvage_value

    def first_order(quantity: float) -> float:
        marginal = 1.0 - demand.cumulative(quantity) - quantity * demand.density(quantity)
        return spread * marginal - (unit_cost - salvage_value)

    integrated = newsvendor_store(demand, retail_price, unit_cost, salvage_value)
    quantity = float(brentq(first_order, 0.0, integrated.quantity, xtol=1e-13 * integrated.quantity))
    price = salvage_value + spread * (1.0 - demand.cumulative(quantity))
    store = newsvendor_store(demand, retail_price, price, salvage_value, quantity=quantity)
    supplier_profit = (price - unit_cost) * quantity
    together = supplier_profit + store.expected_profit
    return WholesaleContract(
        price,
        quantity,
        integrated.quantity,
        supplier_profit,
        store.expected_profit,
        integrated.expected_profit,
        together / integrated.expected_profit,
    )


def generalised_failure_rate(demand: Demand, quantity: float) -> float:
    """Return g(Q) = Q f(Q)/(1 − F(Q)): how many per cent fewer demands exceed Q if Q is one per cent higher.

    Parameters
    ----------
    demand : Demand
        Continuous demand.
    quantity : float
        Units, above zero and below the largest demand.

    Raises
    ------
    ValueError
        If demand has no density, or never exceeds the quantity.

    References
    ----------
    Lariviere & Porteus (2001).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> generalised_failure_rate(UniformDemand(0.0, 100.0), 50.0)
    1.0
    """
    above(quantity, 0.0, "quantity")
    beyond = 1.0 - demand.cumulative(quantity)
    if beyond <= 0.0:
        raise ValueError(f"quantity = {quantity:g}: demand never exceeds it")
    return quantity * demand.density(quantity) / beyond


def order_elasticity(
    demand: Demand, retail_price: float, wholesale_price: float, salvage_value: float = 0.0
) -> float:
    """Return the percentage by which a newsvendor's order falls per per cent of wholesale price.

    w/[(w − s) g(Q)] at its order Q(w). At the supplier's best price (`wholesale_contract`) it is
    w/(w − c), so that price lies where orders are elastic.

    Parameters
    ----------
    demand : Demand
        Continuous demand of the season.
    retail_price, wholesale_price, salvage_value : float
        p, w and s, money per unit; p > w > s.

    Raises
    ------
    ValueError
        If not p > w > s, if demand has no density, or if nothing is ordered.

    References
    ----------
    Lariviere & Porteus (2001), without salvage; with it derived here.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import ExponentialDemand
    >>> demand = ExponentialDemand(100.0)
    >>> price = wholesale_contract(demand, 10.0, 4.0).wholesale_price
    >>> round(order_elasticity(demand, 10.0, price), 6), round(price / (price - 4.0), 6)
    (2.48727, 2.48727)
    """
    quantity = newsvendor_store(demand, retail_price, wholesale_price, salvage_value).quantity
    rate = generalised_failure_rate(demand, quantity)
    return wholesale_price / ((wholesale_price - salvage_value) * rate)
