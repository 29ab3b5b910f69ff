"""Demand and its events against formulas of one's own: systems, noise, season, shocks, substitution."""

import numpy as np
import pytest

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.kernels import perform_steps
from channelsim.tables import SETTLED_OFFER
from channelsim.week import EXPECT_LOGIT_DEMAND
from example_markets import (
    linear_market,
    market,
    plain_linear,
    plain_logit,
    shelf,
    two_shelves,
)
from small_worlds import Run

pytestmark = pytest.mark.jit_off


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


def chosen_again(run):
    """Return mean demand and surplus after consumers were asked again."""
    perform_steps([EXPECT_LOGIT_DEMAND], run.world, run.terms, run.state)
    return shelf(run, c.MEAN_DEMAND).copy(), run.state.territories[c.CONSUMER_SURPLUS].copy()


@pytest.mark.parametrize("moved", [c.PRICE, c.PERCEIVED_SERVICE, c.ATTRACTIVENESS, c.OFFERED])
def test_consumers_choose_anew_when_anything_they_choose_by_has_moved(moved):
    scenario = market({"system": "logit"}, ("fixed", "fixed"))
    run = Run(scenario.replace(**{"segments.keen.service_weight": 0.7}))
    run.take_week()
    before, _ = chosen_again(run)
    shelf(run, moved)[0] = 0.0 if moved == c.OFFERED else shelf(run, moved)[0] + 0.5
    noticed, _ = chosen_again(run)
    run.state.settled_choice[SETTLED_OFFER] = -1.0  # as if they had never chosen
    np.testing.assert_array_equal(noticed, chosen_again(run)[0])
    assert noticed[0] != before[0]


def test_the_size_of_the_market_scales_what_consumers_chose():
    run = Run(market({"system": "logit"}, ("fixed", "fixed")))
    run.take_week()
    demand, surplus = chosen_again(run)
    chosen = run.state.settled_choice.copy()
    run.state.territories[c.MARKET] *= 1.5
    grown, grown_surplus = chosen_again(run)
    np.testing.assert_array_equal(run.state.settled_choice, chosen)
    np.testing.assert_allclose(grown, 1.5 * demand, rtol=1e-14)
    np.testing.assert_allclose(grown_surplus, 1.5 * surplus, rtol=1e-14)
    assert demand.min() > 0.0


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


# --- events -----------------------------------------------------------------------------------------


def test_events_set_add_multiply_in_their_order_and_are_undone():
    happenings = [
        {"week": 2, "duration": 4, "column": "market_index", "operation": "multiply", "value": 0.5},
        {"week": 3, "duration": 2, "column": "market_index", "operation": "add", "value": 1.0},
        {"week": 4, "duration": 3, "column": "market_index", "operation": "set", "value": 3.0},
        {"week": 5, "duration": 1, "column": "capacity", "operation": "set", "value": 7.0},
        {"week": 1, "duration": 2, "column": "wholesale_price", "operation": "multiply", "value": 1.2},
    ]
    run = Run(
        two_shelves(events=happenings, **{"members.stores0.pricing": {"rule": "markup", "markup": 2.0}})
    )
    expected = [1.0, 1.0, 0.5, 1.5, 3.0, 3.0, 3.0, 1.0, 1.0]
    for week, index in enumerate(expected):
        run.take_week()
        assert run.state.territories[c.MARKET_INDEX, 0] == index
        np.testing.assert_allclose(shelf(run, c.DEMAND), index * np.array([10.0, 6.0]))
        assert run.state.holdings[c.CAPACITY, 0] == (7.0 if week == 5 else 1e15)
        price = 6.0 if week in (1, 2) else 5.0
        np.testing.assert_allclose(run.state.links[c.WHOLESALE_PRICE], price)
        np.testing.assert_allclose(shelf(run, c.PRICE)[0], 2.0 * price)
        assert run.state.holdings[c.SALES, 0] <= run.state.holdings[c.CAPACITY, 0]


def test_attractiveness_shifts_utility():
    event = {"week": 1, "column": "attractiveness", "operation": "add", "value": 0.7, "brands": ["A"]}
    scenario = market({"system": "logit"}, events=[event])
    run, plain = Run(scenario), Run(scenario)
    for _ in range(2):
        run.take_week()
    plain.take_week()
    before, _ = plain_logit(run, shelf(run, c.PRICE))
    np.testing.assert_allclose(shelf(plain, c.MEAN_DEMAND), before, rtol=1e-9)
    shifted = {"segments.loyal.equity.A": 3.7, "segments.keen.equity.A": 2.7}
    other = Run(scenario.replace(**shifted, events=[]))
    other.take_week()
    np.testing.assert_allclose(shelf(run, c.MEAN_DEMAND), shelf(other, c.MEAN_DEMAND), rtol=1e-12)


def test_events_that_add_up_stay_within_the_bounds_of_their_column():
    happenings = [{"week": 1, "column": "market_index", "operation": "add", "value": -1.5}]
    run = Run(two_shelves(events=happenings))
    for _ in range(2):
        run.take_week()
    assert run.state.territories[c.MARKET_INDEX, 0] == 0.0
    assert shelf(run, c.SALES).min() >= 0.0
