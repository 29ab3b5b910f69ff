"""Sobol indices that are known without sampling: Ishigami's function, and any smooth one by quadrature.

An outcome Y of independent factors X_1 … X_d has the variance V = Var Y. With V_i = Var E[Y | X_i] and
V_−i = Var E[Y | all factors but X_i],

    first-order index  S_i = V_i / V,        total index  T_i = 1 − V_−i / V:

the share that factor i explains alone, and what it explains alone and together with others (Sobol' 1993;
Homma & Saltelli 1996). S_i ≤ T_i; the S_i add up to at most 1, the T_i to at least 1, both to exactly 1 if
the outcome is additive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import finite, whole_number

Floats = NDArray[np.float64]


class ReferenceIndices(NamedTuple):
    """Sobol indices known without sampling.

    Attributes
    ----------
    variance : float
        Variance of the outcome, in its unit squared.
    first_order, total : tuple of float
        A number per factor, 0 to 1.
    """

    variance: float
    first_order: tuple[float, ...]
    total: tuple[float, ...]


def ishigami(x1: ArrayLike, x2: ArrayLike, x3: ArrayLike, a: float = 7.0, b: float = 0.1) -> Any:
    """Ishigami's test function, sin x₁ + a sin² x₂ + b x₃⁴ sin x₁, its factors uniform on (−π, π).

    Notes
    -----
    Source: Ishigami & Homma (1990), An importance quantification technique in uncertainty analysis for
    computer models, First International Symposium on Uncertainty Modeling and Analysis, 398-403.

    Examples
    --------
    >>> float(ishigami(np.pi / 2, np.pi / 2, 1.0))
    8.1
    """
    x1, x2, x3 = (np.asarray(x, dtype=np.float64) for x in (x1, x2, x3))
    return np.sin(x1) + a * np.sin(x2) ** 2 + b * x3**4 * np.sin(x1)


def ishigami_indices(a: float = 7.0, b: float = 0.1) -> ReferenceIndices:
    """Sobol indices of `ishigami`.

    V₁ = (1 + bπ⁴/5)² / 2, V₂ = a² / 8, V₃ = 0, V₁₃ = 8b²π⁸ / 225, V = V₁ + V₂ + V₁₃. The third factor acts
    only through the first: its first-order index is 0, its total index is not.

    Parameters
    ----------
    a, b : float
        Weights of the second factor and of the third.

    Raises
    ------
    ValueError
        If a or b is not finite.

    Notes
    -----
    Source: Ishigami & Homma (1990); Saltelli et al. (2008), Global Sensitivity Analysis: The Primer.

    Examples
    --------
    >>> indices = ishigami_indices()
    >>> [round(share, 4) for share in indices.first_order], [round(share, 4) for share in indices.total]
    ([0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437])
    """
    a, b = finite(a, "a"), finite(b, "b")
    first = 0.5 * (1 + b * math.pi**4 / 5) ** 2
    second = a * a / 8
    together = 8 * b * b * math.pi**8 / 225
    variance = first + second + together
    return ReferenceIndices(
        variance,
        (first / variance, second / variance, 0.0),
        ((first + together) / variance, second / variance, together / variance),
    )


def indices_by_quadrature(
    function: Callable[..., Any], ranges: Sequence[tuple[float, float]], nodes: int = 16
) -> ReferenceIndices:
    """Sobol indices of a smooth function of few uniform factors, by Gauss-Legendre quadrature.

    The conditional means E[Y | X_i] are sums over a grid of nodes^d points, without sampling: exact for
    polynomials of a degree below `nodes` in each factor.

    Parameters
    ----------
    function : callable
        Takes an array per factor, returns an array of the same shape.
    ranges : sequence of (low, high)
        Range of each factor, uniform on it; at most 6 factors.
    nodes : int
        Points per factor, at least 2.

    Raises
    ------
    ValueError
        If a range is empty, there are no factors or too many, or the function does not vary.

    Examples
    --------
    Twice as wide a range has four times the variance.

    >>> found = indices_by_quadrature(lambda x, y: x + y, [(0.0, 2.0), (0.0, 1.0)])
    >>> [round(share, 9) for share in found.first_order], [round(share, 9) for share in found.total]
    ([0.8, 0.2], [0.8, 0.2])
    """
    if not 1 <= len(ranges) <= 6 or not all(low < high for low, high in ranges):
        raise ValueError(f"ranges {list(ranges)!r}: expected 1 to 6 pairs (low, high), low below high")
    places, weights = np.polynomial.legendre.leggauss(whole_number(nodes, 2, "nodes"))
    axes = [(low + high) / 2 + (high - low) / 2 * places for low, high in ranges]
    values = np.asarray(function(*np.meshgrid(*axes, indexing="ij")), dtype=np.float64)
    chance = weights / 2
    dimensions = range(len(ranges))

    def mean_over(table: Floats, factors: Sequence[int]) -> Floats:
        for factor in sorted(factors, reverse=True):
            table = np.tensordot(table, chance, axes=(factor, 0))
        return table

    def variance_given(kept: Sequence[int]) -> float:
        conditional = mean_over(values - centre, [k for k in dimensions if k not in kept])
        return float(mean_over(conditional**2, range(conditional.ndim)))

    centre = float(mean_over(values, dimensions))
    variance = variance_given(dimensions)
    if not variance > 1e-24 * max(1.0, centre * centre):
        raise ValueError("function: it does not vary over these ranges")
    return ReferenceIndices(
        variance,
        tuple(variance_given([k]) / variance for k in dimensions),
        tuple(1.0 - variance_given([j for j in dimensions if j != k]) / variance for k in dimensions),
    )
