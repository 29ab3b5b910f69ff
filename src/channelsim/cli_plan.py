"""What ``channelsim plan`` does: read the problem, make the plan, write it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from channelsim.policy.problem import Problem
    from channelsim.scenario import Scenario


class PlanOptions(NamedTuple):
    """Options of the command."""

    budget: int = 1500
    replications: int = 64
    seed: int = 1
    method: str = "auto"
    archive: Path | None = None
    workers: int | None = None
    currency: str = "money"
    trade_off_search: int = 40


def read_problem(scenario: Scenario, path: Path | None) -> Problem:
    """Return the problem of a file, or the scenario's own; in both the scenario is the one given.

    Raises
    ------
    ScenarioError
        If it is not admissible, or the scenario cannot feel a lever.
    """
    from channelsim.policy.defaults import problem_of
    from channelsim.policy.problem import Problem

    if path is None:
        return problem_of(scenario)
    return Problem.load(path).model_copy(update={"scenario": scenario})


def planned(problem: Problem, options: PlanOptions, out: Path | None, json: bool) -> str:
    """Make the plan, write it if a folder is named, and return what is said of it.

    Raises
    ------
    ScenarioError
        If an option is not admissible.
    PlanError
        If no policy keeps the conditions.
    """
    from channelsim.policy.plan import Effort, make_plan
    from channelsim.policy.plan_report import plan_json, write_plan
    from channelsim.policy.plan_words import headlines
    from channelsim.simulation import whole_number

    budget = whole_number(options.budget, "--budget", 1)
    replications = whole_number(options.replications, "--replications", 2)
    trade_off_search = whole_number(options.trade_off_search, "--trade-off-search", 0)
    made = make_plan(
        problem,
        Effort(search=budget, report=replications, trade_off_search=trade_off_search),
        options.seed,
        options.method,
        options.archive,
        options.workers,
        tell=lambda line: print(f"channelsim: {line} ...", file=sys.stderr, flush=True),
    )
    lines = [plan_json(made)] if json else headlines(made, options.currency)
    if out is not None:
        path = write_plan(made, out, _command(options), options.currency)
        if json:
            print(f"written: {path}", file=sys.stderr)
        else:
            lines.append(f"written: {path}")
    return "\n".join(lines)


def _command(options: PlanOptions) -> str:
    """Return the command that makes the plan again from what its folder holds."""
    names = ("budget", "replications", "trade_off_search", "seed", "method")
    flags = {name: f"--{name.replace('_', '-')}" for name in names}
    asked = PlanOptions()
    given = "".join(
        f" {flag} {getattr(options, name)}"
        for name, flag in flags.items()
        if getattr(options, name) != getattr(asked, name)
    )
    return f"# in the folder of this plan\nchannelsim plan scenario.toml --problem problem.toml{given}"
