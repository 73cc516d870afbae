"""img2brain's 23 layers: one pass a network gives what torchvision's feature extractor gives."""

import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import Framing, WeightsSpec, load_backbone
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.features import Pooling
from cortiscope.core.features.extract import extract
from cortiscope.core.recipes.img2brain import LAYERS
from cortiscope.core.stimuli import StimulusImages

# Ours is the network of the published weights, which undoes ImageNet's scaling of the values.
OPTIONS = {"inception_v3": {"transform_input": True, "init_weights": True}}
SEED = 3


@pytest.fixture
def images(tmp_path):
    """Two pictures as wide as img2brain's; one of them is no square."""
    rng = np.random.default_rng(1)
    for k, size in enumerate([(425, 425), (425, 300)]):
        coarse = rng.integers(0, 256, (17, 17, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(tmp_path / f"{k}.png")
    return StimulusImages.from_folder(tmp_path)


def _network(name):
    torch.manual_seed(SEED)
    network = import_torchvision().models.get_model(name, weights=None, **OPTIONS.get(name, {}))
    return network.eval()


def _inputs(images):
    """Take img2brain's own steps (its notebook, cell 14)."""
    steps = import_torchvision().transforms
    normalize = steps.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    to_input = steps.Compose([steps.Resize((224, 224)), steps.ToTensor(), normalize])
    return torch.stack([to_input(Image.open(path).convert("RGB")) for path in images.paths])


def _extracted(network, batch, layers):
    import_torchvision()
    from torchvision.models.feature_extraction import create_feature_extractor

    extractor = create_feature_extractor(network, return_nodes=list(layers))
    with torch.inference_mode():
        return {layer: values.numpy() for layer, values in extractor(batch).items()}


@pytest.mark.parametrize(("name", "layers"), LAYERS, ids=[name for name, _ in LAYERS])
def test_all_layers_in_one_pass_equal_torchvisions_extractor(name, layers, images):
    backbone = load_backbone(name, WeightsSpec("untrained", seed=SEED), "cpu")
    stretched = backbone.framed(Framing("stretch", 224))
    passes = []
    backbone.network.register_forward_pre_hook(lambda *_: passes.append(name))
    stretched.layers()
    passes.clear()
    found = extract(stretched, images, layers, Pooling("none"))
    assert len(passes) == 1
    expected = _extracted(_network(name), _inputs(images), layers)
    assert set(found) == set(layers)
    for layer in layers:
        assert found[layer].shape == expected[layer].shape, layer
        scale = np.abs(expected[layer]).max()
        assert scale > 0
        np.testing.assert_allclose(found[layer], expected[layer], rtol=0, atol=1e-5 * scale)


def test_there_are_23_layers():
    assert sum(len(layers) for _, layers in LAYERS) == 23


def test_a_layer_before_a_relu_in_place_keeps_its_own_values(images):
    """Torchvision's extractor hands out the array that a later ReLU overwrites."""
    backbone = load_backbone("alexnet", WeightsSpec("untrained", seed=SEED), "cpu")
    framed, layers = backbone.framed(Framing("stretch", 224)), ["features.0", "features.1"]
    found = extract(framed, images, layers, Pooling("none"))
    theirs = _extracted(_network("alexnet"), _inputs(images), layers)
    alone = _extracted(_network("alexnet"), _inputs(images), layers[:1])  # no ReLU is reached
    np.testing.assert_array_equal(theirs["features.0"], theirs["features.1"])
    np.testing.assert_allclose(found["features.1"], theirs["features.1"], atol=1e-5)
    np.testing.assert_allclose(found["features.0"], alone["features.0"], atol=1e-5)
    assert found["features.0"].min() < -0.1
