"""What ``channelsim run --out`` writes: result, summary, report, scenario and policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channelsim.decisions import Policy
    from channelsim.world import Channel


def write_run(out: Path, result: Any, channel: Channel, policies: list[Policy]) -> None:
    """Write what a run gave into a folder, whole or not at all, with the command that gives it again.

    Raises
    ------
    OutputError
        If the folder holds other files, or cannot be written.
    """
    from channelsim.analysis.folders import whole_folder
    from channelsim.analysis.printing import summary_csv
    from channelsim.analysis.report import ReportOptions, report_files, write_files

    names = [f"policies/{k}.toml" for k in range(1, len(policies) + 1)]
    options = " ".join(f"--policy {name}" for name in names)
    options += f" --replications {result.replications} --seed {result.provenance['seed']}"
    command = f"# in the folder of this report\nchannelsim run scenario.toml {options}"
    made = report_files(result, channel, ReportOptions(command=command))
    with whole_folder(out) as folder:
        write_files(folder, made | {"summary.csv": summary_csv(result).encode()})
        result.save(folder / "result.nc")
        channel.scenario.save(folder / "scenario.toml")
        (folder / "policies").mkdir()
        for name, policy in zip(names, policies):
            policy.save(folder / name)
