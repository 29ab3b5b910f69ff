"""NumPy peer: the chain as array operations over stores × replications.

Arrays are (store of its distributor, distributor and replication): sums over a distributor's stores then add
whole rows. Replications are worked off in chunks of a size tuned to the caches; every operation writes into a
given array.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from chain_rules import (
    DISTRIBUTOR_HOLDING_COST,
    DISTRIBUTOR_LEAD_TIME,
    INITIAL_VARIANCE,
    MEAN_DEMAND,
    MEASURES,
    PRICE_TO_DISTRIBUTOR,
    PRICE_TO_STORE,
    RETAIL_PRICE,
    SAFETY_FACTOR,
    SMOOTHING,
    STANDARD_DEVIATION,
    STORE_HOLDING_COST,
    STORE_LEAD_TIME,
    TIERS,
    UNIT_COST,
    check_sizes,
    result,
)
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Stores × replications in a chunk; the fastest of 1,000 to 64,000 measured.
CHUNK_ELEMENTS = 16384


class Account:
    """Sums over the weeks, one row per measure, for agents of one tier."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        totals = np.zeros((len(MEASURES), *shape))
        self._totals = totals
        self._work = np.empty(shape)
        # Booleans add to integers twice as fast as to floats.
        self._short = np.empty(shape, dtype=np.bool_)
        self._short_weeks = np.zeros(shape, dtype=np.int32)
        (
            self.demand,
            self.sales,
            self.lost,
            self.stock,
            self.stockout_weeks,
            self.revenue,
            self.purchases,
            self.holding_cost,
            self.profit,
            self.orders,
            self.orders_squared,
            self.demand_squared,
        ) = totals

    def trade(
        self, demand: Array, sales: Array, stock: Array, orders: Array, price: float, holding: float
    ) -> None:
        """Add a week of trade at a price per unit sold and a holding cost per unit left."""
        work = self._work
        self.demand += demand
        np.square(demand, out=work)
        self.demand_squared += work
        self.sales += sales
        self.stock += stock
        self.orders += orders
        np.square(orders, out=work)
        self.orders_squared += work
        np.greater(demand, sales, out=self._short)
        self._short_weeks += self._short
        np.multiply(sales, price, out=work)
        self.revenue += work
        self.profit += work
        np.multiply(stock, holding, out=work)
        self.holding_cost += work
        self.profit -= work

    def totals(self) -> Array:
        """Totals so far, shape (measures, *shape of the tier)."""
        self.stockout_weeks[...] = self._short_weeks
        return self._totals

    def pay(self, units: Array, price: float) -> None:
        """Add the invoice for goods shipped to these agents."""
        np.multiply(units, price, out=self._work)
        self.purchases += self._work
        self.profit -= self._work


class Tier:
    """State of the stores or of the distributors, and their ordering rule."""

    def __init__(self, shape: tuple[int, ...], scale: float, lead_time: int) -> None:
        self.cover = lead_time + 1
        self.forecast = np.full(shape, MEAN_DEMAND * scale)
        self.variance = np.full(shape, INITIAL_VARIANCE * scale)
        self.stock = self.forecast * self.cover + SAFETY_FACTOR * np.sqrt(self.variance * self.cover)
        self.on_order = np.zeros(shape)
        self.pipeline = np.zeros((self.cover, *shape))
        self.orders = np.empty(shape)
        self.account = Account(shape)
        self._work = np.empty(shape)

    def receive(self, week: int) -> None:
        """Take in what arrives this week."""
        arrivals = self.pipeline[week % self.cover]
        self.stock += arrivals
        self.on_order -= arrivals

    def order(self, demand: Array, owed: Array | None = None) -> None:
        """Update the forecast and order up to the target; `owed` lowers the inventory position."""
        work, orders = self._work, self.orders
        np.subtract(demand, self.forecast, out=work)
        np.multiply(work, SMOOTHING, out=orders)
        self.forecast += orders
        np.square(work, out=work)
        work -= self.variance
        work *= SMOOTHING
        self.variance += work
        np.multiply(self.variance, self.cover, out=work)
        np.sqrt(work, out=work)
        work *= SAFETY_FACTOR
        np.multiply(self.forecast, self.cover, out=orders)
        orders += work
        orders -= self.stock
        orders -= self.on_order
        if owed is not None:
            orders += owed
        np.maximum(orders, 0.0, out=orders)
        self.on_order += orders


def _chunk(
    rng: np.random.Generator, distributors: int, stores_per_distributor: int, weeks: int, replications: int
) -> Array:
    """Simulate one chunk; returns totals of shape (replications, tiers, measures)."""
    columns = distributors * replications
    shape = (stores_per_distributor, columns)
    stores = Tier(shape, 1.0, STORE_LEAD_TIME)
    sellers = Tier((columns,), stores_per_distributor, DISTRIBUTOR_LEAD_TIME)
    maker = Account((replications,))
    demand, sales, owed, lost = np.empty(shape), np.empty(shape), np.zeros(shape), np.empty(shape)
    asked, owed_sum, shipped_sum, available, fraction = (np.empty(columns) for _ in range(5))
    made, none = np.empty(replications), np.zeros(replications)
    for week in range(weeks):
        stores.receive(week)
        rng.standard_normal(out=demand)
        demand *= STANDARD_DEVIATION
        demand += MEAN_DEMAND
        np.maximum(demand, 0.0, out=demand)
        np.minimum(stores.stock, demand, out=sales)
        stores.stock -= sales
        np.subtract(demand, sales, out=lost)
        stores.account.lost += lost
        stores.order(demand)
        stores.account.trade(demand, sales, stores.stock, stores.orders, RETAIL_PRICE, STORE_HOLDING_COST)

        sellers.receive(week)
        stores.orders.sum(axis=0, out=asked)
        owed += stores.orders  # until here the backlog
        owed.sum(axis=0, out=owed_sum)
        sellers.order(asked, owed_sum)
        sellers.pipeline[week % sellers.cover] = sellers.orders
        sellers.account.pay(sellers.orders, PRICE_TO_DISTRIBUTOR)
        sellers.orders.reshape(distributors, replications).sum(axis=0, out=made)
        maker.trade(made, made, none, made, PRICE_TO_DISTRIBUTOR, 0.0)
        maker.pay(made, UNIT_COST)

        fraction.fill(1.0)
        np.maximum(sellers.stock, 0.0, out=available)
        np.divide(available, owed_sum, out=fraction, where=owed_sum > available)
        shipped = stores.pipeline[week % stores.cover]
        np.multiply(owed, fraction, out=shipped)
        owed -= shipped
        shipped.sum(axis=0, out=shipped_sum)
        sellers.stock -= shipped_sum
        stores.account.pay(shipped, PRICE_TO_STORE)
        sellers.account.trade(
            asked, shipped_sum, sellers.stock, sellers.orders, PRICE_TO_STORE, DISTRIBUTOR_HOLDING_COST
        )
    table = np.empty((replications, len(TIERS), len(MEASURES)))
    table[:, 0] = maker.totals().T
    table[:, 1] = sellers.account.totals().reshape(-1, distributors, replications).sum(axis=1).T
    table[:, 2] = stores.account.totals().sum(axis=1).reshape(-1, distributors, replications).sum(axis=1).T
    return table


def run(
    distributors: int,
    stores_per_distributor: int,
    weeks: int,
    replications: int,
    seed: int,
    threads: int = 1,
) -> dict[str, Any]:
    """Simulate the chain with NumPy.

    Parameters
    ----------
    distributors, stores_per_distributor, weeks, replications : int
        Size of the work.
    seed : int
        Seed of the SFC64 streams, one per chunk.
    threads : int, default 1
        Threads working off the chunks; the result does not depend on it.

    Returns
    -------
    dict
        See `chain_rules.result`.

    Raises
    ------
    ValueError
        If a size is below one.
    """
    check_sizes(distributors, stores_per_distributor, weeks, replications, threads)
    start = time.perf_counter()
    size = max(1, CHUNK_ELEMENTS // (distributors * stores_per_distributor))
    counts = [min(size, replications - first) for first in range(0, replications, size)]
    streams = np.random.SeedSequence(seed).spawn(len(counts))

    def work(item: tuple[np.random.SeedSequence, int]) -> Array:
        rng = np.random.Generator(np.random.SFC64(item[0]))
        return _chunk(rng, distributors, stores_per_distributor, weeks, item[1])

    items = list(zip(streams, counts, strict=True))
    if threads == 1:
        parts = [work(item) for item in items]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(work, items))
    table = np.concatenate(parts)
    seconds = time.perf_counter() - start
    return result("NumPy", table, seconds, distributors, stores_per_distributor, weeks)
