"""Incentives on the unit margin: worked examples, what switches them off, and what is refused."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from channelsim import columns as c
from channelsim.codes import ON_ALL_UNITS, ON_UNITS_BEYOND
from channelsim.compiled import helper
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.mechanisms import incentives as incentive_rules
from channelsim.mechanisms import terms as rules
from channelsim.planning import plan_week
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel, buyback, revenue_sharing
from channelsim.theory.discounts_of_the_newsvendor import incremental_discount
from channelsim.theory.flexibility_and_rebates_of_the_newsvendor import (
    quantity_flexibility,
    target_sales_rebate,
)
from channelsim.theory.period_end import heaped_purchases
from channelsim.theory.target_rebates import Rebate, marginal_rebate
from channelsim.theory.uncertain_demand import NormalDemand
from channelsim.world import build
from compiled_code import replaces_rules
from small_worlds import Run

pytestmark = pytest.mark.jit_off

SHOP = {
    "name": "shop",
    "role": "retailer",
    "count": 1,
    "suppliers": ["maker"],
    "holding_rate": 0.2,
    "pricing": {"opening": 20.0},
    "ordering": {"safety_factor": 0.0},
}
PLAIN = {
    "scenario_format": 1,
    "name": "pair",
    "weeks": 12,
    "demand": {"system": "given", "mean": 10.0},
    "brands": [{"name": "A", "production_cost": 2.0}],
}


def pair(incentives, shop=None, **changes):
    """A maker and a shop that sells 10 a week at 20 and buys at a list price of 10."""
    contract = {"supplier": "maker", "buyer": "shop", "wholesale_price": 10.0} | incentives
    members = [{"name": "maker", "role": "manufacturer", "count": 1}, SHOP | (shop or {})]
    return Scenario.parse(PLAIN | {"members": members, "contracts": [contract]} | changes)


def weeks_of(scenario, weeks, *names):
    """Return the named values of a run's weeks: columns of the state by table and row."""
    run, found = Run(scenario), []
    for _ in range(weeks):
        run.take_week()
        found.append([float(getattr(run.state, table)[column, row]) for table, column, row in names])
    return np.array(found)


ORDER, UNIT_COST, MARGINAL = (
    ("holdings", c.ORDER, 1),
    ("holdings", c.UNIT_COST, 1),
    ("holdings", c.MARGINAL_COST, 1),
)
INVOICE, REBATE, BONUS = ("links", c.INVOICE, 0), ("incentives", c.REBATE, 0), ("incentives", c.BONUS, 0)
MAKER, STORE = ("members", c.PROFIT, 0), ("members", c.PROFIT, 1)


# --- terms ------------------------------------------------------------------------------------------


@helper
def invoiced(quantity, mode, schedule):
    return rules.invoice(quantity, 8.0, mode, 0, 4, 0, schedule)


@helper
def at_margin(quantity, schedule):
    price = 8.0 * (1.0 - rules.step_share(quantity, 0, 4, 0, schedule))
    return rules.marginal_cost(price, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("mode", [ON_ALL_UNITS, ON_UNITS_BEYOND])
def test_marginal_cost_is_the_derivative_of_the_invoice_off_the_thresholds(mode):
    schedule = np.array([[5.0], [12.0], [20.0], [rules.NEVER], [0.04], [0.1], [0.13], [0.0]])
    for quantity in (0.5, 4.9, 5.1, 8.0, 11.9, 12.1, 19.0, 21.0, 300.0):
        slope = (invoiced(quantity + 1e-6, mode, schedule) - invoiced(quantity - 1e-6, mode, schedule)) / 2e-6
        assert slope == pytest.approx(at_margin(quantity, schedule), rel=1e-8)
    # 12 units: all at 10 % off, or 7 at 4 % and none at 10 %
    expected = 86.4 if mode == ON_ALL_UNITS else 8.0 * (12 - 0.04 * 7)
    assert invoiced(12.0, mode, schedule) == pytest.approx(expected)


def steps(name, *pairs):
    return [{"threshold": float(t), name: share} for t, share in pairs]


# --- quantity discount ------------------------------------------------------------------------------


def test_a_discount_lowers_invoice_cost_and_price_at_the_margin():
    # 10 units at 10 % off: 90; goods at 9 a unit: the shop earns 200 − 90, the maker 90 − 20
    scenario = pair({"quantity_discount": {"steps": steps("discount", (10, 0.1))}})
    found = weeks_of(scenario, 3, INVOICE, UNIT_COST, MARGINAL, STORE, MAKER)
    np.testing.assert_allclose(found, [[90.0, 9.0, 9.0, 110.0, 70.0]] * 3)
    # 10 % off the 6 beyond 4: 94; goods at the margin's 9, and the 4 that they cost more are booked
    given = {"mode": "incremental", "steps": steps("discount", (4, 0.1))}
    found = weeks_of(pair({"quantity_discount": given}), 3, INVOICE, UNIT_COST, STORE, MAKER)
    np.testing.assert_allclose(found, [[94.0, 9.0, 106.0, 74.0]] * 3)


def test_thresholds_relative_to_plan_are_multiples_of_the_opening_forecast():
    given = {"measure": "plan", "steps": steps("discount", (1.0, 0.1), (1.5, 0.5))}
    found = weeks_of(pair({"quantity_discount": given}, {"holding_rate": 1.0}, weeks=4), 4, INVOICE)
    # 15 at half the price cost 75, less than 10 at 90; keeping 5 more a week costs 45 at most: it reaches
    assert found[0, 0] == pytest.approx(75.0)


@pytest.mark.parametrize(("rate", "expected"), [(0.02, 25.0), (0.4, 10.0)])
def test_a_member_orders_up_to_a_threshold_if_that_pays(rate, expected):
    # 15 units more at 20 % off: 0.2·10·25 = 50 saved; kept 15 + 5 units and weeks at 10·rate each: 4, or 80
    scenario = pair({"quantity_discount": {"steps": steps("discount", (25, 0.2))}}, {"holding_rate": rate})
    first = weeks_of(scenario, 1, ORDER)[0, 0]
    assert first == pytest.approx(expected)


def test_who_orders_by_habit_does_not_reach():
    scenario = pair(
        {"quantity_discount": {"steps": steps("discount", (25, 0.2))}},
        {"holding_rate": 0.0, "ordering": {"rule": "pass_through"}},
    )
    assert (weeks_of(scenario, 4, ORDER) == 10.0).all()


# --- rebates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [55.0, 65.0])
def test_orders_heap_up_at_the_end_of_a_period_as_theory_says(target):
    rebate = {"weeks": 4, "steps": steps("rebate", (target, 0.1))}
    found = weeks_of(pair({"target_rebate": rebate}), 6, ORDER, REBATE)
    expected = heaped_purchases(Rebate(target, 1.0, "retroactive"), 10.0, 4, holding_cost=2.0)
    purchases = (*expected.purchases, 10.0, 10.0)[:6]
    np.testing.assert_allclose(found[:, 0], purchases, atol=1e-9)
    assert found[3, 1] == pytest.approx(target if expected.extra > 0 else 0.0)


def test_a_push_counts_what_an_earlier_one_left():
    # a tenth of 10, for 0.1 a unit and week: ten weeks of 10 are bought ahead. As the next period ends 60 are
    # left; 55 more cost H(115) − H(60) = 72 − 21 = 51 and bring 55. Then 75 are left: 91 − 32 = 59, let go
    rebate = {"weeks": 4, "steps": steps("rebate", (55, 0.1))}
    found = weeks_of(pair({"target_rebate": rebate}, {"holding_rate": 0.01}, weeks=16), 13, ORDER)[:, 0]
    expected = [10.0, 10.0, 10.0, 110.0, 0.0, 0.0, 0.0, 55.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_no_push_where_the_next_period_pays_as_well():
    # every period reaches its target anyway: a unit bought earlier earns now what it would have earned then
    rebate = {"weeks": 4, "mode": "incremental", "steps": steps("rebate", (20, 0.5))}
    found = weeks_of(pair({"target_rebate": rebate}), 12, ORDER, REBATE)
    np.testing.assert_allclose(found[:, 0], 10.0)
    np.testing.assert_allclose(found[3::4, 1], 0.5 * 10 * 20)


@pytest.mark.parametrize("basis", ["sell_in", "sell_through"])
@pytest.mark.parametrize("mode", ["incremental", "retroactive"])
def test_marginal_rebates_are_those_of_theory(mode, basis):
    rebate = {"weeks": 4, "mode": mode, "basis": basis, "steps": steps("rebate", (40, 0.01), (44, 0.03))}
    noisy = {"system": "given", "mean": 10.0, "noise": "normal", "variation": 0.3}
    run = Run(pair({"target_rebate": rebate}, demand=noisy))
    for week in range(4):
        shelf, counted = run.state.holdings[:, 1].copy(), run.state.incentives[c.REBATE_UNITS, 0]
        if week == 0:
            shelf, counted = np.array(run.terms.base[:0]), 0.0
        run.take_until(c_step())
        shelf, left = run.state.holdings[:, 1], 4 - week
        expected = sum(
            marginal_rebate(
                Rebate(target, share, mode),
                max(counted, 0.0),
                shelf[c.FORECAST] * left,
                np.sqrt(shelf[c.FORECAST_VARIANCE] * left),
            )
            for target, share in ((40.0, 0.1), (44.0, 0.2))
        )
        assert shelf[c.MARGINAL_COST] == pytest.approx(10.0 - min(expected, 10.0), rel=1e-9)
        run_rest(run)


def c_step():
    from channelsim.week import RECKON_INCENTIVES

    return RECKON_INCENTIVES


def run_rest(run):
    """Take the steps of the week after those taken by `take_until`."""
    done = False
    for place, planned in enumerate(run.driver.plan):
        if done:
            run.driver.step(run.week, place)
        done = done or planned.code == c_step()
    run.week += 1


def test_a_growth_bonus_is_paid_on_what_exceeds_the_period_before():
    # plan 40, 20 % less: on 8 of 40 units, a tenth of 10; and again, the period before having had 40
    bonus = {"growth": -0.2, "bonus": 0.1, "weeks": 4, "basis": "sell_through"}
    found = weeks_of(pair({"growth_bonus": bonus}), 12, BONUS, STORE, MAKER)
    np.testing.assert_allclose(found[3::4, 0], 8.0)
    assert not found[[0, 1, 2, 4, 5, 6], 0].any()
    np.testing.assert_allclose(found[3] - found[2], [8.0, 8.0, -8.0])


def related(incentives):
    more = {"power": {"measured": True}, "relations": {"active": True}, "review_weeks": 4}
    return pair(incentives, **more)


def test_rebates_that_are_not_paid_in_full_cost_credibility_and_count_for_less():
    rebate = {"weeks": 2, "mode": "incremental", "basis": "sell_through", "steps": steps("rebate", (0, 0.2))}
    credibility = ("relationships", c.CREDIBILITY_OF_SUPPLIER, 0)
    kept = weeks_of(related({"target_rebate": rebate}), 8, credibility, REBATE, MARGINAL)
    broken = weeks_of(
        related({"target_rebate": rebate | {"reliability": 0.5}}), 8, credibility, REBATE, MARGINAL
    )
    np.testing.assert_allclose(kept[1::2, 1], 40.0)  # 20 units, a fifth of 10 each
    np.testing.assert_allclose(broken[1::2, 1], 20.0)
    assert (np.diff(broken[1::2, 0]) < 0).all()
    assert (np.diff(kept[1::2, 0]) >= 0).all()
    np.testing.assert_allclose(broken[1:, 2], 10.0 - 2.0 * broken[:-1, 0])


# --- revenue sharing --------------------------------------------------------------------------------


def store_of(system, shares):
    """Two brands on one store's shelves, priced at its optimum, its revenue of each shared."""
    demand = {"system": "logit"}
    if system == "linear":
        demand = {"system": "linear", "intercept": {"A": 60.0, "B": 50.0}, "own_slope": {"A": 2.0, "B": 1.5}}
        demand["cross_brand_slope"] = 0.6
    contracts = [
        {
            "supplier": "maker",
            "buyer": "shop",
            "brand": b,
            "wholesale_price": w,
            "revenue_share": {"share": s},
        }
        for b, w, s in zip("AB", (4.0, 6.0), shares)
    ]
    shop = SHOP | {
        "pricing": {"rule": "best_response", "opening": 12.0, "adjustment": 1.0},
        "handling_cost": 0.5,
    }
    return Scenario.parse(
        PLAIN
        | {
            "weeks": 60,
            "demand": demand,
            "brands": [{"name": b, "production_cost": 1.0, "owner": "M"} for b in "AB"],
            "segments": [
                {"name": "one", "share": 0.6, "price_sensitivity": 0.3, "equity": {"A": 3.0, "B": 2.0}},
                {"name": "two", "share": 0.4, "price_sensitivity": 0.15, "equity": {"A": 1.0, "B": 2.5}},
            ],
            "members": [{"name": "maker", "role": "manufacturer", "owner": "M", "count": 1}, shop],
            "contracts": contracts,
        }
    )


def demand_at(system, price):
    if system == "linear":
        return np.array([60.0 - 2.0 * price[0] + 0.6 * price[1], 50.0 - 1.5 * price[1] + 0.6 * price[0]])
    found = np.zeros(2)
    for buyers, alpha, equity in ((60.0, 0.3, [3.0, 2.0]), (40.0, 0.15, [1.0, 2.5])):
        pull = np.exp(np.array(equity) - alpha * price)
        found += buyers * pull / (1.0 + pull.sum())
    return found


@pytest.mark.parametrize("shares", [(0.3, 0.3), (0.4, 0.0)])
@pytest.mark.parametrize("system", ["logit", "linear"])
def test_under_revenue_sharing_a_store_prices_at_its_optimum_over_all_shelves(system, shares):
    run = Run(store_of(system, shares))
    for _ in range(60):
        run.take_week()
    price = run.state.holdings[c.PRICE, 2:].copy()
    kept, cost = 1.0 - np.array(shares), np.array([4.5, 6.5])

    def profit(tried):
        return float(((kept * tried - cost) * demand_at(system, tried)).sum())

    slope = approx_fprime(price, profit, 1e-6)
    np.testing.assert_allclose(slope, 0.0, atol=2e-4)
    demand = demand_at(system, price)
    np.testing.assert_allclose(run.state.holdings[c.MEAN_DEMAND, 2:], demand, rtol=1e-6)
    np.testing.assert_allclose(
        run.state.incentives[c.SHARED_REVENUE], shares * price * run.state.holdings[c.SALES, 2:]
    )


# --- buyback, and a season's order ------------------------------------------------------------------


def test_what_becomes_obsolete_is_credited_up_to_the_cap():
    # stock 10 at a week's end, 5 % of it obsolete: half a unit, credited at half its cost of 10; overage is
    # 10·0.2 + 0.05·(10 − 5) = 2.25 a week, underage 10
    shop = {"obsolescence": 0.05, "ordering": {"safety": "critical_fractile", "opening_stock": 20.0}}
    refund, fractile = ("incentives", c.REFUND, 0), ("holdings", c.CRITICAL_FRACTILE, 1)
    found = weeks_of(pair({"buyback": {"credit": 0.5}}, shop), 1, refund, ("holdings", c.STOCK, 1), fractile)
    np.testing.assert_allclose(found[0], [2.5, 10.0, 10.0 / 12.25])
    # a cap of 1 %: of 20 units at the start and 10 more each week
    found = weeks_of(pair({"buyback": {"credit": 0.5, "cap": 0.01}}, shop), 1, refund)
    np.testing.assert_allclose(found[0], 5.0 * 0.2)


P, W, SALVAGE = 20.0, 10.0, 2.0
SEASON = NormalDemand(50.0, 10.0)
CHANNEL = NewsvendorChannel(SEASON, P, 4.0, SALVAGE)


def season(incentives, unit_cost=W, wholesale=W):
    """A shop that buys for seasons of a week, demand 50 ± 10, and follows the critical fractile."""
    ordering = {"rule": "newsvendor", "forecast": "known_mean", "safety": "critical_fractile"}
    ordering["salvage"] = SALVAGE / unit_cost
    scenario = pair(
        incentives | {"wholesale_price": wholesale},
        {"ordering": ordering},
        demand={"system": "given", "mean": 50.0, "noise": "normal", "deviation": 10.0},
    )
    return weeks_of(scenario, 4, ORDER)[-1, 0]


@pytest.mark.parametrize("credit", [0.3, 0.6])
@pytest.mark.parametrize(("salvage", "kind"), [("buyer", "net"), ("supplier", "gross")])
def test_a_buyback_moves_a_seasons_order_as_pasternack_says(salvage, kind, credit):
    expected = buyback(CHANNEL, W, credit * W, credit_is=kind)
    assert season({"buyback": {"credit": credit, "salvage": salvage}}) == pytest.approx(
        expected.quantity, rel=1e-7
    )


def test_full_credit_with_a_cap_is_quantity_flexibility():
    expected = quantity_flexibility(CHANNEL, W, 0.2)
    given = {"credit": 1.0, "cap": 0.2, "salvage": "supplier"}
    assert season({"buyback": given}) == pytest.approx(expected.quantity, rel=1e-7)


@pytest.mark.parametrize("salvage", ["shared", "kept"])
def test_revenue_sharing_moves_a_seasons_order_as_cachon_and_lariviere_say(salvage):
    expected = revenue_sharing(CHANNEL, 4.0, 0.6, salvage=salvage)
    found = season({"revenue_share": {"share": 0.4, "salvage": salvage}}, 4.0, 4.0)
    assert found == pytest.approx(expected.quantity, rel=1e-7)


@pytest.mark.parametrize("target", [40.0, 60.0, 75.0])
def test_a_target_on_sales_is_gone_for_or_let_go_as_taylor_says(target):
    expected = target_sales_rebate(CHANNEL, W, 3.0, target)
    rebate = {
        "weeks": 1,
        "mode": "incremental",
        "basis": "sell_through",
        "steps": steps("rebate", (target, 0.3)),
    }
    assert season({"target_rebate": rebate}) == pytest.approx(expected.quantity, rel=1e-7)


@pytest.mark.parametrize("threshold", [30.0, 58.0, 90.0])
def test_an_incremental_discount_moves_a_seasons_order_as_theory_says(threshold):
    expected = incremental_discount(CHANNEL, W, 6.0, threshold)
    reached = expected.quantity > threshold
    given = {"mode": "incremental", "steps": steps("discount", (threshold, 0.4))}
    found = season({"quantity_discount": given}, 6.0 if reached else W)
    assert found == pytest.approx(expected.quantity, rel=1e-7)


# --- switches and refusals --------------------------------------------------------------------------

NOTHING = {
    "quantity_discount": {"steps": []},
    "target_rebate": {"steps": []},
    "growth_bonus": {"bonus": 0.0},
    "buyback": {"credit": 0.0},
    "revenue_share": {"share": 0.0},
}
NEVER_REACHED = {
    "quantity_discount": {"steps": steps("discount", (1e9, 0.5))},
    "target_rebate": {"steps": steps("rebate", (1e9, 0.5))},
    "growth_bonus": {"growth": 10.0, "bonus": 0.5},
}


def price_under_an_all_unit_discount(weeks):
    """Return the last retail price of a store whose orders are enlarged to just the threshold."""
    schedule = {"mode": "all_unit", "steps": [{"threshold": 45.0, "discount": 0.375}]}
    changes = {"contracts.0.quantity_discount": schedule, "weeks": weeks, "warm_up_weeks": weeks - 1}
    scenario = Scenario.from_library("verification/incentives_pricing").replace(**changes)
    result = simulate(scenario, replications=1, progress=False, record=["price by group"])
    return float(result.trajectories["price_by_group"].sel(group="store").values.ravel()[-1])


def test_a_usual_order_that_nears_the_threshold_from_below_counts_as_there_in_the_end():
    assert price_under_an_all_unit_discount(60) == pytest.approx(62.0)  # by the list, as yet
    assert price_under_an_all_unit_discount(200) == pytest.approx(54.5)


@replaces_rules
def test_without_slack_it_never_counts(monkeypatch):
    monkeypatch.setattr(incentive_rules, "SLACK", 0.0)
    assert price_under_an_all_unit_discount(200) == pytest.approx(62.0)


def logit_pair(incentives):
    shop = {"pricing": {"rule": "best_response", "opening": 20.0}, "obsolescence": 0.01}
    shop["ordering"] = {"safety": "critical_fractile"}
    segments = [{"name": "all", "equity": 3.0, "price_sensitivity": 0.15}]
    demand = {"system": "logit", "noise": "poisson"}
    return pair(incentives, shop, demand=demand, segments=segments, weeks=60)


@pytest.mark.parametrize("name", NOTHING)
def test_an_incentive_of_nothing_changes_nothing(name):
    without, nothing = build(logit_pair({})), build(logit_pair({name: NOTHING[name]}))
    assert plan_week(without, without.apply()) == plan_week(nothing, nothing.apply())
    assert not nothing.apply().incentives.size


@pytest.mark.parametrize("name", NEVER_REACHED)
def test_what_is_never_reached_changes_nothing_bit_for_bit(name):
    runs = [Run(logit_pair(given)) for given in ({}, {name: NEVER_REACHED[name]})]
    for _ in range(30):
        for run in runs:
            run.take_week()
        for table in ("holdings", "members", "links"):
            np.testing.assert_array_equal(getattr(runs[0].state, table), getattr(runs[1].state, table))


def test_a_policy_gives_and_takes_incentives():
    change = {"supplier": "maker", "quantity_discount": {"steps": steps("discount", (5, 0.1))}}
    policies = [Policy(name="base"), Policy(name="discount", terms=[change])]
    result = simulate(
        logit_pair({}),
        policies,
        2,
        metrics=["quantity_discounts_paid", "quantity_discounts_received", "price"],
        progress=False,
    )
    paid = result.metrics["quantity_discounts_paid"].values
    np.testing.assert_allclose(paid, result.metrics["quantity_discounts_received"].values)
    assert (paid[0] == 0).all()
    assert (paid[1] > 0).all()
    assert (result.metrics["price"].values[1] < result.metrics["price"].values[0]).all()
    scenario = logit_pair({"quantity_discount": {"steps": steps("discount", (5, 0.1))}})
    taken = Policy(terms=[{"quantity_discount": {"steps": []}}])
    assert not build(scenario).apply(taken).incentives.size


@pytest.mark.parametrize(
    ("incentives", "shop", "more", "message"),
    [
        ({"quantity_discount": {"steps": steps("discount", (9, 0.1), (5, 0.2))}}, {}, {}, "thresholds"),
        ({"quantity_discount": {"steps": steps("discount", (5, 0.2), (9, 0.1))}}, {}, {}, "discounts"),
        ({"target_rebate": {"steps": steps("rebate", *zip(range(5), range(5)))}}, {}, {}, "at most 4"),
        ({"target_rebate": {"steps": steps("rebate", (9, 0.1))}}, {}, {}, "no period would close in the run"),
        (
            {"growth_bonus": {"bonus": 0.1, "weeks": 4, "reliability": 0.5}}, {}, {},
            "reliability = 0.5: needs relations.active",
        ),
        ({"buyback": {"credit": 0.5}}, {}, {}, "nothing of 'shop' is ever unsold"),
        ({"buyback": {"credit": 1.5}}, {}, {}, "less than or equal to 1"),
        ({"revenue_share": {"share": 0.5, "of": "all"}}, {}, {}, "of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(incentives, shop, more, message):
    with pytest.raises(ScenarioError, match=message) as refused:
        pair(incentives, shop, **more)
    assert "\n" not in str(refused.value)


def test_incentives_are_refused_where_prices_do_not_reckon_with_them():
    scenario = Scenario.from_library("negotiation")
    change = {"quantity_discount": {"steps": steps("discount", (5, 0.1))}}
    with pytest.raises(ScenarioError, match="'negotiated', which does not reckon with incentives"):
        build(scenario).apply(Policy(terms=[change]))
    three = build(Scenario.from_library("chain"))
    change = {"buyer": "distributors", "revenue_share": {"share": 0.2}}
    with pytest.raises(ScenarioError, match="the buyer must be a store"):
        three.apply(Policy(terms=[change]))
