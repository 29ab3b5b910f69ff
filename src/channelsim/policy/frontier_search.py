"""Levels of a second outcome, what is known of each, and searches that go on from there.

Everything that any search has tried, for whatever end, teaches the surrogate of the next one: the outcomes of
a policy are the same whoever asks. A search at a level therefore needs few replications of its own, and what
it tries serves the levels and the trade-offs after it.

A level is held like a condition, by the difference from the baseline in the same replications,

    mean of (own − baseline) + mean of the baseline in its first 32 replications ≥ level,

so that the luck of the draws does not tell how much of the second outcome a policy has, and "as now" is a
difference of zero (a control variate with coefficient one).

Source: Lavenberg & Welch (1981), A perspective on the use of control variables to increase the efficiency of
Monte Carlo simulations, Management Science 27, 322-335.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError
from channelsim.policy.comparison import Sampler, objective_difference, places_of
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.problem import Constraint, Problem, TradeOff
from channelsim.policy.search import BASELINE_REPLICATIONS, CAUTION

Floats = NDArray[np.float64]
Keep = Literal["at_least", "at_most"]
Solver = Callable[..., Any]
"""``solver(problem, replications=, seed=, evaluator=, known=)`` whose result has ``candidates``, such as
`channelsim.policy.solve.solve`."""

MOST_KNOWN = 300
"""Candidates that a search is told of, those nearest to the best at its level: judging them takes time, and a
surrogate is made from the nearest 200 only."""


class Level(Constraint):
    """A level at which a second outcome is held; see the module."""

    now: float
    """Mean of the baseline."""

    def margins(self, sample: Floats, base: Floats) -> Floats:
        """Return by how much every replication keeps the level, but for the luck that the baseline shares."""
        return super().margins(sample - base + self.now, base)


class Entry(NamedTuple):
    """A candidate that keeps the conditions: its gain, one standard error off, and the second outcome.

    The luckiest of many candidates would come first if the error were not taken off.
    """

    values: tuple[Value, ...]
    replications: int
    merit: float
    outcome: float


class Pool:
    """Candidates that keep a problem's conditions, with a second outcome.

    Parameters
    ----------
    problem : Problem
    evaluator : Evaluator
    against : str
        The second outcome.
    keep : {"at_least", "at_most"}

    Attributes
    ----------
    now : float
        Mean of the second outcome under the baseline.
    held : dict
        An `Entry` by the values of the levers.
    """

    def __init__(self, problem: Problem, evaluator: Sampler, against: str, keep: Keep):
        self.problem, self.evaluator, self.against, self.keep = problem, evaluator, against, keep
        self.sign = -1.0 if keep == "at_most" else 1.0
        places = places_of(problem, evaluator, [against])
        self._objective_at, self._at = places[problem.objective.outcome], places[against]
        self._variances: list[float] = []
        base = evaluator.sample([problem.baseline], BASELINE_REPLICATIONS, "search")[0]
        self.now = float(base[:, self._at].mean())
        self.held: dict[tuple[Value, ...], Entry] = {}
        self._shares: dict[tuple[Value, ...], Floats] = {}

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Take in those that keep the problem's conditions, whatever others they were tried under."""
        found = list(candidates)
        errors = [(c.replications, c.standard_error) for c in found if np.isfinite(c.standard_error)]
        self._variances += [n * error**2 for n, error in errors]
        for c in found:
            before = self.held.get(c.values)
            if before is not None and before.replications >= c.replications:
                continue
            if min(c.sure(CAUTION)[: len(self.problem.constraints)], default=0.0) < 0.0:
                self.held.pop(c.values, None)  # in fewer replications it may have been lucky
                continue
            pair = [c.policy, self.problem.baseline]
            both = self.evaluator.sample(pair, c.replications, "search", c.first)
            outcome = self.now + float((both[0, :, self._at] - both[1, :, self._at]).mean())
            merit = float(c.gain - self._error(c, both[:, :, self._objective_at]))
            self.held[c.values] = Entry(c.values, c.replications, merit, outcome)

    def _error(self, candidate: Candidate, both: Floats) -> float:
        """Return the standard error of a gain; of one replication that which others show."""
        error = candidate.standard_error
        if not np.isfinite(error):  # one replication, or no mean
            error = objective_difference(self.problem.objective, *both).standard_error
        if np.isfinite(error):
            return float(error)
        return float(np.sqrt(np.median(self._variances or [0.0]) / candidate.replications))

    def first(self, plan: Candidate | None = None) -> Entry:
        """Return the entry of a plan, if it is held, else of the best candidate by the objective alone."""
        best = max(self.held.values(), key=lambda entry: entry.merit)
        return best if plan is None else self.held.get(plan.values, best)

    def levels(self, count: int, plan: Candidate | None = None) -> list[float]:
        """Return levels from what the plan has (`first`) to the best that any candidate has, one as now.

        They are even, but that the inner one nearest to the baseline is moved to it if that lies between.

        Raises
        ------
        ScenarioError
            If there are less than two.
        """
        if count < 2:
            raise ScenarioError(f"frontier: levels = {count}: at least 2")
        alone = self.first(plan).outcome
        furthest = max(self.sign * entry.outcome for entry in self.held.values()) * self.sign
        found = np.linspace(alone, furthest, count)
        if count > 2 and self.sign * alone < self.sign * self.now < self.sign * furthest:
            found[1 + int(np.argmin(np.abs(found[1:-1] - self.now)))] = self.now
        return [float(x) for x in found]

    def best(self, level: float) -> Entry | None:
        """Return the best candidate that keeps the second outcome at a level."""
        room = 1e-12 * abs(level)
        kept = [e for e in self.held.values() if self.sign * (e.outcome - level) >= -room]
        return max(kept, key=lambda entry: entry.merit, default=None)

    def known_near(self, level: float, known: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates that are nearest to the best at a level, in their order."""
        best = self.best(level)
        best = best or max(self.held.values(), key=lambda entry: self.sign * entry.outcome, default=None)
        if best is None:
            return tuple(known[:MOST_KNOWN])
        centre = self._share(best.values)
        apart = [float(np.max(np.abs(self._share(c.values) - centre))) for c in known]
        return tuple(known[k] for k in np.sort(np.argsort(apart, kind="stable")[:MOST_KNOWN]))

    def _share(self, values: tuple[Value, ...]) -> Floats:
        if values not in self._shares:
            levers = self.problem.levers
            self._shares[values] = np.array([lever.share_of(v) for lever, v in zip(levers, values)])
        return self._shares[values]

    def bounded(self, level: float) -> Problem:
        """Return the problem with the second outcome held at a level."""
        bound = Level.model_validate(
            {"outcome": self.against, self.keep: level, "name": f"level {level:.6g}", "now": self.now}
        )
        changed = {"constraints": [*self.problem.constraints, bound]}
        return self.problem.model_copy(update=changed)


def search_levels(
    problem: Problem,
    trade_offs: Sequence[TradeOff],
    evaluator: Sampler,
    candidates: Sequence[Candidate],
    solver: Solver,
    *,
    levels: int | Sequence[float] = 5,
    plan: Candidate | None = None,
    replications: int = 40,
    seed: int = 1,
) -> tuple[Candidate, ...]:
    """Search at the levels of trade-offs; each search goes on from all that was tried before it.

    Parameters
    ----------
    problem : Problem
    trade_offs : sequence of TradeOff
    evaluator : Evaluator
        It samples their outcomes besides those of the problem.
    candidates : sequence of Candidate
        What a search of this problem, by this evaluator, has tried.
    solver : callable
        See `Solver`.
    levels : int or sequence of float
    plan : Candidate, optional
        As in `channelsim.policy.frontier.frontier`. Of a number of levels the first is left out: what
        the objective alone takes has been searched for.
    replications : int
        Budget at every level.
    seed : int
        Of the solver.

    Returns
    -------
    tuple of Candidate
        What the searches have tried, or run more often, besides the candidates.

    Raises
    ------
    ScenarioError
        If no candidate keeps the conditions, or an argument is not admissible.
    """
    known = {c.values: c for c in candidates}
    tried: dict[tuple[Value, ...], Candidate] = {}
    for trade_off in trade_offs:
        pool = pool_of(problem, evaluator, trade_off.outcome, trade_off.keep, candidates)
        held = pool.levels(levels, plan)[1:] if isinstance(levels, int) else levels
        pool.add(tried.values())
        for level in held:
            found = solver(
                pool.bounded(level),
                replications=replications,
                seed=seed,
                evaluator=evaluator,
                known=pool.known_near(level, list(known.values())),
            )
            pool.add(found.candidates)
            for c in found.candidates:
                if c.values not in known or c.replications > known[c.values].replications:
                    known[c.values] = tried[c.values] = c
    return tuple(tried.values())


def pool_of(
    problem: Problem, evaluator: Sampler, against: str, keep: Keep, candidates: Iterable[Candidate]
) -> Pool:
    """Return the pool of candidates for a trade-off.

    Raises
    ------
    ScenarioError
        If the outcome is not sampled, or no candidate keeps the conditions.
    """
    pool = Pool(problem, evaluator, against, keep)
    pool.add(candidates)
    if not pool.held:
        raise ScenarioError("frontier: no candidate keeps the constraints; solve the problem first")
    return pool
