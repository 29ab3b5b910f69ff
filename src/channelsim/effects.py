"""The effects: every magnitude of influence and relations, declared once in ``effects.csv``.

Each has a source or is a *declared assumption*; a scenario replaces some or all of them by its own
(``[relations]`` ``effects``: a table of numbers, or a CSV file with the columns ``name`` and ``value``
beside the scenario). Rules read them from `tables.World.effects` by the positions in `channelsim.columns`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from math import isfinite

from channelsim.errors import ScenarioError


@dataclass(frozen=True)
class Effect:
    """One magnitude.

    Attributes
    ----------
    name, symbol, unit, meaning : str
        What it is called, its symbol in the equations, its unit, what it means.
    default, low, high : float
        Default and admissible range (inclusive).
    source : str
        Where the default comes from, or "declared assumption".
    """

    name: str
    symbol: str
    default: float
    low: float
    high: float
    unit: str
    source: str
    meaning: str


def _read() -> tuple[Effect, ...]:
    text = files("channelsim").joinpath("effects.csv").read_text(encoding="utf-8")
    return tuple(
        Effect(
            row["name"],
            row["symbol"],
            float(row["default"]),
            float(row["low"]),
            float(row["high"]),
            row["unit"],
            row["source"],
            row["meaning"],
        )
        for row in csv.DictReader(text.splitlines())
    )


EFFECTS: tuple[Effect, ...] = _read()


def effect_values(changes: Mapping[str, float], where: str) -> list[float]:
    """Return the effects in the order of the table, some of them replaced.

    Parameters
    ----------
    changes : mapping of str to float
        Values by name.
    where : str
        What an error message names first.

    Raises
    ------
    ScenarioError
        If a name is not known or a value is not admissible.
    """
    known = {effect.name: effect for effect in EFFECTS}
    for name, value in changes.items():
        if name not in known:
            near = get_close_matches(name, known, 3) or list(known)[:3]
            raise ScenarioError(f"{where}.{name}: no such effect; admissible: {', '.join(near)} …")
        effect = known[name]
        if not (isfinite(value) and effect.low <= value <= effect.high):
            raise ScenarioError(
                f"{where}.{name} = {value:g}: must lie between {effect.low:g} and {effect.high:g}"
            )
    return [float(changes.get(effect.name, effect.default)) for effect in EFFECTS]


def read_effects(text: str, where: str) -> dict[str, float]:
    """Return the effects of a CSV text with the columns ``name`` and ``value`` (others are read over).

    Raises
    ------
    ScenarioError
        If a column is missing, a value is no number or a name occurs twice: one line.
    """
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    if not {"name", "value"} <= set(rows.fieldnames or ()):
        raise ScenarioError(f"{where}: needs the columns name and value")
    found: dict[str, float] = {}
    for line, row in enumerate(rows, start=2):
        name = (row["name"] or "").strip()
        if not name:
            continue
        if name in found:
            raise ScenarioError(f"{where}, line {line}: the effect {name!r} occurs twice")
        try:
            found[name] = float(row["value"] or "")
        except ValueError:
            raise ScenarioError(f"{where}, line {line}: {name} = {row['value']!r}: a number") from None
    return found
