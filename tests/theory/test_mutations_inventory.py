"""A wrong rule in the place of a right one makes the cases of inventory fail.

Rules can be replaced where they are plain Python, so these run with the JIT off (``make test-jit-off``). Runs
are short: of the noisy cases it is judged only whether the closed form lies in the interval.
"""

import pytest

from channelsim import columns as c
from channelsim.mechanisms import allocation, demand, ordering, settlement
from channelsim.verification.inventory import CASES
from compiled_code import REPLACES_RULES
from judging import ShortRuns, judged

pytestmark = REPLACES_RULES

SEASON_ORDER = "newsvendor's order for a season, normal demand, salvage"
UNIFORM = "newsvendor's expected profit, uniform demand"
SUPPLIER = "supplier's profit under the wholesale contract, with salvage"
OWNER = "control: supplied at unit cost, the newsvendor orders the owner's quantity"
MET = "control: certain demand and just enough stock: all of it met at once"
NO_BACKORDERS = "control: certain demand and just enough stock: no backorders and no stock"
BACKORDERS = "expected backorders of a base stock, Poisson demand"
FILL_RATE = "fill rate of a base stock, Poisson demand"
LOST = "fill rate of a base stock with lost sales, Poisson demand"
SERIAL = "cost of given base stocks in a serial system of two stages"


def few_weeks(scenario, replications):
    return {"weeks": 100} if scenario in ("inventory_base_stock", "inventory_serial") else {}


def holds(name):
    """Return whether a case's closed form is met, as exactly as the case asks or within its interval."""
    row = judged(name, CASES, ShortRuns(few_weeks, 6))
    return row.error <= row.tolerance


def salvage_forgotten(tier, world, terms, state, right=ordering.follow_fractile):
    """Term left out: a leftover is taken to be worth nothing."""
    kept = world.holdings[c.SALVAGE].copy()
    world.holdings[c.SALVAGE] = 0.0
    right(tier, world, terms, state)
    world.holdings[c.SALVAGE] = kept


def fractile_of_a_shortage(tier, world, terms, state, right=ordering.follow_fractile):
    """Sign: the fractile is taken for the probability of running out."""
    state.holdings[c.FOLLOWED_FRACTILE] = -1.0  # so that it is followed anew, and the sign turned once
    right(tier, world, terms, state)
    state.holdings[c.SAFETY_FACTOR] *= -1.0


def holding_for_nothing(world, state, right=settlement.account_for_goods):
    """Factor: stock costs nothing to hold."""
    kept = world.holdings[c.HOLDING_RATE].copy()
    world.holdings[c.HOLDING_RATE] = 0.0
    right(world, state)
    world.holdings[c.HOLDING_RATE] = kept


def a_week_late(tier, week, world, terms, state, right=allocation.dispatch):
    """Order of events: shipments leave a week after they should."""
    right(tier, week + 1, world, terms, state)


def owed_counted_as_stock(tier, world, state, right=ordering.take_position):
    """Sign: what is owed adds to the inventory position."""
    right(tier, world, state)
    a, b = world.tiers_index[c.TIER_FIRST_HOLDING, tier], world.tiers_index[c.TIER_END_HOLDING, tier]
    state.holdings[c.POSITION, a:b] += 2.0 * state.holdings[c.OWED, a:b]


def on_order_forgotten(tier, world, state, right=ordering.take_position):
    """Term left out: what is on order does not count."""
    right(tier, world, state)
    a, b = world.tiers_index[c.TIER_FIRST_HOLDING, tier], world.tiers_index[c.TIER_END_HOLDING, tier]
    state.holdings[c.POSITION, a:b] -= state.holdings[c.ON_ORDER, a:b]


def pending_forgotten(tier, world):
    """Order of events: a supplier orders before it looks at this week's orders."""
    return 0.0


def new_demand_first(state):
    """Order of events: a store serves those who come now first, and never those who wait."""
    first = demand.first_shelf_of(state)
    for h in range(first, state.holdings.shape[1]):
        stock, asked, owed = (state.holdings[k, h] for k in (c.STOCK, c.DEMAND, c.OWED))
        now = min(stock, asked)
        state.holdings[c.SALES, h] = now
        state.holdings[c.STOCKOUT, h] = float(asked > stock)
        state.holdings[c.OWED, h] = owed + asked - now


def all_at_once(state, right=demand.sell_with_backlog):
    """Term left out: nothing that is sold counts as late."""
    right(state)
    state.holdings[c.LATE_SALES] = 0.0


def all_or_nothing(state):
    """Factor: a store that cannot meet all of a week's demand meets none of it."""
    shelves = slice(demand.first_shelf_of(state), None)
    stock, asked = state.holdings[c.STOCK, shelves], state.holdings[c.DEMAND, shelves]
    state.holdings[c.SALES, shelves] = asked * (asked <= stock)
    state.holdings[c.STOCKOUT, shelves] = asked > stock


@pytest.mark.parametrize(
    "name", [SEASON_ORDER, UNIFORM, SUPPLIER, OWNER, MET, NO_BACKORDERS, BACKORDERS, FILL_RATE, LOST, SERIAL]
)
def test_right_rules_pass(name):
    assert holds(name)


@pytest.mark.parametrize(
    ("module", "rule", "wrong", "names"),
    [
        (ordering, "follow_fractile", salvage_forgotten, [SEASON_ORDER, SUPPLIER, OWNER]),
        (ordering, "follow_fractile", fractile_of_a_shortage, [SEASON_ORDER, SUPPLIER, OWNER]),
        (settlement, "account_for_goods", holding_for_nothing, [UNIFORM]),
        (allocation, "dispatch", a_week_late, [MET, NO_BACKORDERS, BACKORDERS, SERIAL]),
        (ordering, "take_position", owed_counted_as_stock, [BACKORDERS, FILL_RATE, SERIAL]),
        (ordering, "take_position", on_order_forgotten, [NO_BACKORDERS, FILL_RATE]),
        (ordering, "pending_share", pending_forgotten, [SERIAL]),
        (demand, "sell_with_backlog", new_demand_first, [BACKORDERS]),
        (demand, "sell_with_backlog", all_at_once, [FILL_RATE]),
        (demand, "sell", all_or_nothing, [LOST]),
    ],
    ids=lambda x: getattr(x, "__name__", "").rpartition(".")[2] or None,
)
def test_wrong_rules_fail(monkeypatch, module, rule, wrong, names):
    monkeypatch.setattr(module, rule, wrong)
    for name in names:
        assert not holds(name), name
