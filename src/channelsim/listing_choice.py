"""What a list of brands is worth to the firm that decides on it, and the search for the best list.

With B the brands on offer, M_c the buyers of consumer cell c = (zone, segment), a_cb the attraction of brand
b summed over the buyer's stores, μ_b the firm's unit margin on it (from plant to shelf, as far as the firm
owns the way: a private label is worth its production margin too), a list x ⊂ B is worth, money per week,

    V(x) = Σ_c M_c (W_c + Σ_{b∈x} μ_b a_cb) / (O_c + Σ_{b∈x} a_cb) + Σ_{b∈x} fee·shelves_b − charges(x)

where O_c is the attraction of all other stores and of buying nothing, W_c what the firm earns elsewhere in
the cell, fee what suppliers pay the store for a shelf, charges the franchise fees of the brands in x. Prices
are the opening ones, buyers those of an average week, noise is off; costs of stock and fixed costs are left
out. Where segments like variety, attraction grows with the assortment as in `demand`.

A supplying firm pays for a listing no more than it is worth to it: what it earns with the listing less what
it would earn without, all else as it is, its own sales lost elsewhere included. A set in which some
listing is not worth its fee to a supplier cannot be had. Within one firm no fee is paid.

Search: from the empty shelf, the best of all single additions, exchanges and removals until none helps
(greedy with exchanges). For one cell that finds the best set (Jagabathula 2014, "Assortment optimization
under general choice", shows it for the multinomial logit); for several cells the problem is NP-hard, so exact
search is not for markets with dozens of brands. The tests compare with enumeration: without fees the list
is worth 99.9 % of the best or more; where a high fee shuts brands out the search can stop early (88 % in one
test).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from channelsim import columns as c
from channelsim.shelf_market import Buyer, ShelfMarket
from channelsim.tables import Floats

INDIFFERENT = 1e-9
"""Share of a buyer's earnings below which two lists are worth the same."""


class ListingChoice:
    """What every list of brands would be worth to a buyer, the shelves of all others given.

    Lists are arrays of bool (…, brands).
    """

    def __init__(self, market: ShelfMarket, buyer: Buyer) -> None:
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


def best_list(choice: ListingChoice, on_offer: np.ndarray) -> np.ndarray:
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
