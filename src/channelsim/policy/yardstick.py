"""The efficiency yardstick: what one owner of all tiers would earn, and where the rest is lost.

The same scenario is played by an owner of all tiers of the focal firm's channel, who dictates prices,
service, stock and coverage of its brands (`channelsim.policy.integrated`). Its decisions are found by search
on common numbers, coordinate by coordinate; the share of its profit that a policy attains is its efficiency.

*Whose profit.* All profit of the member groups that carry a focal brand, on rivals' brands too. A store's
fixed cost cannot be split among the brands on its shelves without a convention, and an owner of the stores
would not ruin what they earn on rivals' brands, as one who counts its own brand alone would. Profit of rival
makers, and of members who carry rivals' brands only, does not count: they stay rivals, and react.

*Where the rest is lost.* With v(S) the owner's profit when it dictates the decisions S and leaves the others
as they are under the policy, decision k loses its Shapley value

    φ_k = Σ_S s!(n − s − 1)!/n! · [v(S ∪ k) − v(S)] ,     Σ_k φ_k = v(all) − v(none) ,

s the size of S. No order of the decisions is singled out, and the parts add up exactly. v(none) holds
prices and service at the policy's means; what that alone changes is *holding*. *Transfers* are what members
left alone decide by, and what stock is valued at. In *price* two things meet that pull apart: margins upon
margins make goods too dear, competition between stores makes them too cheap for one owner. Beside the
share, therefore, stands what the channel would earn with transfers at the cost of production and members
left alone in all else: below the policy's, the margin upstream protects more than it costs.

The bound is a numerical one. It is exact where the owner's optimum lies in the family of decisions (a store,
equal stores, logit demand with equal costs); with stores that differ the true optimum can be higher, and the
share told is then too high. An owner of all stores also ends competition between them: in a market with many
stores the bound is what a monopolist of the shelves would earn, not what a good contract attains.

Sources: Spengler (1950) on double margins; Shapley (1953), A value for n-person games. Limits: linear demand
a − b·p, one store, wholesale price w: a share 1 − (w − c)²/(a/b − c)²; all of it at w = c.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate, mean
from channelsim.analysis.style import number
from channelsim.decisions import BASE, Policy
from channelsim.engines.earlier import earlier_of
from channelsim.errors import ScenarioError
from channelsim.policy.evaluation import BLOCKS
from channelsim.policy.integrated import WEDGES, Decisions, Handle, Owner
from channelsim.policy.levers import focal_firm
from channelsim.policy.territory_accounts import row_sums
from channelsim.scenario import Scenario
from channelsim.simulation import load_scenario, whole_number
from channelsim.tables import Terms
from channelsim.world import Channel, build

Floats = NDArray[np.float64]

TOLERANCE = 2e-3
"""Width, as a share of a decision's range, to which it is searched."""
ENOUGH = 1e-4
"""Relative gain of a sweep below which the search ends."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """How much of an integrated owner's profit a policy attains.

    Attributes
    ----------
    policy : str
    groups : tuple of str
        Member groups whose profit counts.
    attained, integrated : ndarray, shape (replications,)
        Profit under the policy and of the integrated owner, money per week, on fresh common numbers.
    lost : dict of str to ndarray, shape (replications,)
        By decision: price, service, stock, coverage, as far as the scenario has them, and *holding*; they add
        up to integrated less attained.
    at_cost : ndarray, shape (replications,)
        Profit with transfers at the cost of production, members left alone in all else.
    decisions : dict of str to float
        What the integrated owner decides.
    at_bound : tuple of str
        Decisions at the end of their range: the true bound lies higher.
    simulated : int
        Replications simulated in all.
    """

    policy: str
    groups: tuple[str, ...]
    attained: Floats
    integrated: Floats
    lost: dict[str, Floats]
    at_cost: Floats
    decisions: dict[str, float]
    at_bound: tuple[str, ...]
    simulated: int

    def share(self, level: float = 0.95) -> Estimate:
        """Return the share of the integrated profit attained, mean of the replications' shares."""
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(self.integrated > 0, self.attained / self.integrated, np.nan)
        return mean(shares, level)

    def losses(self, level: float = 0.95) -> dict[str, Estimate]:
        """Return what each decision loses, money per week."""
        return {name: mean(values, level) for name, values in self.lost.items()}

    def summary(self) -> str:
        """Return share and losses in a few lines."""
        share, whole = self.share(), float(np.mean(self.integrated))
        lines = [
            f"{self.policy} attains {100 * share.value:.1f} % ({100 * share.low:.1f} to "
            f"{100 * share.high:.1f}) of what one owner of {', '.join(self.groups)} would earn, "
            f"{number(whole, 4)} a week"
        ]
        for name, lost in self.losses().items():
            part = f" ({100 * lost.value / whole:.1f} %)" if whole > 0 else ""
            lines.append(f"lost by {name}: {number(lost.value, 4)} a week{part}")
        gain = mean(self.at_cost - self.attained).value
        lines.append(f"transfers at cost, all else left to the members: {number(gain, 4, sign=True)} a week")
        if self.at_bound:
            lines.append(
                f"at the end of what can be tried: {', '.join(self.at_bound)}; the bound lies higher"
            )
        return "\n".join(lines)


def yardstick(
    channel: Channel | Scenario | str,
    policies: Policy | Sequence[Policy] = BASE,
    *,
    firm: str = "",
    replications: int = 2,
    report_replications: int = 8,
    sweeps: int = 4,
    trials: int = 14,
    seed: int = 1,
    workers: int | None = None,
) -> list[Yardstick]:
    """Measure policies by what an integrated owner would earn on the same scenario.

    The integrated owner starts from the first policy; others are measured by the same owner's profit.

    Parameters
    ----------
    channel : Channel, Scenario or str
    policies : Policy or sequence of Policy
    firm : str
        Whose brands are focal; default the scenario's focal firm.
    replications, report_replications : int
        Of every trial of the search, and of what is told, on fresh numbers.
    sweeps : int
        Most times that every decision is improved, one after the other.
    trials : int
        Most values tried of one decision in one sweep, the ends of its range besides.
    seed : int
    workers : int, optional
        Threads; default one per processor. The numbers do not depend on it.

    Returns
    -------
    list of Yardstick
        One a policy.

    Raises
    ------
    ScenarioError
        If the firm owns no brand, or nobody sells it.

    Examples
    --------
    >>> found, = yardstick("bilateral", report_replications=2)
    >>> round(float(found.share().value), 3)
    0.75
    """
    channel = channel if isinstance(channel, Channel) else build(load_scenario(channel))
    firm = firm or focal_firm(channel.scenario)
    owners = [b.owner or b.name for b in channel.scenario.brands]
    if firm not in owners:
        raise ScenarioError(f"firm = {firm!r}: owns no brand; admissible: {', '.join(dict.fromkeys(owners))}")
    chosen = [policies] if isinstance(policies, Policy) else list(policies)
    if not chosen:
        raise ScenarioError("policies: give at least one")
    replications = whole_number(replications, "replications", 1)
    report_replications = whole_number(report_replications, "report_replications", 2)
    sweeps, trials = whole_number(sweeps, "sweeps", 1), whole_number(trials, "trials", 2)
    best: Decisions | None = None
    found = []
    for policy in chosen:
        owner = Owner(channel, policy, firm, replications, seed)
        study = _Study(channel, owner, seed, workers)
        if best is None:
            best = study.search(replications, sweeps, trials)
        found.append(study.tell(_carried(best, owner.handles), report_replications))
    return found


def _carried(best: Decisions, handles: Sequence[Handle]) -> Decisions:
    """Return an owner's decisions as those of an owner who starts elsewhere: the same final numbers."""
    known = {(h.wedge, h.group): (h, value) for h, value in best.items()}
    carried: Decisions = {}
    for h in handles:
        if (h.wedge, h.group) in known:
            carried[h] = known[h.wedge, h.group][1]
    return carried


class _Study:
    """The runs of a yardstick."""

    def __init__(self, channel: Channel, owner: Owner, seed: int, workers: int | None):
        self.channel, self.owner, self.seed = channel, owner, seed
        self.workers = workers or os.cpu_count() or 1
        self._earlier = earlier_of(channel, owner.policy)
        self.simulated = 0

    def profit(self, applied: tuple[Channel, Terms], replications: int, block: str) -> Floats:
        """Return the profit of all members that count, money per week, by replication."""
        active, terms = applied
        groups = [g.name in self.owner.groups for g in active.scenario.members]
        counted = np.array(groups)[active.members.group]
        weeks = active.scenario.weeks - active.scenario.warm_up_weeks
        first = BLOCKS[block]
        sums = row_sums(
            active, terms, self.owner.policy, first, replications, self.seed, (), (), self._earlier
        )
        self.simulated += replications
        return np.array([s.members["profit"][counted].sum() / weeks for s in sums])

    def search(self, replications: int, sweeps: int, trials: int) -> Decisions:
        """Return the best decisions found, from transfers as now and from transfers at cost."""
        known: dict[str, float] = {}
        handles = self.owner.handles
        transfers = next(h for h in handles if h.wedge == "transfers")

        def value(decisions: Decisions) -> float:
            text = repr([decisions.get(h) for h in handles])
            if text not in known:
                known[text] = float(self.profit(self.owner.under(decisions), replications, "search").mean())
            return known[text]

        ends = [
            self._climb({transfers: end}, value, sweeps, trials) for end in (transfers.low, transfers.high)
        ]
        return max(ends, key=value)

    def _climb(
        self, decided: Decisions, value: Callable[[Decisions], float], sweeps: int, trials: int
    ) -> Decisions:
        """Improve the decisions one after the other until a sweep gains nothing."""
        best = value(decided)
        for _ in range(sweeps):
            before = best
            for handle in self.owner.handles:
                if handle.wedge == "transfers":
                    continue
                for x in self._trials(handle, decided, value, trials):
                    trial = decided | {handle: x}
                    if value(trial) > best:
                        best, decided = value(trial), trial
            if best - before <= ENOUGH * abs(before):
                break
        return decided

    def _trials(
        self, handle: Handle, decided: Decisions, value: Callable[[Decisions], float], trials: int
    ) -> list[float]:
        """Return where a decision is best, the others given; of the spread both ends."""
        from scipy.optimize import minimize_scalar

        if not handle.group:
            return [handle.low, handle.high]  # one or the other
        width = handle.high - handle.low
        found = minimize_scalar(
            lambda x: -value(decided | {handle: float(x)}),
            bounds=(handle.low, handle.high),
            method="bounded",
            options={"xatol": TOLERANCE * width, "maxiter": trials},
        )
        return [float(found.x), handle.high, handle.low]

    def tell(self, decided: Decisions, replications: int) -> Yardstick:
        """Return the yardstick of the owner's policy, on fresh numbers."""
        wedges = [w for w in WEDGES if any(h.wedge == w for h in decided)]
        sets = [frozenset(s) for n in range(len(wedges) + 1) for s in combinations(wedges, n)]

        def run(chosen: frozenset[str]) -> Floats:
            part = {h: x for h, x in decided.items() if h.wedge in chosen}
            return self.profit(self.owner.under(part), replications, "report")

        with ThreadPoolExecutor(self.workers) as pool:
            values = dict(zip(sets, pool.map(run, sets)))
        attained = self.profit(self.channel.under(self.owner.policy), replications, "report")
        n, lost = len(wedges), {}
        for wedge in wedges:
            part = np.zeros(replications)
            for s in sets:
                if wedge not in s:
                    weight = factorial(len(s)) * factorial(n - len(s) - 1) / factorial(n)
                    part += weight * (values[s | {wedge}] - values[s])
            lost[wedge] = part
        lost["holding"] = values[frozenset()] - attained
        ends = [
            h.label
            for h, x in decided.items()
            if h.group and min(x - h.low, h.high - x) <= 2 * TOLERANCE * (h.high - h.low)
        ]
        return Yardstick(
            policy=self.owner.policy.name,
            groups=self.owner.groups,
            attained=attained,
            integrated=values[frozenset(wedges)],
            lost=lost,
            at_cost=self.profit(self.owner.at_cost.under(self.owner.policy_at_cost), replications, "report"),
            decisions={h.label: x for h, x in decided.items()},
            at_bound=tuple(ends),
            simulated=self.simulated,
        )
