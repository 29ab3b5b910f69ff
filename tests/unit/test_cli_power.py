"""``channelsim power``: what it prints, that it prints the same, what it refuses."""

import json

import pytest
from typer.testing import CliRunner

from channelsim import cli
from channelsim.scenario import Scenario

NOISY = ["--set", "demand.noise=poisson", "--replications", "3"]


def call(*args: str):
    return CliRunner().invoke(cli.app, ["power", *args])


@pytest.fixture
def quick_figures(monkeypatch):
    from channelsim.analysis import style

    monkeypatch.setattr(style, "save_bytes", lambda figure, kind: b"drawn elsewhere")


def test_a_person_can_read_who_depends_on_whom():
    done = call("pxy")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "X depends on P moderately (0.34), P on X hardly (0.08): P leads." in lines
    assert "Y depends on P hardly (0.04), P on Y strongly (0.86): Y leads." in lines
    assert "P X 0.08 hardly 0.34 moderately supplier 322 96.2" in lines
    folded = "rival distributors rival stores city, mean of 10 0.03 hardly 1.00 strongly supplier 219 1,556"
    assert folded in lines
    assert "hardly below 0.1, moderately from 0.1, strongly from 0.5" in done.stdout


def test_json_holds_names_and_both_sides():
    content = json.loads(call("pxy", "--json").stdout, parse_constant=lambda name: pytest.fail(name))
    row = next(r for r in content["relationships"] if (r["supplier"], r["buyer"]) == ("P", "X"))
    assert {
        "dependence_of_supplier", "dependence_of_buyer", "gain_of_supplier", "gain_of_buyer", "asymmetry",
        "total_interdependence", "utility_of_buyer", "scarcity_of_buyer",
    } <= set(row)  # fmt: skip
    assert row["gain_of_buyer"] == pytest.approx(5000 / 52)
    assert row["dependence_of_buyer_low"] is None  # one replication has no interval
    assert content["units"]["gain_of_buyer"] == "money per week"
    assert content["rows"] == "firms"
    assert {r["firm"] for r in content["concentration"]} >= {"P", "X", "Y"}


def test_json_is_the_same_for_any_number_of_workers(tmp_path):
    policy = tmp_path / "dear.toml"
    policy.write_text('[[terms]]\nsupplier = "P"\nbuyer = "X"\nwholesale_price = 80.0\n', encoding="utf-8")
    outputs = {
        call(
            "pxy", *NOISY, "--policy", "base", "--policy", str(policy), "--json", "--workers", w
        ).stdout_bytes
        for w in ("1", "2", "3")
    }
    assert len(outputs) == 1
    content = json.loads(outputs.pop())
    assert {r["policy"] for r in content["differences"]} == {"dear"}


def test_policies_are_compared_with_the_first(tmp_path):
    policy = tmp_path / "dear.toml"
    policy.write_text('[[terms]]\nsupplier = "P"\nbuyer = "X"\nwholesale_price = 80.0\n', encoding="utf-8")
    text = call("pxy", "--policy", "base", "--policy", str(policy)).stdout
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "X depends on P hardly (0.00), P on X moderately (0.11): X leads." in lines
    assert any(line.startswith("X on P 0.341 −0.341") for line in lines)


def test_power_is_measured_whatever_the_scenario_says():
    assert not Scenario.from_library("bilateral").power.measured
    done = call("bilateral")
    assert done.exit_code == 0
    assert "maker" in done.stdout


def test_many_relationships_are_told_by_groups():
    small = ["--set", "weeks=14", "--set", "warm_up_weeks=0", "--set", "territories.0.buyers=200"]
    many = ["--set", "members.stores of Y.per_territory=420"]
    done = call("pxy", *small, *many)
    assert done.exit_code == 0, done.output
    assert "a row is the mean over those of two groups" in done.stdout
    content = json.loads(call("pxy", *small, *many, "--json").stdout)
    assert (content["rows"], content["concentration"]) == ("groups", [])


def test_out_holds_tables_and_figures(tmp_path, quick_figures):
    out = tmp_path / "power"
    done = call("pxy", "--out", str(out))
    assert done.exit_code == 0, done.output
    names = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert names == {
        "power.csv", "power.json", "concentration.csv", "network.png", "dependences.png", "over_time.png",
        "profit_and_dependence.png", "result.nc", "scenario.toml", "policies/1.toml", "contents.txt",
    }  # fmt: skip
    assert (out / "power.json").read_text(encoding="utf-8") == call("pxy", "--json").stdout
    assert Scenario.load(out / "scenario.toml").power.measured


def test_measures_are_told_and_written(tmp_path, quick_figures):
    (tmp_path / "mine.toml").write_text(
        """
measures_format = 1
[[measures]]
name = "exclusivity"
concept = "T9"
taken_by = "P"
[measures.changes]
"power.outside_options" = []
[[not_yet]]
name = "rebates"
concept = "T9"
why = "no contract has them"
[[measures]]
name = "idle"
taken_by = "X"
""",
        encoding="utf-8",
    )
    out, mine = tmp_path / "measures", str(tmp_path / "mine.toml")
    done = call("pxy", "--measures", mine, "--out", str(out))
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "exclusivity T9 P 1.000 (+0.659) =" in lines
    assert "idle X = =" in lines
    assert "- rebates (T9): no contract has them" in lines
    assert {p.name for p in out.iterdir()} == {
        "measures.csv",
        "measures.json",
        "measures.png",
        "contents.txt",
    }
    text = (out / "measures.json").read_text(encoding="utf-8")
    assert len(json.loads(text)["measures"]) == 2
    assert text == call("pxy", "--measures", mine, "--json").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere"], "nowhere"),
        (["pxy", "--set", "power.horizon_weeks=0"], "horizon_weeks"),
        (["pxy", "--policy", "nowhere.toml"], "nowhere.toml"),
        (["pxy", "--replications", "0"], "replications"),
        (["pxy", "--measures", "nothing"], "nothing: no such file"),
        (["bilateral", "--measures", "pxy"], "taken_by = 'P'"),
        (["pxy", "--measures", "pxy", "--policy", "base"], "leave --policy and --replications out"),
        (["pxy", "--out", __file__], "is not a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(args, said):
    done = call(*args)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
