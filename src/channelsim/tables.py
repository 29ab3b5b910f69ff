"""The arrays that the compiled rules read and write.

`World` is fixed for a run, `Terms` is all that a policy changes, `State` is what one replication
mutates. Each table is one array per number type (columns × rows); its columns are declared in
``columns.csv``. The longest tables of a state have gaps between their rows (`channelsim.rows`), all others
have none. All tables of the state, and its rings, are views on one flat buffer:
a reset is one copy, the check for NaN one loop.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LINE = 8
"""Numbers in a line of the cache."""


class World(NamedTuple):
    """What is fixed for a run."""

    scenario: Floats
    """(columns,) scenario-wide parameters."""
    territories: Floats
    territories_index: Integers
    segments: Floats
    members: Floats
    members_index: Integers
    holdings: Floats
    holdings_index: Integers
    links_index: Integers
    tiers_index: Integers
    zone_buyers: Floats
    """(segments, zones) potential buyers per week."""
    travel: Floats
    """Travel factors exp(-τ·distance) of logit demand, flat: territory, segment, zone, store."""
    calendar: Floats
    """(weeks, territories) season × growth."""
    trace: Floats
    """(rows, weeks) given demand."""
    gamma: Floats
    """Quantile table of gamma noise."""
    events: Integers
    """(events, 4) first week, end week, operation (0 set, 1 add, 2 multiply), cell of the flat state."""
    event_values: Floats
    """(events, 3): value, and the bounds of the column."""
    effects: Floats
    """(effects,) magnitudes of influence and relations, see ``effects.csv``."""
    routes: Integers
    """(2, routes) holding that could divert and shelf that it could supply, by shelf."""
    receivers: Integers
    """(3, receiving shelves) shelf, first of the routes to it, one past the last."""
    route_km: Floats
    """(routes,) length of each route."""


class Influence(NamedTuple):
    """Who asks whom for what, and with which strategies; no rows where nobody does."""

    attempts: Floats
    attempts_index: Integers
    entries: Integers
    """(entries,) relationships that the attempts concern, attempt by attempt."""
    asked: Floats
    asked_index: Integers
    influenced: Integers
    """(relationships with any attempt,) each once."""
    booked: Floats
    booked_index: Integers
    relationships: Floats


class Terms(NamedTuple):
    """What a policy sets."""

    members: Floats
    holdings: Floats
    holdings_index: Integers
    links: Floats
    links_index: Integers
    utility: Floats
    """(segments, shelves) utility of a shelf apart from price, service and travel; -inf if unlisted."""
    slopes: Floats
    """Linear demand: minus the derivatives ∂q_k/∂p_l per territory, flat."""
    base: Floats
    """The flat state from which every replication starts."""
    influence: Influence
    incentives: Floats
    """(columns, links) what the contracts' incentives are; no rows where there are none."""
    incentives_index: Integers


SETTLED_PRICE, SETTLED_SERVICE, SETTLED_SHIFT, SETTLED_OFFER, BASE_DEMAND = range(5)
"""Rows of the settled choices: what consumers chose by, and mean demand at the market's base size."""


CONTACTS = (13, 256)
"""Notes on relationships, and relationships at a time, of `mechanisms.influence`."""


class State(NamedTuple):
    """What one replication changes, as views on ``flat``."""

    flat: Floats
    territories: Floats
    members: Floats
    holdings: Floats
    links: Floats
    relationships: Floats
    """(columns, relationships); no rows where power is not measured."""
    pipeline: Floats
    """(ring of weeks, links) goods on their way, by week of arrival."""
    orders_in_transit: Floats
    """(ring of weeks, links) orders on their way, by week of arrival; no rows where none takes weeks."""
    payables: Floats
    """(ring of weeks, links) invoices, by week in which they fall due."""
    attraction: Floats
    """(segments, shelves) e^V of each shelf apart from travel; linear demand: unused."""
    store_attraction: Floats
    """(segments, stores) sum over the store's shelves."""
    store_demand: Floats
    """(segments, stores) D = Σ_z N_zg K_zgj/Δ_zg, buyers per week and unit of attraction at the market's
    base size."""
    store_square: Floats
    """(segments, stores) E = Σ_z N_zg (K_zgj/Δ_zg)², likewise per squared unit."""
    store_margin: Floats
    """(segments, stores) M = Σ a·m over the store's shelves, money; scratch of service effort."""
    price_system: Floats
    """(segments · (segments + 1), stores) [I − X | Y] of each store; scratch of best-response prices."""
    shelf_weight: Floats
    """(segments + 2, shelves) a/B, 1/B, and what a shelf adds to Y; scratch of best-response prices."""
    brand_attraction: Floats
    """(brands, stores) a of each store's shelf of a brand; scratch of service effort."""
    brand_overlap: Floats
    """(brands, stores) O of each store with a brand, buyers per week; scratch of service effort."""
    zone_inverse: Floats
    """(segments, zones) 1/Δ, the inverse of the logit denominator."""
    zone_weight: Floats
    """(segments, zones) N_zg/Δ, buyers per week and unit of attraction at the market's base size."""
    settled_choice: Floats
    """(5, shelves) price, perceived service, attractiveness and offer at which logit consumers' choices were
    settled last (offer −1: not yet), and the mean demand that came of them at the market's base size."""
    history: Floats
    """(window, holdings) past demand for moving averages."""
    routes: Floats
    """(2, routes) what a unit diverted on each route gains both sides, money; units diverted."""
    workspace: Floats
    """Scratch of the small linear solves and of sums by zone and brand."""
    incentives: Floats
    """(columns, links) what buyers make of incentives and what is paid; no rows where there are none."""
    contacts: Floats
    """(13, 256) scratch of influence: notes on a block of relationships; none where power is unmeasured."""


class Ties(NamedTuple):
    """Who could supply whom, for the reviews of power: fixed for a run under a policy."""

    relationships_index: Integers
    tie_links: Integers
    """(ties,) rows of the links, relationship by relationship."""
    source_links: Integers
    """(links,) rows of the links by buying holding, the preferred first."""
    source_span: Integers
    """(2, holdings) first of a holding's source links, and one past the last."""
    peer_loyalty: Floats
    """(shelves,) median loyalty of the territory's stores with the brand."""
    contracts: Integers
    """(2, contracts) relationship and brand of every contract whose price is negotiated."""
    link_contract: Integers
    """(links,) contract of each link, -1 where the price is not negotiated."""
    capacitated: bool
    """Whether any maker's capacity is bounded."""
    options: Floats
    """(4, options) acceptance, fixed cost, unit cost and price of outside options (NaN: as now)."""
    option_rows: Integers
    """(entries,) rows of the options of each relationship's sides."""
    option_span: Integers
    """(4, relationships) first and end of the supplier's entries, of the buyer's."""
    peers: Integers
    """(relationships,) label of the pair of member groups."""
    given_bases: Floats
    """(10, relationships) bases that the scenario gives, in the order of their columns; NaN: computed."""
    investment: Floats
    """(2, relationships) knowledge that either side gains a week."""
    relative_equity: Floats
    """(2, relationships) utility of the supplier's brands, loyalty of the buyer's stores, less the means."""
    norm: float
    """Contract strength × norm."""
    may_terminate: float
    """1 if a side may end the relationship, else 0."""


class PowerRoom(NamedTuple):
    """Room in which a thread asks what would be if a relationship ended."""

    source: Integers
    """(holdings,) link on which each holding would order."""
    status: Integers
    """(holdings,) whether it keeps its path, has another, or is lost."""
    affected: Integers
    """(holdings,) rows whose path leads through the relationship, sorted."""
    flow: Floats
    """(shelves,) mean demand that a shelf would have, units per week, if not formed of attraction and reach;
    where sums are shared (`mechanisms.rechoice`), what an affected shelf would gain in place."""
    store_attraction: Floats
    store_scale: Floats
    store_reach: Floats
    """(segments, stores) sum of attractions, factor of the assortment, and Σ_z M K/Δ or its change."""
    top: Floats
    """(3, holdings) at the makers: flow, flow freed, flow gained."""
    owners: Floats
    """(3, owners) positive margins, margins, sales over all flows, money per week."""
    owner_span: Integers
    """(2, owners) first of a firm's entries below, and one past the last."""
    path_shelf: Integers
    """(entries,) shelves whose path leads through a firm, firm by firm, in the order of the table."""
    path_earnings: Floats
    """(2, entries) what the firm earns and what it takes per unit there, money."""
    path_owner: Integers
    """(tiers, shelves) firms on each shelf's path, each once, from the store up; −1 beyond."""
    path_margin: Floats
    path_taken: Floats
    """(tiers, shelves) what each of them earns, and what it takes, per unit sold there, money."""
    path_foothold: Integers
    """(tiers, shelves) the foothold of each of them that the shelf belongs to."""
    owner_foothold: Integers
    """(owners,) scratch: the foothold of each firm that was numbered last."""
    footholds: Integers
    """(2, footholds) where the sums of each begin, and how many shelves it has."""
    foothold_value: Floats
    """(footholds,) positive margins of its flows, money per week."""
    foothold_sums: Floats
    """(2, …) sums over its shelves by consumer cell, in money and in units; foothold by foothold."""
    layout: Integers
    """(3, territories) each territory's first consumer cell, cells a segment, first travel factor."""
    cells: Floats
    """(3, cells) 1/Δ, buyers per week and unit of attraction, and scratch of one territory."""
    store_travel: Floats
    """Travel factors, flat: territory, store, cell."""
    peers: Floats
    """(6, shelves) demand as a peer's, median effort of the territory's shelves of the brand, and scratch."""
    tally: Floats
    """(2, 9) sums of the two sides over the flows that a relationship touches."""
    system: Floats
    """(n, n + 1) scratch of the linear solves."""
    of_peers: Floats
    """(2, labels) values of all suppliers and of all buyers of a pair of member groups, money per week."""


class Bargains(NamedTuple):
    """What is at stake in every negotiated contract, linear in the prices of all of them.

    A side gains constant + Σ coefficient · price, money per week, from a contract over its failing.
    """

    row: Integers
    """(entries,) contract of each entry."""
    column: Integers
    """(entries,) contract whose price the coefficient belongs to."""
    coefficients: Floats
    """(2, entries) of the supplier's gain and the buyer's."""
    constants: Floats
    outside: Floats
    """(2, contracts) what either side would have elsewhere above the point of disagreement."""
    units: Floats
    """(contracts,) units per week."""
    shelves: Integers
    """(contracts,) shelves that still trade under it."""
    sums: Floats
    """(2, contracts) scratch."""
    touched: Integers
    """(2, contracts) scratch: a list, and whether a contract is on it."""


class Draws(NamedTuple):
    """Random numbers of a block of weeks, drawn before the dynamics."""

    shelf: Floats
    """(weeks of the block, shelves) uniform or standard normal numbers."""
    market: Floats
    """(weeks of the block, territories) standard normal numbers."""
    scratch: Floats
    """(2, numbers at a time) room in which quantiles are formed."""


class Sizes(NamedTuple):
    """Numbers of rows, which fix the layout of a state."""

    territories: int
    segments: int
    brands: int
    members: int
    stores: int
    zones: int
    holdings: int
    shelves: int
    links: int
    relationships: int
    pipeline_weeks: int
    order_weeks: int
    payable_weeks: int
    history_weeks: int
    workspace: int
    routes: int
    incentives: int = 0
    """Links, where a contract has incentives under the policy; else 0."""
    upper_links: int = 0
    """Links on which members above the last tier buy."""
