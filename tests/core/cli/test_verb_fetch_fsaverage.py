"""``fetch-fsaverage``: what it finds it converts; what it cannot get it tells in one line."""

import json

import numpy as np
import pytest

from cortiscope.core.brain import fsaverage
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.core.cli.main import main
from tests.data import tiny_icosphere
from tests.data.nilearn_copy import write_copy


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NILEARN_SHARED_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return tmp_path / "data"


def _run(capsys):
    status = main(["fetch-fsaverage", "--json", "--progress", "none"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_copy_that_is_there_is_converted_for_the_app(data, tmp_path, monkeypatch, capsys):
    points, faces = subdivide_sphere(tiny_icosphere.points(), tiny_icosphere.FACES)
    brain = tiny_icosphere.lumpy_brain(points, faces)
    monkeypatch.setattr(fsaverage, "load_fsaverage5", lambda cache: brain)
    monkeypatch.setattr(fsaverage, "FSAVERAGE_VERTICES", 42)
    folder = write_copy(data, brain)
    assert _run(capsys) == (0, {"folder": str(folder), "vertices": 42})
    (converted,) = (tmp_path / "home" / "surfaces").glob("fsaverage-v1-*.npz")
    with np.load(converted) as arrays:
        np.testing.assert_array_equal(arrays["rh_pial"], brain.right.pial)


def test_no_network_is_one_error_with_the_folder_to_fill_by_hand(data, monkeypatch, capsys):
    datasets = pytest.importorskip("nilearn.datasets")

    def unreachable(mesh):
        raise OSError("Name or service not known")

    monkeypatch.setattr(datasets, "fetch_surf_fsaverage", unreachable)
    status, result = _run(capsys)
    assert status == 1
    assert "could not be downloaded from osf.io" in result["error"]["message"]
    assert str(data / "fsaverage") in result["error"]["hint"]
