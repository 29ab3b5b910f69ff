"""Coalitional games against brute force, printed numbers and the properties that characterise solutions."""

from itertools import combinations, permutations

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from channelsim.theory.coalition_kernel import kernel_imbalance, maximum_surplus
from channelsim.theory.coalition_values import graph_restricted_game, myerson_value, shapley_value
from channelsim.theory.coalitions import (
    coalitional_game,
    core,
    excesses,
    link_pools,
    nucleolus,
    one_exchange_game,
)
from refusals import refused_in_one_line

MAJORITY = coalitional_game("ABC", lambda members: 12.0 if len(members) > 1 else 0.0)


def most_by_recursion(graph, members):
    """Weight of a maximum matching: a player stays alone or takes one of his partners."""
    if not members:
        return 0.0
    first, *rest = sorted(members)
    options = [most_by_recursion(graph, rest)]
    for partner in graph[first]:
        if partner in rest:
            left = [player for player in rest if player != partner]
            options.append(graph.edges[first, partner]["pool"] + most_by_recursion(graph, left))
    return max(options)


@st.composite
def networks(draw, most=5):
    n = draw(st.integers(2, most))
    pairs = list(combinations(range(n), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    graph = networkx.Graph()
    graph.add_nodes_from(range(n))
    for pair in chosen:
        graph.add_edge(*pair, pool=float(draw(st.integers(1, 30))))
    return graph


@st.composite
def two_sided_networks(draw):
    sellers, buyers = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    graph = networkx.Graph()
    for seller in range(sellers):
        for buyer in range(sellers, sellers + buyers):
            graph.add_edge(seller, buyer, pool=float(draw(st.integers(1, 20))))
    return graph


@st.composite
def games(draw, n=4):
    """Games in which everyone together earns at least what any partition does."""
    worth = [0.0] + [float(draw(st.integers(0, 20))) for _ in range(2**n - 2)]
    alone = sum(worth[1 << k] for k in range(n))
    total = max([alone, *worth]) + float(draw(st.integers(0, 20)))
    table = [*worth, total]
    return coalitional_game(range(n), lambda members: table[sum(1 << k for k in members)])


@given(networks(most=6))
def test_worth_of_a_network_is_its_best_matching(graph):
    game = one_exchange_game(graph)
    for mask, worth in enumerate(game.worth):
        members = [p for k, p in enumerate(game.players) if mask >> k & 1]
        assert worth == most_by_recursion(graph, members)


@pytest.mark.parametrize(
    ("estate", "expected"),
    [(100, (100 / 3, 100 / 3, 100 / 3)), (200, (50, 75, 75)), (300, (50, 100, 150))],
)
def test_nucleolus_of_the_talmud(estate, expected):
    # Aumann & Maschler (1985), table 1: claims 100, 200, 300
    claims = (100, 200, 300)
    game = coalitional_game(
        range(3), lambda members: max(0, estate - sum(claims[p] for p in range(3) if p not in members))
    )
    assert list(nucleolus(game).values()) == pytest.approx(expected, abs=1e-9)


def test_nucleolus_beats_every_division_of_a_grid():
    worth = {(): 0, (0,): 0, (1,): 0, (2,): 0, (0, 1): 7, (0, 2): 5, (1, 2): 2, (0, 1, 2): 12}
    game = coalitional_game(range(3), lambda members: worth[tuple(sorted(members))])

    def complaints(division):
        return sorted(excesses(game, dict(enumerate(division)))[1:-1], reverse=True)

    best = complaints(nucleolus(game).values())
    for first in np.arange(0, 12.01, 0.25):
        for second in np.arange(0, 12.01 - first, 0.25):
            other = complaints((first, second, 12 - first - second))
            differing = [a - b for a, b in zip(best, other) if abs(a - b) > 1e-6]
            assert not differing or differing[0] < 0


@given(games())
def test_nucleolus_lies_in_the_kernel_and_in_a_core_that_is_not_empty(game):
    division = nucleolus(game)
    assert kernel_imbalance(game, division) <= 1e-6
    found = core(game)
    assert found.least_excess == pytest.approx(
        max(excesses(game, division)[1:-1]), abs=1e-6
    ) or not individually_rational_least_core(game)
    if not found.empty:
        assert excesses(game, division).max() <= 1e-6
        for player, points in division.items():
            assert found.low[player] - 1e-6 <= points <= found.high[player] + 1e-6


def individually_rational_least_core(game):
    """Whether the least core keeps its level if nobody may get less than alone."""
    n, last = len(game.players), len(game.worth) - 1
    rows = np.array([[mask >> k & 1 for k in range(n)] for mask in range(1, last)])
    found = linprog(
        np.r_[np.zeros(n), 1],
        A_ub=-np.c_[rows, np.ones(len(rows))],
        b_ub=-game.worth[1:last],
        A_eq=np.r_[np.ones(n), 0][None],
        b_eq=game.worth[-1:],
        bounds=[*((game.worth[1 << k], None) for k in range(n)), (None, None)],
    )
    return abs(found.fun - core(game).least_excess) < 1e-6


@given(networks())
def test_core_is_empty_exactly_if_half_matchings_are_better(graph):
    # Kleinberg & Tardos (2008): stable divisions exist if and only if the relaxed matching has no gap
    game = one_exchange_game(graph)
    pools = list(link_pools(graph).items())
    incidence = np.array([[float(player in pair) for pair, _ in pools] for player in graph])
    relaxed = -linprog([-pool for _, pool in pools], A_ub=incidence, b_ub=np.ones(len(incidence))).fun
    assert core(game).empty == (relaxed > game.worth[-1] + 1e-6)


@given(two_sided_networks())
def test_most_in_the_core_of_a_two_sided_network_is_the_own_contribution(graph):
    # Leonard (1983), Journal of Political Economy 91
    game = one_exchange_game(graph)
    found = core(game)
    for k, player in enumerate(game.players):
        without = game.worth[(len(game.worth) - 1) & ~(1 << k)]
        assert found.high[player] == pytest.approx(game.worth[-1] - without, abs=1e-6)


def test_cores_that_are_empty():
    triangle = core(one_exchange_game(networkx.complete_graph(3)))
    assert triangle.empty
    assert triangle.least_excess == pytest.approx(8.0)
    assert triangle.low == triangle.high == {}
    assert not core(one_exchange_game(networkx.cycle_graph(4))).empty
    assert core(one_exchange_game(networkx.cycle_graph(5))).empty


def test_surplus_and_kernel_by_hand():
    division = {"A": 6.0, "B": 4.0, "C": 2.0}
    # without B, A earns 12 with C, who holds 2 and A 6; without A, B earns 12 with C: 12 - 4 - 2
    assert maximum_surplus(MAJORITY, division, "A", "B") == pytest.approx(4.0)
    assert maximum_surplus(MAJORITY, division, "B", "A") == pytest.approx(6.0)
    # C outweighs A by 6 - 2 = 4 (with B: 12 - 4 - 2, against A with B: 12 - 6 - 4)
    assert kernel_imbalance(MAJORITY, division) == pytest.approx(4.0)
    # a player at what he earns alone cannot be made to give
    poor = coalitional_game("AB", lambda members: {0: 0.0, 1: 0.0, 2: 10.0}[len(members)])
    assert kernel_imbalance(poor, {"A": 10.0, "B": 0.0}) == pytest.approx(10.0)


@given(games())
def test_shapley_value_is_the_mean_over_all_orders(game):
    totals = dict.fromkeys(game.players, 0.0)
    orders = list(permutations(range(len(game.players))))
    for order in orders:
        mask = 0
        for k in order:
            totals[game.players[k]] += game.worth[mask | 1 << k] - game.worth[mask]
            mask |= 1 << k
    value = shapley_value(game)
    assert value == pytest.approx({p: total / len(orders) for p, total in totals.items()}, abs=1e-9)
    assert sum(value.values()) == pytest.approx(game.worth[-1])


@given(games(), networks(most=4))
def test_myerson_value_is_fair_and_shares_what_each_part_earns(game, graph):
    # the two properties that characterise it: Myerson (1977)
    graph = networkx.Graph(graph.edges)
    graph.add_nodes_from(game.players)
    value = myerson_value(game, graph)
    for part in networkx.connected_components(graph):
        earned = game.worth[sum(1 << game.players.index(player) for player in part)]
        assert sum(value[player] for player in part) == pytest.approx(earned, abs=1e-9)
    for first, second in graph.edges:
        less = graph.copy()
        less.remove_edge(first, second)
        before = myerson_value(game, less)
        assert value[first] - before[first] == pytest.approx(value[second] - before[second], abs=1e-9)


def test_myerson_value_of_three():
    # solved by hand from fair gains: {12} alone (6, 6, 0), {13} alone (3, 0, 3), then both links
    worth = {"12": 12.0, "13": 6.0, "23": 6.0, "123": 12.0}
    game = coalitional_game("123", lambda members: worth.get("".join(sorted(members)), 0.0))
    value = myerson_value(game, networkx.Graph([("1", "2"), ("1", "3")]))
    assert value == pytest.approx({"1": 7.0, "2": 4.0, "3": 1.0})
    assert shapley_value(game) == pytest.approx({"1": 5.0, "2": 5.0, "3": 2.0})


@given(networks())
def test_a_network_restricts_its_own_game_in_nothing(graph):
    game = one_exchange_game(graph)
    assert np.allclose(graph_restricted_game(game, graph).worth, game.worth)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coalitional_game("AA", len), "all different"),
        (lambda: coalitional_game(range(13), len), "2 to 12"),
        (lambda: coalitional_game("AB", lambda members: np.nan), "finite number"),
        (lambda: coalitional_game("AB", lambda members: 1.0), "0 for no one"),
        (lambda: one_exchange_game(networkx.DiGraph([(1, 2)])), "undirected"),
        (lambda: one_exchange_game(networkx.Graph([(1, 1)])), "linked to itself"),
        (lambda: one_exchange_game(networkx.path_graph(3), 0.0), "pool of a link = 0.0: must be above 0"),
        (lambda: one_exchange_game(networkx.empty_graph(3)), "at least one link"),
        (lambda: excesses(MAJORITY, {"A": 6.0, "B": 6.0}), "none for player 'C'"),
        (lambda: excesses(MAJORITY, {"A": 6.0, "B": 6.0, "C": 6.0}), "add up to 18"),
        (lambda: nucleolus(coalitional_game("AB", lambda members: float(len(members) == 1))), "alone"),
        (lambda: maximum_surplus(MAJORITY, dict.fromkeys("ABC", 4.0), "A", "A"), "two different players"),
        (lambda: kernel_imbalance(MAJORITY, {"A": 14.0, "B": -1.0, "C": -1.0}), "less than he earns alone"),
        (lambda: myerson_value(MAJORITY, networkx.path_graph(3)), "nodes are the players"),
    ],
)
def test_wrong_inputs_get_one_clear_line(call, message):
    refused_in_one_line(call, message)
