"""The command line: what it prints, that it prints the same, what it refuses and with which exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import typer
from typer.testing import CliRunner

from channelsim import cli, cli_inputs
from channelsim.analysis.results import Result
from channelsim.engines import compilation
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario, library_names
from small_market import small_market

RUN = ["run", "bilateral", "--replications", "3", "--set", "weeks=20", "--set", "warm_up_weeks=4"]


def call(*args: str):
    return CliRunner().invoke(cli.app, list(args))


def heed_interrupts() -> None:
    """Undo what a background job inherits: it is started with interrupts ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(*args: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "channelsim", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
        **options,
    )


@pytest.fixture
def dear(tmp_path):
    path = tmp_path / "dear.toml"
    path.write_text('name = "dear"\n[[terms]]\nwholesale_price = 70.0\n', encoding="utf-8")
    return str(path)


@pytest.fixture
def quick_figures(monkeypatch):
    """Drawing takes seconds; test_plots and test_report look at the figures."""
    from channelsim.analysis import style

    monkeypatch.setattr(style, "save_bytes", lambda figure, kind: b"drawn elsewhere")


def test_help_is_quick_to_load():
    code = "import sys, channelsim.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "numba", "pandas", "xarray", "matplotlib", "pydantic", "scipy"}.isdisjoint(
        done.stdout.split()
    )


def test_help_lists_the_commands():
    for args in ([], ["--help"], ["-h"]):
        done = call(*args)
        assert done.exit_code == 0
        for command in ("run", "power", "scenarios", "show", "compile", "plan", "verify"):
            assert f"\n  {command} " in done.stdout
    assert call("--version").stdout.count(".") == 2


def test_run_prints_means_with_units():
    done = call("run", "bilateral", "--replications", "3")
    assert done.exit_code == 0, done.output
    lines = {" ".join(line.split()) for line in done.stdout.splitlines()}
    assert "bilateral: One manufacturer, one retailer" in lines
    assert "3 replications, 52 weeks, seed 1" in lines
    assert "retail price 80.0 money per unit" in lines
    assert "profit, manufacturers 800 money per week" in lines


def test_run_compares_with_the_first_policy(dear):
    done = call("run", "bilateral", "--replications", "3", "--policy", "base", "--policy", dear)
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "dear: paired difference from base" in lines
    # textbook: q = (100 − w)/2, so 40 × 20 = 800 becomes 50 × 15 = 750
    assert any(re.fullmatch(r"Profit of maker −50\.0.* −6\.25 % money per week", line) for line in lines)


@pytest.mark.parametrize("extra", [[], ["--set", "demand.noise=normal", "--set", "demand.variation=0.3"]])
def test_json_is_the_same_for_any_number_of_workers(dear, extra):
    outputs = [
        call(*RUN, *extra, "--policy", "base", "--policy", dear, "--json", "--workers", workers).stdout_bytes
        for workers in ("1", "2", "3")
    ]
    assert outputs[0] == outputs[1] == outputs[2]
    content = json.loads(outputs[0], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert outputs[0].decode() == json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert content["policies"] == ["base", "dear"]
    assert {row["policy"] for row in content["differences"]["overall"]} == {"dear"}
    profit = next(
        r
        for r in content["summary"]["role"]
        if r["role"] == "manufacturer" and r["metric"] == "profit" and r["policy"] == "base"
    )
    assert isinstance(profit["mean"], float)


def test_json_numbers_are_those_of_the_result():
    from channelsim.simulation import simulate

    scenario = Scenario.from_library("bilateral").replace(weeks=20, warm_up_weeks=4)
    table = simulate(scenario, replications=3, progress=False).summary().set_index("metric")
    content = json.loads(call(*RUN, "--json").stdout)
    for row in content["summary"]["overall"]:
        assert row["mean"] == table.loc[row["metric"], "mean"]


def test_seed_and_settings_reach_the_run():
    noisy = [*RUN, "--json", "--set", "demand.noise=normal", "--set", "demand.variation=0.3"]
    one, two = (json.loads(call(*noisy, "--seed", s).stdout) for s in ("1", "2"))
    assert one["provenance"]["seed"] == 1
    assert one["provenance"]["scenario"]["demand"]["variation"] == 0.3
    assert one["summary"] != two["summary"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.5", 3.5),
        ("true", True),
        ("poisson", "poisson"),
        ('"3"', "3"),
        ("[1.0, 2.0]", [1.0, 2.0]),
        ("{A = 1}", {"A": 1}),
        ("a b", "a b"),
        ("", ""),
        ("1\nother = 2", "1\nother = 2"),
        ("x.toml", "x.toml"),
    ],
)
def test_settings_are_read_as_toml_else_as_text(text, value):
    assert cli_inputs.read_value(text) == value


def test_out_holds_all_that_makes_the_run_again(tmp_path, dear, monkeypatch, quick_figures):
    out = tmp_path / "deep" / "out"
    done = call(*RUN, "--policy", "base", "--policy", dear, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"written: {out / 'report.html'}\n")
    for name in (
        "result.nc",
        "summary.csv",
        "report.html",
        "report.md",
        "scenario.toml",
        "policies/1.toml",
        "policies/2.toml",
    ):
        assert (out / name).stat().st_size > 0
    command = next(
        line.strip() for line in (out / "report.md").read_text().splitlines() if "channelsim run" in line
    )
    monkeypatch.chdir(out)
    again = tmp_path / "again"
    assert call(*command.split()[1:], "--out", str(again)).exit_code == 0
    first, second = Result.load(out / "result.nc"), Result.load(again / "result.nc")
    assert first.metrics.identical(second.metrics)
    assert first.by_group.identical(second.by_group)
    assert first.provenance["scenario_digest"] == second.provenance["scenario_digest"]


def test_tables_of_the_scenario_go_along(tmp_path, quick_figures):
    (tmp_path / "places").mkdir()
    plain = small_market().to_dict()
    plain["territories"] = [{"name": "cities", "table": "places/cities.csv"}]
    (tmp_path / "places" / "cities.csv").write_text("name,buyers\nNorth,10\nSouth,20\n")
    Scenario.parse(plain, folder=tmp_path).save(tmp_path / "s.toml")
    done = call("run", str(tmp_path / "s.toml"), "--replications", "1", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "places" / "cities.csv").is_file()
    assert "places/cities.csv" in (tmp_path / "out" / "contents.txt").read_text()


def test_json_stays_json_with_out(tmp_path, quick_figures):
    done = call(*RUN, "--json", "--out", str(tmp_path / "out"))
    json.loads(done.stdout)
    assert "written:" in done.stderr


def test_a_failed_run_writes_nothing(tmp_path, monkeypatch):
    from channelsim.analysis import report

    def fail(*_, **__):
        raise ScenarioError("no report\ntoday")

    monkeypatch.setattr(report, "report_files", fail)
    done = call(*RUN, "--out", str(tmp_path / "out"))
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", "error: no report today\n")
    assert list(tmp_path.iterdir()) == []


BAD = {
    "unknown scenario": (["run", "nope"], "neither a file nor in the library"),
    "missing file": (["run", "nope.toml"], "nope.toml"),
    "no replications": ([*RUN, "--replications", "0"], "at least 1"),
    "replications no number": ([*RUN, "--replications", "x"], "--replications"),
    "no scenario": (["run"], "SCENARIO"),
    "unknown command": (["frobnicate"], "frobnicate"),
    "unknown option": ([*RUN, "--bogus"], "--bogus"),
    "unknown field": ([*RUN, "--set", "demand.nois=none"], "noise"),
    "wrong value": ([*RUN, "--set", "weeks=soon"], "weeks = 'soon'"),
    "no value": ([*RUN, "--set", "weeks"], "KEY=VALUE"),
    "missing policy": ([*RUN, "--policy", "nope.toml"], "nope.toml"),
    "same policy twice": ([*RUN, "--policy", "base", "--policy", "base"], "twice"),
    "no workers": ([*RUN, "--workers", "0"], "at least 1"),
    "negative seed": ([*RUN, "--seed", "-1"], "seed = -1"),
    "out is a file": ([*RUN, "--out", __file__], "not a folder"),
    "out holds other files": ([*RUN, "--out", os.path.dirname(__file__)], "new or empty folder"),
    "show unknown": (["show", "nope"], "neither a file nor in the library"),
    "plan into foreign folder": (
        ["plan", "density", "--out", os.path.dirname(__file__)],
        "new or empty folder",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2(case):
    args, message = BAD[case]
    done = call(*args)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_is_no_scenario(tmp_path):
    done = call("run", str(tmp_path))
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_an_error_of_ours_is_not_hidden(monkeypatch):
    """A defect of the package shows its traceback; it is not passed off as bad input."""

    def broken(_):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(compilation, "compile_ahead", broken)
    done = call(*RUN)
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_interruption_has_its_exit_code(monkeypatch, error):
    def interrupted(_):
        raise error

    monkeypatch.setattr(compilation, "compile_ahead", interrupted)
    done = call(*RUN)
    assert (done.exit_code, done.stdout) == (130, "")


def test_scenarios_lists_the_library():
    done = call("scenarios")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == library_names()
    sizes = {s["name"]: s for s in json.loads(call("scenarios", "--json").stdout)}
    assert list(sizes) == library_names()
    assert sizes["bilateral"] == {
        "name": "bilateral",
        "title": "One manufacturer, one retailer",
        "territories": 1,
        "members": 2,
        "shelves": 1,
        "weeks": 104,
    }
    assert sizes["chain"]["members"] == 1 + 10 + 500
    assert sizes["chain"]["shelves"] == 500
    assert sizes["appliances"]["territories"] >= 170


def test_sizes_are_those_of_the_base_density():
    """What is listed equals what a run counts."""
    sizes = {s["name"]: s for s in json.loads(call("scenarios", "--json").stdout)}
    run = json.loads(
        call(
            "run", "pxy", "--replications", "1", "--set", "weeks=2", "--set", "warm_up_weeks=0", "--json"
        ).stdout
    )
    counted = {r["metric"]: r["mean"] for r in run["summary"]["overall"]}
    assert counted["active_members"] == sizes["pxy"]["members"]


def test_show_prints_tables_and_the_week(tmp_path):
    done = call("show", "pxy", "--out", str(tmp_path / "pxy"))
    assert done.exit_code == 0, done.output
    for head in ("GROUPS", "CONTRACTS", "BRANDS", "THE WEEK", "stores of Y", "arrivals", "receive goods"):
        assert head in done.stdout
    names = {p.name for p in (tmp_path / "pxy").iterdir()}
    assert names == {"network.png", "groups.csv", "contracts.csv", "brands.csv", "week.txt", "contents.txt"}
    assert (tmp_path / "pxy" / "network.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "pxy" / "contracts.csv").read_text().splitlines()) == 1 + 8
    assert "--out" in call("show", "bilateral").stdout


def test_compile_says_how_long_and_leaves_the_handler_of_interrupts():
    before = signal.getsignal(signal.SIGINT)
    assert call("compile").stdout.startswith("compiled and cached in ")
    assert call("compile").exit_code == 0
    assert signal.getsignal(signal.SIGINT) is before


# --- as processes --------------------------------------------------------------------------------------


def test_bad_input_as_a_process():
    process = start("run", "nope")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count(b"\n")) == (2, b"", 1)


@pytest.mark.parametrize("args", [["scenarios"], ["--help"], [*RUN, "--json"]])
def test_a_reader_that_has_gone_is_no_disaster(args):
    process = start(*args)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    told = process.stderr.read()
    assert process.wait(timeout=120) == 141
    assert told == b""


def test_interruption_ends_a_run():
    call("compile")
    process = start("run", "chain", "--replications", "100000", "--workers", "2")
    time.sleep(6)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)  # the run itself would take many minutes
    # ended by the signal itself while it still compiles or imports: a shell reports 130 for both
    assert process.returncode in (130, -signal.SIGINT)
    assert b"Traceback" not in told
