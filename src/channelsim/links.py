"""Who can supply whom: for every holding its sources in order of preference.

Sources of a member: its supplying groups in the order given; within a group the nearest first, its own
territory before others in reach, up to one plus ``alternates``. A policy activates the first n slots of a
group in a territory, so the nearest of those may be any slot that is nearer than (all but ``alternates``
of) the slots before it. All of these have a link: whatever the density, a member buys from the nearest
active source, and a network built for more slots gives the same sources at the same density. Sources
in other territories are chosen among the members that the scenario itself has, the national ones in
the order of their slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.members import Members
from channelsim.scenario import Scenario
from channelsim.tables import Floats, Integers

_ELSEWHERE = 1e9
"""Added to the distance of sources in other territories, km: they come after all of one's own."""


@dataclass
class Links:
    """Rows of the links, sorted by supplying holding, then buying holding."""

    supplier_holding: Integers
    buyer_holding: Integers
    rank: Integers
    contract: Integers
    """Position of the link's contract in the scenario."""
    relationship: Integers
    """Row of each link's relationship: a supplying and a buying firm (the stores of a chain are one)."""
    supplying_owner: Integers
    """(relationships,)"""
    buying_owner: Integers
    """(relationships,)"""


def _distances(here: Floats, there: Floats) -> Floats:
    """Return (here, there) distances, km."""
    return np.asarray(np.linalg.norm(there[None] - here[:, None], axis=2))


def nearest_of_some(distance: Floats, wanted: int) -> np.ndarray:
    """Return which columns are among the ``wanted`` nearest of the first n, for some n.

    Parameters
    ----------
    distance : array (rows, columns)
    wanted : int

    Returns
    -------
    array of bool (rows, columns)
        Of two equally near columns the earlier is the nearer.
    """
    chosen = np.empty(distance.shape, dtype=bool)
    for n in range(distance.shape[1]):
        chosen[:, n] = (distance[:, :n] <= distance[:, n : n + 1]).sum(axis=1) < wanted
    return chosen


def _sources(
    buyers: slice, territory: int, supplier_group: int, members: Members, scenario: Scenario
) -> Integers:
    """Return (buyers, sources) supplying members in order of preference, filled up with -1."""
    group = scenario.members[int(members.group[buyers.start])]
    supplying = scenario.members[supplier_group]
    wanted = 1 + group.alternates
    national = members.rows.get((supplier_group, -1))
    if national is not None:
        rows = np.arange(national.start, national.stop)[:wanted]
        return np.tile(rows, (buyers.stop - buyers.start, 1))
    if territory < 0:
        raise ScenarioError(f"members.{group.name}: national members cannot buy from members of territories")
    here = members.position[buyers]
    own = members.rows.get((supplier_group, territory))
    rows = np.arange(own.start, own.stop) if own is not None else np.zeros(0, dtype=np.int64)
    distance = _distances(here, members.position[rows])
    distance[~nearest_of_some(distance, wanted)] = np.inf
    more = wanted if own is None else group.alternates
    if more and group.reach_km > 0.0:
        base = np.array([floor(count + 0.5) for count in members.base_counts[supplying.name]])
        others = np.flatnonzero((members.group == supplier_group) & (members.territory != territory))
        others = others[members.slot[others] < base[members.territory[others]]]
        gap = _distances(here, members.position[others])
        rank = np.argsort(np.argsort(gap, axis=1, kind="stable"), axis=1, kind="stable")
        gap[(gap > group.reach_km) | (rank >= more)] = np.inf
        rows, distance = np.concatenate([rows, others]), np.concatenate([distance, gap + _ELSEWHERE], axis=1)
    if not len(rows):
        return np.zeros((len(here), 0), dtype=np.int64)
    order = np.argsort(distance, axis=1, kind="stable")
    chosen = np.where(np.isfinite(np.take_along_axis(distance, order, axis=1)), rows[order], -1)
    return chosen[:, : int((chosen >= 0).sum(axis=1).max())]


def expand_links(scenario: Scenario, members: Members, holding_of: Integers) -> Links:
    """Return the links of the network.

    Parameters
    ----------
    holding_of : array (members, brands)
        Row of each member's holding of each brand, -1 if it does not carry the brand.

    Raises
    ------
    ScenarioError
        If a member carries a brand that no member in reach supplies, or a pair has no contract for it.
    """
    contracts = {(c.supplier, c.buyer, c.brand): i for i, c in enumerate(scenario.contracts)}
    position = {g.name: i for i, g in enumerate(scenario.members)}
    parts: list[tuple[Integers, Integers, Integers, Integers]] = []
    for (g, t), rows in members.rows.items():
        group = scenario.members[g]
        found = {name: _sources(rows, t, position[name], members, scenario) for name in group.suppliers}
        for brand in members.brands[group.name] if group.suppliers else ():
            label, buyer = scenario.brands[brand].name, holding_of[rows, brand]
            next_rank = np.zeros(len(buyer), dtype=np.int64)
            for name in group.suppliers:
                if brand not in members.brands[name]:
                    continue
                contract = contracts.get((name, group.name, label), contracts.get((name, group.name, "")))
                if contract is None:
                    raise ScenarioError(
                        f"contracts: {group.name!r} buys {label!r} from {name!r} without a contract"
                    )
                row, place = np.nonzero(found[name] >= 0)
                supplier = holding_of[found[name][row, place], brand]
                parts.append((supplier, buyer[row], next_rank[row] + place, np.full(len(row), contract)))
                next_rank += np.bincount(row, minlength=len(buyer))
            if not next_rank.all():
                lost = members.names[rows.start + int(np.argmin(next_rank))]
                raise ScenarioError(
                    f"members.{group.name}: no member in reach of {lost!r} supplies {label!r}"
                )
    joined = np.stack([np.concatenate(part) for part in zip(*parts)]).astype(np.int64)
    supplier, buyer, rank, contract_of = joined[:, np.lexsort((joined[1], joined[0]))]
    owner_of = members.owner[np.nonzero(holding_of >= 0)[0]]
    count = len(members.owners)
    pairs, relationship = np.unique(owner_of[supplier] * count + owner_of[buyer], return_inverse=True)
    return Links(
        supplier_holding=supplier,
        buyer_holding=buyer,
        rank=rank,
        contract=contract_of,
        relationship=relationship.astype(np.int64),
        supplying_owner=pairs // count,
        buying_owner=pairs % count,
    )
