"""Figure of customer concentration: cumulative shares of the largest customers, as lines to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from channelsim.analysis import style
from channelsim.metrics import ResultError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


def concentration_curves(
    tables: Mapping[str, DataFrame],
    references: Mapping[str, Sequence[float]] | None = None,
    measure: str = "suppliers",
    title: str = "How much of a supplier's sales goes to its largest customers",
    subtitle: str = "Cumulative share, mean over suppliers",
) -> Figure:
    """Draw cumulative shares of the largest customers.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By what the line is called: tables of `concentration.customer_concentration`, of one policy each.
    references : mapping of str to sequence of float, optional
        Further lines, such as published ones: cumulative shares of the largest 1, 2, … customers, 0 to 1.
    measure : str
        Measure of the tables that is drawn.
    title, subtitle : str
        Above the figure.

    Raises
    ------
    ResultError
        If a table holds several policies, or has no such measure.
    """
    lines: list[tuple[str, np.ndarray, np.ndarray | None]] = [
        (name, np.asarray(values, dtype=np.float64), None) for name, values in (references or {}).items()
    ]
    given = len(lines)
    for name, table in tables.items():
        rows = table[(table["measure"] == measure) & (table["customers"] > 0)].sort_values("customers")
        if not len(rows) or rows["policy"].nunique() > 1:
            raise ResultError(f"concentration_curves: {name!r}: one policy, and rows of measure {measure!r}")
        lines.append((name, rows["mean"].to_numpy(), rows[["low", "high"]].to_numpy().T))
    with style.house_style():
        figure = style.new_figure(9.5, 6.2)
        axes = figure.add_subplot()
        for k, (name, values, band) in enumerate(lines):
            rank, colour = np.arange(1, len(values) + 1), style.PALETTE[k]
            published = k < given
            axes.plot(
                rank, 100 * values, color=colour, label=name, marker="o" if published else "s", markersize=8,
                linestyle="-" if published else style.LINE_STYLES[1 + (k - given) % 5],
            )  # fmt: skip
            if band is not None and np.isfinite(band).all():
                axes.fill_between(rank, *(100 * band), color=colour, alpha=0.18, linewidth=0)
        axes.set_xticks(np.arange(1, max(len(values) for _, values, _ in lines) + 1))
        axes.set_ylim(0, 100)
        axes.grid(axis="y")
        axes.set_xlabel("largest customers, number")
        axes.set_ylabel("cumulative share, %")
        style.title_of(axes, title, subtitle)
        axes.legend(loc="lower right")
    return figure
