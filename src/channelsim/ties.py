"""The ties of a channel: who could supply whom, and what else each firm could do."""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.base_inputs import given_bases, of_knowledge, peers, relative_equity
from channelsim.codes import PRICE_NEGOTIATED
from channelsim.expansion import BuiltWorld
from channelsim.member_parts import MemberGroup
from channelsim.power_parts import OF_SUPPLIERS, OutsideOption
from channelsim.schema import column
from channelsim.tables import Floats, Integers, PowerRoom, Ties

SUMS = 9
"""Sums that `mechanisms.dependence` keeps of either side while it asks what would be."""

CELLS_A_BLOCK = 4
"""Consumer cells of a territory and segment fill blocks of so many (`mechanisms.rechoice`)."""


def ties_of(channel: BuiltWorld) -> Ties:
    """Return the ties of a channel (as it runs: idle rows may be left out)."""
    world, links, scenario = channel.world, channel.links, channel.scenario
    count, index = len(links.supplying_owner), world.links_index
    by_relationship = np.argsort(links.relationship, kind="stable")
    place = np.arange(count)
    buyer = index[c.BUYER_HOLDING]
    by_buyer = np.lexsort((index[c.RANK], buyer))
    holdings, of_buyer = np.arange(channel.sizes.holdings), buyer[by_buyer]
    rows, span = _option_entries(channel)
    contracts, link_contract = _negotiated(channel)
    nothing = [[o.acceptance, o.fixed_cost, o.unit_cost, o.price] for o in scenario.power.outside_options]
    values = [[np.nan if v is None else v for v in option] for option in nothing]
    sorted_relationship = links.relationship[by_relationship]
    return Ties(
        relationships_index=np.stack(
            [
                links.supplying_owner,
                links.buying_owner,
                np.searchsorted(sorted_relationship, place, "left"),
                np.searchsorted(sorted_relationship, place, "right"),
            ]
        ),
        tie_links=by_relationship,
        source_links=by_buyer,
        source_span=np.stack(
            [np.searchsorted(of_buyer, holdings, "left"), np.searchsorted(of_buyer, holdings, "right")]
        ),
        peer_loyalty=_peer_loyalty(channel),
        contracts=contracts,
        link_contract=link_contract,
        capacitated=any(g.capacity < column("capacity").high for g in scenario.members),
        options=np.array(values, dtype=np.float64).reshape(-1, 4).T.copy(),
        option_rows=rows,
        option_span=span,
        peers=peers(channel),
        given_bases=given_bases(channel),
        investment=of_knowledge(channel, "investment"),
        relative_equity=relative_equity(channel),
        norm=scenario.bases.contract_strength * scenario.bases.norm,
        may_terminate=1.0 if scenario.bases.may_terminate else 0.0,
    )


def _negotiated(channel: BuiltWorld) -> tuple[Integers, Integers]:
    """Return relationship and brand of every negotiated contract, and each link's contract (-1: none)."""
    index, links = channel.world.holdings_index, channel.links
    supplier, brands = links.supplier_holding, len(channel.scenario.brands)
    negotiated = np.flatnonzero(index[c.PRICE_RULE, supplier] == PRICE_NEGOTIATED)
    pairs = links.relationship[negotiated] * brands + index[c.BRAND, supplier[negotiated]]
    unique, contract = np.unique(pairs, return_inverse=True)
    of_link = np.full(channel.sizes.links, -1)
    of_link[negotiated] = contract.ravel()
    return np.stack([unique // brands, unique % brands]), of_link


def _peer_loyalty(channel: BuiltWorld) -> Floats:
    """Return, for each shelf, the median loyalty of the territory's stores with its brand."""
    first, index = channel.first_shelf, channel.world.holdings_index
    member, brand = index[c.MEMBER, first:], index[c.BRAND, first:]
    loyalty, territory = channel.world.members[c.LOYALTY, member], channel.members.territory[member]
    _, group, count = np.unique(
        territory * len(channel.scenario.brands) + brand, return_inverse=True, return_counts=True
    )
    ordered, start = loyalty[np.lexsort((loyalty, group))], np.cumsum(count) - count
    median = (ordered[start + (count - 1) // 2] + ordered[start + count // 2]) / 2.0
    return np.asarray(median[group])


def _option_entries(channel: BuiltWorld) -> tuple[Integers, Integers]:
    """Return the options of each relationship's sides, end to end, and where each side's begin and end."""
    groups, options = channel.scenario.members, channel.scenario.power.outside_options
    sides = channel.links.supplying_owner, channel.links.buying_owner
    entries: list[int] = []
    span = np.zeros((4, len(sides[0])), dtype=np.int64)
    if options:
        having = [_owners(channel, [g for g in groups if g.name == o.group]) for o in options]
        replaced = [_partners(channel, o) for o in options]
        for r in range(len(sides[0])):
            for side in range(2):
                span[2 * side, r] = len(entries)
                for k, option in enumerate(options):
                    if (option.kind in OF_SUPPLIERS) == (side == 0):
                        fits = sides[side][r] in having[k] and sides[1 - side][r] in replaced[k]
                        entries += [k] if fits else []
                span[2 * side + 1, r] = len(entries)
    return np.array(entries, dtype=np.int64), span


def _owners(channel: BuiltWorld, groups: list[MemberGroup]) -> set[int]:
    """Return the firms that own a member of the groups."""
    positions = [channel.scenario.members.index(g) for g in groups]
    return set(channel.members.owner[np.isin(channel.members.group, positions)].tolist())


def _partners(channel: BuiltWorld, option: OutsideOption) -> set[int]:
    """Return the firms in whose place an option can be taken."""
    groups = channel.scenario.members
    return _owners(channel, [g for g in groups if option.partner in ("", g.name, g.owner)])


def power_room(channel: BuiltWorld) -> PowerRoom:
    """Return new room for the reviews of power of a channel."""
    sizes, index, tiers = channel.sizes, channel.world.territories_index, channel.tiers
    shelves, owners = index[c.END_SHELF] - index[c.FIRST_SHELF], len(channel.members.owners)
    n = int(shelves.max()) if channel.scenario.demand.system == "linear" else 1
    of_stores, of_paths = (sizes.segments, sizes.stores), (tiers, sizes.shelves)
    logit = channel.scenario.demand.system == "logit"
    zones = index[c.END_ZONE] - index[c.FIRST_ZONE] if logit else 0 * shelves
    span = -(-zones // CELLS_A_BLOCK) * CELLS_A_BLOCK
    width = sizes.segments * span
    travel = width * (index[c.END_STORE] - index[c.FIRST_STORE])
    footholds = np.minimum(tiers * shelves, owners)
    return PowerRoom(
        source=np.zeros(sizes.holdings, dtype=np.int64),
        status=np.zeros(sizes.holdings, dtype=np.int64),
        affected=np.zeros(sizes.holdings, dtype=np.int64),
        flow=np.zeros(sizes.shelves),
        store_attraction=np.zeros(of_stores),
        store_scale=np.zeros(of_stores),
        store_reach=np.zeros(of_stores),
        top=np.zeros((3, sizes.holdings)),
        owners=np.zeros((3, owners)),
        owner_span=np.zeros((2, owners), dtype=np.int64),
        path_shelf=np.zeros(tiers * sizes.shelves, dtype=np.int64),
        path_earnings=np.zeros((2, tiers * sizes.shelves)),
        path_owner=np.zeros(of_paths, dtype=np.int64),
        path_margin=np.zeros(of_paths),
        path_taken=np.zeros(of_paths),
        path_foothold=np.zeros(of_paths, dtype=np.int64),
        owner_foothold=np.zeros(owners, dtype=np.int64),
        footholds=np.zeros((2, int(footholds.sum())), dtype=np.int64),
        foothold_value=np.zeros(int(footholds.sum())),
        foothold_sums=np.zeros((2, int((footholds * width).sum()))),
        layout=np.stack([np.cumsum(width) - width, span, np.cumsum(travel) - travel]),
        cells=np.zeros((3, int(width.sum()))),
        store_travel=np.zeros(int(travel.sum())),
        peers=np.zeros((6, sizes.shelves)),
        tally=np.zeros((2, SUMS)),
        system=np.zeros((n, n + 1)),
        of_peers=np.zeros((2, len(channel.scenario.members) ** 2)),
    )
