"""Compilation ahead of a run: what it will need, by short runs of the smallest channel of the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channelsim.engines.driver import Driver
    from channelsim.scenario import Scenario

REVIEWED = ("vertical_nash", "leader")
"""Rules of pricing that need the kernel of reviews."""
BARGAINING = ("write_stakes", "offer")
"""Kernels that a renewal of negotiated contracts needs."""


def needed_kernels(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the kernels that runs of a scenario call."""
    from channelsim.kernels import Kernels

    rules = {group.pricing.rule for group in scenario.members}
    needs = {
        "run_span": True,
        "review_wholesale": not rules.isdisjoint(REVIEWED),
        "review_dependence": scenario.power.measured,
        "mean_by_label": scenario.power.measured,
        "review_bases": scenario.relations.active,
    } | dict.fromkeys(BARGAINING, "negotiated" in rules)
    return tuple(name for name in Kernels._fields if needs[name])


def compile_if_needed(scenario: Scenario) -> None:
    """Compile what a run will need before its threads start: then Ctrl-C need not wait for the compiler."""
    from channelsim.kernels import parts_missing

    compile_missing(needed_kernels(scenario))
    if parts_missing():
        with _killed_by_interruption():
            _driver(scenario)  # it compiles the parts of the week that its plan needs


def compile_everything() -> None:
    """Compile or load every kernel and every part of the week."""
    from channelsim.kernels import addressed
    from channelsim.scenario import Scenario
    from channelsim.steps import PARTS

    compile_kernels()
    with _killed_by_interruption():
        driver = _driver(Scenario.from_library("bilateral"))
        steps = [(part.codes[0], -1, 1) for part in PARTS]
        addressed(steps, driver.channel.world, driver.terms, driver.space.state, driver.space.draws)


def compile_missing(names: Collection[str] | None = None) -> None:
    """Compile those of some kernels (default: of all) that are not yet compiled."""
    from channelsim.kernels import Kernels, announce_compilation, kernels, needs_compilation

    names = Kernels._fields if names is None else names
    if any(needs_compilation(getattr(kernels(), name)) for name in names):
        announce_compilation()
        compile_kernels(names)


def compile_kernels(names: Collection[str] | None = None) -> None:
    """Compile or load kernels, by short runs of the smallest channel of the library.

    Parameters
    ----------
    names : collection of str
        Fields of `channelsim.kernels.Kernels`, default all; the kernel of the week is always compiled.
    """
    from channelsim.kernels import Kernels

    names = Kernels._fields if names is None else names
    relations = "review_bases" in names
    changes: dict[str, Any] = {"relations.active": relations}
    changes["power.measured"] = relations or "review_dependence" in names
    if "review_wholesale" in names:
        changes["members.maker.pricing.rule"] = REVIEWED[0]
    with _killed_by_interruption():
        _run_smallest(changes)
        if not set(BARGAINING).isdisjoint(names):
            _run_smallest({"power.measured": True, "members.maker.pricing.rule": "negotiated"})


def _driver(scenario: Scenario) -> Driver:
    """Return what would run one replication of a scenario without recording anything."""
    import numpy as np

    from channelsim.engines.driver import Driver
    from channelsim.engines.groupings import Groupings
    from channelsim.engines.workspace import Recording, Workspace
    from channelsim.world import build

    channel, terms = build(scenario).under()
    space = Workspace(channel, Recording.of((), (), channel), Groupings.of(channel), 1)
    return Driver(channel, terms, space, 0, 0, np.zeros(2, dtype=np.int64))


def _run_smallest(changes: dict[str, Any]) -> None:
    import numpy as np

    from channelsim.engines.batch import run_task
    from channelsim.engines.reviews import Related
    from channelsim.engines.workspace import Recording
    from channelsim.scenario import Scenario
    from channelsim.world import build

    channel = build(Scenario.from_library("bilateral").replace(weeks=2, warm_up_weeks=0, **changes))
    recording, related = Recording.of(None, (), channel), Related.of(channel)
    run_task(channel, channel.apply(), recording, related, 0, 1, 1, np.zeros(2, dtype=np.int64))


@contextmanager
def _killed_by_interruption() -> Iterator[None]:
    """Let Ctrl-C end the process at once: a callback of the compiler would swallow the exception.

    The cache is safe: its files are renamed into place when they are whole.
    """
    import signal
    import threading

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
