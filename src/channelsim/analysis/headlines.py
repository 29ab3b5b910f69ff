"""What a result says in a few sentences, and only as far as its intervals bear it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from channelsim.analysis import style
from channelsim.analysis.measures import Measure, focal_firm, headline_measures, told
from channelsim.metrics import check_name

if TYPE_CHECKING:
    from channelsim.analysis.results import Result


def goal_of(result: Result) -> Measure:
    """Return the measure by which policies are ranked: the focal firm's profit, else the channel's."""
    grouping, firm = focal_firm(result)
    if firm:
        return Measure(f"Profit of {firm}", "profit", grouping, firm, 1)
    return Measure("Profit of the channel", "channel_profit", better=1)


def best_policy(result: Result, base: str, level: float = 0.95) -> tuple[str, list[str]]:
    """Return the policy with the highest goal and those that cannot be told apart from it.

    Pairs are compared at a level that holds for all comparisons with the best together (Bonferroni).

    Returns
    -------
    best : str
        The base, unless another is better beyond doubt.
    ties : list of str
        Other policies whose paired difference from the best does not exclude zero.
    """
    check_name("policy", base, result.policies)
    goal, others = goal_of(result), len(result.policies) - 1
    if not others:
        return base, []
    strict = 1.0 - (1.0 - level) / others
    best = result.policies[int(np.nanargmax(goal.means(result).value))]
    against_base = goal.differences(result, base, strict)
    if best != base and not against_base.low[result.policies.index(best)] > 0:
        best = base
    against_best = goal.differences(result, best, strict)
    # A difference without spread has an interval of one point; without an interval nothing is told apart.
    apart = (against_best.low > 0) | (against_best.high < 0)
    return best, [p for p, is_apart in zip(result.policies, apart) if p != best and not is_apart]


def headlines(
    result: Result, base: str | None = None, level: float = 0.95, currency: str = "money"
) -> list[str]:
    """Return a few plain sentences on a result: the best policy, what it brings to whom, and the doubt.

    Parameters
    ----------
    result : Result
    base : str, optional
        Default the first policy.
    level : float
        Coverage of the intervals.
    currency : str
        What "money" is called.

    Returns
    -------
    list of str
        Plain text, most important first.

    Raises
    ------
    ResultError
        If the base policy is unknown.
    """
    base = result.policies[0] if base is None else base
    check_name("policy", base, result.policies)
    goal = goal_of(result)
    position = result.policies.index(base)
    if len(result.policies) == 1:
        return [_level_sentence(m, result, position, level, currency) for m in headline_measures(result)[:5]]
    best, ties = best_policy(result, base, level)
    if best == base:
        alike = f"; {_listed(ties)} cannot be told apart from it" if ties else ""
        first = f"No policy tried beats “{base}” on {_lower(goal.title)}{alike}."
        return [first, _level_sentence(goal, result, position, level, currency)]
    change = _change(goal, result, best, base, level, currency)
    found = [f"“{best}” is the best of {len(result.policies)} policies for {_whose(goal)}: {change}."]
    if ties:
        found.append(f"It cannot be told apart from {_listed(ties)}.")
    for measure in headline_measures(result):
        if measure != goal and measure.metric in ("channel_profit", "consumer_surplus", "market_share"):
            found.append(f"{measure.title}: {_change(measure, result, best, base, level, currency)}.")
    return found


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _whose(goal: Measure) -> str:
    return f"{goal.label}’s profit" if goal.label else "the channel’s profit"


def _listed(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def _level_sentence(measure: Measure, result: Result, position: int, level: float, currency: str) -> str:
    found = measure.means(result, level)
    factor, unit = style.scale_of(found.value[position], measure.unit, currency)
    value, interval = told(found, position, factor)
    bounds = f" ({100 * level:g} % interval {interval})" if interval else ""
    return f"{measure.title}: {value} {unit}{bounds}."


def _change(measure: Measure, result: Result, policy: str, base: str, level: float, currency: str) -> str:
    at, of_base = result.policies.index(policy), result.policies.index(base)
    found = measure.differences(result, base, level)
    factor, unit = style.scale_of([found.value[at]], measure.unit, currency)
    unit = "percentage points" if unit == "%" else unit
    value, interval = told(found, at, factor, sign=True)
    level_of_base = float(measure.means(result).value[of_base])
    share = ""
    if measure.unit != "–" and level_of_base:
        share = f", {style.number(100 * float(found.value[at]) / abs(level_of_base), 2, sign=True)} %"
    if not np.isfinite(found.low[at]):
        return f"{value} {unit} against “{base}”{share} (one replication: no interval)"
    if not interval:
        return f"{value} {unit} against “{base}”{share} (the same in every replication)"
    doubt = "" if found.low[at] > 0 or found.high[at] < 0 else ", which may be chance"
    return f"{value} {unit} against “{base}”{share} ({100 * level:g} % interval {interval}{doubt})"
