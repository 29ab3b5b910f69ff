"""The cases of the vertical prices notice wrong rules: put in the simulator, each makes its case fail."""

import pytest

from channelsim import columns as c
from channelsim.codes import PRICE_LEADER
from channelsim.mechanisms import best_response, wholesale_pricing
from channelsim.verification.cases import Laboratory
from channelsim.verification.vertical_prices import CASES, COSTS, INTERCEPT, OWN_SLOPE, THREE, TWO
from compiled_code import replaces_rules
from judging import judged

LED_WHOLESALE, LED_RETAIL, LED_EFFICIENCY = (
    "wholesale price of a",
    "retail price under a",
    "channel efficiency ¾ under",
)
NASH_WHOLESALE, ONE_OWNER = "wholesale price if both", "efficiency exactly 1 with one owner"


def verdict(name):
    return judged(name, CASES, Laboratory(workers=1)).verdict


def full_pass_through(monkeypatch):
    """Factor: the store adds a whole rise of its cost to its price, not half of it."""
    right = best_response.respond_in_linear

    def wrong(second_pass, world, terms, state):
        right(second_pass, world, terms, state)
        state.holdings[c.NEXT_PRICE, -1] += 0.5 * state.holdings[c.UNIT_COST, -1]

    monkeypatch.setattr(best_response, "respond_in_linear", wrong)


def forgotten_handling(monkeypatch):
    """Term left out: the store does not count its handling cost in its margin."""
    right = best_response.respond_in_linear

    def wrong(second_pass, world, terms, state):
        cost = state.holdings[c.MARGINAL_COST]
        cost -= world.holdings[c.HANDLING_COST]
        right(second_pass, world, terms, state)
        cost += world.holdings[c.HANDLING_COST]

    monkeypatch.setattr(best_response, "respond_in_linear", wrong)


def wrong_sign_of_the_margin_held(monkeypatch):
    """Sign: the seller believes that a dearer wholesale price makes the shelf cheaper."""
    right = wholesale_pricing.shift_shelves

    def wrong(zone, change, world, terms, state):
        right(zone, -change, world, terms, state)

    monkeypatch.setattr(wholesale_pricing, "shift_shelves", wrong)


def revenue_for_profit(monkeypatch):
    """Term left out: the seller maximises its revenue and forgets what its goods cost."""
    right = wholesale_pricing.owner_profit

    def wrong(owner, logit, world, terms, state):
        profit = right(owner, logit, world, terms, state)
        return profit + state.holdings[c.UNIT_COST, 0] * state.holdings[c.FLOW, 0]

    monkeypatch.setattr(wholesale_pricing, "owner_profit", wrong)


def wrong_order_of_moves(monkeypatch):
    """Order: who should lead moves together with the store, and the other way round."""
    monkeypatch.setattr(wholesale_pricing, "PRICE_NASH", PRICE_LEADER)


def part_owned_margin(monkeypatch):
    """Factor: an owner of both tiers counts half of the store's margin."""
    right = wholesale_pricing.owner_profit

    def wrong(owner, logit, world, terms, state):
        profit = right(owner, logit, world, terms, state)
        margin = state.holdings[c.PRICE, -1] - state.holdings[c.UNIT_COST, -1]
        return profit - 0.5 * margin * state.holdings[c.FLOW, -1]

    monkeypatch.setattr(wholesale_pricing, "owner_profit", wrong)


MUTATIONS = [
    (full_pass_through, LED_RETAIL),
    (full_pass_through, LED_EFFICIENCY),
    (forgotten_handling, LED_RETAIL),
    (wrong_sign_of_the_margin_held, NASH_WHOLESALE),
    (revenue_for_profit, LED_WHOLESALE),
    (revenue_for_profit, NASH_WHOLESALE),
    (wrong_order_of_moves, LED_WHOLESALE),
    (wrong_order_of_moves, NASH_WHOLESALE),
    (part_owned_margin, ONE_OWNER),
]


@replaces_rules
@pytest.mark.parametrize(("mutate", "name"), MUTATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_a_wrong_rule_makes_its_case_fail(monkeypatch, mutate, name):
    mutate(monkeypatch)
    assert verdict(name) == "fail"


@pytest.mark.jit_off
@pytest.mark.parametrize("name", sorted({name for _, name in MUTATIONS}))
def test_the_right_rule_passes(name):
    assert verdict(name) == "pass"


@pytest.mark.parametrize("name", [TWO, THREE, "vertical_four_tiers"])
def test_the_closed_forms_are_fed_with_the_numbers_of_the_scenario(name):
    scenario = Laboratory.scenario(name)
    handling = [member.handling_cost for member in scenario.members]
    costs = [scenario.brands[0].production_cost + handling[0], *handling[1:]]
    assert (scenario.demand.intercept, scenario.demand.own_slope, tuple(costs)) == (
        INTERCEPT,
        OWN_SLOPE,
        COSTS[name],
    )
    assert scenario.demand.noise == "none"
    assert not scenario.credit
    assert all(member.holding_rate == 0 for member in scenario.members[1:])
