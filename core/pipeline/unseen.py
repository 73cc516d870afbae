"""Training images as models predict them that were not fitted on them: for what must be chosen.

The fit images by refits on folds, the validation images by the run itself. Scaling and PCA stay
those of all fit images; they know no response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.backbones.base import choose_device
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import REGRESSORS, Predictor, Work, validation_split
from cortiscope.core.encoding.predictor import picture_grids
from cortiscope.core.errors import InvalidInput, check_whole, read_whole
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.evaluation.decoding import (
    choose_temperature,
    mean_log_posterior,
    pattern_distances,
    residual_covariance,
)
from cortiscope.core.pipeline.designs import Reductions
from cortiscope.core.pipeline.training import Prepared, Rows, fit_prepared
from cortiscope.core.progress import Progress, part
from cortiscope.core.runs import Run
from cortiscope.core.storage import Home

VERTICES = (50, 100, 200, 400, 800, 1600)
"""Numbers of vertices among which ``auto`` chooses."""

_LEAST_IMAGES = 20
_PARTS = 5
_VERTICES_AT_ONCE = 4096


@dataclass(frozen=True)
class Unseen:
    """Training images and a predictor that was not fitted on them.

    Parameters
    ----------
    rows, design : (n,) and (n, n_columns).
    parts : (n,) numbers, unlike those of all other sets: the covariance by which a pattern is
        compared is that of other parts.
    """

    rows: np.ndarray
    design: np.ndarray
    predictor: Predictor
    parts: np.ndarray


def unseen_images(
    run: Run, subject: Subject, n_folds: int, seed: int, progress: Progress
) -> tuple[list[Unseen], str]:
    """Return a run's training images in sets that one model each was not fitted on, and words.

    Parameters
    ----------
    n_folds : refits on the fit images; none with 0, for models of several subjects, for those
        that are made of finished runs, and for those of a network that was finetuned, whose
        features have seen the responses to all fit images.

    Raises
    ------
    InvalidInput : too few images are left.
    """
    check_whole("The number of folds", n_folds, 0, 100)
    if n_folds == 1:
        raise InvalidInput("One fold leaves nothing to fit on; 0 or at least 2 are allowed.")
    design = run.array("design_train")
    found, words = [], []
    made_of_runs = run.regressor in REGRESSORS and REGRESSORS[run.regressor].of_runs
    tuned = bool(run.facts.finetuning)
    may_fold = not run.spec.with_subjects and not made_of_runs and not tuned
    if n_folds and may_fold:
        fit = run.rows_of("fit")
        groups = subject.train.images.groups()[fit]
        for k in range(n_folds):
            rule = f"fold:{k + 1}/{n_folds}"
            rest, out = validation_split(len(fit), seed=seed, rule=rule, groups=groups)
            step = part(progress, k / n_folds, (k + 1) / n_folds)
            step(0.0, f"fitting fold {k + 1} of {n_folds}")
            fitted = _refitted(run, subject, fit[rest], step)
            out = out[once_each(groups[out])]
            parts = np.full(len(out), k)
            found.append(Unseen(fit[out], np.asarray(design[fit[out]]), fitted, parts))
        words.append(f"{len(fit):,} fit images in {n_folds} folds, the regressor refitted for each")
    if run.report.split != "validation":
        rows = run.rows_of("validation")
        rows = rows[once_each(subject.train.images.groups()[rows])]
        parts = n_folds + np.arange(len(rows)) % (1 if found else _PARTS)
        found.append(Unseen(rows, np.asarray(design[rows]), run.fitted, parts))
        words.append(f"{len(rows):,} validation images by the model itself")
    if (n := sum(len(own.rows) for own in found)) < _LEAST_IMAGES:
        raise InvalidInput(
            f"{run.id} leaves {n} training images that a model can predict unseen; at least "
            f"{_LEAST_IMAGES} are needed.",
            _how_to_leave_more(may_fold, bool(n_folds), made_of_runs, tuned),
        )
    return found, " and ".join(words)


def _how_to_leave_more(may_fold: bool, has_folds: bool, made_of_runs: bool, tuned: bool) -> str:
    aside = "with a report fraction, so that validation images do not report"
    if may_fold and has_folds:
        return "Fit it to more images."
    if may_fold:
        return f"Ask for folds, or fit {aside}."
    if made_of_runs:
        return "A vote is not fitted and has no folds: let runs vote that hold out more images."
    if tuned:
        return (
            "A finetuned network knows the responses to all images to fit, and its model has no "
            f"folds: fit with a larger share of validation images, {aside}."
        )
    return f"A model of several subjects has no folds: fit it to more images, {aside}."


def once_each(labels: np.ndarray) -> np.ndarray:
    """Return the places (n_stimuli,), increasing, of the first of all copies of a picture."""
    return np.sort(np.unique(labels, return_index=True)[1])


def _refitted(run: Run, subject: Subject, rows: np.ndarray, progress: Progress) -> Predictor:
    """Fit a run's regressor anew to some of its fit images, from the stored design."""
    none = np.empty(0, dtype=np.intp)
    groups = subject.train.images.groups()[rows]
    design = np.asarray(run.array("design_train")[rows])
    prepared = Prepared(
        (subject,),
        Rows((rows,), none, none, {}, (groups,)),
        *(Reductions(run.reductions), {}, {}, (design,)),
        grids=picture_grids(run.fitted),
    )
    work = Work(str(choose_device(run.spec.device)), progress)
    return fit_prepared(prepared, run.spec, Home.from_environment().surfaces, work)


@dataclass(frozen=True)
class TrainingPatterns:
    """Measured and unseen predicted patterns of training images.

    Parameters
    ----------
    order : (n_ordered,) vertices of the subject that have a cross-validated r over these images,
        the largest first.
    """

    subject: Subject
    unseen: Sequence[Unseen]
    order: np.ndarray

    @classmethod
    def of(cls, subject: Subject, unseen: Sequence[Unseen], pool: np.ndarray) -> TrainingPatterns:
        """Order the vertices of a pool (n,)."""
        rows = np.concatenate([own.rows for own in unseen])
        r = np.empty(len(pool), dtype=np.float32)
        for start in range(0, len(pool), _VERTICES_AT_ONCE):
            v = pool[start : start + _VERTICES_AT_ONCE]
            predicted = np.concatenate([own.predictor.predict(own.design, v) for own in unseen])
            measured = subject.train.rows_on_disk(rows)[:, v]
            r[start : start + len(v)] = pearson_r(predicted, measured)
        defined = np.flatnonzero(np.isfinite(r))
        if len(defined) < 2:
            raise InvalidInput(
                f"{len(defined)} of {len(pool)} vertices vary and are predicted; at least 2 are "
                "needed to decode.",
                "Choose a larger ROI.",
            )
        return cls(subject, unseen, pool[defined[np.argsort(-r[defined], kind="stable")]])

    @property
    def rows(self) -> np.ndarray:
        """(n_images,) training rows, set after set."""
        return np.concatenate([own.rows for own in self.unseen])

    def patterns(self, vertices: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return measured and predicted patterns (n, n_vertices) of each set, float64."""
        found = []
        for own in self.unseen:
            measured = self.subject.train.rows_on_disk(own.rows)[:, vertices]
            predicted = own.predictor.predict(own.design, vertices)
            found.append((measured.astype(np.float64), predicted.astype(np.float64)))
        return found

    def residuals(self, vertices: np.ndarray) -> np.ndarray:
        """Return measured less predicted (n_images, n_vertices)."""
        return np.concatenate([m - p for m, p in self.patterns(vertices)])

    def distances(self, vertices: np.ndarray) -> list[np.ndarray]:
        """Return squared distances (n, n) of each set, by the covariance of other parts."""
        both = self.patterns(vertices)
        residuals = np.concatenate([m - p for m, p in both])
        parts = np.concatenate([own.parts for own in self.unseen])
        found = []
        for own, (measured, predicted) in zip(self.unseen, both, strict=True):
            distances = np.empty((len(measured), len(predicted)))
            for number in np.unique(own.parts):
                covariance = residual_covariance(residuals[parts != number])
                here = own.parts == number
                distances[here] = pattern_distances(measured[here], predicted, covariance)
            found.append(distances)
        return found

    def choose(self, asked: str | int, progress: Progress) -> tuple[np.ndarray, str]:
        """Choose the vertices (n,) to decode from, and say how.

        Parameters
        ----------
        asked : ``all``, a number, or ``auto``: the number of ``VERTICES`` under which the right
            pictures of training images are most probable.
        """
        n = len(self.order)
        if asked == "all":
            return self.order, f"all {n:,} that vary"
        number = read_whole(asked) if isinstance(asked, str) else asked
        if number is not None:
            check_whole("The number of vertices", number, 2)
            best = min(number, n)
            return self.order[:best], f"{_best(best)}"
        if asked != "auto":
            raise InvalidInput(
                f"The vertices are 'auto', 'all' or a whole number of at least 2; got {asked!r}."
            )
        sizes = sorted({min(size, n) for size in VERTICES})
        found = []
        for k, size in enumerate(sizes):
            progress(k / len(sizes), f"decoding training images from {size:,} vertices")
            sets = self.distances(self.order[:size])
            found.append(mean_log_posterior(sets, choose_temperature(sets)))
        best = sizes[int(np.argmax(found))]
        return self.order[:best], f"{_best(best)}, the best of {', '.join(map(str, sizes))}"


def _best(number: int) -> str:
    return f"the {number:,} with the largest cross-validated r on training images"
