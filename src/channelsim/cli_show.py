"""What ``channelsim show`` tells: who is in a channel, on which contracts, and the order of its week."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channelsim.scenario import Scenario
    from channelsim.world import Channel


def show_told(scenario: Scenario, out: Path | None) -> str:
    """Return tables of groups, contracts and brands, and the page of the week; with a folder a picture too.

    Raises
    ------
    OutputError
        If the folder holds other files, or cannot be written.
    """
    from channelsim.analysis import printing
    from channelsim.engines.compilation import compile_ahead
    from channelsim.planning import week_page
    from channelsim.world import build

    channel = build(scenario)
    compile_ahead(scenario)
    tables = {
        "groups": (*printing.group_rows(channel), [3, 4]),
        "contracts": (*printing.contract_rows(channel), [3, 4, 5, 6, 7, 8]),
        "brands": (*printing.brand_rows(channel), [2]),
    }
    page = week_page(channel, channel.apply())
    if out is not None:
        _write_show(out, channel, {name: (heads, rows) for name, (heads, rows, _) in tables.items()}, page)
    parts = [": ".join(filter(None, (scenario.name, scenario.title)))]
    if scenario.description:
        from textwrap import fill

        parts += ["", fill(" ".join(scenario.description.split()), 100)]
    for name, (heads, rows, right) in tables.items():
        parts += ["", name.upper(), "", printing.text_table(heads, rows, right)]
    parts += ["", "THE WEEK", "", page, ""]
    parts.append(
        "add --out DIR for a picture of the network" if out is None else f"written: {out / 'network.png'}"
    )
    return "\n".join(parts)


def _write_show(
    out: Path, channel: Channel, tables: dict[str, tuple[list[str], list[list[object]]]], page: str
) -> None:
    import csv
    from io import StringIO

    from channelsim.analysis import plots, style
    from channelsim.analysis.folders import whole_folder

    picture = style.save_bytes(plots.network(channel), "png")
    with whole_folder(out) as folder:
        (folder / "network.png").write_bytes(picture)
        (folder / "week.txt").write_text(page + "\n", encoding="utf-8")
        for name, (heads, rows) in tables.items():
            stream = StringIO()
            csv.writer(stream, lineterminator="\n").writerows([heads, *rows])
            (folder / f"{name}.csv").write_text(stream.getvalue(), encoding="utf-8")
