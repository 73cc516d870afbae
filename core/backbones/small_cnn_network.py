"""The small CNN: five blocks of convolutions, small enough for its checkpoint to be in the project.

All blocks keep maps of at least 8 x 8 places, so that pooling onto an 8 x 8 grid is the same for
all of them and layers differ in depth alone. Its checkpoint comes from
``python -m tests.tools.train_small_cnn``.

The untrained network is the control for what training adds, so it must differ in nothing else:
same architecture, weights by He initialisation, and normalisation statistics measured on fixed
noise with the spectrum of natural images (with PyTorch's defaults, mean 0 and variance 1, its
activity would fade or grow from block to block, and it would lose for that reason alone).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.base import rgb_tensor
from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.backbones.weights_loading import check_numbers
from cortiscope.core.stimuli import square_crop

INPUT_SIZE = 64
WIDTHS = (16, 32, 64, 96, 128)
N_OUTPUTS = 11
"""Seven kinds of thing, then four kinds of place, in the order of the scenes' latents."""

ARCHITECTURE = "small_cnn/1"
"""Written into checkpoints; raised when old ones no longer fit."""

METADATA_KEY = "cortiscope"
"""One key holds all metadata as JSON: safetensors writes several in no fixed order."""

_N_HALVED = 3
_N_NOISE_IMAGES = 64


class SmallCnn(nn.Module):
    """Five blocks (convolution, normalisation, rectification; the first three halve) and a head.

    Takes RGB values 0 to 1, (n, 3, 64, 64); centring them is its own first step. The head takes
    each channel's largest and mean response: things are found by their best place, places by
    what is everywhere.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = (3, *WIDTHS)
        for i in range(len(WIDTHS)):
            block = _make_block(channels[i], channels[i + 1], halve=i < _N_HALVED)
            self.add_module(f"block{i + 1}", block)
        self.head = nn.Linear(2 * WIDTHS[-1], N_OUTPUTS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the evidence for each kind and place, (n, 11), as logits."""
        maps = (images - 0.5) / 0.25
        for i in range(len(WIDTHS)):
            maps = self.get_submodule(f"block{i + 1}")(maps)
        return self.head(torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], dim=1))


class SmallCnnBackbone(ModuleBackbone):
    """Takes RGB values 0 to 1; whatever scaling the network needs is its own first step."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return rgb_tensor(square_crop(image, self.card.input_size))


def _make_block(n_in: int, n_out: int, halve: bool) -> nn.Sequential:
    # No bias: the normalisation that follows has one.
    layers: list[nn.Module] = [
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    ]
    if halve:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def load_small_cnn(weights: Path | None, seed: int = 0) -> SmallCnn:
    """Return the network on the CPU, ready for evaluation.

    Parameters
    ----------
    weights : a checkpoint of the training script; None for an untrained network.
    seed : of the untrained weights; ignored with a checkpoint.

    Raises
    ------
    ValueError
        The file is a checkpoint of another architecture.
    OSError, RuntimeError
        The file cannot be read, or its weights do not fit.
    """
    if weights is None:
        return _untrained(seed)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(weights), framework="pt") as stream:
            metadata = read_metadata(stream.metadata())
            state = {name: stream.get_tensor(name).float() for name in stream.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"not a safetensors file: {error}") from None
    written_by = metadata.get("architecture")
    if written_by != ARCHITECTURE:
        raise ValueError(f"its architecture is {written_by!r}, not {ARCHITECTURE!r}")
    check_numbers(state, weights)
    network = _construct(0)
    network.load_state_dict(state, strict=True)
    return network.eval()


def read_metadata(raw: dict[str, str] | None) -> dict[str, Any]:
    """Return what the training script wrote into a checkpoint; empty for other files."""
    try:
        found = json.loads((raw or {}).get(METADATA_KEY, "{}"))
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def state_for_checkpoint(network: SmallCnn) -> dict[str, torch.Tensor]:
    """Return what a checkpoint holds: weights and statistics in half precision.

    The count of batches that normalisation keeps only matters to further training; in half
    precision it would overflow.
    """
    return {
        name: tensor.detach().cpu().half().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def _construct(seed: int) -> SmallCnn:
    # PyTorch initialises from the global generator: use a copy of it, and leave it as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallCnn()
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    return network


def _untrained(seed: int) -> SmallCnn:
    network = _construct(seed)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # take the statistics of this one batch as they are
    with torch.no_grad():
        network.train()(_natural_noise())
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    return network.eval()


def _natural_noise() -> torch.Tensor:
    """Return noise with the 1/f amplitude spectrum of natural images, (n, 3, 64, 64), 0 to 1.

    The same for every seed, and of no scenes: the control learns nothing about those.
    """
    rng = np.random.default_rng(20230817)
    frequency = np.hypot(np.fft.fftfreq(INPUT_SIZE)[:, None], np.fft.rfftfreq(INPUT_SIZE)[None, :])
    frequency[0, 0] = np.inf
    white = rng.standard_normal((_N_NOISE_IMAGES, 4, INPUT_SIZE, INPUT_SIZE))
    pink = np.fft.irfft2(np.fft.rfft2(white) / frequency, s=(INPUT_SIZE, INPUT_SIZE))
    pink /= pink.std()
    # Natural images vary more in luminance, which the channels share, than in colour.
    images = 0.5 + 0.2 * pink[:, :1] + 0.08 * pink[:, 1:]
    return torch.from_numpy(np.clip(images, 0, 1).astype(np.float32))
