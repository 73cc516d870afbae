"""A choice of timm's networks: self-supervised, segmenting and classifying ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.backbones.card import (
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
)
from core.backbones.timm_table import NETWORKS
from core.backbones.weights_files import file_presence, resolve_file

if TYPE_CHECKING:
    import torch

    from core.backbones.base import Backbone

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


_FACTS = tuple(_Facts(*row) for row in NETWORKS)


class TimmFamily:
    """Networks by module path, and ``features``: what ``forward_features`` returns."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return a card per network, without torch."""
        return tuple(_card(facts) for facts in _FACTS)

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash."""
        return resolve_file(card, weights)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in the hub's cache, and in torch's."""
        return file_presence(card, weights)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        from core.backbones.module_backbone import discover_layers_without_weights
        from core.backbones.timm_networks import build_network

        model, tag = _model_and_tag(card)
        shape = (3, card.input_size, card.input_size)
        return discover_layers_without_weights(lambda: build_network(model, tag), shape)[1]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        from core.backbones.network_making import make_network
        from core.backbones.picture_backbone import PictureBackbone
        from core.backbones.timm_networks import adapted, build_network, transform_of

        model, tag = _model_and_tag(card)
        network, notes = make_network(
            card,
            weights,
            lambda classes: build_network(model, tag, classes),
            adapt=lambda state, made: (
                adapted(state, made) if weights.kind == "pretrained" else state
            ),
        )
        return PictureBackbone(card, weights, device, network, transform_of(model, tag), notes)


def _model_and_tag(card: BackboneCard) -> tuple[str, str]:
    return next((facts.model, facts.tag) for facts in _FACTS if facts.name == card.name)


def _card(facts: _Facts) -> BackboneCard:
    title, training, paper = _STORIES[facts.name]
    scale = {0.5: "mean .5 and SD .5", 0.485: "ImageNet's mean and SD"}.get(
        facts.mean[0], "CLIP's mean and SD"
    )
    published = PretrainedWeights(
        variant=facts.tag,
        title=facts.tag,
        file_name=_FILE,
        url=f"https://huggingface.co/{facts.repository}/resolve/main/{_FILE}",
        sha256_digits="",
        input_size=facts.side,
        preprocessing=(
            f"Shorter side to {int(facts.side / facts.share)} px ({facts.interpolation}), central "
            f"{facts.side} px square, {scale}."
        ),
        repository=facts.repository,
        other_names=_OTHER_FILES,
        mirror=facts.download,
        mirror_cache="torch",
    )
    return BackboneCard(
        name=facts.name,
        title=title,
        family="timm",
        summary=(
            f"{training}; {facts.n_weights / 1e6:.1f} million weights. "
            "'features' is what forward_features returns."
        ),
        input_size=facts.side,
        preprocessing=published.preprocessing,
        weights=("pretrained", "untrained", "file"),
        default_weights="pretrained",
        layers_offered=facts.menu,
        licence=f"Apache-2.0 (code); {_LICENCES[facts.licence]} (weights)",
        paper=paper,
        source=f"timm {facts.model}.{facts.tag}",
        pretrained=(published,),
    )
