"""Sums over the reviews of power of what firms feel and how far they depend, by who buys and by who supplies.

Metrics of satisfaction, trust, commitment, conflict and dependence are means over the reviews after the
warm-up and over the relationships in use at them, each counted once, whatever goes through it; one that has
ended counts no more. A relationship is one of firms, so it bears every label that a buying (a supplying)
member of it bears on a link on which the policy has it order: a chain's counts in each of its territories,
and once overall.

They exist only where the scenario has them measured: dependence with ``power.measured``, the rest with
``relations.active``. What does not exist is not recorded, and refused when it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from channelsim import columns as c
from channelsim.engines.groupings import Groupings
from channelsim.errors import ScenarioError
from channelsim.metrics import METRICS, OF_RELATIONSHIPS, select_metrics
from channelsim.schema import column, position
from channelsim.tables import Floats, Integers, Terms

if TYPE_CHECKING:
    from channelsim.scenario import Scenario
    from channelsim.world import Channel

COUNT = "reviewed"
"""Column that counts: relationships in use, summed over reviews."""
_DOES = {"relationships_of_buyers": "buys", "relationships_of_suppliers": "supplies"}


def first_review(scenario: Scenario) -> int:
    """Return the number of the first review after the warm-up."""
    return -(-scenario.warm_up_weeks // scenario.review_weeks)


def lacking(name: str, scenario: Scenario) -> str:
    """Return why a column of the relationships is not to be had in a scenario, in words; "" if it is."""
    measured, active = scenario.power.measured, scenario.relations.active
    if name != COUNT and column(name).writer != "dependence" and not active:
        power = "" if measured else "power.measured = true and "
        return f"feelings between firms exist only where relations move: set {power}relations.active = true"
    if not measured:
        return "dependence exists only where it is measured: set power.measured = true"
    if first_review(scenario) * scenario.review_weeks >= scenario.weeks:
        return (
            f"no review falls after the warm-up: reviews come every {scenario.review_weeks} weeks "
            f"(review_weeks), and of {scenario.weeks} weeks {scenario.warm_up_weeks} are warm-up"
        )
    return ""


def recorded_columns(needed: Mapping[str, tuple[str, ...]], scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Return those of the columns needed, by table, that a scenario has."""
    found = {}
    for table in OF_RELATIONSHIPS:
        names = tuple(n for n in needed.get(table, ()) if not lacking(n, scenario))
        found[table] = names if names != (COUNT,) else ()
    return found


def check_measured(metrics: Iterable[str], scenario: Scenario) -> None:
    """Refuse metrics of relationships that a scenario does not measure.

    Raises
    ------
    ScenarioError
        One line: the metric, and what switches it on.
    ResultError
        If a metric is unknown.
    """
    for metric in select_metrics(metrics):
        reads = sorted(metric.reads(metric.groupings[0]), key=lambda read: (read[1] == COUNT, *read))
        for table, name, _ in reads:
            why = lacking(name, scenario) if table in OF_RELATIONSHIPS else ""
            if why:
                raise ScenarioError(f"metric {metric.name!r}: {why}")


def check_borne(metric: str, grouping: str, label: str, channel: Channel) -> None:
    """Refuse a label that no relationship bears, so that the metric would never be defined.

    Parameters
    ----------
    metric, grouping : str
    label : str
        "*" for every label of the grouping.

    Raises
    ------
    ScenarioError
        One line with the labels that are borne.
    """
    table = METRICS[metric].table
    if table not in OF_RELATIONSHIPS:
        return
    groupings = Groupings.of(channel)
    names, rows = groupings.labels[grouping], groupings.rows[table, grouping]
    borne = [name for k, name in enumerate(names) if (rows == k).any()]
    without = [name for name in (names if label == "*" else (label,)) if name not in borne]
    if without:
        raise ScenarioError(
            f"{metric} by {grouping}: nobody of {without[0]!r} {_DOES[table]} within the channel; "
            f"admissible: {', '.join(borne)}"
        )


class RelationshipSums:
    """Adds up columns of the relationships, review by review, in one workspace.

    Parameters
    ----------
    channel : Channel
        As it runs.
    columns : dict of str to tuple of str
        Columns by table; see `recorded_columns`.
    groupings : Groupings
        Of the same channel.
    replications : int

    Attributes
    ----------
    out : dict of str to array (replications, columns, labels of all groupings)
    """

    def __init__(
        self,
        channel: Channel,
        columns: Mapping[str, tuple[str, ...]],
        groupings: Groupings,
        replications: int,
    ) -> None:
        self._channel, self._columns, self._groupings = channel, columns, groupings
        self._first = first_review(channel.scenario)
        self._borne: dict[str, tuple[Integers, Integers]] = {}
        self.out = {
            table: np.zeros((replications, len(columns.get(table, ())), groupings.width(table)))
            for table in OF_RELATIONSHIPS
        }

    def add(self, output: int, review: int, rows: Floats, terms: Terms) -> None:
        """Add what a review has found; the first review of a replication starts from nothing.

        Parameters
        ----------
        output, review : int
            Position of the replication; number of the review.
        rows : array (columns, relationships)
            The relationships of the state.
        terms : Terms
            Say on which links buyers order; they stay the same for a run.
        """
        for table, names in self._columns.items():
            if not names:
                continue
            out = self.out[table][output]
            if review == 0:
                out[:] = 0.0
            if review < self._first:
                continue
            if table not in self._borne:
                self._borne[table] = self._labels(table, terms.links[c.LINK_ACTIVE] > 0.0)
            relationship, place = self._borne[table]
            used = np.maximum(rows[c.SALES_SHARE_OF_SUPPLIER], rows[c.SALES_SHARE_OF_BUYER]) > 0.0
            kept = used[relationship]
            relationship, place = relationship[kept], place[kept]
            for k, name in enumerate(names):
                values = None if name == COUNT else rows[position(name)][relationship]
                out[k] += np.bincount(place, values, out.shape[1])

    def _labels(self, table: str, ordering: np.ndarray) -> tuple[Integers, Integers]:
        """Return (relationship, position among the labels of all groupings) of every label that is borne."""
        known, where = self._groupings.positions(table)
        relationship = self._channel.world.links_index[c.RELATIONSHIP, ordering]
        borne = np.zeros((self._groupings.width(table), self._channel.sizes.relationships), dtype=bool)
        for grouping in known:
            label = self._groupings.rows[table, grouping][ordering]
            has = label >= 0  # national members have no territory
            borne[where[grouping].start + label[has], relationship[has]] = True
        place, row = np.nonzero(borne)
        return row, place
