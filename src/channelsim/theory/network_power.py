"""Indices of power in exchange networks: Bonacich's, the graph-theoretic one, chances of being included.

Three ways to read power from the links alone, without a division of points:

* **Bonacich's power centrality** (1987) c = α (I − βR)⁻¹ R 1: connected to many if β = 0, to the well
  connected if β > 0, and to those who have few others if β < 0, as in bargaining. With negative β it is *not*
  Katz's centrality (1953), (I − βR)⁻¹ 1 = 1 + β c / α, which then runs the other way round.
* the **graph-theoretic power index** (Markovsky, Willer & Patton 1988): advantageous paths, of odd length,
  less disadvantageous ones, of even length. A player has power over another whose index is lower.
* the **likelihood of being included** when everyone seeks partners at random (Markovsky, Skvoretz, Willer,
  Lovaglia & Erger 1993): weak power is a difference between chances, none of which is 0.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from channelsim.theory.coalitions import Player, link_pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networkx import Graph


def bonacich_power(graph: Graph, beta: float) -> dict[Player, float]:
    """Bonacich's power centrality, c = α (I − βR)⁻¹ R 1.

    Parameters
    ----------
    graph : networkx.Graph
        R is its matrix of links, 0 or 1.
    beta : float
        Weight of the partners' own power: negative where partners with other partners weaken a player. Its
        size is below 1 / the largest eigenvalue of R, so that distant players count less.

    Returns
    -------
    dict
        Power of each player; α > 0 is such that the squares add up to the number of players.

    Raises
    ------
    ValueError
        If the graph is no exchange network or β is too large.

    Notes
    -----
    Source: Bonacich (1987), Power and centrality: a family of measures, American Journal of Sociology 92,
    1170-1182.

    Examples
    --------
    In the 5-line the middle C is the most central by positive β, and without power by negative β, as in the
    experiments of Cook, Emerson, Gillmore & Yamagishi (1983).

    >>> from channelsim.theory.exchange_networks import classic_network
    >>> line = classic_network("5-line")
    >>> {player: round(power, 3) for player, power in bonacich_power(line, 0.3).items()}
    {'A1': 0.631, 'B1': 1.143, 'C': 1.261, 'B2': 1.143, 'A2': 0.631}
    >>> {player: round(abs(power), 3) for player, power in bonacich_power(line, -0.5).items()}
    {'A1': 0.0, 'B1': 1.581, 'C': 0.0, 'B2': 1.581, 'A2': 0.0}
    """
    links = _links(graph)
    radius = float(np.abs(np.linalg.eigvalsh(links)).max())
    if not abs(beta) * radius < 1.0:
        raise ValueError(f"beta {beta!r}: its size must be below 1 / {radius:.4g}, the largest eigenvalue")
    n = len(links)
    power = np.linalg.solve(np.eye(n) - beta * links, links.sum(axis=1))
    scaled = power * np.sqrt(n / (power**2).sum())
    return dict(zip(graph, scaled.tolist()))


def graph_theoretic_power(graph: Graph) -> dict[Player, int]:
    """Graph-theoretic power index p_i = Σ_k (−1)^(k+1) m_ik.

    m_ik is the number of paths of k links from i that have no player in common but i.

    Parameters
    ----------
    graph : networkx.Graph

    Returns
    -------
    dict
        Index of each player.

    Raises
    ------
    ValueError
        If the graph is no exchange network.

    Notes
    -----
    Source: Markovsky, Willer & Patton (1988), Power relations in exchange networks, American Sociological
    Review 53, 220-236.

    Examples
    --------
    >>> from channelsim.theory.exchange_networks import classic_network
    >>> graph_theoretic_power(classic_network("5-line"))
    {'A1': 0, 'B1': 2, 'C': 0, 'B2': 2, 'A2': 0}
    """
    link_pools(graph)
    index = {}
    for player in graph:
        by_length: dict[int, list[frozenset[Player]]] = {}
        for path in _paths(graph, (player,)):
            by_length.setdefault(len(path) - 1, []).append(frozenset(path[1:]))
        index[player] = sum((-1) ** (k + 1) * _disjoint(paths) for k, paths in by_length.items())
    return index


def inclusion_likelihood(graph: Graph) -> dict[Player, float]:
    """Chance of each player to exchange when all seek partners at random.

    Every player who still has an available partner picks one of them, each with the same chance; pairs who
    picked each other exchange and leave; those left pick again until no two linked players are left. The
    chances follow exactly from the sets of players that may remain.

    Parameters
    ----------
    graph : networkx.Graph
        Small: all combinations of picks are enumerated.

    Returns
    -------
    dict
        Chance of each player, 0 to 1.

    Raises
    ------
    ValueError
        If the graph is no exchange network, or has more than 100,000 combinations of picks.

    Notes
    -----
    Source: Markovsky, Skvoretz, Willer, Lovaglia & Erger (1993), The seeds of weak power: an extension of
    network exchange theory, American Sociological Review 58, 197-209.

    Examples
    --------
    The inner players of a 4-line are never left out; the ends are, if the inner two find each other first.

    >>> from channelsim.theory.exchange_networks import classic_network
    >>> inclusion_likelihood(classic_network("4-line"))
    {'A1': 0.75, 'B1': 1.0, 'B2': 1.0, 'A2': 0.75}
    """
    link_pools(graph)
    if prod(max(degree, 1) for _, degree in graph.degree) > 100_000:
        raise ValueError("graph: too many combinations of picks; expected 100,000 at most")
    known: dict[frozenset[Player], dict[Player, float]] = {}

    def chances(available: frozenset[Player]) -> dict[Player, float]:
        if available in known:
            return known[available]
        partners = {p: [k for k in graph[p] if k in available] for p in graph if p in available}
        seekers = [p for p in partners if partners[p]]
        total, some = dict.fromkeys(graph, 0.0), 0.0
        if seekers:
            each = 1.0 / prod(len(partners[p]) for p in seekers)
            for picks in product(*(partners[p] for p in seekers)):
                picked = dict(zip(seekers, picks))
                gone = frozenset(p for p in seekers if picked.get(picked[p]) == p)
                if gone:  # rounds in which no two agree are only repeated
                    some += each
                    later = chances(available - gone)
                    for player in graph:
                        total[player] += each * (1.0 if player in gone else later[player])
            total = {player: value / some for player, value in total.items()}
        known[available] = total
        return total

    return {player: float(value) for player, value in chances(frozenset(graph)).items()}


def _links(graph: Graph) -> np.ndarray:
    """Return the 0/1 matrix of links in the order of the players."""
    from networkx import to_numpy_array

    link_pools(graph)
    return np.asarray(to_numpy_array(graph, weight=None), dtype=np.float64)


def _paths(graph: Graph, path: tuple[Player, ...]) -> Iterator[tuple[Player, ...]]:
    """Yield every way to extend a path by one link or more without meeting a player twice."""
    for player in graph[path[-1]]:
        if player not in path:
            longer = (*path, player)
            yield longer
            yield from _paths(graph, longer)


def _disjoint(sets: list[frozenset[Player]]) -> int:
    """Return the largest number of sets that have no element in common."""
    if not sets:
        return 0
    first, rest = sets[0], sets[1:]
    apart = [other for other in rest if not first & other]
    return max(1 + _disjoint(apart), _disjoint(rest) if len(apart) < len(rest) else 0)
