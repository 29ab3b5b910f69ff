"""Totals of a single week: a column of the state, added up over the rows that bear given labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from channelsim.engines.trajectories import STAGES
from channelsim.errors import ScenarioError
from channelsim.schema import COLUMNS, column, position

if TYPE_CHECKING:
    from channelsim.engines.groupings import Groupings
    from channelsim.tables import State

STATE_COLUMNS = tuple(k.name for k in COLUMNS if k.home == "state")
"""Columns that have a total."""


class WeekTotals:
    """Adds up columns of a state as it stands; which rows bear which labels is looked up once.

    Parameters
    ----------
    groupings : Groupings
    state : State
    first_shelf : int
        First row of the holdings that is a store's shelf.
    """

    def __init__(self, groupings: Groupings, state: State, first_shelf: int) -> None:
        self._groupings, self._state, self._first_shelf = groupings, state, first_shelf
        self._masks: dict[tuple[str, ...], np.ndarray] = {}

    def total(self, name: str, labels: dict[str, str]) -> float:
        """Return the sum of a column over the rows that bear all the labels, by grouping.

        Raises
        ------
        ScenarioError
            If the column or a label is unknown.
        """
        if name not in STATE_COLUMNS:
            raise ScenarioError(f"total: {name!r} is not a column of the state: {', '.join(STATE_COLUMNS)}")
        table = column(name).table
        key = (table, *(f"{grouping}={label}" for grouping, label in labels.items()))
        if key not in self._masks:
            self._masks[key] = self._mask(table, labels)
        values = getattr(self._state, table)[position(name)][self._masks[key]]
        # One by one, as the batch engine adds up its trajectories: equal to the last bit.
        return float(np.add.accumulate(values)[-1]) if values.size else 0.0

    def _mask(self, table: str, labels: dict[str, str]) -> np.ndarray:
        mask = np.ones(getattr(self._state, table).shape[1], dtype=bool)
        if table == "holdings" and not set(labels) & set(STAGES):
            mask[: self._first_shelf] = False
        for grouping, label in labels.items():
            if (table, grouping) not in self._groupings.rows:
                raise ScenarioError(f"total: rows of the {table} have no {grouping}")
            known = self._groupings.labels[grouping]
            if label not in known:
                raise ScenarioError(f"total: {grouping} = {label!r}: admissible: {', '.join(known)}")
            rows = self._groupings.rows[table, grouping][: mask.size]  # incentives: none without any
            mask &= rows == known.index(label)
        return mask
