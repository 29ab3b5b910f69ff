"""Judgement: at reviews either side takes stock of what the relationship brings, and how much it wants it.

After dependence is measured, side a compares its outcome π_a (this review's value, this week's side
payments, rewards, fines and attention) with the comparison level of what it remembers and of what peers have
(`bases`),

    CL_a = (1 − w)·π̄_a + w·fair_a ,      π̄_a ← π̄_a + h(η_CL)·(π_a − π̄_a) ,      h(η) = 1 − (1 − η)^T

with T the weeks between reviews, so that rates are rates per week, and moves

    x ← x + h(η_x)·(Λ(y_x) − x) ,

    economic satisfaction   y = (π − CL)/(½(abs π + abs CL)·scale)
    commitment              y = b_t·z(trust) + b_i·(D_b + D_s)/σ + b_k·z(conflict) + b_a·abs(D_b − D_s)/σ

with z(x) = (x − ½)/σ. Remembered is at first what the first review finds under the scenario as it stands, in
the same market: a policy is judged by what members had before it. Who had nothing before compares with its
own first review.

Source: economics §7; Thibaut & Kelley 1959 and Anderson & Narus 1984 (CL); that both are formed with the
review's figures, not week by week, is a declared assumption. Limit: an outcome at its comparison level draws
economic satisfaction to ½. Switch: ``relations.active``.
"""

from __future__ import annotations

from math import isnan

from channelsim.columns import (
    ASYMMETRY_ON_COMMITMENT,
    COMMITMENT_OF_SUPPLIER,
    COMMITMENT_RATE,
    COMPARISON_LEVEL_OF_SUPPLIER,
    CONFLICT,
    CONFLICT_ON_COMMITMENT,
    DEPENDENCE_OF_SUPPLIER,
    ECONOMIC_SATISFACTION_OF_SUPPLIER,
    ECONOMIC_SATISFACTION_RATE,
    ECONOMIC_SCALE,
    FAIR_OUTCOME_OF_SUPPLIER,
    HISTORY_RATE,
    INTERDEPENDENCE_ON_COMMITMENT,
    OUTCOME_OF_SUPPLIER,
    REMEMBERED_OUTCOME_OF_SUPPLIER,
    REVIEW_WEEKS,
    SALES_SHARE_OF_SUPPLIER,
    SIDE_PAYMENTS_OF_SUPPLIER,
    STANDARD_DEVIATION,
    TRUST_OF_SUPPLIER,
    TRUST_ON_COMMITMENT,
    VALUE_OF_SUPPLIER,
    WEIGHT_OF_PEERS,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.relations import relative_gap, sum_outcomes
from channelsim.numerics import logistic
from channelsim.tables import State, World


@rule
def over_weeks(rate: float, weeks: int) -> float:
    """Return the share of the way that a weekly rate goes in some weeks, 1 − (1 − η)^T."""
    left = 1.0
    for _ in range(weeks):
        left *= 1.0 - rate
    return 1.0 - left


@rule
def judge_outcome(side: int, relationship: int, weeks: int, world: World, state: State) -> None:
    """Settle a side's outcome, comparison level and economic satisfaction."""
    rows, effects, r = state.relationships, world.effects, relationship
    sum_outcomes(side, r, r + 1, rows)
    outcome, remembered = rows[OUTCOME_OF_SUPPLIER + side, r], rows[REMEMBERED_OUTCOME_OF_SUPPLIER + side, r]
    weight = effects[WEIGHT_OF_PEERS]
    level = (1.0 - weight) * remembered + weight * rows[FAIR_OUTCOME_OF_SUPPLIER + side, r]
    rows[COMPARISON_LEVEL_OF_SUPPLIER + side, r] = level
    moved = over_weeks(effects[HISTORY_RATE], weeks) * (outcome - remembered)
    rows[REMEMBERED_OUTCOME_OF_SUPPLIER + side, r] = remembered + moved
    drawn = logistic(relative_gap(outcome, level, effects[ECONOMIC_SCALE]))
    rate = over_weeks(effects[ECONOMIC_SATISFACTION_RATE], weeks)
    now = rows[ECONOMIC_SATISFACTION_OF_SUPPLIER + side, r]
    rows[ECONOMIC_SATISFACTION_OF_SUPPLIER + side, r] = now + rate * (drawn - now)


@rule
def commit(side: int, relationship: int, weeks: int, world: World, state: State) -> None:
    """Settle a side's commitment."""
    rows, effects, r = state.relationships, world.effects, relationship
    one, other = rows[DEPENDENCE_OF_SUPPLIER, r], rows[DEPENDENCE_OF_SUPPLIER + 1, r]
    y = effects[TRUST_ON_COMMITMENT] * (rows[TRUST_OF_SUPPLIER + side, r] - 0.5)
    y += effects[CONFLICT_ON_COMMITMENT] * (rows[CONFLICT, r] - 0.5)
    y += effects[INTERDEPENDENCE_ON_COMMITMENT] * (one + other)
    y += effects[ASYMMETRY_ON_COMMITMENT] * abs(one - other)
    now, rate = rows[COMMITMENT_OF_SUPPLIER + side, r], over_weeks(effects[COMMITMENT_RATE], weeks)
    drawn = logistic(y / effects[STANDARD_DEVIATION])
    rows[COMMITMENT_OF_SUPPLIER + side, r] = now + rate * (drawn - now)


@subroutine
def judge(first: bool, world: World, state: State) -> None:
    """Settle economic satisfaction and commitment of all relationships in use.

    Parameters
    ----------
    first : bool
        Whether it is the run's first review: who remembers nothing (NaN) remembers this one.
    """
    rows, weeks = state.relationships, 0 if first else int(world.scenario[REVIEW_WEEKS])
    for r in range(rows.shape[1]):
        if rows[SALES_SHARE_OF_SUPPLIER, r] == 0.0:
            continue
        for side in range(2):
            if first and isnan(rows[REMEMBERED_OUTCOME_OF_SUPPLIER + side, r]):
                standing = rows[VALUE_OF_SUPPLIER + side, r] + rows[SIDE_PAYMENTS_OF_SUPPLIER + side, r]
                rows[REMEMBERED_OUTCOME_OF_SUPPLIER + side, r] = standing
            judge_outcome(side, r, weeks, world, state)
            commit(side, r, weeks, world, state)
