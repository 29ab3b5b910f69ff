"""Steps taken together give what they give one by one; loops marked rowwise keep what they promise."""

import ast
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import channelsim
from channelsim.compiled import rowwise
from channelsim.decisions import BASE
from channelsim.engines.driver import Driver
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.fusing import FUSIONS, TAKEN, fuse
from channelsim.planning import plan_week
from channelsim.prefetch import fetch
from channelsim.scenario import Scenario, library_names
from channelsim.week import STEPS
from channelsim.world import build
from compiled_code import compares_with_plain_python, reads_vector_instructions

PACKAGE = Path(channelsim.__file__).parent


def small(name):
    return build(Scenario.from_library(name).replace(weeks=6, warm_up_weeks=0))


def test_what_is_fused_are_steps_that_settle_in_the_order_of_the_week():
    for fusion in FUSIONS:
        assert fusion.code not in STEPS
        assert list(fusion.steps) == sorted(fusion.steps)
    lengths = [len(fusion.steps) for fusion in FUSIONS]
    for place, fusion in enumerate(FUSIONS):  # a longer one is tried before any that it begins with
        assert all(fusion.steps != other.steps[: lengths[place]] for other in FUSIONS[place + 1 :])


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda fusion: str(fusion.code))
def test_only_neighbours_of_one_tier_and_period_are_fused(fusion):
    first, *others = fusion.steps
    alone = [(first, 2, 1)] + [(code, 2, 1) for code in others]
    taken = [(TAKEN, 2, 1)] * len(others)
    assert fuse([(0, -1, 1), *alone, (9, -1, 4)]) == [(0, -1, 1), (fusion.code, 2, 1), *taken, (9, -1, 4)]
    for moved in ((first, 1, 1), (first, 2, 4)):
        assert fuse([moved, *alone[1:]])[0] == moved
    between = [alone[0], (0, 2, 1), *alone[1:]]
    assert fuse(between)[:2] == between[:2]


def final_state(channel, *, together):
    """Return the state at the end, with the steps fused or one by one."""
    active, terms = channel.under(BASE)
    space = Workspace(active, Recording.of((), (), active), Groupings.of(active), 1)
    driver = Driver(active, terms, space, 3, 0, np.zeros(2, dtype=np.int64))
    if together:
        driver.run(1)
    else:
        for week in range(active.scenario.weeks):
            for place in range(len(driver.plan)):
                driver.step(week, place)
            driver.close(week)
    return space.state.flat


@compares_with_plain_python
@pytest.mark.bounds
def test_every_fusion_gives_what_its_steps_give():
    seen = set()
    for name in library_names():  # the others: equivalence/test_mesa.py
        channel = small(name)
        fused = {code for code, _, _ in fuse(plan_week(*channel.under(BASE)))} - {*STEPS, TAKEN}
        if fused - seen:
            seen |= fused
            one_by_one = final_state(channel, together=False)
            assert np.array_equal(final_state(channel, together=True), one_by_one), name
    assert seen == {fusion.code for fusion in FUSIONS}


def rowwise_functions():
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "rowwise" in map(ast.unparse, node.decorator_list):
                yield pytest.param(node, id=node.name)


def broken_promises(function):
    """Return what a round of a loop shares with another: loops in it, rows that it writes elsewhere, sums."""
    found = []
    for loop in (node for node in function.body if isinstance(node, ast.For)):
        index = loop.target.id
        written = {
            node.value.id
            for node in ast.walk(loop)
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        }
        for statement in loop.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.For | ast.While):
                    found.append("a loop within a loop")
                if isinstance(node, ast.Subscript) and node.value.id in written:
                    if ast.unparse(node.slice) != index:
                        found.append(f"{ast.unparse(node)} is written in another round")
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    found.append(f"{node.target.id} is carried on")
    return found


@pytest.mark.parametrize("function", list(rowwise_functions()))
def test_a_round_of_a_rowwise_loop_keeps_to_its_own_place(function):
    assert broken_promises(function) == []
    assert any(isinstance(node, ast.For) for node in function.body)
    assert all(isinstance(node, ast.For | ast.Expr) for node in function.body)


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(a.size):\n    a[i] = a[i - 1]",
        "for i in range(a.size):\n    a[b[i]] = 1.0",
        "for i in range(a.size):\n    a[i] = b[i]\n    total += b[i]",
        "for i in range(a.size):\n    for k in range(3):\n        a[i] = b[k]",
    ],
)
def test_a_broken_promise_is_found(body):
    source = "def f(a, b):\n" + "\n".join("    " + line for line in body.splitlines())
    assert broken_promises(ast.parse(source).body[0])


def rows_of(count):
    """Return a rowwise function of so many rows, the last four of which it writes."""
    names = [f"r{k}" for k in range(count)]
    summed = " + ".join(f"{name}[i]" for name in names[:-4])
    writes = "".join(f"        {name}[i] = {summed} + {k}.0\n" for k, name in enumerate(names[-4:]))
    known = {}
    exec(f"def f({', '.join(names)}):\n    for i in range(r0.size):\n{writes}", known)
    return known["f"]


@reads_vector_instructions
def test_a_rowwise_loop_of_many_rows_vectorises_without_a_check():
    count = 16
    many = rowwise(rows_of(count))
    known = {"many": many}
    exec(f"def call(t):\n    many({', '.join(f't[{k}]' for k in range(count))})", known)
    call = entry_of(known["call"])
    table = np.arange(count * 21, dtype=float).reshape(count, 21)
    expected = table[:-4].sum(axis=0) + np.arange(4.0)[:, None]
    call(table)
    np.testing.assert_array_equal(table[-4:], expected)
    assembly = next(iter(call.inspect_asm().values()))
    assert "ymm" in assembly or "zmm" in assembly


@reads_vector_instructions
def test_a_row_is_fetched_to_be_written():
    def write(row):
        fetch(row)
        for i in range(row.size):
            row[i] = 1.0

    compiled = entry_of(write)
    row = np.zeros(100)
    compiled(row)
    assert row.all()
    assert "prefetch" in next(iter(compiled.inspect_asm().values()))


def entry_of(function):
    """Compile a function that Python calls, without the cache."""
    return njit(error_model="numpy", nogil=True, _nrt=False)(function)
