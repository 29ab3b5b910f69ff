"""The statistics of the honest report on a model with known truth: coverage, optimism, selection, gap."""

import numpy as np
import pytest
from scipy.stats import norm

from channelsim.analysis.estimators import bootstrap, tail_mean
from channelsim.policy.assess import assess, check_constraint
from channelsim.policy.choose import choose
from channelsim.policy.comparison import (
    objective_difference,
    objective_estimate,
    pseudo_values,
    slack_estimate,
)
from channelsim.policy.gap import optimality_gap
from channelsim.policy.optimism import optimism_of
from channelsim.policy.problem import Constraint, Objective
from known_model import PROFIT, STORES, KnownModel, known_problem

SHORT, LONG = 1000, 10_000
RUNS = pytest.mark.parametrize("runs", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])


def linear(price, stores):
    """Profit 100 + (price − 40) + (stores − 4)/2; the stores lose 2 a unit of the price."""
    return 100.0 + (price - 40.0) + 0.5 * (stores - 4.0), 50.0 - 2.0 * (price - 40.0)


@pytest.fixture(scope="module")
def problem():
    return known_problem(constraints=[{"outcome": STORES, "at_least": 0.8, "of_base": True}])


@pytest.fixture(scope="module")
def policies(problem):
    return {price: problem.policy((price, 4), f"price {price:g}") for price in np.arange(38.0, 51.0)}


@RUNS
@pytest.mark.parametrize("skewed", [False, True])
def test_95_per_cent_intervals_cover_the_truth_in_93_to_97_per_cent(runs, skewed, problem, policies):
    truth = {"difference": 5.0, "value": 105.0, "slack": 40.0 - 0.8 * 50.0, "optimism": None}
    inside = dict.fromkeys(truth, 0)
    lower = 0
    for seed in range(runs):
        model = KnownModel(linear, skewed=skewed, seed=seed)
        found = assess(problem, policies[45.0], model, replications=64)
        lower += found.constraints[0].lower <= truth["slack"]
        for name, estimate in (
            ("difference", found.difference),
            ("value", found.value),
            ("slack", found.constraints[0].slack),
        ):
            inside[name] += estimate.low <= truth[name] <= estimate.high
        search, fresh = (model.sample([policies[45.0], problem.baseline], n, b)[..., 0]
                         for n, b in ((4, "search"), (64, "report")))  # fmt: skip
        promised = optimism_of(problem.objective, tuple(search), tuple(fresh))
        true_optimism = search[0].mean() - 105.0
        inside["optimism"] += promised.value.low <= true_optimism <= promised.value.high
    shares = {name: count / runs for name, count in inside.items()}
    assert all(0.93 <= share <= 0.97 for share in shares.values()), shares
    assert 0.93 <= lower / runs <= 0.97  # a one-sided bound at 95 % covers as often


def test_coverage_would_fail_without_pairing_being_right(problem, policies):
    """An interval that takes the samples for independent covers far too often: the check can fail."""
    inside = 0
    for seed in range(300):
        here, base = KnownModel(linear, seed=seed).sample([policies[45.0], problem.baseline], 64, "report")[
            ..., 0
        ]
        half = 1.96 * np.sqrt((here.var(ddof=1) + base.var(ddof=1)) / 64)
        inside += abs(here.mean() - base.mean() - 5.0) <= half
    assert inside / 300 > 0.98


@RUNS
def test_optimism_is_that_of_the_best_of_equals_and_vanishes_as_replications_grow(runs, policies):
    """Of k equal policies with own deviation s the best promises s·E[max of k normals]/√n too much."""
    chosen = list(policies.values())[:10]
    objective = Objective(outcome=PROFIT)
    expected = norm_maximum(10)
    measured = []
    for replications in (2, 8, 32, 128):
        found = []
        for seed in range(runs // 4):
            model = KnownModel(lambda price, stores: (100.0, 50.0), seed=seed)
            samples = model.sample(chosen, replications)[..., 0]
            best = int(samples.mean(axis=1).argmax())
            # the luck that all share is no optimism of the search: measure it against the mean of all
            fresh = model.sample([chosen[best], chosen[0]], 64, "report")[..., 0]
            result = optimism_of(objective, (samples[best], samples.mean(axis=0)), tuple(fresh))
            found.append(result.gain.value)
        measured.append(np.mean(found))
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert abs(measured[-1] - expected / np.sqrt(replications)) < 4 * error
    assert measured == sorted(measured, reverse=True)
    assert measured[-1] < 0.15 * measured[0]


def norm_maximum(count):
    """Return the mean of the largest of independent standard normal numbers, by quadrature."""
    x = np.linspace(-8, 8, 4001)
    return np.trapezoid(x * count * norm.pdf(x) * norm.cdf(x) ** (count - 1), x)


@RUNS
def test_choose_takes_the_best_at_least_as_often_as_it_says(runs, policies):
    """The hardest case: all others worse than the best by exactly the indifference."""
    problem = known_problem()
    finalists = [policies[price] for price in (40.0, 41.0, 42.0, 43.0)]

    def slippage(price, stores):
        return (100.0 if price == 42.0 else 99.5, 50.0)

    right = decided = 0
    for seed in range(runs // 4):
        found = choose(problem, finalists, KnownModel(slippage, seed=seed), most=1024, indifference=0.005)
        decided += found.conclusion != "undecided"
        right += found.chosen == 2
    assert decided == runs // 4
    assert right / decided >= 0.95


def test_choose_spends_little_on_the_hopeless_and_says_what_each_cost(policies):
    problem = known_problem()
    model = KnownModel(lambda price, stores: (100.0 - abs(price - 42.0) ** 2, 50.0))
    found = choose(problem, list(policies.values()), model, most=512)
    assert found.policy.name == "price 42"
    assert found.conclusion == "separated"
    spent = {f.name: f.replications for f in found.finalists}
    assert spent["price 50"] == 8 < spent["price 41"]
    assert found.replications == sum(spent.values()) + max(spent.values())
    assert {block for _, _, block in model.asked} == {"selection"}
    frame = found.to_frame()
    assert frame["finalist"].iloc[0] == "price 42"
    assert (frame["difference_high"].iloc[1:] < 0).all()
    assert found.looks_frame()["dropped"].str.contains("price 50").sum() == 1


def test_equal_finalists_are_declared_equal_once_no_difference_can_matter(policies):
    problem = known_problem()
    model = KnownModel(lambda price, stores: (100.0, 50.0), own=0.2)
    found = choose(problem, [policies[40.0], policies[41.0], policies[42.0]], model, indifference=0.002)
    assert found.conclusion == "equal"
    assert found.loss_bound <= found.indifference == pytest.approx(0.2, rel=0.05)
    assert {f.status for f in found.finalists} == {"chosen", "equal"}


def test_undecided_says_what_the_choice_may_still_cost(policies):
    problem = known_problem()
    model = KnownModel(lambda price, stores: (100.0, 50.0))
    found = choose(problem, [policies[40.0], policies[41.0]], model, most=16, indifference=0.0)
    assert found.conclusion == "undecided"
    assert found.loss_bound > 0.0
    assert [look.replications for look in found.looks] == [8, 16]


def test_a_better_policy_that_misses_a_constraint_is_not_chosen(problem, policies):
    model = KnownModel(linear)  # price 49 has the largest profit, but stores keep 32 of the 40 they need
    found = choose(problem, [policies[49.0], policies[44.0], policies[42.0]], model, most=256)
    assert [f.status for f in found.finalists] == ["infeasible", "chosen", "worse"]
    assert found.winner.feasible == "kept"
    none = choose(problem, [policies[49.0], policies[48.0]], model)
    assert none.conclusion == "infeasible"
    assert none.policy.name == "price 48"  # the one that misses least


@RUNS
def test_the_gap_bound_holds_and_tightens(runs, policies):
    """Its upper bound covers the true gap in 95 % or more; it shrinks towards the gap with the batch."""
    problem = known_problem()
    others = [policies[price] for price in (41.0, 42.0, 43.0)]
    held = {}
    width = {}
    for size in (2, 16):
        bounds = np.array([
            optimality_gap(
                problem, policies[40.0], others, KnownModel(
                    lambda price, stores: (100.0 + (price == 43.0), 50.0), seed=seed),
                batches=10, batch_replications=size,
            ).upper
            for seed in range(runs // 2)
        ])  # fmt: skip
        held[size], width[size] = (bounds >= 1.0).mean(), bounds.mean()
    assert held[2] >= 0.94
    assert held[16] >= 0.94
    assert 1.0 < width[16] < width[2]


def test_the_gap_says_for_what_set_it_holds_and_is_zero_for_the_clear_best(policies):
    problem = known_problem()
    model = KnownModel(lambda price, stores: (100.0 - 10.0 * abs(price - 44.0), 50.0))
    found = optimality_gap(problem, policies[44.0], [policies[40.0], policies[46.0]], model)
    assert (found.upper, found.policies, found.chosen_in) == (0.0, 3, 10)
    assert "none of 10" in found.sentence
    worse = optimality_gap(problem, policies[40.0], [policies[44.0]], model)
    assert worse.upper > 40.0 > 39.0 < worse.estimate
    assert "95 % confidence no other of the 2 policies" in worse.sentence


def test_responses_are_the_derivatives_of_the_known_model():
    problem = known_problem(
        objective={"outcome": STORES, "sense": "minimise"},
        constraints=[{"outcome": PROFIT, "at_most": 101.0, "name": "modest profit"}],
    )
    model = KnownModel(lambda p, k: (100.0 + (p - 40.0), 10.0 + p + 3.0 * k), common=5.0, own=0.001)
    search_like = problem.policy((41.0, 9))
    found = assess(
        problem, candidate_of(problem, (41.0, 9), search_like), model, others=(), lever_replications=64
    )
    price, stores = found.responses
    assert price.down.value == pytest.approx(1.5, abs=0.01)  # less is better: 5 % of 30 down
    assert price.up.value == pytest.approx(-1.5, abs=0.01)
    truth = 1.0 * 41.0 / (10.0 + 41.0 + 27.0)
    assert price.elasticity.low < price.elasticity.value < price.elasticity.high
    # the level has the luck of its 64 draws in it: s.d. 5/8 of 78
    assert price.elasticity.value == pytest.approx(truth, rel=0.03)
    assert (stores.down_value, stores.up_value) == (8, None)
    assert np.isnan(stores.up.value)
    assert stores.down.value == pytest.approx(3.0, abs=0.01)
    assert price.up_missed == ("modest profit",)
    assert "density.store at its high bound" in found.binds
    assert found.constraints[0].binds  # at 101, within the error of its bound
    assert found.binds[0].startswith("modest profit")
    frame = found.responses_frame()
    assert list(frame["lever"]) == ["density.store", "terms.wholesale_price"]


def candidate_of(problem, values, policy):
    from channelsim.policy.judging import Candidate

    known = {
        "values": values,
        "policy": policy,
        "replications": 4,
        "objective": 0.0,
        "merit": 0.0,
        "first": 0,
    }
    return Candidate(**(dict.fromkeys(Candidate._fields, ()) | known))


def test_statistics_other_than_means(problem):
    sample = KnownModel(linear).sample([problem.baseline], 200)[0, :, 0]
    other = KnownModel(linear, seed=2).sample([problem.baseline], 200)[0, :, 0] + 1.0
    tail = Objective(outcome=PROFIT, statistic="cvar", worst_share=0.1)
    found = objective_estimate(tail, sample)
    assert found.value == pytest.approx(tail_mean(sample, 0.1))
    resampled = bootstrap(sample, lambda s, axis=-1: tail_mean(s, 0.1, axis=axis))
    assert found.standard_error == pytest.approx(resampled.standard_error, rel=0.25)
    chance = Objective(outcome=PROFIT, statistic="probability", at_least=100.0)
    better = objective_difference(chance, other, sample)
    assert better.value == pytest.approx((other >= 100).mean() - (sample >= 100).mean())
    assert better.low < better.value < better.high
    # where no replication differs the interval still has a width
    same = objective_difference(chance, sample, sample)
    assert same.low < 0.0 == same.value < same.high
    smaller = Objective(outcome=PROFIT, sense="minimise")
    assert objective_difference(smaller, sample, sample + 1.0).value == pytest.approx(1.0)
    kept = Constraint(outcome=PROFIT, at_least=0.0, statistic="probability", probability=0.9)
    slack = slack_estimate(kept, sample, sample)
    assert (slack.value, slack.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert 0.05 < slack.low < 0.1
    worst = Constraint(outcome=PROFIT, at_most=200.0, statistic="cvar")
    assert pseudo_values(worst, sample).mean() == pytest.approx(worst.slack(sample, sample))


@RUNS
def test_a_tail_mean_is_covered_too(runs):
    """The jackknife of a smooth statistic: nearly nominal at 200 replications."""
    tail = Objective(outcome=PROFIT, statistic="cvar", worst_share=0.2)
    truth = -norm.pdf(norm.ppf(0.2)) / 0.2
    generator = np.random.default_rng(7)
    inside = 0
    for _ in range(runs // 2):
        found = objective_estimate(tail, generator.standard_normal(200))
        inside += found.low <= truth <= found.high
    assert 0.92 <= inside / (runs // 2) <= 0.97


def test_a_constraint_is_kept_missed_or_not_shown():
    sample = np.array([9.0, 10.0, 11.0, 10.0])
    for bound, verdict, binds in ((5.0, "kept", False), (15.0, "missed", False), (10.0, "not shown", True)):
        found = check_constraint(Constraint(outcome=PROFIT, at_least=bound), sample, sample)
        assert (found.verdict, found.binds) == (verdict, binds)


def test_what_is_not_admissible_is_refused(problem, policies):
    model = KnownModel(linear)
    with pytest.raises(ValueError, match="no finalist"):
        choose(problem, [], model)
    with pytest.raises(ValueError, match="first = 8, most = 4"):
        choose(problem, [policies[40.0]], model, most=4)
    with pytest.raises(ValueError, match="level = 1"):
        choose(problem, [policies[40.0]], model, level=1.0)
    with pytest.raises(ValueError, match="at least 2"):
        assess(problem, policies[40.0], model, replications=1)
    with pytest.raises(ValueError, match="not for cvar"):
        optimality_gap(
            known_problem(objective={"outcome": PROFIT, "statistic": "cvar"}), policies[40.0], [], model
        )
    with pytest.raises(ValueError, match="batches = 1"):
        optimality_gap(problem, policies[40.0], [], model, batches=1)
    lacking = KnownModel(linear, outcomes=(PROFIT,))
    with pytest.raises(ValueError, match=r"does not sample 'profit\(role=\"retailer\"\)'"):
        choose(problem, [policies[40.0]], lacking)
