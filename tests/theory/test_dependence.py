"""Dependence in closed form against markets worked out anew with the lost shelves taken away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from channelsim.theory import dependence as theory
from channelsim.theory import lost_shelves
from channelsim.theory.choice import diversion_ratios
from refusals import refused_in_one_line


def chosen(utility, offered):
    """Shares by logit, option by option, over what is on offer."""
    weight = [np.exp(v) if on else 0.0 for v, on in zip(utility, offered)]
    return np.array(weight) / (1.0 + sum(weight))


def earned_without(quantities, margins, lost):
    """Return profit now less profit with some shelves gone, given what the others then sell."""
    now, then = quantities
    return float(margins @ now - margins @ np.where(np.isin(np.arange(len(now)), lost), 0.0, then))


def bought(intercept, slopes, price, lost):
    """Units of linear demand where lost shelves ask what nobody pays: each price found by bisection."""
    price = np.array(price)
    for _ in range(400):  # round after round, shelf after shelf
        for gone in lost:

            def units(tried, gone=gone):
                price[gone] = tried
                return intercept[gone] - slopes[gone] @ price

            price[gone] = brentq(units, 0.0, 1e4, xtol=1e-13)
    return intercept - slopes @ price


shelf_sets = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-2.0, 2.0), min_size=n, max_size=n),
        st.lists(st.floats(0.0, 9.0), min_size=n, max_size=n),
        st.sets(st.integers(0, n - 1), min_size=1, max_size=n),
    )
)


@given(shelf_sets)
def test_logit_dependence_is_what_a_market_without_the_shelves_loses(drawn):
    utility, margins, lost = np.array(drawn[0]), np.array(drawn[1]), sorted(drawn[2])
    margins[lost[0]] += 0.5  # something is lost
    offered = ~np.isin(np.arange(len(utility)), lost)
    now, then = chosen(utility, np.ones(len(utility), dtype=bool)), chosen(utility, offered)
    found = lost_shelves.logit_dependence(now, margins, lost, buyers=40.0)
    lost_money = 40.0 * earned_without((now, then), margins, lost)
    assert found.gain == pytest.approx(lost_money, rel=1e-9, abs=1e-9)
    assert found.value == pytest.approx(40.0 * margins[lost] @ now[lost])
    # the part of the loss that is a part of all it earns
    whole = 40.0 * margins @ now
    assert found.dependence == pytest.approx(max(lost_money, 0.0) / whole, rel=1e-9, abs=1e-9)


def test_kinds_of_buyers_turn_where_they_like():
    """Two kinds of 30 and 70 buyers, each of whose choices is worked out anew without two of four shelves."""
    utility = np.array([[1.0, 0.2, -0.5, 0.4], [-1.0, 0.8, 0.9, 0.0]])
    buyers, margins, lost = np.array([30.0, 70.0]), np.array([3.0, 1.0, 2.0, 0.0]), [0, 3]
    on = np.ones(4, dtype=bool)
    now, then = (
        np.array([chosen(row, offered) for row in utility]) for offered in (on, ~np.isin(range(4), lost))
    )
    found = lost_shelves.logit_dependence(now, margins, lost, buyers)
    assert found.gain == pytest.approx(earned_without((buyers @ now, buyers @ then), margins, lost))
    mean = lost_shelves.logit_dependence(buyers @ now / 100.0, margins, lost, 100.0)
    assert found.gain != pytest.approx(mean.gain, rel=1e-3)  # shares of the mean buyer will not do


def test_one_lost_option_has_the_usual_diversion_ratio():
    shares = np.array([0.2, 0.3, 0.15])
    ratio = diversion_ratios(shares, lost=1)
    np.testing.assert_allclose(lost_shelves.diverted(shares, [1])[[0, 2]], ratio[[0, 2]], rtol=1e-14)


@given(st.integers(1, 8), st.floats(-2.0, 2.0), st.data())
def test_equal_logit_shelves(shelves, utility, data):
    lost = data.draw(st.integers(1, shelves))
    offered = np.arange(shelves) >= lost
    now, then = (chosen([utility] * shelves, on) for on in (np.ones(shelves, dtype=bool), offered))
    loss = 1.0 - then[offered].sum() / now.sum()  # equal margins: units will do
    assert lost_shelves.symmetric_logit(shelves, now[0], lost) == pytest.approx(loss, rel=1e-9)


@given(st.integers(2, 8), st.floats(0.01, 0.99))
def test_shelves_lost_together_weigh_more_than_one_by_one(shelves, filled):
    share = filled / shelves
    together = lost_shelves.symmetric_logit(shelves, share, 2)
    assert together > 2.0 * lost_shelves.symmetric_logit(shelves, share, 1)


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.tuples(
            st.lists(st.floats(2.0, 6.0), min_size=n, max_size=n),
            st.lists(st.floats(0.0, 1.2 / n), min_size=n * n, max_size=n * n),
            st.lists(st.floats(0.5, 9.0), min_size=n, max_size=n),
            st.sets(st.integers(0, n - 1), min_size=1, max_size=n),
        )
    )
)
def test_linear_dependence_is_what_a_market_without_the_shelves_loses(drawn):
    own, cross, margins, lost = (np.array(part) for part in (*drawn[:3], sorted(drawn[3])))
    n = len(own)
    slopes = np.where(np.eye(n, dtype=bool), np.diag(own), -cross.reshape(n, n))
    price, intercept = np.full(n, 5.0), np.full(n, 60.0)
    now = intercept - slopes @ price
    then = bought(intercept, slopes, price, lost)
    found = lost_shelves.linear_dependence(now, slopes, margins, lost.tolist())
    assert found.gain == pytest.approx(earned_without((now, then), margins, lost), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize(("shelves", "lost"), [(1, 1), (2, 1), (3, 2), (5, 3), (4, 4)])
def test_equal_linear_shelves(shelves, lost):
    own, cross, intercept = 3.0, 0.5, np.full(shelves, 60.0)
    slopes = (own + cross) * np.eye(shelves) - cross
    price = np.full(shelves, 8.0)
    now, then = intercept - slopes @ price, bought(intercept, slopes, price, range(lost))
    loss = 1.0 - then[lost:].sum() / now.sum()
    assert lost_shelves.symmetric_linear(shelves, own, cross, lost) == pytest.approx(loss, rel=1e-9)
    ones, gone = np.ones(shelves), list(range(lost))
    assert lost_shelves.linear_dependence(now, slopes, ones, gone).dependence == pytest.approx(loss, rel=1e-9)


def test_resupply_by_hand():
    """Three shelves: one finds a dearer source, one none, one is not touched."""
    units, now = [10.0, 20.0, 5.0], [4.0, 2.0, 6.0]
    found = theory.resupplied_dependence(units, now, [0, 1], [3.0, np.nan], switching_cost=4.0)
    before, after = 40.0 + 40.0 + 30.0, (30.0 - 4.0) + 0.0 + 30.0
    assert found.gain == pytest.approx(before - after)
    assert found.dependence == pytest.approx((before - after) / before)


@given(st.floats(0.1, 99.0), st.floats(0.1, 9.0))
def test_a_relationship_replaced_without_cost_makes_not_dependent(units, margin):
    found = theory.resupplied_dependence([units, 7.0], [margin, 2.0], [0], [margin])
    assert (found.scarcity, found.dependence, found.gain) == (0.0, 0.0, 0.0)
    assert theory.resupplied_dependence([units], [margin], [0], [np.nan]).dependence == 1.0


@given(st.floats(1.0, 1e4), st.floats(0.0, 1.0), st.floats(0.0, 1e5), st.floats(1.0, 200.0))
def test_an_option_is_worth_what_it_brings_over_the_horizon(value, acceptance, fixed, horizon):
    over_horizon = max(acceptance * value * horizon - fixed, 0.0)  # nobody takes what costs more
    loss = 1.0 - over_horizon / (value * horizon)
    found = theory.dependence_with_option(value, acceptance, fixed, horizon)
    assert found == pytest.approx(loss, rel=1e-9, abs=1e-12)


def test_equal_alternatives_leave_the_small_one_more_dependent():
    small, large = (theory.dependence_with_option(v, 0.9, 2000.0) for v in (100.0, 900.0))
    assert small > 2.0 * large
    assert theory.dependence_with_option(100.0, 0.9) == theory.dependence_with_option(900.0, 0.9)


def test_the_whole_firm_depends_less_than_its_place():
    """Two towns apart are one market of two kinds of buyers, neither of whom goes to the other's stores."""
    here = lost_shelves.logit_dependence([0.2, 0.3], [2.0, 2.0], [0], buyers=100.0)
    else_earned = 2.0 * 300.0 * 0.5
    both = theory.dependence(here.value, here.recaptured, 2.0 * 100.0 * 0.5 + else_earned)
    assert theory.firm_wide(here.dependence, 100.0, else_earned) == pytest.approx(both.dependence)


def test_less_than_nothing_is_lost_where_a_shelf_earns_less_than_the_one_that_replaces_it():
    found = lost_shelves.logit_dependence([0.4, 0.4], [1.0, 9.0], [0])
    assert found.gain < 0.0
    assert (found.scarcity, found.dependence) == (0.0, 0.0)
    below_cost = lost_shelves.logit_dependence([0.4, 0.4], [-1.0, 9.0], [0])
    assert (below_cost.utility, below_cost.dependence) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.dependence(2.0, 0.0, 1.0), "value = 2: more than total = 1"),
        (lambda: theory.dependence(1.0, np.nan, 1.0), "recaptured = nan: must be a finite number"),
        (lambda: theory.dependence(0.0, 0.0, 0.0), "total = 0.0: must be above 0"),
        (lambda: lost_shelves.diverted([0.7, 0.6], [0]), "shares: 1.3 in all, more than 1"),
        (lambda: lost_shelves.diverted([0.2, 0.0], [0]), "shares = 0.0: must be above 0"),
        (lambda: lost_shelves.diverted([0.4, 0.6], [0, 1]), "nothing is left"),
        (lambda: lost_shelves.diverted([0.4, 0.5], [2]), "lost = \\[2\\]: at least one position from 0 to 1"),
        (lambda: lost_shelves.diverted([0.4, 0.5], [1, 1]), "each once"),
        (lambda: lost_shelves.logit_dependence([0.4, 0.5], [1.0, 2.0, 3.0], [0]), "margins: shape"),
        (lambda: lost_shelves.logit_dependence([0.4, 0.5], 1.0, [0], buyers=0.0), "buyers = 0.0"),
        (lambda: lost_shelves.logit_dependence([0.4, 0.5], 1.0, []), "lost = \\[\\]"),
        (lambda: lost_shelves.symmetric_logit(4, 0.25), "share = 0.25: must lie in"),
        (lambda: lost_shelves.symmetric_logit(0, 0.1), "shelves = 0"),
        (lambda: lost_shelves.symmetric_logit(2, 0.1, lost=3), "lost = 3: there are 2 shelves"),
        (lambda: lost_shelves.linear_dependence([1.0, 0.0], np.eye(2), 1.0, [0]), "quantities = 0.0"),
        (lambda: lost_shelves.linear_dependence([1.0, 1.0], np.eye(3), 1.0, [0]), "slopes: shape"),
        (lambda: lost_shelves.linear_dependence([1.0, 1.0], -np.eye(2), 1.0, [0]), "own slopes = -1.0"),
        (
            lambda: lost_shelves.linear_dependence([1.0, 1.0], [[1.0, -1.0], [-1.0, 1.0]], 1.0, [0, 1]),
            "those of the lost shelves are singular",
        ),
        (lambda: lost_shelves.symmetric_linear(3, 1.0, 0.5), "cross_slope = 0.5: 2 of them must be below"),
        (lambda: lost_shelves.symmetric_linear(3, 0.0, 0.0), "own_slope = 0.0"),
        (lambda: lost_shelves.symmetric_linear(3, 1.0, 0.1, lost=4), "lost = 4"),
        (lambda: theory.resupplied_dependence([1.0], [1.0], [0], [1.0, 2.0]), "margins_elsewhere: shape"),
        (lambda: theory.resupplied_dependence([1.0], [1.0], [0], [1.0], -1.0), "switching_cost = -1.0"),
        (lambda: theory.resupplied_dependence([0.0], [1.0], [0], [1.0]), "quantities = 0.0"),
        (lambda: theory.dependence_with_option(0.0, 0.5), "value = 0.0"),
        (lambda: theory.dependence_with_option(1.0, 1.5), "acceptance = 1.5"),
        (lambda: theory.dependence_with_option(1.0, 0.5, 1.0, 0.0), "horizon_weeks = 0.0"),
        (lambda: theory.firm_wide(1.1, 1.0, 1.0), "local_dependence = 1.1"),
        (lambda: theory.firm_wide(0.5, 0.0, 1.0), "earned_here = 0.0"),
        (lambda: theory.firm_wide(0.5, 1.0, -1.0), "earned_elsewhere = -1.0"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    refused_in_one_line(call, message)
