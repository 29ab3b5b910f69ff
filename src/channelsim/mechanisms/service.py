"""Service effort: each store's optimum, with the spillover to its neighbours (T14, T30).

Consumers perceive (1 − φ)·own + φ·mean of the n listed shelves of the brand in the territory. A store
raises effort until its marginal profit meets its marginal cost (m the unit margin, H_gj = Σ_k s_{k|g} m_k
s_zgj the store's expected margin, s_B the brand's total share):

    κ_j e_l = Σ_zg γ_g M_zg [ (1 − φ) s_zgl (m_l − H) + (φ/n)(s_zgl m_l − H s_zgB) ].

With a, D, E and M_g = Σ_k a_gk m_k as in `pricing` the first bracket is Σ_g γ_g a_gl (m_l D_gj − E_gj M_g). The last
term needs O_gj = Σ_z M_zg (K_zgj/Δ_zg) s_zgB, computed zone by zone only where φ > 0. Effort moves the share λ
of the way at each decision.

A store that prices optimally has m − H = 1/α: margin then buys no service; where the price is held
(suggested, resale price maintenance) it does. Source: first-order condition (economics §3); Telser
1960 on free riding. Limit: γ = 0 leaves the step out.
"""

from __future__ import annotations

from channelsim.columns import (
    BRAND,
    CREDIT_SAVING,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    HANDLING_COST,
    LISTED,
    MARKET,
    NEXT_SERVICE,
    PRICE,
    PRICE_ADJUSTMENT,
    SERVICE,
    SERVICE_COST,
    SERVICE_SPILLOVER,
    SERVICE_WEIGHT,
    STORE,
    UNIT_COST,
)
from channelsim.compiled import rule
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost
from channelsim.tables import State, Terms, World


@rule
def propose_service(world: World, terms: Terms, state: State) -> None:
    """Propose every shelf's service effort from its first-order condition at last week's shares."""
    first = first_shelf_of(state)
    price, cost = state.holdings[PRICE][first:], state.holdings[UNIT_COST][first:]
    handling, effort_cost = world.holdings[HANDLING_COST][first:], world.holdings[SERVICE_COST][first:]
    current, proposed = state.holdings[SERVICE][first:], state.holdings[NEXT_SERVICE][first:]
    saving = terms.holdings[CREDIT_SAVING][first:]
    speed, listed = world.holdings[PRICE_ADJUSTMENT][first:], terms.holdings[LISTED][first:]
    store, brand = world.holdings_index[STORE][first:], world.holdings_index[BRAND][first:]
    spillover = world.scenario[SERVICE_SPILLOVER]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        for i in range(start, end):
            margin = price[i] - marginal_cost(cost[i], saving[i], handling[i])
            j = store[i]
            gain = 0.0
            neighbours = 0.0
            for k in range(start, end):
                neighbours += listed[k] if brand[k] == brand[i] else 0.0
            for g in range(state.attraction.shape[0]):
                expected = 0.0
                for k in range(start, end):
                    if store[k] == j:
                        of_shelf = price[k] - marginal_cost(cost[k], saving[k], handling[k])
                        expected += state.attraction[g, k] * of_shelf
                weighted = world.segments[SERVICE_WEIGHT, g]
                direct = margin * state.store_demand[g, j] - expected * state.store_square[g, j]
                gain += weighted * (1.0 - spillover) * state.attraction[g, i] * direct
                if spillover > 0.0:
                    pooled = state.attraction[g, i] * margin * state.store_demand[g, j]
                    pooled -= expected * brand_overlap(t, g, i, world, state)
                    gain += weighted * spillover / max(neighbours, 1.0) * pooled
            target = listed[i] * max(0.0, gain / effort_cost[i])
            proposed[i] = current[i] + speed[i] * (target - current[i])


@rule
def brand_overlap(t: int, g: int, i: int, world: World, state: State) -> float:
    """Return O_gj = Σ_z M_zg (K_zgj/Δ_zg) s_zgB for the brand of shelf i, buyers per unit of attraction."""
    first = first_shelf_of(state)
    store, brand = world.holdings_index[STORE][first:], world.holdings_index[BRAND][first:]
    first_store, end_store = world.territories_index[FIRST_STORE, t], world.territories_index[END_STORE, t]
    zones = world.territories_index[END_ZONE, t] - world.territories_index[FIRST_ZONE, t]
    stores = end_store - first_store
    position = world.territories_index[FIRST_RESPONSE, t] + g * zones * stores
    overlap = 0.0
    for z in range(zones):
        denominator = 1.0
        for j in range(stores):
            denominator += state.store_attraction[g, first_store + j] * world.travel[position + j]
        of_brand = 0.0
        for k in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
            if brand[k] == brand[i]:
                of_brand += state.attraction[g, k] * world.travel[position + store[k] - first_store]
        own = world.travel[position + store[i] - first_store]
        buyers = world.zone_buyers[g, world.territories_index[FIRST_ZONE, t] + z] * state.territories[MARKET, t]
        overlap += buyers * (own / denominator) * (of_brand / denominator)
        position += stores
    return overlap


@rule
def settle_service(state: State) -> None:
    """Settle the intended effort."""
    first = first_shelf_of(state)
    service, proposed = state.holdings[SERVICE][first:], state.holdings[NEXT_SERVICE][first:]
    for i in range(service.size):
        service[i] = proposed[i]
