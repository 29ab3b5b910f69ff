"""The search as its methods see it: points in the unit cube, a budget, and what was found.

A method asks for points (shares of the way between each lever's bounds) in so many replications and gets
candidates: objective, slack of every constraint, and a *merit* to be made small that orders them by Deb's
rules: feasible before infeasible, feasible ones by the objective, infeasible ones by how much they miss. All
points meet the same draws. The budget counts replications asked for the first time in this search, whether
an archive had them or not: the same seed gives the same search, interrupted or not.

What a sample makes of a policy is in `channelsim.policy.judging`.
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
from channelsim.policy.judging import Candidate, Judge
from channelsim.policy.levers import Value
from channelsim.policy.problem import Problem

Floats = NDArray[np.float64]

BASELINE_REPLICATIONS = 32
"""Of the baseline where a mean has a bound of its own: its margin serves all candidates."""


CAUTION = 1.645
"""Standard errors by which a mean has to keep its bound to count as feasible."""

SAFER = (2.0, 2.5, 3.0)
"""Times the caution with which further finalists keep the conditions."""


class BudgetSpent(Exception):
    """The search has asked for as many replications as it may."""


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
    known : dict
        Replications that candidates had before this search, by the values of their levers; see `know`.
    draws : int
        Replications of which points that are simulated in fewer have some, each its own: a power of two times
        those of a new point. Simulated in the same one, all would share the luck of that one.
    starts : list of tuple
        Levers of the best candidate of every start that a method made from points of its own.
    """

    def __init__(
        self,
        problem: Problem,
        evaluator: Evaluator,
        replications: int,
        report: Callable[[Progress], None] = lambda progress: None,
        caution: float = CAUTION,
    ):
        self.problem, self.evaluator, self.budget, self._report = problem, evaluator, replications, report
        self.caution = self._usual_caution = caution
        self.levers = problem.levers
        self.candidates: dict[tuple[Value, ...], Candidate] = {}
        self.history: list[Progress] = []
        self.starts: list[tuple[Value, ...]] = []
        self.spent = 0
        self.known: dict[tuple[Value, ...], int] = {}
        self.draws = 1
        self._asked: dict[str, range] = {}
        self._points: dict[tuple[Value, ...], Floats] = {}
        self._samples: dict[tuple[Value, ...], Floats] = {}
        self._judge = Judge(problem, evaluator.outcomes, caution)

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

    def know(self, candidates: Sequence[Candidate]) -> None:
        """Take in what other searches by the same evaluator have tried, with the replications that it has.

        It counts towards no budget, and since the evaluator keeps its samples nothing is simulated.

        Raises
        ------
        ScenarioError
            If a candidate has other levers than the problem.
        """
        for c in candidates:
            if len(c.values) != self.dimensions:
                raise ScenarioError(f"known: {len(c.values)} levers; the problem has {self.dimensions}")
        latest: dict[tuple[Value, ...], Candidate] = {}
        for c in candidates:
            if c.values not in latest or c.replications > latest[c.values].replications:
                latest[c.values] = c
        self.known |= {values: c.replications for values, c in latest.items()}
        apart = [c.first + c.replications for c in latest.values() if c.first]
        self.draws = max(self.draws, 2 ** int(np.ceil(np.log2(max(apart, default=1)))))
        for count in sorted({c.replications for c in latest.values()}):  # together what has as many
            alike = [c for c in latest.values() if c.replications == count]
            self._lengthen_base(max(c.first for c in alike) + count)
            samples = self.evaluator.sample([c.policy for c in alike], count, first=[c.first for c in alike])
            for c, sample in zip(alike, samples):
                self._keep(c.values, c.policy, sample, c.first)
        for values, c in latest.items():  # once the noise of all is known
            self.candidates[values] = self._judge.judge(values, c.policy, self._samples[values])

    def evaluate(
        self, points: ArrayLike, replications: int, first: Sequence[int] | None = None
    ) -> list[Candidate]:
        """Return the candidates at points, simulated together.

        Parameters
        ----------
        points : array_like, shape (points, levers)
            Shares from 0 to 1.
        replications : int
            Of each; points asked for with more before keep those.
        first : sequence of int, optional
            First replication of each point that is new; default the first there is.

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
        begun = dict(zip(wanted, first if first is not None else [0] * len(wanted)))
        affordable, cost, short = {}, 0, False
        for values, policy in policies.items():
            before = self._asked.get(policy_key(policy), range(0))
            runs = self._runs(before, replications, begun[values])
            if cost + len(runs) - len(before) > self.left:
                short = True
                break
            affordable[values] = runs
            cost += len(runs) - len(before)
        if affordable:
            self._simulate({values: policies[values] for values in affordable}, affordable)
            self.spent += cost
            self._note()
        if short:
            raise BudgetSpent
        return [self.candidates[values] for values in wanted]

    def _runs(self, before: range, replications: int, first: int) -> range:
        """Return which replications a point has if it is to have so many; those that it has are among them.

        Twice as many are those that it has and their neighbours, so that points which shared some still do.
        """
        if len(before) >= replications:
            return before
        if len(before):
            first = before.start // replications * replications if replications < self.draws else 0
            if first > before.start or first + replications < before.stop:
                first, replications = 0, max(replications, before.stop)
        return range(first, first + replications)

    def _simulate(
        self, policies: dict[tuple[Value, ...], Policy], runs: dict[tuple[Value, ...], range]
    ) -> None:
        self._lengthen_base(max(run.stop for run in runs.values()))
        try:
            for count in sorted({len(run) for run in runs.values()}):
                alike = [values for values in policies if len(runs[values]) == count]
                firsts = [runs[values].start for values in alike]
                samples = self.evaluator.sample([policies[v] for v in alike], count, first=firsts)
                for values, first, sample in zip(alike, firsts, samples):
                    self._keep(values, policies[values], sample, first)
        except SimulationError as error:
            raise SimulationError(self._with_levers(str(error), policies)) from None
        for values, policy in policies.items():  # once the noise of all is known
            self.candidates[values] = self._judge.judge(values, policy, self._samples[values])

    def _lengthen_base(self, replications: int) -> None:
        """Run the baseline as often as the longest point, more where means have bounds of their own."""
        bounded = any(k.statistic == "mean" and not k.of_base for k in self.problem.constraints)
        longest = max(replications, BASELINE_REPLICATIONS if bounded else 0)
        if len(self._judge.base) < longest:
            self._judge.base = self.evaluator.sample([self.problem.baseline], longest)[0]

    def _keep(self, values: tuple[Value, ...], policy: Policy, sample: Floats, first: int) -> None:
        self._asked[policy_key(policy)] = range(first, first + len(sample))
        self._samples[values] = sample
        self._judge.note(values, sample, first)

    @property
    def slack_deviations(self) -> Floats:
        """Standard deviation of each constraint's margin in a replication, pooled; 0 while none is known."""
        return self._judge.slack_deviations

    def slack_errors(self, replications: int) -> Floats:
        """Return the standard errors that slacks have in so many replications, by the pooled noise."""
        return self._judge.slack_errors(replications)

    @property
    def reference(self) -> Candidate | None:
        """The candidate from which others with fewer replications are told by their difference."""
        return self._judge.reference

    def refer_to(self, values: tuple[Value, ...] | None) -> None:
        """Make a candidate the reference, None: have none; all candidates are judged anew."""
        centre = None if values is None else self.point_of(values)

        def distance(other: tuple[Value, ...]) -> float:
            return 0.0 if centre is None else float(np.linalg.norm(self.point_of(other) - centre))

        self._judge.refer_to(None if values is None else self.candidates[values], self._samples, distance)
        self._judge_anew()

    def be_cautious(self, times: float) -> None:
        """Have conditions kept by so many times the usual caution from now on; all is judged anew."""
        self.caution = self._judge.caution = times * self._usual_caution
        self._judge_anew()

    def _judge_anew(self) -> None:
        for each, found in self.candidates.items():
            self.candidates[each] = self._judge.judge(each, found.policy, self._samples[each])

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
        return bool((np.ptp(self._judge.base, axis=0) > 0.0).any())

    @property
    def objective_scale(self) -> float:
        """Size by which objectives are measured: the baseline's, or 1."""
        return self._judge.objective_scale

    @property
    def baseline(self) -> Candidate:
        """The baseline as a candidate, in the replications of the longest point so far."""
        if not len(self._judge.base):
            raise ScenarioError("the search has not evaluated anything yet")
        return self._judge.judge((), self.problem.baseline, self._judge.base)

    def baseline_of(self, outcome: str) -> float:
        """Return the mean of an outcome under the baseline."""
        return float(np.mean(self._judge.base[:, self._judge.column(outcome)]))

    def best(self, count: int = 1) -> list[Candidate]:
        """Return the candidates of the smallest merit, the best first; ties by more replications."""
        return heapq.nsmallest(count, self.candidates.values(), key=lambda c: (c.merit, -c.replications))

    def _note(self) -> None:
        best = self.best()[0]
        value, feasible = best.objective if best.feasible else np.nan, best.feasible
        if self.caution != self._usual_caution:  # the best of all is another one
            value, feasible = self.history[-1].best, self.history[-1].feasible
        found = Progress(len(self.candidates), self.spent, value, feasible)
        self.history.append(found)
        self._report(found)
