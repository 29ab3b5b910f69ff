"""Every metric, declared once in ``metrics.csv``: a ratio of two sums over rows and recorded weeks.

The engine adds up columns of the tables (`TABLES`) over the recorded weeks and over the rows of every
label of a grouping (`GROUPINGS`), into `Totals`; a metric is a numerator over a denominator, each a
linear expression of such sums. Ratios are therefore formed last, of sums, never averaged over rows.

Expressions hold numbers, columns, ``weeks`` (recorded weeks) and ``brands`` (number of brands pooled in
a label: 1 by brand, else all), joined by ``+ - *``. A column belongs to the metric's table unless
another is named (``members.store_weeks``); ``total(column)`` is its sum over the whole channel. By role,
tier and group, where a label is one stage of the channel, a metric may read its ``stage_table`` instead:
a price is then the stage's, while overall it is the retail price, not a mean over stages. In a
denominator, a table that does not know a grouping (members by brand) stands with all of its rows.
A ratio whose denominator is zero is NaN. ``structural`` metrics are constants of a policy.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ChannelsimError
from channelsim.expressions import Expression, parse

Floats = NDArray[np.float64]

GROUPINGS = ("overall", "role", "tier", "territory", "group", "chain", "brand")
"""overall: one label; chain: the owning firm, independents under the name of their group."""
STAGE_GROUPINGS = ("role", "tier", "group")

OF_DIVERSION = ("diverted", "diverted_in", "diversion_fine", "lost_to_diversion")
"""Columns that only scenarios with diversion record."""
OF_PRICE_REVIEWS = ("unsolved",)
"""Columns that only scenarios record in which suppliers price by best response or negotiate."""
_HOLDING_COLUMNS = (
    "demand",
    "sales",
    "late_sales",
    "owed",
    "revenue",
    "cost_of_goods",
    "stock",
    "stockout",
    "order",
    "listed",  # row-weeks listed
    "order_variance",  # variance over weeks (divisor: weeks) of every row that has a supplier, summed
    "demand_variance",  # of the same rows, so that the top tier, which orders nothing, has no ratio
    "presence",  # row-weeks listed and not out of stock
    "weighted_presence",  # presence times the store's revenue in all brands, summed over the recorded weeks
    *OF_DIVERSION,
    *OF_PRICE_REVIEWS,  # row-weeks
)
_FELT = ("economic_satisfaction", "social_satisfaction", "trust", "commitment")
OF_RELATIONSHIPS: dict[str, tuple[str, ...]] = {
    f"relationships_of_{side}s": (
        *(f"{feature}_of_{side}" for feature in _FELT),
        "conflict",
        f"dependence_of_{side}",
        "reviewed",  # relationships in use, summed over reviews
    )
    for side in ("buyer", "supplier")
}
"""Tables of relationships by who buys and by who supplies, summed over the reviews after the warm-up; only
where power is measured or relations are active."""
_INCENTIVE_COLUMNS = ("discount", "rebate", "bonus", "shared_revenue", "refund")
TABLES: dict[str, tuple[str, ...]] = {
    "holdings": _HOLDING_COLUMNS,
    "shelves": _HOLDING_COLUMNS,  # holdings of members that sell to consumers
    "links": ("shipped", "invoice"),  # whose supplier is a manufacturer, grouped by the buyer
    "members": (
        "profit",
        "income",
        "operating_cost",
        "finance_cost",
        "active",  # member-weeks
        "store_weeks",  # member-weeks of active stores
        "store_revenue",  # revenue of the members that are stores
        "store_profit",  # profit of the members that are stores
        "viable_weeks",  # member-weeks of active stores whose mean profit covers their reservation profit
        "support_paid",
        "support_received",
        "franchise_fees_paid",
        "franchise_fees_received",
        "compensation_paid",
        "compensation_received",
    ),
    "territories": ("consumer_surplus",),
    "incentives": _INCENTIVE_COLUMNS,  # by who buys
    "incentives_of_suppliers": _INCENTIVE_COLUMNS,  # the same by who supplies
    **OF_RELATIONSHIPS,
}
STRUCTURAL = "structural"


def knows(table: str, grouping: str) -> bool:
    """Return whether the rows of a table can be told apart by a grouping."""
    if table == "territories":
        return grouping in ("overall", "territory")
    return grouping != "brand" or not (table == "members" or table in OF_RELATIONSHIPS)


class ResultError(ChannelsimError, ValueError):
    """What is asked of a result is not in it: which name, and the admissible ones."""


def check_name(kind: str, name: object, admissible: Iterable[str]) -> None:
    """Refuse a name that is not among the admissible ones.

    Raises
    ------
    ResultError
        One line: the kind of thing, the name, a likely meaning, and all that is admissible.
    """
    names = list(admissible)
    if name not in names:
        close = get_close_matches(str(name), names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ResultError(f"{kind} {name!r} is unknown{hint} (admissible: {', '.join(names) or 'none'})")


@dataclass(frozen=True)
class Metric:
    """One metric, as declared.

    Attributes
    ----------
    name, unit, meaning : str
    table, stage_table : str
        Table of its columns; the second by role, tier and group ("" for the same).
    numerator, denominator : str
        Expressions; the denominator "" for none.
    groupings : tuple of str
        Where the metric makes sense.
    """

    name: str
    unit: str
    table: str
    stage_table: str
    numerator: str
    denominator: str
    groupings: tuple[str, ...]
    meaning: str
    top: Expression = field(init=False, repr=False, compare=False)
    bottom: Expression = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "top", parse(self.numerator))
        object.__setattr__(self, "bottom", parse(self.denominator or "1"))
        for grouping in self.groupings:
            if grouping not in GROUPINGS:
                raise ValueError(f"metric {self.name}: grouping {grouping!r} is unknown")
            for table, column, _ in self.reads(grouping):
                known = (self.name,) if table == STRUCTURAL else TABLES.get(table, ())
                if column not in known:
                    raise ValueError(f"metric {self.name}: table {table!r} has no column {column!r}")
            if any(table and not knows(table, grouping) for table, _, _ in self.sources(self.top, grouping)):
                raise ValueError(f"metric {self.name}: its numerator is not known by {grouping}")

    def sources(self, expression: Expression, grouping: str) -> list[tuple[str, str, str]]:
        """Return (table, column, grouping of the sums) of every term; "" three times without a column."""
        own = (self.stage_table if grouping in STAGE_GROUPINGS else "") or self.table
        read = [(term.table or own, term) for term in expression]
        return [
            (table, term.column, grouping if knows(table, grouping) and not term.total else "overall")
            if term.column
            else ("", "", "")
            for table, term in read
        ]

    def reads(self, grouping: str) -> set[tuple[str, str, str]]:
        """Return (table, column, grouping of the sums) of all that the metric needs in a grouping."""
        return {source for source in self.sources(self.top + self.bottom, grouping) if source[0]}

    @property
    def formula(self) -> str:
        """Numerator over denominator, as text."""
        top, bottom = (f"({text})" if " " in text else text for text in (self.numerator, self.denominator))
        return f"{top} / {bottom}" if bottom else self.numerator


def _read() -> dict[str, Metric]:
    text = files("channelsim").joinpath("metrics.csv").read_text(encoding="utf-8")
    rows = [row | {"groupings": tuple(row["groupings"].split())} for row in csv.DictReader(text.splitlines())]
    declared = [Metric(**row) for row in rows]
    if len({metric.name for metric in declared}) != len(declared):
        raise ValueError("metrics.csv: a metric's name occurs twice")
    return {metric.name: metric for metric in declared}


METRICS: dict[str, Metric] = _read()


def select_metrics(names: Iterable[str] | None = None) -> tuple[Metric, ...]:
    """Return the metrics of these names, in the order asked for; None for all.

    Raises
    ------
    ResultError
        If a name is unknown: one line with the admissible ones.
    """
    if isinstance(names, str):
        names = (names,)
    chosen = tuple(dict.fromkeys(METRICS if names is None else names))
    for name in chosen:
        check_name("metric", name, METRICS)
    return tuple(METRICS[name] for name in chosen)


def columns_needed(names: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the sums that metrics need, so that a run records no more than that.

    Parameters
    ----------
    names : iterable of str, optional
        Metrics; None for all.

    Returns
    -------
    dict of str to tuple of str
        Columns by table, both in the order of `TABLES`; tables without any are left out. Under
        "structural" the names of structural metrics.

    Raises
    ------
    ResultError
        If a name is unknown.

    Examples
    --------
    >>> columns_needed(["stock_turns"])
    {'holdings': ('sales', 'stock'), 'shelves': ('sales',)}
    """
    chosen = select_metrics(names)
    needed = {read[:2] for metric in chosen for by in metric.groupings for read in metric.reads(by)}
    structural = tuple(metric.name for metric in chosen if metric.table == STRUCTURAL)
    columns = {
        table: tuple(column for column in columns if (table, column) in needed)
        for table, columns in TABLES.items()
    }
    return {table: found for table, found in (columns | {STRUCTURAL: structural}).items() if found}


def metric_table() -> list[dict[str, str]]:
    """Return the declarations as rows of text, for the reference pages."""
    return [
        {
            "name": metric.name,
            "unit": metric.unit,
            "table": metric.table,
            "stage_table": metric.stage_table or metric.table,
            "formula": metric.formula,
            "groupings": ", ".join(metric.groupings),
            "meaning": metric.meaning,
        }
        for metric in METRICS.values()
    ]
