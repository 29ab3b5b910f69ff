"""What ``channelsim power`` writes: tables and figures of who depends on whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result
    from channelsim.decisions import Policy
    from channelsim.scenario import Scenario


def measured(scenario: Scenario) -> Scenario:
    """Return a scenario that measures power, whether or not it did."""
    return scenario if scenario.power.measured else scenario.replace(**{"power.measured": True})


def write_power(out: Path, result: Result, scenario: Scenario, policies: list[Policy]) -> None:
    """Write tables, figures, scenario and policies into a folder, whole or not at all.

    Raises
    ------
    OutputError
        If the folder holds other files, or cannot be written.
    """
    from channelsim.analysis import power_plots, style
    from channelsim.analysis.folders import whole_folder
    from channelsim.analysis.power import partner_concentration, power_difference, power_table
    from channelsim.analysis.power_text import power_json

    table = power_table(result)
    tables = {"power.csv": table}
    if table.attrs["rows"] == "firms":
        tables["concentration.csv"] = partner_concentration(result)
    if len(result.policies) > 1:
        tables["differences.csv"] = power_difference(result)
    figures: dict[str, Figure] = {}
    for k, policy in enumerate(result.policies[:1] if len(result.policies) > 12 else result.policies, 1):
        number = f"_{k}" if len(result.policies) > 1 else ""
        figures |= {
            f"network{number}": power_plots.power_network(result, policy=policy),
            f"dependences{number}": power_plots.dependence_scatter(result, policy),
            f"over_time{number}": power_plots.power_over_time(result, policy=policy),
            f"profit_and_dependence{number}": power_plots.profit_and_dependence(result, policy),
        }
    with whole_folder(out) as folder:
        (folder / "power.json").write_text(power_json(result), encoding="utf-8")
        for name, content in tables.items():
            (folder / name).write_text(content.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
        for name, figure in figures.items():
            (folder / f"{name}.png").write_bytes(style.save_bytes(figure, "png"))
        result.save(folder / "result.nc")
        scenario.save(folder / "scenario.toml")
        (folder / "policies").mkdir()
        for k, chosen in enumerate(policies, 1):
            chosen.save(folder / "policies" / f"{k}.toml")


def measures_told(scenario: Scenario, measures: str, seed: int, out: Path | None, json: bool) -> str:
    """Return what measures of power change, as text or JSON; with a folder write the table there too.

    Raises
    ------
    ScenarioError
        If there are no such measures, or they do not fit the scenario.
    OutputError
        If the folder holds other files, or cannot be written.
    """
    from channelsim.analysis import style
    from channelsim.analysis.folders import whole_folder
    from channelsim.analysis.power_measures import MeasuresOfPower, measures_of_power
    from channelsim.analysis.power_measures_plot import measures_plot
    from channelsim.analysis.power_text import measures_json, measures_text

    table = measures_of_power(scenario, MeasuresOfPower.load(measures), seed)
    if out is not None:
        with whole_folder(out) as folder:
            (folder / "measures.json").write_text(measures_json(table), encoding="utf-8")
            csv = table.to_csv(index=False, lineterminator="\n")
            (folder / "measures.csv").write_text(csv, encoding="utf-8")
            (folder / "measures.png").write_bytes(style.save_bytes(measures_plot(table), "png"))
    return measures_json(table) if json else measures_text(table)
