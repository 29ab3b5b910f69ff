"""The hump at a period's end: when a target rebate moves a member, and by how much.

Idea
----
*The push.* If sales come in as expected and will end g units short of the target (below 0: beyond it), only
the standard deviation σ of what remains falls, as the root of the weeks left. The incremental marginal
rebate fades toward the end if g > 0 and grows to r if g < 0. The retroactive one, 0 < g < T, grows until
the remaining standard deviation is g √(T/(T − g)), and then falls as the member gives up: the closer the
target the later and the higher the hump.

*Purchases.* If the target counts purchases, a member with certain demand of d a week buys as it sells until
the last week and then, if it pays, Y units more, which it sells in the weeks after, buying less there. A
unit kept h a week, they cost H(Y) = h [Y + (Y − d)⁺ + (Y − 2 d)⁺ + …]; buying them earlier costs more. Each
further unit of rebate ρ r is worth keeping for ρ r/h weeks, so Y = max(missing units, d ⌊ρ r/h⌋) if the
rebate then exceeds H(Y), else nothing. Sales do not change: the hump is paid for and borrowed from the next
period.

Source: Oyer (1998), *Quarterly Journal of Economics* 113(1), for sales that heap up at a year's end under
contracts with steps; equations derived here. Where it holds: one rebated period with none after it, one
price, no limit to stock.
"""

from __future__ import annotations

from math import floor, sqrt
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between, whole_number
from channelsim.theory.target_rebates import Rebate, expected_rebate, marginal_rebate


class HeapedPurchases(NamedTuple):
    """What a member buys week by week, and why.

    Attributes
    ----------
    purchases : tuple of float
        Units, week by week of the period and of the weeks after it until purchases are ordinary again.
    extra : float
        Units bought beyond demand in the period's last week (Y).
    gain : float
        Rebate less keeping, over buying as it sells; money.
    """

    purchases: tuple[float, ...]
    extra: float
    gain: float


def marginal_rebates_over_the_period(
    rebate: Rebate, weekly_sales: float, weekly_deviation: float, weeks: int
) -> tuple[float, ...]:
    """Return the marginal rebate at the beginning of every week of a period in which sales are as expected.

    Parameters
    ----------
    rebate : Rebate
    weekly_sales, weekly_deviation : float
        Mean and standard deviation of a week's sales, units.
    weeks : int
        Length of the period.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    A target that expected sales just reach: the last week counts twice as much as the fourth from the end.

    >>> rebate = Rebate(130.0, 1.0, "retroactive")
    >>> [round(found, 2) for found in marginal_rebates_over_the_period(rebate, 10.0, 3.0, 13)][-4:]
    [9.14, 10.48, 12.72, 17.79]
    """
    whole_number(weeks, 1, "weeks")
    at_least(weekly_sales, 0.0, "weekly_sales")
    above(weekly_deviation, 0.0, "weekly_deviation")
    return tuple(
        marginal_rebate(rebate, week * weekly_sales, left * weekly_sales, weekly_deviation * sqrt(left))
        for week, left in enumerate(range(weeks, 0, -1))
    )


def strongest_push(target: float, gap: float, weekly_deviation: float) -> float:
    """Return how many weeks before the end a retroactive rebate pushes most: T g²/[(T − g) σ²].

    Sales are as expected and end g short of the target; σ is the standard deviation of a week.

    Parameters
    ----------
    target : float
        Units in the period (T).
    gap : float
        Units that expected sales stay below it, from 0 to below the target (g).
    weekly_deviation : float
        Units (σ).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> strongest_push(100.0, 20.0, 10.0)
    5.0
    """
    above(target, 0.0, "target")
    between(gap, 0.0, target, "gap", "left", "from 0 to below the target")
    above(weekly_deviation, 0.0, "weekly_deviation")
    return target * gap**2 / ((target - gap) * weekly_deviation**2)


def heaped_purchases(
    rebate: Rebate, weekly_demand: float, weeks: int, holding_cost: float
) -> HeapedPurchases:
    """Return the purchases of a member with certain demand under a rebate on a period's purchases.

    Parameters
    ----------
    rebate : Rebate
    weekly_demand : float
        Units sold every week, in the period and after it, above 0 (d).
    weeks : int
        Length of the period.
    holding_cost : float
        Money per unit and week, for what is left at a week's end, above 0 (h).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    Four weeks of 10 with a target of 55: fifteen more in the last week, sold in the two weeks after.

    >>> heaped_purchases(Rebate(55.0, 1.0, "retroactive"), 10.0, 4, holding_cost=2.0)
    HeapedPurchases(purchases=(10.0, 10.0, 10.0, 25.0, 0.0, 5.0), extra=15.0, gain=15.0)
    >>> heaped_purchases(Rebate(65.0, 1.0, "retroactive"), 10.0, 4, holding_cost=2.0).extra
    0.0
    """
    above(weekly_demand, 0.0, "weekly_demand")
    whole_number(weeks, 1, "weeks")
    above(holding_cost, 0.0, "holding_cost")
    natural = weekly_demand * weeks
    without = expected_rebate(rebate, natural, 0.0, 0.0)
    patience = floor(rebate.rate * rebate.reliability / holding_cost * (1.0 + 1e-12))
    extra = max(rebate.target - natural, weekly_demand * patience, 0.0)
    full = floor(extra / weekly_demand)
    keeping = holding_cost * ((full + 1) * extra - weekly_demand * full * (full + 1) / 2.0)
    gain = expected_rebate(rebate, max(natural + extra, rebate.target * (extra > 0.0)), 0.0, 0.0)
    gain -= without + keeping
    if gain < 0.0:
        extra, gain = 0.0, 0.0
    bought = [weekly_demand] * (weeks - 1) + [weekly_demand + extra]
    stock = extra
    while stock > 0.0:
        bought.append(max(weekly_demand - stock, 0.0))
        stock = max(stock - weekly_demand, 0.0)
    return HeapedPurchases(tuple(bought), extra, gain)
