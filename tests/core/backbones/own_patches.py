"""A network's own patches as maps, by its library's ``forward_intermediates``, and ours of them."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import adaptive_avg_pool2d

from cortiscope.core.backbones import WeightsSpec, load_backbone
from cortiscope.core.features.pooling import Pooling, pool


def library_maps(network: Any, batch: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return (n, channels, rows, columns) by layer, without tokens that are no patches."""
    if not hasattr(network, "visual"):
        names = [info["module"] for info in network.feature_info]
        maps = network.forward_intermediates(batch, intermediates_only=True)
    elif hasattr(network.visual, "trunk"):
        found = library_maps(network.visual.trunk, batch)
        return {f"visual.trunk.{name}": there for name, there in found.items()}
    else:
        visual = network.visual
        maps = visual.forward_intermediates(batch, intermediates_only=True)["image_intermediates"]
        names = [f"visual.layer{i}" for i in range(1, 5)]
        if hasattr(visual, "transformer"):
            names = [f"visual.transformer.resblocks.{i}" for i in range(len(maps))]
        maps = maps[-len(names) :]
    return dict(zip(names, maps, strict=True))


def compare(name: str, size: int = 5) -> int:
    """Hold pooled layers of an untrained network against its library; return how many."""
    backbone = load_backbone(name, WeightsSpec("untrained"), "cpu")
    known = {layer.name: layer for layer in backbone.layers()}
    side = backbone.input_size
    batch = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        theirs = library_maps(backbone.network, batch)
    theirs = {layer: there for layer, there in theirs.items() if layer in known}
    for pooling in (Pooling("grid", size), Pooling("mean")):
        ours = backbone.forward(
            batch, list(theirs), lambda layer, there, p=pooling: pool(there, known[layer], p)
        )
        for layer, there in theirs.items():
            cells = tuple(min(n, size) for n in there.shape[2:])
            wanted = adaptive_avg_pool2d(there, cells if pooling.kind == "grid" else 1)
            scale = max(float(wanted.abs().max()), 1e-6)
            torch.testing.assert_close(
                ours[layer].reshape(wanted.shape),
                wanted,
                rtol=1e-4,
                atol=1e-5 * scale,
                msg=f"{name} {layer} differs, {pooling.label}",
            )
    return len(theirs)
