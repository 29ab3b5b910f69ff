"""Offering: which holdings are supplied at all.

A holding is *offered* while it is listed under the policy, the link on which it orders is not suspended and
the holding that supplies it is offered itself:

    offered_h = listed_h · (1 − suspended_k) · offered_{supplier of k} ,   k the link on which h orders.

Demand, service and orders read this column alone: a shelf that is not offered attracts nobody (its stock
stays where it is), and a holding that is not offered orders nothing. What was ordered before is still
shipped, and what was shipped is still paid. Whoever suspends a link, or takes the suspension back, has the
column formed anew by `offer_supplied`.

Logit consumers (`demand`) count a store's variety anew, n' of its n listed shelves being offered:
a_gl ← a_gl (n'/n)^{v_g}. Under linear demand the shelves N that are listed and not offered have the price at
which nobody would buy there, q_l ← q_l − S_lN S_NN⁻¹ q_N with S the slopes, while the store's price rule
takes their last price as given; exit is refused there.

Source: definition. Limit: nothing suspended: offered = listed.
"""

from __future__ import annotations

from channelsim.columns import (
    LISTED,
    MEAN_DEMAND,
    OFFERED,
    SOURCE_LINK,
    SUPPLIER_HOLDING,
    SUSPENDED,
    VARIETY_WEIGHT,
)
from channelsim.compiled import rule
from channelsim.linear import solve_in_place
from channelsim.numerics import exponential, logarithm
from channelsim.tables import Integers, State, Terms, World


@rule
def offer_supplied(world: World, terms: Terms, state: State) -> None:
    """Settle which holdings are offered; suppliers stand before their buyers in the table."""
    offered, listed, source = (
        state.holdings[OFFERED],
        terms.holdings[LISTED],
        terms.holdings_index[SOURCE_LINK],
    )
    for h in range(offered.size):
        offered[h] = listed[h]
        if source[h] >= 0:
            supplier = world.links_index[SUPPLIER_HOLDING, source[h]]
            offered[h] *= (1.0 - state.links[SUSPENDED, source[h]]) * offered[supplier]


@rule
def lessen_variety(
    g: int, first: int, start: Integers, end: Integers, world: World, terms: Terms, state: State
) -> None:
    """Lessen the variety of stores in which listed shelves are not offered."""
    listed, offered = terms.holdings[LISTED][first:], state.holdings[OFFERED][first:]
    weight, attraction = world.segments[VARIETY_WEIGHT, g], state.attraction[g]
    for j in range(state.store_attraction.shape[1]):
        before, left, summed = 0.0, 0.0, 0.0
        for i in range(start[j] - first, end[j] - first):
            before += listed[i]
            left += offered[i]
        if left == before or left == 0.0:
            continue
        scale = exponential(weight * (logarithm(left) - logarithm(before)))
        for i in range(start[j] - first, end[j] - first):
            attraction[i] *= scale
            summed += attraction[i]
        state.store_attraction[g, j] = summed


@rule
def price_out_unoffered(first: int, start: int, n: int, position: int, terms: Terms, state: State) -> None:
    """Give a territory's listed shelves that are not offered the price at which nobody would buy."""
    system, out = state.workspace, 0
    mean, offered = state.holdings[MEAN_DEMAND][first:], state.holdings[OFFERED][first:]
    listed = terms.holdings[LISTED][first:]
    for i in range(n):
        if offered[start + i] < listed[start + i]:
            system[out, n + 1] = i
            out += 1
    if out == 0:
        return
    for row in range(out):
        i = int(system[row, n + 1])
        for column in range(out):
            system[row, column] = terms.slopes[position + i * n + int(system[column, n + 1])]
        system[row, out] = mean[start + i]
    solve_in_place(system, out)
    for i in range(n):
        for row in range(out):
            mean[start + i] -= terms.slopes[position + i * n + int(system[row, n + 1])] * system[row, out]
    for row in range(out):
        mean[start + int(system[row, n + 1])] = 0.0
