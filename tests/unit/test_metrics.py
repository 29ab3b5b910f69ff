"""Metrics: the declarations, the parser, and the ratios formed from sums, against hand-worked channels."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.engines.workspace import Recording
from channelsim.expressions import parse
from channelsim.metrics import (
    GROUPINGS,
    METRICS,
    TABLES,
    Metric,
    ResultError,
    columns_needed,
    metric_table,
    select_metrics,
)
from channelsim.scenario import Scenario
from channelsim.totals import Totals, Trajectory, evaluate
from channelsim.world import build

WEEKS = 4
LABELS = {
    "overall": ("channel",),
    "role": ("manufacturer", "retailer"),
    "tier": ("0", "1"),
    "territory": ("North", "South"),
    "group": ("makers", "chain shops", "corner shops"),
    "chain": ("makers", "Big", "corner shops"),
    "brand": ("A", "B"),
}

# A manufacturer of brands A and B; a chain store in the North with both, a corner shop in the South with A
# (each in stock in 3 of its 4 weeks). Sums over the four recorded weeks.
MEMBER_LABELS = {  # label of each member: manufacturer, Big's store, corner shop
    "overall": (0, 0, 0),
    "role": (0, 1, 1),
    "tier": (0, 1, 1),
    "territory": (None, 0, 1),
    "group": (0, 1, 2),
    "chain": (0, 1, 2),
}
HOLDINGS = {  # rows: manufacturer A, B, Big A, Big B, corner A
    "member": (0, 0, 1, 1, 2),
    "brand": (0, 1, 0, 1, 0),
    "demand": (70, 30, 50, 30, 20),
    "sales": (70, 30, 45, 30, 15),
    "late_sales": (10, 0, 5, 0, 0),
    "owed": (30, 10, 12, 0, 8),
    "revenue": (420, 240, 450, 360, 180),
    "cost_of_goods": (280, 150, 270, 240, 90),
    "stock": (0, 0, 40, 20, 30),
    "stockout": (0, 0, 1, 0, 1),
    "order": (0, 0, 44, 30, 16),
    "listed": (4, 4, 4, 4, 4),
    "order_variance": (0, 0, 8, 6, 4),
    "demand_variance": (0, 0, 4, 3, 2),
    "presence": (4, 4, 3, 4, 3),
    "unsolved": (4, 1, 0, 0, 0),
    "diverted": (8, 4, 0, 0, 0),
    "diverted_in": (0, 0, 5, 4, 3),
    "diversion_fine": (16, 8, 0, 0, 0),
    "lost_to_diversion": (4, 8, 0, 0, 0),
}
STORE_REVENUE = (0, 810, 180)
MEMBERS = {
    "profit": (200, 240, 60),
    "income": (660, 810, 180),
    "operating_cost": (30, 50, 25),
    "finance_cost": (0, 10, 5),
    "active": (4, 4, 4),
    "store_weeks": (0, 4, 4),
    "store_revenue": STORE_REVENUE,
    "store_profit": (0, 240, 60),
    "viable_weeks": (0, 4, 0),  # the corner shop could have more elsewhere
    "support_paid": (28, 0, 0),
    "support_received": (0, 12, 8),
    "franchise_fees_paid": (0, 4, 2),
    "franchise_fees_received": (6, 0, 0),
    "compensation_paid": (10, 0, 0),
    "compensation_received": (0, 10, 0),
}
LINKS = {"member": (1, 1, 2), "brand": (0, 1, 0), "shipped": (48, 30, 16), "invoice": (288, 240, 96)}
INCENTIVES = {
    "brand": (0, 1, 0),
    "discount": (8, 4, 2),
    "rebate": (12, 0, 6),
    "bonus": (4, 4, 0),
    "shared_revenue": (40, 20, 8),
    "refund": (6, 2, 0),
}
# The manufacturer supplies Big at both reviews and the corner shop at the second alone: sums over reviews.
FEELINGS = {
    "reviewed": (2, 1),
    "economic_satisfaction": (1.2, 0.4),
    "social_satisfaction": (1.0, 0.2),
    "trust": (1.4, 0.6),
    "commitment": (1.6, 0.5),
    "conflict": (0.6, 0.9),
    "dependence": (0.4, 0.8),
}


def related(side, member):
    """Return the relationships of a side, which all feel alike."""
    plain = ("reviewed", "conflict")
    return {"member": member} | {n if n in plain else f"{n}_of_{side}": v for n, v in FEELINGS.items()}


OF_BUYERS, OF_SUPPLIERS = related("buyer", (1, 2)), related("supplier", (0, 0))
RECEIVED, PAID = INCENTIVES | {"member": (1, 1, 2)}, INCENTIVES | {"member": (0, 0, 0)}


def summed(rows, where, column_names, grouping):
    """Sum rows by label: shape (1, 1, columns, labels)."""
    out = np.zeros((1, 1, len(column_names), len(LABELS[grouping])))
    for k, name in enumerate(column_names):
        for value, label in zip(rows[name], where):
            if label is not None:
                out[0, 0, k, label] += value
    return out


def small_channel(**changes) -> Totals:
    members = HOLDINGS["member"]
    weighted = [p * STORE_REVENUE[m] for p, m in zip(HOLDINGS["presence"], members)]
    rows = HOLDINGS | {"weighted_presence": weighted}
    shelves = {name: column[2:] for name, column in rows.items()}
    values = {}
    for grouping in GROUPINGS:
        for table, data in (
            ("holdings", rows),
            ("shelves", shelves),
            ("links", LINKS),
            ("incentives", RECEIVED),
            ("incentives_of_suppliers", PAID),
            ("relationships_of_buyers", OF_BUYERS),
            ("relationships_of_suppliers", OF_SUPPLIERS),
        ):
            if grouping == "brand" and "brand" not in data:
                continue
            by = (
                data["brand"] if grouping == "brand" else [MEMBER_LABELS[grouping][m] for m in data["member"]]
            )
            values[table, grouping] = summed(data, by, TABLES[table], grouping)
        if grouping != "brand":
            values["members", grouping] = summed(
                MEMBERS, MEMBER_LABELS[grouping], TABLES["members"], grouping
            )
    values["territories", "overall"] = np.full((1, 1, 1, 1), 120.0)
    values["territories", "territory"] = np.array([80.0, 40.0]).reshape(1, 1, 1, 2)
    structural = {
        "mean_distance": {
            "overall": np.array([[3.0]]),
            "brand": np.array([[2.0, 4.0]]),
            "territory": np.array([[1.0, 5.0]]),
        },
        **{
            name: {
                grouping: np.arange(1.0, 1.0 + len(LABELS[grouping]))[None]
                for grouping in METRICS[name].groupings
            }
            for name in ("listing_fees_paid", "listing_fees_received", "exclusive_members")
        },
    }
    made = {
        "policies": ("base",),
        "replications": 1,
        "weeks": WEEKS,
        "labels": LABELS,
        "columns": dict(TABLES),
        "values": values,
        "structural": structural,
    }
    return Totals(**(made | changes))


def value(name, grouping="overall", totals=None):
    return evaluate(METRICS[name], totals or small_channel(), grouping)[0, 0]


@pytest.mark.parametrize(
    ("name", "grouping", "expected"),
    [
        ("profit", "overall", [125]),
        ("profit", "role", [50, 75]),
        ("profit", "territory", [60, 15]),
        ("profit", "chain", [50, 60, 15]),
        ("channel_profit", "overall", [125]),
        ("consumer_surplus", "territory", [20, 10]),
        ("welfare", "overall", [155]),
        ("revenue", "overall", [247.5]),
        ("revenue", "role", [165, 247.5]),
        ("revenue", "brand", [157.5, 90]),
        ("gross_profit", "overall", [(230 + 390) / 4]),
        ("operating_cost", "group", [7.5, 12.5, 6.25]),
        ("finance_cost", "overall", [3.75]),
        ("demand", "overall", [25]),
        ("demand", "tier", [25, 25]),
        ("sell_through", "overall", [22.5]),
        ("sell_through", "role", [0, 22.5]),
        ("sell_in", "overall", [23.5]),
        ("sell_in", "brand", [16, 7.5]),
        ("sell_in", "role", [0, 23.5]),
        ("sell_in_value", "territory", [132, 24]),
        ("units_sold", "tier", [25, 22.5]),
        ("orders", "group", [0, 18.5, 4]),
        ("lost_sales", "territory", [1.25, 1.25]),
        ("fill_rate", "overall", [0.9]),
        ("fill_rate", "chain", [np.nan, 75 / 80, 0.75]),
        ("immediate_fill_rate", "overall", [85 / 100]),
        ("immediate_fill_rate", "tier", [90 / 100, 85 / 100]),
        ("immediate_fill_rate", "chain", [np.nan, 70 / 80, 0.75]),
        ("average_backlog", "overall", [5]),
        ("average_backlog", "role", [10, 5]),
        ("average_backlog", "territory", [3, 2]),
        ("stockout_rate", "overall", [2 / 12]),
        ("stockout_rate", "tier", [0, 2 / 12]),
        ("stockout_rate", "brand", [2 / 8, 0]),
        ("average_stock", "overall", [22.5]),
        ("stock_turns", "overall", [52 * 90 / 90]),
        ("stock_turns", "tier", [np.nan, 52]),
        ("stock_turns", "territory", [52 * 75 / 60, 52 * 15 / 30]),
        ("price", "overall", [11]),
        ("price", "role", [6.6, 11]),
        ("price", "brand", [10.5, 12]),
        ("price", "chain", [np.nan, 10.8, 12]),
        ("unit_margin", "overall", [390 / 90]),
        ("unit_margin", "tier", [2.3, 390 / 90]),
        ("gross_margin", "tier", [230 / 660, 390 / 990]),
        ("market_share", "brand", [60 / 90, 30 / 90]),
        ("market_share", "territory", [75 / 90, 15 / 90]),
        ("numeric_distribution", "brand", [6 / 8, 4 / 8]),
        ("numeric_distribution", "overall", [10 / 16]),
        ("numeric_distribution", "chain", [np.nan, 7 / 8, 3 / 8]),
        ("weighted_distribution", "brand", [3 / 4, 810 / 990]),
        ("weighted_distribution", "chain", [np.nan, 7 / 8, 3 / 8]),
        ("outlets", "overall", [2]),
        ("outlets", "territory", [1, 1]),
        ("active_members", "role", [1, 2]),
        ("bullwhip_ratio", "tier", [np.nan, 2]),
        ("bullwhip_ratio", "group", [np.nan, 2, 2]),
        ("unsolved_prices", "overall", [5 / 20]),
        ("unsolved_prices", "role", [5 / 8, 0]),
        ("diverted", "brand", [2, 1]),
        ("diverted_in", "territory", [9 / 4, 3 / 4]),
        ("diverted_share", "overall", [12 / 90]),
        ("diverted_share", "brand", [8 / 60, 4 / 30]),
        ("lost_to_diversion", "brand", [1, 2]),
        ("diversion_fines", "role", [6, 0]),
        ("listing_fees_paid", "territory", [1, 2]),
        ("listing_fees_received", "overall", [1]),
        ("quantity_discounts_received", "overall", [3.5]),
        ("quantity_discounts_paid", "role", [3.5, 0]),
        ("target_rebates_received", "chain", [0, 3, 1.5]),
        ("target_rebates_paid", "overall", [4.5]),
        ("growth_bonuses_received", "brand", [1, 1]),
        ("growth_bonuses_paid", "group", [2, 0, 0]),
        ("buybacks_received", "territory", [2, 0]),
        ("buybacks_paid", "overall", [2]),
        ("shared_revenue_paid", "overall", [17]),
        ("shared_revenue_received", "tier", [17, 0]),
        ("store_profit", "overall", [37.5]),
        ("store_profit", "chain", [np.nan, 60, 15]),
        ("viable_stores", "overall", [0.5]),
        ("viable_stores", "territory", [1, 0]),
        ("support_paid", "role", [7, 0]),
        ("support_received", "group", [0, 3, 2]),
        ("franchise_fees_paid", "overall", [1.5]),
        ("franchise_fees_received", "role", [1.5, 0]),
        ("compensation_paid", "role", [2.5, 0]),
        ("compensation_received", "chain", [0, 2.5, 0]),
        ("exclusive_members", "territory", [1, 2]),
        ("economic_satisfaction", "overall", [1.6 / 3]),
        ("economic_satisfaction", "group", [np.nan, 0.6, 0.4]),
        ("social_satisfaction", "territory", [0.5, 0.2]),
        ("trust", "role", [np.nan, 2.0 / 3]),
        ("commitment", "chain", [np.nan, 0.8, 0.5]),
        ("conflict", "tier", [np.nan, 0.5]),
        ("dependence_of_buyer", "group", [np.nan, 0.2, 0.8]),
        ("economic_satisfaction_of_supplier", "role", [1.6 / 3, np.nan]),
        ("social_satisfaction_of_supplier", "overall", [0.4]),
        ("trust_of_supplier", "territory", [np.nan, np.nan]),
        ("trust_of_supplier", "group", [2.0 / 3, np.nan, np.nan]),
        ("commitment_of_supplier", "chain", [0.7, np.nan, np.nan]),
        ("conflict_of_supplier", "tier", [0.5, np.nan]),
        ("dependence_of_supplier", "role", [0.4, np.nan]),
        ("mean_distance", "brand", [2, 4]),
        ("mean_distance", "overall", [3]),
    ],
)  # fmt: skip
def test_worked_by_hand(name, grouping, expected):
    np.testing.assert_allclose(value(name, grouping), expected, rtol=1e-14)


def test_every_metric_is_worked_by_hand():
    worked = {case[0] for case in test_worked_by_hand.pytestmark[0].args[1]}
    assert worked == set(METRICS)


@pytest.mark.parametrize("name", ["market_share"])
def test_shares_add_to_one(name):
    for grouping in METRICS[name].groupings:
        assert value(name, grouping).sum() == pytest.approx(1, rel=1e-14)


ADDITIVE = [
    name
    for name, metric in METRICS.items()
    if metric.denominator == "weeks" and "overall" in metric.groupings and len(metric.groupings) > 1
]


@pytest.mark.parametrize("name", ADDITIVE)
def test_flows_add_up_over_labels(name):
    """Where labels cover all rows of one table, a flow per week is the sum over labels."""
    metric = METRICS[name]
    for grouping in metric.groupings:
        of_suppliers = ("members", "holdings", "incentives_of_suppliers")
        national = grouping == "territory" and metric.table in of_suppliers
        other_table = metric.stage_table and grouping in ("role", "tier", "group")
        if not national and not other_table:
            assert value(name, grouping).sum() == pytest.approx(value(name)[0], rel=1e-14), grouping


@given(scale=st.floats(1e-3, 1e6), seed=st.integers(0, 1000))
def test_ratios_do_not_depend_on_the_scale_and_flows_do(scale, seed):
    """Twice the channel: every quantity per week doubles, every ratio of like sums stays."""
    random = np.random.default_rng(seed)
    plain = small_channel()
    values = {key: array * random.uniform(0.5, 2.0) for key, array in plain.values.items()}
    one = replace(plain, values=values)
    many = replace(plain, values={key: array * scale for key, array in values.items()})
    for name, metric in METRICS.items():
        if metric.table == "structural":
            continue
        factor = scale if metric.denominator == "weeks" else 1.0
        for grouping in metric.groupings:
            np.testing.assert_allclose(
                value(name, grouping, many), factor * value(name, grouping, one), rtol=1e-12
            )


def test_an_empty_channel_gives_nan_without_a_warning(recwarn):
    totals = small_channel()
    nothing = replace(totals, values={key: 0.0 * array for key, array in totals.values.items()})
    for name, metric in METRICS.items():
        for grouping in metric.groupings:
            result = value(name, grouping, nothing)
            assert np.isnan(result).all() or metric.denominator in ("weeks", "")
            assert not np.isinf(result).any()
    assert not recwarn.list


def test_policies_and_replications_keep_their_places():
    """The value of a cell depends on that cell alone."""
    totals = small_channel()
    shape = np.arange(1.0, 7.0).reshape(2, 3, 1, 1)
    many = replace(
        totals,
        policies=("a", "b"),
        replications=3,
        values={key: array * shape for key, array in totals.values.items()},
        structural={"mean_distance": {"overall": np.array([[3.0], [7.0]])}},
    )
    assert evaluate(METRICS["profit"], many, "overall")[:, :, 0].tolist() == [
        [125, 250, 375],
        [500, 625, 750],
    ]
    np.testing.assert_allclose(evaluate(METRICS["market_share"], many, "brand")[1, 2], [2 / 3, 1 / 3])
    assert evaluate(METRICS["mean_distance"], many, "overall")[:, :, 0].tolist() == [[3] * 3, [7] * 3]


def test_columns_needed_are_what_is_read():
    """Totals that hold the named columns alone, in that order, give the same values."""
    whole = small_channel()
    for name, metric in METRICS.items():
        needed = columns_needed([name])
        needed.pop("structural", None)
        values = {
            (table, grouping): array[:, :, [TABLES[table].index(c) for c in needed[table]], :]
            for (table, grouping), array in whole.values.items()
            if table in needed
        }
        lean = replace(whole, columns=needed, values=values)
        for grouping in metric.groupings:
            np.testing.assert_array_equal(value(name, grouping, lean), value(name, grouping, whole))
        for table, columns in needed.items():  # and nothing in it is idle
            for column in columns:
                fewer = {**needed, table: tuple(c for c in columns if c != column)}
                missing = replace(whole, columns=fewer, values={})
                assert not all(missing.has(metric, grouping) for grouping in metric.groupings)


def test_columns_needed_of_all_metrics():
    needed = columns_needed()
    fees = ("listing_fees_paid", "listing_fees_received")
    assert needed.pop("structural") == ("exclusive_members", *fees, "mean_distance")
    assert list(needed) == list(TABLES)
    for table, columns in needed.items():
        assert [c for c in TABLES[table] if c in columns] == list(columns)
    assert columns_needed([]) == {}
    assert columns_needed("mean_distance") == {"structural": ("mean_distance",)}


def test_names_are_checked_in_one_line():
    with pytest.raises(ResultError, match="metric 'proft' is unknown; did you mean 'profit'") as caught:
        select_metrics(["fill_rate", "proft"])
    assert "mean_distance" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ResultError, match=r"grouping of profit 'brand' is unknown .*overall, role"):
        evaluate(METRICS["profit"], small_channel(), "brand")
    with pytest.raises(ResultError, match="did not record"):
        evaluate(METRICS["profit"], small_channel(columns={}, values={}), "role")


def test_metric_table_has_a_row_per_metric():
    table = {row["name"]: row for row in metric_table()}
    assert list(table) == list(METRICS)
    assert table["unit_margin"]["formula"] == "(revenue - cost_of_goods) / sales"
    assert table["unit_margin"]["stage_table"] == "holdings"
    assert table["mean_distance"]["formula"] == "mean_distance"
    for row in table.values():
        assert all(text and text.strip() == text for text in row.values())


def evaluated(text, **numbers):
    total = 0.0
    for term in parse(text):
        product = term.coefficient
        for name in (*term.constants, *([term.column] if term.column else [])):
            product *= numbers[name]
        total += product
    return total


@pytest.mark.parametrize(
    "text",
    [
        "a", "a - b", "a - (b - a)", "-a + 2 * b", "52 * (a + -b) * weeks", "weeks * brands", "0.5",
        "-(a - 3)",
    ],
)  # fmt: skip
def test_expressions_mean_what_python_means(text):
    numbers = {"a": 7.0, "b": 11.0, "weeks": 13.0, "brands": 3.0}
    assert evaluated(text, **numbers) == eval(text, {}, numbers)


def test_tables_and_totals_are_read():
    (term,) = parse("2 * total(members.profit)")
    assert (term.coefficient, term.table, term.column, term.total) == (2.0, "members", "profit", True)


@pytest.mark.parametrize(
    "text",
    [
        "a *", "a / b", "a ** 2", "a * b", "(a + weeks) * b", "__import__('os')", "total(1)", "total(a, b)",
        "total(a + b)", "a.b.c", "a[0]", "True", "'a'", "1j", "lambda: 0", "a if b else c",
        "max(a, b)", "+a", "",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"numerator": "profits"}, "no column 'profits'"),
        ({"numerator": "shelves.profit"}, "table 'shelves' has no column"),
        ({"table": "membres"}, "table 'membres' has no column"),
        ({"groupings": ("overall", "brand")}, "numerator is not known by brand"),
        ({"groupings": ("region",)}, "grouping 'region' is unknown"),
    ],
)
def test_wrong_declarations_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(METRICS["profit"], **changes)


def test_a_declaration_can_be_made():
    metric = Metric(
        "cost", "money per week", "members", "", "income - profit", "weeks", ("role",), "all cost"
    )
    np.testing.assert_allclose(evaluate(metric, small_channel(), "role")[0, 0], [115, 172.5])


def series(values, **changes):
    made = {"grouping": "overall", "labels": ("channel",), "unit": "units", "meaning": "stock"}
    return Trajectory(values=values, **(made | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replications": 2}, "holdings by overall has shape"),
        ({"columns": TABLES | {"members": ("profit",)}}, "members by overall has shape"),
        ({"labels": LABELS | {"tier": ("0",)}}, "holdings by tier has shape"),
        ({"labels": LABELS | {"tier": ("0", "0")}}, "tier: a name occurs twice"),
        ({"structural": {"mean_distance": {"overall": np.zeros((1, 1, 1))}}}, "mean_distance by overall has"),
        ({"trajectories": {"stock": series(np.zeros((1, 1, 5, 2)))}}, "stock has shape"),
        ({"trajectories": {"a/b": series(np.zeros((1, 1, 5, 1)))}}, "letters, digits"),
    ],
)
def test_totals_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small_channel(**changes)


def test_metrics_load_numpy_alone():
    code = "import channelsim.metrics, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"pandas", "xarray", "scipy", "numba", "pydantic"})


@pytest.mark.parametrize(
    ("name", "column", "recorded"),
    [
        ("bilateral", "unsolved", False),
        ("negotiation", "unsolved", True),
        ("bilateral", "diverted", False),
        ("diversion", "diverted", True),
    ],
)
def test_what_a_scenario_cannot_have_is_not_recorded(name, column, recorded):
    columns = Recording.of(None, (), build(Scenario.from_library(name))).holding_columns
    assert (column in columns) == recorded
