"""Exclusive dealing and franchise fees: who accepts what, against closed forms."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelsim import Policy, simulate
from channelsim import columns as c
from channelsim.scenario import Scenario
from channelsim.world import build
from small_worlds import Run
from supported_worlds import everything, pair


def two_brands(compensation=None, stores=1, **changes):
    """Return stores of two equal brands, without effort; maker A offers a compensation if one is given."""
    offer = {"contracts.0.exclusive": True, "contracts.0.compensation": compensation}
    quiet = {"members.stores.opening_service": 0.0, "segments.0.service_weight": 0.0}
    given = offer if compensation is not None else {}
    return pair(("A", "B"), stores, **quiet | given | changes)


def brands_of(channel, terms):
    """Return the brands that each store lists."""
    index, listed = channel.world.holdings_index, terms.holdings[c.LISTED] > 0
    names = [b.name for b in channel.scenario.brands]
    return [
        "".join(names[b] for b in index[c.BRAND, listed & (index[c.MEMBER] == m)])
        for m in range(channel.first_store, channel.sizes.members)
    ]


def profit_forgone(a_price=10.0, a_cost=6.0, b_equity=1.8):
    """Return what a store loses by dropping B: 100 buyers, shares e^v/(1 + Σ e^v), v = equity − price/2."""
    a, b = np.exp(1.8 - 0.5 * a_price), np.exp(b_equity - 0.5 * 10.0)
    both = 100.0 * (a * (a_price - a_cost) + b * 4.0) / (1.0 + a + b)
    return both - 100.0 * a * (a_price - a_cost) / (1.0 + a)


@pytest.mark.parametrize("margin", [-1e-6, 1e-6])
def test_a_store_accepts_from_the_profit_that_it_forgoes(margin):
    channel = build(two_brands(profit_forgone() + margin))
    terms = channel.apply()
    assert brands_of(channel, terms) == ["A" if margin > 0 else "AB"]
    assert terms.members[c.DEALS_EXCLUSIVELY].sum() == (margin > 0)
    assert terms.links[c.COMPENSATION].sum() == pytest.approx(
        profit_forgone() + margin if margin > 0 else 0.0
    )


def test_a_price_cut_of_the_supplier_counts():
    """With a price of the store's of 1.5 times its cost, A at 4 instead of 6 is sold at 6."""
    marked_up = {"members.stores.pricing": {"rule": "markup", "markup": 10.0 / 6.0}}
    enough = profit_forgone(a_price=4.0 * 10.0 / 6.0, a_cost=4.0)
    assert enough < profit_forgone()  # B sells less beside a cheaper A
    channel = build(two_brands(0.5 * (enough + profit_forgone()), **marked_up))
    cut = Policy(terms=[{"supplier": "maker A", "wholesale_price": 4.0}])
    assert brands_of(channel, channel.apply()) == ["AB"]
    assert brands_of(channel, channel.apply(cut)) == ["A"]
    answered = Policy(terms=[*cut.terms, {"supplier": "maker B", "wholesale_price": 4.0}])
    assert brands_of(channel, channel.apply(answered)) == ["AB"]


def test_money_and_metrics_of_those_who_accept():
    """Two towns: what is forgone is less where there are fewer buyers."""
    towns = {"territories": [{"name": "town", "buyers": 100.0}, {"name": "village", "buyers": 10.0}]}
    scenario = two_brands(0.5 * profit_forgone(), **towns)
    none = Policy(name="none", terms=[{"brand": "A", "exclusive": False}])
    result = simulate(scenario, [Policy(name="offer"), none], 1, progress=False)
    accepted = result.by_territory["exclusive_members"]
    assert accepted.sel(policy="offer").values.ravel().tolist() == [0.0, 1.0]
    assert accepted.sel(policy="none").values.ravel().tolist() == [0.0, 0.0]
    paid = 0.5 * profit_forgone()
    for metric, group in (("compensation_paid", "maker A"), ("compensation_received", "stores")):
        found = result.by_group[metric].sel(policy="offer", group=group)
        assert found.item() == pytest.approx(paid)
        assert result.by_group[metric].sel(policy="none").sum().item() == 0.0
    profit = result.by_territory["store_profit"].sel(territory="village").values.ravel()
    # a tenth of the town's forgone profit is 5 % of what is paid: the rest is gained
    assert profit[0] - profit[1] == pytest.approx(paid - 0.1 * profit_forgone(), rel=1e-6)
    sold = result.by_brand["sell_through"].sel(brand="B").values.ravel()
    assert sold[0] < sold[1]


def test_of_two_offers_the_better_is_taken():
    both = {"contracts.1.exclusive": True}
    for a, b, chosen in ((100.0, 99.0, "A"), (99.0, 100.0, "B"), (0.0, 0.0, "AB")):
        channel = build(two_brands(a, **both | {"contracts.1.compensation": b}))
        terms = channel.apply()
        assert brands_of(channel, terms) == [chosen]
        assert terms.links[c.COMPENSATION].sum() == (100.0 if chosen != "AB" else 0.0)


@settings(max_examples=10)
@given(st.floats(0.0, 60.0), st.floats(-1.0, 3.0), st.integers(1, 3), st.booleans())
def test_nobody_would_rather_have_decided_otherwise(compensation, equity, stores, chain):
    """Either list is worth what logit shares at opening prices say, the others' lists as they are."""
    scenario = two_brands(
        compensation,
        stores,
        **{"segments.0.equity": {"A": 1.8, "B": equity}, "members.stores.owner": "Chain" if chain else ""},
    )
    channel = build(scenario)
    terms = channel.apply()
    lists = brands_of(channel, terms)
    assert set(lists) <= {"A", "AB"}
    a, b = np.exp(1.8 - 5.0), np.exp(equity - 5.0)

    def earned(count, mine, others):
        pull = {"A": a, "AB": a + b}
        return 400.0 * count * pull[mine] / (1.0 + count * pull[mine] + sum(pull[o] for o in others))

    for j, mine in enumerate(lists):
        others = [] if chain else lists[:j] + lists[j + 1 :]
        count = stores if chain else 1
        gain = earned(count, "A", others) + count * compensation - earned(count, "AB", others)
        assert (mine == "A") == (gain >= 0.0) or abs(gain) < 1e-6
    if chain:
        assert len(set(lists)) == 1


def test_more_compensation_never_loses_a_member():
    scenario = everything(**{"demand.noise": "none"})
    counts = [
        build(scenario.replace(**{"contracts.1.compensation": k})).apply().members[c.DEALS_EXCLUSIVELY].sum()
        for k in (0.0, 10.0, 20.0, 40.0, 80.0, 160.0)
    ]
    assert all(one <= other for one, other in pairwise(counts))
    assert counts[0] == 0
    assert counts[-1] == 6


def test_a_limit_on_shelves_and_an_offer_are_weighed_together():
    """Three brands, two shelves: exclusive, the store forgoes only what its best two would bring beyond A."""
    three = pair(("A", "B", "C"), **{"members.stores.opening_service": 0.0, "segments.0.service_weight": 0.0,
                                     "segments.0.equity": {"A": 1.8, "B": 1.7, "C": -5.0}})  # fmt: skip
    a, b = np.exp(1.8 - 5.0), np.exp(1.7 - 5.0)
    forgone = 400.0 * ((a + b) / (1.0 + a + b) - a / (1.0 + a))
    for paid, chosen in ((forgone * (1 - 1e-6), "AB"), (forgone * (1 + 1e-6), "A")):
        channel = build(
            three.replace(
                **{
                    "members.stores.listing_limit": 2,
                    "contracts.0.exclusive": True,
                    "contracts.0.compensation": paid,
                }
            )
        )
        assert brands_of(channel, channel.apply()) == [chosen]


def test_a_store_drops_a_brand_that_is_not_worth_its_fee():
    worth = profit_forgone()  # of B, beside A
    for fee, chosen in ((worth * (1 - 1e-6), "AB"), (worth * (1 + 1e-6), "A")):
        channel = build(two_brands(None, **{"contracts.1.franchise_fee": fee}))
        terms = channel.apply()
        assert brands_of(channel, terms) == [chosen]
        assert terms.links[c.FRANCHISE_FEE].sum() == (fee if chosen == "AB" else 0.0)
    # the brand without a fee stays, whatever it is worth
    asked = {"contracts.0.franchise_fee": 1e6, "contracts.1.wholesale_price": 12.0}
    channel = build(two_brands(None, **asked))
    assert brands_of(channel, channel.apply()) == ["B"]


def test_a_saved_fee_makes_exclusivity_cheaper():
    fee = 0.4 * profit_forgone()
    for paid, chosen in ((0.59, "AB"), (0.61, "A")):
        channel = build(two_brands(paid * profit_forgone(), **{"contracts.1.franchise_fee": fee}))
        assert brands_of(channel, channel.apply()) == [chosen]


def test_within_a_firm_nothing_is_asked():
    own = {"members.stores.owner": "maker B", "contracts.1.franchise_fee": 1e6}
    channel = build(two_brands(None, **own))
    assert brands_of(channel, channel.apply()) == ["AB"]


def test_a_suspended_supply_is_not_paid_for():
    run = Run(two_brands(100.0, **{"contracts.0.franchise_fee": 3.0}))
    run.take_week()
    assert run.state.links[c.COMPENSATION_GRANTED].sum() == 100.0
    assert run.state.links[c.FRANCHISE_FEE_PAID].sum() == 3.0
    run.state.holdings[c.OFFERED] = 0.0
    run.take_week()
    assert not run.state.links[c.COMPENSATION_GRANTED].any()
    assert not run.state.links[c.FRANCHISE_FEE_PAID].any()


def test_density_and_other_policies_come_first():
    """A store that finds no supplier of the exclusive brand has nothing to accept."""
    channel = build(two_brands(1000.0))
    gone = Policy(density={"maker A": {"count": 0}})
    terms = channel.apply(gone)
    assert brands_of(channel, terms) == ["B"]
    assert not terms.members[c.DEALS_EXCLUSIVELY].any()
    assert not terms.links[c.COMPENSATION].any()


def test_the_terms_survive_a_file(tmp_path):
    policy = Policy(
        name="exclusive",
        terms=[
            {"brand": "A", "territory": "town", "exclusive": True, "compensation": 20.0, "principal": "maker"}
        ],
    )
    policy.save(tmp_path / "policy.toml")
    assert Policy.load(tmp_path / "policy.toml") == policy
    scenario = two_brands(20.0)
    scenario.save(tmp_path / "scenario.toml")
    assert Scenario.load(tmp_path / "scenario.toml") == scenario
