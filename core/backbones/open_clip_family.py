"""CLIP and its kin by name: image towers, and text towers that read captions."""

from __future__ import annotations

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
from core.backbones.open_clip_table import NETWORKS
from core.backbones.weights_files import file_presence, hash_in_url, resolve_file, weights_file

if TYPE_CHECKING:
    import torch

    from core.backbones.base import Backbone

_TEXT = "_text"
_FILE, _OTHER_FILES = "open_clip_model.safetensors", ("open_clip_pytorch_model.bin",)
# What OpenAI's own files hold beside the weights.
_NO_WEIGHTS = ("input_resolution", "context_length", "vocab_size")

_TITLES = {
    "clip_rn50": "CLIP ResNet-50",
    "clip_rn101": "CLIP ResNet-101",
    "clip_vit_b32": "CLIP ViT-B/32",
    "clip_vit_b16": "CLIP ViT-B/16",
    "clip_vit_l14": "CLIP ViT-L/14",
    "clip_vit_l14_336": "CLIP ViT-L/14 at 336 px",
    "openclip_vit_b32": "OpenCLIP ViT-B/32",
    "openclip_vit_b16": "OpenCLIP ViT-B/16",
    "openclip_vit_l14": "OpenCLIP ViT-L/14",
    "openclip_vit_h14": "OpenCLIP ViT-H/14",
    "openclip_convnext_base": "OpenCLIP ConvNeXt-B",
    "siglip_vit_b16": "SigLIP ViT-B/16",
    "siglip2_vit_b16": "SigLIP 2 ViT-B/16",
    "eva02_clip_vit_b16": "EVA-02-CLIP ViT-B/16",
}
_PAPERS = {
    "clip": "Radford et al. 2021, arXiv 2103.00020",
    "openclip": "Cherti et al. 2023, arXiv 2212.07143",
    "siglip": "Zhai et al. 2023, arXiv 2303.15343",
    "siglip2": "Tschannen et al. 2025, arXiv 2502.14786",
    "eva02": "Sun et al. 2023, arXiv 2303.15389",
}
_LICENCES = {
    "clip": "MIT (code; OpenAI's and OpenCLIP's weights); CC BY-NC 4.0 (MetaCLIP's weights)",
    "openclip": "MIT (code and weights)",
    "siglip": "MIT (code); Apache-2.0 (weights)",
    "siglip2": "MIT (code); Apache-2.0 (weights)",
    "eva02": "MIT (code and weights)",
}
_SETS = {
    "openai": "OpenAI",
    "yfcc15m": "YFCC-15M",
    "cc12m": "CC-12M",
    "laion400m_e32": "LAION-400M",
    "metaclip_fullcc": "MetaCLIP 2.5B",
    "datacomp_xl_s13b_b90k": "DataComp-XL",
    "laion2b_s13b_b82k_augreg": "LAION-2B, augmented",
    "laion_aesthetic_s13b_b82k": "LAION-Aesthetic",
    "webli": "WebLI",
    "merged2b_s8b_b131k": "Merged-2B",
}


class OpenClipFamily:
    """A choice of open_clip's networks, each tower a backbone of its own."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the cards of all towers, without torch."""
        cards = []
        for row in NETWORKS:
            cards.append(_image_card(*row))
            if row[-1]:
                cards.append(_text_card(*row))
        return tuple(cards)

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash."""
        return resolve_file(card, weights)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in the hub's cache, and in that of plain downloads."""
        return file_presence(card, weights)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        import torch

        from core.backbones.module_backbone import discover_layers_without_weights
        from core.backbones.open_clip_backbone import ClipTextBackbone
        from core.backbones.open_clip_generate import text_length
        from core.backbones.open_clip_networks import build_image_tower, build_text_tower

        model = _model(card)
        if card.modality == "text":
            return discover_layers_without_weights(
                lambda: build_text_tower(model, device="meta"),
                (text_length(model),),
                torch.int64,
                ClipTextBackbone.as_response,
            )[1]
        shape = (3, card.input_size, card.input_size)
        return discover_layers_without_weights(
            lambda: build_image_tower(model, device="meta"), shape
        )[1]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make one tower with its weights; files hold both.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        import torch

        from core.backbones.open_clip_backbone import ClipImageBackbone, ClipTextBackbone
        from core.backbones.open_clip_networks import build_model, image_tower, text_tower
        from core.backbones.weights_loading import load_strictly

        model = _model(card)
        state, path = None, Path()
        if weights.kind != "untrained":
            path = weights_file(card, weights)
            state = _read(path, card)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(weights.seed)
            both = build_model(model)
        if state is not None:
            _unify_scale(state, both.state_dict())
            load_strictly(both, state, path, card.title)
        if card.modality == "text":
            return ClipTextBackbone(card, weights, device, text_tower(both), model)
        return ClipImageBackbone(card, weights, device, image_tower(both), model)


def _model(card: BackboneCard) -> str:
    name = card.name.removesuffix(_TEXT)
    return next(row[1] for row in NETWORKS if row[0] == name)


def _read(path: Path, card: BackboneCard) -> dict[str, Any]:
    """Read a file's weights.

    OpenAI's own files are programs (TorchScript) with weights in them. Such a file is opened only
    if it is one of those published, byte by byte.
    """
    import torch

    from core.backbones.weights_loading import load_state

    published = {hash_in_url(p.mirror) for p in card.pretrained if p.mirror}
    if path.suffix == ".pt" and sha256_of(path) in published:
        state = dict(torch.jit.load(str(path), map_location="cpu").state_dict())
    else:
        state = load_state(path)
    return {name: value for name, value in state.items() if name not in _NO_WEIGHTS}


def _unify_scale(state: dict[str, Any], expected: dict[str, Any]) -> None:
    # Some files hold the scale and bias of the training loss as vectors of length 1.
    for name in ("logit_scale", "logit_bias"):
        if name in state and name in expected and state[name].numel() == 1:
            state[name] = state[name].reshape(expected[name].shape)


def _image_card(
    name: str,
    model: str,
    n_weights: int,
    side: int,
    n_embedding: int,
    sets: tuple[tuple[Any, ...], ...],
    menu: tuple[str, ...],
    n_text: int,
    text_menu: tuple[str, ...],
) -> BackboneCard:
    pretrained = tuple(_published(side, *row) for row in sets)
    return _card(
        name,
        model,
        pretrained,
        summary=(
            f"Image tower of a network trained on pictures with their captions, "
            f"{n_weights / 1e6:.0f} million weights; 'embedding' is what encode_image returns, "
            f"{n_embedding} values, not normalised."
        ),
        input_size=side,
        layers_offered=menu,
    )


def _text_card(
    name: str,
    model: str,
    n_weights: int,
    side: int,
    n_embedding: int,
    sets: tuple[tuple[Any, ...], ...],
    menu: tuple[str, ...],
    n_text: int,
    text_menu: tuple[str, ...],
) -> BackboneCard:
    pretrained = tuple(_published(0, *row) for row in sets)
    return _card(
        name + _TEXT,
        model,
        pretrained,
        summary=(
            f"Text tower of a network trained on pictures with their captions, "
            f"{n_text / 1e6:.0f} million weights; 'embedding' is what encode_text returns, "
            f"{n_embedding} values, not normalised."
        ),
        input_size=0,
        layers_offered=text_menu,
        modality="text",
    )


def _card(
    name: str, model: str, pretrained: tuple[PretrainedWeights, ...], **facts: Any
) -> BackboneCard:
    base, kind = name.removesuffix(_TEXT), name.split("_")[0]
    return BackboneCard(
        name=name,
        title=_TITLES[base] + (" text" if base != name else ""),
        family="open_clip",
        preprocessing=pretrained[0].preprocessing,
        weights=("pretrained", "untrained", "file"),
        default_weights="pretrained",
        licence=_LICENCES[kind],
        paper=_PAPERS[kind],
        source=f"open_clip {model}",
        pretrained=pretrained,
        **facts,
    )


def _published(
    side: int,
    tag: str,
    repository: str,
    download: str,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    interpolation: str,
    mode: str,
) -> PretrainedWeights:
    shape = (
        f"Squeezed to {side} x {side} px"
        if mode == "squash"
        else f"Shorter side to {side} px ({interpolation}), central {side} px square"
    )
    scale = {0.5: "mean .5 and SD .5", 0.485: "ImageNet's mean and SD"}.get(
        mean[0], "CLIP's mean and SD"
    )
    squeezed = f" ({interpolation})" if mode == "squash" else ""
    return PretrainedWeights(
        variant=tag,
        title=_SETS.get(tag) or ("LAION-2B" if tag.startswith("laion2b") else tag),
        file_name=_FILE,
        url=f"https://huggingface.co/{repository}/resolve/main/{_FILE}",
        sha256_digits="",
        input_size=side,
        preprocessing=(
            f"{shape}{squeezed}, {scale}."
            if side
            else "Words in pieces (byte pairs), at most 77; the mean over an image's captions."
        ),
        repository=repository,
        other_names=_OTHER_FILES,
        mirror=download,
        mirror_cache="clip",
    )
