"""Metrics of relationships: means over reviews and relationships by hand; refused where unmeasured."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelsim import ChannelModel, Scenario, simulate
from channelsim.analysis.results import Result
from channelsim.engines.relationship_sums import first_review
from channelsim.errors import ScenarioError
from channelsim.metrics import GROUPINGS, METRICS, OF_RELATIONSHIPS
from related_market import attempt, related

RELATED = [name for name, metric in METRICS.items() if metric.table in OF_RELATIONSHIPS]
OF_DEPENDENCE = ["dependence_of_buyer", "dependence_of_supplier"]
SHORT = {"weeks": 40, "warm_up_weeks": 18, "review_weeks": 4}
FEWER = {"name": "fewer shops", "density": {"shops of East": {"per_territory": 4}}}


@pytest.fixture(scope="module")
def result():
    scenario = Scenario.from_library("influence").replace(**SHORT)
    return simulate(scenario, [{"name": "base"}, FEWER], 2, workers=1, progress=False)


def by_hand(result, column, side, inside):
    """Mean over the reviews after the warm-up and the relationships in use whose firm on a side is inside."""
    data = result.relationships[column].transpose("policy", "replication", "review_week", "relationship")
    rows = np.array([inside(str(name)) for name in result.relationships[side].values])
    weeks = result.relationships["review_week"].values >= SHORT["warm_up_weeks"]
    return np.nanmean(data.values[:, :, weeks][..., rows], axis=(2, 3))


@pytest.mark.parametrize("name", RELATED)
def test_is_the_mean_over_reviews_and_relationships(result, name):
    metric = METRICS[name]
    side = "buyer" if metric.table == "relationships_of_buyers" else "supplier"
    column = metric.numerator
    expected = by_hand(result, column, side, lambda firm: True)
    np.testing.assert_allclose(result.metrics[name].values, expected, rtol=1e-13)
    firms = {str(f) for f in result.relationships[side].values}
    of_group = {
        g: [f for f in firms if f == g or f.startswith(f"{g} ")] for g in result.by_group.group.values
    }
    assert any(of_group.values())
    for group, own in of_group.items():
        found = result.by_group[name].sel(group=group).values
        if own:
            expected = by_hand(result, column, side, lambda firm, own=own: firm in own)
            np.testing.assert_allclose(found, expected, rtol=1e-13)
        else:
            assert np.isnan(found).all()


def test_reviews_of_the_warm_up_do_not_count(result):
    scenario = Scenario.from_library("influence").replace(**SHORT)
    assert first_review(scenario) == 5  # weeks 20, 24, …, 36: week 16 lies before week 18
    early = simulate(scenario.replace(warm_up_weeks=0), [{"name": "base"}], 2, workers=1, progress=False)
    assert (early.metrics["trust"].values < result.metrics["trust"].values[:1]).all()  # it grows from ½


def test_a_relationship_bears_the_labels_of_the_members_that_order():
    """A chain in two cities buys in each from that city's distributor, and could buy from the other's."""
    city = {"buyers": 300.0, "zones": 2}
    data = related().to_dict() | SHORT
    data["territories"] = [{"name": "east", **city}, {"name": "west", **city, "centre_x": 20.0}]
    maker, middle, shops = data["members"]
    middle = {k: v for k, v in middle.items() if k != "count"} | {"per_territory": 1, "name": "middle"}
    shops |= {"owner": "chain", "alternates": 1, "reach_km": 100.0}
    scenario = Scenario.parse(data | {"members": [maker, middle, shops]})
    found = simulate(scenario, None, 1, workers=1, progress=False)
    trust = found.relationships["trust_of_buyer"].isel(policy=0, replication=0, review_week=slice(5, None))
    of = dict(zip(trust["relationship"].values.tolist(), trust.mean("review_week").values))
    east, west = (name for name in trust["buyer"].values if name.startswith("middle"))
    assert len(of) == 4
    expected = [(of[f"maker → {city}"] + of[f"{city} → chain"]) / 2 for city in (east, west)]
    assert expected[0] != expected[1]
    assert found.by_territory["trust"].values[0, 0] == pytest.approx(expected, rel=1e-13)
    both = (of[f"{east} → chain"] + of[f"{west} → chain"]) / 2
    assert found.by_chain["trust"].sel(chain="chain").item() == pytest.approx(both, rel=1e-13)


def test_labels_by_who_supplies(result):
    assert np.isnan(result.by_role["trust_of_supplier"].sel(role="retailer").values).all()
    assert np.isfinite(result.by_role["trust_of_supplier"].sel(role="manufacturer").values).all()
    assert result.metrics["conflict"].values == pytest.approx(result.metrics["conflict_of_supplier"].values)


@settings(max_examples=40)
@given(
    weeks=st.integers(1, 12),
    every=st.integers(1, 5),
    warm_up=st.integers(0, 8),
    mix=st.sampled_from(["threat", "promise", "request", "information_exchange"]),
    threat=st.floats(0.0, 200.0),
    seed=st.integers(0, 99),
)
def test_recording_changes_nothing_else(weeks, every, warm_up, mix, threat, seed):
    money = {"threat": {"sanction": threat}, "promise": {"reward": threat}}.get(mix, {})
    asked = [attempt(receiver="shops", sender="middle", behaviour="price", strategies={mix: 1.0}, **money)]
    span = {"weeks": warm_up + weeks, "warm_up_weeks": warm_up, "review_weeks": every}
    scenario = related(asked, **span)
    everything = simulate(scenario, None, 1, seed, workers=1, progress=False)
    others = [name for name in everything.metrics if name not in RELATED] + ["market_share", "bullwhip_ratio"]
    without = simulate(scenario, None, 1, seed, metrics=others, workers=1, progress=False)
    for grouping in GROUPINGS:
        whole, part = (r.metrics if grouping == "overall" else getattr(r, f"by_{grouping}")
                       for r in (everything, without))  # fmt: skip
        assert not set(RELATED) & set(part.data_vars)
        for name in part.data_vars:
            np.testing.assert_array_equal(whole[name].values, part[name].values)
    reviewed = -(-warm_up // every) * every < warm_up + weeks
    assert {name in everything.metrics for name in RELATED} == {reviewed}
    for name in RELATED if reviewed else ():
        value = everything.metrics[name].item()
        assert 0.0 <= value <= 1.0 or name in OF_DEPENDENCE
    assert without.relationships.identical(everything.relationships)


def test_neither_threads_nor_executors_matter_and_the_agents_agree():
    scenario = related([attempt(strategies={"threat": 1.0}, sanction=40.0)], warm_up_weeks=6)
    run = simulate(scenario, None, 3, seed=5, metrics=RELATED, workers=1, progress=False)
    with ThreadPoolExecutor(2) as pool:
        again = simulate(scenario, None, 3, seed=5, metrics=RELATED, executor=pool, progress=False)
    assert again == run
    model = ChannelModel(scenario, replication=1, seed=5)
    model.run()
    assert model.metric("social_satisfaction") == run.metrics["social_satisfaction"].values[0, 1]
    alone = Result.from_totals(model.totals(), RELATED)
    np.testing.assert_array_equal(alone.by_group["trust"].values[0, 0], run.by_group["trust"].values[0, 1])


def test_coercion_costs_social_satisfaction():
    """Asked alike, with threats instead of advice: the metric falls, and would not if nobody minded."""
    mixes = {"advice": {"recommendation": 1.0}, "threats": {"threat": 1.0}}
    policies = [
        {
            "name": name,
            "influence": [attempt(strategies=mix, **({"sanction": 40.0} if "threat" in mix else {}))],
        }
        for name, mix in mixes.items()
    ]
    for slope, worse in ((None, True), (0.0, False)):
        scenario = related(warm_up_weeks=6)
        if slope is not None:
            names = ("coercion_on_social_satisfaction", "noncoercion_on_social_satisfaction")
            names += ("conflict_on_social_satisfaction", "fairness_on_social_satisfaction")
            scenario = scenario.replace(**{"relations.effects": dict.fromkeys(names, slope)})
        found = simulate(scenario, policies, 2, metrics="social_satisfaction", workers=1, progress=False)
        difference = found.difference("advice", "group").set_index("group").loc["middle"]
        assert (difference["high"] < -0.02) == worse
        if not worse:
            assert found.by_group["social_satisfaction"].sel(group="middle").values == pytest.approx(0.5)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "metric", "said"),
        [
            ({}, "trust", "metric 'trust': feelings .* set relations.active = true"),
            (
                {"power.measured": False},
                "conflict",
                "feelings .* set power.measured = true and relations.active = true",
            ),
            ({"power.measured": False}, "dependence_of_buyer", "set power.measured = true$"),
            (
                {"warm_up_weeks": 29},
                "dependence_of_supplier",
                "no review falls after the warm-up: .* 4 weeks",
            ),
        ],
    )
    def test_say_what_switches_it_on(self, changes, metric, said):
        scenario = related().replace(**({"relations.active": False} | changes))
        with pytest.raises(ScenarioError, match=said) as caught:
            simulate(scenario, None, 1, metrics=["profit", metric], progress=False)
        assert "\n" not in str(caught.value)

    def test_without_being_asked_for_they_are_left_out(self):
        scenario = related().replace(**{"relations.active": False})
        found = simulate(scenario, None, 1, workers=1, progress=False)
        assert [name for name in RELATED if name in found.metrics] == OF_DEPENDENCE
        plain = scenario.replace(**{"power.measured": False, "power.switching_cost": 0.0})
        assert not set(RELATED) & set(simulate(plain, None, 1, workers=1, progress=False).metrics)

    def test_an_agent_based_model_says_so_too(self):
        model = ChannelModel(related().replace(**{"relations.active": False}))
        with pytest.raises(ScenarioError, match=r"set relations\.active = true"):
            model.metric("trust")
