"""What a policy does to dependence, satisfaction and conflict, by a run in which power is measured.

The problem's scenario is built once more with ``power.measured`` and ``relations.active``, and run briefly
under policy and baseline: where the scenario itself has relations switched off, satisfaction, trust and
conflict are those of a channel that is the same but for its firms' minding them, and
`RelationEffect.switched_on` says so.
Measures of the relationships (`channelsim.analysis.power`) are averaged over those in which the focal firm
supplies, in which it buys, and over all; the differences are paired by replication. A mean is over the
relationships in use under each policy, so that it also moves when members come or go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.evaluation import BLOCKS
from channelsim.policy.levers import focal_firm
from channelsim.policy.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from channelsim.scenario import Scenario

Floats = NDArray[np.float64]

VARIABLES = (
    "dependence_of_supplier", "dependence_of_buyer", "economic_satisfaction_of_supplier",
    "economic_satisfaction_of_buyer", "social_satisfaction_of_supplier", "social_satisfaction_of_buyer",
    "trust_of_supplier", "trust_of_buyer", "commitment_of_supplier", "commitment_of_buyer", "conflict",
)  # fmt: skip


class RelationEffect(NamedTuple):
    """What a policy does to one measure of the relationships of a set.

    Attributes
    ----------
    relationships : str
        Which ones, in words.
    rows : int
        How many relationships (or pairs of member groups, where there are too many) the mean is over.
    variable, meaning : str
    baseline, recommended : float
    difference : Estimate
    switched_on : bool
        Whether relations were switched on for this run alone.
    """

    relationships: str
    rows: int
    variable: str
    meaning: str
    baseline: float
    recommended: float
    difference: Estimate
    switched_on: bool


def relations_frame(effects: Sequence[RelationEffect]) -> DataFrame:
    """Return a row per measure.

    Returns
    -------
    pandas.DataFrame
        relationships, rows, variable, meaning, baseline, recommended, difference, low, high,
        switched_on.
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "relationships": e.relationships, "rows": e.rows, "variable": e.variable,
                "meaning": e.meaning, "baseline": e.baseline, "recommended": e.recommended,
                "difference": e.difference.value, "low": e.difference.low, "high": e.difference.high,
                "switched_on": e.switched_on,
            }
            for e in effects
        ]
    )  # fmt: skip


def relation_effects(
    problem: Problem,
    policy: Policy,
    seed: int = 1,
    *,
    replications: int = 4,
    level: float = 0.95,
    block: str = "report",
    workers: int | None = None,
) -> tuple[RelationEffect, ...]:
    """Compare a policy with the baseline in dependence, satisfaction, trust, commitment and conflict.

    Parameters
    ----------
    problem : Problem
    policy : Policy
    seed, replications, block
        Draws, as of an evaluator with this seed.
    level : float
    workers : int, optional

    Returns
    -------
    tuple of RelationEffect
        Empty where power cannot be measured in the scenario.
    """
    from channelsim.analysis.power import recorded_reviews
    from channelsim.analysis.results import Result
    from channelsim.engines.batch import run_batch
    from channelsim.world import build

    scenario = problem.channel.scenario
    try:
        channel = build(scenario.replace(**{"power.measured": True, "relations.active": True}))
    except ScenarioError:
        return ()
    named = [
        p.model_copy(update={"name": n}) for n, p in (("recommended", policy), ("baseline", problem.baseline))
    ]
    totals = run_batch(
        channel, named, replications, seed, ["profit"], [], workers, first_replication=BLOCKS[block]
    )
    data, _ = recorded_reviews(Result.from_totals(totals, ["profit"]))
    suppliers, buyers = ([str(x) for x in data[side].values] for side in ("supplier", "buyer"))
    pooled = data.attrs.get("rows") == "groups"
    owners = {g.name: g.owner or g.name for g in scenario.members} if pooled else {}
    found: list[RelationEffect] = []
    for told, inside in _sets(scenario, suppliers, buyers, owners):
        for name in VARIABLES:
            if name not in data or not inside.any():
                continue
            values = data[name].transpose("policy", "replication", "relationship").values[:, :, inside]
            if np.isnan(values).all():
                continue
            here, there = (mean(v, axis=1, omit_nan=True).value for v in values)
            meaning = str(data[name].attrs["long_name"])
            found.append(
                RelationEffect(
                    told, int(inside.sum()), name, meaning, float(mean(there).value),
                    float(mean(here).value), paired_difference(here, there, level),
                    not scenario.relations.active,
                )
            )  # fmt: skip
    return tuple(found)


def _sets(
    scenario: Scenario, suppliers: list[str], buyers: list[str], owners: dict[str, str]
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return sets of relationships: (in words, which rows)."""
    focal = focal_firm(scenario)
    own = {focal, *(name for name, owner in owners.items() if owner == focal)}
    supplying, buying = (np.array([name in own for name in names]) for names in (suppliers, buyers))
    everything = np.ones(len(suppliers), dtype=bool)
    sets = [
        (f"{focal} supplies", supplying & ~buying),
        (f"{focal} buys", buying & ~supplying),
        ("all relationships", everything),
    ]
    return [(told, inside) for k, (told, inside) in enumerate(sets) if k == 2 or not inside.all()]
