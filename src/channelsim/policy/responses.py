"""How the objective answers to each lever around a policy: steps down and up, and elasticities.

Every lever is moved alone, down and up by a share of its range (whole numbers by one, categorical levers to
each other choice), and compared with the policy on the same draws:

    down = J(x − h) − J(x),   up = J(x + h) − J(x),   elasticity = (J(x₊) − J(x₋)) / (x₊ − x₋) · x / J(x)

The elasticity is the central difference (at a bound the one-sided one), in per cent per per cent. Its
interval is that of the paired difference, J(x) in the denominator taken as known: its own error is of second
order. At an optimum inside the bounds neither step gains more than its error, unless a constraint forbids
the step: then the constraint is what binds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from channelsim.analysis.estimators import Estimate
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import Sampler, objective_difference, places_of, sign
from channelsim.policy.levers import Lever, Value
from channelsim.policy.problem import Problem

if TYPE_CHECKING:
    from pandas import DataFrame

STEP = 0.05
"""Share of a real lever's range that it is moved by (declared)."""
_NONE = Estimate(np.nan, np.nan, np.nan, np.nan, 0)


class Response(NamedTuple):
    """How the objective answers to one lever.

    Attributes
    ----------
    lever, unit : str
    value : float, int or str
        At the policy.
    down_value, up_value : float, int, str or None
        Where the lever was moved; None beyond a bound. A categorical lever has a `Response` per other choice,
        as ``up``.
    down, up : Estimate
        Change of the objective, larger better; NaN where not moved.
    elasticity : Estimate
        Per cent of the objective per per cent of the lever, in the outcome's own sense; NaN for categorical
        levers and at a lever or an objective of zero.
    down_missed, up_missed : tuple of str
        Constraints whose mean slack is below zero there.
    """

    lever: str
    unit: str
    value: Value
    down_value: Value | None
    up_value: Value | None
    down: Estimate
    up: Estimate
    elasticity: Estimate
    down_missed: tuple[str, ...]
    up_missed: tuple[str, ...]


def responses(
    problem: Problem,
    values: Sequence[Value],
    evaluator: Sampler,
    *,
    replications: int = 8,
    step: float = STEP,
    level: float = 0.95,
    block: str = "report",
) -> tuple[Response, ...]:
    """Move every lever alone, down and up, and compare on common draws.

    Parameters
    ----------
    problem : Problem
    values : sequence
        Of the levers.
    evaluator : Evaluator
    replications : int
    step : float
        Share of its range that a real lever is moved by.
    level : float
    block : str

    Raises
    ------
    ScenarioError
        If the step is not between 0 and 1/2, or a value is not admissible.
    """
    if not 0.0 < step <= 0.5:
        raise ScenarioError(f"responses: step = {step:g}: above 0, at most 0.5 of a lever's range")
    moves = [
        (k, down, up) for k, lever in enumerate(problem.levers) for down, up in _moves(lever, values[k], step)
    ]
    points: dict[tuple[Value, ...], None] = {tuple(values): None}
    for k, down, up in moves:
        points |= dict.fromkeys(_moved(values, k, end) for end in (down, up) if end is not None)
    places = places_of(problem, evaluator)
    policies = [problem.baseline, *(problem.policy(point) for point in points)]
    sampled = evaluator.sample(policies, replications, block)
    base, found = sampled[0], dict(zip(points, sampled[1:]))
    objective = problem.objective
    at = places[objective.outcome]
    own = found[tuple(values)]
    size = sign(objective) * objective.value(own[:, at])

    def change(k: int, end: Value | None) -> Estimate:
        if end is None:
            return _NONE
        return objective_difference(objective, found[_moved(values, k, end)][:, at], own[:, at], level)

    def missed(k: int, end: Value | None) -> tuple[str, ...]:
        if end is None:
            return ()
        there = found[_moved(values, k, end)]
        return tuple(
            c.label
            for c in problem.constraints
            if c.slack(there[:, places[c.outcome]], base[:, places[c.outcome]]) < 0.0
        )

    def elasticity(k: int, down: Value | None, up: Value | None) -> Estimate:
        x, low = values[k], values[k] if down is None else down
        high = x if up is None else up
        if isinstance(x, str) or isinstance(low, str) or isinstance(high, str) or problem.levers[k].choices:
            return _NONE
        if x == 0.0 or size == 0.0 or high == low:
            return _NONE
        above, below = (found[_moved(values, k, end)][:, at] for end in (high, low))
        slope = objective_difference(objective, above, below, level)
        factor = sign(objective) * x / ((high - low) * size)
        first, last = sorted((factor * slope.low, factor * slope.high))
        return Estimate(
            factor * slope.value, abs(factor) * slope.standard_error, first, last, slope.replications
        )

    return tuple(
        Response(
            problem.levers[k].label, problem.levers[k].unit, values[k], down, up, change(k, down),
            change(k, up), elasticity(k, down, up), missed(k, down), missed(k, up),
        )
        for k, down, up in moves
    )  # fmt: skip


def _moved(values: Sequence[Value], k: int, end: Value) -> tuple[Value, ...]:
    return (*values[:k], end, *values[k + 1 :])


def _moves(lever: Lever, value: Value, step: float) -> list[tuple[Value | None, Value | None]]:
    """Return pairs of (value below, value above); None beyond a bound."""
    lever.share_of(value)  # refuses what is not admissible
    if lever.choices:
        return [(None, other) for other in lever.choices if other != value]
    assert not isinstance(value, str)
    low, high = lever.bounds()
    width = 1 if lever.integer else step * (high - low)
    if lever.integer:
        value = int(value)
    down, up = max(value - width, low), min(value + width, high)
    rounded = int if lever.integer else (lambda x: float(f"{x:.10g}"))
    return [
        (
            rounded(down) if down < value else None,
            rounded(up) if up > value else None,
        )
    ]


def responses_frame(found: Sequence[Response]) -> DataFrame:
    """Return a table with a row per lever, the largest effect first.

    Returns
    -------
    pandas.DataFrame
        lever, unit, value, down_value, down, down_low, down_high, down_missed, the same of up, elasticity,
        elasticity_low, elasticity_high, replications.
    """
    import pandas as pd

    rows = []
    for r in found:
        row: dict[str, object] = {"lever": r.lever, "unit": r.unit, "value": r.value}
        for name, at, change, missed in (
            ("down", r.down_value, r.down, r.down_missed),
            ("up", r.up_value, r.up, r.up_missed),
        ):
            row |= {
                f"{name}_value": at, name: change.value, f"{name}_low": change.low,
                f"{name}_high": change.high, f"{name}_missed": "; ".join(missed),
            }  # fmt: skip
        row |= {
            "elasticity": r.elasticity.value, "elasticity_low": r.elasticity.low,
            "elasticity_high": r.elasticity.high,
            "replications": max(r.down.replications, r.up.replications),
        }  # fmt: skip
        rows.append(row)
    table = pd.DataFrame(rows)
    if rows:
        size = table[["down", "up"]].abs().max(axis=1)
        table = table.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    return table
