"""The parts of a scenario: territories, segments, brands, member groups, contracts, demand, events.

Validated data (pydantic); unknown fields are refused, numbers are not guessed from texts. Defaults,
bounds, units and sources of numeric fields come from `channelsim.schema`.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from channelsim.codes import (
    CONSUMER_ROLES,
    DEMAND_SYSTEMS,
    NOISES,
    STORE_PRICE_RULES,
    SUPPLIER_PRICE_RULES,
    UNMET_DEMAND,
)
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


PriceRule = Literal[
    "fixed",
    "markup",
    "margin",
    "suggested",
    "best_response",
    "minimum",
    "maximum",
    "posted",
    "vertical_nash",
    "leader",
    "negotiated",
]


class Pricing(Part):
    """How the members of a group set their prices."""

    rule: PriceRule = Field(
        default="fixed",
        description=f"stores: {', '.join(STORE_PRICE_RULES)}; suppliers: {', '.join(SUPPLIER_PRICE_RULES)} "
        "(fixed means posted)",
    )
    opening: NotNegative | dict[str, NotNegative] | None = Field(
        default=None, description="price at the start; default: markup × unit cost, or unit cost + margin"
    )
    markup: float = number("markup")
    margin: NotNegative | dict[str, NotNegative] = Field(
        default=0.0,
        description="margin rule: price less unit cost, one number or one for each brand",
        json_schema_extra={"unit": column("margin").unit, "symbol": column("margin").symbol},
    )
    bound: NotNegative | dict[str, NotNegative] = Field(
        default=0.0,
        description="suggested, minimum or maximum price",
        json_schema_extra={"unit": column("price_bound").unit, "symbol": column("price_bound").symbol},
    )
    adjustment: float = number("price_adjustment")
    one_price: bool = Field(
        default=False, description="best response: one price for the whole group instead of one per member"
    )


class Ordering(Part):
    """How the members of a group forecast and order."""

    rule: Literal["order_up_to", "reorder_point", "base_stock", "newsvendor", "anchoring", "pass_through"] = (
        Field(default="order_up_to", description="see `channelsim.mechanisms.ordering`")
    )
    forecast: Literal["exponential_smoothing", "moving_average", "known_mean", "shared"] = Field(
        default="exponential_smoothing",
        description="known_mean: stores that know the mean of their demand; shared: suppliers that take over "
        "the sum of their buyers' forecasts (information sharing)",
    )
    smoothing: float = number("smoothing")
    window: int = number("forecast_window", whole=True)
    safety: Literal["given", "critical_fractile"] = Field(
        default="given", description="where the safety factor comes from"
    )
    safety_factor: float = number("safety_factor")
    goodwill: float = number("goodwill")
    reorder_point: float = number("reorder_point")
    base_stock: float = number("base_stock")
    salvage: float = number("salvage")
    anchor: float = number("anchor")
    stock_adjustment: float = number("stock_adjustment")
    supply_line_weight: float = number("supply_line_weight")
    opening_stock: float | None = Field(
        default=None, ge=0, description="units at the start; default: the rule's own target"
    )
    opening_pipeline: float = Field(
        default=0.0,
        ge=0,
        description="units under way in each week of the first lead time and of the order delay before it",
    )
    opening_forecast: float | None = Field(
        default=None, ge=0, description="units per week; default: expected demand at opening prices"
    )
    opening_deviation: float | None = Field(
        default=None, ge=0, description="forecast error at the start; default: that of the noise"
    )


class MemberGroup(Part):
    """Members alike in role and rules; their number per territory is the channel's density."""

    name: Name
    role: Literal[
        "plant", "manufacturer", "office", "agent", "distributor", "integrator", "retailer", "direct_outlet"
    ]
    count: int | None = Field(
        default=None, ge=0, le=100_000, description="members in all, not tied to a territory"
    )
    per_territory: NotNegative | dict[str, NotNegative] | None = Field(
        default=None, description="members per territory, or by territory or class"
    )
    buyers_per_member: Positive | dict[str, Positive] | None = Field(
        default=None,
        description="one member per so many weekly buyers (at least one a territory), or by place or class",
    )
    maximum_scale: float = Field(
        default=1.0, ge=1, le=20, description="the network is built for so many times the base density"
    )
    territories: list[str] = Field(
        default=[], description="names or classes of the territories served; empty: all"
    )
    placement: Literal["scattered", "demand", "centre"] = Field(
        default="scattered", description="evenly, where buyers are, or at the centre"
    )
    owner: str = Field(
        default="", description="owning firm, for chains and manufacturers; empty: each member on its own"
    )
    suppliers: list[str] = Field(default=[], description="supplying groups, the preferred first")
    alternates: int = Field(
        default=0, ge=0, le=20, description="further suppliers of each kind built as alternates"
    )
    reach_km: float = Field(
        default=0.0, ge=0, description="suppliers up to this far outside the territory are in reach"
    )
    brands: list[str] = Field(
        default=[], description="brands carried; empty: all that the suppliers carry (top tier: all it owns)"
    )
    loyalty: Attribute = attribute("loyalty")
    fixed_cost: Attribute = attribute("fixed_cost")
    servicing_cost: Attribute = attribute("servicing_cost")
    capital: Attribute = attribute("capital")
    waiting: Attribute = attribute("waiting")
    lot_size: Attribute = attribute("lot_size")
    handling_cost: Attribute = attribute("handling_cost")
    service_cost: Attribute = attribute("service_cost")
    reservation_profit: Attribute = attribute("reservation_profit")
    holding_rate: Attribute = attribute("holding_rate")
    obsolescence: Attribute = attribute("obsolescence")
    capacity: float = number(
        "capacity", description="units of each brand that a top-tier member can ship a week"
    )
    pays_from_cash: bool = Field(default=False, description="pays invoices only as far as its cash goes")
    listing_limit: int | None = Field(
        default=None,
        ge=1,
        description="stores: brands for which they have shelves, a chain choosing as one; default: no limit",
    )
    listing_fee: float = Field(
        default=0.0,
        ge=0,
        le=1e12,
        description="stores: what they ask of a shelf's supplier for listing its brand",
        json_schema_extra={"unit": "money per week and shelf", "source": "off by default"},
    )
    opening_service: float = Field(default=0.0, ge=0, description="service effort at the start")
    pricing: Pricing = Pricing()
    ordering: Ordering = Ordering()

    @property
    def sells_to_consumers(self) -> bool:
        """Whether members of the group are stores."""
        return self.role in CONSUMER_ROLES

    @property
    def posts_prices(self) -> bool:
        """Whether a supplying group posts its prices: they are a lever, not a rule."""
        return self.pricing.rule in ("fixed", "posted")

    @property
    def is_national(self) -> bool:
        """Whether the members belong to no territory."""
        return self.count is not None and not self.sells_to_consumers


class Contract(Part):
    """Terms between two groups, for one brand or all."""

    supplier: Name
    buyer: Name
    brand: str = Field(default="", description="empty: all brands without a contract of their own")
    wholesale_price: float | None = number(
        "wholesale_price",
        default=None,
        description="posted price; may be left out where the supplier prices by rule",
    )
    lead_time: int = number("lead_time", whole=True)
    order_delay: int = number("order_delay", whole=True)
    credit_weeks: int = number("credit_weeks", whole=True)
    minimum_order: float = number("minimum_order")
    case_size: float = number("case_size")
    cooperative_share: float = number("cooperative_share")
    training: float = number("training")
    franchise_fee: float = number("franchise_fee")
    exclusive: bool = Field(
        default=False,
        description="stores are offered the compensation for carrying only what they buy under the contract",
    )
    compensation: float = number("compensation")
    principal: Literal["supplier", "maker"] = Field(
        default="supplier",
        description="who pays support, training and compensation and receives the franchise fee: the "
        "supplier, or the maker (the brand's owner where the goods pass it, else who sells them first)",
    )


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
