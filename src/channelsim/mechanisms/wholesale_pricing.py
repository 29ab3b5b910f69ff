"""Wholesale prices by best response, at reviews; posted prices and markups need no review (`pricing`).

A *price zone* k is the set of holdings that share one wholesale price w_k. Its owner's profit Π counts every
margin that the owner earns on noise-free mean demand, at any tier. The seller's condition is

    dΠ/dw_k = ∂Π/∂w_k + Σ_l ∂Π/∂p_l · dp_l/dw_k = 0 .

*Vertical Nash* (Choi 1991): the seller takes downstream margins as given, dp_l/dw_k = 1 on the shelves
that it supplies. *Leader* (Stackelberg; Spengler 1950): it foresees the prices at which all tiers below come
to rest. Both hold rivals' prices, so a tier's sellers are in Nash equilibrium among themselves. The
derivative is a central difference; a damped secant method solves each zone's condition, zone after zone until
none moves, each time with the tiers below at rest. A condition that is not met is reported in
the column `unsolved`. Retail prices are put back: stores follow by their own rule.

A review is costly and rare: it is an entry point of its own, called between the steps of the week and
compiled only when a scenario has it.

Whoever leads is the one whose lever the optimiser moves; every other power structure is a choice of
these rules. Limit: one seller, one store, linear demand: ¾ of the integrated channel's profit.
"""

from __future__ import annotations

from collections.abc import Callable

from channelsim.codes import PRICE_NASH
from channelsim.columns import (
    FLOW,
    HANDLING_COST,
    KEPT_PRICE,
    LISTED,
    MEAN_DEMAND,
    MEMBER,
    NEXT_PRICE,
    OWNER,
    PRICE,
    PRICE_RULE,
    PRICE_ZONE,
    SOURCE_LINK,
    SUPPLIER_HOLDING,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    UNSOLVED,
    WHOLESALE_PRICE,
)
from channelsim.compiled import subroutine
from channelsim.mechanisms.best_response import propose_best_response
from channelsim.mechanisms.demand import expect_linear_demand, expect_logit_demand, first_shelf_of
from channelsim.mechanisms.pricing import (
    ask,
    mark_up_wholesale,
    pass_on_costs,
    propose_simple_price,
    settle_prices,
)
from channelsim.tables import State, Terms, World

STEP, TOLERANCE = 2e-5, 1e-11
"""Relative step of the central differences, at which truncation and rounding are both near 1e-9; relative
change of a price below which it is at rest."""
UPPER_STEP, UPPER_TOLERANCE = 3e-4, 1e-9
"""The same for a tier above another that responds, whose own prices are exact to about 1e-10 only."""

Rest = Callable[[int, bool, World, Terms, State], None]
"""Brings to rest all tiers from a given one on."""


@subroutine
def expect_demand(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Write the mean demand at the prices of the state."""
    if logit:
        expect_logit_demand(world, terms, state)
    else:
        expect_linear_demand(world, terms, state)


@subroutine
def run_flows(world: World, terms: Terms, state: State) -> None:
    """Write the mean demand that runs through every holding, from the shelves upward."""
    flow, mean, source = state.holdings[FLOW], state.holdings[MEAN_DEMAND], terms.holdings_index[SOURCE_LINK]
    first = first_shelf_of(state)
    for h in range(first):
        flow[h] = 0.0
    for h in range(first, flow.size):
        flow[h] = mean[h]
    for back in range(flow.size):
        h = flow.size - 1 - back
        if source[h] >= 0:
            flow[world.links_index[SUPPLIER_HOLDING, source[h]]] += flow[h]


@subroutine
def in_zone(holding: int, zone: int, world: World, terms: Terms) -> bool:
    """Return whether the goods of a holding are bought, at some tier, at the zone's price."""
    h = holding
    while h >= 0:
        if world.holdings_index[PRICE_ZONE, h] == zone:
            return True
        link = terms.holdings_index[SOURCE_LINK, h]
        h = world.links_index[SUPPLIER_HOLDING, link] if link >= 0 else -1
    return False


@subroutine
def owner_profit(owner: int, logit: bool, world: World, terms: Terms, state: State) -> float:
    """Return the owner's weekly margin over all its holdings at the prices of the state."""
    expect_demand(logit, world, terms, state)
    run_flows(world, terms, state)
    of_member, member = world.members_index[OWNER], world.holdings_index[MEMBER]
    first, margin = first_shelf_of(state), 0.0
    for h in range(state.holdings.shape[1]):
        flow, link = state.holdings[FLOW, h], terms.holdings_index[SOURCE_LINK, h]
        cost = state.holdings[UNIT_COST, h] if link < 0 else state.links[WHOLESALE_PRICE, link]
        if of_member[member[h]] == owner:
            margin -= (cost + world.holdings[HANDLING_COST, h]) * flow
            margin += state.holdings[PRICE, h] * flow if h >= first else 0.0
        if link >= 0 and of_member[member[world.links_index[SUPPLIER_HOLDING, link]]] == owner:
            margin += cost * flow
    return margin


@subroutine
def rest_retail(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Let the stores' prices come to rest at the wholesale prices of the state."""
    first = first_shelf_of(state)
    pass_on_costs(world, terms, state)
    for _ in range(500):
        expect_demand(logit, world, terms, state)
        propose_simple_price(world, state)
        propose_best_response(logit, world, terms, state)
        moved = 0.0
        for h in range(first, state.holdings.shape[1]):
            price = state.holdings[PRICE, h]
            change = (state.holdings[NEXT_PRICE, h] - price) * terms.holdings[LISTED, h]
            moved = max(moved, abs(change) / (1e-300 + abs(price)))
        settle_prices(state)
        if moved < 0.01 * TOLERANCE:
            break
    expect_demand(logit, world, terms, state)


@subroutine
def ask_zone(zone: int, tier: int, price: float, world: World, state: State) -> None:
    """Write one price on every holding of a zone."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[PRICE_ZONE, h] == zone:
            ask(h, price, world, state)


@subroutine
def shift_shelves(zone: int, change: float, world: World, terms: Terms, state: State) -> None:
    """Add a change to the retail prices of the shelves that a zone supplies."""
    for h in range(first_shelf_of(state), state.holdings.shape[1]):
        if in_zone(h, zone, world, terms):
            state.holdings[PRICE, h] += change


def tier_solver(rest_below: Rest, step_size: float, tolerance: float) -> Rest:
    """Return the rule that brings a tier's best-response prices to rest above ``rest_below``.

    Two tiers of sellers are two such rules, one upon the other, because numba caches neither a function
    that calls itself nor one that is handed a function.
    """

    @subroutine
    def marginal_profit(
        zone: int, tier: int, price: float, logit: bool, world: World, terms: Terms, state: State
    ) -> float:
        """Return dΠ/dw of the zone's owner at a price, units per week; the state keeps that price."""
        owner = world.members_index[OWNER, world.holdings_index[MEMBER, zone]]
        nash = world.holdings_index[PRICE_RULE, zone] == PRICE_NASH
        step, profits = step_size * max(abs(price), 1e-6), 0.0
        for side in range(2):
            sign = 1.0 - 2.0 * side
            tried = price + sign * step
            if nash:
                shift_shelves(zone, tried - state.holdings[PRICE, zone], world, terms, state)
            ask_zone(zone, tier, tried, world, state)
            if not nash:
                rest_below(tier + 1, logit, world, terms, state)
            profits += sign * owner_profit(owner, logit, world, terms, state)
        if nash:
            shift_shelves(zone, price - state.holdings[PRICE, zone], world, terms, state)
        ask_zone(zone, tier, price, world, state)
        return profits / (2.0 * step)

    @subroutine
    def solve_zone(zone: int, tier: int, logit: bool, world: World, terms: Terms, state: State) -> float:
        """Move a zone's price to where its owner's marginal profit is zero; return the relative change."""
        start = state.holdings[PRICE, zone]
        low, high = start, start
        slope_low, slope_high = 0.0, 0.0
        for trial in range(62):
            slope = marginal_profit(zone, tier, high, logit, world, terms, state)
            if trial == 0:
                slope_low = slope
                high = start * (1.01 if slope > 0.0 else 0.99)
                continue
            slope_high = slope
            gap = slope_high - slope_low
            if gap == 0.0:
                break
            step = -slope_high * (high - low) / gap if gap * (high - low) < 0.0 else slope_high
            limit = 0.2 * max(abs(high), 1e-6)
            low, slope_low = high, slope_high
            high = max(low + min(max(step, -limit), limit), 1e-9)
            if abs(high - low) <= tolerance * abs(high):
                break
        if world.holdings_index[PRICE_RULE, zone] == PRICE_NASH:
            shift_shelves(zone, high - state.holdings[PRICE, zone], world, terms, state)
        ask_zone(zone, tier, high, world, state)
        state.holdings[UNSOLVED, zone] = 0.0 if abs(high - low) <= 1e-6 * abs(high) else 1.0
        return abs(high - start) / max(abs(start), 1e-300)

    @subroutine
    def solve_tier(tier: int, logit: bool, world: World, terms: Terms, state: State) -> None:
        """Bring a tier's best-response prices to rest, each time with the tiers below at rest."""
        for _ in range(200):
            for t in range(tier + 1):
                mark_up_wholesale(t, world, state)
                pass_on_costs(world, terms, state)
            rest_below(tier + 1, logit, world, terms, state)
            moved = 0.0
            for zone in range(
                world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
            ):
                if world.holdings_index[PRICE_ZONE, zone] == zone:
                    change = solve_zone(zone, tier, logit, world, terms, state)
                    moved = max(moved, change)
            if moved <= 10.0 * tolerance:
                break
        pass_on_costs(world, terms, state)
        rest_below(tier + 1, logit, world, terms, state)

    return solve_tier


@subroutine
def responding_tier(tier: int, world: World) -> int:
    """Return the first tier from ``tier`` on that prices by best response, -1 if none does."""
    for t in range(tier, world.tiers_index.shape[1] - 1):
        for h in range(world.tiers_index[TIER_FIRST_HOLDING, t], world.tiers_index[TIER_END_HOLDING, t]):
            if world.holdings_index[PRICE_ZONE, h] >= 0:
                return t
    return -1


@subroutine
def rest_stores(tier: int, logit: bool, world: World, terms: Terms, state: State) -> None:
    """Bring to rest all tiers from ``tier`` on, of which none but the stores responds."""
    for t in range(tier, world.tiers_index.shape[1] - 1):
        pass_on_costs(world, terms, state)
        mark_up_wholesale(t, world, state)
    rest_retail(logit, world, terms, state)


solve_lower_tier = tier_solver(rest_stores, STEP, TOLERANCE)


@subroutine
def rest_one_tier(tier: int, logit: bool, world: World, terms: Terms, state: State) -> None:
    """Bring to rest all tiers from ``tier`` on, of which at most one responds besides the stores."""
    found = responding_tier(tier, world)
    if found < 0:
        rest_stores(tier, logit, world, terms, state)
    else:
        solve_lower_tier(found, logit, world, terms, state)


solve_upper_tier = tier_solver(rest_one_tier, UPPER_STEP, UPPER_TOLERANCE)


@subroutine
def rest_two_tiers(tier: int, logit: bool, world: World, terms: Terms, state: State) -> None:
    """Bring to rest all tiers from ``tier`` on, of which at most two respond besides the stores."""
    found = responding_tier(tier, world)
    if found < 0:
        rest_stores(tier, logit, world, terms, state)
    else:
        solve_upper_tier(found, logit, world, terms, state)


@subroutine
def review_wholesale(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Settle the best-response wholesale prices in a week of review."""
    first = first_shelf_of(state)
    price, kept = state.holdings[PRICE][first:], state.holdings[KEPT_PRICE][first:]
    for i in range(price.size):
        kept[i] = price[i]
    rest_two_tiers(0, logit, world, terms, state)
    for i in range(price.size):
        price[i] = kept[i]
    expect_demand(logit, world, terms, state)
