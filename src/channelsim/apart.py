"""Steps that are compiled apart from the week and called through their address.

The compiled loop over the weeks would take more than twice as long to compile if it held every step that
any scenario could need. The less common ones are parts of their own (`channelsim.steps.PARTS`): a part is
compiled, and kept in numba's cache, when a scenario first plans one of its steps. The loop calls it through
its address, which stands in the program, and hands over the addresses of the tables, not their some 350
machine words.

With the JIT off the address of a part is its number, that of a table the table itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock
from types import FunctionType
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.core.imputils import impl_ret_borrowed
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from channelsim.compiled import callback
from channelsim.rows import WITH_GAPS, kind_of
from channelsim.steps import PARTS

TABLES = ("world", "terms", "state", "draws")
take: Any = None
"""Stands for the function that takes the steps of a part."""
_SIGNATURE = types.intp(*[types.intp] * 7)
_compiling = Lock()
_callbacks: dict[tuple[int, str], Any] = {}
_kinds: dict[str, Any] = {}
"""numba's types of the tables: of the first world of the process, since all have arrays of the same kinds."""


@intrinsic
def _address_of(typingctx, value):
    """Put a value into the caller's frame and return its address."""

    def generate(context, builder, signature, args):
        place = cgutils.alloca_once_value(builder, args[0])
        return builder.ptrtoint(place, context.get_value_type(types.intp))

    return types.intp(value), generate


def _reader(table: str) -> Any:
    @intrinsic
    def read(typingctx, address):
        """Return the table at an address."""
        kind = _kinds[table]

        def generate(context, builder, signature, args):
            place = builder.inttoptr(args[0], context.get_value_type(kind).as_pointer())
            return impl_ret_borrowed(context, builder, kind, builder.load(place))

        return kind(types.intp), generate

    return read


@intrinsic
def _call(typingctx, address, code, tier, week, world, terms, state, draws):
    """Call the part at an address; return 1, or 0 if it raised an error, which it has then printed."""

    def generate(context, builder, signature, args):
        word = context.get_value_type(types.intp)
        function = ir.FunctionType(word, [word] * 7)
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])

    return types.intp(*[types.intp] * 8), generate


def _itself(table: Any) -> Any:
    return table


def _call_by_number(number: int, *args: Any) -> int:
    PARTS[number].take(*args)
    return 1


JIT_OFF = bool(config.DISABLE_JIT)  # type: ignore[attr-defined]
address_of: Any = _itself if JIT_OFF else _address_of
call_part: Any = _call_by_number if JIT_OFF else _call
_world_at, _terms_at, _state_at, _draws_at = (_reader(table) for table in TABLES)


def _part(number: int, digest: str) -> Callable[..., None]:
    """Return the function of a part to be compiled."""

    def perform(code: int, tier: int, week: int, world: int, terms: int, state: int, draws: int) -> int:
        if digest == "" or number < 0:  # both enter the key of the cache
            return 0
        take(code, tier, week, _world_at(world), _terms_at(terms), _state_at(state), _draws_at(draws))
        return 1

    # a global, because a compiled function in the closure would make another key in every process
    known = {**globals(), "take": PARTS[number].take}
    part = FunctionType(perform.__code__, known, perform.__name__, None, perform.__closure__)
    # files of its own in the cache, since another process may be compiling another part
    part.__qualname__ = f"perform_part_{number}"
    return part


def check_order(*tables: Any) -> None:
    """Check that the rows of every array lie one after the other, as a part takes for granted.

    Raises
    ------
    TypeError
        If they do not: the part would read other numbers, or be kept for all tables with that order.
    """
    for table in tables:
        gaps = WITH_GAPS.get(type(table).__name__, ())
        for name, field in zip(table._fields, table):
            for array in field if isinstance(field, tuple) else (field,):
                within_rows = name in gaps and array.strides[1] == array.itemsize
                if not (within_rows or array.flags.c_contiguous):
                    raise TypeError(
                        f"{type(table).__name__}.{name}: the rows of an array do not lie in order"
                    )


def is_missing(number: int, digest: str) -> bool:
    """Return whether a part has neither been compiled in this process nor left in the cache."""
    if JIT_OFF or (number, digest) in _callbacks:
        return False
    kept = FunctionCache(_part(number, digest))
    key = kept._index_key(_SIGNATURE, cpu_target.target_context.codegen())
    return key not in kept._cache_file._load_index()


def part_address(number: int, digest: str, *tables: Any, told: bool = False) -> int:
    """Return where a part's code lies; it is compiled, or loaded from the cache, at the first request.

    Parameters
    ----------
    number : int
        Its place in `PARTS`.
    digest : str
        Of the source that it is compiled from; it enters the key of the cache.
    *tables : NamedTuple
        World, terms, state and draws: any, since all have arrays of the same kinds.
    told : bool
        Whether it has been said that something is compiled.
    """
    if JIT_OFF:
        return number
    with _compiling:
        if not told and is_missing(number, digest):
            print(
                f"channelsim: compiling the steps of {PARTS[number].name} (once per installation, "
                "some seconds) ...",
                file=sys.stderr,
                flush=True,
            )
        if not _kinds:
            check_order(*tables)
            _kinds.update(zip(TABLES, map(kind_of, tables)))
        if (number, digest) not in _callbacks:
            _callbacks[number, digest] = callback(_SIGNATURE)(_part(number, digest))
        return int(_callbacks[number, digest].address)
