"""torchvision's classification networks by name, with weights from its usual cache."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from cortiscope.core.backbones.card import (
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
)
from cortiscope.core.backbones.framing import in_words
from cortiscope.core.backbones.tables import read_table
from cortiscope.core.backbones.weights_files import file_presence, hash_in_url, resolve_file
from cortiscope.core.errors import unknown_name

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.base import Backbone

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
        return tuple(_card(*row) for row in _rows().values())

    def named(self, name: str) -> BackboneCard:
        """Return the card by torchvision's own name, which is the name of the backbone."""
        rows = _rows()
        if name not in rows:
            hint = "'cortiscope list networks torchvision' shows all classification networks."
            raise unknown_name("classification network of torchvision", name, rows, hint)
        return _card(*rows[name])

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash."""
        return resolve_file(card, weights)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in torch's cache."""
        return file_presence(card, weights)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        from cortiscope.core.backbones.module_backbone import discover_layers_without_weights
        from cortiscope.core.backbones.torchvision.networks import DECLARED, build_network

        side = card.input_size
        shape = (3, side, side)
        return discover_layers_without_weights(
            lambda: build_network(card.name, side), shape, DECLARED
        )[1]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        from cortiscope.core.backbones.network_making import make_network
        from cortiscope.core.backbones.torchvision.networks import (
            TorchvisionBackbone,
            build_network,
        )

        side = card.pretrained_set(weights.variant).input_size
        network, notes = make_network(
            card,
            weights,
            lambda classes: build_network(
                card.name, side, initialise=weights.kind == "untrained", n_classes=classes
            ),
            adapt=lambda state, network: {
                _modern_densenet_name(name): value for name, value in state.items()
            },
        )
        return TorchvisionBackbone(card, weights, device, network, notes)


@functools.cache
def _rows() -> dict[str, tuple[Any, ...]]:
    return {row[0]: row for row in read_table("torchvision")}


def _modern_densenet_name(key: str) -> str:
    # DenseNet's published files are from before names with dots in them were given up.
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key)


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
    mean, deviation = (0.485, 0.229) if imagenet_norm else (0.5, 0.5)
    return PretrainedWeights(
        variant=variant,
        title=variant.replace("IMAGENET1K", "ImageNet-1k").replace("_", " "),
        file_name=url.rsplit("/", 1)[1],
        url=url,
        sha256_digits=hash_in_url(url),
        input_size=side,
        preprocessing=in_words(side, resized, interpolation, [mean] * 3, [deviation] * 3),
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
