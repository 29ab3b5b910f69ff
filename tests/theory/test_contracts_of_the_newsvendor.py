"""Buyback and revenue sharing against a store that searches its best quantity, payments by quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from channelsim.theory.contracts_of_the_newsvendor import (
    NewsvendorChannel,
    buyback,
    coordinating_buyback,
    coordinating_revenue_sharing,
    revenue_sharing,
)
from channelsim.theory.newsvendor import generalised_failure_rate, order_elasticity, wholesale_contract
from channelsim.theory.uncertain_demand import (
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from newsvendor_markets import CHANNEL, COST, MARKETS, PRICE, SALVAGE
from refusals import refused_in_one_line


def expected(distribution, payment, quantity):
    """Return the mean of payment(sales, leftover): quadrature over the demands that leave something."""
    low = max(distribution.ppf(1e-14), -1e9)
    below = quad(
        lambda d: payment(d, quantity - d) * distribution.pdf(d), low, quantity, epsabs=1e-11, limit=200
    )[0]
    return below + payment(quantity, 0.0) * distribution.sf(quantity)


def search(profit, distribution):
    """Return the quantity of highest profit, and that profit."""
    low, high = distribution.ppf(0.001), distribution.ppf(0.9999)
    found = minimize_scalar(
        lambda q: -profit(q), bounds=(low, high), method="bounded", options={"xatol": 1e-8 * high}
    )
    return found.x, -found.fun


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_buyback_coordinates_with_any_split(demand, distribution, share):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    best, most = search(
        lambda q: expected(distribution, lambda sold, left: PRICE * sold + SALVAGE * left - COST * q, q),
        distribution,
    )
    assert channel.integrated_quantity == pytest.approx(best, rel=1e-4)
    assert channel.integrated_profit == pytest.approx(most, rel=1e-8)
    for kind, own in (("gross", 0.0), ("net", SALVAGE)):
        price, credit = coordinating_buyback(channel, share, credit_is=kind)

        def store(q, price=price, leftover=credit + own):
            return expected(distribution, lambda sold, left: PRICE * sold + leftover * left - price * q, q)

        found = buyback(channel, price, credit, credit_is=kind)
        quantity, profit = search(store, distribution)
        assert quantity == pytest.approx(best, rel=1e-4)
        assert profit == pytest.approx(share * most, rel=1e-8)
        assert found.quantity == pytest.approx(channel.integrated_quantity, rel=1e-9)
        assert found.store_profit == pytest.approx(profit, rel=1e-8)
        assert found.efficiency == pytest.approx(1.0, rel=1e-12)
        supplier = expected(
            distribution,
            lambda _, left: (price - COST) * quantity + (SALVAGE - own - credit) * left,  # noqa: B023
            quantity,
        )
        assert found.supplier_profit == pytest.approx(supplier, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize("salvage", ["shared", "kept"])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_revenue_sharing_coordinates_with_any_split(demand, distribution, salvage, share):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    price = coordinating_revenue_sharing(channel, share, salvage=salvage)
    leftover = SALVAGE * (share if salvage == "shared" else 1.0)

    def store(q):
        return expected(
            distribution, lambda sold, left: share * PRICE * sold + leftover * left - price * q, q
        )

    quantity, profit = search(store, distribution)
    assert quantity == pytest.approx(channel.integrated_quantity, rel=1e-4)
    kept = share if salvage == "shared" else (share * PRICE - SALVAGE) / (PRICE - SALVAGE)
    assert profit == pytest.approx(kept * channel.integrated_profit, rel=1e-7)
    found = revenue_sharing(channel, price, share, salvage=salvage)
    assert found.store_profit == pytest.approx(profit, rel=1e-7)
    assert (found.efficiency, found.store_share) == pytest.approx((1.0, kept), rel=1e-9)


@given(st.floats(0.51, 0.99))
def test_sharing_revenue_but_not_salvage_at_a_share_of_cost_stocks_too_much(share):
    channel = NewsvendorChannel(GammaDemand(60.0, 30.0), PRICE, COST, SALVAGE)
    found = revenue_sharing(channel, share * COST, share, salvage="kept")
    assert found.quantity > channel.integrated_quantity
    assert found.efficiency < 1.0
    no_salvage = NewsvendorChannel(GammaDemand(60.0, 30.0), PRICE, COST)
    assert revenue_sharing(no_salvage, share * COST, share, salvage="kept").efficiency == pytest.approx(1.0)


@given(st.floats(0.05, 1.0), st.integers(5, 200))
def test_integer_demand_is_coordinated_too(share, mean):
    channel = NewsvendorChannel(PoissonDemand(float(mean)), PRICE, COST, SALVAGE)
    found = buyback(channel, *coordinating_buyback(channel, share))
    assert found.efficiency == pytest.approx(1.0, rel=1e-9)
    assert found.store_profit == pytest.approx(share * channel.integrated_profit, rel=1e-9)


@given(st.floats(0.1, 1.0), st.floats(5.0, 150.0))
def test_revenue_sharing_pays_what_a_buyback_pays(share, quantity):
    demand = UniformDemand(20.0, 120.0)
    wholesale, credit = share * COST + (1.0 - share) * PRICE, (1.0 - share) * (PRICE - SALVAGE)
    sold = demand.mean - demand.expected_shortage(quantity)
    left = demand.expected_leftover(quantity)
    sharing = share * (PRICE * sold + SALVAGE * left) - share * COST * quantity
    assert PRICE * sold + (SALVAGE + credit) * left - wholesale * quantity == pytest.approx(sharing, abs=1e-9)


def test_a_credit_of_the_wrong_kind_does_not_coordinate():
    channel = NewsvendorChannel(NormalDemand(80.0, 12.0), PRICE, COST, SALVAGE)
    net_as_gross = buyback(channel, *coordinating_buyback(channel, 0.5, credit_is="net"))
    assert net_as_gross.quantity < channel.integrated_quantity
    assert net_as_gross.efficiency < 1.0
    price, credit = coordinating_buyback(channel, 0.5)
    with pytest.raises(ValueError, match="what a leftover brings the store"):
        buyback(channel, price, credit, credit_is="net")  # 7 a unit, 6 + 2 a leftover: no bound
    cheap = NewsvendorChannel(NormalDemand(80.0, 12.0), PRICE, COST, 0.5)
    too_much = buyback(cheap, *coordinating_buyback(cheap, 0.5), credit_is="net")
    assert too_much.quantity > cheap.integrated_quantity
    assert too_much.efficiency < 1.0


@pytest.mark.parametrize("wholesale", [4.5, 7.0, 9.0])
def test_price_alone_stocks_too_little_and_is_a_buyback_without_credit(wholesale):
    channel = NewsvendorChannel(GammaDemand(60.0, 30.0), PRICE, COST, SALVAGE)
    found = buyback(channel, wholesale, 0.0, credit_is="net")
    assert found.quantity < channel.integrated_quantity
    assert found.efficiency < 1.0
    best = wholesale_contract(channel.demand, PRICE, COST, SALVAGE)
    assert found.supplier_profit < best.supplier_profit
    same = buyback(channel, best.wholesale_price, 0.0, credit_is="net")
    assert (same.supplier_profit, same.efficiency) == pytest.approx((best.supplier_profit, best.efficiency))


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize("salvage", [0.0, 2.0])
def test_the_suppliers_best_price_has_the_margin_of_a_monopolist(demand, distribution, salvage):
    def order(price):
        return distribution.ppf((PRICE - price) / (PRICE - salvage))

    price = minimize_scalar(
        lambda w: -(w - COST) * order(w), bounds=(COST, PRICE), method="bounded", options={"xatol": 1e-9}
    ).x
    step = 1e-5 * price
    slope = (np.log(order(price + step)) - np.log(order(price - step))) / (
        np.log(price + step) - np.log(price - step)
    )
    assert order_elasticity(demand, PRICE, price, salvage) == pytest.approx(-slope, rel=1e-6)
    exact = wholesale_contract(demand, PRICE, COST, salvage).wholesale_price
    assert exact == pytest.approx(price, rel=1e-6)
    elasticity = order_elasticity(demand, PRICE, exact, salvage)
    assert elasticity == pytest.approx(exact / (exact - COST), rel=1e-6)
    assert elasticity > 1.0


@given(st.floats(0.01, 0.99))
def test_the_generalised_failure_rate_is_an_elasticity(probability):
    for demand, distribution in MARKETS:
        quantity = distribution.ppf(probability)
        step = 1e-6 * quantity
        slope = (distribution.logsf(quantity + step) - distribution.logsf(quantity - step)) / (2.0 * step)
        assert generalised_failure_rate(demand, quantity) == pytest.approx(
            -slope * quantity, rel=1e-5, abs=1e-7
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NewsvendorChannel(UniformDemand(0.0, 100.0), 4.0, 4.0), "retail_price = 4.0"),
        (lambda: NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 5.0), "unit_cost = 4.0"),
        (lambda: NewsvendorChannel(NormalDemand(0.0, 0.0), 10.0, 4.0), "integrated_profit = 0.0"),
        (lambda: coordinating_buyback(CHANNEL, 0.0), "store_share = 0.0"),
        (lambda: coordinating_buyback(CHANNEL, 1.1), "store_share = 1.1"),
        (lambda: coordinating_buyback(CHANNEL, 0.5, credit_is="half"), "credit_is = 'half'"),
        (lambda: buyback(CHANNEL, 7.0, 7.0), "wholesale_price = 7.0"),
        (lambda: buyback(CHANNEL, 11.0, 2.0), "retail_price plus goodwill = 10.0"),
        (lambda: buyback(CHANNEL, 7.0, float("nan")), "credit = nan"),
        (lambda: buyback(CHANNEL, 7.0, 2.0, credit_is="all"), "credit_is = 'all'"),
        (lambda: revenue_sharing(CHANNEL, 2.0, 0.5, salvage="kept"), "wholesale_price = 2.0"),
        (lambda: revenue_sharing(CHANNEL, 2.0, 1.5), "revenue_share = 1.5"),
        (lambda: revenue_sharing(CHANNEL, 2.0, 0.5, salvage="half"), "salvage = 'half'"),
        (
            lambda: coordinating_revenue_sharing(CHANNEL, 0.2, salvage="kept"),
            "revenue_share · retail_price = 2",
        ),
        (lambda: coordinating_revenue_sharing(CHANNEL, -0.2), "revenue_share = -0.2"),
        (lambda: generalised_failure_rate(UniformDemand(0.0, 1.0), 0.0), "quantity = 0.0"),
        (lambda: generalised_failure_rate(UniformDemand(0.0, 1.0), 2.0), "never exceeds"),
        (lambda: order_elasticity(PoissonDemand(9.0), 10.0, 5.0), "no density"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
