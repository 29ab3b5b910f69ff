"""Every mechanism against an answer that is known by hand, by brute force or by a formula of one's own."""

import numpy as np
import pytest
from scipy.optimize import minimize

from channelsim import columns as c
from channelsim.scenario import Scenario
from channelsim.week import EXPECT_LOGIT_DEMAND
from small_worlds import Run

pytestmark = pytest.mark.jit_off

BRANDS = ("A", "B")


def market(demand, price_rules=("fixed",), **changes):
    """Return one maker and a group of stores for each price rule, over two territories."""
    groups = [
        {
            "name": f"stores{i}",
            "role": "retailer",
            "per_territory": 2,
            "suppliers": ["maker"],
            "loyalty": {"distribution": "normal", "deviation": 0.5},
            "handling_cost": 0.5,
            "pricing": {"adjustment": 1.0} | (rule if isinstance(rule, dict) else {"rule": rule}),
        }
        for i, rule in enumerate(price_rules)
    ]
    data = {
        "scenario_format": 1,
        "name": "market",
        "weeks": 400,
        "demand": demand,
        "territories": [
            {"name": "north", "buyers": 200.0, "zones": 3, "zone_concentration": 1.0},
            {"name": "south", "buyers": 80.0, "zones": 2, "area": 30.0},
        ],
        "segments": [
            {
                "name": "loyal",
                "share": 0.3,
                "price_sensitivity": 0.15,
                "travel_cost": 0.1,
                "equity": {"A": 3.0},
            },
            {
                "name": "keen",
                "share": 0.7,
                "price_sensitivity": 0.4,
                "travel_cost": 0.3,
                "equity": {"A": 2.0, "B": 3.0},
                "waiting_weight": 0.2,
                "variety_weight": 0.5,
                "lot_size_weight": 0.3,
                "wanted_lot_size": 2.0,
            },
        ],
        "brands": [{"name": "A", "production_cost": 3.0}, {"name": "B", "production_cost": 2.0}],
        "members": [{"name": "maker", "role": "manufacturer", "count": 1}, *groups],
        "contracts": [
            {"supplier": "maker", "buyer": g["name"], "brand": b, "wholesale_price": w}
            for g in groups
            for b, w in zip(BRANDS, (6.0, 4.0))
        ],
    }
    for name, value in changes.items():
        data[name] = value
    return Scenario.parse(data)


def shelf(run, column):
    """Return a column of the state for the shelves."""
    return run.state.holdings[column, run.channel.first_shelf :]


def unit_costs(run):
    """Return c̃ of every shelf: wholesale price less the interest saved, plus handling."""
    scenario, first = run.channel.scenario, run.channel.first_shelf
    contract = run.channel.links.contract[run.terms.holdings_index[c.SOURCE_LINK, first:]]
    terms = [scenario.contracts[k] for k in contract]
    saving = [scenario.cost_of_capital * k.credit_weeks if scenario.credit else 0.0 for k in terms]
    price = np.array([k.wholesale_price for k in terms])
    return price * (1.0 - np.array(saving)) + run.world.holdings[c.HANDLING_COST, first:]


def plain_logit(run, price, service=None, index=1.0):
    """Return mean demand (shelves,) and consumer surplus (territories,), summed choice by choice."""
    channel, scenario = run.channel, run.channel.scenario
    member = channel.world.holdings_index[c.MEMBER, channel.first_shelf :]
    brand = channel.world.holdings_index[c.BRAND, channel.first_shelf :]
    listed = run.terms.holdings[c.LISTED, channel.first_shelf :] > 0
    service = np.zeros(len(price)) if service is None else service
    attributes, places = channel.members.attributes, channel.members.position
    demand, surplus = np.zeros(len(price)), np.zeros(len(channel.territories.names))
    for t in range(len(surplus)):
        shelves = [i for i in np.flatnonzero(listed) if channel.members.territory[member[i]] == t]
        for z in range(channel.territories.zone_slices[t].start, channel.territories.zone_slices[t].stop):
            for s in scenario.segments:
                buyers = scenario.territories[t].buyers * channel.territories.zone_weight[z] * s.share * index
                utility = []
                for i in shelves:
                    m = member[i]
                    equity = s.equity.get(BRANDS[brand[i]], 0.0) if isinstance(s.equity, dict) else s.equity
                    assortment = sum(member[k] == m for k in shelves)
                    utility.append(
                        equity
                        + attributes["loyalty"][m]
                        + s.service_weight * service[i]
                        - s.price_sensitivity * price[i]
                        - s.travel_cost * np.hypot(*(places[m] - channel.territories.zone_position[z]))
                        - s.waiting_weight * attributes["waiting"][m]
                        + s.variety_weight * np.log(assortment)
                        - s.lot_size_weight * abs(np.log(attributes["lot_size"][m] / s.wanted_lot_size))
                    )
                weight = np.exp(utility)
                demand[shelves] += buyers * weight / (1.0 + weight.sum())
                surplus[t] += buyers * np.log1p(weight.sum()) / s.price_sensitivity
    return demand, surplus


def plain_linear(run, price):
    """Return mean demand (shelves,) where all shelves are listed."""
    channel, demand = run.channel, run.channel.scenario.demand
    index, first = channel.world.holdings_index, channel.first_shelf
    member, brand = index[c.MEMBER, first:], index[c.BRAND, first:]
    quantity = np.zeros(len(price))
    for i in range(len(price)):
        quantity[i] = demand.intercept[BRANDS[brand[i]]] - demand.own_slope[BRANDS[brand[i]]] * price[i]
        for k in range(len(price)):
            if k == i or channel.members.territory[member[k]] != channel.members.territory[member[i]]:
                continue
            if member[k] == member[i]:
                slope = demand.cross_brand_slope
            else:
                slope = demand.cross_store_slope if brand[k] == brand[i] else demand.cross_slope
            quantity[i] += slope * price[k]
    return quantity


# --- demand -----------------------------------------------------------------------------------------


def test_logit_demand_and_surplus_are_the_formula():
    scenario = market({"system": "logit"}, ("fixed", "fixed"))
    run = Run(
        scenario.replace(**{"territories.north.season_amplitude": 1e-9, "members.stores0.waiting": 1.5})
    )
    run.take_week()
    price = 8.0 + 4.0 * np.random.default_rng(3).random(run.channel.sizes.shelves)
    shelf(run, c.PRICE)[:] = price
    run.take_until(EXPECT_LOGIT_DEMAND)
    demand, surplus = plain_logit(run, price)
    np.testing.assert_allclose(shelf(run, c.MEAN_DEMAND), demand, rtol=1e-8)
    np.testing.assert_allclose(run.state.territories[c.CONSUMER_SURPLUS], surplus, rtol=1e-8)
    assert np.ptp(demand) > 1.0


def test_perceived_service_is_own_and_the_mean_of_the_stores_with_the_brand():
    scenario = market({"system": "logit", "service_spillover": 0.4}, ("fixed", "fixed"))
    scenario = scenario.replace(**{"segments.keen.service_weight": 0.7, "members.stores1.brands": ["A"]})
    scenario = scenario.replace(price_review_weeks=50)
    run = Run(scenario)
    run.take_week()
    effort = shelf(run, c.SERVICE).copy()
    member = run.world.holdings_index[c.MEMBER, run.channel.first_shelf :]
    place, brand = (
        run.channel.members.territory[member],
        run.world.holdings_index[c.BRAND, run.channel.first_shelf :],
    )
    expected = [
        0.6 * effort[i] + 0.4 * effort[(place == place[i]) & (brand == brand[i])].mean()
        for i in range(len(effort))
    ]
    np.testing.assert_allclose(shelf(run, c.PERCEIVED_SERVICE), expected, rtol=1e-13)
    demand, _ = plain_logit(run, shelf(run, c.PRICE), np.array(expected))
    np.testing.assert_allclose(shelf(run, c.MEAN_DEMAND), demand, rtol=1e-10)
    assert np.ptp(effort) > 0.01


def linear_market(rules=("fixed",), **changes):
    demand = {
        "system": "linear",
        "intercept": {"A": 60.0, "B": 45.0},
        "own_slope": {"A": 2.0, "B": 2.5},
        "cross_brand_slope": 0.4,
        "cross_store_slope": 0.2,
        "cross_slope": 0.1,
    }
    return market(demand, rules, **changes)


def test_linear_demand_is_the_formula_and_its_surplus_the_triangle():
    run = Run(linear_market())
    run.take_week()
    quantity = plain_linear(run, shelf(run, c.PRICE))
    np.testing.assert_allclose(shelf(run, c.MEAN_DEMAND), quantity, rtol=1e-12)
    # the surplus is the integral of demand over a common rise of prices to where nobody buys
    first, surplus = shelf(run, c.PRICE).copy(), 0.0
    slopes = -np.array([plain_linear(run, e) - plain_linear(run, 0.0 * e) for e in np.eye(len(first))]).T
    choke = np.linalg.solve(slopes, plain_linear(run, 0.0 * first))
    way = np.linspace(0.0, 1.0, 2001)
    along = np.array([plain_linear(run, first + x * (choke - first)) @ (choke - first) for x in way])
    surplus = ((along[1:] + along[:-1]) / 2).sum() * (way[1] - way[0])
    assert run.state.territories[c.CONSUMER_SURPLUS].sum() == pytest.approx(surplus, rel=1e-9)


def test_linear_demand_without_a_shelf_is_that_at_its_choke_price():
    from channelsim.decisions import Policy

    full = Run(linear_market())
    closed = Run(linear_market(), Policy(density={"stores0": {"per_territory": {"north": 1.0}}}))
    open_shelves = closed.terms.holdings[c.LISTED, closed.channel.first_shelf :] > 0
    price = np.full(len(open_shelves), 9.0)
    shut = np.flatnonzero(~open_shelves)
    assert len(shut) == 2
    intercept, columns = plain_linear(full, 0.0 * price), []
    for k in shut:
        columns.append(plain_linear(full, np.eye(len(price))[k]) - intercept)
    at_zero = plain_linear(full, np.where(open_shelves, price, 0.0))
    price[shut] = np.linalg.solve(np.array(columns).T[shut], -at_zero[shut])
    np.testing.assert_allclose(plain_linear(full, price)[shut], 0.0, atol=1e-12)
    closed.state.flat[:] = closed.terms.base
    quantity = np.zeros(len(price))
    index = closed.world.territories_index
    for t in range(2):
        rows = slice(index[c.FIRST_SHELF, t], index[c.END_SHELF, t])
        n, place = rows.stop - rows.start, index[c.FIRST_RESPONSE, t]
        slopes = closed.terms.slopes[place : place + n * n].reshape(n, n)
        intercepts = closed.terms.holdings[c.INTERCEPT, closed.channel.first_shelf :][rows]
        quantity[rows] = intercepts - slopes @ price[rows]
    np.testing.assert_allclose(quantity, plain_linear(full, price), atol=1e-10)


def test_season_and_growth_move_the_market_by_their_formula():
    scenario = market({"system": "given", "mean": 10.0}).replace(
        **{
            "weeks": 60,
            "territories.north.season_amplitude": 0.4,
            "territories.north.season_peak_week": 10.0,
            "territories.south.growth": 0.5,
        }
    )
    run = Run(scenario)
    for week in range(60):
        run.take_week()
        season = 1.0 + 0.4 * np.cos(2.0 * np.pi * (week - 10.0) / 52.0)
        np.testing.assert_allclose(
            run.state.territories[c.MARKET], [season, 1.5 ** (week / 52.0)], rtol=1e-12
        )
        place = run.channel.members.territory[run.world.holdings_index[c.MEMBER, run.channel.first_shelf :]]
        np.testing.assert_allclose(shelf(run, c.DEMAND), 10.0 * run.state.territories[c.MARKET][place])


def test_the_market_shock_is_a_first_order_autoregression():
    demand = {"system": "given", "mean": 1.0, "shock_deviation": 0.2, "shock_persistence": 0.7}
    scenario = market(demand, territories=[{"name": "t", "count": 1000}]).replace(weeks=12)
    run, shocks = Run(scenario), []
    for _ in range(12):
        run.take_week()
        shocks.append(run.state.territories[c.SHOCK].copy())
        np.testing.assert_allclose(run.state.territories[c.MARKET], np.exp(shocks[-1]), rtol=1e-12)
    variance = 0.04 * (1.0 - 0.49 ** np.arange(1, 13)) / (1.0 - 0.49)
    assert np.mean(shocks, axis=1) == pytest.approx(0.0, abs=4 * np.sqrt(variance.max() / 1000))
    assert np.var(shocks, axis=1) == pytest.approx(variance, rel=4 * np.sqrt(2 / 1000))
    innovations = np.array(shocks[1:]) - 0.7 * np.array(shocks[:-1])
    assert innovations.std() == pytest.approx(0.2, rel=0.03)
    assert np.corrcoef(innovations[:-1].ravel(), innovations[1:].ravel())[0, 1] == pytest.approx(
        0.0, abs=0.04
    )


@pytest.mark.parametrize(
    ("noise", "variance"), [("none", 0.0), ("poisson", 8.0), ("normal", 4.0), ("gamma", 4.0)]
)
def test_shelf_noise_has_the_stated_mean_and_variance(noise, variance):
    demand = {"system": "given", "mean": 8.0, "noise": noise, "variation": 0.25}
    run = Run(market(demand, territories=[{"name": "t", "count": 500}]).replace(weeks=4))
    drawn = []
    for _ in range(4):
        run.take_week()
        drawn.append(shelf(run, c.DEMAND).copy())
    drawn = np.array(drawn)
    assert drawn.mean() == pytest.approx(8.0, abs=4 * np.sqrt(variance / drawn.size) + 1e-12)
    assert drawn.var() == pytest.approx(variance, rel=0.08)
    if noise == "poisson":
        np.testing.assert_array_equal(drawn, np.round(drawn))
    if noise == "gamma":
        third = ((drawn - 8.0) ** 3).mean() / 8.0
        assert third == pytest.approx(2 * 0.25, rel=0.25)  # skewness 2·cv
    if noise != "none":
        assert len(np.unique(drawn[0])) > 10


def two_shelves(**changes):
    """Return a store of each of two groups with demand 10 and 6 a week, given for good."""
    scenario = market(
        {"system": "given", "mean": {"stores0": 10.0, "stores1": 6.0}},
        ("fixed", "fixed"),
        territories=[{"name": "here"}],
        brands=[{"name": "A", "production_cost": 3.0}],
        contracts=[{"supplier": "maker", "buyer": f"stores{i}", "wholesale_price": 5.0} for i in range(2)],
        segments=[{"name": "all"}],
    )
    changes = {"members.stores0.per_territory": 1, "members.stores1.per_territory": 1} | changes
    return scenario.replace(**changes)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_unmet_demand_tries_the_shelf_that_has_stock(share):
    run = Run(
        two_shelves(
            **{
                "demand.substitution": share,
                "members.stores0.ordering.opening_stock": 4.0,
                "members.stores1.ordering.opening_stock": 8.5,
            }
        )
    )
    run.take_week()
    np.testing.assert_allclose(shelf(run, c.SALES), [4.0, min(8.5, 6.0 + share * 6.0)])
    np.testing.assert_allclose(shelf(run, c.DEMAND), [10.0, 6.0])
    np.testing.assert_allclose(shelf(run, c.STOCKOUT), [1.0, 0.0])


def test_unmet_demand_goes_to_open_shelves_in_proportion_to_their_demand():
    scenario = two_shelves(**{"demand.substitution": 0.8, "members.stores1.per_territory": 3})
    scenario = scenario.replace(**{"members.stores0.ordering.opening_stock": 0.0, "demand.mean.stores1": 4.0})
    run = Run(scenario.replace(**{"members.stores1.ordering.opening_stock": 50.0}))
    run.take_week()
    np.testing.assert_allclose(shelf(run, c.SALES), [0.0, *(3 * [4.0 + 0.8 * 10.0 / 3])])


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
@pytest.mark.parametrize(("rule", "bound"), [("minimum", 17.0), ("maximum", 9.5)])
def test_a_bounded_price_is_the_best_within_its_bound(system, rule, bound):
    rules = ({"rule": rule, "bound": {"A": bound, "B": 1e3 if rule == "maximum" else 0.1}}, "best_response")
    scenario = linear_market(rules) if system == "linear" else market({"system": "logit"}, rules)
    run = rest(scenario)
    group = run.channel.members.group[run.world.holdings_index[c.MEMBER, run.channel.first_shelf :]]
    brand = run.world.holdings_index[c.BRAND, run.channel.first_shelf :]
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
    brand = run.world.holdings_index[c.BRAND, run.channel.first_shelf :]
    group = run.channel.members.group[run.world.holdings_index[c.MEMBER, run.channel.first_shelf :]]
    expected = np.select(
        [group == 1, group == 2], [np.where(brand == 0, 12.5, 7.5), 11.0], 1.3 * np.where(brand == 0, 6, 4)
    )
    np.testing.assert_allclose(shelf(run, c.PRICE), expected)


def test_a_price_moves_its_share_of_the_way():
    run = Run(linear_market(({"rule": "best_response", "adjustment": 0.25},)))
    start, goal = shelf(Run(linear_market()), c.PRICE), None
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
    scenario = Scenario.from_library("beer_game").to_dict()
    scenario |= {"weeks": 3, "events": []}
    for group, markup in zip(scenario["members"], (1.5, 1.2, 1.1, 1.4, 2.0)):
        group["pricing"] = {"rule": "markup", "markup": markup}
    for contract in scenario["contracts"]:
        contract["wholesale_price"] = None
        contract.pop("wholesale_price")
    run = Run(Scenario.parse(scenario))
    run.take_week()
    cost = run.channel.scenario.brands[0].production_cost
    markups = [group["pricing"]["markup"] for group in scenario["members"]][: len(scenario["members"])]
    np.testing.assert_allclose(run.state.holdings[c.PRICE], cost * np.cumprod(markups))
    np.testing.assert_allclose(run.state.holdings[c.UNIT_COST], cost * np.cumprod([1.0, *markups[:-1]]))


# --- service ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spillover", [0.0, 0.4])
def test_service_effort_meets_its_first_order_condition(spillover):
    rules = ({"rule": "suggested", "bound": {"A": 14.0, "B": 9.0}}, "best_response")
    scenario = market({"system": "logit", "service_spillover": spillover}, rules).replace(
        **{
            "segments.keen.service_weight": 0.6,
            "segments.loyal.service_weight": 0.3,
            "members.stores0.service_cost": 40.0,
            "members.stores1.service_cost": 60.0,
            "members.stores0.pricing.adjustment": 0.5,
            "members.stores1.pricing.adjustment": 0.5,
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
    assert effort.max() > 0.1
