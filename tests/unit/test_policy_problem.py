"""Levers, outcomes and problems: what is admissible, what is refused and how, and what comes out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import channelsim
from channelsim.analysis.results import Result
from channelsim.decisions import Policy
from channelsim.engines.batch import run_batch
from channelsim.errors import ScenarioError, SimulationError
from channelsim.paths import assign
from channelsim.policy.evaluation import BLOCKS, Evaluator, policy_data, policy_key
from channelsim.policy.judging import INFEASIBLE
from channelsim.policy.levers import Lever
from channelsim.policy.outcomes import Outcome
from channelsim.policy.problem import Constraint, Objective, Problem, Uncertainty, varied
from channelsim.policy.search import BudgetSpent, Search
from channelsim.world import build

PRICE = {"path": "terms.wholesale_price", "low": 30.0, "high": 80.0}
MAKER = {"outcome": 'profit(role="manufacturer")'}


def problem(**changes) -> Problem:
    given = {"scenario": "bilateral", "levers": [PRICE], "objective": MAKER}
    return Problem(**(given | {"changes": {"weeks": 60}} | changes))


def noisy(**changes) -> Problem:
    levers = [
        {"path": "terms.wholesale_price", "measure": "scale", "low": 0.9, "high": 1.2},
        {"path": "density.dealers", "integer": True, "low": 4, "high": 24},
    ]
    objective = {"outcome": 'profit(group="maker")'}
    shorter = {"weeks": 30, "warm_up_weeks": 10, "power.measured": False}
    return Problem(
        **({"scenario": "density", "levers": levers, "objective": objective, "changes": shorter} | changes)
    )


@pytest.fixture(scope="module")
def totals():
    channel = build(channelsim.Scenario.from_library("density").replace(**noisy().changes))
    policies = [Policy(name="base"), Policy(name="few", density={"dealers": {"per_territory": 6}})]
    return run_batch(channel, policies, 3, 7)


class TestOutcome:
    def test_is_the_metric_of_the_result(self, totals):
        result = Result.from_totals(totals)
        expected = result.by_group["profit"].sel(group="dealers").values
        np.testing.assert_array_equal(Outcome('profit(group="dealers")').values(totals), expected)
        np.testing.assert_array_equal(Outcome("fill_rate").values(totals), result.metrics["fill_rate"].values)

    def test_adds_and_divides_replication_by_replication(self, totals):
        maker, both = Outcome('profit(group="maker")'), Outcome("channel_profit")
        share = Outcome('100 * profit(group="maker") / channel_profit - 1')
        np.testing.assert_allclose(share.values(totals), 100 * maker.values(totals) / both.values(totals) - 1)

    @pytest.mark.parametrize("name", ["min", "max", "sum", "mean"])
    def test_reduces_over_labels(self, totals, name):
        result = Result.from_totals(totals)
        expected = getattr(np, name)(result.by_group["profit"].values, axis=-1)
        np.testing.assert_allclose(Outcome(f'{name}(profit(group="*"))').values(totals), expected)

    def test_mixes_labels_and_the_whole(self, totals):
        least = Outcome('min(profit(group="*") / channel_profit)')
        expected = Outcome('min(profit(group="*"))').values(totals) / Outcome("channel_profit").values(totals)
        np.testing.assert_allclose(least.values(totals), expected)

    @pytest.mark.parametrize(
        ("text", "unit"),
        [
            ('min(profit(group="*"))', "money per week"),
            ("profit / revenue", "–"),
            ("-profit + 0.1 * finance_cost", "money per week"),
            ('profit(group="stores") / active_members(group="stores")', "money per week and member"),
            ("revenue / sell_through", "money per unit"),
            ("fill_rate * profit / 2", "money per week"),
            ("profit / fill_rate", "money per week"),
            ("(economic_satisfaction + social_satisfaction) / 2", "scale 0–1"),
            ("profit / trust", ""),
            ("profit + sell_in", ""),
            ("profit * revenue", ""),
            ("average_stock / sell_through", ""),
            ("1 / profit", ""),
        ],
    )
    def test_has_the_unit_of_its_metrics(self, text, unit):
        assert Outcome(text).unit == unit

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("profits", "did you mean 'profit'"),
            ("profit(", "is no expression"),
            ("__import__('os')", "is unknown"),
            ("profit.x", "is neither a number"),
            ("profit ** 2", "is neither a number"),
            ('profit(grp="a")', "grouping 'grp' is unknown"),
            ('profit("a")', 'write profit(group="name")'),
            ('channel_profit(role="retailer")', "grouping of channel_profit"),
            ('profit(group="*")', "a number for every label"),
            ("min(profit)", "takes a metric of all labels"),
            ("3 + 4", "names no metric"),
        ],
    )
    def test_refuses_in_one_line(self, text, said):
        with pytest.raises(ScenarioError) as error:
            Outcome(text)
        assert said in str(error.value)
        assert "\n" not in str(error.value)

    def test_refuses_a_label_that_the_channel_does_not_have(self):
        with pytest.raises(ScenarioError, match="'makr' is unknown; did you mean 'maker'"):
            problem(objective={"outcome": 'profit(group="makr")'}).check()


class TestLever:
    @given(share=st.floats(0, 1), low=st.integers(-5, 5), width=st.integers(1, 9))
    def test_whole_numbers_have_equal_cells(self, share, low, width):
        lever = Lever(path="density.store", integer=True, low=low, high=low + width)
        value = lever.value_at(share)
        assert isinstance(value, int)
        assert low <= value <= low + width
        assert lever.value_at(lever.share_of(value)) == value
        assert lever.steps == width + 1

    @given(share=st.floats(0, 1))
    def test_shares_and_values_agree(self, share):
        lever = Lever(**PRICE)
        assert lever.share_of(lever.value_at(share)) == pytest.approx(share, abs=1e-9)
        assert lever.value_at(lever.share_of(lever.value_at(share))) == lever.value_at(share)

    def test_a_rounding_short_of_a_bound_is_the_bound(self):
        lever = Lever(path="terms.cooperative_share", low=0.0, high=0.8)
        assert [lever.value_at(x) for x in (4e-17, 1e-6, 1.0 - 1e-12)] == [0.0, 8e-7, 0.8]

    def test_takes_bounds_and_unit_from_the_schema(self):
        lever = Lever(path="terms.wholesale_price", high=9.0)
        assert lever.unit == "money per unit"
        assert lever.bounds() == (0.0, 9.0)
        assert Lever(path="terms.buyback.credit").bounds() == (0.0, 1.0)

    @pytest.mark.parametrize(
        ("path", "unit"),
        [("terms.buyback.credit", "share"), ("terms.cooperative_share", "share"),
         ("terms.target_rebate.steps.0.rebate", "share"), ("terms.target_rebate.steps.0.threshold", ""),
         ("terms.minimum_order", "units"), ("density.store", "members")],
    )  # fmt: skip
    def test_of_shares_the_unit_says_so(self, path, unit):
        """They are told in per cent."""
        assert Lever(path=path).unit == unit

    def test_choices_are_places(self):
        lever = Lever(path="terms.case_size", choices=[1, 6, 12])
        assert [lever.value_at(x) for x in (0.0, 0.5, 1.0)] == [1, 6, 12]
        assert lever.share_of(12) == pytest.approx(5 / 6)

    def test_of_the_focal_firm_moves_its_own_contracts_only(self):
        lever = {"path": "terms.wholesale_price", "measure": "scale", "low": 0.9, "high": 1.1}
        policy = Problem(
            scenario="appliances", levers=[lever], objective={"outcome": 'profit(group="Aurora")'}
        ).policy([0.95])
        assert [change.supplier for change in policy.terms] == ["Aurora"]
        channel = build(channelsim.Scenario.from_library("appliances"))
        moved = channel.apply(policy).base != channel.apply().base
        assert moved.any()

    def test_levers_of_one_contract_make_one_change(self):
        levers = [
            {"path": "terms.wholesale_price", "low": 1.0, "high": 9.0},
            {"path": "terms.case_size", "choices": [1.0, 6.0]},
            {"path": "density.store", "measure": "scale", "low": 0.0, "high": 1.0},
        ]
        made = problem(levers=levers).policy([5.0, 6.0, 1.0])
        assert len(made.terms) == 1
        assert (made.terms[0].wholesale_price, made.terms[0].case_size) == (5.0, 6.0)
        assert made.density["store"].scale == 1.0

    def test_density_by_territory(self):
        lever = {"path": "density.independents", "measure": "scale", "low": 0.5, "high": 1.5}
        levers = [lever | {"territory": kind} for kind in ("tier_1", "tier_2")]
        given = {"scenario": "appliances", "levers": levers, "objective": {"outcome": "channel_profit"}}
        made = Problem(**given).policy([0.5, 1.5])
        assert made.density["independents"].scale == {"tier_1": 0.5, "tier_2": 1.5}

    @pytest.mark.parametrize(
        ("lever", "said"),
        [
            ({"path": "wholesale_price"}, "write density.<group>"),
            ({"path": "terms.wholesale_price", "low": 5.0, "high": 5.0}, "is not below"),
            ({"path": "density.store", "measure": "scale", "low": 0.0}, "is unbounded; give high"),
            ({"path": "terms.wholesale_price"}, "is unbounded; give high"),
            ({"path": "density.store", "low": 0.2, "high": 0.8, "integer": True}, "no room"),
            ({"path": "terms.case_size", "choices": [1]}, "at least two"),
            ({"path": "terms.case_size", "choices": [1, 2], "low": 1.0}, "has no bounds"),
            ({"path": "density.store", "low": 0.0, "high": 2.0, "brand": "A"}, "selects contracts"),
            (
                {"path": "terms.case_size", "low": 0.0, "high": 2.0, "measure": "scale"},
                "give the value itself",
            ),
        ],
    )
    def test_refuses_in_one_line(self, lever, said):
        with pytest.raises(ScenarioError, match=said) as error:
            problem(levers=[lever])
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("lever", "said"),
        [
            ({"path": "terms.wholesale_prise", "low": 1.0, "high": 2.0}, "no field 'wholesale_prise'"),
            (
                {"path": "density.shops", "low": 1.0, "high": 2.0},
                "no group 'shops'; admissible: maker, store",
            ),
            ({"path": "terms.wholesale_price", "low": 1.0, "high": 2.0, "buyer": "shop"}, "supplies 'shop'"),
            ({"path": "influence.plea.intensity", "low": 0.1, "high": 1.0}, "no attempt 'plea'"),
        ],
    )
    def test_refuses_what_leads_nowhere_when_the_problem_is_checked(self, lever, said):
        with pytest.raises(ScenarioError, match=said):
            problem(levers=[lever]).check()

    def test_refuses_what_the_scenario_cannot_feel(self):
        lever = {"path": "density.store", "measure": "scale", "low": 0.6, "high": 1.0}
        with pytest.raises(ScenarioError, match=r"density.store scale.*cannot feel it: 0.6 and 1.0"):
            problem(levers=[lever]).check()

    def test_refuses_a_density_above_what_is_built(self):
        lever = {"path": "density.store", "low": 1, "high": 3, "integer": True}
        with pytest.raises(ScenarioError, match="maximum_scale"):
            problem(levers=[lever]).check()


class TestStatistics:
    sample = np.array([4.0, 1.0, 3.0, 2.0])

    def test_mean_worst_share_and_probability(self):
        assert Objective(**MAKER).value(self.sample) == 2.5
        assert Objective(**MAKER, statistic="cvar", worst_share=0.5).value(self.sample) == 1.5
        assert (
            Objective(**MAKER, statistic="cvar", worst_share=0.5, sense="minimise").value(self.sample) == -3.5
        )
        assert Objective(**MAKER, statistic="probability", at_least=2.0).value(self.sample) == 0.75

    def test_slack_is_what_the_bound_leaves(self):
        base = np.full(4, 2.0)
        assert Constraint(**MAKER, at_least=2.0).slack(self.sample, base) == 0.5
        assert Constraint(**MAKER, at_most=2.0).slack(self.sample, base) == -0.5
        assert Constraint(**MAKER, at_least=0.5, of_base=True).slack(self.sample, base) == 1.5
        chance = Constraint(**MAKER, at_least=2.0, statistic="probability", probability=0.9)
        assert chance.slack(self.sample, base) == pytest.approx(-0.15)

    def test_contradictory_constraints_are_refused(self):
        pair = [MAKER | {"at_least": 5.0}, MAKER | {"at_most": 4.0}]
        with pytest.raises(ScenarioError, match="at least 5 and at most 4"):
            problem(constraints=pair)

    def test_one_bound_each(self):
        with pytest.raises(ScenarioError, match="give one of at_least, at_most"):
            problem(constraints=[MAKER])

    def test_two_levers_of_one_name_are_refused(self):
        with pytest.raises(ScenarioError, match="occurs twice"):
            problem(levers=[PRICE, PRICE])


class TestProblem:
    def test_comes_back_from_its_file(self, tmp_path):
        made = problem(constraints=[MAKER | {"at_least": 0.9, "of_base": True}], name="mine")
        made.save(tmp_path / "mine.toml")
        assert Problem.load(tmp_path / "mine.toml") == made

    def test_finds_a_scenario_beside_its_file(self, tmp_path):
        channelsim.Scenario.from_library("bilateral").save(tmp_path / "own.toml")
        problem(scenario="own.toml").save(tmp_path / "p.toml")
        assert Problem.load(tmp_path / "p.toml").channel.scenario.name == "bilateral"
        problem(scenario="../own.toml").save(tmp_path / "p.toml")
        outside = Problem.load(tmp_path / "p.toml")
        with pytest.raises(ScenarioError, match="name a file in the problem's folder"):
            _ = outside.channel

    def test_uncertainties_are_fields_of_the_scenario(self):
        scenario = channelsim.Scenario.from_library("bilateral")
        scaled = varied(scenario, [Uncertainty(path="demand.intercept", low=0.9, high=1.1)], [0.9])
        assert scaled.demand.intercept == pytest.approx(90.0)
        shares = {"path": "segments.price-minded.share", "low": 0.8, "high": 1.2}
        with pytest.raises(ScenarioError, match=r"at 0\.8: .*shares sum to 0\.96"):
            noisy(uncertainties=[shares]).check()
        nowhere = Uncertainty(path="demand.intercepts", low=0.9, high=1.1, measure="value")
        with pytest.raises(ScenarioError, match="no field 'intercepts'"):
            varied(scenario, [nowhere], [0.9])


class TestEvaluator:
    def test_is_what_simulate_gives_in_the_search_block(self):
        made = noisy()
        policies = [made.policy([1.0, 12]), made.policy([1.1, 8])]
        found = Evaluator(made.channel, made.outcomes, seed=3).sample(policies, 4)
        named = [p.model_copy(update={"name": f"n{k}"}) for k, p in enumerate(policies)]
        result = channelsim.simulate(made.channel, named, 4, seed=3, progress=False)
        np.testing.assert_array_equal(found[..., 0], result.by_group["profit"].sel(group="maker").values)

    def test_runs_only_what_is_missing(self):
        made = noisy()
        policy = made.policy([1.0, 12])
        evaluator = Evaluator(made.channel, made.outcomes)
        first = evaluator.sample([policy], 2)
        more = evaluator.sample([policy, policy], 5)
        assert evaluator.simulated == 5
        np.testing.assert_array_equal(more[0, :2], first[0])
        np.testing.assert_array_equal(more[0], more[1])
        np.testing.assert_array_equal(Evaluator(made.channel, made.outcomes).sample([policy], 5), more[:1])

    def test_replications_may_begin_anywhere_and_leave_gaps(self, tmp_path):
        made, kept = noisy(), tmp_path / "kept.nc"
        policies = [made.policy([1.0, 12]), made.policy([1.1, 8])]
        whole = Evaluator(made.channel, made.outcomes).sample(policies, 6)
        evaluator = Evaluator(made.channel, made.outcomes, archive=kept)
        found = evaluator.sample(policies, 2, first=[3, 1])
        np.testing.assert_array_equal(found, [whole[0, 3:5], whole[1, 1:3]])
        assert [row["replications"] for row in evaluator.evaluations()] == [2, 2]
        evaluator.save()
        again = Evaluator(made.channel, made.outcomes, archive=kept)
        np.testing.assert_array_equal(again.sample(policies, 2, first=[3, 1]), found)
        assert again.simulated == 0
        np.testing.assert_array_equal(again.sample(policies, 6), whole)
        assert again.simulated == 8

    def test_blocks_have_draws_of_their_own(self):
        made = noisy()
        evaluator = Evaluator(made.channel, made.outcomes)
        samples = [evaluator.sample([made.policy([1.0, 12])], 2, block) for block in BLOCKS]
        assert len({s.tobytes() for s in samples}) == len(BLOCKS)

    def test_an_archive_spares_what_it_keeps(self, tmp_path):
        made, kept = noisy(), tmp_path / "kept.nc"
        policies = [made.policy([1.0, 12]), made.policy([1.1, 8])]
        first = Evaluator(made.channel, made.outcomes, archive=kept)
        values = first.sample(policies, 3)
        first.save()
        again = Evaluator(made.channel, made.outcomes, archive=kept)
        np.testing.assert_array_equal(again.sample(policies, 3), values)
        assert again.simulated == 0
        assert {row["policy"] for row in again.evaluations()} == {policy_data(p) for p in policies}

    def test_an_interruption_loses_no_finished_batch(self, tmp_path, monkeypatch):
        made, kept = noisy(), tmp_path / "kept.nc"
        monkeypatch.setattr("channelsim.policy.evaluation.POLICIES_AT_A_TIME", 1)
        policies = [made.policy([1.0, n]) for n in (4, 5, 6)]
        evaluator = Evaluator(made.channel, made.outcomes, archive=kept)
        finished = []

        def interrupt(done: int) -> None:
            finished.append(done)
            if sum(finished) > 2 * 2:
                raise KeyboardInterrupt

        evaluator.advance = interrupt
        with pytest.raises(KeyboardInterrupt):
            evaluator.sample(policies, 2)
        assert len(Evaluator(made.channel, made.outcomes, archive=kept).evaluations()) == 2

    @pytest.mark.parametrize(
        ("change", "said"), [({"seed": 2}, "another seed"), ({"outcomes": ("revenue",)}, "other outcomes")]
    )
    def test_an_archive_of_something_else_is_refused(self, tmp_path, change, said):
        made, kept = problem(), tmp_path / "kept.nc"
        given = {"channel": made.channel, "outcomes": made.outcomes, "archive": kept}
        first = Evaluator(**given)
        first.sample([made.policy([50.0])], 1)
        first.save()
        with pytest.raises(ScenarioError, match=said):
            Evaluator(**(given | change))

    def test_a_file_that_is_no_archive_is_refused(self, tmp_path):
        (tmp_path / "x.nc").write_text("no archive")
        made = problem()
        with pytest.raises(ScenarioError, match="is no archive of evaluations"):
            Evaluator(made.channel, made.outcomes, archive=tmp_path / "x.nc")

    def test_an_undefined_outcome_stops_and_says_where(self):
        made = problem(levers=[{"path": "density.store", "integer": True, "low": 0, "high": 1}])
        evaluator = Evaluator(made.channel, ["fill_rate"])
        with pytest.raises(
            SimulationError, match="policy 'policy', replication 0, weeks 52 to 59: fill_rate"
        ):
            evaluator.sample([made.policy([0])], 1)

    def test_the_name_is_no_part_of_a_policy_s_identity(self):
        made = problem()
        assert policy_key(made.policy([50.0], "a")) == policy_key(made.policy([50.0], "b"))
        assert policy_key(made.policy([50.0])) != policy_key(made.policy([51.0]))


class TestSearch:
    def search(self, budget: int = 100, **changes) -> Search:
        made = problem(**changes)
        return Search(made, Evaluator(made.channel, made.outcomes), budget)

    def test_orders_feasible_before_infeasible(self):
        half = {"outcome": 'profit(role="retailer")', "at_least": 0.9, "of_base": True}
        search = self.search(constraints=[half])
        found = search.evaluate([[0.0], [0.5], [0.6], [0.7], [1.0]], 1)
        assert [c.feasible for c in found] == [True, True, True, False, False]
        assert search.best()[0].values == (60.0,)
        assert found[3].merit < found[4].merit  # nearer to feasible
        assert found[4].slacks[0] < found[3].slacks[0] < 0.0
        assert found[4].merit > INFEASIBLE

    def test_the_budget_counts_replications_once(self):
        search = self.search(budget=10)
        search.evaluate([[0.1], [0.1], [0.2]], 2)
        assert search.spent == 4
        search.evaluate([[0.1]], 5)
        assert (search.spent, search.left) == (7, 3)
        with pytest.raises(BudgetSpent):
            search.evaluate([[0.3], [0.4]], 2)
        assert search.spent == 9
        assert search.problem.levers[0].value_at(0.3) in {c.values[0] for c in search.candidates.values()}

    def test_the_baseline_is_no_part_of_the_budget(self):
        search = self.search()
        search.evaluate([[0.6]], 3)
        assert search.spent == 3
        assert search.baseline.replications == 3
        assert search.baseline.objective == pytest.approx(search.best()[0].objective)

    def test_notes_its_progress(self):
        search = self.search()
        search.evaluate([[0.2]], 1)
        search.evaluate([[0.6], [0.9]], 1)
        assert [p.evaluations for p in search.history] == [1, 3]
        assert search.history[1].best > search.history[0].best


class TestPathsIntoLists:
    def test_a_position_past_the_end_is_a_new_item(self):
        data = {}
        assign(data, "steps.0.discount", 0.02, extend=True)
        assign(data, "steps.1.discount", 0.04, extend=True)
        assign(data, "steps.0.threshold", 2.0, extend=True)
        assert data == {"steps": [{"discount": 0.02, "threshold": 2.0}, {"discount": 0.04}]}

    def test_a_gap_and_a_path_through_a_number_are_refused(self):
        with pytest.raises(ScenarioError, match=r"steps\.2.*'2' is not there; admissible: positions 0 to 0"):
            assign({"steps": [{}]}, "steps.2.discount", 0.1, extend=True)
        with pytest.raises(ScenarioError, match=r"steps\.0.*steps is a value, not a part"):
            assign({"steps": 3.0}, "steps.0.discount", 0.1, extend=True)
