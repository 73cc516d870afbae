"""Nonlinearities, for training (torch) and for predicting (numpy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.errors import check_option

if TYPE_CHECKING:
    import torch

ACTIVATIONS = ("relu", "gelu", "silu", "tanh")
_GELU = float(np.sqrt(2 / np.pi))


def activate(name: str, values: torch.Tensor) -> torch.Tensor:
    """Apply a nonlinearity; ``gelu`` in its tanh form."""
    from torch.nn import functional

    check_option("activation", name, ACTIVATIONS)
    if name == "gelu":
        return functional.gelu(values, approximate="tanh")
    return {"relu": functional.relu, "silu": functional.silu, "tanh": functional.tanh}[name](values)


def activate_array(name: str, values: np.ndarray) -> np.ndarray:
    """Apply the same nonlinearity to an array."""
    check_option("activation", name, ACTIVATIONS)
    if name == "relu":
        return np.maximum(values, 0)
    if name == "tanh":
        return np.tanh(values)
    # The logistic function as a tanh, whose argument cannot overflow.
    inner = values if name == "silu" else 2 * _GELU * (values + 0.044715 * values**3)
    return 0.5 * values * (1 + np.tanh(0.5 * inner))
