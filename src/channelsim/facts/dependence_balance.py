"""Stylised facts on the balance of dependence: asymmetry with exploitation, balanced interdependence."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from channelsim.facts.differences import MARKET, Difference, Effort, Fact, compare
from channelsim.metrics import Floats
from channelsim.scenario import Scenario

PAIR = "maker → store"
PRICE, EXPLOITING_PRICE = 60.0, 80.0
"""Wholesale prices: agreed at the start, and near what a first mover would take (rule "leader")."""
SANCTION = 500.0
"""A quarter of what either side earns a week (2,000)."""
EXPLOITED_FROM = 52
WHOLE = (1, 155)


class Arrangement(NamedTuple):
    """Who depends on whom, at the opening prices, each in [0, 1]."""

    of_maker: float
    of_store: float


def relationship(
    arranged: Arrangement,
    *,
    stakes_exponent: float | None = None,
    exploited: bool = False,
    both_threaten: bool = False,
    effects: dict[str, float] | None = None,
) -> Scenario:
    """Return one maker and one store with logit demand, each with an outside option.

    The buyers whom an option keeps are 1 − dependence, at the margin of the opening price of 60, at which
    either side earns about 2,000 a week: the two dependences are then as arranged.

    Parameters
    ----------
    arranged : Arrangement
    stakes_exponent : float, optional
        Prices are renegotiated twice a year, with this k; default: posted.
    exploited : bool
        The maker raises its posted price to 80 after a year.
    both_threaten : bool
        The store threatens, too, for a lower wholesale price.
    effects : dict, optional
        Effects other than those of the table.
    """
    negotiated = stakes_exponent is not None
    bargaining = {"renewal_weeks": 26, "stakes_exponent": stakes_exponent}
    asked: list[dict[str, Any]] = [
        {
            "name": "lower retail price",
            "sender": "maker",
            "receiver": "store",
            "behaviour": "price",
            "wanted": 90.0,
            "sanction": SANCTION,
            "strategies": {"threat": 1.0},
        }
    ]
    if both_threaten:
        asked.append(
            asked[0]
            | {"name": "lower wholesale price", "sender": "store", "receiver": "maker", "wanted": 55.0}
        )
    raised = {
        "week": EXPLOITED_FROM,
        "duration": 156 - EXPLOITED_FROM,
        "column": "wholesale_price",
        "operation": "set",
        "value": EXPLOITING_PRICE,
    }
    return Scenario.from_library("bilateral").replace(
        **{
            "demand": {"system": "logit", "noise": "poisson", **MARKET},
            "territories": [{"name": "market", "buyers": 100.0}],
            "segments": [{"name": "buyers", "price_sensitivity": 0.05, "equity": 5.0}],
            "weeks": 156,
            "warm_up_weeks": 0,
            "review_weeks": 13 if negotiated else 4,
            **({"bargaining": bargaining} if negotiated else {}),
            "members.maker.pricing": {"rule": "negotiated" if negotiated else "posted"},
            "power.measured": True,
            "power.outside_options": [
                {
                    "name": "direct selling",
                    "kind": "direct_selling",
                    "group": "maker",
                    "acceptance": 1.0 - arranged.of_maker,
                    "price": PRICE,
                },
                {
                    "name": "another supplier",
                    "kind": "rival_supplier",
                    "group": "store",
                    "acceptance": 1.0 - arranged.of_store,
                    "unit_cost": PRICE,
                },
            ],
            "relations.active": True,
            "relations.exit": True,
            "relations.effects": effects or {},
            "influence": asked,
            "events": [raised] if exploited else [],
        }
    )


def read(effort: Effort, scenario: Scenario) -> dict[str, Floats]:
    """Run a relationship and return, per replication, what stability is judged by.

    ``threats``: contacts a week with a threat, both sides; ``conflict``; ``ended``: 1 if a side has left;
    ``cushion``: share of its outcome that the side nearest its alternative may lose before that is better.
    Means over the weeks in which the relationship stood.
    """
    result = effort.run(scenario)
    rows = result.relationships.sel(relationship=PAIR, policy="base").sel(review_week=slice(*WHOLE))
    stands = rows["ended"].values == 0.0

    def standing(values: Any) -> Floats:
        return np.asarray(np.nanmean(np.where(stands, values, np.nan), axis=-1))

    cushion = [
        standing(1.0 - rows[f"recaptured_of_{side}"].values / rows[f"outcome_of_{side}"].values)
        for side in ("supplier", "buyer")
    ]
    return {
        "threats": standing(rows["coercive_use_of_supplier"].values + rows["coercive_use_of_buyer"].values),
        "conflict": standing(rows["conflict"].values),
        "cushion": np.minimum(*cushion),
        "ended": np.asarray(rows["ended"].isel(review_week=-1).values),
    }


# --- asymmetry with exploitation --------------------------------------------------------------------------

BALANCED, ASYMMETRIC = Arrangement(0.5, 0.5), Arrangement(0.2, 0.8)
LOOSE_BALANCED, LOOSE_ASYMMETRIC = Arrangement(0.25, 0.25), Arrangement(0.1, 0.4)


def measure_asymmetry(effort: Effort) -> list[Difference]:
    """Compare asymmetric with balanced relationships of the same total interdependence."""
    posted, nash, equal = (
        {
            arranged: read(effort, relationship(arranged, stakes_exponent=exponent))
            for arranged in (BALANCED, ASYMMETRIC, LOOSE_BALANCED, LOOSE_ASYMMETRIC)
        }
        for exponent in (None, 0.5, 0.0)
    )
    exploited = {
        arranged: read(effort, relationship(arranged, exploited=True))
        for arranged in (ASYMMETRIC, LOOSE_ASYMMETRIC, LOOSE_BALANCED)
    }
    stakes, halves = "posted terms: renegotiated, k = ½", "posted terms: renegotiated, k = 0"

    def row(
        quantity: str,
        what: str,
        treated: dict[str, Floats],
        cells: tuple[Arrangement, Arrangement] = (ASYMMETRIC, BALANCED),
        off: str = stakes,
    ) -> Difference:
        unit = "per week" if what == "threats" else "–"
        terms = nash if off == stakes else equal
        without = terms[cells[0]][what], terms[cells[1]][what]
        return compare(quantity, unit, 1, off, (treated[what], posted[cells[1]][what]), without)

    loose = (LOOSE_ASYMMETRIC, LOOSE_BALANCED)
    conflict, leaving = "conflict, asymmetric less balanced", "exit, both depend half as much"
    return [
        row("threats, asymmetric less balanced", "threats", posted[ASYMMETRIC]),
        row(conflict, "conflict", posted[ASYMMETRIC]),
        row(conflict, "conflict", posted[ASYMMETRIC], off=halves),
        row("conflict, asymmetric with a raised price less balanced", "conflict", exploited[ASYMMETRIC]),
        row("exit, asymmetric with a raised price less balanced", "ended", exploited[ASYMMETRIC]),
        row(f"{leaving}, the same", "ended", exploited[LOOSE_ASYMMETRIC], loose),
        row(f"{leaving}, the same", "ended", exploited[LOOSE_ASYMMETRIC], loose, halves),
        row(
            f"{leaving}, raised price in the balanced one less posted",
            "ended",
            exploited[LOOSE_BALANCED],
            (LOOSE_BALANCED, LOOSE_BALANCED),
        ),
    ]


ASYMMETRY = Fact(
    name="asymmetry with exploitation",
    statement="Where dependence is asymmetric and the strong side exploits it, conflict and exit are more "
    "frequent.",
    source="T3, T31; Kumar, Scheer & Steenkamp 1995, Gundlach & Cadotte 1994",
    carried_by="for conflict, terms that do not answer to dependence: posted ones, or Nash terms with equal "
    "weights (k = 0). Where weights follow the stakes (k = ½) the terms take up the asymmetry. For exit, "
    "posted terms that an alternative beats, in balanced relationships as well: who depends strongly stays",
    assumed="Scenario `bilateral` with logit demand; the outside options of the two sides set their "
    "dependence: balanced 0.5 and 0.5, asymmetric 0.2 of the maker and 0.8 of the store (both half as much "
    "in the rows that say so). The maker asks for a lower retail price by threats; with exploitation it also "
    "raises its price from 60 to 80 after a year, near what a first mover takes. One relationship has no "
    "peers, so that fairness plays no part here.",
    measure=measure_asymmetry,
)

# --- balanced high interdependence ------------------------------------------------------------------------

HIGH, LOW = Arrangement(0.8, 0.8), Arrangement(0.2, 0.2)
MAKER_STRONG, STORE_STRONG = Arrangement(0.2, 0.8), Arrangement(0.8, 0.2)
OTHERS = {"balanced low": LOW, "the strong maker": MAKER_STRONG, "the strong store": STORE_STRONG}


def measure_balance(effort: Effort) -> list[Difference]:
    """Compare balanced high interdependence with what is low or asymmetric; both sides may threaten."""
    found = [
        {
            arranged: read(effort, relationship(arranged, both_threaten=True, effects=effects))
            for arranged in (HIGH, *OTHERS.values())
        }
        for effects in ({}, {"interdependence_on_threats": 0.0})
    ]
    measured = [
        ("threats of both sides", "threats", "per week", -1),
        ("conflict", "conflict", "–", -1),
        ("loss that either side bears before it would leave", "cushion", "share of outcome", 1),
        ("exit", "ended", "–", -1),
    ]
    return [
        compare(
            f"{quantity}, balanced high less {name}",
            unit,
            stated,
            "deterrence (h2 = 0)",
            (found[0][HIGH][what], found[0][other][what]),
            (found[1][HIGH][what], found[1][other][what]),
        )
        for quantity, what, unit, stated in measured
        for name, other in OTHERS.items()
    ]


BALANCE = Fact(
    name="balanced high interdependence",
    statement="Relationships in which both sides depend much on each other are the most stable: fewest "
    "threats, least conflict, fewest exits.",
    source="T3; Bacharach & Lawler 1981, Kumar, Scheer & Steenkamp 1995",
    carried_by="deterrence on both sides, h2, for the threats. Conflict falls in total interdependence by a "
    "slope of its own, and what a side bears before it leaves is its dependence, nearly by definition.",
    assumed="As before, terms posted at 60; both sides ask for a lower price by threats with the same "
    "sanction of 500, a quarter of what either earns. High is 0.8, low 0.2.",
    measure=measure_balance,
)
