"""Tables with gaps between their rows: where they lie, and what compiled code makes of them."""

from itertools import pairwise

import numba
import numpy as np
import pytest

from channelsim.apart import JIT_OFF
from channelsim.columns import LINK_ACTIVE
from channelsim.decisions import BASE, Policy
from channelsim.rows import WITH_GAPS, in_rows
from channelsim.scenario import Scenario
from channelsim.state_layout import new_state, state_places
from channelsim.tables import LINE, State
from channelsim.world import build

FIRST = {"holdings": "first_shelf", "members": "first_store"}


@pytest.fixture(scope="module")
def channel():
    return build(Scenario.from_library("pxy"))


@pytest.fixture
def state(channel):
    state = new_state(channel.sizes)
    state.flat[:] = np.arange(state.flat.size)
    return state


@pytest.mark.parametrize("table", FIRST)
def test_the_last_tier_begins_a_line_of_the_cache_in_every_row(channel, state, table):
    rows, first = getattr(state, table), getattr(channel, FIRST[table])
    for row in rows:
        assert row[first:].ctypes.data % (8 * LINE) == 0


@pytest.mark.parametrize("stores", [1, 7, 8, 62, 63, 64, 512])
def test_rows_lie_an_odd_number_of_lines_apart_and_tables_do_not_overlap(channel, stores):
    sizes = channel.sizes._replace(holdings=5 + stores, shelves=stores, links=3 + stores, upper_links=3)
    places = [*state_places(sizes).values()]
    for before, place in pairwise(places):
        assert before.end <= place.start
    for name in WITH_GAPS["State"]:
        place = state_places(sizes)[name]
        assert place.pitch % (2 * LINE) == LINE
        assert place.pitch > place.columns


def test_every_table_is_a_view_on_the_flat_buffer(channel, state):
    for name, place in state_places(channel.sizes).items():
        table = getattr(state, name)
        expected = place.start + np.arange(place.rows)[:, None] * place.pitch + np.arange(place.columns)
        np.testing.assert_array_equal(table, expected)


def test_compiled_code_reads_and_writes_tables_as_python_does(state):
    @numba.njit
    def add_up(given):
        state, found = in_rows(given), 0.0
        for table in (state.holdings, state.links):
            for k in range(table.shape[0]):
                row = table[k]
                for i in range(row.size):
                    found += row[i]
                    table[k, i] += 1.0
                found += table[k, 1:].size
        return found

    before = [table.copy() for table in (state.holdings, state.links)]
    found = add_up(state)
    assert found == sum(table.sum() + table.shape[0] * (table.shape[1] - 1) for table in before)
    for table, old in zip((state.holdings, state.links), before):
        np.testing.assert_array_equal(table, old + 1.0)


@pytest.mark.skipif(JIT_OFF, reason="nothing is compiled")
def test_a_block_of_rows_is_refused(state):
    @numba.njit
    def first_rows(given):
        return in_rows(given).holdings[:2].size

    with pytest.raises(numba.core.errors.LoweringError, match="read row by row"):
        first_rows(state)


def test_a_channel_without_idle_rows_still_has_gaps(channel):
    """numba's type of a table must not depend on how many rows there are: it would compile the week anew."""
    active, terms = channel.under(BASE)
    state = new_state(active.sizes)
    assert not any(getattr(state, name).flags.c_contiguous for name in WITH_GAPS["State"])
    assert isinstance(state, State)
    assert terms.base.size == state.flat.size


def test_nor_does_it_depend_on_whether_anybody_orders():
    """numpy takes an empty table for one without gaps, so the rows are kept where no link is in use."""
    closed = Policy(name="closed", density={"store": {"scale": 0.0}})
    active, terms = build(Scenario.from_library("bilateral")).under(closed)
    assert not terms.links[LINK_ACTIVE].any()
    state = new_state(active.sizes)
    assert not any(getattr(state, name).flags.c_contiguous for name in WITH_GAPS["State"])
