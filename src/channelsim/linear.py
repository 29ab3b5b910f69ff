"""Small linear systems, solved in place without allocation."""

from __future__ import annotations

from channelsim.compiled import rule
from channelsim.tables import Floats


@rule
def solve_in_place(system: Floats, n: int) -> None:
    """Solve the first ``n`` rows of ``[matrix | right-hand side]``; the solution replaces column ``n``.

    Gaussian elimination without pivoting: for diagonally dominant and for definite matrices, which are
    all that the mechanisms form.

    Parameters
    ----------
    system : array (at least n rows, at least n + 1 columns)
    n : int
    """
    for k in range(n):
        pivot = system[k, k]
        for row in range(k + 1, n):
            factor = system[row, k] / pivot
            if factor != 0.0:
                for column in range(k, n + 1):
                    system[row, column] -= factor * system[k, column]
    for k in range(n - 1, -1, -1):
        value = system[k, n]
        for column in range(k + 1, n):
            value -= system[k, column] * system[column, n]
        system[k, n] = value / system[k, k]


@rule
def solve_side_by_side(systems: Floats, n: int) -> None:
    """Solve many systems at once, as `solve_in_place` does one; each step is a loop over all of them.

    Parameters
    ----------
    systems : array (n · (n + 1), systems)
        Row (n + 1)·r + c holds entry (r, c) of ``[matrix | right-hand side]`` of every system.
    n : int
    """
    for k in range(n):
        pivot = systems[(n + 1) * k + k]
        for row in range(k + 1, n):
            factor = systems[(n + 1) * row + k]
            for j in range(factor.size):
                factor[j] /= pivot[j]
            for column in range(k + 1, n + 1):
                entry, above = systems[(n + 1) * row + column], systems[(n + 1) * k + column]
                for j in range(entry.size):
                    entry[j] -= factor[j] * above[j]
    for k in range(n - 1, -1, -1):
        value, pivot = systems[(n + 1) * k + n], systems[(n + 1) * k + k]
        for column in range(k + 1, n):
            entry, solved = systems[(n + 1) * k + column], systems[(n + 1) * column + n]
            for j in range(value.size):
                value[j] -= entry[j] * solved[j]
        for j in range(value.size):
            value[j] /= pivot[j]
