"""The honest report: a recommended policy on fresh draws, beside the baseline and the search's promise.

Nothing in it was fitted to the draws it is computed on: the block *report* serves the comparison with the
baseline, constraints, stakeholders and levers, the block *bounds* the optimality gap. Every number is an
`Estimate` with its interval; intervals are one by one, not simultaneous, unless they say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

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
    oriented,
    places_of,
    slack_estimate,
)
from channelsim.policy.evaluation import Evaluator, policy_key
from channelsim.policy.gap import OptimalityGap, optimality_gap
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.optimism import Optimism, optimism_of
from channelsim.policy.problem import Constraint, Problem
from channelsim.policy.relations import RelationEffect, relation_effects, relations_frame
from channelsim.policy.responses import Response, responses, responses_frame
from channelsim.policy.stakeholders import Effect, effects_frame, stakeholder_effects

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Verdict = Literal["kept", "missed", "not shown"]

NEAR_BOUND = 0.01
"""Share of its range within which a real lever counts as at its bound (declared)."""


class ConstraintCheck(NamedTuple):
    """A constraint on fresh draws.

    Attributes
    ----------
    constraint : str
        What it says.
    slack : Estimate
        By how much it is kept, in the unit of its outcome, with a two-sided interval; below zero: missed.
    lower : float
        One-sided lower confidence bound of the slack.
    scale : float
        Size by which the slack is measured.
    verdict : {"kept", "missed", "not shown"}
        kept: the lower bound is not below zero; missed: the upper one is; else the sample shows neither.
    binds : bool
        Whether the slack is zero within its error.
    """

    constraint: str
    slack: Estimate
    lower: float
    scale: float
    verdict: Verdict
    binds: bool


class LeverPlace(NamedTuple):
    """Where a lever stands between its bounds; ``at``: "low" or "high" where it is at one, else ""."""

    lever: str
    unit: str
    value: Value
    low: Value
    high: Value
    at: str


@dataclass(frozen=True)
class Assessment:
    """A recommended policy on fresh draws.

    Attributes
    ----------
    policy, baseline : Policy
    outcome, unit : str
        Of the objective.
    replications : int
        Of policy and baseline on fresh draws.
    level : float
    baseline_value, value, difference : Estimate
        The objective in its outcome's own sense; the difference is paired.
    better : bool
        Whether the interval of the difference says that the policy is better.
    constraints : tuple of ConstraintCheck
    effects : tuple of Effect
        Stakeholders.
    optimism : Optimism or None
        None where no search was named.
    gap : OptimalityGap or None
        None where no other policies were given, or the bound does not hold (CVaR).
    levers : tuple of LeverPlace
    responses : tuple of Response
    relations : tuple of RelationEffect
    """

    policy: Policy
    baseline: Policy
    outcome: str
    unit: str
    replications: int
    level: float
    baseline_value: Estimate
    value: Estimate
    difference: Estimate
    better: bool
    constraints: tuple[ConstraintCheck, ...]
    effects: tuple[Effect, ...]
    optimism: Optimism | None
    gap: OptimalityGap | None
    levers: tuple[LeverPlace, ...]
    responses: tuple[Response, ...]
    relations: tuple[RelationEffect, ...]

    @property
    def feasible(self) -> bool:
        """Whether every constraint is shown to be kept, each at the level."""
        return all(check.verdict == "kept" for check in self.constraints)

    @property
    def binds(self) -> tuple[str, ...]:
        """What keeps the policy where it is.

        Constraints within error of their bound, those that a step of a lever would miss although it gains,
        and levers at a bound.
        """
        stopped: dict[str, list[str]] = {}
        for response in self.responses:
            for change, missed in (
                (response.down, response.down_missed),
                (response.up, response.up_missed),
            ):
                for label in missed if change.value > 0.0 else ():
                    stopped.setdefault(label, []).append(response.lever)
        found = []
        for check in self.constraints:
            by = list(dict.fromkeys(stopped.get(check.constraint, ())))
            if by:
                found.append(f"{check.constraint} (it stops {', '.join(by)})")
            elif check.binds:
                found.append(check.constraint)
        return (*found, *(f"{place.lever} at its {place.at} bound" for place in self.levers if place.at))

    def to_frame(self) -> DataFrame:
        """Return the headline: a row each for the objective and every constraint.

        Returns
        -------
        pandas.DataFrame
            what, baseline, recommended, difference, low, high (objective); slack as difference, verdict.
        """
        import pandas as pd

        rows: list[dict[str, object]] = [
            {
                "what": self.outcome, "unit": self.unit, "baseline": self.baseline_value.value,
                "recommended": self.value.value, "difference": self.difference.value,
                "low": self.difference.low, "high": self.difference.high,
                "verdict": "better" if self.better else "not shown to be better",
            }
        ]  # fmt: skip
        rows += [
            {
                "what": check.constraint, "unit": "slack", "difference": check.slack.value,
                "low": check.slack.low, "high": check.slack.high,
                "verdict": check.verdict + (", binds" if check.binds else ""),
            }
            for check in self.constraints
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def effects_frame(self) -> DataFrame:
        """Return stakeholders as a table; see `channelsim.policy.stakeholders.effects_frame`."""
        return effects_frame(self.effects)

    def responses_frame(self) -> DataFrame:
        """Return levers as a table; see `channelsim.policy.responses.responses_frame`."""
        return responses_frame(self.responses)

    def relations_frame(self) -> DataFrame:
        """Return relationships as a table; see `channelsim.policy.relations.relations_frame`."""
        return relations_frame(self.relations)


def assess(
    problem: Problem,
    recommended: Candidate | Policy,
    evaluator: Sampler,
    *,
    found: Candidate | None = None,
    others: Sequence[Candidate | Policy] = (),
    replications: int = 64,
    lever_replications: int = 8,
    batches: int = 10,
    batch_replications: int = 4,
    relation_replications: int = 4,
    territories: bool = True,
    level: float = 0.95,
    effects: tuple[Effect, ...] | None = None,
    relations: tuple[RelationEffect, ...] | None = None,
) -> Assessment:
    """Assess a policy on fresh draws.

    Parameters
    ----------
    problem : Problem
    recommended : Candidate or Policy
        Of a policy without lever values there are no responses to levers.
    evaluator : Evaluator
        Of the problem's channel and outcomes. A sampler that is no `Evaluator` has no stakeholders.
    found : Candidate, optional
        What the search saw of the recommended policy (default: ``recommended``, if it is a candidate); its
        draws are those of the block *search*.
    others : sequence of Candidate or Policy
        The set that the optimality gap is taken over; candidates that the search found infeasible are left
        out.
    replications : int
        Of policy and baseline.
    lever_replications : int
        Of every step of a lever; 0: leave them out.
    batches, batch_replications : int
        Of the optimality gap; see `optimality_gap`.
    relation_replications : int
        Of the run in which power is measured; 0: leave it out.
    territories : bool
        Whether to list every territory among the stakeholders.
    level : float
        Of each interval, and of one-sided bounds.
    effects, relations : tuple, optional
        If they are known already; default: simulated here.

    Returns
    -------
    Assessment

    Raises
    ------
    ScenarioError
        If replications or the level are not admissible.
    """
    if replications < 2:
        raise ScenarioError(f"assess: replications = {replications}: at least 2, or there is no interval")
    objective = problem.objective
    places = places_of(problem, evaluator)
    at = places[objective.outcome]
    policy, values = _policy_of(problem, recommended)
    if effects is None and isinstance(evaluator, Evaluator):
        effects = stakeholder_effects(
            evaluator, policy, problem.baseline, replications, level=level, territories=territories
        )
    sample, base = evaluator.sample([policy, problem.baseline], replications, "report")
    difference = objective_difference(objective, sample[:, at], base[:, at], level)
    checks = tuple(
        check_constraint(k, sample[:, places[k.outcome]], base[:, places[k.outcome]], level)
        for k in problem.constraints
    )
    found = recommended if found is None and isinstance(recommended, Candidate) else found
    optimism = None
    if found is not None:
        pair = [found.policy, problem.baseline]
        searched = evaluator.sample(pair, found.replications, "search", found.first)[..., at]
        optimism = optimism_of(objective, (searched[0], searched[1]), (sample[:, at], base[:, at]), level)
    gap = None
    rivals = _rivals(policy, others)
    if rivals and objective.statistic != "cvar":
        gap = optimality_gap(
            problem, policy, rivals, evaluator, batches=batches, batch_replications=batch_replications,
            level=level,
        )  # fmt: skip
    answers: tuple[Response, ...] = ()
    if values and lever_replications:
        answers = responses(problem, values, evaluator, replications=lever_replications, level=level)
    if relations is None and relation_replications and isinstance(evaluator, Evaluator):
        relations = relation_effects(
            problem, policy, evaluator.seed, replications=relation_replications, level=level
        )
    return Assessment(
        policy=policy,
        baseline=problem.baseline,
        outcome=objective.label if objective.statistic != "mean" else objective.outcome,
        unit=objective.read.unit if objective.statistic != "probability" else "–",
        replications=replications,
        level=level,
        baseline_value=oriented(objective_estimate(objective, base[:, at], level), objective),
        value=oriented(objective_estimate(objective, sample[:, at], level), objective),
        difference=oriented(difference, objective),
        better=bool(difference.low > 0.0),
        constraints=checks,
        effects=effects or (),
        optimism=optimism,
        gap=gap,
        levers=tuple(_place(problem, k, value) for k, value in enumerate(values)),
        responses=answers,
        relations=relations or (),
    )


def check_constraint(
    constraint: Constraint, sample: Floats, base: Floats, level: float = 0.95
) -> ConstraintCheck:
    """Return what a sample (replications,) under the policy and under the baseline shows of a constraint."""
    slack = slack_estimate(constraint, sample, base, level)
    ends = slack_estimate(constraint, sample, base, one_sided(level))
    verdict: Verdict = "kept" if ends.low >= 0.0 else "missed" if ends.high < 0.0 else "not shown"
    binds = bool(slack.low <= 0.0 <= slack.high)
    return ConstraintCheck(constraint.label, slack, float(ends.low), constraint.scale(base), verdict, binds)


def _policy_of(problem: Problem, given: Candidate | Policy) -> tuple[Policy, tuple[Value, ...]]:
    if isinstance(given, Policy):
        return given, ()
    return given.policy, tuple(given.values)


def _rivals(policy: Policy, others: Sequence[Candidate | Policy]) -> list[Policy]:
    """Return the policies of a set, each once, without the policy itself and without infeasible ones."""
    found = {
        policy_key(p): p
        for p in (
            other.policy if isinstance(other, Candidate) else other
            for other in others
            if not isinstance(other, Candidate) or other.feasible
        )
    }
    found.pop(policy_key(policy), None)
    return list(found.values())


def _place(problem: Problem, k: int, value: Value) -> LeverPlace:
    lever = problem.levers[k]
    if lever.choices:
        return LeverPlace(lever.label, lever.unit, value, lever.choices[0], lever.choices[-1], "")
    assert not isinstance(value, str)
    low, high = lever.bounds()
    room = 0.0 if lever.integer else NEAR_BOUND * (high - low)
    at = "low" if value <= low + room else "high" if value >= high - room else ""
    return LeverPlace(lever.label, lever.unit, value, low, high, at)
