"""The report: true sentences, nothing from outside, whole or not at all; and the demonstration."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from channelsim.analysis import report, style
from channelsim.analysis.folders import OutputError, whole_folder
from channelsim.analysis.headlines import best_policy, headlines
from channelsim.analysis.report import ReportOptions, report_files, write_report
from channelsim.analysis.results import Result
from channelsim.metrics import GROUPINGS, ResultError
from channelsim.scenario import Scenario
from small_market import BASE, DEAR, DENSE, POLICIES, small_channel, small_result

YUAN = ReportOptions(currency="yuan", command="run <it> & see")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return report_files(small_result(), small_channel(), YUAN)


class Reader(HTMLParser):
    """Collects tags, attributes and text; complains about tags that do not match."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.text, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, k, v) for k, v in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def read(html: bytes) -> Reader:
    reader = Reader()
    reader.feed(html.decode())
    reader.close()
    assert reader.open == []
    return reader


def test_nothing_in_the_report_comes_from_outside(made):
    html = made["report.html"].decode()
    reader = read(made["report.html"])
    assert {"script", "link", "iframe", "object", "base", "a"}.isdisjoint(reader.tags)
    sources = [value for _, key, value in reader.attributes if key in ("src", "href", "srcset", "data")]
    assert len(sources) >= 6
    for source in sources:
        kind, _, data = source.partition(",")
        assert kind == "data:image/svg+xml;base64"
        svg = base64.b64decode(data).decode()
        links = re.findall(r'(?:href|src)="([^"]*)"', svg) + re.findall(r"url\(([^)]*)\)", svg)
        assert all(link.startswith(("#", "data:")) for link in links)
        # what looks like an address is the name of a vocabulary, which nothing fetches
        addresses = set(re.findall(r'https?://[^"\s<]+', svg)) - set(
            re.findall(r'(?:xmlns(?::\w+)?=|DTD[^"]*" )"([^"]+)"', svg)
        )
        assert all(
            a.startswith(("http://www.w3.org/", "http://purl.org/", "http://creativecommons.org/ns"))
            for a in addresses
        )
    assert "http" not in re.sub(r'src="data:[^"]*"', "", html).lower()
    assert "@import" not in html
    assert "url(" not in html


def test_everything_that_users_name_is_escaped(made):
    reader = read(made["report.html"])
    text = " ".join(" ".join(reader.text).split())
    for written in (
        "A <small> market & its rivals",
        DEAR,
        "Made up for <tests>. See [nothing](here).",
        "run <it> & see",
    ):
        assert written in text
    assert {"small", "b", "tests", "it"}.isdisjoint(reader.tags)
    markdown = made["report.md"].decode()
    assert "A \\<small\\> market \\& its rivals" in markdown
    assert "dear \\<b\\>\\&\\|\\*" in markdown
    assert "See \\[nothing\\](here)" in markdown
    assert "    run <it> & see" in markdown


def test_the_table_of_policies_holds_the_paired_intervals(made):
    found = small_result().difference(BASE, "chain", ["profit"])
    rows = found[found["chain"] == "Acme"].set_index("policy")
    html, markdown = made["report.html"].decode(), made["report.md"].decode()
    base = (
        small_result()
        .summary("chain", ["profit"])
        .query("chain == 'Acme' and policy == @BASE")["mean"]
        .item()
    )
    factor, _ = style.scale_of([base], "money per week")
    for policy in (DEAR, DENSE):
        row = rows.loc[policy]
        value, interval = style.span(row.difference / factor, row.low / factor, row.high / factor, sign=True)
        assert f'{value}<span class="interval">{interval}</span>' in html
        assert f"{value} ({interval})" in markdown


def test_markdown_tables_have_as_many_cells_as_heads_and_its_pictures_exist(made):
    lines = made["report.md"].decode().splitlines()
    table = [line for line in lines if line.startswith("|")]
    counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table}
    assert len(table) == 2 + len(POLICIES)
    assert len(counts) == 1
    pictures = re.findall(r"\]\((figures/[^)]+\.png)\)", "\n".join(lines))
    assert set(pictures) == {name for name in made if name.startswith("figures/")}
    assert len(pictures) >= 7


def test_the_report_tells_what_makes_it_again(made):
    text = made["report.md"].decode()
    for key in ("scenario_digest", "mechanism_digest", "package_version"):
        assert str(small_result().provenance[key]).replace("_", "\\_") in text
    assert "seed: 1" in text
    assert "replications: 6" in text


def test_the_same_result_gives_the_same_bytes(made):
    again = report_files(small_result(), small_channel(), YUAN)
    assert again == made


def test_a_single_policy_has_a_report_too(tmp_path):
    from channelsim.simulation import simulate

    result = simulate("bilateral", replications=2, workers=1, progress=False)
    from channelsim.world import build

    path = write_report(result, build(Scenario.from_library("bilateral")), tmp_path / "out")
    text = read(path.read_bytes()).text
    assert "The policy" in text
    assert not any("week by week" in t for t in text)  # nothing weekly was recorded
    assert any(t.startswith("Profit of maker: 800 money per week") for t in text)


def test_unknown_base_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ResultError, match="policy 'x' is unknown"):
        write_report(small_result(), small_channel(), tmp_path / "out", ReportOptions(base="x"))
    assert list(tmp_path.iterdir()) == []


# --- whole or not at all -----------------------------------------------------------------------------


def test_a_failure_half_way_leaves_the_old_report(tmp_path, monkeypatch):
    out = tmp_path / "deep" / "out"
    write_report(small_result(), small_channel(), out)
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}

    def fail(folder, made):
        (folder / "report.html").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write_files", fail)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        write_report(small_result(), small_channel(), out)
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()} == before
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_a_later_run_replaces_its_own_output_only(tmp_path):
    out = tmp_path / "out"
    for names in (("a", "sub/b"), ("c",)):
        with whole_folder(out) as folder:
            for name in names:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text("x")
    assert sorted(p.name for p in out.iterdir()) == ["c", "contents.txt"]
    (out / "notes.txt").write_text("mine")
    with (
        pytest.raises(OutputError, match=r"such as 'notes\.txt': name a new or empty folder"),
        whole_folder(out),
    ):
        pytest.fail("must not start")
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "c").exists()


def test_foreign_folders_files_and_links_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.tex").write_text("x")
    for name in ("file", "link", "theirs", "file/below"):
        with pytest.raises(OutputError), whole_folder(tmp_path / name):
            pytest.fail("must not start")
    (tmp_path / "empty").mkdir()
    with whole_folder(tmp_path / "empty") as folder:
        (folder / "x").write_text("x")
    assert (tmp_path / "empty" / "x").exists()


def test_what_appears_meanwhile_is_kept(tmp_path):
    out = tmp_path / "out"

    def write():
        with whole_folder(out) as folder:
            (folder / "x").write_text("x")
            out.mkdir()
            (out / "late").write_text("theirs")

    with pytest.raises(OutputError, match="late"):
        write()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (out / "late").read_text() == "theirs"


# --- headlines ---------------------------------------------------------------------------------------


def result_of(profits: dict[str, list[float]]) -> Result:
    """Return a result of which only the channel's profit is known."""
    policies, values = list(profits), np.array(list(profits.values()))
    cells = {"policy": np.array(policies), "replication": np.arange(values.shape[1])}
    data = {g: xr.Dataset(coords=cells) for g in GROUPINGS}
    data["overall"]["channel_profit"] = (("policy", "replication"), values)
    data["trajectories"] = xr.Dataset(coords=cells)
    return Result(data, policies, values.shape[1], 10, {})


NOISE = [3.0, -1.0, 2.0, -4.0, 0.0, 1.0]


def plus(change: float, own: float = 0.0) -> list[float]:
    """Return profits on common noise, with own noise."""
    return [100.0 + change + 10.0 * x + own * (-1.0) ** k * (k + 1) for k, x in enumerate(NOISE)]


def test_the_best_policy_is_named_with_its_interval():
    result = result_of({"base": plus(0), "good": plus(5, 0.1), "bad": plus(-5, 0.1)})
    assert best_policy(result, "base") == ("good", [])
    first = headlines(result)[0]
    assert first.startswith("“good” is the best of 3 policies for the channel’s profit: +4.9")
    assert "may be chance" not in first


def test_what_may_be_chance_does_not_beat_the_base():
    result = result_of({"base": plus(0), "lucky": plus(1, 2.0)})
    assert best_policy(result, "base") == ("base", ["lucky"])
    assert (
        headlines(result)[0]
        == "No policy tried beats “base” on profit of the channel; “lucky” cannot be told apart from it."
    )


def test_policies_that_cannot_be_told_from_the_best_are_listed():
    result = result_of({"base": plus(0), "one": plus(5, 0.1), "two": plus(4.9, 0.3), "bad": plus(-5)})
    best, ties = best_policy(result, "base")
    assert (best, ties) == ("one", ["two"])
    assert "It cannot be told apart from “two”." in headlines(result)


def test_one_replication_proves_nothing():
    result = result_of({"base": [100.0], "more": [200.0]})
    assert best_policy(result, "base") == ("base", ["more"])


def test_many_policies_need_more_evidence():
    """Best of many: a lucky draw that one comparison would believe is not believed among two hundred."""
    lucky = plus(2.2, 0.4)
    few = {"base": plus(0), "lucky": lucky}
    many = few | {f"p{k}": plus(-50 - k) for k in range(200)}
    assert best_policy(result_of(few), "base")[0] == "lucky"
    assert best_policy(result_of(many), "base")[0] == "base"
