"""Diversion (窜货): goods sold into another member's territory, where they fetch more than at home (T28).

A *route* leads from a holding of a territory (who diverts) to a shelf of another territory with which it has
no contract, within reach. A unit that h sells on a route to shelf l gains

    g = w_l − r_h − τ·km ,      r_h = c̃_h + detection·fine + η·(w̄_h − c̃_h)⁺·(1 − min(1, x_h/(n·f_h))) ,

w_l what the store pays its own supplier, w̄_h what h gets at home, both net of the interest that credit saves.
r_h is the *reservation price*, one number per holding: its marginal cost c̃ (`terms`), the expected fine, and
the share η of what it earns at home, which it gives up in proportion as x, its surplus, nears n weeks of its
forecast f. So η = 1 diverts where prices differ by more than transport and fine, and from a surplus at less;
η = 0 wherever a price is above cost, to and fro even at equal prices (reciprocal dumping). What one more unit
sold earns beyond its price, such as a rebate whose target is near, is taken off r_h. Where g > 0 both
sides are willing; they trade at

    p = w_l − σ·g ,     cash, delivered within the week, σ the store's share of what is to be gained.

A store buys at most the share a of its mean demand q_l in this way, and not what it has above its own target;
what it would take it asks of its routes in proportion to their gains (they are few and near):

    room_l = (a·q_l − (position_l − target_l)⁺)⁺ ,    wish_hl = room_l · g_hl⁺ / Σ_k g_kl⁺ .

h has a *surplus* where its inventory position is above its own target, and it buys for the share δ of what it
could divert (δ = 0: only a surplus is diverted). Its own choice, and what then leaves its stock I_h, are

    u° = min(wish_h, max(surplus_h, δ·wish_h)) ,     u = min(u, surplus_h) ,     wish_h = Σ_l wish_hl ,
    surplus_h = min(I_h, (position_h − target_h)⁺) ,

u between u° and what it was asked for (`adherence`). For what it keeps buying to divert, δ·wish_h a week, it
orders as if what it needs of them until an order arrives were not in its inventory position: L + 2 weeks of
them, since what leaves after a week's order is replaced by the next one.

Consequences: the receiving store needs to order less of its own supplier, who loses the sale; the store
counts what it bought at its mean cost, c_l = (1 − s)·w_l + s·p with s = u_l/q_l, so that prices fall in the
receiving territory; the loser trusts its supplier less and is in conflict with it (`relations`). Transport
is paid by who diverts; fines go to the brand's maker, as expected values: nothing is drawn, like in
`influence`. The maker pays for monitoring and serial numbers; both raise detection (`channelsim.governance`).

Source: DESIGN §4, economics §1 (one margin everywhere); arbitrage between places, Samuelson 1952; reciprocal
dumping, Brander & Krugman 1983; expected fines, Becker 1968. What a store counts, η, n, σ, a and δ are
declared assumptions. Limit: η = σ = a = δ = 1: at rest stores pay no more than stores of another territory
plus transport and expected fine, or nothing is diverted. Switch: ``diversion.active``; without it the steps
are left out.
"""

from __future__ import annotations

from math import sqrt

from channelsim.codes import ORDER_UP_TO
from channelsim.columns import (
    ACCEPTANCE,
    BASE_STOCK,
    BUYER_SHARE,
    CASH_FLOW,
    CREDIT_GIVEN,
    CREDIT_SAVING,
    DELIBERATE,
    DEMAND,
    DIVERSION,
    DIVERSION_COST,
    DIVERSION_FINE,
    DIVERSION_GAIN,
    DIVERSION_SUFFERED,
    DIVERSION_TRANSPORT,
    DIVERTED,
    DIVERTED_IN,
    DIVERTED_IN_COST,
    DIVERTED_REVENUE,
    DIVERTIBLE,
    DIVERTIBLE_MET,
    EXPECTED_FINE,
    FORECAST,
    FORECAST_VARIANCE,
    GUARDIAN,
    HANDLING_COST,
    HOME_MARGIN,
    INCENTIVE_IN_USE,
    INVOICE,
    LOST_TO_DIVERSION,
    MARGINAL_COST,
    MEAN_DEMAND,
    MONITORING_COST,
    OFFERED,
    ON_ORDER,
    OPERATING,
    ORDER_RULE,
    OWED,
    PAID,
    POSITION,
    PRICE,
    PROTECTION_WEEKS,
    RECEIVED,
    RELATIONSHIP,
    RESERVATION_PRICE,
    REVENUE,
    SAFETY_FACTOR,
    SALES,
    SET_ASIDE,
    SHIPPED,
    SOURCE_LINK,
    STOCK,
    SUPPLIER_HOLDING,
    SURPLUS_WEEKS,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    TRACKING_CHARGE,
    TRANSPORT_COST,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost
from channelsim.tables import State, Terms, World

FROM = 0
"""Row of `World.routes`: who diverts."""
SHELF, START, END = range(3)
"""Rows of `World.receivers`."""
GAIN, UNITS = range(2)
"""Rows of `State.routes`."""
LEAST = 1e-300
"""Units below which there are none."""


@rule
def above_target(h: int, world: World, terms: Terms, state: State) -> float:
    """Return by how many units the inventory position is above the target of the holding's own rule."""
    target = world.holdings[BASE_STOCK, h]
    if world.holdings_index[ORDER_RULE, h] == ORDER_UP_TO:
        weeks, variance = terms.holdings[PROTECTION_WEEKS, h], state.holdings[FORECAST_VARIANCE, h]
        target = state.holdings[FORECAST, h] * weeks
        target += state.holdings[SAFETY_FACTOR, h] * sqrt(variance * weeks)
    position = state.holdings[STOCK, h] + state.holdings[ON_ORDER, h] - state.holdings[OWED, h]
    return max(0.0, position - target)


@rule
def surplus_of(h: int, world: World, terms: Terms, state: State) -> float:
    """Return the units on hand that a member does not need for its own buyers."""
    return min(max(0.0, state.holdings[STOCK, h]), above_target(h, world, terms, state))


@rule
def own_price(shelf: int, terms: Terms, state: State) -> float:
    """Return what a unit costs a store at its own supplier, net of the interest that credit saves."""
    link = terms.holdings_index[SOURCE_LINK, shelf]
    if link < 0:
        return 0.0
    return state.links[WHOLESALE_PRICE, link] * (1.0 - terms.holdings[CREDIT_SAVING, shelf])


@rule
def margin_wanted(h: int, world: World, terms: Terms, state: State) -> float:
    """Return the margin that a diverted unit has to bring: a share of that at home, less under a surplus.

    What is earned at home leaves out what a further unit sold would bring beyond its price: that lowers the
    marginal cost, and with it the reservation price.
    """
    price, shipped = state.holdings[PRICE, h], state.holdings[SALES, h]
    if shipped > 0.0:
        price = state.holdings[REVENUE, h] / shipped
    saving, handling = terms.holdings[CREDIT_SAVING, h], world.holdings[HANDLING_COST, h]
    earned = price * (1.0 - terms.holdings[CREDIT_GIVEN, h])
    earned -= marginal_cost(state.holdings[UNIT_COST, h], saving, 0.0, handling)
    planned = state.holdings[SET_ASIDE, h] * (terms.holdings[PROTECTION_WEEKS, h] + 1.0)
    surplus = max(0.0, above_target(h, world, terms, state) - planned)
    enough = world.scenario[SURPLUS_WEEKS] * state.holdings[FORECAST, h]
    pressure = min(1.0, surplus / enough) if enough > LEAST else 0.0
    return world.scenario[HOME_MARGIN] * max(0.0, earned) * (1.0 - pressure)


@rule
def room_of(shelf: int, world: World, terms: Terms, state: State) -> float:
    """Return how many units a store would buy from other territories this week."""
    if state.holdings[OFFERED, shelf] == 0.0:
        return 0.0
    wanted = world.scenario[ACCEPTANCE] * state.holdings[MEAN_DEMAND, shelf]
    return max(0.0, wanted - above_target(shelf, world, terms, state))


@subroutine
def count_diverted_costs(world: World, terms: Terms, state: State) -> None:
    """Settle the unit cost of stores that bought in other territories last week: the mean of both sources."""
    cost, at_margin = state.holdings[UNIT_COST], state.holdings[MARGINAL_COST]
    bought, paid, demand = (
        state.holdings[DIVERTED_IN],
        state.holdings[DIVERTED_IN_COST],
        state.holdings[MEAN_DEMAND],
    )
    saving, receivers = terms.holdings[CREDIT_SAVING], world.receivers[SHELF]
    for j in range(receivers.size):
        shelf = receivers[j]
        if bought[shelf] > 0.0:
            share = min(1.0, bought[shelf] / max(demand[shelf], LEAST))
            change = share * (paid[shelf] / bought[shelf] - cost[shelf])
            cost[shelf] += change
            at_margin[shelf] += change * (1.0 - saving[shelf])


@rule
def set_aside_goods(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle inventory positions without the goods that a tier's members buy in order to divert them."""
    a, b = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    position, kept = state.holdings[POSITION][a:b], state.holdings[SET_ASIDE][a:b]
    weeks = terms.holdings[PROTECTION_WEEKS][a:b]
    for i in range(position.size):
        position[i] -= kept[i] * (weeks[i] + 1.0)


@rule
def reserve(first: int, world: World, terms: Terms, state: State) -> None:
    """Settle what a diverted unit costs every member of the upper tiers, and what it has to bring."""
    cost, reservation = state.holdings[DIVERSION_COST], state.holdings[RESERVATION_PRICE]
    at_margin, fine = state.holdings[MARGINAL_COST], terms.holdings[EXPECTED_FINE]
    for h in range(first):
        cost[h] = at_margin[h] + fine[h]
        reservation[h] = cost[h]
    for h in range(world.tiers_index[TIER_END_HOLDING, 0], first):
        reservation[h] += margin_wanted(h, world, terms, state)


@subroutine
def propose_diversion(world: World, terms: Terms, state: State) -> None:
    """Propose how many units every member sells into other territories."""
    first = first_shelf_of(state)
    reserve(first, world, terms, state)
    wish, worth = state.holdings[DIVERTIBLE], state.holdings[DIVERSION_GAIN]
    own, reservation = state.holdings[DIVERSION], state.holdings[RESERVATION_PRICE]
    cost, offered = state.holdings[DIVERSION_COST], state.holdings[OFFERED]
    for h in range(first):
        wish[h], worth[h], own[h] = 0.0, 0.0, 0.0
    gain, units, sender = state.routes[GAIN], state.routes[UNITS], world.routes[FROM]
    transport, kept, km = world.scenario[TRANSPORT_COST], 1.0 - world.scenario[BUYER_SHARE], world.route_km
    for j in range(world.receivers.shape[1]):
        shelf, start, end = world.receivers[SHELF, j], world.receivers[START, j], world.receivers[END, j]
        price, total = own_price(shelf, terms, state), 0.0
        for i in range(start, end):
            surplus = price - reservation[sender[i]] - transport * km[i]
            gain[i] = offered[sender[i]] * surplus if surplus > 0.0 else 0.0
            units[i] = 0.0
            total += gain[i]
        if total > 0.0:
            for_each = room_of(shelf, world, terms, state) / total
            for i in range(start, end):
                units[i] = for_each * gain[i]
                wish[sender[i]] += units[i]
                worth[sender[i]] += kept * gain[i] * units[i]
    deliberate = world.scenario[DELIBERATE]
    for h in range(first):
        if wish[h] > LEAST:
            own[h] = min(wish[h], max(surplus_of(h, world, terms, state), deliberate * wish[h]))
            worth[h] = own[h] * (worth[h] / wish[h] + reservation[h] - cost[h])


@subroutine
def divert(world: World, terms: Terms, state: State) -> None:
    """Settle diversion: goods change hands, and who would have sold them loses the sale."""
    first, deliberate = first_shelf_of(state), world.scenario[DELIBERATE]
    wish, intended = state.holdings[DIVERTIBLE], state.holdings[DIVERSION]
    diverted, kept = state.holdings[DIVERTED], state.holdings[SET_ASIDE]
    met, fine = state.holdings[DIVERTIBLE_MET], state.holdings[DIVERSION_FINE]
    revenue, carried = state.holdings[DIVERTED_REVENUE], state.holdings[DIVERSION_TRANSPORT]
    lost, stock = state.holdings[LOST_TO_DIVERSION], state.holdings[STOCK]
    for h in range(first):
        diverted[h], kept[h], met[h] = 0.0, 0.0, 0.0
        revenue[h], carried[h], lost[h] = 0.0, 0.0, 0.0
        if wish[h] > LEAST:
            intended[h] = min(intended[h], wish[h])
            kept[h] = min(intended[h], deliberate * wish[h])
            diverted[h] = min(intended[h], surplus_of(h, world, terms, state))
            met[h] = diverted[h] / wish[h]
        fine[h] = terms.holdings[EXPECTED_FINE, h] * diverted[h]
    gain, units, sender = state.routes[GAIN], state.routes[UNITS], world.routes[FROM]
    transport, share, km = world.scenario[TRANSPORT_COST], world.scenario[BUYER_SHARE], world.route_km
    bought, paid = state.holdings[DIVERTED_IN], state.holdings[DIVERTED_IN_COST]
    for j in range(world.receivers.shape[1]):
        shelf, start, end = world.receivers[SHELF, j], world.receivers[START, j], world.receivers[END, j]
        total, cost = 0.0, 0.0
        for i in range(start, end):
            if units[i] > 0.0:
                h = sender[i]
                units[i] *= met[h]
                amount = units[i] * (own_price(shelf, terms, state) - share * gain[i])
                total += units[i]
                cost += amount
                revenue[h] += amount
                carried[h] += units[i] * transport * km[i]
        bought[shelf] = total
        paid[shelf] = cost
        if total > 0.0:
            stock[shelf] += total
            lost[world.links_index[SUPPLIER_HOLDING, terms.holdings_index[SOURCE_LINK, shelf]]] += total
    if state.relationships.shape[1] > 0:
        suffer(world, terms, state)
    sales, demand = state.holdings[SALES], state.holdings[DEMAND]
    for h in range(first):  # what is diverted is sold: an order met from stock
        stock[h] -= diverted[h]
        sales[h] += diverted[h]
        demand[h] += diverted[h]


@rule
def suffer(world: World, terms: Terms, state: State) -> None:
    """Settle the share of its market that each buyer of the upper tiers lost, in the brand that lost most."""
    suffered, lost = state.relationships[DIVERSION_SUFFERED], state.holdings[LOST_TO_DIVERSION]
    first, source = first_shelf_of(state), terms.holdings_index[SOURCE_LINK]
    for h in range(first):
        if source[h] >= 0:
            suffered[world.links_index[RELATIONSHIP, source[h]]] = 0.0
    for h in range(first):
        if source[h] >= 0 and lost[h] > 0.0:
            share = lost[h] / (lost[h] + state.holdings[SALES, h])
            r = world.links_index[RELATIONSHIP, source[h]]
            suffered[r] = max(suffered[r], share)


@subroutine
def charge_diversion(world: World, terms: Terms, state: State) -> None:
    """Settle diversion in the week's account: sales, transport, fines, monitoring, serial numbers."""
    first, operating, flow = first_shelf_of(state), state.holdings[OPERATING], state.holdings[CASH_FLOW]
    for h in range(first):
        earned, fine = state.holdings[DIVERTED_REVENUE, h], state.holdings[DIVERSION_FINE, h]
        state.holdings[REVENUE, h] += earned
        state.holdings[RECEIVED, h] += earned
        spent = state.holdings[DIVERSION_TRANSPORT, h] + terms.holdings[MONITORING_COST, h]
        spent += terms.holdings[TRACKING_CHARGE, h] * state.holdings[SALES, h]
        operating[h] += spent + fine
        flow[h] += earned - spent - fine
        if fine > 0.0:
            guardian = terms.holdings_index[GUARDIAN, h]
            operating[guardian] -= fine
            flow[guardian] += fine
    for j in range(world.receivers.shape[1]):
        shelf = world.receivers[SHELF, j]
        paid, units = state.holdings[DIVERTED_IN_COST, shelf], state.holdings[DIVERTED_IN, shelf]
        state.holdings[PAID, shelf] += paid
        flow[shelf] -= paid
        link = terms.holdings_index[SOURCE_LINK, shelf]
        if link >= 0 and not is_booked(link, terms):
            paid += state.links[INVOICE, link]
            units += state.links[SHIPPED, link]
        operating[shelf] += paid - state.holdings[UNIT_COST, shelf] * units


@rule
def is_booked(link: int, terms: Terms) -> bool:
    """Return whether the price variance of a link's shipments is booked already (`incentives`)."""
    return terms.incentives_index.shape[1] > 0 and terms.incentives_index[INCENTIVE_IN_USE, link] == 1
