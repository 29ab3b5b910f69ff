"""Family "dependence": who could do without whom, where that has a closed form.

The simulator measures dependence at its reviews, whatever the demand system and the number of tiers; here its
measures are read from `Result.relationships` in markets simple enough for a formula. Prices are held, but for
one case whose stores have come to rest at prices of their own. Two cases do without the measure: a policy
ends the relationship, and what a firm then earns less is the gain that the formula states.

Shares, quantities and margins of the closed forms come from the numbers of the scenario files, repeated here;
shares by `theory.choice`, not from a run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from channelsim.decisions import Policy
from channelsim.theory.choice import logit_shares
from channelsim.theory.dependence import dependence_with_option, firm_wide, resupplied_dependence
from channelsim.theory.logit_pricing import symmetric_margin
from channelsim.theory.lost_shelves import (
    linear_dependence,
    logit_dependence,
    symmetric_linear,
    symmetric_logit,
)
from channelsim.verification.cases import Case, Laboratory
from channelsim.verification.reading import of_group

FAMILY = "dependence"
EQUAL, UNLIKE = "dependence_equal_stores", "dependence_two_brands"
RESUPPLY, PXY = "dependence_resupply", "dependence_pxy"
EMERSON, DIVERSION = "Emerson 1962", "Conlon & Mortimer 2021"
MONEY = "money per week"

# --- what the scenario files hold ---------------------------------------------------------------------

STORES, NORTH, SOUTH = 6, 600.0, 200.0
SENSITIVITY, EQUITY, UNIT_COST = 0.5, 3.0, 5.0


def share_of_equal_store(price: float = 8.0) -> float:
    """Return the share of the buyers at each of six equal stores."""
    return float(logit_shares([EQUITY - SENSITIVITY * price] * STORES)[0])


def price_at_rest() -> float:
    """Return the price at which six equal stores rest that answer one another."""
    return UNIT_COST + float(symmetric_margin(STORES, EQUITY, UNIT_COST, SENSITIVITY))


X_A, X_B, Y_A, Y_B = range(4)
"""Shelves of the two unlike stores, in the order of the arrays that follow."""
PRICES = np.array([10.0, 9.0, 9.5, 8.0])
WHOLESALE = np.array([6.0, 5.0, 5.5, 6.0])
MADE_FOR = np.array([3.0, 2.0, 3.0, 2.0])
HANDLING = np.array([0.0, 0.0, 0.5, 0.5])
UTILITIES = np.array([4.6, 3.8, 4.0, 3.2])
"""At a price of zero: equity and loyalty."""
SHARES = logit_shares(UTILITIES - 0.4 * PRICES)
INTERCEPTS = np.array([40.0, 36.0, 40.0, 36.0])
SLOPES = np.array(
    [[2.0, -0.5, -0.4, -0.2], [-0.5, 2.0, -0.2, -0.4], [-0.4, -0.2, 2.0, -0.5], [-0.2, -0.4, -0.5, 2.0]]
)
BUYERS = 500.0
TWO_KINDS: dict[str, Any] = {
    "segments": [
        {"name": "loyal to A", "share": 0.3, "price_sensitivity": 0.2, "equity": {"A": 4.0, "B": 0.0}},
        {"name": "others", "share": 0.7, "price_sensitivity": 0.5, "equity": {"A": 3.0, "B": 3.5}},
    ]
}
KINDS = (150.0, 350.0)
SHARES_OF_KINDS = np.stack(
    [
        logit_shares(np.array([4.6, 0.6, 4.0, 0.0]) - 0.2 * PRICES),
        logit_shares(np.array([3.6, 4.1, 3.0, 3.5]) - 0.5 * PRICES),
    ]
)
LINEAR = {"demand.system": "linear"}
ONE_OWNER = {
    "members.maker A.owner": "makers",
    "members.maker B.owner": "makers",
    "brands.A.owner": "makers",
    "brands.B.owner": "makers",
}
"""One firm owns both makers: a store that goes takes two of its shelves along."""
THREE_ALIKE: dict[str, Any] = {
    "demand.system": "linear",
    "demand.intercept": 40.0,
    "demand.own_slope": 2.0,
    "demand.cross_store_slope": 0.6,
    "brands": [{"name": "A", "owner": "maker A", "production_cost": 3.0}],
    "members": [
        {"name": "maker A", "role": "manufacturer", "count": 1, "owner": "maker A"},
        *(
            {
                "name": name,
                "role": "retailer",
                "per_territory": count,
                "owner": owner,
                "suppliers": ["maker A"],
                "holding_rate": 0.0,
                "pricing": {"rule": "fixed", "opening": 10.0},
            }
            for name, count, owner in (("X", 1, ""), ("chain", 2, "chain"))
        ),
    ],
    "contracts": [
        {"supplier": "maker A", "buyer": buyer, "wholesale_price": 6.0} for buyer in ("X", "chain")
    ],
    "segments": [{"name": "buyers"}],
}
"""Linear demand for one brand in three equal stores, two of them of a chain."""


def of_firm(brands: tuple[int, ...]) -> np.ndarray:
    """Return the unit margins of a maker that owns these shelves."""
    return np.where(np.isin(np.arange(4), brands), WHOLESALE - MADE_FOR, 0.0)


def of_store(shelves: tuple[int, ...]) -> np.ndarray:
    """Return the unit margins of a store that holds these shelves."""
    return np.where(np.isin(np.arange(4), shelves), PRICES - WHOLESALE - HANDLING, 0.0)


QUANTITIES = INTERCEPTS - SLOPES @ PRICES

EQUAL_TERMS = {"contracts.3.wholesale_price": 8.0, "power.switching_cost": 0.0}
"""The second distributor is as good as the first, and changing costs nothing."""

SMALL_SHARE = float(logit_shares([4.0 - 0.05 * 100.0] * 10)[0])
ACCEPTANCE, FIXED_COST, HORIZON = 0.9, 12_000.0, 104.0
OPTION = (ACCEPTANCE, FIXED_COST, HORIZON)
WITHOUT_FIXED_COST = {f"power.outside_options.{k}.fixed_cost": 0.0 for k in range(2)}
DISTRIBUTOR_MARGIN, PXY_BUYERS = 10.0, 1000.0

# --- what the simulator says -------------------------------------------------------------------------


Measure = Callable[[Laboratory], float]


def measured(scenario: str, pair: str, column: str, **changes: Any) -> Measure:
    """Return the finder of a measure of one relationship at the last review."""

    def find(laboratory: Laboratory) -> float:
        result = laboratory.run(scenario, metrics=("profit",), **changes)
        found = result.relationships[column].sel(relationship=pair)
        return float(found.isel(policy=0, replication=0, review_week=-1))

    return find


def lost_when_ended(scenario: str, supplier: str, buyer: str, group: str, **changes: Any) -> Measure:
    """Return the finder of what a member group earns less in a run whose policy ends a relationship."""

    def find(laboratory: Laboratory) -> float:
        settled: dict[str, Any] = {"weeks": 8, "warm_up_weeks": 7}  # stocks have followed demand
        end = Policy.parse({"name": "end", "ended": [{"supplier": supplier, "buyer": buyer}]})
        runs = [
            laboratory.run(scenario, policies=(policy,), metrics=("profit",), **settled, **changes)
            for policy in (Policy(), end)
        ]
        with_it, without = (of_group(run, "profit", group) for run in runs)
        return with_it - without

    return find


def ratio(above: Measure, below: Measure, factor: float = 1.0) -> Measure:
    """Return the finder of a ratio of two measures."""
    return lambda laboratory: above(laboratory) / (factor * below(laboratory))


def case(
    name: str,
    closed_form: Callable[[], float],
    simulated: Measure,
    scenario: str,
    source: str,
    unit: str = "",
) -> Case:
    """Return a case of the family."""
    return Case(FAMILY, name, source, closed_form, simulated=simulated, unit=unit, scenario=scenario)


SUPPLIER, BUYER = "dependence_of_supplier", "dependence_of_buyer"
LOCALLY = "local_dependence_of_supplier"
SHOP, CHAIN = "maker → shops north 1", "maker → chain"
AT_REST = {"weeks": 80} | {f"members.{g}.pricing.rule": "best_response" for g in ("shops", "chain")}

CASES = (
    case(
        "equal stores: a maker on one of six, in its town",
        lambda: symmetric_logit(STORES, share_of_equal_store()),
        measured(EQUAL, SHOP, LOCALLY),
        EQUAL,
        DIVERSION,
    ),
    case(
        "equal stores: a maker on one of six, firm-wide",
        lambda: firm_wide(symmetric_logit(STORES, share_of_equal_store()), NORTH, SOUTH),
        measured(EQUAL, SHOP, SUPPLIER),
        EQUAL,
        DIVERSION,
    ),
    case(
        "equal stores: a maker on a chain of two of six",
        lambda: symmetric_logit(STORES, share_of_equal_store(), lost=2),
        measured(EQUAL, CHAIN, SUPPLIER),
        EQUAL,
        DIVERSION,
    ),
    case(
        "single losses do not add: a chain of two over twice one shop",
        lambda: (1.0 - share_of_equal_store()) / (1.0 - 2.0 * share_of_equal_store()),
        ratio(measured(EQUAL, CHAIN, LOCALLY), measured(EQUAL, SHOP, LOCALLY), 2.0),
        EQUAL,
        DIVERSION,
    ),
    case(
        "equal stores at rest at their own prices: a maker on one of six, in its town",
        lambda: symmetric_logit(STORES, share_of_equal_store(price_at_rest())),
        measured(EQUAL, SHOP, LOCALLY, **AT_REST),
        EQUAL,
        "Anderson, de Palma & Thisse 1992",
    ),
    case(
        "unlike stores: maker A on X",
        lambda: logit_dependence(SHARES, of_firm((X_A, Y_A)), [X_A]).dependence,
        measured(UNLIKE, "maker A → X", SUPPLIER),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "unlike stores: X on maker A, whose buyers may take the other brand there",
        lambda: logit_dependence(SHARES, of_store((X_A, X_B)), [X_A]).dependence,
        measured(UNLIKE, "maker A → X", BUYER),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "unlike stores: an owner of both makers on X, two shelves at once",
        lambda: logit_dependence(SHARES, of_firm((X_A, X_B, Y_A, Y_B)), [X_A, X_B]).dependence,
        measured(UNLIKE, "makers → X", SUPPLIER, **ONE_OWNER),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "unlike stores, two kinds of buyers: maker A on X",
        lambda: logit_dependence(SHARES_OF_KINDS, of_firm((X_A, Y_A)), [X_A], KINDS).dependence,
        measured(UNLIKE, "maker A → X", SUPPLIER, **TWO_KINDS),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "unlike stores: what maker A earns less once its trade with X is ended",
        lambda: logit_dependence(SHARES, of_firm((X_A, Y_A)), [X_A], BUYERS).gain,
        lost_when_ended(UNLIKE, "maker A", "X", "maker A"),
        UNLIKE,
        DIVERSION,
        MONEY,
    ),
    case(
        "linear demand: maker B on Y",
        lambda: linear_dependence(QUANTITIES, SLOPES, of_firm((X_B, Y_B)), [Y_B]).dependence,
        measured(UNLIKE, "maker B → Y", SUPPLIER, **LINEAR),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "linear demand: Y on maker A",
        lambda: linear_dependence(QUANTITIES, SLOPES, of_store((Y_A, Y_B)), [Y_A]).dependence,
        measured(UNLIKE, "maker A → Y", BUYER, **LINEAR),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "linear demand: an owner of both makers on X, two shelves at once",
        lambda: linear_dependence(QUANTITIES, SLOPES, of_firm((X_A, X_B, Y_A, Y_B)), [X_A, X_B]).dependence,
        measured(UNLIKE, "makers → X", SUPPLIER, **LINEAR, **ONE_OWNER),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "linear demand: what Y earns less once its trade with maker A is ended",
        lambda: linear_dependence(QUANTITIES, SLOPES, of_store((Y_A, Y_B)), [Y_A]).gain,
        lost_when_ended(UNLIKE, "maker A", "Y", "Y", **LINEAR),
        UNLIKE,
        DIVERSION,
        MONEY,
    ),
    case(
        "linear demand, three equal stores: a maker on a chain of two",
        lambda: symmetric_linear(3, 2.0, 0.6, lost=2),
        measured(UNLIKE, "maker A → chain", SUPPLIER, **THREE_ALIKE),
        UNLIKE,
        DIVERSION,
    ),
    case(
        "given demand: a store on a distributor whom a dearer one would replace at a cost",
        lambda: resupplied_dependence([10.0, 10.0], [4.0, 5.0], [0], [3.0], 4.0).dependence,
        measured(RESUPPLY, "first → store", BUYER),
        RESUPPLY,
        EMERSON,
    ),
    case(
        "given demand, one tier up: a maker on that distributor",
        lambda: resupplied_dependence([10.0], [3.0], [0], [2.5], 4.0).dependence,
        measured(RESUPPLY, "maker → first", SUPPLIER),
        RESUPPLY,
        EMERSON,
    ),
    case(
        "control: who can be replaced at equal terms without cost is not depended on",
        lambda: resupplied_dependence([10.0, 10.0], [4.0, 5.0], [0], [4.0]).dependence,
        measured(RESUPPLY, "first → store", BUYER, **EQUAL_TERMS),
        RESUPPLY,
        EMERSON,
    ),
    case(
        "control: such a distributor itself, with one store and no other, depends by exactly 1",
        lambda: 1.0,
        measured(RESUPPLY, "first → store", SUPPLIER, **EQUAL_TERMS),
        RESUPPLY,
        EMERSON,
    ),
    case(
        "control: a monopolist depends on its only store by exactly 1",
        lambda: symmetric_logit(1, float(logit_shares([EQUITY - SENSITIVITY * 8.0])[0])),
        measured(
            EQUAL,
            "maker → shops",
            SUPPLIER,
            **{"members.shops.per_territory": {"north": 1, "south": 0}, "members.chain.per_territory": 0},
        ),
        EQUAL,
        EMERSON,
    ),
    case(
        "control: a store of one brand depends on its maker by exactly 1",
        lambda: 1.0,
        measured(EQUAL, SHOP, BUYER),
        EQUAL,
        EMERSON,
    ),
    case(
        "P, X and Y: small X on P, with equal alternatives at a fixed cost",
        lambda: dependence_with_option(DISTRIBUTOR_MARGIN * PXY_BUYERS * SMALL_SHARE, *OPTION),
        measured(PXY, "P → X", BUYER),
        PXY,
        EMERSON,
    ),
    case(
        "P, X and Y: large Y on P, with the same",
        lambda: dependence_with_option(9.0 * DISTRIBUTOR_MARGIN * PXY_BUYERS * SMALL_SHARE, *OPTION),
        measured(PXY, "P → Y", BUYER),
        PXY,
        EMERSON,
    ),
    case(
        "P, X and Y: P on X",
        lambda: symmetric_logit(10, SMALL_SHARE, lost=1),
        measured(PXY, "P → X", SUPPLIER),
        PXY,
        EMERSON,
    ),
    case(
        "P, X and Y: P on Y",
        lambda: symmetric_logit(10, SMALL_SHARE, lost=9),
        measured(PXY, "P → Y", SUPPLIER),
        PXY,
        EMERSON,
    ),
    case(
        "control: without a fixed cost X and Y depend on P alike (X over Y exactly 1)",
        lambda: 1.0,
        ratio(
            measured(PXY, "P → X", BUYER, **WITHOUT_FIXED_COST),
            measured(PXY, "P → Y", BUYER, **WITHOUT_FIXED_COST),
        ),
        PXY,
        EMERSON,
    ),
)
"""All cases of the family."""
