"""Speed, measured side by side: channelsim and its peers on the same work, interleaved, medians.

``make bench`` prints the table and writes ``benchmarks/latest.json``, a flat {name: number}. Ratios are of
medians within this run: the machine is noisy, so absolute figures of different runs do not compare.
channelsim runs ``library/chain.toml`` and ``library/appliances.toml`` through the ordinary engine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import chain_cpp
import chain_mesa
import chain_numpy
from chain_rules import SIZES, WEEKS, agent_weeks

import channelsim
from channelsim.decisions import BASE
from channelsim.engines.batch import run_batch
from channelsim.files import write_whole
from channelsim.world import build

CHAIN_METRICS = (
    "profit", "revenue", "operating_cost", "demand", "units_sold", "lost_sales", "average_stock",
    "stockout_rate", "orders", "bullwhip_ratio", "gross_profit", "sell_in_value",
)  # fmt: skip
"""What the peers account for, too."""
METRICS = ("profit", "sell_through", "fill_rate")


def chain(size: str) -> channelsim.Channel:
    """Return the chain scenario, built in one of the benchmark's sizes."""
    distributors, stores = SIZES[size]
    scenario = channelsim.Scenario.from_library("chain")
    changes = {"territories.0.count": distributors, "members.stores.per_territory": stores, "weeks": WEEKS}
    return build(scenario.replace(**changes))


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run_chain(channel: channelsim.Channel, replications: int, workers: int = 1) -> None:
    """Simulate the chain through the ordinary engine."""
    run_batch(channel, [BASE], replications, 1, CHAIN_METRICS, workers=workers)


def chain_speeds(size: str, rounds: int, seconds: float) -> dict[str, float]:
    """Return the median million agent-weeks per second of every peer, interleaved."""
    distributors, stores = SIZES[size]
    channel = chain(size)
    peers: dict[str, Callable[[int], float]] = {
        "channelsim": lambda n: timed(lambda: run_chain(channel, n)),
        "numpy": lambda n: chain_numpy.run(distributors, stores, WEEKS, n, 1)["seconds"],
        "mesa": lambda n: chain_mesa.run(distributors, stores, WEEKS, n, 1)["seconds"],
    }
    if chain_cpp.executable() is not None:
        for form in ("scalar", "fast"):
            peers[f"cpp_{form}"] = lambda n, form=form: chain_cpp.run(
                distributors, stores, WEEKS, n, 1, form=form
            )["seconds"]
    counts = {}
    for name, run in peers.items():
        trial = 8 if name != "mesa" else 1
        run(trial)
        counts[name] = max(trial, int(trial * seconds / max(run(trial), 1e-9)) // 8 * 8 or trial)
    speeds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, run in peers.items():
            work = agent_weeks(distributors, stores, WEEKS, counts[name])
            speeds[name].append(work / run(counts[name]) / 1e6)
    return {name: median(values) for name, values in speeds.items()}


def _half(count: int) -> None:
    run_chain(chain("medium"), count)


def _process_pair(count: int) -> float:
    """Return the seconds in which two processes each simulate ``count`` replications, start-up left out."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        pool.map(_half, [2, 2], chunksize=1)
        return timed(lambda: pool.map(_half, [count, count], chunksize=1))


def thread_scaling(rounds: int, count: int) -> dict[str, float]:
    """Return the speed-up of two threads over one, and what two processes reach at best."""
    channel = chain("medium")
    one, two = [], []
    for _ in range(rounds):
        one.append(timed(lambda: run_chain(channel, count, 1)))
        two.append(timed(lambda: run_chain(channel, count, 2)))
    pair = median(_process_pair(count) for _ in range(3))
    return {
        "two_threads_speedup": median(one) / median(two),
        "two_processes_ceiling": 2.0 * median(one) / pair,
    }


def appliances(rounds: int) -> dict[str, float]:
    """Return build, density and simulation times of the appliances scenario."""
    scenario = channelsim.Scenario.from_library("appliances")
    build(scenario)
    channel = build(scenario)
    denser = channelsim.Policy(name="denser", density={"independents": {"scale": 1.4}})
    channel.under(denser)
    found = {
        "appliances_build_seconds": median(timed(partial(build, scenario)) for _ in range(rounds)),
        "appliances_density_seconds": median(timed(lambda: channel.apply(denser)) for _ in range(rounds)),
    }
    for noise in ("none", "poisson", "gamma"):
        variant = build(scenario.replace(**{"demand.noise": noise, "demand.variation": 0.5}))
        active, _ = variant.under()
        run_batch(variant, [BASE], 1, 1, ("profit",), workers=1)
        seconds = [
            timed(partial(run_batch, variant, [BASE], 16, 1, METRICS, workers=1)) for _ in range(rounds)
        ]
        name = "appliances_ns_per_shelf_week" + ("" if noise == "none" else f"_{noise}")
        found[name] = median(seconds) / 16 / scenario.weeks / active.sizes.shelves * 1e9
    return found


def density_plan(rounds: int) -> dict[str, float]:
    """Return what a plan of the stores' density in all territories of appliances takes, batches included."""
    from channelsim.policy.density import plan_density

    channel = build(channelsim.Scenario.from_library("appliances"))
    stores = sum(int(count + 0.5) for count in channel.members.base_counts["independents"])
    work = partial(plan_density, channel, "independents", budget=stores)
    return {"density_milp_seconds": median(timed(work) for _ in range(rounds))}


def search(replications: int) -> dict[str, float]:
    """Return how fast the plan of the appliances is searched, and how far from the best known it ends.

    The gap is that of `plan_gap.py`, which takes hours and keeps what it found; no key without its file.
    """
    from channelsim.policy.defaults import problem_of
    from channelsim.policy.solve import solve

    problem = problem_of(channelsim.Scenario.from_library("appliances"))
    run_batch(problem.channel, [BASE], 1, 1, ("profit",), workers=1)
    found = solve(problem, replications=replications, progress=False)
    kept = Path(__file__).with_name("plan_gap.json")
    gap = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    return {
        "search_evaluations_per_second": found.evaluations / found.seconds,
        "search_replications_per_second": found.simulated / found.seconds,
        "search_million_agent_weeks_per_second": found.agent_weeks_per_second / 1e6,
    } | {name: gap[name] for name in ("plan_gap_percent",) if name in gap}


ASKED = {
    "name": "stock",
    "sender": "Aurora distributors",
    "receiver": "independents",
    "behaviour": "stock",
    "wanted": 6.0,
    "reward": 100.0,
    "sanction": 100.0,
    "strategies": {"promise": 1.0, "threat": 1.0, "recommendation": 1.0},
}
"""An attempt at influence that concerns every independent store of `appliances`."""


def power(rounds: int) -> dict[str, float]:
    """Return what a review of all relationships of appliances costs, and the weekly part of relations.

    The same weeks are run with power unmeasured, measured, and with influence and relations besides.
    """
    plain = channelsim.Scenario.from_library("appliances").replace(**{"power.measured": False})
    measured = plain.replace(**{"power.measured": True})
    related = measured.replace(**{"relations.active": True, "influence": [ASKED]})
    # reviewed once in a run, relations show what they cost week by week
    variants = [plain, measured, measured.replace(review_weeks=104), related.replace(review_weeks=104)]
    channels = [build(scenario) for scenario in variants]
    seconds: list[list[float]] = [[] for _ in channels]
    for done in range(rounds + 1):
        for channel, found in zip(channels, seconds):
            taken = timed(partial(run_batch, channel, [BASE], 4, 1, METRICS, workers=1)) / 4
            if done:  # the first one compiles
                found.append(taken)
    weeks, reviews = plain.weeks, -(-plain.weeks // plain.review_weeks)
    rounds_taken = list(zip(*seconds))  # a round's runs follow each other, so that they meet the same machine
    return {
        "power_review_in_weeks": median((r - w) / reviews / (w / weeks) for w, r, _, _ in rounds_taken),
        "relations_share_of_a_week": median((weekly - once) / w for w, _, once, weekly in rounds_taken),
    }


FIRST = """
import sys, time; start = time.perf_counter()
import channelsim
imported = time.perf_counter() - start
channelsim.simulate(sys.argv[1], replications=2, progress=False)
print(imported, time.perf_counter() - start)
"""
MEMORY = """
import resource, sys
import channelsim
scenario = channelsim.Scenario.from_library("appliances").replace(weeks=4, warm_up_weeks=0)
metrics = ["channel_profit", "profit", "sell_through"]
channelsim.simulate(scenario, replications=int(sys.argv[1]), progress=False, metrics=metrics)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def fresh_process(code: str, *arguments: str, cache: str | None = None) -> list[float]:
    """Return the numbers that a fresh interpreter prints."""
    environment = os.environ | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [float(word) for word in done.stdout.split()]


def start_up(rounds: int) -> dict[str, float]:
    """Return import time and the time to a first result, from the cache and without."""
    warm, cold = [fresh_process(FIRST, "bilateral") for _ in range(rounds)], {}
    for scenario in ("bilateral", "influence"):  # the latter with power, influence and relations
        with tempfile.TemporaryDirectory() as empty:
            cold[scenario] = fresh_process(FIRST, scenario, cache=empty)[1]
    few, many = (median(fresh_process(MEMORY, n)[0] for _ in range(3)) for n in ("100", "1100"))
    return {
        "import_seconds": median(w[0] for w in warm),
        "first_result_seconds_cached": median(w[1] for w in warm),
        "first_result_seconds_cold": cold["bilateral"],
        "first_result_with_relations_seconds_cold": cold["influence"],
        "megabytes_per_1000_more_replications": many - few,
    }


def main() -> None:
    """Run all benchmarks, print them and write latest.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="interleaved runs of which the median is taken")
    parser.add_argument("--seconds", type=float, default=0.5, help="aimed length of a run")
    options = parser.parse_args()
    results: dict[str, float] = {}
    for size in ("small", "medium", "large"):
        speeds = chain_speeds(size, options.rounds, options.seconds)
        print(f"\nchain, {size}, one thread, million agent-weeks per second")
        for name, speed in sorted(speeds.items(), key=lambda item: -item[1]):
            print(f"  {name:12} {speed:9.2f}")
            results[f"chain_{size}_million_agent_weeks_{name}"] = speed
        ours, prefix = speeds["channelsim"], "chain" if size == "medium" else f"chain_{size}"
        for peer, label in (
            ("mesa", "mesa"),
            ("numpy", "numpy"),
            ("cpp_scalar", "cpp_scalar"),
            ("cpp_fast", "cpp_best"),
        ):
            if peer in speeds:
                results[f"{prefix}_vs_{label}"] = ours / speeds[peer]
    results |= thread_scaling(options.rounds, 600)
    results |= appliances(options.rounds)
    results |= density_plan(1)
    results |= search(300)
    results |= power(3 * options.rounds)  # small differences of large times
    results |= start_up(options.rounds)
    results["load_average_at_end"] = os.getloadavg()[0]
    print()
    for name, value in results.items():
        print(f"{name:45} {value:12.4g}")
    write_whole(Path(__file__).with_name("latest.json"), json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
