"""The scale of maps fits responses of any units, and is that of z where they are z."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets.describe import range_of_responses
from cortiscope.panels.roi_responses import mean_range


@pytest.mark.parametrize(
    ("mean", "sd", "low", "high"),
    [
        (0, 0.7, -2, 2),
        (0, 0.2, -1, 1),
        (0, 0.004, -0.011, 0.011),
        (500, 26, 439.5, 560.5),
        (0, 0, -0.5, 0.5),
    ],
)
def test_ends_of_the_scale(mean, sd, low, high):
    sample = mean + sd * np.random.default_rng(3).standard_normal((40, 500))
    assert range_of_responses(sample) == pytest.approx((low, high), rel=0.01)


def test_what_lies_about_zero_has_a_symmetric_scale():
    low, high = range_of_responses(np.random.default_rng(1).normal(0.5, 1, (20, 50)))
    assert low == -high


def test_the_charts_of_rois_end_where_their_means_do(tiny_app):
    subject = tiny_app.subject()
    sample = subject.test.response_rows(slice(None))
    means = [
        sample[:, vertices].mean(1)
        for roi in subject.parcellation.roi_names
        for h in HEMISPHERES
        if len(vertices := subject.roi_vertices(roi, h))
    ]
    tiny_app.open("", subject="subj01")
    low, high = mean_range(subject)
    assert (low, high) == range_of_responses(np.array(means))
    assert high < range_of_responses(sample)[1]
