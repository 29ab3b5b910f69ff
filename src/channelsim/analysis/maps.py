"""The map of a channel: territories where they lie, as large as their market, coloured by a metric."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.estimators import mean
from channelsim.metrics import METRICS, ResultError, check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result
    from channelsim.world import Channel


def has_map(channel: Channel) -> bool:
    """Return whether the territories of a channel lie in different places, so that a map says something."""
    places = np.stack([channel.territories.values["centre_x"], channel.territories.values["centre_y"]])
    return bool(np.ptp(places, axis=1).max() > 0)


def territory_map(
    result: Result,
    channel: Channel,
    metric: str = "mean_distance",
    policy: str | None = None,
    base: str | None = None,
    relative: bool = False,
    per_buyer: bool = False,
    names: int = 15,
    currency: str = "money",
) -> Figure:
    """Draw the territories, coloured by a metric; the area of a point is its number of buyers.

    Parameters
    ----------
    result : Result
    channel : Channel
        The channel that was simulated; it knows where its territories lie.
    metric : str
        One that is known by territory.
    policy : str, optional
        Default the first.
    base : str, optional
        Colour by the difference from this policy instead, on a scale with zero in the middle.
    relative : bool
        The difference as a share of the base.
    per_buyer : bool
        The metric divided by the potential buyers of the territory a week.
    names : int
        So many of the largest territories are named, as far as there is room.
    currency : str
        What "money" is called in the figure.

    Raises
    ------
    ResultError
        If a name is unknown, the territories are not the channel's, or all lie in one place.
    """
    policy = result.policies[0] if policy is None else policy
    for name in (policy, policy if base is None else base):
        check_name("policy", name, result.policies)
    check_name("metric by territory", metric, [str(x) for x in result.by_territory.data_vars])
    territories = channel.territories
    if [str(x) for x in result.by_territory["territory"].values] != territories.names:
        raise ResultError("territory_map: the result's territories are not those of the channel")
    if not has_map(channel):
        raise ResultError("territory_map: all territories lie in one place; give them centre_x and centre_y")
    buyers = territories.values["buyers"]
    data = result.by_territory[metric].transpose("policy", "replication", "territory")
    per = buyers if per_buyer else 1.0

    def level_of(name: str) -> np.ndarray:
        return np.asarray(mean(data.sel(policy=name).values / per, axis=0, omit_nan=True).value)

    values, unit = level_of(policy), METRICS[metric].unit
    if per_buyer:
        unit = f"{unit.removesuffix(' per week')} per potential buyer"
    if base is not None:
        reference = level_of(base)
        values = values - reference
        if relative:
            values, unit = (
                np.divide(values, np.abs(reference), out=np.full_like(values, np.nan), where=reference != 0),
                "–",
            )
    factor, unit = style.scale_of(values, unit, currency)
    unit = "percentage points" if base is not None and unit == "%" and not relative else unit
    whose = style.words(metric) + (" per potential buyer" if per_buyer else "")
    if base is None:
        title, about = f"{whose.capitalize()} by territory", f"Policy: {policy}"
    else:
        title, about = f"Change in {whose} by territory", f"{policy}, against {base}"
    return _draw(territories, values / factor, base is not None, f"{whose}, {unit}", title, about, names)


def _draw(
    territories: Any, values: np.ndarray, diverging: bool, axis: str, title: str, about: str, names: int
) -> Figure:
    x, y = territories.values["centre_x"], territories.values["centre_y"]
    known = values[np.isfinite(values)]
    if not known.size:
        raise ResultError(f"territory_map: {axis} is undefined in every territory")
    low, high = np.percentile(known, [2, 98]) if known.size > 20 else (known.min(), known.max())
    cmap: Any = style.DIVERGING if diverging else style.SEQUENTIAL
    if diverging:
        cmap, low, high = _around_zero(low, high, known)
    elif high <= low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    with style.house_style():
        shape = np.ptp(y) / max(np.ptp(x), 1e-9)
        figure = style.new_figure(11, 1.6 + float(np.clip(8.6 * shape, 4.0, 8.6)))
        axes = figure.add_subplot()
        drawn = map_panel(axes, territories, values, low, high, cmap)
        beyond = (
            "both"
            if known.min() < low and known.max() > high
            else "min"
            if known.min() < low
            else "max"
            if known.max() > high
            else "neither"
        )
        bar = figure.colorbar(drawn, ax=axes, shrink=0.7, pad=0.02, extend=beyond)
        bar.set_label(axis)
        bar.outline.set_visible(False)
        style.thousands(bar.ax.yaxis)
        style.title_of(axes, title, f"{about}. Area of a point: potential buyers a week")
        annotate_map(figure, axes, territories, names)
    return figure


def map_panel(
    axes: Any, territories: Any, values: np.ndarray, low: float, high: float, cmap: Any, legend: bool = True
) -> Any:
    """Draw the territories into axes, coloured by values between two ends; return what a colour bar needs.

    Undefined values are drawn hollow, with a dotted rim.
    """
    x, y = territories.values["centre_x"], territories.values["centre_y"]
    buyers = territories.values["buyers"]
    area = 1100.0 * buyers / buyers.max()
    order = np.argsort(-buyers, kind="stable")  # small ones are drawn on top of large ones
    drawn = axes.scatter(
        x[order], y[order], s=np.maximum(area, 14)[order], c=values[order], vmin=low, vmax=high,
        cmap=cmap, edgecolor=style.INK, linewidth=0.7,
        plotnonfinite=False, zorder=2,
    )  # fmt: skip
    lost = ~np.isfinite(values)
    if lost.any():
        axes.scatter(
            x[lost], y[lost], s=np.maximum(area, 14)[lost], facecolor="none", edgecolor=style.MUTED,
            linestyle=":",
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.07)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    if legend:
        _size_legend(axes, buyers)
    return drawn


def annotate_map(figure: Any, axes: Any, territories: Any, names: int) -> None:
    """Write a scale and the names of the largest territories on a map whose layout is final."""
    x, y = territories.values["centre_x"], territories.values["centre_y"]
    buyers = territories.values["buyers"]
    area = np.maximum(1100.0 * buyers / buyers.max(), 14)
    order = np.argsort(-buyers, kind="stable")
    figure.canvas.draw()
    _scale_bar(axes)
    _name_largest(figure, axes, x, y, np.sqrt(area) / 2, order[:names], territories.names)


def _around_zero(low: float, high: float, known: np.ndarray) -> tuple[Any, float, float]:
    """Return colours with white at zero and their ends; one half of them if all values have one sign."""
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    colours = mpl.colormaps[style.DIVERGING]
    reach = max(abs(low), abs(high)) or 1.0
    if known.min() >= 0 and known.max() > 0:
        return ListedColormap(colours(np.linspace(0.5, 0.95, 256))), 0.0, reach
    if known.max() <= 0 and known.min() < 0:
        return ListedColormap(colours(np.linspace(0.05, 0.5, 256))), -reach, 0.0
    return colours, -reach, reach


def _round_down(value: float) -> float:
    """Return the largest of 1, 2, 5 × a power of ten that is not above a value."""
    step = 10.0 ** floor(log10(value))
    return next(k * step for k in (5, 2, 1) if k * step <= value)


def _size_legend(axes: Any, buyers: np.ndarray) -> None:
    largest = _round_down(float(buyers.max()))
    sizes = (
        [largest]
        if buyers.max() == buyers.min()
        else [largest, _round_down(largest / 4), _round_down(largest / 16)]
    )
    marks = [
        axes.scatter(
            [],
            [],
            s=1100.0 * size / buyers.max(),
            facecolor="none",
            edgecolor=style.INK,
            label=style.number(size, 1),
        )
        for size in sizes
    ]
    axes.legend(
        handles=marks, title="buyers a week", title_fontsize=12, loc="lower left", labelspacing=1.1,
        borderpad=0.8, handletextpad=1.2,
    )  # fmt: skip


def _scale_bar(axes: Any) -> None:
    from matplotlib.lines import Line2D

    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    length = _round_down((right - left) / 5)
    start, height = right - length - 0.03 * (right - left), bottom + 0.03 * (top - bottom)
    ends = [start, start + length]
    bar = Line2D(ends, [height, height], color=style.INK, linewidth=3, solid_capstyle="butt")
    axes.add_artist(bar)  # and not plot, which would change the limits
    axes.annotate(
        f"{style.number(length, 1)} km", (start + length / 2, height), xytext=(0, 6),
        textcoords="offset points", ha="center", fontsize=12,
    )  # fmt: skip


def _name_largest(
    figure: Any,
    axes: Any,
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    order: np.ndarray,
    names: list[str],
) -> None:
    """Name points, largest first, at the first side where the name covers neither names nor large points."""
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    halo = [withStroke(linewidth=3, foreground="white", alpha=0.85)]
    pixels = axes.transData.transform(np.stack([x, y], axis=1))
    reach = radius * figure.dpi / 72
    taken: list[Any] = [
        Bbox.from_extents(px - r, py - r, px + r, py + r)
        for (px, py), r in ((pixels[i], 0.8 * reach[i]) for i in order)
    ]
    sides = (
        ("left", "center", 1, 0), ("right", "center", -1, 0), ("center", "bottom", 0, 1),
        ("center", "top", 0, -1), ("left", "bottom", 0.7, 0.7), ("left", "top", 0.7, -0.7),
        ("right", "bottom", -0.7, 0.7), ("right", "top", -0.7, -0.7),
    )  # fmt: skip
    frame = axes.get_window_extent()
    for i in order:
        for across, along, dx, dy in sides:
            text = axes.annotate(
                names[i], (x[i], y[i]), xytext=(dx * (radius[i] + 3), dy * (radius[i] + 3)),
                textcoords="offset points", ha=across, va=along, fontsize=11, zorder=3, path_effects=halo,
            )  # fmt: skip
            box = text.get_window_extent()
            own = np.flatnonzero(order == i)[0]
            free = not any(box.overlaps(other) for k, other in enumerate(taken) if k != own)
            if free and frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1):
                taken.append(box)
                break
            text.remove()
