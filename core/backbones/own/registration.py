"""What is kept of a registered network.

``register_backbone`` writes ``<home>/backbones/NAME``: the weights
as safetensors, and ``registration.json``, which lists every state in which the network was
registered, the newest last. Cards and layers are read from it without torch and without the
network's own code; that runs only where the network computes. Nothing is pickled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cortiscope.core.backbones.card import (
    REGISTERED,
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
)
from cortiscope.core.config import from_plain, to_plain
from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage import Home, write_json

LIVE: dict[tuple[Path, str], Any] = {}
"""Networks that were registered in this process, by their folder and state."""

_FORMAT = 1
FILE = "registration.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class State:
    """A network as it was registered.

    Attributes
    ----------
    sha256 : names the state: of the weights' names, shapes and values, and, where the same weights
        were registered before and computed something else, of how many times.
    network : how it is made again: ``{"code": "FILE.py:function"}`` (or "package.module:function"),
        ``{"program": true}`` (computed by torch from what it recorded), or empty: only in the
        process that registered it.
    transform : how a picture becomes its input: ``{"square": [side, mean, sd]}``, ``{"code":
        ...}``, ``{"library": ...}`` (a description of a torchvision transform), ``{"network":
        true}`` (comes with the code of the network), or empty as above.
    layers : all that can be asked for; of a program, what it returns, in its order.
    offered : those in menus.
    tokens : tokens before the patches, rows and columns of the patches, where these were declared.
    probe : per layer, three numbers that a fixed picture gives: mean, standard deviation, and a
        weighted mean. Code that gives others is no longer that of this state.
    words : title, summary, licence, paper, source, preprocessing.
    """

    sha256: str
    network: Mapping[str, Any]
    transform: Mapping[str, Any]
    input_size: int
    layers: tuple[LayerInfo, ...]
    offered: tuple[str, ...]
    tokens: tuple[int, ...]
    probe: Mapping[str, tuple[float, ...]]
    words: Mapping[str, str]

    @property
    def variant(self) -> str:
        """What the state's weights are called among those of the backbone."""
        return self.sha256[:12]

    @property
    def lasts(self) -> bool:
        """Whether another process can make it again."""
        return bool(self.network and self.transform)

    @property
    def weights_file(self) -> str:
        """Name of the file with its weights, or with the program that has them."""
        return f"{self.sha256[:16]}.{'pt2' if self.network.get('program') else 'safetensors'}"


def is_name(text: str) -> bool:
    """Whether a network may be registered under a name: it is that of a folder, too."""
    return bool(_NAME.fullmatch(text))


def folder_of(name: str) -> Path:
    """Return where a network of one's own is kept."""
    return Home.from_environment().backbones / name


def states_of(name: str) -> tuple[State, ...]:
    """Return the states in which a network was registered, the newest last; none if never.

    Raises
    ------
    DamagedFile
        The registration cannot be read.
    """
    path = folder_of(name) / FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_state(row) for row in stored["states"])
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            f"The registration of the backbone {name} at {path} cannot be read ({error}).",
            "Remove that folder and register the backbone again.",
        ) from None


def write_states(name: str, states: tuple[State, ...]) -> None:
    """Keep the states of a network."""
    write_json(folder_of(name) / FILE, {"format": _FORMAT, "states": to_plain(states)})


def _state(row: Mapping[str, Any]) -> State:
    return State(
        sha256=row["sha256"],
        network=row["network"],
        transform=row["transform"],
        input_size=row["input_size"],
        layers=tuple(from_plain(LayerInfo, plain, stored=True) for plain in row["layers"]),
        offered=tuple(row["offered"]),
        tokens=tuple(row["tokens"]),
        probe={name: tuple(values) for name, values in row["probe"].items()},
        words=row["words"],
    )


def card_of(name: str, states: tuple[State, ...]) -> BackboneCard:
    """Return the card of a registered network: that of its newest state."""
    words = states[-1].words
    return BackboneCard(
        name=name,
        title=words["title"],
        family=REGISTERED,
        summary=words["summary"],
        input_size=states[-1].input_size,
        preprocessing=words["preprocessing"],
        weights=("pretrained",),
        default_weights="pretrained",
        layers_offered=states[-1].offered,
        licence=words["licence"],
        paper=words["paper"],
        source=words["source"],
        pretrained=tuple(
            PretrainedWeights(
                variant=state.variant,
                title=f"as registered, {state.sha256[:8]}",
                file_name=state.weights_file,
                url="",
                sha256_digits=state.sha256,
                input_size=state.input_size,
                preprocessing=state.words["preprocessing"],
            )
            for state in reversed(states)
        ),
    )
