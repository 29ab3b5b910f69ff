"""The beer game against its published benchmark, and against a board whose chips are moved by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.beer_game import (
    BENCHMARK_COSTS,
    BENCHMARK_RULES,
    ESTIMATED_RULE,
    INSTRUCTED_WEEKS,
    OrderRule,
    board_demand,
    pattern,
    play,
)


def move_chips(rules, demand):
    """Play on a board: two boxes of goods before every tier, one slip of ordered cases and one of incoming.

    The five steps of a round: receive and advance goods; meet orders; count; advance the slips; order.
    """
    stock, owed, cost = [12.0] * 4, [0.0] * 4, [0.0] * 4
    near, far = [4.0] * 4, [4.0] * 4
    placed, incoming, expected = [4.0] * 4, [4.0] * 4, [4.0] * 4
    orders, net = [], []
    for consumers in demand:
        for i in range(4):
            stock[i] += near[i]
            near[i], far[i] = far[i], 0.0
        incoming[0] = consumers
        for i in range(4):
            wanted = incoming[i] + owed[i]
            met = min(stock[i], wanted)
            stock[i], owed[i] = stock[i] - met, wanted - met
            if i > 0:
                far[i - 1] = met
        for i in range(4):
            cost[i] += 0.5 * stock[i] + 1.0 * owed[i]
            expected[i] = rules[i].smoothing * incoming[i] + (1 - rules[i].smoothing) * expected[i]
        for i in range(3):
            incoming[i + 1] = placed[i]
        far[3] = placed[3]
        for i, rule in enumerate(rules):
            line = near[i] + far[i] + (incoming[i + 1] + owed[i + 1] if i < 3 else 0.0)
            gap = rule.anchor - (stock[i] - owed[i]) - rule.supply_line_weight * line
            placed[i] = max(0.0, expected[i] + rule.stock_adjustment * gap)
        orders.append(list(placed))
        net.append([a - b for a, b in zip(stock, owed)])
    return np.array(orders), np.array(net), np.array(cost)


def test_the_published_benchmark():
    """Sterman (1989): 46, 50, 54 and 54, in all 204."""
    costs = play(BENCHMARK_RULES, instructed_weeks=INSTRUCTED_WEEKS).costs
    assert costs.tolist() == list(BENCHMARK_COSTS)
    assert costs.sum() == 204.0


def test_the_benchmark_is_the_least_cost():
    least = {}
    for change in itertools.product((-4.0, -1.0, 0.0, 1.0, 4.0), repeat=4):
        rules = [rule._replace(anchor=rule.anchor + c) for rule, c in zip(BENCHMARK_RULES, change)]
        least[change] = play(rules, instructed_weeks=INSTRUCTED_WEEKS).costs.sum()
    assert min(least, key=least.get) == (0.0, 0.0, 0.0, 0.0)
    assert sorted(least.values())[1] > 204.0
    for field, value in (("smoothing", 0.2), ("stock_adjustment", 0.8), ("supply_line_weight", 0.8)):
        worse = [rule._replace(**{field: value}) for rule in BENCHMARK_RULES]
        assert play(worse, instructed_weeks=INSTRUCTED_WEEKS).costs.sum() > 204.0


RULES = st.builds(
    OrderRule,
    smoothing=st.floats(0, 1),
    stock_adjustment=st.floats(0, 1),
    supply_line_weight=st.floats(0, 1.2),
    anchor=st.floats(0, 40),
)


@given(st.lists(RULES, min_size=4, max_size=4), st.lists(st.floats(0, 20), min_size=1, max_size=60))
def test_the_equations_move_the_chips_of_the_board(rules, demand):
    orders, net, costs = move_chips(rules, demand)
    found = play(rules, demand)
    assert found.orders == pytest.approx(orders, rel=1e-9, abs=1e-9)
    assert found.net_stock == pytest.approx(net, rel=1e-9, abs=1e-9)
    assert found.costs == pytest.approx(costs, rel=1e-9, abs=1e-9)


@given(RULES, st.integers(0, 3), st.integers(1, 4), st.integers(1, 4))
def test_balance_stays_balance(rule, order_delay, shipping_delay, production_delay):
    """Constant demand and an S' that wants what is there: every order is the flow, whatever the rule."""
    weeks = [order_delay + shipping_delay - 1] * 3 + [production_delay - 1]
    balanced = [rule._replace(anchor=12.0 + rule.supply_line_weight * 4.0 * w) for w in weeks]
    delays = {"order_delay": order_delay, "shipping_delay": shipping_delay}
    found = play(balanced, np.full(30, 4.0), production_delay=production_delay, **delays)
    assert np.allclose(found.orders, 4.0)
    assert np.allclose(found.net_stock, 12.0)


def test_the_published_pattern():
    """Amplification and phase lag from tier to tier; first backlog, then too much stock."""
    found = play(ESTIMATED_RULE)
    seen = pattern(found.orders, found.net_stock)
    assert all(np.diff(seen.peak_orders) > 0)
    assert all(np.diff(seen.peak_weeks) > 0)
    assert seen.amplification[3] > 5.0
    assert min(seen.deepest_backlogs) > 10.0
    assert all(found.net_stock.argmin(axis=0) < found.net_stock.argmax(axis=0))
    # about ten times what the benchmark costs
    assert 8.0 < found.costs.sum() / 204.0 < 14.0


def test_forgetting_the_supply_line_is_what_makes_it_swing():
    peaks = []
    for weight in (0.0, 0.34, 1.0):
        # S' wants the same stock of 12 and its supply line at the opening flow, whatever the weight
        line = np.array([12.0, 12.0, 12.0, 8.0])
        rules = [ESTIMATED_RULE._replace(supply_line_weight=weight, anchor=12.0 + weight * x) for x in line]
        found = play(rules)
        peaks.append(pattern(found.orders, found.net_stock).peak_orders[3])
    assert peaks[0] > peaks[1] > peaks[2]


def test_orders_that_arrive_at_once_amplify_as_much_but_hardly_lag():
    board, at_once = play(), play(order_delay=0, shipping_delay=4)
    ours = pattern(at_once.orders, at_once.net_stock)
    theirs = pattern(board.orders, board.net_stock)
    assert ours.peak_orders == pytest.approx(theirs.peak_orders, rel=0.01)
    assert theirs.peak_weeks[3] - theirs.peak_weeks[0] >= 6
    assert ours.peak_weeks[3] - ours.peak_weeks[0] <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: play([]), "at least one"),
        (lambda: play(demand=[]), "demand"),
        (lambda: play(demand=[4.0, -1.0]), "none negative"),
        (lambda: play(shipping_delay=0), "shipping_delay = 0"),
        (lambda: play(order_delay=-1), "order_delay = -1"),
        (lambda: play(ESTIMATED_RULE._replace(smoothing=1.2)), "smoothing = 1.2: must lie in [0, 1]"),
        (
            lambda: play(ESTIMATED_RULE._replace(supply_line_weight=-0.1)),
            "supply_line_weight = -0.1: must be at least 0",
        ),
        (lambda: board_demand(0), "weeks = 0"),
        (lambda: pattern([4.0, 8.0], [0.0, 0.0]), "weeks × tiers"),
        (lambda: pattern([[4.0]], [[0.0, 1.0]]), "weeks × tiers"),
        (lambda: pattern([[4.0]], [[0.0]], step=0.0), "step = 0.0"),
    ],
)
def test_wrong_inputs_give_one_clear_line(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
