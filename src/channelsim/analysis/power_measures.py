"""What firms can do to gain power, and what it does: measure → change in dependence of either side.

A *measure* is a change of a scenario that a firm could make to become more needed or to need others less
(T9, T10). Its effect is computed: the scenario is simulated without it and with it, noise off and on the
same random numbers, and the dependences of both sides are compared. Prices of stores that set their own come
to rest again in between; posted prices stay.

How far buyers would accept a rival's product is no free number here. Where a list of measures says in
whose place a rival supplies (`Turn`), the acceptance a of that option is computed anew under every measure:
the buyer's stores are supplied with the rival's brand instead, at the option's price, and

    a = min(1, units they then sell / units they sell of the present partner's) .

For the same product a = 1; the stronger the partner's brand, the less.

Source: T9, T10; dependence as in `channelsim.mechanisms.dependence`. Limit: sizes of measures are declared
assumptions; a measure is compared with no answer of the others than prices.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from channelsim.errors import ScenarioError
from channelsim.files import read_toml
from channelsim.parts import Document, Name, Part
from channelsim.paths import assign
from channelsim.scenario import Scenario, library_folder

if TYPE_CHECKING:
    from pandas import DataFrame

FORMAT = 1
UNCHANGED = 0.0005
"""Change of a dependence below which it counts as none (a tenth of what is shown)."""


class Added(Part):
    """Parts that a measure adds to a scenario."""

    members: list[dict[str, Any]] = Field(default=[], description="member groups")
    contracts: list[dict[str, Any]] = Field(default=[], description="contracts")
    segments: list[dict[str, Any]] = Field(default=[], description="segments of consumers")
    brands: list[dict[str, Any]] = Field(default=[], description="brands")
    outside_options: list[dict[str, Any]] = Field(default=[], description="outside options")


class MeasureOfPower(Part):
    """Something that a firm does to gain power."""

    name: Name
    concept: str = Field(default="", description="id of the theory brief, such as T9")
    taken_by: str = Field(description="firm that takes it")
    how: str = Field(default="", description="in words, with its size")
    changes: dict[str, Any] = Field(default={}, description="paths of the scenario and their new values")
    added: Added = Field(default=Added(), description="parts added to the scenario")
    with_rival: dict[str, dict[str, Any]] = Field(
        default={}, description="by buyer: what changes again once the buyer has turned to a rival"
    )

    def applied(self, scenario: Scenario) -> Scenario:
        """Return the scenario with the measure.

        Raises
        ------
        ScenarioError
            If a path leads nowhere, or the changed scenario is not admissible.
        """
        data = json.loads(scenario.model_dump_json(exclude_none=True))
        try:
            for path, value in self.changes.items():
                assign(data, path, value, Scenario)
            for name in Added.model_fields:
                place = data["power"] if name == "outside_options" else data
                place[name] = [*place[name], *getattr(self.added, name)]
            return Scenario.parse(data, where=scenario.name, folder=scenario.folder)
        except ScenarioError as error:
            raise ScenarioError(f"measure {self.name!r}: {error}") from None


class Turn(Part):
    """An outside option by which a buyer turns to a rival that is a member of the scenario."""

    option: Name = Field(description="name of the outside option")
    buyer: Name = Field(description="group that turns")
    rival: Name = Field(description="group of the rival supplier")


class NotYet(Part):
    """What the model cannot show, and why."""

    name: str
    concept: str = ""
    why: str


class MeasuresOfPower(Document):
    """A list of measures for a scenario, as TOML.

    Raises
    ------
    ScenarioError
        One line that names the field, the value and what is admissible.
    """

    measures_format: Literal[1] = Field(description="version of the file format")
    scenario: str = Field(default="", description="scenario for which they are made")
    turns: list[Turn] = Field(default=[], description="options whose acceptance is computed")
    measures: list[MeasureOfPower] = Field(min_length=1, description="the measures")
    not_yet: list[NotYet] = Field(default=[], description="what cannot be shown")

    @classmethod
    def load(cls, name: str | Path) -> MeasuresOfPower:
        """Read a list from a TOML file, or from the library by its name, such as "pxy".

        Raises
        ------
        ScenarioError
            If there is no such file, or it does not describe measures.
        """
        path = Path(name)
        inside = library_folder() / "measures" / f"{name}.toml"
        if not path.is_file() and inside.is_file():
            path = inside
        known = ", ".join(sorted(p.stem for p in (library_folder() / "measures").glob("*.toml")))
        data = read_toml(path, f"; the library has measures for: {known}")
        try:
            return cls(**data)
        except ScenarioError as error:
            raise ScenarioError(f"{path.name}: {error}") from None


def measures_of_power(
    scenario: Scenario | str = "pxy", measures: MeasuresOfPower | str | Path | None = None, seed: int = 1
) -> DataFrame:
    """Return what measures do to the dependences of those who take them and of their partners.

    Parameters
    ----------
    scenario : Scenario or str
        As it stands before each measure; its noise is switched off.
    measures : MeasuresOfPower, str or Path, optional
        Default: the library's list of the scenario's name.
    seed : int
        Seed of the draws that are left (none, unless the scenario draws without noise).

    Returns
    -------
    pandas.DataFrame
        A row a measure and relationship between a firm that takes measures and a partner of it that is
        there before and after: measure, concept, taken_by, supplier, buyer; dependence_of_supplier and
        dependence_of_buyer ``_before``, ``_after``, ``_change``; ``advantage``, by how much the partner's
        dependence on whoever takes the measure rose above the taker's own (NaN in relationships without the
        taker); how. ``attrs``: ``not_yet``, a list of (name, concept, why); ``acceptance``, by measure and
        option.

    Raises
    ------
    ScenarioError
        If the scenario lacks what a measure changes.
    """
    import pandas as pd

    scenario = Scenario.from_library(scenario) if isinstance(scenario, str) else scenario
    chosen = scenario.name if measures is None else measures
    listed = chosen if isinstance(chosen, MeasuresOfPower) else MeasuresOfPower.load(chosen)
    plain = scenario.replace(**{"demand.noise": "none", "power.measured": True})
    before_world, accepted = with_acceptance(plain, listed.turns, {}, seed)
    before = _dependences(before_world, seed)
    acceptance = {"": accepted}
    takers = {m.taken_by for m in listed.measures}
    firms = {firm for pair in before for firm in pair}
    for taker in sorted(takers - firms):
        raise ScenarioError(
            f"measures: taken_by = {taker!r} has no relationship; admissible: {', '.join(sorted(firms))}"
        )
    pairs = [pair for pair in before if set(pair) <= takers]
    rows = []
    for measure in listed.measures:
        changed, acceptance[measure.name] = with_acceptance(
            measure.applied(plain), listed.turns, measure.with_rival, seed
        )
        after = _dependences(changed, seed)
        for pair in pairs:
            if pair in after:
                rows.append(_row(measure, pair, before[pair], after[pair]))
    table = pd.DataFrame(rows)
    table.attrs = {
        "not_yet": [(n.name, n.concept, n.why) for n in listed.not_yet],
        "acceptance": acceptance,
    }
    return table


def _row(
    measure: MeasureOfPower, pair: tuple[str, str], before: tuple[float, float], after: tuple[float, float]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "measure": measure.name, "concept": measure.concept, "taken_by": measure.taken_by,
        "supplier": pair[0], "buyer": pair[1],
    }  # fmt: skip
    change = [after[side] - before[side] for side in range(2)]
    for side, name in enumerate(("supplier", "buyer")):
        row |= {
            f"dependence_of_{name}_before": before[side],
            f"dependence_of_{name}_after": after[side],
            f"dependence_of_{name}_change": change[side],
        }
    advantage = float("nan")
    if measure.taken_by in pair:
        own = pair.index(measure.taken_by)
        advantage = change[1 - own] - change[own]
    return row | {"advantage": advantage, "how": measure.how}


def with_acceptance(
    scenario: Scenario, turns: list[Turn], with_rival: dict[str, dict[str, Any]], seed: int = 1
) -> tuple[Scenario, dict[str, float]]:
    """Return the scenario with the computed acceptance of its outside options, and the acceptances.

    Options that the scenario does not have (a measure may rule them out) are passed over.

    Raises
    ------
    ScenarioError
        If a turn names a buyer or rival that the scenario does not have.
    """
    known = {o.name for o in scenario.power.outside_options}
    asked = [turn for turn in turns if turn.option in known]
    if not asked:
        return scenario, {}
    now = _units(scenario, seed)
    found = {}
    for turn in asked:
        then = _units(turned(scenario, turn, with_rival.get(turn.buyer, {})), seed)
        stores = _stores_below(scenario, turn.buyer)
        sold = sum(now[name] for name in stores)
        found[turn.option] = min(1.0, sum(then[name] for name in stores) / sold) if sold > 0.0 else 0.0
    changes = {f"power.outside_options.{name}.acceptance": a for name, a in found.items()}
    return scenario.replace(**changes), found


def turned(scenario: Scenario, turn: Turn, further: dict[str, Any]) -> Scenario:
    """Return the scenario in which a buyer has turned to a rival: its brand in the place of the partner's.

    The rival's price is the option's unit cost (default: the partner's price); it gives no credit.

    Raises
    ------
    ScenarioError
        If buyer or rival are not groups of the scenario.
    """
    groups = {g.name: g for g in scenario.members}
    for name in (turn.buyer, turn.rival):
        if name not in groups:
            raise ScenarioError(f"turns: {name!r} is no member group; admissible: {', '.join(groups)}")
    option = next(o for o in scenario.power.outside_options if o.name == turn.option)
    partners = [
        g.name for g in scenario.members
        if g.name in groups[turn.buyer].suppliers and option.partner in ("", g.name, g.owner)
    ]  # fmt: skip
    contracts = []
    for contract in scenario.to_dict()["contracts"]:
        if contract["buyer"] == turn.buyer and contract["supplier"] in partners:
            contract = contract | {"supplier": turn.rival, "credit_weeks": 0, "brand": ""}
            if option.unit_cost is not None:
                contract["wholesale_price"] = option.unit_cost
        contracts.append(contract)
    suppliers = [turn.rival if name in partners else name for name in groups[turn.buyer].suppliers]
    changes = {
        "contracts": contracts,
        f"members.{turn.buyer}.suppliers": list(dict.fromkeys(suppliers)),
        "power.measured": False,
        "power.outside_options": [],
    }
    return scenario.replace(**(changes | further))


def _stores_below(scenario: Scenario, name: str) -> list[str]:
    """Return the groups of stores that are supplied by a group first of all, itself among them."""
    found, below = [], {name}
    while True:
        more = {g.name for g in scenario.members if g.suppliers and g.suppliers[0] in below} - below
        if not more:
            break
        below |= more
    found = [g.name for g in scenario.members if g.name in below and g.sells_to_consumers]
    return found


def _units(scenario: Scenario, seed: int) -> dict[str, float]:
    """Return the weekly demand that every group meets."""
    from channelsim.simulation import simulate

    data = simulate(scenario, replications=1, seed=seed, metrics=["demand"], progress=False).by_group[
        "demand"
    ]
    return {str(name): float(data.sel(group=name).values[0, 0]) for name in data["group"].values}


def _dependences(scenario: Scenario, seed: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the dependence of supplier and buyer, by relationship."""
    from channelsim.simulation import simulate

    table = simulate(scenario, replications=1, seed=seed, metrics=["demand"], progress=False).power()
    columns = ("supplier", "buyer", "dependence_of_supplier", "dependence_of_buyer")
    return {(s, b): (float(x), float(y)) for s, b, x, y in zip(*(table[name] for name in columns))}
