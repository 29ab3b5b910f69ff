"""The table of stylised facts: measured, kept beside this file as ``table.json``, and written as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from channelsim.analysis.estimators import Estimate
from channelsim.errors import ScenarioError
from channelsim.facts.dependence_balance import ASYMMETRY, BALANCE
from channelsim.facts.differences import Difference, Effort, Fact
from channelsim.facts.influence_use import COERCION, INFORMATION, LATE_PAYMENT
from channelsim.facts.outlets import DENSITY, ENTRY

FACTS: dict[str, Fact] = {
    fact.name: fact for fact in (COERCION, INFORMATION, DENSITY, ASYMMETRY, BALANCE, LATE_PAYMENT, ENTRY)
}
"""The facts by name, in the order of the page."""
STORED = Path(__file__).with_name("table.json")
_ESTIMATES = ("with_carrier", "without_carrier")


def measure(
    facts: str | Iterable[str] | None = None, replications: int = 8, seed: int = 1, workers: int | None = None
) -> dict[str, list[Difference]]:
    """Measure stylised facts.

    Parameters
    ----------
    facts : str or iterable of str, optional
        Names; default all of `FACTS`.
    replications : int
        Of every run; at least two.
    seed : int
        Of all runs.
    workers : int, optional
        Threads.

    Returns
    -------
    dict
        By fact its differences, with and without what carries it.

    Raises
    ------
    ScenarioError
        If there is no such fact, or one replication, which has no interval.
    """
    names = [facts] if isinstance(facts, str) else list(FACTS if facts is None else facts)
    for name in names:
        if name not in FACTS:
            raise ScenarioError(f"fact {name!r} is unknown; admissible: {', '.join(FACTS)}")
    if replications < 2:
        raise ScenarioError(f"replications = {replications}: at least 2, for an interval")
    effort = Effort(replications, seed, workers)
    return {name: FACTS[name].measure(effort) for name in names}


def to_rows(found: dict[str, list[Difference]]) -> list[dict[str, Any]]:
    """Return plain data for JSON: a row a difference, ``fact`` first; estimates as mappings."""
    rows = []
    for name, differences in found.items():
        for d in differences:
            row = {"fact": name, **d._asdict(), "finding": d.finding, "without": d.without}
            row |= {key: getattr(d, key)._asdict() for key in _ESTIMATES}
            rows.append(row)
    return rows


def stored() -> dict[str, list[Difference]]:
    """Return the table that the documentation shows."""
    found: dict[str, list[Difference]] = {}
    for row in json.loads(STORED.read_text(encoding="utf-8")):
        given = {key: row[key] for key in Difference._fields} | {
            key: Estimate(**row[key]) for key in _ESTIMATES
        }
        found.setdefault(row["fact"], []).append(Difference(**given))
    return found


def page() -> str:
    """Return the generated part of the page: a section a fact, with its numbers as stored."""
    return "\n\n".join(_section(FACTS[name], differences) for name, differences in stored().items())


def _section(fact: Fact, differences: list[Difference]) -> str:
    lines = [
        f"## {fact.name.capitalize()}",
        fact.statement + f" *({fact.source})*",
        f"**Carried by** {fact.carried_by}.".replace("..", "."),
        f"**Assumed.** {fact.assumed}",
    ]
    rows = ["| difference | stated | with its carrier | found | switched off | without it | left |"]
    rows.append("|---|---|---|---|---|---|---|")
    for d in differences:
        unit = "" if d.unit == "–" else f" [{d.unit}]"
        sign = "+" if d.stated > 0 else "−"
        cells = (
            f"{d.quantity}{unit}",
            sign,
            _interval(d.with_carrier),
            d.finding if d.comes_out else f"**{d.finding}**",
            d.switched_off,
            _interval(d.without_carrier),
            d.without,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n\n".join([*lines, "\n".join(rows)])


def _interval(estimate: Estimate) -> str:
    """Return a mean with half its interval, to the digits that the size of the mean deserves."""
    size = max(abs(estimate.value), abs(estimate.high - estimate.low))
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 4 if size < 0.1 else 3
    half = 0.5 * (estimate.high - estimate.low)
    value = f"{estimate.value + 0.0:,.{digits}f}".replace("-", "−")
    return f"{value} ± {half:,.{digits}f}"
