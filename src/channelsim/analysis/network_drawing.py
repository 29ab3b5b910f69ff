"""Drawing of a channel: its groups tier by tier, and the members of one territory as a sample.

A network of thousands of stores says nothing when every store is a dot. Groups are boxes, with the
number of their members; the lines between them are contracts. Beside them stand the members of a single
territory with the links on which they order, or all members where the channel is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim import columns as c
from channelsim.analysis import style
from channelsim.codes import ROLES
from channelsim.metrics import check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.world import Channel

SMALL = 40
"""Members up to which all of a channel are drawn."""


def network(channel: Channel, territory: str | None = None) -> Figure:
    """Draw the structure of a channel at the scenario's own density.

    Parameters
    ----------
    channel : Channel
    territory : str, optional
        Whose members are drawn one by one; default the one with the median number of stores. Channels of
        at most 40 members are drawn in full.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ResultError
        If there is no such territory.
    """
    names = channel.territories.names
    if territory is not None:
        check_name("territory", territory, names)
    active = base_members(channel)
    shown, whose = _sample(channel, active, territory)
    layers = max(_layers(channel).values()) + 1
    tallest = max(list(_layers(channel).values()).count(k) for k in range(layers))
    height = max(3.8 if shown.sum() <= 12 and tallest == 1 else 6.0, 1.35 * tallest + 2.2)
    width = 2.15 * (layers + 1)
    with style.house_style():
        figure = style.new_figure(width + 5.8, height)
        left, right = figure.subplots(1, 2, width_ratios=(width, 5.8))
        _draw_groups(left, channel, active)
        _draw_members(right, channel, shown, whose)
        title = channel.scenario.title or channel.scenario.name
        figure.suptitle(title, x=0.01, ha="left", fontsize=18, fontweight="bold")
    return figure


def base_members(channel: Channel) -> np.ndarray:
    """Return which members are active at the scenario's own density; bool, shape (members,).

    A member without a supplier in reach would be inactive too; that is left to `Channel.apply`.
    """
    members, active = channel.members, np.zeros(channel.sizes.members, dtype=bool)
    for g, group in enumerate(channel.scenario.members):
        counts = np.floor(members.base_counts[group.name] + 0.5)
        rows = members.group == g
        territory = np.minimum(np.maximum(members.territory[rows], 0), len(counts) - 1)
        active[rows] = members.slot[rows] < counts[territory]
    return active


def _layers(channel: Channel) -> dict[str, int]:
    """Return the tier of each group that has members."""
    found = {}
    for g, group in enumerate(channel.scenario.members):
        rows = np.flatnonzero(channel.members.group == g)
        if len(rows):
            found[group.name] = int(channel.members.tier[rows[0]])
    return found


def _colour(role: str) -> str:
    return style.ROLE_COLOURS.get(role, style.MUTED)


def _wrapped(name: str, width: int = 17) -> str:
    from textwrap import wrap

    return "\n".join(wrap(name, width, max_lines=2, placeholder="…"))


def _draw_groups(axes: Any, channel: Channel, active: np.ndarray) -> None:
    scenario, layers = channel.scenario, _layers(channel)
    deepest = max(layers.values())
    place = {}
    for layer in range(deepest + 1):
        here = [name for name, k in layers.items() if k == layer]
        for i, name in enumerate(here):
            place[name] = (float(layer), 0.0 if len(here) == 1 else 1.0 - 2.0 * i / (len(here) - 1))
    half_width, half_height = (
        0.4,
        min(0.34, 0.8 / max(list(layers.values()).count(k) for k in layers.values())),
    )
    role_of = {g.name: g.role for g in scenario.members}
    for supplier, buyer in dict.fromkeys((k.supplier, k.buyer) for k in scenario.contracts):
        if supplier in place and buyer in place:
            (x0, y0), (x1, y1) = place[supplier], place[buyer]
            # A line that passes a tier bends, so that it does not seem to come from the box that hides it.
            bend = 0.0 if x1 - x0 < 1.5 else -0.22 if y0 > 0 else 0.22
            axes.annotate(
                "", (x1 - half_width, y1), xytext=(x0 + half_width, y0), zorder=1,
                arrowprops={
                    "arrowstyle": "-|>", "color": _colour(role_of[supplier]), "linewidth": 1.6, "shrinkA": 0,
                    "shrinkB": 0, "connectionstyle": f"arc3,rad={bend}", "mutation_scale": 14,
                },
            )  # fmt: skip
    consumers = deepest + 1.0
    buyers = float(channel.territories.values["buyers"].sum())
    for g, group in enumerate(scenario.members):
        if group.name not in place:
            continue
        rows = channel.members.group == g
        number, built = int((rows & active).sum()), int(rows.sum())
        role = group.role.replace("_", " ") + ("" if number == 1 else "s")
        text = f"{_wrapped(group.name)}\n{number:,} {role}" + (
            f"\n(room for {built:,})" if built > number else ""
        )
        _box(axes, place[group.name], half_width, half_height, text, _colour(group.role))
        if group.sells_to_consumers:
            (x, y), end = place[group.name], consumers - half_width
            axes.plot([x + half_width, end], [y, 0.0], color=style.FAINT, linewidth=1.5, zorder=0)
    count = len(channel.territories.names)
    where = channel.territories.names[0] if count == 1 else f"{count:,} territories"
    known = "" if scenario.demand.system != "logit" else f"\n{buyers:,.0f} buyers\na week in"
    _box(
        axes,
        (consumers, 0.0),
        half_width,
        max(half_height, 0.3),
        f"consumers{known}\n{_wrapped(where, 20)}",
        style.MUTED,
    )
    for layer, name in enumerate([*channel.tier_names, "market"]):
        axes.annotate(name, (layer, 1.5), ha="center", fontsize=13, color=style.MUTED, fontweight="bold")
    axes.set_xlim(-0.42, consumers + 0.42)
    axes.set_ylim(-1.45, 1.65)
    axes.set_axis_off()
    axes.set_title("Groups and contracts", fontsize=14)


def _box(
    axes: Any, at: tuple[float, float], half_width: float, half_height: float, text: str, colour: str
) -> None:
    from matplotlib.patches import FancyBboxPatch

    pad = 0.03
    corner = (at[0] - half_width + pad, at[1] - half_height + pad)
    box = FancyBboxPatch(
        corner, 2 * (half_width - pad), 2 * (half_height - pad), boxstyle=f"round,pad={pad}",
        facecolor="white", edgecolor=colour, linewidth=2.5, zorder=2,
    )  # fmt: skip
    axes.add_patch(box)
    axes.annotate(text, at, ha="center", va="center", fontsize=11.5, zorder=3, linespacing=1.2)


def _sample(channel: Channel, active: np.ndarray, territory: str | None) -> tuple[np.ndarray, str]:
    """Return the members to draw one by one, bool (members,), and how to call them."""
    members, names = channel.members, channel.territories.names
    if territory is None and int(active.sum()) <= SMALL:
        return active, "All members"
    stores = active & (members.tier == channel.tiers - 1)
    if territory is None:
        count = np.bincount(members.territory[stores], minlength=len(names))
        with_stores = np.flatnonzero(count)
        chosen = int(with_stores[np.argsort(count[with_stores], kind="stable")[len(with_stores) // 2]])
    else:
        chosen = names.index(territory)
    shown = active & (members.territory == chosen)
    supplier, buyer, open_link = _ordering_links(channel, active)
    for _ in range(channel.tiers):  # their suppliers elsewhere, tier by tier
        shown[supplier[open_link & shown[buyer]]] = True
    return shown, f"{names[chosen]}, as a sample"


def _ordering_links(channel: Channel, active: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return supplying and buying member of every link, and whether it is the buyer's first open one."""
    index, of_holding = channel.world.links_index, channel.world.holdings_index[c.MEMBER]
    supplier, buyer = of_holding[index[c.SUPPLIER_HOLDING]], of_holding[index[c.BUYER_HOLDING]]
    usable = np.flatnonzero(active[supplier] & active[buyer])
    order = usable[np.lexsort((index[c.RANK, usable], index[c.BUYER_HOLDING, usable]))]
    _, first = np.unique(index[c.BUYER_HOLDING, order], return_index=True)
    source = np.zeros(len(supplier), dtype=bool)
    source[order[first]] = True
    return supplier, buyer, source


def _short_name(channel: Channel, member: int) -> str:
    """Return a member's name without its territory, unless that is all it has."""
    territory = channel.members.territory[member]
    name = channel.members.names[member]
    return name if territory < 0 else name.replace(f" {channel.territories.names[territory]}", "", 1)


def _draw_members(axes: Any, channel: Channel, shown: np.ndarray, whose: str) -> None:
    members = channel.members
    supplier, buyer, source = _ordering_links(channel, shown)
    place = np.zeros((channel.sizes.members, 2))
    tallest = max(int((shown & (members.tier == t)).sum()) for t in range(channel.tiers))
    for tier in range(channel.tiers):
        rows = np.flatnonzero(shown & (members.tier == tier))
        place[rows, 0] = tier
        place[rows, 1] = np.linspace(1, -1, len(rows)) if len(rows) > 1 else 0.0
    pairs = np.unique(np.stack([supplier[source], buyer[source]], axis=1), axis=0)
    for s, b in pairs:
        axes.plot(place[[s, b], 0], place[[s, b], 1], color=style.MUTED, linewidth=0.8, alpha=0.6, zorder=1)
    for role in range(len(ROLES)):
        rows = shown & (members.role == role)
        if rows.any():
            size = max(16.0, min(150.0, 2600.0 / tallest))
            axes.scatter(
                place[rows, 0],
                place[rows, 1],
                s=size,
                color=_colour(ROLES[role]),
                edgecolor="white",
                zorder=2,
            )
    last = channel.tiers - 1
    for tier in range(channel.tiers):
        rows = np.flatnonzero(shown & (members.tier == tier))
        if len(rows) <= 14:
            labels = [(place[m, 1], _short_name(channel, int(m))) for m in rows]
        else:  # a name per group, in the middle of its members
            groups = np.unique(members.group[rows])
            labels = []
            for g in groups:
                of_group = rows[members.group[rows] == g]
                name = f"{channel.scenario.members[g].name} ({len(of_group)})"
                labels.append((place[of_group, 1].mean(), name))
        for y, name in labels:
            side, shift = ("left", 9) if tier == last else ("right", -9) if tier == 0 else ("center", 0)
            axes.annotate(
                style.shorten(name, 26), (tier, y), xytext=(shift, 0 if shift else 9),
                textcoords="offset points", ha=side, va="center" if shift else "bottom", fontsize=11,
                zorder=3, bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
    axes.set_xlim(-0.75, last + 0.95)
    axes.set_ylim(-1.12, 1.12)
    axes.set_axis_off()
    axes.set_title(f"{whose}: who orders from whom", fontsize=14)
