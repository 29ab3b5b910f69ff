"""The parts of a scenario about influence and relations: who asks whom, power bases, effects, exit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from channelsim.parts import Name, NotNegative, Part, number

Share = Annotated[float, Field(ge=0, le=1)]


class Strategies(Part):
    """The mix of influence strategies: weights of the contacts; they are divided by their sum."""

    promise: NotNegative = Field(default=0.0, description="a reward for complying")
    threat: NotNegative = Field(default=0.0, description="a sanction for refusing")
    legalistic_plea: NotNegative = Field(default=0.0, description="a reminder of contract or norm")
    request: NotNegative = Field(default=0.0, description="a mere wish, with no consequence named")
    recommendation: NotNegative = Field(default=0.0, description="advice that it pays to comply")
    information_exchange: NotNegative = Field(
        default=0.0, description="talk about the business in general; it hands knowledge over"
    )

    @model_validator(mode="after")
    def _some(self) -> Strategies:
        if not sum(self.weights) > 0:
            raise ValueError(f"no strategy has a weight; give one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def weights(self) -> list[float]:
        """Weights in the order of `codes.STRATEGIES`."""
        return [getattr(self, name) for name in type(self).model_fields]


class Attempt(Part):
    """An attempt at influence: who asks whom for which behaviour, by which strategies, at what price."""

    name: Name
    sender: str = Field(description="member group that asks")
    receiver: str = Field(description="member group that is asked: a buyer or a supplier of the sender")
    behaviour: Literal["price", "stock", "service", "payment", "territory"] = Field(
        description="price: of the receiver's sales (stores), or to the sender (suppliers); stock: what "
        "orders cover; service: a store's effort; payment: of what is due; territory: not to divert"
    )
    wanted: NotNegative | dict[str, NotNegative] = Field(
        description="level asked for, one number or one for each brand; price: money per unit; stock: weeks "
        "of forecast that stock and orders under way shall last; service: effort; payment: share of what is "
        "due (0 to 1); territory: share of its own diversion that is tolerated (0: none; to 1)"
    )
    strategies: Strategies
    intensity: float = number("intensity")
    reward: NotNegative | None = Field(
        default=None,
        description="money per week promised to each receiver for complying; default: what the given reward "
        "base implies",
    )
    sanction: NotNegative | None = Field(
        default=None,
        description="fine per week that each receiver is threatened with; default: what the given coercive "
        "base implies",
    )
    detection: float = number("detection")
    enforcement: float = number("enforcement")
    reliability: float = number("reliability")
    reimbursement_weeks: float = number("reimbursement_weeks")
    attention: float = number("attention")

    @model_validator(mode="after")
    def _consistent(self) -> Attempt:
        mix = self.strategies
        unused = [
            (mix.promise, "promise", self.reward is not None, "reward"),
            (mix.promise, "promise", self.reliability != 1.0, "reliability"),
            (mix.promise, "promise", self.reimbursement_weeks != 0.0, "reimbursement_weeks"),
            (mix.threat, "threat", self.sanction is not None, "sanction"),
            (mix.threat, "threat", self.detection != 1.0, "detection"),
            (mix.threat, "threat", self.enforcement != 1.0, "enforcement"),
        ]
        for weight, strategy, given, field in unused:
            if given and weight == 0:
                raise ValueError(f"{field}: has no effect while strategies.{strategy} is 0")
        levels = self.wanted.values() if isinstance(self.wanted, dict) else [self.wanted]
        shares = {
            "payment": "of what is due a share from 0 to 1 can be asked for",
            "territory": "of its own diversion a share from 0 to 1 can be tolerated",
        }
        if self.behaviour in shares and max(levels, default=0.0) > 1:
            raise ValueError(f"wanted: {shares[self.behaviour]}")
        return self


class GivenBases(Part):
    """Power bases given instead of computed, such as those of a survey (`survey.to_bases`)."""

    holder: str = Field(description="member group that holds the power")
    over: str = Field(description="member group over which it holds it: its buyer or its supplier")
    reward: Share | None = Field(default=None, description="reward base; default: computed")
    coercive: Share | None = Field(default=None, description="coercive base; default: computed")
    legitimate: Share | None = Field(default=None, description="legitimate base; default: computed")
    expert: Share | None = Field(default=None, description="expert base; default: computed")
    referent: Share | None = Field(default=None, description="referent base; default: computed")

    @model_validator(mode="after")
    def _some(self) -> GivenBases:
        names = [name for name in type(self).model_fields if name not in ("holder", "over")]
        if all(getattr(self, name) is None for name in names):
            raise ValueError(f"gives nothing: give one of {', '.join(names)}")
        return self


class Knowledge(Part):
    """What the members of a group know that their partners may not."""

    group: str = Field(description="member group")
    level: NotNegative = Field(default=0.0, description="knowledge at the start (declared assumption)")
    investment: NotNegative = Field(
        default=0.0,
        description="knowledge that training and research add a week; its cost is part of fixed_cost",
    )


class Bases(Part):
    """Where power bases come from."""

    contract_strength: float = Field(
        default=0.5, ge=0, le=1, description="how far contracts bind (declared assumption)"
    )
    norm: float = Field(
        default=0.5, ge=0, le=1, description="how far partners feel bound (declared assumption)"
    )
    may_terminate: bool = Field(
        default=True, description="a side may end the relationship: dependence then feeds the coercive base"
    )
    knowledge: list[Knowledge] = Field(default=[], description="what groups know; groups left out: 0")
    given: list[GivenBases] = Field(default=[], description="bases that replace the computed ones, by pair")


class Relations(Part):
    """Whether and how relations between firms move."""

    active: bool = Field(
        default=False, description="form power bases, influence and relations (needs power.measured)"
    )
    effects: str | dict[str, float] = Field(
        default={},
        description="effects that replace those of the table of effects: numbers by name, or a CSV file "
        "beside the scenario with the columns name and value",
    )
    exit: bool = Field(default=False, description="a side that is worse off than its alternative leaves")
    exit_weeks: float = number("exit_weeks")
    exit_commitment: float = number("exit_commitment")
