"""The part of a scenario about diversion: who can sell into whose territory, at what cost, who notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from channelsim.parts import NotNegative, Part, number
from channelsim.schema import column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channelsim.member_parts import MemberGroup
    from channelsim.scenario import Scenario

Share = Annotated[float, Field(ge=0, le=1)]
THAT_AIM = ("order_up_to", "reorder_point", "base_stock")
"""Ordering rules with a target for the inventory position: what is above it is surplus."""


def _of(name: str) -> dict[str, str]:
    c = column(name)
    return {"unit": c.unit, "symbol": c.symbol, "source": c.source}


class Diversion(Part):
    """Whether members sell into each other's territories, and how that is watched."""

    active: bool = Field(default=False, description="members sell into other territories where it pays")
    reach_km: float = Field(
        default=200.0,
        gt=0,
        description="how far a store may be from who diverts to it",
        json_schema_extra={"unit": "km", "source": "declared assumption"},
    )
    nearest: int = Field(
        default=2,
        ge=1,
        le=100,
        description="from how many members of other territories, the nearest, a store can buy",
        json_schema_extra={"unit": "members", "source": "declared assumption"},
    )
    transport_cost: float | None = number("transport_cost", default=None)
    acceptance: float = number("acceptance")
    buyer_share: float = number("buyer_share")
    deliberate: float = number("deliberate")
    home_margin: float = number("home_margin")
    surplus_weeks: float = number("surplus_weeks")
    found_unmonitored: float = number("found_unmonitored")
    monitoring_scale: float = number("monitoring_scale")
    attributed_untracked: float = number("attributed_untracked")
    tracking_cost: float = number("tracking_cost")
    monitoring: NotNegative | dict[str, NotNegative] = Field(
        default=0.0,
        description="what a brand's maker spends on monitoring each territory, one number or one for each "
        "brand; a policy's governance replaces it",
        json_schema_extra={"unit": "money per week and territory", "source": "off by default"},
    )
    serial_tracking: Share | dict[str, Share] = Field(
        default=0.0,
        description="share of the units that bear a serial number, one number or one for each brand; a "
        "policy's governance replaces it",
        json_schema_extra={"unit": "–", "source": "off by default"},
    )
    fine: NotNegative | dict[str, NotNegative] = Field(
        default=0.0,
        description="what a member pays the brand's maker for each unit found to be diverted by it, one "
        "number or one for each brand; a policy's governance replaces it",
        json_schema_extra={"unit": "money per unit", "source": "off by default"},
    )


GOVERNED = ("monitoring", "serial_tracking", "fine")
"""Fields that a policy replaces, each a number or a number for each brand."""


def check_diversion(scenario: Scenario, groups: Mapping[str, MemberGroup]) -> None:
    """Check what a scenario says of diversion.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    diversion = scenario.diversion
    if not diversion.active:
        if diversion != Diversion():
            raise ValueError("diversion: has no effect unless diversion.active = true")
        return
    if diversion.transport_cost is None:
        raise ValueError(
            "diversion.transport_cost: missing; give what carrying a unit a km costs (0: nothing)"
        )
    check_governed({name: getattr(diversion, name) for name in GOVERNED}, scenario, "diversion")
    if not any(can_divert(g) for g in groups.values()):
        raise ValueError(
            "diversion.active: nobody could divert; it takes a group that belongs to territories "
            f"(per_territory or buyers_per_member), sells to stores and orders by {', '.join(THAT_AIM)}"
        )


def can_divert(group: MemberGroup) -> bool:
    """Return whether members of a group could sell into other territories."""
    between = bool(group.suppliers) and not group.sells_to_consumers and not group.is_national
    return between and group.ordering.rule in THAT_AIM


def can_receive(group: MemberGroup) -> bool:
    """Return whether members of a group could buy from other territories."""
    return group.sells_to_consumers and group.ordering.rule in THAT_AIM


def check_governed(given: Mapping[str, object], scenario: Scenario, where: str) -> None:
    """Check the brands of what is given by brand.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    brands = [b.name for b in scenario.brands]
    for field, value in given.items():
        for brand in value if isinstance(value, dict) else ():
            if brand not in brands:
                raise ValueError(f"{where}.{field} = {brand!r}: admissible: {', '.join(brands)}")
