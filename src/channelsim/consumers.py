"""What consumers see in the shelves that a policy lists: utility of logit demand, slopes of linear demand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.parts import brand_value
from channelsim.tables import Floats


def shelf_utility(built: BuiltWorld, listed: Floats) -> Floats:
    """Return (segments, shelves) utility of each shelf apart from price, service and travel."""
    first, variety_weight = built.first_shelf, built.world.segments[c.VARIETY_WEIGHT, :, None]
    store, appeal = built.world.holdings_index[c.STORE, first:], built.kept(_appeal)
    variety = np.log(np.maximum(np.bincount(store, listed[first:], built.sizes.stores), 1.0))
    of_store = appeal.before_variety + variety_weight * variety - appeal.lot_size
    # taken, not indexed: rows of a table have to lie one after the other
    utility = np.take(of_store, store, axis=1)
    utility += appeal.equity
    return utility


class _Appeal(NamedTuple):
    """What consumers see in shelves whatever else is listed."""

    equity: Floats
    """(segments, shelves) of the shelf's brand."""
    before_variety: Floats
    """(segments, stores) loyalty to the store, less what waiting there costs."""
    lot_size: Floats
    """(segments, stores) what the gap to the wanted lot size costs."""


def _appeal(built: BuiltWorld) -> _Appeal:
    world, scenario = built.world, built.scenario
    names = [b.name for b in scenario.brands]
    equity = np.nan_to_num([[brand_value(s.equity, b) for b in names] for s in scenario.segments])
    # a store's shelves share what it offers
    segment, attributes = world.segments[:, :, None], world.members[:, built.first_store :]
    fit = np.abs(np.log(attributes[c.LOT_SIZE] / segment[c.WANTED_LOT_SIZE]))
    return _Appeal(
        equity=np.take(equity, world.holdings_index[c.BRAND, built.first_shelf :], axis=1),
        before_variety=attributes[c.LOYALTY] - segment[c.WAITING_WEIGHT] * attributes[c.WAITING],
        lot_size=segment[c.LOT_SIZE_WEIGHT] * fit,
    )


def linear_demand(built: BuiltWorld, listed: Floats) -> tuple[Floats, Floats]:
    """Return the flat slopes B, B⁻¹ of every territory and the intercepts among the listed shelves.

    A shelf that is not listed has the price at which nobody would buy there: the system of the others
    is the Schur complement, so their demand grows as buyers turn to them.
    """
    world, demand, first = built.world, built.scenario.demand, built.first_shelf
    index, brands = world.territories_index, [b.name for b in built.scenario.brands]
    own = np.array([brand_value(demand.own_slope, name) for name in brands])
    level = np.array([brand_value(demand.intercept, name) for name in brands])
    intercepts, blocks = np.zeros(built.sizes.holdings), [np.zeros(0)]
    for t, name in enumerate(built.territories.names):
        rows = np.arange(first + index[c.FIRST_SHELF, t], first + index[c.END_SHELF, t])
        if not len(rows):
            continue
        brand, store = world.holdings_index[c.BRAND, rows], world.holdings_index[c.STORE, rows]
        elsewhere = np.where(brand[:, None] == brand, demand.cross_store_slope, demand.cross_slope)
        cross = np.where(store[:, None] == store, demand.cross_brand_slope, elsewhere)
        full = np.where(np.eye(len(rows), dtype=bool), own[brand], -cross)
        if np.linalg.eigvalsh(full).min() <= 0:
            raise ScenarioError(
                f"demand in {name}: own_slope must outweigh the cross slopes of its {len(rows)} shelves"
            )
        here = listed[rows] > 0
        outer, between = full[np.ix_(~here, ~here)], full[np.ix_(here, ~here)]
        transfer = np.linalg.solve(outer, between.T).T
        reduced, inverse = np.zeros_like(full), np.zeros_like(full)
        reduced[np.ix_(here, here)] = full[np.ix_(here, here)] - transfer @ between.T
        inverse[np.ix_(here, here)] = np.linalg.inv(reduced[np.ix_(here, here)])
        intercepts[rows[here]] = level[brand[here]] - transfer @ level[brand[~here]]
        blocks += [reduced.ravel(), inverse.ravel()]
    return np.concatenate(blocks), intercepts
