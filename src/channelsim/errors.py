"""Errors that a user can cause or has to read: one clear line each."""

from __future__ import annotations


class ChannelsimError(Exception):
    """Base of the package's own errors."""


class ScenarioError(ChannelsimError, ValueError):
    """A scenario or a policy is not admissible: what, where, and what would be."""


class SimulationError(ChannelsimError, RuntimeError):
    """A run produced a number that no channel can have: policy, replication, week, mechanism, row."""
