"""Selling to a newsvendor by the wholesale price alone: its best level, what it brings about, and for whom.

Idea
----
As `channelsim.theory.contracts_of_the_newsvendor`: retail price p, unit cost c, salvage value s, demand's
distribution F. At a price w the store orders the critical fractile, F(Q) = (p − w)/(p − s), so that a higher
price sells less, by ε per cent per per cent,

    ε(w) = w/[(w − s) g(Q)] ,      g(Q) = Q f(Q)/(1 − F(Q)) , the generalised failure rate.

Like any monopolist the supplier raises its price until ε(w) = w/(w − c), which with ε put in is

    (w − s) g(Q(w)) = w − c .                                                                     (1)

The left side falls from above the right one as w rises from c if g rises (an increasing generalised failure
rate), so there is one price. With κ = (c − s)/(p − s), what the owner of both would leave unserved of
demand, it is in closed form

    uniform on [0, b]     w = (p + c)/2 ,               Q = b (1 − κ)/2
    uniform on [a, b]     the same slope from b on,     Q = [b − (b − a) κ]/2 , at least a
    exponential, mean μ   w = s + (c − s)/W(e κ) ,      Q = μ [1 − W(e κ)]

with W Lambert's function: there (1) is (1 − x) e^(−x) = κ in x = Q/μ. Uniform demand from zero gives the
supplier one half of what one owner would earn, the store one quarter, and a quarter is lost, whatever p, s
and c. Normal and gamma demand have no closed form; (1) is solved in w. Whole units (Poisson): the store takes
a Qth unit up to w(Q) = s + (p − s) P(D ≥ Q), and the supplier compares (w(Q) − c) Q.

`channelsim.theory.newsvendor.wholesale_contract` has the same contract from the side of the quantity, for
continuous demand; the tests hold that both agree.

Source: Lariviere & Porteus (2001), "Selling to the newsvendor: an analysis of price-only contracts",
*Manufacturing & Service Operations Management* 3(4), without salvage; with it, and the three closed forms:
derived here. Where it holds: as the file named above; the supplier knows demand as the store does.
"""

from __future__ import annotations

from math import e, inf

from channelsim.theory.admissible import between
from channelsim.theory.contracts_of_the_newsvendor import ContractOutcome, NewsvendorChannel
from channelsim.theory.newsvendor import generalised_failure_rate, newsvendor_store
from channelsim.theory.uncertain_demand import ExponentialDemand, PoissonDemand, UniformDemand


def wholesale_price_alone(channel: NewsvendorChannel, wholesale_price: float) -> ContractOutcome:
    """Return what a wholesale price without anything else brings about.

    Of whole units the store takes one that is worth just its price.

    Parameters
    ----------
    channel : NewsvendorChannel
    wholesale_price : float
        Money per unit (w), between the salvage value and the retail price.

    Raises
    ------
    ValueError
        If the price is out of range.

    References
    ----------
    Lariviere & Porteus (2001).

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import UniformDemand
    >>> channel = NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0)
    >>> found = wholesale_price_alone(channel, best_wholesale_price(channel))
    >>> found.quantity, found.efficiency, found.store_share
    (37.5, 0.75, 0.25)
    """
    worth, price = channel.salvage_value, channel.retail_price
    between(wholesale_price, worth, price, "wholesale_price", note="between salvage value and retail price")
    quantity, profit = channel.best_at_price(wholesale_price, inf)
    if isinstance(channel.demand, PoissonDemand):
        further = worth + (price - worth) * (1.0 - channel.demand.cumulative(quantity))
        if further >= wholesale_price * (1.0 - 1e-12):
            quantity += 1.0
    return channel.outcome(quantity, profit)


def best_wholesale_price(channel: NewsvendorChannel) -> float:
    """Return the wholesale price at which the supplier earns most, money per unit.

    (p + c)/2 for uniform demand from zero, s + (c − s)/W(e κ) for exponential demand, the price of the best
    whole quantity for Poisson demand, the root of (w − s) g(Q(w)) = w − c for the others. The retail price
    stands for one just below it: the supplier then sells what uniform demand never falls short of.

    Parameters
    ----------
    channel : NewsvendorChannel
        Its demand with an increasing generalised failure rate: normal, gamma, exponential, uniform and
        Poisson have one.

    References
    ----------
    Lariviere & Porteus (2001); closed forms derived here.

    Examples
    --------
    >>> from channelsim.theory.uncertain_demand import ExponentialDemand, NormalDemand
    >>> best_wholesale_price(NewsvendorChannel(UniformDemand(0.0, 100.0), 10.0, 4.0, 2.0))
    7.0
    >>> round(best_wholesale_price(NewsvendorChannel(ExponentialDemand(20.0), 10.0, 4.0)), 6)
    6.689492
    >>> round(best_wholesale_price(NewsvendorChannel(NormalDemand(50.0, 10.0), 10.0, 4.0)), 6)
    9.220442
    """
    demand = channel.demand
    if isinstance(demand, UniformDemand):
        return _of_uniform(channel, demand)
    if isinstance(demand, ExponentialDemand):
        from scipy.special import lambertw

        cost, worth = channel.unit_cost - channel.salvage_value, channel.salvage_value
        unserved = cost / (channel.retail_price - worth)
        return worth + cost / float(lambertw(e * unserved).real)
    if isinstance(demand, PoissonDemand):
        prices = whole_unit_prices(channel)
        return max(enumerate(prices, start=1), key=lambda at: at[0] * (at[1] - channel.unit_cost))[1]
    return _where_elastic_enough(channel)


def _of_uniform(channel: NewsvendorChannel, demand: UniformDemand) -> float:
    """Return the best price of uniform demand; never below what sells the least demand for certain."""
    spread = channel.retail_price - channel.salvage_value
    width = demand.high - demand.low
    unserved = (channel.unit_cost - channel.salvage_value) / spread
    quantity = max(demand.low, 0.5 * (demand.high - width * unserved))
    return channel.salvage_value + spread * (demand.high - quantity) / width


def _where_elastic_enough(channel: NewsvendorChannel) -> float:
    """Return the root of (1) in the price, from the unit cost to where nothing is ordered."""
    from scipy.optimize import brentq

    demand, price, worth = channel.demand, channel.retail_price, channel.salvage_value

    def beyond(wholesale: float) -> float:
        quantity = newsvendor_store(demand, price, wholesale, worth).quantity
        return (wholesale - worth) * generalised_failure_rate(demand, quantity) - (
            wholesale - channel.unit_cost
        )

    most = worth + (price - worth) * (1.0 - demand.cumulative(0.0)) * (1.0 - 1e-12)
    return float(brentq(beyond, channel.unit_cost, most, xtol=1e-14 * price))


def whole_unit_prices(channel: NewsvendorChannel) -> tuple[float, ...]:
    """Return the highest price at which the store orders one unit, two, …, as far as above the unit cost.

    w(Q) = s + (p − s) P(D ≥ Q): what the Qth unit brings the store in expectation.

    Parameters
    ----------
    channel : NewsvendorChannel
        With demand in whole units (Poisson).

    Returns
    -------
    tuple of float
        Money per unit, falling; entry Q − 1 is the price of Q units.

    Raises
    ------
    ValueError
        If demand is not in whole units.

    Examples
    --------
    >>> channel = NewsvendorChannel(PoissonDemand(2.0), 10.0, 4.0)
    >>> [round(price, 4) for price in whole_unit_prices(channel)]
    [8.6466, 5.9399]
    """
    demand = channel.demand
    if not isinstance(demand, PoissonDemand):
        raise ValueError(f"demand = {type(demand).__name__}: not in whole units")
    spread, found = channel.retail_price - channel.salvage_value, []
    for quantity in range(1, int(channel.integrated_quantity) + 1):
        found.append(channel.salvage_value + spread * (1.0 - demand.cumulative(quantity - 1)))
    return tuple(found)
