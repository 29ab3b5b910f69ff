"""Folders of output are written whole or not at all, and never at the cost of somebody's files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from channelsim.errors import ChannelsimError

CONTENTS = "contents.txt"
"""File in every folder of output that lists the others, so that a later run knows what it may replace."""


class OutputError(ChannelsimError, OSError):
    """Output cannot be written there: why, and what to do."""


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new folder beside the target; on success it takes the target's place, else it goes.

    Parameters
    ----------
    path : str or Path
        The folder to write. It may be missing, empty, or the output of an earlier call; nothing else is
        ever replaced.

    Raises
    ------
    OutputError
        If the folder holds files that this function did not write, or cannot be written.
    """
    target = Path(path)
    check_replaceable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}") from None
    try:
        yield staging
        listed = sorted(str(p.relative_to(staging).as_posix()) for p in staging.rglob("*") if p.is_file())
        (staging / CONTENTS).write_text("\n".join(listed) + "\n", encoding="utf-8")
        mask = os.umask(0)
        os.umask(mask)
        staging.chmod(0o777 & ~mask)
        check_replaceable(target)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
            os.replace(target, old / "old")
            try:
                os.replace(staging, target)
            except OSError:
                os.replace(old / "old", target)
                raise
            finally:
                shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(staging, target)
    except OSError as error:
        if isinstance(error, ChannelsimError):
            raise
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_replaceable(target: Path) -> None:
    """Refuse a target that is not a folder or that holds files which `whole_folder` did not write.

    Raises
    ------
    OutputError
        One line that names such a file.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OutputError(f"{target} is not a folder: name a new or empty one")
    if not target.exists():
        return
    found = {p.relative_to(target).as_posix() for p in target.rglob("*") if not p.is_dir()}
    listed: set[str] = set()
    if CONTENTS in found:
        listed = {CONTENTS, *(target / CONTENTS).read_text(encoding="utf-8").splitlines()}
    foreign = sorted(found - listed)
    if foreign:
        raise OutputError(
            f"{target} holds files that are not output, such as {foreign[0]!r}: name a new or empty folder"
        )
