"""How many members a density comes to: whole numbers whose sum follows the factor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim.application import active_members
from channelsim.decisions import Policy
from channelsim.densities import member_counts, own_counts, scaled
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario
from channelsim.world import build

TOWNS, PER_TOWN = 40, 3


@pytest.fixture(scope="module")
def channel():
    towns = {"name": "town", "count": TOWNS, "territory_class": "small", "buyers": 20.0, "zones": 1}
    return build(
        Scenario.parse(
            {
                "scenario_format": 1,
                "demand": {"system": "logit"},
                "name": "towns",
                "weeks": 2,
                "territories": [
                    towns,
                    {"name": "city", "territory_class": "large", "buyers": 200.0, "zones": 1},
                ],
                "brands": [{"name": "P", "owner": "maker", "production_cost": 2.0}],
                "segments": [{"name": "all", "price_sensitivity": 0.4, "equity": {"P": 2.0}}],
                "members": [
                    {"name": "maker", "role": "manufacturer", "count": 1},
                    {
                        "name": "shops",
                        "role": "retailer",
                        "suppliers": ["maker"],
                        "pricing": {"rule": "markup", "markup": 1.4},
                        "per_territory": {"small": PER_TOWN, "large": 20},
                        "maximum_scale": 2.0,
                    },
                ],
                "contracts": [{"supplier": "maker", "buyer": "shops", "wholesale_price": 5.0}],
            }
        )
    )


def shops(channel, scale, **given):
    group = next(g for g in channel.scenario.members if g.name == "shops")
    return member_counts(group, channel, Policy(density={"shops": {"scale": scale, **given}}))


def small(channel):
    return np.array(channel.territories.classes) == "small"


@given(factor=st.floats(0.0, 2.0), other=st.floats(0.0, 2.0))
def test_the_sum_follows_the_factor_and_no_town_loses_a_shop_as_it_rises(channel, factor, other):
    counts, own = shops(channel, factor), own_counts(channel.scenario.members[1], channel)
    assert (np.abs(counts - own * factor) < 1.0).all()
    assert abs(counts.sum() - factor * own.sum()) <= 3.0  # to the nearest in every town it would be up to 20
    more, fewer = shops(channel, max(factor, other)), shops(channel, min(factor, other))
    assert (more >= fewer).all()
    one = shops(channel, {"small": factor})
    assert (one[small(channel)] == counts[small(channel)]).all()
    assert (one[~small(channel)] == own[~small(channel)]).all()


def test_towns_of_one_size_do_not_round_all_at_once(channel):
    below, above = (shops(channel, {"small": f})[small(channel)].sum() for f in (0.833, 0.834))
    assert 0.0 <= above - below <= 1.0  # to the nearest, two shops of three would become three in every town
    assert below == pytest.approx(0.833 * TOWNS * PER_TOWN, abs=1.0)


def test_whole_numbers_are_exact(channel):
    own = own_counts(channel.scenario.members[1], channel)
    for factor in (0.0, 1.0, 2.0, 1.0 / 3.0 + 1e-12):
        found = shops(channel, {"small": factor})[small(channel)]
        assert (found == np.floor(own[small(channel)] * factor + 1e-9)).all()


def test_a_town_that_is_named_is_rounded_to_the_nearest(channel):
    for town in range(0, TOWNS, 7):
        name = channel.territories.names[town]
        assert shops(channel, {name: 0.83})[town] == 2.0
        assert shops(channel, {name: 0.84, "small": 0.0})[town] == 3.0


def test_a_national_group_is_rounded_to_the_nearest(channel):
    assert scaled(np.array([3.0]), 0.83, channel) == 2.0
    assert scaled(np.array([3.0]), 0.84, channel) == 3.0
    with pytest.raises(ScenarioError, match="belong to no territory; give one number"):
        member_counts(
            channel.scenario.members[0], channel, Policy(density={"maker": {"scale": {"small": 0.5}}})
        )


def test_so_many_are_active_in_every_territory(channel):
    terms = channel.apply(Policy(density={"shops": {"scale": 0.7}}))
    active = np.flatnonzero(active_members(terms, channel))
    territory = channel.members.territory[active[active >= channel.first_store]]
    found = np.bincount(territory, minlength=TOWNS + 1)
    assert (found == shops(channel, 0.7)).all()
    assert len(set(found[small(channel)])) == 2
