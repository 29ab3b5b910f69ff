"""The channel as a Mesa model: the same week, step by step, with agents whose decisions can be replaced.

`ChannelModel` takes the steps of `channelsim.week` in their order, with the same keyed draws: replication r
under seed s equals replication r of ``simulate(seed=s)``, bit for bit. After the last step that
proposes a decision, the agents whose class replaces it are asked, all of them before any answer is
written; the next step then settles what they said. Agents that replace nothing are not visited.

Only this module and that of the agents' classes, `mesa_members`, import Mesa. Mesa 3.3 sets multiprocessing's
start method to "spawn" for the whole process when it is imported, so the package imports them only when used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import mesa
import numpy as np

from channelsim.application import active_members
from channelsim.codes import ROLES
from channelsim.decisions import Policy
from channelsim.engines.batch import totals_of
from channelsim.engines.compilation import compile_ahead
from channelsim.engines.diagnosis import impossible_row
from channelsim.engines.driver import Driver
from channelsim.engines.earlier import earlier_of
from channelsim.engines.groupings import Groupings
from channelsim.engines.mesa_agents import ATTRIBUTES, Decision, check_decision, overridden
from channelsim.engines.mesa_inputs import channel_of, policy_of, seed_of, whole
from channelsim.engines.mesa_members import AGENT_CLASSES, ChannelMember
from channelsim.engines.relationship_sums import check_measured
from channelsim.engines.reviews import Related
from channelsim.engines.week_totals import STATE_COLUMNS, WeekTotals
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import ScenarioError, SimulationError
from channelsim.metrics import METRICS, check_name
from channelsim.scenario import Scenario
from channelsim.tables import State
from channelsim.totals import Totals, evaluate
from channelsim.world import Channel

REPORTED = ("profit", "consumer_surplus", "revenue", "demand", "sales", "stock")
"""Columns whose totals a model reports unless it is told otherwise."""
_identities = getattr(mesa.Agent, "_ids", None)


class ChannelModel(mesa.Model):
    """One replication of a channel, week by week, with its active members as agents.

    Parameters
    ----------
    channel : str, Path, Scenario or Channel
        A name of the library, a TOML file, a scenario, or a built channel. (Not called ``scenario``: Mesa 3.5
        passes an object of its own under that name.)
    policy : Policy or mapping, optional
        What the manufacturer decides; default the scenario as it stands.
    replication : int
        Number of the replication, 0 or more.
    seed : int, optional
        Seed of all draws; default 1, as in `channelsim.simulate`.
    rng : int or whatever ``numpy.random.default_rng`` takes, optional
        The seed under the name by which Mesa hands it over; give one of the two.
    agent_classes : mapping of str to class, optional
        Classes of agents by member group or, where the group is not named, by role.
    model_reporters : mapping, optional
        Reporters as `mesa.DataCollector` takes them; a string may also name a column of the state, whose
        `total` is then reported. Default: the totals of `REPORTED`.
    agent_reporters : mapping, optional
        Reporters as `mesa.DataCollector` takes them; default none.

    Attributes
    ----------
    week : int
        Weeks run so far; during a step the number of the week, from 0.
    channel : Channel
        As it runs under the policy: without the rows that the policy leaves idle.
    policy : Policy
    terms : Terms
    state : State
        The tables, as views on one buffer.
    agent_of_row : dict of int to ChannelMember
    datacollector : mesa.DataCollector
        Collects the opening state and then every week. A model that assigns another collects by itself.

    Raises
    ------
    ScenarioError
        If the channel, the policy, a seed or a class is not admissible.

    Examples
    --------
    >>> model = ChannelModel("bilateral")
    >>> model.run()
    >>> round(model.total("sales"), 6)
    20.0
    """

    running: bool

    def __init__(
        self,
        channel: Channel | Scenario | str | Path = "bilateral",
        policy: Policy | Mapping[str, Any] | None = None,
        replication: int = 0,
        seed: int | None = None,
        rng: Any = None,
        agent_classes: Mapping[str, type[ChannelMember]] | None = None,
        model_reporters: Mapping[str, Any] | None = None,
        agent_reporters: Mapping[str, Any] | None = None,
    ) -> None:
        self.seed, self.replication = seed_of(seed, rng), whole("replication", replication)
        # Mesa's own generators serve what a subclass draws for itself: of each replication its own.
        super().__init__(rng=int(np.random.SeedSequence([self.seed, self.replication]).generate_state(1)[0]))
        self._next_identity = count(1)
        self.policy = policy_of(policy)
        built = channel_of(channel)
        compile_ahead(built.scenario)
        self.channel, self.terms = built.under(self.policy)  # idle rows left out
        self._built_names = built.members.names
        self.week = 0
        self._recording = Recording.of(None, (), self.channel)
        self._groupings = Groupings.of(self.channel)
        self._related = Related.of(built)
        self._space = Workspace(self.channel, self._recording, self._groupings, 1, self._related)
        self._status = np.zeros(2, dtype=np.int64)
        earlier = earlier_of(built, self.policy)
        self._driver = Driver(
            self.channel, self.terms, self._space, self.seed, self.replication, self._status, earlier
        )
        self.state: State = self._space.state
        self.state.flat[:] = self.terms.base  # so that agents see the opening state
        classes = _classes(self.channel, agent_classes or {})
        self.agent_of_row: dict[int, ChannelMember] = {}
        for row in np.flatnonzero(active_members(self.terms, self.channel)).tolist():
            self.agent_of_row[row] = classes[int(self.channel.members.group[row])](self, row)
        self._deciders = self._find_deciders()
        self._week_totals = WeekTotals(self._groupings, self.state, self.channel.first_shelf)
        self._collector = self.datacollector = mesa.DataCollector(
            self._model_reporters(model_reporters), self._agent_reporters(agent_reporters)
        )
        self._collector.collect(self)

    @property
    def weeks(self) -> int:
        """Length of the run, weeks."""
        return int(self.channel.scenario.weeks)

    def step(self) -> None:
        """Run one week; the first call that finds no week left runs nothing and ends ``running``.

        (Only then, because Mesa 3.3's ``batch_run`` leaves out the last step of every run.)

        Raises
        ------
        SimulationError
            If an agent decides something inadmissible, or the week leaves a number that no channel can have.
        """
        if self.week >= self.weeks or not self.running:
            self.running = False
            return
        try:
            self._run_week()
        except BaseException:
            self.running = False  # a week half run cannot go on
            raise
        self.week += 1
        if self.datacollector is self._collector:
            self._collector.collect(self)

    def run(self, weeks: int | None = None) -> None:
        """Run some weeks; default: to the end.

        Raises
        ------
        SimulationError
            See `step`; also if an earlier week failed.
        """
        left = self.weeks - self.week
        for _ in range(left if weeks is None else min(whole("weeks", weeks), left)):
            if not self.running:
                raise SimulationError(f"the model stopped in week {self.week}; build a new one")
            self.step()
        self.running = self.running and self.week < self.weeks

    def member(self, name: str) -> ChannelMember:
        """Return the agent of a member.

        Raises
        ------
        ScenarioError
            If there is no such member, or it is not active under the policy.
        """
        names = self.channel.members.names
        agent = self.agent_of_row.get(names.index(name)) if name in names else None
        if agent is None:
            built = name in self._built_names
            why = "is not active under the policy" if built else "is not a member of the channel"
            shown = [a.name for a in self.agent_of_row.values()]
            more = ", …" if len(shown) > 10 else ""
            raise ScenarioError(f"member {name!r} {why}; active: {', '.join(shown[:10])}{more}")
        return agent

    def total(
        self,
        name: str,
        role: str | None = None,
        tier: str | None = None,
        territory: str | None = None,
        group: str | None = None,
        chain: str | None = None,
        brand: str | None = None,
    ) -> float:
        """Return the sum of a column of the state over the rows that bear all the given labels.

        Columns of the holdings are summed over the stores' shelves, unless role, tier or group is given:
        what ``simulate(record=...)`` reports week by week.

        Raises
        ------
        ScenarioError
            If the column or a label is unknown.
        """
        labels = {"role": role, "tier": tier, "territory": territory}
        labels |= {"group": group, "chain": chain, "brand": brand}
        return self._week_totals.total(name, {k: v for k, v in labels.items() if v is not None})

    def totals(self) -> Totals:
        """Return the sums of the whole run, from which ``Result.from_totals`` forms the metrics.

        Raises
        ------
        SimulationError
            If the run has not ended.
        """
        if self.week < self.weeks:
            raise SimulationError(f"totals: week {self.week} of {self.weeks}: run the model to its end first")
        collected = {name: values[None] for name, values in self._space.outputs(1).items()}
        applied, policies = [(self.channel, self.terms)], [self.policy]
        totals = totals_of(
            self.channel,
            policies,
            applied,
            1,
            self.seed,
            self._recording,
            self._groupings,
            self._related,
            collected,
        )
        replaced = {type(a).__name__ for a in self.agent_of_row.values() if overridden(type(a))}
        origin = totals.provenance | {"replication": self.replication, "agents": sorted(replaced)}
        return replace(totals, provenance=origin)

    def metric(self, name: str, grouping: str = "overall") -> Any:
        """Return a metric of the whole run: a number, or numbers by label; NaN while the run has not ended.

        Raises
        ------
        ResultError
            If the metric is unknown or makes no sense in the grouping.
        ScenarioError
            If the scenario does not measure it.
        """
        check_name("metric", name, METRICS)
        check_name(f"grouping of {name}", grouping, METRICS[name].groupings)
        check_measured((name,), self.channel.scenario)
        labels = self._groupings.labels[grouping]
        if self.week < self.weeks:
            values = [float("nan")] * len(labels)
        else:
            values = evaluate(METRICS[name], self.totals(), grouping)[0, 0].tolist()
        return values[0] if grouping == "overall" else dict(zip(labels, values))

    def register_agent(self, agent: Any) -> None:
        """Register an agent; called by Mesa."""
        if _identities is not None:
            # Mesa 3.3 counts the agents of each model in a dictionary that keeps every model alive for ever.
            agent.unique_id = next(self._next_identity)
            _identities.pop(self, None)
        super().register_agent(agent)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        # The tables are views on one buffer, and a copy would take them apart without a word.
        raise TypeError("a ChannelModel cannot be copied or pickled; build it again from its parameters")

    def _run_week(self) -> None:
        week, driver = self.week, self._driver
        if week == 0:
            # The first step copies the opening state: what agents changed before it belongs to it.
            self.terms.base[:] = self.state.flat
        for place, planned in enumerate(driver.plan):
            driver.step(week, place)
            if place in self._deciders and week % planned.every == 0:
                self._ask(place)
        driver.close(week)
        found = impossible_row(self.channel, self.state)
        if found or self._status[1]:
            where = f"policy {self.policy.name!r}, replication {self.replication}, week {week}"
            raise SimulationError(f"{where}: {found or 'the totals are not finite'}")

    def _ask(self, place: int) -> None:
        """Let the agents replace what a step proposed; nobody sees another's answer before giving its own."""
        asked = self._deciders[place]
        answers = [agent.decide(decision, self.week) for agent, decision in asked]
        for (agent, decision), answer in zip(asked, answers):
            agent._set(ATTRIBUTES[decision.column], answer)

    def _find_deciders(self) -> dict[int, list[tuple[ChannelMember, Decision]]]:
        found: dict[int, list[tuple[ChannelMember, Decision]]] = {}
        decisions = {k: overridden(k) for k in {type(a) for a in self.agent_of_row.values()}}
        for agent in self.agent_of_row.values():
            for decision in decisions[type(agent)]:
                place = check_decision(decision, agent, self._driver.plan)
                found.setdefault(place, []).append((agent, decision))
        return found

    def _dismiss(self, agent: ChannelMember) -> None:
        for place, asked in self._deciders.items():
            self._deciders[place] = [pair for pair in asked if pair[0] is not agent]

    def _model_reporters(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        reporters: dict[str, Any] = {k: k for k in REPORTED} if given is None else dict(given)
        for name, reporter in reporters.items():
            if isinstance(reporter, str) and reporter in STATE_COLUMNS:
                reporters[name] = partial(ChannelModel.total, name=reporter)
        return reporters

    def _agent_reporters(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        reporters = dict(given or {})
        # Mesa reports None for a name that no agent has: a misprint would go unnoticed.
        agents = self.agent_of_row.values()
        for name, reporter in reporters.items():
            if isinstance(reporter, str) and not any(hasattr(a, reporter) for a in agents):
                raise ScenarioError(f"agent_reporters.{name} = {reporter!r}: no agent has such an attribute")
        return reporters


def _classes(channel: Channel, given: Mapping[str, type[ChannelMember]]) -> list[type[ChannelMember]]:
    """Return the class of the agents of each member group."""
    groups = channel.scenario.members
    known = [*(g.name for g in groups), *ROLES]
    for name, chosen in given.items():
        if name not in known:
            admissible = ", ".join(dict.fromkeys(known))
            raise ScenarioError(f"agent_classes: {name!r} is neither a member group nor a role: {admissible}")
        if not (isinstance(chosen, type) and issubclass(chosen, ChannelMember)):
            raise ScenarioError(f"agent_classes.{name}: expected a subclass of ChannelMember, got {chosen!r}")
    found = []
    for group in groups:
        chosen = given.get(group.name, given.get(group.role, AGENT_CLASSES[group.role]))
        if group.role not in chosen.fits:
            roles = " or ".join(chosen.fits)
            raise ScenarioError(
                f"agent_classes: {chosen.__name__} is for the role {roles}, "
                f"but the role of {group.name!r} is {group.role}"
            )
        found.append(chosen)
    return found
