"""What every family promises, on its smallest network: what is computed is what the card says."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import WeightsSpec, get_card, list_layers, load_backbone
from cortiscope.core.backbones.base import expand_layers
from cortiscope.core.backbones.registry import FAMILIES
from cortiscope.core.features import Pooling
from cortiscope.core.features.extract import extract, feature_shapes
from cortiscope.core.stimuli import StimulusImages

# Numbers of weights as published.
PUBLISHED = {
    "small_cnn": 192_859,
    "clip_rn50": 38_316_896,
    # 151,277,313 of both towers, 87,849,216 of them of the image tower.
    "clip_vit_b32_text": 63_428_097,
    "timm_mobilenet_v3_small": 1_593_224,
    "timm_vit_tiny": 5_717_416,
    "squeezenet1_0": 1_248_424,
    "shufflenet_v2_x0_5": 1_366_792,
}
_DAMPED = 1e-4
_COUNT = re.compile(r"([\d.]+) million weights|about ([\d,]+) weights")


def n_weights(card):
    """Read the number of weights from a card's summary; 0 where nothing is learned."""
    found = _COUNT.search(card.summary)
    if found is None:
        return 0.0
    return float(found[1]) * 1e6 if found[1] else float(found[2].replace(",", ""))


def smallest_of_every_family():
    found = []
    for family in FAMILIES:
        by_modality = {}
        # Summaries are rounded: one of the smallest.
        for card in sorted(family.cards(), key=n_weights):
            by_modality.setdefault(card.modality, card.name)
        found += by_modality.values()
    return found


# A transformer, and a network that mixes channels, as well.
NAMES = [*smallest_of_every_family(), "timm_vit_tiny", "shufflenet_v2_x0_5"]


def test_every_family_has_its_smallest_network_here():
    assert set(NAMES) >= set(PUBLISHED) | {"gabor", "pixels", "caption_words"}


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stimuli")
    rng = np.random.default_rng(1)
    paths = []
    for k, size in enumerate([(97, 61), (40, 55)]):
        paths.append(folder / f"{k}.png")
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(paths[k])
    captions = (("a dog", "a brown dog on grass"), ("two cars in a street",))
    return StimulusImages(("a", "b"), tuple(paths), captions)


@pytest.fixture(scope="module", params=NAMES)
def backbone(request):
    card = get_card(request.param)
    kind = "untrained" if "untrained" in card.weights else "fixed"
    return load_backbone(request.param, WeightsSpec(kind, seed=2), "cpu")


def test_layers_are_those_listed_without_making_it(backbone):
    assert list_layers(backbone.card.name) == backbone.layers()


def test_layers_are_in_order_with_unique_names_and_depths_from_first_to_last(backbone):
    layers = backbone.layers()
    names, depths = [i.name for i in layers], [i.depth for i in layers]
    assert len(set(names)) == len(names)
    assert depths == sorted(depths)
    assert depths[0] == 0
    assert len(layers) == 1 or depths[-1] == 1
    offered = backbone.card.layers_offered
    if backbone.card.name != "gabor":  # its menu begins with all bands together
        assert list(offered) == sorted(offered, key=names.index)
    assert set(offered) <= set(names)


def test_features_of_every_layer_have_the_shape_that_is_listed(backbone, stimuli):
    every = expand_layers(backbone, ["*"])
    assert every == tuple(i.name for i in backbone.layers())
    found = extract(backbone, stimuli, every, Pooling("none"))
    shapes = {i.name: i.shape for i in backbone.layers()}
    assert {name: values.shape for name, values in found.items()} == {
        name: (2, *shapes[name]) for name in every
    }
    for name in backbone.card.layers_offered:
        assert np.isfinite(found[name]).all(), name
        assert np.abs(found[name][0] - found[name][1]).max() > 0, f"{name} sees no difference"


def test_pooled_features_have_the_shape_that_is_announced(backbone, stimuli):
    offered = backbone.card.layers_offered[-3:]
    for pooling in (Pooling("grid", 2), Pooling("mean")):
        found = extract(backbone, stimuli, offered, pooling)
        announced = feature_shapes(backbone, offered, pooling)
        assert {k: v.shape[1:] for k, v in found.items()} == announced


def test_what_it_looks_at_is_what_the_card_says(backbone, stimuli):
    given = backbone.prepare(stimuli, 0)
    if backbone.card.modality == "image":
        assert given.dtype == torch.float32
        assert given.shape[1:] == (backbone.card.input_size, backbone.card.input_size)
    else:
        assert backbone.card.input_size == 0


def test_number_of_weights_is_the_published_one_and_that_of_the_card(backbone):
    if not hasattr(backbone, "network"):
        assert n_weights(backbone.card) == 0
        return
    published = sum(p.numel() for p in backbone.network.parameters())
    assert PUBLISHED.get(backbone.card.name, published) == published
    told = (
        f"{published / 1e6:.1f} million",
        f"{published / 1e6:.0f} million",
        f"about {round(published, -4):,} weights",
    )
    assert any(words in backbone.card.summary for words in told)


def test_a_picture_gives_the_same_alone_and_among_others(backbone, stimuli):
    offered = backbone.card.layers_offered
    together = extract(backbone, stimuli, offered, Pooling("none"))
    alone = extract(backbone, stimuli.subset([1]), offered, Pooling("none"))
    for name in offered:
        scale = max(float(np.abs(alone[name]).max()), 1e-12)
        np.testing.assert_allclose(
            together[name][1], alone[name][0], rtol=1e-4, atol=_DAMPED * scale
        )
