"""Incentives: contracts that coordinate a newsvendor, a discount that ends double margins, a rebate's hump.

The stores of the scenario order by their own rule under the contract's terms; nothing tells them the owner's
quantity. A coordinating contract is judged twice: by the order, and by the store's share of what one owner
would earn. Controls are the same contract without what coordinates.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from channelsim.theory.contracts_of_the_newsvendor import (
    NewsvendorChannel,
    coordinating_buyback,
    coordinating_revenue_sharing,
)
from channelsim.theory.discounts_of_the_newsvendor import coordinating_incremental_discount
from channelsim.theory.flexibility_and_rebates_of_the_newsvendor import (
    coordinating_flexibility_price,
    coordinating_target_rebate,
    quantity_flexibility,
)
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.period_end import HeapedPurchases, heaped_purchases
from channelsim.theory.target_rebates import Rebate
from channelsim.theory.vertical_prices import ChannelPrices, linear_channel
from channelsim.verification.cases import Case, Laboratory, Noisy
from channelsim.verification.inventory_runs import SEASON, SEASON_WEEKS
from channelsim.verification.reading import by_replication

FAMILY = "incentives"
SEASONS, PRICING, PERIOD = "incentives_newsvendor", "incentives_pricing", "incentives_period"
STORES, CHANNEL = 20, NewsvendorChannel(SEASON, 10.0, 3.0, 1.5)
SHARE, FLEXIBILITY, REBATE, FIRST_PRICE = 0.6, 0.15, 3.0, 10.0
PASTERNACK, CACHON, TSAY, TAYLOR = (
    "Pasternack 1985",
    "Cachon & Lariviere 2005",
    "Tsay 1999",
    "Taylor 2002",
)
JEULAND, HUMP = "Jeuland & Shugan 1983", "Oyer 1998 (equations derived)"

Contract = tuple[float, float, dict[str, Any]]
"""List price, price at the margin, incentives."""


@cache
def buyback(credit_is: str) -> Contract:
    """Return the coordinating buyback."""
    found = coordinating_buyback(CHANNEL, SHARE, credit_is=credit_is)
    salvage = "supplier" if credit_is == "gross" else "buyer"
    given = {"credit": found.credit / found.wholesale_price, "salvage": salvage}
    return found.wholesale_price, found.wholesale_price, {"buyback": given}


@cache
def revenue_share(salvage: str) -> Contract:
    """Return the coordinating revenue sharing."""
    price = coordinating_revenue_sharing(CHANNEL, SHARE, salvage=salvage)
    return price, price, {"revenue_share": {"share": 1.0 - SHARE, "salvage": salvage}}


@cache
def flexibility() -> Contract:
    """Return the coordinating quantity flexibility: full credit with a cap."""
    price = coordinating_flexibility_price(CHANNEL, FLEXIBILITY)
    return price, price, {"buyback": {"credit": 1.0, "cap": FLEXIBILITY, "salvage": "supplier"}}


@cache
def target(at_the_owners_quantity: bool = False) -> Contract:
    """Return the coordinating target rebate on sales, or one whose target is the owner's quantity."""
    found = coordinating_target_rebate(CHANNEL, REBATE, REBATE_SHARE)
    units = CHANNEL.integrated_quantity if at_the_owners_quantity else found.target
    steps = [{"threshold": units, "rebate": REBATE / found.wholesale_price}]
    given = {"mode": "incremental", "basis": "sell_through", "weeks": SEASON_WEEKS, "steps": steps}
    return found.wholesale_price, found.wholesale_price, {"target_rebate": given}


REBATE_SHARE = 0.95
"""Share of the owner's profit that the store has under the target rebate: one of 3 cannot take more of it."""


@cache
def discount() -> Contract:
    """Return the coordinating incremental discount."""
    found = coordinating_incremental_discount(CHANNEL, FIRST_PRICE, SHARE)
    steps = [{"threshold": found.break_quantity, "discount": 1.0 - found.further_price / FIRST_PRICE}]
    return FIRST_PRICE, found.further_price, {"quantity_discount": {"mode": "incremental", "steps": steps}}


def run(laboratory: Laboratory, contract: Contract, weeks: int = 40, replications: int = 1) -> Any:
    """Run the seasons under a contract; a leftover's salvage value stays, as a share of the unit cost."""
    listed, at_margin, incentives = contract
    changes: dict[str, Any] = {f"contracts.0.{name}": value for name, value in incentives.items()}
    changes |= {
        "contracts.0.wholesale_price": listed,
        "members.stores.ordering.salvage": CHANNEL.salvage_value / at_margin,
        "weeks": weeks,
        "warm_up_weeks": SEASON_WEEKS,
    }
    return laboratory.run(SEASONS, replications, record=["order"], metrics=["profit"], **changes)


def season_order(laboratory: Laboratory, contract: Contract) -> float:
    """Return a store's order for a season."""
    orders = run(laboratory, contract).trajectories["order"].values[0, 0]
    # the first order is for the second season, so that seasons and orders are one apart
    return float(np.asarray(orders)[: 9 * SEASON_WEEKS].sum() / (9 * STORES))


def share_of_profit(laboratory: Laboratory, contract: Contract) -> Noisy:
    """Return the stores' profit over that of one owner of both."""
    result = run(laboratory, contract, weeks=2000, replications=10)
    earned = by_replication(result, "profit", "stores") * SEASON_WEEKS / STORES
    return Noisy.of(earned / CHANNEL.integrated_profit)


def without(contract: Contract) -> Contract:
    """Return the price alone."""
    return contract[0], contract[0], {}


def owners_quantity() -> float:
    """Return what one owner of both would stock."""
    return CHANNEL.integrated_quantity


def case_of_order(name: str, source: str, contract: Any) -> Case:
    """Return the case that under a contract stores order the owner's quantity."""
    return Case(
        FAMILY,
        f"{name}: the store orders the owner's quantity",
        source,
        owners_quantity,
        simulated=lambda lab: season_order(lab, contract()),
        unit="units per season",
        scenario=SEASONS,
    )


def case_of_share(name: str, source: str, contract: Any, share: Any) -> Case:
    """Return the case that under a contract the store has that share of the owner's profit."""
    return Case(
        FAMILY,
        f"{name}: the store's share of the owner's profit",
        source,
        share,
        simulated=lambda lab: share_of_profit(lab, contract()),
        scenario=SEASONS,
    )


def flexible_share() -> float:
    """Return the store's share under quantity flexibility."""
    price = coordinating_flexibility_price(CHANNEL, FLEXIBILITY)
    return quantity_flexibility(CHANNEL, price, FLEXIBILITY).store_share


# --- prices: an incremental discount down to the unit cost ------------------------------------------

INTERCEPT, SLOPE, COST = 120.0, 1.5, 20.0
"""Demand of the pricing scenario, and what a unit costs its makers and the store together."""


def integrated() -> ChannelPrices:
    """Return the integrated channel of the pricing scenario."""
    return linear_channel(INTERCEPT, SLOPE, [COST])


def priced(laboratory: Laboratory, discounted: bool) -> Any:
    """Run the pricing scenario with its discount, or without."""
    changes: dict[str, Any] = {} if discounted else {"contracts.0.quantity_discount": {"steps": []}}
    return laboratory.run(PRICING, metrics=["price", "channel_profit"], **changes)


# --- the hump ---------------------------------------------------------------------------------------

WEEKS = 4


def heaped(threshold: float) -> HeapedPurchases:
    """Return what theory says of the period's purchases."""
    return heaped_purchases(Rebate(threshold, 1.0, "retroactive"), 10.0, WEEKS, holding_cost=2.0)


def pushed(laboratory: Laboratory, threshold: float, week: int) -> float:
    """Return the order of a week of the period scenario."""
    steps = [{"threshold": threshold, "rebate": 0.1}]
    given = {"mode": "retroactive", "weeks": WEEKS, "steps": steps}
    changes: dict[str, Any] = {"contracts.0.target_rebate": given}
    result = laboratory.run(PERIOD, record=["order"], metrics=["profit"], **changes)
    return float(result.trajectories["order"].values[0, 0, week])


CASES: tuple[Case, ...] = (
    case_of_order("buyback, credit gross of salvage", PASTERNACK, lambda: buyback("gross")),
    case_of_order("buyback, credit net of salvage", PASTERNACK, lambda: buyback("net")),
    case_of_share("buyback", PASTERNACK, lambda: buyback("gross"), lambda: SHARE),
    Case(
        FAMILY,
        "control: at the buyback's price without credit the store orders the newsvendor's quantity",
        "Lariviere & Porteus 2001",
        lambda: newsvendor_store(SEASON, CHANNEL.retail_price, buyback("net")[0], 1.5).quantity,
        simulated=lambda lab: season_order(lab, without(buyback("net"))),
        unit="units per season",
        scenario=SEASONS,
    ),
    case_of_order("revenue sharing, salvage shared", CACHON, lambda: revenue_share("shared")),
    case_of_order("revenue sharing, salvage kept", CACHON, lambda: revenue_share("kept")),
    case_of_share("revenue sharing", CACHON, lambda: revenue_share("shared"), lambda: SHARE),
    case_of_order("quantity flexibility", TSAY, flexibility),
    case_of_share("quantity flexibility", TSAY, flexibility, flexible_share),
    case_of_order("target rebate on sales", TAYLOR, target),
    case_of_share("target rebate on sales", TAYLOR, target, lambda: REBATE_SHARE),
    Case(
        FAMILY,
        "control: a target at the owner's quantity is let go",
        TAYLOR,
        lambda: newsvendor_store(SEASON, CHANNEL.retail_price, target()[0], 1.5).quantity,
        simulated=lambda lab: season_order(lab, target(at_the_owners_quantity=True)),
        unit="units per season",
        scenario=SEASONS,
    ),
    case_of_order("incremental discount", "Cachon 2003 (two prices derived)", discount),
    case_of_share("incremental discount", "Cachon 2003 (two prices derived)", discount, lambda: SHARE),
    Case(
        FAMILY,
        "retail price under an incremental discount down to the unit cost: the integrated channel's",
        JEULAND,
        lambda: integrated().prices[-1],
        simulated=lambda lab: by_replication(priced(lab, True), "price")[0],
        unit="money per unit",
        scenario=PRICING,
    ),
    Case(
        FAMILY,
        "channel profit under an incremental discount down to the unit cost",
        JEULAND,
        lambda: integrated().channel_profit,
        simulated=lambda lab: by_replication(priced(lab, True), "channel_profit")[0],
        unit="money per week",
        scenario=PRICING,
    ),
    Case(
        FAMILY,
        "a retroactive rebate on purchases: order of the period's last week",
        HUMP,
        lambda: heaped(55.0).purchases[WEEKS - 1],
        simulated=lambda lab: pushed(lab, 55.0, WEEKS - 1),
        unit="units",
        scenario=PERIOD,
    ),
    Case(
        FAMILY,
        "a retroactive rebate on purchases: order of the week but one after, when the stock runs out",
        HUMP,
        lambda: heaped(55.0).purchases[WEEKS + 1],
        simulated=lambda lab: pushed(lab, 55.0, WEEKS + 1),
        unit="units",
        scenario=PERIOD,
    ),
    Case(
        FAMILY,
        "control: a target too far is let go, orders stay as they are",
        HUMP,
        lambda: heaped(65.0).purchases[WEEKS - 1],
        simulated=lambda lab: pushed(lab, 65.0, WEEKS - 1),
        unit="units",
        scenario=PERIOD,
    ),
)
