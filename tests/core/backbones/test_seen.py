"""What a network sees of a picture: nothing outside the box changes its input, all inside does."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import Framing, WeightsSpec, load_backbone, resolve_weights
from cortiscope.core.backbones.framing import seen_box


def _loaded(name, kind, framing=None):
    backbone = load_backbone(name, resolve_weights(name, WeightsSpec(kind)))
    return backbone if framing is None else backbone.framed(framing)


CASES = {
    # torchvision: the shorter side to 256, then the middle 224 of it.
    "squeezenet1_1": ("untrained", None, (700 / 2 - 437.5 / 2, 31.25, 700 / 2 + 437.5 / 2, 468.75)),
    "gabor": ("fixed", None, (100, 0, 600, 500)),
    "pixels": ("fixed", None, (100, 0, 600, 500)),
    "small_cnn": ("untrained", None, (100, 0, 600, 500)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_box_is_that_of_the_published_framing(name):
    kind, framing, expected = CASES[name]
    assert seen_box(_loaded(name, kind, framing), (700, 500)) == pytest.approx(expected, abs=2)


def test_a_stretched_picture_is_seen_whole():
    stretched = _loaded("squeezenet1_1", "untrained", Framing("stretch", 64))
    assert seen_box(stretched, (90, 300)) == (0, 0, 90, 300)


@pytest.mark.parametrize("name", CASES)
def test_what_lies_outside_changes_nothing_and_every_edge_inside_does(name, rng):
    backbone = _loaded(name, CASES[name][0])
    pixels = rng.integers(0, 256, (320, 300, 3), dtype=np.uint8)
    left, top, right, bottom = seen_box(backbone, (300, 320))
    own = backbone.preprocess(Image.fromarray(pixels)).numpy()
    # Resizing looks some pixels beyond.
    away = 4
    other = pixels.copy()
    kept = np.zeros(pixels.shape[:2], bool)
    kept[max(0, int(top) - away) : int(bottom) + away, max(0, int(left) - away) :] = True
    kept[:, int(right) + away :] = False
    other[~kept] = 255 - other[~kept]
    np.testing.assert_array_equal(backbone.preprocess(Image.fromarray(other)).numpy(), own)
    for rows, columns in (
        (slice(round(top), round(top) + away), slice(None)),
        (slice(round(bottom) - away, round(bottom)), slice(None)),
        (slice(None), slice(round(left), round(left) + away)),
        (slice(None), slice(round(right) - away, round(right))),
    ):
        touched = pixels.copy()
        touched[rows, columns] = 255 - touched[rows, columns]
        assert (backbone.preprocess(Image.fromarray(touched)).numpy() != own).any()
