"""The ways in which the suite runs the rules are in force: compiled, plain Python, indices checked."""

import os
from types import FunctionType

import numpy as np
import pytest

from channelsim.compiled import entry, helper
from compiled_code import JIT_OFF

BOUNDS_CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") == "1"


def second(values):
    return values[1]


def ratio(a, b):
    return a / b


def halves(values):
    for i in range(values.size):
        values[i] = values[i] / 2.0


@pytest.mark.jit_off
def test_helper_is_plain_python_exactly_when_the_jit_is_off():
    assert isinstance(helper(ratio), FunctionType) == JIT_OFF


@pytest.mark.jit_off
@pytest.mark.bounds
def test_helper_and_entry_compute_what_the_function_says():
    assert helper(ratio)(3.0, 4.0) == 0.75
    values = np.array([1.0, 3.0])
    helper(halves)(values)
    np.testing.assert_array_equal(values, [0.5, 1.5])
    entry(halves)(values)
    np.testing.assert_array_equal(values, [0.25, 0.75])


@pytest.mark.bounds
@pytest.mark.skipif(not BOUNDS_CHECKED, reason="reads past the end unless indices are checked")
def test_index_past_the_end_is_caught():
    with pytest.raises(IndexError):
        helper(second)(np.zeros(1))


@pytest.mark.skipif(JIT_OFF, reason="numpy's rule for scalars is Python's own with the JIT off")
def test_division_by_zero_follows_numpy():
    assert helper(ratio)(1.0, 0.0) == np.inf
