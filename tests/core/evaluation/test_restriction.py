from dataclasses import asdict

import numpy as np
import pytest

from core.datasets import open_subject
from core.evaluation import bootstrap_r, evaluate, noise_ceiling
from core.evaluation.report import ALL_VERTICES
from core.evaluation.restriction import restrict
from tests.tiny_world import write_subject


@pytest.fixture
def scored(tmp_path, rng):
    write_subject(tmp_path / "subj01")
    subject = open_subject(tmp_path, "subj01")
    measured = subject.test.response_rows(slice(None))
    predicted = measured + rng.normal(size=measured.shape).astype(np.float32)
    rows = np.arange(len(subject.test))
    report = evaluate(subject, predicted, split="test", rows=rows, label="test")
    return subject, report, bootstrap_r(predicted, measured)


def test_keeping_every_vertex_changes_nothing(scored):
    subject, report, draws = scored
    again = restrict(subject, report, np.ones(12, bool), draws)
    for one, other in zip(again.rois, report.rois, strict=True):
        for name, value in asdict(other).items():
            # A stored r is float32, so the last digits differ.
            expected = pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
            assert getattr(one, name) == expected, name


def test_scores_are_those_of_the_kept_vertices_alone(scored):
    subject, report, draws = scored
    keep = np.zeros(12, bool)
    keep[[0, 2, 3, 7, 11]] = True
    part = restrict(subject, report, keep, draws)
    assert np.isfinite(part.r).tolist() == keep.tolist()
    v1v = part.of("V1v", "left")
    assert v1v.n == 2
    assert v1v.median_r == pytest.approx(np.median(report.r[[0, 2]]))
    ceiling = np.sqrt(noise_ceiling(subject.ncsnr, subject.test.repeats))
    assert v1v.ceiling_r == pytest.approx(np.median(ceiling[[0, 2]]))
    assert part.overall.n == 5
    assert part.of(ALL_VERTICES, "right").n == 2
    assert part.of(ALL_VERTICES, "right").mean_r == pytest.approx(np.mean(report.r[[7, 11]]))


def test_a_roi_without_a_kept_vertex_has_no_score(scored):
    subject, report, draws = scored
    part = restrict(subject, report, np.arange(12) < 3, draws)
    assert part.of("V1d", "left").n == 0
    assert part.of("V1d", "left").median_r is None
    assert part.of(ALL_VERTICES, "right").median_r is None
