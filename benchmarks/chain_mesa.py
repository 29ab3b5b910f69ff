"""Mesa peer: the chain as object agents, one class per tier, without a data collector."""

from __future__ import annotations

import math
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import mesa
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


class Trader(mesa.Agent):
    """A firm with records: one attribute per measure, summed over the weeks."""

    def __init__(self, model: Chain) -> None:
        super().__init__(model)
        self.demand = self.sales = self.lost = self.stock_sum = self.revenue = self.purchases = 0.0
        self.holding_cost = self.profit = self.orders = self.orders_squared = self.demand_squared = 0.0
        self.stockout_weeks = 0

    def record(
        self,
        demand: float,
        sales: float,
        stock: float,
        order: float,
        price: float,
        invoice: float,
        holding: float,
    ) -> None:
        """Add a week: units demanded, sold, left and ordered; price and holding per unit; invoice paid."""
        self.demand += demand
        self.demand_squared += demand * demand
        self.sales += sales
        self.stock_sum += stock
        self.orders += order
        self.orders_squared += order * order
        if demand > sales:
            self.stockout_weeks += 1
        revenue = price * sales
        cost = holding * stock
        self.revenue += revenue
        self.purchases += invoice
        self.holding_cost += cost
        self.profit += revenue - invoice - cost

    def totals(self) -> tuple[float, ...]:
        """Records in the order of `chain_rules.MEASURES`."""
        return (
            self.demand,
            self.sales,
            self.lost,
            self.stock_sum,
            self.stockout_weeks,
            self.revenue,
            self.purchases,
            self.holding_cost,
            self.profit,
            self.orders,
            self.orders_squared,
            self.demand_squared,
        )


class StockingTrader(Trader):
    """A firm that forecasts its demand and orders up to a target."""

    def __init__(self, model: Chain, scale: float, lead_time: int) -> None:
        super().__init__(model)
        self.cover = lead_time + 1
        self.forecast = MEAN_DEMAND * scale
        self.variance = INITIAL_VARIANCE * scale
        self.stock = self.forecast * self.cover + SAFETY_FACTOR * math.sqrt(self.variance * self.cover)
        self.on_order = 0.0
        self.order = 0.0
        self.pipeline = deque([0.0] * self.cover)

    def receive(self) -> None:
        """Take in what arrives this week."""
        arrival = self.pipeline.popleft()
        self.stock += arrival
        self.on_order -= arrival

    def decide(self, demand: float, owed: float) -> None:
        """Update the forecast and order up to the target; `owed` lowers the inventory position."""
        error = demand - self.forecast
        self.forecast += SMOOTHING * error
        self.variance += SMOOTHING * (error * error - self.variance)
        target = self.forecast * self.cover + SAFETY_FACTOR * math.sqrt(self.variance * self.cover)
        self.order = max(0.0, target - (self.stock + self.on_order - owed))
        self.on_order += self.order


class Store(StockingTrader):
    """A store: meets consumers' demand from stock and loses the rest."""

    def __init__(self, model: Chain) -> None:
        super().__init__(model, 1.0, STORE_LEAD_TIME)
        self.backlog = 0.0  # owed to this store by its distributor
        self.sold = self.wanted = 0.0

    def trade(self) -> None:
        """Receive, sell and order."""
        self.receive()
        wanted = max(0.0, MEAN_DEMAND + STANDARD_DEVIATION * self.model.rng.standard_normal())
        sold = min(self.stock, wanted)
        self.stock -= sold
        self.lost += wanted - sold
        self.wanted = wanted
        self.sold = sold
        self.decide(wanted, 0.0)

    def accept(self, shipped: float) -> None:
        """Take note of a shipment and its invoice, and close the week."""
        self.pipeline.append(shipped)
        self.record(
            self.wanted,
            self.sold,
            self.stock,
            self.order,
            RETAIL_PRICE,
            PRICE_TO_STORE * shipped,
            STORE_HOLDING_COST,
        )


class Distributor(StockingTrader):
    """A distributor: serves its stores' orders in proportion, backlogs the rest."""

    def __init__(self, model: Chain, stores: int) -> None:
        super().__init__(model, stores, DISTRIBUTOR_LEAD_TIME)
        self.stores = [Store(model) for _ in range(stores)]
        self.asked = self.owed = 0.0

    def replenish(self) -> None:
        """Receive, collect the stores' orders and order."""
        self.receive()
        asked = owed = 0.0
        for store in self.stores:
            asked += store.order
            store.backlog += store.order
            owed += store.backlog
        self.asked = asked
        self.owed = owed
        self.decide(asked, owed)

    def ship(self) -> None:
        """Ship to the stores and close the week."""
        available = max(0.0, self.stock)
        fraction = available / self.owed if self.owed > available else 1.0
        shipped_sum = 0.0
        for store in self.stores:
            shipped = store.backlog * fraction
            store.backlog -= shipped
            shipped_sum += shipped
            store.accept(shipped)
        self.stock -= shipped_sum
        invoice = PRICE_TO_DISTRIBUTOR * self.order
        self.record(
            self.asked, shipped_sum, self.stock, self.order, PRICE_TO_STORE, invoice, DISTRIBUTOR_HOLDING_COST
        )


class Manufacturer(Trader):
    """The manufacturer: makes and ships whatever is ordered."""

    def ship(self, distributors: list[Distributor]) -> None:
        """Ship every order in full."""
        made = 0.0
        for distributor in distributors:
            distributor.pipeline.append(distributor.order)
            made += distributor.order
        self.record(made, made, 0.0, made, PRICE_TO_DISTRIBUTOR, UNIT_COST * made, 0.0)


class Chain(mesa.Model):
    """One replication of the chain."""

    def __init__(self, distributors: int, stores_per_distributor: int, rng: np.random.Generator) -> None:
        super().__init__(rng=rng)
        self.manufacturer = Manufacturer(self)
        self.distributors = [Distributor(self, stores_per_distributor) for _ in range(distributors)]

    def step(self) -> None:
        """Advance one week."""
        self.agents_by_type[Store].do("trade")
        self.agents_by_type[Distributor].do("replenish")
        self.manufacturer.ship(self.distributors)
        self.agents_by_type[Distributor].do("ship")


def simulate(model: Chain, weeks: int) -> NDArray[np.float64]:
    """Run a model to its end; returns totals of shape (tiers, measures)."""
    for _ in range(weeks):
        model.step()
    members: tuple[list[Trader], ...] = (
        [model.manufacturer],
        [*model.distributors],
        [store for distributor in model.distributors for store in distributor.stores],
    )
    table = np.empty((len(TIERS), len(MEASURES)))
    for row, agents in enumerate(members):
        table[row] = [sum(column) for column in zip(*(agent.totals() for agent in agents), strict=True)]
    return table


def _replication(task: tuple[int, int, int, np.random.SeedSequence]) -> NDArray[np.float64]:
    distributors, stores_per_distributor, weeks, stream = task
    model = Chain(distributors, stores_per_distributor, np.random.default_rng(stream))
    table = simulate(model, weeks)
    # Mesa 3.3.1 numbers agents from a class-wide dictionary that would keep every model alive.
    getattr(mesa.Agent, "_ids", {}).pop(model, None)
    return table


_ready: Any = None


def _start(barrier: Any) -> None:
    global _ready
    _ready = barrier


def _meet(_: int) -> None:
    _ready.wait()


def run(
    distributors: int,
    stores_per_distributor: int,
    weeks: int,
    replications: int,
    seed: int,
    threads: int = 1,
) -> dict[str, Any]:
    """Simulate the chain with Mesa.

    Parameters
    ----------
    distributors, stores_per_distributor, weeks, replications : int
        Size of the work.
    seed : int
        Seed of the PCG64 streams, one per replication.
    threads : int, default 1
        Above one, this many processes (Python objects gain nothing from threads), started before the clock
        is; the caller's main module must then be safe to import. The result does not depend on it.

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
    streams = np.random.SeedSequence(seed).spawn(replications)
    tasks = [(distributors, stores_per_distributor, weeks, stream) for stream in streams]
    if threads == 1:
        start = time.perf_counter()
        parts = [_replication(task) for task in tasks]
        seconds = time.perf_counter() - start
    else:
        context = get_context("spawn")
        with ProcessPoolExecutor(threads, context, _start, (context.Barrier(threads),)) as pool:
            list(pool.map(_meet, range(threads)))
            start = time.perf_counter()
            parts = list(pool.map(_replication, tasks))
            seconds = time.perf_counter() - start
    return result("Mesa", np.stack(parts), seconds, distributors, stores_per_distributor, weeks)
