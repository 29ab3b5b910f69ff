"""A policy becomes terms: who is active, on which contract.

Active is derived tier by tier, upstream first: a slot is active iff its rank is below the density
count; a holding is listed iff its member is active and it is in the top tier or finds a listed source,
the first in its order of preference; a brand without a source is unlisted there. Where stores have fewer
shelves than brands, or ask to be paid for them, they then choose (`channelsim.listing`).
"""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.agreements import Agreements, agreements_under, effort_costs, link_terms
from channelsim.attempts import influence_under
from channelsim.consumers import linear_demand, shelf_utility
from channelsim.decisions import BASE, SELECTORS, Policy, TermsChange
from channelsim.densities import member_counts
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.governance import governance_under
from channelsim.incentive_consistency import check_incentives
from channelsim.incentive_parts import INCENTIVES
from channelsim.incentives import Incentives, incentive_tables, kept_shares
from channelsim.listing import choose_listings, limits_listing, listing_fees
from channelsim.opening_state import opened
from channelsim.schema import column, columns_of
from channelsim.sourcing import Sourcing, firsts
from channelsim.tables import Floats, Integers, Terms
from channelsim.territories import check_places
from channelsim.traces import given_means

_BY_CONTRACT = ("wholesale_price", "minimum_order", "case_size")


def terms_under(built: BuiltWorld, policy: Policy | None) -> tuple[Terms, Floats]:
    """Return the terms that a policy sets in a built world, and the posted wholesale prices (links,).

    No state is opened yet (`channelsim.opening_state`); a price is NaN where the supplier prices by rule.

    Raises
    ------
    ScenarioError
        If the world cannot feel a decision, or a density is above the built maximum.
    """
    policy = policy or BASE
    scenario = built.scenario
    ended = _ended(built, policy)
    listed, source = _sources(built, _active_members(built, policy), ended)
    chosen = [
        _chosen_links(built, k, f"policy {policy.name}: terms[{i}]") for i, k in enumerate(policy.terms)
    ]
    contracts, incentives = _contracts(built, policy, chosen)
    agreements = agreements_under(built, policy, chosen)
    nobody = np.full(built.sizes.members, -1)
    terms = _terms(built, policy, listed, source, ended, contracts, incentives, agreements, nobody)
    posted = contracts["wholesale_price"]
    if limits_listing(scenario) or agreements.stores_choose(built):
        listed, accepted = choose_listings(built, opened(built, terms, posted), agreements)
        source = np.where(listed > 0, source, -1)
        terms = _terms(built, policy, listed, source, ended, contracts, incentives, agreements, accepted)
    return terms, posted


def _terms(
    built: BuiltWorld,
    policy: Policy,
    listed: Floats,
    source: Integers,
    ended: np.ndarray,
    contracts: dict[str, Floats],
    incentives: Incentives,
    agreements: Agreements,
    accepted: Integers,
) -> Terms:
    """Return the terms when these holdings are listed, each ordering on its source."""
    world, scenario = built.world, built.scenario
    sourcing = Sourcing.of(built, source)
    buyers, used = sourcing.buyers, sourcing.links
    holdings = np.zeros((len(columns_of("holdings", "terms")), built.sizes.holdings))
    holdings[c.LISTED] = listed
    holdings[c.PROTECTION_WEEKS] = 1.0
    holdings[c.PROTECTION_WEEKS, buyers] = built.kept(_protection_weeks)[used]
    for name, row in (("minimum_order", c.MINIMUM_ORDER), ("case_size", c.CASE_SIZE)):
        if contracts[name].any():
            holdings[row, buyers] = contracts[name][used]
    if scenario.credit:
        holdings[c.CREDIT_SAVING, buyers] = scenario.cost_of_capital * agreements.credit_weeks[used]
        holdings[c.CREDIT_GIVEN] = _credit_given(sourcing, holdings[c.CREDIT_SAVING])
    amounts, guardian = governance_under(built, policy, listed)
    holdings[c.EXPECTED_FINE : c.TRACKING_CHARGE + 1] = amounts
    costs = effort_costs(built, agreements, sourcing)
    holdings[c.TRAINED_SERVICE_COST], holdings[c.BORNE_SERVICE_COST] = costs
    slopes = np.zeros(1)
    if scenario.demand.system == "linear":
        slopes, holdings[c.INTERCEPT] = linear_demand(built, listed)
    elif scenario.demand.system == "given":
        holdings[c.INTERCEPT] = listed * given_means(scenario, built.members, world.holdings_index[c.MEMBER])
    link_active = np.zeros(built.sizes.links)
    link_active[used] = 1.0
    opened = link_active, _open_links(built, listed) & ~ended
    links, links_index = link_terms(built, agreements, sourcing, opened, accepted)
    incentive_table, incentive_index = incentive_tables(
        built, incentives, links[c.LINK_ACTIVE], links[c.LINK_OPEN]
    )
    holdings[c.KEPT_SHARE] = kept_shares(built, source, incentive_table)
    return Terms(
        members=np.stack(
            [_weekly_costs(built, listed, sourcing), *listing_fees(built, source), accepted >= 0]
        ),
        holdings=holdings,
        holdings_index=np.stack([source, guardian]),
        links=links,
        links_index=links_index,
        utility=shelf_utility(built, listed),
        slopes=slopes,
        base=np.zeros(0),
        influence=influence_under(built, policy, link_active),
        incentives=incentive_table,
        incentives_index=incentive_index,
    )


def _protection_weeks(built: BuiltWorld) -> Floats:
    """Return (links,) the weeks that an order on a link has to last."""
    links = built.world.links_index
    return np.asarray(links[c.LEAD_TIME] + links[c.ORDER_DELAY] + 1.0)


def _credit_given(sourcing: Sourcing, saving: Floats) -> Floats:
    """Return the mean over each seller's buyers of the share of the price that credit saves them."""
    sellers, saved = sourcing.sellers, saving[sourcing.buyers]
    count = np.bincount(sellers, minlength=len(saving))
    return np.asarray(np.bincount(sellers, saved, len(saving)) / np.maximum(count, 1))


def active_members(terms: Terms, built: BuiltWorld) -> Integers:
    """Return 1 for every member with at least one listed holding, else 0."""
    member = built.world.holdings_index[c.MEMBER]
    held = np.bincount(member, terms.holdings[c.LISTED], built.sizes.members)
    return (held > 0).astype(np.int64)


def _active_members(built: BuiltWorld, policy: Policy) -> np.ndarray:
    """Return which slots are below their group's density count."""
    members, groups = built.members, built.scenario.members
    for name in policy.density:
        if name not in members.base_counts:
            known = ", ".join(members.base_counts)
            raise ScenarioError(f"policy {policy.name}: density.{name}: no such group; admissible: {known}")
    wanted = np.empty((len(groups), built.sizes.territories))
    for g, group in enumerate(groups):
        wanted[g] = counts = member_counts(group, built, policy)
        most = members.built_counts[group.name]
        if np.any(counts > most):
            t = int(np.argmax(counts > most))
            where = "" if group.is_national else f" in {built.territories.names[t]}"
            raise ScenarioError(
                f"policy {policy.name}: density.{group.name} asks for {counts[t]:.0f} members{where}, "
                f"but {most[t]} are built; raise members.{group.name}.maximum_scale"
            )
    return np.asarray(members.slot < wanted[members.group, members.territory])


def _ended(built: BuiltWorld, policy: Policy) -> np.ndarray:
    """Return which links belong to a relationship that the policy ends."""
    members, links, groups = built.members, built.links, built.scenario.members
    over = np.zeros(built.sizes.links, dtype=bool)
    for i, ended in enumerate(policy.ended):
        sides = []
        for side, holding in ((ended.supplier, links.supplier_holding), (ended.buyer, links.buyer_holding)):
            named = np.array([side in (g.name, g.owner) for g in groups])[members.group]
            named |= np.array([side == name for name in members.names])
            sides.append(named[built.world.holdings_index[c.MEMBER, holding]])
        chosen = sides[0] & sides[1]
        if not chosen.any():
            raise ScenarioError(
                f"policy {policy.name}: ended[{i}]: {ended.buyer!r} has no relationship with "
                f"{ended.supplier!r}; name a supplying and a buying group, firm or member"
            )
        over |= chosen
    return over


def _sources(built: BuiltWorld, active: np.ndarray, ended: np.ndarray) -> tuple[Floats, Integers]:
    """Return which holdings are listed, and the link each orders on (-1: none)."""
    listed = active[built.world.holdings_index[c.MEMBER]]
    source = np.full(built.sizes.holdings, -1)
    link, supplier, first_choice, end_of_choices = built.preferred_links
    for tier in range(1, built.tiers):
        rows = built.holdings_of_tier(tier)
        seeking = np.flatnonzero(listed[rows]) + rows.start
        choice = first_choice[seeking]
        while len(seeking):
            choosing = choice < end_of_choices[seeking]
            if not choosing.all():
                listed[seeking[~choosing]] = False  # nobody is left whom it could buy from
                seeking, choice = seeking[choosing], choice[choosing]
            found = listed[supplier[choice]] & ~ended[link[choice]]
            source[seeking[found]] = link[choice[found]]
            seeking, choice = seeking[~found], choice[~found] + 1
    return listed.astype(np.float64), source


def _open_links(built: BuiltWorld, listed: Floats) -> np.ndarray:
    links, here = built.world.links_index, listed > 0
    return np.asarray(here[links[c.SUPPLIER_HOLDING]] & here[links[c.BUYER_HOLDING]])


def _contracts(
    built: BuiltWorld, policy: Policy, chosen_links: list[np.ndarray]
) -> tuple[dict[str, Floats], Incentives]:
    """Return the terms of every link after the policy's changes (price NaN: set by a rule)."""
    scenario, of_link = built.scenario, built.links.contract
    values = dict(built.kept(_contract_terms))
    incentives = Incentives(scenario.contracts, of_link)
    if not policy.terms:
        return values, incentives
    posting = {g.name for g in scenario.members if g.posts_prices}
    posts = np.array([k.supplier in posting for k in scenario.contracts])[of_link]
    values = {name: of_all.copy() for name, of_all in values.items()}
    for i, change in enumerate(policy.terms):
        where = f"policy {policy.name}: terms[{i}]"
        chosen = chosen_links[i]
        factor = 1.0 if change.wholesale_price_scale is None else change.wholesale_price_scale
        if (change.wholesale_price is not None or factor != 1.0) and not posts[chosen].any():
            raise ScenarioError(
                f"{where}.wholesale_price: the supplier prices by its own rule; nothing would move"
            )
        if change.wholesale_price is not None:
            values["wholesale_price"][chosen & posts] = change.wholesale_price
        values["wholesale_price"][chosen & posts] *= factor
        bounds = column("wholesale_price")
        if np.nanmax(values["wholesale_price"], initial=0.0) > bounds.high:
            raise ScenarioError(
                f"{where}.wholesale_price_scale = {factor:g}: a price must not exceed {bounds.high:g}"
            )
        for name in ("minimum_order", "case_size"):
            if getattr(change, name) is not None:
                values[name][chosen] = getattr(change, name)
        _change_incentives(built, change, chosen, incentives, where)
    return values, incentives


def _contract_terms(built: BuiltWorld) -> dict[str, Floats]:
    """Return the terms of every link as the scenario has them (NaN: none given)."""
    of_link, values = built.links.contract, {}
    for name in _BY_CONTRACT:
        given = [getattr(k, name) for k in built.scenario.contracts]
        values[name] = np.array([np.nan if v is None else v for v in given], dtype=np.float64)[of_link]
    return values


def _change_incentives(
    built: BuiltWorld, change: TermsChange, chosen: np.ndarray, incentives: Incentives, where: str
) -> None:
    buyers = {built.scenario.contracts[k].buyer for k in np.unique(built.links.contract[chosen])}
    try:
        check_incentives(
            change, [g for g in built.scenario.members if g.name in buyers], built.scenario, where
        )
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    for name in INCENTIVES:
        if getattr(change, name) is not None:
            incentives.change(name, getattr(change, name), chosen)


def _chosen_links(built: BuiltWorld, change: TermsChange, where: str) -> np.ndarray:
    """Return which links a change of terms is about."""
    scenario = built.scenario
    groups, brands = [g.name for g in scenario.members], [b.name for b in scenario.brands]
    for field, known in (("supplier", groups), ("buyer", groups), ("brand", brands)):
        value = getattr(change, field)
        if value and value not in known:
            raise ScenarioError(f"{where}.{field} = {value!r}: admissible: {', '.join(known)}")
    pairs = [
        change.supplier in ("", k.supplier) and change.buyer in ("", k.buyer) for k in scenario.contracts
    ]
    chosen = np.array(pairs)[built.links.contract]
    if change.brand:
        of_link = built.world.holdings_index[c.BRAND, built.links.supplier_holding]
        chosen &= of_link == brands.index(change.brand)
    if change.territory:
        check_places([change.territory], built.territories, f"{where}.territory")
        places = zip(built.territories.names, built.territories.classes)
        here = np.array([change.territory in place for place in places])
        territory = built.members.territory[built.world.links_index[c.BUYER_MEMBER]]
        chosen &= (territory >= 0) & here[territory]
    if not chosen.any():
        sought = {k: getattr(change, k) for k in SELECTORS if getattr(change, k)}
        raise ScenarioError(f"{where}: no contract has {', '.join(f'{k} {v!r}' for k, v in sought.items())}")
    return chosen


def _weekly_costs(built: BuiltWorld, listed: Floats, sourcing: Sourcing) -> Floats:
    """Return each member's fixed cost plus the servicing cost of the members it is first supplier of."""
    members, member, count = built.world.members, built.world.holdings_index[c.MEMBER], built.sizes.members
    holds = np.bincount(member, listed, count) > 0
    buyer = member[sourcing.buyers]
    first = np.flatnonzero(firsts(buyer))  # the first listed holding of each buyer
    buyer, supplier = buyer[first], member[sourcing.sellers[first]]
    # one sum from the fixed cost on: its rounding is that of adding one cost after the other
    payer = np.concatenate([np.arange(count), supplier])
    costs = np.concatenate([members[c.FIXED_COST] * holds, members[c.SERVICING_COST, buyer]])
    return np.asarray(np.bincount(payer, costs, count))
