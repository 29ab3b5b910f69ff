"""Trajectories on request: which column, summed over which rows, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from channelsim import columns as c
from channelsim.errors import ScenarioError
from channelsim.mechanisms.recording import TABLE_CODES
from channelsim.metrics import GROUPINGS, knows
from channelsim.schema import COLUMNS, column, position
from channelsim.tables import Integers

if TYPE_CHECKING:
    from channelsim.engines.groupings import Groupings
    from channelsim.world import Channel

STAGES = ("role", "tier", "group")
"""Groupings whose labels are one stage of the channel: there all holdings count, elsewhere the stores'."""
_STATE = {k.name: k for k in COLUMNS if k.home == "state"}
_REVIEWED = "relationships"
"""The table whose columns a result keeps at every review."""
_ROWS = {"holdings": ["holding"], "members": ["member"]}


class Request(NamedTuple):
    """One trajectory: a state column by a grouping; ``shelves``: stores' holdings only."""

    column: str
    grouping: str
    shelves: bool

    @property
    def name(self) -> str:
        """Name of the variable in the result."""
        return self.column if self.grouping == "overall" else f"{self.column}_by_{self.grouping}"


def read_requests(record: Sequence[Any], channel: Channel) -> tuple[Request, ...]:
    """Read requests such as ``"sales"``, ``"stock by role"`` or ``("order", "tier")``.

    Columns of the holdings are summed over the stores' shelves, except by role, tier, group, holding. A
    grouping "member" or "holding" keeps every row.

    Raises
    ------
    ScenarioError
        If a column or a grouping is unknown.
    """
    found: dict[Request, None] = {}
    for entry in record:
        parts = entry.split(" by ") if isinstance(entry, str) else list(entry)
        if not 1 <= len(parts) <= 2 or not all(isinstance(part, str) for part in parts):
            raise ScenarioError(f"record: {entry!r}: write 'sales', 'stock by role' or ('stock', 'role')")
        name, grouping = parts[0].strip(), (parts[1].strip() if len(parts) > 1 else "overall")
        if name not in _STATE:
            near = get_close_matches(name, _STATE, 3) or sorted(_STATE)
            raise ScenarioError(
                f"record: {name!r} is not a column of the state; admissible: {', '.join(near)}"
            )
        table = _STATE[name].table
        if table == _REVIEWED:
            raise ScenarioError(f"record: {name!r} is kept at every review: read Result.relationships")
        admissible = [g for g in GROUPINGS if knows(table, g)] + _ROWS.get(table, [])
        if grouping not in admissible:
            raise ScenarioError(f"record: {name!r} by {grouping!r}: admissible: {', '.join(admissible)}")
        shelves = table == "holdings" and grouping not in (*STAGES, "holding")
        found[Request(name, grouping, shelves)] = None
    return tuple(found)


def row_labels(grouping: str, channel: Channel) -> tuple[str, ...]:
    """Return the names of the rows of a table that keeps every row."""
    if grouping == "member":
        return tuple(channel.members.names)
    member, brand = channel.world.holdings_index[c.MEMBER], channel.world.holdings_index[c.BRAND]
    names = [b.name for b in channel.scenario.brands]
    return tuple(f"{channel.members.names[m]} · {names[b]}" for m, b in zip(member, brand))


def trajectory_table(
    requests: tuple[Request, ...], channel: Channel, groupings: Groupings
) -> tuple[Integers, Integers, int]:
    """Return the kernel's request table, its grouping rows, and the number of output positions."""
    sizes = channel.sizes
    rows = max(sizes.holdings, sizes.members, sizes.links, sizes.territories)
    table = np.zeros((len(requests), 4), dtype=np.int64)
    groups = np.full((max(len(requests), 1), rows), -1, dtype=np.int64)
    start = 0
    for i, request in enumerate(requests):
        name = column(request.column).table
        if request.grouping in ("member", "holding"):
            of_members = request.grouping == "member"
            built = channel.members.built_row if of_members else channel.built_holding
            groups[i, : len(built)] = built
            count = channel.built_sizes.members if of_members else channel.built_sizes.holdings
        else:
            labels = groupings.rows[name, request.grouping]
            groups[i, : len(labels)] = labels
            count = len(groupings.labels[request.grouping])
            if request.shelves:
                groups[i, : channel.first_shelf] = -1
        table[i] = TABLE_CODES.index(name), position(request.column), i, start
        start += count
    return table, groups, start
