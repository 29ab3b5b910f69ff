"""The search as its methods see it: points in the unit cube, a budget, and what was found.

A method asks for points (shares of the way between each lever's bounds) in so many replications and gets
candidates: objective, slack of every constraint, and a *merit* to be made small that orders them by Deb's
rules: feasible before infeasible, feasible ones by the objective, infeasible ones by how much they miss. All
points meet the same draws. The budget counts replications asked for the first time in this search, whether
an archive had them or not: the same seed gives the same search, interrupted or not.

Candidates may have been simulated in different numbers of replications. What is compared is therefore the
*gain*: objective less the baseline's in the same replications, from which the luck of the draws that both
meet has gone.

Sources: Deb (2000), An efficient constraint handling method for genetic algorithms, Computer Methods in
Applied Mechanics and Engineering 186, 311-338 (the ordering); Smyth (2004), Linear models and empirical Bayes
methods for assessing differential expression in microarray experiments, Statistical Applications in Genetics
and Molecular Biology 3, 3 (variances from few replications, moderated by those of many candidates).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError, SimulationError
from channelsim.policy.evaluation import Evaluator, policy_key
from channelsim.policy.levers import Value
from channelsim.policy.problem import Constraint, Problem

Floats = NDArray[np.float64]

INFEASIBLE = 1e6
"""Merit from which on a candidate is not feasible."""
POOLED = 4.0
"""Degrees of freedom that the pooled variance of a constraint's margin has beside a candidate's own."""
BASELINE_REPLICATIONS = 32
"""Of the baseline where a mean has a bound of its own: its margin serves all candidates."""


class BudgetSpent(Exception):
    """The search has asked for as many replications as it may."""


class Candidate(NamedTuple):
    """A policy as the search sees it.

    Attributes
    ----------
    values : tuple
        Of the levers, in their order.
    policy : Policy
    replications : int
    objective : float
        Larger is better, whatever the sense.
    gain : float
        Objective less the baseline's in the same replications.
    standard_error : float
        Of the gain (of means, and of two replications or more; NaN else).
    slacks : tuple of float
        By how much each constraint is kept, in units of its bound; below zero: missed.
    slack_errors : tuple of float
        Standard errors of the slacks (of means; NaN else). Two replications hardly tell a variance, so that
        a candidate's own is moderated by that of all candidates (Smyth 2004); NaN while nothing is known.
    merit : float
        Smaller is better; from `INFEASIBLE` on the policy is not feasible.
    """

    values: tuple[Value, ...]
    policy: Policy
    replications: int
    objective: float
    gain: float
    standard_error: float
    slacks: tuple[float, ...]
    slack_errors: tuple[float, ...]
    merit: float

    @property
    def feasible(self) -> bool:
        """Whether it keeps all constraints, as far as the sample says."""
        return self.merit < INFEASIBLE

    def sure(self, caution: float) -> tuple[float, ...]:
        """Return the slacks less so many standard errors (where there are any)."""
        return tuple(
            s - (caution * e if np.isfinite(e) else 0.0) for s, e in zip(self.slacks, self.slack_errors)
        )


class Progress(NamedTuple):
    """Where a search stood after a call: what a progress curve is drawn from."""

    evaluations: int
    replications: int
    best: float
    """Objective of the best candidate, larger being better; NaN while none is feasible."""
    feasible: bool


class Search:
    """A search under way.

    Parameters
    ----------
    problem : Problem
    evaluator : Evaluator
        Of the problem's channel and outcomes.
    replications : int
        Budget in replications.
    report : callable
        Called with a `Progress` after every call of `evaluate`.
    caution : float
        Standard errors by which the mean of a constraint has to be kept to count as feasible (1.645: a
        policy on the bound is taken for feasible once in twenty times, not every second time).

    Attributes
    ----------
    baseline : Candidate
        The problem's baseline, at as many replications as any point; it is part of no budget.
    candidates : dict
        Latest `Candidate` of every point asked for, by the values of its levers.
    history : list of Progress
    starts : list of tuple
        Levers of the best candidate of every start that a method made from points of its own.
    """

    def __init__(
        self,
        problem: Problem,
        evaluator: Evaluator,
        replications: int,
        report: Callable[[Progress], None] = lambda progress: None,
        caution: float = 1.645,
    ):
        self.problem, self.evaluator, self.budget, self._report = problem, evaluator, replications, report
        self.caution = caution
        self.levers = problem.levers
        self.candidates: dict[tuple[Value, ...], Candidate] = {}
        self.history: list[Progress] = []
        self.starts: list[tuple[Value, ...]] = []
        self.spent = 0
        self._asked: dict[str, int] = {}
        self._points: dict[tuple[Value, ...], Floats] = {}
        self._position = {text: k for k, text in enumerate(evaluator.outcomes)}
        self._base_sample: Floats = np.zeros((0, len(evaluator.outcomes)))
        self._squares: dict[str, tuple[Floats, int]] = {}

    @property
    def dimensions(self) -> int:
        """Number of levers."""
        return len(self.levers)

    @property
    def left(self) -> int:
        """Replications that the budget still allows."""
        return max(self.budget - self.spent, 0)

    def values_at(self, point: ArrayLike) -> tuple[Value, ...]:
        """Return the levers' values at a point of the unit cube."""
        return tuple(
            lever.value_at(float(share)) for lever, share in zip(self.levers, np.asarray(point), strict=True)
        )

    def point_of(self, values: Sequence[Value]) -> Floats:
        """Return the point of the unit cube at which levers have these values (whole numbers: mid-cell)."""
        key = tuple(values)
        if key not in self._points:
            shares = [lever.share_of(v) for lever, v in zip(self.levers, values, strict=True)]
            self._points[key] = np.array(shares)
        return self._points[key].copy()

    def evaluate(self, points: ArrayLike, replications: int) -> list[Candidate]:
        """Return the candidates at points, simulated together.

        Parameters
        ----------
        points : array_like, shape (points, levers)
            Shares from 0 to 1.
        replications : int
            Of each; points asked for with more before keep those.

        Raises
        ------
        BudgetSpent
            If the budget did not reach for all: as many as it reached for have been evaluated.
        """
        wanted = [self.values_at(point) for point in np.atleast_2d(np.asarray(points, dtype=np.float64))]
        known = self.candidates
        policies = {values: known[values].policy for values in wanted if values in known}
        for values in wanted:
            if values not in policies:
                name = f"candidate {len(known) + sum(v not in known for v in policies) + 1}"
                policies[values] = self.problem.policy(values, name)
        policies = {values: policies[values] for values in dict.fromkeys(wanted)}
        affordable, cost, short = [], 0, False
        for values, policy in policies.items():
            more = max(replications - self._asked.get(policy_key(policy), 0), 0)
            if cost + more > self.left:
                short = True
                break
            affordable.append(values)
            cost += more
        if affordable:
            self._simulate({values: policies[values] for values in affordable}, replications)
            self.spent += cost
            self._note()
        if short:
            raise BudgetSpent
        return [self.candidates[values] for values in wanted]

    def _simulate(self, policies: dict[tuple[Value, ...], Policy], replications: int) -> None:
        keys = {values: policy_key(policy) for values, policy in policies.items()}
        bounded = any(k.statistic == "mean" and not k.of_base for k in self.problem.constraints)
        least = BASELINE_REPLICATIONS if bounded else 0
        longest = max(replications, least, *(self._asked.get(key, 0) for key in keys.values()))
        if len(self._base_sample) < longest:
            self._base_sample = self.evaluator.sample([self.problem.baseline], longest)[0]
        try:
            samples = self.evaluator.sample(list(policies.values()), replications)
        except SimulationError as error:
            raise SimulationError(self._with_levers(str(error), policies)) from None
        judged = []
        for (values, policy), sample in zip(policies.items(), samples):
            before = self._asked.get(keys[values], 0)
            if before > replications:
                sample = self.evaluator.sample([policy], before)[0]
            self._asked[keys[values]] = len(sample)
            if len(sample) > 1:
                self._squares[keys[values]] = self._deviations(sample), len(sample) - 1
            judged.append((values, policy, sample))
        for each in judged:  # once the noise of all is known
            self.candidates[each[0]] = self.judge(*each)

    def _deviations(self, sample: Floats) -> Floats:
        """Return the sum of squared deviations of every constraint's margin, in units of the bound."""
        found = []
        for k in self.problem.constraints:
            own, base = sample[:, self._position[k.outcome]], self._base_sample[:, self._position[k.outcome]]
            margins = _noisy_part(k, own, base[: len(own)])
            found.append(float(np.sum((margins - np.mean(margins)) ** 2)) / k.scale(base[: len(own)]) ** 2)
        return np.array(found)

    @property
    def slack_deviations(self) -> Floats:
        """Standard deviation of each constraint's margin in a replication, pooled; 0 while none is known."""
        count = len(self.problem.constraints)
        freedom = sum(n for _, n in self._squares.values())
        sums = np.sum([s for s, _ in self._squares.values()] or [np.zeros(count)], axis=0)
        means = np.array([k.statistic == "mean" for k in self.problem.constraints], dtype=bool)
        return np.asarray(np.where(means, np.sqrt(sums / max(freedom, 1)), 0.0))

    def slack_errors(self, replications: int) -> Floats:
        """Return the standard errors that slacks have in so many replications, by the pooled noise."""
        found: Floats = self.slack_deviations / np.sqrt(max(replications, 1))
        for j, k in enumerate(self.problem.constraints):
            if k.statistic == "mean" and not k.of_base and len(self._base_sample) > max(replications, 1):
                base = self._base_sample[:, self._position[k.outcome]]
                found[j] = np.hypot(found[j], _standard_error(k.margins(base, base)) / k.scale(base))
        return found

    def judge(self, values: tuple[Value, ...], policy: Policy, sample: Floats) -> Candidate:
        """Return the candidate that a sample (replications, outcomes) of a policy makes."""
        base, problem, column = self._base_sample[: len(sample)], self.problem, self._position
        place = column[problem.objective.outcome]
        objective = problem.objective.value(sample[:, place])
        gain = objective - problem.objective.value(base[:, place])
        means = len(sample) > 1 and problem.objective.statistic == "mean"
        error = _standard_error(sample[:, place] - base[:, place]) if means else np.nan
        pooled = (
            self.slack_deviations if values and self._squares else np.full(len(problem.constraints), np.nan)
        )
        kept = [
            self._kept(k, sample[:, column[k.outcome]], self._base_sample[:, column[k.outcome]], deviation)
            for k, deviation in zip(problem.constraints, pooled)
        ]
        slacks, errors = [slack for slack, _ in kept], [error for _, error in kept]
        found = Candidate(
            values, policy, len(sample), objective, gain, error, tuple(slacks), tuple(errors), np.nan
        )
        missed = -sum(min(slack, 0.0) for slack in found.sure(self.caution))
        merit = INFEASIBLE * (1.0 + missed) if missed > 0.0 else -gain / self.objective_scale
        return found._replace(merit=merit)

    @staticmethod
    def _kept(constraint: Constraint, sample: Floats, base: Floats, pooled: float) -> tuple[float, float]:
        """Return slack of a constraint and its standard error, in units of the bound.

        The margin of a mean with a bound of its own is the baseline's margin, known from more replications,
        plus the difference from the baseline in the candidate's (a control variate).
        """
        same = base[: len(sample)]
        size = constraint.scale(same)
        if constraint.statistic != "mean":
            return constraint.slack(sample, same) / size, np.nan
        margins = constraint.margins(sample, same)
        if constraint.of_base or len(sample) >= len(base):
            return float(np.mean(margins)) / size, _moderated_error(margins / size, pooled)
        own, all_draws = _noisy_part(constraint, sample, same), constraint.margins(base, base)
        slack = float(np.mean(own) + np.mean(all_draws))
        error = _moderated_error(own / size, pooled)
        if np.isfinite(error):
            error = float(np.hypot(error, _standard_error(all_draws) / size))
        return slack / size, error

    def _with_levers(self, message: str, policies: dict[tuple[Value, ...], Policy]) -> str:
        """Return a message with the levers' values of the candidate that it names."""
        for values, policy in policies.items():
            if repr(policy.name) in message:
                told = ", ".join(f"{lever.label} = {v}" for lever, v in zip(self.levers, values))
                return f"{message}; levers: {told}"
        return message

    @property
    def drawn(self) -> bool:
        """Whether outcomes differ between replications."""
        return bool((np.ptp(self._base_sample, axis=0) > 0.0).any())

    @property
    def objective_scale(self) -> float:
        """Size by which objectives are measured: the baseline's, or 1."""
        if not len(self._base_sample):
            return 1.0
        place = self._position[self.problem.objective.outcome]
        return abs(float(self._base_sample[0, place])) or 1.0

    @property
    def baseline(self) -> Candidate:
        """The baseline as a candidate, in the replications of the longest point so far."""
        if not len(self._base_sample):
            raise ScenarioError("the search has not evaluated anything yet")
        return self.judge((), self.problem.baseline, self._base_sample)

    def baseline_of(self, outcome: str) -> float:
        """Return the mean of an outcome under the baseline."""
        return float(np.mean(self._base_sample[:, self._position[outcome]]))

    def best(self, count: int = 1) -> list[Candidate]:
        """Return the candidates of the smallest merit, the best first; ties by more replications."""
        return heapq.nsmallest(count, self.candidates.values(), key=lambda c: (c.merit, -c.replications))

    def _note(self) -> None:
        best = self.best()[0]
        found = Progress(
            len(self.candidates), self.spent, best.objective if best.feasible else np.nan, best.feasible
        )
        self.history.append(found)
        self._report(found)


def _noisy_part(constraint: Constraint, sample: Floats, base: Floats) -> Floats:
    """Return the margins of a constraint by replication, without what the baseline's own draws explain."""
    margins = constraint.margins(sample, base)
    return margins if constraint.of_base else margins - constraint.margins(base, base)


def _moderated_error(values: Floats, pooled: float) -> float:
    """Return the standard error of a mean, its variance moderated by a pooled one (NaN: none is known)."""
    n = len(values)
    own = float(np.sum((values - np.mean(values)) ** 2))
    if not np.isfinite(pooled):
        return float(np.sqrt(own / (n - 1) / n)) if n > 1 else np.nan
    return float(np.sqrt((own + POOLED * pooled**2) / (n - 1 + POOLED) / n))


def _standard_error(values: Floats) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
