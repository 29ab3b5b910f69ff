"""Drawing of the network of dependences: firms tier by tier, and how much each two need each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.power import power_table
from channelsim.metrics import ResultError, check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from channelsim.analysis.results import Result

THINNEST, WIDEST = 1.0, 11.0
"""Width of a line, in points, at no and at the greatest possible interdependence (2)."""
MOST_NUMBERED = 6
"""Relationships up to which both dependences are written at the lines."""
MOST_NAMED = 30
"""Firms of a tier up to which each bears its name."""


def power_network(result: Result, firms: Sequence[str] | None = None, policy: str | None = None) -> Figure:
    """Draw who trades with whom: width = total interdependence, colour = asymmetry.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    firms : sequence of str, optional
        Draw the relationships among these alone.
    policy : str, optional
        Default the first.

    Raises
    ------
    ResultError
        If power was not measured, a name is unknown, or no relationship is among the firms.
    """
    from matplotlib.colors import Normalize

    table = power_table(result)
    pooled = table.attrs["rows"] == "groups"
    policy = result.policies[0] if policy is None else policy
    check_name("policy", policy, result.policies)
    table = table[(table["policy"] == policy) & (table["supplier"] != table["buyer"])]
    table = table[table["total_interdependence"].notna()]
    if firms is not None:
        known = sorted({*table["supplier"], *table["buyer"]})
        for name in firms:
            check_name("firm", name, known)
        table = table[table["supplier"].isin(firms) & table["buyer"].isin(firms)]
    if table.empty:
        raise ResultError("power_network: no relationship in use is among these firms")
    table = table.reset_index(drop=True)
    place = _places(table)
    deepest = max(x for x, _ in place.values())
    tallest = max(sum(1 for x, _ in place.values() if x == layer) for layer in range(int(deepest) + 1))
    norm = Normalize(-1.0, 1.0)
    colours = _colour_map()
    numbered = len(table) <= MOST_NUMBERED
    with style.house_style():
        figure = style.new_figure(11.5, min(max(5.4, 1.7 + 0.36 * tallest + 0.6 * min(tallest, 6)), 12.0))
        axes = figure.add_subplot()
        for row in table.sort_values("total_interdependence", kind="stable").itertuples():
            x, y = zip(place[row.supplier], place[row.buyer])
            width = THINNEST + (WIDEST - THINNEST) * row.total_interdependence / 2.0
            axes.plot(x, y, color=style.MUTED, linewidth=width + 1.4, solid_capstyle="butt", zorder=1)
            axes.plot(
                x, y, color=colours(norm(row.asymmetry)), linewidth=width, solid_capstyle="butt", zorder=1.5
            )
            if numbered:
                _write_both(axes, x, y, row.dependence_of_supplier, row.dependence_of_buyer)
        _draw_firms(axes, place, deepest)
        axes.set_xlim(-0.42, deepest + 0.42)
        axes.set_ylim(-1.16, 1.16)
        axes.set_axis_off()
        about = "Width: total interdependence. Colour: who leads"
        about += ". Figures: dependence of the firm beside them" if numbered else ""
        about += ", means over pairs of groups" if pooled else ""
        style.title_of(axes, "Who depends on whom", f"{about}. Policy: {style.shorten(policy, 30)}")
        _legends(figure, axes, norm, colours)
    return figure


def _colour_map() -> Any:
    """Return a diverging map, vermilion over light grey to blue, that the colour-blind can tell apart."""
    from matplotlib.colors import LinearSegmentedColormap

    stops = [style.VERMILION, "#f0b58c", "#e6e6e6", "#8fc0de", style.BLUE]
    return LinearSegmentedColormap.from_list("asymmetry", stops)


def _places(table: DataFrame) -> dict[str, tuple[float, float]]:
    """Return where each firm stands: a column a step down the channel, ordered to cross few lines."""
    pairs = list(zip(table["supplier"], table["buyer"]))
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    depth = dict.fromkeys(names, 0)
    for _ in names:  # the longest way from the top; firms that supply each other end it
        changed = False
        for supplier, buyer in pairs:
            if depth[buyer] <= depth[supplier] < len(names):
                depth[buyer], changed = depth[supplier] + 1, True
        if not changed:
            break
    columns = sorted(set(depth.values()))
    layer = {name: columns.index(depth[name]) for name in names}
    height: dict[str, float] = {}
    for k in range(len(columns)):
        here = [name for name in names if layer[name] == k]
        if k:
            above = {
                name: [height[s] for s, b in pairs if b == name and s in height and layer[s] < k] or [0.0]
                for name in here
            }
            here.sort(key=lambda name: -float(np.mean(above[name])))
        spread = np.linspace(1, -1, len(here)) if len(here) > 2 else np.linspace(0.6, -0.6, len(here))
        height |= dict(zip(here, (spread if len(here) > 1 else np.zeros(1)).tolist()))
    return {name: (float(layer[name]), height[name]) for name in names}


def _draw_firms(axes: Any, place: dict[str, tuple[float, float]], deepest: float) -> None:
    for layer in range(int(deepest) + 1):
        here = [name for name, (x, _) in place.items() if x == layer]
        size = 900.0 if len(here) <= 6 else 260.0 if len(here) <= 14 else 110.0
        heights = [place[name][1] for name in here]
        axes.scatter(
            [layer] * len(here), heights, s=size, color="white", edgecolor=style.INK, linewidth=1.8, zorder=3
        )
        if len(here) > MOST_NAMED:
            axes.annotate(
                f"{len(here)} firms", (layer, 1.0), xytext=(0, 14), textcoords="offset points", ha="center",
                fontsize=12, annotation_clip=False,
            )  # fmt: skip
            continue
        for name, y in zip(here, heights):
            if len(name) <= 3 and size > 500:
                axes.annotate(
                    name, (layer, y), ha="center", va="center", fontsize=14, fontweight="bold", zorder=4
                )
                continue
            last = layer == deepest
            gap = 8 + size**0.5 / 2
            at = (gap, 0) if last else (-gap, 0) if layer == 0 else (0, -gap)
            axes.annotate(
                style.shorten(name, 24), (layer, y), xytext=at, textcoords="offset points", zorder=4,
                ha="left" if last else "right" if layer == 0 else "center",
                va="center" if last or layer == 0 else "top", fontsize=12 if size > 200 else 10,
                annotation_clip=False,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip


def _write_both(axes: Any, x: Any, y: Any, of_supplier: float, of_buyer: float) -> None:
    """Write each side's dependence near its end of the line."""
    for share, value in ((0.2, of_supplier), (0.8, of_buyer)):
        at = (x[0] + share * (x[1] - x[0]), y[0] + share * (y[1] - y[0]))
        axes.annotate(
            f"{value:.2f}", at, ha="center", va="center", fontsize=12, fontweight="bold", zorder=5,
            bbox={"facecolor": "white", "alpha": 0.9, "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip


def _legends(figure: Any, axes: Any, norm: Any, colours: Any) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.lines import Line2D

    bar = figure.colorbar(
        ScalarMappable(norm, colours), ax=axes, orientation="vertical", shrink=0.8, aspect=26, pad=0.02,
        ticks=[-1, -0.5, 0, 0.5, 1],
    )  # fmt: skip
    bar.ax.set_yticklabels(["−1  buyer leads", "−0.5", "0  balanced", "0.5", "1  supplier leads"])
    bar.ax.set_title("asymmetry", fontsize=12, fontweight="normal", loc="left", pad=18)
    lines = [
        Line2D(
            [],
            [],
            color=style.MUTED,
            linewidth=THINNEST + (WIDEST - THINNEST) * total / 2,
            label=f"{total:g}",
        )
        for total in (0.2, 1.0, 2.0)
    ]
    figure.legend(
        handles=lines, loc="outside lower left", ncols=3, title="total interdependence, 0 to 2",
        title_fontsize=12, handlelength=2.6,
    )  # fmt: skip
