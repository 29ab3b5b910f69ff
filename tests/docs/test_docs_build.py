"""The documentation builds without a warning."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def build(source: Path, target: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    # The theme's navigation lists every page on every page, which takes minutes; no warning comes of it.
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-D",
        "html_theme=basic",
    ]
    # The theme fetches nothing, and neither do we: the build must work without a network.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1", **settings}
    return subprocess.run(
        [*command, str(source), str(target)], capture_output=True, text=True, env=environment, check=False
    )


def copy_of_docs(folder: Path) -> Path:
    # The API pages are generated beside the sources: in a copy, the working tree stays as it is.
    return Path(
        shutil.copytree(
            DOCS,
            folder / "docs",
            ignore=shutil.ignore_patterns("_build", "api", ".ipynb_checkpoints"),
        )
    )


def test_documentation_builds_without_a_warning(tmp_path):
    done = build(copy_of_docs(tmp_path), tmp_path / "html")
    assert done.returncode == 0, done.stdout + done.stderr
    for page in ("index", "tutorial/index", "how-to/index", "discussion/index", "reference/index"):
        assert (tmp_path / "html" / f"{page}.html").is_file()
    api = (tmp_path / "html" / "reference" / "api" / "channelsim.compiled.html").read_text(encoding="utf-8")
    assert 'id="channelsim.compiled.rule"' in api


def test_a_broken_reference_fails_the_build(tmp_path):
    shutil.copy(DOCS / "conf.py", tmp_path)
    shutil.copytree(DOCS / "_static", tmp_path / "_static")
    (tmp_path / "index.md").write_text("# Title\n\n[nowhere](no-such-page.md)\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "html", CHANNELSIM_DOCS_WITHOUT_API="1")
    assert done.returncode != 0
    assert "no-such-page" in done.stdout + done.stderr
    (tmp_path / "index.md").write_text("# Title\n", encoding="utf-8")
    mended = build(tmp_path, tmp_path / "html", CHANNELSIM_DOCS_WITHOUT_API="1")
    assert mended.returncode == 0, mended.stdout + mended.stderr
