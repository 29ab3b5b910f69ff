"""The channel plan: found, compared, assessed and written; the same from the same seed."""

import inspect
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from channelsim import Scenario, cli
from channelsim.analysis.estimators import Estimate
from channelsim.decisions import Policy
from channelsim.engines.driver import Driver
from channelsim.policy.changes import Change, by_worth, changes_of, value_now
from channelsim.policy.choose import unique_names
from channelsim.policy.defaults import downstream, problem_of, profit_of
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.plan import BASELINE, RECOMMENDED, Effort, PlanError, make_plan
from channelsim.policy.plan_evidence import method, trade_offs
from channelsim.policy.plan_report import plan_files, plan_json, write_plan
from channelsim.policy.plan_words import headlines
from channelsim.policy.problem import Problem
from channelsim.policy.stages import Stages
from channelsim.world import build

SMALL = Effort(
    search=60, selection=8, report=8, levers=2, batches=3, batch_replications=2, relations=1, trade_off=4,
    trade_off_search=8, variants=2, yardstick=2,
)  # fmt: skip
PER_DEALER = 'profit(group="dealers") / active_members(group="dealers")'


def problem(**changes) -> Problem:
    given = {
        "scenario": "density",
        "changes": {"weeks": 40, "warm_up_weeks": 20, "members.dealers.maximum_scale": 1.25},
        "levers": [
            {"path": "terms.wholesale_price", "measure": "scale", "low": 0.9, "high": 1.3, "name": "price"},
            {"path": "density.dealers", "integer": True, "low": 6, "high": 30, "name": "dealers"},
        ],
        "objective": {"outcome": 'profit(chain="maker")'},
        "constraints": [{"outcome": PER_DEALER, "at_least": 0.9, "of_base": True, "name": "willing dealers"}],
        "uncertainties": [{"path": "territories.city.buyers", "low": 0.8, "high": 1.2}],
        "trade_offs": [{"outcome": PER_DEALER, "name": "profit per dealer"}],
    }
    return Problem(**(given | changes))


@pytest.fixture(scope="module")
def plan():
    return make_plan(problem(), SMALL, seed=2, workers=1, progress=False)


class TestThePlan:
    def test_is_better_than_now_and_keeps_its_conditions(self, plan):
        assert plan.assessment.better
        assert plan.assessment.feasible
        assert plan.policy.name == RECOMMENDED
        assert plan.problem.policy(list(plan.values.values()), RECOMMENDED) == plan.policy

    def test_its_result_is_that_of_the_report(self, plan):
        assert plan.result.policies == (BASELINE, RECOMMENDED)
        found = plan.result.difference(BASELINE, "chain", ["profit"]).set_index("chain").loc["maker"]
        assert found["difference"] == pytest.approx(float(plan.assessment.difference.value), rel=1e-12)

    def test_is_the_same_on_any_number_of_workers(self, plan, tmp_path):
        again = make_plan(problem(), SMALL, seed=2, workers=3, progress=False)
        assert plan_json(again) == plan_json(plan)
        assert repr(again.frontiers) == repr(plan.frontiers)
        for k, made in enumerate((plan, again)):
            made.policy.save(tmp_path / f"{k}.toml")
        assert (tmp_path / "0.toml").read_bytes() == (tmp_path / "1.toml").read_bytes()

    def test_another_seed_is_worth_the_same(self, plan):
        other = make_plan(problem(), SMALL, seed=3, workers=1, progress=False)
        here, there = plan.assessment.difference, other.assessment.difference
        room = 3.0 * (here.standard_error**2 + there.standard_error**2) ** 0.5
        assert abs(here.value - there.value) < room + 0.02 * abs(plan.assessment.value.value)

    def test_goes_on_from_its_archive_and_simulates_nothing(self, plan, tmp_path, monkeypatch):
        kept = tmp_path / "kept.nc"
        made = make_plan(problem(), SMALL, seed=2, archive=kept, workers=1, progress=False)

        def refuse(*_, **__):
            raise AssertionError("a finished plan was simulated again")

        monkeypatch.setattr(Driver, "run", refuse)
        monkeypatch.setattr("channelsim.policy.trade_offs.search_levels", refuse)
        again = make_plan(problem(), SMALL, seed=2, archive=kept, workers=1, progress=False)
        assert again.solution.simulated == 0
        assert plan_json(again) == plan_json(plan)
        assert again.assessment.effects == made.assessment.effects
        assert again.yardstick.losses() == made.yardstick.losses()
        assert plan_files(again) == plan_files(made)
        assert repr(again.explored) == repr(made.explored) == repr(plan.explored)

    def test_searches_at_the_levels_of_its_trade_offs_within_their_budget(self, plan):
        had = {c.values: c.replications for c in plan.solution.candidates}
        spent = [c.replications - had.get(c.values, 0) for c in plan.explored]
        assert min(spent) > 0
        assert 8 <= sum(spent) <= 4 * SMALL.trade_off_search

    def test_a_stage_of_something_else_is_not_taken(self, tmp_path):
        stages = Stages(tmp_path / "kept.nc", {"seed": 1})
        assert stages.value("odd", {"n": 1}, lambda: (1.5, "a", None)) == (1.5, "a", None)
        assert stages.value("odd", {"n": 1}, lambda: "anew") == (1.5, "a", None)
        assert stages.value("odd", {"n": 2}, lambda: "anew") == "anew"
        assert Stages(tmp_path / "kept.nc", {"seed": 2}).value("odd", {"n": 1}, lambda: "anew") == "anew"
        for path in (tmp_path / "kept.stages").iterdir():
            path.write_text("{", encoding="utf-8")
        assert stages.value("odd", {"n": 1}, lambda: "anew") == "anew"
        assert Stages(None, {}).value("odd", {"n": 1}, lambda: "anew") == "anew"

    def test_says_which_condition_cannot_be_met(self):
        impossible = [{"outcome": "fill_rate", "at_least": 1.5, "name": "more than all"}]
        with pytest.raises(PlanError, match="no policy keeps 'more than all': the closest"):
            make_plan(problem(constraints=impossible), SMALL, workers=1, progress=False)

    def test_says_what_it_says_in_one_line_each(self, plan):
        told = headlines(plan, "yuan")
        assert told[0].startswith("Recommended: ")
        assert "Profit of maker: +" in told[1]
        assert "yuan per week" in told[1]
        assert any("shown to be kept" in line for line in told)
        assert not any("\n" in line for line in told)


class TestWhatItChanges:
    def levers(self, **more):
        rebate = {"measure": "plan", "weeks": 13, "steps": [{"threshold": 1.0, "rebate": 0.0}]}
        return problem(
            template={"name": "template", "terms": [{"supplier": "maker", "target_rebate": rebate}]},
            levers=[
                {
                    "path": "terms.wholesale_price",
                    "measure": "scale",
                    "low": 0.9,
                    "high": 1.3,
                    "name": "price",
                },
                {"path": "terms.target_rebate.steps.0.rebate", "low": 0.0, "high": 0.1, "name": "rebate"},
                {"path": "terms.target_rebate.steps.0.threshold", "low": 0.8, "high": 1.2, "name": "target"},
            ],
            **more,
        )

    def told(self, values, replications=2):
        own = self.levers()
        return changes_of(
            own, values, Evaluator(own.channel, own.outcomes, 1, workers=1), replications=replications
        )

    def test_the_target_of_no_rebate_is_no_change(self):
        price, rebate, target = self.told([1.1, 0.0, 1.1])
        assert target.idle == "no effect: the target rebate is 0"
        assert target.now is None
        assert not target.changes
        assert not rebate.changes
        assert by_worth([price, rebate, target]) == [price]
        assert self.told([1.1, 0.05, 1.1])[2].changes

    def test_worth_is_what_leaving_it_as_now_costs(self):
        own = self.levers()
        evaluator = Evaluator(own.channel, own.outcomes, 1, workers=1)
        price = changes_of(own, [1.1, 0.0, 1.1], evaluator, replications=3)[0]
        both = evaluator.sample([own.policy([1.1, 0.0, 1.1]), own.policy([1.0, 0.0, 1.1])], 3, "report")
        assert price.worth.value == pytest.approx(float((both[0, :, 0] - both[1, :, 0]).mean()), rel=1e-12)
        assert price.worth.value > 0.0

    def test_the_most_important_come_first_and_the_rest_is_counted(self, plan):
        lever = plan.problem.levers[0]
        worths = [None, 1.0, -5.0, 3.0, 2.0, 0.5, 4.0]
        changes = [
            Change(
                lever.model_copy(update={"name": f"lever {k}"}),
                1.0,
                1.1,
                worth and Estimate(worth, 0, 0, 0, 4),
                "",
            )
            for k, worth in enumerate(worths)
        ]
        told = headlines(replace(plan, changes=tuple(changes)))[0]
        assert told == (
            "Recommended: lever 2 +10\u00a0%, lever 6 +10\u00a0%, lever 3 +10\u00a0%, lever 4 +10\u00a0% and "
            "3 further changes."
        )
        nothing = [c._replace(value=1.0) for c in changes]
        assert headlines(replace(plan, changes=tuple(nothing)))[0].endswith("leave everything as it is.")


def test_names_of_finalists_differ():
    names = unique_names(["a", "b", "a", "finalist 1", "a"])
    assert names == ["finalist 2", "b", "finalist 3", "finalist 1", "finalist 4"]
    assert unique_names(["a", "b"]) == ["a", "b"]


@pytest.fixture(scope="module")
def folder(plan, tmp_path_factory):
    out = tmp_path_factory.mktemp("plans") / "plan"
    write_plan(plan, out, "channelsim plan density", "yuan")
    return out


class TestItsReport:
    def test_needs_nothing_else(self, folder):
        page = (folder / "plan.html").read_text(encoding="utf-8")
        assert "http" not in page.replace("http://www.w3.org", "")
        assert "<script" not in page

    @pytest.mark.parametrize(
        "section",
        ["What to decide", "What it brings", "Who earns the profit", "Who wins and who loses", "Trade-off",
         "How sure the choice is", "If things are otherwise", "Power and relations",
         "What the channel could earn", "How it was found"],
    )  # fmt: skip
    def test_has_every_section(self, folder, section):
        assert f"<h2>{section}" in (folder / "plan.html").read_text(encoding="utf-8")
        assert f"## {section}" in (folder / "plan.md").read_text(encoding="utf-8")

    def test_says_how_far_apart_the_starts_came_out(self, plan, folder):
        assert "start" in plan.solution.agreement
        assert plan.solution.agreement in (folder / "plan.md").read_text(encoding="utf-8")

    def test_says_how_trade_offs_were_searched(self, plan, folder):
        told = (folder / "plan.md").read_text(encoding="utf-8")
        assert "At every level but the first a search with 8 replications" in told
        assert "For the trade-offs " in told
        bare = replace(plan, effort=replace(SMALL, trade_off_search=0), explored=())
        (section,) = trade_offs(bare, "yuan")
        assert "Only what the search for this plan has seen" in section.text
        assert "For the trade-offs" not in method(bare).text

    def test_says_why_a_policy_that_keeps_its_conditions_may_have_a_ring(self, plan):
        (line,) = plan.frontiers
        own = plan.selection.winner.values

        def told(verdict, kept):
            checks = tuple(k._replace(verdict=verdict) for k in plan.assessment.constraints)
            points = tuple(p._replace(kept=kept or p.values != own) for p in line.points)
            made = replace(
                plan,
                assessment=replace(plan.assessment, constraints=checks),
                frontiers=(line._replace(points=points),),
            )
            return trade_offs(made, "yuan")[0].text

        assert "8 replications of this report; 4 are too few" in told("kept", False)
        assert "too few" not in told("kept", True)
        assert "too few" not in told("not shown", False)

    def test_its_files_make_it_again(self, plan, folder):
        assert Policy.load(folder / "plan.toml") == plan.policy
        again = Problem.load(folder / "problem.toml")
        assert again.levers == plan.problem.levers
        assert again.channel.scenario == plan.problem.channel.scenario
        for name in ("candidates", "stakeholders", "finalists", "effect"):
            assert (folder / "data" / f"{name}.csv").is_file()


class TestByRule:
    def test_a_plan_moves_only_what_the_focal_firm_decides(self):
        scenario = Scenario.from_library("pxy")
        found = problem_of(scenario)
        suppliers = {lever.supplier for lever in found.levers if lever.group == "terms"}
        assert suppliers == {"P"}
        assert found.objective.outcome == 'profit(chain="P")'
        assert downstream(scenario)[:2] == ["X", "Y"]

    def test_the_library_s_own_problem_is_taken(self):
        scenario = Scenario.from_library("appliances").replace(weeks=60)
        found = problem_of(scenario)
        assert found.name == "Aurora's channel plan"
        assert len(found.levers) >= 8
        assert found.channel.scenario == scenario.replace(**found.changes)

    def test_profit_of_a_firm_without_members_is_refused(self):
        channel = build(Scenario.from_library("bilateral"))
        with pytest.raises(ValueError, match="no member belongs to it"):
            profit_of("nobody", channel)

    def test_where_a_lever_stands_now(self):
        found = problem_of(Scenario.from_library("appliances"))
        now = {lever.label: value_now(lever, found.channel.scenario) for lever in found.levers}
        assert now["distributors per tier-1 city"] == 3
        assert now["Aurora's price list"] == 1.0
        assert now["refund for obsolete stock"] == 0.0


class TestTheCommand:
    run = ("plan", "density", "--set", "weeks=40", "--set", "warm_up_weeks=20", "--budget", "24")

    def test_writes_the_plan(self, tmp_path):
        out = tmp_path / "plan"
        done = CliRunner().invoke(cli.app, [*self.run, "--replications", "4", "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert (out / "plan.html").is_file()
        assert "Recommended: " in done.stdout

    def test_json_does_not_depend_on_workers(self):
        told = [
            CliRunner().invoke(cli.app, [*self.run, "--replications", "4", "--workers", n, "--json"]).stdout
            for n in ("1", "2")
        ]
        assert told[0] == told[1]
        assert json.loads(told[0])["levers"]

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["plan", "nope"], "neither a file nor in the library"),
            (["plan", "density", "--budget", "0"], "--budget = 0"),
            (["plan", "density", "--trade-off-search", "-1"], "--trade-off-search = -1"),
            (["plan", "density", "--problem", "nope.toml"], "nope.toml: no such file"),
            (["plan", "density", "--method", "magic"], "method = 'magic'"),
            (["plan", "beer_game"], "can be felt"),
        ],
    )
    def test_bad_input_is_one_line(self, args, said):
        done = CliRunner().invoke(cli.app, args)
        assert done.exit_code == 2
        assert said in done.stderr
        assert done.stderr.splitlines()[-1].startswith("error: ")


def test_the_command_searches_as_much_as_python_does():
    asked = {name: p.default for name, p in inspect.signature(cli.plan).parameters.items()}
    effort = Effort()
    assert asked["budget"] == effort.search
    assert asked["replications"] == effort.report
    assert asked["trade_off_search"] == effort.trade_off_search
