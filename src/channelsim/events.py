"""Events of a scenario, resolved to cells of the flat state when the world is built."""

from __future__ import annotations

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.links import Links
from channelsim.members import Members
from channelsim.scenario import Event, Scenario
from channelsim.schema import column, position
from channelsim.tables import Floats, Integers, Sizes, cell
from channelsim.territories import Territories

OPERATIONS = ("set", "add", "multiply")


def _chosen(names: list[str], all_names: list[str]) -> list[int]:
    return [i for i, name in enumerate(all_names) if not names or name in names]


def _rows(event: Event, scenario: Scenario, territories: Territories, members: Members, index: Integers, links: Links) -> Integers:
    """Return the rows of the event's table that it selects."""
    table = column(event.column).table
    places = [
        t for t, (name, kind) in enumerate(zip(territories.names, territories.classes))
        if not event.territories or name in event.territories or kind in event.territories
    ]  # fmt: skip
    if event.territories and not places:
        raise ScenarioError(f"events: no territory is named or classed {event.territories[0]!r}")
    if table == "territories":
        return np.array(places)
    groups = _chosen(event.groups, [g.name for g in scenario.members])
    brands = _chosen(event.brands, [b.name for b in scenario.brands])
    member = index[position("member")]
    of_group = np.isin(members.group[member], groups) & np.isin(index[position("brand")], brands)
    here = np.isin(members.territory[member], places) if event.territories else np.ones(len(member), dtype=bool)
    if table == "holdings":
        return np.flatnonzero(of_group & here)
    return np.flatnonzero(of_group[links.supplier_holding] & here[links.buyer_holding])


def resolve_events(
    scenario: Scenario, territories: Territories, members: Members, index: Integers, links: Links, sizes: Sizes
) -> tuple[Integers, Floats]:
    """Return the (cells, 4) events and their values; see `channelsim.mechanisms.events`.

    Raises
    ------
    ScenarioError
        If an event selects nothing.
    """
    cells, values = [], []
    for i, event in enumerate(scenario.events):
        rows = _rows(event, scenario, territories, members, index, links)
        if not len(rows):
            raise ScenarioError(f"events[{i}]: selects no row of the {column(event.column).table}")
        for row in rows:
            place = cell(sizes, column(event.column).table, position(event.column), int(row))
            cells.append((event.week, event.week + event.duration, OPERATIONS.index(event.operation), place))
            values.append(event.value)
    return np.array(cells, dtype=np.int64).reshape(-1, 4), np.array(values, dtype=np.float64)
