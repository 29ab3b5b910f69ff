"""The parts of a scenario that make its market: territories, segments, brands, demand, events.

Member groups and contracts are in `channelsim.member_parts`.

Validated data (pydantic); unknown fields are refused, numbers are not guessed from texts. Defaults,
bounds, units and sources of numeric fields come from `channelsim.schema`.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from channelsim.codes import DEMAND_SYSTEMS, NOISES, UNMET_DEMAND
from channelsim.errors import ScenarioError
from channelsim.paths import one_line
from channelsim.schema import column

Name = Annotated[str, Field(pattern=r"^\w[^\t\n\r.]*$", max_length=60)]
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


def number(name: str, *, whole: bool = False, **changes: Any) -> Any:
    """Return a pydantic field with the default, bounds, unit, meaning and source of a schema column.

    Parameters
    ----------
    name : str
        The column.
    whole : bool
        Whether the field is an integer: then default and bounds are.
    **changes
        What the field has instead, such as ``default=0``.
    """
    c = column(name)
    kind = int if whole else float
    options: dict[str, Any] = {
        "default": kind(c.default) if isfinite(c.default) else ...,
        "description": c.meaning,
        "json_schema_extra": {"unit": c.unit, "symbol": c.symbol, "source": c.source},
    }
    if isfinite(c.low):
        options["ge"] = kind(c.low)
    if isfinite(c.high):
        options["le"] = kind(c.high)
    return Field(**(options | changes))


def attribute(name: str) -> Any:
    """Return a field that takes a number within the column's bounds or a distribution."""
    c = column(name)
    extra: dict[str, Any] = {"unit": c.unit, "symbol": c.symbol, "source": c.source}
    if isfinite(c.low):
        extra["minimum"] = c.low
    if isfinite(c.high):
        extra["maximum"] = c.high
    return Field(default=c.default, description=c.meaning, json_schema_extra=extra)


def python_number(value: Any) -> Any:
    """Return a Python number for one of NumPy's, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


class Part(BaseModel):
    """Base of all parts: unknown fields refused, values frozen, no text taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _python_numbers(cls, data: Any) -> Any:
        """Take NumPy's numbers for Python's."""
        return {k: python_number(v) for k, v in data.items()} if isinstance(data, dict) else data


class Document(Part):
    """Base of what a user makes or reads whole: what is wrong with it is said in one line."""

    if not TYPE_CHECKING:

        def __init__(self, **data: Any) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise ScenarioError(one_line(error, data, type(self))) from None


class Distribution(Part):
    """Members of a group differ: an attribute drawn per member in ``build_seed``, keyed by the member."""

    distribution: Literal["uniform", "normal", "lognormal"]
    mean: float = Field(default=0.0, description="mean (lognormal: mean of the value itself)")
    deviation: float = Field(default=0.0, ge=0, description="standard deviation (uniform: half-width)")
    low: float | None = Field(default=None, description="draws below are set to it")
    high: float | None = Field(default=None, description="draws above are set to it")

    @model_validator(mode="after")
    def _range(self) -> Distribution:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low = {self.low:g} is above high = {self.high:g}")
        if self.distribution == "lognormal" and self.mean <= 0:
            raise ValueError(f"the mean of a lognormal distribution must be above 0, not {self.mean:g}")
        return self


Attribute = float | Distribution
PerBrand = float | dict[str, float]


class TerritoryGroup(Part):
    """Territories: one by name, several alike (``count``), or a table of them beside the scenario."""

    name: Name = Field(default="territory", description="name; with count, the stem of the names")
    count: int = Field(default=1, ge=1, le=100_000, description="number of territories alike")
    table: str | None = Field(
        default=None, description="CSV file in the scenario's folder: one territory a row, columns as below"
    )
    territory_class: str = Field(
        default="", description="class of the territory, by which groups and policies may differ"
    )
    buyers: float = number("buyers")
    buyers_per_1000: float | None = Field(
        default=None, gt=0, description="weekly buyers per 1,000 inhabitants of the table's population column"
    )
    area: float = number("area")
    centre_x: float = number("centre_x")
    centre_y: float = number("centre_y")
    season_amplitude: float = number("season_amplitude")
    season_peak_week: float = number("season_peak_week")
    growth: float = number("growth")
    zones: int = Field(default=1, ge=1, le=200, description="demand zones of the territory")
    zone_concentration: float = Field(
        default=0.0, ge=0, le=20, description="how much denser the centre is: weight e^(-concentration·r/R)"
    )


class Segment(Part):
    """Consumers alike in what they want."""

    name: Name
    share: NotNegative | dict[str, NotNegative] = Field(
        default=1.0, description="share of the buyers, or shares by territory or class"
    )
    price_sensitivity: float = number("price_sensitivity")
    travel_cost: float = number("travel_cost")
    service_weight: float = number("service_weight")
    waiting_weight: float = number("waiting_weight")
    variety_weight: float = number("variety_weight")
    lot_size_weight: float = number("lot_size_weight")
    wanted_lot_size: float = number("wanted_lot_size")
    equity: PerBrand = Field(
        default=0.0, description="utility of each brand (one number: the same for all; a brand left out: 0)"
    )


class Brand(Part):
    """A brand and its owner."""

    name: Name
    owner: str = Field(
        default="", description="firm that owns the brand; default: a firm of the brand's name"
    )
    production_cost: float = number("production_cost")


class Demand(Part):
    """The demand system and its noise."""

    system: Literal["logit", "linear", "given"] = Field(
        default="logit", description=", ".join(DEMAND_SYSTEMS)
    )
    noise: Literal["none", "poisson", "normal", "gamma"] = Field(
        default="none", description=", ".join(NOISES)
    )
    variation: float = number("variation")
    unmet: Literal["lost", "backlogged"] = Field(default="lost", description=", ".join(UNMET_DEMAND))
    substitution: float = number("substitution")
    service_spillover: float = number("service_spillover")
    shock_persistence: float = number("shock_persistence")
    shock_deviation: float = number("shock_deviation")
    intercept: PerBrand = Field(
        default=0.0, description="linear: demand of a shelf at prices of zero, units per week"
    )
    own_slope: PerBrand = Field(default=1.0, description="linear: units lost per unit of own price")
    cross_brand_slope: float = Field(
        default=0.0, ge=0, description="linear: units gained per unit of price of another brand in the store"
    )
    cross_store_slope: float = Field(
        default=0.0, ge=0, description="linear: units gained per unit of price of the brand in another store"
    )
    cross_slope: float = Field(
        default=0.0,
        ge=0,
        description="linear: units gained per unit of price of another brand in another store",
    )
    mean: NotNegative | dict[str, NotNegative] = Field(
        default=0.0, description="given: units per shelf and week, or by member group"
    )
    deviation: NotNegative | dict[str, NotNegative] | None = Field(
        default=None, description="given, normal noise: standard deviation, or by member group"
    )
    trace: list[NotNegative] = Field(
        default=[], description="given: demand of every shelf week by week; the last value holds on"
    )
    trace_table: str | None = Field(
        default=None, description="given: CSV file, one row a week, one column a member group"
    )


class Event(Part):
    """A dated change of an exogenous column."""

    week: int = Field(ge=0)
    duration: int = Field(default=1, ge=1, description="weeks")
    column: str = Field(description="an exogenous column of the schema")
    operation: Literal["set", "add", "multiply"] = "multiply"
    value: float
    territories: list[str] = Field(default=[], description="names or classes; empty: all")
    groups: list[str] = Field(
        default=[], description="member groups (for links: of the supplier); empty: all"
    )
    brands: list[str] = Field(default=[], description="empty: all")


def brand_value(value: PerBrand | None, brand: str) -> float:
    """Return the number that holds for a brand (NaN: none given)."""
    if isinstance(value, dict):
        return float(value.get(brand, np.nan))
    return np.nan if value is None else float(value)
