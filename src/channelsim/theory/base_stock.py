"""Base stock under periodic review: what stock, backorders and service a level buys.

Idea
----
Every week ends with an order that raises the inventory position (stock + on order − owed) to the
base stock S. Goods ordered at the end of week t arrive at the start of week t + 1 + L, before that week's
demand. At the end of week t + 1 + L all that was ordered up to week t has arrived and nothing ordered later,
so with the demand D(n) of n weeks

    stock less backorders at the end of a week = S − D(L + 1):

the order has to last the *protection interval* of L + 1 weeks, lead time and review period. Hence

    expected stock = E[(S − D(L+1))⁺],  expected backorders = E[(D(L+1) − S)⁺].

*Fill rate.* Backorders stay on the books until they are served, so the expected backorders over the mean
demand count a unit once for every week that it waits: 1 − E[backorders]/μ is not the share of demand met at
once. New backorders of a week are those at its end less those that were there when it began (after arrivals,
before demand), E[(D(L) − S)⁺]:

    fill rate = 1 − { E[(D(L+1) − S)⁺] − E[(D(L) − S)⁺] } / μ.

For L = 0 (and S ≥ 0) the two agree, because all backorders are new. Both tend to 1 as S grows.

Source: Hadley & Whitin (1963), *Analysis of Inventory Systems*, ch. 5; Zipkin (2000), *Foundations of
Inventory Management*, ch. 6 and 9; the fill rate under periodic review: Johnson, Lee, Davis & Hall (1995),
*Naval Research Logistics* 42, and Zhang & Zhang (2007), *Operations Research Letters* 35.

Where it holds: independent weeks, unmet demand waits, the supplier always delivers, demand never negative
(the normal distribution's left tail is an approximation).
"""

from __future__ import annotations

from typing import NamedTuple

from channelsim.theory.admissible import above, between, finite, whole_weeks
from channelsim.theory.newsvendor import newsvendor
from channelsim.theory.uncertain_demand import Demand, PoissonDemand


class BaseStock(NamedTuple):
    """What a base-stock level does in the long run.

    Attributes
    ----------
    base_stock : float
        The level, units.
    expected_stock : float
        On hand at the end of a week, units.
    expected_backorders : float
        Owed at the end of a week, units.
    fill_rate : float
        Share of demand that is met from stock in the week it occurs.
    stockout_rate : float
        Probability that a week ends with demand unmet.
    """

    base_stock: float
    expected_stock: float
    expected_backorders: float
    fill_rate: float
    stockout_rate: float


def base_stock(demand: Demand, level: float, lead_time: int = 0) -> BaseStock:
    """Return expected stock, backorders and service of a base-stock level.

    Parameters
    ----------
    demand : Demand
        Demand of a week.
    level : float
        Base stock S, units.
    lead_time : int
        L, weeks: goods ordered at the end of week t arrive at the start of week t + 1 + L.

    Raises
    ------
    ValueError
        If the level is not finite, the lead time not a whole number of weeks, or mean demand zero.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import PoissonDemand
    >>> found = base_stock(PoissonDemand(4.0), level=14.0, lead_time=2)
    >>> round(found.expected_stock, 4), round(found.expected_backorders, 4), round(found.fill_rate, 4)
    (2.6299, 0.6299, 0.8505)

    The share of backorders in demand is another number:

    >>> round(1.0 - found.expected_backorders / 4.0, 4)
    0.8425
    """
    finite(level, "level")
    above(demand.mean, 0.0, "mean demand")
    weeks = whole_weeks(lead_time, "lead_time")
    protection = demand.over(weeks + 1)
    owed_at_end = protection.expected_shortage(level)
    owed_at_start = demand.over(weeks).expected_shortage(level)
    return BaseStock(
        float(level),
        protection.expected_leftover(level),
        owed_at_end,
        1.0 - (owed_at_end - owed_at_start) / demand.mean,
        1.0 - protection.cumulative(level),
    )


def best_base_stock(demand: Demand, lead_time: int, holding_cost: float, backorder_cost: float) -> BaseStock:
    """Return the base stock of least expected cost: the newsvendor of the protection interval.

    Cost of a week: holding_cost · stock at its end + backorder_cost · backorders at its end.

    Parameters
    ----------
    demand : Demand
        Demand of a week.
    lead_time : int
        L, weeks.
    holding_cost, backorder_cost : float
        Money per unit and week.

    Raises
    ------
    ValueError
        If a cost is not above zero or the lead time not a whole number of weeks.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import NormalDemand
    >>> round(best_base_stock(NormalDemand(50.0, 8.0), 0, 0.18, 0.70).base_stock, 4)
    56.604
    """
    protection = demand.over(whole_weeks(lead_time, "lead_time") + 1)
    return base_stock(demand, newsvendor(protection, backorder_cost, holding_cost).quantity, lead_time)


def base_stock_for_fill_rate(demand: Demand, lead_time: int, fill_rate: float) -> BaseStock:
    """Return the lowest base stock that meets a fill rate.

    Parameters
    ----------
    demand : Demand
        Demand of a week. Poisson demand: the lowest whole level.
    lead_time : int
        L, weeks.
    fill_rate : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the fill rate is not between 0 and 1 or the lead time not a whole number of weeks.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import PoissonDemand
    >>> base_stock_for_fill_rate(PoissonDemand(4.0), 2, 0.95).base_stock
    17.0
    """
    between(fill_rate, 0.0, 1.0, "fill_rate")
    protection = demand.over(whole_weeks(lead_time, "lead_time") + 1)
    high = max(protection.mean, 1.0)
    while base_stock(demand, high, lead_time).fill_rate < fill_rate:
        high *= 2.0
    if isinstance(demand, PoissonDemand):
        level = int(high)
        while level > 0 and base_stock(demand, level - 1, lead_time).fill_rate >= fill_rate:
            level -= 1
        while base_stock(demand, level, lead_time).fill_rate < fill_rate:
            level += 1
        return base_stock(demand, level, lead_time)
    from scipy.optimize import brentq

    def gap(level: float) -> float:
        return base_stock(demand, level, lead_time).fill_rate - fill_rate

    low = -high
    while gap(low) > 0.0:
        low *= 2.0
    return base_stock(demand, float(brentq(gap, low, high, xtol=1e-12 * high)), lead_time)
