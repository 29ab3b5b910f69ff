"""The compiled entry points, built once per process.

numba's cache notices an edit in an entry point, not in the functions it calls. Each entry point is
therefore a closure over the digest of the source of everything it is compiled from, which enters the
cache key: an edit in any mechanism compiles anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from channelsim.apart import address_of, call_part, check_order, is_missing, part_address
from channelsim.compiled import entry, wide_entry
from channelsim.fusing import FIRST_FUSED, TAKEN, take_together
from channelsim.mechanisms.bargaining import write_stakes
from channelsim.mechanisms.bases import review_bases
from channelsim.mechanisms.dependence import review_dependence
from channelsim.mechanisms.judgement import judge
from channelsim.mechanisms.offering import offer_supplied
from channelsim.mechanisms.recording import Records, accumulate, count_impossible, follow
from channelsim.mechanisms.wholesale_pricing import review_wholesale
from channelsim.reduction import Reduction, clear, nothing_recorded, reduce_records, reset
from channelsim.review_means import mean_by_label
from channelsim.rows import in_rows
from channelsim.steps import PART_OF, take_step
from channelsim.tables import Bargains, Draws, Floats, Integers, PowerRoom, State, Terms, Ties, World

COMPILED_FROM = (
    "apart.py", "columns.py", "codes.py", "compiled.py", "distributions.py", "fusing.py", "kernels.py",
    "linear.py", "numerics.py", "pipelines.py", "prefetch.py", "randomness.py", "reduction.py",
    "review_means.py", "rows.py", "steps.py", "tables.py", "week.py",
)  # fmt: skip


class Span(NamedTuple):
    """A stretch of one or more replications: from a step of a week up to, not including, another."""

    first_output: int
    """Output row of the first replication."""
    replications: int
    first_replication: int
    """Number of the replication whose output row is 0."""
    first_week: int
    first_step: int
    end_week: int
    """Week in which to stop before ``end_step``; the number of weeks runs to the end and forms the totals."""
    end_step: int
    weeks: int
    warm_up: int
    seed: int


class Kernels(NamedTuple):
    """The entry points that Python calls."""

    run_span: Callable[..., None]
    review_wholesale: Callable[..., None]
    review_dependence: Callable[..., None]
    write_stakes: Callable[..., int]
    offer: Callable[..., None]
    review_bases: Callable[..., None]
    mean_by_label: Callable[..., None]


REVIEWS_ONLY = (
    "bargaining.py", "bases.py", "counterfactual.py", "dependence.py", "earnings.py", "judgement.py",
    "rechoice.py", "role_performance.py",
)  # fmt: skip
"""Mechanisms that the week itself is not compiled from: an edit there compiles only the reviews anew."""


@cache
def mechanism_digest(*, but: tuple[str, ...] = ()) -> str:
    """Return a hash of the source of every rule (but some): it labels results and keys the cache."""
    package = files("channelsim")
    mechanisms = sorted(p.name for p in package.joinpath("mechanisms").iterdir() if p.name.endswith(".py"))
    content = hashlib.sha256()
    for name in (*COMPILED_FROM, *(f"mechanisms/{m}" for m in mechanisms if m not in but)):
        content.update(name.encode() + b"\0" + package.joinpath(name).read_bytes())
    return content.hexdigest()[:16]


def addressed(steps: Sequence[tuple[int, int, int]], *tables: Any) -> Integers:
    """Return the program that the compiled loop runs, with the parts that it needs compiled.

    Parameters
    ----------
    steps : sequence of (int, int, int)
        Code, tier and period in weeks.
    *tables : NamedTuple
        World, terms, state and draws.

    Returns
    -------
    array (steps, 4)
        Code, tier, period, and the address of the part that performs the step, -1 where none does.
    """
    digest, program = _digests()[0], np.full((len(steps), 4), -1, dtype=np.int64)
    check_order(*tables)
    for place, step in enumerate(steps):
        program[place, :3] = step
        if step[0] in PART_OF:
            program[place, 3] = part_address(PART_OF[step[0]], digest, *tables)
    return program


def _digests() -> tuple[str, str]:
    """Return what keys the cache of the week, and of the reviews of power."""
    counting = os.environ.get("CHANNELSIM_REFERENCE_COUNTING", "")
    return mechanism_digest(but=REVIEWS_ONLY) + counting, mechanism_digest() + counting


@cache
def kernels() -> Kernels:
    """Return the entry points; they compile, or load from the cache, at their first call."""
    return _build(*_digests())


def _build(digest: str, review_digest: str) -> Kernels:
    @wide_entry
    def run_span(
        program: Integers,
        span: Span,
        world: World,
        terms: Terms,
        given_state: State,
        draws: Draws,
        given_records: Records,
        reduction: Reduction,
        stop: Integers,
    ) -> None:
        """Run a stretch of weeks of one or more replications, one after the other.

        A replication that starts at its first step is reset; one that reaches its end leaves its totals
        in the reduction's outputs. ``stop[0]`` ends the run early when another thread sets it;
        ``stop[1 + k]`` is set to 1 if replication k met a number that no channel can have.
        """
        if digest == "":
            return
        steps = program.shape[0]
        state, records = in_rows(given_state), in_rows(given_records)
        tables = address_of(world), address_of(terms), address_of(state), address_of(draws)
        for k in range(span.first_output, span.first_output + span.replications):
            replication = span.first_replication + k
            if span.first_week == 0 and span.first_step == 0:
                reset(terms, state)
                clear(records)
            for week in range(span.first_week, span.weeks):
                if stop[0] != 0:
                    return
                first = span.first_step if week == span.first_week else 0
                last = span.end_step if week == span.end_week else steps
                for s in range(first, last):
                    if program[s, 0] == TAKEN or week % program[s, 2] != 0:
                        continue
                    if program[s, 0] >= FIRST_FUSED:
                        take_together(program[s, 0], program[s, 1], week, world, terms, state, draws)
                    elif program[s, 3] >= 0:
                        if call_part(program[s, 3], program[s, 0], program[s, 1], week, *tables) != 1:
                            raise RuntimeError("a step of the week failed; what it said stands above")
                    else:
                        take_step(
                            program[s, 0],
                            program[s, 1],
                            week,
                            replication,
                            span.seed,
                            world,
                            terms,
                            state,
                            draws,
                        )
                if week == span.end_week:
                    break
                stop[1 + k] = min(1, stop[1 + k] + count_impossible(state))
                if week >= span.warm_up:
                    accumulate(week == span.warm_up, state, records)
                if records.requests.shape[0] > 0:
                    follow(week, state, records)
            if span.end_week >= span.weeks:
                unsound = reduce_records(
                    k, span.weeks - span.warm_up, world, terms, state, records, reduction
                )
                stop[1 + k] = max(stop[1 + k], unsound)

    @entry
    def review(logit: bool, world: World, terms: Terms, state: State) -> None:
        """Let the sellers of the upper tiers review their wholesale prices."""
        if digest == "":
            return
        review_wholesale(logit, world, terms, in_rows(state))

    @entry
    def review_power(
        system: int, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
    ) -> None:
        """Measure who depends on whom."""
        if review_digest == "":
            return
        review_dependence(system, world, terms, in_rows(state), ties, room)

    @entry
    def stakes(
        system: int,
        world: World,
        terms: Terms,
        state: State,
        ties: Ties,
        room: PowerRoom,
        bargains: Bargains,
    ) -> int:
        """Write what is at stake in every contract, and return how many entries that needs."""
        if review_digest == "":
            return 0
        return write_stakes(system, world, terms, in_rows(state), ties, room, bargains)

    @entry
    def offer(world: World, terms: Terms, state: State) -> None:
        """Settle which holdings are offered."""
        if digest == "":
            return
        offer_supplied(world, terms, in_rows(state))

    @entry
    def review_power_bases(
        first: bool, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom
    ) -> None:
        """Form the power bases, and what either side makes of the relationship."""
        if review_digest == "":
            return
        review_bases(first, world, terms, in_rows(state), ties, room)
        judge(first, world, in_rows(state))

    @entry
    def keep_means(rows: Floats, kept: Integers, label: Integers, out: Floats) -> None:
        """Write the means of a review of power."""
        if review_digest == "":
            return
        mean_by_label(rows, kept, label, out)

    return Kernels(run_span, review, review_power, stakes, offer, review_power_bases, keep_means)


def needs_compilation(kernel: Any) -> bool:
    """Return whether a kernel has neither been compiled in this process nor left in the cache."""
    if not hasattr(kernel, "overloads"):
        return False  # JIT off
    if kernel.overloads:
        return False
    index = getattr(kernel._cache, "_cache_file", None)
    return not (index is not None and index._load_index())


def part_is_missing(number: int) -> bool:
    """Return whether a part of the week would have to be compiled first."""
    return is_missing(number, _digests()[0])


def compile_part(number: int, *tables: Any) -> None:
    """Compile, or load from the cache, a part of the week."""
    part_address(number, _digests()[0], *tables, told=True)


_performing = True


@contextmanager
def nothing_performed() -> Iterator[None]:
    """Let no step be performed on a state outside a run: its tables have their kinds, not their contents.

    For compilation ahead, which needs tables before there is anything to perform steps with.
    """
    global _performing
    _performing = False
    try:
        yield
    finally:
        _performing = True


def perform_steps(codes: Sequence[int | tuple[int, int]], world: World, terms: Terms, state: State) -> None:
    """Perform steps, with their tier or for all, on a state outside a run: no draws, no records, week 0."""
    if not _performing:
        return
    if needs_compilation(kernels().run_span):
        print(
            "channelsim: compiling the week (once per installation, about half a minute) ...",
            file=sys.stderr,
            flush=True,
        )
    # a span that begins at the very first step would start the replication anew
    pairs = [(code, -1) if isinstance(code, int) else code for code in (codes[0], *codes)]
    draws = Draws(np.zeros((4, 1)), np.zeros((4, state.territories.shape[1])), np.zeros((2, 4)))
    steps = addressed([(code, tier, 1) for code, tier in pairs], world, terms, state, draws)
    span = Span(0, 1, 0, 0, 1, 0, len(steps), 1, 0, 0)
    records, reduction = nothing_recorded()
    kernels().run_span(
        steps, span, world, terms, state, draws, records, reduction, np.zeros(2, dtype=np.int64)
    )
