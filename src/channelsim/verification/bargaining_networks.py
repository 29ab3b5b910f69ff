"""Exchange networks as channels: figures that bargaining with outside options finds again, and one not.

In a line every second position supplies and the others buy: a link is a source in reach, its 24 points are
what a unit a week earns between a cost of 10 and a retail price of 34. Partners who exchange negotiate.
Another link of a buyer is its outside option, worth what its supplier asks; *who is left out asks its cost*:
a premise about the excluded, put into the scenario as a posted price, not found by the simulator. Whoever has
somebody left out at hand then gets all (strong power), as theory predicts for 3-line, star, 5-line and T.

Theory and process part where alternatives are *taken* (weak power: 4-line, stem). There theory takes what an
alternative would pay as a disagreement point, which moves the split at once; here it is a bound that does not
bind up to half. The 4-line is shown at what the process gives, 12 : 12, not at theory's 8 : 16. The simulator
bounds a supplier by its outside options, not by its other buyers, and has no limit of one exchange: the
figures are so oriented that neither matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channelsim.theory import coalitions
from channelsim.theory.bilateral_bargaining import deal_me_out
from channelsim.theory.coalitions import POOL
from channelsim.theory.exchange_networks import classic_network, equidependence
from channelsim.verification.bargaining_runs import Finder, last_week
from channelsim.verification.cases import Case

SCENARIO = "bargaining_exchange"
COST, RETAIL = 10.0, 10.0 + POOL
COOK = "Cook, Emerson, Gillmore & Yamagishi 1983"
OPTIONS = "Binmore, Rubinstein & Wolinsky 1986"


def figure(sources: Mapping[str, Sequence[str]], asked: Mapping[str, float]) -> dict[str, Any]:
    """Return the changes that make the scenario another figure.

    Parameters
    ----------
    sources : mapping
        Of each buyer: the partner with whom it exchanges, then its other sources.
    asked : mapping
        What each supplier asks of buyers who are not its partners, points above its cost.
    """
    partners = {names[0] for names in sources.values()}
    makers = dict.fromkeys(name for names in sources.values() for name in names)
    members: list[dict[str, Any]] = [
        {"name": m, "role": "manufacturer", "count": 1, "owner": m, "brands": ["good"]}
        | {"pricing": {"rule": "negotiated" if m in partners else "posted"}}
        for m in makers
    ]
    members += [
        {"name": buyer, "role": "retailer", "per_territory": 1, "suppliers": list(names)}
        | {"holding_rate": 0.0, "ordering": {"forecast": "known_mean"}}
        | {"pricing": {"rule": "fixed", "opening": RETAIL}}
        for buyer, names in sources.items()
    ]
    contracts = [
        {"supplier": m, "buyer": buyer, "wholesale_price": COST + (asked[m] if k else POOL / 4)}
        for buyer, names in sources.items()
        for k, m in enumerate(names)
    ]
    first = next(iter(makers))
    return {
        "focal": first,
        "brands": [{"name": "good", "owner": first, "production_cost": COST}],
        "members": members,
        "contracts": contracts,
    }


LEFT_OUT, TAKEN = 0.0, POOL / 2
"""What a supplier who is left out asks above its cost, and one who has half a pool elsewhere."""
DYAD = figure({"B": ["A"]}, {})
THREE_LINE = figure({"B": ["A1", "A2"]}, {"A2": LEFT_OUT})
STAR = figure({"B": ["A1", "A2", "A3"]}, {"A2": LEFT_OUT, "A3": LEFT_OUT})
T = figure({"B": ["A1", "A2", "C"], "D": ["C"]}, {"A2": LEFT_OUT, "C": TAKEN})
FOUR_LINE = figure({"B1": ["A1", "B2"], "A2": ["B2"]}, {"B2": TAKEN})
POOR_THIRD = 18.0
"""Points on the link with the third of a 3-line whose goods cost 6 more."""
UNEQUAL_LINE = figure({"B": ["A1", "A2"]}, {"A2": POOL - POOR_THIRD})


def buyer_gets(buyer: str, **changes: Any) -> Finder:
    """Return the finder of a buyer's points."""
    price = last_week(SCENARIO, "unit_cost", "holding", f"{buyer} line · good", **changes)
    return lambda laboratory: RETAIL - price(laboratory)


def supplier_gets(buyer: str, **changes: Any) -> Finder:
    """Return the finder of the points of the supplier with whom a buyer exchanges."""
    price = last_week(SCENARIO, "unit_cost", "holding", f"{buyer} line · good", **changes)
    return lambda laboratory: price(laboratory) - COST


def by_equidependence(name: str, player: str) -> Callable[[], float]:
    """Return what the theory of a classic figure gives to a player, found when it is asked for."""
    return lambda: equidependence(classic_network(name)).low[player]


def least_in_core_with_poor_third() -> float:
    """Return the least that the centre of a 3-line gets in the core, one of its links holding less."""
    line = classic_network("3-line")
    line["B"]["A2"]["pool"] = POOR_THIRD
    return coalitions.core(coalitions.one_exchange_game(line)).low["B"]


def case(
    family: str, name: str, closed_form: Callable[[], float], simulated: Finder, source: str, reason: str = ""
) -> Case:
    """Return a case on a network."""
    return Case(
        family,
        name,
        source,
        closed_form,
        simulated=simulated,
        unit="points",
        scenario=SCENARIO,
        reason=reason,
    )


def cases(family: str) -> tuple[Case, ...]:
    """Return the cases of exchange networks as channels."""
    emerson, bienenstock = "Cook & Emerson 1978", "Bienenstock & Bonacich 1992"
    return (
        case(
            family,
            "network, dyad: no power between equals, half each",
            by_equidependence("dyad", "A"),
            supplier_gets("B", **DYAD),
            emerson,
        ),
        case(
            family,
            "network, 3-line: the centre gets all while the other end is left out",
            by_equidependence("3-line", "B"),
            buyer_gets("B", **THREE_LINE),
            emerson,
        ),
        case(
            family,
            "network, star of three: the centre gets all",
            by_equidependence("star", "B"),
            buyer_gets("B", **STAR),
            emerson,
        ),
        case(
            family,
            "network, 5-line: B1 beside the middle gets all",
            by_equidependence("5-line", "B1"),
            buyer_gets("B1"),
            COOK,
        ),
        case(
            family,
            "network, 5-line: and so does B2, with the same C left out",
            by_equidependence("5-line", "B2"),
            buyer_gets("B2"),
            COOK,
        ),
        case(
            family,
            "network, T: the arm keeps out of it, C gets half",
            by_equidependence("T", "C"),
            supplier_gets("D", **T),
            "Cook & Yamagishi 1992",
        ),
        case(
            family,
            "network, T: B, who has two ends at hand, gets all",
            by_equidependence("T", "B"),
            buyer_gets("B", **T),
            "Cook & Yamagishi 1992",
        ),
        case(
            family,
            "network, 3-line with a poorer third: the centre gets the least of its core",
            least_in_core_with_poor_third,
            buyer_gets("B", **UNEQUAL_LINE),
            bienenstock,
            "the left out bounds the bargain; equidependence, which splits what is above, gives 21",
        ),
        case(
            family,
            "network, 4-line: an alternative that is taken changes nothing, half each",
            lambda: deal_me_out(POOL, POOL - TAKEN, 0.0)[0],
            buyer_gets("B1", **FOUR_LINE),
            OPTIONS,
            "theory and process do not coincide here: equidependence, with alternatives as disagreement "
            "points, gives the inner players 16",
        ),
    )
