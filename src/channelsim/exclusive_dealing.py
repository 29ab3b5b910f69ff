"""Exclusive dealing: whether a store gives up its other brands for what it is offered (T22).

A contract may offer a compensation K for carrying nothing but what is bought under it
(`channelsim.agreements`). With V(x) what a list of brands is worth (`channelsim.listing_choice`) and A the
brands bought under the offer, the buyer accepts if

    max over x ⊂ A of V(x) + K  ≥  V(its list without the offer) ,

then carries no other brand; of several offers it takes the best. It is neutral to risk: the threshold is the
profit forgone of `theory.exclusive_dealing`, without its risk premium. A limit on its shelves holds within
the offer as without it. A buyer who carries no other brand anyway is paid all the same. Who declines keeps
its list, and the contract holds without exclusivity.

Limit and switch: without an offer the list is that of `listing_choice`.
"""

from __future__ import annotations

import numpy as np

from channelsim.listing_choice import INDIFFERENT, ListingChoice, best_list


def decide(choice: ListingChoice) -> tuple[np.ndarray, int]:
    """Return (brands,) what a buyer lists, and the offer of exclusive dealing that it accepts (-1: none)."""
    on_offer = choice.shelves > 0
    chosen, offer = best_list(choice, on_offer), -1
    if not choice.buyer.offers:
        return chosen, offer
    most = choice.worth(chosen[None])[0]
    for asked in choice.buyer.offers:
        exclusive = best_list(choice, on_offer & asked.brands)
        worth = choice.worth(exclusive[None])[0] + asked.compensation
        # indifferent between its list and the offer, a buyer accepts; between two offers it takes the first
        slack = INDIFFERENT * max(abs(worth), abs(most)) * (1.0 if offer < 0 else -1.0)
        if exclusive.any() and worth >= most - slack:
            chosen, offer, most = exclusive, asked.offer, worth
    return chosen, offer
