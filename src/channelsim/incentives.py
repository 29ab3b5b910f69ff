"""Contracts and policy become the table of incentives: one column of the links for each term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim import columns as c
from channelsim.codes import (
    MEASURES,
    ORDER_NEWSVENDOR,
    REBATE_BASES,
    REBATE_MODES,
    SCHEDULE_MODES,
)
from channelsim.incentive_consistency import has_effect
from channelsim.incentive_parts import INCENTIVES, MOST_STEPS
from channelsim.mechanisms.incentives import NO_RELATIONS
from channelsim.mechanisms.terms import NEVER
from channelsim.schema import columns_of
from channelsim.tables import Floats, Integers, State, Terms

if TYPE_CHECKING:
    from channelsim.expansion import BuiltWorld


class Incentives:
    """Which incentives each link's contract has, after the policy's changes."""

    def __init__(self, contracts: list[Any], of_link: Integers) -> None:
        self._parts = {name: [getattr(k, name) for k in contracts] for name in INCENTIVES}
        self._of_link = dict.fromkeys(INCENTIVES, of_link)

    def change(self, name: str, value: Any, chosen: np.ndarray) -> None:
        """Give the chosen links another incentive."""
        self._of_link[name] = np.where(chosen, len(self._parts[name]), self._of_link[name])
        self._parts[name].append(value)

    def with_effect(self, name: str) -> np.ndarray:
        """Return which links have an incentive that is more than nothing."""
        has = [has_effect(name, value) for value in self._parts[name]]
        if not any(has):  # the gather would take most of the time that an instrument nobody has costs
            return np.zeros(len(self._of_link[name]), dtype=bool)
        return np.array(has)[self._of_link[name]]

    def any_with_effect(self) -> bool:
        """Return whether any contract has an incentive that is more than nothing."""
        return any(has_effect(name, value) for name, values in self._parts.items() for value in values)

    def numbers(self, name: str, field: str) -> Floats:
        """Return a field of an incentive link by link; 0 where there is none."""
        values = [0.0 if v is None else float(getattr(v, field)) for v in self._parts[name]]
        return np.array(values, dtype=np.float64)[self._of_link[name]]

    def codes(self, name: str, field: str, names: tuple[str, ...]) -> Integers:
        """Return a named choice of an incentive link by link; 0 where there is none."""
        values = [0 if v is None else names.index(getattr(v, field)) for v in self._parts[name]]
        return np.array(values, dtype=np.int64)[self._of_link[name]]

    def write_steps(self, name: str, field: str, missing: float, found: Floats) -> None:
        """Write a field of an incentive's steps into a table (steps, links)."""
        found[:] = missing
        for step in range(max(len(v.steps) if v is not None else 0 for v in self._parts[name])):
            held = [
                v.steps[step] if v is not None and step < len(v.steps) else None for v in self._parts[name]
            ]
            values = np.array([missing if s is None else getattr(s, field) for s in held], dtype=np.float64)
            found[step] = values[self._of_link[name]]


def incentive_tables(
    built: BuiltWorld, given: Incentives, link_active: Floats, link_open: Floats
) -> tuple[Floats, Integers]:
    """Return the incentives of every link, and which are in use; tables without rows if no link has any.

    Thresholds relative to plan are as given: `open_incentives` turns them into units.
    """
    has = np.zeros(built.sizes.links, dtype=bool)
    if given.any_with_effect():
        for name in INCENTIVES:
            has |= given.with_effect(name)
        has &= (link_active > 0) | (link_open > 0)
    links = built.sizes.links if has.any() else 0
    table = np.zeros((len(columns_of("incentives", "terms")), links))
    index = np.zeros((len(columns_of("incentives", "terms", "int")), links), dtype=np.int64)
    if not links:
        return table, index
    for first, name, field, missing in (
        (c.DISCOUNT_THRESHOLD_1, "quantity_discount", "threshold", NEVER),
        (c.DISCOUNT_SHARE_1, "quantity_discount", "discount", 0.0),
        (c.REBATE_THRESHOLD_1, "target_rebate", "threshold", NEVER),
        (c.REBATE_SHARE_1, "target_rebate", "rebate", 0.0),
    ):
        given.write_steps(name, field, missing, table[first : first + MOST_STEPS])
    for row, name, field in (
        (c.REBATE_RELIABILITY, "target_rebate", "reliability"),
        (c.BONUS_GROWTH, "growth_bonus", "growth"),
        (c.BONUS_SHARE, "growth_bonus", "bonus"),
        (c.BONUS_RELIABILITY, "growth_bonus", "reliability"),
        (c.BUYBACK_CREDIT, "buyback", "credit"),
        (c.BUYBACK_CAP, "buyback", "cap"),
        (c.REVENUE_SHARE, "revenue_share", "share"),
    ):
        table[row] = given.numbers(name, field)
    for row, name, field, names in (
        (c.DISCOUNT_MODE, "quantity_discount", "mode", SCHEDULE_MODES),
        (c.DISCOUNT_RELATIVE, "quantity_discount", "measure", MEASURES),
        (c.REBATE_MODE, "target_rebate", "mode", REBATE_MODES),
        (c.REBATE_RELATIVE, "target_rebate", "measure", MEASURES),
        (c.REBATE_BASIS, "target_rebate", "basis", REBATE_BASES),
        (c.BONUS_BASIS, "growth_bonus", "basis", REBATE_BASES),
        (c.SALVAGE_TO_SUPPLIER, "buyback", "salvage", ("buyer", "supplier")),
        (c.SALVAGE_SHARED, "revenue_share", "salvage", ("kept", "shared")),
    ):
        index[row] = given.codes(name, field, names)
    index[c.HAS_INCENTIVE], index[c.INCENTIVE_IN_USE] = has, has & (link_active > 0)
    for row, name in ((c.REBATE_WEEKS, "target_rebate"), (c.BONUS_WEEKS, "growth_bonus")):
        index[row] = np.where(given.with_effect(name), given.numbers(name, "weeks"), 0.0)
    index[c.PROMISING_RELATIONSHIP] = _speaking(built, index[c.INCENTIVE_IN_USE])
    shelves = np.arange(built.sizes.holdings) >= built.first_shelf
    table[c.REVENUE_SHARE] *= shelves[built.world.links_index[c.BUYER_HOLDING]]
    return table, index


def _speaking(built: BuiltWorld, in_use: Integers) -> Integers:
    """Return the relationship that a link's rebates speak for: each one's first link, that it counts once."""
    if not built.scenario.relations.active:
        return np.full(built.sizes.links, NO_RELATIONS)
    found, used = np.full(built.sizes.links, -1), np.flatnonzero(in_use)
    related, first = np.unique(built.world.links_index[c.RELATIONSHIP, used], return_index=True)
    found[used[first]] = related
    return found


def kept_shares(built: BuiltWorld, source: Integers, table: Floats) -> Floats:
    """Return the share of consumers' money that each holding keeps."""
    kept = np.ones(built.sizes.holdings)
    if table.shape[1]:
        bought = source >= 0
        kept[bought] -= table[c.REVENUE_SHARE, source[bought]]
    return kept


def open_incentives(built: BuiltWorld, terms: Terms, state: State) -> None:
    """Write plans, thresholds in units, and what buyers start from, at the opening forecasts."""
    table, index, rows = terms.incentives, terms.incentives_index, state.incentives
    buyer = built.world.links_index[c.BUYER_HOLDING]
    plan = state.holdings[c.FORECAST, buyer]
    table[c.PLAN] = plan
    for first, relative, units in (
        (c.DISCOUNT_THRESHOLD_1, c.DISCOUNT_RELATIVE, plan),
        (c.REBATE_THRESHOLD_1, c.REBATE_RELATIVE, plan * index[c.REBATE_WEEKS]),
    ):
        for thresholds in table[first : first + MOST_STEPS]:
            used = np.flatnonzero((thresholds < NEVER) & (index[relative] > 0))
            sized = units[used]
            thresholds[used] = np.where(sized > 0, thresholds[used] * sized, NEVER)
    seasonal = built.world.holdings_index[c.ORDER_RULE, buyer] == ORDER_NEWSVENDOR
    rows[c.USUAL_ORDER] = plan * np.where(seasonal, built.scenario.season_weeks, 1.0)
    rows[c.UNITS_BEFORE] = plan * index[c.BONUS_WEEKS]


def count_opening_stock(built: BuiltWorld, state: State) -> None:
    """Count the opening stock as bought, up to which the cap of a buyback reaches."""
    state.incentives[c.UNITS_BOUGHT] = state.holdings[c.STOCK, built.world.links_index[c.BUYER_HOLDING]]
