"""Earnings along the path of the goods: what every firm makes of a unit sold at a shelf, at all its tiers.

The path of a shelf leads from the store up the links on which each holding orders to the maker. A firm's
unit margin there is the sum over its holdings on the path of what the holding sells at, less what it buys at
net of the interest that credit saves, less handling,

    μ = Σ_h (sold_h − c̃_h) ,      sold by a supplier = w·(1 − credit saving) − allowance ,

with c̃ the marginal cost of `terms`. With incentives both sides reckon at the margin: price net of the
discount there and of the expected rebate, what a store passes on of its revenue. What a firm *takes* is
the highest price at which it sells on the path.

Source: economics §1, §4. Limit: one tier of the firm's own: price less cost. Used by `dependence` and
`bargaining`.
"""

from __future__ import annotations

from channelsim.columns import (
    ALLOWANCE,
    HANDLING_COST,
    LINK_CREDIT_SAVING,
    MEAN_DEMAND,
    MEMBER,
    OWNER,
    PRICE,
    REVENUE_SHARE,
    SOURCE_LINK,
    SUPPLIER_HOLDING,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost
from channelsim.tables import Integers, PowerRoom, State, Terms, World

POSITIVE, SIGNED, ALL_SALES = 0, 1, 2
"""Sums over all flows of a firm (rows of the room's owners)."""
NOBODY = -1
"""Firm of a place on a path that is shorter."""


@rule
def step_of_path(
    shelf: int, holding: int, link: int, sold: float, world: World, terms: Terms, state: State
) -> tuple[float, float]:
    """Return the margin of a holding that sells at ``sold``, and what its supplier sells at, money a unit."""
    h, allowance = holding, 0.0
    if link < 0:
        cost, saving = state.holdings[UNIT_COST, h], 0.0
    else:
        cost, saving = state.links[WHOLESALE_PRICE, link], terms.links[LINK_CREDIT_SAVING, link]
        if state.incentives.shape[1] > 0:
            passed_on = terms.incentives[REVENUE_SHARE, link] * state.holdings[PRICE, shelf]
            allowance = state.incentives[ALLOWANCE, link] - passed_on
    margin = sold - marginal_cost(cost, saving, allowance, world.holdings[HANDLING_COST, h])
    return margin, cost * (1.0 - saving) - allowance


@rule
def earnings(
    one: int, other: int, shelf: int, sources: Integers, world: World, terms: Terms, state: State
) -> tuple[float, float, float, float]:
    """Return what two firms earn and take per unit sold at a shelf, money: earned, taken, earned, taken.

    Parameters
    ----------
    one, other : int
        Firms; one that is not on the shelf's path earns and takes 0.
    shelf : int
        Holding at which the goods are sold.
    sources : array (holdings,)
        Link on which each holding orders: the path.
    """
    h, sold, margin, taken, of_other, by_other = shelf, state.holdings[PRICE, shelf], 0.0, 0.0, 0.0, 0.0
    while True:
        link, owner = sources[h], world.members_index[OWNER, world.holdings_index[MEMBER, h]]
        earned, bought = step_of_path(shelf, h, link, sold, world, terms, state)
        if owner == one:
            margin += earned
            taken = max(taken, sold)
        if owner == other:
            of_other += earned
            by_other = max(by_other, sold)
        if link < 0:
            return margin, taken, of_other, by_other
        sold = bought
        h = world.links_index[SUPPLIER_HOLDING, link]


@rule
def read_path(shelf: int, i: int, world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write the firms on the path of a shelf, the i-th, each once, with what they earn and take."""
    h, sold, known = shelf, state.holdings[PRICE, shelf], 0
    while True:
        owner, k = world.members_index[OWNER, world.holdings_index[MEMBER, h]], 0
        while k < known and room.path_owner[k, i] != owner:
            k += 1
        if k == known:
            room.path_owner[k, i] = owner
            room.path_margin[k, i] = 0.0
            room.path_taken[k, i] = 0.0
            known += 1
        link = terms.holdings_index[SOURCE_LINK, h]
        earned, bought = step_of_path(shelf, h, link, sold, world, terms, state)
        room.path_margin[k, i] += earned
        room.path_taken[k, i] = max(room.path_taken[k, i], sold)
        if link < 0:
            break
        sold = bought
        h = world.links_index[SUPPLIER_HOLDING, link]
    for k in range(known, room.path_owner.shape[0]):
        room.path_owner[k, i] = NOBODY


@rule
def place_on_path(owner: int, i: int, room: PowerRoom) -> int:
    """Return the place of a firm on the path of the i-th shelf, -1 if it is not on it."""
    for k in range(room.path_owner.shape[0]):
        if room.path_owner[k, i] == owner:
            return k
    return -1


@subroutine
def follow_paths(world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write who earns what at every shelf, and each firm's margins and sales over all of them."""
    first = first_shelf_of(state)
    room.owners[:] = 0.0
    for i in range(state.holdings.shape[1] - first):
        read_path(first + i, i, world, terms, state, room)
        flow = state.holdings[MEAN_DEMAND, first + i]
        for k in range(room.path_owner.shape[0]):
            owner, margin = room.path_owner[k, i], room.path_margin[k, i]
            if owner == NOBODY:
                break
            room.owners[POSITIVE, owner] += max(margin, 0.0) * flow
            room.owners[SIGNED, owner] += margin * flow
            room.owners[ALL_SALES, owner] += room.path_taken[k, i] * flow


@subroutine
def list_by_owner(state: State, room: PowerRoom) -> None:
    """List each firm's shelves, in the order of the table, with what it earns and takes there."""
    first = first_shelf_of(state)
    places, shelves = room.path_owner.shape[0], state.holdings.shape[1] - first
    room.owner_span[:] = 0
    for i in range(shelves):
        for k in range(places):
            if room.path_owner[k, i] != NOBODY:
                room.owner_span[1, room.path_owner[k, i]] += 1
    start = 0
    for owner in range(room.owner_span.shape[1]):
        count = room.owner_span[1, owner]
        room.owner_span[0, owner] = start
        room.owner_span[1, owner] = start
        start += count
    for i in range(shelves):
        for k in range(places):
            owner = room.path_owner[k, i]
            if owner == NOBODY:
                break
            entry = room.owner_span[1, owner]
            room.path_shelf[entry] = first + i
            room.path_earnings[0, entry] = room.path_margin[k, i]
            room.path_earnings[1, entry] = room.path_taken[k, i]
            room.owner_span[1, owner] += 1


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
