"""A surrogate of the simulation, and points that are worth simulating.

The gain and the slack of every constraint are Gaussian processes of the levers, each with lengths and noise
of its own (`channelsim.policy.gaussian_process`), made from the candidates so far; but for those that miss a
bound by more than the bound itself, once there are others enough: the surrogate has to be best near the
bounds, where optima lie, and not where one is missed by miles.

Proposals lie in a box around the best point, the *trust region*: narrower in levers to which the outcomes
answer over a short length, and never less than one step of a whole lever. The first proposal is the optimum
of the expected values (by differential evolution, then by sequential least squares, since optima lie where
several bounds meet), the others have the largest

    expected improvement on the best × Π_j P(slack_j ≥ margin_j),

one after the other, each taken as known for those after it, so that a batch spreads; the last of them comes
from anywhere in the cube. Margins are the errors that slacks have when the best is judged.

Sources: Eriksson, Pearce, Gardner, Turner & Poloczek (2019), Scalable global optimization via local Bayesian
optimization, NeurIPS 32; Eriksson & Poloczek (2021), Scalable constrained Bayesian optimization, AISTATS 24
(the trust region); Schonlau, Welch & Jones (1998), Global versus local search in constrained
optimization of computer models, IMS Lecture Notes 34, 11-25 (improvement × probability of feasibility);
Ginsbourger, Le Riche & Carraro (2010), Kriging is well-suited to parallelize optimization, in Computational
Intelligence in Expensive Optimization Problems, Springer (the batch).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channelsim.policy.gaussian_process import GaussianProcess, Shape
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Lever
from channelsim.policy.search import Search

Floats = NDArray[np.float64]

MOST_POINTS = 200
"""Candidates that a surrogate is made from, those nearest to its centre: its cost grows with their cube."""
TRIED = 60
"""Points that are tried on the surrogate for every lever."""
GENERATIONS, POPULATION = 20, 5
"""Of differential evolution on the surrogate; points per lever."""
POLISHING, STEP, INSIDE = 40, 1e-6, 1e-6
"""Most iterations of the polish; step of its differences, in shares of a lever's width; room that it leaves
in slacks, lest rounding miss a bound."""
SPARE = (1.0, 2.0)
"""Standard deviations of the surrogate by which further proposals keep the conditions surely."""
INFEASIBLE = 1e3
"""Score from which on the surrogate takes a point for infeasible."""
NARROW, WIDE = 1.0 / 3.0, 3.0
"""By how much the trust region is narrower and wider in single levers than on average."""


class Cube:
    """The unit cube of the levers, in which whole and categorical levers have few places.

    Parameters
    ----------
    levers : sequence of Lever

    Attributes
    ----------
    steps : ndarray of int64, shape (levers,)
        Number of admissible values; 0 for a real lever.
    unordered : ndarray of bool, shape (levers,)
        Choices between which there is no order, since not all are numbers.
    lever_of_column : ndarray of int64, shape (features,)
        Lever that each of the columns of `features` is about.
    """

    def __init__(self, levers: Sequence[Lever]):
        self.steps = np.array([lever.steps for lever in levers], dtype=np.int64)
        self.unordered = np.array([any(isinstance(c, str) for c in lever.choices) for lever in levers])
        columns = np.where(self.unordered, np.maximum(self.steps - 1, 1), 1)
        self.lever_of_column = np.repeat(np.arange(len(levers)), columns)

    def snapped(self, points: Floats) -> Floats:
        """Return points with whole and categorical levers in the middle of their cells."""
        points = np.clip(points, 0.0, 1.0)
        steps = np.maximum(self.steps, 1)
        cells = (np.minimum(np.floor(points * steps), steps - 1) + 0.5) / steps
        return np.where(self.steps > 0, cells, points)

    def features(self, points: Floats) -> Floats:
        """Return what the surrogate sees: shares, and of choices without order one column per choice."""
        columns = []
        for k, (steps, unordered) in enumerate(zip(self.steps, self.unordered)):
            if unordered:
                chosen = np.minimum((points[:, k] * steps).astype(np.int64), steps - 1)
                columns.append(0.5 * (chosen[:, None] == np.arange(1, steps)))
            else:
                columns.append(points[:, k, None])
        return np.concatenate(columns, axis=1)

    def neighbours(self, point: Floats) -> Floats:
        """Return the points at which one whole lever is one step away, or one choice another."""
        found = []
        for k, steps in enumerate(self.steps):
            if not steps:
                continue
            place = min(int(point[k] * steps), steps - 1)
            others = range(steps) if self.unordered[k] else (place - 1, place + 1)
            for other in others:
                if other != place and 0 <= other < steps:
                    found.append(point.copy())
                    found[-1][k] = (other + 0.5) / steps
        return np.array(found).reshape(-1, len(self.steps))


class Surrogate:
    """Gain and slacks between the points that have been simulated.

    Parameters
    ----------
    search : Search
    cube : Cube
    candidates : sequence of Candidate
        From which it is made.
    errors : ndarray, shape (constraints,)
        Standard errors that the slacks of the best candidates have: so many of them as the search is cautious
        are the margin.
    shapes : sequence of Shape, optional
        Lengths and noise of gain and slacks; default: the most likely ones.
    start : sequence of Shape, optional
        Where to begin to look for them.
    """

    def __init__(
        self,
        search: Search,
        cube: Cube,
        candidates: Sequence[Candidate],
        errors: Floats,
        shapes: Sequence[Shape] | None = None,
        start: Sequence[Shape] | None = None,
    ):
        self.cube = cube
        seen = cube.features(np.array([search.point_of(c.values) for c in candidates]))
        # differences from a reference are as sure in few replications as in many: what is left is roughness
        counts = np.array([float(c.replications) if search.reference is None else 1.0 for c in candidates])
        known = np.array([(c.gain / search.objective_scale, *c.slacks) for c in candidates])
        low, high = np.quantile(known[:, 0], [0.25, 0.75])
        known[:, 0] = np.maximum(known[:, 0], low - 3.0 * (high - low))  # very bad points would bend it
        self.margin = search.caution * errors
        self._seen = seen
        self.processes = [
            GaussianProcess(
                seen, column, counts,
                None if shapes is None else shapes[k],
                None if start is None else start[k],
            )
            for k, column in enumerate(known.T)
        ]  # fmt: skip

    @property
    def shapes(self) -> list[Shape]:
        """Lengths and noise of gain and slacks."""
        return [process.shape for process in self.processes]

    def predict(self, points: Floats) -> Floats:
        """Return gain (of the objective's scale) and slacks, shape (points, 1 + constraints)."""
        features = self.cube.features(points)
        return np.stack([process.mean(features) for process in self.processes], axis=1)

    def deviations(self, point: Floats) -> Floats:
        """Return by how much gain and slacks at a point may differ, shape (1 + constraints,)."""
        features = self.cube.features(point[None, :])
        return np.array([float(process.posterior(features)[1].spread[0]) for process in self.processes])

    def score(self, points: Floats) -> Floats:
        """Return what is to be made small: Deb's merit by the surrogate, slacks less their margin."""
        found = self.predict(points)
        missed = -np.minimum(found[:, 1:] - self.margin, 0.0).sum(axis=1)
        return np.where(missed > 0.0, INFEASIBLE * (1.0 + missed), -found[:, 0])

    def box(self, centre: Floats, size: float) -> tuple[Floats, Floats]:
        """Return the ends of the trust region; size: mean half-width, in shares of the levers' widths."""
        lever = self.cube.lever_of_column
        known = [p.shape.lengths for p in self.processes if not p.constant]
        lengths = np.mean(known or [np.zeros(len(lever))], axis=0)
        own = np.array([lengths[lever == k].mean() for k in range(len(self.cube.steps))])
        half = size * np.clip(np.exp(own - own.mean()), NARROW, WIDE)
        half = np.maximum(half, np.where(self.cube.steps > 0, 1.0 / np.maximum(self.cube.steps, 1), 0.0))
        half = np.where(self.cube.unordered, 1.0, half)
        return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)

    def new(self, points: Floats) -> Floats:
        """Return those of the points that are not among the simulated ones, each once."""
        from scipy.spatial.distance import cdist

        points = np.unique(points, axis=0)
        nearest = cdist(self.cube.features(points), self._seen, "chebyshev").min(axis=1)
        return np.asarray(points[nearest > 1e-6])


def propose(
    model: Surrogate,
    centre: Floats,
    best: float | None,
    size: float,
    share: float,
    count: int,
    rng: np.random.Generator,
    anywhere: bool = True,
) -> Floats:
    """Return points that are worth simulating together.

    Parameters
    ----------
    model : Surrogate
    centre : ndarray, shape (levers,)
        Of the trust region.
    best : float or None
        Gain that is to be improved on, in units of the objective's scale; None: no point is feasible yet.
    size : float
        Of the trust region; see `Surrogate.box`.
    share : float
        Probability that a lever moves where few levers are moved at a time.
    count : int
        Points wanted; fewer come back if no more are new.
    rng : numpy.random.Generator
    anywhere : bool
        Whether one of several comes from anywhere in the cube.

    Returns
    -------
    ndarray, shape (points, levers)
    """
    cube, levers = model.cube, len(model.cube.steps)
    low, high = model.box(centre, size)
    evolved = cube.snapped(_optimum(model, centre, low, high, rng))
    best_point = polished(model, evolved[0], low, high)
    doubts = model.deviations(best_point)[1:]
    safer = [polished(model, best_point, low, high, k * doubts) for k in SPARE]
    evolved = np.vstack([best_point, *safer, evolved])
    half = TRIED * levers // 2
    between = centre + 0.5 * (evolved[0] - centre) * rng.random((half, 1))
    few = _moved(between, low, high, share, rng)
    near = np.clip(evolved[0] + 0.3 * (high - low) * rng.standard_normal((half, levers)), low, high)
    here = _Promise(model, model.new(cube.snapped(np.vstack([evolved, few, near]))), best)
    anywhere &= count > 1
    chosen = here.take(count - anywhere, likeliest=True)
    if anywhere:  # trust regions end on hills
        zeros, ones = np.zeros(levers), np.ones(levers)
        jumps = _moved(np.repeat(centre[None, :], half, axis=0), zeros, ones, 1.0 / levers, rng)
        everywhere = np.vstack([jumps, rng.random((half, levers))])
        there = _Promise(model, model.new(cube.snapped(everywhere)), best, chosen)
        chosen = np.vstack([chosen, there.take(count - len(chosen))])
    return chosen


def polished(
    model: Surrogate, point: Floats, low: Floats, high: Floats, spare: Floats | float = 0.0
) -> Floats:
    """Return the local optimum of the expected values near a point, whole and categorical levers as they are.

    By sequential least squares: where several conditions bind, the best point is where their bounds meet, to
    which populations of points come slowly.

    Parameters
    ----------
    point : ndarray, shape (levers,)
    low, high : ndarray, shape (levers,)
        Ends of the box in which to stay.
    spare : ndarray, shape (constraints,), or float
        By how much more than the margin the slacks are kept.
    """
    from scipy.optimize import minimize

    free = np.flatnonzero(model.cube.steps == 0)
    if not len(free):
        return point
    known: dict[bytes, tuple[Floats, Floats]] = {}

    def outcomes(x: Floats) -> tuple[Floats, Floats]:
        """Return gain and room of every condition, and their slopes (outcomes, levers)."""
        if x.tobytes() not in known:
            points = np.repeat(point[None, :], 1 + len(free), axis=0)
            points[:, free] = x
            points[1 + np.arange(len(free)), free] += STEP
            found = model.predict(points)
            found[:, 1:] -= model.margin + INSIDE + spare
            known[x.tobytes()] = found[0], (found[1:] - found[0]).T / STEP
        return known[x.tobytes()]

    found = minimize(
        lambda x: -outcomes(x)[0][0],
        point[free],
        jac=lambda x: -outcomes(x)[1][0],
        bounds=list(zip(low[free], high[free])),
        constraints={
            "type": "ineq",
            "fun": lambda x: outcomes(x)[0][1:],
            "jac": lambda x: outcomes(x)[1][1:],
        },
        method="SLSQP",
        options={"maxiter": POLISHING, "ftol": 1e-8},
    )
    better = point.copy()
    better[free] = np.clip(found.x, low[free], high[free])
    if np.any(spare):
        return better
    ends = model.score(np.stack([point, better]))
    return better if ends[1] < ends[0] else point


def _moved(points: Floats, low: Floats, high: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Return points of which each lever is drawn anew with a probability, one of them always."""
    count, levers = points.shape
    moved = rng.random((count, levers)) < share
    moved[np.arange(count), rng.integers(levers, size=count)] = True
    return np.where(moved, low + (high - low) * rng.random((count, levers)), points)


class _Promise:
    """How much points promise, with the doubt that shrinks as some of them are taken."""

    def __init__(self, model: Surrogate, points: Floats, best: float | None, taken: Floats | None = None):
        self.model, self.points, self.best = model, points, best
        fixed = np.zeros((0, points.shape[1])) if taken is None else taken
        features = model.cube.features(np.vstack([fixed, points]))
        self._fixed = len(fixed)
        self._known = [process.posterior(features) for process in model.processes]
        self._open = np.arange(len(features)) >= self._fixed
        for k in range(self._fixed):
            self._learn(k)

    def _learn(self, k: int) -> None:
        self._open[k] = False
        for _, doubt in self._known:
            doubt.learn(k)

    def _value(self) -> Floats:
        """Return the logarithm of expected improvement × probability of keeping all constraints."""
        from scipy.special import log_ndtr

        (gain, doubt), *slacks = self._known
        value = (
            np.zeros(len(gain)) if self.best is None else _log_improvement(gain - self.best, doubt.deviation)
        )
        for (mean, unsure), margin in zip(slacks, self.model.margin):
            value = value + log_ndtr((mean - margin) / np.maximum(unsure.spread, 1e-9))
        return np.where(self._open, value, -np.inf)

    def take(self, count: int, *, likeliest: bool = False) -> Floats:
        """Return points, the first one by the expected values alone if likeliest."""
        chosen: list[int] = []
        for k in range(min(count, len(self.points))):
            if likeliest and k == 0:
                place = int(np.argmin(self.model.score(self.points))) + self._fixed
            else:
                place = int(np.argmax(self._value()))
            chosen.append(place - self._fixed)
            self._learn(place)
        return self.points[np.array(chosen, dtype=np.int64)]


def _log_improvement(ahead: Floats, deviation: Floats) -> Floats:
    """Return the logarithm of the expected improvement; ``ahead`` is the expected value less the best."""
    from scipy.special import log_ndtr, ndtr

    deviation = np.maximum(deviation, 1e-9)
    z = ahead / deviation
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    near = np.log(np.maximum(density + z * ndtr(z), 1e-300))
    far = log_ndtr(z) - np.log(np.maximum(-z, 1.0))  # Mills' ratio: φ + zΦ → Φ / |z|
    return np.asarray(np.where(z > -5.0, near, far) + np.log(deviation))


def _optimum(model: Surrogate, centre: Floats, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
    """Return the last generation of differential evolution on the surrogate (best/1/bin), the best first.

    Whole generations as arrays: on a surrogate that costs microseconds a point, scipy's loop over the
    population would take most of the time.
    """
    levers = len(model.cube.steps)
    size = max(POPULATION * levers, 12)
    points = np.vstack([centre, low + (high - low) * rng.random((size - 1, levers))])
    score = model.score(model.cube.snapped(points))
    for _ in range(GENERATIONS):
        one, two = rng.integers(size, size=(2, size))
        scale = rng.uniform(0.4, 1.0, (size, 1))
        leader = points[np.argmin(score)]
        mutant = np.where(rng.random((size, 1)) < 0.5, leader, points) + scale * (points[one] - points[two])
        mixed = rng.random((size, levers)) < rng.uniform(0.5, 1.0, (size, 1))
        mixed[np.arange(size), rng.integers(levers, size=size)] = True
        trial = np.clip(np.where(mixed, mutant, points), low, high)
        found = model.score(model.cube.snapped(trial))
        better = found <= score
        points[better], score[better] = trial[better], found[better]
    return np.asarray(points[np.argsort(score, kind="stable")])
