"""A network that looks at pictures, with its published preprocessing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.base import Backbone, rgb_tensor
from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.framing import Framing
from cortiscope.core.backbones.layer_axes import CONVOLUTIONS, Declared
from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.errors import InvalidInput


class PictureBackbone(ModuleBackbone):
    """A network and its library's transform.

    Parameters
    ----------
    transform : from a picture to (3, side, side): the chosen published set's; that of the usual
        one for untrained and own weights.
    notes : see ``Backbone``.
    declared : as in ``ModuleBackbone``.
    """

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        transform: Callable[[Image.Image], torch.Tensor],
        notes: tuple[str, ...] = (),
        declared: Declared = CONVOLUTIONS,
    ) -> None:
        super().__init__(card, weights, device, network, declared)
        self._transform = transform
        self.notes = notes

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return self._transform(image)

    def framed(self, framing: Framing) -> Backbone:  # noqa: D102 - as in Backbone
        if framing == self.framing or not framing.size:
            return super().framed(framing)
        other = copy.copy(self)
        other.framing, other._layers = framing, None
        other._transform = Stretched(self._transform, framing.size)
        try:
            other.layers()
        except (RuntimeError, ValueError, AssertionError) as error:  # what networks raise of sizes
            raise InvalidInput(
                f"{self.card.title} takes no pictures of {framing.size} px "
                f"({str(error).strip().splitlines()[0]}).",
                f"It was made for {self.input_size} px: stretch:{self.input_size}.",
            ) from None
        return other


class Stretched:
    """A published preprocessing with its geometry replaced: the whole picture, stretched.

    Resized to a square, values 0 to 1, less the mean, divided by the SD.

    Equal to torchvision's ``Resize((side, side))``, ``ToTensor()``, ``Normalize(mean, sd)``.

    Parameters
    ----------
    published : the transform whose mean and SD are taken over.
    side : in pixels.
    """

    def __init__(self, published: Any, side: int) -> None:
        self._side = side
        mean, sd = _scaling(published)
        self._mean, self._sd = (torch.tensor(v).reshape(3, 1, 1) for v in (mean, sd))

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Return float32 (3, side, side)."""
        resized = image.convert("RGB").resize((self._side,) * 2, Image.Resampling.BILINEAR)
        return rgb_tensor(resized).sub_(self._mean).div_(self._sd)


def _scaling(published: Any) -> tuple[Sequence[float], Sequence[float]]:
    """Return the mean and SD of the step that has them: the libraries name them alike."""
    steps = getattr(published, "transforms", [published])
    step = next(s for s in steps if hasattr(s, "mean") and hasattr(s, "std"))
    return [float(v) for v in step.mean], [float(v) for v in step.std]
