"""What the inventory family simulates (seasons, weeks, base stocks, a serial system) and what it reads there.

Seasons are the newsvendor rule's; a *week* as a season is a base stock without a lead time where unmet demand
is lost: what a unit left over costs is then a week's holding cost. Quantities are the optimiser's where the
store's rule does not know them (gamma demand, base stocks): levers of a scenario, set by scipy over
`simulate` on the same random numbers, or, in whole units, by walking downhill.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from channelsim.theory.newsvendor import newsvendor_store, wholesale_contract
from channelsim.theory.serial_system import SerialOptimum, serial_optimum
from channelsim.theory.uncertain_demand import (
    Demand,
    ExponentialDemand,
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from channelsim.verification.cases import Laboratory, Noisy
from channelsim.verification.reading import by_replication, highest_at

if TYPE_CHECKING:
    from channelsim.analysis.results import Result

Floats = NDArray[np.float64]
SEASONS, ONE_WEEK = "inventory_newsvendor", "inventory_one_week"
BASE_STOCK, SERIAL = "inventory_base_stock", "inventory_serial"
LEVEL, WHOLESALE = "members.stores.ordering.base_stock", "contracts.0.wholesale_price"

# What the scenarios hold, in the words of the theory.
STORES = 20
SEASON, SEASON_WEEKS = NormalDemand(50.0, 10.0).over(4), 4
RETAIL, PRICE, UNIT_COST, SALVAGE = 10.0, 6.0, 3.0, 1.5
WEEK_RETAIL, WEEK_COST, WEEK_SALVAGE = 9.0, 5.0, 4.0
"""Newsvendor of a week: a unit left over is worth what it cost less the week's holding cost of 1."""
GAMMA, EXPONENTIAL, UNIFORM = GammaDemand(20.0, 6.0), ExponentialDemand(20.0), UniformDemand(0.0, 100.0)
POISSON, NORMAL = PoissonDemand(4.0), NormalDemand(20.0, 4.0)
POISSON_LEVEL, NORMAL_LEVEL, LEAD_TIME = 14, 63.0, 2
BACKORDER_COST = 11.0
CHAINS, SERIAL_LEADS, ECHELON_COSTS, SERIAL_PENALTY = 10, (1, 2), (2.0, 1.0), 24.0
"""The penalty, and the backorder cost above, leave the second-best whole levels clear of the noise."""
GIVEN_LEVELS = (11.0, 22.0)
"""Echelon base stocks of the serial scenario, the store's first: 11 and 11 locally."""


# --- what is read from results ----------------------------------------------------------------------


def weekly_profit(result: Result, group: str) -> Floats:
    """Return the weekly profit of a group in each replication."""
    return by_replication(result, "profit", group)


def mean_over_weeks(result: Result, name: str) -> Floats:
    """Return the mean of a trajectory over the weeks without the warm-up, (replications, ...)."""
    weeks = np.asarray(result.trajectories[name].values[0][:, -result.weeks :], dtype=np.float64)
    return np.asarray(weeks.mean(axis=1))


def met_at_once(result: Result) -> Floats:
    """Return the share of demand met in its week in each replication."""
    return by_replication(result, "immediate_fill_rate")


def best_whole(cost: Callable[[int], float], start: int) -> int:
    """Return the whole number of least cost, walking downhill; the cost has to be convex."""
    best = start
    while cost(best + 1) < cost(best):
        best += 1
    while cost(best - 1) < cost(best):
        best -= 1
    return best


# --- newsvendors ------------------------------------------------------------------------------------


def run_season(
    laboratory: Laboratory, price: float = PRICE, weeks: int = 2000, replications: int = 10
) -> Result:
    """Run the seasons at a wholesale price; a leftover's salvage value stays, as a share of that price."""
    changes: dict[str, Any] = {
        WHOLESALE: price,
        "members.stores.ordering.salvage": SALVAGE / price,
        "weeks": weeks,
    }
    return laboratory.run(
        SEASONS, replications, **changes, record=["order"], metrics=["profit", "channel_profit"]
    )


def season_order(laboratory: Laboratory, price: float = PRICE) -> float:
    """Return a store's order for a season."""
    orders = run_season(laboratory, price, weeks=40, replications=1).trajectories["order"].values[0, 0]
    return float(orders.sum() / (STORES * (40 // SEASON_WEEKS)))


def supplier_profit(laboratory: Laboratory, price: float) -> float:
    """Return the maker's profit with one store over a season."""
    profit = weekly_profit(run_season(laboratory, price, weeks=40, replications=1), "maker")
    return float(profit[0] * SEASON_WEEKS / STORES)


def best_wholesale_price(laboratory: Laboratory) -> float:
    """Return the wholesale price at which the maker earns most."""
    return highest_at(partial(supplier_profit, laboratory), UNIT_COST + 0.5, RETAIL - 0.01)


@cache
def best_contract() -> tuple[float, float, float, float]:
    """Return wholesale price, supplier's profit, efficiency and the owner's quantity."""
    found = wholesale_contract(SEASON, RETAIL, UNIT_COST, SALVAGE)
    return found.wholesale_price, found.supplier_profit, found.efficiency, found.integrated_quantity


def efficiency(laboratory: Laboratory) -> Noisy:
    """Return the channel's profit under the contract over that at unit cost, replication by replication."""
    contract, owner = (run_season(laboratory, price) for price in (best_contract()[0], UNIT_COST))
    return Noisy.of(by_replication(contract, "channel_profit") / by_replication(owner, "channel_profit"))


def run_week(laboratory: Laboratory, demand: Demand, level: float, replications: int) -> Result:
    """Run a newsvendor every week against gamma demand (exponential: with a variation of 1)."""
    changes: dict[str, Any] = {
        "weeks": 2000,
        "territories.market.count": STORES,
        "demand.trace": [],
        "demand.mean": demand.mean,
        "demand.noise": "gamma",
        "demand.variation": demand.standard_deviation / demand.mean,
        LEVEL: level,
    }
    return laboratory.run(ONE_WEEK, replications, **changes, metrics=["profit"])


def week_season(demand: Demand) -> tuple[float, float]:
    """Return the best quantity and the expected profit of a week."""
    best = newsvendor_store(demand, WEEK_RETAIL, WEEK_COST, WEEK_SALVAGE)
    return best.quantity, best.expected_profit


def week_profit(demand: Demand, replications: int) -> Callable[[Laboratory], Noisy]:
    """Return a finder of a store's profit in a week at the quantity that theory says is best."""

    def find(laboratory: Laboratory) -> Noisy:
        result = run_week(laboratory, demand, week_season(demand)[0], replications)
        return Noisy.of(weekly_profit(result, "stores") / STORES)

    return find


def best_week_quantity(laboratory: Laboratory) -> float:
    """Return the quantity at which stores earn most against gamma demand."""

    def profit(level: float) -> float:
        return float(weekly_profit(run_week(laboratory, GAMMA, level, 40), "stores").mean())

    return highest_at(profit, 15.0, 40.0, tolerance=1e-3)


# --- base stocks ------------------------------------------------------------------------------------

BACKLOG_METRICS = ("average_stock", "average_backlog", "immediate_fill_rate")


def run_base_stock(laboratory: Laboratory, level: float = POISSON_LEVEL, replications: int = 60) -> Result:
    """Run base stocks against Poisson demand."""
    changes: dict[str, Any] = {LEVEL: level}
    return laboratory.run(BASE_STOCK, replications, metrics=BACKLOG_METRICS, **changes)


def run_normal_base_stock(laboratory: Laboratory) -> Result:
    """Run base stocks against normal demand."""
    changes: dict[str, Any] = {
        "demand.noise": "normal",
        "demand.mean": NORMAL.mean,
        "demand.deviation": NORMAL.standard_deviation,
        LEVEL: NORMAL_LEVEL,
    }
    return laboratory.run(BASE_STOCK, 60, metrics=BACKLOG_METRICS, **changes)


def run_certain(laboratory: Laboratory) -> Result:
    """Run base stocks that are just the demand of the weeks they have to last, without noise."""
    changes: dict[str, Any] = {"demand.noise": "none", LEVEL: POISSON.mean * (LEAD_TIME + 1)}
    return laboratory.run(BASE_STOCK, metrics=BACKLOG_METRICS, weeks=60, **changes)


def stock_per_store(result: Result) -> Floats:
    """Return a store's stock at the end of a week in each replication."""
    return by_replication(result, "average_stock") / STORES


def owed_per_store(result: Result) -> Floats:
    """Return a store's backorders at the end of a week in each replication."""
    return by_replication(result, "average_backlog") / STORES


def best_base_stock(laboratory: Laboratory) -> float:
    """Return the whole base stock of least cost: a unit of stock costs 1 a week."""

    def cost(level: int) -> float:
        result = run_base_stock(laboratory, float(level), 10)
        stock = by_replication(result, "average_stock").mean() / STORES
        return float(stock + BACKORDER_COST * owed_per_store(result).mean())

    return float(best_whole(cost, POISSON_LEVEL))


def fill_rate_with_lost_sales(laboratory: Laboratory) -> Noisy:
    """Return the share of demand that is met where what is unmet is lost."""
    changes: dict[str, Any] = {"demand.unmet": "lost", LEVEL: float(POISSON_LEVEL)}
    result = laboratory.run(BASE_STOCK, 20, metrics=["fill_rate"], **changes)
    return Noisy.of(by_replication(result, "fill_rate"))


# --- the serial system ------------------------------------------------------------------------------


def serial_costs(laboratory: Laboratory, store: float, distributor: float, replications: int) -> Floats:
    """Return a chain's weekly cost in each replication, at local base stocks.

    Stock at what the echelon costs add up to, goods on their way to the store at the distributor's rate, and
    the store's backorders. On its way at the end of a week is what the store has on order and its
    distributor does not owe it.
    """
    changes: dict[str, Any] = {LEVEL: store, "members.distributors.ordering.base_stock": distributor}
    record = ["stock by group", "owed by group", "on_order by group"]
    result = laboratory.run(SERIAL, replications, record=record, metrics=["profit"], **changes)
    groups = list(result.trajectories["group"].values)
    at_store, at_distributor = groups.index("stores"), groups.index("distributors")
    stock, owed, on_order = (
        mean_over_weeks(result, f"{name}_by_group") / CHAINS for name in ("stock", "owed", "on_order")
    )
    in_transit = on_order[:, at_store] - owed[:, at_distributor]
    return np.asarray(
        sum(ECHELON_COSTS) * stock[:, at_store]
        + ECHELON_COSTS[1] * (stock[:, at_distributor] + in_transit)
        + SERIAL_PENALTY * owed[:, at_store]
    )


@cache
def best_serial_system() -> SerialOptimum:
    """Return the serial scenario's best levels and least cost in theory."""
    return serial_optimum(POISSON, SERIAL_LEADS, ECHELON_COSTS, SERIAL_PENALTY)


def found_levels(laboratory: Laboratory) -> tuple[int, int]:
    """Return the local base stocks that a walk over whole levels finds, from the given ones."""

    def cost(levels: tuple[int, int]) -> float:
        return float(serial_costs(laboratory, levels[0], levels[1], 8).mean())

    best = (int(GIVEN_LEVELS[0]), int(GIVEN_LEVELS[1] - GIVEN_LEVELS[0]))
    while True:
        # one stage by a unit, or stock from one stage to the other
        moves = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1))
        around = [(best[0] + a, best[1] + b) for a, b in moves]
        lowest = min(around, key=cost)
        if cost(lowest) >= cost(best):
            return best
        best = lowest


def optimised_serial_cost(laboratory: Laboratory) -> Noisy:
    """Return a chain's weekly cost at the levels found."""
    return Noisy.of(serial_costs(laboratory, *found_levels(laboratory), 120))
