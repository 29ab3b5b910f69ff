"""Structural metrics: constants of a policy, read off its terms with no need to simulate."""

from __future__ import annotations

import numpy as np

from channelsim import columns as c
from channelsim.coverage import mean_distances
from channelsim.engines.groupings import Groupings
from channelsim.metrics import METRICS
from channelsim.tables import Floats, Terms
from channelsim.world import Channel

_OF_MEMBERS = {
    "listing_fees_paid": c.LISTING_FEES_PAID,
    "listing_fees_received": c.LISTING_FEES_RECEIVED,
    "exclusive_members": c.DEALS_EXCLUSIVELY,
}


def structural_metric(name: str, channel: Channel, terms: Terms) -> dict[str, Floats]:
    """Return a structural metric by grouping.

    Parameters
    ----------
    name : str
        As declared in ``metrics.csv``.
    channel, terms
        As a policy makes them; idle rows may be left out.

    Returns
    -------
    dict of str to array (labels,)
        In the metric's unit.
    """
    if name == "mean_distance":
        return mean_distances(channel, terms)
    groupings, values = Groupings.of(channel), terms.members[_OF_MEMBERS[name]]
    found = {}
    for grouping in METRICS[name].groupings:
        label = groupings.rows["members", grouping]
        known = label >= 0  # national members have no territory
        totals = np.zeros(len(groupings.labels[grouping]))
        np.add.at(totals, label[known], values[known])
        found[grouping] = totals
    return found
