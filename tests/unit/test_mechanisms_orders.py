"""Orders, shipments and money against what is written out by hand, week by week."""

import numpy as np
import pytest
from scipy.stats import norm

from channelsim import columns as c
from channelsim.codes import SAFETY_FRACTILE, SAFETY_GIVEN
from channelsim.decisions import Policy
from channelsim.mechanisms.ordering import fill_factors, follow_few
from channelsim.planning import plan_week
from channelsim.scenario import Scenario
from channelsim.week import COLLECT_DELAYED_ORDERS, COLLECT_ORDERS, FORECAST_SHARED
from channelsim.world import build
from compiled_code import calls_rules
from example_markets import (
    serial,
    shelf,
    two_shelves,
)
from small_worlds import Run

pytestmark = pytest.mark.jit_off


# --- orders -----------------------------------------------------------------------------------------

DEMAND = [
    6.0,
    9.0,
    2.0,
    0.0,
    14.0,
    7.0,
    7.0,
    3.0,
    11.0,
    5.0,
    8.0,
    8.0,
    1.0,
    20.0,
    4.0,
    6.0,
    7.0,
    9.0,
    5.0,
    6.0,
]


class Stage:
    """A member of a serial channel, kept by hand."""

    def __init__(self, state, h, lead, delay):
        self.stock, self.forecast = state.holdings[c.STOCK, h], state.holdings[c.FORECAST, h]
        self.variance = state.holdings[c.FORECAST_VARIANCE, h]
        self.owed, self.lead, self.delay = 0.0, lead, delay
        self.coming, self.posted, self.past = {}, {}, []

    def on_order(self, backlog):
        return sum(self.posted.values()) + sum(self.coming.values()) + backlog


def serial_by_hand(run, trace, ordering, leads, delays, weeks):
    """Return weekly (orders, stocks, shipments) of maker, middle and store, written out rule by rule."""
    stages = [Stage(run.state, h, leads[h - 1], delays[h - 1]) for h in (1, 2, 3)]
    found = []
    for week in range(weeks):
        for stage in stages:
            stage.stock += stage.coming.pop(week, 0.0)
        asked = trace[min(week, len(trace) - 1)]
        sales = min(stages[-1].stock, asked)
        stages[-1].stock -= sales
        orders, received = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for k in (2, 1, 0):
            stage = stages[k]
            stage.past.append(asked)
            error = asked - stage.forecast
            if ordering.get("forecast") == "moving_average":
                window = ([run.opening[k]] * ordering["window"] + stage.past)[-ordering["window"] :]
                stage.forecast = sum(window) / len(window)
            else:
                stage.forecast += 0.2 * error
            stage.variance += 0.2 * (error**2 - stage.variance)
            backlog = stages[k - 1].owed if k else 0.0  # the plant never owes
            pending = asked if k < 2 else 0.0
            position = stage.stock + stage.on_order(backlog) - stage.owed - pending
            orders[k] = order_by_hand(ordering, stage, position, backlog, pending, asked)
            stage.posted[week + stage.delay] = orders[k]
            asked = received[k] = stage.posted.pop(week, 0.0)
        shipments = [received[0], 0.0, 0.0, sales]
        stages[0].coming[week + 1 + stages[0].lead] = received[0]
        for k in (0, 1):
            wanted = stages[k].owed + received[k + 1]
            shipped = min(stages[k].stock, wanted)
            stages[k].stock -= shipped
            stages[k].owed = wanted - shipped
            stages[k + 1].coming[week + 1 + stages[k + 1].lead] = shipped
            shipments[k + 1] = shipped
        found.append((orders, [stage.stock for stage in stages], shipments))
    return found


def order_by_hand(ordering, stage, position, backlog, pending, asked):
    """Return the order of a stage, by the rule's own words."""
    rule = ordering["rule"]
    if rule == "order_up_to":
        weeks = stage.delay + stage.lead + 1
        return max(0.0, stage.forecast * weeks + 1.3 * np.sqrt(stage.variance * weeks) - position)
    if rule == "base_stock":
        return max(0.0, 25.0 - position)
    if rule == "reorder_point":
        return max(0.0, 25.0 - position) if position <= 12.0 else 0.0
    if rule == "anchoring":
        on_hand = stage.stock - stage.owed - pending
        return max(0.0, stage.forecast + 0.4 * (20.0 - on_hand - 0.3 * stage.on_order(backlog)))
    return asked  # pass through


@pytest.mark.parametrize(
    "ordering",
    [
        {"rule": "order_up_to", "safety_factor": 1.3},
        {"rule": "order_up_to", "safety_factor": 1.3, "forecast": "moving_average", "window": 3},
        {"rule": "base_stock", "base_stock": 25.0},
        {"rule": "reorder_point", "base_stock": 25.0, "reorder_point": 12.0},
        {"rule": "anchoring", "anchor": 20.0, "stock_adjustment": 0.4, "supply_line_weight": 0.3},
        {"rule": "pass_through", "opening_stock": 30.0},
    ],
    ids=lambda ordering: "-".join(str(v) for v in ordering.values()),
)
@pytest.mark.parametrize("delays", [(0, 0, 0), (2, 0, 1)], ids=["at once", "delayed"])
def test_a_serial_channel_orders_stocks_and_ships_as_written_out_by_hand(ordering, delays):
    given = {"smoothing": 0.2, "opening_forecast": 7.0, "opening_deviation": 3.0} | ordering
    scenario = serial(DEMAND, given, leads=(1, 0, 2), delays=delays)
    run = Run(scenario)
    run.state.flat[:] = run.terms.base
    run.opening = run.state.holdings[c.FORECAST, 1:].copy()
    expected = serial_by_hand(run, DEMAND, ordering, (1, 0, 2), delays, 28)
    for orders, stocks, shipments in expected:
        run.take_week()
        np.testing.assert_allclose(run.state.holdings[c.ORDER, 1:], orders, atol=1e-9)
        np.testing.assert_allclose(run.state.holdings[c.STOCK, 1:], stocks, atol=1e-9)
        np.testing.assert_allclose(run.state.links[c.SHIPPED], shipments[:3], atol=1e-9)
        np.testing.assert_allclose(run.state.holdings[c.SALES, 3], shipments[3], atol=1e-9)
    assert np.ptp([orders for orders, _, _ in expected], axis=0).min() > 1.0


def test_with_a_known_mean_and_no_noise_order_up_to_orders_what_was_sold():
    ordering = {"forecast": "known_mean", "safety_factor": 0.0}
    scenario = two_shelves(**{"members.stores0.ordering": ordering, "members.stores1.ordering": ordering})
    run = Run(scenario.replace(**{"contracts.0.lead_time": 2}))
    for _ in range(6):
        run.take_week()
        np.testing.assert_allclose(shelf(run, c.FORECAST), [10.0, 6.0])
        np.testing.assert_allclose(shelf(run, c.ORDER), [10.0, 6.0], atol=1e-12)


@pytest.mark.parametrize("lead", [0, 1, 4])
def test_goods_shipped_in_week_t_arrive_at_the_start_of_week_t_plus_one_plus_the_lead_time(lead):
    scenario = two_shelves(**{"contracts.0.lead_time": lead, "members.stores0.ordering.rule": "pass_through"})
    run = Run(scenario.replace(**{"members.stores0.ordering.opening_stock": 1000.0}))
    arrived, shipped = [], []
    for _ in range(12):
        run.take_week()
        arrived.append(run.state.links[c.ARRIVED, 0])
        shipped.append(run.state.links[c.SHIPPED, 0])
    assert arrived == [0.0] * (1 + lead) + shipped[: 11 - lead]
    assert set(shipped) == {10.0}


@pytest.mark.parametrize("lead", [0, 2])
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_an_order_placed_in_week_t_reaches_the_supplier_in_week_t_plus_the_order_delay(delay, lead):
    trace = [float(5 + week) for week in range(20)]
    ordering = {"rule": "pass_through", "opening_stock": 500.0}
    run = Run(serial(trace, ordering, leads=(0, 0, lead), delays=(0, 0, delay)))
    placed, reached, arrived = [], [], []
    for _ in range(16):
        run.take_week()
        placed.append(run.state.holdings[c.ORDER, 3])
        reached.append(run.state.links[c.ORDERED, 2])
        arrived.append(run.state.links[c.ARRIVED, 2])
        assert run.state.holdings[c.DEMAND, 2] == reached[-1]
        under_way = sum(placed) - sum(arrived)
        np.testing.assert_allclose(run.state.holdings[c.ON_ORDER, 3], under_way)
    assert placed == trace[:16]
    assert reached == [0.0] * delay + placed[: 16 - delay]
    assert arrived == [0.0] * (delay + lead + 1) + placed[: 15 - delay - lead]


def test_delays_that_differ_within_a_tier_are_kept_apart():
    orders = {f"members.stores{i}.ordering.rule": "pass_through" for i in range(2)}
    run = Run(two_shelves(**{"contracts.1.order_delay": 2}, **orders))
    reached = []
    for _ in range(4):
        run.take_week()
        reached.append(run.state.links[c.ORDERED].tolist())
    assert reached == [[10.0, 0.0], [10.0, 0.0], [10.0, 6.0], [10.0, 6.0]]


def test_a_base_stock_of_the_protection_interval_is_just_enough():
    """Known answer: with demand 10 every week, 10·(delay + lead + 1) leaves nothing over and owes nothing."""
    for delay, lead in ((0, 0), (2, 1), (1, 3)):
        changes = {"contracts.0.order_delay": delay, "contracts.0.lead_time": lead}
        ordering = {"rule": "order_up_to", "forecast": "known_mean", "safety_factor": 0.0}
        scenario = two_shelves(**changes, **{"members.stores0.ordering": ordering})
        run = Run(scenario)
        for _ in range(12):
            run.take_week()
        assert run.terms.holdings[c.PROTECTION_WEEKS, run.channel.first_shelf] == delay + lead + 1
        assert shelf(run, c.STOCK)[0] == 0.0
        assert shelf(run, c.SALES)[0] == 10.0


def test_orders_in_transit_open_at_the_rate_of_the_pipeline():
    ordering = {"rule": "anchoring", "opening_pipeline": 4.0, "opening_stock": 12.0, "anchor": 12.0}
    ordering |= {"opening_forecast": 4.0, "supply_line_weight": 0.0}
    run = Run(serial([4.0], ordering, leads=(1, 0, 2), delays=(1, 3, 0)))
    run.state.flat[:] = run.terms.base
    np.testing.assert_allclose(run.state.orders_in_transit.sum(axis=0), [4.0, 12.0, 0.0])
    np.testing.assert_allclose(run.state.pipeline.sum(axis=0), [8.0, 4.0, 12.0])
    np.testing.assert_allclose(run.state.holdings[c.ON_ORDER, 1:], [12.0, 16.0, 12.0])
    for _ in range(10):  # balance stays balance
        run.take_week()
        np.testing.assert_allclose(run.state.holdings[c.ORDER, 1:], 4.0)
        np.testing.assert_allclose(run.state.holdings[c.STOCK, 1:], 12.0)


def test_the_ring_of_orders_is_only_as_long_as_needed():
    assert build(serial([4.0])).sizes.order_weeks == 0
    assert build(serial([4.0], delays=(0, 3, 1))).sizes.order_weeks == 4


def test_a_scenario_without_order_delay_does_without_the_step():
    def codes(delays):
        channel = build(serial([4.0], delays=delays))
        return [(p.code, p.tier) for p in plan_week(channel, channel.apply())]

    plain, delayed = codes((0, 0, 0)), codes((0, 2, 0))
    assert COLLECT_DELAYED_ORDERS not in {code for code, _ in plain}
    changed = [(was, now) for was, now in zip(plain, delayed, strict=True) if was != now]
    assert changed == [((COLLECT_ORDERS, 1), (COLLECT_DELAYED_ORDERS, 1))]


# --- shared forecasts -------------------------------------------------------------------------------


def shared_channel(**changes):
    """Return two stores, their distributor and its maker, which take over the stores' forecasts."""
    noise = {"system": "given", "mean": 10.0, "noise": "poisson", "unmet": "backlogged"}
    scenario = serial([], delays=(0, 2, 1), demand=noise)
    shared = {f"members.{name}.ordering.forecast": "shared" for name in ("maker", "middle")}
    stores = {"members.store.count": None, "members.store.per_territory": 2}
    return scenario.replace(**(shared | stores | changes))


def test_a_shared_forecast_is_the_sum_of_the_buyers_forecasts_of_the_week():
    run = Run(shared_channel())
    run.state.flat[:] = run.terms.base
    for week in range(8):
        forecast, variance = run.state.holdings[c.FORECAST], run.state.holdings[c.FORECAST_VARIANCE]
        for values in (forecast, variance):
            np.testing.assert_allclose(values[1:3], values[3:].sum(), rtol=1e-14)
        assert week == 0 or forecast[3] != forecast[4]
        run.take_week()
    assert abs(run.state.holdings[c.DEMAND, 1] - run.state.holdings[c.FORECAST, 1]) > 0.1


def test_stores_forecast_for_those_who_share_even_if_they_order_without():
    changes = {"members.store.ordering.rule": "pass_through", "members.middle.ordering.rule": "base_stock"}
    run = Run(shared_channel(**changes, **{"members.middle.ordering.base_stock": 60.0}))
    before = None
    for _ in range(3):
        run.take_week()
        forecast = run.state.holdings[c.FORECAST]
        assert forecast[1] == forecast[2] == pytest.approx(forecast[3:].sum())
        assert forecast[1] != before
        before = forecast[1]


def test_shared_means_that_are_known_let_upper_tiers_order_what_is_sold():
    """Limit: nothing is left to forecast, so every tier orders the week's demand."""
    known = {"members.store.ordering.forecast": "known_mean", "demand.noise": "normal"}
    at_once = {"contracts.1.order_delay": 0, "contracts.2.order_delay": 0, "demand.deviation": 2.0}
    run = Run(shared_channel(**known, **at_once))
    for _ in range(10):
        run.take_week()
        sold = shelf(run, c.DEMAND).sum()
        np.testing.assert_allclose(run.state.holdings[c.ORDER, 1:3], sold, rtol=1e-9)


def test_opening_forecasts_are_shared_too():
    run = Run(shared_channel(**{"members.store.ordering.opening_forecast": 7.0}))
    run.state.flat[:] = run.terms.base
    np.testing.assert_allclose(run.state.holdings[c.FORECAST], [20.0, 14.0, 14.0, 7.0, 7.0])


def test_a_forecast_that_is_not_shared_is_not_touched():
    channel = build(serial(DEMAND))
    assert FORECAST_SHARED not in {p.code for p in plan_week(channel, channel.apply())}
    scenario = shared_channel(**{"members.maker.ordering.forecast": "exponential_smoothing"})
    run = Run(scenario)
    for _ in range(6):
        run.take_week()
    forecast = run.state.holdings[c.FORECAST]
    assert forecast[2] == pytest.approx(forecast[3:].sum())
    assert abs(forecast[1] - forecast[2]) > 1e-3


# --- demand served at once --------------------------------------------------------------------------


def test_late_sales_are_those_that_were_owed():
    """Known answer: stock of 12, nothing ordered for two weeks, then all that waits is served first."""
    ordering = {"rule": "base_stock", "base_stock": 12.0}
    run = Run(
        serial(
            [10.0, 7.0, 1.0, 0.0],
            ordering,
            leads=(0, 0, 1),
            demand={"system": "given", "trace": [10.0, 7.0, 1.0, 0.0], "unmet": "backlogged"},
        )
    )
    late, owed, sold = [], [], []
    for _ in range(4):
        run.take_week()
        late.append(shelf(run, c.LATE_SALES)[0])
        owed.append(shelf(run, c.OWED)[0])
        sold.append(shelf(run, c.SALES)[0])
    assert sold == [10.0, 2.0, 6.0, 0.0]
    assert owed == [0.0, 5.0, 0.0, 0.0]
    assert late == [0.0, 0.0, 5.0, 0.0]


@pytest.mark.parametrize(
    ("minimum", "case", "expected"),
    [
        (0.0, 0.0, 10.0),
        (10.0, 0.0, 10.0),
        (10.5, 0.0, 0.0),
        (0.0, 4.0, 12.0),
        (0.0, 5.0, 10.0),
        (11.0, 4.0, 0.0),
    ],
)
def test_orders_below_the_minimum_are_not_placed_and_others_fill_cases(minimum, case, expected):
    changes = {"contracts.0.minimum_order": minimum, "contracts.0.case_size": case}
    changes |= {"members.stores0.ordering.rule": "pass_through"}
    run = Run(two_shelves(**changes))
    run.take_week()
    np.testing.assert_allclose(shelf(run, c.ORDER), [expected, shelf(run, c.ORDER)[1]])


def test_the_safety_factor_follows_the_critical_fractile_of_the_terms():
    ordering = {"safety": "critical_fractile", "goodwill": 1.5, "opening_deviation": 2.0}
    changes = {"members.stores0.ordering": ordering, "members.stores0.pricing.opening": 9.0}
    changes |= {"members.stores0.holding_rate": 0.01, "members.stores0.obsolescence": 0.03}
    run = Run(two_shelves(**changes))
    run.take_week()
    underage, overage = 9.0 - (5.0 + 0.5) + 1.5, 0.04 * 5.0
    assert shelf(run, c.SAFETY_FACTOR)[0] == pytest.approx(
        norm.ppf(underage / (underage + overage)), rel=1e-6
    )
    dear = Run(two_shelves(**changes), Policy(terms=[{"wholesale_price": 8.9}]))
    dear.take_week()
    underage, overage = 9.0 - (8.9 + 0.5) + 1.5, 0.04 * 8.9
    assert shelf(dear, c.SAFETY_FACTOR)[0] == pytest.approx(
        norm.ppf(underage / (underage + overage)), rel=1e-6
    )


@calls_rules
def test_factors_of_few_are_formed_as_those_of_all():
    fractile = np.linspace(0.3, 0.999, 40)
    chosen, all_at_once, few = np.full(40, SAFETY_FRACTILE), np.zeros(40), np.zeros(40)
    chosen[3] = SAFETY_GIVEN
    fill_factors(fractile, chosen, all_at_once)
    followed = fractile.copy()
    followed[2:5] = -1.0
    follow_few(fractile, chosen, followed, few)
    np.testing.assert_array_equal(few, np.where(np.isin(np.arange(40), [2, 4]), all_at_once, 0.0))
    np.testing.assert_array_equal(followed, fractile)
    assert all_at_once[3] == 0.0


def test_a_newsvendor_orders_a_season_ahead_and_clears_what_is_left():
    ordering = {
        "rule": "newsvendor",
        "safety": "critical_fractile",
        "salvage": 0.4,
        "opening_forecast": 10.0,
        "opening_deviation": 3.0,
        "smoothing": 0.0,
        "opening_stock": 47.0,
    }
    changes = {"members.stores0.ordering": ordering, "members.stores0.pricing.opening": 9.0}
    run = Run(two_shelves(**changes, **{"contracts.0.lead_time": 1, "season_weeks": 4}))
    fractile = 3.5 / (3.5 + 5.0 * 0.6)
    quantity = 4 * 10.0 + norm.ppf(fractile) * np.sqrt(4 * 9.0)
    stock = 47.0
    for week in range(13):
        run.take_week()
        stock = stock + (quantity if week in (4, 8, 12) else 0.0)
        sold = min(stock, 10.0)
        closes = week in (3, 7, 11)
        left = stock - sold
        stock = 0.0 if closes else left
        assert shelf(run, c.SALES)[0] == pytest.approx(sold)
        assert shelf(run, c.ORDER)[0] == pytest.approx(quantity if week in (2, 6, 10) else 0.0)
        assert shelf(run, c.STOCK)[0] == pytest.approx(stock, abs=1e-9)
        assert shelf(run, c.WRITE_OFF)[0] == pytest.approx(0.6 * 5.0 * left if closes else 0.0, abs=1e-9)


# --- allocation and money ---------------------------------------------------------------------------


def test_short_supply_is_shared_in_proportion_to_what_is_owed():
    changes = {"members.maker.capacity": 8.0}
    for i in (0, 1):
        changes[f"members.stores{i}.ordering"] = {"rule": "pass_through", "opening_stock": 100.0}
    run = Run(two_shelves(**changes))
    owed = np.zeros(2)
    for _ in range(5):
        run.take_week()
        owed += np.array([10.0, 6.0])
        shipped = owed * 8.0 / owed.sum()
        np.testing.assert_allclose(run.state.links[c.SHIPPED], shipped)
        owed -= shipped
        np.testing.assert_allclose(run.state.links[c.BACKLOG], owed)
        assert run.state.holdings[c.OWED, 0] == pytest.approx(owed.sum())
        assert run.state.holdings[c.STOCKOUT, 0] == 1.0


def test_invoices_fall_due_credit_weeks_after_the_goods_arrive():
    changes = {
        "credit": True,
        "cost_of_capital": 0.01,
        "contracts.0.lead_time": 1,
        "contracts.0.credit_weeks": 3,
    }
    changes["members.stores0.ordering"] = {"rule": "pass_through", "opening_stock": 100.0}
    run = Run(two_shelves(**changes))
    invoiced, paid = [], []
    for _ in range(12):
        run.take_week()
        invoiced.append(run.state.links[c.INVOICE, 0])
        paid.append(run.state.links[c.PAYMENT, 0])
        debt = run.state.links[c.DEBT]
        np.testing.assert_allclose(run.state.members[c.PAYABLE, 1:], debt)
        assert run.state.members[c.RECEIVABLE, 0] == pytest.approx(debt.sum())
        np.testing.assert_allclose(run.state.members[c.FINANCE_COST], 0.01 * np.array([debt.sum(), *-debt]))
    assert set(invoiced) == {50.0}
    assert paid == [0.0] * 5 + invoiced[:7]


def test_a_member_short_of_cash_pays_all_creditors_the_same_share():
    """A store buys from two makers on credit and sells at a loss, so its cash runs out."""
    data = two_shelves().to_dict()
    data |= {"credit": True, "cost_of_capital": 0.0, "brands": [{"name": "A"}, {"name": "B"}]}
    data["demand"] = {"system": "given", "mean": 10.0}
    data["members"] = [
        {"name": "one", "role": "manufacturer", "count": 1, "brands": ["A"]},
        {"name": "two", "role": "manufacturer", "count": 1, "brands": ["B"]},
        {
            "name": "store",
            "role": "retailer",
            "per_territory": 1,
            "suppliers": ["one", "two"],
            "capital": 100.0,
            "holding_rate": 0.0,
            "pays_from_cash": True,
            "pricing": {"opening": 4.0},
            "ordering": {"rule": "pass_through", "opening_stock": 10.0},
        },
    ]
    data["contracts"] = [
        {"supplier": "one", "buyer": "store", "wholesale_price": 8.0},
        {"supplier": "two", "buyer": "store", "wholesale_price": 4.0},
    ]
    run = Run(Scenario.parse(data))
    cash, arrears, due = 100.0, np.zeros(2), np.zeros(2)
    short = 0
    for _ in range(8):
        run.take_week()
        arrears = arrears + due
        payment = min(arrears.sum(), max(cash, 0.0))
        shares = arrears * (payment / arrears.sum()) if arrears.sum() else arrears
        short += payment < arrears.sum()
        np.testing.assert_allclose(run.state.links[c.PAYMENT], shares, atol=1e-9)
        arrears = arrears - shares
        np.testing.assert_allclose(run.state.links[c.ARREARS], arrears, atol=1e-9)
        cash += 80.0 - payment  # two brands at 4 money, ten units each
        assert run.state.members[c.CASH, 2] == pytest.approx(cash, abs=1e-9)
        due = np.array([80.0, 40.0])
    assert short >= 5


def test_the_account_of_a_week_is_the_formula():
    changes = {
        "members.stores0.pricing.opening": 9.0,
        "members.stores0.holding_rate": 0.02,
        "members.stores0.obsolescence": 0.01,
        "members.stores0.fixed_cost": 4.0,
        "members.stores0.servicing_cost": 3.0,
        "members.maker.fixed_cost": 1.0,
        "members.stores0.ordering": {"rule": "pass_through", "opening_stock": 25.0},
        "members.stores1.ordering": {"rule": "pass_through", "opening_stock": 6.0},
        "members.stores1.holding_rate": 0.0,
    }
    run = Run(two_shelves(**changes))
    run.take_week()
    store = 9.0 * 10.0 - 5.0 * 10.0 - 0.5 * 10.0 - 0.03 * 5.0 * 15.0 - 4.0
    other = 6.5 * 6.0 - 5.0 * 6.0 - 0.5 * 6.0
    np.testing.assert_allclose(run.state.members[c.PROFIT], [(5.0 - 3.0) * 16.0 - 1.0 - 3.0, store, other])
    np.testing.assert_allclose(run.state.members[c.CASH], [(5.0 - 3.0) * 16.0 - 4.0, store, other])
