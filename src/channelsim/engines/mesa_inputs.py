"""What a user gives a Mesa model: numbers, seeds and channels, read or refused in one line each."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from channelsim.decisions import BASE, Policy
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario, in_library, library_names
from channelsim.world import Channel, build


def whole(name: str, value: Any) -> int:
    """Return a whole number, 0 or more, as a plain integer."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < 0 or number >= 2**63:
        raise ScenarioError(f"{name} = {value!r}: a whole number from 0 to 2**63 - 1")
    return number


def seed_of(seed: Any, rng: Any) -> int:
    """Return the one seed given, as a plain integer."""
    if seed is not None and rng is not None:
        raise ScenarioError("seed and rng are two names of one thing: give one of them")
    if seed is not None or rng is None:
        return whole("seed", 1 if seed is None else seed)
    if hasattr(rng, "__index__"):
        return whole("rng", rng)
    return int(np.random.default_rng(rng).integers(2**63))


def channel_of(given: Any) -> Channel:
    """Return a channel given as such, as a scenario, by its name in the library, or as a TOML file."""
    if isinstance(given, Channel):
        return given
    if isinstance(given, str) and in_library(given):
        return build(Scenario.from_library(given))
    if isinstance(given, str) and not given.endswith(".toml") and not Path(given).exists():
        known = ", ".join(library_names())
        raise ScenarioError(f"channel {given!r} is neither a file nor in the library: {known}")
    if not isinstance(given, Scenario | str | Path):
        kind = type(given).__name__
        raise ScenarioError(f"channel: expected a scenario, a built channel, a name or a file, got {kind}")
    return build(given if isinstance(given, Scenario) else Scenario.load(given))


def policy_of(given: Any) -> Policy:
    """Return a policy given as such or as plain data; None: the scenario as it stands."""
    if given is None:
        return BASE
    if not isinstance(given, Policy | Mapping):
        raise ScenarioError(f"policy: expected a policy or a table of fields, got {type(given).__name__}")
    return Policy.parse(given if isinstance(given, Policy) else dict(given))
