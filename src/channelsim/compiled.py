"""How every rule is compiled: one decorator, one place.

``error_model="numpy"`` is set on every function: left unset, a helper inherits it from whichever
caller compiled first, and the division checks then block vectorisation. ``nogil`` lets threads run
replications side by side. ``_nrt=False`` leaves reference counting out of functions that
allocate nothing (up to 2.6 times faster on small channels); it is private to numba, so it stands
here alone, ``CHANNELSIM_REFERENCE_COUNTING=1`` turns it off and a test compares the results.
No ``fastmath`` anywhere: results must not depend on the processor or on the engine. An option that
is not given is inherited from the caller, ``forceinline`` too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from numba import cfunc, njit
from numba.core.types import unliteral

from channelsim.pipelines import LinkedCompiler, RowwiseCompiler, WideCompiler

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}
if os.environ.get("CHANNELSIM_REFERENCE_COUNTING") != "1":
    _OPTIONS["_nrt"] = False

_UNWRAPPED: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_LINKED_ONLY: dict[str, Any] = {**_UNWRAPPED, "pipeline_class": LinkedCompiler}


def _without_literals(dispatcher: Any) -> Any:
    """Let a function be compiled once for all constants that callers write.

    numba compiles one more version for every constant of a call; LLVM, which inlines a rule with its
    constants, needs none. With the JIT off there is no dispatcher but the function itself.
    """
    if not hasattr(dispatcher, "get_call_template"):
        return dispatcher
    resolve = dispatcher.get_call_template

    def for_types(args: Any, kws: Any) -> Any:
        return resolve([unliteral(a) for a in args], {k: unliteral(v) for k, v in kws.items()})

    dispatcher.get_call_template = for_types
    return dispatcher


def rule(function: F) -> F:
    """Compile a rule: called from compiled code only, so it needs no costly wrapper for Python.

    Inlined by force: the tables are handed over by value, which takes longer than a rule for a small channel.
    Calling one from Python crashes the interpreter; take a step of the week instead, or `py_func`.
    """
    compiled = njit(forceinline=True, **_LINKED_ONLY, **_OPTIONS)(function)
    return _without_literals(compiled)  # type: ignore[no-any-return]


def rowwise(function: F) -> F:
    """Compile a loop in which every round works on a place of its own, so that it vectorises unproven.

    It has to hold that the arrays written share no memory with any other, and that a round touches them at
    its own index only; the compiler believes it. Such loops have any number of results, so an intermediate
    quantity need not be written and read again. Arguments are rows; a test reads the source.
    """
    return njit(forceinline=True, pipeline_class=RowwiseCompiler, **_UNWRAPPED, **_OPTIONS)(function)  # type: ignore[no-any-return]


def subroutine(function: F) -> F:
    """Compile a rule that several others call: apart, so that its code, and what it inlines, exists once."""
    compiled = njit(forceinline=False, **_LINKED_ONLY, **_OPTIONS)(function)
    return _without_literals(compiled)  # type: ignore[no-any-return]


def helper(function: F) -> F:
    """Compile a numeric helper, which Python may call too (it must not allocate).

    Inlined by force: one call that LLVM leaves in a loop stops the whole loop from vectorising.
    """
    return njit(forceinline=True, **_OPTIONS)(function)  # type: ignore[no-any-return]


def entry(function: F) -> F:
    """Compile and cache a kernel that Python calls.

    The cache of numba sees an edit in the function itself but not in what it imports; an entry
    point is therefore defined inside a closure over `channelsim.kernels.mechanism_digest`, which
    enters the cache key.
    """
    return njit(cache=True, **_OPTIONS)(function)  # type: ignore[no-any-return]


def wide_entry(function: F) -> F:
    """Compile and cache, as `entry`, a kernel that inlines passes over many rows: with the widest vectors."""
    return njit(cache=True, pipeline_class=WideCompiler, **_OPTIONS)(function)  # type: ignore[no-any-return]


def callback(signature: Any) -> Callable[[F], Any]:
    """Compile and cache, at once, a function that compiled code calls through its address; as `entry`."""
    options = {name: value for name, value in _OPTIONS.items() if name != "nogil"}
    return cfunc(signature, cache=True, **options)


def wide(function: F) -> F:
    """Compile a loop that is bound by arithmetic: apart, and with the widest vectors of the processor.

    LLVM prefers half the width, which is as fast where a loop waits for memory and suits short rows better;
    the preference can be changed for the whole process only, or, as here, function by function.
    """
    return njit(forceinline=False, pipeline_class=WideCompiler, **_OPTIONS)(function)  # type: ignore[no-any-return]
