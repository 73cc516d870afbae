"""What a recipe is: where its features come from, and how they become predictions."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.backbones import PUBLISHED, Framing
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.splits import RANDOM
from cortiscope.core.features import Pooling
from cortiscope.core.runs.spec import GRID

# The eight that the challenge's baseline and img2brain both read.
ALEXNET_LAYERS = (
    "features.2",
    "features.5",
    "features.7",
    "features.9",
    "features.12",
    "classifier.2",
    "classifier.5",
    "classifier.6",
)


@dataclass(frozen=True)
class Choice:
    """Layers of one backbone.

    Parameters
    ----------
    weights : a kind: ``pretrained``, ``untrained`` or ``fixed``.
    """

    backbone: str
    layers: tuple[str, ...]
    weights: str = "pretrained"
    pooling: Pooling = GRID
    framing: Framing = PUBLISHED


@dataclass(frozen=True)
class Source:
    """Where features come from: what the system used, then what may be used in its place.

    The first choice whose weights are on the machine is taken, and the result names it.
    """

    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Recipe:
    """A named system.

    Parameters
    ----------
    origin : whose it is.
    summary : what it does, in a sentence.
    departures : each thing that is not as in the source, or that the source does not say and we
        chose, as a sentence; empty if nothing.
    sources : its features; several are joined as ``spaces`` says (``EncodingSpec``).
    on_the_way : as in ``EncodingSpec``.
    denoise : as in ``EncodingSpec``.
    each_layer : one model per layer instead of one of all: a layer search.
    split_rule, seed : how the validation images are drawn; without a seed, by the one asked for.
    cross_subject : fitted with the training images of the folder's other subjects.
    """

    name: str
    title: str
    origin: str
    summary: str
    sources: tuple[Source, ...]
    regressor: RegressorSpec
    reduction: Reduction = Reduction()
    spaces: str = "one"
    scope: str = "both"
    each_layer: bool = False
    cross_subject: bool = False
    on_the_way: str = "auto"
    denoise: str = "none"
    split_rule: str = RANDOM
    seed: int | None = None
    departures: tuple[str, ...] = ()
