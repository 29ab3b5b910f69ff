"""The policy: what the manufacturer decides, as typed data (TOML in and out).

``density`` sets how many members of a group are active, ``terms`` changes contracts. A policy is
applied to a built world without rebuilding it; what the world cannot feel is refused by name.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from channelsim.errors import ScenarioError
from channelsim.paths import one_line
from channelsim.scenario import Name, Part, number


class Density(Part):
    """How many members of a group are active; give exactly one of the fields."""

    scale: float | None = Field(None, ge=0, description="times the scenario's own density")
    count: int | None = Field(None, ge=0, description="members in all, for groups that belong to no territory")
    per_territory: float | dict[str, float] | None = Field(None, description="members per territory, or by territory class or name")
    buyers_per_member: float | dict[str, float] | None = Field(None, description="one member per so many weekly buyers, or by class or name")

    @model_validator(mode="after")
    def _one(self) -> Density:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of scale, count, per_territory, buyers_per_member")
        return self


class TermsChange(Part):
    """A change of the contracts that match; fields left out stay as the scenario has them."""

    supplier: str = Field("", description="supplying group; empty: any")
    buyer: str = Field("", description="buying group; empty: any")
    brand: str = Field("", description="brand; empty: any")
    wholesale_price: float | None = Field(None, ge=0, description="posted price, money per unit")
    wholesale_price_scale: float | None = Field(None, ge=0, description="factor on the posted price")
    minimum_order: float | None = number("minimum_order", default=None)
    case_size: float | None = number("case_size", default=None)


class Policy(Part):
    """A named set of decisions.

    Examples
    --------
    >>> Policy(name="dearer", terms=[{"brand": "A", "wholesale_price": 55.0}]).name
    'dearer'
    """

    policy_format: Literal[1] = 1
    name: Name = "policy"
    density: dict[str, Density] = {}
    terms: list[TermsChange] = []

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
        if not isinstance(data, dict):
            raise ScenarioError(f"{where}: expected a table of fields, got {type(data).__name__}")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(f"{where}: {one_line(error, data)}") from None

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        """Read a policy from a TOML file."""
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ScenarioError(f"{path}: no such file") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
            raise ScenarioError(f"{path}: not a TOML file: {error}") from None
        data.setdefault("name", path.stem)
        return cls.parse(data, where=path.name)

    def save(self, path: str | Path) -> None:
        """Write the policy as TOML, whole or not at all."""
        import tomli_w

        from channelsim.files import write_whole

        data = {"policy_format": 1, **self.model_dump(exclude_defaults=True, exclude_none=True)}
        write_whole(Path(path), tomli_w.dumps(data))


BASE = Policy(name="base")
"""The scenario as it stands."""
