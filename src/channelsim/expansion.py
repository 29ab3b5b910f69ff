"""A scenario expanded into the tables that the compiled rules read.

The expansion is deterministic in the scenario and its ``build_seed``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar, cast

import numpy as np

from channelsim import columns as c
from channelsim.agreement_consistency import longest_credit
from channelsim.codes import FORECAST_MOVING_AVERAGE
from channelsim.distributions import gamma_quantile_table
from channelsim.errors import ScenarioError
from channelsim.events import resolve_events
from channelsim.holdings import expand_holdings, world_table
from channelsim.links import Links, expand_links
from channelsim.members import Members, expand_members, tiers_of
from channelsim.parts import Segment
from channelsim.randomness import entity_key
from channelsim.routes import expand_routes, receivers_of
from channelsim.scenario import Scenario
from channelsim.schema import columns_of, position
from channelsim.tables import Floats, Integers, Sizes, World
from channelsim.territories import Territories, by_class, check_places, expand_territories
from channelsim.traces import read_traces

Formed = TypeVar("Formed")


@dataclass(frozen=True)
class BuiltWorld:
    """A scenario expanded: the tables of a channel, their sizes and the names of their rows.

    Attributes
    ----------
    scenario : Scenario
    world : World
        The tables that are fixed for a run.
    sizes : Sizes
    territories, members, links
        The expanded rows with their names.
    holding_of : array (members, brands)
        Row of each member's holding of a brand, -1 if it does not carry it.
    travel_store : array
        Store of each travel factor.
    built_holding : array (holdings,)
        Row of each holding in the channel as built; differs where idle rows are left out.
    built_relationship : array (relationships,)
        Row of each relationship in the channel as built.
    built_sizes : Sizes
        Numbers of rows of the channel as built.
    """

    scenario: Scenario
    world: World
    sizes: Sizes
    territories: Territories
    members: Members
    links: Links
    holding_of: Integers
    travel_store: Integers
    built_holding: Integers
    built_relationship: Integers
    built_sizes: Sizes
    _formed: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def kept(self, form: Callable[[BuiltWorld], Formed]) -> Formed:
        """Return what a function forms of this world: once, for all policies, so nobody may write to it."""
        if form not in self._formed:
            self._formed[form] = form(self)
        return cast(Formed, self._formed[form])

    @property
    def first_shelf(self) -> int:
        """Row of the first shelf among the holdings."""
        return self.sizes.holdings - self.sizes.shelves

    @property
    def first_store(self) -> int:
        """Row of the first store among the members."""
        return self.sizes.members - self.sizes.stores

    @property
    def tiers(self) -> int:
        """Number of tiers."""
        return int(self.world.tiers_index.shape[1])

    @property
    def tier_names(self) -> list[str]:
        """Roles that make up each tier, top first; groups, where another tier has the same roles."""
        of_group, groups = tiers_of(self.scenario), self.scenario.members
        by_tier = [[g for g in groups if of_group[g.name] == tier] for tier in range(self.tiers)]
        roles = [" / ".join(dict.fromkeys(g.role.replace("_", " ") for g in tier)) for tier in by_tier]
        names = [" / ".join(g.name for g in tier) for tier in by_tier]
        return [name if roles.count(role) > 1 else role for role, name in zip(roles, names)]

    def holdings_of_tier(self, tier: int) -> slice:
        """Return the rows of a tier's holdings."""
        index = self.world.tiers_index
        return slice(int(index[c.TIER_FIRST_HOLDING, tier]), int(index[c.TIER_END_HOLDING, tier]))

    def links_of_tier(self, tier: int) -> slice:
        """Return the rows of the links on which a tier supplies."""
        index = self.world.tiers_index
        return slice(int(index[c.TIER_FIRST_LINK, tier]), int(index[c.TIER_END_LINK, tier]))

    @cached_property
    def group_of_holding(self) -> Integers:
        """Group of each holding's member."""
        return np.asarray(self.members.group[self.world.holdings_index[position("member")]])

    @cached_property
    def preferred_links(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Rows of the links by buyer, the preferred first; their suppliers; each buyer's first and end."""
        links = self.world.links_index
        rows = np.lexsort((links[c.RANK], links[c.BUYER_HOLDING]))
        return (
            rows,
            links[c.SUPPLIER_HOLDING, rows],
            *_spans(links[c.BUYER_HOLDING, rows], self.sizes.holdings),
        )

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """Expand a scenario.

        Raises
        ------
        ScenarioError
            If the parts do not make a channel: one line, what and where.
        """
        territories = expand_territories(scenario)
        members = expand_members(scenario, territories)
        carries = np.zeros((len(scenario.members), len(scenario.brands)), dtype=bool)
        for g, group in enumerate(scenario.members):
            carries[g, members.brands[group.name]] = True
        held = carries[members.group]
        holding_of = np.full(held.shape, -1)
        holding_of[held] = np.arange(held.sum())
        holdings, index = expand_holdings(scenario, members, holding_of)
        links = expand_links(scenario, members, holding_of)
        links_index = _fill_links(links, scenario, holdings.shape[1], index)
        tiers_index = tier_table(int(members.tier.max()) + 1, members.tier, index, links_index)

        member = index[position("member")]
        first_store = int(np.searchsorted(members.tier, members.tier.max()))
        first_shelf = int(np.searchsorted(member, first_store))
        index[position("store")] = np.where(member >= first_store, member - first_store, -1)
        trace, index[position("trace")] = read_traces(scenario, members, member, first_shelf, holdings)
        travel, travel_store, first_response = _travel(scenario, territories, members)
        if scenario.demand.system == "linear":
            shelves_in = np.bincount(
                members.territory[member[first_shelf:]], minlength=len(territories.names)
            )
            first_response = np.concatenate([[0], np.cumsum(2 * shelves_in**2)])[:-1]
        related = len(links.supplying_owner) if scenario.power.measured else 0
        routes, route_km = expand_routes(scenario, members, links, holding_of)
        sizes = _sizes(scenario, territories, members, index, links_index, first_store, related)
        sizes = sizes._replace(routes=len(route_km))
        events, event_values = resolve_events(scenario, territories, members, index, links, sizes)
        gamma = np.zeros(8)
        if scenario.demand.noise == "gamma":
            gamma = gamma_quantile_table(scenario.demand.variation**-2)
        segments = {
            c.name: [getattr(s, c.name) for s in scenario.segments] for c in columns_of("segments", "world")
        }
        where = {"member_x": members.position[:, 0], "member_y": members.position[:, 1]}
        world = World(
            scenario=_parameters(scenario),
            territories=world_table("territories", sizes.territories, territories.values),
            territories_index=_territories_index(territories, members, member, first_store, first_response),
            segments=world_table("segments", sizes.segments, segments),
            members=world_table("members", sizes.members, members.attributes | where),
            members_index=_members_index(scenario, members, member),
            holdings=holdings,
            holdings_index=index,
            links_index=links_index,
            tiers_index=tiers_index,
            zone_buyers=_zone_buyers(scenario, territories),
            travel=travel,
            calendar=territories.calendar(scenario.weeks),
            trace=trace,
            gamma=gamma,
            events=events,
            event_values=event_values,
            effects=np.array(scenario.effect_values()),
            routes=routes,
            receivers=receivers_of(routes),
            route_km=route_km,
        )
        return cls(
            scenario,
            world,
            sizes,
            territories,
            members,
            links,
            holding_of,
            travel_store,
            built_holding=np.arange(len(member)),
            built_relationship=np.arange(len(links.supplying_owner)),
            built_sizes=sizes,
        )


def _spans(owner: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the first row and one past the last row of each owner of sorted rows."""
    return np.searchsorted(owner, np.arange(count), "left"), np.searchsorted(owner, np.arange(count), "right")


def _parameters(scenario: Scenario) -> Floats:
    """Return the scenario-wide parameters in the order of their columns."""
    columns = columns_of("scenario", "world")
    of_power = scenario.power, scenario.bargaining, scenario.relations
    parts = (scenario, scenario.demand, *of_power, scenario.diversion)
    values = [next(getattr(p, c.name) for p in parts if hasattr(p, c.name)) for c in columns]
    return np.array(values, dtype=np.float64)


def _members_index(scenario: Scenario, members: Members, member: Integers) -> Integers:
    count = len(members.group)
    first, end = _spans(member, count)
    values = {
        "role": members.role,
        "owner": members.owner,
        "group": members.group,
        "member_tier": members.tier,
        "member_territory": members.territory,
        "slot": members.slot,
        "first_holding": first,
        "end_holding": end,
        "liquidity": np.array([g.pays_from_cash for g in scenario.members])[members.group],
    }
    return np.asarray(world_table("members", count, values, "int"))


def _territories_index(
    territories: Territories, members: Members, member: Integers, first_store: int, first_response: Integers
) -> Integers:
    count = len(territories.names)
    of_store = members.territory[first_store:]
    first_shelf, end_shelf = _spans(members.territory[member[member >= first_store]], count)
    first, end = _spans(of_store, count)
    values = {
        "territory_key": [entity_key("territory", name) for name in territories.names],
        "first_zone": [zone.start for zone in territories.zone_slices],
        "end_zone": [zone.stop for zone in territories.zone_slices],
        "first_store": first,
        "end_store": end,
        "first_shelf": first_shelf,
        "end_shelf": end_shelf,
        "first_response": first_response,
    }
    return np.asarray(world_table("territories", count, values, "int"))


def _most_shelves(members: Members, member: Integers, first_store: int) -> int:
    return int(np.bincount(members.territory[member[member >= first_store]]).max())


def _sizes(
    scenario: Scenario,
    territories: Territories,
    members: Members,
    index: Integers,
    links: Integers,
    first_store: int,
    relationships: int,
) -> Sizes:
    """Return the numbers of rows and the lengths of the rings."""
    member, lead = index[position("member")], links[position("lead_time")]
    delay = int(links[position("order_delay")].max())
    linear = scenario.demand.system == "linear"
    averages = index[position("forecast_rule")] == FORECAST_MOVING_AVERAGE
    return Sizes(
        territories=len(territories.names),
        segments=len(scenario.segments),
        brands=len(scenario.brands),
        members=len(members.group),
        stores=len(members.group) - first_store,
        zones=len(territories.zone_territory),
        holdings=len(member),
        shelves=int((member >= first_store).sum()),
        links=len(lead),
        relationships=relationships,
        pipeline_weeks=int(lead.max()) + 2,
        order_weeks=delay + 1 if delay > 0 else 0,
        payable_weeks=_payable_weeks(scenario),
        history_weeks=int(index[position("forecast_window")][averages].max(initial=1)),
        workspace=max(
            2,
            len(scenario.segments),
            len(scenario.brands),
            # what is no longer offered is priced out by a linear solve
            _most_shelves(members, member, first_store) if relationships and linear else 0,
        ),
        routes=0,
        upper_links=int((links[position("buyer_member")] < first_store).sum()),
    )


def _payable_weeks(scenario: Scenario) -> int:
    """Return the weeks that a ring of invoices has to hold: up to the longest credit that is built for."""
    if not scenario.credit:
        return 1
    return max(c.lead_time for c in scenario.contracts) + longest_credit(scenario) + 2


def _fill_links(links: Links, scenario: Scenario, count: int, index: Integers) -> Integers:
    contracts = scenario.contracts
    first, end = _spans(links.supplier_holding, count)
    index[position("first_link")], index[position("end_link")] = first, end
    values = {
        "supplier_holding": links.supplier_holding,
        "buyer_holding": links.buyer_holding,
        "relationship": links.relationship,
        "rank": links.rank,
        "lead_time": np.array([c.lead_time for c in contracts])[links.contract],
        "order_delay": np.array([c.order_delay for c in contracts])[links.contract],
        "supplier_member": index[position("member"), links.supplier_holding],
        "buyer_member": index[position("member"), links.buyer_holding],
    }
    return np.asarray(world_table("links", len(links.rank), values, "int"))


def tier_table(
    count: int, tier_of_member: Integers, holdings_index: Integers, links_index: Integers
) -> Integers:
    """Return the table of tiers: the rows of each one's members, holdings and links."""
    tier_of_holding = tier_of_member[holdings_index[position("member")]]
    supplier, buyer = links_index[position("supplier_holding")], links_index[position("buyer_holding")]
    first_holding, end_holding = _spans(tier_of_holding, count)
    first_link, end_link = _spans(tier_of_holding[supplier], count)
    lead, offset = np.full(count, -1), np.full(count, -1)
    gaps = buyer - np.arange(len(buyer))
    for t in range(count):
        rows = slice(first_link[t], end_link[t])
        if rows.start == rows.stop:
            continue
        times, gap = links_index[position("lead_time"), rows], gaps[rows]
        lead[t] = times[0] if (times == times[0]).all() else -1
        offset[t] = gap[0] if gap[0] >= 0 and (gap == gap[0]).all() else -1
    first_member, end_member = _spans(tier_of_member, count)
    held = np.bincount(holdings_index[position("member")], minlength=len(tier_of_member))
    of_tier = [held[a:b] for a, b in zip(first_member, end_member)]
    breadth = np.array([n[0] if len(n) and (n == n[0]).all() else -1 for n in of_tier])
    values = {
        "tier_first_member": first_member, "tier_end_member": end_member, "tier_breadth": breadth,
        "tier_first_holding": first_holding, "tier_end_holding": end_holding,
        "tier_first_link": first_link, "tier_end_link": end_link,
        "tier_lead_time": lead, "tier_buyer_offset": offset,
    }  # fmt: skip
    return np.asarray(world_table("tiers", count, values, "int"))


def _zone_buyers(scenario: Scenario, territories: Territories) -> Floats:
    """Return (segments, zones) potential buyers per week."""
    classes = territories.classes

    def share(segment: Segment, t: int) -> float:
        found = by_class(segment.share, territories.names[t], classes[t])
        if found is None:
            raise ScenarioError(f"segments.{segment.name}.share: no share for territory class {classes[t]!r}")
        return found

    for s in scenario.segments:
        check_places(s.share, territories, f"segments.{s.name}.share")
    shares = np.array([[share(s, t) for t in range(len(classes))] for s in scenario.segments])
    wrong = np.flatnonzero(np.abs(shares.sum(axis=0) - 1.0) > 1e-9)
    if len(wrong):
        where, total = territories.names[wrong[0]], shares[:, wrong[0]].sum()
        raise ScenarioError(
            f"segments: the shares sum to {total:g} in {where}; they must sum to 1 everywhere"
        )
    buyers = territories.values["buyers"][territories.zone_territory] * territories.zone_weight
    return np.ascontiguousarray(shares[:, territories.zone_territory] * buyers)


def _travel(
    scenario: Scenario, territories: Territories, members: Members
) -> tuple[Floats, Integers, Integers]:
    """Return the flat travel factors, the store of each, and where each territory's begin."""
    stores = np.flatnonzero(members.tier == members.tier.max())
    costs = np.array([s.travel_cost for s in scenario.segments])
    of_store, blocks, store, first, start = members.territory[stores], [], [], [], 0
    for t, zone in enumerate(territories.zone_slices):
        rows = np.flatnonzero(of_store == t)
        here = members.position[stores[rows]]
        distance = np.linalg.norm(territories.zone_position[zone][:, None] - here[None], axis=2)
        block = np.exp(-costs[:, None, None] * distance[None])
        blocks.append(block.ravel())
        store.append(np.tile(rows, block.size // max(len(rows), 1)))
        first.append(start)
        start += block.size
    return np.concatenate(blocks), np.concatenate(store), np.array(first)
