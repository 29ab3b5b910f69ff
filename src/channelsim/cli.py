"""The command line: run a scenario, look at it, demonstrate, verify.

Results go to stdout, progress and errors to stderr. Exit codes: 0 fine; 1 a case of ``verify`` does not hold;
2 input that cannot be used, with one line that says what to do; 130 interrupted; 141 the reader of the output
has gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from channelsim import cli_compile, cli_power, cli_survey
from channelsim.errors import ChannelsimError, ScenarioError

if TYPE_CHECKING:
    from channelsim.decisions import Policy
    from channelsim.scenario import Scenario
    from channelsim.world import Channel

DOES_NOT_HOLD, BAD_INPUT, INTERRUPTED, READER_GONE = 1, 2, 130, 141


class _Commands(TyperGroup):
    """Commands whose errors are one line each."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **options: Any) -> Any:
        parent, asked_to_exit = super().main, options.get("standalone_mode", True)
        options |= {"prog_name": "channelsim", "standalone_mode": False}
        if not asked_to_exit:
            return parent(args, **options)
        sys.exit(_exit_code(lambda: parent(args, **options)))


def _exit_code(run: Callable[[], Any]) -> int:
    try:
        code = run()
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        _forget_reader()
        return READER_GONE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except SystemExit:  # the parser's own answer to a closed pipe
        _forget_reader()
        return READER_GONE
    except ChannelsimError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:
        # What the parser of the command line refuses; its classes moved between versions of typer.
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        return _complain(
            f"{told()} (channelsim --help tells the commands, channelsim COMMAND --help their options)"
        )


def _complain(message: str) -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    return BAD_INPUT


def _forget_reader() -> None:
    """Let nothing more be written to a pipe that is closed, at the interpreter's end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    """Write to stdout, now: a reader that has gone is noticed here and not at the end."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_reader()
        raise typer.Exit(READER_GONE) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Simulation of marketing channels: density, terms and power between manufacturers, distributors "
    "and retailers.",
)

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


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="show the version")] = False,
) -> None:
    if version:
        from channelsim import __version__

        _say(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        _say(context.get_help())


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
    from channelsim.world import build

    changed = _scenario(scenario, changes or [])
    policies = [_policy(name) for name in policy or ["base"]]
    channel = build(changed)
    cli_compile.compile_if_needed(changed)
    from channelsim.analysis.printing import result_json, result_text
    from channelsim.simulation import simulate

    record = () if out is None else ("sales by brand",) if 1 < len(changed.brands) <= 12 else ("sales",)
    result = simulate(channel, policies, replications, seed, record, workers=workers)
    if out is not None:
        _write_run(out, result, channel, policies)
    _say(result_json(result) if json else result_text(result))
    if out is not None:
        print(f"written: {out / 'report.html'}", file=sys.stderr if json else sys.stdout)


def _scenario(name: str, changes: list[str]) -> Scenario:
    from channelsim.simulation import load_scenario

    found = load_scenario(name)
    settings: dict[str, Any] = {}
    for change in changes:
        key, separator, text = change.partition("=")
        if not separator or not key.strip():
            raise ScenarioError(f"--set {change!r}: write KEY=VALUE, such as --set demand.noise=none")
        settings[key.strip()] = _value(text.strip())
    return found.replace(**settings) if settings else found


def _value(text: str) -> Any:
    """Return a value written as in TOML; what is none is text."""
    import tomllib

    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if list(read) == ["value"] else text


def _policy(name: str) -> Policy:
    from channelsim.decisions import BASE, Policy

    return BASE if name == "base" and not Path(name).exists() else Policy.load(name)


def _write_run(out: Path, result: Any, channel: Channel, policies: list[Policy]) -> None:
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
    from channelsim.world import build

    changed = cli_power.measured(_scenario(scenario, changes or []))
    if measures is not None:
        if policy or replications != 1:
            raise ScenarioError("--measures compares without noise: leave --policy and --replications out")
        cli_compile.compile_if_needed(changed)
        _say(cli_power.measures_told(changed, measures, seed, out, json))
        return
    policies = [_policy(name) for name in policy or ["base"]]
    channel = build(changed)
    cli_compile.compile_if_needed(changed)
    from channelsim.analysis.power_text import power_json, power_text
    from channelsim.simulation import simulate

    result = simulate(channel, policies, replications, seed, workers=workers)
    if out is not None:
        cli_power.write_power(out, result, changed, policies)
    _say(power_json(result) if json else power_text(result))
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
        _say(to_json(sizes))
        return
    heads = ["name", "territories", "members", "shelves", "weeks", "title"]
    _say(
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
    from channelsim.analysis import printing
    from channelsim.planning import week_page
    from channelsim.world import build

    channel = build(_scenario(scenario, []))
    found = channel.scenario
    cli_compile.compile_if_needed(found)
    tables = {
        "groups": (*printing.group_rows(channel), [3, 4]),
        "contracts": (*printing.contract_rows(channel), [3, 4, 5, 6, 7, 8]),
        "brands": (*printing.brand_rows(channel), [2]),
    }
    page = week_page(channel, channel.apply())
    if out is not None:
        _write_show(out, channel, {name: (heads, rows) for name, (heads, rows, _) in tables.items()}, page)
    parts = [": ".join(filter(None, (found.name, found.title)))]
    if found.description:
        from textwrap import fill

        parts += ["", fill(" ".join(found.description.split()), 100)]
    for name, (heads, rows, right) in tables.items():
        parts += ["", name.upper(), "", printing.text_table(heads, rows, right)]
    parts += ["", "THE WEEK", "", page, ""]
    parts.append(
        "add --out DIR for a picture of the network" if out is None else f"written: {out / 'network.png'}"
    )
    _say("\n".join(parts))


def _write_show(
    out: Path, channel: Channel, tables: dict[str, tuple[list[str], list[list[object]]]], page: str
) -> None:
    import csv
    from io import StringIO

    from channelsim.analysis import plots, style
    from channelsim.analysis.folders import whole_folder

    picture = style.save_bytes(plots.network(channel), "png")
    with whole_folder(out) as folder:
        (folder / "network.png").write_bytes(picture)
        (folder / "week.txt").write_text(page + "\n", encoding="utf-8")
        for name, (heads, rows) in tables.items():
            stream = StringIO()
            csv.writer(stream, lineterminator="\n").writerows([heads, *rows])
            (folder / f"{name}.csv").write_text(stream.getvalue(), encoding="utf-8")


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
    _say(cli_survey.survey_told(answers, by, json))


@app.command("compile")
def compile_() -> None:
    """Compile what the simulator needs, once per installation, so that later runs start at once."""
    from time import perf_counter

    start = perf_counter()
    cli_compile.compile_everything()
    _say(f"compiled and cached in {perf_counter() - start:.0f} s")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for the report", metavar="DIR")] = Path("out/demo"),
    replications: Annotated[
        int, typer.Option(help="replications of each of the nine policies", metavar="N")
    ] = 64,
    seed: Seed = 1,
    workers: Workers = None,
) -> None:
    """Compare three densities × three wholesale prices for a maker of home appliances, and report."""
    from channelsim.analysis.folders import check_replaceable

    check_replaceable(out)
    from channelsim.analysis.headlines import headlines
    from channelsim.demo import BASE, CURRENCY, demo_scenario, edge_remark, run_demo

    cli_compile.compile_if_needed(demo_scenario())

    result = run_demo(out, replications, workers, seed)
    _say("\n".join([*headlines(result, BASE, currency=CURRENCY), *edge_remark(result)]))
    _say(f"written: {out / 'report.html'}")


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
    from channelsim.verification import table

    chosen = families or None
    if any(case.scenario for case in table.cases(chosen)):
        cli_compile.compile_missing(prices=True, power=True)
    found = table.verify(chosen, long, seed, workers)
    _say(to_json(found.to_json_rows()) if json else found.to_text())
    if found.failed:
        raise typer.Exit(DOES_NOT_HOLD)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
