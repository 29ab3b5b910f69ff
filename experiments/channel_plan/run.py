"""Is a plan of another seed worth the same, and what do incentives add to density and price lists?"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

from channelsim.decisions import Policy
from channelsim.policy.comparison import objective_difference, places_of, slack_estimate
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.plan import BASELINE, Effort, make_plan
from channelsim.policy.problem import Problem
from channelsim.scenario import library_folder

CHANGES = {"weeks": 39, "warm_up_weeks": 13}
"""Two quarters are recorded: rebates are paid at the end of weeks 25 and 38."""
SEEDS = (1, 2)
FRESH_SEED, FRESH = 20269, 32
EFFORT = Effort(selection=8, report=4, levers=0, batches=2, batch_replications=1, relations=0, yardstick=0)
"""What is left out of the plan's report is measured below, for all plans on the same draws."""


def problems() -> dict[str, Problem]:
    """Return the library's own problem on fewer weeks, without the incentive levers and with them."""
    own = Problem.load(library_folder() / "plans" / "appliances.toml")
    alone: dict[str, Any] = {"uncertainties": [], "trade_offs": []}
    full = own.model_copy(update={"changes": own.changes | CHANGES, **alone})
    plain = [k for k in own.levers if k.group == "density" or k.path == "terms.wholesale_price"]
    less = full.model_copy(update={"levers": plain, "template": Policy(name="template")})
    return {"density and price lists": less, "with incentives": full}


def main() -> None:
    """Search each problem with each seed; compare all plans on one fresh set of draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=250, help="replications of each search")
    parser.add_argument("--only", choices=list(problems()), help="one of the two problems")
    options = parser.parse_args()
    asked, base = problems(), None
    plans: dict[tuple[str, int], Policy] = {}
    if options.only:
        asked = {options.only: asked[options.only]}
    for kind, problem in asked.items():
        problem.check()
        for seed in SEEDS:
            used = time.process_time()
            plan = make_plan(problem, replace(EFFORT, search=options.budget), seed, workers=1, progress=False)
            took = time.process_time() - used
            print(f"\n{kind}, seed {seed} ({took:.0f} CPU s)\n{plan.solution}", flush=True)
            told_values = "; ".join(f"{name} = {value}" for name, value in plan.values.items())
            print(f"  finalists: {plan.selection.conclusion}; chosen: {told_values}", flush=True)
            plans[kind, seed] = plan.policy
            base = problem
    assert base is not None
    evaluator = Evaluator(base.channel, base.outcomes, FRESH_SEED, workers=1)
    policies = [base.baseline.model_copy(update={"name": BASELINE}), *plans.values()]
    samples = evaluator.sample(policies, FRESH, "report")
    places = places_of(base, evaluator)
    objective, values = base.objective, dict(zip([None, *plans], samples))
    goal = places[objective.outcome]

    def told(here: Any, there: Any) -> str:
        found = objective_difference(objective, values[here][:, goal], values[there][:, goal])
        share = 100 / values[None][:, goal].mean()
        low, high = found.low * share, found.high * share
        return f"{found.value:+,.0f} ({found.value * share:+.2f} %; {low:+.2f} to {high:+.2f})"

    print(f"\nfresh draws: {FRESH} replications of seed {FRESH_SEED}; {objective.outcome}, yuan a week")
    print(f"now: {values[None][:, goal].mean():,.0f}")
    for made in plans:
        print(f"{made[0]}, seed {made[1]}: {told(made, None)} against now")
        for k in base.constraints:
            sample, held = values[made][:, places[k.outcome]], values[None][:, places[k.outcome]]
            room, scale = slack_estimate(k, sample, held), k.scale(held) / 100
            ends = f"{room.low / scale:+.2f} to {room.high / scale:+.2f}"
            print(f"    {k.name}: room {room.value / scale:+.2f} % of the bound ({ends})")
    for kind in asked:
        print(f"{kind}, seed {SEEDS[1]} against seed {SEEDS[0]}: {told((kind, SEEDS[1]), (kind, SEEDS[0]))}")
    for first, second in pairwise(asked):
        for seed in SEEDS:
            print(f"{second} against {first}, seed {seed}: {told((second, seed), (first, seed))}")


if __name__ == "__main__":
    main()
