"""What is bargained over: shelves, the hands that each passes through, and what buyers do without some.

Idea
----
A *shelf* is one brand in one store. Its goods pass through a chain of owners, from the brand's owner down to
who sells it; between two owners stands a *contract* (supplier, buyer, brand), one unit price for all shelves
that it supplies. With the prices t_0 = unit cost, t_1 … t_n of the contracts and t_{n+1} = retail price along
the path, the owner at position i earns on each unit

    margin_i = t_{i+1} − t_i − handling_i ,

and an owner's profit is Σ margin · q over all its positions on all shelves. Without some shelves buyers
choose again among the rest, retail prices held:

*Logit* (McFadden 1974), cells of buyers c: V_cl = quality_cl − α_c p_l + v_c ln(shelves of the store),
q_l = Σ_c M_c e^{V_cl} / (1 + Σ e^{V_ck}); a shelf that is gone has left the sum, and its store is smaller.

*Linear*, q = a − B p: a shelf that is gone stands at the price at which nobody would buy it, so that with the
shelves A gone the others gain −J_fA J_AA⁻¹ q_A, J = −B being demand's Jacobian.

Stores set their retail prices one by one, each for all its shelves at the cost at which it gets them
(Bertrand–Nash): ∂/∂p_l Σ_{k∈store} (p_k − cost_k) q_k = 0. Slopes are taken by a complex step, f'(x) =
Im f(x + ih)/h, which loses no digits (Squire & Trapp 1998, *SIAM Review* 40): no first-order condition is
written down here.

Where it holds: capacity and stock never bind; an owner's stores price one by one, as the simulator's do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, numbers

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
STEP = 1e-30  # of the complex derivative: no cancellation, however small


class Contract(NamedTuple):
    """Who sells which brand to whom; chains and makers of several brands are one owner each."""

    supplier: str
    buyer: str
    brand: str

    def __str__(self) -> str:
        """Return the contract as it is named in messages."""
        return f"{self.supplier} → {self.buyer}, {self.brand}"


class Demand(Protocol):
    """Any system of demand: units per week of every shelf at its price, with some shelves not on offer."""

    def quantities(self, price: NDArray[Any], offered: Mask) -> NDArray[Any]:
        """Return units per week, shape (shelves,); complex prices are admitted, for differentiation."""
        ...


@dataclass(frozen=True)
class LogitDemand:
    """Logit buyers in cells, each of a kind and a place.

    Parameters
    ----------
    quality : array_like, shape (shelves,) or (cells, shelves)
        Utility at a price of zero: equity, loyalty, travel; a store's assortment left out.
    price_sensitivity : array_like, shape () or (cells,)
        Utility lost per unit of price, α, per money.
    buyers : array_like, shape () or (cells,)
        Buyers a week.
    store : array_like, shape (shelves,), optional
        Which store each shelf stands in, any whole numbers; default: each in its own.
    assortment_weight : array_like, shape () or (cells,)
        Utility per unit of the logarithm of the number of shelves on offer in the store, v.

    Raises
    ------
    ValueError
        If shapes do not fit, a sensitivity is not positive or a number of buyers is negative.

    Examples
    --------
    Equal shelves share equally with not buying; a lost shelf's buyers go on in proportion.

    >>> import numpy as np
    >>> demand = LogitDemand([1.0, 1.0], price_sensitivity=0.5, buyers=120.0)
    >>> print(demand.quantities(np.array([2.0, 2.0]), np.array([True, True])))
    [40. 40.]
    >>> print(demand.quantities(np.array([2.0, 2.0]), np.array([True, False])))
    [60.  0.]
    """

    quality: ArrayLike
    price_sensitivity: ArrayLike
    buyers: ArrayLike
    store: ArrayLike | None = None
    assortment_weight: ArrayLike = 0.0

    def __post_init__(self) -> None:
        """Bring all to arrays of one shape, or say why not."""
        quality = np.atleast_2d(np.asarray(self.quality, dtype=np.float64))
        cells, shelves = quality.shape
        if np.isnan(quality).any():
            raise ValueError("quality: a value is not a number")
        store = np.arange(shelves) if self.store is None else np.asarray(self.store)
        if store.shape != (shelves,):
            raise ValueError(f"store: {store.shape} given, expected {shelves} numbers")
        put = object.__setattr__  # a frozen dataclass is made up once, here
        put(self, "quality", quality)
        put(self, "store", np.unique(store, return_inverse=True)[1])
        for name in ("price_sensitivity", "buyers", "assortment_weight"):
            put(self, name, numbers(getattr(self, name), cells, name))
        above(np.min(self.price_sensitivity), 0.0, "price_sensitivity")
        at_least(np.min(self.buyers), 0.0, "buyers")

    def quantities(self, price: NDArray[Any], offered: Mask) -> NDArray[Any]:
        """Return units per week of each shelf; 0 for those not on offer."""
        store, quality = np.asarray(self.store), np.asarray(self.quality)
        sizes = np.bincount(store, weights=offered, minlength=int(store.max()) + 1)[store]
        variety = np.log(np.maximum(sizes, 1.0))
        v = (
            quality
            - np.asarray(self.price_sensitivity)[:, None] * price
            + np.asarray(self.assortment_weight)[:, None] * variety
        )
        top = np.maximum(np.where(offered, v.real, 0.0).max(axis=1, keepdims=True), 0.0)
        weight = np.exp(np.where(offered, v - top, 0.0)) * offered
        share = weight / (weight.sum(axis=1, keepdims=True) + np.exp(-top))
        return np.asarray(np.asarray(self.buyers) @ share)


@dataclass(frozen=True)
class LinearDemand:
    """Linear demand q = a − B p, never negative.

    Parameters
    ----------
    intercept : array_like, shape (shelves,)
        Units per week at prices of zero, a.
    slopes : array_like, shape (shelves, shelves)
        Units lost per unit of price, B: own slopes on the diagonal, cross slopes negative.

    Raises
    ------
    ValueError
        If shapes do not fit or an own slope is not positive.

    Examples
    --------
    The second shelf would sell nothing at a price of 15, which is what its absence amounts to.

    >>> import numpy as np
    >>> demand = LinearDemand([20.0, 20.0], [[2.0, -1.0], [-1.0, 2.0]])
    >>> print(demand.quantities(np.array([10.0, 10.0]), np.array([True, True])))
    [10. 10.]
    >>> print(demand.quantities(np.array([10.0, 10.0]), np.array([True, False])))
    [15.  0.]
    """

    intercept: ArrayLike
    slopes: ArrayLike

    def __post_init__(self) -> None:
        """Bring both to arrays, or say why not."""
        intercept = np.atleast_1d(np.asarray(self.intercept, dtype=np.float64))
        slopes = np.atleast_2d(np.asarray(self.slopes, dtype=np.float64))
        if slopes.shape != (intercept.size, intercept.size):
            raise ValueError(f"slopes: {slopes.shape} given, expected {intercept.size} × {intercept.size}")
        if not (np.isfinite(intercept).all() and np.isfinite(slopes).all()):
            raise ValueError("intercept, slopes: a value is not finite")
        above(np.diag(slopes).min(), 0.0, "own slopes")
        object.__setattr__(self, "intercept", intercept)
        object.__setattr__(self, "slopes", slopes)

    def quantities(self, price: NDArray[Any], offered: Mask) -> NDArray[Any]:
        """Return units per week of each shelf; 0 for those not on offer."""
        a, b, out = np.asarray(self.intercept), np.asarray(self.slopes), ~offered
        standing = np.array(price)
        if out.any():
            wanted = a[out] - b[np.ix_(out, offered)] @ standing[offered]
            standing[out] = np.linalg.solve(b[np.ix_(out, out)], wanted)
        quantity = a - b @ standing
        return np.asarray(np.where(offered & (quantity.real > 0.0), quantity, 0.0))


@dataclass(frozen=True)
class Shelf:
    """One brand in one store, and the owners through whose hands it comes.

    Attributes
    ----------
    brand : str
    path : tuple of str
        Owners from the brand's owner to who sells it: ``("P", "X")``, ``("P", "D", "chain")``; only the
        owner's name for its own outlet. Stores of a chain have one name here.
    unit_cost : float
        Cost of a unit to the first in the path, money.
    store : str
        Who sets the retail price, for all its shelves at once; default: the last in the path.
    handling : tuple of float
        Cost of a unit to each in the path, money; default 0.
    """

    brand: str
    path: tuple[str, ...]
    unit_cost: float
    store: str = ""
    handling: tuple[float, ...] = ()


@dataclass(frozen=True)
class Channel:
    """Demand and the shelves it is for, in the same order.

    Raises
    ------
    ValueError
        If a path is empty, passes between the same two twice, or costs do not fit it.

    Examples
    --------
    >>> demand = LinearDemand(20.0, 1.0)
    >>> channel = Channel(demand, [Shelf("A", ("P", "D", "X"), unit_cost=4.0)])
    >>> [str(contract) for contract in channel.contracts]
    ['P → D, A', 'D → X, A']
    """

    demand: Demand
    shelves: Sequence[Shelf]
    contracts: tuple[Contract, ...] = field(init=False)
    supplies: NDArray[np.bool_] = field(init=False)  # contracts × shelves
    links: tuple[tuple[int, ...], ...] = field(init=False)
    _stores: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Find the contracts, those of the upper tiers first."""
        found: dict[Contract, int] = {}
        paths = []
        for position, shelf in enumerate(self.shelves):
            pairs = list(zip(shelf.path, shelf.path[1:]))
            where = f"shelf {position} ({shelf.brand})"
            if not shelf.path or len(set(pairs)) < len(pairs) or any(a == b for a, b in pairs):
                raise ValueError(f"{where}: path {shelf.path!r} must name each hand once, at least one")
            if len(shelf.handling) not in (0, len(shelf.path)):
                raise ValueError(
                    f"{where}: {len(shelf.handling)} handling costs for a path of {len(shelf.path)}"
                )
            if not np.isfinite([shelf.unit_cost, *shelf.handling]).all():
                raise ValueError(f"{where}: a cost is not finite")
            paths.append([Contract(a, b, shelf.brand) for a, b in pairs])
            for depth, contract in enumerate(paths[-1]):
                found[contract] = min(depth, found.get(contract, depth))
        if not paths:
            raise ValueError("shelves: at least one is needed")
        contracts = tuple(sorted(found, key=lambda contract: found[contract]))
        number = {contract: i for i, contract in enumerate(contracts)}
        supplies = np.zeros((len(contracts), len(paths)), dtype=bool)
        for shelf_number, path in enumerate(paths):
            for contract in path:
                supplies[number[contract], shelf_number] = True
        stores = [shelf.store or shelf.path[-1] for shelf in self.shelves]
        put = object.__setattr__  # a frozen dataclass is made up once, here
        put(self, "contracts", contracts)
        put(self, "supplies", supplies)
        put(self, "links", tuple(tuple(number[contract] for contract in path) for path in paths))
        put(self, "_stores", np.unique(stores, return_inverse=True)[1])

    def _levels(self, shelf: int, price: NDArray[Any], terms: NDArray[Any]) -> list[Any]:
        return [self.shelves[shelf].unit_cost, *(terms[i] for i in self.links[shelf]), price[shelf]]

    def margins(self, owner: str, price: NDArray[Any], terms: NDArray[Any]) -> NDArray[Any]:
        """Return what an owner earns on a unit of each shelf, over all its positions in the path."""
        earned = np.zeros(len(self.shelves), dtype=np.result_type(price, terms, float))
        for number, shelf in enumerate(self.shelves):
            levels = self._levels(number, price, terms)
            for i, who in enumerate(shelf.path):
                if who == owner:
                    earned[number] += levels[i + 1] - levels[i] - (shelf.handling[i] if shelf.handling else 0)
        return earned

    def profits(self, price: Floats, terms: Floats, offered: Mask) -> Mapping[str, float]:
        """Return every owner's gross profit, money per week."""
        quantity = self.demand.quantities(price, offered)
        owners = dict.fromkeys(owner for shelf in self.shelves for owner in shelf.path)
        finite = np.where(np.isnan(terms), 0.0, terms)  # a suspended contract has no price and no sales
        return {owner: float(self.margins(owner, price, finite) @ quantity) for owner in owners}

    def retail_equilibrium(self, start: Floats, terms: Floats, offered: Mask) -> Floats:
        """Return retail prices at which no store gains from a small change of its own.

        Parameters
        ----------
        start : ndarray, shape (shelves,)
            Where the search begins; shelves not on offer keep it.
        terms : ndarray, shape (contracts,)
            Prices of the contracts.
        offered : ndarray of bool, shape (shelves,)

        Raises
        ------
        ValueError
            If no such prices are found.

        Examples
        --------
        One store facing q = 20 − p at a cost of 4 asks (20 + 4)/2.

        >>> import numpy as np
        >>> channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("X",), unit_cost=4.0)])
        >>> print(channel.retail_equilibrium(np.array([5.0]), np.array([]), np.array([True])))
        [12.]
        """
        from scipy.optimize import root

        open_shelves = np.flatnonzero(offered).tolist()
        if not open_shelves:
            return np.array(start)
        cost = np.zeros(len(self.shelves))
        for shelf in open_shelves:
            handling = self.shelves[shelf].handling
            cost[shelf] = self._levels(shelf, start, terms)[-2] + (handling[-1] if handling else 0.0)

        def gap(tried: Floats) -> Floats:
            # the slope of profit in units of price: a store's slope over its shelf's own slope of demand
            price, found = np.array(start, dtype=np.complex128), np.empty(len(open_shelves))
            price[open_shelves] = tried
            for i, shelf in enumerate(open_shelves):
                price[shelf] += STEP * 1j
                quantity = self.demand.quantities(price, offered)
                profit = ((price - cost) * quantity)[self._stores == self._stores[shelf]].sum()
                found[i] = profit.imag / -min(quantity[shelf].imag, -np.finfo(float).tiny)
                price[shelf] -= STEP * 1j
            return found

        def solve(tried: Floats) -> tuple[Floats, float]:
            found = root(gap, tried, method="hybr", options={"xtol": 1e-13}).x
            for _ in range(3):  # hybr stops where its Jacobian has grown old: Newton with a fresh one
                here, step = gap(found), 1e-6 * (1.0 + np.abs(found))
                slopes = np.stack([(gap(found + h) - here) / h.sum() for h in np.diag(step)], axis=1)
                better = found - np.linalg.lstsq(slopes, here, rcond=None)[0]
                if not np.abs(gap(better)).max() < np.abs(here).max():
                    break
                found = better
            return found, float(np.abs(gap(found)).max() / (1.0 + np.abs(found).max()))

        solved, left = solve(start[open_shelves])
        if not left < 1e-9:  # the way was too far: first let every price follow its slope
            walked = start[open_shelves]
            for _ in range(400):
                walked = walked + np.clip(0.5 * gap(walked), -0.2 * np.abs(walked), 0.2 * np.abs(walked))
            solved, left = solve(walked)
        if not left < 1e-9:
            raise ValueError(f"no retail prices found at which every store's profit is flat: off by {left:g}")
        price = np.array(start)
        price[open_shelves] = solved
        return price
