"""Which features: a backbone with its weights, one of its layers, and how it is pooled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from cortiscope.core.backbones import PUBLISHED, Framing, WeightsSpec, get_card
from cortiscope.core.backbones.precision import PRECISIONS as PRECISIONS
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.errors import check_option
from cortiscope.core.features.pooling import Pooling

Dtype = Literal["float32", "float16"]
DTYPES: tuple[Dtype, ...] = ("float32", "float16")


@dataclass(frozen=True)
class FeatureSpec:
    """The features of one layer, as a value.

    Attributes
    ----------
    backbone : its name.
    weights : resolved ones (``core.backbones.resolve_weights``) where the spec is part of a key.
    layer : one layer's name; no glob.
    framing : how pictures are brought to the network's input.
    precision : what the network multiplies in: "float32", or "bfloat16", with 3 digits, which is
        faster where the machine has units for it.
    dtype : what is stored: "float32", or "float16" for half the bytes and 3 digits, up to 65,504.
    """

    backbone: str
    weights: WeightsSpec
    layer: str
    pooling: Pooling = field(default_factory=Pooling)
    # Younger than features and runs on disk: the usual values must not give them other keys.
    dtype: Dtype = field(default="float32", metadata={"omit_default": True})
    framing: Framing = field(default=PUBLISHED, metadata={"omit_default": True})
    precision: Precision = field(default="float32", metadata={"omit_default": True})

    def __post_init__(self) -> None:
        check_option("dtype", self.dtype, DTYPES)
        check_option("precision", self.precision, PRECISIONS)

    @property
    def source(self) -> FeatureSpec:
        """Itself without its layer: what features that come from one pass have in common."""
        return replace(self, layer="")

    @property
    def revision(self) -> int | str:
        """What stands in cache keys for the code that computes these features."""
        pooled = self.pooling.kind != "none"
        return get_card(self.backbone).revision_of(self.layer, pooled=pooled)

    @property
    def label(self) -> str:
        """Text for menus and captions, as in "Small CNN block2, untrained, seed 0"."""
        card = get_card(self.backbone)
        words = [f"{card.title} {self.layer}", card.weights_label(self.weights), self.framing.label]
        words += [self.precision] * (self.precision != "float32")
        return ", ".join(w for w in words if w)
