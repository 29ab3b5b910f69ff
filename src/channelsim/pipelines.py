"""Two departures from numba's way of compiling a function; all that leans on its inner parts stands here.

numba makes machine code of every function, optimised by itself, before a caller links it and optimises it
again. Rules are only ever linked, so `LinkedCompiler` leaves the first half out: a quarter of the time that
the week takes to compile. `WideCompiler` gives a function the attribute by which LLVM uses the widest
vectors.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering


class _LinkedLibrary(JITCodeLibrary):
    """Code to be linked into its callers, not to be run."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LinkedLowering(NativeLowering):
    """numba's lowering up to the point where it would make machine code."""

    _name = "linked_native_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        state.flags.no_compile = False
        # What numba registers a function by; it holds no address, so that Python cannot call it.
        description, name = state.cr.fndesc, state.func_id.func_name
        module = description.lookup_module()
        function = _dynfunc.make_function(module, name, "", 0, state.cr.env, (state.library,))
        state.targetctx.insert_user_function(function, description, [state.library])
        state["cr"] = state.cr._replace(cfunc=function)
        return True


class _WideLower(Lower):
    def setup_function(self, fndesc: Any) -> None:
        super().setup_function(fndesc)
        self.function.attributes.add("noinline")
        # llvmlite checks for the attributes it knows, none of which has a value; LLVM reads this one.
        set.add(self.function.attributes, '"prefer-vector-width"="512"')


@register_pass(mutates_CFG=True, analysis_only=False)
class _WideLowering(NativeLowering):
    _name = "wide_native_lowering"

    @property
    def lowering_class(self) -> type:
        return _WideLower


class _Compiler(CompilerBase):
    """numba's own sequence of passes but for the last large one."""

    lowering: type

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [
            (self.lowering if step is NativeLowering else step, text) for step, text in passes.passes
        ]
        passes.finalize()
        return [passes]


class LinkedCompiler(_Compiler):
    """Compiles what only compiled code calls."""

    lowering = _LinkedLowering


class WideCompiler(_Compiler):
    """Compiles loops that are bound by arithmetic."""

    lowering = _WideLowering
