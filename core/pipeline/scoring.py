"""Scores of what was fitted, on the images that were not: at the end of a fit, and again later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core.datasets import Subject
from core.evaluation import Evaluation, evaluate
from core.runs import Run


def score_held_out(
    subject: Subject,
    predict: Callable[[np.ndarray], np.ndarray],
    design: Mapping[str, np.ndarray],
    validation_rows: np.ndarray,
    report_rows: np.ndarray,
) -> tuple[Evaluation, Evaluation]:
    """Score the validation images, and those that are reported.

    Reported are the test images if their responses are known, else the training images that were
    put aside for it, else the validation images.

    Parameters
    ----------
    predict : from a design (n_images, n_columns) to responses (n_images, n_vertices).
    design : of all images of ``train`` and ``test``.
    validation_rows : rows of ``train`` that took no part in fitting.
    report_rows : rows of ``train`` that took no part in choosing either; may be empty.

    Returns
    -------
    validation, report : the same where nothing else is known.
    """

    def scored(split: str, rows: np.ndarray, label: str) -> Evaluation:
        predicted = predict(np.asarray(design[split][rows]))
        return evaluate(subject, predicted, split=split, rows=rows, label=label)

    validation = scored("train", validation_rows, "validation")
    if subject.test.responses is not None:
        return validation, scored("test", np.arange(len(subject.test)), "test")
    if len(report_rows):
        return validation, scored("train", report_rows, "report")
    return validation, validation


def scored_again(run: Run, subject: Subject) -> Run:
    """Return a run with the scores of its stored designs on the subject as it now is.

    Nothing is fitted and nothing is written: ceilings, ROIs or the rules of a report may have
    changed since.
    """
    design = {split: run.array(f"design_{split}") for split in ("train", "test")}
    rows = {role: run.rows_of(role) for role in ("validation", "report")}
    return run.with_scores(
        *score_held_out(subject, run.fitted.predict, design, rows["validation"], rows["report"])
    )
