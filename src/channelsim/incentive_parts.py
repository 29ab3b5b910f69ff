"""The parts of a contract about incentives: discount, rebate, bonus, buyback, revenue sharing.

What they do is described at `channelsim.mechanisms.incentives`, `forward_buying` and `season_orders`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from channelsim.parts import NotNegative, Part, number

MOST_STEPS = 4
Share = Annotated[float, Field(ge=0, le=1)]


class DiscountStep(Part):
    """From which order on, and how much."""

    threshold: NotNegative = Field(description="order from which the step holds")
    discount: Share = Field(description="share of the list price")


class RebateStep(Part):
    """From how many units of a period on, and how much."""

    threshold: NotNegative = Field(description="units of the period from which the step holds")
    rebate: Share = Field(description="share of the list price")


def _rising(values: list[float], what: str) -> None:
    for lower, higher in pairwise(values):
        if not lower < higher:
            raise ValueError(f"steps: the {what} must rise from step to step, not {lower:g} then {higher:g}")


class QuantityDiscount(Part):
    """Less per unit for larger orders; no steps: none."""

    measure: Literal["units", "plan"] = Field(
        default="units",
        description="thresholds in units, or as multiples of the buyer's opening forecast of a week: then "
        "one contract fits members of all sizes",
    )
    mode: Literal["all_unit", "incremental"] = Field(
        default="all_unit", description="on the whole order, or on the units beyond a threshold"
    )
    steps: list[DiscountStep] = Field(default=[], max_length=MOST_STEPS)

    @model_validator(mode="after")
    def _steps(self) -> QuantityDiscount:
        _rising([s.threshold for s in self.steps], "thresholds")
        _rising([s.discount for s in self.steps], "discounts")
        return self


class TargetRebate(Part):
    """Paid at the end of a period whose units reach a target; no steps: none."""

    measure: Literal["units", "plan"] = Field(
        default="units",
        description="thresholds in units, or as multiples of the plan: the opening forecast of the period",
    )
    mode: Literal["retroactive", "incremental"] = Field(
        default="retroactive", description="on all units once the target is reached, or on those beyond it"
    )
    basis: Literal["sell_in", "sell_through"] = Field(
        default="sell_in", description="what counts: units shipped to the buyer, or those it sells on"
    )
    weeks: int = number("rebate_weeks", whole=True)
    steps: list[RebateStep] = Field(default=[], max_length=MOST_STEPS)
    reliability: float = number("rebate_reliability")

    @model_validator(mode="after")
    def _steps(self) -> TargetRebate:
        _rising([s.threshold for s in self.steps], "thresholds")
        _rising([s.rebate for s in self.steps], "rebates")
        return self


class GrowthBonus(Part):
    """Paid on the units beyond (1 + growth) × those of the period before; at first: the plan."""

    growth: float = number("bonus_growth")
    bonus: float = number("bonus_share")
    basis: Literal["sell_in", "sell_through"] = Field(
        default="sell_in", description="what counts: units shipped to the buyer, or those it sells on"
    )
    weeks: int = number("bonus_weeks", whole=True)
    reliability: float = number("bonus_reliability")


class Buyback(Part):
    """Credit for what is not sold: a season's leftovers, or what becomes obsolete of lasting stock."""

    credit: float = number("buyback_credit")
    cap: float = number("buyback_cap")
    salvage: Literal["supplier", "buyer"] = Field(
        default="buyer",
        description="who has the salvage value of a season's leftovers that are credited: supplier: they go "
        "back (credit gross of salvage); buyer: they stay (net)",
    )


class RevenueShare(Part):
    """Share of what consumers pay that the store passes on to its supplier."""

    share: float = number("revenue_share")
    salvage: Literal["shared", "kept"] = Field(
        default="shared", description="whether the salvage value of a season's leftovers is revenue too"
    )


INCENTIVES = ("quantity_discount", "target_rebate", "growth_bonus", "buyback", "revenue_share")
"""Fields of a contract, and of a change of terms, that are incentives."""
