"""Files are written whole or not at all, and what cannot be read is said in one line."""

from __future__ import annotations

import csv
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from channelsim.errors import ScenarioError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; on success it replaces the target, else it goes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write text (UTF-8) or bytes, whole or not at all."""
    with whole_file(Path(path)) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_toml(path: Path, hint: str = "") -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    ScenarioError
        If it is not there (the hint follows) or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: no such file{hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not a TOML file: {error}") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the column names and the rows of a CSV file (UTF-8, with or without a byte-order mark).

    Raises
    ------
    ScenarioError
        If it is not such a file, names a column twice or a row has more cells than there are columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name}: cannot be read as CSV in UTF-8: {error}") from None
    table = [cells for cells in csv.reader(StringIO(text)) if any(cell.strip() for cell in cells)]
    if len(table) < 2:
        raise ScenarioError(f"{path.name}: the table needs a line of column names and at least one row")
    names = [name.strip() for name in table[0]]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"{path.name}: the column {name!r} occurs twice")
    rows = []
    for line, cells in enumerate(table[1:], start=2):
        if len(cells) > len(names):
            raise ScenarioError(f"{path.name} row {line}: {len(cells)} cells for {len(names)} columns")
        rows.append({name: cell.strip() for name, cell in zip(names, cells)})
    return names, rows
