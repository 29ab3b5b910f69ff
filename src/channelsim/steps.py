"""What each step of the week does: the mechanism's rule that it calls.

`take_step` performs a step that nearly every scenario needs; the others are in `PARTS`, which are compiled
apart, when a scenario first plans one of their steps (`channelsim.apart`). The order is that of
`channelsim.week`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from channelsim.columns import INVOICE, PAYMENT
from channelsim.compiled import rule
from channelsim.mechanisms import (
    adherence,
    allocation,
    best_response,
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
from channelsim.week import (
    ACCOUNT_FOR_GOODS,
    ALLOCATE_AND_SHIP,
    APPLY_EVENTS,
    CHARGE_DIVERSION,
    CHARGE_EFFORT,
    CHARGE_INVOICES,
    CHARGE_PAYMENTS,
    CHARGE_REWARDS_AND_FINES,
    CHARGE_SIDE_PAYMENTS,
    CHARGE_WRITE_OFFS,
    CLEAR_SEASON,
    CLOSE_ACCOUNTS,
    COLLECT_DELAYED_ORDERS,
    COLLECT_ORDERS,
    COUNT_DIVERTED_COSTS,
    DIVERT,
    DRAW_MARKET_SHOCKS,
    DRAW_NORMAL_SHELF_NOISE,
    DRAW_UNIFORM_SHELF_NOISE,
    EXERT_INFLUENCE,
    EXPECT_GIVEN_DEMAND,
    EXPECT_LINEAR_DEMAND,
    EXPECT_LOGIT_DEMAND,
    FEEL,
    FOLLOW_ASKED_PAYMENTS,
    FOLLOW_ASKED_PRICES,
    FOLLOW_ASKED_SERVICE,
    FOLLOW_ASKED_STOCK,
    FOLLOW_ASKED_TERRITORIES,
    FOLLOW_ASKED_WHOLESALE_PRICES,
    FOLLOW_FRACTILE,
    FORECAST_BY_MOVING_AVERAGE,
    FORECAST_BY_SMOOTHING,
    FORECAST_KNOWN_MEAN,
    FORECAST_SHARED,
    GIVE_CREDIT,
    LEAVE,
    MARK_UP_WHOLESALE_PRICES,
    ORDER_FOR_SEASON,
    PASS_ON_COSTS,
    PERCEIVE_SERVICE,
    PLACE_ORDERS,
    PRESENT_BILLS,
    PROPOSE_ANCHORING,
    PROPOSE_BASE_STOCK,
    PROPOSE_BEST_RESPONSE_LINEAR,
    PROPOSE_BEST_RESPONSE_LOGIT,
    PROPOSE_DIVERSION,
    PROPOSE_NEWSVENDOR,
    PROPOSE_ORDER_UP_TO,
    PROPOSE_PASS_THROUGH,
    PROPOSE_PAYMENT_FROM_CASH,
    PROPOSE_SERVICE_EFFORT,
    PROPOSE_SIMPLE_PRICES,
    REACH_FOR_STEPS,
    REALISE_CERTAIN_DEMAND,
    REALISE_GAMMA_DEMAND,
    REALISE_NORMAL_DEMAND,
    REALISE_POISSON_DEMAND,
    RECEIVE_GOODS,
    RECEIVE_INVOICES,
    RECEIVE_PAYMENTS,
    RECKON_INCENTIVES,
    REIMBURSE,
    ROUND_ORDERS,
    SELL,
    SELL_WITH_BACKLOG,
    SET_ASIDE_GOODS,
    SETTLE_INCENTIVES,
    SETTLE_PAYMENTS,
    SETTLE_PRICES,
    SETTLE_SALES,
    SETTLE_SERVICE_EFFORT,
    SETTLE_SIDE_PAYMENTS,
    SUBSTITUTE,
    TAKE_POSITION,
    TALLY_CREDIT,
    UPDATE_MARKET_SIZE,
)


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
        best_response.propose_best_response(False, world, terms, state)
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
        best_response.propose_best_response(True, world, terms, state)
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
    elif code == FOLLOW_FRACTILE:
        ordering.follow_fractile(tier, world, terms, state)
    elif code == FORECAST_BY_MOVING_AVERAGE:
        ordering.forecast_by_moving_average(tier, week, world, state)
    elif code == FORECAST_KNOWN_MEAN:
        ordering.forecast_known_mean(tier, world, state)
    elif code == FORECAST_SHARED:
        ordering.forecast_shared(tier, world, terms, state)
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
        influence.exert_influence(world.effects, terms.influence, state.relationships, state.contacts)
    elif code == REIMBURSE:
        promises.reimburse(world.effects, terms.influence, state.relationships)
    elif code == FEEL:
        relations.feel(
            world.route_km.size > 0, world.effects, terms.influence.influenced, state.relationships
        )
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
            FOLLOW_FRACTILE,
            FORECAST_BY_MOVING_AVERAGE,
            FORECAST_KNOWN_MEAN,
            FORECAST_SHARED,
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
