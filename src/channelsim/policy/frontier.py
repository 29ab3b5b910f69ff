"""What one end costs another: the frontier of the objective against a second outcome.

By the ε-constraint method the second outcome is held at one level after another, and the objective made as
good as it gets at each. Policies that a search has already tried give the first answer at every level for
nothing; a small search at each level, which starts there, improves it, and all that it tries serves the
other levels too. Then every point is run once more on fresh draws: what the frontier shows are those values,
with intervals, and a point that turns out worse than another in both outcomes is marked as dominated.

Source: Haimes, Lasdon & Wismer (1971), On a bicriterion formulation of the problems of integrated system
identification and system optimization, IEEE Transactions on Systems, Man, and Cybernetics 1, 296-297;
Miettinen (1999), Nonlinear Multiobjective Optimization, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.outcomes import Outcome
from channelsim.policy.problem import Constraint, Problem

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Solver = Callable[..., Any]
"""``solver(problem, replications=, seed=, evaluator=, start=)`` whose result has ``candidates``, such as
`channelsim.policy.solve.solve`."""


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
    levels: int | Sequence[float] = 6,
    solver: Solver | None = None,
    solver_replications: int = 100,
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
        Levels at which the second outcome is held; how many: evenly from what the best candidate has to the
        best that any feasible candidate has.
    solver : callable, optional
        Searches at every level; default: take the best of the candidates. See `Solver`.
    solver_replications : int
        Its budget at every level.
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
    pool = _Pool(problem, evaluator, against, -1.0 if keep == "at_most" else 1.0)
    pool.add(candidates)
    if not pool.held:
        raise ScenarioError("frontier: no candidate keeps the constraints; solve the problem first")
    held = pool.levels(levels) if isinstance(levels, int) else sorted(map(float, levels))
    held = held[::-1] if keep == "at_most" and not isinstance(levels, int) else held
    if solver is not None:
        for epsilon in held:
            bound = {"outcome": against, keep: epsilon, "name": f"level {epsilon:.6g}"}
            bounded = problem.model_copy(
                update={"constraints": [*problem.constraints, Constraint.model_validate(bound)]}
            )
            best = pool.best(epsilon)
            start = None if best is None else [best.values]
            found = solver(
                bounded, replications=solver_replications, seed=seed, evaluator=evaluator, start=start
            )
            pool.add(found.candidates)
    chosen: dict[tuple[Value, ...], list[float]] = {}
    unmet = []
    for epsilon in held:
        best = pool.best(epsilon)
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


class _Entry(NamedTuple):
    """A feasible candidate on the draws of the search: its gain, one standard error off, and the outcome.

    The luckiest of many candidates would come first if the error were not taken off.
    """

    values: tuple[Value, ...]
    replications: int
    merit: float
    outcome: float


class _Pool:
    """Feasible candidates with their second outcome; what they were tried with is kept already."""

    def __init__(self, problem: Problem, evaluator: Sampler, against: str, sign: float):
        self.problem, self.evaluator, self.sign = problem, evaluator, sign
        places = places_of(problem, evaluator, [against])
        self.objective_at, self.place = places[problem.objective.outcome], places[against]
        self.held: dict[tuple[Value, ...], _Entry] = {}

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Take in those that keep the problem's constraints."""
        for c in candidates:
            before = self.held.get(c.values)
            if not c.feasible or (before is not None and before.replications >= c.replications):
                continue
            own, base = self.evaluator.sample([c.policy, self.problem.baseline], c.replications, "search")
            at = self.objective_at
            gain = objective_difference(self.problem.objective, own[:, at], base[:, at])
            error = gain.standard_error if np.isfinite(gain.standard_error) else 0.0
            outcome = float(own[:, self.place].mean())
            self.held[c.values] = _Entry(c.values, c.replications, float(gain.value - error), outcome)

    def levels(self, count: int) -> list[float]:
        """Return levels from what the best candidate has to the best that any has."""
        if count < 2:
            raise ScenarioError(f"frontier: levels = {count}: at least 2")
        alone = max(self.held.values(), key=lambda entry: entry.merit).outcome
        furthest = max(self.sign * entry.outcome for entry in self.held.values()) * self.sign
        return [float(x) for x in np.linspace(alone, furthest, count)]

    def best(self, epsilon: float) -> _Entry | None:
        """Return the best candidate that keeps the second outcome at a level."""
        room = 1e-12 * abs(epsilon)
        kept = [e for e in self.held.values() if self.sign * (e.outcome - epsilon) >= -room]
        return max(kept, key=lambda entry: entry.merit, default=None)


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
