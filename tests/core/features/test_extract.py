import dataclasses

import numpy as np
import pytest
import torch

from cortiscope.core.errors import InvalidImage, InvalidInput, UnknownName
from cortiscope.core.features import Pooling
from cortiscope.core.features.extract import (
    extract,
    extract_batches,
    extract_one,
    feature_shapes,
    largest_batch,
)
from cortiscope.core.stimuli import StimulusImages

LAYERS = ("block1", "block2", "head")


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batch_size_does_not_change_features(tiny_backbone, images, batch_size):
    expected = extract(tiny_backbone, images, LAYERS, Pooling(), batch_size=2)
    found = extract(tiny_backbone, images, LAYERS, Pooling(), batch_size=batch_size)
    for layer in LAYERS:
        np.testing.assert_allclose(found[layer], expected[layer], atol=1e-5)


@pytest.mark.parametrize("pooling", [Pooling("grid", 4), Pooling("mean"), Pooling("none")])
def test_features_equal_the_modules_called_by_hand(tiny_backbone, images, pooling):
    found = extract(tiny_backbone, images, LAYERS, pooling)
    shapes = feature_shapes(tiny_backbone, LAYERS, pooling)
    for i in range(len(images)):
        one = extract_one(tiny_backbone, images.load(i), LAYERS, pooling)
        with torch.inference_mode():
            maps = tiny_backbone.network[0](tiny_backbone.preprocess(images.load(i))[None])
        by_hand = {
            "grid": torch.nn.functional.adaptive_avg_pool2d(maps, 4),
            "mean": maps.mean((2, 3)),
            "none": maps,
        }[pooling.kind]
        np.testing.assert_allclose(found["block1"][i], by_hand[0], atol=1e-5)
        for layer in LAYERS:
            assert found[layer].dtype == one[layer].dtype == np.float32
            assert found[layer].shape == (len(images), *shapes[layer])
            np.testing.assert_allclose(one[layer], found[layer][i], atol=1e-5)


def test_rows_follow_the_images(tiny_backbone, images):
    order = [4, 0, 6]
    whole = extract(tiny_backbone, images, ["block2"], Pooling())["block2"]
    part = extract(tiny_backbone, images.subset(order), ["block2"], Pooling())["block2"]
    np.testing.assert_allclose(part, whole[order], atol=1e-5)


def test_progress_goes_from_nothing_to_all(tiny_backbone, images):
    shares = []
    extract(
        tiny_backbone,
        images,
        ["head"],
        Pooling(),
        batch_size=2,
        progress=lambda share, _: shares.append(share),
    )
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)


def test_large_pictures_go_through_a_few_at_a_time(tiny_backbone, images, monkeypatch):
    assert [largest_batch(side) for side in (0, 224, 299, 518, 1024)] == [1024, 1024, 1024, 4, 1]
    card = dataclasses.replace(tiny_backbone.card, input_size=518)
    monkeypatch.setattr(tiny_backbone, "card", card)
    rows = [r for r, _ in extract_batches(tiny_backbone, images, ["head"], Pooling())]
    assert rows == [slice(0, 4), slice(4, 7)]


def test_bad_requests_are_told(tiny_backbone, images, tmp_path):
    with pytest.raises(UnknownName, match="block1"):
        extract(tiny_backbone, images, ["blok1"], Pooling())
    with pytest.raises(InvalidInput):
        extract(tiny_backbone, images, ["block1"], Pooling(), batch_size=0)
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    with pytest.raises(InvalidImage, match=r"broken\.png"):
        extract(tiny_backbone, StimulusImages.from_paths([broken]), ["block1"], Pooling())
