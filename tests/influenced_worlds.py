"""Small worlds in which firms influence one another, for tests."""

from hypothesis import strategies as st

from channelsim.codes import BEHAVIOURS, STRATEGIES
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario
from channelsim.schema import COLUMNS
from small_worlds import diverting, numbers, scenarios

_WORDS = (
    "base_of",
    "use_of",
    "compliance",
    "adherence",
    "credibility",
    "enforcement",
    "satisfaction",
    "trust",
)
_WORDS += ("commitment", "conflict", "ended")
FEATURES = [
    column.name
    for column in COLUMNS
    if column.table == "relationships" and column.home == "state" and any(w in column.name for w in _WORDS)
]
"""Columns of relations that stay between 0 and 1."""


@st.composite
def attempts(draw, sender, receiver, behaviour):
    """Return an attempt; whether a scenario can feel it is another matter."""
    names = draw(st.lists(st.sampled_from(STRATEGIES), min_size=1, unique=True))
    levels = {"price": (0.0, 30.0), "stock": (0.0, 12.0), "service": (0.0, 2.0), "payment": (0.0, 1.0)}
    levels["territory"] = (0.0, 1.0)
    attempt = {
        "name": f"{behaviour} of {receiver} for {sender}",
        "sender": sender,
        "receiver": receiver,
        "behaviour": behaviour,
        "wanted": draw(numbers(*levels[behaviour])),
        "strategies": {name: draw(numbers(0.1, 1.0)) for name in names},
        "intensity": draw(st.sampled_from([0.5, 1.0])),
        "attention": draw(numbers(0.1, 2.0)),
    }
    if "promise" in names:
        attempt["reward"] = draw(numbers(0.0, 50.0))
    if "threat" in names:
        attempt |= {"sanction": draw(numbers(0.0, 50.0)), "detection": draw(numbers(0.0, 1.0))}
        attempt |= {"enforcement": draw(numbers(0.0, 1.0))}
    return attempt


@st.composite
def influenced(draw):
    """Return a small scenario with active relations and every attempt that it can feel."""
    scenario = draw(scenarios())
    if draw(st.booleans()):
        scenario = draw(diverting(scenario))
    plain = scenario.to_dict() | {
        "review_weeks": draw(st.sampled_from([1, 2, 5])),
        "power": {"measured": True, "switching_cost": 0.5},
        "relations": {"active": True},
    }
    if scenario.demand.system != "linear":
        plain["relations"] |= {"exit": draw(st.booleans())}
        if plain["relations"]["exit"]:
            plain["relations"] |= {"exit_weeks": 2.0, "exit_commitment": draw(st.sampled_from([0.0, 0.5]))}
    plain["bases"] = {"knowledge": [{"group": "shops", "level": 0.5, "investment": 0.05}]}
    paying = {"reliability": draw(numbers(0.0, 1.0)), "reimbursement_weeks": draw(numbers(0.0, 9.0))}
    found = []
    for group in scenario.members:
        for supplier in group.suppliers:
            for sender, receiver in ((supplier, group.name), (group.name, supplier)):
                for behaviour in BEHAVIOURS:
                    attempt = draw(attempts(sender, receiver, behaviour))
                    if "promise" in attempt["strategies"]:
                        attempt |= paying
                    try:
                        Scenario.parse(plain | {"influence": [*found, attempt]})
                    except ScenarioError:
                        continue  # the scenario cannot feel it
                    found.append(attempt)
    return Scenario.parse(plain | {"influence": found})
