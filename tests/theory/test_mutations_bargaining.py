"""A wrong rule in the place of a right one makes the cases of bargaining fail.

Rules can be replaced where they are plain Python, so those run with the JIT off (``make test-jit-off``); the
system of contracts is solved in plain Python always.
"""

import numpy as np
import pytest

from channelsim import renewal
from channelsim.mechanisms import bargaining
from channelsim.mechanisms.counterfactual import LOST
from channelsim.verification.bargaining import CASES
from compiled_code import replaces_rules
from judging import ShortRuns, judged

QUARTER = "one and one: the maker gets its weight of the margin, a quarter"
WEAK = "control: an outside option below the split"
STRONG = "a better option of the store is matched"
SUSPENDED = "options that together exceed the pool"
ANSWERED = "one and one, the store answers: wholesale price"
LINEAR = "two by two, linear, retail prices held"
LOGIT = "two by two, logit of two segments, retail prices held"
CHAIN = "A at the chain, linear"
THREE_TIERS = "three tiers at once, linear: what Y pays for B"
STAKES = "weights by the stakes: what Y pays for A"
NO_STAKES = "control: without the exponent"
DYAD, THREE_LINE = "network, dyad", "network, 3-line: the centre"
FOUR_LINE = "network, 4-line"


def verdict(name):
    row = judged(name, CASES, ShortRuns(lambda scenario, replications: {"weeks": 3, "warm_up_weeks": 2}))
    return row.verdict, row.error


def swapped_weights(channel, state, right=renewal.supplier_weights):
    """Swap: the buyer gets what is the supplier's."""
    return 1.0 - right(channel, state)


def strong_by_stakes(channel, state, right=renewal.supplier_weights):
    """Sign: who depends more gets more."""
    swapped = state.relationships.copy()
    rows = [renewal.c.DEPENDENCE_OF_SUPPLIER, renewal.c.DEPENDENCE_OF_BUYER]
    swapped[rows] = swapped[rows[::-1]]
    return right(channel, state._replace(relationships=swapped))


def changed_stakes(change, right=renewal.Renewal._read_stakes):
    """Return a reading of what is at stake that is changed before the system is solved."""

    def read(renewing):
        stakes = right(renewing)
        change(stakes)
        return stakes

    return read


def options_split_over(stakes):
    """The point of disagreement: outside options are where bargaining starts, not bounds."""
    stakes.constants[:] -= stakes.outside
    stakes.outside[:] = 0.0


def no_bounds(stakes):
    """Term left out: nobody has anywhere to go."""
    stakes.outside[:] = 0.0


def nothing_recaptured(formed, shelf, world, state, room, right=bargaining.flow_without):
    """Disagreement at zero: buyers of a contract that fails go home, so that no other shelf gains."""
    kept = room.status[shelf] != LOST
    return state.holdings[bargaining.MEAN_DEMAND, shelf] if kept else right(formed, shelf, world, state, room)


def recaptured_with_the_wrong_sign(formed, shelf, world, state, room, right=bargaining.flow_without):
    """Sign: what other shelves would gain is counted as lost with the contract."""
    flow, now = right(formed, shelf, world, state, room), state.holdings[bargaining.MEAN_DEMAND, shelf]
    return flow if room.status[shelf] == LOST else 2.0 * now - flow


def tiers_one_after_the_other(
    side, owner, contract, shelf, units, world, terms, state, ties, *rest, right=bargaining.add_flow
):
    """Order of events: the wholesaler sells as if its own purchase prices were those of before."""
    bought_by = world.links_index[renewal.c.BUYER_HOLDING]
    owners = world.members_index[bargaining.OWNER, world.holdings_index[bargaining.MEMBER, bought_by]]
    upper = (owners == owner) & (bought_by != shelf)
    before = ties._replace(link_contract=np.where(upper, -1, ties.link_contract))
    return right(side, owner, contract, shelf, units, world, terms, state, before, *rest)


SOLVED = [
    (renewal, "supplier_weights", swapped_weights, QUARTER, DYAD),
    (renewal, "supplier_weights", swapped_weights, LINEAR, FOUR_LINE),
    (renewal, "supplier_weights", strong_by_stakes, STAKES, NO_STAKES),
    (renewal.Renewal, "_read_stakes", changed_stakes(options_split_over), STRONG, QUARTER),
    (renewal.Renewal, "_read_stakes", changed_stakes(options_split_over), WEAK, LINEAR),
    (renewal.Renewal, "_read_stakes", changed_stakes(options_split_over), FOUR_LINE, DYAD),
    (renewal.Renewal, "_read_stakes", changed_stakes(no_bounds), STRONG, WEAK),
    (renewal.Renewal, "_read_stakes", changed_stakes(no_bounds), SUSPENDED, LOGIT),
    (renewal.Renewal, "_read_stakes", changed_stakes(no_bounds), THREE_LINE, DYAD),
]
RULES = [
    (bargaining, "flow_without", nothing_recaptured, LINEAR, QUARTER),
    (bargaining, "flow_without", nothing_recaptured, LOGIT, STRONG),
    (bargaining, "flow_without", recaptured_with_the_wrong_sign, CHAIN, ANSWERED),
    (bargaining, "add_flow", tiers_one_after_the_other, THREE_TIERS, LINEAR),
]


def check(monkeypatch, module, rule, wrong, fails, passes):
    monkeypatch.setattr(module, rule, wrong)
    said, error = verdict(fails)
    assert said == "fail"
    assert not error < 1e-3
    assert verdict(passes)[0] == "pass"


@pytest.mark.jit_off
@pytest.mark.parametrize(
    "name",
    [
        QUARTER,
        WEAK,
        STRONG,
        SUSPENDED,
        ANSWERED,
        LINEAR,
        LOGIT,
        CHAIN,
        THREE_TIERS,
        STAKES,
        NO_STAKES,
        DYAD,
        THREE_LINE,
        FOUR_LINE,
    ],
)
def test_right_rules_pass(name):
    assert verdict(name)[0] == "pass"


@pytest.mark.jit_off
@pytest.mark.parametrize(("module", "rule", "wrong", "fails", "passes"), SOLVED)
def test_a_wrong_system_fails_where_it_matters(monkeypatch, module, rule, wrong, fails, passes):
    check(monkeypatch, module, rule, wrong, fails, passes)


@replaces_rules
@pytest.mark.parametrize(("module", "rule", "wrong", "fails", "passes"), RULES)
def test_a_wrong_rule_fails_where_it_matters(monkeypatch, module, rule, wrong, fails, passes):
    check(monkeypatch, module, rule, wrong, fails, passes)
