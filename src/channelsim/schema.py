"""Every column of every table, declared once in ``columns.csv``.

A table is held as one C-contiguous two-dimensional array per number type (columns × rows), so a
phase opens with ``stock = state.holdings[STOCK]`` and runs along a contiguous row. The positions (and
those of the effects, ``effects.csv``) are integer constants in `channelsim.columns`, written by
``python -m channelsim.schema``; defaults, bounds, units and meanings of scenario fields, the reference pages
and the labels of results come from the same declarations.

Where a column lives (`Column.home`):

- ``world``: fixed for a run: places, members, rules;
- ``terms``: set by a policy: who is active, on which contract;
- ``state``: what one replication changes week by week. Events may touch the *exogenous* ones; their
  base value stands in the state from which every replication starts.

A *holding* is a member × brand, a *shelf* the holding of a member that sells to consumers (a
*store*), a *relationship* a supplier × buyer, a *link* one brand within a relationship.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import nan
from pathlib import Path

from channelsim.effects import EFFECTS


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    table, name, symbol, unit, meaning : str
        What it is called, its symbol in the equations, its unit, what it means.
    home : {"world", "terms", "state"}
        Which of the three tuples holds it.
    kind : {"float", "int"}
    default, low, high : float
        Default and admissible range (inclusive); NaN where the model computes the column.
    exogenous : bool
        Whether events may touch it.
    writer : str
        The mechanism that writes it; "" for inputs.
    source : str
        Where the default comes from, or "declared assumption".
    """

    table: str
    name: str
    symbol: str
    unit: str
    meaning: str
    home: str
    kind: str
    default: float
    low: float
    high: float
    exogenous: bool
    writer: str
    source: str


def _number(text: str) -> float:
    return float(text) if text else nan


def _read() -> tuple[Column, ...]:
    text = files("channelsim").joinpath("columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(
            table=row["table"],
            name=row["name"],
            symbol=row["symbol"],
            unit=row["unit"],
            meaning=row["meaning"],
            home=row["home"],
            kind=row["kind"],
            default=_number(row["default"]),
            low=_number(row["low"]),
            high=_number(row["high"]),
            exogenous=row["exogenous"] == "yes",
            writer=row["writer"],
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


COLUMNS: tuple[Column, ...] = _read()
_BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}


def column(name: str) -> Column:
    """Return the column of that name (names are unique over all tables).

    Raises
    ------
    KeyError
        If there is none.
    """
    return _BY_NAME[name]


@cache
def columns_of(table: str, home: str, kind: str = "float") -> tuple[Column, ...]:
    """Return the columns of one array, in the order of its rows."""
    return tuple(c for c in COLUMNS if (c.table, c.home, c.kind) == (table, home, kind))


@cache
def position(name: str) -> int:
    """Return the row of a column within its array."""
    c = column(name)
    return columns_of(c.table, c.home, c.kind).index(c)


def columns_module() -> str:
    """Return the source of `channelsim.columns`: one integer constant per column."""
    lines = [
        '"""Row of every column within its array. Written by ``python -m channelsim.schema``; do not edit."""'
    ]
    seen: list[tuple[str, str, str]] = []
    for c in COLUMNS:
        array = (c.table, c.home, c.kind)
        if array not in seen:
            seen.append(array)
            suffix = "_index" if c.kind == "int" else ""
            lines += ["", f"# {c.home}.{c.table}{suffix}"]
        lines.append(f"{c.name.upper()} = {position(c.name)}")
    lines += ["", "# world.effects"]
    lines += [f"{effect.name.upper()} = {place}" for place, effect in enumerate(EFFECTS)]
    return "\n".join(lines) + "\n"


if len(_BY_NAME) != len(COLUMNS) or len({*_BY_NAME, *(e.name for e in EFFECTS)}) != len(COLUMNS) + len(
    EFFECTS
):
    raise ValueError("columns.csv, effects.csv: a name occurs twice")


if __name__ == "__main__":
    Path(__file__).with_name("columns.py").write_text(columns_module(), encoding="utf-8")
