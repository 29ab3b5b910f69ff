"""A channel as a graph and back, networks of one's own, and the bad ones."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import channelsim
from channelsim import Policy, Scenario, ScenarioError
from channelsim.network import from_graph, to_graph
from channelsim.world import build

BRANDS = [{"name": "flour", "owner": "mill", "production_cost": 12.0}]

TWO_CITIES = {
    "scenario_format": 1,
    "name": "two cities",
    "weeks": 30,
    "warm_up_weeks": 10,
    "price_review_weeks": 2,
    "credit": True,
    "cost_of_capital": 0.001,
    "territories": [{"name": "north", "buyers": 80.0}, {"name": "south", "buyers": 50.0, "growth": 0.2}],
    "segments": [{"name": "all", "price_sensitivity": 0.1, "equity": {"A": 4.0, "B": 3.5}}],
    "brands": [
        {"name": "A", "owner": "a", "production_cost": 10.0},
        {"name": "B", "owner": "b", "production_cost": 9.0},
    ],
    "members": [
        {"name": "a", "role": "manufacturer", "count": 1, "owner": "a", "capacity": 90.0},
        {"name": "b", "role": "manufacturer", "count": 1, "owner": "b", "fixed_cost": 50.0},
        {
            "name": "distributors",
            "role": "distributor",
            "per_territory": 2,
            "suppliers": ["a", "b"],
            "pricing": {"rule": "markup", "markup": 1.2},
            "pays_from_cash": True,
            "capital": 5000.0,
        },
        {
            "name": "stores",
            "role": "retailer",
            "per_territory": {"north": 3, "south": 2},
            "suppliers": ["distributors"],
            "alternates": 1,
            "loyalty": {"distribution": "normal", "mean": 0.1, "deviation": 0.2},
            "pricing": {"rule": "best_response"},
            "ordering": {"safety": "critical_fractile", "window": 6},
        },
        {
            "name": "outlets",
            "role": "direct_outlet",
            "per_territory": 1,
            "territories": ["north"],
            "suppliers": ["a"],
            "owner": "a",
            "pricing": {"opening": 25.0},
        },
    ],
    "contracts": [
        {"supplier": "a", "buyer": "distributors", "wholesale_price": 16.0, "lead_time": 2},
        {
            "supplier": "b",
            "buyer": "distributors",
            "wholesale_price": 15.0,
            "lead_time": 1,
            "credit_weeks": 3,
        },
        {"supplier": "distributors", "buyer": "stores", "brand": "A", "lead_time": 1, "case_size": 5.0},
        {"supplier": "distributors", "buyer": "stores", "brand": "B", "minimum_order": 2.0},
        {"supplier": "a", "buyer": "outlets", "wholesale_price": 14.0, "lead_time": 1},
    ],
    "events": [
        {
            "week": 15,
            "duration": 5,
            "column": "attractiveness",
            "operation": "add",
            "value": 0.5,
            "groups": ["stores"],
            "brands": ["A"],
        },
        {"week": 12, "duration": 4, "column": "market_index", "value": 1.5, "territories": ["south"]},
    ],
}


def valley(**changes):
    """Return a mill, two traders and three stores; changes go to the graph's first store."""
    graph = nx.DiGraph(name="valley")
    graph.add_node("mill", role="manufacturer", owner="mill")
    graph.add_node("east trade", role="distributor", territory="east")
    graph.add_node("west trade", role="distributor", territory="west")
    graph.add_node("Arne", role="retailer", territory="east", **changes)
    graph.add_node("Berit", role="retailer", territory="east", loyalty=0.5)
    graph.add_node("Carl", role="retailer", territory="west", **{"ordering.safety_factor": 2.0})
    graph.add_edge("mill", "east trade", wholesale_price=20.0, lead_time=1)
    graph.add_edge("mill", "west trade", wholesale_price=21.0, lead_time=2, credit_weeks=4)
    graph.add_edge("east trade", "Arne", wholesale_price=24.0)
    graph.add_edge("east trade", "Berit", wholesale_price=23.5)
    graph.add_edge("west trade", "Carl", wholesale_price=25.0)
    graph.add_edge("east trade", "Carl", wholesale_price=26.0, minimum_order=10.0)
    return graph


def totals(scenario, replications=1):
    result = channelsim.simulate(scenario, replications=replications, progress=False)
    table = result.summary().set_index("metric")["mean"]
    return table.drop("mean_distance")  # the stores' places are drawn by name


# --- channel to graph -------------------------------------------------------------------------------


def test_nodes_and_edges_carry_members_and_terms():
    channel = build(Scenario.parse(TWO_CITIES))
    graph = channel.graph()
    assert len(graph) == 2 + 4 + 5 + 1
    node = graph.nodes["stores north 2"]
    loyalty = channel.members.attributes["loyalty"][channel.members.names.index("stores north 2")]
    assert node["role"] == "retailer"
    assert (node["group"], node["tier"], node["territory"], node["active"]) == ("stores", 2, "north", True)
    assert node["owner"] == "stores north 2"
    assert node["brands"] == ["A", "B"]
    assert node["loyalty"] == loyalty != 0.1
    assert node["pricing"] == {"rule": "best_response"}
    assert graph.nodes["outlets"]["owner"] == graph.nodes["a"]["owner"] == "a"
    assert graph.nodes["a"]["territory"] == ""
    edge = graph.edges["b", "distributors south 1"]
    assert edge["brands"] == ["B"]
    assert (edge["wholesale_price"], edge["lead_time"], edge["credit_weeks"]) == (15.0, 1, 3)


def test_terms_that_differ_by_brand_are_given_by_brand():
    graph = build(Scenario.parse(TWO_CITIES)).graph()
    (supplier,) = [s for s, _, p in graph.in_edges("stores south 1", data="preference") if p == 0]
    edge = graph.edges[supplier, "stores south 1"]
    assert edge["brands"] == ["A", "B"]
    assert edge["lead_time"] == {"A": 1, "B": 0}
    assert edge["case_size"] == {"A": 5.0, "B": 0.0}
    assert edge["wholesale_price"] == pytest.approx({"A": 1.2 * 16.0, "B": 1.2 * 15.0})
    assert edge["credit_weeks"] == 0


def test_the_first_choice_is_active_and_the_alternate_is_not():
    graph = build(Scenario.parse(TWO_CITIES)).graph()
    found = sorted(
        (e["preference"], e["primary"], e["active"])
        for _, _, e in graph.in_edges("stores north 1", data=True)
    )
    assert found == [(0, True, True), (1, False, False)]


def test_a_policy_shows_in_the_graph():
    scenario = Scenario.parse(TWO_CITIES).replace(**{"members.stores.maximum_scale": 2.0})
    channel = build(scenario)
    policy = Policy(
        density={"stores": {"per_territory": 1}}, terms=[{"supplier": "a", "wholesale_price": 12.5}]
    )
    graph = to_graph(channel, channel.apply(policy))
    stores = [node for node, group in graph.nodes(data="group") if group == "stores"]
    assert len(stores) == 10
    assert [node for node in stores if graph.nodes[node]["active"]] == ["stores north 1", "stores south 1"]
    assert graph.edges["a", "distributors north 1"]["wholesale_price"] == 12.5
    assert graph.edges["b", "distributors north 1"]["wholesale_price"] == 15.0
    assert not any(edge["active"] for _, _, edge in graph.in_edges("stores north 2", data=True))


# --- there and back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bilateral", "two cities"])
def test_a_channel_comes_back_the_same(name):
    scenario = Scenario.parse(TWO_CITIES) if name == "two cities" else Scenario.from_library(name)
    again = from_graph(to_graph(build(scenario)))
    assert again.weeks == scenario.weeks
    assert again.name == scenario.name
    pd.testing.assert_series_equal(totals(again), totals(scenario), rtol=1e-9)


def test_a_channel_comes_back_as_the_policy_left_it():
    scenario = Scenario.parse(TWO_CITIES).replace(**{"members.stores.maximum_scale": 2.0})
    policy = Policy(
        name="p", density={"stores": {"scale": 2}}, terms=[{"supplier": "b", "wholesale_price": 13.0}]
    )
    channel = build(scenario)
    again = from_graph(to_graph(channel, channel.apply(policy)))
    expected = channelsim.simulate(channel, policy, replications=1, progress=False).summary()
    expected = expected.set_index("metric")["mean"].drop("mean_distance")
    pd.testing.assert_series_equal(totals(again), expected, rtol=1e-9)


def test_going_round_twice_changes_nothing():
    graph = to_graph(build(Scenario.parse(TWO_CITIES)))
    again = to_graph(build(from_graph(graph)))
    assert set(again) == set(graph)
    assert set(again.edges) == set(graph.edges)
    for node in graph:
        for name in ("role", "owner", "tier", "territory", "active", "brands", "loyalty", "capital"):
            assert again.nodes[node][name] == graph.nodes[node][name], (node, name)
    for pair in graph.edges:
        assert again.edges[pair] == graph.edges[pair]


def test_given_demand_by_group_follows_the_stores():
    scenario = Scenario.parse(
        TWO_CITIES
        | {
            "demand": {"system": "given", "mean": {"stores": 7.0, "outlets": 3.0}},
            "members": [
                m | {"pricing": {"opening": 30.0}} if "stores" in m["name"] else m
                for m in TWO_CITIES["members"]
            ],
            "events": [],
        }
    )
    again = from_graph(to_graph(build(scenario)))
    assert again.demand.mean == {"outlets": 3.0} | {
        f"stores {place}": 7.0 for place in ("north 1", "north 2", "north 3", "south 1", "south 2")
    }
    pd.testing.assert_series_equal(totals(again), totals(scenario), rtol=1e-9)


def test_territories_of_a_table_come_back_as_rows(tmp_path):
    (tmp_path / "places.csv").write_text("name,x_km,buyers\nnorth,5,80\nsouth,-5,50\n", encoding="utf-8")
    scenario = Scenario.parse(
        TWO_CITIES
        | {"territories": [{"table": "places.csv", "zones": 3, "zone_concentration": 1.0}], "events": []},
        folder=tmp_path,
    )
    again = from_graph(to_graph(build(scenario)))
    assert [(t.name, t.buyers, t.centre_x, t.zones) for t in again.territories] == [
        ("north", 80.0, 5.0, 3),
        ("south", 50.0, -5.0, 3),
    ]
    assert again.tables() == []


# --- networks of one's own --------------------------------------------------------------------------


def test_a_network_of_ones_own_becomes_a_scenario():
    scenario = from_graph(valley(fixed_cost=10.0), brands=BRANDS, weeks=20)
    assert scenario.name == "valley"
    groups = {group.name: group for group in scenario.members}
    assert groups["mill"].count == 1
    assert groups["Arne"].fixed_cost == 10.0
    assert (groups["Arne"].per_territory, groups["Arne"].territories) == (1, ["east"])
    assert groups["Carl"].suppliers == ["west trade", "east trade"]
    assert groups["Carl"].ordering.safety_factor == 2.0
    assert groups["Arne"].owner == ""
    assert [t.name for t in scenario.territories] == ["east", "west"]
    contracts = {(c.supplier, c.buyer): c for c in scenario.contracts}
    assert contracts["mill", "west trade"].credit_weeks == 4
    assert contracts["east trade", "Carl"].minimum_order == 10.0
    channel = build(scenario)
    assert channel.sizes.members == 6
    active = {edge for edge, on in nx.get_edge_attributes(channel.graph(), "active").items() if on}
    assert active == set(valley().edges) - {("east trade", "Carl")}


def test_preference_comes_before_the_order_of_the_edges():
    graph = valley()
    graph.edges["east trade", "Carl"]["preference"] = -1
    groups = {group.name: group for group in from_graph(graph, brands=BRANDS).members}
    assert groups["Carl"].suppliers == ["east trade", "west trade"]


def test_inactive_members_stay_out():
    graph = valley(active=False)
    assert "Arne" not in [group.name for group in from_graph(graph, brands=BRANDS).members]


def test_a_graph_may_come_from_data_frames_and_files(tmp_path):
    edges = pd.DataFrame(
        {
            "from": ["mill", "mill"],
            "to": ["Arne", "Berit"],
            "wholesale_price": [20, 21],
            "lead_time": [1, np.nan],
        }
    )
    graph = nx.from_pandas_edgelist(edges, "from", "to", edge_attr=True, create_using=nx.DiGraph)
    nx.set_node_attributes(graph, {"mill": "manufacturer", "Arne": "retailer", "Berit": "retailer"}, "role")
    graph.nodes["Arne"]["loyalty"] = np.float64(0.25)
    nx.set_edge_attributes(graph, {("mill", "Arne"): 1}, "lead_time")
    nx.write_graphml(graph, tmp_path / "valley.graphml")
    for found in (graph, nx.read_graphml(tmp_path / "valley.graphml")):
        scenario = from_graph(found, brands=BRANDS)
        assert [c.lead_time for c in scenario.contracts] == [1, 0]
        assert scenario.members[1].loyalty == 0.25


def test_one_edge_a_brand_in_a_multigraph():
    graph = nx.MultiDiGraph()
    graph.add_node("mill", role="manufacturer", brands=["flour", "bran"])
    graph.add_node("Arne", role="retailer")
    graph.add_edge("mill", "Arne", brand="flour", wholesale_price=20.0)
    graph.add_edge("mill", "Arne", brand="bran", wholesale_price=8.0, lead_time=2)
    scenario = from_graph(graph, brands=[*BRANDS, {"name": "bran", "production_cost": 5.0}])
    assert [(c.brand, c.wholesale_price, c.lead_time) for c in scenario.contracts] == [
        ("flour", 20.0, 0),
        ("bran", 8.0, 2),
    ]
    assert build(scenario).sizes.shelves == 2


def test_what_the_edges_bring_is_what_a_member_carries():
    graph = nx.DiGraph()
    graph.add_node("mill", role="manufacturer", brands="flour, bran")
    graph.add_node("Arne", role="retailer")
    graph.add_node("Berit", role="retailer")
    graph.add_edge("mill", "Arne", brand="bran", wholesale_price=8.0)
    graph.add_edge("mill", "Berit", wholesale_price={"flour": 20.0, "bran": 8.5})
    scenario = from_graph(graph, brands=[*BRANDS, {"name": "bran", "production_cost": 5.0}])
    assert [group.brands for group in scenario.members] == [["flour", "bran"], ["bran"], ["flour", "bran"]]
    assert len(scenario.contracts) == 3


def test_foreign_attributes_are_passed_over_when_named():
    graph = valley(colour="red")
    graph.edges["mill", "east trade"]["width"] = 3
    with pytest.raises(ScenarioError, match="colour"):
        from_graph(graph, brands=BRANDS)
    assert from_graph(graph, ignore=["colour", "width"], brands=BRANDS).members[3].name == "Arne"


def test_keywords_come_before_what_the_graph_carries():
    graph = valley()
    graph.graph["weeks"] = 30
    graph.graph["drawn by"] = "hand"
    assert from_graph(graph, brands=BRANDS).weeks == 30
    assert from_graph(graph, brands=BRANDS, weeks=20).weeks == 20


# --- what is refused --------------------------------------------------------------------------------


def no_price(graph):
    del graph.edges["east trade", "Arne"]["wholesale_price"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda g: g.add_edge("west trade", "mill", wholesale_price=1.0),
            "go round: mill → west trade → mill",
        ),
        (lambda g: g.add_node("Dora", role="shop"), "node 'Dora': role = 'shop'; admissible: plant"),
        (lambda g: g.add_node("Dora"), "node 'Dora': role is missing"),
        (lambda g: g.add_edge("Arne", "Berit", wholesale_price=1.0), "'Arne' → 'Berit': a retailer sells to"),
        (no_price, "edge 'east trade' → 'Arne': wholesale_price is missing"),
        (lambda g: g.nodes["Arne"].update(loyality=1.0), "node 'Arne': loyality: .*admissible: loyalty"),
        (lambda g: g.nodes["Arne"].update(count=3), "node 'Arne': count follows from the graph"),
        (
            lambda g: g.edges["mill", "east trade"].update(price=3),
            "no field 'price'; admissible: wholesale_price",
        ),
        (
            lambda g: g.nodes["Arne"].update(territory="nowhere"),
            "'Arne': territory = 'nowhere'; admissible: east",
        ),
        (lambda g: g.nodes["Arne"].pop("territory"), "node 'Arne': territory is missing"),
        (lambda g: g.edges["mill", "east trade"].update(lead_time=-1), "lead_time = -1: must be"),
        (lambda g: g.nodes["Arne"].update(loyalty=99.0), "loyalty = 99.*must"),
        (lambda g: g.add_node("Dora", role="retailer", territory="east"), "Dora.*needs at least one supply"),
        (lambda g: g.remove_edges_from(list(g.edges)), "it has no edges"),
        (lambda g: g.edges["mill", "east trade"].update(wholesale_price={"bran": 1.0}), "bran"),
    ],
)
def test_a_bad_graph_is_refused_in_one_line(spoil, message):
    graph = valley()
    spoil(graph)
    with pytest.raises(ScenarioError, match=message) as caught:
        from_graph(graph, brands=BRANDS, territories=[{"name": "east"}, {"name": "west"}])
    assert "\n" not in str(caught.value)


def test_an_edge_for_some_of_the_shared_brands_is_refused():
    graph = valley()
    brands = [*BRANDS, {"name": "bran", "owner": "mill", "production_cost": 5.0}]
    graph.nodes["east trade"]["brands"] = ["flour", "bran"]
    graph.edges["mill", "east trade"]["brand"] = "flour"
    with pytest.raises(ScenarioError, match="it is for flour, but both carry flour, bran"):
        from_graph(graph, brands=brands)


def test_an_undirected_graph_is_refused():
    with pytest.raises(ScenarioError, match="direction"):
        from_graph(nx.Graph(valley()), brands=BRANDS)


def test_members_and_contracts_come_from_the_graph():
    with pytest.raises(ScenarioError, match="members come from its nodes"):
        from_graph(valley(), brands=BRANDS, members=[])


def test_a_table_of_traces_is_refused():
    with pytest.raises(ScenarioError, match="trace_table"):
        from_graph(valley(), brands=BRANDS, demand={"system": "given", "trace_table": "t.csv"})


def test_names_that_look_alike_are_refused():
    graph = valley()
    graph.add_node(1, role="manufacturer")
    graph.add_node("1", role="manufacturer")
    with pytest.raises(ScenarioError, match="two nodes are written '1'"):
        from_graph(graph, brands=BRANDS)
