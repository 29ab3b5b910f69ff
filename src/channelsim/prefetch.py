"""Fetching rows that are about to be written."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.imputils import impl_ret_untracked
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from channelsim.compiled import rule


LONGEST = 1024


@intrinsic
def _prefetch(typingctx, array, index):
    def generate(context, builder, signature, args):
        data = arrayobj.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), cgutils.voidptr_t)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, i32, i32, i32])
        function = builder.module.declare_intrinsic("llvm.prefetch", (cgutils.voidptr_t,), kind)
        builder.call(function, [place, i32(1), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _nothing(array, index):
    pass


_fetch = _nothing if config.DISABLE_JIT else _prefetch


@rule
def fetch(row: NDArray[np.float64]) -> None:
    if row.size <= LONGEST:
        for i in range(row.size // 8 + 1):
            _fetch(row, 8 * i)
