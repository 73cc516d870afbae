"""The project's small CNN, trained on the procedural scenes, and its untrained control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cortiscope.core.backbones.card import (
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
    sha256_of,
)
from cortiscope.core.errors import DamagedFile

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.base import Backbone

CHECKPOINT = Path(__file__).parent / "checkpoints" / "small_cnn.safetensors"
INPUT_SIZE = 64
N_BLOCKS = 5
_PREPROCESSING = f"Central square at {INPUT_SIZE} px, RGB 0 to 1."
_TRAINED = PretrainedWeights(
    variant="SCENES_V1",
    title="trained on the procedural scenes",
    file_name=CHECKPOINT.name,
    url="",
    sha256_digits="",
    input_size=INPUT_SIZE,
    preprocessing=_PREPROCESSING,
)


class SmallCnnFamily:
    """One member: five blocks of convolutions."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the card, without torch."""
        return (
            BackboneCard(
                name="small_cnn",
                title="Small CNN",
                family="built in",
                summary=(
                    "Five blocks of convolutions, about 190,000 weights, trained to name what "
                    "is in the procedural scenes of the simulated subjects."
                ),
                input_size=INPUT_SIZE,
                preprocessing=_PREPROCESSING,
                weights=("pretrained", "untrained", "file"),
                default_weights="pretrained",
                layers_offered=tuple(f"block{i}" for i in range(1, N_BLOCKS + 1)),
                licence="BSD-3-Clause",
                paper="none; trained by tests/tools/train_small_cnn.py",
                source="cortiscope.core.backbones.small_cnn_network",
                pretrained=(_TRAINED,),
            ),
        )

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Take the checkpoint's hash: a checkpoint trained anew must not meet old features."""
        if weights.kind != "pretrained":
            return weights
        variant = card.pretrained_set(weights.variant).variant
        digest = sha256_of(CHECKPOINT) if CHECKPOINT.is_file() else None
        return WeightsSpec("pretrained", sha256=digest, variant=variant)

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Look for the project's checkpoint."""
        if weights.kind != "pretrained" or CHECKPOINT.is_file():
            return WeightsPresence(True, CHECKPOINT if weights.kind == "pretrained" else None)
        return WeightsPresence(
            False,
            CHECKPOINT,
            f"The small CNN's checkpoint is missing: there is no {CHECKPOINT}.",
            "It is part of the project: restore it from there, or choose untrained weights.",
        )

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List the layers of an untrained one: it is built in milliseconds."""
        import torch

        weights = WeightsSpec("untrained")
        return self.build(card, weights, torch.device("cpu")).layers()

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the network with its weights."""
        from cortiscope.core.backbones.small_cnn_network import SmallCnnBackbone, load_small_cnn

        path = {"pretrained": CHECKPOINT, "file": Path(weights.path or "")}.get(weights.kind)
        try:
            network = load_small_cnn(path, weights.seed)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0][:160]
            raise DamagedFile(
                f"{path} does not hold the weights of the small CNN ({reason}).",
                "Choose a checkpoint that the project's training script wrote.",
            ) from None
        return SmallCnnBackbone(card, weights, device, network)
