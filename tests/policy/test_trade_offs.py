"""Frontier, regrets and sensitivities on a model with known answers, and once on a simulated market."""

from types import SimpleNamespace

import numpy as np
import pytest

from channelsim.policy.evaluation import Evaluator
from channelsim.policy.frontier import _marked, frontier
from channelsim.policy.problem import Problem
from channelsim.policy.robustness import Variant, ends_of, regrets, sampled, variants_of
from channelsim.policy.search import Search
from channelsim.policy.sensitivities import lever_sensitivity, uncertainty_sensitivity
from known_model import PROFIT, STORES, KnownModel, known_problem

UNCERTAIN = [
    {"path": "demand.intercept", "low": 0.8, "high": 1.2},
    {"path": "contracts.0.wholesale_price", "low": 50.0, "high": 70.0, "measure": "value"},
]


def rivalry(price, stores):
    """Profit is best at a price of 50; the stores lose 2 a unit of the price: the frontier is known."""
    return 100.0 - 0.1 * (price - 50.0) ** 2, 100.0 - 2.0 * (price - 30.0)


@pytest.fixture
def searched():
    problem = known_problem()
    model = KnownModel(rivalry, common=2.0, own=0.01)
    search = Search(problem, model, 10_000)
    search.evaluate([[share, 0.0] for share in np.linspace(0, 1, 31)], 4)  # prices 30, 31 … 60
    return problem, model, search


def test_the_frontier_is_the_known_one(searched):
    problem, model, search = searched
    levels = [60.0, 70.0, 80.0, 90.0]  # prices 50, 45, 40, 35
    found = frontier(problem, STORES, model, list(search.candidates.values()), levels=levels, level=0.999)
    luck = model.sample([problem.baseline], 32)[0, :, 1].mean() - rivalry(40.0, 4.0)[1]
    for point in found.points:
        (level,) = point.levels
        price = point.values[0]
        assert price == np.floor(50.0 - (level - luck - 60.0) / 2.0)
        profit, stores = (a - b for a, b in zip(rivalry(price, 1), rivalry(40.0, 4)))
        assert point.objective_difference.low <= profit <= point.objective_difference.high
        assert point.against_difference.low <= stores <= point.against_difference.high
        assert not point.dominated
    frame = found.to_frame()
    assert list(frame["point"]) == ["point 1", "point 2", "point 3", "point 4", "baseline"]
    assert (np.diff(frame["price"].dropna()) > 0).all()  # each further unit costs more
    assert found.unmet == ()


def test_a_solver_improves_the_frontier_and_feeds_other_levels(searched):
    problem, model, search = searched
    few = [c for c in search.candidates.values() if c.values[0] in (30.0, 50.0)]
    alone = frontier(problem, STORES, model, few, levels=3)
    asked = []

    def solver(bounded, replications, seed, evaluator, known):
        asked.append({c.values for c in known})
        inner = Search(bounded, evaluator, replications)
        inner.evaluate([[share, 0.0] for share in np.linspace(0, 1, 25)], 4)
        return SimpleNamespace(candidates=tuple(inner.candidates.values()))

    better = frontier(problem, STORES, model, few, levels=3, solver=solver, solver_replications=100)
    assert asked[0] == {c.values for c in few}
    assert len(asked) == 2  # the objective alone has been searched for
    assert asked[1] > asked[0]
    middle = {len(f.points): f for f in (alone, better)}
    assert set(middle) == {2, 3}  # without solver the middle level takes the end's policy
    assert better.points[1].objective_difference.low > alone.points[1].objective_difference.high


def test_levels_that_nobody_keeps_are_named_and_dominated_points_marked(searched):
    problem, model, search = searched
    found = frontier(problem, STORES, model, list(search.candidates.values()), levels=[60.0, 500.0])
    assert found.unmet == (500.0,)
    assert len(found.points) == 1
    odd = [c for c in search.candidates.values() if c.values[0] in (58.0, 55.0)]
    less = frontier(problem, STORES, model, odd, levels=[47.0, 53.0], keep="at_most")
    assert [p.values[0] for p in less.points] == [55.0, 58.0]
    assert not any(p.dominated for p in less.points)  # less is good here
    more = _marked(less.points, 1.0)
    assert [p.dominated for p in more] == [False, True]  # 58 loses on both counts


def test_a_point_that_the_baseline_beats_is_marked(searched):
    problem, model, search = searched
    every = [c for c in search.candidates.values() if c.gain < 0.0]
    for keep, sign in (("at_least", 1.0), ("at_most", -1.0)):
        for worse in every:
            found = frontier(problem, STORES, model, [worse], levels=[-sign * 1e6], keep=keep)
            for point in found.points:
                beaten = (
                    point.objective_difference.value < 0.0 and sign * point.against_difference.value < 0.0
                )
                assert point.dominated == beaten
                if beaten:
                    return
    pytest.fail("no candidate is worse than the baseline in both")


def test_what_a_frontier_cannot_be_is_refused(searched):
    problem, model, search = searched
    every = list(search.candidates.values())
    with pytest.raises(ValueError, match="does not sample 'welfare'"):
        frontier(problem, "welfare", model, every)
    with pytest.raises(ValueError, match="no candidate keeps"):
        frontier(problem, STORES, model, [])
    with pytest.raises(ValueError, match="levels = 1"):
        frontier(problem, STORES, model, every, levels=1)
    with pytest.raises(ValueError, match="keep = 'more'"):
        frontier(problem, STORES, model, every, keep="more")


def in_world(scenario):
    """The best price moves with the demand's intercept: half of it."""
    best = scenario.demand.intercept / 2.0
    return KnownModel(lambda price, stores: (100.0 - (price - best) ** 2, 50.0), own=0.1)


def test_regrets_are_the_known_ones():
    problem = known_problem(uncertainties=UNCERTAIN[:1])
    policies = [problem.policy((price, 4), f"price {price:g}") for price in (42.0, 50.0, 58.0)]
    variants = ends_of(problem)
    assert [v.name for v in variants] == [
        "as thought", "demand.intercept -20 %", "demand.intercept +20 %",
    ]  # fmt: skip
    found = regrets(problem, policies, variants, sampler=in_world, replications=32)
    truth = {}
    for v, best in (("as thought", 50.0), ("demand.intercept -20 %", 40.0), ("demand.intercept +20 %", 60.0)):
        values = {p.name: 100.0 - (float(p.name.split()[1]) - best) ** 2 for p in policies}
        truth |= {(v, name): max(values.values()) - x for name, x in values.items()}
    for cell in found.cells:
        assert cell.regret.low <= truth[cell.variant, cell.policy] <= cell.regret.high
        assert cell.best == (truth[cell.variant, cell.policy] == 0.0)
    summary = found.summary().set_index("policy")
    assert summary.index[0] == "price 50"
    assert summary.loc["price 50", "largest_regret"] == pytest.approx(96.0, abs=0.5)
    assert summary.loc["price 42", "worst_variant"] == "demand.intercept +20 %"
    assert summary.loc["price 50", "mean_low"] <= 64.0 <= summary.loc["price 50", "mean_high"]
    assert len(found.to_frame()) == 9


@pytest.mark.parametrize("runs", [300, pytest.param(5000, marks=pytest.mark.long)])
def test_all_regrets_are_covered_together(runs):
    problem = known_problem()
    policies = [problem.policy((price, 4), f"price {price:g}") for price in (41.0, 42.0, 43.0)]
    variant = [Variant("as thought", problem.channel.scenario)]
    inside = 0
    for seed in range(runs):
        found = regrets(
            problem, policies, variant, replications=16,
            sampler=lambda scenario, seed=seed: KnownModel(
                lambda p, k: (100.0 + 0.3 * p, 50.0), seed=seed),
        )  # fmt: skip
        truth = {"price 41": 0.6, "price 42": 0.3, "price 43": 0.0}
        inside += all(x.regret.low <= truth[x.policy] <= x.regret.high for x in found.cells)
    assert inside / runs >= 0.94


def test_variants_are_read_and_refused_in_one_line():
    problem = known_problem(uncertainties=UNCERTAIN)
    drawn = sampled(problem, 8, seed=3)
    values = np.array([v.scenario.demand.intercept for v in drawn])
    assert ((values >= 80.0) & (values <= 120.0)).all()
    assert len(np.unique(np.floor((values - 80.0) / 5.0))) == 8  # a Latin hypercube: one in each eighth
    assert [v.scenario.demand.intercept for v in sampled(problem, 8, seed=3)] == list(values)
    (dear,) = variants_of(problem, {"dear": {"brands.A.production_cost": 40.0}})
    assert dear.scenario.brands[0].production_cost == 40.0
    with pytest.raises(ValueError, match="variant 'odd': "):
        variants_of(problem, {"odd": {"demand.intercpt": 1.0}})
    with pytest.raises(ValueError, match="names no uncertainties"):
        ends_of(known_problem())
    with pytest.raises(ValueError, match="give at least 2"):
        regrets(problem, [problem.baseline], drawn)


def test_sensitivity_of_levers_and_of_uncertainties_is_the_known_one():
    problem = known_problem(uncertainties=UNCERTAIN)
    model = KnownModel(lambda price, stores: (price + 2.0 * stores, 50.0), own=0.0)
    found = lever_sensitivity(problem, model, samples=512)
    price, stores = 30.0**2 / 12.0, 4.0 * (9.0**2 - 1.0) / 12.0  # variances of uniform numbers
    assert found.total.value == pytest.approx([price / (price + stores), stores / (price + stores)], abs=0.03)
    near = lever_sensitivity(problem, model, (45.0, 5), width=0.5, samples=64)
    assert near.mean == pytest.approx(45.0 + 2.0 * 5.0, abs=0.8)
    with pytest.raises(ValueError, match="width = 2"):
        lever_sensitivity(problem, model, width=2.0)

    def world(scenario):
        a, w = scenario.demand.intercept, scenario.contracts[0].wholesale_price
        # the baseline (40, 4) has none of the advantage, the policy all of it
        return KnownModel(lambda p, k: ((a + w) * (p > 40.0) + 7.0 * a, 50.0), own=0.0)

    policy = problem.policy((50.0, 4))
    found = uncertainty_sensitivity(problem, policy, samples=128, sampler=world)
    assert found.first_order.value == pytest.approx([0.8, 0.2], abs=0.05)
    assert found.mean == pytest.approx(160.0, abs=1.0)


def test_a_simulated_market_has_a_frontier_and_regrets():
    problem = Problem(
        scenario="density",
        changes={"weeks": 56},
        levers=[
            {"path": "terms.wholesale_price", "low": 70.0, "high": 90.0},
            {"path": "density.dealers", "integer": True, "low": 6, "high": 24},
        ],
        objective={"outcome": 'profit(group="maker")'},
        uncertainties=[{"path": "demand.service_spillover", "low": 0.5, "high": 1.5}],
    )
    against = 'profit(group="dealers")'
    evaluator = Evaluator(problem.channel, [*problem.outcomes, against], workers=1)
    search = Search(problem, evaluator, 32)
    search.evaluate([[a, b] for a in (0.1, 0.4, 0.7, 0.99) for b in (0.1, 0.4, 0.7, 0.99)], 2)
    found = frontier(problem, against, evaluator, list(search.candidates.values()), levels=3, replications=4)
    assert len(found.points) >= 2
    first, last = found.points[0], found.points[-1]
    assert first.objective_difference.value > last.objective_difference.value
    assert first.against_difference.high < last.against_difference.low
    ends = [
        p.policy.model_copy(update={"name": n}) for p, n in ((first, "maker first"), (last, "dealers too"))
    ]
    table = regrets(problem, ends, ends_of(problem), replications=2, workers=1)
    assert {x.policy for x in table.cells if x.best} == {"maker first"}
    assert len(table.cells) == 6
    assert PROFIT not in evaluator.outcomes
