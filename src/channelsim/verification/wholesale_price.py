"""Selling to the newsvendor by the wholesale price alone (Lariviere & Porteus 2001).

Of normal demand the store's own rule orders for a season and the maker's price is searched for. Of gamma,
exponential, Poisson and uniform demand the store's rule does not know the fractile: there its revenue is
simulated at a row of stocks, its stock is searched for at every price (a cubic spline lies between the
stocks), and the maker's price over that. Continuous demand is then a trace of a thousand equally likely
demands, once each: a search over drawn ones would find what luck made best. Poisson demand is drawn; its best
quantity is whole and clear of the luck.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.theory.contracts_of_the_newsvendor import ContractOutcome, NewsvendorChannel
from channelsim.theory.newsvendor import newsvendor_store
from channelsim.theory.uncertain_demand import (
    Demand,
    ExponentialDemand,
    GammaDemand,
    PoissonDemand,
    UniformDemand,
)
from channelsim.theory.wholesale_price_of_the_newsvendor import best_wholesale_price, wholesale_price_alone
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Laboratory, Noisy
from channelsim.verification.inventory_runs import SEASON_WEEKS
from channelsim.verification.newsvendor_seasons import (
    CHANNEL,
    FAMILY,
    SEASONS,
    STORES,
    at_price,
    run,
    season_order,
    share_of_profit,
)
from channelsim.verification.reading import by_replication, highest_at

SOURCE = "Lariviere & Porteus 2001"
ELASTIC = "Lariviere & Porteus 2001 (closed form derived)"
Floats = NDArray[np.float64]

# --- normal demand: the store's own rule -------------------------------------------------------------

PLAIN = NewsvendorChannel(CHANNEL.demand, CHANNEL.retail_price, CHANNEL.unit_cost)
"""As in the paper, a leftover is worth nothing."""
PRICES = (4.0, 6.5, 9.0)


@cache
def of_normal() -> tuple[float, ContractOutcome]:
    """Return the maker's best price of the seasons and what it brings about."""
    price = best_wholesale_price(PLAIN)
    return price, wholesale_price_alone(PLAIN, price)


def earned_by_maker(laboratory: Laboratory, price: float) -> float:
    """Return the maker's profit with one store over a season."""
    profit = by_replication(run(laboratory, at_price(price), channel=PLAIN), "profit", "maker")
    return float(profit[0]) * SEASON_WEEKS / STORES


def found_price(laboratory: Laboratory) -> float:
    """Return the price at which the maker earns most, found over the simulator."""
    low, high = PLAIN.unit_cost + 0.5, PLAIN.retail_price - 0.01
    return highest_at(lambda price: earned_by_maker(laboratory, price), low, high)


def order_case(price: float) -> Case:
    """Return the case that the store orders the critical fractile at a price."""
    return Case(
        FAMILY,
        f"wholesale price of {price:g}: the store orders the critical fractile",
        SOURCE,
        lambda: newsvendor_store(PLAIN.demand, PLAIN.retail_price, price).quantity,
        simulated=lambda lab: season_order(lab, at_price(price), PLAIN),
        unit="units per season",
        scenario=SEASONS,
    )


# --- other demands: a row of stocks ------------------------------------------------------------------

RETAIL, COST, SALVAGE = 10.0, 4.0, 1.5
EXPONENTIAL, GAMMA, POISSON = ExponentialDemand(20.0), GammaDemand(20.0, 12.0), PoissonDemand(12.0)
UNIFORM = UniformDemand(0.0, 100.0)
WEEKS, REPLICATIONS = 1001, 10
STOCKS: dict[Demand, tuple[float, ...]] = {
    EXPONENTIAL: tuple(np.linspace(2.0, 30.0, 15).tolist()),
    GAMMA: tuple(np.linspace(4.0, 32.0, 15).tolist()),
    POISSON: tuple(np.arange(0.0, 20.0).tolist()),
    UNIFORM: tuple(np.linspace(10.0, 90.0, 9).tolist()),
}
"""Stocks at which the store's revenue is simulated: wide enough for the store's orders and the owner's."""


@cache
def channel_of(demand: Demand) -> NewsvendorChannel:
    """Return supplier and store of a week as a season."""
    return NewsvendorChannel(demand, RETAIL, COST, SALVAGE)


@cache
def in_theory(demand: Demand) -> tuple[float, ContractOutcome]:
    """Return the maker's best price and what it brings about."""
    price = best_wholesale_price(channel_of(demand))
    return price, wholesale_price_alone(channel_of(demand), price)


def as_fields(demand: Demand) -> dict[str, Any]:
    """Return a demand as fields of the scenario: Poisson is drawn, the others' quantiles come once each."""
    if isinstance(demand, PoissonDemand):
        return {"demand.noise": "poisson", "demand.mean": demand.mean, "demand.deviation": None}
    quantiles = [demand.quantile((rank + 0.5) / (WEEKS - 1)) for rank in range(WEEKS - 1)]
    return {
        "demand.noise": "none",
        "demand.deviation": None,
        "demand.trace": [demand.mean, *quantiles],  # the first week is not counted
        "territories.market.count": 1,
    }


def revenues(laboratory: Laboratory, demand: Demand) -> Floats:
    """Return (stocks, replications) what a store's sales and leftovers of a week bring, money.

    The store forecasts the stock that it is to have, and nothing it sees changes that.
    """
    price, drawn = 5.0, isinstance(demand, PoissonDemand)
    changes: dict[str, Any] = {
        "season_weeks": 1,
        "weeks": WEEKS,
        "warm_up_weeks": 1,
        "brands.A.production_cost": COST,
        "contracts.0.wholesale_price": price,
        "members.stores.ordering.safety": "given",
        "members.stores.ordering.forecast": "exponential_smoothing",
        "members.stores.ordering.smoothing": 0.0,
        "members.stores.ordering.opening_deviation": 0.0,
        "members.stores.ordering.salvage": SALVAGE / price,
    }
    stores, rows = STORES if drawn else 1, []
    for stock in STOCKS[demand]:
        changes |= {"members.stores.ordering.opening_forecast": stock, **as_fields(demand)}
        replications = REPLICATIONS if drawn else 1
        result = laboratory.run(SEASONS, replications, record=["order"], metrics=["profit"], **changes)
        bought = float(result.trajectories["order"].values[0, 0, -1]) / stores
        rows.append(by_replication(result, "profit", "stores") / stores + price * bought)
    return np.array(rows)


class Found(NamedTuple):
    """What a search over simulated revenues finds, in each replication where demand is drawn.

    Attributes
    ----------
    price : array (replications,)
        Price at which the maker earns most, money per unit.
    efficiency, maker_share : array (replications,)
        Profit of both, and the maker's, over the most that both could earn.
    """

    price: Floats
    efficiency: Floats
    maker_share: Floats


@lru_cache(maxsize=8)
def found(laboratory: Laboratory, demand: Demand) -> Found:
    """Search the maker's best price, and at every price the store's best stock."""
    from scipy.interpolate import CubicSpline

    stocks = np.array(STOCKS[demand])
    brings = CubicSpline(stocks, revenues(laboratory, demand)[:, 0])

    def together(stock: float, price: float) -> float:
        return float(brings(stock)) - price * stock

    def stocked(price: float) -> float:
        return highest_at(lambda stock: together(stock, price), float(stocks[0]), float(stocks[-1]))

    price = highest_at(lambda asked: (asked - COST) * stocked(asked), COST + 0.5, RETAIL - 0.5)
    stock, most = stocked(price), together(stocked(COST), COST)
    return Found(*np.array([[price], [together(stock, COST) / most], [(price - COST) * stock / most]]))


@lru_cache(maxsize=8)
def found_in_whole_units(laboratory: Laboratory, demand: Demand) -> Found:
    """Search the maker's best whole quantity; its price is what the last unit brings the store."""
    earned, stocks = revenues(laboratory, demand), np.array(STOCKS[demand])[:, None]
    together = earned - COST * stocks
    prices = np.diff(earned, axis=0, prepend=0.0)
    makes = stocks * (prices - COST)
    best, owner = (values.mean(axis=1).argmax() for values in (makes, together))
    return Found(prices[best], together[best] / together[owner], makes[best] / together[owner])


def searched_cases(
    words: str, demand: Demand, search: Callable[[Laboratory, Demand], Found] = found
) -> tuple[Case, ...]:
    """Return the cases of the maker's best price with a demand."""

    def number(field: str, laboratory: Laboratory) -> float | Noisy:
        values = getattr(search(laboratory, demand), field)
        return Noisy.of(values) if len(values) > 1 else float(values[0])

    def maker_share() -> float:
        outcome = in_theory(demand)[1]
        return outcome.efficiency - outcome.store_share

    routes: tuple[tuple[str, Callable[[], float], str, str], ...] = (
        ("the maker's best wholesale price", lambda: in_theory(demand)[0], "price", "money per unit"),
        ("efficiency at that price", lambda: in_theory(demand)[1].efficiency, "efficiency", ""),
        ("the maker's share of one owner's profit", maker_share, "maker_share", ""),
    )
    return tuple(
        Case(
            FAMILY,
            f"{words}: {name}",
            ELASTIC,
            closed_form,
            optimised=partial(number, field),
            tolerance=OPTIMISED_LEVER,
            unit=unit,
            scenario=SEASONS,
        )
        for name, closed_form, field, unit in routes
    )


CASES: tuple[Case, ...] = (
    *(order_case(price) for price in PRICES),
    Case(
        FAMILY,
        "normal demand: the maker's best wholesale price",
        SOURCE,
        lambda: of_normal()[0],
        optimised=found_price,
        tolerance=OPTIMISED_LEVER,
        unit="money per unit",
        scenario=SEASONS,
    ),
    Case(
        FAMILY,
        "normal demand: efficiency at that price",
        SOURCE,
        lambda: of_normal()[1].efficiency,
        simulated=lambda lab: share_of_profit(lab, at_price(of_normal()[0]), PLAIN, "channel_profit"),
        scenario=SEASONS,
    ),
    Case(
        FAMILY,
        "normal demand: the maker's share of one owner's profit",
        SOURCE,
        lambda: of_normal()[1].efficiency - of_normal()[1].store_share,
        simulated=lambda lab: earned_by_maker(lab, of_normal()[0]) / PLAIN.integrated_profit,
        scenario=SEASONS,
    ),
    *searched_cases("uniform demand from zero", UNIFORM),
    *searched_cases("exponential demand", EXPONENTIAL),
    *searched_cases("gamma demand", GAMMA),
    *searched_cases("Poisson demand", POISSON, found_in_whole_units),
    Case(
        FAMILY,
        "control: at the unit cost the store orders the owner's quantity and the maker earns nothing",
        SOURCE,
        lambda: 1.0,
        simulated=lambda lab: (
            season_order(lab, at_price(PLAIN.unit_cost), PLAIN) / PLAIN.integrated_quantity
            + earned_by_maker(lab, PLAIN.unit_cost)
        ),
        scenario=SEASONS,
    ),
)
