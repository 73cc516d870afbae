"""torchvision's networks: built without trained weights, and at work as backbones.

This is the one place that imports torchvision, also where its compiled part does not load. A
torchvision built for CUDA beside a CPU-only torch cannot load its compiled operators, and its
import then fails on registering ``torchvision::nms`` and ``qnms``. Declaring the two schemas
lets the import go on; no backbone ever calls these operators. Import open_clip and timm only
after this as well: both import torchvision.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.layer_axes import Declared, Tokens
from cortiscope.core.backbones.picture_backbone import PictureBackbone

_LOCK = threading.Lock()
_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# Declarations last as long as the object that made them.
_DECLARATIONS: list[Any] = []


def import_torchvision() -> ModuleType:
    """Return torchvision, declaring the missing operators first where that is needed."""
    with _LOCK:
        try:
            import torchvision
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            _declare_missing_operators()
            import torchvision
        return torchvision


def _declare_missing_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _DECLARATIONS.append(library)


def build_network(
    name: str, side: int, *, initialise: bool = True, n_classes: int | None = None
) -> nn.Module:
    """Build a network without trained weights, as its published weights expect it.

    The auxiliary heads that some have for training are left away.

    Parameters
    ----------
    initialise : give the weights their usual random values, which takes some networks long.
    n_classes : that its classifier distinguishes; None for those of ImageNet.
    """
    models = import_torchvision().models
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # The published weights were made for another normalisation, which the network itself
        # undoes, and come with the auxiliary heads of training.
        options = {"transform_input": True, "aux_logits": True, "init_weights": initialise}
    if name.startswith("vit"):
        options = {"image_size": side}
    if n_classes is not None:
        options["num_classes"] = n_classes
    network: nn.Module = models.get_model(name, weights=None, **options)
    _drop_auxiliary_heads(network)
    return network


def _drop_auxiliary_heads(network: Any) -> None:
    if getattr(network, "aux_logits", False):
        network.aux_logits = False
        for head in ("AuxLogits", "aux1", "aux2"):
            if hasattr(network, head):
                setattr(network, head, None)


def tokens_of(network: Any, side: int) -> Tokens | None:
    """Return the tokens of a vision transformer: one for the class, then the patches."""
    if not hasattr(network, "class_token"):
        return None
    along = side // int(network.patch_size)
    return Tokens(1, (along, along))


DECLARED = Declared(tokens_of)


class TorchvisionBackbone(PictureBackbone):
    """A classification network."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        notes: tuple[str, ...] = (),
    ) -> None:
        variant = card.pretrained_set(weights.variant).variant
        self._published: Any = import_torchvision().models.get_model_weights(card.name)[variant]
        transform = self._published.transforms()
        super().__init__(card, weights, device, network, transform, notes, DECLARED)

    @property
    def categories(self) -> tuple[str, ...]:  # noqa: D102 - as in Backbone
        if self.weights.kind != "pretrained":
            return ()
        return tuple(self._published.meta["categories"])

    def classify(  # noqa: D102 - as in Backbone
        self, image: Image.Image, top: int = 5
    ) -> list[tuple[str, float]]:
        if not self.categories:
            return super().classify(image, top)
        probabilities = self.outputs(self.preprocess(image)[None])[0].float().softmax(0)
        values, indices = probabilities.topk(min(top, len(self.categories)))
        return [
            (self.categories[i], p) for i, p in zip(indices.tolist(), values.tolist(), strict=True)
        ]
