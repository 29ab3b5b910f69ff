"""Every kind of case of the family fails when the rule behind it is wrong, and passes when it is not."""

import networkx
import pytest

from channelsim.theory import coalition_values, coalitions, exchange_networks, network_power
from channelsim.verification import exchange_networks as family
from channelsim.verification.cases import Laboratory, judge
from judging import case_about, judged

LABORATORY = Laboratory()
OWN_NUCLEOLUS, OWN_CORE = coalitions.nucleolus, coalitions.core


def no_alternatives(graph, payoffs, player, partner, pool=24.0):
    return 0.0


def whole_pool_elsewhere(graph, payoffs, player, partner, pool=24.0):
    # forgets that the third player must be left what he has
    return pool if len(graph[player]) > 1 else 0.0


def outside_option(pool, first, second):
    share = min(max(pool / 2, first), pool - second)
    return share, pool - share


def many_exchanges(graph, pool=24.0):
    # every link inside a coalition earns its pool: no one is ever excluded
    return coalitions.coalitional_game(
        graph, lambda members: pool * graph.subgraph(members).number_of_edges()
    )


def no_whole(game):
    return OWN_CORE(game._replace(worth=game.worth * 0.5))


def shapley_for_nucleolus(game):
    return coalition_values.shapley_value(game)


def unrestricted(game, graph):
    return coalition_values.shapley_value(game)


def katz(graph, beta):
    scores = networkx.katz_centrality_numpy(graph, alpha=beta, beta=1.0, normalized=False)
    scale = (len(graph) / sum(score**2 for score in scores.values())) ** 0.5
    return {player: float(score * scale) for player, score in scores.items()}


def positive_beta(graph, beta, own=network_power.bonacich_power):
    return own(graph, -beta)


def first_come_first_served(graph):
    # one round only: who is not picked back at once is left out
    return dict.fromkeys(graph, 0.5)


MUTATIONS = [
    ("4-line: inner players get", exchange_networks, "best_alternative", no_alternatives),
    ("4-line: inner players get", exchange_networks, "split_the_difference", outside_option),
    ("4-line: inner players get", coalitions, "nucleolus", shapley_for_nucleolus),
    ("3-line: the centre gets all", exchange_networks, "best_alternative", no_alternatives),
    ("5-line: the players beside", exchange_networks, "best_alternative", no_alternatives),
    ("star: the centre", coalitions, "nucleolus", shapley_for_nucleolus),
    ("T: the arm", exchange_networks, "best_alternative", whole_pool_elsewhere),
    ("stem: B gets three quarters", exchange_networks, "best_alternative", whole_pool_elsewhere),
    ("stem: B gets three quarters", coalitions, "one_exchange_game", many_exchanges),
    ("stem: B gets at least half", coalitions, "core", no_whole),
    ("kite: B1 gets at least half", coalitions, "core", no_whole),
    ("triangle: the core is empty", coalitions, "one_exchange_game", many_exchanges),
    ("bow tie: the core is empty", coalitions, "one_exchange_game", many_exchanges),
    ("4-line: as outside options", family, "deal_me_out", exchange_networks.split_the_difference),
    ("Shapley value of the centre", coalition_values, "shapley_value", OWN_NUCLEOLUS),
    ("the middle one linked to both", coalition_values, "myerson_value", unrestricted),
    ("Talmud", coalitions, "nucleolus", shapley_for_nucleolus),
    ("Bonacich's power", network_power, "bonacich_power", katz),
    ("Bonacich's power", network_power, "bonacich_power", positive_beta),
    ("an end exchanges", network_power, "inclusion_likelihood", first_come_first_served),
]


@pytest.mark.parametrize(
    ("words", "module", "name", "mutant"), MUTATIONS, ids=[f"{m[0]}-{m[3].__name__}" for m in MUTATIONS]
)
def test_a_wrong_rule_makes_its_case_fail(words, module, name, mutant, monkeypatch):
    case = case_about(words, family.CASES)
    assert judge(case, LABORATORY).verdict == "pass"
    monkeypatch.setattr(module, name, mutant)
    assert judge(case, LABORATORY).verdict == "fail"


def test_controls_pass_whatever_the_alternatives_are_worth(monkeypatch):
    # between equals even a wrong alternative leaves half each: what fails above is power, not noise
    monkeypatch.setattr(exchange_networks, "best_alternative", no_alternatives)
    for words in ("dyad", "4-cycle: no power"):
        assert judged(words, family.CASES, LABORATORY).verdict == "pass"
