"""Family "bullwhip": the variance of orders, tier by tier.

Two kinds of run find a ratio of variances. *With noise* it is estimated from demand drawn week by week, by
the simulator's own metric; runs are long because a ratio of two estimates is biased by about one part in the
number of weeks. *Without noise* one week's demand is a little above all others: orders respond linearly, so
the sum of their squared deviations over the squared impulse is the ratio under independent demand, to the
last digits. The source lets goods be returned, the simulator knows no negative orders; the scenarios keep the
spread of demand so small beside its mean that no order comes near zero.

Weeks: an order of week t arrives at the start of week t + 1 + lead_time, so L = lead_time + 1.

Where information is shared, upper tiers take over the store's forecast of consumers' demand (forecast rule
``shared``).

The beer game belongs to the family, too: `channelsim.verification.beer_game`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from channelsim.theory.bullwhip import (
    exponential_smoothing_ratio,
    forecast_weights,
    moving_average_ratio,
    protection_weeks,
    separate_lower_bounds,
    separate_ratios,
    shared_ratios,
)
from channelsim.verification import beer_game
from channelsim.verification.cases import Case, Finder, Laboratory, Noisy
from channelsim.verification.reading import by_replication

FAMILY = "bullwhip"
ONE, THREE = "bullwhip_one_tier", "bullwhip_three_tiers"
CHEN, CHEN_SMOOTHING = "Chen et al. 2000", "Chen, Ryan & Simchi-Levi 2000"

STAGES = ("store", "distributor", "factory")
LEAD_TIMES, WINDOW = (1, 2, 1), 4
"""Of the three tiers, from the store upward, and their moving average."""
COVERED = tuple(protection_weeks(weeks) for weeks in LEAD_TIMES)
LEAD_TIME, ONE_WINDOW, SMOOTHING = 3, 5, 0.2
"""Of the single tier."""
APART = (2, 5, 9)
"""Windows of which no two sums coincide."""
PERSISTENCE, SHOCK = 0.6, 0.016
"""Of log demand: its standard deviation is 2 %, so its autocorrelations are ρ^k within 0.03 %."""
REPLICATIONS = 64
MEAN, IMPULSE, BEFORE = 1000.0, 10.0, 20


# --- ratios of variances ----------------------------------------------------------------------------------


def estimated(laboratory: Laboratory, scenario: str, stages: int, **changes: Any) -> Noisy:
    """Return the variance of the orders of the uppermost of so many tiers over that of demand."""
    result = laboratory.run(scenario, REPLICATIONS, metrics=("bullwhip_ratio",), **changes)
    # what a tier is asked for is what the tier below orders: the ratios multiply, run by run
    values = [by_replication(result, "bullwhip_ratio", group) for group in STAGES[:stages]]
    return Noisy.of(np.prod(values, axis=0))


def squared(orders: Any) -> float:
    """Return the squared response to one unit, summed over the weeks."""
    return float((((np.asarray(orders) - MEAN) / IMPULSE) ** 2).sum())


def impulse(weeks: int) -> dict[str, Any]:
    """Return the changes by which demand is constant but for one week."""
    trace = [MEAN] * BEFORE + [MEAN + IMPULSE, MEAN]
    demand = {"system": "given", "noise": "none", "trace": trace, "unmet": "backlogged"}
    return {"demand": demand, "weeks": weeks, "warm_up_weeks": 0}


def responded(laboratory: Laboratory, scenario: str, group: str, weeks: int = 100, **changes: Any) -> float:
    """Return the summed squared response of a group's orders to an impulse of demand."""
    record, metrics = ("order by group",), ("orders",)
    result = laboratory.run(scenario, record=record, metrics=metrics, **impulse(weeks), **changes)
    return squared(result.trajectories["order_by_group"].sel(group=group))


def of_all(field: str, value: Any) -> dict[str, Any]:
    """Return the changes that give every tier the same way to order."""
    return {f"members.{group}.ordering.{field}": value for group in STAGES}


SMOOTHED = {"members.store.ordering.forecast": "exponential_smoothing"}
PERSISTENT = {
    "demand": {
        "system": "given",
        "mean": MEAN,
        "unmet": "backlogged",
        "shock_persistence": PERSISTENCE,
        "shock_deviation": SHOCK,
    }
}
WINDOWS_APART = {f"members.{group}.ordering.window": p for group, p in zip(STAGES, APART, strict=True)}
MEAN_KNOWN = {"members.store.ordering.forecast": "known_mean", "weeks": 500}
"""Exact in every week, so that few are enough."""
FIXED_ABOVE = {
    "members.distributor.ordering.rule": "base_stock",
    "members.distributor.ordering.base_stock": COVERED[1] * MEAN,
    "members.factory.ordering.rule": "base_stock",
    "members.factory.ordering.base_stock": COVERED[2] * MEAN,
}
PASSED_ON: dict[str, Any] = {f"members.{group}.ordering.rule": "pass_through" for group in STAGES[1:]}
SHARED: dict[str, Any] = {f"members.{group}.ordering.forecast": "shared" for group in STAGES[1:]}
ALL_THE_WEEKS = {"contracts.0.lead_time": sum(COVERED) - 1, "members.store.ordering.window": WINDOW}
AVERAGES = [forecast_weights(window=WINDOW)] * len(STAGES)
SMOOTHINGS = [forecast_weights(smoothing=SMOOTHING)] * len(STAGES)


def ratio_case(
    name: str,
    closed_form: Callable[[], float],
    simulated: Finder,
    source: str = CHEN,
    scenario: str = THREE,
    **more: Any,
) -> Case:
    """Return a case on a ratio of variances."""
    return Case(FAMILY, name, source, closed_form, simulated, scenario=scenario, **more)


RATIO_CASES = (
    ratio_case(
        "moving average, independent demand: variance of orders over that of demand",
        lambda: moving_average_ratio(protection_weeks(LEAD_TIME), ONE_WINDOW),
        lambda lab: estimated(lab, ONE, 1),
        scenario=ONE,
    ),
    ratio_case(
        "moving average with a lead time of 0: the review period alone amplifies",
        lambda: moving_average_ratio(protection_weeks(0), ONE_WINDOW),
        lambda lab: responded(lab, ONE, "store", **{"contracts.0.lead_time": 0}),
        scenario=ONE,
    ),
    ratio_case(
        "moving average, persistent demand",
        lambda: moving_average_ratio(protection_weeks(LEAD_TIME), ONE_WINDOW, PERSISTENCE),
        lambda lab: estimated(lab, ONE, 1, **PERSISTENT),
        scenario=ONE,
    ),
    ratio_case(
        "exponential smoothing, independent demand",
        lambda: exponential_smoothing_ratio(protection_weeks(LEAD_TIME), SMOOTHING),
        lambda lab: estimated(lab, ONE, 1, **SMOOTHED),
        CHEN_SMOOTHING,
        ONE,
    ),
    ratio_case(
        "exponential smoothing, persistent demand",
        lambda: exponential_smoothing_ratio(protection_weeks(LEAD_TIME), SMOOTHING, PERSISTENCE),
        lambda lab: estimated(lab, ONE, 1, **SMOOTHED, **PERSISTENT),
        CHEN_SMOOTHING,
        ONE,
    ),
    ratio_case(
        "two tiers, separate information: the distributor's orders",
        lambda: separate_ratios(COVERED, AVERAGES)[1],
        lambda lab: estimated(lab, THREE, 2),
    ),
    ratio_case(
        "three tiers, separate information: the factory's orders",
        lambda: separate_ratios(COVERED, AVERAGES)[2],
        lambda lab: estimated(lab, THREE, 3),
    ),
    ratio_case(
        "three tiers, windows without equal sums: the product of single ratios is exact",
        lambda: separate_lower_bounds(COVERED, APART)[2],
        lambda lab: estimated(lab, THREE, 3, **WINDOWS_APART),
    ),
    ratio_case(
        "three tiers, moving averages: the factory's response to one week of demand",
        lambda: separate_ratios(COVERED, AVERAGES)[2],
        lambda lab: responded(lab, THREE, "factory"),
    ),
    ratio_case(
        "three tiers, exponential smoothing: the factory's response to one week of demand",
        lambda: separate_ratios(COVERED, SMOOTHINGS)[2],
        lambda lab: responded(lab, THREE, "factory", 250, **of_all("forecast", "exponential_smoothing")),
        CHEN_SMOOTHING,
    ),
    ratio_case(
        "three tiers, equal windows: how far the exact ratio lies above the product of single ratios",
        lambda: separate_ratios(COVERED, AVERAGES)[2] - separate_lower_bounds(COVERED, [WINDOW] * 3)[2],
        lambda lab: responded(lab, THREE, "factory") - single_ratios(lab),
    ),
    ratio_case(
        "three tiers, shared information: the factory's response to one week of demand",
        lambda: shared_ratios(COVERED, AVERAGES[0])[2],
        lambda lab: responded(lab, THREE, "factory", **SHARED),
    ),
    ratio_case(
        "three tiers, shared information: the factory's orders",
        lambda: shared_ratios(COVERED, AVERAGES[0])[2],
        lambda lab: estimated(lab, THREE, 3, **SHARED),
    ),
    ratio_case(
        "shared information as one order for the weeks of all tiers",
        lambda: shared_ratios(COVERED, AVERAGES[0])[2],
        lambda lab: estimated(lab, ONE, 1, **ALL_THE_WEEKS),
        scenario=ONE,
    ),
    ratio_case(
        "upper tiers pass orders on: nothing is added to the store's ratio",
        lambda: moving_average_ratio(COVERED[0], WINDOW),
        lambda lab: responded(lab, THREE, "factory", **PASSED_ON),
    ),
    ratio_case(
        "control: known mean, independent demand: ratio exactly 1",
        lambda: separate_ratios([protection_weeks(LEAD_TIME)], [forecast_weights()])[0],
        lambda lab: estimated(lab, ONE, 1, **MEAN_KNOWN).value,
        scenario=ONE,
        tolerance=1e-12,
    ),
    ratio_case(
        "control: mean known at all three tiers: ratio exactly 1 at the factory",
        lambda: separate_ratios(COVERED, [forecast_weights()] * 3)[2],
        lambda lab: estimated(lab, THREE, 3, **MEAN_KNOWN, **FIXED_ABOVE).value,
        tolerance=1e-12,
    ),
)


def single_ratios(laboratory: Laboratory) -> float:
    """Return the product of the three tiers' ratios, each found as that of a single tier."""
    product = 1.0
    for lead_time in LEAD_TIMES:
        changes = {"contracts.0.lead_time": lead_time, "members.store.ordering.window": WINDOW}
        product *= responded(laboratory, ONE, "store", **changes)
    return product


CASES = RATIO_CASES + beer_game.CASES
