"""A member under a period's target rebate: what the next unit brings it, and how much it stocks or sells.

Idea
----
A rebate r is paid on a period's sales X once they reach a target T: on the units beyond it (*incremental*:
r (X − T)⁺) or on all (*retroactive*: r X if X ≥ T). With S sold so far, the remaining sales N(μ, σ²), the
score z = (T − S − μ)/σ and the member's belief ρ that what is due will be paid, it expects

    incremental  ρ r σ [φ(z) − z Φ̄(z)] ,         one more expected unit adds ρ r Φ̄(z) ,
    retroactive  ρ r [(S + μ) Φ̄(z) + σ φ(z)] ,   one more expected unit adds ρ r [Φ̄(z) + (T/σ) φ(z)] ,

a *marginal rebate*. The retroactive one can exceed r many times over: one unit may bring the rebate on all.
It is highest near the target and falls on both sides, so that profit is not concave: the best of reaching
and of missing the target have to be compared.

*Stock.* For the rest of the period the member stocks Q at price w, sells at p, demand is D, leftovers bring
s, and k = T − S is missing. On purchases the rebate is certain: it buys its newsvendor's quantity without
rebate, or at least k with the price w − r, F(Q) = (p − w + r)/(p − s). On sales: missing as before;
reaching, at least k with the retail price p + r, F(Q) = (p + r − w)/(p + r − s); a retroactive rebate then
pays S and k with probability 1 − F(k) besides.

*Sales.* A member that moves expected sales by its price, μ = a − b p, finds them where the marginal revenue
of a unit plus the marginal rebate equals its cost.

Source: marginal rebates derived here (normal loss function: Zipkin 2000, *Foundations of Inventory
Management*). Where it holds: one step, one brand, a member neutral to risk.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, inf, nextafter, pi, sqrt
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between, finite, one_of
from channelsim.theory.uncertain_demand import Demand

MODES = ("incremental", "retroactive")
BASES = ("purchases", "sales")


class Rebate(NamedTuple):
    """A target rebate and what the member thinks of it.

    Attributes
    ----------
    target : float
        Units in the period (T).
    rate : float
        Money per unit (r).
    mode : {"incremental", "retroactive"}
        Paid on the units beyond the target, or on all once it is reached.
    reliability : float
        Probability with which the member expects to be paid what is due (ρ).
    """

    target: float
    rate: float
    mode: str = "incremental"
    reliability: float = 1.0


class BestUnderRebate(NamedTuple):
    """A member's best quantity, and the two that it chose between.

    Attributes
    ----------
    quantity : float
        Units for the rest of the period.
    profit : float
        Expected, money for the rest of the period, rebate included.
    missing, reaching : float
        Best quantity that lets the target go, best one that goes for it, units; not a number if there is
        none.
    missing_profit, reaching_profit : float
        Their expected profits; minus infinity if there is none.
    """

    quantity: float
    profit: float
    missing: float
    reaching: float
    missing_profit: float
    reaching_profit: float


def _checked(rebate: Rebate) -> float:
    """Return ρ r of a rebate whose numbers are in order."""
    above(rebate.target, 0.0, "target")
    at_least(rebate.rate, 0.0, "rate")
    one_of(rebate.mode, MODES, "mode")
    return rebate.rate * between(rebate.reliability, 0.0, 1.0, "reliability", "both")


def _normal(score: float) -> tuple[float, float]:
    """Return the density and the upper tail of the standard normal distribution."""
    return exp(-0.5 * score * score) / sqrt(2.0 * pi), 0.5 * erfc(score / sqrt(2.0))


def expected_rebate(rebate: Rebate, sold: float, remaining: float, deviation: float) -> float:
    """Return the rebate that a member expects of the period, money.

    Parameters
    ----------
    rebate : Rebate
    sold : float
        Units sold so far in the period (S).
    remaining, deviation : float
        Mean and standard deviation of what is still to be sold, units (μ, σ).

    Raises
    ------
    ValueError
        If a number is out of range or the mode unknown.

    Examples
    --------
    >>> round(expected_rebate(Rebate(100.0, 2.0), 60.0, 40.0, 10.0), 6)
    7.978846
    >>> round(expected_rebate(Rebate(100.0, 2.0, "retroactive"), 60.0, 40.0, 10.0), 6)
    107.978846
    """
    rate = _checked(rebate)
    total = at_least(sold, 0.0, "sold") + finite(remaining, "remaining")
    if at_least(deviation, 0.0, "deviation") == 0.0:
        beyond = max(total - rebate.target, 0.0)
        return rate * (beyond if rebate.mode == "incremental" else total * (total >= rebate.target))
    score = (rebate.target - total) / deviation
    density, tail = _normal(score)
    if rebate.mode == "incremental":
        return rate * deviation * (density - score * tail)
    return rate * (total * tail + deviation * density)


def marginal_rebate(rebate: Rebate, sold: float, remaining: float, deviation: float) -> float:
    """Return what one more expected unit adds to the expected rebate, money per unit.

    ρ r Φ̄(z) if incremental, ρ r [Φ̄(z) + (T/σ) φ(z)] if retroactive, z = (T − S − μ)/σ.

    Parameters
    ----------
    rebate : Rebate
    sold : float
        Units sold so far in the period (S).
    remaining, deviation : float
        Mean and standard deviation of what is still to be sold, units (μ, σ); without deviation it is the
        rate from the target on and nothing below, which leaves out the retroactive jump.

    Raises
    ------
    ValueError
        If a number is out of range or the mode unknown.

    Examples
    --------
    >>> marginal_rebate(Rebate(100.0, 2.0), 60.0, 40.0, 10.0)
    1.0
    >>> round(marginal_rebate(Rebate(100.0, 2.0, "retroactive"), 60.0, 40.0, 10.0), 6)
    8.978846
    """
    rate = _checked(rebate)
    total = at_least(sold, 0.0, "sold") + finite(remaining, "remaining")
    if at_least(deviation, 0.0, "deviation") == 0.0:
        return rate if total >= rebate.target else 0.0
    density, tail = _normal((rebate.target - total) / deviation)
    return rate * (tail + (rebate.target / deviation * density if rebate.mode == "retroactive" else 0.0))


def _better(missing: float, missed: float, reaching: float, reached: float) -> BestUnderRebate:
    """Return the better of missing and reaching; reaching if both are as good."""
    chosen, profit = (reaching, reached) if reached >= missed else (missing, missed)
    return BestUnderRebate(chosen, profit, missing, reaching, missed, reached)


def best_stock(
    rebate: Rebate,
    demand: Demand,
    retail_price: float,
    wholesale_price: float,
    salvage_value: float = 0.0,
    sold: float = 0.0,
    basis: str = "sales",
) -> BestUnderRebate:
    """Return what a member stocks for the rest of a period with a target rebate.

    Parameters
    ----------
    rebate : Rebate
    demand : Demand
        Demand in the rest of the period.
    retail_price, wholesale_price, salvage_value : float
        p, w and s, money per unit; p > w > s.
    sold : float
        Units bought or sold so far in the period (S).
    basis : {"sales", "purchases"}
        What the target counts.

    Raises
    ------
    ValueError
        If a number is out of range, or with a rebate on purchases leftovers would be worth their price.

    Examples
    --------
    Normal demand 50 ± 10; 60 bought, the rebate of 0.5 on all units from 120 on is worth ten units too many:

    >>> from channelsim.theory.uncertain_demand import NormalDemand
    >>> rebate = Rebate(120.0, 0.5, "retroactive")
    >>> found = best_stock(rebate, NormalDemand(50.0, 10.0), 10.0, 6.0, 2.0, 60.0, "purchases")
    >>> found.quantity, found.missing
    (60.0, 50.0)
    >>> round(found.reaching_profit - found.missing_profit, 4)
    45.2501
    """
    rate = _checked(rebate)
    one_of(basis, BASES, "basis")
    finite(salvage_value, "salvage_value")
    above(wholesale_price, salvage_value, "wholesale_price", "the salvage value")
    above(retail_price, wholesale_price, "retail_price", "the wholesale price")
    above(wholesale_price - rate * (basis == "purchases"), salvage_value, "wholesale_price less rebate")
    short = rebate.target - at_least(sold, 0.0, "sold")
    spread = retail_price - salvage_value
    plain = max(demand.quantile((retail_price - wholesale_price) / spread), 0.0)
    more = retail_price + rate - wholesale_price
    pushed = demand.quantile(more / (spread + rate * (basis == "sales")))
    reaching = max(pushed, short, 0.0)

    def profit(quantity: float) -> float:
        sales = demand.mean - demand.expected_shortage(quantity)
        leftover = demand.expected_leftover(quantity)
        return retail_price * sales + salvage_value * leftover - wholesale_price * quantity

    def rebated(quantity: float) -> float:
        if basis == "purchases":
            return quantity - short if rebate.mode == "incremental" else sold + quantity
        at_target = max(short, 0.0)
        beyond = demand.expected_shortage(at_target) - demand.expected_shortage(quantity)
        if rebate.mode == "incremental":
            return beyond + at_target - short
        likely = 1.0 - demand.cumulative(nextafter(at_target, -inf)) if short > 0.0 else 1.0
        return (sold + at_target) * likely + beyond

    reached = profit(reaching) + rate * rebated(reaching)
    if short <= 0.0:
        return _better(float("nan"), -inf, reaching, reached)
    missing = min(plain, short)
    return _better(missing, profit(missing), reaching, reached)


def best_sales(
    rebate: Rebate,
    intercept: float,
    own_slope: float,
    unit_cost: float,
    sold: float = 0.0,
    deviation: float = 0.0,
) -> BestUnderRebate:
    """Return the expected sales a member goes for by its price, μ = a − b p, under a target rebate.

    Expected profit is (a/b − μ/b − c) μ + expected rebate. Without deviation missing is (a − b c)/2 and
    reaching the larger of T − S and, with the rebate in the margin, (a − b (c − ρ r))/2. With it,
    ``missing`` and ``reaching`` are the best expected sales below and from T − S on.

    Parameters
    ----------
    rebate : Rebate
    intercept, own_slope : float
        Expected sales at a price of zero, units for the rest of the period, and their fall per unit of
        money (a, b).
    unit_cost : float
        Money per unit, below the choke price (c).
    sold : float
        Units sold so far in the period (S).
    deviation : float
        Standard deviation of remaining sales, units (σ); it does not depend on the price.

    Raises
    ------
    ValueError
        If a number is out of range, or nothing can be sold at a profit.

    Examples
    --------
    Without rebate 40 units would be best; the rebate of 1 on all units makes 50 worth while, one of 0.5
    does not:

    >>> best_sales(Rebate(50.0, 3.0, "retroactive"), 100.0, 1.0, 20.0).quantity
    50.0
    >>> best_sales(Rebate(50.0, 1.5, "retroactive"), 100.0, 1.0, 20.0).quantity
    40.0
    """
    rate = _checked(rebate)
    above(own_slope, 0.0, "own_slope")
    at_least(unit_cost, 0.0, "unit_cost")
    above(intercept, own_slope * unit_cost, "intercept", "or nothing is sold at a profit")
    short = rebate.target - at_least(sold, 0.0, "sold")
    at_least(deviation, 0.0, "deviation")

    def profit(mean: float) -> float:
        own = ((intercept - mean) / own_slope - unit_cost) * mean
        return own + expected_rebate(rebate, sold, mean, deviation)

    plain = (intercept - own_slope * unit_cost) / 2.0
    pushed = plain + own_slope * rate / 2.0
    if deviation == 0.0:
        reaching = max(short, pushed, 0.0)
        if short <= 0.0:
            return _better(float("nan"), -inf, reaching, profit(reaching))
        # A retroactive rebate is paid from the target on: what misses it stays below, if only just.
        missing = min(plain, short)
        unpaid = ((intercept - missing) / own_slope - unit_cost) * missing
        return _better(missing, unpaid, reaching, profit(reaching))
    # Beyond it the marginal rebate, at most ρ r (1 + 0.4 T/σ), cannot make up for the margin.
    highest = plain + 0.5 * own_slope * rate * (1.0 + rebate.target / deviation)
    below = _highest(profit, 0.0, min(max(short, 0.0), highest), deviation)
    beyond = _highest(profit, max(short, 0.0), max(highest, short, 0.0), deviation)
    missed = profit(below) if short > 0.0 else -inf
    return _better(below if short > 0.0 else float("nan"), missed, beyond, profit(beyond))


def _highest(profit: Callable[[float], float], low: float, high: float, scale: float) -> float:
    """Return where a function is highest: the best of a grid finer than its bends, then refined."""
    import numpy as np
    from scipy.optimize import minimize_scalar

    count = int(min(max(50.0, 8.0 * (high - low) / scale), 20_000.0))
    grid = np.linspace(low, high, count)
    at = int(np.argmax([profit(float(mean)) for mean in grid]))
    bounds = (float(grid[max(at - 1, 0)]), float(grid[min(at + 1, count - 1)]))
    if bounds[1] <= bounds[0]:
        return low
    found = minimize_scalar(
        lambda mean: -profit(float(mean)), bounds=bounds, method="bounded", options={"xatol": 1e-10 * scale}
    )
    best = float(found.x)
    return max((best, *bounds), key=profit)
