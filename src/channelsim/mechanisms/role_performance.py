"""Role performance: what a store sells over what it would sell with its peers' loyalty and effort.

A store's peers are the stores of its territory that carry the brand, itself included. With λ the gap of their
median loyalty to the store's own and e that of their median effort to the shelf's, logit consumers would
take from shelf l, all others as they are,

    q^p_l = Σ_g Σ_z M N_zg a^p_gl K_zgj / (Δ_zg + K_zgj (v^p_gj − v_gj)) ,
    a^p_gl = a_gl e^λ e^{(1 − φ) γ_g e} ,     v^p_gj = e^λ (v_gj − a_gl) + a^p_gl

(φ free riding on service). Role performance of a buyer in a relationship is Σ q/Σ q^p over its own shelves
that the relationship serves; 1 for buyers that sell on, and where demand is not logit.

Source: economics §4. Limit: a store like its peers: 1. Used by `dependence`.
"""

from __future__ import annotations

from channelsim.codes import LOGIT
from channelsim.columns import (
    BRAND,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    LISTED,
    LOYALTY,
    MARKET,
    MEAN_DEMAND,
    MEMBER,
    OWNER,
    SERVICE,
    SERVICE_SPILLOVER,
    SERVICE_WEIGHT,
    STORE,
)
from channelsim.compiled import rule, subroutine, wide
from channelsim.mechanisms.counterfactual import first_affected_shelf
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.numerics import exponential
from channelsim.tables import Floats, PowerRoom, State, Terms, Ties, World

DEMAND_AS_PEER, PEER_SERVICE, LOYALTY_FACTOR, PULL, GAP, TRAVEL = range(6)
"""Rows of the room's peers: q^p, median effort, e^λ; scratch: a^p, v^p − v, K."""


@rule
def median(values: Floats) -> float:
    """Return the median of some numbers, 0 of none."""
    n, low, high = values.size, 0.0, 0.0
    for i in range(n):
        x, below, equal = values[i], 0, 0
        for k in range(n):
            below += 1 if values[k] < x else 0
            equal += 1 if values[k] == x else 0
        low = x if below <= (n - 1) // 2 < below + equal else low
        high = x if below <= n // 2 < below + equal else high
    return 0.5 * (low + high)


@rule
def fill_peer_service(world: World, terms: Terms, state: State, room: PowerRoom) -> None:
    """Write, for each shelf, the median effort of the territory's listed shelves of its brand."""
    first = first_shelf_of(state)
    service, brand = state.holdings[SERVICE][first:], world.holdings_index[BRAND][first:]
    listed, of_peers, scratch = terms.holdings[LISTED][first:], room.peers[PEER_SERVICE], room.peers[PULL]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        for b in range(state.brand_attraction.shape[0]):
            count = 0
            for i in range(start, end):
                if brand[i] == b and listed[i] > 0.0:
                    scratch[count] = service[i]
                    count += 1
            found = median(scratch[:count])
            for i in range(start, end):
                if brand[i] == b:
                    of_peers[i] = found


@wide
def fill_exponentials(slope: float, x: Floats, out: Floats) -> None:
    """Write e^(slope × x)."""
    for i in range(out.size):
        out[i] = exponential(slope * x[i])


@rule
def add_demand(buyers: float, inverse: float, travel: Floats, pull: Floats, gap: Floats, out: Floats) -> None:
    """Add what the consumers of one cell would take from each shelf."""
    for i in range(out.size):
        out[i] += buyers * pull[i] * travel[i] / (1.0 / inverse + travel[i] * gap[i])


@subroutine
def expect_demand_as_peers(world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom) -> None:
    """Write the demand of every shelf whose store had its peers' median loyalty, and it their effort."""
    fill_peer_service(world, terms, state, room)
    first, peers = first_shelf_of(state), room.peers
    store, member = world.holdings_index[STORE][first:], world.holdings_index[MEMBER][first:]
    demand, of_store, pull, gap = peers[DEMAND_AS_PEER], peers[LOYALTY_FACTOR], peers[PULL], peers[GAP]
    for i in range(demand.size):
        demand[i] = 0.0
        gap[i] = ties.peer_loyalty[i] - world.members[LOYALTY, member[i]]
    fill_exponentials(1.0, gap, of_store)
    for g in range(state.attraction.shape[0]):
        attraction, of_all = state.attraction[g], state.store_attraction[g]
        for i in range(demand.size):
            gap[i] = peers[PEER_SERVICE, i] - state.holdings[SERVICE, first + i]
        own = (1.0 - world.scenario[SERVICE_SPILLOVER]) * world.segments[SERVICE_WEIGHT, g]
        fill_exponentials(own, gap, pull)
        for i in range(demand.size):
            pull[i] = of_store[i] * pull[i] * attraction[i]
        for i in range(demand.size):
            gap[i] = of_store[i] * (of_all[store[i]] - attraction[i]) + pull[i] - of_all[store[i]]
        for t in range(world.territories_index.shape[1]):
            start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
            first_store, end_store = (
                world.territories_index[FIRST_STORE, t],
                world.territories_index[END_STORE, t],
            )
            first_zone, end_zone = (
                world.territories_index[FIRST_ZONE, t],
                world.territories_index[END_ZONE, t],
            )
            stores, travel = end_store - first_store, peers[TRAVEL, start:end]
            position = world.territories_index[FIRST_RESPONSE, t] + g * (end_zone - first_zone) * stores
            for z in range(first_zone, end_zone):
                for i in range(end - start):
                    travel[i] = world.travel[position + store[start + i] - first_store]
                add_demand(
                    world.zone_buyers[g, z] * state.territories[MARKET, t],
                    state.zone_inverse[g, z],
                    travel,
                    pull[start:end],
                    gap[start:end],
                    demand[start:end],
                )
                position += stores


@rule
def role_performance(system: int, buyer: int, n: int, world: World, state: State, room: PowerRoom) -> float:
    """Return the demand of the buyer's own affected shelves over what they would have as their peers do."""
    if system != LOGIT:
        return 1.0
    first, actual, as_peer = first_shelf_of(state), 0.0, 0.0
    for k in range(first_affected_shelf(n, state, room), n):
        shelf = room.affected[k]
        if world.members_index[OWNER, world.holdings_index[MEMBER, shelf]] == buyer:
            actual += state.holdings[MEAN_DEMAND, shelf]
            as_peer += room.peers[DEMAND_AS_PEER, shelf - first]
    return actual / as_peer if as_peer > 0.0 else 1.0
