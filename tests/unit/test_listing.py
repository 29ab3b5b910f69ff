"""Listing: what stores choose is best by enumeration, limits hold, and fees are paid by who gains."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelsim import ScenarioError, simulate
from channelsim import columns as c
from channelsim.engines.mesa_model import ChannelModel
from channelsim.scenario import Scenario
from channelsim.state_layout import state_views
from channelsim.world import build

BRANDS = ("A", "B", "C", "D", "E", "own")


def grocery(equity=None, limit=2, fee=0.0, stores=2, **changes):
    """Return two towns with a chain that has a private label, and a rival that lists all it can get."""
    equity = equity or {"A": 3.0, "B": 2.5, "C": 2.0, "D": 1.5, "E": 1.0, "own": 1.2}
    makers = [{"name": f"maker {b}", "role": "manufacturer", "count": 1, "owner": b} for b in "ABCDE"]
    suppliers = [maker["name"] for maker in makers]
    chosen = {"listing_limit": limit} if limit else {}
    data = {
        "scenario_format": 1,
        "name": "grocery",
        "weeks": 6,
        "territories": [
            {"name": "east", "buyers": 100.0, "zones": 2},
            {"name": "west", "buyers": 60.0, "zones": 1},
        ],
        "segments": [
            {
                "name": "east's",
                "share": {"east": 0.8, "west": 0.2},
                "price_sensitivity": 0.4,
                "travel_cost": 0.1,
                "variety_weight": 0.3,
                "equity": equity,
            },
            {
                "name": "west's",
                "share": {"east": 0.2, "west": 0.8},
                "price_sensitivity": 0.3,
                "equity": dict(zip(equity, reversed(equity.values()))),
            },
        ],
        "brands": [
            {"name": b, "owner": "Big" if b == "own" else b, "production_cost": 2.0 + 0.1 * i}
            for i, b in enumerate(BRANDS)
        ],
        "members": [
            *makers,
            {"name": "plant", "role": "plant", "count": 1, "owner": "Big"},
            {
                "name": "Big",
                "role": "retailer",
                "owner": "Big",
                "per_territory": stores,
                "suppliers": [*suppliers, "plant"],
                "pricing": {"rule": "markup", "markup": 1.5},
                "handling_cost": 0.1,
                "listing_fee": fee,
                **chosen,
            },
            {
                "name": "rival",
                "role": "retailer",
                "per_territory": 1,
                "suppliers": suppliers,
                "pricing": {"rule": "markup", "markup": 1.4},
            },
        ],
        "contracts": [
            {"supplier": s, "buyer": b, "wholesale_price": 4.0 + 0.2 * i}
            for b in ("Big", "rival")
            for i, s in enumerate([*suppliers, "plant"])
            if (s, b) != ("plant", "rival")
        ],
    }
    scenario = Scenario.parse(data)
    return scenario.replace(**changes) if changes else scenario


def listed(scenario, group="Big", policy=None):
    """Return the brands that each store of a group lists."""
    channel = build(scenario)
    return listed_under(channel, channel.apply(policy), group)


def listed_under(channel, terms, group):
    member = channel.world.holdings_index[c.MEMBER]
    names = [b.name for b in channel.scenario.brands]
    place = [g.name for g in channel.scenario.members].index(group)
    stores = np.flatnonzero(channel.members.group == place)
    on = terms.holdings[c.LISTED] > 0
    return [{names[b] for b in channel.world.holdings_index[c.BRAND, on & (member == m)]} for m in stores]


class Enumeration:
    """What firms expect to earn a week at opening prices if the chain lists just these brands.

    The chain carries them by its own field ``brands``, and the engine's own demand is read: none of the
    code that chooses takes part.
    """

    def __init__(self, scenario, limit, fee=0.0):
        self.data, self.fee = scenario.to_dict(), 4 * fee  # the chain has four stores
        self.chain = next(g for g in self.data["members"] if g["name"] == "Big")
        for name in ("listing_limit", "listing_fee"):
            self.chain.pop(name, None)
        self.known = {}
        self.sets = [s for size in range(1, limit + 1) for s in combinations(BRANDS, size)]

    def earned(self, brands, firm):
        if brands not in self.known:
            if brands:
                self.chain["brands"] = list(brands)
                self.known[brands] = self.earnings(Scenario.parse(self.data))
            else:
                self.known[brands] = {}
        return self.known[brands].get(firm, 0.0)

    @staticmethod
    def earnings(scenario):
        channel = build(scenario)
        terms = channel.apply()
        state, world = state_views(terms.base, channel.sizes), channel.world
        flow = state.holdings[c.FORECAST]
        owner = channel.members.owner[world.holdings_index[c.MEMBER]]
        cost = state.holdings[c.UNIT_COST] + world.holdings[c.HANDLING_COST]
        margin = np.where(flow > 0, state.holdings[c.PRICE] - cost, 0.0)
        return dict(zip(channel.members.owners, np.bincount(owner, flow * margin)))

    def worth(self, brands):
        return self.earned(brands, "Big") + self.fee * len(set(brands) - {"own"})

    def gains(self, brands):
        others = {b: tuple(x for x in brands if x != b) for b in brands if b != "own"}
        return [self.earned(brands, b) - self.earned(rest, b) for b, rest in others.items()]

    def best(self):
        can_be_had = [s for s in self.sets if min(self.gains(s), default=self.fee) >= self.fee]
        return max(can_be_had, key=self.worth)


def only_list(scenario):
    """Return the brands of a chain whose stores all list the same."""
    (found,) = {tuple(b for b in BRANDS if b in brands) for brands in listed(scenario)}
    return found


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_chain_lists_what_enumeration_finds_best(limit):
    scenario = grocery(limit=limit)
    best = Enumeration(scenario, limit).best()
    assert listed(scenario) == [set(best)] * 4  # as one, in both towns
    assert listed(scenario, "rival") == [set("ABCDE")] * 2


@settings(max_examples=8)
@given(st.lists(st.floats(-1.0, 4.0), min_size=6, max_size=6))
def test_greedy_with_exchanges_is_close_to_the_best(values):
    scenario = grocery(dict(zip(BRANDS, values)), limit=2)
    every = Enumeration(scenario, 2)
    assert every.worth(only_list(scenario)) >= 0.999 * every.worth(every.best())


def test_a_private_label_is_worth_its_production_margin_too():
    # as dear to the store as A and liked less, but the firm keeps what the plant earns
    utility = {
        f"segments.{town}'s.equity.{b}": v for town in ("east", "west") for b, v in (("A", 3.0), ("own", 2.7))
    }
    scenario = grocery(limit=1, **{"contracts.5.wholesale_price": 4.0} | utility)
    assert listed(scenario) == [{"own"}] * 4
    sold = scenario.replace(**{"members.plant.owner": "other", "brands.own.owner": "other"})
    assert listed(sold) == [{"A"}] * 4
    result = simulate(scenario, replications=1, progress=False)
    profit = result.by_chain["profit"].sel(chain="Big").item()
    members = result.by_group["profit"].sel(group=["Big", "plant"]).sum().item()
    assert profit == pytest.approx(members)
    assert profit > 0


def test_independent_stores_choose_each_for_itself():
    scenario = grocery(limit=2, stores=1, **{"members.Big.owner": "", "brands.own.owner": "other"})
    east, west = listed(scenario)
    assert east == {"A", "B"}
    assert west != east


def test_a_limit_that_does_not_bind_changes_nothing():
    free, wide = grocery(limit=None), grocery(limit=6)
    assert listed(free) == listed(wide) == [set(BRANDS)] * 4
    one, other = (
        simulate(s, replications=1, record="sales by holding", progress=False) for s in (free, wide)
    )
    assert (
        one.trajectories["sales_by_holding"].values == other.trajectories["sales_by_holding"].values
    ).all()


def test_a_dense_policy_chooses_again():
    scenario = grocery(**{"members.rival.maximum_scale": 3.0, "members.Big.maximum_scale": 2.0})
    channel = build(scenario)
    for policy in (None, {"name": "dense", "density": {"Big": {"scale": 2.0}}}):
        result = simulate(channel, policy, 1, progress=False)
        stores = 4.0 if policy is None else 8.0
        assert result.by_group["outlets"].sel(group="Big").item() == stores
        per_store = result.by_group["numeric_distribution"].sel(group="Big").item() * len(BRANDS)
        assert per_store <= 2.0 + 1e-12


# --- fees -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fee", "part_of_best"), [(0.5, 0.99), (3.0, 0.99), (9.0, 0.85)])
def test_no_supplier_pays_more_than_a_listing_is_worth_to_it(fee, part_of_best):
    scenario = grocery(limit=3, fee=fee)
    every, found = Enumeration(scenario, 3, fee), only_list(scenario)
    assert min(every.gains(found), default=every.fee) >= every.fee
    assert every.worth(found) >= part_of_best * every.worth(every.best())


def test_fees_are_high_enough_to_matter_and_go_to_the_store():
    free, asked, dear = (grocery(limit=4, fee=fee) for fee in (0.0, 2.0, 30.0))
    assert listed(dear) == [{"own"}] * 4  # its own label pays nothing
    assert listed(free) != listed(asked) or listed(asked) != listed(dear)
    channel = build(asked)
    terms = channel.apply()
    paid, received = terms.members[c.LISTING_FEES_PAID], terms.members[c.LISTING_FEES_RECEIVED]
    external = [len(brands - {"own"}) for brands in listed(asked)]
    first = channel.first_store
    assert received.sum() == paid.sum() == 2.0 * sum(external) > 0
    np.testing.assert_array_equal(received[first : first + 2], 2.0 * np.array(external[:2]))
    assert paid[first:].sum() == received[:first].sum() == 0.0


def test_a_fee_moves_profit_from_maker_to_store():
    with_fee, without = grocery(limit=2, fee=2.0), grocery(limit=2)
    assert listed(with_fee) == listed(without)
    profits = [simulate(s, replications=1, progress=False).by_group["profit"] for s in (with_fee, without)]
    change = (profits[0] - profits[1]).squeeze().to_series()
    shelves = [sum(b in brands for brands in listed(with_fee)) for b in "ABCDE"]
    assert sum(shelves) > 0
    assert change["Big"] == pytest.approx(2.0 * sum(shelves))
    for brand, count in zip("ABCDE", shelves):
        assert change[f"maker {brand}"] == pytest.approx(-2.0 * count)
    fees = simulate(with_fee, replications=1, progress=False)
    assert fees.metrics["listing_fees_paid"].item() == fees.metrics["listing_fees_received"].item()
    assert fees.by_chain["listing_fees_received"].sel(chain="Big").item() == 2.0 * sum(shelves)


def test_the_mesa_model_lists_and_pays_as_the_batch_engine_does():
    scenario = grocery(limit=2, fee=2.0, **{"demand.noise": "poisson"})
    model = ChannelModel(scenario, seed=5, replication=1)
    model.run()
    profit = simulate(scenario, replications=2, seed=5, progress=False).metrics["channel_profit"]
    assert model.metric("channel_profit") == profit.sel(replication=1).item()
    assert model.metric("listing_fees_paid") == model.metric("listing_fees_received") > 0.0


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"members.maker A.listing_limit": 3}, "members.maker A.listing_limit = 3: shelves are the stores'"),
        ({"members.maker A.listing_fee": 3.0}, "a manufacturer sells to other members"),
        ({"members.Big.listing_limit": 0}, "listing_limit = 0"),
        ({"members.Big.listing_fee": -1.0}, "listing_fee = -1"),
        ({"demand.system": "given"}, "needs demand.system = 'logit', not 'given'"),
    ],
)
def test_what_is_refused(changes, words):
    with pytest.raises(ScenarioError, match="listing") as error:
        grocery(**changes)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
