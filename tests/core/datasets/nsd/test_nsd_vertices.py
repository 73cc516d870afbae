"""Which vertices are kept, and the ROIs on them."""

from __future__ import annotations

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import open_subject
from tests.core.datasets.nsd.preparing import LONG, prepare
from tests.data import tiny_nsd as tiny


def test_labels_on_fsaverage_become_rois(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    early = subject.parcellation.vertices("early", Hemisphere.LEFT)
    assert list(early) == [1, 4]
    # Vertex 70, the third on the right, was left out.
    assert list(subject.parcellation.vertices("early", Hemisphere.RIGHT)) == [1, 3]
    assert len(subject.parcellation.vertices("midventral", Hemisphere.RIGHT)) == 0
    assert subject.details["roi_classes"] == ["streams"]


def test_all_vertices_or_a_mask_of_ones_own_can_be_taken(nsd, tmp_path):
    everything = open_subject(prepare(nsd, tmp_path / "all", mask="all"))
    assert everything.space.n_vertices() == 2 * tiny.N_TEMPLATE - 1
    own = {h: np.zeros(tiny.N_TEMPLATE) for h in LONG.values()}
    own[Hemisphere.LEFT][[5, 10]] = 1
    own[Hemisphere.RIGHT][2] = 2
    few = open_subject(prepare(nsd, tmp_path / "own", mask=own))
    assert list(few.space.index[Hemisphere.LEFT]) == [5, 10]
    for h in LONG.values():
        np.testing.assert_array_equal(
            few.train.responses[h],
            everything.train.responses[h][
                :, np.searchsorted(everything.space.index[h], few.space.index[h])
            ],
        )


def test_the_masks_of_an_algonauts_folder_can_be_taken(nsd, tmp_path):
    first = prepare(nsd, tmp_path / "first")
    second = open_subject(prepare(nsd, tmp_path / "second", mask=first / "roi_masks"))
    assert second.space.n_vertices() == 11
    assert list(second.parcellation.vertices("early", Hemisphere.LEFT)) == [1, 4]
