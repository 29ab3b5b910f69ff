"""Figures: what is drawn is what the result holds, with titles, units and colours to tell apart."""

import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from channelsim.analysis import plots, style
from channelsim.analysis.measures import Measure, focal_brand, focal_firm, headline_measures
from channelsim.analysis.profit_plots import readable_on
from channelsim.errors import ChannelsimError
from channelsim.metrics import ResultError
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.world import build
from small_market import BASE, CITIES, DEAR, DENSE, small_channel, small_market, small_result


@pytest.fixture(scope="module")
def result():
    return small_result()


@pytest.fixture(scope="module")
def channel():
    return small_channel()


def texts(figure: Figure) -> str:
    """Return all that is written in a figure."""
    return "\n".join(t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text())


FIGURES = {
    "compare": lambda r, c: plots.compare_policies(r, currency="yuan"),
    "weekly": lambda r, c: plots.weekly(r, "sales"),
    "by brand": lambda r, c: plots.weekly(r, "sales_by_brand", BASE),
    "change": lambda r, c: plots.weekly(r, "sales_by_brand", labels="A", base=BASE),
    "split": lambda r, c: plots.profit_split(r, currency="yuan"),
    "split by chain": lambda r, c: plots.profit_split(r, grouping="chain", currency="yuan"),
    "margin": lambda r, c: plots.margin_by_tier(r, currency="yuan"),
    "map": lambda r, c: plots.territory_map(r, c, "profit", currency="yuan"),
    "map of change": lambda r, c: plots.territory_map(r, c, "sell_through", DENSE, BASE, relative=True),
}
UNITS = {
    "compare": "yuan per week",
    "weekly": "units per week",
    "by brand": "units per week",
    "change": "units per week",
    "split": "yuan per week",
    "split by chain": "yuan per week",
    "margin": "yuan per unit",
    "map": "yuan per week",
    "map of change": "%",
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_a_title_and_a_unit_and_can_be_written(result, channel, name):
    before = dict(mpl.rcParams)
    figure = FIGURES[name](result, channel)
    assert isinstance(figure, Figure)
    assert dict(mpl.rcParams) == before
    titles = [a.get_title(loc) for a in figure.axes for loc in ("left", "center")] + [figure.get_suptitle()]
    assert any(len(t) > 10 for t in titles)
    assert UNITS[name] in texts(figure)
    smallest = min(t.get_fontsize() for t in figure.findobj(mpl.text.Text) if t.get_text())
    assert smallest >= 10
    assert style.save_bytes(figure, "png").startswith(b"\x89PNG")
    svg = style.save_bytes(figure, "svg")
    assert svg == style.save_bytes(FIGURES[name](result, channel), "svg")
    assert b"<dc:date>" not in svg
    assert b"matplotlib.org" not in svg


def test_nothing_is_left_with_pyplot():
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from channelsim.analysis import plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from small_market import small_result\n"
        "plots.profit_split(small_result())\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_comparison_draws_the_paired_differences(result):
    figure = plots.compare_policies(result, "sell_through", BASE, "brand", "A")
    (axes,) = figure.axes
    drawn = sorted(x for c in axes.containers for x in c.lines[0].get_xdata())
    table = result.difference(BASE, "brand", "sell_through")
    table = table[table["brand"] == "A"]
    assert drawn == pytest.approx(sorted(table["difference"]), rel=1e-12)
    bars = [bar for c in axes.containers for bar in c.lines[2][0].get_segments()]
    ends = sorted(x for bar in bars for x in bar[:, 0])
    assert ends == pytest.approx(sorted([*table["low"], *table["high"]]), rel=1e-9)
    assert "sell-through of A" in texts(figure)


def test_comparison_says_what_is_more_less_and_not_told_apart(result):
    said = texts(plots.compare_policies(result, "mean_distance"))
    assert "less than the base" in said  # denser stores are nearer
    assert "not told apart" in said  # a price moves no store
    assert "more than the base" not in said


def test_comparison_defaults_to_the_focal_firms_profit(result):
    assert focal_firm(result) == ("chain", "Acme")
    assert "Profit of Acme" in texts(plots.compare_policies(result))


def test_weekly_draws_mean_and_quantiles(result):
    figure = plots.weekly(result, "sales_by_brand", BASE, "B", level=0.5)
    (axes,) = figure.axes
    series = result.trajectories["sales_by_brand"].sel(policy=BASE, brand="B").values
    np.testing.assert_allclose(axes.lines[0].get_ydata(), series.mean(axis=0))
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    low, high = np.quantile(series, [0.25, 0.75], axis=0)
    assert {round(x, 9) for x in (*low, *high)} <= {round(x, 9) for x in band}
    assert "50 % of the replications" in texts(figure)
    assert "warm-up" in texts(figure)
    assert axes.get_ylim()[0] == 0


def test_weekly_change_is_zero_for_the_same_policy_and_paired(result):
    figure = plots.weekly(result, "sales", [BASE, DENSE], base=BASE)
    (axes,) = figure.axes
    series = result.trajectories["sales"]
    expected = (series.sel(policy=DENSE) - series.sel(policy=BASE)).mean("replication")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)
    assert "95 % interval of the mean" in texts(figure)


@pytest.mark.parametrize("grouping", ["role", "chain"])
def test_split_adds_up_to_the_channels_profit(result, grouping):
    figure = plots.profit_split(result, grouping=grouping)
    (axes,) = figure.axes
    width = np.sum([[bar.get_width() for bar in c] for c in axes.containers], axis=0)
    assert "thousand money per week" in texts(figure)
    np.testing.assert_allclose(1e3 * width, result.metrics["channel_profit"].mean("replication"), rtol=1e-9)
    assert [t.get_text() for t in axes.get_yticklabels()] == [BASE, DEAR, DENSE]


def test_split_stacks_losses_to_the_left():
    scenario = small_market(**{"members.Acme.fixed_cost": 1e5, "members.Mega.fixed_cost": 1e5})
    figure = plots.profit_split(
        simulate(scenario, replications=1, workers=1, progress=False), grouping="chain"
    )
    (axes,) = figure.axes
    bars = [
        (min(bar.get_x(), bar.get_x() + bar.get_width()), abs(bar.get_width()))
        for c in axes.containers
        for bar in c
    ]
    ordered = sorted(bars)
    for (start, width), (following, _) in pairwise(ordered):
        assert start + width <= following + 1e-9  # no bar hides another
    assert axes.get_xlim()[0] <= ordered[0][0]


def test_margins_are_those_of_the_result_and_share_one_scale(result):
    figure = plots.margin_by_tier(result)
    means = result.by_tier["unit_margin"].mean("replication")
    for axes, tier in zip(figure.axes, result.by_tier["tier"].values):
        drawn = [bar.get_width() for bar in axes.patches[:3]]
        np.testing.assert_allclose(drawn, means.sel(tier=tier).values)
        assert axes.get_xlim() == figure.axes[0].get_xlim()


def test_map_shows_every_territory_where_it_lies_as_large_as_its_market(result, channel):
    figure = plots.territory_map(result, channel, "sell_through", DEAR)
    points = figure.axes[0].collections[0]
    offsets, sizes, values = points.get_offsets(), points.get_sizes(), points.get_array()
    means = result.by_territory["sell_through"].sel(policy=DEAR).mean("replication")
    for (x, y), size, value in zip(offsets, sizes, values):
        name = next(n for n, (cx, cy, _) in CITIES.items() if (cx, cy) == (x, y))
        assert size == pytest.approx(1100 * CITIES[name][2] / 400)
        assert value == pytest.approx(float(means.sel(territory=name)))
    written = texts(figure)
    assert all(name in written for name in CITIES)
    assert "200 km" in written
    assert figure.axes[0].get_aspect() == 1.0


def test_scale_bar_is_as_long_as_it_says(result, channel):
    axes = plots.territory_map(result, channel).axes[0]
    bar = axes.lines[-1].get_xdata()
    assert bar[1] - bar[0] == pytest.approx(200.0)


def test_map_of_a_change_has_its_white_at_zero(result, channel):
    points = plots.territory_map(result, channel, "sell_through", DENSE, BASE).axes[0].collections[0]
    low, high = points.get_clim()
    both = points.get_array().min() < 0 < points.get_array().max()
    assert (low == -high) if both else 0.0 in (low, high)


def test_map_refuses_a_channel_without_places(result, channel):
    chain = build(Scenario.from_library("bilateral"))
    assert not plots.has_map(chain)
    assert plots.has_map(channel)
    with pytest.raises(ResultError, match="territories are not those of the channel"):
        plots.territory_map(result, chain)


@pytest.mark.parametrize("name", ["bilateral", "beer_game", "pxy", "chain", "appliances"])
def test_network_of_every_library_scenario_names_groups_and_counts(name):
    channel = build(Scenario.from_library(name))
    figure = plots.network(channel)
    written = " ".join(texts(figure).split())
    for group in channel.scenario.members:
        assert group.name.split()[0] in written
    active = plots.base_members(channel)
    largest = max(
        int((active & (channel.members.group == g)).sum()) for g in range(len(channel.scenario.members))
    )
    assert f"{largest:,} " in written
    points = sum(len(c.get_offsets()) for c in figure.axes[1].collections)
    assert points <= 150
    assert style.save_bytes(figure, "png")


def test_network_draws_a_small_channel_in_full_and_a_territory_on_request(channel):
    count = sum(len(c.get_offsets()) for c in plots.network(channel).axes[1].collections)
    assert count == int(plots.base_members(channel).sum()) == 2 + 4 * (2 + 2 + 1)
    one = plots.network(channel, "East")
    assert sum(len(c.get_offsets()) for c in one.axes[1].collections) == 2 + (2 + 2 + 1)
    with pytest.raises(ResultError, match="territory 'Est' is unknown; did you mean 'East'"):
        plots.network(channel, "Est")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda r: plots.compare_policies(r, base="x"), "policy 'x' is unknown"),
        (lambda r: plots.compare_policies(r, "profitt"), "metric 'profitt' is unknown"),
        (lambda r: plots.weekly(r, "stock"), "trajectory 'stock' is unknown"),
        (lambda r: plots.weekly(r, "sales_by_brand"), "not both"),
        (lambda r: plots.weekly(r, "sales_by_brand", BASE, "C"), "brand 'C' is unknown"),
        (lambda r: plots.weekly(r, "sales", BASE, base=BASE), "1 to 12 lines, not 0"),
        (lambda r: plots.weekly(r, "sales", band="x"), "band 'x' is unknown"),
        (lambda r: plots.profit_split(r, grouping="brand"), "grouping of the split 'brand' is unknown"),
        (lambda r: plots.margin_by_tier(r, "x"), "policy 'x' is unknown"),
        (lambda r: plots.territory_map(r, small_channel(), "channel_profit"), "metric by territory"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(result, draw, message):
    with pytest.raises(ChannelsimError, match=message) as caught:
        draw(result)
    assert "\n" not in str(caught.value)


def test_one_policy_cannot_be_compared():
    alone = simulate(small_channel(), replications=1, workers=1, progress=False)
    with pytest.raises(ResultError, match="at least two policies"):
        plots.compare_policies(alone)


def test_colours_are_those_of_okabe_and_ito_and_text_on_them_is_readable():
    assert style.PALETTE[:7] == ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
    assert len(set(style.PALETTE)) == len(style.PALETTE)

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)
        ]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    for colour in style.PALETTE:
        pair = sorted([luminance(colour), luminance(readable_on(colour))])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.0


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([2e6, -3e6], "money per week", (1e6, "million yuan per week")),
        ([9_999.0], "units", (1.0, "units")),
        ([10_000.0], "units", (1e3, "thousand units")),
        ([-2e9, np.nan], "money", (1e9, "billion yuan")),
        ([0.2], "–", (0.01, "%")),
        ([], "km", (1.0, "km")),
        ([np.nan], "km", (1.0, "km")),
    ],
)
def test_scale(values, unit, expected):
    assert style.scale_of(values, unit, "yuan") == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.0, -0.5, 0.5), ("0.00", "−0.50 to +0.50")),
        ((1234567.0, 1234000.0, 1235000.0), ("+1,234,567", "+1,234,000 to +1,235,000")),
        ((5.0, np.nan, np.nan), ("+5.00", "")),
        ((2.0, 2.0, 2.0), ("+2.00", "")),
        ((100.0, 99.99999, 100.00001), ("+100.00000", "+99.99999 to +100.00001")),
    ],
)
def test_values_are_rounded_to_what_their_interval_bears(numbers, expected):
    assert style.span(*numbers, sign=True) == expected


def test_measures(result):
    measures = headline_measures(result)
    assert measures[0] == Measure("Profit of Acme", "profit", "chain", "Acme", 1)
    assert focal_brand(result) == "A"
    assert all(m.is_in(result) for m in measures)
    found = measures[0].differences(result, BASE)
    assert found.value[0] == 0.0
    assert found.low[0] == found.high[0] == 0.0
    with pytest.raises(ResultError, match="chain 'Acne' is unknown; did you mean 'Acme'"):
        Measure("", "profit", "chain", "Acne").values(result)
