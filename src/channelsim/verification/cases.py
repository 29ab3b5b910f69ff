"""What a case of the verification is: a theorem, its number in closed form, and who has to find it again.

A case names one number. `closed_form` takes it from `channelsim.theory`; `simulated` has the simulator find
it through its public API on a scenario of ``library/verification``; `optimised` has an optimiser find it over
the simulator. A case without noise holds if the relative error is within `tolerance`; a case with noise holds
if the closed form lies in the 99.9 % interval of the replications *and* half the interval is at most 1 % of
the value. Nothing is adjusted until a case holds: one that fails is shown, with the reason as far as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from channelsim.analysis.estimators import mean

if TYPE_CHECKING:
    from channelsim.analysis.results import Result
    from channelsim.decisions import Policy
    from channelsim.scenario import Scenario

FIXED_POINT, OPTIMISED_LEVER = 1e-6, 1e-3
"""Relative errors admitted without noise: of a fixed point, of a lever that an optimiser set."""
LEVEL, WIDEST = 0.999, 0.01
"""With noise: coverage of the interval, and the most that half of it may be of the value."""


class Noisy(NamedTuple):
    """A number estimated from independent replications.

    Attributes
    ----------
    value : float
        Its mean, in the case's unit.
    half_width : float
        Half of its 99.9 % interval, same unit.
    """

    value: float
    half_width: float

    @classmethod
    def of(cls, values: Any) -> Noisy:
        """Estimate from one value per replication (Student's interval).

        Parameters
        ----------
        values : array_like, shape (replications,)
        """
        found = mean(np.asarray(values, dtype=np.float64), level=LEVEL)
        return cls(float(found.value), float(found.high - found.value))


class Laboratory:
    """Runs the scenarios of the verification, each combination of changes once.

    Parameters
    ----------
    effort : int
        How many times the replications of a case are run: 1 for the short version, more for the long one.
    seed : int
        Seed of all runs.
    workers : int, optional
        Threads; the numbers do not depend on it.
    """

    def __init__(self, effort: int = 1, seed: int = 1, workers: int | None = None):
        self.effort, self.seed, self.workers = effort, seed, workers
        self._results: dict[Any, Result] = {}

    @staticmethod
    def scenario(name: str, **changes: Any) -> Scenario:
        """Return ``library/verification/<name>.toml``, changed as by `Scenario.replace`."""
        from channelsim.scenario import Scenario

        found = Scenario.from_library(f"verification/{name}")
        return found.replace(**changes) if changes else found

    def run(
        self,
        name: str,
        replications: int = 1,
        policies: Iterable[Policy] | None = None,
        record: Iterable[str] = (),
        metrics: Iterable[str] | None = None,
        **changes: Any,
    ) -> Result:
        """Simulate a scenario of the verification by the ordinary public call.

        Parameters
        ----------
        name : str
            File in ``library/verification``, without its ending.
        replications : int
            Multiplied by the laboratory's effort if above 1.
        policies, record, metrics
            As in `channelsim.simulate`.
        **changes
            Fields of the scenario, as in `Scenario.replace`.

        Returns
        -------
        Result
            The same object if the same run was asked for before.
        """
        from channelsim.simulation import simulate

        replications *= self.effort if replications > 1 else 1
        chosen = None if policies is None else tuple(policies)
        record, metrics = tuple(record), None if metrics is None else tuple(metrics)
        said = None if chosen is None else tuple(policy.model_dump_json() for policy in chosen)
        key = (name, replications, said, record, metrics, repr(sorted(changes.items())))
        if key not in self._results:
            self._results[key] = simulate(
                self.scenario(name, **changes),
                policies=chosen,
                replications=replications,
                seed=self.seed,
                record=record,
                metrics=metrics,
                workers=self.workers,
                progress=False,
            )
        return self._results[key]


Finder = Callable[[Laboratory], "float | Noisy"]


@dataclass(frozen=True)
class Case:
    """One number of one theorem.

    Attributes
    ----------
    family : str
        Family of theorems, such as "vertical prices".
    name : str
        What is claimed, in the words of the field; unique within the family.
    source : str
        Author and year.
    closed_form : callable
        Returns the number that theory gives.
    simulated, optimised : callable, optional
        Take a `Laboratory`, return what the simulator, or an optimiser over it, finds: a float, or `Noisy`.
        At least one is there.
    tolerance : float
        Relative error admitted without noise; absolute if the closed form is zero.
    unit : str
        Unit of the number.
    scenario : str
        Scenario in ``library/verification``, for readers.
    reason : str
        Why the case is known to fail or what it does not cover; shown with the verdict.
    """

    family: str
    name: str
    source: str
    closed_form: Callable[[], float]
    simulated: Finder | None = None
    optimised: Finder | None = None
    tolerance: float = FIXED_POINT
    unit: str = ""
    scenario: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.simulated is None and self.optimised is None:
            raise ValueError(f"case {self.name!r}: neither simulated nor optimised: nothing is judged")


class Row(NamedTuple):
    """A judged case: one row of the table.

    Attributes
    ----------
    family, case, source, unit, scenario : str
        As in `Case`.
    closed_form : float
        The number that theory gives, in `unit`.
    simulated, optimised : float or None
        What the simulator found, and an optimiser over it.
    half_width : float or None
        Half of the simulated number's 99.9 % interval; None without noise.
    error : float
        The larger error of the two found, relative to the closed form (absolute if that is zero).
    tolerance : float
        What `error` may be at most. With noise: half the interval relative to the closed form, which itself
        must be at most 1 %.
    verdict : str
        "pass" or "fail".
    reason : str
        Why it fails, or what is to be known.
    """

    family: str
    case: str
    source: str
    unit: str
    scenario: str
    closed_form: float
    simulated: float | None
    optimised: float | None
    half_width: float | None
    error: float
    tolerance: float
    verdict: str
    reason: str


def judge(case: Case, laboratory: Laboratory) -> Row:
    """Find a case's number by every route it has, and compare.

    Parameters
    ----------
    case : Case
    laboratory : Laboratory

    Returns
    -------
    Row
    """
    expected = float(case.closed_form())
    scale = abs(expected) or 1.0
    routes = {"simulated": case.simulated, "optimised": case.optimised}
    found: dict[str, float | None] = {"simulated": None, "optimised": None}
    half_width: float | None = None
    errors, limits, faults = [], [], []
    for route, find in routes.items():
        if find is None:
            continue
        answer = find(laboratory)
        value, width = answer if isinstance(answer, Noisy) else (float(answer), None)
        found[route] = float(value)
        error = abs(value - expected) / scale
        limit = case.tolerance if width is None else width / scale
        if width is not None:
            half_width = float(width)
            if not limit <= WIDEST:
                faults.append(
                    f"the interval's half-width is {limit:.2%} of the value, more than {WIDEST:.0%}"
                )
        # not <=: a number that is not one is a failure
        if not error <= limit:
            faults.append(f"{route} is off by {error:.2g}, admitted is {limit:.2g}")
        errors.append(error)
        limits.append(limit)
    worst = int(np.argmax([error / max(limit, 1e-300) for error, limit in zip(errors, limits, strict=True)]))
    reason = "; ".join([*faults, *filter(None, [case.reason])])
    return Row(
        case.family,
        case.name,
        case.source,
        case.unit,
        case.scenario,
        expected,
        found["simulated"],
        found["optimised"],
        half_width,
        errors[worst],
        limits[worst],
        "fail" if faults else "pass",
        reason,
    )
