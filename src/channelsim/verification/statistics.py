"""Family "statistics": the estimators of `channelsim.analysis` on numbers that are known.

Most cases draw from a known distribution many times and look at what an estimator makes of it: how often an
interval covers, what a tail mean is on average. The two of common random numbers run a scenario whose weekly
profits have a known covariance; the one of a store's price runs sensitivity analysis over `simulate`.

An interval's coverage is itself estimated, from so many samples that half of its 99.9 % interval is below
1 % of it. Quasi-random estimates, which have no interval of their own, are repeated with independent
scramblings.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.analysis import estimators, sensitivity
from channelsim.decisions import Policy, TermsChange
from channelsim.theory.reference_statistics import (
    bootstrap_error_of_mean,
    difference_variance,
    exponential_tail_mean,
    normal_tail_mean,
    order_statistics_coverage,
    score_interval_coverage,
    student_coverage_of_two_uniforms,
)
from channelsim.theory.sensitivity_indices import indices_by_quadrature, ishigami, ishigami_indices
from channelsim.verification.cases import Case, Laboratory, Noisy

FAMILY = "statistics"
LEVEL = 0.95
COMMON_NUMBERS, SENSITIVITY = "statistics_common_numbers", "statistics_sensitivity"

NORTH, SOUTH, UNIT_COST = (60.0, 70.0), (60.0, 57.0), 20.0
"""Wholesale prices of the two policies, by store; the scenario's production cost."""
DEVIATIONS = (10.0, 20.0)
"""Standard deviations of the two stores' weekly demand."""
SAMPLE = (4.0, 7.0, 9.0, 10.0, 12.0, 15.0, 21.0, 34.0)
"""Eight values, skewed: with so few, divisors n and n − 1 are 7 % apart."""
PRICE_RANGES = {"demand.intercept": (80.0, 120.0), "contracts.0.wholesale_price": (50.0, 70.0)}


def _generator(laboratory: Laboratory, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([laboratory.seed, number]))


def _covered(estimate: estimators.Estimate, truth: float) -> Noisy:
    inside = (np.asarray(estimate.low) <= truth) & (truth <= np.asarray(estimate.high))
    return Noisy.of(inside.astype(np.float64))


def coverage_of_student(laboratory: Laboratory) -> Noisy:
    """Coverage of the interval of a mean, five normal values each."""
    values = _generator(laboratory, 1).normal(50.0, 20.0, (50_000 * laboratory.effort, 5))
    return _covered(estimators.mean(values, LEVEL), 50.0)


def coverage_of_student_on_two_uniforms(laboratory: Laboratory) -> Noisy:
    """Coverage of the interval of a mean, two uniform values each."""
    values = _generator(laboratory, 2).random((50_000 * laboratory.effort, 2))
    return _covered(estimators.mean(values, LEVEL), 0.5)


def coverage_of_paired_difference(laboratory: Laboratory) -> Noisy:
    """Coverage of the interval of a paired difference, six correlated normal pairs each."""
    generator = _generator(laboratory, 3)
    luck = generator.normal(0.0, 30.0, (50_000 * laboratory.effort, 6))
    base = 100.0 + luck
    values = 104.0 + luck + generator.normal(0.0, 3.0, luck.shape)
    return _covered(estimators.paired_difference(values, base, LEVEL), 4.0)


def coverage_of_probability(laboratory: Laboratory) -> Noisy:
    """Coverage of the interval of a chance of 10 %, twenty replications each."""
    counts = _generator(laboratory, 4).binomial(20, 0.1, 50_000 * laboratory.effort)
    covers = np.empty(21)
    for count in range(21):  # the interval depends on the count alone
        found = estimators.probability(np.arange(20) < count, LEVEL)
        covers[count] = found.low <= 0.1 <= found.high
    return Noisy.of(covers[counts])


def coverage_of_quantile(laboratory: Laboratory) -> Noisy:
    """Coverage of the interval of a median, twenty exponential values each."""
    values = _generator(laboratory, 5).exponential(1.0, (8_000 * laboratory.effort, 20))
    found = [estimators.quantile(sample, 0.5, LEVEL) for sample in values]
    inside = [estimate.low < np.log(2.0) <= estimate.high for estimate in found]
    return Noisy.of(np.array(inside, dtype=np.float64))


def tail_of_exponential(laboratory: Laboratory) -> Noisy:
    """Mean of the costliest tenth of exponential outcomes."""
    values = _generator(laboratory, 6).exponential(5.0, (60 * laboratory.effort, 20_000))
    return Noisy.of(estimators.tail_mean(values, 0.1, "upper"))


def tail_of_normal(laboratory: Laboratory) -> Noisy:
    """Mean of the worst twentieth of normal outcomes."""
    values = _generator(laboratory, 7).normal(100.0, 20.0, (60 * laboratory.effort, 20_000))
    return Noisy.of(estimators.tail_mean(values, 0.05))


def error_by_bootstrap(laboratory: Laboratory) -> Noisy:
    """Standard error of a mean by the bootstrap, from independent sets of resamples."""
    seeds = range(20 * laboratory.effort)
    return Noisy.of(
        [estimators.bootstrap(SAMPLE, np.mean, LEVEL, 10_000, seed).standard_error for seed in seeds]
    )


def _profits(laboratory: Laboratory) -> tuple[np.ndarray, np.ndarray]:
    """Return the maker's profit by replication and week under two sets of wholesale prices."""
    policies = [
        Policy(
            name=name,
            terms=[
                TermsChange(buyer="north", wholesale_price=NORTH[k]),
                TermsChange(buyer="south", wholesale_price=SOUTH[k]),
            ],
        )
        for k, name in enumerate(("equal", "unequal"))
    ]
    result = laboratory.run(
        COMMON_NUMBERS, 600, policies=policies, record=["profit by group"], metrics=["profit"]
    )
    weekly = result.trajectories["profit_by_group"].sel(group="maker")
    warm = int(weekly.sizes["week"]) - result.weeks
    first, second = weekly.values[:, :, warm:]
    return first, second


def _deviations_and_correlation() -> tuple[float, float, float]:
    """Return both policies' standard deviations of weekly profit, and their correlation."""
    margins = np.array([NORTH, SOUTH]).T - UNIT_COST  # policy × store
    covariance = margins @ np.diag(np.square(DEVIATIONS)) @ margins.T
    first, second = np.sqrt(np.diag(covariance))
    return float(first), float(second), float(covariance[0, 1] / (first * second))


def variance_on_common_numbers(laboratory: Laboratory) -> Noisy:
    """Variance of the difference of weekly profits, both policies on the same draws."""
    first, second = _profits(laboratory)
    return Noisy.of((second - first).var(axis=1, ddof=1))


def variance_on_independent_numbers(laboratory: Laboratory) -> Noisy:
    """Variance of the difference when replications are compared with others, each used once."""
    first, second = _profits(laboratory)
    return Noisy.of((second[1::2] - first[::2]).var(axis=1, ddof=1))


def _ishigami_index(laboratory: Laboratory, kind: str, factor: int) -> Noisy:
    ranges = dict.fromkeys(("x1", "x2", "x3"), (-np.pi, np.pi))
    found = [
        sensitivity.sobol_indices(
            lambda at: ishigami(at["x1"], at["x2"], at["x3"]), ranges, 8192, resamples=2, seed=seed
        )
        for seed in range(16 * laboratory.effort)
    ]
    return Noisy.of([getattr(indices, kind).value[factor] for indices in found])


def index_of_intercept(laboratory: Laboratory) -> float:
    """Total index of the demand intercept for the price that a simulated store asks."""
    found = sensitivity.scenario_sensitivity(
        laboratory.scenario(SENSITIVITY),
        PRICE_RANGES,
        "price",
        replications=1,
        seed=laboratory.seed,
        samples=256,
        resamples=2,
        workers=laboratory.workers,
        progress=False,
    )
    return float(found.total.value[0])


def _best_price(intercept: Any, wholesale_price: Any) -> Any:
    return (intercept + wholesale_price) / 2


CASES = (
    Case(
        FAMILY,
        "coverage of the interval of a mean, normal values",
        "Student 1908",
        closed_form=lambda: LEVEL,
        simulated=coverage_of_student,
    ),
    Case(
        FAMILY,
        "coverage of the interval of a paired difference",
        "Student 1908",
        closed_form=lambda: LEVEL,
        simulated=coverage_of_paired_difference,
    ),
    Case(
        FAMILY,
        "coverage of the interval of a mean, two uniform values: below its level",
        "derived from Student 1908",
        closed_form=lambda: student_coverage_of_two_uniforms(LEVEL),
        simulated=coverage_of_student_on_two_uniforms,
    ),
    Case(
        FAMILY,
        "coverage of the score interval of a chance",
        "Wilson 1927",
        closed_form=lambda: score_interval_coverage(20, 0.1, LEVEL),
        simulated=coverage_of_probability,
    ),
    Case(
        FAMILY,
        "coverage of the interval of a median by order statistics",
        "Thompson 1936",
        closed_form=lambda: order_statistics_coverage(20, 0.5, 6, 15),
        simulated=coverage_of_quantile,
    ),
    Case(
        FAMILY,
        "conditional value at risk, exponential costs, highest tenth",
        "Rockafellar & Uryasev 2000",
        closed_form=lambda: exponential_tail_mean(5.0, 0.1, "upper"),
        simulated=tail_of_exponential,
        unit="money",
    ),
    Case(
        FAMILY,
        "conditional value at risk, normal profit, lowest twentieth",
        "Rockafellar & Uryasev 2000",
        closed_form=lambda: normal_tail_mean(100.0, 20.0, 0.05),
        simulated=tail_of_normal,
        unit="money",
    ),
    Case(
        FAMILY,
        "bootstrap's standard error of a mean: divisor n",
        "Efron & Tibshirani 1993",
        closed_form=lambda: bootstrap_error_of_mean(SAMPLE),
        simulated=error_by_bootstrap,
    ),
    Case(
        FAMILY,
        "variance of a difference on common random numbers",
        "Law 2015",
        closed_form=lambda: difference_variance(*_deviations_and_correlation()),
        simulated=variance_on_common_numbers,
        unit="(money per week)²",
        scenario=COMMON_NUMBERS,
    ),
    Case(
        FAMILY,
        "variance of a difference on independent numbers: the plain sum",
        "Law 2015",
        closed_form=lambda: difference_variance(*_deviations_and_correlation()[:2]),
        simulated=variance_on_independent_numbers,
        unit="(money per week)²",
        scenario=COMMON_NUMBERS,
    ),
    Case(
        FAMILY,
        "Ishigami function: first-order index of the first factor",
        "Ishigami & Homma 1990",
        closed_form=lambda: ishigami_indices().first_order[0],
        simulated=lambda laboratory: _ishigami_index(laboratory, "first_order", 0),
    ),
    Case(
        FAMILY,
        "Ishigami function: total index of the third factor, by interaction only",
        "Ishigami & Homma 1990",
        closed_form=lambda: ishigami_indices().total[2],
        simulated=lambda laboratory: _ishigami_index(laboratory, "total", 2),
    ),
    Case(
        FAMILY,
        "Ishigami function: first-order index of the third factor is zero",
        "Ishigami & Homma 1990",
        closed_form=lambda: ishigami_indices().first_order[2],
        simulated=lambda laboratory: _ishigami_index(laboratory, "first_order", 2),
    ),
    Case(
        FAMILY,
        "total index of the demand intercept for a simulated store's price",
        "Sobol' 1993",
        closed_form=lambda: indices_by_quadrature(_best_price, list(PRICE_RANGES.values())).total[0],
        simulated=index_of_intercept,
        tolerance=0.01,
        scenario=SENSITIVITY,
        reason="256 quasi-random points without interval: the tolerance is that of noisy numbers, 1 %",
    ),
)
