"""Finetuning: the weights of a network move, so that responses are predicted better from it.

Network and readout take turns. Before each epoch features are reduced and a readout is fitted to
them by ridge, as in any other encoding model. Then the network takes a step for each batch against
the errors of readouts that were fitted without the images of the batch: those of one's own images
say how well ridge has learnt them by heart, and not what the features lack. The network that is
kept is the one whose ridge is best on images that neither network nor readout was fitted to, and
the network as it came competes.

Every random number is drawn from (seed, what it is for, epoch), so that a fit that was interrupted
goes on exactly as if it had not been.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from cortiscope.core.encoding.neural.moving import FinetuneSettings, MovingWeights
from cortiscope.core.encoding.neural.optimisation import (
    correlation,
    generator_of,
    loss_named,
    make_optimiser,
    optimiser_arrays,
    random_of,
    restore_optimiser,
    set_learning_rate,
    training_images,
)
from cortiscope.core.encoding.neural.predictor import Standardisation
from cortiscope.core.encoding.neural.readouts import RidgeReadout
from cortiscope.core.encoding.neural.training import CURVES
from cortiscope.core.encoding.predictor import LinearPredictor
from cortiscope.core.encoding.reduction.fitted import fit_reduction
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.regressors import fit_regressor
from cortiscope.core.encoding.splits import validation_split
from cortiscope.core.encoding.training import Responses, TrainingData, Work
from cortiscope.core.errors import InvalidInput, WorkFailed
from cortiscope.core.features.pooling import Pooling
from cortiscope.core.progress import Said
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.module_backbone import ModuleBackbone
    from cortiscope.core.backbones.precision import Precision

_WEIGHTS, _BATCHES = range(2)
_N_PARTS = 5
# Read and standardised at a time, in double precision.
_ROWS = 64
# One piece, written over each epoch: wherever it was left, what comes of it is the same.
_STATE = "state"
_REDUCTION = Reduction("pca", 200)


@dataclass(frozen=True)
class Source:
    """What is read of a network about some images.

    Parameters
    ----------
    backbone : its network is copied, and not changed.
    layers : laid side by side as one feature space.
    """

    backbone: ModuleBackbone
    images: StimulusImages
    layers: tuple[str, ...]
    pooling: Pooling


@dataclass(frozen=True)
class Finetuned:
    """What came of it.

    Parameters
    ----------
    weights : those that moved, by name; empty where the network as it came was best.
    curves : by name (``training.CURVES``), of the ridge at each epoch; the first is of the network
        as it came.
    kept_epoch : 0 for the network as it came.
    """

    weights: Mapping[str, np.ndarray]
    curves: Mapping[str, Sequence[float]]
    kept_epoch: int


def finetune(
    source: Source,
    responses: Responses,
    groups: np.ndarray,
    settings: FinetuneSettings,
    work: Work,
) -> Finetuned:
    """Finetune a network to the images to fit.

    On a GPU the steps multiply in bfloat16, and a batch for which memory is too small is taken in
    halves, whose gradients add up.

    Parameters
    ----------
    responses : (n_images, n_vertices).
    groups : (n_images,) labels, equal for rows of one image.

    Raises
    ------
    InvalidInput : too few images, or nothing can move.
    WorkFailed : the loss is no longer finite, or memory is too small for one image.
    """
    tuning = _Finetuning(source, responses, groups, settings, work.device)
    epoch = tuning.resume(work)
    while True:
        tuning.refit()
        tuning.score()
        r, kept = tuning.curves["curve_validation_r"][-1], tuning.kept_epoch
        words = f"epoch {epoch} of at most {settings.max_epochs}: validation r {r:.3f}"
        words += f" (memory is short: {tuning.most} images at once)" if tuning.most else ""
        work.progress(epoch / settings.max_epochs, Said(words, curves=tuning.curves))
        if epoch == settings.max_epochs or epoch - kept >= settings.patience:
            return Finetuned(tuning.best if kept else {}, tuning.curves, kept)
        tuning.run_epoch(epoch)
        epoch += 1
        work.checkpoint.save(_STATE, tuning.arrays())


class _Finetuning:
    """The state of a finetuning: all that an epoch changes, and what it works on."""

    _readout: RidgeReadout
    _whole: LinearPredictor
    _design: np.ndarray

    def __init__(
        self,
        source: Source,
        responses: Responses,
        groups: np.ndarray,
        settings: FinetuneSettings,
        device: str,
    ) -> None:
        import torch

        backbone = copy.copy(source.backbone)
        backbone.network = copy.deepcopy(backbone.network)
        self._source = replace(source, backbone=backbone)
        self._settings, self._groups, self._device = settings, groups, device
        self._fit, self._validation = training_images(len(responses), settings, groups)
        # Rows of one image are in one part: no readout is asked about a copy of what it has seen.
        self._parts = np.zeros(len(responses), dtype=np.intp)
        for k in range(1, _N_PARTS):
            rule = f"fold:{k + 1}/{_N_PARTS}"
            own = validation_split(
                len(self._fit), seed=settings.seed, rule=rule, groups=groups[self._fit]
            )
            self._parts[self._fit[own[1]]] = k
        outputs = Standardisation.of_responses(responses, self._fit)
        self._targets = np.concatenate(
            [
                outputs.standardise(responses[k : k + _ROWS, :])[:, outputs.varies]
                for k in range(0, len(responses), _ROWS)
            ]
        )
        if not self._targets.shape[1]:
            raise InvalidInput(
                "No vertex varies over the images to fit: there is nothing to learn."
            )
        example = backbone.collate([backbone.prepare(source.images, int(self._fit[0]))])
        self._moving = MovingWeights(
            *(backbone, source.layers, example),
            *(settings.moves, settings.rank, settings.scale),
            generator_of(settings.seed, _WEIGHTS),
        )
        self._optimiser = make_optimiser(settings, list(self._moving.trained.values()))
        self._precision: Precision = "float32"
        if torch.device(device).type == "cuda" and torch.cuda.is_bf16_supported():
            self._precision = "bfloat16"
        self.best: dict[str, np.ndarray] = {}
        self.curves: dict[str, list[float]] = {name: [] for name in CURVES}
        self.most: int | None = None

    @property
    def kept_epoch(self) -> int:
        """The epoch of the smallest validation loss; 0 is the network as it came."""
        losses = np.asarray(self.curves["curve_validation_loss"], dtype=float)
        return int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))

    def refit(self) -> None:
        """Fit reduction and readouts to what the network now says of the images."""
        import torch

        from cortiscope.core.features.extract import batch_for, extract

        source = self._source
        network = dict(source.backbone.network.named_parameters())
        with torch.no_grad():
            for name, weight in self._moving.weights().items():
                network[name].copy_(weight)
        found = extract(
            *(source.backbone, source.images, source.layers, source.pooling),
            batch_size=batch_for(source.backbone),
        )
        features = np.concatenate([found[k].reshape(len(self._parts), -1) for k in found], axis=1)
        reduction = fit_reduction(features, _REDUCTION, self._fit)
        self._design = reduction.transform(features)
        self._whole = self._ridge(self._fit)
        apart = [self._ridge(self._fit[self._parts[self._fit] != k]) for k in range(_N_PARTS)]
        self._readout = RidgeReadout.of(reduction, apart, self._device)

    def _ridge(self, rows: np.ndarray) -> LinearPredictor:
        data = TrainingData(self._design[rows], self._targets[rows], groups=self._groups[rows])
        return cast(LinearPredictor, fit_regressor(data, "ridge", Work(self._device)))

    def score(self) -> None:
        """Add a point to every curve; keep the weights if they are the best so far."""
        points = (*self._scored(self._fit), *self._scored(self._validation))
        order = (points[0], points[2], points[1], points[3])
        for name, value in zip(CURVES, order, strict=True):
            self.curves[name].append(value)
        if self.kept_epoch == len(self.curves[CURVES[0]]) - 1:
            moved = self._moving.weights()
            self.best = {name: w.detach().cpu().numpy().copy() for name, w in moved.items()}

    def _scored(self, rows: np.ndarray) -> tuple[float, float]:
        """Mean loss and median r over vertices, of the ridge on all images to fit."""
        import torch

        actual = torch.from_numpy(self._targets[rows])
        predicted = torch.from_numpy(self._whole.predict(self._design[rows]))
        r, defined = correlation(predicted, actual)
        known = r[defined].numpy()
        loss = float(self._loss(predicted, actual).double().mean())
        return loss, float(np.median(known)) if len(known) and len(rows) > 2 else float("nan")

    def _loss(self, predicted: torch.Tensor, actual: torch.Tensor) -> torch.Tensor:
        found = loss_named(self._settings.loss, huber_delta=self._settings.huber_delta)
        return found(predicted, actual)

    def run_epoch(self, epoch: int) -> None:
        """Take one step for each batch."""
        from cortiscope.core.features.extract import prepared_batches

        s, source = self._settings, self._source
        set_learning_rate(self._optimiser, s, epoch)
        order = random_of(s.seed, _BATCHES, epoch).permutation(self._fit)
        batches = np.array_split(order, -(-len(order) // s.batch_size))
        inputs = prepared_batches(source.backbone, source.images, [b.tolist() for b in batches])
        for rows, batch in zip(batches, inputs, strict=True):
            if not np.isfinite(self._roomy(rows, batch)):
                raise WorkFailed(
                    f"The finetuning diverged in epoch {epoch + 1}: its loss is not finite.",
                    f"Take a learning rate below {s.learning_rate:g}.",
                )
            self._optimiser.step()

    def _roomy(self, rows: np.ndarray, batch: torch.Tensor) -> float:
        """Leave a batch's gradient, with half as many images at once each time memory is short."""
        import torch

        while True:
            try:
                return self._backward(rows, batch)
            except torch.OutOfMemoryError:
                if self.most == 1:
                    raise WorkFailed(
                        f"{self._device} has no memory to finetune "
                        f"{self._source.backbone.card.title} on one image.",
                        "Free memory there, move adapters or fewer blocks, or fit elsewhere: "
                        "--device cpu or cuda:1.",
                    ) from None
                self.most = max((self.most or len(rows)) // 2, 1)
            # Outside of the except clause, which keeps the failed pass's tensors alive.
            torch.cuda.empty_cache()

    def _backward(self, rows: np.ndarray, batch: torch.Tensor) -> float:
        """Leave the gradient of the mean loss over images and vertices; return that loss."""
        import torch

        self._optimiser.zero_grad()
        total, most = 0.0, self.most or len(rows)
        for start in range(0, len(rows), most):
            own = rows[start : start + most]
            features = self._features(batch[start : start + most])
            loss = torch.zeros((), device=self._device)
            for k in np.unique(self._parts[own]):
                here = np.flatnonzero(self._parts[own] == k)
                actual = torch.from_numpy(self._targets[own[here]]).to(self._device)
                predicted = self._readout.predict(features[torch.from_numpy(here)], int(k))
                loss = loss + self._loss(predicted, actual).mean() * (len(here) / len(rows))
            loss.backward()
            total += float(loss.detach())
        return total

    def _features(self, batch: torch.Tensor) -> torch.Tensor:
        """Return (n_images, n_features) with gradients."""
        import torch

        from cortiscope.core.features.extract import pooling_of

        source = self._source
        backbone = copy.copy(source.backbone)
        backbone.precision = self._precision
        reduce = pooling_of(backbone, source.pooling)
        found = backbone.responses(batch, source.layers, reduce, self._moving.weights())
        return torch.cat([found[name].flatten(1) for name in source.layers], dim=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that a later epoch depends on."""
        trained = self._moving.trained
        return {
            **{f"trained_{k}": t.detach().cpu().numpy() for k, t in trained.items()},
            **{f"best_{k}": a for k, a in self.best.items()},
            **{f"optimiser_{k}": a for k, a in optimiser_arrays(self._optimiser).items()},
            **{k: np.asarray(v) for k, v in self.curves.items()},
        }

    def resume(self, work: Work) -> int:
        """Go back to where a stopped fit was; return the epoch, 0 for the network as it came."""
        import torch

        left = work.checkpoint.load(_STATE)
        if left is None:
            return 0

        def those(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): a for k, a in left.items() if k.startswith(prefix)}

        with torch.no_grad():
            for name, values in those("trained_").items():
                self._moving.trained[name].copy_(torch.from_numpy(values))
        self.best = those("best_")
        restore_optimiser(self._optimiser, those("optimiser_"))
        self.curves = {name: [float(v) for v in left[name]] for name in CURVES}
        return len(self.curves[CURVES[0]])
