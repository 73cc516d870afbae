"""A published preprocessing with its geometry replaced: the whole picture, stretched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from cortiscope.core.backbones.pixels import rgb_tensor


class Stretched:
    """Resize to a square, values 0 to 1, less the mean, divided by the SD.

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
