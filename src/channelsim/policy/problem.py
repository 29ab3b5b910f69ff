"""The problem: scenario, levers, objective and constraints, with uncertainties kept apart.

Levers are what the manufacturer decides, uncertainties what nobody decides; both are named, typed and
bounded. An objective or a constraint is a statistic of an outcome (`channelsim.policy.outcomes`) over the
replications: its mean, the mean of its worst share (CVaR), or the probability that it keeps a bound.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, model_validator

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.files import read_toml, write_whole
from channelsim.parts import Document, Name, Part
from channelsim.paths import read
from channelsim.policy.levers import Lever, Value, check_felt, policy_of
from channelsim.policy.outcomes import Outcome
from channelsim.scenario import Scenario
from channelsim.simulation import load_scenario
from channelsim.world import Channel, build

Floats = NDArray[np.float64]
FORMAT = 1


class _Statistic(Part):
    outcome: str = Field(description="an expression of metrics, see `channelsim.policy.outcomes`")
    statistic: Literal["mean", "cvar", "probability"] = Field(
        default="mean", description="of the replications: mean, mean of the worst share, or probability"
    )
    worst_share: float = Field(
        default=0.1, gt=0, le=1, description="cvar: share of the replications that counts as the worst"
    )

    @property
    def read(self) -> Outcome:
        """The outcome, read."""
        return Outcome(self.outcome)


class Objective(_Statistic):
    """What is to be made large or small."""

    sense: Literal["maximise", "minimise"] = Field(default="maximise", description="make it large or small")
    at_least: float | None = Field(default=None, description="probability: that the outcome is at least this")

    @model_validator(mode="after")
    def _consistent(self) -> Objective:
        if (self.statistic == "probability") != (self.at_least is not None):
            raise ValueError("at_least: a probability needs it, and nothing else takes it")
        return self

    @property
    def label(self) -> str:
        """What it is, in words."""
        told = {
            "mean": f"mean of {self.outcome}",
            "cvar": f"mean of the worst {100 * self.worst_share:g} % of {self.outcome}",
            "probability": f"probability of {self.outcome} ≥ {self.at_least}",
        }
        return f"{self.sense} {told[self.statistic]}"

    def value(self, sample: Floats) -> float:
        """Return the statistic of a sample (replications,), larger being better."""
        sign = 1.0 if self.sense == "maximise" else -1.0
        if self.at_least is not None:
            return sign * float(np.mean(sample >= self.at_least))
        return _of(self.statistic, sign * sample, self.worst_share)


class Constraint(_Statistic):
    """A bound that a policy has to keep; give at_least or at_most."""

    name: str = Field(default="", description="what people call it; default: what it says")
    at_least: float | None = Field(default=None, description="smallest admissible value")
    at_most: float | None = Field(default=None, description="largest admissible value")
    of_base: bool = Field(
        default=False,
        description="the bound is a factor on what the baseline has in the same replication (0.95: at least "
        "95 % of it)",
    )
    probability: float = Field(
        default=0.95, gt=0, le=1, description="probability: how often the bound has to be kept"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Constraint:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give one of at_least, at_most")
        return self

    @property
    def label(self) -> str:
        """What it says, in words."""
        if self.name:
            return self.name
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        held = f"{bound:g} × baseline" if self.of_base else f"{bound:g}"
        told = {
            "mean": f"mean of {self.outcome} {sign} {held}",
            "cvar": f"mean of the worst {100 * self.worst_share:g} % of {self.outcome} {sign} {held}",
            "probability": f"{self.outcome} {sign} {held} with probability {self.probability:g}",
        }
        return told[self.statistic]

    def margins(self, sample: Floats, base: Floats) -> Floats:
        """Return by how much every replication keeps the bound (below zero: misses it).

        Parameters
        ----------
        sample, base : ndarray, shape (replications,)
            The outcome under the policy and under the baseline on the same draws.
        """
        if self.at_least is not None:
            return sample - (self.at_least * base if self.of_base else self.at_least)
        return (self.at_most * base if self.of_base else self.at_most) - sample  # type: ignore[operator]

    def slack(self, sample: Floats, base: Floats) -> float:
        """Return by how much the statistic keeps the bound; below zero the policy is not feasible."""
        margins = self.margins(sample, base)
        if self.statistic == "probability":
            return float(np.mean(margins >= 0.0)) - self.probability
        return _of(self.statistic, margins, self.worst_share)

    def scale(self, base: Floats) -> float:
        """Return the size by which slacks of this constraint are measured."""
        if self.statistic == "probability":
            return 1.0
        bound = self.at_least if self.at_least is not None else self.at_most
        size = abs(float(np.mean(base)) * (bound or 1.0) if self.of_base else (bound or 0.0))
        return size or abs(float(np.mean(base))) or 1.0


def _of(statistic: str, values: Floats, worst_share: float) -> float:
    """Return the mean, or the mean of the lowest share."""
    if statistic == "mean":
        return float(np.mean(values))
    from channelsim.analysis.estimators import tail_mean

    return float(tail_mean(values, worst_share))


class Uncertainty(Part):
    """A field of the scenario that nobody decides and whose value is not known."""

    path: str = Field(description="path of a field, such as segments.price-minded.price_sensitivity")
    name: str = Field(default="", description="what people call it; default: the path")
    low: float = Field(description="smallest value, or factor")
    high: float = Field(description="largest value, or factor")
    measure: Literal["value", "scale"] = Field(
        default="scale", description="value: the number itself; scale: a factor on the scenario's own"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Uncertainty:
        if not self.low < self.high:
            raise ValueError(f"low = {self.low:g} is not below high = {self.high:g}")
        return self

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.path

    def told(self, value: float) -> str:
        """Return what it is called at a value."""
        return f"{self.label} " + (
            f"{100.0 * (value - 1.0):+.3g} %" if self.measure == "scale" else f"= {value:g}"
        )


class TradeOff(Part):
    """A second outcome that the objective is held against."""

    outcome: str = Field(description="an expression of metrics, see `channelsim.policy.outcomes`")
    name: str = Field(default="", description="what people call it; default: the outcome")
    keep: Literal["at_least", "at_most"] = Field(
        default="at_least", description="at_least: more of it is good; at_most: less is"
    )

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.outcome


class Problem(Document):
    """What is to be decided, to what end, under which conditions.

    Raises
    ------
    ScenarioError
        One line that names the field, the value and what is admissible.

    Examples
    --------
    >>> problem = Problem(
    ...     scenario="bilateral",
    ...     levers=[{"path": "terms.wholesale_price", "low": 30.0, "high": 60.0}],
    ...     objective={"outcome": 'profit(role="manufacturer")'},
    ... )
    >>> problem.levers[0].unit
    'money per unit'
    """

    problem_format: Literal[1] = Field(default=1, description="version of the file format")
    name: Name = "problem"
    scenario: str | Scenario = Field(
        description="scenario of the library, file beside the problem, or scenario"
    )
    changes: dict[str, Any] = Field(default={}, description="changes of the scenario: values by path")
    levers: list[Lever] = Field(min_length=1)
    objective: Objective
    constraints: list[Constraint] = Field(default=[], description="bounds that a policy has to keep")
    template: Policy = Field(default=Policy(name="template"), description="what every policy has besides")
    baseline: Policy = Field(default=Policy(name="base"), description="policy that others are compared with")
    uncertainties: list[Uncertainty] = Field(default=[], description="what nobody decides")
    trade_offs: list[TradeOff] = Field(default=[], description="outcomes that the objective is held against")
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self) -> Problem:
        for where, named in (("levers", self.levers), ("uncertainties", self.uncertainties)):
            labels = [each.label for each in named]
            for label in labels:
                if labels.count(label) > 1:
                    raise ValueError(f"{where}: {label!r} occurs twice; give each a name of its own")
        for lever in self.levers:
            lever.bounds()
        for text in self.outcomes:
            Outcome(text)  # refuses what is none
        bounds: dict[tuple[Any, ...], dict[str, float]] = {}
        for k in self.constraints:
            if k.statistic == "probability":
                continue
            same = bounds.setdefault((k.outcome, k.statistic, k.worst_share, k.of_base), {})
            for name in ("at_least", "at_most"):
                if getattr(k, name) is not None:
                    tighter = max if name == "at_least" else min
                    same[name] = tighter(same.get(name, getattr(k, name)), getattr(k, name))
            if same.get("at_least", -np.inf) > same.get("at_most", np.inf):
                raise ValueError(
                    f"constraints: {k.outcome} can not be at least {same['at_least']:g} and at most "
                    f"{same['at_most']:g}"
                )
        return self

    def __eq__(self, other: object) -> bool:
        """Compare what the problems say; where their files lie is no part of it."""
        return isinstance(other, Problem) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def load(cls, path: str | Path) -> Problem:
        """Read a problem from a TOML file; a scenario file that it names lies in the same folder.

        Raises
        ------
        ScenarioError
            If the file is not there, is not TOML, or does not describe an admissible problem.
        """
        path = Path(path)
        data = read_toml(path)
        data.setdefault("name", path.stem)
        try:
            problem = cls(**data)
        except ScenarioError as error:
            raise ScenarioError(f"{path.name}: {error}") from None
        problem._folder = path.parent
        return problem

    def save(self, path: str | Path) -> None:
        """Write the problem as TOML, whole or not at all."""
        import tomli_w

        data = self.model_dump(exclude_defaults=True, exclude_none=True)
        if isinstance(self.scenario, Scenario):
            raise ScenarioError("scenario: save the scenario to a file and name that in the problem")
        write_whole(Path(path), tomli_w.dumps({"problem_format": FORMAT, "name": self.name, **data}))

    @cached_property
    def channel(self) -> Channel:
        """The built channel of the scenario, with the problem's changes."""
        scenario = self.scenario
        if isinstance(scenario, str) and self._folder and scenario.endswith(".toml"):
            if Path(scenario).name != scenario:
                raise ScenarioError(f"scenario = {scenario!r}: name a file in the problem's folder")
            scenario = str(self._folder / scenario)
        loaded = load_scenario(scenario)
        return build(loaded.replace(**self.changes) if self.changes else loaded)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes of the objective, the constraints and the trade-offs, each once, in this order."""
        texts = [self.objective.outcome, *(k.outcome for k in self.constraints)]
        return tuple(dict.fromkeys([*texts, *(t.outcome for t in self.trade_offs)]))

    def policy(self, values: list[Value] | tuple[Value, ...], name: str = "policy") -> Policy:
        """Return the policy with the levers at these values.

        Raises
        ------
        ScenarioError
            If a path leads nowhere or a value is not admissible.
        """
        return policy_of(self.levers, values, self.channel.scenario, self.template, name)

    def check(self) -> None:
        """Refuse, before anything runs, what the scenario does not have or cannot feel.

        Raises
        ------
        ScenarioError
            One line: an unknown label of a metric, a metric that the scenario does not measure, an
            uncertainty that leads nowhere, or a lever that changes nothing between its ends.
        """
        from channelsim.engines.groupings import Groupings
        from channelsim.engines.relationship_sums import check_borne, check_measured

        channel = self.channel
        labels = Groupings.of(channel).labels
        for text in self.outcomes:
            outcome = Outcome(text)
            outcome.check(labels)
            try:
                check_measured(outcome.metrics, channel.scenario)
                for metric, grouping, label in outcome.picked:
                    check_borne(metric, grouping, label or labels["overall"][0], channel)
            except ScenarioError as error:
                raise ScenarioError(f"outcome {text!r}: {error}") from None
        for uncertain in self.uncertainties:
            for value in (uncertain.low, uncertain.high):
                try:
                    build(varied(channel.scenario, [uncertain], [value]))
                except ScenarioError as error:
                    raise ScenarioError(f"uncertainty {uncertain.path!r} at {value:g}: {error}") from None
        middle = [lever.value_at(0.5) for lever in self.levers]
        for k, lever in enumerate(self.levers):
            tried = lever.choices or [lever.value_at(0.0), lever.value_at(1.0)]
            points = [[*middle[:k], value, *middle[k + 1 :]] for value in tried]
            check_felt(lever, {v: self.policy(p) for v, p in zip(tried, points)}, channel)
        channel.apply(self.baseline)


def varied(scenario: Scenario, uncertainties: list[Uncertainty], values: list[float]) -> Scenario:
    """Return the scenario with uncertain fields at these values (or factors).

    Raises
    ------
    ScenarioError
        If a path leads nowhere, or a factor has no number to act on.
    """
    changes = {}
    for uncertain, value in zip(uncertainties, values, strict=True):
        if uncertain.measure == "scale":
            own = _number_at(scenario, uncertain.path)
            value = own * value
        changes[uncertain.path] = value
    return scenario.replace(**changes)


def _number_at(scenario: Scenario, path: str) -> float:
    place = read(json.loads(scenario.model_dump_json()), path)
    if not isinstance(place, int | float) or isinstance(place, bool):
        raise ScenarioError(f"uncertainty {path!r}: a factor needs one number there, found {place!r}")
    return float(place)
