"""What ``channelsim survey`` tells: how a power-base survey was answered, and what it measures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channelsim.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from channelsim.survey import Answers

EXAMPLE_NAME = "example"
"""Stands for the synthetic answers that come with the package."""


def survey_told(answers: str, label: str, json: bool) -> str:
    """Return scores, reliability and bases of a survey as text or JSON, apart by one label.

    Parameters
    ----------
    answers : str
        A CSV file, or "example".
    label : str
        Column by which answers are taken apart; empty: by ``supplier`` where there is one, else not at all.
    json : bool
        JSON instead of text; it also holds every person's scores.

    Raises
    ------
    ScenarioError
        If the file cannot be read, holds no answers to the scale, or has no such column.
    """
    from channelsim.analysis.printing import to_json

    if answers != EXAMPLE_NAME and not Path(answers).is_file():
        raise ScenarioError(f"{answers}: no such file; give a CSV file of answers, or {EXAMPLE_NAME!r}")
    try:
        parts = _apart(answers, label)
        told = {name: _told(part) for name, part in parts.items()}
    except ScenarioError:
        raise
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    return to_json({"groups": told}) if json else "\n\n".join(_text(n, t) for n, t in told.items())


def _apart(answers: str, label: str) -> dict[str, Answers]:
    """Return the answers by label: thrown together, differences between suppliers flatter alpha."""
    from channelsim.survey import EXAMPLE, read_answers

    found = read_answers(EXAMPLE if answers == EXAMPLE_NAME else answers)
    chosen = label or ("supplier" if "supplier" in found.labels else "")
    return found.groups(chosen) if chosen else {"all": found}


def _told(part: Answers) -> dict[str, Any]:
    from channelsim.survey import base_statistics, item_statistics, scores, to_bases

    return {
        "persons": len(part),
        "bases": _rows(base_statistics(part)),
        "items": _rows(item_statistics(part)),
        "scores": _rows(scores(part)),
        "scenario_bases": to_bases(part),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return plain rows; what is not defined is None."""
    return [
        {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def _text(name: str, told: dict[str, Any]) -> str:
    from channelsim.analysis.printing import text_table

    def cell(value: Any) -> str:
        return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)

    bases = [
        [row["base"], row["items"], row["scored"], row["complete"], f"{row['missing_share']:.1%}"]
        + [cell(row[k]) for k in ("mean", "standard_deviation", "alpha")]
        + [
            f"{cell(row['alpha_low'])} to {cell(row['alpha_high'])}",
            cell(told["scenario_bases"].get(row["base"])),
        ]
        for row in told["bases"]
    ]
    columns = ("item", "base", "answered", "mean", "item_total_correlation", "alpha_if_deleted")
    items = [[cell(row[k]) for k in columns] for row in told["items"]]
    heads = [
        "base",
        "items",
        "scored",
        "complete",
        "missing",
        "mean",
        "deviation",
        "alpha",
        "95 %",
        "for a scenario",
    ]
    return "\n".join(
        [
            f"{name}: {told['persons']} persons",
            "",
            text_table(heads, bases, right=range(1, len(heads))),
            "",
            text_table(
                ["item", "base", "answered", "mean", "item–total correlation", "alpha without"],
                items,
                right=[2, 3, 4, 5],
            ),
        ]
    )
