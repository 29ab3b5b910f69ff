"""Does choosing each territory's density beat density in proportion to buyers, and by how much?"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import channelsim
from channelsim.analysis.density_plots import density_map, response_curves
from channelsim.analysis.style import save_bytes
from channelsim.policy.density import plan_density
from channelsim.world import build

SEED = 20261


def main() -> None:
    """Print the plans of `appliances`; draw the first one's figures into a folder, if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, help="folder for the figures")
    options = parser.parse_args()
    channel = build(channelsim.Scenario.from_library("appliances"))
    stores = sum(int(count + 0.5) for count in channel.members.base_counts["independents"])
    asked = {
        "stores, Aurora's profit, as many as now": {"group": "independents", "budget": stores},
        "stores, Aurora's profit, a fifth fewer": {"group": "independents", "budget": round(0.8 * stores)},
        "stores, profit of the whole channel": {
            "group": "independents",
            "budget": stores,
            "objective": "channel_profit",
        },
        "distributors, Aurora's profit, as many as now": {
            "group": "Aurora distributors",
            "levels": (0.5, 1.0, 1.5, 2.0),
            "budget": sum(int(n + 0.5) for n in channel.members.base_counts["Aurora distributors"]),
        },
    }
    for k, (name, changes) in enumerate(asked.items()):
        start, used = time.perf_counter(), time.process_time()
        try:
            plan = plan_density(channel, seed=SEED, **changes)
        except channelsim.ScenarioError as error:
            print(f"\n{name}\n{error}")
            continue
        took = f"{time.process_time() - used:.1f} CPU s, {time.perf_counter() - start:.1f} s"
        print(f"\n{name} ({took})\n{plan.summary()}")
        if k == 0 and options.figures:
            options.figures.mkdir(parents=True, exist_ok=True)
            for file, figure in (
                ("curves.png", response_curves(plan, currency="yuan")),
                ("map.png", density_map(plan, channel)),
            ):
                (options.figures / file).write_bytes(save_bytes(figure, "png"))


if __name__ == "__main__":
    main()
