"""The parts of a scenario: territories, segments, brands, member groups, contracts, demand, events.

Validated data (pydantic); unknown fields are refused, numbers are not guessed from texts. Defaults,
bounds, units and sources of numeric fields come from `channelsim.schema`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from channelsim.base_parts import Document as Document
from channelsim.base_parts import Name as Name
from channelsim.base_parts import NotNegative as NotNegative
from channelsim.base_parts import Part as Part
from channelsim.base_parts import Positive as Positive
from channelsim.base_parts import attribute as attribute
from channelsim.base_parts import number as number
from channelsim.base_parts import python_number as python_number
from channelsim.codes import (
    CONSUMER_ROLES,
    DEMAND_SYSTEMS,
    NOISES,
    STORE_PRICE_RULES,
    SUPPLIER_PRICE_RULES,
    UNMET_DEMAND,
)
from channelsim.incentive_parts import Buyback, GrowthBonus, QuantityDiscount, RevenueShare, TargetRebate
from channelsim.schema import column


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
    quantity_discount: QuantityDiscount | None = Field(
        default=None, description="less per unit for larger orders"
    )
    target_rebate: TargetRebate | None = Field(
        default=None, description="paid at the end of a period whose units reach a target"
    )
    growth_bonus: GrowthBonus | None = Field(
        default=None, description="paid on the units beyond those of the period before"
    )
    buyback: Buyback | None = Field(default=None, description="credit for what is not sold")
    revenue_share: RevenueShare | None = Field(
        default=None, description="share of what consumers pay that the store passes on"
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
