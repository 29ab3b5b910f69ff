"""Listing: which brands a store takes on its shelves where space is limited, and what it is paid for it.

Idea: a shelf is scarce. A store group may have a ``listing_limit``, at most n brands, and ask a
``listing_fee``, money per week and listed shelf, from whoever supplies the shelf. Who buys decides: a chain
once for all its stores of a group, an independent store for itself; both for the firm that owns them. With B
the brands on offer, M_c the buyers of consumer cell c = (zone, segment), a_cb the attraction of brand b
summed over the buyer's stores, μ_b the firm's unit margin on it (from plant to shelf, as far as the firm
owns the way: a private label is worth its production margin too), the buyer lists the set x ⊂ B of at most n,
with most

    V(x) = Σ_c M_c (W_c + Σ_{b∈x} μ_b a_cb) / (O_c + Σ_{b∈x} a_cb) + Σ_{b∈x} fee·shelves_b

where O_c is the attraction of all other stores and of buying nothing, W_c what the firm earns elsewhere in
the cell. Prices are the opening ones, buyers those of an average week, noise is off; costs of stock and
fixed costs are left out. Where segments like variety, attraction grows with the assortment as in `demand`.

A supplying firm pays for a listing no more than it is worth to it: what it earns with the listing less what
it would earn without, all else as it is, its own sales lost elsewhere included. A set in which some
listing is not worth its fee to a supplier cannot be had. Within one firm no fee is paid.

Search: from the empty shelf, the best of all single additions, exchanges and removals until none helps
(greedy with exchanges). For one cell that finds the best set (Jagabathula 2014, "Assortment optimization
under general choice", shows it for the multinomial logit); for several cells the problem is NP-hard, so exact
search is not for markets with dozens of brands. The tests compare with enumeration: without fees the list
is worth 99.9 % of the best or more; where a high fee shuts brands out the search can stop early (88 % in one
test). Buyers decide in turn, the others' shelves given, until no one changes anything: a Nash equilibrium
in pure strategies. There may be none, and then the lists of the last of `MOST_ROUNDS` rounds hold.

Fees and exclusivity that a contract brings (`channelsim.agreements`) are decided here as well, by every store
that buys under it. A *franchise fee* is paid while a brand under it is listed: V(x) falls by it, and a brand
that is not worth its fee is not taken. *Exclusive dealing* (T22): with A the brands bought under an
exclusive offer and K its compensation, the buyer accepts if

    max over x ⊂ A of V(x) + K  ≥  V(its list without the offer) ,

then carries no other brand; of several offers it takes the best. It is neutral to risk: the threshold is the
profit forgone of `theory.exclusive_dealing`, without its risk premium. A buyer who carries no other brand
anyway is paid all the same. Who declines keeps its list, and the contract holds without exclusivity.

Limit and switch: without a limit, a fee and an offer no step is taken, and every store lists what it can get.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from channelsim import columns as c
from channelsim.agreements import Agreements
from channelsim.asked_of_stores import AskedOfStores, Charge, Offer
from channelsim.expansion import BuiltWorld
from channelsim.member_parts import MemberGroup
from channelsim.scenario import Scenario
from channelsim.tables import Floats, Integers, Terms, state_views

MOST_ROUNDS = 20
"""Rounds after which buyers' lists stand, whether or not someone would still change his."""
INDIFFERENT = 1e-9
"""Share of a buyer's earnings below which two lists are worth the same."""


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
    market = _Market(built, terms)
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
            brands, accepted[stores] = _decide(_Choice(market, buyer))
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


@dataclass(frozen=True)
class _Buyer:
    """Stores whose shelves are filled by one decision."""

    firm: int
    limit: int
    fee: float
    stores: Integers
    """Counted among stores."""
    shelves: Integers
    """Counted among shelves."""
    chooses: bool
    """Whether it chooses among all brands; else it lists all that it can get and that is worth its fee."""
    charges: tuple[Charge, ...]
    offers: tuple[Offer, ...]


def _buyers(built: BuiltWorld, market: _Market, agreements: Agreements, terms: Terms) -> list[_Buyer]:
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
                _Buyer(int(f), limit, group.listing_fee, own, shelves, decides(group), charges, offers)
            )
    return found


class _Market:
    """The shelves on offer and those taken, at opening prices.

    Shelves are counted from the first shelf, stores from the first store.
    """

    def __init__(self, built: BuiltWorld, terms: Terms) -> None:
        self.built, world, first = built, built.world, built.first_shelf
        state = state_views(terms.base, built.sizes)
        self.on_offer = terms.holdings[c.LISTED, first:] > 0
        self.listed = self.on_offer.astype(np.float64)
        self.store = world.holdings_index[c.STORE, first:]
        self.brand = world.holdings_index[c.BRAND, first:]
        stores = built.sizes.stores
        offered = np.bincount(self.store[self.on_offer], minlength=stores)
        self.is_open = offered > 0
        member = world.members_index[[c.FIRST_HOLDING, c.END_HOLDING], built.first_store :]
        self.span = member - first
        """(2, stores) first shelf of each store and one past its last."""
        self.variety = world.segments[c.VARIETY_WEIGHT]
        depth = np.maximum(offered, 1)[self.store] ** self.variety[:, None]
        self.attraction = state.attraction / depth
        """(segments, shelves) e^V apart from travel and from the variety of the store."""
        self._owners, self._margins = _way_of_goods(built, terms)
        self._stages = np.bincount(self._owners[self._owners >= 0], minlength=len(built.members.owners))
        self._cells: dict[int, tuple[Floats, Floats, Integers]] = {}
        source = terms.holdings_index[c.SOURCE_LINK, first:]
        supplier = world.links_index[c.SUPPLIER_MEMBER, np.maximum(source, 0)]
        self.supplier = np.where(self.on_offer, built.members.owner[supplier], -1)
        """(shelves,) firm that supplies each shelf."""
        self.depth, self.reach = np.ones((2, built.sizes.segments, stores))
        """(segments, stores) factor of a store's variety; attraction of what it lists, travel apart."""
        self._weigh(np.arange(len(self.store)), np.arange(stores))

    def _weigh(self, shelves: Integers, stores: Integers) -> None:
        """Write the depth and the attraction of some stores, which have these shelves."""
        place = np.searchsorted(stores, self.store[shelves])
        count = np.bincount(place, self.listed[shelves], len(stores))
        for g, weight in enumerate(self.variety):
            attraction = self.attraction[g, shelves] * self.listed[shelves]
            self.depth[g, stores] = np.maximum(count, 1.0) ** weight
            self.reach[g, stores] = np.bincount(place, attraction, len(stores)) * self.depth[g, stores]

    def margin(self, firm: int, shelves: Integers | slice) -> Floats:
        """Return what a firm earns on a unit that each of these shelves sells, on its whole way, money."""
        return np.asarray((self._margins[:, shelves] * (self._owners[:, shelves] == firm)).sum(axis=0))

    def cells(self, territory: int) -> tuple[Floats, Floats, Integers]:
        """Return buyers (cells,), travel factors (cells, stores) and segment (cells,) of a territory."""
        if territory not in self._cells:
            self._cells[territory] = self._cells_of(territory)
        return self._cells[territory]

    def earns_nowhere_else(self, firm: int, shelves: Integers) -> bool:
        """Return whether a firm is on the way to some shelves alone."""
        return bool((self._owners[:, shelves] == firm).sum() == self._stages[firm])

    def _cells_of(self, territory: int) -> tuple[Floats, Floats, Integers]:
        index, segments = self.built.world.territories_index, self.built.sizes.segments
        zones = slice(index[c.FIRST_ZONE, territory], index[c.END_ZONE, territory])
        stores = int(index[c.END_STORE, territory] - index[c.FIRST_STORE, territory])
        buyers = self.built.world.zone_buyers[:, zones]
        start, cells = index[c.FIRST_RESPONSE, territory], buyers.size
        travel = self.built.world.travel[start : start + cells * stores].reshape(cells, stores)
        return buyers.ravel(), travel, np.repeat(np.arange(segments), buyers.shape[1])

    def take(self, buyer: _Buyer, brands: np.ndarray) -> bool:
        """Put brands on a buyer's shelves; return whether anything changed."""
        rows = buyer.shelves
        wanted = (self.on_offer[rows] & brands[self.brand[rows]]).astype(np.float64)
        if (wanted == self.listed[rows]).all():
            return False
        self.listed[rows] = wanted
        self._weigh(rows, buyer.stores)
        return True

    def earned(self, firm: int, without: Integers, territory: int) -> Floats:
        """Return (cells,) Σ μ·a of a firm in a territory on the shelves of all but some stores."""
        index = self.built.world.territories_index
        first, end = index[c.FIRST_STORE, territory], index[c.END_STORE, territory]
        rows = slice(index[c.FIRST_SHELF, territory], index[c.END_SHELF, territory])
        _, travel, segment = self.cells(territory)
        weight = self.margin(firm, rows) * self.listed[rows] * ~np.isin(self.store[rows], without)
        if not weight.any():
            return np.zeros(len(segment))
        place = self.store[rows] - first
        of_store = [np.bincount(place, weight * pull, end - first) for pull in self.attraction[:, rows]]
        return np.asarray((travel * (np.stack(of_store) * self.depth[:, first:end])[segment]).sum(axis=1))


def _way_of_goods(built: BuiltWorld, terms: Terms) -> tuple[Integers, Floats]:
    """Return (tiers, shelves) owner of every stage on a shelf's way from the top, and its unit margin.

    A seller's margin is the price of the link, less the interest on the credit it gives, less its own
    marginal cost c̃; -1 and 0 where the way has no more stages.
    """
    world, first, shelves = built.world, built.first_shelf, built.sizes.shelves
    state = state_views(terms.base, built.sizes._replace(incentives=terms.incentives.shape[1]))
    holdings, saving = state.holdings, terms.holdings[c.CREDIT_SAVING]
    cost = holdings[c.MARGINAL_COST]
    owner = built.members.owner[world.holdings_index[c.MEMBER]]
    source = terms.holdings_index[c.SOURCE_LINK]
    owners, margins = np.full((built.tiers, shelves), -1), np.zeros((built.tiers, shelves))
    at, price = np.arange(first, first + shelves), holdings[c.PRICE, first:]
    on_way = terms.holdings[c.LISTED, first:] > 0
    kept, passed_on = terms.holdings[c.KEPT_SHARE, at], (1.0 - terms.holdings[c.KEPT_SHARE, at]) * price
    for stage in range(built.tiers):
        owners[stage] = np.where(on_way, owner[at], -1)
        margins[stage] = np.where(on_way, kept * price - cost[at], 0.0)
        on_way = on_way & (source[at] >= 0)
        link = np.maximum(source[at], 0)
        price = state.links[c.WHOLESALE_PRICE, link] * (1.0 - saving[at]) + passed_on
        if state.incentives.shape[1]:
            price -= state.incentives[c.ALLOWANCE, link]
        kept, passed_on = np.ones(shelves), np.zeros(shelves)
        at = np.where(on_way, world.links_index[c.SUPPLIER_HOLDING, link], at)
    return owners, margins


class _Choice:
    """What every list of brands would be worth to a buyer, the shelves of all others given.

    Lists are arrays of bool (…, brands).
    """

    def __init__(self, market: _Market, buyer: _Buyer) -> None:
        self.market, self.buyer = market, buyer
        built, first = market.built, market.built.first_store
        self._territories = np.unique(built.members.territory[first + buyer.stores])
        self._rows = buyer.shelves[market.on_offer[buyer.shelves]]
        brands = len(built.scenario.brands)
        self.shelves = np.bincount(market.brand[self._rows], minlength=brands)
        """(brands,) stores that can have each brand."""
        cells = [market.cells(t) for t in self._territories]
        self._buyers = np.concatenate([buyers for buyers, _, _ in cells])
        self._segment = np.concatenate([segment for _, _, segment in cells])
        self._others = np.concatenate([self._of_others(t) for t in self._territories])
        store = np.searchsorted(buyer.stores, market.store[self._rows])
        held = np.zeros((len(buyer.stores), brands), dtype=bool)
        held[store, market.brand[self._rows]] = True
        self._held, alike = np.unique(held, axis=0, return_inverse=True)  # stores that can have the same
        self._kind = alike.ravel()[store]
        self._pull = self._by_brand(np.ones(len(self._rows)))
        self._earning: dict[int, tuple[Floats, Floats]] = {}
        charged = market.supplier[self._rows] != buyer.firm
        self._charged = np.bincount(market.brand[self._rows[charged]], minlength=brands)

    def _of_others(self, territory: int) -> Floats:
        """Return (cells,) attraction of buying nothing and of all stores that are not the buyer's."""
        market = self.market
        index = market.built.world.territories_index
        stores = slice(index[c.FIRST_STORE, territory], index[c.END_STORE, territory])
        _, travel, segment = market.cells(territory)
        others = ~np.isin(np.arange(stores.start, stores.stop), self.buyer.stores)
        return np.asarray(1.0 + (travel * market.reach[:, stores][segment] * others).sum(axis=1))

    def _by_brand(self, weight: Floats) -> Floats:
        """Return (kinds of store, cells, brands) Σ of weight·attraction over the buyer's shelves."""
        market, rows, parts = self.market, self._rows, []
        territory = market.built.members.territory[market.built.first_store + market.store[rows]]
        for t in self._territories:
            _, travel, segment = market.cells(t)
            here = territory == t
            place = market.store[rows[here]] - market.built.world.territories_index[c.FIRST_STORE, t]
            values = travel[:, place] * market.attraction[:, rows[here]][segment] * weight[here]
            part = np.zeros((len(self._held), self._held.shape[1], len(segment)))
            np.add.at(part, (self._kind[here], market.brand[rows[here]]), values.T)
            parts.append(part.transpose(0, 2, 1))
        return np.concatenate(parts, axis=1)

    def _total(self, by_brand: Floats, lists: np.ndarray) -> Floats:
        """Return (lists, cells) sums over the brands of each list, with the variety of each kind of store."""
        wanted = lists.astype(np.float64)
        found = np.zeros((len(lists), len(self._segment)))
        for held, part in zip(self._held, by_brand):
            depth = np.maximum(wanted @ held, 1.0)[:, None] ** self.market.variety[self._segment]
            found += depth * (wanted @ part.T)
        return found

    def earnings(self, firm: int, lists: np.ndarray) -> Floats:
        """Return (lists,) what a firm earns a week in the buyer's territories, before fees, money."""
        if firm not in self._earning:
            elsewhere = np.zeros(len(self._segment))
            if not self.market.earns_nowhere_else(firm, self._rows):
                parts = [self.market.earned(firm, self.buyer.stores, t) for t in self._territories]
                elsewhere = np.concatenate(parts)
            own = self._by_brand(self.market.margin(firm, self._rows))
            self._earning[firm] = elsewhere, own
        elsewhere, by_brand = self._earning[firm]
        attraction = self._others + self._total(self._pull, lists)
        return np.asarray(((elsewhere + self._total(by_brand, lists)) / attraction) @ self._buyers)

    def worth(self, lists: np.ndarray) -> Floats:
        """Return (lists,) what lists are worth to the buyer's firm, fees included, money per week."""
        value = self.earnings(self.buyer.firm, lists) + self.buyer.fee * (lists @ self._charged)
        for charge in self.buyer.charges:
            value = value - charge.amount * (lists & charge.brands).any(axis=1)
        return np.asarray(value)

    @cached_property
    def _payers(self) -> list[list[tuple[int, int]]]:
        """Suppliers of each brand, with the number of shelves for which each would pay a fee."""
        supplier, brand = self.market.supplier[self._rows], self.market.brand[self._rows]
        return [
            [(int(f), int(n)) for f, n in zip(*np.unique(supplier[brand == b], return_counts=True))]
            for b in range(len(self.shelves))
        ]

    def is_paid_for(self, chosen: np.ndarray) -> bool:
        """Return whether every listing is worth its fee to those who would have to pay it."""
        if self.buyer.fee == 0.0:
            return True
        for b in np.flatnonzero(chosen):
            without = chosen.copy()
            without[b] = False
            for firm, shelves in self._payers[b]:
                if firm == self.buyer.firm:
                    continue
                gain = self.earnings(firm, np.stack([chosen, without]))
                if gain[0] - gain[1] < self.buyer.fee * shelves:
                    return False
        return True


def _decide(choice: _Choice) -> tuple[np.ndarray, int]:
    """Return (brands,) what a buyer lists, and the offer of exclusive dealing that it accepts (-1: none)."""
    on_offer = choice.shelves > 0
    chosen, offer = _best_list(choice, on_offer), -1
    if not choice.buyer.offers:
        return chosen, offer
    most = choice.worth(chosen[None])[0]
    for asked in choice.buyer.offers:
        exclusive = _best_list(choice, on_offer & asked.brands)
        worth = choice.worth(exclusive[None])[0] + asked.compensation
        # indifferent between its list and the offer, a buyer accepts; between two offers it takes the first
        slack = INDIFFERENT * max(abs(worth), abs(most)) * (1.0 if offer < 0 else -1.0)
        if exclusive.any() and worth >= most - slack:
            chosen, offer, most = exclusive, asked.offer, worth
    return chosen, offer


def _neighbours(
    chosen: np.ndarray, on_offer: np.ndarray, kept: np.ndarray, limit: int
) -> tuple[np.ndarray, int]:
    """Return the lists one addition, exchange or removal away, and how many of them are additions."""
    inside, outside = np.flatnonzero(chosen & ~kept), np.flatnonzero(on_offer & ~chosen)
    lists = []
    if chosen.sum() < limit:
        added = np.tile(chosen, (len(outside), 1))
        added[np.arange(len(outside)), outside] = True
        lists.append(added)
    additions = len(lists[0]) if lists else 0
    out, new = (grid.ravel() for grid in np.meshgrid(inside, outside, indexing="ij"))
    exchanged = np.tile(chosen, (len(out), 1))
    exchanged[np.arange(len(out)), out] = False
    exchanged[np.arange(len(out)), new] = True
    removed = np.tile(chosen, (len(inside), 1))
    removed[np.arange(len(inside)), inside] = False
    return np.concatenate([*lists, exchanged, removed]), additions


def _best_list(choice: _Choice, on_offer: np.ndarray) -> np.ndarray:
    """Return (brands,) which brands a buyer lists; of lists worth the same, the first in the order of brands.

    An addition that is worth nothing is made all the same, so that margins of zero do not empty shelves.
    """
    kept = np.zeros(len(on_offer), dtype=bool)
    if not choice.buyer.chooses:  # only what has a fee can be left out
        kept = on_offer & ~np.any([charge.brands for charge in choice.buyer.charges] or [kept], axis=0)
    chosen = kept.copy()
    if (kept == on_offer).all():
        return chosen
    worth = choice.worth(chosen[None])[0]
    while True:
        lists, additions = _neighbours(chosen, on_offer, kept, choice.buyer.limit)
        if not len(lists):
            return chosen
        found = choice.worth(lists)
        unit = INDIFFERENT * max(np.abs(found).max(), abs(worth), 1e-300)
        gain = np.round((found - worth) / unit)
        for k in np.argsort(-gain, kind="stable"):
            if gain[k] < 0 or (gain[k] == 0 and k >= additions):
                return chosen
            if choice.is_paid_for(lists[k]):
                chosen, worth = lists[k], found[k]
                break
        else:
            return chosen
