"""A season's order under incentives: the best of a profit that is concave only between thresholds.

A newsvendor that follows the critical fractile orders Q for a season with demand N(μ, σ²). With L(x) =
E(x − D)⁺, units sold E min(Q, D) = Q − L(Q), it expects

    π(Q) = [(1−s) p − handling]·[Q − L(Q)] − I(Q) + v L(Q) + b [L(Q) − L((1 − κ)Q)] − g [μ − Q + L(Q)]
           + ρ E R ,

I the invoice with its quantity discount, v the salvage value it keeps, b the buyback credit beyond it, κ
Q the most that is credited, g goodwill; R target rebate and growth bonus on units bought (counted + Q) or
sold (counted + min(Q, D)):

    beyond T:      E (min(Q, D) − T)⁺ = [Q − L(Q)] − [T − L(T)]                   for Q > T ,
    on all units:  besides, T·P(D ≥ T) .

Between thresholds π is concave; the derivative's root is found by bisection in each interval, and the
best of all roots and thresholds is ordered. So a target is gone for or let go as pays better.

Source: Pasternack 1985 (b), Cachon & Lariviere 2005 (s), Tsay 1999 (full credit with a cap κ: quantity
flexibility), Taylor 2002 (R on sales); `theory.contracts_of_the_newsvendor` and its neighbours. Where it
holds: the season lies in one period of the target. Limit: no thresholds and no cap: the critical fractile
of `ordering`.
"""

from __future__ import annotations

from math import sqrt

from channelsim.codes import ON_ALL_UNITS, ON_UNITS_BEYOND, ORDER_NEWSVENDOR, SAFETY_FRACTILE, SELL_IN
from channelsim.columns import (
    BONUS_BASIS,
    BONUS_SHARE,
    BONUS_UNITS,
    BONUS_WEEKS,
    BUYBACK_CAP,
    CREDIT_SAVING,
    DISCOUNT_SHARE_1,
    DISCOUNT_THRESHOLD_1,
    FORECAST,
    FORECAST_VARIANCE,
    GOODWILL,
    HANDLING_COST,
    INCENTIVE_IN_USE,
    KEPT_SHARE,
    ORDER,
    ORDER_RULE,
    PRICE,
    PROTECTION_WEEKS,
    REBATE_BASIS,
    REBATE_MODE,
    REBATE_SHARE_1,
    REBATE_THRESHOLD_1,
    REBATE_UNITS,
    REBATE_WEEKS,
    SAFETY_RULE,
    SEASON_WEEKS,
    SOURCE_LINK,
    TIER_END_HOLDING,
    TIER_FIRST_HOLDING,
    WHOLESALE_PRICE,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.forward_buying import invoiced, rebate_on
from channelsim.mechanisms.incentives import belief, bonus_threshold, credit_beyond_salvage, kept_salvage
from channelsim.mechanisms.terms import NEVER, STEPS, step_share, unit_margin
from channelsim.numerics import standard_normal_cdf, standard_normal_density
from channelsim.tables import State, Terms, World

WIDTH = 8.0
"""Standard deviations above the mean beyond which nobody stocks."""


@rule
def expected_leftover(quantity: float, mean: float, deviation: float) -> float:
    """Return L(Q) = E(Q − D)⁺, units, for normal demand."""
    score = (quantity - mean) / deviation
    return deviation * (score * standard_normal_cdf(score) + standard_normal_density(score))


@rule
def counted_before(week: int, k: int, h: int, period: int, units: float, basis: int, terms: Terms) -> float:
    """Return what counts already toward a target when the goods come; 0 where its period opens then."""
    opens = period > 0 and (week + int(terms.holdings[PROTECTION_WEEKS, h])) % period == 0
    return 0.0 if opens and basis != SELL_IN else units


@rule
def expected_beyond(
    quantity: float, threshold: float, mode: int, counted: float, mean: float, deviation: float
) -> float:
    """Return the expected units that earn one step of a rebate on sales."""
    short = threshold - counted
    sold = quantity - expected_leftover(quantity, mean, deviation)
    if short <= 0.0:
        return sold - short + (threshold if mode == ON_ALL_UNITS else 0.0)
    if quantity < short:
        return 0.0
    found = sold - (short - expected_leftover(short, mean, deviation))
    if mode == ON_ALL_UNITS:
        found += threshold * standard_normal_cdf((mean - short) / deviation)
    return found


@rule
def expected_of_season(
    quantity: float,
    week: int,
    mean: float,
    deviation: float,
    k: int,
    h: int,
    world: World,
    terms: Terms,
    state: State,
) -> float:
    """Return π(Q), money for the season."""
    index, table, rows = terms.incentives_index, terms.incentives, state.incentives
    left = expected_leftover(quantity, mean, deviation)
    of_cap = expected_leftover((1.0 - table[BUYBACK_CAP, k]) * quantity, mean, deviation)
    sold = quantity - left
    margin = unit_margin(
        state.holdings[PRICE, h], terms.holdings[KEPT_SHARE, h], world.holdings[HANDLING_COST, h]
    )
    found = margin * sold + kept_salvage(k, world, terms, state) * left
    found += credit_beyond_salvage(k, world, terms, state) * (left - of_cap)
    found -= world.holdings[GOODWILL, h] * (mean - sold)
    found -= (1.0 - terms.holdings[CREDIT_SAVING, h]) * invoiced(quantity, k, terms, state)
    promised = belief(k, world, terms, state) * state.links[WHOLESALE_PRICE, k]
    if index[REBATE_WEEKS, k] > 0:
        counted = counted_before(
            week, k, h, index[REBATE_WEEKS, k], rows[REBATE_UNITS, k], index[REBATE_BASIS, k], terms
        )
        if index[REBATE_BASIS, k] == SELL_IN:
            found += belief(k, world, terms, state) * rebate_on(counted + quantity, k, terms, state)
        else:
            before = 0.0
            for step in range(STEPS):
                threshold, share = table[REBATE_THRESHOLD_1 + step, k], table[REBATE_SHARE_1 + step, k]
                if threshold < NEVER:
                    units = expected_beyond(
                        quantity, threshold, index[REBATE_MODE, k], counted, mean, deviation
                    )
                    found += promised * (share - before) * units
                    before = share
    if index[BONUS_WEEKS, k] > 0:
        threshold = bonus_threshold(k, terms, state)
        counted = counted_before(
            week, k, h, index[BONUS_WEEKS, k], rows[BONUS_UNITS, k], index[BONUS_BASIS, k], terms
        )
        units = max(counted + quantity - threshold, 0.0)
        if index[BONUS_BASIS, k] != SELL_IN:
            units = expected_beyond(quantity, threshold, ON_UNITS_BEYOND, counted, mean, deviation)
        found += promised * table[BONUS_SHARE, k] * units
    return found


@rule
def slope_of_season(
    quantity: float,
    start: float,
    week: int,
    mean: float,
    deviation: float,
    k: int,
    h: int,
    world: World,
    terms: Terms,
    state: State,
) -> float:
    """Return dπ/dQ with the steps in force just above ``start``, money per unit."""
    index, table, rows = terms.incentives_index, terms.incentives, state.incentives
    price = state.links[WHOLESALE_PRICE, k]
    promised = belief(k, world, terms, state) * price
    below = standard_normal_cdf((quantity - mean) / deviation)
    kept = 1.0 - table[BUYBACK_CAP, k]
    below_cap = standard_normal_cdf((kept * quantity - mean) / deviation)
    sold, bought = 0.0, 0.0  # what a unit sold, and a unit bought, earns besides
    if index[REBATE_WEEKS, k] > 0:
        counted = counted_before(
            week, k, h, index[REBATE_WEEKS, k], rows[REBATE_UNITS, k], index[REBATE_BASIS, k], terms
        )
        share = step_share(counted + start, REBATE_THRESHOLD_1, REBATE_SHARE_1, k, table)
        if index[REBATE_BASIS, k] == SELL_IN:
            bought += promised * share
        else:
            sold += promised * share
    if index[BONUS_WEEKS, k] > 0:
        counted = counted_before(
            week, k, h, index[BONUS_WEEKS, k], rows[BONUS_UNITS, k], index[BONUS_BASIS, k], terms
        )
        share = table[BONUS_SHARE, k] if counted + start >= bonus_threshold(k, terms, state) else 0.0
        if index[BONUS_BASIS, k] == SELL_IN:
            bought += promised * share
        else:
            sold += promised * share
    margin = unit_margin(
        state.holdings[PRICE, h], terms.holdings[KEPT_SHARE, h], world.holdings[HANDLING_COST, h]
    )
    discount = step_share(start, DISCOUNT_THRESHOLD_1, DISCOUNT_SHARE_1, k, table)
    found = (margin + world.holdings[GOODWILL, h] + sold) * (1.0 - below) + bought
    found -= (1.0 - terms.holdings[CREDIT_SAVING, h]) * price * (1.0 - discount)
    found += kept_salvage(k, world, terms, state) * below
    return found + credit_beyond_salvage(k, world, terms, state) * (below - kept * below_cap)


@rule
def start_of_interval(
    candidate: int, week: int, k: int, h: int, world: World, terms: Terms, state: State
) -> float:
    """Return where one of the intervals between thresholds begins, units; negative or endless if nowhere."""
    index, rows = terms.incentives_index, state.incentives
    if candidate == 0:
        return 0.0
    if candidate <= STEPS:
        return terms.incentives[DISCOUNT_THRESHOLD_1 + candidate - 1, k]
    if candidate <= 2 * STEPS:
        if index[REBATE_WEEKS, k] == 0:
            return NEVER
        counted = counted_before(
            week, k, h, index[REBATE_WEEKS, k], rows[REBATE_UNITS, k], index[REBATE_BASIS, k], terms
        )
        return terms.incentives[REBATE_THRESHOLD_1 + candidate - STEPS - 1, k] - counted
    if index[BONUS_WEEKS, k] == 0:
        return NEVER
    counted = counted_before(
        week, k, h, index[BONUS_WEEKS, k], rows[BONUS_UNITS, k], index[BONUS_BASIS, k], terms
    )
    return bonus_threshold(k, terms, state) - counted


@subroutine
def best_of_season(week: int, k: int, h: int, world: World, terms: Terms, state: State) -> float:
    """Return the order that maximises π, units."""
    season = world.scenario[SEASON_WEEKS]
    mean = state.holdings[FORECAST, h] * season
    deviation = max(sqrt(max(state.holdings[FORECAST_VARIANCE, h], 0.0) * season), 1e-9 * mean + 1e-12)
    best, chosen = 0.0, 0.0
    for candidate in range(2 + 2 * STEPS):
        start = start_of_interval(candidate, week, k, h, world, terms, state)
        if start < 0.0 or start >= 0.5 * NEVER:
            continue
        start *= 1.0 + 1e-15  # so that rounding does not leave it below the threshold
        low, high = start, max(start, mean + WIDTH * deviation)
        for _ in range(60):
            middle = 0.5 * (low + high)
            if slope_of_season(middle, start, week, mean, deviation, k, h, world, terms, state) > 0.0:
                low = middle
            else:
                high = middle
        for end in range(2):
            quantity = start if end == 0 else 0.5 * (low + high)
            found = expected_of_season(quantity, week, mean, deviation, k, h, world, terms, state)
            if (candidate == 0 and end == 0) or found > best:
                best, chosen = found, quantity
    return chosen


@subroutine
def order_for_season(tier: int, week: int, world: World, terms: Terms, state: State) -> None:
    """Propose next season's quantity under a contract with incentives."""
    season = int(world.scenario[SEASON_WEEKS])
    for h in range(world.tiers_index[TIER_FIRST_HOLDING, tier], world.tiers_index[TIER_END_HOLDING, tier]):
        k = terms.holdings_index[SOURCE_LINK, h]
        if k < 0 or terms.incentives_index[INCENTIVE_IN_USE, k] == 0:
            continue
        if world.holdings_index[ORDER_RULE, h] != ORDER_NEWSVENDOR:
            continue
        if world.holdings_index[SAFETY_RULE, h] != SAFETY_FRACTILE:
            continue
        if (week + int(terms.holdings[PROTECTION_WEEKS, h])) % season == 0:
            state.holdings[ORDER, h] = best_of_season(week, k, h, world, terms, state)
