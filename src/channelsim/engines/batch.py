"""The batch engine: policies × replications in compiled code, on threads or any executor.

A task is a run of replications of one policy. Kernels release the interpreter's lock, so threads run side
by side; draws are keyed, so no result depends on tasks, order, threads or processes. Memory is bounded
by the totals asked for; the working memory of a thread does not grow with replications.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from channelsim.decisions import Policy
from channelsim.engines.compilation import compile_ahead
from channelsim.engines.diagnosis import diagnose
from channelsim.engines.driver import Driver
from channelsim.engines.earlier import Earlier, earlier_of, looks_back
from channelsim.engines.groupings import Groupings
from channelsim.engines.reviews import Related
from channelsim.engines.structural import structural_metric
from channelsim.engines.trajectories import row_labels, trajectory_table
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import ScenarioError
from channelsim.kernels import mechanism_digest
from channelsim.scenario import Scenario
from channelsim.schema import column
from channelsim.tables import Floats, Integers, Terms
from channelsim.totals import Reviews, Totals, Trajectory
from channelsim.world import Channel, build

TASK_SECONDS = 0.2
SECONDS_A_ROW = 25e-9
MEMORY_LIMIT = 4 * 2**30
"""Bytes of results above which a request is refused."""


def run_task(
    channel: Channel,
    terms: Terms,
    recording: Recording,
    related: Related,
    first: int,
    count: int,
    seed: int,
    stop: Integers,
    earlier: Earlier | None = None,
) -> dict[str, Floats]:
    """Run consecutive replications of one policy and return their totals."""
    space = Workspace(channel, recording, Groupings.of(channel), count, related)
    Driver(channel, terms, space, seed, first, stop, earlier).run(count)
    return space.outputs(count)


@lru_cache(maxsize=8)
def _channel(scenario_json: str, folder: str) -> Channel:
    return build(Scenario.parse(json.loads(scenario_json), folder=Path(folder)))


def _remote_task(
    scenario_json: str,
    folder: str,
    policy_json: str,
    metrics: tuple[str, ...] | None,
    record: tuple[Any, ...],
    first: int,
    count: int,
    seed: int,
) -> tuple[dict[str, Floats], Integers]:
    """Run a task in another process or machine: it builds the channel itself, once per scenario."""
    channel = _channel(scenario_json, folder)
    stop = np.zeros(1 + count, dtype=np.int64)
    policy = Policy.model_validate_json(policy_json)
    active, terms = channel.under(policy)
    recording, related = Recording.of(metrics, record, channel), Related.of(channel)
    earlier = earlier_of(channel, policy)
    outputs = run_task(active, terms, recording, related, first, count, seed, stop, earlier)
    return outputs, stop


@dataclass(frozen=True)
class Task:
    """Consecutive replications of one policy."""

    policy: int
    first: int
    count: int


def plan_tasks(channel: Channel, policies: int, replications: int, workers: int) -> list[Task]:
    """Return the tasks of a run: a fraction of a second each, and enough of them for all workers."""
    a_replication = SECONDS_A_ROW * channel.scenario.weeks * max(channel.sizes.holdings, 20)
    count = max(
        1, min(int(TASK_SECONDS / a_replication), -(-replications * policies // (2 * workers)), replications)
    )
    return [
        Task(p, first, min(count, replications - first))
        for p in range(policies)
        for first in range(0, replications, count)
    ]


def run_batch(
    channel: Channel,
    policies: Sequence[Policy],
    replications: int,
    seed: int,
    metrics: Sequence[str] | None = None,
    record: Sequence[Any] = (),
    workers: int | None = None,
    executor: Executor | None = None,
    advance: Callable[[int], None] = lambda done: None,
    first_replication: int | Sequence[int] = 0,
    apply_first: bool = True,
    earlier: Earlier | None = None,
) -> Totals:
    """Simulate policies × replications on common random numbers and return their totals.

    Parameters
    ----------
    channel : Channel
    policies : sequence of Policy
        Every policy meets the same draws: replication r of one and of another differ by the policy alone.
    replications, seed : int
    metrics : sequence of str, optional
        Metrics to record for; default all.
    record : sequence
        Trajectories; see `channelsim.engines.trajectories.read_requests`.
    workers : int, optional
        Threads; default one per processor.
    executor : concurrent.futures.Executor, optional
        Runs the tasks instead of threads; its workers build the channel themselves.
    advance : callable
        Called with the number of replications just finished.
    first_replication : int or sequence of int
        Number of the first replication, of all policies or of each, which its draws are keyed by: a run may
        go on where one ended.
    apply_first : bool
        Apply every policy before anything runs, so that a bad one is refused at once; else each is applied
        while those before it run, which saves time where policies are many and replications few.
    earlier : Earlier, optional
        Of the channel, where one exists already: what members remember is then known.

    Raises
    ------
    ScenarioError
        If a request is not admissible, or its results would not fit into memory.
    SimulationError
        If a run met a number that no channel can have.
    """
    compile_ahead(channel.scenario)
    firsts = np.broadcast_to(first_replication, len(policies)).tolist()
    recording = Recording.of(metrics, record, channel)
    groupings, related = Groupings.of(channel), Related.of(channel)
    applied: dict[int, tuple[Channel, Terms]] = {}

    def under(policy: int) -> tuple[Channel, Terms]:
        if policy not in applied:
            applied[policy] = channel.under(policies[policy])
        return applied[policy]

    standing = earlier or Earlier(channel)

    def earlier_than(policy: int) -> Earlier | None:
        return standing if looks_back(channel, policies[policy]) else None

    if apply_first:
        for policy in range(len(policies)):
            under(policy)
    collected = _allocate(channel, recording, groupings, related, len(policies), replications)
    workers = workers or os.cpu_count() or 1
    tasks = plan_tasks(channel, len(policies), replications, workers if executor is None else max(workers, 8))
    stops: list[Integers] = []

    def submit(pool: Executor, task: Task) -> Future[Any]:
        if executor is not None:
            return pool.submit(
                _remote_task,
                json.dumps(channel.scenario.to_dict()),
                str(channel.scenario.folder),
                policies[task.policy].model_dump_json(exclude_none=True),
                None if metrics is None else tuple(metrics),
                tuple(record),
                firsts[task.policy] + task.first,
                task.count,
                seed,
            )
        stop, first = np.zeros(1 + task.count, dtype=np.int64), firsts[task.policy] + task.first
        stops.append(stop)
        active, terms = under(task.policy)
        compared = earlier_than(task.policy)
        return pool.submit(
            lambda: (
                run_task(active, terms, recording, related, first, task.count, seed, stop, compared),
                stop,
            )
        )

    pool = executor or ThreadPoolExecutor(max_workers=workers, thread_name_prefix="channelsim")
    pending: dict[Future[Any], Task] = {}
    waiting = list(reversed(tasks))
    failed: list[tuple[int, int]] = []
    try:
        while waiting or pending:
            while waiting and len(pending) < 2 * workers:
                task = waiting.pop()
                pending[submit(pool, task)] = task
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                task = pending.pop(future)
                outputs, status = future.result()
                if status[1:].any():
                    failed.append((task.policy, task.first + int(np.flatnonzero(status[1:])[0])))
                    waiting.clear()  # earlier tasks under way may still fail: the first failure is told
                for name, values in outputs.items():
                    collected[name][task.policy, task.first : task.first + task.count] = values
                advance(task.count)
        if failed:
            policy, replication = min(failed)
            number, compared = firsts[policy] + replication, earlier_than(policy)
            raise diagnose(*under(policy), policies[policy], number, seed, compared)
    finally:
        for stop in stops:
            stop[0] = 1
        for future in pending:
            future.cancel()
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)
    ran = [under(policy) for policy in range(len(policies))]
    return totals_of(channel, policies, ran, replications, seed, recording, groupings, related, collected)


def _allocate(
    channel: Channel,
    recording: Recording,
    groupings: Groupings,
    related: Related,
    policies: int,
    replications: int,
) -> dict[str, Floats]:
    _, _, width = trajectory_table(recording.requests, channel, groupings)
    shapes: dict[str, tuple[int, ...]] = {
        "holdings": (len(recording.holding_columns), 2 * groupings.width("holdings")),
        "members": (len(recording.member_columns), groupings.width("members")),
        "links": (len(recording.links), groupings.width("links")),
        "territories": (len(recording.territories), channel.sizes.territories),
        "incentives": (len(recording.incentives), groupings.width("incentives")),
        "incentives_of_suppliers": (
            len(recording.incentives),
            groupings.width("incentives_of_suppliers"),
        ),
        "trajectories": (channel.scenario.weeks if width else 0, width),
        "relationships": (related.reviews, len(related.columns), len(related.names)),
        **{table: (len(names), groupings.width(table)) for table, names in recording.relationships.items()},
    }
    size = 8 * policies * replications * sum(prod(shape) for shape in shapes.values())
    if size > MEMORY_LIMIT:
        raise ScenarioError(
            f"the results asked for need {size / 2**30:.1f} GiB, more than {MEMORY_LIMIT / 2**30:.0f}: "
            "ask for fewer trajectories, metrics or replications, or run them in parts"
        )
    return {name: np.zeros((policies, replications, *shape)) for name, shape in shapes.items()}


def totals_of(
    channel: Channel,
    policies: Sequence[Policy],
    applied: list[tuple[Channel, Terms]],
    replications: int,
    seed: int,
    recording: Recording,
    groupings: Groupings,
    related: Related,
    collected: dict[str, Floats],
) -> Totals:
    """Return the outputs of all tasks as labelled totals.

    Parameters
    ----------
    channel : Channel
        Any of the channels that ran: labels are those of the scenario.
    applied : list of (Channel, Terms)
        Each policy's active channel and its terms.
    collected : dict of str to array (policies, replications, columns, positions)
        Outputs of the kernel by table.
    """
    values: dict[tuple[str, str], Floats] = {}
    columns: dict[str, tuple[str, ...]] = {}
    sources = {
        "holdings": ("holdings", recording.holding_columns),
        "shelves": ("holdings", recording.holding_columns),
        "members": ("members", recording.member_columns),
        "links": ("links", recording.links),
        "incentives": ("incentives", recording.incentives),
        "incentives_of_suppliers": ("incentives_of_suppliers", recording.incentives),
        **{table: (table, names) for table, names in recording.relationships.items()},
    }
    for table, (source, names) in sources.items():
        known, where = groupings.positions(source)
        shift = where[known[-1]].stop if table == "shelves" else 0
        columns[table] = names
        for grouping in known:
            span = slice(where[grouping].start + shift, where[grouping].stop + shift)
            values[table, grouping] = collected[source][..., span]
    columns["territories"] = recording.territories
    values["territories", "territory"] = collected["territories"]
    overall = np.zeros((*collected["territories"].shape[:3], 1))
    for t in range(channel.sizes.territories):  # in the order of the table, whatever the machine
        overall[..., 0] += collected["territories"][..., t]
    values["territories", "overall"] = overall
    structural: dict[str, dict[str, Floats]] = {}
    for name in recording.structural:
        found = [structural_metric(name, *pair) for pair in applied]
        structural[name] = {g: np.stack([f[g] for f in found]) for g in found[0]}
    scenario = channel.scenario
    return Totals(
        policies=tuple(p.name for p in policies),
        replications=replications,
        weeks=scenario.weeks - scenario.warm_up_weeks,
        labels=groupings.labels
        | {
            g: row_labels(g, channel)
            for g in ("member", "holding")
            if any(r.grouping == g for r in recording.requests)
        },
        columns=columns,
        values=values,
        structural=structural,
        relationships=_reviews(channel, related, collected["relationships"]),
        trajectories=_trajectories(channel, recording, groupings, collected["trajectories"]),
        provenance=provenance(scenario, policies, replications, seed),
    )


def _reviews(channel: Channel, related: Related, values: Floats) -> Reviews | None:
    if not related.reviews:
        return None
    every = channel.scenario.review_weeks
    return Reviews(
        values,
        tuple(range(0, every * related.reviews, every)),
        related.columns,
        related.suppliers,
        related.buyers,
        related.pooled,
    )


def _trajectories(
    channel: Channel, recording: Recording, groupings: Groupings, values: Floats
) -> dict[str, Trajectory]:
    found, start = {}, 0
    for request in recording.requests:
        by_row = request.grouping in ("member", "holding")
        labels = row_labels(request.grouping, channel) if by_row else groupings.labels[request.grouping]
        declared = column(request.column)
        found[request.name] = Trajectory(
            values=values[..., start : start + len(labels)],
            grouping=request.grouping,
            labels=labels,
            unit=declared.unit,
            meaning=declared.meaning + (", summed over the stores' shelves" if request.shelves else ""),
        )
        start += len(labels)
    return found


def provenance(
    scenario: Scenario, policies: Sequence[Policy], replications: int, seed: int
) -> dict[str, Any]:
    """Return where a run's numbers come from: enough to make them again."""
    from channelsim import __version__

    return {
        "scenario_format": scenario.scenario_format,
        "package_version": __version__,
        "mechanism_digest": mechanism_digest(),
        "scenario_digest": scenario.digest(),
        "scenario": scenario.to_dict(),
        "policies": [p.model_dump(exclude_defaults=True, exclude_none=True) for p in policies],
        "replications": replications,
        "seed": seed,
    }
