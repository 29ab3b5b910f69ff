"""The channel as a graph: a built channel to `networkx`, and a network of one's own to a scenario.

Nodes are members, edges run with the goods, from supplier to buyer. `to_graph` shows what was built, for
drawing and for measures of structure. `from_graph` (in `channelsim.network_reading`) reads a network that was
drawn, collected or generated elsewhere: every node becomes a member group of one, every edge a contract.

Not all of a scenario is in its graph. Stores stand at scattered places of their territory, whatever the
attribute ``position`` says; draws are keyed by the members' names, so shelf noise and drawn places of a
channel that went through a graph are others of the same distribution.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim import columns as c
from channelsim.agreement_consistency import BESIDE_THE_PRICE
from channelsim.codes import ROLES
from channelsim.consistency import ATTRIBUTES
from channelsim.errors import ScenarioError
from channelsim.incentive_parts import INCENTIVES
from channelsim.member_parts import Contract, MemberGroup
from channelsim.network_reading import CONTRACT_FIELDS, from_graph
from channelsim.state_layout import cell
from channelsim.tables import Floats

if TYPE_CHECKING:
    from networkx import DiGraph

    from channelsim.tables import Terms
    from channelsim.world import Channel

__all__ = ["from_graph", "node_names", "to_graph"]


def to_graph(channel: Channel, terms: Terms | None = None) -> DiGraph:
    """Return the network of a channel.

    Parameters
    ----------
    channel : Channel
    terms : Terms, optional
        Who is active and at which terms; default those of the scenario as it stands.

    Returns
    -------
    networkx.DiGraph
        Nodes, by the member's name (a group of one: the group's): ``role``, ``owner`` (firm), ``group``,
        ``tier`` (0 at the top), ``territory`` ("" if national), ``position`` (x, y in km), ``active``,
        ``brands``, the member's attributes (``loyalty``, ``fixed_cost``, …) and those fields of
        ``pricing`` and ``ordering`` that differ from their defaults.

        Edges, supplier → buyer: ``brands``, ``wholesale_price`` (money per unit, at the opening),
        ``lead_time``, ``order_delay`` and ``credit_weeks`` (weeks), ``minimum_order``, ``case_size``
        (units) and, where a contract has them, support, fees and exclusivity as the scenario states them,
        each one value or one by brand; ``preference`` (0 for the buyer's first choice), ``primary``
        (first choice for at least one brand) and ``active`` (the buyer orders on it).

        The graph itself carries the other fields of the scenario, from which `from_graph` starts.

    Examples
    --------
    >>> from channelsim import Scenario
    >>> from channelsim.world import build
    >>> graph = to_graph(build(Scenario.from_library("bilateral")))
    >>> list(graph.edges(data="wholesale_price"))
    [('maker', 'store', 60.0)]
    """
    import networkx as nx

    terms = channel.apply() if terms is None else terms
    scenario, members, names = channel.scenario, channel.members, node_names(channel)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ScenarioError(f"graph: two members are called {twice!r}; rename a group")
    graph = nx.DiGraph()
    listed = terms.holdings[c.LISTED] > 0
    active = np.zeros(len(names), dtype=bool)
    active[channel.world.holdings_index[c.MEMBER, listed]] = True
    for m, name in enumerate(names):
        group, territory = scenario.members[members.group[m]], int(members.territory[m])
        graph.add_node(
            name,
            role=ROLES[members.role[m]],
            owner=group.owner or name,
            group=group.name,
            tier=int(members.tier[m]),
            territory="" if territory < 0 else channel.territories.names[territory],
            position=(float(members.position[m, 0]), float(members.position[m, 1])),
            active=bool(active[m]),
            brands=[scenario.brands[b].name for b in members.brands[group.name]],
            **{field: float(members.attributes[field][m]) for field in ATTRIBUTES},
            **_rules(group),
        )
    _add_edges(graph, channel, terms, names)
    graph.graph.update(_scenario_fields(channel, active, names))
    return graph


def node_names(channel: Channel) -> list[str]:
    """Return the name of every member's node: its own, or that of its group if it is the only one."""
    groups, of_member = channel.scenario.members, channel.members.group
    size = np.bincount(of_member, minlength=len(groups))
    return [groups[g].name if size[g] == 1 else name for g, name in zip(of_member, channel.members.names)]


def _rules(group: MemberGroup) -> dict[str, Any]:
    """Return the fields of a group that are no attributes of single members."""
    fields = group.model_dump(exclude_defaults=True, exclude_none=True)
    kept = ("capacity", "pays_from_cash", "opening_service", "pricing", "ordering")
    listing = ("listing_limit", "listing_fee")
    return {name: fields[name] for name in (*kept, *listing) if name in fields}


def _add_edges(graph: DiGraph, channel: Channel, terms: Terms, names: list[str]) -> None:
    scenario, world, members = channel.scenario, channel.world, channel.members
    member, brand = world.holdings_index[c.MEMBER], world.holdings_index[c.BRAND]
    links, labels = world.links_index, [b.name for b in scenario.brands]
    supplier, buyer, rank = links[c.SUPPLIER_HOLDING], links[c.BUYER_HOLDING], links[c.RANK]
    ordering = terms.holdings_index[c.SOURCE_LINK, buyer] == np.arange(len(buyer))
    prices, fields = _opening_prices(channel, terms), _contract_fields(channel)
    places: dict[tuple[str, str], tuple[int, int]] = {}
    for row in np.lexsort((brand[buyer], rank, member[buyer])):
        giver, taker = int(member[supplier[row]]), int(member[buyer[row]])
        pair = names[giver], names[taker]
        contract = scenario.contracts[channel.links.contract[row]]
        if pair not in places:
            graph.add_edge(*pair, brands=[], primary=False, active=False)
            suppliers = scenario.members[members.group[taker]].suppliers
            places[pair] = suppliers.index(scenario.members[members.group[giver]].name), int(rank[row])
        edge, label = graph.edges[pair], labels[brand[buyer[row]]]
        edge["brands"].append(label)
        edge["primary"] = edge["primary"] or bool(rank[row] == 0)
        edge["active"] = edge["active"] or bool(ordering[row])
        of_policy = {
            "minimum_order": terms.holdings[c.MINIMUM_ORDER, buyer[row]],
            "case_size": terms.holdings[c.CASE_SIZE, buyer[row]],
            "credit_weeks": int(terms.links_index[c.CREDIT_WEEKS, row]),
        }
        values = {"wholesale_price": prices[row]} | (of_policy if ordering[row] else {})
        for field in fields:
            value = values.get(field, getattr(contract, field))
            if field in INCENTIVES:
                value = "" if value is None else value.model_dump_json(exclude_defaults=True)
            edge.setdefault(field, {})[label] = value if isinstance(value, int | str) else float(value)
    for name in graph:
        chosen = sorted((pair for pair in graph.in_edges(name)), key=lambda pair: places[pair])
        for preference, pair in enumerate(chosen):
            edge = graph.edges[pair]
            edge["preference"] = preference
            edge["brands"].sort(key=labels.index)
            for field in fields:
                found = list(edge[field].values())
                if found.count(found[0]) == len(found):
                    edge[field] = found[0]


def _contract_fields(channel: Channel) -> list[str]:
    """Return the fields of contracts that edges have: those beside the price only where one is in use."""
    contracts, defaults = channel.scenario.contracts, Contract.model_fields
    beside = (*BESIDE_THE_PRICE, *INCENTIVES, "principal")
    used = [n for n in beside if any(getattr(k, n) != defaults[n].default for k in contracts)]
    return [name for name in CONTRACT_FIELDS if name not in beside or name in used]


def _opening_prices(channel: Channel, terms: Terms) -> Floats:
    """Return the wholesale price of every link in the state from which a run starts."""
    start = cell(channel.sizes, "links", c.WHOLESALE_PRICE, 0)
    return terms.base[start : start + channel.sizes.links]


def _scenario_fields(channel: Channel, active: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Return the scenario's other fields, with member groups spelled out as the active members."""
    scenario, members = channel.scenario, channel.members
    fields = scenario.to_dict()
    for name in ("scenario_format", "members", "contracts"):
        fields.pop(name, None)
    nodes: dict[str, list[str]] = {group.name: [] for group in scenario.members}
    for m in np.flatnonzero(active):
        nodes[scenario.members[members.group[m]].name].append(names[m])
    fields["territories"] = _plain_territories(channel)
    for quantity in ("mean", "deviation"):
        value = getattr(scenario.demand, quantity)
        if isinstance(value, dict):
            fields["demand"][quantity] = {node: value[g] for g in value for node in nodes[g]}
    events = []
    for event in fields.get("events", []):
        chosen = [node for group in event.get("groups", []) for node in nodes[group]]
        if chosen or not event.get("groups"):
            events.append(event | ({"groups": chosen} if chosen else {}))
    return fields | ({"events": events} if events else {})


def _plain_territories(channel: Channel) -> list[dict[str, Any]]:
    """Return one territory a row, so that no table is needed to read them again."""
    scenario, found = channel.scenario, channel.territories
    groups = []
    for group in scenario.territories:
        rows = group.count
        if group.table:
            with scenario.path_of(group.table).open(encoding="utf-8", newline="") as stream:
                rows = sum(1 for _ in csv.DictReader(stream))
        groups += [group] * rows
    return [
        {
            "name": name,
            "territory_class": found.classes[t],
            **{column: float(values[t]) for column, values in found.values.items()},
            "zones": groups[t].zones,
            "zone_concentration": groups[t].zone_concentration,
        }
        for t, name in enumerate(found.names)
    ]
