"""The week, on one page: what happens, in which order, tier by tier.

`planning.plan_week` lists the steps that a scenario needs, in this order; `take_step` performs one, or, where
few scenarios need it, the part of the week to which it belongs (`PARTS`). The
batch engine runs the list in compiled code (a costly review between two stretches of it, see `REVIEWS`), the
Mesa model runs the same list one step at a time from Python, so that an agent's decision can be replaced
between the step that proposes it and the step that settles it. *Propose* writes an intention, per row;
*settle* is the sole writer of stock, cash and terms. A rule that a scenario does not use is left out of its
list: that is its switch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from channelsim.columns import INVOICE, PAYMENT
from channelsim.compiled import rule
from channelsim.mechanisms import (
    adherence,
    allocation,
    demand,
    diversion,
    drawing,
    events,
    forward_buying,
    incentives,
    influence,
    ordering,
    pricing,
    promises,
    relations,
    season_orders,
    service,
    settlement,
    support,
)
from channelsim.tables import Draws, State, Terms, World

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
    FORECAST_BY_SMOOTHING,
    FORECAST_BY_MOVING_AVERAGE,
    FORECAST_KNOWN_MEAN,
    FORECAST_SHARED,
    FOLLOW_FRACTILE,
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
        2, "propose best-response prices under logit demand", PROPOSE, "pricing", "next_price"
    ),
    PROPOSE_BEST_RESPONSE_LINEAR: Step(
        2, "propose best-response prices under linear demand", PROPOSE, "pricing", "next_price"
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
    FORECAST_BY_SMOOTHING: Step(6, "forecast by smoothing", SETTLE, "ordering"),
    FORECAST_BY_MOVING_AVERAGE: Step(6, "forecast by moving average", SETTLE, "ordering"),
    FORECAST_KNOWN_MEAN: Step(6, "forecast the known mean", SETTLE, "ordering"),
    FORECAST_SHARED: Step(6, "take over buyers' forecasts", SETTLE, "ordering"),
    FOLLOW_FRACTILE: Step(6, "follow the critical fractile", SETTLE, "ordering"),
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


@rule
def take_step(
    code: int,
    tier: int,
    week: int,
    replication: int,
    seed: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform one step of the week for one tier (-1: for all): what nearly every scenario needs."""
    if code == APPLY_EVENTS:
        events.apply_events(week, world, terms, state)
    elif code == DRAW_MARKET_SHOCKS:
        drawing.draw_market(week, replication, seed, world, draws)
    elif code == DRAW_UNIFORM_SHELF_NOISE:
        drawing.draw_shelves(False, week, replication, seed, world, state, draws)
    elif code == DRAW_NORMAL_SHELF_NOISE:
        drawing.draw_shelves(True, week, replication, seed, world, state, draws)
    elif code == RECEIVE_GOODS:
        allocation.receive_goods(week, world, state)
    elif code == MARK_UP_WHOLESALE_PRICES:
        pricing.mark_up_wholesale(tier, world, state)
    elif code == PASS_ON_COSTS:
        pricing.pass_on_costs(world, terms, state)
    elif code == PROPOSE_SIMPLE_PRICES:
        pricing.propose_simple_price(world, state)
    elif code == SETTLE_PRICES:
        pricing.settle_prices(state)
    elif code == UPDATE_MARKET_SIZE:
        demand.update_market(week, world, state, draws)
    elif code == PERCEIVE_SERVICE:
        demand.perceive_service(world, state)
    elif code == EXPECT_GIVEN_DEMAND:
        demand.expect_given_demand(week, world, terms, state)
    elif code == REALISE_CERTAIN_DEMAND:
        demand.realise_certain_demand(state)
    elif code == REALISE_NORMAL_DEMAND:
        demand.realise_normal_demand(week, world, state, draws)
    elif code == SELL:
        demand.sell(state)
    elif code == SUBSTITUTE:
        demand.substitute(world, state)
    elif code == SETTLE_SALES:
        settlement.settle_sales(state)
    elif code == COLLECT_ORDERS:
        ordering.collect_orders(tier, world, terms, state)
    elif code == FORECAST_BY_SMOOTHING:
        ordering.forecast_by_smoothing(tier, world, state)
    elif code == TAKE_POSITION:
        ordering.take_position(tier, world, state)
    elif code == PROPOSE_ORDER_UP_TO:
        ordering.propose_order_up_to(tier, world, terms, state)
    elif code == ROUND_ORDERS:
        ordering.round_orders(tier, world, terms, state)
    elif code == PLACE_ORDERS:
        ordering.place_orders(tier, world, state)
    elif code == ALLOCATE_AND_SHIP:
        allocation.allocate_and_ship(tier, week, world, terms, state)
    elif code == RECEIVE_INVOICES:
        settlement.receive_invoices(state)
    elif code == CHARGE_INVOICES:
        settlement.charge_buyers(INVOICE, world, state)
    elif code == ACCOUNT_FOR_GOODS:
        settlement.account_for_goods(world, state)
    elif code == CLOSE_ACCOUNTS:
        settlement.close_accounts(world, terms, state)


@rule
def take_linear_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of linear demand."""
    if code == PROPOSE_BEST_RESPONSE_LINEAR:
        pricing.propose_best_response(False, world, terms, state)
    elif code == EXPECT_LINEAR_DEMAND:
        demand.expect_linear_demand(world, terms, state)


@rule
def take_logit_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of logit demand, of service effort, or of Poisson or gamma noise."""
    if code == PROPOSE_BEST_RESPONSE_LOGIT:
        pricing.propose_best_response(True, world, terms, state)
    elif code == PROPOSE_SERVICE_EFFORT:
        service.propose_service(world, terms, state)
    elif code == SETTLE_SERVICE_EFFORT:
        service.settle_service(state)
    elif code == EXPECT_LOGIT_DEMAND:
        demand.expect_logit_demand(world, terms, state)
    elif code == REALISE_POISSON_DEMAND:
        demand.realise_poisson_demand(week, state, draws)
    elif code == REALISE_GAMMA_DEMAND:
        demand.realise_gamma_demand(week, world, state, draws)
    elif code == CHARGE_EFFORT:
        settlement.charge_effort(terms, state)


@rule
def take_credit_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of buying on credit."""
    if code == PRESENT_BILLS:
        settlement.present_bills(week, world, state)
    elif code == PROPOSE_PAYMENT_FROM_CASH:
        settlement.propose_payment_from_cash(world, state)
    elif code == SETTLE_PAYMENTS:
        settlement.settle_payments(world, state)
    elif code == GIVE_CREDIT:
        allocation.give_credit(tier, week, world, terms, state)
    elif code == RECEIVE_PAYMENTS:
        settlement.receive_payments(world, state)
    elif code == CHARGE_PAYMENTS:
        settlement.charge_buyers(PAYMENT, world, state)
    elif code == TALLY_CREDIT:
        settlement.tally_credit(world, state)


@rule
def take_order_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of the less common rules of forecasting and ordering."""
    if code == SELL_WITH_BACKLOG:
        demand.sell_with_backlog(state)
    elif code == COLLECT_DELAYED_ORDERS:
        ordering.collect_delayed_orders(tier, week, world, terms, state)
    elif code == FORECAST_BY_MOVING_AVERAGE:
        ordering.forecast_by_moving_average(tier, week, world, state)
    elif code == FORECAST_KNOWN_MEAN:
        ordering.forecast_known_mean(tier, world, state)
    elif code == FORECAST_SHARED:
        ordering.forecast_shared(tier, world, terms, state)
    elif code == FOLLOW_FRACTILE:
        ordering.follow_fractile(tier, world, terms, state)
    elif code == PROPOSE_BASE_STOCK:
        ordering.propose_base_stock(tier, world, state)
    elif code == PROPOSE_NEWSVENDOR:
        ordering.propose_newsvendor(tier, week, world, terms, state)
    elif code == PROPOSE_ANCHORING:
        ordering.propose_anchoring(tier, world, state)
    elif code == PROPOSE_PASS_THROUGH:
        ordering.propose_pass_through(tier, world, state)
    elif code == CLEAR_SEASON:
        ordering.clear_season(tier, week, world, state)
    elif code == CHARGE_WRITE_OFFS:
        settlement.charge_write_offs(state)


@rule
def take_relation_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of influence, adherence or relations."""
    if code == FOLLOW_ASKED_WHOLESALE_PRICES:
        adherence.follow_asked_wholesale_prices(tier, world, terms, state)
    elif code == FOLLOW_ASKED_PRICES:
        adherence.follow_asked_prices(world, terms, state)
    elif code == FOLLOW_ASKED_SERVICE:
        adherence.follow_asked_service(world, terms, state)
    elif code == FOLLOW_ASKED_PAYMENTS:
        adherence.follow_asked_payments(world, terms, state)
    elif code == FOLLOW_ASKED_STOCK:
        adherence.follow_asked_stock(tier, world, terms, state)
    elif code == EXERT_INFLUENCE:
        influence.exert_influence(world.effects, terms.influence, state.relationships)
    elif code == REIMBURSE:
        promises.reimburse(world.effects, terms.influence, state.relationships)
    elif code == FEEL:
        relations.feel(world.route_km.size > 0, world.effects, state.relationships)
    elif code == LEAVE:
        relations.leave(world, terms, state)
    elif code == CHARGE_REWARDS_AND_FINES:
        promises.charge_rewards_and_fines(
            world.links_index, terms.influence, state.relationships, state.holdings
        )


@rule
def take_support_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of what suppliers and buyers pay each other beside the unit price."""
    if code == SETTLE_SIDE_PAYMENTS:
        support.settle_side_payments(world, terms, state)
    elif code == CHARGE_SIDE_PAYMENTS:
        support.charge_side_payments(world, terms, state)


@rule
def take_incentive_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of incentives on the unit margin."""
    if code == RECKON_INCENTIVES:
        incentives.reckon_incentives(week, world, terms, state)
    elif code == ORDER_FOR_SEASON:
        season_orders.order_for_season(tier, week, world, terms, state)
    elif code == REACH_FOR_STEPS:
        forward_buying.reach_for_steps(tier, week, world, terms, state)
    elif code == SETTLE_INCENTIVES:
        incentives.settle_incentives(week, world, terms, state)


@rule
def take_diversion_step(
    code: int,
    tier: int,
    week: int,
    world: World,
    terms: Terms,
    state: State,
    draws: Draws,
) -> None:
    """Perform a step of diversion."""
    if code == COUNT_DIVERTED_COSTS:
        diversion.count_diverted_costs(world, terms, state)
    elif code == SET_ASIDE_GOODS:
        diversion.set_aside_goods(tier, world, terms, state)
    elif code == PROPOSE_DIVERSION:
        diversion.propose_diversion(world, terms, state)
    elif code == FOLLOW_ASKED_TERRITORIES:
        adherence.follow_asked_territories(terms, state)
    elif code == DIVERT:
        diversion.divert(world, terms, state)
    elif code == CHARGE_DIVERSION:
        diversion.charge_diversion(world, terms, state)


class Part(NamedTuple):
    """Steps that are compiled together, apart from the week, when a scenario first needs one of them."""

    name: str
    take: Callable[..., None]
    codes: tuple[int, ...]


PARTS = (
    Part("linear demand", take_linear_step, (PROPOSE_BEST_RESPONSE_LINEAR, EXPECT_LINEAR_DEMAND)),
    Part(
        "logit demand, service effort and noise",
        take_logit_step,
        (
            PROPOSE_BEST_RESPONSE_LOGIT,
            PROPOSE_SERVICE_EFFORT,
            SETTLE_SERVICE_EFFORT,
            EXPECT_LOGIT_DEMAND,
            REALISE_POISSON_DEMAND,
            REALISE_GAMMA_DEMAND,
            CHARGE_EFFORT,
        ),
    ),
    Part(
        "buying on credit",
        take_credit_step,
        (
            PRESENT_BILLS,
            PROPOSE_PAYMENT_FROM_CASH,
            SETTLE_PAYMENTS,
            GIVE_CREDIT,
            RECEIVE_PAYMENTS,
            CHARGE_PAYMENTS,
            TALLY_CREDIT,
        ),
    ),
    Part(
        "further rules of ordering",
        take_order_step,
        (
            SELL_WITH_BACKLOG,
            COLLECT_DELAYED_ORDERS,
            FORECAST_BY_MOVING_AVERAGE,
            FORECAST_KNOWN_MEAN,
            FORECAST_SHARED,
            FOLLOW_FRACTILE,
            PROPOSE_BASE_STOCK,
            PROPOSE_NEWSVENDOR,
            PROPOSE_ANCHORING,
            PROPOSE_PASS_THROUGH,
            CLEAR_SEASON,
            CHARGE_WRITE_OFFS,
        ),
    ),
    Part(
        "incentives on the unit margin",
        take_incentive_step,
        (RECKON_INCENTIVES, ORDER_FOR_SEASON, REACH_FOR_STEPS, SETTLE_INCENTIVES),
    ),
    Part("support and fees", take_support_step, (SETTLE_SIDE_PAYMENTS, CHARGE_SIDE_PAYMENTS)),
    Part(
        "diversion",
        take_diversion_step,
        (
            COUNT_DIVERTED_COSTS,
            SET_ASIDE_GOODS,
            PROPOSE_DIVERSION,
            FOLLOW_ASKED_TERRITORIES,
            DIVERT,
            CHARGE_DIVERSION,
        ),
    ),
    Part(
        "influence and relations",
        take_relation_step,
        (
            FOLLOW_ASKED_WHOLESALE_PRICES,
            FOLLOW_ASKED_PRICES,
            FOLLOW_ASKED_SERVICE,
            FOLLOW_ASKED_PAYMENTS,
            FOLLOW_ASKED_STOCK,
            EXERT_INFLUENCE,
            REIMBURSE,
            FEEL,
            LEAVE,
            CHARGE_REWARDS_AND_FINES,
        ),
    ),
)

PART_OF = {code: number for number, part in enumerate(PARTS) for code in part.codes}
"""The part, by its number, that performs a step; those of `take_step` itself are not in it."""
