"""Three departures from numba's way of compiling a function; all that leans on its inner parts stands here.

numba makes machine code of every function, optimised by itself, before a caller links it and optimises it
again. Rules are only ever linked, so `LinkedCompiler` leaves the first half out: a quarter of the time that
the week takes to compile. `WideCompiler` gives a function the attribute by which LLVM uses the widest
vectors. `RowwiseCompiler` tells LLVM that no round of a loop reads what another writes. Of itself LLVM
proves it while the loop runs, by comparing the ends of all rows pair by pair, and gives up where that takes
too long: a loop of many rows would not vectorise, and short rows would take longer to compare than to run.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from llvmlite.ir.values import MDValue  # type: ignore[import-untyped]
from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core import ir as numba_ir
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


class _Distinct(MDValue):
    """A node of metadata that is itself alone, whatever it holds; llvmlite writes none."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, (), name=str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        held = ", ".join(node.get_reference() for node in self.operands)
        buf += (f"distinct !{{ {held} }}", "\n")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class _RowwiseLower(Lower):
    """Marks every loop as free of dependences between its rounds (LLVM's ``llvm.loop.parallel_accesses``)."""

    _offset = 0

    def lower_block(self, block: Any) -> None:
        self._offset = next(offset for offset, known in self.blocks.items() if known is block)
        super().lower_block(block)

    def lower_inst(self, inst: Any) -> None:
        super().lower_inst(inst)
        if isinstance(inst, numba_ir.Jump) and inst.target <= self._offset:  # the end of a loop's round
            loop = _Distinct(self.module)
            loop.operands = (loop, self.module.add_metadata(["llvm.loop.parallel_accesses", self._accesses]))
            self.builder.block.terminator.set_metadata("llvm.loop", loop)

    def lower_function_body(self) -> Any:
        self._accesses = _Distinct(self.module)
        entry = super().lower_function_body()
        for block in self.function.blocks:
            for instruction in block.instructions:
                if isinstance(instruction, ir.LoadInstr | ir.StoreInstr):
                    instruction.set_metadata("llvm.access.group", self._accesses)
        return entry


@register_pass(mutates_CFG=True, analysis_only=False)
class _RowwiseLowering(_LinkedLowering):
    _name = "rowwise_native_lowering"

    @property
    def lowering_class(self) -> type:
        return _RowwiseLower


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


class RowwiseCompiler(_Compiler):
    """Compiles what only compiled code calls, and whose loops take every row by itself."""

    lowering = _RowwiseLowering
