"""Every case of the family fails when the estimator that it judges is wrong, and passes when it is not."""

import numpy as np
import pytest

from channelsim.analysis import estimators, sensitivity
from channelsim.verification import statistics
from channelsim.verification.cases import Laboratory, judge
from channelsim.verification.statistics import CASES
from judging import case_about

OWN_MEAN, OWN_TAIL, OWN_BOOTSTRAP = estimators.mean, estimators.tail_mean, estimators.bootstrap
OWN_PROBABILITY, OWN_QUANTILE, OWN_SOBOL = (
    estimators.probability,
    estimators.quantile,
    sensitivity.sobol_indices,
)


@pytest.fixture(scope="module")
def laboratory():
    return Laboratory()


def normal_instead_of_student(values, level=0.95, axis=-1, omit_nan=False):
    found = OWN_MEAN(values, level, axis, omit_nan)
    return found._replace(
        low=found.value - 1.959964 * found.standard_error, high=found.value + 1.959964 * found.standard_error
    )


def unpaired_difference(values, base, level=0.95, axis=-1, omit_nan=False):
    first, second = OWN_MEAN(values, level, axis), OWN_MEAN(base, level, axis)
    half = 2.57 * np.hypot(first.standard_error, second.standard_error)
    value = first.value - second.value
    return first._replace(value=value, low=value - half, high=value + half)


def plain_interval(occurred, level=0.95):
    found = OWN_PROBABILITY(occurred, level)
    half = 1.959964 * found.standard_error
    return found._replace(low=found.value - half, high=found.value + half)


def one_order_statistic_off(values, share, level=0.95):
    found = OWN_QUANTILE(values, share, level)
    return found._replace(low=np.sort(values)[6])


def wrong_tail(values, share, tail="lower", axis=-1):
    return OWN_TAIL(values, share, "upper" if tail == "lower" else "lower", axis)


def quantile_instead_of_tail(values, share, tail="lower", axis=-1):
    return np.quantile(values, share if tail == "lower" else 1 - share, axis=axis)


def divisor_less_one(values, statistic, level=0.95, resamples=2000, seed=0):
    found, n = OWN_BOOTSTRAP(values, statistic, level, resamples, seed), len(values)
    return found._replace(standard_error=found.standard_error * np.sqrt(n / (n - 1)))


def total_for_first_order(*arguments, **keywords):
    found = OWN_SOBOL(*arguments, **keywords)
    return found._replace(first_order=found.total, total=found.first_order)


MUTATIONS = [
    ("interval of a mean, normal values", estimators, "mean", normal_instead_of_student),
    ("interval of a mean, two uniform values", estimators, "mean", normal_instead_of_student),
    ("interval of a paired difference", estimators, "paired_difference", unpaired_difference),
    ("score interval of a chance", estimators, "probability", plain_interval),
    ("interval of a median", estimators, "quantile", one_order_statistic_off),
    ("exponential costs", estimators, "tail_mean", wrong_tail),
    ("normal profit", estimators, "tail_mean", quantile_instead_of_tail),
    ("bootstrap's standard error", estimators, "bootstrap", divisor_less_one),
    ("first-order index of the first factor", sensitivity, "sobol_indices", total_for_first_order),
    ("total index of the third factor", sensitivity, "sobol_indices", total_for_first_order),
    ("third factor is zero", sensitivity, "sobol_indices", total_for_first_order),
]


@pytest.mark.parametrize(("words", "module", "name", "mutant"), MUTATIONS, ids=[m[0] for m in MUTATIONS])
def test_a_wrong_estimator_makes_its_case_fail(words, module, name, mutant, laboratory, monkeypatch):
    case = case_about(words, CASES)
    assert judge(case, laboratory).verdict == "pass"
    monkeypatch.setattr(module, name, mutant)
    assert judge(case, laboratory).verdict == "fail"


def test_numbers_that_are_not_common_make_the_case_fail(laboratory, monkeypatch):
    common, independent = case_about("common random numbers", CASES), case_about("independent numbers", CASES)
    assert judge(common, laboratory).verdict == judge(independent, laboratory).verdict == "pass"
    own = statistics._profits

    def shuffled(laboratory):
        first, second = own(laboratory)
        return np.roll(first, 1, axis=0), second

    monkeypatch.setattr(statistics, "_profits", shuffled)
    assert judge(common, laboratory).verdict == "fail"

    def repeated(laboratory):
        # replications that all meet the first one's draws
        return tuple(np.broadcast_to(profits[:1], profits.shape) for profits in own(laboratory))

    monkeypatch.setattr(statistics, "_profits", repeated)
    assert judge(independent, laboratory).verdict == "fail"


def test_a_factor_left_out_makes_the_simulated_index_fail(laboratory, monkeypatch):
    case = case_about("simulated store's price", CASES)
    # unmutated it passes in the table; its thousand runs are not repeated here
    # the scenario's price does not react to the wholesale price: all variance is the intercept's
    monkeypatch.setattr(
        sensitivity,
        "scenario_sensitivity",
        lambda scenario, factors, *rest, **keywords: OWN_SOBOL(
            lambda at: at["demand.intercept"], factors, samples=64, resamples=2
        ),
    )
    assert judge(case, laboratory).verdict == "fail"
