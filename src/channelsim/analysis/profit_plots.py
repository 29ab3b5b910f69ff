"""Figures of who earns what: the split of the channel's profit, and margins tier by tier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.estimators import mean
from channelsim.metrics import METRICS, check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result


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
                        color=readable_on(colour[k]), fontweight="bold",
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


def readable_on(colour: str) -> str:
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
