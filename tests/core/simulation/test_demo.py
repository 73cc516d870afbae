from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.simulation.demo import demo_folder, ensure_demo, has_demo
from cortiscope.core.simulation.recipe import (
    DEFAULT_RECIPE,
    SimulationRecipe,
    plan_stimuli,
    scene_seed,
)
from cortiscope.core.storage import Home
from tests.core.simulation.conftest import SMALL_RECIPE


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_recipe_gives_the_same_bytes(small_demo, tmp_path):
    shares = []
    again = ensure_demo(Home(tmp_path), SMALL_RECIPE, lambda share, _: shares.append(share))
    assert _hashes(again) == _hashes(small_demo)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_interrupted_work_leaves_nothing_that_counts(tmp_path):
    home = Home(tmp_path)

    def stop(share: float, message: str) -> None:
        if message.startswith("scanning sim02"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_demo(home, SMALL_RECIPE, stop)
    assert not has_demo(home, SMALL_RECIPE)
    assert list(home.demo.iterdir()) == []


def test_a_finished_demo_is_not_made_again(small_demo, home):
    before = {p: p.stat().st_mtime_ns for p in small_demo.rglob("*")}
    reports = []
    assert ensure_demo(home, SMALL_RECIPE, lambda *report: reports.append(report)) == small_demo
    assert reports == []
    assert {p: p.stat().st_mtime_ns for p in small_demo.rglob("*")} == before


@pytest.mark.parametrize(
    "lost",
    [
        "sim02",
        "sim01/training_split/training_images/*",
        "sim02/roi_masks",
        "sim01/test_split/test_fmri/lh*",
        ".files.json",
    ],
)
def test_a_half_deleted_demo_does_not_count(small_demo, tmp_path, lost):
    copy = demo_folder(Home(tmp_path), SMALL_RECIPE)
    shutil.copytree(small_demo, copy)
    assert has_demo(Home(tmp_path), SMALL_RECIPE)
    for path in copy.glob(lost):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert not has_demo(Home(tmp_path), SMALL_RECIPE)


def test_a_half_deleted_demo_is_made_again(small_demo, tmp_path):
    home = Home(tmp_path)
    copy = demo_folder(home, SMALL_RECIPE)
    shutil.copytree(small_demo, copy)
    shutil.rmtree(copy / "sim01")
    (copy / "sim02/training_split/training_fmri/rh_training_fmri.npy").write_bytes(b"half")
    assert _hashes(ensure_demo(home, SMALL_RECIPE)) == _hashes(small_demo)
    assert [p.name for p in home.demo.iterdir()] == [copy.name]


@pytest.mark.parametrize(("name", "n_train"), [("sim01", 14), ("sim02", 12)])
def test_the_one_loader_reads_it(small_demo, name, n_train):
    subject = open_subject(small_demo, name)
    assert subject.simulated
    assert len(subject.train.images) == n_train
    assert len(subject.test.images) == 6
    for hemisphere in HEMISPHERES:
        n = subject.space.n_vertices(hemisphere)
        assert subject.train.responses[hemisphere].shape == (n_train, n)
        assert subject.train.responses[hemisphere].dtype == np.float32
        assert subject.test.truth[hemisphere].shape == (6, n)
    assert (subject.test.repeats == 3).all()
    assert set(np.unique(subject.train.repeats)) <= {1, 2, 3}
    assert ((subject.test_ceiling >= 0) & (subject.test_ceiling < 1)).all()
    np.testing.assert_allclose(
        subject.test_ceiling, subject.ncsnr**2 / (subject.ncsnr**2 + 1 / 3), rtol=1e-5
    )
    assert subject.test.notes[0].caption
    image = subject.test.images.load(0)
    assert image.size == (128, 128)


def test_masks_in_both_spaces_agree(small_demo):
    masks = small_demo / "sim02" / "roi_masks"
    for hemisphere in ("lh", "rh"):
        everything = np.load(masks / f"{hemisphere}.all-vertices_fsaverage_space.npy")
        assert everything.shape == (10242,)
        for path in masks.glob(f"{hemisphere}.*_challenge_space.npy"):
            full = np.load(str(path).replace("challenge", "fsaverage"))
            np.testing.assert_array_equal(np.load(path), full[everything > 0])
            assert not full[everything == 0].any()


def test_sidecar_says_simulated_and_how(small_demo):
    folder = small_demo / "sim01" / "cortiscope_sidecar"
    header = json.loads((folder / "sidecar.json").read_text())
    assert header["simulated"] is True
    assert "no evidence about brains" in header["note"]
    assert header["fingerprint"] == SMALL_RECIPE.fingerprint
    assert header["recipe"]["n_test"] == 6
    for name in header["arrays"]:
        assert (folder / f"{name}.npy").is_file()
    stimuli = json.loads((folder / "stimuli.json").read_text())
    assert {(s["split"], s["number"]) for s in stimuli} == {
        *(("train", k) for k in range(1, 15)),
        *(("test", k) for k in range(1, 7)),
    }


def test_no_test_image_is_anyones_training_image():
    plans = plan_stimuli(DEFAULT_RECIPE)
    first, second = plans["sim01"], plans["sim02"]
    assert (len(first.train), len(second.train), len(first.test)) == (400, 320, 200)
    np.testing.assert_array_equal(first.test, second.test)
    assert len(np.intersect1d(first.train, second.train)) == 320
    trained = np.union1d(first.train, second.train)
    assert len(np.intersect1d(trained, first.test)) == 0
    assert (np.diff(first.train) > 0).all()


def test_scenes_of_the_demo_stay_below_a_million():
    # Networks are trained on scenes of larger seeds; the demo's must be new to them.
    assert scene_seed(72_999) < 1_000_000


def test_fingerprint_follows_the_recipe():
    assert SMALL_RECIPE.fingerprint == replace(SMALL_RECIPE).fingerprint
    assert replace(SMALL_RECIPE, n_test=13).fingerprint != SMALL_RECIPE.fingerprint
    assert demo_folder(Home(Path("x")), SMALL_RECIPE).name == SMALL_RECIPE.fingerprint


def test_a_recipe_that_cannot_be_is_refused():
    with pytest.raises(UnknownName, match="sim99"):
        SimulationRecipe(subjects=("sim01", "sim99"))
    with pytest.raises(InvalidInput, match="n_shared_train is 500"):
        SimulationRecipe(n_shared_train=500)
    with pytest.raises(InvalidInput, match="n_train has 1"):
        SimulationRecipe(n_train=(400,))
