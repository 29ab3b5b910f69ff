"""The few numbers by which policies are compared first: whose, of what, and how to say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.metrics import GROUPINGS, METRICS, check_name

if TYPE_CHECKING:
    from channelsim.analysis.results import Result


@dataclass(frozen=True)
class Measure:
    """One number of a result, policy by policy and replication by replication.

    Attributes
    ----------
    title : str
        What people call it.
    metric, grouping : str
        As in `Result.summary`.
    label : str
        Which row of the grouping; "" for the whole channel.
    better : int
        1 if more is better for whom it concerns, -1 if less is, 0 if neither.
    """

    title: str
    metric: str
    grouping: str = "overall"
    label: str = ""
    better: int = 0

    @property
    def unit(self) -> str:
        """Unit of the metric."""
        return METRICS[self.metric].unit

    def values(self, result: Result) -> np.ndarray:
        """Return the values, shape (policies, replications).

        Raises
        ------
        ResultError
            If the result does not hold the metric or the label.
        """
        check_name("grouping", self.grouping, GROUPINGS)
        data = result.metrics if self.grouping == "overall" else getattr(result, f"by_{self.grouping}")
        known = [str(name) for name in data.data_vars]
        check_name(
            "metric" if self.grouping == "overall" else f"metric by {self.grouping}", self.metric, known
        )
        chosen = data[self.metric]
        if self.grouping != "overall":
            check_name(self.grouping, self.label, [str(x) for x in data[self.grouping].values])
            chosen = chosen.sel({self.grouping: self.label})
        return np.asarray(chosen.values)

    def means(self, result: Result, level: float = 0.95) -> Estimate:
        """Return the mean of every policy, with its interval; arrays (policies,)."""
        return mean(self.values(result), level, axis=1, omit_nan=True)

    def differences(self, result: Result, base: str, level: float = 0.95) -> Estimate:
        """Return every policy less the base, paired; arrays (policies,), zero for the base itself."""
        check_name("policy", base, result.policies)
        values = self.values(result)
        reference = values[[result.policies.index(base)]]
        return paired_difference(values, reference, level, axis=1, omit_nan=True)

    def is_in(self, result: Result) -> bool:
        """Return whether the result holds the measure."""
        data = result.metrics if self.grouping == "overall" else getattr(result, f"by_{self.grouping}")
        if self.metric not in data or (
            self.grouping != "overall" and self.label not in data[self.grouping].values
        ):
            return False
        return bool(np.isfinite(self.values(result)).any())


def told(estimate: Estimate, position: int, factor: float, sign: bool = False) -> tuple[str, str]:
    """Return one policy's value and interval as text, in units of ``factor``; see `style.span`."""
    value, low, high = (float(x[position]) / factor for x in (estimate.value, estimate.low, estimate.high))
    return style.span(value, low, high, sign)


def focal_firm(result: Result) -> tuple[str, str]:
    """Return the grouping and label under which the firm whose plan it is stands in a result.

    That is the scenario's ``focal``, else the owner of its first brand; ("overall", "") if neither has
    a row of its own.
    """
    scenario: Mapping[str, Any] = result.provenance.get("scenario", {})
    brands = scenario.get("brands", [{}])
    owner = brands[0].get("owner") or brands[0].get("name", "")
    for name in (scenario.get("focal", ""), owner):
        for grouping in ("chain", "group"):
            data = getattr(result, f"by_{grouping}")
            if name and grouping in data.coords and name in data[grouping].values:
                return grouping, name
    return "overall", ""


def focal_brand(result: Result) -> str:
    """Return the first brand of the focal firm, else the first brand; "" if the result knows none."""
    scenario: Mapping[str, Any] = result.provenance.get("scenario", {})
    brands = scenario.get("brands", [])
    firm = scenario.get("focal") or focal_firm(result)[1]
    owned = [b["name"] for b in brands if (b.get("owner") or b["name"]) == firm]
    found = (owned or [b["name"] for b in brands] or [""])[0]
    return (
        str(found) if "brand" in result.by_brand.coords and found in result.by_brand["brand"].values else ""
    )


def headline_measures(result: Result) -> list[Measure]:
    """Return the measures that a first comparison shows, the focal firm's profit first if it is there."""
    grouping, firm = focal_firm(result)
    brand = focal_brand(result)
    several = len(result.by_brand["brand"]) > 1 if "brand" in result.by_brand.coords else False
    found = []
    if firm:
        found.append(Measure(f"Profit of {firm}", "profit", grouping, firm, 1))
    found.append(Measure("Profit of the channel", "channel_profit", better=1))
    if brand and several:
        found.append(Measure(f"Units of {brand} sold", "sell_through", "brand", brand, 1))
        found.append(Measure(f"Market share of {brand}", "market_share", "brand", brand, 1))
    else:
        found.append(Measure("Units sold", "sell_through", better=1))
    found += [
        Measure("Consumer surplus", "consumer_surplus", better=1),
        Measure("Stockout rate", "stockout_rate", better=-1),
        Measure("Distance to a stocking store", "mean_distance", better=-1),
    ]
    return [measure for measure in found if measure.is_in(result)]
