"""The integrated owner: closed forms where they exist, losses that add up, and what must not move."""

from functools import lru_cache

import numpy as np
import pytest

from channelsim.columns import BRAND
from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.policy.integrated import Owner
from channelsim.policy.yardstick import yardstick
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.theory.logit_pricing import monopoly_margin
from channelsim.theory.newsvendor import newsvendor
from channelsim.theory.uncertain_demand import NormalDemand
from channelsim.theory.vertical_prices import linear_efficiency
from channelsim.world import build
from small_market import small_market


def measured(scenario, **options):
    (found,) = yardstick(scenario, **({"report_replications": 2, "workers": 1} | options))
    return found


def test_one_store_with_linear_demand_is_the_closed_form():
    """a = 100, c = 20: the owner asks 60 and earns 1,600; a wholesale price of 60 leaves 1,200."""
    found = measured("bilateral")
    assert found.decisions["mean price (store)"] == pytest.approx(60.0, abs=0.1)
    assert found.integrated == pytest.approx(1600.0, rel=1e-5)
    assert found.share().value == pytest.approx(0.75, rel=1e-5)
    assert found.lost["price"] == pytest.approx(400.0, rel=1e-4)
    assert found.at_cost == pytest.approx(1600.0, rel=1e-5)


def test_three_tiers_lose_what_the_theory_says():
    found = measured("verification/vertical_three_tiers")
    assert found.share().value == pytest.approx(linear_efficiency(3), rel=1e-3)


def test_at_cost_nothing_is_lost():
    policy = Policy(name="at cost", terms=[{"supplier": "maker", "wholesale_price": 20.0}])
    found = measured("bilateral", policies=policy)
    assert found.policy == "at cost"
    assert found.share().value == pytest.approx(1.0, abs=1e-5)


def test_one_store_with_logit_demand_is_the_closed_form():
    found = measured("verification/demand_monopoly")
    price = 2.0 + monopoly_margin(6.0, 2.0, 0.5)
    attraction = np.exp(6.0 - 0.5 * price)
    assert found.decisions["mean price (store)"] == pytest.approx(price, rel=2e-3)
    assert found.integrated == pytest.approx(
        1000.0 * (price - 2.0) * attraction / (1.0 + attraction), rel=1e-5
    )


@lru_cache
def two_stores():
    changes = {"members.store.per_territory": 2, "demand.cross_store_slope": 0.5}
    return Scenario.from_library("bilateral").replace(**changes)


def test_two_stores_are_priced_together():
    """q = 100 − p + 0.5·p': one owner asks (a/(b − g) + c)/2 = 110; at cost the two compete it away."""
    found = measured(two_stores())
    assert found.decisions["mean price (store)"] == pytest.approx(110.0, rel=1e-3)
    assert found.integrated == pytest.approx(2 * 90.0 * 45.0, rel=1e-4)
    competing = (100.0 + 20.0) / 1.5  # p = (a + c)/(2b − g)
    assert found.at_cost == pytest.approx(2 * (competing - 20.0) * (100.0 - 0.5 * competing), rel=1e-4)
    assert (found.at_cost < found.attained).all()


def test_without_a_second_store_to_compete_with_the_two_cases_agree():
    alone = measured(two_stores().replace(**{"demand.cross_store_slope": 0.0}))
    assert alone.integrated == pytest.approx(3200.0, rel=1e-4)


def test_newsvendors_lose_by_stock_what_the_theory_says():
    """Price 10, cost 3, salvage a quarter of the transfer price 6, demand of a season normal(200, 20)."""
    scenario = Scenario.from_library("verification/inventory_newsvendor").replace(weeks=800)
    found = measured(scenario, report_replications=4)
    best = newsvendor(NormalDemand(200.0, 20.0), 10.0 - 3.0, 3.0 - 1.5)
    earned = 20 * (7.0 * 200.0 - best.expected_cost) / 4
    assert found.integrated.mean() == pytest.approx(earned, rel=5e-3)
    assert found.lost["stock"].mean() > 0.8 * (found.integrated - found.attained).mean() > 0
    assert "price" not in found.lost  # given demand does not feel prices


def market(**changes):
    """Two brands, distributors and a chain, with service, noise and room for more shops."""
    return small_market(
        **{
            "segments.all.service_weight": 0.3,
            "members.corner shops.service_cost": 300.0,
            "members.corner shops.fixed_cost": 30.0,
            "members.corner shops.pricing": {"rule": "best_response", "markup": 1.4},
            "members.Mega.service_cost": 300.0,
            "members.Mega.pricing": {"rule": "best_response", "markup": 1.3},
        }
        | changes
    )


@lru_cache
def of_market():
    return measured(market(), replications=1, report_replications=3, trials=5, sweeps=1)


def test_losses_add_up_exactly():
    found = of_market()
    assert set(found.lost) == {"transfers", "price", "service", "stock", "coverage", "holding"}
    np.testing.assert_allclose(sum(found.lost.values()), found.integrated - found.attained, rtol=1e-9)
    assert sum(e.value for e in found.losses().values()) == pytest.approx(
        (found.integrated - found.attained).mean()
    )


def test_the_profit_that_counts_is_that_of_all_who_carry_the_brand():
    found = of_market()
    assert found.groups == ("Acme", "Acme distributors", "corner shops", "Mega")
    result = simulate(market(), None, 1, 1, metrics=["profit"], workers=1, progress=False)
    by_group = result.by_group["profit"].sel(group=list(found.groups)).sum("group").values.squeeze()
    assert found.attained.mean() == pytest.approx(float(by_group), rel=0.05)
    assert 0.0 < found.share().value < 1.0
    assert "one owner of Acme, Acme distributors, corner shops, Mega" in found.summary()


def test_an_owner_who_decides_nothing_touches_no_rival():
    channel = build(market())
    owner = Owner(channel, Policy(), "Acme", 1, 1)
    held, _ = owner.under({})
    now, _ = channel.under()
    assert held.sizes == now.sizes
    of_rival = now.world.holdings_index[BRAND] == 1
    assert of_rival.any()
    np.testing.assert_array_equal(held.world.holdings[:, of_rival], now.world.holdings[:, of_rival])
    np.testing.assert_array_equal(
        held.world.holdings_index[:, of_rival], now.world.holdings_index[:, of_rival]
    )
    assert not np.array_equal(held.world.holdings[:, ~of_rival], now.world.holdings[:, ~of_rival])
    labels = {h.label for h in owner.handles}
    assert {"transfers at cost", "mean price (Mega)", "density × now (corner shops)"} <= labels
    assert not any("Bolt" in label for label in labels)


def test_rivals_keep_their_transfer_prices_and_the_brand_passes_at_cost():
    owner = Owner(build(market()), Policy(), "Acme", 1, 1)
    prices = {(k.supplier, k.buyer, k.brand): k.wholesale_price for k in owner.at_cost.scenario.contracts}
    assert prices["Acme", "Acme distributors", "A"] == 40.0
    assert prices["Acme distributors", "corner shops", "A"] == 40.0
    assert prices["Bolt", "Bolt distributors", ""] == 58.0


def test_suppliers_who_price_by_rule_are_held_at_their_means():
    found = measured("verification/power_common_retailer")
    assert found.groups == ("maker A", "store")
    assert (found.integrated >= found.at_cost * (1 - 1e-3)).all()


def test_several_policies_are_measured_by_one_owner():
    dear = Policy(name="dear", terms=[{"supplier": "maker", "wholesale_price": 70.0}])
    base, other = yardstick("bilateral", [Policy(name="base"), dear], report_replications=2, workers=1)
    assert other.integrated == pytest.approx(base.integrated, rel=1e-5)
    assert other.share().value == pytest.approx(1.0 - 50.0**2 / 80.0**2, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"firm": "store"}, "firm = 'store': owns no brand; admissible: maker"),
        ({"policies": []}, "policies: give at least one"),
        ({"report_replications": 1}, "report_replications = 1"),
        ({"sweeps": 0}, "sweeps = 0"),
    ],
)
def test_bad_requests_are_refused_in_one_line(options, message):
    with pytest.raises(ScenarioError, match=message):
        yardstick("bilateral", **options)
