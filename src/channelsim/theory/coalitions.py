"""What coalitions can earn, and divisions of it that no coalition upsets: core and nucleolus.

A coalitional game with transferable payoffs gives every set S of players its worth v(S): what its members
can earn without the others. A division x pays player i the amount x_i, and a set S the sum x(S). The
*excess* of S at x is v(S) − x(S), its complaint. All solutions here divide exactly v(N), N being everyone:

* the **core**: divisions at which no set complains, x(S) ≥ v(S) (Gillies 1959). It may be empty;
* the **nucleolus**: the one division, among those that give each player at least v({i}), that makes the
  largest complaint as small as possible, then the next, and so on (Schmeidler 1969). It always exists, and
  lies in the core if there is one.

The game of a *one-exchange network* has links, each with a pool of points that its two ends divide if they
exchange, and every player may complete one exchange at most: v(S) is the weight of a maximum matching inside
S. The kernel is in `channelsim.theory.coalition_kernel`; fair divisions, the Shapley and the Myerson value,
are in `channelsim.theory.coalition_values`.

All 2^n sets are enumerated, so games have at most 12 players. Unit of all payoffs: that of the worths.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.theory.admissible import above

if TYPE_CHECKING:
    from networkx import Graph

Player = Hashable
Floats = NDArray[np.float64]
POOL = 24.0
"""Points on a link, as in the experiments of exchange networks."""
MOST_PLAYERS = 12
TOLERANCE = 1e-9
"""Relative to the largest worth: excesses closer than this are the same."""


class CoalitionalGame(NamedTuple):
    """A game with transferable payoffs.

    Attributes
    ----------
    players : tuple
    worth : ndarray, shape (2**n,)
        Worth of every set of players; bit k of the position says whether player k is in the set.
    """

    players: tuple[Player, ...]
    worth: Floats


class Core(NamedTuple):
    """The core of a game, player by player.

    Attributes
    ----------
    empty : bool
    least_excess : float
        The smallest number by which every set but the empty and the whole may be short so that a division
        exists (least core; Maschler, Peleg & Shapley 1979): positive exactly if the core is empty.
    low, high : dict
        Least and most that each player gets in the core; empty dicts if the core is empty. Each bound is
        reached in some division of the core, not all at once.
    """

    empty: bool
    least_excess: float
    low: dict[Player, float]
    high: dict[Player, float]


def coalitional_game(
    players: Iterable[Player], worth: Callable[[frozenset[Player]], float]
) -> CoalitionalGame:
    """Tabulate a characteristic function.

    Parameters
    ----------
    players : iterable of hashable
        2 to 12, all different.
    worth : callable
        Takes a frozenset of players, returns what they can earn alone; 0 for the empty set.

    Raises
    ------
    ValueError
        If players repeat, are too few or too many, or a worth is not a finite number (0 for no one).

    Examples
    --------
    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> [float(value) for value in game.worth]
    [0.0, 0.0, 0.0, 12.0, 0.0, 12.0, 12.0, 12.0]
    """
    chosen = tuple(players)
    if len(set(chosen)) != len(chosen) or not 2 <= len(chosen) <= MOST_PLAYERS:
        raise ValueError(f"players: expected 2 to {MOST_PLAYERS}, all different; got {len(chosen)}")
    table = np.array([float(worth(_members(chosen, mask))) for mask in range(1 << len(chosen))])
    if not np.isfinite(table).all() or table[0] != 0.0:
        raise ValueError("worth: expected a finite number for every set of players, and 0 for no one")
    return CoalitionalGame(chosen, table)


def one_exchange_game(graph: Graph, pool: float = POOL) -> CoalitionalGame:
    """Game of a network in which each player may complete one exchange at most.

    v(S) = max Σ pool_ij over the matchings of links ij inside S: a maximum-weight matching.

    Parameters
    ----------
    graph : networkx.Graph
        Links along which players may exchange; a link's attribute ``pool`` overrides `pool`.
    pool : float
        Points that the two ends of a link divide.

    Returns
    -------
    CoalitionalGame

    Raises
    ------
    ValueError
        If the graph is directed, has loops, or has a pool that is not a positive number, or too many players.

    Notes
    -----
    Source: Bienenstock & Bonacich (1992), The core as a solution to exclusionary networks, Social Networks
    14, 231-243, who read the networks of Cook & Emerson as such games; for two-sided networks it is the
    assignment game of Shapley & Shubik (1971), International Journal of Game Theory 1, 111-130.

    Examples
    --------
    On a line of four, everyone together completes two exchanges, the inner two or either end pair one.

    >>> import networkx
    >>> game = one_exchange_game(networkx.path_graph(4))
    >>> float(game.worth[0b1111]), float(game.worth[0b0110]), float(game.worth[0b1001])
    (48.0, 24.0, 0.0)
    """
    from networkx import max_weight_matching

    pools = link_pools(graph, pool)
    weighted = weighted_links(graph, pools)

    def worth(members: frozenset[Player]) -> float:
        matching = max_weight_matching(weighted.subgraph(members))
        return sum(pools[frozenset(pair)] for pair in matching)

    return coalitional_game(graph, worth)


def link_pools(graph: Graph, pool: float = POOL) -> dict[frozenset[Player], float]:
    """Return the pool of every link of an exchange network, and refuse what is not one.

    Raises
    ------
    ValueError
        As in `one_exchange_game`.

    Examples
    --------
    >>> import networkx
    >>> link_pools(networkx.Graph([("A", "B")]), 10.0) == {frozenset("AB"): 10.0}
    True
    """
    if graph.is_directed() or graph.is_multigraph():
        raise ValueError("graph: expected an undirected graph with single links")
    pools = {frozenset(pair): float(graph.edges[pair].get("pool", pool)) for pair in graph.edges}
    for pair, value in pools.items():
        if len(pair) != 2:
            raise ValueError(f"graph: {next(iter(pair))!r} is linked to itself")
        above(value, 0.0, "pool of a link")
    if not pools:
        raise ValueError("graph: expected at least one link")
    return pools


def weighted_links(graph: Graph, pools: Mapping[frozenset[Player], float]) -> Graph:
    """Return the network with the pool of every link as its weight."""
    weighted = graph.__class__()
    weighted.add_nodes_from(graph)
    weighted.add_weighted_edges_from((*pair, pools[frozenset(pair)]) for pair in graph.edges)
    return weighted


def check_payoffs(players: Iterable[Player], payoffs: Mapping[Player, float]) -> None:
    """Refuse payoffs that leave a player out."""
    missing = [player for player in players if player not in payoffs]
    if missing:
        raise ValueError(f"payoffs: none for player {missing[0]!r}")


def excesses(game: CoalitionalGame, payoffs: Mapping[Player, float]) -> Floats:
    """Complaint of every set of players at a division: v(S) − x(S), in the order of `CoalitionalGame.worth`.

    Raises
    ------
    ValueError
        If a player has no payoff, or the payoffs do not add up to what everyone together earns.

    Examples
    --------
    A third each, where any two could earn it all: every pair complains by a third.

    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> [float(value) for value in excesses(game, {"A": 4.0, "B": 4.0, "C": 4.0})]
    [0.0, -4.0, -4.0, 4.0, -4.0, 4.0, 4.0, 0.0]
    """
    check_payoffs(game.players, payoffs)
    division = np.array([payoffs[player] for player in game.players], dtype=np.float64)
    complaint: Floats = game.worth - incidence(len(game.players)) @ division
    if not abs(complaint[-1]) <= 1e-6 * scale_of(game):
        raise ValueError(f"payoffs add up to {division.sum():.6g}, not to v(N), {game.worth[-1]:.6g}")
    return complaint


def core(game: CoalitionalGame) -> Core:
    """Whether the core is empty, and what each player gets in it at least and at most.

    Linear programmes: minimise ε subject to x(S) ≥ v(S) − ε for all proper S and x(N) = v(N); if ε ≤ 0 is
    possible, minimise and maximise each x_i subject to x(S) ≥ v(S).

    Parameters
    ----------
    game : CoalitionalGame

    Returns
    -------
    Core

    Notes
    -----
    Source: Gillies (1959), Solutions to general non-zero-sum games, Contributions to the Theory of Games IV.

    Examples
    --------
    Three of whom any two could earn everything cannot agree on a division that no pair would upset.

    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> found = core(game)
    >>> found.empty, round(found.least_excess, 9)
    (True, 4.0)
    """
    n, last = len(game.players), game.worth.size - 1
    rows, worth = incidence(n)[1:last], game.worth[1:last]
    total = {"A_eq": np.ones((1, n)), "b_eq": game.worth[-1:]}
    least = _solve(
        np.r_[np.zeros(n), 1.0],
        A_ub=-np.c_[rows, np.ones(len(rows))],
        b_ub=-worth,
        A_eq=np.r_[np.ones(n), 0.0][None, :],
        b_eq=game.worth[-1:],
    )
    excess = float(least.fun)
    if excess > 1e-7 * scale_of(game):
        return Core(True, excess, {}, {})
    # A core of one point has no interior: the constraint is loosened by less than what is reported.
    slack = 1e-9 * scale_of(game)
    low, high = (
        {
            player: float(sign * _solve(sign * np.eye(n)[k], A_ub=-rows, b_ub=slack - worth, **total).fun)
            for k, player in enumerate(game.players)
        }
        for sign in (1.0, -1.0)
    )
    return Core(False, excess, low, high)


def nucleolus(game: CoalitionalGame) -> dict[Player, float]:
    """Division whose complaints, sorted from the largest, are lexicographically least.

    A sequence of linear programmes: minimise the largest excess ε over the sets not yet settled, subject to
    the excesses already settled and to x_i ≥ v({i}); the sets whose constraint has a positive multiplier
    have that excess in every solution, so they are settled; go on until the settled sets determine x.

    Parameters
    ----------
    game : CoalitionalGame

    Returns
    -------
    dict
        Payoff of each player.

    Raises
    ------
    ValueError
        If players earn more alone than everyone together, so that no division gives each as much.

    Notes
    -----
    Sources: Schmeidler (1969), The nucleolus of a characteristic function game, SIAM Journal on Applied
    Mathematics 17, 1163-1170; the linear programmes: Kopelowitz (1967).

    Examples
    --------
    The bankruptcy of the Talmud, claims 100, 200 and 300 on an estate of 200, v(S) = what the others' claims
    leave: 50, 75, 75 (Aumann & Maschler 1985, table 1).

    >>> claims = {"A": 100.0, "B": 200.0, "C": 300.0}
    >>> left = lambda members: max(0.0, 200.0 - sum(claims[p] for p in claims if p not in members))
    >>> {player: round(value, 6) for player, value in nucleolus(coalitional_game(claims, left)).items()}
    {'A': 50.0, 'B': 75.0, 'C': 75.0}
    """
    n, last = len(game.players), game.worth.size - 1
    alone = np.array([game.worth[1 << k] for k in range(n)])
    if alone.sum() > game.worth[-1] + TOLERANCE * scale_of(game):
        raise ValueError("players earn more alone than everyone together: no division gives each as much")
    sets = incidence(n)
    settled, amounts = [np.ones(n)], [game.worth[-1]]
    while (rank := np.linalg.matrix_rank(np.array(settled))) < n:
        # a set in the span of the settled ones has its payoff already
        loose = [
            mask for mask in range(1, last) if np.linalg.matrix_rank(np.array([*settled, sets[mask]])) > rank
        ]
        found = _solve(
            np.r_[np.zeros(n), 1.0],
            A_ub=-np.c_[sets[loose], np.ones(len(loose))],
            b_ub=-game.worth[loose],
            A_eq=np.c_[np.array(settled), np.zeros(len(settled))],
            b_eq=np.array(amounts),
            bounds=[*((value, None) for value in alone), (None, None)],
        )
        multipliers = -found.ineqlin.marginals
        tight = [mask for mask, multiplier in zip(loose, multipliers) if multiplier > 1e-7]
        for mask in tight:
            settled.append(sets[mask])
            amounts.append(game.worth[mask] - found.fun)
    division = np.linalg.lstsq(np.array(settled), np.array(amounts), rcond=None)[0]
    return dict(zip(game.players, division.tolist()))


def _members(players: tuple[Player, ...], mask: int) -> frozenset[Player]:
    return frozenset(player for k, player in enumerate(players) if mask >> k & 1)


def incidence(n: int) -> Floats:
    """Return the 0/1 matrix of all sets of n players: a row per set, a column per player.

    Examples
    --------
    >>> incidence(2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    bits = np.arange(1 << n)[:, None] >> np.arange(n) & 1
    return bits.astype(np.float64)


def scale_of(game: CoalitionalGame) -> float:
    """Return the largest worth without its sign, 1 if all are 0: what differences are measured by."""
    return float(np.abs(game.worth).max()) or 1.0


def _solve(cost: Floats, **constraints: Any) -> Any:
    """Minimise, and fail loudly: every programme here has a solution."""
    from scipy.optimize import linprog

    found = linprog(cost, **{"bounds": (None, None), "method": "highs", **constraints})
    if found.status != 0:
        raise ArithmeticError(f"linear programme: {found.message}")
    return found
