"""A network as a program that ``torch.export`` recorded: it needs none of the code that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torch.export.passes import move_to_device_pass

from cortiscope.core.backbones.base import Backbone, Reduce, finish
from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.backbones.layer_axes import channels_first
from cortiscope.core.backbones.module_backbone import run_with_hooks
from cortiscope.core.backbones.own.registration import State
from cortiscope.core.storage import atomic_file


class RecordedBackbone(Backbone):
    """A network as ``torch.export`` recorded it: some of its layers, all in one pass."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        program: nn.Module,
        transform: Callable[[Image.Image], torch.Tensor],
        state: State,
    ) -> None:
        super().__init__(card, weights, device)
        self._program, self._transform, self._state = program, transform, state

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        return self._state.layers

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return self._transform(image)

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        self.check_layers(layers)
        axes = {layer.name: layer.axes for layer in self.layers()}
        with torch.inference_mode():
            found = self._program(batch.to(self.device))
            responses = {
                name: channels_first(axes[name], response).float()
                for name, response in zip(axes, found, strict=True)
            }
            return finish(responses, layers, reduce)


class Outputs(nn.Module):
    """A network that returns the responses of some of its layers, in their order."""

    def __init__(self, network: nn.Module, layers: Sequence[str]) -> None:
        super().__init__()
        self.network, self._layers = network, tuple(layers)

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return each layer's response as the network keeps it."""
        seen: dict[str, torch.Tensor] = {}

        def keep(name: str, output: torch.Tensor) -> None:
            if name in self._layers:
                seen[name] = output.clone()  # what follows may overwrite it

        run_with_hooks(self.network, batch, keep, set(self._layers))
        return tuple(seen[name] for name in self._layers)


def load_program(path: Path, device: torch.device) -> nn.Module:
    """Return a recorded network on a device; torch raises nearly anything of other files."""
    program = torch.export.load(path)
    network: nn.Module = move_to_device_pass(program, device).module()
    return network


def outputs(network: nn.Module, state: State) -> nn.Module:
    """Return a network that gives the layers of a state; takes it over."""
    names = [layer.name for layer in state.layers]
    return Outputs(network.cpu().eval().requires_grad_(False), names)


def save_program(whole: nn.Module, batch: torch.Tensor, path: Path) -> None:
    """Record a network as a program; torch raises nearly anything of one it cannot follow."""
    n_images = torch.export.Dim("n_images", min=1, max=4096)
    program = torch.export.export(whole, (batch,), dynamic_shapes=({0: n_images},), strict=False)
    with atomic_file(path) as draft, draft.open("wb") as stream:
        torch.export.save(program, stream)
