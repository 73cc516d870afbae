"""Which device computes: CUDA where there is one and it is wanted, else the CPU."""

from __future__ import annotations

from cortiscope.core.errors import InvalidInput, check_option


def choose_device(wanted: str) -> str:
    """Return ``cpu`` or ``cuda``; ``auto`` takes CUDA where torch finds one."""
    import torch

    check_option("device", wanted, ("auto", "cpu", "cuda"))
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise InvalidInput(
            "Device cuda was asked for, but torch finds none on this machine.",
            "Use --device cpu or --device auto.",
        )
    return "cuda" if available and wanted != "cpu" else "cpu"
