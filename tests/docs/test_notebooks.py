"""Every notebook runs from top to bottom; with CHANNELSIM_SAVE_NOTEBOOKS=1 its outputs are stored in it."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SAVE = os.environ.get("CHANNELSIM_SAVE_NOTEBOOKS") == "1"
SECONDS_A_CELL = 300


def notebooks_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute()


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in notebooks_in(NOTEBOOKS)])
def test_notebook_runs(path, tmp_path, monkeypatch):
    # The kernel draws inline, whatever the tests were told to draw with.
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert any(cell.cell_type == "code" and cell.source.strip() for cell in notebook.cells)
    # Run elsewhere: a notebook that reads or writes beside itself would work in the repository only.
    execute(notebook, tmp_path)
    if SAVE:
        nbformat.write(notebook, path)


def test_no_notebook_is_overlooked():
    if not NOTEBOOKS.is_dir() or not any(NOTEBOOKS.iterdir()):
        pytest.skip("no notebook has been written yet")
    assert notebooks_in(NOTEBOOKS), "the folder holds files, but no notebook"


def test_a_failing_cell_is_noticed(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, tmp_path)
