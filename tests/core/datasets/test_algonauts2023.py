import json
import os

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import find_subjects, open_subject
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import CoreError, DamagedFile, MissingData, UnknownName
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject

LEFT, RIGHT = Hemisphere.LEFT, Hemisphere.RIGHT


@pytest.fixture
def folder(tmp_path):
    return write_subject(tmp_path / "data" / "subj01")


def test_vertices_are_those_of_the_mask_also_where_it_says_two(folder):
    subject = open_subject(folder.parent, "subj01")
    np.testing.assert_array_equal(subject.space.index[LEFT], 100 + 2 * np.arange(N_LEFT))
    np.testing.assert_array_equal(subject.space.index[RIGHT], 40 + 2 * np.arange(N_RIGHT))


def test_responses_are_left_then_right_in_the_order_of_the_image_numbers(folder):
    subject = open_subject(folder)
    lh = np.load(folder / "training_split/training_fmri/lh_training_fmri.npy")
    rh = np.load(folder / "training_split/training_fmri/rh_training_fmri.npy")
    rows = np.array([3, 0])
    np.testing.assert_array_equal(
        subject.train.response_rows(rows), np.concatenate([lh, rh], 1)[rows]
    )
    assert subject.train.images.ids[:2] == ("nsd-01000", "nsd-01007")
    assert isinstance(subject.train.responses[LEFT], np.memmap)


def test_rois_absent_in_a_hemisphere_are_empty(folder):
    subject = open_subject(folder)
    np.testing.assert_array_equal(subject.parcellation.vertices("FFA-1", LEFT), [4, 5])
    assert len(subject.parcellation.vertices("FFA-1", RIGHT)) == 0
    np.testing.assert_array_equal(subject.roi_vertices("OFA", RIGHT), [N_LEFT + 4])
    assert subject.parcellation.names_at(LEFT, 4) == ("V1d", "FFA-1")
    with pytest.raises(UnknownName, match="FFA-1"):
        subject.parcellation.vertices("FFA1", LEFT)


def test_values_go_to_fsaverage_and_back(folder, rng):
    space = open_subject(folder).space
    values = rng.normal(size=(2, N_RIGHT)).astype(np.float32)
    full = space.to_fsaverage(values, RIGHT)
    assert full.shape == (2, 10_242)
    assert np.isnan(full).sum() == 2 * (10_242 - N_RIGHT)
    np.testing.assert_array_equal(space.from_fsaverage(full, RIGHT), values)
    with pytest.raises(CoreError, match="5 vertices"):
        space.to_fsaverage(np.zeros(N_LEFT), RIGHT)


def test_sidecar_is_optional_and_without_it_the_ceiling_is_unknown(tmp_path):
    plain = open_subject(write_subject(tmp_path / "subj02", sidecar=False, test_responses=False))
    assert (plain.simulated, plain.ncsnr, plain.test.responses) == (False, None, None)
    assert plain.layout == "algonauts2023"
    marked = open_subject(write_subject(tmp_path / "subj03"))
    assert marked.simulated
    assert marked.stamp == "SIMULATED subj03"
    assert marked.train.notes[2].caption == "picture 2"


def test_captions_of_the_sidecar_go_with_the_images(folder):
    path = folder / "cortiscope_sidecar/stimuli.json"
    notes = json.loads(path.read_text())
    notes[2] = {"split": "train", "number": 3, "captions": ["one", "two"]}
    del notes[3]["caption"]
    path.write_text(json.dumps(notes))
    subject = open_subject(folder)
    assert subject.train.images.captions[1:4] == (("picture 1",), ("one", "two"), ())
    assert subject.train.notes[2].caption == "one"
    assert subject.test.images.captions == ()


def test_fingerprint_follows_the_data(tmp_path):
    one = open_subject(write_subject(tmp_path / "a" / "s"))
    same = open_subject(write_subject(tmp_path / "b" / "s"))
    other = open_subject(write_subject(tmp_path / "c" / "s", seed=1))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_a_folder_without_subjects_is_told(tmp_path):
    with pytest.raises(MissingData, match="does not exist"):
        find_subjects(tmp_path / "nowhere")
    with pytest.raises(MissingData, match="No subject"):
        find_subjects(tmp_path)


def _truncate(path):
    os.truncate(path, path.stat().st_size // 2)


FMRI = "training_split/training_fmri/lh_training_fmri.npy"
IMAGES = "training_split/training_images"
DAMAGE = {
    "truncated responses": (lambda f: _truncate(f / FMRI), "lh_training_fmri.npy"),
    "responses of other images": (lambda f: np.save(f / FMRI, np.zeros((3, N_LEFT))), "20 x 7"),
    "responses of other vertices": (lambda f: np.save(f / FMRI, np.zeros((20, 9))), "20 x 9"),
    "one hemisphere missing": (lambda f: (f / FMRI).unlink(), "lh_training_fmri|other hemisphere"),
    "image missing": (
        lambda f: next((f / IMAGES).glob("*-0003_*")).unlink(),
        "no image numbered 3",
    ),
    "image unnumbered": (lambda f: (f / IMAGES / "cat.png").touch(), "cat.png"),
    "image twice": (
        lambda f: Image.new("RGB", (32, 32)).save(f / IMAGES / "train-0003_nsd-99999.png"),
        "two images numbered 3",
    ),
    "mask of another template": (
        lambda f: np.save(f / "roi_masks/lh.all-vertices_fsaverage_space.npy", np.ones(500)),
        "500 long",
    ),
    "labels of other vertices": (
        lambda f: np.save(f / "roi_masks/rh.floc-faces_challenge_space.npy", np.ones(4)),
        "rh.floc-faces_challenge_space.npy",
    ),
    "sidecar not JSON": (
        lambda f: (f / "cortiscope_sidecar/sidecar.json").write_text("{"),
        "sidecar.json",
    ),
    "sidecar of another version": (
        lambda f: (f / "cortiscope_sidecar/sidecar.json").write_text('{"format": "x"}'),
        "version",
    ),
    "captions that are no texts": (
        lambda f: (f / "cortiscope_sidecar/stimuli.json").write_text(
            '[{"split": "train", "number": 1, "captions": "a face"}]'
        ),
        "stimuli.json",
    ),
    "repeats of other images": (
        lambda f: np.save(f / "cortiscope_sidecar/repeats_train.npy", np.ones(4, int)),
        "repeats_train.npy",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_told_with_the_files_name(folder, kind):
    damage, words = DAMAGE[kind]
    damage(folder)
    with pytest.raises((DamagedFile, MissingData), match=words):
        open_subject(folder)


def test_ceilings_in_percent_are_an_error(folder):
    where = folder / "test_split/noise_ceiling"
    where.mkdir()
    np.save(where / "lh_noise_ceiling.npy", np.full(N_LEFT, 35.0))
    np.save(where / "rh_noise_ceiling.npy", np.full(N_RIGHT, 0.3))
    with pytest.raises(DamagedFile, match="Divide"):
        open_subject(folder)


@pytest.mark.parametrize("value", [np.arange(3), {"a": "V1"}, {1: 2}, ["V1"]])
def test_mapping_files_that_hold_something_else_are_refused(tmp_path, value):
    path = tmp_path / "mapping_streams.npy"
    np.save(path, value, allow_pickle=True)
    with pytest.raises(DamagedFile, match="mapping_streams.npy"):
        load_label_names(path)
