"""Attempts at influence: compliance, threats, adherence and what it moves, promises and fines, by hand."""

from math import exp

import numpy as np
import pytest

from channelsim import columns as c
from channelsim.codes import STRATEGIES
from channelsim.effects import EFFECTS
from channelsim.schema import column, position
from channelsim.week import (
    EXERT_INFLUENCE,
    FOLLOW_ASKED_PAYMENTS,
    FOLLOW_ASKED_PRICES,
    FOLLOW_ASKED_SERVICE,
    FOLLOW_ASKED_STOCK,
    FOLLOW_ASKED_WHOLESALE_PRICES,
    REIMBURSE,
)
from related_market import Opened, attempt, related
from small_worlds import Run

pytestmark = pytest.mark.jit_off
EFFECT = {effect.name: effect.default for effect in EFFECTS}
BASE_OF = {
    "legalistic_plea": "legitimate",
    "request": "referent",
    "recommendation": "expert",
    "information_exchange": "expert",
}
STATE = {
    "sales_share_of_supplier": 0.5,
    "value_of_buyer": 100.0,
    "gain_of_buyer": 80.0,
    "dependence_of_supplier": 0.2,
    "dependence_of_buyer": 0.6,
    "trust_of_buyer": 0.7,
    "conflict": 0.3,
    "credibility_of_supplier": 0.9,
    "enforcement_record_of_supplier": 0.4,
    "legitimate_base_of_supplier": 0.3,
    "expert_base_of_supplier": 0.8,
    "referent_base_of_supplier": 0.6,
    "knowledge_of_supplier": 2.0,
    "knowledge_of_buyer": 0.5,
    "asked_stock_cost_of_buyer": 3.0,
    "stock_adherence_of_buyer": 0.25,
}


def logistic(x):
    return 1.0 / (1.0 + exp(-x))


def exerted(strategies, **more):
    """Return a world after one week of a single attempt, and the row of its relationship."""
    world = Opened(related([attempt(strategies=strategies, **more)]))
    world.set(**STATE)
    world.perform(EXERT_INFLUENCE)
    return world, world.row("maker", "middle")


def compliance(strategy, money=0.0, base=0.0):
    return logistic(
        EFFECT[f"compliance_with_{strategy}"]
        + EFFECT["money_on_compliance"] * (money - 3.0) / 80.0
        + EFFECT["base_on_compliance"] * base
        + EFFECT["trust_on_compliance"] * 0.2
        - EFFECT["conflict_on_compliance"] * 0.3
    )


def adhering(pressure, before=0.25):
    return before + EFFECT["adherence_rate"] * pressure * (1 - before) - EFFECT["adherence_decay"] * before


@pytest.mark.parametrize("strategy", BASE_OF)
def test_strategies_without_money_draw_on_their_base(strategy):
    world, r = exerted({strategy: 2.0}, intensity=0.5, attention=7.0)
    complied = compliance(strategy, base=STATE[f"{BASE_OF[strategy]}_base_of_supplier"])
    assert world.get("compliance_of_buyer")[r] == pytest.approx(complied, rel=1e-14)
    assert world.get("stock_adherence_of_buyer")[r] == pytest.approx(adhering(0.5 * complied), rel=1e-14)
    coercive = EFFECT[f"coerciveness_of_{strategy}"]
    assert world.get("coercive_use_of_supplier")[r] == pytest.approx(0.5 * coercive)
    assert world.get("noncoercive_use_of_supplier")[r] == pytest.approx(0.5 * (1 - coercive))
    assert world.get("attention_spent_of_supplier")[r] == pytest.approx(3.5)
    learnt = EFFECT["information_rate"] * 0.5 * 1.5 if strategy == "information_exchange" else 0.0
    assert world.get("knowledge_of_buyer")[r] == pytest.approx(0.5 + learnt)
    for column_ in ("rewards_open_of_supplier", "fine_paid_of_buyer"):
        assert world.get(column_)[r] == 0.0


def test_a_promise_works_through_credible_money():
    world, r = exerted({"promise": 1.0}, reward=20.0)
    complied = compliance("promise", money=0.9 * 20.0)
    assert world.get("compliance_of_buyer")[r] == pytest.approx(complied, rel=1e-14)
    assert world.get("rewards_open_of_supplier")[r] == pytest.approx(20.0 * complied, rel=1e-14)
    assert world.get("noncoercive_use_of_supplier")[r] == 1.0


def test_a_threat_works_through_the_expected_fine_and_is_made_under_deterrence():
    world, r = exerted({"threat": 1.0}, sanction=30.0, detection=0.5, enforcement=0.8, attention=2.0)
    use = logistic(
        EFFECT["threat_level"]
        + EFFECT["advantage_on_threats"] * (0.6 - 0.2)
        - EFFECT["interdependence_on_threats"] * 0.8
        + EFFECT["shortfall_on_threats"] * 0.75
    )
    complied = compliance("threat", money=0.5 * 0.4 * 30.0)
    noticed = use * (1 - complied) * 0.5
    assert world.get("coercive_use_of_supplier")[r] == pytest.approx(use, rel=1e-14)
    assert world.get("stock_adherence_of_buyer")[r] == pytest.approx(adhering(use * complied), rel=1e-14)
    assert world.get("fine_paid_of_buyer")[r] == pytest.approx(noticed * 0.8 * 30.0, rel=1e-14)
    record = 0.4 + EFFECT["enforcement_rate"] * noticed * (0.8 - 0.4)
    assert world.get("enforcement_record_of_supplier")[r] == pytest.approx(record, rel=1e-14)
    assert world.get("attention_spent_of_supplier")[r] == pytest.approx(2.0 * use)


def test_a_mix_is_the_sum_of_its_strategies():
    mix = {"promise": 1.0, "request": 2.0, "recommendation": 1.0}
    world, r = exerted(mix, reward=20.0)
    expected = 0.25 * compliance("promise", 18.0) + 0.5 * compliance("request", base=0.6)
    expected += 0.25 * compliance("recommendation", base=0.8)
    assert world.get("compliance_of_buyer")[r] == pytest.approx(expected, rel=1e-14)


def test_who_sells_nothing_or_has_left_is_not_asked():
    for change in ({"sales_share_of_supplier": 0.0}, {"ended": 1.0}):
        world = Opened(related([attempt(strategies={"request": 1.0}, attention=1.0)]))
        world.set(**STATE | change)
        world.perform(EXERT_INFLUENCE)
        assert world.get("stock_adherence_of_buyer")[0] == 0.25
        assert world.get("attention_spent_of_supplier").sum() == 0.0


def test_a_partner_worth_nothing_is_moved_by_money_alone():
    world = Opened(related([attempt(strategies={"promise": 1.0}, reward=1.0)]))
    world.set(**STATE | {"value_of_buyer": 0.0, "gain_of_buyer": -5.0, "asked_stock_cost_of_buyer": 0.5})
    assert world.perform(EXERT_INFLUENCE).relationships[c.COMPLIANCE_OF_BUYER, 0] == pytest.approx(1.0)
    world.set(asked_stock_cost_of_buyer=2.0)
    assert world.perform(EXERT_INFLUENCE).relationships[c.COMPLIANCE_OF_BUYER, 0] == pytest.approx(0.0)


@pytest.mark.parametrize("asked_by", ["supplier", "buyer"])
def test_total_interdependence_deters_both_sides(asked_by):
    """Balanced dependence of any size: threats fall with its level, and only with h_2 above 0."""
    if asked_by == "supplier":
        data = attempt(strategies={"threat": 1.0}, sanction=5.0)
    else:
        data = attempt("middle", "maker", "price", 25.0, {"threat": 1.0}, sanction=5.0)
    used = {}
    for h in (EFFECT["interdependence_on_threats"], 0.0):
        world = Opened(related([data], **{"relations.effects": {"interdependence_on_threats": h}}))
        for level in (0.1, 0.4, 0.9):
            world.set(**STATE | {"dependence_of_supplier": level, "dependence_of_buyer": level})
            world.perform(EXERT_INFLUENCE)
            used.setdefault(h, []).append(world.get(f"coercive_use_of_{asked_by}")[0])
    deterred, free = used.values()
    assert deterred[0] > deterred[1] > deterred[2] > 0.0
    assert free[0] == free[1] == free[2]


def test_the_stronger_side_threatens_more():
    used = {}
    for sender, receiver, behaviour in (("maker", "middle", "stock"), ("middle", "maker", "price")):
        data = attempt(sender, receiver, behaviour, 6.0, {"threat": 1.0}, sanction=5.0)
        world = Opened(related([data]))
        world.set(**STATE | {"stock_adherence_of_buyer": 0.0})
        world.perform(EXERT_INFLUENCE)
        side = "supplier" if sender == "maker" else "buyer"
        used[side] = world.get(f"coercive_use_of_{side}")[0]
    assert used["supplier"] > used["buyer"]  # the buyer depends on the supplier


def test_given_bases_say_what_is_promised_and_threatened():
    """ρ·reward = V·B/(1 − B) and χ·sanction = V·B, so that the base reported is the base given."""
    given = [{"holder": "maker", "over": "middle", "reward": 0.2, "coercive": 0.3}]
    data = attempt(strategies={"promise": 0.5, "threat": 0.5})
    world = Opened(related([data], **{"bases.given": given}))
    world.set(**STATE, reward_base_of_supplier=0.2, coercive_base_of_supplier=0.3)
    world.perform(EXERT_INFLUENCE)
    promised = compliance("promise", money=100.0 * 0.25)
    threatened = compliance("threat", money=100.0 * 0.3)
    use = 2 * world.get("coercive_use_of_supplier")[0]
    expected = (promised + use * threatened) / (1 + use)
    assert world.get("compliance_of_buyer")[0] == pytest.approx(expected, rel=1e-12)
    reward = 100.0 * 0.25 / 0.9
    assert world.get("rewards_open_of_supplier")[0] == pytest.approx(0.5 * promised * reward, rel=1e-12)


# --- adherence moves decisions ----------------------------------------------------------------------------


def test_a_shop_that_adheres_asks_what_it_is_asked_to():
    for rule in ("best_response", "fixed", "markup"):
        pricing = {"rule": rule, "adjustment": 1.0, "opening": 55.0}
        data = attempt("middle", "shops", "price", 60.0)
        found = {}
        for adherence in (0.0, 0.5, 1.0):
            scenario = related([data], **{"members.shops.pricing": pricing})
            run = Run(scenario)
            run.take_week()
            run.state.relationships[c.PRICE_ADHERENCE_OF_BUYER] = adherence
            run.take_until(FOLLOW_ASKED_PRICES)
            found[adherence] = run.state.holdings[c.NEXT_PRICE, -1]
        assert found[1.0] == 60.0, rule
        assert found[0.0] != 60.0
        assert found[0.5] == pytest.approx(0.5 * (found[0.0] + 60.0), rel=1e-14)


def test_a_shop_that_moves_slowly_goes_the_same_share_of_the_way():
    data = attempt("middle", "shops", "price", 70.0)
    world = Opened(related([data], **{"members.shops.pricing.adjustment": 0.3}))
    world.set(price_adherence_of_buyer=0.4, next_price=50.0, price=52.0)
    # the own target is 52 + (50 − 52)/0.3, the asked one 70; a step goes 0.3 of the way to their blend
    target = 0.6 * (52.0 - 2.0 / 0.3) + 0.4 * 70.0
    stepped = world.perform(FOLLOW_ASKED_PRICES).holdings[c.NEXT_PRICE, -1]
    assert stepped == pytest.approx(52.0 + 0.3 * (target - 52.0), rel=1e-13)


def test_a_distributor_that_adheres_keeps_the_weeks_of_stock():
    for adherence in (0.0, 1.0):
        run = Run(related([attempt(wanted=6.0)]))
        for _ in range(3):
            run.take_week()
        run.state.relationships[c.STOCK_ADHERENCE_OF_BUYER] = adherence
        run.take_until(FOLLOW_ASKED_STOCK)
        cover = run.state.holdings[c.ORDER, 1] + run.state.holdings[c.POSITION, 1]
        asked = 6.0 * run.state.holdings[c.FORECAST, 1]
        assert (cover == pytest.approx(asked, rel=1e-12)) == (adherence == 1.0)


def test_a_shop_that_adheres_gives_the_service_it_is_asked_for():
    run = Run(related([attempt("middle", "shops", "service", 1.5)]))
    run.take_week()
    run.state.relationships[c.SERVICE_ADHERENCE_OF_BUYER] = 1.0
    for _ in range(3):
        run.take_week()
    run.state.relationships[c.SERVICE_ADHERENCE_OF_BUYER] = 1.0
    run.take_until(FOLLOW_ASKED_SERVICE)  # week 4: a review
    assert run.state.holdings[c.NEXT_SERVICE, -2:].tolist() == [1.5, 1.5]


def test_a_supplier_that_adheres_sells_at_the_asked_price():
    for rule in ("posted", "markup"):
        pricing = {"rule": rule, "markup": 1.3}
        scenario = related([attempt("shops", "middle", "price", 33.0)], **{"members.middle.pricing": pricing})
        run = Run(scenario)
        run.take_week()
        for adherence in (1.0, 0.5):
            run.state.relationships[c.PRICE_ADHERENCE_OF_SUPPLIER] = adherence
            own = run.state.holdings[c.PRICE, 1]
            run.take_until(FOLLOW_ASKED_WHOLESALE_PRICES, 1)
            asked = (1 - adherence) * own + adherence * 33.0
            assert run.state.links[c.WHOLESALE_PRICE, -1] == pytest.approx(asked, rel=1e-14)
        run.week += 1
        run.take_week()
        assert run.state.holdings[c.UNIT_COST, -1] == run.state.links[c.WHOLESALE_PRICE, -1]


def test_a_shop_that_adheres_pays_its_bills_beyond_its_cash():
    for adherence in (0.0, 0.5, 1.0):
        data = attempt("middle", "shops", "payment", 0.8)
        world = Opened(related([data]))
        world.set(payment_adherence_of_buyer=adherence, arrears=60.0, payment=40.0, debt=60.0)
        world.set(payment_due=100.0, payment_made=40.0)
        world.perform(FOLLOW_ASKED_PAYMENTS)
        k = -1
        assert world.get("payment")[k] == pytest.approx(40.0 + adherence * 40.0)
        assert world.get("arrears")[k] == world.get("debt")[k] == pytest.approx(60.0 - adherence * 40.0)
        assert world.get("payment_share")[-1] == pytest.approx(0.4 + adherence * 0.4)
        r = world.row("middle", "shops")
        assert world.get("asked_payment_cost_of_buyer")[r] == pytest.approx(0.002 * 40.0)
        assert world.get("payment")[0] == 40.0  # nobody asked the distributor


def test_the_cost_of_an_asked_price_is_the_loss_of_second_order():
    """Next to the optimum of a shop alone in its market, profit falls by what is called the cost."""
    scenario = related(
        [attempt("middle", "shops", "price", 0.0)],
        **{
            "members.shops.per_territory": 1,
            "segments": [{"name": "keen", "price_sensitivity": 0.1, "equity": 4.0}],
            "territories.town.zones": 1,
            "weeks": 200,
        },
    )
    own = Run(scenario.replace(influence=[]))
    for _ in range(60):
        own.take_week()
    best, shelf = own.state.holdings[c.PRICE, -1], own.state.holdings[:, -1]
    cost = shelf[c.UNIT_COST] * (1 - own.terms.holdings[c.CREDIT_SAVING, -1])
    inside = np.exp(4.0 - 0.1 * best)
    assert shelf[c.MEAN_DEMAND] == pytest.approx(400 * inside / (1 + inside))

    def profit(price):
        pull = np.exp(4.0 - 0.1 * price)
        return (price - cost) * 400 * pull / (1 + pull)

    for step in (0.05, -0.05):
        lost = profit(best) - profit(best + step)
        world = Opened(scenario.replace(**{"influence.0.wanted": best + step}))
        world.base.flat[:] = 0.0
        world.state.flat[:] = 0.0
        world.terms.base[:] = own.state.flat
        world.set(next_price=best)
        world.perform(FOLLOW_ASKED_PRICES)
        assert world.get("asked_price_cost_of_buyer").max() == pytest.approx(lost, rel=0.02)


def test_attempts_of_no_intensity_change_nothing():
    """The same world, bit for bit, as without anybody asking."""
    asked = [
        attempt("middle", "shops", "price", 60.0, intensity=0.0),
        attempt("middle", "shops", "service", 2.0, intensity=0.0),
        attempt("middle", "shops", "payment", 1.0, intensity=0.0),
        attempt(intensity=0.0),
        attempt("shops", "middle", "price", 33.0, intensity=0.0),
    ]
    with_them, without = Run(related(asked)), Run(related())
    costs = [position(k) for k in ("asked_price_cost_of_supplier", "asked_payment_cost_of_buyer")]
    for _ in range(10):
        with_them.take_week()
        without.take_week()
    for table in ("holdings", "members", "links", "relationships"):
        here, there = (getattr(run.state, table).copy() for run in (with_them, without))
        if table == "relationships":
            here[costs[0] : costs[1] + 1] = 0.0
        assert np.array_equal(here, there), table


# --- promises -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reliability", "weeks"), [(1.0, 0.0), (0.6, 0.0), (1.0, 4.0), (0.7, 9.0)])
def test_late_and_missing_reimbursement_costs_credibility(reliability, weeks):
    paying = {"reliability": reliability, "reimbursement_weeks": weeks}
    world = Opened(related([attempt(strategies={"promise": 1.0}, reward=10.0, **paying)]))
    share, patience = 1 / (1 + weeks), EFFECT["patience"]
    paid = 0.0
    for _ in range(400):
        world.base.relationships[c.REWARDS_OPEN_OF_SUPPLIER, 0] += 5.0
        world.base.relationships[c.REWARDS_OPEN_WORTH_OF_SUPPLIER, 0] += 5.0
        world.perform(REIMBURSE)
        paid += world.get("reward_paid_of_supplier")[0]
        world.base.relationships[:] = world.state.relationships
    assert world.get("reward_paid_of_supplier")[0] == pytest.approx(reliability * 5.0, rel=1e-9)
    assert paid + reliability * world.get("rewards_open_of_supplier")[0] == pytest.approx(
        reliability * 2000.0
    )
    kept = reliability * share / (1 - (1 - share) * patience)
    assert world.get("credibility_of_supplier")[0] == pytest.approx(kept, rel=1e-9)
    assert world.get("credibility_of_buyer")[0] == EFFECT["opening_credibility"]


def test_a_reward_and_a_fine_change_hands():
    data = attempt(strategies={"promise": 0.5, "threat": 0.5}, reward=40.0, sanction=40.0, attention=3.0)
    run, without = Run(related([data])), Run(related())
    for _ in range(6):
        run.take_week()
        without.take_week()
    rows, cash = run.state.relationships, run.state.members[c.CASH]
    assert rows[c.REWARD_PAID_OF_SUPPLIER, 0] > 0.0
    assert rows[c.FINE_PAID_OF_BUYER, 0] > 0.0
    net = rows[c.REWARD_PAID_OF_SUPPLIER, 0] - rows[c.FINE_PAID_OF_BUYER, 0]
    transfer = run.state.holdings[c.TRANSFER]
    assert transfer[0] == pytest.approx(-net)
    assert transfer[1] == pytest.approx(net)
    assert not transfer[2:].any()
    # profit is that of the account without them, plus them
    holdings, members = run.state.holdings, run.state.members
    margin = holdings[c.REVENUE] - holdings[c.COST_OF_GOODS] - holdings[c.OPERATING]
    expected = margin[:2] - run.terms.members[c.WEEKLY_COST, :2] - members[c.FINANCE_COST, :2]
    assert members[c.PROFIT, :2] == pytest.approx(expected)
    assert cash.size == without.state.members.shape[1]


def test_late_reimbursement_reaches_stocks():
    """Promises that are kept late are believed less, so that less stock is kept."""
    found = []
    for weeks in (0.0, 26.0):
        data = attempt(wanted=10.0, strategies={"promise": 1.0}, reward=300.0, reimbursement_weeks=weeks)
        run = Run(related([data], weeks=100))
        for _ in range(80):
            run.take_week()
        found.append((run.state.relationships[c.STOCK_ADHERENCE_OF_BUYER, 0], run.state.holdings[c.STOCK, 1]))
    assert found[0][0] > found[1][0]
    assert found[0][1] > found[1][1]


def test_every_strategy_has_its_columns_and_effects():
    for strategy in STRATEGIES:
        assert column(f"{strategy}_share").table == "attempts"
        assert f"compliance_with_{strategy}" in EFFECT
        assert f"coerciveness_of_{strategy}" in EFFECT
    places = [getattr(c, f"COMPLIANCE_WITH_{s.upper()}") for s in STRATEGIES]
    assert places == list(range(places[0], places[0] + 6))  # the rule counts on it
    assert [getattr(c, f"{s.upper()}_SHARE") for s in STRATEGIES] == list(
        range(c.PROMISE_SHARE, c.PROMISE_SHARE + 6)
    )
