"""What arguments of the theory may be: each check returns the value, or says in one line why it is refused.

A message names the argument, its value and what is admissible; ``note`` adds why, or what a bound stands for.
Where every number of an array has a bound, its least one is checked; that of an array with a NaN is NaN.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray


def _refused(name: str, value: object, admissible: str, note: str = "") -> ValueError:
    """Return the error of a value that is not admissible; on one line, whatever the value."""
    plain = value.item() if isinstance(value, np.generic) else value
    shown = " ".join(repr(plain).split())
    return ValueError(f"{name} = {shown}: {admissible}{note and ', '}{note}")


def finite(value: float, name: str) -> float:
    """Return a number that has to be finite.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isfinite(value):
        raise _refused(name, value, "must be a finite number")
    return float(value)


def at_least(value: float, bound: float, name: str, note: str = "") -> float:
    """Return a finite number that has to be at least ``bound``.

    Raises
    ------
    ValueError
        If it is not.
    """
    if finite(value, name) < bound:
        raise _refused(name, value, f"must be at least {bound:g}", note)
    return float(value)


def above(value: float, bound: float, name: str, note: str = "") -> float:
    """Return a finite number that has to be above ``bound``.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not finite(value, name) > bound:
        raise _refused(name, value, f"must be above {bound:g}", note)
    return float(value)


def between(
    value: float, low: float, high: float, name: str, inclusive: str = "neither", note: str = ""
) -> float:
    """Return a number that has to lie between two others.

    Parameters
    ----------
    value, low, high : float
    name : str
    inclusive : {"neither", "left", "right", "both"}
        Which of the two ends are admissible.
    note : str

    Raises
    ------
    ValueError
        If it does not.
    """
    left, right = inclusive in ("left", "both"), inclusive in ("right", "both")
    if not (low < value < high or (left and value == low) or (right and value == high)):
        interval = f"{'[' if left else '('}{low:g}, {high:g}{']' if right else ')'}"
        raise _refused(name, value, f"must lie in {interval}", note)
    return float(value)


def whole_number(value: float, least: int, name: str, unit: str = "", note: str = "") -> int:
    """Return a whole number that has to be at least ``least``; ``unit`` is what it counts.

    Raises
    ------
    ValueError
        If it is not.
    """
    if isinstance(value, bool) or not at_least(value, least, name, note).is_integer():
        raise _refused(name, value, f"must be a whole number{unit and ' of '}{unit}, {least} or more", note)
    return int(value)


def whole_weeks(value: float, name: str, least: int = 0) -> int:
    """Return a number of weeks: whole, ``least`` or more.

    Raises
    ------
    ValueError
        If it is not.
    """
    return whole_number(value, least, name, "weeks")


def one_of(value: str, choices: Iterable[str], name: str) -> str:
    """Return a name that has to be one of several.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    known = tuple(choices)
    if value not in known:
        raise _refused(name, value, f"admissible: {', '.join(known)}")
    return value


def numbers(values: ArrayLike, count: int, name: str) -> NDArray[np.float64]:
    """Return ``count`` finite numbers; a single one holds for all.

    Raises
    ------
    ValueError
        If they are not as many, or one is not a finite number.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _refused(name, values, f"must be one number or {count}") from None
    if found.shape not in ((), (count,)):
        raise ValueError(f"{name}: shape {found.shape}: must be one number or {count}")
    if not np.isfinite(found).all():
        raise _refused(name, float(found[~np.isfinite(found)][0]), "must be a finite number")
    return np.array(np.broadcast_to(found, count))
