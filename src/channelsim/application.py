"""A policy becomes terms: who is active, on which contract, and the state from which a run starts.

Active is derived tier by tier, upstream first: a slot is active iff its rank is below the density
count; a holding is listed iff its member is active and it is in the top tier or finds a listed source,
the first in its order of preference; a brand without a source is unlisted there.

Opening state. Prices: as given, or markup × unit cost. Forecasts: expected demand at opening prices, for
upper tiers what flows through them. Stocks: the rule's own target. All as far as the scenario does not
say otherwise.
"""

from __future__ import annotations

from math import floor

import numpy as np

from channelsim import columns as c
from channelsim.codes import (
    ORDER_BASE_STOCK,
    ORDER_NEWSVENDOR,
    ORDER_REORDER_POINT,
    ORDER_UP_TO,
    PRICE_SUGGESTED,
)
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.members import density_counts
from channelsim.scenario import MemberGroup
from channelsim.schema import columns_of
from channelsim.tables import Floats, Integers, State, Terms, new_state
from channelsim.traces import given_means
from channelsim.world import Channel, _brand_value


def apply_policy(channel: Channel, policy: Policy | None) -> Terms:
    """Return the terms that a policy sets in a built channel.

    Raises
    ------
    ScenarioError
        If the world cannot feel a decision, or a density is above the built maximum.
    """
    policy = policy or Policy(name="base")
    world, scenario = channel.world, channel.scenario
    active = _active_members(channel, policy)
    listed, source, link_active = _sources(channel, active)
    contracts = _contracts(channel, policy)
    holdings = np.zeros((len(columns_of("holdings", "terms")), channel.sizes.holdings))
    holdings[c.LISTED] = listed
    has_source = source >= 0
    contract = channel.links.contract[np.maximum(source, 0)]
    lead = world.links_index[c.LEAD_TIME, np.maximum(source, 0)]
    holdings[c.PROTECTION_WEEKS] = np.where(has_source, lead + 1.0, 1.0)
    credit = np.array([k.credit_weeks for k in scenario.contracts])[contract]
    if scenario.credit:
        holdings[c.CREDIT_SAVING] = np.where(has_source, scenario.cost_of_capital * credit, 0.0)
    holdings[c.MINIMUM_ORDER] = np.where(has_source, contracts["minimum_order"][np.maximum(source, 0)], 0.0)
    holdings[c.CASE_SIZE] = np.where(has_source, contracts["case_size"][np.maximum(source, 0)], 0.0)
    index = np.zeros((1, channel.sizes.holdings), dtype=np.int64)
    index[c.SOURCE_LINK] = source
    slopes = np.zeros(1)
    if scenario.demand.system == "linear":
        slopes, holdings[c.INTERCEPT] = _linear_demand(channel, listed)
    elif scenario.demand.system == "given":
        holdings[c.INTERCEPT] = listed * given_means(scenario, channel.members, world.holdings_index[c.MEMBER])
    state = new_state(channel.sizes)
    terms = Terms(
        members=_weekly_costs(channel, active, listed, source)[None],
        holdings=holdings,
        holdings_index=index,
        links=link_active[None],
        utility=_utility(channel, listed),
        slopes=slopes,
        base=state.flat,
    )
    _open(channel, terms, state, contracts["wholesale_price"], active)
    return terms


def active_members(terms: Terms, channel: Channel) -> Integers:
    """Return 1 for every member with at least one listed holding."""
    held = np.zeros(channel.sizes.members)
    np.maximum.at(held, channel.world.holdings_index[c.MEMBER], terms.holdings[c.LISTED])
    return held.astype(np.int64)


def _active_members(channel: Channel, policy: Policy) -> Floats:
    members, scenario = channel.members, channel.scenario
    groups = {g.name: g for g in scenario.members}
    for name in policy.density:
        if name not in groups:
            raise ScenarioError(f"policy {policy.name}: density.{name}: no such group; admissible: {', '.join(groups)}")
    active = np.zeros(channel.sizes.members)
    for g, group in enumerate(scenario.members):
        base, built = members.base_counts[group.name], members.built_counts[group.name]
        wanted = _wanted(group, base, policy, channel)
        for t, count in enumerate(built):
            number = floor(wanted[t] + 0.5)
            if number > count:
                where = f" in {channel.territories.names[t]}" if len(built) > 1 else ""
                raise ScenarioError(
                    f"policy {policy.name}: density.{group.name} asks for {number} members{where}, but {count} are built; "
                    f"raise members.{group.name}.maximum_scale"
                )
            rows = members.rows.get((g, t)) or members.rows.get((g, -1))
            if count and rows is not None:
                active[rows] = np.arange(count) < number
    return active


def _wanted(group: MemberGroup, base: Floats, policy: Policy, channel: Channel) -> Floats:
    density = policy.density.get(group.name)
    if density is None:
        return base
    if density.scale is not None:
        return np.floor(base + 0.5) * density.scale
    if (density.count is not None) != (len(base) == 1 and group.count is not None):
        kind = "count or scale" if group.count is not None else "scale, per_territory or buyers_per_member"
        raise ScenarioError(f"policy {policy.name}: density.{group.name}: the group takes {kind}")
    counts = density_counts(group, density.count, density.per_territory, density.buyers_per_member, channel.territories)
    for given in (density.per_territory, density.buyers_per_member):
        if isinstance(given, dict):
            known = {*channel.territories.names, *channel.territories.classes}
            for name in given:
                if name not in known:
                    raise ScenarioError(f"policy {policy.name}: density.{group.name}: {name!r} is neither a territory nor a class")
            named = [name in given or kind in given for name, kind in zip(channel.territories.names, channel.territories.classes)]
            counts = np.where(named, counts, base)  # places not named stay as they are
    return counts


def _sources(channel: Channel, active: Floats) -> tuple[Floats, Integers, Floats]:
    """Return which holdings are listed, the link each orders on, and which links are active."""
    world, sizes = channel.world, channel.sizes
    listed = active[world.holdings_index[c.MEMBER]].copy()
    source = np.full(sizes.holdings, -1)
    supplier, buyer = world.links_index[c.SUPPLIER_HOLDING], world.links_index[c.BUYER_HOLDING]
    order = np.lexsort((world.links_index[c.RANK], buyer))
    sorted_buyer = buyer[order]
    for tier in range(1, channel.tiers):
        rows = slice(world.tiers_index[c.TIER_FIRST_HOLDING, tier], world.tiers_index[c.TIER_END_HOLDING, tier])
        a, b = np.searchsorted(sorted_buyer, [rows.start, rows.stop])
        candidates = order[a:b]
        open_links = candidates[listed[supplier[candidates]] > 0]
        found, first = np.unique(buyer[open_links], return_index=True)
        source[found] = open_links[first]
        listed[rows] *= source[rows] >= 0
    source[listed == 0] = -1
    link_active = np.zeros(sizes.links)
    link_active[source[source >= 0]] = 1.0
    return listed, source, link_active


def _contracts(channel: Channel, policy: Policy) -> dict[str, Floats]:
    """Return the terms of every link after the policy's changes (price NaN where the supplier prices by rule)."""
    scenario, links = channel.scenario, channel.links
    brand = channel.world.holdings_index[c.BRAND, links.supplier_holding]
    values = {
        name: np.array([np.nan if getattr(k, name) is None else getattr(k, name) for k in scenario.contracts])[links.contract]
        for name in ("wholesale_price", "minimum_order", "case_size")
    }
    posts = np.array([scenario_posts(channel, k.supplier) for k in scenario.contracts])[links.contract]
    names = {"supplier": [g.name for g in scenario.members], "buyer": [g.name for g in scenario.members], "brand": [b.name for b in scenario.brands]}
    for i, change in enumerate(policy.terms):
        where = f"policy {policy.name}: terms[{i}]"
        for field, known in names.items():
            if getattr(change, field) and getattr(change, field) not in known:
                raise ScenarioError(f"{where}.{field} = {getattr(change, field)!r}: admissible: {', '.join(known)}")
        chosen = np.array([change.supplier in ("", k.supplier) and change.buyer in ("", k.buyer) for k in scenario.contracts])[links.contract]
        if change.brand:
            chosen = chosen & (brand == names["brand"].index(change.brand))
        if not chosen.any():
            raise ScenarioError(f"{where}: no link matches supplier {change.supplier!r}, buyer {change.buyer!r}, brand {change.brand!r}")
        priced = change.wholesale_price is not None or change.wholesale_price_scale is not None
        if priced and not posts[chosen].any():
            raise ScenarioError(f"{where}.wholesale_price: the supplier sets its own price by rule, so this lever moves nothing")
        chosen_price = chosen & posts
        if change.wholesale_price is not None:
            values["wholesale_price"][chosen_price] = change.wholesale_price
        if change.wholesale_price_scale is not None:
            values["wholesale_price"][chosen_price] *= change.wholesale_price_scale
        for name in ("minimum_order", "case_size"):
            if getattr(change, name) is not None:
                values[name][chosen] = getattr(change, name)
    return values


def scenario_posts(channel: Channel, group: str) -> bool:
    """Return whether a supplying group posts its prices (they are a lever, not a rule)."""
    return next(g for g in channel.scenario.members if g.name == group).pricing.rule in ("fixed", "posted")


def _weekly_costs(channel: Channel, active: Floats, listed: Floats, source: Integers) -> Floats:
    """Return each member's fixed cost plus the servicing cost of the members it is first supplier of."""
    world, member = channel.world, channel.world.holdings_index[c.MEMBER]
    holds = np.zeros(channel.sizes.members)
    np.maximum.at(holds, member, listed)
    cost = world.members[c.FIXED_COST] * holds
    rows = np.flatnonzero(source >= 0)
    _, first = np.unique(member[rows], return_index=True)  # the first listed holding of each buyer
    rows = rows[first]
    supplier = member[world.links_index[c.SUPPLIER_HOLDING, source[rows]]]
    np.add.at(cost, supplier, world.members[c.SERVICING_COST, member[rows]])
    return cost


def _utility(channel: Channel, listed: Floats) -> Floats:
    """Return (segments, shelves) utility of each shelf apart from price, service and travel."""
    world, scenario, first = channel.world, channel.scenario, channel.first_shelf
    member, brand = world.holdings_index[c.MEMBER, first:], world.holdings_index[c.BRAND, first:]
    assortment = np.zeros(channel.sizes.members)
    np.add.at(assortment, member, listed[first:])
    names = [b.name for b in scenario.brands]
    equity = np.array([[np.nan_to_num(_brand_value(s.equity, b)) for b in names] for s in scenario.segments])
    segment = world.segments[:, :, None]
    attributes = world.members[:, member]
    fit = np.abs(np.log(attributes[c.LOT_SIZE] / segment[c.WANTED_LOT_SIZE]))
    return np.ascontiguousarray(
        equity[:, brand]
        + attributes[c.LOYALTY]
        - segment[c.WAITING_WEIGHT] * attributes[c.WAITING]
        + segment[c.VARIETY_WEIGHT] * np.log(np.maximum(assortment[member], 1.0))
        - segment[c.LOT_SIZE_WEIGHT] * fit
    )


def _linear_demand(channel: Channel, listed: Floats) -> tuple[Floats, Floats]:
    """Return the flat slopes B, B⁻¹ of every territory and the intercepts among the listed shelves.

    A shelf that is not listed has the price at which nobody would buy there: the system of the others
    is the Schur complement, so their demand grows as buyers turn to them.
    """
    world, scenario, first = channel.world, channel.scenario, channel.first_shelf
    demand, names = scenario.demand, [b.name for b in scenario.brands]
    index = world.territories_index
    intercepts, blocks = np.zeros(channel.sizes.holdings), []
    for t, name in enumerate(channel.territories.names):
        rows = np.arange(index[c.FIRST_SHELF, t], index[c.END_SHELF, t])
        brand, store = world.holdings_index[c.BRAND, first + rows], world.holdings_index[c.STORE, first + rows]
        same_brand, same_store = brand[:, None] == brand, store[:, None] == store
        slopes = -np.where(same_store, demand.cross_brand_slope, np.where(same_brand, demand.cross_store_slope, demand.cross_slope))
        own = np.array([_brand_value(demand.own_slope, n) for n in names])[brand]
        full = np.where(np.eye(len(rows), dtype=bool), own, slopes) if len(rows) else np.zeros((0, 0))
        level = np.array([_brand_value(demand.intercept, n) for n in names])[brand]
        if np.isnan(own).any() or np.isnan(level).any():
            raise ScenarioError("demand: own_slope and intercept need a value for every brand")
        if len(rows) and np.linalg.eigvalsh(full).min() <= 0:
            raise ScenarioError(f"demand in {name}: own slopes must outweigh the cross slopes of the {len(rows)} shelves")
        here = listed[first + rows] > 0
        inner, outer, cross = full[np.ix_(here, here)], full[np.ix_(~here, ~here)], full[np.ix_(here, ~here)]
        reduced, inverse = np.zeros_like(full), np.zeros_like(full)
        if here.any():
            transfer = np.linalg.solve(outer, cross.T).T if (~here).any() else np.zeros_like(cross)
            reduced[np.ix_(here, here)] = inner - transfer @ cross.T
            inverse[np.ix_(here, here)] = np.linalg.inv(reduced[np.ix_(here, here)])
            intercepts[first + rows[here]] = level[here] - transfer @ level[~here]
        blocks += [reduced.ravel(), inverse.ravel()]
    return np.concatenate(blocks), intercepts


def _open(channel: Channel, terms: Terms, state: State, posted: Floats, active: Floats) -> None:
    """Write the state from which every replication starts."""
    from channelsim.opening import expect_opening_demand

    world, scenario, first = channel.world, channel.scenario, channel.first_shelf
    holdings, links, listed = state.holdings, state.links, terms.holdings[c.LISTED]
    member, brand, group = world.holdings_index[c.MEMBER], world.holdings_index[c.BRAND], channel.members.group[world.holdings_index[c.MEMBER]]
    groups, names = scenario.members, [b.name for b in scenario.brands]
    state.territories[c.MARKET_INDEX] = 1.0
    state.territories[c.MARKET] = world.calendar[0]
    state.members[c.CASH] = world.members[c.CAPITAL]
    holdings[c.CAPACITY] = np.array([g.capacity for g in groups])[group]
    holdings[c.SERVICE] = np.array([g.opening_service for g in groups])[group] * listed
    holdings[c.SAFETY_FACTOR] = np.array([g.ordering.safety_factor for g in groups])[group]
    given = np.array([[_brand_value(g.pricing.opening, n) for n in names] for g in groups])[group, brand]
    supplier, source = world.links_index[c.SUPPLIER_HOLDING], terms.holdings_index[c.SOURCE_LINK]
    production = np.array([b.production_cost for b in scenario.brands])
    holdings[c.UNIT_COST] = np.where(source < 0, production[brand], 0.0)
    for tier in range(channel.tiers):
        rows = slice(world.tiers_index[c.TIER_FIRST_HOLDING, tier], world.tiers_index[c.TIER_END_HOLDING, tier])
        sourced = np.flatnonzero(source[rows] >= 0) + rows.start
        holdings[c.UNIT_COST, sourced] = links[c.WHOLESALE_PRICE, source[sourced]]
        marked = world.holdings[c.MARKUP, rows] * holdings[c.UNIT_COST, rows]
        holdings[c.PRICE, rows] = np.where(np.isnan(given[rows]), marked, given[rows])
        out = slice(world.tiers_index[c.TIER_FIRST_LINK, tier], world.tiers_index[c.TIER_END_LINK, tier])
        asked = posted[out]
        links[c.WHOLESALE_PRICE, out] = np.where(np.isnan(asked), holdings[c.PRICE, supplier[out]], asked)
        if tier < channel.tiers - 1:  # the price of a seller is that of its first link
            sells = np.flatnonzero(world.holdings_index[c.FIRST_LINK, rows] < world.holdings_index[c.END_LINK, rows]) + rows.start
            holdings[c.PRICE, sells] = links[c.WHOLESALE_PRICE, world.holdings_index[c.FIRST_LINK, sells]]
    suggested = world.holdings_index[c.PRICE_RULE, first:] == PRICE_SUGGESTED
    holdings[c.PRICE, first:] = np.where(suggested, world.holdings[c.PRICE_BOUND, first:], holdings[c.PRICE, first:])
    holdings[c.NEXT_PRICE], holdings[c.NEXT_SERVICE] = holdings[c.PRICE], holdings[c.SERVICE]
    expect_opening_demand(scenario.demand.system, world, terms, state)
    _open_stocks(channel, terms, state)


def _open_stocks(channel: Channel, terms: Terms, state: State) -> None:
    """Write opening forecasts, stocks and pipelines."""
    world, scenario, first = channel.world, channel.scenario, channel.first_shelf
    holdings, listed = state.holdings, terms.holdings[c.LISTED]
    group, source = channel.members.group[world.holdings_index[c.MEMBER]], terms.holdings_index[c.SOURCE_LINK]

    def of(value: object) -> Floats:
        found = [value(g.ordering) for g in scenario.members]  # type: ignore[operator]
        return np.array([np.nan if v is None else v for v in found], dtype=np.float64)[group]

    mean, spread = holdings[c.FLOW].copy(), np.zeros(channel.sizes.holdings)
    if scenario.demand.noise == "poisson":
        spread[first:] = mean[first:]
    elif scenario.demand.noise in ("normal", "gamma"):
        spread[first:] = (world.holdings[c.VARIATION, first:] * mean[first:]) ** 2
    for tier in range(channel.tiers - 1, 0, -1):  # independent shelves: variances add up the tiers
        rows = np.arange(world.tiers_index[c.TIER_FIRST_HOLDING, tier], world.tiers_index[c.TIER_END_HOLDING, tier])
        rows = rows[source[rows] >= 0]
        np.add.at(spread, world.links_index[c.SUPPLIER_HOLDING, source[rows]], spread[rows])
    given, deviation = of(lambda o: o.opening_forecast), of(lambda o: o.opening_deviation)
    holdings[c.FORECAST] = listed * np.where(np.isnan(given), mean, given)
    holdings[c.FORECAST_VARIANCE] = listed * np.where(np.isnan(deviation), spread, deviation**2)
    state.history[:] = holdings[c.FORECAST]
    rule, weeks = world.holdings_index[c.ORDER_RULE], terms.holdings[c.PROTECTION_WEEKS]
    forecast, variance = holdings[c.FORECAST], holdings[c.FORECAST_VARIANCE]
    up_to = forecast * weeks + holdings[c.SAFETY_FACTOR] * np.sqrt(variance * weeks)
    season = forecast * scenario.season_weeks + holdings[c.SAFETY_FACTOR] * np.sqrt(variance * scenario.season_weeks)
    fixed = (rule == ORDER_BASE_STOCK) | (rule == ORDER_REORDER_POINT)
    target = np.select([rule == ORDER_UP_TO, fixed, rule == ORDER_NEWSVENDOR], [up_to, world.holdings[c.BASE_STOCK], season], forecast)
    pipeline = of(lambda o: o.opening_pipeline)
    own = np.maximum(target - pipeline * weeks, 0.0)
    opening = of(lambda o: o.opening_stock)
    top = np.arange(channel.sizes.holdings) < world.tiers_index[c.TIER_END_HOLDING, 0]
    holdings[c.STOCK] = np.where(top, 0.0, listed * np.where(np.isnan(opening), own, opening))
    for h in np.flatnonzero((pipeline > 0) & (source >= 0)):
        arrivals = int(weeks[h])  # weeks 0 to the lead time
        state.pipeline[:arrivals, source[h]] = pipeline[h]
        holdings[c.ON_ORDER, h] = pipeline[h] * arrivals
