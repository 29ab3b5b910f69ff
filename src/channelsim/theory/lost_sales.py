"""Lost sales under a base stock: the exact Markov chain of the stock and what is on its way.

Idea
----
Where unmet demand is lost, an order replaces what was *sold*, and how much of what is on order will
still be needed depends on each of the orders under way: no formula in one variable exists for a lead time
above zero. But with whole units the state is finite. After arrivals, before demand, the state is (stock,
goods arriving in 1, …, L weeks); its entries add up to the base stock S. With demand d the store sells
min(stock, d), orders as much, and next week starts with stock − sold + goods arriving. The stationary
distribution of this chain gives

    fill rate = E[min(stock, D)] / μ,  expected stock at the end of a week = E[(stock − D)⁺].

Source: Karlin & Scarf (1958), in Arrow, Karlin & Scarf, *Studies in the Mathematical Theory of Inventory and
Production*; Zipkin (2008), *Operations Research* 56, "Old and new methods for lost-sales inventory systems".

Where it holds: independent weeks of Poisson demand, a base stock in whole units. The chain has C(S + L, L)
states, so base stock and lead time must be moderate. A lead time of zero is the newsvendor, week after week.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.special import gammainc, gammaln

from channelsim.theory.admissible import above, whole_number, whole_weeks
from channelsim.theory.uncertain_demand import PoissonDemand

LARGEST_CHAIN = 20_000
"""States that are still enumerated."""


class LostSales(NamedTuple):
    """What a base stock does in the long run where unmet demand is lost.

    Attributes
    ----------
    base_stock : int
        The level, units.
    expected_stock : float
        On hand at the end of a week, units.
    expected_lost_sales : float
        Units per week.
    fill_rate : float
        Share of demand that is met.
    stockout_rate : float
        Probability that demand of a week exceeds the stock.
    """

    base_stock: int
    expected_stock: float
    expected_lost_sales: float
    fill_rate: float
    stockout_rate: float


def base_stock_with_lost_sales(demand: PoissonDemand, level: int, lead_time: int) -> LostSales:
    """Return stock and service of a base stock where unmet demand is lost.

    Goods ordered at the end of week t arrive at the start of week t + 1 + L, before that week's demand.

    Parameters
    ----------
    demand : PoissonDemand
        Demand of a week.
    level : int
        Base stock S, whole units.
    lead_time : int
        L, weeks.

    Raises
    ------
    ValueError
        If demand is not Poisson with a mean above zero, the level not a whole number, the lead time not a
        whole number of weeks, or the chain too large to enumerate.

    Examples
    --------
    Fewer are lost than a backlog would have left unmet at once, since no one else's wait comes first:

    >>> from channelsim.theory.base_stock import base_stock
    >>> demand = PoissonDemand(4.0)
    >>> found = base_stock_with_lost_sales(demand, level=14, lead_time=2)
    >>> found.fill_rate > base_stock(demand, 14, 2).fill_rate
    True
    """
    if not isinstance(demand, PoissonDemand):
        raise ValueError(f"demand: {type(demand).__name__}: the chain needs Poisson demand")
    above(demand.mean, 0.0, "mean demand")
    level, weeks = whole_number(level, 0, "level", "units"), whole_weeks(lead_time, "lead_time")
    states = comb(level + weeks, weeks)
    if states > LARGEST_CHAIN:
        raise ValueError(
            f"level = {level}, lead_time = {weeks}: the chain has {states} states, more than {LARGEST_CHAIN}"
        )
    state = _compositions(level, weeks + 1)
    probability = _stationary(state, demand.mean, level)
    lost = float(probability @ [demand.expected_shortage(float(x)) for x in range(level + 1)])
    left = float(probability @ [demand.expected_leftover(float(x)) for x in range(level + 1)])
    short = float(probability @ [gammainc(x + 1, demand.mean) for x in range(level + 1)])
    return LostSales(level, left, lost, 1.0 - lost / demand.mean, short)


def _compositions(total: int, parts: int) -> np.ndarray:
    """Return all ways to write ``total`` as so many ordered whole parts, (ways, parts)."""
    bars = np.array(list(combinations(range(total + parts - 1), parts - 1)), dtype=np.int64)
    bars = bars.reshape(comb(total + parts - 1, parts - 1), parts - 1)
    ends = np.hstack([bars, np.full((len(bars), 1), total + parts - 1)])
    return np.diff(ends, axis=1, prepend=-1) - 1


def _stationary(state: np.ndarray, mean: float, level: int) -> np.ndarray:
    """Return the long-run probability of each stock after arrivals, 0 to ``level``."""
    from scipy.sparse import csr_array

    weight = (level + 1) ** np.arange(state.shape[1] - 1, -1, -1, dtype=np.int64)
    keys = state @ weight
    order = np.argsort(keys)
    units = np.arange(level + 1)
    mass = np.exp(units * np.log(mean) - mean - gammaln(units + 1.0))
    at_least_so_many = np.where(units > 0, gammainc(np.maximum(units, 1), mean), 1.0)
    here, there, chance = [], [], []
    for sold in range(level + 1):
        can = np.flatnonzero(state[:, 0] >= sold)
        after = np.hstack([state[can], np.full((len(can), 1), sold)])
        after[:, 0] -= sold
        after[:, 1] += after[:, 0]  # arrivals; without a lead time the order itself arrives
        here.append(can)
        there.append(order[np.searchsorted(keys[order], after[:, 1:] @ weight)])
        chance.append(np.where(state[can, 0] == sold, at_least_so_many[sold], mass[sold]))
    shape = (len(state), len(state))
    pairs = (np.concatenate(there), np.concatenate(here))
    step = csr_array((np.concatenate(chance), pairs), shape=shape)
    found = np.full(len(state), 1.0 / len(state))
    for _ in range(100_000):
        following = step @ found
        following /= following.sum()
        change, found = np.abs(following - found).sum(), following
        if change < 1e-14:
            break
    else:
        raise ArithmeticError(f"the chain of {len(state)} states has not settled: change {change:.2g} a step")
    return np.bincount(state[:, 0], weights=found, minlength=level + 1)
