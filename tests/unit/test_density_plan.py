"""Density over territories: accounts by territory, the exact choice, interactions, honest comparisons."""

from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import differential_evolution

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.density import plan_density
from channelsim.policy.density_choice import Options, budget_limit, choose, coverage_limits, picked
from channelsim.policy.density_study import proportional_counts
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.problem import Problem
from channelsim.policy.search import Search
from channelsim.policy.territory_accounts import territory_accounts
from channelsim.simulation import simulate
from channelsim.world import build
from small_market import small_market

SHOPS = "corner shops"
LEVELS = (1, 2, 3, 4)


def market(**changes):
    """Four cities of unequal size, in which a shop costs something."""
    shops = {
        "members.corner shops.maximum_scale": 2.0,
        "members.corner shops.fixed_cost": 25.0,
        "members.corner shops.servicing_cost": 5.0,
        "members.Mega.servicing_cost": 9.0,
        "cost_of_capital": 0.01,
        "credit": True,
        "territories.North.area": 20.0,
        "territories.South.area": 400.0,
        "territories.East.area": 50.0,
        "territories.West.area": 900.0,
        "segments.all.travel_cost": 0.3,
        "contracts.0.credit_weeks": 2,
    }
    return small_market(**(shops | changes))


@lru_cache
def channel():
    return build(market())


@lru_cache
def the_plan():
    return plan_density(
        channel(),
        SHOPS,
        LEVELS,
        "per_territory",
        objective="channel_profit",
        budget=9,
        replications=2,
        workers=1,
    )


@pytest.mark.parametrize("firm", ["", "Acme", "Bolt", "Mega"])
def test_territories_and_elsewhere_add_up_to_what_the_simulation_says(firm):
    policies = [Policy(), Policy(name="denser", density={SHOPS: {"scale": 2.0}})]
    accounts = territory_accounts(channel(), policies, 2, 3, firm=firm, workers=1)
    result = simulate(channel(), policies, 2, 3, metrics=["profit"], workers=1, progress=False)
    profit = result.by_chain["profit"].sel(chain=firm).values if firm else result.metrics["profit"].values
    np.testing.assert_allclose(accounts.total, profit, rtol=1e-10)


def test_what_a_maker_earns_in_a_territory_is_its_margin_less_credit_and_service():
    accounts = territory_accounts(channel(), [Policy()], 1, 1, firm="Acme", workers=1)
    result = simulate(channel(), None, 1, 1, metrics=["profit"], workers=1, progress=False)
    total = float(result.by_chain["profit"].sel(chain="Acme").values.squeeze())
    assert accounts.earned.sum() == pytest.approx(total, rel=1e-10)  # no fixed cost: nothing is elsewhere
    assert abs(accounts.elsewhere).max() < 1e-8
    fixed = build(market(**{"members.Acme.fixed_cost": 70.0}))
    again = territory_accounts(fixed, [Policy()], 1, 1, firm="Acme", workers=1)
    np.testing.assert_allclose(again.earned, accounts.earned, rtol=1e-12)
    assert again.elsewhere[0, 0] == pytest.approx(-70.0, abs=1e-8)


def test_a_fee_is_earned_where_it_is_paid():
    """A franchise fee moves money and nothing else: Acme earns it in every city with a shop of Mega."""
    fee = Policy(name="fee", terms=[{"supplier": "Acme", "buyer": "Mega", "franchise_fee": 7.0}])
    both = territory_accounts(channel(), [Policy(), fee], 2, 1, firm="Acme", workers=1)
    np.testing.assert_allclose(both.earned[1] - both.earned[0], 7.0, atol=1e-9)
    assert abs(both.elsewhere).max() < 1e-8


def test_support_is_spent_where_it_is_received():
    policy = Policy(name="help", terms=[{"supplier": "Acme", "buyer": "Mega", "cooperative_share": 0.4}])
    serving = {"segments.all.service_weight": 0.3, "members.Mega.service_cost": 300.0}
    built = build(market(**serving))
    accounts = territory_accounts(built, [policy], 2, 1, firm="Acme", workers=1)
    result = simulate(built, policy, 2, 1, metrics=["support_received", "profit"], workers=1, progress=False)
    assert float(result.by_territory["support_received"].min()) > 0.0
    profit = result.by_chain["profit"].sel(chain="Acme").values
    np.testing.assert_allclose(accounts.earned.sum(axis=-1), profit, rtol=1e-10)


def test_a_territory_without_links_earns_nothing_and_the_others_what_they_did():
    """Territories do not touch: closing the shops of one moves nothing in the others."""
    closed = Policy(name="closed", density={SHOPS: {"scale": {"North": 0.0}}})
    both = territory_accounts(channel(), [Policy(), closed], 2, 1, firm="Acme", workers=1)
    moved = both.earned[1] - both.earned[0]
    assert (abs(moved[:, 0]) > 1.0).all()
    assert abs(moved[:, 1:]).max() < 1e-9


def test_presence_and_distance_are_those_of_the_metrics():
    accounts = territory_accounts(channel(), [Policy()], 2, 1, brand="A", reach=1e9, workers=1)
    result = simulate(
        channel(), None, 2, 1, metrics=["numeric_distribution", "mean_distance"], progress=False
    )
    share = accounts.stocked.sum(axis=-1) / accounts.stores.sum(axis=-1)
    metric = result.by_brand["numeric_distribution"].sel(brand="A").values
    np.testing.assert_allclose(share, metric, rtol=1e-10)
    buyers = channel().territories.values["buyers"]
    distance = accounts.distance[0] @ buyers / buyers.sum()
    assert distance == pytest.approx(float(result.by_brand["mean_distance"].sel(brand="A").values.flat[0]))
    assert (accounts.within == 1.0).all()


def every_plan(budget):
    return [n for n in product(LEVELS, repeat=4) if sum(n) <= budget]


def problem(budget):
    return Problem(
        scenario=channel().scenario,
        levers=[
            {"path": f"density.{SHOPS}", "integer": True, "low": 1, "high": 4, "territory": name}
            for name in channel().territories.names
        ],
        objective={"outcome": "channel_profit"},
        constraints=[{"outcome": f'active_members(group="{SHOPS}")', "at_most": budget}],
    )


def test_the_plan_is_that_of_differential_evolution_and_of_trying_all():
    plan, asked = the_plan(), problem(9)
    evaluator = Evaluator(asked.channel, asked.outcomes, seed=1, workers=1)
    search = Search(asked, evaluator, 10_000)

    def merits(points):
        return np.array([k.merit for k in search.evaluate(np.atleast_2d(points.T), 2)])

    found = differential_evolution(
        merits, [(0.0, 1.0 - 1e-9)] * 4, popsize=8, maxiter=15, rng=1, polish=False, vectorized=True,
        updating="deferred", tol=0.0,
    )  # fmt: skip
    assert search.values_at(found.x) == tuple(plan.counts)
    kept = [search.point_of(n) for n in every_plan(9)]
    best = max(search.evaluate(kept, 2), key=lambda k: k.objective)
    assert best.values == tuple(plan.counts)
    assert plan.rounds[plan.chosen_round].simulated == pytest.approx(best.objective, rel=1e-9)


def test_where_territories_do_not_touch_the_first_plan_reproduces_itself():
    plan = the_plan()
    assert plan.ending == "settled"
    assert len(plan.rounds) == 2  # the plan, and density in proportion to buyers
    assert plan.rounds[0].simulated == pytest.approx(plan.rounds[0].predicted, rel=1e-10)
    assert abs(plan.rounds[0].interaction) < 1e-8
    assert "reproduced itself after 1 round;" in plan.summary()


def test_the_plan_is_better_than_proportional_density_at_the_same_budget():
    plan = the_plan()
    assert plan.proportional_counts.sum() <= plan.counts.sum() <= 9
    gain = plan.gain("proportional")
    assert gain.low > 0.0
    assert gain.replications == 16
    assert plan.gain().low > 0.0


def test_the_comparison_is_on_numbers_that_the_search_did_not_see():
    plan = the_plan()
    fresh = simulate(
        channel(), [plan.baseline, plan.policy], 16, 1, metrics=["channel_profit"], workers=1, progress=False
    )
    seen = fresh.metrics["channel_profit"].sel(policy="plan").values
    assert not np.isin(plan.samples["plan"], seen).any()
    assert plan.samples["plan"].mean() == pytest.approx(seen.mean(), rel=0.02)


def test_the_policy_is_the_plan():
    plan = the_plan()
    result = simulate(channel(), plan.policy, 1, metrics=["active_members"], workers=1, progress=False)
    assert result.by_group["active_members"].sel(group=SHOPS).values.squeeze() == plan.counts.sum()
    assert Policy.parse(plan.policy.model_dump(exclude_none=True)) == plan.policy


def capacitated():
    """Acme can make fewer units than all shops would sell: more of them here are fewer there."""
    return market(**{"members.Acme.capacity": 60.0})


def test_with_a_bounded_capacity_the_plan_is_simulated_until_it_reproduces_itself():
    built = build(capacitated())
    asked = {"levels": LEVELS, "measure": "per_territory", "objective": "channel_profit", "budget": 12}
    plan = plan_density(built, SHOPS, **asked, replications=2, workers=1)
    first, last = plan.rounds[0], plan.rounds[plan.chosen_round]
    assert abs(first.simulated - first.predicted) > 1.0  # the curves promise what the plan does not keep
    assert first.interaction < -0.1
    assert last.simulated >= first.simulated
    policies = [
        Policy(
            name="-".join(map(str, n)),
            density={SHOPS: {"per_territory": dict(zip(built.territories.names, map(float, n)))}},
        )
        for n in every_plan(12)
    ]
    totals = territory_accounts(built, policies, 2, 1, workers=1).total.mean(axis=1)
    now = territory_accounts(built, [Policy()], 2, 1, workers=1).total.mean()
    assert totals.max() - last.simulated <= 0.05 * abs(totals.max() - now)


def test_coverage_and_minimum_density_are_kept():
    asked = {"levels": LEVELS, "measure": "per_territory", "objective": "channel_profit", "workers": 1}
    free = plan_density(channel(), SHOPS, **asked, replications=1, report_replications=2)
    near = plan_density(
        channel(), SHOPS, **asked, replications=1, report_replications=2, minimum={"West": 4},
        coverage={"brand": "B", "mean_distance": 2.5, "reach": 3.0, "share_within": 0.6},
    )  # fmt: skip
    assert near.counts[3] >= 4 > free.counts[3]
    distance, share = near.limits.values()
    assert distance <= 2.5 + 1e-9
    assert share >= 0.6 - 1e-9
    accounts = territory_accounts(channel(), [near.policy], 1, 1, brand="B", reach=3.0, workers=1)
    buyers = channel().territories.values["buyers"]
    assert accounts.distance[0] @ buyers / buyers.sum() == pytest.approx(distance)
    assert accounts.within[0] @ buyers / buyers.sum() == pytest.approx(share)


def test_money_can_be_the_budget():
    plan = plan_density(
        channel(), SHOPS, LEVELS, "per_territory", objective="channel_profit", replications=1,
        report_replications=2, budget=100.0,
        member_cost={"North": 20.0, "South": 5.0, "East": 5.0, "West": 5.0},
        workers=1,
    )  # fmt: skip
    cost = np.array([20.0, 5.0, 5.0, 5.0])
    assert cost @ plan.counts <= 100.0
    assert cost @ plan.proportional_counts <= cost @ plan.counts
    assert "money per week" in next(iter(plan.limits))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": 3}, r"budget ≤ 3 members: can not be met by the densities given; closest: 4 members"),
        (
            {"budget": 4, "coverage": {"mean_distance": 1.5}},
            r"mean distance ≤ 1.5 km: can not be met with budget ≤ 4 members .*closest: [\d.]+ km",
        ),
        (
            {"coverage": {"mean_distance": 0.1, "everywhere": True}},
            r"mean distance ≤ 0.1 km in North: .*closest",
        ),
        ({"minimum": {"West": 9}}, "minimum: 9 members in West can not be met .* closest: 4"),
        (
            {"coverage": {"numeric_distribution": 1.0}},
            "numeric distribution ≥ 1: can not be met .*closest: 0",
        ),
        ({"budget": -1.0}, "budget = -1.0: a number above 0"),
        ({"group": "Acme"}, "name a group whose members belong to territories: Acme distributors"),
        ({"objective": "fun"}, "objective = 'fun': admissible: profit"),
        ({"objective": "profit", "firm": "Nobody"}, "firm = 'Nobody': admissible: Acme, Bolt"),
        ({"firm": "Acme"}, "only the objective profit"),
        ({"levels": ()}, "levels: give at least one density"),
        ({"levels": (9,)}, "asks for 9 members in North, but 4 are built"),
        ({"measure": "per_head"}, "measure = 'per_head': admissible"),
        ({"coverage": {"reach": 2.0}}, "give both reach and share_within"),
        ({"coverage": {"brand": "Z"}}, "coverage.brand = 'Z': admissible: A, B"),
        ({"coverage": {"distance": 2.0}}, "distance"),
        ({"minimum": {"Nowhere": 1}}, "Nowhere"),
        ({"replications": 0}, "replications = 0"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(changes, message):
    asked = {
        "group": SHOPS, "levels": LEVELS, "measure": "per_territory", "objective": "channel_profit",
        "replications": 1, "workers": 1,
    }  # fmt: skip
    with pytest.raises(ScenarioError, match=message) as error:
        plan_density(channel(), **(asked | changes))
    assert "\n" not in str(error.value)


@st.composite
def choices(draw):
    """Return options of three territories, and limits that some choice keeps."""
    numbers = st.floats(-50.0, 50.0).map(lambda x: round(x, 3))
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=3))
    territory = np.repeat(np.arange(3), sizes)
    n = len(territory)
    members = np.concatenate([np.arange(k) for k in sizes])
    value = np.array(draw(st.lists(numbers, min_size=n, max_size=n)))
    stores = members + 2.0
    options = Options(
        territory, members, value, members * 1.0, 5.0 / (1.0 + members), members / 4.0, stores * 0.8, stores
    )
    budget = budget_limit(draw(st.integers(0, 9)), "members")
    cover = coverage_limits(
        np.array([5.0, 3.0, 1.0]), draw(st.floats(0.5, 6.0)), draw(st.floats(0.0, 1.0)), None
    )
    return options, [budget, *cover]


@given(choices())
def test_the_choice_is_the_best_of_all(case):
    options, limits = case
    by_territory = [np.flatnonzero(options.territory == t) for t in range(3)]
    values = {}
    for rows in product(*by_territory):
        chosen = picked(options, np.array(rows))
        if all(k.row(chosen).sum() <= k.bound + 1e-12 for k in limits):
            values[rows] = chosen.value.sum()
    if not values:
        with pytest.raises(ScenarioError, match="closest"):
            choose(options, limits)
        return
    found = choose(options, limits)
    assert options.territory[found].tolist() == [0, 1, 2]
    assert options.value[found].sum() == pytest.approx(max(values.values()), abs=1e-5)


@given(
    st.lists(st.floats(1.0, 1000.0), min_size=2, max_size=8),
    st.integers(0, 40),
)
def test_proportional_density_keeps_the_budget_and_the_order_of_sizes(buyers, spare):
    size, count = np.array(buyers), len(buyers)
    territory = np.repeat(np.arange(count), 41)
    members = np.tile(np.arange(41), count)
    plan = np.zeros(count, dtype=np.int64)
    plan[0] = min(spare, 40)
    found = proportional_counts(plan, size, np.ones(count), territory, members)
    assert found.sum() == plan.sum()
    order = np.argsort(size, kind="stable")
    assert (np.diff(found[order]) >= -1).all()
