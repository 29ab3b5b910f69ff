"""Runs and readings of the family "support and exclusivity"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from channelsim.decisions import Policy
from channelsim.theory.choice import logit_shares
from channelsim.theory.cooperative_advertising import AdvertisedChannel
from channelsim.theory.exclusive_dealing import acceptance_threshold, carrying_all, carrying_one
from channelsim.theory.service_free_riding import (
    ServiceMarket,
    ServiceOutcome,
    all_stores,
    logit_slopes,
    neutral_spillover,
)
from channelsim.verification.cases import Laboratory
from channelsim.verification.reading import highest_at, of_group

SERVICE, EXCLUSIVE = "support_service", "support_exclusive"
ADVERTISED = (1000.0, 3000.0, 1.0, 1.0)
"""Saturation, shortfall and both elasticities of the advertised channel."""


# --- service: theory --------------------------------------------------------------------------------------


def market_at(effort: float, **changes: float) -> ServiceMarket:
    """Return the market of the scenario at the shares that equal efforts bring about."""
    scenario = Laboratory.scenario(SERVICE)
    stores, segment = scenario.members[1], scenario.segments[0]
    number, taste = int(stores.per_territory), segment.service_weight  # type: ignore[arg-type]
    price, wholesale = float(stores.pricing.opening), float(scenario.contracts[0].wholesale_price or 0.0)  # type: ignore[arg-type]
    pull = np.exp(float(segment.equity) - segment.price_sensitivity * price + taste * effort)  # type: ignore[arg-type]
    share = float(pull / (1.0 + number * pull))
    slopes = logit_slopes(scenario.territories[0].buyers, taste, share, number)
    market = ServiceMarket(
        number,
        *slopes,
        scenario.demand.service_spillover,
        float(stores.service_cost),  # type: ignore[arg-type]
        price - wholesale,
        wholesale - scenario.brands[0].production_cost,
    )
    return replace(market, **changes)  # type: ignore[arg-type]


def at_rest(rule: Callable[[ServiceMarket], float], **changes: float) -> float:
    """Return the effort that a rule chooses at the shares which that effort brings about."""
    from scipy.optimize import brentq

    return float(brentq(lambda e: rule(market_at(e, **changes)) - e, 0.0, 100.0, xtol=1e-14))


def market_at_rest(outcome: Callable[[ServiceMarket], ServiceOutcome]) -> ServiceMarket:
    """Return the market at the effort of an outcome of theory."""
    return market_at(at_rest(lambda market: outcome(market).effort))


def neutral() -> float:
    """Return the spillover at which stores alone serve as all together would."""
    market = market_at_rest(all_stores)
    return neutral_spillover(market.stores, market.own_slope, market.rival_slope)


def _nearly_linear(maker_margin: float) -> dict[str, Any]:
    """Return changes that leave one store, whose service is worth so little that demand is linear in it."""
    return {
        "segments.0.service_weight": 1e-4,
        "members.stores.service_cost": 0.05,
        "members.stores.per_territory": 1,
        "brands.0.production_cost": 6.0 - maker_margin,
    }


def linear_market(maker_margin: float) -> ServiceMarket:
    """Return the market of one store at the share without service."""
    pull = np.exp(3.6 - 5.0)
    slopes = logit_slopes(1000.0, 1e-4, float(pull / (1.0 + pull)), 1)
    return ServiceMarket(1, *slopes, 0.6, 0.05, 4.0, maker_margin)


# --- service: runs ------------------------------------------------------------------------------------------


def effort(laboratory: Laboratory, **changes: Any) -> float:
    """Return the mean effort of the stores at rest."""
    series = laboratory.run(SERVICE, record=("service",), **changes).trajectories["service"]
    return float(series.isel(week=-1).values.sum()) / 4.0


def paid(laboratory: Laboratory, **changes: Any) -> float:
    """Return what the maker pays for support a week, money."""
    return of_group(laboratory.run(SERVICE, **changes), "support_paid", "maker")


def best_effort(laboratory: Laboratory, whose: str) -> float:
    """Return the common effort at which the stores, or the whole channel, earn most."""

    def profit(level: float) -> float:
        held: dict[str, Any] = {
            "members.stores.pricing.adjustment": 0.0,
            "members.stores.opening_service": level,
        }
        result = laboratory.run(SERVICE, weeks=6, warm_up_weeks=5, **held)
        if whose == "channel":
            return float(result.metrics["channel_profit"].item())
        return of_group(result, "profit", whose)

    return highest_at(profit, 0.0, 20.0)


def best_share(laboratory: Laboratory, maker_margin: float) -> float:
    """Return the co-operative share at which the maker earns most, as stores answer."""

    def profit(share: float) -> float:
        changes = _nearly_linear(maker_margin) | {"contracts.0.cooperative_share": share}
        return of_group(laboratory.run(SERVICE, **changes), "profit", "maker")

    return highest_at(profit, 0.0, 0.95)


# --- Huang & Li, move by move -------------------------------------------------------------------------------


def _answer(channel: AdvertisedChannel, brand: float, rate: float) -> float:
    """Return the retailer's best local spending, found by search."""

    def profit(log: float) -> float:
        local = float(np.exp(log))
        return channel.retailer_margin * channel.sales(local, brand) - (1.0 - rate) * local

    return float(np.exp(highest_at(profit, -2.0, 8.0, 1e-10)))


def participation(maker_margin: float) -> float:
    """Return the rate and, with it, the brand spending that serve a leading maker best, by search."""
    channel = AdvertisedChannel(*ADVERTISED, maker_margin, 1.0)

    def profit(rate: float) -> float:
        def with_brand(log: float) -> float:
            brand = float(np.exp(log))
            local = _answer(channel, brand, rate)
            return maker_margin * channel.sales(local, brand) - rate * local - brand

        return with_brand(highest_at(with_brand, -2.0, 8.0, 1e-9))

    return highest_at(profit, 0.0, 0.95)


def local_advertising(maker_margin: float) -> float:
    """Return the retailer's spending where both answer each other until neither changes anything."""
    channel, local, brand = AdvertisedChannel(*ADVERTISED, maker_margin, 1.0), 1.0, 1.0
    for _ in range(60):
        local = _answer(channel, brand, 0.0)

        def profit(log: float, local: float = local) -> float:
            return maker_margin * channel.sales(local, float(np.exp(log))) - float(np.exp(log))

        brand = float(np.exp(highest_at(profit, -2.0, 8.0, 1e-10)))
    return local


# --- exclusive dealing ------------------------------------------------------------------------------------


def threshold_in_theory(**changes: Any) -> float:
    """Return the least compensation that a risk-neutral store accepts, its profits by logit shares.

    A chain's stores are equal; its compensation is per store.
    """
    scenario = Laboratory.scenario(EXCLUSIVE, **changes)
    stores = scenario.members[3]
    number = int(stores.per_territory)  # type: ignore[arg-type]
    names = [brand.name for brand in scenario.brands]
    price = np.array([stores.pricing.opening[name] for name in names])  # type: ignore[index]
    cost = np.array([contract.wholesale_price for contract in scenario.contracts], dtype=np.float64)
    fee = np.array([contract.franchise_fee for contract in scenario.contracts])
    margin = price - cost - float(stores.handling_cost)  # type: ignore[arg-type]

    def profits(carried: list[int]) -> np.ndarray:
        """Return the profit of each brand in one of the stores before fees, where all carry the same."""
        found = np.zeros(len(names))
        for segment in scenario.segments:
            liking = np.array([segment.equity[names[b]] for b in carried])  # type: ignore[index]
            utility = np.tile(liking - segment.price_sensitivity * price[carried], number)
            shares = logit_shares(utility[None])[0].reshape(number, len(carried))[0]
            found[carried] += scenario.territories[0].buyers * float(segment.share) * shares  # type: ignore[arg-type]
        return np.asarray(found * margin)

    before, after = profits([0, 1, 2]), profits([0])
    won_back = (after[0] - before[0]) / before[1:].sum()
    several = carrying_all(before, np.zeros(3), selling_cost=float(fee.sum()))
    alone = carrying_one(before, 0.0, won_back, selling_cost=float(fee.sum()), saved=float(fee[1:].sum()))
    return acceptance_threshold(several, alone, 0.0).compensation


def threshold(laboratory: Laboratory, **changes: Any) -> float:
    """Return the least compensation at which the stores of the scenario deal exclusively, by bisection."""

    def accepted(compensation: float) -> bool:
        offer = Policy(name="offer", terms=[{"supplier": "first", "compensation": compensation}])  # type: ignore[list-item]
        result = laboratory.run(EXCLUSIVE, policies=[offer], metrics=("exclusive_members",), **changes)
        return bool(result.metrics["exclusive_members"].item() > 0)

    low, high = 0.0, 4096.0
    if accepted(low):
        return 0.0
    while high - low > 1e-8 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if accepted(middle) else (middle, high)
    return high
