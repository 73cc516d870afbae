"""Captions through extraction and the store, as pictures go through them."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.backbones import WeightsSpec, load_backbone
from core.backbones.caption_words import hash_caption
from core.errors import InvalidInput
from core.features import FeatureSpec, FeatureStore, Pooling
from core.features.extract import extract, extract_one

WORDS = FeatureSpec("caption_words", WeightsSpec("fixed"), "words", Pooling())


@pytest.fixture
def captioned(images):
    captions = [(f"picture number{i}", "dogs") for i in range(len(images))]
    return replace(images, captions=tuple(captions))


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_rows_are_the_captions_of_the_images(captioned, batch_size):
    backbone = load_backbone("caption_words", None, "cpu")
    found = extract(backbone, captioned, ["words"], Pooling(), batch_size=batch_size)["words"]
    expected = [
        np.mean([hash_caption(caption, 512) for caption in captions], axis=0)
        for captions in captioned.captions
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_store_follows_captions_and_not_pictures(store, captioned):
    first = np.array(store.get([WORDS], captioned)["words"])
    for path in captioned.paths:
        Image.new("RGB", (40, 40)).save(path)
    assert store.has(WORDS, captioned)
    other = replace(captioned, captions=(("a face",), *captioned.captions[1:]))
    assert not store.has(WORDS, other)
    second = store.get([WORDS], other)["words"]
    assert not np.allclose(first[0], second[0])
    np.testing.assert_array_equal(first[1:], second[1:])


def test_pictures_features_do_not_follow_captions(store, images, captioned):
    pixels = FeatureSpec("pixels", WeightsSpec("fixed"), "pixels", Pooling())
    store.get([pixels], images)
    assert store.has(pixels, captioned)


def _unused(share, message):
    raise AssertionError("it was told only after work had begun")


def test_an_image_without_a_caption_is_named(store, images, captioned):
    gap = replace(captioned, captions=(*captioned.captions[:4], (), *captioned.captions[5:]))
    backbone = load_backbone("caption_words", None, "cpu")
    with pytest.raises(InvalidInput, match="image s4 has no caption"):
        store.get([WORDS], gap)
    with pytest.raises(InvalidInput, match="image s4 has no caption"):
        extract(backbone, gap, ["words"], Pooling(), batch_size=2, progress=_unused)
    with pytest.raises(InvalidInput, match="image s0 has no caption"):
        extract(backbone, images, ["words"], Pooling())


def test_a_photograph_without_a_caption_is_refused(images):
    backbone = load_backbone("caption_words", None, "cpu")
    with pytest.raises(InvalidInput, match="Caption words reads a caption"):
        extract_one(backbone, images.load(0), ["words"], Pooling())
