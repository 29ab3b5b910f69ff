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

import numpy as np

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
from channelsim.compiled import rule, subroutine, wide
from channelsim.numerics import exponential
from channelsim.tables import Floats, Influence, Integers

MOST_CERTAIN = 0.99
"""Largest reward base, and 1 less the least record, from which money is inferred."""
LEAST = 1e-300
"""Gain by which money is divided where there is none: money alone decides."""


BLOCK = 256
"""Relationships at a time, so that what is noted of them stays in the nearest cache."""
PLACE, SLOPE, MET, COST, ADHERENCE, USE, ODDS, PRESSURE, USED, COERCIVE = range(10)
"""Rows of the notes on a block: relationship, θ_U/G, θ_T·(trust − ½) − θ_K·conflict, what complying costs,
adherence before, uses of the strategy in hand, its log odds and then compliance, and what all strategies add
up to."""


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


@wide
def fill_logistic(values: Floats) -> None:
    """Replace log odds by probabilities."""
    for i in range(values.size):
        values[i] = 1.0 / (1.0 + exponential(-values[i]))


@rule
def base_column(strategy: int, sender: int) -> int:
    """Return the column of the base on which a strategy draws; promise and threat work through money."""
    if strategy == LEGALISTIC_PLEA:
        return LEGITIMATE_BASE_OF_SUPPLIER + sender
    if strategy == REQUEST:
        return REFERENT_BASE_OF_SUPPLIER + sender
    return EXPERT_BASE_OF_SUPPLIER + sender


@rule
def list_contacts(start: int, end: int, influence: Influence, rows: Floats, places: Integers) -> int:
    """List the relationships of some entries through which anything is sold; return how many there are."""
    count = 0
    for e in range(start, end):
        r = influence.entries[e]
        places[count] = r
        count += 1 if rows[SALES_SHARE_OF_SUPPLIER, r] != 0.0 and rows[ENDED, r] <= 0.0 else 0
    return count


@rule
def note_receivers(
    attempt: int, effects: Floats, influence: Influence, rows: Floats, count: int, notes: Floats
) -> None:
    """Note what compliance in a block of relationships depends on, whatever the strategy."""
    index, places = influence.attempts_index, notes[PLACE].view(np.int64)
    receiver = 1 - index[SENDER, attempt]
    cost, adherence = rows[index[COST_COLUMN, attempt]], rows[index[ADHERENCE_COLUMN, attempt]]
    value, gain = rows[VALUE_OF_SUPPLIER + receiver], rows[GAIN_OF_SUPPLIER + receiver]
    trust, conflict = rows[TRUST_OF_SUPPLIER + receiver], rows[CONFLICT]
    for i in range(count):
        r = places[i]
        stake = max(gain[r], effects[LEAST_GAIN] * abs(value[r]))
        met = effects[TRUST_ON_COMPLIANCE] * (trust[r] - 0.5)
        notes[SLOPE, i] = effects[MONEY_ON_COMPLIANCE] / max(stake, LEAST)
        notes[MET, i] = met - effects[CONFLICT_ON_COMPLIANCE] * conflict[r]
        notes[COST, i] = cost[r]
        notes[ADHERENCE, i] = adherence[r]
        notes[PRESSURE, i] = 0.0
        notes[USED, i] = 0.0
        notes[COERCIVE, i] = 0.0


@rule
def note_threats(use: float, sender: int, effects: Floats, rows: Floats, count: int, notes: Floats) -> None:
    """Note in how many of the contacts meant for a threat the sender makes one."""
    places, used = notes[PLACE].view(np.int64), notes[USE, :count]
    of_sender, of_partner = rows[DEPENDENCE_OF_SUPPLIER + sender], rows[DEPENDENCE_OF_SUPPLIER + 1 - sender]
    for i in range(used.size):
        own, partner = of_sender[places[i]], of_partner[places[i]]
        used[i] = (
            effects[THREAT_LEVEL]
            + effects[ADVANTAGE_ON_THREATS] * (partner - own)
            - effects[INTERDEPENDENCE_ON_THREATS] * (partner + own)
            + effects[SHORTFALL_ON_THREATS] * (1.0 - notes[ADHERENCE, i])
        )
    fill_logistic(used)
    for i in range(used.size):
        used[i] *= use


@rule
def note_odds(
    strategy: int,
    attempt: int,
    effects: Floats,
    influence: Influence,
    rows: Floats,
    count: int,
    notes: Floats,
) -> None:
    """Note the log odds that receivers comply with a strategy."""
    places, sender = notes[PLACE].view(np.int64), influence.attempts_index[SENDER, attempt]
    level, odds = effects[COMPLIANCE_WITH_PROMISE + strategy], notes[ODDS]
    detection = influence.attempts[DETECTION, attempt]
    kept, fined = rows[CREDIBILITY_OF_SUPPLIER + sender], rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender]
    base = rows[base_column(strategy, sender)]
    for i in range(count):
        r, money, drawn_on = places[i], 0.0, 0.0
        if strategy == PROMISE:
            money = kept[r] * promised(attempt, sender, r, influence, rows)
        elif strategy == THREAT:
            money = detection * fined[r] * threatened(attempt, sender, r, influence, rows)
        else:
            drawn_on = base[r]
        odds[i] = (
            level
            + notes[SLOPE, i] * (money - notes[COST, i])
            + effects[BASE_ON_COMPLIANCE] * drawn_on
            + notes[MET, i]
        )


@rule
def settle_strategy(
    strategy: int,
    attempt: int,
    effects: Floats,
    influence: Influence,
    rows: Floats,
    count: int,
    notes: Floats,
) -> None:
    """Settle what a strategy does beside moving adherence: rewards earned, fines, information."""
    places, sender = notes[PLACE].view(np.int64), influence.attempts_index[SENDER, attempt]
    use, complied = notes[USE], notes[ODDS]
    if strategy == PROMISE:
        earned, worth = rows[REWARDS_OPEN_OF_SUPPLIER + sender], rows[REWARDS_OPEN_WORTH_OF_SUPPLIER + sender]
        for i in range(count):
            r = places[i]
            reward = use[i] * complied[i] * promised(attempt, sender, r, influence, rows)
            earned[r] += reward
            worth[r] += reward
    elif strategy == THREAT:
        detection = influence.attempts[DETECTION, attempt]
        enforcement = influence.attempts[ENFORCEMENT, attempt]
        fine, record = (
            rows[FINE_PAID_OF_SUPPLIER + 1 - sender],
            rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender],
        )
        for i in range(count):
            r = places[i]
            noticed = use[i] * (1.0 - complied[i]) * detection
            fine[r] += noticed * enforcement * threatened(attempt, sender, r, influence, rows)
            record[r] += effects[ENFORCEMENT_RATE] * noticed * (enforcement - record[r])
    elif strategy == INFORMATION_EXCHANGE:
        own, of_partner = rows[KNOWLEDGE_OF_SUPPLIER + sender], rows[KNOWLEDGE_OF_SUPPLIER + 1 - sender]
        for i in range(count):
            r = places[i]
            lead = max(own[r] - of_partner[r], 0.0)
            of_partner[r] += effects[INFORMATION_RATE] * use[i] * lead


@rule
def settle_contacts(
    attempt: int, effects: Floats, influence: Influence, rows: Floats, count: int, notes: Floats
) -> None:
    """Settle adherence in a block of relationships, and add up this week's contacts."""
    index, places = influence.attempts_index, notes[PLACE].view(np.int64)
    sender, attention = index[SENDER, attempt], influence.attempts[ATTENTION, attempt]
    adherence, pressed = rows[index[ADHERENCE_COLUMN, attempt]], rows[COMPLIANCE_OF_SUPPLIER + 1 - sender]
    coercive = rows[COERCIVE_USE_OF_SUPPLIER + sender]
    other, spent = rows[NONCOERCIVE_USE_OF_SUPPLIER + sender], rows[ATTENTION_SPENT_OF_SUPPLIER + sender]
    rate, decay = effects[ADHERENCE_RATE], effects[ADHERENCE_DECAY]
    for i in range(count):
        r, before, pressure = places[i], notes[ADHERENCE, i], notes[PRESSURE, i]
        adherence[r] += rate * pressure * (1.0 - before) - decay * before
        pressed[r] += pressure
        coercive[r] += notes[COERCIVE, i]
        other[r] += notes[USED, i] - notes[COERCIVE, i]
        spent[r] += attention * notes[USED, i]


@subroutine
def contact(
    attempt: int, start: int, end: int, effects: Floats, influence: Influence, rows: Floats, notes: Floats
) -> None:
    """Settle what an attempt does this week in the relationships of some entries, at most a block.

    Strategy by strategy over all relationships, so that the logistic functions vectorise.
    """
    numbers = influence.attempts
    count = list_contacts(start, end, influence, rows, notes[PLACE].view(np.int64))
    note_receivers(attempt, effects, influence, rows, count, notes)
    for s in range(INFORMATION_EXCHANGE + 1):
        use = numbers[INTENSITY, attempt] * numbers[PROMISE_SHARE + s, attempt]
        if use <= 0.0:
            continue
        if s == THREAT:
            note_threats(use, influence.attempts_index[SENDER, attempt], effects, rows, count, notes)
        else:
            for i in range(count):
                notes[USE, i] = use
        note_odds(s, attempt, effects, influence, rows, count, notes)
        fill_logistic(notes[ODDS, :count])
        coerciveness = effects[COERCIVENESS_OF_PROMISE + s]
        for i in range(count):
            notes[PRESSURE, i] += notes[USE, i] * notes[ODDS, i]
            notes[USED, i] += notes[USE, i]
            notes[COERCIVE, i] += notes[USE, i] * coerciveness
        settle_strategy(s, attempt, effects, influence, rows, count, notes)
    settle_contacts(attempt, effects, influence, rows, count, notes)


@rule
def forget(values: Floats, influenced: Integers) -> None:
    """Clear what a week adds up to."""
    for i in range(influenced.size):
        values[influenced[i]] = 0.0


@rule
def sends(side: int, influence: Influence) -> bool:
    """Return whether anybody on a side of a relationship asks for anything."""
    found = False
    for attempt in range(influence.attempts_index.shape[1]):
        found = found or influence.attempts_index[SENDER, attempt] == side
    return found


@subroutine
def exert_influence(effects: Floats, influence: Influence, rows: Floats, room: Floats) -> None:
    """Settle a week of attempts: adherence, knowledge, fines, earned rewards, use of strategies.

    Parameters
    ----------
    effects : array (effects,)
    influence : Influence
        Who asks whom, and how.
    rows : array (columns, relationships)
        The relationships of the state.
    room : array (10, relationships of a block)
        Scratch.
    """
    influenced, index = influence.influenced, influence.attempts_index
    for side in range(2):  # column by column: the rows of a column lie side by side
        if sends(side, influence):
            forget(rows[COERCIVE_USE_OF_SUPPLIER + side], influenced)
            forget(rows[NONCOERCIVE_USE_OF_SUPPLIER + side], influenced)
            forget(rows[COMPLIANCE_OF_SUPPLIER + 1 - side], influenced)
            forget(rows[FINE_PAID_OF_SUPPLIER + 1 - side], influenced)
            forget(rows[ATTENTION_SPENT_OF_SUPPLIER + side], influenced)
    for attempt in range(index.shape[1]):
        start, end = index[FIRST_ENTRY, attempt], index[END_ENTRY, attempt]
        for block in range((end - start + BLOCK - 1) // BLOCK):
            first = start + block * BLOCK
            contact(attempt, first, min(end, first + BLOCK), effects, influence, rows, room)
    for side in range(2):
        if sends(side, influence):
            coercive, other = rows[COERCIVE_USE_OF_SUPPLIER + side], rows[NONCOERCIVE_USE_OF_SUPPLIER + side]
            compliance = rows[COMPLIANCE_OF_SUPPLIER + 1 - side]
            for i in range(influenced.size):
                r = influenced[i]
                compliance[r] = compliance[r] / max(coercive[r] + other[r], LEAST)
                coercive[r] = min(coercive[r], 1.0)
                other[r] = min(other[r], 1.0)
