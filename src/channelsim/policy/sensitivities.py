"""Which lever, or which uncertainty, the value of a plan depends on: Sobol indices of a problem.

The shares of the objective's variance that each of them explains alone (first-order index) and with all its
interactions (total index), with bootstrap intervals; method and sources at `channelsim.analysis.sensitivity`.
Every point meets the same draws, so that points differ by what is varied and not by luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import Sampler, places_of
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.levers import Lever, Value
from channelsim.policy.problem import Problem, varied
from channelsim.policy.robustness import Build, some_uncertainty
from channelsim.scenario import Scenario
from channelsim.world import build

if TYPE_CHECKING:
    from channelsim.analysis.sensitivity import SobolIndices

Floats = NDArray[np.float64]


def lever_sensitivity(
    problem: Problem,
    evaluator: Sampler,
    around: Sequence[Value] | None = None,
    *,
    width: float = 1.0,
    samples: int = 32,
    replications: int = 2,
    level: float = 0.95,
    seed: int = 1,
    block: str = "report",
) -> SobolIndices:
    """Sobol indices of the objective over the levers.

    Parameters
    ----------
    problem : Problem
    evaluator : Evaluator
    around : sequence, optional
        Values of the levers around which ranges lie; default all of every range.
    width : float
        Share of every lever's range, half of it to each side of ``around``.
    samples : int
        A power of 2; samples × (levers + 2) policies are run.
    replications : int
        Of each, on the same draws.
    level, seed
        As in `channelsim.analysis.sensitivity.sobol_indices`.
    block : str

    Raises
    ------
    ScenarioError
        If the width is not above 0 and at most 1.
    ValueError
        As in `sobol_indices`.
    """
    from channelsim.analysis.sensitivity import sobol_indices

    if not 0.0 < width <= 1.0:
        raise ScenarioError(f"lever sensitivity: width = {width:g}: above 0, at most 1")
    place = places_of(problem, evaluator)[problem.objective.outcome]
    levers = problem.levers
    held = [None] * len(levers) if around is None else list(around)
    factors = {k.label: _range_of(k, value, width) for k, value in zip(levers, held, strict=True)}

    def outcomes(at: dict[str, Floats]) -> Floats:
        points = zip(*(_values(lever, at[lever.label]) for lever in levers))
        policies = [problem.policy(point) for point in points]
        found = evaluator.sample(policies, replications, block)[:, :, place]
        return np.array([problem.objective.value(sample) for sample in found])

    return sobol_indices(outcomes, factors, samples, level, seed=seed)


def _range_of(lever: Lever, around: Value | None, width: float) -> Any:
    from scipy.stats import randint

    low, high = lever.bounds()
    if around is not None and not lever.choices:
        assert not isinstance(around, str)
        half = 0.5 * width * (high - low)
        low, high = max(low, around - half), min(high, around + half)
    if lever.choices or lever.integer:
        return randint(int(np.ceil(low)), int(np.floor(high)) + 1)
    return low, high


def _values(lever: Lever, numbers: Floats) -> list[Value]:
    if lever.choices:
        return [lever.choices[int(x)] for x in numbers]
    return [int(x) if lever.integer else float(f"{x:.10g}") for x in numbers]


def uncertainty_sensitivity(
    problem: Problem,
    policy: Policy,
    *,
    compared: bool = True,
    samples: int = 16,
    replications: int = 2,
    level: float = 0.95,
    seed: int = 1,
    block: str = "report",
    workers: int | None = None,
    sampler: Build | None = None,
) -> SobolIndices:
    """Sobol indices of what a policy brings, over the problem's uncertainties.

    Parameters
    ----------
    problem : Problem
    policy : Policy
    compared : bool
        Whether the outcome is the advantage over the baseline in the same world, which is what the decision
        hangs on, or the objective itself.
    samples : int
        A power of 2; samples × (uncertainties + 2) worlds are built and run.
    replications : int
    level, seed
        As in `channelsim.analysis.sensitivity.sobol_indices`; the seed is also that of the draws.
    block, workers, sampler
        As in `regrets`.

    Raises
    ------
    ScenarioError
        If the problem names no uncertainty, or a value is not admissible.
    ValueError
        As in `sobol_indices`; it takes at least two factors.
    """
    from channelsim.analysis.sensitivity import sobol_indices

    some_uncertainty(problem)
    known, objective = problem.uncertainties, problem.objective

    def simulated(scenario: Scenario) -> Sampler:
        return Evaluator(build(scenario), problem.outcomes, seed, workers=workers)

    def outcome(values: list[float]) -> float:
        evaluator = (sampler or simulated)(varied(problem.channel.scenario, known, values))
        place = places_of(problem, evaluator)[objective.outcome]
        here, base = evaluator.sample([policy, problem.baseline], replications, block)[:, :, place]
        return objective.value(here) - (objective.value(base) if compared else 0.0)

    def outcomes(at: dict[str, Floats]) -> Floats:
        points = zip(*(at[u.label] for u in known))
        return np.array([outcome([float(x) for x in point]) for point in points])

    return sobol_indices(outcomes, {u.label: (u.low, u.high) for u in known}, samples, level, seed=seed)
