"""The optimality gap: how far a policy may be from the best of a set, by independent batches.

A batch of draws that nothing was fitted to is optimised over the set X as if it were the whole truth, and
its optimum compared with the recommended policy x̂ on the same batch:

    G_b = max over x in X of mean_b J(x)  −  mean_b J(x̂)

A mean of maxima is never below the maximum of means, so E[G_b] is at least the true gap max_x J(x) − J(x̂).
With B batches, Ḡ + t(B − 1)·s/√B is therefore an upper confidence bound of the gap, conservative where
several policies are nearly best. It holds **for the set X**, which is finite here (candidates of the
search): a better policy that no search has seen is outside it. Policies that the search's own numbers show
infeasible do not belong into X.

Source: Mak, Morton & Wood (1999), Monte Carlo bounding techniques for determining solution quality in
stochastic programs, Operations Research Letters 24, 47-56.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from channelsim.analysis.estimators import mean
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.comparison import Sampler, one_sided, places_of, pseudo_values
from channelsim.policy.problem import Problem

if TYPE_CHECKING:
    from pandas import DataFrame


class OptimalityGap(NamedTuple):
    """How far a policy may be from the best of a set.

    Attributes
    ----------
    estimate : float
        Mean over batches of what the batch's own optimum is better by; in the objective's unit, larger worse.
    upper : float
        One-sided confidence bound of the gap at the level.
    standard_error : float
    level : float
    batches, batch_replications : int
    policies : int
        Size of the set, the policy itself included.
    scale : float
        Size of the objective in the same batches: `upper` / `scale` is the bound as a share.
    chosen_in : int
        Batches in which the policy is itself the batch's best.
    """

    estimate: float
    upper: float
    standard_error: float
    level: float
    batches: int
    batch_replications: int
    policies: int
    scale: float
    chosen_in: int

    @property
    def sentence(self) -> str:
        """What it says, and for which set."""
        if self.upper == 0.0:
            return (
                f"In none of {self.batches} independent batches was any other of the {self.policies} "
                "policies compared better."
            )
        share = 100.0 * self.upper / self.scale
        return (
            f"With {100 * self.level:g} % confidence no other of the {self.policies} policies compared is "
            f"better by more than {share:.3g} % of the objective."
        )

    def to_frame(self) -> DataFrame:
        """Return a table of one row."""
        import pandas as pd

        return pd.DataFrame([self._asdict()])


def optimality_gap(
    problem: Problem,
    policy: Policy,
    others: Sequence[Policy],
    evaluator: Sampler,
    *,
    batches: int = 10,
    batch_replications: int = 4,
    level: float = 0.95,
    block: str = "bounds",
) -> OptimalityGap:
    """Bound how much better the best of a set of policies may be.

    Parameters
    ----------
    problem : Problem
    policy : Policy
        The one recommended.
    others : sequence of Policy
        The rest of the set: feasible candidates of the search.
    evaluator : Evaluator
    batches, batch_replications : int
        Independent batches, and replications of every policy in each.
    level : float
        Of the one-sided bound.
    block : str
        Block of draws, which nothing may have been fitted to.

    Returns
    -------
    OptimalityGap

    Raises
    ------
    ScenarioError
        If the objective is a tail mean, whose batch value is not unbiased, or there are too few batches.

    Notes
    -----
    Method and source at `channelsim.policy.gap`.
    """
    objective = problem.objective
    if objective.statistic == "cvar":
        raise ScenarioError("optimality gap: the bound holds for means and probabilities, not for cvar")
    if batches < 2 or batch_replications < 1:
        raise ScenarioError(
            f"optimality gap: batches = {batches} (at least 2), batch_replications = {batch_replications} "
            "(at least 1)"
        )
    place = places_of(problem, evaluator)[objective.outcome]
    found = evaluator.sample([policy, *others], batches * batch_replications, block)[:, :, place]
    values = np.stack([pseudo_values(objective, sample) for sample in found])
    of_batch = values.reshape(len(values), batches, batch_replications).mean(axis=2)
    gaps = of_batch.max(axis=0) - of_batch[0]
    bound = mean(gaps, one_sided(level))
    return OptimalityGap(
        float(bound.value), float(bound.high), float(bound.standard_error), level, batches,
        batch_replications, len(values), abs(float(of_batch[0].mean())) or 1.0, int((gaps == 0.0).sum()),
    )  # fmt: skip
