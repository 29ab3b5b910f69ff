"""On a given demand trace a serial chain of base stocks is week by week that of stockpyl's simulation.

The two count time differently; what is converted, and nothing else:

===========================  ====================================  =========================================
                             channelsim, week t                    stockpyl 1.0.2, period t
===========================  ====================================  =========================================
first                        goods due arrive                      demand occurs, orders go up the chain
then                         consumers' demand is met or owed      goods due arrive, from the top down,
                                                                   and each stage ships before the next one
then, tier by tier upward    orders, shipments                     –
position for the order       after sales: stock + on order − owed  before arrivals, demand taken off:
                                                                   inventory level + on order − demand
goods shipped at t arrive    at the start of week t + 1 + L        in period t + ℓ, before demand is met
unlimited source             a plant on top (a member)             the external supplier (not a node)
===========================  ====================================  =========================================

Arrivals and sales change stock and what is on order or owed by the same amount, so the two positions agree
and so do the orders; and ℓ = L + 1, because stockpyl's goods leave in the period in which they would be on
the shelf if ℓ were 0. Numbers are those at the end of a week: orders placed, stock on hand, backlog owed.

stockpyl pins an old Sphinx and so cannot share an environment with this project's own; what it gave is kept
below and compared. ``benchmarks/peers_inventory.py`` runs both anew, and prints these rows with ``--trace``.
"""

import numpy as np
import pytest

import channelsim
from example_markets import serial

DEMAND = [6, 9, 2, 0, 14, 7, 7, 3, 11, 5, 8, 8, 1, 20, 4, 6, 7, 9, 5, 6]
LEVELS = {"maker": 20.0, "middle": 15.0, "store": 12.0}
LEADS = (2, 0, 1)
"""Lead times L into maker, middle and store."""
PERIODS = (3, 1, 2)
"""The same as stockpyl's shipment lead times ℓ = L + 1."""

# Orders, stock and backlog of stockpyl 1.0.2: serial_system with demand type "D", policy "BS", local
# base-stock levels 20, 15, 12, shipment lead times 3, 1, 2, no initial shipments, initial stock at the
# base-stock level.
PEER = {
    "maker": {
        "order": [6, 9, 2, 0, 14, 7, 7, 3, 11, 5, 8, 8, 1, 20, 4, 6, 7, 9, 5, 6],
        "stock": [14, 5, 3, 9, 4, 0, 0, 3, 0, 1, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0],
        "owed": [0, 0, 0, 0, 0, 1, 8, 0, 1, 0, 4, 1, 0, 9, 5, 10, 0, 2, 1, 0],
    },
    "middle": {
        "order": [6, 9, 2, 0, 14, 7, 7, 3, 11, 5, 8, 8, 1, 20, 4, 6, 7, 9, 5, 6],
        "stock": [9, 6, 13, 15, 1, 8, 7, 4, 4, 9, 7, 3, 13, 0, 2, 4, 0, 6, 8, 8],
        "owed": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 2, 0, 0, 0],
    },
    "store": {
        "order": [6, 9, 2, 0, 14, 7, 7, 3, 11, 5, 8, 8, 1, 20, 4, 6, 7, 9, 5, 6],
        "stock": [6, 0, 1, 10, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1],
        "owed": [0, 3, 0, 0, 2, 9, 2, 0, 2, 4, 1, 4, 0, 9, 12, 3, 1, 4, 4, 0],
    },
}


def weekly(trace, levels, leads):
    """Return orders, stocks and backlogs of each tier, week by week, from the simulator."""
    scenario = serial([float(d) for d in trace], {"rule": "base_stock"}, leads=leads).replace(
        **{f"members.{name}.ordering.base_stock": level for name, level in levels.items()},
        **{"demand.unmet": "backlogged", "weeks": len(trace)},
    )
    columns = ("order", "stock", "owed")
    result = channelsim.simulate(
        scenario, replications=1, record=[f"{k} by group" for k in columns], progress=False
    )
    return {
        name: {k: result.trajectories[f"{k}_by_group"].sel(group=name).values[0, 0].tolist() for k in columns}
        for name in levels
    }


def test_a_chain_of_three_tiers_is_week_by_week_that_of_the_peer():
    assert weekly(DEMAND, LEVELS, LEADS) == PEER


def test_every_tier_ran_short_and_recovered_on_the_trace():
    for tier in PEER.values():
        owed = np.array(tier["owed"])
        assert owed.max() > 0
        assert np.any((owed[:-1] > 0) & (owed[1:] == 0))
        assert max(tier["stock"]) > 0


def test_without_the_conversion_of_lead_times_the_chains_differ():
    assert weekly(DEMAND, LEVELS, PERIODS) != PEER


def from_peer(trace, levels, periods):
    """Return what stockpyl itself gives, in the form of `weekly`."""
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import serial_system

    nodes = list(range(len(levels), 0, -1))
    network = serial_system(
        num_nodes=len(nodes),
        node_order_in_system=nodes,
        node_order_in_lists=nodes,
        demand_type="D",
        demand_list=[float(d) for d in trace],
        policy_type="BS",
        base_stock_level=list(levels.values()),
        shipment_lead_time=list(periods),
    )
    simulation(network, len(trace), progress_bar=False)
    found = {}
    for name, index in zip(levels, nodes, strict=True):
        node = network.nodes_by_index[index]
        states = node.state_vars[: len(trace)]
        net = [s.inventory_level[node.product_indices[0]] for s in states]
        orders = [sum(sum(of.values()) for of in s.order_quantity.values()) for s in states]
        found[name] = {
            "order": orders,
            "stock": [max(x, 0.0) for x in net],
            "owed": [max(-x, 0.0) for x in net],
        }
    return found


@pytest.mark.parametrize("leads", [(2, 0, 1), (0, 0, 0), (1, 3, 2)])
def test_where_the_peer_is_installed_it_agrees_on_other_traces(leads):
    pytest.importorskip("stockpyl", reason="stockpyl pins an old Sphinx: it has an environment of its own")
    trace = np.random.default_rng(sum(leads)).poisson(5.0, 60).tolist()
    levels = {"maker": 18.0, "middle": 20.0, "store": 14.0}
    ours, theirs = weekly(trace, levels, leads), from_peer(trace, levels, [lead + 1 for lead in leads])
    for name in levels:
        for column in ("order", "stock", "owed"):
            np.testing.assert_allclose(ours[name][column], theirs[name][column], atol=1e-9)
