"""Neighbouring steps of the week taken in one pass, where compiled code runs whole replications.

Step by step, a quantity that one rule writes and the next one reads goes to memory and back, which takes
longer than the arithmetic. Where the plan has the steps of a `Fusion` side by side, the batch engine takes
them together: one loop that forms, row by row, what each of them would have formed, and writes all of it.
The formulas are those of the mechanisms, which the steps themselves call for one row after the other, so
that results are the same to the last bit. The Mesa model, which lets an agent replace a decision between two
steps, and plain Python (JIT off) take one step at a time.

A loop of more than a dozen rows is no gain: they would not stay in the nearest cache together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from channelsim.codes import ORDER_UP_TO
from channelsim.columns import (
    DEMAND,
    FORECAST,
    FORECAST_RULE,
    FORECAST_VARIANCE,
    MEAN_DEMAND,
    OFFERED,
    ON_ORDER,
    ORDER,
    ORDER_RULE,
    OWED,
    POSITION,
    PRICE,
    PROTECTION_WEEKS,
    REVENUE,
    SAFETY_FACTOR,
    SALES,
    SMOOTHING,
    STOCK,
    STOCKOUT,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    VARIATION,
)
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms import demand as selling
from channelsim.mechanisms import ordering, settlement
from channelsim.prefetch import STRETCH, fetch
from channelsim.tables import Draws, Floats, Integers, State, Terms, World
from channelsim.week import (
    FORECAST_BY_SMOOTHING,
    PLACE_ORDERS,
    PROPOSE_ORDER_UP_TO,
    REALISE_NORMAL_DEMAND,
    SELL,
    SETTLE_SALES,
    STEPS,
    TAKE_POSITION,
)

TAKEN = -1
"""Code of a step that an earlier one has taken along."""
FIRST_FUSED = len(STEPS)
SELL_NORMAL_DEMAND, SELL_OUTRIGHT, ORDER_UP_TO_LEVEL = range(FIRST_FUSED, FIRST_FUSED + 3)


class Fusion(NamedTuple):
    """Steps that are taken in one pass, if they are planned side by side for the same tier and weeks."""

    code: int
    steps: tuple[int, ...]


FUSIONS = (
    Fusion(SELL_NORMAL_DEMAND, (REALISE_NORMAL_DEMAND, SELL, SETTLE_SALES)),
    Fusion(SELL_OUTRIGHT, (SELL, SETTLE_SALES)),
    Fusion(ORDER_UP_TO_LEVEL, (FORECAST_BY_SMOOTHING, TAKE_POSITION, PROPOSE_ORDER_UP_TO, PLACE_ORDERS)),
)
"""Longer ones first: of those that fit, the first is taken."""


def fuse(plan: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the same plan (code, tier, period) with fused steps; every step keeps its place."""
    fused = list(plan)
    for place in range(len(plan)):
        if fused[place][0] == TAKEN:
            continue
        for fusion in FUSIONS:
            end = place + len(fusion.steps)
            codes = tuple(code for code, _, _ in fused[place:end])
            if codes == fusion.steps and len({(tier, every) for _, tier, every in fused[place:end]}) == 1:
                _, tier, every = fused[place]
                fused[place:end] = [(fusion.code, tier, every)] + [(TAKEN, tier, every)] * (end - place - 1)
                break
    return fused


@rule
def take_together(
    code: int, tier: int, week: int, world: World, terms: Terms, state: State, draws: Draws
) -> None:
    """Perform the steps of a fusion."""
    if code == SELL_NORMAL_DEMAND:
        sell_normal_demand(week, world, state, draws)
    elif code == SELL_OUTRIGHT:
        sell_outright(state)
    elif code == ORDER_UP_TO_LEVEL:
        order_up_to_level(tier, world, terms, state)


@rule
def sell_normal_demand(week: int, world: World, state: State, draws: Draws) -> None:
    """Settle normal demand and what it buys from stock."""
    first, end = selling.first_shelf_of(state), state.holdings.shape[1]
    normal = draws.shelf[week % draws.shelf.shape[0]]
    for a in range(first, end, STRETCH):
        b = min(a + STRETCH, end)
        for column in (DEMAND, SALES, STOCKOUT, REVENUE):
            fetch(state.holdings[column][a:b])
        _sell_normal_demand(
            state.holdings[MEAN_DEMAND][a:b],
            world.holdings[VARIATION][a:b],
            normal[a - first : b - first],
            state.holdings[PRICE][a:b],
            state.holdings[DEMAND][a:b],
            state.holdings[SALES][a:b],
            state.holdings[STOCKOUT][a:b],
            state.holdings[STOCK][a:b],
            state.holdings[REVENUE][a:b],
        )


@rowwise
def _sell_normal_demand(
    mean: Floats,
    variation: Floats,
    normal: Floats,
    price: Floats,
    demand: Floats,
    sales: Floats,
    stockout: Floats,
    stock: Floats,
    revenue: Floats,
) -> None:
    for i in range(demand.size):
        wanted = selling.clipped(mean[i], variation[i], normal[i])
        sold, short = selling.sold(stock[i], wanted)
        demand[i] = wanted
        sales[i] = sold
        stockout[i] = short
        stock[i], revenue[i] = settlement.handed_over(stock[i], sold, price[i])


@rule
def sell_outright(state: State) -> None:
    """Settle what the week's demand buys from stock."""
    end = state.holdings.shape[1]
    for a in range(selling.first_shelf_of(state), end, STRETCH):
        b = min(a + STRETCH, end)
        for column in (SALES, STOCKOUT, REVENUE):
            fetch(state.holdings[column][a:b])
        _sell_outright(
            state.holdings[DEMAND][a:b],
            state.holdings[PRICE][a:b],
            state.holdings[SALES][a:b],
            state.holdings[STOCKOUT][a:b],
            state.holdings[STOCK][a:b],
            state.holdings[REVENUE][a:b],
        )


@rowwise
def _sell_outright(
    demand: Floats, price: Floats, sales: Floats, stockout: Floats, stock: Floats, revenue: Floats
) -> None:
    for i in range(demand.size):
        sold, short = selling.sold(stock[i], demand[i])
        sales[i] = sold
        stockout[i] = short
        stock[i], revenue[i] = settlement.handed_over(stock[i], sold, price[i])


@rule
def order_up_to_level(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle forecasts, inventory positions and the orders that follow from them."""
    first, end = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    pending = ordering.pending_share(tier, world)
    for a in range(first, end, STRETCH):
        b = min(a + STRETCH, end)
        fetch(state.holdings[POSITION][a:b])
        _order_up_to_level(
            pending,
            world.holdings_index[FORECAST_RULE][a:b],
            world.holdings[SMOOTHING][a:b],
            state.holdings[DEMAND][a:b],
            state.holdings[STOCK][a:b],
            state.holdings[OWED][a:b],
            terms.holdings[PROTECTION_WEEKS][a:b],
            state.holdings[SAFETY_FACTOR][a:b],
            world.holdings_index[ORDER_RULE][a:b],
            state.holdings[OFFERED][a:b],
            state.holdings[FORECAST][a:b],
            state.holdings[FORECAST_VARIANCE][a:b],
            state.holdings[POSITION][a:b],
            state.holdings[ORDER][a:b],
            state.holdings[ON_ORDER][a:b],
        )


@rowwise
def _order_up_to_level(
    pending: float,
    forecast_rule: Integers,
    smoothing: Floats,
    demand: Floats,
    stock: Floats,
    owed: Floats,
    weeks: Floats,
    factor: Floats,
    order_rule: Integers,
    offered: Floats,
    forecast: Floats,
    variance: Floats,
    position: Floats,
    order: Floats,
    on_order: Floats,
) -> None:
    for i in range(order.size):
        expected, spread = ordering.smoothed(
            forecast_rule[i], smoothing[i], demand[i], forecast[i], variance[i]
        )
        there = ordering.inventory_position(stock[i], on_order[i], owed[i], pending * demand[i])
        wanted = ordering.up_to_level(expected, spread, weeks[i], factor[i], there)
        wanted = wanted if order_rule[i] == ORDER_UP_TO else order[i]
        forecast[i] = expected
        variance[i] = spread
        position[i] = there
        order[i], on_order[i] = ordering.placed(wanted, offered[i], on_order[i])
