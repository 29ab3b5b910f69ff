"""Write the library's scenario uk_grocery_2000: one grocery category, five chains, a fringe, many suppliers.

Given: the five chains' shares of the market (T5, Competition Commission 2000, as the theory brief quotes it).
One number a chain, its stores' loyalty, is calibrated so that the noise-free run has these shares. Everything
else is assumed, in round numbers that were fixed before the first run, and is said so in the scenario. The
concentration of the suppliers' sales on their customers plays no part here: it is the outcome.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tomli_w

from channelsim import Scenario, simulate

TARGET = Path(__file__).parents[2] / "src" / "channelsim" / "library" / "uk_grocery_2000.toml"
MARKET_SHARES = (32.2, 46.8, 56.4, 63.3, 68.5)
"""Cumulative share of the national market of the largest 1 to 5 retailers, per cent (published)."""
CUSTOMER_SHARES = (38.4, 56.9, 68.7, 79.1, 86.2)
"""Cumulative average share of a supplier's sales to its largest 1 to 5 customers, per cent (published)."""

REGIONS = [f"region {r}" for r in range(1, 7)]
STORES = {  # by region: 1 is everywhere, 2 and 3 lean to opposite halves, 4 and 5 are not everywhere
    "chain 1": (4, 4, 4, 4, 4, 4),
    "chain 2": (3, 3, 3, 1, 1, 1),
    "chain 3": (1, 1, 1, 3, 3, 3),
    "chain 4": (2, 2, 2, 2, 0, 0),
    "chain 5": (0, 0, 0, 0, 3, 3),
}
FRINGE = "independents"
INDEPENDENTS = 10  # in each region
SUPPLIERS, WITH_TWO_BRANDS = 30, 6
SIZE_DEVIATION = 1.0
BASE_EQUITY = -1.0
PRICE_SENSITIVITY = 2.0  # × the retail price of 1.3: the mean brand elasticity of -2.6
WHOLESALE, PRODUCTION, OWN_LABEL_TRANSFER, MARKUP = 1.0, 0.6, 0.8, 1.3

DESCRIPTION = """
A stylised category of British grocery in 2000: five chains, named by rank, a fringe of sixty
independents, thirty suppliers with thirty-six brands, and a private label of each chain, in six regions.
Given are the chains' shares of the market, cumulative 32.2, 46.8, 56.4, 63.3 and 68.5 % (Competition
Commission 2000, Cm 4842, as quoted in the package's theory brief; the report itself could not be read).
Their stores' loyalty is calibrated to these shares and to nothing else (experiments/uk_grocery_2000).
Everything else is a declared assumption: numbers of stores by region, of suppliers and brands; brand
sizes (normal utility, deviation 1, so that attractions are lognormal) and regional tastes (deviation
0.5); shelves for twenty brands in a chain and eight in an independent; prices (retail 1.3 times
wholesale, private label a fifth cheaper) and price sensitivity, from the mean brand elasticity of -2.6 of
Bijmolt et al. 2005; direct delivery to all; no listing fees, of which the practice is documented but no
amount. One demand system is one category, so a supplier here sells in one category only.
"""


class Assumptions(NamedTuple):
    """What the experiment varies; the defaults are the scenario's."""

    chain_slots: int | None = 20
    independent_slots: int | None = 8
    listing_fee: float = 0.0  # money per week and shelf, asked by the chains
    regional_deviation: float = 0.5
    brand_seed: int = 2000
    own_labels: bool = True


AS_IN_THE_SCENARIO = Assumptions()


def brands(assumed: Assumptions) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Return the suppliers' brands with their owners, and their (brands, regions) utility."""
    owner = [s for s in range(SUPPLIERS) for _ in range(1 + (s < WITH_TWO_BRANDS))]
    draws = np.random.default_rng(assumed.brand_seed)
    size = draws.normal(0.0, SIZE_DEVIATION, len(owner))
    taste = assumed.regional_deviation * draws.normal(0.0, 1.0, (len(owner), len(REGIONS)))
    rows = [
        {"name": f"brand {b + 1:02}", "owner": f"supplier {s + 1:02}", "production_cost": PRODUCTION}
        for b, s in enumerate(owner)
    ]
    return rows, BASE_EQUITY + size[:, None] + taste


def draft(assumed: Assumptions = AS_IN_THE_SCENARIO) -> Scenario:
    """Return the scenario with all loyalties zero."""
    rows, utility = brands(assumed)
    suppliers = list(dict.fromkeys(row["owner"] for row in rows))
    labels = [{"name": f"{chain} label", "owner": chain, "production_cost": PRODUCTION} for chain in STORES]
    labels = labels if assumed.own_labels else []
    utility = np.concatenate([utility, np.full((len(labels), len(REGIONS)), BASE_EQUITY)])
    names = [row["name"] for row in rows + labels]
    plants = [{"name": s, "role": "manufacturer", "count": 1, "owner": s} for s in suppliers]
    plants += [
        {"name": f"{chain} plant", "role": "plant", "count": 1, "owner": chain}
        for chain in STORES
        if assumed.own_labels
    ]
    stores = [
        {
            "name": chain,
            "role": "retailer",
            "owner": chain,
            "per_territory": dict(zip(REGIONS, map(float, count))),
            "suppliers": [*([f"{chain} plant"] if assumed.own_labels else []), *suppliers],
            "listing_fee": assumed.listing_fee,
            "loyalty": 0.0,
            "pricing": {"rule": "markup", "markup": MARKUP},
        }
        for chain, count in STORES.items()
    ]
    stores.append(
        {
            "name": FRINGE,
            "role": "retailer",
            "per_territory": float(INDEPENDENTS),
            "suppliers": suppliers,
            "pricing": {"rule": "markup", "markup": MARKUP},
        }
    )
    for store in stores:
        slots = assumed.independent_slots if store["name"] == FRINGE else assumed.chain_slots
        if slots is not None:
            store["listing_limit"] = slots
    price = {f"{chain} plant": OWN_LABEL_TRANSFER for chain in STORES}
    return Scenario.parse(
        {
            "scenario_format": 1,
            "name": "uk_grocery_2000",
            "title": "British grocery, 2000: suppliers and their customers",
            "description": " ".join(DESCRIPTION.split()),
            "focal": "supplier 01",
            "weeks": 60,
            "warm_up_weeks": 8,
            "demand": {"system": "logit", "noise": "poisson"},
            "territories": [{"name": region, "buyers": 10_000.0} for region in REGIONS],
            "segments": [
                {
                    "name": f"tastes of {region}",
                    "share": {other: float(other == region) for other in REGIONS},
                    "price_sensitivity": PRICE_SENSITIVITY,
                    "equity": dict(zip(names, np.round(utility[:, r], 3).tolist())),
                }
                for r, region in enumerate(REGIONS)
            ],
            "brands": rows + labels,
            "members": [*plants, *stores],
            "contracts": [
                {
                    "supplier": supplier,
                    "buyer": store["name"],
                    "wholesale_price": price.get(supplier, WHOLESALE),
                    "lead_time": 1,
                }
                for store in stores
                for supplier in store["suppliers"]
            ],
        }
    )


def market_shares(scenario: Scenario) -> np.ndarray:
    """Return the chains' shares of what consumers spend, noise off."""
    quiet = scenario.replace(**{"demand.noise": "none"})
    revenue = simulate(quiet, replications=1, metrics="revenue", progress=False).by_chain["revenue"]
    return np.array([float(revenue.sel(chain=name).mean()) for name in STORES]) / float(revenue.sum())


def calibrated(scenario: Scenario, rounds: int = 40, accepted: float = 5e-5) -> Scenario:
    """Return the scenario with the loyalty at which each chain has its published share of the market.

    Raises
    ------
    RuntimeError
        If the best of the rounds misses a share by more than ``accepted``: where loyalty moves lists, shares
        jump.
    """
    target = np.diff(MARKET_SHARES, prepend=0.0) / 100.0
    loyalty, best, least = np.zeros(len(STORES)), scenario, np.inf
    for _ in range(rounds):
        changes = {f"members.{name}.loyalty": round(float(x), 4) for name, x in zip(STORES, loyalty)}
        found = scenario.replace(**changes)
        shares = market_shares(found)
        gap = float(np.abs(shares - target).max())
        if gap < least:
            best, least = found, gap
        if least < 5e-5:
            return best
        # with one region and no change of lists this step is exact: shares go with e^loyalty
        loyalty += np.log(target / shares) - np.log((1.0 - target.sum()) / (1.0 - shares.sum()))
    if least > accepted:
        raise RuntimeError(f"market shares are missed by {least:.4f} after {rounds} rounds")
    return best


def text() -> str:
    """Return the scenario as the file holds it."""
    return tomli_w.dumps(calibrated(draft()).to_dict())


def main() -> None:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 if the file on disk differs")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text() else "the file on disk differs")
    TARGET.write_text(text(), encoding="utf-8")
    print(f"{TARGET.name}: {market_shares(Scenario.load(TARGET)).cumsum().round(4)}")


if __name__ == "__main__":
    main()
