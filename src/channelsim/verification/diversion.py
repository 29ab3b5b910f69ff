"""Family "diversion": arbitrage between territories, and what deters it.

Stores of west buy at their own distributor's price or from east's distributor, who carries goods over where
that pays. What a store pays on average is read off its account: price less unit margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channelsim.decisions import Governance, Policy
from channelsim.theory.territorial_arbitrage import (
    arbitrage,
    deterring_fine,
    deterring_monitoring,
    receiving_store,
)
from channelsim.verification.cases import OPTIMISED_LEVER, Case, Laboratory
from channelsim.verification.reading import of_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from channelsim.analysis.results import Result

FAMILY, SCENARIO = "diversion", "diversion"
ENKE_SAMUELSON, BECKER = "Enke 1951; Samuelson 1952", "Becker 1968"
MONEY, UNITS = "money per unit", "units per week"
EAST, WEST, TRANSPORT, FINE = 20.0, 30.0, 3.0, 20.0
FOUND, ATTRIBUTED, SCALE = 0.1, 0.5, 10.0
DETECTION = FOUND * ATTRIBUTED
INTERCEPT, SLOPE = 100.0, 1.0
LISTED, REBATE = 15.0, 0.02
"""What the scenario holds, in the words of the theory."""


def _run(laboratory: Laboratory, policy: Policy | None = None, **changes: Any) -> Result:
    metrics = ["price", "unit_margin", "sell_through", "diverted_in"]
    changes = {name.replace("__", "."): value for name, value in changes.items()}
    return laboratory.run(SCENARIO, metrics=metrics, policies=None if policy is None else [policy], **changes)


def _cost(result: Result, where: str = "west") -> float:
    """Return what the place's store pays for a unit on average."""
    return of_group(result, "price", f"{where} store") - of_group(result, "unit_margin", f"{where} store")


def _difference(laboratory: Laboratory, **changes: Any) -> float:
    result = _run(laboratory, **changes)
    return _cost(result) - _cost(result, "east")


def _diverted(laboratory: Laboratory, policy: Policy | None = None, **changes: Any) -> float:
    return of_group(_run(laboratory, policy, **changes), "diverted_in", "west store")


def _least(stops: Callable[[float], bool], high: float, tolerance: float = 1e-4) -> float:
    """Return the least number at which diversion stops, by halving the interval from 0 to ``high``."""
    low = 0.0
    while high - low > tolerance * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if stops(middle) else (middle, high)
    return 0.5 * (low + high)


def _least_fine(laboratory: Laboratory) -> float:
    def stops(fine: float) -> bool:
        return _diverted(laboratory, Policy(name="fined", governance=Governance(fine=fine))) == 0.0

    return _least(stops, 1000.0)


def _least_monitoring(laboratory: Laboratory) -> float:
    def stops(monitoring: float) -> bool:
        governance = Governance(monitoring=monitoring, serial_tracking=1.0)
        return _diverted(laboratory, Policy(name="watched", governance=governance)) == 0.0

    return _least(stops, 100.0)


def _rebated(share: float) -> dict[str, Any]:
    """Return a rebate on every unit that east's distributor sells, whose target it cannot miss."""
    steps = [{"threshold": 0.0, "rebate": share}]
    given = {"mode": "incremental", "basis": "sell_through", "weeks": 13, "steps": steps}
    return {"contracts__0__target_rebate": given}


def _paid(**changes: float) -> float:
    """Return what west's store pays in theory."""
    return arbitrage(WEST, EAST, TRANSPORT, DETECTION * FINE, **changes).mean_cost


CASES = (
    Case(
        FAMILY,
        "price difference at rest: transport and expected fine",
        ENKE_SAMUELSON,
        lambda: _paid() - EAST,
        simulated=_difference,
        unit=MONEY,
        scenario=SCENARIO,
        reason="of what stores pay; posted prices differ by 10",
    ),
    Case(
        FAMILY,
        "a smaller price difference stays",
        ENKE_SAMUELSON,
        lambda: arbitrage(23.5, EAST, TRANSPORT, DETECTION * FINE).mean_cost - EAST,
        simulated=lambda lab: _difference(lab, contracts__3__wholesale_price=23.5),
        unit=MONEY,
        scenario=SCENARIO,
        reason="posted prices differ by 3.5, transport and expected fine are 4",
    ),
    Case(
        FAMILY,
        "a smaller price difference: nothing is carried over (control)",
        ENKE_SAMUELSON,
        lambda: 0.0,
        simulated=lambda lab: _diverted(lab, contracts__3__wholesale_price=23.5),
        unit=UNITS,
        scenario=SCENARIO,
    ),
    Case(
        FAMILY,
        "retail price where goods are carried to",
        ENKE_SAMUELSON,
        lambda: receiving_store(INTERCEPT, SLOPE, _paid()).price,
        simulated=lambda lab: of_group(_run(lab), "price", "west store"),
        unit=MONEY,
        scenario=SCENARIO,
    ),
    Case(
        FAMILY,
        "units carried over",
        ENKE_SAMUELSON,
        lambda: receiving_store(INTERCEPT, SLOPE, _paid()).carried_in,
        simulated=_diverted,
        unit=UNITS,
        scenario=SCENARIO,
    ),
    Case(
        FAMILY,
        "a store that takes a third of its goods and half of the gain: what it pays",
        ENKE_SAMUELSON,
        lambda: _paid(store_share=0.5, accepted=1.0 / 3.0),
        simulated=lambda lab: _cost(_run(lab, diversion__buyer_share=0.5, diversion__acceptance=1.0 / 3.0)),
        unit=MONEY,
        scenario=SCENARIO,
    ),
    Case(
        FAMILY,
        "price difference where all that the diverter sells earns a rebate: less by the rebate",
        "Enke 1951; Samuelson 1952 (rebate derived)",
        lambda: arbitrage(WEST, EAST - REBATE * LISTED, TRANSPORT, DETECTION * FINE).mean_cost - EAST,
        simulated=lambda lab: _difference(lab, **_rebated(REBATE)),
        unit=MONEY,
        scenario=SCENARIO,
        reason="the rebate lowers its marginal cost, and not what it wants to earn",
    ),
    Case(
        FAMILY,
        "least fine that deters",
        BECKER,
        lambda: deterring_fine(WEST, EAST, TRANSPORT, DETECTION),
        optimised=_least_fine,
        tolerance=OPTIMISED_LEVER,
        unit=MONEY,
        scenario=SCENARIO,
    ),
    Case(
        FAMILY,
        "least monitoring that deters where every unit bears a serial number",
        BECKER,
        lambda: deterring_monitoring(WEST, EAST, TRANSPORT, FINE, SCALE, FOUND),
        optimised=_least_monitoring,
        tolerance=OPTIMISED_LEVER,
        unit="money per week and territory",
        scenario=SCENARIO,
    ),
)
