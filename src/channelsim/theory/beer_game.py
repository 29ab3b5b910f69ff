"""The beer game: four tiers in a row, one step in demand, and the rule that players were found to follow.

The rule (Sterman 1989, Management Science 35(3): 321-339): a player anchors on expected demand and adjusts
for part of what is missing in stock, and for less of what is already on order,

    O_t = max(0, L̂_t + α_S (S' − S_t − β SL_t)),   L̂_t = L̂_{t−1} + θ (D_t − L̂_{t−1}),

with net stock S (stock less backlog) and supply line SL (all that was ordered and has not arrived) after the
week's demand was met. β < 1 forgets part of the supply line, so that one gap is ordered several times.

The board. At the start of a week goods arrive. Each tier then ships what was ordered from it and what it
still owes, as far as stock goes; stock and backlog are counted and charged; the rule orders. The supplier
meets an order of week t in week t + 2, and goods shipped in week t arrive in week t + 2; what the factory
asks of its brewery in week t arrives in week t + 3. All starts in balance: 12 cases in every stock, 4 in
every week of every delay. Consumers buy 4 cases a week in the first four weeks and 8 from the fifth on, for
36 weeks. A case in stock costs 0.50 a week, one that is owed 1.00. `play` takes the delays as arguments, so
that the same equations describe a channel in which orders arrive at once and goods take longer: its swings
are as large, but hardly any phase lag between the tiers is left.

What is published, and how far it is confirmed here.

- Means of the parameters estimated from 44 players: θ = 0.36, α_S = 0.26, β = 0.34. S' = 17 is this package's
  default for their mean; of the four numbers it is the one without a second account to compare with.
- The benchmark, that is the rule's best parameters: θ = 0, α_S = β = 1, S' = 28, 28, 28, 20 from the retailer
  to the factory, with costs of 46, 50, 54 and 54, in all 204. The equations here give these numbers to the
  cent if orders are held at 4 in the first four weeks, and a search around S' finds no lower costs: rule,
  order of events, delays, demand and charges are, as far as costs can tell, those of the paper.
- The pattern: oscillation, amplification and phase lag from tier to tier. On the players' average peaks and
  costs the accounts at hand contradict each other; none is quoted.

Where it holds: the board is deterministic, its capacity unlimited. The mean of estimated parameters is not
the mean of behaviour: one play by the mean rule is a pattern to compare with, no forecast of a team.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, between, whole_weeks

Floats = NDArray[np.float64]

TIERS = ("retailer", "wholesaler", "distributor", "factory")
HOLDING_COST, BACKLOG_COST = 0.5, 1.0
"""Money per case and week."""
OPENING_STOCK, OPENING_FLOW = 12.0, 4.0
"""Cases; cases per week."""


class OrderRule(NamedTuple):
    """A player's rule.

    Attributes
    ----------
    smoothing : float
        θ, weight of the newest demand in expected demand, 0 to 1.
    stock_adjustment : float
        α_S, share of the gap that is ordered each week, 0 to 1.
    supply_line_weight : float
        β, share of the supply line taken into account, at least 0.
    anchor : float
        S', wanted stock plus β times the wanted supply line, cases.
    """

    smoothing: float
    stock_adjustment: float
    supply_line_weight: float
    anchor: float


ESTIMATED_RULE = OrderRule(smoothing=0.36, stock_adjustment=0.26, supply_line_weight=0.34, anchor=17.0)
"""Means of the estimates (Sterman 1989)."""
BENCHMARK_RULES = tuple(OrderRule(0.0, 1.0, 1.0, anchor) for anchor in (28.0, 28.0, 28.0, 20.0))
"""The rule's best parameters on the board (Sterman 1989)."""
BENCHMARK_COSTS = (46.0, 50.0, 54.0, 54.0)
"""What they cost, money in 36 weeks, as published (Sterman 1989)."""
INSTRUCTED_WEEKS = 4
"""Weeks in which orders are held at 4, as the published benchmark implies."""


class Play(NamedTuple):
    """A game played to its end.

    Attributes
    ----------
    orders, net_stock : ndarray, shape (weeks, tiers)
        Cases ordered, and stock less backlog after the week's demand was met; retailer first.
    costs : ndarray, shape (tiers,)
        Money over all weeks.
    """

    orders: Floats
    net_stock: Floats
    costs: Floats


class Pattern(NamedTuple):
    """What a play looks like, tier by tier.

    Attributes
    ----------
    peak_orders : tuple of float
        Largest order, cases.
    peak_weeks : tuple of int
        Week of it, counted from 1.
    amplification : tuple of float
        Rise of orders to their peak over the rise of consumers' demand.
    deepest_backlogs : tuple of float
        Most that was owed, cases.
    largest_stocks : tuple of float
        Most in stock, cases.
    """

    peak_orders: tuple[float, ...]
    peak_weeks: tuple[int, ...]
    amplification: tuple[float, ...]
    deepest_backlogs: tuple[float, ...]
    largest_stocks: tuple[float, ...]


def board_demand(weeks: int = 36) -> Floats:
    """Return consumers' demand of the board: 4 cases in each of the first four weeks, then 8.

    Examples
    --------
    >>> board_demand(6)
    array([4., 4., 4., 4., 8., 8.])
    """
    return np.where(np.arange(whole_weeks(weeks, "weeks", 1)) < 4, 4.0, 8.0)


def _check(rules: Sequence[OrderRule], demand: Floats, delays: dict[str, int]) -> None:
    for name, weeks in delays.items():
        whole_weeks(weeks, name, 0 if name in ("order_delay", "instructed_weeks") else 1)
    if not rules:
        raise ValueError("rules: one per tier, at least one")
    if demand.ndim != 1 or demand.size == 0 or not np.all(demand >= 0.0):
        raise ValueError("demand: a list of weeks, none negative")
    for rule in rules:
        between(rule.smoothing, 0.0, 1.0, "smoothing", "both")
        between(rule.stock_adjustment, 0.0, 1.0, "stock_adjustment", "both")
        at_least(rule.supply_line_weight, 0.0, "supply_line_weight")


def play(
    rules: OrderRule | Sequence[OrderRule] = ESTIMATED_RULE,
    demand: ArrayLike | None = None,
    *,
    order_delay: int = 2,
    shipping_delay: int = 2,
    production_delay: int = 3,
    instructed_weeks: int = 0,
) -> Play:
    """Play the game with one rule per tier.

    Parameters
    ----------
    rules : OrderRule or sequence of OrderRule
        From the retailer up to the factory; one rule alone is that of all four.
    demand : array_like, optional
        Consumers' demand, cases per week; default that of the board, 36 weeks.
    order_delay : int
        Weeks from the placing of an order to the week in which the supplier meets it; 0: the same week.
    shipping_delay : int
        Weeks from shipment to arrival at the start of a week, at least 1.
    production_delay : int
        Weeks from the factory's order to its arrival, at least 1.
    instructed_weeks : int
        First weeks in which every order is held at the opening flow.

    Returns
    -------
    Play

    Raises
    ------
    ValueError
        If a rule, a delay or the demand is not admissible.

    Notes
    -----
    Sterman (1989), Management Science 35(3): 321-339.

    Examples
    --------
    The published benchmark, to the cent:

    >>> play(BENCHMARK_RULES, instructed_weeks=INSTRUCTED_WEEKS).costs
    array([46., 50., 54., 54.])

    Players, as estimated, cost about ten times as much:

    >>> float(play(ESTIMATED_RULE).costs.sum().round())
    2255.0
    """
    chosen = [rules] * len(TIERS) if isinstance(rules, OrderRule) else list(rules)
    asked = board_demand() if demand is None else np.asarray(demand, dtype=np.float64)
    delays = {
        "order_delay": order_delay,
        "shipping_delay": shipping_delay,
        "production_delay": production_delay,
        "instructed_weeks": instructed_weeks,
    }
    _check(chosen, asked, delays)
    weeks, tiers = asked.size, len(chosen)
    orders, net_stock = np.zeros((weeks, tiers)), np.zeros((weeks, tiers))
    shipped = np.zeros((weeks, tiers + 1))  # by the tier's supplier
    stock, owed = np.full(tiers, OPENING_STOCK), np.zeros(tiers)
    expected, costs = np.full(tiers, OPENING_FLOW), np.zeros(tiers)
    under_way = [order_delay + shipping_delay] * (tiers - 1) + [production_delay]
    supply_line = OPENING_FLOW * np.array(under_way, dtype=np.float64)

    for week in range(weeks):
        for i in range(tiers):
            if i == tiers - 1:
                then = week - production_delay
                arrived = orders[then, i] if then >= 0 else OPENING_FLOW
            else:
                then = week - shipping_delay
                arrived = shipped[then, i] if then >= 0 else OPENING_FLOW
            stock[i] += arrived
            supply_line[i] -= arrived
        for i in range(tiers):
            if i == 0:
                received = asked[week]
            else:
                then = week - order_delay
                received = orders[then, i - 1] if then >= 0 else OPENING_FLOW
            wanted = owed[i] + received
            met = min(stock[i], wanted)
            stock[i] -= met
            owed[i] = wanted - met
            if i:
                shipped[week, i - 1] = met
            costs[i] += HOLDING_COST * stock[i] + BACKLOG_COST * owed[i]
            net_stock[week, i] = stock[i] - owed[i]
            rule = chosen[i]
            expected[i] += rule.smoothing * (received - expected[i])
            gap = rule.anchor - net_stock[week, i] - rule.supply_line_weight * supply_line[i]
            order = max(0.0, expected[i] + rule.stock_adjustment * gap)
            orders[week, i] = OPENING_FLOW if week < instructed_weeks else order
            supply_line[i] += orders[week, i]
    return Play(orders, net_stock, costs)


def pattern(orders: ArrayLike, net_stock: ArrayLike, step: float = 4.0) -> Pattern:
    """Return peaks, their weeks and the amplification of a play, tier by tier.

    Parameters
    ----------
    orders, net_stock : array_like, shape (weeks, tiers)
        Of `play`, or of any simulation of the game.
    step : float
        Rise of consumers' demand, cases per week, above 0.

    Returns
    -------
    Pattern

    Raises
    ------
    ValueError
        If the shapes differ or the step is not positive.

    Examples
    --------
    >>> found = play(ESTIMATED_RULE)
    >>> [round(x, 1) for x in pattern(found.orders, found.net_stock).peak_orders]
    [10.8, 15.8, 23.7, 29.0]
    >>> pattern(found.orders, found.net_stock).peak_weeks
    (13, 16, 18, 20)
    """
    ordered, net = np.asarray(orders, dtype=np.float64), np.asarray(net_stock, dtype=np.float64)
    if ordered.ndim != 2 or ordered.shape != net.shape:
        raise ValueError(f"orders {ordered.shape} and net_stock {net.shape}: both weeks × tiers")
    above(step, 0.0, "step")
    peaks = ordered.max(axis=0)
    return Pattern(
        tuple(float(x) for x in peaks),
        tuple(int(x) + 1 for x in ordered.argmax(axis=0)),
        tuple(float(x) for x in (peaks - OPENING_FLOW) / step),
        tuple(float(x) for x in np.maximum(-net.min(axis=0), 0.0)),
        tuple(float(x) for x in np.maximum(net.max(axis=0), 0.0)),
    )
