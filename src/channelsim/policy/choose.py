"""Choosing among finalists: paired intervals on growing common samples, until they separate.

The finalists of a search meet fresh draws, the same for all. After 8, 16, 32 … replications every pair of
finalists i, l is compared by the interval of the paired difference D_il of their objectives, and every
finalist by the intervals of its constraints' slacks. A finalist is dropped

- as *infeasible*, if some slack is below zero beyond its error;
- as *worse*, if a finalist shown to keep its constraints (slack ≥ −tolerance beyond error) is better beyond
  error.

It ends when the best of those shown feasible, m, is alone (*separated*), or when no other can be better than
m by more than the indifference δ (*equal*), or when the replications are spent (*undecided*; the loss that m
may still mean is bounded in the result).

The error rate α = 1 − level is shared out (Bonferroni) among all one-sided statements that the conclusion
rests on: over S looks, k finalists and C constraints, S·(k − 1) comparisons with the best and S·(k + 1)·C of
slacks. Then, with probability 1 − α or more, the chosen one is within δ of the best feasible finalist and
keeps its constraints within the tolerance, whenever the conclusion is not "undecided": if m is wrong, some
statement about the best one or about m is. Exact for means of normal outcomes, whatever the correlation.

Sources: Paulson (1964), A sequential procedure for selecting the population with the largest mean from k
normal populations, Annals of Mathematical Statistics 35, 174-180 (elimination on growing samples, here at a
few looks only); Kim & Nelson (2001), A fully sequential procedure for indifference-zone selection in
simulation, ACM TOMACS 11, 251-273 (indifference, common numbers); Andradóttir & Kim (2010), Fully sequential
procedures for comparing constrained systems via simulation, Naval Research Logistics 57, 403-421 (tolerance).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import (
    Sampler,
    objective_difference,
    objective_estimate,
    one_sided,
    places_of,
    slack_estimate,
)
from channelsim.policy.judging import Candidate
from channelsim.policy.problem import Problem
from channelsim.policy.selection import Conclusion, Feasible, Finalist, Look, Selection, Status

Floats = NDArray[np.float64]
INDIFFERENCE = 0.001
"""Difference, as a share of the baseline's objective, that does not matter (declared assumption)."""
TOLERANCE = 0.001
"""Miss of a constraint, as a share of its bound, that does not matter (declared assumption)."""


def choose(
    problem: Problem,
    finalists: Sequence[Candidate | Policy],
    evaluator: Sampler,
    *,
    first: int = 8,
    most: int = 128,
    level: float = 0.95,
    indifference: float = INDIFFERENCE,
    tolerance: float = TOLERANCE,
    block: str = "selection",
    report: Callable[[Look], None] = lambda look: None,
) -> Selection:
    """Choose among finalists by paired intervals on growing common samples.

    Parameters
    ----------
    problem : Problem
    finalists : sequence of Candidate or Policy
    evaluator : Evaluator
        Of the problem's channel and outcomes (further outcomes do no harm).
    first, most : int
        Replications of each finalist at the first look, and at most; they double from look to look.
    level : float
        Probability with which the conclusion holds.
    indifference : float
        Difference that does not matter, as a share of the size of the baseline's objective.
    tolerance : float
        Miss of a constraint that does not matter, as a share of its bound (`Constraint.scale`).
    block : str
        Block of draws.
    report : callable
        Called with every `Look`.

    Returns
    -------
    Selection

    Raises
    ------
    ScenarioError
        If there is no finalist, or first, most, level, indifference or tolerance is not admissible.

    Notes
    -----
    Method and sources at `channelsim.policy.choose`.
    """
    if not finalists:
        raise ScenarioError("choose: no finalist; give at least one candidate or policy")
    if not 2 <= first <= most:
        raise ScenarioError(f"choose: first = {first}, most = {most}: at least 2, and most not below first")
    if not 0.0 < level < 1.0 or indifference < 0.0 or tolerance < 0.0:
        raise ScenarioError(
            f"choose: level = {level:g} (between 0 and 1), indifference = {indifference:g} and tolerance = "
            f"{tolerance:g} (not below 0)"
        )
    race = _Race(problem, finalists, evaluator, _sizes(first, most), level, tolerance, block)
    return race.run(indifference, report)


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names, those that occur twice replaced by "finalist" and a number that is free."""
    taken, found, number = {n for n in names if names.count(n) == 1}, [], 0
    for name in names:
        if name not in taken:
            number += 1
            while f"finalist {number}" in taken:
                number += 1
            name = f"finalist {number}"
        found.append(name)
    return found


def _sizes(first: int, most: int) -> list[int]:
    sizes = [first]
    while sizes[-1] < most:
        sizes.append(min(2 * sizes[-1], most))
    return sizes


class _Race:
    """Finalists under comparison; positions are those of the finalists given."""

    def __init__(
        self,
        problem: Problem,
        finalists: Sequence[Candidate | Policy],
        evaluator: Sampler,
        sizes: list[int],
        level: float,
        tolerance: float,
        block: str,
    ):
        self.problem, self.evaluator, self.sizes, self.block = problem, evaluator, sizes, block
        self.level, self.tolerance = level, tolerance
        self.policies = [f.policy if isinstance(f, Candidate) else f for f in finalists]
        self.values = [f.values if isinstance(f, Candidate) else () for f in finalists]
        column = places_of(problem, evaluator)
        self.objective_at = column[problem.objective.outcome]
        self.constraints_at = [column[k.outcome] for k in problem.constraints]
        count, bounds = len(finalists), len(problem.constraints)
        statements = len(sizes) * max(count - 1 + (count + 1) * bounds, 1)
        self.simultaneous = one_sided(1.0 - (1.0 - level) / statements)
        self.samples: dict[int, Floats] = {}
        self.base: Floats = np.zeros((0, len(evaluator.outcomes)))
        self.status: dict[int, Status] = {}

    def run(self, indifference: float, report: Callable[[Look], None]) -> Selection:
        alive = list(range(len(self.policies)))
        looks: list[Look] = []
        conclusion: Conclusion = "undecided"
        leader, delta = -1, 0.0
        for size in self.sizes:
            self._extend(alive, size)
            delta = indifference * self._objective_scale()
            dropped = self._drop(alive)
            shown = [k for k in alive if k not in dropped]
            leader = self._leader(shown)
            looks.append(Look(size, tuple(alive), leader, tuple(dropped)))
            report(looks[-1])
            alive = shown
            if not alive:
                conclusion = "infeasible"
                break
            rivals = [k for k in alive if k != leader]
            if leader >= 0 and all(self.difference(k, leader).high <= delta for k in rivals):
                conclusion = "equal" if rivals else "separated"
                break
        return self._result(alive, leader, conclusion, looks, delta)

    def _extend(self, alive: list[int], size: int) -> None:
        policies = [self.policies[k] for k in alive]
        found = self.evaluator.sample([self.problem.baseline, *policies], size, self.block)
        self.base = found[0]
        self.samples |= dict(zip(alive, found[1:]))

    def _objective_scale(self) -> float:
        return abs(self.problem.objective.value(self.base[:, self.objective_at])) or 1.0

    def difference(self, here: int, there: int) -> Estimate:
        """Return by how much one finalist is better than another."""
        size = min(len(self.samples[here]), len(self.samples[there]))
        a, b = (self.samples[k][:size, self.objective_at] for k in (here, there))
        return objective_difference(self.problem.objective, a, b, self.simultaneous)

    def slacks(self, k: int) -> tuple[Estimate, ...]:
        """Return the slacks of a finalist in units of the bounds."""
        found = []
        for constraint, at in zip(self.problem.constraints, self.constraints_at):
            sample = self.samples[k][:, at]
            base = self.base[: len(sample), at]
            estimate = slack_estimate(constraint, sample, base, self.simultaneous)
            scale = constraint.scale(base)
            found.append(estimate._replace(**{
                name: getattr(estimate, name) / scale for name in ("value", "standard_error", "low", "high")
            }))  # fmt: skip
        return tuple(found)

    def feasible(self, slacks: tuple[Estimate, ...]) -> Feasible:
        """Return what the slacks show."""
        if any(s.high < 0.0 and s.value < -self.tolerance for s in slacks):
            return "missed"
        return "kept" if all(s.low >= -self.tolerance for s in slacks) else "undecided"

    def _drop(self, alive: list[int]) -> list[int]:
        shown = {k: self.feasible(self.slacks(k)) for k in alive}
        dropped = [k for k in alive if shown[k] == "missed"]
        self.status |= dict.fromkeys(dropped, "infeasible")
        kept = [k for k in alive if shown[k] == "kept"]
        for k in alive:
            if k not in dropped and any(self.difference(k, other).high < 0.0 for other in kept if other != k):
                dropped.append(k)
                self.status[k] = "worse"
        return dropped

    def _leader(self, alive: list[int]) -> int:
        kept = [k for k in alive if self.feasible(self.slacks(k)) == "kept"]
        return max(kept, key=self._value, default=-1)

    def _value(self, k: int) -> float:
        return self.problem.objective.value(self.samples[k][:, self.objective_at])

    def _fallback(self, alive: list[int]) -> int:
        """Return the one to take where none is shown feasible: the best, by Deb's rules on the means."""

        def merit(k: int) -> tuple[float, float]:
            missed = sum(max(-s.value - self.tolerance, 0.0) for s in self.slacks(k))
            return (-missed, self._value(k))

        return max(alive or range(len(self.policies)), key=merit)

    def _result(
        self, alive: list[int], leader: int, conclusion: Conclusion, looks: list[Look], delta: float
    ) -> Selection:
        chosen = leader if leader >= 0 else self._fallback(alive)
        for k in alive:
            self.status[k] = "equal" if conclusion == "equal" else "undecided"
        self.status[chosen] = "chosen"
        finalists, names = [], unique_names([p.name for p in self.policies])
        for k, policy in enumerate(self.policies):
            slacks = self.slacks(k)
            own = self.samples[k][:, self.objective_at]
            finalists.append(
                Finalist(
                    names[k],
                    policy,
                    tuple(self.values[k]),
                    self.status[k],
                    len(own),
                    objective_estimate(self.problem.objective, own, self.level),
                    self.difference(k, chosen),
                    slacks,
                    self.feasible(slacks),
                )
            )
        loss = max((self.difference(k, chosen).high for k in alive if k != chosen), default=0.0)
        spent = len(self.base) + sum(map(len, self.samples.values()))
        return Selection(
            chosen, tuple(finalists), tuple(looks), conclusion, self.level, delta, self.tolerance,
            max(float(loss), 0.0), spent,
        )  # fmt: skip
