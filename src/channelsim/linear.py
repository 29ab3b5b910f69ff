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
