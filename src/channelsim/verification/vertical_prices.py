"""Vertical prices: double marginalisation found by the simulator's own rules, and by an optimiser over it.

The optimiser is scipy's bounded search (Brent 1973) over `channelsim.simulate`: it moves a posted wholesale
price, as a policy, and sees one profit; all below it set their prices themselves. *Efficiency* is measured
twice by simulation: the channel's profit over the highest that the optimiser finds when it sets the retail
price itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from channelsim.decisions import Policy
from channelsim.theory.vertical_prices import (
    linear_channel,
    linear_efficiency,
    pass_through,
    two_part_tariff,
)
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Laboratory
from channelsim.verification.reading import highest_at

FAMILY = "vertical prices"
TWO, THREE, FOUR = "vertical_two_tiers", "vertical_three_tiers", "vertical_four_tiers"

INTERCEPT, OWN_SLOPE = 120.0, 1.5
COSTS = {TWO: (16.0, 4.0), THREE: (10.0, 2.0, 4.0), FOUR: (16.0, 0.0, 0.0, 0.0)}
"""Demand and unit costs by tier, as the scenarios have them."""
CHOKE_PRICE = INTERCEPT / OWN_SLOPE
METRICS = ("channel_profit", "profit", "price")
SPENGLER, TARIFF = "Spengler 1950", "Moorthy 1987"
JEULAND_SHUGAN = "Jeuland & Shugan 1983"

LEADER: dict[str, Any] = {"members.maker.pricing.rule": "leader"}
NASH: dict[str, Any] = {"members.maker.pricing.rule": "vertical_nash"}
SAME_TIME: dict[str, Any] = NASH | {"members.distributor.pricing.rule": "vertical_nash"}
NASH_BELOW: dict[str, Any] = {"members.distributor.pricing.rule": "vertical_nash"}
ONE_OWNER: dict[str, Any] = LEADER | {"members.store.owner": "maker"}
POSTED: dict[str, Any] = {"members.maker.pricing.rule": "posted", "contracts.0.wholesale_price": 40.0}
FIXED_RETAIL_PRICE: dict[str, dict[str, Any]] = {
    TWO: {},
    THREE: POSTED | {"members.distributor.pricing.rule": "posted", "contracts.1.wholesale_price": 45.0},
    FOUR: {
        "members.maker.pricing.rule": "posted",
        "contracts.1.wholesale_price": 45.0,
        "members.distributor.pricing.rule": "posted",
        "contracts.2.wholesale_price": 50.0,
    },
}
"""What has to be posted for the optimiser to set the retail price alone: it shares the profit, no more."""


# --- what a run shows ----------------------------------------------------------------------------------


def run_value(
    laboratory: Laboratory,
    scenario: str,
    metric: str,
    role: str = "",
    wholesale_price: float | None = None,
    changes: dict[str, Any] | None = None,
) -> float:
    """Return one metric of one run, of a role or of the whole channel.

    Parameters
    ----------
    laboratory : Laboratory
    scenario, metric : str
    role : str
        Empty: the whole channel.
    wholesale_price : float, optional
        What the first tier posts, as a policy, money per unit.
    changes : dict, optional
        Changed fields of the scenario.
    """
    policies = None
    if wholesale_price is not None:
        first = laboratory.scenario(scenario).contracts[0].supplier
        terms = [{"supplier": first, "wholesale_price": float(wholesale_price)}]
        policies = [Policy.parse({"name": "posted", "terms": terms})]
    result = laboratory.run(scenario, policies=policies, metrics=METRICS, **(changes or {}))
    data = result.by_role.sel(role=role) if role else result.metrics
    return float(data[metric].values.item())


def best_wholesale_price(
    laboratory: Laboratory,
    scenario: str,
    role: str = "manufacturer",
    metric: str = "profit",
    changes: dict[str, Any] | None = None,
) -> float:
    """Return the wholesale price of the first tier at which a metric of a role is highest."""
    low, high = 0.5 * COSTS[scenario][0], CHOKE_PRICE - sum(COSTS[scenario][1:])

    def value(price: float) -> float:
        return run_value(laboratory, scenario, metric, role, price, changes)

    return highest_at(value, low, high)


def highest_channel_profit(laboratory: Laboratory, scenario: str) -> float:
    """Return the most that the channel can earn: the optimiser sets the retail price itself."""

    def value(price: float) -> float:
        fixed = {"members.store.pricing.rule": "fixed", "members.store.pricing.opening": float(price)}
        changes = FIXED_RETAIL_PRICE[scenario] | fixed
        return run_value(laboratory, scenario, "channel_profit", changes=changes)

    return value(highest_at(value, sum(COSTS[scenario]), CHOKE_PRICE))


# --- what a case finds ---------------------------------------------------------------------------------


def by_rule(laboratory: Laboratory, scenario: str, metric: str, role: str, changes: dict[str, Any]) -> float:
    """Find a number by the simulator's own rules."""
    return run_value(laboratory, scenario, metric, role, changes=changes)


def by_optimiser(
    laboratory: Laboratory,
    scenario: str,
    metric: str,
    role: str,
    leader: str = "manufacturer",
    changes: dict[str, Any] | None = None,
) -> float:
    """Find a number at the wholesale price that earns the leader most."""
    price = best_wholesale_price(laboratory, scenario, leader, changes=changes)
    return run_value(laboratory, scenario, metric, role, price, changes)


def efficiency_by_rule(laboratory: Laboratory, scenario: str, changes: dict[str, Any]) -> float:
    """Find the channel's efficiency under the simulator's own rules."""
    found = run_value(laboratory, scenario, "channel_profit", changes=changes)
    return found / highest_channel_profit(laboratory, scenario)


def efficiency_by_optimiser(
    laboratory: Laboratory,
    scenario: str,
    leader: str = "manufacturer",
    changes: dict[str, Any] | None = None,
) -> float:
    """Find the channel's efficiency at the wholesale price that earns the leader most."""
    found = by_optimiser(laboratory, scenario, "channel_profit", "", leader, changes)
    return found / highest_channel_profit(laboratory, scenario)


def efficiency_of_two_part_tariff(laboratory: Laboratory) -> float:
    """Find the efficiency at the price that is best for a manufacturer who takes all profit as its fee."""
    price = best_wholesale_price(laboratory, TWO, "", "channel_profit")
    found = run_value(laboratory, TWO, "channel_profit", wholesale_price=price)
    return found / highest_channel_profit(laboratory, TWO)


def highest_fee(laboratory: Laboratory) -> float:
    """Find what the store earns if the manufacturer sells at its own unit cost."""
    return run_value(laboratory, TWO, "profit", "retailer", COSTS[TWO][0])


def profit_ratio(laboratory: Laboratory, changes: dict[str, Any]) -> float:
    """Find what the store earns over what the manufacturer earns."""
    roles = ("retailer", "manufacturer")
    store, maker = (run_value(laboratory, TWO, "profit", role, changes=changes) for role in roles)
    return store / maker


# --- the cases -----------------------------------------------------------------------------------------


def theory(scenario: str, moves: tuple[int, ...] | None = None) -> Any:
    """Return the closed form of a scenario's channel."""
    return linear_channel(INTERCEPT, OWN_SLOPE, COSTS[scenario], moves)


TARIFF_OF_ALL_PROFIT = partial(two_part_tariff, INTERCEPT, OWN_SLOPE, *COSTS[TWO])
PRICE, MONEY = "money per unit", "money per week"

CASES = (
    Case(
        FAMILY,
        "wholesale price of a manufacturer that leads",
        SPENGLER,
        lambda: theory(TWO).prices[0],
        simulated=partial(by_rule, scenario=TWO, metric="price", role="manufacturer", changes=LEADER),
        optimised=partial(best_wholesale_price, scenario=TWO),
        unit=PRICE,
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "retail price under a manufacturer that leads",
        SPENGLER,
        lambda: theory(TWO).prices[1],
        simulated=partial(by_rule, scenario=TWO, metric="price", role="retailer", changes=LEADER),
        optimised=partial(by_optimiser, scenario=TWO, metric="price", role="retailer"),
        unit=PRICE,
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "channel efficiency ¾ under a manufacturer that leads",
        SPENGLER,
        lambda: linear_efficiency(2),
        simulated=partial(efficiency_by_rule, scenario=TWO, changes=LEADER),
        optimised=partial(efficiency_by_optimiser, scenario=TWO),
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "follower's profit over leader's is the pass-through rate: ½ if demand is linear",
        "Bresnahan & Reiss 1985",
        lambda: pass_through(0.0),
        simulated=partial(profit_ratio, changes=LEADER),
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "efficiency exactly 1 with one owner of both tiers (negative control)",
        SPENGLER,
        lambda: linear_efficiency(1),
        simulated=partial(efficiency_by_rule, scenario=TWO, changes=ONE_OWNER),
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "wholesale price if both set their margins at the same time (vertical Nash)",
        JEULAND_SHUGAN,
        lambda: theory(TWO, (0, 0)).prices[0],
        simulated=partial(by_rule, scenario=TWO, metric="price", role="manufacturer", changes=NASH),
        unit=PRICE,
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "channel efficiency 8/9 under vertical Nash",
        JEULAND_SHUGAN,
        lambda: linear_efficiency(2, simultaneous=True),
        simulated=partial(efficiency_by_rule, scenario=TWO, changes=NASH),
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "profits exactly equal under vertical Nash: no power between equals (negative control)",
        JEULAND_SHUGAN,
        lambda: theory(TWO, (0, 0)).profits[1] / theory(TWO, (0, 0)).profits[0],
        simulated=partial(profit_ratio, changes=NASH),
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "two-part tariff: best wholesale price is the manufacturer's unit cost",
        TARIFF,
        lambda: TARIFF_OF_ALL_PROFIT().wholesale_price,
        optimised=partial(best_wholesale_price, scenario=TWO, role="", metric="channel_profit"),
        tolerance=OPTIMISED_LEVER,
        unit=PRICE,
        scenario=TWO,
        reason="the fee is what the store earns: it is no instrument of the simulator yet",
    ),
    Case(
        FAMILY,
        "two-part tariff: efficiency exactly 1",
        TARIFF,
        lambda: TARIFF_OF_ALL_PROFIT().efficiency,
        optimised=efficiency_of_two_part_tariff,
        tolerance=OPTIMISED_LEVER,
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "two-part tariff: highest fee that the store can bear",
        TARIFF,
        lambda: TARIFF_OF_ALL_PROFIT().fixed_fee,
        simulated=highest_fee,
        unit=MONEY,
        scenario=TWO,
    ),
    Case(
        FAMILY,
        "retail price of three tiers, one after the other",
        SPENGLER,
        lambda: theory(THREE).prices[2],
        simulated=partial(by_rule, scenario=THREE, metric="price", role="retailer", changes={}),
        optimised=partial(by_optimiser, scenario=THREE, metric="price", role="retailer", changes=POSTED),
        unit=PRICE,
        scenario=THREE,
    ),
    Case(
        FAMILY,
        "channel efficiency 7/16 of three tiers, one after the other",
        SPENGLER,
        lambda: linear_efficiency(3),
        simulated=partial(efficiency_by_rule, scenario=THREE, changes={}),
        optimised=partial(efficiency_by_optimiser, scenario=THREE, changes=POSTED),
        scenario=THREE,
    ),
    Case(
        FAMILY,
        "channel efficiency ¾ of three tiers at the same time",
        JEULAND_SHUGAN,
        lambda: linear_efficiency(3, simultaneous=True),
        simulated=partial(efficiency_by_rule, scenario=THREE, changes=SAME_TIME),
        scenario=THREE,
    ),
    Case(
        FAMILY,
        "retail price if a manufacturer leads two tiers that move at the same time",
        JEULAND_SHUGAN,
        lambda: theory(THREE, (0, 1, 1)).prices[2],
        simulated=partial(by_rule, scenario=THREE, metric="price", role="retailer", changes=NASH_BELOW),
        unit=PRICE,
        scenario=THREE,
        reason="the leader's search over an equilibrium below it is exact to 1e-6 in prices, 2e-6 in profits",
    ),
    Case(
        FAMILY,
        "retail price of four tiers, one after the other",
        SPENGLER,
        lambda: theory(FOUR).prices[3],
        optimised=partial(by_optimiser, scenario=FOUR, metric="price", role="retailer", leader="plant"),
        tolerance=OPTIMISED_LEVER,
        unit=PRICE,
        scenario=FOUR,
    ),
    Case(
        FAMILY,
        "channel efficiency 15/64 of four tiers, one after the other",
        SPENGLER,
        lambda: linear_efficiency(4),
        optimised=partial(efficiency_by_optimiser, scenario=FOUR, leader="plant"),
        tolerance=OPTIMISED_LEVER,
        scenario=FOUR,
    ),
)
