"""A wrong rule in the place of a right one makes the cases of diversion fail."""

import pytest

from channelsim import columns as c
from channelsim import governance
from channelsim.mechanisms import diversion
from channelsim.verification.diversion import CASES
from compiled_code import replaces_rules
from judging import ShortRuns, judged

DIFFERENCE = "price difference at rest"
KEPT = "a smaller price difference stays"
NOTHING = "nothing is carried over"
RETAIL = "retail price where goods are carried to"
UNITS = "units carried over"
MEAN = "a third of its goods"


def until_rest(scenario, replications):
    """Weeks until prices and orders come to rest."""
    return {"weeks": 60, "warm_up_weeks": 59}


def verdict(name):
    return judged(name, CASES, ShortRuns(until_rest)).verdict


def transport_for_nothing(monkeypatch):
    """Term left out: goods travel for nothing."""
    right = diversion.propose_diversion

    def wrong(world, terms, state):
        km = world.route_km.copy()
        world.route_km[:] = 0.0
        right(world, terms, state)
        world.route_km[:] = km

    monkeypatch.setattr(diversion, "propose_diversion", wrong)


def fined_for_certain(monkeypatch):
    """Factor: the whole fine counts, not the expected one."""
    monkeypatch.setattr(governance, "detection_of", lambda *given: 1.0)


def margin_at_home_forgotten(monkeypatch):
    """Term left out: a diverter is content with its cost."""
    monkeypatch.setattr(diversion, "margin_wanted", lambda h, world, terms, state: 0.0)


def costs_not_counted(monkeypatch):
    """Step left out: stores reckon with their own distributor's price."""
    monkeypatch.setattr(diversion, "count_diverted_costs", lambda world, terms, state: None)


def gain_to_who_diverts(monkeypatch):
    """Sign: the store's share of the gain goes to the other side."""
    right = diversion.divert

    def wrong(world, terms, state):
        place = c.BUYER_SHARE
        share = world.scenario[place]
        world.scenario[place] = 0.7 - share
        right(world, terms, state)
        world.scenario[place] = share

    monkeypatch.setattr(diversion, "divert", wrong)


def orders_that_forget_what_is_set_aside(monkeypatch):
    """Step left out: what is meant to be diverted is not ordered."""
    monkeypatch.setattr(diversion, "set_aside_goods", lambda tier, world, terms, state: None)


RULES = [
    (transport_for_nothing, [DIFFERENCE, RETAIL]),
    (fined_for_certain, [DIFFERENCE, UNITS]),
    (margin_at_home_forgotten, [DIFFERENCE, KEPT, NOTHING]),
    (costs_not_counted, [DIFFERENCE, RETAIL, MEAN]),
    (gain_to_who_diverts, [DIFFERENCE, MEAN]),
    (orders_that_forget_what_is_set_aside, [UNITS]),
]


@replaces_rules
@pytest.mark.parametrize("name", [DIFFERENCE, KEPT, NOTHING, RETAIL, UNITS, MEAN])
def test_the_rule_as_it_is_passes(name):
    assert verdict(name) == "pass"


@replaces_rules
@pytest.mark.parametrize(("mutate", "names"), RULES, ids=[mutate.__name__ for mutate, _ in RULES])
def test_a_wrong_rule_fails(monkeypatch, mutate, names):
    mutate(monkeypatch)
    assert [verdict(name) for name in names] == ["fail"] * len(names)
