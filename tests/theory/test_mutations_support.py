"""A wrong rule in the place of a right one makes the cases of support and exclusivity fail."""

from dataclasses import replace

import numpy as np
import pytest

from channelsim import application, asked_of_stores
from channelsim import columns as c
from channelsim.listing_choice import ListingChoice
from channelsim.mechanisms import service, support
from channelsim.verification.cases import Laboratory
from channelsim.verification.support import CASES
from compiled_code import replaces_rules
from judging import ShortRuns, judged

SHARE = "co-operative share of 0.4: effort"
TRAINING = "training at half of its scale"
PAID = "what the maker pays a store"
ALONE = "four stores alone"
THREE = "exclusive dealing, three brands"
CHAIN = "exclusive dealing, a chain"
FEE = "a franchise fee of 100 saved"


def verdict(name, laboratory=None):
    return judged(name, CASES, laboratory or Laboratory(workers=1)).verdict


def short(name):
    """Judge on as few weeks as plain Python can afford."""
    few = {"weeks": 40, "warm_up_weeks": 39}
    return verdict(name, ShortRuns(lambda scenario, replications: few if "service" in scenario else {}))


def share_not_felt(monkeypatch):
    """Term left out: the store counts the whole cost of effort, and is paid a part of it all the same."""
    right = application.effort_costs
    monkeypatch.setattr(application, "effort_costs", lambda *given: (right(*given)[0],) * 2)


def share_taken_for_the_rest(monkeypatch):
    """Exchange: the store bears the share t of the cost instead of 1 − t."""
    right = application.effort_costs

    def wrong(*given):
        trained, borne = right(*given)
        return trained, np.where(borne < trained, trained - borne, borne)

    monkeypatch.setattr(application, "effort_costs", wrong)


def training_wasted(monkeypatch):
    """Term left out: training is paid for and teaches nothing."""
    right = application.effort_costs

    def wrong(built, agreements, source):
        numbers = agreements.numbers | {"training": np.zeros(built.sizes.links)}
        return right(built, replace(agreements, numbers=numbers), source)

    monkeypatch.setattr(application, "effort_costs", wrong)


def compensation_not_counted(monkeypatch):
    """Term left out: stores compare lists without what is offered."""
    right = asked_of_stores.AskedOfStores.of

    def wrong(self, firm, shelves):
        charges, offers = right(self, firm, shelves)
        return charges, tuple(offer._replace(compensation=0.0) for offer in offers)

    monkeypatch.setattr(asked_of_stores.AskedOfStores, "of", wrong)


def nobody_comes_back(monkeypatch):
    """Term left out: buyers of the brands dropped are lost to the store."""
    right = ListingChoice.worth

    def wrong(self, lists):
        alone = [right(self, np.eye(lists.shape[1], dtype=bool)[b][None])[0] for b in range(lists.shape[1])]
        return np.where(lists.sum(axis=1) > 1, lists @ np.array(alone), right(self, lists))

    monkeypatch.setattr(ListingChoice, "worth", wrong)


def one_store_paid(monkeypatch):
    """Factor: a chain is paid for one of its stores."""
    right = asked_of_stores.AskedOfStores._amounts

    def wrong(self, name, shelves):
        found, stores = right(self, name, shelves), len(np.unique(self._store[shelves]))
        return [charge._replace(amount=charge.amount / stores) for charge in found]

    monkeypatch.setattr(asked_of_stores.AskedOfStores, "_amounts", wrong)


def fee_forgotten(monkeypatch):
    """Term left out: what a dropped brand's fee would save."""
    right = asked_of_stores.AskedOfStores.of
    monkeypatch.setattr(asked_of_stores.AskedOfStores, "of", lambda *given: ((), right(*given)[1]))


@pytest.mark.parametrize(
    ("wrong", "case"),
    [
        (share_not_felt, SHARE),
        (share_taken_for_the_rest, SHARE),
        (training_wasted, TRAINING),
        (compensation_not_counted, THREE),
        (nobody_comes_back, THREE),
        (one_store_paid, CHAIN),
        (fee_forgotten, FEE),
    ],
)
def test_a_wrong_rule_fails(monkeypatch, wrong, case):
    wrong(monkeypatch)
    assert verdict(case) == "fail"


def whole_cost_paid(monkeypatch):
    """Factor: the maker pays its share of κe² instead of κe²/2."""
    right = support.settle_side_payments

    def wrong(world, terms, state):
        right(world, terms, state)
        state.links[c.COOPERATIVE_SUPPORT] *= 2.0

    monkeypatch.setattr(support, "settle_side_payments", wrong)


def all_service_taken_for_own(monkeypatch):
    """Term left out: a store overlooks that the others profit from its service."""
    right = service.add_own_gain
    monkeypatch.setattr(service, "add_own_gain", lambda weight, *given: right(1.0, *given))


@replaces_rules
@pytest.mark.parametrize(("wrong", "case"), [(whole_cost_paid, PAID), (all_service_taken_for_own, ALONE)])
def test_a_wrong_compiled_rule_fails(monkeypatch, wrong, case):
    assert short(case) == "pass"
    wrong(monkeypatch)
    assert short(case) == "fail"
