"""Searches at the levels of a frontier: they start from what is known, and find the closed form."""

from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from channelsim.errors import ScenarioError
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.frontier import frontier
from channelsim.policy.frontier_search import MOST_KNOWN, Level, pool_of, search_levels
from channelsim.policy.frugal_search import surrogate_search
from channelsim.policy.problem import Problem, TradeOff
from channelsim.policy.search import BudgetSpent, Search
from channelsim.policy.solve import solve
from known_model import STORES, KnownModel, known_problem

MAKER, STORE = 'profit(role="manufacturer")', 'profit(role="retailer")'
EACH = 12
SOLVER = partial(solve, method="surrogate", progress=False)


@pytest.fixture
def market():
    """The maker earns (w − 20)(100 − w)/2, the store (100 − w)²/4: at a level L the best w is 100 − 2√L."""
    problem = Problem(
        scenario="bilateral",
        changes={"weeks": 60},
        levers=[{"path": "terms.wholesale_price", "low": 20.0, "high": 80.0}],
        objective={"outcome": MAKER},
        trade_offs=[{"outcome": STORE}],
    )
    evaluator = Evaluator(problem.channel, problem.outcomes, workers=1)
    search = Search(problem, evaluator, 100)
    search.evaluate([[0.1], [0.3], [0.68]], 1)
    return problem, evaluator, tuple(search.candidates.values())


def test_a_search_at_every_level_finds_the_closed_form(market):
    problem, evaluator, known = market
    alone = frontier(problem, STORE, evaluator, known, replications=2)
    before, pool = evaluator.simulated, pool_of(problem, evaluator, STORE, "at_least", known)
    levels = pool.levels(5)
    had = [pool.best(level).merit for level in levels]
    tried = search_levels(problem, problem.trade_offs, evaluator, known, SOLVER, replications=EACH)
    spent = evaluator.simulated - before
    before_them = {c.values: c.replications for c in known}
    new = [c.replications - before_them.get(c.values, 0) for c in tried]
    assert spent == sum(new) <= 4 * EACH  # what is known costs nothing
    pool.add(tried)
    assert all(pool.best(level).merit >= m for level, m in zip(levels, had))
    for level in levels[1:]:
        assert level >= 400.0  # what the store has now, and at the maker's own best price: 60
        assert pool.best(level).values[0] == pytest.approx(100.0 - 2.0 * level**0.5, abs=0.3)
    better = frontier(problem, STORE, evaluator, known, tried=tried, replications=2)
    assert len(better.points) > len(alone.points)
    same = frontier(problem, STORE, evaluator, known, solver=SOLVER, solver_replications=EACH, replications=2)
    assert same == better


def test_a_frontier_begins_with_the_plan_that_was_chosen(market):
    problem, evaluator, known = market
    better, plan = max(known, key=lambda c: c.gain), sorted(known, key=lambda c: c.gain)[1]
    found = frontier(problem, STORE, evaluator, known, plan=plan, replications=2)
    assert found.points[0].values == plan.values != better.values
    assert frontier(problem, STORE, evaluator, known, replications=2).points[0].values == better.values
    given = frontier(problem, STORE, evaluator, known, levels=[60.0, 400.0], plan=plan, replications=2)
    assert given.points[0].values == better.values  # levels that are given are the caller's


def test_what_is_known_is_not_simulated_again(market):
    problem, evaluator, known = market
    evaluator.sample([problem.baseline], 4)
    before = evaluator.simulated
    found = solve(problem, "surrogate", EACH, evaluator=evaluator, known=known, progress=False)
    assert evaluator.simulated - before == found.simulated == found.replications <= EACH
    again = sum(c.replications > 1 for c in found.candidates[: len(known)])  # known, and run more often
    assert found.evaluations == len(found.candidates) - len(known) + again
    assert [c.values for c in found.candidates[: len(known)]] == [c.values for c in known]
    assert found.best.values[0] == pytest.approx(60.0, abs=0.5)
    other = solve(problem, "nelder_mead", EACH, evaluator=evaluator, known=known, progress=False)
    assert other.best.gain >= max(c.gain for c in known)


def test_known_candidates_need_their_evaluator_and_levers(market):
    problem, evaluator, known = market
    with pytest.raises(ScenarioError, match="known: give the evaluator"):
        solve(problem, known=known, progress=False)
    odd = [known[0]._replace(values=(50.0, 2.0))]
    with pytest.raises(ScenarioError, match="known: 2 levers; the problem has 1"):
        solve(problem, evaluator=evaluator, known=odd, progress=False)


@pytest.fixture
def rivals():
    """Profit is best at a price of 50, the stores lose 2 a unit of the price; the baseline's is 40."""
    problem = known_problem()
    model = KnownModel(
        lambda price, stores: (100.0 - 0.1 * (price - 50.0) ** 2, 100.0 - 2.0 * (price - 30.0)),
        common=5.0, own=0.0,
    )  # fmt: skip
    search = Search(problem, model, 10_000)
    search.evaluate([[share, 0.0] for share in np.linspace(0, 1, 31)], 2)
    return problem, model, tuple(search.candidates.values())


def test_one_level_is_as_now_where_the_baseline_lies_between(rivals):
    problem, model, known = rivals
    pool = pool_of(problem, model, STORES, "at_least", known)
    now = pool.now
    for count in (3, 4, 5, 6, 9):
        levels = pool.levels(count)
        assert now in levels[1:-1]
        assert levels == sorted(levels)
        assert len(levels) == count
        assert (levels[0], levels[-1]) == pytest.approx((now - 20.0, now + 20.0))
    assert pool.levels(2) == pytest.approx([now - 20.0, now + 20.0])
    dear = [c for c in known if c.values[0] >= 50.0]
    even = pool_of(problem, model, STORES, "at_most", dear).levels(5)
    assert np.diff(even) == pytest.approx([-5.0] * 4)


def test_the_luck_of_the_draws_is_no_part_of_a_level(rivals):
    """Two replications of a policy and 32 of the baseline meet different luck; it is taken out."""
    problem, model, known = rivals
    pool = pool_of(problem, model, STORES, "at_least", known)
    assert pool.best(pool.now).values[0] == 40.0
    assert pool.best(pool.now - 2.0).values[0] == 41.0
    sample = model.sample([known[0].policy, problem.baseline], 3)[:, :, 1]
    level = Level(outcome=STORES, at_least=pool.now, now=pool.now)
    assert level.margins(sample[1], sample[1]) == pytest.approx(0.0)
    assert level.margins(*sample) == pytest.approx(20.0)  # a price of 30 instead of 40
    assert pool.bounded(pool.now).constraints[-1] == level.model_copy(
        update={"name": f"level {pool.now:.6g}"}
    )


def test_candidates_of_a_bounded_search_count_by_the_conditions_of_the_problem(rivals):
    """What misses the level of one search may be the best at another."""
    problem, model, known = rivals
    pool = pool_of(problem, model, STORES, "at_least", known[:1])
    bounded = Search(pool.bounded(pool.now + 15.0), model, 100)
    (missed,) = bounded.evaluate([[2.0 / 3.0, 0.0]], 2)
    assert not missed.feasible
    pool.add([missed])
    assert pool.best(pool.now - 20.0).values[0] == 50.0
    strict = known_problem(constraints=[{"outcome": STORES, "at_least": 0.9, "of_base": True}])
    search = Search(strict, model, 100)
    search.evaluate([[1.0 / 3.0, 0.0], [2.0 / 3.0, 0.0]], 4)
    kept = pool_of(strict, model, STORES, "at_least", search.candidates.values())
    assert [values[0] for values in kept.held] == [40.0]
    kept.add([c._replace(slacks=(-0.1,)) for c in search.candidates.values()])
    assert kept.held  # as many replications say no more
    kept.add([c._replace(slacks=(-0.1,), replications=8) for c in search.candidates.values()])
    assert not kept.held
    assert kept.best(0.0) is None


def test_a_search_is_told_of_what_is_near_and_what_was_tried_serves_the_next_trade_off(rivals):
    problem, model, known = rivals
    pool = pool_of(problem, model, STORES, "at_least", known)
    many = [known[k % len(known)] for k in range(MOST_KNOWN)] + [known[-1]] * 50
    near = pool.known_near(pool.now, many)
    assert len(near) == MOST_KNOWN
    assert sum(c is known[-1] for c in near) < 50
    told = []

    def solver(bounded, replications, seed, evaluator, known):
        told.append({c.values for c in known})
        inner = Search(bounded, evaluator, replications)
        inner.evaluate([[0.01 * len(told), 0.0]], 2)
        return inner_solution(inner)

    def inner_solution(inner):
        return type("Found", (), {"candidates": tuple(inner.candidates.values())})

    both = [TradeOff(outcome=STORES), TradeOff(outcome=STORES, keep="at_most")]
    tried = search_levels(problem, both, model, known, solver, levels=3)
    assert len(tried) == len(told) == 4
    for k in range(4):
        assert told[k] == {c.values for c in (*known, *tried[:k])}


def test_a_search_at_a_level_spends_on_new_policies():
    """Its reference has been run often by others: to buy another one would take half of what it has."""

    def mean(price, stores):
        profit = 100.0 - 0.1 * (price - 50.0) ** 2 - 0.5 * (stores - 6.0) ** 2
        return profit, 100.0 - 2.0 * (price - 30.0) + stores

    def run(search):
        with suppress(BudgetSpent):
            surrogate_search(search, np.random.default_rng(1), np.array([[1.0 / 3.0, 0.4]]))

    problem = known_problem(constraints=[{"outcome": STORES, "at_least": 60.0}])
    model = KnownModel(mean, common=5.0, own=1.0)
    first = Search(problem, model, 300)
    run(first)
    assert first.draws > 1  # every point has a draw of its own
    known = list(first.candidates.values())
    pool = pool_of(problem, model, STORES, "at_least", known)
    for level in pool.levels(4)[1:]:
        search = Search(pool.bounded(level), model, 20)
        search.know(known)
        run(search)
        assert search.reference.replications >= first.draws
        assert len(set(search.candidates) - set(first.candidates)) >= 8
        pool.add(search.candidates.values())
        values = pool.best(level).values
        assert mean(*values)[1] > level - 2.0


def test_one_lucky_replication_counts_less_than_many(rivals):
    problem, model, known = rivals
    often = known[10]._replace(gain=5.0, standard_error=0.5, replications=16)
    once = known[11]._replace(gain=5.5, standard_error=np.nan, replications=1)
    pool = pool_of(problem, model, STORES, "at_least", [often, once])
    assert pool.first().values == often.values
    assert pool.held[often.values].merit == 4.5
    assert pool.held[once.values].merit == 5.5 - 16**0.5 * 0.5
