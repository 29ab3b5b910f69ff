"""Relations: how either side feels about the other, and when it leaves (T3, T26, T31).

Outcome of side a in a week: π_a = V_a (`dependence`) + side payments (`support`) + rewards and fines received
less paid − attention. Every feature x in [0, 1] follows

    x ← x + η_x (Λ(y_x) − x) ,

    social satisfaction     y = b_n·n + b_c·u + b_f·(π − fair)/(½(abs π + abs fair)·scale) + b_k·z(conflict)
    trust                   y = b_ρ·z(ρ) + b_s·z(social) + b_c·u + b_n·n  (buyer: + b_d·lost/σ)
    conflict    y = (b_c + b_e·abs(D_b − D_s))·ū + b_t·z(mean trust) + b_i·(D_b + D_s)/σ + b_k·lost/σ ,

in this order, with z(x) = (x − ½)/σ a standard score, u and n the partner's coercive and non-coercive use
over σ, ū the mean of both sides' coercive use over σ, ρ the partner's credibility, fair the fair outcome
(`bases`) and lost the share of its market that the buyer lost to members of other territories
(`diversion`). Economic satisfaction and commitment are judgements formed at reviews (`judgement`). Slopes and
rates are effects.

*Exit* (if the scenario has it): a side is worse off than its alternative in a week in which π_a < CL_alt =
R_a, what the counterfactual says it would still earn, or in which its commitment is below
``exit_commitment``. After ``exit_weeks`` such weeks on end it leaves: every link between the two is
suspended for good (`offering`). Posted terms can leave a side worse off than its alternative; those that are
renegotiated (`bargaining`) do not, but fines and attention come on top, and who is held at it then leaves.

Source: economics §7; Thibaut & Kelley 1959 (CL_alt: stay while the outcome beats the alternative); Geyskens,
Steenkamp & Kumar 1999 (signs). Patience of ``exit_weeks`` and exit from lack of commitment are declared
assumptions. Limit: nothing asked, equal peers, no dependence, credibility ½: every feature stays at ½.
Switch: ``relations.active``. A relationship through which nothing is sold does not change.
"""

from __future__ import annotations

from channelsim.columns import (
    ATTENTION_SPENT_OF_SUPPLIER,
    COERCION_ON_CONFLICT,
    COERCION_ON_SOCIAL_SATISFACTION,
    COERCION_ON_TRUST,
    COERCIVE_USE_OF_SUPPLIER,
    COMMITMENT_OF_SUPPLIER,
    CONFLICT,
    CONFLICT_ON_SOCIAL_SATISFACTION,
    CONFLICT_RATE,
    CREDIBILITY_OF_SUPPLIER,
    CREDIBILITY_ON_TRUST,
    DEPENDENCE_OF_SUPPLIER,
    DIVERSION_ON_CONFLICT,
    DIVERSION_ON_TRUST,
    DIVERSION_SUFFERED,
    DRAWN_TO,
    ECONOMIC_SCALE,
    ENDED,
    EXIT_COMMITMENT,
    EXIT_WEEKS,
    EXPLOITATION_ON_CONFLICT,
    FAIR_OUTCOME_OF_SUPPLIER,
    FAIRNESS_ON_SOCIAL_SATISFACTION,
    FINE_PAID_OF_SUPPLIER,
    INTERDEPENDENCE_ON_CONFLICT,
    NONCOERCION_ON_SOCIAL_SATISFACTION,
    NONCOERCION_ON_TRUST,
    NONCOERCIVE_USE_OF_SUPPLIER,
    OUTCOME_OF_SUPPLIER,
    RECAPTURED_OF_SUPPLIER,
    RELATIONSHIP,
    REWARD_PAID_OF_SUPPLIER,
    SALES_SHARE_OF_SUPPLIER,
    SIDE_PAYMENTS_OF_SUPPLIER,
    SOCIAL_SATISFACTION_OF_SUPPLIER,
    SOCIAL_SATISFACTION_ON_TRUST,
    SOCIAL_SATISFACTION_RATE,
    STANDARD_DEVIATION,
    SUSPENDED,
    TRUST_OF_SUPPLIER,
    TRUST_ON_CONFLICT,
    TRUST_RATE,
    VALUE_OF_SUPPLIER,
    WEEKS_BELOW_ALTERNATIVE_OF_SUPPLIER,
)
from channelsim.compiled import rule, subroutine, wide
from channelsim.mechanisms.offering import offer_supplied
from channelsim.mechanisms.promises import net_received
from channelsim.numerics import exponential
from channelsim.tables import Floats, Integers, State, Terms, World

BLOCK = 256
"""Relationships at a time, so that the columns of one pass are still in the nearest caches in the next."""
ROUNDING = 1e-9
"""Share of outcome and alternative by which one is not below the other."""
LEAST = 1e-300
"""Money below which an outcome is none."""


@rule
def relative_gap(outcome: float, level: float, scale: float) -> float:
    """Return how far an outcome lies above a level, over the scaled mean of their sizes; within ±2/scale."""
    size = 0.5 * scale * (abs(outcome) + abs(level))
    return (outcome - level) / max(size, LEAST)


@rule
def drawn(rate: float, in_use: float, y: float, feature: float) -> float:
    """Return a feature gone the share ``rate`` of the way to Λ(y), if anything is sold."""
    weight = rate if in_use != 0.0 else 0.0
    return feature + weight * (1.0 / (1.0 + exponential(-y)) - feature)


@wide
def draw_social_satisfaction(
    rate: float,
    fairness: float,
    scale: float,
    coercion: float,
    noncoercion: float,
    of_conflict: float,
    in_use: Floats,
    outcome: Floats,
    fair: Floats,
    coercive: Floats,
    noncoercive: Floats,
    conflict: Floats,
    social: Floats,
) -> None:
    """Settle a side's social satisfaction; the slopes before the columns that they belong to."""
    for r in range(social.size):
        y = fairness * relative_gap(outcome[r], fair[r], scale)
        y += coercion * coercive[r]
        y += noncoercion * noncoercive[r]
        y += of_conflict * (conflict[r] - 0.5)
        social[r] = drawn(rate, in_use[r], y, social[r])


@wide
def draw_trust(
    rate: float,
    of_credibility: float,
    of_social: float,
    coercion: float,
    noncoercion: float,
    of_diversion: float,
    in_use: Floats,
    credibility: Floats,
    social: Floats,
    coercive: Floats,
    noncoercive: Floats,
    lost: Floats,
    trust: Floats,
) -> None:
    """Settle a side's trust; the slopes before the columns that they belong to."""
    for r in range(trust.size):
        y = of_credibility * (credibility[r] - 0.5)
        y += of_social * (social[r] - 0.5)
        y += coercion * coercive[r]
        y += noncoercion * noncoercive[r]
        y += of_diversion * lost[r]
        trust[r] = drawn(rate, in_use[r], y, trust[r])


@wide
def draw_conflict(
    rate: float,
    of_trust: float,
    of_diversion: float,
    in_use: Floats,
    y: Floats,
    one: Floats,
    other: Floats,
    lost: Floats,
    conflict: Floats,
) -> None:
    """Settle conflict, from what dependence and coercion make of it, both sides' trust and diversion."""
    for r in range(conflict.size):
        towards = y[r] + of_trust * (one[r] - 0.5)
        towards += of_trust * (other[r] - 0.5)
        towards += of_diversion * lost[r]
        conflict[r] = drawn(rate, in_use[r], towards, conflict[r])


@rule
def sum_outcomes(side: int, start: int, end: int, rows: Floats) -> None:
    """Settle what a side got out of a block of relationships this week."""
    outcome, value, spent = (
        rows[OUTCOME_OF_SUPPLIER + side, start:end],
        rows[VALUE_OF_SUPPLIER + side, start:end],
        rows[ATTENTION_SPENT_OF_SUPPLIER + side, start:end],
    )
    reward = rows[REWARD_PAID_OF_SUPPLIER + 1 - side, start:end]
    reward_paid = rows[REWARD_PAID_OF_SUPPLIER + side, start:end]
    fine = rows[FINE_PAID_OF_SUPPLIER + 1 - side, start:end]
    fine_paid = rows[FINE_PAID_OF_SUPPLIER + side, start:end]
    beside = rows[SIDE_PAYMENTS_OF_SUPPLIER + side, start:end]
    for r in range(outcome.size):
        received = net_received(reward[r], reward_paid[r], fine[r], fine_paid[r])
        outcome[r] = value[r] + beside[r] + received - spent[r]


@rule
def sum_unasked_outcomes(side: int, start: int, end: int, rows: Floats) -> None:
    """Settle what a side got out of relationships in which nobody asks for anything."""
    outcome, value = rows[OUTCOME_OF_SUPPLIER + side, start:end], rows[VALUE_OF_SUPPLIER + side, start:end]
    beside = rows[SIDE_PAYMENTS_OF_SUPPLIER + side, start:end]
    for r in range(outcome.size):
        outcome[r] = value[r] + beside[r]


@rule
def feel_about_partner(
    side: int, start: int, end: int, influenced: bool, diverting: bool, effects: Floats, rows: Floats
) -> None:
    """Settle a side's social satisfaction and trust in a block of relationships.

    Where nobody is influenced, or nobody diverts, their slopes are 0 and the columns are not read.
    """
    per, in_use = 1.0 / effects[STANDARD_DEVIATION], rows[SALES_SHARE_OF_SUPPLIER, start:end]
    asked, diverted = per if influenced else 0.0, per if diverting and side == 1 else 0.0
    coercive, noncoercive = in_use, in_use
    if influenced:
        coercive = rows[COERCIVE_USE_OF_SUPPLIER + 1 - side, start:end]
        noncoercive = rows[NONCOERCIVE_USE_OF_SUPPLIER + 1 - side, start:end]
    social = rows[SOCIAL_SATISFACTION_OF_SUPPLIER + side, start:end]
    draw_social_satisfaction(
        effects[SOCIAL_SATISFACTION_RATE],
        effects[FAIRNESS_ON_SOCIAL_SATISFACTION],
        effects[ECONOMIC_SCALE],
        asked * effects[COERCION_ON_SOCIAL_SATISFACTION],
        asked * effects[NONCOERCION_ON_SOCIAL_SATISFACTION],
        per * effects[CONFLICT_ON_SOCIAL_SATISFACTION],
        in_use,
        rows[OUTCOME_OF_SUPPLIER + side, start:end],
        rows[FAIR_OUTCOME_OF_SUPPLIER + side, start:end],
        coercive,
        noncoercive,
        rows[CONFLICT, start:end],
        social,
    )
    draw_trust(
        effects[TRUST_RATE],
        per * effects[CREDIBILITY_ON_TRUST],
        per * effects[SOCIAL_SATISFACTION_ON_TRUST],
        asked * effects[COERCION_ON_TRUST],
        asked * effects[NONCOERCION_ON_TRUST],
        diverted * effects[DIVERSION_ON_TRUST],
        in_use,
        rows[CREDIBILITY_OF_SUPPLIER + 1 - side, start:end],
        social,
        coercive,
        noncoercive,
        rows[DIVERSION_SUFFERED, start:end] if diverting else in_use,
        rows[TRUST_OF_SUPPLIER + side, start:end],
    )


@rule
def feel_conflict(
    start: int, end: int, influenced: bool, diverting: bool, effects: Floats, rows: Floats
) -> None:
    """Settle conflict in a block of relationships."""
    per, y = 1.0 / effects[STANDARD_DEVIATION], rows[DRAWN_TO, start:end]
    one, other = rows[DEPENDENCE_OF_SUPPLIER, start:end], rows[DEPENDENCE_OF_SUPPLIER + 1, start:end]
    total = per * effects[INTERDEPENDENCE_ON_CONFLICT]
    if influenced:
        of_one = rows[COERCIVE_USE_OF_SUPPLIER, start:end]
        of_other = rows[COERCIVE_USE_OF_SUPPLIER + 1, start:end]
        use = 0.5 * per * effects[COERCION_ON_CONFLICT]
        exploitation = 0.5 * per * effects[EXPLOITATION_ON_CONFLICT]
        for r in range(y.size):
            coerced = (use + exploitation * abs(one[r] - other[r])) * (of_one[r] + of_other[r])
            y[r] = coerced + total * (one[r] + other[r])
    else:
        for r in range(y.size):
            y[r] = total * (one[r] + other[r])
    in_use = rows[SALES_SHARE_OF_SUPPLIER, start:end]
    draw_conflict(
        effects[CONFLICT_RATE],
        0.5 * per * effects[TRUST_ON_CONFLICT],
        per * effects[DIVERSION_ON_CONFLICT] if diverting else 0.0,
        in_use,
        y,
        rows[TRUST_OF_SUPPLIER, start:end],
        rows[TRUST_OF_SUPPLIER + 1, start:end],
        rows[DIVERSION_SUFFERED, start:end] if diverting else in_use,
        rows[CONFLICT, start:end],
    )


@rule
def end_of_use(rows: Floats) -> int:
    """Return one past the last relationship through which anything is sold; those in use come first."""
    in_use = rows[SALES_SHARE_OF_SUPPLIER]
    end = in_use.size
    while end > 0 and in_use[end - 1] == 0.0:
        end -= 1
    return end


@subroutine
def feel(diverting: bool, effects: Floats, influenced: Integers, rows: Floats) -> None:
    """Settle social satisfaction, trust and conflict of all relationships, block by block.

    Parameters
    ----------
    diverting : bool
        Whether members divert at all.
    effects : array (effects,)
    influenced : array (relationships with any attempt,)
    rows : array (columns, relationships)
        The relationships of the state.
    """
    count, lowest, highest = end_of_use(rows), rows.shape[1], -1
    for i in range(influenced.size):
        lowest, highest = min(lowest, influenced[i]), max(highest, influenced[i])
    for block in range((count + BLOCK - 1) // BLOCK):
        start, end = block * BLOCK, min(count, (block + 1) * BLOCK)
        asked = start <= highest and lowest < end
        for side in range(2):
            if asked:
                sum_outcomes(side, start, end, rows)
            else:
                sum_unasked_outcomes(side, start, end, rows)
            feel_about_partner(side, start, end, asked, diverting, effects, rows)
        feel_conflict(start, end, asked, diverting, effects, rows)


@subroutine
def leave(world: World, terms: Terms, state: State) -> None:
    """Settle which relationships end this week."""
    rows, parting = state.relationships, False
    patience, least = world.scenario[EXIT_WEEKS], world.scenario[EXIT_COMMITMENT]
    for r in range(rows.shape[1]):
        if rows[ENDED, r] > 0.0 or rows[SALES_SHARE_OF_SUPPLIER, r] == 0.0:
            continue
        for side in range(2):
            outcome, alternative = rows[OUTCOME_OF_SUPPLIER + side, r], rows[RECAPTURED_OF_SUPPLIER + side, r]
            worse = outcome < alternative - ROUNDING * (abs(outcome) + abs(alternative))
            worse = worse or rows[COMMITMENT_OF_SUPPLIER + side, r] < least
            weeks = rows[WEEKS_BELOW_ALTERNATIVE_OF_SUPPLIER + side, r]
            rows[WEEKS_BELOW_ALTERNATIVE_OF_SUPPLIER + side, r] = weeks + 1.0 if worse else 0.0
            if worse and weeks + 1.0 >= patience:
                rows[ENDED, r] = 1.0
                parting = True
    if not parting:
        return
    suspended, relationship = state.links[SUSPENDED], world.links_index[RELATIONSHIP]
    for k in range(suspended.size):
        suspended[k] = max(suspended[k], rows[ENDED, relationship[k]])
    offer_supplied(world, terms, state)
