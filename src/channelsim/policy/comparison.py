"""Statistics of an objective or a constraint, with intervals, from replications on common numbers.

A mean, a mean of the worst share (CVaR) and a probability are treated alike: a sample is turned into
*pseudo-values*, one a replication, whose mean is the statistic and whose scatter is its error:

    mean         v_r                                         (Student's interval, exact for normal values)
    probability  1 if replication r keeps the bound, else 0  (intervals of Wilson, and of Agresti & Min)
    CVaR         T + J_r − J̄,   J_r = n·T − (n − 1)·T₋ᵣ      (the jackknife; T₋ᵣ leaves replication r out)

Differences between policies are taken replication by replication, so that what common random numbers move
alike cancels. Objectives are oriented so that larger is better; slacks so that below zero is missed.

Sources: Tukey (1958), Bias and confidence in not-quite large samples, Annals of Mathematical Statistics 29,
614 (the jackknife as a sample); Agresti & Min (2005), Simple improved confidence intervals for comparing
matched proportions, Statistics in Medicine 24, 729-740.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import (
    Estimate,
    check_level,
    mean,
    paired_difference,
    probability,
    tail_mean,
)
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.problem import Constraint, Objective, Problem

Floats = NDArray[np.float64]


class Sampler(Protocol):
    """Whatever samples outcomes of policies: an `Evaluator`, or a model with known answers."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Expressions that it samples, in the order of the last axis."""

    def sample(
        self,
        policies: Sequence[Policy],
        replications: int,
        block: str = "search",
        first: int | Sequence[int] = 0,
    ) -> Floats:
        """Return outcomes, shape (policies, replications, outcomes), on the common numbers of a block."""


def places_of(problem: Problem, sampler: Sampler, extra: Sequence[str] = ()) -> dict[str, int]:
    """Return where a sampler has the outcomes that a problem, and whoever asks besides, needs.

    Raises
    ------
    ScenarioError
        If it does not sample one of them.
    """
    places = {text: k for k, text in enumerate(sampler.outcomes)}
    for text in (*problem.outcomes, *extra):
        if text not in places:
            raise ScenarioError(
                f"evaluator: does not sample {text!r}; name it among its outcomes ({', '.join(places)})"
            )
    return places


def sign(objective: Objective) -> float:
    """Return 1 where the outcome is to be large, −1 where it is to be small."""
    return 1.0 if objective.sense == "maximise" else -1.0


def pseudo_values(held: Objective | Constraint, sample: Floats, base: Floats | None = None) -> Floats:
    """Return one number a replication whose mean is the statistic.

    Parameters
    ----------
    held : Objective or Constraint
        Of an objective the values are larger where better; of a constraint they are slacks.
    sample : ndarray, shape (replications,)
        The outcome under the policy.
    base : ndarray, shape (replications,)
        The outcome under the baseline on the same draws; an objective needs none.
    """
    if isinstance(held, Objective):
        if held.at_least is not None:
            return np.asarray(sign(held) * (sample >= held.at_least), dtype=np.float64)
        values = sign(held) * sample
    else:
        values = held.margins(sample, sample if base is None else base)
        if held.statistic == "probability":
            return np.asarray((values >= 0.0) - held.probability, dtype=np.float64)
    if held.statistic == "mean" or len(values) < 2:
        return np.asarray(values, dtype=np.float64)
    return _jackknife(values, held.worst_share)


def _jackknife(values: Floats, worst_share: float) -> Floats:
    count = len(values)
    whole = float(tail_mean(values, worst_share))
    others = np.tile(values, (count, 1))[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    left_out = tail_mean(others, worst_share)
    pseudo = count * whole - (count - 1) * left_out
    return np.asarray(whole + pseudo - pseudo.mean())


def objective_estimate(objective: Objective, sample: Floats, level: float = 0.95) -> Estimate:
    """Return the objective, larger being better, with its interval.

    Parameters
    ----------
    objective : Objective
    sample : ndarray, shape (replications,)
    level : float
        Coverage of the two-sided interval.
    """
    values = pseudo_values(objective, sample)
    if objective.statistic != "probability":
        return mean(values, level)
    return _signed(probability(np.abs(values), level), sign(objective))


def objective_difference(objective: Objective, sample: Floats, base: Floats, level: float = 0.95) -> Estimate:
    """Return by how much one sample's objective is better than another's on the same draws.

    Parameters
    ----------
    objective : Objective
    sample, base : ndarray, shape (replications,)
    level : float
        Coverage of the two-sided interval.
    """
    here, there = pseudo_values(objective, sample), pseudo_values(objective, base)
    if objective.statistic != "probability":
        return paired_difference(here, there, level)
    return _matched_proportions(here, there, level)


def slack_estimate(constraint: Constraint, sample: Floats, base: Floats, level: float = 0.95) -> Estimate:
    """Return by how much a statistic keeps its bound, in the unit of the outcome, with its interval.

    Parameters
    ----------
    constraint : Constraint
    sample, base : ndarray, shape (replications,)
        The outcome under the policy and under the baseline on the same draws.
    level : float
        Coverage of the two-sided interval; each end is a one-sided bound at (1 + level) / 2.
    """
    if constraint.statistic != "probability":
        return mean(pseudo_values(constraint, sample, base), level)
    kept = probability(constraint.margins(sample, base) >= 0.0, level)
    shift = constraint.probability
    return kept._replace(value=kept.value - shift, low=kept.low - shift, high=kept.high - shift)


def one_sided(level: float) -> float:
    """Return the coverage of the two-sided interval whose ends are one-sided bounds at a level.

    Examples
    --------
    >>> round(one_sided(0.95), 12)
    0.9
    """
    check_level(level)
    return max(2.0 * level - 1.0, 1e-12)


def _signed(found: Estimate, factor: float) -> Estimate:
    low, high = sorted((factor * found.low, factor * found.high))
    return found._replace(value=factor * found.value, low=low, high=high)


def oriented(found: Estimate, objective: Objective) -> Estimate:
    """Return an estimate that is larger where better as one in the outcome's own sense, or the reverse."""
    return _signed(found, sign(objective))


def _matched_proportions(here: Floats, there: Floats, level: float) -> Estimate:
    """Return the difference of two chances on the same draws; half an observation is added to each cell."""
    from scipy.special import ndtri

    count = len(here)
    first, second = np.count_nonzero(here > there), np.count_nonzero(here < there)
    room = count + 2.0
    centre = (first - second) / room
    error = np.sqrt(((first + second + 1.0) / room - centre**2) / room)
    half = float(ndtri(0.5 + 0.5 * level)) * error
    value = (first - second) / count
    return Estimate(value, error, min(centre - half, value), max(centre + half, value), count)
