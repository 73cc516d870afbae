from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.simulation.trials import estimate_ncsnr, measure, noise_ceiling, plan_trials


def _over_hemispheres(values):
    return np.concatenate([values[h] for h in HEMISPHERES])


@pytest.mark.parametrize("name", ["sim01", "sim02"])
def test_ncsnr_from_repeats_finds_the_true_one(subjects, name):
    subject = subjects[name]
    estimated, true = _over_hemispheres(subject.ncsnr), _over_hemispheres(subject.true_ncsnr)
    assert np.corrcoef(estimated, true)[0, 1] > 0.97
    assert abs(np.median(estimated - true)) < 0.03


@pytest.mark.parametrize("name", ["sim01", "sim02"])
def test_noise_ceilings_are_like_those_of_the_real_data(subjects, name):
    subject = subjects[name]

    def median_ceiling(*rois):
        values = [
            noise_ceiling(subject.ncsnr[h], 3)[subject.anatomy.parcellation.vertices(r, h)]
            for r in rois
            for h in HEMISPHERES
        ]
        return float(np.median(np.concatenate(values)))

    assert 0.48 < median_ceiling("V1v", "V1d") < 0.65
    assert 0.38 < median_ceiling("FFA-1", "FFA-2") < 0.58
    assert 0.38 < median_ceiling("PPA") < 0.58
    assert 0.10 < median_ceiling("parietal") < 0.26
    everything = noise_ceiling(_over_hemispheres(subject.ncsnr), 3)
    assert 0.28 < np.median(everything) < 0.42


def test_noise_ceiling_is_the_published_formula():
    np.testing.assert_allclose(noise_ceiling(np.array([0.5, 0.0]), 3), [0.25 / (0.25 + 1 / 3), 0])


def test_ncsnr_is_zero_without_signal_or_without_variance():
    np.testing.assert_allclose(estimate_ncsnr(np.array([0.8, 1.2, 0.0])), [0.5, 0, 0])


def test_every_image_is_shown_as_often_as_planned_in_sessions_of_equal_length(rng):
    repeats = np.array([1, 3, 2, 3, 1])
    plan = plan_trials(repeats, 2, rng)
    np.testing.assert_array_equal(np.bincount(plan.image), repeats)
    np.testing.assert_array_equal(np.bincount(plan.session), [5, 5])
    assert (np.diff(plan.session) >= 0).all()


@pytest.mark.parametrize("split", ["train", "test"])
def test_truth_has_the_units_of_the_responses(subjects, split):
    measured = subjects["sim01"].measured[split]
    for hemisphere in HEMISPHERES:
        truth, responses = measured[hemisphere].truth, measured[hemisphere].responses
        slope = (truth * responses).sum(axis=0) / (truth**2).sum(axis=0)
        assert 0.95 < np.median(slope) < 1.05


def test_drift_between_sessions_leaves_no_trace_after_scoring(subjects, rng):
    anatomy = subjects["sim01"].anatomy.left
    n = anatomy.n_vertices
    plan = plan_trials(np.full(50, 4), 2, rng)
    scored = measure(np.zeros((50, n)), np.full(n, 0.5), plan, anatomy, np.zeros(200), rng)
    # Pure noise: what remains is the average of four trials of unit variance.
    assert abs(scored.responses.mean()) < 0.01
    assert 0.45 < scored.responses.std(axis=0).mean() < 0.55


def test_dead_vertices_are_constant_and_have_no_ceiling(subjects):
    subject = subjects["sim02"]
    for hemisphere in HEMISPHERES:
        dead = subject.models[hemisphere].ncsnr == 0
        assert dead.sum() == subject.anatomy.person.n_dead == 4
        for split in ("train", "test"):
            assert (subject.measured[split][hemisphere].responses[:, dead] == 0).all()
            assert (subject.measured[split][hemisphere].truth[:, dead] == 0).all()
        assert (subject.ncsnr[hemisphere][dead] == 0).all()
        alive = subject.measured["test"][hemisphere].responses[:, ~dead]
        assert (alive.std(axis=0) > 0).all()


def test_responses_of_a_region_stay_noisy_when_averaged(subjects):
    # Shared noise: the mean over a region keeps far more noise than independence would leave.
    subject = subjects["sim01"]
    hemisphere = HEMISPHERES[1]
    v1 = subject.anatomy.right.area == "V1"
    measured = subject.measured["test"][hemisphere]
    noise = (measured.responses - measured.truth)[:, v1]
    assert noise.mean(axis=1).std() > 2.5 * noise.std() / np.sqrt(v1.sum())
