"""Listing: which brands a store takes on its shelves where space is limited, and what it is paid for it.

Idea: a shelf is scarce. A store group may have a ``listing_limit``, at most n brands, and ask a
``listing_fee``, money per week and listed shelf, from whoever supplies the shelf. Who buys decides: a chain
once for all its stores of a group, an independent store for itself; both for the firm that owns them. It
lists the set of at most n brands that is worth most to that firm (`channelsim.listing_choice`: what a list is
worth, when a supplier pays for a listing, how the best is found).

Buyers decide in turn, the others' shelves given, until no one changes anything: a Nash equilibrium in pure
strategies. There may be none, and then the lists of the last of `MOST_ROUNDS` rounds hold.

What a contract brings (`channelsim.agreements`) is decided here as well, by every store that buys under it: a
*franchise fee* is paid while a brand under it is listed, so that a brand that is not worth its fee is not
taken; *exclusive dealing* is accepted or declined (`channelsim.exclusive_dealing`).

Limit and switch: without a limit, a fee and an offer no step is taken, and every store lists what it can get.
"""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.agreements import Agreements
from channelsim.asked_of_stores import AskedOfStores
from channelsim.exclusive_dealing import decide
from channelsim.expansion import BuiltWorld
from channelsim.listing_choice import ListingChoice
from channelsim.member_parts import MemberGroup
from channelsim.scenario import Scenario
from channelsim.shelf_market import Buyer, ShelfMarket
from channelsim.tables import Floats, Integers, Terms

MOST_ROUNDS = 20
"""Rounds after which buyers' lists stand, whether or not someone would still change his."""


def decides(group: MemberGroup) -> bool:
    """Return whether the stores of a group choose what they list."""
    return group.sells_to_consumers and (group.listing_limit is not None or group.listing_fee > 0)


def limits_listing(scenario: Scenario) -> bool:
    """Return whether any store of a scenario chooses what it lists."""
    return any(decides(group) for group in scenario.members)


def choose_listings(built: BuiltWorld, terms: Terms, agreements: Agreements) -> tuple[Floats, Integers]:
    """Return what is listed when the stores have chosen, and the offers of exclusive dealing they accept.

    Parameters
    ----------
    built : BuiltWorld
    terms : Terms
        With every shelf listed that finds a source, and its opening state.
    agreements : Agreements

    Returns
    -------
    array (holdings,)
        1 for every holding that stays listed, else 0.
    array (members,)
        The offer accepted, as `Agreements.offers` numbers them; -1 if none.
    """
    market = ShelfMarket(built, terms)
    buyers = _buyers(built, market, agreements, terms)
    accepted = np.full(built.sizes.members, -1)
    # changes in each territory so far, and those each buyer has seen: with no other, it decides alike
    changes, seen = np.zeros(built.sizes.territories, dtype=np.int64), [-1] * len(buyers)
    for _ in range(MOST_ROUNDS):
        changed = False
        for b, buyer in enumerate(buyers):
            stores = built.first_store + buyer.stores
            territories = np.unique(built.members.territory[stores])
            if changes[territories].sum() == seen[b]:
                continue
            brands, accepted[stores] = decide(ListingChoice(market, buyer))
            if market.take(buyer, brands):
                changed = True
                changes[territories] += 1
            seen[b] = changes[territories].sum()
        if not changed:
            break
    kept = np.array(terms.holdings[c.LISTED])
    kept[built.first_shelf :] = market.listed
    return kept, accepted


def listing_fees(built: BuiltWorld, source: Integers) -> tuple[Floats, Floats]:
    """Return what each member pays and receives in listing fees, money per week.

    Parameters
    ----------
    source : array (holdings,)
        Link on which each holding orders, -1 if none.
    """
    fee = np.array([group.listing_fee for group in built.scenario.members])
    if not fee.any():
        return np.zeros(built.sizes.members), np.zeros(built.sizes.members)
    member = built.world.holdings_index[c.MEMBER]
    shelves = np.flatnonzero((source >= 0) & (fee[built.members.group[member]] > 0))
    store = member[shelves]
    payer = member[built.world.links_index[c.SUPPLIER_HOLDING, source[shelves]]]
    amount = fee[built.members.group[store]] * (built.members.owner[payer] != built.members.owner[store])
    count = built.sizes.members
    paid, received = np.zeros((2, count))
    np.add.at(paid, payer, amount)
    np.add.at(received, store, amount)
    return paid, received


def _buyers(built: BuiltWorld, market: ShelfMarket, agreements: Agreements, terms: Terms) -> list[Buyer]:
    """Return who decides, in the order of the scenario's groups and of the members."""
    members, first, found = built.members, built.first_store, []
    by_contract = AskedOfStores(built, agreements, terms)
    for g, group in enumerate(built.scenario.members):
        stores = np.flatnonzero((members.group[first:] == g) & market.is_open)
        if not len(stores) or not (decides(group) or by_contract.concerns(stores)):
            continue
        limit = len(built.scenario.brands) if group.listing_limit is None else group.listing_limit
        firm = members.owner[first + stores]
        for f in firm[np.sort(np.unique(firm, return_index=True)[1])]:
            own = stores[firm == f]
            shelves = np.concatenate([np.arange(*market.span[:, j]) for j in own])
            charges, offers = by_contract.of(int(f), shelves)
            found.append(
                Buyer(int(f), limit, group.listing_fee, own, shelves, decides(group), charges, offers)
            )
    return found
