"""What is kept of the reviews of power: every relationship, or the mean over those of two member groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from channelsim.expansion import BuiltWorld
from channelsim.schema import Column, columns_of
from channelsim.tables import Integers

OF_RELATIONS = ("bases", "influence", "adherence", "judgement", "promises", "relations")
"""Mechanisms that write relationships only where relations are active."""
MOST_RELATIONSHIPS = 400
"""Relationships up to which a result keeps every one; beyond, pairs of groups."""


@dataclass(frozen=True)
class Related:
    """Labels of the relationships that a result keeps.

    Attributes
    ----------
    suppliers, buyers : tuple of str
        Names by label: firms, or member groups.
    label : array (built relationships,)
        Position of each relationship's label.
    reviews : int
        Number of reviews in a run.
    writers : tuple of str
        Mechanisms whose columns are kept.
    pooled : bool
        Whether the labels are pairs of member groups.
    """

    suppliers: tuple[str, ...]
    buyers: tuple[str, ...]
    label: Integers
    reviews: int
    writers: tuple[str, ...]
    pooled: bool = False

    @classmethod
    def of(cls, channel: BuiltWorld) -> Related:
        """Return the labels of a channel as built; there are none where power is not measured."""
        scenario = channel.scenario
        if not channel.sizes.relationships:
            return cls((), (), np.zeros(0, dtype=np.int64), 0, ())
        reviews = -(-scenario.weeks // scenario.review_weeks)
        writers: tuple[str, ...] = ("dependence", *(OF_RELATIONS if scenario.relations.active else ()))
        writers += ("diversion",) if scenario.diversion.active else ()
        pooled = len(channel.links.supplying_owner) > MOST_RELATIONSHIPS
        names, of_owner = _groups_of_owners(channel) if pooled else _firms_of_owners(channel)
        sides = of_owner[channel.links.supplying_owner], of_owner[channel.links.buying_owner]
        _, first, inverse = np.unique(
            sides[0] * len(names) + sides[1], return_index=True, return_inverse=True
        )
        order = np.argsort(first)  # in the order in which they come
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        label = np.full(channel.built_sizes.relationships, -1)
        label[channel.built_relationship] = place[inverse.ravel()]
        suppliers, buyers = (tuple(names[k] for k in side[first[order]]) for side in sides)
        return cls(suppliers, buyers, label, reviews, writers, pooled)

    @property
    def names(self) -> tuple[str, ...]:
        """Labels, supplier → buyer."""
        return tuple(f"{s} → {b}" for s, b in zip(self.suppliers, self.buyers))

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns kept."""
        return tuple(c for c in columns_of("relationships", "state") if c.writer in self.writers)


def firm_names(channel: BuiltWorld) -> list[str]:
    """Return the name of every firm: the owner's, or that of the group if it has no other member."""
    members, groups = channel.members, channel.scenario.members
    size = Counter(members.group.tolist())
    names = list(members.owners)
    for m, g in enumerate(members.group):
        if not groups[g].owner and size[int(g)] == 1:
            names[members.owner[m]] = groups[g].name
    return names


def _firms_of_owners(channel: BuiltWorld) -> tuple[list[str], Integers]:
    """Return the firms' names, each once, and every owner's place among them."""
    return _numbered(firm_names(channel))


def _groups_of_owners(channel: BuiltWorld) -> tuple[list[str], Integers]:
    """Return the owners' names for chains and manufacturers, the groups' for independents, as above."""
    members, groups = channel.members, channel.scenario.members
    group = np.zeros(len(members.owners), dtype=np.int64)
    group[members.owner] = members.group
    names, of_group = _numbered([g.owner or g.name for g in groups])
    return names, of_group[group]


def _numbered(names: list[str]) -> tuple[list[str], Integers]:
    """Return the names, each once, and the place of every one of them."""
    place = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return list(place), np.array([place[name] for name in names], dtype=np.int64)
