"""How every rule is compiled: one decorator, one place.

``error_model="numpy"`` is set on every function: left unset, a helper inherits it from whichever
caller compiled first, and the division checks then block vectorisation. ``nogil`` lets threads run
replications side by side. ``_nrt=False`` leaves reference counting out of functions that
allocate nothing (up to 2.6 times faster on small channels); it is private to numba, so it stands
here alone, ``CHANNELSIM_REFERENCE_COUNTING=1`` turns it off and a test compares the results.
No ``fastmath`` anywhere: results must not depend on the processor or on the engine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}
if os.environ.get("CHANNELSIM_REFERENCE_COUNTING") != "1":
    _OPTIONS["_nrt"] = False

_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def rule(function: F) -> F:
    """Compile a rule: called from compiled code only, so it needs no costly wrapper for Python.

    Calling one from Python crashes the interpreter; take a step of the week instead, or ``.py_func``.
    """
    return njit(**_NO_WRAPPERS, **_OPTIONS)(function)  # type: ignore[no-any-return]


def helper(function: F) -> F:
    """Compile a numeric helper, which Python may call too (it must not allocate).

    Inlined by force: one call that LLVM leaves in a loop stops the whole loop from vectorising.
    """
    return njit(forceinline=True, **_OPTIONS)(function)  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """Compile a rule into its only caller, which saves compiling it twice."""
    return njit(inline="always", **_OPTIONS)(function)  # type: ignore[no-any-return]


def entry(function: F) -> F:
    """Compile and cache a kernel that Python calls.

    The cache of numba sees an edit in the function itself but not in what it imports; an entry
    point is therefore defined inside a closure over `channelsim.week.mechanism_digest`, which
    enters the cache key.
    """
    return njit(cache=True, **_OPTIONS)(function)  # type: ignore[no-any-return]
