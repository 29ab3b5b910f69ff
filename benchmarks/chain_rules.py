"""The common work of the benchmark peers: parameters of the chain and the shape of a result.

One manufacturer with unlimited supply serves ``distributors`` distributors, each of which serves
``stores_per_distributor`` stores. ``README.md`` states the order of events in a week.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MEAN_DEMAND = 10.0
STANDARD_DEVIATION = 3.0
SMOOTHING = 0.2
SAFETY_FACTOR = 1.645
STORE_LEAD_TIME = 2
DISTRIBUTOR_LEAD_TIME = 3
UNIT_COST = 50.0
PRICE_TO_DISTRIBUTOR = 65.0
PRICE_TO_STORE = 75.0
RETAIL_PRICE = 100.0
STORE_HOLDING_COST = 0.15
DISTRIBUTOR_HOLDING_COST = 0.13
INITIAL_VARIANCE = STANDARD_DEVIATION**2

#: Distributors and stores per distributor of the three sizes, all over ``WEEKS`` weeks.
SIZES: dict[str, tuple[int, int]] = {"small": (2, 10), "medium": (10, 50), "large": (100, 100)}
WEEKS = 104

TIERS = ("manufacturer", "distributor", "store")
MEASURES = (
    "demand",
    "sales",
    "lost",
    "stock",
    "stockout_weeks",
    "revenue",
    "purchases",
    "holding_cost",
    "profit",
    "orders",
    "orders_squared",
    "demand_squared",
)


def agent_weeks(distributors: int, stores_per_distributor: int, weeks: int, replications: int) -> int:
    """Number of agent-weeks simulated, the unit of work of every comparison."""
    return (1 + distributors + distributors * stores_per_distributor) * weeks * replications


def result(
    peer: str,
    table: NDArray[np.float64],
    seconds: float,
    distributors: int,
    stores_per_distributor: int,
    weeks: int,
) -> dict[str, Any]:
    """Put one run of a peer into the common form.

    Parameters
    ----------
    peer : str
        Name of the peer.
    table : ndarray, shape (replications, 3, 12)
        Totals over the agents of a tier and over the weeks, in the order of `TIERS` and `MEASURES`.
    seconds : float
        Wall-clock seconds of the simulation alone.
    distributors, stores_per_distributor, weeks : int
        Size of the chain.

    Returns
    -------
    dict
        ``totals[tier][measure]`` is an array of shape (replications,), ``means[tier][measure]`` its mean;
        ``seconds``, ``agent_weeks`` and ``million_agent_weeks_per_second`` are the cost.

    Raises
    ------
    ValueError
        If the table does not have one row per tier and one column per measure.
    """
    if table.ndim != 3 or table.shape[1:] != (len(TIERS), len(MEASURES)):
        expected = f"(replications, {len(TIERS)}, {len(MEASURES)})"
        raise ValueError(f"table of shape {table.shape}, expected {expected}")
    work = agent_weeks(distributors, stores_per_distributor, weeks, table.shape[0])
    totals = {
        tier: {measure: table[:, row, column].copy() for column, measure in enumerate(MEASURES)}
        for row, tier in enumerate(TIERS)
    }
    means = {tier: {name: float(x.mean()) for name, x in columns.items()} for tier, columns in totals.items()}
    return {
        "peer": peer,
        "totals": totals,
        "means": means,
        "seconds": seconds,
        "agent_weeks": work,
        "million_agent_weeks_per_second": work / seconds / 1e6,
    }


def check_sizes(
    distributors: int, stores_per_distributor: int, weeks: int, replications: int, threads: int
) -> None:
    """Raise ``ValueError`` if a size is below one."""
    sizes = {
        "distributors": distributors,
        "stores_per_distributor": stores_per_distributor,
        "weeks": weeks,
        "replications": replications,
        "threads": threads,
    }
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
