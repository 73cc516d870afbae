"""What every backbone does: stimuli in, responses of any of its layers out, in one pass.

To add a kind of backbone, subclass ``Backbone`` (``ModuleBackbone`` for a torch network,
``TextBackbone`` for one that reads captions) and register a family in
``core/backbones/registry.py``.
"""

from __future__ import annotations

import abc
import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from PIL import Image

from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.backbones.framing import PUBLISHED, Framing
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.errors import InvalidInput, unknown_name
from cortiscope.core.stimuli import StimulusImages

Reduce = Callable[[str, torch.Tensor], torch.Tensor]
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
        """Names of the classes it was trained to tell apart; empty where it has none."""
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
            f"{self.card.title} reads {reads}; the framing {framing.text} means nothing to it.",
            "Leave the framing at 'published'.",
        )

    def at_precision(self, precision: Precision) -> Backbone:
        """Return this backbone computing with other numbers; the network is shared.

        Raises
        ------
        InvalidInput
            It is no network, or this machine has no units for such numbers.
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
    """Return the device of that name; "auto" is the first GPU where there is one, else the CPU.

    Raises
    ------
    InvalidInput
        A GPU was asked for and there is none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InvalidInput(
            f"The device {device!r} was asked for, and torch sees no GPU.",
            "Use 'auto' or 'cpu', or install a torch that was built for your GPU.",
        )
    try:
        return torch.device(device)
    except RuntimeError:
        raise unknown_name("device", device, ["auto", "cpu", "cuda"]) from None
