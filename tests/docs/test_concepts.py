"""The concept map names nothing that is not there: modules, scenarios, pages, lessons, tests."""

import re
from pathlib import Path

import pytest

import channelsim
from channelsim.scenario import library_names

ROOT = Path(__file__).parents[2]
DOCS, PACKAGE = ROOT / "docs", Path(channelsim.__file__).parent
MAP = (DOCS / "concepts.md").read_text(encoding="utf-8")
COLUMNS = ("id", "concept", "where", "scenario", "lesson, tests")
NOT_MODULES = {
    "equity",
    "direct_outlet",
    "loyalty",
    "owner",
    "switching_cost",
    "fixed_cost",
    "[[bases.given]]",
}
"""What stands in the column *where* and is a field of a scenario."""
WITH_LESSON = [f"T{k}" for k in (*range(1, 12), 13, 22, 23, 24, 25, 27, 31, 33)]
"""Concepts of power, density and incentives."""


def rows_of(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of the map by id."""
    body = text.split("```{list-table}")[1].split("```")[0]
    rows = [
        dict(zip(COLUMNS, (cell.strip() for cell in re.split(r"\n {2}- ", "\n  - " + row)[1:])))
        for row in re.split(r"^\* - ", body, flags=re.MULTILINE)[1:]
    ]
    return {row["id"]: row for row in rows[1:]}


ROWS = rows_of(MAP)


def missing_from(row: dict[str, str], scenarios: list[str]) -> list[str]:
    """Return what a row names and the repository does not hold."""
    gone = []
    for name in re.findall(r"`([^`]+)`", row["where"]):
        path = PACKAGE / (name if name.endswith((".toml", ".csv")) else name.replace(".", "/"))
        if name not in NOT_MODULES and not any(p.exists() for p in (path, path.with_suffix(".py"))):
            gone.append(name)
    gone += [name for name in re.findall(r"`([^`]+)`", row["scenario"]) if name not in scenarios]
    for name in re.findall(r"#mechanism-(\w+)", row["where"]):
        if not (PACKAGE / "mechanisms" / f"{name}.py").is_file():
            gone.append(f"#mechanism-{name}")
    lesson, _, tests = row["lesson, tests"].partition("tests ")
    for target in re.findall(r"\]\(([^)#]+)\)", lesson):
        if not any((DOCS / (target + suffix)).is_file() for suffix in ("", ".ipynb", ".md")):
            gone.append(target)
    gone += [n for n in re.findall(r"`([^`]+)`", tests) if not (ROOT / "tests" / f"{n}.py").is_file()]
    return gone


@pytest.mark.parametrize("concept", sorted(ROWS, key=lambda name: int(name[1:])))
def test_what_a_concept_names_is_there(concept):
    assert list(ROWS[concept]) == list(COLUMNS)
    assert missing_from(ROWS[concept], library_names()) == []


@pytest.mark.parametrize("concept", WITH_LESSON)
def test_a_concept_with_a_lesson_has_its_module_scenario_lesson(concept):
    row = ROWS[concept]
    assert "`" in row["where"] or "#mechanism-" in row["where"]
    assert "`" in row["scenario"]
    assert "](" in row["lesson, tests"]


def test_what_is_not_there_is_noticed():
    row = dict.fromkeys(COLUMNS, "")
    row |= {"where": "`no_module`, [x](#mechanism-nothing)", "scenario": "`nowhere`"}
    row |= {"lesson, tests": "[x](tutorial/notebooks/99_nothing); tests `unit/test_nothing`"}
    expected = [
        "no_module",
        "nowhere",
        "#mechanism-nothing",
        "tutorial/notebooks/99_nothing",
        "unit/test_nothing",
    ]
    assert missing_from(row, library_names()) == expected
