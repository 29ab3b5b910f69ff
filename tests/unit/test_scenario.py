"""Scenarios and policies: in and out of TOML, changed, compared, and refused in one line when wrong."""

import tomllib
import warnings

import numpy as np
import pytest

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario, library_names
from channelsim.schema import column
from channelsim.world import build

CITIES = "name,class,population,x_km,y_km,buyers\nNord,metro,2000000,0,0,\nSüd,town,500000,100,50,40\n"


def two_tiers(**changes):
    """Return the plain data of one maker and two groups of stores in two territories."""
    data = {
        "scenario_format": 1,
        "name": "two tiers",
        "territories": [{"name": "north", "territory_class": "metro"}, {"name": "south"}],
        "segments": [{"name": "loyal", "share": 0.4, "equity": {"A": 3.0}}, {"name": "others", "share": 0.6}],
        "brands": [{"name": "A", "production_cost": 4.0}, {"name": "B"}],
        "members": [
            {"name": "maker", "role": "manufacturer", "count": 1},
            {"name": "shops", "role": "retailer", "per_territory": 2, "suppliers": ["maker"]},
            {"name": "chain", "role": "retailer", "per_territory": 1, "suppliers": ["maker"], "owner": "Big"},
        ],
        "contracts": [
            {"supplier": "maker", "buyer": "shops", "wholesale_price": 10.0},
            {"supplier": "maker", "buyer": "chain", "wholesale_price": 9.0, "lead_time": 1},
        ],
    }
    return data | changes


def refusal(call, *arguments, **named):
    """Return the message of the refusal, which has to be one line."""
    with pytest.raises(ScenarioError) as caught:
        call(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.fixture
def with_tables(tmp_path):
    """Return the path of a scenario whose territories and trace lie beside it."""
    folder = tmp_path / "mine"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "cities.csv").write_text(CITIES, encoding="utf-8")
    (folder / "trace.csv").write_text("week,shops\n0,5\n1,7.5\n", encoding="utf-8")
    scenario = Scenario.parse(
        two_tiers(
            territories=[{"name": "cities", "table": "data/cities.csv", "buyers_per_1000": 0.1}],
            demand={"system": "given", "mean": {"chain": 3.0}, "trace_table": "trace.csv"},
        ),
        folder=folder,
    )
    scenario.save(folder / "mine.toml")
    return folder / "mine.toml"


# --- in and out -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library_names())
def test_a_scenario_comes_back_from_its_file_as_it_was(name, tmp_path):
    scenario = Scenario.from_library(name)
    scenario.save(tmp_path / "copy.toml")
    copy = Scenario.load(tmp_path / "copy.toml")
    assert copy == scenario
    assert copy.diff(scenario) == {}
    assert copy.digest() == scenario.digest()
    assert copy.folder == tmp_path


def test_every_field_comes_back_from_toml(tmp_path):
    data = two_tiers(
        credit=True,
        cost_of_capital=0.001,
        demand={"noise": "gamma", "variation": 0.3, "substitution": 0.2},
        events=[{"week": 3, "column": "attractiveness", "operation": "add", "value": -1.0, "brands": ["A"]}],
    )
    data["members"][1] |= {
        "loyalty": {"distribution": "normal", "mean": 1.0, "deviation": 0.5, "low": 0.0},
        "pricing": {"rule": "minimum", "bound": {"A": 12.0, "B": 11.0}},
        "ordering": {"rule": "newsvendor", "salvage": 0.5, "window": 6},
    }
    scenario = Scenario.parse(data)
    scenario.save(tmp_path / "all.toml")
    assert tomllib.loads((tmp_path / "all.toml").read_text(encoding="utf-8"))["credit"] is True
    copy = Scenario.load(tmp_path / "all.toml")
    assert copy == scenario
    assert copy.members[1].pricing.bound == {"A": 12.0, "B": 11.0}
    assert copy != scenario.replace(credit=False)


def test_tables_travel_with_the_scenario(with_tables, tmp_path):
    scenario = Scenario.load(with_tables)
    elsewhere = tmp_path / "elsewhere" / "copy.toml"
    scenario.save(elsewhere)
    copy = Scenario.load(elsewhere)
    assert [path.relative_to(elsewhere.parent).as_posix() for path in copy.tables()] == [
        "data/cities.csv",
        "trace.csv",
    ]
    assert copy.digest() == scenario.digest()
    channel = build(copy)
    assert channel.territories.names == ["Nord", "Süd"]
    np.testing.assert_allclose(channel.territories.values["buyers"], [200.0, 50.0])
    np.testing.assert_array_equal(channel.world.trace[0][:3], [5.0, 7.5, 7.5])


def test_a_table_of_another_scenario_is_not_overwritten(with_tables, tmp_path):
    scenario = Scenario.load(with_tables)
    other = tmp_path / "other"
    (other / "data").mkdir(parents=True)
    (other / "data" / "cities.csv").write_text("name\nX\n", encoding="utf-8")
    assert "already there" in refusal(scenario.save, other / "copy.toml")
    assert (other / "data" / "cities.csv").read_text(encoding="utf-8") == "name\nX\n"


def test_the_digest_follows_fields_and_tables(with_tables):
    scenario = Scenario.load(with_tables)
    before = scenario.digest()
    assert scenario.replace(weeks=50).digest() != before
    (with_tables.parent / "data" / "cities.csv").write_text(CITIES.replace("40", "41"), encoding="utf-8")
    assert Scenario.load(with_tables).digest() != before


def test_a_byte_order_mark_and_empty_lines_are_read_over(with_tables):
    table = with_tables.parent / "data" / "cities.csv"
    table.write_text("\ufeff" + CITIES + "\n,,,,,\n", encoding="utf-8")
    assert build(Scenario.load(with_tables)).territories.names == ["Nord", "Süd"]


# --- change and compare -----------------------------------------------------------------------------


def test_replace_changes_a_copy_by_path():
    scenario = Scenario.parse(two_tiers())
    changed = scenario.replace(
        weeks=np.int64(20),
        members__shops__loyalty=0.5,
        **{"demand.noise": "poisson", "contracts.1.lead_time": 2, "segments.loyal.equity.B": np.float64(1.5)},
    )
    assert scenario.weeks == 104
    assert changed.diff(scenario) == {
        "weeks": (20, 104),
        "members.shops.loyalty": (0.5, 0.0),
        "demand.noise": ("poisson", "none"),
        "segments.loyal.equity.B": (1.5, None),
        "contracts": (changed.model_dump()["contracts"], scenario.model_dump()["contracts"]),
    }
    assert (
        changed.replace(**{path: old for path, (_, old) in changed.diff(scenario).items() if old}) != scenario
    )
    assert scenario.replace() == scenario


def test_replace_fills_in_what_was_left_at_its_default():
    scenario = Scenario.from_library("bilateral")
    assert scenario.replace(**{"segments.all.price_sensitivity": 0.5}).segments[0].price_sensitivity == 0.5
    assert scenario.replace(**{"members.store.pricing.opening": {"A": 70.0}}).members[1].pricing.opening == {
        "A": 70.0
    }
    given = scenario.replace(**{"members.store.per_territory": {"market": 2}})
    assert given.replace(**{"members.store.per_territory.market": 3.0}).members[1].per_territory == {
        "market": 3.0
    }


def test_a_name_may_hold_double_underscores():
    data = two_tiers()
    data["segments"] = [{"name": "a__b"}]
    changed = Scenario.parse(data).replace(**{"segments.a__b.travel_cost": 0.25})
    assert changed.segments[0].travel_cost == 0.25


@pytest.mark.parametrize(
    ("path", "fragments"),
    [
        ("wekks", ["no field 'wekks'", "weeks"]),
        ("demand.noize", ["no field 'noize'", "noise"]),
        ("members.shop.loyalty", ["'shop' is not there", "maker, shops, chain"]),
        ("contracts.7.lead_time", ["'7' is not there", "positions 0 to 1"]),
        ("weeks.more", ["weeks is a value"]),
        ("events.0.week", ["'0' is not there", "the list is empty"]),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(path, fragments):
    message = refusal(Scenario.parse(two_tiers()).replace, **{path: 1})
    assert all(fragment in message for fragment in fragments), message


# --- what is refused --------------------------------------------------------------------------------

WRONG = [
    ({"colour": "red"}, ["colour: unknown field"]),
    ({"demand.noize": "none"}, ["demand.noize: unknown field", "noise"]),
    ({"weeks": 0}, ["weeks = 0", "greater than or equal to 1"]),
    ({"weeks": "104"}, ["weeks = '104'", "integer"]),
    ({"weeks": 10.5}, ["weeks = 10.5", "integer"]),
    ({"credit": 1}, ["credit = 1", "boolean"]),
    ({"warm_up_weeks": 104}, ["warm_up_weeks = 104", "below weeks = 104"]),
    ({"cost_of_capital": 0.2}, ["cost_of_capital = 0.2", "less than or equal to 0.1"]),
    ({"cost_of_capital": float("nan")}, ["cost_of_capital = nan", "finite"]),
    ({"price_review_weeks": 0}, ["price_review_weeks = 0", "greater than or equal to 1"]),
    ({"name": "two\nlines"}, ["name = 'two\\nlines'", "pattern"]),
    ({"focal": "nobody"}, ["focal = 'nobody'", "admissible: A, B, maker"]),
    ({"brands": []}, ["brands = []", "at least 1"]),
    ({"brands.1.name": "A"}, ["brands", "'A' occurs twice"]),
    ({"demand.noise": "normalish"}, ["demand.noise = 'normalish'", "'none', 'poisson', 'normal' or 'gamma'"]),
    ({"demand.noise": "gamma"}, ["demand.variation", "above 0"]),
    ({"demand.noise": "normal"}, ["demand.variation", "above 0"]),
    ({"demand.substitution": 1.5}, ["demand.substitution = 1.5", "less than or equal to 1"]),
    ({"demand": {"unmet": "backlogged", "substitution": 0.1}}, ["demand.substitution", "set it to 0"]),
    ({"demand.trace": [1.0]}, ["demand.trace", "demand.system = 'given'"]),
    (
        {"demand": {"system": "given", "trace": [1.0, -2.0]}},
        ["demand.trace[1] = -2.0", "greater than or equal to 0"],
    ),
    ({"demand": {"system": "given", "mean": {"shop": 1.0}}}, ["demand.mean = 'shop'", "shops, chain"]),
    ({"demand": {"system": "given", "deviation": 1.0}}, ["demand.deviation", "noise = 'normal'"]),
    ({"demand": {"system": "linear", "intercept": {"A": 9.0}}}, ["demand.intercept", "no value for 'B'"]),
    ({"segments.0.equity": {"C": 1.0}}, ["segments.loyal.equity = 'C'", "admissible: A, B"]),
    (
        {"segments.0.price_sensitivity": 0.0},
        ["segments.loyal.price_sensitivity = 0.0", "equal to 0.000000001"],
    ),
    ({"segments.0.share": -0.1}, ["segments.loyal.share = -0.1", "greater than or equal to 0"]),
    ({"members.1.role": "shop"}, ["members.shops.role = 'shop'", "'retailer'"]),
    ({"members.1.per_territory": -1}, ["members.shops.per_territory = -1", "greater than or equal to 0"]),
    ({"members.1.count": 3}, ["members.shops", "exactly one of count, per_territory, buyers_per_member"]),
    (
        {"members.1": {"name": "shops", "role": "retailer", "count": 2}},
        ["members.shops.count", "per_territory"],
    ),
    ({"members.1.suppliers": ["makr"]}, ["members.shops.suppliers = 'makr'", "maker, shops, chain"]),
    ({"members.1.suppliers": ["chain"]}, ["members.shops.suppliers = 'chain'", "sells to consumers only"]),
    ({"members.1.suppliers": []}, ["members.shops.suppliers", "at least one supplying group"]),
    ({"members.0.suppliers": ["maker"]}, ["members.maker.suppliers", "supply itself"]),
    ({"members.1.brands": ["C"]}, ["members.shops.brands = 'C'", "admissible: A, B"]),
    ({"members.1.loyalty": 99.0}, ["members.shops.loyalty = 99", "between -50 and 50"]),
    ({"members.1.loyalty": "high"}, ["members.shops.loyalty = 'high'", "number"]),
    ({"members.1.loyalty": True}, ["members.shops.loyalty = True", "number"]),
    (
        {"members.1.loyalty": {"distribution": "uniform", "spread": 1.0}},
        ["members.shops.loyalty.spread: unknown field", "deviation, distribution, high, low, mean"],
    ),
    (
        {"members.1.loyalty": {"distribution": "normal", "low": 2.0, "high": 1.0}},
        ["members.shops.loyalty", "low = 2 is above high = 1"],
    ),
    (
        {"members.1.capital": {"distribution": "lognormal", "mean": 0.0}},
        ["members.shops.capital", "lognormal", "above 0"],
    ),
    ({"members.1.pricing": {"rule": "leader"}}, ["members.shops.pricing.rule = 'leader'", "best_response"]),
    (
        {"members.0.pricing": {"rule": "best_response"}},
        ["members.maker.pricing.rule = 'best_response'", "posted"],
    ),
    ({"members.1.pricing": {"rule": "suggested"}}, ["members.shops.pricing.bound", "'suggested' needs"]),
    (
        {"members.1.pricing": {"rule": "maximum", "bound": {"A": 9.0}}},
        ["members.shops.pricing.bound", "no value for 'B'"],
    ),
    (
        {"members.1.pricing": {"rule": "margin", "margin": {"A": 9.0}}},
        ["members.shops.pricing.margin", "no value for 'B'"],
    ),
    (
        {"members.1.pricing": {"rule": "margin", "margin": -1.0}},
        ["members.shops.pricing.margin", "-1.0", "greater than or equal to 0"],
    ),
    (
        {"members.1.pricing": {"rule": "margin", "margin": {"A": 9.0, "B": 1.0, "C": 2.0}}},
        ["members.shops.pricing.margin = 'C'", "admissible: A, B"],
    ),
    (
        {"members.1.pricing": {"rule": "markup", "margin": 3.0}},
        ["members.shops.pricing.margin", "'markup' keeps no margin", "use 'margin'"],
    ),
    ({"members.0.pricing": {"rule": "margin"}}, ["members.maker.pricing.rule = 'margin'", "posted"]),
    (
        {"members.1.ordering": {"forecast": "shared"}},
        ["members.shops.ordering.forecast = 'shared'", "sells to consumers"],
    ),
    (
        {"members.1.ordering": {"forecast": "share"}},
        ["members.shops.ordering.forecast = 'share'", "shared"],
    ),
    ({"contracts.0.order_delay": -1}, ["contracts[0].order_delay = -1", "greater than or equal to 0"]),
    ({"contracts.0.order_delay": 1.5}, ["contracts[0].order_delay = 1.5", "integer"]),
    ({"contracts.0.order_delay": 53}, ["contracts[0].order_delay = 53", "less than or equal to 52"]),
    ({"members.1.capacity": 5.0}, ["members.shops.capacity", "without suppliers"]),
    ({"members.1.pays_from_cash": True}, ["members.shops.pays_from_cash", "credit = true"]),
    (
        {"members.1.ordering": {"window": 60}},
        ["members.shops.ordering.window = 60", "less than or equal to 52"],
    ),
    ({"contracts": [{"buyer": "shops"}]}, ["contracts[0].supplier: missing"]),
    ({"contracts.0.buyer": "maker"}, ["contracts[0]", "'maker' is not among the suppliers of 'maker'"]),
    ({"contracts.0.brand": "C"}, ["contracts[0].brand = 'C'", "admissible: A, B"]),
    ({"contracts.0.wholesale_price": None}, ["contracts[0].wholesale_price: missing", "posts its prices"]),
    (
        {"contracts.0.wholesale_price": -1.0},
        ["contracts[0].wholesale_price = -1.0", "greater than or equal to 0"],
    ),
    ({"contracts.1.buyer": "shops"}, ["contracts[1]", "a second contract of 'maker' with 'shops'"]),
    ({"contracts": [two_tiers()["contracts"][0]]}, ["'chain' buys from 'maker' without a contract"]),
    (
        {"events": [{"week": 0, "column": "stock", "value": 0.0}]},
        ["events[0].column = 'stock'", "market_index"],
    ),
    (
        {"events": [{"week": 200, "column": "market_index", "value": 1.0}]},
        ["events[0].week = 200", "0 to 103"],
    ),
    (
        {"events": [{"week": 1, "column": "market_index", "operation": "set", "value": 200.0}]},
        ["events[0].value = 200", "between 0 and 100"],
    ),
    (
        {"events": [{"week": 1, "column": "market_index", "value": -1.0}]},
        ["events[0].value = -1", "negative"],
    ),
    (
        {"events": [{"week": 1, "column": "market_index", "value": 1.0, "brands": ["A"]}]},
        ["events[0]", "leave groups and brands out"],
    ),
    ({"territories.0.buyers_per_1000": 1.0}, ["territories.north.buyers_per_1000", "table"]),
    ({"territories.0.area": 0.0}, ["territories.north.area = 0.0", "equal to 0.000001"]),
]


def changed(data, changes):
    """Set values in plain data; a list item is addressed by its position."""
    for path, value in changes.items():
        *way, last = path.split(".")
        place = data
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[int(last) if isinstance(place, list) else last] = value
    return data


@pytest.mark.parametrize(
    ("changes", "fragments"), WRONG, ids=lambda value: next(iter(value)) if value else ""
)
def test_a_wrong_scenario_is_refused_in_one_line(changes, fragments):
    Scenario.parse(two_tiers())
    message = refusal(Scenario.parse, changed(two_tiers(), changes), where="mine.toml")
    assert message.startswith("mine.toml: ")
    assert all(fragment in message for fragment in fragments), message


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"segments.0.share": 0.5}, ["segments", "sum to 1.1 in north"]),
        ({"segments.0.share": {"metro": 0.4}}, ["segments.loyal.share", "no share for territory class ''"]),
        ({"segments.0.share": {"metro": 0.4, "sooth": 0.4}}, ["segments.loyal.share", "'sooth'", "south"]),
        ({"members.1.per_territory": {"city": 2.0}}, ["members.shops.per_territory", "'city'", "metro"]),
        ({"members.1.per_territory": 0, "members.2.per_territory": 0}, ["no store in any territory"]),
        ({"members.1.territories": ["west"]}, ["members.shops.territories", "'west'", "north, south"]),
        (
            {"members.0.brands": ["A"], "members.1.brands": ["B"]},
            ["members.shops.brands", "no supplier", "'B'"],
        ),
        ({"members.0.count": 0}, ["members.shops", "no member in reach of 'shops north 1' supplies 'A'"]),
        ({"territories.1.name": "north"}, ["'north' occurs twice"]),
        (
            {"events": [{"week": 1, "column": "market_index", "value": 2.0, "territories": ["est"]}]},
            ["'est'"],
        ),
        (
            {"events": [{"week": 1, "column": "capacity", "value": 0.0, "groups": ["shops"]}]},
            ["events[0]: capacity of nothing"],
        ),
        (
            {"demand": {"system": "linear", "cross_store_slope": 0.9}},
            ["demand in north", "own_slope must outweigh"],
        ),
    ],
)
def test_what_only_shows_when_built_is_refused_in_one_line(changes, fragments):
    def apply(data):
        return build(Scenario.parse(data)).apply()

    apply(two_tiers())
    message = refusal(apply, changed(two_tiers(), changes))
    assert all(fragment in message for fragment in fragments), message


@pytest.mark.parametrize(
    ("table", "fragments"),
    [
        ("name,population,area_km2\nNord,1,big\n", ["cities.csv row 2", "area = 'big'"]),
        ("name,population,growth\nNord,1000,-2\n", ["cities.csv row 2", "growth = -2", "between -0.9 and 5"]),
        ("name,population\nNord,\n", ["cities.csv row 2", "population = ''"]),
        ("city\nNord\n", ["cities.csv", "needs a column 'name'"]),
        ("name\n", ["cities.csv", "at least one row"]),
        ("name,name\nNord,Nord\n", ["cities.csv", "'name' occurs twice"]),
        ("name,population\nNord,1,2\n", ["cities.csv row 2", "3 cells for 2 columns"]),
        ("name,population\nNord,1000\nNord,1000\n", ["'Nord' occurs twice"]),
        ("name,population\n,1000\n", ["cities.csv row 2", "no name"]),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(with_tables, table, fragments):
    (with_tables.parent / "data" / "cities.csv").write_text(table, encoding="utf-8")
    message = refusal(build, Scenario.load(with_tables))
    assert all(fragment in message for fragment in fragments), message


@pytest.mark.parametrize(
    ("table", "fragments"),
    [
        ("week,shop\n0,1\n", ["trace.csv", "'shop' is not a group of stores: shops, chain"]),
        ("week,shops\n0,some\n", ["trace.csv", "not a number"]),
        ("week,shops\n0,-1\n", ["trace.csv", "not negative"]),
        ("week,shops\n0,nan\n", ["trace.csv", "finite"]),
        ("week\n0\n", ["trace.csv", "a column for each group"]),
    ],
)
def test_a_wrong_trace_is_refused_in_one_line(with_tables, table, fragments):
    (with_tables.parent / "trace.csv").write_text(table, encoding="utf-8")
    message = refusal(build, Scenario.load(with_tables))
    assert all(fragment in message for fragment in fragments), message


# --- no path leads outside --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../secret.csv", "data/../../secret.csv", "{absolute}", "link.csv", "dir/secret.csv"]
)
def test_no_table_lies_outside_the_folder(with_tables, name):
    folder = with_tables.parent
    secret = folder.parent / "secret.csv"
    secret.write_text(CITIES, encoding="utf-8")
    (folder / "link.csv").symlink_to(secret)
    (folder / "dir").symlink_to(folder.parent, target_is_directory=True)
    scenario = Scenario.load(with_tables).replace(
        **{"territories.cities.table": name.format(absolute=secret)}
    )
    for use in (
        scenario.tables,
        scenario.digest,
        lambda: scenario.save(folder / "x.toml"),
        lambda: build(scenario),
    ):
        assert "leads outside the scenario's folder" in refusal(use)


def test_a_link_inside_the_folder_is_followed(with_tables):
    (with_tables.parent / "link.csv").symlink_to(with_tables.parent / "data" / "cities.csv")
    scenario = Scenario.load(with_tables).replace(**{"territories.cities.table": "link.csv"})
    assert build(scenario).territories.names == ["Nord", "Süd"]


@pytest.mark.parametrize("name", ["missing.csv", "data", "a\0b"])
def test_a_table_that_is_no_file_is_refused(with_tables, name):
    scenario = Scenario.load(with_tables).replace(**{"territories.cities.table": name})
    assert "folder" in refusal(scenario.tables)


# --- formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "fragment"),
    [(None, "missing: write scenario_format = 1"), (2, "newer than"), (0, "not known"), ("1", "not known")],
)
def test_the_format_is_stated_and_known(version, fragment):
    data = two_tiers(scenario_format=version)
    if version is None:
        del data["scenario_format"]
    assert fragment in refusal(Scenario.parse, data)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "broken.toml").write_text("weeks = = 3", encoding="utf-8")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "not a TOML file" in refusal(Scenario.load, tmp_path / "broken.toml")
    assert "not a TOML file" in refusal(Scenario.load, tmp_path / "binary.toml")
    assert "no such file" in refusal(Scenario.load, tmp_path / "none.toml")
    assert "cannot be read" in refusal(Scenario.load, tmp_path)
    assert "bilateral" in refusal(Scenario.from_library, "trilateral")
    assert "expected a table" in refusal(Scenario.parse, ["no table"])


# --- schema -----------------------------------------------------------------------------------------


def test_the_json_schema_carries_unit_bounds_and_source_of_the_columns():
    parts = Scenario.model_json_schema()["$defs"]
    found = {
        ("TerritoryGroup", "area"): "area",
        ("Segment", "price_sensitivity"): "price_sensitivity",
        ("Ordering", "smoothing"): "smoothing",
        ("Ordering", "window"): "forecast_window",
        ("Demand", "substitution"): "substitution",
        ("MemberGroup", "loyalty"): "loyalty",
        ("MemberGroup", "lot_size"): "lot_size",
    }
    for (part, name), declared in found.items():
        field, c = parts[part]["properties"][name], column(declared)
        assert (field["minimum"], field["maximum"]) == (c.low, c.high)
        assert (field["unit"], field["source"], field["default"]) == (c.unit, c.source, c.default)
        assert field["description"] == c.meaning
    assert "maximum" not in parts["TerritoryGroup"]["properties"]["buyers"]  # no upper bound


def test_every_field_is_described():
    parts = Scenario.model_json_schema()
    for part in (parts, *parts["$defs"].values()):
        for name, field in part["properties"].items():
            plain = name in (
                "name",
                "role",
                "supplier",
                "buyer",
                "week",
                "value",
                "operation",
                "distribution",
            )
            assert plain or "description" in field or "$ref" in str(field), (part["title"], name)


def test_whole_numbers_stay_whole():
    scenario = Scenario.parse(two_tiers())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = scenario.model_dump(mode="json")
    whole = [plain["price_review_weeks"], plain["review_weeks"], plain["season_weeks"]]
    whole += [plain["contracts"][0]["lead_time"], plain["members"][0]["ordering"]["window"]]
    assert all(type(value) is int for value in whole)


# --- policies ---------------------------------------------------------------------------------------


def test_a_policy_comes_back_from_its_file(tmp_path):
    policy = Policy(
        name="dense",
        density={"shops": {"per_territory": {"metro": 3.0}}},
        terms=[{"buyer": "shops", "brand": "A", "wholesale_price": 11.0}, {"case_size": 12.0}],
    )
    policy.save(tmp_path / "dense.toml")
    assert Policy.load(tmp_path / "dense.toml") == policy
    (tmp_path / "unnamed.toml").write_text("[density.shops]\nscale = 1.5\n", encoding="utf-8")
    assert Policy.load(tmp_path / "unnamed.toml").name == "unnamed"


@pytest.mark.parametrize(
    ("data", "fragments"),
    [
        ({"densty": {}}, ["densty: unknown field", "density"]),
        ({"density": {"shops": {}}}, ["density.shops", "exactly one of scale, count"]),
        ({"density": {"shops": {"scale": 1.0, "count": 2}}}, ["density.shops", "exactly one of"]),
        (
            {"density": {"shops": {"scale": -1.0}}},
            ["density.shops.scale = -1.0", "greater than or equal to 0"],
        ),
        (
            {"density": {"shops": {"per_territory": {"north": -1.0}}}},
            ["density.shops.per_territory.north = -1.0"],
        ),
        (
            {"density": {"shops": {"buyers_per_member": 0.0}}},
            ["density.shops.buyers_per_member = 0.0", "greater"],
        ),
        ({"terms": [{"brand": "A"}]}, ["terms[0]", "changes nothing"]),
        ({"terms": [{"wholesale_price": "10"}]}, ["terms[0].wholesale_price = '10'", "number"]),
        ({"terms": {"wholesale_price": 10.0}}, ["terms = {'wholesale_price': 10.0}", "list"]),
        ({"policy_format": 2}, ["policy_format = 2", "1"]),
        ("dense", ["expected a table of fields, got str"]),
    ],
)
def test_a_wrong_policy_is_refused_in_one_line(data, fragments):
    message = refusal(Policy.parse, data, where="policies[0]")
    assert message.startswith("policies[0]: ")
    assert all(fragment in message for fragment in fragments), message


def test_what_is_made_in_python_is_refused_in_one_line_too():
    assert refusal(Policy, density={"shops": {}}).startswith("density.shops")
    assert refusal(Scenario, **two_tiers(weeks=-1)).startswith("weeks = -1")
