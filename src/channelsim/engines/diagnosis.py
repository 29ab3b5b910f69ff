"""Diagnosis: where a number first arises that no channel can have."""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.engines.driver import Driver
from channelsim.engines.earlier import Earlier
from channelsim.engines.groupings import Groupings
from channelsim.engines.trajectories import row_labels
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import SimulationError
from channelsim.mechanisms.recording import ROUNDING
from channelsim.schema import columns_of
from channelsim.tables import Terms
from channelsim.world import Channel


def diagnose(
    channel: Channel,
    terms: Terms,
    policy: Policy,
    replication: int,
    seed: int,
    earlier: Earlier | None = None,
) -> SimulationError:
    """Run a failed replication again, step by step, and say where its first impossible number arises."""
    recording = Recording.of((), (), channel)
    space = Workspace(channel, recording, Groupings.of(channel), 1)
    driver = Driver(channel, terms, space, seed, replication, np.zeros(2, dtype=np.int64), earlier)
    where = f"policy {policy.name!r}, replication {replication}"
    for week in range(channel.scenario.weeks):
        for place, planned in enumerate(driver.plan):
            driver.step(week, place)
            found = impossible_row(channel, space.state)
            if found:
                step = planned.step
                return SimulationError(f"{where}, week {week}: {step.name} ({step.mechanism}.py): {found}")
    return SimulationError(f"{where}: totals are not finite, but no week's state shows it")


def impossible_row(channel: Channel, state: Any) -> str:
    """Return which row of the state holds a number that no channel can have, "" if none does."""
    names = {
        "holdings": lambda h: row_labels("holding", channel)[h],
        "members": lambda m: channel.members.names[m],
        "links": lambda k: f"link {k}",
        "incentives": lambda k: f"link {k}",
        "relationships": lambda r: f"relationship {r}",
        "territories": lambda t: channel.territories.names[t],
    }
    if np.isfinite(state.flat).all() and (state.holdings[[c.STOCK, c.SALES]] >= -ROUNDING).all():
        return ""
    for table, label in names.items():
        values = getattr(state, table)
        for k, declared in enumerate(columns_of(table, "state")):
            low = -ROUNDING if declared.name in ("stock", "sales") else -np.inf
            bad = np.flatnonzero(~(np.isfinite(values[k]) & (values[k] >= low)))
            if len(bad):
                return f"{declared.name} of {label(int(bad[0]))} = {values[k, bad[0]]:g}"
    return "the expected demand of the market is not finite"
