"""What a relationship is worth and what would be recaptured by which way: small channels, worked by hand."""

import numpy as np
import pytest

from channelsim import Policy, Scenario, ScenarioError, simulate

GIVEN = {"system": "given", "mean": 10.0}
LOGIT = {"system": "logit"}


def channel(demand=GIVEN, **changes):
    """Return a maker (cost 4), two wholesalers (5 → 7) and a shop (sells at 10) that prefers the first."""
    base = Scenario(
        scenario_format=1,
        name="by hand",
        weeks=3,
        review_weeks=2,
        power={"measured": True},
        demand=demand,
        segments=[{"name": "all", "price_sensitivity": 0.2, "equity": 2.0}],
        brands=[{"name": "A", "owner": "maker", "production_cost": 4.0}],
        members=[
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            {"name": "one", "role": "distributor", "count": 1, "suppliers": ["maker"]},
            {"name": "two", "role": "distributor", "count": 1, "suppliers": ["maker"]},
            {
                "name": "shop",
                "role": "retailer",
                "per_territory": 1,
                "suppliers": ["one", "two"],
                "pricing": {"rule": "fixed", "opening": 10.0},
            },
        ],
        contracts=[
            {"supplier": "maker", "buyer": "one", "wholesale_price": 5.0},
            {"supplier": "maker", "buyer": "two", "wholesale_price": 5.5},
            {"supplier": "one", "buyer": "shop", "wholesale_price": 7.0},
            {"supplier": "two", "buyer": "shop", "wholesale_price": 7.5},
        ],
    )
    return base.replace(**changes)


def measures(scenario, supplier, buyer, policy=None):
    """Return the last review of a relationship."""
    found = simulate(scenario, policy, 1, workers=1, progress=False).relationships
    row = found.isel(policy=0, replication=0, review_week=-1).sel(relationship=f"{supplier} → {buyer}")
    return {name: float(values) for name, values in row.data_vars.items()}


def test_another_wholesaler_in_reach_steps_in():
    row = measures(channel(), "one", "shop")
    assert row["value_of_supplier"] == pytest.approx(20.0)  # (7 − 5)·10
    assert row["gain_of_supplier"] == pytest.approx(20.0)  # nobody else buys from it
    assert row["value_of_buyer"] == pytest.approx(30.0)
    assert row["gain_of_buyer"] == pytest.approx(5.0)  # half a unit of money more a unit
    assert row["dependence_of_buyer"] == pytest.approx(5.0 / 30.0)
    assert row["dependence_of_supplier"] == 1.0


def test_the_maker_keeps_what_the_other_wholesaler_sells_for_it():
    row = measures(channel(), "maker", "one")
    assert row["gain_of_supplier"] == pytest.approx(10.0 - 15.0)  # (5 − 4)·10 becomes (5.5 − 4)·10
    assert row["scarcity_of_supplier"] == row["dependence_of_supplier"] == 0.0
    assert row["gain_of_buyer"] == pytest.approx(20.0)


def test_supply_by_another_path_costs_who_goes_on_earning():
    row = measures(channel(**{"power.switching_cost": 3.0}), "one", "shop")
    assert row["gain_of_buyer"] == pytest.approx(8.0)
    assert row["gain_of_supplier"] == pytest.approx(20.0)


def test_without_the_other_wholesaler_there_is_no_way_round():
    alone = Policy(ended=[{"supplier": "two", "buyer": "shop"}])
    row = measures(channel(), "one", "shop", alone)
    assert row["dependence_of_buyer"] == 1.0


def option(**fields):
    return {
        "power.outside_options": [{"name": "elsewhere", "group": "shop", "kind": "rival_supplier"} | fields]
    }


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({}, 0.0),  # as good as now
        ({"acceptance": 0.4}, 18.0),  # 30 less 12
        ({"unit_cost": 9.0}, 20.0),  # (10 − 9)·10 instead of 30
        ({"price": 8.0}, 20.0),  # (8 − 7)·10
        ({"fixed_cost": 520.0}, 10.0),  # 10 a week over a year
        ({"fixed_cost": 52000.0}, 30.0),  # not worth taking
        ({"partner": "two"}, 30.0),  # instead of another
    ],
)
def test_outside_options_recapture(fields, lost):
    alone = Policy(ended=[{"supplier": "two", "buyer": "shop"}])
    row = measures(channel(**option(**fields)), "one", "shop", alone)
    assert row["gain_of_buyer"] == pytest.approx(lost)


def test_a_supplier_may_sell_past_its_buyer():
    direct = {
        "name": "direct",
        "group": "maker",
        "kind": "direct_selling",
        "acceptance": 0.5,
        "unit_cost": 6.0,
    }
    alone = Policy(ended=[{"supplier": "maker", "buyer": "two"}])
    row = measures(channel(**{"power.outside_options": [direct]}), "maker", "one", alone)
    assert row["value_of_supplier"] == pytest.approx(10.0)
    assert row["gain_of_supplier"] == pytest.approx(10.0 - 0.5 * 10.0 * (10.0 - 6.0))
    assert row["dependence_of_supplier"] == 0.0


def test_options_replace_only_what_is_not_recaptured():
    """Half the lost buyers find the shop's other brand; an option as good as now saves the others alone."""
    two = {
        "brands": [
            {"name": "A", "owner": "maker", "production_cost": 4.0},
            {"name": "B", "owner": "maker", "production_cost": 4.0},
        ],
    }
    base = channel(LOGIT, **two)
    rows = {}
    for options in ([], [{"name": "o", "group": "shop", "kind": "unlisted_brand"}]):
        rows[len(options)] = measures(base.replace(**{"power.outside_options": options}), "one", "shop")
    assert rows[1]["gain_of_buyer"] <= rows[0]["gain_of_buyer"]
    assert rows[1]["recaptured_of_buyer"] <= rows[1]["value_of_buyer"] + 1e-9


def shops(count, **changes):
    """Return one maker and so many shops with one brand each, alike and equally far from everyone."""
    return Scenario(
        scenario_format=1,
        name="shops",
        weeks=1,
        power={"measured": True},
        territories=[{"name": "town", "buyers": 100.0}],
        segments=[{"name": "all", "price_sensitivity": 0.2, "equity": 3.0}],
        brands=[{"name": "A", "owner": "maker", "production_cost": 4.0}],
        members=[
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            {
                "name": "shop",
                "role": "retailer",
                "per_territory": count,
                "suppliers": ["maker"],
                "pricing": {"rule": "fixed", "opening": 10.0},
            },
        ],
        contracts=[{"supplier": "maker", "buyer": "shop", "wholesale_price": 6.0}],
    ).replace(**changes)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_diversion_ratios_are_the_special_case_of_one_lost_shelf(count):
    share = np.exp(1.0) / (1.0 + count * np.exp(1.0))
    row = measures(shops(count), "maker", "shop town 1")
    recaptured = (count - 1) * share / (1.0 - share)  # Σ s_k / (1 − s_l)
    assert row["dependence_of_supplier"] == pytest.approx((1.0 - recaptured) / count)
    assert row["dependence_of_buyer"] == 1.0


def test_a_chain_is_one_firm_and_single_losses_do_not_add_up():
    single = measures(shops(3), "maker", "shop town 1")
    chain = shops(3).replace(
        members=[
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            {
                "name": "chain",
                "role": "retailer",
                "per_territory": 2,
                "owner": "chain",
                "suppliers": ["maker"],
                "pricing": {"rule": "fixed", "opening": 10.0},
            },
            {
                "name": "shop",
                "role": "retailer",
                "per_territory": 1,
                "suppliers": ["maker"],
                "pricing": {"rule": "fixed", "opening": 10.0},
            },
        ],
        contracts=[{"supplier": "maker", "buyer": b, "wholesale_price": 6.0} for b in ("chain", "shop")],
    )
    row = measures(chain, "maker", "chain")
    assert row["value_of_supplier"] == pytest.approx(2.0 * single["value_of_supplier"])
    assert row["gain_of_supplier"] > 2.0 * single["gain_of_supplier"] * 1.05


def test_a_maker_without_free_capacity_cannot_win_the_buyers_back():
    wide, tight = (
        measures(shops(3, **{"members.maker.capacity": capacity}), "maker", "shop town 1")
        for capacity in (1e6, 90.0)
    )
    share = np.exp(1.0) / (1.0 + 3.0 * np.exp(1.0))
    flow = 300.0 * share
    assert flow < 90.0
    left = 90.0 - flow + 100.0 * share  # free once the shop is gone
    gained = 2.0 * 100.0 * share**2 / (1.0 - share)
    assert wide["recaptured_of_supplier"] == pytest.approx(2.0 * gained)
    assert tight["recaptured_of_supplier"] == pytest.approx(2.0 * min(gained, left))


def test_local_dependence_is_within_the_territories_served():
    two = shops(2).replace(territories=[{"name": "town", "buyers": 100.0}, {"name": "city", "buyers": 300.0}])
    row = measures(two, "maker", "shop town 1")
    assert row["local_dependence_of_supplier"] == pytest.approx(4.0 * row["dependence_of_supplier"])
    assert row["sales_share_of_supplier"] == pytest.approx(1.0 / 8.0)
    assert row["profit_share_of_supplier"] == pytest.approx(1.0 / 8.0)


def test_role_performance_compares_with_the_median_of_the_peers():
    scenario = shops(2).replace(
        members=[
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            *(
                {
                    "name": name,
                    "role": "retailer",
                    "per_territory": 1,
                    "suppliers": ["maker"],
                    "loyalty": loyalty,
                    "pricing": {"rule": "fixed", "opening": 10.0},
                }
                for name, loyalty in (("weak", -0.5), ("usual", 0.0), ("strong", 0.5))
            ),
        ],
        contracts=[
            {"supplier": "maker", "buyer": b, "wholesale_price": 6.0} for b in ("weak", "usual", "strong")
        ],
    )
    found = {
        name: measures(scenario, "maker", name)["role_performance"] for name in ("weak", "usual", "strong")
    }
    assert found["usual"] == pytest.approx(1.0)
    attraction = np.exp(1.0 + np.array([-0.5, 0.0, 0.5]))
    as_peer = np.exp(1.0) / (1.0 + attraction[:2].sum() + np.exp(1.0))
    actual = attraction[2] / (1.0 + attraction.sum())
    assert found["strong"] == pytest.approx(actual / as_peer)
    assert found["weak"] < 1.0


def test_a_firm_does_not_depend_on_itself():
    own = channel(**{"members.one.owner": "maker"})
    row = measures(own, "maker", "shop")
    assert row["value_of_supplier"] == pytest.approx(30.0)  # (7 − 4)·10 over both its tiers
    found = simulate(own, None, 1, workers=1, progress=False).relationships
    inside = found.sel(relationship="maker → maker").isel(policy=0, replication=0)
    assert np.isnan(inside["dependence_of_buyer"].values).all()


def test_credit_belongs_to_the_price():
    scenario = channel(credit=True, cost_of_capital=0.01, **{"contracts.2.credit_weeks": 10})
    row = measures(scenario, "one", "shop")
    assert row["value_of_buyer"] == pytest.approx((10.0 - 7.0 * 0.9) * 10.0)
    assert row["value_of_supplier"] == pytest.approx((7.0 * 0.9 - 5.0) * 10.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"power.measured": False, **option()},
            r"power\.outside_options: have no effect unless power\.measured",
        ),
        (option(group="none"), r"power\.outside_options\.elsewhere\.group = 'none': admissible: maker"),
        (option(kind="own_outlet"), "'shop' sells to consumers already"),
        (option(group="maker"), "'maker' has no supplier to replace"),
        (option(acceptance=1.5), "acceptance"),
        (option(partner="nobody"), r"elsewhere\.partner = 'nobody': admissible: maker"),
        ({"members.one.pricing.rule": "negotiated", "power.measured": False}, "needs power.measured = true"),
        ({"bargaining.renewal_weeks": 13}, "has no effect unless a group's pricing.rule is 'negotiated'"),
    ],
)
def test_bad_input_is_one_clear_line(changes, message):
    with pytest.raises(ScenarioError, match=message) as error:
        channel(**changes)
    assert "\n" not in str(error.value)


def test_a_relationship_that_is_not_there_cannot_end():
    with pytest.raises(ScenarioError, match=r"ended\[0\]: 'maker' has no relationship with 'shop'"):
        simulate(
            channel(), Policy(name="p", ended=[{"supplier": "shop", "buyer": "maker"}]), 1, progress=False
        )


def two_towns(**changes):
    """Return two makers, wholesalers with a way round, shops and a chain that likes variety, in two towns."""
    brands = [{"name": b, "owner": f"maker {b}", "production_cost": 4.0} for b in "AB"]
    makers = [
        {"name": f"maker {b}", "role": "manufacturer", "count": 1, "owner": f"maker {b}", "brands": [b]}
        for b in "AB"
    ]
    names = [m["name"] for m in makers]
    store = {"role": "retailer", "pricing": {"rule": "fixed", "opening": 10.0}, "opening_service": 0.5}
    return Scenario(
        scenario_format=1,
        name="two towns",
        weeks=1,
        power={
            "measured": True,
            "switching_cost": 2.0,
            "outside_options": [{"name": "elsewhere", "group": "shops", "kind": "rival_supplier"}],
        },
        demand={"system": "logit", "service_spillover": 0.3},
        territories=[
            {"name": "north", "buyers": 100.0, "zones": 5},
            {"name": "south", "buyers": 60.0, "zones": 2},
        ],
        segments=[
            {"name": "one", "share": 0.4, "price_sensitivity": 0.3, "equity": 3.0, "variety_weight": 0.4},
            {"name": "two", "share": 0.6, "price_sensitivity": 0.2, "equity": {"A": 2.0, "B": 1.0}},
        ],
        brands=brands,
        members=[
            *makers,
            {"name": "wholesale", "role": "distributor", "per_territory": 2, "suppliers": names},
            store
            | {
                "name": "shops",
                "per_territory": 4,
                "suppliers": ["wholesale"],
                "alternates": 1,
                "loyalty": {"distribution": "normal", "deviation": 0.3},
            },
            store | {"name": "chain", "per_territory": 2, "owner": "chain", "suppliers": names},
        ],
        contracts=[
            *({"supplier": m, "buyer": "wholesale", "wholesale_price": 5.0} for m in names),
            *({"supplier": m, "buyer": "chain", "wholesale_price": 6.0} for m in names),
            {"supplier": "wholesale", "buyer": "shops", "wholesale_price": 7.0},
        ],
    ).replace(**changes)


@pytest.mark.parametrize("alternates", [0, 1])
def test_sums_that_relationships_share_are_those_shelf_by_shelf(alternates):
    """Where a capacity is bounded, demand is written shelf by shelf: an ample one must change nothing."""
    scenario = two_towns(**{"members.shops.alternates": alternates})
    shared = simulate(scenario, None, 1, workers=1, progress=False).relationships
    ample = scenario.replace(**{"members.maker A.capacity": 1e6})
    by_shelf = simulate(ample, None, 1, workers=1, progress=False).relationships
    assert (shared["recaptured_of_supplier"] > 0.0).sum() > 4
    for name, values in shared.data_vars.items():
        scale = float(abs(values).max())
        np.testing.assert_allclose(values, by_shelf[name], rtol=1e-9, atol=1e-12 * scale, err_msg=name)
