"""The compiled entry points, built once per process.

numba's cache notices an edit in an entry point, not in the functions it calls. Each entry point is
therefore a closure over the digest of the source of everything it is compiled from, which enters the
cache key: an edit in any mechanism compiles anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from channelsim.compiled import entry
from channelsim.mechanisms.recording import Records, accumulate, count_impossible, follow
from channelsim.opening import open_demand
from channelsim.reduction import Reduction, clear, reduce_records, reset
from channelsim.tables import Draws, Floats, Integers, State, Terms, World
from channelsim.week import take_step

COMPILED_FROM = (
    "columns.py", "codes.py", "compiled.py", "kernels.py", "linear.py", "numerics.py", "opening.py",
    "randomness.py", "reduction.py", "tables.py", "week.py",
)  # fmt: skip


class Kernels(NamedTuple):
    """The entry points that Python calls."""

    run_replications: Callable[..., None]
    perform_step: Callable[..., None]
    open_demand: Callable[..., None]


@cache
def mechanism_digest() -> str:
    """Return a hash of the source of every rule: it labels results and keys the cache."""
    package = files("channelsim")
    mechanisms = sorted(p.name for p in package.joinpath("mechanisms").iterdir() if p.name.endswith(".py"))
    content = hashlib.sha256()
    for name in (*COMPILED_FROM, *(f"mechanisms/{m}" for m in mechanisms)):
        content.update(name.encode() + b"\0" + package.joinpath(name).read_bytes())
    return content.hexdigest()[:16]


@cache
def kernels() -> Kernels:
    """Return the entry points; they compile, or load from the cache, at their first call."""
    return _build(mechanism_digest() + os.environ.get("CHANNELSIM_REFERENCE_COUNTING", ""))


def _build(digest: str) -> Kernels:
    @entry
    def run_replications(
        program: Integers,
        weeks: int,
        warm_up: int,
        first_replication: int,
        replications: int,
        seed: int,
        world: World,
        terms: Terms,
        state: State,
        draws: Draws,
        records: Records,
        reduction: Reduction,
        stop: Integers,
    ) -> None:
        """Run replications one after the other; each ends with its totals in the reduction's outputs.

        ``stop[0]`` ends the run early when another thread sets it; ``stop[1 + k]`` is set to 1 if
        replication k met a number that no channel can have.
        """
        if digest == "":
            return
        for k in range(replications):
            reset(terms, state)
            clear(records)
            impossible = 0
            for week in range(weeks):
                if stop[0] != 0:
                    return
                for s in range(program.shape[0]):
                    if week % program[s, 2] == 0:
                        take_step(
                            program[s, 0], program[s, 1], week, first_replication + k, seed, world, terms, state, draws
                        )
                impossible += count_impossible(state)
                if week >= warm_up:
                    accumulate(week == warm_up, state, records)
                if records.requests.shape[0] > 0:
                    follow(week, state, records)
            unsound = reduce_records(k, weeks - warm_up, world, terms, state, records, reduction)
            stop[1 + k] = 1 if unsound + impossible > 0 else 0

    @entry
    def perform_step(
        code: int,
        tier: int,
        week: int,
        replication: int,
        seed: int,
        world: World,
        terms: Terms,
        state: State,
        draws: Draws,
    ) -> None:
        """Perform one step of the week; the Mesa model and the diagnosis of a failed run use it."""
        if digest == "":
            return
        take_step(code, tier, week, replication, seed, world, terms, state, draws)

    @entry
    def expect(system: int, world: World, terms: Terms, state: State) -> None:
        """Write expected demand and flows at the state's prices."""
        if digest == "":
            return
        open_demand(system, world, terms, state)

    return Kernels(run_replications, perform_step, expect)


def needs_compilation(kernel: Any) -> bool:
    """Return whether a kernel has neither been compiled in this process nor left in the cache."""
    if not hasattr(kernel, "signatures"):
        return False  # JIT off
    if kernel.signatures:
        return False
    index = getattr(kernel._cache, "_cache_file", None)
    return not (index is not None and index._load_index())


def announce_compilation() -> None:
    """Say on stderr that a first run compiles, once."""
    if needs_compilation(kernels().run_replications):
        print("channelsim: compiling the week (once per installation, up to a minute) ...", file=sys.stderr, flush=True)
