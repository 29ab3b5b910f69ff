"""Expansion of a scenario's member groups into members.

The network is built at its largest: ``maximum_scale`` times the scenario's own density. Slots are ranked
once per group and territory; which are active is the policy's business (`channelsim.application`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, floor
from typing import NamedTuple, Protocol

import numpy as np

from channelsim.codes import MOST_RESPONDING_TIERS, ROLES
from channelsim.consistency import ATTRIBUTES
from channelsim.errors import ScenarioError
from channelsim.member_parts import MemberGroup
from channelsim.parts import Distribution
from channelsim.places import place, sites, uniforms
from channelsim.randomness import entity_keys
from channelsim.scenario import Scenario
from channelsim.schema import column
from channelsim.tables import Floats, Integers
from channelsim.territories import Territories, by_class, check_places


@dataclass
class Members:
    """Rows of the members, in the order of the table: tier, territory, group, slot."""

    group: Integers
    territory: Integers
    slot: Integers
    tier: Integers
    role: Integers
    owner: Integers
    position: Floats
    attributes: dict[str, Floats]
    names: list[str]
    keys: Integers
    owners: list[str]
    """Names of the owning firms."""
    brands: dict[str, list[int]]
    """Brands carried, by group."""
    base_counts: dict[str, Floats]
    """(territories,) base number of members by group; national groups have one entry."""
    built_counts: dict[str, Integers]
    built_row: Integers
    """Row of each member among those built."""
    rows: dict[tuple[int, int], slice] = field(default_factory=dict)
    """Rows of (group, territory), as built."""


def tiers_of(scenario: Scenario) -> dict[str, int]:
    """Return the tier of each group: the longest way from the top; stores share the last tier."""
    groups = {g.name: g for g in scenario.members}
    depth: dict[str, int] = {}

    def tier(name: str) -> int:
        if name not in depth:
            depth[name] = max((tier(s) + 1 for s in groups[name].suppliers), default=0)
        return depth[name]

    upper = {name: tier(name) for name, g in groups.items() if not g.sells_to_consumers}
    last = max(upper.values()) + 1
    return upper | {name: last for name, g in groups.items() if g.sells_to_consumers}


def brands_of(scenario: Scenario) -> dict[str, list[int]]:
    """Return the brands that each group carries, as positions in the scenario's list.

    Raises
    ------
    ScenarioError
        If a group carries a brand that none of its suppliers does.
    """
    groups = {g.name: g for g in scenario.members}
    position = {b.name: i for i, b in enumerate(scenario.brands)}
    found: dict[str, list[int]] = {}

    def carried(name: str) -> list[int]:
        if name in found:
            return found[name]
        group = groups[name]
        if group.suppliers:
            available = sorted({b for s in group.suppliers for b in carried(s)})
        else:
            owned = [
                i for i, b in enumerate(scenario.brands) if group.owner and (b.owner or b.name) == group.owner
            ]
            available = owned or list(range(len(scenario.brands)))
            available = list(range(len(scenario.brands))) if group.brands else available
        chosen = [position[b] for b in group.brands] if group.brands else available
        for brand in chosen:
            if brand not in available:
                raise ScenarioError(
                    f"members.{name}.brands: no supplier of the group carries {scenario.brands[brand].name!r}"
                )
        found[name] = sorted(chosen)
        return found[name]

    for name in groups:
        carried(name)
    return found


class Count(Protocol):
    """The ways to say how many members a group has, in a scenario or a policy."""

    count: int | None
    per_territory: float | dict[str, float] | None
    buyers_per_member: float | dict[str, float] | None


def density_counts(group: MemberGroup, given: Count, territories: Territories) -> Floats:
    """Return the number of members per territory (not yet rounded); one entry for national groups."""
    if group.is_national:
        return np.array([float(given.count or 0)])
    counts = np.zeros(len(territories.names))
    for t, (name, kind) in enumerate(zip(territories.names, territories.classes)):
        if group.territories and name not in group.territories and kind not in group.territories:
            continue
        if given.count is not None:
            counts[t] = given.count
        elif given.per_territory is not None:
            counts[t] = by_class(given.per_territory, name, kind) or 0.0
        elif given.buyers_per_member is not None:
            per = by_class(given.buyers_per_member, name, kind)
            counts[t] = max(1.0, territories.values["buyers"][t] / per) if per else 0.0
    return counts


def _same_for_group(scenario: Scenario, name: str) -> Floats:
    """Return an attribute of each group whose members are alike (NaN: they differ)."""
    values = [getattr(group, name) for group in scenario.members]
    return np.array([np.nan if isinstance(v, Distribution) else v for v in values], dtype=np.float64)


def _drawn(value: Distribution, name: str, count: int, build_seed: int, *identity: str) -> Floats:
    """Return (count,) values of members that differ; the first do not depend on how many follow."""
    from scipy.special import ndtri

    u = uniforms(count, build_seed, name, *identity)
    if value.distribution == "uniform":
        drawn = value.mean + value.deviation * (2.0 * u - 1.0)
    elif value.distribution == "normal":
        drawn = value.mean + value.deviation * ndtri(u)
    else:
        spread = np.sqrt(np.log1p((value.deviation / value.mean) ** 2))
        drawn = value.mean * np.exp(spread * ndtri(u) - 0.5 * spread**2)
    c = column(name)
    low = c.low if value.low is None else max(value.low, c.low)
    high = c.high if value.high is None else min(value.high, c.high)
    return np.clip(drawn, low, high)


class Block(NamedTuple):
    """The members of one group in one territory (-1: national), in the order of the table."""

    tier: int
    territory: int
    group: int
    size: int


def _blocks(scenario: Scenario, built: dict[str, Integers]) -> list[Block]:
    """Return the blocks of the member table, sorted."""
    tiers = tiers_of(scenario)
    blocks = [
        Block(tiers[group.name], -1 if group.is_national else t, g, int(count))
        for g, group in enumerate(scenario.members)
        for t, count in enumerate(built[group.name])
        if count
    ]
    if not any(scenario.members[block.group].sells_to_consumers for block in blocks):
        raise ScenarioError("members: the scenario has no store in any territory")
    return sorted(blocks)


def _positions(block: Block, group: MemberGroup, build_seed: int, territories: Territories) -> Floats:
    """Return (size, 2) positions, km; national members stand in the middle of the territories."""
    t = block.territory
    if t < 0:
        middle = [territories.values[axis].mean() for axis in ("centre_x", "centre_y")]
        return np.tile(middle, (block.size, 1))
    zone = territories.zone_slices[t]
    points = sites(block.size, build_seed, group.name, territories.names[t])
    offsets = territories.zone_position[zone] - territories.centre(t)
    placed = place(points, group.placement, territories.radius(t), offsets, territories.zone_weight[zone])
    return placed + territories.centre(t)


def expand_members(scenario: Scenario, territories: Territories) -> Members:
    """Return the members of a scenario, built at the largest density.

    Raises
    ------
    ScenarioError
        If a group names a place that is not there, too many tiers respond, or no store is built.
    """
    tiers = tiers_of(scenario)
    responding = {tiers[g.name] for g in scenario.members if g.pricing.rule in ("vertical_nash", "leader")}
    if len(responding) > MOST_RESPONDING_TIERS:
        raise ScenarioError(
            f"members: {len(responding)} tiers of suppliers price by best response, at most "
            f"{MOST_RESPONDING_TIERS} can; let the first one post its price"
        )
    base: dict[str, Floats] = {}
    built: dict[str, Integers] = {}
    for group in scenario.members:
        for name in ("territories", "per_territory", "buyers_per_member"):
            check_places(getattr(group, name), territories, f"members.{group.name}.{name}")
        base[group.name] = counts = density_counts(group, group, territories)
        largest = [ceil(floor(count + 0.5) * group.maximum_scale) for count in counts]
        built[group.name] = np.array(largest, dtype=np.int64)
    blocks = _blocks(scenario, built)
    sizes = np.array([block.size for block in blocks])
    tier, territory, of_group = (
        np.repeat([block[k] for block in blocks], sizes).astype(np.int64) for k in range(3)
    )
    slot, owner, keys, position = ([] for _ in range(4))
    names: list[str] = []
    rows: dict[tuple[int, int], slice] = {}
    owners: dict[str, int] = {}
    attributes = {name: _same_for_group(scenario, name)[of_group] for name in ATTRIBUTES}
    for block in blocks:
        group, size = scenario.members[block.group], block.size
        where = "" if block.territory < 0 else territories.names[block.territory]
        span = rows[block.group, block.territory] = slice(len(names), len(names) + size)
        stem = f"{group.name} {where}".rstrip()
        labels = [stem] if size == 1 else [f"{stem} {s + 1}" for s in range(size)]
        slot.append(np.arange(size))
        owner.append([owners.setdefault(group.owner or label, len(owners)) for label in labels])
        keys.append(entity_keys("member", group.name, where, last=range(size)))
        position.append(_positions(block, group, scenario.build_seed, territories))
        for name, values in attributes.items():
            given = getattr(group, name)
            if isinstance(given, Distribution):
                values[span] = _drawn(given, name, size, scenario.build_seed, group.name, where)
        names += labels
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise ScenarioError(f"members: two members would be called {twice!r}; rename a group or a territory")
    return Members(
        group=of_group,
        territory=territory,
        slot=np.concatenate(slot),
        tier=tier,
        role=np.array([ROLES.index(g.role) for g in scenario.members])[of_group],
        owner=np.concatenate(owner).astype(np.int64),
        position=np.concatenate(position),
        attributes=attributes,
        names=names,
        keys=np.concatenate(keys),
        built_row=np.arange(len(of_group)),
        owners=list(owners),
        brands=brands_of(scenario),
        base_counts=base,
        built_counts=built,
        rows=rows,
    )
