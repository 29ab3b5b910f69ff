"""What a search found: the best policy, those that come close, and all that was tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.problem import Constraint, Problem
from channelsim.policy.search import Progress, Search

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Solution:
    """Result of `channelsim.policy.solve.solve`.

    Attributes
    ----------
    problem : Problem
    method, why : str
        Method that was used, and why; `stopped` says why it ended.
    stopped : str
    seed : int
    budget : int
        Replications that the search was allowed.
    best : Candidate
        The best policy found; if none is feasible, the one that misses the constraints by least.
    finalists : tuple of Candidate
        The best policies that differ, `best` first, by the search's own sample: compare them on fresh draws
        before you choose.
    baseline : Candidate
    candidates : tuple of Candidate
        Every policy tried, in the order of their first evaluation; those that were known come first.
    starts : tuple of Candidate
        The best of every start from points of its own; the best alone where the method makes one start.
    history : tuple of Progress
        Best value, feasibility, evaluations and replications after every call.
    evaluations, replications : int
        Different policies tried, and replications that they took; not what was known before.
    simulated : int
        Replications run in this call: fewer than `replications` if an archive had some, and those of the
        baseline besides.
    agent_weeks : int
        Members × weeks simulated in this call.
    seconds : float
        That this call took.
    """

    problem: Problem
    method: str
    why: str
    stopped: str
    seed: int
    budget: int
    best: Candidate
    finalists: tuple[Candidate, ...]
    baseline: Candidate
    candidates: tuple[Candidate, ...]
    starts: tuple[Candidate, ...]
    history: tuple[Progress, ...]
    evaluations: int
    replications: int
    infeasible: str
    """One line on the constraint that no policy kept and the closest that one came to it; "" if feasible."""
    simulated: int = field(compare=False)
    agent_weeks: int = field(compare=False)
    seconds: float = field(compare=False)

    @property
    def feasible(self) -> bool:
        """Whether the best policy keeps all constraints, as far as the search's sample says."""
        return self.best.feasible

    @property
    def values(self) -> dict[str, Value]:
        """The levers of the best policy, by their labels."""
        return dict(zip((lever.label for lever in self.problem.levers), self.best.values))

    @property
    def agent_weeks_per_second(self) -> float:
        """Members × weeks simulated per second of this call, the search's own work included."""
        return self.agent_weeks / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def spread(self) -> float:
        """Gain of the best start less that of the worst, of those that keep the constraints; NaN of one."""
        gains = [c.gain for c in self.starts if c.feasible]
        return max(gains) - min(gains) if len(gains) > 1 else float("nan")

    @property
    def agreement(self) -> str:
        """How far apart the starts came out, in a sentence."""
        count = len(self.starts)
        if count < 2:
            return "The search made one start: only another seed can tell whether it ends elsewhere."
        kept = sum(c.feasible for c in self.starts)
        if kept < 2:
            return f"Of {count} starts {kept} found a policy that keeps the conditions."
        share = 100.0 * self.spread / (abs(self.baseline.objective) or 1.0)
        beside = "" if kept == count else f" ({count - kept} more found none that keeps the conditions)"
        return (
            f"{kept} starts from points of their own came out {share:.2g} % of today's objective "
            f"apart{beside}; the last descent went from the best of them."
        )

    def policy(self, name: str = "recommended") -> Policy:
        """Return the best policy under a name.

        Raises
        ------
        ScenarioError
            If it does not keep the constraints: which, and by how much (one line).
        """
        if not self.feasible:
            raise ScenarioError(self.infeasible)
        return self.best.policy.model_copy(update={"name": name})

    def to_frame(self) -> pd.DataFrame:
        """Return every policy tried, a row each: levers, objective, slacks of the constraints, replications.

        The objective has the problem's own sign; ``gain`` is positive where a policy beats the baseline;
        slacks are in units of the bounds, negative where one is missed.
        """
        import pandas as pd

        labels = [lever.label for lever in self.problem.levers]
        sign = 1.0 if self.problem.objective.sense == "maximise" else -1.0
        rows = []
        for c in self.candidates:
            row: dict[str, Any] = dict(zip(labels, c.values))
            row |= {"objective": sign * c.objective, "gain": c.gain, "standard_error": c.standard_error}
            row |= {f"slack of {k.label}": s for k, s in zip(self.problem.constraints, c.slacks)}
            rows.append(row | {"feasible": c.feasible, "replications": c.replications})
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        """Return the recommendation in a few lines; the same for the same seed."""
        sign = 1.0 if self.problem.objective.sense == "maximise" else -1.0
        error = f" ± {1.96 * self.best.standard_error:.3g}" if np.isfinite(self.best.standard_error) else ""
        lines = [
            f"Solution of {self.problem.name!r}: {self.problem.objective.label}",
            f"  best {sign * self.best.objective:,.6g}, baseline {sign * self.baseline.objective:,.6g}; "
            f"gain {self.best.gain:,.6g}{error} in {self.best.replications} replications of the search"
            if self.feasible
            else f"  infeasible: {self.infeasible}",
        ]
        lines += [f"  {name} = {_shown(value)}" for name, value in self.values.items()]
        for constraint, slack in zip(self.problem.constraints, self.best.slacks):
            told = "kept with" if slack >= 0.0 else "missed by"
            lines.append(f"  {constraint.label}: {told} {100 * abs(slack):.3g} % of the bound")
        lines.append(
            f"  {self.method}: {self.why}; {self.evaluations:,} policies, {self.replications:,} of "
            f"{self.budget:,} replications; stopped: {self.stopped}"
        )
        if len(self.starts) > 1:
            lines.append(f"  {self.agreement}")
        return "\n".join(lines)


def _shown(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def ranked(search: Search) -> list[Candidate]:
    """Return all candidates, the best first, with the luck of the best of so many taken off.

    Of n candidates without any difference, the luckiest is seen about √(2 ln n) standard errors above the
    rest. That is taken off each, by the noise of candidates in common (the median), so that few replications
    do not come first because they are few; among candidates of as many replications the order is the
    sample's. Where they are told by their difference from a reference, the reference's own error is no part
    of the noise: all share it.
    """
    found = list(search.candidates.values())
    shared = np.nan_to_num(search.reference.standard_error) if search.reference else 0.0
    known = [c for c in found if np.isfinite(c.standard_error)]
    noise = [np.sqrt(max(c.standard_error**2 - shared**2, 0.0) * c.replications) for c in known]
    luck = float(np.median(noise or [0.0])) * np.sqrt(2.0 * np.log(len(found))) / search.objective_scale

    def rank(c: Candidate) -> tuple[float, int]:
        return c.merit + (luck / np.sqrt(c.replications) if c.feasible else 0.0), -c.replications

    return sorted(found, key=rank)


def why_infeasible(search: Search) -> str:
    """Return one line: which constraint no candidate keeps, and the closest that one came to it."""
    problem, found = search.problem, list(search.candidates.values())
    slacks = np.array([c.sure(search.caution) for c in found])
    closest = slacks.max(axis=0)
    at = slacks.argmax(axis=0)
    never = np.flatnonzero(closest < 0.0)
    if len(never):
        k = int(never[np.argmin(closest[never])])
        seen = _reached(problem.constraints[k], found[at[k]], search, k)
        return f"no policy keeps {problem.constraints[k].label!r}: the closest of {len(found):,} has {seen}"
    best = search.best()[0]
    k = int(np.argmin(best.sure(search.caution)))
    seen = _reached(problem.constraints[k], best, search, k)
    return (
        f"each constraint can be kept, but none of {len(found):,} policies keeps all: the closest misses "
        f"{problem.constraints[k].label!r} with {seen}"
    )


def _reached(constraint: Constraint, candidate: Candidate, search: Search, k: int) -> str:
    """Return what a candidate has where a constraint wants a bound, in the constraint's own terms."""
    slack, error = candidate.slacks[k], candidate.slack_errors[k]
    if constraint.statistic == "probability":
        return f"it with probability {constraint.probability + slack:.3g}"
    bound = constraint.at_least if constraint.at_least is not None else constraint.at_most
    assert bound is not None
    sign = 1.0 if constraint.at_least is not None else -1.0
    told = f" ± {1.96 * error:.2g} of the bound" if np.isfinite(error) and error > 0.0 else ""
    if constraint.of_base:
        base = search.baseline_of(constraint.outcome)
        return f"{bound + sign * slack * abs(bound or 1.0) * np.sign(base or 1.0):.4g} × baseline{told}"
    size = abs(bound) or abs(search.baseline_of(constraint.outcome)) or 1.0
    return f"{bound + sign * slack * size:.6g}{told}"
