"""The built channel: a scenario expanded into the tables that the compiled rules read.

`build` is deterministic in the scenario and its ``build_seed``. The result, a `Channel`, holds the `World`
(fixed for a run), the labels of its rows, and turns a policy into `Terms` without rebuilding anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.codes import (
    CONSUMER_ROLES,
    FORECAST_RULES,
    ORDER_RULES,
    PRICE_LEADER,
    PRICE_NASH,
    PRICE_RULES,
    ROLES,
    SAFETY_RULES,
)
from channelsim.errors import ScenarioError
from channelsim.events import resolve_events
from channelsim.links import Links, expand_links
from channelsim.members import Members, expand_members
from channelsim.randomness import entity_key, gamma_quantile_table
from channelsim.scenario import MemberGroup, Scenario, Segment
from channelsim.schema import columns_of, position
from channelsim.tables import Floats, Integers, Sizes, Terms, World
from channelsim.territories import Territories, by_class, expand_territories
from channelsim.traces import read_traces

if TYPE_CHECKING:
    from channelsim.decisions import Policy


@dataclass(frozen=True)
class Channel:
    """A built channel.

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
    """

    scenario: Scenario
    world: World
    sizes: Sizes
    territories: Territories
    members: Members
    links: Links
    holding_of: Integers

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
        return self.world.tiers_index.shape[1]

    @property
    def tier_names(self) -> list[str]:
        """Roles that make up each tier, top first."""
        names = []
        for tier in range(self.tiers):
            roles = np.unique(self.members.role[self.members.tier == tier])
            names.append(" / ".join(ROLES[r].replace("_", " ") for r in roles))
        return names

    def apply(self, policy: Policy | None = None) -> Terms:
        """Return the terms that a policy sets; nothing is rebuilt.

        Raises
        ------
        ScenarioError
            If the world cannot feel a decision, or a density is above the built maximum.
        """
        from channelsim.application import apply_policy

        return apply_policy(self, policy)

    def graph(self) -> Any:
        """Return the network as a `networkx.DiGraph`; see `channelsim.network.to_graph`."""
        from channelsim.network import to_graph

        return to_graph(self)


def _table(table: str, rows: int, values: dict[str, Any], kind: str = "float") -> Any:
    columns = columns_of(table, "world", kind)
    out = np.zeros((len(columns), rows), dtype=np.float64 if kind == "float" else np.int64)
    for c in columns:
        if c.name in values:
            out[position(c.name)] = values[c.name]
    return out


def per_group(members: Members, scenario: Scenario, value: Callable[[MemberGroup], float]) -> np.ndarray:
    """Return one number per member, the same for all of a group."""
    return np.array([value(g) for g in scenario.members])[members.group]


def _spans(owner: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the first row and one past the last row of each owner of sorted rows."""
    return np.searchsorted(owner, np.arange(count), "left"), np.searchsorted(owner, np.arange(count), "right")


def _holdings(scenario: Scenario, members: Members, holding_of: Integers) -> tuple[Floats, Integers]:
    member, brand = np.nonzero(holding_of >= 0)
    group = members.group[member]
    groups = scenario.members

    def of(value: Callable[[MemberGroup], float]) -> np.ndarray:
        return np.array([value(g) for g in groups])[group]

    def of_brand(value: Callable[[MemberGroup], Any]) -> np.ndarray:
        grid = np.array([[_brand_value(value(g), b.name) for b in scenario.brands] for g in groups])
        return grid[group, brand]

    def code(names: tuple[str, ...], value: Callable[[MemberGroup], str]) -> np.ndarray:
        return of(lambda g: names.index(value(g))).astype(np.int64)

    attributes = {name: members.attributes[name][member] for name in ("handling_cost", "service_cost", "holding_rate", "obsolescence")}
    variation = np.full(len(member), scenario.demand.variation)
    values = attributes | {
        "variation": variation,
        "markup": of(lambda g: g.pricing.markup),
        "price_bound": of_brand(lambda g: g.pricing.bound),
        "price_adjustment": of(lambda g: g.pricing.adjustment),
        "smoothing": of(lambda g: g.ordering.smoothing),
        "goodwill": of(lambda g: g.ordering.goodwill),
        "salvage": of(lambda g: g.ordering.salvage),
        "reorder_point": of(lambda g: g.ordering.reorder_point),
        "base_stock": of(lambda g: g.ordering.base_stock),
        "anchor": of(lambda g: g.ordering.anchor),
        "stock_adjustment": of(lambda g: g.ordering.stock_adjustment),
        "supply_line_weight": of(lambda g: g.ordering.supply_line_weight),
    }
    rules = code(PRICE_RULES, lambda g: g.pricing.rule if g.sells_to_consumers or g.pricing.rule != "fixed" else "posted")
    brand_keys = np.array([entity_key("brand", b.name) for b in scenario.brands])
    best = (rules == PRICE_NASH) | (rules == PRICE_LEADER)
    zone = np.where(best, np.arange(len(member)), -1)
    for g, row in enumerate(groups):
        if row.pricing.one_price:
            for b in range(len(scenario.brands)):
                of_group = np.flatnonzero(best & (group == g) & (brand == b))
                zone[of_group] = of_group[:1]
    index = {
        "member": member,
        "brand": brand,
        "price_rule": rules,
        "order_rule": code(ORDER_RULES, lambda g: g.ordering.rule),
        "forecast_rule": code(FORECAST_RULES, lambda g: g.ordering.forecast),
        "safety_rule": code(SAFETY_RULES, lambda g: g.ordering.safety),
        "forecast_window": of(lambda g: g.ordering.window),
        "price_zone": zone,
        "holding_key": members.keys[member] ^ brand_keys[brand],
        "trace": np.full(len(member), -1),
    }
    return _table("holdings", len(member), values), _table("holdings", len(member), index, "int")


def _brand_value(value: Any, brand: str) -> float:
    """Return the number that holds for a brand (NaN: none given)."""
    if isinstance(value, dict):
        return float(value.get(brand, np.nan))
    return np.nan if value is None else float(value)


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
        "credit_weeks": np.array([c.credit_weeks for c in contracts])[links.contract],
    }
    return _table("links", len(links.rank), values, "int")


def _tiers(members: Members, member: Integers, links: Links, link_table: Integers) -> Integers:
    count = int(members.tier.max()) + 1
    tier_of_holding = members.tier[member]
    first_member, end_member = _spans(members.tier, count)
    first_holding, end_holding = _spans(tier_of_holding, count)
    first_link, end_link = _spans(tier_of_holding[links.supplier_holding], count)
    lead, offset = np.full(count, -1), np.full(count, -1)
    for t in range(count):
        rows = slice(first_link[t], end_link[t])
        times = np.unique(link_table[position("lead_time"), rows])
        lead[t] = times[0] if len(times) == 1 else -1
        gaps = np.unique(links.buyer_holding[rows] - np.arange(first_link[t], end_link[t]))
        offset[t] = gaps[0] if len(gaps) == 1 and gaps[0] >= 0 else -1
    values = {
        "tier_first_member": first_member, "tier_end_member": end_member,
        "tier_first_holding": first_holding, "tier_end_holding": end_holding,
        "tier_first_link": first_link, "tier_end_link": end_link,
        "tier_lead_time": lead, "tier_buyer_offset": offset,
    }  # fmt: skip
    return _table("tiers", count, values, "int")


def _zone_buyers(scenario: Scenario, territories: Territories) -> Floats:
    """Return (segments, zones) potential buyers per week."""
    classes = territories.classes

    def share(segment: Segment, t: int) -> float:
        found = by_class(segment.share, territories.names[t], classes[t])
        if found is None:
            raise ScenarioError(f"segments.{segment.name}.share: no share for territory class {classes[t]!r}")
        return found

    shares = np.array([[share(s, t) for t in range(len(classes))] for s in scenario.segments])
    if np.any(shares < 0) or np.any(np.abs(shares.sum(axis=0) - 1.0) > 1e-9):
        raise ScenarioError("segments: the shares must not be negative and must sum to 1 in every territory")
    buyers = territories.values["buyers"][territories.zone_territory] * territories.zone_weight
    return np.ascontiguousarray(shares[:, territories.zone_territory] * buyers)


def _travel(scenario: Scenario, territories: Territories, members: Members) -> tuple[Floats, Integers]:
    """Return the flat travel factors and where each territory's begin."""
    stores = np.flatnonzero([ROLES[r] in CONSUMER_ROLES for r in members.role])
    costs = np.array([s.travel_cost for s in scenario.segments])
    of_store, blocks, first, start = members.territory[stores], [], [], 0
    for t, zone in enumerate(territories.zone_slices):
        here = members.position[stores[of_store == t]]
        distance = np.linalg.norm(territories.zone_position[zone][:, None] - here[None], axis=2)
        block = np.exp(-costs[:, None, None] * distance[None])
        blocks.append(block.ravel())
        first.append(start)
        start += block.size
    return np.concatenate(blocks), np.array(first)


def build(scenario: Scenario) -> Channel:
    """Expand a scenario into its channel.

    Raises
    ------
    ScenarioError
        If the parts do not make a channel: one line, what and where.
    """
    territories = expand_territories(scenario)
    members = expand_members(scenario, territories)
    brands, count = len(scenario.brands), len(members.group)
    carries = np.zeros((len(scenario.members), brands), dtype=bool)
    for g, group in enumerate(scenario.members):
        carries[g, members.brands[group.name]] = True
    holding_of = np.full((count, brands), -1)
    held = carries[members.group]
    holding_of[held] = np.arange(held.sum())
    holdings, holdings_index = _holdings(scenario, members, holding_of)
    member = holdings_index[position("member")]
    links = expand_links(scenario, members, holding_of)
    links_index = _fill_links(links, scenario, len(member), holdings_index)
    tiers_index = _tiers(members, member, links, links_index)

    stores = int((members.tier == members.tier.max()).sum())
    first_store, first_shelf = count - stores, int(tiers_index[position("tier_first_holding"), -1])
    holdings_index[position("store")] = np.where(member >= first_store, member - first_store, -1)
    trace, given = read_traces(scenario, members, territories, member, first_shelf, holdings)
    holdings_index[position("trace")] = given
    travel, first_response = _travel(scenario, territories, members)
    if scenario.demand.system == "linear":
        shelves_in = np.bincount(members.territory[member[first_shelf:]], minlength=len(territories.names))
        first_response = np.concatenate([[0], np.cumsum(2 * shelves_in**2)])[:-1]
    store_territory = members.territory[first_store:]
    shelf_territory = members.territory[member[first_shelf:]]
    n_territories = len(territories.names)
    first_of_member, end_of_member = _spans(member, count)
    members_index = _table("members", count, {
        "role": members.role, "owner": members.owner, "group": members.group, "member_tier": members.tier,
        "member_territory": members.territory, "slot": members.slot, "first_holding": first_of_member,
        "end_holding": end_of_member, "liquidity": per_group(members, scenario, lambda g: int(g.pays_from_cash)),
    }, "int")  # fmt: skip
    ends = [z.stop for z in territories.zone_slices]
    territories_index = _table("territories", n_territories, {
        "territory_key": [entity_key("territory", name) for name in territories.names],
        "first_zone": [z.start for z in territories.zone_slices], "end_zone": ends,
        "first_store": _spans(store_territory, n_territories)[0], "end_store": _spans(store_territory, n_territories)[1],
        "first_shelf": _spans(shelf_territory, n_territories)[0], "end_shelf": _spans(shelf_territory, n_territories)[1],
        "first_response": first_response,
    }, "int")  # fmt: skip
    lead = int(links_index[position("lead_time")].max())
    credit = int((links_index[position("lead_time")] + links_index[position("credit_weeks")]).max())
    windows = holdings_index[position("forecast_window")][holdings_index[position("forecast_rule")] == 1]
    per_store = int(np.diff(np.stack([first_of_member, end_of_member]), axis=0)[0, first_store:].max())
    sizes = Sizes(
        territories=n_territories, segments=len(scenario.segments), members=count, stores=stores, holdings=len(member),
        shelves=len(member) - first_shelf, links=len(links.rank), pipeline_weeks=lead + 2,
        payable_weeks=credit + 2 if scenario.credit else 1, history_weeks=int(windows.max(initial=1)),
        workspace=max(len(scenario.segments), per_store),
    )  # fmt: skip
    events, event_values = resolve_events(scenario, territories, members, holdings_index, links, sizes)
    gamma = gamma_quantile_table(scenario.demand.variation**-2) if scenario.demand.noise == "gamma" else np.zeros(8)
    scenario_values = {
        "service_spillover": scenario.demand.service_spillover, "substitution": scenario.demand.substitution,
        "shock_persistence": scenario.demand.shock_persistence, "shock_deviation": scenario.demand.shock_deviation,
        "cost_of_capital": scenario.cost_of_capital, "price_review_weeks": scenario.price_review_weeks,
        "review_weeks": scenario.review_weeks, "season_weeks": scenario.season_weeks,
    }  # fmt: skip
    world = World(
        scenario=np.array([scenario_values[c.name] for c in columns_of("scenario", "world")], dtype=np.float64),
        territories=_table("territories", n_territories, territories.values),
        territories_index=territories_index,
        segments=_table("segments", len(scenario.segments), {
            c.name: [getattr(s, c.name) for s in scenario.segments] for c in columns_of("segments", "world")
        }),
        members=_table("members", count, members.attributes | {
            "member_x": members.position[:, 0], "member_y": members.position[:, 1],
        }),
        members_index=members_index,
        holdings=holdings,
        holdings_index=holdings_index,
        links_index=links_index,
        tiers_index=tiers_index,
        zone_buyers=_zone_buyers(scenario, territories),
        travel=travel,
        calendar=territories.calendar(scenario.weeks),
        trace=trace,
        gamma=gamma,
        events=events,
        event_values=event_values,
    )  # fmt: skip
    return Channel(scenario, world, sizes, territories, members, links, holding_of)
