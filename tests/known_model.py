"""A decision with known answers, to judge the statistics by: outcomes are drawn, not simulated.

Two levers (a price and a number of stores), two outcomes with given means, a common part that all policies
share and a part of their own; normal, or as skewed as an exponential.
"""

from functools import lru_cache

import numpy as np

from channelsim.policy.evaluation import BLOCKS, policy_key
from channelsim.policy.problem import Problem

PROFIT, STORES = 'profit(role="manufacturer")', 'profit(role="retailer")'
LEVERS = (
    {"path": "terms.wholesale_price", "low": 30.0, "high": 60.0},
    {"path": "density.store", "integer": True, "low": 1, "high": 9},
)


def known_problem(**changes):
    return Problem(
        **{
            "scenario": "bilateral",
            "changes": {"members.store.per_territory": 9},
            "levers": list(LEVERS),
            "objective": {"outcome": PROFIT},
            "template": {"name": "template"},
        }
        | changes
    )


@lru_cache(maxsize=1)
def base_key():
    return policy_key(known_problem().baseline)


def decision(policy):
    """Return (price, stores) of a policy; the baseline has 40 and 4."""
    price = policy.terms[0].wholesale_price if policy.terms else 40.0
    stores = policy.density["store"].per_territory if policy.density else 4.0
    return float(price), float(stores)


class KnownModel:
    """Outcomes with mean ``mean(price, stores)``, a common deviation and one of each policy's own."""

    def __init__(self, mean, common=3.0, own=1.0, skewed=False, seed=1, outcomes=(PROFIT, STORES)):
        self.mean, self.common, self.own, self.skewed, self.seed = mean, common, own, skewed, seed
        self.outcomes = outcomes
        self.asked = []

    def noise(self, block, number, size):
        generator = np.random.default_rng([self.seed, BLOCKS[block], number])
        if self.skewed:
            return generator.exponential(size=size) - 1.0
        return generator.standard_normal(size)

    def sample(self, policies, replications, block="search", first=0):
        firsts = np.broadcast_to(first, len(policies))
        longest = self._sample(policies, int(firsts.max()) + replications, replications, block)
        return np.stack([s[k : k + replications] for s, k in zip(longest, firsts)])

    def _sample(self, policies, replications, asked, block):
        count = len(self.outcomes)
        together = self.noise(block, 0, replications * count).reshape(replications, count)
        found = []
        for policy in policies:
            at = decision(policy)
            number = 1 + round(100 * at[0]) * 100 + round(at[1])
            alone = self.noise(block, number, replications * count).reshape(replications, count)
            found.append(np.asarray(self.mean(*at)) + self.common * together + self.own * alone)
            self.asked.append((at, asked, block))
        return np.stack(found)
