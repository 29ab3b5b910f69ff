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
    BUYING_OWNER,
    DEPENDENCE_OF_SUPPLIER,
    END_HOLDING,
    END_SHELF,
    FIRST_HOLDING,
    FIRST_SHELF,
    GAIN_OF_SUPPLIER,
    HORIZON_WEEKS,
    LOCAL_DEPENDENCE_OF_SUPPLIER,
    MEAN_DEMAND,
    PRICE,
    PROFIT_SHARE_OF_SUPPLIER,
    RECAPTURED_OF_SUPPLIER,
    ROLE_PERFORMANCE,
    SALES_SHARE_OF_SUPPLIER,
    SCARCITY_OF_SUPPLIER,
    STORE,
    SUPPLYING_OWNER,
    SWITCHING_COST,
    UTILITY_OF_SUPPLIER,
    VALUE_OF_SUPPLIER,
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
from channelsim.mechanisms.earnings import (
    ALL_SALES,
    POSITIVE,
    SIGNED,
    earnings,
    first_entry,
    follow_paths,
    list_by_owner,
    place_on_path,
)
from channelsim.mechanisms.rechoice import (
    CELLS_A_SEGMENT,
    CHANGE,
    IN_MONEY,
    IN_UNITS,
    SHELVES,
    START,
    end_of_store,
    gained_by_variety,
    shift_choices,
    sum_footholds,
    variety_counts,
)
from channelsim.mechanisms.role_performance import expect_demand_as_peers, role_performance
from channelsim.numerics import product_total
from channelsim.tables import PowerRoom, State, Terms, Ties, World

(VALUE, RECAPTURED, SALES, LOCAL, LOST_UNITS, KEPT_UNITS, LOST_SALES, LOST_MARGIN, LOST_RETAIL) = range(9)
"""Sums over the flows that a relationship touches, for either side (rows of the room's tally)."""


@rule
def count_affected(
    side: int,
    shelf: int,
    margin: float,
    taken: float,
    new_margin: float,
    new_taken: float,
    gained: float,
    world: World,
    state: State,
    room: PowerRoom,
) -> None:
    """Add an affected shelf to the sums of a side.

    Parameters
    ----------
    margin, taken, new_margin, new_taken : float
        What the firm earns and takes per unit as things stand, and by the other path, money.
    gained : float
        Units per week that the shelf would gain if it keeps supply.
    """
    tally, before = room.tally[side], state.holdings[MEAN_DEMAND, shelf]
    tally[VALUE] += margin * before
    tally[SALES] += taken * before
    if room.status[shelf] != LOST and new_taken > 0.0:
        tally[RECAPTURED] += new_margin * (before + gained) - world.scenario[SWITCHING_COST]
        tally[KEPT_UNITS] += gained
        return
    tally[LOST_UNITS] += before
    tally[LOST_SALES] += taken * before
    tally[LOST_MARGIN] += margin * before
    tally[LOST_RETAIL] += state.holdings[PRICE, shelf] * before


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
        new_margin, new_taken = 0.0, 0.0
        if room.status[shelf] != LOST:
            new_margin, new_taken, _, _ = earnings(owner, owner, shelf, room.source, world, terms, state)
        count_affected(side, shelf, margin, taken, new_margin, new_taken, gained, world, state, room)


@subroutine
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
def has_options(ties: Ties) -> bool:
    """Return whether anybody has an outside option."""
    return ties.options.shape[1] > 0


@subroutine
def count_varied(
    side: int, owner: int, start: int, end: int, territory: int, world: World, state: State, room: PowerRoom
) -> None:
    """Add what a firm's other shelves in the stores that lose some gain because their variety falls."""
    first, k = first_shelf_of(state), start
    while k < end:
        j = world.holdings_index[STORE, room.affected[k]]
        member = world.members_index.shape[1] - state.store_attraction.shape[1] + j
        for h in range(world.members_index[FIRST_HOLDING, member], world.members_index[END_HOLDING, member]):
            place = place_on_path(owner, h - first, room)
            if room.status[h] == KEPT and place >= 0:
                gained = gained_by_variety(h - first, territory, world, state, room)
                room.tally[side, RECAPTURED] += room.path_margin[place, h - first] * gained
                room.tally[side, KEPT_UNITS] += gained
        k = end_of_store(k, end, world, room)


@rule
def tally_foothold(
    side: int,
    owner: int,
    start: int,
    end: int,
    territory: int,
    lost: int,
    varied: bool,
    world: World,
    state: State,
    ties: Ties,
    room: PowerRoom,
) -> None:
    """Add what a firm's shelves in an affected territory that keep their supply gain (`tally_affected`)."""
    tally, first = room.tally[side], first_shelf_of(state)
    i = room.affected[start] - first
    foothold = room.path_foothold[place_on_path(owner, i, room), i]
    tally[LOCAL] += room.foothold_value[foothold]
    if lost == 0 or room.footholds[SHELVES, foothold] == end - start:
        return
    top, width = room.footholds[START, foothold], state.attraction.shape[0]
    width *= room.layout[CELLS_A_SEGMENT, territory]
    change = room.cells[CHANGE, :width]
    tally[RECAPTURED] += product_total(change, room.foothold_sums[IN_MONEY, top : top + width])
    if has_options(ties):
        tally[KEPT_UNITS] += product_total(change, room.foothold_sums[IN_UNITS, top : top + width])
    for k in range(start, end):  # they are in the sums
        i = room.affected[k] - first
        tally[RECAPTURED] -= room.path_margin[place_on_path(owner, i, room), i] * room.flow[i]
        tally[KEPT_UNITS] -= room.flow[i]
    if varied:
        count_varied(side, owner, start, end, territory, world, state, room)


@rule
def tally_affected(
    supplier: int,
    buyer: int,
    start: int,
    end: int,
    territory: int,
    lost: int,
    varied: bool,
    world: World,
    terms: Terms,
    state: State,
    room: PowerRoom,
) -> None:
    """Add a territory's affected shelves to the sums of both sides.

    Parameters
    ----------
    start, end : int
        Positions of the territory's affected shelves; all are on the paths of both firms.
    lost : int
        How many of them would be lost; without any nobody chooses again.
    varied : bool
        Whether the variety of stores changes.
    """
    for k in range(start, end):
        shelf = room.affected[k]
        i = shelf - first_shelf_of(state)
        gained = room.flow[i] if lost > 0 else 0.0
        if varied:
            gained += gained_by_variety(i, territory, world, state, room)
        margin, taken, of_other, by_other = 0.0, 0.0, 0.0, 0.0
        if room.status[shelf] != LOST:
            margin, taken, of_other, by_other = earnings(
                supplier, buyer, shelf, room.source, world, terms, state
            )
        for side in range(2):
            place = place_on_path(supplier if side == 0 else buyer, i, room)
            now, takes = room.path_margin[place, i], room.path_taken[place, i]
            new_margin, new_taken = (margin, taken) if side == 0 else (of_other, by_other)
            count_affected(side, shelf, now, takes, new_margin, new_taken, gained, world, state, room)


@rule
def tally_footholds(
    relationship: int, n: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
) -> None:
    """Do what `tally_sides` does, from the sums that all relationships share (`rechoice`)."""
    supplier = ties.relationships_index[SUPPLYING_OWNER, relationship]
    buyer = ties.relationships_index[BUYING_OWNER, relationship]
    room.tally[:] = 0.0
    i = first_affected_shelf(n, state, room)
    while i < n:
        t, end, lost = territory_of(i, world, room), end_of_territory(i, n, world, room), 0
        for k in range(i, end):
            lost += 1 if room.status[room.affected[k]] == LOST else 0
        varied = lost > 0 and variety_counts(world)
        if lost > 0:
            shift_choices(i, end, t, world, state, room)
        for side in range(2):
            owner = ties.relationships_index[SUPPLYING_OWNER + side, relationship]
            tally_foothold(side, owner, i, end, t, lost, varied, world, state, ties, room)
        tally_affected(supplier, buyer, i, end, t, lost, varied, world, terms, state, room)
        i = end


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


@rule
def forget_measures(relationship: int, state: State) -> None:
    """Write that nothing goes through a relationship."""
    for column in range(VALUE_OF_SUPPLIER, ROLE_PERFORMANCE + 1):
        state.relationships[column, relationship] = 0.0


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
    if supplier == buyer:
        forget_measures(relationship, state)
        return
    n = cut(relationship, -1, True, world, terms, state, ties, room)
    if n == 0:
        forget_measures(relationship, state)
        state.relationships[ROLE_PERFORMANCE, relationship] = 1.0
        return
    if is_formed(system, ties):
        tally_footholds(relationship, n, world, terms, state, ties, room)
    else:
        tally_sides(system, relationship, n, world, terms, state, ties, room)
    for side in range(2):
        owner = ties.relationships_index[SUPPLYING_OWNER + side, relationship]
        conclude(side, owner, relationship, world, state, ties, room)
    state.relationships[ROLE_PERFORMANCE, relationship] = role_performance(
        system, buyer, n, world, state, room
    )
    mend(n, terms, room)


@subroutine
def review_dependence(
    system: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
) -> None:
    """Measure all relationships at this week's mean demand, prices and efforts."""
    start_from_sources(terms, room)
    follow_paths(world, terms, state, room)
    if system == LOGIT:
        expect_demand_as_peers(world, terms, state, ties, room)
    if is_formed(system, ties):
        sum_footholds(has_options(ties), world, state, room)
    else:
        sum_makers(world, terms, state, room)
        list_by_owner(state, room)
    for relationship in range(state.relationships.shape[1]):
        measure(relationship, system, world, terms, state, ties, room)
