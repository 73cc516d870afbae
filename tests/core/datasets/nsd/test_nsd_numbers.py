"""Prepared responses and ncsnr against plain loops over everything in memory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.nsd.betas import z_score_blocks
from cortiscope.core.datasets.nsd.sessions import Repeats, ncsnr_of
from cortiscope.core.evaluation.ceiling import ncsnr_from_repeats
from tests.core.datasets.nsd.preparing import LONG, in_memory, prepare
from tests.data import tiny_nsd as tiny


def test_responses_and_ncsnr_equal_a_computation_in_memory(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    broken = tiny.KEPT["rh"].index(tiny.BROKEN[1])
    ncsnr = subject.space.split(np.asarray(subject.ncsnr))
    for short, hemisphere in LONG.items():
        scores, images, means = in_memory(nsd, short)
        if short == "rh":
            scores = np.delete(scores, broken, axis=1)
            means = {i: np.delete(m, broken) for i, m in means.items()}
        for split in (subject.train, subject.test):
            expected = np.array([means[int(i.removeprefix("nsd-"))] for i in split.images.ids])
            assert split.responses[hemisphere].dtype == np.float32
            np.testing.assert_allclose(split.responses[hemisphere], expected, atol=1e-5)
        plain = ncsnr_from_repeats(scores, images)
        if short == "lh":  # there the total variance is not 1
            once = tiny.KEPT["lh"].index(tiny.CONSTANT_ONCE[1])
            plain[once] = ncsnr[hemisphere][once]
        np.testing.assert_allclose(ncsnr[hemisphere], plain, atol=1e-5)
        assert np.max(ncsnr[hemisphere]) > 0.5


def test_a_vertex_constant_in_a_session_has_less_variance_to_explain(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    scores, images, means = in_memory(nsd, "lh")
    v = tiny.KEPT["lh"].index(tiny.CONSTANT_ONCE[1])
    noise = np.mean([np.var(scores[images == i, v], ddof=1) for i in means])
    total = np.var(scores[:, v])
    assert total == pytest.approx((tiny.SESSIONS - 1) / tiny.SESSIONS)
    expected = np.sqrt(max(0, total - noise) / noise)
    assert subject.ncsnr[v] == pytest.approx(expected, abs=1e-5)


def test_constant_and_broken_vertices_are_counted_and_broken_ones_left_out(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    assert subject.details["hemispheres"] == {
        "lh": {
            "vertices": 7,
            "not_finite_left_out": 0,
            "constant_in_a_session": 2,
            "constant_throughout": 1,
        },
        "rh": {
            "vertices": 4,
            "not_finite_left_out": 1,
            "constant_in_a_session": 0,
            "constant_throughout": 0,
        },
    }
    v = tiny.KEPT["lh"].index(tiny.CONSTANT[1])
    assert subject.ncsnr[v] == 0
    assert not np.any(subject.train.responses[Hemisphere.LEFT][:, v])
    assert list(subject.space.index[Hemisphere.LEFT]) == tiny.KEPT["lh"]
    assert list(subject.space.index[Hemisphere.RIGHT]) == [0, 7, 700, 7000]


def test_a_constant_vertex_is_exactly_zero(rng):
    values = rng.normal(size=50).astype(np.float32)
    betas = np.repeat(values[None], 750, axis=0).astype(">f4")
    betas[0, 7] += 1e-6
    ((_, scores),) = z_score_blocks(betas, np.arange(50))
    assert not np.delete(scores, 7, axis=0).any()
    assert scores[7].std() == pytest.approx(1)


def test_ncsnr_recovers_what_was_put_in(rng):
    image = rng.permutation(np.repeat(np.arange(2000), 3))
    true = np.array([0.0, 0.5, 1.5])
    trials = (rng.normal(size=(2000, 3)) * true)[image] + rng.normal(size=(6000, 3))
    trials = (trials - trials.mean(axis=0)) / trials.std(axis=0)
    _, noise = Repeats(image).average(trials.T)
    found = ncsnr_of(noise, np.ones(3))
    np.testing.assert_allclose(found[1:], true[1:], atol=0.05)
    assert found[0] < 0.15
    np.testing.assert_allclose(found, ncsnr_from_repeats(trials, image), atol=1e-9)


def test_without_a_repeated_image_ncsnr_is_unknown(own_nsd, tmp_path):
    path = own_nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    stored = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    stored["masterordering"][0, :6] = [1, 4, 2, 5, 6, 3]
    savemat(path, stored)
    subject = open_subject(prepare(own_nsd, tmp_path / "out", sessions=1))
    assert subject.ncsnr is None
    assert list(subject.test.repeats) == [1, 1, 1]
