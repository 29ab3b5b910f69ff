"""`simulate`: the one call from a scenario and policies to a labelled result."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channelsim.decisions import BASE, Policy
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario, in_library, library_names
from channelsim.world import Channel, build

if TYPE_CHECKING:
    from channelsim.analysis.results import Result

PolicyLike = Policy | Mapping[str, Any] | str | Path
Policies = PolicyLike | Sequence[PolicyLike] | None


def load_scenario(source: Scenario | str | Path) -> Scenario:
    """Return a scenario given as such, by its name in the library, or as a path to a TOML file."""
    if isinstance(source, Scenario):
        return source
    if not isinstance(source, str | Path):
        raise ScenarioError(
            f"scenario: got a {type(source).__name__}; the batch engine takes a scenario, a channel, a name "
            "or a file and runs compiled rules only: run a ChannelModel with its own run() or mesa.batch_run"
        )
    if isinstance(source, str) and in_library(source):
        return Scenario.from_library(source)
    if isinstance(source, str) and not source.endswith(".toml") and not Path(source).exists():
        raise ScenarioError(
            f"scenario {source!r} is neither a file nor in the library: {', '.join(library_names())}"
        )
    return Scenario.load(source)


def read_policies(policies: Policies) -> list[Policy]:
    """Return policies as a list with unique names; None is the base policy: the scenario as it stands.

    A policy is one as such, a mapping of its fields, or a path to a TOML file.

    Raises
    ------
    ScenarioError
        If a policy is not admissible or two have the same name.
    """
    if policies is None:
        return [BASE]
    given = [policies] if isinstance(policies, Policy | Mapping | str | Path) else list(policies)
    if not given:
        raise ScenarioError("policies: give at least one, or None for the scenario as it stands")
    read = [
        Policy.load(p) if isinstance(p, str | Path) else Policy.parse(p, where=f"policies[{i}]")
        for i, p in enumerate(given)
    ]
    names = [p.name for p in read]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"policies: the name {name!r} occurs twice; names must be unique")
    return read


def whole_number(value: Any, name: str, low: int, high: int | None = None) -> int:
    """Return a whole number within bounds (NumPy's integers are whole numbers, truth values are not).

    Raises
    ------
    ScenarioError
        If it is none, or not within the bounds; ``name`` is what the message calls it.
    """
    try:
        number = None if isinstance(value, bool) else index(value)
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        limit = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ScenarioError(f"{name} = {value!r}: a whole number {limit}")
    return number


def simulate(
    scenario: Scenario | Channel | str | Path,
    policies: Policies = None,
    replications: int = 100,
    seed: int = 1,
    record: Iterable[Any] = (),
    metrics: Iterable[str] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Result:
    """Simulate a scenario under one or more policies on common random numbers.

    Parameters
    ----------
    scenario : Scenario, Channel, str or Path
        A scenario, a built channel, a name of the library or a TOML file.
    policies : Policy, mapping, path to a TOML file, or sequence of them, optional
        What the manufacturer decides; default the scenario as it stands ("base").
    replications : int
        Independent replications of each policy; replication r meets the same draws under every policy.
    seed : int
        Seed of all draws, 0 to 2**63 - 1.
    record : iterable
        Weekly trajectories, such as ``"sales"`` or ``"stock by role"``.
    metrics : iterable of str, optional
        Metrics to form; default all.
    workers : int, optional
        Threads; default one per processor. The result does not depend on it.
    executor : concurrent.futures.Executor, optional
        Runs the replications instead of threads: processes, Dask, MPI.
    progress : bool, optional
        Show a progress bar on stderr; default: if stderr is a terminal.

    Returns
    -------
    Result
        Labelled metrics, by role, tier, territory, group, chain and brand, and trajectories.

    Raises
    ------
    ScenarioError
        If something asked for is not admissible: one line.
    SimulationError
        If a run produced a number that no channel can have: policy, replication, week, mechanism, row.

    Examples
    --------
    >>> import channelsim
    >>> result = channelsim.simulate("bilateral", replications=2, progress=False)
    >>> result.policies
    ('base',)
    """
    from channelsim.analysis.results import Result
    from channelsim.engines.batch import run_batch

    replications = whole_number(replications, "replications", 1)
    seed = whole_number(seed, "seed", 0, 2**63 - 1)
    workers = None if workers is None else whole_number(workers, "workers", 1)
    channel = scenario if isinstance(scenario, Channel) else build(load_scenario(scenario))
    chosen = read_policies(policies)
    names = None if metrics is None else tuple([metrics] if isinstance(metrics, str) else metrics)
    requests = [record] if isinstance(record, str) else list(record)
    with _bar(len(chosen) * replications, progress) as bar:
        totals = run_batch(
            channel,
            chosen,
            replications,
            seed,
            names,
            requests,
            workers,
            executor,
            lambda done: bar.update(done),
        )
    return Result.from_totals(totals, names)


def _bar(total: int, progress: bool | None) -> Any:
    from tqdm import tqdm

    shown = sys.stderr.isatty() if progress is None else progress
    return tqdm(total=total, unit="rep", desc="simulating", file=sys.stderr, disable=not shown, leave=False)
