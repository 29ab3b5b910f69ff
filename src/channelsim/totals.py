"""What a run adds up, and the metrics formed of it.

`Totals` hold the sums of recorded columns by policy, replication and label of every grouping; `evaluate`
forms a metric's ratio of such sums (`metrics`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from channelsim.expressions import Expression
from channelsim.metrics import STRUCTURAL, Floats, Metric, ResultError, check_name
from channelsim.schema import Column


@dataclass(frozen=True)
class Trajectory:
    """A quantity week by week, summed over the rows of each label.

    Attributes
    ----------
    values : ndarray of float64, shape (policies, replications, weeks, labels)
    grouping : str
        "overall", or the name of the dimension of the labels.
    labels : tuple of str
    unit, meaning : str
    first_week : int
        Number of the first week in ``values``; weeks count from 0.
    """

    values: Floats
    grouping: str
    labels: tuple[str, ...]
    unit: str
    meaning: str
    first_week: int = 0


@dataclass(frozen=True)
class Reviews:
    """What the reviews of power found.

    Attributes
    ----------
    values : ndarray of float64, shape (policies, replications, reviews, columns, relationships)
        NaN where a relationship is not in use.
    weeks : tuple of int
        Week of each review.
    columns : tuple of Column
    suppliers, buyers : tuple of str
        Of each relationship: firms, or member groups where there are too many.
    pooled : bool
        Whether they are groups, and values are means over the relationships of two groups.
    """

    values: Floats
    weeks: tuple[int, ...]
    columns: tuple[Column, ...]
    suppliers: tuple[str, ...]
    buyers: tuple[str, ...]
    pooled: bool = False


@dataclass(frozen=True)
class Totals:
    """What the batch engine hands over: sums over the recorded weeks, by policy and replication.

    Attributes
    ----------
    policies : tuple of str
    replications : int
    weeks : int
        Recorded weeks, after the warm-up.
    labels : dict of str to tuple of str
        Labels of every grouping; ("channel",) of "overall".
    columns : dict of str to tuple of str
        Columns recorded, by table.
    values : dict of (table, grouping) to ndarray of float64, shape (policies, replications, columns, labels)
        Sums over recorded weeks and rows.
    structural : dict of str to dict of grouping to ndarray of float64, shape (policies, labels)
        Constants of a policy.
    trajectories : dict of str to Trajectory
    relationships : Reviews, optional
        None where power is not measured.
    provenance : dict
        JSON-able: where the numbers come from.

    Raises
    ------
    ValueError
        If a shape does not fit the policies, replications, columns or labels.
    """

    policies: tuple[str, ...]
    replications: int
    weeks: int
    labels: dict[str, tuple[str, ...]]
    columns: dict[str, tuple[str, ...]]
    values: dict[tuple[str, str], Floats]
    structural: dict[str, dict[str, Floats]] = field(default_factory=dict)
    trajectories: dict[str, Trajectory] = field(default_factory=dict)
    relationships: Reviews | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cells = (len(self.policies), self.replications)
        for what, names in {"policies": self.policies, **self.labels}.items():
            if len(set(names)) != len(names):
                raise ValueError(f"totals: {what}: a name occurs twice: {names}")
        for (table, grouping), values in self.values.items():
            expected = (*cells, len(self.columns[table]), len(self.labels[grouping]))
            _check_shape(f"{table} by {grouping}", values, expected)
        for name, by_grouping in self.structural.items():
            for grouping, values in by_grouping.items():
                _check_shape(f"{name} by {grouping}", values, (cells[0], len(self.labels[grouping])))
        for name, series in self.trajectories.items():
            if not name.isidentifier():
                raise ValueError(f"totals: trajectory {name!r}: letters, digits and underscores only")
            _check_shape(name, series.values, (*cells, series.values.shape[2], len(series.labels)))

    def has(self, metric: Metric, grouping: str) -> bool:
        """Return whether all sums that the metric reads in the grouping were recorded."""
        if grouping not in metric.groupings or grouping not in self.labels:
            return False
        if metric.table == STRUCTURAL:
            return grouping in self.structural.get(metric.name, {})
        return all(
            column in self.columns.get(table, ()) and (table, where) in self.values
            for table, column, where in metric.reads(grouping)
        )


def _check_shape(what: str, values: Floats, expected: tuple[int, ...]) -> None:
    if values.shape != expected:
        raise ValueError(f"totals: {what} has shape {values.shape}, expected {expected}")


def evaluate(metric: Metric, totals: Totals, grouping: str) -> Floats:
    """Form a metric from the totals.

    Parameters
    ----------
    metric : Metric
    totals : Totals
    grouping : str
        One of the metric's groupings.

    Returns
    -------
    ndarray of float64, shape (policies, replications, labels)
        In the metric's unit; NaN where the denominator is zero.

    Raises
    ------
    ResultError
        If the metric makes no sense in the grouping, or if what it needs was not recorded.
    """
    check_name(f"grouping of {metric.name}", grouping, metric.groupings)
    if not totals.has(metric, grouping):
        raise ResultError(f"metric {metric.name!r} by {grouping}: the run did not record what it needs")
    shape = (len(totals.policies), totals.replications, len(totals.labels[grouping]))
    if metric.table == STRUCTURAL:
        constant = totals.structural[metric.name][grouping]
        return np.array(np.broadcast_to(constant[:, None, :], shape))
    top = np.broadcast_to(_sum_of(metric.top, metric, totals, grouping), shape)
    bottom = np.broadcast_to(_sum_of(metric.bottom, metric, totals, grouping), shape)
    result: Floats = np.divide(top, bottom, out=np.full(shape, np.nan), where=bottom != 0.0)
    return result


def _sum_of(expression: Expression, metric: Metric, totals: Totals, grouping: str) -> Floats:
    constants = {
        "weeks": float(totals.weeks),
        "brands": 1.0 if grouping == "brand" else float(len(totals.labels.get("brand", ()))),
    }
    result: Floats = np.zeros(1)
    for term, (table, column, where) in zip(expression, metric.sources(expression, grouping)):
        value: Floats = np.full(1, term.coefficient)
        for name in term.constants:
            value = value * constants[name]
        if column:
            value = value * totals.values[table, where][:, :, totals.columns[table].index(column), :]
        result = result + value
    return result
