"""Is a plan of another seed worth the same, and what do incentives add to density and price lists?"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from channelsim.analysis.estimators import Estimate
from channelsim.decisions import Policy
from channelsim.policy.comparison import objective_difference, places_of, slack_estimate
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.plan import BASELINE, ChannelPlan, Effort, make_plan
from channelsim.policy.problem import Problem
from channelsim.scenario import library_folder

FRESH_SEED, FRESH = 20269, 64
EFFORT = Effort(levers=0, batches=2, batch_replications=1, relations=0, yardstick=0)
"""Search, choice and report are the command's own; what else a report tells is left out."""
MILLION = 1e6


def problems() -> dict[str, Problem]:
    """Return the library's own problem without the incentive levers, and with them."""
    own = Problem.load(library_folder() / "plans" / "appliances.toml")
    full = own.model_copy(update={"uncertainties": [], "trade_offs": []})
    plain = [k for k in own.levers if k.group == "density" or k.path == "terms.wholesale_price"]
    less = full.model_copy(update={"levers": plain, "template": Policy(name="template")})
    return {"density and price lists": less, "with incentives": full}


def told(found: Estimate) -> str:
    """Return an estimate in words, in millions."""
    value, low, high = (x / MILLION for x in (found.value, found.low, found.high))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def alike(found: list[Estimate]) -> str:
    """Return whether independent estimates may be of one value: Cochran's Q, against chi squared."""
    from scipy.stats import chi2

    values = np.array([k.value for k in found])
    weight = 1.0 / np.array([(k.high - k.low) / (2.0 * 1.96) for k in found]) ** 2
    q = float(np.sum(weight * (values - np.sum(weight * values) / np.sum(weight)) ** 2))
    p = float(chi2.sf(q, len(found) - 1))
    return f"Cochran's Q {q:.1f} with {len(found) - 1} degrees of freedom, p = {p:.2f}"


def main() -> None:
    """Make the plans with every seed; compare all of them on one fresh set of draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=1500, help="replications of each search")
    parser.add_argument("--seeds", type=int, default=6, help="plans with incentives; two without")
    options = parser.parse_args()
    asked = problems()
    plans: dict[tuple[str, int], ChannelPlan] = {}
    for kind, problem in asked.items():
        problem.check()
        for seed in range(1, 1 + (options.seeds if kind == "with incentives" else 2)):
            began = time.perf_counter()
            plan = make_plan(problem, replace(EFFORT, search=options.budget), seed, progress=False)
            plans[kind, seed] = plan
            values = "; ".join(f"{name} = {value}" for name, value in plan.values.items())
            print(f"{kind}, seed {seed} ({time.perf_counter() - began:.0f} s): {values}", flush=True)

    full = asked["with incentives"]
    evaluator = Evaluator(full.channel, full.outcomes, FRESH_SEED)
    baseline = full.baseline.model_copy(update={"name": BASELINE})
    base, *samples = evaluator.sample([baseline, *(p.policy for p in plans.values())], FRESH, "report")
    places, objective = places_of(full, evaluator), full.objective
    goal = places[objective.outcome]
    now = base[:, goal].mean() / MILLION
    print(f"\n{objective.outcome}, million yuan a week; now {now:.2f}. Gain on own fresh draws as the report")
    print(f"tells it, and on {FRESH} replications of seed {FRESH_SEED}, the same for all:")
    gains: dict[str, list[float]] = {kind: [] for kind in asked}
    for (kind, seed), sample in zip(plans, samples):
        gain = objective_difference(objective, sample[:, goal], base[:, goal])
        gains[kind].append(gain.value / MILLION)
        own = plans[kind, seed].assessment.difference
        print(f"{kind}, seed {seed}: {told(own)}; {told(gain)}")
        for k in full.constraints:
            held = base[:, places[k.outcome]]
            room, scale = slack_estimate(k, sample[:, places[k.outcome]], held), k.scale(held) / 100
            ends = f"{room.low / scale:+.2f} to {room.high / scale:+.2f}"
            print(f"    {k.name}: room {room.value / scale:+.2f} % of the bound ({ends})")
    for kind, found in gains.items():
        reports = [plan.assessment.difference for (other, _), plan in plans.items() if other == kind]
        print(f"{kind}: {alike(reports)}")
        print(
            f"    the same draws: mean {np.mean(found):.3f}, standard deviation {np.std(found, ddof=1):.3f}"
        )
    best = {kind: int(np.argmax(found)) + 1 for kind, found in gains.items()}
    with_them, without = (samples[list(plans).index((kind, best[kind]))][:, goal] for kind in reversed(asked))
    added = objective_difference(objective, with_them, without)
    print(f"incentives add {told(added)} (best plan of either kind)")


if __name__ == "__main__":
    main()
