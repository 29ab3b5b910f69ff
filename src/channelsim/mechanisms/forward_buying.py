"""Forward buying: orders enlarged to reach a discount's threshold, or a target at the period's end.

A member that has decided to order q asks what Y units more would bring, which it would not have to buy
later. It values them at the price of the last unit of q, keeps them until they are sold at the forecast
of f a week, and compares exactly:

    G(Y) = Y·u − [I(q + Y) − I(q)] + ρ [R(X + Y) − R(X)] − Y·MR' − H(Y) ,
    H(Y) = h [Y + (Y − f)⁺ + (Y − 2f)⁺ + …] ,

u = I'(q) the price at the margin, I the invoice, h the weekly cost of keeping a unit (holding and
obsolescence, less what buyback credits of it), X the period's purchases if q is all that is still
ordered, R the rebate and growth bonus. R counts in the last week whose order is shipped within the
period: earlier it would cost more to keep them. MR' is the marginal rebate that a unit bought next period
instead would earn. G is piecewise concave: its best is at a threshold or at the Y that is kept as many
weeks as the saving is worth, ⌊saving/h⌋ f. The member adds the best Y if G > 0: an order that falls short
of reaching is not enlarged at all.

Source: economics §1 (compare the profit of reaching with that of missing); a rebate's hump at the end of
its period: `theory.period_end`. Where it holds: demand as forecast; the next period without a push of its
own. Members who order by habit (anchoring, pass through) do not reckon; for a season's stock see
`season_orders`. Limit: no incentive, no enlarged order.
"""

from __future__ import annotations

from channelsim.codes import (
    ORDER_ANCHORING,
    ORDER_NEWSVENDOR,
    ORDER_PASS_THROUGH,
    SELL_IN,
)
from channelsim.columns import (
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
    HOLDING_RATE,
    INCENTIVE_IN_USE,
    OBSOLESCENCE,
    ON_ORDER,
    ORDER,
    ORDER_DELAY,
    ORDER_RULE,
    REBATE_BASIS,
    REBATE_MODE,
    REBATE_SHARE_1,
    REBATE_THRESHOLD_1,
    REBATE_UNITS,
    REBATE_WEEKS,
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


@rule
def gain(
    extra: float,
    order: float,
    outstanding: float,
    of_rebate: float,
    of_bonus: float,
    saving_next: float,
    keeping: float,
    k: int,
    buyer: int,
    terms: Terms,
    state: State,
) -> float:
    """Return G(Y), money: what ordering Y units more brings.

    Parameters
    ----------
    outstanding : float
        Units ordered and not yet shipped.
    of_rebate, of_bonus : float
        ρ where the period's last order is placed now, else 0.
    saving_next : float
        MR', money per unit.
    """
    price = state.links[WHOLESALE_PRICE, k]
    share = step_share(order, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
    credit = 1.0 - terms.holdings[CREDIT_SAVING, buyer]
    found = extra * price * (1.0 - share)
    found -= invoiced(order + extra, k, terms, state) - invoiced(order, k, terms, state)
    found = credit * found - extra * saving_next
    found -= keeping_cost(extra, state.holdings[FORECAST, buyer], keeping)
    if of_rebate > 0.0:
        units = state.incentives[REBATE_UNITS, k] + outstanding + order
        found += of_rebate * (rebate_on(units + extra, k, terms, state) - rebate_on(units, k, terms, state))
    if of_bonus > 0.0:
        units = state.incentives[BONUS_UNITS, k] + outstanding + order - bonus_threshold(k, terms, state)
        beyond = max(units + extra, 0.0) - max(units, 0.0)
        found += of_bonus * price * terms.incentives[BONUS_SHARE, k] * beyond
    return found


@rule
def best_extra(week: int, k: int, buyer: int, world: World, terms: Terms, state: State) -> float:
    """Return by how much a member enlarges its order, units."""
    index, order, forecast = (
        terms.incentives_index,
        state.holdings[ORDER, buyer],
        state.holdings[FORECAST, buyer],
    )
    of_rebate, of_bonus, saving_next, outstanding = 0.0, 0.0, 0.0, 0.0
    if index[REBATE_BASIS, k] == SELL_IN and closes_with(week, k, index[REBATE_WEEKS, k], world):
        of_rebate = belief(k, world, terms, state)
        saving_next += rebate_margin(k, SELL_IN, index[REBATE_WEEKS, k], 0.0, world, terms, state)
    if index[BONUS_BASIS, k] == SELL_IN and closes_with(week, k, index[BONUS_WEEKS, k], world):
        of_bonus = belief(k, world, terms, state)
        saving_next += bonus_margin(k, SELL_IN, index[BONUS_WEEKS, k], 0.0, world, terms, state)
    if forecast <= 0.0 or (order <= 0.0 and of_rebate + of_bonus == 0.0):
        return 0.0
    if of_rebate + of_bonus > 0.0:
        outstanding = still_to_be_shipped(k, buyer, state)
    unit_cost = state.holdings[UNIT_COST, buyer]
    credit = terms.incentives[BUYBACK_CREDIT, k]
    rate = world.holdings[HOLDING_RATE, buyer] + world.holdings[OBSOLESCENCE, buyer] * (1.0 - credit)
    keeping, best, most = rate * unit_cost, 0.0, 0.0
    price = state.links[WHOLESALE_PRICE, k]
    # candidates: nothing more, each threshold of the discount, of the target, of growth; and kept longer
    for candidate in range(2 + 2 * STEPS):
        start, share = 0.0, step_share(order, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
        if 0 < candidate <= STEPS:
            start = terms.incentives[DISCOUNT_THRESHOLD_1 + candidate - 1, k] - order
        elif STEPS < candidate <= 2 * STEPS and of_rebate > 0.0:
            counted = state.incentives[REBATE_UNITS, k] + outstanding + order
            start = terms.incentives[REBATE_THRESHOLD_1 + candidate - STEPS - 1, k] - counted
        elif candidate > 2 * STEPS and of_bonus > 0.0:
            start = bonus_threshold(k, terms, state) - state.incentives[BONUS_UNITS, k] - outstanding - order
        if start < 0.0 or start >= 0.5 * NEVER:
            continue
        start *= 1.0 + 1e-15  # so that rounding does not leave it below the threshold
        reached = step_share(order + start, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
        saved = (1.0 - terms.holdings[CREDIT_SAVING, buyer]) * price * (reached - share) - saving_next
        if of_rebate > 0.0:
            units = state.incentives[REBATE_UNITS, k] + outstanding + order + start
            earned = step_share(units, REBATE_THRESHOLD_1, REBATE_SHARE_1, k, terms.incentives)
            saved += of_rebate * price * earned
        if of_bonus > 0.0:
            units = state.incentives[BONUS_UNITS, k] + outstanding + order + start
            earned = terms.incentives[BONUS_SHARE, k] if units >= bonus_threshold(k, terms, state) else 0.0
            saved += of_bonus * price * earned
        weeks = float(int(min(max(saved, 0.0) / max(keeping, 1e-300) * (1.0 + 1e-12), LONGEST)))
        for longer in range(2):
            extra = start if longer == 0 else max(start, forecast * weeks)
            found = gain(
                extra, order, outstanding, of_rebate, of_bonus, saving_next, keeping, k, buyer, terms, state
            )
            if found > best:
                best, most = found, extra
    return most


LONGEST = 104.0
"""Most weeks for which a member buys ahead, where keeping costs next to nothing (a declared assumption)."""


@subroutine
def reach_for_steps(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Propose a tier's orders enlarged to a threshold where that pays."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        k, chosen = terms.holdings_index[SOURCE_LINK, h], world.holdings_index[ORDER_RULE, h]
        if k < 0 or terms.incentives_index[INCENTIVE_IN_USE, k] == 0:
            continue
        if chosen == ORDER_ANCHORING or chosen == ORDER_PASS_THROUGH or chosen == ORDER_NEWSVENDOR:
            continue
        state.holdings[ORDER, h] += best_extra(week, k, h, world, terms, state)
