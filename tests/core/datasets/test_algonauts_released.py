"""Generated folders in the released layout, read back with numpy and by the loader."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import check_folder, open_subject
from tests.data.algonauts_folder import MAPPINGS, N_TEMPLATE, write_subject

# Facts about the release: which of the 31 ROIs each hemisphere of three subjects lacks.
NOWHERE = {"mTL-faces", "aTL-faces"}
ABSENT = {
    (1, "lh"): {*NOWHERE, "mTL-bodies", "mTL-words", "FBA-2", "FFA-2"},
    (1, "rh"): {*NOWHERE, "mTL-bodies", "mTL-words", "mfs-words"},
    (6, "lh"): {*NOWHERE, "mTL-bodies"},
    (6, "rh"): {*NOWHERE, "mTL-words"},
    (8, "lh"): {*NOWHERE, "mTL-bodies", "mTL-words"},
    (8, "rh"): {*NOWHERE, "mTL-words", "VWFA-2"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for k in (1, 6, 8):
        write_subject(folder / f"subj{k:02d}", subject=k, n_train=30, n_test=7, private=k == 6)
    return folder


def test_a_released_folder_has_no_problems(data):
    report = check_folder(data, deep=True)
    assert [s.problems for s in report.subjects] == [(), (), ()]
    assert report.layout == "algonauts2023"
    # Generated vertices are a hundredth; only sizes and what is withheld are worth a note.
    assert all("as released" in note or "release." in note for note in report.subjects[0].notes)


@pytest.mark.parametrize("number", [1, 6, 8])
def test_vertices_and_rois_are_those_of_the_files(data, number):
    subject = open_subject(data, f"subj{number:02d}")
    masks = data / subject.id / "roi_masks"
    for hemisphere in HEMISPHERES:
        short = hemisphere.short
        mask = np.load(masks / f"{short}.all-vertices_fsaverage_space.npy")
        assert (len(mask), mask.max()) == (N_TEMPLATE, 2)
        np.testing.assert_array_equal(subject.space.index[hemisphere], np.where(mask)[0])
        empty = set()
        for name in MAPPINGS:
            mapping = np.load(masks / f"mapping_{name}.npy", allow_pickle=True).item()
            labels = np.load(masks / f"{short}.{name}_challenge_space.npy")
            for label, roi in mapping.items():
                own = np.where(labels == label)[0]
                if label and not len(own):
                    empty.add(roi)
                if label:
                    found = subject.parcellation.vertices(roi, hemisphere)
                    np.testing.assert_array_equal(found, own)
        assert empty == ABSENT[number, short]


def test_subjects_differ_in_size_and_only_private_files_have_ceilings(data):
    sizes = {k: open_subject(data, f"subj0{k}").space.n_vertices() for k in (1, 6, 8)}
    assert sizes == {1: 190 + 205, 6: 189 + 202, 8: 189 + 205}
    assert open_subject(data, "subj01").test.responses is None
    with_responses = open_subject(data, "subj06")
    assert len(with_responses.test.responses[HEMISPHERES[0]]) == 7
    assert 0 in with_responses.test_ceiling


def test_a_check_says_what_it_is_reading_and_never_goes_back(data):
    heard = []
    check_folder(data, subject="subj06", progress=lambda share, words: heard.append((share, words)))
    for name in ("lh_training_fmri", "rh_training_fmri", "rh_test_fmri"):
        assert f"reading {name}.npy" in [words for _, words in heard]
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1
