"""Settlement: sales become revenue, invoices become payments, the week becomes an account.

Every flow of money has a payer and a payee. Consumers pay stores at once. Buyers pay invoices when
they fall due: in full (their cash may run below zero, which is an overdraft), or, where a member is
liquidity-constrained, as far as its cash goes: it proposes min(due, cash), shared among its creditors
in proportion, and the rest stays in arrears. Without payables an invoice is paid the week it is made out.

The account of a week values goods sold at replacement cost w (production cost at the top):

    a_l = revenue − w·sales − handling·sales − h·w·stock − κ̃·e²/2 − write-off
    π_j = Σ_l a_l − weekly cost − finance + listing fees received − listing fees paid
    finance = r·(receivable − payable)

with h the holding rate plus obsolescence. Finance is the notional cost of capital tied up in
credit, not a payment; all other terms move cash. Source: cost accounting at replacement cost, which
leaves holding gains on stock out of the operating profit (Edwards & Bell 1961). Listing fees go from
the supplier of a shelf to its store every week, at once (`channelsim.listing`); so do support, franchise fees
and compensation, which stand beside the unit price (`support`): they enter a holding's account as expense of
who pays and, negative, of who receives.

Limit: no credit, no stock, no cost of service: π = (p − w)·q − fixed cost.
"""

from __future__ import annotations

from channelsim.columns import (
    ARREARS,
    BUYER_HOLDING,
    BUYER_MEMBER,
    CASH,
    CASH_FLOW,
    CASH_MOVED,
    CLEARED,
    COST_OF_CAPITAL,
    COST_OF_GOODS,
    DEBT,
    END_HOLDING,
    END_LINK,
    FINANCE_COST,
    FIRST_HOLDING,
    FIRST_LINK,
    HANDLING_COST,
    HOLDING_RATE,
    LIQUIDITY,
    LISTING_FEES_PAID,
    LISTING_FEES_RECEIVED,
    MEMBER,
    OBSOLESCENCE,
    OPERATING,
    OPERATING_COST,
    PAID,
    PAYABLE,
    PAYMENT,
    PAYMENT_DUE,
    PAYMENT_MADE,
    PAYMENT_SHARE,
    PRICE,
    PROFIT,
    RECEIVABLE,
    RECEIVED,
    REVENUE,
    SALES,
    SERVICE,
    SOLD_AT_COST,
    STOCK,
    TIER_BREADTH,
    TIER_BUYER_OFFSET,
    TIER_END_HOLDING,
    TIER_END_LINK,
    TIER_END_MEMBER,
    TIER_FIRST_LINK,
    TIER_FIRST_MEMBER,
    TRAINED_SERVICE_COST,
    UNIT_COST,
    WEEKLY_COST,
    WRITE_OFF,
)
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms.demand import first_line_of, first_shelf_of
from channelsim.mechanisms.member_sums import add_holdings
from channelsim.numerics import total
from channelsim.prefetch import STRETCH, fetch
from channelsim.tables import Floats, Integers, State, Terms, World


@rule
def settle_sales(state: State) -> None:
    """Settle consumers' purchases: goods leave the shelf, revenue is made."""
    first = first_shelf_of(state)
    stock, sales = state.holdings[STOCK][first:], state.holdings[SALES][first:]
    price, revenue = state.holdings[PRICE][first:], state.holdings[REVENUE][first:]
    hand_over_rows(stock, sales, price, revenue)


@rule
def handed_over(stock: float, sales: float, price: float) -> tuple[float, float]:
    """Return the stock that is left, and the revenue."""
    return stock - sales, price * sales


@rowwise
def hand_over_rows(stock: Floats, sales: Floats, price: Floats, revenue: Floats) -> None:
    """Write what is left and what it earned."""
    for i in range(sales.size):
        stock[i], revenue[i] = handed_over(stock[i], sales[i], price[i])


@rule
def present_bills(week: int, world: World, state: State) -> None:
    """Settle what falls due this week and add it to each buyer's arrears; buyers intend to pay in full."""
    due, arrears = state.payables[week % state.payables.shape[0]], state.links[ARREARS]
    wanted, intended, buyer = (
        state.members[PAYMENT_DUE],
        state.members[PAYMENT_MADE],
        world.links_index[BUYER_MEMBER],
    )
    for k in range(arrears.size):
        arrears[k] += due[k]
        due[k] = 0.0
    for m in range(wanted.size):
        wanted[m] = 0.0
    for k in range(arrears.size):
        wanted[buyer[k]] += arrears[k]
    for m in range(wanted.size):
        intended[m] = wanted[m]


@rule
def propose_payment_from_cash(world: World, state: State) -> None:
    """Propose that liquidity-constrained members pay no more than their cash."""
    cash, intended = state.members[CASH], state.members[PAYMENT_MADE]
    for m in range(intended.size):
        if world.members_index[LIQUIDITY, m] == 1:
            intended[m] = min(intended[m], max(cash[m], 0.0))


@rule
def settle_payments(world: World, state: State) -> None:
    """Settle payments, each creditor's in proportion to what is due to it."""
    wanted, made, share = (
        state.members[PAYMENT_DUE],
        state.members[PAYMENT_MADE],
        state.members[PAYMENT_SHARE],
    )
    for m in range(share.size):
        share[m] = 1.0 if made[m] == wanted[m] else made[m] / max(wanted[m], 1e-300)
    payment, arrears, debt = state.links[PAYMENT], state.links[ARREARS], state.links[DEBT]
    buyer = world.links_index[BUYER_MEMBER]
    for a in range(0, payment.size, STRETCH):
        b = min(a + STRETCH, payment.size)
        fetch(payment[a:b])
        pay_rows(share, buyer[a:b], payment[a:b], arrears[a:b], debt[a:b])


@rowwise
def pay_rows(share: Floats, buyer: Integers, payment: Floats, arrears: Floats, debt: Floats) -> None:
    """Write what is paid on every link, and what stays in arrears and in debt."""
    for k in range(payment.size):
        payment[k] = arrears[k] * share[buyer[k]]
        arrears[k] -= payment[k]
        debt[k] -= payment[k]


@rule
def receive_invoices(state: State) -> None:
    """Settle what sellers receive when invoices are paid the week they are made out: their revenue."""
    received, revenue = state.holdings[RECEIVED], state.holdings[REVENUE]
    fetch(received)
    for h in range(received.size):
        received[h] = revenue[h]


@rule
def receive_payments(world: World, state: State) -> None:
    """Settle what sellers receive: consumers' money at once, buyers' payments when made."""
    received, revenue, first = state.holdings[RECEIVED], state.holdings[REVENUE], first_shelf_of(state)
    first_link, end_link = world.holdings_index[FIRST_LINK], world.holdings_index[END_LINK]
    for h in range(first):
        received[h] = total(state.links[PAYMENT][first_link[h] : end_link[h]])
    for h in range(first, received.size):
        received[h] = revenue[h]


@rule
def charge_buyers(paying: int, world: World, state: State) -> None:
    """Settle what buyers pay for each holding; ``paying`` is the link column that holds it."""
    paid = state.holdings[PAID]
    fetch(paid)
    written = 0  # holdings, from the first, of which something stands there already
    for tier in range(world.tiers_index.shape[1]):
        start, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
        offset = world.tiers_index[TIER_BUYER_OFFSET, tier]
        amount = state.links[paying][start:end]
        if offset >= 0 and start + offset >= written:  # the buyers lie side by side, and buy on no other link
            pay_nothing(paid[written : start + offset])
            written = end + offset
            pay_all(amount, paid[start + offset : written])
        else:
            buyer = world.links_index[BUYER_HOLDING][start:end]
            pay_nothing(paid[written:])
            written = paid.size
            for k in range(amount.size):
                paid[buyer[k]] += amount[k]
    pay_nothing(paid[written:])


@rule
def pay_nothing(paid: Floats) -> None:
    """Write that nothing has been paid yet."""
    for h in range(paid.size):
        paid[h] = 0.0


@rowwise
def pay_all(amount: Floats, paid: Floats) -> None:
    """Write what is paid on links side by side by their buyers."""
    for k in range(paid.size):
        paid[k] = 0.0 + amount[k]


@rule
def tally_credit(world: World, state: State) -> None:
    """Settle what each member owes and is owed, and the notional cost of the capital tied up in it."""
    payable, receivable, debt = state.members[PAYABLE], state.members[RECEIVABLE], state.links[DEBT]
    buyer, member = world.links_index[BUYER_MEMBER], world.holdings_index[MEMBER]
    first_link, end_link = world.holdings_index[FIRST_LINK], world.holdings_index[END_LINK]
    for m in range(payable.size):
        payable[m] = 0.0
    for m in range(receivable.size):
        receivable[m] = 0.0
    for k in range(debt.size):
        payable[buyer[k]] += debt[k]
    for h in range(first_shelf_of(state)):  # a supplier's links lie side by side
        receivable[member[h]] += total(debt[first_link[h] : end_link[h]])
    finance, rate = state.members[FINANCE_COST], world.scenario[COST_OF_CAPITAL]
    for m in range(payable.size):
        finance[m] = rate * (receivable[m] - payable[m])


@rule
def account_for_goods(world: World, state: State) -> None:
    """Settle the week's account of every holding: goods sold, cost of stock and handling, money moved."""
    cost, sales, stock = state.holdings[UNIT_COST], state.holdings[SALES], state.holdings[STOCK]
    goods, operating, flow = (
        state.holdings[COST_OF_GOODS],
        state.holdings[OPERATING],
        state.holdings[CASH_FLOW],
    )
    received, paid = state.holdings[RECEIVED], state.holdings[PAID]
    rate, obsolescence, handling = (
        world.holdings[HOLDING_RATE],
        world.holdings[OBSOLESCENCE],
        world.holdings[HANDLING_COST],
    )
    producers = world.tiers_index[TIER_END_HOLDING, 0]
    for line in range(first_line_of(state) - STRETCH, goods.size, STRETCH):
        a, b = max(0, line), min(line + STRETCH, goods.size)
        fetch(goods[a:b])
        fetch(operating[a:b])
        fetch(flow[a:b])
        account_rows(
            max(0, min(producers, b) - a),
            cost[a:b],
            sales[a:b],
            stock[a:b],
            rate[a:b],
            obsolescence[a:b],
            handling[a:b],
            received[a:b],
            paid[a:b],
            goods[a:b],
            operating[a:b],
            flow[a:b],
        )


@rowwise
def account_rows(
    producers: int,
    cost: Floats,
    sales: Floats,
    stock: Floats,
    rate: Floats,
    obsolescence: Floats,
    handling: Floats,
    received: Floats,
    paid: Floats,
    goods: Floats,
    operating: Floats,
    flow: Floats,
) -> None:
    """Write the account of every holding, the first of which are the producers."""
    for h in range(goods.size):
        goods[h] = cost[h] * sales[h]
        operating[h] = (rate[h] + obsolescence[h]) * cost[h] * stock[h] + handling[h] * sales[h]
    for h in range(goods.size):
        flow[h] = received[h] - paid[h] - operating[h]
    for h in range(producers):
        flow[h] -= goods[h]


@rule
def charge_effort(terms: Terms, state: State) -> None:
    """Settle the cost of service effort, κ̃·e²/2 (whoever bears it in the end: `support`)."""
    first = first_shelf_of(state)
    service, effort_cost = state.holdings[SERVICE][first:], terms.holdings[TRAINED_SERVICE_COST][first:]
    operating, flow = state.holdings[OPERATING][first:], state.holdings[CASH_FLOW][first:]
    charge_effort_rows(service, effort_cost, operating, flow)


@rowwise
def charge_effort_rows(service: Floats, effort_cost: Floats, operating: Floats, flow: Floats) -> None:
    """Add the cost of effort to the operating cost, and take it off the cash flow."""
    for i in range(service.size):
        cost = 0.5 * effort_cost[i] * service[i] * service[i]
        operating[i] += cost
        flow[i] -= cost


@rule
def charge_write_offs(state: State) -> None:
    """Settle the loss on stock cleared at the end of a season; its salvage value is cash."""
    cost, cleared, write_off = state.holdings[UNIT_COST], state.holdings[CLEARED], state.holdings[WRITE_OFF]
    operating, flow = state.holdings[OPERATING], state.holdings[CASH_FLOW]
    for h in range(cost.size):
        operating[h] += write_off[h]
        flow[h] += cost[h] * cleared[h] - write_off[h]


@rule
def close_accounts(world: World, terms: Terms, state: State) -> None:
    """Settle the week's account of every member."""
    profit, cash, operating_cost = state.members[PROFIT], state.members[CASH], state.members[OPERATING_COST]
    finance, weekly = state.members[FINANCE_COST], terms.members[WEEKLY_COST]
    revenue, goods = state.holdings[REVENUE], state.holdings[COST_OF_GOODS]
    operating, flow = state.holdings[OPERATING], state.holdings[CASH_FLOW]
    fees, listing_income = terms.members[LISTING_FEES_PAID], terms.members[LISTING_FEES_RECEIVED]
    if profit.size == goods.size:  # one holding a member: rows line up
        for line in range(first_line_of(state) - STRETCH, profit.size, STRETCH):
            a, b = max(0, line), min(line + STRETCH, profit.size)
            fetch(operating_cost[a:b])
            fetch(profit[a:b])
            close_rows(
                weekly[a:b],
                fees[a:b],
                listing_income[a:b],
                finance[a:b],
                revenue[a:b],
                goods[a:b],
                operating[a:b],
                flow[a:b],
                operating_cost[a:b],
                profit[a:b],
                cash[a:b],
            )
        return
    sold, moved = state.members[SOLD_AT_COST], state.members[CASH_MOVED]
    for tier in range(world.tiers_index.shape[1]):
        breadth = world.tiers_index[TIER_BREADTH, tier]
        a, b = world.tiers_index[TIER_FIRST_MEMBER, tier], world.tiers_index[TIER_END_MEMBER, tier]
        start, end = world.members_index[FIRST_HOLDING][a:b], world.members_index[END_HOLDING][a:b]
        add_holdings(breadth, start, end, 0, operating, operating_cost[a:b])
        add_holdings(breadth, start, end, 0, revenue, profit[a:b])
        add_holdings(breadth, start, end, 0, goods, sold[a:b])
        add_holdings(breadth, start, end, 0, flow, moved[a:b])
    close_sums(weekly, fees, listing_income, finance, sold, operating_cost, profit, moved, cash)


@rowwise
def close_rows(
    weekly: Floats,
    fees: Floats,
    listing_income: Floats,
    finance: Floats,
    revenue: Floats,
    goods: Floats,
    operating: Floats,
    flow: Floats,
    operating_cost: Floats,
    profit: Floats,
    cash: Floats,
) -> None:
    """Write the accounts of members with one holding each."""
    for m in range(profit.size):
        operating_cost[m] = operating[m] + (weekly[m] + fees[m])
        profit[m] = revenue[m] - goods[m] - operating_cost[m] - finance[m] + listing_income[m]
    for m in range(profit.size):
        cash[m] += flow[m] - (weekly[m] + fees[m]) + listing_income[m]


@rowwise
def close_sums(
    weekly: Floats,
    fees: Floats,
    listing_income: Floats,
    finance: Floats,
    sold: Floats,
    operating_cost: Floats,
    profit: Floats,
    moved: Floats,
    cash: Floats,
) -> None:
    """Write the accounts of members whose holdings are added up."""
    for m in range(profit.size):
        fixed = weekly[m] + fees[m]
        operating_cost[m] += fixed
        profit[m] += listing_income[m] - sold[m] - operating_cost[m] - finance[m]
        moved[m] += listing_income[m] - fixed
        cash[m] += moved[m]
