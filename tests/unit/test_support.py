"""Support, fees, compensation and credit: worked by hand, felt by stores, refused where nobody can."""

import numpy as np
import pytest

from channelsim import Policy, ScenarioError, simulate
from channelsim import columns as c
from channelsim.planning import plan_week
from channelsim.scenario import Scenario
from channelsim.week import CHARGE_SIDE_PAYMENTS, SETTLE_SIDE_PAYMENTS
from channelsim.world import build
from small_worlds import Run
from supported_worlds import POLICY, everything, pair

GRANTED = {
    "contracts.0.cooperative_share": 0.5,
    "contracts.0.training": 100.0,
    "contracts.0.franchise_fee": 30.0,
}
"""With the training scale of 100 money, κ̃ = 20/(1 + 100/100) = 10 and the store bears 5."""


def by_group(result, metric, group, policy=0):
    return result.by_group[metric].sel(group=group).values[policy, 0]


def test_worked_by_hand():
    """Half of 100 buyers buy; marginal effort wins 0.4·100·¼ = 10 of them at a margin of 10 − 6 = 4.

    Then effort pays 40 at the margin and costs the store 5·e: e = 8, at which utility is 1.8 − 5 + 3.2 = 0,
    so that half of the buyers buy. Effort costs κ̃e²/2 = 10·64/2 = 320, of which the maker pays 160.
    Store: 50·4 − 320 + 160 − 30 = 10; maker: 50·(6 − 2) − 160 − 100 + 30 = −30.
    """
    result = simulate(pair(**GRANTED), replications=1, record="service by holding", progress=False)
    np.testing.assert_allclose(result.trajectories["service_by_holding"].values[..., -1], 8.0, rtol=1e-9)
    assert by_group(result, "sell_through", "stores") == pytest.approx(50.0)
    expected = {
        ("support_paid", "maker A"): 260.0,
        ("support_received", "stores"): 160.0,
        ("franchise_fees_paid", "stores"): 30.0,
        ("franchise_fees_received", "maker A"): 30.0,
        ("profit", "stores"): 10.0,
        ("profit", "maker A"): -30.0,
    }
    for (metric, group), value in expected.items():
        assert by_group(result, metric, group) == pytest.approx(value, abs=1e-9), metric
    assert result.metrics["support_paid"].item() == pytest.approx(260.0)
    assert result.by_role["support_received"].sel(role="retailer").item() == pytest.approx(160.0)


@pytest.mark.parametrize(
    ("field", "value", "times"),
    [("cooperative_share", 0.5, 2.0), ("training", 100.0, 2.0), ("training", 50.0, 1.5)],
)
def test_effort_answers_support_at_the_margin(field, value, times):
    """One step from an effort of 8: the gain of 40 over what effort costs the store."""
    efforts = []
    for scenario in (pair(), pair(**{f"contracts.0.{field}": value})):
        run = Run(scenario)
        run.take_week()
        efforts.append(run.state.holdings[c.SERVICE, -1])
    assert efforts[0] == pytest.approx(2.0)  # 40/20: the mechanism off
    assert efforts[1] == pytest.approx(2.0 * times)


def test_a_fee_alone_moves_money_alone():
    free, charged = (
        simulate(s, replications=1, record="service by holding", progress=False)
        for s in (pair(), pair(**{"contracts.0.franchise_fee": 3.0}))
    )
    assert free.trajectories["service_by_holding"].equals(charged.trajectories["service_by_holding"])
    for group, change in (("stores", -3.0), ("maker A", 3.0)):
        gap = by_group(charged, "profit", group) - by_group(free, "profit", group)
        assert gap == pytest.approx(change)


def test_brands_of_one_contract_share_what_is_agreed_per_member():
    fees = Policy(terms=[{"buyer": "stores", "franchise_fee": 2.0}])
    # a contract of its own with each maker: each fee in full
    assert build(pair(("A", "B"))).apply(fees).links[c.FRANCHISE_FEE].tolist() == [2.0, 2.0]
    one = pair(("A", "B")).to_dict()
    one["brands"] = [brand | {"owner": "maker"} for brand in one["brands"]]
    one["members"] = [
        {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
        one["members"][-1] | {"suppliers": ["maker"]},
    ]
    one["contracts"] = [
        {"supplier": "maker", "buyer": "stores", "wholesale_price": 6.0, "franchise_fee": 2.0}
    ]
    channel = build(Scenario.parse(one))
    assert channel.apply().links[c.FRANCHISE_FEE].tolist() == [1.0, 1.0]
    # a change for one brand is an agreement of its own, also at the same amount
    for amount in (2.0, 3.0):
        own = Policy(terms=[{"brand": "A", "franchise_fee": amount}])
        assert channel.apply(own).links[c.FRANCHISE_FEE].tolist() == [amount, 2.0]


def test_the_maker_pays_in_place_of_the_distributor():
    results = {
        who: simulate(
            everything(**{"contracts.1.principal": who, "demand.noise": "none"}),
            replications=1,
            progress=False,
        )
        for who in ("supplier", "maker")
    }
    for who, payer in (("supplier", "wholesale"), ("maker", "Acme")):
        paid = results[who].by_group["support_paid"]
        assert paid.sel(group=payer).item() == results[who].metrics["support_paid"].item() > 0.0
    gap = {
        group: by_group(results["maker"], "profit", group) - by_group(results["supplier"], "profit", group)
        for group in ("Acme", "wholesale", "shops")
    }
    paid = sum(results["maker"].metrics[m].item() for m in ("support_paid", "compensation_paid"))
    assert gap["Acme"] == pytest.approx(-paid)
    assert gap["wholesale"] == pytest.approx(paid)
    assert gap["shops"] == pytest.approx(0.0, abs=1e-9)


def test_all_off_leaves_the_steps_out_and_every_number_as_it_was():
    off = {
        "cooperative_share": 0.0,
        "training": 0.0,
        "franchise_fee": 0.0,
        "exclusive": False,
    }
    zero = Policy(name="zero", terms=[off])
    channel = build(pair(("A", "B"), stores=2))
    for policy in (None, zero):
        codes = [planned.code for planned in plan_week(*channel.under(policy))]
        assert SETTLE_SIDE_PAYMENTS not in codes
        assert CHARGE_SIDE_PAYMENTS not in codes
    result = simulate(channel, [Policy(name="base"), zero], 1, progress=False)
    for name, values in result.metrics.items():
        assert np.array_equal(values.values[0], values.values[1], equal_nan=True), name
    on = build(everything())
    codes = [planned.code for planned in plan_week(*on.under())]
    assert SETTLE_SIDE_PAYMENTS in codes
    assert CHARGE_SIDE_PAYMENTS in codes


# --- what members feel about it -----------------------------------------------------------------------------


def test_side_payments_are_part_of_the_outcome_of_a_relationship():
    run = Run(everything(**{"contracts.0.franchise_fee": 40.0, "contracts.1.principal": "supplier"}))
    for _ in range(3):
        run.take_week()
    rows, links = run.state.relationships, run.state.links
    assert links[c.FRANCHISE_FEE_PAID].sum() > 0.0
    assert links[c.COOPERATIVE_SUPPORT].sum() > 0.0
    for side, column, sign in ((1, c.SIDE_PAYMENTS_OF_BUYER, 1.0), (0, c.SIDE_PAYMENTS_OF_SUPPLIER, -1.0)):
        paid = sign * (links[c.COMPENSATION_GRANTED] - links[c.FRANCHISE_FEE_PAID])
        if side == 0:
            paid -= links[c.COOPERATIVE_SUPPORT] + links[c.TRAINING_SPENT]
        expected = np.bincount(run.world.links_index[c.RELATIONSHIP], paid, rows.shape[1])
        np.testing.assert_allclose(rows[column], expected, atol=1e-12)
        used = rows[c.SALES_SHARE_OF_SUPPLIER] > 0.0
        gap = rows[c.OUTCOME_OF_SUPPLIER + side] - rows[c.VALUE_OF_SUPPLIER + side]
        np.testing.assert_allclose(gap[used], rows[column][used], atol=1e-9)


def test_a_fee_above_what_the_relationship_brings_makes_the_buyer_leave():
    leaving = {"relations": {"active": True, "exit": True, "exit_weeks": 2.0}, "power": {"measured": True}}
    fees = {"contracts.0.franchise_fee": 5000.0}
    runs = {}
    for name, changes in (("asked", fees), ("not asked", {})):
        run = Run(everything(**leaving, **{"contracts.0.franchise_fee": 0.0} | changes))
        for _ in range(8):
            run.take_week()
        runs[name] = run.state.relationships[c.ENDED].sum()
    assert runs["not asked"] == 0.0
    assert runs["asked"] > 0.0


# --- credit -----------------------------------------------------------------------------------------------


def test_credit_of_a_policy_is_that_of_a_contract():
    longer = Policy(name="longer", terms=[{"supplier": "wholesale", "credit_weeks": 6}])
    by_policy = simulate(everything(), longer, 2, progress=False)
    by_contract = simulate(everything(**{"contracts.1.credit_weeks": 6}), None, 2, progress=False)
    base = simulate(everything(), None, 2, progress=False)
    for name, values in by_contract.metrics.items():
        if not name.startswith("economic_satisfaction"):  # under a policy members remember what was before
            assert np.array_equal(values.values, by_policy.metrics[name].values, equal_nan=True), name
    # longer credit costs the supplier, and stores, whose goods are cheaper by it, ask less
    assert (
        by_policy.by_group["finance_cost"].sel(group="wholesale").mean()
        > base.by_group["finance_cost"].sel(group="wholesale").mean()
    )
    assert by_policy.metrics["price"].mean() < base.metrics["price"].mean()


def test_a_world_built_for_longer_credit_is_the_same_world():
    built_for = {"maximum_credit_weeks": 20}
    one, other = (simulate(everything(**k), None, 2, progress=False) for k in ({}, built_for))
    for name, values in one.metrics.items():
        assert np.array_equal(values.values, other.metrics[name].values, equal_nan=True), name


# --- where a change of terms is felt ------------------------------------------------------------------------


def test_terms_differ_by_territory_and_class():
    channel = build(everything())
    base, terms = channel.apply(), channel.apply(POLICY)
    place = channel.members.territory[channel.world.links_index[c.BUYER_MEMBER]]
    of_wholesale = channel.links.contract == 1
    north, south = of_wholesale & (place == 0), of_wholesale & (place == 1)
    used = terms.links[c.LINK_ACTIVE] > 0
    assert set(terms.links[c.COOPERATIVE_SHARE, north & used]) == {0.7}
    assert set(terms.links[c.COOPERATIVE_SHARE, south & used]) == {0.4}
    assert set(terms.links_index[c.CREDIT_WEEKS, north]) == {6}
    assert np.array_equal(terms.links_index[c.CREDIT_WEEKS, south], base.links_index[c.CREDIT_WEEKS, south])
    price = Policy(terms=[{"territory": "north", "buyer": "shops", "wholesale_price_scale": 0.5}])
    state = (channel.apply(p).base for p in (None, price))
    assert not np.array_equal(*state)
    minimum = Policy(terms=[{"territory": "small", "buyer": "shops", "minimum_order": 4.0}])
    orders = channel.apply(minimum).holdings[c.MINIMUM_ORDER]
    town = channel.members.territory[channel.world.holdings_index[c.MEMBER]]
    stores = np.arange(len(orders)) >= channel.first_shelf
    assert set(orders[stores & (town == 1) & (channel.apply(minimum).holdings[c.LISTED] > 0)]) == {4.0}
    assert not orders[town == 0].any()


def test_a_minimum_order_is_a_lever():
    channel = build(everything())
    minimum = Policy(name="minimum", terms=[{"buyer": "shops", "minimum_order": 60.0}])
    result = simulate(channel, [Policy(name="base"), minimum], 1, record="order by holding", progress=False)
    free, bound = result.trajectories["order_by_holding"].isel(replication=0)
    shops = [k for k in bound.holding.values if k.startswith("shops")]
    assert (bound.sel(holding=shops).values % 1e9 >= 60.0)[bound.sel(holding=shops).values > 0].all()
    assert ((free.sel(holding=shops).values > 0) & (free.sel(holding=shops).values < 60.0)).any()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (
            {"buyer": "wholesale", "cooperative_share": 0.2},
            "terms[0].cooperative_share: service effort is the",
        ),
        (
            {"buyer": "wholesale", "exclusive": True},
            "terms[0].exclusive: exclusive dealing is a choice of",
        ),
        (
            {"brand": "B", "buyer": "shops", "compensation": 5.0},
            "terms[0].compensation: is paid for exclusive",
        ),
        (
            {"buyer": "shops", "credit_weeks": 7},
            "built for credit of at most 6 weeks; raise maximum_credit_weeks",
        ),
        (
            {"territory": "east", "training": 5.0},
            "territory: 'east' is neither a territory nor a class",
        ),
        ({"territory": "north"}, "changes nothing: give one of wholesale_price"),
        ({"buyer": "shops", "cooperative_share": 1.0}, "terms[0].cooperative_share = 1"),
        (
            {"supplier": "Acme", "buyer": "shops", "training": 5.0},
            "no contract has supplier 'Acme', buyer 'shops'",
        ),
    ],
)
def test_a_policy_that_cannot_be_felt_is_refused_by_name(terms, message):
    with pytest.raises(ScenarioError) as refused:
        build(everything()).apply(Policy(name="p", terms=[terms]))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contracts.0.training": 5.0}, "contracts[0].training = 5: service effort is the stores'"),
        ({"contracts.0.exclusive": True}, "contracts[0].exclusive = true: exclusive dealing is a choice of"),
        ({"contracts.1.exclusive": False}, "contracts[1].compensation = 25: is paid for exclusive dealing"),
        ({"segments.0.service_weight": 0.0}, "no segment has a service_weight above 0"),
        ({"members.Bolt.pricing.rule": "negotiated"}, "'Bolt' negotiates its prices, and the bargain"),
        ({"maximum_credit_weeks": 2}, "credit_weeks = 3: must not exceed maximum_credit_weeks = 2"),
        ({"credit": False, "members.shops.pays_from_cash": False}, "maximum_credit_weeks = 6: invoices are"),
        ({"contracts.1.cooperative_share": 1.5}, "contracts[1].cooperative_share"),
        ({"contracts.1.principal": "owner"}, "contracts[1].principal"),
        ({"training_scale": 0.0}, "training_scale"),
    ],
)  # fmt: skip
def test_what_a_scenario_cannot_combine_is_refused_in_one_line(changes, message):
    with pytest.raises(ScenarioError) as refused:
        everything(**changes)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_exclusivity_needs_logit_demand():
    linear = {"demand": {"system": "linear", "intercept": 20.0}, "segments.all.service_weight": 0.0}
    with pytest.raises(ScenarioError, match=r"needs demand\.system = 'logit', not 'linear'"):
        pair(**linear | {"contracts.0.exclusive": True})
    with pytest.raises(ScenarioError, match="invoices are paid when made out"):
        build(pair()).apply(Policy(terms=[{"credit_weeks": 0}]))


# --- stores that can live on it -----------------------------------------------------------------------------


def test_viable_stores_are_those_whose_profit_covers_their_reservation_profit():
    """Worked in `test_worked_by_hand`: the store earns 10 a week."""
    shares = [
        simulate(pair(**GRANTED, **{"members.stores.reservation_profit": r}), replications=1, progress=False)
        for r in (9.0, 11.0)
    ]
    assert [by_group(r, "viable_stores", "stores") for r in shares] == [1.0, 0.0]
    assert [r.metrics["store_profit"].item() for r in shares] == pytest.approx([10.0, 10.0])
    result = simulate(everything(), None, 3, progress=False)
    share = result.metrics["viable_stores"].values
    assert np.array_equal(np.round(6 * share), 6 * share)  # a share of six stores
    profit = result.by_group["profit"].sel(group="shops").values / 6
    np.testing.assert_allclose(result.metrics["store_profit"].values, profit, rtol=1e-12)
