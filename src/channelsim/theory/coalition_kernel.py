"""The kernel of a coalitional game: divisions at which no player outweighs another.

At a division x of v(N) player i can hope for s_ij = max {v(S) − x(S) : i in S, j not in S} without j, the
largest complaint of a set that has him and not j. The kernel (Davis & Maschler 1965) holds the divisions that
give everyone at least what he earns alone and at which s_ij(x) > s_ji(x) only if x_j = v({j}): who is
outweighed has nothing left to give. It holds the nucleolus, and possibly a continuum of other divisions.
Games and their excesses are those of `channelsim.theory.coalitions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from channelsim.theory.coalitions import CoalitionalGame, Player, excesses, scale_of


def maximum_surplus(
    game: CoalitionalGame, payoffs: Mapping[Player, float], player: Player, other: Player
) -> float:
    """Most that a player can hope for without another: s_ij = max {v(S) − x(S) : i in S, j not in S}.

    Raises
    ------
    ValueError
        If a player is unknown or both are the same, or the payoffs are no division.

    Examples
    --------
    >>> from channelsim.theory.coalitions import coalitional_game
    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> maximum_surplus(game, {"A": 6.0, "B": 6.0, "C": 0.0}, "A", "B")
    6.0
    """
    if player not in game.players or other not in game.players or player == other:
        raise ValueError(f"players {player!r} and {other!r}: expected two different players of the game")
    i, j = game.players.index(player), game.players.index(other)
    masks = np.arange(game.worth.size)
    chosen = (masks >> i & 1 == 1) & (masks >> j & 1 == 0)
    return float(excesses(game, payoffs)[chosen].max())


def kernel_imbalance(game: CoalitionalGame, payoffs: Mapping[Player, float]) -> float:
    """By how much a division misses the kernel: 0 exactly if it lies in it.

    max over i ≠ j of min(s_ij − s_ji, x_j − v({j})), if positive: i outweighs j, who has something to give.

    Raises
    ------
    ValueError
        If the payoffs are no division, or give a player less than he earns alone.

    Notes
    -----
    Source: Davis & Maschler (1965), The kernel of a cooperative game, Naval Research Logistics Quarterly 12.

    Examples
    --------
    >>> from channelsim.theory.coalitions import coalitional_game
    >>> game = coalitional_game("ABC", lambda coalition: 12.0 if len(coalition) > 1 else 0.0)
    >>> kernel_imbalance(game, {"A": 4.0, "B": 4.0, "C": 4.0})
    0.0
    >>> kernel_imbalance(game, {"A": 6.0, "B": 4.0, "C": 2.0})
    4.0
    """
    worst = 0.0
    complaint = excesses(game, payoffs)
    gained = {player: -float(complaint[1 << k]) for k, player in enumerate(game.players)}  # x_j − v({j})
    if min(gained.values()) < -1e-6 * scale_of(game):
        raise ValueError("payoffs give a player less than he earns alone")
    for first, second in combinations(game.players, 2):
        here = maximum_surplus(game, payoffs, first, second)
        there = maximum_surplus(game, payoffs, second, first)
        worst = max(worst, min(here - there, gained[second]), min(there - here, gained[first]))
    return float(worst)
