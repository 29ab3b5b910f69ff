"""Rounds of best responses: every contract's Nash product maximised over its own price, all others given.

The search behind `channelsim.theory.bargaining`, where idea, equations and sources are. A *table* is where
bargaining stands; contract after contract takes the price at which its weighted Nash product

    β ln G_s(t) + (1 − β) ln G_b(t),    G_s ≥ o_s ,  G_b ≥ o_b ,

is largest. The product is log-concave in t (gains are straight lines in it), so that its top is where its
slope, taken by a complex step, changes sign: found by Brent's (1973) method, or at an end of the interval.
Then the stores answer, if they do, and the next round begins. Rounds are extrapolated by Anderson's (1965,
*Journal of the ACM* 12) method, which looks at nothing but the rounds seen so far.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from channelsim.theory.bargaining_market import STEP, Channel, Floats


class Gains(NamedTuple):
    """What a contract is worth to its two sides over its failing, money per week."""

    supplier: float
    buyer: float

    @property
    def surplus(self) -> float:
        """Return what there is to split, whatever the contract's price."""
        return self.supplier + self.buyer


class Table:
    """Where bargaining stands: prices of all contracts, retail prices, what is on offer."""

    def __init__(self, channel: Channel, price: Floats, weights: Floats, options: Floats):
        self.channel, self.price, self.weights, self.options = channel, price, weights, options
        self.offered = np.ones(price.size, dtype=bool)
        self.terms = np.zeros(len(channel.contracts))
        self.lost = np.zeros((len(channel.contracts), price.size))  # q − q^{−A}, for every contract's A

    def open_contracts(self) -> list[int]:
        """Return the contracts that have a shelf left."""
        return [int(i) for i in np.flatnonzero((self.channel.supplies & self.offered).any(axis=1))]

    def choose_again(self) -> None:
        """Work out what buyers do now, and without each contract."""
        now = self.channel.demand.quantities(self.price, self.offered)
        for i in self.open_contracts():
            left = self.offered & ~self.channel.supplies[i]
            self.lost[i] = now - self.channel.demand.quantities(self.price, left)

    def gain(self, i: int, t: complex, owner: str) -> Any:
        """Return what an owner gains from a contract at the price t, complex as t is."""
        terms = self.terms.astype(np.result_type(t, float))
        terms[i] = t
        return self.channel.margins(owner, self.price, terms) @ self.lost[i]

    def gains(self, i: int) -> Gains:
        """Return what a contract is worth to its two sides at its price."""
        contract, t = self.channel.contracts[i], self.terms[i]
        return Gains(float(self.gain(i, t, contract.supplier)), float(self.gain(i, t, contract.buyer)))

    def traded(self, i: int) -> float:
        """Return the units per week that go through a contract."""
        return float(self.lost[i] @ (self.channel.supplies[i] & self.offered))

    def best_response(self, i: int) -> tuple[float, str]:
        """Return the price that maximises the Nash product of one contract, and whose option holds it."""
        contract, weight = self.channel.contracts[i], self.weights[i]
        supplier_option, buyer_option = self.options[i]

        def price_where(owner: str, gained: float) -> float:
            # gains are straight lines in the contract's own price: two points are enough
            now, next_to = self.gain(i, self.terms[i], owner), self.gain(i, self.terms[i] + 1.0, owner)
            return float(self.terms[i] + (gained - now) / (next_to - now))

        low, high = price_where(contract.supplier, 0.0), price_where(contract.buyer, 0.0)
        # Without a surplus (high < low) both lose at any price between; until the contract is suspended they
        # share the loss as they would a gain, so that the others' prices do not hang on where a search began.

        def slope(t: float) -> float:
            # of β ln |G_s| + (1 − β) ln |G_b|: G'/G, for losses as for gains
            log_product = 0.0
            for share, owner in ((weight, contract.supplier), (1.0 - weight, contract.buyer)):
                if share > 0.0:
                    gained = self.gain(i, t + STEP * 1j, owner)
                    log_product += share * gained.imag / STEP / gained.real
            return log_product

        best = _top_of(slope, min(low, high), max(low, high))
        least = price_where(contract.supplier, supplier_option)
        most = price_where(contract.buyer, buyer_option)
        if least > most:
            return best, ""
        if best < least:  # the product is concave in t: its constrained maximum is at the bound passed first
            return least, "supplier"
        return (most, "buyer") if best > most else (best, "")


def _top_of(slope: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of falling slope is largest in an interval, an end of it included."""
    from scipy.optimize import brentq

    width = high - low
    if not width > 1e-13 * max(abs(low), abs(high)):
        return 0.5 * (low + high)
    first, last = low + 1e-12 * width, high - 1e-12 * width
    if slope(first) <= 0.0:
        return low
    if slope(last) >= 0.0:
        return high
    return float(brentq(slope, first, last, xtol=1e-15 * max(abs(low), abs(high)), rtol=8.9e-16))


def start(table: Table) -> None:
    """Set every contract's price on the straight line from unit cost to retail price, mean of its shelves."""
    total, count = np.zeros(table.terms.size), np.zeros(table.terms.size)
    for shelf in np.flatnonzero(table.offered).tolist():
        links = table.channel.links[shelf]
        for depth, i in enumerate(links, start=1):
            share = depth / (len(links) + 1)
            total[i] += (1.0 - share) * table.channel.shelves[shelf].unit_cost + share * table.price[shelf]
            count[i] += 1
    table.terms = total / np.maximum(count, 1.0)


def come_to_rest(table: Table, stores_answer: bool, tolerance: float, rounds: int) -> int:
    """Repeat best responses until none moves; return how many rounds it took."""
    opened, shelves = table.open_contracts(), np.flatnonzero(table.offered)
    scale = max(np.abs(table.price).max(), 1e-300)

    def write(values: Floats) -> None:
        table.terms[opened] = values[: len(opened)]
        if stores_answer:
            table.price[shelves] = values[len(opened) :]

    def one_round(values: Floats) -> Floats:
        write(values)
        table.choose_again()
        for i in opened:
            if table.traded(i) > 0.0:
                table.terms[i] = table.best_response(i)[0]
        after = table.terms[opened].copy()
        if not stores_answer:
            return after
        prices = table.channel.retail_equilibrium(table.price, table.terms, table.offered)
        return np.concatenate([after, prices[shelves]])

    here = table.terms[opened]
    if stores_answer:
        table.price = table.channel.retail_equilibrium(table.price, table.terms, table.offered)
        here = np.concatenate([here, table.price[shelves]])
    points: list[Floats] = []
    moves: list[Floats] = []
    last, extrapolated, plain, failures = np.inf, False, 1, 0
    for used in range(1, rounds + 1):
        move = one_round(here) - here
        size = np.abs(move).max(initial=0.0)
        if size <= 0.1 * tolerance * scale:
            write(here)
            table.choose_again()
            _check_rest(table, opened, tolerance * scale)
            return used
        if extrapolated and not size < 1.5 * last:  # led away: back, and on by half steps for a while
            failures += 1
            here, move, plain = points[-1], moves[-1], min(2**failures, 64)
            points, moves = [], []
        points, moves, last = [*points[-7:], here], [*moves[-7:], move], np.abs(move).max()
        extrapolated, plain = plain <= 0, plain - 1
        here = _extrapolate(points, moves) if extrapolated else here + 0.5 * move
    raise ValueError(f"no equilibrium after {rounds} rounds: the last moved prices by {size:g}")


def _extrapolate(points: list[Floats], moves: list[Floats]) -> Floats:
    """Return Anderson's next point: where the moves seen so far, combined, would be smallest; not too far."""
    here, move = points[-1], moves[-1]
    step = np.stack([b - a for a, b in pairwise(points)], axis=1)
    change = np.stack([b - a for a, b in pairwise(moves)], axis=1)
    size = np.maximum(np.abs(change).max(axis=0), 1e-300)
    mix = np.linalg.lstsq(change / size, move, rcond=1e-12)[0]
    way = move - (step + change) / size @ mix
    return np.asarray(here + way * min(1.0, 10.0 * np.abs(move).max() / max(np.abs(way).max(), 1e-300)))


def _check_rest(table: Table, opened: list[int], tolerance: float) -> None:
    for i in opened:
        if table.traded(i) > 0.0:
            gap = abs(table.best_response(i)[0] - table.terms[i])
            if gap > tolerance:
                raise ValueError(f"{table.channel.contracts[i]}: its price is {gap:g} from its best")
