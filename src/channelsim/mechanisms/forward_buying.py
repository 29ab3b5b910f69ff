"""Forward buying: orders enlarged to reach a discount's threshold, or a target at the period's end.

*Discount.* A member whose ordering rule asks for q may order Q > q, and then not order until the Q − q
units more are sold, f a week as it forecasts. Over such a cycle a unit costs it, keeping included,

    κ(Q) = [I(Q) + H(Q − q)]/Q ,      H(Y) = h [Y + (Y − f)⁺ + (Y − 2f)⁺ + …] ,

I the invoice, h the weekly cost of keeping a unit (holding and obsolescence, less what buyback credits of
it). It orders the Q of least κ: q itself, a threshold, or between thresholds, where I(Q) = a + w'Q, the
whole number of weeks n of Q = q + n f around h [f n²/2 + n q + q/2] = a.

*Target.* In the last week whose order is shipped within the period (earlier it would cost more to keep
them) the member asks what Y units more bring, which it need not buy later at κ a unit:

    G(Y) = Y κ − [I(Q + Y) − I(Q)] + ρ [R(X + Y) − R(X)] − Y·MR' − [H(E + Y) − H(E)] ,

E what is bought ahead by then (Q − q, and what the position exceeds the rule's level by), X the period's
purchases if Q is all that is still ordered, R target rebate and growth bonus, MR' the
marginal rebate that a unit bought next period instead would earn. G is piecewise concave: its best is at
a threshold or where what is kept longest is worth its keeping. The member adds the best Y if G > 0, so
that it either reaches or lets go.

Source: economics §1 (compare the profit of reaching with that of missing); `theory.period_end` for the
hump; the cycle is derived here (renewal reward). Where it holds: demand as forecast; the next period
without a push of its own. Who orders by habit (anchoring, pass through) does not reckon; for a season's
stock see `season_orders`. Limit: no incentive, no enlarged order.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from channelsim.codes import (
    ORDER_ANCHORING,
    ORDER_NEWSVENDOR,
    ORDER_PASS_THROUGH,
    ORDER_UP_TO,
    SELL_IN,
)
from channelsim.columns import (
    BASE_STOCK,
    BONUS_BASIS,
    BONUS_SHARE,
    BONUS_UNITS,
    BONUS_WEEKS,
    BUYBACK_CREDIT,
    CREDIT_SAVING,
    DISCOUNT_MODE,
    DISCOUNT_SHARE_1,
    DISCOUNT_THRESHOLD_1,
    FORECAST,
    FORECAST_VARIANCE,
    HOLDING_RATE,
    INCENTIVE_IN_USE,
    OBSOLESCENCE,
    ON_ORDER,
    ORDER,
    ORDER_DELAY,
    ORDER_RULE,
    POSITION,
    PROTECTION_WEEKS,
    REBATE_BASIS,
    REBATE_MODE,
    REBATE_SHARE_1,
    REBATE_THRESHOLD_1,
    REBATE_UNITS,
    REBATE_WEEKS,
    SAFETY_FACTOR,
    SOURCE_LINK,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.incentives import belief, bonus_margin, bonus_threshold, rebate_margin
from channelsim.mechanisms.terms import NEVER, STEPS, invoice, step_share, units_off
from channelsim.tables import State, Terms, World

LONGEST = 104.0
"""Most weeks for which a member buys ahead, where keeping costs next to nothing (a declared assumption)."""


@rule
def keeping_cost(extra: float, weekly_demand: float, cost: float) -> float:
    """Return H(Y), money: what keeping Y extra units costs until they are sold.

    Parameters
    ----------
    extra, weekly_demand : float
        Units; units per week, above 0.
    cost : float
        Money per unit left at a week's end.
    """
    full = float(int(extra / weekly_demand))
    return cost * ((full + 1.0) * extra - weekly_demand * full * (full + 1.0) / 2.0)


@rule
def closes_with(week: int, k: int, period: int, world: World) -> bool:
    """Return whether an order of this week is the last that is shipped within the period."""
    return period > 0 and (week + world.links_index[ORDER_DELAY, k] + 1) % period == 0


@rule
def still_to_be_shipped(k: int, buyer: int, state: State) -> float:
    """Return the units that were ordered and not yet shipped."""
    under_way = 0.0
    for row in range(state.pipeline.shape[0]):
        under_way += state.pipeline[row, k]
    return max(state.holdings[ON_ORDER, buyer] - under_way, 0.0)


@rule
def invoiced(quantity: float, k: int, terms: Terms, state: State) -> float:
    """Return what an order would be invoiced, money."""
    return invoice(
        quantity,
        state.links[WHOLESALE_PRICE, k],
        terms.incentives_index[DISCOUNT_MODE, k],
        DISCOUNT_THRESHOLD_1,
        DISCOUNT_SHARE_1,
        k,
        terms.incentives,
    )


@rule
def rebate_on(units: float, k: int, terms: Terms, state: State) -> float:
    """Return the target rebate on a period's units, money."""
    mode = terms.incentives_index[REBATE_MODE, k]
    off = units_off(units, mode, REBATE_THRESHOLD_1, REBATE_SHARE_1, k, terms.incentives)
    return state.links[WHOLESALE_PRICE, k] * off


class Plan(NamedTuple):
    """What a member reckons with while it plans an order."""

    order: float
    """What its ordering rule asks for, units (q)."""
    weekly: float
    """Forecast of a week, units (f)."""
    keeping: float
    """Cost of keeping a unit for a week, money (h)."""
    paid: float
    """Share of an invoice that it costs, paid when it falls due."""
    of_rebate: float
    """ρ where the last order of the target's period is placed now, else 0."""
    of_bonus: float
    """The same for the growth bonus."""
    outstanding: float
    """Units ordered and not yet shipped."""
    later: float
    """MR', money per unit."""


@rule
def unit_cost_of_cycle(quantity: float, k: int, plan: Plan, terms: Terms, state: State) -> float:
    """Return κ(Q), money per unit."""
    kept = keeping_cost(max(quantity - plan.order, 0.0), plan.weekly, plan.keeping)
    return (plan.paid * invoiced(quantity, k, terms, state) + kept) / quantity


@subroutine
def cheapest_order(k: int, plan: Plan, terms: Terms, state: State) -> float:
    """Return the order of least cost per unit, from what the ordering rule asks for upward."""
    best = plan.order
    least = unit_cost_of_cycle(best, k, plan, terms, state)
    for candidate in range(STEPS + 1):
        start = plan.order
        if candidate > 0:
            start = max(terms.incentives[DISCOUNT_THRESHOLD_1 + candidate - 1, k], plan.order)
        if start >= 0.5 * NEVER:
            break
        share = step_share(start, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
        level = state.links[WHOLESALE_PRICE, k] * (1.0 - share)
        fixed = plan.paid * (invoiced(start, k, terms, state) - level * start)
        root = plan.order * plan.order + 2.0 * plan.weekly * (fixed / plan.keeping - 0.5 * plan.order)
        weeks = (sqrt(max(root, 0.0)) - plan.order) / plan.weekly
        whole = float(int(min(max(weeks, 0.0), LONGEST)))
        for trial in range(3):
            quantity = start if trial == 0 else max(start, plan.order + (whole + trial - 1.0) * plan.weekly)
            cost = unit_cost_of_cycle(quantity, k, plan, terms, state)
            if cost < least * (1.0 - 1e-12):
                least, best = cost, quantity
    return best


@rule
def earned(units: float, k: int, plan: Plan, terms: Terms, state: State) -> float:
    """Return what rebate and bonus would be for the period's units, as the member believes, money."""
    found = 0.0
    if plan.of_rebate > 0.0:
        counted = state.incentives[REBATE_UNITS, k] + plan.outstanding + units
        found += plan.of_rebate * rebate_on(counted, k, terms, state)
    if plan.of_bonus > 0.0:
        counted = state.incentives[BONUS_UNITS, k] + plan.outstanding + units
        beyond = max(counted - bonus_threshold(k, terms, state), 0.0)
        price = state.links[WHOLESALE_PRICE, k]
        found += plan.of_bonus * price * terms.incentives[BONUS_SHARE, k] * beyond
    return found


@rule
def earned_per_unit(units: float, k: int, plan: Plan, terms: Terms, state: State) -> float:
    """Return what a unit beyond those of the period would earn, money per unit."""
    price, found = state.links[WHOLESALE_PRICE, k], 0.0
    if plan.of_rebate > 0.0:
        counted = state.incentives[REBATE_UNITS, k] + plan.outstanding + units
        share = step_share(counted, REBATE_THRESHOLD_1, REBATE_SHARE_1, k, terms.incentives)
        found += plan.of_rebate * price * share
    if plan.of_bonus > 0.0:
        counted = state.incentives[BONUS_UNITS, k] + plan.outstanding + units
        if counted >= bonus_threshold(k, terms, state):
            found += plan.of_bonus * price * terms.incentives[BONUS_SHARE, k]
    return found


@subroutine
def push(order: float, excess: float, value: float, k: int, plan: Plan, terms: Terms, state: State) -> float:
    """Return by how much an order at the period's end is enlarged for rebate and bonus, units.

    Parameters
    ----------
    excess : float
        Units by which what is on hand and on order exceeds what the ordering rule wants.
    value : float
        κ, money per unit, which units bought now need not cost later.
    """
    best, most, kept = 0.0, 0.0, excess + max(order - plan.order, 0.0)
    bill = plan.paid * invoiced(order, k, terms, state)
    now, keeping = earned(order, k, plan, terms, state), keeping_cost(kept, plan.weekly, plan.keeping)
    for candidate in range(2 + 2 * STEPS):  # nothing more; thresholds of discount, target, growth
        start = 0.0
        if 0 < candidate <= STEPS:
            start = terms.incentives[DISCOUNT_THRESHOLD_1 + candidate - 1, k] - order
        elif STEPS < candidate <= 2 * STEPS and plan.of_rebate > 0.0:
            counted = state.incentives[REBATE_UNITS, k] + plan.outstanding + order
            start = terms.incentives[REBATE_THRESHOLD_1 + candidate - STEPS - 1, k] - counted
        elif candidate > 2 * STEPS and plan.of_bonus > 0.0:
            counted = state.incentives[BONUS_UNITS, k] + plan.outstanding + order
            start = bonus_threshold(k, terms, state) - counted
        if start < 0.0 or start >= 0.5 * NEVER:
            continue
        start += 1e-14 * (order + start)  # so that rounding does not leave it below the threshold
        share = step_share(order + start, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
        level = plan.paid * state.links[WHOLESALE_PRICE, k] * (1.0 - share)
        saved = value - level - plan.later + earned_per_unit(order + start, k, plan, terms, state)
        weeks = float(int(min(max(saved, 0.0) / plan.keeping * (1.0 + 1e-12), LONGEST)))
        for longer in range(2):
            extra = start if longer == 0 else max(start, plan.weekly * weeks - kept)
            found = extra * (value - plan.later) - plan.paid * invoiced(order + extra, k, terms, state) + bill
            found += earned(order + extra, k, plan, terms, state) - now
            found -= keeping_cost(kept + extra, plan.weekly, plan.keeping) - keeping
            if found > best:
                best, most = found, extra
    return most


@rule
def excess_of(buyer: int, world: World, terms: Terms, state: State) -> float:
    """Return the units by which a member's position exceeds the level up to which it orders."""
    level = world.holdings[BASE_STOCK, buyer]
    if world.holdings_index[ORDER_RULE, buyer] == ORDER_UP_TO:
        weeks, variance = terms.holdings[PROTECTION_WEEKS, buyer], state.holdings[FORECAST_VARIANCE, buyer]
        level = state.holdings[FORECAST, buyer] * weeks
        level += state.holdings[SAFETY_FACTOR, buyer] * sqrt(variance * weeks)
    return max(state.holdings[POSITION, buyer] - level, 0.0)


@rule
def enlarged(week: int, k: int, buyer: int, world: World, terms: Terms, state: State) -> float:
    """Return a member's order, enlarged where that pays, units."""
    index, order, weekly = (
        terms.incentives_index,
        state.holdings[ORDER, buyer],
        state.holdings[FORECAST, buyer],
    )
    of_rebate, of_bonus, later, outstanding = 0.0, 0.0, 0.0, 0.0
    if index[REBATE_BASIS, k] == SELL_IN and closes_with(week, k, index[REBATE_WEEKS, k], world):
        of_rebate = belief(k, world, terms, state)
        later += rebate_margin(k, SELL_IN, index[REBATE_WEEKS, k], 0.0, world, terms, state)
    if index[BONUS_BASIS, k] == SELL_IN and closes_with(week, k, index[BONUS_WEEKS, k], world):
        of_bonus = belief(k, world, terms, state)
        later += bonus_margin(k, SELL_IN, index[BONUS_WEEKS, k], 0.0, world, terms, state)
    if weekly <= 0.0 or (order <= 0.0 and of_rebate + of_bonus == 0.0):
        return order
    if of_rebate + of_bonus > 0.0:
        outstanding = still_to_be_shipped(k, buyer, state)
    credited = world.holdings[OBSOLESCENCE, buyer] * (1.0 - terms.incentives[BUYBACK_CREDIT, k])
    keeping = (world.holdings[HOLDING_RATE, buyer] + credited) * state.holdings[UNIT_COST, buyer]
    plan = Plan(
        order if order > 0.0 else weekly,
        weekly,
        max(keeping, 1e-9 * state.links[WHOLESALE_PRICE, k] + 1e-300),
        1.0 - terms.holdings[CREDIT_SAVING, buyer],
        of_rebate,
        of_bonus,
        outstanding,
        later,
    )
    cheapest = cheapest_order(k, plan, terms, state)
    value = unit_cost_of_cycle(cheapest, k, plan, terms, state)
    if order <= 0.0:  # nothing is needed this week: only a target is a reason to order
        plan = Plan(0.0, weekly, plan.keeping, plan.paid, of_rebate, of_bonus, outstanding, later)
        cheapest = 0.0
    if of_rebate + of_bonus > 0.0:
        cheapest += push(cheapest, excess_of(buyer, world, terms, state), value, k, plan, terms, state)
    return cheapest


@subroutine
def reach_for_steps(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Propose a tier's orders enlarged to a threshold where that pays."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        k, chosen = terms.holdings_index[SOURCE_LINK, h], world.holdings_index[ORDER_RULE, h]
        if k < 0 or terms.incentives_index[INCENTIVE_IN_USE, k] == 0:
            continue
        if chosen == ORDER_ANCHORING or chosen == ORDER_PASS_THROUGH or chosen == ORDER_NEWSVENDOR:
            continue
        state.holdings[ORDER, h] = enlarged(week, k, h, world, terms, state)
