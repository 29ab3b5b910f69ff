"""What contracts ask of stores for what they list: franchise fees, and offers of exclusive dealing.

Read by `channelsim.listing` and `channelsim.exclusive_dealing`, where stores decide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.agreements import Agreements
from channelsim.expansion import BuiltWorld
from channelsim.tables import Integers, Terms


class Charge(NamedTuple):
    """A franchise fee that a buyer pays while it lists any of some brands."""

    brands: np.ndarray
    """(brands,) of bool."""
    amount: float
    """Money per week, of all its stores."""


class Offer(NamedTuple):
    """An offer of exclusive dealing."""

    offer: int
    """As `Agreements.offers` numbers them."""
    brands: np.ndarray
    """(brands,) of bool: those that a buyer who accepts may carry."""
    compensation: float
    """Money per week, for all its stores."""


class AskedOfStores:
    """Fees and offers by shelf, counted from the first shelf.

    Parameters
    ----------
    built : BuiltWorld
    agreements : Agreements
    terms : Terms
        With every shelf listed that finds a source.
    """

    def __init__(self, built: BuiltWorld, agreements: Agreements, terms: Terms) -> None:
        world, first = built.world, built.first_shelf
        self._brands = len(built.scenario.brands)
        self._store, self._brand = (world.holdings_index[k, first:] for k in (c.STORE, c.BRAND))
        source = terms.holdings_index[c.SOURCE_LINK, first:]
        self._bought, link = source >= 0, np.maximum(source, 0)
        principal = world.holdings_index[c.MEMBER, terms.links_index[c.PRINCIPAL_HOLDING, link]]
        self._principal = built.members.owner[principal]
        self._offer = np.where(self._bought, agreements.offers(built)[link], -1)
        self._numbers = {name: values[link] for name, values in agreements.numbers.items()}
        self._shared = {name: values[link] for name, values in agreements.shared.items()}

    def concerns(self, stores: Integers) -> bool:
        """Return whether a fee or an offer is about one of some stores, counted among stores."""
        asked = self._bought & ((self._offer >= 0) | (self._numbers["franchise_fee"] > 0.0))
        return bool(np.isin(self._store[asked], stores).any())

    def of(self, firm: int, shelves: Integers) -> tuple[tuple[Charge, ...], tuple[Offer, ...]]:
        """Return the fees asked of a firm for some shelves, and the offers made to it; none within a firm."""
        outside = shelves[self._bought[shelves] & (self._principal[shelves] != firm)]
        offers = []
        for offer in np.unique(self._offer[outside]).tolist():
            if offer >= 0:
                rows = outside[self._offer[outside] == offer]
                paid = sum(charge.amount for charge in self._amounts("compensation", rows))
                offers.append(Offer(offer, self._brands_on(rows), paid))
        return tuple(self._amounts("franchise_fee", outside)), tuple(offers)

    def _brands_on(self, shelves: Integers) -> np.ndarray:
        return np.isin(np.arange(self._brands), self._brand[shelves])

    def _amounts(self, name: str, shelves: Integers) -> list[Charge]:
        """Return what is agreed per member, summed over stores that agree on the same brands."""
        rows = shelves[self._numbers[name][shelves] > 0.0]
        agreed: dict[tuple[int, int], tuple[float, list[int]]] = {}
        columns = self._store, self._shared[name], self._numbers[name], self._brand
        for store, shared, amount, brand in zip(*(column[rows].tolist() for column in columns)):
            agreed.setdefault((store, shared), (amount, []))[1].append(brand)
        found: dict[tuple[int, ...], float] = {}
        for amount, brands in agreed.values():
            found[tuple(brands)] = found.get(tuple(brands), 0.0) + amount
        every = np.arange(self._brands)
        return [Charge(np.isin(every, brands), amount) for brands, amount in found.items()]
