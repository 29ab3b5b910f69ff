"""What the cases of newsvendors under contracts share: seasons, a store's order and its share of the profit.

The stores of the scenario order by their own rule under the contract's terms; nothing tells them the owner's
quantity. A coordinating contract is judged twice: by the order, and by the store's share of what one owner
would earn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel
from channelsim.verification.cases import Case, Laboratory, Noisy
from channelsim.verification.inventory_runs import SEASON, SEASON_WEEKS
from channelsim.verification.reading import by_replication

if TYPE_CHECKING:
    from channelsim.analysis.results import Result

FAMILY, SEASONS = "incentives", "incentives_newsvendor"
STORES, CHANNEL = 20, NewsvendorChannel(SEASON, 10.0, 3.0, 1.5)
FIRST_PRICE = 10.0
"""List price of the discounts: at the retail price a store has nothing without its discount."""

Contract = tuple[float, float, dict[str, Any]]
"""List price, price at the margin, incentives."""


def at_price(price: float) -> Contract:
    """Return a wholesale price without anything else."""
    return price, price, {}


def run(
    laboratory: Laboratory,
    contract: Contract,
    weeks: int = 40,
    replications: int = 1,
    channel: NewsvendorChannel = CHANNEL,
    **changes: Any,
) -> Result:
    """Run the seasons under a contract; a leftover's salvage value stays, as a share of the unit cost."""
    listed, at_margin, incentives = contract
    changes |= {f"contracts.0.{name}": value for name, value in incentives.items()}
    changes |= {
        "contracts.0.wholesale_price": listed,
        "members.stores.ordering.salvage": channel.salvage_value / at_margin,
        "weeks": weeks,
        "warm_up_weeks": SEASON_WEEKS,
    }
    metrics = ["profit", "channel_profit"]
    return laboratory.run(SEASONS, replications, record=["order"], metrics=metrics, **changes)


def season_order(
    laboratory: Laboratory, contract: Contract, channel: NewsvendorChannel = CHANNEL, **changes: Any
) -> float:
    """Return a store's order for a season."""
    result = run(laboratory, contract, channel=channel, **changes)
    orders = result.trajectories["order"].values[0, 0]
    # the first order is for the second season, so that seasons and orders are one apart; it is left out, for
    # it is made before any order has shown what price is the one at the margin, of which salvage is a share
    return float(np.asarray(orders)[SEASON_WEEKS : 9 * SEASON_WEEKS].sum() / (8 * STORES))


def share_of_profit(
    laboratory: Laboratory, contract: Contract, channel: NewsvendorChannel = CHANNEL, metric: str = "profit"
) -> Noisy:
    """Return the stores' profit, or with ``channel_profit`` that of all, over that of one owner of both."""
    result = run(laboratory, contract, weeks=2000, replications=10, channel=channel)
    earned = by_replication(result, metric, "stores" if metric == "profit" else "")
    return Noisy.of(earned * SEASON_WEEKS / STORES / channel.integrated_profit)


def case_of_order(name: str, source: str, contract: Callable[[], Contract]) -> Case:
    """Return the case that under a contract stores order what one owner of both would stock."""
    return Case(
        FAMILY,
        f"{name}: the store orders the owner's quantity",
        source,
        lambda: CHANNEL.integrated_quantity,
        simulated=lambda lab: season_order(lab, contract()),
        unit="units per season",
        scenario=SEASONS,
    )


def case_of_share(
    name: str, source: str, contract: Callable[[], Contract], share: Callable[[], float]
) -> Case:
    """Return the case that under a contract the store has that share of the owner's profit."""
    return Case(
        FAMILY,
        f"{name}: the store's share of the owner's profit",
        source,
        share,
        simulated=lambda lab: share_of_profit(lab, contract()),
        scenario=SEASONS,
    )
