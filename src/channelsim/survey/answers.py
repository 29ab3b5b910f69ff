"""Answers: who was asked about whom, and what they ticked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from channelsim.survey.scale import POWER_BASES, Floats, Scale, read_table

if TYPE_CHECKING:
    import pandas as pd

MISSING = ("", "NA", "N/A", "NAN", "<NA>", "NONE")
"""What stands for a missing answer in a file or a data frame, in capitals."""


@dataclass(frozen=True)
class Answers:
    """Answers to the items of a scale, as they were given.

    Attributes
    ----------
    scale : Scale
    values : ndarray, shape (persons, items)
        Answers in the order of the scale's items, reversed items not yet turned round; not a number where
        missing.
    labels : dict of str to tuple of str
        What else is known of each person: the dealer, the supplier asked about.

    Raises
    ------
    ValueError
        If shapes do not fit or an answer is not admissible.
    """

    scale: Scale
    values: Floats
    labels: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        """Check that the answers are answers to this scale."""
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] != len(self.scale.items):
            raise ValueError(
                f"answers: shape {values.shape}, expected persons × {len(self.scale.items)} items"
            )
        for name, column in self.labels.items():
            if len(column) != len(values):
                raise ValueError(f"label {name!r}: {len(column)} entries for {len(values)} persons")
        given = values[~np.isnan(values)]
        wrong = given[(given < self.scale.lowest) | (given > self.scale.highest) | (given != np.round(given))]
        if wrong.size:
            raise ValueError(f"the answer {wrong[0]:g}: {_admissible(self.scale)}")
        object.__setattr__(self, "values", values)  # a frozen dataclass is made up once, here

    def __len__(self) -> int:
        """Return the number of persons."""
        return int(self.values.shape[0])

    def of_base(self, base: str) -> Floats:
        """Return the answers to a base's items, reversed ones turned round: (persons, items of the base)."""
        codes = self.scale.codes(base)
        inside = [i for i, item in enumerate(self.scale.items) if item.code in codes]
        return self.scale.scored(self.values)[:, inside]

    def groups(self, label: str) -> dict[str, Answers]:
        """Return the answers apart by one label, for instance by supplier.

        Raises
        ------
        ValueError
            If there is no such label.

        Examples
        --------
        >>> answers = read_answers(EXAMPLE)
        >>> {supplier: len(part) for supplier, part in answers.groups("supplier").items()}
        {'P': 40, 'R1': 40}
        """
        if label not in self.labels:
            raise ValueError(
                f"no column {label!r}; there are {', '.join(self.labels) or 'none'} beside the items"
            )
        column = np.array(self.labels[label])
        found = {}
        for group in dict.fromkeys(self.labels[label]):
            rows = np.flatnonzero(column == group)
            labels = {name: tuple(values[i] for i in rows) for name, values in self.labels.items()}
            found[group] = Answers(self.scale, self.values[rows], labels)
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return labels and answers as they were given, one row per person."""
        import pandas as pd

        codes = [item.code for item in self.scale.items]
        return pd.DataFrame({**self.labels, **dict(zip(codes, self.values.T))})


EXAMPLE = Path(__file__).with_name("synthetic_answers.csv")


def read_answers(path: str | Path, scale: Scale = POWER_BASES, encoding: str | None = None) -> Answers:
    """Return the answers of a CSV file: one row per person, one column per item.

    Columns are found by the items' codes, in any order and case; all other columns are labels. An empty
    cell or NA is a missing answer. Separator: comma, semicolon or tab.

    Parameters
    ----------
    path : str or Path
    scale : Scale
    encoding : {None, "utf-8", "gb18030"}
        Default: UTF-8 if the file is that, else GB18030.

    Raises
    ------
    ValueError
        What is wrong, in which row and column, and what is admissible.

    Examples
    --------
    The example is synthetic: drawn by `synthetic_answers`, nobody was asked.

    >>> answers = read_answers(EXAMPLE)
    >>> len(answers), sorted(answers.labels), int(np.isnan(answers.values).sum())
    (80, ['dealer', 'origin', 'supplier'], 27)
    """
    name, table = read_table(Path(path), encoding)
    header = [cell.strip() for cell in table[0][1]]
    upper = [cell.upper() for cell in header]
    for position, column in enumerate(header):
        if upper.count(upper[position]) > 1 and column:
            raise ValueError(f"{name}: the column {column!r} occurs twice")
    codes = [item.code.upper() for item in scale.items]
    lost = [code for code in codes if code not in upper]
    if lost:
        raise ValueError(f"{name}: no column {', '.join(lost)}; every item needs one, its code at the top")
    for column in header:
        if column.upper() not in codes and scale.item_like(column):
            raise ValueError(f"{name}: the column {column!r} is no item; items are {codes[0]} to {codes[-1]}")
    values = np.full((len(table) - 1, len(codes)), math.nan)
    labels: dict[str, list[str]] = {c: [] for c in header if c and c.upper() not in codes}
    for person, (line, cells) in enumerate(table[1:]):
        if len(cells) > len(header):
            raise ValueError(f"{name} row {line}: {len(cells)} cells for {len(header)} columns")
        padded = [*cells, *[""] * (len(header) - len(cells))]
        for column, code, cell in zip(header, upper, padded):
            if code in codes:
                where = f"{name} row {line}, column {column}"
                values[person, codes.index(code)] = _answer(cell.strip(), scale, where)
            elif column:
                labels[column].append(cell.strip())
    return Answers(scale, values, {column: tuple(cells) for column, cells in labels.items()})


def answers_from_frame(frame: Any, scale: Scale = POWER_BASES) -> Answers:
    """Return the answers of a pandas DataFrame with a column per item; other columns are labels.

    Raises
    ------
    ValueError
        If an item has no column or an answer is not admissible.

    Examples
    --------
    >>> answers = read_answers(EXAMPLE)
    >>> again = answers_from_frame(answers.to_frame())
    >>> np.array_equal(again.values, answers.values, equal_nan=True)
    True
    """
    codes = [item.code for item in scale.items]
    lost = [code for code in codes if code not in frame]
    if lost:
        raise ValueError(f"no column {', '.join(lost)}; every item needs one")
    cells = [
        [
            _answer("" if cell is None else str(cell).strip(), scale, f"row {row}, column {code}")
            for code, cell in zip(codes, line)
        ]
        for row, line in enumerate(frame[codes].itertuples(index=False))
    ]
    labels = {str(name): tuple(map(str, frame[name])) for name in frame if name not in codes}
    return Answers(scale, np.array(cells, dtype=np.float64).reshape(len(cells), len(codes)), labels)


def _admissible(scale: Scale) -> str:
    return f"admissible: whole numbers {scale.lowest} to {scale.highest}; empty or NA where missing"


def _answer(cell: str, scale: Scale, where: str) -> float:
    if cell.upper() in MISSING:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if not scale.lowest <= value <= scale.highest or value != round(value):
        raise ValueError(f"{where}: {cell!r} is no answer; {_admissible(scale)}")
    return value


def synthetic_answers(
    level: Mapping[str, Mapping[str, float]],
    dealers: int = 40,
    common: float = 0.5,
    spread: float = 1.0,
    missing: float = 0.0,
    seed: int = 1,
    scale: Scale = POWER_BASES,
) -> Answers:
    """Draw answers of dealers who do not exist, about suppliers of stated power bases.

    A dealer's answer to an item is the base's level + spread (√common · trait + √(1 − common) · error),
    both standard normal, the trait the same for all items of the base; rounded to the nearest admissible
    answer. But for the rounding, the items correlate by ``common`` and α = k·common / (1 + (k − 1)·common).

    Parameters
    ----------
    level : dict of str to dict of str to float
        For each supplier the mean answer for each base.
    dealers : int
        How many answer about each supplier.
    common : float
        Share of the variance that items of a base have in common, in [0, 1].
    spread : float
        Standard deviation of an answer before rounding, in points.
    missing : float
        Probability that an answer is missing, whatever it would have been.
    seed : int
    scale : Scale

    Raises
    ------
    ValueError
        If a share is outside [0, 1], the spread negative, there is no dealer or a base has no level.

    Examples
    --------
    >>> answers = synthetic_answers({"P": {"coercive": 2.0, "reward": 4.0, "expert": 3.0}}, dealers=500)
    >>> [round(float(answers.of_base(base).mean()), 1) for base in ("coercive", "reward", "expert")]
    [2.1, 3.9, 3.0]
    """
    from scipy.special import ndtri

    if not (0.0 <= common <= 1.0 and 0.0 <= missing <= 1.0):
        raise ValueError(f"common = {common!r}, missing = {missing!r}: must lie in [0, 1]")
    if not (spread >= 0.0 and math.isfinite(spread)):
        raise ValueError(f"spread = {spread!r}: must be a finite number of at least 0")
    if dealers < 1:
        raise ValueError(f"dealers = {dealers!r}: must be at least 1")
    if not level:
        raise ValueError("level: at least one supplier is needed")
    for supplier, levels in level.items():
        if set(levels) != set(scale.bases):
            raise ValueError(f"level of {supplier!r}: one is needed for each of {', '.join(scale.bases)}")
    draw = np.random.default_rng(seed)
    rows: list[Floats] = []
    labels: dict[str, list[str]] = {"dealer": [], "supplier": [], "origin": []}
    of_item = [scale.bases.index(item.base) for item in scale.items]
    for dealer in range(dealers):
        for supplier, levels in level.items():
            # uniforms, because their stream does not change with the version of numpy
            trait = ndtri(draw.random(len(scale.bases)))[of_item]
            error, gone = ndtri(draw.random(len(of_item))), draw.random(len(of_item)) < missing
            mean = np.array([levels[item.base] for item in scale.items])
            felt = mean + spread * (math.sqrt(common) * trait + math.sqrt(1.0 - common) * error)
            ticked = scale.scored(np.clip(np.round(felt), scale.lowest, scale.highest))
            rows.append(np.where(gone, math.nan, ticked))
            for name, value in zip(labels, (f"dealer {dealer + 1:02d}", supplier, "synthetic")):
                labels[name].append(value)
    return Answers(scale, np.array(rows), {name: tuple(column) for name, column in labels.items()})
