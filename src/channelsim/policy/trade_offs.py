"""The trade-offs of a channel plan: searches at their levels, kept like other stages, and their frontiers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from channelsim.policy.evaluation import Evaluator
from channelsim.policy.frontier import Frontier, frontier
from channelsim.policy.frontier_search import search_levels
from channelsim.policy.judging import Candidate
from channelsim.policy.solution import Solution
from channelsim.policy.solve import solve
from channelsim.policy.stages import Stages

LEVELS = 5
"""Levels of every trade-off, the one that the objective alone takes included."""


def frontiers_of(
    solution: Solution,
    plan: Candidate,
    evaluator: Evaluator,
    stages: Stages,
    *,
    search: int,
    replications: int,
    seed: int,
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[tuple[Frontier, ...], tuple[Candidate, ...]]:
    """Return the frontiers of a problem's trade-offs, and what was tried for them.

    Parameters
    ----------
    solution : Solution
        Of the problem; its candidates are where the searches begin.
    plan : Candidate
        The one that has been chosen: where the frontiers begin.
    evaluator : Evaluator
        That the solution is by.
    stages : Stages
        What the searches tried is kept there.
    search : int
        Replications of the search at each level; 0: the solution's candidates are all there is.
    replications : int
        Fresh ones of every point.
    seed : int
        Of the searches.
    progress : bool, optional
        Show progress on stderr; default: if it is a terminal.
    tell : callable
        Called with a line when the searches begin.
    """
    problem, candidates = solution.problem, solution.candidates
    if not problem.trade_offs:
        return (), ()
    tried: tuple[Candidate, ...] = ()
    if search:
        count = len(problem.trade_offs) * (LEVELS - 1)
        tell(f"searching {count} levels of trade-offs with {search:,} replications each")
        solver = partial(solve, method="surrogate", progress=progress)

        def rows() -> tuple[tuple[object, ...], ...]:
            found = search_levels(
                problem, problem.trade_offs, evaluator, candidates, solver,
                levels=LEVELS, plan=plan, replications=search, seed=seed,
            )  # fmt: skip
            return tuple(tuple(c._replace(policy=None)) for c in found)  # type: ignore[arg-type]

        depends = {
            "problem": problem.model_dump(mode="json", exclude={"scenario", "changes", "name"}),
            "candidates": [[list(c.values), c.replications] for c in candidates],
            "levels": LEVELS,
            "plan": list(plan.values),
            "replications": search,
        }
        kept = stages.value("trade_offs", depends, rows)
        tried = tuple(Candidate(*row)._replace(policy=problem.policy(row[0])) for row in kept)  # type: ignore
    found = tuple(
        frontier(
            problem, t.outcome, evaluator, candidates,
            keep=t.keep, levels=LEVELS, plan=plan, tried=tried, replications=replications,
        )
        for t in problem.trade_offs
    )  # fmt: skip
    return found, tried
