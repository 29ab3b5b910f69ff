"""The market of shelves: what is on offer, what is listed, and what a firm earns on it at opening prices.

Where stores decide what they list (`channelsim.listing`), earnings are reckoned before the first week: with
the opening prices, the buyers of an average week and no noise. Attractions and travel are those of `demand`;
a store's variety raises all of its attractions with the brands that it lists. A firm's unit margin on a shelf
is what it earns on the whole way of the goods, from plant to shelf, as far as it owns the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelsim import columns as c
from channelsim.asked_of_stores import Charge, Offer
from channelsim.expansion import BuiltWorld
from channelsim.state_layout import state_views
from channelsim.tables import Floats, Integers, Terms


@dataclass(frozen=True)
class Buyer:
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


class ShelfMarket:
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

    def take(self, buyer: Buyer, brands: np.ndarray) -> bool:
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
