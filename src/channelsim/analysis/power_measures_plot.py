"""Figure of the measures of power: what each changes in the dependence of either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


def measures_plot(table: DataFrame) -> Figure:
    """Draw what measures change: a panel a relationship, a row a measure, a bar for either side.

    Parameters
    ----------
    table : pandas.DataFrame
        As `power_measures.measures_of_power` returns it.
    """
    pairs = list(dict.fromkeys(zip(table["supplier"], table["buyer"])))
    names = list(dict.fromkeys(table["measure"]))
    takers = dict(zip(table["measure"], table["taken_by"]))
    rows = np.arange(len(names))[::-1]
    changes = table[["dependence_of_supplier_change", "dependence_of_buyer_change"]].to_numpy()
    reach = max(1.25 * float(np.abs(changes).max(initial=0.0)), 0.1)
    with style.house_style():
        figure = style.new_figure(5.0 + 4.4 * len(pairs), 2.6 + 0.5 * len(names))
        panels: Any = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
        for axes, (supplier, buyer) in zip(panels, pairs):
            part = table[(table["supplier"] == supplier) & (table["buyer"] == buyer)].set_index("measure")
            for shift, side, who, whom, colour in (
                (0.2, "buyer", buyer, supplier, style.BLUE),
                (-0.2, "supplier", supplier, buyer, style.VERMILION),
            ):
                change = part[f"dependence_of_{side}_change"].reindex(names).to_numpy()
                before = part[f"dependence_of_{side}_before"].iloc[0]
                axes.barh(
                    rows + shift, np.nan_to_num(change), height=0.38, color=colour,
                    label=f"{who} on {whom}, {before:.2f} as it stands",
                )  # fmt: skip
                for row, x in zip(rows + shift, change):
                    if abs(x) >= 0.005:  # what two decimals show
                        axes.annotate(
                            f"{x:+.2f}".replace("-", "−"), (x, row), xytext=(4 if x > 0 else -4, 0),
                            textcoords="offset points", ha="left" if x > 0 else "right", va="center",
                            fontsize=10,
                        )  # fmt: skip
            axes.axvline(0, color=style.INK, linewidth=1.2)
            axes.set_xlim(-reach, reach)
            axes.set_ylim(-0.7, len(names) - 0.3)
            axes.grid(axis="x")
            axes.tick_params(axis="y", length=0)
            axes.set_title(f"{supplier} and {buyer}", fontsize=14, pad=44)
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), fontsize=11, borderaxespad=0.1)
            axes.set_xlabel("change in dependence")
        labels = [f"{style.shorten(name, 42)}  ({takers[name]})" for name in names]
        panels[0].set_yticks(rows, labels)
        figure.suptitle(
            "What gains power (in brackets: who takes the measure)", x=0.01, ha="left", fontsize=16,
            fontweight="bold",
        )  # fmt: skip
    return figure
