"""Compilation ahead of a run: what it will need, by short runs of the smallest channel of the library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channelsim.engines.driver import Driver
    from channelsim.scenario import Scenario

REVIEWED = ("vertical_nash", "leader")
"""Rules of pricing that need the kernel of reviews."""


def compile_if_needed(scenario: Scenario) -> None:
    """Compile what a run will need before its threads start: then Ctrl-C need not wait for the compiler."""
    from channelsim.kernels import parts_missing

    compile_missing(any(g.pricing.rule in REVIEWED for g in scenario.members), scenario.power.measured)
    if parts_missing():
        with _killed_by_interruption():
            _driver(scenario)  # it compiles the parts of its plan


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


def compile_everything() -> None:
    """Compile or load the kernels and every part of the week."""
    from channelsim.kernels import addressed
    from channelsim.week import PARTS

    compile_kernels(prices=True, power=True)
    with _killed_by_interruption():
        driver = _driver(_smallest())
        steps = [(part.codes[0], -1, 1) for part in PARTS]
        addressed(steps, driver.channel.world, driver.terms, driver.space.state, driver.space.draws)


def compile_missing(prices: bool, power: bool) -> None:
    """Compile those of the kernels that a run needs and that are not yet compiled."""
    from channelsim.kernels import announce_compilation, kernels, needs_compilation

    built = kernels()
    lacking = (
        needs_compilation(built.run_span),
        prices and needs_compilation(built.review_wholesale),
        power and needs_compilation(built.review_dependence),
    )
    if any(lacking):
        announce_compilation()
        compile_kernels(prices, power)


def compile_kernels(prices: bool, power: bool) -> None:
    """Compile or load the kernels, by short runs of the smallest channel of the library.

    Parameters
    ----------
    prices, power : bool
        Whether also the kernels that review wholesale prices and that measure power.
    """
    import numpy as np

    from channelsim.engines.batch import run_task
    from channelsim.engines.reviews import Related
    from channelsim.engines.workspace import Recording
    from channelsim.world import build

    smallest = _smallest()
    with _killed_by_interruption():
        rule = REVIEWED[0] if prices else "posted"
        channel = build(smallest.replace(**{"members.maker.pricing.rule": rule, "power.measured": power}))
        recording, related = Recording.of(None, (), channel), Related.of(channel)
        run_task(channel, channel.apply(), recording, related, 0, 1, 1, np.zeros(2, dtype=np.int64))


def _smallest() -> Scenario:
    """Return the smallest channel of the library, shortened."""
    from channelsim.scenario import Scenario

    return Scenario.from_library("bilateral").replace(weeks=2, warm_up_weeks=0)


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
