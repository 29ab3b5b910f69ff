"""Family "demand and place", the places: stores at addresses, distance to the nearest outlet, coverage.

Salop's circle and Hotelling's line are logit markets too: every address is a segment, whose utility for a
store falls with the distance, and the price sensitivity is so large that most buy where it is best.

Places of outlets are drawn once per territory, so thousands of territories are the independent experiments of
the cases on distance and coverage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.decisions import BASE, Policy
from channelsim.theory.coverage import (
    covered_share_in_disc,
    nearest_distance_in_disc,
    nearest_distance_of_rotated_points,
)
from channelsim.theory.location import circle_entry, circle_margin, line_prices
from channelsim.verification.cases import Case, Laboratory, Noisy
from channelsim.verification.demand_runs import METRICS, measured, without
from channelsim.verification.reading import of_group

FAMILY = "demand and place"

# --- addresses --------------------------------------------------------------------------------------------

ADDRESSES, WORTH, TRANSPORT_COST, SHARPNESS = 120, 12.0, 6.0, 10.0
ENTRY_COST = 960.0
"""Fixed cost at which free entry leaves √(6 · 1000/960) = 2.5 stores: two earn it, three do not."""


def _address(laboratory: Laboratory, name: str, metric: str, store: str, **changes: Any) -> float:
    return measured(laboratory, name, metric, f"store {store}", **changes)


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
    policies = [without("store C")]
    changes: dict[str, Any] = {"segments": _two_on_the_circle()}
    result = laboratory.run("place_circle_linear", metrics=METRICS, policies=policies, **changes)
    two = of_group(result, "unit_margin", "store A") * of_group(result, "demand", "store A")
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


# --- the cases ------------------------------------------------------------------------------------------

CASES = (
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
