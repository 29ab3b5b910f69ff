"""Compilation ahead of a run: what it will need, side by side on the processors there are.

The compiler holds the interpreter's lock, so that threads are no help: helpers are processes of their own,
which compile one piece after the other into the cache of numba. This process takes pieces too, and loads
from the cache what helpers have compiled. Pieces are kernels and parts of the week; each has its own files
in the cache, so that processes do not meet there. What fails in a helper is compiled here, and tells here
what is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim import kernels as compiled
from channelsim.apart import JIT_OFF
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.renewal import Renewal
from channelsim.scenario import Scenario
from channelsim.steps import PARTS
from channelsim.tables import Draws, State, Terms, World
from channelsim.world import Channel, build

if TYPE_CHECKING:
    from collections.abc import Collection

KERNELS = compiled.Kernels._fields
PIECES = (*KERNELS, *(part.name for part in PARTS))
LONGEST = (
    "run_span", "review_dependence", "review_wholesale", "influence and relations", "write_stakes",
    "incentives on the unit margin", "logit demand, service effort and noise",
)  # fmt: skip
"""Pieces that take 10 to 30 seconds: they are begun first, lest one be left over at the end."""
REVIEWED = ("vertical_nash", "leader")
"""Rules of pricing that need the kernel of reviews."""
OF_INCENTIVES = ("incentives on the unit margin", "further rules of ordering", "support and fees")
MOST_HELPERS = 3
"""Each takes half a gigabyte; and with four processes the longest piece takes as long as all others."""


def compile_ahead(scenario: Scenario, levers: Iterable[str] = ()) -> None:
    """Compile what runs of a scenario will need, unless that has been done in this process.

    Parameters
    ----------
    scenario : Scenario
    levers : iterable of str
        Paths of what policies will change: contracts may get incentives, which need parts of their own.
    """
    incentives = any(path.startswith("terms.") and path != "terms.wholesale_price" for path in levers)
    compile_pieces(needed_pieces(scenario) + (OF_INCENTIVES if incentives else ()))


def compile_everything() -> None:
    """Compile every kernel and every part of the week that is not in the cache."""
    compile_pieces(PIECES)


def needed_pieces(scenario: Scenario) -> tuple[str, ...]:
    """Return the kernels that runs of a scenario call, and the parts that its week will surely have.

    A part that is needed for another reason, an incentive of a policy say, is compiled when it is planned.
    """
    rules = {group.pricing.rule for group in scenario.members}
    system, negotiated, related = scenario.demand.system, "negotiated" in rules, scenario.relations.active
    needs = {
        "run_span": True,
        "review_wholesale": not rules.isdisjoint(REVIEWED),
        "review_dependence": scenario.power.measured,
        "mean_by_label": scenario.power.measured,
        "review_bases": related,
        "write_stakes": negotiated,
        "offer": negotiated,
        "linear demand": system == "linear",
        "logit demand, service effort and noise": system == "logit",
        "buying on credit": bool(scenario.credit),
        "diversion": scenario.diversion.active,
        "influence and relations": related,
    }
    return tuple(piece for piece in PIECES if needs.get(piece))


_there: set[str] = set()
"""Pieces known to be compiled or in the cache."""


def compile_pieces(pieces: Collection[str]) -> None:
    """Compile those of some pieces that are missing, with helpers if there are several."""
    if JIT_OFF or _there.issuperset(pieces):
        return
    missing = [piece for piece in pieces if piece not in _there and _is_missing(piece)]
    if missing:
        print(
            f"channelsim: compiling {_told(missing)} (once per installation, about half a minute) ...",
            file=sys.stderr,
            flush=True,
        )
        missing.sort(key=lambda piece: LONGEST.index(piece) if piece in LONGEST else len(LONGEST))
        with _killed_by_interruption():
            _compile_side_by_side(deque(missing))
    _there.update(pieces)


def _told(missing: Collection[str]) -> str:
    return "the week" if "run_span" in missing else ", ".join(p.replace("_", " ") for p in missing)


def _is_missing(piece: str) -> bool:
    if piece in KERNELS:
        return compiled.needs_compilation(getattr(compiled.kernels(), piece))
    return compiled.part_is_missing(PIECES.index(piece) - len(KERNELS))


def _compile_side_by_side(missing: deque[str]) -> None:
    """Compile pieces, the first one here, the others wherever there is time."""
    first = missing.popleft()
    count = min((os.cpu_count() or 1) - 1, len(missing), MOST_HELPERS) if sys.executable else 0
    helpers = [Thread(target=_let_compile, args=(missing,), daemon=True) for _ in range(count)]
    for helper in helpers:
        helper.start()
    compile_piece(first)
    _compile_here(missing)
    for helper in helpers:
        helper.join()
    _compile_here(missing)  # what a helper gave back


def _compile_here(missing: deque[str]) -> None:
    while missing:
        try:
            piece = missing.popleft()
        except IndexError:  # a helper was faster
            return
        compile_piece(piece)


def _let_compile(missing: deque[str]) -> None:
    """Hand pieces to a process of their own until there are none; give back what it could not compile."""
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
        text=True,
    ) as helper:
        while missing:
            try:
                piece = missing.popleft()
            except IndexError:
                return
            if not _compiled_by(helper, piece):
                missing.append(piece)
                return


def _compiled_by(helper: subprocess.Popen[str], piece: str) -> bool:
    assert helper.stdin is not None
    assert helper.stdout is not None
    try:
        helper.stdin.write(piece + "\n")
        helper.stdin.flush()
        return helper.stdout.readline() == piece + "\n"
    except OSError:  # it has died
        return False


def serve() -> None:
    """Compile the pieces whose names come in, one a line, and say each when it is in the cache."""
    for line in sys.stdin:
        compile_piece(line.strip())
        print(line.strip(), flush=True)


def compile_piece(piece: str) -> None:
    """Compile, or load from the cache, a kernel or a part of the week."""
    if piece in KERNELS:
        getattr(compiled.kernels(), piece).compile(signatures()[piece])
    else:
        compiled.compile_part(PIECES.index(piece) - len(KERNELS), *_tables())


def signatures() -> dict[str, tuple[Any, ...]]:
    """Return numba's types of the arguments of every kernel, which are the same for all scenarios."""
    from numba import typeof

    channel, terms, space = _smallest()
    world, state, whole = channel.world, space.state, np.zeros(1, dtype=np.int64)
    power = world, terms, state, channel.ties, space.power_room
    stakes = Renewal(channel, terms, state, space.power_room).stakes
    span, program = compiled.Span(*[0] * len(compiled.Span._fields)), whole.reshape(1, 1)
    arguments: dict[str, tuple[Any, ...]] = {
        "run_span": (program, span, *_tables(), space.records, space.reduction, whole),
        "review_dependence": (0, *power),
        "write_stakes": (0, *power, stakes),
        "review_bases": (True, *power),
        "review_wholesale": (True, world, terms, state),
        "offer": (world, terms, state),
        "mean_by_label": (state.relationships, whole, whole, state.relationships),
    }
    return {name: tuple(typeof(argument) for argument in given) for name, given in arguments.items()}


def _tables() -> tuple[World, Terms, State, Draws]:
    channel, terms, space = _smallest()
    return channel.world, terms, space.state, space.draws


@cache
def _smallest() -> tuple[Channel, Terms, Workspace]:
    """Return the smallest channel of the library, whose tables are of the kinds of all."""
    changes = {"power.measured": True, "members.maker.pricing.rule": "negotiated", "relations.active": True}
    with compiled.nothing_performed():
        channel, terms = build(Scenario.from_library("bilateral").replace(**changes)).under()
    return channel, terms, Workspace(channel, Recording.of((), (), channel), Groupings.of(channel), 1)


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
