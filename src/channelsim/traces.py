"""Given demand: means, deviations and traces of shelves."""

from __future__ import annotations

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.files import read_csv
from channelsim.members import Members
from channelsim.scenario import Scenario
from channelsim.schema import position
from channelsim.tables import Floats, Integers


def _by_group(value: float | dict[str, float], group: str) -> float:
    return float(value.get(group, 0.0)) if isinstance(value, dict) else float(value)


def _trace_columns(scenario: Scenario) -> dict[str, list[float]]:
    """Return the trace of each member group ("" for all)."""
    if scenario.demand.trace:
        return {"": scenario.demand.trace}
    if not scenario.demand.trace_table:
        return {}
    path = scenario.path_of(scenario.demand.trace_table)
    names, rows = read_csv(path)
    stores = [g.name for g in scenario.members if g.sells_to_consumers]
    columns: dict[str, list[float]] = {}
    for name in names:
        if name == "week":
            continue
        if name not in stores:
            raise ScenarioError(f"{path.name}: column {name!r} is not a group of stores: {', '.join(stores)}")
        try:
            columns[name] = [float(row[name]) for row in rows]
        except (KeyError, ValueError):
            raise ScenarioError(
                f"{path.name}: column {name!r} holds something that is not a number"
            ) from None
        if not all(0.0 <= value < np.inf for value in columns[name]):
            raise ScenarioError(f"{path.name}: column {name!r}: demand must be finite and not negative")
    if not columns:
        raise ScenarioError(f"{path.name}: the table needs a column for each group of stores")
    return columns


def read_traces(
    scenario: Scenario, members: Members, member: Integers, first_shelf: int, holdings: Floats
) -> tuple[Floats, Integers]:
    """Return the traces and which holding follows which; write the variation that a given deviation means.

    Parameters
    ----------
    member : array (holdings,)
        Member of each holding.
    first_shelf : int
        Row of the first shelf.
    holdings : array (columns, holdings)
        The world's table; its variation is overwritten where the demand gives a deviation.

    Returns
    -------
    traces : array (rows, weeks)
        Units per week; the last value of a trace holds on to the end of the run.
    of_holding : array (holdings,)
        Row of each holding's trace, -1 if it has none.
    """
    of_holding = np.full(len(member), -1)
    if scenario.demand.system != "given":
        return np.zeros((0, scenario.weeks)), of_holding
    groups = np.array([g.name for g in scenario.members])[members.group[member]]
    deviation = scenario.demand.deviation
    if deviation is not None:
        mean = np.array([_by_group(scenario.demand.mean, g) for g in groups])
        spread = np.array([_by_group(deviation, g) for g in groups])
        holdings[position("variation")] = np.where(mean > 0.0, spread / np.maximum(mean, 1e-300), 0.0)
    rows = []
    for row, (name, values) in enumerate(_trace_columns(scenario).items()):
        padded = np.full(scenario.weeks, values[-1], dtype=np.float64)
        padded[: len(values)] = values[: scenario.weeks]
        rows.append(padded)
        shelves = np.arange(len(member)) >= first_shelf
        of_holding[shelves & ((groups == name) | (name == ""))] = row
    return (np.array(rows) if rows else np.zeros((0, scenario.weeks))), of_holding


def given_means(scenario: Scenario, members: Members, member: Integers) -> Floats:
    """Return the given mean demand of every holding, units per week."""
    groups = np.array([g.name for g in scenario.members])[members.group[member]]
    return np.array([_by_group(scenario.demand.mean, g) for g in groups])
