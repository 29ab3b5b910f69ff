"""What the demand cases simulate, and what theory has to know of their scenarios: prices, buyers, surplus.

Theory reads the numbers of a market from the scenario file: qualities, price sensitivities, buyers and costs
of every shelf. It solves for prices by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.decisions import BASE, Policy
from channelsim.scenario import Scenario
from channelsim.theory.choice import consumer_surplus, diversion_ratios, logit_shares
from channelsim.theory.logit_pricing import LogitMarket, bertrand_prices, common_markup
from channelsim.verification.cases import Laboratory
from channelsim.verification.reading import of_brand, of_group

METRICS = ("unit_margin", "price", "demand", "revenue", "consumer_surplus")
NO_OUTSIDE_GOOD = {"segments.all.equity": 40.0}
"""Utility at which taking nothing has a share of about 1e-16."""


def measured(laboratory: Laboratory, name: str, metric: str, group: str, **changes: Any) -> float:
    """Run a scenario and return a metric of a member group."""
    return of_group(laboratory.run(name, metrics=METRICS, **changes), metric, group)


def without(group: str) -> Policy:
    """Return the policy under which a group has no member."""
    return Policy(name=f"without {group}", density={group: {"per_territory": 0.0}})  # type: ignore[dict-item]


# --- what theory needs to know of a scenario: its numbers, read from the file --------------------------


def market_of(scenario: Scenario) -> tuple[LogitMarket, list[tuple[str, str]]]:
    """Return the market of a scenario's stores, one per group, and (group, brand) of each shelf.

    With travel, cells are segments × zones, and the distances are those between the places that the scenario
    gives its outlets and zones.
    """
    stores = [group for group in scenario.members if group.sells_to_consumers]
    brands = [brand.name for brand in scenario.brands]
    shelves = [(group, brand) for group in stores for brand in (group.brands or brands)]
    wholesale_price = {
        (contract.buyer, brand): contract.wholesale_price
        for contract in scenario.contracts
        for brand in ([contract.brand] if contract.brand else brands)
    }
    distance, weight = distances_to_stores(scenario, [group.name for group in stores])
    of_store = np.array([stores.index(group) for group, _ in shelves])
    quality, sensitivity, buyers = [], [], []
    for segment in scenario.segments:
        liking = segment.equity if isinstance(segment.equity, dict) else dict.fromkeys(brands, segment.equity)
        own = np.array([liking.get(brand, 0.0) + float(group.loyalty) for group, brand in shelves])  # type: ignore[arg-type]
        for zone in range(weight.size):
            quality.append(own - segment.travel_cost * distance[zone, of_store])
            sensitivity.append(segment.price_sensitivity)
            buyers.append(scenario.territories[0].buyers * float(segment.share) * weight[zone])  # type: ignore[arg-type]
    cost = [wholesale_price[group.name, brand] for group, brand in shelves]
    return (
        LogitMarket.of(quality, sensitivity, buyers, np.array(cost, dtype=np.float64), of_store),
        [(group.name, brand) for group, brand in shelves],
    )


def distances_to_stores(scenario: Scenario, stores: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return (zones, stores) distances in km and the zones' shares of the buyers."""
    from channelsim.world import build

    if all(segment.travel_cost == 0.0 for segment in scenario.segments):
        return np.zeros((1, len(stores))), np.ones(1)
    channel = build(scenario)
    names = list(channel.members.names)
    territory = scenario.territories[0].name
    place = channel.members.position[[names.index(f"{store} {territory}") for store in stores]]
    gap = np.linalg.norm(channel.territories.zone_position[:, None] - place[None], axis=2)
    return gap, np.asarray(channel.territories.zone_weight)


def equilibrium_margin(name: str, group: str) -> float:
    """Return a store's margin in equilibrium, the mean over its units."""
    market, shelves = market_of(Laboratory.scenario(name))
    price = bertrand_prices(market)
    own = np.array([store == group for store, _ in shelves])
    sold = market.demand(price).real[own]
    return float(sold @ (price - market.unit_cost)[own] / sold.sum())


# --- prices --------------------------------------------------------------------------------------------


def best_monopoly_price(laboratory: Laboratory) -> float:
    """Return the price that an optimiser sets on the shelf of a store that prices by no rule."""
    from scipy.optimize import minimize_scalar

    def loss(price: float) -> float:
        held = {"members.store.pricing": {"rule": "fixed", "opening": float(price)}}
        return -measured(laboratory, "demand_monopoly", "unit_margin", "store", **held) * measured(
            laboratory, "demand_monopoly", "demand", "store", **held
        )

    return float(minimize_scalar(loss, bracket=(6.0, 10.0), tol=1e-7).x)


def margin_spread(laboratory: Laboratory) -> float:
    """Return the largest over the smallest margin among the brands of the store that carries all.

    The hall alone sells once the others are taken away, so that margins by brand are its own.
    """
    policies = [Policy(name="alone", density=without("corner").density | without("shop").density)]
    result = laboratory.run("demand_assortments", metrics=METRICS, policies=policies)
    margin = result.by_brand["unit_margin"].values.ravel()
    return float(margin.max() / margin.min())


def markup_by_share(laboratory: Laboratory) -> float:
    """Return 1/(α(1 − S)) at the share that the simulated hall has, in the simulated equilibrium."""
    share = measured(laboratory, "demand_assortments", "demand", "hall") / 1000.0
    return measured(laboratory, "demand_assortments", "unit_margin", "hall") / common_markup(0.4, share)


def share_ratio(laboratory: Laboratory) -> float:
    """Return the largest over the smallest sales of three equal stores."""
    result = laboratory.run("demand_equal_stores", record=("sales by holding",))
    sales = result.trajectories["sales_by_holding"].isel(week=-1)
    sold = sales.sel(holding=[f"stores market {k} · A" for k in (1, 2, 3)]).values
    return float(sold.max() / sold.min())


# --- where buyers go, and what they lose ------------------------------------------------------------------

HELD = "demand_held_prices"


def held_shares() -> tuple[LogitMarket, list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Return market, shelves, utilities (segments, shelves) and shares at the held prices."""
    scenario = Laboratory.scenario(HELD)
    market, shelves = market_of(scenario)
    asked = {group.name: group.pricing.opening for group in scenario.members}
    price = [o[brand] if isinstance(o := asked[store], dict) else float(o or 0.0) for store, brand in shelves]
    utility = market.quality - market.price_sensitivity[:, None] * np.array(price)
    return market, shelves, utility, logit_shares(utility)


def store_shares() -> tuple[np.ndarray, np.ndarray]:
    """Return (segments, stores) shares of hall, corner and shop, and the buyers of each segment."""
    market, shelves, _, shares = held_shares()
    stores = ("hall", "corner", "shop")
    summed = [shares[:, [store == name for store, _ in shelves]].sum(axis=1) for name in stores]
    return np.stack(summed, axis=1), market.buyers


def diversion_in_theory() -> float:
    """Return the share of the hall's buyers who go to the shop if it closes."""
    shares, buyers = store_shares()
    return float(diversion_ratios(shares, 0, buyers)[2])


def closing(laboratory: Laboratory, group: str, **changes: Any) -> Any:
    """Run the market as it stands and, as a second policy, without a group."""
    return laboratory.run(HELD, metrics=METRICS, policies=(BASE, without(group)), **changes)


def diversion(laboratory: Laboratory, to: str, **changes: Any) -> float:
    """Return the share of the hall's units that another store gains when the hall closes."""
    sold = closing(laboratory, "hall", **changes).by_group["demand"]
    units = {store: sold.sel(group=store).values[:, 0] for store in ("hall", to)}
    return float((units[to][1] - units[to][0]) / units["hall"][0])


def one_segment() -> dict[str, Any]:
    """Return the change by which all buyers are alike."""
    equity = Laboratory.scenario(HELD).segments[0].equity
    return {"segments": [{"name": "all", "price_sensitivity": 0.2, "equity": equity}]}


def ratio_of_gains(laboratory: Laboratory) -> float:
    """Return (gain of shop / gain of corner) / (share of shop / share of corner), with one segment."""
    sold = closing(laboratory, "hall", **one_segment()).by_group["demand"].isel(policy=0)
    before = float(sold.sel(group="shop").values.squeeze() / sold.sel(group="corner").values.squeeze())
    gains = [diversion(laboratory, store, **one_segment()) for store in ("shop", "corner")]
    return gains[0] / gains[1] / before


def surplus_in_theory() -> float:
    """Return the buyers' surplus at the held prices: Σ M I/α."""
    market, _, utility, _ = held_shares()
    return consumer_surplus(utility, market.price_sensitivity, market.buyers)


def loss_in_theory() -> float:
    """Return what buyers lose if the corner closes: −Σ M ln(1 − s)/α."""
    shares, buyers = store_shares()
    sensitivity = held_shares()[0].price_sensitivity
    return float(-(buyers * np.log1p(-shares[:, 1]) / sensitivity).sum())


def surplus_lost(laboratory: Laboratory) -> float:
    """Return what buyers lose if the corner closes, by simulation."""
    surplus = closing(laboratory, "corner").metrics["consumer_surplus"].values[:, 0]
    return float(surplus[0] - surplus[1])


def area_under_demand(laboratory: Laboratory) -> float:
    """Integrate the corner's simulated demand over its price, from the held one upwards, by Gauss's rule."""
    node, weight = np.polynomial.legendre.leggauss(16)
    u, rate = (
        0.5 * (node + 1.0),
        0.2,
    )  # price = 8.5 − ln(1 − u)/rate; demand falls at least as e^(−rate·price)
    area = 0.0
    for step, part in zip(u, 0.5 * weight, strict=True):
        opening = {"members.corner.pricing.opening": 8.5 - float(np.log1p(-step)) / rate}
        area += part * measured(laboratory, HELD, "demand", "corner", **opening) / (rate * (1.0 - step))
    return float(area)


def weighted_distribution_in_theory() -> float:
    """Return the turnover share of the stores that carry brand B: hall and shop."""
    market, shelves, utility, shares = held_shares()
    price = (market.quality - utility)[0] / market.price_sensitivity[0]
    turnover = price * (market.buyers @ shares)
    return float(turnover[[store != "corner" for store, _ in shelves]].sum() / turnover.sum())


def distribution(laboratory: Laboratory, metric: str) -> float:
    """Return a metric of distribution of brand B."""
    return of_brand(laboratory.run(HELD, metrics=(metric,)), metric, "B")
