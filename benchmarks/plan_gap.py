"""How far is the search's answer from the best known? The plan of the appliances, over seeds.

    python benchmarks/plan_gap.py --seeds 10 --budget 7000 --long 70000

The best known comes from searches with a budget ten times as large, by the surrogate and by differential
evolution; both stay in ``plan_gap.json`` with the command that made them, and `bench.py` reports the gap from
there. A policy counts by its mean on fresh draws, in percent of the best known value. Hours on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from channelsim.files import write_whole
from channelsim.policy.defaults import problem_of
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.search import Candidate
from channelsim.policy.solve import solve
from channelsim.scenario import Scenario

KEPT = Path(__file__).with_name("plan_gap.json")
FRESH = 64


def main() -> None:
    """Search, judge on fresh draws, write plan_gap.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budget", type=int, default=7000)
    parser.add_argument("--long", type=int, default=70000)
    given = parser.parse_args()
    problem = problem_of(Scenario.from_library("appliances"))
    judge = Evaluator(problem.channel, problem.outcomes, seed=20260)

    def fresh(candidate: Candidate) -> float:
        """Return the objective on fresh draws, in the problem's own sign."""
        return float(np.mean(judge.sample([candidate.policy], FRESH, "report")[0][:, 0]))

    def searched(method: str, seed: int, budget: int) -> tuple[float, float]:
        began = time.perf_counter()
        found = solve(problem, method, budget, seed, progress=None)
        value, seconds = fresh(found.best), time.perf_counter() - began
        told = "" if found.feasible else f"; {found.infeasible}"
        said = f"{method}, seed {seed}, {budget}: {value:,.0f} in {seconds:.0f} s"
        print(f"{said} ({found.stopped}{told})", flush=True)
        return value if found.feasible else -np.inf, seconds

    runs = [searched("auto", seed, given.budget) for seed in range(1, given.seeds + 1)]
    long = [searched(method, 1001, given.long)[0] for method in ("surrogate", "differential_evolution")]
    best = max(*long, *(value for value, _ in runs))
    gaps = [100.0 * (best - value) / abs(best) for value, _ in runs]
    written = {
        "command": "python benchmarks/" + " ".join(Path(a).name for a in sys.argv),
        "best_known": best,
        "gap_percent": gaps,
        "seconds": [seconds for _, seconds in runs],
        "plan_gap_percent": float(np.quantile(gaps, 0.9)),
    }
    write_whole(KEPT, json.dumps(written, indent=2) + "\n")
    print(f"gap at the ninth of ten seeds: {written['plan_gap_percent']:.3f} %")


if __name__ == "__main__":
    main()
