"""Figures of a decision: finalists, stakeholders, levers, what one end costs another, and regrets.

Each takes the result of `channelsim.policy` that it draws; whiskers are its intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.metrics import ResultError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.policy.assess import Assessment
    from channelsim.policy.frontier import Frontier, FrontierPoint
    from channelsim.policy.robustness import RegretTable
    from channelsim.policy.selection import Selection

_OF_STATUS = {
    "chosen": (style.GREEN, "D", "chosen"),
    "equal": (style.BLUE, "o", "not better by more than matters"),
    "undecided": (style.ORANGE, "o", "not told apart"),
    "worse": (style.MUTED, "s", "worse"),
    "infeasible": (style.VERMILION, "X", "misses a constraint"),
}
_OF_VERDICT = {
    "wins": (style.BLUE, "o"), "loses": (style.VERMILION, "s"), "unclear": (style.MUTED, "D"),
    "unchanged": (style.MUTED, "D"),
}  # fmt: skip
_KINDS = ("focal firm", "firm", "group", "store size", "territory class", "consumers", "channel")


def finalists_plot(selection: Selection, unit: str = "", currency: str = "money") -> Figure:
    """Draw every finalist's difference from the chosen one, with simultaneous intervals.

    Parameters
    ----------
    selection : Selection
    unit : str
        Of the objective.
    currency : str
        What "money" is called in the figure.
    """
    order = selection.to_frame()["finalist"].tolist()
    found = sorted(selection.finalists, key=lambda f: order.index(f.name))
    ends = [[f.difference.value, f.difference.low, f.difference.high] for f in found]
    factor, told = style.scale_of([*ends, [selection.indifference] * 3], unit, currency)
    values = np.nan_to_num(np.array(ends)) / factor
    rows = np.arange(len(found))[::-1]
    with style.house_style():
        figure = style.new_figure(11, 2.6 + 0.5 * len(found))
        axes = figure.add_subplot()
        band = selection.indifference / factor
        axes.axvspan(0, band, color=style.FAINT, alpha=0.6, lw=0)
        axes.axvline(0, color=style.INK, linewidth=1.2)
        for row, finalist, ends_of in zip(rows, found, values):
            colour, marker, label = _OF_STATUS[finalist.status]
            _whisker(axes, ends_of, row, colour, marker, label)
        names = [f"{style.shorten(f.name)}  ({f.replications})" for f in found]
        _rows(axes, rows, names)
        axes.set_xlabel(f"objective less that of the chosen finalist, {told}".rstrip(", "))
        said = {
            "separated": "the best stands alone",
            "equal": "nobody left can be better by more than matters",
            "undecided": "replications spent before they were told apart",
            "infeasible": "none keeps the constraints",
        }[selection.conclusion]
        style.title_of(
            axes,
            f"Finalists: {said}",
            f"Joint {100 * selection.level:g} % intervals; in brackets replications; grey: the indifference",
        )
        _legend(figure, axes)
    return figure


def stakeholders_plot(
    assessment: Assessment, kinds: Sequence[str] = _KINDS, currency: str = "money"
) -> Figure:
    """Draw who wins and who loses in profit or consumer surplus, with intervals.

    Parameters
    ----------
    assessment : Assessment
    kinds : sequence of str
        Which stakeholders, see `channelsim.policy.stakeholders.Effect`.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If the assessment has no stakeholder of these kinds.
    """
    money = ("profit", "channel_profit", "consumer_surplus")
    found = [e for kind in kinds for e in assessment.effects if e.kind == kind and e.metric in money]
    if not found:
        raise ResultError(f"no stakeholder of these kinds was assessed: {', '.join(kinds)}")
    ends = np.array([[e.difference.value, e.difference.low, e.difference.high] for e in found])
    factor, told = style.scale_of(ends, found[0].unit, currency)
    gaps = np.cumsum([0.0, *(0.6 if a.kind != b.kind else 0.0 for a, b in pairwise(found))])
    rows = -(np.arange(len(found)) + gaps)
    with style.house_style():
        figure = style.new_figure(11, 2.6 + 0.36 * (len(found) + gaps[-1]))
        axes = figure.add_subplot()
        axes.axvline(0, color=style.INK, linewidth=1.2)
        labels = []
        for row, effect, values in zip(rows, found, np.nan_to_num(ends) / factor):
            colour, marker = _OF_VERDICT[effect.verdict]
            _whisker(axes, values, row, colour, marker, effect.verdict)
            share = f"  ({style.number(100 * effect.relative, 2, True)} %)" if effect.baseline else ""
            axes.annotate(
                share, (max(values[0], values[2]), row), xytext=(6, 0), textcoords="offset points",
                va="center", fontsize=11, color=style.MUTED,
            )  # fmt: skip
            kind = "" if effect.kind in ("focal firm", "channel", "consumers") else f"{effect.kind}: "
            what = "consumer surplus" if effect.metric == "consumer_surplus" else ""
            labels.append(style.shorten(f"{kind}{effect.name}" + (f", {what}" if what else ""), 44))
        _rows(axes, rows, labels)
        axes.margins(x=0.16)
        axes.set_xlabel(f"recommended less baseline, {told} (in brackets: of the baseline)")
        style.title_of(
            axes,
            "Who wins and who loses",
            f"Profit unless said otherwise; {100 * assessment.level:g} % intervals on fresh draws",
        )
        _legend(figure, axes)
    return figure


def tornado_plot(assessment: Assessment, most: int = 12, currency: str = "money") -> Figure:
    """Draw what a step of each lever does to the objective, the largest effect first.

    Hatched bars are steps that would miss a constraint.

    Parameters
    ----------
    assessment : Assessment
    most : int
        Levers drawn.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If the assessment has no responses to levers.
    """
    from matplotlib.patches import Patch

    if not assessment.responses:
        raise ResultError("the assessment has no responses to levers: assess a candidate, not a policy alone")
    found = sorted(
        assessment.responses,
        key=lambda r: -float(np.nan_to_num(np.abs([r.down.value, r.up.value])).max()),
    )[:most]
    sides = [
        np.array([[e.value, e.low, e.high] for e in (getattr(r, side) for r in found)])
        for side in ("down", "up")
    ]
    factor, told = style.scale_of(sides, assessment.unit, currency)
    rows = np.arange(len(found))[::-1]
    with style.house_style():
        figure = style.new_figure(11, 2.8 + 0.62 * len(found))
        axes = figure.add_subplot()
        for shift, side, values, colour in (
            (0.19, "down", sides[0] / factor, style.ORANGE),
            (-0.19, "up", sides[1] / factor, style.BLUE),
        ):
            missed = [bool(getattr(r, f"{side}_missed")) for r in found]
            bars = axes.barh(rows + shift, np.nan_to_num(values[:, 0]), height=0.36, color=colour)
            for bar, hatched in zip(bars, missed):
                if hatched:
                    bar.set(hatch="///", edgecolor="white")
            axes.errorbar(
                values[:, 0], rows + shift, xerr=_halves(values), fmt="none", ecolor=style.INK, capsize=3,
                linewidth=1.4,
            )  # fmt: skip
            for row, response, (value, _, high) in zip(rows + shift, found, values):
                at = getattr(response, f"{side}_value")
                text, x = "at its bound", 0.0
                if at is not None:
                    text = style.in_unit(at, response.unit)
                    x = np.nanmax([value, high, 0]) if value >= 0 else 0.0
                axes.annotate(
                    text, (x, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=11,
                    color=style.MUTED,
                )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=1.2)
        _rows(axes, rows, [f"{style.shorten(r.lever, 40)} = {style.in_unit(r.value, r.unit)}" for r in found])
        axes.margins(x=0.14)
        axes.set_xlabel(f"change of the objective (right: better), {told}")
        style.title_of(
            axes,
            "What a step of each lever would change",
            f"One unit or a share of the range; whiskers {100 * assessment.level:g} % intervals",
        )
        plain = (("a step down", style.ORANGE), ("a step up", style.BLUE))
        handles = [Patch(facecolor=colour, label=label) for label, colour in plain]
        handles.append(Patch(facecolor=style.MUTED, hatch="///", edgecolor="white", label="not feasible"))
        figure.legend(handles=handles, loc="outside lower right", ncols=3)
    return figure


def frontier_plot(
    frontier: Frontier, against: str = "", currency: str = "money", objective: str = ""
) -> Figure:
    """Draw what the second outcome costs the objective, with intervals of the differences from the baseline.

    Parameters
    ----------
    frontier : Frontier
    against : str
        What the second outcome is called; default its expression.
    currency : str
        What "money" is called in the figure.
    objective : str
        What the objective is called; default its expression.
    """

    def ends(points: Sequence[FrontierPoint], name: str) -> Any:
        found = [getattr(p, f"{name}_difference") for p in points]
        return np.array([[e.value, e.low, e.high] for e in found]).reshape(-1, 3)

    clean = [p for p in frontier.points if not p.dominated]
    beaten = [p for p in frontier.points if p.dominated]
    scales = [
        style.scale_of(ends(frontier.points, name), unit, currency)
        for name, unit in (("against", frontier.against_unit), ("objective", frontier.objective_unit))
    ]
    with style.house_style():
        figure = style.new_figure(10, 6.2)
        axes = figure.add_subplot()
        axes.axhline(0, color=style.FAINT, linewidth=1.2)
        axes.axvline(0, color=style.FAINT, linewidth=1.2)
        for points, colour, marker, label, line in (
            (clean, style.BLUE, "o", "best found at a level", "-"),
            (beaten, style.MUTED, "X", "dominated on fresh draws", ""),
        ):
            if points:
                x, y = (
                    ends(points, name) / scale for name, (scale, _) in zip(("against", "objective"), scales)
                )
                axes.errorbar(
                    x[:, 0], y[:, 0], xerr=_halves(x), yerr=_halves(y), color=colour, marker=marker,
                    linestyle=line, markersize=8, capsize=4, elinewidth=1.4, label=label,
                )  # fmt: skip
                for point, a, b in zip(points, x[:, 0], y[:, 0]):
                    if not point.kept:
                        axes.plot(a, b, marker="o", markersize=16, mfc="none", mec=style.VERMILION, ls="")
        if any(not p.kept for p in frontier.points):
            axes.plot(
                [], [], marker="o", markersize=14, mfc="none", mec=style.VERMILION, ls="",
                label=f"conditions not shown to be kept in {frontier.replications} replications",
            )  # fmt: skip
        axes.plot(0, 0, marker="D", color=style.INK, linestyle="", markersize=8, label="baseline")
        axes.grid()
        style.thousands(axes.xaxis)
        style.thousands(axes.yaxis)
        across, up = (told.replace("%", "percentage points") for _, told in scales)
        axes.set_xlabel(f"{against or frontier.against} against the baseline, {across}".rstrip(", "))
        axes.set_ylabel(f"{objective or frontier.objective}\nagainst the baseline, {up}".rstrip(", "))
        style.title_of(
            axes,
            "What one end costs the other",
            f"{frontier.replications} fresh replications, {100 * frontier.level:g} % intervals of the gains",
        )
        axes.legend()
    return figure


def regret_plot(table: RegretTable, unit: str = "", currency: str = "money") -> Figure:
    """Draw the regret of every policy in every variant: a row a variant, a marker a policy.

    Parameters
    ----------
    table : RegretTable
    unit : str
        Of the objective.
    currency : str
        What "money" is called in the figure.
    """
    markers = "oDs^vPX*"
    ends = np.array([[x.regret.value, x.regret.low, x.regret.high] for x in table.cells])
    factor, told = style.scale_of(ends, unit, currency)
    values = ends.reshape(len(table.variants), len(table.policies), 3) / factor
    rows = np.arange(len(table.variants))[::-1].astype(float)
    with style.house_style():
        figure = style.new_figure(11, 2.8 + 0.28 * len(rows) * (1 + len(table.policies) / 2))
        axes = figure.add_subplot()
        shifts = np.linspace(0.26, -0.26, len(table.policies))
        for k, (name, colour) in enumerate(zip(table.policies, style.colours(len(table.policies)))):
            own = values[:, k]
            axes.errorbar(
                own[:, 0], rows + shifts[k], xerr=_halves(own), fmt=markers[k % len(markers)], color=colour,
                capsize=3, markersize=8, elinewidth=1.4, label=style.shorten(name),
            )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=1.2)
        for row in rows[1:]:
            axes.axhline(row + 0.5, color=style.FAINT, linewidth=0.8)
        _rows(axes, rows, [style.shorten(style.minus(name), 48) for name in table.variants])
        axes.set_xlabel(f"regret, {told}".rstrip(", "))
        style.title_of(
            axes,
            "Regrets, should the world be another",
            f"What the best of these policies has more there; simultaneous {100 * table.level:g} % intervals",
        )
        figure.legend(loc="outside lower right", ncols=min(3, len(table.policies)))
    return figure


def _halves(values: Any) -> Any:
    """Return distances of the ends of intervals, shape (2, n); 0 where there is none."""
    return np.nan_to_num(
        np.array([values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]]).clip(min=0.0), nan=0.0
    )


def _whisker(axes: Any, values: Any, row: float, colour: str, marker: str, label: str) -> None:
    axes.errorbar(
        values[0], row, xerr=_halves(values[None, :]), fmt=marker, color=colour, capsize=4, markersize=8,
        elinewidth=1.8, label=label,
    )  # fmt: skip


def _rows(axes: Any, rows: Any, labels: list[str]) -> None:
    axes.set_yticks(rows, labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(min(rows) - 0.7, max(rows) + 0.7)
    axes.grid(axis="x")
    style.thousands(axes.xaxis)


def _legend(figure: Figure, axes: Any) -> None:
    """Put each label into the legend once."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles))
    figure.legend(once.values(), once.keys(), loc="outside lower right", ncols=len(once))
