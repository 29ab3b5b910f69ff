"""Retail prices: each store's first-order condition over all its shelves, segments and zones.

The unit margin is m_l = (1 − s_l) p_l − c̃_l (`terms`; s_l the share of revenue that is passed on). Write
a_gl = e^V for the attraction of shelf l in segment g, D_gj = Σ_z N_zg K_zgj/Δ_zg and E_gj = Σ_z N_zg
(K_zgj/Δ_zg)² with Δ the logit denominator, so that q_l = Σ_g a_gl D_gj at the market's base size (its size
drops out of what follows). The optimum of store j over all its shelves satisfies

    m_l = Σ_g a_gl ((1 − s_l) D_gj + α_g E_gj M_g) / B_l ,   B_l = Σ_g a_gl α_g D_gj ,   M_g = Σ_l a_gl m_l ,

one linear solve (segments × segments) a store: (I − X) M = Y with X_gh = Σ_l a_gl a_hl α_h E_hj / B_l and
Y_g = Σ_l a_gl (1 − s_l) q_l / B_l; a shelf whose price is held enters Y with a_gl m_l and X not at all.
Linear demand q = a − B·p, K = diag(1 − s): (K B + B'K)Δp = K q − B'm over the store's free shelves. At a
decision the price moves the share λ of the way (logit: of Newton's way, see `newton_step`).

Upper tiers that mark up ask k·c on all their links, tier by tier downward.

Rules: *fixed*; *markup* k·w; *margin* w + m in money; *suggested* price; *best response*; *minimum* and
*maximum* resale price, a best response that may not pass the bound: shelves at their bound are held there
and the others solved again. A shelf without logit demand keeps its price. Shares are last week's, so stores
react to the market that they saw; at rest the condition holds exactly.

Source: multiproduct logit Bertrand (Anderson, de Palma & Thisse 1992), economics §2. Limit: one
segment and one zone give the common markup 1/(α(1 − S_j)).
"""

from __future__ import annotations

from channelsim.codes import (
    PRICE_BEST_RESPONSE,
    PRICE_MARGIN,
    PRICE_MARKUP,
    PRICE_MAXIMUM,
    PRICE_MINIMUM,
    PRICE_SUGGESTED,
)
from channelsim.columns import (
    CREDIT_SAVING,
    END_HOLDING,
    END_LINK,
    END_SHELF,
    FIRST_HOLDING,
    FIRST_LINK,
    FIRST_RESPONSE,
    FIRST_SHELF,
    HANDLING_COST,
    INTERCEPT,
    KEPT_SHARE,
    LISTED,
    MARGIN,
    MARGINAL_COST,
    MARKUP,
    MEMBER_TERRITORY,
    NEXT_PRICE,
    PRICE,
    PRICE_ADJUSTMENT,
    PRICE_BOUND,
    PRICE_RULE,
    PRICE_SENSITIVITY,
    PRICE_SLOPE,
    SOURCE_LINK,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule
from channelsim.linear import solve_in_place
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost, unit_margin
from channelsim.tables import BASE_DEMAND, State, Terms, World

NO_DEMAND = 1e-200
"""Buyers per week below which a shelf has no market to respond to."""
SATURATED = 1e-7
"""Share of a market left to others below which a store's response to price is lost in rounding."""


@rule
def pass_on_costs(world: World, terms: Terms, state: State) -> None:
    """Settle each buyer's unit cost, the wholesale price its source asks, and marginal cost c̃."""
    cost, source, price = (
        state.holdings[UNIT_COST],
        terms.holdings_index[SOURCE_LINK],
        state.links[WHOLESALE_PRICE],
    )
    at_margin, saving = state.holdings[MARGINAL_COST], terms.holdings[CREDIT_SAVING]
    handling = world.holdings[HANDLING_COST]
    for h in range(cost.size):
        if source[h] >= 0:
            cost[h] = price[source[h]]
    for h in range(cost.size):
        at_margin[h] = marginal_cost(cost[h], saving[h], 0.0, handling[h])


@rule
def propose_simple_price(world: World, state: State) -> None:
    """Propose the prices of all shelves that need no optimisation: fixed, markup, margin, suggested."""
    first = first_shelf_of(state)
    price, proposed, cost = (
        state.holdings[PRICE][first:],
        state.holdings[NEXT_PRICE][first:],
        state.holdings[UNIT_COST][first:],
    )
    chosen, markup = world.holdings_index[PRICE_RULE][first:], world.holdings[MARKUP][first:]
    suggested, margin = world.holdings[PRICE_BOUND][first:], world.holdings[MARGIN][first:]
    for i in range(price.size):
        proposed[i] = price[i]
        if chosen[i] == PRICE_MARKUP:
            proposed[i] = markup[i] * cost[i]
        elif chosen[i] == PRICE_MARGIN:
            proposed[i] = cost[i] + margin[i]
        elif chosen[i] == PRICE_SUGGESTED:
            proposed[i] = suggested[i]


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
def respond_in_logit(second_pass: bool, segments: int, world: World, terms: Terms, state: State) -> None:
    """Write the optimal prices of all stores' free shelves into their next price.

    The number of segments is an argument, so that its usual values can be constants: short loops unroll.
    """
    first, room = first_shelf_of(state), state.workspace.reshape(state.workspace.size)
    system = room[: segments * (segments + 3)].reshape(segments, segments + 3)
    kept = terms.holdings[KEPT_SHARE][first:]
    price, demand = state.holdings[NEXT_PRICE][first:], state.settled_choice[BASE_DEMAND]
    cost, bound = state.holdings[MARGINAL_COST][first:], world.holdings[PRICE_BOUND][first:]
    chosen, slope = world.holdings_index[PRICE_RULE][first:], state.holdings[PRICE_SLOPE][first:]
    attraction, sensitivity = state.attraction, world.segments[PRICE_SENSITIVITY]
    first_member = world.members_index.shape[1] - state.store_demand.shape[1]
    with_demand, with_square = segments + 1, segments + 2  # columns that hold α_g D_gj and α_g E_gj
    for j in range(state.store_demand.shape[1]):
        a = world.members_index[FIRST_HOLDING, first_member + j] - first
        b = world.members_index[END_HOLDING, first_member + j] - first
        for g in range(segments):
            system[g, with_demand] = sensitivity[g] * state.store_demand[g, j]
            system[g, with_square] = sensitivity[g] * state.store_square[g, j]
            for k in range(segments + 1):
                system[g, k] = 0.0
        for i in range(a, b):
            if is_held(chosen[i], price[i], bound[i], second_pass):
                margin = unit_margin(price[i], kept[i], cost[i])
                for g in range(segments):
                    system[g, segments] += attraction[g, i] * margin
                continue
            response = 0.0
            for g in range(segments):
                response += attraction[g, i] * system[g, with_demand]
            slope[i] = response
            if response <= NO_DEMAND:
                continue
            inverse = 1.0 / response
            for g in range(segments):
                weight = attraction[g, i] * inverse
                system[g, segments] += weight * (kept[i] * demand[i])
                for k in range(g + 1):  # symmetric as yet
                    system[g, k] += weight * attraction[k, i]
        for g in range(segments):
            for k in range(g):
                system[k, g] = -system[g, k] * system[g, with_square]
                system[g, k] *= -system[k, with_square]
            system[g, g] = 1.0 - system[g, g] * system[g, with_square]
        solve_in_place(system, segments)
        for g in range(segments):
            system[g, with_square] = state.store_demand[g, j] + system[g, with_square] * system[g, segments]
        for i in range(a, b):
            if not is_held(chosen[i], price[i], bound[i], second_pass) and slope[i] > NO_DEMAND:
                passed_on = (1.0 - kept[i]) * demand[i]
                margin = -passed_on
                for g in range(segments):
                    margin += attraction[g, i] * system[g, with_square]
                price[i] = (margin / slope[i] + cost[i]) / kept[i]


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
    segments = state.attraction.shape[0]
    for second_pass in range(2):
        if logit and segments == 2:
            respond_in_logit(second_pass == 1, 2, world, terms, state)
        elif logit and segments == 3:
            respond_in_logit(second_pass == 1, 3, world, terms, state)
        elif logit:
            respond_in_logit(second_pass == 1, segments, world, terms, state)
        else:
            respond_in_linear(second_pass == 1, world, terms, state)
        if not keep_bounds(world, state):
            break


@rule
def propose_best_response(logit: bool, world: World, terms: Terms, state: State) -> None:
    """Propose the share λ of the way to every store's best-response prices."""
    first = first_shelf_of(state)
    respond(logit, world, terms, state)
    price, proposed = state.holdings[PRICE][first:], state.holdings[NEXT_PRICE][first:]
    chosen, speed = world.holdings_index[PRICE_RULE][first:], world.holdings[PRICE_ADJUSTMENT][first:]
    bound = world.holdings[PRICE_BOUND][first:]
    first_member = world.members_index.shape[1] - state.store_demand.shape[1]
    for j in range(state.store_demand.shape[1]):
        a = world.members_index[FIRST_HOLDING, first_member + j] - first
        b = world.members_index[END_HOLDING, first_member + j] - first
        step = newton_step(j, world, state) if logit else 1.0
        rise = 1.0 / world.segments[PRICE_SENSITIVITY, 0]
        for i in range(a, b):
            if responds(chosen[i]):
                way = step * (proposed[i] - price[i]) if step > SATURATED else rise
                proposed[i] = bounded(price[i] + speed[i] * way, chosen[i], bound[i])


@rule
def newton_step(j: int, world: World, state: State) -> float:
    """Return 1 − S_j, the part of the way to the fixed-point map's value that Newton's method goes.

    The map's own slope is −S/(1 − S) with S the store's share weighted by price response, so that
    undamped iteration would diverge for a store with more than half of its market. Where 1 − S is lost
    in rounding, nobody would leave: the store raises its prices by 1/α until somebody does.
    """
    squared, linear = 0.0, 0.0
    for g in range(state.attraction.shape[0]):
        weight = world.segments[PRICE_SENSITIVITY, g] * state.store_attraction[g, j]
        squared += weight * state.store_attraction[g, j] * state.store_square[g, j]
        linear += weight * state.store_demand[g, j]
    return 1.0 - squared / max(linear, NO_DEMAND)


@rule
def settle_prices(state: State) -> None:
    """Settle the intended retail prices."""
    first = first_shelf_of(state)
    price, proposed = state.holdings[PRICE][first:], state.holdings[NEXT_PRICE][first:]
    for i in range(price.size):
        price[i] = proposed[i]


@rule
def mark_up_wholesale(tier: int, world: World, state: State) -> None:
    """Settle the wholesale prices of sellers that mark up their unit cost."""
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        if world.holdings_index[PRICE_RULE, h] == PRICE_MARKUP:
            ask(h, world.holdings[MARKUP, h] * state.holdings[UNIT_COST, h], world, state)


@rule
def ask(holding: int, price: float, world: World, state: State) -> None:
    """Write the price of a holding on all its links."""
    state.holdings[PRICE, holding] = price
    for k in range(world.holdings_index[FIRST_LINK, holding], world.holdings_index[END_LINK, holding]):
        state.links[WHOLESALE_PRICE, k] = price
