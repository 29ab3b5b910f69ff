"""The archive: every evaluation of a search, in memory and in one netCDF file.

A row is a policy in a block of replications; its sample holds a number per replication and outcome, NaN for
replications that were not run. The file is written whole or not at all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError
from channelsim.files import whole_file

Floats = NDArray[np.float64]
FORMAT = 1
SECONDS_BETWEEN_WRITES = 2.0


class Archive:
    """Samples by block and policy key; see `Archive.open`."""

    def __init__(self, path: Path | None, identity: dict[str, str], outcomes: Sequence[str]):
        self.path, self.identity, self.outcomes = path, identity, tuple(outcomes)
        self._samples: dict[tuple[str, str], Floats] = {}
        self._policies: dict[str, str] = {}
        self._unsaved, self._written = False, 0.0

    @classmethod
    def open(cls, path: str | Path | None, identity: dict[str, str], outcomes: Sequence[str]) -> Archive:
        """Return an archive with what its file holds; an empty one without file.

        Raises
        ------
        ScenarioError
            If the file is no archive or keeps evaluations of something else.
        """
        archive = cls(None if path is None else Path(path), identity, outcomes)
        if archive.path is not None and archive.path.exists():
            archive._read(archive.path)
        return archive

    def _read(self, path: Path) -> None:
        import xarray as xr

        try:
            data = xr.load_dataset(path, engine="h5netcdf")
            found = json.loads(data.attrs["identity"])
            outcomes = tuple(json.loads(data.attrs["outcomes"]))
        except (OSError, ValueError, KeyError) as error:
            raise ScenarioError(
                f"{path}: is no archive of evaluations: {str(error).splitlines()[0]}"
            ) from None
        for what, value in self.identity.items():
            if found.get(what) != value:
                raise ScenarioError(
                    f"{path}: keeps evaluations of another {what} ({found.get(what)}, not {value}); "
                    "name another file, or delete it"
                )
        if outcomes != self.outcomes:
            raise ScenarioError(f"{path}: keeps other outcomes ({', '.join(outcomes)}); name another file")
        blocks, keys, policies = (data[name].values.tolist() for name in ("block", "key", "policy"))
        for k, (block, key) in enumerate(zip(blocks, keys)):
            values = data["sample"].values[k]
            self._samples[str(block), str(key)] = values[: int(data["replications"].values[k])]
            self._policies[str(key)] = str(policies[k])

    def lacking(self, block: str, key: str, first: int, count: int) -> list[range]:
        """Return which of a policy's replications from the first on are not kept, as runs of them."""
        held = self._samples.get((block, key))
        missing = np.ones(count + 1, dtype=bool)
        missing[count] = False
        if held is not None:
            known = held[first : first + count]
            missing[: len(known)] = np.isnan(known[:, 0])
        ends = np.flatnonzero(np.diff(missing, prepend=False)) + first
        return [range(a, b) for a, b in zip(ends[::2].tolist(), ends[1::2].tolist())]

    def values(self, block: str, key: str) -> Floats:
        """Return the sample of a policy, shape (replications, outcomes); NaN where it was not run."""
        return self._samples[block, key]

    def add(self, block: str, key: str, policy: str, first: int, values: Floats) -> None:
        """Keep replications of a policy, from the first on."""
        held = self._samples.get((block, key), np.zeros((0, len(self.outcomes))))
        longer = np.full((max(len(held), first + len(values)), len(self.outcomes)), np.nan)
        longer[: len(held)] = held
        longer[first : first + len(values)] = values
        self._samples[block, key] = longer
        self._policies[key] = policy
        self._unsaved = True

    def save(self, *, now: bool = True) -> None:
        """Write the file, if there is one and something new to write."""
        if self.path is None or not self._unsaved:
            return
        if not now and time.monotonic() - self._written < SECONDS_BETWEEN_WRITES:
            return
        import xarray as xr

        longest = max(len(v) for v in self._samples.values())
        padded = np.full((len(self._samples), longest, len(self.outcomes)), np.nan)
        for k, values in enumerate(self._samples.values()):
            padded[k, : len(values)] = values
        keys = [key for _, key in self._samples]
        data = xr.Dataset(
            {
                "sample": (("evaluation", "replication", "outcome"), padded),
                "replications": ("evaluation", [len(v) for v in self._samples.values()]),
                "block": ("evaluation", [block for block, _ in self._samples]),
                "key": ("evaluation", keys),
                "policy": ("evaluation", [self._policies[key] for key in keys]),
            },
            attrs={
                "channelsim_evaluations": FORMAT,
                "identity": json.dumps(self.identity),
                "outcomes": json.dumps(self.outcomes),
            },
        )
        with whole_file(self.path) as temporary:
            data.to_netcdf(temporary, mode="w", engine="h5netcdf", encoding={"sample": {"zlib": True}})
        self._unsaved, self._written = False, time.monotonic()

    def table(self) -> list[dict[str, Any]]:
        """Return a row per policy and block: block, key, policy, replications, means of the outcomes."""
        return [
            {"block": block, "key": key, "policy": self._policies[key]}
            | {"replications": int(np.isfinite(values[:, 0]).sum())}
            | dict(zip(self.outcomes, np.nanmean(values, axis=0).tolist()))
            for (block, key), values in self._samples.items()
        ]
