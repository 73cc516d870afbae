"""Heads that look at places of the picture, as regressors."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from cortiscope.core.encoding.neural.attention import AnswerReadout, AttentionTrunk, Queries
from cortiscope.core.encoding.neural.optimisation import (
    TRAINED,
    TrainingSettings,
    check_share,
    require,
)
from cortiscope.core.encoding.neural.positions import check_positions, sinusoids
from cortiscope.core.encoding.neural.predictor import HeadPredictor
from cortiscope.core.encoding.neural.selectors import SelectorReadout, cortical_codes
from cortiscope.core.encoding.neural.training import train_head
from cortiscope.core.encoding.neural.trunks import IdentityTrunk
from cortiscope.core.encoding.predictor import Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.training import PictureGrid, TrainingData, Work
from cortiscope.core.errors import InvalidInput


@dataclass(frozen=True)
class AttentionHeadSettings(TrainingSettings):
    """A query per ROI and hemisphere that attends to places; sizes for some hundred images.

    Heads and dropout are those of the best mean r on the validation images of ``sim01``, over three
    seeds; with one head a query has one thing to look for, and its attention is sharper.

    Parameters
    ----------
    token_width, heads : of tokens and answers; Adeli et al. take 1,024 and 16 for 9,000 images.
    dropout : share of an answer's values dropped; theirs is 0.1.
    """

    learning_rate: float = 2e-3
    batch_size: int = 16
    max_epochs: int = 40
    token_width: int = 64
    heads: int = 1
    dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("dropout", self.dropout)
        for name in ("token_width", "heads"):
            require(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        fits = self.token_width % self.heads == 0
        require("token_width", self.token_width, fits, f"a multiple of heads ({self.heads})")


@dataclass(frozen=True)
class SelectorSettings(TrainingSettings):
    """Place, layers and scale of each vertex as smooth functions of its position on the cortex.

    Loss, learning rate, channels and penalty are those of Yang et al. 2023, who let the penalty
    fade over 2,000 steps; the rest is ours and, as ``fade``, for some hundred images, of which a
    strong decay keeps the weights that each vertex reads by from making too much.

    Parameters
    ----------
    projected : channels to which each layer is projected, at most.
    width : hidden values of each small network.
    n_frequencies : of the sinusoids, per axis, evenly spaced in their logarithm.
    finest, coarsest : their wavelengths in millimetres on the sphere of fsaverage.
    jitter, last_jitter : SD by which places are moved in a step, in shares of the picture's side:
        at first, and after ``fade`` steps.
    penalty : of shares of layers, and of the whole picture against the place, that are not even, in
        units of ``huber_delta`` times the loss; it falls to 0 over ``fade`` steps.
    selector_rate : factor on the learning rate of the small networks, which do not decay.
    """

    loss: str = "huber"
    huber_delta: float = 0.1
    weight_decay: float = 10.0
    batch_size: int = 16
    max_epochs: int = 60
    patience: int = 20
    projected: int = 128
    width: int = 64
    n_frequencies: int = 8
    finest: float = 15.0
    coarsest: float = 400.0
    jitter: float = 0.15
    last_jitter: float = 0.02
    penalty: float = 0.1
    fade: int = 400
    selector_rate: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("projected", "width", "n_frequencies", "fade"):
            require(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        require("finest", self.finest, self.finest > 0, "positive")
        above = self.coarsest >= self.finest
        require("coarsest", self.coarsest, above, f"at least finest ({self.finest:g})")
        for name in ("jitter", "last_jitter", "penalty"):
            require(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")


def _fit_attention(data: TrainingData, settings: AttentionHeadSettings, work: Work) -> Predictor:
    queries = Queries.of(data.vertices, data.n_vertices)
    trunk = AttentionTrunk(
        _grids(data),
        list(queries.names),
        settings.token_width,
        settings.heads,
        settings.dropout,
    )
    readout = AnswerReadout(data.n_vertices, settings.token_width, queries.of_vertex)
    return train_head(trunk, readout, data, settings, work)


def _fit_selectors(data: TrainingData, settings: SelectorSettings, work: Work) -> Predictor:
    if data.vertices is None:
        raise InvalidInput(
            "The regressor selectors needs the positions of the vertices; this subject has none.",
            "Fit one that does not: receptive_fields or roi_attention look at places, too.",
        )
    table, n = data.vertices, settings.n_frequencies
    where = table.positions if table.sphere is None else table.sphere
    check_positions(where)
    ratio = settings.coarsest / settings.finest
    # One step is a radian of the finest wave; the slowest is the coarsest.
    steps = where.astype(np.float64) * (2 * np.pi / settings.finest)
    codes = sinusoids(steps, n_frequencies=n, period=ratio ** (n / max(n - 1, 1)))
    unit = settings.huber_delta if settings.loss == "huber" else 1.0
    readout = SelectorReadout(
        data.n_vertices,
        _grids(data),
        settings.projected,
        settings.width,
        cortical_codes(codes, table.hemispheres),
        (settings.jitter, settings.last_jitter),
        settings.penalty * unit,
        settings.fade,
        settings.selector_rate,
    )
    return train_head(IdentityTrunk(data.design.shape[1]), readout, data, settings, work)


def _grids(data: TrainingData) -> list[dict[str, object]]:
    return [asdict(grid) for grid in data.grids or (PictureGrid(data.design.shape[1]),)]


ENTRIES = (
    RegressorEntry(
        name="roi_attention",
        title="ROI attention",
        summary="a query per ROI attends to places of the picture; a vertex reads its ROI's answer",
        method="a transformer decoder of one layer ({heads} heads, tokens of {token_width} values "
        "with sines of their places, dropout of {dropout}): one learned query per ROI and "
        "hemisphere attends to the places of the maps, and each vertex reads its ROI's answer by "
        f"a linear map, {TRAINED}",
        settings=AttentionHeadSettings,
        separable=False,
        uses_positions=False,
        reads_places=True,
        fit=_fit_attention,
        predictor=HeadPredictor,
    ),
    RegressorEntry(
        name="selectors",
        title="selectors",
        summary="place, layers and scale of a vertex follow smoothly from its place on the cortex",
        method="a linear map per vertex of channels (at most {projected} per layer, projected) "
        "read at its place on the picture and, by its scale, over the whole picture, mixed over "
        "layers; place, scale and mixture are functions of the vertex's position on the sphere of "
        "fsaverage (sinusoids of {n_frequencies} frequencies per axis, wavelengths of {finest} to "
        "{coarsest} mm; networks with {width} hidden values, one set per hemisphere); in training, "
        "places were jittered (SD {jitter} of the picture's side, falling to {last_jitter}) and "
        "uneven mixtures and scales penalised ({penalty}, falling to 0) over {fade} steps; "
        f"{TRAINED}",
        settings=SelectorSettings,
        separable=False,
        uses_positions=True,
        reads_places=True,
        fit=_fit_selectors,
        predictor=HeadPredictor,
    ),
)
