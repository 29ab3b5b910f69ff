"""`solve`: from a problem to the best policy that a budget of replications finds.

Whatever the method, the search is the same: points of the unit cube, whole populations per call, common
random numbers, every evaluation kept. Nothing in it depends on the clock, the number of workers, or on what
an archive already had, so a seed gives the same solution, interrupted or not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.frugal_search import FINALISTS, different, surrogate_search
from channelsim.policy.judging import Candidate
from channelsim.policy.levers import Value
from channelsim.policy.methods import EACH, METHODS, Method, as_now, name_of, number_of_policies, scipy_style
from channelsim.policy.problem import Problem
from channelsim.policy.search import SAFER, BudgetSpent, Progress, Search
from channelsim.policy.solution import Solution, ranked, why_infeasible
from channelsim.simulation import whole_number

if TYPE_CHECKING:
    from concurrent.futures import Executor

Floats = NDArray[np.float64]
Start = Sequence[Sequence[Value]] | Sequence[Mapping[str, Value]] | Solution

ALL_METHODS: dict[str, Method] = {"surrogate": surrogate_search, **METHODS}
"""Methods by name, apart from ``auto``, which takes one of these."""

CHEAP = 2e5
"""Relationships × weeks of a replication below which simulating costs no more than deciding what to try."""
GENERATIONS = 40
"""Generations of differential evolution, 8 points a lever, from which on a budget is ample."""
SPENT = "the budget is spent"


def solve(
    problem: Problem,
    method: str | Callable[..., Any] = "auto",
    replications: int = 2000,
    seed: int = 1,
    archive: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
    start: Start | None = None,
    evaluator: Evaluator | None = None,
    known: Sequence[Candidate] = (),
    **options: Any,
) -> Solution:
    """Search for the policy that is best by a problem's objective and keeps its constraints.

    Parameters
    ----------
    problem : Problem
    method : str or callable
        ``auto``, ``surrogate``, ``differential_evolution``, ``enumeration``, ``nelder_mead``, ``cobyqa``,
        ``random``; or a callable like scipy's optimisers (``fun, bounds, **options``), see
        `channelsim.policy.methods.scipy_style`.
    replications : int
        Budget: replications of all policies together, the baseline's apart.
    seed : int
        Of the draws and of the search.
    archive : str or Path, optional
        File (netCDF) in which every evaluation is kept. An interrupted search that is called again with the
        same arguments finds there what it had, and goes on to the same result.
    workers, executor
        As in `channelsim.simulate`; the solution does not depend on them.
    progress : bool, optional
        Show best value, feasibility, evaluations and time left on stderr; default: if it is a terminal.
    start : sequence, or Solution, optional
        Policies to begin with: values of the levers in their order, or by their labels; or an earlier
        solution, whose finalists are taken.
    evaluator : Evaluator, optional
        One of this problem and seed that exists already, instead of archive, workers and executor.
    known : sequence of Candidate
        What other searches over the same levers, by the evaluator given, have tried, whatever their
        conditions. It costs nothing. The surrogate search learns from it instead of points of its own, and
        goes on from the best of it; other methods begin with the best.
    **options
        Of the method.

    Returns
    -------
    Solution
        If no policy keeps the constraints, `Solution.feasible` is False and `Solution.infeasible` says
        which one cannot be kept, and the closest value seen.

    Raises
    ------
    ScenarioError
        If something is not admissible: one line, before anything is simulated.
    SimulationError
        If an outcome is undefined for a policy; what was evaluated before is kept in the archive.

    Examples
    --------
    The monopoly price of `bilateral`, (100 + 20) / 2:

    >>> from channelsim.policy.problem import Problem
    >>> problem = Problem(
    ...     scenario="bilateral",
    ...     changes={"weeks": 60},
    ...     levers=[{"path": "terms.wholesale_price", "low": 30.0, "high": 80.0}],
    ...     objective={"outcome": 'profit(role="manufacturer")'},
    ... )
    >>> found = solve(problem, "cobyqa", replications=50, progress=False)
    >>> round(found.values["terms.wholesale_price"], 1)
    60.0
    """
    began = time.monotonic()
    replications = whole_number(replications, "replications", 1)
    seed = whole_number(seed, "seed", 0, 2**63 - 1)
    workers = None if workers is None else whole_number(workers, "workers", 1)
    if isinstance(method, str) and method != "auto" and method not in ALL_METHODS:
        raise ScenarioError(f"method = {method!r}: admissible: auto, {', '.join(ALL_METHODS)}, or a callable")
    if known and evaluator is None:
        raise ScenarioError("known: give the evaluator that ran it, which has its samples")
    if not known:  # what has been run with these levers has been checked
        problem.check()
    if evaluator is None:
        evaluator = Evaluator(problem.channel, problem.outcomes, seed, archive, workers, executor)
    before = evaluator.simulated, evaluator.agent_weeks
    with Bar(replications, progress) as bar:
        search = Search(problem, evaluator, replications, bar.report)
        search.know(known)
        best = [search.point_of(c.values)[None, :] for c in search.best(1)]
        first = np.vstack([read_start(search, start), *best, as_now(search)])
        name, why = choose(search) if method == "auto" else (_name(method), "asked for")
        run = ALL_METHODS[name] if isinstance(method, str) else scipy_style(method)
        if "replications_each" not in options and name != "surrogate":
            options = options | {"replications_each": min(_each(search), replications)}
        told, evaluator.advance = evaluator.advance, bar.advance
        try:
            stopped = run(search, np.random.default_rng(seed), first, **options)
        except BudgetSpent:
            stopped = SPENT
        except TypeError as error:
            if not search.candidates and "unexpected keyword" in str(error):
                raise ScenarioError(f"method {name!r}: {error}") from None
            raise
        finally:  # whatever ends it: what was paid for is kept
            evaluator.advance = told
            evaluator.save()
    if not search.candidates:
        raise ScenarioError(f"replications = {replications}: too few to evaluate one policy by {name!r}")
    order = ranked(search)
    return Solution(
        problem=problem,
        method=name,
        why=why,
        stopped=stopped,
        seed=seed,
        budget=replications,
        best=order[0],
        finalists=finalists_of(search, order),
        baseline=search.baseline,
        candidates=tuple(search.candidates.values()),
        starts=tuple(search.candidates[values] for values in search.starts) or (order[0],),
        history=tuple(search.history),
        evaluations=sum(c.replications > search.known.get(v, 0) for v, c in search.candidates.items()),
        replications=search.spent,
        infeasible="" if order[0].feasible else why_infeasible(search),
        simulated=evaluator.simulated - before[0],
        agent_weeks=evaluator.agent_weeks - before[1],
        seconds=time.monotonic() - began,
    )


def finalists_of(search: Search, order: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the best, those that come close but keep further from the conditions, and others that differ.

    The best of thousands at the edge of a condition is likely to miss it on fresh draws. Then a policy beside
    it with two to three times the caution is better than one from elsewhere.

    Parameters
    ----------
    search : Search
    order : sequence of Candidate
        The best first.
    """
    found = [order[0]]
    for caution in SAFER:
        kept = (c for c in order if min(c.sure(caution * search.caution), default=0.0) >= 0.0)
        safer = next(kept, order[0])
        if safer not in found:
            found.append(safer)
    others = [c for c in different(search, list(order), FINALISTS) if c not in found]
    return tuple(found + others[: FINALISTS - len(found)])


def choose(search: Search) -> tuple[str, str]:
    """Return the method that ``auto`` takes, and why.

    Enumeration where the budget reaches for every policy there is; differential evolution where simulating
    is cheap, levers are few and the budget is ample; else the surrogate search.
    """
    each = _each(search)
    several, affordable = number_of_policies(search), search.budget // each
    if several and several <= affordable // 2:
        return "enumeration", f"there are {several:,} policies, and the budget reaches for all of them"
    channel = search.evaluator.channel
    cost = channel.scenario.weeks * channel.sizes.holdings
    ample = 8 * GENERATIONS * search.dimensions
    if cost <= CHEAP and search.dimensions <= 4 and affordable >= ample:
        return (
            "differential_evolution",
            f"simulating is cheap and the budget reaches for {affordable:,} evaluations of "
            f"{search.dimensions} levers (ample: {ample:,})",
        )
    lacks = (
        f"a replication costs {cost:,} relationship-weeks"
        if cost > CHEAP
        else f"{search.dimensions} levers"
        if search.dimensions > 4
        else f"the budget reaches for {affordable:,} evaluations"
    )
    return "surrogate", f"{lacks}, so evaluations are spent where a surrogate expects the most"


def _each(search: Search) -> int:
    """Return the replications of every point where a method does not decide on them itself."""
    first = search.evaluator.sample([search.problem.baseline], 2)[0]
    if np.array_equal(first[0], first[1]):
        return 1  # nothing is drawn
    held = (search.problem.objective, *search.problem.constraints)
    return EACH if all(k.statistic == "mean" for k in held) else 4 * EACH


def _name(method: str | Callable[..., Any]) -> str:
    return method if isinstance(method, str) else name_of(method)


def read_start(search: Search, start: Start | None) -> Floats:
    """Return the points to begin with, shape (points, levers).

    Raises
    ------
    ScenarioError
        If a lever is missing or unknown, or a value is not admissible.
    """
    labels = [lever.label for lever in search.levers]
    given: Sequence[Any] = [c.values for c in start.finalists] if isinstance(start, Solution) else start or []
    points = []
    for k, values in enumerate(given):
        if isinstance(values, Mapping):
            if set(values) != set(labels):
                odd = sorted(set(values) ^ set(labels))
                raise ScenarioError(f"start[{k}]: give the levers {', '.join(labels)} ({odd[0]!r} is amiss)")
            values = [values[label] for label in labels]
        if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != len(labels):
            raise ScenarioError(f"start[{k}]: give a value for each lever: {', '.join(labels)}")
        points.append(search.point_of(cast(Sequence[Value], values)))
    return np.array(points, dtype=np.float64).reshape(-1, search.dimensions)


class Bar:
    """Progress on stderr: replications, time left, best value, feasibility, evaluations.

    Parameters
    ----------
    total : int
        Budget in replications.
    shown : bool, optional
        Default: if stderr is a terminal.
    """

    def __init__(self, total: int, shown: bool | None):
        from tqdm import tqdm

        shown = sys.stderr.isatty() if shown is None else shown
        self._bar = tqdm(
            total=total, unit="rep", desc="searching", file=sys.stderr, disable=not shown, leave=False
        )

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def advance(self, done: int) -> None:
        """Move on by replications just simulated; `report` puts right what does not count."""
        self._bar.update(min(done, self._bar.total - self._bar.n))

    def report(self, progress: Progress) -> None:
        """Show where the search stands."""
        best = f"{progress.best:,.6g}" if progress.feasible else "none feasible yet"
        self._bar.update(progress.replications - self._bar.n)
        self._bar.set_postfix_str(f"best {best}, {progress.evaluations:,} policies")  # shown at once
