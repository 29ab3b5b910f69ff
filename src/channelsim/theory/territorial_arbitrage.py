"""Arbitrage between territories: what stores pay where goods can be carried in from a cheaper one.

Idea
----
A store pays its own distributor w; in another territory a unit is to be had for v. Carrying it over costs t,
and whoever carries it has to reckon with an expected fine, probability of detection times fine, e = D·F. A
unit carried over gains

    g = (w − v − t − e)⁺ ,

and nothing is carried where the price difference w − v does not exceed t + e. If the store has the share σ of
the gain and buys the share a of its goods in this way, its mean cost of a unit is

    c = w − a σ g .

With σ = a = 1 (many who could carry, and a store that does not care where goods come from) that is the law of
one price with transport cost: c − v = min(w − v, t + e), prices of two territories differ by no more than
what it costs to carry a unit from one to the other.

*Deterrence.* Diversion stops at the fine F* = (w − v − t)/D, and, where detection grows with monitoring m as
D(m) = ι [φ_0 + (1 − φ_0)(1 − e^(−m/m_0))], at

    m* = −m_0 ln[ (1 − (w − v − t)/(ι F)) / (1 − φ_0) ] ;

no monitoring does where ι F ≤ w − v − t, and none is needed where ι φ_0 F ≥ w − v − t.

*Receiving market.* A store alone with linear demand q = A − B p asks p = ½(A/B + c) and carries in a·q.

Source: Enke (1951), *Econometrica* 19; Samuelson (1952), *American Economic Review* 42; expected fines:
Becker (1968), *Journal of Political Economy* 76; equations as above derived here. Where it holds: prices v
and w given, any quantity to be had at v, risk-neutral carriers.
"""

from __future__ import annotations

from math import inf, log
from typing import NamedTuple

from channelsim.theory.admissible import above, at_least, between


class Arbitrage(NamedTuple):
    """What one unit carried over gains, and what the store pays on average.

    Attributes
    ----------
    gain : float
        Of both sides together, money per unit; 0 where nothing is carried.
    mean_cost : float
        Of the store, money per unit.
    """

    gain: float
    mean_cost: float


class ReceivingStore(NamedTuple):
    """A store alone in its market.

    Attributes
    ----------
    price : float
        Money per unit.
    quantity : float
        Units per week.
    carried_in : float
        Units per week from the other territory.
    """

    price: float
    quantity: float
    carried_in: float


def _share(value: float, name: str) -> float:
    return between(value, 0.0, 1.0, name, "both")


def arbitrage(
    own_price: float,
    other_price: float,
    transport: float,
    expected_fine: float = 0.0,
    store_share: float = 1.0,
    accepted: float = 1.0,
) -> Arbitrage:
    """Return what a unit carried over gains and what the store then pays.

    Parameters
    ----------
    own_price : float
        What the store pays its own distributor (w), money per unit.
    other_price : float
        What a unit costs in the other territory (v), money per unit.
    transport, expected_fine : float
        Of a unit carried over (t, e), money.
    store_share : float
        Share of the gain that goes to the store (σ).
    accepted : float
        Share of its goods that the store buys in this way (a).

    Raises
    ------
    ValueError
        If a number is below zero, or a share above one.
    """
    own_price, other_price = at_least(own_price, 0.0, "own_price"), at_least(other_price, 0.0, "other_price")
    transport = at_least(transport, 0.0, "transport")
    expected_fine = at_least(expected_fine, 0.0, "expected_fine")
    store_share, accepted = _share(store_share, "store_share"), _share(accepted, "accepted")
    gain = max(0.0, own_price - other_price - transport - expected_fine)
    return Arbitrage(gain, own_price - accepted * store_share * gain)


def deterring_fine(own_price: float, other_price: float, transport: float, detection: float) -> float:
    """Return the least fine per unit at which nothing is carried over; infinite if nobody is ever detected.

    Raises
    ------
    ValueError
        If a number is below zero, or the probability of detection above one.
    """
    detection = _share(detection, "detection")
    gain = arbitrage(own_price, other_price, transport).gain
    if gain == 0.0:
        return 0.0
    return gain / detection if detection > 0.0 else inf


def deterring_monitoring(
    own_price: float,
    other_price: float,
    transport: float,
    fine: float,
    scale: float,
    found_unmonitored: float = 0.0,
    attributed: float = 1.0,
) -> float:
    """Return the least monitoring at which nothing is carried over; infinite if none suffices.

    Parameters
    ----------
    fine : float
        For a unit detected (F), money.
    scale : float
        Monitoring that finds 63 % of what would not be found without (m_0), money per week.
    found_unmonitored : float
        Probability of being found without monitoring (φ_0).
    attributed : float
        Probability that a found unit is attributed to who carried it (ι).

    Raises
    ------
    ValueError
        If a number is below zero, a probability above one, or the scale not above zero.
    """
    fine, scale = at_least(fine, 0.0, "fine"), above(scale, 0.0, "scale")
    found_unmonitored = _share(found_unmonitored, "found_unmonitored")
    attributed = _share(attributed, "attributed")
    gain = arbitrage(own_price, other_price, transport).gain
    if attributed * found_unmonitored * fine >= gain:
        return 0.0
    if attributed * fine <= gain:
        return inf
    return -scale * log((1.0 - gain / (attributed * fine)) / (1.0 - found_unmonitored))


def receiving_store(intercept: float, slope: float, cost: float, accepted: float = 1.0) -> ReceivingStore:
    """Return what a store alone in its market asks and sells at a mean cost, and what is carried in to it.

    Parameters
    ----------
    intercept, slope : float
        Demand A − B·p, units per week.
    cost : float
        Money per unit.
    accepted : float
        Share of its goods that it buys in the other territory.

    Raises
    ------
    ValueError
        If the slope is not above zero, or nobody would buy at cost.
    """
    slope, cost = above(slope, 0.0, "slope"), at_least(cost, 0.0, "cost")
    intercept = above(intercept, slope * cost, "intercept", "else nobody would buy at cost")
    price = 0.5 * (intercept / slope + cost)
    quantity = intercept - slope * price
    return ReceivingStore(price, quantity, _share(accepted, "accepted") * quantity)
