"""Orders, shipments and money against what is written out by hand, week by week."""

import numpy as np
import pytest
from scipy.stats import norm

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.scenario import Scenario
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

    def __init__(self, state, h, lead):
        self.stock, self.forecast = state.holdings[c.STOCK, h], state.holdings[c.FORECAST, h]
        self.variance = state.holdings[c.FORECAST_VARIANCE, h]
        self.owed, self.lead = 0.0, lead
        self.coming, self.past = {}, []

    def on_order(self, backlog):
        return sum(self.coming.values()) + backlog


def serial_by_hand(run, trace, ordering, leads, weeks):
    """Return weekly (orders, stocks, shipments) of maker, middle and store, written out rule by rule."""
    stages = [Stage(run.state, h, leads[h - 1]) for h in (1, 2, 3)]
    found = []
    for week in range(weeks):
        for stage in stages:
            stage.stock += stage.coming.pop(week, 0.0)
        asked = trace[min(week, len(trace) - 1)]
        sales = min(stages[-1].stock, asked)
        stages[-1].stock -= sales
        orders = [0.0, 0.0, 0.0]
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
            asked = orders[k]
        shipments = [orders[0], 0.0, 0.0, sales]
        stages[0].coming[week + 1 + stages[0].lead] = orders[0]
        for k in (0, 1):
            wanted = stages[k].owed + orders[k + 1]
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
        weeks = stage.lead + 1
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
def test_a_serial_channel_orders_stocks_and_ships_as_written_out_by_hand(ordering):
    given = {"smoothing": 0.2, "opening_forecast": 7.0, "opening_deviation": 3.0} | ordering
    scenario = serial(DEMAND, given, leads=(1, 0, 2))
    run = Run(scenario)
    run.state.flat[:] = run.terms.base
    run.opening = run.state.holdings[c.FORECAST, 1:].copy()
    expected = serial_by_hand(run, DEMAND, ordering, (1, 0, 2), 28)
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
