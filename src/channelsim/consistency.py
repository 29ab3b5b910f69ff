"""What several parts of a scenario have to agree on; each failure is one clear line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from channelsim.codes import STORE_PRICE_RULES, SUPPLIER_PRICE_RULES
from channelsim.schema import COLUMNS, column

if TYPE_CHECKING:
    from channelsim.scenario import MemberGroup, Scenario

ATTRIBUTES = (
    "loyalty", "fixed_cost", "servicing_cost", "capital", "waiting", "lot_size",
    "handling_cost", "service_cost", "holding_rate", "obsolescence",
)  # fmt: skip


def _unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what}: the name {name!r} occurs twice; names must be unique")
        seen.add(name)


def _known(value: str, known: Iterable[str], where: str) -> None:
    known = list(known)
    if value not in known:
        raise ValueError(f"{where} = {value!r}: admissible: {', '.join(known)}")


def check(scenario: Scenario) -> None:
    """Check what spans several parts.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    _unique((b.name for b in scenario.brands), "brands")
    _unique((s.name for s in scenario.segments), "segments")
    _unique((m.name for m in scenario.members), "members")
    _unique((t.name for t in scenario.territories if not t.table), "territories")
    if scenario.warm_up_weeks >= scenario.weeks:
        raise ValueError(f"warm_up_weeks = {scenario.warm_up_weeks}: must be below weeks = {scenario.weeks}")
    brands = [b.name for b in scenario.brands]
    groups = {m.name: m for m in scenario.members}
    for segment in scenario.segments:
        if isinstance(segment.equity, dict):
            for brand in segment.equity:
                _known(brand, brands, f"segments.{segment.name}.equity")
    for group in scenario.members:
        _check_group(group, groups, brands, scenario)
    _check_order(scenario, groups)
    _check_contracts(scenario, groups, brands)
    _check_demand(scenario, groups, brands)
    _check_events(scenario, groups, brands)


def _check_group(group: MemberGroup, groups: dict[str, Any], brands: list[str], scenario: Scenario) -> None:
    where = f"members.{group.name}"
    numbers = [group.count, group.per_territory, group.buyers_per_member]
    if sum(n is not None for n in numbers) != 1:
        raise ValueError(f"{where}: give exactly one of count, per_territory, buyers_per_member")
    for number in numbers:
        values = number.values() if isinstance(number, dict) else [number] if number is not None else []
        if any(v < 0 for v in values):
            raise ValueError(f"{where}: the number of members must not be negative")
    if group.sells_to_consumers and group.count is not None and len(scenario.territories) + scenario.territories[0].count > 2:
        raise ValueError(f"{where}.count: stores belong to territories: give per_territory or buyers_per_member")
    admissible = STORE_PRICE_RULES if group.sells_to_consumers else SUPPLIER_PRICE_RULES
    rule = group.pricing.rule
    if "pricing" in group.model_fields_set and "rule" in group.pricing.model_fields_set:
        _known(rule, admissible, f"{where}.pricing.rule")
    for supplier in group.suppliers:
        _known(supplier, groups, f"{where}.suppliers")
        if groups[supplier].sells_to_consumers:
            raise ValueError(f"{where}.suppliers = {supplier!r}: a {groups[supplier].role} sells to consumers only")
    for brand in group.brands:
        _known(brand, brands, f"{where}.brands")
    for field in ("opening", "bound"):
        value = getattr(group.pricing, field)
        if isinstance(value, dict):
            for brand in value:
                _known(brand, brands, f"{where}.pricing.{field}")
    if group.ordering.rule == "newsvendor" and scenario.season_weeks < 1:
        raise ValueError(f"{where}.ordering.rule = 'newsvendor': set season_weeks to the length of a season")
    for name in ATTRIBUTES:
        value, c = getattr(group, name), column(name)
        middle = value if isinstance(value, float) else value.mean
        if not c.low <= middle <= c.high:
            raise ValueError(f"{where}.{name} = {middle:g}: must lie between {c.low:g} and {c.high:g} {c.unit}")


def _check_order(scenario: Scenario, groups: dict[str, Any]) -> None:
    for start in groups.values():
        path, front = [start.name], list(start.suppliers)
        seen: set[str] = set()
        while front:
            name = front.pop()
            if name == start.name:
                raise ValueError(f"members.{start.name}.suppliers: the group would supply itself, by way of {', '.join(path)}")
            if name not in seen:
                seen.add(name)
                path.append(name)
                front += groups[name].suppliers
    if not any(g.sells_to_consumers for g in groups.values()):
        raise ValueError("members: no group sells to consumers (retailer, integrator or direct_outlet)")
    for group in groups.values():
        if group.sells_to_consumers and not group.suppliers:
            raise ValueError(f"members.{group.name}.suppliers: a {group.role} needs at least one supplying group")
        if not group.suppliers and group.role not in ("manufacturer", "plant"):
            raise ValueError(f"members.{group.name}.suppliers: only a manufacturer or a plant has no supplier")


def _check_contracts(scenario: Scenario, groups: dict[str, Any], brands: list[str]) -> None:
    pairs = {(s, g.name) for g in groups.values() for s in g.suppliers}
    seen: set[tuple[str, str, str]] = set()
    for i, contract in enumerate(scenario.contracts):
        where = f"contracts[{i}]"
        _known(contract.supplier, groups, f"{where}.supplier")
        _known(contract.buyer, groups, f"{where}.buyer")
        if (contract.supplier, contract.buyer) not in pairs:
            raise ValueError(f"{where}: {contract.supplier!r} is not among the suppliers of {contract.buyer!r}")
        if contract.brand:
            _known(contract.brand, brands, f"{where}.brand")
        key = (contract.supplier, contract.buyer, contract.brand)
        if key in seen:
            raise ValueError(f"{where}: a second contract of {contract.supplier!r} with {contract.buyer!r}")
        seen.add(key)
        if contract.wholesale_price is None and groups[contract.supplier].pricing.rule in ("fixed", "posted"):
            raise ValueError(f"{where}.wholesale_price: missing, and {contract.supplier!r} posts its prices")
    for supplier, buyer in sorted(pairs):
        if not any((c.supplier, c.buyer) == (supplier, buyer) for c in scenario.contracts):
            raise ValueError(f"contracts: {buyer!r} buys from {supplier!r} without a contract")


def _check_demand(scenario: Scenario, groups: dict[str, Any], brands: list[str]) -> None:
    demand = scenario.demand
    optimises = [g.name for g in groups.values() if g.pricing.rule in ("best_response", "minimum", "maximum", "vertical_nash", "leader")]
    if demand.system == "given" and optimises:
        raise ValueError(f"members.{optimises[0]}.pricing.rule: given demand does not respond to prices; use fixed, markup, suggested or posted")
    if demand.system != "given" and (demand.trace or demand.trace_table):
        raise ValueError("demand.trace: a trace needs demand.system = 'given'")
    if demand.trace and demand.trace_table:
        raise ValueError("demand.trace: give a trace or a trace_table, not both")
    if demand.noise == "gamma" and demand.variation <= 0:
        raise ValueError("demand.variation: gamma noise needs a coefficient of variation above 0")
    if demand.system != "logit" and any(s.service_weight > 0 for s in scenario.segments):
        raise ValueError(f"segments.service_weight: service moves logit demand only, not {demand.system} demand")
    if demand.unmet == "backlogged" and demand.substitution > 0:
        raise ValueError("demand.substitution: consumers who wait do not try other shelves; set it to 0")
    for name in ("intercept", "own_slope"):
        value = getattr(demand, name)
        if isinstance(value, dict):
            for brand in value:
                _known(brand, brands, f"demand.{name}")
    for name in ("mean", "deviation"):
        value = getattr(demand, name)
        if isinstance(value, dict):
            for group in value:
                _known(group, [g.name for g in groups.values() if g.sells_to_consumers], f"demand.{name}")


def _check_events(scenario: Scenario, groups: dict[str, Any], brands: list[str]) -> None:
    exogenous = [c.name for c in COLUMNS if c.exogenous]
    for i, event in enumerate(scenario.events):
        where = f"events[{i}]"
        _known(event.column, exogenous, f"{where}.column")
        for group in event.groups:
            _known(group, groups, f"{where}.groups")
        for brand in event.brands:
            _known(brand, brands, f"{where}.brands")
        if event.week >= scenario.weeks:
            raise ValueError(f"{where}.week = {event.week}: the run has weeks 0 to {scenario.weeks - 1}")
        c = column(event.column)
        if event.operation == "set" and not c.low <= event.value <= c.high:
            raise ValueError(f"{where}.value = {event.value:g}: must lie between {c.low:g} and {c.high:g} {c.unit}")
        if event.operation == "multiply" and event.value < 0:
            raise ValueError(f"{where}.value = {event.value:g}: a factor must not be negative")
        if event.column == "wholesale_price":
            sets = [g.name for g in groups.values() if g.pricing.rule in ("markup", "vertical_nash", "leader") and not g.sells_to_consumers]
            hit = [g for g in sets if not event.groups or g in event.groups]
            if hit:
                raise ValueError(f"{where}.column: {hit[0]!r} sets its own wholesale prices; name groups that post them")
