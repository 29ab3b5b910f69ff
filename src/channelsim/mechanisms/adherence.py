"""Adherence: a member's decision is a blend of its own choice and of what it was asked for.

With a the adherence of the relationship for that behaviour (`influence`), x° the member's own choice and x*
what was asked, the member decides on

    x = (1 − a)·x° + a·x* .

Where the own rule moves only the share λ of the way from the present x to its target, both targets are
approached at that speed, so that the blend holds at rest. Asked for can be

- *price*: a store's retail price, or, by the buyer, a supplier's posted or marked-up wholesale price;
- *stock*: weeks of forecast that stock and orders under way shall last (order-up-to and anchoring rules);
- *service*: a store's effort;
- *payment*: the share of what is due on the link that is paid at least (members that pay from cash; what goes
  beyond their cash is an overdraft): x* is asked for where it is above x°;
- *territory*: the share t of its own `diversion` u° that is tolerated, x* = t·u° (0: none).

What complying costs (`asked_…_cost`, money per week) is the loss of second order about the own choice, which
the member takes to be its best:

    price    ½·Σ_g α_g q_gl·(p* − p°)²  (logit),   B_ll·(p* − p°)²  (linear),   (p° − p*)⁺·q  (given demand)
    stock    (h + δ)·c·abs(S* − S°) ,  at a critical fractile as dear in either direction
    service  ½·(1 − t)κ̃·(e* − e°)² ,  its own part of the cost (`support`)
    payment  r·(payment* − payment°)⁺
    territory  (1 − t)·gain of u° , what diverting would earn the member (`diversion`)
    wholesale price   (w° − w*)⁺·shipped, of first order: it is not the supplier's to choose freely.

Source: DESIGN §4 (adherence blends); the costs are expansions of the profits in `pricing`, `service`,
`ordering`. Limits: a = 0 is the own choice, a = 1 with λ = 1 what was asked, at once. A holding asked by
several blends one after the other.
"""

from __future__ import annotations

from channelsim.codes import (
    ASK_PAYMENT,
    ASK_PRICE,
    ASK_SERVICE,
    ASK_STOCK,
    ASK_TERRITORY,
    BUYER_ASKS,
    GIVEN,
    LINEAR,
    PRICE_FIXED,
    PRICE_POSTED,
    SUPPLIER_ASKS,
)
from channelsim.columns import (
    ADHERENCE_COLUMN,
    ARREARS,
    ASKED_HOLDING,
    ASKED_LINK,
    ASKED_RELATIONSHIP,
    BEHAVIOUR,
    BORNE_SERVICE_COST,
    BUYER_MEMBER,
    COST_COLUMN,
    COST_OF_CAPITAL,
    DEBT,
    DEMAND_SYSTEM,
    DIVERSION,
    DIVERSION_GAIN,
    END_ASKED,
    END_ENTRY,
    END_SHELF,
    FIRST_ASKED,
    FIRST_ENTRY,
    FIRST_RESPONSE,
    FIRST_SHELF,
    FORECAST,
    HOLDING_RATE,
    KEPT_SHARE,
    MARKET,
    MEAN_DEMAND,
    MEMBER,
    MEMBER_TERRITORY,
    NEXT_PRICE,
    NEXT_SERVICE,
    OBSOLESCENCE,
    ORDER,
    OWN_PRICE,
    PAYMENT,
    PAYMENT_DUE,
    PAYMENT_MADE,
    PAYMENT_SHARE,
    POSITION,
    PRICE,
    PRICE_ADJUSTMENT,
    PRICE_RULE,
    PRICE_SENSITIVITY,
    SENDER,
    SERVICE,
    SHIPPED,
    STORE,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    UNIT_COST,
    WANTED,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.best_response import responds
from channelsim.mechanisms.demand import first_shelf_of
from channelsim.tables import State, Terms, World


@rule
def asks_for(attempt: int, behaviour: int, sender: int, terms: Terms) -> bool:
    """Return whether an attempt is about a behaviour of that side's partner."""
    index = terms.influence.attempts_index
    return index[BEHAVIOUR, attempt] == behaviour and index[SENDER, attempt] == sender


@rule
def forget_costs(attempt: int, terms: Terms, state: State) -> None:
    """Clear what complying with an attempt costs, before it is summed over the holdings asked."""
    index = terms.influence.attempts_index
    for e in range(index[FIRST_ENTRY, attempt], index[END_ENTRY, attempt]):
        state.relationships[index[COST_COLUMN, attempt], terms.influence.entries[e]] = 0.0


@rule
def target_of(now: float, proposed: float, speed: float) -> float:
    """Return where a rule that moves the share ``speed`` of the way is heading."""
    return now + (proposed - now) / speed if speed > 0.0 else now


@rule
def price_cost(holding: int, gap: float, system: int, world: World, terms: Terms, state: State) -> float:
    """Return what a retail price ``gap`` above the own choice costs, money per week."""
    shelf = holding - first_shelf_of(state)
    if system == GIVEN:
        return max(-gap, 0.0) * state.holdings[MEAN_DEMAND, holding]
    if system == LINEAR:
        t = world.members_index[MEMBER_TERRITORY, world.holdings_index[MEMBER, holding]]
        start = world.territories_index[FIRST_SHELF, t]
        n = world.territories_index[END_SHELF, t] - start
        return (
            terms.slopes[world.territories_index[FIRST_RESPONSE, t] + (shelf - start) * (n + 1)] * gap * gap
        )
    response = 0.0
    for g in range(state.attraction.shape[0]):
        demand = state.attraction[g, shelf] * state.store_demand[g, world.holdings_index[STORE, holding]]
        response += world.segments[PRICE_SENSITIVITY, g] * demand
    t = world.members_index[MEMBER_TERRITORY, world.holdings_index[MEMBER, holding]]
    return 0.5 * state.territories[MARKET, t] * response * gap * gap


@subroutine
def follow_asked_prices(world: World, terms: Terms, state: State) -> None:
    """Propose retail prices between the stores' own choice and what their suppliers ask for."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    for attempt in range(index.shape[1]):
        if not asks_for(attempt, ASK_PRICE, SUPPLIER_ASKS, terms):
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            h, r, wanted = (
                asked[ASKED_HOLDING, e],
                asked[ASKED_RELATIONSHIP, e],
                terms.influence.asked[WANTED, e],
            )
            adherence, chosen = rows[index[ADHERENCE_COLUMN, attempt], r], world.holdings_index[PRICE_RULE, h]
            price, proposed, next_wanted = state.holdings[PRICE, h], state.holdings[NEXT_PRICE, h], wanted
            target = proposed
            if responds(chosen):
                speed = world.holdings[PRICE_ADJUSTMENT, h]
                target = target_of(price, proposed, speed)
                next_wanted = price + speed * (wanted - price)
            elif chosen == PRICE_FIXED:
                proposed, target = terms.influence.asked[OWN_PRICE, e], terms.influence.asked[OWN_PRICE, e]
            state.holdings[NEXT_PRICE, h] = (1.0 - adherence) * proposed + adherence * next_wanted
            cost = price_cost(h, wanted - target, index[DEMAND_SYSTEM, attempt], world, terms, state)
            rows[index[COST_COLUMN, attempt], r] += terms.holdings[KEPT_SHARE, h] * cost


@subroutine
def follow_asked_wholesale_prices(tier: int, world: World, terms: Terms, state: State) -> None:
    """Settle a tier's wholesale prices between the suppliers' own choice and what their buyers ask for."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    first, end = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    for attempt in range(index.shape[1]):
        if not asks_for(attempt, ASK_PRICE, BUYER_ASKS, terms):
            continue
        if not first <= asked[ASKED_HOLDING, index[FIRST_ASKED, attempt]] < end:  # one group, hence one tier
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            h, link, r = asked[ASKED_HOLDING, e], asked[ASKED_LINK, e], asked[ASKED_RELATIONSHIP, e]
            own, wanted = state.holdings[PRICE, h], terms.influence.asked[WANTED, e]
            if world.holdings_index[PRICE_RULE, h] == PRICE_POSTED:
                own = terms.influence.asked[OWN_PRICE, e]
            adherence = rows[index[ADHERENCE_COLUMN, attempt], r]
            state.links[WHOLESALE_PRICE, link] = (1.0 - adherence) * own + adherence * wanted
            cost = max(own - wanted, 0.0) * state.links[SHIPPED, link]
            rows[index[COST_COLUMN, attempt], r] += cost


@subroutine
def follow_asked_service(world: World, terms: Terms, state: State) -> None:
    """Propose service efforts between the stores' own choice and what their suppliers ask for."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    for attempt in range(index.shape[1]):
        if not asks_for(attempt, ASK_SERVICE, SUPPLIER_ASKS, terms):
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            h, r, wanted = (
                asked[ASKED_HOLDING, e],
                asked[ASKED_RELATIONSHIP, e],
                terms.influence.asked[WANTED, e],
            )
            adherence, speed = rows[index[ADHERENCE_COLUMN, attempt], r], world.holdings[PRICE_ADJUSTMENT, h]
            now, proposed = state.holdings[SERVICE, h], state.holdings[NEXT_SERVICE, h]
            gap = wanted - target_of(now, proposed, speed)
            next_wanted = now + speed * (wanted - now)
            state.holdings[NEXT_SERVICE, h] = (1.0 - adherence) * proposed + adherence * next_wanted
            rows[index[COST_COLUMN, attempt], r] += 0.5 * terms.holdings[BORNE_SERVICE_COST, h] * gap * gap


@subroutine
def follow_asked_stock(tier: int, world: World, terms: Terms, state: State) -> None:
    """Propose a tier's orders between the members' own choice and the stock that they are asked to keep."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    first, end = world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]
    for attempt in range(index.shape[1]):
        if index[BEHAVIOUR, attempt] != ASK_STOCK:
            continue
        if not first <= asked[ASKED_HOLDING, index[FIRST_ASKED, attempt]] < end:  # one group, hence one tier
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            h, r = asked[ASKED_HOLDING, e], asked[ASKED_RELATIONSHIP, e]
            level = terms.influence.asked[WANTED, e] * state.holdings[FORECAST, h]
            adherence = rows[index[ADHERENCE_COLUMN, attempt], r]
            own, position = state.holdings[ORDER, h], state.holdings[POSITION, h]
            wanted = max(0.0, level - position)
            state.holdings[ORDER, h] = (1.0 - adherence) * own + adherence * wanted
            rate = world.holdings[HOLDING_RATE, h] + world.holdings[OBSOLESCENCE, h]
            cost = rate * state.holdings[UNIT_COST, h] * abs(wanted - own)
            rows[index[COST_COLUMN, attempt], r] += cost


@subroutine
def follow_asked_payments(world: World, terms: Terms, state: State) -> None:
    """Settle what buyers pay beyond their own choice because their suppliers ask for it."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    arrears, debt, payment = state.links[ARREARS], state.links[DEBT], state.links[PAYMENT]
    due, made, share = state.members[PAYMENT_DUE], state.members[PAYMENT_MADE], state.members[PAYMENT_SHARE]
    for attempt in range(index.shape[1]):
        if not asks_for(attempt, ASK_PAYMENT, SUPPLIER_ASKS, terms):
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            k, r = asked[ASKED_LINK, e], asked[ASKED_RELATIONSHIP, e]
            wanted = terms.influence.asked[WANTED, e] * (arrears[k] + payment[k])
            more = max(wanted - payment[k], 0.0)
            paid = min(rows[index[ADHERENCE_COLUMN, attempt], r] * more, arrears[k])
            payment[k] += paid
            arrears[k] -= paid
            debt[k] -= paid
            buyer = world.links_index[BUYER_MEMBER, k]
            made[buyer] = min(made[buyer] + paid, due[buyer])
            share[buyer] = 1.0 if made[buyer] == due[buyer] else made[buyer] / due[buyer]
            rows[index[COST_COLUMN, attempt], r] += world.scenario[COST_OF_CAPITAL] * more


@subroutine
def follow_asked_territories(terms: Terms, state: State) -> None:
    """Propose diversion between the members' own choice and what their suppliers tolerate."""
    index, asked, rows = terms.influence.attempts_index, terms.influence.asked_index, state.relationships
    own, gain = state.holdings[DIVERSION], state.holdings[DIVERSION_GAIN]
    for attempt in range(index.shape[1]):
        if not asks_for(attempt, ASK_TERRITORY, SUPPLIER_ASKS, terms):
            continue
        forget_costs(attempt, terms, state)
        for e in range(index[FIRST_ASKED, attempt], index[END_ASKED, attempt]):
            h, r = asked[ASKED_HOLDING, e], asked[ASKED_RELATIONSHIP, e]
            given_up = 1.0 - terms.influence.asked[WANTED, e]
            own[h] *= 1.0 - rows[index[ADHERENCE_COLUMN, attempt], r] * given_up
            rows[index[COST_COLUMN, attempt], r] += given_up * gain[h]
