"""Results: labels, summaries, paired differences, weekly bands and files, from synthetic totals."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from channelsim.analysis.estimators import mean, paired_difference
from channelsim.analysis.results import Result
from channelsim.metrics import GROUPINGS, METRICS, TABLES, ResultError
from channelsim.totals import Totals, Trajectory, evaluate

POLICIES, REPLICATIONS, WEEKS = ("base", "dense & cheap", "高密度"), 6, 26
LABELS = {
    "overall": ("channel",),
    "role": ("manufacturer", "distributor", "retailer"),
    "tier": ("0", "1", "2"),
    "territory": ("Beijing", "Xi'an", "São Paulo", "未来"),
    "group": ("makers", "shops"),
    "chain": ("makers", "Big", "shops"),
    "brand": ("A", "B"),
}


def synthetic_totals(seed=0, **changes) -> Totals:
    """Positive random sums; the manufacturer (first role, tier, group, chain) sells nothing to consumers."""
    random = np.random.default_rng(seed)
    cells = (len(POLICIES), REPLICATIONS)
    values = {}
    for table, columns in TABLES.items():
        for grouping in GROUPINGS if table != "territories" else ("overall", "territory"):
            if table == "members" and grouping == "brand":
                continue
            sums = random.uniform(1.0, 9.0, (*cells, len(columns), len(LABELS[grouping])))
            if table == "shelves" and grouping in ("role", "tier", "group", "chain"):
                sums[..., 0] = 0.0
            values[table, grouping] = sums
    for grouping in ("role", "tier", "group"):  # the top orders nothing
        for column in ("order", "order_variance", "demand_variance"):
            values["holdings", grouping][:, :, TABLES["holdings"].index(column), 0] = 0.0
    structural = {
        "mean_distance": {
            grouping: random.uniform(1, 9, (len(POLICIES), len(LABELS[grouping])))
            for grouping in ("overall", "territory", "brand")
        }
    }
    for name in ("listing_fees_paid", "listing_fees_received", "exclusive_members"):
        structural[name] = {
            grouping: np.ones((len(POLICIES), len(LABELS[grouping]))) for grouping in METRICS[name].groupings
        }
    weekly = random.uniform(0, 9, (*cells, 30, 1))
    by_territory = random.uniform(0, 9, (*cells, 30, 4))
    made = {
        "policies": POLICIES,
        "replications": REPLICATIONS,
        "weeks": WEEKS,
        "labels": LABELS,
        "columns": dict(TABLES),
        "values": values,
        "structural": structural,
        "trajectories": {
            "sales": Trajectory(weekly, "overall", ("channel",), "units per week", "units sold"),
            "stock_by_territory": Trajectory(
                by_territory, "territory", LABELS["territory"], "units", "stock on hand"
            ),
        },
        "provenance": {
            "seed": 7,
            "policies": list(POLICIES),
            "scenario": "x" * 100_000,
            "nested": {"a": [1.5]},
        },
    }
    return Totals(**(made | changes))


@pytest.fixture(scope="module")
def result():
    return Result.from_totals(synthetic_totals())


def test_datasets_hold_every_metric_where_it_makes_sense(result):
    totals = synthetic_totals()
    for grouping in GROUPINGS:
        data = result.metrics if grouping == "overall" else getattr(result, f"by_{grouping}")
        assert set(data.data_vars) == {n for n, metric in METRICS.items() if grouping in metric.groupings}
        for name, variable in data.items():
            expected = evaluate(METRICS[name], totals, grouping)
            if grouping == "overall":
                assert variable.dims == ("policy", "replication")
                expected = expected[:, :, 0]
            else:
                assert variable.dims == ("policy", "replication", grouping)
                assert tuple(data[grouping].values) == LABELS[grouping]
            np.testing.assert_array_equal(variable.values, expected)
            assert variable.attrs == {"unit": METRICS[name].unit, "long_name": METRICS[name].meaning}
    assert tuple(result.metrics["policy"].values) == result.policies == POLICIES
    assert result.replications == REPLICATIONS
    assert result.weeks == WEEKS
    assert result.by_territory["profit"].sel(policy="高密度", territory="未来").shape == (REPLICATIONS,)


def test_trajectories_are_labelled(result):
    given = synthetic_totals().trajectories
    assert result.trajectories["sales"].dims == ("policy", "replication", "week")
    assert result.trajectories["stock_by_territory"].dims == ("policy", "replication", "week", "territory")
    np.testing.assert_array_equal(result.trajectories["sales"], given["sales"].values[:, :, :, 0])
    assert result.trajectories["sales"].attrs == {"unit": "units per week", "long_name": "units sold"}
    assert result.trajectories["week"].values.tolist() == list(range(30))


def test_first_week_is_the_label_of_the_first_value():
    late = Trajectory(np.ones((3, 6, 4, 1)), "overall", ("channel",), "units", "stock", first_week=10)
    result = Result.from_totals(synthetic_totals(trajectories={"stock": late}))
    assert result.trajectories["week"].values.tolist() == [10, 11, 12, 13]
    early = replace(late, first_week=0)
    with pytest.raises(ValueError, match="'early' and an earlier one differ in their week"):
        Result.from_totals(synthetic_totals(trajectories={"late": late, "early": early}))


def test_summary_is_the_estimator_cell_by_cell(result):
    table = result.summary("territory", ["price", "profit"], level=0.9)
    assert list(table.columns) == [
        "policy", "territory", "metric", "unit", "mean", "standard_error", "low", "high", "replications",
    ]  # fmt: skip
    assert len(table) == 3 * 4 * 2
    assert table["metric"][:2].tolist() == ["price", "profit"]
    assert table["territory"][:4].tolist() == ["Beijing", "Beijing", "Xi'an", "Xi'an"]
    for row in table.itertuples():
        values = result.by_territory[row.metric].sel(policy=row.policy, territory=row.territory).values
        expected = mean(values, 0.9)
        assert (row.mean, row.standard_error, row.low, row.high, row.replications) == expected
        assert row.unit == METRICS[row.metric].unit


def test_summary_of_the_channel(result):
    table = result.summary()
    assert "channel" not in table.columns
    assert table.groupby("policy", sort=False)["metric"].agg(list).tolist() == [list(result.metrics)] * 3
    assert (table["low"] <= table["mean"]).all()
    assert table.set_index(["policy", "metric"]).loc[("base", "mean_distance"), "standard_error"] == 0.0


def test_undefined_ratios_are_nan_and_counted(result, recwarn):
    table = result.summary("tier", "bullwhip_ratio").set_index(["policy", "tier"])
    top = table.xs("0", level="tier")
    assert top[["mean", "standard_error", "low", "high"]].isna().all(axis=None)
    assert (top["replications"] == 0).all()
    assert (table.xs("1", level="tier")["replications"] == REPLICATIONS).all()
    compared = result.difference("base", "tier", "bullwhip_ratio").set_index("tier")
    assert compared.loc["0", "difference"].isna().all()
    assert compared.loc["2", "difference"].notna().all()
    assert not recwarn.list


def test_replications_without_demand_are_left_out_and_counted():
    totals = synthetic_totals()
    shelves = totals.values["shelves", "overall"].copy()
    shelves[1, 2:4, TABLES["shelves"].index("demand"), 0] = 0.0
    changed = replace(totals, values=totals.values | {("shelves", "overall"): shelves})
    result = Result.from_totals(changed, ["fill_rate"])
    table = result.summary().set_index("policy")
    assert table["replications"].tolist() == [6, 4, 6]
    kept = result.metrics["fill_rate"].values[1, [0, 1, 4, 5]]
    assert table.loc["dense & cheap", "mean"] == pytest.approx(kept.mean(), rel=1e-14)
    compared = result.difference("base").set_index("policy").loc["dense & cheap"]
    base = result.metrics["fill_rate"].values[0, [0, 1, 4, 5]]
    assert compared["replications"] == 4
    assert compared["base_mean"] == pytest.approx(base.mean(), rel=1e-14)
    assert compared["difference"] == pytest.approx((kept - base).mean(), rel=1e-14)


def test_difference_is_paired(result):
    table = result.difference("dense & cheap", "brand", ["price"], level=0.9)
    assert list(table.columns) == [
        "policy", "brand", "metric", "unit", "base_mean", "difference", "standard_error", "low", "high",
        "relative_difference", "replications",
    ]  # fmt: skip
    assert table["policy"].tolist() == ["base", "base", "高密度", "高密度"]
    for row in table.itertuples():
        prices = result.by_brand["price"].sel(brand=row.brand)
        values, base = prices.sel(policy=row.policy).values, prices.sel(policy="dense & cheap").values
        expected = paired_difference(values, base, 0.9)
        assert (row.difference, row.standard_error, row.low, row.high, row.replications) == expected
        assert row.base_mean == pytest.approx(base.mean(), rel=1e-14)
        assert row.relative_difference == pytest.approx(expected.value / base.mean(), rel=1e-14)


def test_relative_difference_keeps_its_sign_for_a_loss_and_is_undefined_for_nothing(recwarn):
    totals = synthetic_totals()
    members = np.ones_like(totals.values["members", "overall"])
    profit = TABLES["members"].index("profit")
    members[0, :, profit], members[1, :, profit] = -2.0, -1.0
    members[:2, :, TABLES["members"].index("finance_cost")] = 0.0
    changed = replace(totals, values=totals.values | {("members", "overall"): members})
    table = Result.from_totals(changed).difference().set_index(["policy", "metric"])
    assert table.loc[("dense & cheap", "profit"), "relative_difference"] == pytest.approx(0.5)
    assert np.isnan(table.loc[("高密度", "finance_cost"), "relative_difference"])
    assert table.loc[("高密度", "finance_cost"), "difference"] == pytest.approx(1 / WEEKS)
    assert not recwarn.list


def test_one_policy_and_one_replication():
    totals = synthetic_totals()
    lone = replace(
        totals,
        policies=("base",),
        replications=1,
        values={key: values[:1, :1] for key, values in totals.values.items()},
        structural={},
        trajectories={},
    )
    result = Result.from_totals(lone)
    assert result.summary()["low"].isna().all()
    assert result.difference().empty
    assert list(result.difference("base", "role").columns)[:2] == ["policy", "role"]
    assert "mean_distance" not in result.metrics
    assert "±" not in result._repr_html_().split("<thead>")[1]
    assert repr(result) == f"Result(1 policies × 1 replications × {WEEKS} weeks: base)"


def test_to_frame_holds_every_value(result):
    frame = result.to_frame("chain")
    assert list(frame.columns) == ["policy", "replication", "chain", "metric", "unit", "value"]
    assert len(frame) == result.by_chain.to_dataframe().size
    back = frame.pivot(index=["policy", "replication", "chain"], columns="metric", values="value").to_xarray()
    for name in result.by_chain:
        pd.testing.assert_series_equal(
            back[name].to_series().sort_index(), result.by_chain[name].to_series().sort_index()
        )
    assert list(result.to_frame().columns) == ["policy", "replication", "metric", "unit", "value"]


def test_weekly_mean_and_band(result):
    table = result.weekly("sales", 0.8)
    assert list(table.columns) == ["policy", "week", "mean", "low", "high"]
    expected = mean(result.trajectories["sales"].values, 0.8, axis=1)
    np.testing.assert_array_equal(table["low"].values.reshape(3, 30), expected.low)
    by_place = result.weekly("stock_by_territory").set_index(["policy", "territory", "week"])
    values = result.trajectories["stock_by_territory"].sel(policy="base", territory="Xi'an", week=5)
    assert tuple(by_place.loc[("base", "Xi'an", 5)]) == (
        mean(values).value,
        mean(values).low,
        mean(values).high,
    )
    spread = result.weekly("sales", 0.5, band="replications")
    np.testing.assert_allclose(
        spread["high"].values.reshape(3, 30), np.quantile(result.trajectories["sales"], 0.75, axis=1)
    )


def test_saved_and_loaded_is_equal(result, tmp_path):
    path = tmp_path / "new folder" / "run.nc"
    result.save(path)
    loaded = Result.load(path)
    assert loaded == result
    assert loaded.provenance == result.provenance == synthetic_totals().provenance
    assert (loaded.policies, loaded.weeks) == (result.policies, result.weeks)
    pd.testing.assert_frame_equal(loaded.summary("territory"), result.summary("territory"))
    pd.testing.assert_frame_equal(loaded.to_frame(), result.to_frame())
    assert [file.name for file in path.parent.iterdir()] == ["run.nc"]
    loaded.save(path)  # over the file it came from
    assert Result.load(path) == result


def test_a_result_of_few_metrics_is_saved_whole(tmp_path):
    result = Result.from_totals(synthetic_totals(trajectories={}), ["welfare"])
    assert list(result.metrics) == ["welfare"]
    assert result.summary("brand").empty
    result.save(tmp_path / "run.nc")
    assert Result.load(tmp_path / "run.nc") == result


def test_long_trajectories_are_packed_without_loss(tmp_path):
    values = np.random.default_rng(1).normal(size=(3, 6, 1000, 1))
    long = Trajectory(values, "overall", ("channel",), "units", "stock")
    result = Result.from_totals(synthetic_totals(trajectories={"stock": long}), ["profit"])
    result.save(tmp_path / "run.nc")
    np.testing.assert_array_equal(Result.load(tmp_path / "run.nc").trajectories["stock"], values[..., 0])


def test_results_that_differ_are_not_equal(result):
    totals = synthetic_totals()
    assert Result.from_totals(totals) == result
    assert result != "result"
    other = {("members", "role"): totals.values["members", "role"] * (1 + 1e-15)}
    for changes in (
        {"values": totals.values | other},
        {"weeks": 27},
        {"provenance": {"seed": 8}},
        {"trajectories": {}},
        {"policies": ("base", "dense", "高密度")},
    ):
        assert Result.from_totals(replace(totals, **changes)) != result


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    result, path = Result.from_totals(synthetic_totals(), ["profit"]), tmp_path / "run.nc"
    result.save(path)
    before = path.read_bytes()

    def fail(*arguments, **keywords):
        raise OSError("disk full")

    monkeypatch.setattr("xarray.Dataset.to_netcdf", fail)
    with pytest.raises(OSError, match="disk full"):
        result.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.nc"]


def test_files_that_hold_no_result_are_refused(result, tmp_path):
    with pytest.raises(FileNotFoundError, match="no result file"):
        Result.load(tmp_path / "absent.nc")
    text = tmp_path / "text.nc"
    text.write_text("not a netCDF file")
    with pytest.raises(ResultError, match="is not a result file"):
        Result.load(text)
    other = tmp_path / "other.nc"
    result.metrics.to_netcdf(other, engine="h5netcdf")
    with pytest.raises(ResultError, match=r"not a result of format 1 \(format found: None\)"):
        Result.load(other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.summary("region"), "grouping 'region' is unknown"),
        (lambda r: r.summary("roles"), "did you mean 'role'"),
        (lambda r: r.summary(metrics=["proft"]), "metric 'proft' is unknown; did you mean 'profit'"),
        (lambda r: r.summary("brand", ["welfare"]), "metric by brand 'welfare' is unknown"),
        (
            lambda r: r.difference("bose"),
            r"policy 'bose' is unknown; did you mean 'base'\? \(admissible: base, ",
        ),
        (lambda r: r.to_frame("territory", ["welfare"]), "metric by territory 'welfare'"),
        (lambda r: r.weekly("stock"), "trajectory 'stock' is unknown"),
        (lambda r: r.weekly("sales", band="wide"), "band 'wide' is unknown"),
        (lambda r: Result.from_totals(synthetic_totals(), ["sales"]), "metric 'sales' is unknown"),
        (
            lambda r: Result.from_totals(synthetic_totals(structural={}), ["mean_distance"]),
            "'mean_distance': the run did not record",
        ),
    ],
)
def test_bad_names_are_refused_in_one_line(result, call, message):
    with pytest.raises(ResultError, match=message) as caught:
        call(result)
    assert "\n" not in str(caught.value)


def test_provenance_that_no_file_can_hold_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        Result.from_totals(synthetic_totals(provenance={"seed": np.int64(1)}))


def test_shown_in_a_notebook(result):
    html = result._repr_html_()
    assert html.count("<tr>") == 1 + len(result.metrics)
    assert "<th>dense &amp; cheap</th>" in html
    assert "<th>dense & cheap" not in html
    estimate = mean(result.metrics["profit"].values[0])
    assert f"{estimate.value:.4g} ± {estimate.high - estimate.value:.2g}" in html
    assert repr(result) == "Result(3 policies × 6 replications × 26 weeks: base, dense & cheap, 高密度)"


def test_undefined_and_large_numbers_read_well():
    totals = synthetic_totals()
    members = np.full_like(totals.values["members", "overall"], 1_234_567.0 * WEEKS)
    shelves = np.zeros_like(totals.values["shelves", "overall"])
    changed = {("members", "overall"): members, ("shelves", "overall"): shelves}
    html = Result.from_totals(replace(totals, values=totals.values | changed))._repr_html_()
    assert "1,234,567 ± 0" in html
    assert "<td>—</td>" in html
    assert ">nan" not in html


def test_importing_results_loads_nothing_heavy():
    code = "import channelsim.analysis.results, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"pandas", "xarray", "scipy", "h5netcdf", "matplotlib"})
