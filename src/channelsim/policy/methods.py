"""Search methods: each asks a `Search` for points until the budget is spent or nothing is left to try.

A method is a function of the search, a random generator and the points to begin with, and returns why it
stopped. All points meet the same draws in the same number of replications, so to a method the objective is a
deterministic function. Constraints are in the merit, by Deb's rules (`channelsim.policy.search`); COBYQA
gets them as constraints.

Sources: Storn & Price (1997), Differential evolution, Journal of Global Optimization 11, 341-359; Nelder &
Mead (1965), A simplex method for function minimization, Computer Journal 7, 308-313; Ragonneau (2022),
Model-based derivative-free optimization methods and software, PhD thesis, Hong Kong Polytechnic University
(COBYQA).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError
from channelsim.policy.judging import Candidate
from channelsim.policy.search import Search

Floats = NDArray[np.float64]
Method = Callable[..., str]

EACH = 4
"""Replications of every point, unless the caller or noise-free draws say otherwise."""
CONVERGED = "it converged"


def opening(search: Search, rng: np.random.Generator, count: int, start: Floats) -> Floats:
    """Return points to begin with: those given, and a Latin hypercube of the rest.

    Parameters
    ----------
    search : Search
    rng : numpy.random.Generator
    count : int
    start : ndarray, shape (points, levers)

    Returns
    -------
    ndarray, shape (max(count, points given), levers)
    """
    lacking = max(count - len(start), 0)
    rows = np.array([rng.permutation(lacking) for _ in range(search.dimensions)]).T
    inside = rng.random((lacking, search.dimensions))
    cells = (rows.reshape(inside.shape) + inside) / max(lacking, 1)
    return np.vstack([start, cells])


def as_now(search: Search) -> Floats:
    """Return the point at which factors are 1 and all other levers half-way: shape (1, levers)."""
    shares = []
    for lever in search.levers:
        low, high = lever.bounds()
        scaled = lever.measure == "scale" and not lever.choices and low <= 1.0 <= high
        shares.append(lever.share_of(1.0) if scaled else 0.5)
    return np.array([shares])


def number_of_policies(search: Search) -> int:
    """Return how many policies the levers admit, if all are whole or categorical; else 0."""
    return prod(lever.steps for lever in search.levers)


def differential_evolution(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int = EACH,
    population: int | None = None,
    **options: Any,
) -> str:
    """Search by scipy's differential evolution, a whole population per call.

    Whole and categorical levers are snapped to their values before anything is simulated, and a policy that
    comes up again costs nothing.

    Parameters
    ----------
    search, rng, start
    replications_each : int
        Of every point.
    population : int, optional
        Points of a generation; default 8 per lever, fewer if the budget would not reach for 15 generations.
    **options
        Passed on to `scipy.optimize.differential_evolution`.
    """
    from scipy.optimize import differential_evolution as evolve

    if population is None:
        population = min(max(8 * search.dimensions, 16), max(search.left // (15 * replications_each), 8))
    given = {"tol": 1e-8, "maxiter": 100_000} | options
    result = evolve(
        lambda points: np.array([c.merit for c in search.evaluate(points.T, replications_each)]),
        [(0.0, 1.0)] * search.dimensions,
        init=opening(search, rng, max(population, 5), start[: max(population // 4, 1)]),
        rng=rng,
        vectorized=True,
        updating="deferred",
        polish=False,
        **given,
    )
    return CONVERGED if result.success else str(result.message)


def random_search(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int = EACH,
    population: int = 32,
) -> str:
    """Evaluate points drawn uniformly, until the budget is spent: what any method has to beat.

    Parameters
    ----------
    search, rng, start
    replications_each : int
        Of every point.
    population : int
        Points per call.
    """
    search.evaluate(start, replications_each)
    several = number_of_policies(search)
    while not several or len(search.candidates) < several:
        search.evaluate(rng.random((population, search.dimensions)), replications_each)
    return "there is no other policy"


def enumeration(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int = EACH,
) -> str:
    """Evaluate every policy there is; for whole and categorical levers only.

    Parameters
    ----------
    search, rng, start
    replications_each : int
        Of every policy.

    Raises
    ------
    ScenarioError
        If a lever is real.
    """
    if not number_of_policies(search):
        real = next(lever.label for lever in search.levers if not lever.steps)
        raise ScenarioError(f"method 'enumeration': lever {real!r} is real; its values can not be counted")
    shares = [(np.arange(lever.steps) + 0.5) / lever.steps for lever in search.levers]
    search.evaluate(np.array(list(product(*shares))), replications_each)
    return "there is no other policy"


def nelder_mead(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int = EACH,
    **options: Any,
) -> str:
    """Improve the first point to start from by Nelder and Mead's simplex; whole levers are held.

    Parameters
    ----------
    search, rng, start
    replications_each : int
        Of every point.
    **options
        Passed on as options of `scipy.optimize.minimize`.
    """
    from scipy.optimize import minimize

    held, moved = _continuous(search, start, "nelder_mead")
    result = minimize(
        lambda x: _at(search, held, moved, x, replications_each).merit,
        held[moved],
        method="Nelder-Mead",
        bounds=[(0.0, 1.0)] * len(moved),
        options={"xatol": 1e-5, "fatol": 1e-8, "adaptive": True, "maxiter": 100_000} | options,
    )
    return CONVERGED if result.success else str(result.message)


def cobyqa(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int = EACH,
    radius: float = 0.1,
    **options: Any,
) -> str:
    """Improve the first point to start from by COBYQA, which models objective and constraints.

    Whole and categorical levers are held.

    Parameters
    ----------
    search, rng, start
    replications_each : int
        Of every point.
    radius : float
        Of the first trust region, in shares of the levers' widths.
    **options
        Passed on as options of `scipy.optimize.minimize`.
    """
    from scipy.optimize import Bounds, NonlinearConstraint, minimize

    held, moved = _continuous(search, start, "cobyqa")
    scale = search.objective_scale if search.candidates else None

    def objective(x: Floats) -> float:
        nonlocal scale
        candidate = _at(search, held, moved, x, replications_each)
        scale = scale or search.objective_scale
        return -candidate.gain / scale

    limits = [
        NonlinearConstraint(
            lambda x: np.array(_at(search, held, moved, x, replications_each).sure(search.caution)),
            0.0,
            np.inf,
        )
    ]
    result = minimize(
        objective,
        held[moved],
        method="cobyqa",
        bounds=Bounds(np.zeros(len(moved)), np.ones(len(moved))),
        constraints=limits if search.problem.constraints else (),
        options={"initial_tr_radius": radius, "final_tr_radius": 1e-5, "maxfev": 100_000} | options,
    )
    return CONVERGED if result.success else str(result.message)


def scipy_style(optimiser: Callable[..., Any]) -> Method:
    """Return a method that leaves the search to a callable such as `scipy.optimize.dual_annealing`.

    The callable is called as ``optimiser(fun, bounds, **options)``. A point holds shares of the way between
    each lever's bounds, so bounds are (0, 1) throughout; ``fun`` takes a point (levers,) and returns the
    merit to be made small, or takes many, (levers, points), and returns as many merits. Its random
    generator is passed as ``rng`` if it takes one.

    Parameters
    ----------
    optimiser : callable
        Returns a `scipy.optimize.OptimizeResult`, unless the budget is spent before.
    """

    def run(
        search: Search,
        rng: np.random.Generator,
        start: Floats,
        replications_each: int = EACH,
        **options: Any,
    ) -> str:
        def fun(x: Floats) -> Any:
            x = np.asarray(x, dtype=np.float64)
            found = search.evaluate(np.clip(x.T, 0.0, 1.0), replications_each)
            return np.array([c.merit for c in found]) if x.ndim == 2 else found[0].merit

        if "rng" not in options and _takes(optimiser, "rng"):
            options["rng"] = rng
        result = optimiser(fun, [(0.0, 1.0)] * search.dimensions, **options)
        if not search.candidates:
            raise ScenarioError(f"method {name_of(optimiser)!r}: evaluated nothing")
        return str(getattr(result, "message", "") or "it returned")

    return run


def name_of(method: Any) -> str:
    """Return what a callable is called."""
    return str(getattr(method, "__name__", type(method).__name__))


def _takes(called: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(called).parameters
    except (TypeError, ValueError):
        return False


def _continuous(search: Search, start: Floats, method: str) -> tuple[Floats, NDArray[np.intp]]:
    """Return the point to start from and which of its levers are real."""
    moved = np.flatnonzero([lever.steps == 0 for lever in search.levers])
    if not len(moved):
        raise ScenarioError(f"method {method!r}: moves real levers only, and all are whole or categorical")
    return start[0].copy(), moved


def _at(search: Search, held: Floats, moved: NDArray[np.intp], x: Floats, each: int) -> Candidate:
    point = held.copy()
    point[moved] = np.clip(x, 0.0, 1.0)
    return search.evaluate(point, each)[0]


METHODS: dict[str, Method] = {
    "differential_evolution": differential_evolution,
    "enumeration": enumeration,
    "nelder_mead": nelder_mead,
    "cobyqa": cobyqa,
    "random": random_search,
}
"""Methods by name; `channelsim.policy.solve` adds the surrogate search and ``auto``."""
