"""Attempts at influence as rows: which relationships and holdings they concern under a policy."""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.codes import BEHAVIOURS, BUYER_ASKS, DEMAND_SYSTEMS, STRATEGIES, SUPPLIER_ASKS
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.influence_consistency import check_attempts
from channelsim.influence_parts import Attempt
from channelsim.parts import brand_value
from channelsim.schema import columns_of, position
from channelsim.tables import Floats, Influence, Integers, State, Terms

_NUMBERS = (
    "intensity", "reward", "sanction", "detection", "enforcement", "reliability", "reimbursement_weeks",
    "attention",
)  # fmt: skip
_SIDES = "supplier", "buyer"


def attempts_under(built: BuiltWorld, policy: Policy) -> list[Attempt]:
    """Return the attempts of a scenario under a policy: one of the same name takes the scenario's place.

    Raises
    ------
    ScenarioError
        If the scenario cannot feel one of them.
    """
    if not policy.influence:
        return built.scenario.influence
    found = {a.name: a for a in built.scenario.influence} | {a.name: a for a in policy.influence}
    try:
        check_attempts([*found.values()], built.scenario, "influence")
    except ValueError as error:
        raise ScenarioError(f"policy {policy.name}: {error}") from None
    return [*found.values()]


def _table(name: str, rows: int, kind: str = "float") -> np.ndarray:
    dtype = np.float64 if kind == "float" else np.int64
    return np.zeros((len(columns_of(name, "terms", kind)), rows), dtype=dtype)


def no_influence(relationships: int) -> Influence:
    """Return the tables of a policy under which nobody asks for anything."""
    nothing = np.zeros(0, dtype=np.int64)
    return Influence(
        _table("attempts", 0), _table("attempts", 0, "int"), nothing,
        _table("asked", 0), _table("asked", 0, "int"), nothing,
        _table("booked", 0), _table("booked", 0, "int"), _table("relationships", relationships),
    )  # fmt: skip


def influence_under(built: BuiltWorld, policy: Policy, link_active: Floats) -> Influence:
    """Return the tables of influence under a policy.

    Parameters
    ----------
    link_active : array (links,)
        1 for links on which the buyer orders.

    Raises
    ------
    ScenarioError
        If the scenario cannot feel an attempt, or two ask the same firm for the same behaviour.
    """
    attempts = [(a, *_asked_links(built, a, link_active)) for a in attempts_under(built, policy)]
    attempts = [found for found in attempts if len(found[2])]
    if not attempts:
        return no_influence(built.sizes.relationships)
    relationship = built.world.links_index[c.RELATIONSHIP]
    entries = [np.unique(relationship[links]) for _, _, links in attempts]
    _check_overlap(built, attempts, entries)
    numbers, index = _table("attempts", len(attempts)), _table("attempts", len(attempts), "int")
    for k, (attempt, sender, _) in enumerate(attempts):
        _fill_attempt(attempt, sender, k, numbers, index)
    index[c.DEMAND_SYSTEM] = DEMAND_SYSTEMS.index(built.scenario.demand.system)
    counts = np.cumsum([0, *map(len, entries)])
    index[c.FIRST_ENTRY], index[c.END_ENTRY] = counts[:-1], counts[1:]
    counts = np.cumsum([0, *(len(links) for _, _, links in attempts)])
    index[c.FIRST_ASKED], index[c.END_ASKED] = counts[:-1], counts[1:]
    asked, asked_index = _asked(built, attempts)
    influenced = np.unique(np.concatenate(entries))
    booked, booked_index = _booked(built, influenced, link_active)
    return Influence(
        numbers,
        index,
        np.concatenate(entries),
        asked,
        asked_index,
        influenced,
        booked,
        booked_index,
        _at_hand(built, attempts, entries),
    )


def _asked_links(built: BuiltWorld, attempt: Attempt, link_active: Floats) -> tuple[int, Integers]:
    """Return which side asks, and the links in use between both groups, of the brands asked about."""
    names, links = [g.name for g in built.scenario.members], built.world.links_index
    sender, receiver = names.index(attempt.sender), names.index(attempt.receiver)
    supplying, buying = (built.members.group[links[k]] for k in (c.SUPPLIER_MEMBER, c.BUYER_MEMBER))
    side = SUPPLIER_ASKS if attempt.sender in built.scenario.members[receiver].suppliers else BUYER_ASKS
    pair = (sender, receiver) if side == SUPPLIER_ASKS else (receiver, sender)
    owner = built.members.owner
    of_two = owner[links[c.SUPPLIER_MEMBER]] != owner[links[c.BUYER_MEMBER]]
    level = _wanted(built, attempt)[built.world.holdings_index[c.BRAND, links[c.BUYER_HOLDING]]]
    chosen = (link_active > 0) & (supplying == pair[0]) & (buying == pair[1]) & of_two & ~np.isnan(level)
    return side, np.flatnonzero(chosen)


def _wanted(built: BuiltWorld, attempt: Attempt) -> Floats:
    """Return the level asked for, by brand (NaN: nothing is asked)."""
    return np.array([brand_value(attempt.wanted, b.name) for b in built.scenario.brands])


def _fill_attempt(attempt: Attempt, sender: int, k: int, numbers: Floats, index: Integers) -> None:
    for name in _NUMBERS:
        value = getattr(attempt, name)
        numbers[position(name), k] = np.nan if value is None else value
    weights = np.array(attempt.strategies.weights)
    for name, share in zip(STRATEGIES, weights / weights.sum()):
        numbers[position(f"{name}_share"), k] = share
    receiver = _SIDES[1 - sender]
    index[c.BEHAVIOUR, k], index[c.SENDER, k] = BEHAVIOURS.index(attempt.behaviour), sender
    index[c.ADHERENCE_COLUMN, k] = position(f"{attempt.behaviour}_adherence_of_{receiver}")
    index[c.COST_COLUMN, k] = position(f"asked_{attempt.behaviour}_cost_of_{receiver}")


def _check_overlap(
    built: BuiltWorld, attempts: list[tuple[Attempt, int, Integers]], entries: list[Integers]
) -> None:
    """Refuse two attempts of a firm on the same behaviour of the same partner (chains are one firm)."""
    taken: dict[tuple[int, int, str], Attempt] = {}
    for (attempt, sender, _), rows in zip(attempts, entries):
        for r in rows:
            other = taken.setdefault((int(r), sender, attempt.behaviour), attempt)
            if other is not attempt:
                raise ScenarioError(
                    f"influence.{attempt.name}: asks the same firm for the same behaviour as {other.name!r}"
                )


def _asked(built: BuiltWorld, attempts: list[tuple[Attempt, int, Integers]]) -> tuple[Floats, Integers]:
    links = built.world.links_index
    rows = [
        (links[c.BUYER_HOLDING if sender == SUPPLIER_ASKS else c.SUPPLIER_HOLDING, chosen], chosen)
        for _, sender, chosen in attempts
    ]
    holding, link = (np.concatenate(parts) for parts in zip(*rows))
    asked, index = _table("asked", len(link)), _table("asked", len(link), "int")
    index[c.ASKED_HOLDING], index[c.ASKED_LINK] = holding, link
    index[c.ASKED_RELATIONSHIP] = links[c.RELATIONSHIP, link]
    brand = built.world.holdings_index[c.BRAND]
    asked[c.WANTED] = np.concatenate(
        [_wanted(built, a)[brand[h]] for (a, _, _), (h, _) in zip(attempts, rows)]
    )
    return asked, index


def _booked(built: BuiltWorld, influenced: Integers, link_active: Floats) -> tuple[Floats, Integers]:
    """Return the links in use of the relationships with attempts, each with its share."""
    relationship = built.world.links_index[c.RELATIONSHIP]
    link = np.flatnonzero((link_active > 0) & np.isin(relationship, influenced))
    _, inverse, count = np.unique(relationship[link], return_inverse=True, return_counts=True)
    booked, index = _table("booked", len(link)), _table("booked", len(link), "int")
    booked[c.BOOKED_SHARE] = 1.0 / count[inverse]
    index[c.BOOKED_LINK], index[c.BOOKED_RELATIONSHIP] = link, relationship[link]
    return booked, index


def _at_hand(
    built: BuiltWorld, attempts: list[tuple[Attempt, int, Integers]], entries: list[Integers]
) -> Floats:
    """Return what each side promises and threatens in all, and how it reimburses."""
    table = _table("relationships", built.sizes.relationships)
    table[c.RELIABILITY_OF_SUPPLIER : c.RELIABILITY_OF_BUYER + 1] = 1.0
    table[c.SETTLED_SHARE_OF_SUPPLIER : c.SETTLED_SHARE_OF_BUYER + 1] = 1.0
    for (attempt, sender, _), rows in zip(attempts, entries):
        if attempt.strategies.promise > 0:
            table[c.REWARD_AT_HAND_OF_SUPPLIER + sender, rows] += attempt.reward or 0.0
            table[c.RELIABILITY_OF_SUPPLIER + sender, rows] = attempt.reliability
            settled = 1.0 / (1.0 + attempt.reimbursement_weeks)
            table[c.SETTLED_SHARE_OF_SUPPLIER + sender, rows] = settled
        if attempt.strategies.threat > 0:
            table[c.FINE_AT_HAND_OF_SUPPLIER + sender, rows] += attempt.sanction or 0.0
    return table


def keep_own_prices(terms: Terms, state: State) -> None:
    """Write the opening price of every holding asked, and of the link where its buyer asks."""
    asked, index = terms.influence.asked, terms.influence.asked_index
    asked[c.OWN_PRICE] = state.holdings[c.PRICE, index[c.ASKED_HOLDING]]
    for k in np.flatnonzero(terms.influence.attempts_index[c.SENDER] == BUYER_ASKS):
        rows = slice(*terms.influence.attempts_index[[c.FIRST_ASKED, c.END_ASKED], k])
        asked[c.OWN_PRICE, rows] = state.links[c.WHOLESALE_PRICE, index[c.ASKED_LINK, rows]]


def renumbered(
    influence: Influence, new_holding: Integers, new_link: Integers, related: Integers, relationships: int
) -> Influence:
    """Return the tables of influence for the rows that remain: all that they point at is in use.

    Parameters
    ----------
    new_holding, new_link : array
        New row of every old row.
    related : array
        Old rows of the remaining relationships.
    relationships : int
        Relationships of the state: none where power is not measured.
    """
    if not relationships:
        return influence
    new = np.full(influence.relationships.shape[1], -1)
    new[related] = np.arange(len(related))
    asked, booked = influence.asked_index.copy(), influence.booked_index.copy()
    asked[c.ASKED_HOLDING] = new_holding[asked[c.ASKED_HOLDING]]
    asked[c.ASKED_LINK] = new_link[asked[c.ASKED_LINK]]
    asked[c.ASKED_RELATIONSHIP] = new[asked[c.ASKED_RELATIONSHIP]]
    booked[c.BOOKED_LINK] = new_link[booked[c.BOOKED_LINK]]
    booked[c.BOOKED_RELATIONSHIP] = new[booked[c.BOOKED_RELATIONSHIP]]
    return influence._replace(
        entries=new[influence.entries],
        asked_index=asked,
        influenced=new[influence.influenced],
        booked_index=booked,
        relationships=np.ascontiguousarray(influence.relationships[:, related]),
    )
