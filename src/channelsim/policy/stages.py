"""Stages of a plan that are kept in files: what a finished plan simulated, it does not simulate again.

The archive (`channelsim.policy.archive`) keeps the outcomes of policies, of which a search and its statistics
are made. Other stages need more of a run than outcomes: who earns what, dependence, the integrated owner.
What they come to is kept beside the archive, a file each, in a folder of the archive's name with the suffix
``.stages``. A file's name holds a hash of all that the stage depends on (scenario, rules, seed, policies,
replications), so that a file of something else is never taken; whatever cannot be read is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from channelsim.analysis.estimators import Estimate
from channelsim.files import write_whole
from channelsim.policy.relations import RelationEffect
from channelsim.policy.robustness import Regret, RegretTable
from channelsim.policy.stakeholders import Effect
from channelsim.policy.yardstick import Yardstick

if TYPE_CHECKING:
    from channelsim.analysis.results import Result

Kept = TypeVar("Kept")

KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (Estimate, Effect, RelationEffect, Regret, RegretTable, Yardstick)
}
"""Records that a file may hold, by their names: nothing else is made from a file."""


class Stages:
    """Results of stages, in files if there is an archive.

    Parameters
    ----------
    archive : str or Path, optional
        Of the evaluations; without one nothing is kept.
    identity : mapping
        What all stages depend on.
    """

    def __init__(self, archive: str | Path | None, identity: Mapping[str, Any]):
        self.folder = None if archive is None else Path(archive).with_suffix(".stages")
        self._identity = dict(identity)

    def _path(self, stage: str, depends: Mapping[str, Any], suffix: str) -> Path | None:
        if self.folder is None:
            return None
        told = json.dumps([stage, self._identity, dict(depends)], sort_keys=True)
        return self.folder / f"{stage}-{hashlib.sha256(told.encode()).hexdigest()[:20]}.{suffix}"

    def value(self, stage: str, depends: Mapping[str, Any], make: Callable[[], Kept]) -> Kept:
        """Return what a stage comes to: from its file, or made and kept.

        Parameters
        ----------
        stage : str
        depends : mapping
            What it depends on besides the identity; plain data.
        make : callable
            Returns numbers, texts, tuples, lists, arrays of floats and the records of `KINDS`.
        """
        path = self._path(stage, depends, "json")
        if path is not None and path.is_file():
            try:
                return cast(Kept, decoded(json.loads(path.read_text(encoding="utf-8"))))
            except (ValueError, KeyError, TypeError, OSError):
                pass  # not what it should be: made anew
        made = make()
        if path is not None:
            write_whole(path, json.dumps(encoded(made)))
        return made

    def result(self, stage: str, depends: Mapping[str, Any], make: Callable[[], Result]) -> Result:
        """Return the result of a run: from its file, or made and kept; see `value`."""
        from channelsim.analysis.results import Result
        from channelsim.metrics import ResultError

        path = self._path(stage, depends, "nc")
        if path is not None and path.is_file():
            try:
                return Result.load(path)
            except (ResultError, OSError, KeyError, ValueError):
                pass
        made = make()
        if path is not None:
            made.save(path)
        return made


def encoded(value: Any) -> Any:
    """Return plain data that JSON can hold; `decoded` is the inverse, to the last bit."""
    name = type(value).__name__
    if KINDS.get(name) is type(value):
        names = [f.name for f in fields(value)] if is_dataclass(value) else value._fields
        return {"record": name, "fields": {n: encoded(getattr(value, n)) for n in names}}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, tuple):
        return {"tuple": [encoded(v) for v in value]}
    if isinstance(value, list):
        return [encoded(v) for v in value]
    if isinstance(value, dict):
        return {"table": [[encoded(k), encoded(v)] for k, v in value.items()]}
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a stage cannot keep a {name}")


def decoded(data: Any) -> Any:
    """Return what `encoded` made plain."""
    if isinstance(data, list):
        return [decoded(v) for v in data]
    if not isinstance(data, dict):
        return data
    if "record" in data:
        return KINDS[data["record"]](**{n: decoded(v) for n, v in data["fields"].items()})
    if "array" in data:
        return np.array(data["array"], dtype=np.float64)
    if "tuple" in data:
        return tuple(decoded(v) for v in data["tuple"])
    return {decoded(k): decoded(v) for k, v in data["table"]}
