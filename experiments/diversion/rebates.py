"""Does a target rebate drive diversion?

Question and finding: README.md. Prints the table that the README quotes; with --figure FILE.svg draws the
figure of the docs page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from channelsim import Policy, Scenario, simulate
from channelsim.analysis.estimators import paired_difference
from channelsim.analysis.style import house_style, new_figure, save_bytes

SEED, REPLICATIONS, WEEKS, WARM_UP = 2005, 20, 13, 26
INLAND = "inland distributor"
SHARE = 0.01
"""Rebate on all units of a quarter, as a share of the list price."""
TARGETS = {"reached anyhow": 0.5, "as planned": 1.0, "a tenth above": 1.1, "out of reach": 3.0}
"""Targets as multiples of what the distributor expects to sell in a quarter."""
STRICT = {"monitoring": 400.0, "serial_tracking": 1.0, "fine": 40.0}


def market() -> Scenario:
    """Return the library's market with prices 4 apart: what carries a unit to the coast costs 4.8."""
    closer = {"contracts.1.wholesale_price": 78.0, "contracts.6.wholesale_price": 84.0}
    return Scenario.from_library("diversion").replace(weeks=WARM_UP + 8 * WEEKS, **closer)


def rebated(target: float) -> list[dict]:
    """Return the changes of terms of a rebate on what the inland distributor sells of brand A."""
    given = {
        "measure": "plan",
        "mode": "retroactive",
        "basis": "sell_through",
        "weeks": WEEKS,
        "steps": [{"threshold": target, "rebate": SHARE}],
    }
    return [{"supplier": "maker", "buyer": INLAND, "target_rebate": given}]


def policies() -> list[Policy]:
    """Return no rebate, the rebate at each target, and one that is watched."""
    return [
        Policy(name="no rebate"),
        *(Policy(name=name, terms=rebated(target)) for name, target in TARGETS.items()),
        Policy(name="as planned, watched", terms=rebated(1.0), governance=STRICT),
    ]


def print_table(result) -> None:
    """Print means over replications, and paired differences from no rebate with their 95 % intervals."""
    profit = result.by_group.profit
    print(f"{'':<22}{'diverted':>10}{'more':>16}{'rebates':>9}{'maker, more':>18}")
    base = result.policies[0]
    for name in result.policies:
        numbers = []
        for values in (result.metrics.diverted, profit.sel(group="maker")):
            gap = paired_difference(values.sel(policy=name).values, values.sel(policy=base).values)
            numbers.append(f"{gap.value:>9.1f} ± {gap.high - gap.value:.1f}")
        whole = result.metrics.sel(policy=name).mean("replication")
        print(f"{name:<22}{float(whole.diverted):>10.1f}{numbers[0]:>16}", end="")
        print(f"{float(whole.target_rebates_paid):>9.1f}{numbers[1]:>18}")


def draw(result, path: Path) -> None:
    """Draw units diverted by week of the quarter, mean over quarters and replications."""
    weekly = result.trajectories.diverted_by_role.sel(role="distributor").mean("replication")
    with house_style():
        figure = new_figure(8.0, 4.2)
        axis = figure.subplots()
        silent = []
        for name in ["no rebate", *TARGETS]:
            line = weekly.sel(policy=name).values[WARM_UP:].reshape(-1, WEEKS).mean(axis=0)
            if line.any():
                axis.plot(np.arange(1, WEEKS + 1), line, label=f"target {name}")
            else:
                silent.append(name)
        axis.plot([1, WEEKS], [0.0, 0.0], color="0.5", label=f"none: {', '.join(silent)}")
        axis.set_xlabel("week of the quarter")
        axis.set_ylabel("units diverted a week")
        axis.grid(axis="y")
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    path.write_bytes(save_bytes(figure, path.suffix[1:]))


def main() -> None:
    """Run all policies, print what they give and draw some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="SVG or PNG file to write")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    arguments = parser.parse_args()
    record = ["diverted by role"]
    options = {"replications": arguments.replications, "seed": SEED, "progress": False}
    result = simulate(market(), policies(), record=record, **options)
    print_table(result)
    if arguments.figure:
        draw(result, arguments.figure)


if __name__ == "__main__":
    main()
