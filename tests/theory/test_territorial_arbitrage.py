"""Arbitrage between territories against linear programmes, searches and a spatial equilibrium."""

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog, minimize_scalar

from channelsim.theory.territorial_arbitrage import (
    arbitrage,
    deterring_fine,
    deterring_monitoring,
    receiving_store,
)

PRICES = st.floats(0.0, 100.0)


@given(PRICES, PRICES, st.floats(0.0, 20.0), st.floats(0.0, 20.0))
def test_the_law_of_one_price_is_the_dual_of_least_cost_supply(own, other, transport, fine):
    """Ten units are supplied by whichever way costs least; what an eleventh would cost is the dual price."""
    best = linprog([own, other + transport + fine], A_eq=[[1.0, 1.0]], b_eq=[10.0])
    found = arbitrage(own, other, transport, fine)
    assert found.mean_cost == pytest.approx(best.eqlin.marginals[0], abs=1e-9)
    assert found.mean_cost - other <= transport + fine + 1e-9
    assert (found.gain > 0.0) == (own - other > transport + fine)


@given(PRICES, PRICES, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_store_pays_the_mean_of_both_sources(own, other, share, accepted):
    found = arbitrage(own, other, 1.0, 2.0, share, accepted)
    from_other = own - share * found.gain
    assert found.mean_cost == pytest.approx((1.0 - accepted) * own + accepted * from_other)
    carrier = from_other - other - 1.0 - 2.0
    if found.gain > 0.0:
        assert carrier == pytest.approx((1.0 - share) * found.gain, abs=1e-9)


@pytest.mark.parametrize("detection", [0.1, 0.35, 1.0])
def test_the_deterring_fine_is_where_the_gain_ends(detection):
    fine = deterring_fine(30.0, 20.0, 2.0, detection)
    root = brentq(lambda f: 30.0 - 20.0 - 2.0 - detection * f, 0.0, 1e4)
    assert fine == pytest.approx(root)
    assert arbitrage(30.0, 20.0, 2.0, detection * fine * 1.0001).gain == 0.0
    assert arbitrage(30.0, 20.0, 2.0, detection * fine * 0.9999).gain > 0.0


def test_nobody_needs_to_be_deterred_or_can_be():
    assert deterring_fine(22.0, 20.0, 2.0, 0.0) == 0.0
    assert deterring_fine(30.0, 20.0, 2.0, 0.0) == inf
    assert deterring_monitoring(30.0, 20.0, 2.0, 8.0, 10.0) == inf
    assert deterring_monitoring(30.0, 20.0, 2.0, 100.0, 10.0, found_unmonitored=0.1) == 0.0
    assert deterring_monitoring(22.0, 20.0, 2.0, 0.0, 10.0) == 0.0


@given(st.floats(8.1, 500.0), st.floats(0.0, 0.5), st.floats(0.1, 1.0))
def test_the_deterring_monitoring_makes_the_expected_fine_the_gain(fine, unmonitored, attributed):
    found = deterring_monitoring(30.0, 20.0, 2.0, fine, 10.0, unmonitored, attributed)
    if found in (0.0, inf):
        assert attributed * fine * (unmonitored if found == 0.0 else 1.0) >= 8.0 or found == inf
        return
    detection = attributed * (unmonitored + (1.0 - unmonitored) * (1.0 - exp(-found / 10.0)))
    assert detection * fine == pytest.approx(8.0, rel=1e-9)


@pytest.mark.parametrize("cost", [0.0, 12.0, 27.5])
def test_the_receiving_store_earns_most(cost):
    found = receiving_store(100.0, 2.0, cost, 0.3)
    best = minimize_scalar(lambda p: -(p - cost) * (100.0 - 2.0 * p), bounds=(cost, 50.0), method="bounded")
    assert found.price == pytest.approx(best.x, abs=1e-4)
    assert found.quantity == pytest.approx(100.0 - 2.0 * found.price)
    assert found.carried_in == pytest.approx(0.3 * found.quantity)


def test_a_spatial_equilibrium_has_the_difference_of_transport_cost():
    """Samuelson's two markets, found by welfare: prices differ by t where goods flow, by less where not."""

    def prices(transport):
        # supply price 10 + s in either place; demand prices 40 − d and 90 − d
        def loss(flow):
            here, there = (40.0 - 10.0 - flow) / 2.0, (90.0 - 10.0 + flow) / 2.0
            surplus = sum((a - 10.0) * d - d * d / 2.0 for a, d in ((40.0, here), (90.0, there)))
            made = (here + flow) ** 2 / 2.0 + (there - flow) ** 2 / 2.0
            return -(surplus - made - transport * abs(flow))

        flow = minimize_scalar(loss, bounds=(-30.0, 30.0), method="bounded", options={"xatol": 1e-10}).x
        here, there = (40.0 - 10.0 - flow) / 2.0, (90.0 - 10.0 + flow) / 2.0
        return 40.0 - here, 90.0 - there, flow

    autarky = 25.0
    for transport in (4.0, 10.0):
        here, there, flow = prices(transport)
        assert flow > 0.0
        assert there - here == pytest.approx(transport, abs=1e-5)
    here, there, flow = prices(40.0)
    assert flow == pytest.approx(0.0, abs=1e-5)
    assert there - here == pytest.approx(autarky, abs=1e-4)
    for transport, expected in ((4.0, 4.0), (40.0, autarky)):
        assert arbitrage(autarky + 20.0, 20.0, transport).mean_cost - 20.0 == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arbitrage(-1.0, 1.0, 0.0), "own_price"),
        (lambda: arbitrage(1.0, np.nan, 0.0), "other_price"),
        (lambda: arbitrage(1.0, 1.0, -0.1), "transport"),
        (lambda: arbitrage(1.0, 1.0, 0.0, -0.1), "expected_fine"),
        (lambda: arbitrage(1.0, 1.0, 0.0, 0.0, 1.1), "store_share"),
        (lambda: arbitrage(1.0, 1.0, 0.0, 0.0, 1.0, 1.1), "accepted"),
        (lambda: deterring_fine(2.0, 1.0, 0.0, 1.1), "detection"),
        (lambda: deterring_monitoring(2.0, 1.0, 0.0, 1.0, 0.0), "scale"),
        (lambda: deterring_monitoring(2.0, 1.0, 0.0, -1.0, 1.0), "fine"),
        (lambda: receiving_store(10.0, 0.0, 1.0), "slope"),
        (lambda: receiving_store(10.0, 2.0, 6.0), "intercept"),
    ],
)
def test_what_is_not_admissible_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
