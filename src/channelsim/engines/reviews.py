"""What is kept of the reviews of power: every relationship, or the mean over those of two member groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from channelsim import columns as c
from channelsim.expansion import BuiltWorld
from channelsim.schema import Column, columns_of
from channelsim.tables import Floats, Integers

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
        scenario, links = channel.scenario, channel.links
        if not channel.sizes.relationships:
            return cls((), (), np.zeros(0, dtype=np.int64), 0, ())
        reviews = -(-scenario.weeks // scenario.review_weeks)
        writers: tuple[str, ...] = ("dependence", *(OF_RELATIONS if scenario.relations.active else ()))
        writers += ("diversion",) if scenario.diversion.active else ()
        names, pooled = firm_names(channel), len(links.supplying_owner) > MOST_RELATIONSHIPS
        if pooled:
            groups = _groups_of_owners(channel)
            names = [groups[owner] for owner in range(len(names))]
        sides = [[names[o] for o in owners] for owners in (links.supplying_owner, links.buying_owner)]
        pairs = list(zip(*sides))
        labels = {pair: k for k, pair in enumerate(dict.fromkeys(pairs))}
        label = np.full(channel.built_sizes.relationships, -1)
        label[channel.built_relationship] = [labels[pair] for pair in pairs]
        suppliers, buyers = tuple(s for s, _ in labels), tuple(b for _, b in labels)
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


def _groups_of_owners(channel: BuiltWorld) -> list[str]:
    """Return the owner's name for chains and manufacturers, the group's for independents."""
    members, groups = channel.members, channel.scenario.members
    names = [""] * len(members.owners)
    for m, g in enumerate(members.group):
        names[members.owner[m]] = groups[g].owner or groups[g].name
    return names


def mean_by_label(state: Floats, kept: Integers, label: Integers, out: Floats) -> None:
    """Write the mean of every column over the relationships of each label that are in use (NaN: none is).

    Those that have ended count where it is asked how many have.

    Parameters
    ----------
    state : array (columns, relationships)
    kept : array (kept columns,)
        Rows of the state.
    label : array (relationships,)
    out : array (kept columns, labels)
    """
    used = np.maximum(state[c.SALES_SHARE_OF_SUPPLIER], state[c.SALES_SHARE_OF_BUYER]) > 0.0
    for of_ended in (False, True):
        rows = np.flatnonzero(used | (state[c.ENDED] > 0.0) if of_ended else used)
        labels = label[rows]
        count = np.bincount(labels, minlength=out.shape[1]).astype(np.float64)
        count[count == 0.0] = np.nan
        for k in np.flatnonzero((kept == c.ENDED) == of_ended):
            out[k] = np.bincount(labels, state[kept[k]].take(rows), out.shape[1]) / count
