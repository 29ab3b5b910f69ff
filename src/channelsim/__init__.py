"""channelsim: simulation and optimisation of marketing channels.

The public names; each is imported when first used, so that ``import channelsim`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from channelsim.analysis.results import Result
    from channelsim.decisions import Policy
    from channelsim.engines.mesa_members import (
        ChannelMember,
        DirectOutlet,
        Distributor,
        Integrator,
        Manufacturer,
        Office,
        Plant,
        Retailer,
        SalesAgent,
    )
    from channelsim.engines.mesa_model import ChannelModel
    from channelsim.errors import ChannelsimError, ScenarioError, SimulationError
    from channelsim.policy.problem import Problem
    from channelsim.policy.solution import Solution
    from channelsim.policy.solve import solve
    from channelsim.scenario import Scenario
    from channelsim.simulation import simulate
    from channelsim.verification import verify
    from channelsim.world import Channel

_AGENTS = (
    "ChannelMember",
    "DirectOutlet",
    "Distributor",
    "Integrator",
    "Manufacturer",
    "Office",
    "Plant",
    "Retailer",
    "SalesAgent",
)
_HOMES = {
    "Channel": "channelsim.world",
    "ChannelModel": "channelsim.engines.mesa_model",
    "ChannelsimError": "channelsim.errors",
    "Policy": "channelsim.decisions",
    "Problem": "channelsim.policy.problem",
    "Result": "channelsim.analysis.results",
    "Scenario": "channelsim.scenario",
    "ScenarioError": "channelsim.errors",
    "SimulationError": "channelsim.errors",
    "Solution": "channelsim.policy.solution",
    "simulate": "channelsim.simulation",
    "solve": "channelsim.policy.solve",
    "verify": "channelsim.verification.table",
    **dict.fromkeys(_AGENTS, "channelsim.engines.mesa_members"),
}

__all__ = [
    "Channel",
    "ChannelMember",
    "ChannelModel",
    "ChannelsimError",
    "DirectOutlet",
    "Distributor",
    "Integrator",
    "Manufacturer",
    "Office",
    "Plant",
    "Policy",
    "Problem",
    "Result",
    "Retailer",
    "SalesAgent",
    "Scenario",
    "ScenarioError",
    "SimulationError",
    "Solution",
    "simulate",
    "solve",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'channelsim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
