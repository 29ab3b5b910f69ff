"""Who wins and who loses: paired differences from the baseline for everybody a policy touches.

The focal firm, every other firm, every role and member group, consumers, the channel as a whole, territories
and their classes, and stores by size. All on the same fresh draws under policy and baseline. A store's size
is what it sells under the baseline (thirds of the stores by units); stores that the policy opens are a class
of their own, and one that it closes counts with zero in its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim import columns as c
from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.decisions import Policy
from channelsim.metrics import METRICS
from channelsim.policy.levers import focal_firm
from channelsim.totals import Totals, evaluate

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.policy.evaluation import Evaluator
    from channelsim.scenario import Scenario
    from channelsim.world import Channel

Floats = NDArray[np.float64]

METRICS_READ = ("profit", "channel_profit", "consumer_surplus", "welfare", "fill_rate", "mean_distance")
SIZES = ("small stores", "middle stores", "large stores")
NEW = "stores newly opened"


class Effect(NamedTuple):
    """What a policy does to one stakeholder.

    Attributes
    ----------
    kind : str
        "focal firm", "firm", "role", "group", "consumers", "channel", "territory class", "store size" or
        "territory".
    name, metric, unit : str
    baseline, recommended : float
        Means over the replications.
    difference : Estimate
        Recommended less baseline, paired.
    """

    kind: str
    name: str
    metric: str
    unit: str
    baseline: float
    recommended: float
    difference: Estimate

    @property
    def relative(self) -> float:
        """Difference over the size of the baseline's value; NaN where that is zero."""
        return self.difference.value / abs(self.baseline) if self.baseline else np.nan

    @property
    def verdict(self) -> str:
        """Wins or loses, where the interval says so; else unclear; unchanged where nothing differs."""
        better = -1.0 if self.metric == "mean_distance" else 1.0
        ends = sorted((better * self.difference.low, better * self.difference.high))
        if self.difference.low == self.difference.high == 0.0:
            return "unchanged"
        return "wins" if ends[0] > 0.0 else "loses" if ends[1] < 0.0 else "unclear"


def effects_frame(effects: Sequence[Effect]) -> DataFrame:
    """Return a table with a row per stakeholder.

    Returns
    -------
    pandas.DataFrame
        kind, name, metric, unit, baseline, recommended, difference, standard_error, low, high, relative,
        verdict, replications.
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "kind": e.kind, "name": e.name, "metric": e.metric, "unit": e.unit, "baseline": e.baseline,
                "recommended": e.recommended, "difference": e.difference.value,
                "standard_error": e.difference.standard_error, "low": e.difference.low,
                "high": e.difference.high, "relative": e.relative, "verdict": e.verdict,
                "replications": e.difference.replications,
            }
            for e in effects
        ]
    )  # fmt: skip


def stakeholder_effects(
    evaluator: Evaluator,
    policy: Policy,
    baseline: Policy,
    replications: int,
    *,
    block: str = "report",
    level: float = 0.95,
    territories: bool = True,
    size_replications: int = 8,
    totals: Totals | None = None,
) -> tuple[Effect, ...]:
    """Compare a policy with the baseline for every stakeholder.

    Parameters
    ----------
    evaluator : Evaluator
        Its outcomes of both policies are kept on the way.
    policy, baseline : Policy
    replications : int
    block : str
    level : float
        Of each interval; they are not simultaneous.
    territories : bool
        Whether to list every territory, besides classes.
    size_replications : int
        Of stores by size, for which every store's weeks have to be kept; 0: leave them out.
    totals : Totals, optional
        Of baseline and policy, in this order, on these draws, if they have been run already.

    Returns
    -------
    tuple of Effect
    """
    channel = evaluator.channel
    if totals is None:
        totals = evaluator.totals([baseline, policy], replications, block, METRICS_READ)
    samples = list(_samples(totals, channel, territories))
    if size_replications and _stores(channel).any():
        samples += _by_size(evaluator, policy, baseline, min(size_replications, replications), block)
    return tuple(effect_of(*sample, level=level) for sample in samples)


def effect_of(kind: str, name: str, metric: str, here: Floats, there: Floats, level: float = 0.95) -> Effect:
    """Return the effect that samples (replications,) under the policy and the baseline show."""
    unit = METRICS[metric].unit
    return Effect(
        kind, name, metric, unit, float(mean(there, omit_nan=True).value),
        float(mean(here, omit_nan=True).value), paired_difference(here, there, level, omit_nan=True),
    )  # fmt: skip


def _samples(
    totals: Totals, channel: Channel, territories: bool
) -> Iterator[tuple[str, str, str, Floats, Floats]]:
    """Yield (kind, name, metric, under the policy, under the baseline)."""
    scenario = channel.scenario
    focal = focal_firm(scenario)

    def by(grouping: str, metric: str) -> dict[str, tuple[Floats, Floats]]:
        if not totals.has(METRICS[metric], grouping):
            return {}
        values = evaluate(METRICS[metric], totals, grouping)
        return {label: (values[1, :, k], values[0, :, k]) for k, label in enumerate(totals.labels[grouping])}

    firms = by("chain", "profit")
    if focal in firms:
        yield ("focal firm", focal, "profit", *firms[focal])
    groups = {g.name for g in scenario.members}
    for firm, pair in firms.items():
        if firm != focal and firm not in groups:
            yield ("firm", firm, "profit", *pair)
    for kind in ("role", "group"):
        for label, pair in by(kind, "profit").items():
            if label != focal:
                yield (kind, label, "profit", *pair)
    for metric in ("consumer_surplus", "fill_rate"):
        for pair in by("overall", metric).values():
            yield ("consumers", "all consumers", metric, *pair)
    for brand, pair in by("brand", "mean_distance").items():
        if brand in _brands_of(scenario, focal):
            yield ("consumers", f"buyers of {brand}", "mean_distance", *pair)
    for metric in ("channel_profit", "welfare"):
        for pair in by("overall", metric).values():
            yield ("channel", "all members", metric, *pair)
    names, classes = channel.territories.names, channel.territories.classes
    for metric in ("profit", "consumer_surplus"):
        found = by("territory", metric)
        if not found:
            continue
        for label in dict.fromkeys(classes):
            if label:
                inside = [found[n] for n, k in zip(names, classes) if k == label]
                yield (
                    "territory class", label, metric, np.sum([p[0] for p in inside], axis=0),
                    np.sum([p[1] for p in inside], axis=0),
                )  # fmt: skip
        if territories and len(names) > 1:
            for label, pair in found.items():
                yield ("territory", label, metric, *pair)


def _brands_of(scenario: Scenario, firm: str) -> set[str]:
    return {b.name for b in scenario.brands if (b.owner or b.name) == firm}


def _stores(channel: Channel) -> NDArray[np.bool_]:
    """Return which members sell to consumers."""
    groups = channel.scenario.members
    return np.array([groups[g].sells_to_consumers for g in channel.members.group], dtype=bool)


def _by_size(
    evaluator: Evaluator, policy: Policy, baseline: Policy, replications: int, block: str
) -> list[tuple[str, str, str, Floats, Floats]]:
    """Return profit of stores by thirds of what they sell under the baseline, and of those that are new."""
    channel = evaluator.channel
    totals = evaluator.totals(
        [policy, baseline], replications, block, ("profit",), ("profit by member", "sales by holding")
    )
    profit = _recorded(totals, "profit_by_member")  # policies × replications × members
    member = channel.world.holdings_index[c.MEMBER]
    sales = np.zeros(profit.shape[2])
    np.add.at(sales, member, _recorded(totals, "sales_by_holding")[1].mean(axis=0))
    stores = _stores(channel)
    open_before = stores & (sales > 0.0)
    found: list[tuple[str, str, str, Floats, Floats]] = []
    if open_before.sum() >= len(SIZES):
        edges = np.quantile(sales[open_before], [1 / 3, 2 / 3])
        size = np.searchsorted(edges, sales, side="left")
        classes: list[tuple[str, Any]] = [(name, open_before & (size == k)) for k, name in enumerate(SIZES)]
        classes.append((NEW, stores & ~open_before & (profit[0] != 0.0).any(axis=0)))
        for name, inside in classes:
            if inside.any():
                here, there = (profit[k][:, inside].sum(axis=1) for k in (0, 1))
                found.append(("store size", name, "profit", here, there))
    return found


def _recorded(totals: Totals, name: str) -> Floats:
    """Return the mean over the recorded weeks, shape (policies, replications, rows)."""
    values: Floats = totals.trajectories[name].values[:, :, -totals.weeks :, :].mean(axis=2)
    return values
