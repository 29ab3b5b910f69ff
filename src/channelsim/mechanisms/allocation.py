"""Arrivals, allocation and shipment: goods flow down the tiers, backlog stays upstream.

A supplier owes its buyers old backlog and new orders. With enough stock it ships all of it; short of
stock it shares what it has in proportion to what it owes:

    shipped_l = (backlog_l + ordered_l) · min(1, available / Σ owed).

In the records old backlog counts as served before new orders. The top tier produces what it ships, up to
its capacity. Goods shipped in week t on a link of lead time L arrive at the start of week t + 1 + L; the
invoice is made out at shipment at the wholesale price of the week, less the contract's quantity discount,
and, where payables are kept, falls due credit_weeks after arrival.

Limit: ample stock ships every order in full the week it is placed.
"""

from __future__ import annotations

from channelsim.columns import (
    ARRIVED,
    BACKLOG,
    BUYER_HOLDING,
    CAPACITY,
    DEBT,
    DEMAND,
    DISCOUNT_MODE,
    DISCOUNT_SHARE_1,
    DISCOUNT_THRESHOLD_1,
    DUE_AFTER,
    END_LINK,
    FIRST_LINK,
    INCENTIVE_IN_USE,
    INVOICE,
    LATE_SALES,
    LEAD_TIME,
    ON_ORDER,
    ORDERED,
    OWED,
    REVENUE,
    SALES,
    SHARE_SHIPPED,
    SHIPPED,
    STOCK,
    STOCKOUT,
    SUPPLIER_HOLDING,
    TIER_BUYER_OFFSET,
    TIER_END_HOLDING,
    TIER_END_LINK,
    TIER_FIRST_HOLDING,
    TIER_FIRST_LINK,
    TIER_LEAD_TIME,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms.terms import invoice
from channelsim.numerics import total
from channelsim.prefetch import STRETCH, fetch
from channelsim.tables import Floats, Integers, State, Terms, World

MANY_BUYERS = 16
"""Links a supplier from which a loop to hand out its share is worth its start; below, each looks it up."""


@rule
def receive_goods(week: int, world: World, state: State) -> None:
    """Settle arrivals: goods due this week enter their buyer's stock."""
    due, arrived_of = state.pipeline[week % state.pipeline.shape[0]], state.links[ARRIVED]
    for tier in range(world.tiers_index.shape[1]):
        first, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
        offset = world.tiers_index[TIER_BUYER_OFFSET, tier]
        arriving, arrived = due[first:end], arrived_of[first:end]
        if offset >= 0:  # the buyers lie side by side: contiguous, so it vectorises
            stock = state.holdings[STOCK][first + offset : end + offset]
            on_order = state.holdings[ON_ORDER][first + offset : end + offset]
            for a in range(0, arrived.size, STRETCH):
                b = min(a + STRETCH, arrived.size)
                fetch(arrived[a:b])
                unload(arriving[a:b], arrived[a:b], stock[a:b], on_order[a:b])
        else:
            buyer = world.links_index[BUYER_HOLDING][first:end]
            for k in range(arrived.size):
                goods = arriving[k]
                arrived[k] = goods
                arriving[k] = 0.0
                state.holdings[STOCK, buyer[k]] += goods
                state.holdings[ON_ORDER, buyer[k]] -= goods


@rowwise
def unload(arriving: Floats, arrived: Floats, stock: Floats, on_order: Floats) -> None:
    """Put the goods that arrive on links side by side into the stock of their buyers."""
    for k in range(arrived.size):
        goods = arriving[k]
        arrived[k] = goods
        arriving[k] = 0.0
        stock[k] += goods
        on_order[k] -= goods


@rule
def allocate_and_ship(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Settle the shipments of a tier: shared in proportion when stock is short."""
    stock, capacity, owed = state.holdings[STOCK], state.holdings[CAPACITY], state.holdings[OWED]
    demand, sales, stockout = state.holdings[DEMAND], state.holdings[SALES], state.holdings[STOCKOUT]
    late, share = state.holdings[LATE_SALES], state.holdings[SHARE_SHIPPED]
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        available = capacity[h] if tier == 0 else stock[h]
        wanted = owed[h] + demand[h]
        sales[h] = min(available, wanted)
        late[h] = min(owed[h], sales[h])
        stockout[h] = 1.0 if wanted > available else 0.0
        owed[h] = wanted - sales[h]
        if tier > 0:
            stock[h] -= sales[h]
        share[h] = 1.0 if wanted <= available else available / wanted
    first, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
    first_holding, end_holding = (
        world.tiers_index[TIER_FIRST_HOLDING, tier],
        world.tiers_index[TIER_END_HOLDING, tier],
    )
    ordered, backlog = state.links[ORDERED], state.links[BACKLOG]
    shipped, invoiced, price = state.links[SHIPPED], state.links[INVOICE], state.links[WHOLESALE_PRICE]
    if end - first >= MANY_BUYERS * (end_holding - first_holding):
        for h in range(first_holding, end_holding):
            a, b = world.holdings_index[FIRST_LINK, h], world.holdings_index[END_LINK, h]
            hand_out(share[h], shipped[a:b])
        for a in range(first, end, STRETCH):  # one supplier's links need not begin a line of the cache
            b = min(a + STRETCH, end)
            fetch(invoiced[a:b])
            ship(ordered[a:b], backlog[a:b], shipped[a:b], price[a:b], invoiced[a:b])
    else:
        supplier = world.links_index[SUPPLIER_HOLDING]
        for a in range(first, end, STRETCH):
            b = min(a + STRETCH, end)
            fetch(shipped[a:b])
            fetch(invoiced[a:b])
            ship_each(
                share, supplier[a:b], ordered[a:b], backlog[a:b], shipped[a:b], price[a:b], invoiced[a:b]
            )
    dispatch(tier, week, world, terms, state)


@rule
def fill_order(share: float, ordered: float, backlog: float) -> tuple[float, float]:
    """Return what is shipped on a link and what stays behind: nothing, to the last bit, if all is shipped."""
    owed = backlog + ordered
    shipped = owed * share
    return shipped, owed - shipped


@rule
def hand_out(share: float, shares: Floats) -> None:
    """Write a supplier's share at each of its links."""
    for k in range(shares.size):
        shares[k] = share


@rowwise
def ship(ordered: Floats, backlog: Floats, shipped: Floats, price: Floats, invoiced: Floats) -> None:
    """Fill the orders of links, each by the share that stands in its shipment, and make out the invoices."""
    for k in range(shipped.size):
        shipped[k], backlog[k] = fill_order(shipped[k], ordered[k], backlog[k])
        invoiced[k] = shipped[k] * price[k]


@rowwise
def ship_each(
    share: Floats,
    supplier: Integers,
    ordered: Floats,
    backlog: Floats,
    shipped: Floats,
    price: Floats,
    invoiced: Floats,
) -> None:
    """Fill the orders of links of several suppliers, each by its supplier's share; as `ship`."""
    for k in range(shipped.size):
        shipped[k], backlog[k] = fill_order(share[supplier[k]], ordered[k], backlog[k])
        invoiced[k] = shipped[k] * price[k]


@rule
def dispatch(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Put the tier's shipments on their way and take quantity discounts off the invoices."""
    first, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
    ring, lead = state.pipeline.shape[0], world.tiers_index[TIER_LEAD_TIME, tier]
    shipped = state.links[SHIPPED][first:end]
    if state.incentives.shape[1] > 0:
        index = terms.incentives_index
        for k in range(first, end):
            if index[INCENTIVE_IN_USE, k] > 0:
                state.links[INVOICE, k] = invoice(
                    state.links[SHIPPED, k],
                    state.links[WHOLESALE_PRICE, k],
                    index[DISCOUNT_MODE, k],
                    DISCOUNT_THRESHOLD_1,
                    DISCOUNT_SHARE_1,
                    k,
                    terms.incentives,
                )
    if lead >= 0:
        arriving = state.pipeline[(week + 1 + lead) % ring][first:end]
        for k in range(shipped.size):
            arriving[k] += shipped[k]
    else:
        lead_time, now = world.links_index[LEAD_TIME], week % ring
        for k in range(shipped.size):
            state.pipeline[later(now, 1 + lead_time[first + k], ring), first + k] += shipped[k]
    revenue, first_link, end_link = (
        state.holdings[REVENUE],
        world.holdings_index[FIRST_LINK],
        world.holdings_index[END_LINK],
    )
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        revenue[h] = total(state.links[INVOICE][first_link[h] : end_link[h]])


@rule
def give_credit(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Settle the week's invoices as debts that fall due credit_weeks after the goods arrive."""
    first, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
    ring, due_after = state.payables.shape[0], terms.links_index[DUE_AFTER]
    invoiced, debt = state.links[INVOICE][first:end], state.links[DEBT][first:end]
    now, others = week % ring, 0
    for k in range(first, end):
        others += 1 if due_after[k] != due_after[first] else 0
    if others == 0 and end > first:  # the same terms on all links: contiguous, so it vectorises
        lend(invoiced, state.payables[later(now, due_after[first], ring)][first:end], debt)
    else:
        for k in range(invoiced.size):
            state.payables[later(now, due_after[first + k], ring), first + k] += invoiced[k]
            debt[k] += invoiced[k]


@rowwise
def lend(invoiced: Floats, due: Floats, debt: Floats) -> None:
    """Add invoices to what falls due in one week, and to what is owed."""
    for k in range(invoiced.size):
        due[k] += invoiced[k]
        debt[k] += invoiced[k]


@rule
def later(now: int, weeks: int, ring: int) -> int:
    """Return the place in a ring of weeks that lies fewer than a whole turn ahead."""
    place = now + weeks
    return place - ring if place >= ring else place
