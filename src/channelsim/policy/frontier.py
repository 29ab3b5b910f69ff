"""What one end costs another: the frontier of the objective against a second outcome.

By the ε-constraint method the second outcome is held at one level after another, and the objective made as
good as it gets at each. Policies that a search has already tried give the first answer at every level for
nothing; far from the plan that is a poor one. Small searches at the levels, which go on from all that is
known, improve it (`channelsim.policy.frontier_search`). Then every point is run once more on fresh draws:
what the frontier shows are those values, with intervals, and a point that turns out worse than another in
both outcomes is marked as dominated.

Source: Haimes, Lasdon & Wismer (1971), On a bicriterion formulation of the problems of integrated system
identification and system optimization, IEEE Transactions on Systems, Man, and Cybernetics 1, 296-297;
Miettinen (1999), Nonlinear Multiobjective Optimization, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import (
    Sampler,
    objective_difference,
    objective_estimate,
    one_sided,
    oriented,
    places_of,
    slack_estimate,
)
from channelsim.policy.frontier_search import Solver, pool_of, search_levels
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.outcomes import Outcome
from channelsim.policy.problem import Problem, TradeOff

if TYPE_CHECKING:
    from pandas import DataFrame


class FrontierPoint(NamedTuple):
    """One policy of the frontier, on fresh draws.

    Attributes
    ----------
    levels : tuple of float
        Levels of the second outcome at which it is the best found; empty for the baseline.
    policy : Policy
    values : tuple
        Of the levers.
    objective, against : Estimate
        Both outcomes in their own sense.
    objective_difference, against_difference : Estimate
        From the baseline, paired: larger objectives are better whatever the sense of the problem.
    kept : bool
        Whether every constraint of the problem is shown to be kept (one-sided, at the level).
    dominated : bool
        Whether another point, or the baseline, is better in both means.
    """

    levels: tuple[float, ...]
    policy: Policy
    values: tuple[Value, ...]
    objective: Estimate
    against: Estimate
    objective_difference: Estimate
    against_difference: Estimate
    kept: bool
    dominated: bool


class Frontier(NamedTuple):
    """The frontier of an objective against a second outcome.

    Attributes
    ----------
    points : tuple of FrontierPoint
        In the order of the second outcome, from what the objective alone would take to the best of it.
    baseline : FrontierPoint
    objective, against : str
        The outcomes.
    objective_unit, against_unit : str
    keep : {"at_least", "at_most"}
        In which sense the second outcome is good.
    unmet : tuple of float
        Levels that no policy kept.
    replications : int
        Fresh ones of every point.
    level : float
    """

    points: tuple[FrontierPoint, ...]
    baseline: FrontierPoint
    objective: str
    against: str
    objective_unit: str
    against_unit: str
    keep: Literal["at_least", "at_most"]
    unmet: tuple[float, ...]
    replications: int
    level: float

    def to_frame(self) -> DataFrame:
        """Return a row per point, the baseline last.

        Returns
        -------
        pandas.DataFrame
            point, levels, objective, objective_low, objective_high, against, against_low, against_high,
            objective_difference with low and high, against_difference with low and high, price (of the
            second outcome: what the objective loses per unit gained since the point before; NaN for the
            first), kept, dominated.
        """
        import pandas as pd

        rows, before = [], None
        for name, point in [
            *((f"point {k + 1}", p) for k, p in enumerate(self.points)),
            ("baseline", self.baseline),
        ]:
            row: dict[str, Any] = {"point": name, "levels": ", ".join(f"{x:.6g}" for x in point.levels)}
            for what in ("objective", "against", "objective_difference", "against_difference"):
                found = getattr(point, what)
                row |= {what: found.value, f"{what}_low": found.low, f"{what}_high": found.high}
            row["price"] = np.nan
            if before is not None and name != "baseline":
                gained = abs(point.against.value - before.against.value)
                lost = before.objective_difference.value - point.objective_difference.value
                row["price"] = lost / gained if gained else np.nan
            rows.append(row | {"kept": point.kept, "dominated": point.dominated})
            before = point
        return pd.DataFrame(rows)


def frontier(
    problem: Problem,
    against: str,
    evaluator: Sampler,
    candidates: Sequence[Candidate],
    *,
    keep: Literal["at_least", "at_most"] = "at_least",
    levels: int | Sequence[float] = 5,
    plan: Candidate | None = None,
    solver: Solver | None = None,
    solver_replications: int = 40,
    tried: Sequence[Candidate] = (),
    replications: int = 32,
    seed: int = 1,
    level: float = 0.95,
) -> Frontier:
    """Trace the objective against a second outcome.

    Parameters
    ----------
    problem : Problem
    against : str
        Outcome, such as ``'profit(role="retailer")'``; its mean counts.
    evaluator : Evaluator
        It has to sample ``against`` besides the problem's outcomes.
    candidates : sequence of Candidate
        What a search of this problem, by this evaluator, has tried.
    keep : {"at_least", "at_most"}
        at_least where more of the second outcome is good, at_most where less is.
    levels : int or sequence of float
        Levels at which the second outcome is held; how many: evenly from what the plan has to the best that
        any feasible candidate has, the inner one nearest to the baseline moved to it where the baseline lies
        between.
    plan : Candidate, optional
        One of the candidates, which stands at the first of the levels that are made: the policy that has been
        chosen. Default: the best of the candidates.
    solver : callable, optional
        Searches at every level that is given, or all but the first of those that are made; default: take
        the best of the candidates. See `channelsim.policy.frontier_search.Solver`.
    solver_replications : int
        Its budget at every level.
    tried : sequence of Candidate
        What `channelsim.policy.frontier_search.search_levels` has tried already. It competes at every level;
        the levels are those of the candidates without it.
    replications : int
        Fresh ones of every point.
    seed : int
        Of the solver.
    level : float
        Of each interval.

    Returns
    -------
    Frontier

    Raises
    ------
    ScenarioError
        If the second outcome is not admissible or not sampled, no candidate is feasible, or levels are not
        admissible.
    """
    unit = Outcome(against).unit
    if keep not in ("at_least", "at_most"):
        raise ScenarioError(f"frontier: keep = {keep!r}: admissible: at_least, at_most")
    if replications < 2:
        raise ScenarioError(f"frontier: replications = {replications}: at least 2")
    pool = pool_of(problem, evaluator, against, keep, candidates)
    if isinstance(levels, int):
        held, first = pool.levels(levels, plan), pool.first(plan) if plan else None
    else:
        held, first = sorted(map(float, levels))[:: int(pool.sign)], None
    pool.add(tried)
    if solver is not None:
        trade_off = TradeOff(outcome=against, keep=keep)
        pool.add(
            search_levels(
                problem, [trade_off], evaluator, [*candidates, *tried], solver,
                levels=held[1:] if isinstance(levels, int) else held,
                replications=solver_replications, seed=seed,
            )
        )  # fmt: skip
    chosen: dict[tuple[Value, ...], list[float]] = {}
    unmet = []
    for k, epsilon in enumerate(held):
        best = first if first and k == 0 else pool.best(epsilon)
        if best is None:
            unmet.append(epsilon)
        else:
            chosen.setdefault(best.values, []).append(epsilon)
    picked = [(tuple(of), problem.policy(values), values) for values, of in chosen.items()]
    points = _on_fresh_draws(problem, against, evaluator, picked, replications, level)
    base, points = points[0], _marked(points, pool.sign)[1:]  # the baseline may beat some
    order = sorted(points, key=lambda p: pool.sign * p.against.value)
    objective = problem.objective
    return Frontier(
        tuple(order), base, objective.outcome, against, objective.read.unit, unit, keep, tuple(unmet),
        replications, level,
    )  # fmt: skip


def _on_fresh_draws(
    problem: Problem,
    against: str,
    evaluator: Sampler,
    picked: Sequence[tuple[tuple[float, ...], Policy, tuple[Value, ...]]],
    replications: int,
    level: float,
) -> list[FrontierPoint]:
    """Return the baseline and the policies picked as points."""
    places = places_of(problem, evaluator, [against])
    at, second, objective = places[problem.objective.outcome], places[against], problem.objective
    everybody: list[tuple[tuple[float, ...], Policy, tuple[Value, ...]]] = [
        ((), problem.baseline, ()),
        *picked,
    ]
    samples = evaluator.sample([policy for _, policy, _ in everybody], replications, "report")
    base = samples[0]
    points = []
    for (levels, policy, values), sample in zip(everybody, samples):
        kept = all(
            slack_estimate(
                k, sample[:, places[k.outcome]], base[:, places[k.outcome]], one_sided(level)
            ).low >= 0.0
            for k in problem.constraints
        )  # fmt: skip
        points.append(
            FrontierPoint(
                levels,
                policy,
                values,
                oriented(objective_estimate(objective, sample[:, at], level), objective),
                mean(sample[:, second], level),
                objective_difference(objective, sample[:, at], base[:, at], level),
                paired_difference(sample[:, second], base[:, second], level),
                kept,
                False,
            )
        )
    return points


def _marked(points: Sequence[FrontierPoint], sign: float) -> list[FrontierPoint]:
    """Return the points, with those marked that another beats in both outcomes."""

    def ends(p: FrontierPoint) -> tuple[float, float]:
        return p.objective_difference.value, sign * p.against.value

    return [
        p._replace(dominated=any(all(a > b for a, b in zip(ends(other), ends(p))) for other in points))
        for p in points
    ]
