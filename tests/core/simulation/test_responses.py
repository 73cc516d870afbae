from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.brain import Hemisphere
from cortiscope.core.simulation.local_structure import local_structure
from cortiscope.core.simulation.responses import N_HIDDEN, compute_drives, hidden_numbers, mix
from cortiscope.core.simulation.scenes import LATENTS

_SIZE = 128


def _patch(rows: slice, columns: slice) -> np.ndarray:
    """A grey picture with a bright chequered patch."""
    picture = np.full((_SIZE, _SIZE, 3), 128, dtype=np.uint8)
    y, x = np.mgrid[:_SIZE, :_SIZE]
    chequer = np.where((x // 6 + y // 6) % 2, 250, 90).astype(np.uint8)
    picture[rows, columns] = chequer[rows, columns, None]
    return picture


# Contrast over the spared side: large pRFs and compression make it smaller from V1 to V3.
_RATIO = {"V1": 2.0, "V2": 1.5, "V3": 1.1}

_GREY = np.full((_SIZE, _SIZE, 3), 128, dtype=np.uint8)
_LEFT_HALF = _patch(slice(24, 104), slice(8, 56))
_RIGHT_HALF = _patch(slice(24, 104), slice(72, 120))
_UPPER_HALF = _patch(slice(8, 56), slice(24, 104))
_LOWER_HALF = _patch(slice(72, 120), slice(24, 104))


def _noise_free(model, pixels, latents=None):
    """(n_images, n_vertices) responses without noise; without latents nothing known is shown."""
    maps = np.stack([local_structure(p) for p in pixels])
    shown = np.zeros((len(pixels), len(LATENTS))) if latents is None else latents
    hidden = np.zeros((len(pixels), N_HIDDEN))
    return mix(model, compute_drives(model.encodings, maps, shown, hidden))


def _drive(subject, hemisphere, rois, picture):
    """Mean response of ROIs above that to a grey picture."""
    signal = _noise_free(subject.models[hemisphere], np.stack([picture, _GREY]))
    parcellation = subject.anatomy.parcellation
    vertices = np.concatenate([parcellation.vertices(r, hemisphere) for r in rois])
    return float((signal[0] - signal[1])[vertices].mean())


@pytest.mark.parametrize("name", ["sim01", "sim02"])
@pytest.mark.parametrize("area", ["V1", "V2", "V3"])
def test_left_half_of_the_picture_drives_the_right_hemisphere(subjects, name, area):
    rois = (area + "v", area + "d")
    for picture, near, far in (
        (_LEFT_HALF, Hemisphere.RIGHT, Hemisphere.LEFT),
        (_RIGHT_HALF, Hemisphere.LEFT, Hemisphere.RIGHT),
    ):
        driven = _drive(subjects[name], near, rois, picture)
        spared = _drive(subjects[name], far, rois, picture)
        assert driven > spared + 1.0
        assert driven > _RATIO[area] * spared


@pytest.mark.parametrize("name", ["sim01", "sim02"])
@pytest.mark.parametrize("area", ["V1", "V2", "V3"])
@pytest.mark.parametrize("hemisphere", list(Hemisphere))
def test_upper_half_of_the_picture_drives_ventral_areas(subjects, name, area, hemisphere):
    for picture, near, far in ((_UPPER_HALF, "v", "d"), (_LOWER_HALF, "d", "v")):
        driven = _drive(subjects[name], hemisphere, (area + near,), picture)
        spared = _drive(subjects[name], hemisphere, (area + far,), picture)
        assert driven > spared + 1.0
        assert driven > _RATIO[area] * spared


@pytest.mark.parametrize(
    ("roi", "shown", "other"),
    [
        ("FFA-1", "face", "vehicle"), ("FFA-2", "face", "food"), ("EBA", "body", "word"),
        ("PPA", "indoor", "texture"), ("RSC", "street", "texture"), ("VWFA-1", "word", "body"),
    ],
)  # fmt: skip
def test_category_areas_prefer_their_category(subjects, roi, shown, other):
    latents = np.zeros((2, len(LATENTS)))
    for row, name in enumerate((shown, other)):
        latents[row, LATENTS.index(name)] = 1.0 if name in LATENTS[7:] else 0.25
        if name not in LATENTS[7:]:
            latents[row, LATENTS.index("texture")] = 1.0
    subject = subjects["sim01"]
    for hemisphere in Hemisphere:
        signal = _noise_free(subject.models[hemisphere], np.stack([_GREY] * 2), latents)
        vertices = subject.anatomy.parcellation.vertices(roi, hemisphere)
        difference = signal[0, vertices] - signal[1, vertices]
        assert np.median(difference) > 1.0
        # Not all: neighbouring discs overlap, and a vertex follows the one it is deepest in.
        assert np.mean(difference > 0) > 0.65


def test_v1_does_not_know_what_is_shown(subjects):
    subject = subjects["sim01"]
    latents = np.zeros((2, len(LATENTS)))
    latents[1, LATENTS.index("face")] = 0.3
    signal = _noise_free(subject.models[Hemisphere.LEFT], np.stack([_GREY] * 2), latents)
    v1 = subject.anatomy.left.area == "V1"
    np.testing.assert_array_equal(signal[0, v1], signal[1, v1])
    assert np.abs(signal[0, ~v1] - signal[1, ~v1]).max() > 1


def test_hidden_numbers_belong_to_the_stimulus_alone():
    np.testing.assert_array_equal(
        hidden_numbers(np.array([5, 9]), 1)[1], hidden_numbers(np.array([9]), 1)[0]
    )
    assert not np.array_equal(hidden_numbers(np.array([9]), 1), hidden_numbers(np.array([9]), 2))
