"""Figures of power: the network of dependences, the two dependences, power over time, and who gets what.

Every function takes a result of a scenario with ``power.measured`` and returns a figure, as those in
`plots`. Asymmetry, the buyer's dependence less the supplier's, has one pair of colours in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.estimators import mean
from channelsim.analysis.power import BALANCED, MODERATE, STRONG, power_table, recorded_reviews
from channelsim.analysis.power_labels import place_labels
from channelsim.analysis.power_network import power_network
from channelsim.metrics import ResultError, check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from channelsim.analysis.results import Result

__all__ = ["dependence_scatter", "power_network", "power_over_time", "profit_and_dependence"]

MOST_PANELS, MOST_LABELS = 6, 14


def dependence_scatter(result: Result, policy: str | None = None, level: float = 0.95) -> Figure:
    """Draw every relationship by its two dependences, with the line on which they balance.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    policy : str, optional
        Default the first.
    level : float
        Coverage of the intervals, drawn where there are several replications.

    Raises
    ------
    ResultError
        If power was not measured, or the policy is unknown.
    """
    table = of_policy(result, policy, level)
    x, y = (table[f"dependence_of_{side}"].to_numpy() for side in ("supplier", "buyer"))
    with style.house_style():
        figure = style.new_figure(11, 8.4)
        axes = figure.add_subplot()
        band = np.array([0.0, 1.0])
        axes.fill_between(band, band - BALANCED, band + BALANCED, color=style.FAINT, alpha=0.5, linewidth=0)
        axes.plot(band, band, color=style.MUTED, linewidth=1.4, linestyle="--")
        for at in (MODERATE, STRONG):
            axes.axvline(at, color=style.FAINT, linewidth=1.0, zorder=0)
            axes.axhline(at, color=style.FAINT, linewidth=1.0, zorder=0)
        for name, middle in (("hardly", MODERATE / 2), ("moderately", 0.3), ("strongly", 0.75)):
            axes.annotate(
                name, (middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", fontsize=11, color=style.MUTED,
            )  # fmt: skip
            axes.annotate(
                name, (1.0, middle), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=11, color=style.MUTED, rotation=-90,
            )  # fmt: skip
        if result.replications > 1:
            axes.errorbar(
                x, y, xerr=_half(table, "dependence_of_supplier"), yerr=_half(table, "dependence_of_buyer"),
                fmt="none", ecolor=style.MUTED, elinewidth=1.2, zorder=2,
            )  # fmt: skip
        for kind, (chosen, colour, marker) in _kinds(table).items():
            if chosen.any():
                axes.scatter(
                    x[chosen], y[chosen], s=110, color=colour, marker=marker, edgecolor="white", zorder=3,
                    label=kind, clip_on=False,
                )  # fmt: skip
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("dependence of the supplier on the buyer (the buyer’s power), 0 to 1")
        axes.set_ylabel("dependence of the buyer on the supplier (the supplier’s power), 0 to 1")
        axes.annotate(
            "supplier leads", (0.26, 0.55), fontsize=13, color=style.BLUE, ha="center", rotation=0, zorder=1
        )
        axes.annotate("buyer leads", (0.62, 0.26), fontsize=13, color=style.VERMILION, ha="center", zorder=1)
        about = f"{_about(result, policy)}. Band: balanced"
        style.title_of(axes, "Two dependences make one relationship", about, above=14)
        _label(axes, table, x, y)
        figure.legend(loc="outside lower right", ncols=3)
    return figure


def power_over_time(
    result: Result,
    relationships: Sequence[str] | str | None = None,
    policy: str | None = None,
    level: float = 0.95,
) -> Figure:
    """Draw the two dependences of some relationships, review by review: a panel each.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    relationships : str or sequence of str, optional
        Labels such as "P → X", at most six; default those of the focal firm, the greatest total
        interdependence first.
    policy : str, optional
        Default the first.
    level : float
        Coverage of the bands.

    Raises
    ------
    ResultError
        If power was not measured, a name is unknown, or more than six relationships are asked for.
    """
    table = of_policy(result, policy, level)
    known = [f"{s} → {b}" for s, b in zip(table["supplier"], table["buyer"])]
    if relationships is None:
        chosen = [known[k] for k in notable(result, table)[:MOST_PANELS]]
    else:
        chosen = [relationships] if isinstance(relationships, str) else list(relationships)
    for name in chosen:
        check_name("relationship", name, known)
    if not 0 < len(chosen) <= MOST_PANELS:
        raise ResultError(f"power_over_time draws 1 to {MOST_PANELS} relationships, not {len(chosen)}")
    data = result.relationships.sel(policy=_policy(result, policy))
    week = data["review_week"].values
    warm_up = int(result.provenance.get("scenario", {}).get("warm_up_weeks", 0))
    columns = min(len(chosen), 3)
    rows = -(-len(chosen) // columns)
    with style.house_style():
        figure = style.new_figure(max(11.0, 3.9 * columns), 1.6 + 3.4 * rows)
        panels: Any = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.flat[len(chosen) :]:
            axes.set_axis_off()
        for axes, name in zip(panels.flat, chosen):
            pair = data.isel(relationship=known.index(name))
            for side, colour, look, marker in (
                ("supplier", style.VERMILION, "-", "s"), ("buyer", style.BLUE, "--", "o"),
            ):  # fmt: skip
                values = pair[f"dependence_of_{side}"].transpose("replication", "review_week").values
                found = mean(values, level, axis=0, omit_nan=True)
                axes.fill_between(week, found.low, found.high, color=colour, alpha=0.2, linewidth=0)
                axes.plot(
                    week, found.value, look, marker=marker, markersize=6, color=colour, clip_on=False,
                    label=f"dependence of the {side}",
                )  # fmt: skip
            if week[0] < warm_up:
                axes.axvspan(week[0], min(warm_up, week[-1]), color=style.FAINT, alpha=0.45, linewidth=0)
            axes.set_title(style.shorten(name, 30), fontsize=13)
            axes.set_ylim(0, 1.02)
            axes.grid(axis="y")
        for axes in panels[:, 0]:
            axes.set_ylabel("dependence, 0 to 1")
        for axes in panels[-1]:
            axes.set_xlabel("week of the review")
        band = f", bands: {100 * level:g} % interval" if result.replications > 1 else ""
        title = f"Power over time. Policy: {style.shorten(_policy(result, policy), 34)}{band}"
        figure.suptitle(title + (", grey: warm-up" if week[0] < warm_up else ""), x=0.01, ha="left")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower right", ncols=2)
    return figure


def profit_and_dependence(result: Result, policy: str | None = None) -> Figure:
    """Draw how two firms split what they earn through each other against who depends more.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    policy : str, optional
        Default the first.

    Raises
    ------
    ResultError
        If power was not measured, or the policy is unknown.
    """
    table = of_policy(result, policy)
    earned = table["value_of_supplier"] + table["value_of_buyer"]
    table = table[(table["value_of_supplier"] >= 0) & (table["value_of_buyer"] >= 0) & (earned > 0)]
    x = table["asymmetry"].to_numpy()
    y = 100 * (table["value_of_supplier"] / (table["value_of_supplier"] + table["value_of_buyer"])).to_numpy()
    with style.house_style():
        figure = style.new_figure(11, 6.6)
        axes = figure.add_subplot()
        axes.axvspan(-BALANCED, BALANCED, color=style.FAINT, alpha=0.5, linewidth=0, zorder=0)
        axes.axhline(50, color=style.MUTED, linewidth=1.2, linestyle="--", zorder=0)
        for kind, (chosen, colour, marker) in _kinds(table).items():
            if chosen.any():
                axes.scatter(
                    x[chosen], y[chosen], s=110, color=colour, marker=marker, edgecolor="white", zorder=3,
                    label=kind,
                )  # fmt: skip
        axes.set_xlim(-1.08, 1.08)
        axes.set_ylim(0, 100)
        axes.set_xlabel("asymmetry: the buyer’s dependence less the supplier’s, −1 to 1")
        axes.set_ylabel("supplier’s share of what both\nearn through the relationship, %")
        from matplotlib.ticker import FuncFormatter

        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}".replace("-", "−")))
        style.title_of(
            axes, "Does who is needed more earn more?", f"{_about(result, policy)}. Before fixed cost"
        )
        _label(axes, table, x, y)
        figure.legend(loc="outside lower right", ncols=3)
    return figure


def of_policy(result: Result, policy: str | None = None, level: float = 0.95) -> DataFrame:
    """Return the rows of `power_table` of one policy whose relationships are in use, firms apart.

    Raises
    ------
    ResultError
        If power was not measured, or the policy is unknown.
    """
    table = power_table(result, level)
    table = table[table["policy"] == _policy(result, policy)]
    return table.reset_index(drop=True)


def notable(result: Result, table: DataFrame) -> list[int]:
    """Return the rows of a table in the order in which they are worth naming: the focal firm's first."""
    scenario = result.provenance.get("scenario", {})
    focal = scenario.get("focal", "")
    own = (table["supplier"] == focal) | (table["buyer"] == focal)
    total = table["total_interdependence"].fillna(-1.0).to_numpy()
    order = np.lexsort((np.arange(len(table)), -total, ~own.to_numpy()))
    return [int(k) for k in order if total[k] > 0.0]


def _policy(result: Result, policy: str | None) -> str:
    chosen = result.policies[0] if policy is None else policy
    check_name("policy", chosen, result.policies)
    return chosen


def _about(result: Result, policy: str | None) -> str:
    _, weeks = recorded_reviews(result)
    when = f"week {weeks[0]}" if len(weeks) == 1 else f"weeks {weeks[0]} to {weeks[-1]}"
    reviews = "review" if len(weeks) == 1 else f"mean of {len(weeks)} reviews"
    several = f", {result.replications} replications" if result.replications > 1 else ""
    pooled = result.relationships.attrs.get("rows") == "groups"
    whose = ", means over pairs of groups" if pooled else ""
    return f"Policy: {style.shorten(_policy(result, policy), 30)}, {reviews}, {when}{several}{whose}"


def _kinds(table: DataFrame) -> dict[str, tuple[Any, str, str]]:
    """Return which rows the supplier leads, which are balanced and which the buyer leads, with their look."""
    asymmetry = table["asymmetry"].to_numpy()
    return {
        "supplier leads": (asymmetry >= BALANCED, style.BLUE, "o"),
        "balanced": (np.abs(asymmetry) < BALANCED, style.MUTED, "D"),
        "buyer leads": (asymmetry <= -BALANCED, style.VERMILION, "s"),
    }


def _half(table: DataFrame, name: str) -> np.ndarray:
    """Return the lengths of the error bars, (2, rows)."""
    low, high = table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]
    return np.asarray(np.nan_to_num(np.stack([low, high])).clip(0.0))


def _label(axes: Any, table: DataFrame, x: np.ndarray, y: np.ndarray) -> None:
    names = [
        f"{style.shorten(s, 18)} → {style.shorten(b, 22)}" for s, b in zip(table["supplier"], table["buyer"])
    ]
    shown = np.isfinite(x) & np.isfinite(y)
    place_labels(axes, x[shown], y[shown], [n for n, k in zip(names, shown) if k], MOST_LABELS)
