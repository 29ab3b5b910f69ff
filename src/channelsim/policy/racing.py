"""The frugal search: a surrogate proposes, few replications sift, the best are replicated until they stand.

For simulations that cost real time. Every new point gets as few replications as tell points apart at all;
a point that looks better than the best so far is doubled, replication by replication on the same draws, and
takes its place only if it still does with as many as the best has. As the search closes in on the optimum,
the best gets more replications, until its gain is known well enough.

Steps: points to begin with (Latin hypercube); then rounds of proposals (`channelsim.policy.surrogate`) whose
size shrinks when rounds bring nothing better; at the end of that, whole levers one step to either side and
COBYQA on the real ones; then once more from new points elsewhere. It ends when the budget is spent or when
so many restarts have found nothing better.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from channelsim.policy.levers import Value
from channelsim.policy.methods import as_now, cobyqa, opening
from channelsim.policy.search import BudgetSpent, Candidate, Search
from channelsim.policy.surrogate import MOST_POINTS, Cube, Surrogate, propose

Floats = NDArray[np.float64]

FIRST_SIZE, LAST_SIZE = 0.2, 0.002
"""Standard deviation of a lever's move around the best point, in shares of its width: at first, at last."""
FINALISTS = 5
APART = 0.05
"""Distance in the unit cube (largest of all levers) from which on finalists are different policies."""
MOST_REPLICATIONS = 64


@dataclass
class Race:
    """State of a frugal search; see `surrogate_search` for its numbers."""

    search: Search
    rng: np.random.Generator
    tolerance: float
    each: int
    most: int
    reserve: int
    level: int = 1
    """Replications that the best candidate has to have: more as the search closes in, up to `final`."""
    final: int = 1
    pool: dict[tuple[Value, ...], None] = field(default_factory=dict)
    """Candidates of this start."""

    def __post_init__(self) -> None:
        self.cube = Cube(self.search.levers)
        self.level = self.final = self.each
        self._smoothing: float | None = None
        self._smoothed_at = 0

    @property
    def room(self) -> int:
        """Replications left before the finals."""
        return self.search.left - self.reserve

    def evaluate(self, points: Floats) -> None:
        """Evaluate new points and let those that look best prove it."""
        points = points[: max(self.room // self.each, 0)]
        if not len(points):
            raise BudgetSpent
        self.pool.update({c.values: None for c in self.search.evaluate(points, self.each)})
        self.prove()

    def best(self) -> Candidate:
        """Return the best candidate of this start."""
        return min((self.search.candidates[v] for v in self.pool), key=lambda c: (c.merit, -c.replications))

    def prove(self) -> None:
        """Double the replications of whoever is best until the best one has as many as is the rule."""
        while (best := self.best()).replications < self.level:
            more = min(2 * best.replications, self.level)
            if more - best.replications > self.room:
                raise BudgetSpent
            self.search.evaluate(self.search.point_of(best.values), more)

    def calibrate(self) -> None:
        """Set the replications of new points and of the best from the noise that candidates show."""
        search = self.search
        found = [c for c in search.candidates.values() if c.replications > 1]
        noise = max(
            _noise([c.standard_error * np.sqrt(c.replications) for c in found]) / search.objective_scale,
            *(
                _noise([c.slack_errors[k] * np.sqrt(c.replications) for c in found])
                for k in range(len(search.problem.constraints))
            ),
            0.0,
        )
        gains = np.array([c.gain for c in found]) / search.objective_scale
        spread = float(np.subtract(*np.quantile(gains, [0.75, 0.25]))) if len(gains) > 3 else 0.0
        self.each = _replications(noise, max(0.1 * spread, self.tolerance), self.each, self.most)
        self.final = max(_replications(noise, 0.5 * self.tolerance, self.each, self.most), self.each)
        if noise > 0.0:
            self.final = max(self.final, min(2, self.most))  # so that there is a standard error
        self.level = self.each

    def model(self) -> Surrogate:
        """Return the surrogate of what is known, of the best candidates if there are very many."""
        known = self.search.best(MOST_POINTS)
        if len(self.search.candidates) >= 1.2 * self._smoothed_at:
            self._smoothed_at, self._smoothing = len(self.search.candidates), None
        made = Surrogate(self.search, self.cube, known, self._smoothing)
        self._smoothing = made.smoothing
        return made

    def descend(self, size: float, batch: int) -> None:
        """Rounds of proposals around the best candidate, until their size has shrunk."""
        search, turn, failures, successes, margin = self.search, 0, 0, 0, 0.0
        patience = max(2, -(-search.dimensions // batch))
        first = len(search.candidates)
        while size > LAST_SIZE:
            self.level = min(max(self.each * 2 ** round(np.log2(FIRST_SIZE / size)), self.each), self.final)
            before = self.best()
            ordered = sorted((search.candidates[v] for v in self.pool), key=lambda c: c.merit)[:8]
            centres = np.array([search.point_of(c.values) for c in ordered])
            done = (len(search.candidates) - first) / max(len(search.candidates) - first + self.room, 1)
            share = min(20.0 / search.dimensions, 1.0) * max(1.0 - done, 0.1) ** 0.5
            points = propose(self.model(), centres, size, share, batch, margin, turn, self.rng)
            if not len(points):
                return
            self.evaluate(points)
            tried = (search.candidates.get(search.values_at(p)) for p in points)
            # the surrogate errs on constraints: stay inside while it does, come back when it does not
            inside = any(c is not None and c.feasible for c in tried)
            margin = 0.5 * margin if inside else max(2.0 * margin, 1e-3)
            turn += 1
            if _better(self.best(), before, self.tolerance):
                successes, failures = successes + 1, 0
            else:
                successes, failures = 0, failures + 1
            if successes >= 3:
                size, successes = min(2.0 * size, FIRST_SIZE), 0
            if failures >= patience:
                size, failures = 0.5 * size, 0

    def polish(self) -> None:
        """Whole levers one step to either side, and COBYQA on real ones, from the best candidate."""
        search = self.search
        for _ in range(3):
            before = self.best()
            beside = self.cube.neighbours(search.point_of(before.values))
            if len(beside):
                self.evaluate(beside)
            if self.best().values == before.values:
                break
        moved = int((self.cube.steps == 0).sum())
        evaluations = 8 * (moved + 1)
        each = min(self.level, max(self.room // (4 * evaluations), 0))
        if not moved or each < self.each:
            return
        known = set(search.candidates)
        best = search.point_of(self.best().values)[None, :]
        cobyqa(search, self.rng, best, each, radius=0.02, maxfev=evaluations, final_tr_radius=1e-4)
        self.pool.update({values: None for values in search.candidates if values not in known})
        self.prove()


def surrogate_search(
    search: Search,
    rng: np.random.Generator,
    start: Floats,
    replications_each: int | None = None,
    most_replications: int | None = None,
    batch: int | None = None,
    tolerance: float = 5e-4,
    restarts: int = 2,
) -> str:
    """Search with a surrogate and replications that grow; see the module.

    Parameters
    ----------
    search, rng, start
    replications_each : int, optional
        Of new points; default: two at first (16 for tails and probabilities, of which two say nothing),
        then as many as tell points apart.
    most_replications : int, optional
        Of the best candidates; default 64, fewer with a small budget.
    batch : int, optional
        Proposals per round; default 4 to 16, by the budget.
    tolerance : float
        Gain, in units of the baseline's objective, below which a policy is not better.
    restarts : int
        Restarts in a row without anything better after which the search ends.
    """
    problem = search.problem
    tails = any(held.statistic != "mean" for held in (problem.objective, *problem.constraints))
    each = replications_each or (16 if tails else 2)
    most = max(most_replications or min(MOST_REPLICATIONS, max(search.left // 50, each)), each)
    batch = batch or min(max(search.left // (60 * each), 4), 16)
    race = Race(search, rng, tolerance, each, most, reserve=0)
    points = max(4 * (search.dimensions + 1), 2 * batch)
    points = min(points, max(search.left // (4 * each), search.dimensions + 2))
    first = np.vstack([start, as_now(search)])
    stopped = ""
    try:
        race.evaluate(opening(search, rng, points, race.cube.snapped(first)))
        if replications_each is None and not tails:
            race.calibrate()
        race.reserve = min(FINALISTS * race.final, search.budget // 8)
        failures, size, top = 0, FIRST_SIZE, race.best()
        while not stopped:
            race.prove()
            race.descend(size, batch)
            race.polish()
            best = race.best()
            failures = 0 if _better(best, top, tolerance) else failures + 1
            top = best if best.merit < top.merit else top
            if failures > restarts:
                stopped = f"{restarts} restarts found nothing better"
            elif len(search.candidates) == _all_there_are(race.cube):
                stopped = "there is no other policy"
            else:
                race.pool = {}
                size = FIRST_SIZE
                fresh = race.cube.snapped(opening(search, rng, points, np.zeros((0, search.dimensions))))
                race.evaluate(fresh)
    except BudgetSpent:
        stopped = ""
    race.reserve, race.pool = 0, dict.fromkeys(search.candidates)
    finals(race)
    if stopped:
        return stopped
    raise BudgetSpent


def finals(race: Race) -> None:
    """Give the leading, different candidates as many replications as the best has."""
    search = race.search
    while True:
        leaders = different(search, search.best(400), FINALISTS)
        behind = [c for c in leaders if c.replications < race.final]
        if not behind:
            return
        more = min(2 * behind[0].replications, race.final)
        search.evaluate(search.point_of(behind[0].values), more)


def different(search: Search, candidates: list[Candidate], count: int) -> list[Candidate]:
    """Return the first candidates of which none is too close to one before it, or comes to the same."""
    chosen: list[Candidate] = []
    points: list[Floats] = []
    for candidate in candidates:
        point = search.point_of(candidate.values)
        same = any(candidate.gain == c.gain and candidate.slacks == c.slacks for c in chosen)
        if not same and all(np.max(np.abs(point - other)) >= APART for other in points):
            chosen.append(candidate)
            points.append(point)
        if len(chosen) == count:
            break
    return chosen


def _better(new: Candidate, old: Candidate, tolerance: float) -> bool:
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


def _all_there_are(cube: Cube) -> int:
    return int(np.prod(cube.steps)) if (cube.steps > 0).all() else -1
