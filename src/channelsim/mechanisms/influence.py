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
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.contacts import (
    ADHERENCE,
    BLOCK,
    COERCIVE,
    COST,
    MET,
    MONEY,
    ODDS,
    ONE,
    OTHER,
    PLACE,
    PRESSURE,
    SLOPE,
    USE,
    USED,
    add_note,
    fill_logistic,
    read,
    write,
)
from channelsim.tables import Floats, Influence, Integers

MOST_CERTAIN = 0.99
"""Largest reward base, and 1 less the least record, from which money is inferred."""
LEAST = 1e-300
"""Gain by which money is divided where there is none: money alone decides."""


@rule
def note_promises(
    attempt: int, sender: int, influence: Influence, rows: Floats, count: int, notes: Floats
) -> None:
    """Note the reward that an attempt promises, money per week."""
    reward, money = influence.attempts[REWARD, attempt], notes[MONEY, :count]
    for i in range(count):
        money[i] = reward
    if reward == reward:
        return
    read(rows[REWARD_BASE_OF_SUPPLIER + sender], count, notes, ONE)
    read(rows[VALUE_OF_SUPPLIER + 1 - sender], count, notes, OTHER)
    read(rows[CREDIBILITY_OF_SUPPLIER + sender], count, notes, MONEY)
    for i in range(count):
        base = min(notes[ONE, i], MOST_CERTAIN)
        money[i] = max(notes[OTHER, i], 0.0) * base / ((1.0 - base) * max(money[i], 1.0 - MOST_CERTAIN))


@rule
def note_sanctions(
    attempt: int, sender: int, influence: Influence, rows: Floats, count: int, notes: Floats
) -> None:
    """Note the fine that an attempt threatens with, money per week."""
    sanction, money = influence.attempts[SANCTION, attempt], notes[MONEY, :count]
    for i in range(count):
        money[i] = sanction
    if sanction == sanction:
        return
    read(rows[COERCIVE_BASE_OF_SUPPLIER + sender], count, notes, ONE)
    read(rows[VALUE_OF_SUPPLIER + 1 - sender], count, notes, OTHER)
    read(rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender], count, notes, MONEY)
    for i in range(count):
        money[i] = max(notes[OTHER, i], 0.0) * notes[ONE, i] / max(money[i], 1.0 - MOST_CERTAIN)


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
    index, one, other = influence.attempts_index, notes[ONE, :count], notes[OTHER, :count]
    slope, met, receiver = notes[SLOPE, :count], notes[MET, :count], 1 - index[SENDER, attempt]
    money, least = effects[MONEY_ON_COMPLIANCE], effects[LEAST_GAIN]
    read(rows[VALUE_OF_SUPPLIER + receiver], count, notes, ONE)
    read(rows[GAIN_OF_SUPPLIER + receiver], count, notes, OTHER)
    for i in range(count):
        slope[i] = money / max(max(other[i], least * abs(one[i])), LEAST)
    read(rows[TRUST_OF_SUPPLIER + receiver], count, notes, ONE)
    read(rows[CONFLICT], count, notes, OTHER)
    of_trust, of_conflict = effects[TRUST_ON_COMPLIANCE], effects[CONFLICT_ON_COMPLIANCE]
    for i in range(count):
        met[i] = of_trust * (one[i] - 0.5) - of_conflict * other[i]
    read(rows[index[COST_COLUMN, attempt]], count, notes, COST)
    read(rows[index[ADHERENCE_COLUMN, attempt]], count, notes, ADHERENCE)
    notes[PRESSURE, :count] = 0.0
    notes[USED, :count] = 0.0
    notes[COERCIVE, :count] = 0.0


@rule
def note_threats(use: float, sender: int, effects: Floats, rows: Floats, count: int, notes: Floats) -> None:
    """Note in how many of the contacts meant for a threat the sender makes one."""
    own, partner, adherence = notes[ONE, :count], notes[OTHER, :count], notes[ADHERENCE, :count]
    used = notes[USE, :count]
    read(rows[DEPENDENCE_OF_SUPPLIER + sender], count, notes, ONE)
    read(rows[DEPENDENCE_OF_SUPPLIER + 1 - sender], count, notes, OTHER)
    level, of_advantage = effects[THREAT_LEVEL], effects[ADVANTAGE_ON_THREATS]
    of_both, of_shortfall = effects[INTERDEPENDENCE_ON_THREATS], effects[SHORTFALL_ON_THREATS]
    for i in range(count):
        used[i] = (
            level
            + of_advantage * (partner[i] - own[i])
            - of_both * (partner[i] + own[i])
            + of_shortfall * (1.0 - adherence[i])
        )
    fill_logistic(used)
    for i in range(count):
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
    """Note the log odds that receivers comply with a strategy, and the money that it is about."""
    sender, level = influence.attempts_index[SENDER, attempt], effects[COMPLIANCE_WITH_PROMISE + strategy]
    odds, slope, cost, met = (
        notes[ODDS, :count],
        notes[SLOPE, :count],
        notes[COST, :count],
        notes[MET, :count],
    )
    drawn_on, money = notes[ONE, :count], notes[MONEY, :count]
    if strategy == PROMISE or strategy == THREAT:
        certain = 1.0
        if strategy == PROMISE:
            note_promises(attempt, sender, influence, rows, count, notes)
            read(rows[CREDIBILITY_OF_SUPPLIER + sender], count, notes, ONE)
        else:
            note_sanctions(attempt, sender, influence, rows, count, notes)
            read(rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender], count, notes, ONE)
            certain = influence.attempts[DETECTION, attempt]
        for i in range(count):
            odds[i] = level + slope[i] * (certain * drawn_on[i] * money[i] - cost[i]) + met[i]
    else:
        read(rows[base_column(strategy, sender)], count, notes, ONE)
        of_base = effects[BASE_ON_COMPLIANCE]
        for i in range(count):
            odds[i] = level + slope[i] * (0.0 - cost[i]) + of_base * drawn_on[i] + met[i]


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
    sender, one, other = influence.attempts_index[SENDER, attempt], notes[ONE, :count], notes[OTHER, :count]
    use, complied, money = notes[USE, :count], notes[ODDS, :count], notes[MONEY, :count]
    if strategy == PROMISE:
        for side_of in (REWARDS_OPEN_OF_SUPPLIER, REWARDS_OPEN_WORTH_OF_SUPPLIER):
            column = rows[side_of + sender]
            read(column, count, notes, ONE)
            for i in range(count):
                one[i] += use[i] * complied[i] * money[i]
            write(column, count, notes, ONE)
    elif strategy == THREAT:
        detection = influence.attempts[DETECTION, attempt]
        enforcement = influence.attempts[ENFORCEMENT, attempt]
        read(rows[FINE_PAID_OF_SUPPLIER + 1 - sender], count, notes, ONE)
        read(rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender], count, notes, OTHER)
        rate = effects[ENFORCEMENT_RATE]
        for i in range(count):
            one[i] += use[i] * (1.0 - complied[i]) * detection * enforcement * money[i]
        for i in range(count):
            noticed = use[i] * (1.0 - complied[i]) * detection
            other[i] += rate * noticed * (enforcement - other[i])
        write(rows[FINE_PAID_OF_SUPPLIER + 1 - sender], count, notes, ONE)
        write(rows[ENFORCEMENT_RECORD_OF_SUPPLIER + sender], count, notes, OTHER)
    elif strategy == INFORMATION_EXCHANGE:
        read(rows[KNOWLEDGE_OF_SUPPLIER + sender], count, notes, ONE)
        read(rows[KNOWLEDGE_OF_SUPPLIER + 1 - sender], count, notes, OTHER)
        for i in range(count):
            lead = max(one[i] - other[i], 0.0)
            other[i] += effects[INFORMATION_RATE] * use[i] * lead
        write(rows[KNOWLEDGE_OF_SUPPLIER + 1 - sender], count, notes, OTHER)


@rule
def settle_contacts(
    attempt: int, effects: Floats, influence: Influence, rows: Floats, count: int, notes: Floats
) -> None:
    """Settle adherence in a block of relationships, and add up this week's contacts."""
    index, sender = influence.attempts_index, influence.attempts_index[SENDER, attempt]
    before, pressure, used = notes[ADHERENCE, :count], notes[PRESSURE, :count], notes[USED, :count]
    rate, decay = effects[ADHERENCE_RATE], effects[ADHERENCE_DECAY]
    for i in range(count):
        before[i] += rate * pressure[i] * (1.0 - before[i]) - decay * before[i]
    write(rows[index[ADHERENCE_COLUMN, attempt]], count, notes, ADHERENCE)
    add_note(rows[COMPLIANCE_OF_SUPPLIER + 1 - sender], 1.0, count, notes, PRESSURE)
    add_note(rows[COERCIVE_USE_OF_SUPPLIER + sender], 1.0, count, notes, COERCIVE)
    attention = influence.attempts[ATTENTION, attempt]
    add_note(rows[ATTENTION_SPENT_OF_SUPPLIER + sender], attention, count, notes, USED)
    for i in range(count):
        used[i] -= notes[COERCIVE, i]
    add_note(rows[NONCOERCIVE_USE_OF_SUPPLIER + sender], 1.0, count, notes, USED)


@subroutine
def contact(
    attempt: int, start: int, end: int, effects: Floats, influence: Influence, rows: Floats, notes: Floats
) -> None:
    """Settle what an attempt does this week in the relationships of some entries, at most a block.

    Strategy by strategy over all relationships, so that the logistic functions vectorise.
    """
    numbers = influence.attempts
    count = list_contacts(start, end, influence, rows, notes[PLACE].view(np.int64))
    used, complied, pressure = notes[USE, :count], notes[ODDS, :count], notes[PRESSURE, :count]
    uses, coercive = notes[USED, :count], notes[COERCIVE, :count]
    note_receivers(attempt, effects, influence, rows, count, notes)
    for s in range(INFORMATION_EXCHANGE + 1):
        use = numbers[INTENSITY, attempt] * numbers[PROMISE_SHARE + s, attempt]
        if use <= 0.0:
            continue
        if s == THREAT:
            note_threats(use, influence.attempts_index[SENDER, attempt], effects, rows, count, notes)
        else:
            used[:] = use
        note_odds(s, attempt, effects, influence, rows, count, notes)
        fill_logistic(complied)
        coerciveness = effects[COERCIVENESS_OF_PROMISE + s]
        for i in range(count):
            pressure[i] += used[i] * complied[i]
        for i in range(count):
            uses[i] += used[i]
        for i in range(count):
            coercive[i] += used[i] * coerciveness
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
    room : array (13, relationships of a block)
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
