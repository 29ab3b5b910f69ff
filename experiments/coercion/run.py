"""What does a maker get who threatens, and what one who asks, advises and informs, at equal cost?

Question and finding: README.md. Prints the table that the README quotes; with --figure FILE.svg draws the
figure of the docs page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from channelsim import Policy, Scenario, simulate
from channelsim.analysis.style import BLUE, VERMILION, house_style, new_figure, save_bytes

SEED, REPLICATIONS, FIRST_WEEKS = 1959, 20, 13
MIXES = {
    "coercive": {"threat": 0.7, "legalistic_plea": 0.3},
    "non-coercive": {"request": 1 / 3, "recommendation": 1 / 3, "information_exchange": 1 / 3},
}
ATTENTION = 10.0
SANCTION = 60.0
SANCTIONS = (60.0, 600.0, 3000.0)
"""Fines a week: 2, 16 and 79 % of what East would lose without the maker."""
MEASURES = {
    "compliance_of_buyer": "Compliance",
    "stock_adherence_of_buyer": "Adherence to the asked stock",
    "trust_of_buyer": "Trust in the maker",
    "conflict": "Conflict",
    "social_satisfaction_of_buyer": "Social satisfaction",
    "economic_satisfaction_of_buyer": "Economic satisfaction",
}


def market() -> Scenario:
    """Return the library's market without its own attempts, reviewed every week."""
    scenario = Scenario.from_library("influence")
    return scenario.replace(influence=[], review_weeks=1, weeks=157, warm_up_weeks=0)


def policy(name: str, attention: float, sanction: float = SANCTION) -> Policy:
    """Return a policy under which the maker asks both distributors for eight weeks of stock."""
    attempts = []
    for receiver in ("East", "West"):
        attempt = {
            "name": f"stock of {receiver}",
            "sender": "maker",
            "receiver": receiver,
            "behaviour": "stock",
            "wanted": {"A": 8.0},
            "strategies": MIXES[name],
            "attention": attention,
        }
        attempts.append(attempt | ({"sanction": sanction} if "threat" in MIXES[name] else {}))
    return Policy(name=name, influence=attempts)


def relations_under(policies: list[Policy], replications: int):
    """Return the relationships of the maker with its distributors, week by week."""
    result = simulate(market(), policies, replications=replications, seed=SEED, progress=False)
    return result.relationships.sel(relationship=["maker → East", "maker → West"])


def present_cost(found) -> np.ndarray:
    """Return what each policy costs the maker net of fines over the first weeks, both distributors, money."""
    week = (found.review_week > 0) & (found.review_week <= FIRST_WEEKS)
    net = found.attention_spent_of_supplier + found.reward_paid_of_supplier - found.fine_paid_of_buyer
    return net.where(week).sum(["review_week", "relationship"]).mean("replication").values


def equal_attention(replications: int, sanction: float = SANCTION) -> float:
    """Return the attention per contact at which threatening costs as much at first as not threatening.

    A contact's cost enters nobody's decision, so that what the mixes achieve does not depend on it.
    """
    target = present_cost(relations_under([policy("non-coercive", ATTENTION)], replications))[0]
    free, dear = (
        present_cost(relations_under([policy("coercive", attention, sanction)], replications))[0]
        for attention in (0.0, ATTENTION)
    )
    return float(ATTENTION * (target - free) / (dear - free))


def draw(found, path: Path) -> None:
    """Draw every measure over time: East and West, under both mixes."""
    with house_style():
        figure = new_figure(12.0, 7.2)
        axes = figure.subplots(2, 3, sharex=True)
        mean = found.mean("replication")
        for axis, (name, title) in zip(axes.flat, MEASURES.items()):
            for mix, colour in zip(MIXES, (VERMILION, BLUE)):
                for who, style in (("East", "-"), ("West", "--")):
                    line = mean[name].sel(policy=mix, relationship=f"maker → {who}")[1:]
                    axis.plot(line.review_week, line, color=colour, linestyle=style, label=f"{mix}, {who}")
            axis.set_title(title, fontsize=13)
            axis.set_ylim(0.0, 1.0)
            axis.grid(axis="y")
        for axis in axes[1]:
            axis.set_xlabel("week")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    path.write_bytes(save_bytes(figure, path.suffix[1:]))


def main() -> None:
    """Run both mixes and print what they give."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="SVG or PNG file to write")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    arguments = parser.parse_args()
    attention = equal_attention(arguments.replications)
    policies = [policy("coercive", attention), policy("non-coercive", ATTENTION)]
    found = relations_under(policies, arguments.replications)
    print(f"attention per contact: coercive {attention:.2f}, non-coercive {ATTENTION:.2f}")
    costs = present_cost(found)
    print(f"net cost of the first {FIRST_WEEKS} weeks: coercive {costs[0]:.1f}, non-coercive {costs[1]:.1f}")
    weeks = (4, 13, 52, 156)
    print(f"\n{'':<34}" + "".join(f"{f'week {w}':>10}" for w in weeks))
    for name, title in MEASURES.items():
        for mix in MIXES:
            for who in ("East", "West"):
                line = found[name].sel(policy=mix, relationship=f"maker → {who}").mean("replication")
                cells = "".join(f"{float(line.sel(review_week=w)):>10.3f}" for w in weeks)
                print(f"{title:<29}{mix[:3]} {who[0]}{cells}")
    print(f"\n{'coercive, fine of':<34}" + "".join(f"{f'week {w}':>10}" for w in weeks))
    for sanction in SANCTIONS:
        dear = policy("coercive", equal_attention(arguments.replications, sanction), sanction)
        under = relations_under([dear], arguments.replications)
        for name in ("compliance_of_buyer", "stock_adherence_of_buyer", "trust_of_buyer"):
            line = under[name].sel(relationship="maker → East").isel(policy=0).mean("replication")
            cells = "".join(f"{float(line.sel(review_week=w)):>10.3f}" for w in weeks)
            print(f"{f'{sanction:,.0f}: {MEASURES[name]}'[:32] + ' E':<34}{cells}")
    if arguments.figure:
        draw(found, arguments.figure)


if __name__ == "__main__":
    main()
