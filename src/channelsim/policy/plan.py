"""The yearly channel plan: from a problem to a recommended policy with its honest effect (T33, T35).

Search on one block of draws; finalists compared on a second until they separate; the chosen policy beside
the baseline on a third, which nothing was fitted to; the optimality gap on a fourth. The budget counts
replications, so that a seed gives the same plan, byte for byte, on any number of processors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from channelsim.decisions import Policy
from channelsim.errors import ChannelsimError, ScenarioError
from channelsim.policy.assess import Assessment, assess
from channelsim.policy.changes import Change, changes_of, value_now
from channelsim.policy.choose import choose
from channelsim.policy.evaluation import BLOCKS, Evaluator, policy_data
from channelsim.policy.frontier import Frontier
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Lever, Value
from channelsim.policy.problem import Problem
from channelsim.policy.relations import RelationEffect, relation_effects
from channelsim.policy.robustness import RegretTable, ends_of, regrets
from channelsim.policy.selection import Selection
from channelsim.policy.solution import Solution
from channelsim.policy.solve import solve
from channelsim.policy.stages import Stages
from channelsim.policy.stakeholders import Effect, stakeholder_effects
from channelsim.policy.trade_offs import frontiers_of
from channelsim.policy.yardstick import Yardstick, yardstick
from channelsim.world import build

if TYPE_CHECKING:
    from channelsim.analysis.results import Result
    from channelsim.totals import Totals

BASELINE, RECOMMENDED = "as now", "recommended"
"""What the baseline and the plan are called in results and reports."""


class PlanError(ChannelsimError, RuntimeError):
    """There is no plan: which constraint cannot be met, and the closest value seen."""


@dataclass(frozen=True)
class Effort:
    """How much a plan is allowed to cost, in replications.

    Attributes
    ----------
    search : int
        All policies of the search together.
    selection : int
        Most of each finalist.
    report : int
        Of the recommended policy and the baseline, on fresh draws.
    levers : int
        Of every step of a lever around the optimum, and with it as now; 0: leave them out.
    batches, batch_replications : int
        Of the optimality gap.
    relations : int
        Of the run in which power is measured; 0: leave it out.
    trade_off : int
        Of every point of a frontier.
    trade_off_search : int
        Of the search at every level of a trade-off, which goes on from all that was tried before (a new
        policy takes 16 of them where tails or probabilities count); 0: the search's candidates are all.
    variants : int
        Of every policy in every variant of what is uncertain.
    yardstick : int
        Values tried of each decision of the integrated owner, one replication each; 0: leave it out.
    """

    search: int = 1500
    selection: int = 64
    report: int = 64
    levers: int = 4
    batches: int = 10
    batch_replications: int = 2
    relations: int = 2
    trade_off: int = 8
    trade_off_search: int = 40
    variants: int = 4
    yardstick: int = 6


@dataclass(frozen=True)
class ChannelPlan:
    """A recommended policy, how it was found and what it does.

    Attributes
    ----------
    problem : Problem
    effort : Effort
    seed : int
    solution : Solution
        What the search found.
    selection : Selection
        How the finalists compare on fresh draws.
    assessment : Assessment
        The recommended policy beside the baseline.
    changes : tuple of Change
        What becomes of every lever, and what that is worth.
    result : Result
        Baseline and recommended policy on the draws of the report.
    frontiers : tuple of Frontier
        Of the problem's trade-offs, in their order.
    explored : tuple of Candidate
        What searches at the levels of the trade-offs have tried, or run more often than the search had.
    regrets : RegretTable or None
        Over the problem's uncertainties; None where it names none.
    power : Result or None
        Baseline and recommended policy in a run in which power is measured; None where it cannot be.
    yardstick : Yardstick or None
        What share of an integrated owner's profit the recommended policy attains.
    """

    problem: Problem
    effort: Effort
    seed: int
    solution: Solution
    selection: Selection
    assessment: Assessment
    changes: tuple[Change, ...]
    result: Result = field(repr=False)
    frontiers: tuple[Frontier, ...] = ()
    regrets: RegretTable | None = None
    power: Result | None = field(default=None, repr=False)
    yardstick: Yardstick | None = None
    explored: tuple[Candidate, ...] = ()

    @property
    def policy(self) -> Policy:
        """The recommended policy."""
        return self.selection.policy.model_copy(update={"name": RECOMMENDED})

    @property
    def values(self) -> dict[str, Value]:
        """The recommended levers, by their labels."""
        found = self.selection.winner.values
        return {lever.label: value for lever, value in zip(self.problem.levers, found, strict=True)}

    def levers_told(self) -> list[tuple[Lever, Value | None, Value]]:
        """Return (lever, as now, recommended) of every lever; None where the scenario has no such number."""
        return [(change.lever, change.now, change.value) for change in self.changes]


def make_plan(
    problem: Problem,
    effort: Effort | None = None,
    seed: int = 1,
    method: str = "auto",
    archive: str | Path | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> ChannelPlan:
    """Search, select and assess: the whole way from a problem to a plan.

    Parameters
    ----------
    problem : Problem
    effort : Effort, optional
        Replications of each stage.
    seed : int
        Of all draws and of the search.
    method : str
        See `channelsim.policy.solve.solve`.
    archive : str or Path, optional
        File in which every evaluation is kept; an interrupted plan goes on from it. What other stages of
        the plan come to is kept beside it, in a folder of its name with the suffix ``.stages``, so that a
        finished plan simulates nothing.
    workers : int, optional
        Threads; the plan does not depend on them.
    progress : bool, optional
        Show progress on stderr; default: if it is a terminal.
    tell : callable
        Called with a line when a stage begins.

    Returns
    -------
    ChannelPlan

    Raises
    ------
    ScenarioError
        If the problem is not admissible.
    PlanError
        If no policy keeps the constraints: which one, and the closest value seen.
    SimulationError
        If an outcome is undefined for a policy.
    """
    effort = effort or Effort()
    evaluator = Evaluator(problem.channel, problem.outcomes, seed, archive, workers)
    stages = Stages(archive, evaluator.identity())
    tell(f"searching {len(problem.levers)} levers with {effort.search:,} replications")
    solution = solve(
        problem, method, effort.search, seed, evaluator=evaluator, progress=progress, start=[_now(problem)]
    )
    if not solution.feasible:
        raise PlanError(solution.infeasible)
    tell(f"comparing {len(solution.finalists)} finalists on fresh draws")
    selection = choose(
        problem, solution.finalists, evaluator, first=min(8, effort.selection), most=effort.selection
    )
    chosen = solution.finalists[selection.chosen]
    tell(f"the recommended policy beside the baseline in {effort.report} fresh replications")
    result, effects, relations = _report(problem, chosen.policy, evaluator, effort, stages)
    assessment = assess(
        problem,
        chosen,
        evaluator,
        found=chosen,
        others=_rivals(solution.finalists, chosen),
        replications=effort.report,
        lever_replications=effort.levers,
        batches=effort.batches,
        batch_replications=effort.batch_replications,
        effects=effects,
        relations=relations,
    )
    changes = changes_of(problem, chosen.values, evaluator, replications=effort.levers)
    frontiers, explored = frontiers_of(
        solution,
        chosen,
        evaluator,
        stages,
        search=effort.trade_off_search,
        replications=effort.trade_off,
        seed=seed,
        progress=progress,
        tell=tell,
    )
    evaluator.save()
    if problem.uncertainties:
        tell("what happens where numbers are otherwise than thought")
    table = _regrets(problem, solution, chosen, effort.variants, seed, workers, stages)
    power = _power(problem, chosen.policy, effort.relations, seed, workers, stages)
    measured = None
    if effort.yardstick:
        tell("what one owner of all tiers would earn")
        measured = stages.value(
            "yardstick",
            {"policy": policy_data(chosen.policy), "trials": effort.yardstick},
            lambda: yardstick(
                problem.channel, chosen.policy, replications=1, report_replications=2, sweeps=1,
                trials=effort.yardstick, seed=seed, workers=workers,
            )[0],
        )  # fmt: skip
    return ChannelPlan(
        problem,
        effort,
        seed,
        solution,
        selection,
        assessment,
        changes,
        result,
        frontiers,
        table,
        power,
        measured,
        explored,
    )


def _report(
    problem: Problem, policy: Policy, evaluator: Evaluator, effort: Effort, stages: Stages
) -> tuple[Result, tuple[Effect, ...], tuple[RelationEffect, ...]]:
    """Return baseline and policy on the draws of the report, what it does to whom, and to their relations.

    Result and stakeholders are of one run.
    """
    from channelsim.analysis.results import Result

    pair = [problem.baseline, policy]
    depends = {"policies": [policy_data(p) for p in pair]}
    many, few = depends | {"replications": effort.report}, depends | {"replications": effort.relations}
    run: list[Totals] = []

    def totals() -> Totals:
        if not run:
            run.append(evaluator.totals(pair, effort.report, "report", names=(BASELINE, RECOMMENDED)))
        return run[0]

    result = stages.result("report", many, lambda: Result.from_totals(totals()))
    effects = stages.value(
        "stakeholders",
        many,
        lambda: stakeholder_effects(evaluator, policy, problem.baseline, effort.report, totals=totals()),
    )
    if not effort.relations:
        return result, effects, ()
    relations = stages.value(
        "relations",
        few,
        lambda: relation_effects(problem, policy, evaluator.seed, replications=effort.relations),
    )
    return result, effects, relations


def _power(
    problem: Problem, policy: Policy, replications: int, seed: int, workers: int | None, stages: Stages
) -> Result | None:
    """Return baseline and policy in a run in which power is measured; None where it cannot be."""
    from channelsim.analysis.results import Result
    from channelsim.engines.batch import run_batch

    if not replications:
        return None
    pair = [
        p.model_copy(update={"name": name})
        for p, name in ((problem.baseline, BASELINE), (policy, RECOMMENDED))
    ]

    def run() -> Result:
        channel = build(problem.channel.scenario.replace(**{"power.measured": True}))
        totals = run_batch(
            channel, pair, replications, seed, ["profit"], workers=workers, first_replication=BLOCKS["report"]
        )
        return Result.from_totals(totals, ["profit"])

    depends = {"policies": [policy_data(p) for p in pair], "replications": replications}
    try:
        return stages.result("power", depends, run)
    except ScenarioError:
        return None


def _regrets(
    problem: Problem,
    solution: Solution,
    chosen: Candidate,
    replications: int,
    seed: int,
    workers: int | None,
    stages: Stages,
) -> RegretTable | None:
    """Return the regrets of the baseline, the chosen policy and the next finalist; None if all is known."""
    if not problem.uncertainties:
        return None
    others = _rivals(solution.finalists, chosen)[:1]
    policies = [
        problem.baseline.model_copy(update={"name": BASELINE}),
        chosen.policy.model_copy(update={"name": RECOMMENDED}),
        *(c.policy.model_copy(update={"name": "next finalist"}) for c in others),
    ]
    depends = {
        "policies": [policy_data(p) for p in policies],
        "uncertainties": [u.model_dump() for u in problem.uncertainties],
        "objective": problem.objective.model_dump(),
        "constraints": [k.model_dump() for k in problem.constraints],
        "replications": replications,
    }
    return stages.value(
        "regrets",
        depends,
        lambda: regrets(
            problem, policies, ends_of(problem), seed, replications=replications, workers=workers
        ),
    )


def _rivals(finalists: Sequence[Candidate], chosen: Candidate) -> list[Candidate]:
    return [c for c in finalists if c is not chosen and c.feasible]


def _now(problem: Problem) -> list[Value]:
    """Return the point at which the levers stand now, as far as the scenario says."""
    scenario, point = problem.channel.scenario, []
    for lever in problem.levers:
        now = value_now(lever, scenario)
        low, high = lever.bounds()
        inside = now in lever.choices if lever.choices else now is not None and low <= now <= high  # type: ignore[operator]
        point.append(now if now is not None and inside else lever.value_at(0.0))
    return point
