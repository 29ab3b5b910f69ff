"""What stands beside the unit price, link by link: support, fees, exclusivity and credit.

Read from the contracts, as a policy changes them.

Amounts of money (training, franchise fee, compensation) are agreed per member: the links in use under one
agreement share them evenly. A contract is one agreement; a change of terms that names a brand makes one of
its own for the brand's links. Equations and sources: `channelsim.mechanisms.support`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from channelsim import columns as c
from channelsim.agreement_consistency import cannot_feel, longest_credit
from channelsim.decisions import Policy, TermsChange
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.schema import columns_of
from channelsim.sourcing import Sourcing
from channelsim.tables import Floats, Integers

PER_MEMBER = ("training", "franchise_fee", "compensation")
NUMBERS = ("cooperative_share", *PER_MEMBER)
FIELDS = (*NUMBERS, "exclusive", "principal", "credit_weeks")


@dataclass(frozen=True)
class Agreements:
    """What every link has beside its unit price, whether or not it is in use.

    Attributes
    ----------
    numbers : dict of str to array (links,)
        Co-operative share; training, franchise fee and compensation in money per week and member.
    shared : dict of str to array (links,)
        Links with the same number here share an amount per member.
    exclusive : array of bool (links,)
        Whether stores are offered the compensation for exclusive dealing.
    by_maker : array of bool (links,)
        Whether the maker is the principal, not the supplier.
    credit_weeks : array (links,)
    agreed : set of str
        Fields of which any link has something.
    """

    numbers: dict[str, Floats]
    shared: dict[str, Integers]
    exclusive: np.ndarray
    by_maker: np.ndarray
    credit_weeks: Integers
    agreed: frozenset[str]

    def offers(self, built: BuiltWorld) -> Integers:
        """Return (links,) the offer of exclusive dealing under which each link falls, -1 if none.

        Offers of the same supplying group are one, and so are those of the same maker's brands.
        """
        brand = built.world.holdings_index[c.BRAND, built.links.supplier_holding]
        owners = [b.owner or b.name for b in built.scenario.brands]
        maker = np.array([owners.index(owner) for owner in owners])[brand]
        group = built.members.group[built.world.links_index[c.SUPPLIER_MEMBER]]
        offer = np.where(self.by_maker, len(built.scenario.members) + maker, group)
        return np.where(self.exclusive, offer, -1)

    def stores_choose(self, built: BuiltWorld) -> bool:
        """Return whether a store decides what it lists because of a fee or an offer of exclusive dealing."""
        if built.scenario.demand.system != "logit":
            return False  # what a listing is worth is not known there: a fee is a transfer
        if not self.agreed & {"exclusive", "franchise_fee"}:
            return False
        asked = self.exclusive | (self.numbers["franchise_fee"] > 0.0)
        return bool(asked[built.links.buyer_holding >= built.first_shelf].any())


def agreements_under(built: BuiltWorld, policy: Policy, chosen: Sequence[np.ndarray]) -> Agreements:
    """Return what contracts and a policy agree beside the unit price.

    Parameters
    ----------
    chosen : sequence of array of bool (links,)
        The links that each change of the policy's terms is about.

    Raises
    ------
    ScenarioError
        If no contract that a change is about can feel it, or credit is longer than the world is built for.
    """
    contracts, of_link = built.scenario.contracts, built.links.contract
    values, shared = dict(built.kept(_agreed)), dict.fromkeys(PER_MEMBER, of_link)
    for i, change in enumerate(policy.terms):
        for name in FIELDS:
            wanted = getattr(change, name)
            if wanted is None:
                continue
            where = f"policy {policy.name}: terms[{i}].{name}"
            felt = chosen[i] & _that_feel(built, chosen[i], name, where)
            values[name] = values[name].copy()
            values[name][felt] = _number(name, wanted)
            if name in PER_MEMBER and change.brand:
                shared[name] = np.where(felt, len(contracts) + i, shared[name])
        _check_change(built, change, chosen[i], values, f"policy {policy.name}: terms[{i}]")
    return Agreements(
        numbers={name: values[name] for name in NUMBERS},
        shared=shared,
        exclusive=values["exclusive"],
        by_maker=values["principal"],
        credit_weeks=values["credit_weeks"],
        agreed=_named(values) if policy.terms else built.kept(_named_in_scenario),
    )


def _agreed(built: BuiltWorld) -> dict[str, np.ndarray]:
    """Return what the scenario's contracts agree beside the unit price, link by link."""
    contracts, of_link = built.scenario.contracts, built.links.contract
    return {name: np.array([_number(name, getattr(k, name)) for k in contracts])[of_link] for name in FIELDS}


def _named(values: dict[str, np.ndarray]) -> frozenset[str]:
    """Return the fields of which any link has something."""
    return frozenset(name for name, of_link in values.items() if of_link.any())


def _named_in_scenario(built: BuiltWorld) -> frozenset[str]:
    return _named(built.kept(_agreed))


def _number(name: str, value: float | bool | str) -> float | bool:
    """Return a value as arrays hold it: amounts are floats, the principal is whether it is the maker."""
    if name == "principal":
        return value == "maker"
    return float(value) if name in NUMBERS else value  # type: ignore[return-value]


def _that_feel(built: BuiltWorld, chosen: np.ndarray, name: str, where: str) -> np.ndarray:
    """Return the links whose contract can feel a field; at least one of those chosen can."""
    scenario, of_link = built.scenario, built.links.contract
    why = [cannot_feel(name, contract, scenario) for contract in scenario.contracts]
    feels = np.array([not reason for reason in why])[of_link]
    if not feels[chosen].any():
        raise ScenarioError(f"{where}: {why[of_link[np.argmax(chosen)]]}")
    return np.asarray(feels)


def _check_change(
    built: BuiltWorld, change: TermsChange, chosen: np.ndarray, values: dict[str, np.ndarray], where: str
) -> None:
    if change.compensation is not None and not values["exclusive"][chosen].any():
        raise ScenarioError(
            f"{where}.compensation: is paid for exclusive dealing, and none of the contracts asks for it: "
            "set exclusive = true"
        )
    longest = longest_credit(built.scenario)
    if change.credit_weeks is not None and change.credit_weeks > longest:
        raise ScenarioError(
            f"{where}.credit_weeks = {change.credit_weeks}: the world is built for credit of at most "
            f"{longest} weeks; raise maximum_credit_weeks"
        )


def link_terms(
    built: BuiltWorld,
    agreements: Agreements,
    sourcing: Sourcing,
    opened: tuple[Floats, np.ndarray],
    accepted: Integers,
) -> tuple[Floats, Integers]:
    """Return the terms of every link (floats, integers).

    Parameters
    ----------
    sourcing : Sourcing
    opened : (array (links,), array (links,))
        1 for links on which the buyer orders; for those on which it could.
    accepted : array (members,)
        Offer of exclusive dealing that each member has accepted, -1 if none.
    """
    world, scenario = built.world, built.scenario
    links = np.zeros((len(columns_of("links", "terms")), built.sizes.links))
    links[c.LINK_ACTIVE], links[c.LINK_OPEN] = opened
    used, buyer = links[c.LINK_ACTIVE] > 0, world.links_index[c.BUYER_MEMBER]
    if scenario.credit:
        links[c.LINK_CREDIT_SAVING] = scenario.cost_of_capital * agreements.credit_weeks
    if "cooperative_share" in agreements.agreed:
        links[c.COOPERATIVE_SHARE, sourcing.links] = agreements.numbers["cooperative_share"][sourcing.links]
    paid = {name: used for name in PER_MEMBER}
    if "exclusive" in agreements.agreed:
        paid["compensation"] = used & agreements.exclusive & (accepted[buyer] == agreements.offers(built))
    else:
        paid["compensation"] = agreements.exclusive
    for name, row in (
        ("training", c.TRAINING),
        ("franchise_fee", c.FRANCHISE_FEE),
        ("compensation", c.COMPENSATION),
    ):
        if name not in agreements.agreed:
            continue
        amount = agreements.numbers[name][paid[name]]
        if amount.any():
            together = (agreements.shared[name] * built.sizes.members + buyer)[paid[name]]
            _, group, size = np.unique(together, return_inverse=True, return_counts=True)
            links[row, paid[name]] = amount / size[group]
    index = np.empty((len(columns_of("links", "terms", "int")), built.sizes.links), dtype=np.int64)
    index[c.CREDIT_WEEKS] = agreements.credit_weeks
    index[c.DUE_AFTER] = 1 + world.links_index[c.LEAD_TIME] + agreements.credit_weeks
    index[c.PRINCIPAL_HOLDING] = -1
    index[c.PRINCIPAL_HOLDING, sourcing.links] = sourcing.sellers
    if "principal" in agreements.agreed:
        by_maker = np.flatnonzero(used & agreements.by_maker)
        index[c.PRINCIPAL_HOLDING, by_maker] = _makers(built, by_maker, sourcing.source)
    return links, index


def _makers(built: BuiltWorld, links: Integers, source: Integers) -> Integers:
    """Return the maker's holding on the way of the goods to each of these links.

    Where the brand's owner is not on the way, the walk ends at the first seller.
    """
    world = built.world
    supplier, owners = world.links_index[c.SUPPLIER_HOLDING], built.members.owners
    names = [b.owner or b.name for b in built.scenario.brands]
    brand_owner = np.array([owners.index(name) if name in owners else -1 for name in names])
    owner = built.members.owner[world.holdings_index[c.MEMBER]]
    at = supplier[links]
    for _ in range(built.tiers):
        goes_on = (owner[at] != brand_owner[world.holdings_index[c.BRAND, at]]) & (source[at] >= 0)
        at = np.where(goes_on, supplier[np.maximum(source[at], 0)], at)
    return np.asarray(at)


def effort_costs(built: BuiltWorld, agreements: Agreements, sourcing: Sourcing) -> tuple[Floats, Floats]:
    """Return (holdings,) the cost of effort κ̃ after training, and the store's part of it (1 − t)κ̃."""
    trained = borne = built.world.holdings[c.SERVICE_COST]
    if "training" in agreements.agreed:
        trained = borne = trained.copy()
        training = agreements.numbers["training"][sourcing.links]
        trained[sourcing.buyers] /= 1.0 + training / built.scenario.training_scale
    if "cooperative_share" in agreements.agreed:
        borne = trained.copy()
        borne[sourcing.buyers] *= 1.0 - agreements.numbers["cooperative_share"][sourcing.links]
    return trained, borne
