"""What the power bases and the state of relations start from: peers, knowledge, equity, given bases."""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.codes import BASES
from channelsim.expansion import BuiltWorld
from channelsim.parts import brand_value
from channelsim.tables import Floats, Integers, State


def pair_of_groups(channel: BuiltWorld) -> tuple[Integers, Integers]:
    """Return the supplying and the buying member group of each relationship: those of its first link."""
    links, index, group = channel.links, channel.world.links_index, channel.members.group
    _, first = np.unique(links.relationship, return_index=True)
    return group[index[c.SUPPLIER_MEMBER, first]], group[index[c.BUYER_MEMBER, first]]


def peers(channel: BuiltWorld) -> Integers:
    """Return, for each relationship, the label of its pair of member groups."""
    supplying, buying = pair_of_groups(channel)
    pairs = supplying * len(channel.scenario.members) + buying
    return np.asarray(np.unique(pairs, return_inverse=True)[1], dtype=np.int64)


def given_bases(channel: BuiltWorld) -> Floats:
    """Return (10, relationships) bases that the scenario gives; NaN: none."""
    supplying, buying = pair_of_groups(channel)
    names = [g.name for g in channel.scenario.members]
    found = np.full((2 * len(BASES), len(supplying)), np.nan)
    for given in channel.scenario.bases.given:
        holder, over = names.index(given.holder), names.index(given.over)
        for side, rows in enumerate(
            ((supplying == holder) & (buying == over), (buying == holder) & (supplying == over))
        ):
            for k, base in enumerate(BASES):
                value = getattr(given, base)
                found[2 * k + side, rows] = np.nan if value is None else value
    return found


def of_knowledge(channel: BuiltWorld, field: str) -> Floats:
    """Return (2, relationships) opening level of knowledge of, or investment by, either side."""
    by_group = {k.group: getattr(k, field) for k in channel.scenario.bases.knowledge}
    values = np.array([by_group.get(g.name, 0.0) for g in channel.scenario.members])
    return np.stack([values[group] for group in pair_of_groups(channel)])


def relative_equity(channel: BuiltWorld) -> Floats:
    """Return (2, relationships) utility of the supplier's brands and loyalty of the buyer's, less means."""
    scenario, links, index = channel.scenario, channel.links, channel.world.links_index
    count = len(links.supplying_owner)
    if scenario.demand.system != "logit":
        return np.zeros((2, count))
    buyers = channel.world.zone_buyers.sum(axis=1)
    equity = np.array([[brand_value(s.equity, b.name) for b in scenario.brands] for s in scenario.segments])
    of_brand = buyers @ np.nan_to_num(equity) / max(buyers.sum(), 1e-300)
    of_link = of_brand[channel.world.holdings_index[c.BRAND, index[c.BUYER_HOLDING]]] - of_brand.mean()
    loyalty = channel.world.members[c.LOYALTY]
    stores = loyalty[channel.first_store :]
    store = index[c.BUYER_MEMBER] >= channel.first_store
    of_buyer = np.where(store, loyalty[index[c.BUYER_MEMBER]] - stores.mean(), 0.0)
    size = np.maximum(np.bincount(links.relationship, minlength=count), 1)
    return np.stack([np.bincount(links.relationship, v, count) / size for v in (of_link, of_buyer)])


def open_relations(channel: BuiltWorld, state: State) -> None:
    """Write the state from which relations start."""
    effects, rows = channel.world.effects, state.relationships
    for first, effect in (
        (c.CREDIBILITY_OF_SUPPLIER, c.OPENING_CREDIBILITY),
        (c.ENFORCEMENT_RECORD_OF_SUPPLIER, c.OPENING_ENFORCEMENT),
        (c.ECONOMIC_SATISFACTION_OF_SUPPLIER, c.OPENING_SATISFACTION),
        (c.SOCIAL_SATISFACTION_OF_SUPPLIER, c.OPENING_SATISFACTION),
        (c.TRUST_OF_SUPPLIER, c.OPENING_TRUST),
        (c.COMMITMENT_OF_SUPPLIER, c.OPENING_COMMITMENT),
    ):
        rows[first : first + 2] = effects[effect]
    rows[c.CONFLICT] = effects[c.OPENING_CONFLICT]
    rows[c.KNOWLEDGE_OF_SUPPLIER : c.KNOWLEDGE_OF_BUYER + 1] = of_knowledge(channel, "level")
