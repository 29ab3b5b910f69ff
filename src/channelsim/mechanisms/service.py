"""Service effort: each store's optimum, with the spillover to its neighbours (T14, T30).

Consumers perceive (1 − φ)·own + φ·mean of the n listed shelves of the brand in the territory. A store
raises effort until its marginal profit meets its marginal cost. With a, K, Δ, D, E and M_g = Σ_k a_gk m_k as
in `pricing` (m the unit margin, K/Δ·M the store's expected margin per buyer, s_B the brand's share):

    (1 − t)κ̃_l e_l = M_t Σ_g γ_g { (1 − φ) a_gl (m_l D_gj − E_gj M_g) + (φ/n) (a_gl m_l D_gj − M_g O_gjB) } ,
    O_gjB = Σ_z N_zg (K_zgj/Δ_zg) s_zgB ,   s_zgB = Σ_{k∈B} a_gk K_zgk/Δ_zg ,

with κ̃ the cost of effort after training and t the co-operative share that a principal pays (`support`),
where O, the overlap of a store's reach with its brand's buyers, needs the zones and is formed only
where φ > 0. Effort moves the share λ of the way at each decision.

A store that prices optimally has m − H = 1/α: margin then buys no service, price does its work; where the
price is held (suggested, resale price maintenance) margin buys service. Source: first-order condition
(economics §3); Telser 1960 on free riding. Limit: γ = 0 leaves the step out.
"""

from __future__ import annotations

from channelsim.columns import (
    BORNE_SERVICE_COST,
    BRAND,
    END_HOLDING,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_HOLDING,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    KEPT_SHARE,
    MARGINAL_COST,
    MARKET,
    NEXT_SERVICE,
    OFFERED,
    PRICE,
    PRICE_ADJUSTMENT,
    SERVICE,
    SERVICE_SPILLOVER,
    SERVICE_WEIGHT,
    STORE,
)
from channelsim.compiled import rule
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import unit_margin
from channelsim.numerics import product_total
from channelsim.tables import State, Terms, World


@rule
def propose_service(world: World, terms: Terms, state: State) -> None:
    """Propose every shelf's service effort from its first-order condition at last week's shares."""
    first, spillover = first_shelf_of(state), world.scenario[SERVICE_SPILLOVER]
    current, gain = state.holdings[SERVICE][first:], state.holdings[NEXT_SERVICE][first:]
    effort_cost, speed = terms.holdings[BORNE_SERVICE_COST][first:], world.holdings[PRICE_ADJUSTMENT][first:]
    offered = state.holdings[OFFERED][first:]
    for i in range(gain.size):
        gain[i] = 0.0
    expect_margins(world, terms, state)
    add_own_gain(1.0 - spillover, world, terms, state)
    if spillover > 0.0:
        for t in range(world.territories_index.shape[1]):
            add_pooled_gain(t, spillover, world, terms, state)
    for t in range(world.territories_index.shape[1]):
        market = state.territories[MARKET, t]
        for i in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
            target = offered[i] * max(0.0, market * gain[i] / effort_cost[i])
            gain[i] = current[i] + speed[i] * (target - current[i])


@rule
def expect_margins(world: World, terms: Terms, state: State) -> None:
    """Write M_g = Σ_k a_gk m_k of every store and segment, money."""
    first = first_shelf_of(state)
    price, cost = state.holdings[PRICE][first:], state.holdings[MARGINAL_COST][first:]
    kept = terms.holdings[KEPT_SHARE][first:]
    first_member = world.members_index.shape[1] - state.store_margin.shape[1]
    for j in range(state.store_margin.shape[1]):
        start = world.members_index[FIRST_HOLDING, first_member + j] - first
        end = world.members_index[END_HOLDING, first_member + j] - first
        for g in range(state.attraction.shape[0]):
            margin = 0.0
            for i in range(start, end):
                margin += state.attraction[g, i] * unit_margin(price[i], kept[i], cost[i])
            state.store_margin[g, j] = margin


@rule
def add_own_gain(weight: float, world: World, terms: Terms, state: State) -> None:
    """Add the marginal profit of own service at own shelves, the share ``weight`` of it."""
    first, gain = first_shelf_of(state), state.holdings[NEXT_SERVICE]
    price, cost, kept = state.holdings[PRICE], state.holdings[MARGINAL_COST], terms.holdings[KEPT_SHARE]
    store = world.holdings_index[STORE]
    for g in range(state.attraction.shape[0]):
        weighted = weight * world.segments[SERVICE_WEIGHT, g]
        for h in range(first, gain.size):
            j = store[h]
            margin = unit_margin(price[h], kept[h], cost[h])
            direct = margin * state.store_demand[g, j] - state.store_margin[g, j] * state.store_square[g, j]
            gain[h] += weighted * state.attraction[g, h - first] * direct


@rule
def add_pooled_gain(t: int, weight: float, world: World, terms: Terms, state: State) -> None:
    """Add the marginal profit of what own service does for the brand in the territory."""
    first = first_shelf_of(state)
    start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
    first_store = world.territories_index[FIRST_STORE, t]
    stores = world.territories_index[END_STORE, t] - first_store
    first_zone, end_zone = world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]
    position = world.territories_index[FIRST_RESPONSE, t]
    price, cost, gain = state.holdings[PRICE], state.holdings[MARGINAL_COST], state.holdings[NEXT_SERVICE]
    kept = terms.holdings[KEPT_SHARE]
    store, brand = world.holdings_index[STORE][first:], world.holdings_index[BRAND][first:]
    per_outlet, brands = state.workspace[0], state.brand_attraction.shape[0]
    attraction = state.brand_attraction[:, first_store : first_store + stores]
    overlap = state.brand_overlap[:, first_store : first_store + stores]
    for b in range(brands):
        per_outlet[b] = 0.0
    for i in range(start, end):
        per_outlet[brand[i]] += state.holdings[OFFERED, first + i]
    for b in range(brands):
        per_outlet[b] = 1.0 / max(per_outlet[b], 1.0)
    for g in range(state.attraction.shape[0]):
        weighted = weight * world.segments[SERVICE_WEIGHT, g]
        for b in range(brands):
            for j in range(stores):
                attraction[b, j] = 0.0
                overlap[b, j] = 0.0
        for i in range(start, end):
            attraction[brand[i], store[i] - first_store] = state.attraction[g, i]
        for z in range(first_zone, end_zone):
            travel = world.travel[position : position + stores]
            for b in range(brands):
                share = state.zone_inverse[g, z] * product_total(attraction[b], travel)
                buyers, of_brand = state.zone_weight[g, z] * share, overlap[b]
                for j in range(stores):
                    of_brand[j] += buyers * travel[j]
            position += stores
        for i in range(start, end):
            h, j = first + i, store[i]
            margin = unit_margin(price[h], kept[h], cost[h])
            own = state.attraction[g, i] * margin * state.store_demand[g, j]
            lost = state.store_margin[g, j] * overlap[brand[i], j - first_store]
            gain[h] += weighted * per_outlet[brand[i]] * (own - lost)


@rule
def settle_service(state: State) -> None:
    """Settle the intended effort."""
    first = first_shelf_of(state)
    service, proposed = state.holdings[SERVICE][first:], state.holdings[NEXT_SERVICE][first:]
    for i in range(service.size):
        service[i] = proposed[i]
