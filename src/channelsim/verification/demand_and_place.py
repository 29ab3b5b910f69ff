"""Demand and place: logit pricing, where buyers go, what they gain, and how far they are from an outlet.

The prices of theory solve the stores' first-order conditions from scratch, by root finding on profits that
are differentiated numerically; the simulated stores find them week by week with the rule *best_response*.
Salop's circle and Hotelling's line are markets of this kind too: every address is a segment, whose utility
for a store falls with the distance, and the price sensitivity is so large that most buy where it is best.

Places of outlets are drawn once per territory, so thousands of territories are the independent experiments of
the cases on distance and coverage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.decisions import BASE, Policy
from channelsim.scenario import Scenario
from channelsim.theory.choice import consumer_surplus, diversion_ratios, logit_shares
from channelsim.theory.coverage import (
    covered_share_in_disc,
    nearest_distance_in_disc,
    nearest_distance_of_rotated_points,
)
from channelsim.theory.location import circle_entry, circle_margin, line_prices
from channelsim.theory.logit_pricing import (
    LogitMarket,
    bertrand_prices,
    common_markup,
    monopoly_margin,
    symmetric_margin,
)
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Laboratory, Noisy

FAMILY = "demand and place"
METRICS = ("unit_margin", "price", "demand", "revenue", "consumer_surplus")
NO_OUTSIDE_GOOD = {"segments.all.equity": 40.0}
"""Utility at which taking nothing has a share of about 1e-16."""


def _of_group(laboratory: Laboratory, name: str, metric: str, group: str, **changes: Any) -> float:
    result = laboratory.run(name, metrics=METRICS, **changes)
    return float(result.by_group[metric].sel(group=group).values.squeeze())


def _without(group: str) -> Policy:
    return Policy(name=f"without {group}", density={group: {"per_territory": 0.0}})  # type: ignore[dict-item]


# --- what theory needs to know of a scenario: its numbers, read from the file --------------------------


def _market(scenario: Scenario) -> tuple[LogitMarket, list[tuple[str, str]]]:
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
    distance, weight = _distances(scenario, [group.name for group in stores])
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


def _distances(scenario: Scenario, stores: list[str]) -> tuple[np.ndarray, np.ndarray]:
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


def _equilibrium_margin(name: str, group: str) -> float:
    """Return a store's margin in equilibrium, the mean over its units."""
    market, shelves = _market(Laboratory.scenario(name))
    price = bertrand_prices(market)
    own = np.array([store == group for store, _ in shelves])
    sold = market.demand(price).real[own]
    return float(sold @ (price - market.unit_cost)[own] / sold.sum())


# --- prices --------------------------------------------------------------------------------------------


def _best_monopoly_price(laboratory: Laboratory) -> float:
    """Return the price that an optimiser sets on the shelf of a store that prices by no rule."""
    from scipy.optimize import minimize_scalar

    def loss(price: float) -> float:
        held = {"members.store.pricing": {"rule": "fixed", "opening": float(price)}}
        return -_of_group(laboratory, "demand_monopoly", "unit_margin", "store", **held) * _of_group(
            laboratory, "demand_monopoly", "demand", "store", **held
        )

    return float(minimize_scalar(loss, bracket=(6.0, 10.0), tol=1e-7).x)


def _margin_spread(laboratory: Laboratory) -> float:
    """Return the largest over the smallest margin among the brands of the store that carries all.

    The hall alone sells once the others are taken away, so that margins by brand are its own.
    """
    policies = [Policy(name="alone", density=_without("corner").density | _without("shop").density)]
    result = laboratory.run("demand_assortments", metrics=METRICS, policies=policies)
    margin = result.by_brand["unit_margin"].values.ravel()
    return float(margin.max() / margin.min())


def _markup_by_share(laboratory: Laboratory) -> float:
    """Return 1/(α(1 − S)) at the share that the simulated hall has, in the simulated equilibrium."""
    share = _of_group(laboratory, "demand_assortments", "demand", "hall") / 1000.0
    return _of_group(laboratory, "demand_assortments", "unit_margin", "hall") / common_markup(0.4, share)


def _share_ratio(laboratory: Laboratory) -> float:
    """Return the largest over the smallest sales of three equal stores."""
    result = laboratory.run("demand_equal_stores", record=("sales by holding",))
    sales = result.trajectories["sales_by_holding"].isel(week=-1)
    sold = sales.sel(holding=[f"stores market {k} · A" for k in (1, 2, 3)]).values
    return float(sold.max() / sold.min())


# --- where buyers go, and what they lose ------------------------------------------------------------------

HELD = "demand_held_prices"


def _held_shares() -> tuple[LogitMarket, list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Return market, shelves, utilities (segments, shelves) and shares at the held prices."""
    scenario = Laboratory.scenario(HELD)
    market, shelves = _market(scenario)
    asked = {group.name: group.pricing.opening for group in scenario.members}
    price = [o[brand] if isinstance(o := asked[store], dict) else float(o or 0.0) for store, brand in shelves]
    utility = market.quality - market.price_sensitivity[:, None] * np.array(price)
    return market, shelves, utility, logit_shares(utility)


def _store_shares() -> tuple[np.ndarray, np.ndarray]:
    """Return (segments, stores) shares of hall, corner and shop, and the buyers of each segment."""
    market, shelves, _, shares = _held_shares()
    stores = ("hall", "corner", "shop")
    summed = [shares[:, [store == name for store, _ in shelves]].sum(axis=1) for name in stores]
    return np.stack(summed, axis=1), market.buyers


def _diversion_in_theory() -> float:
    shares, buyers = _store_shares()
    return float(diversion_ratios(shares, 0, buyers)[2])


def _closing(laboratory: Laboratory, group: str, **changes: Any) -> Any:
    return laboratory.run(HELD, metrics=METRICS, policies=(BASE, _without(group)), **changes)


def _diversion(laboratory: Laboratory, to: str, **changes: Any) -> float:
    """Return the share of the hall's units that another store gains when the hall closes."""
    sold = _closing(laboratory, "hall", **changes).by_group["demand"]
    units = {store: sold.sel(group=store).values[:, 0] for store in ("hall", to)}
    return float((units[to][1] - units[to][0]) / units["hall"][0])


def _one_segment() -> dict[str, Any]:
    equity = Laboratory.scenario(HELD).segments[0].equity
    return {"segments": [{"name": "all", "price_sensitivity": 0.2, "equity": equity}]}


def _ratio_of_gains(laboratory: Laboratory) -> float:
    """Return (gain of shop / gain of corner) / (share of shop / share of corner), with one segment."""
    sold = _closing(laboratory, "hall", **_one_segment()).by_group["demand"].isel(policy=0)
    before = float(sold.sel(group="shop").values.squeeze() / sold.sel(group="corner").values.squeeze())
    gains = [_diversion(laboratory, store, **_one_segment()) for store in ("shop", "corner")]
    return gains[0] / gains[1] / before


def _surplus_in_theory() -> float:
    market, _, utility, _ = _held_shares()
    return consumer_surplus(utility, market.price_sensitivity, market.buyers)


def _loss_in_theory() -> float:
    """Return what buyers lose if the corner closes: −Σ M ln(1 − s)/α."""
    shares, buyers = _store_shares()
    sensitivity = _held_shares()[0].price_sensitivity
    return float(-(buyers * np.log1p(-shares[:, 1]) / sensitivity).sum())


def _surplus_lost(laboratory: Laboratory) -> float:
    surplus = _closing(laboratory, "corner").metrics["consumer_surplus"].values[:, 0]
    return float(surplus[0] - surplus[1])


def _area_under_demand(laboratory: Laboratory) -> float:
    """Integrate the corner's simulated demand over its price, from the held one upwards, by Gauss's rule."""
    node, weight = np.polynomial.legendre.leggauss(16)
    u, rate = (
        0.5 * (node + 1.0),
        0.2,
    )  # price = 8.5 − ln(1 − u)/rate; demand falls at least as e^(−rate·price)
    area = 0.0
    for step, part in zip(u, 0.5 * weight, strict=True):
        opening = {"members.corner.pricing.opening": 8.5 - float(np.log1p(-step)) / rate}
        area += part * _of_group(laboratory, HELD, "demand", "corner", **opening) / (rate * (1.0 - step))
    return float(area)


def _weighted_distribution_in_theory() -> float:
    """Return the turnover share of the stores that carry brand B: hall and shop."""
    market, shelves, utility, shares = _held_shares()
    price = (market.quality - utility)[0] / market.price_sensitivity[0]
    turnover = price * (market.buyers @ shares)
    return float(turnover[[store != "corner" for store, _ in shelves]].sum() / turnover.sum())


def _distribution(laboratory: Laboratory, metric: str) -> float:
    result = laboratory.run(HELD, metrics=(metric,))
    return float(result.by_brand[metric].sel(brand="B").values.squeeze())


# --- addresses --------------------------------------------------------------------------------------------

ADDRESSES, WORTH, TRANSPORT_COST, SHARPNESS, CIRCLE_COST = 120, 12.0, 6.0, 10.0, 1.5
ENTRY_COST = 960.0
"""Fixed cost at which free entry leaves √(6 · 1000/960) = 2.5 stores: two earn it, three do not."""


def _address(laboratory: Laboratory, name: str, metric: str, store: str, **changes: Any) -> float:
    return _of_group(laboratory, name, metric, f"store {store}", **changes)


def _two_on_the_circle() -> list[dict[str, Any]]:
    """Return the circle's segments with store B opposite to store A; C is not there."""
    place = (np.arange(ADDRESSES) + 0.5) / ADDRESSES
    segments = []
    for number, x in enumerate(place):
        away = {"A": min(x, 1.0 - x), "B": abs(x - 0.5)}
        equity = {brand: SHARPNESS * (WORTH - TRANSPORT_COST * float(gap)) for brand, gap in away.items()}
        segments.append(
            {
                "name": str(number + 1),
                "share": 1 / ADDRESSES,
                "price_sensitivity": SHARPNESS,
                "equity": equity,
            }
        )
    return segments


def _stores_that_enter(laboratory: Laboratory) -> float:
    """Return the largest number of stores, up to three, of which each earns the fixed cost."""
    three = _address(laboratory, "place_circle_linear", "unit_margin", "A") * _address(
        laboratory, "place_circle_linear", "demand", "A"
    )
    policies = [_without("store C")]
    changes: dict[str, Any] = {"segments": _two_on_the_circle()}
    result = laboratory.run("place_circle_linear", metrics=METRICS, policies=policies, **changes)
    two = float(
        (result.by_group["unit_margin"] * result.by_group["demand"]).sel(group="store A").values.squeeze()
    )
    return float(1 + (two >= ENTRY_COST) + (three >= ENTRY_COST))


# --- distance and coverage ----------------------------------------------------------------------------------

RADIUS = float(np.sqrt(100.0 / np.pi))
"""Radius of a disc of 100 km², km."""


def _distance(laboratory: Laboratory, name: str, outlets: int = 5) -> Noisy:
    """Return the mean distance to the nearest outlet; the sample are the territories."""
    policies: tuple[Policy, ...] | None = None
    if name == "place_scattered":
        gone = {f"outlet {k}": {"per_territory": 0.0} for k in range(2, 6)}
        policies = (BASE, Policy(name="one outlet", density=gone))  # type: ignore[arg-type]
    result = laboratory.run(name, metrics=("mean_distance",), policies=policies)
    chosen = 1 if outlets == 1 else 0
    return Noisy.of(result.by_territory["mean_distance"].values[chosen].ravel())


def _golden_pattern(points: int) -> np.ndarray:
    """Return the golden-ratio sequence in two dimensions: multiples of 1/ρ and 1/ρ², with ρ³ = ρ + 1."""
    ratio = float(np.roots([1.0, 0.0, -1.0, -1.0])[0].real)
    return np.asarray(np.arange(1, points + 1)[:, None] * np.array([1.0 / ratio, 1.0 / ratio**2]) % 1.0)


def _covered(laboratory: Laboratory) -> Noisy:
    result = laboratory.run("place_coverage", metrics=("demand",))
    return Noisy.of(result.by_territory["demand"].values.ravel() / 100.0)


ANDERSON = "Anderson, de Palma & Thisse 1992"

CASES = (
    Case(
        FAMILY,
        "monopoly, outside good: margin [1 + W(e^(quality − αc − 1))]/α",
        ANDERSON,
        lambda: monopoly_margin(6.0, 4.0, 0.5),
        simulated=lambda lab: _of_group(lab, "demand_monopoly", "unit_margin", "store"),
        unit="money per unit",
        scenario="demand_monopoly",
    ),
    Case(
        FAMILY,
        "monopoly, outside good: price set by an optimiser",
        ANDERSON,
        lambda: 4.0 + monopoly_margin(6.0, 4.0, 0.5),
        optimised=_best_monopoly_price,
        tolerance=OPTIMISED_LEVER,
        unit="money per unit",
        scenario="demand_monopoly",
    ),
    Case(
        FAMILY,
        "three equal stores, outside good: margin",
        ANDERSON,
        lambda: symmetric_margin(3, 3.0, 4.0, 0.5),
        simulated=lambda lab: _of_group(lab, "demand_equal_stores", "unit_margin", "stores"),
        unit="money per unit",
        scenario="demand_equal_stores",
    ),
    Case(
        FAMILY,
        "three equal stores, no outside good: margin n/(α(n − 1))",
        ANDERSON,
        lambda: symmetric_margin(3, 40.0, 4.0, 0.5, outside_good=False),
        simulated=lambda lab: _of_group(
            lab, "demand_equal_stores", "unit_margin", "stores", **NO_OUTSIDE_GOOD
        ),
        unit="money per unit",
        scenario="demand_equal_stores",
        reason="equity raised to 40: the share of taking nothing is about 1e-16",
    ),
    Case(
        FAMILY,
        "control: equal stores sell exactly the same",
        "symmetry",
        lambda: 1.0,
        simulated=_share_ratio,
        tolerance=1e-12,
        scenario="demand_equal_stores",
    ),
    *(
        Case(
            FAMILY,
            f"unequal stores: margin of the {title}",
            ANDERSON,
            lambda group=group: _equilibrium_margin("demand_assortments", group),  # type: ignore[misc]
            simulated=lambda lab, group=group: _of_group(lab, "demand_assortments", "unit_margin", group),  # type: ignore[misc]
            unit="money per unit",
            scenario="demand_assortments",
        )
        for group, title in (
            ("hall", "store with three brands"),
            ("corner", "store with one brand"),
            ("shop", "store with two brands"),
        )
    ),
    Case(
        FAMILY,
        "one segment: margin over the short form 1/(α(1 − S))",
        ANDERSON,
        lambda: 1.0,
        simulated=_markup_by_share,
        scenario="demand_assortments",
    ),
    Case(
        FAMILY,
        "control: one markup on all brands of a store",
        ANDERSON,
        lambda: 1.0,
        simulated=_margin_spread,
        scenario="demand_assortments",
    ),
    *(
        Case(
            FAMILY,
            f"three segments in five zones: mean margin of the {group}",
            ANDERSON,
            lambda group=group: _equilibrium_margin("demand_segments", group),  # type: ignore[misc]
            simulated=lambda lab, group=group: _of_group(lab, "demand_segments", "unit_margin", group),  # type: ignore[misc]
            unit="money per unit",
            scenario="demand_segments",
            reason="theory reads the places of stores and zones from the built scenario",
        )
        for group in ("hall", "corner")
    ),
    Case(
        FAMILY,
        "diversion ratio of a closing store, two segments",
        "Shapiro 1996",
        _diversion_in_theory,
        simulated=lambda lab: _diversion(lab, "shop"),
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "control: one segment diverts in proportion to shares",
        "McFadden 1974",
        lambda: 1.0,
        simulated=_ratio_of_gains,
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "consumer surplus is the inclusive value over α",
        "Small & Rosen 1981",
        _surplus_in_theory,
        simulated=lambda lab: float(
            lab.run(HELD, metrics=METRICS).metrics["consumer_surplus"].values.squeeze()
        ),
        unit="money per week",
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "surplus lost when a store closes: −Σ M ln(1 − s)/α",
        "Williams 1977",
        _loss_in_theory,
        simulated=_surplus_lost,
        unit="money per week",
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "the same as the area under that store's demand",
        "Small & Rosen 1981",
        _loss_in_theory,
        simulated=_area_under_demand,
        unit="money per week",
        scenario=HELD,
        reason="the price varies over the 16 nodes of a quadrature",
    ),
    Case(
        FAMILY,
        "weighted distribution is the carriers' share of turnover",
        "definition",
        _weighted_distribution_in_theory,
        simulated=lambda lab: _distribution(lab, "weighted_distribution"),
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "control: numeric distribution, two stores of three",
        "definition",
        lambda: 2.0 / 3.0,
        simulated=lambda lab: _distribution(lab, "numeric_distribution"),
        tolerance=1e-12,
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "circle, linear transport cost: margin t/n",
        "Salop 1979",
        lambda: circle_margin(3, TRANSPORT_COST),
        simulated=lambda lab: _address(lab, "place_circle_linear", "unit_margin", "A"),
        unit="money per unit",
        scenario="place_circle_linear",
        reason="120 addresses and price sensitivity 10 stand for the continuum",
    ),
    Case(
        FAMILY,
        "circle, quadratic transport cost: margin t/n²",
        "Economides 1989",
        lambda: circle_margin(3, 18.0, "quadratic"),
        simulated=lambda lab: _address(lab, "place_circle_quadratic", "unit_margin", "A"),
        unit="money per unit",
        scenario="place_circle_quadratic",
        reason="120 addresses and price sensitivity 8 stand for the continuum",
    ),
    Case(
        FAMILY,
        "circle, free entry: number of stores",
        "Salop 1979",
        lambda: float(np.floor(circle_entry(TRANSPORT_COST, ENTRY_COST, buyers=1000.0).free)),
        simulated=_stores_that_enter,
        unit="stores",
        scenario="place_circle_linear",
        reason="two stores, equally spaced, and three are simulated against a fixed cost of 960",
    ),
    *(
        Case(
            FAMILY,
            f"line, quadratic transport cost: price of the {title} store",
            "d'Aspremont, Gabszewicz & Thisse 1979",
            lambda position=position: line_prices(0.1, 0.8, 6.0, 1.0, 1.5)[position],  # type: ignore[misc]
            simulated=lambda lab, store=store: _address(lab, "place_line", "price", store),  # type: ignore[misc]
            unit="money per unit",
            scenario="place_line",
            reason="120 addresses and price sensitivity 6 stand for the continuum",
        )
        for position, store, title in ((0, "A", "left"), (1, "B", "right"))
    ),
    Case(
        FAMILY,
        "line: share of the left store",
        "d'Aspremont, Gabszewicz & Thisse 1979",
        lambda: line_prices(0.1, 0.8, 6.0, 1.0, 1.5).first_share,
        simulated=lambda lab: _address(lab, "place_line", "demand", "A") / 1000.0,
        scenario="place_line",
        reason="120 addresses and price sensitivity 6 stand for the continuum",
    ),
    Case(
        FAMILY,
        "one outlet in a disc: mean distance 128R/(45π)",
        "Santaló 1976",
        lambda: 128.0 * RADIUS / (45.0 * np.pi),
        simulated=lambda lab: _distance(lab, "place_scattered", 1),
        unit="km",
        scenario="place_scattered",
    ),
    Case(
        FAMILY,
        "five scattered outlets in a disc: mean nearest distance, edges included",
        "Clark & Evans 1954",
        lambda: nearest_distance_in_disc(5, RADIUS),
        simulated=lambda lab: _distance(lab, "place_scattered"),
        unit="km",
        scenario="place_scattered",
        reason="without edges it would be 1/(2√λ) = 2.236, which is 9 % less",
    ),
    Case(
        FAMILY,
        "five outlets of one group: mean nearest distance",
        "Cranley & Patterson 1976",
        lambda: nearest_distance_of_rotated_points(_golden_pattern(5), RADIUS),
        simulated=lambda lab: _distance(lab, "place_sites"),
        unit="km",
        scenario="place_sites",
        reason="places of one group shun one another: 17 % nearer than if each were drawn apart",
    ),
    Case(
        FAMILY,
        "share of buyers with one of two scattered outlets within reach",
        "Hall 1988",
        lambda: covered_share_in_disc(2, RADIUS, 3.0),
        simulated=_covered,
        scenario="place_coverage",
        reason="a travel cost of 100 per km makes choice a matter of reach",
    ),
)
