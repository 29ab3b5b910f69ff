"""A wrong rule in the place of a right one makes the cases of the bullwhip family fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``).
"""

import pytest

from channelsim.columns import ON_ORDER, OWED, POSITION, PROTECTION_WEEKS
from channelsim.mechanisms import allocation, ordering
from channelsim.verification.bullwhip import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

NO_LEAD_TIME = "moving average with a lead time of 0: the review period alone amplifies"
AVERAGES = "three tiers, moving averages: the factory's response to one week of demand"
SMOOTHED = "three tiers, exponential smoothing: the factory's response to one week of demand"
PASSED_ON = "upper tiers pass orders on: nothing is added to the store's ratio"
SHARED = "three tiers, shared information: the factory's response to one week of demand"
KNOWN = "control: known mean, independent demand: ratio exactly 1"
AT_ONCE = "beer game, orders at once: largest difference of an order or net stock in any week"
BOARD = "beer game on the board, estimated rule: largest difference of an order or net stock in any week"
PUBLISHED = "beer game on the board: team cost of the benchmark, as published"


def few_weeks(scenario, replications):
    """What holds in every week holds in few."""
    return {"weeks": 60, "warm_up_weeks": 20} if replications > 1 else {}


def verdict(name):
    row = judged(name, CASES, ShortRuns(few_weeks, 2))
    return row.verdict, row.error


right = {
    "propose_order_up_to": ordering.propose_order_up_to,
    "forecast_by_moving_average": ordering.forecast_by_moving_average,
    "forecast_by_smoothing": ordering.forecast_by_smoothing,
    "take_position": ordering.take_position,
    "propose_anchoring": ordering.propose_anchoring,
    "allocate_and_ship": allocation.allocate_and_ship,
}


def without_review_period(tier, world, terms, state):
    """The misquotation: L is the lead time alone."""
    terms.holdings[PROTECTION_WEEKS] -= 1.0
    right["propose_order_up_to"](tier, world, terms, state)
    terms.holdings[PROTECTION_WEEKS] += 1.0


def before_the_week(tier, week, world, state):
    """Order of events: the forecast of an order leaves out the week's own demand."""
    for h in range(state.history.shape[1]):
        if world.holdings_index[ordering.FORECAST_RULE, h] == ordering.FORECAST_MOVING_AVERAGE:
            window = world.holdings_index[ordering.FORECAST_WINDOW, h]
            state.holdings[ordering.FORECAST, h] = state.history[:window, h].sum() / window
    forecast = state.holdings[ordering.FORECAST].copy()
    right["forecast_by_moving_average"](tier, week, world, state)
    state.holdings[ordering.FORECAST] = forecast


def smoothed_twice(tier, world, state):
    """Factor: the newest demand counts twice."""
    right["forecast_by_smoothing"](tier, world, state)
    right["forecast_by_smoothing"](tier, world, state)


def forgets_what_is_on_order(tier, world, state):
    """The position leaves the goods under way out."""
    right["take_position"](tier, world, state)
    state.holdings[POSITION] -= state.holdings[ON_ORDER]


def counts_debts_as_stock(tier, world, state):
    """Sign: what a member owes adds to its position."""
    right["take_position"](tier, world, state)
    state.holdings[POSITION] += 2.0 * state.holdings[OWED]


def ships_before_orders_came(tier, week, world, terms, state):
    """Order of events: this week's orders wait until next week although there is stock."""
    demand = state.holdings[ordering.DEMAND].copy()
    ordered = state.links[ordering.ORDERED].copy()
    state.holdings[ordering.DEMAND], state.links[ordering.ORDERED] = 0.0, 0.0
    right["allocate_and_ship"](tier, week, world, terms, state)
    state.holdings[ordering.DEMAND], state.links[ordering.ORDERED] = demand, ordered
    for h in range(
        world.tiers_index[ordering.TIER_FIRST_HOLDING, tier],
        world.tiers_index[ordering.TIER_END_HOLDING, tier],
    ):
        state.holdings[OWED, h] += demand[h]
    links = slice(
        world.tiers_index[ordering.TIER_FIRST_LINK, tier], world.tiers_index[ordering.TIER_END_LINK, tier]
    )
    state.links[allocation.BACKLOG, links] += ordered[links]


def forecasts_orders(tier, world, terms, state):
    """What is shared is not used: the supplier smooths the orders that it gets."""
    for h in range(
        world.tiers_index[ordering.TIER_FIRST_HOLDING, tier],
        world.tiers_index[ordering.TIER_END_HOLDING, tier],
    ):
        error = state.holdings[ordering.DEMAND, h] - state.holdings[ordering.FORECAST, h]
        state.holdings[ordering.FORECAST, h] += world.holdings[ordering.SMOOTHING, h] * error


def orders_at_once(tier, week, world, terms, state):
    """Term left out: no order is delayed on its way."""
    ordering.collect_orders(tier, world, terms, state)


@pytest.mark.parametrize(
    "name",
    [NO_LEAD_TIME, AVERAGES, SMOOTHED, SHARED, PASSED_ON, KNOWN, AT_ONCE, BOARD, PUBLISHED],
)
def test_right_rules_pass(name):
    assert verdict(name)[0] == "pass"


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "fails", "passes"),
    [
        (ordering, "propose_order_up_to", without_review_period, NO_LEAD_TIME, KNOWN),
        (ordering, "forecast_by_moving_average", before_the_week, AVERAGES, KNOWN),
        (ordering, "forecast_by_smoothing", smoothed_twice, SMOOTHED, AVERAGES),
        (ordering, "take_position", forgets_what_is_on_order, KNOWN, None),
        (ordering, "take_position", counts_debts_as_stock, AT_ONCE, None),
        (ordering, "forecast_shared", forecasts_orders, SHARED, AVERAGES),
        (ordering, "collect_delayed_orders", orders_at_once, BOARD, AT_ONCE),
        (allocation, "allocate_and_ship", ships_before_orders_came, PUBLISHED, AVERAGES),
    ],
    ids=[
        "misquoted weeks",
        "order of events",
        "factor",
        "supply line",
        "sign",
        "news not used",
        "no order delay",
        "order of shipments",
    ],
)
def test_a_wrong_rule_fails_where_it_matters(monkeypatch, module, rule, wrong, fails, passes):
    monkeypatch.setattr(module, rule, wrong)
    said, error = verdict(fails)
    assert said == "fail"
    assert not error < 1e-3
    if passes is not None:
        assert verdict(passes)[0] == "pass"
