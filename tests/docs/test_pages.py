"""The code of the README, the tutorial and the how-to pages runs, and prints what they say it prints.

The ``python`` blocks of a page run in order in one namespace, in an empty folder; so do the commands of its
``console`` blocks. A ``text`` block right after one is what it prints. A block with a caption
(``:caption: my_channel.toml``) is a file that lies there before. With CHANNELSIM_SAVE_PAGES=1 the pages
store what is printed.
"""

import contextlib
import io
import os
import re
import shlex
from pathlib import Path

import pytest

from channelsim.cli import app

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    [DOCS.parent / "README.md", *(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md")]
)
SAVE = os.environ.get("CHANNELSIM_SAVE_PAGES") == "1"
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"^:caption: (?P<name>\S+)\n+")


class Block:
    """A fenced block: its kind, its text, where its text lies, and whether the one before touches it."""

    def __init__(self, match: re.Match[str], text: str, end_of_last: int):
        self.kind = match["kind"].strip()
        self.body, self.span = match["body"], match.span("body")
        self.follows = not text[end_of_last : match.start()].strip()


def blocks_of(text: str) -> list[Block]:
    found, end = [], 0
    for match in FENCE.finditer(text):
        found.append(Block(match, text, end))
        end = match.end()
    return found


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def run_page(text: str, name: str) -> list[tuple[Block, str]]:
    """Run a page in the current folder; return its printed blocks with what was printed."""
    blocks = blocks_of(text)
    for block in blocks:
        caption = CAPTION.match(block.body)
        if block.kind.startswith("{code-block}") and caption:
            Path(caption["name"]).write_text(block.body[caption.end() :], encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    expected = []
    previous, printed = "", ""
    for block in blocks:
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            if block.kind == "python":
                # Line numbers of errors are those of the page.
                lines = "\n" * text[: block.span[0]].count("\n")
                exec(compile(lines + block.body, name, "exec"), namespace)
            elif block.kind == "console":
                run_commands(block.body)
        if block.kind == "text" and previous in ("python", "console") and block.follows:
            expected.append((block, printed))
        previous, printed = block.kind, stream.getvalue()
    return expected


def run_commands(body: str) -> None:
    """Run the lines of a console block; those that are meant to fail have '=lots' in them."""
    for line in body.splitlines():
        prompt, program, *arguments = shlex.split(line)
        assert (prompt, program) == ("$", "channelsim")
        with pytest.raises(SystemExit) as end:
            app(arguments)
        assert end.value.code == (2 if "=lots" in line else 0), line


@pytest.mark.parametrize("path", [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in PAGES])
def test_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    text = path.read_text(encoding="utf-8")
    results = run_page(text, path.name)
    if SAVE:
        for block, printed in reversed(results):
            text = text[: block.span[0]] + tidy(printed) + "\n" + text[block.span[1] :]
        path.write_text(text, encoding="utf-8")
    else:
        for block, printed in results:
            assert tidy(printed) == tidy(block.body)


def test_every_page_has_code_that_runs():
    kinds = {p.stem: {block.kind for block in blocks_of(p.read_text(encoding="utf-8"))} for p in PAGES}
    assert [
        stem for stem, found in kinds.items() if stem != "index" and not found & {"python", "console"}
    ] == []


def test_a_wrong_output_is_noticed():
    ((block, printed),) = run_page("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "page")
    assert tidy(printed) == "2"
    assert tidy(printed) != tidy(block.body)


def test_blocks_share_a_namespace_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (
        "```{code-block} toml\n:caption: a.toml\n\nx = 3\n```\n\n```python\nfrom pathlib import Path\n```\n"
        "\n```python\nprint(Path('a.toml').read_text())\n```\n```text\nx = 3\n```\n"
        "\nWords.\n\n```text\nunrelated\n```\n"
    )
    ((block, printed),) = run_page(page, "page")
    assert tidy(printed) == tidy(block.body) == "x = 3"


def test_a_command_that_fails_is_noticed():
    with pytest.raises(AssertionError, match="no-such-scenario"):
        run_page("```console\n$ channelsim show no-such-scenario\n```\n", "page")


def test_a_failing_block_is_noticed():
    with pytest.raises(ZeroDivisionError):
        run_page("```python\n1 / 0\n```\n", "page")
