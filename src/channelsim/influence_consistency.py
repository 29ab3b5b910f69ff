"""What influence, bases and relations have to agree on with the rest of a scenario.

Each failure is one clear line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from channelsim.diversion_parts import can_divert
from channelsim.effects import effect_values
from channelsim.influence_parts import Bases, Relations

if TYPE_CHECKING:
    from channelsim.influence_parts import Attempt
    from channelsim.member_parts import MemberGroup
    from channelsim.scenario import Scenario

THAT_COVER = ("order_up_to", "anchoring")
"""Ordering rules that keep a forecast and an inventory position: they can be asked to cover more weeks."""


def check_relations(scenario: Scenario) -> None:
    """Check what a scenario says of relations, bases and influence.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    relations = scenario.relations
    if not relations.active:
        for field, without in (
            ("influence", not scenario.influence),
            ("bases", scenario.bases == Bases()),
            ("relations", relations == Relations()),
        ):
            if not without:
                raise ValueError(f"{field}: has no effect unless relations.active = true")
        return
    if not scenario.power.measured:
        raise ValueError(
            "relations.active: needs power.measured = true, because dependence is what power rests on"
        )
    if isinstance(relations.effects, dict):
        effect_values(relations.effects, "relations.effects")
    if relations.exit and scenario.demand.system == "linear":
        raise ValueError(
            "relations.exit: a shelf cannot leave linear demand within a run; use logit or given demand"
        )
    for field in ("exit_weeks", "exit_commitment"):
        if not relations.exit and getattr(relations, field) != Relations.model_fields[field].default:
            raise ValueError(f"relations.{field}: has no effect unless relations.exit = true")
    groups = {g.name: g for g in scenario.members}
    _check_bases(scenario.bases, groups)
    check_attempts(scenario.influence, scenario, "influence")


def _once(values: Iterable[object], what: str) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            shown = " → ".join(map(str, value)) if isinstance(value, tuple) else value
            raise ValueError(f"{what}: {shown!r} occurs twice")
        seen.add(value)


def _pair(
    one: str, other: str, groups: Mapping[str, MemberGroup], where: str, fields: tuple[str, str]
) -> bool:
    """Return whether the first group supplies the second (else it buys from it)."""
    for field, name in zip(fields, (one, other)):
        if name not in groups:
            raise ValueError(f"{where}.{field} = {name!r}: admissible: {', '.join(groups)}")
    if one in groups[other].suppliers:
        return True
    if other in groups[one].suppliers:
        return False
    raise ValueError(f"{where}: {one!r} neither supplies {other!r} nor buys from it")


def _check_bases(bases: Bases, groups: Mapping[str, MemberGroup]) -> None:
    _once((k.group for k in bases.knowledge), "bases.knowledge")
    for i, known in enumerate(bases.knowledge):
        if known.group not in groups:
            raise ValueError(f"bases.knowledge[{i}].group = {known.group!r}: admissible: {', '.join(groups)}")
    _once(((g.holder, g.over) for g in bases.given), "bases.given")
    for i, given in enumerate(bases.given):
        _pair(given.holder, given.over, groups, f"bases.given[{i}]", ("holder", "over"))


def check_attempts(attempts: Sequence[Attempt], scenario: Scenario, place: str) -> None:
    """Check attempts at influence against the scenario that has to feel them.

    Parameters
    ----------
    attempts : sequence of Attempt
    scenario : Scenario
    place : str
        What an error message names first.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    if attempts and not scenario.relations.active:
        raise ValueError(f"{place}: has no effect unless relations.active = true in the scenario")
    groups = {g.name: g for g in scenario.members}
    _once((a.name for a in attempts), place)
    _once(((a.sender, a.receiver, a.behaviour) for a in attempts), place)
    for attempt in attempts:
        where = f"{place}.{attempt.name}"
        supplies = _pair(attempt.sender, attempt.receiver, groups, where, ("sender", "receiver"))
        receiver = groups[attempt.receiver]
        (_check_supplier_asks if supplies else _check_buyer_asks)(attempt, receiver, scenario, where)
        if attempt.behaviour == "stock" and receiver.ordering.rule not in THAT_COVER:
            raise ValueError(
                f"{where}.behaviour = 'stock': {receiver.name!r} orders by the rule "
                f"{receiver.ordering.rule!r}, which covers no weeks of forecast; admissible: "
                f"{', '.join(THAT_COVER)}"
            )
        _check_wanted(attempt, scenario, where)
        _check_money(attempt, scenario, where)
    _check_reimbursement(attempts, place)


def _check_supplier_asks(attempt: Attempt, receiver: MemberGroup, scenario: Scenario, where: str) -> None:
    asked = f"{where}.behaviour = {attempt.behaviour!r}"
    if attempt.behaviour in ("price", "service") and not receiver.sells_to_consumers:
        raise ValueError(f"{asked}: only stores have a retail price and service; {receiver.name!r} are none")
    if attempt.behaviour == "service" and not any(s.service_weight > 0 for s in scenario.segments):
        raise ValueError(f"{asked}: service moves nobody; give a segment service_weight above 0")
    if attempt.behaviour == "payment" and not (scenario.credit and receiver.pays_from_cash):
        raise ValueError(f"{asked}: {receiver.name!r} pays in full already; needs credit and pays_from_cash")
    if attempt.behaviour == "territory" and not (scenario.diversion.active and can_divert(receiver)):
        raise ValueError(
            f"{asked}: {receiver.name!r} divert nothing; needs diversion.active = true and members of "
            "territories that sell to stores"
        )


def _check_buyer_asks(attempt: Attempt, receiver: MemberGroup, scenario: Scenario, where: str) -> None:
    asked = f"{where}.behaviour = {attempt.behaviour!r}"
    if attempt.behaviour in ("service", "payment", "territory"):
        raise ValueError(f"{asked}: a supplier can be asked by its buyers for price and stock")
    if attempt.behaviour == "price":
        if not receiver.posts_prices and receiver.pricing.rule != "markup":
            raise ValueError(
                f"{asked}: {receiver.name!r} prices by the rule {receiver.pricing.rule!r}; can be asked for: "
                "posted and marked-up prices"
            )
        for i, event in enumerate(scenario.events):
            if event.column == "wholesale_price" and (not event.groups or receiver.name in event.groups):
                raise ValueError(
                    f"{asked}: events[{i}] sets the same wholesale prices; leave one of them out"
                )
    if attempt.behaviour == "stock" and not receiver.suppliers:
        raise ValueError(f"{asked}: {receiver.name!r} makes what it ships and keeps no stock")


def _check_wanted(attempt: Attempt, scenario: Scenario, where: str) -> None:
    if not isinstance(attempt.wanted, dict):
        return
    brands = [b.name for b in scenario.brands]
    if not attempt.wanted:
        raise ValueError(f"{where}.wanted: nothing is asked for; admissible: levels of {', '.join(brands)}")
    for brand in attempt.wanted:
        if brand not in brands:
            raise ValueError(f"{where}.wanted = {brand!r}: admissible: {', '.join(brands)}")


def _check_money(attempt: Attempt, scenario: Scenario, where: str) -> None:
    """Check that what is promised and threatened is said, or follows from a given base."""
    given = {(g.holder, g.over): g for g in scenario.bases.given}.get((attempt.sender, attempt.receiver))
    for weight, field, base in (
        (attempt.strategies.promise, "reward", "reward"),
        (attempt.strategies.threat, "sanction", "coercive"),
    ):
        if weight > 0 and getattr(attempt, field) is None and (given is None or getattr(given, base) is None):
            raise ValueError(
                f"{where}.{field}: missing; give it, or the {base} base of the pair in bases.given"
            )


def _check_reimbursement(attempts: Sequence[Attempt], place: str) -> None:
    """Check that a pair has one practice of paying what was promised."""
    found: dict[tuple[str, str], Attempt] = {}
    for attempt in attempts:
        if attempt.strategies.promise == 0:
            continue
        first = found.setdefault((attempt.sender, attempt.receiver), attempt)
        for field in ("reliability", "reimbursement_weeks"):
            if getattr(first, field) != getattr(attempt, field):
                raise ValueError(
                    f"{place}.{attempt.name}.{field}: {attempt.sender!r} reimburses {attempt.receiver!r} "
                    f"otherwise in {first.name!r}; one practice a pair"
                )
