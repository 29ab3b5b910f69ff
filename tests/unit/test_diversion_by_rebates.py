"""Target rebates drive diversion: who is near a step sells abroad what the price there would not pay for.

Two places whose prices differ by 1 where carrying a unit over costs 2: without a rebate nothing is diverted.
East's distributor then buys under a rebate of 5 % of 14 a unit, 0.70, for the units of a quarter. That alone
is less than the 1 a unit that is missing; near its step one more unit earns several times as much.
"""

from math import pi, sqrt

import numpy as np
import pytest

from channelsim import Policy, simulate
from channelsim import columns as c
from channelsim.analysis.estimators import paired_difference
from channelsim.mechanisms import incentives
from compiled_code import replaces_rules
from small_worlds import Run
from two_places import two_places

pytestmark = pytest.mark.jit_off
EAST = 1
WEEKS, MEAN, PRICE, SHARE = 13, 40.0, 14.0, 0.05
NEAR, SURE, FAR = 1.0, 0.5, 3.0
"""Targets, as multiples of the plan: what is expected, what is reached in any case, what is out of reach."""


def market(**changes):
    """Return the two places at prices 1 apart, a quarter and a year, with Poisson demand."""
    plain = {
        "demand.noise": "poisson",
        "demand.mean": MEAN,
        "diversion.fine": 0.0,
        "contracts.3.wholesale_price": 21.0,
        "weeks": 5 * WEEKS,
        "warm_up_weeks": WEEKS,
    }
    return two_places(**plain | changes)


def rebate(name, threshold, share=SHARE, basis="sell_through"):
    """Return the policy of a retroactive rebate to east's distributor."""
    given = {
        "measure": "plan",
        "mode": "retroactive",
        "basis": basis,
        "weeks": WEEKS,
        "steps": [{"threshold": threshold, "rebate": share}],
    }
    terms = {"supplier": "maker", "buyer": "east distributor", "target_rebate": given}
    return Policy(name=name, terms=[terms])


def run(*policies, replications=12, **changes):
    """Simulate no rebate and some policies on common random numbers."""
    chosen = [Policy(name="none"), *policies]
    return simulate(market(**changes), chosen, replications=replications, seed=7, progress=False)


def more(result, policy, metric="diverted"):
    """Return the paired difference of a policy from no rebate: one number a replication."""
    values = result.metrics[metric]
    return (values.sel(policy=policy) - values.sel(policy="none")).values


@pytest.mark.parametrize("basis", ["sell_through", "sell_in"])
def test_near_a_step_more_is_diverted(basis):
    """Units a week, of the 16 that west's store would take."""
    result = run(rebate("near", NEAR, basis=basis))
    diverted = result.metrics.diverted
    found = paired_difference(diverted.sel(policy="near").values, diverted.sel(policy="none").values, 0.999)
    assert found.low > 4.0
    assert found.high < 16.0
    assert more(result, "near", "target_rebates_paid").mean() > 0.0


def test_the_same_rebate_moves_nothing_where_no_step_is_near():
    """Reached in any case it is worth 0.70 a unit, which is not enough; out of reach it is worth nothing."""
    result = run(rebate("sure", SURE), rebate("far", FAR), replications=4)
    assert not more(result, "sure").any()
    assert not more(result, "far").any()
    assert (more(result, "sure", "target_rebates_paid") > 0.0).all()
    assert not more(result, "far", "target_rebates_paid").any()


def test_what_no_step_moves_a_smaller_price_difference_does():
    """The rebate that is reached in any case is felt like a price: 0.70 divert where 0.60 are missing."""
    for price, diverts in ((21.4, True), (21.2, False)):
        result = run(rebate("sure", SURE), replications=4, **{"contracts.3.wholesale_price": price})
        assert (more(result, "sure") > 0.0).all() == diverts
        assert not result.metrics.diverted.sel(policy="none").any()


def test_switched_off():
    """No rebate, or no diversion: no difference, bit for bit."""
    without = run(rebate("nothing", NEAR, share=0.0), replications=4)
    for name in without.metrics:
        values = without.metrics[name].sel(policy=["none", "nothing"]).values
        assert np.array_equal(values[0], values[1], equal_nan=True), name
    closed = run(rebate("near", NEAR), replications=4, **{"diversion.acceptance": 0.0})
    assert not closed.metrics.diverted.any()
    assert (more(closed, "near", "target_rebates_paid") > 0.0).any()
    absent = run(rebate("near", NEAR), replications=4, diversion={})
    assert "diverted" not in absent.metrics
    assert (more(absent, "near", "target_rebates_paid") > 0.0).any()


def test_the_reservation_price_falls_by_the_marginal_rebate():
    """By hand, at the opening: thirteen weeks to come, the target at what is expected of them."""
    plain, near = (Run(market(), policy) for policy in (None, rebate("near", NEAR)))
    for one in (plain, near):
        one.take_week()
    expected = WEEKS * MEAN
    marginal = SHARE * PRICE * (0.5 + expected / sqrt(expected) / sqrt(2.0 * pi))
    assert marginal == pytest.approx(6.718, abs=1e-3)
    for column in (c.MARGINAL_COST, c.RESERVATION_PRICE):
        fall = plain.state.holdings[column, EAST] - near.state.holdings[column, EAST]
        assert fall == pytest.approx(marginal, rel=1e-9), column


@replaces_rules
def test_it_is_the_marginal_cost_that_drives_it(monkeypatch):
    """Term left out: the rebate is paid all the same, and nobody feels it at the margin."""
    short = {"weeks": 2 * WEEKS, "replications": 1}
    assert more(run(rebate("near", NEAR), **short), "near").all()
    monkeypatch.setattr(incentives, "rebate_margin", lambda *given: 0.0)
    unfelt = run(rebate("near", NEAR), **short)
    assert not more(unfelt, "near").any()
