"""Family "power structures": Choi's three games with a common store, and McGuire & Staelin's integration.

The rules of the simulator hold two of Choi's games as they are: manufacturers that price as ``leader``, or
by ``vertical_nash``, above a store that prices by ``best_response``. Where the *retailer leads* it announces
unit margins (rule ``margin``), which the manufacturers take as given (``vertical_nash``); the margins that
earn it most are found by an optimiser.

The leaders' game is found a second time without their rule: posted wholesale prices, each moved by scipy to
its owner's best answer until neither moves, with runs of the simulator as profit function.

McGuire & Staelin's manufacturer is integrated where it owns its store and supplies it at cost. Their
thresholds are roots, in the cross slope, of what decentralisation adds to the profit of simulated channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channelsim.theory.integration import exclusive_retailers, substitutability_thresholds
from channelsim.theory.power_structures import (
    Duopoly,
    manufacturers_lead,
    retailer_leads,
    vertical_nash,
)
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Finder, Laboratory
from channelsim.verification.reading import highest_at, of_brand, of_group

FAMILY = "power structures"
COMMON, EXCLUSIVE = "power_common_retailer", "power_exclusive_retailers"
CHOI, MCGUIRE_STAELIN = "Choi 1991", "McGuire & Staelin 1983"
MAKERS, STORES = ("maker A", "maker B"), ("store A", "store B")
BRANDS = ("A", "B")
MONEY, PROFIT = "money per unit", "money per week"

EQUAL = Duopoly(100.0, 2.0, cross_slope=0.8, unit_cost=10.0)
UNEQUAL = Duopoly((120.0, 100.0), (2.0, 1.5), cross_slope=0.8, unit_cost=(15.0, 10.0))
"""Markets of the common store; the first is the scenario as it stands."""
NO_SUBSTITUTION = Duopoly(100.0, 2.0, cross_slope=0.0, unit_cost=10.0)
HALF = Duopoly(100.0, 1.0, cross_slope=0.5, unit_cost=20.0)
"""The market of the exclusive stores as the scenario stands; the common store is given the same one too."""
INTEGRATED, MIXED, DECENTRALISED = (True, True), (True, False), (False, False)


def market(duopoly: Duopoly) -> dict[str, Any]:
    """Return the changes that give the common store's scenario a market."""
    changes: dict[str, Any] = {"demand.cross_brand_slope": float(duopoly.cross_slope)}
    for k, brand in enumerate(BRANDS):
        changes[f"demand.intercept.{brand}"] = float(duopoly.intercepts[k])
        changes[f"demand.own_slope.{brand}"] = float(duopoly.own_slopes[k])
        changes[f"brands.{brand}.production_cost"] = float(duopoly.costs[k])
    return changes


def rules(makers: str) -> dict[str, Any]:
    """Return the changes by which both manufacturers price by a rule."""
    return {f"members.{maker}.pricing.rule": makers for maker in MAKERS}


def common(laboratory: Laboratory, duopoly: Duopoly, makers: str, **changes: Any) -> Any:
    """Run the common store's scenario."""
    metrics = ("profit", "price", "sell_through")
    return laboratory.run(COMMON, metrics=metrics, **market(duopoly), **rules(makers), **changes)


def of_firm(result: Any, firm: str) -> float:
    """Return the profit of a firm over all its members."""
    return float(result.by_chain["profit"].sel(chain=firm).item())


def channel_profit(laboratory: Laboratory, duopoly: Duopoly, makers: str) -> float:
    """Return the profit of the common store and both manufacturers."""
    result = common(laboratory, duopoly, makers)
    return sum(of_group(result, "profit", group) for group in (*MAKERS, "store"))


# --- the common store -------------------------------------------------------------------------------


def wholesale_price(duopoly: Duopoly, makers: str, brand: str) -> Finder:
    """Return the finder of the wholesale price of a brand where its manufacturer prices by a rule."""
    maker = MAKERS[BRANDS.index(brand)]
    return lambda laboratory: of_group(common(laboratory, duopoly, makers), "price", maker)


def retail_price(duopoly: Duopoly, makers: str, brand: str) -> Finder:
    """Return the finder of the retail price of a brand where manufacturers price by a rule."""
    return lambda laboratory: of_brand(common(laboratory, duopoly, makers), "price", brand)


def posted_best_responses(laboratory: Laboratory, duopoly: Duopoly) -> Any:
    """Return the run at which two posted wholesale prices are best answers to one another.

    The store follows by best response, so that each manufacturer leads, here by search and not by rule.
    """
    posted = [30.0, 30.0]

    def run() -> Any:
        asked = {f"contracts.{k}.wholesale_price": float(price) for k, price in enumerate(posted)}
        return common(laboratory, duopoly, "posted", **asked)

    for _ in range(40):
        before = tuple(posted)
        for k, maker in enumerate(MAKERS):

            def profit(price: float, k: int = k, maker: str = maker) -> float:
                posted[k] = price
                return of_group(run(), "profit", maker)

            cost = float(duopoly.costs[k])
            posted[k] = highest_at(profit, cost, cost + 60.0)
        if max(abs(now - then) for now, then in zip(posted, before, strict=True)) < 1e-5:
            break
    return run()


def leading_store(laboratory: Laboratory, duopoly: Duopoly) -> Any:
    """Return the run at which a store that leads earns most, its manufacturers taking margins as given."""
    from scipy.optimize import minimize

    def run(margins: Any) -> Any:
        announced = {brand: float(margin) for brand, margin in zip(BRANDS, margins, strict=True)}
        pricing = {"members.store.pricing.rule": "margin", "members.store.pricing.margin": announced}
        return common(laboratory, duopoly, "vertical_nash", **pricing)

    # three-point differences are exact on a quadratic, so that a coarse step costs nothing but rounding
    best = minimize(
        lambda margins: -of_group(run(margins), "profit", "store"),
        [20.0, 20.0],
        method="L-BFGS-B",
        jac="3-point",
        options={"finite_diff_rel_step": 1e-3, "gtol": 1e-3},
    )
    return run(best.x)


# --- exclusive stores -------------------------------------------------------------------------------


def exclusive(laboratory: Laboratory, integrated: tuple[bool, bool], cross_slope: float) -> Any:
    """Run the exclusive stores' scenario with each manufacturer integrated or not."""
    changes: dict[str, Any] = {"demand.cross_slope": float(cross_slope)}
    for k, (maker, store) in enumerate(zip(MAKERS, STORES, strict=True)):
        if integrated[k]:
            changes[f"members.{store}.owner"] = maker
            changes[f"members.{maker}.pricing.rule"] = "posted"
            changes[f"contracts.{k}.wholesale_price"] = float(HALF.costs[k])
    return laboratory.run(EXCLUSIVE, metrics=("profit", "price"), **changes)


def manufacturer(result: Any) -> float:
    """Return what manufacturer A earns; with its store if it owns it."""
    return of_firm(result, MAKERS[0])


def channel(result: Any) -> float:
    """Return what manufacturer A and its store earn together."""
    return of_group(result, "profit", MAKERS[0]) + of_group(result, "profit", STORES[0])


def threshold(earned: Callable[[Any], float], against: tuple[bool, bool]) -> Finder:
    """Return the finder of the substitutability from which decentralisation pays against a structure."""

    def find(laboratory: Laboratory) -> float:
        from scipy.optimize import brentq

        def gain(cross_slope: float) -> float:
            apart, other = (exclusive(laboratory, s, cross_slope) for s in (DECENTRALISED, against))
            return earned(apart) / earned(other) - 1.0

        # own_slope = 1: the cross slope is the substitutability
        return float(brentq(gain, 0.0, 0.98, xtol=1e-9))

    return find


def integration_gain(laboratory: Laboratory) -> float:
    """Return integrated over decentralised profit of a manufacturer without substitution."""
    joined, apart = (exclusive(laboratory, s, 0.0) for s in (INTEGRATED, DECENTRALISED))
    return manufacturer(joined) / manufacturer(apart)


CASES = (
    Case(
        FAMILY,
        "manufacturers lead: wholesale price, equal brands",
        CHOI,
        lambda: float(manufacturers_lead(EQUAL).wholesale_price[0]),
        simulated=wholesale_price(EQUAL, "leader", "A"),
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "manufacturers lead: retail price of brand A, unequal brands",
        CHOI,
        lambda: float(manufacturers_lead(UNEQUAL).retail_price[0]),
        simulated=retail_price(UNEQUAL, "leader", "A"),
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "manufacturers lead: wholesale price of brand B as best answer among posted prices",
        CHOI,
        lambda: float(manufacturers_lead(UNEQUAL).wholesale_price[1]),
        optimised=lambda laboratory: of_group(posted_best_responses(laboratory, UNEQUAL), "price", MAKERS[1]),
        tolerance=OPTIMISED_LEVER,
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "retailer leads: retail price, equal brands",
        CHOI,
        lambda: float(retailer_leads(EQUAL).retail_price[0]),
        optimised=lambda laboratory: of_brand(leading_store(laboratory, EQUAL), "price", "A"),
        tolerance=OPTIMISED_LEVER,
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "retailer leads: profit of the manufacturer of brand B, unequal brands",
        CHOI,
        lambda: float(retailer_leads(UNEQUAL).manufacturer_profit[1]),
        optimised=lambda laboratory: of_group(leading_store(laboratory, UNEQUAL), "profit", MAKERS[1]),
        tolerance=OPTIMISED_LEVER,
        unit=PROFIT,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "vertical Nash: wholesale price, equal brands",
        CHOI,
        lambda: float(vertical_nash(EQUAL).wholesale_price[0]),
        simulated=wholesale_price(EQUAL, "vertical_nash", "A"),
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "vertical Nash: retail price of brand B, unequal brands",
        CHOI,
        lambda: float(vertical_nash(UNEQUAL).retail_price[1]),
        simulated=retail_price(UNEQUAL, "vertical_nash", "B"),
        unit=MONEY,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "channel profit where nobody leads over that where manufacturers lead",
        CHOI,
        lambda: float(
            vertical_nash(EQUAL).channel_profit.sum() / manufacturers_lead(EQUAL).channel_profit.sum()
        ),
        simulated=lambda laboratory: (
            channel_profit(laboratory, EQUAL, "vertical_nash") / channel_profit(laboratory, EQUAL, "leader")
        ),
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "control: consumers pay the same whoever leads (store over manufacturers, brand A)",
        CHOI,
        lambda: 1.0,
        optimised=lambda laboratory: (
            of_brand(leading_store(laboratory, UNEQUAL), "price", "A")
            / of_brand(common(laboratory, UNEQUAL, "leader"), "price", "A")
        ),
        tolerance=OPTIMISED_LEVER,
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "control: equal manufacturers that lead earn the same (A over B)",
        CHOI,
        lambda: 1.0,
        simulated=lambda laboratory: (
            of_firm(common(laboratory, EQUAL, "leader"), MAKERS[0])
            / of_firm(common(laboratory, EQUAL, "leader"), MAKERS[1])
        ),
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "control: vertical Nash without substitution: no power (manufacturers' profit over the store's)",
        CHOI,
        lambda: 1.0,
        simulated=lambda laboratory: (
            sum(of_firm(common(laboratory, NO_SUBSTITUTION, "vertical_nash"), maker) for maker in MAKERS)
            / of_group(common(laboratory, NO_SUBSTITUTION, "vertical_nash"), "profit", "store")
        ),
        scenario=COMMON,
    ),
    Case(
        FAMILY,
        "exclusive stores over a common store: profit of a manufacturer that leads",
        CHOI,
        lambda: float(
            exclusive_retailers(HALF).manufacturer_profit[0] / manufacturers_lead(HALF).manufacturer_profit[0]
        ),
        simulated=lambda laboratory: (
            manufacturer(exclusive(laboratory, DECENTRALISED, HALF.cross_slope))
            / of_firm(common(laboratory, HALF, "leader"), MAKERS[0])
        ),
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "both decentralised: wholesale price at substitutability 0.5",
        MCGUIRE_STAELIN,
        lambda: float(exclusive_retailers(HALF).wholesale_price[0]),
        simulated=lambda laboratory: of_group(
            exclusive(laboratory, DECENTRALISED, HALF.cross_slope), "price", MAKERS[0]
        ),
        unit=MONEY,
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "one integrated: profit of the integrated manufacturer at substitutability 0.5",
        MCGUIRE_STAELIN,
        lambda: float(exclusive_retailers(HALF, MIXED).manufacturer_profit[0]),
        simulated=lambda laboratory: manufacturer(exclusive(laboratory, MIXED, HALF.cross_slope)),
        unit=PROFIT,
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "substitutability above which decentralised channels earn more than integrated ones",
        MCGUIRE_STAELIN,
        lambda: substitutability_thresholds().channel_profit,
        optimised=threshold(channel, against=INTEGRATED),
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "substitutability above which manufacturers prefer decentralisation by both",
        MCGUIRE_STAELIN,
        lambda: substitutability_thresholds().manufacturer_profit,
        optimised=threshold(manufacturer, against=INTEGRATED),
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "substitutability above which decentralisation is self-enforcing (Nash)",
        MCGUIRE_STAELIN,
        lambda: substitutability_thresholds().self_enforcing,
        optimised=threshold(manufacturer, against=MIXED),
        scenario=EXCLUSIVE,
    ),
    Case(
        FAMILY,
        "control: without substitution integration doubles a manufacturer's profit",
        MCGUIRE_STAELIN,
        lambda: 2.0,
        simulated=integration_gain,
        scenario=EXCLUSIVE,
    ),
)
"""All cases of the family."""
