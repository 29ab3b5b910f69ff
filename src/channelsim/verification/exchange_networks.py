"""Family "exchange networks": classic figures with published predictions, found again by other routes.

There is no simulator of these networks here. What a theory published for a figure stands as closed form; the
column "simulated" is a process that runs (partners renegotiating pair by pair, players arriving or seeking
each other at random, walks along links being added up) and "optimised" the linear programmes of the nucleolus
or the core, which know nothing of that process. The links of every figure are listed with its case.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from channelsim.theory import coalition_values, coalitions, exchange_networks, network_power
from channelsim.theory.bilateral_bargaining import deal_me_out
from channelsim.theory.coalitions import POOL
from channelsim.theory.exchange_networks import CLASSIC_NETWORKS, classic_network
from channelsim.verification.cases import Case, Laboratory, Noisy

FAMILY = "exchange networks"
EMERSON, COOK = "Cook & Emerson 1978", "Cook & Yamagishi 1992"
CORE = "Bienenstock & Bonacich 1992"


def _links(figure: str) -> str:
    return "links " + ", ".join("–".join(pair) for pair in CLASSIC_NETWORKS[figure])


def _division(
    name: str, source: str, figure: str, player: str, points: Callable[[], float], note: str = ""
) -> Case:
    """Return the case of what one player of a figure gets: by renegotiation and by the nucleolus."""

    def renegotiated(laboratory: Laboratory) -> float:
        return exchange_networks.rebargain(classic_network(figure))[player]

    def nucleolus(laboratory: Laboratory) -> float:
        return coalitions.nucleolus(coalitions.one_exchange_game(classic_network(figure)))[player]

    reason = "; ".join(filter(None, (_links(figure), note)))
    return Case(
        FAMILY,
        name,
        source,
        closed_form=points,
        simulated=renegotiated,
        optimised=nucleolus,
        unit="points",
        reason=reason,
    )


def width_of_equidependence(laboratory: Laboratory) -> float:
    """How far apart the equidependent divisions of a ring of four lie for one player."""
    found = exchange_networks.equidependence(classic_network("4-cycle"))
    return found.high["A1"] - found.low["A1"]


def least_equidependent_of_kite(laboratory: Laboratory) -> float:
    """Least that a player with three partners gets in an equidependent division of the kite."""
    return exchange_networks.equidependence(classic_network("kite")).low["B1"]


def _least_in_core(figure: str, player: str) -> Callable[[Laboratory], float]:
    return lambda laboratory: coalitions.core(coalitions.one_exchange_game(classic_network(figure))).low[
        player
    ]


def _least_excess(figure: str) -> Callable[[Laboratory], float]:
    return lambda laboratory: (
        coalitions.core(coalitions.one_exchange_game(classic_network(figure))).least_excess
    )


def largest_complaint(figure: str) -> Callable[[Laboratory], float]:
    """Return the largest complaint at the nucleolus, another route to the least excess."""

    def found(laboratory: Laboratory) -> float:
        game = coalitions.one_exchange_game(classic_network(figure))
        return float(coalitions.excesses(game, coalitions.nucleolus(game))[1:-1].max())

    return found


def outside_options_in_line(laboratory: Laboratory) -> float:
    """What an inner player of the 4-line gets if alternatives are outside options: by renegotiation."""
    line = classic_network("4-line")
    payoffs: dict[Hashable, float] = {"A1": 0.0, "B1": POOL, "B2": POOL, "A2": 0.0}
    for _ in range(50):
        for inner, end in (("B1", "A1"), ("B2", "A2")):
            options = [
                exchange_networks.best_alternative(line, payoffs, *pair)
                for pair in ((inner, end), (end, inner))
            ]
            payoffs[inner], payoffs[end] = deal_me_out(POOL, *options)
    return payoffs["B1"]


def contribution_of_centre(laboratory: Laboratory) -> Noisy:
    """Mean contribution of the centre of a 3-line over random orders of arrival."""
    game = coalitions.one_exchange_game(classic_network("3-line"))
    generator = np.random.Generator(np.random.PCG64([laboratory.seed, 11]))
    places = generator.random((100_000 * laboratory.effort, 3)).argsort(axis=1)
    centre = game.players.index("B")
    before = (places < places[:, [centre]]) @ (1 << np.arange(3))
    return Noisy.of(game.worth[before | 1 << centre] - game.worth[before])


def shapley_of_centre(laboratory: Laboratory) -> float:
    """Shapley value of the centre of a 3-line."""
    return coalition_values.shapley_value(coalitions.one_exchange_game(classic_network("3-line")))["B"]


def middle_of_three(laboratory: Laboratory) -> float:
    """Myerson value of the player in the middle, who may act with either end; the ends are not linked."""
    from networkx import Graph

    pairs = {"12": 12.0, "13": 6.0, "23": 6.0, "123": 12.0}
    worth: dict[frozenset[Hashable], float] = {frozenset(names): value for names, value in pairs.items()}
    game = coalitions.coalitional_game("123", lambda members: worth.get(members, 0.0))
    return coalition_values.myerson_value(game, Graph([("1", "2"), ("1", "3")]))["1"]


def talmud(laboratory: Laboratory) -> float:
    """Nucleolus of a bankruptcy: what a claim of 200 gets, beside 100 and 300, on an estate of 200."""
    claims = {"A": 100.0, "B": 200.0, "C": 300.0}

    def left(members: frozenset[Hashable]) -> float:
        return max(0.0, 200.0 - sum(claim for name, claim in claims.items() if name not in members))

    return coalitions.nucleolus(coalitions.coalitional_game(claims, left))["B"]


def power_by_walks(laboratory: Laboratory) -> float:
    """Bonacich's power of B in the 5-line by adding walks of growing length, c = Σ βᵏ Rᵏ⁺¹ 1."""
    from networkx import to_numpy_array

    line = classic_network("5-line")
    links = to_numpy_array(line)
    walks, power = links.sum(axis=1), np.zeros(5)
    for _ in range(400):
        power += walks
        walks = -0.5 * links @ walks
    return float(power[list(line).index("B1")] * np.sqrt(5 / (power**2).sum()))


def power_by_solution(laboratory: Laboratory) -> float:
    """Bonacich's power of B in the 5-line from the linear equations."""
    return network_power.bonacich_power(classic_network("5-line"), -0.5)["B1"]


def seeking_partners(laboratory: Laboratory) -> Noisy:
    """How often an end of the 4-line exchanges when all seek partners at random, round by round."""
    line = classic_network("4-line")
    generator = np.random.Generator(np.random.PCG64([laboratory.seed, 12]))
    included = np.zeros(40_000 * laboratory.effort)
    for trial in range(included.size):
        available = set(line)
        while any(partner in available for player in available for partner in line[player]):
            open_to = {p: [k for k in line[p] if k in available] for p in sorted(available)}
            picks = {p: k[int(generator.random() * len(k))] for p, k in open_to.items() if k}
            available -= {player for player, pick in picks.items() if picks.get(pick) == player}
        included[trial] = "A1" not in available
    return Noisy.of(included)


CASES = (
    _division(
        "dyad: no power between equals, half each",
        EMERSON,
        "dyad",
        "A",
        lambda: POOL / 2,
    ),
    _division("3-line: the centre gets all", EMERSON, "3-line", "B", lambda: POOL),
    _division("star: the centre gets all", EMERSON, "star", "B", lambda: POOL),
    _division("4-line: inner players get two thirds", COOK, "4-line", "B1", lambda: POOL * 2 / 3),
    _division(
        "5-line: the players beside the middle get all",
        "Cook, Emerson, Gillmore & Yamagishi 1983",
        "5-line",
        "B1",
        lambda: POOL,
        "the most central player, C, has no power",
    ),
    _division(
        "T: the arm keeps out of it, half each",
        COOK,
        "T",
        "C",
        lambda: POOL / 2,
        "derived from equidependence: B's two ends give it everything, so that it has nothing to ask of C",
    ),
    _division("stem: B gets three quarters from A", COOK, "stem", "B", lambda: POOL * 3 / 4),
    Case(
        FAMILY,
        "stem: B gets at least half in the core",
        CORE,
        closed_form=lambda: POOL / 2,
        optimised=_least_in_core("stem", "B"),
        unit="points",
        reason=_links("stem"),
    ),
    Case(
        FAMILY,
        "kite: B1 gets at least half, by equidependence as in the core",
        CORE,
        closed_form=lambda: POOL / 2,
        simulated=least_equidependent_of_kite,
        optimised=_least_in_core("kite", "B1"),
        unit="points",
        reason=_links("kite") + "; equidependence is not unique here: anything from half to all",
    ),
    _division("4-cycle: no power between equals, half each", COOK, "4-cycle", "A1", lambda: POOL / 2),
    Case(
        FAMILY,
        "4-cycle: equidependence is not unique, any division will do",
        "Kleinberg & Tardos 2008",
        closed_form=lambda: POOL,
        simulated=width_of_equidependence,
        unit="points",
        reason=_links("4-cycle"),
    ),
    Case(
        FAMILY,
        "triangle: the core is empty, every pair could gain a third",
        CORE,
        closed_form=lambda: POOL / 3,
        simulated=largest_complaint("triangle"),
        optimised=_least_excess("triangle"),
        unit="points",
        reason=_links("triangle"),
    ),
    Case(
        FAMILY,
        "bow tie: the core is empty, by two fifths of a pool",
        CORE,
        closed_form=lambda: POOL * 2 / 5,
        simulated=largest_complaint("bow tie"),
        optimised=_least_excess("bow tie"),
        unit="points",
        reason=_links("bow tie"),
    ),
    Case(
        FAMILY,
        "4-line: as outside options, the same alternatives change nothing",
        "Binmore, Rubinstein & Wolinsky 1986",
        closed_form=lambda: POOL / 2,
        simulated=outside_options_in_line,
        unit="points",
        reason=_links("4-line"),
    ),
    Case(
        FAMILY,
        "3-line: Shapley value of the centre, two thirds",
        "Shapley 1953",
        closed_form=lambda: POOL * 2 / 3,
        simulated=contribution_of_centre,
        optimised=shapley_of_centre,
        unit="points",
        reason=_links("3-line"),
    ),
    Case(
        FAMILY,
        "three players, the middle one linked to both: Myerson value 7 of 12",
        "Myerson 1977",
        closed_form=lambda: 7.0,
        simulated=middle_of_three,
        reason="v(12) = v(123) = 12, v(13) = v(23) = 6; links 1–2, 1–3",
    ),
    Case(
        FAMILY,
        "nucleolus of the Talmud's bankruptcy: 75 of 200 for a claim of 200",
        "Aumann & Maschler 1985",
        closed_form=lambda: 75.0,
        simulated=talmud,
        reason="claims 100, 200, 300; estate 200",
    ),
    Case(
        FAMILY,
        "5-line: Bonacich's power of B at β = −½",
        "Bonacich 1987",
        closed_form=lambda: float(np.sqrt(5 / 2)),
        simulated=power_by_walks,
        optimised=power_by_solution,
        reason=_links("5-line") + "; A and C have power 0",
    ),
    Case(
        FAMILY,
        "4-line: an end exchanges in three rounds of four if partners are sought at random",
        "Markovsky, Skvoretz, Willer, Lovaglia & Erger 1993",
        closed_form=lambda: network_power.inclusion_likelihood(classic_network("4-line"))["A1"],
        simulated=seeking_partners,
        reason=_links("4-line"),
    ),
)
