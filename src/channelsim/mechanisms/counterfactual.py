"""What would be if a relationship ended: who loses supply, who finds another, and where buyers turn.

Let A be the shelves whose goods come, at some tier, through the relationship. A holding that loses its
source orders on its next source in reach, in its order of preference, whose own supply holds; A' ⊂ A are
the shelves that this saves. Buyers of the others, the lost shelves A∖A', choose again among what is left.
*Logit*, zone by zone and segment by segment, a store's variety counted anew, n of its shelves before and n'
after:

    q'_l = Σ_g a_gl v_gj Σ_z M_zg K_zgj / Δ'_zg ,   Δ' = 1 + Σ_j K_zgj v_gj Σ_{k∈j left} a_gk ,
    v_gj = (n'_j/n_j)^{v_g} .

*Linear*: a lost shelf has the price at which nobody would buy there, so with S the slopes and L the lost
shelves q'_l = q_l − S_lL S_LL⁻¹ q_L. *Given*: nobody turns elsewhere. Prices, efforts and the service
perceived through neighbours are held; what a maker gains is capped by its free capacity, all its shelves
alike.

Diversion ratios s_k/(1 − s_l) are the special case of one lost shelf, one zone and a held assortment; of
several shelves lost at once the single losses do not add up. Source: economics §4. Limit: exact at the
prices held, as long as no shelf of linear demand is priced out of its market (q = 0). Used by `dependence`
and `bargaining`.
"""

from __future__ import annotations

from channelsim.codes import LINEAR, LOGIT
from channelsim.columns import (
    BRAND,
    BUYER_HOLDING,
    CAPACITY,
    END_HOLDING,
    END_LINK,
    END_SHELF,
    END_STORE,
    END_TIE,
    END_ZONE,
    FIRST_HOLDING,
    FIRST_LINK,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_TIE,
    FIRST_ZONE,
    LINK_OPEN,
    LISTED,
    MARKET,
    MEAN_DEMAND,
    MEMBER,
    MEMBER_TERRITORY,
    OFFERED,
    RELATIONSHIP,
    SOURCE_LINK,
    STORE,
    SUPPLIER_HOLDING,
    SUSPENDED,
    TIER_END_HOLDING,
    VARIETY_WEIGHT,
)
from channelsim.compiled import rule, subroutine
from channelsim.linear import solve_in_place
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.numerics import exponential, logarithm, product_total
from channelsim.tables import PowerRoom, State, Terms, Ties, World

KEPT, MOVED, LOST = 0, 1, 2
"""Status of a holding: its path is as before, another, or there is none."""
FLOW_NOW, FLOW_FREED, FLOW_GAINED = 0, 1, 2
"""Rows of the room's sums at the makers."""


@rule
def start_from_sources(terms: Terms, room: PowerRoom) -> None:
    """Write that nothing is cut: every holding orders where it does."""
    source = terms.holdings_index[SOURCE_LINK]
    for h in range(source.size):
        room.source[h] = source[h]
        room.status[h] = KEPT


@rule
def is_cut(link: int, relationship: int, brand: int, world: World) -> bool:
    """Return whether a link belongs to the relationship, and to the brand unless that is -1."""
    if world.links_index[RELATIONSHIP, link] != relationship:
        return False
    return brand < 0 or world.holdings_index[BRAND, world.links_index[BUYER_HOLDING, link]] == brand


@rule
def replacement(
    holding: int,
    relationship: int,
    brand: int,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    room: PowerRoom,
) -> int:
    """Return the first link in a holding's order of preference that would still supply it, -1 if none."""
    for k in range(ties.source_span[0, holding], ties.source_span[1, holding]):
        link = ties.source_links[k]
        supplier = world.links_index[SUPPLIER_HOLDING, link]
        supplied = terms.links[LINK_OPEN, link] > 0.0 and state.links[SUSPENDED, link] == 0.0
        supplied = supplied and state.holdings[OFFERED, supplier] > 0.0 and room.status[supplier] != LOST
        if supplied and not is_cut(link, relationship, brand, world):
            return link
    return -1


@rule
def list_affected(relationship: int, brand: int, world: World, ties: Ties, room: PowerRoom) -> int:
    """List the holdings whose path leads through a relationship, in the order of the table."""
    n, affected = 0, room.affected
    for k in range(
        ties.relationships_index[FIRST_TIE, relationship], ties.relationships_index[END_TIE, relationship]
    ):
        link = ties.tie_links[k]
        h = world.links_index[BUYER_HOLDING, link]
        if room.source[h] == link and is_cut(link, relationship, brand, world):
            affected[n] = h
            room.status[h] = MOVED
            n += 1
    i = 0
    while i < n:
        h = affected[i]
        for link in range(world.holdings_index[FIRST_LINK, h], world.holdings_index[END_LINK, h]):
            buyer = world.links_index[BUYER_HOLDING, link]
            if room.source[buyer] == link and room.status[buyer] == KEPT:
                affected[n] = buyer
                room.status[buyer] = MOVED
                n += 1
        i += 1
    for i in range(1, n):  # nearly sorted already
        h, k = affected[i], i
        while k > 0 and affected[k - 1] > h:
            affected[k] = affected[k - 1]
            k -= 1
        affected[k] = h
    return n


@rule
def cut(
    relationship: int,
    brand: int,
    replaced: bool,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    room: PowerRoom,
) -> int:
    """Write who would be lost or moved if a relationship ended, and return how many holdings that affects.

    Parameters
    ----------
    relationship : int
    brand : int
        The one brand that it is about; -1: all of them.
    replaced : bool
        Whether other sources in reach step in.
    """
    n = list_affected(relationship, brand, world, ties, room)
    for i in range(n):  # suppliers come before their buyers
        h = room.affected[i]
        link = room.source[h]
        if is_cut(link, relationship, brand, world) or (
            room.status[world.links_index[SUPPLIER_HOLDING, link]] == LOST
        ):
            link = replacement(h, relationship, brand, world, terms, state, ties, room) if replaced else -1
            room.source[h] = link
            room.status[h] = LOST if link < 0 else MOVED
    return n


@rule
def mend(n: int, terms: Terms, room: PowerRoom) -> None:
    """Undo a cut that affected ``n`` holdings."""
    for i in range(n):
        h = room.affected[i]
        room.source[h] = terms.holdings_index[SOURCE_LINK, h]
        room.status[h] = KEPT


@rule
def first_affected_shelf(n: int, state: State, room: PowerRoom) -> int:
    """Return the position of the first shelf among the affected holdings."""
    i, first = 0, first_shelf_of(state)
    while i < n and room.affected[i] < first:
        i += 1
    return i


@rule
def territory_of(position: int, world: World, room: PowerRoom) -> int:
    """Return the territory of an affected shelf."""
    return world.members_index[MEMBER_TERRITORY, world.holdings_index[MEMBER, room.affected[position]]]


@rule
def end_of_territory(start: int, n: int, world: World, room: PowerRoom) -> int:
    """Return the position past the last affected shelf in the territory of the one at ``start``."""
    end = start + 1
    while end < n and territory_of(end, world, room) == territory_of(start, world, room):
        end += 1
    return end


@rule
def leave_out(start: int, end: int, territory: int, world: World, state: State, room: PowerRoom) -> None:
    """Write the attraction of the territory's stores without the lost ones of the listed shelves."""
    first = first_shelf_of(state)
    first_member = world.members_index.shape[1] - state.store_attraction.shape[1]
    for g in range(state.store_attraction.shape[0]):
        for j in range(
            world.territories_index[FIRST_STORE, territory], world.territories_index[END_STORE, territory]
        ):
            room.store_attraction[g, j] = state.store_attraction[g, j]
            room.store_scale[g, j] = 1.0
    for k in range(start, end):
        if room.status[room.affected[k]] != LOST:
            continue
        j = world.holdings_index[STORE, room.affected[k]]
        before, left = 0.0, 0.0
        top = world.members_index[FIRST_HOLDING, first_member + j]
        bottom = world.members_index[END_HOLDING, first_member + j]
        for h in range(top, bottom):
            offered = 1.0 if state.attraction[0, h - first] > 0.0 else 0.0
            before += offered
            left += offered if room.status[h] != LOST else 0.0
        for g in range(state.store_attraction.shape[0]):
            scale, summed, weight = 1.0, 0.0, world.segments[VARIETY_WEIGHT, g]
            if weight > 0.0 and left > 0.0:
                scale = exponential(weight * (logarithm(left) - logarithm(before)))
            for h in range(top, bottom):
                summed += state.attraction[g, h - first] if room.status[h] != LOST else 0.0
            room.store_scale[g, j] = scale
            room.store_attraction[g, j] = scale * summed


@rule
def choose_again(start: int, end: int, territory: int, world: World, state: State, room: PowerRoom) -> None:
    """Write the reach of a territory's stores without the lost ones of the listed shelves."""
    leave_out(start, end, territory, world, state, room)
    t = territory
    first_store, end_store = world.territories_index[FIRST_STORE, t], world.territories_index[END_STORE, t]
    stores, position = end_store - first_store, world.territories_index[FIRST_RESPONSE, t]
    for g in range(state.attraction.shape[0]):
        attraction = room.store_attraction[g, first_store:end_store]
        reach = room.store_reach[g, first_store:end_store]
        for j in range(stores):
            reach[j] = 0.0
        for z in range(world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]):
            travel = world.travel[position : position + stores]
            buyers = world.zone_buyers[g, z] * state.territories[MARKET, t]
            weight = buyers / (1.0 + product_total(attraction, travel))
            for j in range(stores):
                reach[j] += weight * travel[j]
            position += stores


@subroutine
def turn_elsewhere(territory: int, world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write the linear demand of a territory with its lost shelves at the price at which nobody buys."""
    t, first, lost = territory, first_shelf_of(state), 0
    first_shelf, end_shelf = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
    shelves, position = end_shelf - first_shelf, world.territories_index[FIRST_RESPONSE, t]
    mean, system = state.holdings[MEAN_DEMAND][first:], room.system
    for i in range(first_shelf, end_shelf):  # the lost ones, and those not offered already
        unoffered = state.holdings[OFFERED, first + i] < terms.holdings[LISTED, first + i]
        if room.status[first + i] == LOST or unoffered:
            room.flow[first_shelf + lost] = i
            lost += 1
    for row in range(lost):
        i = int(room.flow[first_shelf + row]) - first_shelf
        for column in range(lost):
            k = int(room.flow[first_shelf + column]) - first_shelf
            system[row, column] = terms.slopes[position + i * shelves + k]
        system[row, lost] = mean[first_shelf + i]
    solve_in_place(system, lost)
    for row in range(lost):  # keep which shelf each solution belongs to, before `flow` is written
        system[row, 0] = room.flow[first_shelf + row] - first_shelf
    for i in range(shelves):
        quantity = mean[first_shelf + i]
        for row in range(lost):
            quantity -= terms.slopes[position + i * shelves + int(system[row, 0])] * system[row, lost]
        kept = terms.holdings[LISTED, first + first_shelf + i] * max(quantity, 0.0)
        gone = room.status[first + first_shelf + i] == LOST
        gone = gone or state.holdings[OFFERED, first + first_shelf + i] == 0.0
        room.flow[first_shelf + i] = 0.0 if gone else kept


@rule
def is_formed(system: int, ties: Ties) -> bool:
    """Return whether demand without a relationship is formed of attraction and reach when it is asked for."""
    return system == LOGIT and not ties.capacitated


@rule
def flow_without(formed: bool, shelf: int, world: World, state: State, room: PowerRoom) -> float:
    """Return the mean demand that a shelf of an affected territory would have, units per week."""
    i = shelf - first_shelf_of(state)
    if not formed:
        return room.flow[i]
    if room.status[shelf] == LOST:
        return 0.0
    j, flow = world.holdings_index[STORE, shelf], 0.0
    for g in range(state.attraction.shape[0]):
        flow += state.attraction[g, i] * room.store_scale[g, j] * room.store_reach[g, j]
    return flow


@rule
def keep_reach(territory: int, world: World, state: State, room: PowerRoom) -> None:
    """Write that the buyers of a territory have no reason to choose again."""
    market = state.territories[MARKET, territory]
    for g in range(state.store_demand.shape[0]):
        for j in range(
            world.territories_index[FIRST_STORE, territory], world.territories_index[END_STORE, territory]
        ):
            room.store_reach[g, j] = market * state.store_demand[g, j]
            room.store_scale[g, j] = 1.0


@rule
def redistribute(
    system: int, n: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
) -> None:
    """Write what `flow_without` needs of the territories that a cut affects."""
    first = first_shelf_of(state)
    i = first_affected_shelf(n, state, room)
    while i < n:
        t, end, lost = territory_of(i, world, room), end_of_territory(i, n, world, room), 0
        for k in range(i, end):
            lost += 1 if room.status[room.affected[k]] == LOST else 0
        if system == LOGIT:
            if lost > 0:
                choose_again(i, end, t, world, state, room)
            else:
                keep_reach(t, world, state, room)
        elif system == LINEAR and lost > 0:
            turn_elsewhere(t, world, terms, state, room)
        if not is_formed(system, ties) and not (system == LINEAR and lost > 0):
            for k in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
                if system == LOGIT:
                    room.flow[k] = flow_without(True, first + k, world, state, room)
                else:
                    gone = room.status[first + k] == LOST
                    room.flow[k] = 0.0 if gone else state.holdings[MEAN_DEMAND, first + k]
        i = end
    if ties.capacitated:
        cap_gains(n, world, terms, state, room)


@subroutine
def maker_of(holding: int, moved: bool, world: World, terms: Terms, room: PowerRoom) -> int:
    """Return the holding of the top tier from which a holding's goods come, or would come."""
    h = holding
    while True:
        link = room.source[h] if moved else terms.holdings_index[SOURCE_LINK, h]
        if link < 0:
            return h
        h = world.links_index[SUPPLIER_HOLDING, link]


@subroutine
def sum_makers(world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write the mean demand that every maker meets."""
    first = first_shelf_of(state)
    for h in range(world.tiers_index[TIER_END_HOLDING, 0]):
        room.top[FLOW_NOW, h] = 0.0
    for h in range(first, state.holdings.shape[1]):
        room.top[FLOW_NOW, maker_of(h, False, world, terms, room)] += state.holdings[MEAN_DEMAND, h]


@subroutine
def cap_gains(n: int, world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Scale what the shelves of each maker would gain to its free capacity."""
    first = first_shelf_of(state)
    for h in range(world.tiers_index[TIER_END_HOLDING, 0]):
        room.top[FLOW_FREED, h] = 0.0
        room.top[FLOW_GAINED, h] = 0.0
    for scaling in range(2):
        i = first_affected_shelf(n, state, room)
        while i < n:
            t = territory_of(i, world, room)
            for k in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
                mean, status = state.holdings[MEAN_DEMAND, first + k], room.status[first + k]
                if status == LOST:
                    if scaling == 0:
                        room.top[FLOW_FREED, maker_of(first + k, False, world, terms, room)] += mean
                    continue
                top = maker_of(first + k, True, world, terms, room)
                if scaling == 0:
                    room.top[FLOW_GAINED, top] += max(room.flow[k] - mean, 0.0)
                elif room.flow[k] > mean:
                    free = state.holdings[CAPACITY, top] - room.top[FLOW_NOW, top] + room.top[FLOW_FREED, top]
                    share = min(1.0, max(free, 0.0) / room.top[FLOW_GAINED, top])
                    room.flow[k] = mean + share * (room.flow[k] - mean)
            i = end_of_territory(i, n, world, room)
