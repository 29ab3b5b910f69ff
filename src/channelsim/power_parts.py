"""Parts of a scenario about power: whether dependence is measured, what else firms could do, bargaining."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from channelsim.parts import Name, NotNegative, Part, number

OF_BUYERS = ("unlisted_brand", "rival_supplier", "private_label")
OF_SUPPLIERS = ("own_outlet", "direct_selling")


class OutsideOption(Part):
    """What a firm could do instead of a relationship, apart from the rest of the channel."""

    name: Name
    kind: Literal["unlisted_brand", "rival_supplier", "private_label", "own_outlet", "direct_selling"] = (
        Field(
            description=f"in place of a supplier: {', '.join(OF_BUYERS)}; in place of a buyer: "
            f"{', '.join(OF_SUPPLIERS)}"
        )
    )
    group: str = Field(description="member group whose members have the option")
    partner: str = Field(
        default="", description="group or firm in whose place it would be taken; empty: any partner"
    )
    acceptance: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="a: share of the buyers otherwise lost who accept it (declared assumption)",
    )
    unit_cost: NotNegative | None = Field(
        default=None, description="what a unit costs by this way, money per unit; default: as much as now"
    )
    price: NotNegative | None = Field(
        default=None,
        description="what a unit earns by this way, money per unit; default: the present price of who loses "
        "a supplier, the present retail price for who loses a buyer",
    )
    fixed_cost: NotNegative = Field(
        default=0.0, description="K: what turning to it costs once, money (declared assumption)"
    )


class Power(Part):
    """Whether and how dependence is measured."""

    measured: bool = Field(
        default=False, description="measure who depends on whom at every review (every review_weeks)"
    )
    switching_cost: float = number("switching_cost")
    horizon_weeks: float = number("horizon_weeks")
    outside_options: list[OutsideOption] = Field(
        default=[], description="what firms could do instead, apart from the rest of the channel"
    )


class Bargaining(Part):
    """How the prices of groups that negotiate are settled, at every renewal of their contracts."""

    renewal_weeks: int = number("renewal_weeks", whole=True)
    supplier_weight: float = number("supplier_weight")
    stakes_exponent: float = number("stakes_exponent")
    retail: Literal["held", "equilibrium"] = Field(
        default="equilibrium",
        description="held: at the retail prices of the week; equilibrium: at those where stores would rest, "
        "neither side foreseeing the other's answer",
    )
