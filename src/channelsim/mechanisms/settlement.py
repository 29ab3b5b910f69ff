"""Settlement: sales become revenue, invoices become payments, the week becomes an account.

Every flow of money has a payer and a payee. Consumers pay stores at once. Buyers pay invoices when
they fall due: in full (their cash may run below zero, which is an overdraft), or, where a member is
liquidity-constrained, as far as its cash goes: it proposes min(due, cash), shared among its creditors
in proportion, and the rest stays in arrears. Without payables an invoice is paid the week it is made out.

The account of a week values goods sold at replacement cost w (production cost at the top):

    π_j = Σ_l [ revenue − w·sales − handling·sales − h·w·stock − κ·e²/2 − write-off ] − weekly cost − finance
    finance = r·(receivable − payable)

with h the holding rate plus obsolescence. Finance is the notional cost of capital tied up in
credit, not a payment; all other terms move cash. Source: cost accounting at replacement cost, which
leaves holding gains on stock out of the operating profit (Edwards & Bell 1961).

Limit: no credit, no stock, no cost of service: π = (p − w)·q − fixed cost.
"""

from __future__ import annotations

from channelsim.columns import (
    ARREARS,
    BUYER_HOLDING,
    CASH,
    CASH_FLOW,
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
    INCOME,
    LIQUIDITY,
    MEMBER,
    OBSOLESCENCE,
    OPERATING,
    OPERATING_COST,
    PAID,
    PAYABLE,
    PAYMENT,
    PAYMENT_DUE,
    PAYMENT_MADE,
    PRICE,
    PROFIT,
    RECEIVABLE,
    RECEIVED,
    REVENUE,
    SALES,
    SERVICE,
    SERVICE_COST,
    STOCK,
    SUPPLIER_HOLDING,
    TIER_BUYER_OFFSET,
    TIER_END_HOLDING,
    TIER_END_LINK,
    TIER_FIRST_LINK,
    UNIT_COST,
    WEEKLY_COST,
    WRITE_OFF,
)
from channelsim.compiled import rule
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.numerics import total
from channelsim.tables import State, Terms, World


@rule
def settle_sales(state: State) -> None:
    """Settle consumers' purchases: goods leave the shelf, revenue is made."""
    first = first_shelf_of(state)
    stock, sales = state.holdings[STOCK][first:], state.holdings[SALES][first:]
    price, revenue = state.holdings[PRICE][first:], state.holdings[REVENUE][first:]
    for i in range(sales.size):
        stock[i] -= sales[i]
        revenue[i] = price[i] * sales[i]


@rule
def present_bills(week: int, world: World, state: State) -> None:
    """Settle what falls due this week and add it to each buyer's arrears; buyers intend to pay in full."""
    due, arrears = state.payables[week % state.payables.shape[0]], state.links[ARREARS]
    wanted, intended = state.members[PAYMENT_DUE], state.members[PAYMENT_MADE]
    for m in range(wanted.size):
        wanted[m] = 0.0
    for k in range(arrears.size):
        arrears[k] += due[k]
        due[k] = 0.0
        wanted[world.holdings_index[MEMBER, world.links_index[BUYER_HOLDING, k]]] += arrears[k]
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
    payment, arrears, debt = state.links[PAYMENT], state.links[ARREARS], state.links[DEBT]
    wanted, made = state.members[PAYMENT_DUE], state.members[PAYMENT_MADE]
    for k in range(payment.size):
        buyer = world.holdings_index[MEMBER, world.links_index[BUYER_HOLDING, k]]
        paid = made[buyer] == wanted[buyer]
        payment[k] = arrears[k] if paid else arrears[k] * (made[buyer] / max(wanted[buyer], 1e-300))
        arrears[k] -= payment[k]
        debt[k] -= payment[k]


@rule
def book_payments(paying: int, world: World, state: State) -> None:
    """Settle payments to sellers and from buyers; ``paying`` is the link column that holds them."""
    payment, first_link, end_link = state.links[paying], world.holdings_index[FIRST_LINK], world.holdings_index[END_LINK]
    received, paid, first = state.holdings[RECEIVED], state.holdings[PAID], first_shelf_of(state)
    for h in range(first):
        received[h] = total(payment[first_link[h] : end_link[h]])
    for h in range(first, received.size):
        received[h] = state.holdings[REVENUE, h]
    for h in range(paid.size):
        paid[h] = 0.0
    for tier in range(world.tiers_index.shape[1]):
        start, end = world.tiers_index[TIER_FIRST_LINK, tier], world.tiers_index[TIER_END_LINK, tier]
        offset = world.tiers_index[TIER_BUYER_OFFSET, tier]
        amount = payment[start:end]
        if offset >= 0:  # the buyers lie side by side: contiguous, so it vectorises
            by_buyer = paid[start + offset : end + offset]
            for k in range(amount.size):
                by_buyer[k] += amount[k]
        else:
            buyer = world.links_index[BUYER_HOLDING][start:end]
            for k in range(amount.size):
                paid[buyer[k]] += amount[k]


@rule
def tally_credit(world: World, state: State) -> None:
    """Settle what each member owes and is owed, and the notional cost of the capital tied up in it."""
    payable, receivable, debt = state.members[PAYABLE], state.members[RECEIVABLE], state.links[DEBT]
    member = world.holdings_index[MEMBER]
    for m in range(payable.size):
        payable[m] = 0.0
        receivable[m] = 0.0
    for k in range(debt.size):
        payable[member[world.links_index[BUYER_HOLDING, k]]] += debt[k]
        receivable[member[world.links_index[SUPPLIER_HOLDING, k]]] += debt[k]
    finance, rate = state.members[FINANCE_COST], world.scenario[COST_OF_CAPITAL]
    for m in range(payable.size):
        finance[m] = rate * (receivable[m] - payable[m])


@rule
def close_accounts(world: World, terms: Terms, state: State) -> None:
    """Settle the week's account of every holding, then of every member."""
    cost, sales, stock = state.holdings[UNIT_COST], state.holdings[SALES], state.holdings[STOCK]
    service, write_off, cleared = state.holdings[SERVICE], state.holdings[WRITE_OFF], state.holdings[CLEARED]
    received, paid, flow = state.holdings[RECEIVED], state.holdings[PAID], state.holdings[CASH_FLOW]
    goods, operating = state.holdings[COST_OF_GOODS], state.holdings[OPERATING]
    rate, obsolescence = world.holdings[HOLDING_RATE], world.holdings[OBSOLESCENCE]
    handling, effort_cost = world.holdings[HANDLING_COST], world.holdings[SERVICE_COST]
    for h in range(goods.size):
        goods[h] = cost[h] * sales[h]
        holding = (rate[h] + obsolescence[h]) * cost[h] * stock[h]
        effort = 0.5 * effort_cost[h] * service[h] * service[h]
        operating[h] = holding + effort + handling[h] * sales[h] + write_off[h]
        flow[h] = received[h] - paid[h] - operating[h] + cost[h] * cleared[h]
    for h in range(world.tiers_index[TIER_END_HOLDING, 0]):  # the top tier pays for production
        flow[h] -= goods[h]
    first, end = world.members_index[FIRST_HOLDING], world.members_index[END_HOLDING]
    income, profit, cash = state.members[INCOME], state.members[PROFIT], state.members[CASH]
    operating_cost, finance, weekly = state.members[OPERATING_COST], state.members[FINANCE_COST], terms.members[WEEKLY_COST]
    revenue = state.holdings[REVENUE]
    if income.size == goods.size:  # one holding a member: rows line up
        for m in range(income.size):
            income[m] = revenue[m]
            operating_cost[m] = operating[m] + weekly[m]
            profit[m] = revenue[m] - goods[m] - operating_cost[m] - finance[m]
            cash[m] += flow[m] - weekly[m]
        return
    for m in range(income.size):
        earned, used, spent, moved = 0.0, 0.0, 0.0, 0.0
        for h in range(first[m], end[m]):
            earned += revenue[h]
            used += goods[h]
            spent += operating[h]
            moved += flow[h]
        income[m] = earned
        operating_cost[m] = spent + weekly[m]
        profit[m] = earned - used - operating_cost[m] - finance[m]
        cash[m] += moved - weekly[m]
