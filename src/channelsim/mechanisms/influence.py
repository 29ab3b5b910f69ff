"""Influence: how power is used, and with what success (T6, T8).

A *sender* asks a *receiver* for a behaviour (`adherence`) and does so, contact by contact, with a mix of six
strategies s: promise, threat, legalistic plea, request, recommendation, information exchange. The share of
contacts in which the receiver complies is

    C_s = Λ( θ_s + θ_U·money_s/G + θ_B·base_s + θ_T·(trust − ½) − θ_K·conflict ) ,
    money_promise = ρ·reward − cost,   money_threat = detection·χ·sanction − cost,   else −cost,

with G what the receiver would lose without the relationship (`dependence`; at least the share `least_gain`
of its value), cost what complying costs it, ρ and χ the sender's record of paying (`promises`) and of
fining. A legalistic plea draws on the legitimate base, a request on the referent, recommendation and
information exchange on the expert base; promise and threat work through money alone, so that nothing counts
twice. Of the contacts in which the mix would threaten, a threat is made in the share

    Λ( h_0 + h_1·(D_partner − D_own) − h_2·(D_b + D_s) + h_3·(1 − adherence) ),

bilateral deterrence (h_2); the others lapse. With u_s the uses that remain, contacts a week times share,

    a ← a + η_a·Σ_s u_s C_s·(1 − a) − δ_a·a                     adherence
    k_partner ← k_partner + δ_k·u_information·(k_own − k_partner)⁺      information is handed over for good
    fine = u_threat·(1 − C_threat)·detection·enforcement·sanction ,      paid by the receiver
    χ ← χ + η_χ·u_threat·(1 − C_threat)·detection·(enforcement − χ) .

All are expected values: nothing is drawn. A reward or sanction that is not given is what the given base of
the survey implies, ρ·reward = V·B/(1 − B) and χ·sanction = V·B, the inverse of `bases` (V the receiver's
value).

Source: economics §7 (with χ, since a fine that is never exacted is not feared); French & Raven 1959; Frazier
& Summers 1984; Bacharach & Lawler 1981. All magnitudes are effects, declared assumptions. Limit: no attempts
leave the step out; h_2 = 0 switches deterrence off. Nobody is asked where nothing is sold.
"""

from __future__ import annotations

from channelsim.codes import INFORMATION_EXCHANGE, LEGALISTIC_PLEA, PROMISE, REQUEST, THREAT
from channelsim.columns import (
    ADHERENCE_COLUMN,
    ADHERENCE_DECAY,
    ADHERENCE_RATE,
    ADVANTAGE_ON_THREATS,
    ATTENTION,
    ATTENTION_SPENT_OF_SUPPLIER,
    BASE_ON_COMPLIANCE,
    COERCIVE_BASE_OF_SUPPLIER,
    COERCIVE_USE_OF_SUPPLIER,
    COERCIVENESS_OF_PROMISE,
    COMPLIANCE_OF_SUPPLIER,
    COMPLIANCE_WITH_PROMISE,
    CONFLICT,
    CONFLICT_ON_COMPLIANCE,
    COST_COLUMN,
    CREDIBILITY_OF_SUPPLIER,
    DEPENDENCE_OF_SUPPLIER,
    DETECTION,
    END_ENTRY,
    ENDED,
    ENFORCEMENT,
    ENFORCEMENT_RATE,
    ENFORCEMENT_RECORD_OF_SUPPLIER,
    EXPERT_BASE_OF_SUPPLIER,
    FINE_PAID_OF_SUPPLIER,
    FIRST_ENTRY,
    GAIN_OF_SUPPLIER,
    INFORMATION_RATE,
    INTENSITY,
    INTERDEPENDENCE_ON_THREATS,
    KNOWLEDGE_OF_SUPPLIER,
    LEAST_GAIN,
    LEGITIMATE_BASE_OF_SUPPLIER,
    MONEY_ON_COMPLIANCE,
    NONCOERCIVE_USE_OF_SUPPLIER,
    PROMISE_SHARE,
    REFERENT_BASE_OF_SUPPLIER,
    REWARD,
    REWARD_BASE_OF_SUPPLIER,
    REWARDS_OPEN_OF_SUPPLIER,
    REWARDS_OPEN_WORTH_OF_SUPPLIER,
    SALES_SHARE_OF_SUPPLIER,
    SANCTION,
    SENDER,
    SHORTFALL_ON_THREATS,
    THREAT_LEVEL,
    TRUST_OF_SUPPLIER,
    TRUST_ON_COMPLIANCE,
    VALUE_OF_SUPPLIER,
)
from channelsim.compiled import rule, subroutine
from channelsim.numerics import logistic
from channelsim.tables import Floats, Influence, Integers

MOST_CERTAIN = 0.99
"""Largest reward base, and 1 less the least record, from which money is inferred."""
LEAST = 1e-300
"""Gain by which money is divided where there is none: money alone decides."""


@rule
def promised(attempt: int, sender: int, relationship: int, influence: Influence, rows: Floats) -> float:
    """Return the reward that an attempt promises, money per week."""
    reward = influence.attempts[REWARD, attempt]
    if reward == reward:
        return reward
    base = min(rows[REWARD_BASE_OF_SUPPLIER + sender, relationship], MOST_CERTAIN)
    value = max(rows[VALUE_OF_SUPPLIER + 1 - sender, relationship], 0.0)
    credibility = max(rows[CREDIBILITY_OF_SUPPLIER + sender, relationship], 1.0 - MOST_CERTAIN)
    return value * base / ((1.0 - base) * credibility)


@rule
def threatened(attempt: int, sender: int, relationship: int, influence: Influence, rows: Floats) -> float:
    """Return the fine that an attempt threatens with, money per week."""
    sanction = influence.attempts[SANCTION, attempt]
    if sanction == sanction:
        return sanction
    value = max(rows[VALUE_OF_SUPPLIER + 1 - sender, relationship], 0.0)
    record = max(rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender, relationship], 1.0 - MOST_CERTAIN)
    return value * rows[COERCIVE_BASE_OF_SUPPLIER + sender, relationship] / record


@rule
def threat_use(sender: int, adherence: float, relationship: int, effects: Floats, rows: Floats) -> float:
    """Return the share of the contacts meant for a threat in which the sender makes one."""
    own = rows[DEPENDENCE_OF_SUPPLIER + sender, relationship]
    partner = rows[DEPENDENCE_OF_SUPPLIER + 1 - sender, relationship]
    return logistic(
        effects[THREAT_LEVEL]
        + effects[ADVANTAGE_ON_THREATS] * (partner - own)
        - effects[INTERDEPENDENCE_ON_THREATS] * (partner + own)
        + effects[SHORTFALL_ON_THREATS] * (1.0 - adherence)
    )


@rule
def base_of(strategy: int, sender: int, relationship: int, rows: Floats) -> float:
    """Return the base on which a strategy draws; 0 for promise and threat, which work through money."""
    if strategy == PROMISE or strategy == THREAT:
        return 0.0
    if strategy == LEGALISTIC_PLEA:
        return rows[LEGITIMATE_BASE_OF_SUPPLIER + sender, relationship]
    if strategy == REQUEST:
        return rows[REFERENT_BASE_OF_SUPPLIER + sender, relationship]
    return rows[EXPERT_BASE_OF_SUPPLIER + sender, relationship]


@rule
def contact(attempt: int, relationship: int, effects: Floats, influence: Influence, rows: Floats) -> None:
    """Settle what an attempt does in a relationship this week."""
    numbers, index, r = influence.attempts, influence.attempts_index, relationship
    sender = index[SENDER, attempt]
    receiver, adhering = 1 - sender, index[ADHERENCE_COLUMN, attempt]
    value, adherence = rows[VALUE_OF_SUPPLIER + receiver, r], rows[adhering, r]
    if rows[SALES_SHARE_OF_SUPPLIER, r] == 0.0 or rows[ENDED, r] > 0.0:
        return
    stake = max(rows[GAIN_OF_SUPPLIER + receiver, r], effects[LEAST_GAIN] * abs(value))
    slope, cost = effects[MONEY_ON_COMPLIANCE] / max(stake, LEAST), rows[index[COST_COLUMN, attempt], r]
    feelings = effects[TRUST_ON_COMPLIANCE] * (rows[TRUST_OF_SUPPLIER + receiver, r] - 0.5)
    feelings -= effects[CONFLICT_ON_COMPLIANCE] * rows[CONFLICT, r]
    detection, enforcement = numbers[DETECTION, attempt], numbers[ENFORCEMENT, attempt]
    pressure, used, coercive = 0.0, 0.0, 0.0
    for s in range(INFORMATION_EXCHANGE + 1):
        use = numbers[INTENSITY, attempt] * numbers[PROMISE_SHARE + s, attempt]
        if use <= 0.0:
            continue
        reward, sanction, money = 0.0, 0.0, 0.0
        if s == PROMISE:
            reward = promised(attempt, sender, r, influence, rows)
            money = rows[CREDIBILITY_OF_SUPPLIER + sender, r] * reward
        elif s == THREAT:
            use *= threat_use(sender, adherence, r, effects, rows)
            sanction = threatened(attempt, sender, r, influence, rows)
            money = detection * rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender, r] * sanction
        base = base_of(s, sender, r, rows)
        complied = logistic(
            effects[COMPLIANCE_WITH_PROMISE + s]
            + slope * (money - cost)
            + effects[BASE_ON_COMPLIANCE] * base
            + feelings
        )
        pressure += use * complied
        used += use
        coercive += use * effects[COERCIVENESS_OF_PROMISE + s]
        if s == PROMISE:
            rows[REWARDS_OPEN_OF_SUPPLIER + sender, r] += use * complied * reward
            rows[REWARDS_OPEN_WORTH_OF_SUPPLIER + sender, r] += use * complied * reward
        elif s == THREAT:
            noticed = use * (1.0 - complied) * detection
            rows[FINE_PAID_OF_SUPPLIER + receiver, r] += noticed * enforcement * sanction
            record = rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender, r]
            rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender, r] += (
                effects[ENFORCEMENT_RATE] * noticed * (enforcement - record)
            )
        elif s == INFORMATION_EXCHANGE:
            lead = rows[KNOWLEDGE_OF_SUPPLIER + sender, r] - rows[KNOWLEDGE_OF_SUPPLIER + receiver, r]
            gained = effects[INFORMATION_RATE] * use * max(lead, 0.0)
            rows[KNOWLEDGE_OF_SUPPLIER + receiver, r] += gained
    rows[adhering, r] += (
        effects[ADHERENCE_RATE] * pressure * (1.0 - adherence) - effects[ADHERENCE_DECAY] * adherence
    )
    rows[COMPLIANCE_OF_SUPPLIER + receiver, r] += pressure
    rows[COERCIVE_USE_OF_SUPPLIER + sender, r] += coercive
    rows[NONCOERCIVE_USE_OF_SUPPLIER + sender, r] += used - coercive
    rows[ATTENTION_SPENT_OF_SUPPLIER + sender, r] += numbers[ATTENTION, attempt] * used


@rule
def forget(values: Floats, influenced: Integers) -> None:
    """Clear what a week adds up to."""
    for i in range(influenced.size):
        values[influenced[i]] = 0.0


@subroutine
def exert_influence(effects: Floats, influence: Influence, rows: Floats) -> None:
    """Settle a week of attempts: adherence, knowledge, fines, earned rewards, use of strategies.

    Parameters
    ----------
    effects : array (effects,)
    influence : Influence
        Who asks whom, and how.
    rows : array (columns, relationships)
        The relationships of the state.
    """
    influenced, index = influence.influenced, influence.attempts_index
    for side in range(2):  # column by column: the rows of a column lie side by side
        forget(rows[COERCIVE_USE_OF_SUPPLIER + side], influenced)
        forget(rows[NONCOERCIVE_USE_OF_SUPPLIER + side], influenced)
        forget(rows[COMPLIANCE_OF_SUPPLIER + side], influenced)
        forget(rows[FINE_PAID_OF_SUPPLIER + side], influenced)
        forget(rows[ATTENTION_SPENT_OF_SUPPLIER + side], influenced)
    for attempt in range(index.shape[1]):
        for e in range(index[FIRST_ENTRY, attempt], index[END_ENTRY, attempt]):
            contact(attempt, influence.entries[e], effects, influence, rows)
    for side in range(2):
        coercive, other = rows[COERCIVE_USE_OF_SUPPLIER + side], rows[NONCOERCIVE_USE_OF_SUPPLIER + side]
        compliance = rows[COMPLIANCE_OF_SUPPLIER + 1 - side]
        for i in range(influenced.size):
            r = influenced[i]
            compliance[r] = compliance[r] / max(coercive[r] + other[r], LEAST)
            coercive[r] = min(coercive[r], 1.0)
            other[r] = min(other[r], 1.0)
