"""A choice of timm's networks: self-supervised, segmenting and classifying ones."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from cortiscope.core.backbones.by_name import described
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

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.base import Backbone

# Title, how it was trained, paper.
_STORIES = {
    "timm_vit_tiny": ("ViT-Ti/16 (timm)", "Classifies ImageNet", "Steiner 2021, arXiv 2106.10270"),
    "timm_vit_small": ("ViT-S/16 (timm)", "Classifies ImageNet", "Steiner 2021, arXiv 2106.10270"),
    "timm_vit_base": ("ViT-B/16 (timm)", "Classifies ImageNet", "Steiner 2021, arXiv 2106.10270"),
    "deit_small": ("DeiT-S/16", "Classifies ImageNet", "Touvron et al. 2021, arXiv 2012.12877"),
    "deit_base": ("DeiT-B/16", "Classifies ImageNet", "Touvron et al. 2021, arXiv 2012.12877"),
    "beit_base": (
        "BEiT-B/16",
        "Completed pictures, then classified ImageNet",
        "Bao et al. 2022, arXiv 2106.08254",
    ),
    "dino_vit_s16": ("DINO ViT-S/16", "Self-distilled", "Caron et al. 2021, arXiv 2104.14294"),
    "dino_vit_b16": ("DINO ViT-B/16", "Self-distilled", "Caron et al. 2021, arXiv 2104.14294"),
    "dinov2_vit_s14": ("DINOv2 ViT-S/14", "Self-distilled", "Oquab et al. 2024, arXiv 2304.07193"),
    "dinov2_vit_b14": ("DINOv2 ViT-B/14", "Self-distilled", "Oquab et al. 2024, arXiv 2304.07193"),
    "dinov2_vit_l14": ("DINOv2 ViT-L/14", "Self-distilled", "Oquab et al. 2024, arXiv 2304.07193"),
    "mae_vit_b16": ("MAE ViT-B/16", "Completes pictures", "He et al. 2022, arXiv 2111.06377"),
    "eva02_vit_b14": (
        "EVA-02 ViT-B/14",
        "Completes CLIP's features of pictures",
        "Fang et al. 2024, arXiv 2303.11331",
    ),
    "sam_vit_b": (
        "SAM ViT-B",
        "Image encoder of a network that cuts out objects",
        "Kirillov et al. 2023, arXiv 2304.02643",
    ),
    "timm_convnext_tiny": (
        "ConvNeXt-T (timm)",
        "Classifies ImageNet",
        "Liu et al. 2022, arXiv 2201.03545",
    ),
    "timm_convnext_base": (
        "ConvNeXt-B (timm)",
        "Classifies ImageNet",
        "Liu et al. 2022, arXiv 2201.03545",
    ),
    "convnextv2_tiny": (
        "ConvNeXt V2-T",
        "Completed pictures, then classified ImageNet",
        "Woo et al. 2023, arXiv 2301.00808",
    ),
    "timm_resnet50": (
        "ResNet-50 (timm, A1)",
        "Classifies ImageNet",
        "Wightman et al. 2021, arXiv 2110.00476",
    ),
    "timm_efficientnet_b0": (
        "EfficientNet-B0 (timm)",
        "Classifies ImageNet",
        "Tan & Le 2019, arXiv 1905.11946",
    ),
    "timm_mobilenet_v3_small": (
        "MobileNet V3 small 0.5 (timm)",
        "Classifies ImageNet",
        "Howard et al. 2019, arXiv 1905.02244",
    ),
}
_FILE, _OTHER_FILES = "model.safetensors", ("pytorch_model.bin",)
_LICENCES = {"apache-2.0": "Apache-2.0", "mit": "MIT", "cc-by-nc-4.0": "CC BY-NC 4.0"}


class _Facts(NamedTuple):
    """A row of the table."""

    name: str
    model: str
    tag: str
    n_weights: int
    side: int
    share: float
    cut: str
    interpolation: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    repository: str
    download: str
    licence: str
    menu: tuple[str, ...]
    paper: str = ""
    n_prefix: int = 0


@functools.cache
def _table() -> dict[str, _Facts]:
    return {row[0]: _Facts(*row) for row in read_table("timm")}


class TimmFamily:
    """Networks by module path, and ``features``: what ``forward_features`` returns."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return a card per network, without torch."""
        return tuple(_card(facts) for facts in _table().values())

    def named(self, name: str) -> BackboneCard:
        """Return the card of any network by timm's own name, asking timm once."""
        return _card(_facts_of(f"timm:{name}"))

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash."""
        return resolve_file(card, weights)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in the hub's cache, and in torch's."""
        return file_presence(card, weights)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        from cortiscope.core.backbones.module_backbone import discover_layers_without_weights
        from cortiscope.core.backbones.timm.networks import DECLARED, build_network

        _, model, tag, *_ = _facts_of(card.name)
        shape = (3, card.input_size, card.input_size)
        return discover_layers_without_weights(lambda: build_network(model, tag), shape, DECLARED)[
            1
        ]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        from cortiscope.core.backbones.network_making import make_network
        from cortiscope.core.backbones.picture_backbone import PictureBackbone
        from cortiscope.core.backbones.timm.networks import (
            DECLARED,
            adapted,
            build_network,
            transform_of,
        )

        _, model, tag, *_ = _facts_of(card.name)
        network, notes = make_network(
            card,
            weights,
            lambda classes: build_network(model, tag, classes),
            adapt=adapted,
        )
        transform = transform_of(model, tag)
        return PictureBackbone(card, weights, device, network, transform, notes, DECLARED)


def _facts_of(name: str) -> _Facts:
    if name in _table():
        return _table()[name]
    found = described("timm", name.removeprefix("timm:"))
    return _Facts(*found["row"])._replace(
        paper=found["paper"].replace("arXiv:", "arXiv "), n_prefix=found["n_prefix"]
    )


def _card(facts: _Facts) -> BackboneCard:
    published = _published(facts)
    unlisted = (
        _full_name(facts),
        "Named as in timm",
        facts.paper or f"none named by timm; see huggingface.co/{facts.repository or 'timm'}",
    )
    title, training, paper = _STORIES.get(facts.name, unlisted)
    features = next((layer for layer in reversed(facts.menu) if layer.endswith("features")), None)
    licence = _LICENCES.get(facts.licence, facts.licence) or "as its source says"
    return BackboneCard(
        name=facts.name,
        title=title,
        family="timm",
        summary=f"{training}; {facts.n_weights / 1e6:.1f} million weights."
        + (f" '{features}' is what forward_features returns." if features else ""),
        input_size=facts.side,
        preprocessing=_preprocessing(facts),
        weights=("pretrained", "untrained", "file") if published else ("untrained", "file"),
        default_weights="pretrained" if published else "untrained",
        layers_offered=facts.menu,
        licence=f"Apache-2.0 (code); {licence} (weights)" if published else "Apache-2.0 (code)",
        paper=paper,
        source=f"timm {_full_name(facts)}",
        pretrained=published,
        n_prefix=facts.n_prefix,
    )


def _full_name(facts: _Facts) -> str:
    """Return a network's name with its tag, as timm writes it."""
    return f"{facts.model}.{facts.tag}" if facts.tag else facts.model


def _published(facts: _Facts) -> tuple[PretrainedWeights, ...]:
    """Return the published set: from the hub, from a plain download alone, or none."""
    if not facts.repository and not facts.download:
        return ()
    url = f"https://huggingface.co/{facts.repository}/resolve/main/{_FILE}"
    plain = not facts.repository
    return (
        PretrainedWeights(
            variant=facts.tag,
            title=facts.tag,
            file_name=facts.download.rsplit("/", 1)[1] if plain else _FILE,
            url=facts.download if plain else url,
            sha256_digits=hash_in_url(facts.download) if plain else "",
            input_size=facts.side,
            preprocessing=_preprocessing(facts),
            repository=facts.repository,
            other_names=() if plain else _OTHER_FILES,
            mirror="" if plain else facts.download,
            mirror_cache="torch",
        ),
    )


def _preprocessing(facts: _Facts) -> str:
    return in_words(
        *(facts.side, int(facts.side / facts.share), facts.interpolation),
        *(facts.mean, facts.deviation, facts.cut),
    )
