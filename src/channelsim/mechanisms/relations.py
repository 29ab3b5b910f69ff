"""Relations: how either side feels about the other, and when it leaves (T3, T26, T31).

Outcome of side a: π_a = V_a (`dependence`) + rewards and fines received less paid − attention. It is
measured by a comparison level of own history and of peers, π̄_a ← π̄_a + η_CL(π_a − π̄_a), CL_a = (1 −
w)·π̄_a + w·fair_a, where the fair outcome is the share of both sides' value that peers have (`bases`). Every
feature x in [0, 1] follows

    x ← x + η_x (Λ(y_x) − x) ,

    economic satisfaction   y = (π − CL)/(½(|π| + |CL|)·scale)
    social satisfaction     y = b_n·n + b_c·u + b_f·(π − fair)/(½(|π| + |fair|)·scale) + b_k·z(conflict)
    trust                   y = b_ρ·z(ρ) + b_s·z(social) + b_c·u + b_n·n
    conflict                y = b_c·ū + b_e·|D_b − D_s|·ū + b_t·z(mean trust) + b_i·(D_b + D_s)/σ
    commitment              y = b_t·z(trust) + b_i·(D_b + D_s)/σ + b_k·z(conflict) + b_a·|D_b − D_s|/σ ,

in this order, with z(x) = (x − ½)/σ a standard score, u and n the partner's coercive and non-coercive use
over σ, ū the mean of both sides' coercive use over σ, and ρ the partner's credibility. Slopes and rates are
effects.

*Exit* (if the scenario has it): a side is worse off than its alternative in a week in which π_a < CL_alt =
R_a, what the counterfactual says it would still earn, or in which its commitment is below
``exit_commitment``. After ``exit_weeks`` such weeks on end it leaves: every link between the two is
suspended for good (`offering`). Terms are posted, so that a side can be worse off than its alternative;
under renegotiated Nash terms it cannot.

Source: economics §7; Thibaut & Kelley 1959 (CL, CL_alt: stay while the outcome beats the alternative);
Anderson & Narus 1984; Geyskens, Steenkamp & Kumar 1999 (signs). Patience of ``exit_weeks`` and exit from
lack of commitment are declared assumptions. Limit: nothing asked, equal peers, no dependence, credibility ½:
every feature stays at ½. Switch: ``relations.active``. A relationship through which nothing is sold does not
change.
"""

from __future__ import annotations

from channelsim.columns import (
    ASYMMETRY_ON_COMMITMENT,
    ATTENTION_SPENT_OF_SUPPLIER,
    COERCION_ON_CONFLICT,
    COERCION_ON_SOCIAL_SATISFACTION,
    COERCION_ON_TRUST,
    COERCIVE_USE_OF_SUPPLIER,
    COMMITMENT_OF_SUPPLIER,
    COMMITMENT_RATE,
    COMPARISON_LEVEL_OF_SUPPLIER,
    CONFLICT,
    CONFLICT_ON_COMMITMENT,
    CONFLICT_ON_SOCIAL_SATISFACTION,
    CONFLICT_RATE,
    CREDIBILITY_OF_SUPPLIER,
    CREDIBILITY_ON_TRUST,
    DEPENDENCE_OF_SUPPLIER,
    ECONOMIC_SATISFACTION_OF_SUPPLIER,
    ECONOMIC_SATISFACTION_RATE,
    ECONOMIC_SCALE,
    ENDED,
    EXIT_COMMITMENT,
    EXIT_WEEKS,
    EXPLOITATION_ON_CONFLICT,
    FAIR_OUTCOME_OF_SUPPLIER,
    FAIRNESS_ON_SOCIAL_SATISFACTION,
    FINE_PAID_OF_SUPPLIER,
    HISTORY_RATE,
    INTERDEPENDENCE_ON_COMMITMENT,
    INTERDEPENDENCE_ON_CONFLICT,
    NONCOERCION_ON_SOCIAL_SATISFACTION,
    NONCOERCION_ON_TRUST,
    NONCOERCIVE_USE_OF_SUPPLIER,
    OUTCOME_OF_SUPPLIER,
    RECAPTURED_OF_SUPPLIER,
    RELATIONSHIP,
    REMEMBERED_OUTCOME_OF_SUPPLIER,
    REWARD_PAID_OF_SUPPLIER,
    SALES_SHARE_OF_SUPPLIER,
    SOCIAL_SATISFACTION_OF_SUPPLIER,
    SOCIAL_SATISFACTION_ON_TRUST,
    SOCIAL_SATISFACTION_RATE,
    STANDARD_DEVIATION,
    SUSPENDED,
    TRUST_OF_SUPPLIER,
    TRUST_ON_COMMITMENT,
    TRUST_ON_CONFLICT,
    TRUST_RATE,
    VALUE_OF_SUPPLIER,
    WEEKS_BELOW_ALTERNATIVE_OF_SUPPLIER,
    WEIGHT_OF_PEERS,
)
from channelsim.compiled import rule, subroutine, wide
from channelsim.mechanisms.offering import offer_supplied
from channelsim.numerics import logistic
from channelsim.tables import Floats, State, Terms, World

LEAST = 1e-300
"""Money below which an outcome is none."""


@rule
def sum_outcomes(side: int, state: State) -> None:
    """Write what a side got out of every relationship this week."""
    rows = state.relationships
    outcome, value, spent = (
        rows[OUTCOME_OF_SUPPLIER + side],
        rows[VALUE_OF_SUPPLIER + side],
        rows[ATTENTION_SPENT_OF_SUPPLIER + side],
    )
    reward, reward_paid = rows[REWARD_PAID_OF_SUPPLIER + 1 - side], rows[REWARD_PAID_OF_SUPPLIER + side]
    fine, fine_paid = rows[FINE_PAID_OF_SUPPLIER + 1 - side], rows[FINE_PAID_OF_SUPPLIER + side]
    for r in range(outcome.size):
        outcome[r] = value[r] + reward[r] - reward_paid[r] + fine[r] - fine_paid[r] - spent[r]


@wide
def compare(
    rate: float,
    weight: float,
    in_use: Floats,
    outcome: Floats,
    fair: Floats,
    remembered: Floats,
    level: Floats,
) -> None:
    """Write the comparison level of a side; what it remembers moves on afterwards."""
    for r in range(level.size):
        level[r] = (1.0 - weight) * remembered[r] + weight * fair[r]
    for r in range(level.size):
        remembered[r] += rate * (outcome[r] - remembered[r]) if in_use[r] != 0.0 else 0.0


@wide
def feel_economically(
    rate: float, scale: float, in_use: Floats, outcome: Floats, level: Floats, feature: Floats
) -> None:
    """Settle a side's economic satisfaction."""
    for r in range(feature.size):
        size = 0.5 * scale * (abs(outcome[r]) + abs(level[r]))
        drawn = logistic((outcome[r] - level[r]) / max(size, LEAST)) - feature[r]
        feature[r] += rate * drawn if in_use[r] != 0.0 else 0.0


@wide
def feel_socially(
    rate: float,
    by_coercion: float,
    by_others: float,
    by_fairness: float,
    by_conflict: float,
    scale: float,
    in_use: Floats,
    coercive: Floats,
    noncoercive: Floats,
    outcome: Floats,
    fair: Floats,
    conflict: Floats,
    feature: Floats,
) -> None:
    """Settle a side's social satisfaction; slopes are per unit of use, of fairness and of conflict."""
    for r in range(feature.size):
        size = 0.5 * scale * (abs(outcome[r]) + abs(fair[r]))
        y = by_coercion * coercive[r] + by_others * noncoercive[r] + by_conflict * (conflict[r] - 0.5)
        y += by_fairness * (outcome[r] - fair[r]) / max(size, LEAST)
        feature[r] += rate * (logistic(y) - feature[r]) if in_use[r] != 0.0 else 0.0


@wide
def grow_trust(
    rate: float,
    by_credibility: float,
    by_satisfaction: float,
    by_coercion: float,
    by_others: float,
    in_use: Floats,
    credibility: Floats,
    satisfaction: Floats,
    coercive: Floats,
    noncoercive: Floats,
    feature: Floats,
) -> None:
    """Settle a side's trust; slopes are per unit."""
    for r in range(feature.size):
        y = by_credibility * (credibility[r] - 0.5) + by_satisfaction * (satisfaction[r] - 0.5)
        y += by_coercion * coercive[r] + by_others * noncoercive[r]
        feature[r] += rate * (logistic(y) - feature[r]) if in_use[r] != 0.0 else 0.0


@wide
def grow_conflict(
    rate: float,
    by_coercion: float,
    by_exploitation: float,
    by_trust: float,
    by_total: float,
    in_use: Floats,
    coercive: Floats,
    others_coercive: Floats,
    dependence: Floats,
    others_dependence: Floats,
    trust: Floats,
    others_trust: Floats,
    feature: Floats,
) -> None:
    """Settle conflict; slopes are per unit of the mean of both sides."""
    for r in range(feature.size):
        use = 0.5 * (coercive[r] + others_coercive[r])
        y = by_coercion * use + by_exploitation * abs(dependence[r] - others_dependence[r]) * use
        y += by_trust * (0.5 * (trust[r] + others_trust[r]) - 0.5)
        y += by_total * (dependence[r] + others_dependence[r])
        feature[r] += rate * (logistic(y) - feature[r]) if in_use[r] != 0.0 else 0.0


@wide
def grow_commitment(
    rate: float,
    by_trust: float,
    by_total: float,
    by_conflict: float,
    by_asymmetry: float,
    in_use: Floats,
    trust: Floats,
    dependence: Floats,
    others_dependence: Floats,
    conflict: Floats,
    feature: Floats,
) -> None:
    """Settle a side's commitment; slopes are per unit."""
    for r in range(feature.size):
        y = by_trust * (trust[r] - 0.5) + by_conflict * (conflict[r] - 0.5)
        y += by_total * (dependence[r] + others_dependence[r])
        y += by_asymmetry * abs(dependence[r] - others_dependence[r])
        feature[r] += rate * (logistic(y) - feature[r]) if in_use[r] != 0.0 else 0.0


@subroutine
def feel(world: World, state: State) -> None:
    """Settle satisfaction, trust, conflict and commitment of all relationships."""
    effects, rows = world.effects, state.relationships
    per = 1.0 / effects[STANDARD_DEVIATION]
    for side in range(2):
        sum_outcomes(side, state)
        in_use, outcome = rows[SALES_SHARE_OF_SUPPLIER], rows[OUTCOME_OF_SUPPLIER + side]
        fair, level = rows[FAIR_OUTCOME_OF_SUPPLIER + side], rows[COMPARISON_LEVEL_OF_SUPPLIER + side]
        remembered = rows[REMEMBERED_OUTCOME_OF_SUPPLIER + side]
        compare(effects[HISTORY_RATE], effects[WEIGHT_OF_PEERS], in_use, outcome, fair, remembered, level)
        feel_economically(
            effects[ECONOMIC_SATISFACTION_RATE],
            effects[ECONOMIC_SCALE],
            in_use,
            outcome,
            level,
            rows[ECONOMIC_SATISFACTION_OF_SUPPLIER + side],
        )
        feel_socially(
            effects[SOCIAL_SATISFACTION_RATE],
            per * effects[COERCION_ON_SOCIAL_SATISFACTION],
            per * effects[NONCOERCION_ON_SOCIAL_SATISFACTION],
            effects[FAIRNESS_ON_SOCIAL_SATISFACTION],
            per * effects[CONFLICT_ON_SOCIAL_SATISFACTION],
            effects[ECONOMIC_SCALE],
            in_use,
            rows[COERCIVE_USE_OF_SUPPLIER + 1 - side],
            rows[NONCOERCIVE_USE_OF_SUPPLIER + 1 - side],
            outcome,
            fair,
            rows[CONFLICT],
            rows[SOCIAL_SATISFACTION_OF_SUPPLIER + side],
        )
        grow_trust(
            effects[TRUST_RATE],
            per * effects[CREDIBILITY_ON_TRUST],
            per * effects[SOCIAL_SATISFACTION_ON_TRUST],
            per * effects[COERCION_ON_TRUST],
            per * effects[NONCOERCION_ON_TRUST],
            in_use,
            rows[CREDIBILITY_OF_SUPPLIER + 1 - side],
            rows[SOCIAL_SATISFACTION_OF_SUPPLIER + side],
            rows[COERCIVE_USE_OF_SUPPLIER + 1 - side],
            rows[NONCOERCIVE_USE_OF_SUPPLIER + 1 - side],
            rows[TRUST_OF_SUPPLIER + side],
        )
    grow_conflict(
        effects[CONFLICT_RATE],
        per * effects[COERCION_ON_CONFLICT],
        per * effects[EXPLOITATION_ON_CONFLICT],
        per * effects[TRUST_ON_CONFLICT],
        per * effects[INTERDEPENDENCE_ON_CONFLICT],
        rows[SALES_SHARE_OF_SUPPLIER],
        rows[COERCIVE_USE_OF_SUPPLIER],
        rows[COERCIVE_USE_OF_SUPPLIER + 1],
        rows[DEPENDENCE_OF_SUPPLIER],
        rows[DEPENDENCE_OF_SUPPLIER + 1],
        rows[TRUST_OF_SUPPLIER],
        rows[TRUST_OF_SUPPLIER + 1],
        rows[CONFLICT],
    )
    for side in range(2):
        grow_commitment(
            effects[COMMITMENT_RATE],
            per * effects[TRUST_ON_COMMITMENT],
            per * effects[INTERDEPENDENCE_ON_COMMITMENT],
            per * effects[CONFLICT_ON_COMMITMENT],
            per * effects[ASYMMETRY_ON_COMMITMENT],
            rows[SALES_SHARE_OF_SUPPLIER],
            rows[TRUST_OF_SUPPLIER + side],
            rows[DEPENDENCE_OF_SUPPLIER],
            rows[DEPENDENCE_OF_SUPPLIER + 1],
            rows[CONFLICT],
            rows[COMMITMENT_OF_SUPPLIER + side],
        )


@subroutine
def leave(world: World, terms: Terms, state: State) -> None:
    """Settle which relationships end this week."""
    rows, parting = state.relationships, False
    patience, least = world.scenario[EXIT_WEEKS], world.scenario[EXIT_COMMITMENT]
    for r in range(rows.shape[1]):
        if rows[ENDED, r] > 0.0 or rows[SALES_SHARE_OF_SUPPLIER, r] == 0.0:
            continue
        for side in range(2):
            worse = rows[OUTCOME_OF_SUPPLIER + side, r] < rows[RECAPTURED_OF_SUPPLIER + side, r]
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
