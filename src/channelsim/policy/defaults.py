"""The problem of a scenario's yearly plan: the library's own where there is one, else one by rule.

By rule: the focal firm maximises its profit over the density of the independent members downstream of it and
its own price lists, while members' profit per member and the distance from buyers to the brand stay near
what they are; where relations are active so does members' satisfaction, and profit is traded off against it.
"""

from __future__ import annotations

from typing import Any

from channelsim.engines.groupings import Groupings
from channelsim.engines.relationship_sums import lacking
from channelsim.errors import ScenarioError
from channelsim.policy.levers import Lever, check_felt, focal_firm
from channelsim.policy.problem import Constraint, Objective, Problem, TradeOff
from channelsim.scenario import Scenario, library_folder
from channelsim.world import Channel, build

PRICE_RANGE = (0.85, 1.25)
"""Factors on posted prices between which a plan by rule looks."""
KEPT = 0.95
"""Share of its profit per member that every kind of member keeps in a plan by rule (declared assumption)."""
SATISFIED = 0.95
"""Share of its satisfaction, economic and social, each from 0 to 1, that every kind of member keeps in a plan
by rule: at ½ a tenth of the standard deviation of feelings, 0.25 (declared assumption)."""
SATISFACTIONS = ("economic_satisfaction", "social_satisfaction")
FARTHER = 1.05
"""Factor on the mean distance to the brand that a plan by rule admits (declared assumption)."""


def problem_of(scenario: Scenario) -> Problem:
    """Return the problem of a scenario's yearly plan.

    Raises
    ------
    ScenarioError
        If nothing that the focal firm decides can be felt.
    """
    path = library_folder() / "plans" / f"{scenario.name}.toml"
    if path.is_file():
        return Problem.load(path).model_copy(update={"scenario": scenario})
    channel = build(scenario)
    levers = [lever for lever in _levers(scenario) if _is_felt(lever, channel)]
    if not levers:
        raise ScenarioError(
            f"{scenario.name}: nothing that {focal_firm(scenario)!r} may decide can be felt: no posted price "
            "of its own, no group downstream with room in density; write a problem of your own"
        )
    return Problem(
        name=f"{scenario.name} plan"[:60],
        scenario=scenario,
        levers=levers,
        objective=Objective(outcome=profit_of(focal_firm(scenario), channel)),
        constraints=_constraints(scenario, levers),
        trade_offs=_trade_offs(scenario),
    )


def profit_of(firm: str, channel: Channel) -> str:
    """Return the outcome that is a firm's profit.

    Raises
    ------
    ScenarioError
        If no member of the channel belongs to the firm.
    """
    labels = Groupings.of(channel).labels
    for grouping in ("chain", "group"):
        if firm in labels[grouping]:
            return f'profit({grouping}="{firm}")'
    known = ", ".join(labels["chain"])
    raise ScenarioError(f"focal = {firm!r}: no member belongs to it; admissible: {known}")


def downstream(scenario: Scenario) -> list[str]:
    """Return the groups that the focal firm supplies, at first or second hand, from the top down."""
    firm = focal_firm(scenario)
    reached = {g.name for g in scenario.members if (g.owner or g.name) == firm}
    found = []
    for group in scenario.members:  # the scenario lists groups before those that they supply
        if group.name not in reached and reached & set(group.suppliers):
            reached.add(group.name)
            found.append(group.name)
    return found


def _levers(scenario: Scenario) -> list[Lever]:
    groups = {g.name: g for g in scenario.members}
    below = downstream(scenario)
    found: list[dict[str, Any]] = []
    for name in below:
        group = groups[name]
        if group.owner:  # a chain decides on its outlets itself
            continue
        room = {"measure": "scale", "low": 0.5, "high": max(group.maximum_scale, 1.0)}
        found.append({"path": f"density.{name}", "name": f"density of {name}", **room})
    brands = [b.name for b in scenario.brands if (b.owner or b.name) == focal_firm(scenario)]
    for contract in scenario.contracts:
        owner = groups[contract.supplier].owner or contract.supplier
        ours = owner == focal_firm(scenario) and (not contract.brand or contract.brand in brands)
        if ours and contract.wholesale_price is not None and groups[contract.supplier].posts_prices:
            pair = {"supplier": contract.supplier, "buyer": contract.buyer}
            carried = groups[contract.buyer].brands or [b.name for b in scenario.brands]
            if len(carried) > 1 and len(brands) == 1:
                pair["brand"] = brands[0]
            low, high = PRICE_RANGE
            name = f"price list of {contract.supplier} for {contract.buyer}"
            price = {"path": "terms.wholesale_price", "measure": "scale", "low": low, "high": high}
            found.append({"name": name, **price, **pair})
    unique = {lever["name"]: lever for lever in found}
    return [Lever(**lever) for lever in unique.values()]


def _is_felt(lever: Lever, channel: Channel) -> bool:
    alone = Problem(scenario=channel.scenario, levers=[lever], objective=Objective(outcome="channel_profit"))
    try:
        low, high = lever.bounds()
        check_felt(lever, {v: alone.policy([v]) for v in (low, high)}, channel)
    except ScenarioError:
        return False
    return True


def _constraints(scenario: Scenario, levers: list[Lever]) -> list[Constraint]:
    groups = {g.name: g for g in scenario.members}
    moved = [lever for lever in levers if lever.group == "density"]
    found = []
    for name in downstream(scenario):
        per = f' / active_members(group="{name}")'
        found.append(
            Constraint(
                name=f"profit per member of {name} at least {100 * KEPT:.0f} % of now",
                outcome=f'profit(group="{name}"){per}',
                at_least=KEPT,
                of_base=True,
            )
        )
        for metric in SATISFACTIONS if _has_satisfaction(scenario) else ():
            found.append(
                Constraint(
                    name=f"{metric.replace('_', ' ')} of {name} at least {100 * SATISFIED:.0f} % of now",
                    outcome=f'{metric}(group="{name}")',
                    at_least=SATISFIED,
                    of_base=True,
                )
            )
    brand = next(b.name for b in scenario.brands if (b.owner or b.name) == focal_firm(scenario))
    roams = scenario.demand.system == "logit" and any(s.travel_cost > 0 for s in scenario.segments)
    stores = {name for name, g in groups.items() if g.sells_to_consumers}
    if roams and any(lever.path.removeprefix("density.") in stores for lever in moved):
        found.append(
            Constraint(
                name=f"distance from buyers to {brand} at most {100 * (FARTHER - 1):.0f} % more than now",
                outcome=f'mean_distance(brand="{brand}")',
                at_most=FARTHER,
                of_base=True,
            )
        )
    return found


def _has_satisfaction(scenario: Scenario) -> bool:
    return not any(lacking(f"{metric}_of_buyer", scenario) for metric in SATISFACTIONS)


def _trade_offs(scenario: Scenario) -> list[TradeOff]:
    """Return the trade-off against the mean of both satisfactions, every kind of member counting alike."""
    terms = [f'{metric}(group="{name}")' for name in downstream(scenario) for metric in SATISFACTIONS]
    if not terms or not _has_satisfaction(scenario):
        return []
    return [TradeOff(name="members' satisfaction", outcome=f"({' + '.join(terms)}) / {len(terms)}")]
