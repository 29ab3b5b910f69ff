"""Quantity discounts against a retailer that searches its best quantity under the schedule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from channelsim.theory.quantity_discount import (
    acceptable_shares,
    all_units_discount,
    constant_elasticity_quantity_discount,
    coordinating_schedule,
    incremental_discount,
    linear_quantity_discount,
)
from channelsim.theory.vertical_prices import linear_channel
from refusals import refused_in_one_line

A, B, COST, RETAILER_COST = 90.0, 1.5, 9.0, 3.0
MOST = np.max((np.linspace(0, 60, 600_001) - 12.0) * (90.0 - 1.5 * np.linspace(0, 60, 600_001)))


def linear_price(quantity):
    return (A - quantity) / B


def best_quantity(profit, low, high):
    """Return the quantity with the highest profit: the best of a grid, then refined."""
    grid = np.linspace(low, high, 2001)
    at = grid[np.argmax([profit(q) for q in grid])]
    step = grid[1] - grid[0]
    found = minimize_scalar(
        lambda q: -profit(q),
        bounds=(max(at - step, low), at + step),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


@given(st.floats(0.02, 1.0), st.floats(-300.0, 300.0))
def test_the_retailer_buys_what_one_owner_would_sell_at_any_split(share, side_payment):
    found = linear_quantity_discount(A, B, COST, RETAILER_COST, share, side_payment)

    def profit(quantity):
        return (linear_price(quantity) - RETAILER_COST - found.schedule(quantity)) * quantity

    quantity = best_quantity(profit, 0.5, 89.5)
    assert quantity == pytest.approx((A - B * 12.0) / 2, rel=1e-5)
    assert found.quantity == pytest.approx((A - B * 12.0) / 2)
    assert profit(quantity) == pytest.approx(share * MOST + side_payment, rel=1e-6, abs=1e-5)
    assert found.retailer_profit == pytest.approx(profit(quantity), rel=1e-6, abs=1e-5)
    manufacturer = (found.schedule(quantity) - COST) * quantity
    assert found.manufacturer_profit == pytest.approx(manufacturer, rel=1e-4, abs=1e-2)
    assert found.manufacturer_profit + found.retailer_profit == pytest.approx(MOST, rel=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_schedule_coordinates_under_constant_elasticity_too(share):
    scale, elasticity, cost, retailer_cost = 4000.0, 2.5, 4.0, 0.5
    found = constant_elasticity_quantity_discount(scale, elasticity, cost, retailer_cost, share, 7.0)
    price = np.linspace(5.0, 20.0, 1_500_001)
    channel = (price - 4.5) * scale * price**-elasticity
    owner = scale * price[channel.argmax()] ** -elasticity

    def profit(quantity):
        return ((scale / quantity) ** (1 / elasticity) - retailer_cost - found.schedule(quantity)) * quantity

    quantity = best_quantity(profit, 1.0, 200.0)
    assert quantity == pytest.approx(owner, rel=1e-4)
    assert found.quantity == pytest.approx(owner, rel=1e-4)
    assert found.retailer_profit == pytest.approx(share * channel.max() + 7.0, rel=1e-8)
    assert found.manufacturer_profit == pytest.approx((1 - share) * channel.max() - 7.0, rel=1e-8)


@given(st.floats(0.05, 0.95), st.floats(-200.0, 0.0))
def test_it_is_a_discount_and_the_last_unit_costs_what_it_costs_to_make(share, side_payment):
    found = linear_quantity_discount(A, B, COST, RETAILER_COST, share, side_payment)
    prices = [found.schedule(quantity) for quantity in np.linspace(1.0, 89.0, 50)]
    assert np.all(np.diff(prices) < 0)
    step = 1e-3
    bills = [(found.quantity + s) * found.schedule(found.quantity + s) for s in (-step, step)]
    assert (bills[1] - bills[0]) / (2 * step) == pytest.approx(COST, rel=1e-6)


def test_one_wholesale_price_for_every_unit_does_not_coordinate():
    """Negative control: the price that the schedule reaches, asked for every unit, sells less."""
    found = linear_quantity_discount(A, B, COST, RETAILER_COST, 0.5)
    fixed = best_quantity(lambda q: (linear_price(q) - RETAILER_COST - found.wholesale_price) * q, 0.5, 89.5)
    assert fixed < 0.8 * found.quantity


def test_with_the_whole_profit_to_the_retailer_the_schedule_is_a_two_part_tariff():
    price = coordinating_schedule(linear_price, COST, RETAILER_COST, 1.0, -500.0)
    for quantity in (10.0, 36.0, 80.0):
        assert price(quantity) * quantity == pytest.approx(500.0 + COST * quantity)


def test_within_the_acceptable_shares_nobody_loses_by_the_discount():
    apart = linear_channel(A, B, [COST, RETAILER_COST])
    lowest, highest = acceptable_shares(MOST, *apart.profits)
    for share in np.linspace(lowest, highest, 5):
        found = linear_quantity_discount(A, B, COST, RETAILER_COST, share)
        assert found.manufacturer_profit >= apart.profits[0] - 1e-6
        assert found.retailer_profit >= apart.profits[1] - 1e-6
    below = linear_quantity_discount(A, B, COST, RETAILER_COST, lowest - 0.01)
    above = linear_quantity_discount(A, B, COST, RETAILER_COST, highest + 0.01)
    assert below.retailer_profit < apart.profits[1]
    assert above.manufacturer_profit < apart.profits[0]


@pytest.mark.parametrize("list_price", [15.0, 33.0, 56.0, 70.0])
def test_an_all_units_discount_coordinates_exactly_between_its_bounds(list_price):
    found = all_units_discount(A, B, COST, list_price, RETAILER_COST)
    grid = np.linspace(0.0, 90.0, 90_001)

    def bought(discounted):
        asked = np.where(grid >= found.break_quantity - 1e-9, discounted, list_price)
        return grid[np.argmax((linear_price(grid) - RETAILER_COST - asked) * grid)]

    assert found.break_quantity == pytest.approx(36.0)
    assert found.lowest_price == COST
    margin = found.highest_price - found.lowest_price
    assert margin > 0
    for part in (0.001, 0.5, 0.999):
        assert bought(found.lowest_price + part * margin) == pytest.approx(36.0)
    assert bought(found.highest_price + 0.01) < 36.0 - 0.5
    assert bought(found.lowest_price - 0.1) > 36.0 + 0.05


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_quantity_discount(100.0, 1.0, 20.0, retailer_share=0.0), "retailer_share"),
        (lambda: linear_quantity_discount(100.0, 1.0, 20.0, side_payment=float("inf")), "side_payment"),
        (lambda: linear_quantity_discount(100.0, 1.0, 120.0), "choke price"),
        (lambda: linear_quantity_discount(100.0, 1.0, 20.0, -5.0), "retailer_cost"),
        (lambda: constant_elasticity_quantity_discount(100.0, 0.9, 20.0), "elasticity"),
        (lambda: constant_elasticity_quantity_discount(-1.0, 2.0, 20.0), "scale"),
        (lambda: constant_elasticity_quantity_discount(1.0, 2.0, 20.0, retailer_share=1.1), "retailer_share"),
        (lambda: coordinating_schedule(linear_price, -1.0), "manufacturer_cost"),
        (lambda: coordinating_schedule(linear_price, 1.0, float("nan")), "retailer_cost"),
        (lambda: coordinating_schedule(linear_price, 1.0)(0.0), "quantity"),
        (lambda: acceptable_shares(0.0, 1.0, 1.0), "channel_profit"),
        (lambda: acceptable_shares(10.0, -1.0, 1.0), "manufacturer_profit"),
        (lambda: acceptable_shares(10.0, 8.0, 4.0), "channel_profit"),
        (lambda: all_units_discount(100.0, 1.0, 20.0, 20.0), "list_price"),
        (lambda: all_units_discount(100.0, 1.0, 20.0, float("nan")), "list_price"),
        (lambda: all_units_discount(10.0, 1.0, 20.0, 30.0), "choke price"),
    ],
)
def test_wrong_input_is_told_in_one_line(call, words):
    refused_in_one_line(call, words)


@given(st.floats(9.5, 80.0), st.floats(0.0, 1.0))
def test_an_incremental_discount_coordinates_up_to_its_highest_break(list_price, part):
    highest = incremental_discount(A, B, COST, list_price, RETAILER_COST).highest_break
    found = incremental_discount(A, B, COST, list_price, RETAILER_COST, part * highest)
    quantity = np.linspace(0.0, 89.0, 8901)

    def profit(break_quantity):
        paid = COST * quantity + (list_price - COST) * np.minimum(quantity, break_quantity)
        return (linear_price(quantity) - RETAILER_COST) * quantity - paid

    bought = profit(found.break_quantity)
    assert found.retailer_profit == pytest.approx(bought.max(), rel=1e-5, abs=1e-3)
    assert found.manufacturer_profit + found.retailer_profit == pytest.approx(MOST, rel=1e-6)
    if part < 0.99:
        assert quantity[bought.argmax()] == pytest.approx((A - B * 12.0) / 2, abs=0.011)
    beyond = profit(1.01 * highest + 0.1)
    assert quantity[beyond.argmax()] < (A - B * 12.0) / 2 - 0.1


def test_incremental_discounts_split_as_far_as_the_list_price_reaches():
    at_choke = incremental_discount(A, B, COST, A / B, RETAILER_COST)
    assert at_choke.retailer_profit == pytest.approx(0.0, abs=1e-9)
    for wrong, message in ((9.0, "list_price = 9"), (float("nan"), "list_price = nan")):
        with pytest.raises(ValueError, match=message):
            incremental_discount(A, B, COST, wrong)
    with pytest.raises(ValueError, match="break_quantity = 80"):
        incremental_discount(A, B, COST, 40.0, RETAILER_COST, 80.0)
