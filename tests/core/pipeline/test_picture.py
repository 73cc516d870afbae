"""What is said of one picture equals what scikit-learn and scipy give, and what the page shows."""

import numpy as np
import pytest
from PIL import Image
from scipy.stats import percentileofscore
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from cortiscope.core import notebook as cs
from cortiscope.core.brain import Parcellation
from cortiscope.core.evaluation import occlusion_drop, percentile_words
from cortiscope.core.pipeline.picture import (
    BY_FEATURES,
    clear_examples,
    prediction_words,
    report_of_picture,
)
from cortiscope.core.pipeline.predict import BackboneCache, picture_design
from tests.data.tiny_world import write_subject


@pytest.fixture
def subject(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    return cs.open_subject(write_subject(tmp_path / "data" / "s1", n_test=9))


@pytest.fixture
def run(subject):
    return cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="pca:6")


@pytest.fixture
def picture(rng):
    return Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8))


def test_percentiles_neighbours_and_novelty(subject, run, picture):
    found = report_of_picture(run, subject, picture)
    design, residual = picture_design(run, picture, BackboneCache())
    held = run.predict_rows("test", slice(None))
    vertices = subject.roi_vertices("V1d", "left")
    n, mean, percentile = found.rois["V1d", "left"]
    assert n == len(vertices) == 2
    assert mean == pytest.approx(found.predicted[vertices].mean())
    expected = percentileofscore(held[:, vertices].mean(axis=1), mean, kind="strict")
    assert percentile == pytest.approx(expected)
    designs = {name: np.asarray(run.array(f"design_{name}")) for name in ("train", "test")}
    similar = {
        (name, k): value
        for name, rows in designs.items()
        for k, value in enumerate(cosine_similarity(rows, design[None])[:, 0])
    }
    best = sorted(similar, key=similar.__getitem__, reverse=True)[:6]
    assert [(one.split, one.row) for one in found.nearest] == best
    fit = designs["train"][np.asarray(run.array("fit_rows"))]
    nearest = euclidean_distances(design[None], fit).min()
    far = found.novelty[BY_FEATURES].distance
    assert far == pytest.approx(np.hypot(nearest, residual), rel=1e-4)


def test_a_notebook_has_it_from_a_file_and_as_a_table(subject, run, picture, tmp_path):
    picture.save(tmp_path / "mine.png")
    found = cs.inspect_image(run, tmp_path / "mine.png")
    table = found.table().set_index(["roi", "hemisphere"])
    assert ("FFA-1", "right") not in table.index  # absent there
    assert table.loc[("V1d", "left"), "percentile"] == found.rois["V1d", "left"][2]
    assert "9 held-out images of s1" in table.attrs["definition"]
    assert len(repr(found).splitlines()) == 3
    assert "SIMULATED s1" in repr(found)


def test_without_test_images_validation_images_are_the_reference(tmp_path, subject, picture):
    folder = write_subject(tmp_path / "data" / "s2", n_test=0, test_responses=False)
    other = cs.open_subject(folder)
    run = cs.fit(other, "pixels", "pixels", pooling="grid:4", reduction="pca:4")
    assert "4 validation images of s2" in report_of_picture(run, other, picture).which


def test_a_patch_that_drives_is_where_the_prediction_falls(rng):
    weights = rng.normal(size=(5, 3))
    design, occluded = rng.normal(size=5), rng.normal(size=(2, 3, 5))
    drop = occlusion_drop(lambda rows: rows @ weights, design, occluded)
    expected = [[(design - patch) @ weights.mean(axis=1) for patch in row] for row in occluded]
    np.testing.assert_allclose(drop, expected)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (97.4, "at its 97th percentile of n"),
        (99.9, "at its 99th percentile of n"),
        (91.0, "at its 91st percentile of n"),
        (11.5, "at its 12th percentile of n"),
        (0.4, "at its 1st percentile of n"),
        (100.0, "higher than for any of n"),
        (0.0, "lower than for any of n"),
    ],
)
def test_a_percentile_in_words_is_never_more_extreme_than_it_is(share, words):
    assert percentile_words(share, "n") == words


def test_the_sentence_names_the_roi_farthest_from_its_median_and_no_stream():
    shares = {("FFA-1", "right"): 97.5, ("V1d", "left"): 40.0, ("PPA", "left"): 4.0}
    rois = Parcellation({})
    assert prediction_words(rois, {**shares, ("early", "left"): 99.5}, "9 held-out images") == (
        "faces: FFA-1 right is predicted at its 97th percentile of 9 held-out images, the farthest "
        "out of 3 ROIs."
    )
    quiet = prediction_words(rois, {("V1d", "left"): 89.0, ("FFA-1", "left"): 12.0}, "9 images")
    assert quiet.startswith("Nothing stands out")
    assert "V1d left is at its 89th percentile of 9 images" in quiet


def test_an_image_of_the_subject_is_set_beside_the_others_alone(subject, run):
    found = cs.inspect_image(run, subject.test.images.paths[2])
    assert found.which == "8 held-out images of s1"
    assert ("test", 2) not in [(one.split, one.row) for one in found.nearest]
    held = np.delete(run.predict_rows("test", slice(None)), 2, axis=0)
    vertices = subject.roi_vertices("V1d", "left")
    _, mean, percentile = found.rois["V1d", "left"]
    assert percentile == percentileofscore(held[:, vertices].mean(axis=1), mean, kind="strict")


def test_examples_are_images_on_which_data_and_model_agree(rng):
    """Thirty images; of three that drive both the model's faces ROI, one drives the data's too."""
    kinds = {"floc-faces": [0, 1], "floc-places": [2, 3], "streams": [4]}
    places = [(kind, np.array(columns)) for kind, columns in kinds.items()]
    predicted = rng.normal(size=(30, 5)) * 0.1
    measured = rng.normal(size=(30, 5)) * 0.1
    predicted[[3, 8], :2] += 5
    predicted[:, 2:4] -= predicted[:, 2:4].mean(axis=1, keepdims=True)
    predicted[[3, 8], 2:4] = 0
    measured[8, :2] += 3
    measured[21, :2] += 9  # the model knows nothing of it
    measured[3, 2:4] += 3
    chosen = clear_examples(places, measured, predicted)
    assert chosen["faces"] == 8
    assert clear_examples(places[:1], measured, predicted) == {}
