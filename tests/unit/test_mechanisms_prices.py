"""Prices and service effort against brute force: each store's profit, maximised or differentiated."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import lambertw

from channelsim import columns as c
from channelsim.scenario import Scenario
from example_markets import (
    labels,
    linear_market,
    market,
    plain_linear,
    plain_logit,
    serial,
    shelf,
    unit_costs,
)
from small_worlds import Run

pytestmark = [pytest.mark.jit_off, pytest.mark.bounds]


# --- prices -----------------------------------------------------------------------------------------


def rest(scenario, weeks=120):
    """Return a run whose prices and efforts no longer move."""
    run = Run(scenario.replace(weeks=weeks))
    for _ in range(weeks - 1):
        run.take_week()
    price, effort = shelf(run, c.PRICE).copy(), shelf(run, c.SERVICE).copy()
    run.take_week()
    np.testing.assert_allclose(shelf(run, c.PRICE), price, rtol=1e-9)
    np.testing.assert_allclose(shelf(run, c.SERVICE), effort, rtol=1e-6, atol=1e-9)
    return run


def check_best_prices(run, demand_at, bounds=None):
    """Check that every store's prices maximise its profit while the others hold theirs."""
    price, cost = shelf(run, c.PRICE).copy(), unit_costs(run)
    member = run.world.holdings_index[c.MEMBER, run.channel.first_shelf :]
    for m in np.unique(member):
        own = np.flatnonzero(member == m)

        def loss(asked, own=own):
            tried = price.copy()
            tried[own] = asked
            return -((tried - cost) * demand_at(tried))[own].sum()

        limits = None if bounds is None else [bounds[i] for i in own]
        start = np.clip(price[own] * 1.3, *np.array(limits).T) if limits else price[own] * 1.3
        best = minimize(loss, start, bounds=limits, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9})
        np.testing.assert_allclose(price[own], best.x, rtol=2e-5)
        assert -loss(price[own]) >= -best.fun * (1 - 1e-9)


def test_best_response_prices_maximise_the_profit_of_every_store_under_logit_demand():
    run = rest(market({"system": "logit"}, ("best_response", "best_response")))
    check_best_prices(run, lambda price: plain_logit(run, price)[0])
    assert np.ptp(shelf(run, c.PRICE)) > 0.5


@pytest.mark.parametrize("equity", [6.0, 42.0, 60.0])
def test_a_store_that_opens_with_every_buyer_finds_its_price(equity):
    """The share left to others, 1 − S, is lost in rounding at the opening price of the dearer brands."""
    scenario = Scenario.from_library("verification/demand_monopoly")
    run = rest(scenario.replace(**{"segments.all.equity": equity, "price_review_weeks": 1}))
    sensitivity, cost = 0.5, unit_costs(run)[0]
    margin = (1.0 + lambertw(np.exp(equity - sensitivity * cost - 1.0)).real) / sensitivity
    np.testing.assert_allclose(shelf(run, c.PRICE)[0] - cost, margin, rtol=1e-9)


def test_credit_and_handling_enter_the_marginal_cost():
    scenario = market({"system": "logit"}, ("best_response",)).replace(
        credit=True, cost_of_capital=0.02, **{"contracts.0.credit_weeks": 10}
    )
    run = rest(scenario)
    check_best_prices(run, lambda price: plain_logit(run, price)[0])
    np.testing.assert_allclose(np.unique(unit_costs(run)), [4.5, 6.0 * 0.8 + 0.5])


def test_best_response_prices_maximise_the_profit_of_every_store_under_linear_demand():
    run = rest(linear_market(("best_response", "best_response")))
    check_best_prices(run, lambda price: plain_linear(run, price))


@pytest.mark.parametrize("system", ["logit", "linear"])
@pytest.mark.parametrize("rule", ["minimum", "maximum"])
def test_a_bounded_price_is_the_best_within_its_bound(system, rule):
    bound = {"minimum": 17.0 if system == "logit" else 29.0, "maximum": 9.5}[rule]
    rules = ({"rule": rule, "bound": {"A": bound, "B": 1e3 if rule == "maximum" else 0.1}}, "best_response")
    scenario = linear_market(rules) if system == "linear" else market({"system": "logit"}, rules)
    run = rest(scenario)
    group, _, brand = labels(run)
    bounded = (group == 1) & (brand == 0)
    bounds = [(0.0, 1e6)] * len(brand)
    for i in np.flatnonzero(bounded):
        bounds[i] = (bound, 1e6) if rule == "minimum" else (0.0, bound)
    demand_at = plain_linear if system == "linear" else lambda run, price: plain_logit(run, price)[0]
    check_best_prices(run, lambda price: demand_at(run, price), bounds)
    assert set(shelf(run, c.PRICE)[bounded]) == {bound}


def test_suggested_fixed_and_markup_prices_are_what_they_say():
    rules = (
        {"rule": "suggested", "bound": {"A": 12.5, "B": 7.5}},
        {"rule": "fixed", "opening": 11.0},
        "markup",
    )
    scenario = market({"system": "logit"}, rules)
    run = Run(scenario)
    for _ in range(3):
        run.take_week()
    group, _, brand = labels(run)
    by_group = [np.where(brand == 0, 12.5, 7.5), 11.0]
    expected = np.select([group == 1, group == 2], by_group, 1.3 * np.where(brand == 0, 6.0, 4.0))
    np.testing.assert_allclose(shelf(run, c.PRICE), expected)


def test_a_margin_in_money_is_added_to_the_wholesale_price():
    rules = ({"rule": "margin", "margin": {"A": 2.5, "B": 0.0}}, {"rule": "margin", "margin": 1.25})
    dearer = {"week": 2, "duration": 1, "column": "wholesale_price", "operation": "add", "value": 3.0}
    run = Run(market({"system": "logit"}, rules, events=[dearer]))
    run.state.flat[:] = run.terms.base
    group, _, brand = labels(run)
    cost = np.where(brand == 0, 6.0, 4.0)
    margin = np.where(group == 1, np.where(brand == 0, 2.5, 0.0), 1.25)
    np.testing.assert_allclose(shelf(run, c.PRICE), cost + margin)  # from the opening on
    for week in range(5):
        run.take_week()
        np.testing.assert_allclose(shelf(run, c.PRICE), cost + margin + (3.0 if week == 2 else 0.0))


def test_a_margin_is_kept_above_manufacturers_that_price_by_rule():
    """Choi: linear demand, one maker, margin given: w = (a/b − m + c)/2, p = w + m."""
    scenario = Scenario.from_library("bilateral").replace(
        **{
            "demand.system": "linear",
            "demand.intercept": 120.0,
            "demand.own_slope": 1.0,
            "brands.A.production_cost": 20.0,
            "members.maker.pricing.rule": "vertical_nash",
            "members.store.pricing.rule": "margin",
            "members.store.pricing.margin": 30.0,
            "weeks": 30,
            "warm_up_weeks": 0,
        }
    )
    run = Run(scenario)
    for _ in range(2):
        run.take_week()
    wholesale = (120.0 - 30.0 + 20.0) / 2.0
    np.testing.assert_allclose(run.state.links[c.WHOLESALE_PRICE, 0], wholesale, rtol=1e-8)
    np.testing.assert_allclose(shelf(run, c.PRICE), wholesale + 30.0, rtol=1e-8)


def test_a_price_moves_its_share_of_the_way():
    run = Run(linear_market(({"rule": "best_response", "adjustment": 0.25},)))
    run.state.flat[:] = run.terms.base
    start = shelf(run, c.PRICE).copy()
    run.take_week()
    slow = shelf(run, c.PRICE).copy()
    fast = Run(linear_market(("best_response",)))
    fast.take_week()
    goal = shelf(fast, c.PRICE)
    np.testing.assert_allclose(slow - start, 0.25 * (goal - start), rtol=1e-12)
    assert np.abs(goal - start).min() > 0.1


def test_markups_multiply_down_the_channel():
    markups = [1.5, 1.2, 1.1, 2.0]
    run = Run(serial(trace=[4.0], markups=markups))
    for _ in range(2):
        run.take_week()
    np.testing.assert_allclose(run.state.holdings[c.PRICE], 2.0 * np.cumprod(markups))
    np.testing.assert_allclose(run.state.holdings[c.UNIT_COST], 2.0 * np.cumprod([1.0, *markups[:-1]]))
    np.testing.assert_allclose(run.state.links[c.WHOLESALE_PRICE], 2.0 * np.cumprod(markups[:-1]))


# --- service ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spillover", [0.0, 0.4])
def test_service_effort_meets_its_first_order_condition(spillover):
    rules = ({"rule": "suggested", "bound": {"A": 14.0, "B": 9.0}}, "best_response")
    scenario = market({"system": "logit", "service_spillover": spillover}, rules).replace(
        **{
            "segments.keen.service_weight": 0.6,
            "segments.loyal.service_weight": 0.3,
            "members.stores0.service_cost": 120.0,
            "members.stores1.service_cost": 200.0,
        }
    )
    run = rest(scenario, 200)
    price, effort, cost = shelf(run, c.PRICE), shelf(run, c.SERVICE).copy(), unit_costs(run)
    index, first = run.world.holdings_index, run.channel.first_shelf
    member, brand = index[c.MEMBER, first:], index[c.BRAND, first:]
    place = run.channel.members.territory[member]
    kappa = run.world.holdings[c.SERVICE_COST, first:]

    def profit(m, efforts):
        pooled = [efforts[(place == place[i]) & (brand == brand[i])].mean() for i in range(len(efforts))]
        demand, _ = plain_logit(run, price, (1 - spillover) * efforts + spillover * np.array(pooled))
        return ((price - cost) * demand - 0.5 * kappa * efforts**2)[member == m].sum()

    for i in range(len(effort)):
        step = 1e-4 * np.eye(len(effort))[i]
        slope = (profit(member[i], effort + step) - profit(member[i], effort - step)) / 2e-4
        if effort[i] > 0:
            assert slope == pytest.approx(0.0, abs=1e-5 * kappa[i])
        else:
            assert slope <= 1e-5
    assert effort.max() > 0.03
