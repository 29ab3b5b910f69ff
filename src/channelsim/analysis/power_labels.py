"""Labels of points that do not lie on each other: points at the same place share one."""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.analysis import style

_PLACES = (
    (9, 0, "left", "center"), (-9, 0, "right", "center"), (0, 10, "center", "bottom"),
    (0, -10, "center", "top"), (9, 11, "left", "bottom"), (9, -11, "left", "top"),
    (-9, 11, "right", "bottom"), (-9, -11, "right", "top"),
)  # fmt: skip
"""Offset from the point, in points, and alignment, the preferred first."""


def together(
    x: np.ndarray, y: np.ndarray, names: list[str], width: float, height: float
) -> list[tuple[float, float, str]]:
    """Return the labels of points; those closer than width and height share the first one's.

    Examples
    --------
    >>> together(np.array([0.0, 0.01, 1.0]), np.array([0.0, 0.0, 1.0]), ["a", "b", "c"], 0.1, 0.1)
    [(0.0, 0.0, 'a and 1 more'), (1.0, 1.0, 'c')]
    """
    heads: list[tuple[float, float, str]] = []
    more: list[int] = []
    for px, py, name in zip(x.tolist(), y.tolist(), names):
        for k, (hx, hy, _) in enumerate(heads):
            if abs(px - hx) <= width and abs(py - hy) <= height:
                more[k] += 1
                break
        else:
            heads.append((px, py, name))
            more.append(0)
    return [(hx, hy, f"{name} and {n} more" if n else name) for (hx, hy, name), n in zip(heads, more)]


def place_labels(axes: Any, x: np.ndarray, y: np.ndarray, names: list[str], most: int) -> None:
    """Write names beside points, where they overlap neither each other nor the points, nor leave the axes.

    Parameters
    ----------
    axes : matplotlib Axes
        With its final limits.
    x, y : array (points,)
    names : list of str
        The most worth naming first.
    most : int
        Labels written at most; one that finds no room is left out.
    """
    figure = axes.figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    inside = axes.get_window_extent(renderer)
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    heads = together(x, y, names, 0.02 * (right - left), 0.03 * (top - bottom))
    points = axes.transData.transform(np.stack([x, y], axis=1)) if len(x) else np.zeros((0, 2))
    taken: list[Any] = []
    for px, py, name in heads[:most]:
        for dx, dy, ha, va in _PLACES:
            text = axes.annotate(
                name, (px, py), xytext=(dx, dy), textcoords="offset points", ha=ha, va=va, fontsize=11,
                color=style.INK, zorder=4, annotation_clip=False,
            )  # fmt: skip
            box = text.get_window_extent(renderer)
            own = axes.transData.transform((px, py))
            hits = any(
                box.x0 - 5 < a < box.x1 + 5 and box.y0 - 5 < b < box.y1 + 5
                for a, b in points
                if abs(a - own[0]) > 3 or abs(b - own[1]) > 3
            )
            outside = box.x0 < inside.x0 - 2 or box.x1 > inside.x1 + 2
            outside |= box.y0 < inside.y0 - 2 or box.y1 > inside.y1 + 2
            if not hits and not outside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
