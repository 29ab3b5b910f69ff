"""From the totals of a run to labelled datasets, formed when they are first asked for.

Every dataset has the dimensions policy × replication (× the labels of its grouping); every variable
carries ``unit`` and ``long_name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.metrics import GROUPINGS, Metric
from channelsim.totals import Totals, evaluate

if TYPE_CHECKING:
    from xarray import Dataset

TRAJECTORIES, RELATIONSHIPS = "trajectories", "relationships"
CELLS = ("policy", "replication")


class FormedDatasets(Mapping[str, "Dataset"]):
    """Datasets that are formed when they are first asked for.

    An optimiser that reads one number of a short run would wait longer for xarray than for the run.
    """

    def __init__(self, totals: Totals, metrics: Iterable[Metric]):
        self._totals, self._metrics = totals, tuple(metrics)
        self._formed: dict[str, Dataset] = {}

    def __getitem__(self, name: str) -> Dataset:
        if name not in self._formed:
            if name == TRAJECTORIES:
                self._formed[name] = _weekly_dataset(self._totals)
            elif name == RELATIONSHIPS:
                self._formed[name] = _review_dataset(self._totals)
            else:
                self._formed[name] = self._grouped(name)
        return self._formed[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*GROUPINGS, TRAJECTORIES, RELATIONSHIPS))

    def __len__(self) -> int:
        return len(GROUPINGS) + 2

    def _grouped(self, grouping: str) -> Dataset:
        variables = {}
        for metric in self._metrics:
            if self._totals.has(metric, grouping):
                values = evaluate(metric, self._totals, grouping)
                dimensions = CELLS if grouping == "overall" else (*CELLS, grouping)
                values = values[:, :, 0] if grouping == "overall" else values
                about = {"unit": metric.unit, "long_name": metric.meaning}
                variables[metric.name] = (dimensions, values, about)
        labels = {} if grouping == "overall" else {grouping: self._totals.labels.get(grouping, ())}
        return _dataset(variables, self._totals, labels)


def _names(labels: Iterable[str]) -> np.ndarray:
    return np.array([str(label) for label in labels], dtype=np.str_)


def _dataset(variables: dict[str, Any], totals: Totals, labels: Mapping[str, Iterable[str]]) -> Dataset:
    import xarray as xr

    coordinates: dict[str, Any] = {name: _names(values) for name, values in labels.items()}
    return xr.Dataset(
        variables,
        {"policy": _names(totals.policies), "replication": np.arange(totals.replications)} | coordinates,
    )


def _weekly_dataset(totals: Totals) -> Dataset:
    """Return the trajectories; weeks or labels that do not agree among them are refused."""
    variables: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for name, series in totals.trajectories.items():
        weeks = np.arange(series.first_week, series.first_week + series.values.shape[2])
        overall = series.grouping == "overall"
        dimensions = (*CELLS, "week") if overall else (*CELLS, "week", series.grouping)
        values = series.values[:, :, :, 0] if overall else series.values
        variables[name] = (dimensions, values, {"unit": series.unit, "long_name": series.meaning})
        given = {"week": weeks} if overall else {"week": weeks, series.grouping: _names(series.labels)}
        for dimension, coordinate in given.items():
            if not np.array_equal(labels.setdefault(dimension, coordinate), coordinate):
                raise ValueError(f"trajectory {name!r} and an earlier one differ in their {dimension} labels")
    return _dataset(variables, totals, {}).assign_coords(labels)


def _review_dataset(totals: Totals) -> Dataset:
    """Return the measures of every relationship, review by review, and what follows from two of them."""
    reviews = totals.relationships
    if reviews is None:
        return _dataset({}, totals, {})
    dimensions = (*CELLS, "review_week", "relationship")
    variables: dict[str, Any] = {
        column.name: (
            dimensions,
            reviews.values[:, :, :, k],
            {"unit": column.unit, "long_name": column.meaning},
        )
        for k, column in enumerate(reviews.columns)
    }
    of_supplier = variables["dependence_of_supplier"][1]
    of_buyer = variables["dependence_of_buyer"][1]
    for name, values, meaning in (
        ("power_of_supplier", of_buyer, "the buyer's dependence on the supplier"),
        ("power_of_buyer", of_supplier, "the supplier's dependence on the buyer"),
        (
            "asymmetry",
            of_buyer - of_supplier,
            "the buyer's dependence less the supplier's: above 0 the supplier leads",
        ),
        ("total_interdependence", of_buyer + of_supplier, "the sum of the two dependences"),
    ):
        variables[name] = (dimensions, values, {"unit": "–", "long_name": meaning})
    labels = {
        "supplier": ("relationship", _names(reviews.suppliers)),
        "buyer": ("relationship", _names(reviews.buyers)),
        "relationship": _names(f"{s} → {b}" for s, b in zip(reviews.suppliers, reviews.buyers)),
        "review_week": np.array(reviews.weeks),
    }
    rows = {"rows": "groups" if reviews.pooled else "firms"}
    return _dataset(variables, totals, {}).assign_coords(labels).assign_attrs(rows)


def as_made(data: Dataset) -> Dataset:
    """Return a dataset read from a file with labels as fixed-width text, as they were made."""
    for name, coordinate in data.coords.items():
        if coordinate.dtype.kind not in "iuf":
            data = data.assign_coords({name: (coordinate.dims, _names(coordinate.values))})
    return data
