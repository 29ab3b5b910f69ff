"""Expansion of a scenario's territory groups into rows, zones, buyers and the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite, nan
from typing import Any

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.files import read_csv
from channelsim.parts import TerritoryGroup
from channelsim.places import zones
from channelsim.scenario import Scenario
from channelsim.schema import column
from channelsim.tables import Floats, Integers

WEEKS_A_YEAR = 52.0
_NUMBERS = ("buyers", "area", "centre_x", "centre_y", "season_amplitude", "season_peak_week", "growth")
_ALIASES = {"area_km2": "area", "x_km": "centre_x", "y_km": "centre_y", "class": "territory_class"}


@dataclass(frozen=True)
class Territories:
    """Rows of the territories and of their demand zones."""

    names: list[str]
    classes: list[str]
    values: dict[str, Floats]
    """One array (territories,) per numeric column."""
    zone_territory: Integers
    zone_position: Floats
    """(zones, 2) km, absolute."""
    zone_weight: Floats
    zone_slices: list[slice]

    def radius(self, territory: int) -> float:
        """Return the radius of a territory's disc, km."""
        return float(np.sqrt(self.values["area"][territory] / np.pi))

    def centre(self, territory: int) -> Floats:
        """Return the centre of a territory, km."""
        return np.array([self.values["centre_x"][territory], self.values["centre_y"][territory]])

    def calendar(self, weeks: int) -> Floats:
        """Return (weeks, territories) factors of season and growth on market size."""
        week = np.arange(weeks)[:, None]
        phase = 2.0 * np.pi * (week - self.values["season_peak_week"]) / WEEKS_A_YEAR
        season = 1.0 + self.values["season_amplitude"] * np.cos(phase)
        growth = (1.0 + self.values["growth"]) ** (week / WEEKS_A_YEAR)
        return np.asarray(season * growth)


def _from_table(group: TerritoryGroup, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the territories of a table, one a row; what a row leaves out is the group's."""
    path = scenario.path_of(group.table or "")
    names, table = read_csv(path)
    if "name" not in names:
        raise ScenarioError(f"{path.name}: the table needs a column 'name'")
    rows = []
    for line, cells in enumerate(table, start=2):
        row = {_ALIASES.get(name, name): text for name, text in cells.items()}
        where = f"{path.name} row {line}"
        if not row["name"]:
            raise ScenarioError(f"{where}: the territory has no name")
        entry: dict[str, Any] = {
            "name": row["name"],
            "territory_class": row.get("territory_class") or group.territory_class,
        }
        for name in _NUMBERS:
            text = row.get(name)
            entry[name] = _read_number(text, name, where) if text else getattr(group, name)
        if group.buyers_per_1000 is not None:
            population = _read_number(row.get("population", ""), "population", where)
            entry["buyers"] = population / 1000.0 * group.buyers_per_1000
        for name in _NUMBERS:
            c = column(name)
            if not c.low <= entry[name] <= c.high:
                bounds = f"must lie between {c.low:g} and {c.high:g} {c.unit}"
                raise ScenarioError(f"{where}: {name} = {entry[name]:g} {bounds}")
        rows.append(entry)
    return rows


def _read_number(text: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ScenarioError(f"{where}: {name} = {text!r} is not a number")
    return value


def expand_territories(scenario: Scenario) -> Territories:
    """Return the territories of a scenario.

    Raises
    ------
    ScenarioError
        If a table does not hold what it should, or a name occurs twice.
    """
    rows: list[dict[str, Any]] = []
    zone_plan: list[tuple[int, float]] = []
    for group in scenario.territories:
        if group.table:
            added = _from_table(group, scenario)
        else:
            shared = {name: getattr(group, name) for name in (*_NUMBERS, "territory_class")}
            names = (
                [group.name] if group.count == 1 else [f"{group.name} {i + 1}" for i in range(group.count)]
            )
            added = [{"name": name, **shared} for name in names]
        rows += added
        zone_plan += [(group.zones, group.zone_concentration)] * len(added)
    names = [row["name"] for row in rows]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise ScenarioError(f"territories: the name {twice!r} occurs twice; names must be unique")
    values = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in _NUMBERS}
    territory, position, weight, slices, start = [], [], [], [], 0
    for t, (count, concentration) in enumerate(zone_plan):
        offsets, weights = zones(count, float(np.sqrt(values["area"][t] / np.pi)), concentration)
        territory.append(np.full(count, t))
        position.append(offsets + np.array([values["centre_x"][t], values["centre_y"][t]]))
        weight.append(weights)
        slices.append(slice(start, start + count))
        start += count
    return Territories(
        names=names,
        classes=[row["territory_class"] for row in rows],
        values=values,
        zone_territory=np.concatenate(territory),
        zone_position=np.concatenate(position),
        zone_weight=np.concatenate(weight),
        zone_slices=slices,
    )


def check_places(value: object, territories: Territories, where: str) -> None:
    """Refuse names, of a list or as keys of a table, that are neither a territory nor a class.

    Raises
    ------
    ScenarioError
        One line: which name, and a few of the admissible ones.
    """
    known = list(dict.fromkeys([*filter(None, territories.classes), *territories.names]))
    for name in value if isinstance(value, list | dict) else ():
        if name not in known:
            near = get_close_matches(str(name), known, 3) or known[:10]
            more = ", ..." if len(known) > len(near) else ""
            raise ScenarioError(
                f"{where}: {name!r} is neither a territory nor a class; admissible: {', '.join(near)}{more}"
            )


def by_class(value: float | dict[str, float], name: str, territory_class: str) -> float | None:
    """Return a number given for all territories, or by territory name or class (None: not given there)."""
    if not isinstance(value, dict):
        return float(value)
    found = value.get(name, value.get(territory_class))
    return None if found is None else float(found)
