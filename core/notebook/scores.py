"""Score, compare and decode by encoding models, and describe them in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.datasets import Subject, open_subject
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.evaluation import (
    Comparison,
    Decoding,
    Evaluation,
    Scored,
    compare_models,
    evaluate,
    evaluate_arrays,
    further_scores,
    get_metric,
)
from cortiscope.core.evaluation.metrics import WHOLE
from cortiscope.core.evaluation.report import places_of
from cortiscope.core.notebook.models import given_model
from cortiscope.core.notebook.subjects import subject_of
from cortiscope.core.runs import Run
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.core.stimuli import StimulusImages


def score(
    predicted: np.ndarray, measured: np.ndarray | Subject, *, ceiling: np.ndarray | None = None
) -> Evaluation:
    """Score predictions: Pearson r per vertex with all that is reported beside it.

    Parameters
    ----------
    predicted : (n_images, n_vertices).
    measured : the same shape, or a subject: then its test images, with its ROIs and ceilings.
    ceiling : (n_vertices,) fractions of variance; of a subject its own.
    """
    predicted = np.asarray(predicted)
    if not isinstance(measured, Subject):
        responses = predicted, np.asarray(measured)
        report = evaluate_arrays(*responses, ceiling=ceiling)
        groups = {WHOLE: np.arange(len(report.r))}
        known = Scored(report, groups, responses=lambda: responses)
        return replace(report, further=lambda: further_scores(known))
    if measured.test.responses is None:
        raise MissingData(
            f"The responses of {measured.id} to its test images are not known.",
            "Give measured responses as an array, or read the report of a fitted model.",
        )
    if ceiling is not None:
        raise InvalidInput("A subject brings its own ceiling; give measured responses as an array.")
    rows = np.arange(len(measured.test))
    report = evaluate(measured, predicted, split="test", rows=rows, label="test")

    def further() -> dict[str, list[float | None]]:
        responses = predicted, measured.test.response_rows(rows)
        groups = {(roi, side): v for roi, side, v in places_of(measured)}
        return further_scores(Scored(report, groups, lambda: responses, subject=measured))

    return replace(report, further=further)


def vertex_values(
    model: Run | str, metric: str, subject: Subject | str | None = None
) -> np.ndarray:
    """Return a metric of every vertex, (n_vertices,), NaN where undefined, for maps.

    Parameters
    ----------
    metric : a name that ``cortiscope list metrics`` gives: ``r``, ``normalised``, ``ceiling``,
        ``r2``, or one of your own (``register_metric``).
    subject : that the model was fitted to; found by its name without.
    """
    model = given_model(model)
    return Scored.of_model(model, subject_of(model, subject)).values(get_metric(metric))


def statistic(name: str, *models: Run | str, subjects: Sequence[Subject] = ()) -> dict[str, Any]:
    """Compute a metric or statistic over everything and per ROI, as ``cortiscope evaluate`` does.

    Parameters
    ----------
    name : as ``cortiscope list metrics`` gives it, as ``identification``.
    models : as many as it takes; of a pair A first.
    subjects : those of the models, where they are not found by name.

    Returns
    -------
    result : definition, unit, source, n_images, split, all, rois (by ``lh`` and ``rh``, and name).
    """
    known = {subject.id: subject for subject in subjects}
    fitted = [given_model(model) for model in models]
    scored = [Scored.of_model(m, subject_of(m, known.get(m.subject))) for m in fitted]
    return kept_or_computed(get_metric(name), scored).said


def methods(model: Run | str, subject: Subject | str | None = None) -> str:
    """Return a paragraph for a methods section, from the model's own record, and its sources."""
    from cortiscope.core.pipeline.methods import methods_text, references

    model = given_model(model)
    text = methods_text(subject_of(model, subject), model)
    return f"{text}\n{references(text)}"


def compare(a: Run | str, b: Run | str, subject: Subject | str | None = None) -> Comparison:
    """Compare two models of one subject on the images of their reports.

    Mean r per ROI and hemisphere, its difference by a jackknife paired over images, p after
    Benjamini and Hochberg: as on the page Compare.

    Parameters
    ----------
    subject : whose responses these are; found by its name without.

    Raises
    ------
    InvalidInput : they were reported on different images, or fitted to other data than these.
    """
    a, b = given_model(a), given_model(b)
    known = subject_of(a, subject)
    return compare_models(Scored.of_model(a, known), Scored.of_model(b, subject_of(b, known)))


def decode(
    model: Run | str,
    candidates: str | os.PathLike[str] | StimulusImages = "test",
    subject: Subject | str | None = None,
    **choices: Any,
) -> Decoding:
    """Say which picture was seen, from the responses to the held-out images of a model's report.

    What is chosen (residual covariance, temperature, vertices) is chosen on training images.

    Parameters
    ----------
    candidates : ``test``, the held-out images themselves; ``train`` or a folder of pictures, among
        which the one that was seen is put.
    subject : that the model was fitted to; found by its name without.
    choices : of ``core.pipeline.decoding.decode``: ``vertices``, ``roi``, ``hemisphere``,
        ``prior``, ``n_folds``, ``set_sizes``, ``seed``, ``progress``.

    Returns
    -------
    decoding : ``table()`` has a row per set size, ``pictures()`` one per image.
    """
    from cortiscope.core.pipeline.decoding import SETS
    from cortiscope.core.pipeline.decoding import decode as decoded

    model = given_model(model)
    known = subject_of(model, subject)
    if not isinstance(candidates, StimulusImages) and candidates not in SETS:
        candidates = StimulusImages.from_folder(Path(candidates).expanduser())
    return decoded(model, known, candidates=candidates, **choices)


def scored_runs(runs: Sequence[Run], data: Path | None) -> list[Scored]:
    """Put runs beside the responses of their subjects.

    Parameters
    ----------
    data : the folder of all of them; None where they are found by name.
    """
    subjects: dict[str, Subject] = {}
    for own in runs:
        known = subjects.get(own.subject)
        if known is None and data is not None:
            known = open_subject(data, own.subject)
        subjects[own.subject] = subject_of(own, known)
    return [Scored.of_model(own, subjects[own.subject]) for own in runs]
