"""Nothing that is declared is missing from the reference pages, and every mark on a page is filled."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import channelsim
from channelsim import (
    decisions,
    diversion_parts,
    incentive_parts,
    influence_parts,
    member_parts,
    parts,
    power_parts,
    reference,
    scenario,
)
from channelsim.effects import EFFECTS
from channelsim.metrics import METRICS
from channelsim.policy import levers, problem
from channelsim.reference import MEANINGS, PAGES, POLICY_PARTS, PROBLEM_PARTS, SCENARIO_PARTS, fill, page
from channelsim.scenario import library_names
from channelsim.schema import COLUMNS
from channelsim.verification.table import FAMILIES, stored
from channelsim.week import STEPS

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = Path(channelsim.__file__).parent
GENERATED = {"scenario": SCENARIO_PARTS, "policy": POLICY_PARTS, "problem": PROBLEM_PARTS}
MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """Return the text under every second-level heading."""
    parts_ = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts_[::2], parts_[1::2]))


def rows(section: str) -> dict[str, list[str]]:
    """Return the cells of a table's rows, by the first cell."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines[2:]
    ]
    return {row[0].strip("`"): row for row in cells}


def models_of(module) -> set[type]:
    found = {
        value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, parts.Part)
    }
    return {model for model in found if model.__module__ == module.__name__ and model.model_fields}


def test_every_generated_page_stands_in_the_documentation():
    marks = [name for path in DOCS.rglob("*.md") for name in MARK.findall(path.read_text(encoding="utf-8"))]
    assert sorted(marks) == sorted(PAGES)


@pytest.mark.parametrize("path", sorted((DOCS / "reference").glob("*.md")), ids=lambda path: path.stem)
def test_every_mark_is_filled(path):
    assert "<!-- generated" not in fill(path.read_text(encoding="utf-8"))


def test_every_part_of_a_scenario_and_a_policy_is_listed():
    modules = (
        parts, member_parts, incentive_parts, power_parts, influence_parts, diversion_parts, scenario,
    )  # fmt: skip
    assert set(SCENARIO_PARTS) == set().union(*(models_of(module) for module in modules))
    assert set(POLICY_PARTS) == models_of(decisions)
    asked = {model for module in (levers, problem) for model in models_of(module)}
    assert set(PROBLEM_PARTS) == {model for model in asked if not model.__name__.startswith("_")}


@pytest.mark.parametrize(
    ("name", "model"),
    [pytest.param(name, model, id=model.__name__)
     for name, models in GENERATED.items() for model in models],
)  # fmt: skip
def test_every_field_has_its_row(name, model):
    found = rows(sections(page(name))[model.__name__])
    assert list(found) == list(model.model_fields)
    for field, row in found.items():
        _, takes, default, _, meaning, source = row
        assert takes != "–", field
        assert meaning != "–", field
        if re.fullmatch(r"`-?[\d.e+-]+`", default) and "number" in takes:
            assert source != "–", field


def test_no_meaning_is_said_twice():
    unsaid = {
        name
        for model in SCENARIO_PARTS + POLICY_PARTS + PROBLEM_PARTS
        for name, field in model.model_fields.items()
        if not field.description
    }
    assert set(MEANINGS) <= unsaid


def test_units_bounds_defaults_and_sources_come_from_the_schema():
    row = rows(sections(page("scenario"))["Ordering"])["stock_adjustment"]
    declared = next(c for c in COLUMNS if c.name == "stock_adjustment")
    assert row[1] == "number, ≥\N{NO-BREAK SPACE}0, ≤\N{NO-BREAK SPACE}1"
    assert row[2] == f"`{declared.default:g}`"
    assert declared.symbol in row[4]
    assert row[5] == declared.source
    assert rows(sections(page("scenario"))["MemberGroup"])["fixed_cost"][3] == "money per week"


def test_every_column_has_its_row():
    found = sections(page("tables"))
    assert sum(len(rows(section)) for section in found.values()) == len(COLUMNS)
    for c in COLUMNS:
        row = rows(found[c.table])[c.name]
        assert (row[2], row[3]) == (c.unit, c.meaning)
        assert ("events may touch it" in row[4]) == c.exogenous
        assert row[5] == (c.writer or "input")


def test_every_effect_has_its_row():
    found = rows(page("effects"))
    assert list(found) == [effect.name for effect in EFFECTS]
    for effect in EFFECTS:
        assert found[effect.name][4:] == [effect.meaning, effect.source]


def test_every_metric_has_its_row():
    found = rows(page("metrics"))
    assert list(found) == list(METRICS)
    for name, metric in METRICS.items():
        assert found[name][1:4] == [metric.unit, metric.meaning, f"`{metric.formula}`"]


def test_every_step_and_every_scenario_is_on_the_page_of_the_week():
    found = sections(page("week"))
    lines = [line for line in found["Every step"].splitlines() if line.startswith("| ")][2:]
    assert sorted(line.split(" | ")[1] for line in lines) == sorted(step.name for step in STEPS.values())
    phases = [int(line.split(".")[0].strip("| ")) for line in lines]
    assert phases == sorted(phases)
    assert [name for name in found if name.startswith("The week of")] == [
        f"The week of `{name}`" for name in library_names()
    ]


def test_every_mechanism_has_its_section_and_its_words():
    found = sections(page("mechanisms"))
    files = {path.stem: path for path in (PACKAGE / "mechanisms").glob("[a-z]*.py")}
    assert set(found) == set(files)
    for name, path in files.items():
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said in found[name]
    assert {step.mechanism for step in STEPS.values()} <= set(found)


def test_every_scenario_of_the_library_is_described():
    assert [name.split("`")[1] for name in sections(page("library"))] == library_names()


def test_every_case_of_the_proof_table_is_on_its_page():
    found = sections(page("verification"))
    assert [name.lower() for name in found] == list(FAMILIES)
    for name, kept in stored().families().items():
        lines = [line for line in found[name.capitalize()].splitlines() if line.startswith("| ")][2:]
        assert len(lines) == len(kept)
        for line, row in zip(lines, kept, strict=True):
            assert row.case in line.replace("\\|", "|")
            assert f"*{row.source}*" in line
            assert line.endswith(f"| {row.verdict} |")


def test_the_public_names_and_commands_are_there():
    assert sorted(sections(page("api"))) == sorted(channelsim.__all__)
    assert {"run", "scenarios", "show", "plan", "verify"} <= set(sections(page("commands")))
    assert "--replications" in sections(page("commands"))["run"]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (float | None, "number"),
        (dict[str, int], "whole number by name"),
        (list[str], "list of text"),
        (parts.PerBrand, "number or number by name"),
        (bool, "true or false"),
    ],
)
def test_what_a_field_takes_is_said_in_words(annotation, words):
    assert reference.kind_of(annotation) == words


def test_a_bar_in_a_cell_does_not_end_it():
    assert reference.table(("a", "b"), [("x | y", "")]).splitlines()[-1] == "| x \\| y | – |"


def test_an_unknown_page_is_refused():
    with pytest.raises(KeyError):
        fill("<!-- generated: nothing -->")
