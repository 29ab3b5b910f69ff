"""Records: what a run remembers of a week.

After the warm-up the recorded columns of every row are added to accumulators, along contiguous rows;
means, ratios and sums over groups are formed afterwards. Variances over weeks are accumulated about
the first recorded value, so that large constants do not cancel. Trajectories are requested as (table,
column, grouping) and summed over the rows of each group into a (week, group) array.
"""

from __future__ import annotations

from typing import NamedTuple

from channelsim.columns import SALES, STOCK
from channelsim.compiled import rowwise, rule
from channelsim.mechanisms.demand import first_line_of
from channelsim.tables import Floats, Integers, State

TABLE_CODES = ("holdings", "members", "links", "territories", "incentives")
HOLDINGS, MEMBERS, LINKS, TERRITORIES, INCENTIVES = range(5)
ROUNDING = 1e-6
"""Units of stock below zero that rounding may leave."""


class Records(NamedTuple):
    """Accumulators of one replication."""

    holding_columns: Integers
    """Columns of the holdings whose sums over weeks are kept."""
    holding_sums: Floats
    """(columns, holdings); with gaps, as are the state's holdings, and so is ``spread``."""
    spread_columns: Integers
    """(2, columns) columns of the holdings whose variance over weeks is kept; rows that hold their sums."""
    spread: Floats
    """(2 × columns, holdings): first recorded value, and sum of squares about it; two rows at least."""
    member_columns: Integers
    member_sums: Floats
    link_columns: Integers
    link_sums: Floats
    territory_columns: Integers
    territory_sums: Floats
    incentive_columns: Integers
    incentive_sums: Floats
    """(columns, links), no rows where no contract has incentives."""
    requests: Integers
    """(trajectories, 4): table, column, grouping, first output position."""
    groups: Integers
    """(groupings, rows): group of each row, -1 if it belongs to none."""
    trajectories: Floats
    """(weeks, output positions)."""


@rule
def add_rows(columns: Integers, table: Floats, sums: Floats) -> None:
    """Add the chosen rows of a table to the accumulators."""
    for k in range(columns.size):
        add_row(table[columns[k]], sums[k])


@rowwise
def add_row(value: Floats, summed: Floats) -> None:
    """Add a row to its accumulator."""
    for i in range(summed.size):
        summed[i] += value[i]


@rowwise
def add_with_squares(value: Floats, summed: Floats, reference: Floats, squares: Floats) -> None:
    """Add a row to its accumulator, and the squares about its reference to theirs."""
    for i in range(squares.size):
        summed[i] += value[i]
        deviation = value[i] - reference[i]
        squares[i] += deviation * deviation


@rule
def accumulate(first_week: bool, state: State, records: Records) -> None:
    """Settle the accumulators of a recorded week."""
    line = first_line_of(state)  # what lies before it is added by itself, lest vectors straddle lines
    for k in range(records.holding_columns.size):
        if not has_spread(k, records):
            value, summed = state.holdings[records.holding_columns[k]], records.holding_sums[k]
            add_row(value[:line], summed[:line])
            add_row(value[line:], summed[line:])
    add_rows(records.member_columns, state.members, records.member_sums)
    add_rows(records.link_columns, state.links, records.link_sums)
    add_rows(records.territory_columns, state.territories, records.territory_sums)
    add_rows(records.incentive_columns, state.incentives, records.incentive_sums)
    for k in range(records.spread_columns.shape[1]):
        value, summed = (
            state.holdings[records.spread_columns[0, k]],
            records.holding_sums[records.spread_columns[1, k]],
        )
        reference, squares = records.spread[2 * k], records.spread[2 * k + 1]
        if first_week:
            for i in range(value.size):
                reference[i] = value[i]
        add_with_squares(value[:line], summed[:line], reference[:line], squares[:line])
        add_with_squares(value[line:], summed[line:], reference[line:], squares[line:])


@rule
def has_spread(row: int, records: Records) -> bool:
    """Return whether the variance of a column of the holdings is kept, too, whose sums stand in that row."""
    found = False
    for k in range(records.spread_columns.shape[1]):
        found = found or records.spread_columns[1, k] == row
    return found


@rule
def count_impossible(state: State) -> int:
    """Return how many holdings have a stock or sales that are negative beyond rounding, or not a number."""
    stock, sales, found = state.holdings[STOCK], state.holdings[SALES], 0
    for i in range(stock.size):
        found += 0 if min(stock[i], sales[i]) >= -ROUNDING else 1
    return found


@rule
def follow(week: int, state: State, records: Records) -> None:
    """Settle the week's entries of the requested trajectories."""
    output = records.trajectories[week]
    for i in range(output.size):
        output[i] = 0.0
    for r in range(records.requests.shape[0]):
        table, column, start = records.requests[r, 0], records.requests[r, 1], records.requests[r, 3]
        group = records.groups[records.requests[r, 2]]
        if table == HOLDINGS:
            add_by_group(state.holdings[column], group, start, output)
        elif table == MEMBERS:
            add_by_group(state.members[column], group, start, output)
        elif table == LINKS:
            add_by_group(state.links[column], group, start, output)
        elif table == INCENTIVES:
            add_by_group(state.incentives[column], group, start, output)
        else:
            add_by_group(state.territories[column], group, start, output)


@rule
def add_by_group(values: Floats, group: Integers, start: int, output: Floats) -> None:
    """Add every row's value to the output position of its group."""
    for i in range(values.size):
        if group[i] >= 0:
            output[start + group[i]] += values[i]
