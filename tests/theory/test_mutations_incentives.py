"""A wrong rule in the place of a right one makes the cases of incentives fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``).
"""

import pytest

from channelsim.mechanisms import forward_buying, incentives, season_orders
from channelsim.verification.incentives import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

NET = "buyback, credit net of salvage: the store orders"
PRICE = "retail price under an incremental discount"
PUSH = "order of the period's last week"
LET_GO = "control: a target too far is let go"


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


@pytest.mark.parametrize("name", [NET, PRICE, PUSH, LET_GO])
def test_right_rules_pass(name):
    assert holds(name)


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "name"),
    [
        (season_orders, "credit_beyond_salvage", no_credit, NET),
        (incentives, "step_share", list_price, PRICE),
        (forward_buying, "keeping_cost", half_the_keeping, LET_GO),
        (forward_buying, "closes_with", a_week_early, PUSH),
    ],
    ids=["term left out", "margin", "factor", "order of events"],
)
def test_a_wrong_rule_fails(monkeypatch, module, rule, wrong, name):
    monkeypatch.setattr(module, rule, wrong)
    assert not holds(name)
