"""A registered network at work: made again from what is kept of it, and compared with it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.backbones.base import Backbone, rgb_tensor
from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.own.code import locate, location_of, of_library, run
from cortiscope.core.backbones.own.registration import LIVE, State, card_of, folder_of
from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.stimuli import square_crop

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from torch import nn

    from cortiscope.core.backbones.layer_axes import Declared, Tokens

_ALIKE = 1e-2  # of a layer's spread; a GPU multiplies with fewer digits than a CPU


class Square:
    """The central square at ``side`` pixels, RGB 0 to 1, less the mean, divided by the SD."""

    def __init__(self, side: int, mean: Sequence[float], sd: Sequence[float]) -> None:
        self.side, self.mean, self.std = side, list(mean), list(sd)

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Return float32 (3, side, side)."""
        import torch

        mean, sd = (torch.tensor(v).reshape(3, 1, 1) for v in (self.mean, self.std))
        return rgb_tensor(square_crop(image, self.side)).sub_(mean).div_(sd)


def build(card: BackboneCard, weights: WeightsSpec, state: State, device: torch.device) -> Backbone:
    """Make a registered network with its weights; see ``OwnFamily.build``."""
    if (folder_of(card.name), state.sha256) in LIVE:
        network, change = LIVE[folder_of(card.name), state.sha256]
        network = copy.deepcopy(network)
        if state.network.get("program"):
            from cortiscope.core.backbones.own.recorded import outputs

            network = outputs(network, state).to(device)
    else:
        network, change = _remade(card.name, state, device)
    found = at_work(card.name, state, network, change, card, weights, device)
    if not alike(state.probe, probe(found)):
        raise DamagedFile(
            f"The code of the backbone {card.name} ({_where(state)}) computes something else than "
            "when it was registered.",
            "Put the code back as it was; or register it again, for new runs.",
        )
    return found


def make(network: Any) -> tuple[nn.Module, Any, str]:
    """Return the network, the transform that came with it, and where its code is."""
    from torch import nn

    code = ""
    if isinstance(network, str):
        code = locate(network)
        network = run(code)
    elif callable(network) and not isinstance(network, nn.Module):
        code = location_of(network)
        network = run(network)
    network, transform = network if isinstance(network, tuple) else (network, None)
    if not isinstance(network, nn.Module):
        raise InvalidInput(
            f"A backbone is made of a torch.nn.Module, not of {type(network).__name__}.",
            "Give the network, or a function that returns it, or it and its transform.",
        )
    return network, transform, code


def _remade(name: str, state: State, device: torch.device) -> tuple[nn.Module, Any]:
    """Make a network and its transform from what was kept of them."""
    from cortiscope.core.backbones.weights_loading import load_state, load_strictly

    path = folder_of(name) / state.weights_file
    came_with: Any = None
    if state.network.get("program"):
        from cortiscope.core.backbones.own.recorded import load_program

        try:
            network = load_program(path, device)
        except Exception as error:  # torch's reader raises nearly anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise DamagedFile(
                f"The recorded network at {path} cannot be read ({reason}).",
                "Register the network again.",
            ) from None
    else:
        network, came_with, _ = make(state.network["code"])
        try:
            load_strictly(network, load_state(path), path, state.words["title"])
        except DamagedFile as error:
            raise DamagedFile(
                f"{_where(state)} makes another network than the one that was registered as "
                f"{name}: {error.message}",
                "Put the code back as it was; or register it again, for new runs.",
            ) from None
    how = state.transform
    if "code" in how:
        return network, run(how["code"], call=False)
    if "square" in how:
        return network, Square(*how["square"])
    return network, of_library(how["library"]) if "library" in how else came_with


def _where(state: State) -> str:
    return str(state.network.get("code") or state.words["source"])


def at_work(
    name: str,
    state: State,
    network: nn.Module,
    change: Any,
    card: BackboneCard | None = None,
    weights: WeightsSpec | None = None,
    device: torch.device | None = None,
) -> Backbone:
    """Put a network to work, by default on the CPU and with the card of this state."""
    import torch

    from cortiscope.core.backbones.picture_backbone import PictureBackbone

    card = card or card_of(name, (state,))
    weights = weights or WeightsSpec("pretrained", sha256=state.sha256 or None)
    device = device or torch.device("cpu")
    if state.network.get("program"):
        from cortiscope.core.backbones.own.recorded import RecordedBackbone

        return RecordedBackbone(card, weights, device, network, change, state)
    found = PictureBackbone(card, weights, device, network, change, (), _declared(state.tokens))
    found.n_channels = int(change(probe_picture()).shape[0])
    return found


def _declared(tokens: tuple[int, ...]) -> Declared:
    from cortiscope.core.backbones.layer_axes import Declared, Tokens
    from cortiscope.core.backbones.timm import networks as of_timm
    from cortiscope.core.backbones.torchvision import networks as of_torchvision

    def found(network: nn.Module, side: int) -> Tokens | None:
        if tokens:
            return Tokens(tokens[0], (tokens[1], tokens[2]))
        for tokens_of in (of_timm.tokens_of, of_torchvision.tokens_of):
            try:
                if known := tokens_of(network, side):
                    return known
            except (AttributeError, TypeError, ValueError):
                continue  # it only goes by the same names
        return None

    return Declared(found, of_timm.resize)


def digest_of(weights: Mapping[str, torch.Tensor], time: int) -> str:
    """Hash names, types, shapes and values of weights, and how often they computed otherwise."""
    import torch

    digest = hashlib.sha256(f"state {time}".encode())
    for name, value in sorted(weights.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def probe_picture() -> Image.Image:
    """Return the picture that networks are probed with: coarse and fine colours, 320 x 240."""
    from PIL import Image

    noise = np.random.default_rng(20240229).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC)


def probe(backbone: Backbone) -> dict[str, tuple[float, ...]]:
    """Return three numbers of every layer's response to one picture, where they are finite."""
    import torch

    def numbers(name: str, response: torch.Tensor) -> torch.Tensor:
        flat = response.flatten(1).double()
        weights = torch.arange(flat.shape[1], device=flat.device, dtype=torch.float64).cos()
        deviation = flat.std(1, correction=0)
        return torch.stack([flat.mean(1), deviation, (flat * weights).mean(1)], dim=1)

    batch = backbone.preprocess(probe_picture())[None]
    names = [layer.name for layer in backbone.layers()]
    found = backbone.forward(batch, names, numbers)
    rows = {name: tuple(response[0].tolist()) for name, response in found.items()}
    return {name: row for name, row in rows.items() if np.isfinite(row).all()}


def alike(one: Mapping[str, tuple[float, ...]], other: Mapping[str, tuple[float, ...]]) -> bool:
    """Whether two probes agree, in the layers that both have."""
    return all(
        abs(a - b) <= _ALIKE * max(abs(row[0]), row[1], 1e-12)
        for name, row in one.items()
        if name in other
        for a, b in zip(row, other[name], strict=True)
    )
