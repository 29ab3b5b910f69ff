"""The density plan: how many members each territory should have, why, and what it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate, paired_difference
from channelsim.analysis.style import number
from channelsim.decisions import Policy
from channelsim.metrics import check_name

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Curves(NamedTuple):
    """Response curves of all territories, all of them at one level at a time.

    Attributes
    ----------
    levels : tuple of str
        The first is the density as it is now.
    counts : ndarray, shape (levels, territories)
        Members.
    value : ndarray, shape (levels, replications, territories)
        What is earned in the territory, money per week.
    elsewhere : ndarray, shape (replications,)
        What belongs to no territory, as it is now.
    """

    levels: tuple[str, ...]
    counts: Integers
    value: Floats
    elsewhere: Floats

    def of(self, territory: int) -> tuple[Integers, Floats, Floats]:
        """Return members, mean of what is earned and its standard error against now, fewest members first."""
        counts, first = np.unique(self.counts[:, territory], return_index=True)
        values = self.value[first, :, territory]
        difference = paired_difference(values, self.value[0, :, territory])
        return counts, values.mean(axis=1), difference.standard_error


class Round(NamedTuple):
    """One plan simulated.

    Attributes
    ----------
    counts : ndarray, shape (territories,)
    predicted, simulated : float
        Objective by the first curves, and as simulated; money per week.
    interaction : float
        What a member added in one territory does to the others, money per week; NaN without probes.
    feasible : bool
        Whether it keeps the limits as simulated.
    """

    counts: Integers
    predicted: float
    simulated: float
    interaction: float
    feasible: bool

    def merit(self) -> tuple[bool, float]:
        """Return what plans are ordered by: those that keep the limits first, then by the objective."""
        return self.feasible, self.simulated


@dataclass(frozen=True, eq=False)
class DensityPlan:
    """What `plan_density` recommends.

    Attributes
    ----------
    group, objective, firm : str
        The firm is "" where the objective is not one firm's profit.
    territories : tuple of str
    buyers : ndarray, shape (territories,)
        Per week.
    counts, base_counts, proportional_counts : ndarray, shape (territories,)
        Members: recommended, now, and in proportion to buyers at the plan's cost.
    curves : Curves
    rounds : tuple of Round
        The last one is density in proportion to buyers, at the cost of the best before it.
    chosen_round : int
        Position of the recommended plan among the rounds.
    ending : {"settled", "cycle", "rounds"}
        Whether the last plan simulated reproduced itself, an earlier one came back, or the rounds ran out.
    limits, shadow_prices : dict of str to float
        Value of each limit under the plan, and what one more unit of its bound would be worth (linear
        relaxation of the first choice), money per week.
    policy, baseline, proportional : Policy
    samples : dict of str to ndarray, shape (replications,)
        Objective on fresh numbers by policy: base, plan, proportional.
    by_territory : dict of str to ndarray, shape (replications, territories)
    simulated : int
        Replications simulated in all.
    """

    group: str
    objective: str
    firm: str
    territories: tuple[str, ...]
    buyers: Floats
    counts: Integers
    base_counts: Integers
    proportional_counts: Integers
    curves: Curves
    rounds: tuple[Round, ...]
    chosen_round: int
    ending: str
    limits: dict[str, float]
    shadow_prices: dict[str, float]
    policy: Policy
    baseline: Policy
    proportional: Policy
    samples: dict[str, Floats]
    by_territory: dict[str, Floats]
    simulated: int

    def gain(self, over: str = "base", level: float = 0.95) -> Estimate:
        """Return the plan's objective less another's, in pairs on fresh numbers, money per week.

        Parameters
        ----------
        over : {"base", "proportional"}
        level : float
            Coverage of the interval.
        """
        check_name("policy", over, self.samples)
        return paired_difference(self.samples["plan"], self.samples[over], level)

    def table(self) -> list[dict[str, Any]]:
        """Return a row per territory: buyers, members now, recommended and in proportion, change of value."""
        change = paired_difference(self.by_territory["plan"], self.by_territory["base"], axis=0)
        return [
            {
                "territory": name,
                "buyers": float(self.buyers[t]),
                "now": int(self.base_counts[t]),
                "plan": int(self.counts[t]),
                "proportional": int(self.proportional_counts[t]),
                "change": float(change.value[t]),
                "standard_error": float(change.standard_error[t]),
            }
            for t, name in enumerate(self.territories)
        ]

    @property
    def told_ending(self) -> str:
        """How the search for the plan ended, in words."""
        count = len(self.rounds) - 1
        if self.ending == "settled":
            return f"the plan reproduced itself after {count} round{'s' if count > 1 else ''}"
        how = "plans came back in a cycle" if self.ending == "cycle" else "the plan did not settle"
        lacking = "" if self.rounds[self.chosen_round].feasible else ", though none kept all limits"
        return f"{how}; the best of {count} simulated plans is kept{lacking}"

    def summary(self) -> str:
        """Return what is recommended and what it brings, in a few lines."""
        up, down = (int((sign * (self.counts - self.base_counts) > 0).sum()) for sign in (1, -1))
        whose = f"{self.objective} of {self.firm}" if self.firm else self.objective.replace("_", " ")
        lines = [
            f"{self.group}: {int(self.counts.sum())} members instead of {int(self.base_counts.sum())}; more "
            f"in {up} territories, fewer in {down}, as now in {len(self.territories) - up - down}"
        ]
        for over in ("base", "proportional"):
            gain, level = self.gain(over), float(np.mean(self.samples[over]))
            share = f" ({100 * gain.value / abs(level):+.2f} %)" if level else ""
            lines.append(
                f"{whose} against {over}: {number(gain.value, 4, sign=True)} a week{share}, 95 % interval "
                f"{number(gain.low, 4, sign=True)} to {number(gain.high, 4, sign=True)}"
            )
        for told, value in self.limits.items():
            worth = self.shadow_prices[told]
            lines.append(f"{told}: {value:.5g}; one unit more would be worth {number(worth, 3)} a week")
        lines.append(f"{self.told_ending}; {self.simulated} replications simulated")
        return "\n".join(lines)
