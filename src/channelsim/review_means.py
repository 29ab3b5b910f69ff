"""What is kept of a review of power: the mean of every column over the relationships of each label."""

from __future__ import annotations

from math import nan

from channelsim.columns import ENDED, SALES_SHARE_OF_BUYER, SALES_SHARE_OF_SUPPLIER
from channelsim.compiled import rule
from channelsim.tables import Floats, Integers


@rule
def mean_by_label(rows: Floats, kept: Integers, label: Integers, out: Floats) -> None:
    """Write the mean of every column over the relationships of each label that are in use (NaN: none is).

    Those that have ended count where it is asked how many have.

    Parameters
    ----------
    rows : array (columns, relationships)
        The relationships of the state.
    kept : array (kept columns,)
        Rows of the state.
    label : array (relationships,)
    out : array (kept columns + 2, labels)
        The last two rows are scratch: how many are in use, and how many are or have ended.
    """
    count = kept.size
    in_use, ever = out[count], out[count + 1]
    out[:] = 0.0
    for r in range(label.size):
        used = max(rows[SALES_SHARE_OF_SUPPLIER, r], rows[SALES_SHARE_OF_BUYER, r]) > 0.0
        place = label[r]
        if used:
            in_use[place] += 1.0
            for k in range(count):
                out[k, place] += rows[kept[k], r]
        if used or rows[ENDED, r] > 0.0:
            ever[place] += 1.0
            if not used:
                for k in range(count):
                    out[k, place] += rows[kept[k], r] if kept[k] == ENDED else 0.0
    for k in range(count):
        of = ever if kept[k] == ENDED else in_use
        for place in range(out.shape[1]):
            out[k, place] = out[k, place] / of[place] if of[place] > 0.0 else nan
