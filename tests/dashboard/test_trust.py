"""What a map may be faded by, and what is said of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cortiscope import services
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.panels import trust
from cortiscope.panels.trust import CEILING, HELD_OUT, reliability_of, with_reliability

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


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1.0, "0.60 of the measured SD"),
        (3.0, "more than the model delivers"),
        (0.3, "smaller than it could be"),
    ],
)
def test_the_size_of_predictions_is_this_runs_own(monkeypatch, rng, size, words):
    measured = rng.normal(size=(4000, 3))
    # What a linear prediction of least squared error with r .6 looks like, times a size.
    predicted = size * (0.36 * measured + 0.48 * rng.normal(size=measured.shape))
    report = SimpleNamespace(r=np.array([0.6, np.nan, 0.6]), n_images=4000, split="test")
    monkeypatch.setattr(services, "run", lambda name: SimpleNamespace(report=report, subject=""))
    monkeypatch.setattr(services, "subject", lambda name: None)
    monkeypatch.setattr(
        services,
        "reported_at",
        lambda run, subject, at: tuple(
            x[:, np.frombuffer(at, np.int64)] for x in (predicted, measured)
        ),
    )
    trust._spread.clear()
    said = trust.spread_words(SimpleNamespace(id="some", report=report))
    assert words in said
    assert "r 0.60" in said
