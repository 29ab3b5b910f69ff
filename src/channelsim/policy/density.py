"""Density over territories: how many members of a group each territory should have.

All territories are simulated at one level of density at a time, so that a batch per level gives the response
curves of all of them: what is earned in the territory (`territory_accounts`) against the members there.
Then one level per territory is chosen exactly (`density_choice`) under a budget, coverage and a minimum.

Where territories do not touch each other this is all: what a territory earns depends on its own density
alone, and the sum of the chosen points is what the plan will earn. Where they do (a maker's capacity,
targets, distributors who reach into other territories), a curve holds only while the others are as they
were. The plan is therefore simulated again, with probes around it: one half of the territories takes its
next option up, or down, while the other half stays. What happens to a half that stays is the interaction; per
member added elsewhere it is

    λ = Σ E·ΔN / Σ ΔN² ,

with E the change of what the half that stays (and *elsewhere*) earns and ΔN the members added to the other.
The next choice is among neighbouring options, at what they earned in the probes plus λ per member added. It
ends when the choice is the plan itself, when a plan comes back (a cycle), or after the rounds allowed; of
all plans simulated that keep the limits, density in proportion to buyers among them, the best is kept. A plan
that reproduces itself is best among its neighbours one option away, to first order in the interaction; it
need not be best of all.

Limit: of independent territories λ = 0 and the first plan reproduces itself. What one does to others enters
as a price per unit, as in Pigou (1920), The Economics of Welfare. The plan's value is told on fresh numbers,
since the choice was fitted to those of the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.density_choice import budget_limit, coverage_limits
from channelsim.policy.density_plan import DensityPlan, Round
from channelsim.policy.density_study import Asked, Coverage, Study
from channelsim.policy.levers import focal_firm
from channelsim.policy.problem import Problem
from channelsim.scenario import Scenario
from channelsim.simulation import load_scenario, whole_number
from channelsim.territories import by_class, check_places
from channelsim.world import Channel, build

Floats = NDArray[np.float64]
PerPlace = float | Mapping[str, float]
"""One number, or numbers by territory or class of territories."""

LEVELS = (0.5, 0.75, 1.0, 1.25, 1.5)

__all__ = ["Coverage", "DensityPlan", "plan_density"]


def plan_density(
    channel: Channel | Scenario | Problem | str,
    group: str,
    levels: Sequence[float] = LEVELS,
    measure: Literal["scale", "per_territory", "buyers_per_member"] = "scale",
    *,
    objective: Literal["profit", "channel_profit", "welfare"] = "profit",
    firm: str = "",
    budget: float | None = None,
    member_cost: PerPlace | None = None,
    coverage: Coverage | Mapping[str, Any] | None = None,
    minimum: PerPlace = 0.0,
    template: Policy | None = None,
    replications: int = 4,
    report_replications: int = 16,
    rounds: int = 8,
    seed: int = 1,
    workers: int | None = None,
) -> DensityPlan:
    """Choose the density of a member group in every territory.

    Parameters
    ----------
    channel : Channel, Scenario, Problem or str
        Of a problem the channel and the template count.
    group : str
        Member group whose members belong to territories.
    levels : sequence of float
        Densities that are tried, in the measure; the density as it is now is an option besides.
    measure : {"scale", "per_territory", "buyers_per_member"}
        Times the scenario's own density, members in each territory, or buyers per member.
    objective : {"profit", "channel_profit", "welfare"}
        Profit of the firm, profit of all members, or that and consumers' surplus; mean, money per week.
    firm : str
        Owner of the profit; default the scenario's focal firm.
    budget : float, optional
        Most members in all; most money per week if ``member_cost`` is given.
    member_cost : float or mapping, optional
        What a member costs in the budget, money per week, or by territory or class.
    coverage : Coverage or mapping, optional
        Limits on distance, reach and distribution.
    minimum : float or mapping
        Fewest members in a territory, or by territory or class.
    template : Policy, optional
        What every plan has besides; by itself it is the baseline.
    replications, report_replications : int
        Of every policy in the search, and of the plans compared on fresh numbers.
    rounds : int
        Most times that a plan is simulated and chosen anew.
    seed : int
    workers : int, optional
        Threads; default one per processor. The plan does not depend on it.

    Returns
    -------
    DensityPlan

    Raises
    ------
    ScenarioError
        One line: an unknown name, a density above the built maximum, or limits that cannot be kept, with
        the closest value.

    Examples
    --------
    >>> plan = plan_density("appliances", "independents", budget=1400)  # doctest: +SKIP
    >>> plan.policy.save("plan.toml")  # doctest: +SKIP
    """
    asked = _read(channel, group, objective, firm, budget, member_cost, coverage, minimum, template)
    counts = [whole_number(n, name, 1) for n, name in ((replications, "replications"), (rounds, "rounds"))]
    report_replications = whole_number(report_replications, "report_replications", 2)
    study = Study(asked, counts[0], seed, workers)
    study.try_levels(levels, measure)
    chosen = study.best_options(study.options)
    told: list[Round] = []
    ending, seen = "rounds", {chosen.tobytes()}
    for _ in range(counts[1]):
        result, following = study.around(chosen)
        told.append(result)
        if following.tobytes() in seen:
            ending = "settled" if np.array_equal(following, chosen) else "cycle"
            break
        seen.add(following.tobytes())
        chosen = following
    told.append(study.proportional_to(max(told, key=Round.merit)))
    best = max(told, key=Round.merit)  # the first of equals
    return study.report(best, told, ending, report_replications, objective)


def _read(
    given: Channel | Scenario | Problem | str,
    group: str,
    objective: str,
    firm: str,
    budget: float | None,
    member_cost: PerPlace | None,
    coverage: Coverage | Mapping[str, Any] | None,
    minimum: PerPlace,
    template: Policy | None,
) -> Asked:
    """Check what is asked for."""
    if isinstance(given, Problem):
        template = given.template if template is None else template
        given = given.channel
    channel = given if isinstance(given, Channel) else build(load_scenario(given))
    template = Policy(name="template") if template is None else template
    groups = {g.name: g for g in channel.scenario.members}
    if group not in groups or groups[group].is_national:
        known = ", ".join(name for name, g in groups.items() if not g.is_national)
        raise ScenarioError(f"group = {group!r}: name a group whose members belong to territories: {known}")
    if objective not in ("profit", "channel_profit", "welfare"):
        raise ScenarioError(f"objective = {objective!r}: admissible: profit, channel_profit, welfare")
    if firm and objective != "profit":
        raise ScenarioError(f"firm = {firm!r}: only the objective profit is one firm's")
    if objective == "profit":
        firm = firm or focal_firm(channel.scenario)
    territories = channel.territories
    where = [*zip(territories.names, territories.classes)]

    def by_place(value: PerPlace, name: str) -> Floats:
        check_places(value if not isinstance(value, Mapping) else dict(value), territories, name)
        read = [by_class(dict(value) if isinstance(value, Mapping) else value, *place) for place in where]
        numbers = np.array([0.0 if v is None else v for v in read])
        if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
            raise ScenarioError(f"{name}: numbers of at least 0 are needed")
        return numbers

    read = coverage if isinstance(coverage, Coverage) else Coverage(**(coverage or {}))
    brands = [b.name for b in channel.scenario.brands]
    if read.brand and read.brand not in brands:
        raise ScenarioError(f"coverage.brand = {read.brand!r}: admissible: {', '.join(brands)}")
    if (read.reach is None) != (read.share_within is None):
        raise ScenarioError("coverage: give both reach and share_within, or none")
    cost = by_place(1.0 if member_cost is None else member_cost, "member_cost")
    limits = []
    if budget is not None:
        if not budget > 0:
            raise ScenarioError(f"budget = {budget!r}: a number above 0")
        limits.append(budget_limit(float(budget), "members" if member_cost is None else "money per week"))
    share = None if read.everywhere else read.share_within
    distance = None if read.everywhere else read.mean_distance
    limits += coverage_limits(territories.values["buyers"], distance, share, read.numeric_distribution)
    least = by_place(minimum, "minimum")
    return Asked(channel, group, template, firm, objective == "welfare", read, least, cost, limits)
