"""The batches of a density plan: options simulated at levels, plans, and what lies around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from channelsim.decisions import Density, Policy
from channelsim.densities import member_counts
from channelsim.errors import ScenarioError
from channelsim.parts import Document
from channelsim.policy.density_choice import Limit, Options, choose, picked, shadow_price
from channelsim.policy.density_plan import Curves, DensityPlan, Round
from channelsim.policy.evaluation import BLOCKS, policy_key
from channelsim.policy.territory_accounts import TerritoryAccounts, territory_accounts
from channelsim.world import Channel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AS_NOW = "as now"
_SIMULATED = ("earned", "stocked", "stores")


class Coverage(Document):
    """Limits on how well buyers are covered.

    Raises
    ------
    ScenarioError
        One line that names the field, the value and what is admissible.
    """

    brand: str = Field(default="", description="brand that stores have to list; default: the first")
    mean_distance: float | None = Field(
        default=None, gt=0, description="km to the nearest store, mean over buyers, at most"
    )
    reach: float | None = Field(default=None, gt=0, description="km within which a buyer counts as reached")
    share_within: float | None = Field(
        default=None, ge=0, le=1, description="share of the buyers within reach, at least"
    )
    numeric_distribution: float | None = Field(
        default=None, ge=0, le=1, description="share of the stores with the brand in stock, at least"
    )
    everywhere: bool = Field(
        default=False, description="distance and share within reach have to hold in every territory"
    )


class Asked(NamedTuple):
    """What is asked for, read and checked."""

    channel: Channel
    group: str
    template: Policy
    firm: str
    surplus: bool
    coverage: Coverage
    least: Floats
    cost: Floats
    limits: list[Limit]


class Study:
    """What is simulated for a plan, each policy once."""

    def __init__(self, asked: Asked, replications: int, seed: int, workers: int | None):
        self.asked, self.replications, self.seed, self.workers = asked, replications, seed, workers
        self.channel = asked.channel
        self.simulated = 0
        self._kept: dict[tuple[str, str], TerritoryAccounts] = {}
        group = next(g for g in self.channel.scenario.members if g.name == asked.group)
        self._group = group
        self.base_counts = self._counts(asked.template)
        self.own_counts = self._counts(Policy())
        self._halves = _halves(self.channel.territories.values["buyers"])

    def _counts(self, policy: Policy) -> Integers:
        return np.asarray(member_counts(self._group, self.channel, policy), dtype=np.int64)

    def policy_at(self, counts: Integers, name: str) -> Policy:
        """Return the policy with so many members in each territory; it names those that differ from now."""
        names, group = self.channel.territories.names, self.asked.group
        changed = np.flatnonzero(counts != self.own_counts)
        density = {k: v for k, v in self.asked.template.density.items() if k != group}
        if len(changed) and self._group.count is not None:
            density[group] = Density(scale={names[t]: counts[t] / self.own_counts[t] for t in changed})
        elif len(changed):
            density[group] = Density(per_territory={names[t]: float(counts[t]) for t in changed})
        return self.asked.template.model_copy(update={"density": density, "name": name})

    def simulate(
        self, policies: Sequence[Policy], block: str = "search", replications: int | None = None
    ) -> list[TerritoryAccounts]:
        """Return the accounts of policies; what has been simulated is not simulated again."""
        replications = replications or self.replications
        keys = [(policy_key(p), block) for p in policies]
        fresh = {key: p for key, p in zip(keys, policies) if key not in self._kept}
        if fresh:
            found = territory_accounts(
                self.channel,
                list(fresh.values()),
                replications,
                self.seed,
                firm=self.asked.firm,
                brand=self.asked.coverage.brand,
                reach=np.inf if self.asked.coverage.reach is None else self.asked.coverage.reach,
                surplus=self.asked.surplus,
                first=BLOCKS[block],
                workers=self.workers,
            )
            self.simulated += len(fresh) * replications
            for i, key in enumerate(fresh):
                self._kept[key] = TerritoryAccounts(*(part[i : i + 1] for part in found))
        return [self._kept[key] for key in keys]

    def try_levels(self, levels: Sequence[float], measure: str) -> None:
        """Simulate all territories at each level, and form the options and the curves."""
        if not len(levels):
            raise ScenarioError("levels: give at least one density")
        if measure not in ("scale", "per_territory", "buyers_per_member"):
            raise ScenarioError(f"measure = {measure!r}: admissible: scale, per_territory, buyers_per_member")
        if self._group.count is not None and measure != "scale":
            raise ScenarioError(f"measure = {measure!r}: {self.asked.group} takes scale alone")
        template, group = self.asked.template, self.asked.group
        policies = [template]
        for level in sorted(set(levels)):
            density = template.density | {group: Density.model_validate({measure: float(level)})}
            policies.append(template.model_copy(update={"density": density, "name": f"{measure} {level:g}"}))
        counts = np.stack([self._counts(p) for p in policies])
        accounts = self.simulate(policies)
        value = np.stack([a.earned[0] for a in accounts])
        names = (AS_NOW, *(p.name for p in policies[1:]))
        self.curves = Curves(names, counts, value, accounts[0].elsewhere[0])
        self.options = self._options(counts, accounts)

    def _options(self, counts: Integers, accounts: Sequence[TerritoryAccounts]) -> Options:
        """Return the options of every territory: each number of members once, those allowed alone."""
        asked, rows = self.asked, []
        closest: dict[int, str] = {}
        for t in range(self.channel.sizes.territories):
            seen: dict[int, int] = {}
            for level in range(len(counts)):
                seen.setdefault(int(counts[level, t]), level)
            allowed = [n for n in sorted(seen) if n >= asked.least[t]]
            if not allowed and not self.own_counts[t] and max(seen) == 0:
                allowed = [0]  # the group does not serve the territory at all
            if not allowed:
                raise ScenarioError(
                    f"minimum: {asked.least[t]:g} members in {self.channel.territories.names[t]} can not be "
                    f"met by the densities given; closest: {max(seen)}"
                )
            held = [n for n in allowed if self._covers(accounts[seen[n]], t, closest)]
            if not held:
                raise ScenarioError(closest[t])
            rows += [(t, n, seen[n]) for n in held]
        territory, members, level = np.array(rows, dtype=np.int64).T
        held_by = [np.stack([getattr(a, name)[0] for a in accounts]) for name in ("distance", "within")]
        means = [np.stack([getattr(a, n)[0].mean(axis=0) for a in accounts]) for n in _SIMULATED]
        value, stocked, stores = (m[level, territory] for m in means)
        distance, within = (h[level, territory] for h in held_by)
        return Options(
            territory, members, value, asked.cost[territory] * members, distance, within, stocked, stores
        )

    def _covers(self, accounts: TerritoryAccounts, t: int, closest: dict[int, str]) -> bool:
        """Return whether an option keeps what has to hold everywhere; note what it misses."""
        coverage, where = self.asked.coverage, self.channel.territories.names[t]
        distance, within = float(accounts.distance[0, t]), float(accounts.within[0, t])
        needed = coverage.mean_distance
        if needed is not None and not distance <= (needed if coverage.everywhere else np.finfo(float).max):
            said = "has no store with the brand at the densities given"
            if np.isfinite(distance):
                said = f"can not be met by the densities given; closest: {distance:.4g} km"
            closest[t] = f"mean distance ≤ {needed:g} km in {where}: {said}"
            return False
        if coverage.everywhere and coverage.share_within is not None and within < coverage.share_within:
            closest[t] = (
                f"share of buyers within reach ≥ {coverage.share_within:g} in {where}: can not be met by the "
                f"densities given; closest: {within:.4g}"
            )
            return False
        return True

    def best_options(self, options: Options) -> Integers:
        """Return the number of members in each territory that is best by the options' values."""
        rows = choose(options, self.asked.limits)
        counts = np.zeros(self.channel.sizes.territories, dtype=np.int64)
        counts[options.territory[rows]] = options.members[rows]
        return counts

    def around(self, counts: Integers) -> tuple[Round, Integers]:
        """Simulate a plan and what lies one option away, and return what was found and the next choice."""
        neighbours = self._neighbours(counts)
        probes = [np.where(half, moved, counts) for moved in neighbours for half in self._halves]
        policies = [self.policy_at(n, "plan") for n in (counts, *probes)]
        plan, *moved = self.simulate(policies)
        price = self._interaction(counts, probes, plan, moved)
        at_plan = self._at(counts, plan)
        rows = [at_plan] + [self._moved(counts, n, a, price) for n, a in zip(probes, moved)]
        near = Options(*(np.concatenate(parts) for parts in zip(*rows)))
        try:
            following = self.best_options(near)
        except ScenarioError:  # the plan misses a limit when it is simulated: look further
            away = self.curves_at(counts, at_plan)
            following = self.best_options(away)
        return self._round(counts, plan, price), following

    def _round(self, counts: Integers, accounts: TerritoryAccounts, price: float) -> Round:
        at_plan, value = self._at(counts, accounts), float(self.curves.elsewhere.mean())
        for t in range(len(counts)):
            members, means, _ = self.curves.of(t)
            value += float(np.interp(counts[t], members, means))
        kept = [k.row(at_plan).sum() <= k.bound + 1e-9 * max(abs(k.bound), 1) for k in self.asked.limits]
        return Round(counts, value, float(accounts.total.mean()), price, all(kept))

    def proportional_to(self, plan: Round) -> Round:
        """Simulate density in proportion to buyers at the cost of a plan."""
        asked, options = self.asked, self.options
        buyers = self.channel.territories.values["buyers"]
        self.even = proportional_counts(plan.counts, buyers, asked.cost, options.territory, options.members)
        (accounts,) = self.simulate([self.policy_at(self.even, "proportional")])
        return self._round(self.even, accounts, np.nan)

    def _neighbours(self, counts: Integers) -> tuple[Integers, Integers]:
        """Return each territory's next option up and down; where there is none, the plan's."""
        up, down = counts.copy(), counts.copy()
        for t in range(len(counts)):
            own = np.unique(self.options.members[self.options.territory == t])
            place = int(np.searchsorted(own, counts[t]))
            up[t], down[t] = own[min(place + 1, len(own) - 1)], own[max(place - 1, 0)]
        return up, down

    def _interaction(
        self,
        counts: Integers,
        probes: Sequence[Integers],
        plan: TerritoryAccounts,
        moved: Sequence[TerritoryAccounts],
    ) -> float:
        """Return what a member added in one territory does to the others, money per week and member."""
        product = squares = 0.0
        for probe, accounts in zip(probes, moved):
            stayed, added = probe == counts, float((probe - counts).sum())
            change = (accounts.earned - plan.earned)[..., stayed].sum() / self.replications
            change += float((accounts.elsewhere - plan.elsewhere).mean())
            product, squares = product + change * added, squares + added * added
        return product / squares if squares else 0.0

    def _at(self, counts: Integers, accounts: TerritoryAccounts) -> Options:
        value, stocked, stores = (getattr(accounts, n)[0].mean(axis=0) for n in _SIMULATED)
        every = np.arange(len(counts))
        cost = self.asked.cost * counts
        distance, within = accounts.distance[0], accounts.within[0]
        return Options(every, counts, value, cost, distance, within, stocked, stores)

    def _moved(self, counts: Integers, probe: Integers, accounts: TerritoryAccounts, price: float) -> Options:
        """Return the options that a probe tried, with the price of the interaction."""
        options = self._at(probe, accounts)
        value = options.value + price * (probe - counts)
        return picked(options._replace(value=value), np.flatnonzero(probe != counts))

    def curves_at(self, counts: Integers, at_plan: Options) -> Options:
        """Return all options, their curves shifted so that they pass through what the plan earned."""
        row = _rows_of(self.options, counts)
        shifted = {}
        for name in ("value", "stocked"):
            first = getattr(self.options, name)
            gap = (getattr(at_plan, name) - first[row])[self.options.territory]
            shifted[name] = first + gap
        return self.options._replace(**shifted)

    def report(
        self, best: Round, told: list[Round], ending: str, replications: int, objective: str
    ) -> DensityPlan:
        """Return the plan, compared with the baseline and with proportional density on fresh numbers."""
        asked, territories = self.asked, self.channel.territories
        baseline = asked.template.model_copy(update={"name": "base"})
        policy = self.policy_at(best.counts, "plan")
        rival = self.policy_at(self.even, "proportional")
        compared = self.simulate([baseline, policy, rival], "report", replications)
        at_best = self._at(best.counts, self.simulate([policy])[0])
        prices = {k.told: shadow_price(self.options, asked.limits, i) for i, k in enumerate(asked.limits)}
        return DensityPlan(
            group=asked.group,
            objective=objective,
            firm=asked.firm,
            territories=tuple(territories.names),
            buyers=territories.values["buyers"],
            counts=best.counts,
            base_counts=self.base_counts,
            proportional_counts=self.even,
            curves=self.curves,
            rounds=tuple(told),
            chosen_round=next(i for i, r in enumerate(told) if r is best),
            ending=ending,
            limits={k.told: k.reading(at_best) for k in asked.limits},
            shadow_prices=prices,
            policy=policy,
            baseline=baseline,
            proportional=rival,
            samples={p.name: a.total[0] for p, a in zip((baseline, policy, rival), compared)},
            by_territory={p.name: a.earned[0] for p, a in zip((baseline, policy, rival), compared)},
            simulated=self.simulated,
        )


def _rows_of(options: Options, counts: Integers) -> Integers:
    """Return the row of the option that each territory takes."""
    rows = np.flatnonzero(options.members == counts[options.territory])
    return rows[np.argsort(options.territory[rows], kind="stable")]


def _halves(buyers: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two halves of the territories, alike in size: every second one by number of buyers."""
    first = np.zeros(len(buyers), dtype=bool)
    first[np.argsort(-buyers, kind="stable")[::2]] = True
    return first, ~first


def proportional_counts(
    plan: Integers, buyers: Floats, cost: Floats, territory: Integers, members: Integers
) -> Integers:
    """Return members in proportion to buyers at what a plan costs, within the options' ends.

    Parameters
    ----------
    plan : ndarray, shape (territories,)
    buyers, cost : ndarray, shape (territories,)
        Cost of a member.
    territory, members : ndarray, shape (options,)

    Notes
    -----
    As many members per buyer everywhere as the plan's cost allows, rounded; what is left goes to the
    territories with the fewest members per buyer.
    """
    low, high = np.full(len(plan), np.iinfo(np.int64).max), np.zeros(len(plan), dtype=np.int64)
    np.minimum.at(low, territory, members)
    np.maximum.at(high, territory, members)
    room = float(cost @ plan) * (1 + 1e-12)

    def at(rate: float) -> Integers:
        return np.clip(np.floor(rate * buyers + 0.5).astype(np.int64), low, high)

    few, many = 0.0, float(((high + 1) / np.maximum(buyers, 1e-300)).max())
    for _ in range(100):
        middle = 0.5 * (few + many)
        few, many = (middle, many) if cost @ at(middle) <= room else (few, middle)
    counts = at(few)
    for t in np.argsort((counts + 0.5) / np.maximum(buyers, 1e-300), kind="stable"):
        if counts[t] < high[t] and cost @ counts + cost[t] <= room:
            counts[t] += 1
    return counts
