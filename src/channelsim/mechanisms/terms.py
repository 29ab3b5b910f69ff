"""Terms of trade: what an order is invoiced, what a period's rebate is worth, what one more unit costs.

A schedule has at most four steps, a threshold T_k and a share d_k of the list price w, rising. On *all*
units the share of the highest step reached holds for every unit; on the units *beyond*, each step's share
for those above its threshold. What it takes off, in units of the list price:

    all units   Q·d(Q) ,       beyond   Σ_k (d_k − d_{k−1}) (Q − T_k)⁺ .

A quantity discount is such a schedule over an order, a target rebate over a period's units; a growth
bonus is one step. An order is invoiced w·[Q − off(Q)]; its derivative off the thresholds, the price at
the margin, is w·[1 − d(Q)] in both modes. A unit sold costs the member

    c̃ = (price at the margin)·(1 − r·credit weeks) − MR + handling ,       m = (1 − s) p − c̃

with r the weekly cost of capital (goods paid later cost less today), MR the marginal rebate and s the
share of its revenue that a store passes on. With N(μ, σ²) units still to come and S counted so far, z_k =
(T_k − S − μ)/σ,

    MR = ρ w Σ_k (d_k − d_{k−1}) [ Φ̄(z_k) + (all units: (T_k/σ) φ(z_k)) ] ,

without deviation the steps that S + μ reaches. The same c̃ serves price, service and stock.

Source: economics §1; the two marginal rebates are derivatives of what is expected of the period
(`theory.target_rebates`). Limit: no credit, handling or incentive: c̃ = w, m = p − w.
"""

from __future__ import annotations

from math import sqrt

from channelsim.codes import ON_ALL_UNITS
from channelsim.compiled import rule
from channelsim.numerics import standard_normal_cdf, standard_normal_density
from channelsim.tables import Floats

STEPS = 4
"""Most steps of a schedule."""
NEVER = 1e300
"""Threshold of a step that is not there."""


@rule
def marginal_cost(
    price_at_margin: float, credit_saving: float, marginal_rebate: float, handling_cost: float
) -> float:
    """Return c̃, money per unit: price at the margin less credit's interest and rebate, plus handling."""
    return price_at_margin * (1.0 - credit_saving) - marginal_rebate + handling_cost


@rule
def unit_margin(price: float, kept_share: float, marginal_cost: float) -> float:
    """Return m, money per unit: what the store keeps of its price less what the unit costs it."""
    return kept_share * price - marginal_cost


@rule
def step_share(quantity: float, thresholds: int, shares: int, k: int, schedule: Floats) -> float:
    """Return the share of list of the highest step that a quantity reaches, 0 if none.

    Parameters
    ----------
    thresholds, shares : int
        Row of the schedule that holds the first threshold, and the first share.
    k : int
        Link.
    """
    share = 0.0
    for step in range(STEPS):
        if not quantity >= schedule[thresholds + step, k]:
            break  # thresholds rise
        share = schedule[shares + step, k]
    return share


@rule
def units_off(quantity: float, mode: int, thresholds: int, shares: int, k: int, schedule: Floats) -> float:
    """Return what a schedule takes off a quantity, in units of the list price; see `step_share`."""
    if mode == ON_ALL_UNITS:
        return quantity * step_share(quantity, thresholds, shares, k, schedule)
    off, before = 0.0, 0.0
    for step in range(STEPS):
        if not quantity > schedule[thresholds + step, k]:
            break
        off += (schedule[shares + step, k] - before) * (quantity - schedule[thresholds + step, k])
        before = schedule[shares + step, k]
    return off


@rule
def invoice(
    quantity: float,
    wholesale_price: float,
    mode: int,
    thresholds: int,
    shares: int,
    k: int,
    schedule: Floats,
) -> float:
    """Return what a shipment is charged, money; see `step_share`."""
    return wholesale_price * (quantity - units_off(quantity, mode, thresholds, shares, k, schedule))


@rule
def expected_step(
    threshold: float, share: float, mode: int, counted: float, mean: float, deviation: float
) -> float:
    """Return the share of list that one more expected unit adds through one step of a period's schedule."""
    if deviation <= 0.0:
        return share if counted + mean >= threshold else 0.0
    score = (threshold - counted - mean) / deviation
    tail = standard_normal_cdf(-score)
    if mode == ON_ALL_UNITS:
        tail += threshold / deviation * standard_normal_density(score)
    return share * tail


@rule
def expected_share(
    counted: float,
    mean: float,
    variance: float,
    mode: int,
    thresholds: int,
    shares: int,
    k: int,
    schedule: Floats,
) -> float:
    """Return MR/(ρ w) of a period's schedule: units counted so far, mean and variance of those to come."""
    found, before, deviation = 0.0, 0.0, sqrt(max(variance, 0.0))
    for step in range(STEPS):
        threshold, share = schedule[thresholds + step, k], schedule[shares + step, k]
        if threshold >= NEVER:
            break
        found += expected_step(threshold, share - before, mode, counted, mean, deviation)
        before = share
    return found
