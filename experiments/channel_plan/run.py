"""Is a plan of another seed worth the same, and what do incentives add to density and price lists?"""

from __future__ import annotations

import argparse
import time
from typing import Any

from channelsim.policy.choose import choose
from channelsim.policy.comparison import objective_difference, places_of, slack_estimate
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.plan import BASELINE
from channelsim.policy.problem import Problem
from channelsim.policy.solve import solve
from channelsim.scenario import library_folder

CHANGES = {"weeks": 39, "warm_up_weeks": 13}
"""Two quarters are recorded: rebates are paid at the end of weeks 25 and 38."""
SEEDS = (1, 2)
FRESH_SEED, FRESH = 20269, 48
FINALIST = 16
DOWN = {"supplier": "Aurora", "buyer": "Aurora distributors"}
OUT = {"supplier": "Aurora distributors", "buyer": "independents"}
TEMPLATE = {
    "name": "template",
    "terms": [
        {
            **DOWN,
            "target_rebate": {
                "measure": "plan",
                "weeks": 13,
                "steps": [{"threshold": 1.0, "rebate": 0.0}],
            },
        },
        {
            **OUT,
            "principal": "maker",
            "quantity_discount": {"measure": "plan", "steps": [{"threshold": 1.5, "discount": 0.0}]},
        },
    ],
}
INCENTIVES: list[dict[str, Any]] = [
    {"path": "terms.target_rebate.steps.0.rebate", **DOWN, "low": 0.0, "high": 0.06, "name": "rebate"},
    {"path": "terms.target_rebate.steps.0.threshold", **DOWN, "low": 0.9, "high": 1.4, "name": "target"},
    {"path": "terms.cooperative_share", **OUT, "low": 0.0, "high": 0.5, "name": "co-operative share"},
    {
        "path": "terms.quantity_discount.steps.0.discount",
        **OUT,
        "low": 0.0,
        "high": 0.05,
        "name": "discount",
    },
]


def problems() -> dict[str, Problem]:
    """Return the library's own problem on fewer weeks, and the same with the incentive levers."""
    own = Problem.load(library_folder() / "plans" / "appliances.toml")
    plain = {**own.model_dump(exclude_defaults=True, exclude_none=True), "changes": CHANGES}
    for name in ("uncertainties", "trade_offs"):
        plain.pop(name, None)
    more = {**plain, "levers": [*plain["levers"], *INCENTIVES], "template": TEMPLATE}
    return {"density and price lists": Problem(**plain), "with incentives": Problem(**more)}


def main() -> None:
    """Search each problem with each seed; compare all plans on one fresh set of draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=400, help="replications of each search")
    options = parser.parse_args()
    asked, plans, base = problems(), {}, None
    for kind, problem in asked.items():
        problem.check()
        for seed in SEEDS:
            used = time.process_time()
            evaluator = Evaluator(problem.channel, problem.outcomes, seed, workers=1)
            found = solve(problem, "auto", options.budget, seed, evaluator=evaluator, progress=False)
            picked = choose(problem, found.finalists, evaluator, first=8, most=FINALIST)
            print(f"\n{kind}, seed {seed} ({time.process_time() - used:.0f} CPU s)\n{found}")
            print(f"  finalists: {picked.conclusion}; chosen: {picked.winner.values}")
            plans[kind, seed] = picked.policy
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
    for plan in plans:
        print(f"{plan[0]}, seed {plan[1]}: {told(plan, None)} against now")
        for k in base.constraints:
            sample, held = values[plan][:, places[k.outcome]], values[None][:, places[k.outcome]]
            room, scale = slack_estimate(k, sample, held), k.scale(held) / 100
            ends = f"{room.low / scale:+.2f} to {room.high / scale:+.2f}"
            print(f"    {k.name}: room {room.value / scale:+.2f} % of the bound ({ends})")
    for kind in asked:
        print(f"{kind}, seed {SEEDS[1]} against seed {SEEDS[0]}: {told((kind, SEEDS[1]), (kind, SEEDS[0]))}")
    first, second = asked
    for seed in SEEDS:
        print(f"{second} against {first}, seed {seed}: {told((second, seed), (first, seed))}")


if __name__ == "__main__":
    main()
