"""Events of a scenario, resolved to cells of the flat state when the world is built."""

from __future__ import annotations

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.links import Links
from channelsim.members import Members
from channelsim.parts import Event
from channelsim.scenario import Scenario
from channelsim.schema import column, position
from channelsim.state_layout import cell
from channelsim.tables import Floats, Integers, Sizes
from channelsim.territories import Territories, check_places

OPERATIONS = ("set", "add", "multiply")


def _chosen(names: list[str], all_names: list[str]) -> list[int]:
    return [i for i, name in enumerate(all_names) if not names or name in names]


def _rows(
    event: Event,
    scenario: Scenario,
    territories: Territories,
    members: Members,
    index: Integers,
    links: Links,
) -> Integers:
    """Return the rows of the event's table that it selects and that feel it."""
    table = column(event.column).table
    wanted = event.territories
    places = [
        t
        for t, (name, kind) in enumerate(zip(territories.names, territories.classes))
        if not wanted or name in wanted or kind in wanted
    ]
    if table == "territories":
        return np.array(places, dtype=np.int64)
    groups = _chosen(event.groups, [g.name for g in scenario.members])
    brands = _chosen(event.brands, [b.name for b in scenario.brands])
    member = index[position("member")]
    chosen = np.isin(members.group[member], groups) & np.isin(index[position("brand")], brands)
    here = np.isin(members.territory[member], places) if wanted else np.ones(len(member), dtype=bool)
    if table == "links":
        return np.flatnonzero(chosen[links.supplier_holding] & here[links.buyer_holding])
    tier = members.tier[member]
    feels = tier == 0 if event.column == "capacity" else tier == tier.max()  # producers; else shelves
    return np.flatnonzero(chosen & here & feels)


def resolve_events(
    scenario: Scenario,
    territories: Territories,
    members: Members,
    index: Integers,
    links: Links,
    sizes: Sizes,
) -> tuple[Integers, Floats]:
    """Return the (cells, 4) events and their (cells, 3) values and bounds; see `mechanisms.events`.

    Raises
    ------
    ScenarioError
        If an event selects nothing.
    """
    cells, values = [], []
    for i, event in enumerate(scenario.events):
        check_places(event.territories, territories, f"events[{i}].territories")
        rows = _rows(event, scenario, territories, members, index, links)
        if not len(rows):
            raise ScenarioError(
                f"events[{i}]: {event.column} of nothing: no row is selected that would feel it"
            )
        for row in rows:
            place = cell(sizes, column(event.column).table, position(event.column), int(row))
            cells.append((event.week, event.week + event.duration, OPERATIONS.index(event.operation), place))
            values.append((event.value, column(event.column).low, column(event.column).high))
    rows_of_events = np.array(cells, dtype=np.int64).reshape(-1, 4)
    return rows_of_events, np.array(values, dtype=np.float64).reshape(-1, 3)
