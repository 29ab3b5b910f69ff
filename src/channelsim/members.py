"""Expansion of a scenario's member groups: members, holdings, relationships and links.

The network is built at its largest: ``maximum_scale`` times the scenario's own density. Slots are ranked
once per group and territory; which are active is the policy's business (`channelsim.application`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np

from channelsim.codes import ROLES
from channelsim.consistency import ATTRIBUTES
from channelsim.errors import ScenarioError
from channelsim.places import place, sites, uniforms
from channelsim.scenario import Distribution, MemberGroup, Scenario
from channelsim.schema import column
from channelsim.tables import Floats, Integers
from channelsim.territories import Territories, by_class


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
    rows: dict[tuple[int, int], slice] = field(default_factory=dict)
    """Rows of (group, territory)."""


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
            owned = [i for i, b in enumerate(scenario.brands) if group.owner and (b.owner or b.name) == group.owner]
            available = owned or list(range(len(scenario.brands)))
            available = list(range(len(scenario.brands))) if group.brands else available
        chosen = [position[b] for b in group.brands] if group.brands else available
        for brand in chosen:
            if brand not in available:
                raise ScenarioError(f"members.{name}.brands: no supplier of the group carries {scenario.brands[brand].name!r}")
        found[name] = sorted(chosen)
        return found[name]

    for name in groups:
        carried(name)
    return found


def density_counts(
    group: MemberGroup, count: int | None, per_territory: float | dict[str, float] | None,
    buyers_per_member: float | dict[str, float] | None, territories: Territories,
) -> Floats:  # fmt: skip
    """Return the number of members per territory (not yet rounded); one entry for national groups."""
    if count is not None and not group.sells_to_consumers:
        return np.array([float(count)])
    counts = np.zeros(len(territories.names))
    for t, (name, kind) in enumerate(zip(territories.names, territories.classes)):
        if group.territories and name not in group.territories and kind not in group.territories:
            continue
        if count is not None:
            counts[t] = count
        elif per_territory is not None:
            counts[t] = by_class(per_territory, name, kind) or 0.0
        elif buyers_per_member is not None:
            per = by_class(buyers_per_member, name, kind)
            counts[t] = max(1.0, territories.values["buyers"][t] / per) if per else 0.0
    return counts


def _drawn(value: float | Distribution, name: str, count: int, build_seed: int, *identity: str) -> Floats:
    if not isinstance(value, Distribution):
        return np.full(count, float(value))
    from scipy.special import ndtri

    u = uniforms(count, build_seed, name, *identity)
    if value.distribution == "uniform":
        drawn = value.mean + value.deviation * (2.0 * u - 1.0)
    elif value.distribution == "normal":
        drawn = value.mean + value.deviation * ndtri(u)
    else:
        if value.mean <= 0.0:
            raise ScenarioError(f"{name}: the mean of a lognormal distribution must be above 0")
        spread = np.sqrt(np.log1p((value.deviation / value.mean) ** 2))
        drawn = value.mean * np.exp(spread * ndtri(u) - 0.5 * spread**2)
    c = column(name)
    low = c.low if value.low is None else max(value.low, c.low)
    high = c.high if value.high is None else min(value.high, c.high)
    return np.clip(drawn, low, high)


def expand_members(scenario: Scenario, territories: Territories) -> Members:
    """Return the members of a scenario, built at the largest density."""
    tiers, brands = tiers_of(scenario), brands_of(scenario)
    base: dict[str, Floats] = {}
    built: dict[str, Integers] = {}
    blocks = []
    for g, group in enumerate(scenario.members):
        known = {*territories.names, *territories.classes}
        for name in group.territories:
            if name not in known:
                raise ScenarioError(f"members.{group.name}.territories: {name!r} is neither a territory nor a class")
        counts = density_counts(group, group.count, group.per_territory, group.buyers_per_member, territories)
        base[group.name] = counts
        built[group.name] = np.array([ceil(floor(c + 0.5) * group.maximum_scale) for c in counts], dtype=np.int64)
        national = len(counts) == 1 and group.count is not None and not group.sells_to_consumers
        for t, count in enumerate(built[group.name]):
            if count:
                blocks.append((tiers[group.name], -1 if national else t, g, int(count)))
    blocks.sort()
    if not any(scenario.members[g].sells_to_consumers for _, _, g, _ in blocks):
        raise ScenarioError("members: the scenario has no store in any territory")
    columns: dict[str, list[np.ndarray]] = {k: [] for k in ("group", "territory", "slot", "tier", "role", "owner", "keys")}
    attributes: dict[str, list[np.ndarray]] = {name: [] for name in ATTRIBUTES}
    position, names, rows, row = [], [], {}, 0
    owners: dict[str, int] = {}
    from channelsim.randomness import entity_keys

    for tier, t, g, count in blocks:
        group = scenario.members[g]
        where = "" if t < 0 else territories.names[t]
        slots = np.arange(count)
        columns["slot"].append(slots)
        for name, value in (("group", g), ("territory", t), ("tier", tier), ("role", ROLES.index(group.role))):
            columns[name].append(np.full(count, value))
        labels = [" ".join(filter(None, [group.name, where, str(s + 1) if count > 1 else ""])) for s in slots]
        names += labels
        firms = [group.owner or label for label in labels]
        columns["owner"].append(np.array([owners.setdefault(firm, len(owners)) for firm in firms]))
        columns["keys"].append(entity_keys("member", group.name, where, last=range(count)))
        if t < 0:
            middle = np.array([territories.values["centre_x"].mean(), territories.values["centre_y"].mean()])
            position.append(np.tile(middle, (count, 1)))
        else:
            zone = territories.zone_slices[t]
            points = sites(count, scenario.build_seed, group.name, where)
            offsets = territories.zone_position[zone] - territories.centre(t)
            placed = place(points, group.placement, territories.radius(t), offsets, territories.zone_weight[zone])
            position.append(placed + territories.centre(t))
        for name in ATTRIBUTES:
            attributes[name].append(_drawn(getattr(group, name), name, count, scenario.build_seed, group.name, where))
        rows[g, t] = slice(row, row + count)
        row += count
    joined = {name: np.concatenate(parts).astype(np.int64) for name, parts in columns.items()}
    if len(np.unique(joined["keys"])) < row:
        raise ScenarioError("members: two members have the same random key; rename a group")
    return Members(
        **joined, position=np.concatenate(position), attributes={k: np.concatenate(v) for k, v in attributes.items()},
        names=names, owners=list(owners), brands=brands, base_counts=base, built_counts=built, rows=rows,
    )  # fmt: skip
