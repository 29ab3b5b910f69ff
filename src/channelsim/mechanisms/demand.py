"""Demand: how many buyers each shelf has this week, and what it can sell them.

Market size of territory t in a week: M_t = M · season · growth · index · e^ξ, with the log shock
ξ ← ρ_M ξ + σ_M z.

*Logit* (McFadden 1974). Consumer cell c = (zone z, segment g), shelf l of brand b in store j:

    V_gl = equity_bg + loyalty_j + γ_g·service_l − α_g·p_l − ω_g·waiting_j + v_g·ln(assortment_j) + fit_gj
    s_zgl = e^V K_zgj / (1 + Σ e^V K),   K_zgj = e^{−τ_g·distance_zj},   q_l = M_t Σ_zg N_zg s_zgl

with N_zg the buyers of the segment in the zone while the market has its base size. K is fixed for a run, so
that choosing needs one exponential a_gl = e^V per shelf and segment, then multiply-adds over zones:
q_l = M_t Σ_g a_gl D_gj with D_gj = Σ_z N_zg K_zgj/Δ_zg and Δ the denominator. The market's size moves every
week, what consumers choose by does not: choices are settled anew in a week in which a price, a perceived
service, an attractiveness or an offer is another than when they were settled last. The fit is minus the
weighted log gap between the store's lot size and the wanted one. Perceived service is
(1 − φ)·own + φ·mean over the stores of the territory with the brand: φ is free riding (T30).
*Linear*: q_l = a_l − Σ_k B_lk p_k, never negative. *Given*: a mean or a trace per shelf, whatever the price.

Shelf noise turns the mean q into demand d: none, Poisson, normal (clipped at 0) or gamma with the
stated coefficient of variation. A shelf that is not offered (`offering`) finds no buyers. Sales =
min(stock, d). A share χ of a territory's unmet demand tries shelves that still have stock, in proportion to
their mean demand, once; the rest is lost, or waits if the scenario backlogs it.

Limits: σ_M = 0, φ = 0, χ = 0 and noise "none" each leave their step out or without effect; one
store, one brand, no travel cost is the textbook's binary logit.
"""

from __future__ import annotations

from channelsim.columns import (
    ATTRACTIVENESS,
    BASE_SURPLUS,
    BRAND,
    CONSUMER_SURPLUS,
    DEMAND,
    END_HOLDING,
    END_SHELF,
    END_STORE,
    END_ZONE,
    FIRST_HOLDING,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FIRST_STORE,
    FIRST_ZONE,
    INTERCEPT,
    LATE_SALES,
    LISTED,
    MARKET,
    MARKET_INDEX,
    MEAN_DEMAND,
    OFFERED,
    OWED,
    PERCEIVED_SERVICE,
    PRICE,
    PRICE_SENSITIVITY,
    SALES,
    SERVICE,
    SERVICE_SPILLOVER,
    SERVICE_WEIGHT,
    SHOCK,
    SHOCK_DEVIATION,
    SHOCK_PERSISTENCE,
    STOCK,
    STOCKOUT,
    STORE,
    SUBSTITUTION,
    TIER_BREADTH,
    TRACE,
    VARIATION,
)
from channelsim.compiled import rowwise, rule, wide
from channelsim.distributions import fill_gamma, fill_poisson
from channelsim.mechanisms.member_sums import add_holdings
from channelsim.mechanisms.offering import lessen_variety, price_out_unoffered
from channelsim.numerics import exponential, logarithm, product_total
from channelsim.tables import (
    BASE_DEMAND,
    LINE,
    SETTLED_OFFER,
    SETTLED_PRICE,
    SETTLED_SERVICE,
    SETTLED_SHIFT,
    Draws,
    Floats,
    State,
    Terms,
    World,
)


@rule
def first_shelf_of(state: State) -> int:
    """Return the holding that is the first shelf: shelves are the last holdings of the table."""
    return state.holdings.shape[1] - state.attraction.shape[1]


@rule
def first_line_of(state: State) -> int:
    """Return the first holding at which a line of the cache begins: at the first shelf one does."""
    return first_shelf_of(state) % LINE


@rule
def update_market(week: int, world: World, state: State, draws: Draws) -> None:
    """Settle each territory's market size relative to its base."""
    market, shock, index = (
        state.territories[MARKET],
        state.territories[SHOCK],
        state.territories[MARKET_INDEX],
    )
    normal = draws.market[week % draws.market.shape[0]]
    persistence, deviation = world.scenario[SHOCK_PERSISTENCE], world.scenario[SHOCK_DEVIATION]
    calendar = world.calendar[week]
    for t in range(market.size):
        shock[t] = persistence * shock[t] + deviation * normal[t]
        market[t] = calendar[t] * index[t] * exponential(shock[t])


@rule
def perceive_service(world: World, state: State) -> None:
    """Write the service that consumers perceive at each shelf."""
    first = first_shelf_of(state)
    spillover = world.scenario[SERVICE_SPILLOVER]
    service, perceived = state.holdings[SERVICE][first:], state.holdings[PERCEIVED_SERVICE][first:]
    brand, offered = world.holdings_index[BRAND][first:], state.holdings[OFFERED][first:]
    if spillover == 0.0:
        for i in range(service.size):
            perceived[i] = service[i]
        return
    brands = state.brand_attraction.shape[0]
    count, pooled = state.workspace[0, :brands], state.workspace[1, :brands]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        for b in range(brands):
            count[b] = 0.0
            pooled[b] = 0.0
        for i in range(start, end):
            count[brand[i]] += offered[i]
            pooled[brand[i]] += offered[i] * service[i]
        for i in range(start, end):
            mean = pooled[brand[i]] / max(count[brand[i]], 1.0)
            perceived[i] = (1.0 - spillover) * service[i] + spillover * mean


@rule
def attract(world: World, terms: Terms, state: State) -> None:
    """Write e^V of every shelf and segment, and its sum over each store's shelves."""
    first = first_shelf_of(state)
    price, perceived = state.holdings[PRICE][first:], state.holdings[PERCEIVED_SERVICE][first:]
    shift, offered = state.holdings[ATTRACTIVENESS][first:], state.holdings[OFFERED][first:]
    first_member = world.members_index.shape[1] - state.store_attraction.shape[1]
    start = world.members_index[FIRST_HOLDING][first_member:]
    end = world.members_index[END_HOLDING][first_member:]
    breadth = world.tiers_index[TIER_BREADTH, world.tiers_index.shape[1] - 1]
    for g in range(state.attraction.shape[0]):
        attraction, of_store = state.attraction[g], state.store_attraction[g]
        fill_attraction(
            world.segments[SERVICE_WEIGHT, g],
            world.segments[PRICE_SENSITIVITY, g],
            terms.utility[g],
            shift,
            perceived,
            price,
            offered,
            attraction,
        )
        add_holdings(breadth, start, end, first, attraction, of_store)
        if state.relationships.shape[1] > 0:
            lessen_variety(g, first, start, end, world, terms, state)


@wide
def fill_attraction(
    service_weight: float,
    price_sensitivity: float,
    utility: Floats,
    shift: Floats,
    perceived: Floats,
    price: Floats,
    offered: Floats,
    attraction: Floats,
) -> None:
    """Write e^V of every shelf for one segment; 0 where a shelf is not offered."""
    for i in range(attraction.size):
        v = utility[i] + shift[i] + service_weight * perceived[i] - price_sensitivity * price[i]
        attraction[i] = offered[i] * exponential(v)


@rule
def weigh_zones(world: World, state: State) -> None:
    """Write each zone's 1/Δ and N/Δ per segment, and the territories' surplus at their base size."""
    for t in range(world.territories_index.shape[1]):
        first, end = world.territories_index[FIRST_STORE, t], world.territories_index[END_STORE, t]
        stores, position = end - first, world.territories_index[FIRST_RESPONSE, t]
        state.territories[BASE_SURPLUS, t] = 0.0
        for g in range(state.attraction.shape[0]):
            attraction = state.store_attraction[g, first:end]
            for z in range(world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]):
                travel = world.travel[position : position + stores]
                state.zone_inverse[g, z] = 1.0 + product_total(attraction, travel)
                position += stores
    for g in range(state.attraction.shape[0]):
        inverse, weight = state.zone_inverse[g], state.zone_weight[g]
        fill_logarithms(inverse, weight)
        for t in range(world.territories_index.shape[1]):
            inclusive = 0.0
            for z in range(world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]):
                buyers = world.zone_buyers[g, z]
                inclusive += buyers * weight[z]
                inverse[z] = 1.0 / inverse[z]
                weight[z] = buyers * inverse[z]
            state.territories[BASE_SURPLUS, t] += inclusive / world.segments[PRICE_SENSITIVITY, g]


@wide
def fill_logarithms(values: Floats, out: Floats) -> None:
    """Write the logarithm of every value."""
    for i in range(out.size):
        out[i] = logarithm(values[i])


@rule
def choose_stores(world: World, state: State) -> None:
    """Write each store's D and E per segment, buyers per unit of attraction at the base size."""
    for t in range(world.territories_index.shape[1]):
        first, end = world.territories_index[FIRST_STORE, t], world.territories_index[END_STORE, t]
        first_zone, end_zone = world.territories_index[FIRST_ZONE, t], world.territories_index[END_ZONE, t]
        position, stores = world.territories_index[FIRST_RESPONSE, t], end - first
        for g in range(state.attraction.shape[0]):
            demand, square = state.store_demand[g, first:end], state.store_square[g, first:end]
            for j in range(stores):
                demand[j] = 0.0
                square[j] = 0.0
            for z in range(first_zone, end_zone):
                weight, inverse = state.zone_weight[g, z], state.zone_inverse[g, z]
                travel = world.travel[position : position + stores]
                for j in range(stores):
                    buyers = weight * travel[j]
                    demand[j] += buyers
                    square[j] += buyers * travel[j] * inverse
                position += stores


@rule
def choices_moved(state: State) -> bool:
    """Return whether anything that consumers choose by differs from when choices were settled last."""
    first, settled = first_shelf_of(state), state.settled_choice
    price, perceived = state.holdings[PRICE][first:], state.holdings[PERCEIVED_SERVICE][first:]
    shift, offered = state.holdings[ATTRACTIVENESS][first:], state.holdings[OFFERED][first:]
    moved = 0
    for i in range(price.size):
        same = (price[i] == settled[SETTLED_PRICE, i]) & (perceived[i] == settled[SETTLED_SERVICE, i])
        same = same & (shift[i] == settled[SETTLED_SHIFT, i]) & (offered[i] == settled[SETTLED_OFFER, i])
        moved += 0 if same else 1
    return moved > 0


@rule
def settle_choices(world: World, terms: Terms, state: State) -> None:
    """Settle which shelves consumers choose: a, D, E, Δ, and mean demand at the market's base size."""
    attract(world, terms, state)
    weigh_zones(world, state)
    choose_stores(world, state)
    first, settled = first_shelf_of(state), state.settled_choice
    store, mean = world.holdings_index[STORE][first:], settled[BASE_DEMAND]
    attraction, demand = state.attraction[0], state.store_demand[0]
    for i in range(mean.size):
        mean[i] = attraction[i] * demand[store[i]]
    for g in range(1, state.attraction.shape[0]):
        attraction, demand = state.attraction[g], state.store_demand[g]
        for i in range(mean.size):
            mean[i] += attraction[i] * demand[store[i]]
    price, perceived = state.holdings[PRICE][first:], state.holdings[PERCEIVED_SERVICE][first:]
    shift, offered = state.holdings[ATTRACTIVENESS][first:], state.holdings[OFFERED][first:]
    for i in range(mean.size):
        settled[SETTLED_PRICE, i] = price[i]
        settled[SETTLED_SERVICE, i] = perceived[i]
        settled[SETTLED_SHIFT, i] = shift[i]
        settled[SETTLED_OFFER, i] = offered[i]


@rule
def expect_logit_demand(world: World, terms: Terms, state: State) -> None:
    """Settle the mean demand of logit consumers at this week's prices and market size."""
    if choices_moved(state):
        settle_choices(world, terms, state)
    first = first_shelf_of(state)
    mean, base = state.holdings[MEAN_DEMAND][first:], state.settled_choice[BASE_DEMAND]
    for t in range(world.territories_index.shape[1]):
        market = state.territories[MARKET, t]
        state.territories[CONSUMER_SURPLUS, t] = market * state.territories[BASE_SURPLUS, t]
        for i in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
            mean[i] = market * base[i]


@rule
def expect_linear_demand(world: World, terms: Terms, state: State) -> None:
    """Settle the mean demand q = a − B·p and the surplus ½ q'B⁻¹q of linear demand."""
    first = first_shelf_of(state)
    mean, price = state.holdings[MEAN_DEMAND][first:], state.holdings[PRICE][first:]
    intercept, listed = terms.holdings[INTERCEPT][first:], terms.holdings[LISTED][first:]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        n, position = end - start, world.territories_index[FIRST_RESPONSE, t]
        market, surplus = state.territories[MARKET, t], 0.0
        for i in range(n):
            quantity = intercept[start + i]
            for k in range(n):
                quantity -= terms.slopes[position + i * n + k] * price[start + k]
            mean[start + i] = quantity
        if state.relationships.shape[1] > 0:
            price_out_unoffered(first, start, n, position, terms, state)
        for i in range(start, end):
            mean[i] = listed[i] * max(mean[i], 0.0)
        position += n * n
        for i in range(n):
            for k in range(n):
                surplus += 0.5 * mean[start + i] * terms.slopes[position + i * n + k] * mean[start + k]
        for i in range(start, end):
            mean[i] *= market
        state.territories[CONSUMER_SURPLUS, t] = market * surplus


@rule
def expect_given_demand(week: int, world: World, terms: Terms, state: State) -> None:
    """Settle the mean demand from the given mean or trace, times the market's size."""
    first = first_shelf_of(state)
    mean, trace = state.holdings[MEAN_DEMAND][first:], world.holdings_index[TRACE][first:]
    given, offered = terms.holdings[INTERCEPT][first:], state.holdings[OFFERED][first:]
    for t in range(world.territories_index.shape[1]):
        market = state.territories[MARKET, t]
        for i in range(world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]):
            base = given[i] if trace[i] < 0 else world.trace[trace[i], week]
            mean[i] = offered[i] * base * market


@rule
def realise_certain_demand(state: State) -> None:
    """Settle demand without shelf noise."""
    first = first_shelf_of(state)
    mean, demand = state.holdings[MEAN_DEMAND][first:], state.holdings[DEMAND][first:]
    for i in range(demand.size):
        demand[i] = mean[i]


@rule
def realise_poisson_demand(week: int, state: State, draws: Draws) -> None:
    """Settle Poisson demand of the expected mean."""
    first = first_shelf_of(state)
    mean, demand = state.holdings[MEAN_DEMAND][first:], state.holdings[DEMAND][first:]
    fill_poisson(draws.shelf[week % draws.shelf.shape[0]], mean, demand, draws.scratch)


@rule
def realise_normal_demand(week: int, world: World, state: State, draws: Draws) -> None:
    """Settle normal demand, clipped at zero."""
    first = first_shelf_of(state)
    mean, demand = state.holdings[MEAN_DEMAND][first:], state.holdings[DEMAND][first:]
    variation = world.holdings[VARIATION][first:]
    normal = draws.shelf[week % draws.shelf.shape[0]]
    for i in range(demand.size):
        demand[i] = clipped(mean[i], variation[i], normal[i])


@rule
def clipped(mean: float, variation: float, normal: float) -> float:
    """Return normal demand, clipped at zero."""
    return max(0.0, mean + mean * variation * normal)


@rule
def realise_gamma_demand(week: int, world: World, state: State, draws: Draws) -> None:
    """Settle gamma demand of the expected mean and the scenario's coefficient of variation."""
    first = first_shelf_of(state)
    mean, demand = state.holdings[MEAN_DEMAND][first:], state.holdings[DEMAND][first:]
    fill_gamma(draws.shelf[week % draws.shelf.shape[0]], mean, world.gamma, demand)


@rule
def sell(state: State) -> None:
    """Settle what shelves sell from stock; unmet demand is lost."""
    first = first_shelf_of(state)
    stock, demand = state.holdings[STOCK][first:], state.holdings[DEMAND][first:]
    sales, stockout = state.holdings[SALES][first:], state.holdings[STOCKOUT][first:]
    sell_rows(stock, demand, sales, stockout)


@rule
def sold(stock: float, demand: float) -> tuple[float, float]:
    """Return what a shelf sells from stock, and whether that is less than its demand (1) or not (0)."""
    return min(stock, demand), 1.0 if demand > stock else 0.0


@rowwise
def sell_rows(stock: Floats, demand: Floats, sales: Floats, stockout: Floats) -> None:
    """Write sales and stockouts."""
    for i in range(sales.size):
        sales[i], stockout[i] = sold(stock[i], demand[i])


@rule
def substitute(world: World, state: State) -> None:
    """Settle the share χ of unmet demand that finds another shelf of the territory with stock."""
    first, share = first_shelf_of(state), world.scenario[SUBSTITUTION]
    stock, demand = state.holdings[STOCK][first:], state.holdings[DEMAND][first:]
    sales, mean = state.holdings[SALES][first:], state.holdings[MEAN_DEMAND][first:]
    for t in range(world.territories_index.shape[1]):
        start, end = world.territories_index[FIRST_SHELF, t], world.territories_index[END_SHELF, t]
        unmet, open_share = 0.0, 0.0
        for i in range(start, end):
            unmet += demand[i] - sales[i]
            open_share += mean[i] if stock[i] > sales[i] else 0.0
        if unmet > 0.0 and open_share > 0.0:
            per_share = share * unmet / open_share
            for i in range(start, end):
                sales[i] = min(stock[i], sales[i] + per_share * mean[i])


@rule
def sell_with_backlog(state: State) -> None:
    """Settle sales when consumers wait: unmet demand is owed and served first."""
    first = first_shelf_of(state)
    stock, demand, owed = (
        state.holdings[STOCK][first:],
        state.holdings[DEMAND][first:],
        state.holdings[OWED][first:],
    )
    sales, stockout = state.holdings[SALES][first:], state.holdings[STOCKOUT][first:]
    late = state.holdings[LATE_SALES][first:]
    for i in range(sales.size):
        wanted = owed[i] + demand[i]
        sales[i] = min(stock[i], wanted)
        late[i] = min(owed[i], sales[i])
        stockout[i] = 1.0 if wanted > stock[i] else 0.0
        owed[i] = wanted - sales[i]
