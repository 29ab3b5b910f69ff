"""Expansion of member groups into holdings: what each member stocks, and by which rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from channelsim.codes import (
    FORECAST_RULES,
    ORDER_RULES,
    PRICE_LEADER,
    PRICE_NASH,
    PRICE_RULES,
    SAFETY_RULES,
)
from channelsim.errors import ScenarioError
from channelsim.member_parts import MemberGroup
from channelsim.members import Members
from channelsim.parts import brand_value
from channelsim.randomness import entity_key
from channelsim.scenario import Scenario
from channelsim.schema import columns_of, position
from channelsim.tables import Floats, Integers


def world_table(table: str, rows: int, values: dict[str, Any], kind: str = "float") -> Any:
    """Return one array (columns, rows) of the world from its columns by name; a column left out is 0."""
    columns = columns_of(table, "world", kind)
    out = np.zeros((len(columns), rows), dtype=np.float64 if kind == "float" else np.int64)
    for c in columns:
        if c.name in values:
            out[position(c.name)] = values[c.name]
    return out


def price_rule(group: MemberGroup) -> str:
    """Return a group's price rule; a supplier's fixed price is a posted one."""
    return "posted" if group.pricing.rule == "fixed" and not group.sells_to_consumers else group.pricing.rule


def expand_holdings(scenario: Scenario, members: Members, holding_of: Integers) -> tuple[Floats, Integers]:
    """Return the two tables of the holdings, (columns, holdings), but for links, stores and traces.

    Parameters
    ----------
    holding_of : array (members, brands)
        Row of each member's holding of each brand, -1 if it does not carry the brand.
    """
    member, brand = np.nonzero(holding_of >= 0)
    group = members.group[member]
    groups = scenario.members

    def of(value: Callable[[MemberGroup], float]) -> np.ndarray:
        return np.array([value(g) for g in groups])[group]

    def of_brand(value: Callable[[MemberGroup], Any]) -> np.ndarray:
        grid = np.array([[brand_value(value(g), b.name) for b in scenario.brands] for g in groups])
        return grid[group, brand]

    def code(names: tuple[str, ...], value: Callable[[MemberGroup], str]) -> np.ndarray:
        return of(lambda g: names.index(value(g))).astype(np.int64)

    per_holding = ("handling_cost", "service_cost", "holding_rate", "obsolescence")
    attributes = {name: members.attributes[name][member] for name in per_holding}
    variation = np.full(len(member), scenario.demand.variation)
    values = attributes | {
        "variation": variation,
        "markup": of(lambda g: g.pricing.markup),
        "margin": of_brand(lambda g: g.pricing.margin),
        "price_bound": of_brand(lambda g: g.pricing.bound),
        "price_adjustment": of(lambda g: g.pricing.adjustment),
        "smoothing": of(lambda g: g.ordering.smoothing),
        "goodwill": of(lambda g: g.ordering.goodwill),
        "salvage": of(lambda g: g.ordering.salvage),
        "reorder_point": of(lambda g: g.ordering.reorder_point),
        "base_stock": of(lambda g: g.ordering.base_stock),
        "anchor": of(lambda g: g.ordering.anchor),
        "stock_adjustment": of(lambda g: g.ordering.stock_adjustment),
        "supply_line_weight": of(lambda g: g.ordering.supply_line_weight),
    }
    rules = code(PRICE_RULES, price_rule)
    brand_keys = np.array([entity_key("brand", b.name) for b in scenario.brands])
    best = (rules == PRICE_NASH) | (rules == PRICE_LEADER)
    zone = np.where(best, np.arange(len(member)), -1)
    for g, row in enumerate(groups):
        if row.pricing.one_price:
            for b in range(len(scenario.brands)):
                of_group = np.flatnonzero(best & (group == g) & (brand == b))
                zone[of_group] = of_group[:1]
    index = {
        "member": member,
        "brand": brand,
        "price_rule": rules,
        "order_rule": code(ORDER_RULES, lambda g: g.ordering.rule),
        "forecast_rule": code(FORECAST_RULES, lambda g: g.ordering.forecast),
        "safety_rule": code(SAFETY_RULES, lambda g: g.ordering.safety),
        "forecast_window": of(lambda g: g.ordering.window),
        "price_zone": zone,
        "holding_key": members.keys[member] ^ brand_keys[brand],
        "trace": np.full(len(member), -1),
    }
    if len(np.unique(index["holding_key"])) < len(member):
        raise ScenarioError("members: two holdings have the same random key; rename a group or a brand")
    return world_table("holdings", len(member), values), world_table("holdings", len(member), index, "int")
