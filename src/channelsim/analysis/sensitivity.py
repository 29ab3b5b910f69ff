"""Which of several uncertain numbers an outcome depends on: Sobol indices, with intervals.

The **first-order index** of a factor is the share of the outcome's variance that it explains alone; its
**total index** adds all interactions with other factors. Both are 0 for a factor without influence; in a
purely additive outcome they agree and add up to 1.

`sobol_indices` takes any function, `scenario_sensitivity` a scenario whose fields are the factors. At every
point the same seed is used, so that points differ by their factors and not by luck (common random numbers).
The estimators are those of `scipy.stats.sobol_indices` (Saltelli et al. 2010), on scrambled Sobol points.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from channelsim.analysis.estimators import Estimate, check_level
from channelsim.errors import ScenarioError

if TYPE_CHECKING:
    from pandas import DataFrame

    from channelsim.scenario import Scenario
    from channelsim.simulation import PolicyLike

Floats = NDArray[np.float64]
Range = Any
"""(low, high) or a distribution of `scipy.stats`."""


class SobolIndices(NamedTuple):
    """Sobol indices of an outcome.

    Attributes
    ----------
    factors : tuple of str
    first_order, total : Estimate
        Arrays, a number per factor: index, standard error, ends of the bootstrap interval; ``replications``
        is the number of base points. Estimates may fall a little outside 0 to 1.
    mean, variance : float
        Of the outcome over the factors' ranges.
    evaluations : int
        How often the function was evaluated: samples × (factors + 2).
    """

    factors: tuple[str, ...]
    first_order: Estimate
    total: Estimate
    mean: float
    variance: float
    evaluations: int

    def to_frame(self) -> DataFrame:
        """Return a table with a row per factor, the largest total index first.

        Returns
        -------
        pandas.DataFrame
            factor, first_order, first_order_low, first_order_high, total, total_low, total_high.
        """
        import pandas as pd

        columns: dict[str, Any] = {"factor": list(self.factors)}
        for name in ("first_order", "total"):
            found = getattr(self, name)
            columns |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        table = pd.DataFrame(columns)
        return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def sobol_indices(
    function: Callable[[dict[str, Floats]], Any],
    factors: Mapping[str, Range],
    samples: int = 1024,
    level: float = 0.95,
    resamples: int = 999,
    seed: int = 1,
) -> SobolIndices:
    """First-order and total Sobol indices of a function of independent factors.

    Parameters
    ----------
    function : callable
        Takes ``{factor: array of n values}``, returns n outcomes.
    factors : mapping
        Range of each factor: (low, high) for a uniform one, or a distribution of `scipy.stats` with its
        parameters, such as ``scipy.stats.norm(50, 5)`` or ``scipy.stats.randint(1, 9)`` for whole numbers.
    samples : int
        Base points, a power of 2; the function is evaluated samples × (factors + 2) times.
    level : float
        Coverage of the intervals.
    resamples : int
        Bootstrap resamples of the base points behind the intervals.
    seed : int
        Of the points and the resamples.

    Returns
    -------
    SobolIndices

    Raises
    ------
    ValueError
        If factors, samples, level or resamples are not admissible, an outcome is not finite, or the outcome
        does not vary.

    Notes
    -----
    Intervals are percentiles of the bootstrap over base points. It treats the points as independent draws;
    scrambled Sobol points are more even than those, so that for smooth outcomes the intervals are wider than
    they need be.
    Sources: Sobol' (1993), Mathematical Modelling and Computational Experiments 1, 407-414; Homma & Saltelli
    (1996), Importance measures in global sensitivity analysis of nonlinear models, Reliability Engineering &
    System Safety 52, 1-17; estimators: Saltelli et al. (2010), Computer Physics Communications 181, 259-270.

    Examples
    --------
    Twice as wide a range has four times the variance: shares 0.8 and 0.2, without interaction.

    >>> found = sobol_indices(lambda at: at["x"] + at["y"], {"x": (0, 2), "y": (0, 1)}, resamples=99)
    >>> [round(float(share), 2) for share in found.first_order.value], round(found.mean, 2)
    ([0.8, 0.2], 1.5)
    """
    from scipy import stats

    names = tuple(factors)
    distributions = [_distribution(name, factors[name]) for name in names]
    if len(names) < 2:
        raise ValueError(f"factors: {len(names)} given; at least two can share an outcome's variance")
    if samples < 2 or samples & (samples - 1):
        raise ValueError(f"samples {samples!r}: expected a power of 2, at least 2")
    check_level(level)
    if resamples < 2:
        raise ValueError(f"resamples is {resamples}; expected 2 or more")
    evaluated: list[Floats] = []

    def outcomes(points: Floats) -> Floats:
        values = np.asarray(function(dict(zip(names, points))), dtype=np.float64)
        if values.shape != points.shape[1:]:
            raise ValueError(f"function: {values.shape} outcomes for {points.shape[1:]} points")
        if not np.isfinite(values).all():
            bad = int(np.flatnonzero(~np.isfinite(values))[0])
            where = ", ".join(f"{name} = {value:.6g}" for name, value in zip(names, points[:, bad]))
            raise ValueError(f"function: outcome {values[bad]} at {where}")
        evaluated.append(values)
        # scipy asks for the two base samples first; without variation in them its ratios are undefined
        if len(evaluated) == 2 and np.ptp(np.concatenate(evaluated)) == 0.0:
            raise ValueError("function: the outcome does not vary over these ranges")
        return values[None, :].copy()  # scipy subtracts the mean in place

    generator = np.random.default_rng(seed)
    found = stats.sobol_indices(func=outcomes, n=samples, dists=distributions, rng=generator)
    base = np.concatenate(evaluated[:2])
    between = evaluated[2].reshape(samples, len(names)).T
    first, total = _estimates(found, evaluated[0], evaluated[1], between, level, resamples, generator)
    return SobolIndices(names, first, total, float(base.mean()), float(base.var()), sum(map(len, evaluated)))


def scenario_sensitivity(
    scenario: Scenario | str | Path,
    factors: Mapping[str, Range],
    metric: str,
    policy: PolicyLike | None = None,
    grouping: str = "overall",
    label: str | None = None,
    replications: int = 10,
    seed: int = 1,
    samples: int = 64,
    level: float = 0.95,
    resamples: int = 999,
    workers: int | None = None,
    progress: bool | None = None,
) -> SobolIndices:
    """Sobol indices of a metric over fields of a scenario.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, a name of the library or a TOML file.
    factors : mapping
        ``{path of a field: range}``, such as ``{"demand.intercept": (90, 110)}``; paths as in
        `Scenario.replace`, ranges as in `sobol_indices`. Fields that hold whole numbers take
        ``scipy.stats.randint(low, high)``.
    metric : str
        Outcome: its mean over the replications.
    policy : Policy, mapping or path to a TOML file, optional
        Under which the scenario is simulated; default as it stands.
    grouping, label : str
        Where the metric is read, such as "group" and "stores"; default the whole channel.
    replications, seed, workers
        As in `channelsim.simulate`; every point of the factors meets the same draws.
    samples, level, resamples
        As in `sobol_indices`; the scenario is simulated samples × (factors + 2) times.
    progress : bool, optional
        Show a progress bar on stderr; default: if stderr is a terminal.

    Returns
    -------
    SobolIndices

    Raises
    ------
    ScenarioError
        If a path leads nowhere, a point of the ranges is not an admissible scenario, or replications, seed
        or workers are not admissible.
    ResultError
        If the metric, the grouping or its label is not there.
    ValueError
        As in `sobol_indices`; also if the metric is undefined at a point.

    Notes
    -----
    What is analysed is the mean over these replications, a function of the factors. What is left of luck in
    it is the same at all points, and belongs to the function: more replications bring it nearer to the
    expected outcome.

    Examples
    --------
    The store's best price is (intercept / slope + wholesale price) / 2, so that ranges of 40 and 20 share the
    variance of the price four to one.

    >>> found = scenario_sensitivity(
    ...     "bilateral",
    ...     {"demand.intercept": (80.0, 120.0), "contracts.0.wholesale_price": (50.0, 70.0)},
    ...     metric="price", replications=1, samples=16, resamples=99, progress=False,
    ... )
    >>> [round(float(share), 1) for share in found.total.value]
    [0.8, 0.2]
    """
    from tqdm import tqdm

    from channelsim.engines.batch import run_batch
    from channelsim.metrics import GROUPINGS, ResultError, check_name, select_metrics
    from channelsim.simulation import load_scenario, read_policies, whole_number
    from channelsim.totals import evaluate
    from channelsim.world import build

    base, policies = load_scenario(scenario), read_policies(policy)
    if len(policies) != 1:
        raise ValueError(f"policy: {len(policies)} given; expected one")
    (measured,) = select_metrics([metric])
    check_name("grouping", grouping, GROUPINGS)
    replications = whole_number(replications, "replications", 1)
    seed = whole_number(seed, "seed", 0, 2**63 - 1)
    workers = None if workers is None else whole_number(workers, "workers", 1)
    whole = {name for name, given in factors.items() if _is_discrete(given)}
    shown = sys.stderr.isatty() if progress is None else progress
    bar = tqdm(
        total=samples * (len(factors) + 2),
        unit="point",
        desc="sensitivity",
        file=sys.stderr,
        disable=not shown,
        leave=False,
    )

    def outcome(changes: dict[str, Any]) -> float:
        try:
            changed = base.replace(**changes)
        except ScenarioError as error:
            where = ", ".join(f"{name} = {value:.6g}" for name, value in changes.items())
            raise ScenarioError(f"at {where}: {error}") from None
        # what `simulate` does, without the labelled result, which takes longer than so small a run
        totals = run_batch(build(changed), policies, replications, seed, [metric], [], workers)
        if not totals.has(measured, grouping):
            raise ResultError(f"metric {metric!r} is not there by {grouping}")
        values = evaluate(measured, totals, grouping)[0]  # replication × label
        if grouping != "overall":
            known = [str(name) for name in totals.labels[grouping]]
            check_name(grouping, str(label), known)
            values = values[:, known.index(str(label))]
        bar.update()
        return float(values.mean())

    def outcomes(at: dict[str, Floats]) -> Floats:
        points = zip(*at.values())
        return np.array(
            [
                outcome({name: int(v) if name in whole else float(v) for name, v in zip(at, point)})
                for point in points
            ]
        )

    with bar:
        return sobol_indices(outcomes, factors, samples, level, resamples, seed)


def _distribution(name: str, given: Any) -> Any:
    """Return a distribution with an inverse distribution function."""
    from scipy.stats import uniform

    if callable(getattr(given, "ppf", None)):
        return given
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        raise ValueError(
            f"factor {name!r}: expected (low, high) or a scipy distribution, got {given!r}"
        ) from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"factor {name!r}: range {low:g} to {high:g}; low must be below high")
    return uniform(low, high - low)


def _is_discrete(given: Any) -> bool:
    from scipy.stats import rv_discrete

    return isinstance(getattr(given, "dist", None), rv_discrete)


def _estimates(
    found: Any, first: Floats, second: Floats, between: Floats, level: float, resamples: int, generator: Any
) -> tuple[Estimate, Estimate]:
    """Return both indices with percentile intervals over resampled base points.

    scipy's own bootstrap takes no seed.
    """
    from scipy.stats import sobol_indices

    samples = first.size
    first_order, total = np.empty((2, resamples, len(between)))
    block = min(resamples, max(2, 2_000_000 // between.size))
    for start in range(0, resamples, block):
        rows = slice(start, start + block)
        count = min(block, resamples - start)
        # two at least, because scipy drops an axis of length one
        chosen = generator.integers(0, samples, (max(count, 2), samples))
        outcomes = {"f_A": first[chosen], "f_B": second[chosen], "f_AB": between[:, chosen]}
        again = sobol_indices(func=outcomes, n=samples)
        first_order[rows], total[rows] = again.first_order[:count], again.total_order[:count]
    ends = (0.5 - 0.5 * level, 0.5 + 0.5 * level)
    estimates = []
    for value, replicates in ((found.first_order, first_order), (found.total_order, total)):
        low, high = np.quantile(replicates, ends, axis=0)
        error = replicates.std(axis=0, ddof=1)
        estimates.append(Estimate(np.reshape(value, -1), error, low, high, samples))
    return estimates[0], estimates[1]
