"""Power bases, satisfaction, trust, conflict, commitment, exit: equations by hand, and what is refused."""

from math import exp

import numpy as np
import pytest

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.effects import EFFECTS, effect_values, read_effects
from channelsim.errors import ScenarioError
from channelsim.kernels import kernels
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.survey import EXAMPLE, read_answers, to_bases
from channelsim.ties import power_room
from channelsim.week import FEEL, LEAVE
from channelsim.world import build
from related_market import Opened, attempt, related
from small_worlds import Run

pytestmark = pytest.mark.jit_off
EFFECT = {effect.name: effect.default for effect in EFFECTS}
SIDES = ("supplier", "buyer")
E = EFFECT


def logistic(x):
    return 1.0 / (1.0 + exp(-x))


def z(x):
    return (x - 0.5) / E["standard_deviation"]


def drawn(before, rate, y):
    return before + rate * (logistic(y) - before)


def gap(outcome, level):
    return (outcome - level) / (0.5 * (abs(outcome) + abs(level)) * E["economic_scale"])


NAMES = (
    "value", "fair_outcome", "coercive_use", "noncoercive_use", "reward_paid", "fine_paid", "attention_spent",
    "credibility", "social_satisfaction", "trust", "dependence", "commitment", "economic_satisfaction",
    "remembered_outcome", "enforcement_record", "knowledge",
)  # fmt: skip
OF_ATTEMPTS = ("coercive_use", "noncoercive_use", "reward_paid", "fine_paid", "attention_spent")
MONEY = ("value", "fair_outcome", "reward_paid", "fine_paid", "attention_spent", "remembered_outcome")


def random_state(seed):
    """Return random columns of relations of both sides, by name."""
    random = np.random.default_rng(seed)
    found = {}
    for name in NAMES:
        for side in SIDES:
            low, high = (5.0, 90.0) if name in MONEY else (0.0, 1.0)
            found[f"{name}_of_{side}"] = float(random.uniform(low, high))
    return found | {"conflict": float(random.uniform()), "sales_share_of_supplier": 0.4}


def outcome(s, side):
    other = SIDES[1 - SIDES.index(side)]
    received = s[f"reward_paid_of_{other}"] + s[f"fine_paid_of_{other}"]
    paid = s[f"reward_paid_of_{side}"] + s[f"fine_paid_of_{side}"] + s[f"attention_spent_of_{side}"]
    return s[f"value_of_{side}"] + received - paid


@pytest.mark.parametrize("seed", range(5))
def test_social_satisfaction_trust_and_conflict_by_hand(seed):
    s = random_state(seed)
    world = Opened(related([attempt(), attempt("middle", "shops")]))
    world.set(**s)
    world.perform(FEEL)
    sigma, trust = E["standard_deviation"], {}
    for side, other in (SIDES, SIDES[::-1]):
        assert world.get(f"outcome_of_{side}")[0] == pytest.approx(outcome(s, side))
        u, n = s[f"coercive_use_of_{other}"] / sigma, s[f"noncoercive_use_of_{other}"] / sigma
        y = E["fairness_on_social_satisfaction"] * gap(outcome(s, side), s[f"fair_outcome_of_{side}"])
        y += E["coercion_on_social_satisfaction"] * u + E["noncoercion_on_social_satisfaction"] * n
        y += E["conflict_on_social_satisfaction"] * z(s["conflict"])
        social = drawn(s[f"social_satisfaction_of_{side}"], E["social_satisfaction_rate"], y)
        assert world.get(f"social_satisfaction_of_{side}")[0] == pytest.approx(social, rel=1e-13)
        y = E["credibility_on_trust"] * z(s[f"credibility_of_{other}"])
        y += E["social_satisfaction_on_trust"] * z(social)
        y += E["coercion_on_trust"] * u + E["noncoercion_on_trust"] * n
        trust[side] = drawn(s[f"trust_of_{side}"], E["trust_rate"], y)
        assert world.get(f"trust_of_{side}")[0] == pytest.approx(trust[side], rel=1e-13)
    use = 0.5 * (s["coercive_use_of_supplier"] + s["coercive_use_of_buyer"]) / sigma
    one, other = s["dependence_of_supplier"], s["dependence_of_buyer"]
    y = (E["coercion_on_conflict"] + E["exploitation_on_conflict"] * abs(one - other)) * use
    y += E["trust_on_conflict"] * z(0.5 * sum(trust.values()))
    y += E["interdependence_on_conflict"] * (one + other) / sigma
    conflict = drawn(s["conflict"], E["conflict_rate"], y)
    assert world.get("conflict")[0] == pytest.approx(conflict, rel=1e-13)


def test_what_asking_leaves_behind_is_felt_only_where_somebody_asks():
    s = random_state(2)
    quiet = s | {f"{name}_of_{side}": 0.0 for name in OF_ATTEMPTS for side in SIDES}
    worlds = [Opened(related([attempt()])), Opened(related()), Opened(related())]
    for world, state in zip(worlds, (quiet, quiet, s)):
        world.set(**state)
        world.perform(FEEL)
    for name in ("outcome", "social_satisfaction", "trust"):
        for side in SIDES:
            asked, unasked, forgotten = (world.get(f"{name}_of_{side}").tobytes() for world in worlds)
            assert asked == unasked == forgotten
    assert worlds[0].get("conflict").tobytes() == worlds[1].get("conflict").tobytes()


def test_where_nothing_is_sold_nothing_is_felt():
    s = random_state(1) | {"sales_share_of_supplier": 0.0}
    world = Opened(related())
    world.set(**s)
    before = world.base.relationships[c.SOCIAL_SATISFACTION_OF_SUPPLIER : c.CONFLICT + 1].copy()
    world.perform(FEEL)
    assert np.array_equal(
        world.state.relationships[c.SOCIAL_SATISFACTION_OF_SUPPLIER : c.CONFLICT + 1], before
    )


def test_nothing_asked_equal_peers_and_no_dependence_is_the_middle():
    world = Opened(related(**{"relations.effects": {"opening_credibility": 0.5}}))
    same = {f"{name}_of_{side}": 10.0 for name in ("value", "fair_outcome") for side in SIDES}
    world.set(**same, sales_share_of_supplier=0.5)
    for _ in range(3):
        world.perform(FEEL)
        for name in ("social_satisfaction", "trust"):
            assert world.get(f"{name}_of_buyer").tolist() == [0.5] * 3
        assert world.get("conflict").tolist() == [0.5] * 3
        world.base.relationships[:] = world.state.relationships


def reviewed(scenario, s, first=False):
    """Return a world after a review of bases and judgements."""
    world = Opened(scenario)
    world.set(**s)
    world.state.flat[:] = world.terms.base
    room = power_room(world.channel)
    kernels().review_bases(first, world.channel.world, world.terms, world.state, world.channel.ties, room)
    return world


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("first", "had_before"), [(True, True), (True, False), (False, True)])
def test_satisfaction_and_commitment_are_judged_at_reviews(seed, first, had_before):
    s = random_state(seed)
    nothing = {} if had_before else {f"remembered_outcome_of_{side}": np.nan for side in SIDES}
    world = reviewed(related(), s | nothing, first)
    weeks = 0 if first else 4
    for side in SIDES:
        remembered = s[f"remembered_outcome_of_{side}" if had_before else f"value_of_{side}"]
        got, fair = outcome(s, side), world.get(f"fair_outcome_of_{side}")[0]
        level = (1 - E["weight_of_peers"]) * remembered + E["weight_of_peers"] * fair
        assert world.get(f"comparison_level_of_{side}")[0] == pytest.approx(level)
        moved = remembered + (1 - (1 - E["history_rate"]) ** weeks) * (got - remembered)
        assert world.get(f"remembered_outcome_of_{side}")[0] == pytest.approx(moved)
        rate = 1 - (1 - E["economic_satisfaction_rate"]) ** weeks
        satisfied = drawn(s[f"economic_satisfaction_of_{side}"], rate, gap(got, level))
        assert world.get(f"economic_satisfaction_of_{side}")[0] == pytest.approx(satisfied)
        one, other, sigma = s["dependence_of_supplier"], s["dependence_of_buyer"], E["standard_deviation"]
        y = E["trust_on_commitment"] * z(s[f"trust_of_{side}"])
        y += E["interdependence_on_commitment"] * (one + other) / sigma
        y += E["conflict_on_commitment"] * z(s["conflict"])
        y += E["asymmetry_on_commitment"] * abs(one - other) / sigma
        committed = drawn(s[f"commitment_of_{side}"], 1 - (1 - E["commitment_rate"]) ** weeks, y)
        assert world.get(f"commitment_of_{side}")[0] == pytest.approx(committed)


# --- bases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("may_terminate", [True, False])
def test_bases_by_hand(seed, may_terminate):
    s = random_state(seed)
    asked = [
        attempt(strategies={"promise": 0.5, "threat": 0.5}, reward=12.0, sanction=9.0),
        attempt(
            "middle", "maker", "price", 25.0, {"promise": 0.5, "threat": 0.5}, reward=4.0, sanction=500.0
        ),
    ]
    bases = {"contract_strength": 0.8, "norm": 0.7, "may_terminate": may_terminate}
    bases["knowledge"] = [{"group": "maker", "investment": 0.1}]
    world = reviewed(related(asked, bases=bases), s)
    r = world.row("maker", "middle")
    known = {"supplier": s["knowledge_of_supplier"] + 0.4, "buyer": s["knowledge_of_buyer"]}
    equity = {"supplier": 0.0, "buyer": 0.0}  # one brand, and the buyer is no store
    for side, other, reward, fine in (("supplier", "buyer", 12.0, 9.0), ("buyer", "supplier", 4.0, 500.0)):
        value, credible = s[f"value_of_{other}"], s[f"credibility_of_{side}"] * reward
        damage = s[f"dependence_of_{other}"] * may_terminate + fine / value
        lead = max(known[side] - known[other], 0.0)
        expected = {
            "reward": credible / (credible + value),
            "coercive": s[f"enforcement_record_of_{side}"] * min(1.0, damage),
            "legitimate": 0.8 * 0.7,
            "expert": 1 - exp(-E["expertise_slope"] * lead),
            "referent": logistic(equity[side]) * s[f"trust_of_{other}"],
        }
        for base, value in expected.items():
            assert world.get(f"{base}_base_of_{side}")[r] == pytest.approx(value, rel=1e-13), (base, side)


def test_relative_equity_is_that_of_brands_and_of_stores():
    scenario = Scenario.from_library("influence")
    channel = build(scenario)
    equity = channel.ties.relative_equity
    names = [channel.members.owners[o] for o in channel.links.supplying_owner]
    assert equity[0, names.index("maker")] == pytest.approx(0.2)  # A: 5.0, B: 4.6, mean 4.8
    assert equity[0, names.index("rival")] == pytest.approx(-0.2)
    chain = [channel.members.owners[o] for o in channel.links.buying_owner].index("chain")
    assert equity[1, chain] == pytest.approx(0.6 - 2 * 0.6 / 11)


def test_information_decays_as_a_base_and_expertise_does_not():
    asked = [attempt(strategies={"information_exchange": 1.0})]
    found = []
    for investment in (0.0, 0.1):
        bases = {"knowledge": [{"group": "maker", "level": 1.0, "investment": investment}]}
        run = Run(related(asked, bases=bases, weeks=200))
        for _ in range(150):
            run.take_week()
        found.append(run.state.relationships[c.EXPERT_BASE_OF_SUPPLIER, 0])
    assert found[0] < 0.01
    assert found[1] > 0.5


def test_the_survey_sets_bases_in_place_of_computed_ones():
    told = to_bases(read_answers(EXAMPLE).groups("supplier")["P"])
    given = [{"holder": "maker", "over": "middle", **told}]
    result = simulate(related(**{"bases.given": given}), replications=1, workers=1, progress=False)
    found = result.relationships.sel(relationship="maker → middle").isel(policy=0, replication=0)
    for base in ("reward", "coercive", "expert"):
        assert found[f"{base}_base_of_supplier"].values == pytest.approx(told[base])
        assert not np.allclose(found[f"{base}_base_of_buyer"], told[base])
    assert found["legitimate_base_of_supplier"].values == pytest.approx(0.25)


def test_fair_is_the_share_that_peers_have():
    world = Opened(related())
    r = [world.row("middle", "shops")]
    r.append(3 - r[0] - world.row("maker", "middle"))
    values = np.zeros((2, 3))
    values[:, r] = [[20.0, 10.0], [30.0, 60.0]]
    values[:, world.row("maker", "middle")] = [7.0, 5.0]
    s = {"sales_share_of_supplier": 0.3, "value_of_supplier": values[0], "value_of_buyer": values[1]}
    world = reviewed(related(), s)
    assert world.get("fair_outcome_of_supplier")[r] == pytest.approx([0.25 * 50.0, 0.25 * 70.0])
    assert world.get("fair_outcome_of_buyer")[r] == pytest.approx([0.75 * 50.0, 0.75 * 70.0])
    alone = world.row("maker", "middle")
    assert world.get("fair_outcome_of_supplier")[alone] == pytest.approx(7.0)


# --- exit --------------------------------------------------------------------------------------------------


def leaving(**changes):
    """Return a market whose shops can turn to another supplier, and soon do."""
    option = {"name": "other", "kind": "rival_supplier", "group": "shops", "unit_cost": 5.0}
    power = {"measured": True, "outside_options": [option]}
    return related(
        **{"power": power, "relations": {"active": True, "exit": True, "exit_weeks": 5.0}} | changes
    )


def test_who_is_worse_off_than_its_alternative_leaves_for_good():
    run = Run(leaving())
    shop = run.channel.links.supplying_owner.tolist().index(1)
    for _ in range(5):
        run.take_week()
    assert not run.state.relationships[c.ENDED].any()
    run.take_week()  # the first review is at the end of week 0: five weeks later
    rows = run.state.relationships
    assert rows[c.ENDED].tolist() == [float(r >= shop) for r in range(3)]
    assert rows[c.OUTCOME_OF_BUYER, shop] < rows[c.RECAPTURED_OF_BUYER, shop]
    holdings = run.state.holdings
    assert holdings[c.OFFERED].tolist() == [1.0, 1.0, 0.0, 0.0]
    stock = holdings[c.STOCK, 2:] + holdings[c.ON_ORDER, 2:]
    for _ in range(6):
        run.take_week()
        assert not run.state.holdings[c.MEAN_DEMAND, 2:].any()
        assert not run.state.holdings[c.SALES, 2:].any()
        assert not run.state.holdings[c.ORDER, 2:].any()
    assert run.state.holdings[c.STOCK, 2:] == pytest.approx(stock)  # what was ordered arrived
    assert not run.state.relationships[c.DEPENDENCE_OF_SUPPLIER].any()
    assert run.state.relationships[c.ENDED].sum() == 2.0


def test_who_supplied_it_is_cut_off_with_it():
    world = Opened(related(**{"relations": {"active": True, "exit": True, "exit_weeks": 1.0}}))
    r = world.row("maker", "middle")
    column = np.zeros(3)
    column[r] = 5.0
    world.set(
        sales_share_of_supplier=0.5, value_of_buyer=1.0, value_of_supplier=10.0, recaptured_of_buyer=column
    )
    world.set(outcome_of_buyer=1.0)
    world.perform(LEAVE)
    assert world.get("suspended").tolist() == [1.0, 0.0, 0.0]
    assert world.get("offered").tolist() == [1.0, 0.0, 0.0, 0.0]  # nobody supplies the shops either


def test_lack_of_commitment_is_a_reason_to_leave_if_the_scenario_says_so():
    for least, ended in ((0.0, 0.0), (0.5, 1.0)):
        relations = {"active": True, "exit": True, "exit_weeks": 1.0, "exit_commitment": least}
        world = Opened(related(relations=relations))
        world.set(sales_share_of_supplier=0.5, outcome_of_supplier=1.0, outcome_of_buyer=1.0)
        world.set(commitment_of_supplier=0.9, commitment_of_buyer=0.4)
        world.perform(LEAVE)
        assert world.get("ended").tolist() == [ended] * 3


def test_a_lapse_starts_the_count_anew():
    world = Opened(leaving())
    world.set(sales_share_of_supplier=0.5, recaptured_of_buyer=5.0, outcome_of_buyer=1.0)
    world.set(weeks_below_alternative_of_buyer=3.0)
    world.perform(LEAVE)
    assert world.get("weeks_below_alternative_of_buyer").tolist() == [4.0] * 3
    world.set(outcome_of_buyer=6.0)
    world.perform(LEAVE)
    assert world.get("weeks_below_alternative_of_buyer").tolist() == [0.0] * 3
    assert not world.get("ended").any()


def test_given_demand_knows_who_has_left():
    demand = {"system": "given", "mean": 10.0}
    changes = {"demand": demand, "segments": [{"name": "all"}], "members.shops.pricing": {"rule": "markup"}}
    run = Run(leaving(**changes))
    for _ in range(9):
        run.take_week()
    assert run.state.relationships[c.ENDED].sum() == 2.0
    assert not run.state.holdings[c.MEAN_DEMAND, 2:].any()


def test_an_end_shows_in_the_result():
    result = simulate(leaving(), replications=1, workers=1, progress=False)
    ended = result.relationships["ended"].isel(policy=0, replication=0)
    assert ended.sel(relationship="maker → middle").max() == 0.0
    assert ended.isel(relationship=1).values[[0, -1]].tolist() == [0.0, 1.0]
    assert np.isnan(result.relationships["trust_of_buyer"].isel(policy=0, replication=0, relationship=1)[-1])


# --- effects, scenario, policy -----------------------------------------------------------------------------


def test_every_effect_has_a_source_or_is_declared():
    for effect in EFFECTS:
        assert effect.low <= effect.default <= effect.high, effect.name
        assert effect.source, effect.name
        assert effect.meaning, effect.name


def test_effects_come_from_a_table_or_a_file(tmp_path):
    assert effect_values({}, "x") == [effect.default for effect in EFFECTS]
    table = related(**{"relations.effects": {"trust_rate": 0.2}})
    assert build(table).world.effects[c.TRUST_RATE] == 0.2
    (tmp_path / "mine.csv").write_text(
        "name,value,why\ntrust_rate,0.3,mine\n\npatience,1\n", encoding="utf-8"
    )
    path = tmp_path / "own.toml"
    related().save(path)
    scenario = Scenario.load(path).replace(**{"relations.effects": "mine.csv"})
    effects = build(scenario).world.effects
    assert (effects[c.TRUST_RATE], effects[c.PATIENCE]) == (0.3, 1.0)
    before = scenario.digest()
    (tmp_path / "mine.csv").write_text("name,value\ntrust_rate,0.4\n", encoding="utf-8")
    assert scenario.digest() != before
    scenario.save(tmp_path / "else" / "copy.toml")
    assert (tmp_path / "else" / "mine.csv").is_file()


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("effect,value\n", "needs the columns name and value"),
        ("name,value\ntrust_rate,much\n", "line 2: trust_rate = 'much': a number"),
        ("name,value\ntrust_rate,0.1\ntrust_rate,0.2\n", "occurs twice"),
    ],
)
def test_a_wrong_file_of_effects_is_refused(text, fragment):
    with pytest.raises(ScenarioError, match=fragment):
        read_effects(text, "mine.csv")


STOCK = attempt(wanted=6.0)
PROMISE = attempt(strategies={"promise": 1.0}, reward=5.0)


@pytest.mark.parametrize(
    ("attempts", "changes", "fragments"),
    [
        ([STOCK], {"relations": {}}, ["influence", "relations.active = true"]),
        ([], {"power": {}}, ["relations.active", "power.measured"]),
        ([], {"relations": {"exit_weeks": 3.0}}, ["relations: has no effect", "relations.active"]),
        ([], {"relations": {}, "bases": {"norm": 0.1}}, ["bases: has no effect"]),
        ([], {"relations.exit_weeks": 3.0}, ["relations.exit_weeks", "relations.exit"]),
        ([], {"relations.effects": {"trst_rate": 0.1}}, ["relations.effects.trst_rate", "trust_rate"]),
        ([], {"relations.effects": {"trust_rate": 2.0}}, ["trust_rate = 2", "between 0 and 1"]),
        (
            [],
            {"relations.exit": True, "demand.system": "linear", "segments.0.service_weight": 0.0},
            ["relations.exit", "linear demand"],
        ),
        ([], {"bases.knowledge": [{"group": "nobody"}]}, ["bases.knowledge[0].group = 'nobody'", "maker"]),
        ([], {"bases.given": [{"holder": "maker", "over": "shops", "reward": 0.1}]}, ["neither supplies"]),
        ([], {"bases.given": [{"holder": "maker", "over": "middle"}]}, ["gives nothing"]),
        ([], {"bases.given": [{"holder": "maker", "over": "middle", "reward": 1.2}]}, ["less than or equal"]),
        ([attempt(receiver="nobody")], {}, ["receiver = 'nobody'", "shops"]),
        ([attempt(receiver="shops")], {}, ["'maker' neither supplies 'shops' nor buys from it"]),
        ([attempt(behaviour="loyalty")], {}, ["behaviour = 'loyalty'", "'territory'"]),
        ([attempt(behaviour="price")], {}, ["only stores", "'middle'"]),
        ([attempt(behaviour="payment", wanted=1.0)], {}, ["'middle' pays in full already"]),
        ([attempt("middle", "shops", "payment", 1.5)], {}, ["share from 0 to 1"]),
        ([attempt("shops", "middle", "service", 1.0)], {}, ["price and stock"]),
        ([attempt("middle", "maker", "stock", 4.0)], {}, ["'maker' makes what it ships"]),
        ([STOCK], {"members.middle.ordering.rule": "pass_through"}, ["'pass_through'", "order_up_to"]),
        (
            [attempt("shops", "middle", "price", 30.0)],
            {"members.middle.pricing.rule": "leader"},
            ["rule 'leader'", "posted"],
        ),
        (
            [attempt("shops", "middle", "price", 30.0)],
            {"events": [{"week": 2, "column": "wholesale_price", "value": 1.1}]},
            ["events[0]", "leave one of them out"],
        ),
        (
            [attempt("middle", "shops", "service", 1.0)],
            {"segments.keen.service_weight": 0.0},
            ["service moves nobody"],
        ),
        ([attempt(strategies={"promise": 1.0})], {}, ["stock of middle.reward: missing", "reward base"]),
        ([attempt(strategies={"threat": 1.0})], {}, ["stock of middle.sanction: missing", "coercive base"]),
        ([attempt(reward=5.0)], {}, ["reward: has no effect while strategies.promise is 0"]),
        ([attempt(detection=0.5)], {}, ["detection: has no effect while strategies.threat is 0"]),
        ([attempt(strategies={"request": 0.0})], {}, ["no strategy has a weight"]),
        ([attempt(wanted={"B": 4.0})], {}, ["wanted = 'B'", "A"]),
        ([STOCK, STOCK | {"name": "again"}], {}, ["maker → middle → stock", "occurs twice"]),
    ],
)
def test_what_the_scenario_cannot_feel_is_refused_in_one_line(attempts, changes, fragments):
    with pytest.raises(ScenarioError) as caught:
        related(attempts, **changes)
    message = str(caught.value)
    assert "\n" not in message
    assert all(fragment in message for fragment in fragments), message


def test_a_pair_reimburses_in_one_way():
    other = attempt("middle", "shops", "price", 60.0, {"promise": 1.0}, reward=5.0)
    again = attempt("middle", "shops", "service", 1.0, {"promise": 1.0}, reward=5.0, reliability=0.5)
    with pytest.raises(ScenarioError, match="reimburses 'shops' otherwise in 'price of shops'"):
        related([other, again])


def test_a_policy_takes_the_place_of_an_attempt_of_its_name_and_adds_others():
    channel = build(related([STOCK]))
    policy = Policy(
        name="dear",
        influence=[PROMISE, attempt("middle", "shops", "payment", 1.0)],
    )
    influence = channel.apply(policy).influence
    assert influence.attempts[c.REWARD].tolist()[0] == 5.0
    assert influence.attempts_index[c.BEHAVIOUR].tolist() == [1, 3]
    assert np.isnan(channel.apply().influence.attempts[c.REWARD]).all()


def test_a_policy_that_nobody_can_feel_is_refused():
    plain = build(Scenario.from_library("bilateral"))
    with pytest.raises(ScenarioError, match=r"policy ask: influence: has no effect unless relations.active"):
        plain.apply(Policy(name="ask", influence=[attempt("maker", "store", "price", 1.0)]))
    with pytest.raises(ScenarioError, match=r"policy ask: influence\.x of y: 'maker' neither supplies"):
        build(related()).apply(Policy(name="ask", influence=[attempt("maker", "shops") | {"name": "x of y"}]))


def test_two_groups_of_one_firm_cannot_be_asked_twice_for_the_same():
    scenario = related()
    more = scenario.to_dict()
    shops = more["members"][-1] | {"owner": "chain"}
    more["members"][-1:] = [shops, shops | {"name": "kiosks"}]
    more["contracts"].append(more["contracts"][-1] | {"buyer": "kiosks"})
    asked = [attempt("middle", group, "price", 60.0) for group in ("shops", "kiosks")]
    with pytest.raises(ScenarioError, match="asks the same firm for the same behaviour as 'price of shops'"):
        build(Scenario.parse(more | {"influence": asked})).apply()


def test_relations_that_are_off_leave_no_columns_behind():
    power = {"measured": True}
    plain = related().replace(relations={}, power=power)
    result = simulate(plain, replications=1, workers=1, progress=False)
    assert "trust_of_buyer" not in result.relationships
    assert "dependence_of_buyer" in result.relationships
    active = simulate(related(), replications=1, workers=1, progress=False)
    assert "trust_of_buyer" in active.relationships
    # feelings without attempts move no goods and no money
    assert np.array_equal(active.metrics["profit"], result.metrics["profit"])
