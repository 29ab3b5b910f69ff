"""Family "bargaining": wholesale prices by Nash's solution, one by one and all at once.

The simulator solves all contracts as one linear system (`channelsim.renewal`); theory maximises each
contract's Nash product by search, contract after contract (`theory.bargaining`), and knows nothing of that
system. One maker and one store have closed forms. Weights that follow the stakes are checked where the
dependences themselves have closed forms (`theory.lost_shelves`). The markets are in
`channelsim.verification.bargaining_runs`, exchange networks in `channelsim.verification.bargaining_networks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channelsim.theory.bargaining import relative_stakes_weight
from channelsim.theory.bargaining_market import Contract
from channelsim.theory.bilateral_bargaining import bargained_channel, deal_me_out
from channelsim.theory.lost_shelves import logit_dependence
from channelsim.verification import bargaining_networks as networks
from channelsim.verification import bargaining_runs as runs
from channelsim.verification.bargaining_runs import (
    ANSWERED,
    CHAIN,
    LOGIT,
    PAIR,
    THREE_TIERS,
    TOO_DEAR,
    TWO_BY_TWO,
    WEIGHT,
    Finder,
    agreed,
    asked,
    price_of,
    retail_price_of,
)
from channelsim.verification.cases import Case
from channelsim.verification.dependence import SHARES, UNLIKE, X_A, X_B, Y_A, Y_B, of_firm, of_store

FAMILY = "bargaining"
NASH, OPTIONS = "Nash 1950", "Binmore, Rubinstein & Wolinsky 1986"
HORN_WOLINSKY, DRAGANSKA = "Horn & Wolinsky 1988", "Draganska, Klapper & Villas-Boas 2010"
STAKES_SOURCE = "Tullock 1980, as a contest; an assumption"
MONEY, SHELF = "money per unit", "store town · A"

# --- one maker, one store ----------------------------------------------------------------------------

UNIT_COST, SOLD, POOL = 4.0, 10.0, 60.0


def option(side: str, **terms: float) -> dict[str, Any]:
    """Return an outside option of the maker or the store."""
    kinds = {"maker": "own_outlet", "store": "rival_supplier"}
    return {"name": f"elsewhere, for the {side}", "kind": kinds[side], "group": side, **terms}


def having(*options: dict[str, Any], weight: float = 0.5) -> dict[str, Any]:
    """Return the changes that give options and a weight."""
    return {"power.outside_options": list(options), "bargaining.supplier_weight": weight}


def dealt(of_maker: float, of_store: float) -> Callable[[], float]:
    """Return the wholesale price that leaves each side its share of the pool."""
    return lambda: UNIT_COST + deal_me_out(POOL, of_maker, of_store)[0] / SOLD


ANSWERING = {
    "weeks": 80,
    "warm_up_weeks": 79,
    "bargaining.retail": "equilibrium",
    "members.store.pricing.rule": "best_response",
    "bargaining.supplier_weight": WEIGHT,
}
WEAK, STRONG = option("store", unit_cost=8.0), option("store", unit_cost=6.0)
"""Worth 20 and 40 a week to the store."""
COSTLY = option("store", unit_cost=6.0, fixed_cost=52.0 * 8.0)
"""Worth 40 less 8, the cost being spread over a year."""
OUTLET = option("maker", price=10.0, unit_cost=5.5)
"""Worth 45 to the maker."""

# --- weights by the stakes ----------------------------------------------------------------------------

EXPONENT = 0.5
STAKES: dict[str, Any] = {
    "bargaining": {"stakes_exponent": EXPONENT, "retail": "held"},
    "members.maker A.pricing.rule": "negotiated",
    "members.maker B.pricing.rule": "negotiated",
}
WITHOUT_STAKES = STAKES | {"bargaining": {"stakes_exponent": 0.0, "supplier_weight": 0.3, "retail": "held"}}
SHELVES = {"X": {"A": X_A, "B": X_B}, "Y": {"A": Y_A, "B": Y_B}}


def weight_of(contract: Contract) -> float:
    """Return the supplier's weight at the dependences that the unlike stores have in closed form."""
    lost = [SHELVES[contract.buyer][contract.brand]]
    of_maker = of_firm(tuple(SHELVES[store][contract.brand] for store in SHELVES))
    of_buyer = of_store(tuple(SHELVES[contract.buyer].values()))
    supplier, buyer = (logit_dependence(SHARES, margins, lost).dependence for margins in (of_maker, of_buyer))
    return relative_stakes_weight(buyer, supplier, EXPONENT)


def weights_at(store: str) -> float:
    """Return both makers' weights in a store, added."""
    return sum(weight_of(Contract(f"maker {brand}", store, brand)) for brand in ("A", "B"))


def by_stakes(supplier: str, buyer: str, brand: str) -> Callable[[], float]:
    """Return a contract's price at weights that follow the stakes."""
    return lambda: float(runs.unlike_stores(weight_of).price_of(supplier, buyer, brand))


def case(
    name: str,
    closed_form: Callable[[], float],
    simulated: Finder,
    scenario: str,
    source: str,
    unit: str = MONEY,
    reason: str = "",
) -> Case:
    """Return a case of the family."""
    return Case(
        FAMILY, name, source, closed_form, simulated=simulated, unit=unit, scenario=scenario, reason=reason
    )


CASES = (
    case(
        "one and one: the maker gets its weight of the margin, a quarter",
        lambda: UNIT_COST + 0.25 * POOL / SOLD,
        agreed(PAIR, SHELF, **having(weight=0.25)),
        PAIR,
        NASH,
    ),
    case(
        "control: an outside option below the split changes nothing",
        dealt(0.0, 20.0),
        agreed(PAIR, SHELF, **having(WEAK)),
        PAIR,
        OPTIONS,
    ),
    case(
        "a better option of the store is matched, not split over",
        dealt(0.0, 40.0),
        agreed(PAIR, SHELF, **having(STRONG)),
        PAIR,
        OPTIONS,
    ),
    case(
        "a fixed cost of leaving lowers what is matched",
        dealt(0.0, 32.0),
        agreed(PAIR, SHELF, **having(COSTLY)),
        PAIR,
        OPTIONS,
    ),
    case(
        "an outlet of the maker's own is matched too",
        dealt(45.0, 0.0),
        agreed(PAIR, SHELF, **having(OUTLET)),
        PAIR,
        OPTIONS,
    ),
    case(
        "options that together exceed the pool: the contract is suspended, nothing is sold",
        lambda: 0.0,
        runs.last_week(PAIR, "sales", "group", "store", **having(STRONG, OUTLET)),
        PAIR,
        OPTIONS,
        "units per week",
    ),
    case(
        "control: suspension is exactly 1 in the records then",
        lambda: 1.0,
        runs.last_week(PAIR, "suspended", "group", "store", **having(STRONG, OUTLET)),
        PAIR,
        OPTIONS,
        "",
    ),
    case(
        "one and one, the store answers: retail price, p − c = (a/b − c)/(2 − β)",
        lambda: bargained_channel(20.0, 1.0, UNIT_COST, WEIGHT).retail_price,
        asked(PAIR, SHELF, **ANSWERING),
        PAIR,
        DRAGANSKA,
    ),
    case(
        "one and one, the store answers: wholesale price",
        lambda: bargained_channel(20.0, 1.0, UNIT_COST, WEIGHT).wholesale_price,
        agreed(PAIR, SHELF, **ANSWERING),
        PAIR,
        DRAGANSKA,
    ),
    case(
        "two by two, linear, retail prices held: A at X",
        price_of("maker A", "X", "A"),
        agreed(TWO_BY_TWO, "X town · A"),
        TWO_BY_TWO,
        HORN_WOLINSKY,
    ),
    case(
        "two by two, linear, stores answer: B at Y",
        price_of("maker B", "Y", "B", answered=True),
        agreed(TWO_BY_TWO, "Y town · B", **ANSWERED),
        TWO_BY_TWO,
        DRAGANSKA,
    ),
    case(
        "two by two, linear, stores answer: retail price of A at X",
        retail_price_of(0),
        asked(TWO_BY_TWO, "X town · A", **ANSWERED),
        TWO_BY_TWO,
        DRAGANSKA,
    ),
    case(
        "two by two, logit of two segments, retail prices held: B at X",
        price_of("maker B", "X", "B", logit=True),
        agreed(TWO_BY_TWO, "X town · B", **LOGIT),
        TWO_BY_TWO,
        HORN_WOLINSKY,
    ),
    case(
        "two by two, logit of two segments, stores answer: A at Y",
        price_of("maker A", "Y", "A", logit=True, answered=True),
        agreed(TWO_BY_TWO, "Y town · A", **LOGIT, **ANSWERED),
        TWO_BY_TWO,
        DRAGANSKA,
    ),
    case(
        "a chain of two stores bargains as one: A at the chain, linear",
        price_of("maker A", "X", "A", chain=True),
        agreed(TWO_BY_TWO, "X town 1 · A", **CHAIN),
        TWO_BY_TWO,
        HORN_WOLINSKY,
    ),
    case(
        "a chain of two stores, logit, stores answer: B at the chain",
        price_of("maker B", "X", "B", chain=True, logit=True, answered=True),
        agreed(TWO_BY_TWO, "X town 2 · B", **CHAIN, **LOGIT, **ANSWERED),
        TWO_BY_TWO,
        DRAGANSKA,
    ),
    case(
        "three tiers at once, linear: what the wholesaler pays for A",
        price_of("maker A", "wholesaler", "A", tiers=3),
        agreed(THREE_TIERS, "wholesaler · A"),
        THREE_TIERS,
        HORN_WOLINSKY,
    ),
    case(
        "three tiers at once, linear: what Y pays for B",
        price_of("wholesaler", "Y", "B", tiers=3),
        agreed(THREE_TIERS, "Y town · B"),
        THREE_TIERS,
        HORN_WOLINSKY,
    ),
    case(
        "three tiers at once, logit, stores answer: what X pays for A",
        price_of("wholesaler", "X", "A", tiers=3, logit=True, answered=True),
        agreed(THREE_TIERS, "X town · A", **LOGIT, **ANSWERED),
        THREE_TIERS,
        DRAGANSKA,
    ),
    case(
        "a brand too dear is suspended, the other bargained for as if alone: A at X",
        runs.as_if_alone,
        agreed(TWO_BY_TWO, "X town · A", **TOO_DEAR),
        TWO_BY_TWO,
        HORN_WOLINSKY,
    ),
    case(
        "weights by the stakes: both makers' over X, added",
        lambda: weights_at("X"),
        runs.last_week(UNLIKE, "bargaining_weight", "group", "X", **STAKES),
        UNLIKE,
        STAKES_SOURCE,
        "",
    ),
    case(
        "weights by the stakes: what Y pays for A",
        by_stakes("maker A", "Y", "A"),
        agreed(UNLIKE, "Y town · A", **STAKES),
        UNLIKE,
        STAKES_SOURCE,
    ),
    case(
        "control: without the exponent unequal stakes leave every weight as given",
        lambda: 0.3 + 0.3,
        runs.last_week(UNLIKE, "bargaining_weight", "group", "X", **WITHOUT_STAKES),
        UNLIKE,
        STAKES_SOURCE,
        "",
    ),
    *networks.cases(FAMILY),
)
"""All cases of the family."""
