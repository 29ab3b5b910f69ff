"""Family "bullwhip", the beer game: published costs and the pattern of orders, by rule and by agents.

The simulator's own rule plays a game in which orders arrive at once. No contract delays an *order* on its way
to the supplier, as the board of the game does: there the players are agents of a `ChannelModel` that keep
their orders in the post for two weeks. They lack only that one rule, all else runs as in any scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from channelsim.theory.beer_game import (
    BACKLOG_COST,
    BENCHMARK_COSTS,
    BENCHMARK_RULES,
    ESTIMATED_RULE,
    HOLDING_COST,
    INSTRUCTED_WEEKS,
    OPENING_FLOW,
    TIERS,
    OrderRule,
    Pattern,
    Play,
    pattern,
    play,
)
from channelsim.verification.cases import Case, Finder, Laboratory

FAMILY = "bullwhip"
GAME, BOARD = "bullwhip_beer_game", "bullwhip_beer_board"
STERMAN = "Sterman 1989"
BEER, MONEY, WEEKS = "cases", "money", "weeks"


@cache
def expected_play(board: bool) -> Play:
    """Return the play of the estimated rule, by theory: on the board, or with orders that arrive at once."""
    return play() if board else play(order_delay=0, shipping_delay=4)


def expected_pattern(board: bool) -> Pattern:
    """Return its pattern."""
    found = expected_play(board)
    return pattern(found.orders, found.net_stock)


def priced(orders: np.ndarray, stock: np.ndarray, owed: np.ndarray) -> Play:
    """Return a play with the board's charges."""
    return Play(orders, stock - owed, (HOLDING_COST * stock + BACKLOG_COST * owed).sum(axis=0))


def at_once(laboratory: Laboratory) -> Play:
    """Play the game by the simulator's own rule: orders are met in the week in which they are placed."""
    record = tuple(f"{column} by group" for column in ("order", "stock", "owed"))
    found = laboratory.run(GAME, record=record, metrics=("orders",)).trajectories
    columns = [found[f"{column}_by_group"].sel(group=list(TIERS)) for column in ("order", "stock", "owed")]
    return priced(*(column.transpose(..., "week", "group").values[0, 0] for column in columns))


def on_the_board(laboratory: Laboratory, rules: tuple[OrderRule, ...], instructed_weeks: int) -> Play:
    """Play the game with agents that keep their orders in the post for two weeks, as the board does.

    The retailer's, wholesaler's and distributor's orders reach their supplier two weeks after the decision;
    what is in the post counts as supply line. All else is the scenario's: rule, stocks, backlogs, shipments.
    """
    from channelsim.engines.mesa_model import ChannelModel, Distributor, Manufacturer, Retailer

    decided: dict[str, float] = {}

    def choose_order(self: Any) -> float:
        post = self.__dict__.setdefault("post", [] if self.group == "factory" else [OPENING_FLOW] * 2)
        forgotten = self.stock_adjustment * self.supply_line_weight * sum(post)
        order = max(0.0, self._proposed() - forgotten)
        if self.model.week < instructed_weeks:
            order = OPENING_FLOW
        decided[self.group] = order
        post.append(order)
        return float(post.pop(0))

    def player(role: type) -> type:
        members = {"choose_order": choose_order, "_proposed": role.choose_order}  # type: ignore[attr-defined]
        return type(f"{role.__name__}Player", (role,), members)

    roles = dict(zip(TIERS, (Retailer, Distributor, Distributor, Manufacturer), strict=True))
    changes: dict[str, Any] = {}
    for group, rule in zip(TIERS, rules, strict=True):
        changes |= {f"members.{group}.ordering.{field}": value for field, value in rule._asdict().items()}
    model = ChannelModel(
        laboratory.scenario(BOARD, **changes), agent_classes={g: player(role) for g, role in roles.items()}
    )
    weeks: dict[str, list[list[float]]] = {"order": [], "stock": [], "owed": []}
    while model.week < model.weeks:
        model.step()
        weeks["order"].append([decided[group] for group in TIERS])
        for column in ("stock", "owed"):
            weeks[column].append([model.total(column, group=group) for group in TIERS])
    return priced(*(np.array(weeks[column]) for column in ("order", "stock", "owed")))


def with_estimates(laboratory: Laboratory) -> Play:
    """Play the board with the estimated rule."""
    return on_the_board(laboratory, (ESTIMATED_RULE,) * len(TIERS), 0)


def with_benchmark(laboratory: Laboratory) -> Play:
    """Play the board with the benchmark rules."""
    return on_the_board(laboratory, BENCHMARK_RULES, INSTRUCTED_WEEKS)


def deviation(found: Play, expected: Play) -> float:
    """Return the largest difference of an order or a net stock in any week, cases."""
    orders = np.abs(found.orders - expected.orders).max()
    return float(max(orders, np.abs(found.net_stock - expected.net_stock).max()))


def seen(found: Play) -> Pattern:
    """Return the pattern of a simulated play."""
    return pattern(found.orders, found.net_stock)


def lag(found: Pattern) -> float:
    """Return the weeks from the retailer's peak order to the factory's."""
    return float(found.peak_weeks[3] - found.peak_weeks[0])


def game_case(name: str, closed_form: Callable[[], float], simulated: Finder, **more: Any) -> Case:
    """Return a case on the beer game."""
    options: dict[str, Any] = {"unit": BEER, "scenario": GAME} | more
    return Case(FAMILY, name, STERMAN, closed_form, simulated, **options)


AGENTS = "players are agents that keep their orders in the post: no contract delays an order"
AT_ONCE = "orders reach the supplier at once: amplification is that of the board, the phase lag is not"

CASES = (
    game_case(
        "beer game, orders at once: largest difference of an order or net stock in any week",
        lambda: 0.0,
        lambda lab: deviation(at_once(lab), expected_play(False)),
        tolerance=1e-9,
    ),
    game_case(
        "beer game, orders at once: the factory's peak order",
        lambda: expected_pattern(False).peak_orders[3],
        lambda lab: seen(at_once(lab)).peak_orders[3],
    ),
    game_case(
        "beer game, orders at once: weeks from the retailer's peak order to the factory's",
        lambda: lag(expected_pattern(False)),
        lambda lab: lag(seen(at_once(lab))),
        unit=WEEKS,
        reason=AT_ONCE,
    ),
    game_case(
        "beer game on the board: team cost of the benchmark, as published",
        lambda: sum(BENCHMARK_COSTS),
        lambda lab: float(with_benchmark(lab).costs.sum()),
        unit=MONEY,
        scenario=BOARD,
        reason=AGENTS,
    ),
    game_case(
        "beer game on the board: largest difference from the published cost of a player",
        lambda: 0.0,
        lambda lab: float(np.abs(with_benchmark(lab).costs - BENCHMARK_COSTS).max()),
        unit=MONEY,
        scenario=BOARD,
        tolerance=1e-9,
        reason=AGENTS,
    ),
    game_case(
        "beer game on the board, estimated rule: largest difference of an order or net stock in any week",
        lambda: 0.0,
        lambda lab: deviation(with_estimates(lab), expected_play(True)),
        scenario=BOARD,
        tolerance=1e-9,
        reason=AGENTS,
    ),
    game_case(
        "beer game on the board, estimated rule: amplification from consumers to the factory",
        lambda: expected_pattern(True).amplification[3],
        lambda lab: seen(with_estimates(lab)).amplification[3],
        scenario=BOARD,
        reason=AGENTS,
    ),
    game_case(
        "beer game on the board, estimated rule: weeks from the retailer's peak order to the factory's",
        lambda: lag(expected_pattern(True)),
        lambda lab: lag(seen(with_estimates(lab))),
        unit=WEEKS,
        scenario=BOARD,
        reason=AGENTS,
    ),
)
