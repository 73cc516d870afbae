"""Heads as regressors: one entry each. All sizes and rates are ours; none were published."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.encoding.neural import placed
from cortiscope.core.encoding.neural.optimisation import (
    TRAINED,
    TrainingSettings,
    check_share,
    require,
)
from cortiscope.core.encoding.neural.positions import PositionRecipe, position_codes
from cortiscope.core.encoding.neural.predictor import HeadPredictor
from cortiscope.core.encoding.neural.readouts import LinearReadout, PositionalReadout
from cortiscope.core.encoding.neural.training import train_head
from cortiscope.core.encoding.neural.trunks import (
    ACTIVATIONS,
    Conv1dTrunk,
    IdentityTrunk,
    ResidualTrunk,
)
from cortiscope.core.encoding.predictor import Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput, check_option


@dataclass(frozen=True)
class LinearHeadSettings(TrainingSettings):
    """A single linear layer; only its training can be set."""


@dataclass(frozen=True)
class DropoutHeadSettings(TrainingSettings):
    """A single linear layer with dropout.

    Parameters
    ----------
    dropout : share of the design's columns dropped, per image and step; the default is ours.
    """

    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("dropout", self.dropout)


@dataclass(frozen=True)
class ResidualHeadSettings(TrainingSettings):
    """Residual blocks before a linear layer; all sizes are ours.

    Parameters
    ----------
    n_blocks : number of blocks.
    projected : width of the blocks; 0 for that of the design.
    dropout : share of a block's values dropped.
    """

    n_blocks: int = 2
    projected: int = 128
    dropout: float = 0.5
    activation: str = "gelu"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("dropout", self.dropout)
        require("n_blocks", self.n_blocks, self.n_blocks >= 1, "1 or more")
        require("projected", self.projected, self.projected >= 0, "0 or more")
        check_option("activation", self.activation, ACTIVATIONS)


@dataclass(frozen=True)
class Conv1dHeadSettings(TrainingSettings):
    """A convolution along the design before a linear layer; all sizes are ours.

    Parameters
    ----------
    channels, kernel, stride, pool : of the convolution and the averaging after it, in columns.
    """

    channels: int = 8
    kernel: int = 9
    stride: int = 2
    pool: int = 2
    activation: str = "gelu"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("channels", "kernel", "stride", "pool"):
            require(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        check_option("activation", self.activation, ACTIVATIONS)


@dataclass(frozen=True)
class PositionalHeadSettings(TrainingSettings):
    """One network for all vertices, which it knows by their positions; all sizes are ours.

    Parameters
    ----------
    width, n_layers : of the hidden layers on [projected design ; position code].
    n_blocks : residual blocks on the projected design before it meets the position.
    dropout : share of the design's columns dropped, and of the blocks' values.
    boxes, expansion, n_frequencies, max_steps, period : see ``PositionRecipe``.
    with_box : whether the network also sees which box a vertex is in.
    """

    learning_rate: float = 3e-3
    batch_size: int = 16
    max_epochs: int = 30
    width: int = 64
    n_layers: int = 1
    n_blocks: int = 0
    dropout: float = 0.0
    activation: str = "relu"
    boxes: str = "roi"
    expansion: float = 2.0
    n_frequencies: int = 32
    max_steps: float = 1000.0
    period: float = 10_000.0
    with_box: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("dropout", self.dropout)
        for name in ("width", "n_layers"):
            require(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        require("n_blocks", self.n_blocks, self.n_blocks >= 0, "0 or more")
        check_option("activation", self.activation, ACTIVATIONS)
        self.recipe()

    def recipe(self) -> PositionRecipe:
        """Return the part that says how positions become codes."""
        return PositionRecipe(
            self.boxes, self.expansion, self.n_frequencies, self.max_steps, self.period
        )


def _fit_linear(data: TrainingData, settings: LinearHeadSettings, work: Work) -> Predictor:
    trunk = IdentityTrunk(data.design.shape[1])
    return train_head(trunk, LinearReadout(data.n_vertices, trunk.width), data, settings, work)


def _fit_dropout(data: TrainingData, settings: DropoutHeadSettings, work: Work) -> Predictor:
    trunk = IdentityTrunk(data.design.shape[1], settings.dropout)
    return train_head(trunk, LinearReadout(data.n_vertices, trunk.width), data, settings, work)


def _fit_residual(data: TrainingData, settings: ResidualHeadSettings, work: Work) -> Predictor:
    trunk = ResidualTrunk(
        data.design.shape[1],
        settings.projected,
        settings.n_blocks,
        dropout=settings.dropout,
        activation=settings.activation,
    )
    return train_head(trunk, LinearReadout(data.n_vertices, trunk.width), data, settings, work)


def _fit_conv1d(data: TrainingData, settings: Conv1dHeadSettings, work: Work) -> Predictor:
    trunk = Conv1dTrunk(
        data.design.shape[1],
        settings.channels,
        settings.kernel,
        settings.stride,
        settings.pool,
        settings.activation,
    )
    return train_head(trunk, LinearReadout(data.n_vertices, trunk.width), data, settings, work)


def _fit_positional(data: TrainingData, settings: PositionalHeadSettings, work: Work) -> Predictor:
    if data.vertices is None:
        raise InvalidInput(
            "The positional head needs the positions of the vertices; this subject has none.",
            "Fit another head: head_linear, head_dropout, head_residual or head_conv1d.",
        )
    trunk = ResidualTrunk(
        data.design.shape[1],
        settings.width,
        settings.n_blocks,
        input_dropout=settings.dropout,
        dropout=settings.dropout,
        activation=settings.activation,
    )
    codes = position_codes(data.vertices, settings.recipe(), with_box=settings.with_box)
    readout = PositionalReadout(
        data.n_vertices, settings.width, settings.n_layers, settings.activation, codes
    )
    return train_head(trunk, readout, data, settings, work)


ENTRIES = (
    RegressorEntry(
        name="head_linear",
        title="linear head",
        summary="a single linear layer, trained by gradient with early stopping",
        method=f"a single linear layer, {TRAINED}",
        settings=LinearHeadSettings,
        separable=False,
        fit=_fit_linear,
        predictor=HeadPredictor,
    ),
    RegressorEntry(
        name="head_dropout",
        title="linear head, dropout",
        summary="a single linear layer, trained with dropout on the design",
        method=f"a single linear layer with dropout of {{dropout}} on the design, {TRAINED}",
        settings=DropoutHeadSettings,
        separable=False,
        fit=_fit_dropout,
        predictor=HeadPredictor,
    ),
    RegressorEntry(
        name="head_residual",
        title="residual head",
        summary="residual blocks, then a linear layer, trained by gradient",
        method="{n_blocks} residual blocks (layer normalisation, linear layer, {activation}, "
        f"dropout of {{dropout}}, sum) and a linear layer, {TRAINED}",
        settings=ResidualHeadSettings,
        separable=False,
        fit=_fit_residual,
        predictor=HeadPredictor,
    ),
    RegressorEntry(
        name="head_conv1d",
        title="convolutional head",
        summary="a convolution along the design (which has no natural order), then a linear layer",
        method="a one-dimensional convolution along the design ({channels} channels, kernel "
        "{kernel}, stride {stride}), {activation}, averages over {pool} places and a linear layer, "
        f"{TRAINED}",
        settings=Conv1dHeadSettings,
        separable=False,
        fit=_fit_conv1d,
        predictor=HeadPredictor,
    ),
    *placed.ENTRIES,
    RegressorEntry(
        name="head_positional",
        title="positional head",
        summary="one network for all vertices, which it knows by their position on the cortex",
        method="one network for all vertices on the projected design and each vertex's position "
        "({n_layers} hidden layers of {width}, {n_blocks} residual blocks, {activation}, dropout "
        "of {dropout}; positions within the bounding box of each {boxes}, longest side {max_steps} "
        "steps, expanded {expansion} times about its centre, encoded by sinusoids of "
        f"{{n_frequencies}} frequencies per axis), {TRAINED}",
        settings=PositionalHeadSettings,
        separable=False,
        uses_positions=True,
        fit=_fit_positional,
        predictor=HeadPredictor,
    ),
)
