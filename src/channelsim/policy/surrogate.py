"""A surrogate of the simulation, and points that are worth simulating.

The gain and the slack of every constraint are interpolated separately from all candidates so far, by cubic
radial basis functions with a linear tail; how much they are smoothed is found by cross-validation, since few
replications are noisy. On the surrogate thousands of points cost next to nothing. A batch of proposals holds
the surrogate's own optimum (by differential evolution), points around the best one with few levers moved at
a time, and a point far from all others; a weight that cycles sets promise against distance.

Sources: Gutmann (2001), A radial basis function method for global optimization, Journal of Global
Optimization 19, 201-227; Regis & Shoemaker (2007), A stochastic radial basis function method for the global
optimization of expensive functions, INFORMS Journal on Computing 19, 497-509, and (2013), Combining radial
basis function surrogates and dynamic coordinate search, Engineering Optimization 45, 529-555; Regis (2014),
Constrained optimization by radial basis function interpolation, Engineering Optimization 46, 218-243.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from channelsim.policy.levers import Lever
from channelsim.policy.search import Candidate, Search

Floats = NDArray[np.float64]

SMOOTHINGS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
FOLDS = 5
MOST_POINTS = 500
"""Candidates that a surrogate is made from, the best ones: its cost grows with their cube."""
WEIGHTS = (0.3, 0.5, 0.8, 0.95)
"""Of promise against distance, by turns (Regis & Shoemaker 2007)."""
TRIED = 200
"""Points that are tried on the surrogate for every lever and proposal."""
GENERATIONS, POPULATION = 40, 6
"""Of differential evolution on the surrogate; points per lever."""
INFEASIBLE = 1e3
"""Score from which on the surrogate takes a point for infeasible."""


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
    """

    def __init__(self, levers: Sequence[Lever]):
        self.steps = np.array([lever.steps for lever in levers], dtype=np.int64)
        self.unordered = np.array([any(isinstance(c, str) for c in lever.choices) for lever in levers])

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

    def around(
        self, centre: Floats, size: float, share: float, count: int, rng: np.random.Generator
    ) -> Floats:
        """Return points near a centre: each lever moves with a probability, one of them always does.

        Parameters
        ----------
        centre : ndarray, shape (levers,)
        size : float
            Standard deviation of a real lever's move, in shares of its width.
        share : float
            Probability that a lever moves.
        count : int
        rng : numpy.random.Generator
        """
        levers = len(self.steps)
        moved = rng.random((count, levers)) < share
        moved[np.arange(count), rng.integers(levers, size=count)] = True
        step = size * rng.standard_normal((count, levers))
        # a whole lever that moves goes to another value: one cell at least
        width = np.where(self.steps > 0, 1.0 / np.maximum(self.steps, 1), 0.0)
        step = np.where(np.abs(step) < width, np.sign(step) * width, step)
        points = centre + moved * step  # beyond a bound: on it, where optima like to lie
        redrawn = moved & self.unordered
        points = np.where(redrawn, rng.random((count, levers)), points)
        return self.snapped(points)

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
        From which it is made: as many as there are levers and one more, at least.
    smoothing : float, optional
        Default: found by cross-validation.
    """

    def __init__(
        self, search: Search, cube: Cube, candidates: Sequence[Candidate], smoothing: float | None = None
    ):
        self.cube = cube
        self.points = np.array([search.point_of(c.values) for c in candidates])
        known = np.array([(c.gain / search.objective_scale, *c.slacks) for c in candidates])
        self.known = known
        self._centre, self._spread = np.median(known, axis=0), np.std(known, axis=0)
        low, high = np.quantile(known, [0.25, 0.75], axis=0)
        # very bad points would bend the surrogate everywhere else
        bounded = np.clip(known, low - 2.0 * (high - low), np.r_[np.inf, (high + 2.0 * (high - low))[1:]])
        self._spread[self._spread == 0.0] = 1.0
        self._wanted = (bounded - self._centre) / self._spread
        self._seen = cube.features(self.points)
        self.smoothing = self._smoothing() if smoothing is None else smoothing
        self._predict = _interpolator(self._seen, self._wanted, self.smoothing)

    def _smoothing(self) -> float:
        """Return the smoothing that predicts left-out points best."""
        fold = np.arange(len(self._seen)) % FOLDS
        errors = []
        for smoothing in SMOOTHINGS:
            missed = 0.0
            for k in range(FOLDS):
                out = fold == k
                made = _interpolator(self._seen[~out], self._wanted[~out], smoothing)
                missed += float(np.sum((made(self._seen[out]) - self._wanted[out]) ** 2))
            errors.append(missed)
        return SMOOTHINGS[int(np.argmin(errors))]

    def predict(self, points: Floats) -> Floats:
        """Return gain (in units of the objective's scale) and slacks, shape (points, 1 + constraints)."""
        found: Floats = self._predict(self.cube.features(points)) * self._spread + self._centre
        return found

    def score(self, points: Floats, margin: float = 0.0) -> Floats:
        """Return what is to be made small: Deb's merit by the surrogate, slacks less a margin."""
        found = self.predict(points)
        missed = -np.minimum(found[:, 1:] - margin, 0.0).sum(axis=1)
        return np.where(missed > 0.0, INFEASIBLE * (1.0 + missed), -found[:, 0])

    def distance(self, points: Floats, others: Floats | None = None) -> Floats:
        """Return the distance of every point to the nearest one simulated, or of others."""
        from scipy.spatial.distance import cdist

        seen = self._seen if others is None else self.cube.features(others)
        nearest: Floats = cdist(self.cube.features(points), seen).min(axis=1)
        return nearest


def _interpolator(seen: Floats, wanted: Floats, smoothing: float) -> Callable[[Floats], Floats]:
    from scipy.interpolate import RBFInterpolator

    try:
        made = RBFInterpolator(seen, wanted, kernel="cubic", degree=1, smoothing=smoothing)
    except (np.linalg.LinAlgError, ValueError):  # all points in a plane: no linear tail can be told
        made = RBFInterpolator(seen, wanted, kernel="linear", degree=0, smoothing=max(smoothing, 1e-8))
    return lambda points: np.asarray(made(points))


def propose(
    model: Surrogate,
    centres: Floats,
    size: float,
    share: float,
    count: int,
    margin: float,
    turn: int,
    rng: np.random.Generator,
) -> Floats:
    """Return points that are worth simulating together.

    Parameters
    ----------
    model : Surrogate
    centres : ndarray, shape (centres, levers)
        Points to look around, the best first.
    size, share : float
        See `Cube.around`.
    count : int
        Points wanted; fewer come back if no more are new.
    margin : float
        By which constraints have to be kept on the surrogate.
    turn : int
        Number of the call: weights go by turns.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (points, levers)
    """
    cube, levers = model.cube, len(model.cube.steps)
    chosen = np.zeros((0, levers))
    for k in range(count):
        if k == 0:
            tried = cube.snapped(_optimum(model, centres, margin, rng))
            weight = 1.0
        elif k == 1 and count > 3:
            tried, weight = cube.snapped(rng.random((TRIED * levers, levers))), WEIGHTS[turn % len(WEIGHTS)]
        else:
            centre = centres[0] if k % 4 else centres[rng.integers(len(centres))]
            tried = cube.around(centre, size, share, TRIED * levers, rng)
            weight = WEIGHTS[(turn * count + k) % len(WEIGHTS)]
        distance = model.distance(tried)
        if len(chosen):
            distance = np.minimum(distance, model.distance(tried, chosen))
        tried, distance = tried[distance > 1e-6], distance[distance > 1e-6]
        if not len(tried):
            continue
        score = model.score(tried, margin if k % 2 else 0.0)
        if (score < INFEASIBLE).any():
            keep = score < INFEASIBLE
            tried, distance, score = tried[keep], distance[keep], score[keep]
        value = weight * _to_unit(score) + (1.0 - weight) * _to_unit(-distance)
        chosen = np.vstack([chosen, tried[np.argmin(value)]])
    return chosen


def _to_unit(values: Floats) -> Floats:
    span = np.ptp(values)
    return (values - values.min()) / span if span > 0.0 else np.zeros(len(values))


def _optimum(model: Surrogate, centres: Floats, margin: float, rng: np.random.Generator) -> Floats:
    """Return the last generation of differential evolution on the surrogate (best/1/bin, F and CR drawn).

    Whole generations as arrays: on a surrogate that costs microseconds a point, scipy's loop over the
    population would take most of the time.
    """
    levers = len(model.cube.steps)
    size = max(POPULATION * levers, 12)
    points = np.vstack([centres, rng.random((max(size - len(centres), 5), levers))])
    size, score = len(points), model.score(model.cube.snapped(points), margin)
    for _ in range(GENERATIONS):
        one, two = rng.integers(size, size=(2, size))
        scale = rng.uniform(0.4, 1.0, (size, 1))
        leader = points[np.argmin(score)]
        mutant = np.where(rng.random((size, 1)) < 0.5, leader, points) + scale * (points[one] - points[two])
        mixed = rng.random((size, levers)) < rng.uniform(0.5, 1.0, (size, 1))
        mixed[np.arange(size), rng.integers(levers, size=size)] = True
        trial = np.clip(np.where(mixed, mutant, points), 0.0, 1.0)
        found = model.score(model.cube.snapped(trial), margin)
        better = found <= score
        points[better], score[better] = trial[better], found[better]
    return points
