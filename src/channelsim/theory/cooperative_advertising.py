"""Cooperative advertising: a manufacturer that pays part of its retailer's local advertising.

Idea
----
The retailer spends a on local advertising, the manufacturer q on its brand; sales saturate at α,

    sales = α − β a^(−γ) q^(−δ) .

With unit margins m (manufacturer) and r (retailer) and a participation rate t, the share of a that the
manufacturer pays, they earn m · sales − t a − q and r · sales − (1 − t) a. Let X = β a^(−γ) q^(−δ) be the
sales still to be won.

*Manufacturer leads.* The retailer answers with (1 − t) a = r γ X. The best participation rate is

    t = [m − (γ + 1) r]/(m − γ r)  if m > (γ + 1) r,  else 0 ,

whatever α, β, δ are: only a manufacturer whose margin is large enough beside the retailer's pays for local
advertising. Brand spending is q = δ m X₀/(γ + 1), with X₀ = X + t a/m, what the manufacturer loses by less
than saturated sales and by participating.

*At the same time* nobody pays for the other: t = 0, a = r γ X, q = m δ X. *One owner*: a = (m + r) γ X, q =
(m + r) δ X: each effort counts with both margins. No participation rate in a alone brings it about, since q
still counts with m only; sharing all spending a + q in the proportion of the margins does.

Source: Huang & Li (2001), "Co-op advertising models in manufacturer–retailer supply chains: A game theory
approach", *European Journal of Operational Research* 135(3); all formulas derived anew here. Where it
holds: one period, margins given, sales above zero at what is spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from channelsim.theory.admissible import above, between


class Advertising(NamedTuple):
    """What is spent and what comes of it.

    Attributes
    ----------
    local_advertising, brand_advertising : float
        Spending by the retailer and by the manufacturer, money per week (a, q).
    participation_rate : float
        Share of local advertising that the manufacturer pays (t).
    sales : float
        Units per week.
    manufacturer_profit, retailer_profit : float
        Money per week.
    """

    local_advertising: float
    brand_advertising: float
    participation_rate: float
    sales: float
    manufacturer_profit: float
    retailer_profit: float


@dataclass(frozen=True)
class AdvertisedChannel:
    """A manufacturer and a retailer whose advertising raises sales = α − β a^(−γ) q^(−δ).

    Parameters
    ----------
    saturation : float
        Sales that no advertising exceeds, units per week (α).
    shortfall : float
        Sales missing at a = q = 1, units per week (β).
    local_elasticity, brand_elasticity : float
        Per cent by which missing sales fall per per cent of spending (γ, δ).
    manufacturer_margin, retailer_margin : float
        Money per unit (m, r).

    Raises
    ------
    ValueError
        If a number is not above zero.
    """

    saturation: float
    shortfall: float
    local_elasticity: float
    brand_elasticity: float
    manufacturer_margin: float
    retailer_margin: float

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            above(getattr(self, name), 0.0, name)

    def sales(self, local_advertising: float, brand_advertising: float) -> float:
        """Return the sales of given spending, units per week."""
        missing = local_advertising**-self.local_elasticity * brand_advertising**-self.brand_elasticity
        return float(self.saturation - self.shortfall * missing)

    def outcome(self, local: float, brand: float, participation_rate: float) -> Advertising:
        """Return sales and profits of given spending.

        Raises
        ------
        ValueError
            If sales would not be above zero: there the answers of this file do not hold.
        """
        sold = self.sales(local, brand)
        if not sold > 0.0:
            raise ValueError(
                f"saturation = {self.saturation:g}: too low, sales would be {sold:g} at what is best to spend"
            )
        manufacturer = self.manufacturer_margin * sold - participation_rate * local - brand
        retailer = self.retailer_margin * sold - (1.0 - participation_rate) * local
        return Advertising(local, brand, participation_rate, sold, manufacturer, retailer)

    def _spend(self, local_weight: float, brand_weight: float) -> tuple[float, float]:
        """Return a and q with a = γ · local weight · X and q = δ · brand weight · X."""
        gamma, delta = self.local_elasticity, self.brand_elasticity
        local, brand = gamma * local_weight, delta * brand_weight
        missing = (self.shortfall * local**-gamma * brand**-delta) ** (1.0 / (1.0 + gamma + delta))
        return local * missing, brand * missing


def best_participation_rate(
    manufacturer_margin: float, retailer_margin: float, local_elasticity: float
) -> float:
    """Return the share of local advertising that a leading manufacturer pays.

    t = [m − (γ + 1) r]/(m − γ r) if m > (γ + 1) r, else 0.

    Parameters
    ----------
    manufacturer_margin, retailer_margin : float
        Money per unit (m, r).
    local_elasticity : float
        γ.

    Raises
    ------
    ValueError
        If a number is not above zero.

    References
    ----------
    Huang & Li (2001).

    Examples
    --------
    >>> best_participation_rate(4.0, 1.0, 1.0), best_participation_rate(2.0, 1.0, 1.0)
    (0.6666666666666666, 0.0)
    """
    above(manufacturer_margin, 0.0, "manufacturer_margin")
    above(retailer_margin, 0.0, "retailer_margin")
    above(local_elasticity, 0.0, "local_elasticity")
    gain = manufacturer_margin - (local_elasticity + 1.0) * retailer_margin
    return gain / (gain + retailer_margin) if gain > 0.0 else 0.0


def manufacturer_leads(channel: AdvertisedChannel, participation_rate: float | None = None) -> Advertising:
    """Return the spending where the manufacturer moves first and the retailer answers.

    Parameters
    ----------
    channel : AdvertisedChannel
    participation_rate : float, optional
        Share of local advertising that the manufacturer pays, from 0 to below 1; default the best.

    Raises
    ------
    ValueError
        If the rate is out of range or saturation too low.

    References
    ----------
    Huang & Li (2001).

    Examples
    --------
    >>> channel = AdvertisedChannel(1000.0, 3000.0, 1.0, 1.0, 4.0, 1.0)
    >>> found = manufacturer_leads(channel)
    >>> [round(value, 4) for value in found[:3]]
    [20.8008, 20.8008, 0.6667]
    """
    margin, gamma = channel.manufacturer_margin, channel.local_elasticity
    rate = (
        best_participation_rate(margin, channel.retailer_margin, gamma)
        if participation_rate is None
        else between(participation_rate, 0.0, 1.0, "participation_rate", "left")
    )
    local_weight = channel.retailer_margin / (1.0 - rate)
    # The loss m X + t a is (m + t γ · local weight) X and, as the retailer answers, falls as q^(−δ/(γ + 1)).
    brand_weight = (margin + rate * gamma * local_weight) / (gamma + 1.0)
    return channel.outcome(*channel._spend(local_weight, brand_weight), rate)


def at_the_same_time(channel: AdvertisedChannel) -> Advertising:
    """Return the Nash equilibrium of both spendings, in which the manufacturer pays for no local advertising.

    Parameters
    ----------
    channel : AdvertisedChannel

    Raises
    ------
    ValueError
        If saturation is too low.

    References
    ----------
    Huang & Li (2001).

    Examples
    --------
    >>> found = at_the_same_time(AdvertisedChannel(1000.0, 3000.0, 1.0, 1.0, 4.0, 1.0))
    >>> [round(value, 4) for value in found[:3]]
    [9.0856, 36.3424, 0.0]
    """
    return channel.outcome(*channel._spend(channel.retailer_margin, channel.manufacturer_margin), 0.0)


def one_owner(channel: AdvertisedChannel) -> Advertising:
    """Return the spending that one owner of both would choose; profits as if each paid its own.

    Parameters
    ----------
    channel : AdvertisedChannel

    Raises
    ------
    ValueError
        If saturation is too low.

    References
    ----------
    Huang & Li (2001).

    Examples
    --------
    >>> found = one_owner(AdvertisedChannel(1000.0, 3000.0, 1.0, 1.0, 4.0, 1.0))
    >>> [round(value, 4) for value in found[:3]]
    [24.6621, 24.6621, 0.0]
    """
    together = channel.manufacturer_margin + channel.retailer_margin
    return channel.outcome(*channel._spend(together, together), 0.0)
