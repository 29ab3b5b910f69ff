"""The bullwhip formulas against orders simulated here from stocks and goods under way, not from a filter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.bullwhip import (
    exponential_smoothing_ratio,
    forecast_weights,
    moving_average_ratio,
    protection_weeks,
    separate_lower_bounds,
    separate_ratios,
    shared_ratios,
)
from channelsim.theory.linear_orders import (
    autoregressive_autocorrelation,
    lognormal_autocorrelation,
    order_response,
    variance_ratio,
)


def autoregressive(rng, weeks, rho, mean=100.0):
    noise = rng.standard_normal(weeks)
    demand = np.empty(weeks)
    demand[0] = noise[0] / np.sqrt(1.0 - rho**2)
    for t in range(1, weeks):
        demand[t] = rho * demand[t - 1] + noise[t]
    return mean + demand


def averages(demand, window, mean=100.0):
    padded = np.concatenate([np.full(window, mean), demand])
    return np.convolve(padded, np.full(window, 1.0 / window), "full")[window : window + demand.size]


def smoothed(demand, weight, mean=100.0):
    found, level = np.empty_like(demand), mean
    for t, d in enumerate(demand):
        level = weight * d + (1.0 - weight) * level
        found[t] = level
    return found


def orders_by_stock_keeping(demand, targets, under_way):
    """Keep net stock and goods under way week by week; `under_way` whole weeks between the week of the order
    and that of the arrival, at least one; negative orders are returns."""
    net, coming = targets[0], [0.0] * under_way
    orders = np.empty_like(demand)
    for t, d in enumerate(demand):
        net += coming.pop(0) - d
        orders[t] = targets[t] - (net + sum(coming))
        coming.append(orders[t])
    return orders


def ratio(orders, demand, skip=200):
    return orders[skip:].var() / demand[skip:].var()


WEEKS = 60_000


@pytest.mark.parametrize(
    ("lead_time", "window", "rho"), [(0, 4, 0.0), (3, 5, 0.0), (1, 3, 0.5), (2, 3, -0.4)]
)
def test_moving_average_by_simulated_stock_keeping(lead_time, window, rho):
    demand = autoregressive(np.random.default_rng(11), WEEKS, rho)
    weeks = protection_weeks(lead_time)
    # arrives at the start of week t + 1 + lead_time, so it is under way over lead_time + 1 week ends
    orders = orders_by_stock_keeping(demand, weeks * averages(demand, window), lead_time + 1)
    assert ratio(orders, demand) == pytest.approx(moving_average_ratio(weeks, window, rho), rel=0.02)
    # the misquotation, with the lead time for L, is far away
    if lead_time:
        assert abs(ratio(orders, demand) / moving_average_ratio(lead_time, window, rho) - 1.0) > 0.1


@pytest.mark.parametrize(("lead_time", "weight", "rho"), [(0, 0.3, 0.0), (3, 0.2, 0.0), (2, 0.4, 0.6)])
def test_exponential_smoothing_by_simulated_stock_keeping(lead_time, weight, rho):
    demand = autoregressive(np.random.default_rng(12), WEEKS, rho)
    weeks = protection_weeks(lead_time)
    orders = orders_by_stock_keeping(demand, weeks * smoothed(demand, weight), lead_time + 1)
    assert ratio(orders, demand) == pytest.approx(exponential_smoothing_ratio(weeks, weight, rho), rel=0.03)


def test_the_protection_interval_is_what_keeps_the_net_stock_at_its_safety_stock():
    """L = lead time + review: with L·mean as target, net stock before the next arrival averages zero."""
    demand = autoregressive(np.random.default_rng(13), 20_000, 0.0)
    for lead_time in (0, 2):
        net, coming, ends = 0.0, [100.0] * (lead_time + 1), []
        for d in demand:
            net += coming.pop(0) - d
            ends.append(net)
            coming.append(protection_weeks(lead_time) * 100.0 - (net + sum(coming)))
        assert np.mean(ends) == pytest.approx(0.0, abs=0.1)


def test_a_known_mean_orders_exactly_what_was_ordered():
    demand = autoregressive(np.random.default_rng(14), 500, 0.0)
    orders = orders_by_stock_keeping(demand, np.full(500, 400.0), 4)
    assert np.allclose(orders[1:], demand[1:])
    assert separate_ratios([4, 4, 4], [forecast_weights()] * 3) == (1.0, 1.0, 1.0)
    assert variance_ratio(order_response(4, forecast_weights()), [1.0, 0.9, 0.8]) == 1.0


def test_a_safety_stock_on_the_estimated_spread_only_adds():
    """Chen et al. state a lower bound for z ≠ 0, with the spread of the last p forecast errors."""
    rng, window, weeks = np.random.default_rng(15), 5, 4
    demand = autoregressive(rng, WEEKS, 0.0)
    forecast = averages(demand, window)
    errors = np.zeros_like(demand)
    errors[1:] = demand[1:] - forecast[:-1]
    spread = np.sqrt(weeks * np.maximum(averages(errors**2, window, 1.0), 0.0))
    plain = ratio(orders_by_stock_keeping(demand, weeks * forecast, weeks), demand)
    with_safety = ratio(orders_by_stock_keeping(demand, weeks * forecast + 1.5 * spread, weeks), demand)
    assert with_safety > plain * 1.05
    assert with_safety > moving_average_ratio(weeks, window)


@pytest.mark.parametrize("windows", [(4, 4, 4), (3, 5, 9), (6, 2, 3)])
def test_separate_tiers_by_simulation(windows):
    demand = autoregressive(np.random.default_rng(16), WEEKS, 0.0)
    weeks, asked, found = (2, 3, 2), demand, []
    for interval, window in zip(weeks, windows):
        asked = orders_by_stock_keeping(asked, interval * averages(asked, window), interval)
        found.append(ratio(asked, demand))
    exact = separate_ratios(weeks, [forecast_weights(window=p) for p in windows])
    assert found == pytest.approx(exact, rel=0.03)


def test_shared_information_by_simulation():
    """Tier k receives tier k − 1's orders and forecasts consumers' demand."""
    demand = autoregressive(np.random.default_rng(17), WEEKS, 0.0)
    weeks, forecast, asked, found = (2, 3, 2), averages(demand, 5), demand, []
    for interval in weeks:
        asked = orders_by_stock_keeping(asked, interval * forecast, interval)
        found.append(ratio(asked, demand))
    assert found == pytest.approx(shared_ratios(weeks, forecast_weights(window=5)), rel=0.02)


WINDOW = st.integers(1, 12)
INTERVAL = st.integers(1, 8)
PERSISTENCE = st.floats(-0.9, 0.9)
SMOOTHING = st.floats(0.02, 1.0)


@given(INTERVAL, WINDOW, PERSISTENCE)
def test_the_filter_gives_the_moving_average(weeks, window, rho):
    filtered = variance_ratio(
        order_response(weeks, forecast_weights(window=window)), autoregressive_autocorrelation(rho, window)
    )
    assert filtered == pytest.approx(moving_average_ratio(weeks, window, rho), rel=1e-12)


@given(INTERVAL, SMOOTHING, PERSISTENCE)
def test_the_filter_gives_exponential_smoothing(weeks, weight, rho):
    weights = forecast_weights(smoothing=weight)
    filtered = variance_ratio(
        order_response(weeks, weights), autoregressive_autocorrelation(rho, weights.size)
    )
    assert filtered == pytest.approx(exponential_smoothing_ratio(weeks, weight, rho), rel=1e-9)


@given(st.lists(st.tuples(INTERVAL, WINDOW), min_size=1, max_size=4))
def test_the_product_never_exceeds_the_exact_ratio_of_equal_windows(tiers):
    weeks, windows = [t[0] for t in tiers], [tiers[0][1]] * len(tiers)
    exact = separate_ratios(weeks, [forecast_weights(window=p) for p in windows])
    for bound, value in zip(separate_lower_bounds(weeks, windows), exact):
        assert bound <= value * (1.0 + 1e-12)
    if len(tiers) > 1:
        assert exact[1] > separate_lower_bounds(weeks, windows)[1] * 1.001


@given(st.tuples(INTERVAL, INTERVAL, INTERVAL))
def test_the_product_is_exact_where_no_sums_of_windows_coincide(weeks):
    windows = (2, 5, 9)
    exact = separate_ratios(weeks, [forecast_weights(window=p) for p in windows])
    assert exact == pytest.approx(separate_lower_bounds(weeks, windows), rel=1e-12)


@given(st.lists(INTERVAL, min_size=2, max_size=4), WINDOW)
def test_sharing_demand_never_hurts_and_never_removes_all(weeks, window):
    weights = forecast_weights(window=window)
    shared, separate = shared_ratios(weeks, weights), separate_ratios(weeks, [weights] * len(weeks))
    assert shared[0] == pytest.approx(separate[0])
    for k in range(1, len(weeks)):
        assert 1.0 < shared[k] < separate[k]


@given(INTERVAL, WINDOW)
def test_directions(weeks, window):
    assert moving_average_ratio(weeks + 1, window) > moving_average_ratio(weeks, window) > 1.0
    assert moving_average_ratio(weeks, window + 1) < moving_average_ratio(weeks, window)
    assert moving_average_ratio(weeks, window, 0.5) < moving_average_ratio(weeks, window)
    assert order_response(weeks, forecast_weights(window=window)).sum() == pytest.approx(1.0)


def test_lognormal_autocorrelation_against_drawn_demand():
    rng, rho, deviation = np.random.default_rng(18), 0.7, 0.5
    xi = rng.standard_normal(400_000) * deviation / np.sqrt(1.0 - rho**2)
    spread = deviation / np.sqrt(1.0 - rho**2)
    for lag in (1, 3):
        later = rho**lag * xi + spread * np.sqrt(1.0 - rho ** (2 * lag)) * rng.standard_normal(xi.size)
        drawn = np.corrcoef(np.exp(xi), np.exp(later))[0, 1]
        assert lognormal_autocorrelation(rho, deviation, lag)[lag] == pytest.approx(drawn, abs=0.02)
    # what the verification relies on: at a spread of 2 % it is ρ^k
    small = lognormal_autocorrelation(0.6, 0.016, 10)
    assert small == pytest.approx(autoregressive_autocorrelation(0.6, 10), rel=3e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: moving_average_ratio(0, 5), "protection_weeks = 0"),
        (lambda: moving_average_ratio(2, 0), "window = 0"),
        (lambda: moving_average_ratio(2, 2.5), "window = 2.5"),
        (lambda: moving_average_ratio(2, 5, 1.0), "persistence = 1.0"),
        (lambda: exponential_smoothing_ratio(float("nan"), 0.2), "protection_weeks = nan"),
        (lambda: exponential_smoothing_ratio(2, 0.0), "smoothing = 0.0"),
        (lambda: exponential_smoothing_ratio(2, 0.2, -1.0), "persistence = -1.0"),
        (lambda: forecast_weights(4, 0.2), "not both"),
        (lambda: forecast_weights(smoothing=1.5), "smoothing = 1.5"),
        (lambda: protection_weeks(-1), "lead_time = -1"),
        (lambda: protection_weeks(1.5), "lead_time = 1.5"),
        (lambda: variance_ratio([1.0], []), "r_0 = 1"),
        (lambda: variance_ratio([1.0], [0.5]), "r_0 = 1"),
        (lambda: lognormal_autocorrelation(0.5, 0.0, 3), "deviation = 0.0"),
        (lambda: separate_ratios([2, 2], [forecast_weights(window=3)]), "one each per tier"),
        (lambda: separate_ratios([], []), "one each per tier"),
        (lambda: separate_lower_bounds([2], [3, 4]), "one each per tier"),
        (lambda: separate_lower_bounds([2, 0], [3, 4]), "protection_weeks = 0"),
        (lambda: shared_ratios([], forecast_weights(window=3)), "at least one tier"),
        (lambda: shared_ratios([2, -1], forecast_weights(window=3)), "protection_weeks = -1"),
    ],
)
def test_wrong_inputs_give_one_clear_line(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
