"""Checks of arguments: each returns what is admissible and refuses the rest in one line that says why."""

from __future__ import annotations

import numpy as np
import pytest

from channelsim.theory.admissible import (
    above,
    at_least,
    between,
    finite,
    numbers,
    one_of,
    whole_number,
    whole_weeks,
)

NAN, INFINITY = float("nan"), float("inf")


def test_what_is_admissible_is_returned():
    assert finite(2, "x") == at_least(2, 2, "x") == above(2, 1, "x") == 2.0
    assert whole_number(3.0, 3, "x") == whole_weeks(3, "x") == 3
    assert one_of("b", {"a": 1, "b": 2}, "x") == "b"
    assert numbers(4, 2, "x").tolist() == [4.0, 4.0]
    assert numbers([4, 5], 2, "x").tolist() == [4.0, 5.0]


@pytest.mark.parametrize(
    ("inclusive", "admitted"), [("neither", ""), ("left", "0"), ("right", "1"), ("both", "01")]
)
def test_the_ends_of_an_interval_are_admitted_as_said(inclusive, admitted):
    assert between(0.5, 0, 1, "x", inclusive) == 0.5
    for end in (0, 1):
        if str(end) in admitted:
            assert between(end, 0, 1, "x", inclusive) == end
        else:
            with pytest.raises(ValueError, match="must lie in"):
                between(end, 0, 1, "x", inclusive)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: finite(INFINITY, "x"), "x = inf: must be a finite number"),
        (lambda: at_least(NAN, 0, "x"), "x = nan: must be a finite number"),
        (lambda: at_least(-1, 0, "x"), "x = -1: must be at least 0"),
        (lambda: above(np.float64(1.0), 1, "x", "the cost"), "x = 1.0: must be above 1, the cost"),
        (lambda: above(np.array([2.0, NAN]).min(), 0, "x"), "x = nan: must be a finite number"),
        (lambda: between(NAN, 0, 1, "x", "both"), "x = nan: must lie in [0, 1]"),
        (lambda: between(1.5, 0, 1, "x", "left"), "x = 1.5: must lie in [0, 1)"),
        (lambda: whole_number(True, 0, "x"), "x = True: must be a whole number, 0 or more"),
        (lambda: whole_number(1.5, 1, "x", "units"), "x = 1.5: must be a whole number of units, 1 or more"),
        (lambda: whole_number(INFINITY, 1, "x"), "x = inf: must be a finite number"),
        (lambda: whole_weeks(0, "x", 1), "x = 0: must be at least 1"),
        (lambda: one_of("c", ("a", "b"), "x"), "x = 'c': admissible: a, b"),
        (lambda: numbers("many", 2, "x"), "x = 'many': must be one number or 2"),
        (lambda: numbers(np.full(999, "many"), 2, "x").tolist(), "must be one number or 2"),
        (lambda: numbers([1.0, 2.0, 3.0], 2, "x"), "x: shape (3,): must be one number or 2"),
        (lambda: numbers([1.0, INFINITY], 2, "x"), "x = inf: must be a finite number"),
    ],
)
def test_the_rest_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
