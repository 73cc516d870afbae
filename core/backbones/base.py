"""What every backbone does: stimuli in, responses of any of its layers out, in one pass.

To add a kind of backbone, subclass ``Backbone`` (``PictureBackbone`` for a torch network,
``TextBackbone`` for one that reads captions), describe it by a ``Family``, and name that in
``core/backbones/registry.py``. Importing this module does not import torch, so that a family's
card and its code can stand in one file.
"""

from __future__ import annotations

import abc
import copy
import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from cortiscope.core.backbones.card import (
    BackboneCard,
    LayerInfo,
    WeightsPresence,
    WeightsSpec,
)
from cortiscope.core.backbones.framing import PUBLISHED, Framing
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.errors import InvalidInput, unknown_name
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    import torch
    from PIL import Image

_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?")

Reduce: TypeAlias = "Callable[[str, torch.Tensor], torch.Tensor]"
"""From a layer's name and a batch of its responses to what is kept of them."""


class Backbone(abc.ABC):
    """A network as a source of features of stimuli.

    Parameters
    ----------
    card : what it is.
    weights : the weights it has, resolved.
    device : where it computes.

    Attributes
    ----------
    notes : sentences for the person about the weights, as what of a checkpoint was left out.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> None:
        self.card = card
        self.weights = weights
        self.device = device
        self.framing = PUBLISHED
        self.precision: Precision = "float32"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.card.name}, {self.card.weights_label(self.weights)}>"

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the classes it was trained to distinguish; empty where it has none."""
        return ()

    @abc.abstractmethod
    def layers(self) -> tuple[LayerInfo, ...]:
        """Return all layers that can be asked for, in order of computation."""

    @property
    def input_size(self) -> int:
        """Side of the square that the network sees, in pixels; 0 for text."""
        if self.weights.variant and not self.framing.size:
            # A published set other than the usual one may see another size.
            return self.card.pretrained_set(self.weights.variant).input_size
        return self.framing.size or self.card.input_size

    def framed(self, framing: Framing) -> Backbone:
        """Return this backbone with another framing of stimuli; the network is shared.

        Raises
        ------
        InvalidInput
            It knows no framing but its own, or its network takes no pictures of that size.
        """
        if framing == self.framing:
            return self
        reads = (
            "captions, all of them or one"
            if self.card.modality == "text"
            else "pictures in one way only"
        )
        raise InvalidInput(
            f"{self.card.title} reads {reads}; the framing {framing.text} has no meaning for it.",
            "Leave the framing at 'published'.",
        )

    def at_precision(self, precision: Precision) -> Backbone:
        """Return this backbone computing with other numbers; the network is shared.

        Raises
        ------
        InvalidInput
            It is not a network, or this machine has no units for such numbers.
        """
        if precision == self.precision:
            return self
        raise InvalidInput(
            f"{self.card.title} computes in float32 only, not in {precision}.",
            "Leave the precision at 'float32'.",
        )

    @abc.abstractmethod
    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """Turn one RGB picture into the network's input.

        Returns
        -------
        Float32, (channels, height, width), on the CPU.
        """

    def prepare(self, images: StimulusImages, index: int) -> torch.Tensor:
        """Turn stimulus ``index`` into the network's input: its picture, or what else it reads."""
        return self.preprocess(images.load(index))

    def collate(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Put the inputs of several stimuli into one batch."""
        import torch

        return torch.stack(list(inputs))

    @abc.abstractmethod
    def forward(
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        """Compute all ``layers`` in one pass.

        Parameters
        ----------
        batch : (n, channels, height, width), collated results of ``prepare``.
        layers : names among ``layers()``.
        reduce : applied to each layer's responses as they come (pooling), so that full maps of
            many layers never exist together.

        Returns
        -------
        Per layer, float32 (n, *shape) on ``device``; shape as in its LayerInfo unless reduced.
        """

    def classify(self, image: Image.Image, top: int = 5) -> list[tuple[str, float]]:
        """Return the network's own first guesses: (category, probability), best first."""
        raise InvalidInput(
            f"{self.card.title} with {self.card.weights_label(self.weights)} weights does not "
            "name categories.",
            "Only pretrained classification networks do.",
        )

    def check_stimuli(self, images: StimulusImages) -> None:
        """Raise InvalidInput where stimuli lack what the backbone reads; pictures lack nothing."""
        return

    def check_layers(self, names: Sequence[str]) -> None:
        """Raise UnknownName unless every name is one of ``layers()``."""
        known = [layer.name for layer in self.layers()]
        for name in set(names) - set(known):
            raise unknown_name(f"layer of {self.card.name}", name, known)


class TextBackbone(Backbone):
    """A backbone of modality "text": ``prepare`` reads captions; a picture alone is refused.

    An image's features are the mean over those of its captions, or those of one of them
    (``Framing("caption", caption=1)``).
    """

    def framed(self, framing: Framing) -> Backbone:  # noqa: D102 - as in Backbone
        if framing.kind != "caption":
            return super().framed(framing)
        other = copy.copy(self)
        other.framing = framing
        return other

    def captions(self, images: StimulusImages, index: int) -> tuple[str, ...]:
        """Return what is read of stimulus ``index``: all its captions, or the chosen one."""
        self.check_stimuli(images.subset([index]))
        found = images.captions_of(index)
        return (found[self.framing.caption - 1],) if self.framing.caption else found

    def check_stimuli(self, images: StimulusImages) -> None:
        """Raise InvalidInput that names the images without the captions that are read."""
        images.check_captions(self.framing.caption or 1)

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        raise InvalidInput(
            f"{self.card.title} reads a caption, and a picture alone has none.",
            "Choose an encoding model of image features for pictures without captions.",
        )


class FixedBackbone(Backbone):
    """A backbone without learned weights, whose layers are known beforehand."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        layers: tuple[LayerInfo, ...],
    ) -> None:
        super().__init__(card, weights, device)
        self._layers = layers

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        return self._layers


class Family(Protocol):
    """Backbones that are built in one way."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the cards of all members, without importing torch."""

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Return weights that say which content they mean, without importing torch."""

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the weights on this machine, without importing torch."""

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List a member's layers, also where its pretrained weights are absent."""

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make a member with resolved weights."""


class Library(Family, Protocol):
    """A family whose library has further networks, known by its own names for them."""

    def named(self, name: str) -> BackboneCard:
        """Return the card of any of the library's networks."""


@dataclass(frozen=True)
class FixedFamily:
    """The family of one backbone without learned weights.

    Parameters
    ----------
    card : of its one member.
    listed : the member's layers.
    backbone : the member's class.
    """

    card: BackboneCard
    listed: tuple[LayerInfo, ...]
    backbone: type[FixedBackbone]

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the one card."""
        return (self.card,)

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Return the weights as they are: there is nothing to resolve."""
        return weights

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Nothing is needed."""
        return WeightsPresence(True)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List the layers."""
        return self.listed

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the backbone."""
        return self.backbone(card, weights, device, self.listed)


def expand_layers(backbone: Backbone, patterns: Iterable[str]) -> tuple[str, ...]:
    """Turn names and globs (``features.*``, ``block[1-3]``) into layer names; see match_layers."""
    return match_layers(backbone.card.name, [i.name for i in backbone.layers()], patterns)


def match_layers(name: str, known: Sequence[str], patterns: Iterable[str]) -> tuple[str, ...]:
    """Turn names and globs into names among the ``known`` layers of the backbone ``name``.

    Returns
    -------
    Names without repetition: in the order of the patterns, and of computation within each.

    Raises
    ------
    UnknownName
        A pattern matches no layer.
    """
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matches = (
            [pattern] if pattern in known else [n for n in known if fnmatch.fnmatchcase(n, pattern)]
        )
        if not matches:
            raise unknown_name(
                f"layer of {name}",
                pattern,
                known,
                f"'cortiscope list layers {name}' shows all of them.",
            )
        chosen.update(dict.fromkeys(matches))
    if not chosen:
        raise InvalidInput(f"No layer of {name} was named.", "Name at least one.")
    return tuple(chosen)


def finish(
    responses: Mapping[str, torch.Tensor], layers: Sequence[str], reduce: Reduce | None
) -> dict[str, torch.Tensor]:
    """Reduce and order responses that were computed all together."""
    return {name: reduce(name, responses[name]) if reduce else responses[name] for name in layers}


def choose_device(device: str) -> torch.device:
    """Return a device: ``cpu``, ``cuda``, ``cuda:N`` (from 0), or ``auto``, a GPU if there is one.

    Raises
    ------
    InvalidInput : it is none of these, or a GPU that is not there.
    """
    import torch

    if not _DEVICE.fullmatch(device):
        raise unknown_name("device", device, ["auto", "cpu", "cuda", "cuda:1"])
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InvalidInput(
            f"The device {device!r} was asked for, and torch sees no GPU.",
            "Use 'auto' or 'cpu', or install a torch that was built for your GPU.",
        )
    chosen = torch.device(device)
    if chosen.index and chosen.index >= (there := torch.cuda.device_count()):
        raise InvalidInput(
            f"The device {device!r} was asked for, and torch sees {there} GPU(s), from cuda:0 on.",
            "Use 'auto' for the first one.",
        )
    return chosen


def rgb_tensor(image: Image.Image) -> torch.Tensor:
    """Return an RGB picture's values 0 to 1, float32 (3, height, width)."""
    import torch

    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) / 255  # (height, width, 3)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
