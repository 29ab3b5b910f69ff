"""The optimism of a search: what it promised less what fresh draws give.

A search takes the best of many noisy values, and the best is best partly by luck: on its own draws its value
is too good on average (the optimiser's curse). Fresh draws, which nothing was fitted to, show by how much.
What the search promised is a number that was said; the interval is that of the fresh draws, and valid
however the search went about it.

Source: Smith & Winkler (2006), The optimizer's curse: skepticism and postdecision surprise in decision
analysis, Management Science 52, 311-322.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate
from channelsim.policy.comparison import objective_difference, objective_estimate
from channelsim.policy.problem import Objective

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]


class Optimism(NamedTuple):
    """What a search promised less what fresh draws give; above zero: it promised too much.

    Attributes
    ----------
    search_value, fresh_value : float
        Objective on the draws of the search and on fresh ones; larger is better.
    value : Estimate
        Their difference; the interval is that of the fresh value.
    search_gain, fresh_gain : float
        The same of the improvement on the baseline, both on the same draws each time.
    gain : Estimate
        Their difference: sharper, since what moves policy and baseline alike cancels.
    """

    search_value: float
    fresh_value: float
    value: Estimate
    search_gain: float
    fresh_gain: float
    gain: Estimate

    def to_frame(self) -> DataFrame:
        """Return two rows: of, search, fresh, optimism, low, high."""
        import pandas as pd

        rows = [
            ("objective", self.search_value, self.fresh_value, self.value),
            ("improvement on the baseline", self.search_gain, self.fresh_gain, self.gain),
        ]
        return pd.DataFrame(
            [
                {"of": of, "search": s, "fresh": f, "optimism": e.value, "low": e.low, "high": e.high}
                for of, s, f, e in rows
            ]
        )


def optimism_of(
    objective: Objective,
    searched: tuple[Floats, Floats],
    fresh: tuple[Floats, Floats],
    level: float = 0.95,
) -> Optimism:
    """Compare what a search saw of its choice with fresh draws.

    Parameters
    ----------
    objective : Objective
    searched, fresh : tuple of two ndarrays, shape (replications,)
        The objective's outcome under the policy and under the baseline, on the draws of the search and on
        fresh ones.
    level : float
    """
    promised = objective.value(searched[0])
    gained = float(objective_difference(objective, *searched, level=level).value)
    value, gain = (
        objective_estimate(objective, fresh[0], level),
        objective_difference(objective, *fresh, level),
    )
    return Optimism(
        promised, float(value.value), _less(promised, value), gained, float(gain.value), _less(gained, gain)
    )


def _less(promised: float, fresh: Estimate) -> Estimate:
    """Return the estimate of a promise less what a fresh estimate says."""
    return fresh._replace(value=promised - fresh.value, low=promised - fresh.high, high=promised - fresh.low)
