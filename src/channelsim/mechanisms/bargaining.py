"""Nash bargaining over wholesale prices: what is at stake in every contract, in the light of all the others.

A contract k is a supplier's firm, a buyer's firm and a brand, with one unit price t_k; the stores of a chain
bargain as one. If it failed, its shelves would be lost, all other prices stand and buyers choose again
(`counterfactual`, without other supply). What a side gains over that is linear in all prices,

    G(t) = Σ_f μ_f(t) (q_f − q'_f)    over all flows f that pass through its hands at any tier,

and the weighted Nash product G_s^β G_b^(1−β) is greatest in t_k where

    (1 − β) G_s = β G_b ,

the supplier getting the share β of the surplus T = G_s + G_b, which does not depend on t_k. All
contracts of all tiers together are one sparse linear system; each splits only the margins next to it, so
nothing is counted twice. What either side could have elsewhere, other supply and outside options
(`dependence`), o_s and o_b above the point of disagreement, bounds the split (Binmore, Rubinstein & Wolinsky
1986): G_b is held in [o_b, T − o_s]. With T < o_s + o_b
there is nothing to agree on: the contract is suspended until its next renewal and its goods are not
offered (`offering`); the contract of the fewest shelves goes first. Weights follow the stakes,

    β = β_0 D_b^k / (β_0 D_b^k + (1 − β_0) D_s^k) ,   D the dependence of either side at the review,

k = 0: β_0 whatever the stakes. k = ½ is a declared assumption; power bases never move β (that would count
dependence twice). Retail prices are held or come to rest with the contracts, neither side foreseeing the
other's answer (Draganska, Klapper & Villas-Boas 2010).

`write_stakes` forms the gains; `channelsim.renewal` solves the system. Source: Nash 1950; Horn & Wolinsky
1988; economics §5. Limit: linear prices, mean demand, no capacity. Switch: no pricing.rule is "negotiated".
"""

from __future__ import annotations

from channelsim.columns import (
    END_SHELF,
    FIRST_SHELF,
    HANDLING_COST,
    LINK_CREDIT_SAVING,
    MEAN_DEMAND,
    MEMBER,
    OWNER,
    PRICE,
    SOURCE_LINK,
    SUPPLIER_HOLDING,
    SUPPLYING_OWNER,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.counterfactual import (
    LOST,
    cut,
    end_of_territory,
    first_affected_shelf,
    flow_without,
    is_formed,
    mend,
    start_from_sources,
    sum_makers,
    territory_of,
)
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.dependence import RECAPTURED, outside_option, tally_sides
from channelsim.mechanisms.earnings import first_entry, follow_paths, list_by_owner
from channelsim.tables import Bargains, PowerRoom, State, Terms, Ties, World


@rule
def add_term(side: int, contract: int, value: float, bargains: Bargains, count: int) -> int:
    """Add to a coefficient of the contract in hand, and return how many it has by now."""
    if bargains.touched[1, contract] == 0:
        bargains.touched[1, contract] = 1
        bargains.touched[0, count] = contract
        bargains.sums[0, contract] = 0.0
        bargains.sums[1, contract] = 0.0
        count += 1
    bargains.sums[side, contract] += value
    return count


@rule
def add_flow(
    side: int,
    owner: int,
    contract: int,
    shelf: int,
    units: float,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    bargains: Bargains,
    count: int,
) -> int:
    """Add a firm's margin on a flow, times the units at stake, to its gain; return how many coefficients."""
    h, seller, sold = shelf, -1, state.holdings[PRICE, shelf]
    while True:
        link = terms.holdings_index[SOURCE_LINK, h]
        bought_under, saving, cost = -1, 0.0, state.holdings[UNIT_COST, h]
        if link >= 0:
            bought_under, saving = ties.link_contract[link], terms.links[LINK_CREDIT_SAVING, link]
            cost = state.links[WHOLESALE_PRICE, link] * (1.0 - saving)
        if world.members_index[OWNER, world.holdings_index[MEMBER, h]] == owner:
            bargains.constants[side, contract] -= units * world.holdings[HANDLING_COST, h]
            if seller >= 0:
                count = add_term(side, seller, units * sold, bargains, count)
            else:
                bargains.constants[side, contract] += units * sold
            if bought_under >= 0:
                count = add_term(side, bought_under, -units * (1.0 - saving), bargains, count)
            else:
                bargains.constants[side, contract] -= units * cost
        if link < 0:
            return count
        seller, sold = bought_under, (1.0 - saving if bought_under >= 0 else cost)
        h = world.links_index[SUPPLIER_HOLDING, link]


@rule
def add_sides(
    system: int,
    contract: int,
    n: int,
    world: World,
    terms: Terms,
    state: State,
    ties: Ties,
    room: PowerRoom,
    bargains: Bargains,
) -> int:
    """Write both sides' gains from a contract over its failing; return how many coefficients they have."""
    first, formed, count = first_shelf_of(state), is_formed(system, ties), 0
    i = first_affected_shelf(n, state, room)
    while i < n:
        t = territory_of(i, world, room)
        for side in range(2):
            owner = ties.relationships_index[SUPPLYING_OWNER + side, ties.contracts[0, contract]]
            entry = first_entry(owner, first + world.territories_index[FIRST_SHELF, t], room)
            while entry < room.owner_span[1, owner]:
                shelf = room.path_shelf[entry]
                if shelf >= first + world.territories_index[END_SHELF, t]:
                    break
                now = state.holdings[MEAN_DEMAND, shelf]
                units = now - flow_without(formed, shelf, world, state, room)
                if units != 0.0:
                    count = add_flow(
                        side, owner, contract, shelf, units, world, terms, state, ties, bargains, count
                    )
                if side == 0 and room.status[shelf] == LOST and now > 0.0:
                    bargains.units[contract] += now
                    bargains.shelves[contract] += 1
                entry += 1
        i = end_of_territory(i, n, world, room)
    return count


@subroutine
def write_stakes(
    system: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom, bargains: Bargains
) -> int:
    """Write what is at stake in every contract at the prices of the state.

    Returns the number of entries needed; where there is no room for so many, the last ones are left out.
    """
    start_from_sources(terms, room)
    sum_makers(world, terms, state, room)
    follow_paths(world, terms, state, room)
    list_by_owner(state, room)
    entries = 0
    for contract in range(ties.contracts.shape[1]):
        relationship, brand = ties.contracts[0, contract], ties.contracts[1, contract]
        bargains.units[contract] = 0.0
        bargains.shelves[contract] = 0
        for side in range(2):
            bargains.constants[side, contract] = 0.0
        for replaced in range(2):
            n = cut(relationship, brand, replaced == 1, world, terms, state, ties, room)
            tally_sides(system, relationship, n, world, terms, state, ties, room)
            if replaced == 0:
                count = add_sides(system, contract, n, world, terms, state, ties, room, bargains)
            for side in range(2):
                if replaced == 0:
                    bargains.outside[side, contract] = -room.tally[side, RECAPTURED]
                else:
                    option = outside_option(side, relationship, world, ties, room)
                    bargains.outside[side, contract] += room.tally[side, RECAPTURED] + option
            mend(n, terms, room)
        for k in range(count):
            column = bargains.touched[0, k]
            bargains.touched[1, column] = 0
            if entries < bargains.row.size:
                bargains.row[entries] = contract
                bargains.column[entries] = column
                for side in range(2):
                    bargains.coefficients[side, entries] = bargains.sums[side, column]
            entries += 1
    return entries
