"""Nash-in-Nash against bargains solved by hand, Nash products searched by force, and other closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from channelsim.theory.bargaining import Contract, nash_in_nash, nash_product, relative_stakes_weight
from channelsim.theory.bargaining_market import Channel, LinearDemand, LogitDemand, Shelf
from channelsim.theory.bilateral_bargaining import deal_me_out
from channelsim.theory.logit_pricing import LogitMarket, bertrand_prices, gain_from_deviating, monopoly_margin
from refusals import refused_in_one_line

ONE_TO_ONE = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), unit_cost=4.0)])
DEAL = Contract("P", "X", "A")


def linear(shelves, own=2.0, cross=0.5, intercept=30.0):
    slopes = np.full((shelves, shelves), -cross)
    np.fill_diagonal(slopes, own)
    return LinearDemand(np.full(shelves, intercept), slopes)


def two_by_two(demand, costs=(2.0, 3.0)):
    """Two makers, each with a brand in both of two stores: shelves A at X, B at X, A at Y, B at Y."""
    return Channel(
        demand,
        [
            Shelf(brand, (maker, store), cost)
            for store in ("X", "Y")
            for brand, maker, cost in (("A", "P", costs[0]), ("B", "R", costs[1]))
        ],
    )


LOGIT = LogitDemand(
    quality=[[3.0, 2.5, 2.8, 2.0], [1.0, 3.5, 2.0, 3.0]],
    price_sensitivity=[0.4, 0.25],
    buyers=[300.0, 500.0],
    store=[0, 0, 1, 1],
    assortment_weight=0.1,
)
PRICES = np.array([9.0, 8.0, 9.5, 7.5])
WEIGHTS = (0.5, 0.3, 0.6, 0.45)


# --- one supplier, one buyer ----------------------------------------------------------------------


@given(st.floats(0.0, 1.0), st.floats(-5.0, 9.0), st.floats(9.5, 19.0))
def test_two_who_need_one_another_split_the_margin_by_their_weights(weight, cost, price):
    channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), cost)])
    bargain = nash_in_nash(channel, [price], weight)
    agreed = bargain.agreements[DEAL]
    assert agreed.price == pytest.approx(cost + weight * (price - cost), rel=1e-9, abs=1e-9)
    assert agreed.gains.surplus == pytest.approx((price - cost) * (20.0 - price))
    assert bargain.profits["P"] == pytest.approx(weight * agreed.gains.surplus, abs=1e-7)
    assert sum(bargain.profits.values()) == pytest.approx(agreed.gains.surplus)


def test_handling_is_paid_out_of_the_margin():
    channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), 4.0, handling=(0.5, 1.5))])
    assert nash_in_nash(channel, [10.0]).price_of(*DEAL) == pytest.approx(4.5 + 0.5 * (10.0 - 6.0))


@given(st.floats(0.0, 59.0), st.floats(0.0, 59.0))
def test_an_outside_option_binds_only_beyond_the_split(supplier, buyer):
    options = {DEAL: (supplier, buyer)}
    if supplier + buyer > 60.0:
        (agreed,) = nash_in_nash(ONE_TO_ONE, [10.0], outside=options).agreements.values()
        assert agreed.suspended == "no surplus"
        return
    (agreed,) = nash_in_nash(ONE_TO_ONE, [10.0], outside=options).agreements.values()
    np.testing.assert_allclose(agreed.gains, deal_me_out(60.0, supplier, buyer), rtol=1e-9, atol=1e-9)
    assert agreed.bound == ("supplier" if supplier > 30.0 else "buyer" if buyer > 30.0 else "")


def test_options_that_take_all_there_is_leave_no_room_but_an_agreement():
    (agreed,) = nash_in_nash(ONE_TO_ONE, [10.0], outside={DEAL: (20.0, 40.0)}).agreements.values()
    assert agreed.suspended == ""
    np.testing.assert_allclose(agreed.gains, (20.0, 40.0))


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.8, 0.95])
def test_a_linear_store_that_reprices_has_the_known_closed_form(weight):
    # p = (a/b + t)/2 and t = c + β (p − c) give p − c = (a/b − c)/(2 − β)
    bargain = nash_in_nash(ONE_TO_ONE, [11.0], weight, retail="equilibrium")
    margin = (20.0 - 4.0) / (2.0 - weight)
    np.testing.assert_allclose(bargain.price, 4.0 + margin, rtol=1e-10)
    assert bargain.price_of(*DEAL) == pytest.approx(4.0 + weight * margin, rel=1e-10)


def test_a_logit_store_that_reprices_is_the_monopoly_at_its_bargained_cost():
    channel = Channel(LogitDemand(3.0, 0.4, 100.0), [Shelf("A", ("P", "X"), 2.0)])
    cost = 2.0
    for _ in range(300):
        cost = 2.0 + 0.35 / 0.65 * monopoly_margin(3.0, cost, 0.4)  # t − c = β/(1 − β) (p − t)
    bargain = nash_in_nash(channel, [8.0], 0.35, retail="equilibrium")
    assert bargain.price_of(*DEAL) == pytest.approx(cost, rel=1e-9)
    assert bargain.price[0] == pytest.approx(cost + monopoly_margin(3.0, cost, 0.4), rel=1e-9)


# --- several --------------------------------------------------------------------------------------


def test_two_brands_in_one_store_by_hand():
    """Half of a lost brand's buyers stay; solved by hand, each contract's condition and then both."""
    # q = 30 − 2p + p' at 10: 20 each; a brand gone stands at its choke price, the other gains 1/2 · 20
    channel = Channel(linear(2, 2.0, 1.0), [Shelf("A", ("P", "X"), 4.0), Shelf("B", ("R", "X"), 6.0)])
    bargain = nash_in_nash(channel, [10.0, 10.0])
    # w_A − 4 = (10 − w_A) − ½ (10 − w_B) ;  w_B − 6 = (10 − w_B) − ½ (10 − w_A)
    by_hand = np.linalg.solve([[2.0, -0.5], [-0.5, 2.0]], [9.0, 11.0])
    np.testing.assert_allclose([a.price for a in bargain.agreements.values()], by_hand, rtol=1e-10)
    # the store could go on with half of it: it keeps more than half of the margins, though weights are equal
    assert bargain.profits["X"] > bargain.profits["P"] + bargain.profits["R"]


@pytest.mark.parametrize("cross", [0.0, 0.3, 0.6])
def test_symmetric_markets_have_one_line_solutions(cross):
    # R_k/q for one shelf gone, cross slope g and own slope b: g/b; β = 0.4 with d = g/b on either side:
    # (1−β)(m_w − d m_w) = β(m_r − d m_r), so d drops out and the margin is split by the weights
    demand = linear(4, 2.0, cross)
    price = np.full(4, 10.0)
    bargain = nash_in_nash(two_by_two(demand, (4.0, 4.0)), price, 0.4)
    np.testing.assert_allclose([a.price for a in bargain.agreements.values()], 4.0 + 0.4 * 6.0, rtol=1e-10)


def test_a_symmetric_market_of_three_stores_and_two_brands():
    # recapture within the supplier 2d, within the buyer d: (1−β)(1 − 2d) m_w = β(1 − d) m_r, m_w + m_r = 6
    shelves = [
        Shelf(brand, (maker, store), 4.0) for store in "XYZ" for brand, maker in (("A", "P"), ("B", "R"))
    ]
    d, weight = 0.3 / 2.0, 0.35
    bargain = nash_in_nash(Channel(linear(6, 2.0, 0.3), shelves), np.full(6, 10.0), weight)
    left, right = (1.0 - weight) * (1.0 - 2.0 * d), weight * (1.0 - d)
    by_hand = 4.0 + 6.0 * right / (left + right)
    np.testing.assert_allclose([a.price for a in bargain.agreements.values()], by_hand, rtol=1e-10)


def by_two_tier_conditions(channel, price, weight):
    """Solve [I − (1−β)D^S − βD^B](w − c) = β(I − D^B)(p − c), D_lk = R_k/q_l within supplier or buyer."""
    n = price.size
    cost = np.array([shelf.unit_cost for shelf in channel.shelves])
    everything = np.ones(n, dtype=bool)
    now = channel.demand.quantities(price, everything)
    diverted = np.zeros((n, n))
    for lost in range(n):
        left = everything.copy()
        left[lost] = False
        diverted[lost] = (channel.demand.quantities(price, left) - now) * left / now[lost]
    of_supplier, of_buyer = (
        diverted * np.array([[a.path[k] == b.path[k] for b in channel.shelves] for a in channel.shelves])
        for k in (0, 1)
    )
    beta = np.asarray(weight)[:, None]
    system = np.eye(n) - (1.0 - beta) * of_supplier - beta * of_buyer
    return cost + np.linalg.solve(system, np.asarray(weight) * ((np.eye(n) - of_buyer) @ (price - cost)))


@pytest.mark.parametrize("demand", [linear(4), LOGIT], ids=["linear", "logit"])
def test_two_by_two_solves_the_conditions_of_two_tiers(demand):
    channel = two_by_two(demand)
    weight = dict(zip(channel.contracts, WEIGHTS))
    bargain = nash_in_nash(channel, PRICES, weight)
    found = [bargain.price_of(s.path[0], s.path[1], s.brand) for s in channel.shelves]
    np.testing.assert_allclose(found, by_two_tier_conditions(channel, PRICES, WEIGHTS), rtol=1e-10)


@given(st.integers(0, 10_000))
def test_random_two_tier_markets_solve_the_conditions_of_two_tiers(seed):
    rng = np.random.default_rng(seed)
    stores, brands = rng.integers(1, 4, 2)
    n = int(stores * brands)
    makers = rng.integers(0, 2, brands)  # a maker may own several brands
    shelves = [
        Shelf(f"b{b}", (f"maker{makers[b]}", f"store{j}"), rng.uniform(1.0, 3.0))
        for j in range(stores)
        for b in range(brands)
    ]
    quality = rng.normal(1.5, 1.0, (3, n))
    channel = Channel(LogitDemand(quality, rng.uniform(0.2, 0.6, 3), rng.uniform(50.0, 200.0, 3)), shelves)
    price = rng.uniform(5.0, 9.0, n)
    weight = rng.uniform(0.2, 0.8, n)
    bargain = nash_in_nash(channel, price, dict(zip(channel.contracts, weight)))
    if any(agreed.suspended for agreed in bargain.agreements.values()):
        return
    found = [agreed.price for agreed in bargain.agreements.values()]
    np.testing.assert_allclose(found, by_two_tier_conditions(channel, price, weight), rtol=1e-9)


def assert_every_product_is_at_its_top(channel, bargain, weights):
    """Search each contract's Nash product by force: a grid, then Brent's method without a derivative."""
    terms = {contract: agreed.price for contract, agreed in bargain.agreements.items()}
    for contract in channel.contracts:

        def product(t, contract=contract):
            return nash_product(
                channel, contract, terms | {contract: t}, bargain.price, weights.get(contract, 0.5)
            )

        grid = np.linspace(0.0, bargain.price.max(), 200)
        peak = grid[np.argmax([product(t) for t in grid])]
        best = minimize_scalar(
            lambda t, product=product: -product(t),
            bounds=(peak - grid[1], peak + grid[1]),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert terms[contract] == pytest.approx(best.x, abs=2e-6)
        assert product(terms[contract]) >= -best.fun * (1.0 - 1e-12)


THREE_TIERS = Channel(
    LOGIT,
    [
        Shelf("A", ("P", "D", "X"), 2.0),
        Shelf("B", ("R", "D", "X"), 2.5),
        Shelf("A", ("P", "D", "Y"), 2.0),
        Shelf("B", ("R", "E", "Y"), 2.5),
    ],
)


@pytest.mark.parametrize("retail", ["held", "equilibrium"])
@pytest.mark.parametrize("channel", [two_by_two(LOGIT), THREE_TIERS], ids=["two tiers", "three tiers"])
def test_no_search_by_force_finds_a_larger_nash_product(channel, retail):
    weights = {contract: 0.3 + 0.06 * i for i, contract in enumerate(channel.contracts)}
    bargain = nash_in_nash(channel, PRICES, weights, retail=retail)
    assert_every_product_is_at_its_top(channel, bargain, weights)


def test_one_hand_after_another_shares_in_the_ratio_of_the_weights():
    # (1−β₁) x = β₁ y and (1−β₂) y = β₂ z for the margins x, y, z of the three: by hand for β = 0.4, 0.6
    channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "D", "X"), 4.0)])
    weight = dict(zip(channel.contracts, (0.4, 0.6)))
    bargain = nash_in_nash(channel, [10.0], weight)
    middle = 6.0 / (0.4 / 0.6 + 1.0 + 0.4 / 0.6)
    assert bargain.price_of("P", "D", "A") == pytest.approx(4.0 + middle * 2.0 / 3.0)
    assert bargain.price_of("D", "X", "A") == pytest.approx(10.0 - middle * 2.0 / 3.0)
    assert sum(bargain.profits.values()) == pytest.approx(60.0)


def test_a_distributor_whose_stores_pay_differently_bargains_over_all_of_them():
    # independent stores (no diversion): D's resale price to X is (t + 10)/2, to Y (t + 12)/2, t = P's price;
    # P's 50 and 48 units: t − 4 = mean resale price − t
    channel = Channel(
        LinearDemand([60.0, 60.0], np.diag([1.0, 1.0])),
        [Shelf("A", ("P", "D", "X"), 4.0), Shelf("A", ("P", "D", "Y"), 4.0)],
    )
    bargain = nash_in_nash(channel, [10.0, 12.0])
    mean = (50.0 * 10.0 + 48.0 * 12.0) / 98.0
    t = (8.0 + mean) / 3.0  # t − 4 = (t + mean)/2 − t
    assert bargain.price_of("P", "D", "A") == pytest.approx(t)
    assert bargain.price_of("D", "Y", "A") == pytest.approx((t + 12.0) / 2.0)


# --- owners of several ----------------------------------------------------------------------------


def two_stores(owner_of_second):
    return Channel(
        LogitDemand([2.0, 2.0], 0.4, 200.0),
        [Shelf("A", ("P", "X"), 2.0, "store 1"), Shelf("A", ("P", owner_of_second), 2.0, "store 2")],
    )


def test_a_chain_bargains_as_one_and_pays_less():
    price = np.array([7.0, 8.0])
    chain, apart = nash_in_nash(two_stores("X"), price), nash_in_nash(two_stores("Y"), price)
    quantity = chain.quantity
    # the chain gone, nobody is left to buy from: half of the average margin
    mean = quantity @ price / quantity.sum()
    assert chain.price_of(*DEAL) == pytest.approx(2.0 + 0.5 * (mean - 2.0), rel=1e-10)
    # a store gone, the supplier keeps those who go to the other
    assert min(a.price for a in apart.agreements.values()) > chain.price_of(*DEAL)
    assert chain.profits["X"] > apart.profits["X"] + apart.profits["Y"]


def test_an_outlet_of_ones_own_is_somewhere_to_go():
    price = np.array([7.0, 7.0])
    demand = LogitDemand([2.0, 2.0], 0.4, 200.0)
    alone = Channel(LogitDemand(2.0, 0.4, 200.0), [Shelf("A", ("P", "X"), 2.0)])
    both = Channel(demand, [Shelf("A", ("P", "X"), 2.0), Shelf("A", ("P",), 2.0)])
    now = demand.quantities(price, np.array([True, True]))
    without = demand.quantities(price, np.array([False, True]))
    recaptured = 5.0 * (without[1] - now[1])  # at the outlet the whole margin is the maker's
    bargain = nash_in_nash(both, price)
    # (t − 2) q − 5 R = (7 − t) q
    assert bargain.price_of(*DEAL) == pytest.approx((9.0 + recaptured / now[0]) / 2.0)
    assert bargain.price_of(*DEAL) > nash_in_nash(alone, [7.0]).price_of(*DEAL) == pytest.approx(4.5)


def test_one_sided_dependence():
    """The store has many brands like this one, the maker no other store: nearly all goes to the store."""
    shelves = [Shelf(f"b{i}", (f"maker{i}", "X"), 2.0) for i in range(12)]
    demand = LogitDemand(np.full(12, 6.0), 0.4, 100.0)
    bargain = nash_in_nash(Channel(demand, shelves), np.full(12, 8.0))
    everything = np.ones(12, dtype=bool)
    left = everything.copy()
    left[0] = False
    now, then = (demand.quantities(np.full(12, 8.0), offered) for offered in (everything, left))
    kept = (then - now)[1:].sum() / now[0]
    assert kept > 0.9  # of a lost brand's buyers stay in the store
    margin = [agreed.price - 2.0 for agreed in bargain.agreements.values()]
    # m_w = (1 − kept) m_r and m_w + m_r = 6, by symmetry
    np.testing.assert_allclose(margin, 6.0 * (1.0 - kept) / (2.0 - kept), rtol=1e-9)
    assert bargain.profits["X"] > 0.9 * sum(bargain.profits.values())


def test_a_brand_that_is_kept_for_the_variety_may_cost_more_than_it_sells_for():
    shelves = [Shelf("A", ("P", "X"), 2.0), Shelf("B", ("R", "X"), 2.0)]
    dear = {}
    for weight in (0.0, 0.3):
        demand = LogitDemand([2.0, 2.0], 0.4, 200.0, [0, 0], assortment_weight=weight)
        dear[weight] = nash_in_nash(Channel(demand, shelves), [7.0, 18.0]).price_of("R", "X", "B")
    assert dear[0.0] < 18.0 < dear[0.3]


# --- nothing to agree on --------------------------------------------------------------------------


def test_a_brand_sold_below_cost_is_suspended_and_the_others_bargain_without_it():
    channel = two_by_two(LOGIT, costs=(2.0, 9.0))  # B costs 9 and sells at 8 and 7.5
    bargain = nash_in_nash(channel, PRICES)
    for store in ("X", "Y"):
        agreed = bargain.agreements[Contract("R", store, "B")]
        assert agreed.suspended == "no surplus"
        assert agreed.gains.surplus < 0.0
        assert np.isnan(agreed.price)
    np.testing.assert_array_equal(bargain.offered, [True, False, True, False])
    assert (bargain.quantity[[1, 3]] == 0.0).all()
    assert bargain.profits["R"] == 0.0
    alone = Channel(
        LogitDemand(np.asarray(LOGIT.quality)[:, [0, 2]], LOGIT.price_sensitivity, LOGIT.buyers),
        [channel.shelves[0], channel.shelves[2]],
    )
    same = nash_in_nash(alone, PRICES[[0, 2]])
    for store in ("X", "Y"):
        assert bargain.price_of("P", store, "A") == pytest.approx(same.price_of("P", store, "A"), rel=1e-9)


def test_until_it_is_suspended_a_loss_is_shared_by_the_weights():
    channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), 12.0)])
    agreed = nash_in_nash(channel, [10.0], 0.3).agreements[DEAL]
    np.testing.assert_allclose(agreed.gains, (-6.0, -14.0), rtol=1e-9)  # of 10 units at −2 each


def test_one_shelf_below_cost_is_carried_by_a_chain_that_gains_on_the_others():
    channel = Channel(
        LinearDemand([40.0, 40.0], np.diag([1.0, 1.0])),
        [Shelf("A", ("P", "X"), 5.0, "dear"), Shelf("A", ("P", "X"), 5.0, "cheap")],
    )
    bargain = nash_in_nash(channel, [12.0, 4.0])
    mean = (28.0 * 12.0 + 36.0 * 4.0) / 64.0
    assert bargain.price_of(*DEAL) == pytest.approx((5.0 + mean) / 2.0)


def test_a_shelf_below_cost_goes_alone_where_it_has_its_own_contract():
    # through one distributor: X sells at a loss, Y at a gain; P and D go on with Y
    channel = Channel(
        LinearDemand([40.0, 40.0], np.diag([1.0, 1.0])),
        [Shelf("A", ("P", "D", "X"), 5.0), Shelf("A", ("P", "D", "Y"), 5.0)],
    )
    bargain = nash_in_nash(channel, [4.0, 11.0])
    assert bargain.agreements[Contract("D", "X", "A")].suspended == "no surplus"
    assert bargain.price_of("P", "D", "A") == pytest.approx(7.0)
    assert bargain.price_of("D", "Y", "A") == pytest.approx(9.0)


def test_a_market_in_which_nothing_pays_ends_without_contracts():
    bargain = nash_in_nash(two_by_two(LOGIT, costs=(20.0, 30.0)), PRICES)
    assert not bargain.offered.any()
    assert set(bargain.profits.values()) == {0.0}
    three = nash_in_nash(Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "D", "X"), 12.0)]), [10.0])
    assert sorted(a.suspended for a in three.agreements.values()) == ["its goods are gone", "no surplus"]


def test_a_shelf_that_nobody_buys_is_not_traded():
    bargain = nash_in_nash(ONE_TO_ONE, [25.0])
    assert bargain.agreements[DEAL].suspended == "nobody buys"


def test_what_is_not_worth_keeping_open_closes_and_its_buyers_go_to_the_rest():
    channel = two_by_two(LOGIT)
    gone = Contract("R", "Y", "B")
    bargain = nash_in_nash(channel, PRICES, outside={gone: (1e6, 0.0)})
    assert [contract for contract, a in bargain.agreements.items() if a.suspended] == [gone]
    full = nash_in_nash(channel, PRICES)
    assert (bargain.quantity[:3] > full.quantity[:3]).all()


# --- retail prices --------------------------------------------------------------------------------


def test_retail_prices_are_the_bertrand_equilibrium_of_another_module():
    quality, sensitivity, buyers = [[3.0, 2.5, 2.8, 2.0], [1.0, 3.5, 2.0, 3.0]], [0.4, 0.25], [300.0, 500.0]
    channel = two_by_two(LogitDemand(quality, sensitivity, buyers))
    bargain = nash_in_nash(channel, PRICES, 0.4, retail="equilibrium")
    cost = [bargain.price_of(s.path[0], s.path[1], s.brand) for s in channel.shelves]
    market = LogitMarket.of(quality, sensitivity, buyers, cost, [0, 0, 1, 1])
    np.testing.assert_allclose(bargain.price, bertrand_prices(market), rtol=1e-8)
    assert gain_from_deviating(market, bargain.price) < 1e-8
    held = by_two_tier_conditions(channel, bargain.price, np.full(4, 0.4))
    np.testing.assert_allclose(cost, held, rtol=1e-9)


def test_linear_two_by_two_with_retail_prices_re_optimised_by_hand():
    # symmetric: q = 30 − (b − 3g) p; a store's condition q = (b − g)(p − w), and w − c = β (p − c)
    weight, b, g, c = 0.4, 2.0, 0.3, 4.0
    bargain = nash_in_nash(
        two_by_two(linear(4, b, g), (c, c)), np.full(4, 10.0), weight, retail="equilibrium"
    )
    margin = (30.0 - (b - 3.0 * g) * c) / ((b - 3.0 * g) + (b - g) * (1.0 - weight))
    np.testing.assert_allclose(bargain.price, c + margin, rtol=1e-10)
    np.testing.assert_allclose(
        [a.price for a in bargain.agreements.values()], c + weight * margin, rtol=1e-10
    )


def test_linear_demand_without_shelves_loses_by_its_own_jacobian():
    demand = LinearDemand([30.0, 25.0, 28.0], [[2.0, -0.4, -0.3], [-0.5, 1.8, -0.2], [-0.1, -0.6, 2.2]])
    price, keep = np.array([6.0, 5.0, 7.0]), np.array([True, False, False])
    now, then = (demand.quantities(price, offered) for offered in (np.ones(3, dtype=bool), keep))
    b = np.asarray(demand.slopes)
    expected = -b[:1, 1:] @ np.linalg.solve(b[1:, 1:], now[1:])
    assert then[0] - now[0] == pytest.approx(expected[0])
    assert then[0] > now[0]


# --- properties -----------------------------------------------------------------------------------


@given(st.floats(0.1, 20.0), st.permutations(range(4)))
def test_neither_the_currency_nor_the_order_of_shelves_matters(rate, order):
    base = nash_in_nash(two_by_two(LOGIT), PRICES, 0.4)
    demand = LogitDemand(
        np.asarray(LOGIT.quality)[:, order],
        np.asarray(LOGIT.price_sensitivity) / rate,
        LOGIT.buyers,
        np.asarray(LOGIT.store)[list(order)],
        LOGIT.assortment_weight,
    )
    shelves = two_by_two(LOGIT).shelves
    moved = [Shelf(shelves[k].brand, shelves[k].path, shelves[k].unit_cost * rate) for k in order]
    other = nash_in_nash(Channel(demand, moved), PRICES[list(order)] * rate, 0.4)
    for contract, agreed in base.agreements.items():
        assert other.agreements[contract].price == pytest.approx(rate * agreed.price, rel=1e-8)


@given(st.floats(0.05, 0.9))
def test_each_contract_splits_its_surplus_by_its_weight(weight):
    for agreed in nash_in_nash(THREE_TIERS, PRICES, weight).agreements.values():
        assert agreed.gains.supplier == pytest.approx(weight * agreed.gains.surplus, rel=1e-7)


def test_more_weight_is_worth_more():
    profit = [
        nash_in_nash(two_by_two(LOGIT), PRICES, weight, retail="equilibrium").profits["P"]
        for weight in (0.2, 0.4, 0.6)
    ]
    assert profit == sorted(profit)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 4.0))
def test_weights_from_stakes_are_shares(buyer, supplier, exponent):
    weight = relative_stakes_weight(buyer, supplier, exponent)
    assert 0.0 <= weight <= 1.0
    assert weight + relative_stakes_weight(supplier, buyer, exponent) == pytest.approx(1.0)


def test_who_has_no_stake_at_all_has_all_the_weight():
    assert relative_stakes_weight(0.5, 0.0, 0.5) == 1.0
    assert relative_stakes_weight(0.0, 0.0, 0.5) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Shelf("A", (), 1.0) and Channel(LinearDemand(1.0, 1.0), [Shelf("A", (), 1.0)]), "path"),
        (lambda: Channel(LinearDemand(1.0, 1.0), [Shelf("A", ("P", "P"), 1.0)]), "path"),
        (lambda: Channel(LinearDemand(1.0, 1.0), [Shelf("A", ("P", "X"), 1.0, handling=(1.0,))]), "handling"),
        (lambda: Channel(LinearDemand(1.0, 1.0), [Shelf("A", ("P", "X"), float("nan"))]), "cost"),
        (lambda: Channel(LinearDemand(1.0, 1.0), []), "shelves"),
        (lambda: LinearDemand([1.0, 2.0], [[1.0]]), "slopes"),
        (lambda: LinearDemand([1.0], [[0.0]]), "own slopes"),
        (lambda: LinearDemand([float("nan")], [[1.0]]), "finite"),
        (lambda: LogitDemand([1.0, 2.0], 0.0, 1.0), "price_sensitivity"),
        (lambda: LogitDemand([1.0, 2.0], 1.0, -1.0), "buyers"),
        (lambda: LogitDemand([1.0, 2.0], [1.0, 1.0], 1.0), "price_sensitivity"),
        (lambda: LogitDemand([1.0, 2.0], 1.0, 1.0, [0]), "store"),
        (lambda: LogitDemand([1.0, float("nan")], 1.0, 1.0), "quality"),
        (lambda: nash_in_nash(ONE_TO_ONE, [1.0, 2.0]), "price"),
        (lambda: nash_in_nash(ONE_TO_ONE, [10.0], 1.5), "weight"),
        (lambda: nash_in_nash(ONE_TO_ONE, [10.0], {}), "weight"),
        (lambda: nash_in_nash(ONE_TO_ONE, [10.0], outside={Contract("P", "Z", "A"): (0.0, 0.0)}), "outside"),
        (lambda: nash_in_nash(ONE_TO_ONE, [10.0], outside={DEAL: (0.0, float("inf"))}), "outside"),
        (lambda: nash_in_nash(ONE_TO_ONE, [10.0], retail="free"), "retail"),
        (lambda: nash_in_nash(two_by_two(LOGIT), PRICES, rounds=1), "no equilibrium after 1 rounds"),
        (lambda: nash_product(ONE_TO_ONE, DEAL, {}, [10.0]), "one price each"),
        (lambda: nash_product(ONE_TO_ONE, Contract("P", "Z", "A"), {DEAL: 5.0}, [10.0]), "one price each"),
        (lambda: nash_product(ONE_TO_ONE, DEAL, {DEAL: 5.0}, [10.0], 2.0), "weight"),
        (lambda: relative_stakes_weight(1.5, 0.5, 0.5), "dependence_of_buyer = 1.5"),
        (lambda: relative_stakes_weight(0.5, -0.5, 0.5), "dependence_of_supplier = -0.5"),
        (lambda: relative_stakes_weight(0.5, 0.5, -1.0), "exponent"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
