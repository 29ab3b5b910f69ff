"""Exchange networks against the definitions, hand-solved equations, Katz's centrality and random seeking."""

from itertools import product

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.bilateral_bargaining import deal_me_out, split_the_difference
from channelsim.theory.coalition_kernel import kernel_imbalance
from channelsim.theory.coalitions import core, nucleolus, one_exchange_game
from channelsim.theory.exchange_networks import (
    CLASSIC_NETWORKS,
    best_alternative,
    classic_network,
    dependence,
    equidependence,
    rebargain,
)
from channelsim.theory.network_power import bonacich_power, graph_theoretic_power, inclusion_likelihood
from refusals import refused_in_one_line

CORELESS = {"triangle", "bow tie"}
UNIQUE = sorted(set(CLASSIC_NETWORKS) - CORELESS - {"kite", "4-cycle"})


def fair_and_stable(graph, payoffs, exchanges, pool=24.0):
    """The definition, written out once more."""

    def elsewhere(player, partner):
        return max([0.0, *(pool - payoffs[other] for other in graph[player] if other != partner)])

    paired = {player for pair in exchanges for player in pair}
    return (
        all(payoffs[i] + payoffs[j] == pytest.approx(pool, abs=1e-6) for i, j in map(tuple, exchanges))
        and all(payoffs[player] == pytest.approx(0, abs=1e-6) for player in graph if player not in paired)
        and all(payoffs[i] + payoffs[j] >= pool - 1e-6 for i, j in graph.edges)
        and all(
            payoffs[i] - elsewhere(i, j) == pytest.approx(payoffs[j] - elsewhere(j, i), abs=1e-6)
            for i, j in map(tuple, exchanges)
        )
    )


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("dyad", {"A": 12, "B": 12}),
        ("3-line", {"A1": 0, "B": 24, "A2": 0}),
        ("4-line", {"A1": 8, "B1": 16, "B2": 16, "A2": 8}),
        ("5-line", {"A1": 0, "B1": 24, "C": 0, "B2": 24, "A2": 0}),
        ("star", {"A1": 0, "A2": 0, "A3": 0, "B": 24}),
        ("T", {"A1": 0, "A2": 0, "B": 24, "C": 12, "D": 12}),
        ("stem", {"A": 6, "B": 18, "C1": 12, "C2": 12}),
    ],
)
def test_classic_figures(figure, expected):
    graph = classic_network(figure)
    found = equidependence(graph)
    assert found.unique
    assert found.low == pytest.approx(expected, abs=1e-7)
    assert found.high == pytest.approx(expected, abs=1e-7)
    assert fair_and_stable(graph, expected, found.exchanges)
    assert rebargain(graph) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("figure", "exchanges", "free"),
    [
        ("4-line", [("A1", "B1"), ("B2", "A2")], ("B1", "B2")),
        ("stem", [("A", "B"), ("C1", "C2")], ("B", "C1")),
        ("kite", [("B1", "A1"), ("B2", "A2")], ("B1", "B2")),
        ("4-cycle", [("A1", "A2"), ("A3", "A4")], ("A1", "A3")),
    ],
)
def test_bounds_are_those_of_all_divisions_of_a_grid(figure, exchanges, free):
    graph, held = classic_network(figure), []
    for points in product(np.arange(0, 24.5, 1.0), repeat=2):
        payoffs = {}
        for player, amount in zip(free, points):
            (partner,) = [b for pair in exchanges for b in pair if player in pair and b != player]
            payoffs |= {player: amount, partner: 24 - amount}
        if fair_and_stable(graph, payoffs, exchanges):
            held.append(payoffs)
    found = equidependence(graph)
    for player in graph:
        assert found.low[player] == pytest.approx(min(payoffs[player] for payoffs in held))
        assert found.high[player] == pytest.approx(max(payoffs[player] for payoffs in held))
    assert found.unique == (len(held) == 1)


@pytest.mark.parametrize("figure", sorted(CORELESS))
def test_without_a_core_there_is_no_equidependence(figure):
    with pytest.raises(ValueError, match="core is empty"):
        equidependence(classic_network(figure))
    # partners may rest all the same, but then some link pays its ends to leave
    graph, rest = classic_network(figure), rebargain(classic_network(figure))
    assert any(rest[i] + rest[j] < 24 - 1e-6 for i, j in graph.edges)


@pytest.mark.parametrize("figure", UNIQUE)
def test_equidependence_is_core_and_kernel(figure):
    game = one_exchange_game(classic_network(figure))
    payoffs = equidependence(classic_network(figure)).low
    assert kernel_imbalance(game, payoffs) <= 1e-6
    bounds = core(game)
    assert all(bounds.low[p] - 1e-6 <= points <= bounds.high[p] + 1e-6 for p, points in payoffs.items())


@given(st.integers(2, 7), st.integers(0, 10_000))
def test_renegotiation_and_nucleolus_are_equidependent_on_trees(n, seed):
    generator = np.random.default_rng(seed)
    tree = networkx.Graph([(k, int(generator.integers(0, k))) for k in range(1, n)])
    for pair in tree.edges:
        tree.edges[pair]["pool"] = float(generator.integers(1, 25))
    found = equidependence(tree)
    for payoffs in (rebargain(tree), nucleolus(one_exchange_game(tree))):
        for player, points in payoffs.items():
            assert found.low[player] - 1e-5 <= points <= found.high[player] + 1e-5
        for i, j in map(tuple, found.exchanges):
            assert dependence(tree, payoffs, i, j) == pytest.approx(dependence(tree, payoffs, j, i), abs=1e-5)


def test_links_may_be_of_different_worth():
    # the centre could get 6 elsewhere: 6 and half of the remaining 4
    graph = networkx.Graph()
    graph.add_edge("A", "B", pool=10.0)
    graph.add_edge("B", "C", pool=6.0)
    assert equidependence(graph).low == pytest.approx({"A": 2.0, "B": 8.0, "C": 0.0})


def test_power_is_the_others_dependence():
    line, equal = classic_network("3-line"), {"A1": 12, "B": 12, "A2": 0}
    assert best_alternative(line, equal, "B", "A1") == 24
    assert dependence(line, equal, "A1", "B") - dependence(line, equal, "B", "A1") == 24


def test_disagreement_point_is_not_outside_option():
    assert split_the_difference(24, 8, 0) == (16, 8)
    assert deal_me_out(24, 8, 0) == (12, 12)
    assert split_the_difference(24, 20, 0) == (22, 2)
    assert deal_me_out(24, 20, 0) == (20, 4)
    assert deal_me_out(24, 0, 20) == (4, 20)


def test_bonacich_power_by_hand():
    # 3-line: x_B = 2 + 2βx_A, x_A = 1 + βx_B, so that x_A : x_B = (1 + 2β) : (2 + 2β)
    for beta in (-0.5, -0.3, 0.0, 0.4):
        power = bonacich_power(classic_network("3-line"), beta)
        assert power["A1"] * (2 + 2 * beta) == pytest.approx(power["B"] * (1 + 2 * beta))
        assert sum(value**2 for value in power.values()) == pytest.approx(3)
    # 5-line at -1/2: all power beside the middle
    power = bonacich_power(classic_network("5-line"), -0.5)
    expected = {"A1": 0, "B1": 2.5**0.5, "C": 0, "B2": 2.5**0.5, "A2": 0}
    assert power == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("figure", ["4-line", "5-line", "stem", "kite", "T"])
def test_negative_beta_is_not_katz(figure):
    graph, beta = classic_network(figure), -0.3
    katz = networkx.katz_centrality_numpy(graph, alpha=beta, beta=1.0, normalized=False)
    power = bonacich_power(graph, beta)
    # Katz is 1 + β times it, before scaling: with β < 0 the ranks are reversed
    unscaled = {player: (katz[player] - 1) / beta for player in graph}
    scale = (len(graph) / sum(value**2 for value in unscaled.values())) ** 0.5
    assert power == pytest.approx({player: scale * value for player, value in unscaled.items()})
    players = list(graph)
    assert np.corrcoef([power[p] for p in players], [katz[p] for p in players])[0, 1] == pytest.approx(-1)


def test_graph_theoretic_power_of_lines():
    # Markovsky, Willer & Patton (1988): even lines are of equal power, odd ones alternate
    assert set(graph_theoretic_power(networkx.path_graph(4)).values()) == {1}
    assert list(graph_theoretic_power(networkx.path_graph(3)).values()) == [0, 2, 0]
    assert list(graph_theoretic_power(networkx.path_graph(5)).values()) == [0, 2, 0, 2, 0]
    assert set(graph_theoretic_power(classic_network("triangle")).values()) == {1}


@pytest.mark.parametrize("figure", ["stem", "T", "bow tie"])
def test_inclusion_likelihood_by_random_seeking(figure):
    graph, generator, trials = classic_network(figure), np.random.default_rng(5), 4000
    counts = dict.fromkeys(graph, 0)
    for _ in range(trials):
        left = set(graph)
        while any(k in left for p in left for k in graph[p]):
            picks = {}
            for player in sorted(left):
                partners = [k for k in graph[player] if k in left]
                if partners:
                    picks[player] = partners[generator.integers(len(partners))]
            left -= {p for p, k in picks.items() if picks.get(k) == p}
        for player in set(graph) - left:
            counts[player] += 1
    expected = inclusion_likelihood(graph)
    for player, count in counts.items():
        error = (expected[player] * (1 - expected[player]) / trials) ** 0.5
        assert count / trials == pytest.approx(expected[player], abs=4 * error + 1e-12)


def test_inclusion_likelihood_by_hand():
    assert inclusion_likelihood(classic_network("star")) == pytest.approx(
        {"A1": 1 / 3, "A2": 1 / 3, "A3": 1 / 3, "B": 1}
    )
    assert set(inclusion_likelihood(classic_network("4-cycle")).values()) == {1.0}
    assert list(inclusion_likelihood(classic_network("triangle")).values()) == pytest.approx([2 / 3] * 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: classic_network("hexagon"), "name = 'hexagon': admissible: dyad"),
        (lambda: best_alternative(classic_network("dyad"), {"A": 1, "B": 1}, "A", "C"), "not linked"),
        (lambda: dependence(classic_network("dyad"), {"A": 1}, "A", "B"), "none for player 'B'"),
        (lambda: equidependence(networkx.empty_graph(2)), "at least one link"),
        (lambda: equidependence(networkx.path_graph(3), -1.0), "pool of a link = -1.0: must be above 0"),
        (lambda: equidependence(networkx.DiGraph([(1, 2)])), "undirected"),
        (lambda: rebargain(classic_network("dyad"), rounds=0), "rounds = 0: must be at least 1"),
        (lambda: split_the_difference(0.0, 1.0, 1.0), "pool = 0.0: must be above 0"),
        (lambda: split_the_difference(24.0, float("nan"), 1.0), "first = nan: must be a finite number"),
        (lambda: deal_me_out(24.0, 20.0, 20.0), "no deal"),
        (lambda: bonacich_power(classic_network("3-line"), -0.8), "largest eigenvalue"),
        (lambda: graph_theoretic_power(networkx.empty_graph(2)), "at least one link"),
        (lambda: inclusion_likelihood(networkx.complete_graph(8)), "too many combinations"),
    ],
)
def test_wrong_inputs_get_one_clear_line(call, message):
    refused_in_one_line(call, message)
