"""Photographs are strange to an encoder of drawings, by their looks if not by its features."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.evaluation import novelty, novelty_of_looks
from cortiscope.core.stimuli import picture_looks


def _drawing(rng):
    """A few flat discs on a flat ground."""
    pixels = np.empty((96, 96, 3), np.uint8)
    pixels[:] = rng.integers(60, 200, 3)
    rows, columns = np.mgrid[:96, :96]
    for _ in range(6):
        row, column, radius = rng.integers(0, 96), rng.integers(0, 96), rng.integers(8, 30)
        pixels[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = rng.integers(0, 256, 3)
    return Image.fromarray(pixels)


def _textured(rng):
    """The same with the fine detail at all scales that pictures of the world have."""
    noise = sum(
        np.kron(rng.normal(size=(96 // k, 96 // k, 1)), np.ones((k, k, 1))) * 7
        for k in (1, 2, 4, 8)
    )
    pixels = np.asarray(_drawing(rng), float) + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def test_texture_is_strange_among_drawings_and_a_drawing_is_not(rng):
    fit, held = (np.stack([picture_looks(_drawing(rng)) for _ in range(n)]) for n in (120, 60))
    for _ in range(5):
        assert novelty_of_looks(picture_looks(_textured(rng)), fit, held).outside
    usual = [novelty_of_looks(picture_looks(_drawing(rng)), fit, held) for _ in range(20)]
    assert np.mean([one.outside for one in usual]) <= 0.1
    assert np.median([one.percentile for one in usual]) == pytest.approx(50, abs=25)


def test_a_flat_picture_and_looks_that_never_vary_have_numbers(rng):
    flat = picture_looks(Image.new("RGB", (40, 30), (9, 9, 9)))
    assert np.isfinite(flat).all()
    fit = np.stack([picture_looks(_drawing(rng).convert("L").convert("RGB")) for _ in range(40)])
    assert np.isfinite(novelty_of_looks(flat, fit[:30], fit[30:]).distance)


def test_a_picture_among_held_out_ones_is_as_far_as_they_are(rng):
    fit, held = rng.normal(size=(50, 3)), rng.normal(size=(20, 3))
    one = novelty(held[4], 0.0, fit, np.delete(held, 4, axis=0), np.zeros(19))
    nearest = np.sqrt(((held[:, None] - fit) ** 2).sum(axis=2)).min(axis=1)
    assert one.distance == pytest.approx(nearest[4])
    assert one.percentile == pytest.approx(100 * np.mean(np.delete(nearest, 4) < nearest[4]))
