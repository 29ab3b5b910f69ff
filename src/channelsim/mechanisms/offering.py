"""Offering: which holdings are supplied at all.

A holding is *offered* while it is listed under the policy, the link on which it orders is not suspended and
the holding that supplies it is offered itself:

    offered_h = listed_h · (1 − suspended_k) · offered_{supplier of k} ,   k the link on which h orders.

Demand, service and orders read this column alone: a shelf that is not offered attracts nobody (its stock
stays where it is), and a holding that is not offered orders nothing. What was ordered before is still
shipped, and what was shipped is still paid. Whoever suspends a link, or takes the suspension back, has the
column formed anew by `offer_supplied`.

Source: definition. Limit: nothing suspended: offered = listed. Under linear demand a shelf that is listed and
not offered has the price at which nobody would buy (`demand`), while its store's price rule takes its last
price as given; exit is refused there.
"""

from __future__ import annotations

from channelsim.columns import LISTED, OFFERED, SOURCE_LINK, SUPPLIER_HOLDING, SUSPENDED
from channelsim.compiled import rule
from channelsim.tables import State, Terms, World


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
