"""The state from which every replication starts, as far as the scenario does not say otherwise.

Prices: as given, or markup × unit cost, or unit cost + margin. Forecasts: expected demand at opening prices,
for upper tiers what flows through them, or what their buyers share. Stocks: the rule's own target, less what
the opening pipeline will bring. Where orders take time, those in transit have the pipeline's weekly rate.
"""

from __future__ import annotations

from collections.abc import Callable

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
from channelsim.tables import SETTLED_OFFER, Floats, State, Terms, new_state
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
    world, scenario = built.world, built.scenario
    holdings, listed = state.holdings, terms.holdings[c.LISTED]
    holdings[c.OFFERED] = listed
    state.territories[c.MARKET_INDEX] = 1.0
    state.territories[c.MARKET] = world.calendar[0]
    state.members[c.CASH] = world.members[c.CAPITAL]
    holdings[c.CAPACITY] = _by_holding(built, lambda g: g.capacity)
    holdings[c.SERVICE] = _by_holding(built, lambda g: g.opening_service) * listed
    holdings[c.SAFETY_FACTOR] = _by_holding(built, lambda g: g.ordering.safety_factor)
    _open_prices(built, terms, state, posted)
    holdings[c.NEXT_PRICE], holdings[c.NEXT_SERVICE] = holdings[c.PRICE], holdings[c.SERVICE]
    if scenario.relations.active:
        open_relations(built, state)
    perform_steps([PERCEIVE_SERVICE, EXPECTATIONS[scenario.demand.system]], world, terms, state)
    state.holdings[c.FOLLOWED_FRACTILE] = -1.0  # the first week follows every fractile
    state.settled_choice[SETTLED_OFFER] = -1.0  # the first week settles choices, in the layout that is run
    _open_forecasts(built, terms, state)
    if state.incentives.shape[1]:
        open_incentives(built, terms, state)
        perform_steps([RECKON_INCENTIVES], world, terms, state)
    _open_stocks(built, terms, state)
    if state.incentives.shape[1]:
        count_opening_stock(built, state)


def _by_holding(built: BuiltWorld, value: Callable[[MemberGroup], float | None]) -> Floats:
    """Return a number of each holding's group (NaN: none given)."""
    of_group = [value(group) for group in built.scenario.members]
    numbers = np.array([np.nan if v is None else v for v in of_group], dtype=np.float64)
    return np.asarray(numbers[built.group_of_holding])


def _open_prices(built: BuiltWorld, terms: Terms, state: State, posted: Floats) -> None:
    """Write unit costs and prices, tier by tier downward."""
    world, scenario, first = built.world, built.scenario, built.first_shelf
    holdings, links, index = state.holdings, state.links, world.holdings_index
    brand, group, brands = index[c.BRAND], built.group_of_holding, scenario.brands
    given = np.array([[brand_value(g.pricing.opening, b.name) for b in brands] for g in scenario.members])
    opening = given[group, brand]
    supplier, source = world.links_index[c.SUPPLIER_HOLDING], terms.holdings_index[c.SOURCE_LINK]
    holdings[c.UNIT_COST] = np.where(source < 0, np.array([b.production_cost for b in brands])[brand], 0.0)
    for tier in range(built.tiers):
        rows, out = built.holdings_of_tier(tier), built.links_of_tier(tier)
        sourced = np.flatnonzero(source[rows] >= 0) + rows.start
        holdings[c.UNIT_COST, sourced] = links[c.WHOLESALE_PRICE, source[sourced]]
        marked = world.holdings[c.MARKUP, rows] * holdings[c.UNIT_COST, rows]
        added = holdings[c.UNIT_COST, rows] + world.holdings[c.MARGIN, rows]
        marked = np.where(index[c.PRICE_RULE, rows] == PRICE_MARGIN, added, marked)
        holdings[c.PRICE, rows] = np.where(np.isnan(opening[rows]), marked, opening[rows])
        by_rule = np.isnan(posted[out])
        links[c.WHOLESALE_PRICE, out] = np.where(by_rule, holdings[c.PRICE, supplier[out]], posted[out])
        if tier < built.tiers - 1:  # a seller's own price is that of its first link
            sells = np.flatnonzero(index[c.FIRST_LINK, rows] < index[c.END_LINK, rows]) + rows.start
            holdings[c.PRICE, sells] = links[c.WHOLESALE_PRICE, index[c.FIRST_LINK, sells]]
    saving, handling = terms.holdings[c.CREDIT_SAVING], world.holdings[c.HANDLING_COST]
    holdings[c.MARGINAL_COST] = holdings[c.UNIT_COST] * (1.0 - saving) + handling
    suggested = index[c.PRICE_RULE, first:] == PRICE_SUGGESTED
    bound = world.holdings[c.PRICE_BOUND, first:]
    holdings[c.PRICE, first:] = np.where(suggested, bound, holdings[c.PRICE, first:])


def _open_forecasts(built: BuiltWorld, terms: Terms, state: State) -> None:
    """Write forecasts and error variances; those of independent shelves add up the tiers."""
    world, demand, first = built.world, built.scenario.demand, built.first_shelf
    holdings, listed, source = state.holdings, terms.holdings[c.LISTED], terms.holdings_index[c.SOURCE_LINK]
    mean, variance = np.zeros(built.sizes.holdings), np.zeros(built.sizes.holdings)
    mean[first:] = holdings[c.MEAN_DEMAND, first:]
    if demand.noise == "poisson":
        variance[first:] = mean[first:]
    elif demand.noise in ("normal", "gamma"):
        variance[first:] = (world.holdings[c.VARIATION, first:] * mean[first:]) ** 2
    for tier in range(built.tiers - 1, 0, -1):
        rows = built.holdings_of_tier(tier)
        buyers = np.flatnonzero(source[rows] >= 0) + rows.start
        suppliers = world.links_index[c.SUPPLIER_HOLDING, source[buyers]]
        mean += np.bincount(suppliers, mean[buyers], len(mean))
        variance += np.bincount(suppliers, variance[buyers], len(variance))
    given = _by_holding(built, lambda g: g.ordering.opening_forecast)
    deviation = _by_holding(built, lambda g: g.ordering.opening_deviation)
    holdings[c.FORECAST] = listed * np.where(np.isnan(given), mean, given)
    holdings[c.FORECAST_VARIANCE] = listed * np.where(np.isnan(deviation), variance, deviation**2)
    _share_forecasts(built, terms, state)
    state.history[:] = holdings[c.FORECAST]


def _share_forecasts(built: BuiltWorld, terms: Terms, state: State) -> None:
    """Write the forecasts that members take over from their buyers, tier by tier upward."""
    world, source = built.world, terms.holdings_index[c.SOURCE_LINK]
    shared = world.holdings_index[c.FORECAST_RULE] == FORECAST_SHARED
    if not shared.any():
        return
    buyers = np.flatnonzero(source >= 0)
    suppliers = world.links_index[c.SUPPLIER_HOLDING, source[buyers]]
    for tier in range(built.tiers - 2, -1, -1):
        rows = built.holdings_of_tier(tier)
        taken = (suppliers >= rows.start) & (suppliers < rows.stop) & shared[suppliers]
        for name in (c.FORECAST, c.FORECAST_VARIANCE):
            summed = np.bincount(suppliers[taken], state.holdings[name, buyers[taken]], len(shared))
            state.holdings[name, rows] = np.where(shared[rows], summed[rows], state.holdings[name, rows])


def _open_stocks(built: BuiltWorld, terms: Terms, state: State) -> None:
    """Write stocks and what is under way."""
    world, holdings = built.world, state.holdings
    rule, source = world.holdings_index[c.ORDER_RULE], terms.holdings_index[c.SOURCE_LINK]
    weeks = terms.holdings[c.PROTECTION_WEEKS]
    pipeline = np.where(source >= 0, _by_holding(built, lambda g: g.ordering.opening_pipeline), 0.0)
    fixed = (rule == ORDER_BASE_STOCK) | (rule == ORDER_REORDER_POINT)
    target = np.select(
        [rule == ORDER_UP_TO, rule == ORDER_NEWSVENDOR, fixed],
        [
            _covering(weeks, state),
            _covering(np.full(len(rule), built.scenario.season_weeks), state),
            world.holdings[c.BASE_STOCK],
        ],
        holdings[c.FORECAST],
    )
    given = _by_holding(built, lambda g: g.ordering.opening_stock)
    stock = np.where(np.isnan(given), np.maximum(target - pipeline * weeks, 0.0), given)
    produces = np.arange(built.sizes.holdings) < built.holdings_of_tier(0).stop
    holdings[c.STOCK] = np.where(produces, 0.0, terms.holdings[c.LISTED] * stock)
    for h in np.flatnonzero(pipeline > 0):
        link = source[h]
        arrivals = int(world.links_index[c.LEAD_TIME, link]) + 1  # weeks 0 to the lead time
        state.pipeline[:arrivals, link] = pipeline[h]
        state.orders_in_transit[: world.links_index[c.ORDER_DELAY, link], link] = pipeline[h]
        holdings[c.ON_ORDER, h] = pipeline[h] * weeks[h]


def _covering(weeks: Floats, state: State) -> Floats:
    """Return the stock that lasts so many weeks of the forecast, with its safety stock."""
    forecast, variance = state.holdings[c.FORECAST], state.holdings[c.FORECAST_VARIANCE]
    return np.asarray(forecast * weeks + state.holdings[c.SAFETY_FACTOR] * np.sqrt(variance * weeks))
