"""Support, franchise fee, compensation: what a principal and a member pay each other beside the unit price.

The *principal* of a contract is its supplier, or the maker (the brand's owner where the goods pass it, else
who sells them first). Per week, on the link k by which the member's holding l is supplied (offered_l = 1),
else nothing:

    co-operative support   t·κ̃_l·e_l²/2        principal → member, at once
    training               T_k                  principal → outside (trainers)
    franchise fee          F_k                  member → principal
    compensation           K_k                  principal → exclusive dealer (`exclusive_dealing`)

T, F and K are agreed per member; the links in use under one agreement share them evenly.

*Effort.* Training lowers the cost of effort at the shelves supplied, the co-operative share the store's part
of it, so that both are felt in its first-order condition (`service`):

    κ̃ = κ/(1 + T/T_0) ,      marginal cost of effort to the store   (1 − t)·κ̃·e .

The form of κ̃: what is not yet known is learned at the rate a·T, what is known is forgotten (staff leave) at
the rate δ; at rest the known share is k = aT/(aT + δ), and κ̃ = κ(1 − k) with T_0 = δ/a. That knowledge
lowers cost in proportion, and T_0, are declared assumptions; a T that has just changed works at once, as if
at rest.

*Fee and compensation* are no part of any margin: they decide whether a member takes a contract
(`channelsim.exclusive_dealing`) and, with relations, whether it stays: side payments are part of its outcome
(`relations`). A reimbursement of cost is no gain of the member's, so its side payments leave it out, while
the supplier's count all that it pays. What a maker pays or receives for another firm's buyer is no side
payment of a relationship of its own.

Source: economics §3; Huang & Li 2001 (participation rate); T22, T23. Limit and switch: t = T = F = K = 0
leaves both steps out, κ̃ = κ.
"""

from __future__ import annotations

from channelsim.columns import (
    BUYER_HOLDING,
    BUYER_MEMBER,
    CASH_FLOW,
    COMPENSATION,
    COMPENSATION_GRANTED,
    COMPENSATION_PAID,
    COMPENSATION_RECEIVED,
    COOPERATIVE_SHARE,
    COOPERATIVE_SUPPORT,
    FRANCHISE_FEE,
    FRANCHISE_FEE_PAID,
    FRANCHISE_FEES_PAID,
    FRANCHISE_FEES_RECEIVED,
    MEMBER,
    OFFERED,
    OPERATING,
    PRINCIPAL_HOLDING,
    RELATIONSHIP,
    SERVICE,
    SIDE_PAYMENTS_OF_BUYER,
    SIDE_PAYMENTS_OF_SUPPLIER,
    SUPPLIER_HOLDING,
    SUPPORT_PAID,
    SUPPORT_RECEIVED,
    TRAINED_SERVICE_COST,
    TRAINING,
    TRAINING_SPENT,
)
from channelsim.compiled import rule
from channelsim.tables import Floats, State, Terms, World


@rule
def settle_side_payments(world: World, terms: Terms, state: State) -> None:
    """Settle what is paid beside the unit price on every link this week."""
    buyer, principal = world.links_index[BUYER_HOLDING], terms.links_index[PRINCIPAL_HOLDING]
    support, training = state.links[COOPERATIVE_SUPPORT], state.links[TRAINING_SPENT]
    fee, compensation = state.links[FRANCHISE_FEE_PAID], state.links[COMPENSATION_GRANTED]
    offered, service = state.holdings[OFFERED], state.holdings[SERVICE]
    effort_cost, share = terms.holdings[TRAINED_SERVICE_COST], terms.links[COOPERATIVE_SHARE]
    for k in range(support.size):
        effort = service[buyer[k]]
        support[k] = share[k] * (0.5 * effort_cost[buyer[k]] * effort * effort)
    grant(terms.links[TRAINING], training)
    grant(terms.links[FRANCHISE_FEE], fee)
    grant(terms.links[COMPENSATION], compensation)
    for k in range(support.size):
        if principal[k] < 0 or offered[buyer[k]] == 0.0:
            support[k] = 0.0
            training[k] = 0.0
            fee[k] = 0.0
            compensation[k] = 0.0
    if state.relationships.shape[1] > 0:
        sum_by_relationship(world, terms, state)


@rule
def grant(agreed: Floats, paid: Floats) -> None:
    """Write what is paid every week that goods are supplied."""
    for k in range(paid.size):
        paid[k] = agreed[k]


@rule
def sum_by_relationship(world: World, terms: Terms, state: State) -> None:
    """Settle the side payments of either side of every relationship."""
    of_supplier = state.relationships[SIDE_PAYMENTS_OF_SUPPLIER]
    of_buyer = state.relationships[SIDE_PAYMENTS_OF_BUYER]
    for r in range(of_buyer.size):
        of_supplier[r] = 0.0
        of_buyer[r] = 0.0
    index, relationship = world.links_index, world.links_index[RELATIONSHIP]
    for k in range(relationship.size):
        gained = state.links[COMPENSATION_GRANTED, k] - state.links[FRANCHISE_FEE_PAID, k]
        of_buyer[relationship[k]] += gained
        if terms.links_index[PRINCIPAL_HOLDING, k] == index[SUPPLIER_HOLDING, k]:
            spent = state.links[COOPERATIVE_SUPPORT, k] + state.links[TRAINING_SPENT, k]
            of_supplier[relationship[k]] -= gained + spent


@rule
def charge_side_payments(world: World, terms: Terms, state: State) -> None:
    """Settle side payments in the week's account of both sides."""
    operating, flow, members = state.holdings[OPERATING], state.holdings[CASH_FLOW], state.members
    for column in range(SUPPORT_PAID, COMPENSATION_RECEIVED + 1):  # the six lie side by side
        paid = members[column]
        for m in range(paid.size):
            paid[m] = 0.0
    for k in range(state.links.shape[1]):
        principal = terms.links_index[PRINCIPAL_HOLDING, k]
        paid_for_effort = state.links[COOPERATIVE_SUPPORT, k] + state.links[TRAINING_SPENT, k]
        paid_besides = state.links[FRANCHISE_FEE_PAID, k] + state.links[COMPENSATION_GRANTED, k]
        if paid_for_effort + paid_besides == 0.0:
            continue
        buyer, support = world.links_index[BUYER_HOLDING, k], state.links[COOPERATIVE_SUPPORT, k]
        training, fee = state.links[TRAINING_SPENT, k], state.links[FRANCHISE_FEE_PAID, k]
        compensation = state.links[COMPENSATION_GRANTED, k]
        received = support + compensation - fee
        operating[buyer] -= received
        flow[buyer] += received
        operating[principal] += received + training
        flow[principal] -= received + training
        payer, payee = world.holdings_index[MEMBER, principal], world.links_index[BUYER_MEMBER, k]
        members[SUPPORT_PAID, payer] += support + training
        members[SUPPORT_RECEIVED, payee] += support
        members[FRANCHISE_FEES_PAID, payee] += fee
        members[FRANCHISE_FEES_RECEIVED, payer] += fee
        members[COMPENSATION_PAID, payer] += compensation
        members[COMPENSATION_RECEIVED, payee] += compensation
