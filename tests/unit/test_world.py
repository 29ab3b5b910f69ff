"""The built channel: rows and their order, who supplies whom, who is active, where the outlets are."""

import numpy as np
import pytest
from scipy import stats

from channelsim import columns as c
from channelsim.application import active_members
from channelsim.codes import ROLES
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.events import OPERATIONS
from channelsim.links import nearest_of_some
from channelsim.places import sites, zones
from channelsim.scenario import Scenario
from channelsim.schema import column, position
from channelsim.simulation import simulate
from channelsim.state_layout import cell, new_state
from channelsim.world import build


def network(**changes):
    """Return a channel of three tiers over two territories, with a chain that the maker serves itself."""
    data = {
        "scenario_format": 1,
        "name": "network",
        "weeks": 30,
        "territories": [
            {"name": "north", "territory_class": "metro", "buyers": 300.0, "zones": 5, "area": 400.0},
            {"name": "south", "buyers": 100.0, "zones": 3, "centre_x": 100.0},
        ],
        "brands": [{"name": "A", "production_cost": 4.0}, {"name": "B", "production_cost": 3.0}],
        "members": [
            {"name": "maker", "role": "manufacturer", "count": 1},
            {
                "name": "wholesale",
                "role": "distributor",
                "per_territory": {"north": 2.0, "south": 1.0},
                "maximum_scale": 3.0,
                "suppliers": ["maker"],
                "fixed_cost": 7.0,
                "servicing_cost": 2.0,
            },
            {
                "name": "shops",
                "role": "retailer",
                "buyers_per_member": 50.0,
                "maximum_scale": 2.0,
                "suppliers": ["wholesale"],
                "servicing_cost": 0.5,
            },
            {
                "name": "chain",
                "role": "retailer",
                "per_territory": 1,
                "suppliers": ["maker"],
                "owner": "Big",
                "brands": ["B"],
            },
        ],
        "contracts": [
            {"supplier": "maker", "buyer": "wholesale", "wholesale_price": 8.0, "lead_time": 2},
            {"supplier": "maker", "buyer": "chain", "wholesale_price": 9.0, "lead_time": 1},
            {"supplier": "wholesale", "buyer": "shops", "wholesale_price": 10.0},
            {
                "supplier": "wholesale",
                "buyer": "shops",
                "brand": "B",
                "wholesale_price": 11.0,
                "case_size": 6.0,
            },
        ],
    }
    data |= changes
    return Scenario.parse(data)


def refusal(call, *arguments):
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def channel():
    return build(network())


def active_names(channel, policy=None):
    """Return the names of the members with a listed holding."""
    chosen = active_members(channel.apply(policy), channel)
    return {name for name, is_active in zip(channel.members.names, chosen) if is_active}


def test_a_policy_leaves_nothing_behind_in_what_all_policies_share():
    policies = [
        Policy(
            name="dear", terms=[{"supplier": "wholesale", "wholesale_price_scale": 1.5, "case_size": 9.0}]
        ),
        Policy(name="licensed", terms=[{"buyer": "shops", "franchise_fee": 30.0}]),
        Policy(name="fewer", density={"wholesale": {"scale": 0.5}, "shops": {"scale": 2.0}}),
        Policy(name="ended", ended=[{"supplier": "maker", "buyer": "chain"}]),
    ]
    used = build(network())
    for policy in policies:
        used.apply(policy)
    for policy in [None, *policies]:
        for left, right in zip(used.apply(policy), build(network()).apply(policy)):
            for one, other in zip(left, right) if isinstance(left, tuple) else [(left, right)]:
                np.testing.assert_array_equal(one, other)


# --- rows and their order ---------------------------------------------------------------------------


def test_members_are_sorted_by_tier_territory_and_group(channel):
    members = channel.members
    order = list(zip(members.tier, members.territory, members.group, members.slot))
    assert order == sorted(order)
    assert channel.tier_names == ["manufacturer", "distributor", "retailer"]
    assert (channel.sizes.members, channel.sizes.stores) == (1 + 6 + 3 + 12 + 1 + 4 + 1, 18)
    assert members.names[0] == "maker"
    assert members.names[channel.first_store - 1] == "wholesale south 3"
    assert members.names[channel.first_store] == "shops north 1"
    assert members.names[-1] == "chain south"
    assert [ROLES[r] for r in np.unique(members.role)] == ["manufacturer", "distributor", "retailer"]


def test_a_chain_is_one_owner_and_independents_own_themselves(channel):
    owner = {name: channel.members.owners[o] for name, o in zip(channel.members.names, channel.members.owner)}
    assert owner["chain north"] == owner["chain south"] == "Big"
    assert owner["shops north 1"] == "shops north 1"


def test_holdings_are_sorted_by_member_and_brand(channel):
    index, world = channel.world.holdings_index, channel.world
    keys = list(zip(index[c.MEMBER], index[c.BRAND]))
    assert keys == sorted(keys)
    assert len(set(index[c.HOLDING_KEY])) == channel.sizes.holdings
    for m in range(channel.sizes.members):
        rows = range(world.members_index[c.FIRST_HOLDING, m], world.members_index[c.END_HOLDING, m])
        assert set(index[c.MEMBER, rows]) == {m}
        brands = ["B"] if channel.members.names[m].startswith("chain") else ["A", "B"]
        assert [channel.scenario.brands[b].name for b in index[c.BRAND, rows]] == brands
        np.testing.assert_array_equal(np.flatnonzero(channel.holding_of[m] >= 0), index[c.BRAND, rows])
    stores = index[c.STORE]
    assert set(stores[: channel.first_shelf]) == {-1}
    np.testing.assert_array_equal(
        stores[channel.first_shelf :], index[c.MEMBER, channel.first_shelf :] - channel.first_store
    )


def test_links_are_sorted_and_compressed_rows_point_at_them(channel):
    links, world = channel.world.links_index, channel.world
    keys = list(zip(links[c.SUPPLIER_HOLDING], links[c.BUYER_HOLDING]))
    assert keys == sorted(set(keys))
    for h in range(channel.sizes.holdings):
        span = slice(world.holdings_index[c.FIRST_LINK, h], world.holdings_index[c.END_LINK, h])
        np.testing.assert_array_equal(
            np.flatnonzero(links[c.SUPPLIER_HOLDING] == h), np.arange(span.start, span.stop)
        )
    brand = world.holdings_index[c.BRAND]
    np.testing.assert_array_equal(brand[links[c.SUPPLIER_HOLDING]], brand[links[c.BUYER_HOLDING]])
    for tier in range(channel.tiers):
        supplied = channel.members.tier[world.holdings_index[c.MEMBER, links[c.SUPPLIER_HOLDING]]] == tier
        span = channel.links_of_tier(tier)
        np.testing.assert_array_equal(np.flatnonzero(supplied), np.arange(span.start, span.stop))
        rows = channel.holdings_of_tier(tier)
        assert set(channel.members.tier[world.holdings_index[c.MEMBER, rows]]) == {tier}
    assert world.tiers_index[c.TIER_LEAD_TIME].tolist() == [
        -1,
        0,
        -1,
    ]  # the maker's links differ in lead time


def test_the_buyer_offset_says_that_buyers_lie_side_by_side():
    chain = build(Scenario.from_library("chain"))
    for tier in range(2):
        span = chain.links_of_tier(tier)
        offset = chain.world.tiers_index[c.TIER_BUYER_OFFSET, tier]
        assert offset >= 0
        rows = np.arange(span.start, span.stop)
        np.testing.assert_array_equal(chain.world.links_index[c.BUYER_HOLDING, span], rows + offset)
    assert build(network()).world.tiers_index[c.TIER_BUYER_OFFSET, 0] == -1


def test_relationships_are_pairs_of_firms(channel):
    links, owner = channel.links, channel.members.owner[channel.world.holdings_index[c.MEMBER]]
    np.testing.assert_array_equal(links.supplying_owner[links.relationship], owner[links.supplier_holding])
    np.testing.assert_array_equal(links.buying_owner[links.relationship], owner[links.buyer_holding])
    pairs = set(zip(links.supplying_owner, links.buying_owner))
    assert len(pairs) == len(links.supplying_owner)


def test_territories_point_at_their_rows(channel):
    index, members = channel.world.territories_index, channel.members
    shelf_territory = members.territory[channel.world.holdings_index[c.MEMBER, channel.first_shelf :]]
    for t in range(2):
        stores = np.arange(index[c.FIRST_STORE, t], index[c.END_STORE, t])
        np.testing.assert_array_equal(np.flatnonzero(members.territory[channel.first_store :] == t), stores)
        shelves = np.arange(index[c.FIRST_SHELF, t], index[c.END_SHELF, t])
        np.testing.assert_array_equal(np.flatnonzero(shelf_territory == t), shelves)
        zone = slice(index[c.FIRST_ZONE, t], index[c.END_ZONE, t])
        assert channel.world.zone_buyers[:, zone].sum() == pytest.approx([300.0, 100.0][t])
    assert index[c.FIRST_RESPONSE].tolist() == [
        0,
        5 * len(range(index[c.FIRST_STORE, 0], index[c.END_STORE, 0])),
    ]


def test_member_tables_hold_what_the_group_says(channel):
    members = channel.world.members
    wholesale = channel.members.group == 1
    np.testing.assert_array_equal(members[c.FIXED_COST], np.where(wholesale, 7.0, 0.0))
    contract = channel.links.contract
    prices = np.array([k.wholesale_price for k in channel.scenario.contracts])[contract]
    terms = channel.apply()
    state = opening(channel, terms)
    np.testing.assert_array_equal(state.links[c.WHOLESALE_PRICE], prices)
    source = terms.holdings_index[c.SOURCE_LINK]
    sourced = source >= 0
    np.testing.assert_array_equal(state.holdings[c.UNIT_COST, sourced], prices[source[sourced]])
    own_brand = contract[source[sourced]] == 3
    assert set(terms.holdings[c.CASE_SIZE, sourced][own_brand]) == {6.0}
    assert set(terms.holdings[c.CASE_SIZE, sourced][~own_brand]) == {0.0}


def opening(channel, terms):
    """Return the state from which a replication starts."""
    state = new_state(channel.sizes)
    state.flat[:] = terms.base
    return state


def test_weekly_costs_are_fixed_cost_and_servicing_of_the_buyers_served(channel):
    terms = channel.apply()
    cost = dict(zip(channel.members.names, terms.members[c.WEEKLY_COST]))
    source = terms.holdings_index[c.SOURCE_LINK]
    member = channel.world.holdings_index[c.MEMBER]
    served = {}
    for h in np.flatnonzero(source >= 0):
        supplier = member[channel.world.links_index[c.SUPPLIER_HOLDING, source[h]]]
        served.setdefault(channel.members.names[supplier], set()).add(channel.members.names[member[h]])
    assert cost["maker"] == 2.0 * 3  # three distributors; the chain costs nothing to serve
    for name in ("wholesale north 1", "wholesale north 2", "wholesale south 1"):
        assert cost[name] == 7.0 + 0.5 * len(served.get(name, ()))
    assert cost["wholesale north 6"] == 0.0


# --- who is active ----------------------------------------------------------------------------------


def test_density_counts_become_active_flags(channel):
    assert {n for n in active_names(channel) if n.startswith("wholesale")} == {
        "wholesale north 1",
        "wholesale north 2",
        "wholesale south 1",
    }
    shops = Policy(density={"shops": {"per_territory": {"metro": 9.0}}})
    counts = [
        sum(n.startswith(f"shops {t}") for n in active_names(channel, shops)) for t in ("north", "south")
    ]
    assert counts == [9, 2]  # the south is not named: it stays as it is
    halved = active_names(channel, Policy(density={"shops": {"scale": 0.5}}))
    assert sum(n.startswith("shops") for n in halved) == 3 + 1
    rarer = active_names(channel, Policy(density={"shops": {"buyers_per_member": 100.0}}))
    assert sum(n.startswith("shops") for n in rarer) == 3 + 1
    closed = active_names(channel, Policy(density={"maker": {"count": 0}}))
    assert closed == set()


def test_listing_follows_supply_tier_by_tier(channel):
    no_wholesale = channel.apply(Policy(density={"wholesale": {"per_territory": {"south": 0.0}}}))
    names = [channel.members.names[m] for m in channel.world.holdings_index[c.MEMBER]]
    listed = {n for n, is_listed in zip(names, no_wholesale.holdings[c.LISTED]) if is_listed}
    assert {n for n in listed if "south" in n} == {"chain south"}
    assert no_wholesale.links[c.LINK_ACTIVE].sum() == (no_wholesale.holdings_index[c.SOURCE_LINK] >= 0).sum()
    for k in np.flatnonzero(no_wholesale.links[c.LINK_ACTIVE]):
        buyer = channel.world.links_index[c.BUYER_HOLDING, k]
        assert no_wholesale.holdings_index[c.SOURCE_LINK, buyer] == k
        assert no_wholesale.holdings[c.LISTED, buyer] == 1.0


def nearest_active(channel, terms, buyer, group):
    """Return the nearest member of a supplying group, in the buyer's territory, that has a listed holding."""
    members = channel.members
    here = (members.group == group) & (members.territory == members.territory[buyer])
    rows = np.flatnonzero(here & (active_members(terms, channel) == 1))
    gap = np.linalg.norm(members.position[rows] - members.position[buyer], axis=1)
    return rows[np.argmin(gap)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_whatever_the_density_a_store_buys_from_the_nearest_active_source(channel, count):
    terms = channel.apply(Policy(density={"wholesale": {"per_territory": {"north": float(count)}}}))
    member, source = channel.world.holdings_index[c.MEMBER], terms.holdings_index[c.SOURCE_LINK]
    for h in range(channel.first_shelf, channel.sizes.holdings):
        if terms.holdings[c.LISTED, h] and channel.members.group[member[h]] == 2:
            supplier = member[channel.world.links_index[c.SUPPLIER_HOLDING, source[h]]]
            assert supplier == nearest_active(channel, terms, member[h], 1)


def test_a_store_whose_first_source_is_closed_takes_its_first_open_alternate():
    scenario = network()
    data = scenario.to_dict()
    data["members"] += [{"name": "rival", "role": "distributor", "per_territory": 1, "suppliers": ["maker"]}]
    data["members"][2] |= {"suppliers": ["rival", "wholesale"]}
    data["contracts"] += [
        {"supplier": "maker", "buyer": "rival", "wholesale_price": 8.0},
        {"supplier": "rival", "buyer": "shops", "wholesale_price": 9.5},
    ]
    channel = build(Scenario.parse(data))
    member = channel.world.holdings_index[c.MEMBER]
    shops = np.flatnonzero(channel.members.group[member] == 2)

    def suppliers(policy):
        terms = channel.apply(policy)
        source = terms.holdings_index[c.SOURCE_LINK, shops]
        chosen = source[source >= 0]
        groups = channel.members.group[member[channel.world.links_index[c.SUPPLIER_HOLDING, chosen]]]
        costs = opening(channel, terms).holdings[c.UNIT_COST, shops[source >= 0]]
        names = [channel.scenario.members[g].name for g in groups]
        return set(names), set(costs), int((source >= 0).sum())

    closed = Policy(density={"rival": {"scale": 0.0}})
    both = Policy(density={"rival": {"scale": 0.0}, "wholesale": {"scale": 0.0}})
    assert suppliers(None) == ({"rival"}, {9.5}, 2 * (6 + 2))
    assert suppliers(closed) == ({"wholesale"}, {10.0, 11.0}, 2 * (6 + 2))
    assert suppliers(both) == (set(), set(), 0)


def test_alternates_in_reach_stand_in_from_other_territories():
    scenario = network().replace(
        **{
            "members.shops.alternates": 1,
            "members.shops.reach_km": 1000.0,
            "members.wholesale.per_territory": {"north": 2.0, "south": 1.0},
        }
    )
    channel = build(scenario)
    terms = channel.apply(Policy(density={"wholesale": {"per_territory": {"south": 0.0}}}))
    member, source = channel.world.holdings_index[c.MEMBER], terms.holdings_index[c.SOURCE_LINK]
    shops = [h for h in range(channel.first_shelf, channel.sizes.holdings) if terms.holdings[c.LISTED, h]]
    south = [h for h in shops if channel.members.names[member[h]].startswith("shops south")]
    assert len(south) == 4
    for h in south:
        supplier = member[channel.world.links_index[c.SUPPLIER_HOLDING, source[h]]]
        assert channel.members.names[supplier].startswith("wholesale north")
        north = np.flatnonzero((channel.members.group == 1) & (channel.members.territory == 0))[:2]
        gap = np.linalg.norm(channel.members.position[north] - channel.members.position[member[h]], axis=1)
        assert supplier == north[np.argmin(gap)]


def test_nearest_of_some_against_brute_force():
    distance = np.random.default_rng(5).random((40, 12)).round(1)  # with ties
    for wanted in (1, 2, 4):
        expected = np.zeros(distance.shape, dtype=bool)
        for n in range(1, 13):
            order = np.argsort(distance[:, :n], axis=1, kind="stable")[:, :wanted]
            np.put_along_axis(expected, order, True, axis=1)
        np.testing.assert_array_equal(nearest_of_some(distance, wanted), expected)


def test_a_brand_without_a_source_is_unlisted_there():
    data = network().to_dict()
    data["members"][0]["brands"] = ["A"]
    data["members"] += [{"name": "other", "role": "manufacturer", "count": 1, "brands": ["B"]}]
    data["members"][1]["suppliers"] = ["maker", "other"]
    data["members"][3]["suppliers"] = ["other"]
    data["contracts"][1]["supplier"] = "other"
    data["contracts"] += [{"supplier": "other", "buyer": "wholesale", "wholesale_price": 7.0}]
    channel = build(Scenario.parse(data))
    without = channel.apply(Policy(density={"other": {"count": 0}}))
    brand = channel.world.holdings_index[c.BRAND]
    assert without.holdings[c.LISTED, brand == 1].sum() == 0
    np.testing.assert_array_equal(
        without.holdings[c.LISTED, brand == 0], channel.apply().holdings[c.LISTED, brand == 0]
    )
    assert np.all(without.utility.shape == (1, channel.sizes.shelves))


# --- a denser build -------------------------------------------------------------------------------


def test_a_denser_build_keeps_the_members_of_the_thinner_one():
    spread = {"distribution": "normal", "mean": 1.0, "deviation": 0.5}
    thin = build(network().replace(members__shops__loyalty=spread))
    dense = build(
        thin.scenario.replace(members__shops__maximum_scale=6.0, members__wholesale__maximum_scale=5.0)
    )
    where = [dense.members.names.index(name) for name in thin.members.names]
    for name in ("position", "keys", "slot", "role", "tier"):
        np.testing.assert_array_equal(getattr(thin.members, name), getattr(dense.members, name)[where])
    for name, values in thin.members.attributes.items():
        np.testing.assert_array_equal(values, dense.members.attributes[name][where])
    shops = thin.members.group == 2
    assert np.std(thin.members.attributes["loyalty"][shops]) > 0.2
    # and the same sources at the same density
    for policy in (None, Policy(density={"wholesale": {"scale": 2.0}})):
        assert sourcing(thin, policy) == sourcing(dense, policy)


def sourcing(channel, policy):
    """Return {buyer, brand: supplier} of all listed holdings, by name."""
    terms, member = channel.apply(policy), channel.world.holdings_index[c.MEMBER]
    source, names = terms.holdings_index[c.SOURCE_LINK], channel.members.names
    return {
        (names[member[h]], channel.world.holdings_index[c.BRAND, h]): names[
            member[channel.world.links_index[c.SUPPLIER_HOLDING, source[h]]]
        ]
        for h in np.flatnonzero(source >= 0)
    }


def test_sites_are_nested_and_even():
    points = sites(200, 7, "shops", "north")
    np.testing.assert_array_equal(points[:20], sites(20, 7, "shops", "north"))
    assert np.abs(points[:20] - sites(20, 7, "shops", "south")).max() > 0.01
    assert np.abs(points[:20] - sites(20, 8, "shops", "north")).max() > 0.01
    assert points.min() >= 0.0
    assert points.max() < 1.0
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=5, range=[[0, 1], [0, 1]])
    assert counts.min() >= 6  # 8 on average; independent points would leave cells with 3


@pytest.mark.parametrize("placement", ["scattered", "demand", "centre"])
def test_outlets_stand_in_their_territory(placement):
    channel = build(
        network().replace(members__shops__placement=placement, members__shops__maximum_scale=20.0)
    )
    rows = channel.members.group == 2
    territory = channel.members.territory[rows]
    centre = np.stack([channel.territories.centre(t) for t in (0, 1)])[territory]
    gap = np.linalg.norm(channel.members.position[rows] - centre, axis=1)
    radius = np.array([channel.territories.radius(t) for t in (0, 1)])[territory]
    if placement == "centre":
        assert gap.max() == 0.0
    else:
        # evenly over the disc: E (r/R)² = ½; around the zones' centres: the zones' own discs add to it
        more = 1.0 / np.array([5, 3])[territory] if placement == "demand" else 0.0
        assert np.mean((gap / radius) ** 2) == pytest.approx(np.mean(0.5 + 0.5 * more), abs=0.03)
        assert np.all(gap <= (1.0 + np.sqrt(more)) * radius)


def test_zones_weigh_less_outward():
    offsets, weights = zones(50, 10.0, 3.0)
    assert weights.sum() == pytest.approx(1.0)
    gap = np.linalg.norm(offsets, axis=1)
    assert np.all(np.diff(gap) > 0)
    assert gap[-1] <= 10.0
    np.testing.assert_allclose(weights, np.exp(-0.3 * gap) / np.exp(-0.3 * gap).sum())
    assert zones(1, 10.0, 3.0)[0].tolist() == [[0.0, 0.0]]


def test_travel_factors_fall_with_distance():
    scenario = network()
    data = scenario.to_dict() | {"segments": [{"name": "all", "travel_cost": 0.05}]}
    channel = build(Scenario.parse(data))
    position_, zone = channel.members.position, channel.territories.zone_position
    flat = channel.world.travel
    for t in range(2):
        first, end = channel.world.territories_index[[c.FIRST_STORE, c.END_STORE], t] + channel.first_store
        start = channel.world.territories_index[c.FIRST_RESPONSE, t]
        for z in range(*channel.world.territories_index[[c.FIRST_ZONE, c.END_ZONE], t]):
            gap = np.linalg.norm(position_[first:end] - zone[z], axis=1)
            np.testing.assert_allclose(flat[start : start + end - first], np.exp(-0.05 * gap), rtol=1e-14)
            start += end - first


# --- attributes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "law"),
    [
        ({"distribution": "uniform", "mean": 5.0, "deviation": 2.0}, stats.uniform(3.0, 4.0)),
        ({"distribution": "normal", "mean": 5.0, "deviation": 0.5}, stats.norm(5.0, 0.5)),
        ({"distribution": "lognormal", "mean": 5.0, "deviation": 2.0}, None),
    ],
)
def test_attributes_follow_their_distribution(given, law):
    channel = build(network().replace(members__shops__capital=given, members__shops__buyers_per_member=0.2))
    drawn = channel.members.attributes["capital"][channel.members.group == 2]
    assert len(drawn) == 4000
    assert drawn.mean() == pytest.approx(5.0, rel=0.03)
    if law is None:
        spread = np.sqrt(np.log1p(0.4**2))
        law = stats.lognorm(spread, scale=5.0 * np.exp(-(spread**2) / 2))
    assert stats.kstest(drawn, law.cdf).pvalue > 1e-3


def test_attributes_stay_within_the_bounds_of_the_column_and_their_own():
    wide = {"distribution": "normal", "mean": 0.5, "deviation": 3.0}
    channel = build(
        network().replace(members__shops__obsolescence=wide, members__shops__buyers_per_member=2.0)
    )
    drawn = channel.world.holdings[c.OBSOLESCENCE, channel.first_shelf :]
    bounds = column("obsolescence")
    assert (drawn.min(), drawn.max()) == (bounds.low, bounds.high)
    own = channel.scenario.replace(members__shops__obsolescence=wide | {"low": 0.25, "high": 0.75})
    drawn = build(own).members.attributes["obsolescence"][build(own).members.group == 2]
    assert (drawn.min(), drawn.max()) == (0.25, 0.75)


def test_the_build_seed_moves_places_and_attributes_but_no_key():
    spread = {"distribution": "uniform", "mean": 1.0, "deviation": 0.5}
    one = build(network().replace(members__shops__loyalty=spread))
    two = build(one.scenario.replace(build_seed=2))
    again = build(one.scenario)
    np.testing.assert_array_equal(one.members.position, again.members.position)
    np.testing.assert_array_equal(one.members.keys, two.members.keys)
    shops = one.members.group == 2
    assert np.all(one.members.position[shops] != two.members.position[shops])
    assert np.all(one.members.attributes["loyalty"][shops] != two.members.attributes["loyalty"][shops])


# --- policies ---------------------------------------------------------------------------------------


def test_terms_change_the_contracts_that_match(channel):
    policy = Policy(
        terms=[
            {"buyer": "shops", "brand": "B", "wholesale_price": 20.0, "minimum_order": 3.0},
            {"supplier": "maker", "wholesale_price_scale": 0.5},
        ]
    )
    terms = channel.apply(policy)
    price = opening(channel, terms).links[c.WHOLESALE_PRICE]
    expected = np.array([4.0, 4.5, 10.0, 20.0])[channel.links.contract]
    np.testing.assert_array_equal(price, expected)
    base = opening(channel, channel.apply()).links[c.WHOLESALE_PRICE]
    np.testing.assert_array_equal(base, np.array([8.0, 9.0, 10.0, 11.0])[channel.links.contract])
    index = channel.world.holdings_index
    shops_b = (
        (channel.members.group[index[c.MEMBER]] == 2) & (index[c.BRAND] == 1) & (terms.holdings[c.LISTED] > 0)
    )
    np.testing.assert_array_equal(terms.holdings[c.MINIMUM_ORDER], np.where(shops_b, 3.0, 0.0))


@pytest.mark.parametrize(
    ("data", "fragments"),
    [
        ({"density": {"shop": {"scale": 2.0}}}, ["density.shop", "maker, wholesale, shops, chain"]),
        (
            {"density": {"shops": {"scale": 2.5}}},
            ["asks for 15 members in north", "12 are built", "maximum_scale"],
        ),
        ({"density": {"maker": {"count": 2}}}, ["asks for 2 members, but 1 are built"]),
        ({"density": {"maker": {"per_territory": 1.0}}}, ["density.maker", "count or scale"]),
        (
            {"density": {"shops": {"count": 3}}},
            ["density.shops", "scale, per_territory or buyers_per_member"],
        ),
        (
            {"density": {"shops": {"per_territory": {"west": 1.0}}}},
            ["density.shops", "'west'", "metro, north, south"],
        ),
        ({"terms": [{"supplier": "makr", "case_size": 1.0}]}, ["terms[0].supplier = 'makr'", "maker"]),
        ({"terms": [{"brand": "C", "case_size": 1.0}]}, ["terms[0].brand = 'C'", "A, B"]),
        (
            {"terms": [{"buyer": "chain", "brand": "A", "wholesale_price": 1.0}]},
            ["terms[0]", "no contract has buyer 'chain', brand 'A'"],
        ),
    ],
)
def test_what_the_world_cannot_feel_is_refused_in_one_line(channel, data, fragments):
    message = refusal(channel.apply, Policy(name="wrong", **data))
    assert message.startswith("policy wrong: ")
    assert all(fragment in message for fragment in fragments), message


def test_a_price_that_a_rule_sets_is_no_lever():
    channel = build(network().replace(members__maker__pricing={"rule": "markup"}))
    message = refusal(channel.apply, Policy(terms=[{"supplier": "maker", "wholesale_price": 1.0}]))
    assert "terms[0].wholesale_price" in message
    assert "own rule" in message


# --- events -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "count"),
    [
        ({"column": "market_index", "value": 0.5}, 2),
        ({"column": "market_index", "value": 0.5, "territories": ["metro"]}, 1),
        ({"column": "capacity", "value": 0.0, "operation": "set"}, 2),
        ({"column": "capacity", "value": 0.0, "operation": "set", "brands": ["B"]}, 1),
        ({"column": "attractiveness", "value": 1.0, "operation": "add", "groups": ["chain"]}, 2),
        (
            {
                "column": "attractiveness",
                "value": 1.0,
                "operation": "add",
                "brands": ["A"],
                "territories": ["south"],
            },
            4,
        ),
        ({"column": "wholesale_price", "value": 1.1, "groups": ["maker"], "brands": ["B"]}, 9 + 2),
    ],
)
def test_events_are_resolved_to_the_cells_that_feel_them(event, count):
    channel = build(network(events=[event | {"week": 3, "duration": 2}]))
    events = channel.world.events
    assert len(events) == count
    assert set(map(tuple, events[:, :3])) == {(3, 5, OPERATIONS.index(event.get("operation", "multiply")))}
    assert set(channel.world.event_values[:, 0]) == {event["value"]}
    table, k = column(event["column"]).table, position(event["column"])
    rows = {cell(channel.sizes, table, k, item): item for item in range(getattr(channel.sizes, table))}
    touched = [rows[place] for place in events[:, 3]]
    if event.get("groups") == ["chain"]:
        member = channel.world.holdings_index[c.MEMBER, touched]
        assert {channel.members.names[m] for m in member} == {"chain north", "chain south"}


# --- odd channels ---------------------------------------------------------------------------------


def test_a_chain_topped_by_a_plant_and_a_direct_outlet_are_channels():
    data = network().to_dict()
    data["members"] = [
        {"name": "plant", "role": "plant", "count": 1},
        {"name": "maker", "role": "manufacturer", "count": 1, "suppliers": ["plant"]},
        {"name": "own", "role": "direct_outlet", "per_territory": 1, "suppliers": ["plant", "maker"]},
    ]
    data["contracts"] = [
        {"supplier": s, "buyer": b, "wholesale_price": 5.0}
        for s, b in (("plant", "maker"), ("plant", "own"), ("maker", "own"))
    ]
    channel = build(Scenario.parse(data))
    assert channel.tier_names == ["plant", "manufacturer", "direct outlet"]
    assert sourcing(channel, None)["own north", 0] == "plant"


def test_a_scenario_without_a_manufacturer_runs():
    data = network(weeks=3).to_dict()
    data["members"] = [
        {"name": "plant", "role": "plant", "count": 1},
        {"name": "shops", "role": "retailer", "per_territory": 1, "suppliers": ["plant"]},
    ]
    data["contracts"] = [{"supplier": "plant", "buyer": "shops", "wholesale_price": 5.0}]
    result = simulate(Scenario.parse(data), replications=1, progress=False)
    assert tuple(result.policies) == ("base",)


def test_a_third_tier_that_responds_is_refused():
    scenario = Scenario.from_library("beer_game").replace(
        **{"demand.system": "linear", "demand.trace": [], "demand.intercept": 100.0, "demand.unmet": "lost"},
        **{f"members.{name}.pricing.rule": "leader" for name in ("factory", "distributor", "wholesaler")},
        **{"members.retailer.pricing.rule": "best_response"},
    )
    with pytest.raises(ScenarioError, match="3 tiers of suppliers price by best response, at most 2 can"):
        build(scenario)
