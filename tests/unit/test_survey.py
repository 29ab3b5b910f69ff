"""The power-base survey: alpha by hand, by covariances, by pingouin and in distribution; files and scores."""

import csv
import subprocess
import sys
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from channelsim.survey import (
    EXAMPLE,
    POWER_BASES,
    Answers,
    Item,
    Scale,
    alpha_if_deleted,
    answer_sheet,
    answers_from_frame,
    base_scores,
    base_statistics,
    cronbach_alpha,
    item_statistics,
    item_total_correlations,
    questionnaire,
    read_answers,
    reliability,
    scores,
    synthetic_answers,
    to_bases,
)

CODES = [item.code for item in POWER_BASES.items]
LEVELS = {
    "P": {"coercive": 2.4, "reward": 3.7, "expert": 4.0},
    "R1": {"coercive": 3.2, "reward": 2.7, "expert": 2.9},
}
SEVEN = np.array(
    [
        [4, 5, 4, 2, 4],
        [3, 4, 3, 4, 2],
        [5, 5, 3, 4, 5],
        [2, 2, 3, 1, 3],
        [4, 4, 5, 4, 4],
        [3, 3, 2, 3, 1],
        [4, 5, 5, 3, 4],
    ]
)
TWO_BASES = Scale(
    (
        Item("A1", "trust", "We rely on it.", "我们信赖它。"),
        Item("A2", "trust", "It deceives us.", "它欺骗我们。", reversed=True),
        Item("B1", "reward", "It helps us.", "它帮助我们。"),
        Item("B2", "reward", "It pays.", "它付钱。"),
        Item("B3", "reward", "It gives.", "它给予。"),
    ),
    highest=7,
)


def by_covariances(values):
    """α = k c̄ / (v̄ + (k − 1) c̄), covariances pair by pair, in exact fractions."""
    rows = [[Fraction(int(x)) for x in row] for row in values]
    n, k = len(rows), len(rows[0])
    mean = [sum(row[i] for row in rows) / n for i in range(k)]

    def covariance(i, j):
        return sum((row[i] - mean[i]) * (row[j] - mean[j]) for row in rows) / (n - 1)

    pairs = list(combinations(range(k), 2))
    c = sum(covariance(i, j) for i, j in pairs) / len(pairs)
    v = sum(covariance(i, i) for i in range(k)) / k
    return float(k * c / (v + (k - 1) * c))


LIKERT = arrays(np.int64, st.tuples(st.integers(3, 12), st.integers(2, 6)), elements=st.integers(1, 5))


# --- reliability -----------------------------------------------------------------------------------


def test_alpha_by_hand():
    # items 1 2 3 / 1 3 2 / 2 2 3: variances 1, 1, 1/3; totals 4, 7, 8 with variance 13/3: 3/2 (1 − 7/13)
    assert cronbach_alpha([[1, 1, 2], [2, 3, 2], [3, 2, 3]]).alpha == pytest.approx(9.0 / 13.0, abs=1e-14)
    assert by_covariances(SEVEN) == pytest.approx(cronbach_alpha(SEVEN).alpha, abs=1e-14)


@given(LIKERT)
def test_alpha_is_what_covariances_say(values):
    assume(values.sum(axis=1).var() > 0.0)
    expected = by_covariances(values)
    assert cronbach_alpha(values).alpha == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(LIKERT, st.randoms(use_true_random=False))
def test_neither_the_order_of_persons_nor_of_items_matters(values, random):
    assume(values.sum(axis=1).var() > 0.0)
    persons, items = list(range(values.shape[0])), list(range(values.shape[1]))
    random.shuffle(persons)
    random.shuffle(items)
    np.testing.assert_allclose(
        cronbach_alpha(values[persons][:, items]), cronbach_alpha(values), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(
        item_total_correlations(values[persons]), item_total_correlations(values), atol=1e-9
    )


@given(st.lists(st.integers(1, 5), min_size=2, max_size=9), st.integers(2, 6))
def test_alpha_of_identical_items_is_one(column, items):
    assume(len(set(column)) > 1)
    values = np.repeat(np.array(column)[:, None], items, axis=1)
    found = cronbach_alpha(values)
    assert found[:3] == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)
    assert item_total_correlations(values) == pytest.approx(1.0)


@given(LIKERT, st.floats(-50.0, 50.0), st.floats(0.01, 100.0))
def test_alpha_knows_no_units(values, shift, unit):
    assume(values.sum(axis=1).var() > 0.0)
    np.testing.assert_allclose(
        cronbach_alpha(shift + unit * values), cronbach_alpha(values), rtol=1e-6, atol=1e-6
    )


@given(LIKERT)
def test_items_without_one_and_against_the_rest(values):
    assume(values.shape[1] > 2)
    found, correlation = alpha_if_deleted(values), item_total_correlations(values)
    for item in range(values.shape[1]):
        others = np.delete(values, item, axis=1)
        if others.sum(axis=1).var() > 0.0:
            assert found[item] == pytest.approx(by_covariances(others), rel=1e-9, abs=1e-9)
            if values[:, item].var() > 0.0:
                expected = np.corrcoef(values[:, item], others.sum(axis=1))[0, 1]
                assert correlation[item] == pytest.approx(expected, abs=1e-9)
        else:
            assert np.isnan(found[item])
            assert np.isnan(correlation[item])


def test_two_items_leave_no_alpha_when_one_goes():
    assert np.isnan(alpha_if_deleted([[1, 2], [2, 1], [3, 3]])).all()


def test_feldts_interval_covers_alpha_as_often_as_it_says():
    # parallel normal items of correlation ½: α = k ½ / (1 + (k − 1) ½)
    rng, persons, items, trials = np.random.default_rng(5), 25, 4, 4000
    draw = np.sqrt(0.5) * (rng.normal(size=(trials, persons, 1)) + rng.normal(size=(trials, persons, items)))
    truth = items * 0.5 / (1.0 + (items - 1) * 0.5)
    found = np.array([cronbach_alpha(values, level=0.9)[1:3] for values in draw])
    covered = ((found[:, 0] < truth) & (truth < found[:, 1])).mean()
    assert abs(covered - 0.9) < 4.0 * np.sqrt(0.9 * 0.1 / trials)


def test_feldts_interval_turns_on_the_quantiles_of_f():
    from scipy.stats import f

    found = cronbach_alpha(SEVEN, level=0.8)
    low, high = (1.0 - (1.0 - found.alpha) * f.ppf(p, 6, 24) for p in (0.9, 0.1))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert found.low < found.alpha < found.high


def test_pingouin_finds_the_same():
    import pandas as pd
    import pingouin

    for values in (SEVEN, read_answers(EXAMPLE).of_base("reward")):
        complete = values[~np.isnan(values).any(axis=1)] if values.dtype.kind == "f" else values
        # complete cases: with missing ones pingouin 0.7 counts those left out in its degrees of freedom
        alpha, interval = pingouin.cronbach_alpha(data=pd.DataFrame(complete))
        found = cronbach_alpha(values)
        assert found.alpha == pytest.approx(alpha, rel=1e-12)
        assert (found.low, found.high) == pytest.approx(tuple(interval), abs=6e-4)  # it rounds to 3 places
    # data and numbers printed at real-statistics.com, "Cronbach's alpha": examples 1, 1 without q1, 2
    wide = pingouin.read_dataset("cronbach_wide_missing")
    filled = wide.fillna(wide.median()).to_numpy(float)
    assert cronbach_alpha(filled).alpha == pytest.approx(0.738019, abs=5e-7)
    assert alpha_if_deleted(filled)[0] == pytest.approx(0.76321, abs=5e-6)
    assert cronbach_alpha(wide.to_numpy(float)).alpha == pytest.approx(
        pingouin.cronbach_alpha(data=wide, nan_policy="listwise")[0], rel=1e-12
    )
    long = pingouin.read_dataset("cronbach_alpha")
    likert = long.pivot(index="Subj", columns="Items", values="Scores").to_numpy(float)
    assert cronbach_alpha(likert).alpha == pytest.approx(0.59172, abs=5e-6)


# --- scores and bases ---------------------------------------------------------------------------------


def answers_of(rows, scale=TWO_BASES, labels=None):
    return Answers(scale, np.array(rows, dtype=float), labels or {})


def test_reversed_items_are_turned_round():
    answers = answers_of([[7, 1, 1, 2, 3], [2, 6, 4, 4, 4]])
    np.testing.assert_array_equal(answers.of_base("trust"), [[7, 7], [2, 2]])
    np.testing.assert_array_equal(base_scores(answers, "trust"), [7, 2])
    assert reliability(answers, "trust").alpha == pytest.approx(1.0)
    np.testing.assert_array_equal(answers.values[0], [7, 1, 1, 2, 3])  # as they were given


@given(arrays(np.int64, (8, 5), elements=st.integers(1, 7)))
def test_an_item_asked_the_other_way_round_changes_nothing(values):
    asked = Scale(tuple(item._replace(reversed=not item.reversed) for item in TWO_BASES.items), highest=7)
    one, other = answers_of(values), answers_of(8 - values, asked)
    for base in ("trust", "reward"):
        np.testing.assert_array_equal(base_scores(one, base), base_scores(other, base))
    assert to_bases(one) == to_bases(other)


def test_a_score_needs_half_of_the_answers():
    nothing = np.nan
    answers = answers_of(
        [
            [5, nothing, 3, nothing, nothing],
            [nothing, nothing, 3, 5, nothing],
            [1, 1, nothing, nothing, nothing],
        ]
    )
    np.testing.assert_array_equal(base_scores(answers, "trust"), [5, np.nan, 4])
    np.testing.assert_array_equal(base_scores(answers, "reward"), [np.nan, 4, np.nan])  # 1 of 3 is too little
    np.testing.assert_array_equal(base_scores(answers, "reward", 1.0), [np.nan] * 3)
    np.testing.assert_array_equal(base_scores(answers, "reward", 0.1), [3, 4, np.nan])
    table = base_statistics(answers).set_index("base")
    assert table.loc["trust", ["persons", "scored", "complete"]].tolist() == [3, 2, 1]
    assert table.loc["reward", "missing_share"] == pytest.approx(6 / 9)
    assert np.isnan(table.loc["trust", "alpha"])  # one person
    assert to_bases(answers) == {"reward": pytest.approx(0.5)}


def test_persons_own_means_flatter_alpha():
    full = synthetic_answers({"P": LEVELS["P"]}, dealers=400, common=0.3, seed=3)
    holes = synthetic_answers({"P": LEVELS["P"]}, dealers=400, common=0.3, missing=0.25, seed=3)
    for base in POWER_BASES.bases:
        complete = reliability(full, base).alpha
        listed, filled = reliability(holes, base), reliability(holes, base, missing="person_mean")
        assert filled.persons > listed.persons
        assert filled.alpha > complete
        assert listed.low < complete < listed.high


@given(arrays(np.int64, (6, 14), elements=st.integers(1, 5)))
def test_bases_are_shares_of_the_way_from_lowest_to_highest(values):
    found = to_bases(answers_of(values, POWER_BASES))
    assert list(found) == ["reward", "coercive", "expert"]
    assert all(0.0 <= base <= 1.0 for base in found.values())
    assert found["expert"] == pytest.approx((values[:, 10:].mean() - 1.0) / 4.0)
    assert found["coercive"] == pytest.approx((values[:, :5].mean() - 1.0) / 4.0)


@pytest.mark.parametrize(("answer", "base"), [(1, 0.0), (3, 0.5), (5, 1.0)])
def test_the_ends_of_the_scale_are_the_ends_of_the_base(answer, base):
    answers = answers_of(np.full((3, 14), answer), POWER_BASES)
    assert set(to_bases(answers).values()) == {base}
    assert base_statistics(answers)["alpha"].isna().all()  # all alike: not defined, and no crash
    assert item_statistics(answers)["item_total_correlation"].isna().all()


def test_items_and_bases_of_the_example():
    answers = read_answers(EXAMPLE)
    items, bases = item_statistics(answers), base_statistics(answers)
    assert items["item"].tolist() == CODES
    assert items["answered"].sum() == (~np.isnan(answers.values)).sum()
    expert = answers.of_base("expert")
    complete = expert[~np.isnan(expert).any(axis=1)]
    assert items["alpha_if_deleted"].to_numpy()[10:] == pytest.approx(alpha_if_deleted(complete))
    assert items["mean"].to_numpy()[10:] == pytest.approx(np.nanmean(expert, axis=0))
    assert bases["alpha"].to_numpy() == pytest.approx(
        [reliability(answers, base).alpha for base in bases["base"]]
    )
    table = scores(answers)
    assert list(table) == ["dealer", "supplier", "origin", "coercive", "reward", "expert"]
    assert bases["mean"].to_numpy() == pytest.approx(
        table[["coercive", "reward", "expert"]].mean().to_numpy()
    )
    assert bases["standard_deviation"].to_numpy() == pytest.approx(
        table[["coercive", "reward", "expert"]].std().to_numpy()
    )


def test_suppliers_thrown_together_flatter_alpha_and_are_taken_apart():
    answers = read_answers(EXAMPLE)
    apart = answers.groups("supplier")
    assert {name: set(part.labels["supplier"]) for name, part in apart.items()} == {"P": {"P"}, "R1": {"R1"}}
    assert to_bases(apart["P"])["expert"] > to_bases(apart["R1"])["expert"]
    assert reliability(answers, "expert").alpha > max(reliability(a, "expert").alpha for a in apart.values())


def test_the_example_is_what_it_says_it_is():
    answers = read_answers(EXAMPLE)
    assert set(answers.labels["origin"]) == {"synthetic"}
    drawn = synthetic_answers(LEVELS, missing=0.02, seed=2026)
    np.testing.assert_array_equal(answers.values, drawn.values)
    assert answers.labels == drawn.labels


def test_synthetic_answers_have_the_alpha_that_they_were_given():
    answers = synthetic_answers(
        {"P": dict.fromkeys(("trust", "reward"), 50.0)},
        dealers=4000,
        common=0.4,
        spread=9.0,
        scale=Scale(TWO_BASES.items, 1, 99),
    )
    found = reliability(answers, "reward", level=0.999)
    assert found.low < 3 * 0.4 / (1.0 + 2 * 0.4) < found.high
    assert reliability(answers, "trust").alpha > 0.0  # the reversed item was drawn reversed


# --- files ----------------------------------------------------------------------------------------------


def written(path, rows, encoding="utf-8", delimiter=","):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


ROWS = [["经销商", *CODES], ["华北电器", *["3"] * 14], ["东海家电", *["4"] * 13, ""]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_answers_come_in_either_encoding(tmp_path, encoding, delimiter):
    path = written(tmp_path / "answers.csv", ROWS, encoding, delimiter)
    answers = read_answers(path)
    assert answers.labels == {"经销商": ("华北电器", "东海家电")}
    np.testing.assert_array_equal(answers.values[:, 0], [3, 4])
    assert np.isnan(answers.values[1, 13])
    named = "gb18030" if encoding.startswith("gb") else "utf-8"
    np.testing.assert_array_equal(read_answers(path, encoding=named).values, answers.values)


def test_columns_in_any_order_and_case_with_blank_rows_and_short_rows(tmp_path):
    path = tmp_path / "answers.csv"
    head = ",".join(["", *CODES[::-1], " dealer "]).replace("PS", "ps")
    path.write_text(f"{head}\n\n,{','.join(str(1 + i % 5) for i in range(14))},a\n\n,NA,2.0\n")
    answers = read_answers(path)
    assert answers.labels == {"dealer": ("a", "")}
    np.testing.assert_array_equal(answers.values[0], [1 + i % 5 for i in range(14)][::-1])
    assert answers.values[1, 12] == 2.0
    assert np.isnan(answers.values[1, 13])


def test_a_frame_and_a_sheet_come_back(tmp_path):
    answers = read_answers(EXAMPLE)
    again = answers_from_frame(answers.to_frame())
    np.testing.assert_array_equal(again.values, answers.values)
    assert again.labels == answers.labels
    path = tmp_path / "sheet.csv"
    path.write_text(answer_sheet() + "A,P," + ",".join("3" * 14) + "\n")
    assert read_answers(path).labels == {"dealer": ("A",), "supplier": ("P",)}


def with_row(tmp_path, cells, head=None):
    return written(tmp_path / "answers.csv", [head or CODES, ["3"] * 14, cells])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["6", *["3"] * 13],
            r"answers.csv row 3, column PS1: '6' is no answer; admissible: whole numbers 1 to 5",
        ),
        ([*["3"] * 13, "2.5"], "row 3, column PS14: '2.5'"),
        (["often", *["3"] * 13], "row 3, column PS1: 'often'"),
        (["nan?", *["3"] * 13], "row 3, column PS1"),
        (["inf", *["3"] * 13], "row 3, column PS1"),
        (["3"] * 15, "row 3: 15 cells for 14 columns"),
    ],
)
def test_a_bad_row_is_named(tmp_path, cells, message):
    with pytest.raises(ValueError, match=message) as error:
        read_answers(with_row(tmp_path, cells))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "needs a row of column names"),
        (",".join(CODES).encode(), "at least one row below"),
        (",".join(CODES[2:]).encode() + b"\n" + b"3," * 11 + b"3\n", "no column PS1, PS2"),
        (",".join([*CODES, "ps3"]).encode() + b"\n" + b"3," * 14 + b"3\n", "'PS3' occurs twice"),
        (",".join([*CODES, "PS15"]).encode() + b"\n" + b"3," * 14 + b"3\n", "'PS15' is no item"),
        (",".join(CODES).encode("utf-16") + b"\n", "UTF-16 or no text"),
        (",".join(CODES).encode() + b"\n\xff\xff,3\n", "row 2: cannot be read as UTF-8 or GB18030"),
        (b"PK\x03\x04\x00\x00", "no text"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused(tmp_path, content, message):
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_answers(path)
    assert "\n" not in str(error.value)


SCALE_HEAD = "code,base,reversed,english,chinese\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("code,base\nA1,trust\n", "columns code, base; expected"),
        (
            SCALE_HEAD + "A1,trust,perhaps,We rely.,\n",
            "row 2, column reversed: 'perhaps'; admissible: yes, no",
        ),
        (SCALE_HEAD + "A1,,no,We rely.,\n", "row 2, column base: is empty"),
        (SCALE_HEAD + "A1,trust,no,,\n", "row 2, column english, chinese: is empty"),
        (SCALE_HEAD + "A1,trust,no,We rely.\n", "row 2: 4 cells for 5 columns"),
        (SCALE_HEAD + "A1,trust,no,We rely.,\na1,trust,no,We do.,\n", "A1 occurs twice"),
    ],
)
def test_a_file_that_holds_no_scale_is_refused(tmp_path, content, message):
    path = tmp_path / "scale.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        Scale.from_csv(path)
    assert "\n" not in str(error.value)


def test_a_scale_of_ones_own_is_read_and_asked(tmp_path):
    path = tmp_path / "scale.csv"
    path.write_text(
        SCALE_HEAD + "A1,trust,no,We rely.,我们信赖。\nA2,trust,yes,It deceives.,它欺骗。\n", "gb18030"
    )
    scale = Scale.from_csv(path, 1, 7)
    assert [item.reversed for item in scale.items] == [False, True]
    text = questionnaire(scale=scale)
    assert text.count("□") == 2 * 7
    assert "**7** = strongly agree 非常同意" in text
    with pytest.raises(
        ValueError, match="the scale measures trust; a scenario takes reward, coercive, expert"
    ):
        to_bases(Answers(scale, np.array([[1.0, 2.0]]), {}))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cronbach_alpha([[1, 2]]), "1 persons"),
        (lambda: cronbach_alpha([[1], [2]]), "1 items"),
        (lambda: cronbach_alpha([1, 2]), "1 dimensions"),
        (lambda: cronbach_alpha([[1, 2], [2, 1]]), "same total"),
        (lambda: cronbach_alpha([[1, np.nan], [2, 1], [np.nan, 3]]), "1 persons"),
        (lambda: cronbach_alpha([[1, np.inf], [2, 1]]), "infinite"),
        (lambda: cronbach_alpha(SEVEN, level=1.0), "level"),
        (lambda: base_statistics(read_answers(EXAMPLE), level=95), "level"),
        (lambda: reliability(read_answers(EXAMPLE), "referent"), "coercive, reward, expert"),
        (lambda: reliability(read_answers(EXAMPLE), "expert", missing="zero"), "missing"),
        (lambda: base_scores(read_answers(EXAMPLE), "expert", 0.0), "least_answered"),
        (
            lambda: read_answers(EXAMPLE).groups("city"),
            "no column 'city'; there are dealer, supplier, origin",
        ),
        (lambda: read_answers(EXAMPLE, encoding="latin-1"), "admissible: utf-8, gb18030"),
        (lambda: read_answers("nowhere.csv"), "nowhere.csv: cannot be read: No such file"),
        (lambda: answers_from_frame(read_answers(EXAMPLE).to_frame().drop(columns="PS3")), "no column PS3"),
        (lambda: answers_of([[1, 2, 3]]), "shape"),
        (lambda: answers_of([[1, 2, 3, 4, 8]]), "the answer 8"),
        (lambda: answers_of([[1, 2, 3, 4, 5.5]]), "the answer 5.5"),
        (lambda: answers_of([[1, 2, 3, 4, 5]], labels={"dealer": ()}), "0 entries for 1 persons"),
        (lambda: to_bases(answers_of(np.full((2, 14), np.nan), POWER_BASES)), "base reward: nobody"),
        (lambda: Scale(()), "at least one item"),
        (lambda: Scale(TWO_BASES.items, 5, 1), "lower first"),
        (lambda: questionnaire("fr"), "admissible: both, en, zh"),
        (lambda: questionnaire(scale=Scale((Item("A1", "trust", "We rely.", ""),))), "no wording in 'zh'"),
        (lambda: answer_sheet(("ps3",)), "form of an item's code"),
        (lambda: synthetic_answers(LEVELS, common=1.5), "common"),
        (lambda: synthetic_answers(LEVELS, dealers=0), "dealers"),
        (lambda: synthetic_answers({"P": {"expert": 3.0}}), "coercive, reward, expert"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


# --- the questionnaire --------------------------------------------------------------------------------------


def test_the_scale_is_the_one_of_channel_research():
    assert CODES == [f"PS{i}" for i in range(1, 15)]
    by_base = {base: POWER_BASES.codes(base) for base in POWER_BASES.bases}
    assert {base: len(codes) for base, codes in by_base.items()} == {"coercive": 5, "reward": 5, "expert": 4}
    for item in POWER_BASES.items:
        assert item.english.endswith(".")
        assert item.chinese.endswith("。")
        assert not item.reversed


def test_the_questionnaire_asks_every_item_in_both_languages():
    both, english, chinese = questionnaire(), questionnaire("en"), questionnaire("zh")
    for item in POWER_BASES.items:
        assert item.english in both
        assert item.chinese in both
        assert item.english in english
        assert item.chinese not in english
        assert item.chinese in chinese
    for text in (both, english, chinese):
        table = [line for line in text.splitlines() if line.startswith("|")]
        assert {line.count("|") for line in table} == {8}
        assert len(table) == 2 + 14
    # what is asked for, not which base it is meant to measure
    assert not set(POWER_BASES.bases) & set(both.replace("\n", " ").split(" "))


def test_nothing_heavy_is_loaded_to_ask():
    code = (
        "import sys, channelsim.survey; print({'pandas', 'scipy.stats', 'scipy.optimize'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
