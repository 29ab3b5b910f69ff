"""Customer concentration worked by hand, and what British grocery's shelves do to it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from channelsim import columns as c
from channelsim import simulate
from channelsim.analysis.concentration import (
    RECORD,
    CustomerSales,
    customer_concentration,
    supplier_concentration,
)
from channelsim.analysis.concentration_plots import concentration_curves
from channelsim.metrics import ResultError
from channelsim.scenario import Scenario
from channelsim.world import build

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "uk_grocery_2000"


def shops(name, demand, brands, suppliers, count=1, **more):
    stock = {"opening_stock": 10.0 * demand, "rule": "base_stock", "base_stock": 10.0 * demand}
    return {
        "name": name,
        "role": "retailer",
        "per_territory": count,
        "brands": brands,
        "suppliers": suppliers,
        "ordering": stock,
        "pricing": {"opening": 10.0},
    } | more


def small():
    """Return two makers, a chain of two groups with a brand of its own, a second chain, two independents."""
    members = [
        {"name": "Ada", "role": "manufacturer", "count": 1, "owner": "Ada"},
        {"name": "Bob", "role": "manufacturer", "count": 1, "owner": "Bob"},
        {"name": "plant", "role": "plant", "count": 1, "owner": "Big"},
        shops("halls", 40.0, ["A", "own"], ["Ada", "plant"], owner="Big"),
        shops("corners", 10.0, ["A2", "B"], ["Ada", "Bob"], 2, owner="Big"),
        shops("Mid", 30.0, ["A", "B"], ["Ada", "Bob"], owner="Mid"),
        shops("small", 5.0, ["A"], ["Ada"], 2),
    ]
    price = {"Ada": 4.0, "Bob": 5.0, "plant": 3.0}
    return Scenario.parse(
        {
            "scenario_format": 1,
            "name": "hand",
            "weeks": 8,
            "warm_up_weeks": 3,
            "demand": {
                "system": "given",
                "mean": {"halls": 40.0, "corners": 10.0, "Mid": 30.0, "small": 5.0},
            },
            "brands": [
                {"name": name, "owner": owner}
                for name, owner in (("A", "Ada"), ("A2", "Ada"), ("B", "Bob"), ("own", "Big"), ("C", "Cy"))
            ],
            "members": members,
            "contracts": [
                {"supplier": s, "buyer": g["name"], "wholesale_price": price[s]}
                for g in members
                for s in g.get("suppliers", ())
            ],
        }
    )


@pytest.fixture(scope="module")
def hand():
    channel = build(small())
    return simulate(channel, replications=2, record=RECORD, metrics="revenue", progress=False), channel


def test_sales_are_what_stores_of_other_firms_pay(hand):
    sales = CustomerSales(*hand)
    assert sales.suppliers == ("Ada", "Bob", "Big", "Cy")
    assert sales.customers == ("Big", "Mid", "small territory 1", "small territory 2")
    # Ada: Big 4·(40 + 2·10), Mid 4·30, independents 4·5 each; Bob: Big 5·20, Mid 5·30; own brand: nobody's
    expected = [[240.0, 120.0, 20.0, 20.0], [100.0, 150.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4]
    np.testing.assert_allclose(sales.sales, np.broadcast_to(expected, (1, 2, 4, 4)), rtol=1e-12)
    np.testing.assert_allclose(sales.turnover[0, 0], [10 * (80 + 40), 10 * 60, 50, 50], rtol=1e-12)


def test_averages_are_worked_by_hand(hand):
    table = customer_concentration(*hand, largest=3).set_index(["measure", "customers"])["mean"]
    ada, bob = np.array([0.6, 0.9, 0.95]), np.array([0.6, 1.0, 1.0])
    np.testing.assert_allclose(table["suppliers"], (ada + bob) / 2)
    np.testing.assert_allclose(table["suppliers weighted"], (400 * ada + 250 * bob) / 650)
    np.testing.assert_allclose(table["market"], np.array([1200, 1800, 1850]) / 1900)
    indices = 0.6**2 + 0.3**2 + 2 * 0.05**2, 0.6**2 + 0.4**2
    assert table["HHI of suppliers", 0] == pytest.approx(np.mean(indices))
    assert table["HHI of suppliers weighted", 0] == pytest.approx(np.average(indices, weights=(400, 250)))
    assert table["HHI of market", 0] == pytest.approx((1200**2 + 600**2 + 2 * 50**2) / 1900**2)


def test_every_supplier_has_its_rows(hand):
    table = supplier_concentration(*hand, largest=5).set_index(["supplier", "measure", "customers"])
    assert table.loc[("Bob", "share", 1), "mean"] == pytest.approx(0.6)
    assert table.loc[("Ada", "share", 5), "mean"] == pytest.approx(1.0)  # it has four customers
    assert table.loc[("Ada", "sales", 0), "mean"] == pytest.approx(400.0)
    assert table.loc[("Cy", "share", 1)].isna()["mean"]
    assert (table["low"].dropna() <= table["mean"].dropna() + 1e-12).all()


def test_intervals_are_of_replications():
    scenario = small().replace(**{"demand.noise": "poisson"})
    channel = build(scenario)
    result = simulate(channel, replications=8, record=RECORD, metrics="revenue", progress=False)
    table = customer_concentration(result, channel)
    rows = table[(table["measure"] == "suppliers") & (table["customers"] == 1)]
    assert (rows["low"] < rows["mean"]).all()
    assert (rows["mean"] < rows["high"]).all()
    assert (rows["replications"] == 8).all()


def test_what_is_refused(hand):
    result, channel = hand
    bare = simulate(channel, replications=1, metrics="revenue", progress=False)
    with pytest.raises(ResultError, match="record 'paid by holding'"):
        customer_concentration(bare, channel)
    with pytest.raises(ResultError, match="another channel"):
        customer_concentration(result, build(Scenario.from_library("pxy")))
    with pytest.raises(ResultError, match="largest = 0"):
        customer_concentration(result, channel, largest=0)
    table = customer_concentration(result, channel)
    with pytest.raises(ResultError, match="measure 'share'"):
        concentration_curves({"x": table}, measure="share")


def test_the_figure_has_a_line_for_each(hand):
    figure = concentration_curves(
        {"simulated": customer_concentration(*hand)}, {"published": [0.3, 0.5, 0.6, 0.7, 0.8]}
    )
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["published", "simulated"]
    np.testing.assert_allclose(lines[1].get_ydata()[0], 60.0)


# --- British grocery -----------------------------------------------------------------------------------


def measured(scenario):
    channel = build(scenario)
    result = simulate(channel, replications=1, record=RECORD, metrics="revenue", progress=False)
    table = customer_concentration(result, channel).set_index("measure")["mean"]
    return table["suppliers"].to_numpy(), table["market"].to_numpy()


@pytest.fixture(scope="module")
def grocery():
    return Scenario.from_library("uk_grocery_2000").replace(weeks=12, **{"demand.noise": "none"})


def test_british_suppliers_are_more_concentrated_than_the_market_where_shelves_are_scarce(grocery):
    suppliers, market = measured(grocery)
    np.testing.assert_allclose(100 * market, [32.2, 46.8, 56.4, 63.3, 68.5], atol=0.1)  # matched
    assert (suppliers > market + 0.05).all()
    free = {f"members.{g.name}.listing_limit": 41 for g in grocery.members if g.listing_limit}
    without, loose_market = measured(grocery.replace(**free))
    assert ((suppliers - market) > 2 * (without - loose_market)).all()
    # a chain's own label takes sales that a supplier could have had there, and none from independents:
    # without slots that leaves suppliers no more concentrated on their largest customer than the market is
    assert without[0] - loose_market[0] < 0.005


def test_no_store_has_more_brands_than_shelves(grocery):
    channel = build(grocery)
    terms = channel.apply()
    listed, member = terms.holdings[c.LISTED], channel.world.holdings_index[c.MEMBER]
    count = np.bincount(member, listed, channel.sizes.members)
    for m in range(channel.first_store, channel.sizes.members):
        assert count[m] == channel.scenario.members[channel.members.group[m]].listing_limit


@pytest.mark.long
def test_the_library_s_file_is_what_the_experiment_writes():
    command = [sys.executable, str(EXPERIMENT / "make_scenario.py"), "--check"]
    subprocess.run(command, check=True)
