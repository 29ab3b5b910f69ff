"""Wholesale prices by best response, at reviews; posted prices and markups need no review (`pricing`).

A *price zone* k is the set of holdings that share one wholesale price w_k. Its owner's profit Π counts every
margin that the owner earns on noise-free mean demand, at any tier. The seller's condition is

    dΠ/dw_k = ∂Π/∂w_k + Σ_l ∂Π/∂p_l · dp_l/dw_k = 0 .

*Vertical Nash* (Choi 1991): the seller takes downstream margins as given, dp_l/dw_k = 1 on the shelves that it
supplies. *Leader* (Stackelberg; Spengler 1950): it foresees the prices at which all tiers below come
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
from channelsim.compiled import rule
from channelsim.mechanisms.demand import expect_linear_demand, expect_logit_demand, first_shelf_of
from channelsim.mechanisms.pricing import (
    ask,
    mark_up_wholesale,
    pass_on_costs,
    propose_best_response,
    propose_simple_price,
    settle_prices,
)
from channelsim.tables import State, Terms, World

STEP = 2e-5
"""Relative step of the central differences: truncation and rounding are both near 1e-9."""
TOLERANCE = 1e-11
"""Relative change of a price below which it is at rest."""


@rule
def expect_demand(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Write the mean demand at the prices of the state."""
    if logit:
        expect_logit_demand(world, terms, state)
    else:
        expect_linear_demand(world, terms, state)


@rule
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


@rule
def in_zone(holding: int, zone: int, world: World, terms: Terms) -> bool:
    """Return whether the goods of a holding are bought, at some tier, at the zone's price."""
    h = holding
    while h >= 0:
        if world.holdings_index[PRICE_ZONE, h] == zone:
            return True
        link = terms.holdings_index[SOURCE_LINK, h]
        h = world.links_index[SUPPLIER_HOLDING, link] if link >= 0 else -1
    return False


@rule
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


@rule
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


@rule
def ask_zone(zone: int, tier: int, price: float, world: World, state: State) -> None:
    """Write one price on every holding of a zone."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[PRICE_ZONE, h] == zone:
            ask(h, price, world, state)


@rule
def shift_shelves(zone: int, change: float, world: World, terms: Terms, state: State) -> None:
    """Add a change to the retail prices of the shelves that a zone supplies."""
    for h in range(first_shelf_of(state), state.holdings.shape[1]):
        if in_zone(h, zone, world, terms):
            state.holdings[PRICE, h] += change


@rule
def marginal_profit(zone: int, tier: int, price: float, logit: bool, world: World, terms: Terms, state: State) -> float:
    """Return dΠ/dw of the zone's owner at a price, units per week; the state keeps that price."""
    owner = world.members_index[OWNER, world.holdings_index[MEMBER, zone]]
    step, start = STEP * max(abs(price), 1e-6), state.holdings[PRICE, zone]
    if world.holdings_index[PRICE_RULE, zone] == PRICE_NASH:
        ask_zone(zone, tier, price + step, world, state)
        shift_shelves(zone, price + step - start, world, terms, state)
        above = owner_profit(owner, logit, world, terms, state)
        ask_zone(zone, tier, price - step, world, state)
        shift_shelves(zone, -2.0 * step, world, terms, state)
        below = owner_profit(owner, logit, world, terms, state)
        ask_zone(zone, tier, price, world, state)
        shift_shelves(zone, step, world, terms, state)
    else:
        ask_zone(zone, tier, price + step, world, state)
        bring_to_rest(tier + 1, logit, world, terms, state)
        above = owner_profit(owner, logit, world, terms, state)
        ask_zone(zone, tier, price - step, world, state)
        bring_to_rest(tier + 1, logit, world, terms, state)
        below = owner_profit(owner, logit, world, terms, state)
        ask_zone(zone, tier, price, world, state)
    return (above - below) / (2.0 * step)


@rule
def solve_zone(zone: int, tier: int, logit: bool, world: World, terms: Terms, state: State) -> float:
    """Move a zone's price to where its owner's marginal profit is zero; return the relative change."""
    start = state.holdings[PRICE, zone]
    low, slope_low = start, marginal_profit(zone, tier, start, logit, world, terms, state)
    high = start * (1.01 if slope_low > 0.0 else 0.99)
    slope_high = marginal_profit(zone, tier, high, logit, world, terms, state)
    for _ in range(60):
        gap = slope_high - slope_low
        step = -slope_high * (high - low) / gap if gap * (high - low) < 0.0 else slope_high
        limit = 0.2 * max(abs(high), 1e-6)
        low, slope_low = high, slope_high
        high = max(low + min(max(step, -limit), limit), 1e-9)
        if abs(high - low) <= TOLERANCE * abs(high):
            break
        slope_high = marginal_profit(zone, tier, high, logit, world, terms, state)
        if slope_high == slope_low:
            break
    if world.holdings_index[PRICE_RULE, zone] == PRICE_NASH:
        shift_shelves(zone, high - state.holdings[PRICE, zone], world, terms, state)
    ask_zone(zone, tier, high, world, state)
    state.holdings[UNSOLVED, zone] = 0.0 if abs(high - low) <= 1e-6 * abs(high) else 1.0
    return abs(high - start) / max(abs(start), 1e-300)


@rule
def bring_to_rest(tier: int, logit: bool, world: World, terms: Terms, state: State) -> float:
    """Bring a tier's best-response prices and all tiers below it to rest; return the last relative change."""
    if tier == world.tiers_index.shape[1] - 1:
        rest_retail(logit, world, terms, state)
        return 0.0
    first, end = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    moved = 0.0
    for _ in range(200):
        mark_up_wholesale(tier, world, state)
        pass_on_costs(world, terms, state)
        bring_to_rest(tier + 1, logit, world, terms, state)
        moved = 0.0
        for zone in range(first, end):
            if world.holdings_index[PRICE_ZONE, zone] == zone and terms.holdings[LISTED, zone] > 0.0:
                moved = max(moved, solve_zone(zone, tier, logit, world, terms, state))
        if moved <= 10.0 * TOLERANCE:
            break
    pass_on_costs(world, terms, state)
    bring_to_rest(tier + 1, logit, world, terms, state)
    return moved


@rule
def review_wholesale(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Settle the best-response wholesale prices in a week of review."""
    first = first_shelf_of(state)
    price, kept = state.holdings[PRICE][first:], state.holdings[KEPT_PRICE][first:]
    for i in range(price.size):
        kept[i] = price[i]
    bring_to_rest(0, logit, world, terms, state)
    for i in range(price.size):
        price[i] = kept[i]
    expect_demand(logit, world, terms, state)
