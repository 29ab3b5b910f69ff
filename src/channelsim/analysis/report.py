"""The report of a run: one HTML file that needs nothing else, and the same in Markdown with pictures.

It is written from the result and its channel alone, holds no date and no machine, and is the same byte
for byte when it is made again with the same libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from channelsim.analysis import plots, power_plots, style
from channelsim.analysis.folders import whole_folder
from channelsim.analysis.headlines import best_policy, headlines
from channelsim.analysis.measures import Measure, focal_brand, headline_measures, told
from channelsim.analysis.report_forms import Cell, Section, Table, as_html, as_markdown
from channelsim.metrics import check_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from channelsim.analysis.results import Result
    from channelsim.world import Channel


@dataclass(frozen=True)
class ReportOptions:
    """What a report says besides what is in the result.

    Attributes
    ----------
    base : str
        Policy that the others are compared with; default the first.
    title : str
        Default: the scenario's title.
    command : str
        The command that makes the result again; default: the call of `channelsim.simulate`.
    currency : str
        What "money" is called.
    remarks, notes : sequence of str
        Further sentences for the headlines, and for what was assumed.
    level : float
        Coverage of the intervals.
    """

    base: str = ""
    title: str = ""
    command: str = ""
    currency: str = "money"
    remarks: Sequence[str] = ()
    notes: Sequence[str] = ()
    level: float = 0.95


def write_report(
    result: Result, channel: Channel, out_dir: str | Path, options: ReportOptions | None = None
) -> Path:
    """Write ``report.html``, ``report.md`` and the figures of the latter, whole or not at all.

    Parameters
    ----------
    result : Result
    channel : Channel
        The channel that was simulated.
    out_dir : str or Path
        A new or empty folder, or one that this function wrote.
    options : ReportOptions, optional

    Returns
    -------
    Path
        Of the HTML file.

    Raises
    ------
    ResultError
        If the base policy is unknown.
    OutputError
        If the folder holds other files, or cannot be written.
    """
    made = report_files(result, channel, options)
    with whole_folder(out_dir) as folder:
        write_files(folder, made)
    return Path(out_dir) / "report.html"


def write_files(folder: Path, made: dict[str, bytes]) -> None:
    """Write files given by their path within a folder."""
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def report_files(result: Result, channel: Channel, options: ReportOptions | None = None) -> dict[str, bytes]:
    """Return the files of a report by name; see `write_report`."""
    options = options or ReportOptions()
    options = replace(options, base=options.base or result.policies[0])
    check_name("policy", options.base, result.policies)
    scenario = channel.scenario
    title = options.title or scenario.title or scenario.name
    said = [*headlines(result, options.base, options.level, options.currency), *options.remarks]
    sections = _sections(result, channel, options)
    policies = _counted(len(result.policies), "policy", "policies")
    replications, weeks = _counted(result.replications, "replication"), _counted(result.weeks, "week")
    lead = (
        f"{policies} × {replications} on common random numbers; metrics over {weeks} after a warm-up of "
        f"{scenario.warm_up_weeks}."
    )
    facts = _provenance(result)
    command = options.command or _call(result)
    parts = (title, lead, said, sections, [*options.notes, *_assumptions(channel)], facts, command)
    made = {"report.html": as_html(*parts).encode(), "report.md": as_markdown(*parts).encode()}
    for section in sections:
        for name, _, figure in section.figures:
            made[f"figures/{name}.png"] = style.save_bytes(figure, "png")
    return made


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _call(result: Result) -> str:
    scenario = result.provenance.get("scenario", {}).get("name", "scenario")
    number, seed = result.replications, result.provenance.get("seed")
    return f"channelsim run {scenario} --replications {number} --seed {seed}"


def _sections(result: Result, channel: Channel, options: ReportOptions) -> list[Section]:
    base, level, currency = options.base, options.level, options.currency
    several = len(result.policies) > 1
    best = best_policy(result, base, level)[0]
    found = []
    if several:
        note = (
            "First line: the level under the base policy. Then the change against it, paired replication by "
            f"replication, with its {100 * level:g} % interval. Intervals hold one by one, not all at once."
        )
        compared = plots.compare_policies(result, base=base, level=level, currency=currency)
        caption = "Filled points to the right of the line earn more than the base policy, to the left less."
        found.append(
            Section(
                "The policies compared",
                note,
                [_table(result, options)],
                [("policies", caption, compared)],
            )
        )
    else:
        note = f"Mean of the replications with its {100 * level:g} % interval."
        found.append(Section("The policy", note, [_table(result, options)]))
    split = plots.profit_split(result, currency=currency)
    found.append(
        Section(
            "Who earns the profit",
            figures=[
                ("profit_by_role", "Profit after operating and finance cost, by role in the channel.", split)
            ],
        )
    )
    margins = plots.margin_by_tier(result, level=level, currency=currency)
    caption = "What a tier keeps of a unit it sells, before operating cost; lines: interval of the mean."
    found.append(Section("Margin by tier", figures=[("margin_by_tier", caption, margins)]))
    if "dependence_of_supplier" in result.relationships:
        found.append(_power(result, options))
    weekly = _weekly(result, best, options)
    if weekly:
        found.append(Section("Sell-through week by week", figures=weekly))
    if plots.has_map(channel):
        found.append(Section("The map", figures=_maps(result, channel, best, options)))
    found.append(
        Section(
            "The channel",
            figures=[
                (
                    "network",
                    "Groups of members, their contracts, and a sample of who orders from whom.",
                    plots.network(channel),
                )
            ],
        )
    )
    return found


def _power(result: Result, options: ReportOptions) -> Section:
    """Return the section on who depends on whom under the base policy."""
    base = options.base
    text = (
        f"Under “{base}”. Dependence is what a firm earns through a partner, as a share of all it earns, "
        "times the part of it that it could not earn otherwise if the relationship ended and everyone chose "
        "again. Outside options count as far as the scenario declares them. All numbers: channelsim power."
    )
    return Section(
        "Who depends on whom",
        text,
        figures=[
            (
                "power_network",
                "Thick lines: both need each other. Colour: who needs the other less.",
                power_plots.power_network(result, policy=base),
            ),
            (
                "power_dependences",
                "Above the line the buyer depends more on the supplier, below it less.",
                power_plots.dependence_scatter(result, base, options.level),
            ),
        ],
    )


def _weekly(result: Result, best: str, options: ReportOptions) -> list[tuple[str, str, Figure]]:
    """Return the weekly figures for which the result has recorded what they need."""
    base, level, currency = options.base, options.level, options.currency
    known, brand = result.trajectories, focal_brand(result)
    found = []
    by_brand = "sales_by_brand" in known and 1 < known.sizes["brand"] <= 12
    name = "sales_by_brand" if by_brand else "sales" if "sales" in known else ""
    if not name:
        return []
    figure = plots.weekly(result, name, base, level=level, currency=currency)
    found.append(
        ("sell_through", f"Under “{base}”. The band shows how much single replications differ.", figure)
    )
    shown = [best] if best != base else []
    if len(result.policies) <= 5:
        shown = [p for p in result.policies if p != base]
    if shown:
        labels = brand if by_brand else None
        figure = plots.weekly(result, name, shown, labels, base, level, currency=currency)
        caption = "Change against the base policy in the same week of the same replication: how fast it acts."
        found.append(("sell_through_change", caption, figure))
    return found


def _maps(
    result: Result, channel: Channel, best: str, options: ReportOptions
) -> list[tuple[str, str, Figure]]:
    base, currency = options.base, options.currency
    metric = "mean_distance" if Measure("", "mean_distance").is_in(result) else "fill_rate"
    found = [
        (
            f"map_{metric}",
            f"Under “{base}”.",
            plots.territory_map(result, channel, metric, base, currency=currency),
        )
    ]
    if best != base:
        figure = plots.territory_map(
            result, channel, "sell_through", best, base, relative=True, currency=currency
        )
        found.append(("map_change", f"All brands together: “{best}” against “{base}”.", figure))
    return found


def _table(result: Result, options: ReportOptions) -> Table:
    """Return the policies compared: the base's level, then changes."""
    base, level, currency = options.base, options.level, options.currency
    heads, columns = [], []
    position = result.policies.index(base)
    for measure in headline_measures(result):
        levels, changes = measure.means(result, level), measure.differences(result, base, level)
        factor, unit = style.scale_of(levels.value, measure.unit, currency)
        heads.append((measure.title, unit))
        column = [Cell(*told(levels, position, factor))]
        for k in range(len(result.policies)):
            if k != position:
                sign = int(changes.low[k] > 0) - int(changes.high[k] < 0)
                column.append(Cell(*told(changes, k, factor, sign=True), sign=sign))
        columns.append(column)
    others = [name for name in result.policies if name != base]
    rows = [(name, [column[k] for column in columns]) for k, name in enumerate([base, *others])]
    return Table("policy", heads, rows, first_is_base=True)


def _assumptions(channel: Channel) -> list[str]:
    """Return paragraphs: the scenario's own words, then what holds for every run."""
    scenario = channel.scenario
    own = " ".join(scenario.description.split())
    sizes, demand = channel.sizes, scenario.demand
    stores = int(plots.base_members(channel)[channel.first_store :].sum())
    built = "" if stores == sizes.stores else f" ({sizes.stores:,} at the largest density built)"
    lines = [own] if own else []
    lines.append(
        f"Demand: {demand.system}, noise: {demand.noise}. "
        f"{_counted(sizes.territories, 'territory', 'territories')}, "
        f"{_counted(len(scenario.brands), 'brand')}, {_counted(stores, 'store')} at the scenario’s own "
        f"density{built}, {scenario.weeks} weeks."
    )
    lines.append(
        "Every number left at its default is a declared assumption or has its source in the reference of "
        "scenario fields. Intervals cover the chance in the model (replications), not doubt about its "
        "numbers; rivals and members react only by the rules that the scenario gives them."
    )
    return lines


def _provenance(result: Result) -> list[tuple[str, str]]:
    known = result.provenance
    names = {
        "scenario_digest": "scenario and its tables, digest",
        "mechanism_digest": "rules of the model, digest",
        "package_version": "channelsim", "seed": "seed", "replications": "replications",
    }  # fmt: skip
    return [(label, str(known[key])) for key, label in names.items() if key in known]
