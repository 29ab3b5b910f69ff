"""A wrong rule in the place of a right one makes the cases of power structures fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``).
"""

import pytest

from channelsim.columns import NEXT_PRICE, PRICE
from channelsim.mechanisms import best_response, pricing, wholesale_pricing
from channelsim.verification.power_structures import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

LEADERS = "manufacturers lead: wholesale price, equal brands"
LEADERS_RETAIL = "manufacturers lead: retail price of brand A, unequal brands"
STORE_LEADS = "retailer leads: retail price, equal brands"
NASH = "vertical Nash: wholesale price, equal brands"
NASH_ALONE = "control: vertical Nash without substitution: no power (manufacturers' profit over the store's)"
EXCLUSIVE = "both decentralised: wholesale price at substitutability 0.5"
DOUBLED = "control: without substitution integration doubles a manufacturer's profit"


def until_rest(scenario, replications):
    """Weeks until prices come to rest after a first review of wholesale prices."""
    review = {"review_weeks": 14} if "exclusive" in scenario else {}
    return {"weeks": 14, "warm_up_weeks": 13} | review


def verdict(name):
    row = judged(name, CASES, ShortRuns(until_rest))
    return row.verdict, row.error


def half_passed_on(zone, change, world, terms, state, right=wholesale_pricing.shift_shelves):
    """Factor: a seller takes it that half of its price reaches the shelf."""
    right(zone, 0.5 * change, world, terms, state)


def rival_passed_on(holding, zone, world, terms, right=wholesale_pricing.in_zone):
    """A seller takes it that its price moves its rival's shelves too."""
    return True


def one_answer(logit, world, terms, state):
    """Order of events: each store answers once and none answers the other's answer."""
    wholesale_pricing.pass_on_costs(world, terms, state)
    wholesale_pricing.expect_demand(logit, world, terms, state)
    wholesale_pricing.propose_simple_price(world, state)
    wholesale_pricing.propose_best_response(logit, world, terms, state)
    wholesale_pricing.settle_prices(state)
    wholesale_pricing.expect_demand(logit, world, terms, state)


def half_the_margin(price, kept_share, marginal_cost, right=best_response.unit_margin):
    """Factor: a store thinks that it keeps half of its margin."""
    return 0.5 * right(price, kept_share, marginal_cost)


def margin_of_the_opening(world, state):
    """Term left out: a store does not add its margin anew when wholesale prices move."""
    state.holdings[NEXT_PRICE] = state.holdings[PRICE]


@pytest.mark.parametrize("name", [LEADERS, LEADERS_RETAIL, STORE_LEADS, NASH, NASH_ALONE, EXCLUSIVE, DOUBLED])
def test_right_rules_pass(name):
    assert verdict(name)[0] == "pass"


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "fails", "passes"),
    [
        (wholesale_pricing, "shift_shelves", half_passed_on, NASH, LEADERS),
        (pricing, "propose_simple_price", margin_of_the_opening, STORE_LEADS, NASH),
        (wholesale_pricing, "in_zone", rival_passed_on, NASH, NASH_ALONE),
        (wholesale_pricing, "rest_retail", one_answer, EXCLUSIVE, DOUBLED),
        # under linear demand a leader asks the same whatever share of its margin the store counts
        (best_response, "unit_margin", half_the_margin, LEADERS_RETAIL, LEADERS),
    ],
    ids=["seller's factor", "margin not kept", "whose shelves", "order of events", "store's factor"],
)
def test_a_wrong_rule_fails_where_it_matters(monkeypatch, module, rule, wrong, fails, passes):
    monkeypatch.setattr(module, rule, wrong)
    said, error = verdict(fails)
    assert said == "fail"
    assert not error < 1e-3
    assert verdict(passes)[0] == "pass"
