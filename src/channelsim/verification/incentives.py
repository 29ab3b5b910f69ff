"""Incentives: contracts that coordinate a newsvendor, discounts, a rebate's hump.

Here buyback, revenue sharing, quantity flexibility, target rebates and the hump; price alone is in
`channelsim.verification.wholesale_price`, discounts in `quantity_discounts`, what they share in
`newsvendor_seasons`. Controls are the same contract without what coordinates.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from channelsim.theory.contracts_of_the_newsvendor import coordinating_buyback, coordinating_revenue_sharing
from channelsim.theory.flexibility_and_rebates_of_the_newsvendor import (
    coordinating_flexibility_price,
    coordinating_target_rebate,
    quantity_flexibility,
)
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.period_end import HeapedPurchases, heaped_purchases
from channelsim.theory.target_rebates import Rebate
from channelsim.verification import quantity_discounts, wholesale_price
from channelsim.verification.cases import Case, Laboratory
from channelsim.verification.inventory_runs import SEASON, SEASON_WEEKS
from channelsim.verification.newsvendor_seasons import (
    CHANNEL,
    FAMILY,
    SEASONS,
    Contract,
    at_price,
    case_of_order,
    case_of_share,
    season_order,
)

PERIOD = "incentives_period"
SHARE, FLEXIBILITY, REBATE = 0.6, 0.15, 3.0
PASTERNACK, CACHON, TSAY, TAYLOR = (
    "Pasternack 1985",
    "Cachon & Lariviere 2005",
    "Tsay 1999",
    "Taylor 2002",
)
HUMP = "Oyer 1998 (equations derived)"


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


def flexible_share() -> float:
    """Return the store's share under quantity flexibility."""
    price = coordinating_flexibility_price(CHANNEL, FLEXIBILITY)
    return quantity_flexibility(CHANNEL, price, FLEXIBILITY).store_share


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
    *wholesale_price.CASES,
    case_of_order("buyback, credit gross of salvage", PASTERNACK, lambda: buyback("gross")),
    case_of_order("buyback, credit net of salvage", PASTERNACK, lambda: buyback("net")),
    case_of_share("buyback", PASTERNACK, lambda: buyback("gross"), lambda: SHARE),
    Case(
        FAMILY,
        "control: at the buyback's price without credit the store orders the newsvendor's quantity",
        "Lariviere & Porteus 2001",
        lambda: newsvendor_store(SEASON, CHANNEL.retail_price, buyback("net")[0], 1.5).quantity,
        simulated=lambda lab: season_order(lab, at_price(buyback("net")[0])),
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
    *quantity_discounts.CASES,
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
