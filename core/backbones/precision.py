"""The numbers a network computes with: float32, or bfloat16 where the machine has units for it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal

from cortiscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def check_units(precision: Precision, device: torch.device) -> None:
    """Raise InvalidInput where bfloat16 would be computed without units for it.

    A CPU without them takes 8 to 25 times as long as with float32.
    """
    import torch

    if precision == "float32":
        return
    if device.type == "cuda":
        has_units = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_units = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    if not has_units:
        what = "GPU" if device.type == "cuda" else "CPU"
        raise InvalidInput(
            f"This {what} has no units for bfloat16, which would be many times slower.",
            "Leave the precision at 'float32'.",
        )


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which networks multiply in a precision and keep sums in float32."""
    import torch

    return torch.autocast(
        device.type, torch.bfloat16, enabled=precision == "bfloat16", cache_enabled=False
    )
