"""nilearn's own copy of fsaverage: found if whole, read as it is, refused if it is another mesh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.brain import CorticalSurfaces, fsaverage, load_fsaverage5
from cortiscope.core.brain.fsaverage import (
    FSAVERAGE_FILES,
    fetch_fsaverage,
    find_fsaverage,
    fsaverage_folders,
    lay_onto,
    load_fsaverage,
    missing_fsaverage,
    read_surfaces,
)
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.core.errors import CoreError, DamagedFile, MissingData
from tests.data import tiny_icosphere
from tests.data.nilearn_copy import write_copy


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """Where nilearn would look, and nowhere else."""
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NILEARN_SHARED_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return tmp_path / "data"


@pytest.fixture
def brains(monkeypatch) -> tuple[CorticalSurfaces, CorticalSurfaces]:
    """A template of 42 vertices in the place of fsaverage5, and one of 642 in fsaverage's."""
    points, faces = subdivide_sphere(tiny_icosphere.points(), tiny_icosphere.FACES)
    coarse = tiny_icosphere.lumpy_brain(points, faces)
    for _ in range(2):
        points, faces = subdivide_sphere(points, faces)
    monkeypatch.setattr(fsaverage, "load_fsaverage5", lambda cache: coarse)
    monkeypatch.setattr(fsaverage, "FSAVERAGE_VERTICES", 642)
    return coarse, tiny_icosphere.lumpy_brain(points, faces)


def _turned(side: str, flat: np.ndarray) -> np.ndarray:
    """As another tool might lay it out: turned, one side mirrored, moved, heights and gaps left."""
    angle = 2.0 if side == "left" else -0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if side == "right":
        turn[:, 0] *= -1
    out = flat.copy()
    out[:, :2] = flat[:, :2] @ turn + [310, -45]
    out[:, 2] = 17
    return out


def test_the_folders_are_nilearns_own(data, monkeypatch):
    datasets = pytest.importorskip("nilearn.datasets")
    monkeypatch.setenv("NILEARN_SHARED_DATA", f"{data}/a:{data}/b")
    assert [str(f.parent) for f in fsaverage_folders()] == datasets.get_data_dirs()


def test_a_copy_is_found_only_when_every_file_is_there(brains, data):
    assert find_fsaverage() is None
    folder = write_copy(data, brains[1])
    assert find_fsaverage() == folder
    (folder / "flat_right.gii.gz").unlink()
    assert find_fsaverage() is None
    told = str(missing_fsaverage())
    assert str(folder) in told
    assert "lacks 1 of 12 files (flat_right.gii.gz)" in told


def test_without_a_copy_the_folder_and_every_file_are_named(data):
    with pytest.raises(MissingData) as told:
        load_fsaverage(data)
    assert str(data / "fsaverage") in told.value.message
    assert all(name in told.value.message for name in FSAVERAGE_FILES)
    assert "fetch-fsaverage" in told.value.hint


def test_the_shipped_files_read_as_nilearn_itself_reads_them(surfaces):
    struct = pytest.importorskip("nilearn.datasets.struct")
    truth, found = load_fsaverage5(surfaces), read_surfaces(Path(struct.FSAVERAGE5_PATH))
    for side in ("left", "right"):
        for name, expected in vars(getattr(truth, side)).items():
            np.testing.assert_allclose(getattr(getattr(found, side), name), expected, atol=1e-4)


def test_a_copy_is_loaded_as_written_and_again_when_it_changes(brains, data, tmp_path):
    folder = write_copy(data, brains[1])
    for _ in range(2):
        found = load_fsaverage(tmp_path)
        for side in ("left", "right"):
            for name, expected in vars(getattr(brains[1], side)).items():
                if name != "flat":
                    np.testing.assert_allclose(getattr(getattr(found, side), name), expected)
    assert len(list(tmp_path.glob("fsaverage-v1-*.npz"))) == 1
    (folder / "pial_left.gii.gz").write_bytes((folder / "infl_left.gii.gz").read_bytes())
    np.testing.assert_allclose(load_fsaverage(tmp_path).left.pial, brains[1].left.inflated)


def test_flat_maps_come_to_lie_as_fsaverage5s_wherever_they_were(brains, data, tmp_path):
    write_copy(data, brains[1], flat=_turned)
    found = load_fsaverage(tmp_path)
    for side in ("left", "right"):
        expected, laid = getattr(brains[1], side), getattr(found, side)
        inside = np.unique(expected.flat_faces)
        np.testing.assert_allclose(laid.flat[inside], expected.flat[inside], atol=1e-3)


def test_vertices_cut_out_of_the_flat_map_wait_in_its_middle(brains):
    coarse, fine = (b.left for b in brains)
    outside = np.setdiff1d(np.arange(len(fine.flat)), fine.flat_faces)
    assert len(outside)
    lost = fine.flat.copy()
    lost[outside] = np.nan
    laid = lay_onto(replace(fine, flat=lost), coarse)
    inside = laid[np.unique(fine.flat_faces)]
    middle = (inside.min(axis=0) + inside.max(axis=0)) / 2
    np.testing.assert_allclose(laid[outside], np.broadcast_to(middle, (len(outside), 3)))


def test_a_damaged_file_is_named(brains, data, tmp_path):
    folder = write_copy(data, brains[1])
    (folder / "sulc_right.gii.gz").write_bytes(b"not a surface")
    with pytest.raises(DamagedFile, match=r"sulc_right\.gii\.gz cannot be read"):
        load_fsaverage(tmp_path)


def test_another_template_in_the_folder_is_refused_with_both_sizes(brains, data, tmp_path):
    write_copy(data, brains[0])
    with pytest.raises(DamagedFile, match=r"pial_left\.gii\.gz has 42 vertices; fsaverage has 642"):
        load_fsaverage(tmp_path)


def test_vertices_in_another_order_are_refused(brains, data, tmp_path, rng):
    order = rng.permutation(642)
    fine = brains[1]
    shuffled = replace(fine.right, sphere=fine.right.sphere[order])
    write_copy(data, CorticalSurfaces(fine.left, shuffled))
    with pytest.raises(DamagedFile, match=r"sphere_right\.gii\.gz are not in FreeSurfer's order"):
        load_fsaverage(tmp_path)


def test_a_failed_download_is_one_clear_message(data, monkeypatch):
    datasets = pytest.importorskip("nilearn.datasets")

    def unreachable(mesh):
        assert mesh == "fsaverage"
        raise ConnectionError("Max retries exceeded with url: /svf8k/download\nand more")

    monkeypatch.setattr(datasets, "fetch_surf_fsaverage", unreachable)
    with pytest.raises(CoreError) as told:
        fetch_fsaverage()
    assert "could not be downloaded from osf.io (ConnectionError: Max retries" in str(told.value)
    assert str(data / "fsaverage") in told.value.hint
    assert "and more" not in str(told.value)


def test_a_copy_that_is_there_is_not_fetched_again(brains, data, monkeypatch):
    datasets = pytest.importorskip("nilearn.datasets")
    monkeypatch.setattr(datasets, "fetch_surf_fsaverage", lambda mesh: pytest.fail("fetched"))
    folder = write_copy(data, brains[1])
    assert fetch_fsaverage() == folder
