"""The two forms of a report: a page of HTML that needs nothing else, and Markdown.

All that a user can name is escaped.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from channelsim.analysis import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Cell:
    """A number of a table: its text, its interval, and whether it is better (1) or worse (-1) than before."""

    text: str
    interval: str = ""
    sign: int = 0


@dataclass(frozen=True)
class Table:
    """A table: what its rows are, heads (title, unit), and rows (name, cells).

    The first row is set apart if it is what the others are compared with.
    """

    of: str
    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[Cell]]]
    first_is_base: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with text, tables and figures: (name of the file, caption, figure)."""

    title: str
    text: str = ""
    tables: list[Table] = field(default_factory=list)
    figures: list[tuple[str, str, Figure]] = field(default_factory=list)


def as_html(
    title: str, lead: str, said: list[str], sections: list[Section], assumed: list[str],
    facts: list[tuple[str, str]], command: str,
) -> str:  # fmt: skip
    """Return the page: one file that needs nothing else."""
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
    """Return a section: heading, text, tables, figures."""
    lines = [f"<section>\n<h2>{escape(section.title)}</h2>"]
    if section.text:
        lines.append(f"<p>{escape(section.text)}</p>")
    for table in section.tables:
        lines += _html_table(table)
    for _, caption, figure in section.figures:
        data = base64.b64encode(style.save_bytes(figure, "svg")).decode()
        text = escape(caption, quote=True)
        lines.append(
            f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{text}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
    return "\n".join([*lines, "</section>"])


def _html_table(table: Table) -> list[str]:
    head = "".join(
        f'<th scope="col">{escape(t)}<span class="unit">{escape(u)}</span></th>' for t, u in table.heads
    )
    first = f'<th scope="col">{escape(table.of)}</th>'
    lines = [f'<div class="wide"><table><thead><tr>{first}{head}</tr></thead><tbody>']
    for k, (name, cells) in enumerate(table.rows):
        kind = ' class="base"' if k == 0 and table.first_is_base else ""
        held = "".join(map(_html_cell, cells))
        lines.append(f'<tr{kind}><th scope="row">{escape(name)}</th>{held}</tr>')
    return [*lines, "</tbody></table></div>"]


def _html_cell(cell: Cell) -> str:
    kind = {1: ' class="more"', -1: ' class="less"'}.get(cell.sign, "")
    interval = f'<span class="interval">{escape(cell.interval)}</span>' if cell.interval else ""
    return f"<td{kind}>{escape(cell.text)}{interval}</td>"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&$])", r"\\\1", " ".join(text.split()))


def as_markdown(
    title: str, lead: str, said: list[str], sections: list[Section], assumed: list[str],
    facts: list[tuple[str, str]], command: str,
) -> str:  # fmt: skip
    """Return the Markdown, which shows the figures as files beside it."""
    lines = [f"# {_plain(title)}", "", _plain(lead), "", *(f"- {_plain(line)}" for line in said), ""]
    for section in sections:
        lines += [f"## {_plain(section.title)}", ""]
        if section.text:
            lines += [_plain(section.text), ""]
        for table in section.tables:
            lines += [*_markdown_table(table), ""]
        for name, caption, _ in section.figures:
            lines += [f"![{_plain(caption)}](figures/{name}.png)", "", _plain(caption), ""]
    lines += ["## What was assumed", ""]
    for line in assumed:
        lines += [_plain(line), ""]
    lines += ["## How to make this again", "", *(f"    {line}" for line in command.splitlines()), ""]
    lines += [f"- {_plain(k)}: {_plain(v)}" for k, v in facts]
    return "\n".join(lines) + "\n"


def _markdown_table(table: Table) -> list[str]:
    join: Callable[[list[str]], str] = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    heads = [f"{title}, {unit}" if unit else title for title, unit in table.heads]
    lines = [join([_plain(table.of), *map(_plain, heads)])]
    lines.append(join(["---", *("---:" for _ in heads)]))
    for name, cells in table.rows:
        texts = [_plain(f"{cell.text} ({cell.interval})" if cell.interval else cell.text) for cell in cells]
        lines.append(join([_plain(name), *texts]))
    return lines
