"""Who depends on whom: tables of the reviews of power, with intervals, and how concentrated firms' trade is.

The reviews lie in `Result.relationships`. The tables here take, in every replication, the mean over the
recorded reviews (those after the warm-up; if there is none, the last one), then the mean over the
replications with Student's interval. Reviews at which a relationship was not in use are left out.

The *concentration* of a firm's trade is the Herfindahl index of its partners' shares,

    H = Σ_k s_k² ,      1/H the number of equal partners that would be as concentrated

(Hirschman 1964, The paternity of an index, American Economic Review 54, 761), of its sales over those
who buy from it and, as a buyer, of its sales over those who supply what it sells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.analysis.estimators import Estimate, mean, paired_difference
from channelsim.metrics import ResultError, check_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pandas import DataFrame
    from xarray import Dataset

    from channelsim.analysis.results import Result

WITH_INTERVAL = ("dependence_of_supplier", "dependence_of_buyer", "asymmetry", "total_interdependence")
"""Variables that `power_table` gives an interval."""
COMPARED = (*WITH_INTERVAL, "gain_of_supplier", "gain_of_buyer")
"""Variables that `power_difference` compares."""
MODERATE, STRONG = 0.1, 0.5
"""From where a dependence is called moderate, and strong (declared: an aid to reading, no result)."""
BALANCED = 0.1
"""Difference of the two dependences below which a relationship is called balanced (declared)."""


def power_table(result: Result, level: float = 0.95) -> DataFrame:
    """Return who depends on whom, and by how much: a row a policy and relationship.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    level : float
        Coverage of each interval.

    Returns
    -------
    pandas.DataFrame
        policy, supplier, buyer; the mean of every variable of `Result.relationships` under its name; for
        the dependences, asymmetry and total interdependence also ``<name>_low`` and ``<name>_high`` (NaN
        with one replication); replications, in which the relationship was in use. ``attrs`` holds
        ``units`` and ``meanings`` by variable, ``level``, ``review_weeks`` used, and ``rows``: "firms", or
        "groups" where there are so many relationships that a row is the mean over those of two groups.

    Raises
    ------
    ResultError
        If power was not measured.
    """
    data, weeks = recorded_reviews(result)
    names = [str(name) for name in data.data_vars]
    found = {name: _estimate(data, name, level) for name in names}
    columns: dict[str, Any] = {}
    for name in names:
        columns[name] = found[name].value
        if name in WITH_INTERVAL:
            columns |= {f"{name}_low": found[name].low, f"{name}_high": found[name].high}
    columns["replications"] = found["dependence_of_supplier"].replications
    return _frame(data, list(result.policies), columns, names, level, weeks)


def power_difference(
    result: Result, base: str | None = None, variables: Iterable[str] | None = None, level: float = 0.95
) -> DataFrame:
    """Compare every other policy with a base policy, relationship by relationship, paired by replication.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured``.
    base : str, optional
        Default: the first policy.
    variables : iterable of str, optional
        Of `Result.relationships`; default the dependences, asymmetry, total interdependence and gains.
    level : float
        Coverage of each interval.

    Returns
    -------
    pandas.DataFrame
        Tidy: policy, supplier, buyer, variable, unit, base_mean, difference (policy less base),
        standard_error, low, high, replications. NaN where a relationship is in use under one policy only.

    Raises
    ------
    ResultError
        If power was not measured, or a name is unknown.
    """
    import pandas as pd

    data, weeks = recorded_reviews(result)
    base = result.policies[0] if base is None else base
    check_name("policy", base, result.policies)
    known = [str(name) for name in data.data_vars]
    names = list(COMPARED if variables is None else [variables] if isinstance(variables, str) else variables)
    for name in names:
        check_name("variable of the relationships", name, known)
    position = result.policies.index(base)
    others = [k for k in range(len(result.policies)) if k != position]
    parts = []
    for name in names:
        values = data[name].values
        reference = np.broadcast_to(values[[position]], values[others].shape)
        found = paired_difference(values[others], reference, level, axis=1, omit_nan=True)
        common = np.where(np.isnan(values[others]), np.nan, reference)
        columns = {
            "variable": np.full(found.value.shape, name),
            "unit": np.full(found.value.shape, data[name].attrs["unit"]),
            "base_mean": mean(common, level, axis=1, omit_nan=True).value,
            "difference": found.value,
            "standard_error": found.standard_error,
            "low": found.low,
            "high": found.high,
            "replications": found.replications,
        }
        parts.append(_frame(data, [result.policies[k] for k in others], columns, names, level, weeks))
    rows = np.argsort(np.tile(np.arange(len(parts[0])), len(parts)), kind="stable")
    return pd.concat(parts, ignore_index=True).iloc[rows].reset_index(drop=True)


def partner_concentration(result: Result, level: float = 0.95) -> DataFrame:
    """Return how concentrated every firm's trade is on its partners.

    Parameters
    ----------
    result : Result
        Of a scenario with ``power.measured`` and so few relationships that each is kept.
    level : float
        Coverage of the interval of the index.

    Returns
    -------
    pandas.DataFrame
        policy, firm, side ("selling": its sales over those who buy from it; "buying": its sales over those
        who supply what it sells), partners (with a share above zero), largest_share, herfindahl with low
        and high, replications.

    Raises
    ------
    ResultError
        If power was not measured, or a row of the result is a pair of member groups.
    """
    import pandas as pd

    data, _ = recorded_reviews(result, reduce=False)
    if data.attrs.get("rows") == "groups":
        raise ResultError(
            "partner_concentration needs every relationship, but this result keeps pairs of member groups, "
            "whose rows are means: take a scenario of at most 400 relationships"
        )
    rows = []
    for side, column, whose in (
        ("selling", "sales_share_of_supplier", "supplier"),
        ("buying", "sales_share_of_buyer", "buyer"),
    ):
        shares = np.nan_to_num(data[column].transpose("policy", "replication", "review_week", ...).values)
        names = data[whose].values
        for firm in dict.fromkeys(names.tolist()):
            own = shares[..., names == firm]
            index = mean((own**2).sum(axis=3).mean(axis=2), level, axis=1)
            largest = own.mean(axis=(1, 2)).max(axis=1)
            partners = (own > 0.0).sum(axis=3).mean(axis=(1, 2))
            for k, policy in enumerate(result.policies):
                rows.append({
                    "policy": policy, "firm": firm, "side": side, "partners": float(partners[k]),
                    "largest_share": float(largest[k]), "herfindahl": float(index.value[k]),
                    "low": float(index.low[k]), "high": float(index.high[k]),
                    "replications": int(index.replications[k]),
                })  # fmt: skip
    table = pd.DataFrame(rows)
    order = {name: k for k, name in enumerate(result.policies)}
    return table.sort_values("policy", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def degree(dependence: float) -> str:
    """Return a dependence in a word: hardly (below 0.1), moderately (below 0.5), strongly.

    Examples
    --------
    >>> degree(0.04), degree(0.34), degree(0.86), degree(float("nan"))
    ('hardly', 'moderately', 'strongly', '–')
    """
    if np.isnan(dependence):
        return "–"
    return "hardly" if dependence < MODERATE else "moderately" if dependence < STRONG else "strongly"


def recorded_reviews(result: Result, reduce: bool = True) -> tuple[Dataset, tuple[int, ...]]:
    """Return the reviews after the warm-up (the last, if there is none), and their weeks.

    Parameters
    ----------
    result : Result
    reduce : bool
        Whether to take the mean over these reviews: policy × replication × relationship.

    Raises
    ------
    ResultError
        If power was not measured.
    """
    data = result.relationships
    if "dependence_of_supplier" not in data:
        raise ResultError(
            "power was not measured: set power.measured = true in the scenario, as in "
            'scenario.replace(**{"power.measured": True})'
        )
    warm_up = int(result.provenance.get("scenario", {}).get("warm_up_weeks", 0))
    weeks = data["review_week"].values
    chosen = weeks >= warm_up if (weeks >= warm_up).any() else weeks == weeks[-1]
    data = data.isel(review_week=np.flatnonzero(chosen))
    used = tuple(int(week) for week in weeks[chosen])
    if not reduce:
        return data, used
    order = ("policy", "replication", "review_week", "relationship")
    means = {
        str(name): (
            ("policy", "replication", "relationship"),
            mean(variable.transpose(*order).values, axis=2, omit_nan=True).value,
            variable.attrs,
        )
        for name, variable in data.data_vars.items()
    }
    return data.drop_dims("review_week").assign(means), used


def _estimate(data: Dataset, name: str, level: float) -> Estimate:
    return mean(data[name].values, level, axis=1, omit_nan=True)


def _frame(
    data: Dataset, policies: list[str], columns: dict[str, Any], names: list[str], level: float,
    weeks: tuple[int, ...],
) -> DataFrame:  # fmt: skip
    """Return columns of shape (policies, relationships) as rows with their labels and their units."""
    import pandas as pd

    count = data.sizes["relationship"]
    labels = {
        "policy": np.repeat(np.array(policies, dtype=object), count),
        "supplier": np.tile(data["supplier"].values.astype(object), len(policies)),
        "buyer": np.tile(data["buyer"].values.astype(object), len(policies)),
    }
    frame = pd.DataFrame(labels | {name: np.asarray(x).reshape(-1) for name, x in columns.items()})
    frame.attrs = {
        "units": {name: data[name].attrs["unit"] for name in names},
        "meanings": {name: data[name].attrs["long_name"] for name in names},
        "level": level,
        "review_weeks": list(weeks),
        "rows": data.attrs.get("rows", "firms"),
    }
    return frame
