"""What parts of scenarios and policies have in common: strict fields, and numbers declared in the schema."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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
