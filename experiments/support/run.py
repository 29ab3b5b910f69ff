"""Draw what a co-operative share does to four stores, and what exclusive dealing costs in `appliances`."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from channelsim import Policy, simulate
from channelsim import columns as c
from channelsim.application import active_members
from channelsim.scenario import Scenario
from channelsim.theory.service_free_riding import coordinating_share, whole_channel
from channelsim.verification.support_runs import market_at_rest
from channelsim.world import build

FIGURE = Path(__file__).parents[2] / "docs" / "_static" / "support_and_exclusivity.svg"
SHARES = np.linspace(0.0, 0.9, 37)
COMPENSATIONS = (0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000)


def main() -> None:
    """Run both and save the figure."""
    plt.rcParams["svg.hashsalt"] = "channelsim"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    stores = Scenario.from_library("verification/support_service")
    terms = [[{"supplier": "maker", "cooperative_share": float(t)}] for t in SHARES]
    policies = [
        Policy(name=f"share {100 * t:.0f} of 100 {i}", terms=k) for i, (t, k) in enumerate(zip(SHARES, terms))
    ]
    result = simulate(stores, policies, 1, metrics=["profit", "channel_profit"], progress=False)
    profit = result.by_group["profit"].isel(replication=0)
    for group in ("maker", "stores"):
        values = profit.sel(group=group).values
        left.plot(SHARES, values - values[0], label={"maker": "maker", "stores": "four stores"}[group])
    channel = result.metrics["channel_profit"].values[:, 0]
    left.plot(SHARES, channel - channel[0], color="black", label="channel")
    best = coordinating_share(market_at_rest(whole_channel))
    left.axvline(best, color="grey", linestyle=":")
    left.annotate(
        "coordinating", (best, -390.0), (3, 0), textcoords="offset points", color="grey", rotation=90
    )
    left.axhline(0.0, color="grey", linewidth=0.5)
    left.set(
        xlabel="co-operative share", ylabel="profit above that without, money per week", ylim=(-400, 400)
    )
    left.legend()

    appliances = build(Scenario.from_library("appliances"))
    offer = {
        "supplier": "Aurora distributors",
        "buyer": "independents",
        "principal": "maker",
        "exclusive": True,
    }
    group = [g.name for g in appliances.scenario.members].index("independents")
    stage = (appliances.members.group == group) & (active_members(appliances.apply(), appliances) > 0)
    classes = np.array(appliances.territories.classes)[appliances.members.territory]
    for cut in (1.0, 0.9):
        accepted = []
        for k in COMPENSATIONS:
            changed = offer | {"compensation": float(k), "wholesale_price_scale": cut}
            accepted.append(appliances.apply(Policy(terms=[changed])).members[c.DEALS_EXCLUSIVELY])
        found = np.array(accepted)
        label = "at today's price" if cut == 1.0 else f"with a price cut of {1 - cut:.0%}"
        right.plot(
            np.array(COMPENSATIONS) / 1000, 100 * found[:, stage].sum(axis=1) / stage.sum(), label=label
        )
        print(
            label,
            {t: found[:, stage & (classes == t)].sum(axis=1).astype(int).tolist() for t in set(classes)},
        )
    right.set(xlabel="compensation, thousand yuan per week and store", ylabel="independents that accept, %")
    right.legend()
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
