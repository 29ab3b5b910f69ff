"""What support, fees, exclusivity and credit have to agree on with the rest of a scenario.

Each failure is one clear line. The same conditions decide which contracts can feel a change of a policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channelsim.member_parts import Contract, MemberGroup
    from channelsim.scenario import Scenario

BESIDE_THE_PRICE = ("cooperative_share", "training", "franchise_fee", "exclusive", "compensation")
"""Fields of a contract that a bargain over its price would have to count in."""
FOR_EFFORT = ("cooperative_share", "training")


def cannot_feel(field: str, contract: Contract, scenario: Scenario) -> str:
    """Return why a contract cannot feel a field of its own, "" if it can.

    Parameters
    ----------
    field : str
        Field of a contract: support, fees, exclusivity or credit.
    contract : Contract
    scenario : Scenario
    """
    groups: dict[str, MemberGroup] = {group.name: group for group in scenario.members}
    supplier, buyer = groups[contract.supplier], groups[contract.buyer]
    if field == "credit_weeks" and not scenario.credit:
        return "invoices are paid when made out unless credit = true"
    if field in BESIDE_THE_PRICE and supplier.pricing.rule == "negotiated":
        return f"{supplier.name!r} negotiates its prices, and the bargain is over the price alone"
    if field in FOR_EFFORT:
        if not buyer.sells_to_consumers:
            return f"service effort is the stores'; a {buyer.role.replace('_', ' ')} makes none"
        if not any(segment.service_weight > 0 for segment in scenario.segments):
            return "no segment has a service_weight above 0, so that nobody would make an effort"
    if field in ("exclusive", "compensation"):
        if not buyer.sells_to_consumers:
            return f"exclusive dealing is a choice of stores; {buyer.name!r} sells to other members"
        if scenario.demand.system != "logit":
            system = scenario.demand.system
            return f"what exclusivity costs a store needs demand.system = 'logit', not {system!r}"
    return ""


def check_agreements(scenario: Scenario) -> None:
    """Check support, fees, exclusivity and credit of every contract.

    Raises
    ------
    ValueError
        One line: what, where, what is admissible.
    """
    for i, contract in enumerate(scenario.contracts):
        for field in BESIDE_THE_PRICE:
            value = getattr(contract, field)
            why = cannot_feel(field, contract, scenario) if value else ""
            if why:
                raise ValueError(f"contracts[{i}].{field} = {_shown(value)}: {why}")
        if contract.compensation > 0 and not contract.exclusive:
            raise ValueError(
                f"contracts[{i}].compensation = {contract.compensation:g}: is paid for exclusive dealing: "
                "set exclusive = true"
            )
        longest = scenario.maximum_credit_weeks
        if longest is not None and contract.credit_weeks > longest:
            raise ValueError(
                f"contracts[{i}].credit_weeks = {contract.credit_weeks}: must not exceed "
                f"maximum_credit_weeks = {longest}"
            )
    if scenario.maximum_credit_weeks is not None and not scenario.credit:
        raise ValueError(
            f"maximum_credit_weeks = {scenario.maximum_credit_weeks}: invoices are paid when made out unless "
            "credit = true"
        )


def longest_credit(scenario: Scenario) -> int:
    """Return the longest credit for which a world is built, weeks."""
    if scenario.maximum_credit_weeks is not None:
        return scenario.maximum_credit_weeks
    return max(contract.credit_weeks for contract in scenario.contracts)


def _shown(value: float | bool) -> str:
    return "true" if value is True else f"{value:g}"
