"""What the ties say of a store's peers."""

import numpy as np

from channelsim import Scenario, columns
from channelsim.world import build


def test_peers_are_the_territorys_stores_with_the_brand():
    scenario = Scenario.from_library("appliances")
    groups = {f"members.{g.name}.loyalty": 0.1 * (k + 1) for k, g in enumerate(scenario.members)}
    channel, _ = build(scenario.replace(**groups)).under()
    first, index = channel.first_shelf, channel.world.holdings_index
    member, brand = index[columns.MEMBER, first:], index[columns.BRAND, first:]
    loyalty, territory = channel.world.members[columns.LOYALTY, member], channel.members.territory[member]
    found = channel.ties.peer_loyalty
    even = False
    for t in range(12):
        for b in range(len(scenario.brands)):
            same = (territory == t) & (brand == b)
            even |= same.sum() % 2 == 0 and len(np.unique(loyalty[same])) > 1
            assert np.array_equal(found[same], np.full(same.sum(), np.median(loyalty[same])))
    assert even
    assert len(np.unique(found)) > 1
