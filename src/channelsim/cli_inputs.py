"""What commands are given: scenarios, policies and the options that several of them share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from channelsim.errors import ScenarioError

if TYPE_CHECKING:
    from channelsim.decisions import Policy
    from channelsim.scenario import Scenario

ScenarioName = Annotated[
    str,
    typer.Argument(
        help="a name of the library (see: channelsim scenarios) or a TOML file", metavar="SCENARIO"
    ),
]
HELP = {
    "policy": "TOML file of a policy, or 'base' for the scenario as it stands; may be repeated",
    "replications": "independent replications of each policy",
    "set": "change a field of the scenario, such as demand.noise=none; may be repeated",
    "out": "folder for result, summary, report, scenario and policies",
}
Seed = Annotated[int, typer.Option(help="seed of all draws", metavar="S")]
Workers = Annotated[
    int | None, typer.Option(help="threads; default one per processor; results do not depend on it")
]
AsJson = Annotated[bool, typer.Option("--json", help="write JSON to stdout")]


def read_scenario(name: str, changes: list[str]) -> Scenario:
    """Return a scenario of the library or of a file, changed as ``--set`` says.

    Raises
    ------
    ScenarioError
        If there is no such scenario, or a change does not fit it.
    """
    from channelsim.simulation import load_scenario

    found = load_scenario(name)
    settings: dict[str, Any] = {}
    for change in changes:
        key, separator, text = change.partition("=")
        if not separator or not key.strip():
            raise ScenarioError(f"--set {change!r}: write KEY=VALUE, such as --set demand.noise=none")
        settings[key.strip()] = read_value(text.strip())
    return found.replace(**settings) if settings else found


def read_value(text: str) -> Any:
    """Return a value written as in TOML; what is none is text."""
    import tomllib

    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if list(read) == ["value"] else text


def read_policy(name: str) -> Policy:
    """Return the policy of a file, or the base policy by its name; a file of that name goes before."""
    from channelsim.decisions import BASE, Policy

    return BASE if name == "base" and not Path(name).exists() else Policy.load(name)
