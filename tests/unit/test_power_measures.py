"""Measures of power (T9, T10): signs that theory implies, and how a rival's acceptance is computed."""

import pytest

from channelsim import Scenario, ScenarioError
from channelsim.analysis.power_measures import MeasuresOfPower, measures_of_power, turned, with_acceptance
from channelsim.analysis.power_measures_plot import measures_plot

ONE = {"measures_format": 1, "measures": [{"name": "dearer", "taken_by": "P", "changes": {}}]}


@pytest.fixture(scope="module")
def table():
    return measures_of_power("pxy")


@pytest.fixture(scope="module")
def change(table):
    """Return change[measure, who, on whom]."""
    found = {}
    for r in table.to_dict("records"):
        found[r["measure"], r["buyer"], r["supplier"]] = r["dependence_of_buyer_change"]
        found[r["measure"], r["supplier"], r["buyer"]] = r["dependence_of_supplier_change"]
    return found


def test_every_measure_has_a_row_for_each_relationship_of_those_who_take_them(table):
    listed = MeasuresOfPower.load("pxy")
    assert list(dict.fromkeys(table["measure"])) == [m.name for m in listed.measures]
    assert set(zip(table["supplier"], table["buyer"])) == {("P", "X"), ("P", "Y")}
    assert {m.concept for m in listed.measures} == {"T9", "T10"}
    before = table.groupby("buyer")["dependence_of_buyer_before"].nunique()
    assert set(before) == {1}  # one starting point for all
    assert [name for name, _, _ in table.attrs["not_yet"]] == [n.name for n in listed.not_yet]


@pytest.mark.parametrize("buyer", ["X", "Y"])
@pytest.mark.parametrize(
    "measure",
    [
        "stronger brand",  # buyers take a rival's product less readily
        "loyal buyers",  # some do not take it at all
        "lower price, more margin for X and Y",  # the rivals pay less
        "rebate",  # nor do they give one
        "longer payment term",  # the rivals give none
        "training",  # lost with P
        "strict contracts",  # leaving costs more
        "exclusivity",  # there is nobody to turn to
    ],
)
def test_what_makes_p_hard_to_replace_makes_both_depend_more(change, measure, buyer):
    assert change[measure, buyer, "P"] > 0.01


def test_returns_save_stock_alone_and_move_no_dependence(change):
    """What a unit is expected to earn decides dependence; that the model has no more of it is said."""
    for pair in (("X", "P"), ("P", "X"), ("Y", "P"), ("P", "Y")):
        assert change["returns", *pair] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("measure", "buyers"),
    [
        ("stronger brand", "XY"),  # P's buyers seek it elsewhere
        ("one more distributor", "XY"),  # a smaller share, and another who recaptures
        ("a distributor who could serve Y’s stores", "Y"),
        ("forward integration", "XY"),
        ("could open shops of its own", "XY"),
    ],
)
def test_other_ways_to_the_consumer_make_p_depend_less(change, measure, buyers):
    for buyer in buyers:
        assert change[measure, "P", buyer] < -0.005


def test_terms_between_p_and_its_buyers_leave_what_p_could_do_without_alone(change):
    for measure in ("strict contracts", "exclusivity"):
        for buyer in "XY":
            assert change[measure, "P", buyer] == pytest.approx(0.0, abs=1e-9)


def test_leaving_that_costs_twice_doubles_the_dependence(table):
    rows = table[table["measure"] == "strict contracts"]
    assert rows["dependence_of_buyer_after"].tolist() == pytest.approx(
        (2 * rows["dependence_of_buyer_before"]).tolist()
    )
    rows = table[(table["measure"] == "second source") & (table["buyer"] == "X")]
    assert rows["dependence_of_buyer_after"].item() == pytest.approx(
        rows["dependence_of_buyer_before"].item() / 5
    )
    assert set(table[table["measure"] == "exclusivity"]["dependence_of_buyer_after"]) == {1.0}


@pytest.mark.parametrize("measure", ["customer loyalty", "scale"])
def test_a_retailer_that_sells_more_is_needed_more_and_needs_less(change, measure):
    assert change[measure, "P", "X"] > 0.01  # a greater share of P's earnings
    assert change[measure, "X", "P"] < -0.01  # the fixed cost weighs less


@pytest.mark.parametrize("measure", ["second source", "private label"])
def test_another_product_makes_x_need_p_less_and_p_need_x_as_before(change, measure):
    assert change[measure, "X", "P"] < -0.01
    assert change[measure, "P", "X"] == pytest.approx(0.0, abs=1e-9)


def test_a_plant_of_its_own_pays_for_the_large_only(change):
    assert change["backward integration, small", "X", "P"] == pytest.approx(0.0, abs=1e-9)
    assert change["backward integration, large", "Y", "P"] < -0.01


def test_advantage_is_that_of_who_takes_the_measure(table):
    for r in table.to_dict("records"):
        of_supplier, of_buyer = r["dependence_of_supplier_change"], r["dependence_of_buyer_change"]
        if r["taken_by"] == r["supplier"]:
            assert r["advantage"] == pytest.approx(of_buyer - of_supplier)
        elif r["taken_by"] == r["buyer"]:
            assert r["advantage"] == pytest.approx(of_supplier - of_buyer)
        else:
            assert r["advantage"] != r["advantage"]


def test_the_figure_draws_every_change(table):
    figure = measures_plot(table)
    bars = [bar.get_width() for axes in figure.axes for bar in axes.patches]
    assert len(bars) == 2 * len(table)
    changes = table[["dependence_of_supplier_change", "dependence_of_buyer_change"]].to_numpy()
    assert sorted(bars) == pytest.approx(sorted(changes.ravel().tolist()))
    assert {axes.get_title(loc="left") for axes in figure.axes} == {"P and X", "P and Y"}


def test_the_same_product_is_accepted_by_all(table):
    accepted = table.attrs["acceptance"]
    assert len(accepted[""]) == 6
    assert list(accepted[""].values()) == pytest.approx([1.0] * 6)
    assert all(0.3 < a < 0.9 for a in accepted["stronger brand"].values())
    assert accepted["exclusivity"] == {}


def test_who_turned_sells_the_rivals_brand_at_the_rivals_price():
    scenario = Scenario.from_library("pxy")
    turn = MeasuresOfPower.load("pxy").turns[0]
    there = turned(scenario, turn, {"members.stores of X.loyalty": 0.25})
    assert next(g for g in there.members if g.name == "X").suppliers == ["R1"]
    assert next(g for g in there.members if g.name == "stores of X").loyalty == 0.25
    (contract,) = [k for k in there.contracts if k.buyer == "X"]
    assert (contract.supplier, contract.wholesale_price) == ("R1", 75.0)


def test_a_weaker_rival_is_accepted_less():
    weak = {"segments.buyers.equity": {"P": 6.0, "R1": 5.0, "R2": 6.0, "R3": 6.0}}
    scenario = Scenario.from_library("pxy").replace(**weak)
    changed, accepted = with_acceptance(scenario, MeasuresOfPower.load("pxy").turns, {})
    assert accepted["X turns to R1"] < 0.6 < accepted["X turns to R2"] == pytest.approx(1.0)
    options = {o.name: o.acceptance for o in changed.power.outside_options}
    assert options == pytest.approx(accepted)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"measures": ONE["measures"]}, "measures_format"),
        (ONE | {"measures": []}, "measures"),
        (ONE | {"measures": [{"name": "a"}]}, "taken_by"),
        (ONE | {"more": 1}, "more: unknown field"),
    ],
)
def test_a_bad_list_is_refused_in_one_line(data, said):
    with pytest.raises(ScenarioError, match=said) as error:
        MeasuresOfPower(**data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({"name": "a", "taken_by": "Q"}, "taken_by = 'Q' has no relationship; admissible: .*P"),
        (
            {"name": "a", "taken_by": "P", "changes": {"members.Q.loyalty": 1.0}},
            "measure 'a'.*'Q' is not there",
        ),
        ({"name": "a", "taken_by": "P", "changes": {"weeks": -1}}, "measure 'a'.*weeks = -1"),
        ({"name": "a", "taken_by": "P", "added": {"contracts": [{"supplier": "P"}]}}, "measure 'a'.*buyer"),
    ],
)
def test_a_measure_that_does_not_fit_is_refused_in_one_line(measure, said):
    with pytest.raises(ScenarioError, match=said) as error:
        measures_of_power("pxy", MeasuresOfPower(measures_format=1, measures=[measure]))
    assert "\n" not in str(error.value)


def test_a_turn_to_nobody_is_refused():
    turns = [{"option": "X turns to R1", "buyer": "X", "rival": "R9"}]
    with pytest.raises(ScenarioError, match="turns: 'R9' is no member group"):
        measures_of_power("pxy", MeasuresOfPower(**ONE, turns=turns))


def test_an_unknown_list_is_refused():
    with pytest.raises(ScenarioError, match="nothing: no such file; the library has measures for: pxy"):
        MeasuresOfPower.load("nothing")
