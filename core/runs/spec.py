"""What was asked for: the frozen configuration of an encoding model, and its identity."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from core.backbones import get_card
from core.config import fingerprint
from core.encoding import EncoderSpec, Reduction
from core.errors import InvalidInput
from core.features import FeatureSpec


@dataclass(frozen=True)
class EncodingSpec:
    """Subject, features, readout and encoder of one encoding model.

    Parameters
    ----------
    subject : the subject's id.
    data : fingerprint of the subject's data.
    features : one or several layers; several are put side by side.
    seed : of the validation split.
    validation_fraction : share of the training images kept from fitting.
    device : ``auto``, ``cpu`` or ``cuda``; does not change what the model is.
    """

    subject: str
    data: str
    features: tuple[FeatureSpec, ...]
    reduction: Reduction = Reduction()
    encoder: EncoderSpec = EncoderSpec()
    seed: int = 0
    validation_fraction: float = 0.2
    device: str = field(default="auto", metadata={"cosmetic": True})

    def __post_init__(self) -> None:
        if not self.features:
            raise InvalidInput("An encoding model needs at least one layer.")
        sources = {(f.backbone, f.weights) for f in self.features}
        if len(sources) > 1:
            raise InvalidInput("All layers of one encoding model must be of one backbone.")

    @property
    def fingerprint(self) -> str:
        """The cache key: equal exactly when the fitted model must be."""
        # A backbone whose code computes something else now is another backbone.
        revisions = tuple(get_card(f.backbone).revision for f in self.features)
        return fingerprint((self, revisions))

    @property
    def run_id(self) -> str:
        """A folder name that people can read, ending in the fingerprint."""
        first = self.features[0]
        layers = "+".join(f.layer for f in self.features)
        words = [self.subject, first.backbone, first.weights.kind, layers, self.encoder.name]
        readable = re.sub(r"[^A-Za-z0-9_.+-]", "-", "-".join(words))[:96]
        return f"{readable}-{self.fingerprint[:10]}"
