"""The channel plan as a director reads it: one page of HTML, and the policy and data behind it.

The order is that of a decision: what to do, what it brings and how sure that is, where, for whom, at which
price elsewhere, how robust it is; method and seeds at the end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from channelsim.analysis import style
from channelsim.analysis.folders import whole_folder
from channelsim.analysis.report import write_files
from channelsim.analysis.report_forms import as_html, as_markdown
from channelsim.policy.levers import focal_firm
from channelsim.policy.plan import ChannelPlan
from channelsim.policy.plan_sections import plan_sections
from channelsim.policy.plan_words import assumed, headlines, three

if TYPE_CHECKING:
    from pandas import DataFrame


def write_plan(plan: ChannelPlan, out: str | Path, command: str = "", currency: str = "money") -> Path:
    """Write the plan into a folder, whole or not at all.

    Parameters
    ----------
    plan : ChannelPlan
    out : str or Path
        A new or empty folder, or one that this function wrote.
    command : str
        The command that makes it again.
    currency : str
        What "money" is called.

    Returns
    -------
    Path
        Of ``plan.html``. Beside it: ``plan.md`` with figures, ``plan.toml`` (the policy), ``problem.toml``,
        ``scenario.toml``, and in ``data`` the tables behind every number.

    Raises
    ------
    OutputError
        If the folder holds other files, or cannot be written.
    """
    made = plan_files(plan, command, currency)
    with whole_folder(out) as folder:
        write_files(folder, made)
        plan.policy.save(folder / "plan.toml")
        plan.problem.channel.scenario.save(folder / "scenario.toml")
        plan.problem.model_copy(update={"scenario": "scenario.toml", "changes": {}}).save(
            folder / "problem.toml"
        )
        plan.result.save(folder / "data" / "result.nc")
    return Path(out) / "plan.html"


def plan_files(plan: ChannelPlan, command: str = "", currency: str = "money") -> dict[str, bytes]:
    """Return the files of a plan's report by name; see `write_plan`."""
    scenario = plan.problem.channel.scenario
    title = f"Channel plan: {scenario.title or scenario.name}"
    lead = (
        f"What {focal_firm(scenario)} should decide for the coming year, by simulation of {scenario.weeks} "
        f"weeks. Every effect is measured in {plan.effort.report} fresh replications that the search never "
        "saw, against the channel as it is now, on the same draws; intervals are "
        f"{100 * plan.assessment.level:g} %."
    )
    sections = plan_sections(plan, currency)
    facts = _provenance(plan)
    parts = (title, lead, headlines(plan, currency), sections, assumed(plan), facts, command)
    made = {"plan.html": as_html(*parts).encode(), "plan.md": as_markdown(*parts).encode()}
    for section in sections:
        for name, _, figure in section.figures:
            made[f"figures/{name}.png"] = style.save_bytes(figure, "png")
    for name, table in tables(plan).items():
        made[f"data/{name}.csv"] = table.to_csv(index=False, lineterminator="\n").encode()
    return made


def tables(plan: ChannelPlan) -> dict[str, DataFrame]:
    """Return the data behind the report: a tidy table by name."""
    found = {
        "candidates": plan.solution.to_frame(),
        "finalists": plan.selection.to_frame(),
        "effect": plan.assessment.to_frame(),
        "stakeholders": plan.assessment.effects_frame(),
        "levers": plan.assessment.responses_frame(),
        "relations": plan.assessment.relations_frame(),
    }
    found |= {f"trade_off_{k + 1}": f.to_frame() for k, f in enumerate(plan.frontiers)}
    if plan.regrets is not None:
        found["regrets"] = plan.regrets.to_frame()
    if plan.power is not None:
        found["power"] = plan.power.power()
    return {name: table for name, table in found.items() if len(table)}


def _provenance(plan: ChannelPlan) -> list[tuple[str, str]]:
    known = plan.result.provenance
    return [
        ("scenario and its tables, digest", str(known["scenario_digest"])),
        ("rules of the model, digest", str(known["mechanism_digest"])),
        ("channelsim", str(known["package_version"])),
        ("seed", str(plan.seed)),
        (
            "replications of the search, a finalist at most, the report, a level of a trade-off",
            _efforts(plan),
        ),
    ]


def _efforts(plan: ChannelPlan) -> str:
    effort = plan.effort
    efforts = (effort.search, effort.selection, effort.report, effort.trade_off_search)
    return ", ".join(f"{n:,}" for n in efforts)


def plan_json(plan: ChannelPlan) -> str:
    """Return the plan's numbers as JSON, the same bytes on any number of workers."""
    found = plan.assessment
    told = {
        "levers": plan.values,
        "objective": dict(zip(("difference", "low", "high"), three(found.difference))),
        "baseline": float(found.baseline_value.value),
        "recommended": float(found.value.value),
        "constraints": [
            {"constraint": k.constraint, "slack": float(k.slack.value), "verdict": k.verdict}
            for k in found.constraints
        ],
        "seed": plan.seed,
        "starts": [float(c.gain) for c in plan.solution.starts],
        "evaluations": plan.solution.evaluations,
        "replications": plan.solution.replications,
        "method": plan.solution.method,
    }  # fmt: skip
    return json.dumps(told, indent=2, ensure_ascii=False)
