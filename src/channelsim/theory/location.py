"""Competition at addresses: stores on a circle (Salop) and on a line (Hotelling).

Idea
----
Buyers are spread evenly over places, one unit each, and buy at the store of the lowest price plus transport
cost; stores ask mill prices. What a store can win by a lower price depends on the distance to its neighbours
and on how transport cost grows with distance x: linear, t·x, or quadratic, t·x².

*Circle* (Salop 1979), circumference L, M buyers, n stores at equal distances L/n, everybody buys. The buyer
who is indifferent moves by dp/(2t) per side (linear) or by dp/(2tL/n) (quadratic), so

    p − c = t L/n    (linear),        p − c = t (L/n)²    (quadratic),

and each store earns M/n times that. Free entry at a fixed cost F leaves n = √(t L M/F) or (t L² M/F)^{1/3}
stores; the least sum of transport and fixed cost needs fewer: ½√(t L M/F), or (t L² M/(6F))^{1/3}.

*Line* of length L, two stores at a < b, quadratic cost (d'Aspremont, Gabszewicz & Thisse 1979):

    p_1 = [2c_1 + c_2 + t (b − a)(2L + a + b)]/3 ,   p_2 = [2c_2 + c_1 + t (b − a)(4L − a − b)]/3 ;

at the ends t L². With linear cost (Hotelling 1929), a from the left end, b from the right end,

    p_1 = c + t (L + (a − b)/3) ,   p_2 = c + t (L − (a − b)/3) ,

but only if the stores are far enough apart, (L + (a − b)/3)² ≥ 4L(a + 2b)/3 and (L + (b − a)/3)² ≥
4L(b + 2a)/3; nearer, no equilibrium in prices exists, which Hotelling overlooked.

The form t/n² is often quoted for t/n and the other way round: the first is quadratic, the second linear cost.

Sources: Hotelling (1929), *Economic Journal* 39; Salop (1979), *Bell Journal of Economics* 10; d'Aspremont,
Gabszewicz & Thisse (1979), *Econometrica* 47; quadratic circle: Economides (1989), *Journal of Economic
Theory* 47; entry: Tirole (1988), *The Theory of Industrial Organization*, section 7.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from channelsim.theory.admissible import above, one_of, whole_number

TRANSPORT = ("linear", "quadratic")


def _is_quadratic(transport: str) -> bool:
    return one_of(transport, TRANSPORT, "transport") == "quadratic"


def circle_margin(
    stores: int, transport_cost: float, transport: str = "linear", circumference: float = 1.0
) -> float:
    """Return the equilibrium margin of stores at equal distances on a circle.

    p − c = t L/n with linear, t (L/n)² with quadratic transport cost (Salop 1979; Economides 1989).

    Parameters
    ----------
    stores : int
        Number n of stores, at least 2.
    transport_cost : float
        t, money per km (linear) or per km² (quadratic).
    transport : {"linear", "quadratic"}
    circumference : float
        L, km.

    Returns
    -------
    float
        Money per unit.

    Raises
    ------
    ValueError
        If there are fewer than two stores, or a number is not positive.

    Notes
    -----
    All buyers are assumed to buy: their willingness to pay is at least c + 3tL/(2n) (linear).

    Examples
    --------
    >>> circle_margin(4, transport_cost=8.0), circle_margin(4, transport_cost=8.0, transport="quadratic")
    (2.0, 0.5)
    """
    gap = above(circumference, 0.0, "circumference") / whole_number(stores, 2, "stores")
    return above(transport_cost, 0.0, "transport_cost") * (gap**2 if _is_quadratic(transport) else gap)


def circle_profit(
    stores: int,
    transport_cost: float,
    fixed_cost: float,
    buyers: float = 1.0,
    transport: str = "linear",
    circumference: float = 1.0,
) -> float:
    """Return each store's profit on the circle, money per week.

    (p − c) M/n − F: t L M/n² − F with linear, t L² M/n³ − F with quadratic cost (Salop 1979).

    Parameters
    ----------
    stores, transport_cost, transport, circumference
        As in `circle_margin`.
    fixed_cost : float
        F, money per week.
    buyers : float
        M, buyers a week on the whole circle.

    Raises
    ------
    ValueError
        As `circle_margin`; or if there are no buyers.

    Examples
    --------
    >>> circle_profit(4, transport_cost=8.0, fixed_cost=40.0, buyers=100.0)
    10.0
    """
    margin = circle_margin(stores, transport_cost, transport, circumference)
    return margin * above(buyers, 0.0, "buyers") / stores - fixed_cost


class Entry(NamedTuple):
    """Numbers of stores on the circle, not rounded.

    Attributes
    ----------
    free : float
        With free entry: nobody earns more than the fixed cost.
    least_cost : float
        At the least sum of transport and fixed cost.
    """

    free: float
    least_cost: float


def circle_entry(
    transport_cost: float,
    fixed_cost: float,
    buyers: float = 1.0,
    transport: str = "linear",
    circumference: float = 1.0,
) -> Entry:
    """Return how many stores enter the circle, and how many would be best.

    Free entry: √(t L M/F) or (t L² M/F)^{1/3}. Least cost: the mean transport cost is t L/(4n) or
    t L²/(12 n²), so nF + M t L/(4n) is least at half of the first, and the quadratic sum at
    (t L² M/(6F))^{1/3} (Salop 1979; Tirole 1988).

    Parameters
    ----------
    transport_cost, transport, circumference
        As in `circle_margin`.
    fixed_cost : float
        F, money per week.
    buyers : float
        M, buyers a week on the whole circle.

    Returns
    -------
    Entry

    Raises
    ------
    ValueError
        If a number is not positive, or the transport cost of neither form.

    Examples
    --------
    >>> circle_entry(transport_cost=9.0, fixed_cost=100.0, buyers=100.0)
    Entry(free=3.0, least_cost=1.5)
    """
    length = above(circumference, 0.0, "circumference")
    scale = above(transport_cost, 0.0, "transport_cost") * length * above(buyers, 0.0, "buyers")
    scale /= above(fixed_cost, 0.0, "fixed_cost")
    if _is_quadratic(transport):
        return Entry(float((scale * length) ** (1 / 3)), float((scale * length / 6.0) ** (1 / 3)))
    return Entry(float(np.sqrt(scale)), float(0.5 * np.sqrt(scale)))


class LinePrices(NamedTuple):
    """Equilibrium of two stores on a line.

    Attributes
    ----------
    first, second : float
        Prices of the left and the right store, money per unit.
    first_share : float
        Share of the buyers who go to the left store.
    """

    first: float
    second: float
    first_share: float


def line_prices(
    first_place: float,
    second_place: float,
    transport_cost: float,
    first_cost: float = 0.0,
    second_cost: float = 0.0,
    length: float = 1.0,
) -> LinePrices:
    """Return the prices of two stores on a line with quadratic transport cost.

    The equations of the module's text; unit costs may differ (d'Aspremont, Gabszewicz & Thisse 1979).

    Parameters
    ----------
    first_place, second_place : float
        Distances a < b from the left end, km.
    transport_cost : float
        t, money per km².
    first_cost, second_cost : float
        Unit costs, money.
    length : float
        L, km.

    Returns
    -------
    LinePrices

    Raises
    ------
    ValueError
        If the stores are not on the line from left to right, a number is not positive, or one store would
        take all buyers.

    Examples
    --------
    >>> line_prices(0.0, 1.0, transport_cost=6.0)  # at the ends: t
    LinePrices(first=6.0, second=6.0, first_share=0.5)
    """
    whole, t = above(length, 0.0, "length"), above(transport_cost, 0.0, "transport_cost")
    if not 0.0 <= first_place < second_place <= whole:
        raise ValueError(
            f"places {first_place!r} and {second_place!r}: need 0 <= first < second <= {whole:g}"
        )
    a, b = first_place, second_place
    first = (2.0 * first_cost + second_cost + t * (b - a) * (2.0 * whole + a + b)) / 3.0
    second = (2.0 * second_cost + first_cost + t * (b - a) * (4.0 * whole - a - b)) / 3.0
    share = (0.5 * (a + b) + (second - first) / (2.0 * t * (b - a))) / whole
    if not 0.0 < share < 1.0:
        raise ValueError(f"unit costs {first_cost!r} and {second_cost!r}: one store would take all buyers")
    return LinePrices(first, second, share)


def linear_line_prices(
    first_from_left: float, second_from_right: float, transport_cost: float, unit_cost: float = 0.0,
    length: float = 1.0,
) -> LinePrices:  # fmt: skip
    """Return the prices of two stores on a line with linear transport cost, where an equilibrium exists.

    p = c + t (L ± (a − b)/3) under the two conditions of the module's text (Hotelling 1929, corrected by
    d'Aspremont, Gabszewicz & Thisse 1979).

    Parameters
    ----------
    first_from_left, second_from_right : float
        Distance a of the first store from the left end, b of the second from the right end, km.
    transport_cost : float
        t, money per km.
    unit_cost : float
        c, money.
    length : float
        L, km.

    Returns
    -------
    LinePrices

    Raises
    ------
    ValueError
        If the stores do not stand in this order on the line, or too near each other for an equilibrium.

    Examples
    --------
    >>> prices = linear_line_prices(0.2, 0.1, transport_cost=3.0, unit_cost=1.0)
    >>> print(*(round(number, 9) for number in prices))
    4.1 3.9 0.516666667
    """
    whole, t = above(length, 0.0, "length"), above(transport_cost, 0.0, "transport_cost")
    a, b = first_from_left, second_from_right
    if not (a >= 0.0 and b >= 0.0 and a + b < whole):
        raise ValueError(f"distances {a!r} and {b!r} from the ends: need both >= 0, together below {whole:g}")
    lean = (a - b) / 3.0
    if (whole + lean) ** 2 < 4.0 / 3.0 * whole * (a + 2.0 * b) or (whole - lean) ** 2 < 4.0 / 3.0 * whole * (
        b + 2.0 * a
    ):
        raise ValueError(
            f"distances {a!r} and {b!r} from the ends: too near each other, no equilibrium exists"
        )
    return LinePrices(
        unit_cost + t * (whole + lean), unit_cost + t * (whole - lean), (whole + lean) / 2.0 / whole
    )
