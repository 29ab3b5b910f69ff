"""The state from which every replication starts, as far as the scenario does not say otherwise.

Prices: as given, or markup × unit cost, or unit cost + margin. Forecasts: expected demand at opening prices,
for upper tiers what flows through them, or what their buyers share. Stocks: the rule's own target, less what
the opening pipeline will bring. Where orders take time, those in transit have the pipeline's weekly rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.attempts import keep_own_prices
from channelsim.base_inputs import open_relations
from channelsim.codes import (
    FORECAST_SHARED,
    ORDER_BASE_STOCK,
    ORDER_NEWSVENDOR,
    ORDER_REORDER_POINT,
    ORDER_UP_TO,
    PRICE_MARGIN,
    PRICE_SUGGESTED,
)
from channelsim.expansion import BuiltWorld
from channelsim.incentives import count_opening_stock, open_incentives
from channelsim.kernels import perform_steps
from channelsim.member_parts import MemberGroup
from channelsim.parts import brand_value
from channelsim.sourcing import Sourcing
from channelsim.state_layout import new_state
from channelsim.tables import SETTLED_OFFER, Floats, State, Terms
from channelsim.week import EXPECTATIONS, PERCEIVE_SERVICE, RECKON_INCENTIVES


def opened(built: BuiltWorld, terms: Terms, posted: Floats) -> Terms:
    """Return terms with the state from which every replication starts; thresholds become units in place.

    Parameters
    ----------
    posted : array (links,)
        Posted wholesale prices, money per unit; NaN where the supplier prices by rule.
    """
    state = new_state(built.sizes._replace(incentives=terms.incentives.shape[1]))
    terms = terms._replace(base=state.flat)
    _open_state(built, terms, state, posted)
    keep_own_prices(terms, state)
    return terms


def _open_state(built: BuiltWorld, terms: Terms, state: State, posted: Floats) -> None:
    world, scenario, given = built.world, built.scenario, built.kept(_given)
    holdings, listed = state.holdings, terms.holdings[c.LISTED]
    holdings[c.OFFERED] = listed
    state.territories[c.MARKET_INDEX] = 1.0
    state.territories[c.MARKET] = world.calendar[0]
    state.members[c.CASH] = world.members[c.CAPITAL]
    holdings[c.CAPACITY] = given.capacity
    holdings[c.SERVICE] = given.service * listed
    holdings[c.SAFETY_FACTOR] = given.safety_factor
    sourcing = Sourcing.of(built, terms.holdings_index[c.SOURCE_LINK])
    _open_prices(built, terms, state, sourcing, posted)
    holdings[c.NEXT_PRICE], holdings[c.NEXT_SERVICE] = holdings[c.PRICE], holdings[c.SERVICE]
    if scenario.relations.active:
        open_relations(built, state)
    perform_steps([PERCEIVE_SERVICE, EXPECTATIONS[scenario.demand.system]], world, terms, state)
    state.holdings[c.FOLLOWED_FRACTILE] = -1.0  # the first week follows every fractile
    state.settled_choice[SETTLED_OFFER] = -1.0  # the first week settles choices, in the layout that is run
    _open_forecasts(built, terms, state, sourcing)
    if state.incentives.shape[1]:
        open_incentives(built, terms, state)
        perform_steps([RECKON_INCENTIVES], world, terms, state)
    _open_stocks(built, terms, state)
    if state.incentives.shape[1]:
        count_opening_stock(built, state)


class _Given(NamedTuple):
    """(holdings,) what the scenario says of the opening state, NaN where it says nothing."""

    capacity: Floats
    service: Floats
    safety_factor: Floats
    forecast: Floats
    deviation: Floats
    stock: Floats
    pipeline: Floats
    price: Floats
    production_cost: Floats


def _given(built: BuiltWorld) -> _Given:
    groups, brands, group = built.scenario.members, built.scenario.brands, built.group_of_holding
    brand = built.world.holdings_index[c.BRAND]

    def by_holding(value: Callable[[MemberGroup], float | None]) -> Floats:
        numbers = [value(g) for g in groups]
        return np.array([np.nan if v is None else v for v in numbers], dtype=np.float64)[group]

    prices = np.array([[brand_value(g.pricing.opening, b.name) for b in brands] for g in groups])
    return _Given(
        capacity=by_holding(lambda g: g.capacity),
        service=by_holding(lambda g: g.opening_service),
        safety_factor=by_holding(lambda g: g.ordering.safety_factor),
        forecast=by_holding(lambda g: g.ordering.opening_forecast),
        deviation=by_holding(lambda g: g.ordering.opening_deviation),
        stock=by_holding(lambda g: g.ordering.opening_stock),
        pipeline=by_holding(lambda g: g.ordering.opening_pipeline),
        price=prices[group, brand],
        production_cost=np.array([b.production_cost for b in brands])[brand],
    )


def _open_prices(built: BuiltWorld, terms: Terms, state: State, sourcing: Sourcing, posted: Floats) -> None:
    """Write unit costs and prices, tier by tier downward."""
    world, given, first = built.world, built.kept(_given), built.first_shelf
    holdings, links, index = state.holdings, state.links, world.holdings_index
    supplier = world.links_index[c.SUPPLIER_HOLDING]
    holdings[c.UNIT_COST] = given.production_cost
    for tier in range(built.tiers):
        rows, out = built.holdings_of_tier(tier), built.links_of_tier(tier)
        bought = sourcing.by(rows)
        holdings[c.UNIT_COST, bought.buyers] = links[c.WHOLESALE_PRICE, bought.links]
        price, cost, opening = holdings[c.PRICE, rows], holdings[c.UNIT_COST, rows], given.price[rows]
        np.multiply(world.holdings[c.MARKUP, rows], cost, out=price)
        np.add(
            cost, world.holdings[c.MARGIN, rows], out=price, where=index[c.PRICE_RULE, rows] == PRICE_MARGIN
        )
        np.copyto(price, opening, where=~np.isnan(opening))
        asked = links[c.WHOLESALE_PRICE, out]
        asked[:] = posted[out]
        by_rule = np.flatnonzero(np.isnan(asked))
        asked[by_rule] = holdings[c.PRICE, supplier[out][by_rule]]
        if tier < built.tiers - 1:  # a seller's own price is that of its first link
            sells = np.flatnonzero(index[c.FIRST_LINK, rows] < index[c.END_LINK, rows]) + rows.start
            holdings[c.PRICE, sells] = links[c.WHOLESALE_PRICE, index[c.FIRST_LINK, sells]]
    saving, handling = terms.holdings[c.CREDIT_SAVING], world.holdings[c.HANDLING_COST]
    holdings[c.MARGINAL_COST] = holdings[c.UNIT_COST] * (1.0 - saving) + handling
    suggested = index[c.PRICE_RULE, first:] == PRICE_SUGGESTED
    np.copyto(holdings[c.PRICE, first:], world.holdings[c.PRICE_BOUND, first:], where=suggested)


def _open_forecasts(built: BuiltWorld, terms: Terms, state: State, sourcing: Sourcing) -> None:
    """Write forecasts and error variances; those of independent shelves add up the tiers."""
    world, demand, first, given = built.world, built.scenario.demand, built.first_shelf, built.kept(_given)
    holdings, listed = state.holdings, terms.holdings[c.LISTED]
    mean, variance = np.zeros(built.sizes.holdings), np.zeros(built.sizes.holdings)
    mean[first:] = holdings[c.MEAN_DEMAND, first:]
    if demand.noise == "poisson":
        variance[first:] = mean[first:]
    elif demand.noise in ("normal", "gamma"):
        variance[first:] = (world.holdings[c.VARIATION, first:] * mean[first:]) ** 2
    for tier in range(built.tiers - 1, 0, -1):
        bought = sourcing.by(built.holdings_of_tier(tier))
        mean += np.bincount(bought.sellers, mean[bought.buyers], len(mean))
        variance += np.bincount(bought.sellers, variance[bought.buyers], len(variance))
    holdings[c.FORECAST] = listed * np.where(np.isnan(given.forecast), mean, given.forecast)
    spread = np.where(np.isnan(given.deviation), variance, given.deviation**2)
    holdings[c.FORECAST_VARIANCE] = listed * spread
    _share_forecasts(built, state, sourcing)
    state.history[:] = holdings[c.FORECAST]


def _share_forecasts(built: BuiltWorld, state: State, sourcing: Sourcing) -> None:
    """Write the forecasts that members take over from their buyers, tier by tier upward."""
    shared = built.world.holdings_index[c.FORECAST_RULE] == FORECAST_SHARED
    if not shared.any():
        return
    buyers, suppliers = sourcing.buyers, sourcing.sellers
    for tier in range(built.tiers - 2, -1, -1):
        rows = built.holdings_of_tier(tier)
        taken = (suppliers >= rows.start) & (suppliers < rows.stop) & shared[suppliers]
        for name in (c.FORECAST, c.FORECAST_VARIANCE):
            summed = np.bincount(suppliers[taken], state.holdings[name, buyers[taken]], len(shared))
            state.holdings[name, rows] = np.where(shared[rows], summed[rows], state.holdings[name, rows])


def _open_stocks(built: BuiltWorld, terms: Terms, state: State) -> None:
    """Write stocks and what is under way."""
    world, holdings, given = built.world, state.holdings, built.kept(_given)
    rule, source = world.holdings_index[c.ORDER_RULE], terms.holdings_index[c.SOURCE_LINK]
    weeks = terms.holdings[c.PROTECTION_WEEKS]
    pipeline = np.where(source >= 0, given.pipeline, 0.0)
    target = np.where(rule == ORDER_UP_TO, _covering(weeks, state), holdings[c.FORECAST])
    seasonal, fixed = rule == ORDER_NEWSVENDOR, (rule == ORDER_BASE_STOCK) | (rule == ORDER_REORDER_POINT)
    if seasonal.any():
        np.copyto(target, _covering(built.scenario.season_weeks, state), where=seasonal)
    np.copyto(target, world.holdings[c.BASE_STOCK], where=fixed)
    stock = np.where(np.isnan(given.stock), np.maximum(target - pipeline * weeks, 0.0), given.stock)
    holdings[c.STOCK] = terms.holdings[c.LISTED] * stock
    holdings[c.STOCK, built.holdings_of_tier(0)] = 0.0
    for h in np.flatnonzero(pipeline > 0):
        link = source[h]
        arrivals = int(world.links_index[c.LEAD_TIME, link]) + 1  # weeks 0 to the lead time
        state.pipeline[:arrivals, link] = pipeline[h]
        state.orders_in_transit[: world.links_index[c.ORDER_DELAY, link], link] = pipeline[h]
        holdings[c.ON_ORDER, h] = pipeline[h] * weeks[h]


def _covering(weeks: Floats | float, state: State) -> Floats:
    """Return the stock that lasts so many weeks of the forecast, with its safety stock."""
    forecast, variance = state.holdings[c.FORECAST], state.holdings[c.FORECAST_VARIANCE]
    return np.asarray(forecast * weeks + state.holdings[c.SAFETY_FACTOR] * np.sqrt(variance * weeks))
