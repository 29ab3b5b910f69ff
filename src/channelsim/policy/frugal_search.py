"""The frugal search: races of proposals by a surrogate, from several starts.

For simulations that cost real time. It begins with points all over the cube (Latin hypercube), from which
a race goes down towards the nearest optimum (`channelsim.policy.racing`); not to its last digits, which
can wait. Further descents from the best follow, each in a region opened wide again: a descent ends where
roughness hides what its small region promises, and with more points near the optimum the next one sees
farther. When one has found nothing better, the ridges are looked along: every lever is held elsewhere
while the others follow, and the most promising place has a descent of its own
(`channelsim.policy.elsewhere`). When that does not help either, a new start from new points is made, if
the budget reaches for it: half a descent finds nothing. Where the budget is ample a start may use a share
of it only, so that there are several: two seeds that begin in different corners then end in the same one
more often, and how far apart the starts came out tells what the search alone cannot. Starts share the
surrogate. Then there are descents from the best of all starts, and at the end one into the smallest
region. The search stops when the budget is spent, or when so many starts, or descents from the best of
all, have found nothing better.

Last, the best that keep the conditions with two to three times the caution are looked for by short
descents: on fresh draws the best of all, at the edge of several conditions, is seldom *shown* to keep
them, and what a choice among finalists then falls back on should be as good as it can be, too.

A search that knows what others have tried (`Search.know`) needs no points to begin with: the surrogate is
made of those, and one descent goes from the best of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelsim.policy.elsewhere import along_ridges
from channelsim.policy.judging import Candidate
from channelsim.policy.methods import as_now, opening
from channelsim.policy.racing import COARSE, FIRST_SIZE, Race, better
from channelsim.policy.search import SAFER, BudgetSpent, Search
from channelsim.policy.surrogate import Cube

Floats = NDArray[np.float64]

FINALISTS = 6
APART = 0.05
"""Distance in the unit cube (largest of all levers) from which on finalists are different policies."""
MOST_REPLICATIONS = 128
FIRST_SHARE, JOINT_SHARE = 0.55, 0.2
"""Shares of the budget: of the first start at most, and of the last descents from the best of all starts."""
BUDGET_OF_STARTS = 150
"""New points for each lever from which on a budget is shared among several starts."""
SAFER_SHARE, SAFER_SIZE = 0.035, 0.1
"""Share of the budget for the best with one more caution; size of the region in which it is looked for."""
POLISH_SHARE = 0.06
"""Share of the budget kept for the last digits."""
WORTH_A_START = 2.0
"""Replications left, in shares of what the last start's first descent took, for which another one is made."""


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
        Of new points; default: one at first (16 for tails and probabilities, of which one says nothing),
        then as many as tell points apart.
    most_replications : int, optional
        Of the best candidates; default 128, fewer with a small budget, and while the optimum is far.
    batch : int, optional
        Proposals per round; default 4 to 8, by the budget.
    tolerance : float
        Gain, in units of the baseline's objective, below which a policy is not better.
    restarts : int
        Restarts in a row without anything better after which the search ends.
    """
    problem = search.problem
    tails = any(held.statistic != "mean" for held in (problem.objective, *problem.constraints))
    each = replications_each or (16 if tails else 1)
    most = max(most_replications or min(MOST_REPLICATIONS, max(search.left // 25, 2)), each)
    batch = batch or min(max(search.left // (80 * each), 4), 8)
    race = Race(search, rng, tolerance, each, most, reserve=0, pool=dict.fromkeys(search.known))
    points = max(3 * (search.dimensions + 1), 2 * batch)
    points = min(points, max(search.left // (4 * each), search.dimensions + 2))
    first = np.vstack([start, as_now(search)])
    stopped, finals_take, safer_take = "", 0, 0
    try:
        race.evaluate(opening(search, rng, 0 if search.known else points, race.cube.snapped(first)))
        if replications_each is None and not tails:
            race.calibrate()
        finals_take = min(2 * race.final, search.budget // 8)
        safer_take = 0 if search.known else _for_safer(race, batch)
        race.reserve = finals_take + len(SAFER) * safer_take
        stopped = _from_known(race, batch) if search.known else _starts(race, points, batch, restarts)
    except BudgetSpent:
        stopped = ""
    race.pool = dict.fromkeys(search.candidates)
    if safer_take:
        race.reserve = finals_take
        _safer(race, batch, safer_take)
    race.reserve = 0
    finals(race)
    if stopped:
        return stopped
    raise BudgetSpent


def _for_safer(race: Race, batch: int) -> int:
    """Return the replications for the best with one more caution; 0 where they would be for nothing."""
    search = race.search
    uncertain = search.drawn and any(k.statistic == "mean" for k in search.problem.constraints)
    share = int(SAFER_SHARE * search.budget)
    return share if uncertain and share >= 2 * batch * race.each else 0


def _safer(race: Race, batch: int, replications: int) -> None:
    """Look for the best that keep the conditions with more caution."""
    race.keeps_reference = race.search.reference is not None  # another one would take all there is
    for times in SAFER:
        race.search.be_cautious(times)
        try:
            race.descend(SAFER_SIZE, batch, race.search.spent + replications, swept=True)
        except BudgetSpent:
            pass
    race.keeps_reference = False
    race.search.be_cautious(1.0)


def _from_known(race: Race, batch: int) -> str:
    """Descend once, from the best that is known: what is known elsewhere is why there is no other start."""
    race.recall()
    try:
        race.descend(FIRST_SIZE, batch, race.search.budget, swept=True)
        race.confirm()
    finally:
        race.search.starts.append(race.best().values)
    return "nothing better is near the best of what was known"


def _starts(race: Race, points: int, batch: int, restarts: int) -> str:
    """Start, and start again elsewhere; then once more from the best of all starts. Return why it stopped."""
    search, failures = race.search, 0
    several = search.budget >= BUDGET_OF_STARTS * search.dimensions * race.each
    last = int((1.0 - JOINT_SHARE) * search.budget) if several else search.budget
    until = int(FIRST_SHARE * search.budget) if several else search.budget
    top = race.best()
    polish = int(POLISH_SHARE * search.budget)
    while True:
        begun = search.spent
        try:
            race.descend(FIRST_SIZE, batch, until, last=COARSE)
            cost = search.spent - begun
            race.reserve += polish
            spent = _again(race, batch, until, failures_in_a_row=2)
            race.reserve -= polish
        finally:
            best = race.best()
            search.starts.append(best.values)
        until = last
        failures = 0 if better(best, top, race.tolerance) else failures + 1
        top = best if best.merit < top.merit else top
        if len(search.candidates) == _all_there_are(race.cube):
            return "there is no other policy"
        if failures > restarts or search.spent >= last or race.room - polish < WORTH_A_START * cost:
            break
        race.leave()
        fresh = opening(search, race.rng, points, np.zeros((0, search.dimensions)))
        race.evaluate(race.cube.snapped(fresh))
    race.unite()
    race.reserve += polish
    spent = _again(race, batch, search.budget, 1 + restarts)
    race.reserve -= polish
    race.descend(COARSE, batch, search.budget, swept=True, closing_in=False)
    if spent:
        raise BudgetSpent
    if failures > restarts:
        return f"{restarts} restarts found nothing better"
    return f"nothing better is near the best of {len(search.starts)} starts"


def _again(race: Race, batch: int, until: int, failures_in_a_row: int) -> bool:
    """Descend from the best in a wide region until that does not help; return whether the budget is spent."""
    failures = 0
    while failures < failures_in_a_row and race.search.spent < until:
        before = race.best()
        try:
            race.descend(0.5 * FIRST_SIZE, batch, until, swept=True, last=COARSE, closing_in=False)
            if not better(race.best(), before, race.tolerance):
                cross(race, 0.5 * FIRST_SIZE, batch, until)
        except BudgetSpent:
            return True
        failures = 0 if better(race.best(), before, race.tolerance) else failures + 1
    return False


def cross(race: Race, size: float, batch: int, until: int) -> None:
    """Descend from the most promising place along the ridges, whatever lies between it and the best."""
    promising = along_ridges(race, size)
    if promising is not None:
        pool, race.pool = race.pool, {promising.values: None}
        try:
            race.descend(0.5 * size, batch, until, swept=True, last=COARSE, closing_in=False)
        finally:
            race.pool = pool | race.pool


def finals(race: Race) -> None:
    """Give the best all replications of which new points had one, and others that differ what they need."""
    search, race.level = race.search, max(race.final, race.shared)
    while True:
        leaders = different(search, search.best(400), FINALISTS)
        behind = [c for c in leaders[:1] if c.replications < race.shared]
        behind += [c for c in leaders[1:] if not race.settled(c)]
        if leaders and not behind and search.drawn and search.reference is None:
            search.refer_to(leaders[0].values)
            continue
        if not behind:
            return
        more = min(2 * behind[0].replications, race.level)
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


def _all_there_are(cube: Cube) -> int:
    return int(np.prod(cube.steps)) if (cube.steps > 0).all() else -1
