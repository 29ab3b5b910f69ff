"""How far items that ask after the same hang together: Cronbach's alpha and what goes with it.

Idea
----
A score of k items X_1 … X_k is their sum (or mean). If each is the same trait plus an error of its own, the
part of the score's variance that is the trait's is (Cronbach 1951; Guttman 1945's λ₃)

    α = k/(k − 1) · ( 1 − Σ var X_i / var Σ X_i ),

variances with n − 1. It is a lower bound of that part if errors are independent, and the part itself if all
items carry the trait equally. With normal answers of that kind (1 − α̂) / (1 − α) is distributed as an F
with (n − 1)(k − 1) and n − 1 degrees of freedom, which gives the interval (Feldt 1965)

    [ 1 − (1 − α̂) F_{1−γ/2},  1 − (1 − α̂) F_{γ/2} ],   F with n − 1 and (n − 1)(k − 1).

The *corrected* item–total correlation is that of an item with the sum of the *others*: with itself in the sum
every item would look good.

Sources: Cronbach (1951), *Psychometrika* 16; Feldt (1965), *Psychometrika* 30; Feldt, Woodruff & Salih
(1987), *Applied Psychological Measurement* 11; item–total correlation: Nunnally & Bernstein (1994),
*Psychometric Theory*. Where it holds: items of one trait. A high α does not show that there is one trait,
and grows with k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from channelsim.survey.scale import Floats


class Alpha(NamedTuple):
    """Cronbach's alpha with its interval, and from how many persons and items it comes."""

    alpha: float
    low: float
    high: float
    persons: int
    items: int


def check_level(level: float) -> None:
    """Say so if the level of an interval is none."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level = {level!r}: must lie between 0 and 1")


def _complete(answers: ArrayLike, least: int) -> Floats:
    values = np.asarray(answers, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"answers: {values.ndim} dimensions, expected persons × items")
    if values.shape[1] < least:
        raise ValueError(f"answers: {values.shape[1]} items, at least {least} are needed")
    if np.isinf(values).any():
        raise ValueError("answers: a value is infinite")
    values = values[~np.isnan(values).any(axis=1)]
    if values.shape[0] < 2:
        raise ValueError(f"answers: {values.shape[0]} persons answered every item, at least 2 are needed")
    return values


def _alpha(values: Floats) -> float:
    items = values.shape[1]
    total = values.sum(axis=1).var(ddof=1)
    parts = values.var(axis=0, ddof=1).sum()
    if not total > 1e-12 * (1.0 + np.abs(values).max()) ** 2:
        raise ValueError("answers: all persons have the same total, so that alpha is not defined")
    return float(items / (items - 1) * (1.0 - parts / total))


def cronbach_alpha(answers: ArrayLike, level: float = 0.95) -> Alpha:
    """Return Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    answers : array_like, shape (persons, items)
        Reversed items turned round. Persons with a missing answer (not a number) are left out.
    level : float
        Of the interval, in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than 2 items or complete persons, or all have the same total.

    Notes
    -----
    Sources: Cronbach (1951), *Psychometrika* 16; Feldt (1965), *Psychometrika* 30.

    Examples
    --------
    Variances 1, 1 and of the sum 3: α = 2 (1 − 2/3).

    >>> found = cronbach_alpha([[1, 1], [2, 3], [3, 2]])
    >>> round(found.alpha, 12), found.persons, found.items
    (0.666666666667, 3, 2)
    """
    from scipy.special import fdtri

    check_level(level)
    values = _complete(answers, 2)
    persons, items = values.shape
    alpha, tail = _alpha(values), (1.0 - level) / 2.0
    low, high = (
        float(1.0 - (1.0 - alpha) * fdtri(persons - 1, (persons - 1) * (items - 1), p))
        for p in (1.0 - tail, tail)
    )
    return Alpha(alpha, low, high, persons, items)


def item_total_correlations(answers: ArrayLike) -> Floats:
    """Return each item's correlation with the sum of the others (corrected item–total correlation).

    Parameters
    ----------
    answers : array_like, shape (persons, items)
        As for `cronbach_alpha`.

    Returns
    -------
    ndarray, shape (items,)
        Not a number for an item to which all gave the same answer.

    Raises
    ------
    ValueError
        If there are fewer than 2 items or complete persons.

    Examples
    --------
    >>> print(item_total_correlations([[1, 1, 2], [2, 3, 1], [3, 2, 3]]).round(3))
    [1. 0. 0.]
    """
    values = _complete(answers, 2)
    rest = values.sum(axis=1, keepdims=True) - values
    own, others = (x - x.mean(axis=0) for x in (values, rest))
    size = np.sqrt((own**2).sum(axis=0) * (others**2).sum(axis=0))
    defined = size > 1e-9
    return np.where(defined, (own * others).sum(axis=0) / np.where(defined, size, 1.0), np.nan)


def alpha_if_deleted(answers: ArrayLike) -> Floats:
    """Return alpha of the other items, for each item; not a number where that is not defined.

    Parameters
    ----------
    answers : array_like, shape (persons, items)
        As for `cronbach_alpha`.

    Raises
    ------
    ValueError
        If there are fewer than 2 items or complete persons.

    Examples
    --------
    The third item contradicts the other two.

    >>> print(alpha_if_deleted([[1, 1, 3], [2, 3, 2], [3, 2, 2]]).round(3))
    [-6.    -6.     0.667]
    """
    values = _complete(answers, 2)
    found = np.full(values.shape[1], np.nan)
    if values.shape[1] > 2:
        for item in range(values.shape[1]):
            try:
                found[item] = _alpha(np.delete(values, item, axis=1))
            except ValueError:
                continue
    return found
