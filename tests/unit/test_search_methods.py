"""Search methods on functions with a known optimum, with noise in the place of a simulated channel."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelsim.errors import ScenarioError
from channelsim.policy.frugal_search import cross
from channelsim.policy.judging import Candidate
from channelsim.policy.problem import Constraint, Objective
from channelsim.policy.racing import Race
from channelsim.policy.search import CAUTION, BudgetSpent, Search
from channelsim.policy.solution import ranked
from channelsim.policy.solve import ALL_METHODS, choose, solve
from channelsim.policy.surrogate import Cube, Surrogate, polished, propose
from toy_search import NAMES, ToyEvaluator, ToyProblem, levers, search_of

CENTRE = 0.37


def bowl(v):
    return 1.0 + sum((x - CENTRE) ** 2 for x in v)


def mixed(v):
    """Two real levers, two whole ones with their best value at 7, and one that ties them together."""
    r, w = v[:2], v[2:4]
    return (
        1.0
        + sum((x - CENTRE) ** 2 for x in r)
        + sum(0.02 * (x - 7) ** 2 for x in w)
        + 0.03 * (r[0] - CENTRE) * (w[0] - 7)
    )


def many_valleys(v):
    return 1.0 + sum((x - CENTRE) ** 2 + 0.02 * (1 - np.cos(6 * np.pi * (x - CENTRE))) for x in v)


def shortfall(v):
    return 2.0 - sum(v)


def squares(v):
    return sum(x * x for x in v)


def run(
    lever_list, functions, method="surrogate", budget=200, constraints=(), seed=1, noise=(0.0, 0.0), **given
):
    evaluator = ToyEvaluator(functions, *noise, seed=seed)
    problem = ToyProblem(lever_list, list(constraints))
    options = {"progress": False, "evaluator": evaluator} | given
    return solve(problem, method, budget, seed, **options)


def missed(found, function, best: float) -> float:
    """Return by how much the true value of the best policy misses the optimum."""
    return function([float(x) for x in found.best.values]) - best


class TestKnownOptima:
    @pytest.mark.parametrize(
        ("method", "budget", "error"),
        [
            ("surrogate", 120, 1e-4),
            ("nelder_mead", 250, 1e-4),
            ("cobyqa", 60, 1e-6),
            ("differential_evolution", 800, 1e-3),
        ],
    )
    def test_bowl(self, method, budget, error):
        assert missed(run(levers(3), [bowl], method, budget), bowl, 1.0) < error

    def test_whole_and_real_levers(self):
        found = run(levers(2, 2), [mixed], budget=200)
        assert found.best.values[2:] == (7, 7)
        assert missed(found, mixed, 1.0) < 1e-4

    def test_choices_without_order(self):
        cost = [0.3, 0.0, 0.4, 0.2, 0.5]  # by position: nothing to learn from neighbours

        def by_choice(v):
            return bowl(v[:2]) + cost[int(v[2])]

        found = run(levers(2, choices=["a", "b", "c", "d", "e"]), [by_choice], budget=150)
        assert found.best.values[2] == "b"
        assert found.best.values[0] == pytest.approx(CENTRE, abs=0.02)

    @pytest.mark.parametrize(("method", "budget"), [("surrogate", 200), ("cobyqa", 100)])
    def test_on_the_boundary_of_a_constraint(self, method, budget):
        # sum of three shares whose squares sum to 0.75 at most: 1/2 each
        constraint = Constraint(outcome=NAMES[1], at_most=0.75)
        found = run(levers(3), [shortfall, squares], method, budget, [constraint])
        assert found.feasible
        assert squares(found.best.values) <= 0.75
        assert missed(found, shortfall, 0.5) < 2e-3

    def test_deepest_of_many_valleys(self):
        found = run(levers(2), [many_valleys], budget=200)
        np.testing.assert_allclose(found.best.values, CENTRE, atol=0.02)

    def test_enumeration_finds_the_best_of_all(self):
        found = run(levers(0, 2), [lambda v: bowl([x / 10 for x in v])], "auto", 300)
        assert (found.method, found.evaluations) == ("enumeration", 121)
        assert found.best.values == (4, 4)
        assert found.stopped == "there is no other policy"

    def test_a_surrogate_is_ahead_of_chance_and_evolution(self):
        gaps = {
            m: [missed(run(levers(4, 2), [mixed_six], m, 150, seed=s), mixed_six, 1.0) for s in (1, 2)]
            for m in ("surrogate", "differential_evolution", "random")
        }
        assert max(gaps["surrogate"]) < 0.1 * min(gaps["differential_evolution"])
        assert np.median(gaps["surrogate"]) < 0.02 * np.median(gaps["random"])


def mixed_six(v):
    return 1.0 + sum((x - CENTRE) ** 2 for x in v[:4]) + sum(0.02 * (x - 7) ** 2 for x in v[4:])


class TestNoise:
    def test_what_all_policies_share_does_no_harm(self):
        found = run(levers(3), [bowl], budget=150, noise=(5.0, 0.0))
        assert missed(found, bowl, 1.0) < 1e-4
        assert found.best.standard_error == pytest.approx(0.0, abs=1e-9)

    def test_the_best_has_proved_itself(self):
        found = run(levers(3), [bowl], budget=600, noise=(1.0, 0.03), most_replications=32)
        each = [c.replications for c in found.candidates]
        assert found.best.replications >= 4 * np.median(each)
        assert missed(found, bowl, 1.0) < 0.02

    def test_luck_does_not_rank_first(self):
        problem = ToyProblem(levers(1))
        search = search_of(problem, ToyEvaluator([bowl], 0.0, 0.3), 2000)
        search.evaluate([[CENTRE]], 400)
        search.evaluate(np.linspace(0.5, 1.0, 200)[:, None], 2)
        assert search.best()[0].replications == 2  # of 200 with noise one looks best
        assert ranked(search)[0].replications == 400

    def test_what_the_reference_errs_by_is_nobodys_luck(self):
        """It is a part of every error, and puts nobody behind another."""

        def candidate(number, replications, gain, own_error):
            error = float(np.hypot(1.0, own_error))
            return Candidate((number,), None, replications, gain, gain, error, (), (), -gain)

        reference, better = candidate(0, 64, 10.0, 0.0), candidate(1, 4, 10.2, 0.02)
        others = [candidate(k, 4, 9.0, 0.02) for k in range(2, 22)]
        found = {c.values: c for c in (reference, better, *others)}
        search = SimpleNamespace(candidates=found, reference=reference, objective_scale=1.0)
        assert ranked(search)[:2] == [better, reference]
        search.reference = None  # then an error of 1 is each one's own
        assert ranked(search)[0] is reference

    def test_slacks_lean_on_the_baseline_s_many_replications(self):
        # noise that all policies share cancels: two replications tell what the baseline's 32 do
        constraint = Constraint(outcome=NAMES[1], at_most=0.75)
        slacks, errors = [], []
        for seed in range(60):
            search = search_of(
                ToyProblem(levers(3), [constraint]), ToyEvaluator([shortfall, squares], 0.5, 0.0, seed), 10
            )
            (found,) = search.evaluate([[0.5, 0.5, 0.5]], 2)
            slacks.append(found.slacks[0])
            errors.append(found.slack_errors[0])
        expected = 0.5 / np.sqrt(32) / 0.75
        assert np.std(slacks) == pytest.approx(expected, rel=0.3)
        assert np.mean(errors) == pytest.approx(expected, rel=0.1)
        assert np.mean(slacks) == pytest.approx(0.0, abs=3 * expected / np.sqrt(60))

    def test_a_mean_is_kept_by_its_standard_error(self):
        constraint = Constraint(outcome=NAMES[1], at_most=0.75)
        kept = 0
        for seed in range(200):
            search = search_of(
                ToyProblem(levers(3), [constraint]), ToyEvaluator([shortfall, squares], 0.0, 0.2, seed), 100
            )
            kept += search.evaluate([[0.5, 0.5, 0.5]], 40)[0].feasible
        assert 0.01 < kept / 200 < 0.11  # on the bound: one in twenty

    def test_tails_are_seen_with_more_replications(self):
        objective = Objective(outcome=NAMES[0], sense="minimise", statistic="cvar", worst_share=0.2)
        problem = ToyProblem(levers(1), objective=objective)
        found = solve(problem, "surrogate", 800, progress=False, evaluator=ToyEvaluator([bowl], 0.1, 0.02))
        assert min(c.replications for c in found.candidates) == 16
        assert found.best.values[0] == pytest.approx(CENTRE, abs=0.15)


class TestWhatEveryMethodKeeps:
    @settings(max_examples=8, deadline=None)
    @given(
        method=st.sampled_from(
            ["surrogate", "differential_evolution", "nelder_mead", "cobyqa", "random", "auto"]
        ),
        budget=st.integers(8, 60),
        seed=st.integers(0, 5),
        own=st.sampled_from([0.0, 0.1]),
    )
    def test_budget_and_seed(self, method, budget, seed, own):
        constraint = Constraint(outcome=NAMES[1], at_most=1.5)
        first, again = (
            run(levers(2, 1), [bowl_of_three, squares_of_two], method, budget, [constraint], seed, (0.1, own))
            for _ in range(2)
        )
        assert first.replications <= budget
        assert first.replications == sum(c.replications for c in first.candidates)
        assert first.simulated <= budget + max(32, *(c.replications for c in first.candidates))
        assert first == again
        assert repr(first) == repr(again)
        counts = [(p.evaluations, p.replications) for p in first.history]
        assert counts == sorted(counts)
        assert first.best == first.finalists[0]

    def test_another_seed_searches_elsewhere(self):
        points = {
            run(levers(2), [bowl], m, 40, seed=s).candidates[-1].values for m in ("random",) for s in (1, 2)
        }
        assert len(points) == 2

    def test_duplicates_cost_nothing(self):
        found = run(levers(0, 1, cells=3), [lambda v: v[0]], "differential_evolution", 200)
        assert (found.evaluations, found.replications) == (4, 4)

    def test_what_was_paid_for_is_saved_whatever_happens(self):
        evaluator = ToyEvaluator([bowl])

        def broken(fun, bounds):
            fun(np.full(2, 0.5))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            solve(ToyProblem(levers(2)), broken, 10, progress=False, evaluator=evaluator)
        assert evaluator.saved == 1

    @pytest.mark.parametrize("method", [m for m in ALL_METHODS if m != "enumeration"])
    def test_starts_where_it_is_told(self, method):
        start = [(0.2, 0.9)]
        found = run(levers(2), [bowl], method, 30, start=start)
        assert start[0] in {c.values for c in found.candidates}


def bowl_of_three(v):
    return bowl([*v[:2], v[2] / 10])


def squares_of_two(v):
    return squares(v[:2])


class TestInfeasible:
    def test_names_the_constraint_that_no_policy_keeps(self):
        constraints = [
            Constraint(outcome=NAMES[1], at_most=2.0),
            Constraint(outcome=NAMES[2], at_least=5.0, name="enough"),
        ]
        found = run(levers(2), [bowl, squares, lambda v: sum(v)], budget=60, constraints=constraints)
        assert not found.feasible
        assert found.infeasible.startswith("no policy keeps 'enough': the closest of ")
        assert found.infeasible.endswith("has 2")
        with pytest.raises(ScenarioError, match="no policy keeps 'enough'"):
            found.policy()
        assert "infeasible: no policy keeps 'enough'" in repr(found)

    def test_says_when_it_is_all_of_them_together(self):
        constraints = [
            Constraint(outcome=NAMES[1], at_most=0.5),
            Constraint(outcome=NAMES[2], at_least=1.5, name="enough"),
        ]
        found = run(levers(2), [bowl, squares, lambda v: sum(v)], budget=80, constraints=constraints)
        assert "each constraint can be kept, but none of" in found.infeasible
        assert "\n" not in found.infeasible


class TestChoice:
    @pytest.mark.parametrize(
        ("problem", "holdings", "budget", "method"),
        [
            (ToyProblem(levers(3)), 10, 4000, "differential_evolution"),
            (ToyProblem(levers(3)), 10, 200, "surrogate"),
            (ToyProblem(levers(3)), 10**6, 4000, "surrogate"),
            (ToyProblem(levers(6)), 10, 4000, "surrogate"),
            (ToyProblem(levers(0, 2)), 10**6, 4000, "enumeration"),
        ],
    )
    def test_auto(self, problem, holdings, budget, method):
        chosen, why = choose(search_of(problem, ToyEvaluator([bowl], holdings=holdings), budget))
        assert chosen == method
        assert why


class TestSurrogate:
    def known(self, own: float, count: int = 60):
        problem = ToyProblem(levers(2, 1), [Constraint(outcome=NAMES[1], at_most=1.0)])
        search = search_of(problem, ToyEvaluator([bowl_of_three, squares_of_two], 0.0, own), 10_000)
        found = search.evaluate(np.random.default_rng(1).random((count, 3)), 2)
        return search, Surrogate(search, Cube(problem.levers), found, search.slack_errors(1))

    def test_knows_what_it_has_seen_and_much_between(self):
        search, model = self.known(0.0)
        found = list(search.candidates.values())
        seen = model.predict(np.array([search.point_of(c.values) for c in found]))
        np.testing.assert_allclose(seen[:, 0], [c.gain / 0.5 for c in found], atol=1e-2)
        points = model.cube.snapped(0.1 + 0.8 * np.random.default_rng(2).random((50, 3)))
        true = [(0.5 - bowl_of_three([*p[:2], int(p[2] * 11)])) / 0.5 for p in points]
        np.testing.assert_allclose(model.predict(points)[:, 0], true, atol=0.05)

    def test_misses_no_bound_where_there_is_room(self):
        search, model = self.known(0.0)
        found = list(search.candidates.values())
        seen = model.predict(np.array([search.point_of(c.values) for c in found]))[:, 1]
        true = np.array([c.slacks[0] for c in found])
        clear = np.abs(true) > 0.02
        assert (np.sign(seen[clear]) == np.sign(true[clear])).all()

    def test_is_not_made_from_what_misses_a_bound_by_miles(self):
        """Where a slack runs over a thousand times the room few points are needed, once there are others."""
        problem = ToyProblem(levers(2, 1), [Constraint(outcome=NAMES[1], at_most=1.0)])
        wild = ToyEvaluator([bowl_of_three, lambda v: 0.5 if v[0] < 0.3 else 1000.0 * v[0]])
        search = search_of(problem, wild, 10_000)
        race = Race(search, np.random.default_rng(1), 1e-3, each=1, most=1, reserve=0)
        race.evaluate(np.random.default_rng(2).random((20, 3)))
        few = race.near(np.full(3, 0.5))
        assert len(few) == 12  # 3 for each lever and one more, the wild ones too
        race.evaluate(np.random.default_rng(3).random((60, 3)))
        many = race.near(np.full(3, 0.5))
        assert len(many) == sum(v[0] < 0.3 for v in search.candidates)
        assert all(c.feasible for c in many)
        assert not all(c.feasible for c in few)

    def test_the_box_holds_a_step_of_a_whole_lever(self):
        _, model = self.known(0.0)
        low, high = model.box(np.array([0.5, 1.0, 0.5]), 0.01)
        assert high[1] == 1.0
        assert low[2] <= 0.5 - 1.0 / 11.0 < 0.5 + 1.0 / 11.0 <= high[2]
        assert (high - low)[0] < 0.1

    def test_proposals_are_new_and_promising(self):
        search, model = self.known(0.0)
        best = search.best()[0]
        centre = search.point_of(best.values)
        points = propose(model, centre, best.gain / 0.5, 0.2, 1.0, 4, np.random.default_rng(1))
        assert len(points) == 4 == len(np.unique(points, axis=0))
        assert len(model.new(points)) == 4
        assert search.evaluate(points[:1], 2)[0].merit < best.merit

    def test_proposals_come_from_anywhere_only_if_wanted(self):
        search, model = self.known(0.0)
        best = search.best()[0]
        centre = search.point_of(best.values)
        low, high = model.box(centre, 0.02)
        for anywhere in (False, True):
            points = propose(
                model, centre, best.gain / 0.5, 0.02, 1.0, 4, np.random.default_rng(1), anywhere=anywhere
            )
            outside = ((points < low - 1e-9) | (points > high + 1e-9)).any(axis=1)
            assert outside.any() == anywhere

    def test_the_polish_ends_where_bounds_meet(self):
        """Largest x₀ + x₁ + 0.8·x₂ with x₀ + x₁ ≤ 1 and x₁ + x₂ ≤ 1: at (1, 0, 1), where both bounds meet."""
        held = [Constraint(outcome=name, at_most=1.0) for name in NAMES[1:3]]
        problem = ToyProblem(levers(3, 1), held)
        functions = [lambda v: -v[0] - v[1] - 0.8 * v[2], lambda v: v[0] + v[1], lambda v: v[1] + v[2]]
        search = search_of(problem, ToyEvaluator(functions), 10_000)
        found = search.evaluate(np.random.default_rng(3).random((80, 4)), 1)
        model = Surrogate(search, Cube(problem.levers), found, search.slack_errors(1))
        start = model.cube.snapped(np.array([[0.3, 0.4, 0.2, 0.7]]))[0]
        end = polished(model, start, np.zeros(4), np.ones(4))
        np.testing.assert_allclose(end[:3], [1.0, 0.0, 1.0], atol=0.1)  # as well as the surrogate knows
        assert end[3] == start[3]
        tried = np.random.default_rng(4).random((20_000, 4))
        tried[:, 3] = start[3]
        assert model.score(end[None, :])[0] <= model.score(tried).min()
        near = polished(model, start, start - 0.05, start + 0.05)
        assert (np.abs(near - start) <= 0.05 + 1e-12).all()

    def test_there_is_nothing_to_polish_without_real_levers(self):
        problem = ToyProblem(levers(0, 2))
        search = search_of(problem, ToyEvaluator([lambda v: v[0] + v[1]]), 1000)
        found = search.evaluate(np.random.default_rng(3).random((20, 2)), 1)
        model = Surrogate(search, Cube(problem.levers), found, search.slack_errors(1))
        point = model.cube.snapped(np.array([[0.5, 0.5]]))[0]
        np.testing.assert_array_equal(polished(model, point, np.zeros(2), np.ones(2)), point)

    @given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4))
    def test_the_cube_has_the_levers_places(self, shares):
        made = levers(1, 2, choices=["a", "b", "c"])
        snapped = Cube(made).snapped(np.array([shares]))[0]
        for lever, share, place in zip(made, shares, snapped):
            value = lever.value_at(share)
            assert place == pytest.approx(lever.share_of(value), abs=1e-9)
            assert lever.value_at(float(place)) == value

    def test_neighbours_are_one_step_away(self):
        cube = Cube(levers(1, 2, choices=["a", "b", "c"]))
        here = cube.snapped(np.array([[0.3, 0.0, 0.5, 0.5]]))[0]
        beside = cube.neighbours(here)
        assert len(beside) == 1 + 2 + 2
        assert (np.count_nonzero(beside != here, axis=1) == 1).all()


class TestSeedsAgree:
    """What kept seeds apart: a price ridge along the bound on a ratio that runs over many times its room."""

    @staticmethod
    def earnings(v):
        price, _, stores, agents = v
        return 1.0 - (0.7 * price + 0.1 * stores - 0.15 * (stores - 0.4) ** 2 - 0.01 * agents)

    @staticmethod
    def agents_share(v):
        price, resale, _, agents = v
        return (1.0 + 12.0 * (resale - price)) / (1.0 + agents)

    @staticmethod
    def stores_share(v):
        return 1.0 - 0.5 * (v[1] - 0.6) - 0.3 * (v[2] - 0.4)

    def values(self, seeds, budget, function=None):
        conditions = [Constraint(outcome=name, at_least=0.95) for name in NAMES[1:3]]
        found = [
            run(levers(3, 1, cells=5), [self.earnings, self.agents_share, self.stores_share], "surrogate",
                budget, conditions, seed, (0.01, 0.002))
            for seed in seeds
        ]  # fmt: skip
        return found, np.array([1.0 - self.earnings([float(x) for x in f.best.values]) for f in found])

    def test_on_a_narrow_ridge(self):
        found, reached = self.values(range(1, 4), 100)
        assert all(f.feasible for f in found)
        assert np.ptp(reached) < 0.02 * reached.mean()

    def test_an_ample_budget_is_shared_among_starts(self):
        found = run(levers(3), [many_valleys], budget=300)
        assert len(found.starts) > 1
        assert found.spread >= 0.0
        assert f"{len(found.starts)} starts" in found.agreement
        assert found.agreement in repr(found)
        assert all(found.best.merit <= c.merit + 1e-9 for c in found.starts)

    def test_what_is_too_little_for_a_start_goes_to_further_descents(self, monkeypatch):
        """Then to the last digits; and, last, to the best with more caution."""
        began, descend = [], Race.descend

        def noted(race, size, *given, **options):
            began.append((size, round(race.search.caution / CAUTION, 2)))
            descend(race, size, *given, **options)

        monkeypatch.setattr(Race, "descend", noted)
        (found,), _ = self.values([2], 420)
        assert len(found.starts) == 1
        again = began[1:-4]
        assert began == [(0.4, 1), *again, (0.05, 1), (0.1, 2), (0.1, 2.5), (0.1, 3)]
        assert again
        assert set(again) <= {(0.2, 1), (0.1, 1)}
        assert found.best.merit <= found.starts[0].merit

    def test_the_best_with_more_caution_do_not_buy_a_reference(self, monkeypatch):
        """One that is near has been run often: what they may spend goes to new policies."""
        kept, descend = [], Race.descend

        def noted(race, *given, **options):
            kept.append((race.search.caution > CAUTION, race.keeps_reference))
            descend(race, *given, **options)

        monkeypatch.setattr(Race, "descend", noted)
        self.values([2], 420)
        assert {True, False} == {cautious for cautious, _ in kept}
        assert all(cautious == stays for cautious, stays in kept)

    def test_finalists_keep_further_from_the_conditions_than_the_best(self):
        (found,), _ = self.values([1], 100)
        assert found.finalists[0] == found.best
        caution = 3.0 * 1.645
        assert any(min(c.sure(caution)) >= 0.0 for c in found.finalists)
        assert len(set(c.values for c in found.finalists)) == len(found.finalists)

    def test_one_start_says_so(self):
        (found,), _ = self.values([1], 60)
        assert len(found.starts) == 1
        assert np.isnan(found.spread)
        assert "one start" in found.agreement


class TestNoiseOfSlacks:
    def test_two_replications_borrow_from_all(self):
        problem = ToyProblem(levers(2), [Constraint(outcome=NAMES[1], at_most=1.0, of_base=True)])
        search = search_of(problem, ToyEvaluator([bowl, squares], 0.0, 0.1), 1000)
        found = search.evaluate(np.random.default_rng(1).random((40, 2)), 2)
        own = [search._judge._squares[c.values][0][0] for c in found]
        moderated = np.array([c.slack_errors[0] for c in found])
        assert np.std(np.log(moderated)) < 0.5 * np.std(np.log(np.sqrt(own)))
        assert np.mean(moderated**2) == pytest.approx(np.mean(own) / 2.0, rel=0.05)
        (alone,) = search.evaluate(np.array([[0.111, 0.222]]), 1)
        assert alone.slack_errors[0] == pytest.approx(search.slack_deviations[0], rel=1e-9)


def test_a_budget_too_small_for_one_policy_is_refused():
    with pytest.raises(
        ScenarioError, match="replications = 1: too few to evaluate one policy by 'surrogate'"
    ):
        run(levers(2), [bowl], budget=1, replications_each=2)


def test_budget_spent_is_no_error_of_the_user():
    assert not issubclass(BudgetSpent, ScenarioError)


class LuckByPolicy(ToyEvaluator):
    """The same luck for all policies, which counts by the first lever: neighbours differ by little of it."""

    def sample(self, policies, replications, block="search", first=0):
        found = super().sample(policies, replications, block, first)
        for policy, sample, start in zip(policies, found, np.broadcast_to(first, len(policies))):
            shape = (start + replications, len(self.functions))
            luck = np.random.default_rng([self.seed, 9]).standard_normal(shape)[start:]
            share = next((float(d.scale) for d in policy.density.values()), 0.0)
            sample += 0.2 * (1.0 + share) * luck
        return found


def test_a_reference_makes_more_of_a_budget(monkeypatch):
    """Told by their difference from it, newcomers are known sooner, and the best ends nearer."""
    constraint, functions = Constraint(outcome=NAMES[1], at_most=1.5, of_base=True), [shortfall, squares]

    def gap():
        made = [
            run(levers(3), functions, budget=300, constraints=[constraint], seed=s,
                evaluator=LuckByPolicy(functions, seed=s))
            for s in range(1, 9)
        ]  # fmt: skip
        return np.mean([missed(m, shortfall, 0.5) for m in made])

    with_reference = gap()
    monkeypatch.setattr(Race, "refer", lambda race: None)
    assert with_reference < 0.75 * gap()


class LuckOfSlopes(ToyEvaluator):
    """A draw leans the world: which way is down by the first levers differs from draw to draw."""

    def sample(self, policies, replications, block="search", first=0):
        found = super().sample(policies, replications, block, first)
        for policy, sample, start in zip(policies, found, np.broadcast_to(first, len(policies))):
            lean = np.random.default_rng([self.seed, 8]).standard_normal((start + replications, 3))[start:]
            at = np.array([float(d.scale) for d in policy.density.values()] or [0.0] * 3)
            sample[:, 0] += 0.2 * lean @ (at - 0.5)
        return found


def test_new_points_do_not_share_the_luck_of_one_draw(monkeypatch):
    """A surrogate of one draw's world goes to that world's optimum, however many points it is made of."""

    def gap():
        made = [
            run(
                levers(3),
                [squares_around],
                budget=300,
                seed=s,
                evaluator=LuckOfSlopes([squares_around], seed=s),
            )
            for s in range(1, 9)
        ]
        return np.mean([missed(m, squares_around, 0.0) for m in made])

    apart, evaluate = gap(), Search.evaluate
    monkeypatch.setattr(Search, "evaluate", lambda search, points, n, first=None: evaluate(search, points, n))
    assert apart < 0.5 * gap()


def squares_around(v):
    return 2.0 * sum((x - 0.6) ** 2 for x in v)


class TestReplicationsOfPoints:
    def search(self, draws=8):
        search = search_of(ToyProblem(levers(1)), ToyEvaluator([bowl], 0.3, 0.2), 1000)
        search.draws = draws
        return search

    def test_a_point_keeps_its_own_and_is_given_their_neighbours(self):
        search, had = self.search(), []
        for count in (1, 2, 4, 8, 12):
            (found,) = search.evaluate([[0.3]], count, [5])
            had.append((found.first, found.replications))
        assert had == [(5, 1), (4, 2), (4, 4), (0, 8), (0, 12)]
        assert search.spent == search.evaluator.simulated - 12 == 12  # the baseline's are no part

    def test_a_gain_is_told_from_the_same_replications(self):
        search = self.search()
        (alone,) = search.evaluate([[0.3]], 2, [6])
        whole, base = search.evaluator.sample([alone.policy, search.problem.baseline], 8)
        assert alone.gain == pytest.approx(float(np.mean(base[6:8, 0] - whole[6:8, 0])))
        (other,) = search.evaluate([[0.6]], 8)
        search.refer_to(other.values)
        reference = search.evaluator.sample([other.policy], 8)[0]
        told = search.candidates[alone.values].gain
        assert told == pytest.approx(other.gain + float(np.mean(reference[6:8, 0] - whole[6:8, 0])))

    @given(
        steps=st.lists(st.integers(1, 40), min_size=1, max_size=5),
        first=st.integers(0, 15),
        power=st.integers(0, 4),
    )
    def test_what_was_paid_for_is_never_paid_again(self, steps, first, power):
        search, had = self.search(2**power), set()
        for count in steps:
            (found,) = search.evaluate([[0.3]], count, [min(first, search.draws - 1)])
            has = set(range(found.first, found.first + found.replications))
            assert had <= has
            assert len(has) >= count
            assert search.spent == len(has)
            had = has


def valley(v):
    """The difference of two levers is worth something, but for a valley that it has to cross."""
    along = v[0] - v[1]
    return 2.0 - along + 1.5 * np.exp(-(((along - 0.1) / 0.06) ** 2))


@pytest.mark.parametrize("follows", [True, False])
def test_a_valley_is_crossed_only_if_the_other_levers_follow(monkeypatch, follows):
    """The sum of two levers is held, so that one moved alone breaks a condition."""
    bounds = [Constraint(outcome=NAMES[1], at_most=1.5), Constraint(outcome=NAMES[1], at_least=1.48)]
    if not follows:
        monkeypatch.setattr("channelsim.policy.elsewhere.polished", lambda model, point, low, high: point)
    beyond = []
    for seed in range(1, 6):
        search = search_of(
            ToyProblem(levers(2), bounds), ToyEvaluator([valley, lambda v: 0.5 + v[0] + v[1]]), 1000
        )
        rng = np.random.default_rng(seed)
        race = Race(search, rng, 5e-4, each=1, most=1, reserve=0)
        half = rng.uniform(-0.25, 0.25, (60, 1))
        near = np.hstack([0.5 + half, 0.5 - half]) + 0.02 * rng.standard_normal((60, 2))
        along = near[:, 0] - near[:, 1]
        race.evaluate(np.vstack([rng.random((40, 2)), near[(along < 0.02) | (along > 0.45)].clip(0.0, 1.0)]))
        here = [v for v in race.pool if np.subtract(*search.point_of(v)[:2]) < 0.1]
        race.pool = dict.fromkeys(here)
        cross(race, 0.2, 8, 1000)
        beyond.append(race.best().objective > -1.5)  # 2 on this side, 1 beyond
        assert set(here) < set(race.pool)
    assert sum(beyond) >= 4 if follows else not any(beyond)
