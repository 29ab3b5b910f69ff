"""The plan of a scenario's week: which steps it needs, for which tier, every how many weeks.

The order is that of `channelsim.week`; a rule that nobody uses is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from channelsim import week
from channelsim.codes import (
    ASK_PAYMENT,
    ASK_PRICE,
    ASK_SERVICE,
    ASK_STOCK,
    ASK_TERRITORY,
    BUYER_ASKS,
    FORECAST_KNOWN,
    FORECAST_MOVING_AVERAGE,
    FORECAST_SHARED,
    FORECAST_SMOOTHING,
    ORDER_ANCHORING,
    ORDER_BASE_STOCK,
    ORDER_NEWSVENDOR,
    ORDER_PASS_THROUGH,
    ORDER_REORDER_POINT,
    ORDER_UP_TO,
    PRICE_BEST_RESPONSE,
    PRICE_LEADER,
    PRICE_MARGIN,
    PRICE_MARKUP,
    PRICE_MAXIMUM,
    PRICE_MINIMUM,
    PRICE_NASH,
    PRICE_NEGOTIATED,
    SAFETY_FRACTILE,
    SUPPLIER_ASKS,
)
from channelsim.columns import (
    ASKED_HOLDING,
    BEHAVIOUR,
    CASE_SIZE,
    COMPENSATION,
    COOPERATIVE_SHARE,
    FIRST_ASKED,
    FORECAST_RULE,
    FRANCHISE_FEE,
    INCENTIVE_IN_USE,
    LIQUIDITY,
    MINIMUM_ORDER,
    MONITORING_COST,
    ORDER_DELAY,
    ORDER_RULE,
    PRICE_RULE,
    SAFETY_RULE,
    SENDER,
    SERVICE_WEIGHT,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    TRACKING_CHARGE,
    TRAINING,
)
from channelsim.tables import Terms

if TYPE_CHECKING:
    from channelsim.world import Channel


class Planned(NamedTuple):
    """A step of a scenario's week: what, for which tier (-1: all), every how many weeks."""

    code: int
    tier: int = -1
    every: int = 1

    @property
    def step(self) -> week.Step:
        """The step itself."""
        return week.STEPS[self.code]


RULES_THAT_FORECAST = {ORDER_UP_TO, ORDER_NEWSVENDOR, ORDER_ANCHORING}
RULES_THAT_RECKON = {ORDER_UP_TO, ORDER_BASE_STOCK, ORDER_REORDER_POINT}
"""Ordering rules whose orders are enlarged where a discount or a target makes it worth while."""

PHASES = {
    0: "events and draws",
    1: "arrivals",
    2: "prices",
    3: "service effort",
    4: "demand and sales",
    5: "settlement",
    6: "forecasts and orders, tier by tier upward",
    7: "allocation and shipment, tier by tier downward",
    8: "diversion",
    9: "influence and adherence",
    10: "relations",
    11: "reviews of power",
    12: "records",
}


def plan_week(channel: Channel, terms: Terms) -> list[Planned]:
    """Return the steps that a channel needs in a week, in order."""
    prices = _plan_prices(channel, terms)
    effort = _plan_service(channel, terms)
    return [
        *_plan_draws(channel),
        Planned(week.RECEIVE_GOODS),
        *prices,
        *effort,
        *_plan_demand(channel, bool(prices or effort or channel.scenario.relations.exit)),
        *_plan_payments(channel, terms),
        *_plan_orders(channel, terms),
        *_plan_shipments(channel),
        *_plan_diversion(channel, terms),
        *_plan_relations(channel, terms),
        *_plan_power(channel),
        *_plan_accounts(channel, terms),
    ]


def _rules(channel: Channel, column: int, tier: int) -> set[int]:
    """Return the rules in use among the holdings of a tier."""
    index, tiers = channel.world.holdings_index, channel.world.tiers_index
    return set(index[column, tiers[TIER_FIRST_HOLDING, tier] : tiers[TIER_END_HOLDING, tier]].tolist())


def _plan_draws(channel: Channel) -> list[Planned]:
    scenario, plan = channel.scenario, []
    if scenario.events:
        plan.append(Planned(week.APPLY_EVENTS))
    if scenario.demand.shock_deviation > 0:
        plan.append(Planned(week.DRAW_MARKET_SHOCKS))
    if scenario.demand.noise == "poisson":
        plan.append(Planned(week.DRAW_UNIFORM_SHELF_NOISE))
    elif scenario.demand.noise in ("normal", "gamma"):
        plan.append(Planned(week.DRAW_NORMAL_SHELF_NOISE))
    return plan


def asks(terms: Terms, behaviour: int, sender: int) -> bool:
    """Return whether that side asks its partners for a behaviour."""
    index = terms.influence.attempts_index
    return bool(np.any((index[BEHAVIOUR] == behaviour) & (index[SENDER] == sender)))


def _tiers_asked(channel: Channel, terms: Terms, behaviour: int, sender: int | None = None) -> set[int]:
    """Return the tiers of the members who are asked for a behaviour, by that side or by any."""
    influence, found = terms.influence, set()
    for k in range(influence.attempts_index.shape[1]):
        of_side = sender is None or influence.attempts_index[SENDER, k] == sender
        if of_side and influence.attempts_index[BEHAVIOUR, k] == behaviour:
            holding = influence.asked_index[ASKED_HOLDING, influence.attempts_index[FIRST_ASKED, k]]
            found.add(int(np.searchsorted(channel.world.tiers_index[TIER_END_HOLDING], holding, "right")))
    return found


def _plan_prices(channel: Channel, terms: Terms) -> list[Planned]:
    scenario, last = channel.scenario, channel.tiers - 1
    asked_by_buyers = _tiers_asked(channel, terms, ASK_PRICE, BUYER_ASKS)
    asked_of_stores = asks(terms, ASK_PRICE, SUPPLIER_ASKS)
    logit = scenario.demand.system == "logit"
    plan, costs_move = [], any(e.column == "wholesale_price" for e in scenario.events)
    for tier in range(last):
        marked_up = PRICE_MARKUP in _rules(channel, PRICE_RULE, tier)
        if marked_up:
            plan.append(Planned(week.MARK_UP_WHOLESALE_PRICES, tier))
        if tier in asked_by_buyers:
            plan.append(Planned(week.FOLLOW_ASKED_WHOLESALE_PRICES, tier))
        if marked_up or tier in asked_by_buyers:
            plan.append(Planned(week.PASS_ON_COSTS))
            if has_incentives(terms):
                plan.append(Planned(week.RECKON_INCENTIVES))
    upper = set().union(*(_rules(channel, PRICE_RULE, tier) for tier in range(last)))
    if upper & {PRICE_NASH, PRICE_LEADER}:
        plan.append(Planned(week.REVIEW_WHOLESALE_PRICES, every=scenario.review_weeks))
        costs_move = True
    diverting = channel.sizes.routes > 0
    if costs_move or PRICE_NEGOTIATED in upper or diverting:
        plan.append(Planned(week.PASS_ON_COSTS))
    if has_incentives(terms):
        plan.append(Planned(week.RECKON_INCENTIVES))
    if diverting:
        plan.append(Planned(week.COUNT_DIVERTED_COSTS))
    stores = _rules(channel, PRICE_RULE, last)
    every = scenario.price_review_weeks
    responds = bool(stores & {PRICE_BEST_RESPONSE, PRICE_MINIMUM, PRICE_MAXIMUM})
    follows = bool(stores & {PRICE_MARKUP, PRICE_MARGIN}) and bool(plan)
    if responds or follows or asked_of_stores:
        plan.append(Planned(week.PROPOSE_SIMPLE_PRICES, every=every))
        if responds:
            plan.append(
                Planned(
                    week.PROPOSE_BEST_RESPONSE_LOGIT if logit else week.PROPOSE_BEST_RESPONSE_LINEAR,
                    every=every,
                )
            )
        if asked_of_stores:
            plan.append(Planned(week.FOLLOW_ASKED_PRICES, every=every))
        plan.append(Planned(week.SETTLE_PRICES, every=every))
    return plan


def has_incentives(terms: Terms) -> bool:
    """Return whether any contract in use has incentives."""
    return bool(np.any(terms.incentives_index[INCENTIVE_IN_USE]))


def prices_move(channel: Channel, terms: Terms) -> int:
    """Return every how many weeks prices and costs can change."""
    if has_incentives(terms):
        return 1
    upper = {r for tier in range(channel.tiers - 1) for r in _rules(channel, PRICE_RULE, tier)}
    fixed = not upper & {PRICE_MARKUP, PRICE_NASH, PRICE_LEADER, PRICE_NEGOTIATED}
    fixed = fixed and not asks(terms, ASK_PRICE, BUYER_ASKS)
    return channel.scenario.price_review_weeks if fixed and not channel.scenario.events else 1


def _plan_service(channel: Channel, terms: Terms) -> list[Planned]:
    if not np.any(channel.world.segments[SERVICE_WEIGHT] > 0):
        return []
    every = channel.scenario.review_weeks
    steps = [week.PROPOSE_SERVICE_EFFORT, week.SETTLE_SERVICE_EFFORT, week.PERCEIVE_SERVICE]
    if asks(terms, ASK_SERVICE, SUPPLIER_ASKS):
        steps.insert(1, week.FOLLOW_ASKED_SERVICE)
    return [Planned(code, every=every) for code in steps]


def _plan_demand(channel: Channel, decisions_move: bool) -> list[Planned]:
    scenario, demand_of = channel.scenario, channel.scenario.demand
    indexed = any(e.column in ("market_index", "attractiveness") for e in scenario.events)
    market_moves = demand_of.shock_deviation > 0 or indexed or bool(np.any(channel.world.calendar != 1.0))
    plan = [Planned(week.UPDATE_MARKET_SIZE)] if market_moves else []
    if market_moves or decisions_move or len(channel.world.trace):  # otherwise the opening expectation holds
        plan.append(Planned(week.EXPECTATIONS[demand_of.system]))
    noise = {
        "none": week.REALISE_CERTAIN_DEMAND,
        "poisson": week.REALISE_POISSON_DEMAND,
        "normal": week.REALISE_NORMAL_DEMAND,
        "gamma": week.REALISE_GAMMA_DEMAND,
    }
    plan.append(Planned(noise[demand_of.noise]))
    plan.append(Planned(week.SELL if demand_of.unmet == "lost" else week.SELL_WITH_BACKLOG))
    if demand_of.substitution > 0:
        plan.append(Planned(week.SUBSTITUTE))
    return plan


def pays_beside_the_price(terms: Terms) -> bool:
    """Return whether any link has support, a franchise fee or compensation."""
    return bool(np.any(terms.links[[COOPERATIVE_SHARE, TRAINING, FRANCHISE_FEE, COMPENSATION]] != 0.0))


def _plan_payments(channel: Channel, terms: Terms) -> list[Planned]:
    plan = [Planned(week.SETTLE_SALES)]
    if pays_beside_the_price(terms):
        plan.append(Planned(week.SETTLE_SIDE_PAYMENTS))
    if channel.scenario.credit:
        plan.append(Planned(week.PRESENT_BILLS))
        if np.any(channel.world.members_index[LIQUIDITY] == 1):
            plan.append(Planned(week.PROPOSE_PAYMENT_FROM_CASH))
        plan.append(Planned(week.SETTLE_PAYMENTS))
        if asks(terms, ASK_PAYMENT, SUPPLIER_ASKS):
            plan.append(Planned(week.FOLLOW_ASKED_PAYMENTS))
    return plan


def _tiers_that_forecast(channel: Channel, terms: Terms) -> set[int]:
    """Return the tiers whose forecasts are read.

    By their own orders, by a tier above that shares them, or to reckon with incentives.
    """
    found, shared = set(), False
    for tier in range(1, channel.tiers):
        if shared or has_incentives(terms) or _rules(channel, ORDER_RULE, tier) & RULES_THAT_FORECAST:
            found.add(tier)
            shared = shared or FORECAST_SHARED in _rules(channel, FORECAST_RULE, tier)
    return found


def _plan_orders(channel: Channel, terms: Terms) -> list[Planned]:
    rounds = bool(np.any(terms.holdings[MINIMUM_ORDER] > 0) or np.any(terms.holdings[CASE_SIZE] > 0))
    last, forecasting, plan = channel.tiers - 1, _tiers_that_forecast(channel, terms), []
    asked = _tiers_asked(channel, terms, ASK_STOCK)
    for tier in range(last, -1, -1):
        if tier < last:
            delayed = np.any(channel.world.links_index[ORDER_DELAY, channel.links_of_tier(tier)] > 0)
            plan.append(Planned(week.COLLECT_DELAYED_ORDERS if delayed else week.COLLECT_ORDERS, tier))
        if tier == 0:
            continue
        rules, forecasts = _rules(channel, ORDER_RULE, tier), _rules(channel, FORECAST_RULE, tier)
        if rules & RULES_THAT_FORECAST and SAFETY_FRACTILE in _rules(channel, SAFETY_RULE, tier):
            plan.append(Planned(week.FOLLOW_FRACTILE, tier, prices_move(channel, terms)))
        if tier in forecasting:
            if FORECAST_SMOOTHING in forecasts:
                plan.append(Planned(week.FORECAST_BY_SMOOTHING, tier))
            if FORECAST_MOVING_AVERAGE in forecasts:
                plan.append(Planned(week.FORECAST_BY_MOVING_AVERAGE, tier))
            if FORECAST_KNOWN in forecasts:
                plan.append(Planned(week.FORECAST_KNOWN_MEAN, tier))
            if FORECAST_SHARED in forecasts:
                plan.append(Planned(week.FORECAST_SHARED, tier))
        if rules & {ORDER_UP_TO, ORDER_BASE_STOCK, ORDER_REORDER_POINT, ORDER_ANCHORING}:
            plan.append(Planned(week.TAKE_POSITION, tier))
            if channel.sizes.routes and 0 < tier < last:
                plan.append(Planned(week.SET_ASIDE_GOODS, tier))
        if ORDER_UP_TO in rules:
            plan.append(Planned(week.PROPOSE_ORDER_UP_TO, tier))
        if rules & {ORDER_BASE_STOCK, ORDER_REORDER_POINT}:
            plan.append(Planned(week.PROPOSE_BASE_STOCK, tier))
        if ORDER_NEWSVENDOR in rules:
            plan.append(Planned(week.PROPOSE_NEWSVENDOR, tier))
            if has_incentives(terms):
                plan.append(Planned(week.ORDER_FOR_SEASON, tier))
        if ORDER_ANCHORING in rules:
            plan.append(Planned(week.PROPOSE_ANCHORING, tier))
        if ORDER_PASS_THROUGH in rules:
            plan.append(Planned(week.PROPOSE_PASS_THROUGH, tier))
        if tier in asked:
            plan.append(Planned(week.FOLLOW_ASKED_STOCK, tier))
        if has_incentives(terms) and rules & RULES_THAT_RECKON:
            plan.append(Planned(week.REACH_FOR_STEPS, tier))
        if rounds:
            plan.append(Planned(week.ROUND_ORDERS, tier))
        plan.append(Planned(week.PLACE_ORDERS, tier))
    return plan


def _plan_shipments(channel: Channel) -> list[Planned]:
    plan = []
    for tier in range(channel.tiers - 1):
        plan.append(Planned(week.ALLOCATE_AND_SHIP, tier))
        if channel.scenario.credit:
            plan.append(Planned(week.GIVE_CREDIT, tier))
    return plan


def _plan_diversion(channel: Channel, terms: Terms) -> list[Planned]:
    if not channel.sizes.routes:
        return []
    asked = [Planned(week.FOLLOW_ASKED_TERRITORIES)] if asks(terms, ASK_TERRITORY, SUPPLIER_ASKS) else []
    return [Planned(week.PROPOSE_DIVERSION), *asked, Planned(week.DIVERT)]


def _plan_relations(channel: Channel, terms: Terms) -> list[Planned]:
    relations = channel.scenario.relations
    if not relations.active:
        return []
    influenced = terms.influence.attempts.shape[1] > 0
    plan = [Planned(week.EXERT_INFLUENCE), Planned(week.REIMBURSE)] if influenced else []
    return [*plan, Planned(week.FEEL), *([Planned(week.LEAVE)] if relations.exit else [])]


def _plan_power(channel: Channel) -> list[Planned]:
    if not channel.scenario.power.measured:
        return []
    plan = [Planned(week.REVIEW_DEPENDENCE, every=channel.scenario.review_weeks)]
    if any(PRICE_NEGOTIATED in _rules(channel, PRICE_RULE, tier) for tier in range(channel.tiers - 1)):
        plan.append(Planned(week.RENEW_CONTRACTS, every=channel.scenario.bargaining.renewal_weeks))
    if channel.scenario.relations.active:
        plan.append(Planned(week.REVIEW_BASES, every=channel.scenario.review_weeks))
    return plan


def _plan_accounts(channel: Channel, terms: Terms) -> list[Planned]:
    seasons = [t for t in range(1, channel.tiers) if ORDER_NEWSVENDOR in _rules(channel, ORDER_RULE, t)]
    plan = [Planned(week.CLEAR_SEASON, tier) for tier in seasons]
    if channel.scenario.credit:
        plan += [Planned(week.RECEIVE_PAYMENTS), Planned(week.CHARGE_PAYMENTS), Planned(week.TALLY_CREDIT)]
    else:
        plan += [Planned(week.RECEIVE_INVOICES), Planned(week.CHARGE_INVOICES)]
    plan.append(Planned(week.ACCOUNT_FOR_GOODS))
    if _plan_service(channel, terms) or any(g.opening_service > 0 for g in channel.scenario.members):
        plan.append(Planned(week.CHARGE_EFFORT))
    if seasons:
        plan.append(Planned(week.CHARGE_WRITE_OFFS))
    if channel.sizes.routes or np.any(terms.holdings[MONITORING_COST : TRACKING_CHARGE + 1] > 0):
        plan.append(Planned(week.CHARGE_DIVERSION))
    if terms.influence.attempts.shape[1] > 0:
        plan.append(Planned(week.CHARGE_REWARDS_AND_FINES))
    if has_incentives(terms):
        plan.append(Planned(week.SETTLE_INCENTIVES))
    if pays_beside_the_price(terms):
        plan.append(Planned(week.CHARGE_SIDE_PAYMENTS))
    return [*plan, Planned(week.CLOSE_ACCOUNTS)]


def week_page(channel: Channel, terms: Terms) -> str:
    """Return the order of a channel's week as text, a line a step."""
    lines, phase = [], None
    for planned in plan_week(channel, terms):
        step = planned.step
        if step.phase != phase:
            phase = step.phase
            lines.append(f"{phase:>2}. {PHASES[phase]}")
        tier = "" if planned.tier < 0 else f"  [{channel.tier_names[planned.tier]}]"
        every = "" if planned.every == 1 else f"  (every {planned.every} weeks)"
        lines.append(f"      {step.mode:<8} {step.name}{tier}{every}  — {step.mechanism}.py")
    return "\n".join(lines)
