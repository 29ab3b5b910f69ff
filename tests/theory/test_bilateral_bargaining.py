"""Two who divide a pool, and a maker and a store that come to rest at two prices at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from channelsim.theory.bilateral_bargaining import bargained_channel
from channelsim.theory.vertical_prices import linear_channel


def highest(value, low, high):
    """Return where a value is highest, by search."""
    found = minimize_scalar(
        lambda x: -value(x), bounds=(low, high), method="bounded", options={"xatol": 1e-11}
    )
    return float(found.x)


@pytest.mark.parametrize("weight", [0.1, 0.4, 0.5, 0.8])
def test_neither_side_would_move(weight):
    """The store's profit is searched for its price, the weighted Nash product for the contract's."""
    a, b, c = 45.0, 1.5, 6.0
    found = bargained_channel(a, b, c, weight)
    price = highest(lambda p: (p - found.wholesale_price) * (a - b * p), found.wholesale_price, a / b)
    assert price == pytest.approx(found.retail_price, rel=1e-6)
    sold = a - b * found.retail_price

    def product(w):
        return ((w - c) * sold) ** weight * ((found.retail_price - w) * sold) ** (1.0 - weight)

    contract = highest(product, c, found.retail_price)
    assert contract == pytest.approx(found.wholesale_price, rel=1e-6)


@given(st.floats(1.0, 99.0), st.floats(0.1, 9.0), st.floats(0.0, 0.9))
def test_a_store_that_gets_all_prices_as_one_owner(intercept, slope, part):
    cost = part * intercept / slope
    found = bargained_channel(intercept, slope, cost, weight=0.0)
    assert found.retail_price == pytest.approx(linear_channel(intercept, slope, (cost,)).prices[0])
    assert found.wholesale_price == cost


def test_the_more_the_maker_weighs_the_dearer_to_buyers():
    prices = [bargained_channel(20.0, 1.0, 4.0, w).retail_price for w in np.linspace(0.0, 1.0, 11)]
    assert np.all(np.diff(prices) > 0.0)
    assert prices[-1] == 20.0  # and at a weight of one nobody buys


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0.0, 1.0, 4.0, 0.5), "intercept = 0.0: must be above 0"),
        ((20.0, -1.0, 4.0, 0.5), "own_slope = -1.0"),
        ((20.0, 1.0, 20.0, 0.5), "unit_cost = 20: must be below 20"),
        ((20.0, 1.0, 4.0, 1.5), "weight = 1.5: must lie in"),
    ],
)
def test_bad_input_is_one_clear_line(given, message):
    with pytest.raises(ValueError, match=message) as told:
        bargained_channel(*given)
    assert "\n" not in str(told.value)
