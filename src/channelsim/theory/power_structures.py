"""Who leads: two manufacturers and the store that sells both brands (Choi 1991).

Two rival brands lie in one store. Demand is linear, q = a − B·p with own slopes b on the diagonal of B and
−d beside it; both are symmetric in what one brand's price does to the other. Costs are per unit, contracts
say a wholesale price and nothing else, everybody knows everything. Three games differ in who moves first:

* *manufacturers lead*: each announces a wholesale price, foresees how the store will price both brands and
  takes the rival's wholesale price as given;
* *retailer leads*: the store announces its two unit margins, p − w, and foresees how the manufacturers set
  wholesale prices; they take the margins as given, so that a wholesale price moves the retail price one for
  one, and the rival's wholesale price as given;
* *vertical Nash*: all move at once; the manufacturers take the store's margins as given, the store takes
  the wholesale prices as given.

The last two are games in margins. Were the store to announce retail prices, a manufacturer would take demand
as given and ask any wholesale price; and as percentages the margins would give another game.

Write D = diag(b). The store that follows asks p = ½(B⁻¹a + w), hence sells q = ½(a − B·w). A manufacturer
that takes margins as given meets q_i = b_i(w_i − c_i); one that leads, q_i = ½·b_i(w_i − c_i). Together:

    manufacturers lead   2(I + B·D⁻¹)·q = a − B·c     w − c = 2·D⁻¹q    p − w = B⁻¹q
    retailer leads       2(I + B·D⁻¹)·q = a − B·c     w − c = D⁻¹q      p − w = (B⁻¹ + D⁻¹)·q
    vertical Nash         (2I + B·D⁻¹)·q = a − B·c    w − c = D⁻¹q      p − w = B⁻¹q
    one owner of all                 2q = a − B·c     w − c = 0         p − c = B⁻¹q

so that consumers meet the same prices whoever leads, and whoever leads has D⁻¹q more in its unit margin.
For equal brands (a, b, d, c) the wholesale price is (a + b·c)/(2b − d) where manufacturers lead and
(a + 2b·c)/(3b − d) in vertical Nash.

Both brands are sold in every one of them if both would be sold at cost, a − B·c > 0, because the matrices
above have no positive number off the diagonal. Holds where no one gains by driving the other brand out.

Source: S. C. Choi (1991), Price competition in a channel structure with a common retailer, Marketing Science
10(4), 271–296, the games under linear demand; the matrix form for unequal brands is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, at_least, numbers

Pair = NDArray[np.float64]
"""One number a brand, shape (2,)."""


def _pair(values: ArrayLike, name: str) -> Pair:
    """Return one finite number a brand; a single number holds for both."""
    return numbers(values, 2, name)


@dataclass(frozen=True)
class Duopoly:
    """Two rival brands under linear demand, and what they cost to make.

    Demand of brand i is ``intercept_i - own_slope_i * price_i + cross_slope * price_j``, units per week.

    Attributes
    ----------
    intercept : float or pair of floats
        Units per week at prices of zero.
    own_slope : float or pair of floats
        Units lost per unit of money of the brand's own price; above ``cross_slope``.
    cross_slope : float
        Units gained per unit of money of the other brand's price; 0 or more. In the simulator
        ``cross_brand_slope`` where both brands share a store, ``cross_slope`` where each has its own.
    unit_cost : float or pair of floats
        Cost of production, money per unit.

    Raises
    ------
    ValueError
        If a number is not finite or has the wrong sign, or if a brand would not sell at cost.

    Examples
    --------
    >>> Duopoly(100.0, 2.0, cross_slope=0.8, unit_cost=(10.0, 12.0)).at_cost.tolist()
    [89.6, 84.0]
    """

    intercept: ArrayLike
    own_slope: ArrayLike
    cross_slope: float
    unit_cost: ArrayLike

    def __post_init__(self) -> None:
        a, b, c = (_pair(getattr(self, name), name) for name in ("intercept", "own_slope", "unit_cost"))
        d = _pair(self.cross_slope, "cross_slope")
        above(b.min(), 0.0, "own_slope")
        if d[0] != d[1] or not 0.0 <= d[0] < b.min():
            raise ValueError(
                f"cross_slope = {self.cross_slope!r}: one number, 0 or more and below own_slope = {b.min():g}"
            )
        at_least(c.min(), 0.0, "unit_cost")
        if np.any(a <= 0.0) or np.any(self.at_cost <= 0.0):
            raise ValueError(f"intercept = {self.intercept!r}: too small for both brands to sell at cost")

    @property
    def intercepts(self) -> Pair:
        """Intercepts by brand, units per week."""
        return _pair(self.intercept, "intercept")

    @property
    def costs(self) -> Pair:
        """Unit costs by brand, money per unit."""
        return _pair(self.unit_cost, "unit_cost")

    @property
    def own_slopes(self) -> Pair:
        """Own slopes by brand: the diagonal of `slopes`."""
        return _pair(self.own_slope, "own_slope")

    @property
    def slopes(self) -> NDArray[np.float64]:
        """The matrix B of q = a − B·p, shape (2, 2)."""
        return np.where(np.eye(2, dtype=bool), self.own_slopes, -float(self.cross_slope))

    @property
    def at_cost(self) -> Pair:
        """Demand by brand if both were sold at cost, a − B·c, units per week."""
        return self.intercepts - self.slopes @ self.costs


class Equilibrium(NamedTuple):
    """Prices, quantities and weekly profits by brand, each of shape (2,).

    Attributes
    ----------
    wholesale_price, retail_price : array
        Money per unit.
    quantity : array
        Units per week.
    manufacturer_profit, retailer_profit : array
        Money per week; the store's earnings are split by brand.
    """

    wholesale_price: Pair
    retail_price: Pair
    quantity: Pair
    manufacturer_profit: Pair
    retailer_profit: Pair

    @property
    def channel_profit(self) -> Pair:
        """What manufacturer and store earn together with each brand, money per week."""
        return self.manufacturer_profit + self.retailer_profit

    @classmethod
    def of(cls, duopoly: Duopoly, quantity: Pair, wholesale_price: Pair, retail_price: Pair) -> Equilibrium:
        """Return the equilibrium with its profits."""
        return cls(
            wholesale_price,
            retail_price,
            quantity,
            (wholesale_price - duopoly.costs) * quantity,
            (retail_price - wholesale_price) * quantity,
        )


def _at(duopoly: Duopoly, weights: tuple[float, float], maker: float, store: float) -> Equilibrium:
    """Return the equilibrium with (weights[0]·I + weights[1]·B·D⁻¹)·q = a − B·c.

    ``maker`` and ``store`` say how many times D⁻¹q are the manufacturers' margins and what the store's
    margins hold beside B⁻¹q.
    """
    slopes, own = duopoly.slopes, duopoly.own_slopes
    system = weights[0] * np.eye(2) + weights[1] * slopes / own
    quantity = np.asarray(np.linalg.solve(system, duopoly.at_cost), dtype=np.float64)
    wholesale = duopoly.costs + maker * quantity / own
    margin = np.linalg.solve(slopes, quantity) + store * quantity / own
    return Equilibrium.of(duopoly, quantity, wholesale, wholesale + margin)


def manufacturers_lead(duopoly: Duopoly) -> Equilibrium:
    """Two manufacturers announce wholesale prices, the common store follows (Choi 1991).

    Each foresees both retail prices and takes the rival's wholesale price as given:
    2(I + B·D⁻¹)·q = a − B·c, w − c = 2·D⁻¹q, p − w = B⁻¹q. For equal brands w = (a + b·c)/(2b − d).

    Parameters
    ----------
    duopoly : Duopoly

    Returns
    -------
    Equilibrium

    Examples
    --------
    Equal brands: w = (100 + 2·10)/(2·2 − 0.8) = 37.5, and the store adds B⁻¹q = 27.5/1.2.

    >>> found = manufacturers_lead(Duopoly(100.0, 2.0, 0.8, 10.0))
    >>> found.wholesale_price.round(9).tolist(), found.retail_price.round(6).tolist()
    ([37.5, 37.5], [60.416667, 60.416667])
    """
    return _at(duopoly, (2.0, 2.0), 2.0, 0.0)


def retailer_leads(duopoly: Duopoly) -> Equilibrium:
    """The common store announces its unit margins, two manufacturers follow (Choi 1991).

    They take the margins as given, so that a wholesale price moves the retail price one for one:
    2(I + B·D⁻¹)·q = a − B·c, w − c = D⁻¹q, p − w = (B⁻¹ + D⁻¹)·q. Retail prices are those of
    `manufacturers_lead`; the manufacturers' margins are half as large.

    Parameters
    ----------
    duopoly : Duopoly

    Returns
    -------
    Equilibrium

    Examples
    --------
    >>> brands = Duopoly(100.0, 2.0, 0.8, 10.0)
    >>> retailer_leads(brands).retail_price.round(6).tolist()
    [60.416667, 60.416667]
    >>> retailer_leads(brands).wholesale_price.round(6).tolist()
    [23.75, 23.75]
    """
    return _at(duopoly, (2.0, 2.0), 1.0, 1.0)


def vertical_nash(duopoly: Duopoly) -> Equilibrium:
    """Manufacturers and common store set their unit margins at once: nobody leads (Choi 1991).

    (2I + B·D⁻¹)·q = a − B·c, w − c = D⁻¹q, p − w = B⁻¹q. For equal brands w = (a + 2b·c)/(3b − d).
    Without substitution (d = 0) the two sides' margins are equal: nobody has power over the other.

    Parameters
    ----------
    duopoly : Duopoly

    Returns
    -------
    Equilibrium

    Examples
    --------
    Equal brands: w = (100 + 2·2·10)/(3·2 − 0.8) = 140/5.2.

    >>> vertical_nash(Duopoly(100.0, 2.0, 0.8, 10.0)).wholesale_price.round(6).tolist()
    [26.923077, 26.923077]
    >>> alone = vertical_nash(Duopoly(100.0, 2.0, 0.0, 10.0))
    >>> bool(np.allclose(alone.manufacturer_profit, alone.retailer_profit))
    True
    """
    return _at(duopoly, (2.0, 1.0), 1.0, 0.0)


def one_owner(duopoly: Duopoly) -> Equilibrium:
    """One firm owns both manufacturers and the store: the most that the channel can earn.

    2q = a − B·c, p − c = B⁻¹q; goods change hands at cost. Against it the efficiency of the three games is
    measured. Source: multiproduct monopoly, the benchmark in Choi (1991).

    Parameters
    ----------
    duopoly : Duopoly

    Returns
    -------
    Equilibrium
        With wholesale prices at cost, so that all profit shows at the store.

    Examples
    --------
    >>> brands = Duopoly(100.0, 2.0, 0.8, 10.0)
    >>> one_owner(brands).retail_price.round(6).tolist()
    [46.666667, 46.666667]
    >>> together = manufacturers_lead(brands).channel_profit.sum()
    >>> float((together / one_owner(brands).channel_profit.sum()).round(6))
    0.859375
    """
    return _at(duopoly, (2.0, 0.0), 0.0, 0.0)
