"""docs/notebook.ipynb runs as it is, in a kernel of its own, on the simulated subjects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def written():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_short_and_has_no_outputs(written):
    assert len(written.cells) <= 12
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
def test_the_notebook_runs_and_shows_what_it_promises(written, demo_home, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    # The subjects are made already; models and features are this test's own.
    for name in ("demo", "surfaces"):
        (home / name).symlink_to(demo_home / name)
    monkeypatch.setenv("CORTISCOPE_HOME", str(home))
    monkeypatch.setenv("CORTISCOPE_DATA", "")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    client = nbclient.NotebookClient(
        written.copy(), timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    ran = client.execute()
    shown = {
        cell.id: output.data
        for cell in ran.cells
        for output in cell.get("outputs", ())
        if output.output_type == "execute_result"
    }
    assert "'sim01', 'sim02'" in shown["demo"]["text/plain"]
    assert "SIMULATED sim01" in shown["subject"]["text/plain"]
    assert "mean r 0.372 (95 % 0.340 to 0.404)" in shown["model"]["text/plain"]
    assert "FFA-1" in shown["table"]["text/html"]
    assert "p_adjusted" in shown["comparison"]["text/html"]
    assert "image/png" in shown["figure"]
    assert "application/vnd.jupyter.widget-view+json" in shown["viewer"]
    assert "SIMULATED sim01" in shown["mine"]["text/plain"]
    # What predict and score give for the test images is what the report says.
    whole = re.search(r"mean r [0-9.]+ \(95 % [0-9. to]+\)", shown["mine"]["text/plain"])
    assert whole is not None
    assert whole[0] in shown["score"]["text/plain"]
    assert "Evaluation of 100 given images" in shown["estimator"]["text/plain"]
    assert len(list((home / "runs").glob("sim01-*"))) == 3
