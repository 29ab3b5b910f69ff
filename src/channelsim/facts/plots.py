"""Figures of the stylised facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelsim.analysis.estimators import mean
from channelsim.facts.differences import Effort
from channelsim.facts.influence_use import COST_OF_COMPLYING, HORIZON, saved_by_week
from channelsim.facts.outlets import DENSITIES, at_densities, dealers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


USUAL = Effort()


def draw_facts(effort: Effort = USUAL) -> Figure:
    """Return the figure of the page: density with and without loyal buyers, late payment by week.

    Parameters
    ----------
    effort : Effort
        How the runs are made; bands are 95 % intervals.
    """
    from channelsim.analysis.style import BLUE, VERMILION, house_style, new_figure

    with house_style():
        figure = new_figure(15.0, 4.6)
        margin, profit, saved = figure.subplots(1, 3)
        for loyal, label, colour in ((True, "loyal segments", BLUE), (False, "one mean segment", VERMILION)):
            found = at_densities(effort, dealers(loyal))
            for axes, what in ((margin, "margin"), (profit, "profit")):
                estimates = [mean(found[what][n]) for n in DENSITIES]
                values = [e.value for e in estimates]
                spread = [e.high - e.value for e in estimates]
                axes.errorbar(DENSITIES, values, spread, marker="o", color=colour, label=label)
        margin.set(title="Margin of a dealer", xlabel="dealers", ylabel="money per unit", ylim=(0, None))
        profit.set(title="The maker's profit", xlabel="dealers", ylabel="money per week", ylim=(0, None))
        weeks = range(1, HORIZON + 1)
        for rate, label, colour in ((None, "credibility learns", BLUE), (0.0, "it does not", VERMILION)):
            estimate = mean(saved_by_week(effort, rate, COST_OF_COMPLYING), axis=0)
            saved.plot(weeks, estimate.value, color=colour, label=label)
            saved.fill_between(weeks, estimate.low, estimate.high, color=colour, alpha=0.25)
        saved.axhline(0.0, color="0.6", linewidth=0.8)
        saved.set(title="Saved by paying late", xlabel="week", ylabel="money, cumulated")
        for axes in (margin, profit, saved):
            axes.legend()
    return figure
