"""Exclusive dealing: what a member must be paid to drop its other brands.

Idea
----
A member that carries several brands earns from each, spreads its selling cost over them, and spreads risk.
Exclusive, it earns from one, to whose shelf some of the others' buyers move, and stands or falls with it.
With profit X before and Y after, absolute risk aversion A and normal profits, a sure sum is worth to it as
much as a risky profit if it is

    certainty equivalent = mean − A/2 · variance ,        so it accepts a compensation

    K ≥ (E[X] − E[Y])  +  A/2 (Var[Y] − Var[X]) :  profit forgone plus risk premium.

For brand profits with means m_i, standard deviations s_i and correlations c_ij, and a share τ of the other
brands' expected profit that moves to the exclusive brand (whose profit is then a multiple of what it was),

    E[X] = Σ m_i − F ,   E[Y] = m_1 + τ Σ_(i>1) m_i − F + saved ,   s.d.[Y] = s_1 (m_1 + τ Σ_(i>1) m_i)/m_1 ,

F selling cost, of which ``saved`` falls away; economies of scope: little of F is saved. The risk premium
may be negative: who drops a brand and wins nothing back carries less risk in money, though more in
proportion. It is positive where what the exclusive brand wins back is less spread than what is dropped.

Source: risk premium Pratt (1964), *Econometrica* 32(1/2), exact for normal profit and constant absolute
risk aversion; the acceptance threshold follows from it. Where it holds: the member compares these two only,
the compensation is sure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from channelsim.theory.admissible import above, at_least, between, finite, numbers, whole_number


class AcceptanceThreshold(NamedTuple):
    """The least compensation a member accepts, and what it is made of.

    Attributes
    ----------
    compensation : float
        Money per period; negative: it would pay to be exclusive.
    profit_forgone, risk_premium : float
        Its two parts, money per period.
    """

    compensation: float
    profit_forgone: float
    risk_premium: float


class ProfitRisk(NamedTuple):
    """Expected profit and how uncertain it is.

    Attributes
    ----------
    mean, deviation : float
        Money per period.
    """

    mean: float
    deviation: float


def certainty_equivalent(profit: ProfitRisk, risk_aversion: float) -> float:
    """Return the sure profit that is worth as much as a normal one: mean − A/2 · variance.

    Parameters
    ----------
    profit : ProfitRisk
    risk_aversion : float
        Absolute risk aversion, per unit of money (A); 0: neutral.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> certainty_equivalent(ProfitRisk(100.0, 20.0), 0.01)
    98.0
    """
    finite(profit.mean, "mean")
    at_least(profit.deviation, 0.0, "deviation")
    return profit.mean - 0.5 * at_least(risk_aversion, 0.0, "risk_aversion") * profit.deviation**2


def acceptance_threshold(
    several_brands: ProfitRisk, exclusive: ProfitRisk, risk_aversion: float
) -> AcceptanceThreshold:
    """Return the least compensation for which a member deals exclusively.

    Parameters
    ----------
    several_brands, exclusive : ProfitRisk
        Profit without and with exclusive dealing, before compensation.
    risk_aversion : float
        Absolute risk aversion, per unit of money (A).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> acceptance_threshold(ProfitRisk(100.0, 10.0), ProfitRisk(90.0, 20.0), 0.01)
    AcceptanceThreshold(compensation=11.5, profit_forgone=10.0, risk_premium=1.5)
    """
    before = certainty_equivalent(several_brands, risk_aversion)
    after = certainty_equivalent(exclusive, risk_aversion)
    forgone = several_brands.mean - exclusive.mean
    premium = 0.5 * risk_aversion * (exclusive.deviation**2 - several_brands.deviation**2)
    return AcceptanceThreshold(before - after, forgone, premium)


def carrying_all(
    means: ArrayLike, deviations: ArrayLike, correlation: float = 0.0, selling_cost: float = 0.0
) -> ProfitRisk:
    """Return the profit of a member that carries all brands.

    Parameters
    ----------
    means, deviations : array_like, shape (brands,)
        Of the brands' profits, money per period (m, s).
    correlation : float
        Between any two brands, from −1/(brands − 1) to 1.
    selling_cost : float
        Money per period whatever is sold (F).

    Raises
    ------
    ValueError
        If shapes do not fit or a number is out of range.

    Examples
    --------
    >>> carrying_all([60.0, 60.0], [15.0, 20.0], selling_cost=20.0)
    ProfitRisk(mean=100.0, deviation=25.0)
    """
    count = whole_number(np.size(means), 1, "number of brands")
    mean, deviation = numbers(means, count, "means"), numbers(deviations, count, "deviations")
    at_least(float(deviation.min()), 0.0, "deviations")
    at_least(selling_cost, 0.0, "selling_cost")
    between(correlation, -1.0 / max(count - 1, 1), 1.0, "correlation", "both")
    squares = float(deviation @ deviation)
    variance = (1.0 - correlation) * squares + correlation * float(deviation.sum()) ** 2
    return ProfitRisk(float(mean.sum()) - selling_cost, max(variance, 0.0) ** 0.5)


def carrying_one(
    means: ArrayLike,
    deviation: float,
    won_back: float = 0.0,
    selling_cost: float = 0.0,
    saved: float = 0.0,
) -> ProfitRisk:
    """Return the profit of a member that carries the first brand alone.

    Parameters
    ----------
    means : array_like, shape (brands,)
        Expected profits of the brands carried so far, money per period; the first, above 0, stays (m).
    deviation : float
        Of the first brand's profit so far, money per period (s_1).
    won_back : float
        Share of the others' expected profit that moves to it (τ), from 0 to 1.
    selling_cost, saved : float
        Selling cost and the part of it that falls away, money per period.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> carrying_one([60.0, 60.0], 15.0, won_back=0.5, selling_cost=20.0, saved=5.0)
    ProfitRisk(mean=75.0, deviation=22.5)
    """
    mean = numbers(means, whole_number(np.size(means), 1, "number of brands"), "means")
    own = above(float(mean[0]), 0.0, "means[0]")
    at_least(deviation, 0.0, "deviation")
    between(won_back, 0.0, 1.0, "won_back", "both")
    between(saved, 0.0, at_least(selling_cost, 0.0, "selling_cost"), "saved", "both")
    earned = own + won_back * float(mean[1:].sum())
    above(earned, 0.0, "profit won back and own")
    return ProfitRisk(earned - selling_cost + saved, deviation * earned / own)
