"""Accounts by territory: what a firm, or the whole channel, earns in each territory.

A member that belongs to a territory earns its profit there. A national member earns in a territory what
flows through it into the territory: along each of its links the invoice, less the replacement cost of the
goods, less the cost of capital on what is owed on the link; less what serving the members of the territory
costs it, what it pays them for listing, support, training and exclusive dealing, plus their franchise fees.
Through further national members flows go on in proportion to the units shipped. Cost of a national member's
holdings (handling, holding; also rebates, bonuses, buybacks and shared revenue) goes by units as well: an
allocation, where buyers of different territories reach different steps.

Exact where a national member holds no stock and pays per unit or per member served, as a maker that produces
what it ships does. What belongs to no territory (fixed cost, rewards and fines) stays *elsewhere*:
territories and elsewhere add up to the profit, always.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.engines.diagnosis import diagnose
from channelsim.engines.driver import Driver
from channelsim.engines.earlier import Earlier, earlier_of
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import ScenarioError
from channelsim.tables import Terms
from channelsim.world import Channel

Floats = NDArray[np.float64]

HOLDINGS = ("revenue", "stockout", "sales", "cost_of_goods", "operating")
MEMBERS = ("profit",)
PAID_BY_PRINCIPAL = ("cooperative_support", "training_spent", "compensation_granted")
LINKS = ("shipped", "invoice", "debt", "franchise_fee_paid", *PAID_BY_PRINCIPAL)
TERRITORIES = ("consumer_surplus",)


class RowSums(NamedTuple):
    """Sums over the recorded weeks of one replication, row by row of the active channel."""

    holdings: dict[str, Floats]
    members: dict[str, Floats]
    links: dict[str, Floats]
    territories: dict[str, Floats]


class TerritoryAccounts(NamedTuple):
    """What is earned where, mean of the recorded weeks.

    Attributes
    ----------
    earned : ndarray, shape (policies, replications, territories)
        Money per week.
    elsewhere : ndarray, shape (policies, replications)
        What belongs to no territory.
    stocked, stores : ndarray, shape (policies, replications, territories)
        Stores with the brand listed and in stock, and open stores: their ratio is numeric distribution.
    distance, within : ndarray, shape (policies, territories)
        Mean distance of a buyer to the nearest store with the brand, km (inf: no store), and share of the
        buyers with one in reach.
    """

    earned: Floats
    elsewhere: Floats
    stocked: Floats
    stores: Floats
    distance: Floats
    within: Floats

    @property
    def total(self) -> Floats:
        """Sum over the territories and elsewhere, shape (policies, replications)."""
        return np.asarray(self.earned.sum(axis=-1) + self.elsewhere)


def row_sums(
    channel: Channel,
    terms: Terms,
    policy: Policy,
    first: int,
    replications: int,
    seed: int,
    holdings: tuple[str, ...] = HOLDINGS,
    links: tuple[str, ...] = LINKS,
    earlier: Earlier | None = None,
) -> list[RowSums]:
    """Run replications of one policy and return the sums of its rows.

    Parameters
    ----------
    channel, terms
        As `Channel.under` gives them.
    policy : Policy
        Named if the run fails.
    first : int
        Number of the first replication.
    replications, seed : int
    holdings, links : tuple of str
        Columns of the state that are summed.
    earlier : Earlier, optional
        What members remember.

    Raises
    ------
    SimulationError
        If a run met a number that no channel can have.
    """
    # the kernel expects revenue and stockout first
    held = tuple(dict.fromkeys(("revenue", "stockout", *holdings)))
    recording = Recording(held, (), MEMBERS, links, TERRITORIES, (), ())
    space, found = Workspace(channel, recording, Groupings.of(channel), 1), []
    for r in range(replications):
        stop = np.zeros(2, dtype=np.int64)
        Driver(channel, terms, space, seed, first + r, stop, earlier).run(1)
        if stop[1]:
            raise diagnose(channel, terms, policy, first + r, seed, earlier)
        k = space.records
        tables = (k.holding_sums, k.member_sums, k.link_sums, k.territory_sums)
        names = (held, MEMBERS, links, TERRITORIES)
        found.append(RowSums(*(dict(zip(n, values.copy())) for n, values in zip(names, tables))))
    return found


def whose(channel: Channel, firm: str) -> Callable[[Channel], NDArray[np.bool_]]:
    """Return which members of an active channel belong to a firm; to any firm, if it is "".

    Raises
    ------
    ScenarioError
        If nobody belongs to it.
    """
    names = [g.owner or g.name for g in channel.scenario.members]
    if firm and firm not in names:
        raise ScenarioError(f"firm = {firm!r}: admissible: {', '.join(dict.fromkeys(names))}")
    owned = np.array([firm in ("", name) for name in names])
    return lambda active: owned[active.members.group]


def territory_accounts(
    channel: Channel,
    policies: Sequence[Policy],
    replications: int,
    seed: int,
    *,
    firm: str = "",
    brand: str = "",
    reach: float = np.inf,
    surplus: bool = False,
    first: int = 0,
    workers: int | None = None,
) -> TerritoryAccounts:
    """Simulate policies and account for what is earned in each territory.

    Parameters
    ----------
    channel : Channel
    policies : sequence of Policy
        All meet the same draws.
    replications, seed : int
    firm : str
        Whose profit counts: an owner or a group; "" for all members of the channel.
    brand : str
        Brand that coverage is about; default the first.
    reach : float
        Distance within which buyers count as reached, km.
    surplus : bool
        Add the consumers' surplus (welfare).
    first : int
        Number of the first replication.
    workers : int, optional
        Threads; default one per processor. The result does not depend on it.

    Raises
    ------
    ScenarioError
        If the world cannot feel a policy.
    SimulationError
        If a run met a number that no channel can have.
    """
    owned = whose(channel, firm)
    names = [b.name for b in channel.scenario.brands]
    of_brand = names.index(brand) if brand else 0
    weeks = channel.scenario.weeks - channel.scenario.warm_up_weeks

    def one(policy: Policy) -> tuple[Floats, ...]:
        active, terms = channel.under(policy)
        attribution = Attribution(active, terms, owned(active))
        shelves = _shelves(active, of_brand)
        rows = []
        earlier = earlier_of(channel, policy)
        for sums in row_sums(active, terms, policy, first, replications, seed, earlier=earlier):
            earned, elsewhere = attribution.of(sums, weeks)
            if surplus:
                earned = earned + sums.territories["consumer_surplus"] / weeks
            rows.append((earned, elsewhere, *_presence(active, terms, shelves, sums, weeks)))
        km = nearest_store(active, terms, of_brand)
        return (*(np.stack(found) for found in zip(*rows)), *_coverage(active, km, reach))

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        found = list(pool.map(one, policies))
    return TerritoryAccounts(*(np.stack(part) for part in zip(*found)))


class Attribution:
    """How the flows of a channel under a policy belong to territories."""

    def __init__(self, channel: Channel, terms: Terms, counted: NDArray[np.bool_]):
        world, self._territories = channel.world, channel.sizes.territories
        self._territory, self._counted = channel.members.territory, counted
        self._holder = world.holdings_index[c.MEMBER]
        links = world.links_index
        self._from, self._to = links[c.SUPPLIER_HOLDING], links[c.BUYER_HOLDING]
        self._rate = float(world.scenario[c.COST_OF_CAPITAL]) if channel.scenario.credit else 0.0
        national = np.flatnonzero(counted & (self._territory < 0))
        # links that end or begin at a national holding, by tier of the supplier from the bottom up
        flows = self._territory[self._holder] < 0
        self._national = flows
        self._tiers = [
            np.arange(*channel.links_of_tier(t).indices(len(self._from)))
            for t in reversed(range(channel.tiers - 1))
        ]
        self._principal = terms.links_index[c.PRINCIPAL_HOLDING]
        self._committed = self._commitments(channel, terms, national)

    def _commitments(self, channel: Channel, terms: Terms, national: NDArray[np.int64]) -> Floats:
        """Return what national members pay a week for members served and shelves listed, by territory."""
        world, paid = channel.world, np.zeros(self._territories)
        source = terms.holdings_index[c.SOURCE_LINK]
        rows = np.flatnonzero(source >= 0)
        _, first = np.unique(self._holder[rows], return_index=True)
        rows = rows[first]  # the first listed holding of each buyer names who serves it
        buyer, supplier = self._holder[rows], self._holder[self._from[source[rows]]]
        served = np.isin(supplier, national) & (self._territory[buyer] >= 0)
        np.add.at(paid, self._territory[buyer[served]], world.members[c.SERVICING_COST, buyer[served]])
        groups = channel.scenario.members
        if any(g.listing_fee for g in groups):
            shelf = np.flatnonzero((source >= 0) & (np.arange(len(source)) >= channel.first_shelf))
            fee = np.array([g.listing_fee for g in groups])[channel.members.group[self._holder[shelf]]]
            payer, owner = self._holder[self._from[source[shelf]]], channel.members.owner
            mine = np.isin(payer, national) & (owner[payer] != owner[self._holder[shelf]])
            np.add.at(paid, self._territory[self._holder[shelf[mine]]], fee[mine])
        return paid

    def destinations(self, shipped: Floats) -> Floats:
        """Return the share of each holding's units that goes into each territory, (holdings, territories).

        Rows of national holdings that ship nothing are zero.
        """
        share = np.zeros((len(self._holder), self._territories))
        local = np.flatnonzero(~self._national)
        share[local, self._territory[self._holder[local]]] = 1.0
        for links in self._tiers:
            links = links[self._national[self._from[links]]]
            if len(links):
                np.add.at(share, self._from[links], shipped[links, None] * share[self._to[links]])
                rows = np.unique(self._from[links])
                total = share[rows].sum(axis=1, keepdims=True)
                share[rows] = np.divide(share[rows], total, out=np.zeros_like(share[rows]), where=total > 0)
        return share

    def of(self, sums: RowSums, weeks: int) -> tuple[Floats, float]:
        """Return what is earned in each territory and elsewhere, money per week."""
        profit, earned = sums.members["profit"], np.zeros(self._territories)
        local = self._counted & (self._territory >= 0)
        np.add.at(earned, self._territory[local], profit[local])
        counted = self._counted[self._holder] & self._national
        if counted.any():
            share = self.destinations(sums.links["shipped"])
            sold, bought = counted[self._from], counted[self._to]
            invoice = np.where(sold, sums.links["invoice"], 0.0)
            billed = np.bincount(self._from, invoice, len(counted))
            # what a holding's revenue has beyond its invoices goes with them
            factor = np.divide(sums.holdings["revenue"], billed, out=np.ones_like(billed), where=billed > 0)
            owed = self._rate * sums.links["debt"] * (bought.astype(np.float64) - sold)
            flows = np.flatnonzero(sold | bought)
            value = invoice[flows] * factor[self._from[flows]] + owed[flows]
            earned += value @ share[self._to[flows]]
            supported = np.flatnonzero((self._principal >= 0) & counted[self._principal])
            paid = np.sum([sums.links[name] for name in PAID_BY_PRINCIPAL], axis=0)
            paid = (paid - sums.links["franchise_fee_paid"])[supported]
            earned -= paid @ share[self._to[supported]]
            rows = np.flatnonzero(counted)
            spent = (sums.holdings["cost_of_goods"] + sums.holdings["operating"])[rows]
            spent -= np.bincount(self._principal[supported], paid, len(counted))[rows]
            earned -= spent @ share[rows] + self._committed * weeks
        return earned / weeks, float(profit[self._counted].sum() - earned.sum()) / weeks


def _shelves(channel: Channel, brand: int) -> NDArray[np.int64]:
    """Return the rows of the shelves of a brand."""
    rows = np.arange(channel.first_shelf, channel.sizes.holdings)
    return np.asarray(rows[channel.world.holdings_index[c.BRAND, rows] == brand])


def _presence(
    channel: Channel, terms: Terms, shelves: NDArray[np.int64], sums: RowSums, weeks: int
) -> tuple[Floats, Floats]:
    """Return the stores with the brand listed and in stock, and the open stores, by territory."""
    territory, count = channel.members.territory, channel.sizes.territories
    present = terms.holdings[c.LISTED, shelves] - sums.holdings["stockout"][shelves] / weeks
    holder = channel.world.holdings_index[c.MEMBER, shelves]
    listed = terms.holdings[c.LISTED, channel.first_shelf :] > 0
    open_stores = np.unique(channel.world.holdings_index[c.MEMBER, channel.first_shelf :][listed])
    return (
        np.asarray(np.bincount(territory[holder], present, count), dtype=np.float64),
        np.bincount(territory[open_stores], minlength=count).astype(np.float64),
    )


def nearest_store(channel: Channel, terms: Terms, brand: int) -> Floats:
    """Return each demand zone's distance to the nearest store of its territory with the brand, km.

    Returns
    -------
    ndarray, shape (zones,)
        Infinite where no store lists the brand.
    """
    places, zones = channel.members.position, channel.territories
    shelves = _shelves(channel, brand)
    shelves = shelves[terms.holdings[c.LISTED, shelves] > 0]
    stores = channel.world.holdings_index[c.MEMBER, shelves]
    order = np.argsort(channel.members.territory[stores], kind="stable")
    stores = stores[order]
    bounds = np.searchsorted(channel.members.territory[stores], np.arange(len(zones.names) + 1))
    distance = np.full(channel.sizes.zones, np.inf)
    for t, zone in enumerate(zones.zone_slices):
        here = places[stores[bounds[t] : bounds[t + 1]]]
        if len(here):
            gap = np.linalg.norm(zones.zone_position[zone][:, None] - here[None], axis=2)
            distance[zone] = gap.min(axis=1)
    return distance


def _coverage(channel: Channel, km: Floats, reach: float) -> tuple[Floats, Floats]:
    """Return the mean distance and the share of buyers in reach, by territory."""
    weight, slices = channel.world.zone_buyers.sum(axis=0), channel.territories.zone_slices
    buyers = np.array([weight[z].sum() for z in slices])
    inside = np.array([weight[z] @ (km[z] <= reach) for z in slices])
    distance = np.array([np.inf if np.isinf(km[z]).any() else weight[z] @ km[z] for z in slices])
    some = np.maximum(buyers, 1e-300)
    return distance / some, inside / some
