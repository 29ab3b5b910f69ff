"""What the cases on bargaining run and read, and their markets as theory describes them.

A market of theory repeats the numbers of its scenario file. Prices agreed are read as what a shelf is bought
at (``unit_cost`` by holding), which tells contracts of one buyer apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from channelsim.theory.bargaining import Bargain, nash_in_nash
from channelsim.theory.bargaining_market import Channel, Contract, LinearDemand, LogitDemand, Shelf
from channelsim.verification.cases import Laboratory

PAIR, TWO_BY_TWO, THREE_TIERS = "bargaining_pair", "bargaining_two_by_two", "bargaining_three_tiers"
WEIGHT = 0.4
"""Makers' and the wholesaler's in the markets of two and three tiers."""
COSTS = {"A": 4.0, "B": 5.0}
HANDLING = {"wholesaler": 0.4, "X": 0.5, "Y": 1.0}
OPENING = {("X", "A"): 18.0, ("X", "B"): 17.0, ("Y", "A"): 16.0, ("Y", "B"): 19.0}
INTERCEPTS = {"A": 30.0, "B": 28.0}
OWN_SLOPE, OTHER_BRAND, OTHER_STORE, OTHER_BOTH = 1.0, 0.3, 0.2, 0.1

LOGIT = {"demand.system": "logit"}
ANSWERED = {"bargaining.retail": "equilibrium"} | {
    f"members.{store}.pricing.rule": "best_response" for store in ("X", "Y")
}
"""Stores answer, in the bargain as in the weeks after it."""
CHAIN = {"members.X.per_territory": 2, "members.X.owner": "X"}
"""X is a chain of two stores."""
TOO_DEAR = {"brands.B.production_cost": 40.0}
"""Brand B costs more than it sells at."""

Finder = Callable[[Laboratory], float]


def agreed(scenario: str, shelf: str, **changes: Any) -> Finder:
    """Return the finder of the wholesale price agreed for a shelf, named as member · brand."""
    return last_week(scenario, "unit_cost", "holding", shelf, **changes)


def asked(scenario: str, shelf: str, **changes: Any) -> Finder:
    """Return the finder of the retail price at a shelf."""
    return last_week(scenario, "price", "holding", shelf, **changes)


def last_week(scenario: str, column: str, grouping: str, label: str, **changes: Any) -> Finder:
    """Return the finder of a state column of one label in the last week."""

    def find(laboratory: Laboratory) -> float:
        result = laboratory.run(scenario, record=(f"{column} by {grouping}",), metrics=("profit",), **changes)
        series = result.trajectories[f"{column}_by_{grouping}"].sel({grouping: label})
        return float(series.isel(policy=0, replication=0, week=-1))

    return find


def market(
    tiers: int = 2, logit: bool = False, chain: bool = False, costs: dict[str, float] = COSTS
) -> Channel:
    """Return the market of two makers and two stores as theory describes it, of two tiers or three.

    Parameters
    ----------
    tiers : int
        2 or 3.
    logit : bool
        Whether demand is logit, not linear.
    chain : bool
        Whether X has two stores.
    costs : dict of str to float
        Unit cost of each brand.
    """
    shelves = []
    for store, outlet in outlets(chain):
        for brand in ("A", "B"):
            path = (f"maker {brand}", *(["wholesaler"] if tiers == 3 else []), store)
            handling = (0.0, *(HANDLING[member] for member in path[1:]))
            shelves.append(Shelf(brand, path, costs[brand], outlet, handling))
    return Channel(logit_demand(chain) if logit else linear_demand(chain), shelves)


def outlets(chain: bool) -> list[tuple[str, str]]:
    """Return the stores as (owner, name)."""
    return [("X", "X 1"), ("X", "X 2"), ("Y", "Y")] if chain else [("X", "X"), ("Y", "Y")]


def opening_prices(chain: bool = False) -> np.ndarray:
    """Return the retail prices that the scenario opens with, shelf by shelf."""
    return np.array([OPENING[store, brand] for store, _ in outlets(chain) for brand in ("A", "B")])


def linear_demand(chain: bool) -> LinearDemand:
    """Return the linear demand of the market."""
    shelves = [(outlet, brand) for _, outlet in outlets(chain) for brand in ("A", "B")]
    slopes = [
        [
            OWN_SLOPE
            if one == other
            else -(OTHER_BRAND if one[0] == other[0] else OTHER_STORE if one[1] == other[1] else OTHER_BOTH)
            for other in shelves
        ]
        for one in shelves
    ]
    return LinearDemand([INTERCEPTS[brand] for _, brand in shelves], slopes)


def logit_demand(chain: bool) -> LogitDemand:
    """Return the logit demand of the market: forty buyers loyal to A, sixty others."""
    loyalty = {"X": 0.3, "Y": 0.0}
    equity = ({"A": 5.0, "B": 3.0}, {"A": 5.0, "B": 5.0})
    quality = [
        [of_kind[brand] + loyalty[store] for store, _ in outlets(chain) for brand in ("A", "B")]
        for of_kind in equity
    ]
    return LogitDemand(quality, [0.25, 0.35], [40.0, 60.0])


def bargain(answered: bool = False, weight: Any = WEIGHT, **options: Any) -> Bargain:
    """Return the Nash-in-Nash equilibrium of a market (`market` takes the options)."""
    prices = opening_prices(options.get("chain", False))
    return nash_in_nash(market(**options), prices, weight, retail="equilibrium" if answered else "held")


def price_of(supplier: str, buyer: str, brand: str, **options: Any) -> Callable[[], float]:
    """Return a contract's price by theory, found when it is asked for."""
    return lambda: float(bargain(**options).price_of(supplier, buyer, brand))


def retail_price_of(shelf: int, **options: Any) -> Callable[[], float]:
    """Return a shelf's retail price by theory, found when it is asked for."""
    return lambda: float(bargain(answered=True, **options).price[shelf])


def as_if_alone() -> float:
    """Return the price of brand A at X where brand B had never been.

    A lost shelf is one at the price at which nobody would buy there, so that demand for the others is that
    at such prices: with R the shelves that remain and L the lost ones, a_R − B_RL B_LL⁻¹ a_L and
    B_RR − B_RL B_LL⁻¹ B_LR.
    """
    whole, left, lost = linear_demand(chain=False), [0, 2], [1, 3]
    a, b = np.asarray(whole.intercept), np.asarray(whole.slopes)
    turned = b[np.ix_(left, lost)] @ np.linalg.inv(b[np.ix_(lost, lost)])
    demand = LinearDemand(a[left] - turned @ a[lost], b[np.ix_(left, left)] - turned @ b[np.ix_(lost, left)])
    alone = Channel(demand, [market().shelves[k] for k in left])
    return float(nash_in_nash(alone, opening_prices()[left], WEIGHT).price_of("maker A", "X", "A"))


def unlike_stores(weights: Callable[[Contract], float]) -> Bargain:
    """Return the bargains of the unlike stores of the family "dependence", each at a weight of its own."""
    from channelsim.verification.dependence import BUYERS, HANDLING, MADE_FOR, PRICES, UTILITIES

    names = [(maker, store) for store in ("X", "Y") for maker in ("maker A", "maker B")]
    shelves = [
        Shelf(pair[0][-1], pair, float(MADE_FOR[k]), handling=(0.0, float(HANDLING[k])))
        for k, pair in enumerate(names)
    ]
    channel = Channel(LogitDemand(UTILITIES, 0.4, BUYERS), shelves)
    return nash_in_nash(channel, PRICES, {contract: weights(contract) for contract in channel.contracts})
