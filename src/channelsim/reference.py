"""The reference pages, as Markdown written from the declarations.

A page of the documentation holds a line ``<!-- generated: name -->``; the build puts `page(name)` in its
place. Fields come from the pydantic models, columns and metrics from their CSV files, the week from its list
of steps, mechanisms from their docstrings, the proof table from its stored run: nothing is described twice,
so nothing can fall behind.
"""

from __future__ import annotations

import inspect
import pkgutil
import types
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from math import isnan
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from channelsim import (
    diversion_parts,
    incentive_parts,
    influence_parts,
    mechanisms,
    member_parts,
    parts,
    power_parts,
)
from channelsim.decisions import Density, Ended, Governance, Policy, TermsChange
from channelsim.effects import EFFECTS
from channelsim.facts.table import page as facts_page
from channelsim.metrics import metric_table
from channelsim.planning import PHASES, plan_week, week_page
from channelsim.policy.levers import Lever
from channelsim.policy.problem import Constraint, Objective, Problem, TradeOff, Uncertainty
from channelsim.scenario import Scenario, library_names
from channelsim.schema import COLUMNS, Column
from channelsim.verification.cases import Row
from channelsim.verification.table import HEADS, cells, stored
from channelsim.week import STEPS
from channelsim.world import build

SCENARIO_PARTS: tuple[type[BaseModel], ...] = (
    Scenario,
    parts.TerritoryGroup,
    parts.Segment,
    parts.Brand,
    member_parts.MemberGroup,
    member_parts.Pricing,
    member_parts.Ordering,
    member_parts.Contract,
    incentive_parts.QuantityDiscount,
    incentive_parts.DiscountStep,
    incentive_parts.TargetRebate,
    incentive_parts.RebateStep,
    incentive_parts.GrowthBonus,
    incentive_parts.Buyback,
    incentive_parts.RevenueShare,
    parts.Demand,
    parts.Event,
    parts.Distribution,
    power_parts.Power,
    power_parts.OutsideOption,
    power_parts.Bargaining,
    influence_parts.Relations,
    influence_parts.Attempt,
    influence_parts.Strategies,
    influence_parts.Bases,
    influence_parts.GivenBases,
    influence_parts.Knowledge,
    diversion_parts.Diversion,
)
POLICY_PARTS: tuple[type[BaseModel], ...] = (Policy, Density, TermsChange, Ended, Governance)
PROBLEM_PARTS: tuple[type[BaseModel], ...] = (
    Problem,
    Lever,
    Objective,
    Constraint,
    Uncertainty,
    TradeOff,
)
ASSUMED = "declared assumption"
MEANINGS = {
    "name": "unique name; it begins with a letter or a digit and holds no dot",
    "role": "role in the channel; retailers, integrators and direct outlets sell to consumers",
    "supplier": "supplying group",
    "buyer": "buying group",
    "week": "first week in force; weeks count from 0",
    "operation": "what happens to the value of the column",
    "value": "number to set, to add or to multiply by",
    "distribution": "family from which members are drawn",
}
"""Fields whose name nearly says it and whose declaration says nothing."""
FIRST_NAMES = ("simulate", "Scenario", "Policy", "Result", "Channel", "ChannelModel", "verify")
"""The public names that a reader looks up first."""
HOMES = {
    "world": "fixed for a run",
    "terms": "set by a policy",
    "state": "changes week by week",
}


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table; cells may hold any text."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") or "–" for cell in line) + " |" for line in lines
    )


# --- fields of scenarios and policies ------------------------------------------------------------------


def kind_of(annotation: Any) -> str:
    """Return what a field takes, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(arguments[0])
    if origin is Literal and len(arguments) == 1:
        return f"`{arguments[0]}`"
    if origin is Literal:
        return "one of " + ", ".join(
            f"`{value}`" if isinstance(value, str) else str(value) for value in arguments
        )
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind_of(a) for a in arguments if a is not type(None)))
    if origin is list:
        return f"list of {kind_of(arguments[0])}"
    if origin is dict:
        return f"{kind_of(arguments[1])} by name"
    if annotation is Any:
        return "any value"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{anchor(annotation)})"
    return {float: "number", int: "whole number", bool: "true or false", str: "text"}[annotation]


def bounds_of(field: FieldInfo) -> str:
    """Return the admissible range of a number in words, "" if there is none."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    found = [
        *field.metadata,
        *(m for a in _members(field.annotation) for m in getattr(a, "__metadata__", ())),
    ]
    low = next((f"≥\N{NO-BREAK SPACE}{_short(m.ge)}" for m in found if isinstance(m, Ge)), "")
    low = low or next((f">\N{NO-BREAK SPACE}{_short(m.gt)}" for m in found if isinstance(m, Gt)), "")
    high = next((f"≤\N{NO-BREAK SPACE}{_short(m.le)}" for m in found if isinstance(m, Le)), "")
    high = high or next((f"<\N{NO-BREAK SPACE}{_short(m.lt)}" for m in found if isinstance(m, Lt)), "")
    if "minimum" in extra:
        low = f"≥\N{NO-BREAK SPACE}{_short(extra['minimum'])}"
    if "maximum" in extra:
        high = f"≤\N{NO-BREAK SPACE}{_short(extra['maximum'])}"
    return ", ".join(filter(None, (low, high)))


def _members(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _members(argument)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def default_of(field: FieldInfo) -> str:
    """Return a field's default as it would be written, or that it is required."""
    if field.is_required():
        return "required"
    value = field.default
    if value is None or isinstance(value, BaseModel) or value in ("", [], {}):
        return ""
    if isinstance(value, list):
        return "one with defaults"
    text = str(value).lower() if isinstance(value, bool) else _short(value)
    return f"`{text}`"


def source_of(field: FieldInfo) -> str:
    """Return where a default number comes from; one without a source is a declared assumption."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    number = isinstance(field.default, int | float) and not isinstance(field.default, bool)
    return str(extra.get("source") or (ASSUMED if number else ""))


def anchor(model: type[BaseModel]) -> str:
    """Return the anchor of a model's section."""
    return f"field-{model.__name__.lower()}"


def fields(models: tuple[type[BaseModel], ...]) -> str:
    """Return a section a model, with a row a field."""
    head = ("field", "takes", "default", "unit", "meaning", "source of the default")
    sections = []
    for model in models:
        rows = []
        for name, field in model.model_fields.items():
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            takes = ", ".join(filter(None, (kind_of(field.annotation), bounds_of(field))))
            symbol = f" ({extra['symbol']})" if extra.get("symbol") else ""
            meaning = (field.description or _first_line(field.annotation) or MEANINGS.get(name, "")) + symbol
            unit = str(extra.get("unit", ""))
            rows.append((f"`{name}`", takes, default_of(field), unit, meaning, source_of(field)))
        about = inspect.cleandoc(model.__doc__ or "").split("\n\n")[0]
        sections.append(f"({anchor(model)})=\n## {model.__name__}\n\n{about}\n\n{table(head, rows)}")
    return "\n\n".join(sections)


def _first_line(annotation: Any) -> str:
    for part in _members(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return inspect.cleandoc(part.__doc__ or "").splitlines()[0].rstrip(".")
    return ""


# --- tables, metrics ---------------------------------------------------------------------------------


def columns() -> str:
    """Return a section a table of the world, with a row a column."""
    sections = []
    for name in dict.fromkeys(c.table for c in COLUMNS):
        rows = [_column_row(c) for c in COLUMNS if c.table == name]
        head = ("column", "symbol", "unit", "meaning", "lives", "written by", "default", "source")
        sections.append(f"## {name}\n\n{table(head, rows)}")
    return "\n\n".join(sections)


def _column_row(c: Column) -> tuple[str, ...]:
    lives = HOMES[c.home] + ("; events may touch it" if c.exogenous else "")
    low, high = _short(c.low), _short(c.high)
    span = "" if isnan(c.low) else f" ({low} to {'∞' if high == 'inf' else high})"
    default = "" if isnan(c.default) else f"{_short(c.default)}{span}"
    return f"`{c.name}`", c.symbol, c.unit, c.meaning, lives, c.writer or "input", default, c.source


def effects() -> str:
    """Return the table of the effects of influence and relations."""
    rows = [
        (
            f"`{e.name}`",
            e.symbol,
            f"{_short(e.default)} ({_short(e.low)} to {_short(e.high)})",
            e.unit,
            e.meaning,
            e.source,
        )
        for e in EFFECTS
    ]
    return table(("effect", "symbol", "default", "unit", "meaning", "source"), rows)


def metrics() -> str:
    """Return the table of all metrics."""
    rows = []
    for row in metric_table():
        tables = (
            row["table"] if row["table"] == row["stage_table"] else f"{row['table']} ({row['stage_table']})"
        )
        rows.append(
            (f"`{row['name']}`", row["unit"], row["meaning"], f"`{row['formula']}`", tables, row["groupings"])
        )
    return table(("metric", "unit", "meaning", "formula", "table", "can be grouped by"), rows)


# --- week, mechanisms, library ---------------------------------------------------------------------------


@cache
def week() -> str:
    """Return all steps in order, and the week of every scenario of the library."""
    rows = [
        (
            f"{s.phase}. {PHASES[s.phase]}",
            s.name,
            s.mode,
            f"[{s.mechanism}](#mechanism-{s.mechanism})",
            s.decision,
        )
        for s in STEPS.values()
    ]
    rows.sort(key=lambda row: int(row[0].split(".")[0]))
    parts_ = ["## Every step", table(("phase", "step", "mode", "mechanism", "decision"), rows)]
    for name in library_names():
        channel = build(Scenario.from_library(name))
        terms = channel.apply()
        steps = len(plan_week(channel, terms))
        parts_.append(
            f"## The week of `{name}`\n\n{steps} steps.\n\n```text\n{week_page(channel, terms)}\n```"
        )
    return "\n\n".join(parts_)


def mechanism_names() -> list[str]:
    """Return the modules of `channelsim.mechanisms`, in the order in which the week first meets them."""
    met = [s.mechanism for s in sorted(STEPS.values(), key=lambda s: s.phase)]
    known = [info.name for info in pkgutil.iter_modules(mechanisms.__path__)]
    return sorted(known, key=lambda name: met.index(name) if name in met else len(met))


def mechanism_pages() -> str:
    """Return a section a mechanism: its docstring, its steps, its switch."""
    sections = []
    for name in mechanism_names():
        module = import_module(f"channelsim.mechanisms.{name}")
        steps = [s.name for s in STEPS.values() if s.mechanism == name]
        used = f"Steps of the week: {', '.join(steps)}." if steps else "Used by the other mechanisms."
        text = inspect.cleandoc(module.__doc__ or "")
        link = f"{{py:mod}}`{name}.py <channelsim.mechanisms.{name}>`"
        sections.append(f"(mechanism-{name})=\n## {name}\n\n{text}\n\n{used} File: {link}.")
    return "\n\n".join(sections)


def library() -> str:
    """Return the scenarios of the library: title, size, description."""
    sections = []
    for name in library_names():
        scenario = Scenario.from_library(name)
        size = build(scenario).sizes
        stores = f"{size.stores} store{'s' * (size.stores != 1)}"
        territories = f"{size.territories} territor{'ies' if size.territories != 1 else 'y'}"
        shelves = f"{size.shelves} shel{'f' if size.shelves == 1 else 'ves'}"
        built = f"{territories}, {size.members} members ({stores}), {shelves}, {scenario.weeks} weeks"
        sections.append(f"## `{name}`: {scenario.title}\n\n{built}.\n\n{scenario.description}")
    return "\n\n".join(sections)


# --- verification --------------------------------------------------------------------------------------


def verification() -> str:
    """Return how many cases of the stored proof table hold, and a section a family."""
    found = stored()
    sections = [f"{len(found) - len(found.failed)} of {len(found)} cases hold."]
    for name, rows in found.families().items():
        lines = [(_case_cell(row), *cells(row)) for row in rows]
        remarks = [f"- *{row.case}*: {row.reason}" for row in rows if row.reason]
        section = f"## {name.capitalize()}\n\n{table(('case [unit], source, scenario', *HEADS), lines)}"
        sections.append("\n\n".join([section, *(["Remarks:", "\n".join(remarks)] if remarks else [])]))
    return "\n\n".join(sections)


def _case_cell(row: Row) -> str:
    unit, scenario = f" [{row.unit}]" if row.unit else "", f", `{row.scenario}`" if row.scenario else ""
    return f"{row.case}{unit}<br>*{row.source}*{scenario}"


# --- public names, commands ------------------------------------------------------------------------------


def commands() -> str:
    """Return a section a command, with what its ``--help`` prints."""
    from contextlib import redirect_stdout, suppress
    from io import StringIO

    from typer.main import get_command

    from channelsim.cli import app

    sections = []
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        stream = StringIO()
        with redirect_stdout(stream), suppress(SystemExit):
            app([name, "--help"])
        sections.append(f"## {name}\n\n```text\n{stream.getvalue().strip()}\n```")
    return "\n\n".join(sections)


def public_names() -> str:
    """Return the public interface, for autodoc; its modules document the same names in full."""
    front = import_module("channelsim")
    sections = []
    for name in dict.fromkeys([*FIRST_NAMES, *front.__all__]):
        home = front._HOMES[name]
        if find_spec(home) is None:
            continue
        directive = "autofunction" if inspect.isfunction(getattr(front, name)) else "autoclass"
        options = "   :no-index:\n" + ("" if directive == "autofunction" else "   :members:\n")
        sections.append(f"## {name}\n\n```{{eval-rst}}\n.. {directive}:: {home}.{name}\n{options}```")
    return "\n\n".join(sections)


PAGES: dict[str, Callable[[], str]] = {
    "scenario": lambda: fields(SCENARIO_PARTS),
    "policy": lambda: fields(POLICY_PARTS),
    "problem": lambda: fields(PROBLEM_PARTS),
    "tables": columns,
    "effects": effects,
    "metrics": metrics,
    "week": week,
    "mechanisms": mechanism_pages,
    "library": library,
    "verification": verification,
    "stylised_facts": facts_page,
    "api": public_names,
    "commands": commands,
}


def page(name: str) -> str:
    """Return the generated part of a reference page.

    Raises
    ------
    KeyError
        If there is no such page.
    """
    return PAGES[name]()


def fill(text: str) -> str:
    """Return the text of a page with every line ``<!-- generated: name -->`` replaced.

    Examples
    --------
    >>> "can be grouped by" in fill("<!-- generated: metrics -->")
    True
    """
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line.startswith("<!-- generated: ") and line.endswith(" -->"):
            lines[i] = page(line.removeprefix("<!-- generated: ").removesuffix(" -->"))
    return "\n".join(lines)
