"""What training makes small, per vertex over the images of a batch.

All three see responses in units of a vertex's own standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cortiscope.core.errors import check_option

if TYPE_CHECKING:
    import torch

LOSSES = ("mse", "huber", "pearson")
_SMALLEST = 1e-12

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


def loss_named(name: str, *, huber_delta: float) -> Loss:
    """Return the loss (n_stimuli, n_vertices) x 2 -> (n_vertices,)."""
    check_option("loss", name, LOSSES)
    if name == "huber":
        return lambda predicted, actual: huber(predicted, actual, huber_delta)
    return squared_error if name == "mse" else negative_pearson


def squared_error(predicted: torch.Tensor, actual: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each vertex."""
    return ((predicted - actual) ** 2).mean(0)


def huber(predicted: torch.Tensor, actual: torch.Tensor, delta: float) -> torch.Tensor:
    """Mean of ``e^2 / 2`` where ``|e| <= delta``, else ``delta (|e| - delta / 2)``.

    References
    ----------
    Huber 1964, Annals of Mathematical Statistics 35.
    """
    error = (predicted - actual).abs()
    inner = error.clamp(max=delta)
    return (inner * (error - inner / 2)).mean(0)


def negative_pearson(predicted: torch.Tensor, actual: torch.Tensor) -> torch.Tensor:
    """Minus the correlation over the images; 0, without a gradient, where there is none.

    A vertex has none if its responses or its predictions are constant over the batch.
    """
    import torch

    r, defined = correlation(predicted, actual)
    return torch.where(defined, -r, torch.zeros_like(r))


def correlation(predicted: torch.Tensor, actual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pearson r (n_vertices,) and where it is defined; 0 elsewhere."""
    import torch

    p = predicted - predicted.mean(0)
    a = actual - actual.mean(0)
    pp, aa = (p**2).mean(0), (a**2).mean(0)
    defined = (pp > _SMALLEST) & (aa > _SMALLEST)
    # Where it is undefined the root must not even be taken: its gradient would be infinite.
    scale = torch.where(defined, pp * aa, torch.ones_like(pp)).sqrt()
    return torch.where(defined, (p * a).mean(0) / scale, torch.zeros_like(scale)), defined
