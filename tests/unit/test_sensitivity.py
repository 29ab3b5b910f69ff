"""Sobol indices: of functions whose indices are known, and of scenarios as of the functions behind them."""

import numpy as np
import pytest
from scipy import stats

from channelsim.analysis.sensitivity import scenario_sensitivity, sobol_indices
from channelsim.errors import ScenarioError
from channelsim.metrics import ResultError
from channelsim.simulation import load_scenario, simulate
from channelsim.theory.sensitivity_indices import ishigami, ishigami_indices

RANGES = dict.fromkeys(("x1", "x2", "x3"), (-np.pi, np.pi))
PRICES = {"demand.intercept": (80.0, 120.0), "contracts.0.wholesale_price": (50.0, 70.0)}
NOISY = "verification/statistics_common_numbers"


def of_ishigami(at):
    return ishigami(at["x1"], at["x2"], at["x3"])


def test_ishigami_within_its_intervals():
    found, exact = sobol_indices(of_ishigami, RANGES, samples=2048), ishigami_indices()
    for estimate, expected in ((found.first_order, exact.first_order), (found.total, exact.total)):
        assert np.all((estimate.low <= expected) & (expected <= estimate.high))
        assert np.allclose(estimate.value, expected, atol=0.02)
    assert found.variance == pytest.approx(exact.variance, rel=0.01)
    assert found.mean == pytest.approx(3.5, rel=0.01)
    assert found.evaluations == 2048 * 5


def test_intervals_cover_what_they_should():
    # independent draws of a function with interaction; few base points, so that intervals matter
    covered = []
    for seed in range(100):
        found = sobol_indices(of_ishigami, RANGES, samples=64, level=0.8, resamples=200, seed=seed)
        covered.append([found.total.low, found.total.high])
    ends, exact = np.array(covered), np.array(ishigami_indices().total)
    coverage = ((ends[:, 0] <= exact) & (exact <= ends[:, 1])).mean(axis=0)
    # quasi-random points are more even than independent ones: not below the level, but for chance
    assert np.all(coverage >= 0.7)


def test_the_same_seed_gives_the_same_numbers():
    first, again, other = (
        sobol_indices(of_ishigami, RANGES, samples=64, resamples=50, seed=seed) for seed in (1, 1, 2)
    )
    for name in ("value", "low", "high", "standard_error"):
        assert np.array_equal(getattr(first.total, name), getattr(again.total, name))
        assert not np.array_equal(getattr(first.total, name), getattr(other.total, name))


def test_a_factor_without_influence_has_no_share():
    found = sobol_indices(lambda at: at["x"] ** 2, {"x": (0, 1), "idle": (0, 1)}, samples=128)
    assert found.first_order.value[1] == found.total.value[1] == 0.0
    assert found.total.low[1] == found.total.high[1] == 0.0
    assert found.total.value[0] == pytest.approx(1.0, abs=0.1)
    table = found.to_frame()
    assert list(table["factor"]) == ["x", "idle"]
    assert list(table["total"]) == list(found.total.value)


def test_distributions_beside_ranges():
    factors = {"x": stats.norm(5.0, 2.0), "n": stats.randint(1, 7)}
    found = sobol_indices(lambda at: at["x"] + at["n"], factors, samples=2048, resamples=2)
    # variances 4 and 35 / 12
    assert found.first_order.value == pytest.approx([4 / (4 + 35 / 12), 35 / 12 / (4 + 35 / 12)], abs=0.01)
    assert found.mean == pytest.approx(8.5, abs=0.01)


def test_a_scenario_has_the_indices_of_its_closed_form():
    # the same points, so the same estimates: the store asks (intercept + wholesale price) / 2
    simulated = scenario_sensitivity(
        "bilateral", PRICES, "price", replications=1, samples=8, resamples=20, progress=False
    )
    closed_form = sobol_indices(lambda at: sum(at.values()) / 2, PRICES, samples=8, resamples=20)
    assert simulated.factors == tuple(PRICES)
    for name in ("value", "low", "high", "standard_error"):
        for index in ("first_order", "total"):
            expected = getattr(getattr(closed_form, index), name)
            assert np.allclose(getattr(getattr(simulated, index), name), expected, rtol=1e-9)
    assert simulated.mean == pytest.approx(closed_form.mean)
    assert simulated.variance == pytest.approx(closed_form.variance)


def test_outcomes_are_those_of_simulate():
    scenario = load_scenario(NOISY).replace(weeks=6)
    factors = {"contracts.0.wholesale_price": (50.0, 70.0), "brands.A.production_cost": (10.0, 30.0)}
    policy = {"name": "dearer", "terms": [{"buyer": "south", "wholesale_price": 80.0}]}
    found = scenario_sensitivity(
        scenario, factors, "profit", policy, "group", "maker", replications=3, seed=7, samples=2,
        resamples=2, progress=False,
    )  # fmt: skip
    points = []

    def outcome(at):
        points.extend(zip(*at.values()))
        values = []
        for point in zip(*at.values()):
            changed = scenario.replace(**dict(zip(factors, map(float, point))))
            result = simulate(changed, policy, replications=3, seed=7, progress=False)
            values.append(float(result.by_group["profit"].sel(group="maker").mean()))
        return np.array(values)

    expected = sobol_indices(outcome, factors, samples=2, resamples=2, seed=7)
    assert len(points) == 8
    assert found.mean == pytest.approx(expected.mean, rel=1e-12)
    assert np.allclose(found.total.value, expected.total.value, rtol=1e-9)


def test_common_random_numbers_leave_luck_out():
    # demand is noisy, but alike at all points: what is invoiced does not depend on the cost of production
    factors = {"contracts.0.wholesale_price": (50.0, 70.0), "brands.A.production_cost": (10.0, 30.0)}
    found = scenario_sensitivity(
        load_scenario(NOISY).replace(weeks=6), factors, "sell_in_value", replications=2, samples=4,
        resamples=5, progress=False,
    )  # fmt: skip
    assert found.total.value[1] == found.first_order.value[1] == 0.0
    assert found.total.value[0] > 0.5


def test_whole_numbers_reach_the_scenario_as_such():
    factors = {"contracts.0.lead_time": stats.randint(0, 3), "demand.intercept": (90.0, 110.0)}
    found = scenario_sensitivity(
        load_scenario("bilateral").replace(weeks=8, warm_up_weeks=4), factors, "average_stock",
        replications=1, samples=4, resamples=2, progress=False,
    )  # fmt: skip
    assert np.isfinite(found.total.value).all()


X, Y = (0.0, 1.0), (0.0, 2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sobol_indices(lambda at: at["x"], {"x": X}), "at least two"),
        (lambda: sobol_indices(lambda at: at["x"], {"x": X, "y": (1.0, 1.0)}), "low must be below high"),
        (lambda: sobol_indices(lambda at: at["x"], {"x": X, "y": "wide"}), "expected \\(low, high\\)"),
        (lambda: sobol_indices(lambda at: at["x"], {"x": X, "y": Y}, samples=100), "power of 2"),
        (lambda: sobol_indices(lambda at: at["x"], {"x": X, "y": Y}, level=95), "strictly between"),
        (lambda: sobol_indices(lambda at: at["x"], {"x": X, "y": Y}, resamples=1), "2 or more"),
        (lambda: sobol_indices(lambda at: at["x"][:-1], {"x": X, "y": Y}), "outcomes for"),
        (lambda: sobol_indices(lambda at: np.log(at["x"] - 2), {"x": X, "y": Y}), "outcome nan at x = "),
        (lambda: sobol_indices(lambda at: 0 * at["x"] + 3, {"x": X, "y": Y}), "does not vary"),
        (lambda: scenario_sensitivity("bilateral", PRICES, "price", replications=0), "replications = 0"),
        (lambda: scenario_sensitivity("bilateral", PRICES, "prize"), "prize"),
        (lambda: scenario_sensitivity("bilateral", PRICES, "price", grouping="shelf"), "shelf"),
        (
            lambda: scenario_sensitivity("bilateral", PRICES, "price", grouping="group", label="shop"),
            "shop",
        ),
        (
            lambda: scenario_sensitivity("bilateral", {**PRICES, "demand.colour": X}, "price"),
            "at demand.intercept = .*colour",
        ),
        (
            lambda: scenario_sensitivity(
                "bilateral", {**PRICES, "brands.A.production_cost": (-2.0, -1.0)}, "price"
            ),
            "production_cost",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_wrong_inputs_get_one_clear_line(call, message):
    with pytest.raises((ValueError, ScenarioError, ResultError), match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
