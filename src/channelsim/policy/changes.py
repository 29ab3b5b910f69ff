"""What a recommended policy changes, lever by lever, and what each change is worth.

The worth of a change is what the objective loses if this lever alone stays as it is now, all else as
recommended, on the draws of the report: J(x) − J(x with x_k as now). Worths do not add up to the gain (two
price lists that go up together are each worth much); they say which changes a reader must not miss. A change
that a condition asks for, and that costs the objective, has a worth below zero. A lever
whose instrument is switched off by another lever, such as the target of a rebate of 0, changes nothing, and
says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from channelsim.analysis.estimators import Estimate
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.incentive_consistency import has_effect
from channelsim.incentive_parts import INCENTIVES
from channelsim.policy.comparison import Sampler, objective_difference, places_of
from channelsim.policy.levers import Lever, Value, suppliers_of
from channelsim.policy.problem import Problem
from channelsim.scenario import Scenario

SIZES = ("discount", "rebate", "bonus", "credit", "share")
"""Parts of an instrument that are 0 where a contract does not have it; other parts then have no value."""


class Change(NamedTuple):
    """What a plan does with one lever.

    Attributes
    ----------
    lever : Lever
    now : float, int, str or None
        None where the scenario has no one number.
    value : float, int or str
        Recommended.
    worth : Estimate or None
        What the objective loses if this lever alone stays as it is now, larger is more; None where that was
        not simulated, or there is no value as now.
    idle : str
        Why the lever is without effect; "" if it is not.
    """

    lever: Lever
    now: Value | None
    value: Value
    worth: Estimate | None
    idle: str

    @property
    def changes(self) -> bool:
        """Whether the plan does something else than now."""
        return not self.idle and self.now != self.value


def changes_of(
    problem: Problem,
    values: Sequence[Value],
    evaluator: Sampler,
    *,
    replications: int = 4,
    level: float = 0.95,
    block: str = "report",
) -> tuple[Change, ...]:
    """Return what becomes of every lever, in the problem's order.

    Parameters
    ----------
    problem : Problem
    values : sequence
        Recommended, one of each lever.
    evaluator : Evaluator
    replications : int
        Of the policy with each lever as now; 0: leave worths out.
    level : float
    block : str
    """
    scenario, policy = problem.channel.scenario, problem.policy(list(values))
    found = [
        Change(lever, value_now(lever, scenario), value, None, idle_because(lever, policy, scenario))
        for lever, value in zip(problem.levers, values, strict=True)
    ]
    kept: dict[int, Policy] = {}
    for k, change in enumerate(found):
        if replications and change.changes and change.now is not None:
            try:
                kept[k] = problem.policy(
                    [*values[:k], change.now, *values[k + 1 :]], f"{change.lever.label} as now"
                )
                problem.channel.apply(kept[k])
            except ScenarioError:
                kept.pop(k, None)  # the other levers do not admit what is now
    if not kept:
        return tuple(found)
    at = places_of(problem, evaluator)[problem.objective.outcome]
    here, *there = evaluator.sample([policy, *kept.values()], replications, block)[..., at]
    for k, sample in zip(kept, there):
        found[k] = found[k]._replace(worth=objective_difference(problem.objective, here, sample, level))
    return tuple(found)


def by_worth(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that do something, the most important first; those of unknown worth last."""

    def size(change: Change) -> tuple[float, float]:
        worth = -float("inf") if change.worth is None else abs(float(change.worth.value))
        low, high = change.lever.bounds()
        ends = (change.now, change.value)
        moved = 1.0
        if not change.lever.choices and not any(v is None or isinstance(v, str) for v in ends):
            moved = abs(float(change.value) - float(change.now)) / (high - low)  # type: ignore[arg-type]
        return (-worth, -moved)

    return sorted((c for c in changes if c.changes), key=size)


def idle_because(lever: Lever, policy: Policy, scenario: Scenario) -> str:
    """Return why a lever has no effect under a policy: its instrument is of nothing; "" if it has one."""
    keys = lever.path.split(".")
    if lever.group != "terms" or keys[1] not in INCENTIVES or keys[-1] in SIZES:
        return ""
    suppliers = suppliers_of(scenario, lever)
    sought = (lever.buyer, lever.brand, lever.territory)
    given = [
        getattr(change, keys[1])
        for change in policy.terms
        if change.supplier in suppliers and (change.buyer, change.brand, change.territory) == sought
    ]
    if any(has_effect(keys[1], value) for value in given):
        return ""
    return f"no effect: the {keys[1].replace('_', ' ')} is 0"


def value_now(lever: Lever, scenario: Scenario) -> Value | None:
    """Return the value that the scenario itself has for a lever; None where it has no one number.

    A share of cost or revenue, a fee, a credit or a rebate that a contract does not have is 0; the target of
    such a rebate is None.
    """
    if lever.measure == "scale":
        return 1.0
    keys = lever.path.split(".")
    if lever.group == "density":
        group = next((g for g in scenario.members if g.name == ".".join(keys[1:])), None)
        given = None if group is None else group.count if group.count is not None else group.per_territory
        if isinstance(given, dict):
            given = given.get(lever.territory)
        return given
    if lever.group != "terms":
        return None
    held: set[float | int | str | None] = set()
    suppliers = suppliers_of(scenario, lever)
    for contract in scenario.contracts:
        selected = all(
            not getattr(lever, name) or getattr(contract, name) in ("", getattr(lever, name))
            for name in ("supplier", "buyer", "brand")
        )
        if selected and contract.supplier in suppliers:
            held.add(_held(contract.model_dump(exclude_none=True), keys[1:]))
    return held.pop() if len(held) == 1 else None


def _held(place: object, keys: Sequence[str]) -> float | int | str | None:
    """Return a contract's number at a path, and what stands for it where there is none."""
    for key in keys:
        if isinstance(place, list) and key.isdigit() and int(key) < len(place):
            place = place[int(key)]
        elif isinstance(place, dict) and key in place:
            place = place[key]
        else:
            return 0.0 if len(keys) == 1 or keys[-1] in SIZES else None
    return place if isinstance(place, float | int | str) else None
