"""CLIP and its kin by name: image towers, and text towers that read captions."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cortiscope.core.backbones.by_name import described
from cortiscope.core.backbones.card import (
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
    sha256_of,
)
from cortiscope.core.backbones.framing import in_words
from cortiscope.core.backbones.tables import read_table
from cortiscope.core.backbones.weights_files import file_presence, hash_in_url, resolve_file

if TYPE_CHECKING:
    import torch
    from torch import nn

    from cortiscope.core.backbones.base import Backbone

_TEXT, _NAMED_TEXT = "_text", ":text"
_FILE, _OTHER_FILES = "open_clip_model.safetensors", ("open_clip_pytorch_model.bin",)

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
    "clip": "MIT (code and weights)",
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
    "laion2b_s34b_b79k": "LAION-2B",
    "laion2b_s34b_b88k": "LAION-2B",
    "laion2b_s32b_b82k": "LAION-2B",
    "laion2b_s32b_b79k": "LAION-2B",
    "laion2b_s13b_b82k": "LAION-2B",
    "laion2b_s13b_b82k_augreg": "LAION-2B, augmented",
    "laion_aesthetic_s13b_b82k": "LAION-Aesthetic",
    "webli": "WebLI",
    "merged2b_s8b_b131k": "Merged-2B",
}


class _Set(NamedTuple):
    """A published set, as in the table."""

    tag: str
    repository: str
    download: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    interpolation: str
    mode: str


class _Facts(NamedTuple):
    """A row of the table."""

    name: str
    model: str
    n_weights: int
    side: int
    n_embedding: int
    sets: tuple[_Set, ...]
    menu: tuple[str, ...]
    n_text_weights: int
    text_menu: tuple[str, ...]
    n_prefix: int = 0


def _facts(row: tuple[Any, ...]) -> _Facts:
    return _Facts(*row)._replace(sets=tuple(_Set(*published) for published in row[5]))


# What open_clip does to pictures where no published set says otherwise.
_CLIP_MEAN, _CLIP_SD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_USUAL = _Set("", "", "", _CLIP_MEAN, _CLIP_SD, "bicubic", "shortest")
_LIBRARY = "open_clip:"


@functools.cache
def _table() -> dict[str, _Facts]:
    return {row[0]: _facts(row) for row in read_table("open_clip")}


class OpenClipFamily:
    """A choice of open_clip's networks, each tower a backbone of its own."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the cards of all towers, without torch."""
        cards = []
        for facts in _table().values():
            cards.append(_image_card(facts))
            if facts.text_menu:
                cards.append(_text_card(facts))
        return tuple(cards)

    def named(self, name: str) -> BackboneCard:
        """Return the card of any network by open_clip's own name, asking open_clip once.

        Parameters
        ----------
        name : with ":text" at its end, of its text tower.
        """
        facts = _facts_of(_LIBRARY + name)
        return _text_card(facts) if name.endswith(_NAMED_TEXT) else _image_card(facts)

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the published set, and its hash."""
        return resolve_file(card, weights)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the published file in the hub's cache, and in that of plain downloads."""
        return file_presence(card, weights)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List all layers without making any weights."""
        import torch

        from cortiscope.core.backbones.module_backbone import discover_layers_without_weights
        from cortiscope.core.backbones.open_clip.networks import (
            DECLARED,
            ClipTextBackbone,
            build_image_tower,
            build_text_tower,
            text_length,
        )

        model = _model(card)
        if card.modality == "text":
            return discover_layers_without_weights(
                lambda: build_text_tower(model, device="meta"),
                (text_length(model),),
                dtype=torch.int64,
                as_response=ClipTextBackbone.as_response,
            )[1]
        shape = (3, card.input_size, card.input_size)
        return discover_layers_without_weights(
            lambda: build_image_tower(model, device="meta"), shape, DECLARED
        )[1]

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make one tower with its weights; files hold both.

        Raises
        ------
        MissingWeights, DamagedFile
        """
        from cortiscope.core.backbones.network_making import make_network
        from cortiscope.core.backbones.open_clip.networks import (
            DECLARED,
            ClipTextBackbone,
            build_model,
            image_tower,
            text_tower,
            transform_of,
        )
        from cortiscope.core.backbones.picture_backbone import PictureBackbone

        model = _model(card)
        both, notes = make_network(
            card,
            weights,
            lambda classes: build_model(model),
            read=lambda path: _read(path, card),
            adapt=_with_shapes_of_scales,
        )
        if card.modality == "text":
            return ClipTextBackbone(card, weights, device, text_tower(both), model, notes)
        tag = card.pretrained_set(weights.variant).variant if card.pretrained else ""
        transform = transform_of(model, tag)
        return PictureBackbone(card, weights, device, image_tower(both), transform, notes, DECLARED)


def _facts_of(name: str) -> _Facts:
    if name.startswith(_LIBRARY):
        found = described("open_clip", name.removeprefix(_LIBRARY))
        return _facts(found["row"])._replace(n_prefix=found["n_prefix"])
    return _table()[name.removesuffix(_TEXT)]


def _model(card: BackboneCard) -> str:
    return _facts_of(card.name).model


def _read(path: Path, card: BackboneCard) -> dict[str, Any]:
    """Read a file's weights.

    OpenAI's own files are programs (TorchScript) with weights in them. Such a file is opened only
    if it is one of those published, byte by byte.
    """
    import torch

    from cortiscope.core.backbones.weights_loading import load_state

    published = {hash_in_url(p.mirror) for p in card.pretrained if p.mirror}
    if path.suffix == ".pt" and sha256_of(path) in published:
        return dict(torch.jit.load(str(path), map_location="cpu").state_dict())
    return load_state(path)


def _with_shapes_of_scales(state: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    # Some files hold the scale and bias of the training loss as vectors of length 1.
    expected = network.state_dict()
    shapes = {n: expected[n].shape for n in ("logit_scale", "logit_bias") if n in expected}
    return {
        name: value.reshape(shapes[name]) if name in shapes and value.numel() == 1 else value
        for name, value in state.items()
    }


def _image_card(facts: _Facts) -> BackboneCard:
    return _card(
        facts.name,
        facts,
        tuple(_published(s, facts.side, _picture_sentence(s, facts.side)) for s in facts.sets),
        preprocessing=_picture_sentence(facts.sets[0] if facts.sets else _USUAL, facts.side),
        summary=(
            f"Image tower of a network trained on pictures with their captions, "
            f"{facts.n_weights / 1e6:.0f} million weights; 'embedding' is what encode_image "
            f"returns, {facts.n_embedding} values, not normalised."
        ),
        input_size=facts.side,
        layers_offered=facts.menu,
        n_prefix=facts.n_prefix,
    )


def _text_card(facts: _Facts) -> BackboneCard:
    sentence = "Words in pieces (byte pairs), at most 77; the mean over an image's captions."
    return _card(
        facts.name + (_NAMED_TEXT if facts.name.startswith(_LIBRARY) else _TEXT),
        facts,
        tuple(_published(s, 0, sentence) for s in facts.sets),
        preprocessing=sentence,
        summary=(
            f"Text tower of a network trained on pictures with their captions, "
            f"{facts.n_text_weights / 1e6:.0f} million weights; 'embedding' is what encode_text "
            f"returns, {facts.n_embedding} values, not normalised."
        ),
        input_size=0,
        layers_offered=facts.text_menu,
        modality="text",
    )


def _card(
    name: str, facts: _Facts, pretrained: tuple[PretrainedWeights, ...], **more: Any
) -> BackboneCard:
    kind = name.split("_")[0]
    licence = _LICENCES.get(kind, "MIT (code); weights as their source says")
    if any(published.tag.startswith("metaclip") for published in facts.sets):
        licence += "; CC BY-NC 4.0 (MetaCLIP's weights)"
    return BackboneCard(
        name=name,
        title=_TITLES.get(facts.name, facts.model) + (" text" if name != facts.name else ""),
        family="open_clip",
        weights=("pretrained", "untrained", "file") if pretrained else ("untrained", "file"),
        default_weights="pretrained" if pretrained else "untrained",
        licence=licence,
        paper=_PAPERS.get(kind, "Ilharco et al. 2021, doi 10.5281/zenodo.5143773 (the library)"),
        source=f"open_clip {facts.model}",
        pretrained=pretrained,
        **more,
    )


def _published(row: _Set, side: int, preprocessing: str) -> PretrainedWeights:
    # A repository may be followed by the name of its one file.
    organisation, name, *files = row.repository.split("/")
    repository = f"{organisation}/{name}"
    file_name = files[0] if files else _FILE
    return PretrainedWeights(
        variant=row.tag,
        title=_SETS.get(row.tag, row.tag),
        file_name=file_name,
        url=f"https://huggingface.co/{repository}/resolve/main/{file_name}",
        sha256_digits="",
        input_size=side,
        preprocessing=preprocessing,
        repository=repository,
        other_names=() if files else _OTHER_FILES,
        mirror=row.download,
        mirror_cache="clip",
    )


def _picture_sentence(row: _Set, side: int) -> str:
    cut = {"squash": "squash", "longest": "longest"}.get(row.mode, "center")
    return in_words(side, side, row.interpolation, row.mean, row.deviation, cut)
