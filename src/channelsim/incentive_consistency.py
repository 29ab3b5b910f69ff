"""What a contract's incentives have to agree on with the rest of a scenario; each failure is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelsim.incentive_parts import INCENTIVES

if TYPE_CHECKING:
    from channelsim.decisions import TermsChange
    from channelsim.member_parts import Contract, MemberGroup
    from channelsim.scenario import Scenario


def has_effect(name: str, value: object) -> bool:
    """Return whether an incentive of a contract is there at all: not one without steps, or of nothing."""
    if value is None:
        return False
    if name in ("quantity_discount", "target_rebate"):
        share = name.split("_")[1]
        return any(getattr(step, share) > 0.0 for step in value.steps)  # type: ignore[attr-defined]
    size = {"growth_bonus": "bonus", "buyback": "credit", "revenue_share": "share"}[name]
    return float(getattr(value, size)) > 0.0


def check_incentives(
    terms: Contract | TermsChange, buyers: list[MemberGroup], scenario: Scenario, where: str
) -> None:
    """Check the incentives of a contract, or of a policy's change of terms.

    Parameters
    ----------
    buyers : list of MemberGroup
        Who buys under it; a change is refused if none of them can feel it.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    for name in INCENTIVES:
        value, path = getattr(terms, name), f"{where}.{name}"
        if not has_effect(name, value):
            continue
        for group in scenario.members:
            if group.pricing.rule in ("negotiated", "vertical_nash", "leader"):
                raise ValueError(
                    f"{path}: {group.name!r} prices by the rule {group.pricing.rule!r}, which does not "
                    "reckon with incentives yet; use posted or markup wholesale prices"
                )
        reliability = getattr(value, "reliability", 1.0)
        if reliability < 1.0 and not scenario.relations.active:
            raise ValueError(
                f"{path}.reliability = {reliability:g}: needs relations.active = true, without which nobody "
                "learns whom to believe"
            )
        weeks = getattr(value, "weeks", 0)
        if weeks > scenario.weeks:
            raise ValueError(
                f"{path}.weeks = {weeks}: no period would close in the run's {scenario.weeks} weeks"
            )
        if name == "revenue_share" and not any(b.sells_to_consumers for b in buyers):
            raise ValueError(
                f"{path}: shared is what consumers pay, and {buyers[0].name!r} sells to other members; "
                "the buyer must be a store"
            )
        if name == "buyback" and not any(_has_unsold(b) for b in buyers):
            raise ValueError(
                f"{path}: nothing of {buyers[0].name!r} is ever unsold: it needs ordering.rule = "
                "'newsvendor' or obsolescence above 0"
            )


def _has_unsold(group: MemberGroup) -> bool:
    return group.ordering.rule == "newsvendor" or group.obsolescence != 0.0
