"""A network of one's own becomes a scenario: every node a member group of one, every edge a contract.

What the graph of a channel looks like is said in `channelsim.network`, which writes it. Whatever makes
no channel (a circle of goods, an unknown role, a store that sells on, a missing price) is refused in one
line that names the node or the edge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channelsim.codes import CONSUMER_ROLES, ROLES, SUPPLIER_PRICE_RULES
from channelsim.errors import ScenarioError
from channelsim.incentive_parts import INCENTIVES
from channelsim.member_parts import Contract, MemberGroup
from channelsim.members import brands_of
from channelsim.parts import python_number
from channelsim.paths import assign
from channelsim.scenario import FORMAT, Scenario
from channelsim.territories import expand_territories

if TYPE_CHECKING:
    from networkx import DiGraph

STRUCTURE = ("group", "tier", "territory", "position", "active", "owner", "role", "brands", "brand")
"""Attributes of nodes that are no fields of a member group, or are read apart."""
EDGE_STRUCTURE = ("brands", "brand", "preference", "primary", "active")
CONTRACT_FIELDS = tuple(name for name in Contract.model_fields if name not in ("supplier", "buyer", "brand"))
POSTED = ("fixed", "posted")
ANY_DISTANCE_KM = 1e9


def from_graph(
    graph: DiGraph, *, ignore: Iterable[str] = (), folder: Path | None = None, **fields: Any
) -> Scenario:
    """Return the scenario of a network: every node a member, every edge a contract.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        Goods run along the edges, supplier → buyer.

        Nodes need a ``role``; a store (retailer, integrator, direct outlet) also its ``territory`` if there
        are several. Further attributes are the fields of a member group, such as ``owner``, ``brands``,
        ``loyalty``, ``fixed_cost``; parts of a field go by their path, such as ``pricing.rule``. Without
        ``brands`` a member carries what its edges state, else all that its suppliers carry. Nodes with
        ``active`` false are left out.

        Edges need a ``wholesale_price`` (money per unit) unless the supplier prices by rule, and may have
        ``lead_time``, ``order_delay``, ``credit_weeks`` (weeks), ``minimum_order``, ``case_size`` (units):
        one number, or a mapping by brand; in a multigraph one edge per ``brand``. A buyer prefers the
        supplier of lowest ``preference``, else the edge added first.
    ignore : iterable of str
        Attributes of nodes and edges to pass over, such as those of a drawing program.
    folder : Path, optional
        Where tables named by ``territories`` lie.
    **fields
        The other fields of the scenario (``brands`` at least), over those that the graph itself carries
        (``graph.graph``). Without ``territories`` there is one for every name that a node gives.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        One line: the node or edge, and what is admissible.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph(name="pair")
    >>> graph.add_node("maker", role="manufacturer")
    >>> graph.add_node("store", role="retailer", holding_rate=0.0)
    >>> graph.add_edge("maker", "store", wholesale_price=6.0)
    >>> scenario = from_graph(graph, brands=[{"name": "A", "production_cost": 4.0}])
    >>> [member.name for member in scenario.members]
    ['maker', 'store']
    """
    if not graph.is_directed():
        raise ScenarioError("graph: edges need a direction, supplier → buyer: give a networkx.DiGraph")
    for name in ("members", "contracts"):
        if name in fields:
            raise ScenarioError(f"graph: {name} come from its nodes and edges, not from a keyword")
    skipped = set(ignore)
    graph = graph.subgraph([node for node, active in graph.nodes(data="active", default=True) if active])
    _check_nodes(graph)
    carried_over = {k: v for k, v in graph.graph.items() if k in Scenario.model_fields and k not in skipped}
    data = {"name": "network", **carried_over, **fields, "scenario_format": FORMAT}
    if _field(data.get("demand"), "trace_table"):
        raise ScenarioError(
            "graph: demand.trace_table has a column for each member group, which a graph does not have: "
            "give demand.trace, or demand.mean by node"
        )
    home = _territories_of(graph)
    if "territories" not in data and any(home.values()):
        named = dict.fromkeys(home[node] for node in graph if home[node])
        data["territories"] = [{"name": name} for name in named]
    pairs = list(dict.fromkeys((supplier, buyer) for supplier, buyer, _ in graph.edges(data=True)))
    stated = {(supplier, buyer): _stated_brands(supplier, buyer, graph) for supplier, buyer in pairs}
    data["members"] = [_group(node, graph, home, stated, skipped) for node in graph]
    data["contracts"] = [
        row for supplier, buyer in pairs for row in _contracts(supplier, buyer, graph, skipped)
    ]
    if not data["contracts"]:
        raise ScenarioError("graph: it has no edges, so nobody buys from anybody")
    scenario = Scenario.parse(data, where="graph", folder=folder)
    _check_places(scenario, graph, home)
    _check_brands(scenario, stated)
    return scenario


def _field(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, dict) else getattr(part, name, None)


def _stated(attributes: Mapping[str, Any], skipped: set[str]) -> dict[str, Any]:
    """Return what a node or an edge states, in Python's numbers; None and NaN say nothing."""
    values = {k: python_number(v) for k, v in attributes.items() if k not in skipped}
    return {k: v for k, v in values.items() if v is not None and not (isinstance(v, float) and v != v)}


def _names(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    names = value.split(",") if isinstance(value, str) else value
    return [str(name).strip() for name in names]


def _check_nodes(graph: DiGraph) -> None:
    import networkx as nx

    names = [str(node) for node in graph]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ScenarioError(f"graph: two nodes are written {twice!r}; names must be unique")
    for node, attributes in graph.nodes(data=True):
        role = attributes.get("role")
        if role not in ROLES:
            given = "role is missing" if role is None else f"role = {role!r}"
            raise ScenarioError(f"node {node!r}: {given}; admissible: {', '.join(ROLES)}")
        if role in CONSUMER_ROLES and graph.out_degree(node):
            buyer = next(iter(graph.successors(node)))
            raise ScenarioError(f"edge {node!r} → {buyer!r}: a {role} sells to consumers only")
    try:
        circle = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return
    around = " → ".join(str(edge[0]) for edge in circle)
    raise ScenarioError(f"graph: goods would go round: {around} → {circle[0][0]}")


def _territories_of(graph: DiGraph) -> dict[Any, str]:
    """Return each node's territory; an upper node has one only if all that it supplies have one."""
    import networkx as nx

    home: dict[Any, str] = {}
    for node in reversed(list(nx.topological_sort(graph))):
        territory = graph.nodes[node].get("territory") or ""
        home[node] = str(territory) if all(home[buyer] for buyer in graph.successors(node)) else ""
    return home


def _edges(supplier: Any, buyer: Any, graph: DiGraph) -> list[dict[str, Any]]:
    data = graph.get_edge_data(supplier, buyer)
    return list(data.values()) if graph.is_multigraph() else [data]


def _stated_brands(supplier: Any, buyer: Any, graph: DiGraph) -> list[str]:
    """Return the brands that the edges between two members name, [] for whatever both carry."""
    named: list[str] = []
    for edge in _edges(supplier, buyer, graph):
        here = _names(edge.get("brands", edge.get("brand")))
        for field in CONTRACT_FIELDS:
            here += list(edge[field]) if isinstance(edge.get(field), dict) else []
        if not here:
            return []
        named += here
    return list(dict.fromkeys(named))


def _group(
    node: Any, graph: DiGraph, home: dict[Any, str], stated: dict[Any, list[str]], skipped: set[str]
) -> dict[str, Any]:
    """Return the member group of a node."""
    attributes = _stated(graph.nodes[node], skipped)
    role, place = attributes["role"], home[node]
    group: dict[str, Any] = {"name": str(node), "role": role}
    owner = str(attributes.get("owner", ""))
    group["owner"] = "" if owner == str(node) else owner
    places = [place] if place else []
    group |= {"per_territory": 1, "territories": places} if place or role in CONSUMER_ROLES else {"count": 1}
    suppliers = list(graph.predecessors(node))
    suppliers.sort(key=lambda s: min(e.get("preference", 0) for e in _edges(s, node, graph)))
    group["suppliers"] = [str(s) for s in suppliers]
    if any(home[s] not in ("", place) for s in suppliers):
        group["reach_km"] = ANY_DISTANCE_KM
    brands = _names(attributes.get("brands", attributes.get("brand")))
    if not brands and suppliers and all(stated[s, node] for s in suppliers):
        brands = list(dict.fromkeys(b for s in suppliers for b in stated[s, node]))
    group["brands"] = brands
    taken = {*group, "count", "per_territory", "buyers_per_member", "maximum_scale", "alternates"}
    for path, value in attributes.items():
        if path in STRUCTURE:
            continue
        if path.split(".")[0] in taken:
            raise ScenarioError(f"node {node!r}: {path} follows from the graph; leave it out or ignore it")
        try:
            assign(group, path, value, MemberGroup)
        except ScenarioError as error:
            raise ScenarioError(f"node {node!r}: {error}; or ignore it") from None
    return group


def _contracts(supplier: Any, buyer: Any, graph: DiGraph, skipped: set[str]) -> list[dict[str, Any]]:
    """Return the contracts of an edge: one, or one by brand where terms differ."""
    where = f"edge {supplier!r} → {buyer!r}"
    edges, contracts = _edges(supplier, buyer, graph), []
    for attributes in edges:
        edge = _stated(attributes, skipped)
        for name in edge:
            if name not in (*CONTRACT_FIELDS, *EDGE_STRUCTURE):
                known = ", ".join(CONTRACT_FIELDS)
                raise ScenarioError(f"{where}: no field {name!r}; admissible: {known}; or ignore it")
        by_brand = any(isinstance(edge.get(field), dict) for field in CONTRACT_FIELDS)
        brands = _names(edge.get("brands", edge.get("brand")))
        if by_brand and not brands:
            brands = list(dict.fromkeys(b for v in edge.values() if isinstance(v, dict) for b in v))
        for brand in brands if by_brand or len(edges) > 1 else [""]:
            contract = {"supplier": str(supplier), "buyer": str(buyer), "brand": brand}
            for field in CONTRACT_FIELDS:
                value = edge.get(field)
                if isinstance(value, dict) and brand not in value:
                    raise ScenarioError(f"{where}: {field} has no value for brand {brand!r}")
                value = value[brand] if isinstance(value, dict) else value
                if value is not None and value != "":
                    contract[field] = _incentive(value, where, field) if field in INCENTIVES else value
            contracts.append(contract)
            if "wholesale_price" not in contract and _posts(graph.nodes[supplier]):
                rules = ", ".join(rule for rule in SUPPLIER_PRICE_RULES if rule not in POSTED)
                raise ScenarioError(
                    f"{where}: wholesale_price is missing, and {supplier!r} has no pricing.rule ({rules})"
                )
    return contracts


def _incentive(value: Any, where: str, field: str) -> Any:
    """Return an incentive, which an edge holds as JSON."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        raise ScenarioError(f"{where}: {field} = {value!r}: is no JSON text of the field's parts") from None


def _posts(node: dict[str, Any]) -> bool:
    rule = node.get("pricing.rule") or _field(node.get("pricing"), "rule")
    return rule in (None, *POSTED)


def _check_places(scenario: Scenario, graph: DiGraph, home: dict[Any, str]) -> None:
    known = expand_territories(scenario).names
    for node, role in graph.nodes(data="role"):
        place = home[node]
        if role in CONSUMER_ROLES and not place and len(known) > 1:
            raise ScenarioError(f"node {node!r}: territory is missing; admissible: {', '.join(known)}")
        if place and place not in known:
            raise ScenarioError(f"node {node!r}: territory = {place!r}; admissible: {', '.join(known)}")


def _check_brands(scenario: Scenario, stated: dict[Any, list[str]]) -> None:
    """Refuse an edge for some of the brands that both ends carry: a buyer buys all of them."""
    carried, names = brands_of(scenario), [b.name for b in scenario.brands]
    for (supplier, buyer), brands in stated.items():
        shared = [names[b] for b in carried[str(buyer)] if b in carried[str(supplier)]]
        if brands and set(brands) != set(shared):
            both = ", ".join(shared) or "no brand"
            raise ScenarioError(
                f"edge {supplier!r} → {buyer!r}: it is for {', '.join(brands)}, but both carry {both}; "
                "a buyer buys all that both carry: set the attribute brands of the nodes"
            )
