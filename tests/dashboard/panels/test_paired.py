"""What stands beside two encoders' numbers."""

from types import SimpleNamespace

import numpy as np

from cortiscope.core.datasets import open_subject
from cortiscope.core.evaluation import Comparison, Evaluation, R, RoiScore
from cortiscope.core.evaluation.report import ALL_VERTICES, STATISTIC
from cortiscope.core.evaluation.significance import PairedDifference
from cortiscope.pages.compare.pair import Pair
from cortiscope.pages.compare.paired import overall_html
from tests.data.tiny_world import write_subject


def _run(mean, n_undefined):
    whole = RoiScore(ALL_VERTICES, "both", 12, n_undefined, mean, mean)
    return SimpleNamespace(
        report=Evaluation("test", 20, np.zeros(12), None, "unknown", (whole,), STATISTIC)
    )


def test_a_mean_over_other_vertices_than_are_compared_says_so(tmp_path):
    """A is constant at nine of twelve vertices: its mean over three is no rival of B's."""
    subject = open_subject(write_subject(tmp_path / "s1"))
    paired = PairedDifference(12, 9, 0.3, 0.35, 0.3, 0.35, -0.05, -0.1, -0.01, 0.02)
    compared = Comparison((), (), np.empty(0), paired)
    html = overall_html(Pair(subject, (_run(0.3, 9), _run(0.2, 1)), R, ()), compared)
    assert "Over 3 vertices" in html
    assert html.count("; over ") == 1
    assert "median 0.200; over 11 vertices" in html
