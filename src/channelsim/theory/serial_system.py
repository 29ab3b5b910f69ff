"""Serial system: the best base stocks of a chain of stocking stages, and the cost of any others.

Idea
----
Stage 1 is the store, stage N the one that an ample source supplies. The *echelon stock* of a stage
is its own stock plus everything downstream of it, on the way included, less the store's backorders. Charge
each unit in the echelon of stage j its echelon holding cost h_j (what holding costs there more than one stage
up), and the store's backorders b + Σ h. Then no stage's decision depends on the stocks downstream of it
except through its echelon stock, and the chain comes apart. With D_j the demand over the L_j + 1 weeks that
an order of stage j has to last, going up from the store:

    Ĝ_1(x) = h_1 x + (b + Σ_i h_i) x⁻,           G_j(y) = E[Ĝ_j(y − D_j)],
    S_j = argmin G_j,                              Ĝ_{j+1}(x) = h_{j+1} x + G_j(min(S_j, x)),

since the stage above can raise stage j's position to S_j only as far as its own echelon stock x reaches.
G_N(S_N) is the expected cost of a week: local holding cost H_j = Σ_{i≥j} h_i on the stock of stage j and on
what is on its way from j to j − 1, and b on the store's backorders. Put any levels in place of S_j and it is
*their* cost. Levels may be kept locally, s_1 = S_1 and s_j = S_j − S_{j−1}, with each stage following its own
position.

A second route, by what is owed. With local levels stage j owes B_j = (B_{j+1} + D_j − s_j)⁺ at the end of a
week, B_{N+1} = 0, each B_{j+1} some weeks earlier and independent of D_j; `serial_performance` takes it.

Source: Clark & Scarf (1960), *Management Science* 6; the infinite horizon: Federgruen & Zipkin (1984),
*Operations Research* 32, and Chen & Zheng (1994), *Management Science* 40.

Where it holds: independent weeks, unmet demand waits everywhere, fixed lead times, holding and backorder
costs linear, no cost of ordering. Poisson demand is enumerated; normal demand is integrated by Gauss–Legendre
quadrature on both sides of the kink at S_j, and G_j is kept as cubic Hermite splines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr

from channelsim.theory.admissible import above, finite, whole_weeks
from channelsim.theory.uncertain_demand import Demand, NormalDemand, PoissonDemand

Floats = NDArray[np.float64]
Function = Callable[[Floats], tuple[Floats, Floats]]
"""Value and slope at each of some positions."""

REACH, NODES, KNOTS = 9.0, 96, 1200
"""Deviations to which the normal distribution is followed, nodes of the quadrature, knots of the splines."""
TAIL = 1e-17
"""Probability beyond which Poisson demand is cut off."""


class SerialOptimum(NamedTuple):
    """The best base stocks, the store's first.

    Attributes
    ----------
    echelon_base_stocks : tuple of float
        S_j, units.
    local_base_stocks : tuple of float
        s_j, units: what the same policy asks of each stage by itself.
    cost : float
        Expected cost of a week, money; what is on its way between stages included.
    """

    echelon_base_stocks: tuple[float, ...]
    local_base_stocks: tuple[float, ...]
    cost: float


class SerialPerformance(NamedTuple):
    """What local base stocks do in the long run, the store first.

    Attributes
    ----------
    expected_stock : tuple of float
        On hand at the end of a week, units.
    expected_backorders : tuple of float
        Owed to the stage below (the store: to consumers) at the end of a week, units.
    in_transit : tuple of float
        On its way to each stage, units.
    """

    expected_stock: tuple[float, ...]
    expected_backorders: tuple[float, ...]
    in_transit: tuple[float, ...]


def local_base_stocks(echelon_base_stocks: Sequence[float]) -> tuple[float, ...]:
    """Return local levels of the policy that echelon levels describe, the store's first.

    A level above that of the next echelon is never reached: it counts as that one.

    Parameters
    ----------
    echelon_base_stocks : sequence of float
        S_j, the store's first, units.

    Raises
    ------
    ValueError
        If there is none or one is not finite.

    Examples
    --------
    >>> local_base_stocks([6.0, 11.0, 10.0])
    (6.0, 4.0, 0.0)
    """
    levels = _levels(echelon_base_stocks, None)
    reached = np.minimum.accumulate(np.array(levels)[::-1])[::-1]
    return tuple(float(x) for x in np.diff(reached, prepend=0.0))


def serial_optimum(
    demand: Demand, lead_times: Sequence[int], echelon_holding_costs: Sequence[float], backorder_cost: float
) -> SerialOptimum:
    """Return the base stocks of least expected cost.

    Parameters
    ----------
    demand : NormalDemand or PoissonDemand
        Demand of a week at the store. Poisson demand: the lowest of the best whole levels.
    lead_times : sequence of int
        L_j, the store's first, weeks: goods shipped to stage j at the end of week t arrive at the start of
        week t + 1 + L_j. Demand over L_j + 1 weeks enters; a source that counts a lead time of ℓ periods of
        demand has L_j = ℓ − 1.
    echelon_holding_costs : sequence of float
        h_j, the store's first, money per unit and week; above zero.
    backorder_cost : float
        b, money per unit and week, of the store's backorders.

    Raises
    ------
    ValueError
        If lengths differ, a cost is not above zero, a lead time not a whole number of weeks, or demand
        neither normal with a deviation nor Poisson.

    References
    ----------
    Clark & Scarf (1960). The example is example 6.1 of Snyder & Shen (2019), *Fundamentals of Supply Chain
    Theory*, 2nd ed.; the package stockpyl prints levels of 6.514, 12.012 and 22.700 and a cost of 47.669 for
    it, with the coarser discretisation of its defaults.

    Examples
    --------
    >>> best = serial_optimum(NormalDemand(5.0, 1.0), [0, 0, 1], [3.0, 2.0, 2.0], backorder_cost=37.12)
    >>> [round(level, 3) for level in best.echelon_base_stocks], round(best.cost, 3)
    ([6.491, 12.018, 22.705], 47.66)
    """
    levels, cost = _decompose(demand, lead_times, echelon_holding_costs, backorder_cost, None)
    return SerialOptimum(levels, local_base_stocks(levels), cost)


def serial_cost(
    demand: Demand,
    lead_times: Sequence[int],
    echelon_holding_costs: Sequence[float],
    backorder_cost: float,
    echelon_base_stocks: Sequence[float],
) -> float:
    """Return the expected cost of a week with given echelon base stocks, money.

    Parameters
    ----------
    demand, lead_times, echelon_holding_costs, backorder_cost
        As in `serial_optimum`.
    echelon_base_stocks : sequence of float
        S_j, the store's first, units. Poisson demand: whole units.

    Raises
    ------
    ValueError
        As in `serial_optimum`; or if the levels are not as many as the stages, or not whole.

    Examples
    --------
    >>> demand, lead_times, holding = NormalDemand(5.0, 1.0), [0, 0, 1], [3.0, 2.0, 2.0]
    >>> round(serial_cost(demand, lead_times, holding, 37.12, [6.49, 12.02, 22.71]), 3)
    47.66
    """
    return _decompose(demand, lead_times, echelon_holding_costs, backorder_cost, echelon_base_stocks)[1]


def serial_performance(
    demand: PoissonDemand, lead_times: Sequence[int], local_levels: Sequence[int]
) -> SerialPerformance:
    """Return expected stock, backorders and goods on their way under local base stocks.

    From the top stage down B_j = (B_{j+1} + D_j − s_j)⁺ and stock_j = (s_j − B_{j+1} − D_j)⁺, by convolution.

    Parameters
    ----------
    demand : PoissonDemand
        Demand of a week at the store.
    lead_times : sequence of int
        L_j, the store's first, weeks.
    local_levels : sequence of int
        s_j, the store's first, whole units, 0 or more.

    Raises
    ------
    ValueError
        If demand is not Poisson, lengths differ, or a level is not a whole number, 0 or more.

    Examples
    --------
    A single stage is that of `channelsim.theory.base_stock`:

    >>> found = serial_performance(PoissonDemand(4.0), [2], [14])
    >>> round(found.expected_stock[0], 4), round(found.expected_backorders[0], 4), found.in_transit[0]
    (2.6299, 0.6299, 12.0)
    """
    if not isinstance(demand, PoissonDemand):
        raise ValueError(f"demand: {type(demand).__name__}: the convolution needs Poisson demand")
    weeks = [whole_weeks(w, f"lead_times[{j}]") for j, w in enumerate(lead_times)]
    levels = [int(x) for x in _whole(_levels(local_levels, len(weeks)))]
    if min(levels) < 0:
        raise ValueError(f"local_levels = {levels}: must be 0 or more")
    owed: Floats = np.ones(1)
    stocks, backorders = [], []
    for j in range(len(levels) - 1, -1, -1):
        short = np.convolve(owed, _masses(demand.mean * (weeks[j] + 1)))
        units = np.arange(len(short))
        stocks.append(float(short @ np.maximum(levels[j] - units, 0)))
        owed = np.append(short[: levels[j] + 1].sum(), short[levels[j] + 1 :])
        backorders.append(float(owed @ np.arange(len(owed))))
    transit = tuple(demand.mean * (w + 1) for w in weeks)
    return SerialPerformance(tuple(stocks[::-1]), tuple(backorders[::-1]), transit)


def _decompose(
    demand: Demand,
    lead_times: Sequence[int],
    echelon_holding_costs: Sequence[float],
    backorder_cost: float,
    echelon_base_stocks: Sequence[float] | None,
) -> tuple[tuple[float, ...], float]:
    weeks = [whole_weeks(w, f"lead_times[{j}]") + 1 for j, w in enumerate(lead_times)]
    if not weeks or len(weeks) != len(echelon_holding_costs):
        raise ValueError(
            f"lead_times, echelon_holding_costs: {len(weeks)} and {len(echelon_holding_costs)} stages: "
            "must be as many, at least one"
        )
    holding = [above(h, 0.0, f"echelon_holding_costs[{j}]") for j, h in enumerate(echelon_holding_costs)]
    penalty = above(backorder_cost, 0.0, "backorder_cost") + sum(holding)
    given = None if echelon_base_stocks is None else _levels(echelon_base_stocks, len(weeks))
    above(demand.mean, 0.0, "mean demand")
    if isinstance(demand, PoissonDemand):
        return _enumerate(demand.mean, weeks, holding, penalty, None if given is None else _whole(given))
    if isinstance(demand, NormalDemand):
        above(demand.deviation, 0.0, "deviation")
        return _integrate(demand, weeks, holding, penalty, given)
    raise ValueError(f"demand: {type(demand).__name__}: must be normal or Poisson")


def _levels(levels: Sequence[float], stages: int | None) -> list[float]:
    found = [finite(level, f"level[{j}]") for j, level in enumerate(levels)]
    if not found or (stages is not None and len(found) != stages):
        raise ValueError(f"base stocks: {len(found)} given, must be one for each of {stages or 'the'} stages")
    return found


def _whole(levels: list[float]) -> list[float]:
    for level in levels:
        if level != int(level):
            raise ValueError(f"base stock {level!r}: must be a whole number of units with Poisson demand")
    return levels


def _masses(mean: float) -> Floats:
    """Return the Poisson probabilities of 0, 1, …, as far as they count."""
    units = np.arange(int(mean + 12.0 * np.sqrt(mean) + 40.0))
    mass = np.exp(units * np.log(mean) - mean - gammaln(units + 1.0))
    return np.asarray(mass[: int(np.flatnonzero(mass > TAIL)[-1]) + 1])


def _enumerate(
    mean: float, weeks: list[int], holding: list[float], penalty: float, given: list[float] | None
) -> tuple[tuple[float, ...], float]:
    masses = [_masses(mean * w) for w in weeks]
    reach = sum(len(mass) - 1 for mass in masses)
    top = max([reach, *(int(level) for level in given or [])])
    low = -reach + min([0, *(int(level) for level in given or [])])
    position = np.arange(low, top + 1)
    below = penalty * np.maximum(-position, 0.0)  # G of the stage below, at every echelon stock
    levels: list[float] = []
    value = below
    for j, mass in enumerate(masses):
        value = np.convolve(holding[j] * position + below, mass, mode="valid")
        position = position[len(mass) - 1 :]
        level = int(position[np.argmin(value)]) if given is None else int(given[j])
        at_level = value[level - position[0]]
        levels.append(float(level))
        below = np.where(position < level, value, at_level)
    return tuple(levels), float(at_level)


def _integrate(
    demand: NormalDemand, weeks: list[int], holding: list[float], penalty: float, given: list[float] | None
) -> tuple[tuple[float, ...], float]:
    from scipy.optimize import brentq

    def store(y: Floats) -> tuple[Floats, Floats]:
        over = demand.over(weeks[0])
        z = (y - over.mean) / over.deviation
        density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        short = over.deviation * (density - z * ndtr(-z))
        return holding[0] * (y - over.mean) + penalty * short, holding[0] - penalty * ndtr(-z)

    stage: Function = store
    levels: list[float] = []
    passed = 0
    for j in range(len(weeks)):
        if j:
            stage = _stage(stage, levels[-1], demand.over(weeks[j]), holding[j])
        passed += weeks[j]
        total = demand.over(passed)
        low, high = total.mean - REACH * total.deviation, total.mean + REACH * total.deviation
        if j:
            edge = min([low, *(given or [])]) - 1.0
            stage = _as_spline(stage, edge, max([high, *(given or [])]) + 1.0)
        if given is None:
            levels.append(
                float(brentq(lambda y, g=stage: float(g(np.array([y]))[1][0]), low, high, xtol=1e-12))
            )
        else:
            levels.append(given[j])
    return tuple(levels), float(stage(np.array([levels[-1]]))[0][0])


def _stage(below: Function, level: float, demand: NormalDemand, holding: float) -> Function:
    """Return G of a stage from that of the stage below and its level."""
    node, weight = np.polynomial.legendre.leggauss(NODES)

    def value_and_slope(y: Floats) -> tuple[Floats, Floats]:
        # The stage below gets its level if demand d ≤ y − level; beyond that it gets y − d.
        far = demand.mean + REACH * demand.deviation
        start = np.clip(y - level, demand.mean - REACH * demand.deviation, far)
        half = 0.5 * (far - start)
        d = start[:, None] + half[:, None] * (node + 1.0)
        z = (d - demand.mean) / demand.deviation
        density = weight * half[:, None] * np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * demand.deviation)
        value, slope = below(np.minimum(y[:, None] - d, level).ravel())
        served = ndtr((y - level - demand.mean) / demand.deviation)
        at_level = below(np.array([level]))[0][0]
        return (
            holding * (y - demand.mean) + served * at_level + (density * value.reshape(d.shape)).sum(axis=1),
            holding + (density * slope.reshape(d.shape)).sum(axis=1),
        )

    return value_and_slope


def _as_spline(function: Function, low: float, high: float) -> Function:
    """Return a function kept as a spline between two positions and as a line beyond them."""
    from scipy.interpolate import CubicHermiteSpline

    knots = np.linspace(low, high, KNOTS)
    value, slope = function(knots)
    spline: Any = CubicHermiteSpline(knots, value, slope)
    steepness: Any = spline.derivative()

    def kept(y: Floats) -> tuple[Floats, Floats]:
        inside = np.clip(y, low, high)
        lead = np.asarray(steepness(inside))
        return np.asarray(spline(inside)) + lead * (y - inside), lead

    return kept
