"""What arguments of the inventory theory may be: each check returns the number or says in a line why not."""

from __future__ import annotations

from math import isfinite


def finite(value: float, name: str) -> float:
    """Return a number that has to be finite.

    Raises
    ------
    ValueError
        If it is not.

    """
    if not isfinite(value):
        raise ValueError(f"{name} = {value!r}: must be a finite number")
    return float(value)


def at_least(value: float, bound: float, name: str) -> float:
    """Return a finite number that has to be at least ``bound``.

    Raises
    ------
    ValueError
        If it is not.
    """
    if finite(value, name) < bound:
        raise ValueError(f"{name} = {value!r}: must be at least {bound:g}")
    return float(value)


def above(value: float, bound: float, name: str) -> float:
    """Return a finite number that has to be above ``bound``.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not finite(value, name) > bound:
        raise ValueError(f"{name} = {value!r}: must be above {bound:g}")
    return float(value)


def whole_weeks(value: int, name: str) -> int:
    """Return a number of weeks: whole, 0 or more.

    Raises
    ------
    ValueError
        If it is not.
    """
    if isinstance(value, bool) or value != int(at_least(value, 0.0, name)):
        raise ValueError(f"{name} = {value!r}: must be a whole number of weeks, 0 or more")
    return int(value)
