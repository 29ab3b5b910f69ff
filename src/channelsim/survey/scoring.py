"""From answers to scores, to a judgement of the scale, to the power bases of a scenario.

Missing answers. A person's score on a base is the mean of the base's items that were answered, if at least
half of them were (the *half rule*; the same as filling in the person's own mean), else there is none.
Reliability is worked out on those who answered every item of the base: persons' own means filled in would
make items look more alike than they are and overstate alpha (Huisman 2000, *Quality & Quantity* 34);
``missing="person_mean"`` does so nevertheless, for comparison with studies that did. The half rule is sound
where items are alike in mean and correlation, and few answers are missing; beyond that use multiple
imputation (Mazza, Enders & Ruehlman 2015, *Multivariate Behavioral Research* 50), outside this package.

From score to base. The mean score's place between the lowest and the highest answer, a number in [0, 1], is
what the scenario takes for the base. That the scale's points are equal steps and its ends are none and all
of the base is an *assumption*. The scale grounds reward, coercive and expert only; legitimate and referent
stay as the scenario has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from channelsim.survey.answers import Answers
from channelsim.survey.reliability import (
    Alpha,
    alpha_if_deleted,
    check_level,
    cronbach_alpha,
    item_total_correlations,
)
from channelsim.survey.scale import Floats

if TYPE_CHECKING:
    import pandas as pd

Missing = Literal["complete", "person_mean"]
GROUNDED = ("reward", "coercive", "expert")


def base_scores(answers: Answers, base: str, least_answered: float = 0.5) -> Floats:
    """Return each person's score on a base: the mean of the items answered.

    Parameters
    ----------
    answers : Answers
    base : str
    least_answered : float
        Share of the base's items below which there is no score, above 0 and at most 1.

    Returns
    -------
    ndarray, shape (persons,)
        In the points of the scale; not a number where too little was answered.

    Raises
    ------
    ValueError
        If the scale does not measure the base or the share is not admissible.
    """
    if not 0.0 < least_answered <= 1.0:
        raise ValueError(f"least_answered = {least_answered!r}: must be above 0 and at most 1")
    values = answers.of_base(base)
    given = ~np.isnan(values)
    count = given.sum(axis=1)
    total = np.where(given, values, 0.0).sum(axis=1)
    enough = count >= least_answered * values.shape[1] - 1e-9
    return np.where(enough, total / np.maximum(count, 1), np.nan)


def scores(answers: Answers, least_answered: float = 0.5) -> pd.DataFrame:
    """Return labels and scores, one row per person and one column per base.

    Parameters, errors as in `base_scores`.

    Examples
    --------
    >>> from channelsim.survey import EXAMPLE, read_answers
    >>> scores(read_answers(EXAMPLE)).head(2).round(2)
          dealer supplier     origin  coercive  reward  expert
    0  dealer 01        P  synthetic       1.8     4.5    4.25
    1  dealer 01       R1  synthetic       4.4     3.4    2.67
    """
    import pandas as pd

    columns = {base: base_scores(answers, base, least_answered) for base in answers.scale.bases}
    return pd.DataFrame({**answers.labels, **columns})


def _for_reliability(answers: Answers, base: str, missing: Missing) -> Floats:
    if missing not in ("complete", "person_mean"):
        raise ValueError(f"missing = {missing!r}: admissible: 'complete', 'person_mean'")
    values = answers.of_base(base)
    if missing == "person_mean":
        score = base_scores(answers, base)[:, None]
        values = np.where(np.isnan(values) & ~np.isnan(score), score, values)
        values[np.isnan(score[:, 0])] = np.nan
    return values


def reliability(answers: Answers, base: str, level: float = 0.95, missing: Missing = "complete") -> Alpha:
    """Return Cronbach's alpha of a base with Feldt's interval.

    Parameters
    ----------
    answers : Answers
    base : str
    level : float
        Of the interval.
    missing : {"complete", "person_mean"}
        Leave out persons with a missing answer to the base, or fill in their own mean by the half rule.

    Raises
    ------
    ValueError
        If alpha is not defined or an argument is not admissible.

    Examples
    --------
    >>> from channelsim.survey import EXAMPLE, read_answers
    >>> found = reliability(read_answers(EXAMPLE).groups("supplier")["P"], "expert")
    >>> [round(x, 3) for x in found[:3]], found.persons
    ([0.835, 0.727, 0.907], 37)
    """
    return cronbach_alpha(_for_reliability(answers, base, missing), level)


def _complete(values: Floats) -> int:
    """Return how many persons answered every item."""
    return int((~np.isnan(values).any(axis=1)).sum())


def _is_enough(values: Floats) -> bool:
    """Return whether there are items and persons enough for reliability."""
    return values.shape[1] >= 2 and _complete(values) >= 2


def _moments(values: Floats) -> tuple[int, float, float]:
    """Return number, mean and standard deviation of what is not missing; not a number where not defined."""
    given = values[~np.isnan(values)]
    average = float(given.mean()) if given.size else np.nan
    return given.size, average, float(given.std(ddof=1)) if given.size > 1 else np.nan


def base_statistics(answers: Answers, level: float = 0.95, missing: Missing = "complete") -> pd.DataFrame:
    """Return one row per base: mean and standard deviation of the scores, alpha and its interval.

    Parameters as in `reliability`.

    Returns
    -------
    DataFrame
        base, items, persons, scored (those who have a score), complete (those in alpha), missing_share (of
        the base's answers), mean, standard_deviation (of the scores), alpha, alpha_low, alpha_high; not a
        number where not defined.
    """
    import pandas as pd

    check_level(level)
    rows = []
    for base in answers.scale.bases:
        values, score = answers.of_base(base), base_scores(answers, base)
        scored, average, deviation = _moments(score)
        alpha = Alpha(np.nan, np.nan, np.nan, 0, values.shape[1])
        used = _for_reliability(answers, base, missing)
        if _is_enough(used):
            try:
                alpha = cronbach_alpha(used, level)
            except ValueError:  # all persons alike: not defined
                pass
        rows.append(
            {
                "base": base,
                "items": values.shape[1],
                "persons": len(answers),
                "scored": scored,
                "complete": _complete(used),
                "missing_share": float(np.isnan(values).mean()),
                "mean": average,
                "standard_deviation": deviation,
                "alpha": alpha.alpha,
                "alpha_low": alpha.low,
                "alpha_high": alpha.high,
            }
        )
    return pd.DataFrame(rows)


def item_statistics(answers: Answers, missing: Missing = "complete") -> pd.DataFrame:
    """Return one row per item: how it was answered and how it goes with the others of its base.

    Parameters as in `reliability`.

    Returns
    -------
    DataFrame
        item, base, reversed, answered, mean, standard_deviation (reversed items turned round, of those who
        answered), item_total_correlation (corrected), alpha_if_deleted; not a number where not defined.
    """
    import pandas as pd

    rows = []
    for base in answers.scale.bases:
        items = [item for item in answers.scale.items if item.base == base]
        values, used = answers.of_base(base), _for_reliability(answers, base, missing)
        nothing = np.full(len(items), np.nan)
        correlation = item_total_correlations(used) if _is_enough(used) else nothing
        without = alpha_if_deleted(used) if _is_enough(used) else nothing
        for i, item in enumerate(items):
            answered, average, deviation = _moments(values[:, i])
            rows.append(
                {
                    "item": item.code,
                    "base": base,
                    "reversed": item.reversed,
                    "answered": answered,
                    "mean": average,
                    "standard_deviation": deviation,
                    "item_total_correlation": correlation[i],
                    "alpha_if_deleted": without[i],
                }
            )
    return pd.DataFrame(rows)


def to_bases(answers: Answers, least_answered: float = 0.5) -> dict[str, float]:
    """Return what a scenario takes for reward, coercive and expert base, each in [0, 1].

    (mean score − lowest answer) / (highest − lowest), over the persons who have a score. Answers about
    several suppliers, or of several kinds of dealers, are taken apart first (`Answers.groups`). Legitimate
    and referent bases are not measured and so not among them.

    Parameters
    ----------
    answers : Answers
    least_answered : float
        As in `base_scores`.

    Raises
    ------
    ValueError
        If the scale measures none of the three, or nobody has a score on one that it measures.

    Examples
    --------
    >>> from channelsim.survey import EXAMPLE, read_answers
    >>> for supplier, part in read_answers(EXAMPLE).groups("supplier").items():
    ...     print(supplier, {base: round(value, 3) for base, value in to_bases(part).items()})
    P {'reward': 0.706, 'coercive': 0.365, 'expert': 0.792}
    R1 {'reward': 0.403, 'coercive': 0.543, 'expert': 0.474}
    """
    scale = answers.scale
    found = {}
    for base in GROUNDED:
        if base not in scale.bases:
            continue
        score = base_scores(answers, base, least_answered)
        if np.isnan(score).all():
            raise ValueError(f"base {base}: nobody answered enough of its items to have a score")
        found[base] = float((np.nanmean(score) - scale.lowest) / (scale.highest - scale.lowest))
    if not found:
        raise ValueError(
            f"the scale measures {', '.join(scale.bases)}; a scenario takes {', '.join(GROUNDED)}"
        )
    return found
