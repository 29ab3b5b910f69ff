"""A race: a surrogate proposes, few replications sift, the best are replicated until they stand.

Every new point gets as few replications as tell points apart at all; a point that may be better than the best
so far is doubled and takes its place only if it still is when it is known nearly as surely. As the race
closes in on the optimum, the best gets more replications, until its gain is known well enough, and the others
are told by their difference from it in the same draws (`channelsim.policy.judging`): a few replications then
say as much as many. Which of the reference's draws a new point has is drawn for it: in one and the same, the
surrogate would be of the world as it is in that draw, whose optimum is another, however many the points; so
it is of the world on average, and what draws do to differences is noise, which it smooths.

Proposals (`channelsim.policy.surrogate`) come in rounds, in a trust region around the best, which doubles
when rounds succeed and is halved when they do not; when it is small, every lever is tried elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from channelsim.policy.elsewhere import sweep
from channelsim.policy.gaussian_process import Shape
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.search import BudgetSpent, Search
from channelsim.policy.surrogate import MOST_POINTS, Cube, Surrogate, propose

Floats = NDArray[np.float64]

FIRST_SIZE, LARGEST_SIZE, COARSE, LAST_SIZE = 0.4, 0.8, 0.05, 0.004
"""Mean half-width of the trust region, in shares of the levers' widths: at first, at most, where all descents
but the last end, at last."""
SWEPT_SIZE = 0.15
"""Size below which every lever is tried elsewhere, once in a start."""
FIRST_LEVEL = 8
"""Replications of the reference at first, times those of a new point; twice as many in half the region."""
SETTLED = 1.25
"""Times the standard error of the reference with which a candidate is known well enough."""
SURE = 0.005
"""Standard error of a slack, in units of its bound, with which the best candidate is known well enough."""
SEVERAL = 4
"""Replications, times those of a new point, that the best candidate has at least: fewer may be lucky."""
FAR = 4.0
"""Standard errors from a bound from which on no more replications are needed to tell on which side."""
FARTHEST = 1.0
"""Share of a bound from which on a candidate that misses it is of no use to the surrogate."""
ENOUGH = 3
"""Candidates for each lever and one more that the surrogate has to have all the same."""
OUTGROWN = 1.2
"""Factor on the number of points from which on lengths and noise are estimated again."""


@dataclass
class Race:
    """State of a race; see `channelsim.policy.frugal_search.surrogate_search` for its numbers."""

    search: Search
    rng: np.random.Generator
    tolerance: float
    each: int
    most: int
    """Replications of the best candidate at most."""
    reserve: int
    level: int = 1
    """Replications that the best candidate has to have: more as the search closes in, up to `final`."""
    final: int = 1
    calibrated: bool = False
    """Whether replications follow the noise, and are not those that the user wants."""
    keeps_reference: bool = False
    """Whether the reference stays, whoever is the best: it has been run often before."""
    pool: dict[tuple[Value, ...], None] = field(default_factory=dict)
    """Candidates of this start."""

    def __post_init__(self) -> None:
        self.cube = Cube(self.search.levers)
        self.level = self.final = self.each
        self.search.draws = max(self.search.draws, self.each)
        self._shapes: list[Shape] | None = None
        self._shaped_at = 0
        self._left: list[tuple[Value, ...]] = []

    @property
    def room(self) -> int:
        """Replications left before the finals."""
        return self.search.left - self.reserve

    @property
    def shared(self) -> int:
        """Replications that the best has to have because new points have one of them each."""
        return 1 if self.keeps_reference else self.search.draws

    def evaluate(self, points: Floats) -> None:
        """Evaluate new points and let those that look best prove it."""
        points = points[: max(self.room // self.each, 0)]
        if not len(points):
            raise BudgetSpent
        first = self.each * self.rng.integers(self.search.draws // self.each, size=len(points))
        found = self.search.evaluate(points, self.each, first.tolist())
        self.pool.update({c.values: None for c in found})
        self.prove()

    def best(self) -> Candidate:
        """Return the best candidate of this start."""
        return min((self.search.candidates[v] for v in self.pool), key=lambda c: (c.merit, -c.replications))

    def prove(self) -> None:
        """Double the replications of whoever may be best until the best one has as many as is the rule."""
        while True:
            pool = [self.search.candidates[v] for v in self.pool]
            hopeful = sorted(pool, key=lambda c: (self.hope(c), -c.replications))
            top = next((c for c in hopeful if c.feasible or not self.settled(c)), None)
            if top is None or self.settled(top):
                return
            more = min(2 * top.replications, self.level)
            if more - top.replications > self.room:
                raise BudgetSpent
            self.search.evaluate(self.search.point_of(top.values), more)

    def settled(self, candidate: Candidate) -> bool:
        """Return whether a candidate has replications enough, or as little doubt as if it had.

        It has when it surely misses a condition, and when it is known nearly as surely as the reference, but
        for what is far from any bound.
        """
        reference = self.search.reference
        own, slacks = np.array(candidate.slack_errors), np.array(candidate.slacks)
        if candidate.replications >= self.level or (slacks < -FAR * own).any():
            return True
        several = max(min(SEVERAL * self.each, self.most), 2) if candidate.feasible else 2
        if reference is None or candidate.replications < several:
            return False
        sure = own <= SETTLED * np.array(reference.slack_errors)  # not where errors are not known: tails
        gain = candidate.standard_error <= SETTLED * reference.standard_error
        return bool((sure | (np.abs(slacks) > FAR * own)).all()) and (gain or self._behind(candidate))

    def _behind(self, candidate: Candidate) -> bool:
        best = self.best()
        return candidate.gain + FAR * candidate.standard_error < best.gain

    def refer(self) -> None:
        """Make the best the reference, if there is none, or none that is near or simulated often enough."""
        search, best = self.search, self.best()
        if not search.drawn or self.keeps_reference:
            return
        reference = search.reference
        if reference is not None and reference.replications >= self.level:
            if best.values == reference.values or best.replications <= max(self.level // 4, 2 * self.each):
                return  # few were enough to tell the best's difference
        more = self.level - best.replications
        if more > self.room:
            raise BudgetSpent
        search.evaluate(search.point_of(best.values), self.level)
        search.refer_to(best.values)
        if self.calibrated:  # new points may have any of them
            blocks = self.search.candidates[best.values].replications // self.each
            search.draws = max(search.draws, self.each * 2 ** int(np.log2(blocks)))
        self._raise_final()
        self.prove()

    def _raise_final(self) -> None:
        """Have the best known in more replications, if the reference is noisier than points were at first."""
        reference = self.search.reference
        if reference is None or not self.calibrated:
            return
        own = np.sqrt(reference.replications) * np.array(reference.slack_errors)
        noise = float(np.nanmax(own, initial=0.0))
        self.final = max(self.final, _replications(noise, SURE, self.each, self.most))

    def confirm(self) -> None:
        """Have the best known as surely as is the rule at last."""
        self.level = max(self.final, self.shared)
        self.refer()
        self.prove()

    def leave(self) -> None:
        """Leave this start for another one, whose candidates would be far from the reference."""
        self.confirm()
        if self.search.reference is not None:
            self._left.append(self.search.reference.values)
        self.pool, self.level = {}, self.each
        self.search.refer_to(None)

    def recall(self) -> None:
        """Refer, to the end, to the best of what is known in all draws that others have."""
        search = self.search
        often = [c for c in search.candidates.values() if c.first == 0 and c.replications >= search.draws]
        if search.draws > self.each and often:
            search.refer_to(min(often, key=lambda c: c.merit).values)
            self.keeps_reference = True

    def unite(self) -> None:
        """Take the candidates of all starts together, told by the best reference of any."""
        search = self.search
        self.pool = dict.fromkeys(search.candidates)
        known = [search.candidates[v] for v in self._left]
        known += [search.reference] if search.reference is not None else []
        if self._left:
            search.refer_to(min(known, key=lambda c: c.merit).values)

    def hope(self, candidate: Candidate) -> float:
        """Return a candidate's merit if its slacks are one standard error better than they look."""
        if candidate.feasible or candidate.missed(-1.0) > 0.0:
            return candidate.merit
        return -candidate.gain / self.search.objective_scale

    def calibrate(self) -> None:
        """Set the replications of new points and of the best from the noise that candidates show."""
        search = self.search
        shown = any(np.isfinite(search.candidates[v].standard_error) for v in search.known)
        for candidate in [] if shown else search.best(2 + search.dimensions // 2):
            search.evaluate(search.point_of(candidate.values), max(2, candidate.replications))
        found = list(search.candidates.values())
        noise = _noise([c.standard_error * np.sqrt(c.replications) for c in found]) / search.objective_scale
        known = np.array([(c.gain / search.objective_scale, *c.slacks) for c in found])
        spread = np.subtract(*np.quantile(known, [0.75, 0.25], axis=0)) if len(known) > 3 else known[0] * 0.0
        ratios = [noise / max(0.2 * spread[0], self.tolerance)]
        ratios += [d / (0.2 * s) for d, s in zip(search.slack_deviations, spread[1:]) if s > 0.0]
        self.each = _replications(max(ratios), 1.0, self.each, self.most)
        by_gain = _replications(noise, 0.5 * self.tolerance, self.each, self.most)
        by_slacks = _replications(max(search.slack_deviations, default=0.0), SURE, self.each, self.most)
        self.final = max(by_gain, by_slacks, self.each)
        if search.drawn:
            self.final = max(self.final, min(2, self.most))  # so that there is a standard error
        self.level, self.calibrated = self.each, True
        search.draws = max(search.draws, self.each)

    def model(self, centre: Floats) -> Surrogate:
        """Return the surrogate of what is known, from the candidates nearest to a centre."""
        found = self.near(centre)
        count = len(self.search.candidates)
        fresh = self._shapes is None or count >= OUTGROWN * self._shaped_at
        reference, errors = self.search.reference, self.search.slack_errors(self.level)
        if reference is not None:
            errors = SETTLED * np.nan_to_num(reference.slack_errors)
        made = Surrogate(self.search, self.cube, found, errors, None if fresh else self._shapes, self._shapes)
        if fresh:
            self._shapes, self._shaped_at = made.shapes, count
        return made

    def near(self, centre: Floats) -> list[Candidate]:
        """Return the candidates nearest to a point, without those that miss a bound by miles if others do.

        A smooth function through these would be off near the bound by more than there is room.
        """
        found = list(self.search.candidates.values())
        missed = [max(-FARTHEST - min(c.slacks, default=0.0), 0.0) for c in found]
        enough = max(ENOUGH * (self.search.dimensions + 1), missed.count(0.0))
        found = [found[k] for k in np.argsort(missed, kind="stable")[:enough]]
        apart = [np.max(np.abs(self.search.point_of(c.values) - centre)) for c in found]
        return [found[k] for k in np.argsort(apart, kind="stable")[:MOST_POINTS]]

    def descend(
        self,
        size: float,
        batch: int,
        until: int,
        swept: bool = False,
        last: float = LAST_SIZE,
        closing_in: bool = True,
    ) -> None:
        """Rounds of proposals around the best candidate, until the trust region is small.

        Parameters
        ----------
        size : float
            Of the trust region at first.
        batch : int
            Proposals per round.
        until : int
            Replications spent in all from which on no round begins.
        swept : bool
            Whether levers have been tried elsewhere already.
        last : float
            Size at which the trust region is small.
        closing_in : bool
            Whether the best gets more replications as the region shrinks; else it has as many as at last, so
            that candidates near it are all judged by the same draws.
        """
        search, failures, successes = self.search, 0, 0
        patience = max(2, -(-search.dimensions // batch))
        while size > last and search.spent < until:
            halved = max(round(np.log2(FIRST_SIZE / size)), 0)
            self.level = self.each
            if self.best().feasible:
                closer = self.each * FIRST_LEVEL * 2**halved
                self.level = min(closer, self.final) if closing_in else self.final
                self.level = max(self.level, self.shared)
                self.prove()
                self.refer()
            before = self.best()
            centre = search.point_of(before.values)
            model = self.model(centre)
            best = float(model.predict(centre[None, :])[0, 0]) if before.feasible else None
            share = min(20.0 / search.dimensions, 1.0) * max(1.0 - search.spent / search.budget, 0.1) ** 0.5
            points = propose(model, centre, best, size, share, batch, self.rng, anywhere=not swept)
            if not len(points):
                return
            self.evaluate(points)
            if better(self.best(), before, self.tolerance):
                successes, failures = successes + 1, 0
            else:
                successes, failures = 0, failures + 1
            if successes >= 3:
                size, successes = min(2.0 * size, LARGEST_SIZE), 0
            if failures >= patience:
                size, failures = 0.5 * size, 0
                if size < SWEPT_SIZE and not swept:
                    swept, before = True, self.best()
                    sweep(self)
                    size = FIRST_SIZE if better(self.best(), before, self.tolerance) else size


def better(new: Candidate, old: Candidate, tolerance: float) -> bool:
    """Return whether a candidate is better than another: by more than the tolerance if both are feasible."""
    if new.feasible and old.feasible:
        return new.merit < old.merit - tolerance
    return new.merit < old.merit


def _noise(deviations: list[float]) -> float:
    known = [d for d in deviations if np.isfinite(d)]
    return float(np.sqrt(np.mean(np.square(known)))) if known else 0.0


def _replications(noise: float, error: float, at_first: int, most: int) -> int:
    """Return the power of two from which on the standard error is small enough."""
    count = 1
    while count < most and noise > error * np.sqrt(count):
        count *= 2
    return min(count, most)
