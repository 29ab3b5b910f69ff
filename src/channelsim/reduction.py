"""From rows to groups: the totals of one replication, in compiled code.

Rows are first added up to *cells* (rows alike in every grouping), then cells to the groups of each
grouping, always in the same order, so that totals do not depend on chunks or threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim.columns import (
    END_HOLDING,
    FIRST_HOLDING,
    LISTED,
    MEMBER_TIER,
    RESERVATION_PROFIT,
    SOURCE_LINK,
)
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms.recording import Records
from channelsim.prefetch import STRETCH, fetch
from channelsim.state_layout import new_table
from channelsim.tables import Floats, Integers, State, Terms, World


class Reduction(NamedTuple):
    """How the accumulators of each table add up, and where the totals go."""

    holding_cell: Integers
    """(holdings,) cell of each row."""
    holding_rows: Floats
    """(columns, holdings): sums (revenue, stockout first), variances, listed, presence, weighted presence."""
    holding_cells: Floats
    """(columns, cells)."""
    holding_groups: Integers
    """(groupings, cells): output position, -1 if none; for all holdings, then for shelves."""
    holding_out: Floats
    """(replications, columns, positions)."""
    member_cell: Integers
    member_rows: Floats
    member_cells: Floats
    member_groups: Integers
    member_out: Floats
    link_cell: Integers
    link_rows: Floats
    link_cells: Floats
    link_groups: Integers
    link_out: Floats
    territory_out: Floats
    """(replications, columns, territories)."""
    incentive_rows: Floats
    incentive_cell: Integers
    """(2, links) cell of each row by its supplier, then by its buyer."""
    incentive_cells: Floats
    paid_groups: Integers
    received_groups: Integers
    paid_out: Floats
    """(replications, columns, positions) by the supplier."""
    received_out: Floats
    """The same by the buyer."""
    trajectories_out: Floats
    """(replications, weeks, positions)."""


def nothing_recorded() -> tuple[Records, Reduction]:
    """Return records and a reduction without columns, for steps outside a run."""
    none = np.zeros(0, dtype=np.int64)
    table, index, out = np.zeros((0, 0)), np.zeros((0, 0), dtype=np.int64), np.zeros((1, 0, 0))
    sums = (none, table)
    gaps = new_table(2, 1, 0)
    records = Records(none, gaps, index, gaps, *sums, *sums, *sums, *sums, index, index, table)
    one, cell = (none, table, table, index, out), np.zeros((2, 0), dtype=np.int64)
    return records, Reduction(*one, *one, *one, out, table, cell, table, index, index, out, out, out)


@rule
def clear(records: Records) -> None:
    """Set every accumulator to zero."""
    clear_rows(records.holding_sums)
    clear_rows(records.spread)
    clear_rows(records.member_sums)
    clear_rows(records.link_sums)
    clear_rows(records.territory_sums)
    clear_rows(records.incentive_sums)


@rule
def clear_rows(table: Floats) -> None:
    """Set every number of a table to zero."""
    for k in range(table.shape[0]):
        row = table[k]
        for i in range(row.size):
            row[i] = 0.0


@rule
def reset(terms: Terms, state: State) -> None:
    """Set the state to where every replication starts."""
    flat, base = state.flat, terms.base
    for a in range(0, flat.size, STRETCH):
        b = min(a + STRETCH, flat.size)
        fetch(flat[a:b])
        copy_row(base[a:b], flat[a:b])


@rowwise
def copy_row(source: Floats, target: Floats) -> None:
    """Copy a row."""
    for i in range(target.size):
        target[i] = source[i]


@rule
def add_up(rows: Floats, cell: Integers, cells: Floats, groups: Integers, out: Floats) -> None:
    """Add rows to cells and cells to the output positions of every grouping."""
    for k in range(rows.shape[0]):
        of_cell, total = cells[k], out[k]
        for i in range(of_cell.size):
            of_cell[i] = 0.0
        for i in range(total.size):
            total[i] = 0.0
    # all columns of a row in turn, lest every addition wait for the one before it
    for i in range(cell.size):
        if cell[i] >= 0:
            for k in range(rows.shape[0]):
                cells[k, cell[i]] += rows[k, i]
    for g in range(groups.shape[0]):
        for i in range(groups.shape[1]):
            if groups[g, i] >= 0:
                for k in range(rows.shape[0]):
                    out[k, groups[g, i]] += cells[k, i]


@rule
def derive(weeks: int, world: World, terms: Terms, records: Records, reduction: Reduction) -> None:
    """Write the recorded sums and what follows from them: variances, listing, presence, outlets."""
    rows, spread, first = reduction.holding_rows, records.spread, records.holding_sums.shape[0]
    copy_rows(records.holding_sums, rows)
    for k in range(records.spread_columns.shape[1]):
        summed = records.holding_sums[records.spread_columns[1, k]]
        reference, squares = spread[2 * k], spread[2 * k + 1]
        for i in range(summed.size):
            mean = summed[i] / weeks - reference[i]
            orders = 1.0 if terms.holdings_index[SOURCE_LINK, i] >= 0 else 0.0
            rows[first + k, i] = orders * max(0.0, squares[i] / weeks - mean * mean)
    first += records.spread_columns.shape[1]
    copy_rows(records.member_sums, reduction.member_rows)
    copy_rows(records.link_sums, reduction.link_rows)
    listed, revenue, stockout = terms.holdings[LISTED], records.holding_sums[0], records.holding_sums[1]
    outlets = records.member_sums.shape[0]
    last = world.tiers_index.shape[1] - 1
    for m in range(world.members_index.shape[1]):
        is_store = world.members_index[MEMBER_TIER, m] == last
        turnover, active, earned = 0.0, 0.0, records.member_sums[0, m]  # the profit
        for h in range(world.members_index[FIRST_HOLDING, m], world.members_index[END_HOLDING, m]):
            turnover += revenue[h] if is_store else 0.0
            active = max(active, listed[h])
        for h in range(world.members_index[FIRST_HOLDING, m], world.members_index[END_HOLDING, m]):
            present = listed[h] * weeks - stockout[h] if is_store else 0.0
            rows[first, h] = listed[h] * weeks
            rows[first + 1, h] = present
            rows[first + 2, h] = present * turnover
        reduction.member_rows[outlets, m] = active * weeks
        reduction.member_rows[outlets + 1, m] = active * weeks if is_store else 0.0
        reduction.member_rows[outlets + 2, m] = turnover
        reduction.member_rows[outlets + 3, m] = active * earned if is_store else 0.0
        viable = is_store and earned >= weeks * world.members[RESERVATION_PROFIT, m]
        reduction.member_rows[outlets + 4, m] = active * weeks if viable else 0.0


@rule
def copy_rows(source: Floats, target: Floats) -> None:
    """Copy a table onto the first rows of another."""
    for k in range(source.shape[0]):
        copy_row(source[k], target[k])


@rule
def is_sound(values: Floats) -> bool:
    """Return whether every number is finite."""
    sound = True
    for k in range(values.shape[0]):
        row = values[k]
        bad = 0
        for i in range(row.size):
            bad += 0 if row[i] - row[i] == 0.0 else 1
        sound = sound and bad == 0
    return sound


@rule
def reduce_records(
    k: int, weeks: int, world: World, terms: Terms, state: State, records: Records, reduction: Reduction
) -> int:
    """Write the totals of replication k of a chunk; return 1 if a number is not finite."""
    derive(weeks, world, terms, records, reduction)
    add_up(
        reduction.holding_rows,
        reduction.holding_cell,
        reduction.holding_cells,
        reduction.holding_groups,
        reduction.holding_out[k],
    )
    add_up(
        reduction.member_rows,
        reduction.member_cell,
        reduction.member_cells,
        reduction.member_groups,
        reduction.member_out[k],
    )
    add_up(
        reduction.link_rows,
        reduction.link_cell,
        reduction.link_cells,
        reduction.link_groups,
        reduction.link_out[k],
    )
    copy_rows(records.incentive_sums, reduction.incentive_rows)
    add_up(
        reduction.incentive_rows,
        reduction.incentive_cell[0],
        reduction.incentive_cells,
        reduction.paid_groups,
        reduction.paid_out[k],
    )
    add_up(
        reduction.incentive_rows,
        reduction.incentive_cell[1],
        reduction.incentive_cells,
        reduction.received_groups,
        reduction.received_out[k],
    )
    copy_rows(records.territory_sums, reduction.territory_out[k])
    copy_rows(records.trajectories, reduction.trajectories_out[k])
    sound = (
        is_sound(reduction.incentive_rows)
        and is_sound(reduction.holding_rows)
        and is_sound(reduction.member_rows)
    )
    sound = sound and is_sound(records.territory_sums) and is_sound(state.territories)
    sound = sound and is_sound(state.holdings) and is_sound(state.members) and is_sound(state.links)
    return 0 if sound else 1
