"""Gaussian-process regression: a smooth function between points, how sure it is, and which levers matter.

The unknown function is a draw of a Gaussian process with correlation (Matérn 5/2)

    C(x, x') = (1 + √5 r + 5/3 r²) e^(−√5 r),   r² = Σ_k (x_k − x'_k)² / ℓ_k²

Every column k has a length ℓ_k over which the function changes: a lever without effect has a long one. An
observation is the function plus noise of variance g/w_i relative to the variance of the process, w_i being
its replications:

    A = C + g diag(1/w),   mean(x) = m + c(x)ᵀ A⁻¹ (y − m),   variance(x) = s² (1 − c(x)ᵀ A⁻¹ c(x))

with m and s² estimated by generalised least squares. Lengths and g maximise the likelihood times a lognormal
prior (weak, its centre growing with √columns), by L-BFGS with exact derivatives.

Sources: Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, MIT Press, chapters 2, 4 and 5;
Hvarfner, Hellsten & Nardi (2024), Vanilla Bayesian optimization performs great in high dimensions, ICML (the
prior of the lengths).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

JITTER = 1e-8
"""Added to the diagonal, relative to the variance of the process, so that it can be inverted."""
LENGTH_SPREAD, NOISE_CENTRE, NOISE_SPREAD = 1.2, np.log(1e-3), 2.5
"""Of the lognormal priors: standard deviation of log lengths; centre and standard deviation of log g."""
LENGTHS, NOISES = (0.02, 50.0), (1e-7, 10.0)
"""Between which lengths and g are looked for."""


class Shape(NamedTuple):
    """Logarithms of the lengths (columns,), and of g."""

    lengths: Floats
    noise: float


class GaussianProcess:
    """A function of which values at points are known, up to noise.

    Parameters
    ----------
    points : ndarray, shape (points, columns)
    values : ndarray, shape (points,)
    replications : ndarray, shape (points,)
        Weights w: noise goes down with them.
    shape : Shape, optional
        Lengths and noise; default: the most likely ones.
    start : Shape, optional
        Where to begin to look for them.
    iterations : int
        Most steps of L-BFGS.
    """

    def __init__(
        self,
        points: Floats,
        values: Floats,
        replications: Floats,
        shape: Shape | None = None,
        start: Shape | None = None,
        iterations: int = 30,
    ):
        self.points, self.noise_weight = points, 1.0 / np.asarray(replications, dtype=np.float64)
        self._centre, spread = float(np.mean(values)), float(np.std(values))
        self.constant = spread <= 1e-12 * max(abs(self._centre), 1e-300)
        self._unit = spread if not self.constant else 1.0
        self._values = (values - self._centre) / self._unit
        self.prior = np.log(0.5) + 0.5 * np.log(points.shape[1])
        if shape is None:
            shape = start or Shape(np.full(points.shape[1], self.prior), float(NOISE_CENTRE))
            if not self.constant:
                shape = self._most_likely(shape, iterations)
        self.shape = shape
        self._settle()

    def _most_likely(self, start: Shape, iterations: int) -> Shape:
        from scipy.optimize import minimize

        columns = self.points.shape[1]
        bounds = [tuple(np.log(LENGTHS))] * columns + [tuple(np.log(NOISES))]
        found = minimize(
            self._loss,
            np.append(start.lengths, start.noise),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": iterations, "ftol": 1e-4},
        )
        return Shape(found.x[:columns], float(found.x[columns]))

    def _loss(self, x: Floats) -> tuple[float, Floats]:
        """Return the negative logarithm of likelihood × prior, and its derivatives; s² is at its best."""
        from scipy.linalg.lapack import dpotrf, dpotri

        lengths, noise = x[:-1], x[-1]
        scaled = self.points / np.exp(lengths)
        r = np.sqrt(5.0 * np.maximum(_squares(scaled, scaled), 0.0))
        decay = np.exp(-r)
        a = (1.0 + r + r * r / 3.0) * decay
        a.flat[:: len(a) + 1] = 1.0 + np.exp(noise) * self.noise_weight + JITTER
        factor, failed = dpotrf(a, lower=1)
        if failed:
            return 1e10, np.zeros_like(x)
        inverse, _ = dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        sums = inverse.sum(axis=1)
        mean = float(sums @ self._values) / float(sums.sum())
        left = self._values - mean
        alpha = inverse @ left
        n, variance = len(left), max(float(left @ alpha) / len(left), 1e-300)
        loss = 0.5 * n * np.log(variance) + float(np.sum(np.log(np.diag(factor))))
        pull = 0.5 * (inverse - np.outer(alpha, alpha) / variance)
        weight = pull * ((5.0 / 3.0) * (1.0 + r) * decay)
        slopes = 2.0 * (weight.sum(axis=1) @ scaled**2 - np.sum(scaled * (weight @ scaled), axis=0))
        noise_slope = float(np.diag(pull) @ self.noise_weight) * np.exp(noise)
        off, noise_off = (lengths - self.prior) / LENGTH_SPREAD, (noise - NOISE_CENTRE) / NOISE_SPREAD
        loss += 0.5 * float(off @ off) + 0.5 * noise_off**2
        return loss, np.append(slopes + off / LENGTH_SPREAD, noise_slope + noise_off / NOISE_SPREAD)

    def _settle(self) -> None:
        from scipy.linalg import cho_factor, cho_solve

        self._scale = np.exp(self.shape.lengths)
        self._scaled = self.points / self._scale
        a = _matern(_squares(self._scaled, self._scaled))
        a.flat[:: len(a) + 1] = 1.0 + np.exp(self.shape.noise) * self.noise_weight + JITTER
        self._inverse = cho_solve(cho_factor(a, lower=True), np.eye(len(a)))
        sums = self._inverse.sum(axis=1)
        self._mean = float(sums @ self._values) / float(sums.sum())
        left = self._values - self._mean
        self._alpha = self._inverse @ left
        self.variance = 0.0 if self.constant else max(float(left @ self._alpha) / len(left), 0.0)

    def correlation(self, points: Floats) -> Floats:
        """Return the correlations with the known points, shape (points, known points)."""
        return _matern(_squares(points / self._scale, self._scaled))

    def mean(self, points: Floats) -> Floats:
        """Return the expected values, shape (points,)."""
        if self.constant:
            return np.full(len(points), self._centre)
        return np.asarray(self._centre + self._unit * (self._mean + self.correlation(points) @ self._alpha))

    def posterior(self, points: Floats) -> tuple[Floats, Posterior]:
        """Return the expected values, and the doubt about them.

        Returns
        -------
        mean : ndarray, shape (points,)
        doubt : Posterior
        """
        near = self.correlation(points)
        mean = self._centre + self._unit * (self._mean + near @ self._alpha)
        return mean, Posterior(self, points, near, near @ self._inverse)


class Posterior:
    """The doubt about a function at points, and how it shrinks when some of them become known."""

    def __init__(self, process: GaussianProcess, points: Floats, near: Floats, weight: Floats):
        self._scaled, self._near, self._weight = points / process._scale, near, weight
        self._unit2 = process.variance * process._unit**2
        self._noise = float(np.exp(process.shape.noise))
        self._share = np.maximum(1.0 - np.sum(near * weight, axis=1), 0.0)
        self._known: list[Floats] = []

    @property
    def deviation(self) -> Floats:
        """Standard deviation of the function at the points."""
        return np.asarray(np.sqrt(self._unit2 * self._share))

    @property
    def spread(self) -> Floats:
        """Standard deviation of what one replication at the points would show, roughness too."""
        return np.asarray(np.sqrt(self._unit2 * (self._share + self._noise)))

    def learn(self, k: int) -> None:
        """Take the value at a point as known in one replication: expected values stay, doubt shrinks."""
        column = _matern(_squares(self._scaled, self._scaled[k : k + 1]))[:, 0] - self._weight @ self._near[k]
        for before in self._known:
            column = column - before * before[k]
        column = column / np.sqrt(max(self._share[k], 0.0) + self._noise + JITTER)
        self._known.append(column)
        self._share = np.maximum(self._share - column**2, 0.0)


def _squares(here: Floats, there: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(here, there, "sqeuclidean"))


def _matern(squares: Floats) -> Floats:
    r = np.sqrt(5.0 * squares)
    decay = np.exp(-r)
    r += r * r / 3.0  # in place: most of a surrogate's time is spent here
    r += 1.0
    r *= decay
    return np.asarray(r)
