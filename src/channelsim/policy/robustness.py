"""Whether a plan stands when the world is another than was thought: regrets over variants of the scenario.

The **regret** of a policy in a variant of the scenario is what it falls short of the best of the policies
compared there, in the objective: 0 for the best. A policy of small largest regret is robust without anybody
having to say how likely each variant is. It is relative to the policies compared: a policy made for a variant
may be better than all of them.

Intervals of regrets are simultaneous over all pairs of policies and all variants (Bonferroni), so that they
also hold for the largest and the mean regret.

Sources: Savage (1951), The theory of statistical decision, Journal of the American Statistical Association
46, 55-67; Lempert, Groves, Popper & Bankes (2006), A general, analytic method for generating robust
strategies and narrative scenarios, Management Science 52, 514-528.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate, check_level
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import Sampler, objective_difference, objective_estimate, places_of
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.problem import Problem, varied
from channelsim.scenario import Scenario
from channelsim.world import build

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Build = Callable[[Scenario], Sampler]


class Variant(NamedTuple):
    """A scenario in which policies are compared, and what it is called."""

    name: str
    scenario: Scenario


def ends_of(problem: Problem) -> list[Variant]:
    """Return the scenario as thought, and with each uncertainty at its low and at its high end alone.

    Raises
    ------
    ScenarioError
        If the problem names no uncertainty, or a value is not admissible.
    """
    some_uncertainty(problem)
    scenario = problem.channel.scenario
    found = [Variant("as thought", scenario)]
    for u in problem.uncertainties:
        for value in (u.low, u.high):
            found.append(Variant(u.told(value), varied(scenario, [u], [value])))
    return found


def sampled(problem: Problem, count: int, seed: int = 1) -> list[Variant]:
    """Return so many variants with all uncertainties drawn evenly between their ends.

    Parameters
    ----------
    problem : Problem
    count : int
    seed : int
        Of the Latin hypercube.

    Raises
    ------
    ScenarioError
        If the problem names no uncertainty, or a value is not admissible.
    """
    from scipy.stats import qmc

    some_uncertainty(problem)
    known = problem.uncertainties
    shares = qmc.LatinHypercube(len(known), rng=np.random.default_rng(seed)).random(count)
    points = [[u.low + s * (u.high - u.low) for u, s in zip(known, row)] for row in shares]
    return [
        Variant(f"sample {k + 1}", varied(problem.channel.scenario, known, point))
        for k, point in enumerate(points)
    ]


def variants_of(problem: Problem, changes: Mapping[str, Mapping[str, Any]]) -> list[Variant]:
    """Return variants by name, each with changes of the scenario by path.

    Raises
    ------
    ScenarioError
        If a path leads nowhere or a value is not admissible: one line that names the variant.
    """
    found = []
    for name, change in changes.items():
        try:
            found.append(Variant(name, problem.channel.scenario.replace(**change)))
        except ScenarioError as error:
            raise ScenarioError(f"variant {name!r}: {error}") from None
    return found


class Regret(NamedTuple):
    """A policy in a variant.

    Attributes
    ----------
    variant, policy : str
    objective : Estimate
        Larger is better; interval by itself.
    regret : Estimate
        Best of the policies in the variant less this one; simultaneous interval, never below zero.
    relative : float
        Regret over the size of the best's objective.
    best : bool
        Whether it has the largest mean there.
    missed : tuple of str
        Constraints whose mean slack is below zero there.
    """

    variant: str
    policy: str
    objective: Estimate
    regret: Estimate
    relative: float
    best: bool
    missed: tuple[str, ...]


class RegretTable(NamedTuple):
    """Regrets of policies over variants.

    Attributes
    ----------
    policies, variants : tuple of str
    cells : tuple of Regret
        Variant by variant, policies in turn.
    replications : int
        Of every policy in every variant.
    level : float
        Probability with which all regrets lie in their intervals together.
    """

    policies: tuple[str, ...]
    variants: tuple[str, ...]
    cells: tuple[Regret, ...]
    replications: int
    level: float

    def of(self, policy: str) -> list[Regret]:
        """Return the regrets of a policy, variant by variant."""
        return [cell for cell in self.cells if cell.policy == policy]

    def to_frame(self) -> DataFrame:
        """Return a row per variant and policy.

        Returns
        -------
        pandas.DataFrame
            variant, policy, objective, objective_low, objective_high, regret, regret_low, regret_high,
            relative, best, missed.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "variant": x.variant, "policy": x.policy, "objective": x.objective.value,
                    "objective_low": x.objective.low, "objective_high": x.objective.high,
                    "regret": x.regret.value, "regret_low": x.regret.low, "regret_high": x.regret.high,
                    "relative": x.relative, "best": x.best, "missed": "; ".join(x.missed),
                }
                for x in self.cells
            ]
        )  # fmt: skip

    def summary(self) -> DataFrame:
        """Return a row per policy, the smallest largest regret first.

        Returns
        -------
        pandas.DataFrame
            policy, largest_regret with low and high, worst_variant, mean_regret (variants count alike) with
            low and high, best_in and misses_in (numbers of variants).
        """
        import pandas as pd

        rows = []
        for policy in self.policies:
            own = self.of(policy)
            value, low, high = (
                np.array([getattr(x.regret, e) for x in own]) for e in ("value", "low", "high")
            )
            rows.append({
                "policy": policy, "largest_regret": value.max(), "largest_low": low.max(),
                "largest_high": high.max(), "worst_variant": own[int(value.argmax())].variant,
                "mean_regret": value.mean(), "mean_low": low.mean(), "mean_high": high.mean(),
                "best_in": sum(x.best for x in own), "misses_in": sum(bool(x.missed) for x in own),
            })  # fmt: skip
        table = pd.DataFrame(rows)
        return table.sort_values("largest_regret", kind="stable", ignore_index=True)


def regrets(
    problem: Problem,
    policies: Sequence[Policy],
    variants: Sequence[Variant],
    seed: int = 1,
    *,
    replications: int = 16,
    level: float = 0.95,
    block: str = "report",
    workers: int | None = None,
    sampler: Build | None = None,
) -> RegretTable:
    """Compare policies in every variant, on the same draws.

    Parameters
    ----------
    problem : Problem
    policies : sequence of Policy
        With names of their own; at least two.
    variants : sequence of Variant
        Such as `ends_of`, `sampled` or `variants_of` give.
    seed : int
        Of the draws: the same in all variants.
    replications : int
    level : float
        Probability with which all regrets lie in their intervals together.
    block : str
    workers : int, optional
    sampler : callable, optional
        Makes an evaluator of a scenario; default an `Evaluator` of the built channel.

    Returns
    -------
    RegretTable

    Raises
    ------
    ScenarioError
        If there are fewer than two policies or no variant, a name occurs twice, or a variant does not admit a
        policy.
    """
    check_level(level)
    names, labels = [p.name for p in policies], [v.name for v in variants]
    for what, given, least in (("policies", names, 2), ("variants", labels, 1)):
        if len(given) < least or len(set(given)) < len(given):
            raise ScenarioError(
                f"regrets: {what} {given}: give at least {least}, each with a name of its own"
            )
    if replications < 2:
        raise ScenarioError(f"regrets: replications = {replications}: at least 2")

    def simulated(scenario: Scenario) -> Sampler:
        return Evaluator(build(scenario), problem.outcomes, seed, workers=workers)

    pairs = len(policies) * (len(policies) - 1) // 2
    each = 1.0 - (1.0 - level) / (pairs * len(variants))
    cells: list[Regret] = []
    for variant in variants:
        evaluator = (sampler or simulated)(variant.scenario)
        try:
            samples = evaluator.sample([problem.baseline, *policies], replications, block)
        except ScenarioError as error:
            raise ScenarioError(f"variant {variant.name!r}: {error}") from None
        cells += _in_variant(
            problem, variant.name, names, samples, places_of(problem, evaluator), level, each
        )
    return RegretTable(tuple(names), tuple(labels), tuple(cells), replications, level)


def _in_variant(
    problem: Problem,
    variant: str,
    names: list[str],
    samples: Floats,
    places: dict[str, int],
    level: float,
    each: float,
) -> list[Regret]:
    objective, base = problem.objective, samples[0]
    own = samples[1:, :, places[objective.outcome]]
    values = np.array([objective.value(sample) for sample in own])
    best = int(values.argmax())
    found = []
    for k, name in enumerate(names):
        others = [objective_difference(objective, own[q], own[k], each) for q in range(len(own)) if q != k]
        shortfall = objective_difference(objective, own[best], own[k], each)
        regret = Estimate(
            float(values[best] - values[k]),
            shortfall.standard_error,
            max(0.0, *(float(d.low) for d in others)),
            max(0.0, *(float(d.high) for d in others)),
            shortfall.replications,
        )
        sample = samples[1 + k]
        missed = tuple(
            c.label
            for c in problem.constraints
            if c.slack(sample[:, places[c.outcome]], base[:, places[c.outcome]]) < 0.0
        )
        found.append(
            Regret(
                variant, name, objective_estimate(objective, own[k], level), regret,
                float(regret.value / (abs(values[best]) or 1.0)), k == best, missed,
            )
        )  # fmt: skip
    return found


def some_uncertainty(problem: Problem) -> None:
    """Refuse a problem that names no uncertainty."""
    if not problem.uncertainties:
        raise ScenarioError(f"problem {problem.name!r}: names no uncertainties; give some")
