"""Who can supply whom: for every holding its sources in order of preference.

Sources of a member: its supplying groups in the order given; within a group the nearest first, up to
one plus ``alternates``. The first slot of the member's own territory is always among them, so that a
thinner network still finds a source. National suppliers are in reach everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelsim.errors import ScenarioError
from channelsim.members import Members
from channelsim.scenario import Contract, Scenario
from channelsim.tables import Integers


@dataclass
class Links:
    """Rows of the links, sorted by supplying holding, then buying holding."""

    supplier_holding: Integers
    buyer_holding: Integers
    rank: Integers
    contract: Integers
    """Position of the link's contract in the scenario."""
    relationship: Integers
    relationship_supplier: Integers
    relationship_buyer: Integers


def _sources(buyers: slice, territory: int, supplier_group: int, members: Members, scenario: Scenario) -> Integers:
    """Return (buyers, sources) supplying members in order of preference."""
    group = scenario.members[int(members.group[buyers.start])]
    national = members.rows.get((supplier_group, -1))
    if national is not None:
        rows = np.arange(national.start, national.stop)
        return np.tile(rows[: 1 + group.alternates], (buyers.stop - buyers.start, 1))
    own = members.rows.get((supplier_group, territory))
    if territory < 0:
        raise ScenarioError(f"members.{group.name}: national members cannot buy from members of territories")
    rows = np.arange(own.start, own.stop) if own is not None else np.zeros(0, dtype=np.int64)
    here = members.position[buyers]
    if group.reach_km > 0.0 or own is None:
        others = np.flatnonzero((members.group == supplier_group) & (members.territory != territory))
        gap = np.linalg.norm(members.position[others][None] - here[:, None], axis=2).min(axis=0)
        rows = np.concatenate([rows, others[gap <= group.reach_km]])
    if not len(rows):
        return np.zeros((buyers.stop - buyers.start, 0), dtype=np.int64)
    distance = np.linalg.norm(members.position[rows][None] - here[:, None], axis=2)
    distance = distance + np.where(members.territory[rows] == territory, 0.0, 1e6)
    order = np.argsort(distance, axis=1, kind="stable")[:, : 1 + group.alternates]
    chosen = rows[order]
    if own is not None and len(rows) > chosen.shape[1]:
        first_slot = np.full((len(chosen), 1), own.start)
        missing = ~(chosen == own.start).any(axis=1)
        chosen = np.concatenate([chosen, np.where(missing[:, None], first_slot, -1)], axis=1)
    return chosen


def _contract_table(scenario: Scenario) -> dict[tuple[str, str, str], tuple[int, Contract]]:
    return {(c.supplier, c.buyer, c.brand): (i, c) for i, c in enumerate(scenario.contracts)}


def expand_links(scenario: Scenario, members: Members, holding_of: Integers) -> Links:
    """Return the links of the network.

    Parameters
    ----------
    holding_of : array (members, brands)
        Row of each member's holding of each brand, -1 if it does not carry the brand.

    Raises
    ------
    ScenarioError
        If a store carries a brand that no member in reach supplies.
    """
    contracts = _contract_table(scenario)
    position = {g.name: i for i, g in enumerate(scenario.members)}
    supplier, buyer, rank, contract = [], [], [], []
    for (g, t), rows in members.rows.items():
        group = scenario.members[g]
        if not group.suppliers:
            continue
        for brand in members.brands[group.name]:
            next_rank = 0
            for name in group.suppliers:
                if brand not in members.brands[name]:
                    continue
                sources = _sources(rows, t, position[name], members, scenario)
                key = (name, group.name, scenario.brands[brand].name)
                found = contracts.get(key) or contracts.get((name, group.name, ""))
                if found is None:
                    raise ScenarioError(f"contracts: {group.name!r} buys {key[2]!r} from {name!r} without a contract")
                count = sources.shape[1]
                valid = sources >= 0
                buyer.append(np.repeat(holding_of[rows, brand], count)[valid.ravel()])
                supplier.append(holding_of[sources[valid], brand])
                ranks = np.tile(np.arange(next_rank, next_rank + count), (len(sources), 1))
                rank.append(ranks[valid])
                contract.append(np.full(int(valid.sum()), found[0]))
                next_rank += count
            if next_rank == 0:
                where = f" in {scenario_territory(members, rows)}" if t >= 0 else ""
                raise ScenarioError(f"members.{group.name}{where}: no member in reach supplies {scenario.brands[brand].name!r}")
    joined = [np.concatenate(part).astype(np.int64) for part in (supplier, buyer, rank, contract)]
    order = np.lexsort((joined[1], joined[0]))
    supplier_row, buyer_row, rank_row, contract_row = (part[order] for part in joined)
    member_of = np.full(holding_of.max() + 1, -1)
    for m, of_member in enumerate(holding_of):
        member_of[of_member[of_member >= 0]] = m
    pair = member_of[supplier_row] * len(holding_of) + member_of[buyer_row]
    unique, relationship = np.unique(pair, return_inverse=True)
    return Links(
        supplier_holding=supplier_row,
        buyer_holding=buyer_row,
        rank=rank_row,
        contract=contract_row,
        relationship=relationship.astype(np.int64),
        relationship_supplier=unique // len(holding_of),
        relationship_buyer=unique % len(holding_of),
    )


def scenario_territory(members: Members, rows: slice) -> str:
    """Return the name of the first member of a block, for messages."""
    return members.names[rows.start]
