"""Who depends on whom, as text that a person can read and as JSON that a program can."""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.power import (
    BALANCED,
    MODERATE,
    STRONG,
    degree,
    partner_concentration,
    power_difference,
    power_table,
)
from channelsim.analysis.power_measures import UNCHANGED
from channelsim.analysis.printing import JSON_FORMAT, text_table, to_json

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.analysis.results import Result

MOST_ROWS = 24
"""Relationships that the text shows beside those of the focal firm."""
LEGEND = (
    f"Dependence is utility × scarcity, 0 to 1: hardly below {MODERATE:g}, moderately from {MODERATE:g}, "
    f"strongly from {STRONG:g}.\nA relationship is balanced if the two dependences differ by less than "
    f"{BALANCED:g}; otherwise who depends less leads.\nLoses: money per week that a side would lose if the "
    "relationship ended."
)


def power_text(result: Result, level: float = 0.95) -> str:
    """Return who depends on whom under each policy, the focal firm's relationships first.

    Raises
    ------
    ResultError
        If power was not measured.
    """
    table = power_table(result, level)
    scenario = result.provenance.get("scenario", {})
    focal = scenario.get("focal", "")
    weeks = table.attrs["review_weeks"]
    when = f"review of week {weeks[0]}" if len(weeks) == 1 else (
        f"mean of {len(weeks)} reviews, weeks {weeks[0]} to {weeks[-1]}"
    )  # fmt: skip
    replications = f"{result.replications} replication" + ("s" if result.replications > 1 else "")
    lines = [
        ": ".join(filter(None, (scenario.get("name", ""), scenario.get("title", "")))),
        f"{replications}, {when}, seed {result.provenance.get('seed')}",
    ]
    if table.attrs["rows"] == "groups":
        lines.append("So many relationships that a row is the mean over those of two groups.")
    first = result.policies[0]
    for policy in result.policies:
        rows = table[(table["policy"] == policy) & (table["supplier"] != table["buyer"])]
        rows = rows[rows["total_interdependence"].notna()]
        own = (rows["supplier"] == focal) | (rows["buyer"] == focal)
        many = len(result.policies) > 1
        title = "WHO DEPENDS ON WHOM, AND BY HOW MUCH" + (f": {policy}" if many else "")
        lines += ["", title]
        if own.any():
            lines += [
                "",
                *sentences(rows[own], focal),
                "",
                relationship_table(rows[own], result.replications),
            ]
        others = folded(rows[~own])
        if policy == first and len(others):
            shown = others.sort_values("total_interdependence", ascending=False, kind="stable")[:MOST_ROWS]
            lines += ["", "Other relationships" if own.any() else "", ""]
            lines.append(relationship_table(shown.sort_index(), result.replications))
            if len(others) > len(shown):
                left = len(others) - len(shown)
                lines.append(f"… and {left} more with less interdependence: --json or --out has all")
        if many and policy != first:
            lines += ["", _changes(result, policy, focal, level)]
    return "\n".join([*lines, "", LEGEND])


def folded(rows: DataFrame) -> DataFrame:
    """Return rows with one, the mean, for three or more buyers whose names differ by a number only."""
    import pandas as pd

    stem = rows["buyer"].str.replace(r" \d+$", "", regex=True)
    parts = []
    for (_, name), part in rows.groupby(["supplier", stem], sort=False):
        if len(part) < 3 or (part["buyer"] == name).any():
            parts.append(part)
            continue
        one = part.iloc[[0]].copy()
        for column in part.select_dtypes("number").columns:
            one[column] = part[column].mean()
        one["buyer"] = f"{name}, mean of {len(part)}"
        parts.append(one)
    return pd.concat(parts, ignore_index=True) if parts else rows


def sentences(rows: DataFrame, focal: str) -> list[str]:
    """Return a sentence on each relationship of a firm, and on who leads."""
    said = []
    for row in rows.itertuples():
        other = row.buyer if row.supplier == focal else row.supplier
        mine, theirs = row.dependence_of_supplier, row.dependence_of_buyer
        if row.supplier != focal:
            mine, theirs = theirs, mine
        leader = "neither leads"
        if abs(theirs - mine) >= BALANCED:
            leader = f"{focal if theirs > mine else other} leads"
        said.append(
            f"{other} depends on {focal} {degree(theirs)} ({theirs:.2f}), {focal} on {other} {degree(mine)} "
            f"({mine:.2f}): {leader}."
        )
    return said


def relationship_table(rows: DataFrame, replications: int) -> str:
    """Return rows of `power_table` as columns of text, with intervals if there are several replications."""
    heads = ["supplier", "buyer", "supplier depends", "buyer depends", "who leads"]
    heads += ["supplier loses", "buyer loses"]
    cells = []
    for row in rows.to_dict("records"):
        leads = "balanced"
        if abs(row["asymmetry"]) >= BALANCED:
            leads = "supplier" if row["asymmetry"] > 0 else "buyer"
        cells.append([
            row["supplier"], row["buyer"],
            *(_dependence(row, f"dependence_of_{side}", replications) for side in ("supplier", "buyer")),
            leads, *(style.number(row[f"gain_of_{side}"]) for side in ("supplier", "buyer")),
        ])  # fmt: skip
    return text_table(heads, cells, right=[5, 6])


def _dependence(row: dict[Any, Any], name: str, replications: int) -> str:
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    text = f"{value:.2f}"
    if replications > 1 and high - low >= 0.005:
        text += f" ({low:.2f} to {high:.2f})"
    return f"{text} {degree(value)}"


def _changes(result: Result, policy: str, focal: str, level: float) -> str:
    """Return what a policy changes for the focal firm, against the first policy."""
    first = result.policies[0]
    table = power_difference(result, first, ("dependence_of_supplier", "dependence_of_buyer"), level)
    table = table[table["policy"] == policy]
    own = table[(table["supplier"] == focal) | (table["buyer"] == focal)]
    table = own if len(own) else table
    moved = table[table["difference"].abs() >= 0.0005].head(2 * MOST_ROWS)
    if moved.empty:
        return f"No dependence differs from {first} by 0.0005 or more."
    rows = []
    for row in moved.itertuples():
        who, whom = row.supplier, row.buyer
        if row.variable == "dependence_of_buyer":
            who, whom = whom, who
        interval = style.span(row.difference, row.low, row.high, sign=True)[1]
        rows.append(
            [f"{who} on {whom}", f"{row.base_mean:.3f}", f"{row.difference:+.3f}".replace("-", "−"), interval]
        )
    heads = ["dependence of", first, "change", "interval"]
    return text_table(heads, rows, right=[1, 2])


def power_json(result: Result, level: float = 0.95) -> str:
    """Return the tables of power as JSON: the same bytes for the same run on any number of workers.

    ``relationships``: a row a policy and relationship, with the columns of `power.power_table`;
    ``concentration``: as of `power.partner_concentration` (empty where rows are pairs of groups);
    ``differences``: as of `power.power_difference` against the first policy.

    Raises
    ------
    ResultError
        If power was not measured.
    """
    table = power_table(result, level)
    pooled = table.attrs["rows"] == "groups"
    content = {
        "channelsim_json": JSON_FORMAT,
        "provenance": result.provenance,
        "policies": list(result.policies),
        "replications": result.replications,
        "level": level,
        "review_weeks": table.attrs["review_weeks"],
        "rows": table.attrs["rows"],
        "units": table.attrs["units"],
        "degrees": {"moderately": MODERATE, "strongly": STRONG, "balanced": BALANCED},
        "relationships": records(table),
        "concentration": [] if pooled else records(partner_concentration(result, level)),
        "base": result.policies[0],
        "differences": records(power_difference(result, level=level)) if len(result.policies) > 1 else [],
    }
    return to_json(content)


def records(table: DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as plain data; what is undefined is None."""
    return [{str(k): _plain(v) for k, v in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def measures_text(table: DataFrame) -> str:
    """Return the table of `measures_of_power` as text: each dependence afterwards, with its change."""
    pairs = list(dict.fromkeys(zip(table["supplier"], table["buyer"])))
    sides = [
        (pair, side, f"{a} on {b}")
        for pair in pairs
        for side, a, b in (("buyer", pair[1], pair[0]), ("supplier", pair[0], pair[1]))
    ]
    rows = [["as it stands", "", "", *(_before(table, pair, side) for pair, side, _ in sides)]]
    for name, part in table.groupby("measure", sort=False):
        found = {(row["supplier"], row["buyer"]): row for row in part.to_dict("records")}
        first = next(iter(found.values()))
        cells = [_after(found.get(pair), side) for pair, side, _ in sides]
        rows.append([str(name), first["concept"], first["taken_by"], *cells])
    heads = ["measure", "concept", "by", *(head for _, _, head in sides)]
    lines = [text_table(heads, rows, right=range(3, len(heads))), "", "Not yet to be shown", ""]
    for name, concept, why in table.attrs["not_yet"]:
        lines.append(fill(f"- {name} ({concept}): {why}", 110, subsequent_indent="  "))
    if not table.attrs["not_yet"]:
        lines = lines[:-2]
    lines += ["", "Dependence of one side on the other after the measure, in brackets its change; “=”: none."]
    lines.append(
        "Sizes of the measures are declared assumptions, said in the column how of --json and --out."
    )
    return "\n".join(lines)


def _before(table: DataFrame, pair: tuple[str, str], side: str) -> str:
    rows = table[(table["supplier"] == pair[0]) & (table["buyer"] == pair[1])]
    return f"{rows[f'dependence_of_{side}_before'].iloc[0]:.3f}"


def _after(row: dict[Any, Any] | None, side: str) -> str:
    if row is None:
        return "–"
    change = row[f"dependence_of_{side}_change"]
    if abs(change) < UNCHANGED:
        return "="
    return f"{row[f'dependence_of_{side}_after']:.3f} ({change:+.3f})".replace("-", "−")


def measures_json(table: DataFrame) -> str:
    """Return the table of measures as JSON: the same bytes for the same scenario and measures."""
    return to_json({
        "channelsim_json": JSON_FORMAT,
        "measures": records(table),
        "acceptance": table.attrs["acceptance"],
        "not_yet": [dict(zip(("name", "concept", "why"), row)) for row in table.attrs["not_yet"]],
    })  # fmt: skip
