"""Inventory: newsvendors, their contract, base stocks, lost sales and a serial system, found by simulation.

Base stocks of Poisson demand are whole units, so that an optimiser that finds them is exact. The share of
demand met at once is the metric ``immediate_fill_rate``: ``fill_rate``, sales over demand, counts goods that
waited, too. Backorders are the metric ``average_backlog``.
`channelsim.verification.inventory_runs` holds the runs.
"""

from __future__ import annotations

from channelsim.theory.base_stock import base_stock, best_base_stock
from channelsim.theory.lost_sales import base_stock_with_lost_sales
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.serial_system import serial_cost
from channelsim.theory.uncertain_demand import NormalDemand
from channelsim.verification import inventory_runs as runs
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Noisy

FAMILY = "inventory"
NEWSVENDOR_SOURCE, CONTRACT_SOURCE = "Arrow, Harris & Marschak 1951", "Lariviere & Porteus 2001"
BASE_STOCK_SOURCE, FILL_RATE_SOURCE = "Hadley & Whitin 1963", "Johnson, Lee, Davis & Hall 1995"
SERIAL_SOURCE = "Clark & Scarf 1960"

CASES: tuple[Case, ...] = (
    Case(
        FAMILY,
        "newsvendor's order for a season, normal demand, salvage",
        NEWSVENDOR_SOURCE,
        lambda: newsvendor_store(runs.SEASON, runs.RETAIL, runs.PRICE, runs.SALVAGE).quantity,
        simulated=runs.season_order,
        unit="units per season",
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "newsvendor's expected profit, normal demand, salvage",
        NEWSVENDOR_SOURCE,
        lambda: newsvendor_store(runs.SEASON, runs.RETAIL, runs.PRICE, runs.SALVAGE).expected_profit,
        simulated=lambda lab: Noisy.of(
            runs.weekly_profit(runs.run_season(lab), "stores") * runs.SEASON_WEEKS / runs.STORES
        ),
        unit="money per season",
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "newsvendor's quantity, gamma demand",
        NEWSVENDOR_SOURCE,
        lambda: runs.week_season(runs.GAMMA)[0],
        optimised=runs.best_week_quantity,
        tolerance=OPTIMISED_LEVER,
        unit="units per week",
        scenario=runs.ONE_WEEK,
    ),
    Case(
        FAMILY,
        "newsvendor's expected profit, gamma demand",
        NEWSVENDOR_SOURCE,
        lambda: runs.week_season(runs.GAMMA)[1],
        simulated=runs.week_profit(runs.GAMMA, 10),
        unit="money per week",
        scenario=runs.ONE_WEEK,
    ),
    Case(
        FAMILY,
        "newsvendor's expected profit, exponential demand",
        NEWSVENDOR_SOURCE,
        lambda: runs.week_season(runs.EXPONENTIAL)[1],
        simulated=runs.week_profit(runs.EXPONENTIAL, 20),
        unit="money per week",
        scenario=runs.ONE_WEEK,
    ),
    Case(
        FAMILY,
        "newsvendor's expected profit, uniform demand",
        NEWSVENDOR_SOURCE,
        lambda: runs.week_season(runs.UNIFORM)[1],
        simulated=lambda lab: float(
            runs.weekly_profit(lab.run(runs.ONE_WEEK, metrics=["profit"]), "stores")[0]
        ),
        unit="money per week",
        scenario=runs.ONE_WEEK,
    ),
    Case(
        FAMILY,
        "wholesale price of a supplier who leads a newsvendor, with salvage",
        CONTRACT_SOURCE,
        lambda: runs.best_contract()[0],
        optimised=runs.best_wholesale_price,
        tolerance=OPTIMISED_LEVER,
        unit="money per unit",
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "supplier's profit under the wholesale contract, with salvage",
        CONTRACT_SOURCE,
        lambda: runs.best_contract()[1],
        simulated=lambda lab: runs.supplier_profit(lab, runs.best_contract()[0]),
        unit="money per season",
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "efficiency of the wholesale contract, with salvage",
        CONTRACT_SOURCE,
        lambda: runs.best_contract()[2],
        simulated=runs.efficiency,
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "control: supplied at unit cost, the newsvendor orders the owner's quantity",
        CONTRACT_SOURCE,
        lambda: 1.0,
        simulated=lambda lab: runs.season_order(lab, runs.UNIT_COST) / runs.best_contract()[3],
        scenario=runs.SEASONS,
    ),
    Case(
        FAMILY,
        "expected stock of a base stock, Poisson demand",
        BASE_STOCK_SOURCE,
        lambda: base_stock(runs.POISSON, runs.POISSON_LEVEL, runs.LEAD_TIME).expected_stock,
        simulated=lambda lab: Noisy.of(runs.stock_per_store(runs.run_base_stock(lab))),
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "expected backorders of a base stock, Poisson demand",
        BASE_STOCK_SOURCE,
        lambda: base_stock(runs.POISSON, runs.POISSON_LEVEL, runs.LEAD_TIME).expected_backorders,
        simulated=lambda lab: Noisy.of(runs.owed_per_store(runs.run_base_stock(lab))),
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "fill rate of a base stock, Poisson demand",
        FILL_RATE_SOURCE,
        lambda: base_stock(runs.POISSON, runs.POISSON_LEVEL, runs.LEAD_TIME).fill_rate,
        simulated=lambda lab: Noisy.of(runs.met_at_once(runs.run_base_stock(lab))),
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "best base stock, Poisson demand",
        BASE_STOCK_SOURCE,
        lambda: best_base_stock(runs.POISSON, runs.LEAD_TIME, 1.0, runs.BACKORDER_COST).base_stock,
        optimised=runs.best_base_stock,
        tolerance=OPTIMISED_LEVER,
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "expected stock of a base stock, normal demand",
        BASE_STOCK_SOURCE,
        lambda: base_stock(runs.NORMAL, runs.NORMAL_LEVEL, runs.LEAD_TIME).expected_stock,
        simulated=lambda lab: Noisy.of(runs.stock_per_store(runs.run_normal_base_stock(lab))),
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "expected backorders of a base stock, normal demand",
        BASE_STOCK_SOURCE,
        lambda: base_stock(runs.NORMAL, runs.NORMAL_LEVEL, runs.LEAD_TIME).expected_backorders,
        simulated=lambda lab: Noisy.of(runs.owed_per_store(runs.run_normal_base_stock(lab))),
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "fill rate of a base stock, normal demand",
        FILL_RATE_SOURCE,
        lambda: base_stock(runs.NORMAL, runs.NORMAL_LEVEL, runs.LEAD_TIME).fill_rate,
        simulated=lambda lab: Noisy.of(runs.met_at_once(runs.run_normal_base_stock(lab))),
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "control: certain demand and just enough stock: all of it met at once",
        FILL_RATE_SOURCE,
        lambda: (
            base_stock(
                NormalDemand(runs.POISSON.mean, 0.0), runs.POISSON.mean * (runs.LEAD_TIME + 1), runs.LEAD_TIME
            ).fill_rate
        ),
        simulated=lambda lab: float(runs.met_at_once(runs.run_certain(lab))[0]),
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "control: certain demand and just enough stock: no backorders and no stock",
        BASE_STOCK_SOURCE,
        lambda: 0.0,
        simulated=lambda lab: float(
            runs.owed_per_store(runs.run_certain(lab))[0]
            + runs.run_certain(lab).metrics["average_stock"].values[0, 0]
        ),
        unit="units",
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "fill rate of a base stock with lost sales, Poisson demand",
        "Zipkin 2008",
        lambda: base_stock_with_lost_sales(runs.POISSON, runs.POISSON_LEVEL, runs.LEAD_TIME).fill_rate,
        simulated=runs.fill_rate_with_lost_sales,
        scenario=runs.BASE_STOCK,
    ),
    Case(
        FAMILY,
        "cost of given base stocks in a serial system of two stages",
        SERIAL_SOURCE,
        lambda: serial_cost(
            runs.POISSON, runs.SERIAL_LEADS, runs.ECHELON_COSTS, runs.SERIAL_PENALTY, runs.GIVEN_LEVELS
        ),
        simulated=lambda lab: Noisy.of(
            runs.serial_costs(lab, runs.GIVEN_LEVELS[0], runs.GIVEN_LEVELS[1] - runs.GIVEN_LEVELS[0], 120)
        ),
        unit="money per week",
        scenario=runs.SERIAL,
    ),
    Case(
        FAMILY,
        "least cost of a serial system of two stages",
        SERIAL_SOURCE,
        lambda: runs.best_serial_system().cost,
        optimised=runs.optimised_serial_cost,
        unit="money per week",
        scenario=runs.SERIAL,
    ),
    Case(
        FAMILY,
        "best base stock of the store in a serial system of two stages",
        SERIAL_SOURCE,
        lambda: runs.best_serial_system().local_base_stocks[0],
        optimised=lambda lab: float(runs.found_levels(lab)[0]),
        tolerance=OPTIMISED_LEVER,
        unit="units",
        scenario=runs.SERIAL,
    ),
    Case(
        FAMILY,
        "best base stock of the distributor in a serial system of two stages",
        SERIAL_SOURCE,
        lambda: runs.best_serial_system().local_base_stocks[1],
        optimised=lambda lab: float(runs.found_levels(lab)[1]),
        tolerance=OPTIMISED_LEVER,
        unit="units",
        scenario=runs.SERIAL,
    ),
)
