"""Where territories, buyers and outlets are.

A territory is a disc of its area. Demand zones lie on a sunflower spiral with weights that may fall from
the centre; outlets lie on nested low-discrepancy sites: slot n is the n-th point of a two-dimensional
golden-ratio (R2) sequence shifted by a keyed draw of territory and group, so a denser network keeps
all outlets of a thinner one where they were. Distances are straight lines in km.
"""

from __future__ import annotations

import numpy as np

from channelsim.randomness import ENTITY_BITS, entity_key, entity_keys
from channelsim.tables import Floats

_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
_PLASTIC = 1.32471795724474602596
_R2 = np.array([1.0 / _PLASTIC, 1.0 / _PLASTIC**2])


def sites(count: int, build_seed: int, *identity: str | int) -> Floats:
    """Return (count, 2) nested low-discrepancy points of the unit square, keyed by identity."""
    key = entity_key("site", build_seed, *identity)
    shift = np.array([(key & 0xFFFFFFF) / 2**28, (key >> 28) / 2**28])
    return np.asarray((shift + np.arange(1, count + 1)[:, None] * _R2) % 1.0)


def uniforms(count: int, build_seed: int, *identity: str | int) -> Floats:
    """Return ``count`` keyed uniform numbers, one per slot: the first do not depend on how many follow."""
    keys = entity_keys("attribute", build_seed, *identity, last=range(count))
    return np.asarray((keys + 0.5) / 2.0**ENTITY_BITS)


def zones(count: int, radius: float, concentration: float) -> tuple[Floats, Floats]:
    """Return zone offsets from the centre (count, 2) in km and their weights, which sum to 1."""
    rank = np.arange(count)
    distance = np.sqrt((rank + 0.5) / count) if count > 1 else np.zeros(1)
    offsets = (
        radius
        * distance[:, None]
        * np.stack([np.cos(rank * _GOLDEN_ANGLE), np.sin(rank * _GOLDEN_ANGLE)], axis=1)
    )
    weights = np.exp(-concentration * distance)
    return offsets, weights / weights.sum()


def place(
    points: Floats, placement: str, radius: float, zone_offsets: Floats, zone_weights: Floats
) -> Floats:
    """Return offsets from the centre (count, 2) in km for points of the unit square.

    Parameters
    ----------
    points : array (count, 2)
    placement : {"scattered", "demand", "centre"}
        Evenly over the disc; in a zone chosen by its weight, evenly around its centre; at the centre.
    radius : float
        Radius of the territory, km.
    """
    angle = 2.0 * np.pi * points[:, 1]
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if placement == "centre":
        return np.zeros_like(points)
    if placement == "demand":
        edges = np.cumsum(zone_weights)
        zone = np.minimum(np.searchsorted(edges, points[:, 0], side="right"), len(edges) - 1)
        within = (points[:, 0] - (edges[zone] - zone_weights[zone])) / zone_weights[zone]
        zone_radius = radius / np.sqrt(len(edges))
        spread = zone_radius * np.sqrt(np.clip(within, 0.0, 1.0))
        return np.asarray(zone_offsets[zone] + spread[:, None] * direction)
    return np.asarray(radius * np.sqrt(points[:, :1]) * direction)
