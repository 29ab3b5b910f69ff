"""McGuire and Staelin's game against brute force: store by store, then manufacturer by manufacturer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from channelsim.theory.integration import exclusive_retailers, substitutability_thresholds
from channelsim.theory.power_structures import Duopoly, manufacturers_lead

STRUCTURES = [(False, False), (True, False), (False, True), (True, True)]
UNEQUAL = Duopoly((120.0, 100.0), (2.0, 1.5), 0.8, (15.0, 10.0))


def demand(duopoly, price):
    (a1, a2), (b1, b2) = np.broadcast_to(duopoly.intercept, 2), np.broadcast_to(duopoly.own_slope, 2)
    d = duopoly.cross_slope
    return np.array([a1 - b1 * price[0] + d * price[1], a2 - b2 * price[1] + d * price[0]])


def peak(profit, start):
    """Return where a concave quadratic of one lever peaks, from its values at three points."""
    low, middle, high = profit(start - 1.0), profit(start), profit(start + 1.0)
    assert low + high < 2 * middle
    return start - 0.5 * (high - low) / (low - 2 * middle + high)


def at_rest(response, start):
    levers = np.array(start, dtype=float)
    for _ in range(400):
        before = levers.copy()
        for i in range(2):
            levers[i] = response(i, levers)
        if np.abs(levers - before).max() <= 1e-11 * np.abs(levers).max():
            return levers
    raise AssertionError("the players do not come to rest")


def retail_prices(duopoly, wholesale, start):
    """Return the prices at which the two exclusive stores come to rest."""

    def response(i, price):
        def profit(own):
            tried = price.copy()
            tried[i] = own
            return (own - wholesale[i]) * demand(duopoly, tried)[i]

        return peak(profit, price[i])

    return at_rest(response, start)


def searched(duopoly, integrated):
    """Return wholesale and retail prices found by search alone."""
    start = duopoly.costs + 2.0

    def response(i, wholesale):
        if integrated[i]:
            return duopoly.costs[i]

        def profit(own):
            tried = wholesale.copy()
            tried[i] = own
            return (own - duopoly.costs[i]) * demand(duopoly, retail_prices(duopoly, tried, start))[i]

        return peak(profit, wholesale[i])

    wholesale = at_rest(response, duopoly.costs + 1.0)
    return wholesale, retail_prices(duopoly, wholesale, start)


def searched_profits(theta, integrated):
    """Return the first manufacturer's profit and its channel's, by search."""
    duopoly = Duopoly(1.0, 1.0, theta, 0.0)
    wholesale, retail = searched(duopoly, integrated)
    quantity = demand(duopoly, retail)[0]
    channel = retail[0] * quantity
    return channel if integrated[0] else wholesale[0] * quantity, channel


@pytest.mark.parametrize("integrated", STRUCTURES)
@pytest.mark.parametrize("duopoly", [UNEQUAL, Duopoly(100.0, 1.0, 0.9, 20.0)], ids=["unequal", "close"])
def test_equilibrium_is_where_stores_and_manufacturers_come_to_rest(duopoly, integrated):
    found = exclusive_retailers(duopoly, integrated)
    wholesale, retail = searched(duopoly, integrated)
    quantity = demand(duopoly, retail)
    np.testing.assert_allclose(found.wholesale_price, wholesale, rtol=1e-8)
    np.testing.assert_allclose(found.retail_price, retail, rtol=1e-8)
    np.testing.assert_allclose(found.quantity, quantity, rtol=1e-7)
    channel = (retail - duopoly.costs) * quantity
    maker = np.where(integrated, channel, (wholesale - duopoly.costs) * quantity)
    np.testing.assert_allclose(found.manufacturer_profit, maker, rtol=1e-7)
    np.testing.assert_allclose(found.retailer_profit, channel - maker, rtol=1e-6, atol=1e-9)


@given(st.floats(0.0, 0.99))
def test_profits_of_equal_brands_are_those_written_in_the_theory(theta):
    brands = Duopoly(1.0, 1.0, theta, 0.0)
    u, v, x = 2 - theta**2, 4 - theta - 2 * theta**2, 4 + theta - 2 * theta**2
    apart, mixed, joined = (
        exclusive_retailers(brands, s) for s in (STRUCTURES[0], STRUCTURES[1], STRUCTURES[3])
    )
    assert joined.manufacturer_profit[0] == pytest.approx(1 / (2 - theta) ** 2)
    assert apart.manufacturer_profit[0] == pytest.approx((2 + theta) * u / ((2 - theta) * v**2))
    assert apart.channel_profit[0] == pytest.approx(2 * (3 - theta**2) * u / ((2 - theta) * v) ** 2)
    assert mixed.manufacturer_profit[0] == pytest.approx((x / (2 * (2 - theta) * u)) ** 2)
    assert mixed.manufacturer_profit[1] == pytest.approx((2 + theta) / (4 * (2 - theta) * u))
    # integration by both is self-enforcing however close the substitutes
    assert mixed.manufacturer_profit[1] < joined.manufacturer_profit[1]


GAINS = {
    "channel_profit": lambda t: searched_profits(t, STRUCTURES[0])[1] - searched_profits(t, STRUCTURES[3])[1],
    "manufacturer_profit": lambda t: (
        searched_profits(t, STRUCTURES[0])[0] - searched_profits(t, STRUCTURES[3])[0]
    ),
    "self_enforcing": lambda t: searched_profits(t, STRUCTURES[0])[0] - searched_profits(t, STRUCTURES[1])[0],
    "channel_self_enforcing": lambda t: (
        searched_profits(t, STRUCTURES[0])[1] - searched_profits(t, STRUCTURES[1])[1]
    ),
}


@pytest.mark.parametrize("name", GAINS)
def test_threshold_is_where_the_searched_gain_changes_sign(name):
    threshold = getattr(substitutability_thresholds(), name)
    assert brentq(GAINS[name], 0.3, 0.95, xtol=1e-8) == pytest.approx(threshold, abs=1e-7)


def test_thresholds_do_not_depend_on_market_size_or_costs():
    found = substitutability_thresholds()
    for theta, sign in ((found.manufacturer_profit - 1e-3, -1), (found.manufacturer_profit + 1e-3, 1)):
        brands = Duopoly(70.0, 2.5, 2.5 * theta, 12.0)
        gain = (
            exclusive_retailers(brands).manufacturer_profit
            - exclusive_retailers(brands, (True, True)).manufacturer_profit
        )
        assert np.all(sign * gain > 0)


def test_between_two_thresholds_the_manufacturers_are_in_a_prisoners_dilemma():
    found = substitutability_thresholds()
    theta = 0.5 * (found.manufacturer_profit + found.self_enforcing)
    brands = Duopoly(1.0, 1.0, theta, 0.0)
    apart, mixed, joined = (
        exclusive_retailers(brands, s).manufacturer_profit[0]
        for s in (STRUCTURES[0], STRUCTURES[1], STRUCTURES[3])
    )
    assert joined < apart < mixed


def test_without_substitution_integration_always_pays():
    brands = Duopoly((100.0, 60.0), (1.0, 2.0), 0.0, (20.0, 5.0))
    apart, joined = exclusive_retailers(brands), exclusive_retailers(brands, (True, True))
    np.testing.assert_allclose(joined.manufacturer_profit / apart.manufacturer_profit, 2.0)
    np.testing.assert_allclose(apart.channel_profit / joined.channel_profit, 0.75)
    mixed = exclusive_retailers(brands, (True, False))
    assert mixed.manufacturer_profit[0] == pytest.approx(joined.manufacturer_profit[0])


@given(st.floats(0.01, 0.95))
def test_a_manufacturer_earns_more_with_an_exclusive_dealer_than_in_a_common_store(theta):
    """Choi (1991), linear demand."""
    brands = Duopoly(100.0, 1.0, theta, 20.0)
    assert np.all(
        exclusive_retailers(brands).manufacturer_profit > manufacturers_lead(brands).manufacturer_profit
    )


@pytest.mark.parametrize("wrong", [(True,), "yes", (0.5, 1.0), None, (True, False, True)])
def test_a_structure_that_is_none_is_refused_in_one_line(wrong):
    with pytest.raises(ValueError, match="integrated = ") as caught:
        exclusive_retailers(UNEQUAL, wrong)
    assert "\n" not in str(caught.value)
