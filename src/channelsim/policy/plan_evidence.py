"""The sections of a channel plan that say how far it can be trusted, and how it was found."""

from __future__ import annotations

import numpy as np

from channelsim.analysis import decision_plots, power_plots, style
from channelsim.analysis.report_forms import Cell, Section, Table
from channelsim.policy.frontier import Frontier
from channelsim.policy.levers import focal_firm
from channelsim.policy.plan import BASELINE, RECOMMENDED, ChannelPlan
from channelsim.policy.plan_words import objective_words, span, three
from channelsim.policy.yardstick import Yardstick


def trade_offs(plan: ChannelPlan, currency: str) -> list[Section]:
    """Return a section for every trade-off."""
    found = []
    searched = plan.effort.trade_off_search
    how = (
        f"At every level but the first a search with {searched:,} replications went on from all that had "
        "been tried before it; a longer one may find better."
        if searched
        else "Only what the search for this plan has seen was looked at; far from the plan there is better."
    )
    for k, (trade_off, frontier) in enumerate(zip(plan.problem.trade_offs, plan.frontiers, strict=True)):
        drawn = decision_plots.frontier_plot(frontier, trade_off.label, currency, objective_words(plan))
        text = (
            "The first point is the recommended policy, each other one the best found that keeps so much "
            f"of the second end. {how} "
        )
        text += "All points are measured on fresh draws. What an end costs is told at most."
        text += _rings(plan, frontier)
        caption = f"What {trade_off.label} costs the objective."
        found.append(
            Section(f"Trade-off: {trade_off.label}", text, figures=[(f"trade_off_{k + 1}", caption, drawn)])
        )
    return found


def _rings(plan: ChannelPlan, frontier: Frontier) -> str:
    """Return why conditions of the recommended policy, which the report shows kept, may look doubtful."""
    kept = all(check.verdict == "kept" for check in plan.assessment.constraints)
    ringed = any(p.values == plan.selection.winner.values and not p.kept for p in frontier.points)
    if not (kept and ringed):
        return ""
    return (
        f" The conditions of the recommended policy are shown to be kept in the {plan.effort.report:,} "
        f"replications of this report; {frontier.replications:,} are too few for that."
    )


def robustness(plan: ChannelPlan, currency: str) -> Section:
    """Return the regrets where numbers are otherwise than thought."""
    table = plan.regrets
    assert table is not None
    rows = []
    for line in table.summary().to_dict("records"):
        factor, unit = style.scale_of([plan.assessment.value.value], plan.assessment.unit, currency)
        worst = style.span(*(line[k] / factor for k in ("largest_regret", "largest_low", "largest_high")))
        cells = [
            Cell(*worst), Cell(unit), Cell(style.minus(str(line["worst_variant"]))),
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


def sensitivity(plan: ChannelPlan, currency: str) -> Section:
    """Return what a step of every lever does."""
    rows = []
    for r in plan.assessment.responses:
        cells = []
        for change, at, missed in ((r.down, r.down_value, r.down_missed), (r.up, r.up_value, r.up_missed)):
            if at is None or not np.isfinite(change.value):
                cells.append(Cell("at the bound"))
                continue
            value, interval = span(change, abs(plan.assessment.value.value) / 100)
            told = f"{value} at {style.in_unit(at, r.unit)}" + (" (misses a condition)" if missed else "")
            cells.append(Cell(told, interval, int(change.low > 0) - int(change.high < 0)))
        elastic = span(r.elasticity)
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


def relations(plan: ChannelPlan) -> Section:
    """Return what the plan does to dependence and feelings."""
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


def efficiency(plan: ChannelPlan, measured: Yardstick, currency: str) -> Section:
    """Return what share of an integrated profit the plan attains."""
    share, whole = measured.share(), float(np.mean(measured.integrated))
    rows = []
    for name, lost in measured.losses().items():
        value, low, high = (100 * x / whole for x in three(lost))
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


def _explored(plan: ChannelPlan) -> str:
    """Return what was tried for the trade-offs, in a sentence."""
    if not plan.explored:
        return ""
    had = {c.values: c.replications for c in plan.solution.candidates}
    spent = sum(c.replications - had.get(c.values, 0) for c in plan.explored)
    more = sum(c.values not in had for c in plan.explored)
    return (
        f"For the trade-offs {more:,} further policies were tried in {spent:,} replications, on the draws of "
        "the search. "
    )


def method(plan: ChannelPlan) -> Section:
    """Return how the plan was found."""
    s, picked = plan.solution, plan.selection
    text = (
        f"{s.evaluations:,} policies were tried in {s.replications:,} replications by “{s.method}” "
        f"({s.why}). It stopped because {s.stopped}. {s.agreement} {len(picked.finalists)} finalists were "
        f"compared on fresh draws until they separated or were equal: {picked.conclusion}, after "
        f"{picked.replications:,} replications. The effect was measured on a third set of draws, the "
        f"optimality gap on a fourth. {_explored(plan)}Seed {plan.seed}."
    )
    rows = []
    for f in sorted(picked.finalists, key=lambda f: (f.status != "chosen", -f.difference.value)):
        value, interval = span(f.difference)
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
