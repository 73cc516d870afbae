"""Pictures of colour, a network that sees none, and responses that need it to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones import WeightsSpec, get_card
from cortiscope.core.backbones.base import rgb_tensor
from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.stimuli import square_crop

SIDE, CELLS = 24, 3


class GreyBackbone(ModuleBackbone):
    """Takes RGB values, less one half."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        return rgb_tensor(square_crop(image, SIDE)) - 0.5


def grey_backbone(name: str = "small_cnn", weights: WeightsSpec | None = None) -> GreyBackbone:
    """Make a network whose filters weight the three colours alike, under the small CNN's card."""
    drawn = np.random.default_rng(5)
    network = nn.Sequential()
    for k, (n_in, n_out) in enumerate([(3, 6), (6, 5)], 1):
        block = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()
        )
        filters = drawn.normal(size=(n_out, n_in, 3, 3)) / 3
        if k == 1:
            filters[:] = filters.mean(axis=1, keepdims=True)
        with torch.no_grad():
            block[0].weight.copy_(torch.from_numpy(filters))
            block[0].bias.zero_()
        network.add_module(f"block{k}", block)
    network.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    weights = weights or WeightsSpec("untrained")
    return GreyBackbone(get_card(name), weights, torch.device("cpu"), network)


def write_pictures(folder: Path, names: list[str], rng: np.random.Generator) -> np.ndarray:
    """Write pictures of smooth colours; return their values, (n, SIDE, SIDE, 3) from 0 to 1."""
    folder.mkdir(parents=True, exist_ok=True)
    coarse = rng.uniform(size=(len(names), CELLS, CELLS, 3))
    pixels = np.kron(coarse, np.ones((1, SIDE // CELLS, SIDE // CELLS, 1)))
    found = (255 * (0.8 * pixels + 0.2 * rng.uniform(size=pixels.shape))).astype(np.uint8)
    for name, values in zip(names, found, strict=True):
        Image.fromarray(values).save(folder / name)
    return found / 255


def colour_responses(pixels: np.ndarray, n_vertices: int, rng: np.random.Generator) -> np.ndarray:
    """Return (n, n_vertices): how far red is above green in a vertex's cell, and some noise."""
    red = np.maximum(pixels[..., 0] - pixels[..., 1], 0)
    n = SIDE // CELLS
    cells = red.reshape(len(red), CELLS, n, CELLS, n).mean(axis=(2, 4)).reshape(len(red), -1)
    clean = cells[:, np.arange(n_vertices) % cells.shape[1]]
    return (clean / clean.std() + 0.5 * rng.normal(size=clean.shape)).astype(np.float32)


def frozen_arrays(backbone: ModuleBackbone) -> Mapping[str, np.ndarray]:
    """Return copies of a network's weights and statistics by name."""
    return {k: v.numpy().copy() for k, v in backbone.network.state_dict().items()}
