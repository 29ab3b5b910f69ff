"""The keyed generator: published vectors, and draws that depend on nothing but their key."""

import re
import sys
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from channelsim import randomness
from channelsim.randomness import entity_key, entity_keys, fill_uniforms, philox, uniform
from compiled_code import compares_with_plain_python, output_without_jit, reads_vector_instructions

SEED = 0x0123_4567_89AB_CDEF

KEYS = st.lists(st.integers(0, 2**56 - 1), min_size=1, max_size=40, unique=True)
SEEDS = st.integers(0, 2**63 - 1)
REPLICATIONS = st.integers(0, 2**32 - 1)
DECISIONS = st.integers(0, 255)


def draws(entities, weeks=4, first_week=0, replication=0, decision=0, seed=SEED):
    out = np.full((weeks, len(entities)), np.nan)
    fill_uniforms(out, np.asarray(entities, np.int64), first_week, replication, decision, seed)
    return out


def words(*numbers):
    return [np.uint64(number) for number in numbers]


def reference_philox(counter, key):
    """Philox4x32-10 as the paper states it, in Python's own integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 2**32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


# kat_vectors of the Random123 distribution, lines "philox4x32 10".
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.jit_off
@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_published_vectors(counter, key, expected):
    assert tuple(int(word) for word in philox(*words(*counter, *key))) == expected
    assert tuple(reference_philox(counter, key)) == expected


@pytest.mark.jit_off
@pytest.mark.bounds
@given(KEYS, st.integers(0, 1000), REPLICATIONS, DECISIONS, SEEDS)
def test_a_draw_is_the_documented_word(entities, block, replication, decision, seed):
    found = draws(entities, 8, 4 * block, replication, decision, seed)
    for column, entity in enumerate(entities):
        for j in range(2):
            counter = (entity % 2**32, block + j, replication, decision | (entity >> 32) << 8)
            expected = reference_philox(counter, (seed % 2**32, seed >> 32))
            for lane in range(4):
                assert found[4 * j + lane, column] == (expected[lane] + 0.5) * 2.0**-32


@pytest.mark.jit_off
@given(KEYS, st.integers(0, 20), st.integers(1, 4), REPLICATIONS, DECISIONS, SEEDS)
def test_the_single_draw_is_that_of_the_block(entities, block, blocks, replication, decision, seed):
    found = draws(entities, 4 * blocks, 4 * block, replication, decision, seed)
    for column, entity in enumerate(entities):
        for week in range(4 * blocks):
            assert uniform(entity, 4 * block + week, replication, decision, seed) == found[week, column]


@given(KEYS, st.data())
def test_other_entities_and_their_order_do_not_matter(entities, data):
    together = draws(entities)
    order = data.draw(st.permutations(range(len(entities))))
    some = order[: data.draw(st.integers(1, len(entities)))]
    assert draws([entities[i] for i in some]).tobytes() == together[:, some].tobytes()


@given(KEYS, st.integers(0, 6), st.integers(1, 6))
def test_the_block_of_weeks_does_not_matter(entities, before, blocks):
    whole = draws(entities, 4 * (before + blocks))
    assert draws(entities, 4 * blocks, 4 * before).tobytes() == whole[4 * before :].tobytes()


def test_draws_lie_strictly_between_zero_and_one():
    assert randomness._unit(np.uint64(0)) == 2.0**-33
    assert randomness._unit(np.uint64(2**32 - 1)) == 1.0 - 2.0**-33
    u = draws(np.arange(50_000))
    assert np.all((u > 0.0) & (u < 1.0))


def test_every_coordinate_changes_every_draw():
    entities = np.arange(20_000)
    base = draws(entities)
    others = [
        draws(entities, replication=1),
        draws(entities, decision=1),
        draws(entities, seed=SEED + 1),
        draws(entities, seed=SEED + 2**32),
        draws(entities, first_week=4),
        draws(entities + 2**32),
    ]
    for other in others:
        # 80,000 pairs of 32-bit words: 2e-5 coincidences are expected.
        assert np.sum(base == other) <= 1
        assert abs(np.corrcoef(base.ravel(), other.ravel())[0, 1]) < 5.0 / np.sqrt(base.size)


def test_draws_are_uniform_and_uncorrelated():
    """Entities numbered in a row, the hardest keys: each test statistic within a 1e-4 limit."""
    u = draws(np.arange(25_000), 8)
    counts = np.histogram(u, bins=256, range=(0.0, 1.0))[0]
    assert scipy.stats.chisquare(counts).pvalue > 1e-4
    assert scipy.stats.kstest(u.ravel(), "uniform").pvalue > 1e-4
    # Adjacent weeks of an entity, adjacent entities of a week: 16 x 16 cells.
    for first, second in ((u[:-1], u[1:]), (u[:, :-1], u[:, 1:])):
        table = np.histogram2d(first.ravel(), second.ravel(), bins=16, range=((0, 1), (0, 1)))[0]
        assert scipy.stats.chisquare(table.ravel()).pvalue > 1e-4
    # The low bits of the words too.
    low = (u * 2.0**32).astype(np.uint64) % np.uint64(256)
    assert scipy.stats.chisquare(np.bincount(low.ravel().astype(int), minlength=256)).pvalue > 1e-4


@pytest.mark.parametrize(
    "change",
    [
        {"first_week": 2},
        {"first_week": -4},
        {"weeks": 6},
        {"replication": -1},
        {"replication": 2**32},
        {"decision": 256},
        {"decision": -1},
        {"seed": -1},
    ],
    ids=str,
)
@pytest.mark.jit_off
def test_what_would_share_or_misplace_draws_is_refused(change):
    with pytest.raises(ValueError, match=r"weeks|range"):
        draws([1, 2], **change)


@pytest.mark.jit_off
def test_one_column_per_entity():
    with pytest.raises(ValueError, match="column"):
        fill_uniforms(np.empty((4, 3)), np.arange(2), 0, 0, 0, SEED)


def test_entity_keys_do_not_change_between_versions():
    """A changed key would change every stored result."""
    assert entity_key("retailer", "north", 17) == 33688275129847444
    assert entity_key() == 43587176147163982


def test_different_identities_have_different_keys():
    identities = [
        *((), ("",), ("a",), ("a", ""), ("", "a"), ("ab", "c"), ("a", "bc"), ("abc",), (1,), ("1",), (-1,)),
        *(("i1:",), (11,), (1, 1), ("s1:a",), ("a", 1), (1, "a"), ("é",), ("e", "\u0301")),
    ]
    keys = {entity_key(*identity) for identity in identities}
    assert len(keys) == len(identities)
    assert all(0 <= key < 2**56 for key in keys)


def test_keys_fill_all_their_bits():
    keys = entity_keys("retailer", last=range(20_000))
    assert np.unique(keys).size == keys.size
    shares = [np.mean(keys >> bit & 1) for bit in range(56)]
    np.testing.assert_allclose(shares, 0.5, atol=5.0 * 0.5 / np.sqrt(keys.size))


@given(st.lists(st.text(max_size=5) | st.integers()), st.lists(st.text(max_size=5) | st.integers()))
def test_keys_of_many_are_the_keys_of_each(parts, last):
    keys = entity_keys(*parts, last=last)
    assert keys.dtype == np.int64
    assert keys.tolist() == [entity_key(*parts, part) for part in last]


@pytest.mark.parametrize("part", [1.0, True, None, b"a", np.float64(2.0)])
def test_a_part_is_a_text_or_an_integer(part):
    with pytest.raises(TypeError, match="identity"):
        entity_key("retailer", part)


def test_numpy_integers_are_integers():
    assert entity_key(np.int64(17)) == entity_key(17)


def sample():
    """Return the bytes of a few draws, for the comparison with plain Python."""
    entities = entity_keys("retailer", "north", last=range(11))
    blocks = [draws(entities, 8, 48, 3, 200, seed).tobytes() for seed in (0, SEED, 2**63 - 1, 2**32 - 1)]
    single = np.array([uniform(int(entities[0]), week, 2**32 - 1, 255, SEED) for week in range(8)])
    vector = np.array([int(word) for word in philox(*words(*[2**32 - 1] * 6))])
    return b"".join([*blocks, single.tobytes(), vector.tobytes()])


@compares_with_plain_python
def test_plain_python_gives_the_same_bits_without_a_warning():
    assert output_without_jit(__file__) == sample()


@reads_vector_instructions
def test_the_generator_becomes_vector_instructions():
    draws([1, 2, 3])
    (assembly,) = randomness._fill_block.inspect_asm().values()
    # 20 products, of which the first round's may be hoisted; the slow 64-bit product nowhere.
    assert len(re.findall(r"\bvpmuludq\b.*%[yz]mm", assembly)) >= 18
    assert not re.findall(r"\bvpmullq\b.*%[yz]mm", assembly)


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.stdout.buffer.write(sample())
