"""The project file and the package say the same."""

import os
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import channelsim

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_version_is_the_same_everywhere():
    assert channelsim.__version__ == PROJECT["version"]
    assert version("channelsim") == PROJECT["version"]


def test_changelog_has_a_section_for_what_comes_next():
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_console_command_can_be_loaded():
    (script,) = entry_points(group="console_scripts", name="channelsim")
    assert callable(script.load())


def test_types_are_advertised():
    assert (Path(channelsim.__file__).parent / "py.typed").is_file()


def test_continuous_integration_script_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_dependency_is_explained():
    page = (ROOT / "docs" / "discussion" / "dependencies.md").read_text(encoding="utf-8")
    explained = {
        name.strip()
        for line in page.splitlines()
        if line.startswith("| ")
        for name in line.split("|")[1].split(",")
    }
    requirements = PROJECT["dependencies"] + [
        requirement
        for extra in PROJECT["optional-dependencies"].values()
        for requirement in extra
        if not requirement.startswith("channelsim[")
    ]
    names = {requirement.split(">")[0].strip() for requirement in requirements}
    assert len(names) > 20
    assert names == explained - {"library"}
