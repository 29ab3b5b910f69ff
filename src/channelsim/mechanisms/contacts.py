"""Notes on contacts: the columns that influence reads and writes, a block of relationships at a time.

An attempt concerns some of the relationships, wherever they stand in the table. Their columns are noted side
by side, worked on in loops that vectorise, and written back; no formula stands here but the logistic
function. Used by `influence`, whose rows of notes these are.
"""

from __future__ import annotations

import numpy as np

from channelsim.compiled import rule, subroutine, wide
from channelsim.numerics import exponential
from channelsim.tables import Floats, Integers

BLOCK = 256
"""Relationships at a time, so that what is noted of them stays in the nearest cache."""
PLACE, SLOPE, MET, COST, ADHERENCE, USE, ODDS, PRESSURE, USED, COERCIVE, MONEY, ONE, OTHER = range(13)
"""Rows of the notes on a block: relationship, θ_U/G, θ_T·(trust − ½) − θ_K·conflict, what complying costs,
adherence before, uses of the strategy in hand, its log odds and then compliance, what all strategies add up
to, reward or fine of the strategy in hand, and columns just read."""


@subroutine
def read(column: Floats, count: int, notes: Floats, note: int) -> None:
    """Note a column of the relationships; where they lie side by side, without looking up each."""
    places, out = notes[PLACE].view(np.int64), notes[note, :count]
    if lie_side_by_side(places[:count]):
        values = column[places[0] : places[0] + count]
        for i in range(count):
            out[i] = values[i]
    else:
        for i in range(count):
            out[i] = column[places[i]]


@subroutine
def write(column: Floats, count: int, notes: Floats, note: int) -> None:
    """Write a note to a column of the relationships."""
    places, values = notes[PLACE].view(np.int64), notes[note, :count]
    if lie_side_by_side(places[:count]):
        out = column[places[0] : places[0] + count]
        for i in range(count):
            out[i] = values[i]
    else:
        for i in range(count):
            column[places[i]] = values[i]


@rule
def lie_side_by_side(places: Integers) -> bool:
    """Return whether relationships have consecutive numbers."""
    if places.size == 0:
        return False
    apart = 0
    for i in range(places.size):
        apart += 1 if places[i] != places[0] + i else 0
    return apart == 0


@wide
def fill_logistic(values: Floats) -> None:
    """Replace log odds by probabilities."""
    for i in range(values.size):
        values[i] = 1.0 / (1.0 + exponential(-values[i]))


@subroutine
def add_note(column: Floats, scale: float, count: int, notes: Floats, note: int) -> None:
    """Add scale × a note to a column of the relationships."""
    one, values = notes[ONE, :count], notes[note, :count]
    read(column, count, notes, ONE)
    for i in range(count):
        one[i] += scale * values[i]
    write(column, count, notes, ONE)
