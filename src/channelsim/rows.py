"""Tables with gaps between their rows, as compiled code sees them.

The tables of a state that every step passes over are laid out so that the same place of each row begins a
line of the cache (`channelsim.state_layout`). numba knows arrays without gaps, whose rows it can turn into
vectors, and any others, in which it looks up every number by itself. `in_rows` tells it what it cannot know
of the latter: that within a row there are none. Such a table is read row by row or number by number, not in
blocks.
"""

from __future__ import annotations

import operator
from typing import Any

from numba import config, typeof, types
from numba.core.errors import LoweringError
from numba.core.imputils import impl_ret_borrowed, lower_builtin
from numba.extending import intrinsic, models, register_model
from numba.np import arrayobj

WITH_GAPS = {"State": ("members", "holdings", "links", "pipeline"), "Records": ("holding_sums", "spread")}
"""The tables that have gaps, by the tuple that holds them."""


class Table(types.Array):
    """A two-dimensional array with gaps between its rows, and none within them."""

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype, 2, "C", name=f"table({dtype})")


register_model(Table)(models.ArrayModel)


def _of_any_array(signature: Any) -> Any:
    """Return the signature of the same access to an array of which nothing is known."""
    table, *others = signature.args
    return signature.return_type(types.Array(table.dtype, 2, "A"), *others)


@lower_builtin(operator.getitem, Table, types.Integer)
def _row(context, builder, signature, args):
    return arrayobj.getitem_arraynd_intp(context, builder, _of_any_array(signature), args)


@lower_builtin(operator.getitem, Table, types.BaseTuple)
def _place(context, builder, signature, args):
    if not isinstance(signature.args[1].types[0], types.Integer):
        raise LoweringError("a table with gaps is read row by row")
    return arrayobj.getitem_array_tuple(context, builder, _of_any_array(signature), args)


@lower_builtin(operator.getitem, Table, types.SliceType)
def _block(context, builder, signature, args):
    raise LoweringError("a table with gaps is read row by row")


@lower_builtin(operator.setitem, Table, types.Any, types.Any)
def _write(context, builder, signature, args):
    return arrayobj.setitem_array(context, builder, _of_any_array(signature), args)


def _kind_in_rows(kind: Any) -> Any:
    """Return numba's type of a tuple of tables, those with gaps as what they are."""
    gaps = WITH_GAPS.get(kind.instance_class.__name__, ())
    fields = zip(kind.fields, kind.types)
    return types.NamedTuple([Table(k.dtype) if n in gaps else k for n, k in fields], kind.instance_class)


def kind_of(tables: Any) -> Any:
    """Return the type that a tuple of tables has in compiled code."""
    return _kind_in_rows(typeof(tables))


@intrinsic
def _in_rows(typingctx, tables):
    """Return the same tuple, of a type that tells which of its tables have gaps."""
    known = _kind_in_rows(tables)

    def generate(context, builder, signature, args):
        return impl_ret_borrowed(context, builder, known, args[0])

    return known(tables), generate


def _itself(tables: Any) -> Any:
    return tables


in_rows: Any = _itself if config.DISABLE_JIT else _in_rows  # type: ignore[attr-defined]
