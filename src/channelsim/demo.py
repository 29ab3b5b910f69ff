"""The demonstration: how densely a maker should cover the country, and at what wholesale price.

Three densities of the independent stores × three price lists of the focal firm, on common random numbers,
and a report for a meeting.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from channelsim.decisions import Density, Policy, TermsChange
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario

if TYPE_CHECKING:
    from channelsim.analysis.results import Result
    from channelsim.world import Channel

SCENARIO, CURRENCY = "appliances", "yuan"
DENSITIES = (0.75, 1.0, 1.5)
PRICES = (0.95, 1.0, 1.05)
BASE = "as now (base)"
MEASURED, POWER_REPLICATIONS = {"power.measured": True}, 4
"""Power is measured under the base policy alone, and in few replications: it rests on expected demand."""


def demo_scenario() -> Scenario:
    """Return the scenario of the demonstration as the section on power needs it: with power measured."""
    return Scenario.from_library(SCENARIO).replace(**MEASURED)


def demo_policies(
    scenario: Scenario, densities: tuple[float, ...] = DENSITIES, prices: tuple[float, ...] = PRICES
) -> list[Policy]:
    """Return the policies of the demonstration for any scenario, the base policy first.

    Parameters
    ----------
    scenario : Scenario
    densities : tuple of float
        Factors on the number of stores that belong to no chain (of all stores, if all belong to one).
    prices : tuple of float
        Factors on the posted wholesale prices of the focal firm's brands, at every tier: the
        distributors' price list moves with the maker's.

    Raises
    ------
    ScenarioError
        If no group sells to consumers, or the focal firm's brands have no posted price.
    """
    stores = [g.name for g in scenario.members if g.sells_to_consumers and not g.owner]
    stores = stores or [g.name for g in scenario.members if g.sells_to_consumers]
    lists = focal_price_lists(scenario)
    if not stores or not lists:
        lacking = "group of stores" if not stores else "posted wholesale price of the focal firm's brands"
        raise ScenarioError(f"{scenario.name}: the demonstration needs a {lacking}")
    made = [
        Policy(
            name=policy_name(density, price),
            density={} if density == 1.0 else {name: Density(scale=density) for name in stores},
            terms=[]
            if price == 1.0
            else [TermsChange(supplier=s, brand=b, wholesale_price_scale=price) for s, b in lists],
        )
        for density in densities
        for price in prices
    ]
    return sorted(made, key=lambda policy: policy.name != BASE)


def focal_price_lists(scenario: Scenario) -> list[tuple[str, str]]:
    """Return (supplying group, brand) of every posted price of the focal firm's brands."""
    owners = {b.name: b.owner or b.name for b in scenario.brands}
    focal = scenario.focal if scenario.focal in owners.values() else next(iter(owners.values()))
    groups = {g.name: g for g in scenario.members}
    found: dict[tuple[str, str], None] = {}
    carried = scenario_brands(scenario)
    for contract in scenario.contracts:
        for brand, owner in owners.items():
            sold = brand in carried[contract.supplier] and brand in carried[contract.buyer]
            posted = (
                groups[contract.supplier].pricing.rule in ("fixed", "posted")
                and contract.wholesale_price is not None
            )
            if owner == focal and contract.brand in ("", brand) and sold and posted:
                found[contract.supplier, brand] = None
    return list(found)


def scenario_brands(scenario: Scenario) -> dict[str, set[str]]:
    """Return the brands that each group carries."""
    from channelsim.members import brands_of

    names = [b.name for b in scenario.brands]
    return {group: {names[k] for k in brands} for group, brands in brands_of(scenario).items()}


def policy_name(density: float, price: float) -> str:
    """Return what people call a policy of the demonstration.

    Examples
    --------
    >>> policy_name(1.5, 0.95), policy_name(1.0, 1.05), policy_name(1.0, 1.0)
    ('density +50 %, price −5 %', 'density as now, price +5 %', 'as now (base)')
    """
    if density == price == 1.0:
        return BASE
    changes = {"density": 100 * (density - 1), "price": 100 * (price - 1)}
    # No dot may stand in the name of a policy, so a share of a per cent is written with a comma.
    told = {
        k: "as now" if v == 0 else f"{'+' if v > 0 else '−'}{abs(v):.4g} %".replace(".", ",")
        for k, v in changes.items()
    }
    return ", ".join(f"{name} {text}" for name, text in told.items())


def run_demo(
    out: str | Path = "out/demo",
    replications: int = 64,
    workers: int | None = None,
    seed: int = 1,
    scenario: Scenario | None = None,
    currency: str = CURRENCY,
    progress: bool | None = None,
) -> Result:
    """Run the demonstration and write its report.

    Parameters
    ----------
    out : str or Path
        Folder of the report; see `channelsim.analysis.folders.whole_folder` for what it may hold.
    replications, seed, workers, progress
        As in `channelsim.simulate`.
    scenario : Scenario, optional
        Default: "appliances" of the library.
    currency : str
        What "money" is called.

    Returns
    -------
    Result

    Raises
    ------
    ScenarioError
        If the scenario does not fit, or its stores are not built for the densities (``maximum_scale``).
    OutputError
        If the folder cannot be written.
    """
    from channelsim.analysis.folders import check_replaceable, whole_folder
    from channelsim.analysis.printing import summary_csv
    from channelsim.analysis.report import ReportOptions, report_files, write_files
    from channelsim.simulation import simulate
    from channelsim.world import build

    check_replaceable(Path(out))
    scenario = scenario or Scenario.from_library(SCENARIO)
    channel = build(scenario)
    policies = demo_policies(scenario)
    record = ["sales by brand"] if len(scenario.brands) > 1 else ["sales"]
    result = simulate(channel, policies, replications, seed, record, workers=workers, progress=progress)
    related = simulate(
        build(scenario.replace(**MEASURED)), policies[0], min(replications, POWER_REPLICATIONS), seed,
        metrics=["profit"], workers=workers, progress=False,
    )  # fmt: skip
    options = f" --replications {replications}" * (replications != 64) + f" --seed {seed}" * (seed != 1)
    said = ReportOptions(
        base=BASE, command=f"channelsim demo{options}", currency=currency,
        remarks=edge_remark(result), notes=_notes(channel), power=related,
    )  # fmt: skip
    made = report_files(result, channel, said)
    with whole_folder(out) as folder:
        power = related.power().to_csv(index=False, lineterminator="\n").encode()
        write_files(folder, made | {"summary.csv": summary_csv(result).encode(), "power.csv": power})
        result.save(folder / "result.nc")
    return result


def edge_remark(result: Result) -> list[str]:
    """Return a sentence that warns where the best policy lies at the edge of what was tried."""
    from channelsim.analysis.headlines import best_policy

    best = best_policy(result, BASE)[0]
    at_edge = [
        what
        for what, ends in (
            ("density", [policy_name(d, p) for d in (min(DENSITIES), max(DENSITIES)) for p in PRICES]),
            ("price", [policy_name(d, p) for d in DENSITIES for p in (min(PRICES), max(PRICES))]),
        )
        if best in ends
    ]
    if not at_edge:
        return []
    where = " and ".join(at_edge)
    return [f"The best policy lies at the edge of what was tried in {where}: a better one may lie beyond."]


def _notes(channel: Channel) -> list[str]:
    scenario = channel.scenario
    lists = focal_price_lists(scenario)
    sellers = list(dict.fromkeys(supplier for supplier, _ in lists))
    brands = list(dict.fromkeys(brand for _, brand in lists))
    stores = [g.name for g in scenario.members if g.sells_to_consumers and not g.owner]
    stores = stores or [g.name for g in scenario.members if g.sells_to_consumers]
    return [
        f"Density is the number of stores of {' and '.join(stores)}, changed alike in every territory and "
        "for all brands that they carry; what it costs to win or close a store is not in the model.",
        f"Price is the wholesale price of {' and '.join(brands)}, on the lists of {' and '.join(sellers)} "
        "alike; rivals’ lists stay as they are.",
    ]
