"""Decode held-out patterns with a fitted run: what is chosen on training images, what is reported.

Training images alone choose: residual covariance, temperature and vertices. Each of them is
predicted by a model that was not fitted on it: the fit images by refits on folds (scaling and PCA
stay those of all fit images), the validation images by the run itself. Reported are the images of
the run's report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import StimulusNote, Subject
from cortiscope.core.errors import InvalidInput, MissingData, check_option, unknown_name
from cortiscope.core.evaluation import Decoding
from cortiscope.core.evaluation.category_decoding import (
    CategoryDecoding,
    category_evidence,
    category_prior,
    category_probabilities,
    category_scores,
    choose_category_temperature,
)
from cortiscope.core.evaluation.decoding import (
    choose_temperature,
    identification_curve,
    log_posterior,
    pattern_distances,
    rank_of_right,
    residual_covariance,
)
from cortiscope.core.evaluation.reliability import reliability
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.pipeline.unseen import TrainingPatterns, once_each, unseen_images
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import StimulusImages, groups_over

SETS = ("test", "train")
PRIORS = ("uniform", "category")


def decode(
    run: Run,
    subject: Subject,
    *,
    candidates: str | StimulusImages = "test",
    vertices: str | int = "auto",
    roi: str | None = None,
    hemisphere: str | None = None,
    prior: str = "uniform",
    n_folds: int = 5,
    set_sizes: Sequence[int] = (2, 10, 200),
    seed: int = 0,
    progress: Progress = silent,
) -> Decoding:
    """Decode the images of a run's report from the responses to them.

    Parameters
    ----------
    subject : that the run was fitted to.
    candidates : ``test``, the held-out images themselves; or further pictures, among which the one
        that was seen is put: ``train``, or any. Copies of held-out images are left out.
    vertices : how many, those with the largest cross-validated r on training images; ``auto``
        takes the number under which training images are decoded best; or ``all``.
    roi, hemisphere : only vertices of an ROI, of ``left`` or ``right``.
    prior : ``uniform``, or ``category``: every category as probable as any other.
    n_folds : refits on the fit images; 0 does without and takes validation images alone, as is
        done for models of several subjects, of a finetuned network, and for votes.
    seed : of folds and bootstraps.
    """
    check_option("prior", prior, PRIORS)
    unseen, how = unseen_images(run, subject, n_folds, seed, part(progress, 0.0, 0.7))
    pool, which = _pool(subject, roi, hemisphere)
    training = TrainingPatterns.of(subject, unseen, pool)
    chosen, number = training.choose(vertices, part(progress, 0.7, 0.9))
    progress(0.9, "decoding")
    seen = _Seen.of(run, subject, chosen)
    further = _further(run, seen, training, candidates, chosen, part(progress, 0.9, 1.0))
    known = (*seen.notes, *further.notes)
    if prior == "category" and (absent := _without_categories(seen, further)):
        raise MissingData(f"There is no prior by category: {absent}.", "Use the prior 'uniform'.")
    sets = training.distances(chosen)
    temperature = choose_temperature(sets)
    covariance = residual_covariance(training.residuals(chosen))
    predicted = np.concatenate([seen.predicted, further.predicted])
    distances = pattern_distances(seen.measured, predicted, covariance)
    n, own = len(seen.ids), np.arange(len(seen.ids))
    if further.ids:  # each is one picture among the further ones, not among the others seen
        distances[:, :n][~np.eye(n, dtype=bool)] = np.inf
    weights = category_prior(_members(known, _names(known))) if prior == "category" else None
    posterior = log_posterior(distances, temperature, weights)
    rank = rank_of_right(posterior, own)
    n_candidates = 1 + len(further.ids) if further.ids else n
    learnt = [_notes(subject.train.notes, own_set.rows) for own_set in unseen]
    absent = _without_categories(seen, further)
    if not absent and not _have_categories([note for notes in learnt for note in notes]):
        absent = "the training images have no categories"
    categories = None if absent else _read_out(known, learnt, sets, distances, seed)
    facts = {
        "run": run.id,
        "subject": subject.id,
        "simulated": subject.simulated,
        "stamp": subject.stamp,
        "split": run.report.split,
        "definition": "share of held-out patterns whose own picture has the largest posterior in "
        "random sets of each size, exactly; ties are lost; a picture's copies count once",
        "candidates": candidates if isinstance(candidates, str) else "further pictures",
        "prior": prior,
        "vertices": f"{which}; {number}",
        "residuals": how,
        "n_training": len(training.rows),
        "seed": seed,
    }
    progress(1.0, "done")
    return Decoding(
        seen.ids,
        (*seen.ids, *further.ids),
        posterior,
        own,
        vertices=chosen,
        covariance=covariance,
        temperature=temperature,
        identification=identification_curve(rank, n_candidates, set_sizes, seed=seed),
        reliability=reliability(np.exp(posterior.max(axis=1)), rank == 1),
        categories=categories,
        categories_absent=absent,
        facts=facts,
    )


def _pool(subject: Subject, roi: str | None, hemisphere: str | None) -> tuple[np.ndarray, str]:
    """Return positions (n,) of the vertices to choose from, and what they are in words."""
    if roi is None and hemisphere is None:
        return np.arange(subject.space.n_vertices()), "all vertices"
    space = subject.cortex("Decoding from an ROI or a hemisphere")
    sides = tuple(Hemisphere(p) for p in space.parts)
    if hemisphere is not None:
        if hemisphere not in (allowed := [h.value for h in sides]):
            raise unknown_name("hemisphere", hemisphere, allowed)
        sides = (Hemisphere(hemisphere),)
    where = " and ".join(h.value for h in sides)
    if roi is None:
        every = np.arange(space.n_vertices())
        return np.concatenate([every[space.slice_of(h)] for h in sides]), where
    if roi not in (names := subject.parcellation.roi_names):
        raise unknown_name(f"ROI of {subject.id}", roi, names)
    return np.concatenate([subject.roi_vertices(roi, h) for h in sides]), f"{roi}, {where}"


@dataclass(frozen=True)
class _Pictures:
    """Pictures with their predicted patterns (n, n_vertices), and their notes where known."""

    ids: tuple[str, ...]
    predicted: np.ndarray
    notes: tuple[StimulusNote, ...]


@dataclass(frozen=True)
class _Seen(_Pictures):
    """The held-out pictures, each once, with measured patterns (n, n_vertices)."""

    measured: np.ndarray
    images: StimulusImages

    @classmethod
    def of(cls, run: Run, subject: Subject, vertices: np.ndarray) -> _Seen:
        """Read those of a run's report."""
        split, rows = run.reported
        held = subject.split(split)
        rows = rows[once_each(held.images.groups()[rows])]
        images = held.images.subset(rows)
        predicted = run.fitted.predict(np.asarray(run.array(f"design_{split}")[rows]), vertices)
        measured = held.rows_on_disk(rows)[:, vertices]
        return cls(images.ids, predicted, _notes(held.notes, rows), measured, images)


def _notes(notes: Sequence[StimulusNote], rows: np.ndarray) -> tuple[StimulusNote, ...]:
    return tuple(notes[k] for k in rows) if notes else ()


def _further(
    run: Run,
    seen: _Seen,
    training: TrainingPatterns,
    candidates: str | StimulusImages,
    vertices: np.ndarray,
    progress: Progress,
) -> _Pictures:
    """Return the pictures among which each one seen is put; none where these are all candidates."""
    none = _Pictures((), np.empty((0, len(vertices))), ())
    if candidates == "test":
        return none
    if candidates == "train":
        split, rows = training.subject.train, training.rows
        predicted = np.concatenate([p for _, p in training.patterns(vertices)])
        images, notes = split.images.subset(rows), _notes(split.notes, rows)
    elif isinstance(candidates, StimulusImages):
        images, notes = candidates, ()
        predicted = np.concatenate(
            list(predict_images(run, images, progress=progress).values()), axis=1
        )[:, vertices]
    else:
        raise unknown_name("set of candidates", candidates, SETS)
    shown, labels = groups_over([seen.images, images])
    keep = np.array([k for k in once_each(labels) if labels[k] not in shown], dtype=np.intp)
    if not len(keep):
        raise InvalidInput(
            f"All {len(images)} candidates are copies of the held-out pictures.",
            "Name other pictures, or decode among the held-out ones (test).",
        )
    return _Pictures(images.subset(keep).ids, predicted[keep], _notes(notes, keep))


def _without_categories(seen: _Pictures, further: _Pictures) -> str:
    """Say which pictures have no categories; nothing if both sets have some."""
    if not _have_categories(seen.notes):
        return "the held-out images have no categories"
    if further.ids and not _have_categories(further.notes):
        return "the candidates have no categories"
    return ""


def _have_categories(notes: Sequence[StimulusNote]) -> bool:
    return any(note.categories for note in notes)


def _names(notes: Sequence[StimulusNote]) -> list[str]:
    return sorted({name for note in notes for name in note.categories})


def _members(notes: Sequence[StimulusNote], names: Sequence[str]) -> np.ndarray:
    """Return which pictures are of which categories, (n_pictures, n_categories) bool."""
    return np.array([[name in note.categories for name in names] for note in notes], dtype=bool)


def _read_out(
    known: Sequence[StimulusNote],
    learnt: Sequence[Sequence[StimulusNote]],
    sets: Sequence[np.ndarray],
    distances: np.ndarray,
    seed: int,
) -> CategoryDecoding:
    """Read out categories of the pictures seen, which are the first of all candidates.

    Parameters
    ----------
    known : of all candidates, the columns of ``distances``.
    learnt : of the training images of each of ``sets``.
    """
    names = _names(known)
    has = _members(known, names)
    temperature = choose_category_temperature(sets, [_members(own, names) for own in learnt])
    n = len(distances)
    p, before = category_probabilities(distances, np.arange(n), has, temperature)
    of_seen = has[:n].astype(np.float64)
    with np.errstate(invalid="ignore"):
        confusion = of_seen.T @ p / of_seen.sum(axis=0)[:, None]
    scores = category_scores(names, category_evidence(p, before), has[:n], seed=seed)
    return CategoryDecoding(scores, p, confusion, temperature)
