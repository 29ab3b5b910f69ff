"""The proof table: every theorem's number in closed form, as simulated, and as an optimiser finds it.

`verify` judges the cases of the families one after the other and returns a `Table`. Each case is judged for
itself: one that raises an error is a row that fails, with the error as its reason, and the others go on.

The table of the documentation is kept in ``table.json`` beside this file, as ``channelsim verify --json``
prints it: `stored` reads it, and the tests hold that it is the table of today's cases.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from time import perf_counter
from typing import TYPE_CHECKING, Any, overload

from channelsim.analysis.printing import text_table
from channelsim.errors import ScenarioError
from channelsim.simulation import whole_number
from channelsim.verification.cases import Case, Laboratory, Row, judge

if TYPE_CHECKING:
    from pandas import DataFrame

FAMILIES: dict[str, str] = {
    "vertical prices": "vertical_prices",
    "power structures": "power_structures",
    "bullwhip": "bullwhip",
    "inventory": "inventory",
    "incentives": "incentives",
    "demand and place": "demand_and_place",
    "statistics": "statistics",
    "exchange networks": "exchange_networks",
    "dependence": "dependence",
    "bargaining": "bargaining",
    "support and exclusivity": "support",
    "diversion": "diversion",
}
"""Families of theorems in the order of the table, and where their cases are in `channelsim.verification`."""
LONG_EFFORT = 4
"""How many times the replications of the short version the long one runs."""
STORED = Path(__file__).with_name("table.json")
HEADS = ("closed form", "simulated", "optimised", "error", "admitted", "verdict")
_CASE_WIDTH, _NUMBER_WIDTH = 64, 18


@dataclass(frozen=True)
class Table(Sequence[Row]):
    """Judged cases, in the order of their families.

    Attributes
    ----------
    rows : tuple of Row
    seconds : float
        How long judging took; no part of what is compared or written as JSON.
    """

    rows: tuple[Row, ...]
    seconds: float = field(default=0.0, compare=False)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Table: ...
    def __getitem__(self, at: int | slice) -> Row | Table:
        return Table(self.rows[at], self.seconds) if isinstance(at, slice) else self.rows[at]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<Table: {self.summary}>"

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows whose case does not hold."""
        return tuple(row for row in self.rows if row.verdict != "pass")

    @property
    def summary(self) -> str:
        """How many cases hold, and how long it took: the last line of the text."""
        held = len(self) - len(self.failed)
        return f"{held} of {len(self)} cases hold ({self.seconds:.0f} s)"

    def families(self) -> dict[str, Table]:
        """Return a table for each family."""
        names = dict.fromkeys(row.family for row in self.rows)
        return {name: Table(tuple(row for row in self.rows if row.family == name)) for name in names}

    def to_frame(self) -> DataFrame:
        """Return a row a case and a column a field of `Row`; numbers that are not there are NaN."""
        import pandas as pd

        table = pd.DataFrame(self.rows, columns=list(Row._fields))
        return table.astype(dict.fromkeys(("simulated", "optimised", "half_width"), "float64"))

    def to_json_rows(self) -> list[dict[str, Any]]:
        """Return the rows as plain data for JSON.

        Where only an optimiser over the simulator found the number, ``simulated`` holds it, too: it is what
        the simulator said at the optimiser's choice. A number that does not exist (a case that raised an
        error, a result that is not finite) is None.

        Returns
        -------
        list of dict
            Keys: the fields of `Row`.
        """
        rows = []
        for row in self.rows:
            said = row._asdict()
            if row.simulated is None:
                said["simulated"] = row.optimised
            rows.append({key: _finite(value) for key, value in said.items()})
        return rows

    @classmethod
    def from_json_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Table:
        """Return the table that `to_json_rows` has written; None is NaN where a number belongs.

        Parameters
        ----------
        rows : iterable of mapping
        """
        read = []
        for said in rows:
            missing = {key: math.nan for key in ("closed_form", "error", "tolerance") if said[key] is None}
            read.append(Row(**{**said, **missing}))
        return cls(tuple(read))

    def to_text(self) -> str:
        """Return the table as text, grouped by family; failing cases with their reasons; the summary."""
        parts = []
        # as wide in every family
        heads = [
            "case [unit]".ljust(_CASE_WIDTH),
            *(head.rjust(_NUMBER_WIDTH) for head in HEADS[:3]),
            *HEADS[3:],
        ]
        for name, table in self.families().items():
            lines: list[tuple[str, ...]] = []
            for row in table:
                first, *others = _label(row)
                lines.append((first, *cells(row)))
                lines += [(other, *[""] * len(HEADS)) for other in others]
            parts += [name.upper(), "", text_table(heads, lines, right=range(1, 6)), ""]
        if self.failed:
            parts += ["FAILING", ""]
            parts += [f"{row.family}: {row.case}: {row.reason}" for row in self.failed] + [""]
        return "\n".join([*parts, self.summary])

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{head}</th>" for head in ("case", "unit", *HEADS, "remark"))
        lines = []
        for name, table in self.families().items():
            lines.append(f'<tr><th colspan="9" style="text-align: left">{escape(name)}</th></tr>')
            for row in table:
                texts = (row.case, row.unit, *cells(row), row.reason)
                aligned = ["left", "left", *["right"] * 5, "left", "left"]
                data = zip(texts, aligned, strict=True)
                lines.append(
                    "<tr>"
                    + "".join(f'<td style="text-align: {side}">{escape(text)}</td>' for text, side in data)
                    + "</tr>"
                )
        return (
            f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
            f"<p>{self.summary}</p>"
        )


def _label(row: Row) -> list[str]:
    """Return case and unit on lines that are not too long; the unit stays in one piece."""
    unit = f" [{row.unit}]".replace(" ", "\N{NO-BREAK SPACE}") if row.unit else ""
    lines = wrap(
        row.case + unit.replace("\N{NO-BREAK SPACE}", " ", 1),
        _CASE_WIDTH,
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's numbers and verdict as text, one for each of `HEADS`.

    A number with noise is followed by half of its 99.9 % interval.
    """
    noise = "" if row.half_width is None else f" ± {row.half_width:.2g}"
    simulated, optimised = (_number(value) for value in (row.simulated, row.optimised))
    if row.simulated is None:
        optimised += noise
    else:
        simulated += noise
    errors = (f"{value:.1e}" if value else "0" for value in (row.error, row.tolerance))
    return (_number(row.closed_form), simulated, optimised, *errors, row.verdict)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.6g}"


# --- choosing and judging --------------------------------------------------------------------------------


def family_names(families: str | Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the names of the families asked for, in the order of the table.

    Parameters
    ----------
    families : str or iterable of str, optional
        Written with spaces, hyphens or underscores; default all.

    Raises
    ------
    ScenarioError
        If there is no such family.

    Examples
    --------
    >>> family_names(["statistics", "Vertical-Prices"])
    ('vertical prices', 'statistics')
    """
    if families is None:
        return tuple(FAMILIES)
    asked = [families] if isinstance(families, str) else list(families)
    admissible = ", ".join(name.replace(" ", "-") for name in FAMILIES)
    if not asked:
        raise ScenarioError(f"families: name at least one of {admissible}, or none at all for all of them")
    chosen = set()
    for name in asked:
        words = " ".join(str(name).replace("-", " ").replace("_", " ").lower().split())
        if words not in FAMILIES:
            raise ScenarioError(f"there is no family {name!r} of theorems; there are {admissible}")
        chosen.add(words)
    return tuple(name for name in FAMILIES if name in chosen)


def cases(families: str | Iterable[str] | None = None) -> tuple[Case, ...]:
    """Return the cases of the families asked for, in the order of the table.

    Parameters
    ----------
    families : str or iterable of str, optional
        As in `verify`.

    Examples
    --------
    >>> sorted({case.family for case in cases("bullwhip")})
    ['bullwhip']
    """
    modules = (FAMILIES[name] for name in family_names(families))
    return tuple(case for module in modules for case in _cases_of(module))


def _cases_of(module: str) -> tuple[Case, ...]:
    found: tuple[Case, ...] = import_module(f"channelsim.verification.{module}").CASES
    return found


def verify(
    families: str | Iterable[str] | None = None,
    long: bool = False,
    seed: int = 1,
    workers: int | None = None,
    progress: bool | None = None,
) -> Table:
    """Compare what theory says with what the simulator, or an optimiser over it, finds by itself.

    Parameters
    ----------
    families : str or iterable of str, optional
        Families of theorems, such as "vertical prices"; spaces may be hyphens or underscores. Default all.
    long : bool
        Run four times the replications of the cases with noise.
    seed : int
        Seed of all draws, 0 to 2**63 - 1.
    workers : int, optional
        Threads; default one per processor. The table does not depend on it.
    progress : bool, optional
        Show a progress bar on stderr; default: if stderr is a terminal.

    Returns
    -------
    Table
        A row a case. A case that fails, or cannot be judged, is a row with its reason.

    Raises
    ------
    ScenarioError
        If there is no such family, or seed or workers are not admissible: one line.

    Examples
    --------
    >>> import channelsim
    >>> table = channelsim.verify("exchange networks", progress=False)
    >>> table[0].case, table[0].closed_form, table[0].verdict
    ('dyad: no power between equals, half each', 12.0, 'pass')
    """
    chosen = cases(families)
    seed = whole_number(seed, "seed", 0, 2**63 - 1)
    workers = None if workers is None else whole_number(workers, "workers", 1)
    laboratory = Laboratory(LONG_EFFORT if long else 1, seed, workers)
    start = perf_counter()
    rows = tuple(judge_safely(case, laboratory) for case in _counted(chosen, progress))
    return Table(rows, perf_counter() - start)


def _counted(chosen: Sequence[Case], progress: bool | None) -> Iterator[Case]:
    from tqdm import tqdm

    shown = sys.stderr.isatty() if progress is None else progress
    with tqdm(total=len(chosen), unit="case", file=sys.stderr, disable=not shown, leave=False) as bar:
        for case in chosen:
            bar.set_description(f"verifying {case.family}")
            yield case
            bar.update()


def judge_safely(case: Case, laboratory: Laboratory) -> Row:
    """Judge a case; if that raises an error, return a row that fails with the error as its reason.

    Parameters
    ----------
    case : Case
    laboratory : Laboratory
    """
    try:
        return judge(case, laboratory)
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
    try:
        closed_form = float(case.closed_form())
    except Exception:
        closed_form = math.nan
    return Row(
        case.family,
        case.name,
        case.source,
        case.unit,
        case.scenario,
        closed_form,
        simulated=None,
        optimised=None,
        half_width=None,
        error=math.nan,
        tolerance=case.tolerance,
        verdict="fail",
        reason="; ".join(filter(None, [reason, case.reason])),
    )


def stored() -> Table:
    """Return the table that the documentation shows.

    Examples
    --------
    >>> len(stored()) > 100
    True
    """
    return Table.from_json_rows(json.loads(STORED.read_text(encoding="utf-8")))
