"""``channelsim survey``: what it prints, what its JSON holds, what it refuses."""

import json
import math
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from channelsim import cli
from channelsim.survey import EXAMPLE, base_statistics, item_statistics, read_answers, scores, to_bases

HEAD = ",".join(f"PS{i}" for i in range(1, 15))


def call(*args: str):
    return CliRunner().invoke(cli.app, ["survey", *args])


def same(value, expected) -> bool:
    if isinstance(expected, float) and math.isnan(expected):
        return value is None
    return value == expected


def test_a_person_can_read_how_the_items_hang_together():
    done = call(str(EXAMPLE))
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "P: 40 persons" in lines
    assert "R1: 40 persons" in lines
    assert "expert 4 40 37 1.9% 4.17 0.77 0.84 0.73 to 0.91 0.79" in lines
    assert "PS6 reward 39 3.59 0.34 0.77" in lines
    assert call("example").stdout == done.stdout


def test_json_holds_what_the_package_finds_and_every_score():
    content = json.loads(call("example", "--json").stdout, parse_constant=lambda name: pytest.fail(name))
    for supplier, part in read_answers(EXAMPLE).groups("supplier").items():
        told = content["groups"][supplier]
        assert told["scenario_bases"] == to_bases(part)
        for key, table in (
            ("bases", base_statistics(part)),
            ("items", item_statistics(part)),
            ("scores", scores(part)),
        ):
            rows = table.to_dict("records")
            assert len(told[key]) == len(rows)
            for row, expected in zip(told[key], rows):
                assert all(same(row[k], v) for k, v in expected.items())


def test_answers_are_taken_apart_by_any_column_or_not_at_all(tmp_path):
    together = json.loads(call("example", "--by", "origin", "--json").stdout)["groups"]
    assert list(together) == ["synthetic"]
    assert together["synthetic"]["persons"] == 80
    frame = read_answers(EXAMPLE).to_frame()
    frame.drop(columns=["dealer", "supplier", "origin"]).to_csv(tmp_path / "bare.csv", index=False)
    assert list(json.loads(call(str(tmp_path / "bare.csv"), "--json").stdout)["groups"]) == ["all"]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, [], "no such file; give a CSV file of answers"),
        ("dealer,PS1\na,3\n", [], "every item needs one"),
        (f"dealer,{HEAD}\na" + ",9" * 14 + "\n", [], "row 2"),
        (EXAMPLE.read_text(encoding="utf-8"), ["--by", "town"], "no column 'town'"),
        (f"{HEAD}\n" + "3," * 5 + "," * 8 + "\n", [], "nobody answered enough"),
    ],
    ids=["no file", "no items", "no answer of the scale", "no such column", "no score"],
)  # fmt: skip
def test_what_holds_no_answers_is_refused_in_one_line(tmp_path, content, options, said):
    path = tmp_path / "answers.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = call(str(path), *options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_is_compiled_to_score_a_survey():
    code = (
        "import sys\nfrom channelsim.cli import app\n"
        "try: app(['survey', 'example'])\nexcept SystemExit: pass\n"
        "print('numba' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
