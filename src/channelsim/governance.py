"""Governance of diversion under a policy: how likely it is noticed, what it then costs, who watches.

A diverted unit is *found* in the territory where it should not be with a probability that grows with what its
maker spends on monitoring there, m money per week, and is *attributed* to who diverted it with one that grows
with the share s of units that bear a serial number:

    detection = [φ_0 + (1 − φ_0)(1 − e^(−m/m_0))] · [ι_0 + (1 − ι_0)·s] .

Monitoring costs m in every territory, serial numbers a sum for every unit shipped; both are paid by the
brand's maker, which receives the fines. Source: declared assumptions; that the two complement each other is
the practice of the trade (codes on the boxes, inspectors who read them).
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.diversion_parts import GOVERNED, check_governed
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.parts import brand_value
from channelsim.tables import Floats, Integers

if TYPE_CHECKING:
    from channelsim.diversion_parts import Diversion


def detection_of(diversion: Diversion, monitoring: float, serial_tracking: float) -> float:
    """Return the probability that a diverted unit is traced to who diverted it.

    Parameters
    ----------
    monitoring : float
        Money per week and territory.
    serial_tracking : float
        Share of the units that bear a serial number.
    """
    unseen = exp(-monitoring / diversion.monitoring_scale)
    found = diversion.found_unmonitored + (1.0 - diversion.found_unmonitored) * (1.0 - unseen)
    untold = diversion.attributed_untracked
    return found * (untold + (1.0 - untold) * serial_tracking)


def governed(built: BuiltWorld, policy: Policy) -> dict[str, list[float]]:
    """Return monitoring, serial tracking and fine under a policy, each by brand.

    Raises
    ------
    ScenarioError
        If the world cannot feel the policy's governance.
    """
    scenario, given = built.scenario, policy.governance
    changes = {} if given is None else {name: getattr(given, name) for name in GOVERNED}
    changes = {name: value for name, value in changes.items() if value is not None}
    if changes and not scenario.diversion.active:
        raise ScenarioError(
            f"policy {policy.name}: governance: has no effect unless diversion.active = true in the scenario"
        )
    try:
        check_governed(changes, scenario, f"policy {policy.name}: governance")
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    found = {}
    for name in GOVERNED:
        base, new = getattr(scenario.diversion, name), changes.get(name)
        values = [(brand_value(new, b.name), brand_value(base, b.name)) for b in scenario.brands]
        # a brand left out keeps what the scenario says, and 0 where that says nothing
        found[name] = [next((v for v in pair if v == v), 0.0) for pair in values]
    return found


def governance_under(built: BuiltWorld, policy: Policy, listed: Floats) -> tuple[Floats, Integers]:
    """Return what a policy's governance means for every holding.

    Parameters
    ----------
    listed : array (holdings,)
        1 for holdings that are active.

    Returns
    -------
    amounts : array (3, holdings)
        Expected fine per unit diverted, cost of monitoring a week, cost of serial numbers per unit sold.
    guardian : array (holdings,)
        Holding that receives the fines, -1 if none.

    Raises
    ------
    ScenarioError
        If the world cannot feel the policy's governance.
    """
    scenario, index = built.scenario, built.world.holdings_index
    amounts = np.zeros((3, built.sizes.holdings))
    guardian = np.full(built.sizes.holdings, -1)
    if not scenario.diversion.active and policy.governance is None:
        return amounts, guardian
    values = governed(built, policy)
    upper = np.arange(built.sizes.holdings) < built.first_shelf
    owner = np.array(built.members.owners)[built.members.owner[index[c.MEMBER]]]
    tier = built.members.tier[index[c.MEMBER]]
    for b, brand in enumerate(scenario.brands):
        rows = np.flatnonzero(upper & (index[c.BRAND] == b) & (listed > 0))
        if not len(rows):
            continue
        owned = rows[owner[rows] == (brand.owner or brand.name)]
        first = owned[0] if len(owned) else rows[0]
        monitoring, tracking, fine = (values[name][b] for name in GOVERNED)
        guardian[rows] = first
        amounts[0, rows] = detection_of(scenario.diversion, monitoring, tracking) * fine
        amounts[1, first] = monitoring * built.sizes.territories
        makers = rows[(owner[rows] == owner[first]) & (tier[rows] == tier[first])]
        amounts[2, makers] = tracking * scenario.diversion.tracking_cost
    return amounts, guardian
