"""Hooks against torchvision's own feature extraction and against calling modules by hand."""

import importlib
import threading

import numpy as np
import pytest
import torch
from torch import nn

from cortiscope.core.backbones import WeightsSpec, load_backbone
from cortiscope.core.backbones.base import expand_layers
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.errors import UnknownName

LAYERS = {
    "alexnet": ["features.2", "features.5", "features.7", "features.12", "classifier.6"],
    "squeezenet1_1": ["features.1", "features.3", "features.12.expand3x3", "classifier.3"],
    "resnet18": [
        "relu",
        "layer1.0.relu",
        "layer1.0.relu_1",
        "layer2.0",
        "layer4.1.conv2",
        "avgpool",
    ],
    "shufflenet_v2_x0_5": ["maxpool", "stage3.2", "conv5"],
    "vit_b_32": ["encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_11.mlp"],
}


def feature_extraction():
    import_torchvision()
    return importlib.import_module("torchvision.models.feature_extraction")


@pytest.mark.parametrize("name", LAYERS)
def test_all_layers_of_one_pass_equal_feature_extraction(name):
    backbone = load_backbone(name, WeightsSpec("untrained", seed=1), "cpu")
    batch = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    ours = backbone.forward(batch, LAYERS[name])
    # feature_extraction hands out what a later in-place ReLU has overwritten; ours does not.
    for module in backbone.network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    extractor = feature_extraction().create_feature_extractor(
        backbone.network, return_nodes=LAYERS[name]
    )
    with torch.inference_mode():
        theirs = extractor(batch)
    shapes = {layer.name: layer.shape for layer in backbone.layers()}
    assert list(ours) == LAYERS[name]
    for layer in LAYERS[name]:
        assert ours[layer].shape[1:] == shapes[layer]
        scale = theirs[layer].abs().max()
        torch.testing.assert_close(ours[layer], theirs[layer], rtol=1e-5, atol=1e-5 * float(scale))


def test_swin_maps_come_channels_first():
    backbone = load_backbone("swin_t", WeightsSpec("untrained"), "cpu")
    shapes = {layer.name: layer.shape for layer in backbone.layers()}
    assert shapes["features.1.0"] == (96, 56, 56)
    assert shapes["features.7.1"] == (768, 7, 7)
    batch = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    ours = backbone.forward(batch, ["features.1"])["features.1"]
    with torch.inference_mode():
        by_hand = backbone.network.features[1](backbone.network.features[0](batch))
    torch.testing.assert_close(ours, by_hand.permute(0, 3, 1, 2))


class InPlace(nn.Module):
    """A convolution whose output a ReLU and then a sum overwrite."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Conv2d(4, 5, 3)
        self.runs = 0
        self.last.register_forward_hook(lambda *_: setattr(self, "runs", self.runs + 1))

    def forward(self, x):
        x = self.relu(self.conv(x))
        x += 7
        return self.last(x)


def module_backbone(network):
    from cortiscope.core.backbones import get_card
    from cortiscope.core.backbones.module_backbone import ModuleBackbone

    class Tiny(ModuleBackbone):
        def preprocess(self, image):
            raise NotImplementedError

    return Tiny(get_card("small_cnn"), WeightsSpec("untrained"), torch.device("cpu"), network)


def test_later_in_place_operations_do_not_reach_back():
    network = InPlace()
    backbone = module_backbone(network)
    batch = torch.randn(2, 3, 16, 16)
    ours = backbone.forward(batch, ["conv", "relu", "last"])
    with torch.inference_mode():
        conv = network.conv(batch)
    torch.testing.assert_close(ours["conv"], conv, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours["relu"], conv.clamp(min=0), rtol=1e-5, atol=1e-5)


def test_the_pass_ends_after_the_last_layer_asked_for():
    network = InPlace()
    backbone = module_backbone(network)
    backbone.layers()
    runs = network.runs
    backbone.forward(torch.zeros(1, 3, 16, 16), ["conv"])
    assert network.runs == runs
    assert not network.conv._forward_hooks


def test_threads_that_share_a_network_get_their_own_responses():
    backbone = module_backbone(InPlace())
    batches = [torch.randn(2, 3, 64, 64) for _ in range(4)]
    expected = [backbone.forward(b, ["relu"])["relu"] for b in batches]
    wrong = []

    def work(index):
        for _ in range(20):
            got = backbone.forward(batches[index], ["relu"])["relu"]
            if not torch.equal(got, expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_layers_are_in_order_of_computation_with_depth():
    layers = module_backbone(InPlace()).layers()
    assert [layer.name for layer in layers] == ["conv", "relu", "last"]
    assert [layer.depth for layer in layers] == [0.0, 0.5, 1.0]


def test_names_and_globs_expand_and_misses_are_told():
    backbone = module_backbone(InPlace())
    assert expand_layers(backbone, ["re*", "conv", "*"]) == ("relu", "conv", "last")
    with pytest.raises(UnknownName, match="conv, relu, last"):
        expand_layers(backbone, ["block*"])
    with pytest.raises(UnknownName):
        backbone.forward(torch.zeros(1, 3, 16, 16), ["nothing"])


def test_reduction_is_applied_to_each_layer():
    backbone = module_backbone(InPlace())
    batch = torch.randn(3, 3, 16, 16)
    full = backbone.forward(batch, ["conv", "last"])
    means = backbone.forward(batch, ["conv", "last"], lambda name, r: r.mean((2, 3)))
    for name in full:
        np.testing.assert_allclose(means[name], full[name].mean((2, 3)), rtol=1e-5, atol=1e-6)
