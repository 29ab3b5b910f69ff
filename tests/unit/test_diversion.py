"""Diversion: who sells into whose territory, how much, at what price, and what it does; by hand."""

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim import columns as c
from channelsim.decisions import Governance, Policy
from channelsim.effects import EFFECTS
from channelsim.engines.mesa_members import Distributor
from channelsim.engines.mesa_model import ChannelModel
from channelsim.errors import ScenarioError
from channelsim.governance import detection_of
from channelsim.policy.levers import Lever, policy_of
from channelsim.scenario import Scenario
from channelsim.schema import COLUMNS, position
from channelsim.simulation import simulate
from channelsim.week import (
    DIVERT,
    FEEL,
    FOLLOW_ASKED_TERRITORIES,
    PROPOSE_DIVERSION,
    SET_ASIDE_GOODS,
    TAKE_POSITION,
)
from channelsim.world import build
from related_market import Opened
from small_worlds import Run
from two_places import DETECTION, keep_to_territory, two_places, with_relations

pytestmark = pytest.mark.jit_off
MAKER, EAST, WEST, STORE_EAST, STORE_WEST = range(5)
EFFECT = {effect.name: effect.default for effect in EFFECTS}
FINE = DETECTION * 10.0
OF_DIVERSION = [k.name for k in COLUMNS if k.writer == "diversion" and k.table == "holdings"]


def at_rest(scenario, weeks=40, **options):
    """Return a run after some weeks, without noise at rest."""
    run = Run(scenario, **options)
    for _ in range(weeks):
        run.take_week()
    return run


def of(run, name):
    """Return a column of the holdings."""
    return run.state.holdings[position(name)]


# --- a week by hand ---------------------------------------------------------------------------------------


def test_a_week_by_hand():
    """A surplus of 3 units in east; west's store would take 4 of its 10 a week from elsewhere."""
    world = Opened(two_places())
    stock = world.base.holdings[c.STOCK]
    stock[EAST] += 3.0
    before = stock.copy()
    now = world.perform(PROPOSE_DIVERSION, DIVERT).holdings
    margin = (20.0 - 14.0) * (1.0 - 3.0 / (4.0 * 10.0))  # at home, less what the surplus makes it give up
    reservation = 14.0 + FINE + margin
    gain = 30.0 - reservation - 0.02 * 100.0
    price = 30.0 - 0.5 * gain
    assert now[c.RESERVATION_PRICE, EAST] == pytest.approx(reservation)
    assert now[c.DIVERTIBLE, EAST] == pytest.approx(4.0)
    assert now[c.DIVERSION, EAST] == now[c.SET_ASIDE, EAST] == pytest.approx(4.0)  # it buys for the rest
    assert now[c.DIVERSION_GAIN, EAST] == pytest.approx(4.0 * (0.5 * gain + margin))
    assert now[c.DIVERTED, EAST] == now[c.SALES, EAST] == pytest.approx(3.0)
    assert now[c.DIVERTED_REVENUE, EAST] == now[c.DIVERTED_IN_COST, STORE_WEST] == pytest.approx(3 * price)
    assert now[c.DIVERSION_TRANSPORT, EAST] == pytest.approx(3 * 2.0)
    assert now[c.DIVERSION_FINE, EAST] == pytest.approx(3 * FINE)
    assert now[c.LOST_TO_DIVERSION].tolist() == pytest.approx([0.0, 0.0, 3.0, 0.0, 0.0])
    assert (now[c.STOCK] - before).tolist() == pytest.approx([0.0, -3.0, 0.0, 0.0, 3.0])
    assert not now[c.DIVERTED, [MAKER, WEST]].any()  # nobody carries goods to where they are cheaper


def test_at_rest_a_store_is_supplied_by_both():
    """Forty per cent from east, the rest from its own distributor, which sells that much less."""
    run, without = at_rest(two_places()), at_rest(two_places(diversion={"active": False}))
    price = 30.0 - 0.5 * (30.0 - 20.0 - FINE - 2.0)
    assert of(run, "diverted")[EAST] == pytest.approx(4.0)
    assert of(run, "order").tolist() == pytest.approx([0.0, 14.0, 6.0, 10.0, 6.0], rel=1e-5)
    assert of(without, "order").tolist() == pytest.approx([0.0, 10.0, 10.0, 10.0, 10.0])
    cost = 0.6 * 30.0 + 0.4 * price
    assert of(run, "unit_cost")[STORE_WEST] == pytest.approx(cost)
    assert of(run, "price")[STORE_WEST] == pytest.approx(1.5 * cost)
    assert of(without, "price")[STORE_WEST] == pytest.approx(45.0)
    assert of(run, "price")[STORE_EAST] == of(without, "price")[STORE_EAST]
    # what is bought to be diverted leaves as it comes; at the store it lies a week before an order would come
    assert of(without, "stock").tolist() == [0.0] * 5
    assert of(run, "stock").tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 8.0], abs=1e-3)
    earned = run.state.members[c.PROFIT] - without.state.members[c.PROFIT]
    lost = 4.0 * (30.0 - 24.0)
    made = 4.0 * (price - 14.0 - 2.0 - FINE)
    assert earned[:3].tolist() == pytest.approx([4.0 * (14.0 - 24.0 + FINE), made, -lost], rel=1e-4)
    sold = 10.0 * (1.5 * cost - cost)
    assert run.state.members[c.PROFIT, STORE_WEST] == pytest.approx(sold - of(run, "operating")[STORE_WEST])


def test_the_price_difference_bounds_what_stores_pay():
    """All gain to the stores, all of their demand: they pay the other territory's price, transport, fine."""
    free = {"diversion.buyer_share": 1.0, "diversion.acceptance": 1.0}
    for fine in (0.0, 10.0, 22.0):
        run = at_rest(two_places(**free, **{"diversion.fine": fine}))
        bound = 20.0 + 2.0 + DETECTION * fine
        assert of(run, "unit_cost")[STORE_WEST] == pytest.approx(bound)
        assert of(run, "diverted_in")[STORE_WEST] == pytest.approx(10.0)
    kept = at_rest(two_places(**free, **{"diversion.fine": 8.01 / DETECTION}))
    assert of(kept, "unit_cost")[STORE_WEST] == 30.0
    assert not of(kept, "diverted").any()


def test_where_it_does_not_pay_nothing_changes():
    """The same state, bit for bit, as without diversion, but for its own columns."""
    dear, without = (Run(two_places(**k)) for k in ({"diversion.transport_cost": 1.0}, {"diversion": {}}))
    kept = [k for k in range(dear.state.holdings.shape[0]) if k not in map(position, OF_DIVERSION)]
    for _ in range(12):
        dear.take_week()
        without.take_week()
        for table in ("members", "links", "pipeline"):
            assert np.array_equal(getattr(dear.state, table), getattr(without.state, table)), table
        assert np.array_equal(dear.state.holdings[kept], without.state.holdings[kept])
    assert {planned.step.mechanism for planned in dear.driver.plan} - {"diversion", "pricing"} == {
        planned.step.mechanism for planned in without.driver.plan
    }
    assert "diversion" not in {planned.step.mechanism for planned in without.driver.plan}


# --- what drives it -----------------------------------------------------------------------------------------


def test_equal_prices_divert_only_for_the_margin():
    """At equal prices goods go to and fro where members divert for their cost: reciprocal dumping."""
    equal = {"contracts.1.wholesale_price": 14.0, "contracts.3.wholesale_price": 20.0, "diversion.fine": 0.0}
    assert not of(at_rest(two_places(**equal)), "diverted").any()
    dumped = of(at_rest(two_places(**equal, **{"diversion.home_margin": 0.0})), "diverted")
    assert dumped[EAST] == dumped[WEST] == pytest.approx(4.0)


def test_who_does_not_buy_for_it_diverts_a_surplus_only():
    patient = two_places(**{"diversion.deliberate": 0.0})
    assert not of(at_rest(patient), "diverted").any()
    world = Opened(patient)
    world.base.holdings[c.STOCK, EAST] += 3.0
    now = world.perform(PROPOSE_DIVERSION, DIVERT).holdings
    assert now[c.DIVERTED, EAST] == now[c.DIVERSION, EAST] == pytest.approx(3.0)
    assert now[c.SET_ASIDE, EAST] == 0.0


def test_a_surplus_is_diverted_at_a_smaller_price_difference():
    """Prices differ by 2, transport and fine are 5.5: only who has weeks too much of it diverts."""
    close = two_places(**{"contracts.3.wholesale_price": 22.0})
    for surplus, expected in ((0.0, False), (10.0, False), (36.0, True), (400.0, True)):
        world = Opened(close)
        world.base.holdings[c.STOCK, EAST] += surplus
        now = world.perform(PROPOSE_DIVERSION, DIVERT).holdings
        assert (now[c.DIVERTED, EAST] > 0.0) == expected, surplus
        assert now[c.RESERVATION_PRICE, EAST] == pytest.approx(17.5 + 6.0 * (1.0 - min(1.0, surplus / 40.0)))


def test_what_is_on_order_counts_as_surplus_but_cannot_be_diverted_yet():
    world = Opened(two_places())
    world.base.holdings[c.ON_ORDER, EAST] += 50.0
    stock = world.base.holdings[c.STOCK, EAST]
    world.base.holdings[c.STOCK, EAST] = 1.5
    now = world.perform(PROPOSE_DIVERSION, DIVERT).holdings
    assert stock > 1.5
    assert now[c.DIVERTED, EAST] == 1.5
    assert now[c.STOCK, EAST] == 0.0


def test_a_store_does_not_buy_what_it_has_too_much_of():
    world = Opened(two_places())
    for extra, room in ((0.0, 4.0), (1.0, 3.0), (9.0, 0.0)):
        world.base.holdings[c.STOCK, EAST] = 100.0
        target = world.base.holdings[c.FORECAST, STORE_WEST]
        world.base.holdings[c.STOCK, STORE_WEST] = target + extra
        assert world.perform(PROPOSE_DIVERSION).holdings[c.DIVERTIBLE, EAST] == pytest.approx(room)


def test_goods_set_aside_are_ordered_on_top():
    """The inventory position is that without what is bought to be diverted over the protection interval."""
    world = Opened(two_places())
    world.set(set_aside=3.0)
    plain = world.perform((TAKE_POSITION, 1)).holdings[c.POSITION].copy()
    now = world.perform((TAKE_POSITION, 1), (SET_ASIDE_GOODS, 1)).holdings[c.POSITION]
    assert (plain - now).tolist() == [0.0, 9.0, 9.0, 0.0, 0.0]  # lead time 1: three weeks


def test_several_share_a_store_in_proportion_to_their_gains():
    """A third place, as cheap and farther: 100 and 200 km from west."""
    data = two_places().to_dict()
    data["territories"].append({"name": "far", "centre_x": -100.0})
    data["diversion"] |= {"fine": 0.0, "reach_km": 250.0}
    far = [m | {"territories": ["far"]} for m in data["members"] if m["name"].startswith("east")]
    for member in far:
        member["name"] = member["name"].replace("east", "far")
        member["suppliers"] = [s.replace("east", "far") for s in member["suppliers"]]
    data["members"] += far
    data["contracts"] += [
        k | {"supplier": k["supplier"].replace("east", "far"), "buyer": k["buyer"].replace("east", "far")}
        for k in data["contracts"]
        if "east" in k["buyer"]
    ]
    run = at_rest(Scenario.parse(data))
    names = [run.channel.members.names[m] for m in run.world.holdings_index[c.MEMBER]]
    diverted = dict(zip(names, of(run, "diverted")))
    gains = {"east distributor": 30.0 - 20.0 - 2.0, "far distributor": 30.0 - 20.0 - 4.0}
    for name, gain in gains.items():
        assert diverted[f"{name} {name.split()[0]}"] == pytest.approx(4.0 * gain / 14.0), name
    data["diversion"]["nearest"] = 1
    assert build(Scenario.parse(data)).sizes.routes == 3


@given(st.floats(0.0, 1.0), st.floats(0.0, 400.0), st.floats(0.0, 30.0), st.floats(0.0, 0.2))
def test_what_is_watched_and_fined_is_diverted_less(tracking, monitoring, fine, transport):
    changes = {"serial_tracking": tracking, "monitoring": monitoring, "fine": fine, "monitoring_scale": 100.0}
    scenario = two_places(**{f"diversion.{k}": v for k, v in changes.items()})
    scenario = scenario.replace(**{"diversion.transport_cost": transport})
    world = Opened(scenario)
    world.base.holdings[c.STOCK, EAST] += 20.0
    now = world.perform(PROPOSE_DIVERSION, DIVERT).holdings
    found = 0.5 + 0.5 * (1.0 - exp(-monitoring / 100.0))
    expected = found * (0.4 + 0.6 * tracking) * fine
    margin = 6.0 * (1.0 - 0.5)
    gain = 30.0 - 14.0 - margin - expected - 100.0 * transport
    assert world.terms.holdings[c.EXPECTED_FINE, EAST] == pytest.approx(expected)
    assert now[c.DIVERTED, EAST] == (pytest.approx(4.0) if gain > 1e-9 else pytest.approx(0.0, abs=4.0))
    assert (now[c.DIVERTED, EAST] > 0.0) == (gain > 1e-9) or abs(gain) < 1e-9


# --- who can ------------------------------------------------------------------------------------------------


def test_who_has_a_contract_is_no_diverter():
    """West's store may order in east: what it buys there is a sale like others."""
    data = two_places().to_dict()
    store = next(m for m in data["members"] if m["name"] == "west store")
    store |= {"suppliers": ["west distributor", "east distributor"], "reach_km": 150.0, "alternates": 1}
    data["contracts"].append({"supplier": "east distributor", "buyer": "west store", "wholesale_price": 31.0})
    channel = build(Scenario.parse(data))
    assert channel.world.routes.tolist() == [[WEST], [STORE_EAST]]


def test_a_larger_network_has_the_same_routes():
    def routes(scale):
        data = two_places().to_dict()
        for member in data["members"][1:]:
            member |= {"maximum_scale": scale}
        run = Run(Scenario.parse(data), active_only=True)
        return [[run.channel.members.names[m] for m in row] for row in run.world.routes], run.world.route_km

    (small, km), (large, same_km) = routes(1.0), routes(3.0)
    # a group of which several are built is numbered
    assert [[name.removesuffix(" 1") for name in row] for row in large] == small
    assert same_km == pytest.approx(km)


def test_idle_rows_change_nothing():
    data = two_places(weeks=20).to_dict()
    for member in data["members"][3:]:
        member |= {"maximum_scale": 3.0}
    whole, active = (at_rest(Scenario.parse(data), 15, active_only=k) for k in (False, True))
    for name in ("diverted", "diverted_in", "stock", "price", "unit_cost", "order"):
        assert np.array_equal(of(whole, name)[active.channel.built_holding], of(active, name)), name


# --- governance ---------------------------------------------------------------------------------------------


def test_detection_takes_both_to_find_and_to_attribute():
    diversion = two_places(**{"diversion.monitoring_scale": 100.0}).diversion
    assert detection_of(diversion, 0.0, 0.0) == pytest.approx(0.5 * 0.4)
    assert detection_of(diversion, 0.0, 1.0) == pytest.approx(0.5)
    assert detection_of(diversion, 100.0, 1.0) == pytest.approx(0.5 + 0.5 * (1 - exp(-1)))
    assert detection_of(diversion, 1e9, 1.0) == pytest.approx(1.0)


def test_a_policy_watches_and_the_maker_pays():
    scenario = two_places(**{"diversion.tracking_cost": 0.25, "diversion.monitoring_scale": 100.0})
    policies = [
        Policy(name="base"),
        Policy(name="strict", governance={"monitoring": 30.0, "serial_tracking": 1.0, "fine": 100.0}),
        Policy(name="fined", governance={"fine": {"A": 12.0}}),
    ]
    runs = {p.name: at_rest(scenario, policy=p) for p in policies}
    assert not of(runs["strict"], "diverted").any()
    operating = {name: of(run, "operating")[MAKER] for name, run in runs.items()}
    assert operating["strict"] == pytest.approx(2 * 30.0 + 0.25 * 20.0)  # two territories, 20 units
    assert operating["base"] == pytest.approx(0.25 * 0.5 * 20.0 - 4.0 * FINE)
    assert operating["fined"] == pytest.approx(0.25 * 0.5 * 20.0 - 4.0 * DETECTION * 12.0)


def test_governance_is_a_lever_of_policy_search():
    levers = [
        Lever(path="governance.fine", low=0.0, high=50.0),
        Lever(path="governance.serial_tracking", low=0.0, high=1.0),
    ]
    found = policy_of(levers, [40.0, 0.5], two_places(), Policy(name="base"))
    assert found.governance == Governance(fine=40.0, serial_tracking=0.5)
    assert [lever.unit for lever in levers] == ["money per unit", "–"]


def test_metrics_tell_who_sent_and_who_received():
    result = simulate(two_places(warm_up_weeks=40), replications=1, progress=False)
    by_place, whole = result.by_territory.isel(policy=0, replication=0), result.metrics
    assert by_place.diverted.values == pytest.approx([4.0, 0.0])
    assert by_place.diverted_in.values == pytest.approx([0.0, 4.0])
    assert by_place.diverted_share.values == pytest.approx([0.0, 0.4])
    assert by_place.lost_to_diversion.values == pytest.approx([0.0, 4.0])
    assert whole.diversion_fines.item() == pytest.approx(4.0 * FINE)
    assert "diverted" not in simulate(two_places(diversion={}), replications=1, progress=False).metrics
    with pytest.raises(ValueError, match="did not record"):
        simulate(two_places(diversion={}), metrics=["diverted"], progress=False)


# --- influence and relations ---------------------------------------------------------------------------


@pytest.mark.parametrize(("adherence", "tolerated"), [(0.0, 0.0), (0.25, 0.0), (1.0, 0.0), (0.5, 0.4)])
def test_who_adheres_keeps_to_its_territory(adherence, tolerated):
    scenario = with_relations([keep_to_territory(wanted=tolerated)])
    world = Opened(scenario)
    world.base.holdings[c.STOCK, EAST] += 20.0
    world.set(territory_adherence_of_buyer=adherence)
    world.perform(PROPOSE_DIVERSION)
    own, gain = world.get("diversion")[EAST], world.get("diversion_gain")[EAST]
    now = world.perform(PROPOSE_DIVERSION, FOLLOW_ASKED_TERRITORIES, DIVERT)
    assert own == pytest.approx(4.0)
    kept = own * (1.0 - adherence * (1.0 - tolerated))
    assert now.holdings[c.DIVERTED, EAST] == now.holdings[c.SET_ASIDE, EAST] == pytest.approx(kept)
    r = world.row("maker", "east distributor")
    cost = now.relationships[c.ASKED_TERRITORY_COST_OF_BUYER, r]
    assert cost == pytest.approx((1.0 - tolerated) * gain)  # what it gives up, not what it still gives up


def test_the_cost_of_keeping_is_the_profit_given_up():
    diverting, without = (at_rest(with_relations([keep_to_territory(intensity=k)])) for k in (0.0, 0.0))
    without.state.relationships[c.TERRITORY_ADHERENCE_OF_BUYER] = 1.0
    for _ in range(10):
        without.take_week()
        without.state.relationships[c.TERRITORY_ADHERENCE_OF_BUYER] = 1.0
    assert not of(without, "diverted").any()
    given_up = diverting.state.members[c.PROFIT, EAST] - without.state.members[c.PROFIT, EAST]
    r = int(diverting.world.links_index[c.RELATIONSHIP, 0])
    for run in (diverting, without):
        cost = run.state.relationships[c.ASKED_TERRITORY_COST_OF_BUYER, r]
        assert cost == pytest.approx(given_up, rel=1e-9)


def test_asking_brings_less_diversion():
    """Rewards that outweigh what diverting earns are complied with; the more contacts, the less diversion."""
    found = []
    for intensity in (0.0, 0.2, 1.0):
        data = keep_to_territory(strategies={"promise": 1.0}, reward=80.0, intensity=intensity)
        found.append(of(at_rest(with_relations([data]), 50), "diverted")[EAST])
    assert found[0] == pytest.approx(4.0)
    assert found[0] > found[1] > found[2] > 0.0


def test_attempts_of_no_intensity_change_nothing():
    asked, without = Run(with_relations([keep_to_territory(intensity=0.0)])), Run(with_relations())
    cost = position("asked_territory_cost_of_buyer")
    for _ in range(8):
        asked.take_week()
        without.take_week()
        asked.state.relationships[cost] = 0.0
    for table in ("holdings", "members", "links", "relationships"):
        assert np.array_equal(getattr(asked.state, table), getattr(without.state, table)), table


def test_the_loser_trusts_its_supplier_less():
    """A share of 0.4 lost draws trust and conflict by the two effects; others feel nothing of it."""

    def drawn(share):
        world = Opened(with_relations())
        world.set(sales_share_of_supplier=0.5, trust_of_buyer=0.5, conflict=0.5)
        r = world.row("maker", "west distributor")
        world.base.relationships[c.DIVERSION_SUFFERED, r] = share
        now = world.perform(FEEL).relationships
        return r, now[c.TRUST_OF_BUYER].copy(), now[c.CONFLICT].copy()

    (r, trust, conflict), (_, trusting, calm) = drawn(0.4), drawn(0.0)
    rate, slope = EFFECT["trust_rate"], EFFECT["diversion_on_trust"] * 0.4 / EFFECT["standard_deviation"]
    drawn_to = (trusting[r] - 0.5) / rate + 0.5
    logit = np.log(drawn_to / (1.0 - drawn_to)) + slope
    assert trust[r] == pytest.approx(0.5 + rate * (1.0 / (1.0 + exp(-logit)) - 0.5), rel=1e-9)
    assert conflict[r] > calm[r]
    others = np.arange(trust.size) != r
    assert np.array_equal(trust[others], trusting[others])
    assert np.array_equal(conflict[others], calm[others])


def test_what_is_suffered_is_the_share_of_the_market_lost():
    run = at_rest(with_relations())
    suffered = run.state.relationships[c.DIVERSION_SUFFERED]
    source = run.terms.holdings_index[c.SOURCE_LINK, [EAST, WEST]]
    east, west = run.world.links_index[c.RELATIONSHIP, source]
    assert suffered[west] == pytest.approx(0.4)
    assert suffered[east] == 0.0
    # diversion ends: so does the grief
    run.state.holdings[c.OFFERED, EAST] = 0.0
    run.take_week()
    assert run.state.relationships[c.DIVERSION_SUFFERED, west] == 0.0


# --- agents ---------------------------------------------------------------------------------------------


def test_an_agent_may_decide_otherwise():
    class Honest(Distributor):
        def choose_diversion(self):
            return 0.0

    class Half(Distributor):
        def choose_diversion(self):
            return 0.5 * super().choose_diversion()

    class Greedy(Distributor):
        def choose_diversion(self):
            return 1e6

    diverted = {}
    for agent in (Distributor, Honest, Half, Greedy):
        model = ChannelModel(two_places(), agent_classes={"east distributor": agent})
        model.run(40)
        diverted[agent] = model.state.holdings[c.DIVERTED, EAST]
    assert diverted[Distributor] == diverted[Greedy] == pytest.approx(4.0)  # cut to what stores take
    assert diverted[Half] == pytest.approx(2.0)
    assert diverted[Honest] == 0.0


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diversion": {"fine": 3.0}}, "diversion: has no effect unless diversion.active = true"),
        ({"diversion": {"active": True}}, "diversion.transport_cost: missing"),
        ({"diversion.acceptance": 1.5}, "diversion.acceptance"),
        ({"diversion.serial_tracking": 2.0}, "diversion.serial_tracking"),
        ({"diversion.fine": {"Z": 1.0}}, "diversion.fine = 'Z': admissible: A"),
        ({"diversion.reach_km": 0.0}, "diversion.reach_km"),
        (
            {"members.east distributor.ordering.rule": "pass_through",
             "members.west distributor.ordering.rule": "newsvendor"},
            "diversion.active: nobody could divert",
        ),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_is_refused_in_one_line(changes, message):
    with pytest.raises(ScenarioError, match=message) as error:
        two_places(**changes)
    assert "\n" not in str(error.value)


def test_out_of_reach_is_refused_when_the_network_is_built():
    with pytest.raises(ScenarioError, match=r"diversion\.reach_km = 50: nobody could divert"):
        build(two_places(**{"diversion.reach_km": 50.0}))


@pytest.mark.parametrize(
    ("governance", "changes", "message"),
    [
        ({"fine": 3.0}, {"diversion": {}}, "governance: has no effect unless diversion.active = true"),
        ({"fine": {"Z": 3.0}}, {}, "governance.fine = 'Z': admissible: A"),
    ],
)
def test_a_policy_that_cannot_be_felt_is_refused(governance, changes, message):
    channel = build(two_places(**changes))
    with pytest.raises(ScenarioError, match=message):
        channel.apply(Policy(name="strict", governance=governance))


@pytest.mark.parametrize(
    ("governance", "message"),
    [({}, "changes nothing"), ({"fine": -1.0}, "governance.fine"), ({"serial_tracking": 1.5}, "tracking")],
)
def test_governance_out_of_bounds_is_refused(governance, message):
    with pytest.raises(ScenarioError, match=message):
        Policy(name="strict", governance=governance)


@pytest.mark.parametrize(
    ("attempt", "changes", "message"),
    [
        (keep_to_territory(), {"diversion": {}}, "divert nothing; needs diversion.active"),
        (keep_to_territory(wanted=2.0), {}, "of its own diversion a share from 0 to 1"),
        (
            keep_to_territory(sender="east distributor", receiver="east store"),
            {},
            "'east store' divert nothing",
        ),
        (
            keep_to_territory(sender="east distributor", receiver="maker"),
            {},
            "a supplier can be asked by its buyers for price and stock",
        ),
    ],
)
def test_who_cannot_divert_cannot_be_asked_not_to(attempt, changes, message):
    with pytest.raises(ScenarioError, match=message):
        with_relations([attempt], **changes)
