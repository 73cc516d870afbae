"""The procedural scenes: repeatable, truthful about what they show, and not told by colour."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.simulation import scenes
from cortiscope.core.simulation.backgrounds import match_statistics, render_background
from cortiscope.core.simulation.scenes import (
    BACKGROUNDS,
    LATENTS,
    OBJECT_KINDS,
    SCENE_SIZE,
    compute_latents,
    eccentricity_weights,
    render_scene,
)


def _digest(seeds):
    hashed = hashlib.sha256()
    for seed in seeds:
        scene = render_scene(seed)
        hashed.update(scene.pixels.tobytes() + scene.latents.tobytes() + scene.caption.encode())
    return hashed.hexdigest()


@pytest.fixture(scope="module")
def many_scenes():
    return [render_scene(seed) for seed in range(400)]


def test_a_seed_gives_the_same_scene_twice_and_in_another_process():
    here = _digest(range(6))
    assert here == _digest(range(6))
    code = "from tests.core.simulation.test_scenes import _digest; print(_digest(range(6)))"
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout.strip()
    assert there == here


def test_rendering_neither_reads_nor_moves_the_global_random_state():
    np.random.seed(3)  # noqa: NPY002 - the legacy state is what must stay untouched
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    render_scene(11)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_different_seeds_give_different_scenes():
    assert len({render_scene(seed).pixels.tobytes() for seed in range(12)}) == 12


def test_a_scene_has_the_promised_shapes(many_scenes):
    for scene in many_scenes[:20]:
        assert scene.pixels.shape == (SCENE_SIZE, SCENE_SIZE, 3)
        assert scene.pixels.dtype == np.uint8
        assert scene.latents.shape == (len(LATENTS),)
        assert scene.latents.dtype == np.float32
        assert scene.caption


def test_a_kind_has_a_latent_exactly_when_it_is_among_the_categories(many_scenes):
    for scene in many_scenes:
        present = {kind for kind, value in zip(LATENTS, scene.latents, strict=True) if value > 0}
        assert present == set(scene.categories)
        assert scene.categories[-1] in BACKGROUNDS
        places = scene.latents[len(OBJECT_KINDS) :]
        assert sorted(places) == [0, 0, 0, 1]


def test_every_kind_place_and_count_occurs(many_scenes):
    shown = [category for scene in many_scenes for category in scene.categories]
    assert all(shown.count(kind) > 60 for kind in LATENTS)
    assert {len(scene.categories) - 1 for scene in many_scenes} == {0, 1, 2, 3}


def test_the_kinds_fill_about_the_same_share_of_the_field(many_scenes):
    latents = np.array([scene.latents for scene in many_scenes])[:, : len(OBJECT_KINDS)]
    typical = np.array([column[column > 0].mean() for column in latents.T])
    assert typical.min() > 0.06
    assert typical.max() < 1.6 * typical.min()


def test_an_occluded_object_has_a_smaller_latent():
    placement = scenes._Placement(64.0, 64.0, 36.0, 0.0, False)
    nearer = scenes._Placement(80.0, 64.0, 30.0, 0.0, False)
    light = np.zeros(2)

    def visible_face(occluded):
        canvas = np.zeros((SCENE_SIZE, SCENE_SIZE, 3), np.float32)
        rng = np.random.default_rng(5)
        _, face = scenes._add_object(canvas, "face", placement, light, rng)
        masks = [face]
        if occluded:
            _, food = scenes._add_object(canvas, "food", nearer, light, rng)
            masks = [face * (1 - food), food]
        kinds = ("face", "food")[: len(masks)]
        return compute_latents(kinds, masks, "indoor")[LATENTS.index("face")]

    assert 0 < visible_face(occluded=True) < 0.8 * visible_face(occluded=False)


def test_the_same_thing_counts_more_at_the_centre_of_gaze():
    weights = eccentricity_weights(SCENE_SIZE)
    assert weights.sum() == pytest.approx(1, abs=1e-4)
    assert weights[64, 64] > 2 * weights[64, 4]
    np.testing.assert_allclose(weights, weights[::-1, ::-1])


def test_an_object_changes_pixels_where_its_mask_says_and_leaves_the_far_side_alone():
    canvas = np.full((SCENE_SIZE, SCENE_SIZE, 3), 120, np.float32)
    placement = scenes._Placement(30.0, 40.0, 22.0, 0.0, False)
    _, mask = scenes._add_object(
        canvas, "vehicle", placement, np.zeros(2), np.random.default_rng(2)
    )
    assert mask[30:50, 20:40].mean() > 0.5
    assert mask[:, 64:].max() == 0
    np.testing.assert_array_equal(canvas[:, 70:], 120)


def test_matching_gives_a_place_the_wanted_means_and_spreads():
    rng = np.random.default_rng(0)
    raw = rng.uniform(40, 200, (32, 32, 3)).astype(np.float32)
    means, spreads = np.float32([130, 6, -9]), np.float32([30, 15, 18])
    matched = match_statistics(raw, means, spreads)
    luminance = matched @ np.float32([0.299, 0.587, 0.114])
    assert luminance.mean() == pytest.approx(130, abs=2)
    assert luminance.std() == pytest.approx(30, abs=2)
    assert (matched[..., 2] - luminance).mean() == pytest.approx(6, abs=2)
    assert (matched[..., 0] - luminance).std() == pytest.approx(18, abs=2)


def test_mean_colour_and_contrast_do_not_tell_the_place():
    statistics, labels = [], []
    for seed in range(400):
        kind = BACKGROUNDS[seed % len(BACKGROUNDS)]
        pixels, _ = render_background(kind, SCENE_SIZE, np.random.default_rng(seed))
        statistics.append(np.concatenate([pixels.mean((0, 1)), pixels.std((0, 1))]))
        labels.append(seed % len(BACKGROUNDS))
    statistics, labels = np.array(statistics), np.array(labels)
    assert _nearest_mean_accuracy(statistics, labels) < 0.36  # chance is .25


def _nearest_mean_accuracy(values, labels):
    """Classify the second half by the nearest class mean of the first, after whitening."""
    half = len(labels) // 2
    train, test = values[:half], values[half:]
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(train.T) + 1e-6 * np.eye(values.shape[1])))
    train, test = train @ whiten.T, test @ whiten.T
    centres = np.array([train[labels[:half] == k].mean(0) for k in np.unique(labels)])
    guesses = np.argmin(((test[:, None] - centres) ** 2).sum(-1), axis=1)
    return float(np.mean(guesses == labels[half:]))


def test_captions_name_every_thing_and_the_place(many_scenes):
    for scene in many_scenes:
        n_objects = len(scene.categories) - 1
        if n_objects:
            assert " in front of " in scene.caption
            assert scene.caption.count(" and ") == (n_objects > 1)
        assert not scene.caption.endswith(".")
