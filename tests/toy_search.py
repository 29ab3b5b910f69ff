"""Problems with known answers for searches: functions with noise in the place of a simulated channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from channelsim.decisions import Policy
from channelsim.policy.evaluation import policy_key
from channelsim.policy.levers import Lever
from channelsim.policy.problem import Constraint, Objective
from channelsim.policy.search import Search

NAMES = ("revenue", "channel_profit", "sell_in_value", "sell_through")
"""Metrics under whose names functions go: the first is the objective, the others are constrained."""


class ToyEvaluator:
    """Functions of the levers plus noise that is the same for all policies, and some that is not."""

    def __init__(
        self,
        functions: Sequence[Callable[[tuple], float]],
        noise: float = 0.0,
        own_noise: float = 0.0,
        seed: int = 1,
        holdings: int = 10**6,
    ):
        self.functions, self.noise, self.own_noise, self.seed = functions, noise, own_noise, seed
        self.outcomes = NAMES[: len(functions)]
        self.channel = SimpleNamespace(
            scenario=SimpleNamespace(weeks=52), sizes=SimpleNamespace(holdings=holdings)
        )
        self.kept: dict[str, set[int]] = {}
        self.simulated = self.agent_weeks = self.saved = 0
        self.advance: Callable[[int], None] = lambda done: None

    def sample(
        self,
        policies: Sequence[Policy],
        replications: int,
        block: str = "search",
        first: int | Sequence[int] = 0,
    ) -> np.ndarray:
        found = []
        for policy, start in zip(policies, np.broadcast_to(first, len(policies)).tolist()):
            stop = start + replications
            common = np.random.default_rng([self.seed, 0]).standard_normal((stop, len(self.functions)))
            key = policy_key(policy)
            values = tuple(
                next(iter(d.model_dump(exclude_none=True).values())) for d in policy.density.values()
            )
            own = np.random.default_rng([self.seed, int(key[1:9], 16)]).standard_normal(common.shape)
            true = [f(values) if values else 0.5 for f in self.functions]
            found.append((np.array(true) + self.noise * common + self.own_noise * own)[start:])
            kept = self.kept.setdefault(key, set())
            more = len(set(range(start, stop)) - kept)
            kept |= set(range(start, stop))
            self.simulated += more
            self.advance(more)
        return np.array(found)

    def save(self) -> None:
        self.saved += 1


@dataclass
class ToyProblem:
    levers: list[Lever]
    constraints: list[Constraint] = field(default_factory=list)
    objective: Objective = field(default_factory=lambda: Objective(outcome=NAMES[0], sense="minimise"))
    baseline: Policy = field(default_factory=lambda: Policy(name="base"))
    name: str = "toy"
    outcomes: tuple[str, ...] = NAMES

    def policy(self, values: Sequence[Any], name: str = "policy") -> Policy:
        density = {f"x{k}": {"scale": self.number(k, v)} for k, v in enumerate(values)}
        return Policy(name=name, density=density)

    def number(self, k: int, value: Any) -> float:
        choices = self.levers[k].choices
        return float(choices.index(value)) if choices and isinstance(value, str) else float(value)

    def check(self) -> None:
        pass


def levers(real: int, whole: int = 0, choices: Sequence[str] = (), cells: int = 10) -> list[Lever]:
    """Real levers on (0, 1), whole ones from 0 to the number of cells, and one of named choices."""
    made = [Lever(path=f"density.r{k}", low=0.0, high=1.0) for k in range(real)]
    made += [Lever(path=f"density.w{k}", integer=True, low=0, high=cells) for k in range(whole)]
    if choices:
        made.append(Lever(path="density.choice", choices=list(choices)))
    return made


def search_of(problem: ToyProblem, evaluator: ToyEvaluator, budget: int) -> Search:
    return Search(problem, evaluator, budget)  # type: ignore[arg-type]
