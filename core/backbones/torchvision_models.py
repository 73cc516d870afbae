"""torchvision's classification networks by name, with weights from its usual cache.

Nothing is ever downloaded: a file is looked for under its exact name, so that absent weights are
told at once and not after a library's attempts to reach the network.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones.card import (
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
    sha256_of,
)
from core.backbones.torchvision_table import NETWORKS
from core.errors import DamagedFile, MissingWeights

if TYPE_CHECKING:
    import torch
    from torch import nn

    from core.backbones.base import Backbone

_PAPERS = {
    "alexnet": "Krizhevsky 2014, arXiv 1404.5997",
    "convnext": "Liu et al. 2022, arXiv 2201.03545",
    "densenet": "Huang et al. 2017, arXiv 1608.06993",
    "efficientnet_v2": "Tan & Le 2021, arXiv 2104.00298",
    "efficientnet": "Tan & Le 2019, arXiv 1905.11946",
    "googlenet": "Szegedy et al. 2015, arXiv 1409.4842",
    "inception": "Szegedy et al. 2016, arXiv 1512.00567",
    "maxvit": "Tu et al. 2022, arXiv 2204.01697",
    "mnasnet": "Tan et al. 2019, arXiv 1807.11626",
    "mobilenet_v2": "Sandler et al. 2018, arXiv 1801.04381",
    "mobilenet_v3": "Howard et al. 2019, arXiv 1905.02244",
    "regnet": "Radosavovic et al. 2020, arXiv 2003.13678",
    "resnext": "Xie et al. 2017, arXiv 1611.05431",
    "resnet": "He et al. 2016, arXiv 1512.03385",
    "shufflenet": "Ma et al. 2018, arXiv 1807.11164",
    "squeezenet": "Iandola et al. 2016, arXiv 1602.07360",
    "swin_v2": "Liu et al. 2022, arXiv 2111.09883",
    "swin": "Liu et al. 2021, arXiv 2103.14030",
    "vgg": "Simonyan & Zisserman 2015, arXiv 1409.1556",
    "vit": "Dosovitskiy et al. 2021, arXiv 2010.11929",
    "wide_resnet": "Zagoruyko & Komodakis 2016, arXiv 1605.07146",
}
_TITLES = {
    "alexnet": "AlexNet",
    "googlenet": "GoogLeNet",
    "inception": "Inception",
    "convnext": "ConvNeXt",
    "densenet": "DenseNet-",
    "efficientnet": "EfficientNet",
    "maxvit": "MaxViT",
    "mnasnet": "MNASNet ",
    "mobilenet": "MobileNet",
    "regnet": "RegNet",
    "resnext": "ResNeXt-",
    "resnet": "ResNet-",
    "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet ",
    "swin": "Swin",
    "vgg": "VGG-",
    "vit": "ViT",
    "wide": "Wide",
}


class TorchvisionFamily:
    """All of torchvision's classification networks."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return a card per network, without torch."""
        return tuple(_card(*row) for row in NETWORKS)

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash: the published digits, or else what is there.

        A file may bear the published name and hold other bytes (a conversion, another
        precision). It then has its own key, and the card's ``weights_label`` says so.
        """
        if weights.kind != "pretrained":
            return weights
        chosen = card.pretrained_set(weights.variant)
        path = checkpoints_folder() / chosen.file_name
        found = sha256_of(path) if path.is_file() else chosen.sha256_digits
        published = found.startswith(chosen.sha256_digits)
        digest = chosen.sha256_digits if published else found
        return WeightsSpec("pretrained", sha256=digest, variant=chosen.variant)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in torch's cache."""
        if weights.kind != "pretrained":
            return WeightsPresence(True)
        chosen = card.pretrained_set(weights.variant)
        folder = checkpoints_folder()
        path = folder / chosen.file_name
        if path.is_file():
            return WeightsPresence(True, path)
        return WeightsPresence(
            False,
            path,
            f"The pretrained weights of {card.name} ({chosen.title}) are not on this machine: "
            f"there is no {chosen.file_name} in {folder}.",
            f"Download {chosen.url} into that folder, or set TORCH_HOME to the folder whose "
            "hub/checkpoints holds it, or choose untrained weights.",
        )

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        from core.backbones.module_backbone import discover_layers_without_weights

        side = card.input_size
        return discover_layers_without_weights(lambda: build_network(card.name, side), side)[1]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        import torch

        from core.backbones.torchvision_backbone import TorchvisionBackbone

        chosen = card.pretrained_set(weights.variant)
        if weights.kind == "untrained":
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(weights.seed)
                network = build_network(card.name, chosen.input_size)
        else:
            path = self._checkpoint(card, weights)
            state = load_state(path)
            network = build_network(card.name, chosen.input_size, initialise=False)
            load_strictly(network, state, path, card.title)
        _drop_auxiliary_heads(network)
        return TorchvisionBackbone(card, weights, device, network)

    def _checkpoint(self, card: BackboneCard, weights: WeightsSpec) -> Path:
        if weights.kind == "file":
            path = Path(weights.path or "")
            if sha256_of(path) != weights.sha256:
                raise DamagedFile(
                    f"{path} is no longer the file that was chosen: its content has changed.",
                    "Choose the file again.",
                )
            return path
        found = self.presence(card, weights)
        if not found.present or found.path is None:
            raise MissingWeights(found.message, found.hint)
        _check_intact(found.path, card.pretrained_set(weights.variant).sha256_digits)
        return found.path


def checkpoints_folder() -> Path:
    """Return the folder where torch keeps downloaded weights, by torch.hub's own rule."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", str(Path(cache) / "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"


def build_network(name: str, side: int, *, initialise: bool = True) -> nn.Module:
    """Build a network without trained weights, as its published weights expect it."""
    models = import_torchvision_models()
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # The published weights were made for another normalisation, which the network itself
        # undoes, and come with the auxiliary heads of training.
        options = {"transform_input": True, "aux_logits": True, "init_weights": initialise}
    if name.startswith("vit"):
        options = {"image_size": side}
    network: nn.Module = models.get_model(name, weights=None, **options)
    return network


def import_torchvision_models() -> Any:
    """Return ``torchvision.models``."""
    from core.backbones.torchvision_import import import_torchvision

    return import_torchvision().models


def load_state(path: Path) -> dict[str, Any]:
    """Read a state dict without running any code that the file may hold.

    Accepts ``.safetensors`` and torch's own format, there also wrapped as
    ``{"state_dict": ...}`` or ``{"model": ...}`` and with ``module.`` before every name.

    Raises
    ------
    DamagedFile
        Truncated, or not a state dict.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # readers raise nearly anything on damaged files
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else "unreadable"
        raise DamagedFile(
            f"{path} cannot be read as weights: truncated, or not a checkpoint ({reason}).",
            "Download or copy it again; only tensors are loaded, never pickled code.",
        ) from None
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(hasattr(v, "shape") for v in state.values()):
        raise DamagedFile(
            f"{path} holds no state dict (names with tensors) but {_what(state)}.",
            "Save the network's state_dict().",
        )
    if state and all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    return state


def load_strictly(network: nn.Module, state: dict[str, Any], path: Path, title: str) -> None:
    """Put a state dict into a network; every weight must be there and fit.

    Raises
    ------
    DamagedFile
        It belongs to another network.
    """
    state = {_modern_densenet_name(key): value for key, value in state.items()}
    expected = network.state_dict()
    missing = sorted(
        k for k in expected.keys() - state.keys() if not k.endswith("num_batches_tracked")
    )
    surplus = sorted(state.keys() - expected.keys())
    unlike = sorted(
        k for k in state.keys() & expected.keys() if state[k].shape != expected[k].shape
    )
    if missing or surplus or unlike:
        found = [
            f"{len(names)} weights {what} (as {names[0]})"
            for names, what in (
                (missing, "are missing"),
                (surplus, "are unknown to it"),
                (unlike, "have another shape"),
            )
            if names
        ]
        raise DamagedFile(
            f"{path} does not hold the weights of {title}: {', '.join(found)}.",
            "Choose the network that the checkpoint was saved from.",
        )
    # Version notes of the modules (MNASNet asks for one) travel beside the tensors; a file
    # without them is taken to be of the present version.
    tensors = OrderedDict(state)
    vars(tensors)["_metadata"] = vars(expected)["_metadata"]
    network.load_state_dict(tensors, strict=False)


def _check_intact(path: Path, digits: str) -> None:
    """Refuse a damaged file under a published name.

    With the published hash it is whole. With another it may still be an honest conversion, which
    is used and labelled as such, if the archive's own checksums hold; whether it fits the
    network is checked on loading.
    """
    found = sha256_of(path)
    if found.startswith(digits):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip() is not None
    except (zipfile.BadZipFile, OSError):
        damaged = True
    if damaged:
        raise DamagedFile(
            f"{path} is damaged or cut short: its SHA-256 begins with {found[: len(digits)]} and "
            f"not with {digits}, and it is no intact archive.",
            "Delete it and download it again.",
        )


def _hash_digits(file_name: str) -> str:
    found = re.search(r"-([0-9a-f]{8,64})\.pth$", file_name)
    if not found:
        raise ValueError(f"{file_name} carries no hash")
    return found.group(1)


def _modern_densenet_name(key: str) -> str:
    # DenseNet's published files are from before names with dots in them were given up.
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key)


def _drop_auxiliary_heads(network: Any) -> None:
    if getattr(network, "aux_logits", False):
        network.aux_logits = False
        for head in ("AuxLogits", "aux1", "aux2"):
            if hasattr(network, head):
                setattr(network, head, None)


def _what(state: Any) -> str:
    return "other things" if isinstance(state, dict) else f"a {type(state).__name__}"


def _card(
    name: str,
    builder: str,
    n_weights: int,
    sets: tuple[tuple[Any, ...], ...],
    menu: tuple[str, ...],
) -> BackboneCard:
    pretrained = tuple(_published(*row) for row in sets)
    return BackboneCard(
        name=name,
        title=_title(name),
        family="torchvision",
        summary=f"ImageNet classifier with {n_weights / 1e6:.1f} million weights.",
        input_size=pretrained[0].input_size,
        preprocessing=pretrained[0].preprocessing,
        weights=("pretrained", "untrained", "file"),
        default_weights="pretrained",
        layers_offered=menu,
        licence="BSD-3-Clause (code); weights trained on ImageNet, non-commercial research terms",
        paper=next(p for start, p in _PAPERS.items() if name.startswith(start)),
        source=f"torchvision.models.{builder}",
        pretrained=pretrained,
    )


def _published(
    variant: str, url: str, resized: int, side: int, interpolation: str, imagenet_norm: bool
) -> PretrainedWeights:
    scale = "ImageNet's mean and SD" if imagenet_norm else "mean .5 and SD .5"
    return PretrainedWeights(
        variant=variant,
        title=variant.replace("IMAGENET1K", "ImageNet-1k").replace("_", " "),
        file_name=url.rsplit("/", 1)[1],
        url=url,
        sha256_digits=_hash_digits(url.rsplit("/", 1)[1]),
        input_size=side,
        preprocessing=(
            f"Shorter side to {resized} px ({interpolation}), central {side} px square, {scale}."
        ),
    )


def _title(name: str) -> str:
    start = next(s for s in _TITLES if name.startswith(s))
    rest = name.removeprefix(start)
    if start == "wide":
        return "Wide ResNet-" + rest.removeprefix("_resnet").replace("_", "-")
    if name.startswith("squeezenet"):
        return _TITLES[start] + rest.replace("_", ".")
    if start == "mnasnet":
        return _TITLES[start] + rest.replace("_", ".")
    # An underscore between digits stands for a decimal point, as in x_1_6gf.
    words = re.sub(r"(?<=\d)_(?=\d)", ".", rest.strip("_")).split("_")
    joined = " ".join(w.upper() if w in ("b", "s", "t", "l", "m", "bn") else w for w in words)
    title = _TITLES[start]
    return (title + joined) if title.endswith("-") else f"{title} {joined}".strip()
