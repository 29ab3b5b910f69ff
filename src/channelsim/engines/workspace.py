"""What a run records, and the arrays in which one thread runs replications."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from channelsim import columns as c
from channelsim.codes import ROLES
from channelsim.engines.groupings import Groupings
from channelsim.engines.relationship_sums import RelationshipSums, check_measured, recorded_columns
from channelsim.engines.reviews import Related
from channelsim.engines.trajectories import Request, read_requests, trajectory_table
from channelsim.kernels import kernels
from channelsim.mechanisms.recording import Records
from channelsim.metrics import OF_DIVERSION, OF_PRICE_REVIEWS, TABLES, columns_needed
from channelsim.reduction import Reduction
from channelsim.schema import position
from channelsim.state_layout import new_state, new_table
from channelsim.tables import Draws, Floats, Integers, Terms
from channelsim.ties import power_room
from channelsim.world import Channel

DRAWS_A_BLOCK = 1024
"""Numbers drawn at a time: enough to vectorise, few enough to stay in the first-level cache."""
REVIEWED = ("vertical_nash", "leader", "negotiated")
"""Price rules of suppliers whose reviews may find no rest."""
DERIVED = ("order_variance", "demand_variance", "listed", "presence", "weighted_presence")
OUTLETS = ("active", "store_weeks", "store_revenue", "store_profit", "viable_weeks")
_SPREAD = {"order_variance": "order", "demand_variance": "demand"}


@dataclass(frozen=True)
class Recording:
    """What a run records: columns by table, and trajectories."""

    holdings: tuple[str, ...]
    spread: tuple[str, ...]
    members: tuple[str, ...]
    links: tuple[str, ...]
    territories: tuple[str, ...]
    structural: tuple[str, ...]
    requests: tuple[Request, ...]
    incentives: tuple[str, ...] = ()
    relationships: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, metrics: Iterable[str] | None, record: Sequence[Any], channel: Channel) -> Recording:
        """Return what the metrics and trajectories asked for need; None: all metrics that there are.

        Raises
        ------
        ScenarioError
            If a metric asked for by name, or a trajectory, does not exist in the scenario.
        """
        names = None if metrics is None else tuple([metrics] if isinstance(metrics, str) else metrics)
        needed = columns_needed(names)
        check_measured(names or (), channel.scenario)
        asked = {*needed.get("holdings", ()), *needed.get("shelves", ())}
        asked |= {summed for name, summed in _SPREAD.items() if name in asked}
        if not channel.scenario.diversion.active:
            asked -= {*OF_DIVERSION}
        if not any(g.pricing.rule in REVIEWED for g in channel.scenario.members):
            asked -= {*OF_PRICE_REVIEWS}
        sums = [
            n
            for n in TABLES["holdings"]
            if n in asked and n not in DERIVED and n not in ("revenue", "stockout")
        ]
        spread = tuple(n for n in _SPREAD if n in asked)
        flows = {*needed.get("incentives", ()), *needed.get("incentives_of_suppliers", ())}
        members = tuple(n for n in needed.get("members", ()) if n not in OUTLETS and n != "profit")
        return cls(
            ("revenue", "stockout", *sums),
            spread,
            ("profit", *members),
            needed.get("links", ()),
            needed.get("territories", ()),
            needed.get("structural", ()),
            read_requests(record, channel),
            tuple(n for n in TABLES["incentives"] if n in flows),
            recorded_columns(needed, channel.scenario),
        )

    @property
    def holding_columns(self) -> tuple[str, ...]:
        """Columns of the holdings' totals, in order."""
        return (*self.holdings, *self.spread, "listed", "presence", "weighted_presence")

    @property
    def member_columns(self) -> tuple[str, ...]:
        """Columns of the members' totals, in order."""
        return (*self.members, *OUTLETS)


def _positions(names: Iterable[str]) -> Integers:
    return np.array([position(n) for n in names], dtype=np.int64)


def _spread_columns(recording: Recording) -> Integers:
    """Return (2, columns) the columns whose variance is kept, and the rows that hold their sums."""
    names = [_SPREAD[n] for n in recording.spread]
    rows = [recording.holdings.index(n) for n in names]
    return np.array([_positions(names), rows], dtype=np.int64).reshape(2, len(names))


class Workspace:
    """The arrays in which one thread runs replications of a channel."""

    def __init__(
        self,
        channel: Channel,
        recording: Recording,
        groupings: Groupings,
        replications: int,
        related: Related | None = None,
    ) -> None:
        sizes, weeks = channel.sizes, channel.scenario.weeks
        self.state = new_state(sizes)
        self.draws = _draws(channel)
        self.power_room = power_room(channel)
        related = related or Related.of(channel)
        self._label = related.label[channel.built_relationship] if related.reviews else related.label
        self._kept = _positions(c.name for c in related.columns)
        self._reviews = np.full(
            (replications, related.reviews, len(related.columns), len(related.names)), np.nan
        )
        self._means = np.zeros((len(related.columns) + 2, len(related.names)))
        self._related = RelationshipSums(channel, recording.relationships, groupings, replications)
        requests, groups, width = trajectory_table(recording.requests, channel, groupings)
        holdings, members = len(recording.holding_columns), len(recording.member_columns)
        links = len(recording.links)
        self.records = Records(
            holding_columns=_positions(recording.holdings),
            holding_sums=new_table(len(recording.holdings), sizes.holdings, channel.first_shelf),
            spread_columns=_spread_columns(recording),
            spread=new_table(2 * max(1, len(recording.spread)), sizes.holdings, channel.first_shelf),
            member_columns=_positions(recording.members),
            member_sums=np.zeros((len(recording.members), sizes.members)),
            link_columns=_positions(recording.links),
            link_sums=np.zeros((links, sizes.links)),
            territory_columns=_positions(recording.territories),
            territory_sums=np.zeros((len(recording.territories), sizes.territories)),
            incentive_columns=_positions(recording.incentives),
            incentive_sums=np.zeros((len(recording.incentives), sizes.incentives)),
            requests=requests,
            groups=groups,
            trajectories=np.zeros((weeks if len(requests) else 0, width)),
        )
        shelf = np.arange(sizes.holdings) >= channel.first_shelf
        every_holding, every_member = np.ones(sizes.holdings, dtype=bool), np.ones(sizes.members, dtype=bool)
        holding_cell, holding_groups = groupings.cells("holdings", every_holding, shelf)
        member_cell, member_groups = groupings.cells("members", every_member)
        link_cell, link_groups = groupings.cells("links", manufacturer_links(channel))
        incentive_cell, (paid_groups, received_groups) = _incentive_cells(groupings, sizes.incentives)
        incentives, most = (
            len(recording.incentives),
            max(paid_groups.shape[1], received_groups.shape[1]),
        )
        self.reduction = Reduction(
            holding_cell=holding_cell,
            holding_rows=np.zeros((holdings, sizes.holdings)),
            holding_cells=np.zeros((holdings, holding_groups.shape[1])),
            holding_groups=holding_groups,
            holding_out=np.zeros((replications, holdings, 2 * groupings.width("holdings"))),
            member_cell=member_cell,
            member_rows=np.zeros((members, sizes.members)),
            member_cells=np.zeros((members, member_groups.shape[1])),
            member_groups=member_groups,
            member_out=np.zeros((replications, members, groupings.width("members"))),
            link_cell=link_cell,
            link_rows=np.zeros((links, sizes.links)),
            link_cells=np.zeros((links, link_groups.shape[1])),
            link_groups=link_groups,
            link_out=np.zeros((replications, links, groupings.width("links"))),
            territory_out=np.zeros((replications, len(recording.territories), sizes.territories)),
            incentive_rows=np.zeros((incentives, sizes.incentives)),
            incentive_cell=incentive_cell,
            incentive_cells=np.zeros((incentives, most)),
            paid_groups=paid_groups,
            received_groups=received_groups,
            paid_out=np.zeros((replications, incentives, groupings.width("incentives_of_suppliers"))),
            received_out=np.zeros((replications, incentives, groupings.width("incentives"))),
            trajectories_out=np.zeros((replications, weeks if len(requests) else 0, width)),
        )

    def keep_review(self, output: int, review: int, terms: Terms) -> None:
        """Keep what a review of power has found."""
        means = self._means
        kernels().mean_by_label(self.state.relationships, self._kept, self._label, means)
        self._reviews[output, review] = means[: self._kept.size]
        self._related.add(output, review, self.state.relationships, terms)

    def outputs(self, count: int) -> dict[str, Floats]:
        """Return copies of the outputs of the first replications."""
        r = self.reduction
        arrays = {
            "holdings": r.holding_out,
            "members": r.member_out,
            "links": r.link_out,
            "territories": r.territory_out,
            "incentives": r.received_out,
            "incentives_of_suppliers": r.paid_out,
            "trajectories": r.trajectories_out,
            "relationships": self._reviews,
            **self._related.out,
        }
        return {name: values[:count].copy() for name, values in arrays.items()}


def _incentive_cells(groupings: Groupings, links: int) -> tuple[Integers, list[Integers]]:
    """Return the cell of every link by its supplier and by its buyer, and the groups of both sorts of cells.

    Without incentives there are no rows, and no cells.
    """
    tables = ("incentives_of_suppliers", "incentives")
    if not links:
        none = [np.zeros((len(groupings.positions(table)[0]), 0), dtype=np.int64) for table in tables]
        return np.zeros((2, 0), dtype=np.int64), none
    found = [groupings.cells(table, np.ones(links, dtype=bool)) for table in tables]
    cells = max(groups.shape[1] for _, groups in found)
    groups = [np.pad(g, ((0, 0), (0, cells - g.shape[1])), constant_values=-1) for _, g in found]
    return np.stack([cell for cell, _ in found]), groups


def manufacturer_links(channel: Channel) -> np.ndarray:
    """Return which links a manufacturer supplies."""
    member = channel.world.holdings_index[c.MEMBER, channel.world.links_index[c.SUPPLIER_HOLDING]]
    return np.asarray(channel.members.role[member] == ROLES.index("manufacturer"))


def _draws(channel: Channel) -> Draws:
    """Return the draw buffers of a channel: blocks of whole Philox outputs, as wide as the world."""
    sizes, demand = channel.sizes, channel.scenario.demand

    def block(rows: int) -> int:
        return 4 * max(1, min(-(-DRAWS_A_BLOCK // (4 * max(rows, 1))), -(-channel.scenario.weeks // 4)))

    shelf = (block(sizes.shelves), sizes.shelves) if demand.noise != "none" else (4, 1)
    market = (
        (block(sizes.territories), sizes.territories)
        if demand.shock_deviation > 0
        else (4, sizes.territories)
    )
    return Draws(np.zeros(shelf), np.zeros(market), np.zeros((2, DRAWS_A_BLOCK)))
