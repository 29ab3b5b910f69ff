"""What samples make of candidates: differences from a reference say more than those from the baseline."""

import numpy as np
import pytest

from channelsim import Policy
from channelsim.policy.judging import Judge
from channelsim.policy.problem import Constraint
from toy_search import NAMES, ToyProblem, levers

REFERENCE, OFTEN = 0.5, 64
NEAR = 0.55
CONSTRAINTS = [Constraint(outcome=NAMES[1], at_most=1.2, of_base=True)]


class World:
    """Policies x from 0 to 1 whose luck (the same draws for all) counts by x."""

    def __init__(self, seed: int):
        luck = np.random.default_rng(seed).standard_normal((2, OFTEN, 2))
        self._level, self._by_x = 1.0 + 0.05 * luck[0], luck[1]
        self.judge = Judge(ToyProblem(levers(1), CONSTRAINTS), NAMES[:2], caution=1.645)
        self.judge.base = self.sample(0.0, OFTEN)
        self.samples: dict[tuple[float, ...], np.ndarray] = {}

    def sample(self, x: float, count: int) -> np.ndarray:
        truth = np.array([2.0 - x, 1.0 + 0.3 * x])
        return (truth * self._level + 0.2 * x * self._by_x)[:count]

    def take(self, x: float, count: int) -> None:
        self.samples[x,] = self.sample(x, count)
        self.judge.note((x,), self.samples[x,])

    def found(self, x: float):
        return self.judge.judge((x,), Policy(), self.samples[x,])

    def refer(self, x: float | None) -> None:
        self.judge.refer_to(None if x is None else self.found(x), self.samples, lambda v: abs(v[0] - x))


def world(seed: int = 1, count: int = 2) -> World:
    """Return a world with a reference that is not yet one, and others around it."""
    made = World(seed)
    made.take(REFERENCE, OFTEN)
    for x in (0.44, 0.46, 0.48, 0.52, 0.54, NEAR, 0.58):
        made.take(x, count)
    made.take(0.47, 16)  # who was the best for a while has more
    return made


def truth(world: World, x: float) -> tuple[float, float]:
    """Return gain (larger is better; the toy problem minimises) and slack without luck."""
    return x, (1.2 - (1.0 + 0.3 * x)) / 1.2


def test_the_doubt_told_is_the_doubt_there_is():
    """Errors of gain and slack, in units of what is told, have deviation one; and they are small."""
    told, plain = [], []
    for seed in range(400):
        made = world(seed)
        for errors in (plain, told):
            if errors is told:
                made.refer(REFERENCE)
            found, (gain, slack) = made.found(NEAR), truth(made, NEAR)
            errors.append([found.gain - gain, found.slacks[0] - slack, found.slack_errors[0]])
    plain, told = np.array(plain), np.array(told)
    assert np.std(told[:, 1] / told[:, 2]) == pytest.approx(1.0, abs=0.15)
    assert (np.std(told[:, :2], axis=0) < 0.35 * np.std(plain[:, :2], axis=0)).all()
    assert (np.abs(np.mean(told[:, :2], axis=0)) < 3.0 * np.std(told[:, :2], axis=0) / 20.0).all()


def test_as_many_replications_as_the_reference_speak_for_themselves():
    made = world()
    made.take(0.6, OFTEN)
    alone = made.found(0.6)
    made.refer(REFERENCE)
    assert made.found(0.6)[:-1] == alone[:-1]
    assert made.judge.reference[:-1] == made.found(REFERENCE)[:-1]


def test_without_a_reference_all_is_as_before():
    made = world()
    before = [made.found(x) for (x,) in made.samples]
    made.refer(REFERENCE)
    assert made.found(NEAR) not in before
    made.refer(None)
    assert [made.found(x) for (x,) in made.samples] == before


def test_a_single_replication_borrows_its_doubt_by_its_distance():
    made = world()
    for x in (0.51, 0.6, 1.0):
        made.take(x, 1)
    made.refer(REFERENCE)
    known = made.judge.reference.slack_errors[0]
    near, far, farthest = (np.sqrt(made.found(x).slack_errors[0] ** 2 - known**2) for x in (0.51, 0.6, 1.0))
    assert far == pytest.approx(10.0 * near, rel=1e-6)
    assert farthest <= np.sqrt(2.0) * made.judge.slack_deviations[0] * (1.0 + 1e-12)
    assert np.isnan(made.found(0.51).standard_error)
