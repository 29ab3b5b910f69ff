"""The members of a channel as Mesa's agents: one class for each role, whose subclasses replace decisions.

Apart from ``mesa.Agent`` everything about them is in `channelsim.engines.mesa_agents`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from channelsim.engines.mesa_agents import Row

if TYPE_CHECKING:
    from channelsim.engines.mesa_model import ChannelModel


class ChannelMember(Row, mesa.Agent):
    """A member of the channel as an agent; see `channelsim.engines.mesa_agents.Row`.

    Parameters
    ----------
    model : ChannelModel
    row : int
        Row in the members' table. A subclass with an ``__init__`` of its own passes both on.
    """

    def __init__(self, model: ChannelModel, row: int) -> None:
        super().__init__(model)
        self._take(row)

    def remove(self) -> None:
        """Take the agent out of Mesa's lists; the member stays in the channel and follows its rules."""
        super().remove()
        self.model._dismiss(self)


class Plant(ChannelMember):
    """A plant: the source of a manufacturer's goods."""

    fits = ("plant",)


class Manufacturer(ChannelMember):
    """A manufacturer."""

    fits = ("manufacturer",)


class Office(ChannelMember):
    """A manufacturer's regional office."""

    fits = ("office",)


class SalesAgent(ChannelMember):
    """A member whose role is "agent": a dealer of the first rank between manufacturer and distributors."""

    fits = ("agent",)


class Distributor(ChannelMember):
    """A distributor."""

    fits = ("distributor",)


class Integrator(ChannelMember):
    """An integrator: it sells to consumers what it installs or combines."""

    fits = ("integrator",)


class Retailer(ChannelMember):
    """A retailer."""

    fits = ("retailer",)


class DirectOutlet(ChannelMember):
    """A store of the manufacturer's own."""

    fits = ("direct_outlet",)


_CLASSES = (Plant, Manufacturer, Office, SalesAgent, Distributor, Integrator, Retailer, DirectOutlet)
AGENT_CLASSES: dict[str, type[ChannelMember]] = {k.fits[0]: k for k in _CLASSES}
"""Class of the agents of each role."""
