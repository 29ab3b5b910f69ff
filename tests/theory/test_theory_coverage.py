"""Distances and coverage against outlets and buyers strewn at random, and against known integrals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.theory.coverage import (
    covered_share_in_disc,
    covered_share_poisson,
    lattice_nearest_distance,
    nearest_distance_from_centre,
    nearest_distance_in_disc,
    nearest_distance_in_square,
    nearest_distance_of_rotated_points,
    poisson_nearest_distance,
)
from refusals import refused_in_one_line

TRIALS = 200_000


def strewn(outlets, disc, seed=3):
    """Return the distance from one buyer to the nearest outlet, in as many markets as trials."""
    rng = np.random.default_rng(seed)
    place = rng.random((TRIALS, outlets + 1, 2))
    if disc:
        place = in_disc(place)
    return np.linalg.norm(place[:, 1:] - place[:, :1], axis=2).min(axis=1)


def in_disc(square):
    angle = 2.0 * np.pi * square[..., 1:]
    return np.sqrt(square[..., :1]) * np.concatenate([np.cos(angle), np.sin(angle)], axis=-1)


def agrees(found, sample):
    return abs(found - sample.mean()) < 4.0 * sample.std() / np.sqrt(sample.size)


@pytest.mark.parametrize("outlets", [1, 2, 7])
def test_nearest_distances_are_those_of_strewn_outlets(outlets):
    assert agrees(nearest_distance_in_disc(outlets, 1.0), strewn(outlets, disc=True))
    assert agrees(nearest_distance_in_square(outlets, 1.0), strewn(outlets, disc=False))


def test_one_outlet_has_the_known_integrals():
    assert nearest_distance_in_disc(1, 2.0) == pytest.approx(2.0 * 128.0 / (45.0 * np.pi), rel=1e-10)
    known = (2.0 + np.sqrt(2.0) + 5.0 * np.log(1.0 + np.sqrt(2.0))) / 15.0
    assert nearest_distance_in_square(1, 3.0) == pytest.approx(3.0 * known, rel=1e-8)
    assert nearest_distance_from_centre(1, 1.0) == pytest.approx(2.0 / 3.0, rel=1e-14)
    assert nearest_distance_from_centre(2, 1.0) == pytest.approx(8.0 / 15.0, rel=1e-14)  # ∫ (1 − r²)² dr


def test_from_the_centre_no_edge_is_seen():
    rng = np.random.default_rng(8)
    nearest = np.linalg.norm(in_disc(rng.random((TRIALS, 4, 2))), axis=2).min(axis=1)
    assert agrees(nearest_distance_from_centre(4, 1.0), nearest)


@given(st.integers(1, 300), st.floats(0.1, 20.0))
def test_edges_lengthen_the_way_and_units_scale(outlets, radius):
    density = outlets / (np.pi * radius**2)
    found = nearest_distance_in_disc(outlets, radius)
    assert found > poisson_nearest_distance(density) > lattice_nearest_distance(density)
    assert found == pytest.approx(radius * nearest_distance_in_disc(outlets, 1.0))
    assert nearest_distance_from_centre(outlets, radius) < found


def test_many_outlets_are_a_poisson_process():
    density = 4000 / np.pi
    poisson = poisson_nearest_distance(density)
    assert nearest_distance_from_centre(4000, 1.0) == pytest.approx(poisson, rel=2e-4)
    # the strip along the edge in which the way is longer is as wide as the distance itself
    excess = [
        nearest_distance_in_disc(n, 1.0) / poisson_nearest_distance(n / np.pi) - 1.0 for n in (1000, 4000)
    ]
    assert excess[0] / excess[1] == pytest.approx(2.0, rel=0.02)
    # of a circle of radius r around a buyer a share of 4r/(3πR) lies outside the market, on average
    reach, expected = 0.005, density * np.pi * 0.005**2
    lost = covered_share_poisson(density, reach) - covered_share_in_disc(4000, 1.0, reach)
    assert lost == pytest.approx(expected * np.exp(-expected) * 4.0 * reach / (3.0 * np.pi), rel=0.02)


def test_the_poisson_distance_is_the_integral_of_who_is_not_covered():
    reach = np.linspace(1e-9, 6.0, 60_001)
    missed = [1.0 - covered_share_poisson(0.7, r) for r in reach]
    assert np.trapezoid(missed, reach) == pytest.approx(poisson_nearest_distance(0.7), rel=1e-6)


def test_the_lattice_is_the_mean_distance_from_the_middle_of_a_hexagon():
    side = np.sqrt(2.0 / (3.0 * np.sqrt(3.0)))
    place = np.random.default_rng(4).random((1_000_000, 2)) * 2.0 * side - side
    x, y = np.abs(place.T)
    inside = (y < np.sqrt(3.0) / 2.0 * side) & (np.sqrt(3.0) * x + y < np.sqrt(3.0) * side)
    assert agrees(lattice_nearest_distance(1.0), np.hypot(x, y)[inside])
    assert lattice_nearest_distance(4.0) == pytest.approx(0.5 * lattice_nearest_distance(1.0))


@pytest.mark.parametrize("reach", [0.15, 0.6, 1.0, 1.4])
@pytest.mark.parametrize("outlets", [1, 3])
def test_coverage_is_that_of_strewn_outlets(outlets, reach):
    assert agrees(covered_share_in_disc(outlets, 1.0, reach), strewn(outlets, disc=True) < reach)


@given(st.integers(1, 50), st.floats(0.05, 2.5))
def test_coverage_grows_with_reach_and_outlets(outlets, reach):
    found = covered_share_in_disc(outlets, 1.0, reach)
    assert 0.0 <= found <= 1.0
    assert covered_share_in_disc(outlets + 1, 1.0, reach) >= found - 1e-12
    assert covered_share_in_disc(outlets, 1.0, reach * 1.1) >= found - 1e-9


def test_a_shifted_pattern_is_that_of_patterns_shifted_at_random():
    pattern = np.array([[0.1, 0.2], [0.85, 0.77], [0.4, 0.5], [0.65, 0.95]])
    rng = np.random.default_rng(6)
    outlets = in_disc((pattern + rng.random((TRIALS, 1, 2))) % 1.0)
    buyer = in_disc(rng.random((TRIALS, 1, 2)))
    sample = np.linalg.norm(outlets - buyer, axis=2).min(axis=1)
    found = nearest_distance_of_rotated_points(pattern, 1.0)
    assert agrees(found, sample)
    assert nearest_distance_of_rotated_points(pattern, 1.0, turns=800) == pytest.approx(found, rel=1e-4)
    assert nearest_distance_of_rotated_points([[0.3, 0.3]] * 4, 2.0) == pytest.approx(
        nearest_distance_in_disc(1, 2.0), rel=1e-4
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poisson_nearest_distance(0.0), "density"),
        (lambda: poisson_nearest_distance(-1.0), "density"),
        (lambda: poisson_nearest_distance(float("nan")), "density"),
        (lambda: lattice_nearest_distance(0.0), "density"),
        (lambda: lattice_nearest_distance(float("inf")), "density"),
        (lambda: nearest_distance_from_centre(0, 1.0), "outlets"),
        (lambda: nearest_distance_from_centre(1.5, 1.0), "outlets"),
        (lambda: nearest_distance_from_centre(1, 0.0), "radius"),
        (lambda: nearest_distance_in_disc(0, 1.0), "outlets"),
        (lambda: nearest_distance_in_disc(1, -1.0), "radius"),
        (lambda: nearest_distance_in_square(0, 1.0), "outlets"),
        (lambda: nearest_distance_in_square(1, 0.0), "side"),
        (lambda: covered_share_in_disc(1, 1.0, 0.0), "reach"),
        (lambda: covered_share_in_disc(0, 1.0, 1.0), "outlets"),
        (lambda: covered_share_in_disc(1, 0.0, 1.0), "radius"),
        (lambda: covered_share_poisson(0.0, 1.0), "density"),
        (lambda: covered_share_poisson(1.0, -1.0), "reach"),
        (lambda: nearest_distance_of_rotated_points([[0.5, 1.5]], 1.0), "points"),
        (lambda: nearest_distance_of_rotated_points([[0.5, 0.5]], 0.0), "radius"),
        (lambda: nearest_distance_of_rotated_points([[0.5, 0.5]], 1.0, turns=1), "turns"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    refused_in_one_line(call, message)
