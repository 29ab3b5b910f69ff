"""Routes of diversion: from which holdings of other territories a shelf could be supplied.

A route leads from a member that belongs to a territory and sells to stores, to a store of another territory,
in a brand that both carry, where the two have no contract for it (else it is a sale like others) and lie
within ``diversion.reach_km``. Each shelf keeps the ``diversion.nearest``. Who diverts is chosen among the
members that the scenario itself has, so that a network built for more slots has the same routes.
"""

from __future__ import annotations

from math import floor

import numpy as np

from channelsim.diversion_parts import can_divert, can_receive
from channelsim.errors import ScenarioError
from channelsim.links import Links
from channelsim.members import Members
from channelsim.scenario import Scenario
from channelsim.tables import Floats, Integers


def no_routes() -> tuple[Integers, Floats]:
    """Return the tables of a channel in which nobody diverts."""
    return np.zeros((2, 0), dtype=np.int64), np.zeros(0)


def expand_routes(
    scenario: Scenario, members: Members, links: Links, holding_of: Integers
) -> tuple[Integers, Floats]:
    """Return the routes, sorted by the receiving shelf, the nearest first, and their lengths.

    Parameters
    ----------
    holding_of : array (members, brands)
        Row of each member's holding of each brand, -1 if it does not carry the brand.

    Returns
    -------
    routes : array (2, routes)
        Holding that diverts, shelf that receives.
    km : array (routes,)

    Raises
    ------
    ScenarioError
        If there is no route.
    """
    diversion = scenario.diversion
    if not diversion.active:
        return no_routes()
    groups = scenario.members
    sends, takes = (np.array([f(g) for g in groups])[members.group] for f in (can_divert, can_receive))
    sends &= members.slot < _base_counts(scenario, members)
    contracted = _contracts(links)
    parts: list[tuple[Integers, Integers, Floats]] = []
    for territory in np.unique(members.territory[takes]):
        store = np.flatnonzero(takes & (members.territory == territory))
        other = np.flatnonzero(sends & (members.territory != territory))
        km = np.linalg.norm(members.position[store][:, None] - members.position[other][None], axis=2)
        near = np.flatnonzero((km <= diversion.reach_km).any(axis=0))
        other, km = other[near], km[:, near]
        for brand in range(holding_of.shape[1]):
            shelf, holding = holding_of[store, brand], holding_of[other, brand]
            gap = np.where(km <= diversion.reach_km, km, np.inf)
            gap[:, holding < 0] = np.inf
            gap[shelf < 0] = np.inf
            for row, place in zip(*np.nonzero(np.isfinite(gap))):
                if (int(holding[place]), int(shelf[row])) in contracted:
                    gap[row, place] = np.inf
            order = np.argsort(gap, axis=1, kind="stable")[:, : diversion.nearest]
            chosen = np.take_along_axis(gap, order, axis=1)
            row, place = np.nonzero(np.isfinite(chosen))
            parts.append((holding[order[row, place]], shelf[row], chosen[row, place]))
    if not sum(len(part[2]) for part in parts):
        raise ScenarioError(
            f"diversion.reach_km = {diversion.reach_km:g}: nobody could divert: no member within reach of a "
            "store of another territory sells its brands without a contract with it"
        )
    routes = np.stack([np.concatenate([part[k] for part in parts]) for k in range(2)]).astype(np.int64)
    length = np.concatenate([part[2] for part in parts])
    by_shelf = np.lexsort((routes[0], length, routes[1]))
    return np.ascontiguousarray(routes[:, by_shelf]), length[by_shelf]


def receivers_of(routes: Integers) -> Integers:
    """Return (3, receiving shelves): shelf, first of the routes to it, one past the last."""
    shelf, start = np.unique(routes[1], return_index=True)
    return np.stack([shelf, start, np.append(start, routes.shape[1])[1:]]).astype(np.int64)


def _base_counts(scenario: Scenario, members: Members) -> Integers:
    """Return for each member how many slots its group has in its place in the scenario itself."""
    counts = [[floor(n + 0.5) for n in members.base_counts[g.name]] for g in scenario.members]
    pairs = zip(members.group, members.territory)
    return np.array([counts[g][max(t, 0) if len(counts[g]) > 1 else 0] for g, t in pairs])


def _contracts(links: Links) -> set[tuple[int, int]]:
    """Return the pairs of holdings between which goods may flow."""
    return set(zip(links.supplier_holding.tolist(), links.buyer_holding.tolist()))
