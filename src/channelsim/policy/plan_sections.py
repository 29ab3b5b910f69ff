"""The sections of a channel plan that say what to do and what it brings, where and to whom."""

from __future__ import annotations

import numpy as np

from channelsim.analysis import decision_plots, plots, style
from channelsim.analysis.report_forms import Cell, Section, Table
from channelsim.policy.plan import BASELINE, RECOMMENDED, ChannelPlan
from channelsim.policy.plan_evidence import efficiency, method, relations, robustness, sensitivity, trade_offs
from channelsim.policy.plan_words import lever_told, objective_words, span

SHOWN = ("focal firm", "firm", "group", "consumers", "channel", "store size", "territory class")
"""Kinds of stakeholders in the table, in this order; roles and single territories are in the data."""


def plan_sections(plan: ChannelPlan, currency: str = "money") -> list[Section]:
    """Return the sections of the report, the most important first."""
    found = [_recommendation(plan, currency), _effect(plan, currency)]
    found += _where(plan, currency)
    split = plots.profit_split(plan.result, currency=currency)
    caption = "Profit after operating and finance cost, by role in the channel."
    found.append(Section("Who earns the profit", figures=[("profit_by_role", caption, split)]))
    found.append(_stakeholders(plan, currency))
    found += trade_offs(plan, currency)
    found.append(sensitivity(plan, currency))
    if plan.regrets is not None:
        found.append(robustness(plan, currency))
    if plan.assessment.relations or plan.power is not None:
        found.append(relations(plan))
    if plan.yardstick is not None:
        found.append(efficiency(plan, plan.yardstick, currency))
    found.append(method(plan))
    return found


def _recommendation(plan: ChannelPlan, currency: str) -> Section:
    rows = []
    size = abs(plan.assessment.value.value) / 100 or 1.0
    for change, place in zip(plan.changes, plan.assessment.levers, strict=True):
        lever = change.lever
        range_told = f"{lever_told(lever, place.low)} to {lever_told(lever, place.high)}"
        at = f"at its {place.at} bound" if place.at else ""
        worth = ("–", "") if change.worth is None else span(change.worth, size)
        cells = [
            Cell("–" if change.now is None else lever_told(lever, change.now)),
            Cell(lever_told(lever, change.value)),
            Cell(*worth),
            Cell(range_told),
            Cell(change.idle or at),
        ]
        rows.append((lever.label, cells))
    heads = [
        (BASELINE, ""), (RECOMMENDED, ""), ("worth", "% of the objective"), ("looked at", ""), ("", ""),
    ]  # fmt: skip
    text = (
        "A factor of 1.05 is 5 % more than now. Worth: what the objective loses if this decision alone stays "
        "as now (below zero: it is there for a condition's sake); worths do not add up. The same as a file "
        "to run and change: plan.toml."
    )
    return Section("What to decide", text, [Table("decision", heads, rows)])


def _effect(plan: ChannelPlan, currency: str) -> Section:
    found = plan.assessment
    factor, unit = style.scale_of([found.value.value, found.baseline_value.value], found.unit, currency)
    base, there = (style.number(e.value / factor, 4) for e in (found.baseline_value, found.value))
    change, interval = span(found.difference, factor)
    sign = int(found.better)
    objective = (objective_words(plan), [Cell(base), Cell(there), Cell(change, interval, sign), Cell(unit)])
    checks = []
    for check in found.constraints:
        value, ends = span(check.slack, check.scale / 100)
        mark = {"kept": 1, "missed": -1}.get(check.verdict, 0)
        told = check.verdict + (", binds" if check.binds else "")
        checks.append((check.constraint, [Cell(value, ends, mark), Cell(told)]))
    made = [
        Table("objective", [(BASELINE, ""), (RECOMMENDED, ""), ("change", ""), ("unit", "")], [objective])
    ]
    if checks:
        made.append(Table("condition", [("room", "% of the bound"), ("verdict", "95 % one-sided")], checks))
    text = "Baseline and recommended policy met the same draws, so the change is surer than either level."
    if found.optimism is not None:
        promised, fresh = (x / factor for x in (found.optimism.search_gain, found.optimism.fresh_gain))
        text += (
            f" The search itself had promised a gain of {style.number(promised, 4, sign=True)} {unit}; fresh "
            f"draws give {style.number(fresh, 4, sign=True)}."
        )
    if found.gap is not None:
        text += " " + found.gap.sentence
    return Section("What it brings", text, made)


def _where(plan: ChannelPlan, currency: str) -> list[Section]:
    channel, result = plan.problem.channel, plan.result
    if not plots.has_map(channel):
        return []
    figures = [
        ("map_outlets", "Open stores now.", plots.territory_map(result, channel, "outlets", BASELINE)),
        (
            "map_outlets_change",
            "Change in open stores under the plan.",
            plots.territory_map(result, channel, "outlets", RECOMMENDED, BASELINE),
        ),
    ]
    drawn = plots.territory_map(
        result, channel, "sell_through", RECOMMENDED, BASELINE, relative=True, currency=currency
    )
    figures.append(("map_sell_through", "All brands together.", drawn))
    return [
        Section("Where", "Density by territory before and after, and what it does to sales.", figures=figures)
    ]


def _stakeholders(plan: ChannelPlan, currency: str) -> Section:
    rows = []
    ordered = [e for kind in SHOWN for e in plan.assessment.effects if e.kind == kind]
    for effect in ordered:
        factor, unit = style.scale_of([effect.baseline, effect.recommended], effect.unit, currency)
        change, interval = span(effect.difference, factor)
        share = "" if not np.isfinite(effect.relative) else style.number(100 * effect.relative, 2, sign=True)
        sign = {"wins": 1, "loses": -1}.get(effect.verdict, 0)
        base = style.number(effect.baseline / factor, 4)
        name = f"{effect.name}: {style.words(effect.metric)}"
        rows.append((name, [Cell(base), Cell(change, interval, sign), Cell(share), Cell(unit)]))
    heads = [(BASELINE, ""), ("change", ""), ("change", "%"), ("unit", "")]
    text = "Blue: better for whom it concerns, brown: worse, beyond the doubt of the interval."
    drawn = decision_plots.stakeholders_plot(plan.assessment, currency=currency)
    figures = [("stakeholders", "Change of profit against now, with its interval.", drawn)]
    return Section("Who wins and who loses", text, [Table("who", heads, rows)], figures)
