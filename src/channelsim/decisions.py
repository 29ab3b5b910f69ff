"""The policy: what the manufacturer decides, as typed data (TOML in and out).

``density`` sets how many members of a group are active, ``terms`` changes contracts, ``influence`` says who
is asked for what, ``governance`` how diversion is watched. A policy is applied to a built world without
rebuilding it; what the world cannot feel is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from channelsim.diversion_parts import GOVERNED, Share
from channelsim.errors import ScenarioError
from channelsim.files import read_toml, write_whole
from channelsim.incentive_parts import (
    Buyback,
    GrowthBonus,
    QuantityDiscount,
    RevenueShare,
    TargetRebate,
)
from channelsim.influence_parts import Attempt
from channelsim.parts import Document, Name, NotNegative, Part, Positive, number

FORMAT = 1


class Density(Part):
    """How many members of a group are active; give exactly one of the fields."""

    scale: NotNegative | dict[str, NotNegative] | None = Field(
        default=None,
        description="times the scenario's own density, or by territory class or name; of many territories "
        "some are rounded up and some down, so that there are so many times as many in all",
    )
    count: int | None = Field(
        default=None, ge=0, description="members in all, for groups that belong to no territory"
    )
    per_territory: NotNegative | dict[str, NotNegative] | None = Field(
        default=None, description="members per territory, or by territory class or name"
    )
    buyers_per_member: Positive | dict[str, Positive] | None = Field(
        default=None, description="one member per so many weekly buyers, or by class or name"
    )

    @model_validator(mode="after")
    def _one(self) -> Density:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of scale, count, per_territory, buyers_per_member")
        return self


SELECTORS = ("supplier", "buyer", "brand", "territory")
"""Fields of a change of terms that say which contracts it is about."""


class TermsChange(Part):
    """A change of the contracts that match; fields left out stay as the scenario has them."""

    supplier: str = Field(default="", description="supplying group; empty: any")
    buyer: str = Field(default="", description="buying group; empty: any")
    brand: str = Field(default="", description="brand; empty: any")
    territory: str = Field(default="", description="territory of the buyer, by name or class; empty: any")
    wholesale_price: float | None = number(
        "wholesale_price", default=None, description="posted price, money per unit"
    )
    wholesale_price_scale: float | None = Field(default=None, ge=0, description="factor on the posted price")
    minimum_order: float | None = number("minimum_order", default=None)
    case_size: float | None = number("case_size", default=None)
    quantity_discount: QuantityDiscount | None = Field(default=None, description="without steps: none")
    target_rebate: TargetRebate | None = Field(default=None, description="without steps: none")
    growth_bonus: GrowthBonus | None = Field(default=None, description="a bonus of 0: none")
    buyback: Buyback | None = Field(default=None, description="a credit of 0: none")
    revenue_share: RevenueShare | None = Field(default=None, description="a share of 0: none")

    credit_weeks: int | None = number("credit_weeks", whole=True, default=None)
    cooperative_share: float | None = number("cooperative_share", default=None)
    training: float | None = number("training", default=None)
    franchise_fee: float | None = number("franchise_fee", default=None)
    exclusive: bool | None = Field(
        default=None,
        description="whether stores are offered the compensation for carrying only what they buy under the "
        "contract",
    )
    compensation: float | None = number("compensation", default=None)
    principal: Literal["supplier", "maker"] | None = Field(
        default=None, description="who pays support, training and compensation and receives the franchise fee"
    )

    @model_validator(mode="after")
    def _some(self) -> TermsChange:
        names = [name for name in type(self).model_fields if name not in SELECTORS]
        if all(getattr(self, name) is None for name in names):
            raise ValueError(f"changes nothing: give one of {', '.join(names)}")
        return self


class Ended(Part):
    """A relationship that the policy ends: the buyer turns to its next source in reach, if it has one."""

    supplier: Name = Field(description="supplying firm or group")
    buyer: Name = Field(description="buying firm or group")


class Governance(Part):
    """How diversion is watched and fined, for all brands or by brand; what is left out stays as it is."""

    monitoring: NotNegative | dict[str, NotNegative] | None = Field(
        default=None,
        description="what a brand's maker spends on monitoring",
        json_schema_extra={"unit": "money per week and territory"},
    )
    serial_tracking: Share | dict[str, Share] | None = Field(
        default=None,
        description="share of the units that bear a serial number",
        json_schema_extra={"unit": "–"},
    )
    fine: NotNegative | dict[str, NotNegative] | None = Field(
        default=None,
        description="fine for each unit found to be diverted",
        json_schema_extra={"unit": "money per unit"},
    )

    @model_validator(mode="after")
    def _some(self) -> Governance:
        if all(getattr(self, name) is None for name in GOVERNED):
            raise ValueError(f"changes nothing: give one of {', '.join(GOVERNED)}")
        return self


class Policy(Document):
    """A named set of decisions.

    Raises
    ------
    ScenarioError
        One line that names the field, the value and what is admissible.

    Examples
    --------
    >>> Policy(name="dearer", terms=[{"brand": "A", "wholesale_price": 55.0}]).name
    'dearer'
    """

    policy_format: Literal[1] = Field(default=1, description="version of the file format")
    name: Name = "policy"
    density: dict[str, Density] = Field(default={}, description="density of member groups, by group")
    terms: list[TermsChange] = Field(default=[], description="changes of contracts, one after the other")
    ended: list[Ended] = Field(default=[], description="relationships that end before the first week")
    influence: list[Attempt] = Field(
        default=[],
        description="attempts at influence; one named like an attempt of the scenario takes its place",
    )
    governance: Governance | None = Field(default=None, description="how diversion is watched and fined")

    @property
    def changes_nothing(self) -> bool:
        """Whether it leaves the scenario as it stands."""
        return not self.model_dump(exclude_defaults=True, exclude_none=True, exclude={"name"})

    @classmethod
    def parse(cls, data: Any, *, where: str = "policy") -> Policy:
        """Validate a policy given as plain data.

        Raises
        ------
        ScenarioError
            One line that names the field, the value and what is admissible.
        """
        if isinstance(data, Policy):
            return data
        if not isinstance(data, Mapping):
            raise ScenarioError(f"{where}: expected a table of fields, got {type(data).__name__}")
        try:
            return cls(**data)
        except ScenarioError as error:
            raise ScenarioError(f"{where}: {error}") from None

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        """Read a policy from a TOML file; without a name of its own it has the file's.

        Raises
        ------
        ScenarioError
            If the file is not there, is not TOML, or does not describe an admissible policy.
        """
        path = Path(path)
        data = read_toml(path)
        data.setdefault("name", path.stem)
        return cls.parse(data, where=path.name)

    def save(self, path: str | Path) -> None:
        """Write the policy as TOML, whole or not at all."""
        import tomli_w

        data = self.model_dump(exclude_defaults=True, exclude_none=True)
        write_whole(Path(path), tomli_w.dumps({"policy_format": FORMAT, "name": self.name, **data}))


BASE = Policy(name="base")
"""The scenario as it stands."""
