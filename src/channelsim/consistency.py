"""What several parts of a scenario have to agree on; each failure is one clear line.

A setting that would have no effect is refused as well: a silent one is read as a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from channelsim.agreement_consistency import check_agreements
from channelsim.codes import STORE_PRICE_RULES, SUPPLIER_PRICE_RULES
from channelsim.diversion_parts import check_diversion
from channelsim.incentive_consistency import check_incentives
from channelsim.influence_consistency import check_relations
from channelsim.power_parts import OF_BUYERS, OF_SUPPLIERS
from channelsim.schema import COLUMNS, column

if TYPE_CHECKING:
    from channelsim.member_parts import MemberGroup
    from channelsim.parts import Demand, Event
    from channelsim.scenario import Scenario

ATTRIBUTES = (
    "loyalty",
    "fixed_cost",
    "servicing_cost",
    "capital",
    "waiting",
    "lot_size",
    "handling_cost",
    "service_cost",
    "reservation_profit",
    "holding_rate",
    "obsolescence",
)
"""Fields of a member group that may be drawn member by member."""

Groups = Mapping[str, "MemberGroup"]


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


def _known_keys(value: object, known: Iterable[str], where: str, *, all_of: bool = False) -> None:
    """Check the keys of a number given by name; ``all_of``: each name needs one."""
    if not isinstance(value, dict):
        return
    known = list(known)
    for name in value:
        _known(name, known, where)
    for name in known if all_of else ():
        if name not in value:
            raise ValueError(
                f"{where}: no value for {name!r}; admissible: one for each of {', '.join(known)}"
            )


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
    _check_territories(scenario)
    for segment in scenario.segments:
        _known_keys(segment.equity, brands, f"segments.{segment.name}.equity")
    for group in scenario.members:
        _check_count(group, scenario)
        _check_group(group, groups, brands, scenario)
    _check_order(groups)
    _check_contracts(scenario, groups, brands)
    check_agreements(scenario)
    _check_demand(scenario, groups, brands)
    _check_power(scenario, groups)
    check_diversion(scenario, groups)
    check_relations(scenario)
    for i, event in enumerate(scenario.events):
        _check_event(f"events[{i}]", event, scenario, groups, brands)
    firms = [b.owner or b.name for b in scenario.brands] + [
        n for g in scenario.members for n in (g.owner, g.name)
    ]
    if scenario.focal:
        _known(scenario.focal, dict.fromkeys(filter(None, firms)), "focal")


def _check_territories(scenario: Scenario) -> None:
    for group in scenario.territories:
        where = f"territories.{group.name}"
        if group.table and group.count != 1:
            raise ValueError(f"{where}.count = {group.count}: the table says how many territories there are")
        if group.buyers_per_1000 is not None and not group.table:
            raise ValueError(
                f"{where}.buyers_per_1000: needs a table with a column 'population'; else give buyers"
            )


def _check_count(group: MemberGroup, scenario: Scenario) -> None:
    where = f"members.{group.name}"
    if sum(n is not None for n in (group.count, group.per_territory, group.buyers_per_member)) != 1:
        raise ValueError(f"{where}: give exactly one of count, per_territory, buyers_per_member")
    if group.count is None:
        return
    several = sum(t.count for t in scenario.territories) > 1 or any(t.table for t in scenario.territories)
    if group.sells_to_consumers and several:
        raise ValueError(
            f"{where}.count: stores belong to territories: give per_territory or buyers_per_member"
        )
    if group.territories and not group.sells_to_consumers:
        raise ValueError(f"{where}.territories: members by count belong to none; give per_territory instead")


def _check_group(group: MemberGroup, groups: Groups, brands: list[str], scenario: Scenario) -> None:
    where, rule = f"members.{group.name}", group.pricing.rule
    # "fixed" is the default: to a supplier it means posted
    suppliers_rules = (*SUPPLIER_PRICE_RULES, "fixed")
    _known(rule, STORE_PRICE_RULES if group.sells_to_consumers else suppliers_rules, f"{where}.pricing.rule")
    if rule in ("suggested", "minimum", "maximum") and group.pricing.bound == 0.0:
        raise ValueError(f"{where}.pricing.bound: the rule {rule!r} needs the {rule} price")
    _unique(group.suppliers, f"{where}.suppliers")
    for supplier in group.suppliers:
        _known(supplier, groups, f"{where}.suppliers")
        if groups[supplier].sells_to_consumers:
            role = groups[supplier].role
            raise ValueError(f"{where}.suppliers = {supplier!r}: a {role} sells to consumers only")
    for brand in group.brands:
        _known(brand, brands, f"{where}.brands")
    _known_keys(group.pricing.opening, brands, f"{where}.pricing.opening")
    _known_keys(group.pricing.bound, brands, f"{where}.pricing.bound", all_of=not group.brands)
    _known_keys(group.pricing.margin, group.brands or brands, f"{where}.pricing.margin", all_of=True)
    if group.pricing.margin != 0.0 and rule != "margin":
        raise ValueError(f"{where}.pricing.margin: the rule {rule!r} keeps no margin in money; use 'margin'")
    if group.pricing.one_price and rule not in ("vertical_nash", "leader"):
        raise ValueError(f"{where}.pricing.one_price: only the rules vertical_nash and leader ask one price")
    if group.ordering.forecast == "known_mean" and not group.sells_to_consumers:
        raise ValueError(
            f"{where}.ordering.forecast = 'known_mean': only stores know the mean of their demand"
        )
    if group.ordering.forecast == "shared" and group.sells_to_consumers:
        raise ValueError(
            f"{where}.ordering.forecast = 'shared': only members with buyers in the channel can share in "
            f"their forecasts; a {group.role} sells to consumers"
        )
    if group.suppliers and group.capacity != column("capacity").default:
        raise ValueError(
            f"{where}.capacity: only members without suppliers produce, so only they have a capacity"
        )
    if group.pays_from_cash and not scenario.credit:
        raise ValueError(f"{where}.pays_from_cash: invoices are paid when made out unless credit = true")
    _check_listing(group, scenario)
    for name in ATTRIBUTES:
        value, c = getattr(group, name), column(name)
        middle = value if isinstance(value, float) else value.mean
        if not c.low <= middle <= c.high:
            bounds = f"must lie between {c.low:g} and {c.high:g} {c.unit}"
            raise ValueError(f"{where}.{name} = {middle:g}: {bounds}")


def _check_listing(group: MemberGroup, scenario: Scenario) -> None:
    asked = {"listing_limit": group.listing_limit is not None, "listing_fee": group.listing_fee > 0}
    for name in (name for name, given in asked.items() if given):
        where = f"members.{group.name}.{name} = {getattr(group, name):g}"
        if not group.sells_to_consumers:
            raise ValueError(f"{where}: shelves are the stores'; a {group.role} sells to other members")
        if scenario.demand.system != "logit":
            raise ValueError(
                f"{where}: what a listing is worth needs demand.system = 'logit', "
                f"not {scenario.demand.system!r}"
            )


def _check_order(groups: Groups) -> None:
    """Check that goods flow one way, from a maker to consumers."""
    for start in groups.values():
        front, seen = list(start.suppliers), [start.name]
        while front:
            name = front.pop()
            if name == start.name:
                way = ", ".join(seen)
                raise ValueError(f"members.{name}.suppliers: the group would supply itself, by way of {way}")
            if name not in seen:
                seen.append(name)
                front += groups[name].suppliers
    if not any(g.sells_to_consumers for g in groups.values()):
        raise ValueError("members: no group sells to consumers (retailer, integrator or direct_outlet)")
    for group in groups.values():
        if group.suppliers:
            continue
        if group.sells_to_consumers:
            raise ValueError(
                f"members.{group.name}.suppliers: a {group.role} needs at least one supplying group"
            )
        if group.role not in ("manufacturer", "plant"):
            raise ValueError(
                f"members.{group.name}.suppliers: only a manufacturer or a plant has no supplier"
            )


def _check_contracts(scenario: Scenario, groups: Groups, brands: list[str]) -> None:
    pairs = {(s, g.name) for g in groups.values() for s in g.suppliers}
    seen: set[tuple[str, str, str]] = set()
    for i, contract in enumerate(scenario.contracts):
        where = f"contracts[{i}]"
        _known(contract.supplier, groups, f"{where}.supplier")
        _known(contract.buyer, groups, f"{where}.buyer")
        if (contract.supplier, contract.buyer) not in pairs:
            raise ValueError(
                f"{where}: {contract.supplier!r} is not among the suppliers of {contract.buyer!r}"
            )
        if contract.brand:
            _known(contract.brand, brands, f"{where}.brand")
        key = (contract.supplier, contract.buyer, contract.brand)
        if key in seen:
            raise ValueError(f"{where}: a second contract of {contract.supplier!r} with {contract.buyer!r}")
        seen.add(key)
        if contract.wholesale_price is None and groups[contract.supplier].posts_prices:
            raise ValueError(f"{where}.wholesale_price: missing, and {contract.supplier!r} posts its prices")
        check_incentives(contract, [groups[contract.buyer]], scenario, where)
    linked = {(contract.supplier, contract.buyer) for contract in scenario.contracts}
    for supplier, buyer in sorted(pairs):
        if (supplier, buyer) not in linked:
            raise ValueError(f"contracts: {buyer!r} buys from {supplier!r} without a contract")


def _check_demand(scenario: Scenario, groups: Groups, brands: list[str]) -> None:
    demand = scenario.demand
    optimises = ("best_response", "minimum", "maximum", "vertical_nash", "leader")
    responding = [g.name for g in groups.values() if g.pricing.rule in optimises]
    if demand.system == "given":
        if responding:
            raise ValueError(
                f"members.{responding[0]}.pricing.rule: given demand does not respond to prices; use fixed, "
                "markup, margin, suggested or posted"
            )
        _check_given(demand, [g.name for g in groups.values() if g.sells_to_consumers])
    else:
        for field in ("trace", "trace_table", "deviation"):
            if getattr(demand, field):
                raise ValueError(f"demand.{field}: needs demand.system = 'given'")
    if demand.noise == "gamma" and demand.variation <= 0:
        raise ValueError("demand.variation: gamma noise needs a coefficient of variation above 0")
    if demand.noise == "normal" and demand.variation <= 0 and demand.deviation is None:
        raise ValueError(
            "demand.variation: normal noise needs a coefficient of variation above 0 or a deviation"
        )
    if demand.system != "logit":
        for segment in scenario.segments:
            if segment.service_weight > 0:
                where = f"segments.{segment.name}.service_weight"
                raise ValueError(f"{where}: service moves logit demand only, not {demand.system} demand")
    if demand.unmet == "backlogged" and demand.substitution > 0:
        raise ValueError("demand.substitution: consumers who wait do not try other shelves; set it to 0")
    if demand.system == "linear":
        _known_keys(demand.intercept, brands, "demand.intercept", all_of=True)
        _known_keys(demand.own_slope, brands, "demand.own_slope", all_of=True)


def _check_given(demand: Demand, stores: list[str]) -> None:
    if demand.trace and demand.trace_table:
        raise ValueError("demand.trace: give a trace or a trace_table, not both")
    for name in ("mean", "deviation"):
        _known_keys(getattr(demand, name), stores, f"demand.{name}")
    if demand.deviation is None:
        return
    if demand.noise != "normal":
        raise ValueError(
            f"demand.deviation: needs noise = 'normal', not {demand.noise!r}; gamma takes variation"
        )
    if demand.trace or demand.trace_table:
        raise ValueError("demand.deviation: a trace has no mean; give demand.variation")


def _check_power(scenario: Scenario, groups: Groups) -> None:
    negotiate = [g.name for g in groups.values() if g.pricing.rule == "negotiated"]
    if negotiate and not scenario.power.measured:
        raise ValueError(
            f"members.{negotiate[0]}.pricing.rule = 'negotiated': needs power.measured = true, since who "
            "could do without whom bounds the bargain"
        )
    if not negotiate and scenario.bargaining != type(scenario.bargaining)():
        raise ValueError("bargaining: has no effect unless a group's pricing.rule is 'negotiated'")
    options = scenario.power.outside_options
    _unique((o.name for o in options), "power.outside_options")
    if options and not scenario.power.measured:
        raise ValueError("power.outside_options: have no effect unless power.measured = true")
    firms = dict.fromkeys(n for g in groups.values() for n in (g.name, g.owner) if n)
    for option in options:
        where = f"power.outside_options.{option.name}"
        _known(option.group, groups, f"{where}.group")
        if option.partner:
            _known(option.partner, firms, f"{where}.partner")
        group = groups[option.group]
        if option.kind in OF_BUYERS and not group.suppliers:
            raise ValueError(f"{where}.kind = {option.kind!r}: {group.name!r} has no supplier to replace")
        if option.kind in OF_SUPPLIERS and group.sells_to_consumers:
            raise ValueError(f"{where}.kind = {option.kind!r}: {group.name!r} sells to consumers already")


def _check_event(where: str, event: Event, scenario: Scenario, groups: Groups, brands: list[str]) -> None:
    _known(event.column, [c.name for c in COLUMNS if c.exogenous], f"{where}.column")
    for group in event.groups:
        _known(group, groups, f"{where}.groups")
    for brand in event.brands:
        _known(brand, brands, f"{where}.brands")
    if event.week >= scenario.weeks:
        raise ValueError(f"{where}.week = {event.week}: the run has weeks 0 to {scenario.weeks - 1}")
    c = column(event.column)
    if c.table == "territories" and (event.groups or event.brands):
        raise ValueError(f"{where}: {event.column} belongs to territories; leave groups and brands out")
    if event.operation == "set" and not c.low <= event.value <= c.high:
        raise ValueError(
            f"{where}.value = {event.value:g}: must lie between {c.low:g} and {c.high:g} {c.unit}"
        )
    if event.operation == "multiply" and event.value < 0:
        raise ValueError(f"{where}.value = {event.value:g}: a factor must not be negative")
    if event.column == "attractiveness" and scenario.demand.system != "logit":
        raise ValueError(
            f"{where}.column: attractiveness moves logit demand only, not {scenario.demand.system}"
        )
    if event.column == "wholesale_price":
        by_rule = [g.name for g in groups.values() if not g.sells_to_consumers and not g.posts_prices]
        hit = [g for g in by_rule if not event.groups or g in event.groups]
        if hit:
            raise ValueError(
                f"{where}.column: {hit[0]!r} sets its own wholesale prices; name groups that post them"
            )
