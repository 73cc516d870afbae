"""Which images are trained on, and which are tested."""

from __future__ import annotations

import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.nsd.design import read_design, split_images
from tests.core.datasets.nsd.preparing import prepare
from tests.data import tiny_nsd as tiny


@pytest.mark.parametrize(
    ("n_sessions", "test", "name", "tested", "aside"),
    [
        (4, "shared", "shared1000", [11, 905, 72_000], []),
        (4, "shared515", "shared515", [11, 905], [72_000]),
        (3, "shared", "shared515", [11, 905], [72_000]),
        (1, "shared", "shared-seen", [11, 905], []),
    ],
)
def test_no_shared_image_is_ever_fitted(nsd, n_sessions, test, name, tested, aside):
    path = nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    split = split_images(read_design(path, "subj03", **tiny.SETTINGS), n_sessions, test)
    assert split.name == name
    assert list(split.test) == [n - 1 for n in tested]
    assert list(split.aside) == [n - 1 for n in aside]
    assert not set(split.train) & {n - 1 for n in tiny.SHARED}


def test_the_design_of_each_subject_is_its_own_row(nsd):
    path = nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    for subject in (1, 5):
        design = read_design(path, f"subj{subject:02d}", **tiny.SETTINGS)
        assert list(design.image) == [tiny.images_of(subject)[k - 1] - 1 for k in tiny.ORDER]


def test_repeats_are_those_of_the_sessions_read(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path, sessions=2))
    shown = [tiny.images_of(1)[k - 1] - 1 for k in tiny.ORDER[: 2 * tiny.TRIALS]]
    for split in (subject.train, subject.test):
        counts = [shown.count(int(i.removeprefix("nsd-"))) for i in split.images.ids]
        assert list(split.repeats) == counts
    assert subject.details["test_set"] == "shared-seen"
