"""The training of a head: batches of images, early stopping, curves, and going on after a stop.

Every random number is drawn from (seed, what it is for, epoch, step), never from a global state,
so that a fit that was interrupted goes on exactly as if it had not been.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cortiscope.core.encoding.neural.optimisation import (
    TrainingSettings,
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
from cortiscope.core.encoding.neural.predictor import (
    HeadPredictor,
    Standardisation,
    Targets,
    head_predictor,
)
from cortiscope.core.encoding.neural.readouts import Eased, Readout
from cortiscope.core.encoding.neural.trunks import Trunk, Weights
from cortiscope.core.encoding.predictor import LinearPredictor
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import WorkFailed
from cortiscope.core.progress import Said

if TYPE_CHECKING:
    import torch

CURVES = (
    "curve_train_loss",
    "curve_validation_loss",
    "curve_train_r",
    "curve_validation_r",
)
KEPT_EPOCH = "curve_best_epoch"
_Found = TypeVar("_Found")
_CHECKPOINTS = 10
_SCORED = 200
_WEIGHTS, _BATCHES, _DROPOUT, _SCORING = range(4)


def train_head(
    trunk: Trunk, readout: Readout, data: TrainingData, settings: TrainingSettings, work: Work
) -> HeadPredictor | LinearPredictor:
    """Train a head and return it as a predictor, with its curves as notes.

    The curves are taken at the end of each epoch, without dropout, and are means (loss) and medians
    (r) over vertices: on the validation images and, for comparison, on a fixed draw of as many of
    the images trained on (200 at least, if there are). r of fewer than 3 images, or without a
    vertex that has one, is NaN, and so are validation curves without validation images.
    ``curve_best_epoch`` (1,) is the epoch, from 1, whose weights were kept.

    Raises
    ------
    InvalidInput : too few images.
    WorkFailed : the loss is no longer finite.
    """
    training = _Training.of(trunk, readout, data, settings, work)
    start = training.resume(work)
    for epoch in range(start, settings.max_epochs):
        training.run_epoch(epoch)
        scores = training.scored()
        training.keep(scores)
        r = scores["curve_validation_r"]
        words = f"epoch {epoch + 1} of at most {settings.max_epochs}"
        words += f": validation r {r:.3f}" if np.isfinite(r) else ""
        if (most := training.most_vertices) is not None:
            words += f" (memory is short: {most:,} vertices at once)"
        work.progress((epoch + 1) / settings.max_epochs, Said(words, curves=training.curves))
        if training.validation_rows.size and epoch - training.best_epoch >= settings.patience:
            break
        if (epoch + 1) % _every(settings) == 0 and epoch + 1 < settings.max_epochs:
            work.checkpoint.save(f"epoch-{epoch + 1}", training.arrays())
    work.progress(1.0, "trained")
    return training.predictor()


def _every(settings: TrainingSettings) -> int:
    """Epochs between checkpoints: at most ten, since each holds all weights four times."""
    return -(-settings.max_epochs // _CHECKPOINTS)


@dataclass
class _Training:
    """The state of a training: everything that an epoch changes, and what it works on."""

    trunk: Trunk
    readout: Readout
    settings: TrainingSettings
    device: str
    fit_rows: np.ndarray
    validation_rows: np.ndarray
    scored_rows: np.ndarray
    inputs: Standardisation
    outputs: Standardisation
    design: torch.Tensor
    targets: Targets
    live: torch.Tensor
    weights: dict[str, torch.Tensor]
    fixed: dict[str, torch.Tensor]
    optimiser: torch.optim.Optimizer
    best: dict[str, torch.Tensor]
    curves: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVES})
    most_vertices: int | None = None
    n_steps: int = 0

    @classmethod
    def of(
        cls,
        trunk: Trunk,
        readout: Readout,
        data: TrainingData,
        settings: TrainingSettings,
        work: Work,
    ) -> _Training:
        import torch

        fit_rows, validation_rows = training_images(len(data.design), settings, data.groups)
        design = np.asarray(data.design)  # one that keeps places is read here
        inputs = Standardisation.of_design(design[fit_rows], settings.scaling)
        outputs = Standardisation.of_responses(data.responses, fit_rows)
        generator = generator_of(settings.seed, _WEIGHTS)
        initial = {**trunk.initial(generator), **readout.initial(generator)}
        weights = {k: w.to(work.device).requires_grad_() for k, w in initial.items()}
        paces = [readout.pace(k) for k in weights] if isinstance(readout, Eased) else []
        n_scored = min(len(fit_rows), max(len(validation_rows), _SCORED))
        shuffled = random_of(settings.seed, _SCORING).permutation(fit_rows)
        return cls(
            trunk=trunk,
            readout=readout,
            settings=settings,
            device=work.device,
            fit_rows=fit_rows,
            validation_rows=validation_rows,
            scored_rows=np.sort(shuffled[:n_scored]),
            inputs=inputs,
            outputs=outputs,
            design=torch.from_numpy(inputs.standardise(design)).to(work.device),
            targets=Targets(data.responses, outputs, work.device),
            live=torch.from_numpy(outputs.varies.astype(np.float32)).to(work.device),
            weights=weights,
            fixed={k: torch.from_numpy(v).to(work.device) for k, v in readout.fixed().items()},
            optimiser=make_optimiser(settings, list(weights.values()), paces),
            best={k: w.detach().clone() for k, w in weights.items()},
        )

    @property
    def best_epoch(self) -> int:
        """The epoch (from 0) of the smallest validation loss; the last without validation."""
        if not self.validation_rows.size:
            return len(self.curves["curve_train_loss"]) - 1
        return int(np.argmin(self.curves["curve_validation_loss"]))

    def run_epoch(self, epoch: int) -> None:
        """Take one step per batch."""
        s = self.settings
        set_learning_rate(self.optimiser, s, epoch)
        order = random_of(s.seed, _BATCHES, epoch).permutation(self.fit_rows)
        n_batches = 1 if s.optimizer == "lbfgs" else -(-len(order) // s.batch_size)
        # Batches as equal as can be: a last one of one image has no correlation.
        for step, rows in enumerate(np.array_split(order, n_batches)):

            def objective(rows: np.ndarray = rows, step: int = step) -> torch.Tensor:
                # The same mask however often an optimiser asks about a step.
                total = self._roomy(
                    lambda: self._backward(rows, generator_of(s.seed, _DROPOUT, epoch, step))
                )
                return total + self._penalty() if s.optimizer == "lbfgs" else total

            self.n_steps = epoch * n_batches + step
            total = self.optimiser.step(objective)  # type: ignore[arg-type]
            if not np.isfinite(float(total)):
                raise WorkFailed(
                    f"The training diverged in epoch {epoch + 1}: its loss is not finite.",
                    f"Take a learning rate below {s.learning_rate:g}, or the optimizer adamw.",
                )

    def _backward(self, rows: np.ndarray, generator: torch.Generator) -> torch.Tensor:
        """Add the gradient of the objective: the mean over images, summed over vertices."""
        import torch

        self.optimiser.zero_grad()
        loss = loss_named(self.settings.loss, huber_delta=self.settings.huber_delta)

        def drop(values: torch.Tensor, rate: float) -> torch.Tensor:
            if rate == 0:
                return values
            # Drawn on the CPU, so that every device drops the same.
            kept = torch.rand(values.shape, generator=generator) >= rate
            return values * kept.to(values) / (1 - rate)

        # The trunk runs once; each part of the vertices leaves its gradient at the trunk's output.
        design = self.design[torch.as_tensor(rows, device=self.device)]
        hidden = self.trunk.forward(self.weights, design, drop)
        leaf = hidden.detach().requires_grad_(hidden.requires_grad)
        actual = self.targets.rows(rows)
        weights = {**self.weights, **self.fixed}
        eased = self.readout if isinstance(self.readout, Eased) else None
        if eased:
            added = eased.at_step(self.n_steps, generator)
            weights |= {k: v.to(self.device) for k, v in added.items()}
        total = torch.zeros((), device=self.device)
        for part in self._parts(len(rows)):
            losses = loss(self.readout.forward(weights, leaf, part), actual[:, part])
            if eased:
                losses = losses + eased.penalty(weights, part)
            value = (losses * self.live[part]).sum()
            value.backward()
            total += value.detach()
        if hidden.requires_grad:
            hidden.backward(leaf.grad)
        return total

    def _penalty(self) -> torch.Tensor:
        """Half the decay times the squared weights; adds its gradient."""
        import torch

        decay = self.settings.weight_decay
        total = torch.zeros((), device=self.device)
        for weight in self.weights.values():
            if weight.ndim > 1 and weight.grad is not None:
                weight.grad.add_(weight.detach(), alpha=decay)
                total += decay / 2 * (weight.detach() ** 2).sum()
        return total

    def scored(self) -> dict[str, float]:
        """Return the newest point of every curve."""
        train_loss, train_r = self._roomy(lambda: self._score(self.scored_rows))
        validation_loss, validation_r = self._roomy(lambda: self._score(self.validation_rows))
        return dict(zip(CURVES, (train_loss, validation_loss, train_r, validation_r), strict=True))

    def _score(self, rows: np.ndarray) -> tuple[float, float]:
        """Mean loss and median r over the vertices that are not constant."""
        if not len(rows) or not self.outputs.varies.any():
            return float("nan"), float("nan")
        loss = loss_named(self.settings.loss, huber_delta=self.settings.huber_delta)
        actual = self.targets.rows(rows)
        losses, correlations = [], []
        for part in self._parts(len(rows)):
            predicted = self._outputs(self.weights, rows, part)
            losses.append(loss(predicted, actual[:, part]).cpu().numpy())
            r, defined = correlation(predicted, actual[:, part])
            correlations.append(np.where(defined.cpu().numpy(), r.cpu().numpy(), np.nan))
        r_all = np.concatenate(correlations)[self.outputs.varies]
        r_all = r_all[np.isfinite(r_all)]
        mean = float(np.concatenate(losses)[self.outputs.varies].mean(dtype=np.float64))
        return mean, float(np.median(r_all)) if len(r_all) and len(rows) > 2 else float("nan")

    def _outputs(self, weights: Weights, rows: np.ndarray, part: slice) -> torch.Tensor:
        import torch

        with torch.no_grad():
            design = self.design[torch.as_tensor(rows, device=self.device)]
            hidden = self.trunk.forward(weights, design, lambda values, rate: values)
            return self.readout.forward({**weights, **self.fixed}, hidden, part)

    def _parts(self, n_stimuli: int) -> list[slice]:
        n = self.readout.n_vertices
        step = min(self.readout.vertices_at_once(n_stimuli), self.most_vertices or n)
        return [slice(k, min(k + step, n)) for k in range(0, n, step)]

    def _roomy(self, compute: Callable[[], _Found]) -> _Found:
        """Compute, again with half the vertices at once each time that memory is too small."""
        import torch

        while True:
            try:
                return compute()
            except torch.OutOfMemoryError:
                if self.most_vertices == 1:
                    raise
                self.most_vertices = max((self.most_vertices or self.readout.n_vertices) // 2, 1)
            torch.cuda.empty_cache()

    def keep(self, scores: Mapping[str, float]) -> None:
        """Add a point to the curves; keep the weights if they are the best so far."""
        for name, value in scores.items():
            self.curves[name].append(value)
        if self.best_epoch == len(self.curves["curve_train_loss"]) - 1:
            self.best = {k: w.detach().clone() for k, w in self.weights.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that a later epoch depends on."""
        return {
            **{f"weight_{k}": w.detach().cpu().numpy() for k, w in self.weights.items()},
            **{f"best_{k}": w.cpu().numpy() for k, w in self.best.items()},
            **{f"optimiser_{k}": a for k, a in optimiser_arrays(self.optimiser).items()},
            **{k: np.asarray(v) for k, v in self.curves.items()},
        }

    def resume(self, work: Work) -> int:
        """Go back to the last checkpoint; return the epoch (from 0) to go on with."""
        import torch

        every = _every(self.settings)
        for epoch in range((self.settings.max_epochs - 1) // every * every, 0, -every):
            left = work.checkpoint.load(f"epoch-{epoch}")
            if left is None:
                continue
            with torch.no_grad():
                for name, weight in self.weights.items():
                    weight.copy_(torch.from_numpy(np.array(left[f"weight_{name}"])))
                    self.best[name].copy_(torch.from_numpy(np.array(left[f"best_{name}"])))
            prefix = "optimiser_"
            state = {k.removeprefix(prefix): a for k, a in left.items() if k.startswith(prefix)}
            restore_optimiser(self.optimiser, state)
            self.curves = {name: [float(v) for v in left[name]] for name in CURVES}
            return epoch
        return 0

    def predictor(self) -> HeadPredictor | LinearPredictor:
        """Return the best epoch's head with the curves."""
        outputs = self.outputs
        if self.settings.loss == "pearson":
            outputs = self._calibrated()
        notes = {name: np.asarray(values) for name, values in self.curves.items()}
        notes[KEPT_EPOCH] = np.array([self.best_epoch + 1])
        best = {k: w.cpu().numpy() for k, w in {**self.best, **self.fixed}.items()}
        return head_predictor(self.trunk, self.readout, best, self.inputs, outputs, notes)

    def _calibrated(self) -> Standardisation:
        """Scale outputs of free scale to each vertex, by least squares on the images trained on."""
        slope = np.zeros(self.readout.n_vertices)
        offset = np.zeros(self.readout.n_vertices)
        actual = self.targets.rows(self.fit_rows)
        for part in self._parts(len(self.fit_rows)):
            p = self._outputs(self.best, self.fit_rows, part).double()
            a = actual[:, part].double()
            p_mean = p.mean(0)
            spread = ((p - p_mean) ** 2).mean(0)
            together = ((p - p_mean) * (a - a.mean(0))).mean(0)
            part_slope = (together / spread.clamp_min(1e-12)).cpu().numpy()
            slope[part] = part_slope
            offset[part] = (a.mean(0).cpu().numpy()) - part_slope * p_mean.cpu().numpy()
        scale = self.outputs
        return Standardisation(scale.mean + scale.scale * offset, scale.scale * slope, scale.varies)
