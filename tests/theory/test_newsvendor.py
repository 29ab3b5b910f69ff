"""Newsvendors and their wholesale contract against printed numbers and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import expon, gamma, norm, poisson, uniform

from channelsim.theory.newsvendor import (
    critical_fractile,
    expected_cost,
    newsvendor,
    newsvendor_store,
    wholesale_contract,
)
from channelsim.theory.uncertain_demand import (
    ExponentialDemand,
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from refusals import refused_in_one_line


@pytest.mark.parametrize(
    ("demand", "underage", "overage", "quantity", "cost"),
    [
        # printed in stockpyl's documentation (newsvendor module, page on PyPI); the first is example 4.3 of
        # Snyder & Shen (2019), Fundamentals of Supply Chain Theory; brute force below confirms the rule
        (NormalDemand(50.0, 8.0), 0.70, 0.18, 56.60395592743389, 1.9976051931766445),
        (NormalDemand(120.0, 10.0), 18.0, 2.0, 132.815515655446, 35.09966638649737),
        (PoissonDemand(50.0), 0.70, 0.18, 56.0, 1.797235211809178),
        (PoissonDemand(6.0), 4.0, 1.0, 8.0, 3.5701069457709416),
    ],
)
def test_printed_examples(demand, underage, overage, quantity, cost):
    best = newsvendor(demand, underage, overage)
    assert best.quantity == pytest.approx(quantity, rel=1e-12)
    assert best.expected_cost == pytest.approx(cost, rel=1e-12)


def test_printed_costs_of_given_quantities():
    assert expected_cost(NormalDemand(50.0, 8.0), 60.0, 0.70, 0.18) == pytest.approx(
        2.156131552870387, rel=1e-12
    )
    assert expected_cost(NormalDemand(50.0, 8.0), 40.0, 0.70, 0.18) == pytest.approx(
        7.35613154776623, rel=1e-9
    )
    assert expected_cost(PoissonDemand(6.0), 5.0, 4.0, 1.0) == pytest.approx(6.590296024616343, rel=1e-12)


def test_printed_profits_with_salvage():
    # stockpyl's "explicit" newsvendor: revenue 1, purchase cost 0.3, salvage 0.12
    normal = newsvendor_store(NormalDemand(50.0, 8.0), 1.0, 0.3, 0.12)
    assert (normal.quantity, normal.expected_profit) == pytest.approx((56.60395592743389, 33.002394806823354))
    whole = newsvendor_store(PoissonDemand(50.0), 1.0, 0.3, 0.12)
    assert (whole.quantity, whole.expected_profit) == pytest.approx((56.0, 33.20276478819082))


PEERS = [
    (NormalDemand(50.0, 8.0), norm(50.0, 8.0)),
    (GammaDemand(20.0, 10.0), gamma(4.0, scale=5.0)),
    (UniformDemand(10.0, 30.0), uniform(10.0, 20.0)),
    (ExponentialDemand(15.0), expon(scale=15.0)),
]


@pytest.mark.parametrize(("demand", "peer"), PEERS, ids=lambda x: type(x).__name__)
def test_the_quantity_is_that_of_brute_force_over_equally_likely_demands(demand, peer):
    demands = peer.ppf((np.arange(200_000) + 0.5) / 200_000)

    def loss(quantity, goodwill=1.5):
        sold = np.minimum(quantity, demands)
        profit = 10.0 * sold + 2.0 * (quantity - sold) - goodwill * (demands - sold) - 6.0 * quantity
        return -profit.mean()

    found = minimize_scalar(loss, bounds=(0.0, float(demands[-1])), method="bounded", options={"xatol": 1e-6})
    store = newsvendor_store(demand, 10.0, 6.0, 2.0, goodwill=1.5)
    assert store.quantity == pytest.approx(found.x, rel=2e-4)
    assert store.expected_profit == pytest.approx(-found.fun, rel=1e-5)
    assert store.expected_sales == pytest.approx(np.minimum(store.quantity, demands).mean(), rel=1e-5)
    assert store.expected_sales + store.expected_leftover == pytest.approx(store.quantity)


def test_integer_demand_takes_the_smallest_quantity_that_reaches_the_fractile():
    units, demand = np.arange(120), PoissonDemand(20.0)
    mass = poisson.pmf(units, 20.0)
    for underage, overage in ((1.0, 1.0), (9.0, 1.0), (1.0, 19.0)):
        costs = [
            mass @ (overage * np.maximum(q - units, 0) + underage * np.maximum(units - q, 0))
            for q in range(60)
        ]
        best = newsvendor(demand, underage, overage)
        assert best.quantity == np.argmin(costs)
        assert best.expected_cost == pytest.approx(min(costs), rel=1e-10)


@pytest.mark.parametrize(("demand", "peer"), PEERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("salvage", [0.0, 2.5])
def test_the_contract_is_what_a_supplier_finds_who_tries_prices(demand, peer, salvage):
    def supplier(price):
        fractile = (10.0 - price) / (10.0 - salvage)
        return -(price - 4.0) * float(peer.ppf(fractile))

    # with a gap at the bottom of demand a very high price still sells it: look below that corner
    prices = np.linspace(4.01, 9.99, 4000)
    start = prices[np.argmin([supplier(w) for w in prices])]
    found = minimize_scalar(
        supplier, bounds=(start - 0.01, min(start + 0.01, 9.999)), method="bounded", options={"xatol": 1e-10}
    )
    contract = wholesale_contract(demand, 10.0, 4.0, salvage)
    assert contract.wholesale_price == pytest.approx(found.x, rel=1e-5)
    assert contract.supplier_profit == pytest.approx(-found.fun, rel=1e-9)
    owner = newsvendor_store(demand, 10.0, 4.0, salvage)
    together = contract.supplier_profit + contract.store_profit
    assert contract.efficiency == pytest.approx(together / owner.expected_profit)
    assert contract.quantity < contract.integrated_quantity == owner.quantity
    assert 0.0 < contract.efficiency < 1.0


@given(st.floats(0.05, 0.95), st.floats(0.0, 0.9), st.floats(1.0, 100.0))
def test_with_uniform_demand_half_the_quantity_and_three_quarters_of_the_profit(cost, salvage, top):
    contract = wholesale_contract(UniformDemand(0.0, top), 1.0, cost, salvage * cost)
    assert contract.quantity == pytest.approx(0.5 * contract.integrated_quantity, rel=1e-9)
    assert contract.efficiency == pytest.approx(0.75, rel=1e-9)


def test_salvage_does_not_enter_by_netting_the_cost_alone():
    # as if (1 − F − Q f) p = c − s
    demand, price, cost, salvage = NormalDemand(100.0, 30.0), 10.0, 4.0, 2.5
    right = wholesale_contract(demand, price, cost, salvage)
    netted = wholesale_contract(demand, price, cost - salvage)
    assert right.quantity != pytest.approx(netted.quantity, rel=1e-2)
    order = demand.quantile((price - right.wholesale_price) / (price - salvage))
    assert order == pytest.approx(right.quantity)
    # a shade less or more earns the supplier less
    for step in (-0.01, 0.01):
        other = right.wholesale_price + step
        quantity = demand.quantile((price - other) / (price - salvage))
        assert (other - cost) * quantity < right.supplier_profit


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: critical_fractile(0.0, 1.0), "underage_cost = 0.0: must be above 0"),
        (lambda: newsvendor(PoissonDemand(4.0), 1.0, -1.0), "overage_cost = -1.0: must be above 0"),
        (
            lambda: expected_cost(PoissonDemand(4.0), float("inf"), 1.0, 1.0),
            "quantity = inf: must be a finite",
        ),
        (lambda: newsvendor_store(PoissonDemand(4.0), 5.0, 6.0), "must be above 6"),
        (
            lambda: newsvendor_store(PoissonDemand(4.0), 9.0, 6.0, 6.0),
            "wholesale_price = 6.0: must be above 6",
        ),
        (
            lambda: newsvendor_store(PoissonDemand(4.0), 9.0, 6.0, goodwill=-1.0),
            "goodwill = -1.0: must be at le",
        ),
        (
            lambda: newsvendor_store(PoissonDemand(4.0), 9.0, 6.0, quantity=-1.0),
            "quantity = -1.0: must be at le",
        ),
        (lambda: wholesale_contract(NormalDemand(9.0, 1.0), 3.0, 3.0), "retail_price = 3.0: must be above 3"),
        (
            lambda: wholesale_contract(NormalDemand(9.0, 1.0), 9.0, 3.0, 4.0),
            "unit_cost = 3.0: must be above 4",
        ),
        (lambda: wholesale_contract(PoissonDemand(9.0), 9.0, 3.0), "integer demand has no density"),
    ],
)
def test_bad_input_is_one_clear_line(make, said):
    refused_in_one_line(make, said)
