"""Captions through extraction and the store, as pictures go through them."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import Framing, WeightsSpec, load_backbone
from cortiscope.core.backbones.caption_words import hash_caption
from cortiscope.core.config import fingerprint, to_plain
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.features.extract import extract, extract_one

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
    with pytest.raises(InvalidInput, match=r"images \(s0, s1, .* have no caption"):
        extract(backbone, images, ["words"], Pooling())


def test_a_photograph_without_a_caption_is_refused(images):
    backbone = load_backbone("caption_words", None, "cpu")
    with pytest.raises(InvalidInput, match="Caption words reads a caption"):
        extract_one(backbone, images.load(0), ["words"], Pooling())


@pytest.mark.parametrize("number", [1, 2])
def test_one_caption_of_each_picture_can_be_taken(store, captioned, number):
    one = replace(WORDS, framing=Framing.parse(f"caption:{number}"))
    mean = store.get([WORDS], captioned)["words"]
    found = store.get([one], captioned)["words"]
    expected = [hash_caption(captions[number - 1], 512) for captions in captioned.captions]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not np.allclose(found, mean)


def test_the_mean_over_two_captions_is_that_of_either(store, captioned):
    first, second, mean = (
        np.array(store.get([replace(WORDS, framing=Framing.parse(f))], captioned)["words"])
        for f in ("caption:first", "caption:2", "published")
    )
    np.testing.assert_allclose((first + second) / 2, mean, atol=1e-6)


def test_a_caption_that_some_images_lack_is_told_before_anything_is_computed(store, captioned):
    few = replace(captioned, captions=(*captioned.captions[:2], ("one",), *captioned.captions[3:]))
    third = replace(WORDS, framing=Framing("caption", caption=2))
    with pytest.raises(InvalidInput, match="image s2 has fewer than 2 captions"):
        store.get([third], few)
    backbone = load_backbone("caption_words", None, "cpu").framed(third.framing)
    with pytest.raises(InvalidInput, match="image s2 has fewer than 2 captions"):
        extract(backbone, few, ["words"], Pooling(), progress=_unused)


def test_the_choice_of_a_caption_is_part_of_the_key_and_the_mean_is_not():
    specs = [replace(WORDS, framing=Framing.parse(f)) for f in ("caption:1", "caption:2")]
    assert len({fingerprint(s) for s in (WORDS, *specs)}) == 3
    assert fingerprint(replace(WORDS, framing=Framing("published", caption=2))) == fingerprint(
        WORDS
    )
    # Stretches were there before captions could be chosen.
    assert to_plain(Framing("stretch", 224), cosmetic=False) == {
        "type": "Framing",
        "kind": "stretch",
        "size": 224,
    }


def test_pictures_know_no_choice_of_captions_and_captions_no_stretch():
    with pytest.raises(InvalidInput, match="caption:1 has no meaning for it"):
        load_backbone("pixels", None, "cpu").framed(Framing("caption", caption=1))
    with pytest.raises(InvalidInput, match="stretch:224 has no meaning for it"):
        load_backbone("caption_words", None, "cpu").framed(Framing("stretch", 224))
    with pytest.raises(InvalidInput, match="counted from 1"):
        Framing.parse("caption:0")
