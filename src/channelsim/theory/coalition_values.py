"""Fair divisions of what coalitions earn: Shapley and Myerson values.

The **Shapley value** pays each player the mean of what he adds over all orders in which the players may
arrive (Shapley 1953): the only division that is additive over games, treats equals alike and pays nothing to
who adds nothing. The **Myerson value** does so when only players connected by links of a graph can act
together (Myerson 1977). Neither asks whether a coalition would do better alone: both may lie outside the
core.

In the game of a one-exchange network (`channelsim.theory.coalitions.one_exchange_game`) the Myerson value of
the network itself is the Shapley value, since a matching never joins players whom no path connects.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from channelsim.theory.coalitions import CoalitionalGame, Player, coalitional_game, incidence

if TYPE_CHECKING:
    from networkx import Graph


def shapley_value(game: CoalitionalGame) -> dict[Player, float]:
    """Mean contribution of each player over all orders of arrival.

    φ_i = Σ_{S without i} s! (n − s − 1)! / n! · (v(S ∪ {i}) − v(S)), s the number of players in S.

    Returns
    -------
    dict
        Payoff of each player; they add up to v(N).

    Notes
    -----
    Source: Shapley (1953), A value for n-person games, Contributions to the Theory of Games II, 307-317.

    Examples
    --------
    Two holders of a left glove and one of a right: a sixth, a sixth and two thirds of a pair's 24 points.

    >>> import networkx
    >>> from channelsim.theory.coalitions import one_exchange_game
    >>> value = shapley_value(one_exchange_game(networkx.Graph([("L1", "R"), ("L2", "R")])))
    >>> {player: round(share, 9) for player, share in value.items()}
    {'L1': 4.0, 'R': 16.0, 'L2': 4.0}
    """
    n = len(game.players)
    masks = np.arange(1 << n)
    sizes = incidence(n).sum(axis=1).astype(int)
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) if s < n else 0.0 for s in sizes])
    value = {}
    for k, player in enumerate(game.players):
        without = masks[masks >> k & 1 == 0]
        gain = game.worth[without | 1 << k] - game.worth[without]
        value[player] = float((weight[without] * gain).sum())
    return value


def graph_restricted_game(game: CoalitionalGame, graph: Graph) -> CoalitionalGame:
    """Game in which only players joined by paths of links inside their set act together.

    v^g(S) = Σ v(C) over the connected parts C of S.

    Raises
    ------
    ValueError
        If the nodes of the graph are not the players.

    Examples
    --------
    >>> import networkx
    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> restricted = graph_restricted_game(game, networkx.Graph([("A", "B"), ("B", "C")]))
    >>> float(restricted.worth[0b101])  # A and C are not linked
    0.0
    """
    from networkx import connected_components

    if graph.is_directed() or set(graph) != set(game.players):
        raise ValueError("graph: expected an undirected graph whose nodes are the players")
    bit = {player: 1 << k for k, player in enumerate(game.players)}

    def worth(members: frozenset[Player]) -> float:
        parts = connected_components(graph.subgraph(members))
        return sum(float(game.worth[sum(bit[player] for player in part)]) for part in parts)

    return coalitional_game(game.players, worth)


def myerson_value(game: CoalitionalGame, graph: Graph) -> dict[Player, float]:
    """Fair division when players act together only along links: Shapley value of the restricted game.

    It is the only division that shares what each connected part earns inside it and in which the two ends of
    every link gain the same from it.

    Raises
    ------
    ValueError
        As in `graph_restricted_game`.

    Notes
    -----
    Source: Myerson (1977), Graphs and cooperation in games, Mathematics of Operations Research 2, 225-229.

    Examples
    --------
    >>> import networkx
    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> value = myerson_value(game, networkx.Graph([("A", "B"), ("B", "C")]))
    >>> {player: round(share, 9) for player, share in value.items()}
    {'A': 2.0, 'B': 8.0, 'C': 2.0}
    """
    return shapley_value(graph_restricted_game(game, graph))
