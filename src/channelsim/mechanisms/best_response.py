"""Best-response retail prices: each store's first-order condition over all its shelves, segments and zones.

The unit margin is m_l = (1 − s_l) p_l − c̃_l (`terms`; s_l the share of revenue that is passed on). Write
a_gl = e^V for the attraction of shelf l in segment g, D_gj = Σ_z N_zg K_zgj/Δ_zg and E_gj = Σ_z N_zg
(K_zgj/Δ_zg)² with Δ the logit denominator, so that q_l = Σ_g a_gl D_gj at the market's base size (its size
drops out of what follows). The optimum of store j over all its shelves satisfies

    m_l = Σ_g a_gl ((1 − s_l) D_gj + α_g E_gj M_g) / B_l ,   B_l = Σ_g a_gl α_g D_gj ,   M_g = Σ_l a_gl m_l ,

one linear solve (segments × segments) a store: (I − X) M = Y with X_gh = Σ_l a_gl a_hl α_h E_hj / B_l and
Y_g = Σ_l a_gl (1 − s_l) q_l / B_l; a shelf whose price is held enters Y with a_gl m_l and X not at all.
Linear demand q = a − B·p, K = diag(1 − s): (K B + B'K)Δp = K q − B'm over the store's free shelves. At a
decision the price moves the share λ of the way (logit: of Newton's way, see `find_newton_steps`).

A best response under a *minimum* or *maximum* resale price may not pass the bound: shelves at their bound
are held there and the others solved again. A shelf without logit demand keeps its price. Shares are last
week's, so stores react to the market that they saw; at rest the condition holds exactly.

Source: multiproduct logit Bertrand (Anderson, de Palma & Thisse 1992), economics §2. Limit: one
segment and one zone give the common markup 1/(α(1 − S_j)).
"""

from __future__ import annotations

from channelsim.codes import (
    PRICE_BEST_RESPONSE,
    PRICE_MAXIMUM,
    PRICE_MINIMUM,
)
from channelsim.columns import (
    END_HOLDING,
    END_SHELF,
    FIRST_HOLDING,
    FIRST_RESPONSE,
    FIRST_SHELF,
    INTERCEPT,
    KEPT_SHARE,
    LISTED,
    MARGINAL_COST,
    MEMBER_TERRITORY,
    NEXT_PRICE,
    PRICE,
    PRICE_ADJUSTMENT,
    PRICE_BOUND,
    PRICE_RULE,
    PRICE_SENSITIVITY,
    PRICE_SLOPE,
    STORE,
    TIER_BREADTH,
)
from channelsim.compiled import rule
from channelsim.linear import solve_in_place, solve_side_by_side
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.member_sums import add_products
from channelsim.mechanisms.terms import unit_margin
from channelsim.tables import BASE_DEMAND, State, Terms, World

NO_DEMAND = 1e-200
"""Buyers per week below which a shelf has no market to respond to."""
SATURATED = 1e-7
"""Share of a market left to others below which a store's response to price is lost in rounding."""


@rule
def responds(price_rule: int) -> bool:
    """Return whether a shelf's price solves a first-order condition."""
    return price_rule == PRICE_BEST_RESPONSE or price_rule == PRICE_MINIMUM or price_rule == PRICE_MAXIMUM


@rule
def bounded(price: float, price_rule: int, bound: float) -> float:
    """Return the price that a minimum or maximum resale price admits."""
    if price_rule == PRICE_MINIMUM:
        return max(price, bound)
    return min(price, bound) if price_rule == PRICE_MAXIMUM else price


@rule
def is_held(chosen: int, next_price: float, bound: float, second_pass: bool) -> bool:
    """Return whether the price of a shelf is given while its store optimises the others."""
    free = chosen == PRICE_BEST_RESPONSE or (responds(chosen) and not (second_pass and next_price == bound))
    return not free


@rule
def respond_in_logit(second_pass: bool, world: World, terms: Terms, state: State) -> None:
    """Write the optimal prices of all stores' free shelves into their next price, all stores side by side."""
    segments = state.attraction.shape[0]
    weigh_shelves(second_pass, world, terms, state)
    form_systems(segments, world, state)
    solve_side_by_side(state.price_system, segments)
    first, system = first_shelf_of(state), state.price_system
    price, cost = state.holdings[NEXT_PRICE][first:], state.holdings[MARGINAL_COST][first:]
    demand, kept = state.settled_choice[BASE_DEMAND], terms.holdings[KEPT_SHARE][first:]
    inverse, margin = state.shelf_weight[segments], state.shelf_weight[segments + 1]
    store = world.holdings_index[STORE][first:]
    for i in range(margin.size):
        margin[i] = -(1.0 - kept[i]) * demand[i]
    for g in range(segments):
        sensitivity, attraction = world.segments[PRICE_SENSITIVITY, g], state.attraction[g]
        reach, square = state.store_demand[g], state.store_square[g]
        value = system[(segments + 1) * g + segments]
        for j in range(value.size):
            value[j] = reach[j] + sensitivity * square[j] * value[j]
        for i in range(margin.size):
            margin[i] += attraction[i] * value[store[i]]
    for i in range(price.size):
        optimum = (margin[i] * inverse[i] + cost[i]) / kept[i]
        price[i] = optimum if inverse[i] > 0.0 else price[i]


@rule
def weigh_shelves(second_pass: bool, world: World, terms: Terms, state: State) -> None:
    """Write every shelf's B, 1/B if its price is free (else 0), a/B, and what it adds to Y over a."""
    first, segments = first_shelf_of(state), state.attraction.shape[0]
    price, cost = state.holdings[NEXT_PRICE][first:], state.holdings[MARGINAL_COST][first:]
    kept, demand = terms.holdings[KEPT_SHARE][first:], state.settled_choice[BASE_DEMAND]
    chosen, bound = world.holdings_index[PRICE_RULE][first:], world.holdings[PRICE_BOUND][first:]
    slope, store = state.holdings[PRICE_SLOPE][first:], world.holdings_index[STORE][first:]
    inverse, right = state.shelf_weight[segments], state.shelf_weight[segments + 1]
    for i in range(slope.size):
        slope[i] = 0.0
    for g in range(segments):
        sensitivity = world.segments[PRICE_SENSITIVITY, g]
        attraction, reach = state.attraction[g], state.store_demand[g]
        for i in range(slope.size):
            slope[i] += sensitivity * attraction[i] * reach[store[i]]
    for i in range(inverse.size):
        free = not is_held(chosen[i], price[i], bound[i], second_pass)
        inverse[i] = 1.0 / max(slope[i], NO_DEMAND) if free and slope[i] > NO_DEMAND else 0.0
    for i in range(right.size):
        held = is_held(chosen[i], price[i], bound[i], second_pass)
        margin = unit_margin(price[i], kept[i], cost[i])
        right[i] = margin if held else kept[i] * demand[i] * inverse[i]
    for g in range(segments):
        attraction, weight = state.attraction[g], state.shelf_weight[g]
        for i in range(weight.size):
            weight[i] = attraction[i] * inverse[i]


@rule
def form_systems(n: int, world: World, state: State) -> None:
    """Write [I − X | Y] of every store, of n segments."""
    first, system = first_shelf_of(state), state.price_system
    first_member = world.members_index.shape[1] - state.store_demand.shape[1]
    start = world.members_index[FIRST_HOLDING][first_member:]
    end = world.members_index[END_HOLDING][first_member:]
    breadth = world.tiers_index[TIER_BREADTH, world.tiers_index.shape[1] - 1]
    for g in range(n):
        attraction, weight, right = state.attraction[g], state.shelf_weight[g], state.shelf_weight[n + 1]
        add_products(breadth, start, end, first, attraction, right, system[(n + 1) * g + n])
        for k in range(g + 1):  # symmetric as yet
            entry = system[(n + 1) * g + k]
            add_products(breadth, start, end, first, weight, state.attraction[k], entry)
    for g in range(n):
        sensitivity, square = world.segments[PRICE_SENSITIVITY, g], state.store_square[g]
        for k in range(g):
            entry, mirrored = system[(n + 1) * g + k], system[(n + 1) * k + g]
            other, of_other = world.segments[PRICE_SENSITIVITY, k], state.store_square[k]
            for j in range(entry.size):
                mirrored[j] = -entry[j] * sensitivity * square[j]
            for j in range(entry.size):
                entry[j] *= -other * of_other[j]
        diagonal = system[(n + 1) * g + g]
        for j in range(diagonal.size):
            diagonal[j] = 1.0 - diagonal[j] * sensitivity * square[j]


@rule
def respond_in_linear(second_pass: bool, world: World, terms: Terms, state: State) -> None:
    """Write the optimal prices of all stores' free shelves under linear demand into their next price."""
    first, system = first_shelf_of(state), state.workspace
    first_member = world.members_index.shape[1] - state.store_demand.shape[1]
    for m in range(first_member, world.members_index.shape[1]):
        a, b = world.members_index[FIRST_HOLDING, m], world.members_index[END_HOLDING, m]
        t = world.members_index[MEMBER_TERRITORY, m]
        start = first + world.territories_index[FIRST_SHELF, t]
        n = first + world.territories_index[END_SHELF, t] - start
        position = world.territories_index[FIRST_RESPONSE, t]
        for r in range(b - a):
            h = a + r
            next_price, bound = state.holdings[NEXT_PRICE, h], world.holdings[PRICE_BOUND, h]
            fixed = is_held(world.holdings_index[PRICE_RULE, h], next_price, bound, second_pass)
            fixed = fixed or terms.holdings[LISTED, h] == 0.0
            # a − B·p, below zero too: a store that has priced itself out of the market finds its way back
            right = next_price - state.holdings[PRICE, h] if fixed else terms.holdings[INTERCEPT, h]
            for k in range(n):
                slope = terms.slopes[position + (h - start) * n + k]
                right -= 0.0 if fixed else slope * state.holdings[PRICE, start + k]
            kept = terms.holdings[KEPT_SHARE, h]
            right *= 1.0 if fixed else kept
            for k in range(b - a):
                own = terms.slopes[position + (h - start) * n + (a + k - start)]
                crossed = terms.slopes[position + (a + k - start) * n + (h - start)]
                if fixed:
                    system[r, k] = 1.0 if r == k else 0.0
                else:
                    of_other, cost = terms.holdings[KEPT_SHARE, a + k], state.holdings[MARGINAL_COST, a + k]
                    system[r, k] = kept * own + of_other * crossed
                    right -= crossed * unit_margin(state.holdings[PRICE, a + k], of_other, cost)
            system[r, b - a] = right
        solve_in_place(system, b - a)
        for r in range(b - a):
            state.holdings[NEXT_PRICE, a + r] = state.holdings[PRICE, a + r] + system[r, b - a]


@rule
def keep_bounds(world: World, state: State) -> bool:
    """Bring next prices within minimum and maximum resale prices; return whether any passed its bound."""
    met = False
    for h in range(first_shelf_of(state), state.holdings.shape[1]):
        chosen = world.holdings_index[PRICE_RULE, h]
        if chosen == PRICE_MINIMUM or chosen == PRICE_MAXIMUM:
            wish = state.holdings[NEXT_PRICE, h]
            state.holdings[NEXT_PRICE, h] = bounded(wish, chosen, world.holdings[PRICE_BOUND, h])
            met = met or state.holdings[NEXT_PRICE, h] != wish
    return met


@rule
def respond(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Write every store's best-response prices into the next prices.

    Where a solution passes a resale price bound, the stores are solved again with those shelves at the bound.
    """
    for second_pass in range(2):
        if logit:
            respond_in_logit(second_pass == 1, world, terms, state)
        else:
            respond_in_linear(second_pass == 1, world, terms, state)
        if not keep_bounds(world, state):
            break


@rule
def propose_best_response(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Propose the share λ of the way to every store's best-response prices."""
    first = first_shelf_of(state)
    respond(logit, world, terms, state)
    find_newton_steps(logit, world, state)
    step = state.price_system[0]
    price, proposed = state.holdings[PRICE][first:], state.holdings[NEXT_PRICE][first:]
    chosen, speed = world.holdings_index[PRICE_RULE][first:], world.holdings[PRICE_ADJUSTMENT][first:]
    bound, store = world.holdings[PRICE_BOUND][first:], world.holdings_index[STORE][first:]
    rise = 1.0 / world.segments[PRICE_SENSITIVITY, 0]
    for i in range(price.size):
        part = step[store[i]]
        way = part * (proposed[i] - price[i]) if part > SATURATED else rise
        moved = bounded(price[i] + speed[i] * way, chosen[i], bound[i])
        proposed[i] = moved if responds(chosen[i]) else proposed[i]


@rule
def find_newton_steps(logit: bool, world: World, state: State) -> None:
    """Write 1 − S_j of every store, the part of the way to the map's value that Newton's method goes.

    The fixed-point map's own slope is −S/(1 − S) with S the store's share weighted by price response, so
    that undamped iteration would diverge for a store with more than half of its market. Where 1 − S is lost
    in rounding, nobody would leave: the store raises its prices by 1/α until somebody does.
    """
    squared, linear = state.price_system[0], state.price_system[1]
    for j in range(squared.size):
        squared[j] = 0.0 if logit else 1.0
        linear[j] = 0.0
    if not logit:
        return
    for g in range(state.attraction.shape[0]):
        sensitivity, attraction = world.segments[PRICE_SENSITIVITY, g], state.store_attraction[g]
        reach, square = state.store_demand[g], state.store_square[g]
        for j in range(squared.size):
            squared[j] += sensitivity * attraction[j] * attraction[j] * square[j]
        for j in range(linear.size):
            linear[j] += sensitivity * attraction[j] * reach[j]
    for j in range(squared.size):
        squared[j] = 1.0 - squared[j] / max(linear[j], NO_DEMAND)
