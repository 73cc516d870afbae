"""All backbones by name. Knows cards and files only: torch is imported when one is loaded.

A name with a colon (``timm:resnet18.a1_in1k``, ``open_clip:RN50:text``) is a library's own: any
of its networks, also one that no menu offers.

To add backbones: write a ``Family`` in one file (``cards`` must not import torch; ``build`` may),
and add it to ``FAMILIES``. The tests run over every family and need no extension.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cortiscope.core.backbones.base import Family, Library, choose_device
from cortiscope.core.backbones.caption_words import CAPTION_WORDS
from cortiscope.core.backbones.card import (
    BackboneCard,
    LayerInfo,
    WeightsKind,
    WeightsPresence,
    WeightsSpec,
)
from cortiscope.core.backbones.finetuned import finetuned_presence, with_finetuned
from cortiscope.core.backbones.gabor import GABOR
from cortiscope.core.backbones.open_clip.family import OpenClipFamily
from cortiscope.core.backbones.own.family import OwnFamily
from cortiscope.core.backbones.pixels import PIXELS
from cortiscope.core.backbones.small_cnn import SmallCnnFamily
from cortiscope.core.backbones.timm.family import TimmFamily
from cortiscope.core.backbones.torchvision.family import TorchvisionFamily
from cortiscope.core.errors import (
    CoreError,
    InvalidInput,
    MissingWeights,
    check_option,
    unknown_name,
)

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone


LIBRARIES: dict[str, Library] = {
    "open_clip": OpenClipFamily(),
    "timm": TimmFamily(),
    "torchvision": TorchvisionFamily(),
}
FAMILIES: tuple[Family, ...] = (
    GABOR,
    SmallCnnFamily(),
    PIXELS,
    CAPTION_WORDS,
    *LIBRARIES.values(),
)
OWN = OwnFamily()


@functools.cache
def _members() -> dict[str, tuple[Family, BackboneCard]]:
    members: dict[str, tuple[Family, BackboneCard]] = {}
    for family in FAMILIES:
        for card in family.cards():
            if card.name in members:
                raise ValueError(f"Two backbones are named {card.name!r}.")
            members[card.name] = (family, card)
    return members


def _member(name: str) -> tuple[Family, BackboneCard]:
    library, colon, own_name = name.partition(":")
    if library.endswith(".py"):
        raise InvalidInput(
            f"{name} is code of a backbone, not the name of one.",
            f"Register it first: 'cortiscope register-backbone {name} --name NAME'; then use NAME.",
        )
    if colon:
        check_option("library", library, LIBRARIES)
        return LIBRARIES[library], LIBRARIES[library].named(own_name)
    if name not in _members():
        if own := OWN.card(name):
            return OWN, own
        hint = (
            "'cortiscope list backbones' shows all of them; any other network of a library "
            "goes by timm:NAME or open_clip:NAME ('list networks timm'); a network of one's own is "
            "registered first ('register-backbone')."
        )
        called = [n for n, (_, card) in _members().items() if card.title.endswith(f" {name}")]
        if called:
            hint = f"{name} may mean: {', '.join(called)}."
        raise unknown_name("backbone", name, backbone_names(), hint)
    return _members()[name]


def is_built_in(name: str) -> bool:
    """Whether a backbone of this name comes with the project or with a library."""
    return name in _members()


def backbone_names() -> tuple[str, ...]:
    """Return all names: the project's own, those registered here, then libraries' by alphabet."""
    own = [name for name, (family, _) in _members().items() if family not in LIBRARIES.values()]
    registered = [card.name for card in OWN.cards() if card.name not in _members()]
    return tuple(dict.fromkeys([*own, *registered, *_members()]))


def get_card(name: str) -> BackboneCard:
    """Return a backbone's card; UnknownName where there is none."""
    return _member(name)[1]


def card_or_name(name: str) -> BackboneCard:
    """Return a backbone's card, or one with nothing but its name where it is not known here.

    Runs are read by it: one of a network that is not registered here still opens, with all its
    scores.
    """
    try:
        return get_card(name)
    except CoreError:
        nothing = "unknown: the backbone is not known here"
        return BackboneCard(
            name=name,
            title=name,
            family="not here",
            summary=f"The backbone {name} is not registered here.",
            input_size=0,
            preprocessing="Its own preprocessing.",
            weights=("pretrained",),
            default_weights="pretrained",
            layers_offered=(),
            licence=nothing,
            paper=nothing,
            source=nothing,
        )


def resolve_weights(name: str, weights: WeightsSpec | None = None) -> WeightsSpec:
    """Return weights that name their content (hash, published set): what keys are made of.

    Parameters
    ----------
    weights : None takes the card's default kind.

    Raises
    ------
    InvalidInput
        The backbone has no weights of that kind.
    """
    family, card = _member(name)
    weights = weights or WeightsSpec(card.default_weights)
    if weights.kind not in card.weights:
        raise InvalidInput(
            f"{card.title} has no {weights.kind} weights; allowed: {', '.join(card.weights)}.",
            "Choose one of these.",
        )
    resolved = family.resolve(card, replace(weights, finetuned=""))
    return replace(resolved, finetuned=weights.finetuned)


def parse_weights(name: str, text: str | None = None, *, seed: int = 0) -> WeightsSpec:
    """Read weights as typed: a kind, the name of a published set, or a checkpoint's path.

    Parameters
    ----------
    text : "pretrained", "untrained", "fixed", a variant such as "IMAGENET1K_V1", or a path, with
        "#teacher" at its end for one of several networks in the file; None takes the card's
        default kind.
    seed : of untrained weights.
    """
    card = get_card(name)
    if not text:
        return resolve_weights(name)
    if text in ("pretrained", "untrained", "fixed"):
        kind: WeightsKind = text  # type: ignore[assignment]
        return resolve_weights(name, WeightsSpec(kind, seed=seed))
    if text in [p.variant for p in card.pretrained]:
        return resolve_weights(name, WeightsSpec("pretrained", variant=text))
    file, _, part = text.rpartition("#")
    if part and Path(file).expanduser().is_file() and not Path(text).expanduser().is_file():
        return resolve_weights(name, WeightsSpec.from_file(file, part))
    if not Path(text).expanduser().is_file():
        kinds = [k for k in card.weights if k != "file"]
        variants = [p.variant for p in card.pretrained]
        raise MissingWeights(
            f"There is no weights file {text}, and {card.name} has no weights of that name.",
            f"Allowed: {', '.join(kinds + variants)}, or the path of a checkpoint.",
        )
    return resolve_weights(name, WeightsSpec.from_file(text))


def weights_presence(name: str, kind: WeightsKind | WeightsSpec) -> WeightsPresence:
    """Say whether weights are on this machine, at once and without importing torch."""
    family, card = _member(name)
    weights = kind if isinstance(kind, WeightsSpec) else None
    if weights is None:
        if kind not in card.weights:
            return WeightsPresence(
                False,
                message=f"{card.title} has no {kind} weights.",
                hint=f"Choose among: {', '.join(card.weights)}.",
            )
        if kind == "file":
            return WeightsPresence(True)
        weights = WeightsSpec(kind)
    if weights.finetuned:
        found = finetuned_presence(weights.finetuned)
        return weights_presence(name, replace(weights, finetuned="")) if found.present else found
    if weights.kind == "file":
        path = Path(weights.path or "")
        if path.is_file():
            return WeightsPresence(True, path)
        return WeightsPresence(
            False, path, f"There is no weights file {path}.", "Choose the checkpoint again."
        )
    return family.presence(card, weights)


def list_layers(name: str) -> tuple[LayerInfo, ...]:
    """List all layers of a backbone in order of computation; imports torch, needs no weights."""
    family, card = _member(name)
    return family.layers(card)


def load_backbone(name: str, weights: WeightsSpec | None = None, device: str = "auto") -> Backbone:
    """Make a backbone ready to compute.

    Parameters
    ----------
    weights : None takes the card's default kind.
    device : as for ``choose_device``.

    Raises
    ------
    UnknownName, InvalidInput
        No such backbone, or not with such weights.
    MissingWeights, DamagedFile
        The weights are not on this machine, or not what they should be.
    """
    family, card = _member(name)
    resolved = resolve_weights(name, weights)
    found = weights_presence(name, resolved)
    if not found.present:
        raise MissingWeights(found.message, found.hint)
    made = family.build(card, replace(resolved, finetuned=""), choose_device(device))
    return with_finetuned(made, resolved) if resolved.finetuned else made
