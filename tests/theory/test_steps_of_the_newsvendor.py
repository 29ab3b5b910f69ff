"""Flexibility, target rebates and discounts against a store that tries all quantities, paid by quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel, buyback
from channelsim.theory.discounts_of_the_newsvendor import (
    all_unit_discount,
    continuous_discount,
    coordinating_all_unit_discount,
    coordinating_incremental_discount,
    incremental_discount,
    means_held_at_threshold,
)
from channelsim.theory.flexibility_and_rebates_of_the_newsvendor import (
    coordinating_flexibility_price,
    coordinating_target_rebate,
    lowest_rebate_share,
    quantity_flexibility,
    target_sales_rebate,
)
from channelsim.theory.uncertain_demand import (
    GammaDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from newsvendor_markets import CHANNEL, COST, MARKETS, NORMAL, PRICE, SALVAGE
from refusals import refused_in_one_line

# Demands of equal probability: their mean is a quadrature that knows nothing of the loss function.
MIDDLES = (np.arange(1500) + 0.5) / 1500


def searched(distribution, pay, also=()):
    """Return the store's best quantity of a grid and some more, its profit, and the channel's best profit."""
    demand = distribution.ppf(MIDDLES)
    grid = np.union1d(np.linspace(0.0, distribution.ppf(0.99), 600), also)
    sold = np.minimum(demand, grid[:, None])
    left = grid[:, None] - sold
    revenue = PRICE * sold + SALVAGE * left
    store = (revenue - pay(grid[:, None], sold, left)).mean(axis=1)
    best = store.argmax()
    return grid[best], store[best], (revenue.mean(axis=1) - COST * grid).max()


def agrees(found, search, share=None):
    """Check a closed form against a search whose grid and demands are a little coarse."""
    quantity, store, channel = search
    assert found.quantity == pytest.approx(quantity, rel=0.02, abs=0.3)
    assert found.store_profit == pytest.approx(store, rel=2e-3, abs=2e-3 * channel)
    assert found.integrated_profit == pytest.approx(channel, rel=2e-3)
    if share is not None:
        assert found.efficiency == pytest.approx(1.0, rel=1e-9)
        assert found.store_share == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize("flexibility", [0.05, 0.15, 0.3])
def test_flexibility_coordinates_at_its_price(demand, distribution, flexibility):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    price = coordinating_flexibility_price(channel, flexibility)

    def pay(quantity, _, left):
        returned = np.minimum(left, flexibility * quantity)
        return (
            price * quantity - (price - SALVAGE) * returned
        )  # a return is refunded, not salvaged by the store

    found = quantity_flexibility(channel, price, flexibility)
    assert found.efficiency == pytest.approx(1.0, rel=1e-9)
    agrees(found, searched(distribution, pay))


@given(st.floats(0.0, 0.95), st.floats(2.2, 9.8))
def test_flexibility_at_any_price_is_the_best_quantity_and_none_is_price_alone(flexibility, price):
    channel = NewsvendorChannel(GammaDemand(60.0, 30.0), PRICE, COST, SALVAGE)
    found = quantity_flexibility(channel, price, flexibility)
    demand = channel.demand
    for other in (0.97 * found.quantity, 1.03 * found.quantity):
        sold = demand.mean - demand.expected_shortage(other)
        returned = demand.expected_leftover(other) - demand.expected_leftover((1.0 - flexibility) * other)
        kept = other - sold - returned
        store = PRICE * sold + SALVAGE * kept + price * returned - price * other
        assert store < found.store_profit
    alone = buyback(channel, price, 0.0, credit_is="net")
    assert quantity_flexibility(channel, price, 0.0) == pytest.approx(alone, rel=1e-9)
    assert found.quantity >= alone.quantity * (1.0 - 1e-12)


def test_flexibility_reaches_every_split():
    channel = NewsvendorChannel(NormalDemand(80.0, 12.0), PRICE, COST, SALVAGE)
    levels = [0.0, 0.05, 0.1, 0.2, 0.4, 0.5]
    shares = [
        quantity_flexibility(channel, coordinating_flexibility_price(channel, level), level).store_share
        for level in levels
    ]
    assert shares[0] == pytest.approx(1.0)
    assert np.all(np.diff(shares) < 0.0)
    assert shares[-1] < 0.01
    with pytest.raises(ValueError, match="no price coordinates"):
        coordinating_flexibility_price(channel, 0.999)  # the store may return nearly all


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize(("rebate", "share"), [(3.0, 0.95), (8.0, 0.75), (30.0, 0.2)])
def test_a_target_rebate_coordinates_and_splits(demand, distribution, rebate, share):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    if share < lowest_rebate_share(channel, rebate):
        share = 0.5 * (1.0 + lowest_rebate_share(channel, rebate))
    terms = coordinating_target_rebate(channel, rebate, share)
    assert 0.0 < terms.target < channel.integrated_quantity

    def pay(quantity, sold, _):
        return terms.wholesale_price * quantity - rebate * np.maximum(sold - terms.target, 0.0)

    agrees(target_sales_rebate(channel, *terms), searched(distribution, pay), share)


@given(st.floats(0.0, 30.0), st.floats(2.5, 9.9), st.floats(0.0, 130.0))
def test_any_target_rebate_is_the_better_of_reaching_and_missing(rebate, price, target):
    channel = NewsvendorChannel(UniformDemand(20.0, 120.0), PRICE, COST, SALVAGE)
    found = target_sales_rebate(channel, price, rebate, target)
    grid = np.linspace(0.0, 120.0, 1201)
    sales = np.where(grid < 20.0, grid, 70.0 - (120.0 - grid) ** 2 / 200.0)
    at_target = min(target, 120.0) if target < 20.0 else 70.0 - (120.0 - min(target, 120.0)) ** 2 / 200.0
    rebated = rebate * np.maximum(sales - at_target, 0.0)
    store = PRICE * sales + SALVAGE * (grid - sales) - price * grid + rebated
    assert found.store_profit == pytest.approx(store.max(), rel=1e-3, abs=0.1)
    assert found.store_profit >= store.max() - 1e-9


def test_a_target_at_the_best_quantity_never_coordinates_and_none_gives_the_store_more_than_all():
    for demand, _ in MARKETS:
        channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
        best = channel.integrated_quantity
        for rebate in (1.0, 8.0, 60.0):
            price = coordinating_target_rebate(channel, rebate, 1.0).wholesale_price
            assert target_sales_rebate(channel, price, rebate, best).quantity < 0.99 * best
            linear = target_sales_rebate(channel, price, rebate, 0.0)
            assert linear.quantity == pytest.approx(best)
            assert linear.store_share == pytest.approx(1.0 + rebate / (PRICE - SALVAGE), rel=1e-3)
            assert linear.supplier_profit < 0.0


def test_below_the_lowest_share_the_store_lets_the_target_go():
    channel = NewsvendorChannel(UniformDemand(0.0, 100.0), PRICE, COST, SALVAGE)
    least = lowest_rebate_share(channel, 8.0)
    price, rebate, target = coordinating_target_rebate(channel, 8.0, least)
    assert target_sales_rebate(channel, price, rebate, 0.999 * target).efficiency == pytest.approx(1.0)
    assert target_sales_rebate(channel, price, rebate, 1.001 * target).efficiency < 0.95


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize(("first", "share"), [(5.0, 0.95), (8.0, 0.6), (10.0, 0.15), (14.0, 0.5)])
def test_an_incremental_discount_coordinates_and_splits(demand, distribution, first, share):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    try:
        terms = coordinating_incremental_discount(channel, first, share)
    except ValueError:
        share = 0.99
        terms = coordinating_incremental_discount(channel, first, share)

    def pay(quantity, *_):
        return COST * quantity + (first - COST) * np.minimum(quantity, terms.break_quantity)

    agrees(incremental_discount(channel, *terms), searched(distribution, pay), share)


@given(st.floats(4.5, 12.0), st.floats(2.5, 4.4), st.floats(0.0, 130.0))
def test_any_incremental_discount_is_the_better_of_reaching_and_missing(first, further, break_quantity):
    channel = NewsvendorChannel(UniformDemand(20.0, 120.0), PRICE, COST, SALVAGE)
    found = incremental_discount(channel, first, further, break_quantity)
    grid = np.linspace(0.0, 120.0, 1201)
    sales = np.where(grid < 20.0, grid, 70.0 - (120.0 - grid) ** 2 / 200.0)
    paid = further * grid + (first - further) * np.minimum(grid, break_quantity)
    store = PRICE * sales + SALVAGE * (grid - sales) - paid
    assert found.store_profit == pytest.approx(store.max(), rel=1e-3, abs=0.1)
    assert found.store_profit >= store.max() - 1e-9


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize(("listed", "share"), [(5.0, 0.95), (8.0, 0.6), (10.0, 0.15), (14.0, 0.5)])
def test_an_all_unit_discount_coordinates_and_splits_like_the_incremental_one(
    demand, distribution, listed, share
):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    try:
        terms = coordinating_all_unit_discount(channel, listed, share)
    except ValueError:
        share = 0.99
        terms = coordinating_all_unit_discount(channel, listed, share)

    def pay(quantity, *_):
        reached = quantity >= terms.break_quantity
        return np.where(reached, terms.discounted_price, listed) * quantity

    found = all_unit_discount(channel, *terms)
    agrees(found, searched(distribution, pay, [terms.break_quantity]), share)
    assert COST <= terms.discounted_price < listed
    other = incremental_discount(channel, *coordinating_incremental_discount(channel, listed, share))
    assert found == pytest.approx(other)


@given(st.floats(4.5, 12.0), st.floats(2.5, 4.4), st.floats(0.0, 130.0))
def test_any_all_unit_discount_is_the_better_of_reaching_and_missing(listed, discounted, threshold):
    channel = NewsvendorChannel(UniformDemand(20.0, 120.0), PRICE, COST, SALVAGE)
    found = all_unit_discount(channel, listed, discounted, threshold)
    grid = np.append(np.linspace(0.0, 130.0, 1301), threshold)
    sales = np.where(grid < 20.0, grid, 70.0 - np.maximum(120.0 - grid, 0.0) ** 2 / 200.0)
    paid = np.where(grid >= threshold, discounted, listed) * grid
    store = PRICE * sales + SALVAGE * (grid - sales) - paid
    assert found.store_profit == pytest.approx(store.max(), rel=1e-3, abs=0.1)
    assert found.store_profit >= store.max() - 1e-9
    # nobody orders where the threshold costs less
    assert not discounted / listed * threshold + 1e-6 < found.quantity < threshold - 1e-6


@given(st.floats(5.0, 9.5), st.floats(0.05, 0.95), st.floats(4.0, 25.0))
def test_a_threshold_holds_the_means_between_two_bounds_and_no_others(listed, part, deviation):
    discounted = COST + part * (listed - COST)
    some = NewsvendorChannel(NormalDemand(100.0, deviation), PRICE, COST, SALVAGE)
    low, high = means_held_at_threshold(some, listed, discounted, 110.0)

    def order(mean):
        # one owner always earns something here, whatever the mean
        channel = NewsvendorChannel(NormalDemand(mean, deviation), PRICE, COST, SALVAGE)
        return all_unit_discount(channel, listed, discounted, 110.0).quantity

    assert low < high
    assert [order(low + step * (high - low)) for step in (1e-9, 0.5, 1.0 - 1e-9)] == [110.0] * 3
    at_list = order(low * (1.0 - 1e-9))
    assert at_list == pytest.approx(
        NormalDemand(low, deviation).quantile((PRICE - listed) / (PRICE - SALVAGE)), rel=1e-6
    )
    assert at_list < discounted / listed * 110.0  # the jump
    assert 110.0 < order(high + 1.0) == pytest.approx(111.0)


@pytest.mark.parametrize(("demand", "distribution"), MARKETS)
@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_continuous_discount_coordinates_and_splits(demand, distribution, share):
    channel = NewsvendorChannel(demand, PRICE, COST, SALVAGE)
    schedule = continuous_discount(channel, share)

    def pay(quantity, *_):
        return np.array([[schedule(max(q, 1e-6)) * q] for q in quantity[:, 0]])

    quantity, store, most = searched(distribution, pay)
    assert quantity == pytest.approx(channel.integrated_quantity, rel=0.03)
    assert store == pytest.approx(share * most, rel=3e-3)
    best = channel.integrated_quantity
    step = 1e-4 * best
    last = (schedule(best + step) * (best + step) - schedule(best - step) * (best - step)) / (2.0 * step)
    assert last == pytest.approx(COST, rel=1e-6)  # the last unit costs what it costs to make


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coordinating_flexibility_price(CHANNEL, 1.0), "flexibility = 1.0"),
        (lambda: quantity_flexibility(CHANNEL, 7.0, -0.1), "flexibility = -0.1"),
        (lambda: quantity_flexibility(CHANNEL, 10.0, 0.1), "wholesale_price = 10.0"),
        (
            lambda: quantity_flexibility(NewsvendorChannel(PoissonDemand(9.0), 10.0, 4.0), 5.0, 0.1),
            "no density",
        ),
        (lambda: target_sales_rebate(CHANNEL, 20.0, 5.0, 10.0), "wholesale_price = 20.0"),
        (lambda: target_sales_rebate(CHANNEL, 5.0, -1.0, 10.0), "rebate = -1.0"),
        (lambda: target_sales_rebate(CHANNEL, 5.0, 1.0, -10.0), "target = -10.0"),
        (lambda: lowest_rebate_share(CHANNEL, 0.0), "rebate = 0.0"),
        (lambda: coordinating_target_rebate(CHANNEL, 8.0, 0.3), "store_share = 0.3"),
        (lambda: coordinating_target_rebate(CHANNEL, 24.0, 0.0), "store_share = 0.0"),
        (lambda: incremental_discount(CHANNEL, 5.0, 2.0, 10.0), "further_price = 2.0"),
        (lambda: incremental_discount(CHANNEL, 5.0, 6.0, 10.0), "first_price = 5.0"),
        (lambda: incremental_discount(CHANNEL, 6.0, 5.0, -1.0), "break_quantity = -1.0"),
        (lambda: coordinating_incremental_discount(CHANNEL, 4.0, 0.5), "first_price = 4.0"),
        (lambda: coordinating_incremental_discount(CHANNEL, 5.0, 0.5), "store_share = 0.5"),
        (lambda: all_unit_discount(CHANNEL, 5.0, 2.0, 10.0), "discounted_price = 2.0"),
        (lambda: all_unit_discount(CHANNEL, 5.0, 6.0, 10.0), "list_price = 5.0"),
        (lambda: all_unit_discount(CHANNEL, 6.0, 5.0, -1.0), "break_quantity = -1.0"),
        (lambda: coordinating_all_unit_discount(CHANNEL, 4.0, 0.5), "list_price = 4.0"),
        (lambda: coordinating_all_unit_discount(CHANNEL, 5.0, 0.5), "store_share = 0.5"),
        (lambda: means_held_at_threshold(CHANNEL, 6.0, 5.0, 10.0), "demand = UniformDemand: must be normal"),
        (lambda: means_held_at_threshold(NORMAL, 10.0, 5.0, 10.0), "list_price = 10.0"),
        (lambda: means_held_at_threshold(NORMAL, 6.0, 1.0, 10.0), "discounted_price = 1.0"),
        (lambda: means_held_at_threshold(NORMAL, 6.0, 5.0, 0.0), "break_quantity = 0.0"),
        (lambda: means_held_at_threshold(NORMAL, 9.9, 2.1, 0.01), "whatever the mean demand is"),
        (lambda: continuous_discount(CHANNEL, 0.0), "store_share = 0.0"),
        (lambda: continuous_discount(CHANNEL, 0.5)(0.0), "quantity = 0.0"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
