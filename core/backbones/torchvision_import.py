"""The one place that imports torchvision, also where its compiled part does not load.

A torchvision built for CUDA beside a CPU-only torch cannot load its compiled operators, and its
import then fails on registering ``torchvision::nms`` and ``qnms``. Declaring the two schemas
lets the import go on; no backbone ever calls these operators. Import open_clip and timm only
after this as well: both import torchvision.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

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
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _DECLARATIONS.append(library)
