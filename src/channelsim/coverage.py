"""How far buyers are from a store: a constant of a policy, with no need to simulate."""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.expansion import BuiltWorld
from channelsim.tables import Floats, Terms


def mean_distances(channel: BuiltWorld, terms: Terms) -> dict[str, Floats]:
    """Return the mean distance from a buyer to the nearest store that lists the brand, km.

    Returns
    -------
    dict of str to array
        "brand" (brands,), "territory" (territories,) and "overall" (1,); the last two are means over
        brands. NaN where a brand is listed nowhere.
    """
    world, brands = channel.world, len(channel.scenario.brands)
    zones, places = channel.territories, channel.members.position
    summed = np.zeros((len(zones.names), brands))
    buyers = np.zeros(len(zones.names))
    of_zone = world.zone_buyers.sum(axis=0)
    member = world.holdings_index[c.MEMBER]
    for t, zone in enumerate(zones.zone_slices):
        weight = of_zone[zone]
        buyers[t] = weight.sum()
        first = channel.first_shelf
        shelves = np.arange(
            first + world.territories_index[c.FIRST_SHELF, t], first + world.territories_index[c.END_SHELF, t]
        )
        shelves = shelves[terms.holdings[c.LISTED, shelves] > 0]
        for brand in range(brands):
            stores = member[shelves[world.holdings_index[c.BRAND, shelves] == brand]]
            if not len(stores):
                summed[t, brand] = np.nan
                continue
            gap = np.linalg.norm(zones.zone_position[zone][:, None] - places[stores][None], axis=2)
            summed[t, brand] = weight @ gap.min(axis=1)
    reached = ~np.isnan(summed)
    served = np.maximum(buyers[:, None] * reached, 0.0)
    of_brand = np.nansum(summed, axis=0) / np.where(served.sum(axis=0) > 0, served.sum(axis=0), np.nan)
    with np.errstate(invalid="ignore"):
        of_territory = summed / np.where(buyers > 0, buyers, np.nan)[:, None]
    count = reached.sum(axis=1)
    territory = np.where(count > 0, np.nansum(of_territory, axis=1) / np.maximum(count, 1), np.nan)
    return {
        "brand": of_brand,
        "territory": territory,
        "overall": np.array([np.nanmean(of_brand) if reached.any() else np.nan]),
    }
