"""How a head is trained: settings that all heads share, and the losses and optimisers they name.

Losses are per vertex over the images of a batch, on responses in units of a vertex's own standard
deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.encoding.neural.predictor import SCALINGS
from cortiscope.core.encoding.splits import validation_split
from cortiscope.core.errors import InvalidInput, check_option

if TYPE_CHECKING:
    import torch

LOSSES = ("mse", "huber", "pearson")
_SMALLEST = 1e-12

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
OPTIMISERS = ("adamw", "adam", "sgd", "rmsprop", "lbfgs")
SCHEDULES = ("constant", "cosine")
_LBFGS_ITERATIONS = 10
TRAINED = (
    "trained by {optimizer} (learning rate {learning_rate}, weight decay {weight_decay}, batches "
    "of {batch_size} images, at most {max_epochs} epochs) on the {loss} loss of responses in units "
    "of each vertex's standard deviation, the design centred and scaled ({scaling}); training "
    "stopped after {patience} epochs without a smaller loss on a share of {validation_fraction} of "
    "the training images, and the best epoch's weights were kept"
)
"""How a head was trained, for a methods section; words in braces are settings."""


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


@dataclass(frozen=True)
class TrainingSettings:
    """Loss, optimiser and early stopping.

    AdamW and the three losses are those of Chimisso et al. 2023 (arXiv 2309.09983); every number
    is ours, since none was published.

    Parameters
    ----------
    loss : ``mse``, ``huber`` or ``pearson``. After ``pearson``, which leaves them open, a vertex's
        scale and mean are set by least squares on the images trained on.
    huber_delta : in standard deviations of a vertex's responses.
    optimizer : ``adamw``, ``adam``, ``sgd``, ``rmsprop`` or ``lbfgs``. The objective is summed over
        vertices (so that a linear readout learns the same whatever other vertices there are): for
        ``sgd`` the learning rate of a shared trunk must be small accordingly. ``lbfgs`` takes all
        images in every step and does up to ten iterations per epoch.
    weight_decay : of matrices, not of biases. Decoupled with ``adamw``; with the others an L2
        penalty, for a linear head and ``mse`` ridge with ``alpha = n_images * weight_decay / 2``.
    momentum : of ``sgd`` and ``rmsprop``.
    schedule : ``constant``, or ``cosine`` down to 0 over ``max_epochs``.
    scaling : of the design: ``overall`` by one number, or ``columns`` to unit variance each. The
        latter makes the smallest principal component as easy to fit as the first, against
        which early stopping is no help.
    batch_size : images per step.
    patience : epochs without a smaller validation loss after which training stops.
    validation_fraction : share of the training images kept for early stopping, two at least; the
        weights of the best epoch are kept, and are not fitted again to all images. 0 trains for
        ``max_epochs`` on all images.
    seed : of the first weights, the validation images, the batches and the dropout.
    """

    loss: str = "mse"
    huber_delta: float = 1.0
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    schedule: str = "constant"
    scaling: str = "overall"
    batch_size: int = 64
    max_epochs: int = 100
    patience: int = 10
    validation_fraction: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_option("loss", self.loss, LOSSES)
        check_option("optimizer", self.optimizer, OPTIMISERS)
        check_option("schedule", self.schedule, SCHEDULES)
        check_option("scaling", self.scaling, SCALINGS)
        for name in ("huber_delta", "learning_rate", "max_epochs", "patience"):
            require(name, getattr(self, name), getattr(self, name) > 0, "positive")
        require("weight_decay", self.weight_decay, self.weight_decay >= 0, "0 or more")
        require("batch_size", self.batch_size, self.batch_size >= 2, "2 or more")
        check_share("momentum", self.momentum)
        check_share("validation_fraction", self.validation_fraction)


def require(name: str, value: float, holds: bool, wanted: str) -> None:
    """Refuse a setting that is out of range."""
    if not holds:
        raise InvalidInput(f"{name} must be {wanted}; got {value}.")


def check_share(name: str, value: float) -> None:
    """Refuse a share that is not at least 0 and below 1."""
    require(name, value, 0 <= value < 1, "at least 0 and below 1")


def make_optimiser(
    settings: TrainingSettings, weights: Sequence[torch.Tensor], paces: Sequence[float] = ()
) -> torch.optim.Optimizer:
    """Make the optimiser that the settings name; only matrices decay.

    Parameters
    ----------
    paces : factor on the learning rate of each weight; those that have another than 1 do not decay.
    """
    from torch import optim

    name = check_option("optimizer", settings.optimizer, OPTIMISERS)
    if name == "lbfgs":
        # It knows no decay; the closure adds the penalty.
        return optim.LBFGS(weights, max_iter=_LBFGS_ITERATIONS, line_search_fn="strong_wolfe")
    kinds: dict[tuple[float, bool], list[torch.Tensor]] = {}
    for weight, pace in zip(weights, paces or [1.0] * len(weights), strict=True):
        kinds.setdefault((pace, weight.ndim <= 1), []).append(weight)
    groups: list[dict[str, Any]] = [
        {
            "params": own,
            "lr": pace * settings.learning_rate,
            "weight_decay": 0.0 if bias or pace != 1 else settings.weight_decay,
            "pace": pace,
        }
        for (pace, bias), own in sorted(kinds.items(), key=lambda kind: kind[0])
    ]
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
        group["lr"] = rate * group["pace"]


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


def training_images(
    n_stimuli: int, settings: TrainingSettings, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the images into those trained on and those that stop the training early.

    Parameters
    ----------
    groups : (n_stimuli,) labels, equal for rows of one image.
    """
    if settings.validation_fraction == 0:
        if n_stimuli < 2:
            raise InvalidInput(f"A head needs at least 2 images; got {n_stimuli}.")
        return np.arange(n_stimuli), np.empty(0, dtype=np.intp)
    fraction = max(settings.validation_fraction, 2 / max(n_stimuli, 5))
    return validation_split(n_stimuli, fraction=fraction, seed=settings.seed, groups=groups)


def random_of(seed: int, *what: int) -> np.random.Generator:
    """Return numpy's generator for one of the things that are drawn."""
    return np.random.default_rng((seed, *what))


def generator_of(seed: int, *what: int) -> torch.Generator:
    """Return torch's, on the CPU."""
    import torch

    drawn = np.random.SeedSequence((seed, *what)).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(drawn[0]) << 31 | int(drawn[1]) >> 1)
