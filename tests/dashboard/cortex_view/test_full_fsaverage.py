"""nilearn's own copy of fsaverage: found if whole, read like the one that ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dashboard.cortex_view.example.full_fsaverage import find_fsaverage, read_fsaverage


@pytest.fixture
def shipped() -> Path:
    """fsaverage5 as nilearn ships it: the same file names as its fetched fsaverage."""
    struct = pytest.importorskip("nilearn.datasets.struct")
    return Path(struct.FSAVERAGE5_PATH)


def test_a_copy_is_found_only_when_every_file_is_there(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path))
    monkeypatch.delenv("NILEARN_SHARED_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert find_fsaverage() is None
    copy = tmp_path / "fsaverage"
    shutil.copytree(shipped, copy)
    assert find_fsaverage() == copy
    (copy / "flat_right.gii.gz").unlink()
    assert find_fsaverage() is None


def test_a_copy_reads_as_the_shipped_surfaces_do(shipped, tmp_path):
    from core.brain.surfaces import load_fsaverage5

    truth = load_fsaverage5(tmp_path)
    found = read_fsaverage(shipped)
    for side in ("left", "right"):
        for name in ("pial", "white", "inflated", "sphere", "flat", "faces", "flat_faces"):
            np.testing.assert_allclose(
                getattr(getattr(found, side), name), getattr(getattr(truth, side), name), atol=1e-4
            )
        np.testing.assert_allclose(
            getattr(found, side).sulcal_depth, getattr(truth, side).sulcal_depth, atol=1e-4
        )
