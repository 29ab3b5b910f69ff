"""Incentives on the unit margin: what a buyer reckons with, and what is paid when.

Each holding buys on one link, under that link's contract. A buyer reckons, week by week, with

- a *quantity discount* at the margin of an order of its usual size, smoothed as it smooths demand;
- the *marginal rebate* MR of a target rebate and of a growth bonus (`terms`): S counted so far, f·n
  expected of the n weeks left with variance v·n from its forecast; ρ is the supplier's credibility where
  relations are active, else 1. A tangent is no guide where it would make goods free: MR ≤ the price at
  the margin;
- *revenue sharing*: of what consumers pay it keeps 1 − s (`pricing`, `service`, `ordering`);
- *buyback*: a credit b = β·unit cost for what is not sold, never in c̃. It lowers what a unit too many
  costs: with a season's stock by b, with stock that carries over by δ·b a week (δ the share that becomes
  obsolete), as long as the cap leaves room. Where the goods go back, the supplier has their salvage value
  and credit replaces it.

A rebate on purchases (sell-in) is earned by stock too, so that it lowers overage like a price; one on
sales is not: w̃ is c̃ before MR then.

Settled each week: shared revenue, refunds of what became obsolete or was cleared; when a period closes the
rebate on the units counted, at that week's list price, of which a share may not be paid (*reliability*) and
credibility learns of it (`promises`). The account takes goods at unit cost, the price at the margin, so the
difference to what is invoiced (purchase price variance) is booked in the week of the invoice. All of it
enters the holding's operating cost, less for who receives and more for who pays.

Source: economics §1; Pasternack 1985; Cachon & Lariviere 2005; Taylor 2002. Limit: shares of zero change
nothing. The buyer looks one period ahead: that a good year raises the bar of its growth bonus it does not
count.
"""

from __future__ import annotations

from math import sqrt

from channelsim.codes import ON_UNITS_BEYOND, ORDER_NEWSVENDOR, SELL_IN, SELL_THROUGH
from channelsim.columns import (
    ALLOWANCE,
    ARRIVED,
    BONUS,
    BONUS_BASIS,
    BONUS_GROWTH,
    BONUS_RELIABILITY,
    BONUS_SHARE,
    BONUS_UNITS,
    BONUS_WEEKS,
    BUYBACK_CAP,
    BUYBACK_CREDIT,
    BUYER_HOLDING,
    CASH_FLOW,
    CLEARED,
    CREDIBILITY_OF_SUPPLIER,
    CREDIBILITY_RATE,
    DISCOUNT,
    DISCOUNT_SHARE_1,
    DISCOUNT_THRESHOLD_1,
    FORECAST,
    FORECAST_VARIANCE,
    HANDLING_COST,
    HAS_INCENTIVE,
    INCENTIVE_IN_USE,
    INVOICE,
    LINK_CREDIT_SAVING,
    MARGINAL_COST,
    MARGINAL_REBATE,
    OBSOLESCENCE,
    OPERATING,
    ORDER_RULE,
    ORDERED,
    OVERAGE_RELIEF,
    PROMISING_RELATIONSHIP,
    REBATE,
    REBATE_BASIS,
    REBATE_MODE,
    REBATE_RELIABILITY,
    REBATE_SHARE_1,
    REBATE_THRESHOLD_1,
    REBATE_UNITS,
    REBATE_WEEKS,
    REFUND,
    RELATIONSHIP,
    REVENUE,
    REVENUE_SHARE,
    SALES,
    SALVAGE,
    SALVAGE_SHARED,
    SALVAGE_TO_SUPPLIER,
    SEASON_WEEKS,
    SHARED_REVENUE,
    SHIPPED,
    SMOOTHING,
    STOCK,
    SUPPLIER_HOLDING,
    UNIT_COST,
    UNITS_BEFORE,
    UNITS_BOUGHT,
    UNITS_CREDITED,
    USUAL_ORDER,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.terms import (
    expected_share,
    expected_step,
    marginal_cost,
    step_share,
    units_off,
)
from channelsim.tables import Floats, State, Terms, World


@rule
def belief(k: int, world: World, terms: Terms, state: State) -> float:
    """Return ρ, what the buyer makes of its supplier's promises; 1 where there are no relations."""
    if terms.incentives_index[PROMISING_RELATIONSHIP, k] == NO_RELATIONS:
        return 1.0
    return state.relationships[CREDIBILITY_OF_SUPPLIER, world.links_index[RELATIONSHIP, k]]


SLACK = 1e-9
"""Share by which a usual order, smoothed, may fall short of the threshold that every order is enlarged to."""
NO_RELATIONS = -2
"""Mark of a link whose scenario has no relations: every promise is believed."""


@rule
def bonus_threshold(k: int, terms: Terms, state: State) -> float:
    """Return the units from which the growth bonus is earned this period."""
    return (1.0 + terms.incentives[BONUS_GROWTH, k]) * state.incentives[UNITS_BEFORE, k]


@rule
def rebate_margin(
    k: int, basis: int, weeks_left: int, counted: float, world: World, terms: Terms, state: State
) -> float:
    """Return the target rebate that one more unit is expected to add, money per unit; 0 on another basis."""
    if terms.incentives_index[REBATE_WEEKS, k] == 0 or terms.incentives_index[REBATE_BASIS, k] != basis:
        return 0.0
    buyer = world.links_index[BUYER_HOLDING, k]
    share = expected_share(
        counted,
        state.holdings[FORECAST, buyer] * weeks_left,
        state.holdings[FORECAST_VARIANCE, buyer] * weeks_left,
        terms.incentives_index[REBATE_MODE, k],
        REBATE_THRESHOLD_1,
        REBATE_SHARE_1,
        k,
        terms.incentives,
    )
    return belief(k, world, terms, state) * state.links[WHOLESALE_PRICE, k] * share


@rule
def bonus_margin(
    k: int, basis: int, weeks_left: int, counted: float, world: World, terms: Terms, state: State
) -> float:
    """Return the growth bonus that one more unit is expected to add, money per unit; 0 on another basis."""
    if terms.incentives_index[BONUS_WEEKS, k] == 0 or terms.incentives_index[BONUS_BASIS, k] != basis:
        return 0.0
    buyer = world.links_index[BUYER_HOLDING, k]
    variance = max(state.holdings[FORECAST_VARIANCE, buyer], 0.0) * weeks_left
    share = expected_step(
        bonus_threshold(k, terms, state),
        terms.incentives[BONUS_SHARE, k],
        ON_UNITS_BEYOND,
        counted,
        state.holdings[FORECAST, buyer] * weeks_left,
        sqrt(variance),
    )
    return belief(k, world, terms, state) * state.links[WHOLESALE_PRICE, k] * share


@rule
def weeks_left(week: int, period: int) -> int:
    """Return how many weeks of a period are left, this one included."""
    return period - week % period if period > 0 else 0


@rule
def margin_of_basis(k: int, basis: int, week: int, world: World, terms: Terms, state: State) -> float:
    """Return what rebate and bonus of one basis add to a unit this week, money per unit."""
    index, rows = terms.incentives_index, state.incentives
    rebate_left = weeks_left(week, index[REBATE_WEEKS, k])
    bonus_left = weeks_left(week, index[BONUS_WEEKS, k])
    found = rebate_margin(k, basis, rebate_left, rows[REBATE_UNITS, k], world, terms, state)
    return found + bonus_margin(k, basis, bonus_left, rows[BONUS_UNITS, k], world, terms, state)


@rule
def is_seasonal(holding: int, world: World) -> bool:
    """Return whether a holding buys for a season and clears what is left."""
    return world.holdings_index[ORDER_RULE, holding] == ORDER_NEWSVENDOR


@rule
def credit_beyond_salvage(k: int, world: World, terms: Terms, state: State) -> float:
    """Return what buyback adds to a leftover of a season, money per unit."""
    buyer = world.links_index[BUYER_HOLDING, k]
    credit = terms.incentives[BUYBACK_CREDIT, k] * state.holdings[UNIT_COST, buyer]
    if terms.incentives_index[SALVAGE_TO_SUPPLIER, k] == 0:
        return credit
    return max(credit - kept_salvage(k, world, terms, state), 0.0)  # what is worth more is not sent back


@rule
def kept_salvage(k: int, world: World, terms: Terms, state: State) -> float:
    """Return what a leftover of a season brings its member without buyback, money per unit."""
    buyer = world.links_index[BUYER_HOLDING, k]
    shared = terms.incentives[REVENUE_SHARE, k] * terms.incentives_index[SALVAGE_SHARED, k]
    return (1.0 - shared) * world.holdings[SALVAGE, buyer] * state.holdings[UNIT_COST, buyer]


@rule
def relief(k: int, rebate_on_purchases: float, world: World, terms: Terms, state: State) -> float:
    """Return what incentives take off the cost of a unit too many, money per unit (a week, or a season)."""
    buyer, rows = world.links_index[BUYER_HOLDING, k], state.incentives
    room = terms.incentives[BUYBACK_CAP, k] * rows[UNITS_BOUGHT, k] > rows[UNITS_CREDITED, k]
    if is_seasonal(buyer, world):
        value = world.holdings[SALVAGE, buyer] * state.holdings[UNIT_COST, buyer]
        lost = value - kept_salvage(k, world, terms, state)
        return rebate_on_purchases - lost + credit_beyond_salvage(k, world, terms, state)
    credit = terms.incentives[BUYBACK_CREDIT, k] * state.holdings[UNIT_COST, buyer] if room else 0.0
    return world.holdings[OBSOLESCENCE, buyer] * (rebate_on_purchases + credit)


@subroutine
def reckon_incentives(week: int, world: World, terms: Terms, state: State) -> None:
    """Settle unit cost, marginal cost and relief of overage of every buyer whose contract has incentives."""
    index, rows = terms.incentives_index, state.incentives
    for k in range(rows.shape[1]):
        if index[HAS_INCENTIVE, k] == 0:
            continue
        buyer, price = world.links_index[BUYER_HOLDING, k], state.links[WHOLESALE_PRICE, k]
        saving = terms.links[LINK_CREDIT_SAVING, k]
        usual = rows[USUAL_ORDER, k] * (1.0 + SLACK)
        share = step_share(usual, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, terms.incentives)
        at_margin = price * (1.0 - share)
        on_purchases = margin_of_basis(k, SELL_IN, week, world, terms, state)
        rebate = on_purchases + margin_of_basis(k, SELL_THROUGH, week, world, terms, state)
        most = at_margin * (1.0 - saving)
        if rebate > most:
            on_purchases *= most / rebate
            rebate = most
        rows[MARGINAL_REBATE, k] = rebate
        rows[ALLOWANCE, k] = (price - at_margin) * (1.0 - saving) + rebate
        if index[INCENTIVE_IN_USE, k] == 0:
            continue
        state.holdings[UNIT_COST, buyer] = at_margin
        state.holdings[MARGINAL_COST, buyer] = marginal_cost(
            at_margin, saving, rebate, world.holdings[HANDLING_COST, buyer]
        )
        state.holdings[OVERAGE_RELIEF, buyer] = relief(k, on_purchases, world, terms, state)


@rule
def count_units(k: int, basis: int, buyer: int, state: State) -> float:
    """Return the units of the week that count toward a target or growth."""
    return state.links[SHIPPED, k] if basis == SELL_IN else state.holdings[SALES, buyer]


@rule
def close_rebate(k: int, week: int, buyer: int, terms: Terms, state: State) -> float:
    """Count the week and, where the period closes, return the rebate earned, money."""
    index, rows, period = terms.incentives_index, state.incentives, terms.incentives_index[REBATE_WEEKS, k]
    if period == 0:
        return 0.0
    rows[REBATE_UNITS, k] += count_units(k, index[REBATE_BASIS, k], buyer, state)
    if (week + 1) % period != 0:
        return 0.0
    counted = rows[REBATE_UNITS, k]
    rows[REBATE_UNITS, k] = 0.0
    return state.links[WHOLESALE_PRICE, k] * units_off(
        counted, index[REBATE_MODE, k], REBATE_THRESHOLD_1, REBATE_SHARE_1, k, terms.incentives
    )


@rule
def close_bonus(k: int, week: int, buyer: int, terms: Terms, state: State) -> float:
    """Count the week and, where the period closes, return the growth bonus earned, money."""
    index, rows, period = terms.incentives_index, state.incentives, terms.incentives_index[BONUS_WEEKS, k]
    if period == 0:
        return 0.0
    rows[BONUS_UNITS, k] += count_units(k, index[BONUS_BASIS, k], buyer, state)
    if (week + 1) % period != 0:
        return 0.0
    beyond = max(rows[BONUS_UNITS, k] - bonus_threshold(k, terms, state), 0.0)
    rows[UNITS_BEFORE, k] = rows[BONUS_UNITS, k]
    rows[BONUS_UNITS, k] = 0.0
    return state.links[WHOLESALE_PRICE, k] * terms.incentives[BONUS_SHARE, k] * beyond


@rule
def settle_refund(k: int, week: int, buyer: int, world: World, terms: Terms, state: State) -> float:
    """Count what was bought and return the week's refund, money."""
    rows = state.incentives
    rows[UNITS_BOUGHT, k] += state.links[ARRIVED, k]
    if terms.incentives[BUYBACK_CREDIT, k] == 0.0:
        return 0.0
    seasonal = is_seasonal(buyer, world)
    if seasonal:
        unsold = state.holdings[CLEARED, buyer]
        credit = credit_beyond_salvage(k, world, terms, state)
    else:
        unsold = world.holdings[OBSOLESCENCE, buyer] * state.holdings[STOCK, buyer]
        credit = terms.incentives[BUYBACK_CREDIT, k] * state.holdings[UNIT_COST, buyer]
    room = terms.incentives[BUYBACK_CAP, k] * rows[UNITS_BOUGHT, k] - rows[UNITS_CREDITED, k]
    credited = min(unsold, max(room, 0.0))
    rows[UNITS_CREDITED, k] += credited
    if seasonal and (week + 1) % int(world.scenario[SEASON_WEEKS]) == 0:
        rows[UNITS_BOUGHT, k] = 0.0
        rows[UNITS_CREDITED, k] = 0.0
    return credit * credited


@rule
def learn(kept: float, k: int, world: World, terms: Terms, relationships: Floats) -> None:
    """Settle what a promise paid in part or whole does to the supplier's credibility."""
    r = terms.incentives_index[PROMISING_RELATIONSHIP, k]
    if r >= 0:
        credibility = relationships[CREDIBILITY_OF_SUPPLIER, r]
        relationships[CREDIBILITY_OF_SUPPLIER, r] += world.effects[CREDIBILITY_RATE] * (kept - credibility)


@subroutine
def settle_incentives(week: int, world: World, terms: Terms, state: State) -> None:
    """Settle the week's incentives between buyers and suppliers, and count toward targets."""
    index, table, rows = terms.incentives_index, terms.incentives, state.incentives
    operating, flow = state.holdings[OPERATING], state.holdings[CASH_FLOW]
    for k in range(rows.shape[1]):
        if index[INCENTIVE_IN_USE, k] == 0:
            continue
        buyer, supplier = world.links_index[BUYER_HOLDING, k], world.links_index[SUPPLIER_HOLDING, k]
        shipped, invoiced = state.links[SHIPPED, k], state.links[INVOICE, k]
        rows[DISCOUNT, k] = shipped * state.links[WHOLESALE_PRICE, k] - invoiced
        operating[buyer] -= shipped * state.holdings[UNIT_COST, buyer] - invoiced
        ordered = state.links[ORDERED, k]
        if ordered > 0.0:
            weight = 1.0 if is_seasonal(buyer, world) else world.holdings[SMOOTHING, buyer]
            rows[USUAL_ORDER, k] += weight * (ordered - rows[USUAL_ORDER, k])
        rebate, bonus = close_rebate(k, week, buyer, terms, state), close_bonus(k, week, buyer, terms, state)
        rows[REBATE, k] = table[REBATE_RELIABILITY, k] * rebate
        rows[BONUS, k] = table[BONUS_RELIABILITY, k] * bonus
        if rebate + bonus > 0.0:
            learn((rows[REBATE, k] + rows[BONUS, k]) / (rebate + bonus), k, world, terms, state.relationships)
        rows[REFUND, k] = settle_refund(k, week, buyer, world, terms, state)
        rows[SHARED_REVENUE, k] = 0.0
        if table[REVENUE_SHARE, k] > 0.0:
            revenue = state.holdings[REVENUE, buyer]
            if is_seasonal(buyer, world):
                revenue += salvage_revenue(k, buyer, world, terms, state)
            rows[SHARED_REVENUE, k] = table[REVENUE_SHARE, k] * revenue
        net = rows[REBATE, k] + rows[BONUS, k] + rows[REFUND, k] - rows[SHARED_REVENUE, k]
        operating[buyer] -= net
        flow[buyer] += net
        operating[supplier] += net
        flow[supplier] -= net


@rule
def salvage_revenue(k: int, buyer: int, world: World, terms: Terms, state: State) -> float:
    """Return the salvage value of the week that counts as revenue to be shared, money."""
    value = world.holdings[SALVAGE, buyer] * state.holdings[UNIT_COST, buyer]
    return terms.incentives_index[SALVAGE_SHARED, k] * value * state.holdings[CLEARED, buyer]
