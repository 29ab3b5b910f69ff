"""Nash-in-Nash: every contract of a channel bargained over, each in the light of all the others.

Idea
----
A supplier and a buyer split what their contract earns over its failing. If it fails, its shelves are gone,
all other prices stand (retail prices too) and buyers choose again. So with A its shelves, q_l units now and
q_l^{−A} without it, an owner *gains* from the contract at the price t

    G(t) = Σ_l margin_l(t) (q_l − q_l^{−A})    over all shelves in its hands, at whatever tier,

the supplier G_s, the buyer G_b; their sum T, the *surplus*, does not depend on t. Nash (1950) weighted by β,
the supplier's bargaining weight, maximises

    β ln G_s(t) + (1 − β) ln G_b(t)      subject to   G_s ≥ o_s ,  G_b ≥ o_b .

An *outside option* o (money per week above the point of disagreement) is what one could have by leaving for
good: a bound on the split, not its starting point (Binmore, Rubinstein & Wolinsky 1986). T < o_s + o_b: there
is nothing to agree on, the contract is *suspended* and its shelves go.

A **Nash-in-Nash equilibrium** (Horn & Wolinsky 1988) is a set of prices each of which is the bargain over its
contract given the others. Retail prices are held, or re-optimised so that they and the contracts are in
equilibrium together, neither side foreseeing the other's answer (Draganska, Klapper & Villas-Boas 2010).

How it is found here: each contract's Nash product is maximised over its one price, given all others, contract
after contract and round after round. No system of first-order conditions is formed or solved: the simulator
does that, and is judged by this. Every equilibrium returned has been checked: no contract's price is further
from its own maximum than the tolerance.

Sources: Nash (1950), *Econometrica* 18; Horn & Wolinsky (1988), *RAND Journal of Economics* 19; Draganska,
Klapper & Villas-Boas (2010), *Marketing Science* 29; foundations: Collard-Wexler, Gowrisankaran & Lee (2019),
*Journal of Political Economy* 127.

Where it holds: linear prices, one brand per contract, quantities that follow retail prices alone (no
capacity, no stock-out). With retail prices re-optimised an equilibrium need not exist or be unique: where
buyers value a store's assortment, a brand that hardly sells is bargained for as variety, at a unit price
above its retail price, and both may run away. Weights near 1 at several tiers converge slowly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from channelsim.theory.admissible import at_least, between, one_of
from channelsim.theory.bargaining_market import Channel, Contract, Floats, Mask
from channelsim.theory.bargaining_rounds import Gains, Table, come_to_rest, start

Weights = float | Mapping[Contract, float]
Options = Mapping[Contract, tuple[float, float]]
NO_TRADE, NO_SURPLUS, NO_GOODS = "nobody buys", "no surplus", "its goods are gone"


class Agreement(NamedTuple):
    """One contract at rest.

    Attributes
    ----------
    contract : Contract
    price : float
        Money per unit; not a number if suspended.
    gains : Gains
        Of a suspended contract: those in view of which it was suspended; not a number if its goods were gone
        before.
    quantity : float
        Units per week over all its shelves.
    bound : {"", "supplier", "buyer"}
        Whose outside option holds the price.
    suspended : str
        Why, or nothing.
    """

    contract: Contract
    price: float
    gains: Gains
    quantity: float
    bound: str
    suspended: str


@dataclass(frozen=True)
class Bargain:
    """A Nash-in-Nash equilibrium.

    Attributes
    ----------
    agreements : dict of Contract to Agreement
    price, quantity : ndarray, shape (shelves,)
        Retail prices, money per unit, and units per week; a shelf that is gone keeps its last price.
    offered : ndarray of bool, shape (shelves,)
        Which shelves are left.
    profits : dict of str to float
        Gross profit of every owner, money per week.
    rounds : int
        Rounds of best responses, all searches together.
    """

    agreements: Mapping[Contract, Agreement]
    price: Floats
    quantity: Floats
    offered: Mask
    profits: Mapping[str, float]
    rounds: int

    def price_of(self, supplier: str, buyer: str, brand: str) -> float:
        """Return the unit price of one contract; not a number if it is suspended."""
        return self.agreements[Contract(supplier, buyer, brand)].price


def relative_stakes_weight(
    dependence_of_buyer: float, dependence_of_supplier: float, exponent: float
) -> float:
    """Return the supplier's bargaining weight when stakes make weak.

    β = D_b^k / (D_b^k + D_s^k): who depends more on the relationship gets the smaller share. k = 0 is equal
    weights. An assumption of this package, in the form of a contest (Tullock 1980), not a theorem.

    Parameters
    ----------
    dependence_of_buyer, dependence_of_supplier : float
        D_b, D_s, each in [0, 1].
    exponent : float
        k, at least 0.

    Returns
    -------
    float
        β in [0, 1]; ½ if neither depends on the other.

    Raises
    ------
    ValueError
        If a dependence is outside [0, 1] or the exponent is negative.

    Examples
    --------
    >>> relative_stakes_weight(0.64, 0.16, exponent=0.5)  # 0.8 against 0.4
    0.6666666666666666
    >>> relative_stakes_weight(0.64, 0.16, exponent=0.0)
    0.5
    """
    between(dependence_of_buyer, 0.0, 1.0, "dependence_of_buyer", "both")
    between(dependence_of_supplier, 0.0, 1.0, "dependence_of_supplier", "both")
    at_least(exponent, 0.0, "exponent")
    if dependence_of_buyer == dependence_of_supplier or exponent == 0.0:
        return 0.5
    buyer, supplier = dependence_of_buyer**exponent, dependence_of_supplier**exponent
    return float(buyer / (buyer + supplier))


def nash_product(
    channel: Channel,
    contract: Contract,
    terms: Mapping[Contract, float],
    price: ArrayLike,
    weight: float = 0.5,
) -> float:
    """Return the weighted Nash product of one contract, G_s^β G_b^(1−β), all prices given.

    Parameters
    ----------
    channel : Channel
    contract : Contract
        The one that is looked at.
    terms : dict of Contract to float
        Unit prices of all contracts.
    price : array_like, shape (shelves,)
        Retail prices.
    weight : float
        The supplier's, β.

    Returns
    -------
    float
        Money per week; 0 where a side would rather do without.

    Raises
    ------
    ValueError
        If a contract has no price or is not one of the channel's, or retail prices or weight do not fit.

    Notes
    -----
    Source: Nash (1950), *Econometrica* 18, weighted as in Roth (1979), *Axiomatic Models of Bargaining*.

    Examples
    --------
    Ten units at a margin of 6 in all: 30 to each side at a price of 7.

    >>> from channelsim.theory.bargaining_market import LinearDemand, Shelf
    >>> channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), unit_cost=4.0)])
    >>> contract = Contract("P", "X", "A")
    >>> [nash_product(channel, contract, {contract: t}, [10.0]) for t in (4.0, 7.0)]
    [0.0, 30.0]
    """
    table = _table(channel, price, weight, {})
    if contract not in channel.contracts or set(terms) != set(channel.contracts):
        raise ValueError(f"{Contract(*contract)}: this and {_names(channel)} need one price each")
    table.terms[:] = [terms[each] for each in channel.contracts]
    table.choose_again()
    gains = table.gains(channel.contracts.index(contract))
    return float(max(gains.supplier, 0.0) ** weight * max(gains.buyer, 0.0) ** (1.0 - weight))


def nash_in_nash(
    channel: Channel,
    price: ArrayLike,
    weight: Weights = 0.5,
    outside: Options | None = None,
    retail: Literal["held", "equilibrium"] = "held",
    tolerance: float = 1e-10,
    rounds: int = 400,
) -> Bargain:
    """Return prices of all contracts each of which maximises its own Nash product given the others.

    Parameters
    ----------
    channel : Channel
    price : array_like, shape (shelves,)
        Retail prices, money per unit; with ``retail="equilibrium"`` where their search begins.
    weight : float or dict of Contract to float
        The supplier's bargaining weight β in [0, 1], one for all or one for each contract.
    outside : dict of Contract to (float, float), optional
        Outside options of supplier and buyer, money per week above the point of disagreement; 0 if not named.
    retail : {"held", "equilibrium"}
        Whether stores re-optimise their prices, simultaneously with the contracts.
    tolerance : float
        Largest admissible distance of any price from its own best response, relative to the highest price.
    rounds : int
        Most rounds of best responses in one search.

    Returns
    -------
    Bargain

    Raises
    ------
    ValueError
        If weights, options or prices do not fit the channel, or no equilibrium is found.

    Notes
    -----
    Among contracts without a surplus the one of the fewest shelves is suspended first (then the one that
    lacks most), and all the others bargain again: so no more trade stops than must. Rounds are accelerated
    by Anderson's (1965) extrapolation. Sources: see the module.

    Examples
    --------
    One supplier, one buyer, ten units at a retail price of 10 and a cost of 4: the margin of 6 is halved. A
    buyer who could earn 45 elsewhere gets 45; one who could earn more than all there is, leaves.

    >>> from channelsim.theory.bargaining_market import LinearDemand, Shelf
    >>> channel = Channel(LinearDemand(20.0, 1.0), [Shelf("A", ("P", "X"), unit_cost=4.0)])
    >>> round(nash_in_nash(channel, [10.0]).price_of("P", "X", "A"), 9)
    7.0
    >>> contract = Contract("P", "X", "A")
    >>> round(nash_in_nash(channel, [10.0], outside={contract: (0.0, 45.0)}).price_of(*contract), 9)
    5.5
    >>> nash_in_nash(channel, [10.0], outside={contract: (0.0, 70.0)}).agreements[contract].suspended
    'no surplus'

    With the retail price re-optimised, p − c = (a/b − c)/(2 − β) and β of it is the supplier's.

    >>> bargain = nash_in_nash(channel, [10.0], weight=0.4, retail="equilibrium")
    >>> print(bargain.price.round(9), round(bargain.price_of("P", "X", "A"), 9))
    [14.] 8.0
    """
    one_of(retail, ("held", "equilibrium"), "retail")
    table = _table(channel, price, weight, outside or {})
    used, reasons = 0, {}
    seen: dict[int, Gains] = {}
    while True:
        start(table)
        used += come_to_rest(table, retail == "equilibrium", tolerance, rounds)
        worst = _first_to_suspend(table)
        if worst is None:
            break
        reasons[worst] = NO_SURPLUS if table.traded(worst) > 0.0 else NO_TRADE
        seen[worst] = table.gains(worst)
        table.offered &= ~channel.supplies[worst]
    is_open = set(table.open_contracts())
    agreements = {}
    for i, contract in enumerate(channel.contracts):
        if i in is_open:
            _, bound = table.best_response(i)
            agreement = Agreement(contract, float(table.terms[i]), table.gains(i), table.traded(i), bound, "")
        else:
            gains = seen.get(i, Gains(math.nan, math.nan))
            agreement = Agreement(contract, math.nan, gains, 0.0, "", reasons.get(i, NO_GOODS))
        agreements[contract] = agreement
    terms = np.array([agreements[contract].price for contract in channel.contracts])
    return Bargain(
        agreements,
        table.price,
        channel.demand.quantities(table.price, table.offered),
        table.offered,
        channel.profits(table.price, terms, table.offered),
        used,
    )


def _first_to_suspend(table: Table) -> int | None:
    """Return the contract without a surplus that has fewest shelves, then lacks most; None if all have."""
    channel, short = table.channel, []
    for i in table.open_contracts():
        surplus, least, traded = table.gains(i).surplus, table.options[i].sum(), table.traded(i)
        margin = np.abs(channel.margins(channel.contracts[i].buyer, table.price, table.terms)).max()
        if traded <= 0.0 or surplus < least - 1e-12 * (margin * traded + abs(least)):
            shelves = int((channel.supplies[i] & table.offered).sum())
            short.append((shelves, surplus - least, i))
    return min(short)[2] if short else None


def _names(channel: Channel) -> str:
    return "; ".join(map(str, channel.contracts))


def _table(channel: Channel, price: ArrayLike, weight: Weights, outside: Options) -> Table:
    """Return a table with everything checked and in the order of the channel's contracts."""
    held = np.array(price, dtype=np.float64)
    if held.shape != (len(channel.shelves),) or not np.isfinite(held).all():
        raise ValueError(f"price: {len(channel.shelves)} finite numbers are needed, one per shelf")
    if isinstance(weight, Mapping):
        if set(weight) != set(channel.contracts):
            raise ValueError(f"weight: needed for each of {_names(channel)} and no others")
        weights = np.array([weight[contract] for contract in channel.contracts], dtype=np.float64)
    else:
        weights = np.full(len(channel.contracts), float(weight))
    for value in weights.tolist():
        between(value, 0.0, 1.0, "weight", "both")
    for contract in outside:
        if contract not in channel.contracts:
            raise ValueError(f"outside: no contract {Contract(*contract)}; there are {_names(channel)}")
    pairs = [outside.get(contract, (0.0, 0.0)) for contract in channel.contracts]
    options = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2)
    if not np.isfinite(options).all():
        raise ValueError("outside: an option is not a finite number")
    return Table(channel, held, weights, options)
