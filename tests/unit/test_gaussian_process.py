"""Gaussian-process regression: exact derivatives, exact conditioning, and doubt that is what it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelsim.policy.gaussian_process import GaussianProcess, Shape


def wave(points):
    return np.sin(4.0 * points[:, 0]) + points[:, 1] ** 2 + 0.3 * points[:, 0] * points[:, 2]


def known(count=60, columns=4, noise=0.0, seed=0, **given):
    rng = np.random.default_rng(seed)
    points = rng.random((count, columns))
    values = wave(points) + noise * rng.standard_normal(count)
    return GaussianProcess(points, values, np.ones(count), **given)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-2.0, 1.0), min_size=4, max_size=4), st.floats(-8.0, 0.0))
def test_derivatives_of_the_likelihood(lengths, noise):
    made, x = known(shape=Shape(np.zeros(4), -5.0)), np.array([*lengths, noise])
    step = 1e-5
    numeric = [
        (made._loss(x + step * e)[0] - made._loss(x - step * e)[0]) / (2.0 * step) for e in np.eye(len(x))
    ]
    np.testing.assert_allclose(made._loss(x)[1], numeric, rtol=1e-4, atol=1e-4)


def test_a_lever_without_effect_has_a_long_length():
    lengths = np.exp(known().shape.lengths)
    assert lengths[3] > 5.0 * lengths[0]


def test_predicts_what_it_has_not_seen():
    points = np.random.default_rng(1).random((200, 4))
    mean, doubt = known().posterior(points)
    off = mean - wave(points)
    assert np.std(off) < 0.02
    assert 0.3 < np.sqrt(np.mean((off / doubt.deviation) ** 2)) < 2.0
    np.testing.assert_allclose(known().mean(points), mean)


def test_noise_is_told_from_function():
    quiet, loud = known(), known(noise=0.3)
    assert quiet.shape.noise < np.log(0.01) < loud.shape.noise


def test_more_replications_count_more():
    points = np.array([[0.0], [1.0]])
    made = GaussianProcess(
        points, np.array([0.0, 1.0]), np.array([1.0, 100.0]), shape=Shape(np.zeros(1), 0.0)
    )
    missed = np.abs(made.mean(points) - [0.0, 1.0])
    assert missed[0] > 5.0 * missed[1]


def test_learning_is_conditioning():
    """Doubt after a point is taken as known is that of a process which has it among its data."""
    made, points = known(), np.random.default_rng(2).random((30, 4))
    mean, doubt = made.posterior(points)
    doubt.learn(3)
    doubt.learn(11)
    both = np.vstack([made.points, points[[3, 11]]])
    values = np.append(wave(made.points), mean[[3, 11]])
    after = GaussianProcess(both, values, np.ones(len(both)), shape=made.shape)
    share = after.posterior(points)[1]._share
    np.testing.assert_allclose(doubt._share, share, atol=1e-6)
    np.testing.assert_allclose(after.mean(points), mean, atol=1e-3)


def test_a_constant_is_a_constant():
    points = np.random.default_rng(0).random((8, 2))
    made = GaussianProcess(points, np.full(8, 3.0), np.ones(8))
    np.testing.assert_array_equal(made.mean(points), 3.0)
    mean, doubt = made.posterior(points)
    assert mean == pytest.approx(np.full(8, 3.0))
    assert (doubt.deviation == 0.0).all()
