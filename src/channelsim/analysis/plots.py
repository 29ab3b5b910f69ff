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
from channelsim.metrics import METRICS, ResultError, check_name

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


def profit_split(
    result: Result,
    policies: Sequence[str] | str | None = None,
    grouping: str = "role",
    currency: str = "money",
) -> Figure:
    """Draw how the channel's profit is split, a stacked bar per policy; losses stand left of zero.

    Parameters
    ----------
    result : Result
    policies : str or sequence of str, optional
        Default all.
    grouping : {"role", "tier", "group", "chain"}
        Between whom.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If a policy or the grouping is unknown.
    """
    check_name("grouping of the split", grouping, ("role", "tier", "group", "chain"))
    chosen = style.chosen_policies(result.policies, policies)
    data = getattr(result, f"by_{grouping}")["profit"].sel(policy=chosen)
    labels = [str(x) for x in data[grouping].values]
    values = np.asarray(mean(data.transpose("policy", "replication", grouping).values, axis=1).value)
    total = values.sum(axis=1)
    factor, unit = style.scale_of(np.append(np.abs(values).sum(axis=1), 0), METRICS["profit"].unit, currency)
    values, total = values / factor, total / factor
    reach = np.abs(values).sum(axis=1).max() or 1.0
    with style.house_style():
        figure = style.new_figure(11, 2.4 + 0.55 * len(chosen))
        axes = figure.add_subplot()
        rows = np.arange(len(chosen))[::-1]
        if grouping == "role":
            colour = [style.ROLE_COLOURS.get(name, style.MUTED) for name in labels]
        else:
            colour = style.colours(len(labels))
        right, left = np.zeros(len(chosen)), np.zeros(len(chosen))
        for k, label in enumerate(labels):
            start = np.where(values[:, k] >= 0, right, left)
            axes.barh(
                rows, values[:, k], left=start, height=0.72, color=colour[k], edgecolor="white",
                linewidth=1.2, label=style.words(label),
            )  # fmt: skip
            for row, x, width in zip(rows, start, values[:, k]):
                if abs(width) > 0.06 * reach:
                    axes.text(
                        x + width / 2, row, style.number(width), ha="center", va="center", fontsize=12,
                        color=_readable_on(colour[k]), fontweight="bold",
                    )  # fmt: skip
            right += np.maximum(values[:, k], 0)
            left += np.minimum(values[:, k], 0)
        for row, x, all_of_it in zip(rows, right, total):
            axes.annotate(
                style.number(all_of_it), (x, row), xytext=(8, 0), textcoords="offset points", va="center",
                fontsize=13, fontweight="bold",
            )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=1.2)
        axes.set_xlim(min(0.0, left.min() * 1.08), right.max() * 1.12 or 1.0)
        axes.set_yticks(rows, [style.shorten(name, 44) for name in chosen])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        style.thousands(axes.xaxis)
        axes.set_xlabel(f"profit, {unit} (bold at the end: total)")
        style.title_of(
            axes,
            f"Who earns the channel's profit, by {grouping}",
            f"Mean of {result.replications} replications",
        )
        figure.legend(loc="outside lower right", ncols=min(4, len(labels)))
    return figure


def _readable_on(colour: str) -> str:
    """Return black or white, whichever is easier to read on a colour (relative luminance, WCAG 2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.18 else "white"


def margin_by_tier(
    result: Result, policies: Sequence[str] | str | None = None, level: float = 0.95, currency: str = "money"
) -> Figure:
    """Draw the margin of each tier per unit that it sells: a panel per tier, a bar per policy.

    Beside each bar stands the margin as a share of the tier's own price. Margins are before operating cost.

    Parameters
    ----------
    result : Result
    policies : str or sequence of str, optional
        Default all.
    level : float
        Coverage of the intervals.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If a policy is unknown.
    """
    chosen = style.chosen_policies(result.policies, policies)
    data = result.by_tier.sel(policy=chosen)
    tiers = [str(x) for x in data["tier"].values]
    order = ("policy", "tier", "replication")
    found = mean(data["unit_margin"].transpose(*order).values, level, axis=2, omit_nan=True)
    share = np.asarray(mean(data["gross_margin"].transpose(*order).values, axis=2, omit_nan=True).value)
    factor, unit = style.scale_of(found.value, METRICS["unit_margin"].unit, currency)
    value = np.asarray(found.value) / factor
    half = np.nan_to_num(np.asarray(found.high - found.value)) / factor
    shown = np.nan_to_num(value)
    reach = (min(0.0, (shown - half).min() * 1.1), max((shown + half).max() * 1.75, 1e-9))
    with style.house_style():
        figure = style.new_figure(11, 2.2 + 0.5 * len(chosen))
        rows = np.arange(len(chosen))[::-1]
        panels: Any = figure.subplots(1, len(tiers), sharey=True, squeeze=False)[0]
        for k, (axes, tier) in enumerate(zip(panels, tiers)):
            colour = style.ROLE_COLOURS.get(tier.split(" / ")[0].replace(" ", "_"), style.BLUE)
            axes.barh(
                rows, shown[:, k], xerr=half[:, k], height=0.68, color=colour, ecolor=style.INK, capsize=4
            )
            for row, x, part in zip(rows, value[:, k], share[:, k]):
                text = "sells nothing" if np.isnan(x) else f"{style.number(x)}  ({100 * part:.1f} %)"
                axes.annotate(
                    text, (max(np.nan_to_num(x), 0), row), xytext=(8, 0), textcoords="offset points",
                    va="center", fontsize=12,
                )  # fmt: skip
            axes.set_xlim(*reach)
            axes.set_title(tier, fontsize=14, fontweight="normal", color=style.MUTED)
            axes.grid(axis="x")
            axes.axvline(0, color=style.INK, linewidth=1.2)
            axes.tick_params(axis="y", length=0)
            axes.locator_params(axis="x", nbins=4)
            style.thousands(axes.xaxis)
        panels[0].set_yticks(rows, [style.shorten(name, 44) for name in chosen])
        figure.supxlabel(
            f"margin, {unit} that the tier sells (in brackets: share of the tier's own price)", fontsize=13
        )
        figure.suptitle(
            "Margin by tier: price less cost of the unit", x=0.01, ha="left", fontsize=16, fontweight="bold"
        )
    return figure
