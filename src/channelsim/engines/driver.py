"""The driver: runs the planned week in compiled stretches, with the costly reviews between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from channelsim import columns as c
from channelsim.apart import JIT_OFF
from channelsim.codes import DEMAND_SYSTEMS, LOGIT
from channelsim.engines.workspace import Workspace
from channelsim.fusing import fuse
from channelsim.kernels import Span, addressed, kernels
from channelsim.planning import plan_week
from channelsim.renewal import Renewal
from channelsim.tables import Floats, Integers, Terms
from channelsim.week import (
    RENEW_CONTRACTS,
    REVIEW_BASES,
    REVIEW_DEPENDENCE,
    REVIEW_WHOLESALE_PRICES,
    REVIEWS,
)

if TYPE_CHECKING:
    from channelsim.engines.earlier import Earlier
    from channelsim.world import Channel


class Driver:
    """Runs replications of one policy in a workspace, whole or step by step.

    Parameters
    ----------
    channel, terms
        As the policy makes them.
    space : Workspace
    seed : int
    first : int
        Number of the replication whose output row is 0.
    stop : array
        See `channelsim.kernels`.
    earlier : Earlier, optional
        What members remember; default: there is nothing to remember.
    """

    def __init__(
        self,
        channel: Channel,
        terms: Terms,
        space: Workspace,
        seed: int,
        first: int,
        stop: Integers,
        earlier: Earlier | None = None,
    ) -> None:
        self.channel, self.terms, self.space = channel, terms, space
        self.seed, self.first, self.stop = seed, first, stop
        self.plan = plan_week(channel, terms)
        tables = channel.world, terms, space.state, space.draws
        self._program = addressed(self.plan, *tables)
        self._fused = self._program if JIT_OFF else addressed(fuse(self.plan), *tables)
        self._reviews = [place for place, planned in enumerate(self.plan) if planned.code in REVIEWS]
        of_power = [p for p in self._reviews if self.plan[p].code in (REVIEW_DEPENDENCE, REVIEW_BASES)]
        self._last_review_of_power = of_power[-1] if of_power else -1
        self._earlier = earlier

    def run(self, count: int) -> None:
        """Run ``count`` replications to their end."""
        weeks = self.channel.scenario.weeks
        if not self._reviews:
            self._span(self._fused, 0, count, (0, 0), (weeks, 0))
            return
        for k in range(count):
            reached = (0, 0)
            for week in range(weeks):
                for place in self._reviews:
                    if week % self.plan[place].every == 0:
                        self._span(self._fused, k, 1, reached, (week, place))
                        self._review(k, week, place)
                        reached = (week, place + 1)
            self._span(self._fused, k, 1, reached, (weeks, 0))

    def step(self, week: int, place: int) -> None:
        """Perform one step of a week; steps have to be taken in the order of the plan."""
        if place in self._reviews:
            if week % self.plan[place].every == 0:
                self._review(0, week, place)
        else:
            self._span(self._program, 0, 1, (week, place), (week, place + 1))

    def close(self, week: int) -> None:
        """Record a week whose steps have all been taken; the last one forms the totals."""
        self._span(self._program, 0, 1, (week, len(self.plan)), (week + 1, 0))

    def _review(self, output: int, week: int, place: int) -> None:
        """Perform a review; those of power leave what they found in the workspace."""
        world, space, planned = self.channel.world, self.space, self.plan[place]
        system = DEMAND_SYSTEMS.index(self.channel.scenario.demand.system)
        if planned.code == REVIEW_WHOLESALE_PRICES:
            kernels().review_wholesale(system == LOGIT, world, self.terms, space.state)
        elif planned.code == REVIEW_DEPENDENCE:
            kernels().review_dependence(
                system, world, self.terms, space.state, self.channel.ties, space.power_room
            )
        elif planned.code == REVIEW_BASES:
            first, remembered = week == 0, self._remembered()
            if first:
                remembered[:] = self._recalled(self.first + output)
            kernels().review_bases(first, world, self.terms, space.state, self.channel.ties, space.power_room)
            if first:
                remembered[np.isnan(remembered)] = 0.0  # of relationships that are not in use
        elif planned.code == RENEW_CONTRACTS:
            Renewal(self.channel, self.terms, space.state, space.power_room).settle()
        if place == self._last_review_of_power:
            space.keep_review(output, week // planned.every, self.terms)

    def _recalled(self, replication: int) -> Floats | float:
        """Return what both sides remember at the first review; NaN where there was nothing before."""
        if self._earlier is None:
            return np.nan
        return self._earlier.first_review(self.seed, replication)[:, self.channel.built_relationship]

    def first_review(self, replication: int) -> Floats:
        """Run up to the first review; return what both sides have then, NaN for relationships not in use.

        Returns
        -------
        ndarray, shape (2, built relationships)
            Of supplier and buyer, money per week.
        """
        self.first, reached = replication, (0, 0)
        for place in self._reviews[: self._reviews.index(self._last_review_of_power) + 1]:
            self._span(self._fused, 0, 1, reached, (0, place))
            self._review(0, 0, place)
            reached = (0, place + 1)
        found = np.full((2, self.channel.built_sizes.relationships), np.nan)
        used = self.space.state.relationships[c.SALES_SHARE_OF_SUPPLIER] > 0.0
        found[:, self.channel.built_relationship] = np.where(used, self._remembered(), np.nan)
        return found

    def _remembered(self) -> Floats:
        rows = self.space.state.relationships
        return rows[c.REMEMBERED_OUTCOME_OF_SUPPLIER : c.REMEMBERED_OUTCOME_OF_BUYER + 1]

    def _span(
        self, program: Integers, output: int, count: int, start: tuple[int, int], end: tuple[int, int]
    ) -> None:
        scenario = self.channel.scenario
        span = Span(
            output, count, self.first, *start, *end, scenario.weeks, scenario.warm_up_weeks, self.seed
        )
        kernels().run_span(
            program,
            span,
            self.channel.world,
            self.terms,
            self.space.state,
            self.space.draws,
            self.space.records,
            self.space.reduction,
            self.stop,
        )
