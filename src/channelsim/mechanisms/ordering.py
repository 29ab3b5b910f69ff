"""Forecasts and orders, tier by tier upward.

Forecast. Exponential smoothing f ← f + a(d − f); moving average of the last n weeks; or the known
mean of given demand. The error variance follows v ← v + a((d − f)² − v) with the forecast before it
learnt of d. *Shared*: a supplier takes over the sums of its buyers' forecasts and error variances of the
same week (their errors taken as independent), so that the forecast of consumers' demand is passed up the
channel instead of the orders (Chen et al. 2000, centralised demand information).

An order placed in week t reaches the supplier in week t + D (order_delay; 0: the same week). Until then it is
in transit: on order for the buyer, unknown to the supplier. Shipped at once, its goods arrive at the start of
week t + D + L + 1. A week's order therefore has to last D + L + 1 weeks, the protection interval: order
delay, lead time and the review period, below L + 1 for short.

Rules (position = stock + on order − owed):

- *order-up-to*: S = f(L+1) + z·√(v(L+1)), order (S − position)⁺. The safety factor z is given, or
  Φ⁻¹ of the critical fractile of *this* link's terms, underage/(underage + overage), with
  underage = m + goodwill, overage = (holding rate + obsolescence) × unit cost per week, each less
  what incentives take off it (`incentives`);
- *reorder point* (s, S): position ≤ s orders up to S. *base stock*: fixed S;
- *newsvendor*: once a season of T_s weeks, so that the goods are there when it opens, f·T_s + z·√(v·T_s);
  leftovers are cleared at the salvage value when the season closes; overage = unit cost − salvage;
- *anchoring and adjustment* (Sterman 1989): order (f + α_S(S' − (stock − owed) − β·on order))⁺;
- *pass through*: orders what was ordered from it.

Orders below the supplier's minimum are not placed; others are rounded up to whole cases.

Sources: Zipkin 2000; Sterman 1989; Chen et al. 2000. Limit: known mean and no noise make order-up-to
order exactly d.
"""

from __future__ import annotations

from math import sqrt

from channelsim.codes import (
    FORECAST_KNOWN,
    FORECAST_MOVING_AVERAGE,
    FORECAST_SHARED,
    FORECAST_SMOOTHING,
    ORDER_ANCHORING,
    ORDER_BASE_STOCK,
    ORDER_NEWSVENDOR,
    ORDER_PASS_THROUGH,
    ORDER_REORDER_POINT,
    ORDER_UP_TO,
    SAFETY_FRACTILE,
)
from channelsim.columns import (
    ANCHOR,
    BASE_STOCK,
    BUYER_HOLDING,
    CASE_SIZE,
    CLEARED,
    CRITICAL_FRACTILE,
    DEMAND,
    END_LINK,
    FIRST_LINK,
    FOLLOWED_FRACTILE,
    FORECAST,
    FORECAST_RULE,
    FORECAST_VARIANCE,
    FORECAST_WINDOW,
    GOODWILL,
    HOLDING_RATE,
    KEPT_SHARE,
    LINK_ACTIVE,
    MARGINAL_COST,
    MEAN_DEMAND,
    MINIMUM_ORDER,
    OBSOLESCENCE,
    OFFERED,
    ON_ORDER,
    ORDER,
    ORDER_DELAY,
    ORDER_RULE,
    ORDERED,
    OVERAGE_RELIEF,
    OWED,
    POSITION,
    PRICE,
    PROTECTION_WEEKS,
    REORDER_POINT,
    SAFETY_FACTOR,
    SAFETY_RULE,
    SALVAGE,
    SEASON_WEEKS,
    SMOOTHING,
    STOCK,
    STOCK_ADJUSTMENT,
    SUPPLY_LINE_WEIGHT,
    TIER_BUYER_OFFSET,
    TIER_END_HOLDING,
    TIER_END_LINK,
    TIER_FIRST_HOLDING,
    TIER_FIRST_LINK,
    UNIT_COST,
    WRITE_OFF,
)
from channelsim.compiled import rule, subroutine, wide
from channelsim.mechanisms.allocation import later
from channelsim.mechanisms.terms import unit_margin
from channelsim.numerics import normal_quantile, total
from channelsim.prefetch import fetch
from channelsim.tables import Floats, Integers, State, Terms, World


@rule
def collect_orders(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle what a supplying tier is asked for: its buyers' orders, link by link."""
    first, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
    ordered, active = state.links[ORDERED][first:end], terms.links[LINK_ACTIVE][first:end]
    offset = world.tiers_index[TIER_BUYER_OFFSET, tier]
    fetch(ordered)
    if offset >= 0:  # the buyers lie side by side: contiguous, so it vectorises
        order = state.holdings[ORDER][first + offset : end + offset]
        for k in range(ordered.size):
            ordered[k] = active[k] * order[k]
    else:
        order, buyer = state.holdings[ORDER], world.links_index[BUYER_HOLDING][first:end]
        for k in range(ordered.size):
            ordered[k] = active[k] * order[buyer[k]]
    add_up_orders(tier, world, state)


@rule
def collect_delayed_orders(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Settle what a supplying tier is asked for where orders take weeks: new ones go, due ones arrive."""
    ring = state.orders_in_transit.shape[0]
    now, arriving = week % ring, state.orders_in_transit[week % ring]
    order, buyer = state.holdings[ORDER], world.links_index[BUYER_HOLDING]
    ordered, active, delay = state.links[ORDERED], terms.links[LINK_ACTIVE], world.links_index[ORDER_DELAY]
    for k in range(world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]):
        state.orders_in_transit[later(now, delay[k], ring), k] += active[k] * order[buyer[k]]
        ordered[k] = arriving[k]
        arriving[k] = 0.0
    add_up_orders(tier, world, state)


@rule
def add_up_orders(tier: int, world: World, state: State) -> None:
    """Settle the demand of a supplying tier: the orders that reach each holding this week."""
    demand, first_link, end_link = (
        state.holdings[DEMAND],
        world.holdings_index[FIRST_LINK],
        world.holdings_index[END_LINK],
    )
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        demand[h] = total(state.links[ORDERED][first_link[h] : end_link[h]])


@rule
def forecast_by_smoothing(tier: int, world: World, state: State) -> None:
    """Settle forecast and error variance where the member smooths exponentially."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    demand, forecast = state.holdings[DEMAND][a:b], state.holdings[FORECAST][a:b]
    variance, smoothing = state.holdings[FORECAST_VARIANCE][a:b], world.holdings[SMOOTHING][a:b]
    chosen = world.holdings_index[FORECAST_RULE][a:b]
    for i in range(forecast.size):
        forecast[i], variance[i] = smoothed(chosen[i], smoothing[i], demand[i], forecast[i], variance[i])


@rule
def smoothed(
    chosen: int, smoothing: float, demand: float, forecast: float, variance: float
) -> tuple[float, float]:
    """Return forecast and error variance after the week's demand, as they were under another rule."""
    weight = smoothing if chosen == FORECAST_SMOOTHING else 0.0
    error = demand - forecast
    return forecast + weight * error, variance + weight * (error * error - variance)


@rule
def forecast_by_moving_average(tier: int, week: int, world: World, state: State) -> None:
    """Settle forecast and error variance where the member averages the last weeks."""
    window = world.holdings_index[FORECAST_WINDOW]
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[FORECAST_RULE, h] != FORECAST_MOVING_AVERAGE:
            continue
        error = state.holdings[DEMAND, h] - state.holdings[FORECAST, h]
        variance = state.holdings[FORECAST_VARIANCE, h]
        state.holdings[FORECAST_VARIANCE, h] += world.holdings[SMOOTHING, h] * (error * error - variance)
        state.history[week % window[h], h] = state.holdings[DEMAND, h]
        summed = 0.0
        for k in range(window[h]):
            summed += state.history[k, h]
        state.holdings[FORECAST, h] = summed / window[h]


@rule
def forecast_known_mean(tier: int, world: World, state: State) -> None:
    """Settle the forecast of stores that know the mean of their demand."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[FORECAST_RULE, h] == FORECAST_KNOWN:
            state.holdings[FORECAST, h] = state.holdings[MEAN_DEMAND, h]


@rule
def forecast_shared(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle the forecast of members that take over those of their buyers."""
    first_link, end_link = world.holdings_index[FIRST_LINK], world.holdings_index[END_LINK]
    buyer, active = world.links_index[BUYER_HOLDING], terms.links[LINK_ACTIVE]
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[FORECAST_RULE, h] != FORECAST_SHARED:
            continue
        forecast, variance = 0.0, 0.0
        for k in range(first_link[h], end_link[h]):
            forecast += active[k] * state.holdings[FORECAST, buyer[k]]
            variance += active[k] * state.holdings[FORECAST_VARIANCE, buyer[k]]
        state.holdings[FORECAST, h] = forecast
        state.holdings[FORECAST_VARIANCE, h] = variance


@rule
def follow_fractile(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle critical fractiles at the terms in force, and the safety factors that follow them."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    price, cost, fractile = (
        state.holdings[PRICE][a:b],
        state.holdings[UNIT_COST][a:b],
        state.holdings[CRITICAL_FRACTILE][a:b],
    )
    at_margin, relief = state.holdings[MARGINAL_COST][a:b], state.holdings[OVERAGE_RELIEF][a:b]
    kept = terms.holdings[KEPT_SHARE][a:b]
    goodwill, rate = world.holdings[GOODWILL][a:b], world.holdings[HOLDING_RATE][a:b]
    obsolescence, salvage = world.holdings[OBSOLESCENCE][a:b], world.holdings[SALVAGE][a:b]
    order_rule = world.holdings_index[ORDER_RULE][a:b]
    for i in range(fractile.size):
        underage = max(0.0, unit_margin(price[i], kept[i], at_margin[i]) + goodwill[i])
        season = order_rule[i] == ORDER_NEWSVENDOR
        overage = cost[i] * (1.0 - salvage[i] if season else rate[i] + obsolescence[i])
        overage = max(0.0, overage - relief[i])
        fractile[i] = underage / max(underage + overage, 1e-300)
    factor, chosen = state.holdings[SAFETY_FACTOR][a:b], world.holdings_index[SAFETY_RULE][a:b]
    followed, moved = state.holdings[FOLLOWED_FRACTILE][a:b], 0
    for i in range(fractile.size):
        moved += 1 if fractile[i] != followed[i] else 0
    if 8 * moved > fractile.size:
        fill_factors(fractile, chosen, factor)
        for i in range(fractile.size):
            followed[i] = fractile[i]
    elif moved > 0:  # few: no quantile is formed that is known already
        follow_few(fractile, chosen, followed, factor)


@rule
def safety_factor(fractile: float) -> float:
    """Return the standard normal quantile of a critical fractile."""
    return normal_quantile(min(max(fractile, 1e-9), 1.0 - 1e-9))


@subroutine
def follow_few(fractile: Floats, chosen: Integers, followed: Floats, factor: Floats) -> None:
    """Write the safety factor of the holdings whose critical fractile has moved."""
    for i in range(factor.size):
        if fractile[i] != followed[i]:
            followed[i] = fractile[i]
            if chosen[i] == SAFETY_FRACTILE:
                factor[i] = safety_factor(fractile[i])


@wide
def fill_factors(fractile: Floats, chosen: Integers, factor: Floats) -> None:
    """Write the safety factor of every holding that follows its critical fractile."""
    for i in range(factor.size):  # computed for all and selected: so it vectorises
        score = safety_factor(fractile[i])
        factor[i] = score if chosen[i] == SAFETY_FRACTILE else factor[i]


@rule
def pending_share(tier: int, world: World) -> float:
    """Return 1 if the week's demand is still to be shipped (upper tiers), 0 if it was served (shelves)."""
    return 0.0 if tier == world.tiers_index.shape[1] - 1 else 1.0


@rule
def take_position(tier: int, world: World, state: State) -> None:
    """Settle the inventory position: stock and on order less what is owed and still to be shipped."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    stock, on_order, owed = (
        state.holdings[STOCK][a:b],
        state.holdings[ON_ORDER][a:b],
        state.holdings[OWED][a:b],
    )
    position, demand, pending = (
        state.holdings[POSITION][a:b],
        state.holdings[DEMAND][a:b],
        pending_share(tier, world),
    )
    for i in range(position.size):
        position[i] = inventory_position(stock[i], on_order[i], owed[i], pending * demand[i])


@rule
def inventory_position(stock: float, on_order: float, owed: float, pending: float) -> float:
    """Return stock and what is on order, less what is owed and still to be shipped."""
    return stock + on_order - owed - pending


@rule
def propose_order_up_to(tier: int, world: World, terms: Terms, state: State) -> None:
    """Propose orders up to the forecast of the protection interval plus safety stock."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    forecast, variance = state.holdings[FORECAST][a:b], state.holdings[FORECAST_VARIANCE][a:b]
    factor, weeks = state.holdings[SAFETY_FACTOR][a:b], terms.holdings[PROTECTION_WEEKS][a:b]
    order, position, chosen = (
        state.holdings[ORDER][a:b],
        state.holdings[POSITION][a:b],
        world.holdings_index[ORDER_RULE][a:b],
    )
    for i in range(order.size):
        wanted = up_to_level(forecast[i], variance[i], weeks[i], factor[i], position[i])
        order[i] = wanted if chosen[i] == ORDER_UP_TO else order[i]


@rule
def up_to_level(forecast: float, variance: float, weeks: float, factor: float, position: float) -> float:
    """Return the order up to the forecast of the protection interval plus safety stock."""
    return max(0.0, forecast * weeks + factor * sqrt(variance * weeks) - position)


@rule
def propose_base_stock(tier: int, world: World, state: State) -> None:
    """Propose orders of the (s, S) and the fixed base-stock rule."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    reorder_point, level = world.holdings[REORDER_POINT][a:b], world.holdings[BASE_STOCK][a:b]
    order, position, chosen = (
        state.holdings[ORDER][a:b],
        state.holdings[POSITION][a:b],
        world.holdings_index[ORDER_RULE][a:b],
    )
    for i in range(order.size):
        wanted = max(0.0, level[i] - position[i])
        if chosen[i] == ORDER_BASE_STOCK:
            order[i] = wanted
        elif chosen[i] == ORDER_REORDER_POINT:
            order[i] = wanted if position[i] <= reorder_point[i] else 0.0


@rule
def propose_anchoring(tier: int, world: World, state: State) -> None:
    """Propose orders that anchor on the forecast and adjust for part of the stock gap."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    on_order, position = state.holdings[ON_ORDER][a:b], state.holdings[POSITION][a:b]
    forecast, anchor = state.holdings[FORECAST][a:b], world.holdings[ANCHOR][a:b]
    adjustment, line = world.holdings[STOCK_ADJUSTMENT][a:b], world.holdings[SUPPLY_LINE_WEIGHT][a:b]
    order, chosen = state.holdings[ORDER][a:b], world.holdings_index[ORDER_RULE][a:b]
    for i in range(order.size):
        on_hand = position[i] - on_order[i]
        wanted = max(0.0, forecast[i] + adjustment[i] * (anchor[i] - on_hand - line[i] * on_order[i]))
        order[i] = wanted if chosen[i] == ORDER_ANCHORING else order[i]


@rule
def propose_pass_through(tier: int, world: World, state: State) -> None:
    """Propose to order what was ordered."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    order, demand = state.holdings[ORDER][a:b], state.holdings[DEMAND][a:b]
    chosen = world.holdings_index[ORDER_RULE][a:b]
    for i in range(order.size):
        order[i] = demand[i] if chosen[i] == ORDER_PASS_THROUGH else order[i]


@rule
def propose_newsvendor(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Propose next season's quantity in the week in which it has to be ordered."""
    season = int(world.scenario[SEASON_WEEKS])
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[ORDER_RULE, h] != ORDER_NEWSVENDOR:
            continue
        state.holdings[ORDER, h] = 0.0
        if (week + int(terms.holdings[PROTECTION_WEEKS, h])) % season == 0:
            spread = state.holdings[SAFETY_FACTOR, h] * sqrt(state.holdings[FORECAST_VARIANCE, h] * season)
            state.holdings[ORDER, h] = max(0.0, state.holdings[FORECAST, h] * season + spread)


@rule
def clear_season(tier: int, week: int, world: World, state: State) -> None:
    """Settle the end of a season: leftovers of newsvendor holdings go at their salvage value."""
    closes = (week + 1) % int(world.scenario[SEASON_WEEKS]) == 0
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        state.holdings[WRITE_OFF, h], state.holdings[CLEARED, h] = 0.0, 0.0
        if closes and world.holdings_index[ORDER_RULE, h] == ORDER_NEWSVENDOR:
            loss = (1.0 - world.holdings[SALVAGE, h]) * state.holdings[UNIT_COST, h]
            state.holdings[WRITE_OFF, h] = loss * state.holdings[STOCK, h]
            state.holdings[CLEARED, h] = state.holdings[STOCK, h]
            state.holdings[STOCK, h] = 0.0


@rule
def round_orders(tier: int, world: World, terms: Terms, state: State) -> None:
    """Propose orders that suppliers accept: none below the minimum, the others in whole cases."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    order, minimum, case = (
        state.holdings[ORDER][a:b],
        terms.holdings[MINIMUM_ORDER][a:b],
        terms.holdings[CASE_SIZE][a:b],
    )
    for i in range(order.size):
        if order[i] < minimum[i]:
            order[i] = 0.0
        elif case[i] > 0.0:
            cases = float(int(order[i] / case[i]))
            cases += 1.0 if cases * case[i] < order[i] else 0.0
            order[i] = cases * case[i]


@rule
def place_orders(tier: int, world: World, state: State) -> None:
    """Settle the orders of a tier: from now on the goods are on order."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    order, on_order, offered = (
        state.holdings[ORDER][a:b],
        state.holdings[ON_ORDER][a:b],
        state.holdings[OFFERED][a:b],
    )
    for i in range(order.size):
        order[i], on_order[i] = placed(order[i], offered[i], on_order[i])


@rule
def placed(order: float, offered: float, on_order: float) -> tuple[float, float]:
    """Return the order of a holding that is offered, and what is on order with it."""
    order *= offered
    return order, on_order + order
