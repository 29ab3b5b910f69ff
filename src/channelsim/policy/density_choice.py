"""One density per territory: a choice among simulated options, by mixed-integer linear programming.

With x_tk = 1 if territory t takes option k, of n_tk members, value v_tk and cost n_tk·f_t,

    max Σ v_tk x_tk    subject to    Σ_k x_tk = 1 for every t,    Σ a_tk x_tk ≤ b for every limit:

the budget (a = cost), mean distance (a = buyers' share × distance), buyers within reach, numeric
distribution (a ratio ≥ s becomes Σ (s·stores − stocked) ≤ 0). It is the multiple-choice knapsack problem,
solved exactly by branch and bound (HiGHS through `scipy.optimize.milp`). Source: Kellerer, Pferschy &
Pisinger (2004), Knapsack Problems, ch. 11. Limit: without limits every territory takes its own best option.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

GAP = 1e-7
"""Relative gap at which branch and bound may stop."""
ROUNDING = 1e-9


class Options(NamedTuple):
    """What territories can choose among, one option a row; arrays of shape (options,)."""

    territory: Integers
    members: Integers
    value: Floats
    """Money per week."""
    cost: Floats
    distance: Floats
    """Mean distance of a buyer to the nearest store with the brand, km; inf without one."""
    within: Floats
    """Share of the buyers with such a store in reach."""
    stocked: Floats
    stores: Floats


class Limit(NamedTuple):
    """A linear limit on a choice: Σ row·x ≤ bound."""

    label: str
    row: Callable[[Options], Floats]
    bound: float
    reading: Callable[[Options], float]
    """Value that people know it by, of the options chosen."""
    wanted: float
    """Bound on that value."""
    unit: str

    @property
    def told(self) -> str:
        """The limit in words."""
        sign = "≤" if self.label in ("budget", "mean distance") else "≥"
        return f"{self.label} {sign} {self.wanted:g}{self.unit and ' ' + self.unit}"


def picked(options: Options, rows: Integers) -> Options:
    """Return some of the options."""
    return Options._make(values[rows] for values in options)


def budget_limit(budget: float, unit: str) -> Limit:
    """Return the limit on the cost of all members."""
    return Limit("budget", lambda o: o.cost, budget, lambda o: float(o.cost.sum()), budget, unit)


def coverage_limits(
    buyers: Floats, mean_distance: float | None, share_within: float | None, distribution: float | None
) -> list[Limit]:
    """Return the limits on coverage over all territories; None for those that are not asked for."""
    weight = buyers / buyers.sum()

    def by_buyers(values: Floats, o: Options) -> Floats:
        return np.asarray(weight[o.territory] * values)

    limits = []
    if mean_distance is not None:
        limits.append(
            Limit(
                "mean distance",
                lambda o: by_buyers(o.distance, o),
                mean_distance,
                lambda o: float(by_buyers(o.distance, o).sum()),
                mean_distance,
                "km",
            )
        )
    if share_within is not None:
        limits.append(
            Limit(
                "share of buyers within reach",
                lambda o: -by_buyers(o.within, o),
                -share_within,
                lambda o: float(by_buyers(o.within, o).sum()),
                share_within,
                "",
            )
        )
    if distribution is not None:
        limits.append(
            Limit(
                "numeric distribution",
                lambda o: distribution * o.stores - o.stocked,
                0.0,
                lambda o: float(o.stocked.sum() / max(o.stores.sum(), 1e-300)),
                distribution,
                "",
            )
        )
    return limits


def choose(options: Options, limits: Sequence[Limit]) -> Integers:
    """Return the best choice: one row of the options for every territory, in their order.

    Raises
    ------
    ScenarioError
        If no choice keeps all limits: one line with the limit that cannot be kept and the closest value.
    """
    found = _solve(options, -options.value, limits)
    if found is not None:
        return found
    for k, limit in enumerate(limits):
        if _solve(options, -options.value, limits[: k + 1]) is not None:
            continue
        closest = _solve(options, limit.row(options), limits[:k])
        if closest is None:
            break
        value = limit.reading(picked(options, closest))
        beside = " and ".join(other.told for other in limits[:k])
        raise ScenarioError(
            f"{limit.told}: can not be met{' with ' + beside if beside else ''} by the densities given; "
            f"closest: {value:.4g}{limit.unit and ' ' + limit.unit}"
        )
    raise ScenarioError("no choice of densities keeps all limits")  # pragma: no cover


def _constraints(options: Options, limits: Sequence[Limit]) -> tuple[Any, Floats, Floats]:
    """Return matrix and bounds: one row a territory (exactly one option), then one a limit."""
    from scipy.sparse import csr_array, vstack

    territories, place = np.unique(options.territory, return_inverse=True)
    count, n = len(territories), len(options.territory)
    matrix = csr_array((np.ones(n), (place, np.arange(n))), shape=(count, n))
    if limits:
        matrix = vstack([matrix, csr_array(np.stack([limit.row(options) for limit in limits]))], "csr")
    slack = [limit.bound + ROUNDING * max(abs(limit.bound), 1.0) for limit in limits]
    low = np.concatenate([np.ones(count), np.full(len(limits), -np.inf)])
    return matrix, low, np.concatenate([np.ones(count), slack])


def _finite(options: Options, limits: Sequence[Limit]) -> NDArray[np.bool_]:
    """Return which options have a number in every limit."""
    finite = np.ones(len(options.territory), dtype=bool)
    for limit in limits:
        finite &= np.isfinite(limit.row(options))
    return finite


def _solve(options: Options, cost: Floats, limits: Sequence[Limit]) -> Integers | None:
    """Return the rows of the cheapest choice, None if there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    possible = np.isfinite(cost) & _finite(options, limits)
    rows = np.flatnonzero(possible)
    if len(np.unique(options.territory[rows])) < len(np.unique(options.territory)):
        return None
    kept = picked(options, rows)
    matrix, low, high = _constraints(kept, limits)
    size = np.abs(cost[rows]).max(initial=0.0) or 1.0
    found = milp(
        cost[rows] / size,
        integrality=np.ones(len(rows)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, low, high),
        options={"mip_rel_gap": GAP},
    )
    if found.x is None:
        return None
    return np.asarray(rows[np.flatnonzero(found.x > 0.5)])


def shadow_price(options: Options, limits: Sequence[Limit], of: int) -> float:
    """Return what one more unit of a limit's bound would be worth, from the linear relaxation.

    Parameters
    ----------
    of : int
        Which limit.

    Returns
    -------
    float
        Money per week and unit of the bound; NaN if the relaxation has no solution.
    """
    from scipy.optimize import linprog

    rows = np.flatnonzero(_finite(options, limits))
    kept = picked(options, rows)
    matrix, _, high = _constraints(kept, limits)
    count = matrix.shape[0] - len(limits)
    size = np.abs(kept.value).max(initial=0.0) or 1.0
    found = linprog(
        -kept.value / size,
        A_ub=matrix[count:],
        b_ub=high[count:],
        A_eq=matrix[:count],
        b_eq=high[:count],
        bounds=(0, 1),
    )
    return float(-found.ineqlin.marginals[of] * size) if found.status == 0 else np.nan
