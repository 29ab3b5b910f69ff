"""The renewal of negotiated contracts: the sparse system of `mechanisms.bargaining`, bounds, retail prices.

All contracts are solved at once (SuperLU). A contract whose split an outside option holds gets that option's
equation in place of the Nash condition, until no contract changes; one without surplus is suspended, the one
of fewest shelves first, and all others bargain again. Where stores answer, contracts and retail prices
come to rest together: p ↦ the stores' next prices at the contracts that p brings, extrapolated after
Anderson (1965). Where there is no rest, because prices keep moving, contracts keep changing between split
and outside option, or the system is singular, the contracts in force stay, and the column `unsolved` of
their suppliers says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.codes import DEMAND_SYSTEMS, PRICE_MARKUP
from channelsim.kernels import kernels, perform_steps
from channelsim.schema import column
from channelsim.tables import Bargains, Floats, PowerRoom, State, Terms
from channelsim.week import (
    EXPECTATIONS,
    MARK_UP_WHOLESALE_PRICES,
    PASS_ON_COSTS,
    PROPOSE_BEST_RESPONSE_LINEAR,
    PROPOSE_BEST_RESPONSE_LOGIT,
    PROPOSE_SIMPLE_PRICES,
)

if TYPE_CHECKING:
    from channelsim.world import Channel

TOLERANCE, ROUNDS, MEMORY = 1e-11, 300, 6
"""Relative change of a retail price below which it is at rest; most rounds; rounds extrapolated from."""
STALLED = 1e-8
"""Relative change at which a search that rounding keeps from its tolerance is taken for at rest."""
RUNAWAY = column("wholesale_price").high
"""Money per unit, either way, beyond which a price is no price: the search has run away."""
MOST_CHANGES = 50
"""Most rounds in which contracts change between the Nash split and an outside option at given stakes."""
FREE, SUPPLIER_HELD, BUYER_HELD = 0, 1, 2
SHORT = 1e-12
"""Share of the surplus by which it may fall short of the outside options in rounding."""


class Bargain(NamedTuple):
    """Where one renewal came to rest.

    Attributes
    ----------
    prices : array (contracts,)
        Money per unit; NaN where suspended.
    weights : array (contracts,)
        The supplier's.
    gains : array (2, contracts)
        Of supplier and buyer over the contract's failing, money per week; NaN where suspended.
    held : array (contracts,)
        0: the Nash split; 1: the supplier's outside option holds it; 2: the buyer's.
    suspended : array of bool (contracts,)
    rounds : int
        Rounds until retail prices were at rest; 0 if they were held; more than `ROUNDS` if they found none.
    """

    prices: Floats
    weights: Floats
    gains: Floats
    held: Floats
    suspended: np.ndarray
    rounds: int


def supplier_weights(channel: Channel, state: State) -> Floats:
    """Return the supplier's bargaining weight β of every contract at the dependences last measured."""
    rules, related = channel.scenario.bargaining, channel.ties.contracts[0]
    stakes = rules.stakes_exponent
    of_buyer = rules.supplier_weight * state.relationships[c.DEPENDENCE_OF_BUYER, related] ** stakes
    of_supplier = (1.0 - rules.supplier_weight) * state.relationships[
        c.DEPENDENCE_OF_SUPPLIER, related
    ] ** stakes
    total = of_buyer + of_supplier
    return np.where(total > 0.0, of_buyer / np.where(total > 0.0, total, 1.0), rules.supplier_weight)


class Renewal:
    """One renewal of all negotiated contracts of a channel.

    Parameters
    ----------
    channel : Channel
        As it runs.
    terms : Terms
    state : State
        Prices, suspended links and bargains are written here.
    room : PowerRoom
    """

    def __init__(self, channel: Channel, terms: Terms, state: State, room: PowerRoom) -> None:
        self.channel, self.terms, self.state, self.room = channel, terms, state, room
        self.system = channel.scenario.demand.system
        self.count = channel.ties.contracts.shape[1]
        self.first = channel.first_shelf
        self.weights = supplier_weights(channel, state)
        self.suspended = np.zeros(self.count, dtype=bool)
        self.stakes = self._new_stakes(16 * self.count)
        links = channel.ties.link_contract
        self._links = np.flatnonzero(links >= 0)
        self._contract = links[self._links]
        self._suppliers = np.unique(channel.world.links_index[c.SUPPLIER_HOLDING, self._links])
        used = self._contract[terms.links[c.LINK_ACTIVE, self._links] > 0.0]
        self._used = np.isin(np.arange(self.count), used)  # the others stand by as a way round
        index = channel.world.holdings_index
        self._marked = np.flatnonzero(
            (index[c.PRICE_RULE, : self.first] == PRICE_MARKUP) & (index[c.END_LINK, : self.first] > 0)
        )
        self._marking = [
            (MARK_UP_WHOLESALE_PRICES, tier)
            for tier in range(channel.tiers - 1)
            if np.any(index[c.PRICE_RULE, channel.holdings_of_tier(tier)] == PRICE_MARKUP)
        ]

    def settle(self) -> Bargain:
        """Bargain over all contracts and write what was agreed; retail prices are put back."""
        holdings, kept = self.state.holdings, self.state.holdings[c.PRICE].copy()
        answering = self.channel.scenario.bargaining.retail == "equilibrium" and self.system != "given"
        in_force = self.state.links[[c.WHOLESALE_PRICE, c.SUSPENDED]][:, self._links]
        holdings[c.UNSOLVED, self._suppliers] = 0.0
        self._suspend()
        while True:
            try:
                rounds = self._come_to_rest() if answering else self._hold()
                prices, gains, held, settled = self._solve()
            except RuntimeError:  # SuperLU: "Factor is exactly singular"; nothing else in there raises it
                return self._keep(in_force, kept)
            if rounds > ROUNDS or not settled or np.any(np.abs(prices) > RUNAWAY):
                return self._keep(in_force, kept)
            last = self._first_without_surplus(gains)
            if last < 0:
                break
            self.suspended[last] = True
            self._suspend()
        self._write(prices)
        holdings[c.PRICE, self.first :] = kept[self.first :]
        self._follow()
        prices = np.where(self.suspended, np.nan, prices)
        return Bargain(prices, self.weights, gains, held, self.suspended.copy(), rounds)

    def _keep(self, in_force: Floats, kept: Floats) -> Bargain:
        """Keep the contracts in force because none were found that are at rest, and say so."""
        links, holdings = self.state.links, self.state.holdings
        links[c.WHOLESALE_PRICE, self._links], links[c.SUSPENDED, self._links] = in_force
        kernels().offer(self.channel.world, self.terms, self.state)
        holdings[c.PRICE] = kept
        self._ask(kept)
        holdings[c.UNSOLVED, self._suppliers] = 1.0
        self._follow()
        nothing = np.full((2, self.count), np.nan)
        self.suspended[self._contract] = in_force[1] > 0.0
        return Bargain(
            self._prices(), self.weights, nothing, np.zeros(self.count), self.suspended.copy(), ROUNDS + 1
        )

    def _suspend(self) -> None:
        """Write which links are suspended, where a relationship has ended for good, and what is offered."""
        ended = self.state.relationships[c.ENDED, self.channel.world.links_index[c.RELATIONSHIP, self._links]]
        self.state.links[c.SUSPENDED, self._links] = np.maximum(self.suspended[self._contract], ended)
        kernels().offer(self.channel.world, self.terms, self.state)

    def _follow(self) -> None:
        """Bring costs and mean demand up to date with the prices of the state."""
        codes = [PASS_ON_COSTS] + [EXPECTATIONS[self.system]] * (self.system != "given")
        perform_steps(codes, self.channel.world, self.terms, self.state)

    def _hold(self) -> int:
        self._follow()
        return 0

    def _come_to_rest(self) -> int:
        """Let contracts and retail prices come to rest together; return rounds, too many if they do not."""
        asked = np.concatenate([self._marked, np.arange(self.first, self.channel.sizes.holdings)])
        price, proposed = self.state.holdings[c.PRICE], self.state.holdings[c.NEXT_PRICE]
        logit = self.system == "logit"
        answer = [
            PROPOSE_SIMPLE_PRICES,
            PROPOSE_BEST_RESPONSE_LOGIT if logit else PROPOSE_BEST_RESPONSE_LINEAR,
        ]
        tried: list[Floats] = []
        missed: list[Floats] = []
        rounds = 0
        while rounds < ROUNDS:
            rounds += 1
            before = price[asked]
            self._follow()
            self._write(self._solve()[0])
            marking = [step for pair in self._marking for step in (pair, PASS_ON_COSTS)]
            perform_steps([PASS_ON_COSTS, *marking, *answer], self.channel.world, self.terms, self.state)
            answered = np.concatenate([price[self._marked], proposed[self.first :]])
            gap = answered - before
            tried, missed = [*tried[1 - MEMORY :], before], [*missed[1 - MEMORY :], gap]
            moved = np.max(np.abs(gap) / np.maximum(np.abs(before), 1e-300))
            if moved < TOLERANCE or (rounds == ROUNDS and moved < STALLED):
                self._follow()
                return rounds
            if not np.isfinite(moved) or np.any(np.abs(answered) > RUNAWAY):
                break
            price[asked] = extrapolated(tried, missed)
            self._ask(price)
        return ROUNDS + 1

    def _ask(self, price: Floats) -> None:
        """Write the prices of those who mark up on their links."""
        supplier = self.channel.world.links_index[c.SUPPLIER_HOLDING]
        theirs = np.isin(supplier, self._marked)
        self.state.links[c.WHOLESALE_PRICE, theirs] = price[supplier[theirs]]

    def _solve(self) -> tuple[Floats, Floats, Floats, bool]:
        """Return prices of all contracts, both sides' gains, whose option holds each, and if that is settled.

        Raises
        ------
        RuntimeError
            If the system is singular.
        """
        from scipy.sparse import coo_matrix, diags
        from scipy.sparse.linalg import splu

        stakes = self._read_stakes()
        used = slice(0, self._entries)
        place = stakes.row[used], stakes.column[used]
        sides = [
            coo_matrix((stakes.coefficients[s, used], place), (self.count, self.count)).tocsr()
            for s in (0, 1)
        ]
        constant, outside = stakes.constants, stakes.outside
        idle = self.suspended | (stakes.units <= 0.0)
        held = np.zeros(self.count)
        now = self._prices()
        settled = False
        for _ in range(MOST_CHANGES):
            # (1 − β) G_s = β G_b, or the gain that an outside option asks for, or the price as it is
            share = np.where(held == FREE, 1.0 - self.weights, np.where(held == SUPPLIER_HELD, 1.0, 0.0))
            other = np.where(held == FREE, self.weights, np.where(held == BUYER_HELD, -1.0, 0.0))
            asked = np.where(held == FREE, 0.0, np.where(held == SUPPLIER_HELD, outside[0], outside[1]))
            share, other = np.where(idle, 0.0, share), np.where(idle, 0.0, other)
            matrix = diags(share) @ sides[0] - diags(other) @ sides[1] + diags(np.where(idle, 1.0, 0.0))
            right = np.where(idle, now, asked - share * constant[0] + other * constant[1])
            prices = splu(matrix.tocsc()).solve(right)
            gains = np.stack([side @ prices + constant[s] for s, side in enumerate(sides)])
            surplus = gains.sum(axis=0)
            split = self.weights * surplus
            found = np.where(
                split < outside[0] - SHORT * np.abs(surplus),
                SUPPLIER_HELD,
                np.where(surplus - split < outside[1] - SHORT * np.abs(surplus), BUYER_HELD, FREE),
            ).astype(np.float64)
            found[idle | (surplus < outside.sum(axis=0))] = FREE
            settled = np.array_equal(found, held)
            if settled:
                break
            held = found
        gains[:, idle] = np.nan
        return prices, gains, held, settled

    def _first_without_surplus(self, gains: Floats) -> int:
        """Return the contract of the fewest shelves among those without surplus, -1 if all have one."""
        surplus, least = gains.sum(axis=0), self.stakes.outside.sum(axis=0)
        with np.errstate(invalid="ignore"):
            short = surplus < least - SHORT * (np.abs(surplus) + np.abs(least))
        short |= self._used & (self.stakes.units <= 0.0)  # nobody buys
        rows = np.flatnonzero(short & ~self.suspended)
        if not len(rows):
            return -1
        return int(rows[np.lexsort((surplus[rows] - least[rows], self.stakes.shelves[rows]))[0]])

    def _read_stakes(self) -> Bargains:
        """Write what is at stake, with room for all of it."""
        args = self.channel.world, self.terms, self.state, self.channel.ties, self.room
        system = DEMAND_SYSTEMS.index(self.system)
        needed = kernels().write_stakes(system, *args, self.stakes)
        if needed > len(self.stakes.row):
            self.stakes = self._new_stakes(2 * needed)
            kernels().write_stakes(system, *args, self.stakes)
        self._entries = needed
        return self.stakes

    def _new_stakes(self, entries: int) -> Bargains:
        n = self.count
        whole, pairs = np.int64, (2, n)
        return Bargains(
            row=np.zeros(entries, dtype=whole),
            column=np.zeros(entries, dtype=whole),
            coefficients=np.zeros((2, entries)),
            constants=np.zeros(pairs),
            outside=np.zeros(pairs),
            units=np.zeros(n),
            shelves=np.zeros(n, dtype=whole),
            sums=np.zeros(pairs),
            touched=np.zeros(pairs, dtype=whole),
        )

    def _prices(self) -> Floats:
        """Return the prices in force."""
        prices = np.zeros(self.count)
        prices[self._contract] = self.state.links[c.WHOLESALE_PRICE, self._links]
        return prices

    def _write(self, prices: Floats) -> None:
        """Write agreed prices, and who asks what, on the links."""
        links = self.state.links
        links[c.WHOLESALE_PRICE, self._links] = prices[self._contract]
        links[c.BARGAINING_WEIGHT, self._links] = self.weights[self._contract]
        first = self.channel.world.holdings_index[c.FIRST_LINK]
        self.state.holdings[c.PRICE, self._suppliers] = links[c.WHOLESALE_PRICE, first[self._suppliers]]


def extrapolated(tried: list[Floats], missed: list[Floats]) -> Floats:
    """Return the next point of a fixed-point search by Anderson's (1965) extrapolation.

    Parameters
    ----------
    tried, missed : list of array
        Points tried, and by how much the map moved each; the newest last.
    """
    point, gap = tried[-1], missed[-1]
    if len(tried) == 1:
        return point + gap
    gaps = np.stack([gap - g for g in missed[:-1]], axis=1)
    points = np.stack([point - p for p in tried[:-1]], axis=1)
    weights = np.linalg.lstsq(gaps, gap, rcond=1e-12)[0]
    return np.asarray(point + gap - (points + gaps) @ weights)
