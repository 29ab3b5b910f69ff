"""The power-base survey: questionnaire, answers, reliability, and the bases for a scenario.

Fourteen items, answered by dealers about a supplier, measure its reward, coercive and expert base (French &
Raven 1959). `questionnaire` prints them in English and Chinese, `read_answers` reads what came back,
`base_statistics` and `item_statistics` say how far the items hang together, `to_bases` gives the numbers
that a scenario takes. Nothing of the simulator is used here.

Examples
--------
>>> answers = read_answers(EXAMPLE)
>>> about = answers.groups("supplier")["P"]
>>> base_statistics(about)[["base", "items", "complete", "mean", "alpha"]].round(2)
       base  items  complete  mean  alpha
0  coercive      5        35  2.46   0.75
1    reward      5        34  3.82   0.74
2    expert      4        37  4.17   0.84
"""

from channelsim.survey.answers import EXAMPLE, Answers, answers_from_frame, read_answers, synthetic_answers
from channelsim.survey.questionnaire import answer_sheet, questionnaire
from channelsim.survey.reliability import Alpha, alpha_if_deleted, cronbach_alpha, item_total_correlations
from channelsim.survey.scale import POWER_BASES, Item, Scale
from channelsim.survey.scoring import (
    base_scores,
    base_statistics,
    item_statistics,
    reliability,
    scores,
    to_bases,
)

__all__ = [
    "EXAMPLE",
    "POWER_BASES",
    "Alpha",
    "Answers",
    "Item",
    "Scale",
    "alpha_if_deleted",
    "answer_sheet",
    "answers_from_frame",
    "base_scores",
    "base_statistics",
    "cronbach_alpha",
    "item_statistics",
    "item_total_correlations",
    "questionnaire",
    "read_answers",
    "reliability",
    "scores",
    "synthetic_answers",
    "to_bases",
]
