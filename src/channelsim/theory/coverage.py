"""Mean distance to the nearest of scattered outlets, and the share of buyers within reach; edges included.

Idea
----
From a place x, an area A(x, r) of the market lies within the distance r. If n outlets are spread
independently and evenly over the market's area A, none lies within r with the chance (1 − A(x, r)/A)^n, so

    E nearest(x) = ∫₀^∞ (1 − A(x, r)/A)^n dr ,      covered share within r = 1 − E_x (1 − A(x, r)/A)^n .

Without edges and with a Poisson number of outlets of density λ this is e^{−λπr²}, hence

    E nearest = 1 / (2√λ) ,      covered share = 1 − e^{−λπr²} .

At an edge a part of the circle around x lies outside the market, so the mean over buyers is larger than that;
from the middle of a disc of radius R the circle never leaves it, and E nearest = R (√π/2) Γ(n+1)/Γ(n+3/2).
One outlet and one buyer in a disc are 128R/(45π) apart; in a square of side a,
a (2 + √2 + 5 ln(1 + √2))/15.

No arrangement has a smaller mean distance than outlets on a triangular lattice, each serving a regular
hexagon: (1/3 + ln 3/4) √(2/(3√3)) / √λ ≈ 0.377/√λ (Fejes Tóth 1953; Bollobás & Stern 1972). Outlets that
shun one another lie between that and the scattered ones.

Sources: Clark & Evans (1954), *Ecology* 35 (1/(2√λ)); Santaló (1976), *Integral Geometry and Geometric
Probability* (128R/(45π)); coverage of a plane by random discs: Hall (1988), *Introduction to the Theory of
Coverage Processes*. Buyers are evenly spread wherever a mean over buyers is taken; distances are straight.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelsim.theory.admissible import above, whole_number

Floats = NDArray[np.float64]


@cache
def _rule(points: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss and Legendre on [0, 1]."""
    node, weight = np.polynomial.legendre.leggauss(points)
    return 0.5 * (node + 1.0), 0.5 * weight


def poisson_nearest_distance(density: float) -> float:
    """Return the mean distance to the nearest of outlets scattered over an unbounded plane.

    1 / (2√λ) (Clark & Evans 1954).

    Parameters
    ----------
    density : float
        λ, outlets per km².

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If the density is not positive.

    Examples
    --------
    >>> poisson_nearest_distance(0.25)
    1.0
    """
    return float(0.5 / np.sqrt(above(density, 0.0, "density")))


def lattice_nearest_distance(density: float) -> float:
    """Return the least mean distance that any arrangement of outlets on a plane can have.

    (1/3 + ln 3/4) √(2/(3√3)) / √λ: the mean distance from the middle of a regular hexagon of area 1/λ
    (Fejes Tóth 1953; Bollobás & Stern 1972).

    Parameters
    ----------
    density : float
        λ, outlets per km².

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If the density is not positive.

    Examples
    --------
    >>> round(lattice_nearest_distance(1.0), 6)
    0.377197
    """
    side = np.sqrt(2.0 / (3.0 * np.sqrt(3.0)) / above(density, 0.0, "density"))
    return float(side * (1.0 / 3.0 + np.log(3.0) / 4.0))


def nearest_distance_from_centre(outlets: int, radius: float) -> float:
    """Return the mean distance from the middle of a disc to the nearest of scattered outlets.

    ∫₀^R (1 − r²/R²)^n dr = R (√π/2) Γ(n+1)/Γ(n+3/2), which tends to 1/(2√λ) with λ = n/(πR²)
    (the binomial process of n points; Clark & Evans 1954 in the limit).

    Parameters
    ----------
    outlets : int
        Number n of outlets, independent and evenly spread over the disc.
    radius : float
        R, km.

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If there is no outlet or the radius is not positive.

    Examples
    --------
    >>> round(nearest_distance_from_centre(1, radius=3.0), 12)  # 2R/3
    2.0
    """
    from scipy.special import gammaln

    n, whole = whole_number(outlets, 1, "outlets"), above(radius, 0.0, "radius")
    return float(whole * 0.5 * np.sqrt(np.pi) * np.exp(gammaln(n + 1.0) - gammaln(n + 1.5)))


def _lens(gap: Floats, reach: Floats) -> Floats:
    """Return the area of the unit disc within ``reach`` of a point at ``gap`` ≤ 1 from its middle."""
    inside = reach <= 1.0 - gap
    s, r = np.maximum(gap, 1e-300), np.maximum(reach, 1e-300)
    first = np.arccos(np.clip((s**2 + r**2 - 1.0) / (2.0 * s * r), -1.0, 1.0))
    second = np.arccos(np.clip((s**2 + 1.0 - r**2) / (2.0 * s), -1.0, 1.0))
    kite = 0.5 * np.sqrt(np.maximum((1.0 - (s - r) ** 2) * ((s + r) ** 2 - 1.0), 0.0))
    crossed = r**2 * first + second - kite
    return np.where(inside, np.pi * reach**2, np.where(reach >= 1.0 + gap, np.pi, crossed))


def nearest_distance_in_disc(outlets: int, radius: float) -> float:
    """Return the mean distance from a buyer in a disc to the nearest of scattered outlets.

    Both evenly spread over the disc: E_x ∫ (1 − A(x, r)/A)^n dr by quadrature, A(x, r) the lens of two
    circles. One outlet: 128R/(45π) (Santaló 1976).

    Parameters
    ----------
    outlets : int
        Number n of outlets.
    radius : float
        R, km.

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If there is no outlet or the radius is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> round(nearest_distance_in_disc(1, radius=1.0) / (128.0 / (45.0 * np.pi)), 9)
    1.0
    """
    n, whole = whole_number(outlets, 1, "outlets"), above(radius, 0.0, "radius")
    u, weight_u = _rule(80)
    gap = np.sqrt(1.0 - (1.0 - u) ** 2)  # nodes crowd where the edge is near
    weight_gap = weight_u * 2.0 * (1.0 - u)
    near, far = 1.0 - gap, 1.0 + gap
    total = np.zeros(gap.size)
    for low, high in ((0.0 * near, near), (near, far)):  # the circle leaves the disc at `near`
        # Substitution r = low + (high − low) t² (3 − 2t): smooth at both ends of the crossing.
        step = u**2 * (3.0 - 2.0 * u)
        slope = 6.0 * u * (1.0 - u)
        reach = low[:, None] + (high - low)[:, None] * step
        free = np.maximum(1.0 - _lens(gap[:, None], reach) / np.pi, 0.0) ** n
        total += (high - low) * ((free * slope) @ weight_u)
    return float(whole * weight_gap @ total)


def covered_share_in_disc(outlets: int, radius: float, reach: float) -> float:
    """Return the expected share of buyers in a disc who have a scattered outlet within reach.

    1 − E_x (1 − A(x, r)/A)^n by quadrature, buyers and outlets evenly spread (Hall 1988).

    Parameters
    ----------
    outlets : int
        Number n of outlets.
    radius : float
        R, km.
    reach : float
        r, km.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If there is no outlet, or the radius or the reach is not positive.

    Examples
    --------
    >>> covered_share_in_disc(3, radius=1.0, reach=2.0)
    1.0
    >>> round(covered_share_in_disc(1, radius=1.0, reach=1.0), 6)  # 1 − 3√3/(4π)
    0.586503
    """
    n, r = whole_number(outlets, 1, "outlets"), above(reach, 0.0, "reach") / above(radius, 0.0, "radius")
    bend = min(abs(1.0 - r), 1.0)  # where the circle around a buyer starts to leave the disc, or to hold it
    u, weight = _rule(80)
    missed = 0.0
    for low, high in ((0.0, bend), (bend, 1.0)):
        step, slope = u**2 * (3.0 - 2.0 * u), 6.0 * u * (1.0 - u)
        gap = low + (high - low) * step
        free = np.maximum(1.0 - _lens(gap, np.full(gap.size, r)) / np.pi, 0.0) ** n
        missed += (high - low) * float(weight @ (2.0 * gap * free * slope))
    return 1.0 - missed


def covered_share_poisson(density: float, reach: float) -> float:
    """Return the share of an unbounded plane within reach of scattered outlets.

    1 − e^{−λπr²} (Hall 1988).

    Parameters
    ----------
    density : float
        λ, outlets per km².
    reach : float
        r, km.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the density or the reach is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> round(covered_share_poisson(density=np.log(2.0) / np.pi, reach=1.0), 12)
    0.5
    """
    return float(-np.expm1(-above(density, 0.0, "density") * np.pi * above(reach, 0.0, "reach") ** 2))


def _corner(x: Floats, y: Floats, r: Floats) -> Floats:
    """Return the area of the quarter disc of radius r at a corner that lies in the box x × y."""
    a, b = np.minimum(x, r), np.minimum(y, r)
    turn = np.sqrt(np.maximum(r**2 - b**2, 0.0))  # right of it the circle is below the top of the box
    turn = np.minimum(turn, a)

    def under(z: Floats) -> Floats:
        share = np.clip(z / np.maximum(r, 1e-300), -1.0, 1.0)
        return 0.5 * (z * np.sqrt(np.maximum(r**2 - z**2, 0.0)) + r**2 * np.arcsin(share))

    return np.asarray(b * turn + under(a) - under(turn))


def nearest_distance_in_square(outlets: int, side: float) -> float:
    """Return the mean distance from a buyer in a square to the nearest of scattered outlets.

    As `nearest_distance_in_disc`, A(x, r) the part of a disc in the square; one outlet:
    a (2 + √2 + 5 ln(1 + √2))/15 (Santaló 1976).

    Parameters
    ----------
    outlets : int
        Number n of outlets.
    side : float
        a, km.

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If there is no outlet or the side is not positive.

    Examples
    --------
    >>> round(nearest_distance_in_square(1, side=1.0), 6)
    0.521405
    """
    n, whole = whole_number(outlets, 1, "outlets"), above(side, 0.0, "side")
    u, weight = _rule(24)
    place = 0.5 * u**2  # a quarter of the square; nodes crowd at the edges
    weight_place = weight * 2.0 * u
    x, y = (axis.ravel()[:, None] for axis in np.meshgrid(place, place))
    both = np.outer(weight_place, weight_place).ravel()
    u, weight = _rule(24)
    # A(x, r) bends where the circle meets an edge or passes a corner: integrate piece by piece.
    corners = [np.hypot(a, b) for a in (x, 1.0 - x) for b in (y, 1.0 - y)]
    bends = np.sort(np.hstack([x, y, 1.0 - x, 1.0 - y, *corners]), axis=1)
    low, total = np.zeros((x.size, 1)), np.zeros(x.size)
    for piece in range(bends.shape[1]):
        high = bends[:, piece : piece + 1]
        step, slope = u**2 * (3.0 - 2.0 * u), 6.0 * u * (1.0 - u)
        r = low + (high - low) * step
        area = sum(_corner(a + 0.0 * r, b + 0.0 * r, r) for a in (x, 1.0 - x) for b in (y, 1.0 - y))
        total += (high - low)[:, 0] * ((np.maximum(1.0 - area, 0.0) ** n * slope) @ weight)
        low = high
    return float(whole * both @ total)


def nearest_distance_of_rotated_points(points: ArrayLike, radius: float, turns: int = 400) -> float:
    """Return the mean distance in a disc to the nearest of a point set that is shifted at random as a whole.

    A pattern of points of the unit square is shifted by one even draw, modulo 1 (Cranley & Patterson 1976),
    and mapped to the disc by (u, v) → radius √u, angle 2πv, which keeps areas. Each point alone is then
    evenly spread; together they shun or seek one another as the pattern does. The mean over buyers and
    shifts is a midpoint sum over the shift in u and the buyers' place (the shift in v only turns the disc).

    Parameters
    ----------
    points : array_like, shape (outlets, 2)
        The pattern, in [0, 1)².
    radius : float
        R, km.
    turns : int
        Shifts in u; error falls with about their 1.5th power.

    Returns
    -------
    float
        km.

    Raises
    ------
    ValueError
        If the points do not lie in the unit square or a number is not positive.

    Notes
    -----
    Source of random shifts: Cranley & Patterson (1976), *SIAM Journal on Numerical Analysis* 13.

    Examples
    --------
    >>> import numpy as np
    >>> alone = nearest_distance_of_rotated_points([[0.0, 0.0]], radius=1.0)
    >>> round(alone / (128.0 / (45.0 * np.pi)), 3)
    1.0
    """
    pattern, whole = np.atleast_2d(np.asarray(points, dtype=np.float64)), above(radius, 0.0, "radius")
    if pattern.shape[1] != 2 or not ((pattern >= 0.0).all() and (pattern < 1.0).all()):
        raise ValueError("points: expected pairs of numbers in [0, 1)")
    turns = whole_number(turns, 2, "turns")
    shift = (np.arange(turns) + 0.5) / turns
    squared = (pattern[:, 0] + shift[:, None]) % 1.0  # (turns, outlets): squared distance from the middle
    away, angle = np.sqrt(squared), 2.0 * np.pi * pattern[:, 1]
    own_squared = (np.arange(60) + 0.5) / 60
    own, seen = np.sqrt(own_squared), 2.0 * np.pi * (np.arange(90) + 0.5) / 90
    total = 0.0
    for place, square in zip(own, own_squared, strict=True):
        turned = np.cos(seen[:, None] - angle)[None]
        gap = squared[:, None, :] + square - 2.0 * place * away[:, None, :] * turned
        total += float(np.sqrt(np.maximum(gap.min(axis=2), 0.0)).mean())
    return whole * total / own.size
