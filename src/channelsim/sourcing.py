"""On which link every holding orders under a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.tables import Integers

if TYPE_CHECKING:
    from channelsim.expansion import BuiltWorld


class Sourcing(NamedTuple):
    """The links that are in use, by their buyers."""

    source: Integers
    """(holdings,) link on which each holding orders, -1 if none."""
    buyers: Integers
    """(links in use,) holdings that order, sorted."""
    links: Integers
    """(links in use,) the link of each of them."""
    sellers: Integers
    """(links in use,) holding from which each of them buys."""

    @classmethod
    def of(cls, built: BuiltWorld, source: Integers) -> Sourcing:
        """Return the links in use where each holding orders on its source."""
        buyers = np.flatnonzero(source >= 0)
        links = source[buyers]
        return cls(source, buyers, links, built.world.links_index[c.SUPPLIER_HOLDING, links])

    def by(self, buyers: slice) -> Sourcing:
        """Return the links in use of these buyers."""
        first, end = np.searchsorted(self.buyers, [buyers.start, buyers.stop])
        return Sourcing(self.source, self.buyers[first:end], self.links[first:end], self.sellers[first:end])


def firsts(owner: Integers) -> np.ndarray:
    """Return which rows are the first of their owner; rows of one owner lie together."""
    first = np.ones(len(owner), dtype=bool)
    first[1:] = owner[1:] != owner[:-1]
    return first
