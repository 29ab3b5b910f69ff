"""Small markets for tests, and their demand written out choice by choice."""

import numpy as np

from channelsim import columns as c
from channelsim.scenario import Scenario

BRANDS = ("A", "B")


def market(demand, price_rules=("fixed",), **changes):
    """Return one maker and a group of stores for each price rule, over two territories."""
    groups = [
        {
            "name": f"stores{i}",
            "role": "retailer",
            "per_territory": 2,
            "suppliers": ["maker"],
            "loyalty": {"distribution": "normal", "deviation": 0.5},
            "handling_cost": 0.5,
            "pricing": {"adjustment": 1.0} | (rule if isinstance(rule, dict) else {"rule": rule}),
        }
        for i, rule in enumerate(price_rules)
    ]
    data = {
        "scenario_format": 1,
        "name": "market",
        "weeks": 400,
        "demand": demand,
        "territories": [
            {"name": "north", "buyers": 200.0, "zones": 3, "zone_concentration": 1.0},
            {"name": "south", "buyers": 80.0, "zones": 2, "area": 30.0},
        ],
        "segments": [
            {
                "name": "loyal",
                "share": 0.3,
                "price_sensitivity": 0.15,
                "travel_cost": 0.1,
                "equity": {"A": 3.0},
            },
            {
                "name": "keen",
                "share": 0.7,
                "price_sensitivity": 0.4,
                "travel_cost": 0.3,
                "equity": {"A": 2.0, "B": 3.0},
                "waiting_weight": 0.2,
                "variety_weight": 0.5,
                "lot_size_weight": 0.3,
                "wanted_lot_size": 2.0,
            },
        ],
        "brands": [{"name": "A", "production_cost": 3.0}, {"name": "B", "production_cost": 2.0}],
        "members": [{"name": "maker", "role": "manufacturer", "count": 1}, *groups],
        "contracts": [
            {"supplier": "maker", "buyer": g["name"], "brand": b, "wholesale_price": w}
            for g in groups
            for b, w in zip(BRANDS, (6.0, 4.0))
        ],
    }
    for name, value in changes.items():
        data[name] = value
    return Scenario.parse(data)


def serial(trace, ordering=None, leads=(1, 0, 2), delays=(0, 0, 0), markups=None, **changes):
    """Return a plant, a maker, a distributor and a store in a row; the store meets the demand of a trace."""
    names = ("plant", "maker", "middle", "store")
    roles = ("plant", "manufacturer", "distributor", "retailer")
    members = []
    for i, (name, role) in enumerate(zip(names, roles)):
        group = {"name": name, "role": role, "count": 1} | ({"suppliers": [names[i - 1]]} if i else {})
        if markups:
            group["pricing"] = {"rule": "markup", "markup": markups[i]}
        if i and ordering:
            group["ordering"] = dict(ordering)
        members.append(group)
    contracts = [
        {"supplier": names[i], "buyer": names[i + 1], "lead_time": leads[i], "order_delay": delays[i]}
        | ({} if markups else {"wholesale_price": 3.0 + i})
        for i in range(3)
    ]
    data = {
        "scenario_format": 1,
        "name": "serial",
        "weeks": 30,
        "demand": {"system": "given", "trace": list(trace)},
        "brands": [{"name": "A", "production_cost": 2.0}],
        "members": members,
        "contracts": contracts,
    }
    return Scenario.parse(data | changes)


def shelf(run, column):
    """Return a column of the state for the shelves."""
    return run.state.holdings[column, run.channel.first_shelf :]


def labels(run):
    """Return group, territory and brand of the shelves."""
    member, first = run.world.holdings_index[c.MEMBER], run.channel.first_shelf
    members = run.channel.members
    return (
        members.group[member][first:],
        members.territory[member][first:],
        run.world.holdings_index[c.BRAND, first:],
    )


def unit_costs(run):
    """Return c̃ of every shelf: wholesale price less the interest saved, plus handling."""
    scenario, first = run.channel.scenario, run.channel.first_shelf
    contract = run.channel.links.contract[run.terms.holdings_index[c.SOURCE_LINK, first:]]
    terms = [scenario.contracts[k] for k in contract]
    saving = [scenario.cost_of_capital * k.credit_weeks if scenario.credit else 0.0 for k in terms]
    price = np.array([k.wholesale_price for k in terms])
    return price * (1.0 - np.array(saving)) + run.world.holdings[c.HANDLING_COST, first:]


def plain_logit(run, price, service=None, index=1.0):
    """Return mean demand (shelves,) and consumer surplus (territories,), summed choice by choice."""
    channel, scenario = run.channel, run.channel.scenario
    member = channel.world.holdings_index[c.MEMBER, channel.first_shelf :]
    brand = channel.world.holdings_index[c.BRAND, channel.first_shelf :]
    listed = run.terms.holdings[c.LISTED, channel.first_shelf :] > 0
    service = np.zeros(len(price)) if service is None else service
    attributes, places = channel.members.attributes, channel.members.position
    demand, surplus = np.zeros(len(price)), np.zeros(len(channel.territories.names))
    for t in range(len(surplus)):
        shelves = [i for i in np.flatnonzero(listed) if channel.members.territory[member[i]] == t]
        for z in range(channel.territories.zone_slices[t].start, channel.territories.zone_slices[t].stop):
            for s in scenario.segments:
                buyers = scenario.territories[t].buyers * channel.territories.zone_weight[z] * s.share * index
                utility = []
                for i in shelves:
                    m = member[i]
                    equity = s.equity.get(BRANDS[brand[i]], 0.0) if isinstance(s.equity, dict) else s.equity
                    assortment = sum(member[k] == m for k in shelves)
                    utility.append(
                        equity
                        + attributes["loyalty"][m]
                        + s.service_weight * service[i]
                        - s.price_sensitivity * price[i]
                        - s.travel_cost * np.hypot(*(places[m] - channel.territories.zone_position[z]))
                        - s.waiting_weight * attributes["waiting"][m]
                        + s.variety_weight * np.log(assortment)
                        - s.lot_size_weight * abs(np.log(attributes["lot_size"][m] / s.wanted_lot_size))
                    )
                weight = np.exp(utility)
                demand[shelves] += buyers * weight / (1.0 + weight.sum())
                surplus[t] += buyers * np.log1p(weight.sum()) / s.price_sensitivity
    return demand, surplus


def plain_linear(run, price):
    """Return mean demand (shelves,) where all shelves are listed."""
    channel, demand = run.channel, run.channel.scenario.demand
    index, first = channel.world.holdings_index, channel.first_shelf
    member, brand = index[c.MEMBER, first:], index[c.BRAND, first:]
    quantity = np.zeros(len(price))
    for i in range(len(price)):
        quantity[i] = demand.intercept[BRANDS[brand[i]]] - demand.own_slope[BRANDS[brand[i]]] * price[i]
        for k in range(len(price)):
            if k == i or channel.members.territory[member[k]] != channel.members.territory[member[i]]:
                continue
            if member[k] == member[i]:
                slope = demand.cross_brand_slope
            else:
                slope = demand.cross_store_slope if brand[k] == brand[i] else demand.cross_slope
            quantity[i] += slope * price[k]
    return quantity


def linear_market(rules=("fixed",), **changes):
    demand = {
        "system": "linear",
        "intercept": {"A": 60.0, "B": 45.0},
        "own_slope": {"A": 2.0, "B": 2.5},
        "cross_brand_slope": 0.4,
        "cross_store_slope": 0.2,
        "cross_slope": 0.1,
    }
    return market(demand, rules, **changes)


def two_shelves(**changes):
    """Return a store of each of two groups with demand 10 and 6 a week, given for good."""
    scenario = market(
        {"system": "given", "mean": {"stores0": 10.0, "stores1": 6.0}},
        ("fixed", "fixed"),
        territories=[{"name": "here"}],
        brands=[{"name": "A", "production_cost": 3.0}],
        contracts=[{"supplier": "maker", "buyer": f"stores{i}", "wholesale_price": 5.0} for i in range(2)],
        segments=[{"name": "all"}],
    )
    changes = {"members.stores0.per_territory": 1, "members.stores1.per_territory": 1} | changes
    return scenario.replace(**changes)
