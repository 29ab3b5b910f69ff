"""Keyed random draws: every draw is a function of what it is for.

The idea
    A draw is f(seed, replication, decision, entity, week) and nothing else. No generator carries a
    state from one draw to the next, so a result cannot depend on the order of rows, on chunks, threads or
    workers, on whether one decision was drawn at all, or on who else is in the market. Two policies that
    are compared under one seed meet the same demand, store by store and week by week, even when one of them
    opens stores that the other lacks: common random numbers, whose differences are far less noisy than
    those of independent runs.

The generator
    Philox4x32-10, a counter-based generator: ten rounds of multiplication and exclusive or turn a counter
    of four 32-bit words, under a key of two, into four random words. The words of successive counters pass
    the strict batteries of tests (BigCrush). The key is the seed; the counter is

    ======  ==========================================================
    word    content
    ======  ==========================================================
    0       low 32 bits of the entity's key
    1       week // 4
    2       replication
    3       decision + 2**8 * (high 24 bits of the entity's key)
    ======  ==========================================================

    and the lane, week % 4, picks one of the four words. Distinct (replication, decision, entity, week)
    therefore never share a word. A word w becomes u = (w + 1/2) / 2**32, strictly between 0 and 1.
    With 32 bits the most extreme normal score is 6.34, and a probability below 2**-33 is never met.

The entity
    A draw belongs to a thing, never to a row: its key is a digest of its stable identity, such as
    ``entity_key("retailer", "north", 17)``. The keys are 56 bits long; ten thousand of them collide with
    a probability below 1e-9. The world refuses a collision when it is built.

`channelsim.distributions` turns uniform draws into normal, Poisson and gamma ones.

Sources
-------
J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC'11 (2011).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from channelsim.compiled import helper, wide
from channelsim.prefetch import fetch

ENTITY_BITS = 56
"""Length of an entity's key in bits."""

# Unsigned throughout: numba turns a mixture of signed and unsigned 64-bit integers into floats.
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_WORD = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_8 = np.uint64(8)
# The bits of 2**52: a word put into the low bits of this number is 2**52 + word exactly.
_TWO_TO_52_BITS = np.uint64(0x4330000000000000)
_TWO_TO_52_LESS_HALF = 4503599627370495.5
_TWO_TO_MINUS_32 = 2.3283064365386963e-10

_Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
_HalfWay = tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]


def _part_code(part: str | int) -> bytes:
    """Encode one part of an identity so that no two lists of parts share an encoding."""
    if isinstance(part, str):
        text = part.encode()
        return b"s%d:%b" % (len(text), text)
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return b"i%d:" % part
    raise TypeError(f"a part of an identity is a text or an integer, not {part!r}")


def entity_key(*parts: str | int) -> int:
    """Key of an entity, from its stable identity.

    Parameters
    ----------
    *parts : str or int
        The identity, from the general to the particular: role, territory, slot. ``1`` and ``"1"`` differ,
        and so do ``("a", "bc")`` and ``("ab", "c")``.

    Returns
    -------
    int
        A 56-bit digest (BLAKE2b), the same on every machine and in every version.

    Raises
    ------
    TypeError
        If a part is neither a text nor an integer.
    """
    code = b"".join(map(_part_code, parts))
    return int.from_bytes(blake2b(code, digest_size=ENTITY_BITS // 8).digest(), "little")


def entity_keys(*parts: str | int, last: Iterable[str | int]) -> NDArray[np.int64]:
    """Keys of entities that differ in the last part of their identity.

    Parameters
    ----------
    *parts : str or int
        The parts they share.
    last : iterable of str or int
        The part that tells them apart, such as the slots ``range(count)``.

    Returns
    -------
    ndarray of int64, shape (n,)
        ``entity_key(*parts, part)`` for each part in `last`.
    """
    shared = blake2b(b"".join(map(_part_code, parts)), digest_size=ENTITY_BITS // 8)
    digests = bytearray()
    for part in last:
        one = shared.copy()
        one.update(_part_code(part))
        digests += one.digest() + b"\0"
    return np.frombuffer(bytes(digests), dtype="<i8").astype(np.int64)


@helper
def _five_rounds(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> _HalfWay:
    """Half of the generator: as much as the compiler still moves into a loop, which then vectorises.

    Only the low 32 bits of the words it takes and gives count.
    """
    for _ in range(5):
        # Masked where it is multiplied: the product of two words is one instruction, the mask then free.
        product0 = _MULTIPLIER_0 * (c0 & _WORD)
        product1 = _MULTIPLIER_1 * (c2 & _WORD)
        c0, c1 = (product1 >> _32) ^ c1 ^ k0, product1
        c2, c3 = (product0 >> _32) ^ c3 ^ k1, product0
        k0 = k0 + _WEYL_0
        k1 = k1 + _WEYL_1
    return c0, c1, c2, c3, k0, k1


@helper
def philox(
    counter0: np.uint64,
    counter1: np.uint64,
    counter2: np.uint64,
    counter3: np.uint64,
    key0: np.uint64,
    key1: np.uint64,
) -> _Words:
    """Philox4x32-10: four random 32-bit words for a counter of four and a key of two words.

    Parameters
    ----------
    counter0, counter1, counter2, counter3, key0, key1 : uint64
        32-bit words held in 64 bits, so that their products fit.

    Returns
    -------
    tuple of 4 uint64
        Random words, each below 2**32.
    """
    w0, w1, w2, w3, k0, k1 = _five_rounds(counter0, counter1, counter2, counter3, key0, key1)
    w0, w1, w2, w3, k0, k1 = _five_rounds(w0, w1, w2, w3, k0, k1)
    return w0 & _WORD, w1 & _WORD, w2 & _WORD, w3 & _WORD


@helper
def _unit(word: np.uint64) -> float:
    """(word + 1/2) / 2**32, exactly; the bits instead of a conversion, which older processors do slowly."""
    shifted = np.uint64((word & _WORD) | _TWO_TO_52_BITS).view(np.float64)
    return (shifted - _TWO_TO_52_LESS_HALF) * _TWO_TO_MINUS_32


@wide
def _fill_block(
    out: NDArray[np.float64],
    entities: NDArray[np.int64],
    first_row: int,
    counter1: np.uint64,
    counter2: np.uint64,
    decision: np.uint64,
    key0: np.uint64,
    key1: np.uint64,
) -> None:
    """Fill four weeks; apart, so that nothing known about the numbers makes the compiler drop a mask."""
    # Rows of one array: were they four arguments, the test for overlap would be too long to vectorise.
    row0, row1, row2, row3 = out[first_row], out[first_row + 1], out[first_row + 2], out[first_row + 3]
    fetch(row0)
    fetch(row1)
    fetch(row2)
    fetch(row3)
    for i in range(entities.size):
        entity = np.uint64(entities[i])
        counter3 = decision | ((entity >> _32) << _8)
        w0, w1, w2, w3, k0, k1 = _five_rounds(entity, counter1, counter2, counter3, key0, key1)
        w0, w1, w2, w3, k0, k1 = _five_rounds(w0, w1, w2, w3, k0, k1)
        row0[i] = _unit(w0)
        row1[i] = _unit(w1)
        row2[i] = _unit(w2)
        row3[i] = _unit(w3)


@helper
def fill_uniforms(
    out: NDArray[np.float64],
    entities: NDArray[np.int64],
    first_week: int,
    replication: int,
    decision: int,
    seed: int,
) -> None:
    """Fill uniform draws for a block of weeks.

    Parameters
    ----------
    out : ndarray of float64, shape (weeks, entities)
        C-contiguous; receives draws strictly between 0 and 1.
    entities : ndarray of int64, shape (entities,)
        C-contiguous keys, see `entity_key`.
    first_week : int
        Week of the first row. It and the number of weeks are multiples of 4.
    replication : int
        Number of the replication, in [0, 2**32).
    decision : int
        What the draw is for, in [0, 256).
    seed : int
        Seed of the run, in [0, 2**63).

    Raises
    ------
    ValueError
        If the weeks are not whole blocks, or a number is out of its range.
    """
    weeks = out.shape[0]
    if first_week < 0 or first_week % 4 != 0 or weeks % 4 != 0 or out.shape[1] != entities.size:
        raise ValueError("draws are filled for whole blocks of four weeks and one column per entity")
    if replication < 0 or replication >= 4294967296 or decision < 0 or decision >= 256 or seed < 0:
        raise ValueError("replication, decision or seed is out of range")
    for j in range(weeks // 4):
        _fill_block(
            out,
            entities,
            4 * j,
            np.uint64(first_week // 4 + j),
            np.uint64(replication),
            np.uint64(decision),
            np.uint64(seed),
            np.uint64(seed) >> _32,
        )


@helper
def uniform(entity: int, week: int, replication: int, decision: int, seed: int) -> float:
    """One uniform draw, the same bits that `fill_uniforms` puts at this entity and week.

    Parameters
    ----------
    entity, week, replication, decision, seed : int
        As in `fill_uniforms`; any week from 0.

    Returns
    -------
    float
        Draw strictly between 0 and 1.
    """
    key = np.uint64(entity)
    counter3 = np.uint64(decision) | ((key >> _32) << _8)
    w0, w1, w2, w3 = philox(
        key,
        np.uint64(week // 4),
        np.uint64(replication),
        counter3,
        np.uint64(seed),
        np.uint64(seed) >> _32,
    )
    lane = week % 4
    word = (w0 if lane == 0 else w1) if lane < 2 else (w2 if lane == 2 else w3)
    return _unit(word)
