"""Retail prices by rule, and the costs that they rest on.

Rules: *fixed*; *markup* k·w; *margin* w + m in money; *suggested* price; and those that optimise: *best
response*, *minimum* and *maximum* resale price (`best_response`). Marginal cost is c̃ = w less what credit
saves, plus handling (`terms`). Upper tiers that mark up ask k·c on all their links, tier by tier downward.

Source: definitions, economics §2. Limit: a markup of 1 or a margin of 0 passes the cost on.
"""

from __future__ import annotations

from channelsim.codes import (
    PRICE_MARGIN,
    PRICE_MARKUP,
    PRICE_SUGGESTED,
)
from channelsim.columns import (
    CREDIT_SAVING,
    END_LINK,
    FIRST_LINK,
    HANDLING_COST,
    MARGIN,
    MARGINAL_COST,
    MARKUP,
    NEXT_PRICE,
    PRICE,
    PRICE_BOUND,
    PRICE_RULE,
    SOURCE_LINK,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.mechanisms.terms import marginal_cost
from channelsim.tables import State, Terms, World


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
