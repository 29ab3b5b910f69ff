"""The active channel: the rows that a policy leaves active, without the others.

A network is built at its largest; under a policy many slots, holdings and alternate links are idle. They
would change nothing in a run but cost time, so a run works on copies of the tables without them. Order and
identity of the remaining rows stay, hence all draws and sums.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from channelsim import columns as c
from channelsim.attempts import renumbered
from channelsim.expansion import BuiltWorld, tier_table
from channelsim.links import Links
from channelsim.members import Members
from channelsim.routes import receivers_of
from channelsim.state_layout import cell, cell_address
from channelsim.tables import Floats, Integers, Sizes, Terms

Built = TypeVar("Built", bound=BuiltWorld)


def _renumber(kept: np.ndarray) -> Integers:
    """Return the new row of every old row, -1 for rows that go; one more entry maps -1 to -1."""
    new = np.cumsum(kept) - 1
    return np.append(np.where(kept, new, -1), -1)


def active_channel(channel: Built, terms: Terms, posted: Floats) -> tuple[Built, Terms, Floats]:
    """Return a channel, its terms and its posted prices with the rows that are active under the terms.

    Parameters
    ----------
    channel : Channel
        As built.
    terms : Terms
    posted : array (links,)
        Both from `channelsim.application.terms_under`: without a state.
    """
    world, sizes = channel.world, channel.sizes
    listed = terms.holdings[c.LISTED] > 0
    member_of = world.holdings_index[c.MEMBER]
    active = np.zeros(sizes.members, dtype=bool)
    active[member_of[listed]] = True
    # where power is measured, links on which a buyer could order stay
    link = terms.links[c.LINK_OPEN if sizes.relationships else c.LINK_ACTIVE] > 0
    nobody_orders = not link.any()  # an empty table has no gaps: it would be another type in compiled code
    if nobody_orders or (listed.all() and active.all() and link.all()):
        return sized(channel, terms), terms, posted
    new_member, new_holding, new_link = _renumber(active), _renumber(listed), _renumber(link)
    member_rows, holding_rows, link_rows = (np.flatnonzero(kept) for kept in (active, listed, link))
    store, shelf = active[channel.first_store :], listed[channel.first_shelf :]
    new_store = _renumber(store)
    stores, shelves = int(store.sum()), int(shelf.sum())

    holdings_index = _columns(world.holdings_index, holding_rows)
    for column, new in ((c.MEMBER, new_member), (c.STORE, new_store)):
        holdings_index[column] = new[holdings_index[column]]
    holdings_index[c.PRICE_ZONE] = _first_of_zone(holdings_index[c.PRICE_ZONE])
    links_index = _columns(world.links_index, link_rows)
    for column in (c.SUPPLIER_HOLDING, c.BUYER_HOLDING):
        links_index[column] = new_holding[links_index[column]]
    for column in (c.SUPPLIER_MEMBER, c.BUYER_MEMBER):
        links_index[column] = new_member[links_index[column]]
    count = len(holding_rows)
    holdings_index[c.FIRST_LINK] = np.searchsorted(links_index[c.SUPPLIER_HOLDING], np.arange(count), "left")
    holdings_index[c.END_LINK] = np.searchsorted(links_index[c.SUPPLIER_HOLDING], np.arange(count), "right")
    members_index = _columns(world.members_index, member_rows)
    members = len(member_rows)
    members_index[c.FIRST_HOLDING] = np.searchsorted(holdings_index[c.MEMBER], np.arange(members), "left")
    members_index[c.END_HOLDING] = np.searchsorted(holdings_index[c.MEMBER], np.arange(members), "right")

    kept_members = _members(channel.members, member_rows)
    asked = terms.influence.influenced
    kept_links, related = _links(channel.links, link_rows, terms.links[c.LINK_ACTIVE], asked, links_index)
    links_index[c.RELATIONSHIP] = kept_links.relationship
    route = listed[world.routes].all(axis=0)
    routes = np.ascontiguousarray(new_holding[world.routes[:, route]])
    new_sizes = sizes._replace(
        members=members,
        stores=stores,
        holdings=count,
        shelves=shelves,
        links=len(link_rows),
        relationships=len(related) if sizes.relationships else 0,
        incentives=len(link_rows) if terms.incentives.shape[1] else 0,
        routes=int(route.sum()),
        upper_links=int((links_index[c.BUYER_MEMBER] < members - stores).sum()),
    )
    events, event_values = _events(
        channel, new_sizes, {"holdings": new_holding, "links": new_link, "members": new_member}
    )
    kept_world = world._replace(
        territories_index=_territories(channel, store, shelf),
        members=_columns(world.members, member_rows),
        members_index=members_index,
        holdings=_columns(world.holdings, holding_rows),
        holdings_index=holdings_index,
        links_index=links_index,
        tiers_index=tier_table(channel.tiers, kept_members.tier, holdings_index, links_index),
        travel=world.travel[store[channel.travel_store]],
        events=events,
        event_values=event_values,
        routes=routes,
        receivers=receivers_of(routes),
        route_km=world.route_km[route],
    )
    holding_of = channel.holding_of[member_rows]
    kept_channel = replace(
        channel,
        world=kept_world,
        sizes=new_sizes,
        members=kept_members,
        links=kept_links,
        built_holding=holding_rows,
        built_relationship=related,
        holding_of=new_holding[holding_of],
        travel_store=new_store[channel.travel_store[store[channel.travel_store]]],
    )
    rows = member_rows, holding_rows, link_rows
    kept_terms = _terms(channel, terms, new_sizes.relationships, rows, new_holding, new_link, related)
    return kept_channel, kept_terms, posted[link_rows]


def sized(channel: Built, terms: Terms) -> Built:
    """Return a channel with room for what buyers make of incentives, if its terms have any."""
    incentives = terms.incentives.shape[1]
    if incentives == channel.sizes.incentives:
        return channel
    return replace(channel, sizes=channel.sizes._replace(incentives=incentives))


def _columns(table: np.ndarray, rows: Integers) -> np.ndarray:
    """Return the columns of a table that stand for these rows; several times faster than a mask."""
    return np.take(table, rows, axis=1, mode="clip")


def _first_of_zone(zone: Integers) -> Integers:
    """Return the new row of the first remaining holding of each price zone, -1 outside zones."""
    unique, first, inverse = np.unique(zone, return_index=True, return_inverse=True)
    return np.where(unique[inverse] >= 0, first[inverse], -1)


def _members(members: Members, rows: Integers) -> Members:
    """Return the rows of the active members; counts, groups and owners stay as built."""
    return replace(
        members,
        group=members.group[rows],
        territory=members.territory[rows],
        slot=members.slot[rows],
        tier=members.tier[rows],
        role=members.role[rows],
        owner=members.owner[rows],
        position=members.position[rows],
        keys=members.keys[rows],
        names=list(map(members.names.__getitem__, rows.tolist())),
        attributes={k: v[rows] for k, v in members.attributes.items()},
        rows={},
        built_row=members.built_row[rows],
    )


def _links(
    links: Links, kept: np.ndarray, used_link: np.ndarray, asked: Integers, index: Integers
) -> tuple[Links, Integers]:
    """Return the remaining links, and the built rows of the relationships that they make up."""
    related, relationship = np.unique(links.relationship[kept], return_inverse=True)
    used = np.bincount(relationship, used_link[kept], len(related)) > 0
    # those in use first: what they feel is settled for no others; of them those where anybody asks
    order = np.lexsort((~np.isin(related, asked), ~used))
    related, relationship = related[order], np.argsort(order)[relationship]
    return (
        Links(
            supplier_holding=index[c.SUPPLIER_HOLDING],
            buyer_holding=index[c.BUYER_HOLDING],
            rank=links.rank[kept],
            contract=links.contract[kept],
            relationship=relationship.astype(np.int64),
            supplying_owner=links.supplying_owner[related],
            buying_owner=links.buying_owner[related],
        ),
        related,
    )


def _territories(channel: BuiltWorld, store: np.ndarray, shelf: np.ndarray) -> Integers:
    """Return the territories' table with the rows of the remaining stores, shelves and factors."""
    index = channel.world.territories_index.copy()
    stores, shelves = np.append(0, np.cumsum(store)), np.append(0, np.cumsum(shelf))
    factors = np.append(0, np.cumsum(store[channel.travel_store]))
    linear = channel.scenario.demand.system == "linear"
    for column, before in (
        (c.FIRST_STORE, stores),
        (c.END_STORE, stores),
        (c.FIRST_SHELF, shelves),
        (c.END_SHELF, shelves),
    ):
        index[column] = before[index[column]]
    if linear:
        squares = 2 * (index[c.END_SHELF] - index[c.FIRST_SHELF]) ** 2
        index[c.FIRST_RESPONSE] = np.append(0, np.cumsum(squares))[:-1]
    else:
        index[c.FIRST_RESPONSE] = factors[index[c.FIRST_RESPONSE]]
    return index


def _events(channel: BuiltWorld, sizes: Sizes, new_rows: dict[str, Integers]) -> tuple[Integers, Floats]:
    """Return the events on remaining rows, addressed in the new layout of the state."""
    events, values = channel.world.events, channel.world.event_values
    kept = []
    for k, place in enumerate(events[:, 3]):
        table, column, row = cell_address(channel.sizes, int(place))
        new = int(new_rows[table][row]) if table in new_rows else row
        if new >= 0:
            kept.append((k, cell(sizes, table, column, new)))
    rows = np.array([k for k, _ in kept], dtype=np.int64)
    moved = events[rows]
    moved[:, 3] = [place for _, place in kept]
    return moved, values[rows]


def _terms(
    channel: BuiltWorld,
    terms: Terms,
    relationships: int,
    rows: tuple[Integers, Integers, Integers],
    new_holding: Integers,
    new_link: Integers,
    related: Integers,
) -> Terms:
    """Return the terms of the remaining members, holdings and links (``rows``)."""
    member_rows, holding_rows, link_rows = rows
    shelves = holding_rows[np.searchsorted(holding_rows, channel.first_shelf) :] - channel.first_shelf
    incentive_table, incentive_index = terms.incentives, terms.incentives_index
    if terms.incentives.shape[1]:
        incentive_table = _columns(incentive_table, link_rows)
        incentive_index = _columns(incentive_index, link_rows)
        speaks = incentive_index[c.PROMISING_RELATIONSHIP]
        row = np.full(channel.sizes.relationships, -1)
        row[related[:relationships]] = np.arange(relationships)
        speaks[speaks >= 0] = row[speaks[speaks >= 0]]
    index = _columns(terms.holdings_index, holding_rows)
    index[c.SOURCE_LINK] = new_link[index[c.SOURCE_LINK]]
    index[c.GUARDIAN] = new_holding[index[c.GUARDIAN]]
    links_index = _columns(terms.links_index, link_rows)
    links_index[c.PRINCIPAL_HOLDING] = new_holding[links_index[c.PRINCIPAL_HOLDING]]
    slopes = terms.slopes
    if channel.scenario.demand.system == "linear":
        slopes = _slopes(channel, terms, shelves)
    return terms._replace(
        members=_columns(terms.members, member_rows),
        holdings=_columns(terms.holdings, holding_rows),
        holdings_index=index,
        links=_columns(terms.links, link_rows),
        links_index=links_index,
        utility=_columns(terms.utility, shelves),
        slopes=slopes,
        influence=renumbered(terms.influence, new_holding, new_link, related, relationships),
        incentives=incentive_table,
        incentives_index=incentive_index,
    )


def _slopes(channel: BuiltWorld, terms: Terms, shelves: Integers) -> Floats:
    """Return the slopes B and B⁻¹ of linear demand among the remaining shelves."""
    index, blocks = channel.world.territories_index, []
    shelf = np.zeros(channel.sizes.shelves, dtype=bool)
    shelf[shelves] = True
    for t in range(channel.sizes.territories):
        rows = slice(index[c.FIRST_SHELF, t], index[c.END_SHELF, t])
        n, start, kept = rows.stop - rows.start, index[c.FIRST_RESPONSE, t], shelf[rows]
        for k in range(2):
            block = terms.slopes[start + k * n * n : start + (k + 1) * n * n].reshape(n, n)
            blocks.append(block[np.ix_(kept, kept)].ravel())
    return np.concatenate(blocks)
