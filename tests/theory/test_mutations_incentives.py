"""A wrong rule in the place of a right one makes the cases of incentives fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``).
"""

import pytest

from channelsim.columns import DISCOUNT_SHARE_1, DISCOUNT_THRESHOLD_1, WHOLESALE_PRICE
from channelsim.mechanisms import forward_buying, incentives, ordering, season_orders
from channelsim.verification.incentives import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

NET = "buyback, credit net of salvage: the store orders"
PRICE = "retail price under an incremental discount"
PUSH = "order of the period's last week"
LET_GO = "control: a target too far is let go"
FRACTILE = "wholesale price of 6.5"
UNIT_COST = "control: at the unit cost the store orders"
HELD = "just above the least mean demand the order is the threshold"
MISSED = "just below it the order is the critical fractile"
BEYOND = "beyond the greatest mean demand"
JUMP = "by how much the marginal cost falls"


def holds(name):
    """Return whether a case's closed form is met as exactly as it asks."""
    row = judged(name, CASES, ShortRuns(lambda scenario, replications: {}))
    return row.error <= row.tolerance


def no_credit(k, world, terms, state):
    """Term left out: the store forgets the credit when it orders."""
    return 0.0


def list_price(quantity, thresholds, shares, k, schedule):
    """Term left out: the store takes the list price for its cost at the margin."""
    return 0.0


def half_the_keeping(extra, weekly_demand, cost, right=forward_buying.keeping_cost):
    """Factor: what is bought ahead is kept half as long."""
    return 0.5 * right(extra, weekly_demand, cost)


def a_week_early(week, k, period, world, right=forward_buying.closes_with):
    """Order of events: the member takes the last week but one for the last."""
    return right(week + 1, k, period, world)


def margin_without_cost(price, kept_share, marginal_cost):
    """Term left out: the store takes all it is paid for what a unit too few loses."""
    return kept_share * price


def incremental_invoice(quantity, k, terms, state, right=season_orders.invoiced):
    """Exchange: the store reckons as if only the units beyond the threshold were cheaper."""
    threshold = terms.incentives[DISCOUNT_THRESHOLD_1, k]
    dear = state.links[WHOLESALE_PRICE, k] * terms.incentives[DISCOUNT_SHARE_1, k] * threshold
    return right(quantity, k, terms, state) + (dear if quantity >= threshold else 0.0)


def discounted_twice(quantity, k, terms, state, right=season_orders.invoiced):
    """Factor: the store reckons with twice the discount."""
    return 2.0 * right(quantity, k, terms, state) - state.links[WHOLESALE_PRICE, k] * quantity


@pytest.mark.parametrize("name", [NET, PRICE, PUSH, LET_GO, FRACTILE, UNIT_COST, HELD, MISSED, BEYOND, JUMP])
def test_right_rules_pass(name):
    assert holds(name)


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "name"),
    [
        (season_orders, "credit_beyond_salvage", no_credit, NET),
        (incentives, "step_share", list_price, PRICE),
        (incentives, "step_share", list_price, JUMP),
        (ordering, "unit_margin", margin_without_cost, FRACTILE),
        (ordering, "unit_margin", margin_without_cost, UNIT_COST),
        (season_orders, "invoiced", incremental_invoice, HELD),
        (season_orders, "invoiced", discounted_twice, MISSED),
        (season_orders, "step_share", list_price, BEYOND),
        (forward_buying, "keeping_cost", half_the_keeping, LET_GO),
        (forward_buying, "closes_with", a_week_early, PUSH),
    ],
    ids=[
        "term left out",
        "margin",
        "marginal cost",
        "underage",
        "underage at unit cost",
        "exchange",
        "invoice",
        "step",
        "factor",
        "order of events",
    ],
)
def test_a_wrong_rule_fails(monkeypatch, module, rule, wrong, name):
    monkeypatch.setattr(module, rule, wrong)
    assert not holds(name)
