"""Promises: rewards are reimbursed, late or not at all; credibility is the record of it (T25).

What a receiver earned by complying (`influence`) stands open until the sender's head office has settled it.
Each week the share p = 1/(1 + L) of what is open is settled, so that an earned reward waits L weeks on
average; of what is settled the share k, the *reliability*, is paid, the rest refused for good:

    paid = k·p·O ,   O ← (1 − p)·O .

With W the same pool in which a week of waiting counts ψ (patience), the promise kept is worth k·W/O of its
face, and

    ρ ← ρ + η_ρ·(k·W/O − ρ) ,   W ← (1 − p)·ψ·W ,

credibility, between 0 and 1: at rest ρ = k·p/(1 − (1 − p)ψ). Every promise counts at ρ × face value in what
the receiver gains by complying (`influence`), so that late or missing reimbursement reaches its prices,
stocks, service and payments through adherence.

Rewards and fines move cash from one side to the other, split over the links between them; they enter the
week's account as expense of who pays and income of who receives. Attention, the sender's staff and time, is
an expense of the sender alone.

Source: economics §7 (ρ); geometric reimbursement delay and the discount ψ are declared assumptions. Limit: L
= 0: all is settled at once and ρ → k.
"""

from __future__ import annotations

from channelsim.columns import (
    ATTENTION_SPENT_OF_BUYER,
    ATTENTION_SPENT_OF_SUPPLIER,
    BOOKED_LINK,
    BOOKED_RELATIONSHIP,
    BOOKED_SHARE,
    BUYER_HOLDING,
    CASH_FLOW,
    CREDIBILITY_OF_SUPPLIER,
    CREDIBILITY_RATE,
    FINE_PAID_OF_BUYER,
    FINE_PAID_OF_SUPPLIER,
    OPERATING,
    PATIENCE,
    RELIABILITY_OF_SUPPLIER,
    REWARD_PAID_OF_BUYER,
    REWARD_PAID_OF_SUPPLIER,
    REWARDS_OPEN_OF_SUPPLIER,
    REWARDS_OPEN_WORTH_OF_SUPPLIER,
    SETTLED_SHARE_OF_SUPPLIER,
    SUPPLIER_HOLDING,
    TRANSFER,
)
from channelsim.compiled import rule, subroutine
from channelsim.mechanisms.influence import sends
from channelsim.tables import Floats, Influence, Integers


@rule
def net_received(reward: float, reward_paid: float, fine: float, fine_paid: float) -> float:
    """Return the rewards and fines that a side receives less those it pays, money."""
    return reward - reward_paid + fine - fine_paid


@rule
def to_buyer(r: int, rows: Floats) -> float:
    """Return the rewards and fines that the buyer of a relationship receives this week less those it pays."""
    return net_received(
        rows[REWARD_PAID_OF_SUPPLIER, r],
        rows[REWARD_PAID_OF_BUYER, r],
        rows[FINE_PAID_OF_SUPPLIER, r],
        rows[FINE_PAID_OF_BUYER, r],
    )


@subroutine
def reimburse(effects: Floats, influence: Influence, rows: Floats) -> None:
    """Settle open rewards, and what keeping them or not does to credibility."""
    influenced, rate, patience = influence.influenced, effects[CREDIBILITY_RATE], effects[PATIENCE]
    for side in range(2):
        if not sends(side, influence):
            continue
        for i in range(influenced.size):
            r = influenced[i]
            face = rows[REWARDS_OPEN_OF_SUPPLIER + side, r]
            worth = rows[REWARDS_OPEN_WORTH_OF_SUPPLIER + side, r]
            settled = influence.relationships[SETTLED_SHARE_OF_SUPPLIER + side, r]
            reliability = influence.relationships[RELIABILITY_OF_SUPPLIER + side, r]
            if face > 0.0:
                credibility = rows[CREDIBILITY_OF_SUPPLIER + side, r]
                kept = reliability * worth / face
                rows[CREDIBILITY_OF_SUPPLIER + side, r] += rate * (kept - credibility)
            rows[REWARD_PAID_OF_SUPPLIER + side, r] = reliability * settled * face
            rows[REWARDS_OPEN_OF_SUPPLIER + side, r] = (1.0 - settled) * face
            rows[REWARDS_OPEN_WORTH_OF_SUPPLIER + side, r] = (1.0 - settled) * patience * worth


@subroutine
def charge_rewards_and_fines(
    links_index: Integers, influence: Influence, rows: Floats, holdings: Floats
) -> None:
    """Settle rewards, fines and attention in the week's account of both sides."""
    transfer, operating, flow = holdings[TRANSFER], holdings[OPERATING], holdings[CASH_FLOW]
    booked, index = influence.booked, influence.booked_index
    for e in range(index.shape[1]):  # nobody else's ever moves
        transfer[links_index[SUPPLIER_HOLDING, index[BOOKED_LINK, e]]] = 0.0
        transfer[links_index[BUYER_HOLDING, index[BOOKED_LINK, e]]] = 0.0
    for e in range(index.shape[1]):
        link, r, share = index[BOOKED_LINK, e], index[BOOKED_RELATIONSHIP, e], booked[BOOKED_SHARE, e]
        supplier, buyer = links_index[SUPPLIER_HOLDING, link], links_index[BUYER_HOLDING, link]
        amount = share * to_buyer(r, rows)
        transfer[buyer] += amount
        transfer[supplier] -= amount
        by_supplier = share * rows[ATTENTION_SPENT_OF_SUPPLIER, r]
        by_buyer = share * rows[ATTENTION_SPENT_OF_BUYER, r]
        operating[supplier] += by_supplier
        flow[supplier] -= by_supplier
        operating[buyer] += by_buyer
        flow[buyer] -= by_buyer
    for h in range(transfer.size):
        operating[h] -= transfer[h]
    for h in range(transfer.size):
        flow[h] += transfer[h]
