"""What a search makes of a sample: gain, slacks, how sure they are, and the merit that orders candidates.

Candidates have been simulated in different numbers of replications. What is compared is therefore never a
level: the *gain* is the objective less the baseline's in the same replications, from which the luck of the
draws that both meet has gone. Near the optimum even that is too coarse, since policies there differ from
each other by far less than from the baseline. Then one of them, the *reference*, is simulated often, and what
another is worth follows from its difference from the reference in the few replications that it has:

  mean of c in n replications − mean of the reference in the same n + mean of the reference in all its N

(a control variate with coefficient one; its variance is s²/N + d²/n, with d, the deviation of the difference,
commonly a tenth of s).

Sources: Deb (2000), An efficient constraint handling method for genetic algorithms, Computer Methods in
Applied Mechanics and Engineering 186, 311-338 (the ordering); Smyth (2004), Linear models and empirical Bayes
methods for assessing differential expression in microarray experiments, Statistical Applications in Genetics
and Molecular Biology 3, 3 (variances from few replications, moderated by those of many candidates); Lavenberg
and Welch (1981), A perspective on the use of control variables to increase the efficiency of Monte Carlo
simulations, Management Science 27, 322-335.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.decisions import Policy
from channelsim.policy.levers import Value
from channelsim.policy.problem import Constraint, Problem

Floats = NDArray[np.float64]
Squares = dict[tuple[Value, ...], tuple[Floats, int]]

INFEASIBLE = 1e6
"""Merit from which on a candidate is not feasible."""
POOLED = 4.0
"""Degrees of freedom that the pooled variance of a constraint's margin has beside a candidate's own."""
NEAREST = 40
"""Candidates that tell how differences from the reference grow with the distance."""


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
    first : int
        Its replications are this one and those after it.
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
    first: int = 0

    @property
    def feasible(self) -> bool:
        """Whether it keeps all constraints, as far as the sample says."""
        return self.merit < INFEASIBLE

    def sure(self, caution: float) -> tuple[float, ...]:
        """Return the slacks less so many standard errors (where there are any)."""
        return tuple(
            s - (caution * e if np.isfinite(e) else 0.0) for s, e in zip(self.slacks, self.slack_errors)
        )

    def missed(self, caution: float) -> float:
        """Return by how much of their bounds constraints are missed in all, slacks less so many errors."""
        return -sum(min(slack, 0.0) for slack in self.sure(caution))


class Judge:
    """Makes candidates of samples.

    Parameters
    ----------
    problem : Problem
    outcomes : sequence of str
        In the order of a sample's columns.
    caution : float
        Standard errors by which the mean of a constraint has to be kept to count as feasible.

    Attributes
    ----------
    base : ndarray, shape (replications, outcomes)
        Of the baseline, as long as the longest sample.
    reference : Candidate or None
        From which others with fewer replications are told by their difference.
    """

    def __init__(self, problem: Problem, outcomes: Sequence[str], caution: float):
        self.problem, self.caution = problem, caution
        self.reference: Candidate | None = None
        self.base: Floats = np.zeros((0, len(outcomes)))
        self._position = {text: k for k, text in enumerate(outcomes)}
        self._reference_sample = self.base
        self._distance: Callable[[tuple[Value, ...]], float] = lambda values: 0.0
        self._squares: Squares = {}
        self._first: dict[tuple[Value, ...], int] = {}
        self._apart: Squares = {}
        self._known: tuple[Floats, Floats] | None = None

    def column(self, outcome: str) -> int:
        """Return the column of an outcome in a sample."""
        return self._position[outcome]

    def note(self, values: tuple[Value, ...], sample: Floats, first: int = 0) -> None:
        """Take in the noise that a candidate's sample shows, and which replication is its first."""
        self._known = None
        self._first[values] = first
        if len(sample) > 1:
            base = self.base[first : first + len(sample)]
            self._squares[values] = self._deviations(sample, base), len(sample) - 1
            self._note_apart(values, sample)

    def refer_to(
        self,
        found: Candidate | None,
        samples: Mapping[tuple[Value, ...], Floats],
        distance: Callable[[tuple[Value, ...]], float],
    ) -> None:
        """Make a candidate the reference of all (None: of nobody).

        Parameters
        ----------
        found : Candidate or None
        samples : mapping
            Of all candidates, by the values of their levers.
        distance : callable
            Of a candidate from the reference.
        """
        self.reference, self._apart, self._known = None, {}, None
        if found is None:
            return
        sample = samples[found.values]
        self.reference, self._reference_sample = self.judge(found.values, found.policy, sample), sample
        self._distance = distance
        for values, other in samples.items():
            self._note_apart(values, other)
        self._known = None

    def _note_apart(self, values: tuple[Value, ...], sample: Floats) -> None:
        self._apart.pop(values, None)
        if self.reference is not None and values != self.reference.values:
            first = self._first.get(values, 0)
            both = sample[: max(len(self._reference_sample) - first, 0)]
            if len(both) < 2:
                return
            found = [self._differences(k, both, first) for k in self.problem.constraints]
            squares = [float(np.sum((d - np.mean(d)) ** 2)) for d in found]
            self._apart[values] = np.array(squares), len(both) - 1

    def _differences(self, constraint: Constraint, sample: Floats, first: int) -> Floats:
        """Return by how much more than the reference a sample keeps a constraint, in units of the bound."""
        place, here = self._position[constraint.outcome], slice(first, first + len(sample))
        base, other = self.base[here, place], self._reference_sample[here, place]
        apart = constraint.margins(sample[:, place], base) - constraint.margins(other, base)
        return np.asarray(apart / constraint.scale(self.base[: len(self._reference_sample), place]))

    def _deviations(self, sample: Floats, base: Floats) -> Floats:
        """Return the sum of squared deviations of every constraint's margin, in units of the bound."""
        found = []
        for k in self.problem.constraints:
            place = self._position[k.outcome]
            margins = _noisy_part(k, sample[:, place], base[:, place])
            found.append(float(np.sum((margins - np.mean(margins)) ** 2)) / k.scale(base[:, place]) ** 2)
        return np.array(found)

    @property
    def slack_deviations(self) -> Floats:
        """Standard deviation of each constraint's margin in a replication, pooled; 0 while none is known."""
        return self._pooled()[0]

    def _pooled(self) -> tuple[Floats, Floats]:
        """Return the pooled deviations of margins, and slopes of their differences from the reference."""
        if self._known is None:
            freedom = sum(n for _, n in self._squares.values())
            none = np.zeros(len(self.problem.constraints))
            sums = np.sum([s for s, _ in self._squares.values()] or [none], axis=0)
            means = np.array([k.statistic == "mean" for k in self.problem.constraints], dtype=bool)
            self._known = np.where(means, np.sqrt(sums / max(freedom, 1)), 0.0), self._slopes()
        return self._known

    def deviations_apart(self, values: tuple[Value, ...]) -> Floats:
        """Return the standard deviation of each margin's difference from the reference's in a replication.

        It grows with the distance; by how much, the nearest candidates tell.
        """
        everywhere, slopes = self._pooled()
        return np.asarray(np.minimum(slopes * self._distance(values), np.sqrt(2.0) * everywhere))

    def _slopes(self) -> Floats:
        """Return the deviation of each margin's difference from the reference's, by unit of distance."""
        known = [(self._distance(values), *found) for values, found in self._apart.items()]
        known = sorted((k for k in known if k[0] > 0.0), key=lambda k: k[0])[:NEAREST]
        sums = np.sum([s for _, s, _ in known] or [np.zeros(len(self.problem.constraints))], axis=0)
        return np.asarray(np.sqrt(sums / max(sum(n * d * d for d, _, n in known), 1e-300)))

    def slack_errors(self, replications: int) -> Floats:
        """Return the standard errors that slacks have in so many replications, by the pooled noise."""
        found: Floats = self.slack_deviations / np.sqrt(max(replications, 1))
        for j, k in enumerate(self.problem.constraints):
            if k.statistic == "mean" and not k.of_base and len(self.base) > max(replications, 1):
                base = self.base[:, self._position[k.outcome]]
                found[j] = np.hypot(found[j], _standard_error(k.margins(base, base)) / k.scale(base))
        return found

    def judge(self, values: tuple[Value, ...], policy: Policy, sample: Floats) -> Candidate:
        """Return the candidate that a sample (replications, outcomes) of a policy makes."""
        first = self._first.get(values, 0)
        here = slice(first, first + len(sample))
        base, problem, column = self.base[here], self.problem, self._position
        place, reference = column[problem.objective.outcome], self.reference
        own, means = sample[:, place], problem.objective.statistic == "mean"
        often = len(self._reference_sample)
        if not self._apart or len(sample) >= often or here.stop > often:
            reference = None  # it says no more than the sample itself
        if reference is None or not means:
            objective = problem.objective.value(own)
            gain = objective - problem.objective.value(base[:, place])
            error = _standard_error(own - base[:, place]) if means and len(sample) > 1 else np.nan
        else:
            other = self._reference_sample[here, place]
            more = problem.objective.value(own) - problem.objective.value(other)
            objective, gain = reference.objective + more, reference.gain + more
            error = np.nan
            if len(sample) > 1:
                error = float(np.hypot(_standard_error(own - other), reference.standard_error))
        pooled = (
            self.slack_deviations if values and self._squares else np.full(len(problem.constraints), np.nan)
        )
        apart_pooled = pooled if reference is None else self.deviations_apart(values)
        kept = []
        for j, k in enumerate(problem.constraints):
            if reference is None or k.statistic != "mean":
                at = column[k.outcome]
                kept.append(self._kept(k, sample[:, at], base[:, at], self.base[:, at], pooled[j]))
            else:
                apart_by = self._differences(k, sample, first)
                doubt = _moderated_error(apart_by, apart_pooled[j])
                known = reference.slacks[j] + float(np.mean(apart_by))
                kept.append((known, float(np.hypot(doubt, np.nan_to_num(reference.slack_errors[j])))))
        slacks, errors = [slack for slack, _ in kept], [error for _, error in kept]
        found = Candidate(
            values, policy, len(sample), objective, gain, error, tuple(slacks), tuple(errors), np.nan, first
        )
        missed = found.missed(self.caution)
        merit = INFEASIBLE * (1.0 + missed) if missed > 0.0 else -gain / self.objective_scale
        return found._replace(merit=merit)

    @staticmethod
    def _kept(
        constraint: Constraint, sample: Floats, same: Floats, base: Floats, pooled: float
    ) -> tuple[float, float]:
        """Return slack of a constraint and its standard error, in units of the bound.

        Of a sample, the baseline in the same replications, and in all that there are.

        The margin of a mean with a bound of its own is the baseline's margin, known from more replications,
        plus the difference from the baseline in the candidate's (a control variate).
        """
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

    @property
    def objective_scale(self) -> float:
        """Size by which objectives are measured: the baseline's, or 1."""
        if not len(self.base):
            return 1.0
        place = self._position[self.problem.objective.outcome]
        return abs(float(self.base[0, place])) or 1.0


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
