"""What a map may be faded by, and what is said of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from dashboard.cortex_view import ColourScale, CortexMap
from dashboard.panels.trust import CEILING, HELD_OUT, reliability_of, with_reliability

R = np.array([0.4, -0.2, np.nan], dtype=np.float32)


def _run(ceiling):
    return SimpleNamespace(report=SimpleNamespace(r=R, ceiling=ceiling))


def test_the_noise_ceiling_goes_before_the_encoders_own_r():
    reliability, label = reliability_of(_run(np.array([0.25, 0.0, 1.0])))
    np.testing.assert_allclose(reliability, [0.5, 0.0, 1.0])
    assert label == CEILING


def test_without_a_ceiling_it_is_the_held_out_r_and_negative_or_undefined_r_counts_nothing():
    reliability, label = reliability_of(_run(None))
    np.testing.assert_allclose(reliability, [0.4, 0.0, 0.0])
    assert label == HELD_OUT


def test_scores_are_never_faded_by_themselves():
    assert reliability_of(_run(None), of_scores=True) is None
    shown = [CortexMap("r", R, ColourScale("sequential", 0, 1, "r"))]
    assert with_reliability(shown, _run(None), of_scores=True) == shown
    faded = with_reliability(shown, _run(np.ones(3)), of_scores=True)
    assert faded[0].reliability_label == CEILING
    assert faded[0].values is R
