"""Optimisers by name, their state as plain arrays, and learning rates over epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.errors import check_option

if TYPE_CHECKING:
    import torch

    from cortiscope.core.encoding.neural.settings import TrainingSettings

OPTIMISERS = ("adamw", "adam", "sgd", "rmsprop", "lbfgs")
SCHEDULES = ("constant", "cosine")
_ITERATIONS = 10


def make_optimiser(
    settings: TrainingSettings, weights: Sequence[torch.Tensor]
) -> torch.optim.Optimizer:
    """Make the optimiser that the settings name; only matrices decay."""
    from torch import optim

    name = check_option("optimizer", settings.optimizer, OPTIMISERS)
    if name == "lbfgs":
        # It knows no decay; the closure adds the penalty.
        return optim.LBFGS(weights, max_iter=_ITERATIONS, line_search_fn="strong_wolfe")
    groups: list[dict[str, Any]] = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [g for g in groups if g["params"]]
    if name == "sgd":
        return optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum)
    if name == "rmsprop":
        return optim.RMSprop(groups, lr=settings.learning_rate, momentum=settings.momentum)
    return {"adamw": optim.AdamW, "adam": optim.Adam}[name](groups, lr=settings.learning_rate)


def set_learning_rate(
    optimiser: torch.optim.Optimizer, settings: TrainingSettings, epoch: int
) -> None:
    """Set the rate of an epoch (from 0)."""
    if settings.optimizer == "lbfgs":
        return
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * epoch / settings.max_epochs))
    for group in optimiser.param_groups:
        group["lr"] = rate


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Return the state as arrays, by names that say what they were."""
    import torch

    found = {}
    for weight, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                # Arrays on disk have one dimension at least.
                kind = "tensor" if value.ndim else "scalar"
                found[f"{weight}.{name}.{kind}"] = value.cpu().numpy()
            elif isinstance(value, int | float):
                found[f"{weight}.{name}.{type(value).__name__}"] = np.asarray(value)
            elif isinstance(value, list) and all(isinstance(v, torch.Tensor) for v in value):
                found[f"{weight}.{name}.list"] = (
                    torch.stack(value).cpu().numpy() if value else np.empty(0, dtype=np.float32)
                )
    return found


def restore_optimiser(optimiser: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]) -> None:
    """Set the state from what ``optimiser_arrays`` gave."""
    import torch

    state: dict[int, dict[str, Any]] = {}
    for key, array in arrays.items():
        weight, name, kind = key.split(".")
        value: Any
        if kind in ("tensor", "scalar"):
            value = torch.as_tensor(np.array(array))
            value = value.reshape(()) if kind == "scalar" else value
        elif kind == "list":
            value = [torch.as_tensor(np.array(a)) for a in array]
        else:
            value = {"int": int, "float": float}[kind](np.asarray(array).reshape(())[()])
        state.setdefault(int(weight), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
