"""The wholesale price alone, against a supplier who tries all prices on a store that tries all quantities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import gamma, norm, poisson, uniform

from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel, buyback
from channelsim.theory.newsvendor import order_elasticity, wholesale_contract
from channelsim.theory.uncertain_demand import (
    ExponentialDemand,
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from channelsim.theory.wholesale_price_of_the_newsvendor import (
    best_wholesale_price,
    whole_unit_prices,
    wholesale_price_alone,
)
from newsvendor_markets import COST, MARKETS, NORMAL, PRICE
from refusals import refused_in_one_line

MORE = [
    (UniformDemand(0.0, 120.0), uniform(0.0, 120.0)),
    (GammaDemand(20.0, 40.0), gamma(0.25, scale=80.0)),
    (NormalDemand(80.0, 4.0), norm(80.0, 4.0)),
]


@pytest.mark.parametrize(("demand", "distribution"), MARKETS + MORE)
@pytest.mark.parametrize("salvage", [0.0, 2.5])
def test_the_best_price_is_what_a_supplier_finds_who_tries_prices(demand, distribution, salvage):
    def earned(price):
        return (price - COST) * distribution.ppf((PRICE - price) / (PRICE - salvage))

    prices = np.linspace(COST, PRICE - 1e-6, 4000)[1:-1]
    near = prices[np.argmax(earned(prices))]
    bounds = (max(COST, near - 0.01), min(PRICE - 1e-9, near + 0.01))
    options = {"xatol": 1e-11}
    found = minimize_scalar(lambda w: -earned(w), bounds=bounds, method="bounded", options=options)
    channel = NewsvendorChannel(demand, PRICE, COST, salvage)
    best = best_wholesale_price(channel)
    assert best == pytest.approx(found.x, rel=1e-5)
    outcome = wholesale_price_alone(channel, best)
    assert outcome.supplier_profit == pytest.approx(-found.fun, rel=1e-9)
    assert 0.0 < outcome.store_share < outcome.efficiency < 1.0
    # the same contract from the side of the quantity, and what makes it best
    other = wholesale_contract(demand, PRICE, COST, salvage)
    assert best == pytest.approx(other.wholesale_price, rel=1e-9)
    assert outcome.efficiency == pytest.approx(other.efficiency, rel=1e-9)
    assert order_elasticity(demand, PRICE, best, salvage) == pytest.approx(best / (best - COST), rel=1e-7)


@given(st.floats(0.05, 0.95), st.floats(0.0, 0.9), st.floats(1.0, 100.0))
def test_uniform_demand_from_zero_half_a_quarter_a_quarter(cost, salvage, top):
    channel = NewsvendorChannel(UniformDemand(0.0, top), 1.0, cost, salvage * cost)
    best = best_wholesale_price(channel)
    assert best == pytest.approx(0.5 * (1.0 + cost))
    found = wholesale_price_alone(channel, best)
    assert found.quantity == pytest.approx(0.5 * channel.integrated_quantity)
    assert (found.store_share, found.efficiency) == pytest.approx((0.25, 0.75))


@given(st.floats(0.05, 0.95), st.floats(0.0, 0.9), st.floats(1.0, 100.0))
def test_exponential_demand_scales_and_solves_its_own_equation(cost, salvage, mean):
    worth = salvage * cost
    channel = NewsvendorChannel(ExponentialDemand(mean), 1.0, cost, worth)
    order = wholesale_price_alone(channel, best_wholesale_price(channel)).quantity / mean
    assert (1.0 - order) * np.exp(-order) == pytest.approx((cost - worth) / (1.0 - worth), rel=1e-9)


def test_less_uncertain_demand_is_sold_at_a_higher_price():
    """Lariviere & Porteus: so the store's share falls, and the channel's efficiency rises."""
    channels = [NewsvendorChannel(NormalDemand(80.0, sd), PRICE, COST) for sd in (24.0, 12.0, 6.0, 3.0)]
    prices = [best_wholesale_price(channel) for channel in channels]
    found = [wholesale_price_alone(*given) for given in zip(channels, prices, strict=True)]
    assert prices == sorted(prices)
    assert [o.store_share for o in found] == sorted((o.store_share for o in found), reverse=True)
    assert [o.efficiency for o in found] == sorted(o.efficiency for o in found)


def test_where_demand_never_falls_short_its_least_is_sold_at_the_retail_price():
    channel = NewsvendorChannel(UniformDemand(80.0, 100.0), PRICE, COST)
    assert best_wholesale_price(channel) == PRICE
    almost = wholesale_price_alone(channel, PRICE - 1e-9)
    assert almost.quantity == pytest.approx(80.0)
    for price in np.linspace(COST, PRICE - 0.01, 50):
        assert wholesale_price_alone(channel, price).supplier_profit < almost.supplier_profit


@pytest.mark.parametrize(("mean", "salvage"), [(0.8, 0.0), (4.0, 0.0), (4.0, 2.5), (23.0, 1.0)])
def test_whole_units_against_all_prices(mean, salvage):
    channel = NewsvendorChannel(PoissonDemand(mean), PRICE, COST, salvage)
    prices = np.linspace(COST, PRICE, 60_001)[:-1]
    orders = poisson(mean).ppf((PRICE - prices) / (PRICE - salvage))
    best = best_wholesale_price(channel)
    earned = (prices - COST) * orders
    assert best == pytest.approx(prices[earned.argmax()], abs=2e-4)
    for units, price in enumerate(whole_unit_prices(channel), start=1):
        assert price == pytest.approx(prices[orders >= units].max(), abs=2e-4)
    for price in (best, best - 1e-9):  # indifferent, the store takes the unit
        assert wholesale_price_alone(channel, price).supplier_profit == pytest.approx(earned.max(), rel=1e-3)
    assert wholesale_price_alone(channel, best + 1e-9).supplier_profit < 0.999 * earned.max()


@pytest.mark.parametrize("wholesale", [4.5, 7.0, 9.0])
def test_it_is_a_buyback_without_credit(wholesale):
    channel = NewsvendorChannel(GammaDemand(60.0, 30.0), PRICE, COST, 2.0)
    same = buyback(channel, wholesale, 0.0, credit_is="net")
    assert wholesale_price_alone(channel, wholesale) == pytest.approx(same)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wholesale_price_alone(NORMAL, 2.0), "wholesale_price = 2.0"),
        (lambda: wholesale_price_alone(NORMAL, 10.0), "wholesale_price = 10.0"),
        (lambda: wholesale_price_alone(NORMAL, float("nan")), "wholesale_price = nan"),
        (lambda: whole_unit_prices(NORMAL), "demand = NormalDemand: not in whole units"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
