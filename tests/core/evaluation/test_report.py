from dataclasses import asdict

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.evaluation import chance_scores, evaluate, jackknife_mean_r, noise_ceiling
from cortiscope.core.evaluation.report import ALL_VERTICES, STATISTIC
from tests.data.tiny_world import write_subject


@pytest.fixture
def scored(tmp_path, rng):
    """A subject, and a function that scores one prediction of its test images."""
    write_subject(tmp_path / "subj01", n_test=14)
    subject = open_subject(tmp_path, "subj01")
    measured = subject.test.response_rows(slice(None))
    predicted = measured + rng.normal(size=measured.shape).astype(np.float32)
    rows = np.arange(len(subject.test))

    def score(keep=None):
        return evaluate(subject, predicted, split="test", rows=rows, label="test", keep=keep)

    return subject, predicted, score


def test_a_place_has_the_interval_of_its_mean_r(scored):
    subject, predicted, score = scored
    report = score()
    assert report.statistic == STATISTIC
    vertices = subject.roi_vertices("V1v", "left")
    tested = jackknife_mean_r(predicted, subject.test.response_rows(slice(None)), [vertices])
    low, high = tested.interval()
    v1v = report.of("V1v", "left")
    assert (v1v.low, v1v.mean_r, v1v.high) == pytest.approx((low[0], tested.estimate[0], high[0]))


def test_a_place_without_any_r_counts_0_where_a_vertex_without_r_does(scored):
    subject, predicted, _ = scored
    rows = np.arange(len(subject.test))
    constant = np.ones_like(predicted)
    report = evaluate(subject, constant, split="test", rows=rows, label="test")
    whole = report.overall
    assert (whole.n, whole.n_undefined, whole.mean_r, whole.low) == (12, 12, None, None)
    assert (whole.challenge_score, whole.noise_normalized) == (0.0, 0.0)
    absent = report.of("FFA-1", "right")
    assert (absent.n, absent.challenge_score, absent.n_zero_ceiling) == (0, None, None)


def test_a_picture_that_was_scored_twice_is_no_further_image_to_chance(scored):
    subject, predicted, score = scored
    once = score().overall.chance
    rows = np.repeat(np.arange(len(subject.test)), 2)
    report = evaluate(subject, predicted[rows], split="test", rows=rows, label="test")
    ceiling = report.ceiling[report.ceiling > 0]
    n = 28 / (1 + ceiling)
    assert report.overall.chance == pytest.approx(chance_scores(ceiling, n).mean())
    assert report.overall.chance > chance_scores(ceiling, 28).mean()
    assert once == pytest.approx(chance_scores(ceiling, 14).mean())


def test_keeping_every_vertex_changes_nothing(scored):
    subject, _, score = scored
    for one, other in zip(score(np.ones(12, bool)).rois, score().rois, strict=True):
        assert asdict(one) == asdict(other)


def test_scores_are_those_of_the_kept_vertices_alone(scored):
    subject, _, score = scored
    report = score()
    keep = np.zeros(12, bool)
    keep[[0, 2, 3, 7, 11]] = True
    part = score(keep)
    assert np.isfinite(part.r).tolist() == keep.tolist()
    v1v = part.of("V1v", "left")
    assert v1v.n == 2
    assert v1v.median_r == pytest.approx(np.median(report.r[[0, 2]]))
    ceiling = np.sqrt(noise_ceiling(subject.ncsnr, subject.test.repeats))
    assert v1v.ceiling_r == pytest.approx(np.mean(ceiling[[0, 2]]))
    assert part.overall.n == 5
    assert part.of(ALL_VERTICES, "right").n == 2
    assert part.of(ALL_VERTICES, "right").mean_r == pytest.approx(np.mean(report.r[[7, 11]]))


def test_a_roi_without_a_kept_vertex_has_no_score(scored):
    _, _, score = scored
    part = score(np.arange(12) < 3)
    assert part.of("V1d", "left").n == 0
    assert part.of("V1d", "left").median_r is None
    assert part.of(ALL_VERTICES, "right").median_r is None


def test_copies_of_one_picture_are_one_stimulus(tmp_path, rng):
    folder = write_subject(tmp_path / "subj01", n_test=14)
    pictures = sorted(folder.rglob("test*/**/*.png"))
    assert len(pictures) == 14
    for copy in pictures[1:6]:
        copy.write_bytes(pictures[0].read_bytes())
    subject = open_subject(tmp_path, "subj01")
    rows = np.arange(14)
    predicted = rng.normal(size=(14, 12)).astype(np.float32)
    report = evaluate(subject, predicted, split="test", rows=rows, label="test")
    # 14 images, but 9 stimuli: too few for an interval.
    assert (report.n_images, report.n_stimuli) == (14, 9)
    assert (report.overall.low, report.overall.high) == (None, None)
    assert report.overall.mean_r is not None
