"""Evaluating policies: batches on common random numbers, every one kept, none paid for twice.

An `Evaluator` turns policies into samples of outcomes, replication by replication. Blocks of replications
are kept apart, each with draws of its own: a *search* may fit its numbers as it likes, since *selection* and
*report* meet fresh ones. What has been simulated is remembered, and kept in a file if one is given: asked
again, only missing replications are run, and an interrupted search that starts anew finds all that it had.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError, SimulationError
from channelsim.policy.archive import Archive
from channelsim.policy.outcomes import Outcome

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from channelsim.totals import Totals
    from channelsim.world import Channel

Floats = NDArray[np.float64]

BLOCKS = {"search": 0, "selection": 1_000_000, "report": 2_000_000, "bounds": 3_000_000}
"""First replication of each block. Draws are keyed by the replication's number."""
MOST_REPLICATIONS = 1_000_000
POLICIES_AT_A_TIME = 16
"""Policies that are run, and kept, together: what an interruption can lose."""


class Evaluator:
    """Samples of outcomes under policies.

    Parameters
    ----------
    channel : Channel
    outcomes : sequence of str
        Expressions of metrics; see `channelsim.policy.outcomes`.
    seed : int
        Seed of all draws.
    archive : str or Path, optional
        File (netCDF) in which every evaluation is kept.
    workers, executor
        As in `channelsim.simulate`.
    advance : callable
        Called with the number of replications just run.

    Raises
    ------
    ScenarioError
        If an outcome is not admissible, or the file belongs to another scenario, seed or set of rules.

    Attributes
    ----------
    simulated : int
        Replications run so far; those found in the file do not count.
    agent_weeks : int
        Members × weeks that they amount to.
    """

    def __init__(
        self,
        channel: Channel,
        outcomes: Sequence[str],
        seed: int = 1,
        archive: str | Path | None = None,
        workers: int | None = None,
        executor: Executor | None = None,
        advance: Callable[[int], None] = lambda done: None,
    ):
        from channelsim.engines.earlier import Earlier

        self.channel, self.seed, self.outcomes = channel, seed, tuple(outcomes)
        self._read = [Outcome(text) for text in self.outcomes]
        self._workers, self._executor, self.advance = workers, executor, advance
        self.simulated, self.agent_weeks = 0, 0
        self._earlier = Earlier(channel)  # one for all policies
        self._kept = Archive.open(archive, self.identity(), self.outcomes)

    def identity(self) -> dict[str, str]:
        """Return what every evaluation depends on: scenario, rules, seed."""
        from channelsim.kernels import mechanism_digest

        return {
            "scenario": self.channel.scenario.digest(),
            "rules": mechanism_digest(),
            "seed": str(self.seed),
        }

    def sample(
        self,
        policies: Sequence[Policy],
        replications: int,
        block: str = "search",
        first: int | Sequence[int] = 0,
    ) -> Floats:
        """Return the outcomes of policies in replications of a block.

        Parameters
        ----------
        policies : sequence of Policy
        replications : int
        block : {"search", "selection", "report", "bounds"}
        first : int or sequence of int
            First replication in the block, of all policies or of each.

        Returns
        -------
        ndarray of float64, shape (policies, replications, outcomes)

        Raises
        ------
        SimulationError
            If an outcome is undefined in a replication, or the run met an impossible number; what was
            evaluated before is kept.
        """
        if not 0 < replications <= MOST_REPLICATIONS:
            raise ScenarioError(f"replications = {replications}: from 1 to {MOST_REPLICATIONS}")
        keys, firsts = [policy_key(policy) for policy in policies], np.broadcast_to(first, len(policies))
        asked = list(zip(keys, firsts.tolist()))
        lacking: dict[int, dict[tuple[str, int], Policy]] = {}
        for (key, start), policy in zip(asked, policies):
            for run in self._kept.lacking(block, key, start, replications):
                lacking.setdefault(len(run), {})[key, run.start] = policy
        try:
            for count, fresh in sorted(lacking.items()):
                wanted = list(fresh.items())
                for k in range(0, len(wanted), POLICIES_AT_A_TIME):
                    self._run(dict(wanted[k : k + POLICIES_AT_A_TIME]), count, block)
                    self._kept.save(now=False)
        except BaseException:
            self.save()
            raise
        return np.stack([self._kept.values(block, key)[start : start + replications] for key, start in asked])

    def totals(
        self,
        policies: Sequence[Policy],
        replications: int,
        block: str = "report",
        metrics: Sequence[str] | None = None,
        record: Sequence[str] = (),
        names: Sequence[str] | None = None,
    ) -> Totals:
        """Run policies on a block's first replications and return all sums, for whoever needs more.

        The outcomes are kept as `sample` keeps them; the sums are not, so that they are run every time.

        Parameters
        ----------
        policies : sequence of Policy
            Named by their position ("0", "1" and so on) unless names are given.
        replications, block
            As in `sample`.
        metrics : sequence of str, optional
            To record for, besides those of the outcomes; default all.
        record : sequence of str
            Trajectories; see `channelsim.simulate`.
        names : sequence of str, optional
            What the policies are called in the totals.
        """
        from channelsim.engines.batch import run_batch

        own = {name for outcome in self._read for name in outcome.metrics}
        totals = run_batch(
            self.channel,
            [p.model_copy(update={"name": names[k] if names else str(k)}) for k, p in enumerate(policies)],
            replications,
            self.seed,
            None if metrics is None else sorted({*metrics, *own}),
            list(record),
            self._workers,
            self._executor,
            self.advance,
            BLOCKS[block],
            earlier=self._earlier,
        )
        values = np.stack([outcome.values(totals) for outcome in self._read], axis=-1)
        for k, policy in enumerate(policies):
            key = policy_key(policy)
            if self._kept.lacking(block, key, 0, replications):
                self._refuse_undefined(values[k], policy, 0, block)
                self._kept.add(block, key, policy_data(policy), 0, values[k])
        self._count(len(policies) * replications)
        self._kept.save(now=False)
        return totals

    def _count(self, replications: int) -> None:
        self.simulated += replications
        self.agent_weeks += replications * self.channel.sizes.members * self.channel.scenario.weeks

    def _run(self, policies: dict[tuple[str, int], Policy], count: int, block: str) -> None:
        from channelsim.engines.batch import run_batch

        metrics = sorted({name for outcome in self._read for name in outcome.metrics})
        # the engine wants names that differ; those given say more than keys when a run fails
        distinct = len({p.name for p in policies.values()}) == len(policies)
        named = [
            p if distinct else p.model_copy(update={"name": f"{p.name} {key} {first}"})
            for (key, first), p in policies.items()
        ]
        totals = run_batch(
            self.channel,
            named,
            count,
            self.seed,
            metrics,
            [],
            self._workers,
            self._executor,
            self.advance,
            [BLOCKS[block] + first for _, first in policies],
            apply_first=False,
            earlier=self._earlier,
        )
        values = np.stack([outcome.values(totals) for outcome in self._read], axis=-1)
        for k, ((key, first), policy) in enumerate(policies.items()):
            self._refuse_undefined(values[k], policy, first, block)
            self._kept.add(block, key, policy_data(policy), first, values[k])
        self._count(len(policies) * count)

    def _refuse_undefined(self, values: Floats, policy: Policy, first: int, block: str) -> None:
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            replication, k = bad[0]
            scenario = self.channel.scenario
            raise SimulationError(
                f"policy {policy.name!r}, replication {BLOCKS[block] + first + replication}, weeks "
                f"{scenario.warm_up_weeks} to {scenario.weeks - 1}: {self.outcomes[k]} is undefined (0/0?)"
            )

    def save(self) -> None:
        """Write the archive's file now; it is written every few seconds anyway."""
        self._kept.save()

    def evaluations(self) -> list[dict[str, Any]]:
        """Return all that is kept: block, policy (plain data), replications, mean of every outcome."""
        return self._kept.table()


def policy_data(policy: Policy) -> str:
    """Return what a policy decides as JSON, the same text for the same decisions; its name is no part."""
    data = policy.model_dump(mode="json", exclude_defaults=True, exclude_none=True, exclude={"name"})
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def policy_key(policy: Policy) -> str:
    """Return a short hash of what a policy decides."""
    return "p" + hashlib.sha256(policy_data(policy).encode()).hexdigest()[:20]
