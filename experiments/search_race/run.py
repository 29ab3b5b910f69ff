"""Which search finds a good policy with the fewest replications? See README.md.

    python experiments/search_race/run.py [--seeds 5] [--budget 600] [--out FOLDER] [--long 6000]

Needs the optional extra ``race`` (optuna, cma).
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

import channelsim
from channelsim.policy.evaluation import Evaluator
from channelsim.policy.frugal_search import surrogate_search
from channelsim.policy.methods import as_now, differential_evolution, random_search
from channelsim.policy.problem import Problem
from channelsim.policy.search import BudgetSpent, Search
from channelsim.policy.solution import ranked

EVERY = 7
"""Of the table's 173 cities, ordered by population, every seventh: 25."""
WEEKS = {"weeks": 52, "warm_up_weeks": 13, "power.measured": False}
CHECKPOINTS = 12
FRESH = 24
"""Replications on draws of their own by which what was found is judged."""
TOLERATED = 0.002
"""Share of a bound that a mean of fresh draws may lie beside it."""

LEVERS = [
    {"path": "terms.wholesale_price", "measure": "scale", "low": 0.85, "high": 1.25},
    *(
        {
            "path": "density.independents",
            "measure": "scale",
            "low": 0.3,
            "high": 1.5,
            "territory": f"tier_{k}",
        }
        for k in (1, 2, 3)
    ),
    *(
        {
            "path": "density.Aurora distributors",
            "integer": True,
            "low": 1,
            "high": 4,
            "territory": f"tier_{k}",
        }
        for k in (1, 2)
    ),
    {"path": "terms.minimum_order", "low": 0.0, "high": 60.0},
    {"path": "terms.case_size", "integer": True, "low": 1, "high": 20},
]
OBJECTIVE = 'profit(group="Aurora") + profit(group="Aurora distributors")'
CONSTRAINTS = [
    {"outcome": 'operating_cost(group="independents")', "at_most": 1.0, "of_base": True},
    {"outcome": 'sell_through(brand="Aurora")', "at_least": 0.95, "of_base": True},
]


def problem(folder: Path) -> Problem:
    """Return the eight-lever problem of the appliance maker in every seventh city.

    The scenario's table of cities is written to a folder, which has to stay.
    """
    (folder / "data").mkdir()
    with as_file(files("channelsim") / "library") as library:
        with (library / "data" / "cities_china.csv").open(encoding="utf-8", newline="") as table:
            head, *rows = list(csv.reader(table))
        text = (library / "appliances.toml").read_text(encoding="utf-8")
    with (folder / "data" / "cities_china.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([head, *rows[::EVERY]])
    (folder / "appliances.toml").write_text(text, encoding="utf-8")
    made = Problem(
        name="search race",
        scenario=channelsim.Scenario.load(folder / "appliances.toml"),
        changes=WEEKS,
        levers=LEVERS,
        objective={"outcome": OBJECTIVE},
        constraints=CONSTRAINTS,
    )
    made.check()
    return made


def tpe(search: Search, rng: np.random.Generator, start: np.ndarray, replications_each: int = 1) -> str:
    """Optuna's tree-structured Parzen estimator, with the slacks as its constraints."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    warnings.simplefilter("ignore", FutureWarning)  # optuna 5 has another way, optuna 4 has this one
    sampler = optuna.samplers.TPESampler(
        seed=int(rng.integers(2**31)),
        constraints_func=lambda trial: trial.user_attrs["missed"],
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial(_named(search, search.values_at(start[0])))
    while True:
        trial = study.ask()
        values = []
        for k, lever in enumerate(search.levers):
            low, high = lever.bounds()
            suggest = trial.suggest_int if lever.integer else trial.suggest_float
            values.append(
                suggest(f"x{k}", int(low) if lever.integer else low, int(high) if lever.integer else high)
            )
        (found,) = search.evaluate(search.point_of(values), replications_each)
        trial.set_user_attr("missed", [-s for s in found.slacks])
        study.tell(trial, found.gain)


def _named(search: Search, values: tuple) -> dict:
    return {f"x{k}": v for k, v in enumerate(values)}


def cma_es(search: Search, rng: np.random.Generator, start: np.ndarray, replications_each: int = 1) -> str:
    """CMA-ES (package cma) on the merit: it looks at ranks only, so Deb's ordering is all it needs."""
    import cma

    population, first = 4 + int(3 * np.log(search.dimensions)), start[0]
    while True:  # when it has converged: once more elsewhere, with twice the population
        options = {"bounds": [0, 1], "seed": int(rng.integers(1, 2**31)), "verbose": -9}
        strategy = cma.CMAEvolutionStrategy(first, 0.25, options | {"popsize": population})
        while not strategy.stop():
            points = strategy.ask()
            strategy.tell(points, [c.merit for c in search.evaluate(points, replications_each)])
        population, first = 2 * population, rng.random(search.dimensions)


METHODS: dict[str, Callable[..., str]] = {
    "channelsim (auto)": surrogate_search,
    "differential evolution": lambda *given: differential_evolution(*given, replications_each=1),
    "TPE (optuna)": tpe,
    "CMA-ES (cma)": cma_es,
    "random search": lambda *given: random_search(*given, replications_each=1),
}


def run(made: Problem, name: str, seed: int, budget: int) -> list[tuple[int, tuple]]:
    """Return (replications spent, values of the best candidate) after every call of a search."""
    evaluator = Evaluator(made.channel, made.outcomes, seed)
    found: list[tuple[int, tuple]] = []
    search = Search(
        made, evaluator, budget, lambda p: found.append((p.replications, search.best()[0].values))
    )
    try:
        METHODS[name](search, np.random.default_rng(seed), as_now(search))
    except BudgetSpent:
        pass
    found.append((budget, ranked(search)[0].values))
    return found


class Judge:
    """Gain of a policy on fresh draws in percent of the baseline's profit; 0 if it misses a constraint."""

    def __init__(self, made: Problem):
        self.made, self.evaluator = made, Evaluator(made.channel, made.outcomes, seed=20260)
        self.base = self.evaluator.sample([made.baseline], FRESH, "report")[0]
        self.known: dict[tuple, tuple[float, bool]] = {}

    def __call__(self, values: tuple) -> tuple[float, bool]:
        if values not in self.known:
            (sample,) = self.evaluator.sample([self.made.policy(values)], FRESH, "report")
            gain = 100.0 * float(np.mean(sample[:, 0] - self.base[:, 0]) / np.mean(self.base[:, 0]))
            kept = all(
                k.slack(sample[:, j], self.base[:, j]) / k.scale(self.base[:, j]) >= -TOLERATED
                for j, k in ((self.made.outcomes.index(k.outcome), k) for k in self.made.constraints)
            )
            self.known[values] = (gain, kept)
        return self.known[values]


def curve(judge: Judge, found: list[tuple[int, tuple]], marks: np.ndarray) -> list[float]:
    """Return the gain on fresh draws of what a search held for best at these numbers of replications."""
    values = []
    for mark in marks:
        reached = [v for spent, v in found if spent <= mark]
        gain, kept = judge(reached[-1]) if reached else (0.0, True)
        values.append(gain if kept else 0.0)
    return values


def figure(marks: np.ndarray, curves: dict[str, list[list[float]]], best: float, path: Path) -> None:
    """Draw median and range over the seeds, on replications."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for k, (name, rows) in enumerate(curves.items()):
        values = np.array(rows)
        axes.plot(marks, np.median(values, axis=0), color=f"C{k}", lw=2, marker="o", ms=3, label=name)
        axes.fill_between(marks, values.min(axis=0), values.max(axis=0), color=f"C{k}", alpha=0.12, lw=0)
    axes.axhline(best, color="black", lw=1, ls=":", label="best known")
    axes.set(
        xlabel="replications", ylabel="gain in the maker's profit on fresh draws (%)", xlim=(0, marks[-1])
    )
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    drawn.savefig(path, dpi=150)


def main() -> None:
    """Run the race, print its table, write curves and figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--long", type=int, default=0, help="budget of the long searches for the best known")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    with tempfile.TemporaryDirectory() as folder:
        race(parser.parse_args(), problem(Path(folder)))


def race(given: argparse.Namespace, made: Problem) -> None:
    """Run all methods with all seeds and write what came out."""
    judge = Judge(made)
    marks = np.unique(np.geomspace(given.budget / 20, given.budget, CHECKPOINTS).astype(int))
    kept = given.out / "best_known.json"
    best = {"gain": 0.0, "values": []}
    if kept.exists():  # perhaps by a version of the model in which it was worth something else
        known = json.loads(kept.read_text(encoding="utf-8"))
        gain, feasible = judge(tuple(known["values"]))
        best = known | {"gain": gain} if feasible else best
    if given.long:
        for name in ("channelsim (auto)", "differential evolution"):
            for seed in (101, 102):
                values = run(made, name, seed, given.long)[-1][1]
                gain, feasible = judge(values)
                print(
                    f"long search, {name}, seed {seed}: {gain:.3f} %{'' if feasible else ', infeasible'}",
                    flush=True,
                )
                if feasible and gain > best["gain"]:
                    best = {
                        "gain": gain,
                        "values": list(values),
                        "found_by": f"{name}, {given.long} replications",
                    }
        kept.write_text(json.dumps(best, indent=1) + "\n", encoding="utf-8")
    curves: dict[str, list[list[float]]] = {}
    for name in METHODS:
        for seed in range(1, given.seeds + 1):
            began = time.perf_counter()
            curves.setdefault(name, []).append(curve(judge, run(made, name, seed, given.budget), marks))
            last = curves[name][-1][-1]
            print(f"{name}, seed {seed}: {last:.3f} %  ({time.perf_counter() - began:.0f} s)", flush=True)
    top = max(best["gain"], *(row[-1] for rows in curves.values() for row in rows))
    print(
        f"\nbest known gain: {top:.3f} %\n\n| method | "
        + " | ".join(f"{m}" for m in marks[5::2])
        + " | gap |"
    )
    for name, rows in curves.items():
        median = np.median(np.array(rows), axis=0)
        gap = 100.0 * (top - median[-1]) / (100.0 + top)
        print(f"| {name} | " + " | ".join(f"{v:.2f}" for v in median[5::2]) + f" | {gap:.2f} % |")
    written = {"marks": marks.tolist(), "curves": curves, "best": top}
    (given.out / "curves.json").write_text(json.dumps(written) + "\n", encoding="utf-8")
    figure(marks, curves, top, given.out / "curves.png")


if __name__ == "__main__":
    main()
