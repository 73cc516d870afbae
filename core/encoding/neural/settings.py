"""How a head is trained: the settings that all heads share."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.encoding.neural.losses import LOSSES
from cortiscope.core.encoding.neural.optimisers import OPTIMISERS, SCHEDULES
from cortiscope.core.encoding.neural.scaling import SCALINGS
from cortiscope.core.errors import InvalidInput, check_option


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
