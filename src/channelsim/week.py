"""The week, on one page: what happens, in which order, tier by tier.

`planning.plan_week` lists the steps that a scenario needs, in this order; `channelsim.steps` performs them.
The batch engine runs the list in compiled code (a costly review between two stretches of it, see `REVIEWS`),
the Mesa model runs the same list one step at a time from Python, so that an agent's decision can be replaced
between the step that proposes it and the step that settles it. *Propose* writes an intention, per row;
*settle* is the sole writer of stock, cash and terms. A rule that a scenario does not use is left out of its
list: that is its switch.
"""

from __future__ import annotations

from typing import NamedTuple

PROPOSE, SETTLE = "propose", "settle"


class Step(NamedTuple):
    """One step of the week.

    Phases: 0 events and draws, 1 arrivals, 2 prices, 3 service effort, 4 demand and sales, 5 settlement,
    6 forecasts and orders, 7 allocation and shipment, 8 diversion, 9 influence, 10 relations,
    11 reviews of power, 12 records.
    """

    phase: int
    name: str
    mode: str
    mechanism: str
    decision: str = ""
    """Column of the holdings or members that holds the proposed decision, "" if none."""


# Codes of the steps.
(
    APPLY_EVENTS,
    DRAW_MARKET_SHOCKS,
    DRAW_UNIFORM_SHELF_NOISE,
    DRAW_NORMAL_SHELF_NOISE,
    RECEIVE_GOODS,
    MARK_UP_WHOLESALE_PRICES,
    FOLLOW_ASKED_WHOLESALE_PRICES,
    REVIEW_WHOLESALE_PRICES,
    PASS_ON_COSTS,
    RECKON_INCENTIVES,
    COUNT_DIVERTED_COSTS,
    PROPOSE_SIMPLE_PRICES,
    PROPOSE_BEST_RESPONSE_LOGIT,
    PROPOSE_BEST_RESPONSE_LINEAR,
    FOLLOW_ASKED_PRICES,
    SETTLE_PRICES,
    PROPOSE_SERVICE_EFFORT,
    FOLLOW_ASKED_SERVICE,
    SETTLE_SERVICE_EFFORT,
    UPDATE_MARKET_SIZE,
    PERCEIVE_SERVICE,
    EXPECT_LOGIT_DEMAND,
    EXPECT_LINEAR_DEMAND,
    EXPECT_GIVEN_DEMAND,
    REALISE_CERTAIN_DEMAND,
    REALISE_POISSON_DEMAND,
    REALISE_NORMAL_DEMAND,
    REALISE_GAMMA_DEMAND,
    SELL,
    SELL_WITH_BACKLOG,
    SUBSTITUTE,
    SETTLE_SALES,
    SETTLE_SIDE_PAYMENTS,
    PRESENT_BILLS,
    PROPOSE_PAYMENT_FROM_CASH,
    SETTLE_PAYMENTS,
    FOLLOW_ASKED_PAYMENTS,
    COLLECT_ORDERS,
    COLLECT_DELAYED_ORDERS,
    FOLLOW_FRACTILE,
    FORECAST_BY_SMOOTHING,
    FORECAST_BY_MOVING_AVERAGE,
    FORECAST_KNOWN_MEAN,
    FORECAST_SHARED,
    TAKE_POSITION,
    SET_ASIDE_GOODS,
    PROPOSE_ORDER_UP_TO,
    PROPOSE_BASE_STOCK,
    PROPOSE_NEWSVENDOR,
    ORDER_FOR_SEASON,
    PROPOSE_ANCHORING,
    PROPOSE_PASS_THROUGH,
    FOLLOW_ASKED_STOCK,
    REACH_FOR_STEPS,
    ROUND_ORDERS,
    PLACE_ORDERS,
    ALLOCATE_AND_SHIP,
    GIVE_CREDIT,
    PROPOSE_DIVERSION,
    FOLLOW_ASKED_TERRITORIES,
    DIVERT,
    EXERT_INFLUENCE,
    REIMBURSE,
    FEEL,
    LEAVE,
    REVIEW_DEPENDENCE,
    RENEW_CONTRACTS,
    REVIEW_BASES,
    CLEAR_SEASON,
    RECEIVE_INVOICES,
    CHARGE_INVOICES,
    RECEIVE_PAYMENTS,
    CHARGE_PAYMENTS,
    TALLY_CREDIT,
    ACCOUNT_FOR_GOODS,
    CHARGE_EFFORT,
    CHARGE_WRITE_OFFS,
    CHARGE_DIVERSION,
    CHARGE_REWARDS_AND_FINES,
    SETTLE_INCENTIVES,
    CHARGE_SIDE_PAYMENTS,
    CLOSE_ACCOUNTS,
) = range(82)

STEPS = {
    APPLY_EVENTS: Step(0, "apply events", SETTLE, "events"),
    DRAW_MARKET_SHOCKS: Step(0, "draw market shocks", SETTLE, "drawing"),
    DRAW_UNIFORM_SHELF_NOISE: Step(0, "draw uniform shelf noise", SETTLE, "drawing"),
    DRAW_NORMAL_SHELF_NOISE: Step(0, "draw normal shelf noise", SETTLE, "drawing"),
    RECEIVE_GOODS: Step(1, "receive goods", SETTLE, "allocation"),
    MARK_UP_WHOLESALE_PRICES: Step(2, "mark up wholesale prices", SETTLE, "pricing"),
    FOLLOW_ASKED_WHOLESALE_PRICES: Step(2, "follow asked wholesale prices", SETTLE, "adherence"),
    REVIEW_WHOLESALE_PRICES: Step(2, "review wholesale prices", SETTLE, "wholesale_pricing"),
    PASS_ON_COSTS: Step(2, "pass on costs", SETTLE, "pricing"),
    RECKON_INCENTIVES: Step(2, "reckon with incentives", SETTLE, "incentives"),
    COUNT_DIVERTED_COSTS: Step(2, "count diverted costs", SETTLE, "diversion"),
    PROPOSE_SIMPLE_PRICES: Step(2, "propose simple prices", PROPOSE, "pricing", "next_price"),
    PROPOSE_BEST_RESPONSE_LOGIT: Step(
        2, "propose best-response prices under logit demand", PROPOSE, "best_response", "next_price"
    ),
    PROPOSE_BEST_RESPONSE_LINEAR: Step(
        2, "propose best-response prices under linear demand", PROPOSE, "best_response", "next_price"
    ),
    FOLLOW_ASKED_PRICES: Step(2, "follow asked prices", PROPOSE, "adherence", "next_price"),
    SETTLE_PRICES: Step(2, "settle prices", SETTLE, "pricing"),
    PROPOSE_SERVICE_EFFORT: Step(3, "propose service effort", PROPOSE, "service", "next_service"),
    FOLLOW_ASKED_SERVICE: Step(3, "follow asked service", PROPOSE, "adherence", "next_service"),
    SETTLE_SERVICE_EFFORT: Step(3, "settle service effort", SETTLE, "service"),
    UPDATE_MARKET_SIZE: Step(4, "update market size", SETTLE, "demand"),
    PERCEIVE_SERVICE: Step(4, "perceive service", SETTLE, "demand"),
    EXPECT_LOGIT_DEMAND: Step(4, "expect logit demand", SETTLE, "demand"),
    EXPECT_LINEAR_DEMAND: Step(4, "expect linear demand", SETTLE, "demand"),
    EXPECT_GIVEN_DEMAND: Step(4, "expect given demand", SETTLE, "demand"),
    REALISE_CERTAIN_DEMAND: Step(4, "realise demand without noise", SETTLE, "demand"),
    REALISE_POISSON_DEMAND: Step(4, "realise Poisson demand", SETTLE, "demand"),
    REALISE_NORMAL_DEMAND: Step(4, "realise normal demand", SETTLE, "demand"),
    REALISE_GAMMA_DEMAND: Step(4, "realise gamma demand", SETTLE, "demand"),
    SELL: Step(4, "sell", SETTLE, "demand"),
    SELL_WITH_BACKLOG: Step(4, "sell with backlog", SETTLE, "demand"),
    SUBSTITUTE: Step(4, "substitute at empty shelves", SETTLE, "demand"),
    SETTLE_SALES: Step(5, "settle sales", SETTLE, "settlement"),
    SETTLE_SIDE_PAYMENTS: Step(5, "settle side payments", SETTLE, "support"),
    PRESENT_BILLS: Step(5, "present bills", PROPOSE, "settlement", "payment_made"),
    PROPOSE_PAYMENT_FROM_CASH: Step(5, "propose payment from cash", PROPOSE, "settlement", "payment_made"),
    SETTLE_PAYMENTS: Step(5, "settle payments", SETTLE, "settlement"),
    FOLLOW_ASKED_PAYMENTS: Step(5, "follow asked payments", SETTLE, "adherence"),
    COLLECT_ORDERS: Step(6, "collect orders", SETTLE, "ordering"),
    COLLECT_DELAYED_ORDERS: Step(6, "collect orders that took weeks", SETTLE, "ordering"),
    FOLLOW_FRACTILE: Step(6, "follow the critical fractile", SETTLE, "ordering"),
    FORECAST_BY_SMOOTHING: Step(6, "forecast by smoothing", SETTLE, "ordering"),
    FORECAST_BY_MOVING_AVERAGE: Step(6, "forecast by moving average", SETTLE, "ordering"),
    FORECAST_KNOWN_MEAN: Step(6, "forecast the known mean", SETTLE, "ordering"),
    FORECAST_SHARED: Step(6, "take over buyers' forecasts", SETTLE, "ordering"),
    TAKE_POSITION: Step(6, "take inventory position", SETTLE, "ordering"),
    SET_ASIDE_GOODS: Step(6, "set aside goods to divert", SETTLE, "diversion"),
    PROPOSE_ORDER_UP_TO: Step(6, "propose order-up-to", PROPOSE, "ordering", "order"),
    PROPOSE_BASE_STOCK: Step(6, "propose base stock", PROPOSE, "ordering", "order"),
    PROPOSE_NEWSVENDOR: Step(6, "propose newsvendor", PROPOSE, "ordering", "order"),
    ORDER_FOR_SEASON: Step(6, "order for a season under incentives", PROPOSE, "season_orders", "order"),
    PROPOSE_ANCHORING: Step(6, "propose anchoring and adjustment", PROPOSE, "ordering", "order"),
    PROPOSE_PASS_THROUGH: Step(6, "propose pass-through", PROPOSE, "ordering", "order"),
    FOLLOW_ASKED_STOCK: Step(6, "follow asked stock", PROPOSE, "adherence", "order"),
    REACH_FOR_STEPS: Step(6, "reach for discounts and targets", PROPOSE, "forward_buying", "order"),
    ROUND_ORDERS: Step(6, "round orders", PROPOSE, "ordering", "order"),
    PLACE_ORDERS: Step(6, "place orders", SETTLE, "ordering"),
    ALLOCATE_AND_SHIP: Step(7, "allocate and ship", SETTLE, "allocation"),
    GIVE_CREDIT: Step(7, "give credit", SETTLE, "allocation"),
    PROPOSE_DIVERSION: Step(8, "propose diversion", PROPOSE, "diversion", "diversion"),
    FOLLOW_ASKED_TERRITORIES: Step(8, "follow asked territories", PROPOSE, "adherence", "diversion"),
    DIVERT: Step(8, "divert", SETTLE, "diversion"),
    EXERT_INFLUENCE: Step(9, "exert influence", SETTLE, "influence"),
    REIMBURSE: Step(10, "reimburse rewards", SETTLE, "promises"),
    FEEL: Step(10, "feel about partners", SETTLE, "relations"),
    LEAVE: Step(10, "leave partners", SETTLE, "relations"),
    REVIEW_DEPENDENCE: Step(11, "review dependence", SETTLE, "dependence"),
    RENEW_CONTRACTS: Step(11, "renew contracts", SETTLE, "bargaining"),
    REVIEW_BASES: Step(11, "review power bases and judge outcomes", SETTLE, "bases"),
    CLEAR_SEASON: Step(12, "clear the season", SETTLE, "ordering"),
    RECEIVE_INVOICES: Step(12, "receive what is invoiced", SETTLE, "settlement"),
    CHARGE_INVOICES: Step(12, "charge buyers what is invoiced", SETTLE, "settlement"),
    RECEIVE_PAYMENTS: Step(12, "receive payments", SETTLE, "settlement"),
    CHARGE_PAYMENTS: Step(12, "charge buyers their payments", SETTLE, "settlement"),
    TALLY_CREDIT: Step(12, "tally credit", SETTLE, "settlement"),
    ACCOUNT_FOR_GOODS: Step(12, "account for goods, stock and handling", SETTLE, "settlement"),
    CHARGE_EFFORT: Step(12, "charge service effort", SETTLE, "settlement"),
    CHARGE_WRITE_OFFS: Step(12, "charge write-offs", SETTLE, "settlement"),
    CHARGE_DIVERSION: Step(12, "charge diversion", SETTLE, "diversion"),
    CHARGE_REWARDS_AND_FINES: Step(12, "charge rewards, fines and attention", SETTLE, "promises"),
    SETTLE_INCENTIVES: Step(12, "settle incentives", SETTLE, "incentives"),
    CHARGE_SIDE_PAYMENTS: Step(12, "charge side payments", SETTLE, "support"),
    CLOSE_ACCOUNTS: Step(12, "close accounts", SETTLE, "settlement"),
}


EXPECTATIONS = {"logit": EXPECT_LOGIT_DEMAND, "linear": EXPECT_LINEAR_DEMAND, "given": EXPECT_GIVEN_DEMAND}
"""The step that settles mean demand, by demand system."""

REVIEWS = (REVIEW_WHOLESALE_PRICES, REVIEW_DEPENDENCE, RENEW_CONTRACTS, REVIEW_BASES)
"""Steps too rare and too costly to compile into the week: entry points of their own (`kernels`)."""
