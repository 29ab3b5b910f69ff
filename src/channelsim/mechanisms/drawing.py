"""Draws: the random numbers of a block of weeks, before the dynamics that use them.

Keyed draws (see `channelsim.randomness`): a number depends on seed, replication, decision, entity and
week alone, never on order, chunk, thread or on who else is in the market.
"""

from __future__ import annotations

from channelsim.codes import DRAW_MARKET, DRAW_SHELF
from channelsim.columns import HOLDING_KEY, TERRITORY_KEY
from channelsim.compiled import rule
from channelsim.distributions import fill_normals
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.randomness import fill_uniforms
from channelsim.tables import Draws, State, World


@rule
def draw_market(week: int, replication: int, seed: int, world: World, draws: Draws) -> None:
    """Draw the market shocks of a block of weeks, standard normal."""
    if week % draws.market.shape[0] == 0:
        fill_uniforms(
            draws.market, world.territories_index[TERRITORY_KEY], week, replication, DRAW_MARKET, seed
        )
        fill_normals(draws.market, draws.scratch)


@rule
def draw_shelves(
    normal: bool, week: int, replication: int, seed: int, world: World, state: State, draws: Draws
) -> None:
    """Draw the shelf noise of a block of weeks, uniform or standard normal."""
    if week % draws.shelf.shape[0] == 0:
        keys = world.holdings_index[HOLDING_KEY][first_shelf_of(state) :]
        fill_uniforms(draws.shelf, keys, week, replication, DRAW_SHELF, seed)
        if normal:
            fill_normals(draws.shelf, draws.scratch)
