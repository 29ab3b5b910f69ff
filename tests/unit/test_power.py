"""Tables of power: means over reviews and replications, differences, concentration; P, X and Y."""

import numpy as np
import pytest
import xarray as xr

from channelsim import Result, Scenario, simulate
from channelsim.analysis.estimators import mean
from channelsim.analysis.power import (
    degree,
    partner_concentration,
    power_difference,
    power_table,
    recorded_reviews,
)
from channelsim.metrics import ResultError

REVIEWS, PAIRS = (0, 13, 26), (("P", "X"), ("P", "Y"))


def made(rows="firms", warm_up=10, policies=("base", "new"), **values) -> Result:
    """Return a result that holds reviews alone; values are (policies, replications, reviews, pairs)."""
    dimensions = ("policy", "replication", "review_week", "relationship")
    of_supplier = np.asarray(values.pop("of_supplier"), dtype=float)
    of_buyer = np.asarray(values.pop("of_buyer"), dtype=float)
    found = {
        "dependence_of_supplier": of_supplier,
        "dependence_of_buyer": of_buyer,
        "asymmetry": of_buyer - of_supplier,
        "total_interdependence": of_buyer + of_supplier,
        "gain_of_supplier": of_supplier * 100,
        "gain_of_buyer": of_buyer * 100,
    } | values
    variables = {k: (dimensions, v, {"unit": "–", "long_name": k}) for k, v in found.items()}
    labels = {
        "policy": np.array(policies), "replication": np.arange(of_supplier.shape[1]),
        "review_week": np.array(REVIEWS), "relationship": np.array([f"{s} → {b}" for s, b in PAIRS]),
        "supplier": ("relationship", np.array([s for s, _ in PAIRS])),
        "buyer": ("relationship", np.array([b for _, b in PAIRS])),
    }  # fmt: skip
    data = xr.Dataset(variables, labels, {"rows": rows})
    provenance = {"scenario": {"name": "made", "focal": "P", "warm_up_weeks": warm_up}, "seed": 1}
    return Result({"relationships": data}, policies, of_supplier.shape[1], 20, provenance)


@pytest.fixture
def random_result():
    random = np.random.default_rng(3)
    shape = (2, 5, 3, 2)
    return made(of_supplier=random.uniform(0, 1, shape), of_buyer=random.uniform(0, 1, shape))


@pytest.fixture(scope="module")
def pxy():
    return simulate("pxy", replications=1, metrics=["profit"], progress=False)


def row(table, supplier, buyer):
    return table[(table["supplier"] == supplier) & (table["buyer"] == buyer)].iloc[0]


def test_means_are_over_recorded_reviews_then_replications(random_result):
    table = power_table(random_result)
    assert list(zip(table["policy"], table["supplier"], table["buyer"])) == [
        (policy, *pair) for policy in ("base", "new") for pair in PAIRS
    ]
    values = random_result.relationships["dependence_of_buyer"].values[1, :, 1:, 0].mean(axis=1)
    by_hand = mean(values)
    assert table["dependence_of_buyer"][2] == pytest.approx(by_hand.value, rel=1e-14)
    assert table["dependence_of_buyer_low"][2] == pytest.approx(by_hand.low, rel=1e-14)
    assert table["dependence_of_buyer_high"][2] == pytest.approx(by_hand.high, rel=1e-14)
    assert np.allclose(table["asymmetry"], table["dependence_of_buyer"] - table["dependence_of_supplier"])
    assert table.attrs["review_weeks"] == [13, 26]
    assert table.attrs["units"]["dependence_of_buyer"] == "–"
    assert set(table["replications"]) == {5}


def test_without_a_recorded_review_the_last_counts(random_result):
    late = made(
        warm_up=99,
        of_supplier=random_result.relationships["dependence_of_supplier"].values,
        of_buyer=random_result.relationships["dependence_of_buyer"].values,
    )
    assert recorded_reviews(late)[1] == (26,)
    expected = late.relationships["dependence_of_supplier"].values[0, :, 2, 1].mean()
    assert power_table(late)["dependence_of_supplier"][1] == pytest.approx(expected)


def test_reviews_without_the_relationship_are_left_out():
    of_supplier = np.full((1, 2, 3, 2), 0.4)
    of_supplier[0, 0, 1, 0] = np.nan  # one of two recorded reviews
    of_supplier[0, 1, 1:, 0] = np.nan  # a whole replication
    of_supplier[0, 0, 2, 0] = 0.6
    table = power_table(made(policies=("base",), of_supplier=of_supplier, of_buyer=of_supplier))
    assert table["dependence_of_supplier"].tolist() == [0.6, 0.4]
    assert table["replications"].tolist() == [1, 2]
    never = np.full((1, 2, 3, 2), np.nan)
    unused = power_table(made(policies=("base",), of_supplier=never, of_buyer=never))
    assert unused["dependence_of_buyer"].isna().all()
    assert set(unused["replications"]) == {0}


def test_differences_are_paired(random_result):
    table = power_difference(random_result, "base")
    values = random_result.relationships["dependence_of_supplier"].values[:, :, 1:, 1].mean(axis=2)
    found = table[(table["variable"] == "dependence_of_supplier") & (table["buyer"] == "Y")].iloc[0]
    by_hand = mean(values[1] - values[0])
    assert found["difference"] == pytest.approx(by_hand.value)
    assert (found["low"], found["high"]) == pytest.approx((by_hand.low, by_hand.high))
    assert found["base_mean"] == pytest.approx(values[0].mean())
    assert set(table["policy"]) == {"new"}
    assert len(power_difference(random_result, variables="asymmetry")) == 2
    with pytest.raises(ResultError, match="variable of the relationships 'power' is unknown"):
        power_difference(random_result, variables=["power"])
    with pytest.raises(ResultError, match="policy 'old' is unknown"):
        power_difference(random_result, "old")


def test_concentration_is_the_index_of_herfindahl():
    shares = np.zeros((1, 1, 3, 2))
    shares[..., :] = (0.25, 0.75)
    zero = np.zeros((1, 1, 3, 2))
    given = {"of_supplier": zero, "of_buyer": zero, "sales_share_of_supplier": shares}
    table = partner_concentration(made(policies=("base",), sales_share_of_buyer=np.ones_like(zero), **given))
    p = table[table["firm"] == "P"].iloc[0]
    assert (p["side"], p["partners"], p["largest_share"], p["herfindahl"]) == ("selling", 2.0, 0.75, 0.625)
    buying = table[table["side"] == "buying"]
    assert (buying["firm"].tolist(), buying["herfindahl"].tolist()) == (["X", "Y"], [1.0, 1.0])
    pooled = made(rows="groups", policies=("base",), sales_share_of_buyer=zero, **given)
    with pytest.raises(ResultError, match="pairs of member groups"):
        partner_concentration(pooled)


@pytest.mark.parametrize("table", [power_table, power_difference, partner_concentration, Result.power])
def test_power_must_have_been_measured(table):
    result = simulate("bilateral", replications=1, progress=False)
    with pytest.raises(ResultError, match=r"power\.measured = true") as error:
        table(result)
    assert "\n" not in str(error.value)


def test_a_saved_result_has_the_same_power(pxy, tmp_path):
    pxy.save(tmp_path / "result.nc")
    loaded = Result.load(tmp_path / "result.nc")
    assert loaded == pxy
    assert loaded.power().equals(pxy.power())


@pytest.mark.parametrize(
    ("value", "word"), [(0.0, "hardly"), (0.1, "moderately"), (0.5, "strongly"), (1.0, "strongly")]
)
def test_degrees_in_words(value, word):
    assert degree(value) == word


# --- the case of P, X and Y (T4) ------------------------------------------------------------------------


def test_the_answer_of_the_classroom(pxy):
    table = pxy.power()
    x, y = row(table, "P", "X"), row(table, "P", "Y")
    assert degree(x["dependence_of_buyer"]) == "moderately"
    assert degree(x["dependence_of_supplier"]) == "hardly"
    assert degree(y["dependence_of_supplier"]) == "strongly"
    assert degree(y["dependence_of_buyer"]) == "hardly"
    assert x["asymmetry"] > 0 > y["asymmetry"]
    # P sells to these two alone
    assert x["utility_of_supplier"] + y["utility_of_supplier"] == pytest.approx(1.0)


def test_the_fixed_cost_alone_makes_x_and_y_depend_on_p(pxy):
    table, cost = pxy.power(), 5000.0 / 52.0
    for buyer in ("X", "Y"):
        found = row(table, "P", buyer)
        assert found["gain_of_buyer"] == pytest.approx(cost)  # all that either would lose
        assert found["dependence_of_buyer"] == pytest.approx(cost / found["value_of_buyer"])
    scenario = Scenario.from_library("pxy")
    options = [o.model_dump(exclude_none=True) for o in scenario.power.outside_options]
    free = {"power.outside_options": [o | {"fixed_cost": 0.0} for o in options]}
    without = simulate(scenario.replace(**free), replications=1, progress=False).power()
    share = {"power.outside_options": [o | {"fixed_cost": 0.0, "acceptance": 0.8} for o in options]}
    shared = simulate(scenario.replace(**share), replications=1, progress=False).power()
    for buyer in ("X", "Y"):
        assert row(without, "P", buyer)["dependence_of_buyer"] == pytest.approx(0.0, abs=1e-12)
        # a loss in proportion to what is sold makes large and small depend alike
        assert row(shared, "P", buyer)["dependence_of_buyer"] == pytest.approx(0.2)


def test_options_and_distributors_are_alike_but_for_size():
    options = Scenario.from_library("pxy").power.outside_options
    assert [o.group for o in options] == ["X"] * 3 + ["Y"] * 3
    terms = {(o.kind, o.partner, o.acceptance, o.unit_cost, o.price, o.fixed_cost) for o in options}
    assert terms == {("rival_supplier", "P", 1.0, 75.0, None, 5000.0)}
