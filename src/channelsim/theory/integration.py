"""Integrate or not: two manufacturers, each with an exclusive retailer (McGuire & Staelin 1983).

Each of two rival brands is sold by one store that carries nothing else. A manufacturer either owns its store
(integrated: one firm sets the retail price) or sells to an independent one (decentralised). Wholesale prices
are announced first, each decentralised manufacturer foreseeing both retail prices and taking the rival's
wholesale price as given; then the stores set retail prices, each taking the other's as given.

With q = a − B·p and D = diag(b) store i asks q_i = b_i(p_i − w_i), so p = R·(a + D·w) with R = (B + D)⁻¹. A
decentralised manufacturer foresees dq_i/dw_i = −b_i(1 − b_i·R_ii) and asks

    q_i = b_i(1 − b_i·R_ii)·(w_i − c_i) ;        an integrated one has w_i = c_i .

For equal brands let money be measured so that q_i = 1 − p_i + θ·p_j with prices above cost and
θ = cross slope / own slope, the *substitutability*, in [0, 1). Then per manufacturer (channel):

    both integrated      p = 1/(2 − θ)    Π = 1/(2 − θ)²
    both decentralised   w = (2 + θ)/v    Π = (2 + θ)·u/[(2 − θ)·v²]   channel: 2(3 − θ²)·u/[(2 − θ)²·v²]
    one integrated       p = x/[2(2 − θ)·u]                   Π = x²/[4(2 − θ)²·u²]
    … and its rival      w = (2 + θ)/(2u)                     Π = (2 + θ)/[4(2 − θ)·u]

with u = 2 − θ², v = 4 − θ − 2θ², x = 4 + θ − 2θ².

A wholesale price above cost commits a store to a higher retail price, and the rival's store answers with a
higher one: decentralisation softens competition. Against it stands double marginalisation. Which of the two
weighs more depends on θ (`substitutability_thresholds`).

Source: T. W. McGuire & R. Staelin (1983), An industry equilibrium analysis of downstream vertical
integration, Marketing Science 2(2), 161–191. The profits and thresholds here are derived from the two stages
above.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim.theory.power_structures import Duopoly, Equilibrium


def exclusive_retailers(duopoly: Duopoly, integrated: tuple[bool, bool] = (False, False)) -> Equilibrium:
    """Two manufacturers, each with a store of its own brand alone (McGuire & Staelin 1983).

    Stores are in Nash equilibrium in retail prices, q_i = b_i(p_i − w_i); decentralised manufacturers are in
    Nash equilibrium in wholesale prices, q_i = b_i(1 − b_i·R_ii)(w_i − c_i) with R = (B + D)⁻¹; an
    integrated one supplies its store at cost.

    Parameters
    ----------
    duopoly : Duopoly
        Its ``cross_slope`` is that of another brand in another store.
    integrated : pair of bool
        Whether each manufacturer owns its store.

    Returns
    -------
    Equilibrium
        An integrated manufacturer's profit is that of its channel; its retailer's is zero.

    Raises
    ------
    ValueError
        If ``integrated`` is not a pair of truth values.

    Examples
    --------
    θ = 0.5 and unit costs of zero: both decentralised w = 2.5/3, both integrated p = 1/1.5.

    >>> brands = Duopoly(1.0, 1.0, 0.5, 0.0)
    >>> exclusive_retailers(brands).wholesale_price.round(6).tolist()
    [0.833333, 0.833333]
    >>> exclusive_retailers(brands, (True, True)).retail_price.round(6).tolist()
    [0.666667, 0.666667]
    >>> exclusive_retailers(brands, (True, False)).manufacturer_profit.round(6).tolist()
    [0.580499, 0.238095]
    """
    chosen = tuple(integrated) if isinstance(integrated, tuple | list) else ()
    if len(chosen) != 2 or not all(isinstance(owns, bool | np.bool_) for owns in chosen):
        raise ValueError(f"integrated = {integrated!r}: give True or False for each of the two manufacturers")
    owns = np.array(chosen, dtype=bool)
    own, cost = duopoly.own_slopes, duopoly.costs
    response = np.linalg.inv(duopoly.slopes + np.diag(own))
    # In amounts above cost: p − c = R(a − B·c + D(w − c)) and q = D(p − w), a linear system in w − c.
    level = own * (response @ duopoly.at_cost)
    transfer = np.diag(own) @ (np.eye(2) - response * own)  # q = level − transfer·(w − c)
    conduct = np.diag(np.diag(transfer))
    system = np.where(owns[:, None], np.eye(2), transfer + conduct)
    margin = np.linalg.solve(system, np.where(owns, 0.0, level))
    quantity = level - transfer @ margin
    found = Equilibrium.of(duopoly, quantity, cost + margin, cost + margin + quantity / own)
    earned = np.where(owns, found.channel_profit, found.manufacturer_profit)
    return found._replace(manufacturer_profit=earned, retailer_profit=found.channel_profit - earned)


class Thresholds(NamedTuple):
    """Substitutabilities (cross slope over own slope) from which decentralisation does something.

    Attributes
    ----------
    channel_profit : float
        Above it a channel, manufacturer and store together, earns more where both are decentralised than
        where both are integrated.
    manufacturer_profit : float
        Above it the manufacturers alone earn more where both are decentralised: they prefer it, though each
        may be tempted to integrate.
    self_enforcing : float
        Above it decentralisation is a Nash equilibrium of the manufacturers: neither gains by integrating
        alone. Below it both prefer decentralisation for a while, but it does not last: a prisoners' dilemma
        between ``manufacturer_profit`` and here.
    channel_self_enforcing : float
        The same where a manufacturer judges by the profit of its whole channel (it shares in its store's),
        though wholesale prices are still set for the manufacturer's own margin.
    """

    channel_profit: float
    manufacturer_profit: float
    self_enforcing: float
    channel_self_enforcing: float


def substitutability_thresholds() -> Thresholds:
    """Return the substitutabilities at which decentralisation begins to pay, to last, to enlarge profit.

    Equal brands, linear demand (McGuire & Staelin 1983). From the profits in closed form, with
    u = 2 − θ², v = 4 − θ − 2θ², x = 4 + θ − 2θ², each is the one root in (0, 1) of

        channel_profit            2(3 − θ²)·u = v²
        manufacturer_profit       (4 − θ²)·u = v²
        self_enforcing            4(4 − θ²)·u³ = (v·x)²
        channel_self_enforcing    8(3 − θ²)·u³ = (v·x)²

    Integration by both is self-enforcing at every θ: (2 + θ)/[4(2 − θ)(2 − θ²)] < 1/(2 − θ)².

    Returns
    -------
    Thresholds
        Without unit.

    Examples
    --------
    >>> [round(threshold, 4) for threshold in substitutability_thresholds()]
    [0.4323, 0.7078, 0.9309, 0.7705]
    """
    from numpy.polynomial import Polynomial

    square = Polynomial([0.0, 0.0, 1.0])
    u, v, x = 2.0 - square, Polynomial([4.0, -1.0, -2.0]), Polynomial([4.0, 1.0, -2.0])
    return Thresholds(
        *(
            _root_between_0_and_1(gain)
            for gain in (
                2.0 * (3.0 - square) * u - v**2,
                (4.0 - square) * u - v**2,
                4.0 * (4.0 - square) * u**3 - (v * x) ** 2,
                8.0 * (3.0 - square) * u**3 - (v * x) ** 2,
            )
        )
    )


def _root_between_0_and_1(gain: object) -> float:
    """Return the root of a function that is negative at 0 and positive at 1."""
    from scipy.optimize import brentq

    return float(brentq(gain, 0.0, 1.0, xtol=1e-15, rtol=1e-14))
