"""Customer concentration: how much of a supplier's sales goes to its largest customers.

A supplier is a firm that owns brands, its customers are the firms that own stores (a chain is one, an
independent store one of its own), its sales what the customers' stores pay for its brands, whoever delivers
them. With x_sk the sales of supplier s to its k-th largest customer and X_s their sum,

    cumulative share of the n largest = Σ_{k≤n} x_sk / X_s ,   HHI_s = Σ_k (x_sk / X_s)²

averaged over the suppliers that sell anything, each counting once or by its sales. Beside it stands the
market: the n largest retailers' share of what consumers spend. Where a chain sells its own brand, nothing is
sold by one firm to another: such sales are no customer's, though they are part of what consumers spend.

Source of the comparison: Competition Commission 2000, see the discussion page on British grocery. Limit: if
every supplier sells to every chain in proportion to its size, both rows are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim import columns as c
from channelsim.analysis.estimators import mean
from channelsim.engines.trajectories import row_labels
from channelsim.metrics import Floats, ResultError

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.analysis.results import Result
    from channelsim.world import Channel

RECORD = ("paid by holding", "revenue by holding")
"""What a run has to record: ``simulate(…, record=RECORD)``."""


class CustomerSales:
    """Who bought how much from whom, by policy and replication, over the recorded weeks.

    Parameters
    ----------
    result : Result
        Of a run that recorded `RECORD`.
    channel : Channel
        As built from the scenario of the run.

    Attributes
    ----------
    policies, suppliers, customers : tuple of str
    sales : array (policies, replications, suppliers, customers)
        What a customer's stores pay for a supplier's brands, money per week; 0 within one firm.
    turnover : array (policies, replications, customers)
        What consumers spend in a customer's stores, money per week.

    Raises
    ------
    ResultError
        If the result has not recorded what is needed, or is not of this channel.
    """

    def __init__(self, result: Result, channel: Channel) -> None:
        paid, revenue = (_by_shelf(result, channel, name) for name in ("paid", "revenue"))
        scenario, first = channel.scenario, channel.first_shelf
        member, brand = (channel.world.holdings_index[k, first:] for k in (c.MEMBER, c.BRAND))
        owner_of_brand = [b.owner or b.name for b in scenario.brands]
        owner_of_store = [channel.members.owners[channel.members.owner[m]] for m in member]
        self.policies = result.policies
        self.suppliers = tuple(dict.fromkeys(owner_of_brand))
        self.customers = tuple(dict.fromkeys(owner_of_store))
        supplier = np.array([self.suppliers.index(owner_of_brand[b]) for b in brand])
        place = {name: k for k, name in enumerate(self.customers)}
        customer = np.array([place[name] for name in owner_of_store])
        shape = paid.shape[:2]
        self.sales = np.zeros((*shape, len(self.suppliers), len(self.customers)))
        self.turnover = np.zeros((*shape, len(self.customers)))
        between_firms = np.array([owner_of_brand[b] != firm for b, firm in zip(brand, owner_of_store)])
        for i in range(len(brand)):
            self.turnover[..., customer[i]] += revenue[..., i]
            if between_firms[i]:
                self.sales[..., supplier[i], customer[i]] += paid[..., i]

    def supplier_shares(self, largest: int = 5) -> Floats:
        """Return (policies, replications, suppliers, largest) cumulative shares; NaN: nothing is sold."""
        return _cumulative(self.sales, largest)

    def hhi(self) -> Floats:
        """Return (policies, replications, suppliers) Herfindahl–Hirschman index of the customers, 0 to 1."""
        return np.asarray((_shares(self.sales) ** 2).sum(axis=-1))

    def market_shares(self, largest: int = 5) -> Floats:
        """Return (policies, replications, largest) cumulative share of the largest retailers."""
        return _cumulative(self.turnover, largest)


def customer_concentration(
    result: Result, channel: Channel, largest: int = 5, level: float = 0.95
) -> DataFrame:
    """Average concentration of suppliers on their largest customers, beside that of the market.

    Parameters
    ----------
    result, channel
        See `CustomerSales`.
    largest : int
        Up to how many customers.
    level : float
        Coverage of each interval over the replications.

    Returns
    -------
    pandas.DataFrame
        Tidy: policy, measure, customers (1 to ``largest``; 0 for an index of all of them), mean,
        standard_error, low, high, replications. Measures: ``suppliers`` (cumulative share, every supplier
        counting once), ``suppliers weighted`` (by sales), ``market`` (the largest retailers' share of what
        consumers spend), and ``HHI of suppliers``, ``HHI of suppliers weighted``, ``HHI of market``.

    Raises
    ------
    ResultError
        As `CustomerSales`; or if ``largest`` is not positive.
    """
    if largest < 1:
        raise ResultError(f"largest = {largest}: at least one customer")
    sales = CustomerSales(result, channel)
    shares, index = sales.supplier_shares(largest), sales.hhi()
    size = sales.sales.sum(axis=-1)
    curves = {
        "suppliers": _average(shares, np.ones_like(size)),
        "suppliers weighted": _average(shares, size),
        "market": sales.market_shares(largest),
    }
    indices = {
        "HHI of suppliers": _average(index[..., None], np.ones_like(size)),
        "HHI of suppliers weighted": _average(index[..., None], size),
        "HHI of market": (_shares(sales.turnover) ** 2).sum(axis=-1, keepdims=True),
    }
    rows = [(name, range(1, largest + 1), values) for name, values in curves.items()]
    rows += [(name, range(1), values) for name, values in indices.items()]
    return _table(sales.policies, rows, "measure", level)


def supplier_concentration(
    result: Result, channel: Channel, largest: int = 5, level: float = 0.95
) -> DataFrame:
    """Concentration of every supplier on its largest customers.

    Parameters
    ----------
    result, channel, largest, level
        As `customer_concentration`.

    Returns
    -------
    pandas.DataFrame
        Tidy: policy, supplier, measure ("share": cumulative; "HHI"; "sales": money per week), customers,
        mean, standard_error, low, high, replications; NaN for a supplier that sells nothing.

    Raises
    ------
    ResultError
        As `customer_concentration`.
    """
    import pandas as pd

    if largest < 1:
        raise ResultError(f"largest = {largest}: at least one customer")
    sales = CustomerSales(result, channel)
    shares, index, total = sales.supplier_shares(largest), sales.hhi(), sales.sales.sum(axis=-1)
    frames = []
    for s, name in enumerate(sales.suppliers):
        rows = [
            ("share", range(1, largest + 1), shares[:, :, s]),
            ("HHI", range(1), index[:, :, s, None]),
            ("sales", range(1), total[:, :, s, None]),
        ]
        frame = _table(sales.policies, rows, "measure", level)
        frame.insert(1, "supplier", name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _by_shelf(result: Result, channel: Channel, name: str) -> Floats:
    """Return (policies, replications, shelves) mean of a trajectory over the recorded weeks."""
    variable = f"{name}_by_holding"
    if variable not in result.trajectories:
        raise ResultError(f"concentration: the run did not record '{name} by holding'; record=RECORD does")
    series = result.trajectories[variable].transpose("policy", "replication", "week", "holding")
    if tuple(series["holding"].values) != row_labels("holding", channel):
        raise ResultError("concentration: the result is of another channel: its holdings are not the same")
    first_week = channel.scenario.weeks - result.weeks
    recorded = series.values[:, :, series["week"].values >= first_week, channel.first_shelf :]
    return np.asarray(recorded.mean(axis=2))


def _shares(values: Floats) -> Floats:
    """Return values as shares of their sum along the last axis; NaN where that is zero."""
    total = values.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0)
    return shares


def _cumulative(values: Floats, largest: int) -> Floats:
    """Return the cumulative shares of the largest entries along the last axis."""
    ranked = np.cumsum(-np.sort(-_shares(values), axis=-1), axis=-1)
    more = largest - ranked.shape[-1]  # fewer customers than asked for: they have all of it
    return np.asarray(
        np.pad(ranked, [(0, 0)] * (ranked.ndim - 1) + [(0, max(more, 0))], "edge")[..., :largest]
    )


def _average(values: Floats, weight: Floats) -> Floats:
    """Return the mean over suppliers (the last axis but one) that sell anything, with their weights."""
    weight = np.where(np.isnan(values[..., 0]), 0.0, weight)[..., None]
    return np.asarray((np.nan_to_num(values) * weight).sum(axis=-2) / weight.sum(axis=-2))


def _table(
    policies: tuple[str, ...], rows: Iterable[tuple[str, range, Floats]], key: str, level: float
) -> DataFrame:
    """Return estimates over replications, stacked: policy by policy, measure by measure."""
    import pandas as pd

    found: list[dict[str, Any]] = []
    for name, ranks, values in rows:
        estimate = mean(values, level, axis=1)
        for p, policy in enumerate(policies):
            for k, rank in enumerate(ranks):
                cells = {field: np.asarray(v)[..., p, k].item() for field, v in estimate._asdict().items()}
                cell = {"policy": policy, key: name, "customers": rank, "mean": cells.pop("value")}
                found.append(cell | cells)
    table = pd.DataFrame(found)
    order = table["policy"].map({name: k for k, name in enumerate(policies)})
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
