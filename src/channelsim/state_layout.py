"""Where the tables of a state lie within its flat buffer.

The tables that every step of the week passes over have gaps between their rows, so that the same place of
each row begins a line of the cache (`channelsim.rows` tells compiled code); all others have none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim.schema import columns_of
from channelsim.tables import BASE_DEMAND, CONTACTS, LINE, Floats, Sizes, State


def state_shapes(sizes: Sizes) -> dict[str, tuple[int, int]]:
    """Return the shape of each array of `State` within its flat buffer."""
    return {
        "territories": (len(columns_of("territories", "state")), sizes.territories),
        "members": (len(columns_of("members", "state")), sizes.members),
        "holdings": (len(columns_of("holdings", "state")), sizes.holdings),
        "links": (len(columns_of("links", "state")), sizes.links),
        "relationships": (len(columns_of("relationships", "state")), sizes.relationships),
        "pipeline": (sizes.pipeline_weeks, sizes.links),
        "orders_in_transit": (sizes.order_weeks, sizes.links),
        "payables": (sizes.payable_weeks, sizes.links),
        "attraction": (sizes.segments, sizes.shelves),
        "store_attraction": (sizes.segments, sizes.stores),
        "store_demand": (sizes.segments, sizes.stores),
        "store_square": (sizes.segments, sizes.stores),
        "store_margin": (sizes.segments, sizes.stores),
        "price_system": (sizes.segments * (sizes.segments + 1), sizes.stores),
        "shelf_weight": (sizes.segments + 2, sizes.shelves),
        "brand_attraction": (sizes.brands, sizes.stores),
        "brand_overlap": (sizes.brands, sizes.stores),
        "zone_inverse": (sizes.segments, sizes.zones),
        "zone_weight": (sizes.segments, sizes.zones),
        "settled_choice": (BASE_DEMAND + 1, sizes.shelves),
        "history": (sizes.history_weeks, sizes.holdings),
        "routes": (2, sizes.routes),
        "workspace": (sizes.workspace, sizes.workspace + 3),
        "incentives": (len(columns_of("incentives", "state")), sizes.incentives),
        "contacts": CONTACTS if sizes.relationships else (0, 0),
    }


class Place(NamedTuple):
    """Where a table of the state lies within its flat buffer."""

    start: int
    rows: int
    columns: int
    pitch: int
    """Numbers from the beginning of one row to that of the next."""

    @property
    def end(self) -> int:
        """One past the table's last row."""
        return self.start + self.rows * self.pitch


def _with_gaps(after: int, rows: int, columns: int, begins: int) -> Place:
    """Return the place of a table whose rows each begin a line of the cache at the column ``begins``.

    Vectors that straddle lines are read and written at half the speed or less. An odd number of lines from
    row to row, because rows that lie a power of two apart drive each other out of the nearest cache.
    """
    lead = -begins % LINE
    lines = (lead + columns) // LINE + 1
    return Place(-(-after // LINE) * LINE + lead, rows, columns, LINE * (lines + 1 - lines % 2))


def state_places(sizes: Sizes) -> dict[str, Place]:
    """Return where each array of `State` lies within its flat buffer."""
    begins = {  # with the last tier, which is the longest
        "members": sizes.members - sizes.stores,
        "holdings": sizes.holdings - sizes.shelves,
        "links": sizes.upper_links,
        "pipeline": sizes.upper_links,
    }
    places, end = {}, 0
    for name, (rows, columns) in state_shapes(sizes).items():
        place = Place(end, rows, columns, columns)
        if name in begins:
            place = _with_gaps(end, rows, columns, begins[name])
        places[name], end = place, place.end
    return places


def _view(flat: Floats, place: Place) -> Floats:
    """Return a table as a view on the buffer in which it lies."""
    return flat[place.start : place.end].reshape(place.rows, place.pitch)[:, : place.columns]


def state_views(flat: Floats, sizes: Sizes) -> State:
    """Return the tables of a state as views on its flat buffer."""
    return State(flat=flat, **{name: _view(flat, place) for name, place in state_places(sizes).items()})


def new_state(sizes: Sizes) -> State:
    """Return a state of zeros: one buffer and its views."""
    places = state_places(sizes)
    flat = aligned([*places.values()][-1].end)
    return State(flat=flat, **{name: _view(flat, place) for name, place in places.items()})


def new_table(rows: int, columns: int, begins: int) -> Floats:
    """Return a table of zeros with gaps; its rows each begin a line of the cache at the column ``begins``."""
    place = _with_gaps(0, rows, columns, begins)
    return _view(aligned(place.end), place)


def aligned(size: int) -> Floats:
    """Return zeros that begin where a line of the cache begins."""
    room = np.zeros(size + LINE - 1)
    start = -(room.ctypes.data // 8) % LINE
    return room[start : start + size]


def cell(sizes: Sizes, table: str, row: int, item: int) -> int:
    """Return where a cell of a table of the state lies in the flat buffer."""
    place = state_places(sizes)[table]
    return place.start + row * place.pitch + item


def cell_address(sizes: Sizes, cell: int) -> tuple[str, int, int]:
    """Return table, row of the array and item of a place in the flat buffer: the inverse of `cell`."""
    for name, place in state_places(sizes).items():
        if place.start <= cell < place.end:
            row, item = divmod(cell - place.start, place.pitch)
            return name, row, item
    raise IndexError(cell)
