"""Quantity discounts, all-unit and incremental: a newsvendor's order, its price, who has the profit.

Both coordinate a newsvendor with any split; an all-unit discount holds a band of demands at its threshold,
where what one more unit costs jumps. An incremental discount down to the unit cost ends double margins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel
from channelsim.theory.discounts_of_the_newsvendor import (
    coordinating_all_unit_discount,
    coordinating_incremental_discount,
    means_held_at_threshold,
)
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.uncertain_demand import NormalDemand
from channelsim.theory.vertical_prices import ChannelPrices, linear_channel
from channelsim.verification.cases import Case, Laboratory
from channelsim.verification.inventory_runs import SEASON_WEEKS
from channelsim.verification.newsvendor_seasons import (
    CHANNEL,
    FAMILY,
    FIRST_PRICE,
    SEASONS,
    Contract,
    case_of_order,
    case_of_share,
    season_order,
)
from channelsim.verification.reading import by_replication

PRICING, PERIOD = "incentives_pricing", "incentives_period"
SHARES = (0.3, 0.8)
"""Splits at which both discounts are judged."""
ALL_UNIT, INCREMENTAL = "Kolay et al. 2004 (newsvendor derived)", "Cachon 2003 (two prices derived)"
JEULAND = "Jeuland & Shugan 1983"


@cache
def incremental(share: float) -> Contract:
    """Return the coordinating incremental discount."""
    found = coordinating_incremental_discount(CHANNEL, FIRST_PRICE, share)
    steps = [{"threshold": found.break_quantity, "discount": 1.0 - found.further_price / FIRST_PRICE}]
    return FIRST_PRICE, found.further_price, {"quantity_discount": {"mode": "incremental", "steps": steps}}


@cache
def all_unit(share: float) -> Contract:
    """Return the coordinating all-unit discount."""
    found = coordinating_all_unit_discount(CHANNEL, FIRST_PRICE, share)
    return all_unit_terms(FIRST_PRICE, found.discounted_price, found.break_quantity)


def all_unit_terms(listed: float, discounted: float, threshold: float) -> Contract:
    """Return an all-unit discount as a contract."""
    steps = [{"threshold": threshold, "discount": 1.0 - discounted / listed}]
    return listed, discounted, {"quantity_discount": {"mode": "all_unit", "steps": steps}}


# --- demands that a threshold holds -----------------------------------------------------------------

LISTED, DISCOUNTED, THRESHOLD = 6.0, 5.2, 220.0
BAND = NewsvendorChannel(CHANNEL.demand, CHANNEL.retail_price, CHANNEL.unit_cost)
"""Without salvage: its value would be a share of a unit cost that jumps, too."""


@cache
def bounds() -> tuple[float, float]:
    """Return the least and the greatest mean demand of a season that the threshold holds."""
    return means_held_at_threshold(BAND, LISTED, DISCOUNTED, THRESHOLD)


def order_at_mean(laboratory: Laboratory, mean: float) -> float:
    """Return a store's order for a season of that mean demand under the all-unit discount."""
    terms = all_unit_terms(LISTED, DISCOUNTED, THRESHOLD)
    return season_order(laboratory, terms, BAND, **{"demand.mean": mean / SEASON_WEEKS})


def order_in_theory(mean: float, price: float) -> float:
    """Return the critical fractile of a season of that mean demand at one price."""
    season = NormalDemand(mean, BAND.demand.standard_deviation)
    return newsvendor_store(season, BAND.retail_price, price).quantity


def where(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Return the number from which on something holds, by halving the interval."""
    while high - low > 1e-7 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return 0.5 * (low + high)


def least_mean(laboratory: Laboratory) -> float:
    """Return the mean demand from which on the store reaches the threshold."""
    return where(lambda mean: order_at_mean(laboratory, mean) >= 0.9999 * THRESHOLD, 150.0, 220.0)


def greatest_mean(laboratory: Laboratory) -> float:
    """Return the mean demand beyond which the store orders more than the threshold."""
    return where(lambda mean: order_at_mean(laboratory, mean) > THRESHOLD * (1.0 + 1e-9), 200.0, 250.0)


def band_case(name: str, closed_form: Callable[[], float], unit: str, **routes: Any) -> Case:
    """Return a case of the demands that the threshold holds."""
    return Case(
        FAMILY, f"all-unit discount: {name}", ALL_UNIT, closed_form, unit=unit, scenario=SEASONS, **routes
    )


# --- what a unit costs on both sides of the threshold ------------------------------------------------

PERIOD_PRICE, PERIOD_DEMAND, PERIOD_SHARE = 10.0, 10.0, 0.05


def cost_at_margin(laboratory: Laboratory, threshold: float) -> float:
    """Return what one more unit costs a store that orders ten a week, at the end of the run."""
    steps = [{"threshold": threshold, "discount": PERIOD_SHARE}]
    changes: dict[str, Any] = {
        "contracts.0.quantity_discount": {"mode": "all_unit", "steps": steps},
        # a unit kept for a week costs as much as a unit: nobody buys ahead to reach a threshold
        "members.store.holding_rate": 1.0,
    }
    result = laboratory.run(PERIOD, record=["marginal_cost by group"], metrics=["profit"], **changes)
    costs = result.trajectories["marginal_cost_by_group"].sel(group="store")
    return float(costs.values[0, 0, -1])


def jump(laboratory: Laboratory) -> float:
    """Return what a unit costs less where the threshold is the store's order than a tenth above it."""
    reached, missed = (cost_at_margin(laboratory, part * PERIOD_DEMAND) for part in (1.0, 1.1))
    return missed - reached


# --- prices: an incremental discount down to the unit cost ------------------------------------------

INTERCEPT, SLOPE, COST = 120.0, 1.5, 20.0
"""Demand of the pricing scenario, and what a unit costs its makers and the store together."""


def integrated() -> ChannelPrices:
    """Return the integrated channel of the pricing scenario."""
    return linear_channel(INTERCEPT, SLOPE, [COST])


def priced(laboratory: Laboratory, metric: str) -> float:
    """Return a metric of the pricing scenario."""
    return float(by_replication(laboratory.run(PRICING, metrics=["price", "channel_profit"]), metric)[0])


def of_splits(name: str, source: str, contract: Callable[[float], Contract]) -> tuple[Case, ...]:
    """Return the cases that a discount coordinates, whatever share it leaves the store."""
    found: list[Case] = []
    for share in SHARES:
        terms = partial(contract, share)
        found.append(case_of_order(f"{name}, {100.0 * share:.0f} % for the store", source, terms))
        found.append(
            case_of_share(
                f"{name}, {100.0 * share:.0f} % for the store", source, terms, partial(float, share)
            )
        )
    return tuple(found)


CASES: tuple[Case, ...] = (
    *of_splits("incremental discount", INCREMENTAL, incremental),
    *of_splits("all-unit discount", ALL_UNIT, all_unit),
    band_case(
        "the least mean demand at which the store reaches the threshold",
        lambda: bounds()[0],
        "units per season",
        optimised=least_mean,
    ),
    band_case(
        "the greatest mean demand at which it orders no more than the threshold",
        lambda: bounds()[1],
        "units per season",
        optimised=greatest_mean,
    ),
    band_case(
        "just above the least mean demand the order is the threshold",
        lambda: THRESHOLD,
        "units per season",
        simulated=lambda lab: order_at_mean(lab, bounds()[0] * (1.0 + 1e-6)),
    ),
    band_case(
        "just below it the order is the critical fractile at the list price (control)",
        lambda: order_in_theory(bounds()[0] * (1.0 - 1e-6), LISTED),
        "units per season",
        simulated=lambda lab: order_at_mean(lab, bounds()[0] * (1.0 - 1e-6)),
    ),
    band_case(
        "beyond the greatest mean demand the order is the critical fractile at the lower price",
        lambda: order_in_theory(bounds()[1] + 10.0, DISCOUNTED),
        "units per season",
        simulated=lambda lab: order_at_mean(lab, bounds()[1] + 10.0),
    ),
    Case(
        FAMILY,
        "all-unit discount: by how much the marginal cost falls at the threshold",
        ALL_UNIT,
        lambda: PERIOD_SHARE * PERIOD_PRICE,
        simulated=jump,
        unit="money per unit",
        scenario=PERIOD,
    ),
    Case(
        FAMILY,
        "retail price under an incremental discount down to the unit cost: the integrated channel's",
        JEULAND,
        lambda: integrated().prices[-1],
        simulated=lambda lab: priced(lab, "price"),
        unit="money per unit",
        scenario=PRICING,
    ),
    Case(
        FAMILY,
        "channel profit under an incremental discount down to the unit cost",
        JEULAND,
        lambda: integrated().channel_profit,
        simulated=lambda lab: priced(lab, "channel_profit"),
        unit="money per week",
        scenario=PRICING,
    ),
)
