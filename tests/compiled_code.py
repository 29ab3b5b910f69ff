"""Which form of the code runs, compiled or plain Python, and what a test needs of it."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import pytest

JIT_OFF = os.environ.get("NUMBA_DISABLE_JIT", "0") == "1"
PLAIN_LOOPS = JIT_OFF or os.environ.get("NUMBA_BOUNDSCHECK", "0") == "1"
"""Whether loops are left as they are written: plain Python, or with every index checked."""

REPLACES_RULES = [
    pytest.mark.jit_off,
    pytest.mark.skipif(not JIT_OFF, reason="compiled rules cannot be replaced: make test-jit-off"),
]
"""Marks of tests that put a wrong rule in the place of a right one; for one of them: `replaces_rules`."""
CALLS_RULES = [
    pytest.mark.jit_off,
    pytest.mark.skipif(not JIT_OFF, reason="compiled rules are called from compiled code: make test-jit-off"),
]
"""Marks of tests that call rules directly."""
compares_with_plain_python = pytest.mark.skipif(
    JIT_OFF, reason="compares the compiled form with the plain one"
)


def replaces_rules(test):
    """Mark a test that puts a wrong rule in the place of a right one."""
    for mark in REPLACES_RULES:
        test = mark(test)
    return test


def calls_rules(test):
    """Mark a test that calls rules directly."""
    for mark in CALLS_RULES:
        test = mark(test)
    return test


def _has_wide_registers():
    return platform.machine() == "x86_64" and llvmlite.binding.get_host_cpu_features().get("avx2", False)


reads_vector_instructions = pytest.mark.skipif(
    PLAIN_LOOPS or not _has_wide_registers(), reason="about the code for processors with AVX2"
)


def output_without_jit(script):
    """Return the bytes that a script writes as plain Python; it may import what the tests share."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    plain = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert plain.returncode == 0, plain.stderr.decode()
    return plain.stdout
