"""A folder of a released subject's name is held against the release."""

from __future__ import annotations

import numpy as np

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import check_folder
from cortiscope.core.datasets.algonauts2023.release import compare_with_release
from tests.data.tiny_world import write_subject


def _compare(name, images, left, right, n_template=163_842):
    problems, notes = [], []
    counts = dict(zip(HEMISPHERES, (left, right), strict=True))
    compare_with_release(name, n_template, images, counts, problems.append, notes.append)
    return problems, notes


def test_a_subject_as_released_is_right():
    assert _compare("subj01", (9841, 159), 19_004, 20_544) == ([], [])
    assert _compare("subj06", (9082, 293), 18_978, 20_220) == ([], [])
    assert _compare("subj08", (8779, 395), 18_981, 20_530) == ([], [])


def test_hemispheres_swapped_in_all_files_are_a_problem():
    (line,), notes = _compare("subj06", (9082, 293), 20_220, 18_978)
    assert "20,220 left + 18,978 right vertices, as released 18,978 + 20,220" in line
    assert notes == []


def test_another_size_is_a_note():
    problems, notes = _compare("subj03", (9000, 293), 19_004, None)
    assert problems == []
    assert notes == ["subj03 has 9,000 training images; as released it has 9,082."]


def test_other_subjects_and_templates_are_not_compared():
    assert _compare("sim01", (5, 5), 5, 5) == ([], [])
    assert _compare("subj01", (5, 5), 5, 5, n_template=10_242) == ([], [])


def test_the_whole_check_compares_subjects_on_fsaverage(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01")
    for short in ("lh", "rh"):
        path = folder / f"roi_masks/{short}.all-vertices_fsaverage_space.npy"
        mask = np.zeros(163_842, dtype=np.int64)
        mask[:10_242] = np.load(path)
        np.save(path, mask)
    (subject,) = check_folder(folder.parent).subjects
    assert subject.problems == ()
    assert "subj01 has 7 left vertices; as released it has 19,004." in subject.notes
