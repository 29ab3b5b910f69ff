"""What a stylised fact is: a statement of the field, what carries it here, and differences that judge it.

A fact is judged by *paired differences* over replications on common random numbers, each with its 95 %
interval: once with what carries the fact, once with that switched off. A difference *comes out* if its
interval lies on the side of zero that the statement names. Parameters are chosen once, with a reason given
beside them; a difference that does not come out stays in the table and is reported so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from channelsim.analysis.estimators import Estimate, paired_difference
from channelsim.metrics import Floats

if TYPE_CHECKING:
    from channelsim.analysis.results import Result
    from channelsim.scenario import Scenario
    from channelsim.simulation import Policies

ROUNDING = 1e-9
"""Size of a difference, relative to what is compared, below which it is rounding."""
MARKET = {"shock_persistence": 0.9, "shock_deviation": 0.03}
"""Declared assumption for all facts: the log of market size wanders, 3 % a week, with persistence 0.9."""


class Effort(NamedTuple):
    """How the runs of a fact are made.

    Attributes
    ----------
    replications : int
        Of every run.
    seed : int
        Of all runs: they share their random numbers.
    workers : int, optional
        Threads; the numbers do not depend on it.
    """

    replications: int = 8
    seed: int = 1
    workers: int | None = None

    def run(
        self,
        scenario: Scenario,
        policies: Policies = None,
        metrics: Iterable[str] = ("profit",),
        record: Iterable[str] = (),
    ) -> Result:
        """Simulate a scenario by the ordinary public call."""
        from channelsim.simulation import simulate

        return simulate(
            scenario,
            policies,
            replications=self.replications,
            seed=self.seed,
            metrics=metrics,
            record=record,
            workers=self.workers,
            progress=False,
        )


class Difference(NamedTuple):
    """A paired difference with and without what carries it.

    Attributes
    ----------
    quantity : str
        What is compared with what.
    unit : str
    stated : int
        Sign that the fact states: 1 or -1.
    switched_off : str
        What is switched off in the second estimate.
    with_carrier, without_carrier : Estimate
        Mean over the replications with its 95 % interval.
    """

    quantity: str
    unit: str
    stated: int
    switched_off: str
    with_carrier: Estimate
    without_carrier: Estimate

    @property
    def comes_out(self) -> bool:
        """Whether the difference has the stated sign, with what carries it."""
        return lies(self.with_carrier, self.stated)

    @property
    def finding(self) -> str:
        """What was found with the carrier: "comes out", "reversed" or "no difference"."""
        if self.comes_out:
            return "comes out"
        return "reversed" if lies(self.with_carrier, -self.stated) else "no difference"

    @property
    def without(self) -> str:
        """What is left without the carrier: "gone", "reversed", "weaker" (less than half), "stays".

        "comes out" where it comes out without the carrier only.
        """
        if lies(self.without_carrier, -self.stated):
            return "reversed"
        if not lies(self.without_carrier, self.stated):
            return "gone"
        if not self.comes_out:
            return "comes out"
        return "weaker" if abs(self.without_carrier.value) < 0.5 * abs(self.with_carrier.value) else "stays"


class Fact(NamedTuple):
    """A stylised fact of channel theory.

    Attributes
    ----------
    name : str
    statement : str
        In the words of the field.
    source : str
        Concept of the theory and author.
    carried_by : str
        What in the model makes it come out.
    assumed : str
        What is a declared assumption, with its reason.
    measure : callable
        Takes an `Effort`, returns the differences.
    """

    name: str
    statement: str
    source: str
    carried_by: str
    assumed: str
    measure: Callable[[Effort], list[Difference]]


def lies(estimate: Estimate, sign: int) -> bool:
    """Return whether an interval lies on one side of zero."""
    return bool(min(sign * estimate.low, sign * estimate.high) > 0.0)


def difference(treated: Any, control: Any) -> Estimate:
    """Return the paired difference of one value per replication, rounding apart.

    Parameters
    ----------
    treated, control : array_like, shape (replications,)
    """
    first, second = np.asarray(treated, np.float64), np.asarray(control, np.float64)
    size = ROUNDING * np.maximum(np.abs(first), np.abs(second)).max(initial=0.0)
    found = paired_difference(np.where(np.abs(first - second) <= size, second, first), second)
    return Estimate(
        float(found.value),
        float(found.standard_error),
        float(found.low),
        float(found.high),
        int(found.replications),
    )


def reviewed(result: Result, column: str, relationship: str, policy: str, weeks: Sequence[int]) -> Floats:
    """Return the mean of a measure over the reviews from one week to another, one value per replication.

    Parameters
    ----------
    result : Result
    column : str
        Variable of `Result.relationships`.
    relationship : str
        Label, such as "maker → West".
    policy : str
    weeks : (int, int)
        First and last week.
    """
    chosen = result.relationships[column].sel(relationship=relationship, policy=policy)
    return np.asarray(chosen.sel(review_week=slice(*weeks)).mean("review_week").values)


def of_group(result: Result, metric: str, group: str, policy: str) -> Floats:
    """Return a metric of a group of members, one value per replication."""
    return np.asarray(result.by_group[metric].sel(group=group, policy=policy).values)


def compare(
    quantity: str,
    unit: str,
    stated: int,
    switched_off: str,
    with_carrier: tuple[Any, Any],
    without_carrier: tuple[Any, Any],
) -> Difference:
    """Return a difference from (treated, control) with and without what carries it."""
    return Difference(
        quantity, unit, stated, switched_off, difference(*with_carrier), difference(*without_carrier)
    )
