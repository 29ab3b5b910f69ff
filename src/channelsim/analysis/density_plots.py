"""Figures of a density plan: response curves of territories, and density by territory before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.maps import annotate_map, has_map, map_panel
from channelsim.metrics import ResultError, check_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from channelsim.policy.density_plan import DensityPlan
    from channelsim.world import Channel


def response_curves(
    plan: DensityPlan, territories: Sequence[str] = (), count: int = 9, currency: str = "money"
) -> Figure:
    """Draw what is earned in territories against the members there, with the density now and the plan's.

    Parameters
    ----------
    plan : DensityPlan
    territories : sequence of str
        Which ones; default so many, from the largest to the smallest in equal steps.
    count : int
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If a territory is unknown.
    """
    names = list(plan.territories)
    for name in territories:
        check_name("territory", name, names)
    from matplotlib.ticker import MaxNLocator

    order = np.argsort(-plan.buyers, kind="stable")
    steps = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    shown = [names.index(n) for n in territories] or [int(t) for t in order[steps]]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    with style.house_style():
        figure = style.new_figure(11, 1.2 + 2.7 * rows)
        colour = style.colours(2)
        for k, t in enumerate(shown):
            axes = figure.add_subplot(rows, columns, k + 1)
            members, value, error = plan.curves.of(t)
            now = value[np.searchsorted(members, plan.curves.counts[0, t])]
            factor, unit = style.scale_of(value - now, "money per week", currency)
            height = (value - now) / factor
            axes.errorbar(
                members, height, 1.96 * error / factor, color=style.INK, marker="o", ms=4, capsize=3
            )
            for at, label, of in (
                (plan.base_counts[t], "now", colour[0]),
                (plan.counts[t], "plan", colour[1]),
            ):
                axes.plot(
                    at, np.interp(at, members, height), marker="o" if label == "now" else "D", ms=9,
                    color=of, zorder=3, linestyle="none", label=label,
                )  # fmt: skip
            axes.set_title(f"{names[t]}\n{style.number(float(plan.buyers[t]), 3)} buyers a week", fontsize=11)
            axes.set_ylabel(unit, fontsize=11)
            axes.margins(0.12)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
            style.thousands(axes.yaxis)
            if k >= len(shown) - columns:
                axes.set_xlabel(f"{plan.group}, members", fontsize=11)
            if k == 0:
                axes.legend()
        whose = f"{plan.objective} of {plan.firm}" if plan.firm else plan.objective.replace("_", " ")
        title = f"What a territory earns against now ({whose}), by its number of members: {plan.group}"
        figure.suptitle(title, fontsize=14, fontweight="bold", x=0.02, ha="left")
    return figure


def density_map(plan: DensityPlan, channel: Channel, names: int = 10) -> Figure:
    """Draw buyers per member by territory now and under the plan, on one scale, side by side.

    Parameters
    ----------
    plan : DensityPlan
    channel : Channel
        The one that was planned for; it knows where its territories lie.
    names : int
        So many of the largest territories are named, as far as there is room.

    Raises
    ------
    ResultError
        If the territories are not the channel's, or all lie in one place.
    """
    if channel.territories.names != list(plan.territories):
        raise ResultError("density_map: the plan's territories are not those of the channel")
    if not has_map(channel):
        raise ResultError("density_map: all territories lie in one place; give them centre_x and centre_y")
    before, after = (
        np.divide(plan.buyers, n, out=np.full(len(n), np.nan), where=n > 0)
        for n in (plan.base_counts, plan.counts)
    )
    both = np.concatenate([before, after])
    known = both[np.isfinite(both)]
    if not known.size:
        raise ResultError(f"density_map: no territory has a member of {plan.group}")
    low, high = (float(v) for v in np.percentile(known, [2, 98]))
    if high <= low:
        low, high = low - 0.5 * abs(low), high + 0.5 * abs(high)
    territories = channel.territories
    shape = np.ptp(territories.values["centre_y"]) / max(np.ptp(territories.values["centre_x"]), 1e-9)
    with style.house_style():
        figure = style.new_figure(14, 1.6 + float(np.clip(6.0 * shape, 3.5, 8.0)))
        for k, (values, title, counts) in enumerate(
            ((before, "Now", plan.base_counts), (after, "Plan", plan.counts))
        ):
            axes = figure.add_subplot(1, 2, k + 1)
            drawn = map_panel(axes, territories, values, low, high, style.SEQUENTIAL, legend=k == 0)
            style.title_of(axes, f"{title}: {style.number(float(counts.sum()), 4)} {plan.group}", "")
        bar = figure.colorbar(drawn, ax=list(figure.axes), shrink=0.7, pad=0.02, extend="both")
        bar.set_label("potential buyers a week per member")
        bar.outline.set_visible(False)
        for axes in figure.axes[:2]:
            annotate_map(figure, axes, territories, names)
    return figure
