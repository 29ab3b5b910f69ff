"""The page of the week is true: every step listed is performed, by the mechanism it names, in that order."""

import ast
import inspect
import re
from pathlib import Path

import channelsim
from channelsim import steps, week
from channelsim.planning import PHASES, plan_week, week_page
from channelsim.scenario import Scenario, library_names
from channelsim.world import build

SOURCE = Path(inspect.getfile(steps)).read_text(encoding="utf-8")
MECHANISMS = Path(channelsim.__file__).parent / "mechanisms"


def branches():
    """Return (code, mechanism called) of every branch, by the function that takes the step."""
    found = {}
    for function in ast.parse(SOURCE).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("take_"):
            node = function.body[-1]
            while isinstance(node, ast.If):
                code = getattr(week, node.test.comparators[0].id)
                found.setdefault(function.name, []).append((code, node.body[0].value.func.value.id))
                node = node.orelse[0] if node.orelse else None
    return found


def test_every_step_is_performed_by_the_mechanism_that_it_names():
    listed = [(code, step.mechanism) for code, step in week.STEPS.items() if code not in week.REVIEWS]
    assert sorted(pair for taken in branches().values() for pair in taken) == listed
    assert all((MECHANISMS / f"{step.mechanism}.py").is_file() for step in week.STEPS.values())


def test_every_step_is_compiled_once_with_the_week_or_in_its_part():
    taken = {function: tuple(code for code, _ in pairs) for function, pairs in branches().items()}
    assert all(codes == tuple(sorted(codes)) for codes in taken.values())
    for part in steps.PARTS:
        assert taken.pop(getattr(part.take, "py_func", part.take).__name__) == part.codes
    assert list(taken) == ["take_step"]
    assert set(taken["take_step"]).isdisjoint(steps.PART_OF)


def test_steps_are_listed_in_the_order_of_their_phases():
    phases = [step.phase for step in week.STEPS.values()]
    assert phases == sorted(phases)
    assert list(week.STEPS) == list(range(len(phases)))
    assert set(phases) == set(PHASES)


def test_a_plan_follows_the_list_and_its_page_names_every_step():
    for name in library_names():
        channel = build(Scenario.from_library(name))
        terms = channel.apply()
        plan = plan_week(channel, terms)
        phases = [planned.step.phase for planned in plan]
        assert phases == sorted(phases)
        page = week_page(channel, terms)
        assert all(re.search(re.escape(planned.step.name), page) for planned in plan)
