"""Levers: the numbers of a policy that a search may move, addressed by path.

A path names a group of the policy and a place in it:

- ``density.<member group>``: how many members are active; times the scenario's own density
  (``measure = "scale"``), or members in all, or per territory (``measure = "value"``);
- ``terms.<field>``, with parts of a field joined by dots (``terms.buyback.credit``,
  ``terms.target_rebate.steps.0.threshold``): contracts that ``supplier``, ``buyer`` and ``brand`` select; by
  default those in which the focal firm supplies;
- ``governance.<field>``, ``influence.<attempt>.<field>``: where the policy has them.

``territory`` confines a lever to a territory or a class of territories. Bounds and units come from the
schema where it has them. A lever that the scenario cannot feel between its bounds is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from channelsim.decisions import Policy, TermsChange
from channelsim.errors import ScenarioError
from channelsim.influence_parts import Attempt
from channelsim.parts import Part
from channelsim.paths import assign, part_of

if TYPE_CHECKING:
    from channelsim.scenario import Scenario
    from channelsim.tables import Terms
    from channelsim.world import Channel

Value = float | int | str
"""A number, or one of a categorical lever's choices."""

NO_BOUND = 1e9
"""A schema's bound from here on keeps numbers finite; it is no range to search."""
SELECTORS = ("supplier", "buyer", "brand", "territory")
SIGNIFICANT_DIGITS = 10
"""Digits to which a real lever's value is rounded: values closer than that are one decision."""
AT_BOUND = 1e-9
"""Share of its range within which a lever is at its bound."""


class Lever(Part):
    """A number, count or choice of a policy that a search may move.

    Raises
    ------
    ScenarioError
        Through `channelsim.policy.problem.Problem`: one line that names the lever.
    """

    path: str = Field(
        description="place in the policy, such as density.independents or terms.wholesale_price"
    )
    name: str = Field(
        default="", description="what people call it; default: the path and what it is confined to"
    )
    low: float | None = Field(default=None, description="smallest value; default: the schema's bound")
    high: float | None = Field(default=None, description="largest value; default: the schema's bound")
    integer: bool = Field(default=False, description="whole numbers only")
    choices: list[float | int | str] = Field(
        default=[], description="admissible values of a categorical lever, instead of bounds"
    )
    measure: Literal["value", "scale"] = Field(
        default="value", description="value: the number itself; scale: a factor on the scenario's own"
    )
    supplier: str = Field(default="", description="terms: supplying group; default: the focal firm's")
    buyer: str = Field(default="", description="terms: buying group; empty: any")
    brand: str = Field(default="", description="terms: brand; empty: any")
    territory: str = Field(default="", description="territory or class of territories; empty: all")

    @model_validator(mode="after")
    def _consistent(self) -> Lever:
        keys = self.path.split(".")
        if len(keys) < 2 or keys[0] not in ("density", "terms", "governance", "influence") or "" in keys:
            raise ValueError(
                "path: write density.<group>, terms.<field>, governance.<field> or "
                "influence.<attempt>.<field>"
            )
        if self.choices and (self.low is not None or self.high is not None or self.integer):
            raise ValueError("choices: a categorical lever has no bounds")
        if len(self.choices) == 1 or len(set(map(str, self.choices))) < len(self.choices):
            raise ValueError("choices: give at least two, each once")
        selected = [name for name in ("supplier", "buyer", "brand") if getattr(self, name)]
        if keys[0] != "terms" and selected:
            raise ValueError(f"{selected[0]}: selects contracts, so it needs a lever of terms")
        if keys[0] not in ("terms", "density") and self.territory:
            raise ValueError("territory: confines levers of density and terms only")
        if self.measure == "scale" and keys[0] != "density" and self.path != "terms.wholesale_price":
            raise ValueError("measure: scale is for density and terms.wholesale_price; give the value itself")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low = {self.low:g} is not below high = {self.high:g}")
        return self

    @property
    def label(self) -> str:
        """What people call the lever."""
        if self.name:
            return self.name
        where = [getattr(self, name) for name in SELECTORS if getattr(self, name)]
        measured = " scale" if self.measure == "scale" else ""
        return f"{self.path}{measured}" + (f" ({', '.join(where)})" if where else "")

    @property
    def group(self) -> str:
        """Group of the policy: density, terms, governance or influence."""
        return self.path.split(".")[0]

    @property
    def unit(self) -> str:
        """Unit of its values, from the schema; "share" of what lies between 0 and 1."""
        if self.measure == "scale":
            return "times as now"
        if self.group == "density":
            return "members"
        low, high, unit = self._declared
        return "share" if low >= 0.0 and high <= 1.0 and unit in ("", "–") else unit

    @property
    def _declared(self) -> tuple[float, float, str]:
        """Smallest and largest value and unit that the policy's fields declare for the path."""
        models = {"terms": TermsChange, "influence": Attempt, "governance": part_of(Policy, "governance")}
        model, field = models.get(self.group), None
        for key in self.path.split(".")[2 if self.group == "influence" else 1 :]:
            if key.isdigit() or model is None:
                continue
            field = model.model_fields.get(key)
            model = part_of(model, key)
        if field is None or self.measure == "scale":
            return -np.inf, np.inf, ""
        low, high = -np.inf, np.inf
        for bound in field.metadata:
            low, high = getattr(bound, "ge", getattr(bound, "gt", low)), getattr(bound, "le", high)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        return low, high, str(extra.get("unit", ""))

    def bounds(self) -> tuple[float, float]:
        """Return the smallest and the largest value; of a categorical lever positions of its choices.

        Raises
        ------
        ScenarioError
            If the lever is unbounded.
        """
        if self.choices:
            return 0.0, float(len(self.choices) - 1)
        declared = self._declared
        low = self.low if self.low is not None else declared[0]
        high = self.high if self.high is not None else declared[1]
        if self.high is None and high >= NO_BOUND:
            high = np.inf
        if not (np.isfinite(low) and np.isfinite(high)):
            lacking = "low" if not np.isfinite(low) else "high"
            raise ScenarioError(f"lever {self.label!r}: is unbounded; give {lacking}")
        if self.integer:
            low, high = float(np.ceil(low)), float(np.floor(high))
        if not low < high:
            raise ScenarioError(f"lever {self.label!r}: no room between {low:g} and {high:g}")
        return float(low), float(high)

    def value_at(self, share: float) -> Value:
        """Return the value at a share (0 to 1) of the way from the smallest to the largest.

        Whole numbers and choices each have the same width. Within a billionth of a bound it is the bound:
        optimisers stop a rounding short of it, and "0" is no decision where 4e-17 would be one.
        """
        share = min(max(share, 0.0), 1.0)
        share = round(share) if min(share, 1.0 - share) < AT_BOUND else share
        low, high = self.bounds()
        if self.choices or self.integer:
            count = int(high - low) + 1
            place = min(int(share * count), count - 1)
            return self.choices[place] if self.choices else int(low) + place
        return float(f"{low + share * (high - low):.{SIGNIFICANT_DIGITS}g}")

    def share_of(self, value: Value) -> float:
        """Return the share of the way at which a value lies: the inverse of `value_at`.

        Raises
        ------
        ScenarioError
            If the value is not admissible.
        """
        low, high = self.bounds()
        if self.choices:
            if value not in self.choices:
                raise ScenarioError(f"lever {self.label!r} = {value!r}: admissible: {self.choices}")
            return (self.choices.index(value) + 0.5) / len(self.choices)
        if isinstance(value, str) or not low <= value <= high:
            raise ScenarioError(f"lever {self.label!r} = {value!r}: admissible: {low:g} to {high:g}")
        if self.integer:
            return (value - low + 0.5) / (high - low + 1.0)
        return (value - low) / (high - low)

    @property
    def steps(self) -> int:
        """Number of admissible values; 0 for a real lever."""
        low, high = self.bounds()
        return int(high - low) + 1 if self.choices or self.integer else 0


def policy_of(
    levers: Sequence[Lever],
    values: Sequence[Value],
    scenario: Scenario,
    template: Policy,
    name: str = "policy",
) -> Policy:
    """Return the template with the levers at these values.

    Parameters
    ----------
    levers : sequence of Lever
    values : sequence
        One of each lever.
    scenario : Scenario
        Says which groups are the focal firm's.
    template : Policy
        What every policy of the problem has besides.
    name : str

    Raises
    ------
    ScenarioError
        If a path leads nowhere or a value is not admissible: one line that names the lever.
    """
    data = template.model_dump(exclude_defaults=True, exclude_none=True) | {"name": name}
    for lever, value in zip(levers, values, strict=True):
        try:
            _set(data, lever, value, scenario)
        except ScenarioError as error:
            raise ScenarioError(f"lever {lever.label!r} = {value!r}: {error}") from None
    try:
        return Policy.parse(data)
    except ScenarioError as error:
        raise ScenarioError(f"levers {', '.join(lever.label for lever in levers)}: {error}") from None


def _set(data: dict[str, Any], lever: Lever, value: Value, scenario: Scenario) -> None:
    """Write a lever's value into the plain data of a policy."""
    keys = lever.path.split(".")[1:]
    if lever.group == "density":
        _set_density(data.setdefault("density", {}), ".".join(keys), lever, value, scenario)
    elif lever.group == "terms":
        field = "wholesale_price_scale" if lever.measure == "scale" else keys[0]
        _refuse_unknown(field, TermsChange.model_fields, "terms")
        for supplier in suppliers_of(scenario, lever):
            change = _change_of(data.setdefault("terms", []), lever, supplier, field)
            assign(change, ".".join([field, *keys[1:]]), value, extend=True)
    elif lever.group == "influence":
        attempts = {a["name"]: a for a in data.setdefault("influence", [])}
        known = {a.name: a for a in scenario.influence}
        if keys[0] not in attempts and keys[0] not in known:
            raise ScenarioError(
                f"no attempt {keys[0]!r}; admissible: {', '.join([*attempts, *known]) or 'none'}"
            )
        if keys[0] not in attempts:
            attempts[keys[0]] = known[keys[0]].model_dump(exclude_defaults=True, exclude_none=True)
            data["influence"].append(attempts[keys[0]])
        assign(attempts[keys[0]], ".".join(keys[1:]), value, extend=True)
    else:
        _refuse_unknown(lever.group, Policy.model_fields, "a policy")
        assign(data, lever.path, value, extend=True)


def _refuse_unknown(field: str, known: Any, where: str) -> None:
    if field not in known:
        raise ScenarioError(f"{where} has no field {field!r}; admissible: {', '.join(known)}")


def _set_density(density: dict[str, Any], name: str, lever: Lever, value: Value, scenario: Scenario) -> None:
    group = next((g for g in scenario.members if g.name == name), None)
    if group is None:
        raise ScenarioError(f"no group {name!r}; admissible: {', '.join(g.name for g in scenario.members)}")
    scaled = lever.measure == "scale"
    field = "scale" if scaled else "count" if group.count is not None else "per_territory"
    if not lever.territory:
        density[name] = {field: value}
        return
    if field == "count":
        raise ScenarioError(f"the members of {name!r} belong to no territory")
    held = density.setdefault(name, {})
    places = held.get(field)
    held[field] = (dict(places) if isinstance(places, dict) else {}) | {lever.territory: value}


def suppliers_of(scenario: Scenario, lever: Lever) -> list[str]:
    """Return the supplying groups whose contracts a lever of terms is about; by default the focal firm's.

    Raises
    ------
    ScenarioError
        If the lever names none and the focal firm supplies nobody of its buyers.
    """
    if lever.supplier:
        return [lever.supplier]
    focal = focal_firm(scenario)
    owned = [g.name for g in scenario.members if (g.owner or g.name) == focal]
    found = [k.supplier for k in scenario.contracts if k.supplier in owned and lever.buyer in ("", k.buyer)]
    if not found:
        raise ScenarioError(f"the focal firm {focal!r} supplies {lever.buyer or 'nobody'!r}; give supplier")
    return list(dict.fromkeys(found))


def focal_firm(scenario: Scenario) -> str:
    """Return the firm whose plan it is: the scenario's focal firm, or the first brand's owner."""
    first = scenario.brands[0]
    return scenario.focal or first.owner or first.name


def _change_of(changes: list[dict[str, Any]], lever: Lever, supplier: str, field: str) -> dict[str, Any]:
    """Return the change of terms with the lever's selectors, a new one at the end if there is none."""
    sought = {name: getattr(lever, name) for name in SELECTORS if getattr(lever, name)} | {
        "supplier": supplier
    }
    same = [k for k in changes if {n: k[n] for n in SELECTORS if k.get(n)} == sought]
    same.sort(key=lambda k: field not in k)  # a template may give the field in any of them
    if not same:
        same = [sought]
        changes.append(sought)
    if lever.measure == "scale" and "wholesale_price" in same[0]:
        raise ScenarioError("another lever or the template sets the same price")
    return same[0]


def check_felt(lever: Lever, policies: Mapping[Value, Policy], channel: Channel) -> None:
    """Refuse a lever that changes nothing between its ends.

    Parameters
    ----------
    lever : Lever
    policies : mapping
        Policies that differ by the lever alone, by its value.
    channel : Channel

    Raises
    ------
    ScenarioError
        If the terms are the same at all values.
    """
    found: list[Terms] = []
    for value, policy in policies.items():
        try:
            found.append(channel.apply(policy))
        except ScenarioError as error:
            raise ScenarioError(f"lever {lever.label!r} = {value!r}: {error}") from None
    if all(_same(found[0], other) for other in found[1:]):
        told = " and ".join(f"{value!r}" for value in policies)
        raise ScenarioError(
            f"lever {lever.label!r}: {channel.scenario.name} cannot feel it: {told} come to the same terms"
        )


def _same(here: Any, there: Any) -> bool:
    if isinstance(here, tuple):
        return all(_same(a, b) for a, b in zip(here, there, strict=True))
    return (
        bool(np.array_equal(here, there, equal_nan=True)) if isinstance(here, np.ndarray) else here == there
    )
