"""Results: metrics of every policy and replication, labelled, with summaries, comparisons and files.

Every dataset has the dimensions policy × replication (× the labels of its grouping); every variable
carries ``unit`` and ``long_name``. Policies of one run share their random numbers replication by
replication, so that `Result.difference` compares them pair by pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis.datasets import CELLS, RELATIONSHIPS, TRAJECTORIES, FormedDatasets, as_made
from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.files import whole_file
from channelsim.metrics import GROUPINGS, ResultError, check_name, select_metrics
from channelsim.totals import Totals

if TYPE_CHECKING:
    from pandas import DataFrame
    from xarray import Dataset

FORMAT = 1


class Result:
    """What a run gives: metrics by policy and replication.

    Attributes
    ----------
    policies : tuple of str
    replications : int
    weeks : int
        Recorded weeks, after the warm-up, that metrics rest on.
    provenance : dict
        Where the numbers come from: formats, versions, digests, seed, scenario.
    """

    def __init__(
        self,
        datasets: Mapping[str, Dataset],
        policies: Iterable[str],
        replications: int,
        weeks: int,
        provenance: dict[str, Any],
    ):
        self._datasets = datasets
        self.policies = tuple(policies)
        self.replications = replications
        self.weeks = weeks
        self.provenance = provenance

    @classmethod
    def from_totals(cls, totals: Totals, metrics: Iterable[str] | None = None) -> Result:
        """Form metrics from the sums of a run.

        Parameters
        ----------
        totals : Totals
            Sums over the recorded weeks.
        metrics : iterable of str, optional
            Names of metrics; None for all whose sums were recorded.

        Returns
        -------
        Result

        Raises
        ------
        ResultError
            If a metric is unknown or needs what was not recorded.
        """
        chosen = select_metrics(metrics)
        for metric in chosen:
            if metrics is not None and not any(totals.has(metric, grouping) for grouping in GROUPINGS):
                raise ResultError(f"metric {metric.name!r}: the run did not record what it needs")
        datasets = FormedDatasets(totals, chosen)
        if totals.trajectories:
            datasets[TRAJECTORIES]  # labels that disagree are refused now
        # As it would come back from a file; and what cannot be written is refused now, not when saving.
        provenance = json.loads(json.dumps(totals.provenance))
        return cls(datasets, totals.policies, totals.replications, totals.weeks, provenance)

    @property
    def metrics(self) -> Dataset:
        """Metrics of the whole channel: policy × replication."""
        return self._datasets["overall"]

    @property
    def by_role(self) -> Dataset:
        """Metrics by role: policy × replication × role."""
        return self._datasets["role"]

    @property
    def by_tier(self) -> Dataset:
        """Metrics by tier: policy × replication × tier."""
        return self._datasets["tier"]

    @property
    def by_territory(self) -> Dataset:
        """Metrics by territory: policy × replication × territory."""
        return self._datasets["territory"]

    @property
    def by_group(self) -> Dataset:
        """Metrics by group of members: policy × replication × group."""
        return self._datasets["group"]

    @property
    def by_chain(self) -> Dataset:
        """Metrics by chain of stores: policy × replication × chain."""
        return self._datasets["chain"]

    @property
    def by_brand(self) -> Dataset:
        """Metrics by brand: policy × replication × brand."""
        return self._datasets["brand"]

    @property
    def trajectories(self) -> Dataset:
        """Requested weekly series: policy × replication × week (× labels)."""
        return self._datasets[TRAJECTORIES]

    @property
    def relationships(self) -> Dataset:
        """Measures of power: policy × replication × review_week × relationship; empty if not measured."""
        return self._datasets[RELATIONSHIPS]

    def summary(
        self, grouping: str = "overall", metrics: Iterable[str] | None = None, level: float = 0.95
    ) -> DataFrame:
        """Mean of every metric over the replications, with Student's interval.

        Parameters
        ----------
        grouping : str
            "overall", "role", "tier", "territory", "group", "chain" or "brand".
        metrics : iterable of str, optional
            None for all of the grouping.
        level : float
            Coverage of each interval.

        Returns
        -------
        pandas.DataFrame
            Tidy: policy, the label under the grouping's name, metric, unit, mean, standard_error, low,
            high, replications. Replications in which a ratio is undefined (0 / 0) are left out, and
            ``replications`` counts the rest; NaN where none are left. Intervals are metric by metric.

        Raises
        ------
        ResultError
            If the grouping or a metric is unknown.
        """
        data, names = self._chosen(grouping, metrics)
        estimates = {name: mean(data[name].values, level, axis=1, omit_nan=True) for name in names}
        return _tidy(data, grouping, names, [_columns(estimates[name], "mean") for name in names])

    def difference(
        self,
        base: str | None = None,
        grouping: str = "overall",
        metrics: Iterable[str] | None = None,
        level: float = 0.95,
    ) -> DataFrame:
        """Compare every other policy with a base policy, paired replication by replication.

        Parameters
        ----------
        base : str, optional
            Name of the base policy; None for the first.
        grouping, metrics, level
            As in `summary`.

        Returns
        -------
        pandas.DataFrame
            Tidy: policy, label, metric, unit, base_mean, difference (policy less base), standard_error,
            low, high, relative_difference (difference over the size of the base's mean; NaN where that is
            zero), replications. Base mean and difference are over the replications in which both are
            defined. Intervals are metric by metric, not simultaneous.

        Raises
        ------
        ResultError
            If the base policy, the grouping or a metric is unknown.
        """
        base = self.policies[0] if base is None else base
        check_name("policy", base, self.policies)
        data, names = self._chosen(grouping, metrics)
        position = self.policies.index(base)
        others = [k for k in range(len(self.policies)) if k != position]
        columns = []
        for name in names:
            values = data[name].values
            reference = np.broadcast_to(values[[position]], values[others].shape)
            estimate = paired_difference(values[others], reference, level, axis=1, omit_nan=True)
            common = np.where(np.isnan(values[others]), np.nan, reference)
            level_of_base = np.asarray(mean(common, level, axis=1, omit_nan=True).value)
            relative = np.full(level_of_base.shape, np.nan)
            np.divide(estimate.value, np.abs(level_of_base), out=relative, where=level_of_base != 0.0)
            table = {"base_mean": level_of_base} | _columns(estimate, "difference")
            count = table.pop("replications")
            columns.append(table | {"relative_difference": relative, "replications": count})
        return _tidy(data.isel(policy=others), grouping, names, columns)

    def to_frame(self, grouping: str = "overall", metrics: Iterable[str] | None = None) -> DataFrame:
        """Return every value in long form: policy, replication, label, metric, unit, value."""
        data, names = self._chosen(grouping, metrics)
        return _tidy(data, grouping, names, [{"value": data[name].values} for name in names], CELLS)

    def weekly(self, name: str, level: float = 0.95, band: str = "mean") -> DataFrame:
        """Mean and band of a trajectory, week by week.

        Parameters
        ----------
        name : str
            Variable of `trajectories`.
        level : float
            Coverage of the band in every single week.
        band : {"mean", "replications"}
            "mean": Student's interval of the mean; "replications": the central share of replications.

        Returns
        -------
        pandas.DataFrame
            Tidy: policy, label (unless of the whole channel), week, mean, low, high.

        Raises
        ------
        ResultError
            If there is no such trajectory or band.
        """
        check_name("trajectory", name, [str(known) for known in self.trajectories.data_vars])
        check_name("band", band, ("mean", "replications"))
        series = self.trajectories[name]
        series = series.transpose("policy", "replication", *series.dims[3:], "week")
        estimate = mean(series.values, level, axis=1)
        low, high = estimate.low, estimate.high
        if band == "replications":
            low, high = np.quantile(series.values, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=1)
        keys = [str(name) for name in series.dims if name != "replication"]
        return _frame(series, keys, {"mean": estimate.value, "low": low, "high": high})

    def power(self, level: float = 0.95) -> DataFrame:
        """Who depends on whom, and by how much; see `channelsim.analysis.power.power_table`."""
        from channelsim.analysis.power import power_table

        return power_table(self, level)

    def save(self, path: str | Path) -> None:
        """Write all of it to one netCDF file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            File to write; an older one is replaced. Each grouping is a group of the file.
        """
        import xarray as xr

        # A variable, since HDF5 limits an attribute to 64 KB and a scenario may be longer.
        about = xr.Dataset({"provenance": json.dumps(self.provenance)}, attrs={"weeks": self.weeks})
        about.attrs["channelsim_result"] = FORMAT
        with whole_file(Path(path)) as temporary:
            about.to_netcdf(temporary, mode="w", engine="h5netcdf")
            for name, data in self._datasets.items():
                packed = {str(k): {"zlib": True, "shuffle": True} for k, v in data.items() if v.size > 10_000}
                data.to_netcdf(temporary, mode="a", group=name, engine="h5netcdf", encoding=packed)

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read a result that `save` wrote; it equals the one saved.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ResultError
            If the file holds no result, or one of another format.
        """
        import xarray as xr

        if not Path(path).is_file():
            raise FileNotFoundError(f"no result file at {path}")
        try:
            about = xr.load_dataset(path, engine="h5netcdf")
        except (OSError, ValueError) as error:
            raise ResultError(f"{path} is not a result file: {str(error).splitlines()[0]}") from None
        found = about.attrs.get("channelsim_result")
        if found != FORMAT:
            raise ResultError(f"{path} is not a result of format {FORMAT} (format found: {found})")
        data = {
            name: as_made(xr.load_dataset(path, group=name, engine="h5netcdf"))
            for name in (*GROUPINGS, TRAJECTORIES, RELATIONSHIPS)
        }
        provenance = json.loads(str(about["provenance"].values[()]))
        policies = [str(name) for name in data["overall"]["policy"].values]
        replications = int(data["overall"].sizes["replication"])
        return cls(data, policies, replications, int(about.attrs["weeks"]), provenance)

    def _chosen(self, grouping: str, metrics: Iterable[str] | None) -> tuple[Dataset, list[str]]:
        """Return the dataset of a grouping and the names asked for."""
        check_name("grouping", grouping, GROUPINGS)
        data = self._datasets[grouping]
        known = [str(name) for name in data.data_vars]
        chosen = [metrics] if isinstance(metrics, str) else list(known if metrics is None else metrics)
        for name in chosen:
            check_name("metric" if grouping == "overall" else f"metric by {grouping}", name, known)
        return data, chosen

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return (self.weeks, self.provenance) == (other.weeks, other.provenance) and all(
            data.identical(other._datasets[name]) for name, data in self._datasets.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def _size(self) -> str:
        counts = (len(self.policies), "policies"), (self.replications, "replications"), (self.weeks, "weeks")
        return " × ".join(f"{number} {things}" for number, things in counts)

    def __repr__(self) -> str:
        names = ", ".join(self.policies[:6]) + (", …" if len(self.policies) > 6 else "")
        return f"Result({self._size()}: {names})"

    def _repr_html_(self) -> str:
        """Metrics of the whole channel: a row each, a column per policy, mean ± half the 95 % interval."""
        rows = []
        for name, data in self.metrics.items():
            estimate = mean(data.values, axis=1, omit_nan=True)
            cells = [
                _with_error(value, high - value)
                for value, high in zip(np.atleast_1d(estimate.value), np.atleast_1d(estimate.high))
            ]
            title, unit = escape(data.attrs["long_name"], quote=True), escape(data.attrs["unit"])
            first = f'<tr><th title="{title}">{str(name).replace("_", " ")}</th><td>{unit}</td>'
            rows.append(first + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        head = "".join(f"<th>{escape(name)}</th>" for name in ("metric", "unit", *self.policies))
        caption = f"<caption>{self._size()}; mean ± half the 95 % interval</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _columns(estimate: Estimate, value: str) -> dict[str, Any]:
    columns = dict(zip(Estimate._fields, estimate))
    return {value: columns.pop("value")} | columns


def _tidy(
    data: Dataset,
    grouping: str,
    names: list[str],
    columns: list[dict[str, Any]],
    cells: tuple[str, ...] = ("policy",),
) -> DataFrame:
    """Stack one table per metric into rows, metrics in turn within every policy and label."""
    import pandas as pd

    keys = [*cells] if grouping == "overall" else [*cells, grouping]
    if not names:
        return pd.DataFrame(columns=[*keys, "metric", "unit"])
    frames = [_frame(data[name], keys, values) for name, values in zip(names, columns)]
    rows = np.arange(len(frames[0]))
    for frame, name in zip(frames, names):
        frame.insert(len(keys), "metric", name)
        frame.insert(len(keys) + 1, "unit", data[name].attrs["unit"])
    order = np.argsort(np.tile(rows, len(frames)), kind="stable")
    return pd.concat(frames, ignore_index=True).iloc[order].reset_index(drop=True)


def _frame(data: Any, keys: list[str], columns: dict[str, Any]) -> DataFrame:
    """Return a frame with the coordinates of ``keys`` and columns of that shape."""
    import pandas as pd

    index = pd.MultiIndex.from_product([data[key].values for key in keys], names=keys)
    frame = index.to_frame(index=False)
    return frame.assign(**{name: np.asarray(values).reshape(-1) for name, values in columns.items()})


def _with_error(value: float, half: float) -> str:
    def text(number: float, digits: int) -> str:
        return f"{number:,.0f}" if abs(number) >= 10**digits else f"{number:.{digits}g}"

    if np.isnan(value):
        return "—"
    return text(value, 4) if np.isnan(half) else f"{text(value, 4)} ± {text(half, 2)}"
