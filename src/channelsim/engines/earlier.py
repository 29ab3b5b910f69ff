"""What members had before a policy: the first review under the scenario as it stands, on the same draws.

Where relations are active, members compare what a policy gives them with it
(`channelsim.mechanisms.judgement`: what they remember). All policies are compared with the same, so that
what a replication's first review gave is kept for the next policy.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from channelsim.engines.driver import Driver
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.tables import Floats, Terms

if TYPE_CHECKING:
    from channelsim.decisions import Policy
    from channelsim.world import Channel

MOST_KEPT = 2**25
"""Bytes of first reviews that are kept."""


def earlier_of(channel: Channel, policy: Policy) -> Earlier | None:
    """Return what was before a policy; None if there is nothing to remember."""
    return Earlier(channel) if looks_back(channel, policy) else None


def looks_back(channel: Channel, policy: Policy) -> bool:
    """Return whether members compare a policy with what was before it."""
    return channel.scenario.relations.active and not policy.changes_nothing


class Earlier:
    """The scenario as it stands, and what both sides of every relationship have at its first review.

    Any number of threads may ask at a time.

    Parameters
    ----------
    built : Channel
        As `channelsim.world.build` returns it.
    policy : Policy, optional
        What was in force before; default the scenario as it stands.
    """

    def __init__(self, built: Channel, policy: Policy | None = None) -> None:
        self._built, self._policy = built, policy
        self._lock = Lock()
        self._idle: list[Driver] = []
        self._kept: dict[tuple[int, int], Floats] = {}
        self._standing: tuple[Channel, Terms] | None = None

    def first_review(self, seed: int, replication: int) -> Floats:
        """Return what both sides have at the first review of a replication.

        Returns
        -------
        ndarray, shape (2, built relationships)
            Of supplier and buyer, money per week; NaN for relationships that are not in use.
        """
        with self._lock:
            found = self._kept.get((seed, replication))
            if found is not None:
                return found
            driver = self._idle.pop() if self._idle else self._new_driver()
        driver.seed = seed
        found = driver.first_review(replication)
        with self._lock:
            self._idle.append(driver)
            self._kept[seed, replication] = found
            while len(self._kept) > max(MOST_KEPT // max(found.nbytes, 1), 1):
                del self._kept[next(iter(self._kept))]  # the oldest
        return found

    def _new_driver(self) -> Driver:
        if self._standing is None:
            self._standing = self._built.under(self._policy)
        channel, terms = self._standing
        space = Workspace(channel, Recording.of((), (), channel), Groupings.of(channel), 1)
        return Driver(channel, terms, space, 0, 0, np.zeros(2, dtype=np.int64))
