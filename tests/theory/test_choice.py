"""Choice against simulated buyers, each with utilities drawn one by one, and against areas under demand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from channelsim.theory.choice import consumer_surplus, diversion_ratios, inclusive_value, logit_shares
from refusals import refused_in_one_line

UTILITY = np.array([[0.5, -0.3, 1.0], [1.5, 0.2, -1.0]])
"""Two kinds of buyers, three stores."""
DRAWS = 400_000

utilities = st.lists(st.floats(-20.0, 20.0), min_size=2, max_size=6)


@pytest.fixture(scope="module")
def buyers():
    """Utilities of simulated buyers, (kinds, buyers, outside good and stores)."""
    noise = np.random.default_rng(5).gumbel(size=(2, DRAWS, 4))
    return np.concatenate([np.zeros((2, 1)), UTILITY], axis=1)[:, None] + noise


def test_shares_are_those_of_simulated_buyers(buyers):
    for kind in range(2):
        counted = np.bincount(buyers[kind].argmax(axis=1), minlength=4)[1:] / DRAWS
        np.testing.assert_allclose(logit_shares(UTILITY[kind]), counted, atol=4 * 0.5 / np.sqrt(DRAWS))


def test_the_inclusive_value_is_the_mean_of_the_best_utility(buyers):
    best = buyers.max(axis=2) - np.euler_gamma
    assert (np.abs(inclusive_value(UTILITY) - best.mean(axis=1)) < 4 * best.std() / np.sqrt(DRAWS)).all()


def test_diversion_is_where_simulated_buyers_go_without_their_first_choice(buyers):
    second = buyers.copy()
    second[:, :, 1] = -np.inf
    left = buyers.argmax(axis=2) == 1
    went = np.bincount(second.argmax(axis=2)[left], minlength=4) / left.sum()
    found = diversion_ratios(logit_shares(UTILITY), 0, buyers=[1.0, 1.0])
    np.testing.assert_allclose(
        found, [went[1], went[2], went[3], went[0]], atol=4 * 0.5 / np.sqrt(left.sum())
    )


@given(utilities, st.integers(0, 1))
def test_diversion_is_the_gain_in_shares_when_an_option_goes(utility, lost):
    before = logit_shares(utility)
    rest = np.array(utility)
    rest[lost] = -np.inf
    after = logit_shares(rest)
    found = diversion_ratios(before, lost)
    assert found.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(
        (after - before)[found[:-1] > 0], (found[:-1] * before[lost])[found[:-1] > 0], atol=1e-12
    )


def test_one_store_alone_loses_all_its_buyers_to_the_outside_good():
    np.testing.assert_allclose(diversion_ratios([0.4], 0), [0.0, 1.0])


def test_two_kinds_divert_otherwise_than_their_mean():
    shares = np.array([[0.5, 0.4, 0.0], [0.1, 0.0, 0.6]])
    found = diversion_ratios(shares, 0, buyers=[1.0, 1.0])
    assert found[1] > 4 * found[2]  # the lost store's buyers are of the first kind
    mean = diversion_ratios(shares.mean(axis=0), 0)
    assert mean[1] < mean[2]


@given(utilities, st.floats(0.1, 3.0))
def test_surplus_lost_to_a_price_is_the_area_under_demand(utility, alpha):
    size, rest = 50.0, np.array(utility)

    def demand(rise):
        moved = rest.copy()
        moved[0] -= alpha * rise
        return size * logit_shares(moved)[0]

    dearer = rest.copy()
    dearer[0] -= alpha * 4.0
    lost = consumer_surplus(rest, alpha, size) - consumer_surplus(dearer, alpha, size)
    assert lost == pytest.approx(quad(demand, 0.0, 4.0, limit=200)[0], rel=1e-6, abs=1e-9)


def test_a_closing_option_costs_the_log_of_what_is_left():
    share = logit_shares(UTILITY)[:, 1]
    closed = UTILITY.copy()
    closed[:, 1] = -np.inf
    alpha, size = np.array([0.5, 0.8]), np.array([10.0, 20.0])
    lost = consumer_surplus(UTILITY, alpha, size) - consumer_surplus(closed, alpha, size)
    assert lost == pytest.approx(float(-(size * np.log(1.0 - share) / alpha).sum()), rel=1e-12)


def test_large_utilities_do_not_overflow():
    np.testing.assert_allclose(logit_shares([1000.0, 1000.0]), 0.5)
    np.testing.assert_allclose(logit_shares([-1000.0, -1000.0], outside_good=False), 0.5)
    assert inclusive_value([1000.0, -1000.0]) == 1000.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logit_shares([]), "at least one option"),
        (lambda: logit_shares([0.0, float("nan")]), "not a number"),
        (lambda: inclusive_value(3.0), "at least one option"),
        (lambda: inclusive_value([]), "at least one option"),
        (lambda: inclusive_value([float("nan")]), "not a number"),
        (lambda: consumer_surplus([0.0], 0.0), "price_sensitivity"),
        (lambda: consumer_surplus([0.0], 1.0, -1.0), "buyers"),
        (lambda: consumer_surplus([], 1.0), "at least one option"),
        (lambda: diversion_ratios([0.5, 0.6], 0), "shares"),
        (lambda: diversion_ratios([0.5, 0.2], 2), "lost = 2"),
        (lambda: diversion_ratios([0.0, 0.2], 0), "nobody buys"),
        (lambda: diversion_ratios([1.0, 0.0], 0), "no other option"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
