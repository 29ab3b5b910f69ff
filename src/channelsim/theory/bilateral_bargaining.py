"""Two who divide a pool: disagreement points and outside options.

Both have somewhere else to go, and it matters what for. A **disagreement point** is what each gets *while*
they do not agree, or if talks break down by chance: it is paid in full, and what remains is halved (Nash
1950). An **outside option** is what one gets by leaving *for good*: a threat to leave is believed only if the
option beats the split without it, so that it changes nothing up to there, and is just matched from there on
(Binmore, Rubinstein & Wolinsky 1986). Mistaking one for the other misstates power: an alternative of a third
of the pool moves the first split, not the second.
"""

from __future__ import annotations

from typing import NamedTuple

from channelsim.theory.admissible import above, between, finite


def split_the_difference(pool: float, first: float, second: float) -> tuple[float, float]:
    """Nash's bargain from a disagreement point: each gets its alternative and half of what remains.

    Parameters
    ----------
    pool : float
        Points to divide.
    first, second : float
        What each gets if they disagree.

    Raises
    ------
    ValueError
        If a number is not finite or the pool is not positive.

    Notes
    -----
    Source: Nash (1950), The bargaining problem, Econometrica 18, 155-162.

    Examples
    --------
    >>> split_the_difference(24, 8, 0)
    (16.0, 8.0)
    """
    _check_bargain(pool, first, second)
    return (pool + first - second) / 2, (pool + second - first) / 2


def deal_me_out(pool: float, first: float, second: float) -> tuple[float, float]:
    """Bargain with outside options: half each, unless an option is worth more, which then is just matched.

    Parameters, errors as in `split_the_difference`; `first` and `second` are what each gets by leaving for
    good. If the two options exceed the pool there is no deal, which is an error here.

    Raises
    ------
    ValueError
        Also if the options together exceed the pool.

    Notes
    -----
    Sources: Binmore, Rubinstein & Wolinsky (1986), The Nash bargaining solution in economic modelling, RAND
    Journal of Economics 17, 176-188; Binmore, Shaked & Sutton (1989), An outside option experiment, Quarterly
    Journal of Economics 104, 753-770, who name the rule.

    Examples
    --------
    An option of 8 is worth less than half the pool and changes nothing; one of 20 is matched.

    >>> deal_me_out(24, 8, 0), deal_me_out(24, 20, 0)
    ((12.0, 12.0), (20.0, 4.0))
    """
    _check_bargain(pool, first, second)
    if first + second > pool:
        raise ValueError(f"outside options {first} and {second} exceed the pool of {pool}: there is no deal")
    share = min(max(pool / 2, float(first)), pool - second)
    return share, pool - share


class BargainedChannel(NamedTuple):
    """Prices that a maker and a store come to rest at.

    Attributes
    ----------
    wholesale_price, retail_price : float
        Money per unit.
    """

    wholesale_price: float
    retail_price: float


def bargained_channel(
    intercept: float, own_slope: float, unit_cost: float, weight: float
) -> BargainedChannel:
    """Return prices where a maker and a store bargain over one and the store sets the other at the same time.

    Demand is q = a − b p. The contract gives the maker the share β of the margin, w = c + β (p − c), p held;
    the store answers a price w with p = (a/b + w)/2, w held. Both hold together at

        p − c = (a/b − c)/(2 − β) ,

    between the price of an integrated channel (β = 0) and w = p = a/b, at which nothing is sold (β = 1).

    Parameters
    ----------
    intercept, own_slope : float
        a, units per week at a price of zero, and b, units lost per unit of price.
    unit_cost : float
        c, money per unit, below a/b.
    weight : float
        β, the maker's bargaining weight, in [0, 1].

    Returns
    -------
    BargainedChannel

    Raises
    ------
    ValueError
        If the intercept or the slope is not positive, cost leaves no demand or the weight is outside [0, 1].

    Notes
    -----
    The game is that of Draganska, Klapper & Villas-Boas (2010), Marketing Science 29, 57-74, for one of each
    and linear demand; derived here. No failing leaves anything to either side.

    Examples
    --------
    >>> bargained_channel(20.0, 1.0, unit_cost=4.0, weight=0.4)
    BargainedChannel(wholesale_price=8.0, retail_price=14.0)
    """
    above(intercept, 0.0, "intercept")
    above(own_slope, 0.0, "own_slope")
    choke = intercept / own_slope
    if not finite(unit_cost, "unit_cost") < choke:
        raise ValueError(f"unit_cost = {unit_cost:g}: must be below {choke:g}, at which nobody buys")
    between(weight, 0.0, 1.0, "weight", "both")
    margin = (choke - unit_cost) / (2.0 - weight)
    return BargainedChannel(unit_cost + weight * margin, unit_cost + margin)


def _check_bargain(pool: float, first: float, second: float) -> None:
    above(pool, 0.0, "pool")
    finite(first, "first")
    finite(second, "second")
