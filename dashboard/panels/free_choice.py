"""Any backbone, layers and regressor, chosen by hand for a fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from cortiscope.access import Action, allowed, demand
from cortiscope.core.backbones import WeightsSpec, backbone_names, get_card, weights_presence
from cortiscope.core.backbones.card import BackboneCard, WeightsKind
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import REGRESSORS, regressor_names
from cortiscope.core.encoding.scopes import SCOPE_WORDS, SCOPES
from cortiscope.core.errors import CoreError
from cortiscope.core.runs.spec import usual_features
from cortiscope.errors import show_error, show_words
from cortiscope.markup import as_text

_CHECKPOINT = "own checkpoint"
_TRAINED = ("pretrained", "fixed")
# Where the choice starts, if its weights are here.
_FIRST = ("squeezenet1_1", "small_cnn")


def free_choice(subject: Subject) -> tuple[str, dict[str, Any]]:
    """Draw the choice; return a title and a configuration, empty while it cannot start.

    It is what ``cortiscope fit --spec`` reads: one model per layer, by ``--each-layer``.
    """
    card = _backbone()
    if card is None:
        return "", {}
    weights = _weights(card)
    layers = st.multiselect(
        "layers (one model each; one forward pass serves all)",
        list(card.layers_offered),
        default=list(card.layers_offered),
        key=f"fit-layers-{card.name}",
        accept_new_options=True,
        help=f"Any other layer too, by its name: 'cortiscope list layers {card.name}' shows all.",
    )
    regressor = st.selectbox(
        "regressor",
        list(regressor_names()),
        format_func=lambda e: f"{REGRESSORS[e].title}: {REGRESSORS[e].summary}",
        key="fit-regressor",
    )
    left, right = st.columns([3, 1])
    scope = left.selectbox(
        "scope",
        SCOPES,
        format_func=lambda s: SCOPE_WORDS[s],
        key="fit-scope",
        help="Regressors that fit each vertex by itself come out the same under every scope.",
    )
    pooling, reduction = usual_features(regressor)
    if reduction.components:
        components = right.number_input("components", 10, 1000, 200, 10, key="fit-pca")
        reduction = replace(reduction, components=components)
    st.caption(
        f"Reduction: maps averaged onto a grid of at most {as_text(str(pooling.size))} a side, "
        f"features scaled, {as_text(reduction.label)}, all fitted on the training images of "
        f"{as_text(subject.id)} less a "
        "seeded fifth kept for validation. Leave it as it is to compare layers under one reduction."
    )
    if not (weights and layers):
        return card.title, {}
    features = [
        {
            "backbone": card.name,
            "weights": weights,
            "layer": layer,
            "pooling": f"grid:{pooling.size}",
        }
        for layer in layers
    ]
    return card.title, {
        "features": features,
        "reduction": f"pca:{reduction.components}" if reduction.components else reduction.kind,
        "encoder": regressor,
        "scope": scope,
    }


def _backbone() -> BackboneCard | None:
    names, here = list(backbone_names()), _with_weights_here()
    names.sort(key=lambda name: name not in here)  # stable: as listed, those with weights first
    chosen = st.selectbox(
        "backbone",
        names,
        format_func=lambda n: (
            f"{get_card(n).title} · {get_card(n).family}"
            f"{' · weights on this machine' if n in here else ''}"
        ),
        index=next(names.index(n) for n in (*_FIRST, *names) if n in here or n == names[0]),
        key="fit-backbone",
        help=f"Pretrained weights of {len(here)} of {len(names)} are on this machine.",
    )
    name = chosen
    if allowed(Action.NETWORK):
        other = st.text_input(
            "or any other network of a library, by the library’s name",
            placeholder="timm:resnet18, open_clip:ViT-B-32, torchvision:resnet18",
            key="fit-network",
        ).strip()
        name = other or chosen
    if not name:
        return None
    try:
        if name not in names:
            demand(Action.NETWORK)
        # A network met for the first time is described by its library, in another process.
        with st.spinner(f"Reading about {as_text(name)}", show_time=True):
            card = get_card(name)
    except CoreError as error:
        show_error(error)
        return None
    st.caption(as_text(f"{card.summary} {card.preprocessing} Licence: {card.licence}."))
    return card


@st.cache_data(show_spinner=False, ttl=20)
def _with_weights_here() -> frozenset[str]:
    """Name the backbones that can be used as they were trained, without a download."""
    usual = {
        name: [k for k in get_card(name).weights if k in _TRAINED] for name in backbone_names()
    }
    return frozenset(
        name
        for name, kinds in usual.items()
        if any(weights_presence(name, k).present for k in kinds)
    )


def _weights(card: BackboneCard) -> str:
    """Draw the choice of weights; return them as typed on the command line, "" if absent."""
    known: dict[str, WeightsKind | WeightsSpec] = {k: k for k in card.weights if k != "file"}
    known |= {p.variant: WeightsSpec("pretrained", variant=p.variant) for p in card.pretrained[1:]}
    own = "file" in card.weights and allowed(Action.CHECKPOINT)
    chosen = st.radio(
        "weights",
        [*known, *([_CHECKPOINT] if own else [])],
        horizontal=True,
        key=f"fit-weights-{card.name}",
    )
    if chosen == _CHECKPOINT:
        return _checkpoint(card)
    presence = weights_presence(card.name, known[chosen])
    if not presence.present:
        show_words(presence.message, presence.hint)
        return ""
    return str(chosen)


def _checkpoint(card: BackboneCard) -> str:
    demand(Action.CHECKPOINT)
    path = st.text_input(
        "checkpoint on this machine",
        placeholder="/path/to/weights.safetensors",
        key=f"fit-checkpoint-{card.name}",
        help="A state_dict of this network: .pt, .pth or .safetensors. Only tensors are read.",
    ).strip()
    if path and not Path(path).expanduser().is_file():
        show_words(f"There is no file {path}.", "Type the full path of the checkpoint.")
        return ""
    return path
