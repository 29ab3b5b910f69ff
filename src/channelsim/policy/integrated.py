"""The integrated owner's hand: prices, service, stock and density of the focal brands, dictated.

Under a policy every shelf of a focal brand has a mean price p̄_l and a mean effort ē_l. An owner of all tiers
can dictate instead

    transfers the cost of production as price between its tiers, or the prices as now;
    price     p_l = P + ρ·(p̄_l − mean p̄), one level P a group of stores, ρ = 1 (spread as now) or 0 (uniform);
    service   e_l = g·ē_l , one factor g a group;
    stock     the safety factor z of order-up-to and newsvendor orders, one a group of any tier;
    coverage  the number of stores of a group: a factor on that of the policy, in every territory.

A uniform price is what one owner of equal-cost shelves asks under logit demand (equal margins); differences
as now are kept where that is better. What is not dictated follows the scenario's own rules: stores' prices
and service for rivals' brands, rivals, forecasts, and stock wherever it is not dictated. Within one owner
transfers only move money; but members who are left alone in something decide by them, and the accounts value
stock at them. Where a rule sets them, "as now" is their mean.

Limit: every factor at 1, P at the mean and transfers as now hold prices and efforts at their means.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim import columns as c
from channelsim.codes import ORDER_NEWSVENDOR, ORDER_UP_TO, PRICE_SUGGESTED, SAFETY_GIVEN
from channelsim.decisions import SELECTORS, Density, Policy, TermsChange
from channelsim.densities import member_counts, own_counts, scaled
from channelsim.policy.territory_accounts import RowSums, row_sums
from channelsim.state_layout import state_views
from channelsim.tables import Terms
from channelsim.world import Channel, build

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WEDGES = ("transfers", "price", "service", "stock", "coverage")
NOT_TRANSFERS = ("minimum_order", "case_size", "credit_weeks", "training", "lead_time", "order_delay")
"""Terms of a contract that stay where transfers are at cost."""
LEAST_SCALE = 0.25
SAFETY = (-1.0, 6.0)
RULES_OF_SUPPLIERS = ("markup", "vertical_nash", "leader", "negotiated")
LARGEST_PRICE = 2.0
LARGEST_EFFORT = 4.0


class Handle(NamedTuple):
    """One number that an integrated owner decides."""

    wedge: str
    group: str
    low: float
    high: float
    now: float
    """Where it is under the policy; NaN: the members' own rule."""

    @property
    def label(self) -> str:
        """What it is, in words."""
        if self.wedge == "transfers":
            return "transfers at cost"
        name = {
            "price": "mean price",
            "service": "service × now",
            "stock": "safety factor",
            "coverage": "density × now",
        }[self.wedge]
        return f"{name} ({self.group})" if self.group else f"{name}s spread as now"


Decisions = dict[Handle, float]


class Owner:
    """What an owner of all tiers of a channel could dictate, starting from a policy.

    Parameters
    ----------
    channel : Channel
    policy : Policy
    firm : str
        Whose brands are focal.
    replications, seed : int
        Of the runs that say what prices and efforts are under the policy.

    Attributes
    ----------
    groups : tuple of str
        Member groups that carry a focal brand: their profit counts.
    handles : tuple of Handle
    """

    def __init__(self, channel: Channel, policy: Policy, firm: str, replications: int, seed: int):
        scenario = channel.scenario
        brands = [i for i, b in enumerate(scenario.brands) if (b.owner or b.name) == firm]
        carries = {g.name: bool(set(channel.members.brands[g.name]) & set(brands)) for g in scenario.members}
        self.groups = tuple(name for name, carried in carries.items() if carried)
        self.firm, self.policy = firm, policy
        self._look_at(channel, policy, brands, replications, seed)
        self.handles = self._handles()

    def _look_at(
        self, channel: Channel, policy: Policy, brands: list[int], replications: int, seed: int
    ) -> None:
        """Note prices, efforts and transfer prices under the policy."""
        active, terms = channel.under(policy)
        names = ("price", "service", "sales"), ("invoice", "shipped")
        sums = row_sums(active, terms, policy, 0, replications, seed, *names)
        weeks = (channel.scenario.weeks - channel.scenario.warm_up_weeks) * replications
        price, service = (np.sum([s.holdings[n] for s in sums], axis=0) / weeks for n in ("price", "service"))
        self.channel = _with_posted_transfers(channel, active, sums, self.groups)
        self.at_cost = with_transfers_at_cost(channel, self.firm, self.groups)
        world = self.channel.world
        shelf = np.arange(self.channel.sizes.holdings) >= self.channel.first_shelf
        self._focal = np.isin(world.holdings_index[c.BRAND], brands)
        self._group = self.channel.members.group[world.holdings_index[c.MEMBER]]
        self._shelf = shelf & self._focal
        self._price = self._by_row(price, active.built_holding)
        self._service = self._by_row(service, active.built_holding)
        groups = self.channel.scenario.members
        self._stores = [g for g, m in enumerate(groups) if m.sells_to_consumers and m.name in self.groups]
        self._counts = {g: member_counts(groups[g], self.channel, policy) for g in self._stores}

    def _by_row(self, values: Floats, built: Integers) -> Floats:
        """Return values of focal shelves on the rows as built; those idle under the policy: group means."""
        out = np.full(self.channel.sizes.holdings, np.nan)
        out[built] = values
        for g in np.unique(self._group[self._shelf]):
            rows = np.flatnonzero(self._shelf & (self._group == g))
            known = rows[~np.isnan(out[rows])]
            out[rows[np.isnan(out[rows])]] = out[known].mean() if len(known) else np.nan
        return out

    def _handles(self) -> tuple[Handle, ...]:
        found, scenario, world = (
            [Handle("transfers", "", 0.0, 1.0, 0.0)],
            self.channel.scenario,
            self.channel.world,
        )
        names = [g.name for g in scenario.members]
        of_shelf = [g for g in self._stores if np.isfinite(self._price[self._rows(g)]).any()]
        least = min(b.production_cost for b in scenario.brands if (b.owner or b.name) == self.firm)
        if scenario.demand.system != "given":  # given demand does not feel prices
            for g in of_shelf:
                mean = float(self._price[self._rows(g)].mean())
                found.append(Handle("price", names[g], min(least, mean), LARGEST_PRICE * mean, mean))
            if any(
                np.ptp(self._price[self._rows(g)]) > 1e-9 * self._price[self._rows(g)].mean()
                for g in of_shelf
            ):
                found.append(Handle("price", "", 0.0, 1.0, 1.0))
        if scenario.demand.system == "logit" and any(s.service_weight > 0 for s in scenario.segments):
            found += [
                Handle("service", names[g], 0.0, LARGEST_EFFORT, 1.0)
                for g in of_shelf
                if self._service[self._rows(g)].mean() > 0
            ]
        if scenario.demand.noise != "none" or scenario.demand.shock_deviation > 0:
            rule, safe = world.holdings_index[c.ORDER_RULE], (ORDER_UP_TO, ORDER_NEWSVENDOR)
            held = (
                self._focal
                & np.isin(rule, safe)
                & (np.arange(len(rule)) >= self.channel.holdings_of_tier(0).stop)
            )
            found += [Handle("stock", names[g], *SAFETY, np.nan) for g in np.unique(self._group[held])]
        for g in self._stores:
            most = self.channel.members.built_counts[names[g]]
            counts = self._counts[g]
            room = float(np.max(np.divide(most, counts, out=np.ones(len(counts)), where=counts > 0)))
            if counts.max() > 1 or room > 1:
                found.append(Handle("coverage", names[g], LEAST_SCALE, max(room, 1.0), 1.0))
        return tuple(found)

    def _rows(self, group: int) -> Integers:
        return np.flatnonzero(self._shelf & (self._group == group))

    def under(self, decisions: Decisions) -> tuple[Channel, Terms]:
        """Return channel and terms in which the owner dictates; what it leaves out stays as under the policy.

        Prices and efforts of focal shelves are held in any case: without a decision at their means.
        """
        names = [g.name for g in self.channel.scenario.members]
        chosen = {(h.wedge, h.group): value for h, value in decisions.items()}
        at_cost = bool(chosen.get(("transfers", ""), 0.0))
        channel = self.at_cost if at_cost else self.channel
        holdings, index = channel.world.holdings.copy(), channel.world.holdings_index.copy()
        spread, effort = chosen.get(("price", ""), 1.0), np.zeros(channel.sizes.holdings)
        prices = channel.scenario.demand.system != "given"
        for g in self._stores:
            rows = self._rows(g)
            mean = self._price[rows].mean()
            level = chosen.get(("price", names[g]), mean)
            if prices and np.isfinite(mean):
                index[c.PRICE_RULE, rows] = PRICE_SUGGESTED
                holdings[c.PRICE_BOUND, rows] = np.maximum(level + spread * (self._price[rows] - mean), 0.0)
            holdings[c.PRICE_ADJUSTMENT, rows] = 0.0  # service stays where it opens
            effort[rows] = chosen.get(("service", names[g]), 1.0) * np.nan_to_num(self._service[rows])
        safety = np.full(channel.sizes.holdings, np.nan)
        for g, name in enumerate(names):
            if ("stock", name) in chosen:
                rows = np.flatnonzero(self._focal & (self._group == g))
                index[c.SAFETY_RULE, rows] = SAFETY_GIVEN
                safety[rows] = chosen["stock", name]
        edited = replace(channel, world=channel.world._replace(holdings=holdings, holdings_index=index))
        kept, terms = edited.under(self._policy(chosen, self.policy_at_cost if at_cost else self.policy))
        state, rows = state_views(terms.base, kept.sizes), kept.built_holding
        for column in (c.SERVICE, c.NEXT_SERVICE):
            state.holdings[column, self._shelf[rows]] = effort[rows[self._shelf[rows]]]
        given = ~np.isnan(safety[rows])
        state.holdings[c.SAFETY_FACTOR, given] = safety[rows[given]]
        return kept, terms

    @property
    def policy_at_cost(self) -> Policy:
        """The policy without what it changes in the owner's own transfers, which are at cost."""
        groups, brands = self.at_cost.scenario.members, self.at_cost.members.brands
        terms = []
        for change in self.policy.terms:
            data = change.model_dump(exclude_none=True)
            if change.supplier in self.groups:
                data = {k: v for k, v in data.items() if k in (*SELECTORS, *NOT_TRANSFERS)}
            if set(data) - set(SELECTORS):
                terms.append(TermsChange(**data))
        selling = {k.supplier for k in self.at_cost.scenario.contracts} & set(self.groups)
        for group in groups:
            for b in brands[group.name] if group.name in selling else ():
                brand = self.at_cost.scenario.brands[b]
                if (brand.owner or brand.name) == self.firm:
                    cost = brand.production_cost
                    terms.append(TermsChange(supplier=group.name, brand=brand.name, wholesale_price=cost))
        return self.policy.model_copy(update={"terms": terms})

    def _policy(self, chosen: dict[tuple[str, str], float], policy: Policy) -> Policy:
        density, territories = dict(policy.density), self.channel.territories.names
        for g in self._stores:
            group = self.channel.scenario.members[g]
            factor = chosen.get(("coverage", group.name), 1.0)
            if factor == 1.0:
                continue
            most = self.channel.members.built_counts[group.name]
            counts = np.minimum(scaled(self._counts[g], factor, self.channel), most)
            changed = np.flatnonzero(counts != self._counts[g])
            own = own_counts(group, self.channel)
            if len(changed) and group.count is None:
                density[group.name] = Density(
                    per_territory={territories[t]: counts[t] for t in range(len(counts))}
                )
            elif len(changed):
                density[group.name] = Density(scale={territories[t]: counts[t] / own[t] for t in changed})
        return policy.model_copy(update={"density": density, "name": "integrated"})


def _with_posted_transfers(
    channel: Channel, active: Channel, sums: list[RowSums], groups: tuple[str, ...]
) -> Channel:
    """Return the channel with the groups' supply prices posted at their means, where a rule sets them."""
    scenario = channel.scenario
    suppliers = [g for g in scenario.members if not g.sells_to_consumers]
    by_rule = [g.name for g in suppliers if g.name in groups and g.pricing.rule in RULES_OF_SUPPLIERS]
    if not by_rule:
        return channel
    invoice, shipped = (np.sum([s.links[n] for s in sums], axis=0) for n in ("invoice", "shipped"))
    brand = active.world.holdings_index[c.BRAND, active.links.supplier_holding]
    contracts = []
    for k, contract in enumerate(scenario.contracts):
        data = contract.model_dump(exclude_defaults=True, exclude_none=True)
        rows = np.flatnonzero((active.links.contract == k) & (shipped > 0))
        if contract.supplier not in by_rule or not len(rows):
            contracts.append(data)
            continue
        for b in np.unique(brand[rows]):
            of_brand = rows[brand[rows] == b]
            mean = float(invoice[of_brand].sum() / shipped[of_brand].sum())
            contracts.append(data | {"brand": scenario.brands[int(b)].name, "wholesale_price": mean})
    changes: dict[str, Any] = {f"members.{name}.pricing.rule": "posted" for name in by_rule}
    if not any(g.pricing.rule == "negotiated" and g.name not in by_rule for g in suppliers):
        changes["bargaining"] = {}
    posted = scenario.replace(contracts=contracts, **changes)
    return build(posted)


def with_transfers_at_cost(channel: Channel, firm: str, groups: tuple[str, ...]) -> Channel:
    """Return the channel in which the firm's brands pass between its tiers at the cost of production."""
    scenario = channel.scenario
    costs = {b.name: b.production_cost for b in scenario.brands if (b.owner or b.name) == firm}
    suppliers = [g for g in scenario.members if g.name in groups and not g.sells_to_consumers]
    names = {g.name for g in suppliers}
    contracts = [k.model_dump(exclude_defaults=True, exclude_none=True) for k in scenario.contracts]
    kept = [k for k in contracts if not (k["supplier"] in names and k.get("brand") in costs)]
    brands = {
        g.name: {scenario.brands[b].name for b in channel.members.brands[g.name]} for g in scenario.members
    }
    for data in contracts:
        for brand in costs:
            both = brand in brands[data["supplier"]] and brand in brands[data["buyer"]]
            if data["supplier"] in names and both and data.get("brand", "") in ("", brand):
                own = {k: v for k, v in data.items() if k in (*SELECTORS, *NOT_TRANSFERS)}
                kept.append(own | {"brand": brand, "wholesale_price": costs[brand]})
    unique = {(k["supplier"], k["buyer"], k.get("brand", "")): k for k in kept}
    alone = {  # contracts for all brands, where each has one of its own by now
        pair: {brand for s, b, brand in unique if (s, b) == pair and brand}
        for pair in {k[:2] for k in unique}
    }
    left = [k for (s, b, brand), k in unique.items() if brand or not (brands[s] & brands[b]) <= alone[s, b]]
    by_rule = [g.name for g in suppliers if g.pricing.rule in RULES_OF_SUPPLIERS]
    changes: dict[str, Any] = {f"members.{name}.pricing.rule": "posted" for name in by_rule}
    if by_rule and not any(g.pricing.rule == "negotiated" and g.name not in names for g in scenario.members):
        changes["bargaining"] = {}
    return build(scenario.replace(contracts=left, **changes))
