"""The parts of a scenario that act: member groups, how they price and order, contracts between them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from channelsim.codes import CONSUMER_ROLES, STORE_PRICE_RULES, SUPPLIER_PRICE_RULES
from channelsim.incentive_parts import Buyback, GrowthBonus, QuantityDiscount, RevenueShare, TargetRebate
from channelsim.parts import Attribute, Name, NotNegative, Part, Positive, attribute, number
from channelsim.schema import column

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
