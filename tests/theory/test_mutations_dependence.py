"""A wrong rule in the place of a right one makes the cases of dependence fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``).
"""

import numpy as np
import pytest

from channelsim.columns import SWITCHING_COST
from channelsim.mechanisms import counterfactual, dependence, rechoice
from channelsim.verification.dependence import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

ONE_OF_SIX = "equal stores: a maker on one of six, in its town"
FIRM_WIDE = "equal stores: a maker on one of six, firm-wide"
UNLIKE = "unlike stores: X on maker A"
TWO_SHELVES = "unlike stores: an owner of both makers on X"
ENDED = "what maker A earns less once its trade with X is ended"
LINEAR = "linear demand: maker B on Y"
LINEAR_TWO = "linear demand: an owner of both makers on X"
RESUPPLY = "given demand: a store on a distributor"
REPLACED = "control: who can be replaced at equal terms"
ONLY_STORE = "control: a monopolist depends on its only store"
SMALL_X, P_ON_X = "small X on P", "P, X and Y: P on X"


def verdict(name):
    row = judged(name, CASES, ShortRuns(lambda scenario, replications: {}))
    return row.verdict, row.error


def recaptured_as_a_loss(side, owner, relationship, world, state, ties, room, right=dependence.conclude):
    """Sign: what comes back by other ways is counted as lost as well."""
    room.tally[side, dependence.RECAPTURED] *= -1.0
    right(side, owner, relationship, world, state, ties, room)


def without_resupply(relationship, brand, replaced, world, terms, state, ties, room, right=dependence.cut):
    """Term left out: nobody finds another source."""
    return right(relationship, brand, False, world, terms, state, ties, room)


def nobody_turns(start, end, territory, world, state, room, right=dependence.shift_choices):
    """Term left out: the buyers of lost shelves go home."""
    right(start, end, territory, world, state, room)
    room.cells[rechoice.CHANGE] = 0.0
    room.flow[:] = 0.0


def without_the_loss(start, end, territory, world, state, room, right=dependence.shift_choices):
    """Factor: lost buyers are handed on in proportion to the shares as they were, s_k for s_k/(1 − S)."""
    right(start, end, territory, world, state, room)
    cell, width = (
        room.layout[rechoice.FIRST_CELL, territory],
        room.layout[rechoice.CELLS_A_SEGMENT, territory],
    )
    width *= state.attraction.shape[0]
    change, buyers = room.cells[rechoice.CHANGE, :width], room.cells[rechoice.BUYERS, cell : cell + width]
    left = np.where(buyers > 0.0, buyers / np.where(buyers > 0.0, buyers + change, 1.0), 1.0)
    change *= left  # 1 − S
    room.flow[:] *= left[0]  # one zone, one segment


def one_by_one(system, n):
    """Single losses are added: each lost shelf as if the others were still there."""
    for row in range(n):
        system[row, n] /= system[row, row]


def without_switching_cost(
    side, owner, territory, formed, world, state, ties, room, right=dependence.tally_territory
):
    """Term left out: changing the supplier costs nothing."""
    kept = world.scenario[SWITCHING_COST]
    world.scenario[SWITCHING_COST] = 0.0
    right(side, owner, territory, formed, world, state, ties, room)
    world.scenario[SWITCHING_COST] = kept


def without_fixed_cost(side, relationship, world, ties, room, right=dependence.outside_option):
    """Term left out: turning to an outside option costs nothing."""
    options = ties.options.copy()
    options[1] = 0.0
    return right(side, relationship, world, ties._replace(options=options), room)


def of_the_place(side, owner, relationship, world, state, ties, room, right=dependence.conclude):
    """Another total: utility is a share of what is earned where the partner is."""
    right(side, owner, relationship, world, state, ties, room)
    rows, local = state.relationships, dependence.LOCAL_DEPENDENCE_OF_SUPPLIER + side
    rows[dependence.DEPENDENCE_OF_SUPPLIER + side, relationship] = rows[local, relationship]


@pytest.mark.parametrize(
    "name",
    [
        ONE_OF_SIX,
        FIRM_WIDE,
        UNLIKE,
        TWO_SHELVES,
        ENDED,
        LINEAR,
        LINEAR_TWO,
        RESUPPLY,
        REPLACED,
        ONLY_STORE,
        SMALL_X,
        P_ON_X,
    ],
)
def test_right_rules_pass(name):
    assert verdict(name)[0] == "pass"


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "fails", "passes"),
    [
        (dependence, "conclude", recaptured_as_a_loss, UNLIKE, ONLY_STORE),
        (dependence, "cut", without_resupply, REPLACED, ONE_OF_SIX),
        (dependence, "shift_choices", nobody_turns, ONE_OF_SIX, SMALL_X),
        (dependence, "shift_choices", without_the_loss, ONE_OF_SIX, LINEAR),
        (counterfactual, "solve_in_place", one_by_one, LINEAR_TWO, LINEAR),
        (dependence, "tally_territory", without_switching_cost, RESUPPLY, REPLACED),
        (dependence, "outside_option", without_fixed_cost, SMALL_X, P_ON_X),
        (dependence, "conclude", of_the_place, FIRM_WIDE, ONE_OF_SIX),
    ],
    ids=[
        "sign of what comes back",
        "no re-supply",
        "nobody turns elsewhere",
        "diversion's factor",
        "single losses added",
        "no switching cost",
        "no fixed cost",
        "whose total",
    ],
)
def test_a_wrong_rule_fails_where_it_matters(monkeypatch, module, rule, wrong, fails, passes):
    monkeypatch.setattr(module, rule, wrong)
    said, error = verdict(fails)
    assert said == "fail"
    assert not error < 1e-3
    assert verdict(passes)[0] == "pass"


def test_a_measure_that_is_wrong_differs_from_what_ending_the_trade_costs(monkeypatch):
    """The cases that end a relationship do not read the measure: a wrong one leaves them as they are."""
    monkeypatch.setattr(dependence, "shift_choices", nobody_turns)
    assert verdict(UNLIKE)[0] == "fail"
    assert verdict(ENDED)[0] == "pass"
