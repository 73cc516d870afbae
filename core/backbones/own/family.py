"""The networks that were registered here, as a family of backbones; needs no torch for menus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsPresence, WeightsSpec
from cortiscope.core.backbones.own.registration import (
    FILE,
    LIVE,
    State,
    card_of,
    folder_of,
    is_name,
    states_of,
)
from cortiscope.core.errors import DamagedFile, MissingWeights
from cortiscope.core.storage import Home

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.base import Backbone


class OwnFamily:
    """The networks that were registered in this home."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return their cards, by name; registrations that cannot be read are left out."""
        found = []
        folder = Home.from_environment().backbones
        for path in sorted(folder.glob(f"*/{FILE}")):
            try:
                found.append(card_of(path.parent.name, states_of(path.parent.name)))
            except DamagedFile:
                continue
        return tuple(found)

    def card(self, name: str) -> BackboneCard | None:
        """Return the card of one of them; None where none of that name was registered."""
        states = states_of(name) if is_name(name) else ()
        return card_of(name, states) if states else None

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Name the state that is meant by its hash: the newest, or that of the variant."""
        state = _chosen(card, weights)
        return WeightsSpec("pretrained", sha256=state.sha256, variant=state.variant)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Say whether the network can be made here: its code and its weights are there."""
        state = _chosen(card, weights)
        path = folder_of(card.name) / state.weights_file
        again = f"register_backbone(..., name={card.name!r})"
        if (folder_of(card.name), state.sha256) in LIVE:
            return WeightsPresence(True)
        if not state.lasts:
            return WeightsPresence(
                False,
                None,
                f"The backbone {card.name} was registered in another process, without code that "
                "makes it again.",
                f"Register it again in this one, by {again}; or from a file, which lasts: "
                f"'cortiscope register-backbone FILE.py:function --name {card.name}'.",
            )
        if not path.is_file():
            return WeightsPresence(
                False,
                path,
                f"The weights of the backbone {card.name} are gone: there is no {path}.",
                f"Register the same network again, by {again}.",
            )
        for made in (state.network, state.transform):
            file = str(made.get("code", "")).rpartition(":")[0]
            if file.endswith(".py") and not Path(file).is_file():
                return WeightsPresence(
                    False,
                    Path(file),
                    f"The code of the backbone {card.name} is gone: there is no {file}.",
                    f"Put the file back, or register the same network again, by {again}.",
                )
        return WeightsPresence(True, path)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List the layers of the newest state, without torch."""
        return states_of(card.name)[-1].layers

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights.

        Raises
        ------
        MissingWeights, DamagedFile
            Its code or its weights are gone, or compute something else by now.
        """
        from cortiscope.core.backbones.own.making import build

        return build(card, weights, _chosen(card, weights), device)


def _chosen(card: BackboneCard, weights: WeightsSpec) -> State:
    states = states_of(card.name)
    if not weights.variant:
        return states[-1]
    for state in states:
        if state.variant == weights.variant:
            return state
    raise MissingWeights(
        f"The backbone {card.name} was registered here with other weights "
        f"({', '.join(s.variant for s in states)}), not with those named {weights.variant}.",
        "Register the network with these weights again, under the same name.",
    )
