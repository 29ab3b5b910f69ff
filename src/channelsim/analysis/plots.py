"""Figures of a result: policies compared, weeks, who earns what, margins, the map and the network.

Every function returns a `matplotlib.figure.Figure`, draws on no screen and leaves matplotlib's settings
alone. Titles say what is shown, subtitles how to read it, axes carry units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.estimators import mean
from channelsim.analysis.maps import has_map, territory_map
from channelsim.analysis.measures import Measure, focal_firm
from channelsim.analysis.network_drawing import base_members, network
from channelsim.analysis.profit_plots import margin_by_tier, profit_split
from channelsim.metrics import ResultError, check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result

__all__ = [
    "base_members",
    "compare_policies",
    "has_map",
    "margin_by_tier",
    "network",
    "profit_split",
    "territory_map",
    "weekly",
]


def compare_policies(
    result: Result,
    metric: str | None = None,
    base: str | None = None,
    grouping: str = "overall",
    label: str = "",
    level: float = 0.95,
    currency: str = "money",
) -> Figure:
    """Draw the paired difference of every policy from a base policy, with its interval.

    Parameters
    ----------
    result : Result
        Of at least two policies.
    metric : str, optional
        Default: the profit of the focal firm.
    base : str, optional
        Default: the first policy.
    grouping, label : str
        Whose: "overall", or one label of a grouping such as "chain".
    level : float
        Coverage of each interval.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If there is one policy only, or a name is unknown.
    """
    if len(result.policies) < 2:
        raise ResultError("compare_policies needs a result of at least two policies")
    if metric is None:
        grouping, label = focal_firm(result)
        metric = "profit" if label else "channel_profit"
    base = result.policies[0] if base is None else base
    check_name("policy", base, result.policies)
    measure = Measure("", metric, grouping, label)
    found = measure.differences(result, base, level)
    others = [k for k, name in enumerate(result.policies) if name != base]
    value, low, high = (np.asarray(x)[others] for x in (found.value, found.low, found.high))
    factor, unit = style.scale_of([value, np.nan_to_num(low), np.nan_to_num(high)], measure.unit, currency)
    if unit == "%":
        unit = "percentage points"
    value, low, high = value / factor, low / factor, high / factor
    base_level = measure.means(result).value[result.policies.index(base)] / factor
    with style.house_style():
        figure = style.new_figure(11, 2.2 + 0.52 * len(others))
        axes = figure.add_subplot()
        rows = np.arange(len(others))[::-1]
        kinds = (
            (low > 0, "o", style.BLUE, "more than the base"),
            (high < 0, "s", style.VERMILION, "less than the base"),
        )
        clear = (low > 0) | (high < 0)
        for chosen, marker, colour, meaning in (*kinds, (~clear, "D", style.MUTED, "not told apart")):
            if chosen.any():
                error = np.nan_to_num(np.abs(np.stack([value - low, high - value])[:, chosen]))
                axes.errorbar(
                    value[chosen], rows[chosen], xerr=error, fmt=marker, color=colour, markersize=9,
                    elinewidth=2.5, capsize=5, label=meaning,
                )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=1.2)
        for row, x, a, b in zip(rows, value, low, high):
            axes.annotate(
                style.span(x, a, b, sign=True)[0], (1.01, row), xycoords=("axes fraction", "data"),
                va="center", fontsize=13, fontweight="bold", annotation_clip=False,
            )  # fmt: skip
        axes.set_yticks(rows, [style.shorten(result.policies[k], 44) for k in others])
        axes.set_ylim(-0.7, len(others) - 0.3)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.margins(x=0.08)
        style.thousands(axes.xaxis)
        whose = f" of {label}" if label else ""
        axes.set_xlabel(f"difference in {style.words(metric)}{whose}, {unit}")
        paired = f"Paired difference, {100 * level:g} % interval, {result.replications} replications"
        level_unit = "%" if unit == "percentage points" else unit
        about = f"{paired}. Base: {style.shorten(base, 30)}, {style.number(base_level)} {level_unit}"
        style.title_of(
            axes, f"{style.words(metric).capitalize()}{whose}: change against the base policy", about
        )
        figure.legend(loc="outside lower right", ncols=3)
    return figure


def weekly(
    result: Result,
    name: str = "sales",
    policies: Sequence[str] | str | None = None,
    labels: Sequence[str] | str | None = None,
    base: str | None = None,
    level: float = 0.95,
    band: str = "replications",
    currency: str = "money",
) -> Figure:
    """Draw a trajectory week by week with its band: a line per policy or, for one policy, per label.

    Parameters
    ----------
    result : Result
        That has recorded the trajectory.
    name : str
        Variable of `Result.trajectories`, such as "sales" or "sales_by_brand".
    policies, labels : str or sequence of str, optional
        Which; default all. Several of both are refused.
    base : str, optional
        Draw the paired difference from this policy instead, with the interval of its mean.
    level, band
        As in `Result.weekly`.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If a name is unknown, or several policies and several labels are asked for.
    """
    check_name("trajectory", name, [str(known) for known in result.trajectories.data_vars])
    series = result.trajectories[name]
    chosen = style.chosen_policies(result.policies, policies)
    key = next((str(d) for d in series.dims if d not in ("policy", "replication", "week")), "")
    wanted = [""]
    if key:
        known = [str(x) for x in series[key].values]
        wanted = known if labels is None else [labels] if isinstance(labels, str) else list(labels)
        for label in wanted:
            check_name(key, label, known)
    if base is not None:
        check_name("policy", base, result.policies)
        chosen = [policy for policy in chosen if policy != base]
    if len(chosen) > 1 and len(wanted) > 1:
        raise ResultError(
            f"weekly draws several policies or several labels of {name!r}, not both: choose one"
        )
    if not 0 < max(len(chosen), len(wanted)) * bool(chosen) <= 12:
        raise ResultError(
            f"weekly draws 1 to 12 lines, not {len(chosen) * len(wanted)}: choose policies or labels"
        )
    lines = {
        label if len(chosen) == 1 and key else policy: _band(
            result, name, policy, {key: label} if key else {}, base, level, band
        )
        for policy in chosen
        for label in wanted
    }
    factor, unit = style.scale_of([line[1:] for line in lines.values()], series.attrs["unit"], currency)
    week = series["week"].values
    with style.house_style():
        figure = style.new_figure(11, 5.6)
        axes = figure.add_subplot()
        colour = style.colours(len(lines))
        for k, (label, (mid, low, high)) in enumerate(lines.items()):
            axes.fill_between(week, low / factor, high / factor, color=colour[k], alpha=0.22, linewidth=0)
            look = style.LINE_STYLES[k % len(style.LINE_STYLES)]
            axes.plot(week, mid / factor, color=colour[k], linestyle=look, label=style.shorten(label, 44))
        _mark_warm_up(axes, result, week)
        if base is None:
            axes.set_ylim(min(0.0, axes.get_ylim()[0]), axes.get_ylim()[1] * 1.02)
        else:
            axes.axhline(0, color=style.INK, linewidth=1.2)
        axes.grid(axis="y")
        axes.set_xlabel("week")
        axes.set_ylabel(unit)
        style.thousands(axes.yaxis)
        of_mean = band == "mean" or base is not None
        kind = (
            f"{100 * level:g} % interval of the mean" if of_mean else f"{100 * level:g} % of the replications"
        )
        what = _title_of_trajectory(name, key) + (f" of {wanted[0]}" if len(wanted) == 1 and key else "")
        about = style.shorten(chosen[0], 40) if len(chosen) == 1 else ""
        if base is not None:
            what = f"Change in {what[0].lower()}{what[1:]}"
            about = f"{about or 'policy'} less {style.shorten(base, 30)}, paired"
        about = f"{about}. " if about else ""
        style.title_of(
            axes, f"{what}, week by week", f"{about}Mean of {result.replications} replications; band: {kind}"
        )
        if len(lines) > 1:
            figure.legend(loc="outside lower right", ncols=2 if len(chosen) > 1 else 4)
    return figure


def _band(
    result: Result, name: str, policy: str, label: dict[str, str], base: str | None, level: float, band: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high (weeks,) of one line; the difference from the base if there is one."""
    check_name("band", band, ("mean", "replications"))
    series = result.trajectories[name].sel(label).transpose("policy", "replication", "week")
    values = series.sel(policy=policy).values
    if base is not None:
        values = values - series.sel(policy=base).values
    found = mean(values, level, axis=0)
    if band == "mean" or base is not None:
        return found.value, found.low, found.high
    low, high = np.quantile(values, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    return found.value, low, high


def _mark_warm_up(axes: Any, result: Result, week: np.ndarray) -> None:
    """Shade the weeks that metrics leave out and set the ends of the axis."""
    warm_up = int(result.provenance.get("scenario", {}).get("warm_up_weeks", 0))
    if week[0] < warm_up:
        axes.axvspan(week[0], warm_up, color=style.FAINT, alpha=0.45, linewidth=0, zorder=0)
        axes.annotate(
            "warm-up,\nnot in the metrics", ((week[0] + warm_up) / 2, 0.03), ha="center", fontsize=11,
            xycoords=("data", "axes fraction"), color=style.MUTED,
        )  # fmt: skip
    axes.set_xlim(week[0], max(week[-1], week[0] + 1))


def _title_of_trajectory(name: str, key: str) -> str:
    base = name.removesuffix(f"_by_{key}") if key else name
    return {"sales": "Sell-through", "price": "Sum of prices"}.get(base, style.words(base).capitalize())
