"""The report of a run: one HTML file that needs nothing else, and the same in Markdown with pictures.

It is written from the result and its channel alone, holds no date and no machine, and is the same byte
for byte when it is made again with the same libraries.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import numpy as np

from channelsim.analysis import plots, style
from channelsim.analysis.folders import whole_folder
from channelsim.analysis.headlines import best_policy, headlines
from channelsim.analysis.measures import Measure, focal_brand, headline_measures
from channelsim.metrics import check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result
    from channelsim.world import Channel


@dataclass(frozen=True)
class Cell:
    """A number of the table of policies: its text, its interval, and whether it is above or below the base."""

    text: str
    interval: str = ""
    sign: int = 0


@dataclass(frozen=True)
class Section:
    """A heading with text and figures: (name of the file, caption, figure)."""

    title: str
    text: str = ""
    table: tuple[list[tuple[str, str]], list[tuple[str, list[Cell]]]] | None = None
    figures: list[tuple[str, str, Figure]] = field(default_factory=list)


def write_report(
    result: Result,
    channel: Channel,
    out_dir: str | Path,
    base: str | None = None,
    title: str = "",
    command: str = "",
    currency: str = "money",
    remarks: Sequence[str] = (),
    notes: Sequence[str] = (),
    level: float = 0.95,
) -> Path:
    """Write ``report.html``, ``report.md`` and the figures of the latter, whole or not at all.

    Parameters
    ----------
    result : Result
    channel : Channel
        The channel that was simulated.
    out_dir : str or Path
        A new or empty folder, or one that this function wrote.
    base : str, optional
        Policy that the others are compared with; default the first.
    title : str
        Default: the scenario's title.
    command : str
        The command that makes the result again; default: the call of `channelsim.simulate`.
    currency : str
        What "money" is called.
    remarks, notes : sequence of str
        Further sentences for the headlines, and for what was assumed.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Path
        Of the HTML file.

    Raises
    ------
    ResultError
        If the base policy is unknown.
    OutputError
        If the folder holds other files, or cannot be written.
    """
    made = report_files(result, channel, base, title, command, currency, remarks, notes, level)
    with whole_folder(out_dir) as folder:
        write_files(folder, made)
    return Path(out_dir) / "report.html"


def write_files(folder: Path, made: dict[str, bytes]) -> None:
    """Write files given by their path within a folder."""
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def report_files(
    result: Result,
    channel: Channel,
    base: str | None = None,
    title: str = "",
    command: str = "",
    currency: str = "money",
    remarks: Sequence[str] = (),
    notes: Sequence[str] = (),
    level: float = 0.95,
) -> dict[str, bytes]:
    """Return the files of a report by name; see `write_report`."""
    base = result.policies[0] if base is None else base
    check_name("policy", base, result.policies)
    scenario = channel.scenario
    title = title or scenario.title or scenario.name
    said = [*headlines(result, base, level, currency), *remarks]
    sections = _sections(result, channel, base, level, currency)
    lead = (
        f"{_counted(len(result.policies), 'policy', 'policies')} × {_counted(result.replications, 'replication')} on common "
        f"random numbers; metrics over {_counted(result.weeks, 'week')} after a warm-up of {scenario.warm_up_weeks}."
    )
    facts = _provenance(result)
    command = command or _call(result)
    parts = (title, lead, said, sections, [*notes, *_assumptions(channel)], facts, command)
    made = {"report.html": _html(*parts).encode(), "report.md": _markdown(*parts).encode()}
    for section in sections:
        for name, _, figure in section.figures:
            made[f"figures/{name}.png"] = style.save_bytes(figure, "png")
    return made


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _call(result: Result) -> str:
    scenario = result.provenance.get("scenario", {}).get("name", "scenario")
    number, seed = result.replications, result.provenance.get("seed")
    return f"channelsim run {scenario} --replications {number} --seed {seed}"


def _sections(result: Result, channel: Channel, base: str, level: float, currency: str) -> list[Section]:
    several = len(result.policies) > 1
    best = best_policy(result, base, level)[0]
    found = []
    if several:
        note = (
            f"First line: the level under the base policy. Then the change against it, paired replication by replication, "
            f"with its {100 * level:g} % interval. Intervals hold one by one, not all at once."
        )
        compared = plots.compare_policies(result, base=base, level=level, currency=currency)
        caption = "Filled points to the right of the line earn more than the base policy, to the left less."
        found.append(
            Section(
                "The policies compared",
                note,
                _table(result, base, level, currency),
                [("policies", caption, compared)],
            )
        )
    else:
        note = f"Mean of the replications with its {100 * level:g} % interval."
        found.append(Section("The policy", note, _table(result, base, level, currency)))
    split = plots.profit_split(result, currency=currency)
    found.append(
        Section(
            "Who earns the profit",
            figures=[
                ("profit_by_role", "Profit after operating and finance cost, by role in the channel.", split)
            ],
        )
    )
    margins = plots.margin_by_tier(result, level=level, currency=currency)
    caption = "What a tier keeps of a unit it sells, before operating cost; lines: interval of the mean."
    found.append(Section("Margin by tier", figures=[("margin_by_tier", caption, margins)]))
    weekly = _weekly(result, base, best, level, currency)
    if weekly:
        found.append(Section("Sell-through week by week", figures=weekly))
    if plots.has_map(channel):
        found.append(Section("The map", figures=_maps(result, channel, base, best, currency)))
    found.append(
        Section(
            "The channel",
            figures=[
                (
                    "network",
                    "Groups of members, their contracts, and a sample of who orders from whom.",
                    plots.network(channel),
                )
            ],
        )
    )
    return found


def _weekly(
    result: Result, base: str, best: str, level: float, currency: str
) -> list[tuple[str, str, Figure]]:
    """Return the weekly figures for which the result has recorded what they need."""
    known, brand = result.trajectories, focal_brand(result)
    found = []
    by_brand = "sales_by_brand" in known and 1 < known.sizes["brand"] <= 12
    name = "sales_by_brand" if by_brand else "sales" if "sales" in known else ""
    if not name:
        return []
    figure = plots.weekly(result, name, base, level=level, currency=currency)
    found.append(
        ("sell_through", f"Under “{base}”. The band shows how much single replications differ.", figure)
    )
    shown = [best] if best != base else []
    if len(result.policies) <= 5:
        shown = [p for p in result.policies if p != base]
    if shown:
        labels = brand if by_brand else None
        figure = plots.weekly(result, name, shown, labels, base, level, currency=currency)
        caption = "Change against the base policy in the same week of the same replication: how fast a policy takes effect."
        found.append(("sell_through_change", caption, figure))
    return found


def _maps(
    result: Result, channel: Channel, base: str, best: str, currency: str
) -> list[tuple[str, str, Figure]]:
    metric = "mean_distance" if Measure("", "mean_distance").is_in(result) else "fill_rate"
    found = [
        (
            f"map_{metric}",
            f"Under “{base}”.",
            plots.territory_map(result, channel, metric, base, currency=currency),
        )
    ]
    if best != base:
        figure = plots.territory_map(
            result, channel, "sell_through", best, base, relative=True, currency=currency
        )
        found.append(("map_change", f"All brands together: “{best}” against “{base}”.", figure))
    return found


def _table(
    result: Result, base: str, level: float, currency: str
) -> tuple[list[tuple[str, str]], list[tuple[str, list[Cell]]]]:
    """Return the heads (title, unit) and the rows (policy, cells): the base's level, then changes."""
    heads, columns = [], []
    position = result.policies.index(base)
    for measure in headline_measures(result):
        levels, changes = measure.means(result, level), measure.differences(result, base, level)
        factor, unit = style.scale_of(levels.value, measure.unit, currency)
        heads.append((measure.title, unit))
        column = [Cell(*style.span(*(float(x[position]) / factor for x in levels[:1] + levels[2:4])))]
        for k in range(len(result.policies)):
            if k != position:
                value, low, high = (
                    float(np.asarray(x)[k]) / factor for x in (changes.value, changes.low, changes.high)
                )
                column.append(
                    Cell(*style.span(value, low, high, sign=True), sign=int(low > 0) - int(high < 0))
                )
        columns.append(column)
    others = [name for name in result.policies if name != base]
    rows = [(name, [column[k] for column in columns]) for k, name in enumerate([base, *others])]
    return heads, rows


def _assumptions(channel: Channel) -> list[str]:
    """Return paragraphs: the scenario's own words, then what holds for every run."""
    scenario = channel.scenario
    own = " ".join(scenario.description.split())
    sizes, demand = channel.sizes, scenario.demand
    stores = int(plots.base_members(channel)[channel.first_store :].sum())
    built = "" if stores == sizes.stores else f" ({sizes.stores:,} at the largest density built)"
    lines = [own] if own else []
    lines.append(
        f"Demand: {demand.system}, noise: {demand.noise}. {_counted(sizes.territories, 'territory', 'territories')}, "
        f"{_counted(len(scenario.brands), 'brand')}, {_counted(stores, 'store')} at the scenario’s own density{built}, {scenario.weeks} weeks."
    )
    lines.append(
        "Every number left at its default is a declared assumption or has its source in the reference of scenario fields. "
        "Intervals cover the chance in the model (replications), not doubt about its numbers; rivals and members react only "
        "by the rules that the scenario gives them."
    )
    return lines


def _provenance(result: Result) -> list[tuple[str, str]]:
    known = result.provenance
    names = {
        "scenario_digest": "scenario and its tables, digest", "mechanism_digest": "rules of the model, digest",
        "package_version": "channelsim", "seed": "seed", "replications": "replications",
    }  # fmt: skip
    return [(label, str(known[key])) for key, label in names.items() if key in known]


def _html(
    title: str, lead: str, said: list[str], sections: list[Section], assumed: list[str],
    facts: list[tuple[str, str]], command: str,
) -> str:  # fmt: skip
    template = Template(
        files("channelsim.analysis").joinpath("report_template.html").read_text(encoding="utf-8")
    )
    return template.substitute(
        title=escape(title),
        lead=escape(lead),
        headlines="\n".join(f"<li>{escape(line)}</li>" for line in said),
        sections="\n".join(_html_section(section) for section in sections),
        assumptions="\n".join(f"<p>{escape(line)}</p>" for line in assumed),
        reproduce="The same seed, scenario and version give the same numbers, on any number of processors.",
        command=escape(command),
        provenance="\n".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts),
        footer="Made with channelsim. All figures are results of a simulation, not observations.",
    )


def _html_section(section: Section) -> str:
    lines = [f"<section>\n<h2>{escape(section.title)}</h2>"]
    if section.text:
        lines.append(f"<p>{escape(section.text)}</p>")
    if section.table:
        heads, rows = section.table
        head = "".join(
            f'<th scope="col">{escape(t)}<span class="unit">{escape(u)}</span></th>' for t, u in heads
        )
        lines.append(
            f'<div class="wide"><table><thead><tr><th scope="col">policy</th>{head}</tr></thead><tbody>'
        )
        for k, (name, cells) in enumerate(rows):
            kind = ' class="base"' if k == 0 else ""
            lines.append(
                f'<tr{kind}><th scope="row">{escape(name)}</th>{"".join(map(_html_cell, cells))}</tr>'
            )
        lines.append("</tbody></table></div>")
    for _, caption, figure in section.figures:
        data = base64.b64encode(style.save_bytes(figure, "svg")).decode()
        text = escape(caption, quote=True)
        lines.append(
            f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{text}"><figcaption>{text}</figcaption></figure>'
        )
    return "\n".join([*lines, "</section>"])


def _html_cell(cell: Cell) -> str:
    kind = {1: ' class="more"', -1: ' class="less"'}.get(cell.sign, "")
    interval = f'<span class="interval">{escape(cell.interval)}</span>' if cell.interval else ""
    return f"<td{kind}>{escape(cell.text)}{interval}</td>"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&$])", r"\\\1", " ".join(text.split()))


def _markdown(
    title: str, lead: str, said: list[str], sections: list[Section], assumed: list[str],
    facts: list[tuple[str, str]], command: str,
) -> str:  # fmt: skip
    lines = [f"# {_plain(title)}", "", _plain(lead), "", *(f"- {_plain(line)}" for line in said), ""]
    for section in sections:
        lines += [f"## {_plain(section.title)}", ""]
        if section.text:
            lines += [_plain(section.text), ""]
        if section.table:
            lines += [*_markdown_table(*section.table), ""]
        for name, caption, _ in section.figures:
            lines += [f"![{_plain(caption)}](figures/{name}.png)", "", _plain(caption), ""]
    lines += ["## What was assumed", ""]
    for line in assumed:
        lines += [_plain(line), ""]
    lines += ["## How to make this again", "", *(f"    {line}" for line in command.splitlines()), ""]
    lines += [f"- {_plain(k)}: {_plain(v)}" for k, v in facts]
    return "\n".join(lines) + "\n"


def _markdown_table(heads: list[tuple[str, str]], rows: list[tuple[str, list[Cell]]]) -> list[str]:
    join: Callable[[list[str]], str] = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    lines = [join(["policy", *(_plain(f"{title}, {unit}") for title, unit in heads)])]
    lines.append(join(["---", *("---:" for _ in heads)]))
    for name, cells in rows:
        texts = [_plain(f"{cell.text} ({cell.interval})" if cell.interval else cell.text) for cell in cells]
        lines.append(join([_plain(name), *texts]))
    return lines
