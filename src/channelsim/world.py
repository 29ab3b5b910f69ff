"""The built channel: a scenario expanded, ready to be simulated under any policy.

`build` is deterministic in the scenario and its ``build_seed``. The result, a `Channel`, holds the `World`
(fixed for a run), the labels of its rows, and turns a policy into `Terms` without rebuilding anything.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from channelsim.application import terms_under
from channelsim.compaction import active_channel
from channelsim.decisions import Policy
from channelsim.expansion import BuiltWorld
from channelsim.opening_state import opened
from channelsim.scenario import Scenario
from channelsim.tables import Terms, Ties
from channelsim.ties import ties_of

if TYPE_CHECKING:
    from networkx import DiGraph


class Channel(BuiltWorld):
    """A built channel; its tables and names are described at `channelsim.expansion.BuiltWorld`."""

    def apply(self, policy: Policy | None = None) -> Terms:
        """Return the terms that a policy sets; nothing is rebuilt.

        Parameters
        ----------
        policy : Policy, optional
            Default the scenario as it stands.

        Raises
        ------
        ScenarioError
            If the world cannot feel a decision, or a density is above the built maximum.
        """
        return opened(self, *terms_under(self, policy))

    def under(self, policy: Policy | None = None) -> tuple[Channel, Terms]:
        """Return the channel as it runs under a policy, idle rows left out, and its terms.

        Raises
        ------
        ScenarioError
            As `apply`.
        """
        channel, terms, posted = active_channel(self, *terms_under(self, policy))
        return channel, opened(channel, terms, posted)

    @cached_property
    def ties(self) -> Ties:
        """Who could supply whom, for the reviews of power."""
        return ties_of(self)

    def graph(self) -> DiGraph:
        """Return the network as a `networkx.DiGraph`; see `channelsim.network.to_graph`."""
        from channelsim.network import to_graph

        return to_graph(self)


def build(scenario: Scenario) -> Channel:
    """Expand a scenario into its channel.

    Raises
    ------
    ScenarioError
        If the parts do not make a channel: one line, what and where.
    """
    return Channel.of(scenario)
