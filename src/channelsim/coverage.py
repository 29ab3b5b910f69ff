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
    world, zones, first = channel.world, channel.territories, channel.first_shelf
    listed = first + np.flatnonzero(terms.holdings[c.LISTED, first:] > 0)
    store, brand = world.holdings_index[c.MEMBER, listed], world.holdings_index[c.BRAND, listed]
    first_zone = np.array([zone.start for zone in zones.zone_slices])
    count = np.array([zone.stop - zone.start for zone in zones.zone_slices])
    # one entry for every listed shelf and zone of its territory
    here = count[channel.members.territory[store]]
    shelf = np.repeat(np.arange(len(listed)), here)
    zone = np.arange(len(shelf)) - np.repeat(np.cumsum(here) - here, here)
    zone += first_zone[channel.members.territory[store]][shelf]
    gap = np.linalg.norm(zones.zone_position[zone] - channel.members.position[store[shelf]], axis=1)
    nearest = np.full((len(zones.zone_position), len(channel.scenario.brands)), np.inf)
    np.minimum.at(nearest, (zone, brand[shelf]), gap)
    nearest[np.isinf(nearest)] = np.nan
    of_zone = world.zone_buyers.sum(axis=0)
    buyers = np.add.reduceat(of_zone, first_zone)
    summed = np.add.reduceat(of_zone[:, None] * nearest, first_zone)
    reached = ~np.isnan(summed)
    served = np.maximum(buyers[:, None] * reached, 0.0)
    of_brand = np.nansum(summed, axis=0) / np.where(served.sum(axis=0) > 0, served.sum(axis=0), np.nan)
    with np.errstate(invalid="ignore"):
        of_territory = summed / np.where(buyers > 0, buyers, np.nan)[:, None]
    brands = reached.sum(axis=1)
    territory = np.where(brands > 0, np.nansum(of_territory, axis=1) / np.maximum(brands, 1), np.nan)
    return {
        "brand": of_brand,
        "territory": territory,
        "overall": np.array([np.nanmean(of_brand) if reached.any() else np.nan]),
    }
