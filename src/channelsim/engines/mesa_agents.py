"""Members as agents: attributes that read and write the tables, decisions that a subclass can replace.

Nothing here needs Mesa; `channelsim.engines.mesa_members` joins `Row` with ``mesa.Agent``. A row holds no
numbers of its own: every access looks them up in the model's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.codes import ROLES
from channelsim.errors import ScenarioError, SimulationError
from channelsim.planning import Planned
from channelsim.schema import COLUMNS, Column, position
from channelsim.week import PROPOSE

if TYPE_CHECKING:
    from channelsim.engines.mesa_model import ChannelModel

ATTRIBUTES: dict[str, Column] = {k.name: k for k in COLUMNS if k.table in ("members", "holdings")}
"""Columns that an agent has as attributes, unless `Row` gives them a name instead of a code."""
NOT_NEGATIVE = ("units", "units per week", "units²", "money per unit", "effort")
"""Units of columns to which no number below zero can be given."""


class ByBrand(np.lib.mixins.NDArrayOperatorsMixin):
    """One number per brand that a member holds: a labelled, read-only copy.

    It is an array in arithmetic and NumPy functions, and a mapping by brand name: ``stock["A"]``,
    ``dict(stock)``. It does not change with the model, so that a data collector may keep it.

    Examples
    --------
    >>> stock = ByBrand(("A", "B"), [3.0, 5.0])
    >>> stock["B"], (0.5 * stock)["A"], float(stock.sum())
    (5.0, 1.5, 8.0)
    """

    __slots__ = ("_values", "brands")

    def __init__(self, brands: tuple[str, ...], values: Any) -> None:
        self.brands = brands
        self._values = np.array(values)
        self._values.flags.writeable = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._values, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or "out" in options:
            return NotImplemented
        result = ufunc(*(i._values if isinstance(i, ByBrand) else i for i in inputs), **options)
        if isinstance(result, np.ndarray) and result.shape == self._values.shape:
            return ByBrand(self.brands, result)
        return result

    def __getitem__(self, brand: str | int | slice) -> Any:
        if isinstance(brand, str):
            if brand not in self.brands:
                raise KeyError(f"brand {brand!r} is not held; held: {', '.join(self.brands)}")
            return self._values[self.brands.index(brand)].item()
        return self._values[brand]

    def __setitem__(self, brand: Any, value: Any) -> None:
        raise TypeError(f"this is a copy: write agent.<column> = {{{brand!r}: {value!r}}} instead")

    def __len__(self) -> int:
        return len(self.brands)

    def __iter__(self) -> Iterator[float]:
        return iter(self._values.tolist())

    def keys(self) -> tuple[str, ...]:
        """Return the brands."""
        return self.brands

    def items(self) -> list[tuple[str, float]]:
        """Return (brand, number) pairs."""
        return list(zip(self.brands, self))

    def __getattr__(self, name: str) -> Any:
        # What arrays can do (sum, max, tolist, …); a slot not yet filled is missing, not an array's.
        if name.startswith("_") or name == "brands":
            raise AttributeError(name)
        return getattr(self._values, name)

    def __repr__(self) -> str:
        return f"ByBrand({', '.join(f'{brand}={value:g}' for brand, value in self.items())})"


class Decision(NamedTuple):
    """A decision that a subclass of an agent can replace."""

    method: str
    column: str
    """Column that holds the intention."""
    limit: str
    """Column that it may not exceed, "" if none."""
    needs: str
    """What it takes for the week to ask for it."""


DECISIONS = (
    Decision(
        "choose_price", "next_price", "",
        "a store, and a group of stores with pricing.rule best_response, minimum or maximum",
    ),
    Decision("choose_service", "next_service", "", "a store, and a segment with service_weight above 0"),
    Decision("choose_payment", "payment_made", "payment_due", "credit = true in the scenario"),
    Decision("choose_order", "order", "", "a member that has suppliers"),
    Decision(
        "choose_diversion", "diversion", "",
        "a member between maker and stores, and diversion.active = true in the scenario",
    ),
)  # fmt: skip


def overridden(cls: type[Row]) -> list[Decision]:
    """Return the decisions that a class replaces."""
    return [d for d in DECISIONS if getattr(cls, d.method) is not getattr(Row, d.method)]


def stop_of(decision: Decision, row: Row, plan: list[Planned]) -> int | None:
    """Return after which step of the week a member's decision stands, None if its week has no such step."""
    stop = None
    store = row.tier == row.model.channel.tiers - 1
    if decision.column in ("next_price", "next_service") and not store:
        return None
    if decision.column == "diversion" and (store or row.tier == 0):
        return None
    for place, planned in enumerate(plan):
        step = planned.step
        if step.mode == PROPOSE and step.decision == decision.column and planned.tier in (-1, row.tier):
            stop = place
    return stop


def check_decision(decision: Decision, row: Row, plan: list[Planned]) -> int:
    """Return after which step a replaced decision is read.

    Raises
    ------
    ScenarioError
        If the scenario's week never asks the member for it.
    """
    place = stop_of(decision, row, plan)
    if place is None:
        raise ScenarioError(
            f"{type(row).__name__}.{decision.method} would never be called for {row.name!r}: "
            f"it takes {decision.needs}"
        )
    return place


class Row:
    """What every member of the channel is and decides, as attributes and methods.

    Each column of the members' and holdings' tables is an attribute of the same name: a number for
    members' columns and for members that hold one brand, else a `ByBrand`. Columns of the state can be
    assigned: a number, a sequence in the order of ``brands``, or a mapping that names some brands.

    The decisions return what the member's rule proposes. A subclass may return something else: one
    number per brand in the order of ``brands`` (a single number if it holds one brand), or a mapping by
    brand, which leaves the other brands as proposed. It stands in for the proposal before the next step
    of the week reads it.

    Attributes
    ----------
    model : ChannelModel
    row : int
        Row in the members' table.
    """

    model: ChannelModel
    row: int
    _span: tuple[int, int]
    _brands: tuple[str, ...]
    fits: tuple[str, ...] = ROLES
    """Roles that the class may play."""

    @property
    def name(self) -> str:
        """Name of the member: group, territory, number."""
        return str(self.model.channel.members.names[self.row])

    @property
    def role(self) -> str:
        """Role in the channel."""
        return ROLES[self.model.channel.members.role[self.row]]

    @property
    def group(self) -> str:
        """Member group of the scenario."""
        return str(self.model.channel.scenario.members[self.model.channel.members.group[self.row]].name)

    @property
    def owner(self) -> str:
        """Owning firm; the stores of a chain share one."""
        return str(self.model.channel.members.owners[self.model.channel.members.owner[self.row]])

    @property
    def territory(self) -> str | None:
        """Name of the territory, None if the member is national."""
        t = int(self.model.channel.members.territory[self.row])
        return None if t < 0 else str(self.model.channel.territories.names[t])

    @property
    def tier(self) -> int:
        """Tier counted from the manufacturer's side, 0 at the top."""
        return int(self.model.channel.members.tier[self.row])

    @property
    def brands(self) -> tuple[str, ...]:
        """Brands held, in the order in which decisions are given."""
        return self._brands

    @property
    def suppliers(self) -> tuple[Any, ...]:
        """Agents from which the member buys under the policy."""
        first, end = self._span
        links = self.model.terms.holdings_index[c.SOURCE_LINK, first:end]
        return self._across(c.SUPPLIER_HOLDING, links[links >= 0])

    @property
    def buyers(self) -> tuple[Any, ...]:
        """Agents that buy from the member under the policy."""
        first, end = self._span
        index = self.model.channel.world.holdings_index
        links = np.arange(index[c.FIRST_LINK, first], index[c.END_LINK, end - 1])
        return self._across(c.BUYER_HOLDING, links[self.model.terms.links[c.LINK_ACTIVE, links] > 0])

    def _across(self, side: int, links: np.ndarray) -> tuple[Any, ...]:
        world = self.model.channel.world
        rows = dict.fromkeys(world.holdings_index[c.MEMBER, world.links_index[side, links]].tolist())
        return tuple(self.model.agent_of_row[r] for r in rows)

    def choose_price(self) -> Any:
        """Return the retail price of each brand that a store intends, money per unit."""
        return self._get(ATTRIBUTES["next_price"])

    def choose_service(self) -> Any:
        """Return the service effort for each brand that a store intends."""
        return self._get(ATTRIBUTES["next_service"])

    def choose_order(self) -> Any:
        """Return the order of each brand that the member intends, units; the rule's is in whole cases."""
        return self._get(ATTRIBUTES["order"])

    def choose_payment(self) -> Any:
        """Return what the member intends to pay its suppliers in all, money; at most ``payment_due``."""
        return self._get(ATTRIBUTES["payment_made"])

    def choose_diversion(self) -> Any:
        """Return the units of each brand that the member would sell into other territories.

        What goes beyond ``divertible`` or what it can spare is cut.
        """
        return self._get(ATTRIBUTES["diversion"])

    def _take(self, row: int) -> None:
        """Become a row of the members' table."""
        world = self.model.channel.world
        first, end = (int(world.members_index[k, row]) for k in (c.FIRST_HOLDING, c.END_HOLDING))
        names = self.model.channel.scenario.brands
        self._span = first, end
        self._brands = tuple(str(names[b].name) for b in world.holdings_index[c.BRAND, first:end])
        self.row = row  # last: from now on columns are attributes

    def _array(self, column: Column) -> np.ndarray:
        model = self.model
        home = {"world": model.channel.world, "terms": model.terms, "state": model.state}[column.home]
        table = getattr(home, column.table + ("_index" if column.kind == "int" else ""))
        rows: np.ndarray = table[position(column.name)]
        return rows

    def _get(self, column: Column) -> Any:
        if column.table == "members":
            return self._array(column)[self.row].item()
        first, end = self._span
        values = self._array(column)[first:end]
        return values[0].item() if end - first == 1 else ByBrand(self._brands, values)

    def _set(self, column: Column, values: np.ndarray) -> None:
        if column.table == "members":
            self._array(column)[self.row] = values[0]
        else:
            first, end = self._span
            self._array(column)[first:end] = values

    def _read(self, column: Column, given: Any, low: float, where: Callable[[], str]) -> np.ndarray:
        """Return what is given for a column as one admissible number per brand; ``where`` opens messages."""
        brands = self._brands if column.table == "holdings" else ("",)
        if isinstance(given, Mapping):
            if column.table == "members" or any(k not in brands for k in given):
                held = ", ".join(brands) if column.table == "holdings" else "no names: give a number"
                raise SimulationError(f"{where()} got {dict(given)!r}: admissible: {held}")
            now = np.atleast_1d(np.asarray(self._get(column), dtype=np.float64))
            given = [given.get(brand, value) for brand, value in zip(brands, now)]
        try:
            values = np.asarray(np.nan if given is None else given, dtype=np.float64)
        except (TypeError, ValueError):
            given, values = repr(given), np.zeros((0, 0))
        if given is None or values.shape not in ((len(brands),), () if len(brands) == 1 else None):
            expected = f"{len(brands)} numbers ({', '.join(brands)})" if len(brands) > 1 else "a number"
            raise SimulationError(f"{where()} got {given}: expected {expected}")
        values = values.reshape(len(brands))
        low, high = np.fmax(low, column.low), np.fmin(np.inf, column.high)  # NaN: no bound declared
        for brand, value in zip(brands, values.tolist()):
            if not (isfinite(value) and low <= value <= high):
                of_brand = f" ({brand})" if len(brands) > 1 else ""
                upper = "or more" if high == np.inf else f"to {high:g}"
                bounds = "a finite number" if low == -np.inf else f"{low:g} {upper}"
                raise SimulationError(f"{where()}{of_brand} got {value:g}: admissible: {bounds}")
        return values

    def decide(self, decision: Decision, week: int) -> np.ndarray:
        """Return the member's own decision, checked.

        Raises
        ------
        SimulationError
            If it is not one admissible number per brand: agent, week, decision and value.
        """
        column = ATTRIBUTES[decision.column]
        answer = getattr(self, decision.method)()

        def where() -> str:
            return f"week {week}: {type(self).__name__}.{decision.method} of {self.name!r}"

        values = self._read(column, answer, 0.0, where)
        limit = self._get(ATTRIBUTES[decision.limit]) if decision.limit else np.inf
        if values[0] > limit:
            raise SimulationError(
                f"{where()} got {values[0]:g}: admissible: up to {decision.limit} = {limit:g}"
            )
        return values

    def __getattr__(self, name: str) -> Any:
        # Called only for names that are neither on the class nor on the instance.
        if name in ATTRIBUTES and "row" in self.__dict__:
            return self._get(ATTRIBUTES[name])
        if name.startswith("_") or "row" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        elsewhere = [k.table for k in COLUMNS if k.name == name]
        close = [f"did you mean {k!r}?" for k in get_close_matches(name, ATTRIBUTES, n=1)]
        hint = (
            f"it is a column of the {elsewhere[0]}"
            if elsewhere
            else "".join(close) or "no column has that name"
        )
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}: {hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        column = ATTRIBUTES.get(name)
        if column is None or "row" not in self.__dict__:
            super().__setattr__(name, value)
            return
        if column.home != "state":
            by = "the scenario" if column.home == "world" else "the policy"
            raise AttributeError(f"{name} of {self.name!r} is fixed for a run: it is set by {by}")
        low = 0.0 if column.unit in NOT_NEGATIVE else -np.inf
        self._set(column, self._read(column, value, low, lambda: f"{name} of {self.name!r}"))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ATTRIBUTES})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"
