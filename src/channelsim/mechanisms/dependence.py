"""Dependence and power: what each side of a relationship would lose if it ended and everyone chose again.

For a relationship and one of its sides, over A, the shelves that lose their supply, of which A' find
another path (`counterfactual`; q' the demand that would be, μ and μ' the side's unit margin now and
then):

    value        V = Σ_A μ q
    recaptured   R = Σ_{f∉A} μ_f (q'_f − q_f) + Σ_{A'} (μ'_f q'_f − κ_s) + max(0, max_k [a_k V_k − K/T_h])
    gain         G = V − R , what is lost
    utility      max(V, 0) / Π⁺ ,      scarcity   clip(1 − R/V, 0, 1), 0 if V ≤ 0 ,
    dependence   D = utility × scarcity .

Unit margins are those of `terms`: what the side sells at, less what it buys at net of the interest that
credit saves, less handling, at every tier that it owns on the shelf's path. With incentives both sides
reckon at the margin: price net of the discount there and of the expected rebate, what a store passes on
of its revenue. Π⁺ = Σ max(μ, 0) q over all its flows, or over those of the territories that the
relationship serves (*local* dependence: firm-wide any one store of many is nearly dispensable). κ_s is
borne by whoever goes on earning on the moved shelf. Outside option k is worth V_k = (price_k − unit
cost_k) × the units that would otherwise be lost, which neither moved shelves nor the side's other shelves
keep, so that nothing is recaptured twice; K is paid once and spread over T_h weeks.

Power of A over B is B's dependence on A (Emerson 1962; T2). Beside it the indirect measures: the share of
sales and of margin through the relationship, and role performance, the demand of the buyer's own shelves
over that which its stores would have with the median loyalty and effort of the stores of the territory
that carry the brand.

Source: economics §4, with two corrections that brute force demands: moved shelves too gain buyers from
the lost ones (q' for q), and options replace only what is not recaptured. Limit: exact at the prices and
efforts held. Switch: `power.measured`; without it the step and its columns are left out.
"""

from __future__ import annotations

from channelsim.codes import LOGIT
from channelsim.columns import (
    ALLOWANCE,
    BRAND,
    BUYING_OWNER,
    DEPENDENCE_OF_SUPPLIER,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    GAIN_OF_SUPPLIER,
    HANDLING_COST,
    HORIZON_WEEKS,
    LINK_CREDIT_SAVING,
    LISTED,
    LOCAL_DEPENDENCE_OF_SUPPLIER,
    LOYALTY,
    MARKET,
    MEAN_DEMAND,
    MEMBER,
    MEMBER_TERRITORY,
    OWNER,
    PRICE,
    PROFIT_SHARE_OF_SUPPLIER,
    RECAPTURED_OF_SUPPLIER,
    REVENUE_SHARE,
    ROLE_PERFORMANCE,
    SALES_SHARE_OF_SUPPLIER,
    SCARCITY_OF_SUPPLIER,
    SERVICE,
    SERVICE_SPILLOVER,
    SERVICE_WEIGHT,
    SOURCE_LINK,
    STORE,
    SUPPLIER_HOLDING,
    SUPPLYING_OWNER,
    SWITCHING_COST,
    UNIT_COST,
    UTILITY_OF_SUPPLIER,
    VALUE_OF_SUPPLIER,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.counterfactual import (
    KEPT,
    LOST,
    cut,
    end_of_territory,
    first_affected_shelf,
    flow_without,
    is_formed,
    mend,
    redistribute,
    start_from_sources,
    sum_makers,
    territory_of,
)
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost
from channelsim.numerics import exponential
from channelsim.tables import Integers, PowerRoom, State, Terms, Ties, World

(VALUE, RECAPTURED, SALES, LOCAL, LOST_UNITS, KEPT_UNITS, LOST_SALES, LOST_MARGIN, LOST_RETAIL) = range(9)
"""Sums over the flows that a relationship touches, for either side (rows of the room's tally)."""
POSITIVE, SIGNED, ALL_SALES = 0, 1, 2
"""Sums over all flows of a firm (rows of the room's owners)."""


@rule
def earnings(
    owner: int, shelf: int, sources: Integers, world: World, terms: Terms, state: State
) -> tuple[float, float]:
    """Return what a firm earns and what it takes per unit sold at a shelf, money; 0, 0 if not on its path.

    Parameters
    ----------
    shelf : int
        Holding at which the goods are sold.
    sources : array (holdings,)
        Link on which each holding orders: the path.
    """
    h, sold, margin, taken = shelf, state.holdings[PRICE, shelf], 0.0, 0.0
    while True:
        link, allowance = sources[h], 0.0
        if link < 0:
            cost, saving = state.holdings[UNIT_COST, h], 0.0
        else:
            cost, saving = state.links[WHOLESALE_PRICE, link], terms.links[LINK_CREDIT_SAVING, link]
            if state.incentives.shape[1] > 0:
                passed_on = terms.incentives[REVENUE_SHARE, link] * state.holdings[PRICE, shelf]
                allowance = state.incentives[ALLOWANCE, link] - passed_on
        if world.members_index[OWNER, world.holdings_index[MEMBER, h]] == owner:
            margin += sold - marginal_cost(cost, saving, allowance, world.holdings[HANDLING_COST, h])
            taken = max(taken, sold)
        if link < 0:
            return margin, taken
        sold = cost * (1.0 - saving) - allowance
        h = world.links_index[SUPPLIER_HOLDING, link]


@rule
def read_path(shelf: int, world: World, terms: Terms, room: PowerRoom) -> int:
    """List the firms on a shelf's path, each once, and return their number."""
    h, n = shelf, 0
    while True:
        owner, known = world.members_index[OWNER, world.holdings_index[MEMBER, h]], False
        for k in range(n):
            known = known or room.path[k] == owner
        if not known:
            room.path[n] = owner
            n += 1
        link = terms.holdings_index[SOURCE_LINK, h]
        if link < 0:
            return n
        h = world.links_index[SUPPLIER_HOLDING, link]


@subroutine
def follow_paths(world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """List each firm's shelves with what it earns there, and its margins and sales over all of them."""
    first, last = first_shelf_of(state), state.holdings.shape[1]
    room.owner_span[:] = 0
    room.owners[:] = 0.0
    for shelf in range(first, last):
        for k in range(read_path(shelf, world, terms, room)):
            room.owner_span[1, room.path[k]] += 1
    start = 0
    for owner in range(room.owner_span.shape[1]):
        count = room.owner_span[1, owner]
        room.owner_span[0, owner] = start
        room.owner_span[1, owner] = start
        start += count
    sources = terms.holdings_index[SOURCE_LINK]
    for shelf in range(first, last):
        flow = state.holdings[MEAN_DEMAND, shelf]
        for k in range(read_path(shelf, world, terms, room)):
            owner = room.path[k]
            margin, taken = earnings(owner, shelf, sources, world, terms, state)
            entry = room.owner_span[1, owner]
            room.path_shelf[entry] = shelf
            room.path_earnings[0, entry] = margin
            room.path_earnings[1, entry] = taken
            room.owner_span[1, owner] += 1
            room.owners[POSITIVE, owner] += max(margin, 0.0) * flow
            room.owners[SIGNED, owner] += margin * flow
            room.owners[ALL_SALES, owner] += taken * flow


@rule
def first_entry(owner: int, shelf: int, room: PowerRoom) -> int:
    """Return the first of a firm's entries that is not before a shelf."""
    low, high = room.owner_span[0, owner], room.owner_span[1, owner]
    while low < high:
        middle = (low + high) // 2
        if room.path_shelf[middle] < shelf:
            low = middle + 1
        else:
            high = middle
    return low


@rule
def tally_territory(
    side: int,
    owner: int,
    territory: int,
    formed: bool,
    world: World,
    terms: Terms,
    state: State,
    room: PowerRoom,
) -> None:
    """Add a firm's shelves in an affected territory to the sums of its side."""
    tally, first = room.tally[side], first_shelf_of(state)
    end = first + world.territories_index[END_SHELF, territory]
    entry = first_entry(owner, first + world.territories_index[FIRST_SHELF, territory], room)
    while entry < room.owner_span[1, owner] and room.path_shelf[entry] < end:
        shelf, margin, taken = (
            room.path_shelf[entry],
            room.path_earnings[0, entry],
            room.path_earnings[1, entry],
        )
        entry += 1
        before = state.holdings[MEAN_DEMAND, shelf]
        gained = flow_without(formed, shelf, world, state, room) - before
        tally[LOCAL] += max(margin, 0.0) * before
        if room.status[shelf] == KEPT:
            tally[RECAPTURED] += margin * gained
            tally[KEPT_UNITS] += gained
            continue
        tally[VALUE] += margin * before
        tally[SALES] += taken * before
        if room.status[shelf] != LOST:
            new_margin, new_taken = earnings(owner, shelf, room.source, world, terms, state)
            if new_taken > 0.0:
                tally[RECAPTURED] += new_margin * (before + gained) - world.scenario[SWITCHING_COST]
                tally[KEPT_UNITS] += gained
                continue
        tally[LOST_UNITS] += before
        tally[LOST_SALES] += taken * before
        tally[LOST_MARGIN] += margin * before
        tally[LOST_RETAIL] += state.holdings[PRICE, shelf] * before


@rule
def tally_sides(
    system: int,
    relationship: int,
    n: int,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    room: PowerRoom,
) -> None:
    """Let buyers choose again after a cut of n holdings, and sum what either side would then earn."""
    redistribute(system, n, world, terms, state, ties, room)
    room.tally[:] = 0.0
    i, formed = first_affected_shelf(n, state, room), is_formed(system, ties)
    while i < n:
        t = territory_of(i, world, room)
        for side in range(2):
            owner = ties.relationships_index[SUPPLYING_OWNER + side, relationship]
            tally_territory(side, owner, t, formed, world, terms, state, room)
        i = end_of_territory(i, n, world, room)


@rule
def outside_option(side: int, relationship: int, world: World, ties: Ties, room: PowerRoom) -> float:
    """Return what a side's best outside option is worth, money per week; 0 if none is worth taking."""
    tally, best = room.tally[side], 0.0
    units = max(tally[LOST_UNITS] - max(tally[KEPT_UNITS], 0.0), 0.0)
    if units <= 0.0:
        return 0.0
    now = tally[LOST_RETAIL] if side == 0 else tally[LOST_SALES]
    for e in range(ties.option_span[2 * side, relationship], ties.option_span[2 * side + 1, relationship]):
        option = ties.options[:, ties.option_rows[e]]
        price, cost = option[3], option[2]
        if price != price:  # not given
            price = now / tally[LOST_UNITS]
        if cost != cost:
            cost = (tally[LOST_SALES] - tally[LOST_MARGIN]) / tally[LOST_UNITS]
        best = max(
            best, option[0] * (price - cost) * units - option[1] / max(world.scenario[HORIZON_WEEKS], 1.0)
        )
    return best


@rule
def conclude(
    side: int, owner: int, relationship: int, world: World, state: State, ties: Ties, room: PowerRoom
) -> None:
    """Write one side's measures of a relationship."""
    tally, rows = room.tally[side], state.relationships
    value = tally[VALUE]
    recaptured = tally[RECAPTURED] + outside_option(side, relationship, world, ties, room)
    positive, signed, sales = (
        room.owners[POSITIVE, owner],
        room.owners[SIGNED, owner],
        room.owners[ALL_SALES, owner],
    )
    scarcity = min(max(1.0 - recaptured / value, 0.0), 1.0) if value > 0.0 else 0.0
    utility = max(value, 0.0) / positive if positive > 0.0 else 0.0
    local = max(value, 0.0) / tally[LOCAL] if tally[LOCAL] > 0.0 else 0.0
    rows[VALUE_OF_SUPPLIER + side, relationship] = value
    rows[RECAPTURED_OF_SUPPLIER + side, relationship] = recaptured
    rows[GAIN_OF_SUPPLIER + side, relationship] = value - recaptured
    rows[UTILITY_OF_SUPPLIER + side, relationship] = utility
    rows[SCARCITY_OF_SUPPLIER + side, relationship] = scarcity
    rows[DEPENDENCE_OF_SUPPLIER + side, relationship] = utility * scarcity
    rows[LOCAL_DEPENDENCE_OF_SUPPLIER + side, relationship] = local * scarcity
    rows[SALES_SHARE_OF_SUPPLIER + side, relationship] = tally[SALES] / sales if sales > 0.0 else 0.0
    rows[PROFIT_SHARE_OF_SUPPLIER + side, relationship] = value / signed if signed > 0.0 else 0.0


@subroutine
def fill_peer_service(world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write, for each shelf, the median effort of the territory's listed shelves of its brand."""
    first = first_shelf_of(state)
    service, brand = state.holdings[SERVICE][first:], world.holdings_index[BRAND][first:]
    listed = terms.holdings[LISTED][first:]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        for i in range(start, end):
            peers, below, equal = 0, 0, 0
            for k in range(start, end):
                if brand[k] == brand[i] and listed[k] > 0.0:
                    peers += 1
                    below += 1 if service[k] < service[i] else 0
                    equal += 1 if service[k] == service[i] else 0
            low, high = (peers - 1) // 2, peers // 2
            # shelves of a brand share one median: whoever holds a middle rank writes its half to all
            share = 0.5 if below <= low < below + equal else 0.0
            share += 0.5 if below <= high < below + equal else 0.0
            room.flow[i] = share * service[i] / max(equal, 1) if listed[i] > 0.0 else 0.0
        for i in range(start, end):
            median = 0.0
            for k in range(start, end):
                median += room.flow[k] if brand[k] == brand[i] else 0.0
            room.peer_service[i] = median


@rule
def demand_as_peer(shelf: int, world: World, state: State, ties: Ties, room: PowerRoom) -> float:
    """Return the demand of a shelf whose store had its peers' median loyalty, and it their effort."""
    first, j = first_shelf_of(state), world.holdings_index[STORE, shelf]
    t = world.members_index[MEMBER_TERRITORY, world.holdings_index[MEMBER, shelf]]
    loyalty = ties.peer_loyalty[shelf - first] - world.members[LOYALTY, world.holdings_index[MEMBER, shelf]]
    effort = room.peer_service[shelf - first] - state.holdings[SERVICE, shelf]
    first_store, end_store = world.territories_index[FIRST_STORE, t], world.territories_index[END_STORE, t]
    stores, position, demand = end_store - first_store, world.territories_index[FIRST_RESPONSE, t], 0.0
    for g in range(state.attraction.shape[0]):
        own = (1.0 - world.scenario[SERVICE_SPILLOVER]) * world.segments[SERVICE_WEIGHT, g] * effort
        of_store = exponential(loyalty)
        of_shelf = of_store * exponential(own)
        attraction = state.attraction[g, shelf - first]
        changed = of_store * (state.store_attraction[g, j] - attraction) + of_shelf * attraction
        for z in range(world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]):
            travel = world.travel[position + j - first_store]
            buyers = world.zone_buyers[g, z] * state.territories[MARKET, t]
            denominator = 1.0 / state.zone_inverse[g, z] + travel * (changed - state.store_attraction[g, j])
            demand += buyers * of_shelf * attraction * travel / denominator
            position += stores
    return demand


@rule
def role_performance(
    system: int, buyer: int, n: int, world: World, state: State, ties: Ties, room: PowerRoom
) -> float:
    """Return the demand of the buyer's own affected shelves over what they would have as their peers do."""
    if system != LOGIT:
        return 1.0
    actual, as_peer = 0.0, 0.0
    for i in range(first_affected_shelf(n, state, room), n):
        shelf = room.affected[i]
        if world.members_index[OWNER, world.holdings_index[MEMBER, shelf]] == buyer:
            actual += state.holdings[MEAN_DEMAND, shelf]
            as_peer += demand_as_peer(shelf, world, state, ties, room)
    return actual / as_peer if as_peer > 0.0 else 1.0


@rule
def measure(
    relationship: int,
    system: int,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    room: PowerRoom,
) -> None:
    """Write the measures of one relationship; those of a firm with itself are zero."""
    supplier = ties.relationships_index[SUPPLYING_OWNER, relationship]
    buyer = ties.relationships_index[BUYING_OWNER, relationship]
    for column in range(state.relationships.shape[0]):
        if VALUE_OF_SUPPLIER <= column <= ROLE_PERFORMANCE:
            state.relationships[column, relationship] = 0.0
    if supplier == buyer:
        return
    n = cut(relationship, -1, True, world, terms, state, ties, room)
    tally_sides(system, relationship, n, world, terms, state, ties, room)
    for side in range(2):
        owner = ties.relationships_index[SUPPLYING_OWNER + side, relationship]
        conclude(side, owner, relationship, world, state, ties, room)
    state.relationships[ROLE_PERFORMANCE, relationship] = role_performance(
        system, buyer, n, world, state, ties, room
    )
    mend(n, terms, room)


@subroutine
def review_dependence(
    system: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
) -> None:
    """Measure all relationships at this week's mean demand, prices and efforts."""
    start_from_sources(terms, room)
    sum_makers(world, terms, state, room)
    follow_paths(world, terms, state, room)
    if system == LOGIT:
        fill_peer_service(world, terms, state, room)
    for relationship in range(state.relationships.shape[1]):
        measure(relationship, system, world, terms, state, ties, room)
