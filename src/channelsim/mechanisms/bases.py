"""The five power bases of either side of a relationship, each in [0, 1] (T6).

Formed at reviews, after dependence (`dependence`). Side i holds over its partner j, whose value of the
relationship is V_j and whose dependence is D_j,

    reward      ρ·R/(ρ·R + V_j⁺) ,    R the rewards that i has at hand for j
    coercive    χ·min(1, D_j·[may terminate] + F/V_j⁺) ,    F the fines that i threatens j with
    legitimate  contract strength × norm
    expert      1 − e^{−a (k_i − k_j)⁺}
    referent    Λ(relative equity of i) × trust of j in i ,

with ρ and χ the records of paying and of fining, k knowledge. Handing information over closes the gap
(`influence`), so information decays as a base; investment renews it, k_i ← k_i + investment × weeks between
reviews, so expertise does not. Relative equity is the utility of the supplier's brands over that of all
brands, for a store its loyalty over that of all stores (logit demand; 0 elsewhere). A base that the scenario
gives, from the survey of T7 say, replaces the computed one; R and F of an attempt that leaves them out
follow from it (`influence`).

With them the *fair outcome*: of what both sides of a relationship earn, V_s + V_b, the share that the
supplying (the buying) sides of all relationships of the same two member groups have of theirs.

Source: economics §6; French & Raven 1959. Limit: no knowledge, no rewards, no fines: bases of 0. Switch:
``relations.active``.
"""

from __future__ import annotations

from channelsim.columns import (
    COERCIVE_BASE_OF_SUPPLIER,
    CREDIBILITY_OF_SUPPLIER,
    DEPENDENCE_OF_SUPPLIER,
    ENFORCEMENT_RECORD_OF_SUPPLIER,
    EXPERT_BASE_OF_SUPPLIER,
    EXPERTISE_SLOPE,
    FAIR_OUTCOME_OF_SUPPLIER,
    FINE_AT_HAND_OF_SUPPLIER,
    KNOWLEDGE_OF_SUPPLIER,
    LEGITIMATE_BASE_OF_SUPPLIER,
    REFERENT_BASE_OF_SUPPLIER,
    REVIEW_WEEKS,
    REWARD_AT_HAND_OF_SUPPLIER,
    REWARD_BASE_OF_SUPPLIER,
    SALES_SHARE_OF_SUPPLIER,
    TRUST_OF_SUPPLIER,
    VALUE_OF_SUPPLIER,
)
from channelsim.compiled import rule, subroutine
from channelsim.numerics import exponential, logistic
from channelsim.tables import PowerRoom, State, Terms, Ties, World


@rule
def reward_base(side: int, relationship: int, terms: Terms, state: State) -> float:
    """Return ρR/(ρR + V⁺), 0 if nothing is at hand."""
    rows, r = state.relationships, relationship
    credible = rows[CREDIBILITY_OF_SUPPLIER + side, r]
    credible *= terms.influence.relationships[REWARD_AT_HAND_OF_SUPPLIER + side, r]
    value = max(rows[VALUE_OF_SUPPLIER + 1 - side, r], 0.0)
    return credible / (credible + value) if credible > 0.0 else 0.0


@rule
def coercive_base(side: int, relationship: int, terms: Terms, state: State, ties: Ties) -> float:
    """Return χ·min(1, D·[may terminate] + F/V⁺)."""
    rows, r = state.relationships, relationship
    fines = terms.influence.relationships[FINE_AT_HAND_OF_SUPPLIER + side, r]
    value = rows[VALUE_OF_SUPPLIER + 1 - side, r]
    damage = ties.may_terminate * rows[DEPENDENCE_OF_SUPPLIER + 1 - side, r]
    if fines > 0.0:
        damage = damage + fines / value if value > fines else 1.0
    return rows[ENFORCEMENT_RECORD_OF_SUPPLIER + side, r] * min(1.0, damage)


@rule
def expert_base(side: int, relationship: int, world: World, state: State) -> float:
    """Return 1 − e^{−a·lead} with the lead in knowledge."""
    own = state.relationships[KNOWLEDGE_OF_SUPPLIER + side, relationship]
    lead = max(own - state.relationships[KNOWLEDGE_OF_SUPPLIER + 1 - side, relationship], 0.0)
    return 1.0 - exponential(-world.effects[EXPERTISE_SLOPE] * lead)


@rule
def referent_base(side: int, relationship: int, state: State, ties: Ties) -> float:
    """Return Λ(relative equity) × the partner's trust."""
    trust = state.relationships[TRUST_OF_SUPPLIER + 1 - side, relationship]
    return logistic(ties.relative_equity[side, relationship]) * trust


@rule
def put(column: int, relationship: int, base: float, state: State, ties: Ties) -> None:
    """Write a base, or what the scenario gives in its place."""
    given = ties.given_bases[column - REWARD_BASE_OF_SUPPLIER, relationship]
    state.relationships[column, relationship] = given if given == given else base


@rule
def sum_peers(state: State, ties: Ties, room: PowerRoom) -> None:
    """Write what all suppliers and all buyers of each pair of member groups earn together."""
    room.of_peers[:] = 0.0
    for r in range(state.relationships.shape[1]):
        for side in range(2):
            room.of_peers[side, ties.peers[r]] += state.relationships[VALUE_OF_SUPPLIER + side, r]


@rule
def expect_fairness(relationship: int, state: State, ties: Ties, room: PowerRoom) -> None:
    """Write what each side would earn at its peers' share; where peers earn nothing, what it earns."""
    rows, r = state.relationships, relationship
    both = rows[VALUE_OF_SUPPLIER, r] + rows[VALUE_OF_SUPPLIER + 1, r]
    total = room.of_peers[0, ties.peers[r]] + room.of_peers[1, ties.peers[r]]
    for side in range(2):
        fair = rows[VALUE_OF_SUPPLIER + side, r]
        if total > 0.0:
            fair = both * (room.of_peers[side, ties.peers[r]] / total)
        rows[FAIR_OUTCOME_OF_SUPPLIER + side, r] = fair


@subroutine
def review_bases(first: bool, world: World, terms: Terms, state: State, ties: Ties, room: PowerRoom) -> None:
    """Form the power bases and fair outcomes of all relationships in use.

    Parameters
    ----------
    first : bool
        Whether it is the run's first review: nothing has been invested yet.
    """
    rows, weeks = state.relationships, 0.0 if first else world.scenario[REVIEW_WEEKS]
    sum_peers(state, ties, room)
    for r in range(rows.shape[1]):
        if rows[SALES_SHARE_OF_SUPPLIER, r] == 0.0:
            continue
        expect_fairness(r, state, ties, room)
        for side in range(2):
            rows[KNOWLEDGE_OF_SUPPLIER + side, r] += weeks * ties.investment[side, r]
        for side in range(2):
            put(REWARD_BASE_OF_SUPPLIER + side, r, reward_base(side, r, terms, state), state, ties)
            put(COERCIVE_BASE_OF_SUPPLIER + side, r, coercive_base(side, r, terms, state, ties), state, ties)
            put(LEGITIMATE_BASE_OF_SUPPLIER + side, r, ties.norm, state, ties)
            put(EXPERT_BASE_OF_SUPPLIER + side, r, expert_base(side, r, world, state), state, ties)
            put(REFERENT_BASE_OF_SUPPLIER + side, r, referent_base(side, r, state, ties), state, ties)
