"""Choosing again, summed by firm: what a firm's other shelves gain when some of a territory are lost.

`counterfactual` writes the demand of every shelf. A review that asks for thousands of relationships needs
its sums over the shelves of the two firms alone, so with logit demand and no capacity they are formed from
what all relationships of a territory share. With c a consumer cell (zone z, segment g), K_cj the travel
factor of store j, w_c = M·N_c/Δ_c its buyers per unit of attraction and A the shelves that lose supply, the
denominator moves by

    dΔ_c = Σ_j K_cj dv_gj ,     dv_gj = v'_gj − v_gj  (without change of variety −Σ_{l∈A∩j} a_gl) ,
    dw_c = −w_c · x/(1 + x) ,    x = dΔ_c/Δ_c ,

and a shelf l outside A, in a store whose variety stays, gains Σ_c dw_c a_gl K_cj. A firm's *foothold* is the
shelves of one territory whose path leads through it. Its sums

    S_c = Σ_{l in foothold} μ_l a_gl K_cj ,      U_c = Σ_{l in foothold} a_gl K_cj

are formed once a review; what all its shelves there gain is Σ_c dw_c S_c in money and Σ_c dw_c U_c in units,
less the shares of the shelves in A. Shelves of stores whose variety falls, by the factor σ_gj, gain
a_gl (σ_gj − 1)(reach_gj + Σ_z dw_c K_cj) besides.

Where no shelf is lost nobody has a reason to choose again and nothing is gained. Units are summed where an
outside option asks for them. Cells are laid out territory by territory and segment by segment in blocks of
four, filled up with cells without buyers, so that loops over them have no remainder. Same source, limits
and use as `counterfactual`, whose results these are up to rounding.
"""

from __future__ import annotations

from channelsim.columns import (
    END_HOLDING,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_HOLDING,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    MARKET,
    MEAN_DEMAND,
    STORE,
    VARIETY_WEIGHT,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.counterfactual import LOST
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.earnings import NOBODY
from channelsim.numerics import exponential, logarithm, product_total
from channelsim.tables import Floats, PowerRoom, State, World

FIRST_CELL, CELLS_A_SEGMENT, FIRST_TRAVEL = 0, 1, 2
"""Rows of the room's layout: a territory's first cell, its cells a segment, its first travel factor."""
INVERSE, BUYERS, CHANGE = 0, 1, 2
"""Rows of the room's cells: 1/Δ, w, and scratch for one territory: dΔ and then dw."""
START, SHELVES = 0, 1
"""Rows of the room's footholds: where its sums begin, and how many shelves it has."""
IN_MONEY, IN_UNITS = 0, 1
"""Rows of the footholds' sums: S and U."""


@rule
def lay_out_cells(world: World, state: State, room: PowerRoom) -> None:
    """Write 1/Δ, w and the stores' travel factors cell by cell."""
    segments = state.attraction.shape[0]
    for t in range(world.territories_index.shape[1]):
        first_zone = world.territories_index[FIRST_ZONE, t]
        zones = world.territories_index[END_ZONE, t] - first_zone
        stores = world.territories_index[END_STORE, t] - world.territories_index[FIRST_STORE, t]
        position, row = world.territories_index[FIRST_RESPONSE, t], room.layout[FIRST_TRAVEL, t]
        width = segments * room.layout[CELLS_A_SEGMENT, t]
        for g in range(segments):
            c = g * room.layout[CELLS_A_SEGMENT, t]
            for z in range(zones):
                cell, weight = room.layout[FIRST_CELL, t] + c, state.zone_weight[g, first_zone + z]
                room.cells[INVERSE, cell] = state.zone_inverse[g, first_zone + z]
                room.cells[BUYERS, cell] = state.territories[MARKET, t] * weight
                for j in range(stores):
                    room.store_travel[row + j * width + c] = world.travel[position + j]
                position += stores
                c += 1


@rule
def add_scaled(scale: float, x: Floats, y: Floats) -> None:
    """Add scale × x to y."""
    for c in range(y.size):
        y[c] += scale * x[c]


@subroutine
def sum_footholds(in_units: bool, world: World, state: State, room: PowerRoom) -> None:
    """Number the firms' footholds, and write what they earn and their sums over consumer cells.

    Parameters
    ----------
    in_units : bool
        Whether anything asks for sums in units.
    """
    lay_out_cells(world, state, room)
    first, segments, count, used = first_shelf_of(state), state.attraction.shape[0], 0, 0
    room.owner_foothold[:] = -1
    for t in range(world.territories_index.shape[1]):
        span = room.layout[CELLS_A_SEGMENT, t]
        width, known = segments * span, count
        pulled = room.cells[CHANGE, :width]
        for i in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
            j = world.holdings_index[STORE, first + i] - world.territories_index[FIRST_STORE, t]
            row = room.layout[FIRST_TRAVEL, t] + j * width
            for g in range(segments):
                attraction = state.attraction[g, i]
                for c in range(g * span, (g + 1) * span):
                    pulled[c] = attraction * room.store_travel[row + c]
            for k in range(room.path_owner.shape[0]):
                owner = room.path_owner[k, i]
                if owner == NOBODY:
                    break
                f = room.owner_foothold[owner]
                if f < known:  # its first shelf in the territory
                    f = count
                    room.owner_foothold[owner] = f
                    room.footholds[START, f] = used
                    room.footholds[SHELVES, f] = 0
                    room.foothold_value[f] = 0.0
                    room.foothold_sums[IN_MONEY, used : used + width] = 0.0
                    if in_units:
                        room.foothold_sums[IN_UNITS, used : used + width] = 0.0
                    used += width
                    count += 1
                margin, start = room.path_margin[k, i], room.footholds[START, f]
                room.path_foothold[k, i] = f
                room.footholds[SHELVES, f] += 1
                room.foothold_value[f] += max(margin, 0.0) * state.holdings[MEAN_DEMAND, first + i]
                add_scaled(margin, pulled, room.foothold_sums[IN_MONEY, start : start + width])
                if in_units:
                    add_scaled(1.0, pulled, room.foothold_sums[IN_UNITS, start : start + width])


@rule
def end_of_store(start: int, end: int, world: World, room: PowerRoom) -> int:
    """Return the position past the last affected shelf in the store of the one at ``start``."""
    k = start + 1
    while k < end and (
        world.holdings_index[STORE, room.affected[k]] == world.holdings_index[STORE, room.affected[start]]
    ):
        k += 1
    return k


@rule
def thin_out(
    g: int, start: int, end: int, world: World, state: State, room: PowerRoom
) -> tuple[float, float]:
    """Return the factor of a store's variety, and the change of its attraction without its lost shelves.

    Parameters
    ----------
    g : int
        Segment.
    start, end : int
        Positions of the store's affected shelves.
    """
    first, weight = first_shelf_of(state), world.segments[VARIETY_WEIGHT, g]
    if weight == 0.0:
        change = 0.0
        for k in range(start, end):
            h = room.affected[k]
            change -= state.attraction[g, h - first] if room.status[h] == LOST else 0.0
        return 1.0, change
    j = world.holdings_index[STORE, room.affected[start]]
    member = world.members_index.shape[1] - state.store_attraction.shape[1] + j
    before, left, summed = 0.0, 0.0, 0.0
    for h in range(world.members_index[FIRST_HOLDING, member], world.members_index[END_HOLDING, member]):
        offered = 1.0 if state.attraction[0, h - first] > 0.0 else 0.0
        before += offered
        if room.status[h] != LOST:
            left += offered
            summed += state.attraction[g, h - first]
    scale = exponential(weight * (logarithm(left) - logarithm(before))) if left > 0.0 else 1.0
    return scale, scale * summed - state.store_attraction[g, j]


@rule
def shift_choices(start: int, end: int, territory: int, world: World, state: State, room: PowerRoom) -> None:
    """Write how a territory's cells choose without its lost shelves, and what affected ones gain by that.

    Leaves dw in the cells' scratch, the change of every affected store's reach and its variety's factor in
    `store_reach` and `store_scale`, and what each affected shelf would gain in place in `flow`.
    """
    t, first, segments = territory, first_shelf_of(state), state.attraction.shape[0]
    cell, span = room.layout[FIRST_CELL, t], room.layout[CELLS_A_SEGMENT, t]
    first_store, width = world.territories_index[FIRST_STORE, t], segments * span
    change, inverse = room.cells[CHANGE, :width], room.cells[INVERSE, cell : cell + width]
    buyers = room.cells[BUYERS, cell : cell + width]
    for c in range(width):
        change[c] = 0.0
    k = start
    while k < end:
        stop = end_of_store(k, end, world, room)
        j = world.holdings_index[STORE, room.affected[k]]
        row = room.layout[FIRST_TRAVEL, t] + (j - first_store) * width
        for g in range(segments):
            scale, less = thin_out(g, k, stop, world, state, room)
            room.store_scale[g, j] = scale
            c = g * span
            add_scaled(less, room.store_travel[row + c : row + c + span], change[c : c + span])
        k = stop
    for c in range(width):
        x = change[c] * inverse[c]
        change[c] = -(buyers[c] * x) / (1.0 + x)
    k = start
    while k < end:
        stop = end_of_store(k, end, world, room)
        j = world.holdings_index[STORE, room.affected[k]]
        row = room.layout[FIRST_TRAVEL, t] + (j - first_store) * width
        for s in range(k, stop):
            room.flow[room.affected[s] - first] = 0.0
        for g in range(segments):
            c = g * span
            reach = product_total(change[c : c + span], room.store_travel[row + c : row + c + span])
            room.store_reach[g, j] = reach
            for s in range(k, stop):
                i = room.affected[s] - first
                room.flow[i] += state.attraction[g, i] * reach
        k = stop


@rule
def variety_counts(world: World) -> bool:
    """Return whether any segment cares for how many shelves a store has."""
    counts = False
    for g in range(world.segments.shape[1]):
        counts = counts or world.segments[VARIETY_WEIGHT, g] > 0.0
    return counts


@rule
def gained_by_variety(i: int, territory: int, world: World, state: State, room: PowerRoom) -> float:
    """Return what the i-th shelf gains because the variety of its store, an affected one, changes."""
    j, gained = world.holdings_index[STORE, first_shelf_of(state) + i], 0.0
    for g in range(state.attraction.shape[0]):
        reach = state.territories[MARKET, territory] * state.store_demand[g, j] + room.store_reach[g, j]
        gained += state.attraction[g, i] * (room.store_scale[g, j] - 1.0) * reach
    return gained
