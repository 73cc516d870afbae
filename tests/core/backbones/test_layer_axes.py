"""What a layer's axes mean: as networks say, never by the lengths alone."""

import pytest
import torch
from own_patches import compare
from torch import nn

from cortiscope.core.backbones import (
    Axes,
    WeightsSpec,
    by_name,
    get_card,
    list_layers,
    load_backbone,
)
from cortiscope.core.backbones.describe_network import describe
from cortiscope.core.backbones.layer_axes import CONVOLUTIONS, Tokens, axes_of
from cortiscope.core.backbones.module_backbone import discover_layers
from cortiscope.core.features import FeatureSpec, Pooling

GRID = (14, 14)


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """Ask the libraries in this process, as the other one does."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(by_name, "_ask", describe)


# The smallest of each kind: all that menus offer are compared by tests/benchmarks/layer_axes.py.
@pytest.mark.parametrize(
    "name",
    [
        "timm:test_vit",  # a class token
        "timm:test_vit2",  # a register and no class token
        "timm:deit_tiny_distilled_patch16_224",  # a class and a distillation token
        "timm:test_convnext",
        "timm:swin_tiny_patch4_window7_224",  # channels last
        "open_clip:ViT-S-32-alt",
    ],
)
def test_pooled_layers_are_those_of_the_networks_own_patches(name):
    assert compare(name) >= 4


def test_prefix_tokens_are_what_the_network_says():
    found = {layer.name: layer for layer in list_layers("timm:deit_tiny_distilled_patch16_224")}
    assert found["blocks.5"].axes == Axes("tokens", 2, GRID)
    assert found["patch_embed"].axes == Axes("tokens", 0, GRID)
    assert found["blocks.5.attn.q_norm"].axes == Axes("heads", 2, GRID)
    assert found["head"].axes == Axes("features")


def test_windows_are_not_taken_for_maps():
    maxvit = {layer.name: layer.axes.kind for layer in list_layers("maxvit_t")}
    assert maxvit["blocks.0.layers.0.layers.window_attention.partition_op"] == "unknown"
    assert {maxvit[layer] for layer in get_card("maxvit_t").layers_offered} == {"map", "features"}


class AsWideAsHigh(nn.Module):
    """A map of as many channels as rows, kept with its channels last."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 4, stride=4)
        self.turned = nn.Identity()

    def forward(self, batch):
        return self.turned(self.first(batch).permute(0, 2, 3, 1))


def test_three_equal_axes_are_told_by_a_wider_picture():
    first, turned = discover_layers(AsWideAsHigh(), torch.zeros(2, 3, 32, 32), CONVOLUTIONS)
    assert first.shape == turned.shape == (8, 8, 8)
    assert not first.axes.channels_last
    assert turned.axes.channels_last


@pytest.mark.parametrize(
    ("shape", "wide", "kind"),
    [
        ((197, 192), None, "tokens"),
        ((196, 192), (392, 192), "tokens"),
        ((50, 192), None, "unknown"),
        ((197, 192), (197, 192), "unknown"),
        ((197, 197), None, "unknown"),
        ((3, 197, 64), None, "heads"),
        ((3, 197, 197), (3, 393, 393), "unknown"),
        ((3, 197, 197), None, "unknown"),
        ((14, 14, 96), None, "map"),
        ((96, 14, 14), (96, 14, 28), "map"),
        ((14, 14, 14), None, "unknown"),
        ((16, 49, 96), None, "unknown"),
        ((2, 3, 4, 5), None, "unknown"),
    ],
)
def test_lengths_alone_decide_nothing(shape, wide, kind):
    found = axes_of(shape, wide, nn.Identity(), Tokens(1, GRID))
    assert found.kind == kind
    assert bool(found.reason) == (kind == "unknown")


@pytest.mark.parametrize("name", ["vit_b_16", "swin_t", "sam_vit_b"])
def test_every_offered_layer_can_be_pooled(name):
    known = {layer.name: layer.axes.kind for layer in list_layers(name)}
    assert "unknown" not in {known[layer] for layer in get_card(name).layers_offered}


def test_only_layers_that_were_misread_have_new_keys():
    def revision(name, layer, pooling):
        return FeatureSpec(name, WeightsSpec("untrained"), layer, pooling).revision

    assert revision("timm_vit_tiny", "blocks.3", Pooling()) == 1
    assert revision("timm_vit_tiny", "blocks.3.attn.q_norm", Pooling("none")) == 1
    assert revision("timm_vit_tiny", "blocks.3.attn.q_norm", Pooling()) == "1 axes"
    assert revision("timm:deit_tiny_distilled_patch16_224", "blocks.3", Pooling()) == "1 axes"
    assert revision("timm:test_vit", "blocks.3", Pooling()) == 1


def test_a_framed_network_has_the_grid_of_its_own_pictures():
    from cortiscope.core.backbones import Framing

    backbone = load_backbone("timm:test_vit", WeightsSpec("untrained"), "cpu")
    (layer,) = (x for x in backbone.framed(Framing("stretch", 96)).layers() if x.name == "blocks.1")
    assert layer.axes == Axes("tokens", 1, (6, 6))
