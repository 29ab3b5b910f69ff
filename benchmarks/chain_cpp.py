"""C++ peer: compiles ``chain*.cpp`` with g++ and runs it as a process of its own.

The program is a process rather than a library, so that neither its compiler flags nor its threads touch
Python. It is compiled once per source, compiler and processor into ``.build`` beside this file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from chain_rules import MEASURES, TIERS, check_sizes, result

HERE = Path(__file__).resolve().parent
BUILD = HERE / ".build"
SOURCES = ("chain.cpp", "chain_scalar.cpp", "chain_fast.cpp")
HEADERS = ("chain.hpp", "lanes.hpp")
FLAGS = ("-O3", "-march=native", "-std=c++17", "-Wno-psabi", "-pthread")
FORMS = ("scalar", "fast")


def _key(compiler: str) -> str:
    """Digest of all the program depends on; the compiler itself spells out ``-march=native``."""
    native = subprocess.run(
        [compiler, "-march=native", "-E", "-v", "-x", "c++", os.devnull],
        capture_output=True,
        text=True,
        check=True,
    )
    digest = hashlib.sha256((" ".join(FLAGS) + native.stderr).encode())
    for name in SOURCES + HEADERS:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


@cache
def executable() -> Path | None:
    """Path of the compiled program, compiling it if needed.

    Returns
    -------
    Path or None
        None, with a message on standard error, if there is no C++ compiler (``CXX`` or ``g++``) or it fails.
    """
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        print("C++ peer left out: no compiler (set CXX or install g++)", file=sys.stderr)
        return None
    try:
        program = BUILD / f"chain-{_key(compiler)}"
        if program.exists():
            return program
        BUILD.mkdir(exist_ok=True)
        (BUILD / ".gitignore").write_text("*\n")
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            fresh = Path(folder) / "chain"
            sources = [str(HERE / name) for name in SOURCES]
            subprocess.run(
                [compiler, *FLAGS, *sources, "-o", str(fresh)], capture_output=True, text=True, check=True
            )
            fresh.replace(program)  # whole or not at all, should two processes compile at once
    except subprocess.CalledProcessError as failure:
        print(f"C++ peer left out: {compiler} failed\n{failure.stderr}", file=sys.stderr)
        return None
    except OSError as failure:
        print(f"C++ peer left out: {failure}", file=sys.stderr)
        return None
    return program


def run(
    distributors: int,
    stores_per_distributor: int,
    weeks: int,
    replications: int,
    seed: int,
    threads: int = 1,
    form: str = "fast",
) -> dict[str, Any] | None:
    """Simulate the chain in C++.

    Parameters
    ----------
    distributors, stores_per_distributor, weeks, replications : int
        Size of the work. The fast form simulates up to eight replications at a time: multiples of eight
        waste no lanes.
    seed : int
        Key of Philox4x32-10, 0 <= seed < 2**64. Both forms draw the same numbers.
    threads : int, default 1
        Threads, each with a share of the replications. Starting them is part of ``seconds``.
    form : {"fast", "scalar"}, default "fast"
        Form of the program.

    Returns
    -------
    dict or None
        See `chain_rules.result`; None if the program cannot be compiled here.

    Raises
    ------
    ValueError
        If a size is below one, the seed does not fit 64 bits, or the form is unknown.
    RuntimeError
        If the program fails.
    """
    check_sizes(distributors, stores_per_distributor, weeks, replications, threads)
    if form not in FORMS:
        raise ValueError(f"form must be one of {FORMS}, got {form!r}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be in [0, 2**64), got {seed}")
    program = executable()
    if program is None:
        return None
    sizes = (distributors, stores_per_distributor, weeks, replications, seed, threads)
    answer = subprocess.run([str(program), form, *map(str, sizes)], capture_output=True, check=False)
    if answer.returncode != 0:
        raise RuntimeError(f"{program.name} ended with status {answer.returncode}: {answer.stderr.decode()}")
    values = np.frombuffer(answer.stdout, dtype=np.float64)
    table = values[1:].reshape(replications, len(TIERS), len(MEASURES))
    return result(f"C++ {form}", table, float(values[0]), distributors, stores_per_distributor, weeks)
