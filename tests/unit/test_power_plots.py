"""Figures of power: what is drawn is what the result holds, and what cannot be drawn is said."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from channelsim import Scenario, simulate
from channelsim.analysis import power_plots, style
from channelsim.analysis.power_labels import together
from channelsim.analysis.power_network import THINNEST, WIDEST
from channelsim.analysis.report import report_files
from channelsim.metrics import ResultError
from channelsim.world import build


@pytest.fixture(scope="module")
def channel():
    return build(Scenario.from_library("pxy"))


@pytest.fixture(scope="module")
def result(channel):
    return simulate(channel, replications=2, progress=False)


@pytest.fixture(scope="module")
def unmeasured():
    return simulate("bilateral", replications=1, progress=False)


FIGURES = {
    "network": lambda r: power_plots.power_network(r),
    "three": lambda r: power_plots.power_network(r, ["P", "X", "Y"]),
    "dependences": lambda r: power_plots.dependence_scatter(r),
    "over time": lambda r: power_plots.power_over_time(r),
    "profit": lambda r: power_plots.profit_and_dependence(r),
}


def texts(figure: Figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text())


@pytest.mark.parametrize("name", FIGURES)
def test_figures_have_titles_and_bytes_that_repeat(result, name):
    figure = FIGURES[name](result)
    said = texts(figure)
    assert len(said.splitlines()) > 6
    assert "base" in said
    assert style.save_bytes(figure, "png") == style.save_bytes(FIGURES[name](result), "png")
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]


@pytest.mark.parametrize("name", FIGURES)
def test_power_must_have_been_measured(unmeasured, name):
    with pytest.raises(ResultError, match="power was not measured"):
        FIGURES[name](unmeasured)


def test_width_is_interdependence_and_colour_asymmetry(result):
    figure = power_plots.power_network(result, ["P", "X", "Y"])
    lines = [line for line in figure.axes[0].lines if line.get_color() != style.MUTED]
    table = result.power()
    table = table[table["supplier"] == "P"].sort_values("total_interdependence")
    widths = THINNEST + (WIDEST - THINNEST) * table["total_interdependence"] / 2
    assert [line.get_linewidth() for line in lines] == pytest.approx(widths.tolist())
    x, y = (to_rgb(line.get_color()) for line in lines)  # X, which P leads, is drawn first
    assert x[2] > x[0]  # bluish
    assert y[0] > y[2]  # reddish
    assert all(f"{value:.2f}" in texts(figure) for value in table["dependence_of_buyer"])


def test_points_stand_at_the_two_dependences(result):
    figure = power_plots.dependence_scatter(result)
    points = np.concatenate([c.get_offsets() for c in figure.axes[0].collections if len(c.get_offsets()) > 1])
    table = result.power()
    for row in table[table["supplier"] == "R1"].itertuples():
        assert np.isclose(points, [row.dependence_of_supplier, row.dependence_of_buyer]).all(axis=1).any()


def test_power_over_time_draws_what_is_asked_for(result):
    figure = power_plots.power_over_time(result, "P → Y")
    line = figure.axes[0].lines[0]
    found = result.relationships.sel(policy="base", relationship="P → Y")["dependence_of_supplier"]
    assert line.get_ydata() == pytest.approx(found.mean("replication").values)
    assert list(line.get_xdata()) == list(found["review_week"].values)
    with pytest.raises(ResultError, match="relationship 'P → Q' is unknown"):
        power_plots.power_over_time(result, "P → Q")
    with pytest.raises(ResultError, match="1 to 6 relationships, not 7"):
        power_plots.power_over_time(result, [str(r) for r in result.relationships["relationship"].values[:7]])


def test_unknown_names_are_refused(result):
    with pytest.raises(ResultError, match="firm 'Q' is unknown"):
        power_plots.power_network(result, ["P", "Q"])
    with pytest.raises(ResultError, match="no relationship in use"):
        power_plots.power_network(result, ["X", "Y"])
    for figure in (
        power_plots.power_network,
        power_plots.dependence_scatter,
        power_plots.profit_and_dependence,
    ):
        with pytest.raises(ResultError, match="policy 'new' is unknown"):
            figure(result, policy="new")


def test_points_at_one_place_share_a_label():
    x, y = np.array([0.0, 1.0, 0.05]), np.array([0.0, 1.0, 0.0])
    assert together(x, y, ["a", "b", "c"], 0.1, 0.1) == [(0.0, 0.0, "a and 1 more"), (1.0, 1.0, "b")]
    assert together(x, y, ["a", "b", "c"], 0.01, 0.1)[2] == (0.05, 0.0, "c")


def test_the_report_has_a_section_where_power_was_measured(result, unmeasured, channel, monkeypatch):
    monkeypatch.setattr(style, "save_bytes", lambda figure, kind: b"drawn elsewhere")
    made = report_files(result, channel)
    assert {"figures/power_network.png", "figures/power_dependences.png"} <= set(made)
    assert "Who depends on whom" in made["report.html"].decode()
    plain = build(Scenario.from_library("bilateral"))
    assert "figures/power_network.png" not in report_files(unmeasured, plain)
