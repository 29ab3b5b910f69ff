"""Totals over members: what the holdings of each come to.

The holdings of a member lie side by side, and most tiers consist of members with equally many (`breadth`):
with one, two or three each the length of the sum is a constant, so that the compiler makes vectors of it.
The order of the additions is the same on every path, and so is the result to the last bit.
"""

from __future__ import annotations

from channelsim.compiled import rule, subroutine
from channelsim.tables import Floats, Integers


@rule
def add_equally(breadth: int, values: Floats, sums: Floats) -> None:
    """Write the sums of members that have equally many holdings; the number is a constant of the caller."""
    for m in range(sums.size):
        summed = 0.0
        for h in range(breadth):
            summed += values[breadth * m + h]
        sums[m] = summed


@subroutine
def add_holdings(
    breadth: int, start: Integers, end: Integers, offset: int, values: Floats, sums: Floats
) -> None:
    """Write the sum of each member's values.

    Parameters
    ----------
    breadth : int
        Holdings of every member, -1 where they differ.
    start, end : array (members,)
        First of a member's holdings, and one past the last.
    offset : int
        Holding that the first value belongs to.
    values : array
        One a holding.
    sums : array (members,)
        Is written.
    """
    if sums.size == 0:
        return
    first = start[0] - offset
    if breadth == 1:
        add_equally(1, values[first:], sums)
    elif breadth == 2:
        add_equally(2, values[first:], sums)
    elif breadth == 3:
        add_equally(3, values[first:], sums)
    else:
        for m in range(sums.size):
            summed = 0.0
            for h in range(start[m] - offset, end[m] - offset):
                summed += values[h]
            sums[m] = summed


@rule
def add_products_equally(breadth: int, left: Floats, right: Floats, sums: Floats) -> None:
    """Write the sums of products of members that have equally many holdings."""
    for m in range(sums.size):
        summed = 0.0
        for h in range(breadth):
            summed += left[breadth * m + h] * right[breadth * m + h]
        sums[m] = summed


@subroutine
def add_products(
    breadth: int, start: Integers, end: Integers, offset: int, left: Floats, right: Floats, sums: Floats
) -> None:
    """Write the sum of ``left`` times ``right`` over each member's values; as `add_holdings`."""
    if sums.size == 0:
        return
    first = start[0] - offset
    if breadth == 1:
        add_products_equally(1, left[first:], right[first:], sums)
    elif breadth == 2:
        add_products_equally(2, left[first:], right[first:], sums)
    elif breadth == 3:
        add_products_equally(3, left[first:], right[first:], sums)
    else:
        for m in range(sums.size):
            summed = 0.0
            for h in range(start[m] - offset, end[m] - offset):
                summed += left[h] * right[h]
            sums[m] = summed
