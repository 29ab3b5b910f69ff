"""Looking elsewhere: a trust region sees what is near, and the next hill is not.

Two ways. A *sweep* moves every lever by itself. It is cheap, and enough where no condition binds. Where some
do, a lever moved alone breaks one of them, and what lies behind the next valley is seen only if the others
follow: so levers are held elsewhere, one at a time, while the surrogate says where the others are best then
(a profile of the objective, as of a likelihood), and what looks promising is simulated again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from channelsim.policy.judging import Candidate
from channelsim.policy.surrogate import polished

if TYPE_CHECKING:
    from channelsim.policy.racing import Race

BESIDE = 0.06
"""Share of a lever's width by which it is tried beside the best: a hill next to a bound is narrow."""
WITHIN = 0.005
"""By how much of a bound a promising place may miss it: the surrogate is off where it knows little."""


def sweep(race: Race) -> None:
    """Try every lever elsewhere, the others at the best: a trust region does not see the next hill.

    A real lever a small step to either side and at a random place in each third of its range but its own;
    a whole one a step to either side, a categorical one at each other choice.
    """
    centre = race.search.point_of(race.best().values)
    found = [race.cube.neighbours(centre)]
    for k in np.flatnonzero(race.cube.steps == 0):
        thirds = np.array([j for j in range(3) if j != min(int(3.0 * centre[k]), 2)])
        near = centre[k] + BESIDE * np.array([-1.0, 1.0])
        places = [*near[(near >= 0.0) & (near <= 1.0)], *(thirds + race.rng.random(len(thirds))) / 3.0]
        moved = np.repeat(centre[None, :], len(places), axis=0)
        moved[:, k] = places
        found.append(moved)
    race.evaluate(np.vstack(found))


def along_ridges(race: Race, size: float) -> Candidate | None:
    """Return the most promising place elsewhere, a lever held there while the others follow (None: no such).

    It has more gain than the best of the race, and keeps the conditions, or nearly.

    Parameters
    ----------
    race : Race
    size : float
        By how much a real lever is moved at most, in shares of its width, and half of it at least; others go
        a step, or to another choice.
    """
    best, before = race.best(), set(race.pool)
    _profile(race, size)
    found = [race.search.candidates[values] for values in race.pool if values not in before]
    found = [c for c in found if c.gain > best.gain and c.missed(race.search.caution) < WITHIN]
    return max(found, key=lambda c: c.gain, default=None)


def _profile(race: Race, size: float) -> None:
    """Simulate all places where the surrogate has them best, then the better half by what is known by now.

    And so on, until none is left.
    """
    centre, held = race.search.point_of(race.best().values), []
    for point in race.cube.neighbours(centre):
        held.append((int(np.argmax(point != centre)), point))
    for lever in np.flatnonzero(race.cube.steps == 0).tolist():
        for side in (-1.0, 1.0):
            point = centre.copy()
            point[lever] += side * size * race.rng.uniform(0.5, 1.0)
            if 0.0 <= point[lever] <= 1.0:
                held.append((lever, point))
    while held:
        model, points = race.model(centre), []
        for k, point in held:
            low, high = model.box(centre, size)
            low[k] = high[k] = point[k]
            points.append(polished(model, np.clip(point, low, high), low, high))
        new = model.new(race.cube.snapped(np.array(points)))
        if len(new):
            race.evaluate(new)
        order = np.argsort(race.model(centre).score(np.array(points)), kind="stable")
        held = [(held[i][0], points[i]) for i in order[: len(held) // 2]]
