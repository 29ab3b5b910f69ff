"""Neighbouring steps of the week taken in one pass, where compiled code runs whole replications.

Step by step, a quantity that one rule writes and the next one reads goes to memory and back, which takes
longer than the arithmetic. Where the plan has the steps of a `Fusion` side by side, the batch engine takes them
together: one loop that forms, row by row, what every step of them would have formed, and writes all of it.
The formulas are those of the mechanisms, which the steps themselves call for one row after the other, so that
results are the same to the last bit. The Mesa model, which lets an agent replace a decision between two steps,
and plain Python (JIT off) take one step at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from channelsim.columns import (
    CASH,
    CASH_FLOW,
    COST_OF_GOODS,
    DEMAND,
    FINANCE_COST,
    FORECAST,
    FORECAST_RULE,
    FORECAST_VARIANCE,
    HANDLING_COST,
    HOLDING_RATE,
    INVOICE,
    LISTING_FEES_PAID,
    LISTING_FEES_RECEIVED,
    MEAN_DEMAND,
    OBSOLESCENCE,
    OFFERED,
    ON_ORDER,
    OPERATING,
    OPERATING_COST,
    ORDER,
    ORDER_RULE,
    OWED,
    PAID,
    POSITION,
    PRICE,
    PROFIT,
    PROTECTION_WEEKS,
    RECEIVED,
    REVENUE,
    SAFETY_FACTOR,
    SALES,
    SMOOTHING,
    STOCK,
    STOCKOUT,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    VARIATION,
    WEEKLY_COST,
)
from channelsim.codes import ORDER_UP_TO
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms import demand as selling
from channelsim.mechanisms import ordering, settlement
from channelsim.prefetch import fetch
from channelsim.tables import Draws, Floats, Integers, State, Terms, World
from channelsim.week import (
    ACCOUNT_FOR_GOODS,
    CHARGE_INVOICES,
    CLOSE_ACCOUNTS,
    FORECAST_BY_SMOOTHING,
    PLACE_ORDERS,
    PROPOSE_ORDER_UP_TO,
    REALISE_NORMAL_DEMAND,
    RECEIVE_INVOICES,
    SELL,
    SETTLE_SALES,
    STEPS,
    TAKE_POSITION,
)

TAKEN = -1
"""Code of a step that an earlier one has taken along."""
FIRST_FUSED = len(STEPS)
SELL_NORMAL_DEMAND, SELL_OUTRIGHT, ORDER_UP_TO_LEVEL, SETTLE_ACCOUNTS = range(FIRST_FUSED, FIRST_FUSED + 4)


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
    elif code == SETTLE_ACCOUNTS:
        settle_accounts(world, terms, state)


@rule
def sell_normal_demand(week: int, world: World, state: State, draws: Draws) -> None:
    """Settle normal demand and what it buys from stock."""
    first = selling.first_shelf_of(state)
    for column in (DEMAND, SALES, STOCKOUT, REVENUE):
        fetch(state.holdings[column][first:])
    _sell_normal_demand(
        state.holdings[MEAN_DEMAND][first:],
        world.holdings[VARIATION][first:],
        draws.shelf[week % draws.shelf.shape[0]],
        state.holdings[PRICE][first:],
        state.holdings[DEMAND][first:],
        state.holdings[SALES][first:],
        state.holdings[STOCKOUT][first:],
        state.holdings[STOCK][first:],
        state.holdings[REVENUE][first:],
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
    first = selling.first_shelf_of(state)
    _sell_outright(
        state.holdings[DEMAND][first:],
        state.holdings[PRICE][first:],
        state.holdings[SALES][first:],
        state.holdings[STOCKOUT][first:],
        state.holdings[STOCK][first:],
        state.holdings[REVENUE][first:],
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
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    fetch(state.holdings[POSITION][a:b])
    _order_up_to_level(
        ordering.pending_share(tier, world),
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


@rule
def settle_accounts(world: World, terms: Terms, state: State) -> None:
    """Settle the week's accounts where invoices are paid the week they are made out."""
    settlement.charge_buyers(INVOICE, world, state)
    if state.members.shape[1] != state.holdings.shape[1]:
        settlement.receive_invoices(state)
        settlement.account_for_goods(world, state)
        settlement.close_accounts(world, terms, state)
        return
    for column in (RECEIVED, COST_OF_GOODS, OPERATING, CASH_FLOW):
        fetch(state.holdings[column])
    fetch(state.members[OPERATING_COST])
    fetch(state.members[PROFIT])
    _settle_accounts(  # one holding a member: rows line up
        world.tiers_index[TIER_END_HOLDING, 0],
        state.holdings[UNIT_COST],
        state.holdings[SALES],
        state.holdings[STOCK],
        world.holdings[HOLDING_RATE],
        world.holdings[OBSOLESCENCE],
        world.holdings[HANDLING_COST],
        state.holdings[REVENUE],
        state.holdings[PAID],
        terms.members[WEEKLY_COST],
        terms.members[LISTING_FEES_PAID],
        terms.members[LISTING_FEES_RECEIVED],
        state.members[FINANCE_COST],
        state.holdings[RECEIVED],
        state.holdings[COST_OF_GOODS],
        state.holdings[OPERATING],
        state.holdings[CASH_FLOW],
        state.members[OPERATING_COST],
        state.members[PROFIT],
        state.members[CASH],
    )


@rowwise
def _settle_accounts(
    producers: int,
    cost: Floats,
    sales: Floats,
    stock: Floats,
    rate: Floats,
    obsolescence: Floats,
    handling: Floats,
    revenue: Floats,
    paid: Floats,
    weekly: Floats,
    fees: Floats,
    income: Floats,
    finance: Floats,
    received: Floats,
    goods: Floats,
    operating: Floats,
    flow: Floats,
    operating_cost: Floats,
    profit: Floats,
    cash: Floats,
) -> None:
    for h in range(goods.size):
        of_goods, of_stock, in_hand = settlement.account(
            h < producers,
            cost[h],
            sales[h],
            stock[h],
            rate[h] + obsolescence[h],
            handling[h],
            revenue[h],
            paid[h],
        )
        received[h] = revenue[h]
        goods[h] = of_goods
        operating[h] = of_stock
        flow[h] = in_hand
        operating_cost[h], profit[h], moved = settlement.closed(
            weekly[h] + fees[h], income[h], finance[h], revenue[h], of_goods, of_stock, in_hand
        )
        cash[h] += moved
