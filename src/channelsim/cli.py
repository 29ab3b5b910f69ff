"""The command line: run a scenario, look at it, demonstrate, verify.

What each command writes is in a module of its own (``cli_run``, ``cli_power`` …), the frame in ``cli_frame``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from channelsim import cli_plan, cli_power, cli_run, cli_show, cli_survey
from channelsim.cli_frame import DOES_NOT_HOLD, Commands, say
from channelsim.cli_inputs import HELP, AsJson, ScenarioName, Seed, Workers, read_policy, read_scenario
from channelsim.errors import ScenarioError

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Simulation of marketing channels: density, terms and power between manufacturers, distributors "
    "and retailers.",
)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="show the version")] = False,
) -> None:
    if version:
        from channelsim import __version__

        say(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command()
def run(
    scenario: ScenarioName,
    policy: Annotated[list[str] | None, typer.Option(help=HELP["policy"], metavar="F")] = None,
    replications: Annotated[int, typer.Option(help=HELP["replications"], metavar="N")] = 100,
    seed: Seed = 1,
    changes: Annotated[list[str] | None, typer.Option("--set", help=HELP["set"], metavar="KEY=VALUE")] = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help=HELP["out"], metavar="DIR")] = None,
    json: AsJson = False,
) -> None:
    """Simulate a scenario and summarise it; with several policies compare them with the first."""
    if out is not None:
        from channelsim.analysis.folders import check_replaceable

        check_replaceable(out)
    from channelsim.engines.compilation import compile_ahead
    from channelsim.world import build

    changed = read_scenario(scenario, changes or [])
    policies = [read_policy(name) for name in policy or ["base"]]
    channel = build(changed)
    compile_ahead(changed)
    from channelsim.analysis.printing import result_json, result_text
    from channelsim.simulation import simulate

    record = () if out is None else ("sales by brand",) if 1 < len(changed.brands) <= 12 else ("sales",)
    result = simulate(channel, policies, replications, seed, record, workers=workers)
    if out is not None:
        cli_run.write_run(out, result, channel, policies)
    say(result_json(result) if json else result_text(result))
    if out is not None:
        print(f"written: {out / 'report.html'}", file=sys.stderr if json else sys.stdout)


@app.command()
def power(
    scenario: ScenarioName,
    policy: Annotated[list[str] | None, typer.Option(help=HELP["policy"], metavar="F")] = None,
    replications: Annotated[int, typer.Option(help=HELP["replications"], metavar="N")] = 1,
    seed: Seed = 1,
    changes: Annotated[list[str] | None, typer.Option("--set", help=HELP["set"], metavar="KEY=VALUE")] = None,
    workers: Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for tables, figures, scenario and policies", metavar="DIR")
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option(help="what these measures change instead: pxy, or a TOML file of measures", metavar="F"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show who depends on whom, and by how much; power is measured whatever the scenario says."""
    if out is not None:
        from channelsim.analysis.folders import check_replaceable

        check_replaceable(out)
    from channelsim.engines.compilation import compile_ahead
    from channelsim.world import build

    changed = cli_power.measured(read_scenario(scenario, changes or []))
    if measures is not None:
        if policy or replications != 1:
            raise ScenarioError("--measures compares without noise: leave --policy and --replications out")
        compile_ahead(changed)
        say(cli_power.measures_told(changed, measures, seed, out, json))
        return
    policies = [read_policy(name) for name in policy or ["base"]]
    channel = build(changed)
    compile_ahead(changed)
    from channelsim.analysis.power_text import power_json, power_text
    from channelsim.simulation import simulate

    result = simulate(channel, policies, replications, seed, workers=workers)
    if out is not None:
        cli_power.write_power(out, result, changed, policies)
    say(power_json(result) if json else power_text(result))
    if out is not None:
        print(f"written: {out}", file=sys.stderr if json else sys.stdout)


@app.command()
def scenarios(json: AsJson = False) -> None:
    """List the scenarios of the library with their sizes at their own density."""
    from channelsim.analysis.printing import scenario_sizes, text_table, to_json
    from channelsim.scenario import Scenario, library_names
    from channelsim.world import build

    sizes = [scenario_sizes(build(Scenario.from_library(name))) for name in library_names()]
    if json:
        say(to_json(sizes))
        return
    heads = ["name", "territories", "members", "shelves", "weeks", "title"]
    say(
        text_table(
            heads,
            [[f"{s[h]:,}" if isinstance(s[h], int) else s[h] for h in heads] for s in sizes],
            right=[1, 2, 3, 4],
        )
    )


@app.command()
def show(
    scenario: ScenarioName,
    out: Annotated[
        Path | None, typer.Option(help="folder for the picture of the network and the tables", metavar="DIR")
    ] = None,
) -> None:
    """Show who is in a channel, on which contracts, and the order of its week; with --out a picture too."""
    say(cli_show.show_told(read_scenario(scenario, []), out))


@app.command()
def survey(
    answers: Annotated[
        str,
        typer.Argument(
            help="CSV file of answers, or 'example' for the synthetic ones of the package",
            metavar="ANSWERS.csv",
        ),
    ],
    by: Annotated[
        str,
        typer.Option(
            help="column by which answers are taken apart; default supplier, if there is one",
            metavar="COLUMN",
        ),
    ] = "",
    json: AsJson = False,
) -> None:
    """Score a survey of power bases: means, alpha with interval, item–total correlations, missing answers."""
    say(cli_survey.survey_told(answers, by, json))


@app.command("compile")
def compile_() -> None:
    """Compile what the simulator needs, once per installation, so that later runs start at once."""
    from time import perf_counter

    from channelsim.engines.compilation import compile_everything

    start = perf_counter()
    compile_everything()
    say(f"compiled and cached in {perf_counter() - start:.0f} s")


@app.command()
def plan(
    scenario: ScenarioName,
    problem: Annotated[
        Path | None,
        typer.Option(
            help="TOML file of levers, objective and constraints; default: the scenario's own", metavar="F"
        ),
    ] = None,
    budget: Annotated[int, typer.Option(help="replications of the search", metavar="N")] = 1500,
    replications: Annotated[int, typer.Option(help="fresh replications of the report", metavar="N")] = 64,
    trade_off_search: Annotated[
        int,
        typer.Option(help="replications of a search at each level of a trade-off; 0: none", metavar="N"),
    ] = 40,
    seed: Seed = 1,
    changes: Annotated[list[str] | None, typer.Option("--set", help=HELP["set"], metavar="KEY=VALUE")] = None,
    method: Annotated[str, typer.Option(help="search method; see the reference", metavar="NAME")] = "auto",
    out: Annotated[Path | None, typer.Option(help="folder for the plan", metavar="DIR")] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="file that keeps every evaluation; an interrupted plan goes on from it", metavar="F"
        ),
    ] = None,
    currency: Annotated[str, typer.Option(help="what money is called in the plan")] = "money",
    workers: Workers = None,
    json: AsJson = False,
) -> None:
    """Recommend a channel plan: density and terms that are best for the focal firm, with their effect."""
    if out is not None:
        from channelsim.analysis.folders import check_replaceable

        check_replaceable(out)
    from channelsim.engines.compilation import compile_ahead

    given = cli_plan.read_problem(read_scenario(scenario, changes or []), problem)
    compile_ahead(given.channel.scenario, [lever.path for lever in given.levers])
    options = cli_plan.PlanOptions(
        budget, replications, seed, method, archive, workers, currency, trade_off_search
    )
    say(cli_plan.planned(given, options, out, json))


@app.command()
def verify(
    families: Annotated[
        list[str] | None, typer.Argument(help="families of theorems; default all", metavar="FAMILY")
    ] = None,
    json: AsJson = False,
    long: Annotated[
        bool, typer.Option("--long", help="four times the replications of cases with noise")
    ] = False,
    seed: Seed = 1,
    workers: Workers = None,
) -> None:
    """Show numbers of channel theory beside what the simulator, and an optimiser over it, find by themselves.

    A family is one of vertical-prices, power-structures, bullwhip, inventory, demand-and-place, statistics,
    exchange-networks, dependence, bargaining. The exit code is 1 if a case does not hold.
    """
    from channelsim.analysis.printing import to_json
    from channelsim.engines.compilation import compile_everything
    from channelsim.verification import table

    chosen = families or None
    if any(case.scenario for case in table.cases(chosen)):
        compile_everything()
    found = table.verify(chosen, long, seed, workers)
    say(to_json(found.to_json_rows()) if json else found.to_text())
    if found.failed:
        raise typer.Exit(DOES_NOT_HOLD)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
