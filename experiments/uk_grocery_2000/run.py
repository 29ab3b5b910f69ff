"""Do shelf slots make suppliers more concentrated on their customers than the market is?

Question and finding: README.md. Prints the tables that the README quotes; with --figure FILE.svg draws the
figure of the docs page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from make_scenario import CUSTOMER_SHARES, MARKET_SHARES, Assumptions, calibrated, draft

from channelsim import Scenario, simulate
from channelsim.analysis.concentration import RECORD, CustomerSales, customer_concentration
from channelsim.analysis.concentration_plots import concentration_curves
from channelsim.analysis.style import save_bytes
from channelsim.world import build

SEED, REPLICATIONS = 2000, 20
FEE = 5.0
NO_SLOTS = Assumptions(chain_slots=None, independent_slots=None)


def near(assumed: Assumptions) -> Scenario:
    """Return the market with its chains' shares held, as nearly as lists that jump allow."""
    return calibrated(draft(assumed), rounds=12, accepted=0.01)


def outcome(scenario: Scenario, replications: int = REPLICATIONS):
    """Return the concentration table of a scenario, and how many suppliers sell at all."""
    channel = build(scenario)
    result = simulate(
        channel, replications=replications, seed=SEED, record=RECORD, metrics="revenue", progress=False
    )
    sold = (CustomerSales(result, channel).sales.sum(axis=-1) > 0).any(axis=(0, 1)).sum()
    return customer_concentration(result, channel), int(sold)


def row(table, measure: str) -> np.ndarray:
    """Return the mean of a measure for the largest 1 to 5, per cent."""
    return 100 * table[table["measure"] == measure]["mean"].to_numpy()


def line(name: str, values, more: str = "") -> str:
    """Return a row of text."""
    return f"{name:<46}" + " ".join(f"{v:6.1f}" for v in values) + f"  {more}"


def main() -> None:
    """Run all arms and print what they give."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="SVG or PNG file to write")
    parser.add_argument("--short", action="store_true", help="leave the sensitivities out")
    arguments = parser.parse_args()
    scenario = Scenario.from_library("uk_grocery_2000")
    loose = Scenario.parse(without(scenario, "listing_limit"))
    arms = {
        "slots (the scenario)": scenario,
        "no slots, loyalty as it was": loose,
        "no slots, market shares held": near(NO_SLOTS),
        f"slots, listing fee {FEE:g}, market shares held": near(Assumptions(listing_fee=FEE)),
        f"no slots, fee {FEE:g}, market shares held": near(NO_SLOTS._replace(listing_fee=FEE)),
    }
    print(line("cumulative %, largest 1 to 5", range(1, 6)))
    print(line("published: customers of a supplier", CUSTOMER_SHARES))
    print(line("published: market", MARKET_SHARES))
    tables = {}
    for name, changed in arms.items():
        tables[name], sold = outcome(changed)
        half = (tables[name]["high"] - tables[name]["mean"])[tables[name]["measure"] == "suppliers"].max()
        print(f"\n{name}: {sold} suppliers sell; intervals at most ± {100 * half:.2f}")
        for measure in ("suppliers", "suppliers weighted", "market"):
            print(line(f"  {measure}", row(tables[name], measure)))
        print(line("  suppliers less market", row(tables[name], "suppliers") - row(tables[name], "market")))
    if arguments.figure:
        names = list(arms)
        figure = concentration_curves(
            {"simulated, with slots": tables[names[0]], "simulated, without slots": tables[names[2]]},
            {
                "published: customers of a supplier": np.array(CUSTOMER_SHARES) / 100,
                "published: market (matched)": np.array(MARKET_SHARES) / 100,
            },
            title="British grocery, 2000: suppliers lean on few customers",
            subtitle="Cumulative share of the largest customers; chains' market shares are inputs",
        )
        arguments.figure.write_bytes(save_bytes(figure, arguments.figure.suffix[1:]))
    if not arguments.short:
        sensitivities()


def without(scenario: Scenario, field: str) -> dict:
    """Return a scenario's data without a field of its member groups."""
    data = scenario.to_dict()
    for group in data["members"]:
        group.pop(field, None)
    return data


def sensitivities() -> None:
    """Print how the outcome moves with what was assumed; noise off, market shares held each time."""
    print("\nsensitivity: suppliers' average, market shares held")
    cases = {
        f"slots {chains} and {small}": Assumptions(chain_slots=chains, independent_slots=small)
        for chains, small in ((10, 4), (15, 6), (20, 8), (25, 10), (30, 12), (20, 20), (20, None))
    }
    cases |= {
        f"regional tastes {d:g}, {label}": base._replace(regional_deviation=d)
        for d in (0.0, 0.5, 1.0)
        for label, base in (("slots", Assumptions()), ("no slots", NO_SLOTS))
    }
    cases |= {
        f"no private labels, {label}": base._replace(own_labels=False)
        for label, base in (("slots", Assumptions()), ("no slots", NO_SLOTS))
    }
    for name, assumed in cases.items():
        show(name, assumed)
    for label, base in (("slots", Assumptions()), ("no slots", NO_SLOTS)):
        drawn = [found(base._replace(brand_seed=seed)) for seed in range(2000, 2010)]
        drawn = np.array([values for values, _ in drawn if values is not None])
        print(line(f"{len(drawn)} draws of the brands, {label}: mean", drawn.mean(axis=0)))
        print(line("  standard deviation over draws", drawn.std(axis=0, ddof=1)))
        print(line("  lowest", drawn.min(axis=0)))
        print(line("  highest", drawn.max(axis=0)))


def found(assumed: Assumptions):
    """Return the suppliers' average and how many sell; None if the market shares cannot be met."""
    try:
        scenario = near(assumed)
    except RuntimeError:
        return None, 0
    table, sold = outcome(scenario.replace(**{"demand.noise": "none"}), 1)
    return row(table, "suppliers"), sold


def show(name: str, assumed: Assumptions) -> None:
    """Print one case."""
    values, sold = found(assumed)
    print(
        line(name, [] if values is None else values, f"{sold} suppliers sell" if sold else "not calibrated")
    )


if __name__ == "__main__":
    main()
