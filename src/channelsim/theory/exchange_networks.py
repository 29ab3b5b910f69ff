"""Exchange networks: who gets how much of each exchange, from who could exchange with whom.

Players are linked if they may exchange. Each link holds a pool of points that its two ends divide if they
agree; each player completes one exchange a round at most, so that some may be left out. The experiments of
this field use 24 points a link, the default here. No player differs from another but by position: what a
theory predicts is power from structure alone.

**Power and dependence** (Emerson 1962): i's power over j is j's dependence on i, the more the less j could
get elsewhere. With x_k what each player gets, i's best alternative to partner j is

    a_i = max(0, max over the other links ik of pool_ik − x_k),

what a third player k would still have to be offered subtracted from the pool. i's dependence on j is
x_i − a_i. **Equidependence** (Cook & Yamagishi 1992): exchange settles where partners depend on each other
equally, x_i − a_i = x_j − a_j. Divisions of this kind at which also no link pays its ends to leave their
partners (x_i + x_k ≥ pool_ik) form the intersection of core and kernel of the one-exchange game; computer
science knows them as balanced outcomes (Kleinberg & Tardos 2008). They exist exactly if the core does, and
**need not be unique**: a ring of four divides its pools any way at all.

The alternative is here a *disagreement point*, from which the surplus is split equally. A player who may
leave for good at any time has an *outside option* instead, which binds only if it exceeds the split without
it: other numbers, see `channelsim.theory.bilateral_bargaining`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from channelsim.theory.admissible import one_of, whole_number
from channelsim.theory.bilateral_bargaining import split_the_difference
from channelsim.theory.coalitions import POOL, Player, check_payoffs, link_pools, weighted_links

if TYPE_CHECKING:
    from networkx import Graph

CLASSIC_NETWORKS: dict[str, tuple[tuple[str, str], ...]] = {
    "dyad": (("A", "B"),),
    "3-line": (("A1", "B"), ("B", "A2")),
    "4-line": (("A1", "B1"), ("B1", "B2"), ("B2", "A2")),
    "5-line": (("A1", "B1"), ("B1", "C"), ("C", "B2"), ("B2", "A2")),
    "star": (("A1", "B"), ("A2", "B"), ("A3", "B")),
    "T": (("A1", "B"), ("A2", "B"), ("B", "C"), ("C", "D")),
    "stem": (("A", "B"), ("B", "C1"), ("B", "C2"), ("C1", "C2")),
    "kite": (("B1", "B2"), ("A1", "B1"), ("A1", "B2"), ("A2", "B1"), ("A2", "B2")),
    "bow tie": (("B", "A1"), ("B", "A2"), ("A1", "A2"), ("B", "A3"), ("B", "A4"), ("A3", "A4")),
    "triangle": (("A1", "A2"), ("A2", "A3"), ("A3", "A1")),
    "4-cycle": (("A1", "A2"), ("A2", "A3"), ("A3", "A4"), ("A4", "A1")),
}
"""Links of the classic figures. Positions that the figure cannot tell apart share their letter. Authors use
"kite" for several graphs: here it is two triangles that share a side, and two that share a corner are a bow
tie. Compare links, not names."""


class Equidependence(NamedTuple):
    """What equidependence predicts.

    Attributes
    ----------
    low, high : dict
        Least and most that each player gets over all stable equidependent divisions; equal if there is one
        only. Unit: points.
    exchanges : tuple of frozenset
        Pairs that exchange, in one pattern of most worth; the others are left out. If several patterns are
        of the same worth, the divisions are the same for all.
    unique : bool
    """

    low: dict[Player, float]
    high: dict[Player, float]
    exchanges: tuple[frozenset[Player], ...]
    unique: bool


def classic_network(name: str) -> Graph:
    """Return a classic figure of exchange-network research.

    Parameters
    ----------
    name : str
        A key of `CLASSIC_NETWORKS`.

    Raises
    ------
    ValueError
        If there is no such figure.

    Notes
    -----
    Lines, star, T: Cook & Emerson (1978), Power, equity and commitment in exchange networks, American
    Sociological Review 43, 721-739; Cook, Emerson, Gillmore & Yamagishi (1983), The distribution of power in
    exchange networks, American Journal of Sociology 89, 275-305; Markovsky, Willer & Patton (1988), Power
    relations in exchange networks, American Sociological Review 53, 220-236. Stem and kite: Markovsky,
    Skvoretz, Willer, Lovaglia & Erger (1993), The seeds of weak power, American Sociological Review 58.

    Examples
    --------
    >>> sorted(classic_network("stem").degree)
    [('A', 1), ('B', 3), ('C1', 2), ('C2', 2)]
    """
    from networkx import Graph

    one_of(name, CLASSIC_NETWORKS, "name")
    return Graph(CLASSIC_NETWORKS[name])


def best_alternative(
    graph: Graph, payoffs: Mapping[Player, float], player: Player, partner: Player, pool: float = POOL
) -> float:
    """What a player could get elsewhere: a_i = max(0, max over other links ik of pool_ik − x_k).

    Parameters
    ----------
    graph : networkx.Graph
        Its links; an attribute ``pool`` overrides `pool`.
    payoffs : mapping
        Points that each player gets.
    player, partner
        Linked players.
    pool : float
        Points on a link.

    Returns
    -------
    float
        Points.

    Raises
    ------
    ValueError
        If the two are not linked, a player has no payoff, or the graph is no exchange network.

    Examples
    --------
    In the 4-line, B1 might offer the other inner player what he gets, 16, and keep 8.

    >>> payoffs = {"A1": 8, "B1": 16, "B2": 16, "A2": 8}
    >>> best_alternative(classic_network("4-line"), payoffs, "B1", "A1")
    8.0
    """
    pools = link_pools(graph, pool)
    if frozenset((player, partner)) not in pools:
        raise ValueError(f"players {player!r} and {partner!r} are not linked")
    check_payoffs(graph, payoffs)
    offers = [pools[frozenset((player, k))] - float(payoffs[k]) for k in graph[player] if k != partner]
    return max(0.0, *offers) if offers else 0.0


def dependence(
    graph: Graph, payoffs: Mapping[Player, float], player: Player, partner: Player, pool: float = POOL
) -> float:
    """Return the dependence of a player on a partner, which is the partner's power over him: x_i − a_i.

    Parameters, errors as in `best_alternative`.

    Returns
    -------
    float
        Points that he would lose without this partner.

    Notes
    -----
    Source: Emerson (1962), Power-dependence relations, American Sociological Review 27, 31-41; in points by
    Cook & Yamagishi (1992), Power in exchange networks: a power-dependence formulation, Social Networks 14,
    245-265.

    Examples
    --------
    At 12 : 12 an end of the 4-line loses 12 without B1, who loses nothing; at 8 : 16 both lose 8.

    >>> line = classic_network("4-line")
    >>> equal, predicted = dict.fromkeys(line, 12), {"A1": 8, "B1": 16, "B2": 16, "A2": 8}
    >>> dependence(line, equal, "A1", "B1"), dependence(line, equal, "B1", "A1")
    (12.0, 0.0)
    >>> dependence(line, predicted, "A1", "B1"), dependence(line, predicted, "B1", "A1")
    (8.0, 8.0)
    """
    return float(payoffs[player]) - best_alternative(graph, payoffs, player, partner, pool)


def equidependence(graph: Graph, pool: float = POOL) -> Equidependence:
    """All stable divisions in which partners depend on each other equally, as bounds per player.

    With M a matching of most worth: x_i + x_j = pool_ij and x_i − a_i = x_j − a_j for ij in M; x_k = 0 for
    who is left out; x_i + x_k ≥ pool_ik for every link. Which alternative is the best one is a choice among
    few, so that the bounds are mixed-integer linear programmes; they are exact.

    Parameters
    ----------
    graph : networkx.Graph
        Links along which players may exchange; an attribute ``pool`` overrides `pool`.
    pool : float
        Points on a link.

    Returns
    -------
    Equidependence

    Raises
    ------
    ValueError
        If no division is stable (the core is empty), or the graph is no exchange network.

    Notes
    -----
    Sources: Cook & Yamagishi (1992); that they are core and kernel: Bateni, Hajiaghayi, Immorlica & Mahini
    (2010), The cooperative game theory foundations of network bargaining games (ICALP); for two-sided
    networks Rochford (1984), Symmetrically pairwise-bargained allocations in an assignment market, Journal of
    Economic Theory 34, 262-281.

    Examples
    --------
    >>> found = equidependence(classic_network("4-line"))
    >>> {player: round(points, 9) for player, points in found.low.items()}, found.unique
    ({'A1': 8.0, 'B1': 16.0, 'B2': 16.0, 'A2': 8.0}, True)
    >>> ring = equidependence(classic_network("4-cycle"))
    >>> ring.low["A1"], ring.high["A1"]
    (0.0, 24.0)
    """
    programme = _Programme(graph, pool)
    low = {player: programme.extreme(player, 1.0) for player in graph}
    high = {player: programme.extreme(player, -1.0) for player in graph}
    most = max(programme.pools.values())
    unique = all(high[player] - low[player] <= 1e-7 * most for player in graph)
    return Equidependence(low, high, tuple(programme.exchanges), unique)


def rebargain(
    graph: Graph, pool: float = POOL, start: Mapping[Player, float] | None = None, rounds: int = 10_000
) -> dict[Player, float]:
    """Let partners renegotiate, pair by pair, until no pair would change its division.

    In every round each pair of a matching of most worth divides its pool anew, from what each could get
    elsewhere as the others stand: x_i = a_i + (pool_ij − a_i − a_j) / 2, within 0 and the pool. Where it
    rests, partners depend on each other equally; at which division, if there are several, depends on the
    start. If the core is empty it rests too, but some link pays its ends to leave their partners.

    Parameters
    ----------
    graph, pool
        As in `equidependence`.
    start : mapping, optional
        Points of each player to begin with; default half of each pair's pool.
    rounds : int
        At most so many.

    Returns
    -------
    dict
        Points of each player.

    Raises
    ------
    ValueError
        If `rounds` is less than 1, or the graph is no exchange network.
    ArithmeticError
        If the divisions still change after so many rounds.

    Notes
    -----
    Sources: Rochford (1984); that such processes converge: Azar, Birnbaum, Celis, Devanur & Peres (2009),
    Convergence of local dynamics to balanced outcomes in exchange networks (FOCS).

    Examples
    --------
    >>> found = rebargain(classic_network("stem"))
    >>> {player: round(points, 9) for player, points in found.items()}
    {'A': 6.0, 'B': 18.0, 'C1': 12.0, 'C2': 12.0}
    """
    whole_number(rounds, 1, "rounds")
    pools = link_pools(graph, pool)
    exchanges = _exchanges(graph, pools)
    matched = {player: pools[pair] for pair in exchanges for player in pair}
    payoffs = {player: matched.get(player, 0.0) / 2 for player in graph} | dict(start or {})
    for _ in range(rounds):
        before = dict(payoffs)
        for pair in exchanges:
            first, second = sorted(pair, key=repr)
            here = best_alternative(graph, payoffs, first, second, pool)
            there = best_alternative(graph, payoffs, second, first, pool)
            share = split_the_difference(pools[pair], here, there)[0]
            payoffs[first] = min(max(share, 0.0), pools[pair])
            payoffs[second] = pools[pair] - payoffs[first]
        if max(abs(payoffs[player] - before[player]) for player in graph) <= 1e-12 * max(pools.values()):
            return payoffs
    raise ArithmeticError(f"divisions still change after {rounds} rounds")


def _exchanges(graph: Graph, pools: Mapping[frozenset[Player], float]) -> list[frozenset[Player]]:
    """Return a matching of most worth, in the order of the graph's links."""
    from networkx import max_weight_matching

    chosen = {frozenset(pair) for pair in max_weight_matching(weighted_links(graph, pools))}
    return [frozenset(pair) for pair in graph.edges if frozenset(pair) in chosen]


class _Programme:
    """Linear constraints of stability and equidependence, with a choice of each player's best alternative."""

    def __init__(self, graph: Graph, pool: float):
        self.pools = link_pools(graph, pool)
        self.exchanges = _exchanges(graph, self.pools)
        self.players = list(graph)
        self.rows: list[tuple[dict[Any, float], float, float]] = []  # terms, low, high
        self.choices: list[Any] = []
        most = 2.0 * max(self.pools.values())  # no alternative differs from another by more
        partner = {a: b for pair in self.exchanges for a, b in (tuple(pair), tuple(pair)[::-1])}
        for pair, points in self.pools.items():
            first, second = pair
            held = points if partner.get(first) == second else np.inf
            self.rows.append(({("x", first): 1.0, ("x", second): 1.0}, points, held))
        for player in graph:
            if player not in partner:
                self.rows.append(({("x", player): 1.0}, 0.0, 0.0))
                continue
            alternative, options = ("a", player), [("none", player)]
            self.rows.append(({alternative: 1.0, options[0]: most}, -np.inf, most))
            for other in graph[player]:
                if other == partner[player]:
                    continue
                points, option = self.pools[frozenset((player, other))], (player, other)
                self.rows.append(({alternative: 1.0, ("x", other): 1.0}, points, np.inf))
                self.rows.append(
                    ({alternative: 1.0, ("x", other): 1.0, option: most}, -np.inf, points + most)
                )
                options.append(option)
            self.rows.append((dict.fromkeys(options, 1.0), 1.0, 1.0))
            self.choices += options
        for pair in self.exchanges:
            i, j = pair
            terms = {("x", i): 1.0, ("a", i): -1.0, ("x", j): -1.0, ("a", j): 1.0}
            self.rows.append((terms, 0.0, 0.0))
        amounts = [("x", player) for player in graph] + [("a", player) for player in partner]
        self.column = {name: k for k, name in enumerate([*amounts, *self.choices])}
        self.first_choice = len(amounts)

    def extreme(self, player: Player, sign: float) -> float:
        """Return the least (sign 1) or most (sign -1) that a player gets."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        size = len(self.column)
        matrix = np.zeros((len(self.rows), size))
        for k, (terms, _, _) in enumerate(self.rows):
            for name, factor in terms.items():
                matrix[k, self.column[name]] = factor
        limits = LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows])
        cost = np.zeros(size)
        cost[self.column["x", player]] = sign
        low, high, whole = np.zeros(size), np.full(size, np.inf), np.zeros(size)
        high[self.first_choice :] = whole[self.first_choice :] = 1.0
        found = milp(cost, constraints=limits, bounds=Bounds(low, high), integrality=whole)
        if found.status == 2:
            raise ValueError("no division of this network is stable: its core is empty")
        if found.status != 0:
            raise ArithmeticError(f"mixed-integer programme: {found.message}")
        # The choice made, the numbers follow from a linear programme, free of the tolerance on whole numbers.
        low[self.first_choice :] = high[self.first_choice :] = np.round(found.x[self.first_choice :])
        exact = milp(cost, constraints=limits, bounds=Bounds(low, high))
        return abs(float(exact.fun if exact.status == 0 else found.fun))
