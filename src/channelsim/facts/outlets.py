"""Stylised facts on outlets: more of them, and the entry of a chain that bargains as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.facts.differences import MARKET, Difference, Effort, Fact, compare, of_group
from channelsim.metrics import Floats
from channelsim.scenario import Scenario

# --- density ----------------------------------------------------------------------------------------------

DENSITIES = (2, 4, 6, 8, 12, 16, 24)
FEW, MANY = DENSITIES[0], DENSITIES[-1]


def dealers(loyal: bool = True, servicing_cost: float | None = None) -> Scenario:
    """Return the library's scenario `density`, or with its mean buyer in place of three segments.

    Parameters
    ----------
    loyal : bool
        Whether there are segments loyal to a brand; otherwise one segment of their mean parameters.
    servicing_cost : float, optional
        What a dealer costs the maker to serve, money per week; default the scenario's.
    """
    scenario = Scenario.from_library("density")
    changes: dict[str, Any] = {}
    if servicing_cost is not None:
        changes["members.dealers.servicing_cost"] = servicing_cost
    if not loyal:
        segments = scenario.segments
        share = np.array([s.share for s in segments], dtype=np.float64)

        def average(values: list[float]) -> float:
            return float(share @ np.array(values) / share.sum())

        equity = {b.name: average([s.equity[b.name] for s in segments]) for b in scenario.brands}  # type: ignore[index]
        changes["segments"] = [
            {
                "name": "all",
                "price_sensitivity": average([s.price_sensitivity for s in segments]),
                "travel_cost": average([s.travel_cost for s in segments]),
                "service_weight": average([s.service_weight for s in segments]),
                "equity": equity,
            }
        ]
    return scenario.replace(**changes) if changes else scenario


def at_densities(effort: Effort, scenario: Scenario) -> dict[str, dict[int, Floats]]:
    """Return by measure and number of dealers one value per replication.

    Measures: ``margin`` of a dealer, money per unit; ``profit`` of the maker, money per week; ``distance``
    of a buyer to the nearest dealer, km; ``sales`` of A, units per week; ``service`` effort of a dealer;
    ``dependence`` of the maker on one dealer.
    """
    policies = [{"name": str(n), "density": {"dealers": {"per_territory": float(n)}}} for n in DENSITIES]
    metrics = ("profit", "unit_margin", "mean_distance", "sell_through")
    result = effort.run(scenario, policies, metrics, ["service by group"])
    rows = result.relationships
    ours = rows.sel(relationship=rows["supplier"] == "maker").isel(review_week=-1)
    depends = np.where(
        ours["sales_share_of_supplier"].values > 0.0, ours["dependence_of_supplier"].values, np.nan
    )
    found: dict[str, dict[int, Floats]] = {}
    for k, n in enumerate(DENSITIES):
        policy = str(n)
        service = result.trajectories["service_by_group"].sel(policy=policy, group="dealers").isel(week=-1)
        values = {
            "margin": of_group(result, "unit_margin", "dealers", policy),
            "profit": of_group(result, "profit", "maker", policy),
            "distance": result.by_brand["mean_distance"].sel(policy=policy, brand="A").values,
            "sales": result.by_brand["sell_through"].sel(policy=policy, brand="A").values,
            "service": service.values / n,
            "dependence": np.nanmean(depends[k], axis=-1),
        }
        for name, value in values.items():
            found.setdefault(name, {})[n] = np.asarray(value)
    return found


def best(profit: dict[int, Floats]) -> int:
    """Return the number of dealers with the largest mean profit of the maker."""
    return max(profit, key=lambda n: float(profit[n].mean()))


def measure_density(effort: Effort) -> list[Difference]:
    """Compare many dealers with few, and the best number with both ends."""
    loyal, plain, free = (at_densities(effort, dealers(*given)) for given in ((), (False,), (True, 0.0)))

    def ends(quantity: str, unit: str, stated: int, what: str) -> Difference:
        pairs = [(found[what][MANY], found[what][FEW]) for found in (loyal, plain)]
        name = f"{quantity}, {MANY} dealers less {FEW}"
        return compare(name, unit, stated, "loyal segments: one mean segment", pairs[0], pairs[1])

    def optimum(end: int, off: str, without: dict[str, dict[int, Floats]]) -> Difference:
        pairs = [(found["profit"][best(found["profit"])], found["profit"][end]) for found in (loyal, without)]
        name = f"maker's profit, best number of dealers less {end}"
        return compare(name, "money per week", 1, off, pairs[0], pairs[1])

    one = "loyal segments: one mean segment"
    return [
        ends("dependence of the maker on each dealer", "–", -1, "dependence"),
        ends("margin of a dealer", "money per unit", -1, "margin"),
        ends("service effort of a dealer", "–", -1, "service"),
        ends("distance to the nearest dealer", "km", -1, "distance"),
        ends("sales of the brand", "units per week", 1, "sales"),
        optimum(FEW, one, plain),
        optimum(MANY, one, plain),
        optimum(MANY, "servicing cost: 0", free),
    ]


DENSITY = Fact(
    name="more outlets",
    statement="With more outlets the maker depends less on each, their margins and service fall, coverage "
    "rises, and where outlets cost something to serve an interior density is best.",
    source="T24; economics of distribution intensity, Frazier & Lassar 1996",
    carried_by="segments loyal to a brand (dealers of the brand compete with each other for them) and the "
    "cost of servicing a dealer",
    assumed="Scenario `density`: 2 to 24 dealers, a hundred a week to serve each. Without loyal segments "
    "there is one segment of their mean equity and price sensitivity.",
    measure=measure_density,
)

# --- the entry of a chain ---------------------------------------------------------------------------------

MAKERS = ("Alba", "Brio")
INDEPENDENTS, CHAIN_STORES = 8, 4


def at_the_table(exponent: float, independents: int, chain: bool) -> Scenario:
    """Return the library's `negotiation` with both makers delivering to all stores directly.

    Parameters
    ----------
    exponent : float
        k, of relative stakes.
    independents : int
        Independent stores.
    chain : bool
        Whether the chain's four stores are there.
    """
    scenario = Scenario.from_library("negotiation")
    data = scenario.to_dict()
    kept = {*MAKERS, "independents"} | ({"Grand"} if chain else set())
    members = [dict(member) for member in data["members"] if member["name"] in kept]
    for member in members:
        if member["name"] == "independents":
            member |= {"suppliers": list(MAKERS), "per_territory": float(independents)}
        if member["name"] == "Grand":
            member["per_territory"] = float(CHAIN_STORES)
    stores = [member["name"] for member in members if member["name"] not in MAKERS]
    contracts = [
        {"supplier": maker, "buyer": store, "wholesale_price": 55.0, "lead_time": 1}
        for maker in MAKERS
        for store in stores
    ]
    return scenario.replace(
        **{
            "members": members,
            "contracts": contracts,
            "weeks": 156,  # the second and third renewal, after a year
            "bargaining.stakes_exponent": exponent,
            "demand": {"system": "logit", "noise": "poisson", **MARKET},
        }
    )


def earned(effort: Effort, exponent: float, independents: int, chain: bool) -> dict[str, Floats]:
    """Return profit per replication, money per week: of both makers, of one independent, of the chain."""
    result = effort.run(at_the_table(exponent, independents, chain))
    makers = sum(of_group(result, "profit", maker, "base") for maker in MAKERS)
    each = of_group(result, "profit", "independents", "base") / independents
    found = {"makers": np.asarray(makers), "independent": each}
    return found | ({"chain": of_group(result, "profit", "Grand", "base")} if chain else {})


def measure_entry(effort: Effort) -> list[Difference]:
    """Compare the channel before and after the entry of a chain."""
    replaced = INDEPENDENTS - CHAIN_STORES
    before, replaces, adds = (
        {k: earned(effort, k, independents, chain) for k in (0.5, 0.0)}
        for independents, chain in ((INDEPENDENTS, False), (replaced, True), (INDEPENDENTS, True))
    )
    switched = [
        ("k = 0", replaces[0.0], before[0.0]),
        ("entry adds stores", adds[0.5], before[0.5]),
        ("k = 0 and entry adds stores", adds[0.0], before[0.0]),
    ]
    found = []
    for off, after, was in switched:
        pairs = [(replaces[0.5], before[0.5]), (after, was)]
        makers = [(a["makers"], b["makers"]) for a, b in pairs]
        each = [(a["independent"], b["independent"]) for a, b in pairs]
        theirs = [(a["chain"], CHAIN_STORES * b["independent"]) for a, b in pairs]
        unit = "money per week"
        found += [
            compare("profit of both makers, after entry less before", unit, -1, off, makers[0], makers[1]),
            compare("profit of an independent that remains", unit, -1, off, each[0], each[1]),
            compare(
                "profit of the chain, less that of as many independents before",
                unit,
                1,
                off,
                theirs[0],
                theirs[1],
            ),
        ]
    return found


ENTRY = Fact(
    name="entry of a super-terminal",
    statement="A chain whose stores take the place of independents moves profit from manufacturers and small "
    "stores to itself.",
    source="T5, T24; Draganska, Klapper & Villas-Boas 2010 on weights",
    carried_by="bargaining weights that follow relative stakes (k > 0): a maker depends little on one "
    "independent and much on a chain. With k = ½ entry that adds stores takes as much as entry that "
    "replaces them; the difference between the two decides only at k = 0, where makers lose a little by the "
    "one and gain by the other",
    assumed="Scenario `negotiation` without its distributors: both makers deliver to all stores, so that the "
    "entry changes only who sits at the table. Four stores of a chain in place of four of eight "
    "independents, or added to eight; k = ½. Means over the second and third yearly renewal: with k = ½ "
    "terms do not come to rest but swing from renewal to renewal, so that signs say more here than sizes.",
    measure=measure_entry,
)
