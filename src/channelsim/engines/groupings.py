"""How rows are grouped in results: the labels of each grouping, and the cells that groupings share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelsim import columns as c
from channelsim.codes import ROLES
from channelsim.expansion import BuiltWorld
from channelsim.metrics import GROUPINGS
from channelsim.tables import Integers


@dataclass(frozen=True)
class Groupings:
    """Labels of every grouping and the label of every row.

    Attributes
    ----------
    labels : dict of grouping to tuple of str
    rows : dict of (table, grouping) to array (rows,)
        Position of each row's label, -1 if it has none. Tables: holdings, members, links (by their buyer),
        incentives (links by their buyer), incentives_of_suppliers (links by their supplier), territories;
        relationships_of_buyers and relationships_of_suppliers: links too, several a relationship.
    """

    labels: dict[str, tuple[str, ...]]
    rows: dict[tuple[str, str], Integers]

    @classmethod
    def of(cls, channel: BuiltWorld) -> Groupings:
        """Return the groupings of a channel."""
        members, scenario = channel.members, channel.scenario
        roles = sorted({ROLES.index(g.role) for g in scenario.members})
        groups = [g.name for g in scenario.members]
        named = [g.owner or g.name for g in scenario.members]
        chains = list(dict.fromkeys(named))
        labels = {
            "overall": ("channel",),
            "role": tuple(ROLES[r] for r in roles),
            "tier": tuple(channel.tier_names),
            "territory": tuple(channel.territories.names),
            "group": tuple(groups),
            "chain": tuple(chains),
            "brand": tuple(b.name for b in scenario.brands),
        }
        of_member = {
            "overall": np.zeros(channel.sizes.members, dtype=np.int64),
            "role": np.searchsorted(roles, members.role),
            "tier": members.tier,
            "territory": members.territory,
            "group": members.group,
            "chain": np.array([chains.index(n) for n in named])[members.group],
        }
        index, links = channel.world.holdings_index, channel.world.links_index
        rows: dict[tuple[str, str], Integers] = {}
        for grouping, values in of_member.items():
            rows["members", grouping] = values
            rows["holdings", grouping] = values[index[c.MEMBER]]
            rows["links", grouping] = values[index[c.MEMBER, links[c.BUYER_HOLDING]]]
            rows["incentives", grouping] = rows["links", grouping]
            rows["incentives_of_suppliers", grouping] = values[index[c.MEMBER, links[c.SUPPLIER_HOLDING]]]
            rows["relationships_of_buyers", grouping] = rows["links", grouping]
            rows["relationships_of_suppliers", grouping] = rows["incentives_of_suppliers", grouping]
        rows["holdings", "brand"] = index[c.BRAND]
        rows["links", "brand"] = index[c.BRAND, links[c.BUYER_HOLDING]]
        rows["incentives", "brand"] = rows["incentives_of_suppliers", "brand"] = rows["links", "brand"]
        rows["territories", "overall"] = np.zeros(channel.sizes.territories, dtype=np.int64)
        rows["territories", "territory"] = np.arange(channel.sizes.territories)
        return cls(labels, rows)

    def positions(self, table: str) -> tuple[list[str], dict[str, slice]]:
        """Return the groupings that a table knows and where each one's labels lie in its output."""
        known = [g for g in GROUPINGS if (table, g) in self.rows]
        where, start = {}, 0
        for grouping in known:
            where[grouping] = slice(start, start + len(self.labels[grouping]))
            start += len(self.labels[grouping])
        return known, where

    def width(self, table: str) -> int:
        """Return the number of output positions of a table: the labels of all groupings that it knows."""
        return sum(len(self.labels[grouping]) for grouping in self.positions(table)[0])

    def cells(
        self, table: str, kept: np.ndarray, extra: np.ndarray | None = None
    ) -> tuple[Integers, Integers]:
        """Return the cell of every row (-1 where not kept) and the output position of every cell by grouping.

        Parameters
        ----------
        kept : array of bool (rows,)
            Rows that are added up at all.
        extra : array of bool (rows,), optional
            A second set of groupings holds only for these rows; cells do not mix the two.
        """
        known, where = self.positions(table)
        keys = np.stack([self.rows[table, g] for g in known])
        if extra is not None:
            keys = np.concatenate([keys, extra[None].astype(np.int64)])
        unique, of_row = _unique_columns(keys[:, kept])
        cell = np.full(keys.shape[1], -1)
        cell[kept] = of_row
        start = np.array([where[g].start for g in known])[:, None]
        groups = np.where(unique[: len(known)] >= 0, unique[: len(known)] + start, -1)
        if extra is not None:
            size = where[known[-1]].stop
            second = np.where((unique[len(known)] > 0) & (groups >= 0), groups + size, -1)
            groups = np.concatenate([groups, second])
        return cell, np.ascontiguousarray(groups)


def _unique_columns(keys: Integers) -> tuple[Integers, Integers]:
    """Return the distinct columns in lexicographic order, and where each column is among them.

    Every column becomes one number first, which is many times faster than ``np.unique`` over columns.
    """
    number, numbers = np.zeros(keys.shape[1], dtype=np.int64), 1
    for row in keys:
        low, high = int(row.min(initial=0)), int(row.max(initial=0))
        if numbers * (high - low + 1) > np.iinfo(np.int64).max:  # counted anew, so that they stay small
            _, number = np.unique(number, return_inverse=True)
            numbers = len(number)
        number = number * (high - low + 1) + (row - low)
        numbers *= high - low + 1
    _, first, place = np.unique(number, return_index=True, return_inverse=True)
    return keys[:, first], place
