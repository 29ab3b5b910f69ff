"""The scale: which items ask after which power base, and how they are answered.

The fourteen items PS1–PS14 of the power-base scale that marketing-channel research uses, answered by a
dealer about a supplier: what is asked after, and which base an item belongs to, follow that scale. It
measures three of the five bases of French & Raven (1959): coercive, reward and expert; not legitimate and
referent.

This package's own choice, because the scale is handed down in keywords: the full sentences in English and
in Chinese (``items.csv``), worded as beliefs about what the supplier *can* do, since a base is a potential
and its use another matter; and five points of agreement. None of the fourteen is reversed. Have the wording
tried on some dealers before much hangs on it.

Another scale, with reversed items or other bases, is a CSV file of the same form (`Scale.from_csv`).

Sources: French & Raven (1959), The bases of social power, in Cartwright, *Studies in Social Power*; in
channels Hunt & Nevin (1974), *Journal of Marketing Research* 11; Gaski & Nevin (1985), *Journal of
Marketing Research* 22.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AGREEMENT_ENGLISH = ("strongly disagree", "disagree", "neither", "agree", "strongly agree")
AGREEMENT_CHINESE = ("非常不同意", "不同意", "一般", "同意", "非常同意")
COLUMNS = ("code", "base", "reversed", "english", "chinese")


class Item(NamedTuple):
    """One statement to agree or disagree with.

    Attributes
    ----------
    code : str
        What its column is called.
    base : str
        The power base it belongs to.
    english, chinese : str
        The wording.
    reversed : bool
        Whether agreement means less of the base.
    """

    code: str
    base: str
    english: str
    chinese: str
    reversed: bool = False


@dataclass(frozen=True)
class Scale:
    """Items and the range of their answers.

    Attributes
    ----------
    items : tuple of Item
    lowest, highest : int
        The range of admissible answers, whole numbers.

    Raises
    ------
    ValueError
        If there is no item, a code occurs twice or the range is none.

    Examples
    --------
    >>> POWER_BASES.bases, len(POWER_BASES.items)
    (('coercive', 'reward', 'expert'), 14)
    >>> POWER_BASES.codes("expert")
    ('PS11', 'PS12', 'PS13', 'PS14')
    """

    items: tuple[Item, ...]
    lowest: int = 1
    highest: int = 5

    def __post_init__(self) -> None:
        """Check that it is a scale."""
        codes = [item.code.upper() for item in self.items]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if not self.items:
            raise ValueError("a scale needs at least one item")
        if twice:
            raise ValueError(f"the item {twice[0]} occurs twice in the scale")
        if any(int(end) != end for end in (self.lowest, self.highest)) or self.lowest >= self.highest:
            raise ValueError(f"answers from {self.lowest} to {self.highest}: two whole numbers, lower first")

    @classmethod
    def from_csv(cls, path: str | Path, lowest: int = 1, highest: int = 5) -> Scale:
        """Return a scale from a CSV file with the columns code, base, reversed, english, chinese.

        Parameters
        ----------
        path : str or Path
            UTF-8 or GB18030.
        lowest, highest : int
            The range of admissible answers.

        Raises
        ------
        ValueError
            If the file is not of that form: what, where, and what is admissible.
        """
        name, table = read_table(Path(path))
        header = [cell.strip().lower() for cell in table[0][1]]
        if set(header) != set(COLUMNS) or len(header) != len(COLUMNS):
            raise ValueError(f"{name}: columns {', '.join(header)}; expected {', '.join(COLUMNS)}")
        items = []
        for line, cells in table[1:]:
            if len(cells) != len(header):
                raise ValueError(f"{name} row {line}: {len(cells)} cells for {len(header)} columns")
            row = {column: cell.strip() for column, cell in zip(header, cells)}
            answer = row["reversed"].lower()
            if answer not in ("yes", "no"):
                raise ValueError(f"{name} row {line}, column reversed: {answer!r}; admissible: yes, no")
            empty = [column for column in ("code", "base") if not row[column]]
            if empty or not (row["english"] or row["chinese"]):
                what = empty[0] if empty else "english, chinese"
                raise ValueError(f"{name} row {line}, column {what}: is empty")
            items.append(Item(row["code"], row["base"], row["english"], row["chinese"], answer == "yes"))
        return cls(tuple(items), lowest, highest)

    @property
    def bases(self) -> tuple[str, ...]:
        """Return the bases in the order in which they are asked after."""
        return tuple(dict.fromkeys(item.base for item in self.items))

    def codes(self, base: str) -> tuple[str, ...]:
        """Return the codes of the items of a base.

        Raises
        ------
        ValueError
            If the scale does not measure it.
        """
        found = tuple(item.code for item in self.items if item.base == base)
        if not found:
            raise ValueError(f"base {base!r}: the scale measures {', '.join(self.bases)}")
        return found

    def scored(self, values: Floats) -> Floats:
        """Return answers (persons × items), a reversed item's turned round: lowest + highest − answer."""
        turned = np.array([item.reversed for item in self.items])
        return np.where(turned, self.lowest + self.highest - values, values)

    def labels(self, language: str) -> tuple[str, ...]:
        """Return what each point of the answers is called; only the ends have a name if they are not five."""
        names = AGREEMENT_CHINESE if language == "zh" else AGREEMENT_ENGLISH
        points = self.highest - self.lowest + 1
        if points == len(names):
            return names
        return (names[0], *[""] * (points - 2), names[-1])

    def item_like(self, column: str) -> bool:
        """Return whether a column's name has the form of an item's code: the same letters and a number."""
        stems = {re.sub(r"\d+$", "", item.code.upper()) for item in self.items}
        found = re.fullmatch(r"(\D*)\d+", column.upper())
        return found is not None and found[1] in stems


def read_table(path: Path, encoding: str | None = None) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return a CSV file's name and its rows with their line numbers, empty rows left out.

    Parameters
    ----------
    path : Path
    encoding : {None, "utf-8", "gb18030"}
        Default: UTF-8 (with or without a byte-order mark) if the file is that, else GB18030 (and so GBK and
        GB2312, which it contains).

    Raises
    ------
    ValueError
        If it cannot be read so or has no row below that of the column names.
    """
    if encoding not in (None, "utf-8", "gb18030"):
        raise ValueError(f"encoding {encoding!r}: admissible: utf-8, gb18030")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    text = _decoded(content, path.name, encoding)
    first = text.partition("\n")[0]
    comma = max(",;\t", key=first.count)  # spreadsheets of some countries write semicolons
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma)
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ValueError(f"{path.name} row {reader.line_num}: not CSV: {error}") from None
    if len(rows) < 2:
        raise ValueError(f"{path.name}: needs a row of column names and at least one row below it")
    return path.name, rows


def _decoded(content: bytes, name: str, encoding: str | None) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content:
        raise ValueError(f"{name}: is UTF-16 or no text; save it as CSV in UTF-8 or GB18030")
    for tried in (encoding,) if encoding else ("utf-8", "gb18030"):
        try:
            return content.decode("utf-8-sig" if tried == "utf-8" else tried)
        except UnicodeDecodeError as error:
            at = content[: error.start].count(b"\n") + 1
    raise ValueError(f"{name} row {at}: cannot be read as {encoding or 'UTF-8 or GB18030'}")


POWER_BASES = Scale.from_csv(Path(__file__).with_name("items.csv"))
