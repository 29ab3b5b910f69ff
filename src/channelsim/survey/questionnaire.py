"""The questionnaire to print or to send, and the sheet into which its answers are typed."""

from __future__ import annotations

from typing import Literal

from channelsim.survey.scale import POWER_BASES, Scale

Language = Literal["both", "en", "zh"]

_TITLE = {"en": "Questionnaire on a supplier", "zh": "供应商关系问卷"}
_INSTRUCTION = {
    "en": "Please think of **one** supplier and tick one box in each line: how far do you agree? There are no"
    " right or wrong answers. Leave a line empty if you cannot say. Your answers are only used together with"
    " those of others.",
    "zh": "请针对**一家**供应商作答，每行只选一项：您在多大程度上同意下列说法？"
    "答案没有对错之分；无法判断的题目请留空。您的回答只与其他经销商的回答合并使用。",
}
_HEAD = {"en": ("Your firm", "The supplier"), "zh": ("贵公司", "所评价的供应商")}
_STATEMENT = {"en": "Statement", "zh": "题项"}


def questionnaire(language: Language = "both", scale: Scale = POWER_BASES) -> str:
    """Return the questionnaire as Markdown, in the order of the scale's items.

    Parameters
    ----------
    language : {"both", "en", "zh"}
    scale : Scale

    Raises
    ------
    ValueError
        If the language is another or an item has no wording in it.

    Examples
    --------
    >>> print(questionnaire("en").splitlines()[0])
    # Questionnaire on a supplier
    >>> questionnaire("zh").count("□") == 14 * 5
    True
    """
    if language not in ("both", "en", "zh"):
        raise ValueError(f"language {language!r}: admissible: both, en, zh")
    languages = ("en", "zh") if language == "both" else (language,)
    points = range(scale.lowest, scale.highest + 1)
    labels = zip(*(scale.labels(each) for each in languages))
    lines = ["# " + " · ".join(_TITLE[each] for each in languages), ""]
    for each in languages:
        lines += [_INSTRUCTION[each], ""]
    for blank in zip(*(_HEAD[each] for each in languages)):
        lines += [" · ".join(blank) + ": ______________________", ""]
    named = [(point, " ".join(name)) for point, name in zip(points, labels) if any(name)]
    lines += [", ".join(f"**{point}** = {name}" for point, name in named), ""]
    statement = " · ".join(_STATEMENT[each] for each in languages)
    lines += [
        f"| | {statement} | " + " | ".join(str(point) for point in points) + " |",
        "|---|---|" + ":-:|" * len(points),
    ]
    for item in scale.items:
        wording = {"en": item.english, "zh": item.chinese}
        for each in languages:
            if not wording[each]:
                raise ValueError(f"item {item.code}: has no wording in {each!r}")
        text = "<br>".join(wording[each].replace("|", "\\|") for each in languages)
        lines.append(f"| {item.code} | {text} | " + " | ".join("□" for _ in points) + " |")
    return "\n".join(lines) + "\n"


def answer_sheet(labels: tuple[str, ...] = ("dealer", "supplier"), scale: Scale = POWER_BASES) -> str:
    """Return the head of the CSV file into which answers are typed: labels, then one column per item.

    Parameters
    ----------
    labels : tuple of str
        Columns for what else is known of each person.
    scale : Scale

    Raises
    ------
    ValueError
        If a label is also the code of an item.

    Examples
    --------
    >>> answer_sheet()
    'dealer,supplier,PS1,PS2,PS3,PS4,PS5,PS6,PS7,PS8,PS9,PS10,PS11,PS12,PS13,PS14\\n'
    """
    import csv
    import io

    codes = [item.code for item in scale.items]
    for label in labels:
        if label.upper() in (code.upper() for code in codes) or scale.item_like(label):
            raise ValueError(f"label {label!r}: has the form of an item's code")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([*labels, *codes])
    return out.getvalue()
