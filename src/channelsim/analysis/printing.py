"""Results and scenarios as plain text and as JSON, for the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from channelsim.analysis import style
from channelsim.analysis.measures import headline_measures
from channelsim.metrics import GROUPINGS

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.analysis.results import Result
    from channelsim.world import Channel

JSON_FORMAT = 1
_IN_JSON = ("overall", "role", "tier", "group", "chain", "brand")


def text_table(heads: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> str:
    """Return rows under heads in columns; those numbered in ``right`` are aligned to the right.

    Examples
    --------
    >>> print(text_table(["city", "stores"], [["Wuhan", 12], ["Xi'an", 9]], right=[1]))
    city   stores
    -----  ------
    Wuhan      12
    Xi'an       9
    """
    table = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[k]) for row in table) for k in range(len(heads))]
    ends = set(right)
    lines = [
        "  ".join(
            cell.rjust(w) if k in ends else cell.ljust(w) for k, (cell, w) in enumerate(zip(row, widths))
        ).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def result_text(result: Result, level: float = 0.95) -> str:
    """Return the metrics of the first policy and, for each other one, its paired differences from it."""
    scenario = result.provenance.get("scenario", {})
    first, *others = result.policies
    title = ": ".join(filter(None, (scenario.get("name", ""), scenario.get("title", ""))))
    size = f"{result.replications} replications, {result.weeks} weeks, seed {result.provenance.get('seed')}"
    lines = [title, size, "", f"{first}: mean and {100 * level:g} % interval", ""]
    table = result.summary(level=level)
    rows = [
        _row(style.words(r.metric), r.mean, r.low, r.high, r.unit)
        for r in table[table["policy"] == first].itertuples()
    ]
    roles = result.summary("role", ["profit"], level)
    rows += [
        _row(f"profit, {style.words(r.role)}s", r.mean, r.low, r.high, r.unit)
        for r in roles[roles["policy"] == first].itertuples()
    ]
    heads = ["metric", "mean", "interval", "unit"]
    lines.append(text_table(heads, rows, right=[1]))
    measures = headline_measures(result)
    for policy in others:
        at, changes = result.policies.index(policy), []
        for measure in measures:
            found, base = measure.differences(result, first, level), measure.means(result).value[0]
            relative = style.number(100 * found.value[at] / abs(base), 3, sign=True) + " %" if base else ""
            row = _row(measure.title, found.value[at], found.low[at], found.high[at], measure.unit, sign=True)
            changes.append([*row[:3], relative, row[3]])
        lines += ["", f"{policy}: paired difference from {first}", ""]
        lines.append(
            text_table(["metric", "difference", "interval", "relative", "unit"], changes, right=[1, 3])
        )
    return "\n".join(lines)


def _row(name: str, value: float, low: float, high: float, unit: str, sign: bool = False) -> list[str]:
    factor, told = style.scale_of([value], unit)
    told = "percentage points" if sign and told == "%" else told
    text, interval = style.span(value / factor, low / factor, high / factor, sign)
    return [name, text, interval, told]


def result_json(result: Result, level: float = 0.95) -> str:
    """Return means, intervals and paired differences as JSON: the same bytes for the same run.

    Keys are sorted, numbers are written so that they read back exactly, undefined ones are null. There
    is nothing in it that depends on time, machine or the number of workers.
    """
    first = result.policies[0]
    several = len(result.policies) > 1
    content = {
        "channelsim_json": JSON_FORMAT,
        "provenance": result.provenance,
        "policies": list(result.policies),
        "replications": result.replications,
        "weeks": result.weeks,
        "level": level,
        "summary": {g: _records(result.summary(g, level=level)) for g in _IN_JSON},
        "base": first,
        "differences": {g: _records(result.difference(first, g, level=level)) for g in _IN_JSON}
        if several
        else {},
    }
    return to_json(content)


def to_json(content: Any) -> str:
    """Return plain data as JSON text with sorted keys, ending in a newline."""
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _records(table: DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict("records")
    return [
        {str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
        for row in rows
    ]


def summary_csv(result: Result, level: float = 0.95) -> str:
    """Return the summaries of all groupings as one CSV table: with grouping and label as columns."""
    import pandas as pd

    parts = []
    for grouping in GROUPINGS:
        part = result.summary(grouping, level=level)
        label = part.pop(grouping) if grouping in part else ""
        part.insert(0, "label", label)
        part.insert(0, "grouping", grouping)
        parts.append(part)
    return str(pd.concat(parts, ignore_index=True).to_csv(index=False, lineterminator="\n"))


def scenario_sizes(channel: Channel) -> dict[str, Any]:
    """Return the sizes of a channel at its scenario's own density, from the groups' counts."""
    from channelsim.analysis.network_drawing import base_members

    active = base_members(channel)
    brands = channel.members.brands
    stores = active & (channel.members.tier == channel.tiers - 1)
    carried = [len(brands[group.name]) for group in channel.scenario.members]
    return {
        "name": channel.scenario.name,
        "title": channel.scenario.title,
        "territories": len(channel.territories.names),
        "members": int(active.sum()),
        "shelves": int(sum(carried[g] for g in channel.members.group[stores])),
        "weeks": channel.scenario.weeks,
    }


def group_rows(channel: Channel) -> tuple[list[str], list[list[object]]]:
    """Return the member groups as a table: heads and rows."""
    from channelsim.analysis.network_drawing import base_members

    active, rows = base_members(channel), []
    names = [b.name for b in channel.scenario.brands]
    for g, group in enumerate(channel.scenario.members):
        of_group = channel.members.group == g
        carried = ", ".join(names[b] for b in channel.members.brands[group.name])
        rule = group.pricing.rule if group.sells_to_consumers or group.pricing.rule != "fixed" else "posted"
        rows.append([
            group.name, style.words(group.role), group.owner or "–",
            int((of_group & active).sum()), int(of_group.sum()), ", ".join(group.suppliers) or "–", carried,
            style.words(rule), style.words(group.ordering.rule),
        ])  # fmt: skip
    return ["group", "role", "owner", "members", "built", "suppliers", "brands", "prices", "orders"], rows


def contract_rows(channel: Channel) -> tuple[list[str], list[list[object]]]:
    """Return the contracts as a table: heads and rows."""
    rows: list[list[object]] = [
        [
            k.supplier, k.buyer, k.brand or "all",
            "by rule" if k.wholesale_price is None else f"{k.wholesale_price:,g}",
            k.order_delay, k.lead_time, k.credit_weeks, f"{k.minimum_order:,g}", f"{k.case_size:,g}",
        ]
        for k in channel.scenario.contracts
    ]  # fmt: skip
    return [
        "supplier",
        "buyer",
        "brand",
        "wholesale price",
        "order delay",
        "lead weeks",
        "credit weeks",
        "minimum order",
        "case size",
    ], rows


def brand_rows(channel: Channel) -> tuple[list[str], list[list[object]]]:
    """Return the brands as a table: heads and rows."""
    rows: list[list[object]] = [
        [b.name, b.owner or b.name, f"{b.production_cost:,g}"] for b in channel.scenario.brands
    ]
    return ["brand", "owner", "production cost"], rows
