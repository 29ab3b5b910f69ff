"""What a selection among finalists found, as plain data; `channelsim.policy.choose` makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from channelsim.analysis.estimators import Estimate
from channelsim.decisions import Policy
from channelsim.policy.levers import Value

if TYPE_CHECKING:
    from pandas import DataFrame

Status = Literal["chosen", "equal", "worse", "infeasible", "undecided"]
Conclusion = Literal["separated", "equal", "undecided", "infeasible"]
Feasible = Literal["kept", "missed", "undecided"]


class Finalist(NamedTuple):
    """A finalist after the selection.

    Attributes
    ----------
    name : str
        Of the policy, where no other finalist has the same; else "finalist" and its number.
    policy : Policy
    values : tuple
        Of the levers; empty where a policy was given.
    status : {"chosen", "equal", "worse", "infeasible", "undecided"}
    replications : int
        That it was given before it was dropped or the selection ended.
    objective : Estimate
        Larger is better; interval at the level, by itself.
    difference : Estimate
        From the chosen one (below zero: worse), on the replications of both; simultaneous interval.
    slacks : tuple of Estimate
        Of each constraint, in units of its bound; simultaneous intervals.
    feasible : {"kept", "missed", "undecided"}
        What the slacks show, within the tolerance.
    """

    name: str
    policy: Policy
    values: tuple[Value, ...]
    status: Status
    replications: int
    objective: Estimate
    difference: Estimate
    slacks: tuple[Estimate, ...]
    feasible: Feasible


class Look(NamedTuple):
    """One look at the growing samples.

    Attributes
    ----------
    replications : int
        So far, of each finalist still in.
    finalists : tuple of int
        Positions of those that were in.
    leader : int
        Who was ahead of those shown feasible; −1: nobody was.
    dropped : tuple of int
        Who was dropped then.
    """

    replications: int
    finalists: tuple[int, ...]
    leader: int
    dropped: tuple[int, ...]


class Selection(NamedTuple):
    """What the selection found.

    Attributes
    ----------
    chosen : int
        Position among the finalists.
    finalists : tuple of Finalist
        In the order given.
    looks : tuple of Look
    conclusion : {"separated", "equal", "undecided", "infeasible"}
    level : float
        Probability with which the conclusion holds, over all comparisons together.
    indifference : float
        In the unit of the objective.
    tolerance : float
        In units of each bound.
    loss_bound : float
        By how much, at most, another finalist still in may be better than the chosen one (same level).
    replications : int
        Spent on all finalists and the baseline.
    """

    chosen: int
    finalists: tuple[Finalist, ...]
    looks: tuple[Look, ...]
    conclusion: Conclusion
    level: float
    indifference: float
    tolerance: float
    loss_bound: float
    replications: int

    @property
    def winner(self) -> Finalist:
        """The chosen finalist."""
        return self.finalists[self.chosen]

    @property
    def policy(self) -> Policy:
        """The chosen policy."""
        return self.winner.policy

    def to_frame(self) -> DataFrame:
        """Return a table with a row per finalist, the best first.

        Returns
        -------
        pandas.DataFrame
            finalist, status, feasible, replications, objective, objective_low, objective_high, difference,
            difference_low, difference_high, worst_slack (units of its bound; NaN without constraints).
        """
        import pandas as pd

        rows = [
            {
                "finalist": f.name, "status": f.status, "feasible": f.feasible,
                "replications": f.replications, "objective": f.objective.value,
                "objective_low": f.objective.low, "objective_high": f.objective.high,
                "difference": f.difference.value, "difference_low": f.difference.low,
                "difference_high": f.difference.high,
                "worst_slack": min((s.value for s in f.slacks), default=np.nan),
            }
            for f in self.finalists
        ]  # fmt: skip
        order = {"chosen": 0, "equal": 1, "undecided": 1, "worse": 2, "infeasible": 3}
        keys = sorted(
            range(len(rows)), key=lambda k: (order[self.finalists[k].status], -rows[k]["difference"])
        )
        return pd.DataFrame([rows[k] for k in keys])

    def looks_frame(self) -> DataFrame:
        """Return a row per look: replications, finalists still in, leader, dropped (names)."""
        import pandas as pd

        names = [f.name for f in self.finalists]
        rows = [
            {
                "replications": look.replications,
                "finalists": len(look.finalists),
                "leader": names[look.leader] if look.leader >= 0 else "",
                "dropped": ", ".join(names[k] for k in look.dropped),
            }
            for look in self.looks
        ]
        return pd.DataFrame(rows)
