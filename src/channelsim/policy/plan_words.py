"""What a channel plan says in words: the headlines, and how numbers and levers are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from channelsim.analysis import style
from channelsim.analysis.estimators import Estimate
from channelsim.policy.changes import by_worth
from channelsim.policy.levers import Lever, Value, focal_firm
from channelsim.policy.plan import ChannelPlan

if TYPE_CHECKING:
    from channelsim.policy.changes import Change
    from channelsim.policy.stakeholders import Effect

MOST_NAMED = 4
"""Changes that the first sentence names; the others are counted."""


def headlines(plan: ChannelPlan, currency: str = "money") -> list[str]:
    """Return what the plan says in a few sentences, only as far as the intervals bear it out."""
    found, problem = plan.assessment, plan.problem
    unit = found.unit
    factor, unit = style.scale_of([found.value.value, found.baseline_value.value], unit, currency)
    gain, interval = span(found.difference, factor)
    base = found.baseline_value.value
    share = f" ({style.number(100 * found.difference.value / abs(base), 2, sign=True)} %)" if base else ""
    whose = objective_words(plan)
    doubt = "" if found.better else " The interval does not rule out that it brings nothing."
    lines = [
        f"Recommended: {_in_words(plan)}.",
        f"{whose}: {gain} {unit}{share}, {100 * found.level:g} % interval {interval}.{doubt}",
    ]
    kept = [k for k in found.constraints if k.verdict == "kept"]
    if len(kept) == len(found.constraints) and kept:
        told = "The condition is" if len(kept) == 1 else f"All {len(kept)} conditions are"
        lines.append(f"{told} shown to be kept.")
    for check in found.constraints:
        if check.verdict == "missed":
            lines.append(f"Condition missed on fresh draws: {check.constraint}.")
        elif check.verdict == "not shown":
            lines.append(f"Condition not shown to be kept, within its error: {check.constraint}.")
    if found.binds:
        lines.append(f"What binds: {'; '.join(found.binds[:4])}.")
    winners, losers = sides(found.effects)
    if winners or losers:
        lines.append(
            f"Better off: {', '.join(winners) or 'nobody'}; worse off: {', '.join(losers) or 'nobody'}."
        )
    if problem.baseline.name != "base":
        lines.append(f"“As now” is the policy “{problem.baseline.name}”.")
    return lines


def _in_words(plan: ChannelPlan) -> str:
    """Return the changes that matter most in one sentence, and how many more there are."""
    ordered = by_worth(plan.changes)
    if not ordered:
        return "leave everything as it is"
    named = ordered if len(ordered) <= MOST_NAMED + 1 else ordered[:MOST_NAMED]
    told = [_change_told(change) for change in named]
    if len(ordered) > len(named):
        told.append(f"{len(ordered) - len(named)} further changes")
    return " and ".join(told) if len(told) < 3 else ", ".join(told[:-1]) + " and " + told[-1]


def _change_told(change: Change) -> str:
    lever, now, value = change.lever, change.now, change.value
    if lever.measure == "scale" and not isinstance(value, str):
        return f"{lever.label} {style.number(100 * (value - 1), 2, sign=True)}\u00a0%"
    was = "" if now is None else f" instead of {lever_told(lever, now)}"
    return f"{lever.label} {lever_told(lever, value)}{was}"


def lever_told(lever: Lever, value: Value) -> str:
    """Return the value of a lever as people read it."""
    return style.in_unit(value, lever.unit) + (" ×" if lever.measure == "scale" else "")


def objective_words(plan: ChannelPlan) -> str:
    """Return what the objective is called."""
    outcome, firm = plan.problem.objective.outcome, focal_firm(plan.problem.channel.scenario)
    if (
        outcome in (f'profit(chain="{firm}")', f'profit(group="{firm}")')
        and not plan.problem.objective.at_least
    ):
        return f"Profit of {firm}"
    return plan.assessment.outcome


def sides(effects: Sequence[Effect]) -> tuple[list[str], list[str]]:
    """Return who wins and who loses, as far as intervals say so."""
    winners: list[str] = []
    losers: list[str] = []
    for effect in effects:
        if effect.kind in ("focal firm", "group", "consumers") and effect.metric in (
            "profit",
            "consumer_surplus",
        ):
            side = {"wins": winners, "loses": losers}.get(effect.verdict)
            if side is not None and effect.name not in side:
                side.append(effect.name)
    return winners, losers


def three(found: Estimate) -> tuple[float, float, float]:
    """Return an estimate and the ends of its interval."""
    return float(found.value), float(found.low), float(found.high)


def span(found: Estimate, factor: float = 1.0) -> tuple[str, str]:
    """Return an estimate, with its sign, and its interval as text; both are divided by a factor."""
    value, low, high = (x / factor for x in three(found))
    return style.span(value, low, high, sign=True)


def assumed(plan: ChannelPlan) -> list[str]:
    """Return what a reader has to know of what was assumed."""
    scenario = plan.problem.channel.scenario
    conditions = "; ".join(k.label for k in plan.problem.constraints) or "none"
    own = " ".join(scenario.description.split())
    return [
        *([own] if own else []),
        f"Objective: {plan.problem.objective.label}. Conditions: {conditions}.",
        "What it costs to win or close members is not in the model; rivals and members react by the rules "
        "that the scenario gives them. Intervals cover chance in the model, not doubt about its numbers.",
    ]
