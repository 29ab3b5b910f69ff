"""The proof table: every case of every family holds, each form of the table says so, the judge can fail."""

import json
import math

import pytest
from typer.testing import CliRunner

import channelsim
from channelsim import cli
from channelsim.errors import ScenarioError
from channelsim.scenario import library_folder
from channelsim.verification import table as proof
from channelsim.verification.cases import WIDEST, Case, Laboratory, Noisy, Row, judge
from channelsim.verification.table import FAMILIES, Table, cases, stored, verify

REWRITE = "channelsim verify --json > src/channelsim/verification/table.json"
LABORATORY = Laboratory()


def call(*args: str):
    return CliRunner().invoke(cli.app, ["verify", *args])


# --- the table itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_holds_and_is_the_stored_one(family):
    found, kept = verify(family, progress=False), stored().families()[family]
    assert [(row.case, row.reason) for row in found.failed] == []
    anew = f"write it anew: {REWRITE}"
    assert [row.case for row in found] == [row.case for row in kept], anew
    for now, then in zip(found, kept, strict=True):
        for field in ("source", "unit", "scenario", "verdict", "reason"):
            assert getattr(now, field) == getattr(then, field), f"{now.case}: {anew}"
        # not exact: an optimiser's path may turn on the last digit, which differs between machines
        near = {"rel": 1e-5 if then.half_width else max(1e-5, then.tolerance), "abs": 1e-6}
        simulated = now.optimised if now.simulated is None else now.simulated
        assert now.closed_form == pytest.approx(then.closed_form, rel=1e-9, abs=1e-12), f"{now.case}: {anew}"
        assert simulated == pytest.approx(then.simulated, **near), f"{now.case}: {anew}"
        assert (now.optimised is None, now.half_width is None) == (
            then.optimised is None,
            then.half_width is None,
        ), f"{now.case}: {anew}"
        if then.optimised is not None:
            assert now.optimised == pytest.approx(then.optimised, **near), f"{now.case}: {anew}"
        if then.half_width is not None:
            assert now.half_width == pytest.approx(then.half_width, rel=1e-4), f"{now.case}: {anew}"


def test_cases_have_names_of_their_own_and_belong_to_their_family():
    assert list(FAMILIES) == list(dict.fromkeys(case.family for case in cases()))
    for family in FAMILIES:
        names = [case.name for case in cases(family)]
        assert len(names) == len(set(names)), family
        assert {case.family for case in cases(family)} == {family}
    assert len(cases()) >= 35
    assert all(case.source for case in cases())


def test_every_family_has_negative_controls():
    words = ("control", "exactly 1", "no power between equals")
    for family in FAMILIES:
        # of statistics: an index that is zero
        assert any(word in case.name for case in cases(family) for word in (*words, "is zero")), family


def test_every_scenario_of_the_verification_is_judged():
    files = {path.stem for path in (library_folder() / "verification").glob("*.toml")}
    assert files == {case.scenario for case in cases() if case.scenario}


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("inventory", "expected stock of a base stock, Poisson demand"),
        ("bullwhip", "exponential smoothing, independent demand"),
    ],
)
def test_a_row_does_not_depend_on_the_number_of_workers(family, name):
    (case,) = (case for case in cases(family) if case.name == name)
    rows = [judge(case, Laboratory(workers=workers)) for workers in (1, 3)]
    assert rows[0] == rows[1]
    assert rows[0].half_width > 0.0


# --- the judge ----------------------------------------------------------------------------------------


def case_that_finds(simulated=None, optimised=None, closed_form=2.0, **more) -> Case:
    finders = {"simulated": simulated, "optimised": optimised}
    given = {
        name: value if callable(value) else lambda _, value=value: value
        for name, value in finders.items()
        if value is not None
    }
    known = closed_form if callable(closed_form) else lambda: closed_form
    return Case("statistics", "a case", "nobody 1900", known, **given, **more)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (2.0, "pass"),
        (2.0 * (1.0 + 0.5e-6), "pass"),
        (2.0 * (1.0 + 2.0e-6), "fail"),
        (2.0 * (1.0 - 2.0e-6), "fail"),
        (-2.0, "fail"),
        (math.nan, "fail"),
        (math.inf, "fail"),
        (Noisy(2.01, 0.0195), "pass"),
        (Noisy(1.99, 0.0195), "pass"),
        (Noisy(2.02, 0.0195), "fail"),
        (Noisy(2.0, 2.0 * WIDEST * 1.01), "fail"),
        (Noisy(2.0, math.nan), "fail"),
        (Noisy(math.nan, 0.001), "fail"),
        (Noisy(math.nan, math.nan), "fail"),
    ],
)
def test_the_judge(found, expected):
    row = judge(case_that_finds(simulated=found), LABORATORY)
    assert row.verdict == expected
    assert bool(row.reason) == (expected == "fail")
    assert judge(case_that_finds(optimised=found), LABORATORY).verdict == expected


def test_a_wide_interval_is_named_as_the_reason():
    row = judge(case_that_finds(Noisy(2.0, 0.05)), LABORATORY)
    assert row.reason == "the interval's half-width is 2.50% of the value, more than 1%"


def test_both_routes_have_to_hold_and_the_worse_one_is_told():
    for routes in ({"simulated": 2.0, "optimised": 2.1}, {"simulated": 2.1, "optimised": 2.0}):
        row = judge(case_that_finds(**routes, tolerance=1e-3), LABORATORY)
        assert (row.verdict, row.tolerance) == ("fail", 1e-3)
        assert row.error == pytest.approx(0.05)
        assert list(routes)[list(routes.values()).index(2.1)] in row.reason


def test_errors_are_absolute_where_the_closed_form_is_zero():
    assert judge(case_that_finds(0.5e-6, closed_form=0.0), LABORATORY).verdict == "pass"
    assert judge(case_that_finds(2.0e-6, closed_form=0.0), LABORATORY).verdict == "fail"
    assert judge(case_that_finds(Noisy(0.001, 0.005), closed_form=0.0), LABORATORY).verdict == "pass"
    assert judge(case_that_finds(Noisy(0.001, 0.02), closed_form=0.0), LABORATORY).verdict == "fail"


@pytest.mark.parametrize("closed_form", [math.nan, math.inf])
def test_a_theory_without_a_number_fails(closed_form):
    assert judge(case_that_finds(closed_form, closed_form=closed_form), LABORATORY).verdict == "fail"


def test_a_case_without_a_route_is_refused():
    with pytest.raises(ValueError, match="nothing is judged"):
        case_that_finds()


# --- a table of cases made for the tests -----------------------------------------------------------------


def broken(*_):
    raise ZeroDivisionError("no\nchannel")


HOLDS, IS_OFF = case_that_finds(2.0), case_that_finds(2.1)
NOISY = case_that_finds(Noisy(2.001, 0.01), unit="money per week", scenario="vertical_two_tiers")
ONLY_OPTIMISED = case_that_finds(optimised=2.0, tolerance=1e-3, reason="<not> simulated")
BREAKS = case_that_finds(broken, closed_form=3.0, reason="known to break")
NO_THEORY = case_that_finds(2.0, closed_form=broken)
NOT_FINITE = case_that_finds(math.nan)


@pytest.fixture
def with_cases(monkeypatch):
    """Put cases in the place of those of the family "statistics"."""

    def put(*given):
        own = proof._cases_of
        monkeypatch.setattr(proof, "_cases_of", lambda name: given if name == "statistics" else own(name))

    return put


def test_an_error_in_one_case_does_not_end_the_table(with_cases):
    with_cases(BREAKS, HOLDS, NO_THEORY)
    found = verify("statistics", progress=False)
    assert [row.verdict for row in found] == ["fail", "pass", "fail"]
    assert found[0].closed_form == 3.0
    assert found[0].reason == "ZeroDivisionError: no channel; known to break"
    assert math.isnan(found[2].closed_form)
    assert found.failed == (found[0], found[2])
    assert repr(found[1:]).startswith("<Table: 1 of 2 cases hold")


def test_interruption_ends_the_table(with_cases):
    def interrupted(_):
        raise KeyboardInterrupt

    with_cases(case_that_finds(interrupted))
    with pytest.raises(KeyboardInterrupt):
        verify("statistics", progress=False)


def test_what_is_asked_for_reaches_the_laboratory(with_cases):
    met = []

    def look(laboratory):
        met.append((laboratory.effort, laboratory.seed, laboratory.workers))
        return 2.0

    with_cases(case_that_finds(look))
    verify("statistics", progress=False)
    verify("statistics", long=True, seed=7, workers=2, progress=False)
    assert met == [(1, 1, None), (4, 7, 2)]


def test_json_is_strict_and_has_a_simulated_number(with_cases):
    with_cases(HOLDS, ONLY_OPTIMISED, NOISY, NOT_FINITE, BREAKS)
    found = verify("statistics", progress=False)
    rows = json.loads(json.dumps(found.to_json_rows(), allow_nan=False))
    assert all(list(row) == list(Row._fields) for row in rows)
    assert [row["simulated"] for row in rows] == [2.0, 2.0, 2.001, None, None]
    assert [row["optimised"] for row in rows] == [None, 2.0, None, None, None]
    assert rows[2]["half_width"] == 0.01
    assert rows[2]["tolerance"] == 0.005
    assert [row["verdict"] for row in rows] == ["pass"] * 3 + ["fail"] * 2
    again = Table.from_json_rows(rows)
    assert again[2] == found[2]
    assert again.to_json_rows() == found.to_json_rows()


def test_text_and_html_show_every_case_and_why_some_fail(with_cases):
    with_cases(HOLDS, IS_OFF, NOISY, ONLY_OPTIMISED, BREAKS)
    found = verify("statistics", progress=False)
    lines = found.to_text().splitlines()
    assert lines[0] == "STATISTICS"
    assert [" ".join(line.split()) for line in lines[4:9]] == [
        "a case 2 2 – 0 1.0e-06 pass",
        "a case 2 2.1 – 5.0e-02 1.0e-06 fail",
        "a case [money per week] 2 2.001 ± 0.01 – 5.0e-04 5.0e-03 pass",
        "a case 2 – 2 0 1.0e-03 pass",
        "a case 3 – – nan 1.0e-06 fail",
    ]
    at = lines.index("FAILING")
    assert lines[at + 2 : at + 4] == [
        "statistics: a case: simulated is off by 0.05, admitted is 1e-06",
        "statistics: a case: ZeroDivisionError: no channel; known to break",
    ]
    assert lines[-1] == "3 of 5 cases hold (0 s)"
    html = found._repr_html_()
    assert html.count("<tr>") == 1 + 1 + 5
    assert "&lt;not&gt; simulated" in html
    assert "3 of 5 cases hold" in html


def test_the_frame_has_a_column_a_field(with_cases):
    with_cases(HOLDS, ONLY_OPTIMISED)
    frame = verify("statistics", progress=False).to_frame()
    assert list(frame.columns) == list(Row._fields)
    assert frame["simulated"].isna().tolist() == [False, True]
    assert frame["half_width"].dtype == "float64"


# --- choosing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["vertical prices", "vertical-prices", "vertical_prices", " Vertical  Prices"]
)
def test_a_family_may_be_typed_with_spaces_hyphens_or_underscores(name):
    assert proof.family_names(name) == ("vertical prices",)


def test_families_come_in_the_order_of_the_table_and_once():
    assert proof.family_names(["statistics", "bullwhip", "statistics"]) == ("bullwhip", "statistics")
    assert proof.family_names() == tuple(FAMILIES)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"families": "bulwhip"}, "no family 'bulwhip' of theorems; there are vertical-prices, power"),
        ({"families": ["bullwhip", 3]}, "no family 3 of theorems"),
        ({"families": []}, "name at least one of vertical-prices"),
        ({"families": ""}, "no family ''"),
        ({"seed": -1}, "seed = -1: a whole number from 0"),
        ({"seed": True}, "seed = True: a whole number"),
        ({"workers": 0}, "workers = 0: a whole number of at least 1"),
    ],
)
def test_bad_input_is_one_line(asked, message):
    with pytest.raises(ScenarioError, match=message) as told:
        channelsim.verify(**asked)
    assert "\n" not in str(told.value)


# --- the command ----------------------------------------------------------------------------------------


def test_the_command_says_how_many_cases_hold(with_cases):
    with_cases(HOLDS, NOISY)
    done = call("statistics")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("\n2 of 2 cases hold (0 s)\n")


def test_the_command_ends_with_1_if_a_case_does_not_hold(with_cases):
    with_cases(HOLDS, IS_OFF)
    assert call("statistics").exit_code == 1
    done = call("statistics", "--json")
    assert done.exit_code == 1
    assert [row["verdict"] for row in json.loads(done.stdout)] == ["pass", "fail"]


def test_the_command_writes_a_list_of_rows():
    done = call("exchange_networks", "--json", "--workers", "1")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert done.stdout == json.dumps(rows, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert len(rows) == len(cases("exchange networks"))
    assert set(rows[0]) == set(Row._fields)
    assert done.stdout_bytes == call("exchange-networks", "--json", "--workers", "3").stdout_bytes


def test_options_of_the_command_reach_the_laboratory(with_cases):
    met = []

    def look(laboratory):
        met.append((laboratory.effort, laboratory.seed, laboratory.workers))
        return 2.0

    with_cases(case_that_finds(look))
    assert call("statistics", "--long", "--seed", "5", "--workers", "2").exit_code == 0
    assert met == [(4, 5, 2)]


@pytest.mark.parametrize(
    "args", [("bulwhip",), ("statistics", "--seed", "-1"), ("statistics", "--workers", "0"), ("--bogus",)]
)
def test_bad_input_of_the_command_is_one_line_and_exit_code_2(args):
    done = call(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
