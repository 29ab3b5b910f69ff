"""Expected demand at the opening prices, by the same rules that run in the week."""

from __future__ import annotations

from channelsim.codes import DEMAND_SYSTEMS
from channelsim.compiled import rule
from channelsim.mechanisms.demand import (
    expect_given_demand,
    expect_linear_demand,
    expect_logit_demand,
    perceive_service,
)
from channelsim.mechanisms.wholesale_pricing import run_flows
from channelsim.tables import State, Terms, World


def expect_opening_demand(system: str, world: World, terms: Terms, state: State) -> None:
    """Write the mean demand of every shelf and the flow through every holding at the state's prices."""
    from channelsim.kernels import kernels

    kernels().open_demand(DEMAND_SYSTEMS.index(system), world, terms, state)


@rule
def open_demand(system: int, world: World, terms: Terms, state: State) -> None:
    """Write the mean demand of every shelf and the flow through every holding."""
    perceive_service(world, terms, state)
    if system == 0:
        expect_logit_demand(world, terms, state)
    elif system == 1:
        expect_linear_demand(world, terms, state)
    else:
        expect_given_demand(0, world, terms, state)
    run_flows(world, terms, state)
