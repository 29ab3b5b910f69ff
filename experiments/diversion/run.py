"""What does a maker lose by diversion, and what does it cost to stop it?

Question and finding: README.md. Prints the tables that the README quotes; with --figure FILE.svg draws the
figure of the docs page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from channelsim import Policy, Scenario, simulate
from channelsim.analysis.style import house_style, new_figure, save_bytes

SEED, REPLICATIONS = 2005, 20
COAST, INLAND = "coastal distributor", "inland distributor"
REWARDS = (0.0, 400.0, 800.0, 1200.0)
"""Rewards a week for keeping to the territory."""
STRICT = {"monitoring": 400.0, "serial_tracking": 1.0, "fine": 40.0}
PANELS = {
    "diverted": "Units diverted a week",
    "price": "Retail price on the coast",
    "lost": "Share of its market lost",
    "trust": "Trust in the maker",
    "conflict": "Conflict with the maker",
    "adherence": "Adherence of who diverts",
}


def equal_prices() -> list[dict]:
    """Return the changes of terms by which inland costs as much as the coast."""
    return [
        {"supplier": "maker", "buyer": INLAND, "wholesale_price": 82.0},
        {"supplier": INLAND, "buyer": "inland stores", "brand": "A", "wholesale_price": 88.0},
    ]


def asked(reward: float) -> list[dict]:
    """Return the attempt by which the maker asks the inland distributor to keep to its territory."""
    attempt = {
        "name": "territory",
        "sender": "maker",
        "receiver": INLAND,
        "behaviour": "territory",
        "wanted": 0.0,
        "attention": 10.0,
        "strategies": {"request": 0.5, "recommendation": 0.5},
    }
    if reward:
        attempt |= {"strategies": {"promise": 1.0}, "reward": reward}
    return [attempt]


def policies() -> list[Policy]:
    """Return what the maker can do about it."""
    return [
        Policy(name="as it is"),
        Policy(name="watched and fined", governance=STRICT),
        Policy(name="fined only", governance={"fine": 40.0}),
        Policy(name="equal prices", terms=equal_prices()),
        *(
            Policy(name=f"reward {reward:g}" if reward else "asked", influence=asked(reward))
            for reward in REWARDS
        ),
    ]


def market(**changes) -> Scenario:
    """Return the library's market, reviewed every fourth week."""
    return Scenario.from_library("diversion").replace(review_weeks=4, **changes)


def print_table(result, nothing) -> None:
    """Print means over replications; ``nothing``: the same market in which nobody diverts."""
    names = ["nobody diverts", *result.policies]
    print(
        f"{'':<20}{'diverted':>10}{'share':>8}{'price':>8}{'fines':>8}{'maker':>9}{COAST[:8]:>9}{INLAND[:7]:>9}"
    )
    for name in names:
        of = nothing if name == "nobody diverts" else result
        policy = of.policies[0] if of is nothing else name
        profit = of.by_group.profit.sel(policy=policy).mean("replication")
        coast = of.by_territory.sel(policy=policy, territory="coast").mean("replication")
        if of is nothing:
            moved = (0.0, 0.0, float(coast.price), 0.0)
        else:
            whole = of.metrics.sel(policy=policy).mean("replication")
            moved = tuple(
                float(v) for v in (whole.diverted, coast.diverted_share, coast.price, whole.diversion_fines)
            )
        earned = [float(profit.sel(group=g)) for g in ("maker", COAST, INLAND)]
        print(f"{name:<20}{moved[0]:>10.1f}{moved[1]:>8.3f}{moved[2]:>8.2f}{moved[3]:>8.1f}", end="")
        print("".join(f"{value:>9.0f}" for value in earned))


def paired(result, first: str, second: str, group: str = "maker") -> str:
    """Return the mean difference of profit between two policies with its 95 % interval."""
    profit = result.by_group.profit.sel(group=group)
    gap = (profit.sel(policy=second) - profit.sel(policy=first)).values
    half = 2.093 * gap.std(ddof=1) / np.sqrt(gap.size)
    return f"{second} less {first}: {gap.mean():.0f} ± {half:.0f}"


def draw(result, shown: list[str], path: Path) -> None:
    """Draw every measure over time under some of the policies."""
    rows = result.relationships.mean("replication")
    to_coast, to_inland = f"maker → {COAST}", f"maker → {INLAND}"
    weekly = result.trajectories.mean("replication")
    quarter = {"week": 4}
    series = {
        "diverted": weekly.diverted_by_role.sel(role="distributor").coarsen(quarter, boundary="trim").mean(),
        "price": (
            weekly.revenue_by_territory.sel(territory="coast").coarsen(quarter, boundary="trim").sum()
            / weekly.sales_by_territory.sel(territory="coast").coarsen(quarter, boundary="trim").sum()
        ),
        "lost": rows.diversion_suffered.sel(relationship=to_coast),
        "trust": rows.trust_of_buyer.sel(relationship=to_coast),
        "conflict": rows.conflict.sel(relationship=to_coast),
        "adherence": rows.territory_adherence_of_buyer.sel(relationship=to_inland),
    }
    with house_style():
        figure = new_figure(12.0, 7.2)
        axes = figure.subplots(2, 3, sharex=True)
        for axis, (name, title) in zip(axes.flat, PANELS.items()):
            values = series[name]
            for policy in shown:
                line = values.sel(policy=policy)
                axis.plot(line[line.dims[-1]], line, label=policy)
            axis.set_title(title, fontsize=13)
            axis.grid(axis="y")
            if name not in ("price", "trust"):
                axis.set_ylim(bottom=0.0)
        for axis in axes[1]:
            axis.set_xlabel("week")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    path.write_bytes(save_bytes(figure, path.suffix[1:]))


def main() -> None:
    """Run all policies, print what they give and draw some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="SVG or PNG file to write")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    arguments = parser.parse_args()
    options = {"replications": arguments.replications, "seed": SEED, "progress": False}
    record = ["diverted by role", "revenue by territory", "sales by territory"]
    result = simulate(market(), policies(), record=record, **options)
    nothing = simulate(market(diversion={}), **options)
    print_table(result, nothing)
    print()
    for name in result.policies[1:]:
        print(paired(result, "as it is", name))
    without, with_it = (r.by_group.profit.sel(group="maker").values[0] for r in (nothing, result))
    gap = without - with_it
    half = 2.093 * gap.std(ddof=1) / np.sqrt(gap.size)
    print(f"nobody diverts less as it is: {float(gap.mean()):.0f} ± {float(half):.0f}")
    if arguments.figure:
        shown = ["as it is", "watched and fined", "reward 800", "reward 1200"]
        draw(result, shown, arguments.figure)


if __name__ == "__main__":
    main()
