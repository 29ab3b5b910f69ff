"""The same inventory problems by channelsim and by stockpyl: agreement and time, interleaved, medians.

    python benchmarks/peers_inventory.py [--peer-python PYTHON] [--rounds N] [--json] [--trace]

stockpyl (1.0.2) pins Sphinx 4.5 and its solver of serial systems needs numpy below 2, so it runs in an
interpreter of its own, named by ``--peer-python``; both sides measure inside their own process, a round of
one after a round of the other. An environment that serves:

    python -m venv peer
    peer/bin/python -m pip install "numpy<2" scipy networkx matplotlib tqdm jsonpickle tabulate
    peer/bin/python -m pip install --no-deps stockpyl==1.0.2

Without ``--peer-python`` the peer is looked for in this interpreter. What fails there is reported, not left
out. ``--trace`` prints the peer's weekly rows of the trace in ``tests/theory/test_trace_equality.py``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from statistics import median
from typing import Any

DEMAND = [6, 9, 2, 0, 14, 7, 7, 3, 11, 5, 8, 8, 1, 20, 4, 6, 7, 9, 5, 6]
LEVELS, LEADS = (20.0, 15.0, 12.0), (2, 0, 1)
"""Local base stocks and lead times L from the top tier to the store; stockpyl's lead times are L + 1."""
REPEATS = 50
"""How often the trace is repeated in the long simulation."""

PROBLEMS = (
    "newsvendor, normal",
    "newsvendor, Poisson",
    "newsvendor, gamma",
    "newsvendor, exponential",
    "newsvendor, uniform",
    "serial system of 3 stages, normal (example 6.1)",
    "serial system of 2 stages, Poisson",
    "simulated chain of 3 tiers, 20 weeks",
    f"simulated chain of 3 tiers, {20 * REPEATS} weeks",
)
CLOSE = {
    "serial system of 3 stages, normal (example 6.1)": 1e-2,
    "serial system of 2 stages, Poisson": 1e-4,
}
"""Relative differences that count as agreement where the peer's defaults discretise (a thousand positions) or
cut the tails of demand (at 3e-5; with 1e-12 the Poisson costs agree to 1e-10); else 1e-6."""


# --- channelsim -------------------------------------------------------------------------------------


def ours(problem: str) -> list[float]:
    """Return the numbers of a problem, found by channelsim."""
    from channelsim.theory import uncertain_demand as u
    from channelsim.theory.newsvendor import newsvendor
    from channelsim.theory.serial_system import serial_optimum

    demands = {
        "normal": u.NormalDemand(50.0, 8.0),
        "Poisson": u.PoissonDemand(50.0),
        "gamma": u.GammaDemand(20.0, 10.0),
        "exponential": u.ExponentialDemand(20.0),
        "uniform": u.UniformDemand(10.0, 30.0),
    }
    kind, _, which = problem.partition(", ")
    if kind == "newsvendor":
        best = newsvendor(demands[which], underage_cost=0.70, overage_cost=0.18)
        return [best.quantity, best.expected_cost]
    if kind == "serial system of 3 stages":
        found = serial_optimum(u.NormalDemand(5.0, 1.0), (0, 0, 1), (3.0, 2.0, 2.0), 37.12)
        return [*found.echelon_base_stocks, found.cost]
    if kind == "serial system of 2 stages":
        found = serial_optimum(u.PoissonDemand(4.0), (1, 2), (2.0, 1.0), 20.0)
        return [*found.echelon_base_stocks, found.cost]
    return simulated(DEMAND * (REPEATS if which != "20 weeks" else 1))


def simulated(trace: list[int]) -> list[float]:
    """Return orders, stocks and backlogs of each tier week by week, from the simulator."""
    import channelsim

    names = ("plant", "top", "middle", "store")
    roles = ("plant", "manufacturer", "distributor", "retailer")
    members: list[dict[str, Any]] = [{"name": "plant", "role": "plant", "count": 1}]
    for i in (1, 2, 3):
        ordering = {"rule": "base_stock", "base_stock": LEVELS[i - 1]}
        group = {"name": names[i], "role": roles[i], "count": 1, "suppliers": [names[i - 1]]}
        members.append(group | {"ordering": ordering})
    data = {
        "scenario_format": 1,
        "name": "trace",
        "weeks": len(trace),
        "demand": {"system": "given", "trace": [float(d) for d in trace], "unmet": "backlogged"},
        "brands": [{"name": "A", "production_cost": 1.0}],
        "members": members,
        "contracts": [
            {"supplier": names[i], "buyer": names[i + 1], "lead_time": LEADS[i], "wholesale_price": 2.0}
            for i in range(3)
        ],
    }
    record = [f"{column} by group" for column in ("order", "stock", "owed")]
    result = channelsim.simulate(
        channelsim.Scenario.parse(data), replications=1, record=record, metrics=["profit"], progress=False
    )
    rows: list[float] = []
    for name in names[1:]:
        for column in ("order", "stock", "owed"):
            rows += result.trajectories[f"{column}_by_group"].sel(group=name).values[0, 0].tolist()
    return rows


# --- stockpyl, in its own interpreter: nothing of channelsim may be imported below ------------------


def theirs(problem: str) -> list[float]:
    """Return the numbers of a problem, found by stockpyl."""
    kind, _, which = problem.partition(", ")
    if kind == "newsvendor":
        return _their_newsvendor(which)
    if kind.startswith("serial system"):
        return _their_serial_system("2" if "2 stages" in kind else "3")
    return _their_simulation(DEMAND * (REPEATS if which != "20 weeks" else 1))


def _their_newsvendor(which: str) -> list[float]:
    from scipy import stats
    from stockpyl.newsvendor import newsvendor_continuous, newsvendor_normal, newsvendor_poisson

    if which == "normal":
        found = newsvendor_normal(0.18, 0.70, 50, 8)
    elif which == "Poisson":
        found = newsvendor_poisson(0.18, 0.70, 50)
    else:
        peers = {
            "gamma": stats.gamma(4, scale=5),
            "exponential": stats.expon(scale=20),
            "uniform": stats.uniform(10, 20),
        }
        found = newsvendor_continuous(0.18, 0.70, peers[which])
    return [float(x) for x in found]


def _their_serial_system(stages: str) -> list[float]:
    from stockpyl.demand_source import DemandSource
    from stockpyl.ssm_serial import optimize_base_stock_levels

    if stages == "3":
        levels, cost = optimize_base_stock_levels(
            num_nodes=3,
            echelon_holding_cost=[2, 2, 3],
            lead_time=[2, 1, 1],
            stockout_cost=37.12,
            demand_mean=5,
            demand_standard_deviation=1,
        )
    else:
        levels, cost = optimize_base_stock_levels(
            num_nodes=2,
            echelon_holding_cost=[1, 2],
            lead_time=[3, 2],
            stockout_cost=20,
            demand_source=DemandSource(type="P", mean=4),
        )
    return [float(levels[j]) for j in sorted(levels)] + [float(cost)]


def _their_simulation(trace: list[int]) -> list[float]:
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import serial_system

    network = serial_system(
        num_nodes=3,
        node_order_in_system=[3, 2, 1],
        node_order_in_lists=[3, 2, 1],
        demand_type="D",
        demand_list=[float(d) for d in trace],
        policy_type="BS",
        base_stock_level=list(LEVELS),
        shipment_lead_time=[lead + 1 for lead in LEADS],
    )
    simulation(network, len(trace), progress_bar=False)
    rows: list[float] = []
    for index in (3, 2, 1):
        node = network.nodes_by_index[index]
        states = node.state_vars[: len(trace)]
        net = [float(s.inventory_level[node.product_indices[0]]) for s in states]
        rows += [float(sum(sum(of.values()) for of in s.order_quantity.values())) for s in states]
        rows += [max(x, 0.0) for x in net]
        rows += [max(-x, 0.0) for x in net]
    return rows


def timed(find: Any, problem: str) -> dict[str, Any]:
    """Return the numbers of a problem and the seconds it took, or why there are none."""
    start = time.perf_counter()
    try:
        found = find(problem)
    except Exception as error:  # whatever a peer raises is part of the report
        return {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
    return {"found": found, "seconds": time.perf_counter() - start}


def serve() -> None:
    """Answer problems, one a line, on what was standard output; the peer's own prints go to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(timed(theirs, json.loads(line))), file=answers, flush=True)


# --- both -------------------------------------------------------------------------------------------


class Peer:
    """The peer's interpreter, kept running so that its imports are not measured."""

    def __init__(self, python: str):
        command = [python, __file__, "--serve"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, problem: str) -> dict[str, Any]:
        """Return the peer's answer to a problem."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(problem) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return json.loads(answer) if answer else {"error": "the peer's interpreter ended"}

    def close(self) -> None:
        """End the peer's interpreter."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def compare(python: str, rounds: int) -> list[dict[str, Any]]:
    """Run every problem on both sides, in turn, and return one row a problem."""
    peer = Peer(python)
    rows = []
    for problem in PROBLEMS:
        timed(ours, problem), peer(problem)  # compiles and imports
        pairs = [(timed(ours, problem), peer(problem)) for _ in range(rounds)]
        mine, other = pairs[-1]
        row: dict[str, Any] = {"problem": problem, "peer_error": other.get("error", mine.get("error", ""))}
        if not row["peer_error"]:
            a, b = mine["found"], other["found"]
            gaps = [abs(x - y) / max(abs(x), abs(y), 1.0) for x, y in zip(a, b, strict=True)]
            row["difference"] = max(gaps)
            row["agrees"] = row["difference"] <= CLOSE.get(problem, 1e-6)
            row["seconds"] = median(first["seconds"] for first, _ in pairs)
            row["peer_seconds"] = median(second["seconds"] for _, second in pairs)
            row["times_faster"] = row["peer_seconds"] / row["seconds"]
            if len(a) < 10:
                row["found"], row["peer_found"] = a, b
        rows.append(row)
    peer.close()
    return rows


def main() -> int:
    """Compare, print, and return 1 if a number does not agree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has stockpyl")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side, default 5")
    parser.add_argument("--json", action="store_true", help="print JSON rows")
    parser.add_argument("--trace", action="store_true", help="print the peer's weekly rows of the trace")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve()
        return 0
    if asked.rounds < 1:
        parser.error(f"--rounds {asked.rounds}: must be 1 or more")
    if asked.trace:
        peer = Peer(asked.peer_python)
        answer = peer("simulated chain of 3 tiers, 20 weeks")
        peer.close()
        if "error" in answer:
            print(answer["error"], file=sys.stderr)
            return 1
        weeks = len(DEMAND)
        parts = [answer["found"][i : i + weeks] for i in range(0, 9 * weeks, weeks)]
        for i, name in enumerate(("maker", "middle", "store")):
            for column, row in zip(("order", "stock", "owed"), parts[3 * i : 3 * i + 3]):
                print(f"{name:8}{column:7}{[int(x) for x in row]}")
        return 0
    rows = compare(asked.peer_python, asked.rounds)
    if asked.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            if row["peer_error"]:
                print(f"{row['problem']:52} failed: {row['peer_error']}")
            else:
                print(
                    f"{row['problem']:52} {'agrees' if row['agrees'] else 'DIFFERS'} to "
                    f"{row['difference']:.1e}  "
                    f"{1e3 * row['seconds']:9.2f} ms, stockpyl {1e3 * row['peer_seconds']:9.2f} ms: "
                    f"{row['times_faster']:.1f} times"
                )
    return int(not all(row.get("agrees", False) for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
