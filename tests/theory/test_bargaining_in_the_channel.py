"""The simulator's bargains equal Nash-in-Nash found by maximising every contract's own Nash product."""

import numpy as np
import pytest

from channelsim import Policy, Scenario, simulate
from channelsim import columns as c
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.kernels import kernels, perform_steps
from channelsim.renewal import Renewal
from channelsim.theory.bargaining import nash_in_nash, relative_stakes_weight
from channelsim.theory.bargaining_market import Channel, Contract, LinearDemand, LogitDemand, Shelf
from channelsim.week import EXPECTATIONS, PASS_ON_COSTS
from channelsim.world import build

SYSTEMS = ("logit", "linear", "given")


def bargain(scenario):
    """Return a channel, its state and the bargain struck at the opening prices of a scenario."""
    return bargain_in(*build(scenario).under(None))


def bargain_in(channel, terms):
    """Return the same for a channel under its terms."""
    space = Workspace(channel, Recording.of((), (), channel), Groupings.of(channel), 1)
    space.state.flat[:] = terms.base
    system = channel.scenario.demand.system
    codes = [PASS_ON_COSTS] + [EXPECTATIONS[system]] * (system != "given")
    perform_steps(codes, channel.world, terms, space.state)
    args = channel.world, terms, space.state, channel.ties, space.power_room
    kernels().review_dependence(SYSTEMS.index(system), *args)
    return channel, space.state, Renewal(channel, terms, space.state, space.power_room).settle()


def contracts_of(channel):
    """Return the contracts in the order of the bargain, as the theory names them."""
    relationship, brand = channel.ties.contracts
    owners, names = channel.members.owners, [b.name for b in channel.scenario.brands]
    return [
        Contract(owners[channel.links.supplying_owner[r]], owners[channel.links.buying_owner[r]], names[b])
        for r, b in zip(relationship, brand)
    ]


def theory_of(channel, state, quality, price_sensitivity=None, buyers=None):
    """Return the same channel as the theory describes it, shelf by shelf in the order of the table."""
    first, world, owners = channel.first_shelf, channel.world, channel.members.owners
    shelves = []
    index = world.holdings_index
    for shelf in range(first, channel.sizes.holdings):
        path, handling, h = [], [], shelf
        while True:
            path.insert(0, owners[channel.members.owner[index[c.MEMBER, h]]])
            handling.insert(0, float(world.holdings[c.HANDLING_COST, h]))
            links = np.flatnonzero(world.links_index[c.BUYER_HOLDING] == h)
            if not len(links):
                break
            h = int(world.links_index[c.SUPPLIER_HOLDING, links[0]])
        brand = channel.scenario.brands[index[c.BRAND, shelf]]
        shelves.append(
            Shelf(
                brand.name,
                tuple(path),
                unit_cost=brand.production_cost,
                store=channel.members.names[index[c.MEMBER, shelf]],
                handling=tuple(handling),
            )
        )
    if channel.scenario.demand.system == "linear":
        n = len(shelves)
        slopes = np.array(quality[1]).reshape(n, n)
        return Channel(LinearDemand(np.array(quality[0]), slopes), shelves)
    store = index[c.STORE, first:]
    return Channel(LogitDemand(quality, price_sensitivity, buyers, store), shelves)


def channel_of(makers, wholesalers, stores, demand, weight=0.5, retail="equilibrium", **fields):
    """Return a scenario in which everyone upstream negotiates."""
    members, sources = [], []
    for b in makers:
        members.append(
            {
                "name": f"maker {b}",
                "owner": f"firm {b}",
                "role": "manufacturer",
                "count": 1,
                "brands": [b],
                "pricing": {"rule": "negotiated"},
            }
        )
        sources.append(f"maker {b}")
    if wholesalers:
        members.append(
            {
                "name": "wholesale",
                "role": "distributor",
                "count": 1,
                "suppliers": sources,
                "handling_cost": 0.5,
                "pricing": {"rule": "negotiated"},
            }
        )
        sources = ["wholesale"]
    for name, count, owner in stores:
        members.append(
            {
                "name": name,
                "role": "retailer",
                "per_territory": count,
                "owner": owner,
                "suppliers": sources,
                "handling_cost": 1.0,
                "pricing": {"rule": "best_response", "opening": 20.0, "adjustment": 1.0},
            }
        )
    contracts = [
        {"supplier": s, "buyer": m["name"], "wholesale_price": 9.0 if s != "wholesale" else 12.0}
        for m in members
        for s in m.get("suppliers", [])
    ]
    return Scenario(
        scenario_format=1,
        name="bargains",
        power={"measured": True},
        bargaining={"supplier_weight": weight, "stakes_exponent": 0.0, "retail": retail},
        demand=demand,
        brands=[{"name": b, "owner": f"firm {b}", "production_cost": cost} for b, cost in makers.items()],
        members=members,
        contracts=contracts,
        **fields,
    )


def agrees(found, contracts, expected, tolerance=1e-6):
    for price, contract in zip(found.prices, contracts):
        assert price == pytest.approx(expected.price_of(*contract), rel=tolerance), contract


LINEAR = {
    "system": "linear",
    "intercept": 30.0,
    "own_slope": 1.0,
    "cross_brand_slope": 0.3,
    "cross_store_slope": 0.2,
    "cross_slope": 0.1,
}


@pytest.mark.parametrize("retail", ["held", "equilibrium"])
@pytest.mark.parametrize("weight", [0.3, 0.5, 0.7])
@pytest.mark.parametrize(
    ("makers", "wholesalers", "stores"),
    [
        ({"A": 4.0}, 0, [("store", 1, "")]),
        ({"A": 4.0, "B": 5.0}, 0, [("store", 2, "")]),
        ({"A": 4.0, "B": 5.0}, 0, [("chain", 2, "chain"), ("store", 1, "")]),
        ({"A": 4.0, "B": 5.0}, 1, [("store", 2, "")]),
    ],
    ids=["one by one", "two by two", "a chain", "three tiers"],
)
def test_linear_bargains_equal_nash_in_nash(makers, wholesalers, stores, weight, retail):
    channel, state, found = bargain(channel_of(makers, wholesalers, stores, LINEAR, weight, retail))
    n, brand, store = (
        channel.sizes.shelves,
        *channel.world.holdings_index[[c.BRAND, c.STORE], channel.first_shelf :],
    )
    slopes = np.where(
        np.eye(n, dtype=bool),
        1.0,
        -np.where(store[:, None] == store, 0.3, np.where(brand[:, None] == brand, 0.2, 0.1)),
    )
    theory = theory_of(channel, state, (np.full(n, 30.0), slopes))
    agrees(found, contracts_of(channel), nash_in_nash(theory, np.full(n, 20.0), weight, retail=retail))


@pytest.mark.parametrize("retail", ["held", "equilibrium"])
@pytest.mark.parametrize(
    ("makers", "wholesalers", "stores"),
    [
        ({"A": 4.0}, 0, [("store", 1, "")]),
        ({"A": 4.0, "B": 5.0}, 0, [("store", 2, "")]),
        ({"A": 4.0, "B": 5.0}, 0, [("chain", 2, "chain"), ("store", 1, "")]),
        ({"A": 4.0, "B": 5.0}, 1, [("store", 2, "")]),
    ],
    ids=["one by one", "two by two", "a chain", "three tiers"],
)
def test_logit_bargains_equal_nash_in_nash(makers, wholesalers, stores, retail):
    segments = [
        {
            "name": "loyal",
            "share": 0.4,
            "price_sensitivity": 0.25,
            "equity": {"A": 5.0} | ({"B": 3.0} if "B" in makers else {}),
        },
        {"name": "others", "share": 0.6, "price_sensitivity": 0.35, "equity": 5.0},
    ]
    scenario = channel_of(makers, wholesalers, stores, {"system": "logit"}, 0.4, retail, segments=segments)
    channel, state, found = bargain(scenario)
    brand = [scenario.brands[b].name for b in channel.world.holdings_index[c.BRAND, channel.first_shelf :]]
    quality = np.array([[segments[0]["equity"][b] for b in brand], [5.0] * len(brand)])
    theory = theory_of(channel, state, quality, [0.25, 0.35], [40.0, 60.0])
    agrees(found, contracts_of(channel), nash_in_nash(theory, np.full(len(brand), 20.0), 0.4, retail=retail))


def dyad(option=None, weight=0.5, cost=4.0):
    """Return one maker and one store: ten units at a retail price of 10."""
    scenario = channel_of(
        {"A": cost}, 0, [("store", 1, "")], {"system": "linear", "intercept": 20.0}, weight, "held"
    )
    options = (
        [] if option is None else [{"name": "elsewhere", "group": "store", "kind": "rival_supplier"} | option]
    )
    return scenario.replace(
        **{
            "members.store.pricing.opening": 10.0,
            "members.store.handling_cost": 0.0,
            "power.outside_options": options,
        }
    )


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_the_supplier_gets_its_weight_of_the_surplus(weight):
    _, _, found = bargain(dyad(weight=weight))
    assert found.gains[:, 0] == pytest.approx([60.0 * weight, 60.0 * (1.0 - weight)], abs=1e-9)


def test_an_outside_option_is_a_bound_and_no_starting_point():
    _, _, weak = bargain(dyad({"unit_cost": 8.0}))  # worth 20, less than the 30 of the split
    assert (weak.prices[0], weak.held[0]) == (pytest.approx(7.0), 0)
    _, _, strong = bargain(dyad({"unit_cost": 6.0}))  # worth 40
    assert (strong.prices[0], strong.held[0]) == (pytest.approx(6.0), 2)
    assert strong.gains[:, 0] == pytest.approx([20.0, 40.0])


def test_a_fixed_cost_keeps_from_leaving():
    _, _, found = bargain(dyad({"unit_cost": 6.0, "fixed_cost": 52.0 * 8.0}))  # 40 less 8 a week
    assert found.gains[1, 0] == pytest.approx(32.0)


def test_without_surplus_over_the_outside_options_the_contract_is_suspended():
    _, state, found = bargain(dyad({"unit_cost": 3.0}))  # 70 elsewhere, 60 here
    assert found.suspended[0]
    assert np.isnan(found.prices[0])
    assert state.holdings[c.OFFERED, -1] == 0.0
    assert state.holdings[c.MEAN_DEMAND, -1] == 0.0


def test_a_brand_below_cost_is_suspended_and_the_run_goes_on():
    scenario = dyad(cost=11.0).replace(weeks=6, review_weeks=2)
    result = simulate(scenario, replications=1, workers=1, progress=False)
    assert np.isfinite(result.metrics["channel_profit"].values).all()
    _, _, found = bargain(scenario)
    assert found.suspended[0]


def test_stakes_move_the_weights_and_not_without_the_exponent():
    base = channel_of({"A": 4.0, "B": 5.0}, 0, [("big", 2, "big"), ("small", 1, "")], LINEAR, 0.5, "held")
    for exponent, moved in ((0.0, False), (0.5, True)):
        channel, state, found = bargain(base.replace(**{"bargaining.stakes_exponent": exponent}))
        assert bool(np.ptp(found.weights) > 0.01) is moved
        of_buyer, of_supplier = (
            state.relationships[row, channel.ties.contracts[0]]
            for row in (c.DEPENDENCE_OF_BUYER, c.DEPENDENCE_OF_SUPPLIER)
        )
        for k in range(len(found.weights)):
            assert found.weights[k] == pytest.approx(
                relative_stakes_weight(of_buyer[k], of_supplier[k], exponent), abs=1e-12
            )


@pytest.mark.parametrize("system", ["linear", "logit"])
def test_a_suspended_contract_leaves_the_others_as_if_it_had_never_been(system):
    """A brand too dear to make is suspended everywhere; the other is bargained for as if alone."""
    demand = LINEAR if system == "linear" else {"system": "logit"}
    segments = [{"name": "all", "price_sensitivity": 0.3, "equity": 5.0}]
    both = channel_of({"A": 4.0, "B": 40.0}, 0, [("store", 2, "")], demand, 0.5, "held", segments=segments)
    _, _, found = bargain(both)
    dear = found.suspended
    assert dear.sum() == 2
    without = Policy(ended=[{"supplier": "firm B", "buyer": "store"}])
    channel, terms = build(both).under(without)
    _, _, alone = bargain_in(channel, terms)
    assert found.prices[~dear] == pytest.approx(alone.prices, rel=1e-8)


def test_contracts_that_keep_changing_sides_are_not_taken_for_settled(monkeypatch):
    scenario = dyad({"unit_cost": 6.0})
    monkeypatch.setattr(
        "channelsim.renewal.MOST_CHANGES", 1
    )  # one round sees the option, a second confirms it
    _, state, found = bargain(scenario)
    assert (found.prices[0], found.held[0]) == (9.0, 0)
    assert state.links[c.WHOLESALE_PRICE, 0] == 9.0
    assert state.holdings[c.UNSOLVED, 0] == 1.0
    monkeypatch.setattr("channelsim.renewal.MOST_CHANGES", 2)
    _, state, found = bargain(scenario)
    assert found.prices[0] == pytest.approx(6.0)
    assert state.holdings[c.UNSOLVED, 0] == 0.0


def test_a_singular_system_leaves_the_contracts_in_force(monkeypatch):
    def singular(self):
        raise RuntimeError("Factor is exactly singular")

    monkeypatch.setattr("channelsim.renewal.Renewal._solve", singular)
    _, state, found = bargain(dyad())
    assert found.prices[0] == 9.0
    assert state.holdings[c.UNSOLVED, 0] == 1.0


def test_where_no_rest_is_found_the_contracts_in_force_stay_and_it_is_reported(monkeypatch):
    monkeypatch.setattr("channelsim.renewal.ROUNDS", 2)
    scenario = channel_of({"A": 4.0, "B": 5.0}, 0, [("store", 2, "")], LINEAR)
    _, state, found = bargain(scenario)
    assert found.rounds == 3
    assert (found.prices == 9.0).all()
    assert (state.holdings[c.UNSOLVED, :2] == 1.0).all()
    assert (state.holdings[c.PRICE, 2:] == 20.0).all()
    monkeypatch.undo()
    _, state, found = bargain(scenario)
    assert (state.holdings[c.UNSOLVED] == 0.0).all()
    assert (found.prices != 9.0).all()
