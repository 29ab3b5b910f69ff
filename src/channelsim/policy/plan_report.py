"""The channel plan as a director reads it: one page of HTML, and the policy and data behind it.

The order is that of a decision: what to do, what it brings and how sure that is, where, for whom, at which
price elsewhere, how robust it is; method and seeds at the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from channelsim.analysis import decision_plots, plots, power_plots, style
from channelsim.analysis.estimators import Estimate
from channelsim.analysis.folders import whole_folder
from channelsim.analysis.report import write_files
from channelsim.analysis.report_forms import Cell, Section, Table, as_html, as_markdown
from channelsim.policy.levers import Lever, Value, focal_firm
from channelsim.policy.plan import BASELINE, RECOMMENDED, ChannelPlan

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.policy.stakeholders import Effect
    from channelsim.policy.yardstick import Yardstick

SHOWN = ("focal firm", "firm", "group", "consumers", "channel", "store size", "territory class")
"""Kinds of stakeholders in the table, in this order; roles and single territories are in the data."""


def write_plan(plan: ChannelPlan, out: str | Path, command: str = "", currency: str = "money") -> Path:
    """Write the plan into a folder, whole or not at all.

    Parameters
    ----------
    plan : ChannelPlan
    out : str or Path
        A new or empty folder, or one that this function wrote.
    command : str
        The command that makes it again.
    currency : str
        What "money" is called.

    Returns
    -------
    Path
        Of ``plan.html``. Beside it: ``plan.md`` with figures, ``plan.toml`` (the policy), ``problem.toml``,
        ``scenario.toml``, and in ``data`` the tables behind every number.

    Raises
    ------
    OutputError
        If the folder holds other files, or cannot be written.
    """
    made = plan_files(plan, command, currency)
    with whole_folder(out) as folder:
        write_files(folder, made)
        plan.policy.save(folder / "plan.toml")
        plan.problem.channel.scenario.save(folder / "scenario.toml")
        plan.problem.model_copy(update={"scenario": "scenario.toml", "changes": {}}).save(
            folder / "problem.toml"
        )
        plan.result.save(folder / "data" / "result.nc")
    return Path(out) / "plan.html"


def plan_files(plan: ChannelPlan, command: str = "", currency: str = "money") -> dict[str, bytes]:
    """Return the files of a plan's report by name; see `write_plan`."""
    scenario = plan.problem.channel.scenario
    title = f"Channel plan: {scenario.title or scenario.name}"
    lead = (
        f"What {focal_firm(scenario)} should decide for the coming year, by simulation of {scenario.weeks} "
        f"weeks. Every effect is measured in {plan.effort.report} fresh replications that the search never "
        "saw, against the channel as it is now, on the same draws; intervals are "
        f"{100 * plan.assessment.level:g} %."
    )
    sections = plan_sections(plan, currency)
    facts = _provenance(plan)
    parts = (title, lead, headlines(plan, currency), sections, _assumed(plan), facts, command)
    made = {"plan.html": as_html(*parts).encode(), "plan.md": as_markdown(*parts).encode()}
    for section in sections:
        for name, _, figure in section.figures:
            made[f"figures/{name}.png"] = style.save_bytes(figure, "png")
    for name, table in tables(plan).items():
        made[f"data/{name}.csv"] = table.to_csv(index=False, lineterminator="\n").encode()
    return made


def tables(plan: ChannelPlan) -> dict[str, DataFrame]:
    """Return the data behind the report: a tidy table by name."""
    found = {
        "candidates": plan.solution.to_frame(),
        "finalists": plan.selection.to_frame(),
        "effect": plan.assessment.to_frame(),
        "stakeholders": plan.assessment.effects_frame(),
        "levers": plan.assessment.responses_frame(),
        "relations": plan.assessment.relations_frame(),
    }
    found |= {f"trade_off_{k + 1}": f.to_frame() for k, f in enumerate(plan.frontiers)}
    if plan.regrets is not None:
        found["regrets"] = plan.regrets.to_frame()
    if plan.power is not None:
        found["power"] = plan.power.power()
    return {name: table for name, table in found.items() if len(table)}


def headlines(plan: ChannelPlan, currency: str = "money") -> list[str]:
    """Return what the plan says in a few sentences, only as far as the intervals bear it out."""
    found, problem = plan.assessment, plan.problem
    unit = found.unit
    factor, unit = style.scale_of([found.value.value, found.baseline_value.value], unit, currency)
    gain, interval = _span(found.difference, factor)
    base = found.baseline_value.value
    share = f" ({style.number(100 * found.difference.value / abs(base), 2, sign=True)} %)" if base else ""
    whose = _objective_words(plan)
    doubt = "" if found.better else " The interval does not rule out that it brings nothing."
    lines = [
        f"Recommended: {_in_words(plan, currency)}.",
        f"{whose}: {gain} {unit}{share}, {100 * found.level:g} % interval {interval}.{doubt}",
    ]
    kept = [k for k in found.constraints if k.verdict == "kept"]
    if len(kept) == len(found.constraints) and kept:
        told = "The condition is" if len(kept) == 1 else f"All {len(kept)} conditions are"
        lines.append(f"{told} shown to be kept.")
    for check in found.constraints:
        if check.verdict == "missed":
            lines.append(f"Condition missed on fresh draws: {check.constraint}.")
        elif check.verdict == "not shown":
            lines.append(f"Condition not shown to be kept, within its error: {check.constraint}.")
    if found.binds:
        lines.append(f"What binds: {'; '.join(found.binds[:4])}.")
    winners, losers = _sides(found.effects)
    if winners or losers:
        lines.append(
            f"Better off: {', '.join(winners) or 'nobody'}; worse off: {', '.join(losers) or 'nobody'}."
        )
    if problem.baseline.name != "base":
        lines.append(f"“As now” is the policy “{problem.baseline.name}”.")
    return lines


def plan_sections(plan: ChannelPlan, currency: str = "money") -> list[Section]:
    """Return the sections of the report, the most important first."""
    found = [_recommendation(plan, currency), _effect(plan, currency)]
    found += _where(plan, currency)
    split = plots.profit_split(plan.result, currency=currency)
    caption = "Profit after operating and finance cost, by role in the channel."
    found.append(Section("Who earns the profit", figures=[("profit_by_role", caption, split)]))
    found.append(_stakeholders(plan, currency))
    found += _trade_offs(plan, currency)
    found.append(_sensitivity(plan, currency))
    if plan.regrets is not None:
        found.append(_robustness(plan, currency))
    if plan.assessment.relations or plan.power is not None:
        found.append(_relations(plan))
    if plan.yardstick is not None:
        found.append(_efficiency(plan, plan.yardstick, currency))
    found.append(_method(plan))
    return found


def _recommendation(plan: ChannelPlan, currency: str) -> Section:
    rows = []
    for (lever, now, value), place in zip(plan.levers_told(), plan.assessment.levers, strict=True):
        range_told = f"{_told(lever, place.low)} to {_told(lever, place.high)}"
        at = f"at its {place.at} bound" if place.at else ""
        cells = [
            Cell("–" if now is None else _told(lever, now)),
            Cell(_told(lever, value)),
            Cell(range_told),
            Cell(at),
        ]
        rows.append((lever.label, cells))
    heads = [(BASELINE, ""), (RECOMMENDED, ""), ("looked at", ""), ("", "")]
    text = "A factor of 1.05 is 5 % more than now. The same as a file to run and change: plan.toml."
    return Section("What to decide", text, [Table("decision", heads, rows)])


def _effect(plan: ChannelPlan, currency: str) -> Section:
    found = plan.assessment
    factor, unit = style.scale_of([found.value.value, found.baseline_value.value], found.unit, currency)
    base, there = (style.number(e.value / factor, 4) for e in (found.baseline_value, found.value))
    change, interval = _span(found.difference, factor)
    sign = int(found.better)
    objective = (_objective_words(plan), [Cell(base), Cell(there), Cell(change, interval, sign), Cell(unit)])
    checks = []
    for check in found.constraints:
        value, ends = _span(check.slack, check.scale / 100)
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
        change, interval = _span(effect.difference, factor)
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


def _trade_offs(plan: ChannelPlan, currency: str) -> list[Section]:
    found = []
    for k, (trade_off, frontier) in enumerate(zip(plan.problem.trade_offs, plan.frontiers, strict=True)):
        drawn = decision_plots.frontier_plot(frontier, trade_off.label, currency)
        text = (
            "Each point is the best policy of the search that keeps so much of the second end; all points "
            "are measured on fresh draws."
        )
        caption = f"What {trade_off.label} costs the objective."
        found.append(
            Section(f"Trade-off: {trade_off.label}", text, figures=[(f"trade_off_{k + 1}", caption, drawn)])
        )
    return found


def _robustness(plan: ChannelPlan, currency: str) -> Section:
    table = plan.regrets
    assert table is not None
    rows = []
    for line in table.summary().to_dict("records"):
        factor, unit = style.scale_of([plan.assessment.value.value], plan.assessment.unit, currency)
        worst = style.span(*(line[k] / factor for k in ("largest_regret", "largest_low", "largest_high")))
        cells = [
            Cell(*worst), Cell(unit), Cell(str(line["worst_variant"])),
            Cell(f"{line['best_in']} of {len(table.variants)}"), Cell(str(line["misses_in"])),
        ]  # fmt: skip
        rows.append((str(line["policy"]), cells))
    heads = [
        ("largest regret", ""), ("unit", ""), ("where", ""), ("best in", "variants"),
        ("misses a condition in", "variants"),
    ]  # fmt: skip
    text = (
        "Regret: what the best of these policies would earn more if the numbers of the scenario were "
        "otherwise. Each uncertain number at its low and its high end alone."
    )
    drawn = decision_plots.regret_plot(table, plan.assessment.unit, currency)
    figures = [("regrets", "Regret of each policy in each variant.", drawn)]
    return Section("If things are otherwise than thought", text, [Table("policy", heads, rows)], figures)


def _sensitivity(plan: ChannelPlan, currency: str) -> Section:
    rows = []
    for r in plan.assessment.responses:
        cells = []
        for change, at, missed in ((r.down, r.down_value, r.down_missed), (r.up, r.up_value, r.up_missed)):
            if at is None or not np.isfinite(change.value):
                cells.append(Cell("at the bound"))
                continue
            value, interval = _span(change, abs(plan.assessment.value.value) / 100)
            told = f"{value} at {_number(at)}" + (" (misses a condition)" if missed else "")
            cells.append(Cell(told, interval, int(change.low > 0) - int(change.high < 0)))
        elastic = _span(r.elasticity)
        cells.append(Cell(elastic[0] if np.isfinite(r.elasticity.value) else "–", elastic[1]))
        rows.append((r.lever, cells))
    heads = [("a step down", "% of the objective"), ("a step up", "% of the objective"), ("elasticity", "")]
    text = (
        "Each decision moved alone, all else as recommended. A step that gains but misses a condition shows "
        "what the condition costs; one that gains and misses none would make a better plan than this."
    )
    made = [Table("decision", heads, rows)] if rows else []
    drawn = decision_plots.tornado_plot(plan.assessment, currency=currency)
    caption = "A step of each decision alone, with its interval."
    figures = [("levers", caption, drawn)] if rows else []
    return Section("How sure the choice is", text, made, figures)


def _relations(plan: ChannelPlan) -> Section:
    rows = []
    own = f"{focal_firm(plan.problem.channel.scenario)} supplies"
    shown = [e for e in plan.assessment.relations if e.relationships == own] or plan.assessment.relations
    for effect in shown:
        cells = [Cell(f"{effect.baseline:.3f}"), Cell(f"{effect.difference.value:+.3f}".replace("-", "−"))]
        rows.append((f"{effect.relationships}: {style.words(effect.variable)}", cells))
    heads = [(BASELINE, ""), ("change", "")]
    text = "Who could do without whom, and how members feel about it: means over relationships, from 0 to 1."
    figures = []
    if plan.power is not None:
        caption = "Under the plan. Thick lines: both need each other. Colour: who needs the other less."
        drawn = power_plots.power_network(plan.power, policy=RECOMMENDED)
        figures.append(("power_network", caption, drawn))
        caption = "Under the plan. Above the line the buyer depends more on the supplier, below it less."
        drawn = power_plots.dependence_scatter(plan.power, RECOMMENDED, plan.assessment.level)
        figures.append(("power_dependences", caption, drawn))
    made = [Table("relationships", heads, rows)] if rows else []
    return Section("Power and relations", text, made, figures)


def _efficiency(plan: ChannelPlan, measured: Yardstick, currency: str) -> Section:
    share, whole = measured.share(), float(np.mean(measured.integrated))
    rows = []
    for name, lost in measured.losses().items():
        value, low, high = (100 * x / whole for x in _three(lost))
        rows.append((name, [Cell(*style.span(value, low, high))]))
    text = (
        f"The plan attains {style.number(100 * share.value)} % of what one owner of "
        f"{', '.join(measured.groups)} would earn with the same market and the same rivals. Below, what "
        "each decision loses that firms take for themselves instead of for all (Shapley values; they add up)."
    )
    if measured.at_bound:
        text += f" The true bound lies higher: {', '.join(measured.at_bound)} at the end of what was tried."
    heads = [("lost", "% of the integrated profit")]
    return Section("What the channel could earn as one", text, [Table("by", heads, rows)])


def _method(plan: ChannelPlan) -> Section:
    s, picked = plan.solution, plan.selection
    text = (
        f"{s.evaluations:,} policies were tried in {s.replications:,} replications by “{s.method}” "
        f"({s.why}). It stopped because {s.stopped}. {len(picked.finalists)} finalists were compared on "
        f"fresh draws until they separated or were equal: {picked.conclusion}, after "
        f"{picked.replications:,} replications. The effect was measured on a third set of draws, the "
        f"optimality gap on a fourth. Seed {plan.seed}."
    )
    rows = []
    for f in sorted(picked.finalists, key=lambda f: (f.status != "chosen", -f.difference.value)):
        value, interval = _span(f.difference)
        rows.append(
            (f.name, [Cell(f.status), Cell(f.feasible), Cell(str(f.replications)), Cell(value, interval)])
        )
    heads = [
        ("verdict", ""),
        ("conditions", ""),
        ("replications", ""),
        ("difference from the chosen one", ""),
    ]
    return Section("How it was found", text, [Table("finalist", heads, rows)])


def _in_words(plan: ChannelPlan, currency: str) -> str:
    told = []
    for lever, now, value in plan.levers_told():
        if now is not None and now == value:
            continue
        if lever.measure == "scale" and not isinstance(value, str):
            told.append(f"{lever.label} {style.number(100 * (value - 1), 2, sign=True)}\u00a0%")
        else:
            was = "" if now is None else f" instead of {_told(lever, now)}"
            told.append(f"{lever.label} {_told(lever, value)}{was}")
    return "; ".join(told) or "leave everything as it is"


def _told(lever: Lever, value: Value) -> str:
    return _number(value) + (" ×" if lever.measure == "scale" else "")


def _number(value: Value) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else style.number(float(value), 3)


def _objective_words(plan: ChannelPlan) -> str:
    outcome, firm = plan.problem.objective.outcome, focal_firm(plan.problem.channel.scenario)
    if (
        outcome in (f'profit(chain="{firm}")', f'profit(group="{firm}")')
        and not plan.problem.objective.at_least
    ):
        return f"Profit of {firm}"
    return plan.assessment.outcome


def _sides(effects: Sequence[Effect]) -> tuple[list[str], list[str]]:
    winners: list[str] = []
    losers: list[str] = []
    for effect in effects:
        if effect.kind in ("focal firm", "group", "consumers") and effect.metric in (
            "profit",
            "consumer_surplus",
        ):
            side = {"wins": winners, "loses": losers}.get(effect.verdict)
            if side is not None and effect.name not in side:
                side.append(effect.name)
    return winners, losers


def _three(found: Estimate) -> tuple[float, float, float]:
    return float(found.value), float(found.low), float(found.high)


def _span(found: Estimate, factor: float = 1.0) -> tuple[str, str]:
    value, low, high = (x / factor for x in _three(found))
    return style.span(value, low, high, sign=True)


def _assumed(plan: ChannelPlan) -> list[str]:
    scenario = plan.problem.channel.scenario
    conditions = "; ".join(k.label for k in plan.problem.constraints) or "none"
    own = " ".join(scenario.description.split())
    return [
        *([own] if own else []),
        f"Objective: {plan.problem.objective.label}. Conditions: {conditions}.",
        "What it costs to win or close members is not in the model; rivals and members react by the rules "
        "that the scenario gives them. Intervals cover chance in the model, not doubt about its numbers.",
    ]


def _provenance(plan: ChannelPlan) -> list[tuple[str, str]]:
    known = plan.result.provenance
    return [
        ("scenario and its tables, digest", str(known["scenario_digest"])),
        ("rules of the model, digest", str(known["mechanism_digest"])),
        ("channelsim", str(known["package_version"])),
        ("seed", str(plan.seed)),
        ("replications of the search, a finalist at most, the report", _efforts(plan)),
    ]


def _efforts(plan: ChannelPlan) -> str:
    return f"{plan.effort.search:,}, {plan.effort.selection:,}, {plan.effort.report:,}"


def plan_json(plan: ChannelPlan) -> str:
    """Return the plan's numbers as JSON, the same bytes on any number of workers."""
    found = plan.assessment
    told = {
        "levers": plan.values,
        "objective": dict(zip(("difference", "low", "high"), _three(found.difference))),
        "baseline": float(found.baseline_value.value),
        "recommended": float(found.value.value),
        "constraints": [
            {"constraint": k.constraint, "slack": float(k.slack.value), "verdict": k.verdict}
            for k in found.constraints
        ],
        "seed": plan.seed,
        "evaluations": plan.solution.evaluations,
        "replications": plan.solution.replications,
        "method": plan.solution.method,
    }  # fmt: skip
    return json.dumps(told, indent=2, ensure_ascii=False)
