"""Family "bullwhip", the beer game: published costs and the pattern of orders, with and without delay.

The board of the game is a scenario whose contracts delay orders on their way to the supplier (order_delay); a
second one lets orders arrive at once and goods take longer.
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
    HOLDING_COST,
    INSTRUCTED_WEEKS,
    TIERS,
    Pattern,
    Play,
    board_demand,
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


def played(laboratory: Laboratory, scenario: str, **changes: Any) -> Play:
    """Return the play of a scenario of the game."""
    record = tuple(f"{column} by group" for column in ("order", "stock", "owed"))
    found = laboratory.run(scenario, record=record, metrics=("orders",), **changes).trajectories
    columns = [found[f"{column}_by_group"].sel(group=list(TIERS)) for column in ("order", "stock", "owed")]
    return priced(*(column.transpose(..., "week", "group").values[0, 0] for column in columns))


def at_once(laboratory: Laboratory) -> Play:
    """Play the game where orders are met in the week in which they are placed."""
    return played(laboratory, GAME)


def with_estimates(laboratory: Laboratory) -> Play:
    """Play the board with the estimated rule."""
    return played(laboratory, BOARD)


def with_benchmark(laboratory: Laboratory) -> Play:
    """Play the board with the benchmark rules.

    The instruction to order 4 while consumers buy 4 is to pass on what was ordered. It leaves the board as it
    was opened, so that the rule's own weeks are a second run.
    """
    instructed: dict[str, Any] = {f"members.{group}.ordering.rule": "pass_through" for group in TIERS}
    ruled: dict[str, Any] = {}
    for group, rule in zip(TIERS, BENCHMARK_RULES, strict=True):
        ruled |= {f"members.{group}.ordering.{field}": value for field, value in rule._asdict().items()}
    demand = board_demand()
    first = played(laboratory, BOARD, weeks=INSTRUCTED_WEEKS, **instructed)
    second = played(
        laboratory,
        BOARD,
        weeks=demand.size - INSTRUCTED_WEEKS,
        **{"demand.trace": demand[INSTRUCTED_WEEKS:].tolist()},
        **ruled,
    )
    orders, net_stock = (np.concatenate(pair) for pair in zip(first[:2], second[:2], strict=True))
    return Play(orders, net_stock, first.costs + second.costs)


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
    ),
    game_case(
        "beer game on the board: largest difference from the published cost of a player",
        lambda: 0.0,
        lambda lab: float(np.abs(with_benchmark(lab).costs - BENCHMARK_COSTS).max()),
        unit=MONEY,
        scenario=BOARD,
        tolerance=1e-9,
    ),
    game_case(
        "beer game on the board: largest difference of an order or net stock in any week of the benchmark",
        lambda: 0.0,
        lambda lab: deviation(with_benchmark(lab), play(BENCHMARK_RULES, instructed_weeks=INSTRUCTED_WEEKS)),
        scenario=BOARD,
        tolerance=1e-9,
    ),
    game_case(
        "beer game on the board, estimated rule: largest difference of an order or net stock in any week",
        lambda: 0.0,
        lambda lab: deviation(with_estimates(lab), expected_play(True)),
        scenario=BOARD,
        tolerance=1e-9,
    ),
    game_case(
        "beer game on the board, estimated rule: amplification from consumers to the factory",
        lambda: expected_pattern(True).amplification[3],
        lambda lab: seen(with_estimates(lab)).amplification[3],
        scenario=BOARD,
    ),
    game_case(
        "beer game on the board, estimated rule: weeks from the retailer's peak order to the factory's",
        lambda: lag(expected_pattern(True)),
        lambda lab: lag(seen(with_estimates(lab))),
        unit=WEEKS,
        scenario=BOARD,
    ),
)
