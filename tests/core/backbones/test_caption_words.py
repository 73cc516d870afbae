import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.feature_extraction.text import HashingVectorizer

from cortiscope.core.backbones import load_backbone
from cortiscope.core.backbones.caption_words import hash_caption
from cortiscope.core.errors import InvalidInput
from cortiscope.core.stimuli import StimulusImages

CAPTIONS = [
    "A face, and a dog in front of a street!",
    "Café café — naïve",
    "two_words 3 42 x",
    "日本語 の",
]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_words_are_hashed_as_by_scikit_learn(caption):
    vectorizer = HashingVectorizer(n_features=64, ngram_range=(1, 2), norm=None)
    counts = vectorizer.transform([caption]).toarray()[0]
    found = hash_caption(caption, 64)
    assert np.linalg.norm(found) == pytest.approx(1)
    if caption != CAPTIONS[1]:  # no word occurs twice
        np.testing.assert_allclose(found, counts / np.linalg.norm(counts), atol=1e-12)


def test_a_word_that_occurs_three_times_counts_as_one_plus_log():
    terms = {"dog": 1 + np.log(3), "dog dog": 1 + np.log(2)}
    vectorizer = HashingVectorizer(
        n_features=512, norm=None, token_pattern=r"[a-z ]+", alternate_sign=True
    )
    expected = sum(v * vectorizer.transform([t]).toarray()[0] for t, v in terms.items())
    found = hash_caption("dog Dog dog", 512)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-12)


def test_a_caption_without_words_is_all_zeros():
    assert not hash_caption("? !", 512).any()


def test_captions_of_an_image_are_averaged():
    images = StimulusImages(("a",), ("/nowhere/a.png",), (("a dog", "one red bus"),))
    backbone = load_backbone("caption_words", None, "cpu")
    batch = backbone.collate([backbone.prepare(images, 0)])
    found = backbone.forward(batch, ["words"])["words"]
    expected = (hash_caption("a dog", 512) + hash_caption("one red bus", 512)) / 2
    torch.testing.assert_close(found[0], torch.from_numpy(expected.astype(np.float32)))
    assert backbone.layers()[0].shape == (512,)


def test_a_picture_alone_is_refused():
    with pytest.raises(InvalidInput, match="reads a caption"):
        load_backbone("caption_words", None, "cpu").preprocess(Image.new("RGB", (8, 8)))
